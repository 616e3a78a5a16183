"""Tests of discussions at their bounds: who opens, runs and ends them, and what a close leaves."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bot.chat.vocabulary import MessageRef, Place, Request
from bot.communities.model import Creators
from bot.deliberation.answer_box import CountedAnswer, StatementAnswer
from bot.deliberation.member_data import DiscussionData
from bot.deliberation.proposals import Proposals
from bot.deliberation.report import (
    DiscussionReport,
    make_report,
    read_report,
)
from bot.deliberation.service import must_be_open
from bot.errors import NotAllowed, NotFound, Refused
from bot.instance import Instance
from bot.polls.model import PollState
from bot.store.sql import Transaction
from tests.deliberation.discussing import (
    DRAFT,
    STARTERS,
    WEEK,
    actions_of,
    current,
    distinct,
    end,
    started,
    statements_of,
)
from tests.polls.test_who_may import AWAY, HOME, MOMENT, OFFICE, T, away
from tests.talk import ADA, BEN, CHEN, MO
from tests.world import NOW, Clock, request, running


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"question": "x" * 300}, ""),
        ({"question": "x" * 301}, "at most 300"),
        ({"question": ""}, "at most 300"),
        ({"question": "\u3164"}, "at most 300"),
        ({"starters": STARTERS[:4]}, "at least 5"),
        ({"starters": ()}, "at least 5"),
        ({"starters": (*STARTERS[:4], ("See https://example.org", ""))}, "Leave the link out"),
        ({"starters": (*STARTERS[:4], ("See https://example.org", "")), "pack": "tea"}, ""),
    ],
)
async def test_a_discussion_has_a_question_and_five_statements(
    here: Instance, changes: dict[str, object], words: str
) -> None:
    """A discussion has a question of 1 to 300 characters and at least five statements. Parley checks a host's
    statements like a member's, and doesn't check those of a topic."""
    if words:
        with pytest.raises(Refused, match=words):
            await started(here, ADA, **changes)
    else:
        await started(here, ADA, **changes)
    assert bool(await here.discussions.listed(ADA)) is not bool(words)


async def test_what_is_wrong_is_repeated_in_short(here: Instance) -> None:
    """A refusal repeats at most 60 characters of a statement and 40 of an id."""
    with pytest.raises(Refused) as refused:
        await started(here, starters=(*STARTERS, ("x" * 141, "")))
    assert refused.value.message.startswith(f"“{'x' * 60}”: Shorten")
    with pytest.raises(NotFound) as missing:
        await here.discussions.get("d" * 60, T)
    assert f"“{'d' * 40}”" in missing.value.message


async def test_a_hundred_statements_begin_a_discussion_at_most(here: Instance) -> None:
    """A discussion begins with at most 100 statements, and Parley leaves out the rest."""
    discussion = await started(here, starters=tuple((f"Statement {n} holds", "") for n in range(101)))
    assert len(await statements_of(here, discussion)) == 100


async def test_ten_discussions_are_open_at_a_time(here: Instance) -> None:
    """A community can have ten open discussions. One that has ended makes room, and another community has its own
    ten."""
    discussions = [await started(here) for _ in range(10)]
    with pytest.raises(Refused, match="10 are open here"):
        await started(here)
    await here.discussions.start(DRAFT, away(ADA), AWAY, T)
    await here.discussions.drop(discussions[0].id, NOW)
    await started(here)


@pytest.mark.parametrize(("request_", "may"), [(ADA, False), (MO, True)])
async def test_where_moderators_alone_open_polls_they_alone_open_discussions(
    here: Instance, request_: Request, may: bool
) -> None:
    """If only moderators may open polls in a community, only they may open discussions."""
    strict = replace(HOME, creators=Creators.MODERATORS)
    if may:
        await here.discussions.start(DRAFT, request_, strict, T)
    else:
        with pytest.raises(NotAllowed):
            await here.discussions.start(DRAFT, request_, strict, T)


@pytest.mark.parametrize(
    ("request_", "may"), [(ADA, True), (MO, True), (BEN, False), (away(ADA), False), (away(MO), False)]
)
async def test_the_host_and_the_moderators_of_its_community_run_a_discussion(
    here: Instance, request_: Request, may: bool
) -> None:
    """Only the host and the moderators of its community can extend, close or cancel a discussion. A namesake of the
    host in another community can't, nor can a moderator of that one."""
    community = HOME if request_.actor.workspace == "demo" else AWAY
    run = here.discussions
    for deed in (
        lambda one: run.extend(one, request_, community, one.closes_at + MOMENT, T),
        lambda one: run.close(one, request_, community, T),
        lambda one: run.cancel(one, request_, community, T),
    ):
        discussion = await started(here)
        if may:
            await deed(discussion)
        else:
            with pytest.raises(NotAllowed):
                await deed(discussion)
            assert await current(here, discussion) == discussion


@pytest.mark.parametrize(("later", "may"), [(-MOMENT, False), (timedelta(), False), (MOMENT, True)])
async def test_a_close_is_moved_to_later(here: Instance, later: timedelta, may: bool) -> None:
    """A host can move a close to a later time only, not to the same time. Parley doesn't log a refused move."""
    discussion = await started(here)
    if may:
        assert (await here.discussions.extend(discussion, ADA, HOME, discussion.closes_at + later, T)).closes_at > (
            discussion.closes_at
        )
    else:
        with pytest.raises(Refused, match="Pick a time after"):
            await here.discussions.extend(discussion, ADA, HOME, discussion.closes_at + later, T)
    assert (await current(here, discussion)).closes_at == discussion.closes_at + (later if may else timedelta())
    assert len(await actions_of(here)) == may


async def test_nothing_runs_after_the_end(here: Instance) -> None:
    """After a close or a cancellation Parley refuses every change, answer and statement, and says which of the two it
    was. A second close or cancellation changes nothing."""
    for finish, words in ((here.discussions.close, "final"), (here.discussions.cancel, "was cancelled")):
        standing = await started(here)
        await finish(standing, ADA, HOME, T)
        ended = await current(here, standing)
        assert ended.state is (PollState.CLOSED if words == "final" else PollState.CANCELLED)
        assert (standing.closed_at, ended.closed_at) == (None, NOW)
        for deed in (
            lambda one=ended: here.discussions.extend(one, ADA, HOME, one.closes_at + MOMENT, T),
            lambda one=ended: here.discussions.close(one, ADA, HOME, T),
            lambda one=ended: here.discussions.cancel(one, ADA, HOME, T),
        ):
            with pytest.raises(Refused, match=words):
                await deed()
        with pytest.raises(Refused, match="no longer open"):
            await here.discussions.extend(standing, ADA, HOME, standing.closes_at + MOMENT, T)
        with pytest.raises(Refused, match="no longer open"):
            await here.discussions.answer(standing, BEN.actor, 0, 1, T)
        with pytest.raises(Refused, match="closed"):
            await Proposals(here.discussions).propose(standing, BEN.actor, "Milk is bought by turns", T)
        assert not await here.discussions.end(standing.id, NOW)
        assert not await here.discussions.drop(standing.id, NOW)
        await here.discussions.cancel(standing, ADA, HOME, T)  # as it was read before the end
        assert await current(here, standing) == ended
    assert not await here.discussions.end("d-none", NOW)
    assert sorted(await actions_of(here)) == ["cancel", "close"]
    must_be_open(await started(here), T)


@pytest.mark.parametrize(
    ("place", "private"), [(ADA.place, False), (OFFICE, True), (Place("test", "demo", "ada", direct=True), True)]
)
async def test_a_discussion_is_as_private_as_its_place(here: Instance, place: Place, private: bool) -> None:
    """A discussion in a private channel or a direct message is private: other places don't find it, and the log doesn't
    mention it. Another community never finds a discussion."""
    discussion = await started(here, replace(ADA, place=place))
    assert discussion.private is private
    other = replace(BEN, place=Place("test", "demo", "other"))
    assert bool(await here.discussions.listed(other)) is not private
    assert len(await here.discussions.listed(replace(BEN, place=place))) == 1
    assert await here.discussions.seen_by(discussion.id, replace(BEN, place=place), T) == discussion
    if private:
        with pytest.raises(NotFound):
            await here.discussions.seen_by(discussion.id, other, T)
    for foreign in (away(ADA), replace(away(ADA), place=place)):
        assert await here.discussions.listed(foreign) == []
        with pytest.raises(NotFound):
            await here.discussions.seen_by(discussion.id, foreign, T)
    await here.discussions.close(discussion, ADA, HOME, T)
    assert len(await actions_of(here)) == (not private)


async def test_a_private_discussion_is_seen_where_it_was_posted_too(here: Instance) -> None:
    """Members also see a private discussion in a place where Parley has posted it, from then on, and nowhere else."""
    discussion = await started(here, replace(ADA, place=OFFICE))
    annex, cellar = (replace(BEN, place=Place("test", "demo", name, private=True)) for name in ("annex", "cellar"))
    with pytest.raises(NotFound):
        await here.discussions.seen_by(discussion.id, annex, T)
    await here.discussions.posted(discussion.id, MessageRef(annex.place, "m1"), NOW)
    assert await here.discussions.seen_by(discussion.id, annex, T)
    with pytest.raises(NotFound):
        await here.discussions.seen_by(discussion.id, cellar, T)


async def test_a_discussion_is_due_at_its_moment(here: Instance) -> None:
    """A discussion is due at its closing time and not a moment before. Once it has ended, it is no longer due."""
    discussion = await started(here)
    assert await here.discussions.due(NOW + WEEK - MOMENT) == []
    assert await here.discussions.due(NOW + WEEK) == [discussion.id]
    assert await here.discussions.end(discussion.id, NOW + WEEK)
    assert await here.discussions.due(NOW + WEEK) == []


async def test_a_close_that_is_worked_on_is_not_due(here: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    """While a process works on its close, a discussion isn't due. If the close fails, it is due again. Other
    discussions are due all the while."""
    closing, other = await started(here), await started(here)
    due: list[list[str]] = []

    async def fail(*_arguments: Any) -> None:
        due.append(await here.discussions.due(NOW + WEEK))
        raise MemoryError

    monkeypatch.setattr(asyncio, "to_thread", fail)
    with pytest.raises(MemoryError):
        await here.discussions.end(closing.id, NOW + WEEK)
    assert due == [[other.id]]
    assert set(await here.discussions.due(NOW + WEEK)) == {closing.id, other.id}


async def test_what_a_reader_keeps_in_the_file_is_cleared_later(
    here: Instance, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If the store can't clear deleted rows from the file yet, the scheduler tries again until it succeeds, and then
    stops."""
    discussion = await started(here)
    await here.scheduler.run_due()  # clears leftovers of an earlier process
    cleared: list[bool] = []

    async def forget() -> bool:
        cleared.append(len(cleared) == 2)
        return cleared[-1]

    monkeypatch.setattr(here.database, "forget_deleted", forget)
    await here.discussions.drop(discussion.id, NOW)
    assert cleared == [False]
    await end(here, clock, MOMENT, MOMENT, MOMENT)
    assert cleared == [False, False, True]


async def test_the_scheduler_hears_of_each_deadline(here: Instance) -> None:
    """The scheduler hears of each deadline that is set, moved or ended, and of no refused move."""
    heard: list[str] = []
    here.discussions.changed = lambda: heard.append("")
    discussion = await started(here)
    discussion = await here.discussions.extend(discussion, ADA, HOME, discussion.closes_at + MOMENT, T)
    with pytest.raises(Refused):
        await here.discussions.extend(discussion, ADA, HOME, discussion.closes_at, T)
    assert len(heard) == 2
    await here.discussions.close(discussion, ADA, HOME, T)
    assert len(heard) == 3


def written_in(folder: Path) -> bytes:
    """Return all bytes of the database's files."""
    return b"".join(file.read_bytes() for file in folder.glob("parley.db*"))


@pytest.mark.parametrize("end", ["close", "cancel"])
async def test_the_file_forgets_who_answered(here: Instance, tmp_path: Path, end: str) -> None:
    """After a close or a cancellation the pseudonym of a member who answered is gone from the database's files, and the
    discussion's extremities are gone from memory."""
    discussion = await started(here)
    await here.discussions.answer(discussion, BEN.actor, 0, 1, T)
    person = await here.discussions.person(discussion, BEN.actor)
    here.discussions.extremities._latest[discussion.id] = (1, np.zeros(5))
    for held in (True, False):
        assert (person.encode() in written_in(tmp_path)) is held
        assert (here.discussions.extremities.of(discussion.id) is not None) is held
        if held:
            await getattr(here.discussions, end)(discussion, ADA, HOME, T)


async def test_who_answers_while_a_close_is_worked_out_reads_that_it_is_late(
    here: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A member who answers while Parley works out a result reads that their answer wasn't counted. The result leaves it
    out, and the discussion ends once."""
    discussion, elsewhere = await started(here), asyncio.to_thread
    for number in range(7):
        await here.discussions.answer(discussion, replace(BEN.actor, id=f"v{number}"), 0, 1, T)

    async def meanwhile(work: Any, *arguments: Any) -> Any:
        if work is make_report:
            with pytest.raises(Refused, match="Your answer wasn't counted"):
                await here.discussions.answer(discussion, CHEN.actor, 0, 1, T)
        return await elsewhere(work, *arguments)

    monkeypatch.setattr(asyncio, "to_thread", meanwhile)
    assert await here.discussions.end(discussion.id, NOW)
    assert not await here.discussions.end(discussion.id, NOW)
    assert read_report((await current(here, discussion)).result).people == 7


async def test_a_discussion_that_is_gone_meanwhile_has_no_end(here: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    """If a discussion is deleted during its close, for example because its community was erased, the close ends
    nothing."""
    discussion, elsewhere = await started(here), asyncio.to_thread

    async def erase(tx: Transaction) -> None:
        await tx.connection.execute("DELETE FROM discussions")

    async def meanwhile(work: Any, *arguments: Any) -> Any:
        if work is make_report:
            await here.database.write(erase)
        return await elsewhere(work, *arguments)

    monkeypatch.setattr(asyncio, "to_thread", meanwhile)
    assert not await here.discussions.end(discussion.id, NOW)


async def test_a_close_that_died_half_way_goes_on(here: Instance, clock: Clock) -> None:
    """Once a close has begun, nobody can answer, add a statement or move the close. If its process dies, the next run
    of the scheduler finishes it."""
    closing, other = await started(here), await started(here)
    await here.database.write(lambda tx: tx.run("begin_closing", discussion=closing.id, closed_by="ada"))
    for deed in (
        lambda one: here.discussions.answer(one, BEN.actor, 0, 1, T),
        lambda one: Proposals(here.discussions).propose(one, BEN.actor, distinct(1), T),
        lambda one: here.discussions.extend(one, ADA, HOME, one.closes_at + MOMENT, T),
    ):
        with pytest.raises(Refused):
            await deed(closing)
        await deed(other)
    assert await here.discussions.due(NOW) == [closing.id]
    await end(here, clock, timedelta())
    assert (await current(here, closing)).state is PollState.CLOSED
    assert (await current(here, other)).state is PollState.OPEN


async def test_a_stop_waits_for_the_answers_it_has_taken(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When Parley stops, it acknowledges the answers that it has taken before it closes the database, however long
    their write takes."""
    async with running(tmp_path, clock=clock) as here:
        discussion, box, database, ends = await started(here), here.discussions.answers, here.database, asyncio.Event()
        write, wait_for_answers, close = box._answers._write, box.aclose, database.close

        async def write_at_the_end(answers: Sequence[StatementAnswer]) -> Sequence[object]:
            await ends.wait()
            return await write(answers)

        async def wait_now() -> None:
            ends.set()
            await wait_for_answers()

        async def close_at_last() -> None:
            assert answer.done()
            await close()

        monkeypatch.setattr(box._answers, "_write", write_at_the_end)
        monkeypatch.setattr(box, "aclose", wait_now)
        monkeypatch.setattr(database, "close", close_at_last)
        answer = asyncio.create_task(box.put(StatementAnswer(discussion.id, "test:demo:ben", 0, 1)))
        await here.stop()
        assert isinstance(await answer, CountedAnswer)
        monkeypatch.undo()
    async with running(tmp_path, clock=clock) as again:
        assert (await current(again, discussion)).people == 1


async def test_an_erasure_during_a_close_is_in_its_result(here: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    """If a member erases their data during a close, Parley works out the result again without them, and keeps all other
    answers."""
    discussion = await started(here)
    for number in range(8):
        await here.discussions.answer(discussion, request(f"Member {number}").actor, 0, 1, T)
    times = []

    def report(*arguments: Any) -> DiscussionReport:
        times.append(arguments)
        if len(times) == 1:
            erase = DiscussionData(here.discussions).erase(request("Member 0").actor)
            asyncio.run_coroutine_threadsafe(erase, loop).result()
        return make_report(*arguments)

    loop = asyncio.get_running_loop()
    monkeypatch.setattr("bot.deliberation.service.make_report", report)
    assert await here.discussions.end(discussion.id, NOW)
    assert len(times) == 2
    assert json.loads((await current(here, discussion)).result)["people"] == 7


async def test_a_discussion_that_no_message_shows_is_cancelled(here: Instance) -> None:
    """If the post of a discussion failed and no message shows it, Parley cancels it. One that a message shows goes
    on."""
    shown, unseen = await started(here), await started(here)
    await here.discussions.posted(shown.id, MessageRef(ADA.place, "m1"), NOW)
    for each in (shown, unseen):
        await here.discussions.unposted(each.id, NOW)
    assert (await current(here, shown)).state is PollState.OPEN
    assert (await current(here, unseen)).state is PollState.CANCELLED
