"""Tests of our mathematics against Polis' own outputs for finished conversations, which lie outside the repository."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Sequence
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from bot.deliberation.polis_mode import PolisConversation, polis_numbers
from tests.beside import DELIBERATION
from tests.require import require

FILES = sorted(DELIBERATION.glob("*.json"))
require("deliberation", bool(FILES), "finished conversations are kept outside the repository", module=True)
UNIFORM = 49
"""For sixteen months Polis took every statement for a meta statement: https://github.com/compdemocracy/polis/issues/2611."""


@pytest.fixture(params=FILES, ids=lambda path: path.stem)
def figures(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Return one conversation with the official outputs."""
    path: Path = request.param
    content: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return content


def conversation(figures: dict[str, Any]) -> PolisConversation:
    """Return the votes by time. If every official priority is 49, each statement counts as a meta statement."""
    votes = sorted(figures["votes"], key=lambda vote: vote[3])
    uniform = set(figures["official"]["priorities"].values()) == {UNIFORM}
    meta = figures["statements"] if uniform else figures["meta"]
    return PolisConversation(
        [(person, statement, vote) for person, statement, vote, _ in votes],
        figures["statements"],
        figures["moderated_out"],
        meta,
    )


def shared(ours: Sequence[Collection[int]], theirs: Sequence[Collection[int]]) -> int:
    """Return how many people are in the same group, by the best matching of groups."""
    pairings = permutations(range(max(len(ours), len(theirs))), len(ours))
    return max(
        sum(
            len(set(group) & set(theirs[other]))
            for group, other in zip(ours, pairing, strict=True)
            if other < len(theirs)
        )
        for pairing in pairings
    )


def official_groups(figures: dict[str, Any]) -> list[list[int]]:
    return [group["members"] for group in figures["official"]["groups"]]


def test_groups_are_those_of_polis(figures: dict[str, Any]) -> None:
    """With Polis' eligible people, Parley finds as many groups as Polis, and at least 95 % of the people in the same
    ones."""
    theirs = official_groups(figures)
    ours = polis_numbers(conversation(figures), figures["official"]["eligible"]).groups
    assert len(ours) == len(theirs)
    assert shared(ours, theirs) >= 0.95 * sum(map(len, theirs))


def test_lists_are_those_of_polis(figures: dict[str, Any]) -> None:
    """Parley lists the same statements as Polis in the same order: those that each group stands for, and those that all
    agree or disagree on."""
    official = figures["official"]
    ours = polis_numbers(conversation(figures), groups=official_groups(figures))
    representative = [
        [(item["statement"], item["for"] == "agree") for item in official["representative"][str(group["id"])]]
        for group in official["groups"]
    ]
    assert ours.representative == representative
    assert ours.agreed == [item["statement"] for item in official["consensus"]["agree"]]
    assert ours.disagreed == [item["statement"] for item in official["consensus"]["disagree"]]


def test_numbers_are_those_of_polis(figures: dict[str, Any]) -> None:
    """Parley's group-aware consensus is within 1e-12 of Polis', and its priorities are within 1e-10."""
    official = figures["official"]
    ours = polis_numbers(conversation(figures), groups=official_groups(figures))
    consensus = {int(name): value for name, value in official["group_aware_consensus"].items()}
    priorities = {int(name): value for name, value in official["priorities"].items()}
    assert ours.group_aware_consensus == pytest.approx(consensus, abs=1e-12, rel=0)
    assert ours.priorities == pytest.approx(priorities, abs=1e-10, rel=0)


def test_eligible_people_without_their_history_are_close_to_polis(figures: dict[str, Any]) -> None:
    """Without the history of who joined when, Parley takes nobody for eligible whom Polis doesn't, and misses only
    people with fewer than seven votes."""
    votes = Counter(person for person, _ in {(person, statement) for person, statement, *_ in figures["votes"]})
    ours = {person for group in polis_numbers(conversation(figures)).groups for person in group}
    official = set(figures["official"]["eligible"])
    assert ours <= official <= votes.keys()
    assert all(votes[person] < 7 for person in official - ours)
