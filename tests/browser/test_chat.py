"""Tests of the web chat in a real browser, as members use it."""

from __future__ import annotations

import asyncio
import re
from contextlib import suppress

import pytest
from playwright.async_api import BrowserContext, Error, Page, Route, expect

from adapters.web.members import PLACE
from bot.chat.vocabulary import Card, Reply
from bot.packs.labels import VERDICTS
from tests.browser.conftest import open_chat, up_to_date
from tests.browser.served import Served, make_chat
from tests.browser.showcase import SVG


async def say(page: Page, line: str) -> None:
    """Type a line and send it without taking a suggestion."""
    box = page.get_by_role("combobox", name="Message or command")
    await box.fill(line)
    await box.press("Enter")
    await expect(page.get_by_role("log").locator(".said").last).to_have_text(line)


async def become(page: Page, name: str) -> None:
    await page.get_by_role("radio", name=name).check()
    await up_to_date(page)


@pytest.mark.parametrize(
    ("question", "answer"),
    [("Is this true: ", "Supported"), ("What speaks against ", "Counterarguments to: "), ("What would ", "A tea fund")],
)
async def test_a_newcomer_knows_what_to_do(page: Page, question: str, answer: str) -> None:
    """The first screen names the topic, says that each claim has a verdict and its sources, and offers three questions.
    One press asks a question, and its answer replaces the first screen."""
    welcome = page.get_by_role("region", name="Welcome")
    await expect(welcome.get_by_role("heading", name="Tea in the office")).to_be_visible()
    await expect(welcome).to_contain_text("Each has a verdict and its sources.")
    await expect(page.get_by_text("Demonstration: you can be any of these people on this machine.")).to_be_visible()
    await expect(page.get_by_placeholder("Ask a question, or type /")).to_be_visible()
    await expect(welcome.get_by_role("button")).to_have_count(3)
    await welcome.get_by_role("button", name=question).click()
    await expect(page.get_by_role("article", name=answer)).to_be_visible()
    await expect(page.locator("#welcome")).to_be_hidden()


async def test_each_member_is_welcomed_until_they_ask(page: Page, served: Served) -> None:
    """A member's first screen stays while others post, and goes when the member asks something. Each member has their
    own."""
    await served.chat.post(PLACE, Reply((Card(title="For everyone"),)))
    await expect(page.get_by_role("article", name="For everyone")).to_be_visible()
    await expect(page.locator("#welcome")).to_be_visible()
    await say(page, "/topic")
    await expect(page.locator("#welcome")).to_be_hidden()
    await become(page, "Ben")
    await expect(page.locator("#welcome")).to_be_visible()
    await become(page, "Ada")
    await expect(page.get_by_role("article", name="Tea in the office")).to_be_visible()
    await expect(page.locator("#welcome")).to_be_hidden()


@pytest.mark.parametrize(("width", "height"), [(390, 844), (600, 450)])
async def test_an_answers_beginning_stays_in_view(page: Page, width: int, height: int) -> None:
    """On a phone and at 200 % zoom, the heading of an answer is in view, even if the answer replaces another one."""
    await page.set_viewport_size({"width": width, "height": height})
    await say(page, "/fact tea drinkers")
    heading = page.get_by_role("heading", name="Supported")
    await expect(heading).to_be_in_viewport()
    await page.get_by_role("button", name="Counterarguments").click()
    await expect(page.get_by_role("heading", name="Counterarguments to:")).to_be_in_viewport()


async def test_a_question_is_answered_with_a_card(page: Page) -> None:
    """A fact's card has its verdict in words, a quote of the essay, and its sources as links that tell the site
    nothing. Only the member who asked sees it."""
    await say(page, "/fact tea drinkers")
    card = page.get_by_role("article", name="Supported")
    await expect(card).to_contain_text("Most people in the office drink tea.")
    await expect(card.locator("blockquote")).to_contain_text("most of us drink tea")
    await expect(page.get_by_role("log")).to_contain_text("Only you see this")
    for link in await card.get_by_role("link").all():
        assert await link.get_attribute("rel") == "noopener noreferrer"
        assert (await link.get_attribute("href") or "").startswith("https://")


async def test_a_command_is_completed_with_the_keyboard(page: Page) -> None:
    """Arrow keys move through the suggestions, Tab and Enter take one, and Escape closes them. The focus stays in the
    box."""
    box = page.get_by_role("combobox", name="Message or command")
    options = page.locator("#suggestions").get_by_role("option")
    await box.press_sequentially("/fa")
    await expect(options).to_have_count(1)
    await expect(box).to_have_attribute("aria-expanded", "true")
    await box.press("Tab")
    await expect(box).to_have_value("/fact ")
    await box.press_sequentially("coffee b")
    await expect(options.first).to_contain_text("Coffee was banned from the office.")
    await box.press("ArrowDown")
    await expect(box).to_have_attribute("aria-activedescendant", "suggestion-0")
    await expect(options.first).to_have_attribute("aria-selected", "true")
    await box.press("Enter")
    await expect(box).to_have_value("/fact Coffee was banned from the office.")
    await expect(options).to_have_count(0)
    await expect(box).to_be_focused()
    await box.press("Enter")
    await expect(page.get_by_role("article", name="Contradicted")).to_be_visible()
    await box.press_sequentially("/")
    await expect(options.first).to_be_visible()
    await box.press("Escape")
    await expect(options).to_have_count(0)
    await expect(box).to_have_value("/")
    await expect(box).to_have_attribute("aria-expanded", "false")


async def test_a_late_list_does_not_replace_the_one_a_member_chooses_from(page: Page) -> None:
    """A member who points at a suggestion chooses from the list on the screen: the page cancels its request for the
    next list."""
    released = asyncio.Event()

    async def hold(route: Route) -> None:
        await released.wait()
        with suppress(Error):  # the page has cancelled it
            await route.continue_()

    box = page.get_by_role("combobox", name="Message or command")
    await box.fill("/fact coffee ")
    await expect(page.get_by_role("option", name="Coffee was banned from the office.")).to_be_visible()
    await page.route("**/api/complete", hold)
    async with page.expect_request("**/api/complete"):
        await box.press("b")
    async with page.expect_event("requestfailed"):
        await box.press("ArrowDown")
    released.set()
    await expect(box).to_have_attribute("aria-activedescendant", "suggestion-0")
    await box.press("Enter")
    await expect(box).to_have_value("/fact Coffee was banned from the office.")


async def test_a_suggestion_is_taken_with_a_click(page: Page) -> None:
    """A click on a suggestion puts it into the box, which keeps the focus."""
    box = page.get_by_role("combobox", name="Message or command")
    await box.press_sequentially("/defi")
    await page.get_by_role("option", name="/define").click()
    await expect(box).to_have_value("/define ")
    await expect(box).to_be_focused()


async def test_what_was_typed_can_be_recalled(page: Page) -> None:
    """The up arrow in an empty box brings back the line sent last, and the next press the line before it."""
    await say(page, "/topic")
    await say(page, "/timeline")
    box = page.get_by_role("combobox", name="Message or command")
    await box.press("ArrowUp")
    await expect(box).to_have_value("/timeline")
    await box.press("ArrowUp")
    await expect(box).to_have_value("/topic")


async def test_a_button_answers(page: Page) -> None:
    """A fact's card has a button for its counterarguments, which works with the keyboard."""
    await say(page, "/fact tea drinkers")
    await page.get_by_role("button", name="Counterarguments").focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("article", name="Counterarguments to:")).to_be_visible()


async def test_one_entry_is_opened_from_a_list(page: Page) -> None:
    """A card that lists entries has a button for each, which opens the entry and works with the keyboard."""
    await say(page, "/fact")
    card = page.get_by_role("article", name="Facts")
    listed = card.get_by_role("navigation", name="Facts")
    await expect(listed.get_by_role("listitem")).to_have_count(3)
    await listed.get_by_role("button", name="Coffee was banned from the office.").press("Enter")
    await expect(page.get_by_role("article", name="Contradicted")).to_be_visible()


async def test_several_entries_are_picked_from_a_list(page: Page) -> None:
    """A member picks several entries of a list and sends them once. If the entries are too few or too many, the page
    says beside the list how many the member may pick, and sends nothing."""
    await say(page, "/everything")
    several = page.get_by_role("group", name="Some of them")
    send = page.locator("form.pick", has=several).get_by_role("button")
    for picked in (("Blue",), ("Blue", "Red", "Green", "Grey")):
        for colour in picked:
            await several.get_by_label(colour).check()
        await send.click()
        await expect(several.get_by_role("alert")).to_have_text("Choose at least 2 and at most 3.")
    for colour in ("Green", "Grey"):
        await several.get_by_label(colour).uncheck()
    await send.click()
    await expect(page.get_by_role("article", name="Picked")).to_contain_text("red, blue")
    await expect(page.get_by_role("article", name="Picked")).to_have_count(1)


async def test_a_control_replaces_its_message_in_place(page: Page) -> None:
    """A message that its own button redraws stays in its place, and the button keeps the focus."""
    await say(page, "/counter-button")
    await say(page, "something later")
    await page.get_by_role("button", name="Count", exact=True).focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("article", name="Counted to 1")).to_be_visible()
    await expect(page.get_by_role("button", name="Count", exact=True)).to_be_focused()
    await expect(page.locator(".message").nth(1)).to_contain_text("Counted to 1")


async def test_a_form_is_filled_in(page: Page) -> None:
    """A form says beside each question what is wrong with the answer, keeps the other answers, and closes once all are
    right."""
    await say(page, "/survey")
    dialog = page.get_by_role("dialog", name="A few questions")
    await expect(dialog.get_by_label("Name")).to_be_focused()
    await dialog.get_by_role("button", name="Send").click()
    await expect(dialog.get_by_label("Name")).to_have_accessible_description(re.compile("Please fill this in."))
    await dialog.get_by_label("Name").fill("nobody")
    await dialog.get_by_label("About").fill("x" * 60)
    await dialog.get_by_label("Colour", exact=True).select_option("green")
    await dialog.get_by_role("group", name="Colours").get_by_label("Blue").check()
    for colour in ("Red", "Grey"):
        await dialog.get_by_role("group", name="Colours").get_by_label(colour).check()
    await dialog.get_by_role("button", name="Send").click()
    several, one = dialog.get_by_role("group", name="Colours"), dialog.get_by_role("group", name="Shade")
    await expect(several.get_by_role("alert")).to_have_text("Choose at least 1 and at most 2.")
    await expect(one).to_have_accessible_description(re.compile("Light or dark Please fill this in."))
    await dialog.get_by_role("group", name="Colours").get_by_label("Grey").uncheck()
    await one.get_by_role("radio", name="Light").check()
    await one.get_by_role("radio", name="Light").press("ArrowDown")
    await expect(one.get_by_role("radio", name="Dark as at night")).to_be_checked()
    await dialog.get_by_role("button", name="Send").click()
    await expect(dialog.get_by_label("Name")).to_have_accessible_description(re.compile("Somebody must answer"))
    await expect(dialog.get_by_label("Name")).to_be_focused()
    await dialog.get_by_label("Name").fill("Ada")
    await page.keyboard.press("Enter")
    await expect(dialog).to_have_count(0)
    answer = page.get_by_role("article", name="Thank you")
    await expect(answer).to_contain_text("colour: green")
    await expect(answer).to_contain_text("shade: dark")
    await expect(answer).to_contain_text(f"about: {'x' * 40}")


async def test_a_form_can_be_left(page: Page) -> None:
    """Escape closes a form and sends nothing."""
    await say(page, "/survey")
    await expect(page.get_by_role("dialog")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await expect(page.get_by_role("article")).to_have_count(0)


async def test_another_member_sees_what_is_shared_and_nothing_else(page: Page) -> None:
    """The switcher shows the conversation as the chosen member sees it: with shared answers and everybody's words,
    without the private answers of others."""
    await say(page, "/fact tea drinkers")
    await say(page, "/fact coffee ban share:yes")
    await say(page, "hello, all of you")
    await become(page, "Ben")
    log = page.get_by_role("log")
    await expect(log).to_contain_text("Contradicted")
    await expect(log).to_contain_text("hello, all of you")
    await expect(log).not_to_contain_text("tea drinkers")
    await become(page, "Ada")
    await expect(log).to_contain_text("Most people in the office drink tea.")


async def test_what_others_say_appears_by_itself(page: Page, context: BrowserContext, served: Served) -> None:
    """Two pages of one browser can be two members, and the words of one appear on the other's page without a reload."""
    other = await context.new_page()
    await open_chat(other, served.url)
    await become(other, "Dina")
    await say(other, "a word from Dina")
    await expect(page.locator(".message", has_text="a word from Dina").locator(".name")).to_have_text("Dina")
    await other.close()


async def test_a_reloaded_page_shows_the_conversation(page: Page) -> None:
    """A reloaded page is still the same member's, and shows the same messages, private answers too."""
    await become(page, "Chen")
    await say(page, "/fact coffee ban")
    await expect(page.get_by_role("log").get_by_role("article").last).to_be_visible()
    await say(page, "good morning")
    before = await page.locator(".message").all_inner_texts()
    await page.reload()
    await up_to_date(page)
    await expect(page.get_by_role("radio", name="Chen")).to_be_checked()
    assert await page.locator(".message").all_inner_texts() == before


async def test_a_lost_connection_is_seen_and_mended(page: Page, served: Served) -> None:
    """If the bot is away, the page says so, keeps the typed words in the box, and connects again by itself when it is
    back."""
    await say(page, "before")
    port = int(served.host.rpartition(":")[2])
    await served.chat.stop()
    await expect(page.get_by_role("status").first).to_have_text("Connection lost. Trying again…")
    box = page.get_by_role("combobox", name="Message or command")
    await box.fill("meanwhile")
    await box.press("Enter")
    await expect(page.get_by_role("status").first).to_contain_text("Your words are still in the box:")
    await expect(box).to_have_value("meanwhile")
    later, _ = make_chat(first_id=1_000)
    await later.start("127.0.0.1", port)
    try:
        await expect(page.get_by_role("status").first).to_have_text("Connected again.")
        await box.press("Enter")
        await expect(page.get_by_role("log")).to_contain_text("meanwhile")
        await expect(page.get_by_role("log")).to_contain_text("before")
    finally:
        await later.stop()


@pytest.mark.parametrize("path", ["", "?lang=en-XA"])
async def test_a_narrow_screen_needs_no_sideways_scrolling(page: Page, served: Served, path: str) -> None:
    """At 320 pixels everything fits the page's width, however long the words are, in English and in the
    pseudo-locale."""
    await page.set_viewport_size({"width": 320, "height": 640})
    await open_chat(page, served.url + path)
    box = page.locator("#line")
    for line in ("/everything", "/fact tea drinkers", "/fact", "/announce " + "long" * 100, "W" * 400, "/"):
        await box.fill(line)
        await page.wait_for_timeout(100)
        assert await overflow(page) == [], line
        await box.press("Enter")
    await expect(page.locator(".message")).to_have_count(12)
    assert await overflow(page) == []


async def overflow(page: Page) -> list[str]:
    """Return the elements that reach over the right edge of the page."""
    wide: list[str] = await page.evaluate(
        """() => [...document.querySelectorAll("body *:not(.unseen, .unseen *, option)")]
            .filter((e) => e.getBoundingClientRect().right > innerWidth + 0.5 && e.checkVisibility())
            .map((e) => `${e.localName}.${e.className} ${e.getBoundingClientRect().right}`)
            .concat(document.scrollingElement.scrollWidth > innerWidth ? ["the page itself"] : [])"""
    )
    return wide


async def test_little_height_leaves_everything_within_reach(page: Page) -> None:
    """At 320 by 200 pixels, as at four times the usual size, a member can still reach the buttons of a card."""
    await page.set_viewport_size({"width": 320, "height": 200})
    await say(page, "/fact tea drinkers")
    await page.get_by_role("button", name="Share").click()
    await expect(page.get_by_role("article", name="Shared here")).to_be_visible()


async def test_what_people_and_editors_write_is_text(page: Page) -> None:
    """The page shows markup that people and editors write as text, makes links of web addresses only, and runs no
    script of a picture."""
    await say(page, "<img src=x onerror=parent.hacked=1> <b>bold</b> @everyone")
    await say(page, "/everything")
    await expect(page.locator("#log b, #log img:not(.picture), #log svg, #log script")).to_have_count(0)
    card = page.get_by_role("article", name="Everything <i>at once</i>")
    picture = card.get_by_role("img", name="A teal bar")
    assert await picture.evaluate("(image) => image.complete && image.naturalWidth") == 60
    assert "script" in SVG
    assert await page.evaluate("window.hacked") is None
    assert await card.locator("a[href^=javascript]").count() == 0
    await expect(card).to_contain_text("a trap (javascript:alert(1))")
    await expect(card.get_by_role("button", name="Follow")).to_be_disabled()
    await expect(card.get_by_role("list")).to_have_count(2)


async def test_times_are_the_reader_s(page: Page, context: BrowserContext, served: Served) -> None:
    """The page shows a moment in its reader's time zone."""
    session = await context.new_cdp_session(page)
    await session.send("Emulation.setTimezoneOverride", {"timezoneId": "Asia/Tokyo"})
    await open_chat(page, served.url)
    await say(page, "/everything")
    await expect(page.locator("article time")).to_have_text(re.compile("25 Nov 2026.*21:00"))


async def test_one_reads_on_undisturbed(page: Page, served: Served) -> None:
    """A member who has scrolled up stays there when others speak, and a button says that there are newer messages."""
    for number in range(12):
        await served.chat.post(PLACE, Reply((Card(title=f"Number {number}"),)))
    await expect(page.get_by_role("article", name="Number 11")).to_be_in_viewport()
    await page.locator("#scroll").evaluate("(scroll) => { scroll.scrollTop = 0; }")
    await page.wait_for_timeout(100)
    await served.chat.post(PLACE, Reply((Card(title="The latest"),)))
    newer = page.get_by_role("button", name="Newer messages")
    await expect(newer).to_be_visible()
    await expect(page.get_by_role("article", name="Number 0")).to_be_in_viewport()
    await newer.click()
    await expect(page.get_by_role("article", name="The latest")).to_be_in_viewport()
    await expect(newer).to_be_hidden()


async def test_every_control_has_a_name(page: Page) -> None:
    """Every control has a name for a screen reader, every id is unique, and the page has one heading of the first
    rank."""
    await say(page, "/everything")
    await say(page, "/survey")
    await expect(page.get_by_role("dialog")).to_be_visible()
    nameless = await page.evaluate(
        """() => [...document.querySelectorAll("button, input, select, textarea, a, img, [role]")]
            .filter((e) => e.computedName === "" && e.alt !== "" && !["status", "alert", "none"].includes(e.role))
            .map((e) => e.outerHTML.slice(0, 120))"""
    )
    assert nameless == []
    ids = await page.evaluate("[...document.querySelectorAll('[id]')].map((e) => e.id)")
    assert len(ids) == len(set(ids))
    assert await page.locator("h1").count() == 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_every_word_can_be_read(page: Page, scheme: str) -> None:
    """Text has a contrast of at least 4.5 to 1 with its background (WCAG AA), in both colour schemes."""
    await page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    for line in ("/everything", "/fact coffee ban", "/fact tea drinkers", "/nosuch", "/survey"):
        await page.get_by_role("combobox", name="Message or command").fill(line)
        await page.keyboard.press("Enter")
    await expect(page.get_by_role("dialog")).to_be_visible()
    await page.get_by_role("dialog").get_by_role("button", name="Send").click()
    await page.wait_for_timeout(400)
    assert await page.evaluate(CONTRAST) == []


CONTRAST = """() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgba = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const light = (colour) => {
    const [r, g, b] = rgba(colour).map((v) => v / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (e) => {
    for (let at = e; at; at = at.parentElement) {
      const colour = getComputedStyle(at).backgroundColor;
      if (rgba(colour)[3] === 255) return colour;
    }
    return "white";
  };
  return [...document.querySelectorAll("body *:not(option, script, noscript)")]
    .filter((e) => e.checkVisibility() && !e.disabled && !e.closest(".unseen, .skip"))
    .filter((e) => [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()))
    .map((e) => {
      const [a, b] = [light(getComputedStyle(e).color), light(ground(e))].sort((x, y) => y - x);
      return [(a + 0.05) / (b + 0.05), e];
    })
    .filter(([ratio]) => ratio < 4.5)
    .map(([ratio, e]) => `${ratio.toFixed(2)} ${e.localName}.${e.className} ${e.textContent.slice(0, 40)}`);
}"""


async def test_the_whole_page_speaks_one_language(page: Page, served: Served) -> None:
    """In the pseudo-locale the page leaves none of its own sentences in English."""
    await open_chat(page, f"{served.url}?lang=en-XA")
    await page.locator("#line").fill("hello")
    await page.keyboard.press("Enter")
    await page.locator("#line").fill("/fact")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("article")).to_have_count(2)
    english = await page.evaluate(
        """(signs) => [...document.querySelectorAll("main *, .side *")]
            .filter((e) => !e.closest("noscript, bdi, code, .said, time, #commands, option + option, .face, h1, .link, .welcome h2, .welcome p"))
            .flatMap((e) => [...e.childNodes].filter((n) => n.nodeType === 3).map((n) => n.data.trim()))
            .map((words) => words.slice((signs.find((sign) => words.startsWith(sign + " ")) ?? "").length).trim())
            .filter((words) => /[a-z]/i.test(words) && !words.startsWith("⟦"))""",
        [label.sign for label in VERDICTS.values()],
    )
    assert english == []
