"""The problems, numbers and report formats that the checker gives an editor about a pack."""

from __future__ import annotations

import json
import shutil
from datetime import date
from pathlib import Path

import pytest

from bot.packs.check import TextLimits, check_pack, check_packs, main_report
from bot.packs.essay_quotes import paragraphs_of
from bot.packs.problems import Problem, Severity
from bot.packs.report import Report, render
from tests.unit.packs import ARGUMENTS, ESSAY, FACTS, OPTIONS, PACK, SHIPPED, SOURCES, found_at, make_pack

TODAY = date(2025, 3, 1)


@pytest.fixture
def essay(tmp_path: Path) -> Path:
    file = tmp_path / "essay.txt"
    file.write_text(ESSAY, encoding="utf-8")
    return file


def check(folder: Path, essay: Path | None = None) -> Report:
    return check_pack(folder, essay, TODAY)


def test_a_good_pack_has_no_problem(tmp_path: Path, essay: Path) -> None:
    """A pack without mistakes gets a report with no problems, in which its quotes are proved against the essay."""
    report = check(make_pack(tmp_path / "pack"), essay)
    assert report.problems == ()
    assert (report.quotes.spans, report.quotes.proved, report.quotes.words, report.quotes.longest) == (1, 1, 5, 5)
    assert report.quotes.share is not None
    assert 0.2 < report.quotes.share < 0.3
    assert report.counts["facts"] == 1


def test_a_quote_that_differs_by_one_letter_is_an_error(tmp_path: Path, essay: Path) -> None:
    """A quote must match the essay letter by letter; the message shows the essay's word beside the quote's.

    A quote may end inside a word of the essay.
    """
    folder = make_pack(tmp_path / "pack", {"facts.yaml": FACTS.replace("of our streets", "of our street")})
    folder_two = make_pack(tmp_path / "two", {"facts.yaml": FACTS.replace("a third of our", "a thirt of our")})
    report, second = check(folder, essay), check(folder_two, essay)
    assert report.problems == ()
    assert report.quotes.proved == 1, "a part of a word is in the text, letter by letter"
    (problem,) = second.problems
    assert found_at(problem, folder_two) == ("facts.yaml", 6, 14, "not-in-essay")
    assert problem.severity is Severity.ERROR
    assert "the essay has “third” where the quote has “thirt”" in problem.message
    assert second.quotes.proved == 0


@pytest.mark.parametrize(
    ("old", "new", "code", "column", "words"),
    [
        ("paragraph: 1", "paragraph: 2", "not-in-essay", 14, "stand in paragraph 1, not 2"),
        ("a third of our streets", "nothing like this at all", "not-in-essay", 14, "copy them letter by letter"),
        ("a third of our streets", " ".join(["word"] * 41), "long-quote", 14, "41 words and may have 40"),
        ("a third of our streets", ESSAY.splitlines()[0], "too-much-quoted", 8, "must stay under 50%"),
        ("paragraph: 1", "paragraph: 3", "no-such-paragraph", 18, "2 paragraphs"),
    ],
)
def test_quotes_are_proved_and_kept_short(
    tmp_path: Path, essay: Path, old: str, new: str, code: str, column: int, words: str
) -> None:
    """A quote stands in the paragraph that it names and has up to 40 words; all quotes stay under half the essay."""
    report = check(make_pack(tmp_path / "pack", {"facts.yaml": FACTS.replace(old, new)}), essay)
    problem = next(problem for problem in report.problems if problem.code == code)
    assert problem.column == column
    assert problem.severity is Severity.ERROR
    assert words in problem.message


def test_an_essay_with_another_number_of_paragraphs_is_an_error(tmp_path: Path, essay: Path) -> None:
    """An essay whose number of paragraphs differs from the one in `pack.yaml` is an error."""
    report = check(make_pack(tmp_path / "pack", {"pack.yaml": PACK.replace("2}", "3}")}), essay)
    assert [found_at(problem, tmp_path / "pack") for problem in report.problems] == [
        ("pack.yaml", 4, 21, "paragraph-count")
    ]


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00"])
def test_an_essay_that_cannot_be_read_is_an_error(tmp_path: Path, content: bytes | None) -> None:
    """A missing essay, or one that isn't text, is the only error; its quotes bring none."""
    file = tmp_path / "essay.txt"
    if content is not None:
        file.write_bytes(content)
    report = check(make_pack(tmp_path / "pack"), file)
    assert [(problem.file, problem.code) for problem in report.problems] == [(file, "unreadable-essay")]


def test_paragraphs_are_lines_or_blocks_whichever_the_pack_counts() -> None:
    """An essay's paragraphs are its lines or its blocks of lines; the pack's number of paragraphs decides."""
    assert paragraphs_of("one\ntwo\n", 2) == ["one", "two"]
    assert paragraphs_of("one\nstill one\n\ntwo\n", 2) == ["one still one", "two"]
    assert paragraphs_of("\none\r\n\r\ntwo\r\n", 2) == ["one", "two"]
    assert paragraphs_of("", 1) == []


@pytest.mark.parametrize(
    ("name", "text", "code", "place"),
    [
        ("arguments.yaml", ARGUMENTS.replace("against: few", "for: few"), "one-sided", (2, 9)),
        ("facts.yaml", FACTS.replace("    sources: [survey]\n", ""), "fact-without-source", (2, 9)),
        ("sources.yaml", SOURCES.replace("    date: 2024\n", ""), "source-without-date", (2, 9)),
        ("sources.yaml", SOURCES.replace("copy: original", "copy: mirror"), "mirror-link", (5, 10)),
        ("sources.yaml", SOURCES + SOURCES[9:].replace("survey", "spare"), "unused-source", (9, 9)),
        ("pack.yaml", PACK.replace("2025-02-20", "2024-02-20"), "overdue-review", (5, 11)),
        ("options.yaml", OPTIONS.replace("Only", "Under a Draconian rule only"), "loaded-word", (4, 18)),
        ("facts.yaml", FACTS.replace("measured", "mea\u202esured"), "hidden-character", (2, 5)),
        ("facts.yaml", FACTS.replace("the streets.", "the streets" + " x" * 130), "long-text", (2, 5)),
        ("fact.yaml", "facts: []\n", "unknown-file", (1, 1)),
        ("timeline.yml", "events: []\n", "unknown-file", (1, 1)),
        ("facts2/more.yaml", "facts: []\n", "unknown-file", (1, 1)),
    ],
)  # fmt: skip
def test_matters_of_judgement_are_warnings(
    tmp_path: Path, name: str, text: str, code: str, place: tuple[int, int]
) -> None:
    """A matter of judgement, such as a loaded word, is a warning at its place and doesn't fail the check."""
    folder = make_pack(tmp_path, {name: text})
    warnings = [problem for problem in check(folder).problems if problem.code == code]
    assert [(problem.line, problem.column) for problem in warnings] == [place]
    assert warnings[0].file == folder / (name if code != "unknown-file" else name.split("/", maxsplit=1)[0])
    assert warnings[0].severity is Severity.WARNING
    assert main_report([folder], None, TODAY)[1] == 0


def test_a_long_quote_from_a_source_is_an_error(tmp_path: Path) -> None:
    """A quote from a source may have 25 words; one of 26 is an error."""
    text = SOURCES + f"    quote: {' '.join(['word'] * 26)}\n"
    (problem,) = check(make_pack(tmp_path, {"sources.yaml": text})).problems
    assert found_at(problem, tmp_path) == ("sources.yaml", 9, 12, "long-quote")


def test_a_review_is_due_after_the_days_that_the_pack_says(tmp_path: Path) -> None:
    """A review is overdue from the day after it is due, which `review_every` counts in days from the last review."""
    folder = make_pack(tmp_path, {"pack.yaml": PACK + "review_every: 9\n"})
    assert check_pack(folder, None, date(2025, 3, 1)).problems == ()
    assert [problem.code for problem in check_pack(folder, None, date(2025, 3, 2)).problems] == ["overdue-review"]


def test_limits_are_plain_numbers(tmp_path: Path) -> None:
    """The checker can check texts against the shorter limits of another platform."""
    report = check_pack(make_pack(tmp_path), None, TODAY, TextLimits(title=20, body=1000))
    assert {problem.code for problem in report.problems} == {"long-text"}


def test_balance_counts_arguments_and_words_on_both_sides(tmp_path: Path) -> None:
    """The balance counts the arguments directly for and against a position, and the words of their points and texts."""
    reply = "  - {id: reply, against: shops-lose, point: They walk., text: Most of them do.}\n"
    (row,) = check(make_pack(tmp_path, {"arguments.yaml": ARGUMENTS + reply})).balance
    assert (row.position, row.for_.arguments, row.for_.words) == ("fewer-places", 1, 15)
    assert (row.against.arguments, row.against.words) == (1, 9)


def test_two_packs_with_one_id_are_an_error_of_the_second(tmp_path: Path) -> None:
    """If two packs share an id, the checker reports an error in the second one."""
    first, second = check_packs([make_pack(tmp_path / "a"), make_pack(tmp_path / "b")], None, TODAY)
    assert first.problems == ()
    assert [found_at(problem, tmp_path) for problem in second.problems] == [("b/pack.yaml", 1, 5, "duplicate-pack")]


def test_a_pack_with_errors_is_still_checked_as_far_as_it_can_be_read(tmp_path: Path, essay: Path) -> None:
    """A mistake in one file doesn't hide the problems of another."""
    files = {"sources.yaml": SOURCES.replace("government", "goverment"), "facts.yaml": FACTS.replace("third", "thirt")}
    report = check(make_pack(tmp_path / "pack", files), essay)
    assert [problem.code for problem in report.problems] == ["not-in-essay", "invalid-value"]


def test_the_text_names_each_problem_and_sums_up(tmp_path: Path, essay: Path) -> None:
    """The text has a line for each problem, then counts and the balance; an error makes the status 1."""
    undated = SOURCES.replace("    date: 2024\n", "")
    files = {"facts.yaml": FACTS.replace("supported", "suported"), "sources.yaml": undated}
    folder = make_pack(tmp_path / "pack", files)
    printed, status = main_report([folder], essay, TODAY)
    assert status == 1
    first = printed.splitlines()[0]
    assert first.startswith(f"{folder}/facts.yaml:9:14: error: `verdict` can't be 'suported': did you mean supported?")
    assert "parking: 1 error, 1 warning" in printed
    assert "fewer-places      1 (15 words)       1 (9 words)" in printed


def test_the_text_says_how_many_quotes_were_proved(tmp_path: Path, essay: Path) -> None:
    """The report says how many quotes were proved against the essay; without an essay it says how to give one."""
    folder = make_pack(tmp_path / "pack")
    assert "1 quote, 5 words, the longest of 5; 1 proved against the essay" in main_report([folder], essay, TODAY)[0]
    assert "not proved: give the essay with --essay FILE" in main_report([folder], None, TODAY)[0]


def test_json_has_everything_that_the_text_has(tmp_path: Path) -> None:
    """The report as JSON holds the same counts, problems and balance as the text."""
    undated = SOURCES.replace("    date: 2024\n", "")
    folder = make_pack(tmp_path, {"facts.yaml": FACTS.replace("supported", "suported"), "sources.yaml": undated})
    whole = json.loads(main_report([folder], None, TODAY, "json")[0])
    assert (whole["errors"], whole["warnings"]) == (1, 1)
    (pack,) = whole["packs"]
    assert pack["id"] == "parking"
    assert {problem["code"] for problem in pack["problems"]} == {"invalid-value", "source-without-date"}
    assert pack["balance"][0]["for"] == {"arguments": 1, "words": 15}
    assert pack["quotes"]["proved"] is None


def test_githubs_annotations_are_escaped() -> None:
    """In GitHub's format a file's name or a message can't begin another workflow command."""
    problem = Problem(Path("a,b:c.yaml"), 2, 3, Severity.ERROR, "code", "100 %\n::error::x")
    (line,) = render([Report(Path("a"), "a", (problem,))], "github").splitlines()[:1]
    assert line == "::error file=a%2Cb%3Ac.yaml,line=2,col=3,title=code::100 %25%0A::error::x"


def test_the_shipped_packs_have_no_error() -> None:
    """The shipped packs have no error, and each of their positions has arguments for and against."""
    for report in check_packs([file.parent for file in sorted(SHIPPED.glob("*/pack.yaml"))], None, TODAY):
        assert [str(problem) for problem in report.problems if problem.severity is Severity.ERROR] == []
        assert all(row.for_.arguments and row.against.arguments for row in report.balance)


def test_a_mistake_in_a_shipped_pack_is_found_where_it_was_made(tmp_path: Path) -> None:
    """A misspelt key in a pack of real size is the only error, reported at its line and column."""
    shipped = sorted(SHIPPED.glob("*/pack.yaml"))
    if not shipped:
        pytest.skip("no pack is shipped yet")
    folder = tmp_path / "pack"
    shutil.copytree(shipped[0].parent, folder)
    file = folder / "facts.yaml"
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    at = next(number for number, line in enumerate(lines) if line.strip().startswith("verdict:"))
    lines[at] = lines[at].replace("verdict:", "verdikt:")
    file.write_text("".join(lines), encoding="utf-8")
    errors = [p for p in check(folder).problems if p.severity is Severity.ERROR]
    assert [(p.line, p.column, p.code) for p in errors] == [(at + 1, lines[at].index("verdikt") + 1, "unknown-key")]


def test_a_folder_without_a_pack_is_an_error(tmp_path: Path) -> None:
    """A folder without a `pack.yaml`, or an empty one, fails the check with an error that names the missing file."""
    for folder in (make_pack(tmp_path / "headless", {"pack.yaml": None}), tmp_path / "empty"):
        folder.mkdir(exist_ok=True)
        printed, status = main_report([folder], None, TODAY)
        assert status == 1
        assert f"{folder / 'pack.yaml'}:1:1: error: this file is missing" in printed


def test_a_file_that_cannot_be_read_brings_no_warnings_about_others(tmp_path: Path) -> None:
    """A file that can't be read brings no warnings about unused sources or one-sided positions.

    An entry with a mistake still counts as using its sources.
    """
    for name, good in (("facts.yaml", FACTS), ("arguments.yaml", ARGUMENTS)):
        report = check(make_pack(tmp_path / name, {name: good + "  - [\n"}))
        assert [problem.code for problem in report.problems] == ["yaml"]
    report = check(
        make_pack(tmp_path / "invalid", {"facts.yaml": FACTS.replace("verdict: supported", "verdict: maybe")})
    )
    assert [problem.code for problem in report.problems] == ["invalid-value"], (
        "an entry with a mistake uses its sources"
    )


def test_a_file_stands_for_its_pack(tmp_path: Path) -> None:
    """A pre-commit hook may pass single files; the checker then checks each of their packs once and as a whole."""
    folder = make_pack(tmp_path / "pack", {"facts.yaml": None, "facts/one.yaml": FACTS})
    files = [folder / "pack.yaml", folder / "facts" / "one.yaml", folder / "sources.yaml"]
    printed, status = main_report(files, None, TODAY)
    assert status == 0
    assert printed.count("parking: 0 errors") == 1
