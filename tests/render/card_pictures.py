"""Draw cards and pages in Chromium, to compare them before and after a change: `make pictures FOLDER=/tmp/cards`.

Each scene of tests/browser/scenes.py is drawn wide and narrow, light and dark, and at 200 %. With names after the
folder, only those scenes are drawn.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Collection
from pathlib import Path

from playwright.async_api import Browser, async_playwright

from tests.browser.scenes import SCENES, WINDOWS
from tests.browser.served import serving_polls
from tests.pictures import chromium
from tests.world import SHIPPED


async def draw(folder: Path, names: Collection[str]) -> None:
    """Draw the named scenes, or all of them, once for each window, into a folder per window."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        for name in names or SCENES:
            await _draw_scene(browser, folder, name)
        await browser.close()


async def _draw_scene(browser: Browser, folder: Path, name: str) -> None:
    with tempfile.TemporaryDirectory() as home:
        async with serving_polls(Path(home), content=SHIPPED) as hall:
            page = await browser.new_page(locale="en-GB", timezone_id="UTC")
            await page.goto(hall.url)
            await page.locator("#log[aria-live=polite]").wait_for(state="attached")
            await SCENES[name](page, hall)
            for window_name, window in WINDOWS.items():
                await page.set_viewport_size({"width": window.width, "height": window.height})
                await page.emulate_media(color_scheme="dark" if window.dark else "light")
                await page.evaluate("document.querySelector('#log > :last-child')?.scrollIntoView({block: 'start'})")
                await page.evaluate("document.fonts.ready")
                whole = name.startswith("page-")
                await page.screenshot(path=folder / window_name / f"{name}.png", animations="disabled", full_page=whole)
            await page.close()


if __name__ == "__main__":
    asyncio.run(draw(Path(sys.argv[1]), sys.argv[2:]))
