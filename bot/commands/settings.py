"""A community's settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any
from zoneinfo import available_timezones

from bot.chat.markup import Bold, ChannelMention, Inline, Plain, RoleMention, bullets
from bot.chat.platform import Platform
from bot.chat.vocabulary import Card, Choice, Outcome, Reply, Tone
from bot.commands.cards import topic_choices
from bot.commands.mentions import resolve_channel, resolve_role
from bot.commands.rights_check import RightsCheck
from bot.communities.action_log import ActionLog, Deed
from bot.communities.model import Community, Creators, checked_zone
from bot.communities.service import Communities
from bot.dispatch.declare import Context, Param, Permission, command
from bot.errors import NotFound, Refused, UsageError
from bot.i18n import N_, PSEUDO, Translator, languages
from bot.library.edition import Shelf

OFF = "off"
CHECK = "check"
"""The word that a member can type instead of `check:yes`."""
_CREATORS: Mapping[str, str] = {
    Creators.EVERYONE.value: N_("Everyone"),
    Creators.MODERATORS.value: N_("Moderators"),
}
_WITHOUT: Mapping[str, tuple[str, str]] = {
    "moderators": ("moderator_role", N_("Moderators' role")),
    "channel": ("moderator_channel", N_("Moderators' channel")),
    "digest": ("digest_channel", N_("Weekly digest")),
    "ping": ("ping_role", N_("Role to ping")),
}
"""Settings that a community can clear: a platform's own list has no entry for nothing."""
_ARGUMENTS: Mapping[str, str] = {
    "creators": "polls",
    "moderator_role": "moderators",
    "moderator_channel": "channel",
    "digest_channel": "digest",
    "ping_role": "ping",
    "reminder_minutes": "reminder",
    "keep_days": "keep",
}
"""The argument of a setting, if it has another name: the log names the argument to type."""
REMINDER_MAX = 7 * 24 * 60
KEEP_DAYS_MAX = 3650


@dataclass(frozen=True, slots=True)
class SettingsCommands:
    """`/settings`: shows the settings without arguments, and changes them with arguments."""

    communities: Communities
    shelf: Shelf
    action_log: ActionLog
    platforms: Mapping[str, Platform]
    rights: RightsCheck

    @command(
        "settings",
        N_("Show or change this community's settings"),
        permission=Permission.MODERATOR,
        needs_community=True,
    )
    async def settings(
        self,
        ctx: Context,
        polls: Annotated[str, Param(N_("Who can create polls"), choices=_CREATORS)] = "",
        moderators: Annotated[str, Param(N_("A role whose members can moderate"), longest=100, picks="role")] = "",
        zone: Annotated[str, Param(N_("Time zone, such as Europe/Berlin"), complete="zones", longest=60)] = "",
        language: Annotated[str, Param(N_("Language of my posts, such as en"), complete="languages", longest=10)] = "",
        topic: Annotated[str, Param(N_("The topic of commands that name none; off for all"), complete="topics")] = "",
        channel: Annotated[str, Param(N_("The channel for news to moderators"), longest=100, picks="channel")] = "",
        digest: Annotated[str, Param(N_("The channel for the weekly digest"), longest=100, picks="channel")] = "",
        ping: Annotated[str, Param(N_("A role that a host can ping with a new poll"), longest=100, picks="role")] = "",
        reminder: Annotated[int, Param(N_("Minutes before the close to remind members of a poll; 0 for never"))] = -1,
        keep: Annotated[int, Param(N_("Days to keep data after the bot is removed"))] = -1,
        without: Annotated[
            str,
            Param(N_("Clear a setting"), choices={name: label for name, (_, label) in _WITHOUT.items()}),
        ] = "",
        check: Annotated[bool, Param(N_("Check what I can do in each channel"))] = False,
        words: Annotated[str, Param("", typed=True)] = "",
    ) -> Outcome:
        t, community = ctx.t, ctx.community
        if check or _asks_for_check(t, words):
            return Outcome(Reply((await self.rights.card(ctx),)))
        changes: dict[str, Any] = {}
        if polls:
            changes["creators"] = Creators(polls)
        if zone:
            changes["zone"] = checked_zone(zone, t)
        if language:
            changes["language"] = _known_language(t, language)
        if topic:
            changes["topic"] = "" if topic == OFF else self._topic(t, topic)
        numbers = {
            "reminder_minutes": ("reminder", reminder, REMINDER_MAX),
            "keep_days": ("keep", keep, KEEP_DAYS_MAX),
        }
        changes |= {name: _at_most(t, *number) for name, number in numbers.items() if number[1] >= 0}
        if without:
            changes[_WITHOUT[without][0]] = ""
        if moderators:
            changes["moderator_role"] = await resolve_role(ctx, self.platforms, moderators)
        if ping:
            changes["ping_role"] = await resolve_role(ctx, self.platforms, ping)
        if channel:  # the last, because it posts a message there
            changes["moderator_channel"] = await resolve_channel(ctx, self.platforms, channel)
        if digest:
            sentence = t("Every Monday at 9 I'll post open polls, results and decisions here.")
            changes["digest_channel"] = await resolve_channel(
                ctx, self.platforms, digest, t("The weekly digest"), sentence
            )
        requested = bool(changes)
        changes = {name: value for name, value in changes.items() if value != getattr(community, name)}
        if changes:
            logged = self.action_log.entry(
                Deed.SETTINGS,
                ctx.request.now,
                by=ctx.request.actor,
                detail=", ".join(f"{_ARGUMENTS.get(name, name)}: {_logged(value)}" for name, value in changes.items()),
                community=community.id,
            )
            community = await self.communities.change(community, changes, logged)
            if changes.keys() & {"digest_channel", "zone"}:
                await self.communities.plan_digest(community, ctx.request.now)
        unchanged = t("Nothing has changed") if requested else t("Settings of this community")
        title = t("Settings changed") if changes else unchanged
        tone = Tone.GOOD if changes else Tone.NEUTRAL
        return Outcome(Reply((Card(title=title, body=bullets(self._lines(t, community)), tone=tone),)))

    def _topic(self, t: Translator, topic: str) -> str:
        if topic not in self.shelf.current.library.packs:
            raise NotFound(t("There's no topic “{topic}”. /topic lists them.", topic=topic[:60]))
        return topic

    def _lines(self, t: Translator, community: Community) -> list[tuple[Bold, Inline]]:
        pack = self.shelf.current.library.packs.get(community.topic)
        return _lines(t, community, pack.info.title if pack else community.topic)

    def topics(self, _ctx: Context, prefix: str, _args: Mapping[str, object]) -> Sequence[Choice]:
        return topic_choices(self.shelf.current.library, prefix)

    def languages(self, _ctx: Context, prefix: str, _args: Mapping[str, object]) -> Sequence[Choice]:
        return [Choice(language, language) for language in languages() if language.startswith(prefix)]

    def zones(self, _ctx: Context, prefix: str, _args: Mapping[str, object]) -> Sequence[Choice]:
        folded = prefix.casefold().replace(" ", "_")
        return [Choice(zone, zone) for zone in sorted(available_timezones()) if folded in zone.casefold()][:25]


def _known_language(t: Translator, language: str) -> str:
    """Return the language by its catalogue's name. Raise NotFound for one without."""
    for name in (*languages(), PSEUDO):
        if name.casefold() == language.replace("_", "-").casefold():
            return name
    listed = ", ".join(languages())
    raise NotFound(
        t("I don't speak “{language}”. Choose one of these: {languages}.", language=language, languages=listed)
    )


def _asks_for_check(t: Translator, words: str) -> bool:
    """Whether the words ask for the check. Raise UsageError for any others."""
    if words and words.casefold() != CHECK:
        raise UsageError(t("/{command} doesn't take “{word}”. Leave it out.", command="settings", word=words[:60]))
    return bool(words)


def _at_most(t: Translator, name: str, number: int, most: int) -> int:
    if number > most:
        raise Refused(t("{argument} can be at most {most}.", argument=name, most=most))
    return number


def _logged(value: object) -> str:
    return OFF if value == "" else str(value)


def _lines(t: Translator, community: Community, topic: str) -> list[tuple[Bold, Inline]]:
    reminder = (
        t.count("{n} minute before the close", "{n} minutes before the close", community.reminder_minutes)
        if community.reminder_minutes
        else t("never")
    )
    role, none = community.moderator_role, Plain(t("only the platform's own"))
    channel, digest = community.moderator_channel, community.digest_channel
    ping = community.ping_role
    values: list[tuple[str, str | Inline]] = [
        (t("Who can create polls: "), t(_CREATORS[community.creators])),
        (t("Moderators' role: "), RoleMention(role, role) if role else none),
        (t("Time zone: "), community.zone),
        (t("Language: "), community.language or t("each reader's own")),
        (t("Topic: "), topic or t("all")),
        (t("Moderators' channel: "), ChannelMention(channel, channel) if channel else t("none")),
        (t("Weekly digest: "), ChannelMention(digest, digest) if digest else t("none")),
        (t("A new poll can ping: "), RoleMention(ping, ping) if ping else t("nobody")),
        (t("Reminder of a poll: "), reminder),
        (t("Data kept after the bot is removed: "), t.count("{n} day", "{n} days", community.keep_days)),
    ]
    return [(Bold(name), Plain(value) if isinstance(value, str) else value) for name, value in values]
