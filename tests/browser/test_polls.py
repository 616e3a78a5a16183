"""Tests of polls in the web chat in a real browser, as hosts, voters and readers use them."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import BrowserContext, Locator, Page, expect

from bot.commands.poll_forms import READY_CLOSES
from tests.browser.conftest import open_chat, up_to_date, watched
from tests.browser.served import Hall, serving_polls
from tests.browser.test_chat import CONTRAST, become, overflow, say
from tests.world import Clock

CREATE = '/poll create post:yes question:"Which tea?" options:"Green | Black | Oolong"'


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest_asyncio.fixture(loop_scope="session")
async def hall(tmp_path: Path, clock: Clock) -> AsyncIterator[Hall]:
    async with serving_polls(tmp_path, clock) as whole_hall:
        yield whole_hall


@pytest_asyncio.fixture(loop_scope="session")
async def pages(context: BrowserContext) -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as stack:
        yield stack


async def opened(pages: AsyncExitStack, context: BrowserContext, hall: Hall, name: str) -> Page:
    """Open a page for one member."""
    page = await pages.enter_async_context(watched(context))
    await open_chat(page, hall.url)
    await become(page, name)
    return page


@pytest_asyncio.fixture(loop_scope="session")
async def ada(pages: AsyncExitStack, context: BrowserContext, hall: Hall) -> Page:
    return await opened(pages, context, hall, "Ada")


@pytest_asyncio.fixture(loop_scope="session")
async def ben(pages: AsyncExitStack, context: BrowserContext, hall: Hall) -> Page:
    return await opened(pages, context, hall, "Ben")


def card(page: Page, title: str) -> Locator:
    """Return the latest card with this title."""
    return page.get_by_role("article", name=title, exact=True).last


def button(within: Page | Locator, label: str) -> Locator:
    return within.get_by_role("button", name=label, exact=True)


async def result_page(pages: AsyncExitStack, page: Page, title: str) -> Page:
    """Open the poll's page with the link on its card."""
    async with page.context.expect_page() as info:
        await card(page, title).get_by_role("link", name="Chart, rules and audit").click()
    poll_page = await info.value
    pages.push_async_callback(poll_page.close)
    await poll_page.wait_for_load_state()
    return poll_page


async def check_receipts(poll_page: Page, code: str) -> None:
    """Assert that the page finds a ballot by its receipt, and says what is wrong with another code or another head."""
    await poll_page.get_by_label("Receipt").fill(code)
    await poll_page.keyboard.press("Enter")
    await expect(poll_page.locator("#answer")).to_have_text("✔ The ballot with this receipt is in the count.")
    letters = code.split("-")
    await poll_page.get_by_label("Receipt").fill("-".join((*letters[:4], "AAAA", letters[5])))
    await button(poll_page, "Check").click()
    await expect(poll_page.locator("#answer")).to_contain_text("✖ No ballot of this poll has that receipt.")
    await poll_page.get_by_label("Receipt").fill("-".join((*letters[:5], "0" * 16)))
    await button(poll_page, "Check").click()
    await expect(poll_page.locator("#answer")).to_contain_text("✖ The record contradicts this receipt")


async def recompute(poll_page: Page) -> None:
    """Assert that the page's own script checks the record and shows the record's head."""
    await button(poll_page, "Check it here").click()
    await expect(poll_page.locator("#own-answer")).to_contain_text("✔ Everything holds, recomputed on your computer.")
    head = await poll_page.locator("dd code").inner_text()
    await expect(poll_page.locator("#own-answer")).to_contain_text(head[:16])


async def test_a_poll_from_its_opening_to_its_audit(
    hall: Hall, ada: Page, ben: Page, pages: AsyncExitStack, context: BrowserContext, tmp_path: Path
) -> None:
    """A member opens a poll with a form, members vote, change and withdraw, and a moderator closes it. The result has a
    chart, a page that checks receipts and the record, and a file of the ballots."""
    await say(ada, "/poll create post:yes")
    form = ada.get_by_role("dialog", name="A new poll")
    await form.get_by_label("The question").fill("Where do we meet?")
    await form.get_by_label("The options").fill("The library\nThe town hall\nThe library")
    await button(form, "Send").click()
    await expect(form).to_contain_text("Two options are called “The library”.")
    await form.get_by_label("The options").fill("The library\nThe town hall\nOnline")
    await button(form, "Send").click()
    await expect(form).to_have_count(0)

    await button(card(ben, "Where do we meet?"), "How secret?").click()
    secrecy = card(ben, "How secret is this poll?")
    await expect(secrecy.locator(".footer")).to_have_text("Chart, rules and audit")
    await button(card(ben, "Where do we meet?"), "The library").click()
    await expect(card(ben, "Your vote is counted")).to_contain_text("The library")
    await button(card(ben, "Where do we meet?"), "Online").click()
    await expect(card(ben, "Your vote has changed")).to_contain_text("Online")
    code = await card(ben, "Your vote has changed").locator("code").inner_text()
    await button(card(ada, "Where do we meet?"), "The library").click()
    await button(card(ada, "Your vote is counted"), "Withdraw").click()
    await expect(card(ada, "Your vote is withdrawn")).to_be_visible()
    await expect(ben.get_by_role("log")).not_to_contain_text("The library 1")

    mo = await opened(pages, context, hall, "Mo")
    await say(mo, "/poll close")
    await button(mo.get_by_role("log"), "Close it and show the result").click()
    announced = card(ben, "Closed: Where do we meet?")
    await expect(announced).to_contain_text("Winner: Online.")
    chart = announced.get_by_role("img")
    assert await chart.evaluate("(image) => image.complete && image.naturalWidth") == 800
    await expect(card(ada, "Where do we meet?")).to_contain_text("This poll is closed.")

    poll_page = await result_page(pages, ben, "Closed: Where do we meet?")
    await expect(poll_page.get_by_role("heading", level=1)).to_have_text("Where do we meet?")
    await expect(poll_page.locator(".outcome")).to_have_text("Winner: Online.")
    await expect(poll_page.locator("main")).to_contain_text("✔ The record is intact · recomputed up to link 5")
    await check_receipts(poll_page, code)
    await recompute(poll_page)

    async with poll_page.expect_download() as saving:
        await poll_page.get_by_role("link", name="Ballots (CSV)").click()
    saved = tmp_path / (await saving.value).suggested_filename
    await (await saving.value).save_as(saved)
    with saved.open(newline="") as file:
        assert list(csv.reader(file)) == [["The library", "The town hall", "Online"], ["", "", "1"]]


async def test_files_are_saved_from_the_chat(hall: Hall, ada: Page, tmp_path: Path) -> None:
    """The button of an exported file shows its name and size, works with the keyboard, and saves the file."""
    await say(ada, CREATE)
    await button(card(ada, "Which tea?"), "Oolong").click()
    await expect(card(ada, "Your vote is counted")).to_be_visible()
    await say(ada, "/poll close")
    await button(ada.get_by_role("log"), "Close it and show the result").click()
    await expect(card(ada, "Closed: Which tea?")).to_be_visible()
    await say(ada, "/poll export")
    await expect(ada.get_by_role("button", name=re.compile(r"Save poll-p1\.csv.*\d bytes"))).to_be_visible()
    await ada.get_by_role("button", name=re.compile(r"Save poll-p1\.json.*kB")).focus()
    async with ada.expect_download() as saving:
        await ada.keyboard.press("Enter")
    saved = tmp_path / (await saving.value).suggested_filename
    await (await saving.value).save_as(saved)
    assert saved.name == "poll-p1.json"
    assert json.loads(saved.read_text())["counts"] == {"2": 1}


async def test_approval_is_voted_with_check_boxes(ada: Page, ben: Page) -> None:
    """An approval poll refuses more choices than it allows and says how many it takes. Ticks that a member hasn't sent
    yet survive a redraw after another member's vote."""
    await say(ada, f"{CREATE} method:approval most:2 results:live")
    mine, theirs = card(ada, "Which tea?"), card(ben, "Which tea?")
    for name in ("Green", "Black", "Oolong"):
        await mine.get_by_label(name).check()
    await button(mine, "Vote").click()
    await expect(mine.get_by_role("alert")).to_have_text("Choose at least 1 and at most 2.")
    await mine.get_by_label("Black").uncheck()
    await mine.get_by_label("Oolong").focus()
    await theirs.get_by_label("Black").check()
    await button(theirs, "Vote").click()
    await expect(mine).to_contain_text("Black ★ approved by 1 of 1 (100%)")
    await expect(mine.get_by_label("Green")).to_be_checked()
    await expect(mine.get_by_label("Black")).not_to_be_checked()
    await expect(mine.get_by_label("Oolong")).to_be_checked()
    await expect(mine.get_by_label("Oolong")).to_be_focused()
    await button(mine, "Vote").click()
    await expect(card(ada, "Your vote is counted").get_by_role("listitem")).to_have_text(["Green", "Oolong"])


async def test_a_policy_poll_is_ranked_with_the_keyboard_alone(ada: Page) -> None:
    """A member can open a policy poll and rank its options with the keyboard alone. The ballot is one form with a rank
    for each option, and Change starts from the vote."""
    await say(ada, "/poll policy post:yes")
    form = ada.get_by_role("dialog", name="A poll on policy options")
    closes = form.get_by_label("When it closes")
    await expect(closes).to_have_attribute("list", re.compile("ready"))
    assert await closes.evaluate("input => [...input.list.options].map(each => each.value)") == [*READY_CLOSES]
    await form.get_by_label("A tea fund").press("Space")
    await form.get_by_label("Bring your own tea").press("Space")
    await form.get_by_label("When it closes").press("Enter")
    await expect(form).to_have_count(0)
    question = "Which policy should be pursued? (Tea in the office)"
    await button(card(ada, question), "Vote").press("Enter")
    ballot = card(ada, f"Your ballot: {question}")
    await ballot.get_by_label("Bring your own tea").press("1")
    await ada.keyboard.press("Tab")
    await ballot.get_by_label("A tea fund").press("2")
    await button(ballot, "Cast this ballot").press("Enter")
    cast = card(ada, "Your vote is counted")
    await expect(cast.get_by_role("listitem")).to_have_text(["Bring your own tea", "A tea fund"])
    await expect(button(cast, "Change")).to_be_focused()
    await ada.keyboard.press("Enter")
    await expect(ballot.get_by_label("Bring your own tea")).to_have_value("1")
    await expect(ballot.get_by_label("A tea fund")).to_have_value("2")
    await ballot.get_by_label("A tea fund").select_option("")
    await button(ballot, "Cast this ballot").click()
    await expect(card(ada, "Your vote has changed").get_by_role("listitem")).to_have_text(["Bring your own tea"])
    await expect(ada.locator("article").filter(has_text="Not cast yet")).to_have_count(0)


async def test_two_options_of_one_rank_are_refused(ada: Page) -> None:
    """Parley refuses a ballot that gives one rank to two options, says how to correct it, and the form keeps the
    ranks."""
    await say(ada, f"{CREATE} method:ranked")
    await button(card(ada, "Which tea?"), "Vote").click()
    ballot = card(ada, "Your ballot: Which tea?")
    for option in ("Green", "Oolong"):
        await ballot.get_by_label(option).select_option("1")
    await button(ballot, "Cast this ballot").click()
    await expect(ada.get_by_role("log")).to_contain_text("Give each rank to one option.")
    await expect(ballot.get_by_label("Oolong")).to_have_value("1")


async def test_scores_are_given_in_one_form(ada: Page) -> None:
    """A score ballot is one form. An option without a score stays without one, which is different from a score of 0."""
    await say(ada, f"{CREATE} method:scores")
    await button(card(ada, "Which tea?"), "Vote").click()
    ballot = card(ada, "Your ballot: Which tea?")
    await ballot.get_by_label("Green").select_option("5")
    await ballot.get_by_label("Oolong").select_option("0")
    await button(ballot, "Cast this ballot").click()
    cast = card(ada, "Your vote is counted")
    await expect(cast.get_by_role("listitem")).to_have_text(["Green: 5", "Black: no score", "Oolong: 0"])
    await button(cast, "Change").click()
    await expect(ballot.get_by_label("Black")).to_have_value("")
    await expect(ballot.get_by_label("Oolong")).to_have_value("0")


async def test_change_starts_from_the_vote(ada: Page) -> None:
    """Change shows an approval ballot with the options of the member's vote already ticked."""
    await say(ada, f"{CREATE} method:approval")
    poll = card(ada, "Which tea?")
    for name in ("Green", "Oolong"):
        await poll.get_by_label(name).check()
    await button(poll, "Vote").click()
    await button(card(ada, "Your vote is counted"), "Change").click()
    again = ada.locator(".private").get_by_role("article", name="Which tea?", exact=True)
    await expect(again.get_by_label("Green")).to_be_checked()
    await expect(again.get_by_label("Black")).not_to_be_checked()
    await expect(again.get_by_label("Oolong")).to_be_checked()


async def test_a_double_click_goes_one_step(ada: Page) -> None:
    """The second click of a double click doesn't press the control that has replaced the clicked one."""
    await say(ada, "/fact tea drinkers")
    await button(ada, "Counterarguments").dblclick(delay=20)
    await expect(card(ada, "Counterarguments to:")).to_be_visible()
    await ada.wait_for_timeout(400)
    await expect(card(ada, "Counterarguments to:")).to_be_visible()


async def test_a_newcomer_gets_from_the_first_screen_to_a_result(hall: Hall, ada: Page, ben: Page) -> None:
    """A newcomer gets an answer, a counterargument, a vote and a result with at most 8 presses and without typing."""
    await say(ada, f"{CREATE} results:live")
    await expect(card(ada, "Which tea?")).to_be_visible()
    await ben.reload()
    await up_to_date(ben)
    await ben.evaluate("window.presses = 0; addEventListener('click', () => { presses += 1; }, true)")
    welcome = ben.get_by_role("region", name="Welcome")
    await expect(welcome.get_by_role("button", name="Vote: Which tea?")).to_be_visible()
    await welcome.get_by_role("button", name="Is this true: Most people").click()
    await expect(card(ben, "✔ Supported")).to_be_visible()
    await button(ben, "Counterarguments").click()
    await expect(card(ben, "Counterarguments to:")).to_be_visible()
    await button(card(ben, "Which tea?"), "Oolong").click()
    await expect(card(ben, "Your vote is counted")).to_be_visible()
    await button(card(ben, "Which tea?"), "Results so far").click()
    await expect(ben.locator(".private").last).to_contain_text("So far in front: Oolong.")
    assert await ben.evaluate("presses") <= 8


async def test_live_bars_grow_in_other_members_pages(ada: Page, ben: Page, pages: AsyncExitStack) -> None:
    """Without a reload, a vote in a live poll shows on every member's card and on the poll's page, which also shows the
    close."""
    await say(ada, f"{CREATE} results:live")
    poll_page = await result_page(pages, ben, "Which tea?")
    await expect(poll_page.locator("main")).to_contain_text("0 ballots")
    await poll_page.get_by_text("The numbers as a table").click()
    await button(card(ada, "Which tea?"), "Oolong").click()
    await expect(card(ben, "Which tea?")).to_contain_text("Oolong ★ 1 (100%)")
    await expect(poll_page.locator(".outcome")).to_have_text("So far in front: Oolong.")
    await expect(poll_page.get_by_role("row", name="Oolong 1 100%")).to_be_visible()
    await say(ada, "/poll close")
    await button(ada.get_by_role("log"), "Close it and show the result").click()
    await expect(poll_page.locator(".outcome")).to_have_text("Winner: Oolong.")
    await expect(poll_page.get_by_role("status").last).to_have_text("Closed")
    await expect(poll_page.get_by_role("link", name="Ballots (CSV)")).to_be_visible()


async def test_a_restart_in_between_keeps_the_poll(
    context: BrowserContext, pages: AsyncExitStack, tmp_path: Path, clock: Clock
) -> None:
    """After a restart an open poll stands once and its buttons work, and a member can cast a ballot that they had half
    filled in."""
    async with serving_polls(tmp_path, clock) as before:
        ada = await opened(pages, context, before, "Ada")
        await say(ada, f"{CREATE} method:ranked")
        await button(card(ada, "Which tea?"), "Vote").click()
        ballot = card(ada, "Your ballot: Which tea?")
        await ballot.get_by_label("Oolong").select_option("1")
    await expect(ada.get_by_role("status").first).to_have_text("Connection lost. Trying again…")
    clock.forward(minutes=5)
    async with serving_polls(tmp_path, clock, port=before.port, first_id=1_000) as after:
        await expect(ada.get_by_role("status").first).to_have_text("Connected again.")
        ben = await opened(pages, context, after, "Ben")
        await expect(ben.locator(".message")).to_have_count(1)
        await expect(button(card(ben, "Which tea?"), "Vote")).to_be_enabled()
        await button(ballot, "Cast this ballot").click()
        await expect(card(ada, "Your vote is counted").get_by_role("listitem")).to_have_text(["Oolong"])
        await expect(card(ben, "Which tea?")).to_contain_text("1 ballot")
        await expect(ada.get_by_role("article", name="Which tea?", exact=True)).to_have_count(1)
        await ada.reload()
        await up_to_date(ada)
        await expect(card(ada, "Which tea?")).to_contain_text("1 ballot")


async def test_a_poll_s_page_can_be_read_by_everyone(
    hall: Hall, ada: Page, pages: AsyncExitStack, context: BrowserContext
) -> None:
    """A poll's page has enough contrast in both colour schemes, one heading of the first rank and unique ids. At 320
    pixels nothing but a picture is wider than the page."""
    await say(ada, f"{CREATE} method:ranked public:yes results:live quorum:1")
    await button(card(ada, "Which tea?"), "Vote").click()
    await card(ada, "Your ballot: Which tea?").get_by_label("Oolong").select_option("1")
    await button(card(ada, "Your ballot: Which tea?"), "Cast this ballot").click()
    await expect(card(ada, "Your vote is counted")).to_be_visible()
    for url in (f"{hall.url}polls/p1", f"{hall.public_url}polls/p1"):
        poll_page = await pages.enter_async_context(watched(context))
        await poll_page.set_viewport_size({"width": 320, "height": 640})
        await poll_page.goto(url)
        assert [wide for wide in await overflow(poll_page) if "img" not in wide] == []
        assert await poll_page.locator("h1").count() == 1
        ids = await poll_page.evaluate("[...document.querySelectorAll('[id]')].map((e) => e.id)")
        assert len(ids) == len(set(ids)) > 0
        for scheme in ("light", "dark"):
            await poll_page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
            assert await poll_page.evaluate(CONTRAST) == []


ITEMS = """(list) => [...list.children].map((item) => {
    const [outer, inner] = [list.getBoundingClientRect(), item.getBoundingClientRect()];
    return [inner.left - outer.left, outer.right - inner.right].map(Math.round);
})"""
"""How far each item of a list is from the list's left and right edge, in pixels."""


async def test_what_is_written_from_right_to_left_stays_within_its_card(ada: Page) -> None:
    """An option written from right to left has its mark on the right, with the room that other options have on the
    left. A list of bars needs no such room."""
    await say(ada, '/poll create post:yes question:"Which tea?" options:"ירוק | Black" method:approval results:live')
    poll = card(ada, "Which tea?")
    room = 22
    assert await poll.locator("ol").evaluate(ITEMS) == [[0, room], [room, 0]]
    await poll.get_by_label("ירוק").check()
    await button(poll, "Vote").click()
    bars = poll.locator("ul:has(.bar)")
    await expect(bars).to_contain_text("ירוק ★")
    assert await bars.evaluate(ITEMS) == [[0, 0], [0, 0]]
