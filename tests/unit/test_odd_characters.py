"""Look-alike and invisible characters, comments inside texts, and hyphens: an editor reads what to mend and where."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from bot.packs.check import check_pack
from bot.packs.problems import Severity
from tests.unit.packs import make_pack, problems_of

TERM = "terms:\n  - id: t1\n    term: Rule\n    definition: Some text.\n"


@pytest.mark.parametrize(
    ("old", "new", "at", "name"),
    [
        ("term: Rule", "term\u00a0: Rule", (3, 5), "U+00A0"),
        ("term: Rule", "term\uff1a Rule", (3, 9), "U+FF1A"),
        ("term: Rule", "term\uff1aRule", (3, 9), "U+FF1A"),
        ("term: Rule", "term:\u00a0Rule", (3, 10), "U+00A0"),
        ("    term: Rule", "\u00a0   term: Rule", (3, 1), "U+00A0"),
        ("    term: Rule", "\ufeff    term: Rule", (3, 1), "U+FEFF"),
        ("  - id: t1", "  -\u00a0id: t1", (2, 4), "U+00A0"),
        ("  - id: t1", "  \uff0d id: t1", (2, 3), "U+FF0D"),
        ("term: Rule", "term: \u201cRule: one\u201d", (3, 11), "U+201C"),
        ("term: Rule", "te\u200brm: Rule", (3, 5), "U+200B"),
    ],
)
def test_a_look_alike_is_named_at_its_place(tmp_path: Path, old: str, new: str, at: tuple[int, int], name: str) -> None:
    """A look-alike of YAML's own signs in a key, an indentation, or around a colon or a hyphen is named at its line
    and column."""
    problems = problems_of(make_pack(tmp_path, {"glossary.yaml": TERM.replace(old, new)}))
    assert [(one.line, one.column) for one in problems if one.code == "odd-character" and name in one.message] == [at]


@pytest.mark.parametrize(("old", "new"), [("term: Rule", "term\u00a0: Rule"), ("definition", "defin\u200bition")])
def test_a_key_with_a_look_alike_is_not_missed_as_well(tmp_path: Path, old: str, new: str) -> None:
    """A key with a look-alike character gets one message, and no second one that the key is missing."""
    problems = problems_of(make_pack(tmp_path, {"glossary.yaml": TERM.replace(old, new)}))
    assert [problem.code for problem in problems] == ["odd-character"]


def test_a_key_that_is_there_twice_but_for_a_look_alike_is_told_twice(tmp_path: Path) -> None:
    """A key that repeats another but for a look-alike gets two messages: the odd character and the duplicate key."""
    text = TERM + "    term\u00a0: Law\n"
    problems = problems_of(make_pack(tmp_path, {"glossary.yaml": text}))
    assert {problem.code for problem in problems} == {"odd-character", "duplicate-key"}


@pytest.mark.parametrize("sign", ["\x85", "\u2028", "\u2029"])
@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("terms:\n  - id: t1\n    term: Rule\n    definition: Some{} text.\n", (4, 21)),
        ("terms:\n  - id: t1\n    term: Rule\n    definition: 'Some{} text.'\n", (4, 22)),
        ("terms:\n  - id: t1\n    term: Rule\n    definition: >-\n      First.\n      Some{} text.\n", (6, 11)),
        ("terms:\n  - id: t1\n    term: Rule\n    definition: Some text.\n    aliases: [a{}b]\n", (5, 16)),
        ("terms:\n  # a note{} to myself\n  - id: t1\n    term: Rule\n    definition: Some text.\n", (2, 11)),
        ("terms:\n  - id: t1\n    te{}rm: Rule\n    definition: Some text.\n", (3, 7)),
        ("terms:\n  - id: t1\n    term: Rule{}    definition: Some text.\n", (3, 15)),
    ],
)
def test_a_line_end_that_nobody_sees_is_named_at_its_place(
    tmp_path: Path, sign: str, text: str, at: tuple[int, int]
) -> None:
    """An invisible line end in a text, a list, a comment or a key is the file's only problem and named by its code."""
    problems = problems_of(make_pack(tmp_path, {"glossary.yaml": text.format(sign)}))
    assert [(one.line, one.column, one.code) for one in problems] == [(*at, "odd-character")]
    assert f"U+{ord(sign):04X}" in problems[0].message


@pytest.mark.parametrize("escape", ["\\u2028", "\\L", "\\P", "\\N", "\\u200b"])
@pytest.mark.parametrize("key", ["definition", "aliases"])
def test_what_nobody_sees_is_told_where_an_escape_makes_it(tmp_path: Path, escape: str, key: str) -> None:
    """The checker reports an escape in quotes that puts an invisible character into the text that members read."""
    value = f'"Some{escape}text."' if key == "definition" else f'Some text.\n    aliases: ["a{escape}b"]'
    text = TERM.replace("Some text.", value)
    report = check_pack(make_pack(tmp_path, {"glossary.yaml": text}), None, date(2025, 3, 1))
    assert [problem.code for problem in report.problems] == ["hidden-character"]


@pytest.mark.parametrize("text", ["Some\u3000text.", "Some\u2009text.", "Some\u00a0text."])
def test_wide_and_narrow_spaces_in_a_text_are_no_line_ends(tmp_path: Path, text: str) -> None:
    """A wide, a narrow or a no-break space inside a text is no problem."""
    assert problems_of(make_pack(tmp_path, {"glossary.yaml": TERM.replace("Some text.", text)})) == ()


@pytest.mark.parametrize(
    "text", ["Caf\u00e9\u00a0\u2013 \u201cyes\u201d", "\u3000\u898f\u5247\uff1a\u4e00", "rule\uff1aone"]
)
def test_the_same_characters_in_a_text_are_text(tmp_path: Path, text: str) -> None:
    """Look-alike characters inside a text are no problem."""
    assert problems_of(make_pack(tmp_path, {"glossary.yaml": TERM.replace("Some text.", f">-\n      {text}")})) == ()


@pytest.mark.parametrize(
    ("old", "new", "count"),
    [
        ("Some text.", "Issue #4 of 2026.", 1),
        ("Some text.", "'Issue #4 of 2026.'", 0),
        ("Some text.", "Issue#4 of 2026.", 0),
        ("Some text.", ">-\n      Issue #4 of 2026.", 0),
        ("term: Rule", "aliases: [law]\n    term: Rule  # the usual word", 1),
        ("    definition", "    # the usual words\n    definition", 0),
    ],
)
def test_a_comment_inside_a_text_is_a_warning(tmp_path: Path, old: str, new: str, count: int) -> None:
    """Words after a blank and a # are left out of an unquoted text, and the checker warns of it.

    Quotes or a block keep them.
    """
    report = check_pack(make_pack(tmp_path, {"glossary.yaml": TERM.replace(old, new)}), None, date(2025, 3, 1))
    warnings = [problem for problem in report.problems if problem.code == "text-left-out"]
    assert len(warnings) == count
    assert all(problem.severity is Severity.WARNING for problem in warnings)
    assert report.errors == 0


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("Some text of two\n      # this is cut\n      lines.", (5, 7)),
        ("Some text #1 of two\n      lines.", (4, 27)),
        ("Some text of three\n      lines # here\n\n      and no more.", (5, 13)),
    ],
)
def test_a_comment_that_ends_a_text_too_early_is_named_at_its_place(
    tmp_path: Path, text: str, at: tuple[int, int]
) -> None:
    """If a comment cuts a text that goes on in the next line, the error stands at the comment."""
    problems = problems_of(make_pack(tmp_path, {"glossary.yaml": TERM.replace("Some text.", text)}))
    errors = [problem for problem in problems if problem.severity is Severity.ERROR]
    assert [(one.line, one.column) for one in errors] == [at]
    assert "a comment begins here" in errors[0].message


def test_a_line_beside_the_keys_below_a_comment_lacks_its_colon(tmp_path: Path) -> None:
    """A line without a colon at the depth of the keys is an error of its own, even below a comment."""
    text = TERM.replace("term: Rule", "term: Rule  # the usual word\n    Law")
    errors = [
        one for one in problems_of(make_pack(tmp_path, {"glossary.yaml": text})) if one.severity is Severity.ERROR
    ]
    assert [(one.line, one.column) for one in errors] == [(4, 5)]
    assert "a colon is missing" in errors[0].message


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("\u201cSome text.\u201d", 1),
        ("\u201eSome text.\u201c", 1),
        ("\u2018Some text.\u2019", 1),
        ("\uff02Some text.\uff02", 1),
        ("'\u201cSome text.\u201d'", 0),
        (">-\n      \u201cSome text.\u201d", 0),
        ("Some \u201ctext\u201d.", 0),
        ("\u201cSome\u201d text.", 0),
        ("Some \u201ctext.\u201d", 0),
    ],
)
def test_curly_quotation_marks_around_a_value_are_letters(tmp_path: Path, text: str, count: int) -> None:
    """The checker warns of curly quotation marks around a whole value, since YAML reads them as letters.

    Inside straight quotes, in a block or around a part of a text they are no problem.
    """
    pack = make_pack(tmp_path, {"glossary.yaml": TERM.replace("Some text.", text)})
    problems = check_pack(pack, None, date(2025, 3, 1)).problems
    assert [(one.code, one.severity, one.line) for one in problems] == [("odd-character", Severity.WARNING, 4)] * count


def test_curly_quotation_marks_around_an_item_of_a_list_are_letters(tmp_path: Path) -> None:
    """The checker warns of curly quotation marks around an item of a list, such as an alias."""
    text = TERM + "    aliases:\n      - \u201claw\u201d\n      - '\u201crule\u201d'\n"
    problems = check_pack(make_pack(tmp_path, {"glossary.yaml": text}), None, date(2025, 3, 1)).problems
    assert [(one.code, one.line, one.column) for one in problems] == [("odd-character", 6, 9)]


def test_a_comment_after_a_choice_or_a_date_is_a_comment(tmp_path: Path) -> None:
    """A comment after a date or a choice is no problem, since no text is lost."""
    sources = (
        "sources:\n  - id: survey\n    title: Survey\n    date: 2024  # of the print\n    kind: government  # the city\n"
        "    copy: original\n    summary: Measures.\n"
    )
    report = check_pack(make_pack(tmp_path, {"sources.yaml": sources}), None, date(2025, 3, 1))
    assert report.problems == ()


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ("    link: {checked: 2025-01-01, status: works, detail: moved, they say}", "they say"),
        ("    colour:", "colour"),
    ],
)
def test_an_unknown_key_without_a_value_is_an_error(tmp_path: Path, line: str, key: str) -> None:
    """An unknown key without a value is an error that advises quotes, because a comma in braces makes a key of the
    text after it."""
    sources = "sources:\n  - id: survey\n    title: Survey\n    date: 2024\n    kind: government\n    copy: original\n"
    folder = make_pack(tmp_path, {"sources.yaml": f"{sources}    summary: Measures.\n{line}\n"})
    (problem,) = problems_of(folder)
    assert problem.code == "unknown-key"
    assert f"`{key}` isn't known here" in problem.message
    assert "put the whole text in quotes" in problem.message


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("    definition: Kinds of tea are\n      - green\n", "a list can't follow a text"),
        ("    aliases:\n      - one law\n          - another\n    definition: x\n", "give it 6 spaces"),
    ],
)
def test_the_advice_about_a_hyphen_can_be_followed(tmp_path: Path, text: str, words: str) -> None:
    """The message about a hyphen that stands too deep fits the case: no list can follow a text, and an item's hyphen
    needs 6 spaces."""
    file = TERM.replace("    definition: Some text.\n", text)
    (problem,) = problems_of(make_pack(tmp_path, {"glossary.yaml": file}))
    assert problem.code == "indentation"
    assert words in problem.message
