"""Compute with our functions all numbers that Polis computes of a conversation, to prove the functions right.

Members never see these numbers: the groups depend on the order of people, and appear even if none hold.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from bot.deliberation.grouping import find_components, find_eligible, polis_groups, project
from bot.deliberation.statistics import (
    Consensus,
    Counts,
    Representative,
    consensus,
    count_votes,
    group_aware_consensus,
    priorities,
    representatives,
)
from bot.deliberation.vote_matrix import VoteMatrix, Votes, muted, read_votes


@dataclass(frozen=True, slots=True)
class PolisConversation:
    """A conversation with Polis' ids. Votes are (person, statement, vote), oldest first; a vote is 1, 0 or -1."""

    votes: Sequence[tuple[int, int, int]]
    statements: Sequence[int]
    moderated_out: Collection[int] = ()
    meta: Collection[int] = ()


@dataclass(frozen=True, slots=True)
class PolisNumbers:
    """Polis' results, by ids of statements and people; `representative` has pairs of (statement, agree)."""

    groups: Sequence[Collection[int]]
    representative: Sequence[Sequence[tuple[int, bool]]]
    agreed: Sequence[int]
    disagreed: Sequence[int]
    group_aware_consensus: Mapping[int, float]
    priorities: Mapping[int, float]


def polis_numbers(
    conversation: PolisConversation,
    eligible: Collection[int] | None = None,
    groups: Sequence[Collection[int]] | None = None,
) -> PolisNumbers:
    """Compute a conversation's numbers.

    `eligible` are the people that Polis grouped, for a conversation without its history. `groups` replaces our groups.
    A statement gets a column with its first vote, so a statement without votes has no numbers.
    """
    answered = {statement for _, statement, _ in conversation.votes}
    matrix = read_votes(conversation.votes, [each for each in conversation.statements if each in answered])
    columns = {statement: column for column, statement in enumerate(matrix.statements)}
    out = [columns[statement] for statement in conversation.moderated_out if statement in columns]
    meta = [columns[statement] for statement in conversation.meta if statement in columns]
    zeroed = muted(matrix.votes, out)
    components = find_components(zeroed)
    if groups is None:
        chosen = eligible if eligible is not None else _eligible_people(matrix)
        rows = [row for row in matrix.joining if matrix.people[row] in chosen]
        grouping = polis_groups(project(zeroed, components), rows)
        masks = [grouping.members(group) for group in range(grouping.count)]
        groups = [[matrix.people[row] for row in mask.nonzero()[0]] for mask in masks]
    rated, raw = _group_counts(matrix, zeroed, groups), _group_counts(matrix, matrix.votes, groups)
    everybody = count_votes(zeroed)
    grouped = Counts(raw.agrees.sum(axis=0), raw.disagrees.sum(axis=0), raw.seen.sum(axis=0))
    names = matrix.statements
    return PolisNumbers(
        groups,
        [_named(names, representatives(rated, number, out)) for number in range(len(groups))],
        _statements(names, consensus(everybody, agree=True, muted=out)),
        _statements(names, consensus(everybody, agree=False, muted=out)),
        dict(zip(names, group_aware_consensus(raw).tolist(), strict=True)),
        dict(zip(names, priorities(grouped, components.extremity, meta).tolist(), strict=True)),
    )


def _eligible_people(matrix: VoteMatrix) -> set[int]:
    return {matrix.people[row] for row in find_eligible(matrix.votes)}


def _group_counts(matrix: VoteMatrix, votes: Votes, groups: Sequence[Collection[int]]) -> Counts:
    rows = {person: row for row, person in enumerate(matrix.people)}
    parts = [count_votes(votes[[rows[person] for person in group if person in rows]]) for group in groups]
    return Counts.of_groups(parts, votes.shape[1])


def _named(names: Sequence[int], items: Iterable[Representative]) -> list[tuple[int, bool]]:
    return [(names[item.column], item.agree) for item in items]


def _statements(names: Sequence[int], items: Iterable[Consensus]) -> list[int]:
    return [names[item.column] for item in items]
