"""Members who ask all the time notice nothing of a reload but its new words."""

from __future__ import annotations

from pathlib import Path

from tests.editing.packs import serving
from tests.editing.under_load import reload_under_load, write_edition


async def test_look_ups_go_on_while_content_is_reloaded(tmp_path: Path) -> None:
    """During reloads no request fails, sees half a pack or an older one, and replaced editions leave the memory."""
    content = tmp_path / "content"
    write_edition(content, 1)
    async with serving(tmp_path, content) as here:
        run = await reload_under_load(here, content, 2, 60)
        assert run.members.wrong == []
        assert run.members.latest >= 60
        assert run.members.answers > 300
        assert run.editions_left == 0
