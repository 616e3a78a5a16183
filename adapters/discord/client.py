"""Parley on Discord.

`client = ParleyClient(bot, clock=…)`, then `await client.start(token)`, which returns after `await client.close()`.
It knows how to talk and holds no rule of the product.
"""

from __future__ import annotations

import logging
import sys
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any, cast

import discord

from adapters.discord import forms, messages, render
from adapters.discord.answers import PATIENCE, Responder, translator_of
from adapters.discord.commands import declared, menu_name
from adapters.discord.interactions import (
    COMMAND,
    CONTROL,
    FORM,
    NAME,
    TYPING,
    Interaction,
    Json,
    called,
    message_text,
)
from adapters.discord.uploads import Uploads
from bot.app import Bot, refusal
from bot.chat import Action, Limits, MessageRef, Outcome, Place, Reply, Request, Visibility
from bot.command import ActionHandler, Command, Param
from bot.errors import NotAllowed, NotFound, UsageError
from bot.i18n import translator
from bot.markup import shorten

CHOICE_MAX = 100
_MENU = discord.AppCommandType.message.value
DRAIN = 5.0
"""Seconds that answers in the making have at a stop."""
HEARD_MAX = 4096
"""So many of the last interactions are told apart from new ones."""

logger = logging.getLogger("parley.discord")


class ParleyClient(discord.Client):
    """The platform `discord`. No privileged intent, no cache of members or messages, and nobody is ever pinged.

    Interactions are read and answered here (`interactions.py`), not by the library. Controls and forms are told apart
    by their ids alone, so those of messages sent before a restart, or by an older version, are answered as well.
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
        """`offered` names the commands that are offered; None for all. `options` are the library's own."""
        super().__init__(
            intents=discord.Intents(guilds=True),
            allowed_mentions=discord.AllowedMentions.none(),
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            max_messages=None,
            **options,
        )
        self._bot = bot
        self._uploads = Uploads()
        self._responder = Responder(bot, self._uploads, clock, patience)
        self._begun = messages.Begun(clock)
        self._heard: OrderedDict[str, None] = OrderedDict()
        """The last interactions, oldest first."""
        t = translator("en")
        self._commands = {name: each for name, each in bot.commands.items() if offered is None or name in offered}
        shortcuts = bot.registry.shortcuts.values() if offered is None else ()
        self._menus = {menu_name(shortcut, t): shortcut for shortcut in shortcuts}
        self.declared = declared(self._commands.values(), shortcuts, t)
        """What Discord is told of the commands and menus."""
        self._connection.parsers["INTERACTION_CREATE"] = self._on_interaction_create

    async def setup_hook(self) -> None:
        self._bot.platforms[NAME] = self
        await self.sync_commands()

    async def sync_commands(self) -> None:
        """Tells Discord the commands, for every server. Raises discord.HTTPException."""
        await self.tell_commands()

    async def tell_commands(self, guild: int | None = None) -> None:
        """Tells Discord the commands, for every server or for one alone. Raises discord.HTTPException."""
        if guild is None:
            await self.http.bulk_upsert_global_commands(self._own_application, self.declared)
        else:
            await self.http.bulk_upsert_guild_commands(self._own_application, guild, self.declared)

    async def clear_commands(self, guild: int) -> None:
        """Takes away the commands that one server was told for itself. Raises discord.HTTPException."""
        await self.http.bulk_upsert_guild_commands(self._own_application, guild, [])

    @property
    def _own_application(self) -> int:
        return cast("int", self.application_id)  # which is known once the client is logged in

    async def close(self) -> None:
        """Lets the answers in the making end, then leaves."""
        await self._responder.drain(DRAIN)
        self._bot.platforms.pop(NAME, None)
        await super().close()

    # --- the platform ---

    async def post(self, place: Place, reply: Reply) -> MessageRef | None:
        """Sends to the thread or channel; in a forum, as a new post. The reference names every message that it took.

        Raises NotAllowed where the bot may not write, NotFound where the channel is gone, else Unavailable.
        """
        ready = await self._uploads.ready(reply, translator("en"))
        return await messages.post(self, place, ready, self._begun)

    async def edit(self, ref: MessageRef, reply: Reply) -> None:
        """Redraws the messages that were posted. Raises what `post` raises."""
        ids = ref.id.split(",")
        fitted = render.fitted(reply, len(ids))
        await messages.edit(self, ref, await self._uploads.ready(fitted, translator("en")))

    async def has_channel(self, workspace: str, channel: str) -> bool:
        """Raises what `post` raises: NotAllowed where the bot may not even look."""
        return await messages.has_channel(self, workspace, channel)

    async def has_role(self, workspace: str, role: str) -> bool:
        """Discord offers the roles of the server alone, and among them @everyone, which no member is told to have."""
        return role.isdecimal() and role != workspace

    async def tell(self, workspace: str, person: str, reply: Reply) -> bool:  # noqa: ARG002 - people are Discord's
        """Writes to one person alone. False where they take no messages from the bot."""
        if not person.isdecimal():
            return False
        with suppress(NotAllowed, NotFound):
            ready = await self._uploads.ready(reply, translator("en"))
            await messages.tell(self, int(person), ready)
            return True
        return False

    # --- what comes in ---

    def _on_interaction_create(self, given: Json) -> None:
        """In the place of the library's own reader, which builds an object for each part of what is told."""
        session = self.http._HTTPClient__session  # type: ignore[attr-defined]  # noqa: SLF001 - the library's own way
        self.dispatch("interaction", Interaction(given, session))

    async def on_interaction(self, interaction: Interaction) -> None:
        """Whatever somebody did, of any age."""
        if interaction.kind == COMMAND:
            do = self._on_menu if interaction.data.get("type") == _MENU else self._on_command
        elif interaction.kind == TYPING:
            do = self._on_typing
        elif interaction.kind in {CONTROL, FORM} and interaction.data.get("custom_id"):
            do = self._on_control if interaction.kind == CONTROL else self._on_form
        else:
            return
        if self.is_new(interaction):
            await do(interaction)

    async def _on_command(self, interaction: Interaction) -> None:
        name, given, _ = called(interaction.data)
        command = self._commands.get(name)
        if command is None or not _takes(command, given):
            await self._outdated(interaction)
            return
        await self._responder.answer(
            interaction,
            lambda request: self._bot.invoke(request, name, given),
            private=command.visibility_of(given) is Visibility.PRIVATE,
            form=command.opens_form(given),
        )

    async def _on_menu(self, interaction: Interaction) -> None:
        data = interaction.data
        shortcut = self._menus.get(data["name"])
        if shortcut is None:
            await self._outdated(interaction)
            return
        words = message_text(data["resolved"]["messages"][data["target_id"]])
        await self._responder.answer(
            interaction,
            lambda request: self._bot.look(request, shortcut.name, words),
            private=shortcut.visibility is Visibility.PRIVATE,
        )

    async def _outdated(self, interaction: Interaction) -> None:
        """A command that Discord still shows as it was before an update."""
        t = translator_of(interaction)
        sentence = t("This command has just been changed. Type it again, or restart Discord if it looks the same.")

        async def told(_: Request) -> Outcome:
            return refusal(sentence, t)

        await self._responder.answer(interaction, told, private=True)

    async def _on_typing(self, interaction: Interaction) -> None:
        name, given, typed = called(interaction.data)
        command = self._commands.get(name)
        param = command.param(typed) if command else None
        if param is None:
            return
        written = str(given.pop(typed))
        found = await self._bot.complete(self._responder.request(interaction), name, typed, written, given)
        await self._responder.suggest(
            interaction,
            [
                {"name": shorten(choice.label, CHOICE_MAX), "value": value}
                for choice in found
                if choice.label.strip() and (value := _value(param, choice.value)) is not None
            ],
        )

    async def _on_form(self, interaction: Interaction) -> None:
        data = interaction.data
        await self._responder.submit(interaction, data["custom_id"], forms.answers_of(data))

    def is_new(self, interaction: Interaction) -> bool:
        """False for one that was passed on before: what it asks for is done already, and its answer is given."""
        if interaction.id in self._heard:
            logger.warning("an interaction came twice")
            return False
        self._heard[interaction.id] = None
        if len(self._heard) > HEARD_MAX:
            self._heard.popitem(last=False)
        return True

    async def _on_control(self, interaction: Interaction) -> None:
        used, values = interaction.data["custom_id"], tuple(map(str, interaction.data.get("values", ())))
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
            redraws=handler is not None and handler.replaces and interaction.is_on_own_message(),
        )

    def _handler(self, used: str) -> ActionHandler | None:
        with suppress(UsageError):
            return self._bot.registry.actions.get(Action.decode(used).verb)
        return None

    async def on_error(self, event_method: str, /, *args: Any, **kwargs: Any) -> None:
        """A bug in reading what came in: who did it is told, as of any other bug."""
        bug = sys.exc_info()[1]
        if event_method != "on_interaction" or not isinstance(bug, Exception):
            await super().on_error(event_method, *args, **kwargs)
        elif args[0].kind == TYPING:
            logger.error("completion failed", exc_info=bug)
        else:
            await self._responder.failed(args[0], bug)


def _takes(command: Command, given: Mapping[str, object]) -> bool:
    """Whether these are arguments of the command as it is now."""
    names = {param.name for param in command.params}
    return given.keys() <= names and all(param.name in given for param in command.params if param.required)


def _value(param: Param, value: str) -> str | int | None:
    """A suggestion as Discord takes it for this argument; None for what it would refuse."""
    if param.kind is int:
        return int(value) if value.lstrip("-").isdecimal() else None
    return value if 0 < len(value) <= CHOICE_MAX else None
