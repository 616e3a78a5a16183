"""What moderators and editors did, shown in chat: `/log` for a community, `/content log` for the content."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.acts import Acts, Did
from bot.chat import Action, Button, Card, Outcome, Reply
from bot.command import Context, Permission, action, command
from bot.i18n import N_, Translator
from bot.markup import Bold, Inline, Plain, Time, bullets, coded
from bot.store.acts import ERASED, Act
from bot.store.times import from_digits, to_stored

_DID: Mapping[str, str] = {
    Did.RELOAD: N_("took new content"),
    Did.REFUSE: N_("did not take new content, because it has errors"),
    Did.ACCEPT: N_("accepted the suggestion {what}"),
    Did.REJECT: N_("rejected the suggestion {what}"),
    Did.ASK: N_("asked about the suggestion {what}"),
    Did.PUBLISH: N_("published {what}"),
    Did.CLOSE: N_("closed the poll {what}"),
    Did.CANCEL: N_("cancelled the poll {what}"),
    Did.EXTEND: N_("extended the poll {what}"),
    Did.SETTINGS: N_("changed the settings"),
}


@dataclass(frozen=True, slots=True)
class LogCommands:
    """The newest first, ten at a time."""

    acts: Acts

    @command("log", N_("Show what was done here: polls ended or extended, settings"), permission=Permission.MODERATOR)
    async def log(self, ctx: Context) -> Outcome:
        return await self._page(ctx, "log", ctx.community.id, ctx.request.now + timedelta(days=1))

    @action("log", permission=Permission.MODERATOR, replaces=True)
    async def older(self, ctx: Context, at: str, act: str) -> Outcome:
        return await self._page(ctx, "log", ctx.community.id, from_digits(at), act)

    @command("content log", N_("Show what was done to the content, and by whom"), permission=Permission.EDITOR)
    async def content_log(self, ctx: Context) -> Outcome:
        return await self._page(ctx, "content-log", "", ctx.request.now + timedelta(days=1))

    @action("content-log", permission=Permission.EDITOR, replaces=True)
    async def content_older(self, ctx: Context, at: str, act: str) -> Outcome:
        return await self._page(ctx, "content-log", "", from_digits(at), act)

    async def _page(self, ctx: Context, verb: str, community: str, before: datetime, act: str = "") -> Outcome:
        """One page. The first begins a day from now, because the clocks of two processes differ."""
        acts, more = await self.acts.page(community, before, act)
        t = ctx.t
        title = t("What was done here") if community else t("What was done to the content")
        older = Button(t("Older"), Action(verb, (str(to_stored(acts[-1].at)), acts[-1].id))) if more else None
        card = Card(
            title=title,
            body=bullets(_line(t, ctx, each) for each in acts) if acts else bullets([t("Nothing so far.")]),
            controls=(older,) if older else (),
        )
        return Outcome(Reply((card,)), replace=bool(act))


def _line(t: Translator, ctx: Context, act: Act) -> tuple[Inline, ...]:
    when = Time(act.at, f"{act.at.astimezone(ctx.community.tz):%Y-%m-%d %H:%M %Z}")
    did = t(_DID[act.did], what=act.object) if act.did in _DID else f"{act.did} {act.object}"
    detail = coded(f" ({act.detail})") if act.detail else ()
    return when, Plain(" "), Bold(_who(t, act)), Plain(f" {did}"), *detail


def _who(t: Translator, act: Act) -> str:
    if not act.actor:
        return t("Parley")
    return t("Somebody whose data was erased") if act.actor == ERASED else act.name
