"""Parley on Discord.

`client = ParleyClient(bot, clock=…)`, then `await client.start(token)`, which returns after `await client.close()`.
It knows how to talk and holds no rule of the product.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable, Collection, Coroutine, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from http import HTTPStatus
from typing import Any, TypeVar

import aiohttp
import discord
from discord import app_commands, ui

from adapters.discord import render
from adapters.discord.commands import slash_commands
from bot.app import Bot, refusal
from bot.chat import Actor, Card, Limits, MessageRef, Outcome, Place, Reply, Request, Visibility
from bot.command import Command
from bot.errors import NotAllowed, NotFound, Unavailable
from bot.i18n import N_, Translator, translator
from bot.markup import shorten, text

NAME = "discord"
FIRST_COMMANDS = frozenset({"fact"})
"""What is offered until every command has been tried on Discord; None offers all."""
PATIENCE = 1.5
"""Seconds until a person is told to wait. Discord wants a first answer within 3 seconds."""
CHOICE_MAX = 100
TOKEN_EXPIRED = 50027
"""What Discord answers once an interaction is 15 minutes old."""
TRIES = 3
"""How often a message is sent or changed over connections that break; the library repeats most 5xx itself."""

logger = logging.getLogger("parley.discord")

Interaction = discord.Interaction[Any]
_T = TypeVar("_T")
Work = Callable[[Request], Coroutine[Any, Any, Outcome]]


class ParleyClient(discord.Client):
    """The platform `discord`. No privileged intent, no cache of members or messages, and nobody is ever pinged.

    Controls are answered by their ids alone, as they come in (`on_interaction`), so those of messages sent before a
    restart, or by an older version, are answered as well. The library's own store of views is not used: it drops
    what it does not know in silence, and keeps each view it knows for ever.
    """

    name: str = NAME
    limits: Limits = render.LIMITS

    def __init__(
        self,
        bot: Bot,
        *,
        clock: Callable[[], datetime],
        offered: Collection[str] | None = FIRST_COMMANDS,
        patience: float = PATIENCE,
    ) -> None:
        super().__init__(
            intents=discord.Intents(guilds=True),
            allowed_mentions=discord.AllowedMentions.none(),
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            max_messages=None,
        )
        self._bot = bot
        self._clock = clock
        self._patience = patience
        self.tree = app_commands.CommandTree(
            self,
            allowed_contexts=app_commands.AppCommandContext(guild=True, dm_channel=True, private_channel=False),
            allowed_installs=app_commands.AppInstallationType(guild=True, user=False),
        )
        self.tree.error(self._on_tree_error)
        wanted = [command for name, command in bot.commands.items() if offered is None or name in offered]
        for slash in slash_commands(wanted, translator("en"), self._on_command, self._on_autocomplete):
            self.tree.add_command(slash)

    async def setup_hook(self) -> None:
        self._bot.platforms[NAME] = self
        await self.tree.sync()

    async def close(self) -> None:
        self._bot.platforms.pop(NAME, None)
        await super().close()

    # --- the platform ---

    async def post(self, place: Place, reply: Reply) -> MessageRef | None:
        """Sends to the thread or channel. The reference names every message that the reply took.

        Raises NotAllowed where the bot may not write, NotFound where the channel is gone, else Unavailable.
        """
        channel = self._channel(place)
        sent: list[str] = []
        for view in render.messages(reply):
            view.stop()
            message = await _insist(partial(channel.send, view=view, nonce=secrets.randbits(63)))
            sent.append(str(message.id))
        return MessageRef(place, ",".join(sent)) if sent else None

    async def edit(self, ref: MessageRef, reply: Reply) -> None:
        """Redraws the messages that were posted. Raises what `post` raises.

        Raises ValueError where the reply now takes more messages or fewer.
        """
        channel = self._channel(ref.place)
        for id_, view in zip(ref.id.split(","), render.messages(reply), strict=True):
            view.stop()
            await _insist(partial(channel.get_partial_message(int(id_)).edit, view=view))

    def _channel(self, place: Place) -> discord.PartialMessageable:
        return self.get_partial_messageable(int(place.thread or place.channel))

    # --- what comes in ---

    async def _on_command(self, interaction: Interaction, command: Command, given: Mapping[str, object]) -> None:
        private = command.visibility_of(given) is Visibility.PRIVATE
        await self._answer(interaction, lambda request: self._bot.invoke(request, command.name, given), private=private)

    async def _on_autocomplete(
        self, interaction: Interaction, command: Command, param: str, typed: str
    ) -> list[app_commands.Choice[str]]:
        others = {name: value for name, value in interaction.namespace if name != param}
        found = await self._bot.complete(self._request(interaction), command.name, param, typed, others)
        return [
            app_commands.Choice(name=shorten(choice.label, CHOICE_MAX), value=choice.value)
            for choice in found
            if choice.label.strip() and 0 < len(choice.value) <= CHOICE_MAX
        ]

    async def on_interaction(self, interaction: Interaction) -> None:
        """Buttons and selects of any age. Slash commands reach the tree, which the library asks first."""
        if interaction.type is discord.InteractionType.component:
            data: Mapping[str, Any] = interaction.data or {}
            pressed, values = str(data.get("custom_id", "")), tuple(map(str, data.get("values", ())))
            await self._answer(interaction, lambda request: self._bot.press(request, pressed, values), private=True)

    async def _on_tree_error(self, interaction: Interaction, error: app_commands.AppCommandError) -> None:
        """A command that Discord still shows as it was before an update, or a bug in this adapter."""
        t = _translator(interaction)
        outdated = isinstance(error, app_commands.CommandNotFound | app_commands.CommandSignatureMismatch)
        if interaction.type is discord.InteractionType.autocomplete:
            logger.error("completion failed", exc_info=error)
        elif outdated:
            sentence = t("This command has just been changed. Type it again, or restart Discord if it looks the same.")
            await self._show(interaction, refusal(sentence, t))
        else:
            await self._failed(interaction, error)

    # --- what goes out ---

    async def _answer(self, interaction: Interaction, work: Work, *, private: bool) -> None:
        """Lets the work run; defers when it takes long; shows how it ended."""
        try:
            running = asyncio.ensure_future(work(self._request(interaction)))
            await asyncio.wait({running}, timeout=self._patience)
            if not running.done():
                await self._defer(interaction, private=private)
            await self._show(interaction, await running, deferred_private=private)
        except discord.NotFound:  # the interaction has expired, so there is nobody left to tell
            logger.warning("an answer came too late for Discord")
        except Exception as error:
            if isinstance(error, discord.HTTPException) and error.code == TOKEN_EXPIRED:
                logger.warning("an answer came too late for Discord")
            else:
                await self._failed(interaction, error)

    async def _defer(self, interaction: Interaction, *, private: bool) -> None:
        """A command shows that the bot is thinking, for whom its answer is meant. A control just waits."""
        if interaction.type is discord.InteractionType.component:
            await interaction.response.defer()
        else:
            await interaction.response.defer(ephemeral=private, thinking=True)

    async def _show(self, interaction: Interaction, outcome: Outcome, *, deferred_private: bool = True) -> None:
        reply = _shown(outcome, _translator(interaction))
        pressed = interaction.type is discord.InteractionType.component
        private = reply.visibility is Visibility.PRIVATE
        first, *others = render.messages(reply)
        first.stop()
        if pressed and outcome.replace:
            await self._replace(interaction, first)
        elif not interaction.response.is_done():
            await interaction.response.send_message(view=first, ephemeral=private)
        elif pressed:
            await interaction.followup.send(view=first, ephemeral=private)
        elif private == deferred_private:
            await interaction.edit_original_response(view=first)
        else:
            await self._turn(interaction, first, private=private)
        for view in others:
            view.stop()
            await interaction.followup.send(view=view, ephemeral=private)

    async def _turn(self, interaction: Interaction, view: ui.LayoutView, *, private: bool) -> None:
        """Answers where the waiting message has the other visibility, which nothing can change any more.

        It has to be completed first: until then, whatever is sent becomes that message, and once it is deleted
        nothing more can be sent (https://github.com/discord/discord-api-docs/issues/3087).
        """
        done = render.messages(_shown(Outcome(), _translator(interaction)))[0]
        done.stop()
        await interaction.edit_original_response(view=done)
        await interaction.followup.send(view=view, ephemeral=private)
        if private:
            await interaction.delete_original_response()

    async def _replace(self, interaction: Interaction, view: ui.LayoutView) -> None:
        if interaction.response.is_done():
            await interaction.edit_original_response(view=view)
        else:
            await interaction.response.edit_message(view=view)

    async def _failed(self, interaction: Interaction, error: Exception) -> None:
        """Logs a bug of this adapter, whole, and tells the person a code to quote."""
        reference = self._bot.new_reference()
        logger.error("bug in an answer to Discord", exc_info=error, extra={"reference": reference})
        t = _translator(interaction)
        outcome = refusal(t("Something went wrong on my side. The code is {code}.", code=reference), t)
        view = render.messages(_shown(outcome, t))[0]
        view.stop()
        try:
            if interaction.response.is_done():
                await interaction.followup.send(view=view, ephemeral=True)
            else:
                await interaction.response.send_message(view=view, ephemeral=True)
        except discord.HTTPException:
            logger.warning("the person could not be told of %s", reference)

    def _request(self, interaction: Interaction) -> Request:
        place = _place(interaction)
        message = interaction.message
        return Request(
            actor=_actor(interaction),
            place=place,
            now=self._clock(),
            locale=interaction.locale.value,
            origin=MessageRef(place, str(message.id)) if message is not None else None,
        )


async def _insist(send: Callable[[], Awaitable[_T]]) -> _T:
    """Sends again where the connection broke. The message's nonce keeps it from being there twice.

    Raises NotAllowed, NotFound or Unavailable.
    """
    for left in reversed(range(TRIES)):
        try:
            return await send()
        except discord.Forbidden as error:
            raise NotAllowed(
                N_("I may not write in this channel. A moderator can allow me to view it and to send messages in it.")
            ) from error
        except discord.NotFound as error:
            raise NotFound(N_("This channel or message is gone from Discord.")) from error
        except (discord.DiscordServerError, discord.RateLimited, aiohttp.ClientError, OSError) as error:
            if not left:
                raise Unavailable(N_("Discord can't be reached just now. Try again in a minute.")) from error
        except discord.HTTPException as error:
            if error.status != HTTPStatus.TOO_MANY_REQUESTS:
                raise
            raise Unavailable(N_("Discord can't be reached just now. Try again in a minute.")) from error
    raise AssertionError


def _actor(interaction: Interaction) -> Actor:
    user = interaction.user
    member = user if isinstance(user, discord.Member) else None
    return Actor(
        platform=NAME,
        workspace=str(interaction.guild_id or ""),
        id=str(user.id),
        name=user.display_name,
        roles=frozenset(str(role.id) for role in member.roles) if member else frozenset(),
        moderator=member is not None and interaction.permissions.manage_guild,
        joined=member.joined_at if member else None,
    )


def _place(interaction: Interaction) -> Place:
    """A thread has its channel's id beside its own; on Discord it is a channel of its own."""
    channel = interaction.channel
    workspace = str(interaction.guild_id or "")
    here = str(interaction.channel_id or "")
    if isinstance(channel, discord.Thread):
        return Place(NAME, workspace, str(channel.parent_id), thread=here)
    return Place(NAME, workspace, here, direct=interaction.guild_id is None)


def _shown(outcome: Outcome, t: Translator) -> Reply:
    """What the person sees: never nothing."""
    reply = outcome.answer or Reply()
    if reply.form is not None:
        return Reply((Card(body=text(t("This needs a form, and I can't open forms here yet."))),))
    if reply.files:
        names = ", ".join(file.name for file in reply.files)
        missing = Card(body=text(t("I can't send files here yet, so these are missing: {names}.", names=names)))
        return replace(reply, cards=(*reply.cards, missing), files=())
    return reply if reply.cards else Reply((Card(body=text(t("Done."))),))


def _translator(interaction: Interaction) -> Translator:
    return translator(interaction.locale.value)
