"""Parley serves mixed traffic on Discord, Slack, the web and in a terminal at once without growing."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.soak import MEGABYTE, soak

pytestmark = pytest.mark.slow

SECONDS = 40
GROWTH_MAX = 12 * MEGABYTE
FILES_MAX = 12
"""Connections in use may hold this many more open files than at half time."""


async def test_memory_and_files_stand_still_under_mixed_traffic(tmp_path: Path) -> None:
    """In 40 seconds of mixed traffic, Parley answers every request, breaks no platform's rule and logs no traceback.

    Once warm, memory grows by less than 12 MB. At most 12 more files are open at the end than at half time.
    """
    soak_run = await soak(SECONDS, tmp_path)
    assert soak_run.failures == []
    assert soak_run.violations == []
    assert "Traceback" not in soak_run.output
    assert set(soak_run.answers) == {"discord", "slack", "web", "terminal"}
    assert min(len(times) for times in soak_run.answers.values()) > SECONDS / 2
    assert soak_run.growth < GROWTH_MAX
    warm = soak_run.files[len(soak_run.files) // 2]
    assert max(soak_run.files[-5:]) <= warm + FILES_MAX
