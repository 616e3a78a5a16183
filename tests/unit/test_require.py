"""Tests that need something the machine lacks: they are skipped, or fail if it was promised, and are counted."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.documents import ROOT
from tests.require import PACKAGES, require, summarise

pytest_plugins = ["pytester"]


def test_what_is_there_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """A requirement that the machine has doesn't stop the test, even if it is promised."""
    monkeypatch.setenv("PARLEY_TEST_REQUIRE", "browser")
    require("browser", present=True, reason="it is here")


def test_what_is_missing_skips_and_fails_where_it_is_promised(monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing requirement skips the test, or fails it if `PARLEY_TEST_REQUIRE` lists its name."""
    monkeypatch.setenv("PARLEY_TEST_REQUIRE", "postgres,specs")
    with pytest.raises(pytest.skip.Exception, match=r"^browser: no browser$"):
        require("browser", present=False, reason="no browser")
    monkeypatch.setenv("PARLEY_TEST_REQUIRE", "postgres, browser")
    with pytest.raises(pytest.fail.Exception, match="PARLEY_TEST_REQUIRE names 'browser': no browser"):
        require("browser", present=False, reason="no browser")


def test_a_whole_file_is_skipped_as_one(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that needs something missing counts as one skip for all its tests, or as one error if it was promised."""
    pytester.makepyfile(
        "from tests.require import require\n"
        "require('specs', False, 'no file', module=True)\n"
        "def test_one(): ...\n"
        "def test_two(): ..."
    )
    pytester.syspathinsert(ROOT)
    monkeypatch.delenv("PARLEY_TEST_REQUIRE", raising=False)
    pytester.runpytest_inprocess("-p", "no:asyncio").assert_outcomes(skipped=1)
    monkeypatch.setenv("PARLEY_TEST_REQUIRE", "specs")
    pytester.runpytest_inprocess("-p", "no:asyncio").assert_outcomes(errors=1)


def test_a_requirement_that_nobody_describes_is_a_mistake() -> None:
    """A test that requires a name without a description fails with an error that shows the name."""
    unheard_of = "moon"
    with pytest.raises(AssertionError, match="nothing of 'moon'"):
        require(unheard_of, present=True, reason="")


@pytest.mark.parametrize(
    ("reasons", "line"),
    [
        ([], "Nothing was skipped."),
        (["Skipped: browser: no Chromium"], "Skipped 1: 1 browser (apt-get install chromium)"),
        (
            ["Skipped: specs: no file", "Skipped: browser: a", "Skipped: browser: b"],
            "Skipped 3: 2 browser (apt-get install chromium); 1 specs (files from outside the repository)",
        ),
        (["Skipped: moon: too far", "unconditional skip"], "Skipped 2: 2 for other reasons (see the reasons above)"),
    ],
)
def test_the_line_names_each_requirement_and_its_package(reasons: list[str], line: str) -> None:
    """The last line counts the skipped tests of each requirement, the largest count first, and says how to get it."""
    assert summarise(reasons) == line


def test_contributing_says_what_each_requirement_takes() -> None:
    """The table in CONTRIBUTING.md has a row for each requirement."""
    rows = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    assert [name for name in PACKAGES if f"| `{name}` |" not in rows] == []


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "in two workers"])
def test_a_run_ends_with_the_line(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, workers: tuple[str, ...]
) -> None:
    """A run prints the line about skipped tests once, after pytest's own last line, even with two workers."""
    monkeypatch.delenv("PARLEY_TEST_REQUIRE", raising=False)  # the gate promises a browser, which would fail the run
    pytester.makeconftest((Path(__file__).parents[1] / "conftest.py").read_text("utf-8"))
    pytester.makepyfile(
        """
        from tests.require import require

        def test_with_a_browser():
            require("browser", present=False, reason="no Chromium")

        def test_without():
            pass
        """
    )
    result = pytester.runpytest_subprocess("-p", "no:randomly", *workers)
    assert result.outlines[-1] == "Skipped 1: 1 browser (apt-get install chromium)"
    assert "1 passed, 1 skipped" in result.outlines[-2]


def test_a_run_leaves_out_the_settings_of_the_shell(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run of tests drops the `PARLEY_` variables of the shell, except those that begin with `PARLEY_TEST_`."""
    monkeypatch.setenv("PARLEY_DATABASE", "my-own.db")
    monkeypatch.setenv("PARLEY_TEST_SHARE", "1")
    pytester.makeconftest((Path(__file__).parents[1] / "conftest.py").read_text("utf-8"))
    pytester.makepyfile(
        """
        import os

        def test_environment():
            assert "PARLEY_DATABASE" not in os.environ
            assert os.environ["PARLEY_TEST_SHARE"] == "1"
        """
    )
    assert pytester.runpytest_subprocess().ret == 0
