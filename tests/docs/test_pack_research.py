"""Tests of the shipped pack against the texts it was written from: the essay, the dossier of its claims and the
addendum.

All three lie beside the repository on some machines and are never part of it; `PARLEY_TEST_REQUIRE=research` makes the
tests fail without them. What the repository alone can prove stands in test_shipped_pack.py.
"""

from __future__ import annotations

import json
import re
from datetime import date
from typing import Any
from urllib.parse import urlsplit

import pytest

from bot.packs.check import check_pack
from bot.packs.loader import load_pack
from bot.packs.model import Event, Fact, Provenance, Source, Statement, Term
from bot.packs.pack import Pack
from tests.beside import ADDENDUM, DOSSIER, ESSAY
from tests.require import require
from tests.world import SHIPPED

FOLDER = SHIPPED / "us-mexico-cartels"


@pytest.fixture(scope="module")
def dossier() -> dict[str, Any]:
    require("research", DOSSIER.exists(), "the dossier that the pack was written from is not on this machine")
    content: dict[str, Any] = json.loads(DOSSIER.read_text())
    return content


@pytest.fixture(scope="module")
def addendum() -> dict[str, Any]:
    require("research", ADDENDUM.exists(), "the addendum to the dossier is not on this machine")
    newer: dict[str, Any] = json.loads(ADDENDUM.read_text())
    return newer


@pytest.fixture(scope="module")
def pack() -> Pack:
    return load_pack(FOLDER)


def test_every_quote_stands_in_the_essay() -> None:
    """`parley check --essay` reports no error, proves all 37 quotes of at most 40 words, and finds less than half of
    the essay quoted."""
    require("research", ESSAY.exists(), "the essay is not on this machine")
    report = check_pack(FOLDER, ESSAY, date(2026, 11, 30))
    assert report.errors == 0
    assert report.quotes.proved == report.quotes.spans == 37
    assert report.quotes.longest <= 40
    assert report.quotes.share is not None
    assert report.quotes.share < 0.5


def test_every_claim_of_the_essay_has_a_fact(pack: Pack, dossier: dict[str, Any]) -> None:
    """For each of the dossier's claims, C1 to C34, a fact quotes words of the claim from the same paragraph of the
    essay."""
    facts = list(pack.all(Fact))
    assert [claim["id"] for claim in dossier["claims"]] == [f"C{number}" for number in range(1, 35)]
    for claim in dossier["claims"]:
        paragraph = int(claim["para"].removeprefix("P"))
        near = [
            fact for fact in facts if fact.essay.paragraph == paragraph and _overlap(fact.essay.quote, claim["span"])
        ]
        assert near, claim["id"]


def test_sources_are_those_of_the_dossier_and_the_addendum(
    pack: Pack, dossier: dict[str, Any], addendum: dict[str, Any]
) -> None:
    """The pack has all 117 sources of the dossier. Every other source comes from the addendum, and each address from
    one of the two."""
    sources = list(pack.all(Source))
    newer = {listed["id"]: listed for listed in addendum["sources"]}
    older = {listed["title"]: listed for listed in dossier["sources"]}
    assert len(older) == 117
    assert older.keys() <= {source.title for source in sources}
    assert {source.id for source in sources if source.title not in older} <= newer.keys()
    listed_addresses = [url for listed in dossier["sources"] for url in listed["urls"]]
    listed_addresses += [listed["url"] for listed in addendum["sources"] if "url" in listed]
    researched = {_plain_address(url) for url in listed_addresses}
    in_pack = {_plain_address(url) for source in sources for url in (source.url, *source.other_urls) if url}
    assert in_pack <= researched


def test_copies_are_called_copies(pack: Pack, dossier: dict[str, Any], addendum: dict[str, Any]) -> None:
    """A source that the dossier calls a mirror is a mirror in the pack. A source that the pack calls original has its
    publisher's address, or none."""
    original = {url for listed in dossier["sources"] if listed["copy"] == "original" for url in listed["urls"]}
    original |= {url for listed in dossier["sources"] if listed["copy"] == "url-in-text" for url in listed["urls"]}
    reports = ("original", "secondary-mention")
    original |= {listed.get("url") for listed in addendum["sources"] if listed["copy"] in reports}
    own = {_plain_address(url) for url in original if url}
    mirrors = {listed["title"] for listed in dossier["sources"] if listed["copy"] == "mirror"}
    for source in pack.all(Source):
        assert source.title not in mirrors or source.copy_ is Provenance.MIRROR, source.id
        if source.copy_ is Provenance.ORIGINAL:
            assert source.url is None or _plain_address(source.url) in own, source.id


def test_the_essays_text_is_not_in_the_pack(pack: Pack) -> None:
    """No sentence of the essay of more than 15 words stands in the pack, because the essay's author and licence are
    unknown."""
    require("research", ESSAY.exists(), "the essay is not on this machine")
    pack_text = " ".join(file.read_text() for file in FOLDER.rglob("*.yaml"))
    sentences = [s.strip() for s in re.split(r"(?<=[.?!])\s", ESSAY.read_text()) if len(s.split()) > 15]
    assert not [sentence for sentence in sentences if sentence in pack_text]


def test_statements_and_terms_are_all_there(pack: Pack, dossier: dict[str, Any]) -> None:
    """The pack has the dossier's 30 statements with their leanings, and its 32 terms. One statement and one term are
    worded anew."""
    leans = {statement.text: statement.lean.value for statement in pack.all(Statement)}
    listed = {each["text"]: each["lean"].removesuffix(" line") for each in dossier["statements"]}
    assert sorted(leans.values()) == sorted(listed.values())
    assert len(leans.items() & listed.items()) == len(listed) - 1 == 29
    terms = {term.term.casefold() for term in pack.all(Term)}
    assert len(terms) >= len(dossier["glossary"]) == 32
    assert len({each["term"].casefold() for each in dossier["glossary"]} - terms) == 1


def test_the_timeline_has_the_year_that_is_borne_out(
    pack: Pack, dossier: dict[str, Any], addendum: dict[str, Any]
) -> None:
    """The timeline begins on 20 January 2025 and has every date of the dossier and at least 35 of the addendum. Each
    event has a source."""
    events = list(pack.all(Event))
    dates = [event.date for event in events]
    assert min(dates) == "2025-01-20"
    assert {listed["date"][:10] for listed in dossier["timeline"]} <= set(dates)
    newer = {listed["date"] for listed in addendum["events"]}
    assert len(newer & set(dates)) >= 35
    assert all(event.sources for event in events)


def _overlap(quote: str, span: str) -> bool:
    """Tell whether the two share a run of four words, or all of a shorter claim."""
    words, claim = _plain(quote).split(), _plain(span)
    run = min(4, len(claim.split()))
    return any(" ".join(words[start : start + run]) in claim for start in range(len(words) - run + 1))


def _plain(text: str) -> str:
    return " ".join(re.sub(r"[^\w\s]", " ", text.lower()).split())


def _plain_address(url: str) -> str:
    """Return an address without the additions of a crawler or a newsletter."""
    parts = urlsplit(url)
    host = (parts.hostname or "").rstrip(".")
    tracked = parts.query.startswith(("utm_", "highlight=", "BC="))
    return host + re.sub("/sms:.*", "/", parts.path).rstrip("/") + ("" if tracked else parts.query)
