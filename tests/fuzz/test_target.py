"""The fuzzing itself finds bugs, and checks real inputs first."""

from __future__ import annotations

import logging

import pytest
from hypothesis import strategies as st

from tests.fuzz.inputs import damaged
from tests.fuzz.target import SECONDS, Bug, fuzz


@pytest.fixture(autouse=True)
def once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fuzz only once here, even if this run has a least time for every target."""
    monkeypatch.delenv(SECONDS, raising=False)


def test_what_crashes_is_found() -> None:
    """Fuzzing finds a failing input that differs from a real one by one damage."""

    def check(text: str) -> None:
        assert "tariffs:" not in text

    with pytest.raises(AssertionError, match="tariffs:"):
        fuzz(check, damaged(["/fact tariffs", "name:value"]), (), 5000)


def test_what_is_logged_as_an_error_is_found() -> None:
    """An error in the log counts as a bug, even if Parley answers politely, unless the target may log."""

    def check(number: int) -> None:
        if number > 5:
            logging.getLogger("parley.fuzz").error("bug in \ud800 %s", number)

    with pytest.raises(Bug, match=r"bug in .* 6"):
        fuzz(check, st.integers(), (), 200)
    fuzz(check, st.integers(), (), 200, may_log=True)


def test_seeds_are_checked_first() -> None:
    """Fuzzing checks the real inputs first, each unchanged."""
    examples: list[int] = []
    fuzz(examples.append, st.just(3), (1, 2), 1)
    assert examples == [1, 2, 3]
