"""Pictures of the chat page for the README, taken in Chromium, with the shipped pack and invented ballots.

`PARLEY_PICTURES=write pytest tests/render/test_web_pictures.py` takes them anew with the system's Chromium. Without
it, the tests only check the pictures that are there.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.async_api import async_playwright

from bot.charts import font_files
from tests.browser.served import Hall, serving_polls
from tests.pictures import are_taken, check_is_there, chromium
from tests.talk import press
from tests.world import SHIPPED, request

if TYPE_CHECKING:
    from playwright.async_api import Page

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "images"
BYTES_MAX = 700_000
OPTIONS = ("option-joint-operations", "option-follow-the-money", "option-scan-ports", "option-treatment-naloxone")
BALLOTS = {"Ada": "0>3", "Chen": "3", "Dina": "0>2", "Mo": "2>3"}
BENS = {3: "More treatment and naloxone", 1: "Follow the money: sanctions on cartel finance"}
"""The options that Ben ranks, first to last, after the others have voted."""


async def say(page: Page, line: str) -> None:
    box = page.get_by_role("combobox", name="Message or command")
    await box.fill(line)
    await box.press("Enter")
    await page.get_by_role("log").locator(".said").last.get_by_text(line).wait_for()


async def chat(page: Page, _hall: Hall) -> None:
    await say(page, "/fact insurrection act")
    await page.get_by_role("article").last.get_by_role("button", name="Share").wait_for()


async def _opened(page: Page, hall: Hall) -> None:
    """Open a poll in which everyone but Ben has voted."""
    await say(page, f'/poll policy post:yes question:"Which policy should come first?" options:"{" | ".join(OPTIONS)}"')
    await page.get_by_role("article", name="The poll is open").wait_for()
    for name, ballot in BALLOTS.items():
        await press(hall.instance, request(name, platform="web"), f"v1:cast:p1:{ballot}")
    await hall.instance.copies.drain()


async def poll(page: Page, hall: Hall) -> None:
    await _opened(page, hall)
    await page.get_by_role("radio", name="Ben").check()
    await page.get_by_role("log").get_by_role("button", name="Vote", exact=True).click()
    ballot = page.get_by_role("article", name="Your ballot: Which policy should come first?")
    for rank, option in enumerate(BENS.values(), 1):
        await ballot.get_by_label(option, exact=True).select_option(str(rank))


async def result(page: Page, hall: Hall) -> None:
    await _opened(page, hall)
    await press(hall.instance, request("Ben", platform="web"), f"v1:cast:p1:{'>'.join(map(str, BENS))}")
    hall.clock.forward(days=3)
    await hall.close_due()
    await page.goto(f"{hall.url}polls/p1")
    await page.get_by_text("Winner: More treatment and naloxone.", exact=True).wait_for()


@dataclass(frozen=True, slots=True)
class Scene:
    """The steps before the picture is taken, and the size of the window."""

    play: Callable[[Page, Hall], Awaitable[None]]
    size: tuple[int, int]


SCENES: Mapping[str, Scene] = {
    "chat": Scene(chat, (1200, 890)),
    "poll": Scene(poll, (1180, 1120)),
    "result": Scene(result, (1000, 905)),
}


@pytest.mark.parametrize("name", SCENES)
async def test_take(name: str, tmp_path: Path) -> None:
    """Each picture exists. With `PARLEY_PICTURES=write`, this test takes it."""
    if not are_taken():
        check_is_there(FOLDER / f"{name}.png")
        return
    scene = SCENES[name]
    fonts = tmp_path / ".fonts"  # the charts' fonts
    fonts.mkdir()
    for file in map(Path, font_files()):
        (fonts / file.name).symlink_to(file)
    async with serving_polls(tmp_path, content=SHIPPED) as hall, async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=chromium(), args=["--no-sandbox"], env={"HOME": str(tmp_path)}
        )
        width, height = scene.size
        page = await browser.new_page(
            viewport={"width": width, "height": height}, locale="en-GB", timezone_id="UTC", color_scheme="light"
        )
        await page.goto(hall.url)
        await page.locator("#log[aria-live=polite]").wait_for(state="attached")
        await scene.play(page, hall)
        await page.evaluate("document.fonts.ready")
        await page.screenshot(path=FOLDER / f"{name}.png", animations="disabled")
        await browser.close()


def test_every_picture_is_shown_and_small_enough() -> None:
    """The README or a guide shows each picture with an alternative text of 40 characters or more.

    All of them together take less than 700 kB.
    """
    pages = [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
    shown = "".join(page.read_text(encoding="utf-8") for page in pages)
    pictures = re.findall(r"!\[[^\]]{40,}\]\((?:docs/)?images/([\w-]+)\.png\)", shown)
    assert set(SCENES) <= set(pictures)
    assert sum((FOLDER / f"{name}.png").stat().st_size for name in SCENES) < BYTES_MAX
