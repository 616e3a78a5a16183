"""`parley new` makes a skeleton of a pack from an essay: it proposes claims and leaves the rest to an editor."""

from __future__ import annotations

import contextlib
import json
import shutil
import tempfile
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.authoring.claims import MAX_PROPOSALS, propose_claims
from bot.authoring.new_pack import Skeleton, new_pack
from bot.authoring.quote_lengths import Proposal
from bot.authoring.sentences import heading, sentences
from bot.errors import BotError, NotFound, Refused, UsageError
from bot.packs.check import check_pack
from bot.packs.essay_quotes import paragraphs_of
from bot.packs.loader import load_library, load_pack, read_pack
from bot.packs.model import ClaimKind, Fact, Verdict
from bot.packs.problems import ContentError
from tests.beside import DOSSIER
from tests.beside import ESSAY as REAL_ESSAY
from tests.require import require
from tests.world import CONTENT

TODAY = date(2026, 11, 26)
ESSAY = """\
Trams in our town

Trams carried 41 percent of all passengers in 2024, the city says. Mr. Ode of the U.S. Transit Board argues that buses are cheaper.

Should we care? We should build more lines, because streets must belong to people. By 2030 the town will have two more lines.

- The old depot closed in May 2019.
- Line 4 is longer than Line 5.
"""


def make(folder: Path, text: str | bytes = ESSAY, **options: str) -> Skeleton:
    essay = folder / "essay.txt"
    essay.write_bytes(text if isinstance(text, bytes) else text.encode())
    return new_pack("trams", essay, folder, TODAY, **options)


def quotes(text: str) -> list[Proposal]:
    return list(propose_claims(paragraphs_of(text, -1)).proposals)


def test_a_skeleton_passes_the_check_except_for_what_an_editor_writes(tmp_path: Path) -> None:
    """A skeleton's only errors are texts to fill in, each with its place; its only warnings, facts without sources."""
    skeleton = make(tmp_path)
    report = check_pack(tmp_path / "trams", tmp_path / "essay.txt", TODAY)
    assert {problem.code for problem in report.problems} == {"fill-in", "fact-without-source"}
    assert skeleton.to_fill == tuple(problem for problem in report.problems if problem.code == "fill-in")
    for problem in skeleton.to_fill:
        assert "FILL IN" in problem.file.read_text().splitlines()[problem.line - 1]
    assert report.quotes.proved == report.quotes.spans == len(skeleton.claims.proposals) >= 5
    assert report.quotes.share is not None
    assert report.quotes.share < 0.5


def test_every_fact_is_left_to_be_judged(tmp_path: Path) -> None:
    """Every fact of a skeleton is unverified, or not checkable if it is a value judgement.

    Its reason and its neutral statement are left to the editor, and it has no sources.
    """
    make(tmp_path)
    reading = read_pack(tmp_path / "trams")
    facts = [raw.entry for raw in reading.raws.values()]
    for fact in facts:
        assert isinstance(fact, Fact)
        judges = fact.kind is ClaimKind.JUDGEMENT
        assert fact.verdict is (Verdict.NOT_CHECKABLE if judges else Verdict.UNVERIFIED)
        assert fact.reason.startswith("FILL IN")
        assert fact.statement.startswith("FILL IN")
        assert fact.sources == ()


def test_a_skeleton_is_a_draft_until_an_editor_says_otherwise(tmp_path: Path) -> None:
    """A skeleton is a draft: Parley doesn't serve it, and the loader refuses its unwritten texts. Other packs are served
    beside it."""
    make(tmp_path)
    with pytest.raises(ContentError, match="every pack here is a draft"):
        load_library(tmp_path)
    with pytest.raises(ContentError, match="is yours to write"):
        load_pack(tmp_path / "trams")
    shutil.copytree(CONTENT / "tea", tmp_path / "tea")
    assert list(load_library(tmp_path).packs) == ["tea"]


def test_filled_in_and_no_longer_a_draft_it_is_served(tmp_path: Path) -> None:
    """Parley serves a skeleton once the texts that the command lists are filled in and `draft` is removed."""
    skeleton = make(tmp_path)
    for file in {problem.file for problem in skeleton.to_fill}:
        written = file.read_text().replace("FILL IN: ", "").replace("draft: true\n", "")
        file.write_text(written)
    assert list(load_library(tmp_path).packs) == ["trams"]


@pytest.mark.parametrize(
    ("sentence", "kind"),
    [
        ("The city spent 3.5 million euros on roads in 2019.", ClaimKind.FACT),
        ("The bridge was closed on 4 May 2021 after the flood.", ClaimKind.FACT),
        ("Rents in Lisbon rose faster than wages.", ClaimKind.FACT),
        ("According to the World Bank, half of the loans were repaid.", ClaimKind.OPINION),
        ("The mayor, Ana Ruiz, visited Porto. Ruiz argues that Porto is no model.", ClaimKind.OPINION),
        ("The new law will close 40 schools.", ClaimKind.PREDICTION),
        ("The council should plant 500 trees.", ClaimKind.JUDGEMENT),
    ],
)
def test_kinds_are_proposed_from_the_words(sentence: str, kind: ClaimKind) -> None:
    """Figures, dates, names and comparisons suggest a fact, a cited speaker an opinion, “will” a prediction.

    “Should” suggests a value judgement.
    """
    claims = quotes(f"{sentence} {'Words about nothing that go on and on, as they do. ' * 3}")
    assert kind in [proposal.kind for proposal in claims]


@pytest.mark.parametrize(
    "text", ["Who pays for this?", "Please read on.", "Well, that is that.", "Imagine a town.", "Thank you all!"]
)
def test_what_claims_nothing_is_not_proposed(text: str) -> None:
    """Questions, requests and empty phrases are not proposed as claims."""
    assert quotes(text * 2) == []


def test_who_says_it_is_named() -> None:
    """A claim that the author cites is attributed to the person whom the author names."""
    claims = quotes("As Professor Guadalupe Correa details, the price fell by 3 percent. " + "Nothing much else. " * 9)
    assert {proposal.said_by for proposal in claims} == {"Professor Guadalupe Correa"}


def test_names_and_dates_are_found_with_their_paragraphs() -> None:
    """Names are found without a word that only begins the sentence, and dates as exact as they are written."""
    claims = propose_claims(["In March 2020 the City of Porto called Mr. Silva.", "Porto paid on 3 May 2021. The end."])
    assert [mention.text for mention in claims.names] == ["City of Porto", "Mr. Silva"]
    assert [mention.text for mention in claims.dates] == ["March 2020", "3 May 2021"]
    assert claims.dates[1].paragraphs == (2,)


@pytest.mark.parametrize(
    ("paragraph", "expected"),
    [
        ("Mr. Smith left. He ran.", ["Mr. Smith left.", "He ran."]),
        ("The U.S. Army came to the U.S. The war ended.", ["The U.S. Army came to the U.S.", "The war ended."]),
        ("Some fruit, e.g. Apples, is cheap, etc. The rest is not.", ["Some fruit, e.g. Apples, is cheap, etc.", "The rest is not."]),
        ("He waited… and went. She waited… Then he came.", ["He waited… and went.", "She waited…", "Then he came."]),
        ("“We won.” They had. (It was late.) So?", ["“We won.”", "They had.", "(It was late.)", "So?"]),
        ("It cost $3.5 million. 20 people paid.", ["It cost $3.5 million.", "20 people paid."]),
        ("J. K. Rowling wrote it. No. 5 came.", ["J. K. Rowling wrote it.", "No. 5 came."]),
        ("- One is here. - Two is there.", ["One is here.", "Two is there."]),
        ("1. First point here 2. Second point here", ["First point here", "Second point here"]),
        ("価格は上がった。税も上がった。", ["価格は上がった。", "税も上がった。"]),
        ("", []),
    ],
)  # fmt: skip
def test_sentences_end_where_they_end(paragraph: str, expected: list[str]) -> None:
    """Abbreviations, initials, ellipses, quotation marks, figures and lists don't mislead the search for sentences."""
    assert [sentence.text for sentence in sentences(paragraph)] == expected


@pytest.mark.parametrize(("paragraph", "expected"), [
    ("# Streets and *trams*", "Streets and *trams*"), ("Trams in our town", "Trams in our town"),
    ("Trams are here.", None), ("- one point", None),
])  # fmt: skip
def test_a_heading_claims_nothing(paragraph: str, expected: str | None) -> None:
    """A line marked as a heading, or a short line without a full stop, is a heading."""
    assert heading(paragraph) == expected


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.lists(
            st.sampled_from(
                ["Trams", "rose", "by 4 %", "because", "Mr. Ode said", "“more,”", "U.S.", "will", "should", "and", ",", ".",
                 "…", "—", "?", "(so)", "é\u0301", "\U0001f68b", "- ", "2024.", "the", "١٢", "\t", "“", "»"]
            ),
            min_size=1,
            max_size=40,
        ).map(" ".join),
        min_size=1,
        max_size=6,
    ),
    st.sampled_from(["\n\n", "\r\n\r\n", "\n"]),
)  # fmt: skip
def test_whatever_is_written_each_quote_stands_in_it_and_all_are_short(parts: list[str], between: str) -> None:
    """A quote is a span of its paragraph, letter by letter, with at most 40 words and 400 characters.

    All quotes together are less than half of the essay.
    """
    paragraphs = paragraphs_of(between.join(parts), -1)
    claims = propose_claims(paragraphs)
    letters = 0
    for proposal in claims.proposals:
        paragraph = paragraphs[proposal.paragraph - 1]
        assert paragraph[proposal.start :].startswith(proposal.quote)
        assert len(proposal.quote.split()) <= 40
        assert len(proposal.quote) <= 400
        letters += len(proposal.quote)
    assert letters == 0 or letters < 0.5 * sum(map(len, paragraphs))


_ODD = ["\n", "\n\n", "\r\n", "\r\r", "\t", "\x0b", "\x0c", "\x1b", "\x7f", "\x85", "\u2028", "\u200b", "\ufeff", "x" * 450,
        "Trams rose by 4 %.", "Mr. Ode said", "will", "“", "”", "- ", "# ", "12:30", "FILL IN", "{", "&a", "'", '"', "\\"]  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(_ODD), min_size=1, max_size=60).map(" ".join))
def test_no_text_makes_a_skeleton_that_the_checker_refuses(text: str) -> None:
    """The checker takes the skeleton of any essay, even with invisible signs, odd line ends or YAML's own signs."""
    with tempfile.TemporaryDirectory() as folder, contextlib.suppress(Refused):
        skeleton = make(Path(folder), text)
        assert {problem.code for problem in skeleton.report.problems} <= {
            "fill-in", "fact-without-source", "hidden-character", "more-problems"
        }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"", "is empty"),
        (b" \r\n\t\n", "is empty"),
        ("Trams rose.".encode("utf-16"), "is UTF-16: save it"),
        ("Über die Brücke.\nJa, über.".encode("latin-1"), r"is not UTF-8 \(line 1\)"),
        (b"%PDF-1.7 \x00\x01", "is not plain text"),
        (b"a" * (1024 * 1024 + 1), "may have 1,024"),
    ],
)
def test_a_text_that_cannot_be_read_is_refused_and_nothing_is_made(tmp_path: Path, text: bytes, words: str) -> None:
    """Parley refuses an essay that it can't read, says what is wrong with the file, and leaves no folder behind."""
    with pytest.raises(Refused, match=words):
        make(tmp_path, text)
    assert [file.name for file in tmp_path.iterdir()] == ["essay.txt"]


@pytest.mark.parametrize("text", ["\ufeff" + ESSAY, ESSAY.replace("\n", "\r\n"), ESSAY.replace("\n", "\r"), "Yes.",
                                  "Ünïcödé 🚋 cost 5 €.\n\n第一段。2024年に上がった。\n\nنما 5 في المئة.", "a: b #c 'd' \"e\" \\f [g] 7 {h}\t& *i"])  # fmt: skip
def test_any_text_in_utf8_is_taken_as_it_is(tmp_path: Path, text: str) -> None:
    """An essay may be any text in UTF-8, with a byte order mark, other line ends, other scripts or YAML's own signs."""
    skeleton = make(tmp_path, text)
    report = check_pack(skeleton.folder, tmp_path / "essay.txt", TODAY)
    assert {problem.code for problem in report.problems} <= {"fill-in", "fact-without-source"}
    assert report.quotes.proved in {None, report.quotes.spans}


def test_an_enormous_essay_gives_as_many_facts_as_can_be_judged(tmp_path: Path) -> None:
    """Parley proposes the strongest claims of a long essay, at most `MAX_PROPOSALS`, and counts all that it found."""
    weak = ["Trams are longer than buses in this town. Some words follow here."] * 100
    strong = [f"In {1500 + n} the town of Porto paid {n} coins. Some words follow here." for n in range(400)]
    skeleton = make(tmp_path, "\n\n".join((*weak, *strong)))
    assert len(skeleton.claims.proposals) == MAX_PROPOSALS
    assert all(proposal.paragraph > len(weak) for proposal in skeleton.claims.proposals)
    assert skeleton.claims.checkable == len(weak) + len(strong)
    assert skeleton.report.quotes.proved == MAX_PROPOSALS


def test_nothing_is_ever_overwritten(tmp_path: Path) -> None:
    """Parley refuses a new pack whose name a pack, an empty folder or a file already has, and changes no file."""
    skeleton = make(tmp_path)
    before = {file: file.read_bytes() for file in skeleton.folder.rglob("*") if file.is_file()}
    with pytest.raises(Refused, match="already exists"):
        make(tmp_path)
    assert {file: file.read_bytes() for file in skeleton.folder.rglob("*") if file.is_file()} == before
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("Ours")
    for name in ("empty", "file"):
        with pytest.raises(Refused, match="already exists"):
            new_pack(name, tmp_path / "essay.txt", tmp_path, TODAY)
    assert (tmp_path / "file").read_text() == "Ours"


@pytest.mark.parametrize(
    ("pack_id", "error", "words"),
    [
        ("../trams", UsageError, "such as trams"),
        ("Trams and buses of the whole town", UsageError, "at most 24 lowercase letters"),
        ("trams", NotFound, "is missing: create it"),
    ],
)
def test_a_place_that_cannot_be_is_refused(tmp_path: Path, pack_id: str, error: type[BotError], words: str) -> None:
    """Parley refuses an id that isn't valid and a content folder that doesn't exist, and says what to do."""
    essay = tmp_path / "essay.txt"
    essay.write_text(ESSAY)
    with pytest.raises(error, match=words):
        new_pack(pack_id, essay, tmp_path / "nowhere", TODAY)


def test_the_claims_of_a_real_essay_are_found(tmp_path: Path) -> None:
    """Of the 34 claims in the dossier of the shipped pack's essay, at least 30 stand in a sentence that is proposed."""
    require("research", REAL_ESSAY.exists() and DOSSIER.exists(), "the essay and its dossier are not on this machine")
    skeleton = new_pack("border", REAL_ESSAY, tmp_path, TODAY)
    assert {problem.code for problem in skeleton.report.problems} == {"fill-in", "fact-without-source"}
    paragraphs = paragraphs_of(REAL_ESSAY.read_text(), 9)
    proposed = {(claim.paragraph, claim.sentence) for claim in skeleton.claims.proposals}
    hits = [claim for claim in json.loads(DOSSIER.read_text())["claims"] if _sentences_of(claim, paragraphs) & proposed]
    assert len(hits) >= 30


def _sentences_of(claim: dict[str, str], paragraphs: list[str]) -> set[tuple[int, int]]:
    """Return the sentences that a claim's span touches, each as its paragraph and index."""
    number = int(claim["para"].removeprefix("P"))
    start = paragraphs[number - 1].index(claim["span"])
    end = start + len(claim["span"])
    pieces = enumerate(sentences(paragraphs[number - 1]))
    return {(number, index) for index, piece in pieces if piece.start < end and start < piece.end}
