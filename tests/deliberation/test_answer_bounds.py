"""Tests of members' answers and statements at their bounds."""

from __future__ import annotations

import pytest

from bot.chat.vocabulary import Request
from bot.deliberation import repository
from bot.deliberation.model import (
    DiscussionStatement,
    Moderation,
    StatementState,
)
from bot.deliberation.proposals import Proposals
from bot.deliberation.statement_rules import similar, wrong_statement
from bot.errors import NotFound, Refused
from bot.instance import Instance
from tests.deliberation.discussing import (
    STARTERS,
    WEEK,
    actions_of,
    current,
    distinct,
    started,
    statements_of,
)
from tests.polls.test_who_may import HOME, MOMENT, T, away
from tests.talk import ADA, BEN, CHEN, MO
from tests.world import NOW

# --- answers ---


async def test_an_answer_counts_once_and_moves_when_it_changes(here: Instance) -> None:
    """A member's answer to a statement counts once, and the totals and the member's list follow each change. The same
    answer again changes nothing."""
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
    """Members see and answer open statements only. Parley refuses an answer to a muted, waiting, rejected or draft
    statement, or to one after the last."""
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
    """Each of a member's first five statements stays the same until they answer it, and no statement comes twice.
    Another member gets another five."""
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
    others: list[int] = []
    for _ in range(5):
        turn = await here.discussions.turn(discussion, CHEN.actor)
        assert turn.statement is not None
        others.append(turn.statement.position)
        await here.discussions.answer(discussion, CHEN.actor, turn.statement.position, 1, T)
    assert others != seen[:5]


@pytest.mark.parametrize("request_", [ADA, BEN, CHEN, MO])
async def test_starters_come_first(here: Instance, request_: Request) -> None:
    """A member gets the five starters before any member's statement. Each turn has the discussion as it is now."""
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
    """Parley draws among equal statements by chance alone: of four that are left, each has a quarter."""
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
    """A statement is one idea in 1 to 140 characters, without links or mentions, and with at most four marks on a
    letter."""
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
    """A statement is a near duplicate of another if at least six in ten of their words stand in both. Small words, case
    and punctuation don't count."""
    known = [
        DiscussionStatement(0, "yellow", starter=True),
        DiscussionStatement(1, "red green blue black white", starter=True),
    ]
    found = similar(words, known)
    assert (found.words if found else None) == twin


def test_of_two_near_duplicates_the_nearer_is_shown() -> None:
    """Of several near duplicates Parley shows the nearest one, and of equally near ones the first."""
    known = [
        DiscussionStatement(0, "red green blue black", starter=True),
        DiscussionStatement(1, "red green blue black white", starter=True),
        DiscussionStatement(2, "white red green blue black", starter=True),
    ]
    found = similar("red green blue black white", known)
    assert found is not None
    assert found.position == 1


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
    """A new statement is waiting if moderators read first, and is open otherwise. The same holds for a near duplicate
    that was held as a draft, once its author sends it; nobody else can, and the author only once."""
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
    """Only the author can withdraw a draft or a waiting statement, and Parley deletes its words. An open statement
    stays, because others may have answered it."""
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
    """Parley doesn't compare a new statement with the unread ones of other members, so nobody learns of them. It does
    compare it with the author's own."""
    discussion, proposals = await started(here, moderation=Moderation.BEFORE), Proposals(here.discussions)
    await proposals.propose(discussion, BEN.actor, distinct(1), T)
    assert (await proposals.propose(discussion, CHEN.actor, distinct(1), T)).twin is None
    assert (await proposals.propose(discussion, BEN.actor, distinct(1), T)).twin is not None


async def test_a_member_has_five_statements_and_ten_tries(here: Instance) -> None:
    """A member can have five statements in a discussion. A rejected one makes room for another, up to ten in all, and
    each member has their own count."""
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
    """A discussion takes up to 300 statements: Parley takes the 300th and refuses the next."""
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
    """A moderator can accept or reject a waiting statement, mute an open one and unmute a muted one. Parley refuses
    every other decision, and logs each decision once, with its note."""
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
    assert await actions_of(here) == (["accept" if to is StatementState.OPEN else "reject"] if moved else [])
    entries, _ = await here.action_log.page("test:demo", NOW + WEEK)
    assert [entry.detail for entry in entries] == [f"Milk is bought by turns{' – why' if note else ''}"] * moved
