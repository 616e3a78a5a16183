"""What a community decides for itself, and what a member may ask about their own data."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from bot.acts import Acts, Did
from bot.chat import Action, Attachment, Button, ButtonStyle, Card, Choice, Outcome, Platform, Reply, Tone
from bot.command import Context, Param, Permission, action, command
from bot.commands.cards import topic_choices
from bot.commands.named import named_channel, named_role
from bot.communities import Communities
from bot.community import Community, Creators, checked_zone
from bot.errors import NotFound, Refused
from bot.i18n import N_, Translator
from bot.library.shelf import Shelf
from bot.markup import Bold, Channel, Inline, Plain, Role, bullets, text
from bot.polls.privacy import Privacy

_OFF = "off"
_CREATORS: Mapping[str, str] = {
    Creators.EVERYONE.value: N_("Everyone"),
    Creators.MODERATORS.value: N_("Moderators"),
}
_WITHOUT: Mapping[str, tuple[str, str]] = {
    "moderators": ("moderator_role", N_("A moderators' role")),
    "channel": ("moderator_channel", N_("A moderators' channel")),
}
"""What a community can be without again: where a platform offers its own list, that holds no word for nothing."""
_TYPED: Mapping[str, str] = {
    "creators": "polls",
    "moderator_role": "moderators",
    "moderator_channel": "channel",
    "reminder_minutes": "reminder",
    "keep_days": "keep",
}
"""Which argument a setting is, where that has another name: the log says what one could type."""
REMINDER_MAX = 7 * 24 * 60
KEEP_DAYS_MAX = 3650


@dataclass(frozen=True, slots=True)
class Settings:
    """`/settings`: shown without arguments, changed by them."""

    communities: Communities
    shelf: Shelf
    acts: Acts
    platforms: Mapping[str, Platform]

    @command("settings", N_("Show or change what this community has decided"), permission=Permission.MODERATOR)
    async def settings(
        self,
        ctx: Context,
        polls: Annotated[str, Param(N_("Who may create polls"), choices=_CREATORS)] = "",
        moderators: Annotated[str, Param(N_("A role whose members moderate too"), longest=100, picks="role")] = "",
        zone: Annotated[str, Param(N_("Time zone, such as Europe/Berlin"), complete="zones", longest=60)] = "",
        language: Annotated[str, Param(N_("Language of what is posted, such as en"), longest=10)] = "",
        topic: Annotated[
            str, Param(N_("The topic that is meant where none is named; off for all"), complete="topics")
        ] = "",
        channel: Annotated[
            str, Param(N_("The channel where moderators are told what they should know"), longest=100, picks="channel")
        ] = "",
        reminder: Annotated[
            int, Param(N_("Minutes before the close at which a poll is announced again; 0 for never"))
        ] = -1,
        keep: Annotated[int, Param(N_("Days for which data is kept after the bot was removed"))] = -1,
        without: Annotated[
            str,
            Param(
                N_("What there should not be any more"), choices={name: label for name, (_, label) in _WITHOUT.items()}
            ),
        ] = "",
    ) -> Outcome:
        t, community = ctx.t, ctx.community
        changes: dict[str, Any] = {}
        if polls:
            changes["creators"] = Creators(polls)
        if zone:
            changes["zone"] = checked_zone(zone, t)
        if language:
            changes["language"] = language
        if topic:
            changes["topic"] = "" if topic == _OFF else self._topic(t, topic)
        if reminder >= 0:
            changes["reminder_minutes"] = _at_most(t, "reminder", reminder, REMINDER_MAX)
        if keep >= 0:
            changes["keep_days"] = _at_most(t, "keep", keep, KEEP_DAYS_MAX)
        if without:
            changes[_WITHOUT[without][0]] = ""
        if moderators:
            changes["moderator_role"] = await named_role(ctx, self.platforms, moderators)
        if channel:  # the last, since something is said in it
            changes["moderator_channel"] = await named_channel(ctx, self.platforms, channel)
        asked = bool(changes)
        changes = {name: value for name, value in changes.items() if value != getattr(community, name)}
        if changes:
            logged = self.acts.entry(
                Did.SETTINGS,
                ctx.request.now,
                by=ctx.request.actor,
                detail=", ".join(f"{_TYPED.get(name, name)}: {_logged(value)}" for name, value in changes.items()),
                community=community.id,
            )
            community = await self.communities.change(community, changes, logged)
        unchanged = t("Nothing has changed") if asked else t("Settings of this community")
        title = t("Settings are changed") if changes else unchanged
        tone = Tone.GOOD if changes else Tone.NEUTRAL
        return Outcome(Reply((Card(title=title, body=bullets(_lines(t, community)), tone=tone),)))

    def _topic(self, t: Translator, topic: str) -> str:
        if topic not in self.shelf.current.library.packs:
            raise NotFound(t("There is no topic “{topic}”. /topic lists them.", topic=topic[:60]))
        return topic

    def topics(self, _ctx: Context, typed: str, _args: Mapping[str, object]) -> Sequence[Choice]:
        return topic_choices(self.shelf.current.library, typed)

    def zones(self, _ctx: Context, typed: str, _args: Mapping[str, object]) -> Sequence[Choice]:
        from zoneinfo import available_timezones  # noqa: PLC0415 - it reads a folder, so not before it is asked for

        wanted = typed.casefold().replace(" ", "_")
        return [Choice(zone, zone) for zone in sorted(available_timezones()) if wanted in zone.casefold()][:25]


def _at_most(t: Translator, name: str, number: int, most: int) -> int:
    if number > most:
        raise Refused(t("{argument} is at most {most}.", argument=name, most=most))
    return number


def _logged(value: object) -> str:
    return _OFF if value == "" else str(value)


def _lines(t: Translator, community: Community) -> list[tuple[Bold, Inline]]:
    reminder = (
        t.count("{n} minute before the close", "{n} minutes before the close", community.reminder_minutes)
        if community.reminder_minutes
        else t("never")
    )
    role, none = community.moderator_role, Plain(t("none beside the platform's own"))
    channel = community.moderator_channel
    shown: list[tuple[str, str | Inline]] = [
        (t("Who may create polls: "), t(_CREATORS[community.creators])),
        (t("Moderators' role: "), Role(role, role) if role else none),
        (t("Time zone: "), community.zone),
        (t("Language: "), community.language or t("each reader's own")),
        (t("Topic: "), community.topic or t("all")),
        (t("Moderators' channel: "), Channel(channel, channel) if channel else t("none")),
        (t("Polls are announced again: "), reminder),
        (t("Data is kept after the bot was removed: "), t.count("{n} day", "{n} days", community.keep_days)),
    ]
    return [(Bold(name), Plain(value) if isinstance(value, str) else value) for name, value in shown]


@dataclass(frozen=True, slots=True)
class PrivacyCommands:
    """`/privacy`: what is stored about the member who asks, as a file, and how to have it erased."""

    privacy: Privacy

    @command("privacy show", N_("Show what is stored about you"))
    async def show(self, ctx: Context) -> Outcome:
        held = await self.privacy.held(ctx.request.actor)
        t = ctx.t
        lines = [
            t.count("{n} poll that you created", "{n} polls that you created", len(held.created)),
            t.count("{n} ballot of yours in named polls", "{n} ballots of yours in named polls", len(held.named)),
            t.count(
                "{n} ballot of yours in open secret polls",
                "{n} ballots of yours in open secret polls",
                len(held.secret),
            ),
        ]
        if held.acts:
            log = t.count(
                "{n} line with your name in the log of moderators and editors",
                "{n} lines with your name in the log of moderators and editors",
                len(held.acts),
            )
            lines.append(log)
        if held.suggestions:
            lines.append(t.count("{n} suggestion of yours", "{n} suggestions of yours", len(held.suggestions)))
        more = t(
            "Your ballots in secret polls that have closed are stored without anything that leads to you: nobody can "
            "show or erase them any more. Look-ups are counted, without who asked."
        )
        erase = Button(t("Erase my data"), Action("privacy-erase"), style=ButtonStyle.DANGER)
        return Outcome(
            Reply((Card(title=t("What is stored about you"), body=text(bullets(lines), more), controls=(erase,)),))
        )

    @command("privacy export", N_("Save what is stored about you as a file"))
    async def export(self, ctx: Context) -> Outcome:
        held = await self.privacy.held(ctx.request.actor)
        content = json.dumps(held.as_data(), ensure_ascii=False, indent=2) + "\n"
        file = Attachment("my-data.json", content, "application/json")
        return Outcome(Reply((Card(title=ctx.t("What is stored about you")),), files=(file,)))

    @command("privacy erase", N_("Erase what is stored about you"))
    async def erase(self, ctx: Context) -> Outcome:
        t = ctx.t
        explained = text(
            t("Your ballots in open polls are withdrawn."),
            t("In named polls that have closed, your ballot stays in the count and your name goes."),
            t(
                "Ballots in secret polls that have closed can't be found any more by anybody, so they stay in the count."
            ),
            t("Polls that you created stay, without your name, and so does what you did as a moderator or editor."),
            t("What you suggested goes, but for what editors have accepted, which stays without your name."),
        )
        button = Button(t("Erase now"), Action("privacy-erase"), style=ButtonStyle.DANGER)
        return Outcome(Reply((Card(title=t("Erase what is stored about you?"), body=explained, controls=(button,)),)))

    @action("privacy-erase", replaces=True)
    async def erased(self, ctx: Context) -> Outcome:
        withdrawn = await self.privacy.erase(ctx.request.actor, ctx.request.now)
        t = ctx.t
        said = t.count(
            "Your vote was withdrawn from {n} open poll.",
            "Your vote was withdrawn from {n} open polls.",
            len(withdrawn),
        )
        card = Card(title=t("Your data is erased"), body=text(said), tone=Tone.GOOD)
        return Outcome(Reply((card,)), refresh=tuple(withdrawn), replace=True)
