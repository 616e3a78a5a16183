"""Parley on Discord.

`client = ParleyClient(bot, clock=…)`, then `await client.start(token)`, which returns after `await client.close()`.
This adapter holds no rule of the product.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, cast

import discord
from discord import app_commands
from discord.http import Route

from adapters.discord import forms, messages, render
from adapters.discord.answers import PATIENCE, Responder, translator_of
from adapters.discord.clickable import command_ids
from adapters.discord.commands import OPENS_POLL, POLL_ON_THIS, Json, declared, menu_name
from adapters.discord.decoding import decode, emoji_names, emoji_readings, names_for, resolved_names, user_name
from adapters.discord.granted import bot_in, missing_in
from adapters.discord.interactions import NAME, called, is_on_own_message, message_text, typed_texts
from adapters.discord.pings import may_ping
from adapters.discord.plain_words import PlainWords
from adapters.discord.rights import may_write_in
from adapters.discord.uploads import Uploads
from bot.chat.markup import shorten
from bot.chat.platform import Limits
from bot.chat.vocabulary import Action, Answers, MessageRef, Outcome, Place, Reply, Request, Visibility
from bot.dispatch.bot import OUT_OF_DATE, Bot, refusal, refused
from bot.dispatch.declare import TEXT_MAX, ActionHandler, Command, Param
from bot.errors import NotAllowed, NotFound, UsageError
from bot.i18n import translator

CHOICE_MAX = 100
_KINDS = discord.InteractionType
_MENU = discord.AppCommandType.message.value
DRAIN = 5.0
"""Seconds that running answers get to finish at a stop."""

logger = logging.getLogger("parley.discord")


class ParleyClient(discord.Client):
    """The platform `discord`, without privileged intents and without a cache of members or messages.

    It recognises commands, controls and forms by their names and ids alone, without the library's command tree and
    views. So it also answers those of messages from before a restart, or from an older version.
    """

    name: str = NAME
    limits: Limits = render.LIMITS

    def __init__(
        self,
        bot: Bot,
        *,
        clock: Callable[[], datetime],
        offered: Collection[str] | None = None,
        patience: float = PATIENCE,
        **options: Any,
    ) -> None:
        """Make the client. `offered` names the offered commands; None means all. `options` are the library's own."""
        super().__init__(
            intents=discord.Intents(guilds=True, guild_messages=True, dm_messages=True),
            allowed_mentions=discord.AllowedMentions.none(),
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            max_messages=None,
            **options,
        )
        self._bot = bot
        self._uploads = Uploads()
        self._responder = Responder(bot, self._uploads, clock, patience)
        self._plain_words = PlainWords(self, bot, self._uploads, clock)
        self._unfinished = messages.UnfinishedSendings(clock)
        t = translator("en")
        self._commands = {name: each for name, each in bot.commands.items() if offered is None or name in offered}
        shortcuts = bot.registry.shortcuts.values() if offered is None else ()
        self._menus = {menu_name(shortcut.label, t): shortcut for shortcut in shortcuts}
        self._poll_menu = menu_name(POLL_ON_THIS, t)
        self.declared = declared(self._commands.values(), shortcuts, t)
        """The commands and menus as Discord's JSON."""
        self._settled = asyncio.Event()
        """Unset while the library waits, after a new connection, for the servers that it will report ready."""
        self._settled.set()

    async def setup_hook(self) -> None:
        self._bot.platforms[NAME] = self
        await self.sync_commands()

    async def sync_commands(self) -> None:
        """Register the commands for all servers. Raises discord.HTTPException."""
        await self.tell_commands()

    async def tell_commands(self, guild: int | None = None) -> None:
        """Register the commands for all servers, or for one. Raises discord.HTTPException."""
        registered = await self._put_commands(self.declared, guild)
        if guild is None:
            self._uploads.command_ids = command_ids(registered)

    async def read_commands(self) -> None:
        """Read the registered commands of all servers, so that answers can link them. Raises discord.HTTPException.

        https://discord.com/developers/docs/interactions/application-commands#get-global-application-commands
        """
        route = Route("GET", "/applications/{application_id}/commands", application_id=self.application_id)
        self._uploads.command_ids = command_ids(await self.http.request(route))

    async def clear_commands(self, guild: int) -> None:
        """Remove one server's own commands. Raises discord.HTTPException."""
        await self._put_commands([], guild)

    async def _put_commands(self, commands: Sequence[Json], guild: int | None) -> Sequence[Json]:
        """Replace the commands:
        https://discord.com/developers/docs/interactions/application-commands#bulk-overwrite-global-application-commands"""
        path = "/applications/{application_id}/commands"
        if guild is not None:
            path = "/applications/{application_id}/guilds/{guild_id}/commands"
        route = Route("PUT", path, application_id=self.application_id, guild_id=guild)
        return cast("Sequence[Json]", await self.http.request(route, json=commands))

    async def close(self) -> None:
        """Wait for the running answers, then disconnect."""
        await asyncio.gather(self._responder.drain(DRAIN), self._plain_words.drain(DRAIN), self._settle(DRAIN))
        self._bot.platforms.pop(NAME, None)
        await super().close()

    async def _settle(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._settled.wait(), seconds)

    # --- the platform ---

    async def post(self, place: Place, reply: Reply) -> MessageRef | None:
        """Send to the thread or channel, or to a forum as a new post. The reference names every message of the reply.

        Raises NotAllowed where the bot may not write, NotFound if the channel is gone, else Unavailable.
        """
        ready = await self._uploads.ready(reply, translator("en"))
        return await messages.post(self, place, ready, self._unfinished)

    async def reply(self, first: MessageRef, reply: Reply) -> MessageRef | None:
        """Send to the place of the bot's message `first`, as a reply to it if it still exists. Raises what `post`
        raises."""
        ready = await self._uploads.ready(reply, translator("en"))
        return await messages.post(self, first.place, ready, self._unfinished, first.id.partition(",")[0])

    async def edit(self, ref: MessageRef, reply: Reply) -> None:
        """Redraw posted messages. Raises what `post` raises."""
        ids = ref.id.split(",")
        fitted = render.fitted(self._uploads.in_discords_words(reply), len(ids))
        await messages.edit(self, ref, await self._uploads.ready(fitted, translator("en")))

    async def has_channel(self, workspace: str, channel: str) -> bool:
        """Tell whether the server has this channel. Raises what `post` raises: NotAllowed if the bot may not view
        it."""
        return await messages.has_channel(self, workspace, channel)

    async def has_role(self, workspace: str, role: str) -> bool:
        """Tell whether a member can have the role: not @everyone, which Discord's list offers but no interaction
        reports."""
        return role.isdecimal() and role != workspace

    async def role_names(self, workspace: str) -> Mapping[str, str]:
        """Return the roles' names by id, if this process serves the server."""
        guild = self.get_guild(int(workspace)) if workspace.isdecimal() else None
        return {str(role.id): role.name for role in guild.roles if not role.is_default()} if guild else {}

    async def may_ping(self, place: Place, member: str, role: str) -> bool:
        """Tell whether the member may ping this role. Raises what `post` raises."""
        guild = self.get_guild(int(place.workspace)) if place.workspace.isdecimal() else None
        return await may_ping(guild, place, member, role)

    async def missing_rights(self, place: Place) -> Sequence[str]:
        """Name the permissions that the bot lacks in a channel; none for a server, since only channels are checked."""
        if not (place.workspace.isdecimal() and place.channel.isdecimal()):
            return []
        return await missing_in(await bot_in(self, place.workspace), place)

    async def tell(self, workspace: str, person: str, reply: Reply) -> bool:  # noqa: ARG002 - people are Discord's
        """Write a direct message to a member. Return False if they accept none from the bot."""
        if not person.isdecimal():
            return False
        with suppress(NotAllowed, NotFound):
            ready = await self._uploads.ready(reply, translator("en"))
            await messages.tell(self, int(person), ready)
            return True
        return False

    # --- events ---

    async def on_connect(self) -> None:
        """Note that the library is waiting. If it's closed meanwhile, it still reports ready, and fails."""
        self._settled.clear()

    async def on_ready(self) -> None:
        """Note that the library has stopped waiting."""
        self._settled.set()

    async def on_message(self, message: discord.Message) -> None:
        """Answer a message that mentions the bot or that a member sends to it directly."""
        await self._plain_words.answer(message)

    async def on_interaction(self, interaction: discord.Interaction) -> None:
        """Answer a command, a control, a form or an unfinished argument, of any age."""
        if interaction.type is _KINDS.application_command:
            do = self._on_menu if _data(interaction).get("type") == _MENU else self._on_command
        elif interaction.type is _KINDS.autocomplete:
            do = self._on_typing
        elif interaction.type is _KINDS.component and interaction.custom_id:
            do = self._on_control
        elif interaction.type is _KINDS.modal_submit and interaction.custom_id:
            do = self._on_form
        else:
            return
        await do(interaction)

    async def _on_command(self, interaction: discord.Interaction) -> None:
        name, args, _ = called(_data(interaction))
        command = self._commands.get(name)
        if command is None or not _takes(command, args):
            await self._outdated(interaction)
            return
        picked = [str(args[param.name]) for param in command.params if param.picks == "channel" and param.name in args]
        if not all(may_write_in(_data(interaction), channel) for channel in picked):
            t = translator_of(interaction)
            error = NotAllowed(t("You can't write in that channel, so I won't either. Pick another one."))
            await self._refuse(interaction, refused(error, t))
            return

        async def run(request: Request) -> Outcome:
            return await self._bot.invoke(request, name, await _decoded(interaction, args, _written(command)))

        await self._responder.answer(
            interaction,
            run,
            private=command.visibility_of(args) is Visibility.PRIVATE,
            form=command.opens_form(args),
        )

    async def _on_menu(self, interaction: discord.Interaction) -> None:
        """Look a message up, or open a poll's form with the message as its question."""
        data = _data(interaction)
        shortcut = self._menus.get(data["name"])
        asks_poll = data["name"] == self._poll_menu and OPENS_POLL in self._commands
        if shortcut is None and not asks_poll:
            await self._outdated(interaction)
            return
        target = data["resolved"]["messages"][data["target_id"]]
        words = (asks_poll and target.get("content")) or message_text(target)
        mentioned = {f"@{user['id']}": user_name(user) for user in target.get("mentions") or ()}

        async def run(request: Request) -> Outcome:
            written = decode(words, await names_for(_guild(interaction), [words], mentioned))
            if shortcut is None:
                args = {"question": written[:TEXT_MAX]} if written.strip() else {}
                return await self._bot.invoke(request, OPENS_POLL, args)
            return await self._bot.look(request, shortcut.name, written)

        await self._responder.answer(
            interaction,
            run,
            private=shortcut is None or shortcut.visibility is Visibility.PRIVATE,
            form=shortcut is None,
        )

    async def _outdated(self, interaction: discord.Interaction) -> None:
        """Answer a command that Discord still shows in its form before an update."""
        t = translator_of(interaction)
        sentence = t("This command has just changed. Type it again, or restart Discord if it looks the same.")
        await self._refuse(interaction, refusal(sentence, t, OUT_OF_DATE))

    async def _refuse(self, interaction: discord.Interaction, outcome: Outcome) -> None:
        async def refuse(_: Request) -> Outcome:
            return outcome

        await self._responder.answer(interaction, refuse, private=True)

    async def _on_typing(self, interaction: discord.Interaction) -> None:
        name, args, focused = called(_data(interaction))
        command = self._commands.get(name)
        param = command.param(focused) if command else None
        if command is None or param is None:
            return
        request = await self._responder.request(interaction)
        args = await _decoded(interaction, {**args, focused: str(args[focused])}, _written(command))
        text = args.pop(focused)
        choices = [
            app_commands.Choice(name=shorten(choice.label, CHOICE_MAX), value=value)
            for choice in await self._bot.complete(request, name, focused, text, args)
            if choice.label.strip() and (value := _value(param, choice.value)) is not None
        ]
        await self._responder.suggest(interaction, choices)

    async def _on_form(self, interaction: discord.Interaction) -> None:
        data = _data(interaction)
        answers = forms.answers_of(data)
        written = {name for name, answer in answers.items() if isinstance(answer, str)}

        async def decoded() -> Answers:
            return cast("Answers", await _decoded(interaction, answers, written))

        await self._responder.submit(interaction, data["custom_id"], decoded)

    async def _on_control(self, interaction: discord.Interaction) -> None:
        data = _data(interaction)
        used, values = data["custom_id"], tuple(map(str, data.get("values", ())))
        draft = forms.draft_of(used, interaction.message)
        if draft is not None:
            await self._responder.reopen(interaction, draft)
            return
        handler = self._handler(used)
        await self._responder.answer(
            interaction,
            lambda request: self._bot.press(request, used, values),
            private=handler is None or handler.visibility is Visibility.PRIVATE,
            form=handler is not None and handler.opens_form,
            redraws=handler is not None and handler.replaces and is_on_own_message(interaction),
        )

    def _handler(self, used: str) -> ActionHandler | None:
        with suppress(UsageError):
            return self._bot.registry.actions.get(Action.decode(used).verb)
        return None

    async def on_error(self, event_method: str, /, *args: Any, **kwargs: Any) -> None:
        """Report a bug in reading an interaction like any other bug."""
        bug = sys.exc_info()[1]
        if event_method != "on_interaction" or not isinstance(bug, Exception):
            await super().on_error(event_method, *args, **kwargs)
        elif args[0].type is _KINDS.autocomplete:
            logger.error("completion failed", exc_info=bug)
        else:
            await self._responder.fail(args[0], bug)


def _data(interaction: discord.Interaction) -> Json:
    """Return the interaction's data as Discord sent it, which the library keeps."""
    return cast("Json", interaction.data or {})


def _guild(interaction: discord.Interaction) -> discord.Guild | None:
    """Return the server if it has the bot. Discord tells nothing about others."""
    return interaction.client.get_guild(interaction.guild_id or 0)


async def _decoded(interaction: discord.Interaction, values: Mapping[str, Any], written: Collection[str]) -> Any:
    """Return the values, with names instead of Discord's marks in those that a member has typed."""
    texts = [str(value) for name, value in values.items() if name in written]
    data = _data(interaction)
    names = await names_for(_guild(interaction), texts, resolved_names(data.get("resolved") or {}))
    names = {**names, **emoji_names(emoji_readings(typed_texts(data)))}
    return {name: decode(value, names) if name in written else value for name, value in values.items()}


def _written(command: Command) -> set[str]:
    """Return the names of the arguments that a member types as text."""
    return {param.name for param in command.params if param.kind is str and not param.picks}


def _takes(command: Command, args: Mapping[str, object]) -> bool:
    """Tell whether the command takes these arguments in this version."""
    names = {param.name for param in command.params}
    return args.keys() <= names and all(param.name in args for param in command.params if param.required)


def _value(param: Param, value: str) -> str | int | None:
    """Return a completion's value in Discord's type for this argument; None if Discord would refuse it."""
    if param.kind is int:
        return int(value) if value.lstrip("-").isdecimal() else None
    return value if 0 < len(value) <= CHOICE_MAX else None
