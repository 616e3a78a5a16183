"""Parley answers members throughout thousands of reloads, and its memory doesn't grow.

`PARLEY_TEST_RELOADS=10000 make test-slow` is the long run. The gate does a tenth of it.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bot.library.reader_process import ReaderProcess
from tests.editing.packs import serving
from tests.editing.under_load import reload_under_load, write_edition

RELOADS = int(os.environ.get("PARLEY_TEST_RELOADS", "1000"))
WARM = RELOADS // 10
"""Reloads after which Parley's caches are full."""

pytestmark = pytest.mark.slow


async def test_many_reloads_under_look_ups(tmp_path: Path) -> None:
    """No request fails or sees half a pack during reloads.

    Memory in the last tenth of them stays within 10 % above the peak of the first tenth.
    """
    content = tmp_path / "content"
    write_edition(content, 1)
    reader = ReaderProcess()
    async with serving(tmp_path, content, reader=reader) as here:
        figures = await reload_under_load(here, content, 2, RELOADS)
        assert figures.members.wrong == []
        assert figures.members.latest >= RELOADS
        assert figures.editions_left == 0
    assert max(figures.memory[-WARM:]) <= 1.1 * max(figures.memory[:WARM])
