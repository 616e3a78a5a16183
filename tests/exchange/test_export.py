"""A pack as ClaimReview, as a briefing and as tables: what stands in them, and that text stays text."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from datetime import date
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from adapters.cli import main
from bot.errors import NotFound, UsageError
from bot.exchange.briefing import briefing, md
from bot.exchange.claimreview import BEST, RATINGS, WORST, claim_reviews
from bot.exchange.folders import pack_folder
from bot.exchange.tables import as_zip, tables
from bot.library.loader import load_pack
from bot.library.model import ClaimKind, Fact, Pack, Verdict
from tests import golden
from tests.unit.packs import FACTS, SHIPPED, make_pack
from tests.unit.test_cli import parley
from tests.world import CONTENT

PAGE = "https://example.org/tea"
_NAMED = {"type": "object", "required": ["@type", "name"], "properties": {"name": {"type": "string", "minLength": 1}}}
_PERSON = {**_NAMED, "properties": {"@type": {"enum": ["Organization", "Person"]}, **_NAMED["properties"]}}  # type: ignore[dict-item]
_DAY = {"type": "string", "pattern": r"^\d{4}(-\d\d(-\d\d)?)?$"}
_WORK = {
    "type": "object",
    "required": ["@type"],
    "additionalProperties": False,
    "properties": {
        "@type": {"const": "CreativeWork"},
        "name": {"type": "string"},
        "author": _PERSON,
        "datePublished": _DAY,
        "description": {"type": "string"},
        "url": {"type": "string", "format": "uri"},
    },
}
CLAIM_REVIEW: dict[str, Any] = {
    "type": "object",
    "required": ["@type", "claimReviewed", "reviewRating", "url", "author", "datePublished", "itemReviewed"],
    "additionalProperties": False,
    "properties": {
        "@type": {"const": "ClaimReview"},
        "url": {"type": "string", "format": "uri"},
        "claimReviewed": {"type": "string", "minLength": 1},
        "author": _PERSON,
        "datePublished": {"type": "string", "format": "date"},
        "inLanguage": {"type": "string"},
        "reviewBody": {"type": "string"},
        "reviewRating": {
            "type": "object",
            "required": ["@type", "alternateName"],
            "dependentRequired": {"ratingValue": ["bestRating", "worstRating"]},
            "additionalProperties": False,
            "properties": {
                "@type": {"const": "Rating"},
                "alternateName": {"type": "string", "minLength": 1},
                "ratingValue": {"type": "integer", "minimum": WORST, "maximum": BEST},
                "bestRating": {"const": BEST},
                "worstRating": {"const": WORST},
            },
        },
        "itemReviewed": {
            "type": "object",
            "required": ["@type", "appearance"],
            "anyOf": [{"required": ["author"]}, {"required": ["creditText"]}],
            "additionalProperties": False,
            "properties": {
                "@type": {"const": "Claim"},
                "text": {"type": "string"},
                "author": _PERSON,
                "creditText": {"type": "string"},
                "datePublished": _DAY,
                "appearance": _WORK,
            },
        },
        "isBasedOn": {"type": "array", "minItems": 1, "items": _WORK},
    },
}
"""What schema.org takes where, as far as it is used here, and what Google's documentation of ClaimReview needs."""


def tea() -> Pack:
    return load_pack(CONTENT / "tea")


@pytest.mark.parametrize("folder", [CONTENT / "tea", SHIPPED / "us-mexico-cartels"], ids=lambda folder: folder.name)
def test_reviews_have_the_properties_that_readers_of_claimreview_need(folder: Path) -> None:
    """Required properties, their types, and no other property than schema.org knows."""
    validator = jsonschema_rs.Draft202012Validator(CLAIM_REVIEW, validate_formats=True)
    whole = json.loads(claim_reviews(load_pack(folder), PAGE).text())
    assert whole["@context"] == "https://schema.org"
    assert whole["@graph"]
    for review in whole["@graph"]:
        assert [str(error) for error in validator.iter_errors(review)] == []


def test_a_page_is_a_web_address() -> None:
    """Other programs follow it."""
    with pytest.raises(UsageError, match="no web address"):
        claim_reviews(tea(), "javascript:alert(1)")


def test_only_facts_that_can_be_checked_are_rated() -> None:
    """An opinion, a prediction or a value judgement is never rated true or false; each is left out by name."""
    pack = load_pack(SHIPPED / "us-mexico-cartels")
    reviews = claim_reviews(pack, PAGE)
    facts = list(pack.all(Fact))
    rated = {node["url"].partition("#")[2] for node in reviews.graph}
    assert rated == {
        fact.id for fact in facts if fact.kind is ClaimKind.FACT and fact.verdict is not Verdict.NOT_CHECKABLE
    }
    assert rated.isdisjoint(fact.id for fact in reviews.left_out)
    assert len(rated) + len(reviews.left_out) == len(facts)


def test_a_verdict_keeps_its_order_and_unverified_gets_no_number() -> None:
    """From supported to contradicted the number falls; what no source settled is not put between true and false."""
    order = [Verdict.SUPPORTED, Verdict.NUANCED, Verdict.OVERSTATED, Verdict.UNSUPPORTED, Verdict.CONTRADICTED]
    assert [RATINGS[verdict] for verdict in order] == [5, 4, 3, 2, 1]
    assert RATINGS[Verdict.UNVERIFIED] is None
    assert Verdict.NOT_CHECKABLE not in RATINGS
    assert {*RATINGS, Verdict.NOT_CHECKABLE} == set(Verdict)


@pytest.mark.parametrize(("name", "made"), [
    ("tea-claimreview.json", lambda pack: claim_reviews(pack, PAGE).text()),
    ("tea-briefing.md", briefing),
    ("tea-tables.txt", lambda pack: "\n".join(f"{name}\n{text}" for name, text in tables(pack).items()).replace("\r", "")),
])  # fmt: skip
def test_exports_of_the_small_pack_are_as_somebody_looked_at_them(name: str, made: Any) -> None:
    """Golden files: each export of a small pack, whole."""
    golden.check(f"exchange/{name}", made(tea()))
    assert made(tea()) == made(tea())


def test_a_briefing_has_everything_of_the_shipped_pack() -> None:
    """Every statement, point, option, term, event and source of the pack stands in its briefing."""
    pack = load_pack(SHIPPED / "us-mexico-cartels")
    written = briefing(pack)
    for entry in pack.entries.values():
        assert md(entry.title) in written, entry.id


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=60))
def test_what_somebody_wrote_is_text_in_a_briefing(text: str) -> None:
    """No text of a pack becomes a heading, a list, a link, HTML or emphasis: read back, it is the same words."""
    parser = MarkdownIt("gfm-like", {"linkify": False})
    tokens = parser.parse(md(text))
    flat = " ".join(text.split())
    if not flat:
        assert tokens == []
        return
    assert [token.type for token in tokens] == ["paragraph_open", "inline", "paragraph_close"]
    children = tokens[1].children or []
    assert {child.type for child in children} <= {"text", "text_special"}
    assert " ".join("".join(child.content for child in children).split()) == flat


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("# no *heading* [at](all) <b>", "\\# no \\*heading\\* \\[at\\](all) \\<b\\>"),
        ("1. no list\n- nor this", "1\\. no list - nor this"),
        ("see https://example.org or www.example.org, @all", "see https\\://example.org or www\\.example.org, \\@all"),
    ],
)
def test_signs_that_mean_something_in_markdown_are_escaped(text: str, written: str) -> None:
    """So that text stays text on GitHub, too, where bare addresses and names become links."""
    assert md(text) == written


def test_a_cell_never_runs_as_a_formula(tmp_path: Path) -> None:
    """What begins like a formula is shown with an apostrophe before it, so that a spreadsheet keeps it as text."""
    risky = FACTS.replace("statement: Parked", 'statement: "=HYPERLINK(1) Parked').replace(
        "of the streets.", 'of the streets."'
    )
    pack = load_pack(make_pack(tmp_path / "pack", {"facts.yaml": risky.replace("[parking space]", '["@a", "-b"]')}))
    rows = list(csv.DictReader(io.StringIO(tables(pack)["facts.csv"].removeprefix("\ufeff"))))
    assert rows[0]["statement"].startswith("'=HYPERLINK")
    assert rows[0]["aliases"] == "'@a | -b"
    assert not any(value.startswith(("=", "+", "-", "@")) for row in rows for value in row.values())


def test_tables_have_a_row_for_each_entry_and_a_column_for_each_key() -> None:
    """Nothing of a pack is lost: each list has its table, `essay` gets two columns, lists share a cell."""
    pack = tea()
    found = {
        name: list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff")))) for name, text in tables(pack).items()
    }
    assert sum(map(len, found.values())) == len(pack.entries)
    fact = found["facts.csv"][1]
    assert (fact["essay_paragraph"], fact["essay_quote"]) == ("2", "since coffee was banned")
    assert fact["sources"] == "house-rules | tea-mirror"


def test_an_archive_is_the_same_bytes_each_time() -> None:
    """No clock in it, so that two exports of one pack can be compared."""
    first, second = as_zip(tables(tea())), as_zip(tables(tea()))
    assert first == second
    with zipfile.ZipFile(io.BytesIO(first)) as archive:
        assert archive.testzip() is None
        assert archive.read("facts.csv").decode("utf-8-sig").startswith("id,")


def test_the_command_writes_to_standard_output_or_where_it_is_told(tmp_path: Path) -> None:
    """To a pipe, a file, a folder or an archive; what is left out is said beside it, not in it."""
    done = parley("export", "tea", "--format", "claimreview", "--content", CONTENT, folder=tmp_path)
    assert json.loads(done.stdout)["@graph"][0]["claimReviewed"] == "Most people in the office drink tea."
    assert "tea-tastes-best" in done.stderr
    assert "Without --url" in done.stderr
    for style, name in (("markdown", "a.md"), ("csv", "tables"), ("csv", "tables.zip")):
        words = ["export", "--format", style, "--content", str(CONTENT), "--output", str(tmp_path / name)]
        assert CliRunner().invoke(main, words).exit_code == 0
    assert (tmp_path / "a.md").read_text() == briefing(tea())
    assert {file.name for file in (tmp_path / "tables").iterdir()} == set(tables(tea()))
    assert (tmp_path / "tables.zip").read_bytes() == as_zip(tables(tea()))


def test_a_pack_is_meant_by_its_id_its_folder_or_by_being_the_only_one(tmp_path: Path) -> None:
    """Otherwise the message lists those that there are."""
    make_pack(tmp_path / "one")
    assert pack_folder(tmp_path, None) == tmp_path / "one"
    make_pack(tmp_path / "two", {"pack.yaml": (tmp_path / "one" / "pack.yaml").read_text().replace("parking", "roads")})
    assert pack_folder(tmp_path, "roads") == tmp_path / "two"
    assert pack_folder(Path("nowhere"), str(tmp_path / "two")) == tmp_path / "two"
    for asked in (None, "cars"):
        with pytest.raises(NotFound, match=r"\(parking, roads\)"):
            pack_folder(tmp_path, asked)


def test_the_day_of_the_review_is_when_a_verdict_was_published() -> None:
    """`datePublished` is the pack's `reviewed`, not the day of the export."""
    assert {node["datePublished"] for node in claim_reviews(tea(), PAGE).graph} == {date(2026, 11, 1).isoformat()}
