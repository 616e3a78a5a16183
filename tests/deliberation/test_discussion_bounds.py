"""Discussions at their bounds: who runs them, what a statement may be, whose words are seen, what is told and when."""

from __future__ import annotations

import asyncio
import hashlib
import json
import random
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bot.chat.vocabulary import MessageRef, Place, Request
from bot.communities.model import Creators
from bot.deliberation import posted_cards, repository
from bot.deliberation.ballots import Ballots, write_ballot
from bot.deliberation.deadlines import DiscussionDeadlines
from bot.deliberation.findings import draw_weights
from bot.deliberation.member_data import DiscussionData
from bot.deliberation.model import (
    AnswerTotal,
    Discussion,
    DiscussionStatement,
    Moderation,
    StatementState,
)
from bot.deliberation.proposals import Proposals
from bot.deliberation.report import (
    DiscussionReport,
    ReportedStatement,
    _dividing,
    as_json,
    digest,
    make_report,
    read_report,
)
from bot.deliberation.service import DiscussionDraft, must_be_open
from bot.deliberation.statement_rules import similar, wrong_statement
from bot.errors import BotError, NotAllowed, NotFound, Refused, Unavailable
from bot.instance import Instance
from bot.polls.model import PollState
from bot.polls.posted_messages import PostedMessage
from bot.store.sql import Transaction
from tests.polls.test_who_may import AWAY, HOME, MOMENT, OFFICE, T, away
from tests.talk import ADA, BEN, CHEN, MO, reply_words
from tests.walls import wall_of
from tests.world import NOW, Clock, request

WEEK = timedelta(days=7)
STARTERS = tuple((f"Statement {letter} holds", "") for letter in "abcde")
DRAFT = DiscussionDraft("Kitchen?", NOW + WEEK, STARTERS)


async def started(here: Instance, request: Request = ADA, **changes: object) -> Discussion:
    draft = replace(DRAFT, **changes)  # type: ignore[arg-type]
    return await here.discussions.start(draft, request, HOME, T)


async def statements_of(here: Instance, discussion: Discussion) -> list[DiscussionStatement]:
    return await here.database.read(lambda tx: repository.statements(tx, discussion.id))


async def current(here: Instance, discussion: Discussion) -> Discussion:
    return await here.discussions.get(discussion.id, T)


# --- who opens and ends one ---


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
    """What a host types is checked like a member's statement, and what a topic brings isn't."""
    if words:
        with pytest.raises(Refused, match=words):
            await started(here, ADA, **changes)
    else:
        await started(here, ADA, **changes)
    assert bool(await here.discussions.listed(ADA)) is not bool(words)


async def test_what_is_wrong_is_repeated_in_short(here: Instance) -> None:
    """Sixty letters of a statement, forty of an id."""
    with pytest.raises(Refused) as refused:
        await started(here, starters=(*STARTERS, ("x" * 141, "")))
    assert refused.value.message.startswith(f"“{'x' * 60}”: Shorten")
    with pytest.raises(NotFound) as missing:
        await here.discussions.get("d" * 60, T)
    assert f"“{'d' * 40}”" in missing.value.message


async def test_a_hundred_statements_begin_a_discussion_at_most(here: Instance) -> None:
    """Those after the hundredth are left out."""
    discussion = await started(here, starters=tuple((f"Statement {n} holds", "") for n in range(101)))
    assert len(await statements_of(here, discussion)) == 100


async def test_ten_discussions_are_open_at_a_time(here: Instance) -> None:
    """In a community; one that has ended makes room, and another community has its own ten."""
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
    """One rule for both."""
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
    """A namesake of the host in another community runs nothing, nor does a moderator of that one."""
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
    """The same time isn't later; nothing is logged of what was refused."""
    discussion = await started(here)
    if may:
        assert (await here.discussions.extend(discussion, ADA, HOME, discussion.closes_at + later, T)).closes_at > (
            discussion.closes_at
        )
    else:
        with pytest.raises(Refused, match="Pick a time after"):
            await here.discussions.extend(discussion, ADA, HOME, discussion.closes_at + later, T)
    assert (await current(here, discussion)).closes_at == discussion.closes_at + (later if may else timedelta())
    assert len(await _log(here)) == may


async def _log(here: Instance) -> list[str]:
    entries, _ = await here.action_log.page("test:demo", NOW + WEEK)
    return [entry.deed for entry in entries]


async def test_nothing_runs_after_the_end(here: Instance) -> None:
    """Neither after a close nor after a cancellation, with the words for each; and who comes second changes nothing."""
    for end, words in ((here.discussions.close, "final"), (here.discussions.cancel, "was cancelled")):
        standing = await started(here)
        await end(standing, ADA, HOME, T)
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
        await here.discussions.cancel(standing, ADA, HOME, T)  # as somebody read it before
        assert await current(here, standing) == ended
    assert not await here.discussions.end("d-none", NOW)
    assert sorted(await _log(here)) == ["cancel", "close"]
    must_be_open(await started(here), T)


@pytest.mark.parametrize(
    ("place", "private"), [(ADA.place, False), (OFFICE, True), (Place("test", "demo", "ada", direct=True), True)]
)
async def test_a_discussion_is_as_private_as_its_place(here: Instance, place: Place, private: bool) -> None:
    """Elsewhere it isn't there, and the log that moderators read anywhere has nothing of it."""
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
    assert len(await _log(here)) == (not private)


async def test_a_private_discussion_is_seen_where_it_was_posted_too(here: Instance) -> None:
    """From then on, and nowhere else."""
    discussion = await started(here, replace(ADA, place=OFFICE))
    annex, cellar = (replace(BEN, place=Place("test", "demo", name, private=True)) for name in ("annex", "cellar"))
    with pytest.raises(NotFound):
        await here.discussions.seen_by(discussion.id, annex, T)
    await here.discussions.posted(discussion.id, MessageRef(annex.place, "m1"), NOW)
    assert await here.discussions.seen_by(discussion.id, annex, T)
    with pytest.raises(NotFound):
        await here.discussions.seen_by(discussion.id, cellar, T)


async def test_a_discussion_is_due_at_its_moment(here: Instance) -> None:
    """Not a moment before."""
    discussion = await started(here)
    assert await here.discussions.due(NOW + WEEK - MOMENT) == []
    assert await here.discussions.due(NOW + WEEK) == [discussion.id]
    assert await here.discussions.end(discussion.id, NOW + WEEK)
    assert await here.discussions.due(NOW + WEEK) == []


async def test_the_scheduler_hears_of_each_deadline(here: Instance) -> None:
    """Of one that is set, moved or done with; of nothing that was refused."""
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
    """All bytes of the database's files."""
    return b"".join(file.read_bytes() for file in folder.glob("parley.db*"))


@pytest.mark.parametrize("end", ["close", "cancel"])
async def test_the_file_forgets_who_answered(here: Instance, tmp_path: Path, end: str) -> None:
    """Whether there is a result or not; memory forgets too."""
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
    """Their answer isn't in the result, which is worked out once; the discussion ends once."""
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
    """Its community left and was erased."""
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
    """From its beginning nobody answers, adds a statement or moves the end; the next process finishes it at once."""
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


async def test_an_erasure_during_a_close_is_in_its_result(here: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is worked out anew; nobody else's answer is lost."""
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
    """Its post failed; one that a message shows goes on."""
    shown, unseen = await started(here), await started(here)
    await here.discussions.posted(shown.id, MessageRef(ADA.place, "m1"), NOW)
    for each in (shown, unseen):
        await here.discussions.unposted(each.id, NOW)
    assert (await current(here, shown)).state is PollState.OPEN
    assert (await current(here, unseen)).state is PollState.CANCELLED


# --- answers ---


async def test_an_answer_counts_once_and_moves_when_it_changes(here: Instance) -> None:
    """Totals, people and the member's own list follow; the same answer again changes nothing."""
    discussion = await started(here)
    steps = [
        (BEN, 1, True, (1, 0, 0), (1, 1)),
        (BEN, 1, False, (1, 0, 0), (1, 1)),
        (BEN, -1, False, (0, 1, 0), (1, 2)),
        (BEN, 0, False, (0, 0, 1), (1, 3)),
        (CHEN, 1, True, (1, 0, 1), (2, 4)),
    ]
    for who, vote, new, totals, counted in steps:
        assert (await here.discussions.answer(discussion, who.actor, 0, vote, T)).joined is new
        first = (await statements_of(here, discussion))[0]
        assert (first.agrees, first.disagrees, first.passes) == totals
        now = await current(here, discussion)
        assert (now.people, now.votes) == counted
    assert [(each.position, vote) for each, vote in await here.discussions.mine(discussion, BEN.actor)] == [(0, 0)]
    assert await here.discussions.mine(discussion, MO.actor) == []


@pytest.mark.parametrize(
    ("state", "may"),
    [
        (StatementState.OPEN, True),
        (StatementState.MUTED, False),
        (StatementState.WAITING, False),
        (StatementState.REJECTED, False),
        (StatementState.DRAFT, False),
    ],
)
async def test_only_an_open_statement_is_shown_and_answered(here: Instance, state: StatementState, may: bool) -> None:
    """What moderators haven't read, or took out, nobody sees; nor is there a statement beyond the last."""
    discussion = await started(here)
    added = DiscussionStatement(5, distinct(1), starter=False, state=state)
    await here.database.write(lambda tx: repository.add_statements(tx, discussion.id, [added]))
    for position in range(5):
        await here.discussions.answer(discussion, BEN.actor, position, 1, T)
    turn = await here.discussions.turn(discussion, BEN.actor)
    assert (turn.statement is not None, turn.answered, turn.statements) == (may, 5, 6 if may else 5)
    if may:
        await here.discussions.answer(discussion, BEN.actor, 5, 1, T)
    else:
        with pytest.raises(Refused, match="no longer in the discussion"):
            await here.discussions.answer(discussion, BEN.actor, 5, 1, T)
    with pytest.raises(Refused, match="no longer in the discussion"):
        await here.discussions.answer(discussion, BEN.actor, 6, 1, T)


async def test_the_first_five_stay_the_same_for_a_member(here: Instance) -> None:
    """Whenever they come back; another member has others, and no statement comes twice."""
    discussion = await started(here, starters=tuple((f"Statement {n} holds", "") for n in range(40)))
    seen: list[int] = []
    for _ in range(40):
        turn, again = [await here.discussions.turn(discussion, BEN.actor) for _ in range(2)]
        assert turn.statement is not None
        if len(seen) < 5:
            assert turn.statement == again.statement
        seen.append(turn.statement.position)
        await here.discussions.answer(discussion, BEN.actor, turn.statement.position, 1, T)
    assert sorted(seen) == list(range(40))
    assert (await here.discussions.turn(discussion, BEN.actor)).statement is None


@pytest.mark.parametrize("request_", [ADA, BEN, CHEN, MO])
async def test_starters_come_first(here: Instance, request_: Request) -> None:
    """All five before any member's statement; each turn has the discussion as it is by now."""
    discussion = await started(here, moderation=Moderation.OFF)
    for number in range(9):
        added = DiscussionStatement(5 + number, distinct(number), starter=False)
        await here.database.write(lambda tx, one=added: repository.add_statements(tx, discussion.id, [one]))  # type: ignore[misc]
    await here.discussions.extend(discussion, ADA, HOME, discussion.closes_at + MOMENT, T)
    for _ in range(5):
        turn = await here.discussions.turn(discussion, request_.actor)
        assert turn.statement is not None
        assert turn.statement.starter
        assert (turn.discussion, turn.joined) == (await current(here, discussion), False)
        await here.discussions.answer(discussion, request_.actor, turn.statement.position, 1, T)


@pytest.mark.parametrize(("chance", "place"), [(0x00, 0), (0x40, 1), (0x80, 2), (0xFF, 3)])
async def test_equal_statements_are_drawn_by_chance_alone(here: Instance, chance: int, place: int) -> None:
    """Of four that are left, each has a quarter."""
    discussion = await started(here, starters=tuple((f"Statement {n} holds", "") for n in range(9)))
    here.discussions.random_bytes = lambda count: bytes([chance]) + bytes(count - 1)
    left = set(range(9))
    for _ in range(5):
        turn = await here.discussions.turn(discussion, BEN.actor)
        assert turn.statement is not None
        left.remove(turn.statement.position)
        await here.discussions.answer(discussion, BEN.actor, turn.statement.position, 0, T)
    turn = await here.discussions.turn(discussion, BEN.actor)
    assert turn.statement is not None
    assert turn.statement.position == sorted(left)[place]


# --- statements of members ---


@pytest.mark.parametrize(
    ("words", "mistake"),
    [
        ("x" * 140, ""),
        ("x" * 141, "Shorten it to 140"),
        ("", "Write a statement"),
        (" \u200b", "Write a statement"),
        ("Milk is bought by turns.", ""),
        ("Milk is bought. By turns", "one idea"),
        ("Milk is bought!", ""),
        ("Milk\nby turns", "one idea"),
        ("Mr. Brown buys the milk", ""),
        ("We buy e.g. milk", ""),
        ("See www.example.org", "Leave the link out"),
        ("See example.org", "Leave the link out"),
        ("See HTTPS://x", "Leave the link out"),
        ("Node.js is fine", ""),
        ("@ben buys milk", "Leave the mention out"),
        ("Ask <@U1> for milk", "Leave the mention out"),
        ("Ask @ben", "Leave the mention out"),
        ("Write to us at@home", ""),
        ("Milk x" + "\u0301" * 4, ""),
        ("Milk x" + "\u0301" * 5, "Leave some marks out"),
    ],
)
def test_a_statement_is_one_idea_without_links_and_names(words: str, mistake: str) -> None:
    """In 140 characters."""
    wrong = wrong_statement(words, T)
    assert (mistake in wrong) if mistake else wrong == ""


@pytest.mark.parametrize(
    ("words", "twin"),
    [
        ("red green blue black pink", "red green blue black white"),
        ("red green blue pink rose", None),
        ("red green blue", "red green blue black white"),
        ("red green", None),
        ("the yellow", "yellow"),
        ("RED green, blue; black white!", "red green blue black white"),
        ("the red and the green of a blue with black or white", "red green blue black white"),
        ("on the", None),
    ],
)
def test_a_near_duplicate_shares_six_of_ten_words(words: str, twin: str | None) -> None:
    """Small words, case and marks don't count."""
    known = [
        DiscussionStatement(0, "yellow", starter=True),
        DiscussionStatement(1, "red green blue black white", starter=True),
    ]
    found = similar(words, known)
    assert (found.words if found else None) == twin


def test_of_two_near_duplicates_the_nearer_is_shown() -> None:
    """And of two equally near the first."""
    known = [
        DiscussionStatement(0, "red green blue black", starter=True),
        DiscussionStatement(1, "red green blue black white", starter=True),
        DiscussionStatement(2, "white red green blue black", starter=True),
    ]
    found = similar("red green blue black white", known)
    assert found is not None
    assert found.position == 1


def distinct(number: int) -> str:
    return f"alpha{number} beta{number} gamma{number} delta{number}"


@pytest.mark.parametrize(
    ("moderation", "state"),
    [
        (Moderation.BEFORE, StatementState.WAITING),
        (Moderation.AFTER, StatementState.OPEN),
        (Moderation.OFF, StatementState.OPEN),
    ],
)
async def test_a_statement_waits_where_moderators_read_first(
    here: Instance, moderation: Moderation, state: StatementState
) -> None:
    """Also one that was held because another says nearly the same; only its author sends it, once."""
    discussion, proposals = await started(here, moderation=moderation), Proposals(here.discussions)
    first = await proposals.propose(discussion, BEN.actor, distinct(1), T)
    assert (first.statement.state, first.statement.position, first.twin) == (state, 5, None)
    held = await proposals.propose(discussion, BEN.actor, STARTERS[0][0], T)
    assert held.twin is not None
    await proposals.propose(discussion, CHEN.actor, distinct(2), T)
    assert [each.starter for each in await proposals.statements(discussion)] == [True] * 5 + [False] * 3
    assert (held.statement.state, held.twin.position) == (StatementState.DRAFT, 0)
    for actor, position in ((CHEN.actor, 6), (BEN.actor, 0), (BEN.actor, 7), (away(BEN).actor, 6)):
        with pytest.raises(NotFound):
            await proposals.send_draft(discussion, actor, position, T)
    assert await proposals.send_draft(discussion, BEN.actor, 6, T) is state
    with pytest.raises(NotFound):
        await proposals.send_draft(discussion, BEN.actor, 6, T)
    assert [each.state for each in await proposals.statements(discussion)][5:] == [state] * 3


@pytest.mark.parametrize(("moderation", "withdrawn"), [(Moderation.BEFORE, [5, 6]), (Moderation.OFF, [5])])
async def test_what_nobody_has_read_is_withdrawn_by_its_author_alone(
    here: Instance, moderation: Moderation, withdrawn: list[int]
) -> None:
    """A draft, and what waits for a moderator; its words go. What others may have answered stays."""
    discussion, proposals = await started(here, moderation=moderation), Proposals(here.discussions)
    await proposals.propose(discussion, BEN.actor, STARTERS[0][0], T)
    await proposals.propose(discussion, BEN.actor, distinct(1), T)
    for actor, gone in ((CHEN.actor, []), (away(BEN).actor, []), (BEN.actor, withdrawn), (BEN.actor, withdrawn)):
        for position in (0, 5, 6):
            await proposals.withdraw_draft(discussion, actor, position)
        statements = await proposals.statements(discussion)
        assert [each.position for each in statements if each.state is StatementState.REJECTED] == gone
        assert all((each.words, each.author) == ("-", "") for each in statements if each.position in gone)


async def test_another_members_unread_statement_is_no_twin(here: Instance) -> None:
    """Nobody learns what waits; the author's own is compared all the same."""
    discussion, proposals = await started(here, moderation=Moderation.BEFORE), Proposals(here.discussions)
    await proposals.propose(discussion, BEN.actor, distinct(1), T)
    assert (await proposals.propose(discussion, CHEN.actor, distinct(1), T)).twin is None
    assert (await proposals.propose(discussion, BEN.actor, distinct(1), T)).twin is not None


async def test_a_member_has_five_statements_and_ten_tries(here: Instance) -> None:
    """Rejected ones make room up to ten; another member has their own."""
    discussion, proposals = await started(here, moderation=Moderation.BEFORE), Proposals(here.discussions)
    for number in range(5):
        await proposals.propose(discussion, BEN.actor, distinct(number), T)
    with pytest.raises(Refused, match="You have added 5"):
        await proposals.propose(discussion, BEN.actor, distinct(99), T)
    await proposals.propose(discussion, CHEN.actor, distinct(50), T)
    for position in range(5, 10):
        await proposals.decide(discussion, position, StatementState.REJECTED, MO, T)
    for number in range(5, 10):
        await proposals.propose(discussion, BEN.actor, distinct(number), T)
        await proposals.decide(discussion, 6 + number, StatementState.REJECTED, MO, T)
    with pytest.raises(Refused, match="can't take another"):
        await proposals.propose(discussion, BEN.actor, distinct(99), T)


@pytest.mark.parametrize(("many", "may"), [(299, True), (300, False)])
async def test_a_discussion_has_three_hundred_statements_at_most(here: Instance, many: int, may: bool) -> None:
    """The three hundredth is taken."""
    discussion = await started(here)
    more = [DiscussionStatement(number, distinct(number), starter=False) for number in range(5, many)]
    await here.database.write(lambda tx: repository.add_statements(tx, discussion.id, more))
    proposals = Proposals(here.discussions)
    if may:
        await proposals.propose(discussion, BEN.actor, distinct(999), T)
    else:
        with pytest.raises(Refused, match="can't take another"):
            await proposals.propose(discussion, BEN.actor, distinct(999), T)


MOVES = {
    (StatementState.WAITING, StatementState.OPEN),
    (StatementState.MUTED, StatementState.OPEN),
    (StatementState.WAITING, StatementState.REJECTED),
    (StatementState.OPEN, StatementState.MUTED),
}


@pytest.mark.parametrize("before", list(StatementState))
@pytest.mark.parametrize("to", [StatementState.OPEN, StatementState.REJECTED, StatementState.MUTED])
async def test_a_moderator_moves_a_statement_one_way(
    here: Instance, before: StatementState, to: StatementState
) -> None:
    """Accepts or rejects what waits, mutes what is open, unmutes; once, and the log has it once, with its note."""
    discussion, proposals = await started(here), Proposals(here.discussions)
    statement = DiscussionStatement(5, "Milk is bought by turns", starter=False, state=before)
    note = "why" if to is StatementState.REJECTED else ""
    await here.database.write(lambda tx: repository.add_statements(tx, discussion.id, [statement]))
    if (before, to) in MOVES:
        assert (await proposals.decide(discussion, 5, to, MO, T, note)).words == "Milk is bought by turns"
    with pytest.raises(Refused, match="already decided"):
        await proposals.decide(discussion, 5, to, MO, T)
    with pytest.raises(NotFound):
        await proposals.decide(discussion, 6, to, MO, T)
    after = (await statements_of(here, discussion))[5]
    moved = (before, to) in MOVES
    assert after.state is (to if moved else before)
    assert await _log(here) == (["accept" if to is StatementState.OPEN else "reject"] if moved else [])
    entries, _ = await here.action_log.page("test:demo", NOW + WEEK)
    assert [entry.detail for entry in entries] == [f"Milk is bought by turns{' – why' if note else ''}"] * moved


# --- what is told ---


def ballots(*opinions: tuple[int, int, int]) -> Ballots:
    """One ballot a person, of so many who gave a vote on a statement: (count, statement, vote), always the first people."""
    people = max(count for count, *_ in opinions)
    return [
        write_ballot({statement: vote for count, statement, vote in opinions if person < count})
        for person in range(people)
    ]


SHOWN = [DiscussionStatement(number, f"Statement {number}", starter=True) for number in range(2)]


@pytest.mark.parametrize(("people", "told"), [(6, 0), (7, 7), (0, 0)])
def test_of_fewer_than_seven_people_nothing_is_told(people: int, told: int) -> None:
    """However many answers they gave: not even how many they were."""
    report = make_report(SHOWN, ballots((people, 0, 1), (people, 1, -1)))
    assert report.people == told
    assert len(report.statements) == (2 if told else 0)
    assert told or replace(report, people=0) == DiscussionReport(0, 0, (), "", None, (), (), (), (), ())


@pytest.mark.parametrize(("count", "told"), [(4, False), (5, True)])
def test_of_fewer_than_five_answers_no_number_is_told(count: int, told: bool) -> None:
    """Nor is the statement in any list."""
    for vote, listed in ((1, "common"), (-1, "rejected")):
        report = make_report(SHOWN, ballots((9, 0, vote), (count, 1, vote)))
        assert (report.statement(1).total is not None) is told
        assert (1 in getattr(report, listed)) is told
        assert told or 1 not in (*report.common, *report.rejected, *report.dividing)
        assert report.statement(0).total == AnswerTotal(*((9, 0, 0) if vote == 1 else (0, 9, 0)))


def two_camps(*answered: int, firm: float = 0.85) -> Ballots:
    """Twelve people a camp, who mostly oppose each other on statements 0 to 11.

    `answered` is how many of each camp, and how many others, answered statement 12.
    """
    chance, people = random.Random(5), []
    for camp, most in zip((1, -1), answered, strict=False):
        for person in range(12):
            own = {number: camp if chance.random() < firm else -camp for number in range(12)}
            people.append(own | ({12: 0} if person < most else {}))
    return [write_ballot(each) for each in (*people, *[{12: 0}] * answered[2])]


@pytest.mark.parametrize(
    ("one", "two", "others", "told"),
    [
        (5, 5, 0, True),
        (4, 5, 0, False),
        (5, 4, 0, False),
        (5, 5, 5, True),
        (5, 5, 4, False),
        (5, 5, 1, False),
        (10, 0, 0, False),
        (0, 10, 0, False),
    ],
)
def test_camps_are_told_where_five_of_each_answered(one: int, two: int, others: int, told: bool) -> None:
    """And five of the people without a camp, or none: else what is told would tell of fewer."""
    statements = [DiscussionStatement(number, f"Statement {number}", starter=True) for number in range(13)]
    report = make_report(statements, two_camps(one, two, others))
    assert report.sizes == (12, 12)
    parts = (AnswerTotal(0, 0, one), AnswerTotal(0, 0, two))
    assert report.statement(12).groups in ((parts, parts[::-1]) if told else (None,))
    assert report.statement(12).total == AnswerTotal(0, 0, one + two + others)
    assert all(each.position != 12 for group in report.stands_for for each in group)


def test_no_camp_stands_for_what_too_few_of_another_answered() -> None:
    """All twelve of one camp agree with it, and four of the other don't: five would do."""
    statements = [DiscussionStatement(number, f"Statement {number}", starter=True) for number in range(13)]
    for few, told in ((4, False), (5, True)):
        ends = ["a"] * 12 + ["d"] * few + [""] * (12 - few)
        people = [each + end for each, end in zip(two_camps(0, 0, 0), ends, strict=True)]
        report = make_report(statements, people)
        assert (report.statement(12).groups is not None) is told
        assert any(each.position == 12 for group in report.stands_for for each in group) is told


@pytest.mark.parametrize(
    ("state", "common"), [(StatementState.OPEN, (13,)), (StatementState.MUTED, ())], ids=["open", "muted"]
)
def test_common_ground_is_what_every_camp_agrees_with(state: StatementState, common: tuple[int, ...]) -> None:
    """Three quarters of all, but half of one camp, are none, nor is a muted statement."""
    statements = [DiscussionStatement(number, f"Statement {number}", starter=True) for number in range(15)]
    statements[13] = replace(statements[13], state=state)
    people = [f"{each}a{'a' if person < 18 else 'd'}" for person, each in enumerate(two_camps(12, 12, 0))]
    report = make_report(statements, people)
    assert (report.sizes, report.common, report.eligible, report.reason) == ((12, 12), common, 24, "")
    assert report.stability == 1.0


def test_camps_that_do_not_hold_are_not_told() -> None:
    """How far they held is, to two decimals."""
    statements = [DiscussionStatement(number, f"Statement {number}", starter=True) for number in range(13)]
    report = make_report(statements, two_camps(0, 0, 0, firm=0.75))
    assert (report.sizes, report.reason, report.stands_for) == ((), "unstable", ())
    assert report.stability is not None
    assert 0.5 < report.stability == round(report.stability, 2) < 0.8


def test_without_camps_common_ground_is_what_most_agree_with() -> None:
    """Fewer than twenty people have none, and no stability."""
    report = make_report(SHOWN, ballots((19, 0, 1), (19, 1, -1)))
    assert (report.sizes, report.reason, report.stability) == ((), "too_few_people", None)
    assert (report.common, report.rejected) == ((0,), (1,))


def test_the_draw_favours_what_is_new_and_what_moves_people() -> None:
    """Its weight follows from agreements, disagreements and passes; a newer statement has moved nobody yet."""
    new, agreed, passed = (
        DiscussionStatement(0, "new", starter=True),
        DiscussionStatement(1, "agreed", starter=True, agrees=10, disagrees=6, passes=4),
        DiscussionStatement(2, "passed", starter=True, passes=20),
    )
    assert [each.answers for each in (new, agreed, passed)] == [0, 20, 20]
    weights = draw_weights([new, agreed, passed])
    assert weights[0] > weights[1] > weights[2]
    assert weights.tolist() == pytest.approx([5.0625, 0.335873, 0.0000096049], rel=1e-4)
    moved = draw_weights([new, agreed, passed], np.array([0.0, 3.0]))
    assert (moved / weights).tolist() == pytest.approx([1, 16, 1])
    assert draw_weights([new], np.array([0.0, 3.0])).tolist() == [weights[0]]


@pytest.mark.parametrize(
    ("state", "shown"),
    [
        (StatementState.OPEN, True),
        (StatementState.MUTED, True),
        (StatementState.WAITING, False),
        (StatementState.REJECTED, False),
        (StatementState.DRAFT, False),
    ],
)
def test_what_moderators_never_accepted_is_not_in_the_result(state: StatementState, shown: bool) -> None:
    """A muted statement is, with its numbers, and in no list."""
    statements = [SHOWN[0], replace(SHOWN[1], state=state)]
    report = make_report(statements, ballots((20, 0, 1), (20, 1, 1)))
    assert [each.position for each in report.statements] == [0, 1][: 1 + shown]
    assert (1 in report.common) is (state is StatementState.OPEN)
    assert all(each.muted is (state is StatementState.MUTED) for each in report.statements[1:])
    assert len(make_report(statements, ballots((20, 0, 1), (20, 1, -1))).statements) == 1 + shown


def reported(position: int, agree: int, disagree: int, *groups: AnswerTotal) -> ReportedStatement:
    total = AnswerTotal(agree, disagree, 100 - agree - disagree)
    return ReportedStatement(position, "x", starter=True, muted=False, total=total, groups=groups or None)


def test_what_divides_has_thirty_percent_on_both_sides() -> None:
    """The most divided first, five at most; between camps it is the distance of their shares."""
    assert _dividing([reported(0, 30, 70), reported(1, 29, 71), reported(2, 50, 50), reported(3, 60, 30)]) == (2, 0, 3)
    assert _dividing([reported(number, 50, 50) for number in range(6)]) == (0, 1, 2, 3, 4)
    far, near = AnswerTotal(80, 20, 0), AnswerTotal(50, 50, 0)
    assert _dividing([reported(0, 65, 35, far, near), reported(1, 65, 35, near, near)]) == (0,)
    assert _dividing([replace(reported(0, 50, 50), total=None)]) == ()


def test_a_muted_statement_divides_nobody() -> None:
    """Though half agree with it and half don't."""
    for state, dividing in ((StatementState.OPEN, (1,)), (StatementState.MUTED, ())):
        statements = [SHOWN[0], replace(SHOWN[1], state=state)]
        assert make_report(statements, ["aa", "ad"] * 5).dividing == dividing


async def test_a_result_is_one_text_that_reads_back(here: Instance) -> None:
    """So that its hash is everybody's: keys in order, no space between, letters as they are."""
    discussion = await started(here, question="Küche?")
    statements = [DiscussionStatement(number, f"Statement {number}", starter=True) for number in range(13)]
    for people in (two_camps(12, 12, 0), two_camps(4, 5, 0), ["a"] * 6):
        report = make_report(statements, people)
        content = as_json(discussion, report)
        assert read_report(content) == report
        assert content == json.dumps(json.loads(content), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        assert "Küche?" in content
        assert digest(content) == hashlib.sha256(content.encode()).hexdigest()


def test_a_share_is_of_all_answers() -> None:
    """Those who passed answered too; of none it is nothing."""
    total = AnswerTotal(1, 2, 1)
    assert (total.answers, total.share(), total.share(agree=False)) == (4, 25.0, 50.0)
    assert AnswerTotal(0, 0, 0).share() == 0.0


# --- whose data ---


async def test_a_member_sees_and_erases_their_own_alone(here: Instance) -> None:
    """In open discussions: answers, waiting statements and names go; what others gave stays as it was."""
    discussion, proposals, data = await started(here), Proposals(here.discussions), DiscussionData(here.discussions)
    for who, vote in ((ADA, 1), (BEN, -1)):
        await here.discussions.answer(discussion, who.actor, 0, vote, T)
    await proposals.propose(discussion, BEN.actor, distinct(1), T)
    await proposals.propose(discussion, CHEN.actor, distinct(2), T)
    assert await data.stored_about(BEN.actor) == (1, (distinct(1),))
    assert await data.stored_about(CHEN.actor) == (0, (distinct(2),))
    assert await data.stored_about(away(BEN).actor) == (0, ())
    [part] = await data.export_of(BEN.actor)
    assert part == {
        "discussion": discussion.id,
        "answers": [{"statement": "Statement a holds", "answer": -1}],
        "statements": [distinct(1)],
    }
    assert len(await data.export_of(CHEN.actor)) == len(await data.export_of(ADA.actor)) == 1
    assert await data.export_of(MO.actor) == []
    assert await data.erase(MO.actor) == []
    assert await data.erase(BEN.actor) == [discussion.id]
    assert await data.stored_about(BEN.actor) == (0, ())
    first, *_, last = await statements_of(here, discussion)
    assert (first.agrees, first.disagrees, last.words) == (1, 0, distinct(2))
    now = await current(here, discussion)
    assert (now.people, now.votes, now.creator_name) == (1, 3, "Ada")  # so that a close that is under way begins anew
    await data.erase(ADA.actor)
    assert ((await current(here, discussion)).creator, (await current(here, discussion)).creator_name) == ("", "")


async def test_an_accepted_statement_stays_without_its_author(here: Instance) -> None:
    """Others have answered it."""
    discussion = await started(here, moderation=Moderation.OFF)
    await Proposals(here.discussions).propose(discussion, BEN.actor, distinct(1), T)
    await DiscussionData(here.discussions).erase(BEN.actor)
    last = (await statements_of(here, discussion))[5]
    assert (last.words, last.author) == (distinct(1), "")


async def test_a_closed_discussion_holds_nothing_about_anybody(here: Instance) -> None:
    """Nothing is shown of it, saved or erased."""
    discussion, data = await started(here), DiscussionData(here.discussions)
    await here.discussions.answer(discussion, BEN.actor, 0, 1, T)
    await here.discussions.close(discussion, ADA, HOME, T)
    assert await data.stored_about(BEN.actor) == (0, ())
    assert await data.export_of(BEN.actor) == []
    assert await data.erase(BEN.actor) == []
    assert json.loads((await current(here, discussion)).result)["people"] == 0


async def test_a_member_is_another_one_in_another_discussion(here: Instance) -> None:
    """What stands for them in one leads to nothing in the other."""
    one, two = await started(here), await started(here)
    names = {await here.discussions.person(each, who.actor) for each in (one, two) for who in (BEN, CHEN)}
    assert len(names) == 4
    assert not any("ben" in name for name in names)


# --- the announcement ---


async def end(here: Instance, clock: Clock, *forward: timedelta) -> None:
    for span in forward:
        clock.now += span
        await here.scheduler.run_due()


@pytest.mark.parametrize(
    ("failures", "posts", "notices"),
    [
        ([], 1, 0),
        ([Unavailable("down")], 1, 0),
        ([NotAllowed("locked")], 0, 1),
        ([ValueError("a bug")], 0, 1),
    ],
    ids=["at once", "later", "refused", "bug"],
)
async def test_a_result_is_announced_once_or_told_to_its_host(
    here: Instance, clock: Clock, failures: list[Exception], posts: int, notices: int
) -> None:
    """A minute later where the platform was down; to the host where the place takes no message."""
    discussion = await started(here)
    await here.discussions.posted(discussion.id, MessageRef(ADA.place, "m1"), NOW)
    wall_of(here).failures = failures
    await end(here, clock, WEEK, timedelta(minutes=1), timedelta(minutes=1), timedelta(minutes=1))
    assert len(wall_of(here).posted) == posts
    assert [person for person, _ in wall_of(here).private] == ["ada"] * notices
    assert all("I couldn't announce a result" in reply_words(reply) for _, reply in wall_of(here).private)


@pytest.mark.parametrize(("late", "told"), [(timedelta(days=1) - MOMENT, True), (timedelta(days=1), False)])
async def test_a_result_is_announced_within_a_day(here: Instance, clock: Clock, late: timedelta, told: bool) -> None:
    """After that nobody wants to hear it from the bot."""
    discussion = await started(here)
    await here.discussions.posted(discussion.id, MessageRef(ADA.place, "m1"), NOW)
    await here.discussions.end(discussion.id, NOW)
    await end(here, clock, late)
    assert len(wall_of(here).posted) == told


async def test_the_next_deadline_is_a_close_or_an_announcement(here: Instance) -> None:
    """Of open discussions, and of platforms that run here."""
    chore = next(each for each in here.scheduler._chores if isinstance(each, DiscussionDeadlines))
    assert await chore.next_due() is None
    discussion = await started(here)
    await here.discussions.posted(discussion.id, MessageRef(ADA.place, "m1"), NOW)
    assert await chore.next_due() == NOW + WEEK
    await here.discussions.end(discussion.id, NOW + MOMENT)
    assert await chore.next_due() == NOW + MOMENT
    here.platforms.clear()
    assert await chore.next_due() is None


async def test_a_message_that_shows_less_than_there_is_is_found_and_redrawn(here: Instance) -> None:
    """Though the process that ended the discussion said nothing of it."""
    discussion = await started(here)
    await here.discussions.posted(discussion.id, MessageRef(ADA.place, "m1"), NOW)
    await here.discussions.end(discussion.id, NOW)
    chore = next(each for each in here.scheduler._chores if isinstance(each, DiscussionDeadlines))
    await chore.run_due(NOW)
    await chore.copies.drain()
    assert wall_of(here).edits == 1


async def test_a_telling_is_taken_on_its_platform_when_it_is_due(here: Instance) -> None:
    """Another platform's is left to the process that runs it."""
    discussion = await started(here)
    await here.discussions.posted(discussion.id, MessageRef(ADA.place, "m1"), NOW)
    await here.discussions.end(discussion.id, NOW)
    for platforms, now in ((["other"], NOW), ([], NOW), (["test"], NOW - MOMENT)):
        assert await here.database.write(lambda tx, p=platforms, n=now: posted_cards.take(tx, p, n)) is None  # type: ignore[misc]
    telling = await here.database.write(lambda tx: posted_cards.take(tx, ["test"], NOW))
    assert telling is not None
    assert (telling.place, telling.since, telling.for_creator) == (ADA.place, NOW, False)


async def test_without_a_place_the_host_hears_the_result_once(here: Instance, clock: Clock) -> None:
    """And never twice, however many places refuse it."""
    discussion = await started(here)
    await here.discussions.end(discussion.id, NOW)
    await here.database.write(lambda tx: posted_cards.tell_host(tx, discussion, NOW))
    await end(here, clock, timedelta(), timedelta(minutes=1))
    assert [person for person, _ in wall_of(here).private] == ["ada"]


async def test_a_result_without_a_place_is_for_its_host_once(here: Instance) -> None:
    """No message shows the discussion, so its end itself queues the word to the host."""
    discussion = await started(here)
    await here.discussions.end(discussion.id, NOW)
    telling = await here.database.write(lambda tx: posted_cards.take(tx, ["test"], NOW))
    assert telling is not None
    assert telling.for_creator
    await here.database.write(lambda tx: posted_cards.tell_host(tx, discussion, NOW))
    assert await here.database.write(lambda tx: posted_cards.take(tx, ["test"], NOW)) is None


async def test_a_message_is_redrawn_at_each_change_and_once_at_the_end(here: Instance) -> None:
    """One that can't be drawn rests, which is news once; after the end it is forgotten."""
    discussion = await started(here)
    copy = PostedMessage(discussion.id, MessageRef(ADA.place, "m1"), NOW)

    async def shown() -> list[PostedMessage]:
        """Mark the message as drawn, and return what is left to draw."""
        now = await current(here, discussion)
        await here.database.write(lambda tx: posted_cards.mark_shown(tx, copy, now, NOW))
        return await here.database.read(posted_cards.stale_copies)

    async def lose() -> bool:
        return await here.database.write(lambda tx: posted_cards.lose_copy(tx, discussion.id, copy.message))

    assert await here.database.read(lambda tx: posted_cards.find_copy(tx, copy)) is None
    await here.discussions.posted(discussion.id, copy.message, NOW)
    assert await here.database.read(lambda tx: posted_cards.find_copy(tx, copy)) is not None
    assert [await lose(), await lose()] == [True, False]
    assert await shown() == []
    await here.discussions.answer(discussion, BEN.actor, 0, 1, T)
    assert len(await here.database.read(posted_cards.stale_copies)) == 1
    assert await shown() == []
    await here.discussions.end(discussion.id, NOW)
    assert len(await here.database.read(posted_cards.stale_copies)) == 1
    assert await shown() == []
    assert not await lose()
    assert await here.database.read(lambda tx: posted_cards.copies(tx, discussion.id)) == []
    with pytest.raises(NotFound):
        await here.database.read(lambda tx: posted_cards.get(tx, "d-none"))


async def test_a_close_that_fails_is_said_once_in_the_log(
    here: Instance, clock: Clock, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And tried again each time; other discussions close meanwhile."""
    one, two = await started(here), await started(here)
    whole = here.discussions.end

    async def fail(discussion: str, *arguments: object, **named: object) -> bool:
        if discussion == one.id:
            raise BotError("broken")
        return await whole(discussion, *arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(type(here.discussions), "end", lambda _self, *a, **k: fail(*a, **k))
    await end(here, clock, WEEK, timedelta(minutes=1))
    assert caplog.text.count(f"can't close discussion {one.id}") == 1
    assert (await current(here, two)).state is PollState.CLOSED
