"""Forged, repeated, oversized and foreign input gets a polite private answer at most, and changes nothing."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest

from bot.chat.vocabulary import Card, Place, Reply
from tests.talk import REFUSAL
from tests.wire.discord import Channel, Interaction, Message
from tests.wire.discord.gateway import DIRECT_MESSAGES, GUILD_MESSAGES
from tests.wire.discord.interactions import MODAL
from tests.wire.discord.model import Guild, Json, User
from tests.wire.discord_world import QUESTION, World, bugs, discord_world, new_server, parley, shown_once

FORGED = (
    "v0:vote:p1:0",
    "v1:nothing",
    "x" * 100,
    "v1:vote:p1:99",
    "v1:vote:nope:0",
    "v1:poll-close:p1",
    "💥",
    "v1::::",
    "v1:again:a-b:9-no-verb",
    "v1:again:a-b:poll-nothing",
    "v1:again:a-b",
)
FOREIGN = ("v1:ballot:p1:0", "v1:cast:p1:0", "v1:privacy-erase")
"""Controls of messages that only one person sees. The answer to such a control replaces its message."""


@pytest.mark.parametrize("custom_id", FORGED)
async def test_a_control_that_was_never_drawn_gets_a_polite_private_answer(tmp_path: Path, custom_id: str) -> None:
    """Parley answers a control that it never drew, such as one with an old version's id, with a polite private refusal,
    and changes nothing."""
    async with discord_world(tmp_path) as world:
        poll = await world.poll(world.server.member("Host"))
        answer = await world.server.member("Eve").press(poll, custom_id)
        assert REFUSAL.search(answer.text)
        assert shown_once(answer)
        assert len(poll.versions) == 1
        assert await world.tally() == {}


@pytest.mark.parametrize("patience", [1.5, 0.0], ids=["quick", "slow"])
@pytest.mark.parametrize("custom_id", FOREIGN)
async def test_what_is_for_one_person_never_lands_in_a_message_for_all(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, custom_id: str, patience: float
) -> None:
    """If a member presses a private message's control on a public poll, Parley answers beside it, in private, and
    leaves the poll as it is."""
    async with discord_world(tmp_path, patience=patience) as world:
        poll = await world.poll(world.server.member("Host"), method="ranked")
        labels = poll.labels
        answer = await world.server.member("Eve").press(poll, custom_id)
        await world.quiet()
        assert shown_once(answer)
        assert all(words_of.startswith(f"### {QUESTION}") for words_of in poll.versions)
        assert poll.labels == labels
        assert bugs(caplog) == []


async def test_what_a_member_wrote_pings_nobody(tmp_path: Path) -> None:
    """Each message that Parley sends tells Discord to ping nobody, even if a poll's question holds mentions. This goes
    for posts, edits, first, late and further answers, posts in a forum and direct messages."""
    async with discord_world(tmp_path) as world:
        server = world.server
        host = server.member("@everyone **bold** \u202e")
        hostile = "@everyone <@1> <@&2> which?"
        await host.slash("poll create", post=True, question=hostile, options="A | @here | `c`", results="live")
        (poll,) = server.posted()
        await server.member("Ada").click(poll, "@here")
        await world.quiet()
        with world.slow("fact") as gate:
            question = host.start_slash("fact", words=hostile)
            await server.until(lambda: question.thinking)
            gate.set()
            await host.wait(question)
        with world.long("poll results"):
            results = await host.slash("poll results", poll="p1")
        await server.until(lambda: len(results.messages) == 2)
        report = Reply((Card(title=hostile),))
        await world.client.post(Place("discord", server.guild.id, server.add_forum("reports").id), report)
        await world.client.tell(server.guild.id, host.user.id, report)
        messages = [(call, message) for call in server.calls for message in messages_in(call.body)]
        assert {f"{call.method} {call.template}" for call, _ in messages} == {
            "POST /channels/{channel_id}/messages",
            "PATCH /channels/{channel_id}/messages/{message_id}",
            "POST /channels/{channel_id}/threads",
            "POST /interactions/{interaction_id}/{interaction_token}/callback",
            "POST /webhooks/{webhook_id}/{webhook_token}",
            "PATCH /webhooks/{webhook_id}/{webhook_token}/messages/@original",
        }
        assert [call.path for call, message in messages if message.get("allowed_mentions") != {"parse": []}] == []


def messages_in(body: Any) -> list[Json]:
    """Return the messages in a call's body: the body itself, or what it holds. A form is left out, because it can't
    ping."""
    if not isinstance(body, dict):
        return []
    bodies = [body, body.get("data") or {}, body.get("message") or {}]
    return [each for each in bodies if "components" in each and "custom_id" not in each]


async def test_no_privileged_intent_is_asked_for(tmp_path: Path) -> None:
    """Parley asks for events of servers and of messages in them and in conversations, and for no privileged intent: no
    member lists, no presences, no content of messages."""
    async with discord_world(tmp_path) as world:
        intents = {session.intents for session in world.server.gateway.sessions.values()}
        assert intents == {1 | GUILD_MESSAGES | DIRECT_MESSAGES}


async def test_what_the_adapter_cannot_read_is_answered_with_a_code(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """When a form comes in a shape that Discord never sends, Parley logs one bug and gives the sender a code in
    private."""
    async with discord_world(tmp_path) as world:
        ada = world.server.member("Ada")
        shapeless = {"custom_id": "v1:suggest", "components": [7]}
        submission = world.server.interact(ada, MODAL, shapeless, world.server.main, None)
        answer = await ada.wait(submission)
        assert "this code:" in answer.text
        assert answer.private
        assert len(bugs(caplog)) == 1


# --- once more ---


async def replayed(world: World, interaction: Interaction, caplog: pytest.LogCaptureFixture) -> None:
    """Let Discord deliver the interaction a second time, and wait until Parley has noticed."""
    caplog.clear()
    caplog.set_level(logging.INFO, "parley")
    world.server.replay(interaction)
    await world.server.until(lambda: "came twice" in caplog.text)


async def test_what_is_passed_on_again_after_a_restart_is_done_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The database remembers each interaction. When Discord delivers one again after a restart, Parley opens no second
    poll, and an old vote doesn't replace a newer one."""
    async with new_server() as server:
        async with parley(server, tmp_path) as world:
            created = await server.member("Host").slash(
                "poll create", post=True, question="Which tea?", options="Green | Black"
            )
            (poll,) = server.posted()
            ada = server.member("Ada")
            first = await ada.click(poll, "Green")
            await ada.click(poll, "Black")
        async with parley(server, tmp_path) as world:
            await replayed(world, created, caplog)
            await replayed(world, first, caplog)
            assert server.posted() == [poll]
            assert await world.tally() == {"Black": 1}
        assert server.violations == []


async def test_what_is_passed_on_twice_is_done_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Parley acts once on an interaction that Discord delivers twice: a command opens no second poll, an old vote
    doesn't replace a newer one, and a form opens no second poll."""
    async with discord_world(tmp_path) as world:
        server = world.server
        host, ada = server.member("Host"), server.member("Ada")
        created = await host.slash("poll create", post=True, question="Which tea?", options="Green | Black | Oolong")
        (poll,) = server.posted()
        await replayed(world, created, caplog)
        first = await ada.click(poll, "Green")
        await ada.click(poll, "Black")
        await replayed(world, first, caplog)
        opened = await host.slash("poll create", question="Again?", post=True)
        submission = await host.submit(opened, options="A\nB")
        await replayed(world, submission, caplog)
        assert len(server.posted()) == 2
        assert await world.tally() == {"Black": 1}
        assert all(len(done.messages) == 1 for done in (created, first, submission))
        assert bugs(caplog) == []


# --- too much ---


async def test_an_oversized_control_is_refused(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Parley refuses a control far beyond Discord's limits in private: an id of more than 5,000 characters, or 1,000
    picks."""
    async with discord_world(tmp_path) as world:
        poll, eve = await world.poll(world.server.member("Host")), world.server.member("Eve")
        for answer in (
            await eve.press(poll, "v1:vote:p1:" + "9" * 5000),
            await eve.press(poll, "v1:vote:p1", *(f"{number:0100}" for number in range(1000))),
        ):
            assert REFUSAL.search(answer.text)
            assert shown_once(answer)
        assert await world.tally() == {}
        assert bugs(caplog) == []


async def test_oversized_words_are_answered(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Parley answers oversized words in private: 6,000 characters in an option, 4,000 in each line of a form, and a
    message of 4,000. It refuses such a form and offers *Try again*."""
    async with discord_world(tmp_path) as world:
        server, ada = world.server, world.server.member("Ada")
        for command in server.commands[""]:
            for option in command.get("options") or ():
                option.pop("max_length", None)
        assert shown_once(await ada.slash("fact", words="tea " * 1500))
        opened = await ada.slash("poll create", post=True)
        refused = await ada.submit(opened, question="q" * 4000, options="o" * 4000)
        assert "Try again" in refused.message.labels
        assert refused.private
        assert server.posted() == []
        long = Message(server.new_id(), server.main, ada.user, server.now(), content="Who drinks tea? " * 250)
        server.main.messages[long.id] = long
        assert shown_once(await ada.context("Find facts", long))
        assert bugs(caplog) == []


# --- from elsewhere ---


async def test_a_server_that_the_bot_does_not_know(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """In a server whose channels Discord doesn't tell Parley about, a look-up is answered, and a poll is refused in
    private with the advice to ask a moderator."""
    async with discord_world(tmp_path) as world:
        server = world.server
        guild = Guild(server.new_id(), "Elsewhere", "1")
        hidden = Channel(server.new_id(), "hidden", guild, permissions=0)
        server.channels[hidden.id] = hidden
        ada = server.member("Ada", channel=hidden)
        assert "tea" in (await ada.slash("fact", words="tea")).text
        refused = await ada.slash("poll create", post=True, question="Which tea?", options="Green | Black")
        assert "can't write in this channel, so I posted nothing. Ask a moderator" in refused.text
        assert refused.private
        assert bugs(caplog) == []


async def test_what_find_facts_is_used_on_is_not_stored(tmp_path: Path) -> None:
    """Parley stores neither a message that *Find facts* is used on nor its author: neither is in any file of its
    folder."""
    async with discord_world(tmp_path) as world:
        server, ada = world.server, world.server.member("Ada")
        author = User(server.new_id(), "Quentin")
        written = Message(
            server.new_id(), server.main, author, server.now(), content="zzyzx: most people in the office drink tea"
        )
        server.main.messages[written.id] = written
        answer = await ada.context("Find facts", written)
        assert "Share" in answer.message.labels
        await ada.click(answer.message, "Share")
        files = everything_in(tmp_path)
        assert files
        assert not [secret for secret in ("zzyzx", author.id, author.name) if secret.encode() in files]


def everything_in(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.rglob("*") if file.is_file())


FIELDS = [{"type": "rich", "fields": [{"name": "Who", "value": "drinks tea?", "inline": False}]}]
AROUND = [{"type": "rich", "author": {"name": "Who"}, "footer": {"text": "drinks tea?"}}]


@pytest.mark.parametrize("embeds", [FIELDS, AROUND, []], ids=["fields", "around", "forwarded"])
async def test_find_facts_reads_all_words_of_a_message(tmp_path: Path, embeds: list[Json]) -> None:
    """*Find facts* reads the fields, the author and the footer of an embed, and the words of a forwarded message."""
    async with discord_world(tmp_path) as world:
        server, ada = world.server, world.server.member("Ada")
        written = Message(server.new_id(), server.main, ada.user, server.now(), embeds=embeds)
        if not embeds:
            written.forwarded = Message(server.new_id(), server.main, ada.user, server.now(), content="Who drinks tea?")
        server.main.messages[written.id] = written
        assert "Most people in the office drink tea" in (await ada.context("Find facts", written)).text
