"""Polls' pages: who may see which, what is in them, and how often what costs is done again."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeVar

from aiohttp import ETag, web

from adapters.web import poll_page
from adapters.web.poll_page import Audit, View
from bot.charts import chart
from bot.chat import Actor, Attachment
from bot.commands import ballot_cards, poll_cards
from bot.community import CommunityOf
from bot.errors import NotFound
from bot.i18n import Translator
from bot.instance import Instance
from bot.polls import export
from bot.polls.audit import verify
from bot.polls.box import Receipt
from bot.polls.model import Poll, Results, State
from bot.polls.service import Polls

KEPT = 200
"""Pages and audits that are kept in memory."""
AUDITED_AGAIN = {State.OPEN: timedelta(seconds=30)}
AUDITED_AGAIN_ENDED = timedelta(minutes=10)
"""How old an audit may be. It is not made again at each vote, because it reads the whole record."""

K = TypeVar("K")
V = TypeVar("V")

_ID = re.compile(r"[a-z0-9]{1,24}")


@dataclass(frozen=True, slots=True)
class Page:
    """A page and the tag that changes with it; `html` is None where the reader has it already."""

    tag: str
    html: str | None
    final: bool


class PollPages:
    """Makes the pages of one community's polls, and of public ones for outsiders."""

    def __init__(self, polls: Polls, community_of: CommunityOf, *, clock: Callable[[], datetime]) -> None:
        self.polls = polls
        self._community_of = community_of
        self._clock = clock
        self._pages: OrderedDict[tuple[str, str, str], tuple[str, str]] = OrderedDict()
        self._audits: OrderedDict[str, tuple[str, Audit]] = OrderedDict()
        self._auditing = asyncio.Lock()

    @classmethod
    def of(cls, instance: Instance, clock: Callable[[], datetime]) -> PollPages:
        return cls(instance.polls, instance.communities.get, clock=clock)

    async def seen_by(self, poll_id: str, actor: Actor, t: Translator) -> Poll:
        """The poll, if this member's community has it. Raises NotFound, Unavailable."""
        return await self.polls.seen_by(_checked(poll_id), actor, t)

    async def public(self, poll_id: str, t: Translator) -> Poll:
        """The poll, if everybody may see it. Raises NotFound, Unavailable."""
        poll = await self.polls.get(_checked(poll_id), t)
        if not poll.public or poll.state is State.CANCELLED:
            raise NotFound(poll_id)
        return poll

    async def page(self, poll: Poll, t: Translator, *, known: str = "", style: str = "") -> Page:
        """The page as it is now. `known` is the tag of the one that the reader has; `style` as in `View`."""
        now, audit = self._clock(), await self._audit(poll)
        left = poll_page.time_left(t, poll.closes_at - now) if poll.state is State.OPEN else ""
        community = await self._community_of(poll.community, now)
        tag = _tag(poll, audit, left, community.zone, t.locale, style)
        final = poll.state is not State.OPEN
        if tag == known:
            return Page(tag, None, final)
        key = (poll.id, t.locale, style)
        kept_tag, html = self._pages.get(key, ("", ""))
        if kept_tag != tag:
            view = await self._with_result(View(poll, community.tz, now, audit, style=style), t)
            html = poll_page.page(t, view)
            _keep(self._pages, key, (tag, html))
        return Page(tag, html, final)

    async def receipt(self, poll: Poll, code: str, t: Translator) -> tuple[bool, str]:
        """Whether the ballot with this receipt is counted, and that in a sentence."""
        prefix = f"{poll.id}-"
        bare = code.strip()
        bare = bare[len(prefix) :] if bare.lower().startswith(prefix) else bare
        found = await self.polls.receipt(poll, bare)
        return found is Receipt.INCLUDED, t(poll_cards.RECEIPTS[found])

    async def export(self, poll: Poll, kind: str) -> Attachment:
        """A closed poll as a file. Raises NotFound where there is none (yet)."""
        written = {"csv": (export.as_csv, "text/csv"), "json": (export.as_json, "application/json")}.get(kind)
        if written is None or poll.state is not State.CLOSED:
            raise NotFound(kind)
        content = await asyncio.to_thread(written[0], await self.polls.record(poll))
        return Attachment(f"poll-{poll.id}.{kind}", content, written[1])

    async def _with_result(self, view: View, t: Translator) -> View:
        """The totals, where all members may see them; outsiders never see who voted for what."""
        poll = view.poll
        if poll.state is not State.CLOSED and not (poll.state is State.OPEN and poll.results is Results.LIVE):
            return view
        result = await self.polls.result(poll)
        image = chart(result, result.options, title=poll.question, t=t, final=poll.state is State.CLOSED)
        votes = [] if view.outside else await self.polls.named_votes(poll)
        voters = [(name, ballot_cards.ballot_line(poll, choice)) for name, choice in votes]
        return replace(view, result=result, image=image, voters=voters)

    async def _audit(self, poll: Poll) -> Audit:
        """Recomputes the record, off the loop and one at a time, unless that was done a moment ago."""
        async with self._auditing:
            now = self._clock()
            state, known = self._audits.get(poll.id, ("", None))
            fresh = AUDITED_AGAIN.get(poll.state, AUDITED_AGAIN_ENDED)
            if known and state == poll.state and abs(now - known.at) < fresh:
                return known
            record = await self.polls.record(poll)
            found = await asyncio.to_thread(verify, record)
            audit = Audit(record.poll.links, tuple(found), now)
            _keep(self._audits, poll.id, (record.poll.state, audit))
            return audit


def answered(page: Page, headers: dict[str, str]) -> web.Response:
    """The page, or 304 where the reader has it."""
    response = web.Response(status=304) if page.html is None else web.Response(text=page.html, content_type="text/html")
    response.headers.update(headers)
    response.etag = ETag(page.tag)
    return response


def known_tag(request: web.Request) -> str:
    """The tag of the page that the reader has, or nothing."""
    return next((tag.value for tag in request.if_none_match or ()), "")


def _checked(poll_id: str) -> str:
    if not _ID.fullmatch(poll_id):
        raise NotFound(poll_id)
    return poll_id


def _tag(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:32]


def _keep(kept: OrderedDict[K, V], key: K, value: V) -> None:
    kept[key] = value
    kept.move_to_end(key)
    while len(kept) > KEPT:
        kept.popitem(last=False)
