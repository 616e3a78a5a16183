"""The local Discord keeps Discord's rules: it refuses the same calls, with the same codes."""

from __future__ import annotations

import asyncio
import base64
import importlib.util
import io
import sys
import zlib
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import aiohttp
import discord
import pytest
import zstandard

from tests.beside import DISCORD_OPENAPI
from tests.require import require
from tests.wire.discord import CannotDo, DiscordServer, Interaction, impatient, pointed_at
from tests.wire.discord.gateway import STREAMS
from tests.wire.discord.limits import command_problems, emoji_problems, message_problems, modal_problems
from tests.wire.discord.members import inputs
from tests.wire.discord.model import COMPONENTS_V2, EPHEMERAL, SEND_MESSAGES, Json
from tests.wire.discord.validation import Validator
from tests.world import Clock

CALLBACK = "/interactions/{interaction_id}/{interaction_token}/callback"
MESSAGES = "/channels/{channel_id}/messages"
COMMANDS = "/applications/{application_id}/commands"
EMOJIS = "/applications/{application_id}/emojis"


@pytest.fixture
async def server() -> AsyncIterator[DiscordServer]:
    async with DiscordServer(now=Clock()) as running:
        yield running


@pytest.fixture
async def api(server: DiscordServer) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(headers={"Authorization": f"Bot {server.token}"}) as session:
        yield session


def text(content: str) -> Json:
    return {"type": 10, "content": content}


def button(custom_id: str, label: str = "Yes") -> Json:
    return {"type": 2, "style": 2, "custom_id": custom_id, "label": label}


def row(*components: Json) -> Json:
    return {"type": 1, "components": list(components)}


def v2(*components: Json, **more: Any) -> Json:
    return {"flags": COMPONENTS_V2, "components": list(components), **more}


def select(**more: Any) -> Json:
    return {"type": 3, "custom_id": "s", "options": [{"label": "A", "value": "a"}], **more}


BAD_MESSAGES = {
    "nothing in it": {},
    "content of 2001 characters": {"content": "x" * 2001},
    "content beside Components V2": v2(text("a"), content="b"),
    "4001 characters in two texts": v2(text("x" * 4000), text("y")),
    "41 components, nested ones counted": v2({"type": 17, "components": [text("x") for _ in range(40)]}),
    "one custom id twice": v2(row(button("a"), button("a"))),
    "six buttons in a row": v2(row(*(button(str(number)) for number in range(6)))),
    "two selects in a row": v2(row(select(), select(custom_id="t"))),
    "a button with nothing on it": v2(row(button("a", " "))),
    "a link with a custom id": v2(row({**button("a"), "style": 5, "url": "https://example.org"})),
    "more values than options": v2(row(select(max_values=2))),
    "a picture that was not sent": v2({"type": 12, "items": [{"media": {"url": "attachment://chart.png"}}]}),
    "V2 components without the flag": {"components": [text("a")]},
}


@pytest.mark.parametrize("body", BAD_MESSAGES.values(), ids=BAD_MESSAGES)
def test_what_the_specification_leaves_out_of_messages_is_checked_by_hand(body: Json) -> None:
    """The local Discord refuses these messages as Discord does, though Discord's OpenAPI file allows them."""
    assert message_problems(body, {}, new=True)


UNKNOWN_TO_DISCORD = {
    "an unknown field": (MESSAGES, {"content": "a", "colour": 1}),
    "a label of 81 characters": (MESSAGES, v2(row(button("a", "x" * 81)))),
    "a custom id of 101 characters": (MESSAGES, v2(row(button("x" * 101)))),
    "26 options": (
        MESSAGES,
        v2(row(select(options=[{"label": str(number), "value": str(number)} for number in range(26)]))),
    ),
    "a form's title of 46 characters": (
        CALLBACK,
        {"type": 9, "data": {"custom_id": "m", "title": "x" * 46, "components": [text("a")]}},
    ),
    "no kind of answer": (CALLBACK, {"type": 3}),
}


@pytest.mark.parametrize(("template", "body"), UNKNOWN_TO_DISCORD.values(), ids=UNKNOWN_TO_DISCORD)
def test_bodies_are_held_against_the_rules(template: str, body: Json) -> None:
    """The local Discord refuses a body with a wrong type, length or number, and one with a field that no rule names."""
    assert Validator().problems("POST", template, body)


def test_bodies_are_held_against_discords_own_specification() -> None:
    """Discord's OpenAPI file alone refuses the same bodies, and takes a right one."""
    require("specs", DISCORD_OPENAPI.exists(), f"Discord's OpenAPI file is not at {DISCORD_OPENAPI}")
    validator = Validator()
    for name, (template, body) in UNKNOWN_TO_DISCORD.items():
        assert validator.published_problems("POST", template, body), name
    assert validator.published_problems("POST", MESSAGES, v2(row(button("a")))) == []


def command(name: str = "fact", **more: Any) -> Json:
    return {"name": name, "type": 1, "description": "Look up", **more}


def option(name: str, **more: Any) -> Json:
    return {"name": name, "type": 3, "description": "Words", **more}


BAD_COMMANDS = {
    "a name in capitals": [command("Fact")],
    "a name with a space": [command("poll create")],
    "one name twice": [command(), command()],
    "101 commands": [command(f"c{number}") for number in range(101)],
    "26 options": [command(options=[option(f"o{number}") for number in range(26)])],
    "26 choices": [command(options=[option("o", choices=[{"name": str(n), "value": str(n)} for n in range(26)])])],
    "a required option that comes late": [command(options=[option("a"), option("b", required=True)])],
    "no description": [command(description="")],
    "8001 characters": [
        command(options=[option("o", choices=[{"name": "x" * 100, "value": "y" * 100} for _ in range(25)])] * 2)
    ],
}


@pytest.mark.parametrize("commands", BAD_COMMANDS.values(), ids=BAD_COMMANDS)
def test_commands_are_checked_by_hand(commands: list[Json]) -> None:
    """The local Discord refuses commands whose names, numbers or order Discord refuses."""
    assert command_problems(commands)


@pytest.mark.parametrize(
    ("others", "bytes_", "is_taken"), [(1999, 262_144, True), (2000, 1, False), (0, 262_145, False)]
)
def test_an_application_has_room_for_2000_emoji(others: int, bytes_: int, is_taken: bool) -> None:
    """An application takes 2,000 emoji of up to 256 KiB each."""
    image = f"data:image/png;base64,{base64.b64encode(bytes(bytes_)).decode()}"
    problems = emoji_problems({"name": "yes", "image": image}, [{"name": f"e{number}"} for number in range(others)])
    assert (problems == []) is is_taken


def test_no_two_emoji_have_one_name() -> None:
    """An application takes a name once."""
    image = "data:image/png;base64,AA=="
    assert emoji_problems({"name": "yes", "image": image}, [{"name": "yes"}])
    assert emoji_problems({"name": "yes", "image": image}, [{"name": "no"}]) == []


def test_a_form_has_one_to_five_parts_with_ids_of_their_own() -> None:
    """A form has one to five parts, and each has an id of its own."""
    label = {"type": 18, "label": "Why?", "component": {"type": 4, "custom_id": "why", "style": 1}}
    assert not modal_problems({"components": [label]})
    assert modal_problems({"components": []})
    assert modal_problems({"components": [label, label]})
    assert modal_problems({"components": [text("a")] * 6})


BAD_PICKS = {
    "check boxes that must be filled in, and take none": {"type": 22, "min_values": 0},
    "check boxes that take more than there are": {"type": 22, "max_values": 3},
    "two radio buttons pressed": {"type": 21, "options": [{"label": n, "value": n, "default": True} for n in "ab"]},
    "one value twice": {"type": 21, "options": [{"label": n, "value": "a"} for n in "ab"]},
}


@pytest.mark.parametrize("broken", BAD_PICKS.values(), ids=BAD_PICKS)
def test_picks_in_a_form_are_checked_by_hand(broken: Json) -> None:
    """The local Discord refuses a form's check boxes or radio buttons whose settings contradict each other."""

    def asked(more: Json) -> Json:
        component = {"custom_id": "q", "options": [{"label": n, "value": n} for n in "ab"], **more}
        return {"components": [{"type": 18, "label": "Q", "component": component}]}

    assert modal_problems(asked(broken))
    assert not modal_problems(asked({"type": broken["type"]}))
    assert not modal_problems(asked({"type": 22, "min_values": 0, "max_values": 2, "required": False}))


async def test_a_violation_is_answered_and_kept(server: DiscordServer, api: aiohttp.ClientSession) -> None:
    """The local Discord answers a violation with 400 and 50035, as Discord does, and keeps it in `violations`, where a
    test finds it."""
    response = await api.post(f"{server.url}/channels/{server.main.id}/messages", json={"content": "x" * 2001})
    assert (response.status, (await response.json())["code"]) == (400, 50035)
    assert len(server.violations) == 1
    assert server.posted() == []


async def answered(api: aiohttp.ClientSession, server: DiscordServer, to: Interaction, body: Json) -> tuple[int, int]:
    """Send a first answer. Return its (status, code)."""
    response = await api.post(f"{server.url}/interactions/{to.id}/{to.token}/callback", json=body)
    return response.status, (await response.json())["code"] if response.status >= 400 else 0


async def followed(api: aiohttp.ClientSession, server: DiscordServer, to: Interaction, **more: Any) -> tuple[int, int]:
    body = {"content": "late", **more}
    response = await api.post(f"{server.url}/webhooks/{server.application}/{to.token}", json=body)
    return response.status, (await response.json()).get("code", 0)


async def test_a_token_takes_one_answer_within_3_seconds_and_more_within_15_minutes(
    server: DiscordServer, api: aiohttp.ClientSession
) -> None:
    """An interaction takes one answer within 3 seconds, and follow-ups after it for 15 minutes. Discord refuses a late
    answer with 10062, a second one with 40060, an early follow-up with 10015 and a late one with 50027."""
    clock = server.now
    assert isinstance(clock, Clock)
    ada, answer = server.member("Ada"), {"type": 4, "data": {"content": "hello", "flags": EPHEMERAL}}
    late, good = ada.start_press(None, "v1:x"), ada.start_press(None, "v1:x")
    assert await followed(api, server, good) == (404, 10015)
    assert await answered(api, server, good, answer) == (204, 0)
    assert await answered(api, server, good, answer) == (400, 40060)
    assert await followed(api, server, good) == (200, 0)
    clock.forward(seconds=3.1)
    assert await answered(api, server, late, answer) == (404, 10062)
    assert late.failed
    clock.forward(minutes=15)
    assert await followed(api, server, good) == (401, 50027)


async def test_what_is_private_is_seen_by_one_and_edited_through_its_token_alone(
    server: DiscordServer, api: aiohttp.ClientSession
) -> None:
    """Only one member sees an ephemeral message and can press on it. The channel doesn't know the message (10008), so a
    bot can edit it through the interaction's token, but not there."""
    ada, ben = server.member("Ada"), server.member("Ben")
    press = ada.start_press(None, "v1:x")
    await answered(api, server, press, {"type": 4, "data": v2(row(button("b")), flags=COMPONENTS_V2 | EPHEMERAL)})
    assert server.posted() == ben.sees() == []
    assert ada.sees() == [press.message]
    with pytest.raises(CannotDo):
        ben.start_click(press.message, "Yes")
    path = f"{server.url}/channels/{server.main.id}/messages/{press.message.id}"
    assert (await (await api.patch(path, json={"content": "a"})).json())["code"] == 10008
    path = f"{server.url}/webhooks/{server.application}/{press.token}/messages/@original"
    assert (await api.patch(path, json=v2(text("changed")))).status == 200
    assert press.message.text == "changed"
    assert press.private


@pytest.mark.parametrize(("deferral", "follow_up"), [(EPHEMERAL, 0), (0, EPHEMERAL)], ids=["private", "public"])
async def test_the_answer_to_a_deferral_keeps_its_visibility(
    server: DiscordServer, api: aiohttp.ClientSession, deferral: int, follow_up: int
) -> None:
    """The first follow-up after a deferral completes that message. It is private only if the deferral was."""
    ada = server.member("Ada")
    press = ada.start_press(None, "v1:x")
    await answered(api, server, press, {"type": 5, "data": {"flags": deferral}})
    assert press.thinking
    await followed(api, server, press, flags=follow_up)
    assert [message.text for message in press.messages] == ["late"]
    assert press.private is (deferral == EPHEMERAL)


async def test_permissions_and_ends_have_their_codes(server: DiscordServer, api: aiohttp.ClientSession) -> None:
    """To write in a thread a bot needs Send Messages in Threads (else 50013), not Send Messages. Discord answers 50001
    if the bot may not see the channel, and 10003 once the channel is deleted."""
    thread = server.add_thread("side", server.main)
    path = f"{server.url}/channels/{thread.id}/messages"

    async def code() -> int:
        return int((await (await api.post(path, json={"content": "a"})).json()).get("code", 0))

    assert await code() == 0
    server.forbid(server.main, SEND_MESSAGES)
    assert await code() == 0, "threads have a permission of their own"
    server.forbid(thread, 1 << 38)
    assert await code() == 50013
    server.forbid(server.main)
    assert await code() == 50001
    server.delete_channel(server.main)
    assert await code() == 10003


async def test_one_nonce_makes_one_message(server: DiscordServer, api: aiohttp.ClientSession) -> None:
    """A message that is sent again under its nonce with `enforce_nonce` is the first message, so a bot may repeat a
    call whose answer was lost."""
    body = {"content": "a", "nonce": "n1", "enforce_nonce": True}
    messages = [
        await (await api.post(f"{server.url}/channels/{server.main.id}/messages", json=body)).json() for _ in "ab"
    ]
    assert messages[0]["id"] == messages[1]["id"]
    assert len(server.posted()) == 1


async def test_a_bucket_is_told_in_headers_and_refuses_beyond(
    server: DiscordServer, api: aiohttp.ClientSession
) -> None:
    """A channel takes five messages in a row, which headers count down. The sixth gets 429 with `retry_after`, and with
    `Via`, by which discord.py knows that Discord itself answers."""
    path = f"{server.url}/channels/{server.main.id}/messages"
    responses = [await api.post(path, json={"content": "a"}) for _ in range(6)]
    assert [one.headers["X-RateLimit-Remaining"] for one in responses] == ["4", "3", "2", "1", "0", "0"]
    assert [one.status for one in responses] == [200] * 5 + [429]
    assert "Via" in responses[-1].headers
    assert (await responses[-1].json())["retry_after"] > 0


async def test_old_messages_take_few_edits(server: DiscordServer, api: aiohttp.ClientSession) -> None:
    """A message that was sent more than an hour ago takes three edits, and refuses the fourth with 30046."""
    clock = server.now
    assert isinstance(clock, Clock)
    message = await (await api.post(f"{server.url}/channels/{server.main.id}/messages", json={"content": "a"})).json()
    clock.forward(hours=1, seconds=1)
    path = f"{server.url}/channels/{server.main.id}/messages/{message['id']}"
    codes = [(await (await api.patch(path, json={"content": f"{n}"})).json()).get("code", 0) for n in range(4)]
    assert codes == [0, 0, 0, 30046]


def pressed(interaction: discord.Interaction[Any]) -> str:
    data: Json = dict(interaction.data or {})
    return str(data["custom_id"])


class Listening(discord.Client):
    """A bot that only notes the presses that it hears of."""

    def __init__(self, **options: Any) -> None:
        super().__init__(intents=discord.Intents(guilds=True), **options)
        self.presses: list[str] = []

    async def on_interaction(self, interaction: discord.Interaction[Any]) -> None:
        self.presses.append(pressed(interaction))


class ListeningShards(discord.AutoShardedClient):
    """The same bot with two shards, which notes the shard of each press too."""

    def __init__(self) -> None:
        super().__init__(intents=discord.Intents(guilds=True), shard_count=2)
        self.presses: list[tuple[int, str]] = []

    async def on_interaction(self, interaction: discord.Interaction[Any]) -> None:
        assert interaction.guild is not None
        self.presses.append((interaction.guild.shard_id, pressed(interaction)))


def reader_of(stream: str) -> type:
    """Return discord.py's reader of this stream. It chooses at its import: Zstandard where that is installed, else
    zlib."""
    if stream == "zstd-stream":
        return discord.utils._ActiveDecompressionContext
    spec = importlib.util.find_spec("discord.utils")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        for name in ("zstandard", "compression.zstd"):
            patch.setitem(sys.modules, name, None)
        spec.loader.exec_module(module)
    return module._ActiveDecompressionContext  # type: ignore[no-any-return]


@pytest.mark.parametrize("stream", STREAMS)
@pytest.mark.parametrize("kind", ["cable", "asked"])
async def test_a_session_goes_on_over_a_new_connection(
    server: DiscordServer, kind: str, stream: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a connection breaks, Discord sends the events of the meantime over the next one, once and in order, in
    either compression."""
    monkeypatch.setattr("discord.utils._ActiveDecompressionContext", reader_of(stream))
    ada, bot = server.member("Ada"), Listening()
    with pointed_at(server.url, server.gateway_url), impatient():
        running = asyncio.create_task(bot.start(server.token))
        await server.until(lambda: server.gateway.connected)
        ada.start_press(None, "before")
        await server.until(lambda: bot.presses)
        server.gateway.drop() if kind == "cable" else server.gateway.ask_reconnect()
        ada.start_press(None, "between")
        await server.until(lambda: server.gateway.resumed == 1)
        ada.start_press(None, "after")
        await server.until(lambda: len(bot.presses) >= 3)
        assert bot.presses == ["before", "between", "after"]
        assert server.gateway.streams == {stream}
        assert server.gateway.identified == 1
        await bot.close()
        await running


async def test_heartbeats_keep_a_connection_and_their_silence_ends_it(
    server: DiscordServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bot sends heartbeats as often as HELLO asks. If one stays unanswered, the bot takes the connection for dead and
    resumes its session."""
    monkeypatch.setattr("tests.wire.discord.gateway.HEARTBEAT_MS", 20)
    bot = Listening(heartbeat_timeout=0.2)
    with pointed_at(server.url, server.gateway_url), impatient():
        running = asyncio.create_task(bot.start(server.token))
        await server.until(lambda: server.gateway.beats >= 5)
        assert server.gateway.resumed == 0
        server.gateway.silent = True
        await server.until(lambda: server.gateway.resumed >= 1)
        server.gateway.silent = False
        server.member("Ada").start_press(None, "after")
        await server.until(lambda: bot.presses == ["after"])
        assert server.gateway.identified == 1
        await bot.close()
        await running


async def test_an_invalid_session_is_opened_anew(server: DiscordServer) -> None:
    """When Discord calls a session invalid (op 9), the bot identifies again and hears of new events. Those between the
    sessions are lost."""
    bot = Listening()
    with pointed_at(server.url, server.gateway_url), impatient():
        running = asyncio.create_task(bot.start(server.token))
        await server.until(lambda: server.gateway.connected)
        server.gateway.invalidate()
        server.member("Ada").start_press(None, "between")
        await server.until(lambda: server.gateway.identified == 2)
        server.member("Ada").start_press(None, "again")
        await server.until(lambda: bot.presses)
        assert bot.presses == ["again"]
        await bot.close()
        await running


async def test_each_shard_hears_of_its_own_communities(server: DiscordServer) -> None:
    """Each server belongs to one shard, by its id, and only that shard hears of it."""
    clock = server.now
    assert isinstance(clock, Clock)
    clock.forward(seconds=timedelta(milliseconds=1).total_seconds())
    other = server.add_channel("main", server.add_guild("Coffee House"))
    members = [server.member("Ada"), server.member("Ben", channel=other)]
    bot = ListeningShards()
    with pointed_at(server.url, server.gateway_url), impatient():
        running = asyncio.create_task(bot.start(server.token))
        await server.until(lambda: server.gateway.identified == 2)
        for member in members:
            member.start_press(None, member.user.name)
        await server.until(lambda: len(bot.presses) == 2)
        shards = {name: shard for shard, name in bot.presses}
        assert shards == {m.user.name: (int(m.guild.id) >> 22) % 2 for m in members}
        assert set(shards.values()) == {0, 1}
        await bot.close()
        await running


async def test_a_revoked_token_opens_nothing(server: DiscordServer) -> None:
    """With a revoked token the gateway closes for good, and no login succeeds."""
    bot = Listening()
    with pointed_at(server.url, server.gateway_url), impatient():
        running = asyncio.create_task(bot.start(server.token))
        await server.until(lambda: server.gateway.connected)
        await server.revoke_token()
        with pytest.raises(discord.ConnectionClosed):
            await running
        async with Listening() as another:
            with pytest.raises(discord.LoginFailure):
                await another.login(server.token)


@pytest.mark.parametrize("name", STREAMS)
def test_a_stream_is_flushed_after_each_message(name: str) -> None:
    """A compressed stream is flushed after each message, so that a bot can read each one as it comes, but none without
    those before it."""
    compress, parts = STREAMS[name](), ["one", "two"]
    reader, late = (
        zlib.decompressobj() if name == "zlib-stream" else zstandard.ZstdDecompressor().decompressobj() for _ in parts
    )
    assert [reader.decompress(compress(part)).decode() for part in parts] == parts
    with pytest.raises((zlib.error, zstandard.ZstdError)):
        late.decompress(compress("three"))


class Answering(discord.Client):
    """A bot that answers a command with a form, and a form with a picture."""

    def __init__(self) -> None:
        super().__init__(intents=discord.Intents(guilds=True), max_messages=None)
        self.tree = discord.app_commands.CommandTree(self)

        @self.tree.command()
        @discord.app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
        @discord.app_commands.allowed_installs(guilds=True, users=True)
        async def ask(interaction: discord.Interaction[Any]) -> None:
            """Ask for something."""
            await interaction.response.send_modal(Why())

    async def setup_hook(self) -> None:
        await self.tree.sync()


class Why(discord.ui.Modal, title="Why?"):
    """A form with one line and a choice."""

    why: discord.ui.Label[Why] = discord.ui.Label(
        text="Reason", component=discord.ui.TextInput(custom_id="why", max_length=40)
    )
    tea: discord.ui.Label[Why] = discord.ui.Label(
        text="Tea",
        component=discord.ui.Select(custom_id="tea", options=[discord.SelectOption(label=tea) for tea in "ABC"]),
    )

    async def on_submit(self, interaction: discord.Interaction[Any]) -> None:
        why, tea = self.why.component, self.tea.component
        assert isinstance(why, discord.ui.TextInput)
        assert isinstance(tea, discord.ui.Select)
        view = discord.ui.LayoutView()
        view.add_item(discord.ui.TextDisplay(f"{why.value}: {tea.values[0]}"))
        view.add_item(discord.ui.MediaGallery(discord.MediaGalleryItem("attachment://c.png", description="A chart")))
        view.stop()
        await interaction.response.send_message(view=view, file=discord.File(io.BytesIO(b"picture"), "c.png"))


async def test_forms_are_filled_in_and_pictures_uploaded(server: DiscordServer, api: aiohttp.ClientSession) -> None:
    """A bot gets what a member fills into its form, and a picture that it uploads is shown and can be fetched."""
    ada, bot = server.member("Ada"), Answering()
    with pointed_at(server.url, server.gateway_url), impatient():
        running = asyncio.create_task(bot.start(server.token))
        await server.until(lambda: server.gateway.connected and server.commands[""])
        opened = await ada.slash("ask")
        assert [one["custom_id"] for one in inputs(opened.modal or {})] == ["why", "tea"]
        answer = await ada.submit(opened, why="thirst", tea=["B"])
        assert answer.text == "thirst: B"
        assert not answer.private
        (gallery,) = [part for part in answer.message.components if part["type"] == 12]
        picture = await api.get(gallery["items"][0]["media"]["url"])
        assert await picture.read() == b"picture"
        await bot.close()
        await running
    assert server.violations == []


async def test_one_conversation_with_each_person(server: DiscordServer, api: aiohttp.ClientSession) -> None:
    """Opening a conversation with a person again gives the same channel. A message to a person who takes none is
    refused with 50007."""
    ada = server.member("Ada")
    opened = [
        await (await api.post(f"{server.url}/users/@me/channels", json={"recipient_id": ada.user.id})).json()
        for _ in "ab"
    ]
    assert opened[0]["id"] == opened[1]["id"]
    path = f"{server.url}/channels/{opened[0]['id']}/messages"
    assert (await api.post(path, json={"content": "hello"})).status == 200
    ada.user.takes_direct_messages = False
    assert (await (await api.post(path, json={"content": "hello"})).json())["code"] == 50007
