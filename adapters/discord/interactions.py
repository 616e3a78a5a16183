"""An interaction: what Discord tells when somebody types a command, presses a control or sends a form, and the ways
to answer it. https://discord.com/developers/docs/interactions/receiving-and-responding

It is read from the JSON of the gateway's event, and answered in JSON (docs/decisions/0021).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Any, cast

import aiohttp
import discord
from discord.http import Route
from discord.utils import parse_time
from discord.webhook.async_ import async_context

from adapters.discord.uploads import Ready
from bot.chat import Actor, MessageRef, Place, Request

NAME = "discord"

Json = Mapping[str, Any]

UNHEARD = frozenset({HTTPStatus.BAD_GATEWAY, HTTPStatus.GATEWAY_TIMEOUT, 524})
"""How Discord's gate says that it got no answer from what is behind it, which may have done what was asked for."""

_KINDS = discord.InteractionType
COMMAND, CONTROL = _KINDS.application_command.value, _KINDS.component.value
TYPING, FORM = _KINDS.autocomplete.value, _KINDS.modal_submit.value
"""What somebody did: `Interaction.kind`."""

_ANSWERS = discord.InteractionResponseType
_SHOW, _THINK = _ANSWERS.channel_message.value, _ANSWERS.deferred_channel_message.value
_REDRAW, _WAIT = _ANSWERS.message_update.value, _ANSWERS.deferred_message_update.value
_SUGGEST, _OPEN = _ANSWERS.autocomplete_result.value, _ANSWERS.modal.value

_CHANNELS = discord.ChannelType
_THREADS = frozenset(kind.value for kind in (_CHANNELS.news_thread, _CHANNELS.public_thread, _CHANNELS.private_thread))
_TEXT = discord.ComponentType.text_display.value
_MANAGE_GUILD = discord.Permissions.manage_guild.flag
_COMPONENTS_V2, _EPHEMERAL = discord.MessageFlags.components_v2.flag, discord.MessageFlags.ephemeral.flag
_NO_MENTIONS = discord.AllowedMentions.none().to_dict()


class Interaction:
    """One of them. It takes one first answer within 3 seconds, and more for 15 minutes.

    Whatever answers raises discord.HTTPException, aiohttp.ClientError and OSError. Answering repeats most 5xx itself.
    """

    __slots__ = ("_given", "_session", "answered", "data", "id", "kind", "locale", "message", "workspace")

    def __init__(self, given: Json, session: aiohttp.ClientSession) -> None:
        """`given` as Discord's gateway tells it; answers go out over `session`."""
        self._given = given
        self._session = session
        self.id: str = given["id"]
        self.kind: int = given["type"]
        self.data: Json = given.get("data") or {}
        self.message: Json | None = given.get("message")
        """The message whose control was used."""
        self.locale: str = given.get("locale") or "en-US"
        guild = given.get("guild_id")
        self.workspace: str = guild or f"dm{given.get('channel_id')}"
        """The server; a conversation with the bot alone is a community of its own."""
        self.answered = False
        """Whether the first answer was given."""

    def request(self, now: datetime) -> Request:
        place, message = self._place(), self.message
        return Request(
            actor=self._actor(),
            place=place,
            now=now,
            locale=self.locale,
            origin=MessageRef(place, message["id"]) if message is not None else None,
        )

    def _actor(self) -> Actor:
        member: Json = self._given.get("member") or {}
        user: Json = member.get("user") or self._given["user"]
        joined = member.get("joined_at")
        return Actor(
            platform=NAME,
            workspace=self.workspace,
            id=user["id"],
            name=member.get("nick") or user.get("global_name") or user["username"],
            roles=frozenset(member.get("roles", ())),
            moderator=bool(int(member.get("permissions", 0)) & _MANAGE_GUILD),
            joined=parse_time(joined) if joined else None,
            everywhere=True,
        )

    def _place(self) -> Place:
        """A thread has its channel's id beside its own; on Discord it is a channel of its own."""
        channel: Json = self._given.get("channel") or {}
        here: str = self._given.get("channel_id") or ""
        if channel.get("type") in _THREADS:
            return Place(NAME, self.workspace, channel["parent_id"], thread=here)
        return Place(NAME, self.workspace, here, direct=not self._given.get("guild_id"))

    def is_on_own_message(self) -> bool:
        """Whether a control was used of a message that this person alone sees: one for them, or one in their
        conversation with the bot. Its id doesn't tell: an interaction can name any control on any message.
        """
        if self.kind != CONTROL or self.message is None:
            return False
        return bool(self.message.get("flags", 0) & _EPHEMERAL) or "guild_id" not in self._given

    # --- the first answer ---

    async def show(self, ready: Ready, *, private: bool) -> None:
        """With a new message."""
        files = ready.files()
        await self._first(_SHOW, _message(ready, files, private=private), files)

    async def redraw(self, ready: Ready) -> None:
        """With the message whose control was used, drawn anew."""
        files = ready.files()
        await self._first(_REDRAW, _message(ready, files), files)

    async def open(self, window: discord.ui.Modal) -> None:
        """With a form. A form can't be answered so."""
        await self._first(_OPEN, window.to_dict())

    async def suggest(self, choices: Sequence[Json]) -> None:
        """With suggestions for what is being typed."""
        await self._first(_SUGGEST, {"choices": choices})

    async def defer(self, *, private: bool, redraws: bool = False) -> None:
        """With a promise, for whoever the answer will be for. What `complete` changes then is the promise, or with
        `redraws` the message whose control was used."""
        if redraws:
            await self._first(_WAIT)
        else:
            await self._first(_THINK, {"flags": _EPHEMERAL} if private else {})

    async def _first(self, kind: int, data: Json | None = None, files: Sequence[discord.File] = ()) -> None:
        route = Route(
            "POST",
            "/interactions/{webhook_id}/{webhook_token}/callback",
            webhook_id=self.id,
            webhook_token=self._given["token"],
        )
        await self._send(route, {"type": kind} if data is None else {"type": kind, "data": data}, files)
        self.answered = True

    # --- more ---

    async def complete(self, ready: Ready) -> None:
        """Changes the first answer."""
        files = ready.files()
        await self._send(self._webhook("PATCH", "/messages/@original"), _message(ready, files), files)

    async def follow_up(self, ready: Ready, *, private: bool) -> None:
        """Adds a message, which is there twice where it is sent twice."""
        files = ready.files()
        await self._send(
            self._webhook("POST"), _message(ready, files, private=private), files, session=_Once(self._session)
        )

    async def withdraw(self) -> None:
        """Deletes the first answer."""
        await self._send(self._webhook("DELETE", "/messages/@original"))

    def _webhook(self, method: str, path: str = "") -> Route:
        """Until it is 15 minutes old, an interaction is a webhook of the application."""
        return Route(
            method,
            "/webhooks/{webhook_id}/{webhook_token}" + path,
            webhook_id=self._given["application_id"],
            webhook_token=self._given["token"],
        )

    async def _send(
        self,
        route: Route,
        payload: Json | None = None,
        files: Sequence[discord.File] = (),
        session: aiohttp.ClientSession | _Once | None = None,
    ) -> None:
        """As the library sends its own: one after the other for each interaction, and again where Discord asks for it."""
        sending, over = async_context.get(), cast("aiohttp.ClientSession", session or self._session)
        if files and payload is not None:
            await sending.request(route, over, multipart=_multipart(payload, files), files=files)
        else:
            await sending.request(route, over, payload=dict(payload) if payload is not None else None)


class _Once:
    """A session for the library to send over what must not be there twice."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    def request(self, method: str, url: str, **options: Any) -> Any:
        return self._session.request(method, url, raise_for_status=unless_unheard, **options)


async def unless_unheard(response: aiohttp.ClientResponse) -> None:
    """For aiohttp's `raise_for_status`. Raises DiscordServerError where Discord's gate has not heard whether something
    was done: the library would ask for it again."""
    if response.status in UNHEARD:
        response.release()
        raise discord.DiscordServerError(response, None)


def _message(ready: Ready, files: Sequence[discord.File], *, private: bool = False) -> Json:
    return {
        "components": ready.view.components,
        "flags": _COMPONENTS_V2 | _EPHEMERAL if private else _COMPONENTS_V2,
        "allowed_mentions": _NO_MENTIONS,
        "attachments": [file.to_dict(number) for number, file in enumerate(files)],
    }


def _multipart(payload: Json, files: Sequence[discord.File]) -> list[dict[str, Any]]:
    """https://discord.com/developers/docs/reference#uploading-files"""
    sent = [
        {
            "name": f"files[{number}]",
            "value": file.fp,
            "filename": file.filename,
            "content_type": "application/octet-stream",
        }
        for number, file in enumerate(files)
    ]
    return [{"name": "payload_json", "value": json.dumps(payload)}, *sent]


# --- what is read from one ---


def called(data: Json) -> tuple[str, dict[str, object], str]:
    """Of a slash command: its name, with its group's before it; what was given; and which of that is being typed."""
    name, options = data["name"], data.get("options") or ()
    while options and "value" not in options[0]:  # a group or a command in one
        name, options = f"{name} {options[0]['name']}", options[0].get("options") or ()
    typed = next((option["name"] for option in options if option.get("focused")), "")
    return name, {option["name"]: option["value"] for option in options}, typed


def message_text(message: Json) -> str:
    """All words of a message: what was written, what its embeds say, what a layout shows, what was forwarded."""
    embeds = (part for embed in message.get("embeds", ()) for part in _embed_texts(embed))
    shown = (text["content"] for text in text_displays(message.get("components", ())))
    forwarded = (message_text(snapshot["message"]) for snapshot in message.get("message_snapshots", ()))
    return "\n".join(part for part in (message.get("content"), *embeds, *shown, *forwarded) if part)


def _embed_texts(embed: Json) -> Iterator[str | None]:
    """In the order in which they are seen."""
    yield (embed.get("author") or {}).get("name")
    yield embed.get("title")
    yield embed.get("description")
    for field in embed.get("fields", ()):
        yield field.get("name")
        yield field.get("value")
    yield (embed.get("footer") or {}).get("text")


def text_displays(components: Iterable[Json]) -> Iterator[Json]:
    """Every text of a layout, in order, however deep it stands."""
    for component in components:
        if component.get("type") == _TEXT:
            yield component
        yield from text_displays(component.get("components", ()))
