"""Log lines: each carries its request's code, and none holds a secret or joins a person with a vote."""

from __future__ import annotations

import asyncio
import json
import logging
import sqlite3
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from bot.chat.vocabulary import Outcome, Reply
from bot.dispatch.bot import Bot
from bot.dispatch.declare import Context, command
from bot.dispatch.rate_limit import Limiter
from bot.i18n import N_
from bot.telemetry.logs import Scrubber, formatter, set_up_logs
from bot.telemetry.request_id import current_request, request_scope
from tests.logs import Lines, logs
from tests.world import make_bot, references, request, running


@pytest.fixture
def lines() -> Iterator[Lines]:
    with logs() as read:
        yield read


class Troubled:
    """Commands for these tests: one fails with a bug, one waits, and both log."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()

    @command("bug", N_("Fails"))
    async def bug(self, _ctx: Context) -> Outcome:
        logging.getLogger("parley.tests").warning("just before")
        raise RuntimeError("a bug")

    @command("slow", N_("Waits"))
    async def slow(self, _ctx: Context) -> Outcome:
        logging.getLogger("parley.tests").warning("waits")
        await self.gate.wait()
        await asyncio.to_thread(logging.getLogger("parley.tests").warning, "went on")
        return Outcome(Reply())


def troubled(feature: Troubled) -> Bot:
    numbers = references()
    return Bot.of((feature,), new_reference=lambda: next(numbers), limiter=Limiter(burst=1000, per_minute=1000))


async def test_the_code_that_a_person_sees_is_on_every_line_of_the_request(lines: Lines) -> None:
    """The code that a member sees after a bug is on every log line of that request."""
    outcome = await troubled(Troubled()).say(request(), "/bug")
    assert outcome.answer is not None
    assert "ref-1" in str(outcome.answer.cards[0].body)
    events = {line["event"].partition(",")[0]: line for line in lines()}
    assert {line["request"] for line in events.values()} == {"ref-1"}
    assert list(events) == ["just before", "bug in /bug", "/bug was answered: bug"]
    assert "RuntimeError: a bug" in events["bug in /bug"]["exception"]
    assert events["bug in /bug"]["level"] == "error"


async def test_requests_at_once_keep_their_own_code(lines: Lines) -> None:
    """Requests that run at the same time each log their own code, from other threads as well."""
    feature = Troubled()
    bot = troubled(feature)
    both = [asyncio.create_task(bot.say(request(name), "/slow")) for name in ("Ada", "Ben")]
    await asyncio.sleep(0)
    feature.gate.set()
    await asyncio.gather(*both)
    by_code: dict[str, list[str]] = {}
    for line in lines():
        by_code.setdefault(line["request"], []).append(line["event"].partition(",")[0])
    assert by_code == {
        "ref-1": ["waits", "went on", "/slow was answered: ok"],
        "ref-2": ["waits", "went on", "/slow was answered: ok"],
    }


async def test_a_fault_of_the_database_belongs_to_the_request_that_met_it(tmp_path: Path, lines: Lines) -> None:
    """A database error is logged once with the code of the request that met it, though it happens in another thread."""
    async with running(tmp_path) as instance:
        (tmp_path / "parley.db").rename(tmp_path / "elsewhere.db")
        await instance.bot.say(request(), "/poll list")
    faults = [line.get("request") for line in lines() if line["logger"] == "parley.store"]
    assert faults.count("ref-1") == 1
    assert set(faults) <= {"ref-1", None}, "what runs in the background meets the same fault, and belongs to no request"


async def test_what_many_requests_led_to_belongs_to_none(tmp_path: Path, lines: Lines) -> None:
    """Log lines about redrawing a poll or about a group of votes carry no request's code, so none leads to a member."""
    async with running(tmp_path) as instance:
        await instance.bot.say(
            request("Host"), '/poll create post:yes question:"Which tea?" options:"Green|Black" results:live'
        )
        wall: Any = instance.platforms["test"]

        async def edit(*_arguments: object) -> None:
            logging.getLogger("parley.tests").warning("redraws")
            raise RuntimeError

        wall.edit = edit
        await instance.bot.press(request("Ben"), "v1:vote:p1:0")
        await instance.copies.drain()
        with sqlite3.connect(tmp_path / "parley.db") as database:
            database.execute("DROP TABLE ballots")
        database.close()
        await asyncio.gather(*(instance.bot.press(request(name), "v1:vote:p1:0") for name in ("Ben", "Chen")))
    redraws = [line for line in lines() if "redraw" in line["event"]]
    groups = [line for line in lines() if line["event"].startswith("a group of 2")]
    assert (len(redraws) >= 2, len(groups)) == (True, 1)
    assert not any("request" in line for line in redraws + groups)


async def test_no_line_joins_a_person_with_a_poll_or_a_choice(tmp_path: Path, lines: Lines) -> None:
    """No log line names a person together with a poll or a choice, not even after a bug while voting."""
    async with running(tmp_path) as instance:
        bot = instance.bot
        await bot.say(
            request("Hostperson"), '/poll create post:yes question:"Which tea?" options:"Greentea|Blacktea" secret:no'
        )
        for pressed in ("v1:vote:p1:0", "v1:vote:p1:1", "v1:mine:p1", "v1:withdraw:p1", "v1:vote:p9:0"):
            await bot.press(request("Voterperson"), pressed)
        await instance.copies.drain()
        with sqlite3.connect(tmp_path / "parley.db") as database:
            database.execute("DROP TABLE ballots")
        database.close()
        await bot.press(request("Voterperson"), "v1:vote:p1:0")
    assert any(line["level"] == "error" for line in lines())
    for line in lines():
        text = json.dumps(line)
        people = [name for name in ("hostperson", "voterperson") if name in text.lower()]
        things = [thing for thing in ("p1", "Which tea", "Greentea", "Blacktea") if thing in text]
        assert not (people and things), text


def test_libraries_stay_above_debug(monkeypatch: pytest.MonkeyPatch) -> None:
    """At level DEBUG only Parley's own loggers log debug lines, because libraries would log messages with their
    authors and choices."""
    root, parley = logging.getLogger(), logging.getLogger("parley")
    monkeypatch.setattr(root, "handlers", [])
    before = root.level, parley.level
    try:
        set_up_logs("DEBUG", stream=StringIO())
        assert parley.isEnabledFor(logging.DEBUG)
        for name in ("discord.gateway", "slack_bolt.AsyncApp", "slack_sdk", "aiohttp", "asyncio", "asyncpg"):
            assert not logging.getLogger(name).isEnabledFor(logging.DEBUG)
        set_up_logs("ERROR", stream=StringIO())
        assert not logging.getLogger("discord").isEnabledFor(logging.WARNING)
    finally:
        root.setLevel(before[0])
        parley.setLevel(before[1])


@pytest.mark.parametrize(
    "written",
    [
        "marked/1 in a sentence",
        "an address with marked%2F1 in it",
        'a {"json": "marked/1"} text',
        "We are being rate limited. POST https://discord.com/api/v10/webhooks/123/marked responded with 429",
        "https://discord.com/api/v10/interactions/123/marked/callback",
        "https://hooks.slack.com/commands/T1/2/marked",
        "wss://wss-primary.slack.com/link/?ticket=marked&app_id=1",
        "Authorization: Bearer xoxb-1-marked and xapp-1-marked",
        "postgresql://ada:marked@db/parley",
        "duplicate key\nDETAIL: Key (poll, voter)=(p1, marked) already exists.",
    ],
)
@pytest.mark.parametrize("for_people", [False, True])
def test_a_secret_does_not_reach_a_line(written: str, *, for_people: bool) -> None:
    """No log line and no traceback shows one of the instance's secrets or a text that looks like a token."""
    formatting = formatter(["marked/1"], for_people=for_people)
    error = ValueError(written)
    record = logging.getLogger("discord.http").makeRecord(
        "discord.http", logging.WARNING, "http.py", 1, written, (), (ValueError, error, error.__traceback__)
    )
    line = formatting.format(record)
    assert "ValueError" in line
    assert "marked" not in line


def test_what_is_no_secret_is_left(caplog: pytest.LogCaptureFixture) -> None:
    """The scrubber leaves addresses and words without a secret as they are, and ignores an empty secret."""
    plain = "GET https://discord.com/api/v10/gateway failed: see http://127.0.0.1:8765/healthz at 12:30"
    assert Scrubber(["", "secret"])(plain) == plain


async def test_a_request_that_logs_nothing_needs_no_code() -> None:
    """A request that logs nothing makes no code, and a request within another uses the outer one's code."""
    references: list[str] = []
    bot = make_bot()

    def new_reference() -> str:
        references.append("x")
        return "x"

    object.__setattr__(bot, "new_reference", new_reference)
    await bot.say(request(), "/fact coffee")
    assert not references
    assert current_request() == ""
    with request_scope(lambda: "outer"), request_scope(lambda: "inner"):
        assert current_request() == "outer"
