"""The changes that mutants make to the code, and the runs of tests against them."""

from __future__ import annotations

import ast
import importlib
import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import pytest

from tests.mutants.__main__ import _draw, _draw_files
from tests.mutants.operators import mutants_of, mutated
from tests.mutants.plugin import KILLED, SURVIVED
from tests.mutants.rules import ROOMS
from tests.mutants.swap import swap_in

pytest_plugins = ["pytester"]
ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("source", "changes"),
    [
        ("a < b", {("comparison", "a <= b")}),
        ("a >= b", {("comparison", "a > b")}),
        ("a == b", {("comparison", "a != b")}),
        ("a in b", {("comparison", "a not in b")}),
        ("a is not b", {("comparison", "a is b")}),
        ("a < b < c", {("comparison", "a <= b < c"), ("comparison", "a < b <= c")}),
        (
            "a and b",
            {("boolean", "a or b"), ("dropped condition", "True and b"), ("dropped condition", "a and True")},
        ),
        ("a or b", {("boolean", "a and b"), ("dropped condition", "False or b"), ("dropped condition", "a or False")}),
        ("not a", {("dropped not", "not not a")}),
        ("True", set()),
        ("a = True", {("boolean", "False")}),
        ("a = 3", {("constant by one", "4")}),
        ("f()", {("dropped call", "None")}),
        ("a = f()", set()),
        ("if a: b", {("dropped condition", "if False")}),
        ("if a: b\nelse: c", {("dropped condition", "if True")}),
        ("a if b else c", {("dropped condition", "a if True else c")}),
        ("[a for a in b if c]", {("dropped condition", " for a in b")}),
        ("def f(a: int = 3) -> Literal[4]: return a", {("constant by one", "4")}),
        ("logger.info('3')", set()),
        ("assert a == 3", set()),
        ("'''A docstring.'''", set()),
    ],
)
def test_each_place_is_changed_in_each_way(source: str, changes: set[tuple[str, str]]) -> None:
    """Each mutant makes one change. Annotations, docstrings, assertions and log calls have no mutants."""
    mutants = mutants_of("a.py", source)
    assert {(mutant.operator, mutant.after) for mutant in mutants} == {(kind, one.strip()) for kind, one in changes}
    assert len({ast.dump(mutated(source, mutant.number)) for mutant in mutants}) == len(mutants)


def test_an_awaited_call_is_dropped_too() -> None:
    """A mutant drops an awaited call as it drops any other call."""
    (mutant,) = mutants_of("a.py", "async def f():\n    await g()\n")
    assert (mutant.operator, mutant.before, mutant.line) == ("dropped call", "await g()", 2)


def test_every_file_of_rules_exists_and_has_tests() -> None:
    """Every pattern in the table of rules matches a file, and every test in the table exists."""
    for room in ROOMS:
        assert all(list(ROOT.glob(pattern)) for pattern in room.files)
        assert all(ROOT.joinpath(test).exists() for test in room.tests)


_SUBJECT = """
from __future__ import annotations
from dataclasses import dataclass
from functools import cache

LIMIT = 3


def within(number: int, least: int = 1) -> bool:
    return least <= number <= LIMIT


@cache
def double(number: int) -> int:
    return number * 2


@dataclass
class Box:
    size: int = 5

    @property
    def full(self) -> bool:
        return self.size > 4

    @staticmethod
    def empty() -> bool:
        return not True
"""


@pytest.fixture
def subject(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Write a module that is imported for the first time in this test."""
    monkeypatch.syspath_prepend(tmp_path)
    file = tmp_path / "tests_mutants_subject.py"
    file.write_text(_SUBJECT, "utf-8")
    yield file
    sys.modules.pop(file.stem, None)


@pytest.mark.parametrize(
    ("line", "expression", "before", "after"),
    [
        ("LIMIT = 3", "within(4)", False, True),
        ("def within(number: int, least: int = 1) -> bool:", "within(1)", True, False),
        ("    return least <= number <= LIMIT", "within(1)", True, False),
        ("    return number * 2", "double(1)", 2, 3),
        ("    size: int = 5", "Box().size", 5, 6),
        ("        return self.size > 4", "Box(4).full", False, True),
        ("        return not True", "Box.empty()", False, True),
    ],
)
def test_what_was_imported_before_runs_the_change(
    subject: Path, line: str, expression: str, before: object, after: object
) -> None:
    """After a swap a module imported earlier runs the change in its functions, defaults, methods, properties, fields
    and constants."""
    names = vars(importlib.import_module(subject.stem))
    assert eval(expression, names) == before  # noqa: S307 - the table above
    names["double"].cache_clear()
    row = _SUBJECT.splitlines().index(line) + 1
    first = next(mutant for mutant in mutants_of(subject.name, _SUBJECT) if mutant.line == row)
    assert swap_in(subject.name, mutated(_SUBJECT, first.number))
    assert eval(expression, names) == after  # noqa: S307 - the table above


def test_a_change_that_only_an_import_brings_to_bear_is_said_to_be_out_of_reach(subject: Path) -> None:
    """A swap reports that it can't apply a change to how a class is built, since only a new import would run it."""
    importlib.import_module(subject.stem)
    tree = ast.parse(_SUBJECT.replace("@dataclass\n", "@dataclass(frozen=True)\n"))
    assert not swap_in(subject.name, tree)


def test_a_mutant_is_killed_by_a_test_of_its_rule_alone(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mutant is killed if one of its rule's tests fails; mutants in untested boundaries and lines survive."""
    source = "def within(number):\n    return 1 <= number <= 3\n\n\ndef unused(number):\n    return not number\n"
    pytester.makepyfile(
        rule=source,
        test_rule="from rule import within\n\ndef test_it():\n    assert within(1)\n    assert not within(0)\n",
    )
    order = pytester.path / "mutants.json"
    order.write_text(json.dumps([asdict(mutant) for mutant in mutants_of("rule.py", source)]), "utf-8")
    monkeypatch.setenv("PARLEY_TEST_MUTANTS", str(order))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    arguments = ("-p", "tests.mutants.plugin", "-p", "no:randomly", "-p", "no:xdist", "test_rule.py")
    assert pytester.runpytest_subprocess(*arguments).ret in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED)
    outcomes = json.loads(order.with_suffix(".outcomes").read_text("utf-8"))
    after = [mutant.after for mutant in mutants_of("rule.py", source)]
    assert dict(zip(after, outcomes, strict=True)) == {
        "1 < number <= 3": KILLED,
        "1 <= number < 3": SURVIVED,
        "2": KILLED,
        "4": SURVIVED,
        "not not number": SURVIVED,
    }


def test_a_share_is_drawn_by_mutant_or_by_whole_file() -> None:
    """A share of mutants is drawn by mutant or by whole file, and the same seed draws the same files.

    Whole files are drawn until they reach the share, and not one more.
    """
    files = [mutants_of(f"{name}.py", "def f(a):\n    return 1 < a < 9\n") for name in "abcdefghij"]
    mutants = [mutant for file in files for mutant in file]
    for share, whole in ((0.1, 1), (0.11, 2), (1.0, 10)):
        drawn = _draw_files(mutants, share, 7)
        assert len(drawn) == whole * len(files[0])
        assert len({mutant.file for mutant in drawn}) == whole
        assert drawn == _draw_files(mutants, share, 7)
    assert _draw_files(mutants, 0.1, 7) != _draw_files(mutants, 0.1, 8)
    assert _draw(mutants, 1.0, 7) == set(mutants)
    assert _draw(mutants, 0.0, 7) == set()
    assert _draw(mutants, 0.5, 7) != _draw(mutants, 0.5, 8)
