"""What every run of the tests does: it ends with a line on what was skipped."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from tests.require import summarise


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
