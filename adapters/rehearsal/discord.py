"""Rehearse on Discord, through the library and renderer that Parley itself uses."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, cast

import aiohttp
import discord
from discord import app_commands, ui

from adapters.discord import forms, render
from adapters.discord.interactions import text_displays
from adapters.discord.running import token_refused
from adapters.discord.uploads import Ready, Uploads
from adapters.rehearsal import props
from adapters.rehearsal.discord_ears import CallWatch, RehearsalClient
from adapters.rehearsal.ledger import Ledger
from adapters.rehearsal.observations import Observations
from adapters.rehearsal.plan import RehearsalStep, Say
from bot.chat.vocabulary import Reply
from bot.errors import NotFound, Refused, Unavailable, UsageError
from bot.i18n import translator

PATIENCE = 30.0
"""Seconds to wait for Discord's own events. The operator has unlimited time."""
TEXT_MAX = 4000
"""Characters of all texts of a message: D-long."""
BURST = 6
"""Messages in a row: observed buckets take five in five seconds."""
COMMAND = "rehearse"
UNKNOWN_MESSAGE, INVALID_FORM = "404 10008", "400 50035"
RehearsalPlace = discord.TextChannel | discord.Thread
WORDS_TO_TYPE = "1 < 2 & two  teas"
"""Text that the operator types besides mentions."""
_KINDS = discord.InteractionType
_LAYOUT = discord.MessageFlags.components_v2.flag


class DiscordStage:
    """A channel of Discord. Raises the library's exceptions, except refusals that a step expects."""

    name = "Discord"

    def __init__(
        self, client: RehearsalClient, channel: RehearsalPlace, ledger: Ledger, say: Say, watch: CallWatch
    ) -> None:
        self._client = client
        self._channel = channel
        self._watch = watch
        self._ledger = ledger
        self._say = say
        self._count = 0

    def code_of(self, error: Exception) -> str:
        return f"{error.status} {error.code}" if isinstance(error, discord.HTTPException) else ""

    def watch(self, check: Observations) -> None:
        self._watch.check = check
        self._count = 0

    async def claim(self, name: str) -> None:
        await self._send(name, view=_view(props.card(props.CHANGED)))

    @property
    def steps(self) -> Sequence[RehearsalStep]:
        return (
            RehearsalStep("post a card", ("D-text", "D-layout", "D-quiet"), self._post_card),
            RehearsalStep("send a message twice", ("D-nonce",), self._send_twice),
            RehearsalStep("upload a picture and a file", ("D-upload",), self._upload),
            RehearsalStep("edit a message", ("D-edit",), self._edit),
            RehearsalStep("reply to a message", ("D-reply",), self._reply),
            RehearsalStep("hear its own messages", ("D-order",), self._hear),
            RehearsalStep("be refused", ("D-gone", "D-long", "D-unique"), self._be_refused),
            RehearsalStep("meet the rate limit", ("D-headers", "D-429"), self._meet_limit),
            RehearsalStep("type a command", ("D-register", "D-raw", "D-resolved", "D-private"), self._command),
            RehearsalStep("press a button", ("D-press", "D-update"), self._press),
            RehearsalStep("choose an option", ("D-choose", "D-follow-up"), self._choose),
            RehearsalStep("send a form", ("D-form",), self._form),
        )

    @property
    def cleaning(self) -> RehearsalStep:
        return RehearsalStep("delete everything", ("D-delete",), self._clean)

    # --- without the operator ---

    async def _post_card(self, check: Observations) -> None:
        with check.about("D-text"):
            view = _view(props.card(props.WORDS))
            message = await self._post(view)
            check.expect("D-text", _texts(message) == _texts_of(view), "the text came back changed")
            check.expect("D-layout", message.flags.value & _LAYOUT, "the message lacks the flag of Components V2")
            check.expect(
                "D-quiet", not message.mention_everyone and not message.mentions, "a mention in a text is alive"
            )

    async def _send_twice(self, check: Observations) -> None:
        with check.about("D-nonce"):
            view = _view(props.card("Sent twice."))
            first = await self._post(view)
            self._count -= 1  # the same name gives the same nonce
            second = await self._post(view)
            check.expect("D-nonce", first.id == second.id, "the same nonce posted a second message")

    async def _upload(self, check: Observations) -> None:
        with check.about("D-upload"):
            (ready,) = await Uploads().ready(props.picture(), translator("en"))
            message = await self._post(ready.view, ready)
            addresses = [address for address, _ in _media(message.components)]
            check.expect("D-upload", len(addresses) == len(ready.files()), f"{len(addresses)} uploads came back")
            here = all(address.startswith("http") for address in addresses)
            check.expect("D-upload", here, "attachment:// didn't become an address")
            described = [alt for _, alt in _media(message.components) if alt]
            check.expect("D-upload", described == [props.ALT], "the picture's description is gone")

    async def _edit(self, check: Observations) -> None:
        with check.about("D-edit"):
            message = await self._post(_view(props.card("Not changed yet.")))
            view = _view(props.card(props.CHANGED))
            edited = await self._channel.get_partial_message(message.id).edit(view=view)
            check.expect("D-edit", edited.id == message.id, "the message has another id")
            check.expect("D-edit", _texts(edited) == _texts_of(view), "the text is still the old one")
            check.expect("D-edit", edited.edited_at, "the message doesn't say when it was edited")
            check.expect("D-edit", edited.flags.value & _LAYOUT, "the flag of Components V2 is gone")

    async def _reply(self, check: Observations) -> None:
        with check.about("D-reply"):
            first = await self._post(_view(props.card("A question.")))
            second = await self._post(_view(props.card("Its answer.")), to=first)
            reference = second.reference.message_id if second.reference else None
            check.expect("D-reply", reference == first.id, "the message refers to no other")
            check.expect(
                "D-reply", second.type is discord.MessageType.reply, f"the message is of type {second.type.value}"
            )

    async def _hear(self, check: Observations) -> None:
        with check.about("D-order"):
            posted = [(await self._post(_view(props.card(f"Number {number}.")))).id for number in (1, 2, 3)]
            echoes: list[int] = []
            with suppress(TimeoutError):
                async with asyncio.timeout(PATIENCE):
                    while len(echoes) < len(posted):
                        echo = await self._client.echoes.get()
                        echoes += [echo] * (echo in posted)
            check.expect("D-order", sorted(posted) == posted, "a later message has a smaller id")
            order = "in another order" if sorted(echoes) == sorted(posted) else f"as {len(echoes)} events"
            check.expect("D-order", echoes == posted, f"three messages arrived {order}")

    async def _be_refused(self, check: Observations) -> None:
        with check.about("D-gone"):
            message = await self._post(_view(props.card("Deleted at once.")))
            gone = self._channel.get_partial_message(message.id)
            await gone.delete()
            self._ledger.drop(str(message.id))
            with check.refusal("D-gone", UNKNOWN_MESSAGE):
                await gone.edit(view=_view(props.card(props.CHANGED)))
        with check.refusal("D-long", INVALID_FORM):
            await self._post(_layout(ui.TextDisplay("x" * (TEXT_MAX + 1))))
        buttons = [ui.Button[Any](label=label, custom_id="same") for label in ("Green", "Black")]
        with check.refusal("D-unique", INVALID_FORM):
            await self._post(_layout(ui.ActionRow(*buttons)))

    async def _meet_limit(self, check: Observations) -> None:
        with check.about("D-429"):
            for number in range(1, BURST + 1):
                await self._post(_view(props.card(f"{number} of {BURST} in a row.")))

    # --- with the operator ---

    async def _command(self, check: Observations) -> None:
        guild = self._channel.guild
        with check.about("D-register"):
            self._ledger.add(f"command:{guild.id}")
            self._client.tree.add_command(_declared, guild=guild, override=True)
            registered = await self._client.tree.sync(guild=guild)
            check.expect("D-register", [each.name for each in registered] == [COMMAND], "other commands came back")
            self._say(f"→ Type /{COMMAND} words: and then your own mention, this channel, {WORDS_TO_TYPE}")
            interaction = await self._next(_KINDS.application_command, "")
            words = str(_values(interaction).get("words"))
            person, place = interaction.user.mention, f"<#{self._channel.id}>"
            check.expect(
                "D-raw", person in words.replace("<@!", "<@") and place in words, "mentions came as other marks"
            )
            check.expect("D-raw", WORDS_TO_TYPE in words, "the words came changed")
            resolved: Any = _data(interaction).get("resolved") or {}
            resolves = str(interaction.user.id) in resolved.get("users", {})
            resolves = resolves and str(self._channel.id) in resolved.get("channels", {})
            check.expect("D-resolved", resolves, "who and what the words mention isn't resolved")
            answer = await interaction.response.send_message(
                view=_view(props.card("Only you see this.")), ephemeral=True
            )
            check.expect("D-private", answer.is_ephemeral(), "a private answer is there for everybody")
            await interaction.delete_original_response()

    async def _press(self, check: Observations) -> None:
        with check.about("D-press"):
            message = await self._post(_view(props.press_card()))
            self._say("→ Press “Green” under the message.")
            interaction = await self._next(_KINDS.component, props.PRESS.encode())
            self._expect_press(check, "D-press", interaction, message)
            with check.about("D-update"):
                view = _view(props.card(props.CHANGED))
                await interaction.response.edit_message(view=view)
                edited = await interaction.original_response()
                check.expect("D-update", edited.id == message.id, "the answer is another message")
                check.expect("D-update", _texts(edited) == _texts_of(view), "the message didn't change")

    async def _choose(self, check: Observations) -> None:
        with check.about("D-choose"):
            message = await self._post(_view(props.choose_card()))
            self._say("→ Choose “Black” from the list.")
            interaction = await self._next(_KINDS.component, props.CHOOSE.encode())
            self._expect_press(check, "D-choose", interaction, message)
            values = _data(interaction).get("values")
            check.expect("D-choose", values == [props.OPTIONS[1].value], "the values aren't those of the options")
            with check.about("D-follow-up"):
                await interaction.response.defer()
                view = _view(props.card("Only you see this, too."))
                answer = await interaction.followup.send(view=view, ephemeral=True, wait=True)
                check.expect("D-follow-up", answer.flags.ephemeral, "a private follow-up is there for everybody")
                check.expect("D-follow-up", _texts(answer) == _texts_of(view), "the text came back changed")
                await answer.delete()

    async def _form(self, check: Observations) -> None:
        with check.about("D-form"):
            await self._post(_view(props.open_card()))
            self._say("→ Press “Open”, type “two  teas” and send the form.")
            opening = await self._next(_KINDS.component, props.OPEN.encode())
            await opening.response.send_modal(forms.modal(props.FORM_WITH_CHOICE, translator("en")))
            interaction = await self._next(_KINDS.modal_submit, props.FORM.action.encode())
            answers = forms.answers_of(_data(interaction))
            as_filled = answers == {"words": "two  teas", "tea": ("black",)}
            check.expect("D-form", as_filled, "the form's answers came in another shape")
            labels: Any = _data(interaction).get("components", ())
            check.expect("D-form", all("component" in each for each in labels), "the answers don't stand in labels")
            await interaction.response.send_message(view=_view(props.card("Received.")), ephemeral=True)
            await interaction.delete_original_response()

    async def _clean(self, check: Observations) -> None:
        for id_ in tuple(self._ledger.ids):
            with check.about("D-delete"):
                if id_.startswith("command:"):
                    await self._clear_commands()
                else:
                    with suppress(discord.NotFound):
                        await self._channel.get_partial_message(int(id_)).delete()
                self._ledger.drop(id_)

    # --- helpers ---

    async def _post(
        self, view: ui.LayoutView, ready: Ready | None = None, *, to: discord.Message | None = None
    ) -> discord.Message:
        """Post in the place, under the step's next name."""
        self._count += 1
        options: dict[str, Any] = {"view": view, "files": ready.files() if ready else []}
        if to is not None:
            options["reference"] = to.to_reference(fail_if_not_exists=False)
        return await self._send(self._ledger.name(self._count), **options)

    async def _send(self, name: str, **options: Any) -> discord.Message:
        """Send a message whose nonce follows from its name, and note its id."""
        nonce = int(hashlib.sha256(name.encode()).hexdigest()[:15], 16)
        self._ledger.begin(name)
        message: discord.Message = await self._channel.send(nonce=nonce, **options)
        self._ledger.add(str(message.id))
        return message

    async def _next(self, kind: discord.InteractionType, custom_id: str) -> discord.Interaction:
        """Wait for the operator. Raises Unavailable if the connection has closed."""
        while True:
            interaction = await self._client.interactions.get()
            if interaction is None:
                raise Unavailable("Discord closed the connection. Check the token, and run the same command to go on.")
            if interaction.type is kind and (not custom_id or interaction.custom_id == custom_id):
                return interaction

    def _expect_press(
        self, check: Observations, fact: str, interaction: discord.Interaction, message: discord.Message
    ) -> None:
        origin = interaction.message.id if interaction.message else None
        check.expect(fact, origin == message.id, "the press doesn't name its message")
        check.expect(fact, interaction.permissions.view_channel, "the presser's permissions are missing")
        check.expect(fact, interaction.app_permissions.view_channel, "the bot's permissions are missing")

    async def _clear_commands(self) -> None:
        guild = self._channel.guild
        self._client.tree.clear_commands(guild=guild)
        await self._client.tree.sync(guild=guild)


@asynccontextmanager
async def discord_stage(token: str, ledger: Ledger, say: Say, **options: Any) -> AsyncIterator[DiscordStage]:
    """Connect, and yield the stage of the ledger's place. `options` are the library's own. Raises BotError."""
    if not ledger.place.isdecimal():
        raise UsageError("Name the channel by its id: in Discord's developer mode, its menu has Copy Channel ID.")
    watch = CallWatch()
    client = RehearsalClient(int(ledger.place), http_trace=watch.trace(), **options)
    connection: asyncio.Task[None] | None = None
    try:
        await client.login(token)
        connection = asyncio.create_task(client.connect())
        connection.add_done_callback(lambda _: client.interactions.put_nowait(None))
        channel = await _channel(client, connection)
        await _check_commands(client, channel)
        yield DiscordStage(client, channel, ledger, say, watch)
    except discord.LoginFailure:
        raise Refused(token_refused()) from None
    except discord.ConnectionClosed as error:
        raise Refused(f"Discord closed the connection for good, with code {error.code}.") from None
    except (discord.GatewayNotFound, aiohttp.ClientError, OSError) as error:
        message = f"Discord can't be reached ({type(error).__name__}). Run the same command again to go on."
        raise Unavailable(message) from None
    finally:
        await client.close()
        if connection is not None:
            await asyncio.gather(connection, return_exceptions=True)


async def _channel(client: RehearsalClient, connection: asyncio.Task[None]) -> RehearsalPlace:
    """Wait until Discord has listed its servers, and return the place. Raises NotFound or UsageError."""
    ready = asyncio.create_task(client.wait_until_ready())
    await asyncio.wait({ready, connection}, return_when=asyncio.FIRST_COMPLETED)
    if not ready.done():
        ready.cancel()
        connection.result()
    try:
        channel = await client.fetch_channel(client.place)
    except (discord.NotFound, discord.Forbidden):
        raise NotFound("Invite the bot to the server of this channel, and let it view the channel.") from None
    if not isinstance(channel, RehearsalPlace):
        raise UsageError("Name a text channel or a thread of a server.")
    return channel


async def _check_commands(client: RehearsalClient, channel: RehearsalPlace) -> None:
    """Raise UsageError if registering the rehearsal's command would remove others."""
    if any(each.name != COMMAND for each in await client.tree.fetch_commands(guild=channel.guild)):
        raise UsageError(
            "Use a server without commands of its own; parley discord sync --guild ID --clear removes them."
        )


@app_commands.allowed_contexts(guilds=True)
@app_commands.allowed_installs(guilds=True)
@app_commands.command(name=COMMAND, description="Rehearse what a member types")
async def _declared(_interaction: discord.Interaction, words: str) -> None:
    """Declare the command, which `RegisteringTree` registers and doesn't run."""


def _view(reply: Reply) -> render.DiscordMessage:
    return render.message(reply)


def _layout(*items: ui.Item[Any]) -> ui.LayoutView:
    view = ui.LayoutView(timeout=None)
    for item in items:
        view.add_item(item)
    view.stop()
    return view


def _data(interaction: discord.Interaction) -> dict[str, Any]:
    """Return the interaction's data as Discord sent it, which the library keeps."""
    return cast("dict[str, Any]", interaction.data or {})


def _values(interaction: discord.Interaction) -> dict[str, Any]:
    return {option["name"]: option["value"] for option in _data(interaction).get("options", ())}


def _texts_of(view: ui.LayoutView) -> list[str]:
    """Return the texts as they are sent."""
    return [each["content"] for each in text_displays(view.to_components())]  # type: ignore[no-untyped-call]


def _texts(message: discord.Message) -> list[str]:
    """Return the texts as they came back."""
    return [each.content for each in _walk(message.components) if isinstance(each, discord.TextDisplay)]


def _media(components: Iterable[Any]) -> list[tuple[str, str]]:
    """Return the address and description of each picture and file."""
    media: list[tuple[str, str]] = []
    for each in _walk(components):
        if isinstance(each, discord.MediaGalleryComponent):
            media += [(item.media.url, item.description or "") for item in each.items]
        elif isinstance(each, discord.FileComponent):
            media.append((each.media.url, ""))
    return media


def _walk(components: Iterable[Any]) -> Iterator[Any]:
    for each in components:
        yield each
        yield from _walk(getattr(each, "children", ()))
