"""Hundreds of broken copies of a pack: the checker refuses each one at the line of its mistake, in plain words."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import pytest

from bot.packs.check import main_report
from tests.unit.broken import MAKERS, Broken, Maker, breakages
from tests.unit.sheets import PACK

A_KIND = 7
TODAY = date(2026, 11, 26)
_PROBLEM_LINE = re.compile(
    r"^(?P<file>.+?):(?P<line>\d+):(?P<column>\d+): (?P<severity>error|warning): (?P<message>.+) \[[a-z0-9-]+\]$"
)
_JARGON = re.compile(
    r"\b(?:mapping|scalar|sequence|token|node|parser?|flow|str|dict|tuple|None|NoneType|pydantic|validation|input|"
    r"exception|traceback|invalid YAML|valid YAML|stream)\b",
    re.IGNORECASE,
)


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    return Path(shutil.copytree(PACK, tmp_path / "pack"))


@contextmanager
def broken_in_place(pack: Path, broken: Broken) -> Iterator[None]:
    """Make this mistake in the pack, and undo it afterwards."""
    file = pack / broken.file
    good = file.read_bytes()
    if broken.content is None:
        file.unlink()
    else:
        file.write_bytes(broken.content)
    try:
        yield
    finally:
        file.write_bytes(good)


def hold(pack: Path, broken: Broken) -> None:
    """Check that the checker reports the mistake of one broken pack at its place alone and without jargon."""
    with broken_in_place(pack, broken):
        printed, status = main_report([pack], None, TODAY)
    listed = printed.partition("\n\n")[0].splitlines()
    problems = [match for line in listed if (match := _PROBLEM_LINE.match(line))]
    assert len(problems) == len(listed), printed
    errors = [match for match in problems if match["severity"] == "error"]
    assert errors, "nothing is said to be wrong"
    places = {(Path(match["file"]).relative_to(pack).as_posix(), int(match["line"])) for match in errors}
    assert status == 1
    assert broken.at in places, f"{broken.at} is where the mistake stands\n{printed}"
    assert places <= {broken.at, *broken.also}, f"{broken.at} alone is wrong\n{printed}"
    for match in errors:
        assert not _JARGON.search(re.sub(r"`[^`]*`|'[^']*'", "", match["message"])), match["message"]
        assert len(match["message"]) < 400, match["message"]


def test_there_are_three_hundred() -> None:
    """The tests try at least 300 different broken packs, with each kind of mistake in several places."""
    broken_packs = [broken for make in MAKERS for broken in breakages(make, A_KIND)]
    assert len(broken_packs) >= 300
    assert len({(broken.file, broken.content) for broken in broken_packs}) >= 300


@pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)
def test_a_mistake_is_shown_in_its_file_and_line(pack: Path, make: Maker) -> None:
    """The checker reports each mistake in its file and line, and blames nothing else."""
    for broken in breakages(make, A_KIND):
        hold(pack, broken)


@pytest.mark.slow
@pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)
def test_many_more_mistakes_are_shown_too(pack: Path, make: Maker) -> None:
    """The checker reports 25 more mistakes of each kind in their file and line, and blames nothing else."""
    for broken in breakages(make, 25, "more"):
        hold(pack, broken)
