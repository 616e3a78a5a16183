"""Mixed traffic on Discord, Slack, the web and in a terminal at once, for a while."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.soak import MEGABYTE, soak

pytestmark = pytest.mark.slow

SECONDS = 40
GROWTH_MAX = 12 * MEGABYTE
FILES_MAX = 12
"""More open files than when it was warm: connections that are just being used."""


async def test_memory_and_files_stand_still_under_mixed_traffic(tmp_path: Path) -> None:
    """Every answer comes, no platform refuses anything, nothing is logged as a bug, and nothing piles up."""
    soak_run = await soak(SECONDS, tmp_path)
    assert soak_run.failures == []
    assert soak_run.violations == []
    assert "Traceback" not in soak_run.output
    assert set(soak_run.answers) == {"discord", "slack", "web", "terminal"}
    assert min(len(times) for times in soak_run.answers.values()) > SECONDS / 2
    assert soak_run.growth < GROWTH_MAX
    warm = soak_run.files[len(soak_run.files) // 2]
    assert max(soak_run.files[-5:]) <= warm + FILES_MAX
