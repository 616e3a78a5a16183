"""Tests of an editor's work in a real browser, from “Is this wrong?” to the new words on the card."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest_asyncio
from playwright.async_api import BrowserContext, expect

from tests.browser.served import serving_polls
from tests.browser.test_chat import CONTRAST, become, overflow, say
from tests.browser.test_polls import button, card, opened
from tests.editing.packs import copied

BEFORE, AFTER = "Most people in the office drink tea.", "Since 2025 most people in the office drink tea."


@pytest_asyncio.fixture(loop_scope="session")
async def pages(context: BrowserContext) -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as stack:
        yield stack


async def test_a_suggestion_becomes_part_of_the_topic(
    tmp_path: Path, context: BrowserContext, pages: AsyncExitStack
) -> None:
    """A member suggests a correction with the card's button. An editor accepts it from the queue, edits the draft and
    publishes it, and Parley tells the member when it is accepted and when it is published."""
    content = copied(tmp_path)
    async with serving_polls(tmp_path, content=content) as hall:
        ada, mo = await opened(pages, context, hall, "Ada"), await opened(pages, context, hall, "Mo")
        await say(ada, "/fact tea drinkers")
        await button(ada.get_by_role("log"), "Is this wrong?").click()
        form = ada.get_by_role("dialog", name="Is this wrong?")
        await form.get_by_role("radio", name="A new source").check()
        await form.get_by_label("What's wrong or missing").fill("Say since when it is so.")
        await button(form, "Send").click()
        await expect(form).to_contain_text("Where can people read the source? Enter its address.")
        await form.get_by_role("radio", name="A correction").check()
        await button(form, "Send").click()
        await expect(card(ada, "Thank you. The editors have your suggestion")).to_contain_text(BEFORE)
        await say(mo, "/content queue")
        waiting = card(mo, "1 suggestion is waiting")
        await expect(waiting).to_contain_text("Say since when it is so.")
        assert await ada.evaluate(CONTRAST) == []
        assert await mo.evaluate(CONTRAST) == []
        assert not await overflow(mo)
        await button(waiting, "Accept").click()
        await expect(card(mo, "Accepted: p1")).to_contain_text("tea/drafts/suggestion-p1.yaml")
        await expect(card(ada, "Your suggestion was accepted")).to_be_visible()
        await expect(mo.get_by_role("article", name="Your suggestion was accepted")).to_have_count(0)
        await button(card(mo, "Accepted: p1"), "Edit").click()
        draft = mo.get_by_role("dialog", name="Change the draft p1")
        await expect(draft.get_by_label("The claim or position, in one sentence")).to_have_value(BEFORE)
        await draft.get_by_label("Sources by their ids, one a line").fill("no-such-source")
        await button(draft, "Send").click()
        await expect(draft).to_contain_text("no-such-source")
        await draft.get_by_label("Sources by their ids, one a line").fill("kitchen-count")
        await draft.get_by_label("The claim or position, in one sentence").fill(AFTER)
        assert await mo.evaluate(CONTRAST) == []
        assert not await overflow(mo)
        await button(draft, "Send").click()
        await expect(card(mo, "Preview")).to_contain_text("Nothing is published yet.")
        await expect(mo.get_by_role("article").last).to_contain_text(AFTER)
        await button(mo.get_by_role("article").last, "Publish").click()
        await expect(card(mo, "New content is live")).to_contain_text("tea-popular")
        await expect(card(ada, "Your suggestion was published")).to_be_visible()
        await say(ada, "/fact tea drinkers")
        await expect(ada.get_by_role("article").last).to_contain_text(AFTER)


async def test_the_list_of_commands_is_ones_own(tmp_path: Path, context: BrowserContext, pages: AsyncExitStack) -> None:
    """The page offers a member only the commands that members may use, and a moderator the editors' commands as
    well."""
    async with serving_polls(tmp_path) as hall:
        ada = await opened(pages, context, hall, "Ada")
        offered = ada.locator("#commands button")
        await expect(offered.filter(has_text="/fact")).to_be_visible()
        await expect(offered.filter(has_text="/content queue")).to_have_count(0)
        await become(ada, "Mo")
        await expect(offered.filter(has_text="/content queue")).to_be_visible()
