"""docs/platform-facts.md against the rehearsals, the tests' servers and their alterations."""

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
    """Each fact with its source."""
    return dict(_ROW.findall(PAGE.read_text("utf-8")))


def steps(letter: str) -> list[RehearsalStep]:
    stage = STAGES[letter]
    return [*stage.steps, stage.cleaning]


def rehearsed() -> list[str]:
    return [fact for letter in STAGES for step in steps(letter) for fact in step.facts]


def test_each_fact_has_a_source() -> None:
    """A page of the documentation, a thread by its number, or the word that nobody has written it down."""
    assert {fact: source for fact, source in rows().items() if not _SOURCE.match(source)} == {}
    text = PAGE.read_text("utf-8")
    assert set(re.findall(r"\[docs\]\[(\w+)\]", text)) == set(re.findall(r"^\[(\w+)\]: https://", text, re.MULTILINE))


def test_each_fact_is_rehearsed_or_says_why_not() -> None:
    """A row without a reason is tried in one step, a row with a reason in none, and no step tries what isn't listed."""
    tried = {fact for fact, source in rows().items() if not _REASON.search(source)}
    assert tried == set(rehearsed())
    assert [fact for fact, times in Counter(rehearsed()).items() if times > 1] == []


@pytest.mark.parametrize("letter", FOLDERS)
def test_the_tests_servers_cite_what_they_keep(letter: str) -> None:
    """Each fact that is rehearsed stands in the code of the server that keeps it, and no fact that isn't listed."""
    code = "\n".join(file.read_text("utf-8") for file in sorted(Path(FOLDERS[letter]).glob("*.py")))
    cited = set(re.findall(rf"\b{letter}-[a-z0-9][a-z0-9-]*\b", code))
    assert cited == {fact for fact in rehearsed() if fact.startswith(letter)}


def test_each_rehearsed_fact_is_broken_by_an_alteration() -> None:
    """A rehearsal that could not notice a difference would report none."""
    assert set(rehearsed()) == {fact for alteration in ALTERATIONS for fact in alteration.facts}
    assert len(ALTERATIONS) >= 15
