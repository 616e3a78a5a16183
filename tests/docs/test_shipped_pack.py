"""Tests of the shipped pack's quotes, sources, verdicts and balance, as far as the repository alone can prove them.

test_pack_research.py tests it against the essay and the dossier that it was written from.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from bot.packs.check import check_pack
from bot.packs.loader import load_pack
from bot.packs.model import (
    Argument,
    ClaimKind,
    Event,
    Fact,
    Lean,
    Option,
    Position,
    Provenance,
    Source,
    Statement,
    Term,
    Verdict,
)
from bot.packs.pack import Pack
from tests.world import SHIPPED

FOLDER = SHIPPED / "us-mexico-cartels"
DECISIONS = SHIPPED.parent / "docs" / "decisions"
ARGUED_WORDS_RATIO = 1.15
MOST_CARDS_A_FIGURE = 4
COPIES_OF_UNKNOWN_STANDING = {
    "8657085.xyz",
    "daily8.com",
    "dnyuz.com",
    "ero-saimin.net",
    "gunrangeday.com",
    "haberler.cloud",
    "its.network",
    "nationaldossier.com",
    "pastebn.online",
    "platformsh.site",
    "tinnymod.com",
    "vidzette.com",
}
"""Sites that copy other publishers' texts: the pack names the publisher and sends nobody there."""


@pytest.fixture(scope="module")
def pack() -> Pack:
    return load_pack(FOLDER)


def test_every_fact_has_a_quote_a_verdict_with_its_reason_and_sources(pack: Pack) -> None:
    """Each of the pack's 37 facts has a quote, a verdict with its reason, and sources, and nothing is left for an
    editor to fill in."""
    facts = list(pack.all(Fact))
    assert len(facts) == 37
    for fact in facts:
        assert fact.essay.quote.strip(), fact.id
        assert fact.essay.paragraph >= 1, fact.id
        assert fact.verdict in Verdict, fact.id
        assert fact.reason.strip(), fact.id
        assert fact.sources, fact.id
        assert all(isinstance(pack.entries[source], Source) for source in fact.sources), fact.id
        assert "FILL IN" not in fact.reason + fact.statement, fact.id


def test_quotes_of_the_essay_are_short() -> None:
    """`parley check` reports no error, and each of the pack's 37 quotes of the essay has at most 40 words."""
    report = check_pack(FOLDER, None, date(2026, 11, 30))
    assert report.errors == 0
    assert report.quotes.spans == 37
    assert 0 < report.quotes.longest <= 40


def test_every_source_has_a_title_of_its_own_and_an_address_or_a_note(pack: Pack) -> None:
    """Each of the pack's 230 sources has its own title. It has an address on the web, or it is a mirror or reprint and
    its note says why it has none."""
    sources = list(pack.all(Source))
    assert len({source.title for source in sources}) == len(sources) == 230
    for source in sources:
        addresses = [address for address in (source.url, *source.other_urls) if address]
        assert all(address.startswith(("https://", "http://")) for address in addresses), source.id
        if not addresses:
            assert source.copy_ in {Provenance.MIRROR, Provenance.REPRINT}, source.id
            assert source.publisher, source.id
            assert "address" in (source.note or ""), source.id


def test_nobody_is_sent_to_a_copy_of_unknown_standing(pack: Pack) -> None:
    """No source of the pack has an address on a site that copies other publishers' texts."""
    for source in pack.all(Source):
        for url in (source.url, *source.other_urls):
            host = urlsplit(url or "").hostname or ""
            assert not any(host == name or host.endswith(f".{name}") for name in COPIES_OF_UNKNOWN_STANDING), source.id


def test_every_number_in_a_reason_stands_in_a_source_of_the_fact(pack: Pack) -> None:
    """Every number in a fact's reason, apart from dates, stands in the pack's words about one of the fact's own
    sources."""
    for fact in pack.all(Fact):
        sources = [pack.entries[name] for name in fact.sources]
        borne_out = set(_numbers(" ".join(_words_of(source) for source in sources if isinstance(source, Source))))
        assert not set(_numbers(_DATE.sub(" ", fact.reason))) - borne_out, fact.id


def test_a_figure_is_not_repeated_from_card_to_card(pack: Pack) -> None:
    """A figure with a percent sign, a decimal point or a thousands comma stands in at most four cards."""
    cards = [*pack.all(Fact), *pack.all(Argument), *pack.all(Option)]
    figures = Counter(figure for card in cards for figure in set(_FIGURE.findall(f"{card.title} {card.body}")))
    often = {figure for figure, cards_with_it in figures.items() if cards_with_it > MOST_CARDS_A_FIGURE}
    assert often <= _NAMES_OF_THINGS


def test_corrections_have_reached_every_text(pack: Pack) -> None:
    """No card still has the wording of a mistake that editors have corrected."""
    texts = {entry.id: f"{entry.title} {entry.body}" for entry in pack.entries.values()}
    for wrong in ("against federalizing", "most lawyers", "best studies", "leading stud", "mid-2026, with little"):
        assert not [name for name, text in texts.items() if wrong in text.lower()], wrong


def test_every_argument_cites_sources_of_the_pack(pack: Pack) -> None:
    """Every argument cites at least one source, and all its sources are in the pack."""
    for argument in pack.all(Argument):
        assert argument.sources, argument.id
        assert all(isinstance(pack.entries[source], Source) for source in argument.sources), argument.id


def test_contradicted_and_outdated_claims_say_so(pack: Pack) -> None:
    """The claim that the Insurrection Act was invoked is contradicted, and the reason of a fact about tariffs names the
    Supreme Court and February 2026."""
    invoked = pack.entries["insurrection-act-invoked"]
    assert isinstance(invoked, Fact)
    assert invoked.verdict is Verdict.CONTRADICTED
    tariff_reasons = [fact.reason for fact in pack.all(Fact) if "tariff" in fact.statement.lower()]
    assert any("Supreme Court" in reason and "February 2026" in reason for reason in tariff_reasons)


def test_no_value_judgement_and_no_open_prediction_has_a_verdict_of_truth(pack: Pack) -> None:
    """Only a fact or an opinion gets a verdict of truth. A value judgement or a prediction is not checkable."""
    for fact in pack.all(Fact):
        judged = fact.kind in {ClaimKind.FACT, ClaimKind.OPINION}
        assert judged is (fact.verdict is not Verdict.NOT_CHECKABLE), fact.id


def test_both_passes_over_the_verdicts_are_settled_in_writing() -> None:
    """Both drafts judge the same 36 facts. The decision record settles exactly those on which they differ, with one of
    the two verdicts."""
    first, second = (_verdicts(DECISIONS / "0030" / f"{name}-pass.md") for name in ("first", "second"))
    settled = {row[0]: row[1:4] for row in _rows(DECISIONS / "0030-verdicts-in-two-passes.md")}
    assert len(first) == 36
    assert first.keys() == second.keys()
    assert settled.keys() == {fact for fact in first if first[fact] != second[fact]}
    for fact, (one, other, end) in settled.items():
        assert (one, other) == (first[fact], second[fact])
        assert end.strip("*") in {one, other}


def test_a_verdict_that_changed_says_so_on_its_card(pack: Pack) -> None:
    """Each of the five cards whose verdict changed has a correction that begins “The verdict was”, dated 30 November
    2026."""
    for name in (
        "secret-directives-troops-abroad", "order-says-forms-of-invasion", "drug-supply-chain-is-global",
        "sheinbaum-no-us-military", "active-duty-troops-at-border",
    ):  # fmt: skip
        fact = pack.entries[name]
        assert isinstance(fact, Fact)
        changes = [correction for correction in fact.corrections if correction.said.startswith("The verdict was")]
        assert [change.date for change in changes] == [date(2026, 11, 30)]


def test_positions_are_argued_on_both_sides_at_like_length(pack: Pack) -> None:
    """Each of the pack's 8 positions has as many arguments for as against, at least two, and neither side has over 15%
    more words."""
    positions = list(pack.all(Position))
    assert len(positions) == 8
    for position in positions:
        for_, against = (pack.arguments(position.id, side) for side in ("for", "against"))
        assert len(for_) == len(against) >= 2
        lengths = sorted(sum(len(argument.text.split()) for argument in side) for side in (for_, against))
        assert lengths[1] <= lengths[0] * ARGUED_WORDS_RATIO, position.id


def test_everything_that_can_be_argued_has_a_counterargument(pack: Pack) -> None:
    """Each fact, position and option has at least one argument against it, even a supported fact."""
    for entry in _roots(pack):
        assert pack.arguments(entry.id, "against"), entry.id


def test_every_argument_on_a_fact_position_or_option_has_a_reply(pack: Pack) -> None:
    """Every argument on a fact, position or option has an argument against it."""
    for entry in _roots(pack):
        for argument in pack.arguments_about[entry.id]:
            assert pack.arguments(argument.id, "against"), argument.id


def test_replies_are_answered_in_turn(pack: Pack) -> None:
    """The pack has at least 20 chains that go three deep: an argument, a reply to it, and an answer to the reply."""
    arguments = [argument for entry in _roots(pack) for argument in pack.arguments_about[entry.id]]
    replies = [reply for argument in arguments for reply in pack.arguments(argument.id, "against")]
    answers = [answer for reply in replies for answer in pack.arguments(reply.id, "against")]
    assert len(answers) >= 20


def test_every_option_is_argued_for_and_against(pack: Pack) -> None:
    """Each of the pack's 10 options for polls has at least one argument for it and one against it."""
    options = list(pack.all(Option))
    assert len(options) == 10
    for option in options:
        assert pack.arguments(option.id, "for"), option.id
        assert pack.arguments(option.id, "against"), option.id


def test_statements_terms_and_dates_are_all_there(pack: Pack) -> None:
    """The pack has 30 statements, as many for a harder line as for a softer one, 38 terms, and 55 events from 20
    January 2025 on, each with a source."""
    leans = Counter(statement.lean for statement in pack.all(Statement))
    assert leans.total() == 30
    assert leans[Lean.HARDER] == leans[Lean.SOFTER]
    assert len(list(pack.all(Term))) == 38
    assert sorted(event.date for event in pack.all(Event))[:1] == ["2025-01-20"]
    assert len(list(pack.all(Event))) == 55
    assert all(event.sources for event in pack.all(Event))


def test_no_source_is_quoted_at_length(pack: Pack) -> None:
    """The pack quotes at most 25 words from any source."""
    assert all(len(source.quote.split()) <= 25 for source in pack.all(Source) if source.quote)


def test_every_argument_has_its_side(pack: Pack) -> None:
    """Every argument is about cards that exist in the pack, and each of them lists it on its side, for or against."""
    for argument in pack.all(Argument):
        for target in argument.targets:
            assert target in pack.entries, argument.id
            assert argument in pack.arguments(target, argument.side), argument.id


def _rows(page: Path) -> list[list[str]]:
    """Return the cells of a page's table rows that begin with a fact's id."""
    rows = [line.strip("| ").split(" | ") for line in page.read_text(encoding="utf-8").splitlines()]
    return [[row[0].strip("`"), *row[1:]] for row in rows if row[0].startswith("`")]


def _verdicts(page: Path) -> dict[str, Verdict]:
    return {row[0]: Verdict(row[1]) for row in _rows(page)}


def _numbers(text: str) -> list[str]:
    return re.findall(r"\d[\d,.]*\d|\d", text)


_MONTH = "(?:January|February|March|April|May|June|July|August|September|October|November|December)"
_DATE = re.compile(rf"\b(?:\d{{1,2}}(?: or \d{{1,2}})? )?{_MONTH}(?: \d{{4}})?\b|\b(?:19|20)\d\d\b")
"""A day, month or year. They aren't compared, because sources tell the time of an event in other ways."""

_FIGURE = re.compile(r"\d+(?:[.,]\d+)+%?|\d+%")
_NAMES_OF_THINGS = {"25%", "10,000"}
"""Figures that stand for several things: a tariff, a treatment gap and a poll; the Guard and the troops at the border."""


def _words_of(source: Source) -> str:
    parts = (source.title, source.author, source.publisher, source.summary, source.quote, source.note, source.date)
    return " ".join(part for part in parts if part)


def _roots(pack: Pack) -> Iterable[Fact | Position | Option]:
    yield from pack.all(Fact)
    yield from pack.all(Position)
    yield from pack.all(Option)
