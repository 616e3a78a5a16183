"""Prepare every test run: pass Ctrl+C to programs, and end with a line about skipped tests."""

from __future__ import annotations

import gc
import signal
from collections.abc import Generator

import pytest

from tests.require import summarise


def pytest_configure() -> None:
    """Let programs that tests start receive SIGINT, which a shell's background job and its children ignore."""
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
