"""The log of moderators' and editors' actions in chat: `/log` for a community, `/content log` for the content."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.chat.markup import Bold, ChannelMention, Inline, Plain, RoleMention, Time, bullets, coded
from bot.chat.vocabulary import Action, Button, Card, Outcome, Reply
from bot.commands.settings import OFF
from bot.communities.action_log import ERASED, ActionLog, Deed, LogEntry
from bot.dispatch.declare import Context, Permission, action, command
from bot.i18n import N_, Translator
from bot.library.edition import Shelf
from bot.store.timestamps import from_digits, to_stored

_DEEDS: Mapping[str, str] = {
    Deed.RELOAD: N_("loaded new content"),
    Deed.REFUSE: N_("refused new content because it has errors"),
    Deed.ACCEPT: N_("accepted the suggestion {what}"),
    Deed.REJECT: N_("rejected the suggestion {what}"),
    Deed.ASK: N_("asked about the suggestion {what}"),
    Deed.PUBLISH: N_("published {what}"),
    Deed.CLOSE: N_("closed a poll"),
    Deed.CANCEL: N_("cancelled a poll"),
    Deed.EXTEND: N_("extended a poll"),
    Deed.SETTINGS: N_("changed the settings"),
}


_MENTIONS: Mapping[str, Callable[[str, str], Inline]] = {
    "moderators": RoleMention,
    "ping": RoleMention,
    "channel": ChannelMention,
    "digest": ChannelMention,
}
"""Settings whose value is an id that the platform shows as a name."""


@dataclass(frozen=True, slots=True)
class LogCommands:
    """Show the log, the newest entry first, ten at a time."""

    action_log: ActionLog
    shelf: Shelf

    @command(
        "log",
        N_("Show who ended or extended polls and changed settings"),
        permission=Permission.MODERATOR,
        needs_community=True,
    )
    async def log(self, ctx: Context) -> Outcome:
        return await self._page(ctx, "log", ctx.community.id, ctx.request.now + timedelta(days=1))

    @action("log", permission=Permission.MODERATOR, replaces=True)
    async def older(self, ctx: Context, at: str, entry: str) -> Outcome:
        return await self._page(ctx, "log", ctx.community.id, from_digits(at), entry)

    @command("content log", N_("Show who changed the content"), permission=Permission.EDITOR)
    async def content_log(self, ctx: Context) -> Outcome:
        return await self._page(ctx, "content-log", "", ctx.request.now + timedelta(days=1))

    @action("content-log", permission=Permission.EDITOR, replaces=True)
    async def content_older(self, ctx: Context, at: str, entry: str) -> Outcome:
        return await self._page(ctx, "content-log", "", from_digits(at), entry)

    async def _page(self, ctx: Context, verb: str, community: str, before: datetime, entry: str = "") -> Outcome:
        """Draw one page. The first begins a day ahead, because the clocks of two processes differ."""
        entries, more = await self.action_log.page(community, before, entry)
        t = ctx.t
        title = t("Log of this community") if community else t("Log of the content")
        older = Button(t("Older"), Action(verb, (str(to_stored(entries[-1].at)), entries[-1].id))) if more else None
        card = Card(
            title=title,
            body=bullets(self._line(t, ctx, entry) for entry in entries)
            if entries
            else bullets([t("Nothing so far.")]),
            controls=(older,) if older else (),
        )
        return Outcome(Reply((card,)), replace=bool(entry))

    def _line(self, t: Translator, ctx: Context, entry: LogEntry) -> tuple[Inline, ...]:
        when = Time(entry.at, f"{entry.at.astimezone(ctx.community.tz):%Y-%m-%d %H:%M %Z}")
        deed = t(_DEEDS[entry.deed], what=entry.object) if entry.deed in _DEEDS else f"{entry.deed} {entry.object}"
        return when, Plain(" "), Bold(_who(t, entry)), Plain(f" {deed}"), *self._detail(entry)

    def _detail(self, entry: LogEntry) -> Iterator[Inline]:
        """Yield the part of a line in brackets, with the names of a setting's role, channel or topic."""
        if not entry.detail:
            return
        if entry.deed != Deed.SETTINGS:
            yield from coded(f" ({entry.detail})")
            return
        for place, pair in enumerate(entry.detail.split(", ")):
            name, _, value = pair.partition(": ")
            yield Plain(f"{', ' if place else ' ('}{name}: ")
            yield self._named(name, value)
        yield Plain(")")

    def _named(self, setting: str, value: str) -> Inline:
        if value != OFF and (mention := _MENTIONS.get(setting)):
            return mention(value, value)
        pack = self.shelf.current.library.packs.get(value) if setting == "topic" else None
        return Plain(pack.info.title if pack else value)


def _who(t: Translator, entry: LogEntry) -> str:
    if not entry.actor:
        return t("Parley")
    return t("A member who has erased their data") if entry.actor == ERASED else entry.name
