"""Pictures of `parley preview` for docs/editors.md, taken in Chromium.

`PARLEY_PICTURES=write pytest tests/render/test_preview_pictures.py` takes them anew with the system's Chromium.
Without it, the tests only check the pictures that are there.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

import pytest
from playwright.async_api import async_playwright

from adapters.preview.desk import Desk
from adapters.preview.server import Preview
from tests.pictures import are_taken, check_is_there, chromium
from tests.world import NOW, SHIPPED

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "images" / "preview"
PAGE = ROOT / "docs" / "editors.md"
BYTES_MAX = 900_000


@dataclass(frozen=True, slots=True)
class Scene:
    """A page of the preview, the window's size and colours, and a mistake to write into the content first."""

    path: str
    size: tuple[int, int]
    scheme: Literal["light", "dark"] = "light"
    mistake: tuple[str, str, str] | None = None


FACT = "us-mexico-cartels/border-debate-walls-to-war"
SCENES: Mapping[str, Scene] = {
    "card": Scene(FACT, (1400, 1280)),
    "mistake": Scene(FACT, (1100, 640), "dark", ("facts.yaml", "    verdict: nuanced", "     verdict: nuanced")),
}


@pytest.mark.parametrize("name", SCENES)
async def test_take(name: str, tmp_path: Path) -> None:
    """Each picture exists. With `PARLEY_PICTURES=write`, this test takes it."""
    if not are_taken():
        check_is_there(FOLDER / f"{name}.png")
        return
    scene = SCENES[name]
    content = Path(shutil.copytree(SHIPPED, tmp_path / "content"))

    def clock() -> datetime:
        return NOW

    desk = Desk.of(content, clock)
    if scene.mistake:
        file, old, new = scene.mistake
        at = content / "us-mexico-cartels" / file
        at.write_text(at.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
        desk.read()
    preview = Preview(desk, tmp_path)
    url = await preview.start(0)
    try:
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
            width, height = scene.size
            page = await browser.new_page(viewport={"width": width, "height": height}, color_scheme=scene.scheme)
            await page.goto(url + scene.path)
            await page.locator(".web[data-drawn] .card h3").wait_for()
            await page.evaluate("document.fonts.ready")
            FOLDER.mkdir(parents=True, exist_ok=True)
            await page.screenshot(path=FOLDER / f"{name}.png")
            await browser.close()
    finally:
        await preview.stop()


def test_every_picture_is_shown_and_small_enough() -> None:
    """docs/editors.md shows each picture with an alternative text, and the folder holds no other picture.

    All of them together take less than 900 kB.
    """
    pictures = dict(re.findall(r"!\[([^\]]+)\]\(images/preview/([\w-]+)\.png\)", PAGE.read_text(encoding="utf-8")))
    assert set(pictures.values()) == set(SCENES)
    assert {file.stem for file in FOLDER.glob("*.png")} == set(SCENES)
    assert sum(file.stat().st_size for file in FOLDER.glob("*.png")) < BYTES_MAX
