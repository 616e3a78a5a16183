"""Test of installing Parley in a Slack workspace, in a real browser, at the tests' own Slack server."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import BrowserContext, Page, expect

from tests.browser.conftest import watched
from tests.browser.test_chat import CONTRAST, overflow
from tests.wire.slack.world import slack_world

pytestmark = pytest.mark.filterwarnings("ignore:BasicAuth is deprecated")  # slack_sdk's own


async def readable(page: Page) -> None:
    """Assert that the page has enough contrast in both schemes, fits 320 pixels, and has a title, one heading and one
    main part."""
    await page.set_viewport_size({"width": 320, "height": 640})
    assert await overflow(page) == []
    for scheme in ("light", "dark"):
        await page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        assert await page.evaluate(CONTRAST) == []
    assert await page.locator("h1").count() == 1
    assert (await page.title()).endswith(" · Parley")
    assert await page.get_by_role("main").count() == 1


async def test_an_admin_installs_parley_with_a_browser(tmp_path: Path, context: BrowserContext) -> None:
    """An admin installs Parley from its install page with the keyboard: after a no at Slack they can start again, and
    after a yes Parley is in the workspace. The pages set no cookie, and the browser logs no error."""
    async with slack_world(tmp_path, several=True) as world, watched(context) as page:
        team = world.server.add_team("South House")
        await page.goto(world.install_page)
        await readable(page)
        await page.keyboard.press("Tab")
        await expect(page.get_by_role("link", name="Add to Slack")).to_be_focused()
        await page.keyboard.press("Enter")
        await page.get_by_role("link", name="Cancel").click()
        await expect(page.get_by_role("heading", name="You didn't install Parley")).to_be_visible()
        await readable(page)
        await page.get_by_role("link", name="Start again").press("Enter")
        await page.get_by_role("link", name="Add to Slack").press("Enter")
        await page.get_by_role("link", name="Allow in South House").click()
        await expect(page.get_by_role("heading", name="Parley is now in South House")).to_be_visible()
        await expect(page.get_by_role("link", name="Open Slack")).to_be_visible()
        await readable(page)
        assert await context.cookies() == []
        member = world.server.member("Ada", team).at(world.server.add_channel("main", team))
        assert (await member.command("/parley help")).private
