"""The files that the loader accepts, and the problems that it reports with file, line, column and remedy."""

from __future__ import annotations

import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.packs.loader import MAX_PROBLEMS_A_FILE, load_library, load_pack
from bot.packs.model import Argument, Fact, Source
from bot.packs.problems import ContentError
from bot.packs.yaml_document import MAX_BYTES, read_yaml
from tests.unit.packs import (
    ARGUMENTS,
    FACTS,
    PACK,
    SHIPPED,
    found_at,
    make_pack,
    only_problem,
    problems_of,
)

BOMB = "\n".join(["a0: &a0 [x, x, x, x]", *(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12))])
MERGE_BOMB = "\n".join(
    ["m0: &m0 {k: x}", *(f"m{n}: &m{n}\n  <<: [{', '.join([f'*m{n - 1}'] * 9)}]" for n in range(1, 12))]
)


def test_a_good_pack_is_read_as_it_was_written(tmp_path: Path) -> None:
    """Entries keep their order, dates keep their precision, and an entry's arguments are found."""
    pack = load_pack(make_pack(tmp_path))
    assert list(pack.entries) == ["street-space", "fewer-places", "room-for-buses", "shops-lose", "survey"]
    fact = next(pack.all(Fact))
    assert (fact.checked, fact.essay.paragraph, fact.aliases) == ("2024-11", 1, ("parking space",))
    assert next(pack.all(Source)).date == "2024"
    assert pack.info.reviewed == date(2025, 2, 20)
    assert [argument.id for argument in pack.arguments("fewer-places", "against")] == ["shops-lose"]


def test_the_first_of_several_arguments_stays_the_first(tmp_path: Path) -> None:
    """Arguments keep the order of their file; the files of a folder are read in the order of their names."""
    more = "arguments:\n  - {id: %s, for: fewer-places, point: P, text: T}\n"
    files = {
        "arguments.yaml": None,
        "arguments/1.yaml": ARGUMENTS,
        "arguments/2.yaml": more % "late",
        "arguments/0.yaml": more % "early",
    }
    pack = load_pack(make_pack(tmp_path, files))
    assert [argument.id for argument in pack.arguments("fewer-places", "for")] == ["early", "room-for-buses", "late"]


def test_drafts_are_never_loaded(tmp_path: Path) -> None:
    """The loader never reads a `drafts` folder, so unfinished work there may be broken."""
    make_pack(tmp_path, {"drafts/facts.yaml": "facts: [[[", "facts/drafts/x.yaml": "{", "facts.yaml": None})
    (tmp_path / "facts" / "facts.yaml").write_text(FACTS)
    assert "street-space" in load_pack(tmp_path).entries


def test_a_byte_order_mark_and_windows_line_ends_are_fine(tmp_path: Path) -> None:
    """Problems name the right line and column in a file with a byte order mark and Windows line ends."""
    text = FACTS.replace("supported", "suported").replace("\n", "\r\n")
    problem = only_problem(make_pack(tmp_path, {"facts.yaml": b"\xef\xbb\xbf" + text.encode()}))
    assert found_at(problem, tmp_path) == ("facts.yaml", 9, 14, "invalid-value")


@pytest.mark.parametrize(
    ("name", "content", "place", "words"),
    [
        ("pack.yaml", None, (1, 1, "missing-file"), "create it"),
        ("facts.yaml", b"", (1, 1, "empty-file"), "empty"),
        ("facts.yaml", b"# only a comment\n", (1, 1, "empty-file"), "empty"),
        ("facts.yaml", b"facts:\n  - \x00\x01\x02", (2, 5, "not-text"), "not a text file"),
        ("facts.yaml", b"facts:\n  - caf\xe9", (2, 8, "not-utf8"), "UTF-8"),
        ("facts.yaml", b"facts:\n  - a\x07b", (2, 6, "control-character"), "delete it"),
        ("facts.yaml", b"#" * (MAX_BYTES + 1), (1, 1, "file-too-large"), "4 MiB"),
        ("facts.yaml", b"[]", (1, 1, "not-a-table"), "`facts:`"),
        ("facts.yaml", b"facts: none\n", (1, 8, "not-a-list"), "hyphen"),
        ("facts.yaml", b"facts:\n  - just text\n", (2, 5, "not-a-table"), "`- id: some-name`"),
        ("facts.yaml", b"fcats: []\n", (1, 1, "unknown-key"), "did you mean `facts`?"),
        ("facts.yaml", b"facts: []\n---\nfacts: []\n", (2, 1, "second-document"), "delete this line"),
        ("facts.yaml", b"facts: 'open\n", (1, 8, "yaml"), "close it"),
        ("facts.yaml", b"facts: a: b\n", (1, 9, "yaml"), "in quotes"),
        ("facts.yaml", b"facts:\n\t- a\n", (2, 1, "tab"), "a tab"),
        ("facts.yaml", b"facts: @me\n", (1, 8, "yaml"), "in quotes"),
        ("facts.yaml", b"facts: [a\n", (1, 8, "yaml"), "close it"),
        ("facts.yaml", b"facts: []\nfacts: []\n", (2, 1, "duplicate-key"), "line 1"),
        ("facts.yaml", b"facts: &x []\n", (1, 8, "anchor"), "isn't allowed"),
        ("facts.yaml", b"facts: !!seq []\n", (1, 8, "tag"), "isn't allowed"),
        ("facts.yaml", b"? [a]\n: b\n", (1, 3, "complex-key"), "must be a word"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_read_says_where_and_what_to_do(
    tmp_path: Path, name: str, content: bytes | None, place: tuple[int, int, str], words: str
) -> None:
    """The message about a file that can't be read names the line and the column, and says what to do."""
    files: dict[str, str | bytes | None] = {"arguments.yaml": None, name: content}
    problem = problems_of(make_pack(tmp_path, files))[0]
    assert found_at(problem, tmp_path) == (name, *place)
    assert words in problem.message


@pytest.mark.parametrize(
    ("opening", "code"), [("[", "too-deep"), ("{a: ", "too-deep"), ("- ", "too-deep"), ("? ", "complex-key")]
)
def test_a_hundred_thousand_brackets_are_refused_without_a_crash(tmp_path: Path, opening: str, code: str) -> None:
    """Deep nesting, which crashes the C loader, is an error at its place.

    The check runs in a process of its own, so that a crash would show.
    """
    make_pack(tmp_path, {"facts.yaml": opening * 100_000})
    program = (
        "import sys; from pathlib import Path; from bot.packs.check import main_report; from datetime import date\n"
        "text, status = main_report([Path(sys.argv[1])], None, date(2025, 3, 1)); print(text); sys.exit(status)"
    )
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    assert done.stderr == ""
    assert "facts.yaml:1:" in done.stdout
    assert f"[{code}]" in done.stdout


@pytest.mark.parametrize(("bomb", "second"), [(BOMB, (2, 5)), (MERGE_BOMB, (2, 5))])
def test_a_bomb_of_aliases_or_merge_keys_is_refused_unexploded(
    tmp_path: Path, bomb: str, second: tuple[int, int]
) -> None:
    """The loader reports anchors and aliases as problems and never expands them, not even to 31 billion entries."""
    problems = problems_of(make_pack(tmp_path, {"facts.yaml": bomb}))
    anchors = [found_at(problem, tmp_path) for problem in problems if problem.code == "anchor"]
    assert anchors[:2] == [("facts.yaml", 1, 5, "anchor"), ("facts.yaml", *second, "anchor")]
    assert "alias" in {problem.code for problem in problems}
    assert len(problems) < 100


def test_a_merge_key_is_refused_at_its_place(tmp_path: Path) -> None:
    """A merge key (`<<`) is an error: each entry states all its own values."""
    text = FACTS.replace("    kind: fact\n", "    kind: fact\n    <<: {verdict: nuanced}\n")
    problem = only_problem(make_pack(tmp_path, {"facts.yaml": text}))
    assert found_at(problem, tmp_path) == ("facts.yaml", 9, 5, "merge-key")


@pytest.mark.parametrize(
    ("old", "new", "place", "words"),
    [
        ("attributed_to: the author", "attributed_to: no", (7, 20, "quotes-needed"), "put it in quotes, 'no'"),
        ("attributed_to: the author", "attributed_to: 12:30", (7, 20, "quotes-needed"), "'12:30'"),
        ("attributed_to: the author", "attributed_to: 2025", (7, 20, "quotes-needed"), "a number"),
        ("attributed_to: the author", "attributed_to: 2025-02-30", (7, 20, "quotes-needed"), "a date"),
        ("attributed_to: the author", "attributed_to: 1_0.5e+3", (7, 20, "quotes-needed"), "a number"),
        ("attributed_to: the author", "attributed_to: ~", (7, 5, "empty-value"), "`attributed_to` is empty"),
        ("[parking space]", "[on, parking space]", (13, 15, "quotes-needed"), "'on'"),
        ("[parking space]", "[a, ~]", (13, 18, "not-text"), "is empty"),
        ("checked: 2024-11", "checked: 2025-02-30", (11, 14, "invalid-value"), "2025-02-30 is not in the calendar"),
        ("checked: 2024-11", "checked: 2025-13", (11, 14, "invalid-value"), "not in the calendar"),
        ("checked: 2024-11", "checked: yesterday", (11, 14, "invalid-value"), "a year (2025), a month (2025-02)"),
        ("checked: 2024-11", 'checked: "2024-11\\n"', (11, 14, "invalid-value"), "a year (2025), a month (2025-02)"),
        ("paragraph: 1", "paragraph: one", (5, 18, "invalid-value"), "a whole number, not 'one'"),
        ("paragraph: 1", "paragraph: 0", (5, 18, "invalid-value"), "1 or more"),
        ("kind: fact", "kind: opinion", (8, 11, "invalid-value"), "did you mean attributed-opinion?"),
        ("    verdict: supported\n", "", (2, 5, "missing-key"), "add `verdict: …`"),
        ("verdict: supported", "verdcit: supported", (9, 5, "unknown-key"), "did you mean `verdict`?"),
        ("      paragraph: 1\n", "      page: 1\n      paragraph: 1\n", (5, 7, "unknown-key"), "use paragraph, quote"),
        ("    kind: fact\n", "    kind: fact\n    kind: fact\n", (9, 5, "duplicate-key"), "line 8"),
        ("    aliases: [parking space]", "    aliases: parking space", (13, 14, "not-a-list"), "must be a list"),
        ("    reason: The city measured it.", "    reason: [a]", (10, 13, "not-text"), "must be text"),
        ("the streets.", "the streets" + "x" * 300, (3, 16, "too-long"), "has 339 characters and may have 300"),
        ("id: street-space", "id: Street Space", (2, 9, "invalid-value"), "lowercase letters, digits"),
        ("id: street-space", f"id: {'a' * 41}", (2, 9, "too-long"), "may have 40, since buttons carry it"),
        ("sources: [survey]", "sources: [survey, survye]", (12, 23, "dangling-id"), "did you mean `survey`?"),
        ("sources: [survey]", "sources: [fewer-places]", (12, 15, "dangling-id"), "not a source but a position"),
    ],
)  # fmt: skip
def test_a_mistake_in_an_entry_is_shown_at_the_letter_where_it_stands(
    tmp_path: Path, old: str, new: str, place: tuple[int, int, str], words: str
) -> None:
    """A mistake in an entry gets one message, which names its line and column and says what to do."""
    assert old in FACTS
    problem = only_problem(make_pack(tmp_path, {"facts.yaml": FACTS.replace(old, new)}))
    assert found_at(problem, tmp_path) == ("facts.yaml", *place)
    assert words in problem.message


@pytest.mark.parametrize(
    ("old", "new", "place", "words"),
    [
        ("    reason: The city measured it.\n    checked:", "    reason: >-\n      The city measured it.\n      checked:", (12, 7, "indentation"), "`checked` has become part of the text above"),
        ("    attributed_to: the author\n", "    attributed_to: >-\n      the author\n      tags: [a]\n", (9, 7, "indentation"), "don't begin a line with it"),
        ("    attributed_to:", "      attributed_to:", (7, 7, "indentation"), "among the keys of `essay`"),
        ("    kind: fact\n", "kind: fact\n", (8, 1, "indentation"), "at the left edge"),
        ("    kind: fact\n", "     kind: fact\n", (8, 6, "indentation"), "5 spaces, `attributed_to` in line 7 with 4"),
        ("    statement:", "   statement:", (3, 4, "indentation"), "3 spaces, `id` in line 2 with 4"),
        ("    kind: fact\n", "   kind: fact\n", (8, 4, "indentation"), "3 spaces, `attributed_to` in line 7 with 4"),
        ("    kind: fact\n", "    kind fact\n", (8, 5, "yaml"), "a colon is missing in this line"),
        ("    kind: fact\n", "    kind:fact\n", (8, 5, "yaml"), "a colon needs a space after it"),
        ("sources: [survey]", "sources:\n      - survey\n       - survey", (14, 8, "indentation"), "give it 6 spaces"),
        ("Parked cars take a third of the streets.", '"Parked cars take a third of the streets.', (3, 16, "yaml"), "never closed"),
        ("    kind: fact\n", "<<<<<<< HEAD\n    kind: fact\n", (8, 1, "conflict-marker"), "keep one"),
    ],
)  # fmt: skip
def test_a_line_that_went_astray_is_shown_where_it_stands(
    tmp_path: Path, old: str, new: str, place: tuple[int, int, str], words: str
) -> None:
    """A line that is badly indented, unclosed or incomplete is the first problem reported, at its own place."""
    assert old in FACTS
    problem = problems_of(make_pack(tmp_path, {"facts.yaml": FACTS.replace(old, new), "arguments.yaml": None}))[0]
    assert found_at(problem, tmp_path) == ("facts.yaml", *place)
    assert words in problem.message


def test_words_with_a_colon_inside_a_text_are_text(tmp_path: Path) -> None:
    """A line of a text may look like a key, if the entry has that key anyway or no key has that name."""
    text = FACTS.replace(
        "reason: The city measured it.",
        "reason: >-\n      The city measured it.\n      kind: by hand.\n      result: a third.",
    )
    assert problems_of(make_pack(tmp_path, {"facts.yaml": text})) == ()


@pytest.mark.parametrize(
    ("old", "new", "place", "words"),
    [
        ("id: parking", f"id: {'a' * 25}", (1, 5, "too-long"), "may have 24, since buttons carry it"),
        ("reviewed: 2025-02-20", "reviewed: 2025-02-30", (5, 11, "invalid-value"), "not in the calendar"),
        ("reviewed: 2025-02-20", "reviewed: 2025", (5, 11, "invalid-value"), "a day, written like 2025-02-20"),
        ("reviewed: 2025-02-20", "reviewed: 0", (5, 11, "invalid-value"), "a day, written like 2025-02-20"),
        ("title: Parking in the city", "title: 2025", (2, 8, "quotes-needed"), "in quotes"),
        ("essay: {paragraphs: 2}", "essay: none", (4, 8, "not-a-table"), "its own keys"),
        ("essay: {paragraphs: 2}", "essay: {}", (4, 8, "missing-key"), "`paragraphs` is missing"),
    ],
)  # fmt: skip
def test_a_mistake_in_pack_yaml_is_shown_at_its_place(
    tmp_path: Path, old: str, new: str, place: tuple[int, int, str], words: str
) -> None:
    """A mistake in `pack.yaml` gets one message, which names its line and column and says what to do."""
    problem = only_problem(make_pack(tmp_path, {"pack.yaml": PACK.replace(old, new)}))
    assert found_at(problem, tmp_path) == ("pack.yaml", *place)
    assert words in problem.message


@pytest.mark.parametrize(
    ("old", "new", "place", "words"),
    [
        ("against: fewer-places", "against: fewer-palces", (11, 14, "dangling-id"), "did you mean `fewer-places`?"),
        ("against: fewer-places", "against: survey", (11, 14, "dangling-id"), "but a source"),
        ("against: fewer-places", "against: shops-lose", (11, 14, "circle"), "about itself"),
        ("    against: fewer-places\n", "", (10, 5, "invalid-value"), "exactly one of `for` and `against`"),
        ("id: shops-lose", "id: street-space", (10, 9, "duplicate-id"), "facts.yaml:2"),
    ],
)  # fmt: skip
def test_links_between_entries_lead_somewhere(
    tmp_path: Path, old: str, new: str, place: tuple[int, int, str], words: str
) -> None:
    """An argument is for or against exactly one other claim that exists, and no two entries of a pack share an id."""
    problem = only_problem(make_pack(tmp_path, {"arguments.yaml": ARGUMENTS.replace(old, new)}))
    assert found_at(problem, tmp_path) == ("arguments.yaml", *place)
    assert words in problem.message


def test_arguments_that_are_only_about_each_other_are_refused(tmp_path: Path) -> None:
    """A chain of counterarguments must end at a claim; a circle is reported once, at its first argument."""
    text = ARGUMENTS.replace("for: fewer-places", "for: shops-lose").replace(
        "against: fewer-places", "against: room-for-buses"
    )
    problem = only_problem(make_pack(tmp_path, {"arguments.yaml": text}))
    assert found_at(problem, tmp_path) == ("arguments.yaml", 7, 10, "circle")
    assert "`room-for-buses` → `shops-lose` → `room-for-buses`" in problem.message


def test_every_problem_of_a_pack_is_told_at_once(tmp_path: Path) -> None:
    """The loader reports the problems of all files of a pack at once, so an editor can fix them together."""
    files: dict[str, str | bytes | None] = {
        "pack.yaml": PACK.replace("2025-02-20", "soon"),
        "facts.yaml": FACTS.replace("supported", "suported") + "  - id: second\n    sources: [nothing]\n",
        "timeline.yaml": "events:\n  - id: [a\n",
        "arguments.yaml": ARGUMENTS.replace("for: fewer-places", "for: more-places"),
    }
    problems = [found_at(problem, tmp_path) for problem in problems_of(make_pack(tmp_path, files))]
    assert problems == [
        ("arguments.yaml", 7, 10, "dangling-id"),
        ("facts.yaml", 9, 14, "invalid-value"),
        ("facts.yaml", 14, 5, "missing-key"),
        ("facts.yaml", 15, 15, "dangling-id"),
        ("pack.yaml", 5, 11, "invalid-value"),
        ("timeline.yaml", 2, 9, "yaml"),
    ]


def test_a_part_is_a_file_or_a_folder_never_both(tmp_path: Path) -> None:
    """A part of a pack is either a file or a folder; a pack that has both gets an error."""
    problem = only_problem(make_pack(tmp_path, {"options.yaml": "options: []\n", "options/a.yaml": "options: []\n"}))
    assert found_at(problem, tmp_path) == ("options.yaml", 1, 1, "part-twice")


def test_two_packs_with_one_id_are_refused(tmp_path: Path) -> None:
    """No two packs of an instance may share an id.

    The message names the other pack by its folder's name alone, since editors read it in chat.
    """
    make_pack(tmp_path / "one")
    make_pack(tmp_path / "two")
    with pytest.raises(ContentError) as raised:
        load_library(tmp_path)
    (problem,) = raised.value.problems
    assert found_at(problem, tmp_path) == ("two/pack.yaml", 1, 5, "duplicate-pack")
    assert "the pack in one: " in problem.message


def test_a_library_is_made_of_the_folders_that_hold_packs(tmp_path: Path) -> None:
    """A library loads from a folder of packs, from one pack's own folder, or from a list of folders, in that order."""
    one = make_pack(tmp_path / "one")
    two = make_pack(tmp_path / "two", {"pack.yaml": PACK.replace("id: parking", "id: other")})
    (tmp_path / ".git").mkdir()
    assert list(load_library(tmp_path).packs) == ["parking", "other"]
    assert list(load_library(one).packs) == ["parking"]
    assert list(load_library([two, one]).packs) == ["other", "parking"]


@pytest.mark.parametrize("name", ["", "nowhere"])
def test_no_pack_at_all_is_said_plainly(tmp_path: Path, name: str) -> None:
    """An empty folder or one that doesn't exist is an error."""
    with pytest.raises(ContentError) as raised:
        load_library(tmp_path / name)
    assert [problem.code for problem in raised.value.problems] == ["no-pack"]


def test_the_shipped_packs_load() -> None:
    """The shipped packs load, and each of their arguments is about an entry of its pack."""
    library = load_library(SHIPPED)
    for pack in library.packs.values():
        assert all(argument.target in pack.entries for argument in pack.all(Argument))


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=400) | st.text(max_size=400).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_no_file_whatever_raises_anything_but_a_content_error(tmp_path: Path, content: bytes) -> None:
    """The loader meets any bytes with problems that have a place and a printable message, and never with a bug."""
    make_pack(tmp_path, {"facts.yaml": content, "arguments.yaml": None})
    for problem in problems_of(tmp_path):
        assert problem.line >= 1
        assert problem.column >= 1
        assert problem.message.isprintable()


PIECES = st.sampled_from(
    ["facts:", "\n", "  ", "- ", "id: ", "street-space", ": ", "[", "]", "{", "}", "'", '"', "|", ">-", "&a", "*a", "<<: ", "!!int", "~", "no", "12:30", "#", "---", "...", "?", ",", "essay:", "quote", "\t", "é", "%", "@"]
)  # fmt: skip


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(PIECES, max_size=40).map("".join), st.integers(0, len(FACTS)))
def test_no_yaml_whatever_raises_anything_but_a_content_error(tmp_path: Path, text: str, place: int) -> None:
    """The loader meets YAML's own signs anywhere in a good file with problems, and never with a bug."""
    make_pack(tmp_path, {"facts.yaml": FACTS[:place] + text + FACTS[place:]})
    problems_of(tmp_path)


def test_a_message_never_repeats_a_giant_value(tmp_path: Path) -> None:
    """A message stays under 400 characters, however long the value or the key that it is about."""
    text = FACTS.replace("verdict: supported", f"verdict: {'x' * 1_000_000}").replace("kind: fact", f"{'k' * 1_000}: 1")
    for problem in problems_of(make_pack(tmp_path, {"facts.yaml": text})):
        assert len(problem.message) < 400


def test_a_file_full_of_problems_is_reported_in_part(tmp_path: Path) -> None:
    """The loader reports 200 problems of a file; one more counts the rest, at the first place among them."""
    problems = problems_of(make_pack(tmp_path, {"facts.yaml": "facts:\n" + "- a\n" * 10_000, "arguments.yaml": None}))
    assert len(problems) == MAX_PROBLEMS_A_FILE + 1
    assert found_at(problems[-1], tmp_path) == ("facts.yaml", MAX_PROBLEMS_A_FILE + 2, 3, "more-problems")
    assert "9,800 more" in problems[-1].message


def test_a_file_with_too_many_values_is_refused_as_a_whole(tmp_path: Path) -> None:
    """A file with too many values is refused with one problem, even if it has few bytes."""
    problems = problems_of(make_pack(tmp_path, {"facts.yaml": "facts: [" + "[]," * 200_000, "arguments.yaml": None}))
    assert [found_at(problem, tmp_path) for problem in problems] == [("facts.yaml", 1, 1, "too-many-values")]


def test_text_stays_exactly_as_it_was_written(tmp_path: Path) -> None:
    """A value in quotes is text, even if it looks like a number, a boolean or a key."""
    (tmp_path / "x.yaml").write_text("a: 'no'\nb: \"2025\"\nc: plain: not\n".replace("plain: not", "'plain: not'"))
    document = read_yaml(tmp_path / "x.yaml")
    assert document.root == {"a": "no", "b": "2025", "c": "plain: not"}
    assert document.unquoted == []
