"""Scenes of the chat page and the polls' pages, for pictures and for the check with axe.

Each scene begins with a page that was just opened as Ada, over the shipped pack, and ends with the view for the
picture.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tests.browser.served import Hall
from tests.talk import press
from tests.world import request

if TYPE_CHECKING:
    from playwright.async_api import Page

Scene = Callable[["Page", Hall], Awaitable[None]]

QUESTION = "Where should the next town meeting take place?"
PLACES = ("In the library", "In the school", "Outdoors, in the park", "Online")
VOTERS = ("Ada", "Ben", "Chen", "Dina", "Mo")
BALLOTS: Mapping[str, Sequence[str]] = {
    "single": ("0", "1", "0", "2", "0"),
    "approval": ("0,1", "0,2,3", "0", "1,3", "0,3"),
    "ranked": ("2>0", "0>1", "0>2", "3>0", "1>0>2"),
    "score": ("5,3,0,1", "2,5,4,0", "4,3,0,5", "5,4,5,0", "3,0,1,5"),
    "ranked-tie": ("0>1", "1>0", "2>3", "3>2"),
}


async def say(page: Page, line: str) -> None:
    """Type a line, and wait until it appears in the conversation."""
    box = page.locator("#line")
    await box.fill(line)
    await box.press("Enter")
    await page.get_by_role("log").locator(".said").last.get_by_text(line).wait_for()
    await page.locator("#log article").last.wait_for()


def line(*lines: str, then: Sequence[str] = ()) -> Scene:
    """Return the scene of a member who types these lines and presses these buttons."""

    async def play(page: Page, _hall: Hall) -> None:
        for each in lines:
            await say(page, each)
        for label in then:
            await page.locator("#log").get_by_role("button", name=label, exact=True).last.click()
            await page.wait_for_timeout(300)

    return play


async def _open(hall: Hall, method: str, options: Sequence[str] = PLACES, more: str = "") -> None:
    """Open a poll in the chat as Mo."""
    mo = replace(request("Mo", platform="web", moderator=True), now=hall.clock())
    listed = " | ".join(options)
    await hall.instance.bot.say(
        mo, f'/poll create post:yes question:"{QUESTION}" options:"{listed}" method:{method} closes:"2 days" {more}'
    )


async def _vote(hall: Hall, method: str, ballots: Sequence[str]) -> None:
    verb = "cast" if method in {"ranked", "score"} else "vote"
    for name, ballot in zip(VOTERS, ballots, strict=False):
        await press(hall.instance, request(name, platform="web"), f"v1:{verb}:p1:{ballot}")
    await hall.instance.copies.drain()


def poll(method: str, more: str = "", *, votes: bool = False, then: Sequence[str] = ()) -> Scene:
    """Return the scene of an open poll, and the buttons that Ada presses."""

    async def play(page: Page, hall: Hall) -> None:
        await _open(hall, method, more=more)
        if votes:
            await _vote(hall, method, BALLOTS[method])
        await page.locator("#log article").last.wait_for()
        for label in then:
            await page.locator("#log").get_by_role("button", name=label, exact=True).last.click()
            await page.wait_for_timeout(300)

    return play


def result(
    method: str, ballots: Sequence[str] | None = None, options: Sequence[str] = PLACES, *, of_page: bool = False
) -> Scene:
    """Return the scene of a closed poll: its announcement, or its page."""

    async def play(page: Page, hall: Hall) -> None:
        await _open(hall, method, options)
        await _vote(hall, method, BALLOTS[method] if ballots is None else ballots)
        hall.clock.forward(days=2)
        await hall.close_due()
        if of_page:
            await page.goto(f"{hall.url}polls/p1")
        else:
            await page.locator("#log article").nth(1).wait_for()

    return play


async def first_screen(page: Page, _hall: Hall) -> None:
    await page.locator("#welcome").wait_for()


async def first_screen_with_polls(page: Page, hall: Hall) -> None:
    """Show the first screen of a reloaded page while a poll of another member is open."""
    await _open(hall, "single")
    await page.locator("#log article").last.wait_for()
    await page.reload()
    await page.locator("#log[aria-live=polite]").wait_for(state="attached")


async def open_page(page: Page, hall: Hall) -> None:
    await _open(hall, "ranked", more="results:live quorum:3")
    await _vote(hall, "ranked", BALLOTS["ranked"])
    await page.goto(f"{hall.url}polls/p1")


def discussion(*, closed: bool) -> Scene:
    """Return the scene of a discussion's page in which two camps of twelve agree on one statement and divide on
    four."""

    async def play(page: Page, hall: Hall) -> None:
        ada = replace(request("Ada", platform="web"), now=hall.clock())
        statements = "More benches | Free parking | Fewer cars | Night buses | Wider pavements"
        await hall.instance.bot.say(
            ada, f'/discuss start question:"{QUESTION}" statements:"{statements}" closes:"2 days"'
        )
        for number in range(24):
            for position in range(5):
                agree = position == 0 or (number < 12) == (position % 2 == 0)
                vote = "agree" if agree else "disagree"
                member = request(f"Member {number}", platform="web")
                await press(hall.instance, member, f"v1:discuss-say:d-p1:{position}:{vote}")
        if closed:
            hall.clock.forward(days=2)
            await hall.close_due()
        await page.goto(f"{hall.url}discussions/d-p1")
        await page.get_by_role("heading", level=1).wait_for()
        for summary in await page.locator("summary").all():
            await summary.click()

    return play


async def form(page: Page, _hall: Hall) -> None:
    await page.locator("#line").fill("/poll create post:yes")
    await page.locator("#line").press("Enter")
    await page.get_by_role("dialog").wait_for()


NOBODY: Sequence[str] = ()
MANY = tuple(f"Candidate number {number}" for number in range(1, 26))
SCENES: Mapping[str, Scene] = {
    "first-screen": first_screen,
    "first-screen-with-poll": first_screen_with_polls,
    "fact": line("/fact insurrection act"),
    "sources": line("/fact insurrection act", then=("Sources",)),
    "counter": line("/counter troops at the border"),
    "policies": line("/policy"),
    "policy": line("/policy joint operations"),
    "source": line("/source learning resources"),
    "timeline": line("/timeline"),
    "topic": line("/topic"),
    "term": line("/define posse comitatus"),
    "help": line("/help"),
    "help-command": line("/help fact"),
    "unknown": line("/fcat"),
    "form": form,
    "poll-single": poll("single"),
    "poll-approval": poll("approval", "most:2"),
    "poll-ranked": poll("ranked"),
    "poll-live": poll("single", "results:live", votes=True),
    "ballot-ranked": poll("ranked", then=("Vote",)),
    "ballot-score": poll("score", then=("Vote",)),
    "receipt": poll("single", then=(PLACES[0],)),
    "how-secret": poll("single", then=("How secret?",)),
    "result-single": result("single"),
    "result-approval": result("approval"),
    "result-ranked": result("ranked"),
    "result-ranked-tie": result("ranked", BALLOTS["ranked-tie"]),
    "result-score": result("score"),
    "result-score-many": result("score", (",".join(["3"] * 25),) * 2, MANY),
    "result-none": result("ranked", NOBODY),
    "page-open": open_page,
    "page-ranked": result("ranked", BALLOTS["ranked"], of_page=True),
    "page-score-many": result("score", (",".join(["3"] * 25),) * 2, MANY, of_page=True),
    "page-empty": result("single", NOBODY, of_page=True),
    "page-discussion": discussion(closed=True),
    "page-discussion-open": discussion(closed=False),
    "settings": line("/settings"),
    "privacy": line("/privacy show"),
}


@dataclass(frozen=True, slots=True)
class Window:
    """A window's size in CSS pixels, and its colours."""

    width: int
    height: int
    dark: bool = False


WINDOWS: Mapping[str, Window] = {
    "wide": Window(1200, 900),
    "dark": Window(1200, 900, dark=True),
    "narrow": Window(390, 844),
    "narrow-dark": Window(390, 844, dark=True),
    "zoom": Window(600, 450),  # a window of 1200 by 900 at 200 %
}
