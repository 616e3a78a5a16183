"""Tests of a discussion's page and its statements with the keyboard alone, on a telephone's width."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.async_api import BrowserContext, Page, expect

from tests.browser.conftest import open_chat, watched
from tests.browser.scenes import SCENES
from tests.browser.served import serving_polls
from tests.world import SHIPPED

TELEPHONE = (390, 844)
FOCUS = """() => {
    const here = document.activeElement, style = getComputedStyle(here), box = here.getBoundingClientRect();
    return {
        words: here === document.body ? "" : here.textContent.trim(),
        ring: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
        inside: box.top >= 0 && box.bottom <= innerHeight && box.left >= 0 && box.right <= innerWidth,
        height: box.height,
    };
}"""
FINGER = 24
"""CSS pixels of the smallest target (https://www.w3.org/TR/WCAG22/#target-size-minimum)."""


async def tab_through(page: Page) -> list[str]:
    """Press Tab until the focus leaves the page, and return the stops. Each must have a ring, be on the screen and be
    as high as a finger needs."""
    stops: list[str] = []
    while True:
        await page.keyboard.press("Tab")
        focus = await page.evaluate(FOCUS)
        if not focus["words"]:
            return stops
        assert focus["ring"], focus
        assert focus["inside"], focus
        assert focus["height"] >= FINGER, focus
        stops.append(focus["words"])


async def is_narrow(page: Page) -> bool:
    """Tell whether the page fits the window's width."""
    widths = await page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    return bool(widths[0] <= widths[1])


async def test_a_result_s_page_is_read_with_the_keyboard(context: BrowserContext, tmp_path: Path) -> None:
    """On a result's page, Tab stops at the link to the chat, then at the tables, then at the files. Enter opens and
    closes a table, and the page fits a width of 390 pixels."""
    async with serving_polls(tmp_path, content=SHIPPED) as hall, watched(context) as page:
        await page.set_viewport_size({"width": TELEPHONE[0], "height": TELEPHONE[1]})
        await page.goto(hall.url)
        await page.locator("#log[aria-live=polite]").wait_for(state="attached")
        await SCENES["page-discussion"](page, hall)
        assert await is_narrow(page)
        await page.reload()
        stops = await tab_through(page)
        assert stops == [
            "Parley: to the chat",
            *(f"The numbers as a table: {who}" for who in ("All", "Group A", "Group B")),
            "Table (CSV)",
            "Result (JSON)",
            "Text (Markdown)",
        ]
        await page.locator("summary").first.focus()
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("table", name="All")).to_be_visible()
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("table", name="All")).to_be_hidden()


async def test_statements_are_answered_with_the_keyboard(context: BrowserContext, tmp_path: Path) -> None:
    """A member answers statements with the keyboard alone: Tab stops at the buttons from Agree to Stop here in their
    order, and the focus stays in the card from one statement to the next."""
    async with serving_polls(tmp_path, content=SHIPPED) as hall, watched(context) as page:
        await page.set_viewport_size({"width": TELEPHONE[0], "height": TELEPHONE[1]})
        await open_chat(page, hall.url)
        await page.locator("#line").fill(
            '/discuss start question:"Streets?" statements:"Benches | Parking | Cars | Buses | Pavements"'
        )
        await page.locator("#line").press("Enter")
        take_part = page.get_by_role("button", name="Take part").last
        await take_part.focus()
        await page.keyboard.press("Enter")
        agree = page.get_by_role("button", name="Agree", exact=True).last
        await expect(agree).to_be_visible()
        await agree.focus()
        labels = ["Agree"]
        for _ in range(3):
            await page.keyboard.press("Tab")
            labels.append((await page.evaluate(FOCUS))["words"])
        assert labels == ["Agree", "Disagree", "Pass", "Stop here"]
        await agree.focus()
        for number in range(1, 6):
            await page.keyboard.press("Enter")
            await expect(page.get_by_role("article").last).to_contain_text(re.compile(rf"{number} of 5 answered"))
        assert await is_narrow(page)
