"""Tests of `parley preview` in a real browser, as an editor sees it while saving files."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import BrowserContext, Locator, Page, expect

from adapters.preview.desk import Desk
from adapters.preview.server import Preview
from tests.browser.conftest import watched
from tests.browser.test_chat import CONTRAST, overflow
from tests.world import CONTENT, NOW


@dataclass(frozen=True, slots=True)
class Table:
    """An editor at work: the files, and the page that follows them."""

    page: Page
    url: str
    folder: Path

    def save(self, name: str, old: str, new: str) -> None:
        file = self.folder / name
        text = file.read_text(encoding="utf-8")
        assert old in text
        file.write_text(text.replace(old, new), encoding="utf-8")

    async def show(self, path: str) -> None:
        await self.page.goto(self.url + path)
        await self.page.locator("body[data-followed]").wait_for()

    def platform(self, name: str) -> Locator:
        return self.page.get_by_role("region", name=name)


@pytest_asyncio.fixture(loop_scope="session")
async def table(context: BrowserContext, tmp_path: Path) -> AsyncIterator[Table]:
    """Yield a page with the preview of the invented topic. At the end, assert that the browser logged no error."""
    content = Path(shutil.copytree(CONTENT, tmp_path / "content"))
    preview = Preview(Desk.of(content, lambda: NOW), tmp_path)
    url = await preview.start(0)
    try:
        async with watched(context) as page:
            yield Table(page, url, content / "tea")
    finally:
        await preview.stop()


async def test_a_card_is_seen_and_measured(table: Table) -> None:
    """The preview shows a card as on the chat page and in a terminal, and measures it against each platform's
    limits."""
    await table.show("tea/coffee-banned")
    for name in ("Web chat", "Terminal"):
        await expect(table.platform(name)).to_contain_text("Coffee was banned from the office.")
        await expect(table.platform(name)).to_contain_text("Contradicted")
    for name in ("Web chat", "Discord", "Slack"):
        await expect(table.platform(name).get_by_role("row", name="Title")).to_contain_text("fits")
    discord = table.platform("Discord").get_by_role("row", name="Message: characters")
    await expect(discord).to_contain_text("of 4,000")
    await expect(table.platform("Slack").get_by_role("row", name="Message: blocks")).to_contain_text("of 50")


async def test_the_page_follows_what_is_saved(table: Table) -> None:
    """A saved change is on the preview's page without a reload: in both drawings, in the list, in the title and in the
    meters."""
    await table.show("tea/tea-popular")
    await expect(table.platform("Web chat")).to_contain_text("Most people in the office drink tea.")
    rows = [table.platform(name).get_by_role("row", name="Text of a card") for name in ("Discord", "Slack")]
    before = [await row.inner_text() for row in rows]
    table.save("facts.yaml", "Most people in the office drink tea.", "Fourteen of the twenty drink tea.")
    for name in ("Web chat", "Terminal"):
        await expect(table.platform(name)).to_contain_text("Fourteen of the twenty drink tea.", timeout=20_000)
    for row, text in zip(rows, before, strict=True):
        await expect(row).not_to_have_text(text, use_inner_text=True)
    await expect(table.page.get_by_role("link", name="Fourteen of the twenty drink tea.")).to_be_visible()
    await expect(table.page).to_have_title("Fourteen of the twenty drink tea. – Parley preview")
    await expect(table.page.locator("#hearing")).to_contain_text("The page follows the files")


async def test_a_mistake_is_told_and_the_last_good_card_stays(table: Table) -> None:
    """For a mistake the preview names the file, line and column and what is wrong. The last good card stays until the
    files are good again, and then the page follows them."""
    await table.show("tea/tea-popular")
    table.save("facts.yaml", "    kind: fact\n    verdict: supported", "     kind: fact\n    verdict: suported")
    files = table.page.get_by_role("region", name="The files")
    await expect(files).to_contain_text("1 error", timeout=20_000)
    await expect(files).to_contain_text("content/tea/facts.yaml, line 6, column 6")
    await expect(files).to_contain_text("this line begins with 5 spaces")
    await expect(files).to_contain_text("you see the last good version")
    await expect(table.page.locator("#hearing")).to_contain_text("The files have 1 error")
    await expect(table.platform("Web chat")).to_contain_text("Supported")
    table.save("facts.yaml", "     kind: fact\n    verdict: suported", "    kind: fact\n    verdict: nuanced")
    await expect(table.platform("Web chat")).to_contain_text("Supported with a nuance", timeout=20_000)
    await expect(files).to_contain_text("0 errors")


async def test_a_pack_that_cannot_be_shown_yet_appears_when_it_is_mended(table: Table) -> None:
    """If a pack is too broken to show, the preview says why, and shows the pack once the editor has corrected it."""
    table.save("pack.yaml", "id: tea", "id: Tea")
    preview = Preview(Desk.of(table.folder, lambda: NOW), table.folder.parent)
    url = await preview.start(0)
    try:
        await table.page.goto(url)
        await table.page.locator("body[data-followed]").wait_for()
        await expect(table.page.get_by_role("heading", name="Nothing to show")).to_be_visible()
        await expect(table.page.get_by_role("region", name="The files")).to_contain_text("use lowercase letters")
        table.save("pack.yaml", "id: Tea", "id: tea")
        await expect(table.page.get_by_role("heading", name="The topic")).to_be_visible(timeout=20_000)
    finally:
        await preview.stop()


async def test_a_card_is_found_by_any_of_its_words(table: Table) -> None:
    """The search box finds a card by words of its title, id or alias, in any case, and narrows the list while an editor
    types. Its words and the focus stay when a file is saved."""
    await table.show("tea")
    box = table.page.get_by_role("searchbox", name="Search this topic")
    for typed, title in (
        ("FROM the office", "Coffee was banned from the office."),
        ("coffee-banned", "Coffee was banned from the office."),
        ("who drinks", "Most people in the office drink tea."),
    ):
        await box.fill(typed)
        await expect(table.page.locator("#entries [data-search]:visible")).to_contain_text([title])
    await box.fill("coffee BAN")
    await expect(table.page.locator("#found")).to_have_text("1 found")
    link = table.page.get_by_role("link", name="Coffee was banned from the office.")
    await expect(link).to_be_visible()
    table.save("facts.yaml", "Coffee was banned from the office.", "Coffee was banned in the office.")
    link = table.page.get_by_role("link", name="Coffee was banned in the office.")
    await expect(link).to_be_visible(timeout=20_000)
    await expect(box).to_have_value("coffee BAN")
    await expect(box).to_be_focused()
    await link.click()
    await expect(table.page).to_have_url(f"{table.url}tea/coffee-banned")
    await expect(table.page.get_by_role("link", name="Coffee was banned in the office.")).to_have_attribute(
        "aria-current", "page"
    )


@pytest.mark.parametrize(("link", "view"), [("Sources", "sources"), ("Counterarguments", "counter")])
async def test_what_a_card_leads_to_is_seen_too(table: Table, link: str, view: str) -> None:
    """A card's sources and counterarguments are one click away in the preview, each at an address of its own."""
    await table.show("tea/tea-popular")
    await table.page.get_by_role("navigation", name="Opened from the card").get_by_role("link", name=link).click()
    await expect(table.page).to_have_url(f"{table.url}tea/tea-popular?view={view}")
    await expect(table.platform("Web chat")).to_contain_text("Back to the card")


async def test_the_keyboard_is_enough(table: Table) -> None:
    """The first Tab stop of the preview skips the list. The buttons drawn on a card are disabled, so Tab passes them
    by."""
    await table.show("tea/coffee-banned")
    await table.page.keyboard.press("Tab")
    await expect(table.page.get_by_role("link", name="Skip to the card")).to_be_focused()
    await table.page.keyboard.press("Enter")
    await table.page.keyboard.press("Tab")
    assert await table.page.evaluate("document.activeElement.closest('main') !== null")
    assert await table.page.locator(".web button:not([disabled])").count() == 0
    assert await table.page.locator("h1").count() == 1


async def test_every_word_can_be_read_on_a_small_screen_in_both_schemes(table: Table) -> None:
    """The preview's text has a contrast of at least 4.5 to 1 in both colour schemes. At 320 pixels nothing is wider
    than the page."""
    for path in ("tea", "tea/coffee-banned", "tea/buy-tea?view=counter", "tea/timeline"):
        await table.page.set_viewport_size({"width": 1200, "height": 800})
        await table.show(path)
        for scheme in ("light", "dark"):
            await table.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
            assert await table.page.evaluate(CONTRAST) == [], path
        await table.page.set_viewport_size({"width": 320, "height": 640})
        assert await overflow(table.page) == [], path


async def test_what_an_editor_writes_is_text(table: Table) -> None:
    """The preview shows markup in a fact or in a report of a mistake as text, everywhere on the page."""
    table.save("facts.yaml", "Coffee was banned from the office.", "'<img src=x onerror=window.hacked=1> *a* _b_ @all'")
    table.save("facts.yaml", "verdict: not-checkable", "verdict: '<b>x</b>'")
    await table.show("tea/coffee-banned")
    await expect(table.page.get_by_role("region", name="The files")).to_contain_text("<b>x</b>", timeout=20_000)
    table.save("facts.yaml", "verdict: '<b>x</b>'", "verdict: not-checkable")
    for name in ("Web chat", "Terminal"):
        await expect(table.platform(name)).to_contain_text(
            "<img src=x onerror=window.hacked=1> *a* _b_ @all", timeout=20_000
        )
    assert await table.page.evaluate("window.hacked === undefined")


async def test_a_page_comes_back_when_the_preview_does(table: Table, tmp_path: Path) -> None:
    """When the preview stops, its page says so. When it starts again at the same port, the page continues by itself."""
    second = Path(shutil.copytree(CONTENT, tmp_path / "second"))
    first = Preview(Desk.of(second, lambda: NOW), tmp_path)
    url = await first.start(0)
    await table.page.goto(url)
    await table.page.locator("body[data-followed]").wait_for()
    await first.stop()
    await expect(table.page.locator("#hearing")).to_contain_text("The preview is not running", timeout=20_000)
    again = Preview(Desk.of(second, lambda: NOW), tmp_path)
    await again.start(int(url.rstrip("/").rpartition(":")[2]))
    try:
        await expect(table.page.locator("#hearing")).to_contain_text("The page follows the files", timeout=20_000)
    finally:
        await again.stop()
