"""Private polls and files are out of reach on the web for members who weren't in their place."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.chat.vocabulary import Attachment, Card, MessageRef, Place, Reply, Request
from bot.errors import PlaceGone
from bot.i18n import translator
from bot.polls.receipts import Receipt
from tests.browser.served import Hall, serving_polls
from tests.talk import words
from tests.world import request as ask

QUESTION, OPTION = "Shall we sell the office?", "Oolong"
CREATE = f'/poll create post:yes question:"{QUESTION}" options:"{OPTION} | Green"'
MEMBERS = ("ben", "mo")
"""A member and a moderator who aren't in the private place."""
PLACES = {
    "a direct conversation of the demonstration": Place("web", "demo", "ada", direct=True, private=True),
    "a private channel of another platform": Place("test", "demo", "office", private=True),
}


@dataclass(frozen=True, slots=True)
class Intruder:
    """Asks the demonstration's server as a browser does, in the name of any member."""

    hall: Hall
    session: aiohttp.ClientSession
    token: str
    place: Place

    async def get(self, path: str, *, public: bool = False, tag: str = "") -> tuple[int, str]:
        url = (self.hall.public_url if public else self.hall.url) + path
        headers = {"If-None-Match": tag} if tag else {}
        async with self.session.get(url, headers=headers) as response:
            return response.status, await response.text()

    async def post(self, path: str, body: dict[str, Any], member: str) -> tuple[int, str]:
        headers = {"X-Parley-Token": self.token, "X-Parley-Member": member}
        async with self.session.post(f"{self.hall.url}api/{path}", json=body, headers=headers) as response:
            return response.status, await response.text()

    async def history(self, member: str) -> str:
        """Return everything that a page of this member reads when it opens."""
        pieces = []
        async with self.session.get(f"{self.hall.url}api/events?member={member}&after=") as response:
            async for line in response.content:
                pieces.append(line.decode())
                if line.startswith(b"event: ready"):
                    break
        return "".join(pieces)


@pytest.fixture(params=list(PLACES.values()), ids=list(PLACES))
def place(request: pytest.FixtureRequest) -> Place:
    chosen: Place = request.param
    return chosen


@pytest.fixture
async def intruder(tmp_path: Path, place: Place) -> AsyncIterator[Intruder]:
    """Open a private poll with one vote, whose totals its members may see."""
    async with serving_polls(tmp_path) as hall, aiohttp.ClientSession() as session:
        ada = replace(member_request("Ada", place), now=hall.clock.now)
        opened = await hall.instance.bot.say(ada, f"{CREATE} results:live secret:no")
        assert "The poll is open" in words(opened)
        assert "Your vote is counted" in words(await hall.instance.bot.press(ada, "v1:vote:p1:0"))
        token = (await (await session.get(f"{hall.url}api/hello")).json())["token"]
        yield Intruder(hall, session, token, place)


def member_request(name: str, place: Place) -> Request:
    return replace(ask(name, platform=place.platform), place=place)


def tells(text: str) -> bool:
    return QUESTION in text or OPTION in text


async def test_a_private_poll_has_no_page(intruder: Intruder) -> None:
    """A private poll's page and export give the same 404 as a poll that doesn't exist, while it is open and after
    its close."""
    for _ in range(2):
        for path in ("polls/{}", "polls/{}?lang=en-XA", "polls/{}/export.csv", "polls/{}/export.json"):
            answer = await intruder.get(path.format("p1"))
            assert answer == await intruder.get(path.format("p9"))
            assert answer[0] == 404
            assert not tells(answer[1])
        assert (await intruder.get("polls/p1", tag="*"))[0] == 404
        intruder.hall.clock.forward(days=30)
        await intruder.hall.close_due()


async def test_a_private_poll_has_no_public_page(intruder: Intruder) -> None:
    """On the public address a private poll gives the same 404 as a poll that doesn't exist."""
    answer = await intruder.get("polls/p1", public=True)
    assert answer == await intruder.get("polls/p9", public=True)
    assert answer[0] == 404


@pytest.mark.parametrize("member", MEMBERS)
async def test_no_command_on_the_page_finds_a_private_poll(intruder: Intruder, member: str) -> None:
    """No command of a member or moderator elsewhere shows a private poll, by its id, by a word or as the only one."""
    lines = (
        "/poll list",
        "/poll results",
        "/poll results poll:p1",
        "/poll results poll:p1 share:yes",
        "/poll results poll:office",
        "/poll receipt poll:p1",
        "/poll export poll:p1",
        "/poll post poll:p1",
        "/poll close poll:p1",
        "/poll cancel poll:p1",
        "/poll extend closes:9d poll:p1",
        "/log",
    )
    for line in lines:
        _, answer = await intruder.post("say", {"line": line}, member)
        assert not tells(answer), line
    assert not tells(await intruder.history(member))


@pytest.mark.parametrize("member", MEMBERS)
async def test_no_control_that_somebody_makes_up_reaches_a_private_poll(intruder: Intruder, member: str) -> None:
    """A made-up press or form with a private poll's id changes nothing and shows nothing of the poll."""
    for action in ("vote:p1:1", "ballot:p1", "cast:p1:1", "withdraw:p1", "mine:p1", "secrecy:p1", "poll-show:p1",
                   "poll-results:p1", "poll-post:p1", "poll-close:p1", "poll-cancel:p1"):  # fmt: skip
        for values in ([], ["1"]):
            body: dict[str, Any] = {"action": f"v1:{action}", "message": "", "values": values}
            assert not tells((await intruder.post("press", body, member))[1]), action
        form = {"action": f"v1:{action}", "message": "", "answers": {}}
        assert not tells((await intruder.post("submit", form, member))[1]), action
    poll = await intruder.hall.instance.polls.get("p1", translator("en"))
    assert (poll.state, poll.links, poll.ballots) == ("open", 1, 1)


@pytest.mark.parametrize("member", MEMBERS)
async def test_no_suggestion_names_a_private_poll(intruder: Intruder, member: str) -> None:
    """Completion never suggests a private poll to members elsewhere."""
    for line in ("/poll results ", "/poll results poll:", "/poll results poll:p", "/poll close Shall", "/poll export "):
        _, answer = await intruder.post("complete", {"line": line}, member)
        assert not tells(answer), line
        assert '"p1"' not in answer, line


async def test_a_receipt_is_checked_and_shows_no_question(intruder: Intruder) -> None:
    """Anyone with a private poll's receipt can check it without seeing the question; a wrong code gets the answer
    for a missing poll."""
    own = await intruder.hall.instance.bot.press(member_request("Ada", intruder.place), "v1:mine:p1")
    code = next(word for word in words(own).split() if word.startswith("p1-"))
    assert await intruder.hall.instance.polls.receipt("p1", code.removeprefix("p1-")) is Receipt.INCLUDED
    status, answer = await intruder.post("receipt", {"poll": "p1", "code": code}, "ben")
    assert (status, json.loads(answer)["included"]) == (200, True)
    assert not tells(answer)
    wrong = await intruder.post("receipt", {"poll": "p1", "code": "ABCD-EFGH-JKLM-NPQR"}, "ben")
    missing = await intruder.post("receipt", {"poll": "p9", "code": "ABCD-EFGH-JKLM-NPQR"}, "ben")
    assert (wrong[0], wrong[1].replace("p1", "p9")) == missing
    assert wrong[0] == 404


async def test_a_place_that_is_not_there_takes_no_post(tmp_path: Path) -> None:
    """A post or an edit for a place that the demonstration doesn't have fails, and no member sees it."""
    async with serving_polls(tmp_path) as hall, aiohttp.ClientSession() as session:
        strangers = (
            Place("web", "demo", "office", private=True),
            Place("web", "demo", "eve", direct=True, private=True),
            Place("web", "elsewhere", "ada", direct=True, private=True),
        )
        for place in strangers:
            with pytest.raises(PlaceGone):
                await hall.chat.post(place, Reply((Card(title=QUESTION),)))
            with pytest.raises(PlaceGone):
                await hall.chat.edit(MessageRef(place, "x-1"), Reply((Card(title=QUESTION),)))
        intruder = Intruder(hall, session, "", strangers[0])
        assert not tells("".join([await intruder.history(member) for member in ("ada", *MEMBERS)]))


async def test_a_poll_of_everybody_s_place_is_there(tmp_path: Path) -> None:
    """A poll that a member opened in the channel of all has a page."""
    async with serving_polls(tmp_path) as hall, aiohttp.ClientSession() as session:
        await hall.instance.bot.say(ask("Ada", platform="web"), CREATE)
        async with session.get(f"{hall.url}polls/p1") as response:
            assert response.status == 200
            assert tells(await response.text())


async def test_a_file_is_served_to_the_member_who_was_given_it(tmp_path: Path) -> None:
    """A file in a private message is served only to its member; a file in a shared message is served to all."""
    async with serving_polls(tmp_path) as hall, aiohttp.ClientSession() as session:
        reply = Reply(files=(Attachment("mine.json", '{"mine": true}', "application/json"),))
        own = await hall.chat.post(Place("web", "demo", "ada", direct=True, private=True), reply)
        shared = await hall.chat.post(Place("web", "demo", "main"), reply)

        async def fetch(message: str, index: str, member: str | None) -> int:
            url = f"{hall.url}api/file?message={message}&index={index}"
            headers = {} if member is None else {"X-Parley-Member": member}
            async with session.get(url, headers=headers) as response:
                assert ("mine" in await response.text()) == (response.status == 200)
                return response.status

        assert await fetch(own.id, "0", "ada") == 200
        assert await fetch(own.id, "1", "ada") == 404
        for member in MEMBERS:
            assert [await fetch(own.id, index, member) for index in ("0", "1", "00", "-1", "")] == [404] * 5
        assert await fetch(own.id, "0", None) == 403
        assert await fetch(own.id, "0", "") == 403
        assert [await fetch(shared.id, "0", member) for member in ("ada", *MEMBERS)] == [200] * 3
