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
from typing import Any

import discord
from discord import app_commands

from adapters.discord import forms, messages, render
from adapters.discord.answers import PATIENCE, Responder, translator_of
from adapters.discord.commands import Choice, context_menus, slash_commands
from adapters.discord.requests import NAME, Interaction, message_text
from adapters.discord.uploads import Uploads
from bot.app import Bot, refusal
from bot.chat import Action, Limits, MessageRef, Place, Reply, Visibility
from bot.command import Command, Param, Shortcut
from bot.errors import NotAllowed, NotFound, UsageError
from bot.i18n import translator
from bot.markup import shorten

CHOICE_MAX = 100
DRAIN = 5.0
"""Seconds that answers in the making have at a stop."""
HEARD_MAX = 4096
"""So many of the last interactions are told apart from new ones."""

logger = logging.getLogger("parley.discord")


class _Tree(app_commands.CommandTree["ParleyClient"]):
    async def interaction_check(self, interaction: discord.Interaction[ParleyClient]) -> bool:
        return self.client.is_new(interaction)


class ParleyClient(discord.Client):
    """The platform `discord`. No privileged intent, no cache of members or messages, and nobody is ever pinged.

    Controls and forms are answered by their ids alone, as they come in (`on_interaction`), so those of messages sent
    before a restart, or by an older version, are answered as well. The library's own store of views is not used: it
    drops what it does not know in silence, and keeps each view it knows for ever.
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
        self._heard: OrderedDict[int, None] = OrderedDict()
        """The last interactions, oldest first."""
        self.tree = _Tree(
            self,
            allowed_contexts=app_commands.AppCommandContext(guild=True, dm_channel=True, private_channel=False),
            allowed_installs=app_commands.AppInstallationType(guild=True, user=False),
        )
        self.tree.error(self._on_tree_error)
        wanted = [command for name, command in bot.commands.items() if offered is None or name in offered]
        shortcuts = bot.registry.shortcuts.values() if offered is None else ()
        t = translator("en")
        for slash in slash_commands(wanted, t, self._on_command, self._on_autocomplete):
            self.tree.add_command(slash)
        for menu in context_menus(shortcuts, t, self._on_shortcut):
            self.tree.add_command(menu)

    async def setup_hook(self) -> None:
        self._bot.platforms[NAME] = self
        await self.sync_commands()

    async def sync_commands(self) -> None:
        """Tells Discord the commands."""
        await self.tree.sync()

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
        return await messages.post(self, place, ready)

    async def edit(self, ref: MessageRef, reply: Reply) -> None:
        """Redraws the messages that were posted. Raises what `post` raises."""
        ids = ref.id.split(",")
        fitted = render.fitted(reply, len(ids))
        await messages.edit(self, ref, await self._uploads.ready(fitted, translator("en")))

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

    async def _on_command(self, interaction: Interaction, command: Command, given: Mapping[str, object]) -> None:
        private = command.visibility_of(given) is Visibility.PRIVATE
        await self._responder.answer(
            interaction,
            lambda request: self._bot.invoke(request, command.name, given),
            private=private,
            form=command.opens_form(given),
        )

    async def _on_shortcut(self, interaction: Interaction, shortcut: Shortcut, message: discord.Message) -> None:
        words = message_text(message)
        await self._responder.answer(
            interaction,
            lambda request: self._bot.look(request, shortcut.name, words),
            private=shortcut.visibility is Visibility.PRIVATE,
        )

    async def _on_autocomplete(
        self, interaction: Interaction, command: Command, param: Param, typed: str
    ) -> list[Choice]:
        others = {name: value for name, value in interaction.namespace if name != param.name}
        request = self._responder.request(interaction)
        found = await self._bot.complete(request, command.name, param.name, str(typed), others)
        return [
            app_commands.Choice(name=shorten(choice.label, CHOICE_MAX), value=value)
            for choice in found
            if choice.label.strip() and (value := _value(param, choice.value)) is not None
        ]

    async def on_interaction(self, interaction: Interaction) -> None:
        """Buttons, selects and forms of any age. Commands reach the tree, which the library asks first."""
        data: Mapping[str, Any] = interaction.data or {}
        used = str(data.get("custom_id", ""))
        if not used or not self.is_new(interaction):
            return
        if interaction.type is discord.InteractionType.modal_submit:
            await self._responder.submit(interaction, used, forms.answers_of(data))
        elif interaction.type is discord.InteractionType.component:
            await self._on_control(interaction, used, tuple(map(str, data.get("values", ()))))

    def is_new(self, interaction: Interaction) -> bool:
        """False for one that was passed on before: what it asks for is done already, and its answer is given."""
        if interaction.id in self._heard:
            logger.warning("an interaction came twice")
            return False
        self._heard[interaction.id] = None
        if len(self._heard) > HEARD_MAX:
            self._heard.popitem(last=False)
        return True

    async def _on_control(self, interaction: Interaction, used: str, values: tuple[str, ...]) -> None:
        draft = forms.draft_of(used, interaction.message)
        if draft is not None:
            await self._responder.reopen(interaction, draft)
            return
        await self._responder.answer(
            interaction,
            lambda request: self._bot.press(request, used, values),
            private=True,
            form=self._opens_form(used),
        )

    def _opens_form(self, used: str) -> bool:
        try:
            handler = self._bot.registry.actions.get(Action.decode(used).verb)
        except UsageError:
            return False
        return handler is not None and handler.opens_form

    async def on_error(self, event_method: str, /, *args: Any, **kwargs: Any) -> None:
        """A bug in reading what came in: who pressed or sent it is told, as of any other bug."""
        bug = sys.exc_info()[1]
        if event_method == "on_interaction" and isinstance(bug, Exception):
            await self._responder.failed(args[0], bug)
        else:
            await super().on_error(event_method, *args, **kwargs)

    async def _on_tree_error(self, interaction: Interaction, error: app_commands.AppCommandError) -> None:
        """A command that Discord still shows as it was before an update, or a bug in this adapter."""
        t = translator_of(interaction)
        outdated = isinstance(error, app_commands.CommandNotFound | app_commands.CommandSignatureMismatch)
        if interaction.type is discord.InteractionType.autocomplete:
            logger.error("completion failed", exc_info=error)
        elif outdated:
            sentence = t("This command has just been changed. Type it again, or restart Discord if it looks the same.")
            await self._responder.tell(interaction, refusal(sentence, t))
        else:
            await self._responder.failed(interaction, error)


def _value(param: Param, value: str) -> str | int | None:
    """A suggestion as Discord takes it for this argument; None for what it would refuse."""
    if param.kind is int:
        return int(value) if value.lstrip("-").isdecimal() else None
    return value if 0 < len(value) <= CHOICE_MAX else None
