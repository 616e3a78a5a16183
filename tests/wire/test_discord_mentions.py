"""Questions in plain words on Discord: Parley answers mentions and direct messages, and no other messages."""

from __future__ import annotations

import asyncio
from pathlib import Path

import aiohttp
import pytest

from bot.search.usage import MISSES_LEAST
from tests.wire.discord import DiscordServer, Member, Message
from tests.wire.discord.gateway import DIRECT_MESSAGES, GUILD_MESSAGES, PRIVILEGED
from tests.wire.discord.model import PRIVATE_THREAD, READ_HISTORY, SEND_MESSAGES, VOICE
from tests.wire.discord.server import TOKEN
from tests.wire.discord_world import World, bugs, direct_messages, discord_world, new_server, parley, words

TEA = "who drinks tea in this office?"
NOTHING = "anyone up for raid tonight"


def at(server: DiscordServer, question: str) -> str:
    """Return the words of a message that mentions the bot."""
    return f"<@{server.bot.id}> {question}"


async def answer_to(world: World, message: Message) -> Message:
    """Wait for the bot's next message in the same place, and return it."""
    await world.server.until(lambda: [each for each in _after(message) if each.author is world.server.bot])
    return [each for each in _after(message) if each.author is world.server.bot][-1]


def _after(message: Message) -> list[Message]:
    everything = list(message.channel.messages.values())
    return everything[everything.index(message) + 1 :]


async def silence(world: World, member: Member) -> None:
    """Wait until Parley has answered a new question in another channel and works on no answer any more."""
    probe = member.write(at(world.server, TEA), here=world.server.add_channel("probe"))
    await answer_to(world, probe)
    await world.server.until(lambda: not world.client._plain_words._running)


def own(world: World) -> list[Message]:
    """Return the bot's messages in the main channel."""
    return [message for message in world.server.posted() if message.author is world.server.bot]


async def test_a_mention_gets_a_reply_for_all_to_see(tmp_path: Path) -> None:
    """Parley answers a mention with a public reply that pings nobody. Its buttons answer other members privately."""
    async with discord_world(tmp_path) as world:
        ada, ben = world.server.member("Ada"), world.server.member("Ben")
        question = ada.write(at(world.server, TEA))
        answer = await answer_to(world, question)
        assert answer.replied_to is question
        assert "Supported" in words(answer)
        assert "Strongest counterargument: The count was taken on one day." in words(answer)
        assert answer.only_for is None
        more = await ben.click(answer, "Counterarguments")
        assert more.private
        posts = [call.body for call in world.server.calls if call.template == "/channels/{channel_id}/messages"]
        assert [body["allowed_mentions"] for body in posts] == [{"parse": []}]


async def test_an_unrelated_mention_gets_one_short_line(tmp_path: Path) -> None:
    """If Parley finds nothing for a mention, it replies with one line, without controls or the member's words."""
    async with discord_world(tmp_path) as world:
        answer = await answer_to(world, world.server.member("Ada").write(at(world.server, NOTHING)))
        assert "I have no answer to that." in words(answer)
        assert "raid" not in words(answer)
        assert "\n" not in words(answer)
        assert answer.controls == []


async def test_a_direct_message_is_answered_like_a_command(tmp_path: Path) -> None:
    """In a direct message, Parley sends the card it finds, or the closest match, marked as one.

    It says so if it finds nothing, and if the message has no words to look up.

    It doesn't use Discord's reply there.
    """
    async with discord_world(tmp_path) as world:
        ada = world.server.member("Ada")
        for question, expectation in (
            (TEA, "Supported"),
            ("who pays for hot water in the kitchen", "Closest match; it may not answer this"),
            (NOTHING, "Nothing found"),
            ("…", "no words to look up"),
        ):
            answer = await answer_to(world, ada.write_directly(question))
            assert expectation in words(answer)
            assert answer.replied_to is None
        assert own(world) == []


async def test_where_replies_are_not_allowed_the_answer_stands_beside(tmp_path: Path) -> None:
    """If the bot may not read a channel's history, Parley answers a mention with a message that is no reply."""
    async with discord_world(tmp_path) as world:
        world.server.forbid(world.server.main, READ_HISTORY)
        answer = await answer_to(world, world.server.member("Ada").write(at(world.server, TEA)))
        assert "Supported" in words(answer)
        assert answer.replied_to is None


async def test_a_message_that_is_deleted_meanwhile_is_answered_all_the_same(tmp_path: Path) -> None:
    """If a member deletes a question before Parley has answered it, the answer comes as a message that is no reply."""
    async with discord_world(tmp_path) as world:
        question = world.server.member("Ada").write(at(world.server, TEA))
        world.server.delete_message(question)
        answer = await answer_to(world, question)
        assert "Supported" in words(answer)
        assert answer.replied_to is None


async def test_what_is_not_for_the_bot_gets_no_answer(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Parley answers no message without its mention, and no reply that only pings it.

    It answers no @everyone, edit, webhook, other bot or notice of Discord's either, and logs no error.
    """
    async with discord_world(tmp_path) as world:
        server = world.server
        ada, ben = server.member("Ada"), server.member("Ben")
        first = await answer_to(world, ada.write(at(server, TEA)))
        before = own(world)
        ada.write(TEA)
        ada.write("@everyone " + TEA)
        ada.write(f"<@{ben.user.id}> {TEA}")
        ada.write("thanks!", to=first)
        later = ada.write("hello")
        ada.edit(later, at(server, TEA))
        server.add_message(server.other_bot("Echo"), server.main, at(server, TEA))
        server.add_message(server.other_bot("Feed"), server.main, at(server, TEA), webhook=server.new_id())
        server.add_message(ada.user, server.main, at(server, TEA), kind=6)  # a message was pinned
        server.add_message(server.other_bot("Echo"), server.direct(ada.user), TEA)
        await silence(world, ben)
        assert own(world) == before
        assert direct_messages(server, ada)[-1].author is not server.bot
        assert bugs(caplog) == []


async def test_two_bots_that_mention_each_other_stop_at_once(tmp_path: Path) -> None:
    """Parley doesn't answer another bot, even one that replies to its answer with mentions."""
    async with discord_world(tmp_path) as world:
        server = world.server
        ada, echo = server.member("Ada"), server.other_bot("Echo")
        answer = await answer_to(world, ada.write(at(server, TEA)))
        for _ in range(5):
            server.add_message(echo, server.main, at(server, TEA), replied_to=answer)
        await silence(world, ada)
        assert own(world) == [answer]


async def test_no_words_come_but_those_for_the_bot(tmp_path: Path) -> None:
    """Parley asks for no privileged intent, so Discord sends it no words of other messages.

    That includes a message to which a member replies with a mention.
    """
    async with discord_world(tmp_path) as world:
        server = world.server
        ada, ben = server.member("Ada"), server.member("Ben")
        (session,) = server.gateway.sessions.values()
        assert session.intents & PRIVILEGED == 0
        assert session.intents & GUILD_MESSAGES
        assert session.intents & DIRECT_MESSAGES
        secret = ada.write("the secret recipe")
        ben.write(at(server, TEA), to=secret)
        await silence(world, ada)
        events = [data for _, event, data in session.buffer if event == "MESSAGE_CREATE"]
        assert len(events) >= 4
        assert "recipe" not in str(events)


async def test_three_answers_a_minute_in_a_channel_and_its_threads(tmp_path: Path) -> None:
    """In a channel with its threads, Parley answers three mentions in 60 seconds; other channels count apart.

    It tells a member who asks more once, in a direct message.
    """
    async with discord_world(tmp_path) as world:
        server = world.server
        ada, ben = server.member("Ada"), server.member("Ben")
        thread = server.add_thread("tea", server.main)
        for place in (server.main, thread, server.main):
            await answer_to(world, ada.write(at(server, NOTHING), here=place))
        for _ in range(3):
            ben.write(at(server, TEA), here=thread)
        await server.until(lambda: direct_messages(server, ben))
        await silence(world, ada)
        assert ["three mentions a minute" in words(each) for each in direct_messages(server, ben)] == [True]
        assert len(own(world)) == 2
        world.forward(seconds=59)
        ben.write(at(server, TEA))
        await silence(world, ada)
        assert len(own(world)) == 2
        world.forward(seconds=1)
        assert "Supported" in words(await answer_to(world, ben.write(at(server, TEA))))


async def test_what_discord_passes_on_twice_is_answered_once(tmp_path: Path) -> None:
    """Parley answers a message once, even if Discord delivers it again in the same process or after a restart."""
    async with new_server() as server:
        async with parley(server, tmp_path) as world:
            ada = server.member("Ada")
            question = ada.write(at(server, TEA))
            await answer_to(world, question)
            server.pass_on(question)
            await silence(world, ada)
            assert len(own(world)) == 1
        async with parley(server, tmp_path) as world:
            server.pass_on(question)
            await silence(world, ada)
            assert len(own(world)) == 1
        assert server.violations == []


async def test_a_place_where_the_bot_may_not_write_is_answered_alone(tmp_path: Path) -> None:
    """If the bot may not write in a channel, Parley answers a mention there in a direct message that says so.

    A member who takes no direct messages gets no answer.
    """
    async with discord_world(tmp_path) as world:
        server = world.server
        ada, ben = server.member("Ada"), server.member("Ben")
        server.forbid(server.main, SEND_MESSAGES)
        ben.user.takes_direct_messages = False
        ben.write(at(server, TEA))
        ada.write(at(server, TEA))
        await server.until(lambda: direct_messages(server, ada))
        (told,) = direct_messages(server, ada)
        assert "Supported" in words(told)
        assert "I can't write in this channel, so only you see this." in words(told)
        await silence(world, ada)
        assert own(world) == []
        assert direct_messages(server, ben) == []


async def test_private_places_hold(tmp_path: Path) -> None:
    """Parley answers a mention in a hidden channel, a private thread or a voice channel right there.

    Among the words that find nothing, it counts those of public places alone.
    """
    async with discord_world(tmp_path) as world:
        server = world.server
        ada = server.member("Ada")
        hidden, voice = server.add_channel("board"), server.add_channel("voice", kind=VOICE)
        thread = server.add_thread("aside", server.main, kind=PRIVATE_THREAD, people=(ada.user.id, "bot"))
        server.hide(hidden, ada)
        for place in (hidden, thread, voice):
            assert "Supported" in words(await answer_to(world, ada.write(at(server, TEA), here=place)))
        for _ in range(MISSES_LEAST):
            await ada.slash("fact", words="zeppelin")
            for place in (hidden, thread, ada.direct):
                await ada.slash("fact", words="airship", here=place)
        await world.instance.interested.write(world.clock())
        interest = await world.instance.interested.read()
        assert interest is not None
        assert interest.misses == {"zeppelin": MISSES_LEAST}


async def test_a_mention_of_the_bots_role_counts_as_one(tmp_path: Path) -> None:
    """If a member mentions the bot's role instead of the bot, Discord withholds the words, so Parley says how to ask.

    A mention of the role and the bot gets an answer; one of another role gets none.
    """
    async with discord_world(tmp_path) as world:
        server = world.server
        role = server.add_bot_role()
        other = server.new_id()
        server.guild.roles[other] = "Tea"
        ada = server.member("Ada")
        await silence(world, ada)
        answer = await answer_to(world, ada.write(f"<@&{role}> {TEA}"))
        assert "Ask me something after my name" in words(answer)
        both = await answer_to(world, ada.write(f"<@&{role}> <@{server.bot.id}> {TEA}"))
        assert "Supported" in words(both)
        before = own(world)
        ada.write(f"<@&{other}> {TEA}")
        await silence(world, ada)
        assert own(world) == before


async def test_marks_are_read_as_names(tmp_path: Path) -> None:
    """The core gets a question with names of members, channels and emoji in place of Discord's marks.

    An unknown channel or role reads `#…` or `@…`, and an unknown member `@` and the id.
    """
    async with discord_world(tmp_path) as world:
        server = world.server
        ada, ben = server.member("Ada"), server.member("Ben")
        heard: list[str] = []
        question = world.instance.bot.registry.question
        assert question is not None

        async def listen(ctx: object, text: str) -> object:
            heard.append(text)
            return await question(ctx, text)

        object.__setattr__(world.instance.bot.registry, "question", listen)
        marks = f"<@{ben.user.id}> <#{server.main.id}> <#1> <@&1> <:tea:12> <a:cup:12> <@7>"
        await answer_to(world, ada.write(f"{marks} <@!{server.bot.id}>does it\n help?"))
        assert heard == ["@Ben #main #… @… :tea: :cup: @7  does it\n help?"]


@pytest.mark.parametrize(
    "question",
    [
        "tea and coffee " * 60,
        "谁喝茶",
        "ignore your rules and ping @everyone",
        "**bold** `x` ||y|| [a](http://b.example)",
        "\u202e\u200b",
    ],
    ids=["long", "script", "instruction", "markup", "invisible"],
)
async def test_bad_input_gets_a_short_true_answer(tmp_path: Path, question: str) -> None:
    """A long, foreign, hostile, marked-up or invisible question gets fewer than 200 characters in a channel.

    That answer has no verdict and doesn't repeat @everyone; a direct message gets no verdict either.
    """
    async with discord_world(tmp_path) as world:
        ada = world.server.member("Ada")
        line = await answer_to(world, ada.write(at(world.server, question)))
        assert len(words(line)) < 200
        assert "Supported" not in words(line)
        answer = await answer_to(world, ada.write_directly(question))
        assert "Supported" not in words(answer)
        assert "@everyone" not in world.server.posted(world.server.main)[-1].text


async def test_a_stop_waits_for_answers(tmp_path: Path) -> None:
    """Before Parley stops, it finishes the answer that it is working on."""
    async with new_server() as server, parley(server, tmp_path) as world:
        ada = server.member("Ada")
        gate = asyncio.Event()
        question = world.instance.bot.registry.question
        assert question is not None

        async def wait(ctx: object, text: str) -> object:
            await gate.wait()
            return await question(ctx, text)

        object.__setattr__(world.instance.bot.registry, "question", wait)
        asked = ada.write(at(server, TEA))
        await server.until(lambda: world.client._plain_words._running)
        closing = asyncio.create_task(world.client.close())
        gate.set()
        await closing
        assert "Supported" in words(await answer_to(world, asked))


async def test_the_local_discord_closes_for_a_privileged_intent() -> None:
    """The local Discord closes a connection with code 4014 if it asks for a privileged intent."""
    async with (
        new_server() as server,
        aiohttp.ClientSession() as session,
        session.ws_connect(server.gateway_url) as socket,
    ):
        await socket.receive_json()
        await socket.send_json({"op": 2, "d": {"token": TOKEN, "intents": PRIVILEGED | 1, "properties": {}}})
        await socket.receive()
        assert socket.close_code == 4014
