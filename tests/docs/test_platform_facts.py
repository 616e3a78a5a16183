"""Tests of docs/platform-facts.md against the rehearsals, the tests' servers and their alterations."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any, cast

import pytest

from adapters.rehearsal.discord import DiscordStage
from adapters.rehearsal.plan import RehearsalStep, Stage
from adapters.rehearsal.slack import SlackStage
from tests.docs.documents import ROOT
from tests.wire.alterations import ALTERATIONS

PAGE = ROOT / "docs" / "platform-facts.md"
_ROW = re.compile(r"^\|`([DS]-[\w-]+)`\|[^|]+\|(.+)\|$", re.MULTILINE)
_SOURCE = re.compile(r"\[docs\]\[\w+\]|[\w-]+#\d+|unwritten")
_REASON = re.compile(r"; not rehearsed: [\w' ]+$")
FOLDERS = {"D": ROOT / "tests" / "wire" / "discord", "S": ROOT / "tests" / "wire" / "slack"}
NOBODY = cast("Any", None)
STAGES: dict[str, Stage] = {"D": DiscordStage(*[NOBODY] * 5), "S": SlackStage(*[NOBODY] * 4)}


def rows() -> dict[str, str]:
    """Return each fact with its source."""
    return dict(_ROW.findall(PAGE.read_text("utf-8")))


def steps(letter: str) -> list[RehearsalStep]:
    stage = STAGES[letter]
    return [*stage.steps, stage.cleaning]


def rehearsed() -> list[str]:
    return [fact for letter in STAGES for step in steps(letter) for fact in step.facts]


def test_each_fact_has_a_source() -> None:
    """The source of a fact is a page of the documentation, a thread by its number, or the word `unwritten`."""
    assert {fact: source for fact, source in rows().items() if not _SOURCE.match(source)} == {}
    text = PAGE.read_text("utf-8")
    assert set(re.findall(r"\[docs\]\[(\w+)\]", text)) == set(re.findall(r"^\[(\w+)\]: https://", text, re.MULTILINE))


def test_each_fact_is_rehearsed_or_says_why_not() -> None:
    """A fact is rehearsed in one step, or its row says why it isn't rehearsed. No step rehearses a fact that isn't
    listed."""
    tried = {fact for fact, source in rows().items() if not _REASON.search(source)}
    assert tried == set(rehearsed())
    assert [fact for fact, times in Counter(rehearsed()).items() if times > 1] == []


@pytest.mark.parametrize("letter", FOLDERS)
def test_the_tests_servers_cite_what_they_keep(letter: str) -> None:
    """The code of each tests' server cites all rehearsed facts of its platform, and no others."""
    code = "\n".join(file.read_text("utf-8") for file in sorted(Path(FOLDERS[letter]).glob("*.py")))
    cited = set(re.findall(rf"\b{letter}-[a-z0-9][a-z0-9-]*\b", code))
    assert cited == {fact for fact in rehearsed() if fact.startswith(letter)}


def test_each_rehearsed_fact_is_broken_by_an_alteration() -> None:
    """Each rehearsed fact is broken by one of at least 15 alterations of the tests' servers, so that its rehearsal can
    notice a difference."""
    assert set(rehearsed()) == {fact for alteration in ALTERATIONS for fact in alteration.facts}
    assert len(ALTERATIONS) >= 15
