"""The core, put together: a bot without polls for look-ups, or a whole instance over a database."""

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

from bot.acts import Acts
from bot.app import Bot
from bot.chat import MessageRef, Platform
from bot.command import Registry, collect
from bot.commands.content import ContentCommands, news
from bot.commands.help import Help
from bot.commands.log import LogCommands
from bot.commands.lookup import Lookup
from bot.commands.polls import PollCommands
from bot.commands.queue import QueueCommands, waiting_notice
from bot.commands.settings import PrivacyCommands, Settings
from bot.commands.suggest import SuggestCommands
from bot.communities import Communities
from bot.config import SHIPPED_CONTENT
from bot.content import Content, Watch
from bot.editors import Editors, named_channel, named_editors
from bot.errors import BotError
from bot.interest import Interested
from bot.library.reader import Reader, ReaderHere
from bot.library.shelf import Shelf
from bot.limiter import Limiter
from bot.meter import Meter
from bot.polls.box import BallotBox
from bot.polls.copies import Copies
from bot.polls.privacy import Privacy
from bot.polls.service import Polls
from bot.scheduler import Scheduler
from bot.store.communities import served
from bot.store.database import Database
from bot.store.keys import Keys
from bot.store.polls import wrapped_secrets
from bot.store.signals import Signal
from bot.suggestions import Suggestions

COUNT_EVERY = 60.0
"""Seconds between two times that what members looked for is written down."""
FORGET_EVERY = 3600.0
"""Seconds between two looks for communities that left long ago."""

STOP_SECONDS = 3.0
"""How long a stop waits for a place that is just being told something."""

logger = logging.getLogger("parley")

SETTLED = (20_000, 10, 10)
"""Objects that may come without going before the first look, and how many of one kind before one of the next:
https://docs.python.org/3/library/gc.html#gc.set_threshold. Cycles wait for it: some 40 objects of each answer, so a
few megabytes."""

_ID_LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"
"""Without letters that are mistaken for each other."""


def new_short_id() -> str:
    """Six letters that a person can type: some 890 million ids."""
    return "".join(secrets.choice(_ID_LETTERS) for _ in range(6))


@dataclass(frozen=True, slots=True)
class Outside:
    """What the world gives: time, chance and waiting. Tests give their own."""

    now: Callable[[], datetime]
    new_reference: Callable[[], str]
    new_id: Callable[[], str] = new_short_id
    """Makes the ids of polls and suggestions, which people type."""
    random_bytes: Callable[[int], bytes] = secrets.token_bytes
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep


@dataclass(slots=True)
class Instance:
    """Everything that runs in one process. `platforms` is filled by those that start."""

    bot: Bot
    platforms: dict[str, Platform]
    polls: Polls
    poll_commands: PollCommands
    box: BallotBox
    copies: Copies
    scheduler: Scheduler
    privacy: Privacy
    communities: Communities
    editors: Editors
    acts: Acts
    content: Content
    interested: Interested
    database: Database
    keys: Keys
    now: Callable[[], datetime]
    meter: Meter
    _scheduling: asyncio.Task[None] | None = None
    _running: tuple[asyncio.Task[None], ...] = ()

    async def start(self) -> None:
        """Does what fell due while nothing ran, redraws the copies, and waits for deadlines. Platforms come first."""
        await self._try_key()
        await self.copies.refresh_all()
        self._scheduling = asyncio.create_task(self.scheduler.run())
        loops = (self._forget(), self._count(), self.content.run())
        self._running = (self._scheduling, *(asyncio.create_task(loop) for loop in loops))

    async def rest(self) -> None:
        """Begins no edit and tells no place any more. For a stop, while the platforms can still say what is begun."""
        self.scheduler.stop()
        if self._scheduling is not None:
            await asyncio.wait([self._scheduling], timeout=STOP_SECONDS)
        await self.copies.stop()

    async def stop(self) -> None:
        """Answers every vote that was taken, then lets go of the database."""
        await self.rest()
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        self.content.stop()
        await self._write_counts()
        await self.box.aclose()
        await self.database.close()

    async def _try_key(self) -> None:
        """Says it before the first voter does. It is no reason not to start: all else works, and a key may be lost."""
        wrapped = await self.database.read(wrapped_secrets)
        shut = sum(not self.keys.opens(secret) for secret in wrapped.values())
        if shut:
            logger.error(
                "the instance key does not open %s of %s open polls, which take no votes: restore the key that belongs "
                "to this database, the same for all of its processes",
                shut,
                len(wrapped),
            )

    async def _forget(self) -> None:
        """Deletes, now and then, the data of communities that left long ago.

        Not at the start: a community may have added the bot again while it was down, which its platform tells soon.
        """
        while True:
            await asyncio.sleep(FORGET_EVERY)
            try:
                gone = await self.privacy.forget_the_gone(self.now())
            except BotError as error:
                logger.warning("communities that left could not be forgotten: %s", type(error).__name__)
            except Exception:
                logger.exception("bug while communities that left were forgotten")
            else:
                if gone:
                    logger.info("%s communities that left long ago are forgotten", len(gone))

    async def _count(self) -> None:
        """Writes now and then what members looked for."""
        while True:
            await asyncio.sleep(COUNT_EVERY)
            await self._write_counts()

    async def _write_counts(self) -> None:
        try:
            await self.interested.write(self.now())
        except BotError as error:
            logger.warning("what members looked for could not be written: %s", type(error).__name__)
        except Exception:
            logger.exception("bug while what members looked for was written")


class _Hooks:
    """Joins the bot's outcomes with the polls' copies."""

    def __init__(self, polls: Polls, copies: Copies) -> None:
        self._polls = polls
        self._copies = copies

    async def posted(self, poll: str, ref: MessageRef, now: datetime) -> None:
        await self._polls.posted(poll, ref, now)

    async def unposted(self, poll: str, now: datetime) -> None:
        await self._polls.unposted(poll, now)

    async def refresh(self, poll: str) -> None:
        self._copies.refresh(poll)


def _features(
    shelf: Shelf,
    polls: PollCommands,
    content: Content,
    communities: Communities,
    privacy: Privacy,
    acts: Acts,
    suggestions: Suggestions,
    interested: Interested,
    helper: Help,
) -> tuple[object, ...]:
    """Everything that declares commands, buttons and forms."""
    return (
        Lookup(shelf, interested),
        SuggestCommands(shelf, suggestions, interested),
        QueueCommands(content, suggestions, interested),
        polls,
        Settings(communities, shelf, acts, polls.platforms),
        PrivacyCommands(privacy),
        LogCommands(acts),
        ContentCommands(content),
        helper,
    )


def settle() -> None:
    """Spares a process that serves from now on most of its looks for rubbish. For once all is loaded.

    What is loaded stays, so it need not be gone through, and most of what an answer leaves goes by its last reference.
    With Python's own thresholds a twelfth of a look-up's time on Discord went into such looks.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*SETTLED)


def declared() -> Registry:
    """What an instance offers, for those who only want to know: nothing of it runs."""
    none: Any = None
    polls = PollCommands(none, none, {})
    return collect(_features(none, polls, none, none, none, none, none, none, Help()))


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
    source: Path = SHIPPED_CONTENT,
    watch: str = Watch.OFF,
    reader: Reader | None = None,
    limiter: Limiter | None = None,
    crowd: Limiter | None = None,
    meter: Meter | None = None,
) -> Instance:
    """A whole instance over an open database. Nothing runs yet.

    `editors`, `editors_channel` and `watch` are written as in the settings; `source` is the folder that the shelf's
    content came from; `limiter` is for each member, `crowd` for each community.
    """
    meter = meter or Meter()
    platforms: dict[str, Platform] = {}
    communities = Communities(database, zone, language)
    box = BallotBox(database, keys, random_bytes=outside.random_bytes, meter=meter)
    acts = Acts(database, lambda: outside.random_bytes(8).hex())
    polls = Polls(database, box, outside.new_id, acts)
    commands = PollCommands(polls, shelf, platforms)
    copies = Copies(
        database, platforms, commands.copy, communities.get, now=outside.now, sleep=outside.sleep, meter=meter
    )
    scheduler = Scheduler(
        database,
        box,
        copies,
        platforms,
        communities.get,
        announcement=commands.announcement,
        reminder=commands.reminder,
        now=outside.now,
    )
    polls.changed = lambda: database.signal(Signal.DEADLINE)
    privacy = Privacy(database, box, communities.get, new_stranger=lambda: outside.random_bytes(16).hex())
    those = Editors(
        named_editors(editors),
        named_channel(editors_channel),
        lambda: database.read(served),
        communities.get,
        platforms,
    )
    content = Content(
        shelf,
        source,
        reader or ReaderHere(),
        database,
        acts,
        those,
        say=news,
        now=outside.now,
        sleep=outside.sleep,
        watch=Watch(watch),
        meter=meter,
    )
    interested = Interested(database)
    suggestions = Suggestions(
        database, acts, those, communities.get, platforms, outside.new_id, waiting_notice=waiting_notice
    )
    helper = Help()
    bot = Bot.of(
        _features(shelf, commands, content, communities, privacy, acts, suggestions, interested, helper),
        new_reference=outside.new_reference,
        limiter=limiter or Limiter(),
        observe=meter.answered,
        community_of=communities.get,
        hooks=_Hooks(polls, copies),
        platforms=platforms,
        edits=those.edits,
        crowd=crowd,
    )
    helper.commands = bot.commands
    return Instance(
        bot,
        platforms,
        polls,
        commands,
        box,
        copies,
        scheduler,
        privacy,
        communities,
        those,
        acts,
        content,
        interested,
        database,
        keys,
        outside.now,
        meter,
    )
