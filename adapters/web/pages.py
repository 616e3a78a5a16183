"""Select and cache polls' pages: who may see which, with what content."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo
from typing import TypeVar

from aiohttp import ETag, web

from adapters.web import decision_page, poll_page
from adapters.web.poll_page import Audit, View
from bot.charts import chart
from bot.chat.vocabulary import Actor, Attachment, Place, Request
from bot.commands import ballot_cards
from bot.communities.model import CommunityOf, community_id
from bot.decisions.service import Decisions
from bot.deliberation.model import ID_PREFIX, Discussion
from bot.deliberation.service import Discussions
from bot.errors import NotFound
from bot.i18n import Translator
from bot.instance import Instance
from bot.polls import export
from bot.polls.audit import verify
from bot.polls.model import Poll, PollState, Results
from bot.polls.receipts import Receipt
from bot.polls.record_file import as_json
from bot.polls.secrecy import RECEIPTS
from bot.polls.service import Polls

CACHED_MAX = 200
"""Pages and audits in the cache."""
AUDITED_AGAIN = {PollState.OPEN: timedelta(seconds=30)}
AUDITED_AGAIN_ENDED = timedelta(minutes=10)
"""Longest age of an audit. A vote doesn't renew it, because an audit reads the whole record."""

K = TypeVar("K")
V = TypeVar("V")

_ID = re.compile(r"[a-z0-9]{1,24}")


@dataclass(frozen=True, slots=True)
class Page:
    """A page and the tag that changes with it. `html` is None if the reader has it already."""

    tag: str
    html: str | None
    final: bool


class PollPages:
    """Makes a community's poll pages for members, and public ones for outsiders."""

    def __init__(
        self,
        polls: Polls,
        decisions: Decisions,
        discussions: Discussions,
        community_of: CommunityOf,
        *,
        clock: Callable[[], datetime],
    ) -> None:
        self.polls = polls
        self._decisions = decisions
        self._discussions = discussions
        self._community_of = community_of
        self._clock = clock
        self._pages: OrderedDict[tuple[str, str, str], tuple[str, str]] = OrderedDict()
        self._audits: OrderedDict[str, tuple[PollState, Audit]] = OrderedDict()
        self._auditing = asyncio.Lock()

    @classmethod
    def of(cls, instance: Instance, clock: Callable[[], datetime]) -> PollPages:
        return cls(instance.polls, instance.decisions, instance.discussions, instance.communities.get, clock=clock)

    async def decision(self, decision_id: str, actor: Actor, t: Translator) -> str:
        """Return a decision's page, if the member's community has it. A page isn't in any channel, so a private
        decision has none.

        Raises NotFound or Unavailable.
        """
        here = Request(actor, Place(actor.platform, actor.workspace, ""), self._clock())
        community = await self._community_of(community_id(actor), self._clock())
        decision = await self._decisions.seen_by(_checked(decision_id), here, community, t)
        return decision_page.page(t, decision, community.tz)

    async def discussion(self, discussion_id: str, actor: Actor, t: Translator) -> Discussion:
        """Return a discussion, if the member's community has it. A page isn't in any channel, so a private discussion
        has none.

        Raises NotFound or Unavailable.
        """
        here = Request(actor, Place(actor.platform, actor.workspace, ""), self._clock())
        _checked(discussion_id.removeprefix(ID_PREFIX))
        return await self._discussions.seen_by(discussion_id, here, t)

    async def zone_of(self, community: str) -> tzinfo:
        """Return the time zone of a community."""
        return (await self._community_of(community, self._clock())).tz

    async def seen_by(self, poll_id: str, actor: Actor, t: Translator) -> Poll:
        """Return a poll, if the member's community has it. A page isn't in any channel, so a private poll has none.

        Raises NotFound or Unavailable.
        """
        here = Place(actor.platform, actor.workspace, "")
        return await self.polls.seen_by(_checked(poll_id), Request(actor, here, self._clock()), t)

    async def public(self, poll_id: str, t: Translator) -> Poll:
        """Return a public poll. Raises NotFound for any other, or Unavailable."""
        if not await self.polls.is_public(_checked(poll_id)):
            raise NotFound(poll_id)
        return await self.polls.get(poll_id, t)

    async def private(self, poll_id: str, token: str, t: Translator) -> Poll:
        """Return the private poll with this token. Raises NotFound or Unavailable.

        The token is checked before the poll is looked up, so the time of a refusal doesn't reveal whether a poll
        exists.
        """
        if not self.polls.pages.opens(poll_id, token):
            raise NotFound(poll_id)
        poll = await self.polls.get(_checked(poll_id), t)
        if not poll.private or poll.state is PollState.CANCELLED:
            raise NotFound(poll_id)
        return poll

    async def page(self, poll: Poll, t: Translator, *, reader_tag: str = "", style: str = "", token: str = "") -> Page:
        """Return the current page. `reader_tag` is the tag of the reader's copy; `style` and `token` are as in
        `View`."""
        now, audit = self._clock(), await self._audit(poll)
        time_left = poll_page.time_left(t, poll.closes_at - now) if poll.state is PollState.OPEN else ""
        community = await self._community_of(poll.community, now)
        tag = _tag(poll, audit, time_left, community.zone, t.locale, style, token)
        final = poll.state is not PollState.OPEN
        if tag == reader_tag:
            return Page(tag, None, final)
        key = (poll.id, t.locale, style)
        kept_tag, html = self._pages.get(key, ("", ""))
        if kept_tag != tag:
            view = View(poll, community.tz, now, audit, self.polls.secrecy, style=style, token=token)
            html = poll_page.page(t, await self._with_result(view, t))
            _keep(self._pages, key, (tag, html))
        return Page(tag, html, final)

    async def receipt(self, poll_id: str, code: str, actor: Actor, t: Translator) -> tuple[bool, str]:
        """Return whether the ballot with this receipt is counted, and a sentence that says so.

        Anybody with the code gets the answer. A wrong code raises NotFound for a poll that the member may not see.
        """
        prefix = f"{poll_id}-"
        bare = code.strip()
        bare = bare[len(prefix) :] if bare.lower().startswith(prefix) else bare
        receipt = await self.polls.receipt(poll_id, bare)
        if receipt in {Receipt.UNKNOWN, Receipt.LACKING}:
            await self.seen_by(poll_id, actor, t)
        return receipt is Receipt.INCLUDED, t(RECEIPTS[receipt])

    async def export(self, poll: Poll, kind: str) -> Attachment:
        """Return a closed poll as a file. Raises NotFound for any other poll and for an unknown kind of file."""
        written = {"csv": (export.as_csv, "text/csv"), "json": (as_json, "application/json")}.get(kind)
        if written is None or poll.state is not PollState.CLOSED:
            raise NotFound(kind)
        content = await asyncio.to_thread(written[0], await self.polls.record(poll))
        return Attachment(f"poll-{poll.id}.{kind}", content, written[1])

    async def _with_result(self, view: View, t: Translator) -> View:
        """Add the totals if all members may see them. Outsiders never see who voted for what."""
        poll = view.poll
        if poll.state is not PollState.CLOSED and not (poll.state is PollState.OPEN and poll.results is Results.LIVE):
            return view
        result = await self.polls.result(poll)
        image = chart(result, result.options, title=poll.question, t=t, final=poll.state is PollState.CLOSED)
        votes = [] if view.outside else await self.polls.named_votes(poll, t)
        voters = [(name, ballot_cards.ballot_line(poll, choice)) for name, choice in votes]
        return replace(view, result=result, image=image, voters=voters)

    async def _audit(self, poll: Poll) -> Audit:
        """Recompute the record in a thread, one poll at a time, unless there's a recent audit."""
        async with self._auditing:
            now = self._clock()
            fresh = AUDITED_AGAIN.get(poll.state, AUDITED_AGAIN_ENDED)
            match self._audits.get(poll.id):
                case poll.state, earlier if abs(now - earlier.at) < fresh:
                    return earlier
            record = await self.polls.record(poll)
            findings = await asyncio.to_thread(verify, record)
            audit = Audit(record.poll.links, tuple(findings), now)
            _keep(self._audits, poll.id, (record.poll.state, audit))
            return audit


def page_response(page: Page, headers: Mapping[str, str]) -> web.Response:
    """Respond with the page, or with 304 if the reader has it."""
    response = web.Response(status=304) if page.html is None else web.Response(text=page.html, content_type="text/html")
    response.headers.update(headers)
    response.etag = ETag(page.tag)
    return response


def tag_of_reader(request: web.Request) -> str:
    """Return the tag of the reader's copy of the page, or ""."""
    return next((tag.value for tag in request.if_none_match or ()), "")


def _checked(poll_id: str) -> str:
    if not _ID.fullmatch(poll_id):
        raise NotFound(poll_id)
    return poll_id


def _tag(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def _keep(cache: OrderedDict[K, V], key: K, value: V) -> None:
    cache[key] = value
    cache.move_to_end(key)
    while len(cache) > CACHED_MAX:
        cache.popitem(last=False)
