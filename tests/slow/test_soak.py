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
    seen = await soak(SECONDS, tmp_path)
    assert seen.failures == []
    assert seen.violations == []
    assert "Traceback" not in seen.said
    assert set(seen.answers) == {"discord", "slack", "web", "terminal"}
    assert min(len(times) for times in seen.answers.values()) > SECONDS / 2
    assert seen.growth < GROWTH_MAX
    warm = seen.files[len(seen.files) // 2]
    assert max(seen.files[-5:]) <= warm + FILES_MAX
