"""The shipped pack against what it was written from: the essay and the dossier of its claims.

Both lie beside the repository on a developer's machine and are never part of it; `PARLEY_TEST_REQUIRE=research` makes
them needed.
"""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from bot.library.check import check_pack
from bot.library.loader import load_pack
from bot.library.model import Argument, Copy, Event, Fact, Option, Pack, Position, Source, Statement, Term, Verdict
from tests.require import require
from tests.world import SHIPPED

RESEARCH = Path(__file__).parents[2].parent / "shared" / "research"
FOLDER = SHIPPED / "us-mexico-cartels"
ARGUED_WORDS_RATIO = 1.15


@pytest.fixture(scope="module")
def dossier() -> dict[str, Any]:
    file = RESEARCH / "dossier.json"
    require("research", file.exists(), "the dossier that the pack was written from is not on this machine")
    found: dict[str, Any] = json.loads(file.read_text())
    return found


@pytest.fixture(scope="module")
def pack() -> Pack:
    return load_pack(FOLDER)


def test_every_quote_stands_in_the_essay() -> None:
    """`parley check --essay` reports no error, proves every quote, and finds less than half of the essay quoted."""
    essay = RESEARCH / "essay.txt"
    require("research", essay.exists(), "the essay is not on this machine")
    report = check_pack(FOLDER, essay, date(2026, 11, 25))
    assert report.errors == 0
    assert report.quotes.proved == report.quotes.spans == 34
    assert report.quotes.longest <= 40
    assert report.quotes.share is not None
    assert report.quotes.share < 0.5


def test_every_claim_of_the_essay_has_a_fact(pack: Pack, dossier: dict[str, Any]) -> None:
    """C1 to C34: a fact quotes words of the claim, in its paragraph."""
    facts = list(pack.all(Fact))
    for claim in dossier["claims"]:
        paragraph = int(claim["para"].removeprefix("P"))
        near = [
            fact for fact in facts if fact.essay.paragraph == paragraph and _overlap(fact.essay.quote, claim["span"])
        ]
        assert near, claim["id"]


def test_contradicted_and_outdated_claims_say_so(pack: Pack) -> None:
    """Nobody leaves with the belief that the Insurrection Act was invoked, or that the tariffs stand."""
    invoked = pack.entries["insurrection-act-invoked"]
    assert isinstance(invoked, Fact)
    assert invoked.verdict is Verdict.CONTRADICTED
    told = [fact.reason for fact in pack.all(Fact) if "tariff" in fact.statement.lower()]
    assert any("Supreme Court" in reason and "February 2026" in reason for reason in told)


def test_sources_are_those_of_the_dossier_with_their_own_addresses(pack: Pack, dossier: dict[str, Any]) -> None:
    """117 sources: titles and addresses carried over exactly; none was added, none lost."""
    sources = list(pack.all(Source))
    assert len(sources) == len(dossier["sources"]) == 117
    known = {source.title: source for source in sources}
    for listed in dossier["sources"]:
        source = known[listed["title"]]
        assert {source.url, *source.other_urls} - {None} == set(listed["urls"])
        assert (source.copy_ is Copy.MIRROR) == (listed["copy"] == "mirror")


def test_every_number_in_a_reason_comes_from_the_dossier(pack: Pack, dossier: dict[str, Any]) -> None:
    """Figures are carried over, never made: each number in a fact's reason stands somewhere in the dossier."""
    known = set(_numbers((RESEARCH / "dossier.md").read_text()))
    for fact in pack.all(Fact):
        assert not set(_numbers(fact.reason)) - known - _SPELT_OTHERWISE, fact.id


def test_positions_are_argued_on_both_sides_at_like_length(pack: Pack) -> None:
    """8 positions, each with as many arguments for as against, of about as many words."""
    positions = list(pack.all(Position))
    assert len(positions) == 8
    for position in positions:
        for_, against = (pack.arguments(position.id, side) for side in ("for", "against"))
        assert len(for_) == len(against) >= 2
        lengths = sorted(sum(len(argument.text.split()) for argument in side) for side in (for_, against))
        assert lengths[1] <= lengths[0] * ARGUED_WORDS_RATIO, position.id


def test_every_argument_on_a_position_has_a_reply(pack: Pack) -> None:
    """A counterargument has its own counterargument, so that nobody has the last word by chance."""
    for position in pack.all(Position):
        for argument in pack.arguments_about[position.id]:
            assert pack.arguments(argument.id, "against"), argument.id


def test_every_option_is_argued_for_and_against(pack: Pack) -> None:
    """10 options for polls: each with pro, con and an argument on either side."""
    options = list(pack.all(Option))
    assert len(options) == 10
    for option in options:
        assert pack.arguments(option.id, "for"), option.id
        assert pack.arguments(option.id, "against"), option.id


def test_statements_terms_and_dates_are_all_there(pack: Pack, dossier: dict[str, Any]) -> None:
    """30 statements that lean as in the dossier, 32 terms, a timeline of 19 dates."""
    leans = sorted(statement.lean.value for statement in pack.all(Statement))
    assert leans == sorted(statement["lean"].removesuffix(" line") for statement in dossier["statements"])
    assert len(list(pack.all(Term))) == 32
    assert sorted(event.date for event in pack.all(Event))[:1] == ["2025-01-20"]
    assert len(list(pack.all(Event))) == len(dossier["timeline"]) == 19


def test_no_source_is_quoted_at_length(pack: Pack) -> None:
    """At most 25 words from any source."""
    assert all(len(source.quote.split()) <= 25 for source in pack.all(Source) if source.quote)


def test_the_essays_text_is_not_in_the_pack(pack: Pack) -> None:
    """Its author and licence are unknown: no sentence of it stands in any file beyond the short quotes."""
    essay = RESEARCH / "essay.txt"
    require("research", essay.exists(), "the essay is not on this machine")
    shown = " ".join(file.read_text() for file in FOLDER.glob("*.yaml"))
    sentences = [s.strip() for s in re.split(r"(?<=[.?!])\s", essay.read_text()) if len(s.split()) > 15]
    assert not [sentence for sentence in sentences if sentence in shown]


def test_every_argument_has_its_side(pack: Pack) -> None:
    """142 arguments, each for or against something that exists."""
    assert all(argument.target in pack.entries for argument in pack.all(Argument))


def _overlap(quote: str, span: str) -> bool:
    """Whether the two share a run of four words, or all of a shorter claim."""
    words, claim = _plain(quote).split(), _plain(span)
    run = min(4, len(claim.split()))
    return any(" ".join(words[start : start + run]) in claim for start in range(len(words) - run + 1))


def _plain(text: str) -> str:
    return " ".join(re.sub(r"[^\w\s]", " ", text.lower()).split())


def _numbers(text: str) -> list[str]:
    return re.findall(r"\d[\d,.]*\d|\d", text)


_SPELT_OTHERWISE: set[str] = set()
"""Numbers that the dossier writes in words."""
