"""What every run of the tests does: programs hear Ctrl+C, and it ends with a line on what was skipped."""

from __future__ import annotations

import signal
from collections.abc import Generator, Iterable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from bot.store import sql
from tests.require import summarise


def pytest_configure() -> None:
    """Let programs that tests start hear SIGINT, which a shell's background job and its children ignore."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    _read_queries_once()


def _read_queries_once() -> None:
    """Parse each file of queries once a run, not for each database that a test opens: that was half of its cost."""
    read = cache(sql._read_queries)

    def read_queries(files: Iterable[Path], driver: Any) -> dict[str, Any]:
        return read(frozenset(files), driver)

    sql._read_queries = read_queries


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> Generator[None]:
    """Write the line after pytest's own last one; workers have no terminal, and write nothing."""
    result = yield
    terminal = session.config.pluginmanager.get_plugin("terminalreporter")
    if terminal is not None and not session.config.option.collectonly:
        skipped = terminal.stats.get("skipped", [])
        reasons = [report.longrepr[2] for report in skipped if isinstance(report.longrepr, tuple)]
        terminal.write_line(summarise(reasons))
    return result
