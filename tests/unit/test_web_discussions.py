"""A discussion's page on the web and its files: the totals that they show, and the ones that they hide."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from html import unescape
from pathlib import Path

import aiohttp
import pytest

from bot.chat.vocabulary import Place
from bot.deliberation.report import digest
from bot.i18n import translator
from tests.browser.served import Hall, serving_polls
from tests.talk import press, say
from tests.world import request

ADA = request("Ada", platform="web")
ID = "d-p1"
STATEMENTS = "More <b>benches</b> | Free parking | Fewer cars | Night buses | Wider pavements"
SHARE = re.compile(r"<td>(\d+)</td>")


@pytest.fixture
async def hall(tmp_path: Path) -> AsyncIterator[Hall]:
    async with serving_polls(tmp_path) as served:
        yield served


async def start(hall: Hall, place: Place = ADA.place) -> None:
    await say(
        hall.instance, replace(ADA, place=place), f'/discuss start question:"What now?" statements:"{STATEMENTS}"'
    )


async def answer(hall: Hall, people: int, positions: int = 5, first: int = 0) -> None:
    """Let these people answer: all agree with the first statement, and two camps of equal size differ on the others."""
    for number in range(first, first + people):
        for position in range(positions):
            agree = position == 0 or (number % 2 == 0) == (position % 2 == 0)
            vote = "agree" if agree else "disagree"
            await press(hall.instance, request(f"m{number}", platform="web"), f"v1:discuss-say:{ID}:{position}:{vote}")


async def close(hall: Hall) -> None:
    hall.clock.forward(days=8)
    await hall.close_due()


async def get(hall: Hall, path: str) -> tuple[int, str]:
    async with aiohttp.ClientSession() as session, session.get(hall.url + path) as response:
        return response.status, await response.text()


async def test_a_closed_discussion_shows_its_result(hall: Hall) -> None:
    """A closed discussion's page shows its turnout, groups, lists and hash; members' words are never markup.

    It says that nobody can recompute the totals.
    """
    await start(hall)
    await answer(hall, 24)
    await close(hall)
    status, html = await get(hall, f"discussions/{ID}")
    assert status == 200
    for words in ("24 people took part.", "People fall into 2 groups", "Most agree", "Opinions differ"):
        assert words in html
    assert "More &lt;b&gt;benches&lt;/b&gt;" in html
    assert "Nobody can recompute these totals" in html
    assert 'alt="Answers to' in html
    row = await hall.instance.discussions.get(ID, translator("en"))
    assert row.result_hash in html


async def test_without_camps_no_group_is_shown(hall: Hall) -> None:
    """With nineteen people the page finds no clear camps: it says so, gives the reason, and has one table for all."""
    await start(hall)
    await answer(hall, 19)
    await close(hall)
    _, html = await get(hall, f"discussions/{ID}")
    assert "I see no clear camps: too few people answered enough statements." in html
    assert "Group A" not in html
    assert html.count("<table") == 1


@pytest.mark.parametrize(("people", "shown"), [(5, True), (4, False)])
async def test_a_number_stands_for_at_least_five_people(hall: Hall, people: int, shown: bool) -> None:
    """A statement's numbers are shown on the page and in each file only if at least five people answered it."""
    await start(hall)
    await answer(hall, 3, positions=1)
    await answer(hall, people, positions=2, first=3)
    await answer(hall, 7, positions=1, first=10)
    await close(hall)
    _, html = await get(hall, f"discussions/{ID}")
    numbers = SHARE.findall(html)
    assert (len(numbers) == 6) is shown
    _, table = await get(hall, f"discussions/{ID}/export.csv")
    second = list(csv.reader(io.StringIO(table)))[2]
    assert (second[2] != "") is shown
    _, result = await get(hall, f"discussions/{ID}/export.json")
    assert (json.loads(result)["statements"][1]["total"] is not None) is shown
    _, written = await get(hall, f"discussions/{ID}/export.md")
    assert ("Free parking" in written) is shown


@pytest.mark.parametrize(("people", "reported"), [(7, True), (6, False)])
async def test_below_seven_people_the_page_has_no_number(hall: Hall, people: int, reported: bool) -> None:
    """A discussion with fewer than seven people has nothing to report, so its page lists no statement."""
    await start(hall)
    await answer(hall, people)
    await close(hall)
    _, html = await get(hall, f"discussions/{ID}")
    assert ("nothing to report" in html) is not reported
    assert ("Free parking" in html) is reported


async def test_an_open_discussion_shows_no_answer(hall: Hall) -> None:
    """An open discussion's page shows how many take part, but no statements, and it has no files yet."""
    await start(hall)
    await answer(hall, 8)
    _, html = await get(hall, f"discussions/{ID}")
    assert "8 take part" in html
    assert "see the result here when" in html
    assert "Free parking" not in html
    for kind in ("csv", "json", "md"):
        assert (await get(hall, f"discussions/{ID}/export.{kind}"))[0] == 404


async def test_a_cancelled_discussion_has_no_result(hall: Hall) -> None:
    """A cancelled discussion's page says that its answers are deleted, and it has no files."""
    await start(hall)
    await answer(hall, 8)
    await press(hall.instance, ADA, f"v1:discuss-cancel:{ID}")
    _, html = await get(hall, f"discussions/{ID}")
    assert "its answers are deleted" in html
    assert (await get(hall, f"discussions/{ID}/export.json"))[0] == 404


async def test_its_files_are_those_of_the_chat(hall: Hall) -> None:
    """A closed discussion's JSON file has the hash that was posted.

    Its Markdown file is there too, and a file of an unknown kind isn't.
    """
    await start(hall)
    await answer(hall, 8)
    await close(hall)
    row = await hall.instance.discussions.get(ID, translator("en"))
    status, content = await get(hall, f"discussions/{ID}/export.json")
    assert (status, digest(content)) == (200, row.result_hash)
    assert "# What now?" in (await get(hall, f"discussions/{ID}/export.md"))[1]
    assert (await get(hall, f"discussions/{ID}/export.exe"))[0] == 404


async def test_a_private_discussion_has_no_page(hall: Hall) -> None:
    """A private discussion's page and files give the same answer as a discussion that doesn't exist, and the public
    address has no discussions."""
    await start(hall, replace(ADA.place, channel="board", private=True))
    missing = await get(hall, "discussions/d-zz")
    assert missing[0] == 404
    for path in (f"discussions/{ID}", f"discussions/{ID}/export.json", "discussions/p1", "discussions/d-%3Cb%3E"):
        assert await get(hall, path) == missing
    async with aiohttp.ClientSession() as session, session.get(f"{hall.public_url}discussions/{ID}") as response:
        assert response.status == 404
        assert "What now?" not in await response.text()


@pytest.mark.parametrize(
    ("path", "title"),
    [
        ("polls/p9", "There's no such poll here"),
        ("polls/p9/export.csv", "There's no such poll here"),
        (f"discussions/{ID}", "There's no such discussion here"),
        (f"discussions/{ID}/export.csv", "There's no such discussion here"),
        ("decisions/p9", "There's no such decision here"),
    ],
)
async def test_a_page_that_is_not_there_says_what_is_missing(hall: Hall, path: str, title: str) -> None:
    """The page for a missing poll, discussion or decision is a 404 that names which of these is missing."""
    status, html = await get(hall, path)
    assert status == 404
    assert f"<h1>{title}</h1>" in unescape(html)


async def test_a_decision_s_page_leads_to_its_discussion(hall: Hall) -> None:
    """The page of a decision made on a discussion links to it and shows the hash of its totals."""
    await start(hall)
    await answer(hall, 8)
    await close(hall)
    recorded = await hall.instance.bot.submit(
        replace(ADA, now=hall.clock()),
        f"v1:decide:{ID}",
        {"outcome": "More benches", "owner": "", "review": "", "links": ""},
    )
    assert recorded.answer is not None
    (decision,) = await hall.instance.decisions.listed("web:demo", ADA)
    _, html = await get(hall, f"decisions/{decision.id}")
    assert f'href="/discussions/{ID}"' in html
    assert decision.totals_hash in html
