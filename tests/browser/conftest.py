"""Fixtures of the browser tests: a real Chromium, and a web chat on a real port."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, async_playwright

from tests.browser.served import Served, serving
from tests.pictures import chromium

ARGUMENTS = ["--no-sandbox", "--disable-background-networking", "--disable-component-update"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run this folder's tests in one event loop, in which the browser was started."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest_asyncio.fixture(loop_scope="session")
async def served() -> AsyncIterator[Served]:
    async with serving() as chat:
        yield chat


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Browser]:
    """Yield the system's Chromium, started once. Each test has its own context, so nothing stays from one to the
    next."""
    home = tmp_path_factory.mktemp("chromium")
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(
            executable_path=chromium(), args=[*ARGUMENTS, f"--crash-dumps-dir={home}"], env={"HOME": str(home)}
        )
        yield launched
        await launched.close()


@pytest_asyncio.fixture(loop_scope="session")
async def context(browser: Browser) -> AsyncIterator[BrowserContext]:
    profile = await browser.new_context(viewport={"width": 1200, "height": 800}, locale="en-GB")
    profile.set_default_timeout(10_000)
    yield profile
    await profile.close()


@pytest_asyncio.fixture(loop_scope="session")
async def page(context: BrowserContext, served: Served) -> AsyncIterator[Page]:
    """Yield the chat, opened as Ada. At the end, assert that the browser logged no error."""
    async with watched(context) as opened:
        await open_chat(opened, served.url)
        yield opened


@asynccontextmanager
async def watched(context: BrowserContext) -> AsyncIterator[Page]:
    """Yield a new page. At the end, assert that the browser logged no error."""
    complaints: list[str] = []
    opened = await context.new_page()
    opened.on("console", lambda message: _note(message, complaints))
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    yield opened
    assert complaints == []


async def open_chat(page: Page, url: str) -> None:
    await page.goto(url)
    await up_to_date(page)


async def up_to_date(page: Page) -> None:
    """Wait until the page has received the earlier messages."""
    await page.locator("#log[aria-live=polite]").wait_for(state="attached")


def _note(message: ConsoleMessage, complaints: list[str]) -> None:
    """Note errors and warnings, such as violations of the content security policy. Leave out failed connections, since
    some tests stop the bot."""
    if message.type in {"error", "warning"} and "net::ERR" not in message.text:
        complaints.append(message.text)
