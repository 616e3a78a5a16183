"""The pages of polls at their bounds: which ids are looked up, when a page is new, and how long it is kept."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from unittest import mock

import pytest

from adapters.web import pages as pages_module
from adapters.web import poll_page
from adapters.web.pages import AUDITED_AGAIN, AUDITED_AGAIN_ENDED, Page, PollPages
from adapters.web.poll_page import View
from bot.chat.vocabulary import Request
from bot.communities.model import default_community
from bot.deliberation.model import ID_PREFIX
from bot.errors import NotFound
from bot.i18n import Translator, translator
from bot.instance import Instance
from bot.polls.model import PollState
from tests.talk import ADA, BEN, press, say
from tests.world import Clock, running

T = translator("en")
FRESH = AUDITED_AGAIN[PollState.OPEN]
MOMENT = timedelta(microseconds=1)
VISITOR = replace(ADA.actor, id="", name="")


@dataclass(frozen=True, slots=True)
class Desk:
    """An instance with its pages and its clock."""

    instance: Instance
    pages: PollPages
    clock: Clock

    async def open(self, **options: str) -> None:
        more = " ".join(f"{name}:{value}" for name, value in options.items())
        await say(self.instance, ADA, f'/poll create post:yes question:"Which tea?" options:"Green | Black" {more}')

    async def press(self, action: str, who: Request = ADA) -> None:
        await press(self.instance, who, action)

    async def page(self, tag: str = "") -> Page:
        return await self.pages.page(await self.pages.seen_by("p1", VISITOR, T), T, reader_tag=tag)

    async def html(self) -> str:
        return (await self.page()).html or ""


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    clock = Clock()
    async with running(tmp_path, clock=clock) as instance:
        yield Desk(instance, PollPages.of(instance, clock), clock)


@pytest.mark.parametrize("name", ["", "P1", "p-1", "p1\n", "p1\0", "é", "p" * 25])
async def test_what_can_be_no_id_is_not_looked_up(name: str) -> None:
    """An id has 1 to 24 small letters or digits; any other text isn't found, without a query to the store."""
    store = mock.Mock(**{f"{method}.side_effect": LookupError for method in ("is_public", "seen_by")})
    pages = PollPages(store, store, store, default_community, clock=Clock())
    looks: tuple[Callable[[str], Awaitable[object]], ...] = (
        lambda name: pages.public(name, T),
        lambda name: pages.seen_by(name, VISITOR, T),
        lambda name: pages.decision(name, VISITOR, T),
        lambda name: pages.discussion(f"{ID_PREFIX}{name}", VISITOR, T),
    )
    for look in looks:
        with pytest.raises(NotFound):
            await look(name)
        with pytest.raises(LookupError):
            await look("p" * 24)


async def test_a_picture_tells_whether_the_poll_goes_on(desk: Desk) -> None:
    """The picture of a live poll's totals says "Ahead" while it is open and "Winner" after the close."""
    await desk.open(results="live")
    await desk.press("v1:vote:p1:0", BEN)
    alt = (await desk.html()).partition('alt="')[2].partition('"')[0]
    assert ("Ahead" in alt, "Winner" in alt) == (True, False)
    await desk.press("v1:poll-close:p1")
    alt = (await desk.html()).partition('alt="')[2].partition('"')[0]
    assert ("Ahead" in alt, "Winner" in alt) == (False, True)


async def test_a_cancelled_poll_has_no_result(desk: Desk) -> None:
    """A cancelled poll's page shows no result, even if the result was live."""
    await desk.open(results="live")
    await desk.press("v1:vote:p1:0", BEN)
    assert "<img" in await desk.html()
    await desk.press("v1:poll-cancel:p1")
    assert "<img" not in await desk.html()


async def test_a_page_is_new_when_it_says_something_new(desk: Desk) -> None:
    """An open poll's page is new whenever the time left changes; a closed poll's page stays the same until the next
    audit, 10 minutes later."""
    await desk.open(closes="10m")
    tag = (await desk.page()).tag
    assert (await desk.page(tag)).html is None
    desk.clock.now += MOMENT
    assert (await desk.page(tag)).html is not None
    await desk.press("v1:poll-close:p1")
    await desk.instance.copies.drain()  # redrawing sleeps on this clock
    ended = await desk.page()
    desk.clock.now += AUDITED_AGAIN_ENDED - MOMENT
    assert (await desk.page(ended.tag)).html is None
    desk.clock.now += MOMENT
    assert (await desk.page(ended.tag)).html is not None


async def test_the_record_is_recomputed_once_an_audit_is_old(desk: Desk) -> None:
    """An open poll's record is audited again once the last audit is 30 seconds old, and at once when the poll ends."""
    await desk.open()
    await desk.instance.copies.drain()
    audits = [await desk.pages._audit(await desk.pages.seen_by("p1", VISITOR, T))]
    for span in (FRESH - MOMENT, MOMENT, -FRESH + MOMENT, -MOMENT):
        desk.clock.now += span
        audits.append(await desk.pages._audit(await desk.pages.seen_by("p1", VISITOR, T)))
    await desk.press("v1:poll-cancel:p1")
    audits.append(await desk.pages._audit(await desk.pages.seen_by("p1", VISITOR, T)))
    assert [later is earlier for earlier, later in pairwise(audits)] == [
        True,
        False,
        True,
        False,
        False,
    ]


async def test_a_page_is_drawn_once_for_all_readers(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page is drawn once for all its readers, and again only after it has changed."""
    drawn: list[View] = []
    draw = poll_page.page

    def note(t: Translator, view: View) -> str:
        drawn.append(view)
        return draw(t, view)

    monkeypatch.setattr(poll_page, "page", note)
    await desk.open()
    pages = [await desk.page() for _ in range(3)]
    assert (len(drawn), len({page.html for page in pages})) == (1, 1)
    await desk.press("v1:vote:p1:0", BEN)
    assert (await desk.page()).html != pages[0].html
    assert len(drawn) == 2


def test_only_so_many_pages_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """The cache of pages keeps a limited number, and the page that was drawn longest ago goes first."""
    monkeypatch.setattr(pages_module, "CACHED_MAX", 2)
    cache = OrderedDict[str, int]()
    for number, name in enumerate("abac"):
        pages_module._keep(cache, name, number)
    assert cache == {"a": 2, "c": 3}
