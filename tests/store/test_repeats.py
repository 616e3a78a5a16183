"""Parley does an action once that a platform delivers twice, also with several processes and after a crash."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from bot.chat.vocabulary import Action, Answers, Form, Input, Outcome, Reply, Request
from bot.dispatch.bot import Bot
from bot.dispatch.declare import Context, action, form
from bot.dispatch.rate_limit import Limiter
from bot.dispatch.repeats import MEMORY, Repeats
from bot.errors import Refused
from bot.instance import Instance
from bot.store.database import Database, unavailable
from bot.store.open import open_database
from tests.store.things import Raw
from tests.talk import ADA, BEN, CREATE, press, say, wall, words
from tests.waits import until
from tests.world import make_bot, request, running

DEAD = "UPDATE repeats SET until = 0"
"""SQL that ends every action's lease, as if its worker had died some time ago."""


def keyed(who: Request, key: str) -> Request:
    return replace(who, key=key)


async def column(raw: Raw, name: str) -> list[Any]:
    return [row[("key", "until").index(name)] for row in await raw.run("SELECT key, until FROM repeats ORDER BY key")]


@asynccontextmanager
async def processes(folder: Path, url: str) -> AsyncIterator[tuple[Instance, Instance]]:
    """Run two instances over one database, as two processes would."""
    async with running(folder, url=url) as one, running(folder, url=url, shared=True) as other:
        yield one, other


class Errand:
    """A feature with an action that lasts until the test lets it end."""

    def __init__(self) -> None:
        self.times = 0
        self.started = asyncio.Event()
        self.may_end = asyncio.Event()

    @action("errand")
    async def errand(self, _ctx: Context, _subject: str = "") -> Outcome:
        self.times += 1
        self.started.set()
        await self.may_end.wait()
        return Outcome(Reply())

    @form("errand-form", again="again")
    async def filled(self, _ctx: Context, answers: Answers) -> Outcome:
        self.times += 1
        if answers.get("name") == "milk":
            raise Refused("The poll is closed.")
        return Outcome(Reply()) if answers.get("name") else Outcome(errors={"name": "Write something first."})

    async def again(self, _ctx: Context) -> Outcome:
        return Outcome(Reply(form=Form(Action("errand-form"), "Errand", (Input("name", "Name"),))))


def errand_bot(errand: Errand, database: Any, **options: Any) -> Bot:
    return guarded_bot(errand, Repeats(database, **options))


def guarded_bot(errand: Errand, repeats: Repeats) -> Bot:
    return Bot.of([errand], new_reference=lambda: "ref", limiter=Limiter(), repeats=repeats)


@pytest.fixture
async def other_database(url: str, database: Database) -> AsyncIterator[Database]:
    """Yield a second process's connection to the same database."""
    assert database
    shared = await open_database(url, shared=True)
    yield shared
    await shared.close()


# --- done once ---


async def test_a_command_that_comes_twice_opens_one_poll(tmp_path: Path, url: str) -> None:
    """A command's second delivery gets no answer and opens no poll, also in another process and after a restart."""
    once = keyed(ADA, "t1")
    async with processes(tmp_path, url) as (one, other):
        assert not (await say(one, once, CREATE)).duplicate
        for process in (one, other):
            second = await say(process, once, CREATE)
            assert (second.duplicate, second.answer) == (True, None)
        assert len(wall(one).posted) == 1
        assert wall(other).posted == []
    async with running(tmp_path, url=url) as restarted:
        assert (await say(restarted, once, CREATE)).duplicate
        assert wall(restarted).posted == []
        assert not (await say(restarted, keyed(ADA, "t2"), "/poll list")).duplicate


async def test_only_the_same_action_counts_as_a_repeat(tmp_path: Path, url: str) -> None:
    """An action is a repeat only if it has the same key, kind and workspace as an earlier one.

    An action without a key is never a repeat.
    """
    async with running(tmp_path, url=url) as instance:
        elsewhere = replace(ADA, key="k", place=replace(ADA.place, workspace="another"))
        assert not (await say(instance, keyed(ADA, "k"), "/help")).duplicate
        assert not (await say(instance, keyed(ADA, "l"), "/help")).duplicate
        assert not (await say(instance, elsewhere, "/help")).duplicate
        assert not (await press(instance, keyed(ADA, "k"), "v1:help:fact")).duplicate
        assert [(await say(instance, ADA, "/help")).duplicate for _ in range(2)] == [False, False]
        assert (await say(instance, keyed(ADA, "k"), "/help")).duplicate


async def test_a_mistake_is_answered_once(tmp_path: Path, url: str) -> None:
    """Parley answers a line that it doesn't understand once, and drops its second delivery."""
    async with running(tmp_path, url=url) as instance:
        assert "Did you mean /fact?" in words(await say(instance, keyed(ADA, "k"), "/fcat tea"))
        assert (await say(instance, keyed(ADA, "k"), "/fcat tea")).duplicate


async def test_an_old_press_does_not_undo_a_newer_vote(tmp_path: Path, url: str) -> None:
    """If a platform delivers an earlier vote again after a newer one, also to another process, the newer one stands."""
    async with processes(tmp_path, url) as (one, other):
        await say(one, ADA, CREATE)
        await press(one, keyed(BEN, "t1"), "v1:vote:p1:0")
        await press(other, keyed(BEN, "t2"), "v1:vote:p1:1")
        assert (await press(other, keyed(BEN, "t1"), "v1:vote:p1:0")).duplicate
        assert "Black" in words(await press(one, BEN, "v1:mine:p1"))


# --- while it is worked on, and after a crash ---


async def test_what_another_process_works_on_is_dropped(database: Database, other_database: Database) -> None:
    """A process drops a delivery while another process works on the same action, and after that has ended."""
    errand, late = Errand(), Errand()
    who = keyed(request(), "k")
    first = asyncio.create_task(errand_bot(errand, database).press(who, "v1:errand"))
    await errand.started.wait()
    assert (await errand_bot(late, other_database).press(who, "v1:errand")).duplicate
    errand.may_end.set()
    assert not (await first).duplicate
    assert (await errand_bot(late, other_database).press(who, "v1:errand")).duplicate
    assert (errand.times, late.times) == (1, 0)


async def test_work_that_lasts_keeps_its_lease(database: Database, raw: Raw) -> None:
    """A process renews an action's lease as long as it works on the action, and no longer."""
    errand, tasks = Errand(), asyncio.all_tasks()
    bot = errand_bot(errand, database, lease=0.3)
    work = asyncio.create_task(bot.press(keyed(request(), "k"), "v1:errand"))
    await errand.started.wait()
    await raw.run(DEAD)

    async def renewed() -> bool:
        return await column(raw, "until") != [0]

    await until(renewed)
    errand.may_end.set()
    await work
    await until(lambda: asyncio.all_tasks() <= tasks)


@dataclass
class HeldWrite:
    """Holds back the database's writes until they are set free."""

    start: asyncio.Event
    free: asyncio.Event

    async def assert_stop_waits(self, repeats: Repeats) -> None:
        """Assert that a stop of the guard waits for the write that is held back, and set that free."""
        stop = asyncio.create_task(repeats.aclose())
        await asyncio.sleep(0)
        assert not stop.done()
        self.free.set()
        await stop


@pytest.fixture
def held_write(database: Database, monkeypatch: pytest.MonkeyPatch) -> HeldWrite:
    pause, write = HeldWrite(asyncio.Event(), asyncio.Event()), database.write

    async def wait(unit: Any) -> Any:
        pause.start.set()
        await pause.free.wait()
        return await write(unit)

    monkeypatch.setattr(database, "write", wait)
    return pause


async def test_a_stop_waits_for_what_is_written(database: Database, raw: Raw, held_write: HeldWrite) -> None:
    """A stop waits for the claims under way, so that each of them is stored."""
    errand, repeats = Errand(), Repeats(database)
    errand.may_end.set()
    press = asyncio.create_task(guarded_bot(errand, repeats).press(keyed(request(), "k"), "v1:errand"))
    await held_write.start.wait()
    await held_write.assert_stop_waits(repeats)
    assert len(await column(raw, "key")) == 1
    await press


async def test_a_stop_waits_for_the_end_of_an_action(database: Database, raw: Raw, held_write: HeldWrite) -> None:
    """A stop waits until the end of an action is stored, so that no process works on it again."""
    errand, repeats = Errand(), Repeats(database)
    held_write.free.set()
    press = asyncio.create_task(guarded_bot(errand, repeats).press(keyed(request(), "k"), "v1:errand"))
    await errand.started.wait()
    held_write.start.clear()
    held_write.free.clear()
    errand.may_end.set()
    await held_write.start.wait()
    await held_write.assert_stop_waits(repeats)
    assert [row[0] for row in await raw.run("SELECT done FROM repeats")] == [1]
    await press


async def test_an_action_cancelled_while_it_is_claimed_is_worked_on_at_once(
    database: Database, other_database: Database, held_write: HeldWrite
) -> None:
    """A member's request that a stop cancels during its claim is given back: the next delivery is worked on."""
    stopped, late = Errand(), Errand()
    late.may_end.set()
    who = keyed(request(), "k")
    press = asyncio.create_task(errand_bot(stopped, database).press(who, "v1:errand"))
    await held_write.start.wait()
    press.cancel()
    held_write.free.set()
    await asyncio.gather(press, return_exceptions=True)
    assert stopped.times == 0
    assert not (await errand_bot(late, other_database).press(who, "v1:errand")).duplicate


async def test_a_cancelled_repeat_takes_nothing_from_the_first_delivery(
    database: Database, other_database: Database
) -> None:
    """If the second delivery of an action under way is cancelled, the first one keeps its claim."""
    errand, late = Errand(), Errand()
    who = keyed(request(), "k")
    bot = errand_bot(errand, database)
    first = asyncio.create_task(bot.press(who, "v1:errand"))
    await errand.started.wait()
    second = asyncio.create_task(bot.press(who, "v1:errand"))
    await asyncio.sleep(0)
    second.cancel()
    await asyncio.gather(second, return_exceptions=True)
    assert (await errand_bot(late, other_database).press(who, "v1:errand")).duplicate
    errand.may_end.set()
    assert not (await first).duplicate


async def test_a_delivery_after_a_crash_is_worked_on(database: Database, other_database: Database, raw: Raw) -> None:
    """If a process died at an action, another one works on a second delivery once the lease has run out, not before."""
    dead, late = Errand(), Errand()
    late.may_end.set()
    who = keyed(request(), "k")
    crash = asyncio.create_task(errand_bot(dead, database).press(who, "v1:errand"))
    await dead.started.wait()
    bot = errand_bot(late, other_database)
    assert (await bot.press(who, "v1:errand")).duplicate
    await raw.run(DEAD)
    assert not (await bot.press(who, "v1:errand")).duplicate
    assert (await bot.press(who, "v1:errand")).duplicate
    assert late.times == 1
    crash.cancel()
    await asyncio.gather(crash, return_exceptions=True)


async def test_what_a_stop_interrupts_is_worked_on_at_once(database: Database, other_database: Database) -> None:
    """A process that stops gives its action back, so another process can work on the next delivery at once."""
    stopped, late = Errand(), Errand()
    late.may_end.set()
    who = keyed(request(), "k")
    work = asyncio.create_task(errand_bot(stopped, database).press(who, "v1:errand"))
    await stopped.started.wait()
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)
    assert not (await errand_bot(late, other_database).press(who, "v1:errand")).duplicate


@pytest.mark.parametrize(("subject", "other", "overtaken"), [("p1", "p1", True), ("p1", "p2", False), ("", "", False)])
async def test_a_newer_action_overtakes_one_whose_worker_died(
    database: Database, other_database: Database, raw: Raw, subject: str, other: str, overtaken: bool
) -> None:
    """If the worker of a member's press died, a newer press of theirs about the same poll overtakes it.

    A press about another poll, about no poll or by another member doesn't.
    """
    dead, late = Errand(), Errand()
    late.may_end.set()
    crash = asyncio.create_task(errand_bot(dead, database).press(keyed(BEN, "t1"), f"v1:errand:{subject}"))
    await dead.started.wait()
    await raw.run(DEAD)
    bot = errand_bot(late, other_database)
    assert not (await bot.press(keyed(ADA, "t0"), f"v1:errand:{subject}")).duplicate  # another member overtakes nothing
    assert not (await bot.press(keyed(BEN, "t2"), f"v1:errand:{other}")).duplicate
    assert (await bot.press(keyed(BEN, "t1"), f"v1:errand:{subject}")).duplicate is overtaken
    crash.cancel()
    await asyncio.gather(crash, return_exceptions=True)


async def test_a_repeat_overtakes_nothing(database: Database, other_database: Database, raw: Raw) -> None:
    """Ben's first press comes again while his second is worked on: the second stays his newest, even after a crash."""
    done, dead, late = Errand(), Errand(), Errand()
    done.may_end.set()
    late.may_end.set()
    first = keyed(BEN, "t1")
    await errand_bot(done, database).press(first, "v1:errand:p1")
    crash = asyncio.create_task(errand_bot(dead, database).press(keyed(BEN, "t2"), "v1:errand:p1"))
    await dead.started.wait()
    bot = errand_bot(late, other_database)
    assert (await bot.press(first, "v1:errand:p1")).duplicate
    await raw.run(f"{DEAD} WHERE done = 0")
    assert not (await bot.press(keyed(BEN, "t2"), "v1:errand:p1")).duplicate
    crash.cancel()
    await asyncio.gather(crash, return_exceptions=True)


# --- crowds ---


async def test_a_crowd_shares_transactions(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """One write claims fifty presses that arrive at once, and Parley works on each of them once."""
    errand, writes, write = Errand(), [0], database.write

    async def counted(unit: Any) -> Any:
        writes[0] += 1
        return await write(unit)

    monkeypatch.setattr(database, "write", counted)
    bot = errand_bot(errand, database)
    members = [replace(BEN, actor=replace(BEN.actor, id=f"m{number}"), key=f"t{number}") for number in range(50)]
    presses = [asyncio.create_task(bot.press(member, "v1:errand")) for member in members]
    await until(lambda: errand.times == len(members))
    assert writes == [1]
    errand.may_end.set()
    assert not any(outcome.duplicate for outcome in await asyncio.gather(*presses))
    assert all([(await bot.press(member, "v1:errand")).duplicate for member in members])


async def test_two_deliveries_at_once_are_worked_on_once(database: Database) -> None:
    """Of two deliveries of one action at once, Parley works on the first and drops the second."""
    errand = Errand()
    errand.may_end.set()
    bot = errand_bot(errand, database)
    ends = await asyncio.gather(*(bot.press(keyed(BEN, key), "v1:errand") for key in ("k", "k", "other")))
    assert [end.duplicate for end in ends] == [False, True, False]
    assert errand.times == 2


async def test_the_later_of_two_actions_at_once_overtakes_the_earlier(
    database: Database, other_database: Database, raw: Raw
) -> None:
    """If the worker of a member's two presses about one poll died, Parley works again on the later one only."""
    dead, late = Errand(), Errand()
    late.may_end.set()
    bot = errand_bot(dead, database)
    crashes = [asyncio.create_task(bot.press(keyed(BEN, key), "v1:errand:p1")) for key in ("t1", "t2")]
    await until(lambda: dead.times == 2)
    await raw.run(DEAD)
    again = errand_bot(late, other_database)
    ends = [(await again.press(keyed(BEN, key), "v1:errand:p1")).duplicate for key in ("t2", "t1")]
    assert ends == [False, True]
    for crash in crashes:
        crash.cancel()
    await asyncio.gather(*crashes, return_exceptions=True)


# --- forms, memory, and what is stored ---


async def test_a_form_that_stays_open_is_sent_again(database: Database) -> None:
    """A form that stays open after mistakes or a refusal may come again under the same key.

    Once it succeeds, Parley drops it.
    """
    errand = Errand()
    bot, who = errand_bot(errand, database), keyed(request(), "view")
    assert (await bot.submit(who, "v1:errand-form", {"name": ""})).errors
    assert not (await bot.submit(who, "v1:errand-form", {"name": "milk"})).success
    assert not (await bot.submit(who, "v1:errand-form", {"name": "Tea"})).duplicate
    assert (await bot.submit(who, "v1:errand-form", {"name": "Tea"})).duplicate
    assert errand.times == 3


async def test_old_keys_are_cleared(database: Database, raw: Raw) -> None:
    """Parley remembers a key for half an hour, and clears older keys."""
    errand = Errand()
    errand.may_end.set()
    repeats, bot = Repeats(database), errand_bot(errand, database)
    for key in ("old", "young"):
        await bot.press(keyed(request(), key), "v1:errand")
    young, old = await column(raw, "key")
    for key, age in ((young, MEMORY - 60), (old, MEMORY + 60)):
        await raw.run("UPDATE repeats SET until = until - $1 WHERE key = $2", age * 1_000_000, key)
    await repeats.clear()
    assert await column(raw, "key") == [young]


async def test_what_is_stored_leads_to_nobody(database: Database, raw: Raw) -> None:
    """The stored row of a done action doesn't depend on the member or the button, and has no scope."""
    errand = Errand()
    errand.may_end.set()
    rows = []
    for who, button in ((ADA, "v1:errand:p1"), (BEN, "v1:errand:p2")):
        await errand_bot(errand, database).press(keyed(who, "t1"), button)
        rows.append(await raw.run("SELECT key, scope, done FROM repeats"))
        await raw.run("DELETE FROM repeats")
    assert rows[0] == rows[1]
    assert rows[0][0][1:] == ("", 1)


class LostDatabase:
    """A database that raises Unavailable for every write, as if its server were gone."""

    async def write(self, _unit: object) -> None:
        raise unavailable()


async def test_what_could_not_be_recorded_is_done_all_the_same(
    database: Database, raw: Raw, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If the store can't record an action's end, its process remembers the end until the next action records it."""
    errand, who, write = Errand(), keyed(request(), "k"), database.write
    errand.may_end.set()
    bot = errand_bot(errand, database)

    async def full(unit: Any) -> Any:
        return await (write(unit) if errand.times == 0 else LostDatabase().write(unit))

    monkeypatch.setattr(database, "write", full)
    await bot.press(who, "v1:errand")
    assert (await bot.press(who, "v1:errand")).duplicate
    monkeypatch.undo()
    await raw.run(DEAD)
    assert (await bot.press(who, "v1:errand")).duplicate
    await bot.press(keyed(request(), "l"), "v1:errand")
    await raw.run(DEAD)
    assert (await errand_bot(errand, database).press(who, "v1:errand")).duplicate
    await raw.run("DELETE FROM repeats")
    assert not (await bot.press(who, "v1:errand")).duplicate


async def test_look_ups_need_no_database() -> None:
    """Without its database Parley still answers look-ups, and treats none as a repeat."""
    bot = replace(make_bot(), repeats=Repeats(LostDatabase()))  # type: ignore[arg-type]
    answers = [words(await bot.say(keyed(request(), "k"), "/fact coffee ban")) for _ in range(2)]
    assert answers[0] == answers[1]
