"""Polls' pages, for members of the demonstration and for the public, over real sockets on this machine."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from yarl import URL

from adapters.http.guard import HEADERS
from adapters.http.html import Html, el, text_html
from adapters.web import pages as pages_module
from adapters.web.poll_page import time_left
from adapters.web.public import PublicPages
from bot.chat.markup import Bold, Code, Link, bullets, paragraph, quote, text
from bot.chat.vocabulary import Outcome, Request
from bot.errors import Unavailable
from bot.i18n import translator
from bot.polls.audit import Record, verify
from bot.polls.discrepancies import Discrepancy
from bot.settings.model import Address
from tests.browser.served import Hall, make_chat, serving_polls
from tests.world import request

ADA, BEN, CHEN = (request(name, platform="web") for name in ("Ada", "Ben", "Chen"))
MO = request("Mo", platform="web", moderator=True)
CREATE = '/poll create post:yes question:"Which tea?" options:"Green | Black | Oolong"'


@dataclass
class Reader:
    hall: Hall
    session: aiohttp.ClientSession

    async def get(self, path: str, *, public: bool = False, **headers: str) -> tuple[int, str, aiohttp.ClientResponse]:
        url = self.hall.public_url if public else self.hall.url
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.session.get(URL(url + path, encoded=True), headers=fields) as response:
            return response.status, await response.text(), response

    async def words(self, path: str, *, public: bool = False) -> str:
        status, html, _ = await self.get(path, public=public)
        assert status == 200, html
        return words_of(html)

    async def receipt(self, code: str, poll: str = "p1") -> dict[str, Any]:
        token = json.loads((await self.get("api/hello"))[1])["token"]
        body = {"poll": poll, "code": code}
        async with self.session.post(
            f"{self.hall.url}api/receipt", json=body, headers={"X-Parley-Token": token}
        ) as response:
            answer: dict[str, Any] = await response.json()
            return {"status": response.status, **answer}

    async def say(self, who: Request, line: str) -> Outcome:
        return await self.hall.instance.bot.say(replace(who, now=self.hall.clock.now), line)

    async def press(self, who: Request, action: str, *values: str) -> Outcome:
        return await self.hall.instance.bot.press(replace(who, now=self.hall.clock.now), action, values)

    async def close(self) -> None:
        await self.press(MO, "v1:poll-close:p1")
        await self.hall.close_due()


def words_of(html: str) -> str:
    """Return the words that a reader of the page sees, on one line."""
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", html.partition("<body>")[2])).split())


@pytest.fixture
async def reader(tmp_path: Path) -> AsyncIterator[Reader]:
    async with serving_polls(tmp_path) as hall, aiohttp.ClientSession() as session:
        yield Reader(hall, session)


# --- what a page says, and when ---


async def test_before_the_close_only_the_turnout_is_told(reader: Reader) -> None:
    """The page of an open poll with results at the close shows the turnout and the time left, but no totals."""
    await reader.say(ADA, f"{CREATE} closes:3h")
    await reader.press(BEN, "v1:vote:p1:0")
    await reader.hall.instance.copies.drain()
    page_words = await reader.words("polls/p1")
    for sentence in (
        "Open",
        "1 ballot",
        "3 hours left",
        "until then the turnout alone.",
        "The record is intact",
    ):
        assert sentence in page_words
    assert not re.search(r"%|Winner|in front|<img", page_words)
    assert "<img" not in (await reader.get("polls/p1"))[1]


async def test_after_vote_results_are_not_for_a_page_without_a_login(reader: Reader) -> None:
    """The page of a poll with results after the vote shows no totals, as it can't know who has voted."""
    await reader.say(ADA, f"{CREATE} results:after-vote")
    await reader.press(BEN, "v1:vote:p1:0")
    page_words = await reader.words("polls/p1")
    assert "members who have voted see it in the chat" in page_words
    assert "in front" not in page_words


async def test_live_results_are_shown_while_it_goes_on(reader: Reader) -> None:
    """A live poll's page says which options are in front or tied, and its picture says it in words."""
    await reader.say(ADA, f"{CREATE} results:live")
    await reader.press(BEN, "v1:vote:p1:0")
    html = (await reader.get("polls/p1"))[1]
    assert "So far in front: Green." in words_of(html)
    assert re.search(r'<img src="data:image/svg\+xml;base64,[^"]+" alt="[^"]*Green[^"]*"', html)
    await reader.press(CHEN, "v1:vote:p1:1")
    assert "So far tied in front: Green, Black." in await reader.words("polls/p1")


async def test_a_closed_poll_shows_everything(reader: Reader) -> None:
    """A closed poll's page shows the winner, the percentages and their base, the rules, the record and its proof."""
    await reader.say(ADA, f"{CREATE} method:ranked quorum:2")
    for who, ballot in ((ADA, "0>1"), (BEN, "0"), (CHEN, "1>2")):
        await reader.press(who, f"v1:cast:p1:{ballot}")
    await reader.close()
    page_words = await reader.words("polls/p1")
    poll = await reader.hall.instance.polls.get("p1", translator("en"))
    for sentence in (
        "Closed",
        "Winner: Green.",
        "Green 2 66.7%",
        "Percentages are of the valid ballots.",
        "Round 1:",
        "Quorum: 2 ballots.",
        f"Chain head {poll.head}",
        "Links 4",
        "✔ The record is intact · recomputed up to link 4",
        "At the close I destroy the secret",
        "Ballots (CSV)",
    ):
        assert sentence in page_words


async def test_who_voted_for_what_is_told_of_a_named_poll_alone(reader: Reader) -> None:
    """A named poll's page says so and shows members' names with their votes, but never on the public address."""
    await reader.say(ADA, f"{CREATE} secret:no public:yes results:live")
    await reader.press(BEN, "v1:vote:p1:2")
    assert "Named: the result shows who voted for what." in await reader.words("polls/p1")
    assert "Ben : Oolong" in await reader.words("polls/p1")
    assert "Ben" not in await reader.words("polls/p1", public=True)
    await reader.close()
    assert "Ben : Oolong" in await reader.words("polls/p1")
    assert "Ben" not in (await reader.get("polls/p1", public=True))[1]


async def test_a_cancelled_poll_says_so(reader: Reader) -> None:
    """A cancelled poll's page has no export and says that its ballots don't count, and its record is still intact."""
    await reader.say(ADA, CREATE)
    await reader.press(BEN, "v1:vote:p1:0")
    await reader.press(ADA, "v1:poll-cancel:p1")
    page_words = await reader.words("polls/p1")
    assert "This poll was cancelled. Its ballots don't count." in page_words
    assert "The record is intact" in page_words
    assert "Export" not in page_words


async def test_a_changed_record_is_seen(reader: Reader) -> None:
    """A page says that the record doesn't add up if a row was changed in the database.

    Members read which row; the public page doesn't say.
    """
    await reader.say(ADA, f"{CREATE} results:live public:yes")
    await reader.press(BEN, "v1:vote:p1:0")
    await reader.hall.instance.database.write(lambda tx: tx.run("drop_counts", poll="p1"))
    page_words = await reader.words("polls/p1")
    assert "✖ The record doesn't add up" in page_words
    assert "count of 0: 0 in the count, 1 ballot in the record" in page_words
    outside = await reader.words("polls/p1", public=True)
    assert "✖ The record doesn't add up" in outside
    assert "count of 0" not in outside


async def test_what_a_host_wrote_is_text(reader: Reader) -> None:
    """A host's question and options are text on the page, never markup."""
    bad = "<img src=x onerror=alert(1)> & 'quoted'"
    await reader.say(
        ADA, f'/poll create post:yes question:"{bad}" options:"</title><script>1</script> | B" results:live'
    )
    await reader.press(BEN, "v1:vote:p1:0")
    html = (await reader.get("polls/p1"))[1]
    assert "<img src=x" not in html
    assert "<script>" not in html
    assert "onerror=alert(1)> &" in words_of(html)
    assert not re.search(r"\bstyle=|\bon[a-z]+=\"", html)


async def test_every_sentence_of_a_page_is_translated(reader: Reader) -> None:
    """Every sentence of a poll's page is translated; the host's words, ids and numbers stay as they are."""
    await reader.say(ADA, f"{CREATE} method:scores results:live quorum:1 role:tea")
    await reader.press(BEN, "v1:cast:p1:5,3,~")
    await reader.close()
    body = (await reader.get("polls/p1?lang=en-XA"))[1].partition("<body>")[2]
    pieces = [unescape(piece).strip(" :.·") for piece in re.sub(r"<(code|time)\b.*?</\1>", "", body).split("<")]
    sentences = [piece.partition(">")[2].strip(" :.·–") for piece in pieces]
    untranslated = [piece for piece in sentences if re.search("[a-z]", piece, re.IGNORECASE) and "⟦" not in piece]
    assert set(untranslated) <= {"Which tea?", "Green", "Black", "Oolong"}, untranslated


# --- who may see which ---


@pytest.mark.parametrize(
    "path", ["polls/p2", "polls/P1", "polls/", "polls", "polls/p1%00", "polls/" + "p" * 300, "polls/%C3%A9"]
)
async def test_what_is_no_poll_is_not_there(reader: Reader, path: str) -> None:
    """Any address below `polls/` that names no poll is a 404, for members and for the public."""
    await reader.say(ADA, CREATE)
    assert (await reader.get(path))[0] == 404
    assert (await reader.get(path, public=True))[0] == 404


async def test_another_community_s_poll_is_not_there(reader: Reader) -> None:
    """A poll of another community gives a 404 for its page, its export and its receipts."""
    await reader.say(request("Eve"), CREATE)
    for path in ("polls/p1", "polls/p1/export.csv"):
        status, html, _ = await reader.get(path)
        assert (status, "no such poll here" in html) == (404, True)
    assert (await reader.receipt("ABCD-EFGH-JKLM-NPQR"))["status"] == 404


async def test_another_host_gets_no_poll(reader: Reader) -> None:
    """A request under another host's name (DNS rebinding) gets a 403 instead of a poll's page or its export."""
    await reader.say(ADA, CREATE)
    for path in ("polls/p1", "polls/p1/export.csv"):
        assert (await reader.get(path, Host="evil.example"))[0] == 403


async def test_a_page_carries_the_protecting_headers(reader: Reader) -> None:
    """A poll's page, its export, and the 404 for a missing poll carry the protecting headers."""
    await reader.say(ADA, CREATE)
    for path in ("polls/p1", "polls/p2", "polls/p1/export.csv"):
        _, _, response = await reader.get(path)
        assert {name: response.headers.get(name) for name in HEADERS} == dict(HEADERS)


async def test_an_unchanged_page_is_not_sent_again(reader: Reader) -> None:
    """A browser that sends a page's tag gets a 304 until the page changes; another language is another page."""
    await reader.say(ADA, CREATE)
    tag = (await reader.get("polls/p1"))[2].headers["ETag"]
    assert (await reader.get("polls/p1", If_None_Match=tag))[0] == 304
    assert (await reader.get("polls/p1?lang=en-XA", If_None_Match=tag))[0] == 200
    await reader.press(BEN, "v1:vote:p1:0")
    assert (await reader.get("polls/p1", If_None_Match=tag))[0] == 200


async def test_the_record_is_not_recomputed_for_each_reader(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    """Many readers at once cause one audit of the record. Parley audits again after 31 seconds, and after the close."""
    runs: list[Record] = []

    def counted(record: Record) -> list[Discrepancy]:
        runs.append(record)
        return verify(record)

    monkeypatch.setattr(pages_module, "verify", counted)
    await reader.say(ADA, CREATE)
    await asyncio.gather(*(reader.get("polls/p1") for _ in range(20)))
    await reader.press(BEN, "v1:vote:p1:0")
    page_words = await reader.words("polls/p1")
    assert (len(runs), "Links 1" in page_words, "recomputed up to link 0" in page_words) == (1, True, True)
    reader.hall.clock.forward(seconds=31)
    assert "recomputed up to link 1" in await reader.words("polls/p1")
    await reader.close()
    assert "recomputed up to link 2" in await reader.words("polls/p1")
    assert len(runs) == 3


# --- exports and receipts ---


async def test_exports_are_there_once_the_poll_is_closed(reader: Reader) -> None:
    """A poll's CSV and JSON files exist only after its close, since an earlier export could reveal a vote."""
    await reader.say(ADA, CREATE)
    await reader.press(BEN, "v1:vote:p1:2")
    for kind in ("csv", "json"):
        assert (await reader.get(f"polls/p1/export.{kind}"))[0] == 404
    await reader.close()
    status, csv, response = await reader.get("polls/p1/export.csv")
    assert (status, csv.split()) == (200, ["Green,Black,Oolong", ",,1"])
    assert response.headers["Content-Disposition"] == 'attachment; filename="poll-p1.csv"'
    assert json.loads((await reader.get("polls/p1/export.json"))[1])["counts"] == {"2": 1}
    assert (await reader.get("polls/p1/export.exe"))[0] == 404


async def test_a_receipt_is_checked(reader: Reader) -> None:
    """The receipt check tells apart a ballot that is included, replaced or withdrawn and an unknown code, typed in
    any case, before and after the close."""
    await reader.say(ADA, CREATE)
    first = _code(await reader.press(BEN, "v1:vote:p1:0"))
    second = _code(await reader.press(BEN, "v1:vote:p1:1"))
    gone = _code(await reader.press(CHEN, "v1:vote:p1:1"))
    await reader.press(CHEN, "v1:withdraw:p1")
    for _ in range(2):
        assert "changed later" in (await reader.receipt(first))["answer"]
        assert "withdrawn" in (await reader.receipt(gone))["answer"]
        for code in (second, second.lower(), f"  {second[3:]} ", second.replace("-", " ").replace("p1 ", "p1-")):
            assert (await reader.receipt(code))["included"] is True, code
        for code in ("", "x", "p1-", "\x00" * 10, "é" * 200, second[:-1] + ("0" if second[-1] == "1" else "1")):
            assert (await reader.receipt(code))["included"] is False
        await reader.close()


def _code(outcome: Outcome) -> str:
    assert outcome.answer is not None
    pieces = [piece for card in outcome.answer.cards for block in card.body for piece in block.inlines]
    return next(piece.text for piece in pieces if isinstance(piece, Code))


async def test_only_the_page_may_ask_for_a_receipt(reader: Reader) -> None:
    """A receipt check without the page's token or from another site gets a 403.

    The code may have 200 characters and the poll's id 40.
    """
    await reader.say(ADA, CREATE)
    body = {"poll": "p1", "code": "x"}
    for headers in ({}, {"X-Parley-Token": "guessed"}, {"Origin": "https://evil.example"}):
        async with reader.session.post(f"{reader.hall.url}api/receipt", json=body, headers=headers) as response:
            assert response.status == 403
    lengths = ((200, 40), (201, 40), (200, 41))
    assert [(await reader.receipt("x" * code, "p" * poll))["status"] for code, poll in lengths] == [404, 400, 400]


async def test_a_card_links_to_its_poll_s_page(reader: Reader) -> None:
    """A poll's card in the web chat links to its page, if the chat serves pages."""
    await reader.say(ADA, CREATE)
    chat = reader.hall.chat
    (message,) = (each for each in chat._conversation.changes_for("ben") if each.reply)
    assert [card["page"] for card in chat._routes.message_data(message)["cards"]] == ["/polls/p1"]
    alone, _ = make_chat()
    assert [card["page"] for card in alone._routes.message_data(message)["cards"]] == [None]


async def test_a_decision_has_its_address(reader: Reader) -> None:
    """A decision's page is at `decisions/` and its id; an id that names no decision gives a 404."""
    await reader.say(ADA, "/decide owner:Ben We buy green tea")
    assert "We buy green tea" in await reader.words("decisions/p1")
    for path in ("decisions/p2", "decisions/P1"):
        status, html, _ = await reader.get(path)
        assert (status, "no such decision here" in html) == (404, True)


async def test_a_database_that_is_gone_is_told(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the database can't be read, a poll's page answers 503, and the public page says to try again."""
    await reader.say(ADA, f"{CREATE} public:yes")

    async def fail(*_: object) -> None:
        raise Unavailable("The database can't be read just now.")

    monkeypatch.setattr(type(reader.hall.pages.polls), "get", fail)
    assert (await reader.get("polls/p1"))[0] == 503
    status, html, _ = await reader.get("polls/p1", public=True)
    assert (status, "Try again in a moment." in html) == (503, True)


# --- for everybody ---


async def test_the_public_address_serves_public_polls_and_nothing_else(reader: Reader) -> None:
    """The public address serves only public polls that aren't cancelled; each other path gives one and the same 404."""
    await reader.say(ADA, f"{CREATE} public:yes")
    await reader.say(ADA, CREATE)
    await reader.say(ADA, f"{CREATE} public:yes")
    await reader.press(ADA, "v1:poll-cancel:p3")
    assert "Which tea?" in await reader.words("polls/p1", public=True)
    paths = ("polls/p2", "polls/p3", "polls/p4", "", "static/chat.js", "api/hello", "polls/p1/export.csv", "metrics")
    answers = {await _whole(reader, path) for path in paths}
    assert len(answers) == 1
    (answer,) = answers
    assert answer[0] == 404
    assert "no such poll here" in answer[1]


async def _whole(reader: Reader, path: str, method: str = "GET") -> tuple[int, str, tuple[tuple[str, str], ...]]:
    async with reader.session.request(method, reader.hall.public_url + path) as response:
        headers = tuple((name, value) for name, value in response.headers.items() if name != "Date")
        return response.status, await response.text(), headers


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"])
async def test_the_public_address_is_read_only(reader: Reader, method: str) -> None:
    """The public address answers any method but GET like a poll that doesn't exist."""
    await reader.say(ADA, f"{CREATE} public:yes")
    assert await _whole(reader, "polls/p1", method) == await _whole(reader, "polls/none")


async def test_a_public_page_stands_alone(reader: Reader) -> None:
    """A public page has no script, link, form or cookie; its policy allows one style by hash and nothing else."""
    await reader.say(ADA, f"{CREATE} public:yes results:live")
    await reader.press(BEN, "v1:vote:p1:0")
    status, html, response = await reader.get("polls/p1", public=True)
    assert status == 200
    policy = response.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    assert not re.search(r"<script|<form|<link|<input|href=|/static/|\bstyle=", html)
    assert response.headers["Server"] == "Parley"
    assert "aiohttp" not in str(response.headers)
    assert not response.cookies


async def test_a_public_page_may_be_kept_for_a_while(reader: Reader) -> None:
    """A cache may keep a public page for 15 seconds while the poll is open, for 5 minutes after, and a 404 never."""
    await reader.say(ADA, f"{CREATE} public:yes")
    _, _, response = await reader.get("polls/p1", public=True)
    assert response.headers["Cache-Control"] == "public, max-age=15"
    assert response.headers["Vary"] == "Accept-Language"
    tag = response.headers["ETag"]
    assert (await reader.get("polls/p1", public=True, If_None_Match=tag))[0] == 304
    await reader.close()
    assert (await reader.get("polls/p1", public=True, If_None_Match=tag))[2].headers["Cache-Control"] == (
        "public, max-age=300"
    )
    assert (await reader.get("polls/p9", public=True))[2].headers["Cache-Control"] == "no-store"


async def test_results_hidden_from_members_are_hidden_outside(reader: Reader) -> None:
    """A public page shows the result only when all members may see it."""
    await reader.say(ADA, f"{CREATE} public:yes")
    await reader.press(BEN, "v1:vote:p1:0")
    assert "until then the turnout alone." in await reader.words("polls/p1", public=True)
    await reader.close()
    assert "Winner: Green." in await reader.words("polls/p1", public=True)


async def test_nothing_is_public_without_the_setting(reader: Reader) -> None:
    """Without a public address Parley starts no public server."""
    public = PublicPages(reader.hall.pages)
    await public.start(None)
    assert public._server is None
    await public.stop()


async def test_a_public_address_that_is_taken_is_told(reader: Reader) -> None:
    """If another process holds the public address, the start fails and names `PARLEY_PUBLIC_BIND`."""
    address = Address.of(reader.hall.public_url.removeprefix("http://").rstrip("/"), "")
    with pytest.raises(Unavailable, match=r"can't be used.*PARLEY_PUBLIC_BIND"):
        await PublicPages(reader.hall.pages).start(address)


# --- pieces ---


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (-1, "closing now"),
        (59, "less than a minute left"),
        (60, "1 minute left"),
        (3_599, "59 minutes left"),
        (7_200, "2 hours left"),
        (47 * 3_600, "47 hours left"),
        (48 * 3_600, "2 days left"),
        (72 * 3_600 - 1, "3 days left"),
    ],
)
def test_the_time_left_is_told_in_one_unit(seconds: int, expected: str) -> None:
    """The page gives the time left in one unit: minutes below an hour, hours below two days, then days."""
    assert time_left(translator("en"), timedelta(seconds=seconds)) == expected


def test_a_text_becomes_html() -> None:
    """In HTML neighbouring items share a list, all words are escaped, and only web addresses become links."""
    content = text(
        paragraph("a < b", Bold(" & "), Code("<c>")),
        quote("said"),
        bullets(["x", "y"]),
        bullets(["one"], numbered=True),
        paragraph(Link("good", "https://example.org/?a=1&b=2"), Link("bad", "javascript:1")),
    )
    assert text_html(content) == (
        '<p dir="auto">a &lt; b<strong> &amp; </strong><code>&lt;c&gt;</code></p><blockquote dir="auto">said</blockquote>'
        '<ul><li dir="auto">x</li><li dir="auto">y</li></ul><ol><li dir="auto">one</li></ol>'
        '<p dir="auto"><a href="https://example.org/?a=1&amp;b=2" rel="noopener noreferrer">good</a>bad</p>'
    )


def test_an_element_escapes_what_it_is_given() -> None:
    """An HTML element escapes text and attribute values, keeps elements, and drops attributes without a value."""
    element = el("a", "<b>", el("i", "x"), None, href='"><script>', data_x=None, hidden=True)
    assert element == '<a href="&quot;&gt;&lt;script&gt;" hidden>&lt;b&gt;<i>x</i></a>'
    assert isinstance(element, Html)


# --- what a page sends twice ---


async def test_what_a_page_sends_twice_is_done_once(reader: Reader) -> None:
    """A line or a press sent again under its key is done once, so an old press can't undo a newer vote."""
    for _ in range(2):
        await _send(reader, "say", {"line": CREATE}, "create-1")
    assert len(await reader.hall.instance.polls.listed("web:demo")) == 1
    for _ in range(2):
        await _send(reader, "say", {"line": "@Parley how many drink tea?"}, "mention-1")
    lines = [message.text for message in reader.hall.chat._conversation.changes_for("ben") if message.text]
    assert lines == ["@Parley how many drink tea?"]
    for choice, key in (("0", "first"), ("1", "second"), ("0", "first")):
        await _send(reader, "press", {"action": f"v1:vote:p1:{choice}", "message": "", "values": []}, key)
    poll = await reader.hall.instance.polls.get("p1", translator("en"))
    own = await reader.hall.instance.polls.own(poll, ADA.actor)
    assert (own and own.choice, poll.links) == ("1", 2)


@pytest.mark.parametrize("key", ["", "a" * 65, "not a key"])
async def test_without_a_key_each_press_counts(reader: Reader, key: str) -> None:
    """A press without a valid key of at most 64 characters counts each time it is sent."""
    await reader.say(ADA, CREATE)
    for choice in ("0", "1", "0"):
        await _send(reader, "press", {"action": f"v1:vote:p1:{choice}", "message": "", "values": []}, key)
    assert (await reader.hall.instance.polls.get("p1", translator("en"))).links == 3


async def test_a_key_is_one_member_s_own(reader: Reader) -> None:
    """A key belongs to one member, so two members with the same key both vote."""
    await reader.say(ADA, CREATE)
    for member in ("ada", "ben"):
        await _send(reader, "press", {"action": "v1:vote:p1:0", "message": "", "values": []}, "same", member)
    assert (await reader.hall.instance.polls.get("p1", translator("en"))).ballots == 2


async def _send(reader: Reader, path: str, body: dict[str, Any], key: str, member: str = "ada") -> None:
    token = json.loads((await reader.get("api/hello"))[1])["token"]
    headers = {"X-Parley-Token": token, "X-Parley-Member": member, "X-Parley-Key": key}
    async with reader.session.post(f"{reader.hall.url}api/{path}", json=body, headers=headers) as response:
        assert response.status == 200, await response.text()
