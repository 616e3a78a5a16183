"""A private poll's page, which only the secret link given in the poll's place opens."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from html import unescape
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from yarl import URL

from adapters.http.guard import HEADERS
from bot.chat.markup import Link
from bot.chat.vocabulary import Outcome, Place, Request
from bot.errors import UsageError
from bot.i18n import translator
from bot.polls.audit import verify
from bot.polls.model import PollState
from bot.polls.page_address import PageAddresses
from bot.polls.record_file import read_record
from bot.settings.sources import load_settings
from bot.store.database import Database
from bot.store.keys import Keys, new_key
from bot.store.sql import Transaction
from bot.store.sqlite import READERS
from tests.browser.served import Hall, serving_polls
from tests.store import things
from tests.talk import words
from tests.world import Wall, request

BASE = "https://polls.example.org/parley"
QUESTION = "Shall we sell the office?"
CREATE = f'/poll create post:yes question:"{QUESTION}" options:"Sell | Keep"'
OFFICE = Place("test", "demo", "office", private=True)
NO_TOKEN = "0" * 32

Answer = tuple[int, str, tuple[tuple[str, str], ...]]


@dataclass(frozen=True, slots=True)
class Outsider:
    """Reads the public address, as anybody on the Internet can."""

    hall: Hall
    session: aiohttp.ClientSession

    async def get(self, path: str) -> Answer:
        async with self.session.get(URL(self.hall.public_url + path, encoded=True)) as response:
            headers = tuple((name, value) for name, value in response.headers.items() if name != "Date")
            return response.status, await response.text(), headers

    async def follow(self, link: str) -> Answer:
        """Read the page of a link as the public server does behind a proxy."""
        assert link.startswith(f"{BASE}/")
        return await self.get(link.removeprefix(f"{BASE}/"))

    async def say(self, who: Request, line: str) -> Outcome:
        return await self.hall.instance.bot.say(replace(who, now=self.hall.clock.now), line)

    async def press(self, who: Request, action: str) -> Outcome:
        return await self.hall.instance.bot.press(replace(who, now=self.hall.clock.now), action)

    async def link(self, who: Request, action: str = "v1:poll-details:p1") -> str:
        """Return the link in the answer to this press, or an empty text if it has none."""
        answer = (await self.press(who, action)).answer
        assert answer is not None
        blocks = (block for card in answer.cards for block in card.body)
        return next((piece.url for block in blocks for piece in block.inlines if isinstance(piece, Link)), "")

    async def close(self) -> None:
        await self.press(member("Ada"), "v1:poll-close:p1")
        await self.hall.close_due()


def member(name: str, place: Place = OFFICE) -> Request:
    return replace(request(name), place=place)


@pytest.fixture
async def outsider(tmp_path: Path) -> AsyncIterator[Outsider]:
    async with serving_polls(tmp_path, public_url=f"{BASE}/") as hall, aiohttp.ClientSession() as session:
        yield Outsider(hall, session)


@pytest.fixture
async def private_poll(outsider: Outsider) -> Outsider:
    """Open p1, a secret poll in a private place, with one vote."""
    await outsider.say(member("Ada"), CREATE)
    await outsider.press(member("Ben"), "v1:vote:p1:0")
    return outsider


async def test_the_link_in_its_place_opens_the_page(private_poll: Outsider) -> None:
    """A private poll's details, and its record after the close, give the same link.

    It opens a page that shows only the turnout until the close, then the result.
    """
    link = await private_poll.link(member("Ben"))
    status, page, _ = await private_poll.follow(link)
    assert (status, QUESTION in page, "until then the turnout alone." in page) == (200, True, True)
    assert (await private_poll.follow(f"{link}/export.json"))[0] == 404
    await private_poll.close()
    assert await private_poll.link(member("Ben"), "v1:poll-record:p1") == link
    assert "Winner: Sell." in (await private_poll.follow(link))[1]


async def test_the_files_of_a_secret_poll_stand_beside_its_page(private_poll: Outsider) -> None:
    """A closed secret poll's page links to its CSV and JSON files under its own token, and the record in the JSON
    file verifies."""
    link = await private_poll.link(member("Ben"))
    await private_poll.close()
    _, page, _ = await private_poll.follow(link)
    hrefs = [unescape(href) for href in re.findall(r'href="([^"]*)"', page)]
    assert hrefs == [f"{link.rpartition('/')[2]}/export.{kind}" for kind in ("csv", "json")]
    table, record = [await private_poll.follow(str(URL(link).join(URL(href)))) for href in hrefs]
    assert (table[0], table[1]) == (200, "Sell,Keep\r\n1,\r\n")
    assert "/poll export" not in page
    assert verify(read_record(record[1])) == []
    assert (await private_poll.follow(f"{link}/export.exe"))[0] == 404


async def test_every_other_address_is_no_such_poll(private_poll: Outsider) -> None:
    """Every address without the poll's own right token gets exactly the answer for a poll that doesn't exist."""
    elsewhere = Place("test", "elsewhere", "office", private=True)
    eve = replace(member("Eve", elsewhere), actor=replace(member("Eve").actor, workspace="elsewhere"))
    pages = private_poll.hall.instance.polls.pages
    await private_poll.say(eve, CREATE)
    await private_poll.say(member("Ada", Place("test", "demo", "main")), f"{CREATE} public:yes")
    await private_poll.say(member("Ada", Place("test", "demo", "main")), CREATE)
    await private_poll.say(member("Ada"), CREATE)
    await private_poll.press(member("Ada"), "v1:poll-cancel:p5")
    tokens = {poll: pages._tokens(poll)[0] for poll in ("p1", "p2", "p3", "p4", "p5", "p9")}
    right = tokens["p1"]
    off_by_one = right[:-1] + ("0" if right[-1] == "1" else "1")
    paths = (
        "polls/p1",
        "polls/p1/",
        *(
            f"polls/p1/{token}"
            for token in (
                NO_TOKEN,
                off_by_one,
                right[:-1],
                f"{right}0",
                right.upper(),
                tokens["p2"],
                "%ED%A0%80",
                "%00",
                "x" * 4_000,
            )
        ),
        f"polls/p1/{right}/",
        f"polls/p1/{right}/export.json",
        f"polls/p1/{right}/export",
        f"polls/p1?token={right}",
        f"polls/p1/{NO_TOKEN}/export.csv",
        "polls/p1/export.json",
        f"polls/p2/{right}",
        *(f"polls/{poll}/{tokens[poll]}" for poll in ("p3", "p4", "p5", "p9")),
        f"polls/p3/{tokens['p3']}/export.csv",
    )
    missing = await private_poll.get("polls/none")
    assert missing[0] == 404
    for path in paths:
        assert await private_poll.get(path) == missing, path
    assert [
        (await private_poll.get(path))[0] for path in (f"polls/p1/{right}", f"polls/p2/{tokens['p2']}", "polls/p3")
    ] == [
        200,
        200,
        200,
    ]


async def test_a_refusal_takes_the_same_steps_for_any_poll(
    private_poll: Outsider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wrong token causes no query, and an address without a token causes the same query for a private poll as for
    a missing one."""
    await private_poll.hall.instance.rest()
    await _last_reads_end(private_poll.hall.instance.database)
    asked: list[str] = []
    for name in ("value", "rows"):
        monkeypatch.setattr(Transaction, name, _noting(getattr(Transaction, name), asked))

    async def steps(path: str) -> list[str]:
        asked.clear()
        assert (await private_poll.get(path))[0] == 404
        return list(asked)

    assert await steps(f"polls/p1/{NO_TOKEN}") == await steps(f"polls/p9/{NO_TOKEN}") == []
    assert await steps(f"polls/p1/{NO_TOKEN}/export.csv") == []
    assert await steps("polls/p1") == await steps("polls/p9") == ["public_poll"]


async def test_a_named_poll_s_link_names_nobody(outsider: Outsider) -> None:
    """The page behind a named poll's link shows totals without names and has no files, because its reader may not be
    a member."""
    await outsider.say(member("Ada"), f"{CREATE} secret:no results:live")
    await outsider.press(member("Benedict"), "v1:vote:p1:0")
    await outsider.press(member("Chen"), "v1:poll-object:p1")
    link = await outsider.link(member("Ada"))
    for _ in range(2):
        status, page, _ = await outsider.follow(link)
        assert (status, "Sell" in page, "Benedict" in page) == (200, True, False)
        assert "href=" not in page
        assert [(await outsider.follow(f"{link}/export.{kind}"))[0] for kind in ("csv", "json")] == [404, 404]
        await outsider.close()
    assert "Members save the ballots in the chat with /poll export." in page


async def test_a_poll_whose_place_opens_keeps_its_page_private(private_poll: Outsider) -> None:
    """A private poll keeps its link, and gets no public address, after its place has become public."""
    link = await private_poll.link(member("Ben"))
    opened = replace(OFFICE, private=False)
    assert await private_poll.link(member("Zoe", opened)) == link
    assert (await private_poll.follow(link))[0] == 200
    assert (await private_poll.get("polls/p1"))[0] == 404


async def test_only_answers_in_its_place_have_the_link(private_poll: Outsider) -> None:
    """No posted message and no answer elsewhere contains a private poll's link, not even to a moderator."""
    wall = private_poll.hall.instance.platforms["test"]
    assert isinstance(wall, Wall)
    token = (await private_poll.link(member("Ben"))).rpartition("/")[2]
    main = Place("test", "demo", "main")
    answers = [await private_poll.say(member("Ada"), line) for line in ("/poll list", "/poll results", "/privacy show")]
    for who in (member("Eve", main), request("Mo", moderator=True)):
        for line in ("/poll list", "/poll results poll:p1", "/log", "/help", "/privacy export"):
            answers += [await private_poll.say(who, line)]
        for action in ("poll-details", "poll-record", "poll-show", "secrecy"):
            answers += [await private_poll.press(who, f"v1:{action}:p1")]
    await private_poll.close()
    answers += [await private_poll.say(member("Ada"), "/poll results poll:p1 share:yes"),
                await private_poll.say(member("Ada"), "/poll export poll:p1")]  # fmt: skip
    assert len(wall.posted) >= 2
    assert token not in "".join(map(repr, [*answers, *wall.posted]))
    assert token not in (await private_poll.get("polls/none"))[1]


async def test_a_linked_page_stays_out_of_caches_lists_and_logs(
    private_poll: Outsider, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A private poll's page and files forbid caches, search engines and Referer headers, and the page has no script.

    No log line holds the token, even after a bug.
    """
    link = await private_poll.link(member("Ben"))
    await private_poll.close()
    for address in (link, f"{link}/export.csv", f"{link}/export.json"):
        fields = dict((await private_poll.follow(address))[2])
        assert fields["Cache-Control"] == "no-store"
        assert fields["X-Robots-Tag"] == "noindex, nofollow"
        assert fields["Referrer-Policy"] == HEADERS["Referrer-Policy"] == "no-referrer"
        assert "Set-Cookie" not in fields
    assert not re.search(r"<script|<form|<link|<input|https?://|/static/", (await private_poll.follow(link))[1])

    async def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(type(private_poll.hall.pages.polls), "get", fail)
    assert (await private_poll.follow(link))[0] == 503
    assert "bug in a public page" in caplog.text
    assert link.rpartition("/")[2] not in caplog.text


async def test_a_public_poll_s_details_link_to_its_page(outsider: Outsider) -> None:
    """A public poll's details link to its page without a token and say that anyone can read it.

    A poll that is neither public nor private has no link.
    """
    main = Place("test", "demo", "main")
    await outsider.say(member("Ada", main), f"{CREATE} public:yes")
    await outsider.say(member("Ada", main), CREATE)
    assert await outsider.link(member("Ada", main)) == f"{BASE}/polls/p1"
    assert "Anyone can read its page" in words(await outsider.press(member("Ada", main), "v1:poll-details:p1"))
    assert await outsider.link(member("Ada", main), "v1:poll-details:p2") == ""


async def test_without_a_public_url_no_link_is_given(tmp_path: Path) -> None:
    """Without a public URL a private poll's details have no link and don't mention a page."""
    async with serving_polls(tmp_path) as hall, aiohttp.ClientSession() as session:
        reader = Outsider(hall, session)
        await reader.say(member("Ada"), CREATE)
        assert await reader.link(member("Ada")) == ""
        assert "its page" not in words(await reader.press(member("Ada"), "v1:poll-details:p1"))


def test_a_poll_without_a_page_has_no_address() -> None:
    """A cancelled poll, and one that is neither private nor public, has no page address; without a public URL no
    poll has one."""
    keys = Keys(new_key())
    private, public = things.poll(private=True), things.poll(public=True)
    for poll, has_one in (
        (private, True),
        (public, True),
        (replace(public, state=PollState.CLOSED), True),
        (replace(private, state=PollState.CANCELLED), False),
        (replace(public, state=PollState.CANCELLED), False),
        (replace(private, private=False), False),
    ):
        assert bool(PageAddresses(keys, BASE).of(poll)) is has_one
        assert PageAddresses(keys).of(poll) == ""


async def test_a_link_lasts_as_long_as_its_key(private_poll: Outsider) -> None:
    """A private poll's link works as long as the key that made it is kept; after a renewal the new key makes links.

    Its token has 128 bits.
    """
    poll = await private_poll.hall.instance.polls.get("p1", translator("en"))
    old, new = new_key(), new_key()
    token = PageAddresses(Keys(old), BASE).of(poll).rpartition("/")[2]
    assert len(token) == 32  # 128 bits
    assert PageAddresses(Keys(old), BASE).opens("p1", token)
    assert PageAddresses(Keys(new + b"\n" + old), BASE).opens("p1", token)
    assert not PageAddresses(Keys(new), BASE).opens("p1", token)
    assert PageAddresses(Keys(new + b"\n" + old), BASE).of(poll) == PageAddresses(Keys(new), BASE).of(poll)


async def test_a_link_outlives_a_restart(tmp_path: Path) -> None:
    """A private poll's link still opens its page after Parley was restarted."""
    link, status = "", 0
    for _ in range(2):
        async with serving_polls(tmp_path, public_url=f"{BASE}/") as hall, aiohttp.ClientSession() as session:
            outsider = Outsider(hall, session)
            if not link:
                await outsider.say(member("Ada"), CREATE)
                link = await outsider.link(member("Ada"))
            status = (await outsider.follow(link))[0]
    assert status == 200


async def _last_reads_end(database: Database) -> None:
    """Wait for the reads under way: they end before all of the readers' connections are free at once."""
    every_reader = asyncio.Barrier(READERS)

    async def meet(_tx: Transaction) -> None:
        await every_reader.wait()

    await asyncio.gather(*(database.read(meet) for _ in range(READERS)))


def _noting(method: Callable[..., Awaitable[Any]], asked: list[str]) -> Callable[..., Awaitable[Any]]:
    """Return the method, with the names of its queries noted in `asked`."""

    async def note(tx: Transaction, query: str, /, **values: object) -> Any:
        asked.append(query)
        return await method(tx, query, **values)

    return note


@pytest.mark.parametrize(
    "written", ["polls.example.org", "ftp://polls.example.org", "https://", "https://x.org/?a=1", "https://x.org/#a"]
)
def test_a_wrong_public_url_is_told(written: str) -> None:
    """`PARLEY_PUBLIC_URL` must be a web address without a query or a fragment; it may have a folder."""
    with pytest.raises(UsageError, match=r"PARLEY_PUBLIC_URL.*isn't a web address"):
        load_settings(public_url=written)
    assert load_settings(public_url=f"{BASE}/").public_url == f"{BASE}/"
