"""The composition root: a bot without polls for look-ups, or a whole instance over a database."""

from __future__ import annotations

import asyncio
import gc
import logging
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from bot.chat.platform import Platform
from bot.chat.vocabulary import MessageRef
from bot.commands import decision_cards
from bot.commands.consent import ConsentCommands
from bot.commands.content import ContentCommands, news
from bot.commands.decisions import DecisionCommands
from bot.commands.deliberation import DiscussionCommands
from bot.commands.digest import Digest
from bot.commands.discussion_finder import DiscussionFinder
from bot.commands.discussion_hosting import DiscussionHosting
from bot.commands.discussion_results import announcement_of
from bot.commands.help import Help
from bot.commands.log import LogCommands
from bot.commands.lookup import lookup_features
from bot.commands.misses import MissCommands
from bot.commands.poll_finder import PollFinder
from bot.commands.poll_hosting import HostCommands
from bot.commands.poll_menu import MenuCommands
from bot.commands.poll_opening import OpeningCommands
from bot.commands.poll_repeats import RepeatCommands
from bot.commands.poll_views import PollViews
from bot.commands.polls import PollCommands
from bot.commands.privacy import PrivacyCommands
from bot.commands.queue import QueueCommands, waiting_notice
from bot.commands.results import ResultCommands
from bot.commands.rights_check import RightsCheck
from bot.commands.settings import SettingsCommands
from bot.commands.statement_queue import StatementQueue
from bot.commands.suggest import SuggestCommands
from bot.communities.action_log import ActionLog
from bot.communities.editors import Editors
from bot.communities.repository import served
from bot.communities.service import Communities
from bot.decisions.reviews import Reviews
from bot.decisions.service import Decisions
from bot.deliberation import posted_cards
from bot.deliberation.deadlines import DiscussionDeadlines, lost_card
from bot.deliberation.extremities import Extremities
from bot.deliberation.member_data import DiscussionData
from bot.deliberation.model import ID_PREFIX
from bot.deliberation.proposals import Proposals
from bot.deliberation.service import Discussions
from bot.dispatch.bot import Bot
from bot.dispatch.rate_limit import Limiter
from bot.dispatch.registry import Registry, collect
from bot.dispatch.repeats import Repeats
from bot.errors import BotError
from bot.library.edition import Shelf
from bot.library.meanings import Meanings
from bot.library.reader_process import Reader, ReaderHere
from bot.library.reload import Content, Watch
from bot.polls.ballot_box import BallotBox, BoxState
from bot.polls.page_address import PageAddresses
from bot.polls.previews import Previews
from bot.polls.privacy import Privacy
from bot.polls.redrawing import Copies
from bot.polls.repository import wrapped_secrets
from bot.polls.scheduler import Scheduler
from bot.polls.scheduling import Schedules
from bot.polls.service import Polls
from bot.polls.templates import Templates
from bot.polls.watchers import Nudges
from bot.search.usage import InterestCounter
from bot.settings.editors import read_channel, read_editors
from bot.settings.model import SHIPPED_CONTENT
from bot.store.database import Database
from bot.store.keys import Keys
from bot.store.signals import Signal
from bot.suggestions.service import Suggestions
from bot.telemetry.meter import Meter

COUNT_EVERY = 60.0
"""Seconds between two writes of members' look-ups."""
FORGET_EVERY = 3600.0
"""Seconds between two checks for communities that left long ago."""

CHECK_AGAIN = 5.0
"""Seconds until another try to check a database that couldn't be read."""
STOP_SECONDS = 3.0
"""Seconds that a stop waits for a message that is just being sent."""

logger = logging.getLogger("parley")

SETTLED = (20_000, 10, 10)
"""Thresholds of the garbage collector, for new objects and then for each older generation:
https://docs.python.org/3/library/gc.html#gc.set_threshold. Cycles wait for a collection: some 40 objects of each
answer, so a few megabytes."""

_ID_LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"
"""Letters and digits that people don't mistake for each other."""


def new_short_id() -> str:
    """Six characters that a person can type: some 890 million ids."""
    return "".join(secrets.choice(_ID_LETTERS) for _ in range(6))


@dataclass(frozen=True, slots=True)
class Outside:
    """The world outside: time, chance and waiting. Tests pass their own."""

    now: Callable[[], datetime]
    new_reference: Callable[[], str]
    new_id: Callable[[], str] = new_short_id
    """Makes the ids of polls and suggestions, which people type."""
    random_bytes: Callable[[int], bytes] = secrets.token_bytes
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep


@dataclass(slots=True, repr=False)  # asyncio logs the repr of a task's result, and this one has the library and keys
class Instance:
    """Everything that runs in one process. Each platform adds itself to `platforms` when it starts."""

    bot: Bot
    platforms: dict[str, Platform]
    polls: Polls
    discussions: Discussions
    box: BallotBox
    copies: Copies
    discussion_copies: Copies
    scheduler: Scheduler
    privacy: Privacy
    communities: Communities
    decisions: Decisions
    editors: Editors
    action_log: ActionLog
    content: Content
    interested: InterestCounter
    repeats: Repeats
    database: Database
    keys: Keys
    now: Callable[[], datetime]
    meter: Meter
    _scheduling: asyncio.Task[None] | None = None
    _running: tuple[asyncio.Task[None], ...] = ()

    async def start(self) -> None:
        """Redraw the copies, check the database, then do everything that fell due. Start the platforms first."""
        self.pause_polls()
        await self._try_key()
        await self.copies.refresh_all()
        await self.discussion_copies.refresh_all()
        self._scheduling = asyncio.create_task(self._schedule())
        loops = (self._forget(), self._count(), self.content.run())
        self._running = (self._scheduling, *(asyncio.create_task(loop) for loop in loops))

    def pause_polls(self) -> None:
        """Take no vote and end no poll until the database is checked, which `start` does."""
        self.box.state = BoxState.CHECKING

    async def _schedule(self) -> None:
        """Check the database while everything but polls works: a large one takes longer than a start may."""
        while not self.scheduler.stopping:
            try:
                problems = await self.database.check()
                break
            except BotError as error:
                logger.warning("can't check the database: %s", error.message)
                await asyncio.sleep(CHECK_AGAIN)
        else:
            return
        if problems:
            logger.error("the database is damaged, so polls stay paused: %s; restore a backup", "; ".join(problems[:5]))
            self.box.state = BoxState.DAMAGED
            return
        self.box.state = BoxState.OPEN
        await self.scheduler.run()

    async def rest(self) -> None:
        """Start no further edit or message. For a stop, while the platforms can still finish the current ones."""
        self.scheduler.stop()
        if self._scheduling is not None:
            await asyncio.wait([self._scheduling], timeout=STOP_SECONDS)
        await self.copies.stop()
        await self.discussion_copies.stop()

    async def stop(self) -> None:
        """Acknowledge every vote and answer already taken, then close the database."""
        await self.rest()
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        self.content.stop()
        await self.discussions.extremities.stop()
        await self._write_counts()
        await self.box.aclose()
        await self.discussions.answers.aclose()
        await self.repeats.aclose()
        await self.database.close()

    async def _try_key(self) -> None:
        """Report a wrong key before a voter meets it, but start anyway: all else works, and a key may be lost."""
        wrapped = await self.database.read(wrapped_secrets)
        shut = sum(not self.keys.opens(secret) for secret in wrapped.values())
        if shut:
            logger.error(
                "the instance key doesn't open %s of %s open polls, so they take no votes: restore this database's "
                "key for all its processes",
                shut,
                len(wrapped),
            )

    async def _forget(self) -> None:
        """Delete, now and then, the data of communities that left long ago.

        Wait before the first time: a community may have added the bot again while it was down, and its platform reports
        that soon.
        """
        while True:
            await asyncio.sleep(FORGET_EVERY)
            try:
                gone = await self.privacy.forget_the_gone(self.now())
            except BotError as error:
                logger.warning("can't forget communities that left: %s", type(error).__name__)
            except Exception:
                logger.exception("bug while forgetting communities that left")
            else:
                if gone:
                    logger.info("forgot %s communities that left long ago", len(gone))

    async def _count(self) -> None:
        """Write members' look-ups, and clear the keys of old actions, now and then."""
        while True:
            await asyncio.sleep(COUNT_EVERY)
            await self._write_counts()
            await self._clear_repeats()

    async def _clear_repeats(self) -> None:
        try:
            await self.repeats.clear()
        except BotError as error:
            logger.warning("can't clear the keys of old actions: %s", type(error).__name__)
        except Exception:
            logger.exception("bug while clearing the keys of old actions")

    async def _write_counts(self) -> None:
        try:
            await self.interested.write(self.now())
        except BotError as error:
            logger.warning("can't store the counts of look-ups: %s", type(error).__name__)
        except Exception:
            logger.exception("bug while storing the counts of look-ups")


class PostHooks:
    """Connects the bot's outcomes to the posted messages of polls and discussions. Their ids tell which is which."""

    def __init__(self, polls: Polls, copies: Copies, discussions: Discussions, discussion_copies: Copies) -> None:
        self._polls = polls
        self._copies = copies
        self._discussions = discussions
        self._discussion_copies = discussion_copies

    async def posted(self, poll: str, ref: MessageRef, now: datetime) -> None:
        await self._owner(poll).posted(poll, ref, now)

    async def unposted(self, poll: str, now: datetime) -> None:
        await self._owner(poll).unposted(poll, now)

    async def refresh(self, poll: str) -> None:
        (self._discussion_copies if poll.startswith(ID_PREFIX) else self._copies).refresh(poll)

    def _owner(self, poll: str) -> Polls | Discussions:
        return self._discussions if poll.startswith(ID_PREFIX) else self._polls


def _features(
    shelf: Shelf,
    views: PollViews,
    previews: Previews,
    templates: Templates,
    schedules: Schedules,
    decisions: Decisions,
    content: Content,
    communities: Communities,
    privacy: Privacy,
    action_log: ActionLog,
    suggestions: Suggestions,
    interested: InterestCounter,
    helper: Help,
    discussions: Discussions,
) -> tuple[object, ...]:
    """All features that declare commands, buttons and forms."""
    finder = PollFinder(views.polls)
    proposals = Proposals(discussions)
    discussion_finder = DiscussionFinder(discussions)
    opening = OpeningCommands(views.polls, previews, views, shelf, views.platforms)
    return (
        *lookup_features(shelf, interested, views.polls),
        SuggestCommands(shelf, suggestions, interested),
        QueueCommands(content, suggestions, interested),
        MissCommands(content, interested),
        opening,
        ConsentCommands(views.polls, finder, opening),
        MenuCommands(views.polls, finder, opening),
        RepeatCommands(views.polls, templates, schedules, previews, finder, opening, views.platforms),
        HostCommands(views.polls, finder, views),
        PollCommands(views.polls, finder, views, views.platforms),
        ResultCommands(views.polls, finder, views),
        DiscussionHosting(discussions, discussion_finder, shelf, views.platforms),
        DiscussionCommands(discussions, discussion_finder, proposals, shelf, opening),
        StatementQueue(discussion_finder, proposals, views.platforms),
        DecisionCommands(decisions, views.polls, finder, discussion_finder),
        SettingsCommands(communities, shelf, action_log, views.platforms, RightsCheck(views.polls, views.platforms)),
        PrivacyCommands(privacy, DiscussionData(discussions)),
        LogCommands(action_log, shelf),
        ContentCommands(content),
        helper,
    )


def settle() -> None:
    """Spare a running process most of its garbage collections. Call it once everything is loaded.

    Loaded objects stay, so they need no search, and reference counts free most of an answer's objects. With Python's
    own thresholds, a twelfth of a look-up's time on Discord went into collections.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*SETTLED)


def declared() -> Registry:
    """An instance's declarations, for readers of them only: none of its handlers can run."""
    none: Any = None
    return collect(
        _features(none, PollViews(none, {}), none, none, none, none, none, none, none, none, none, none, Help(), none)
    )


def build(
    shelf: Shelf,
    database: Database,
    keys: Keys,
    outside: Outside,
    *,
    zone: str = "UTC",
    language: str = "",
    editors: str = "",
    editors_channel: str = "",
    public_url: str = "",
    source: Path = SHIPPED_CONTENT,
    watch: str = Watch.OFF,
    meanings: Meanings | None = None,
    reader: Reader | None = None,
    limiter: Limiter | None = None,
    crowd: Limiter | None = None,
    meter: Meter | None = None,
) -> Instance:
    """A whole instance over an open database. Nothing runs yet.

    `editors`, `editors_channel`, `public_url` and `watch` are written as in the settings; `source` is the folder that the shelf's
    content came from; `limiter` is for each member, `crowd` for each community.
    """
    meter = meter or Meter()
    platforms: dict[str, Platform] = {}
    communities = Communities(database, zone, language)
    box = BallotBox(database, keys, random_bytes=outside.random_bytes, meter=meter)
    action_log = ActionLog(database, lambda: outside.random_bytes(8).hex())
    polls = Polls(database, box, outside.new_id, action_log, PageAddresses(keys, public_url))
    views = PollViews(polls, platforms)
    copies = Copies(
        database, platforms, views.posted_message, communities.get, now=outside.now, sleep=outside.sleep, meter=meter
    )
    discussions = Discussions(database, keys, outside.new_id, action_log, outside.random_bytes, Extremities(database))
    drawing = DiscussionHosting(discussions, DiscussionFinder(discussions), shelf, platforms)
    discussion_copies = Copies(
        database,
        platforms,
        drawing.posted_message,
        communities.get,
        now=outside.now,
        sleep=outside.sleep,
        meter=meter,
        rows=posted_cards,
        signal=Signal.DISCUSSION,
        lost=lost_card,
    )
    deadlines = DiscussionDeadlines(
        discussions, discussion_copies, platforms, communities.get, announcement_of(platforms), outside.now
    )
    polls.changed = discussions.changed = lambda: database.signal(Signal.DEADLINE)
    decisions = Decisions(database, outside.new_id, changed=polls.changed)
    interested = InterestCounter(database)
    schedules = Schedules(database, polls, platforms, communities.get, outside.new_id)
    scheduler = Scheduler(
        database,
        box,
        copies,
        platforms,
        communities.get,
        announcement=views.announcement,
        reminder=views.reminder,
        opening=views.opening_message,
        now=outside.now,
        chores=(
            deadlines,
            schedules,
            Nudges(database),
            Digest(database, platforms, communities.get, polls, decisions, shelf, interested),
            Reviews(
                database,
                platforms,
                communities.get,
                lambda decision, community, t: decision_cards.question(t, decision, community.tz),
            ),
        ),
    )
    privacy = Privacy(database, box, communities.get, new_stranger=lambda: outside.random_bytes(16).hex())
    those = Editors(
        read_editors(editors),
        read_channel(editors_channel),
        lambda: database.read(served),
        communities.get,
        platforms,
    )
    content = Content(
        shelf,
        source,
        reader or ReaderHere(),
        database,
        action_log,
        those,
        say=news,
        now=outside.now,
        sleep=outside.sleep,
        watch=Watch(watch),
        meanings=meanings,
        meter=meter,
    )
    suggestions = Suggestions(
        database, action_log, those, communities.get, platforms, outside.new_id, waiting_notice=waiting_notice
    )
    helper = Help()
    repeats = Repeats(database)
    bot = Bot.of(
        _features(
            shelf,
            views,
            Previews(database, outside.new_id),
            Templates(database, outside.new_id),
            schedules,
            decisions,
            content,
            communities,
            privacy,
            action_log,
            suggestions,
            interested,
            helper,
            discussions,
        ),
        new_reference=outside.new_reference,
        limiter=limiter or Limiter(),
        observe=meter.answered,
        community_of=communities.get,
        hooks=PostHooks(polls, copies, discussions, discussion_copies),
        platforms=platforms,
        edits=those.edits,
        crowd=crowd,
        repeats=repeats,
    )
    helper.commands = bot.commands
    return Instance(
        bot,
        platforms,
        polls,
        discussions,
        box,
        copies,
        discussion_copies,
        scheduler,
        privacy,
        communities,
        decisions,
        those,
        action_log,
        content,
        interested,
        repeats,
        database,
        keys,
        outside.now,
        meter,
    )
