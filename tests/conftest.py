"""Prepare every test run: drop the developer's own settings, pass Ctrl+C to programs, end with a line on skips."""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Generator

import pytest

from tests.require import summarise

OF_THE_TESTS = ("PARLEY_TEST_", "PARLEY_GOLDEN", "PARLEY_PICTURES")


def pytest_configure() -> None:
    """Make the run independent of the shell that started it.

    A developer may have set Parley up in it, and a shell's background job and its children ignore SIGINT, which the
    tests send to programs.
    """
    for name in [*os.environ]:
        if name.startswith("PARLEY_") and not name.startswith(OF_THE_TESTS):
            del os.environ[name]
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_finish() -> None:
    """Leave eight thousand tests and all modules out of the garbage collector's rounds, which took a tenth of a run."""
    gc.freeze()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> Generator[None]:
    """Write the line after pytest's own last one. Workers have no terminal, and write nothing."""
    result = yield
    terminal = session.config.pluginmanager.get_plugin("terminalreporter")
    if terminal is not None and not session.config.option.collectonly:
        skipped = terminal.stats.get("skipped", [])
        reasons = [report.longrepr[2] for report in skipped if isinstance(report.longrepr, tuple)]
        terminal.write_line(summarise(reasons))
    return result
