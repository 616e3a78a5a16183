"""*Post elsewhere* on Discord: Parley posts a poll in a picked channel only if host and bot may both write there."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from tests.wire.discord import Channel, DiscordServer, Interaction, Member, Message
from tests.wire.discord.model import MANAGE_THREADS, PRIVATE_THREAD, SEND_MESSAGES
from tests.wire.discord_world import QUESTION, TEAS, World, discord_world, words


async def form_from(host: Member, poll: Message) -> Interaction:
    menu = await host.click(poll, "Manage")
    return await host.click(menu.message, "Post elsewhere")


async def answer_to(host: Member, poll: Message, place: Channel) -> str:
    form = await form_from(host, poll)
    return words((await host.submit(form, where=[place.id])).message)


def channel(server: DiscordServer) -> Channel:
    return server.add_channel("tea")


def thread(server: DiscordServer) -> Channel:
    return server.add_thread("tea talk", server.add_channel("tea"))


def forum(server: DiscordServer) -> Channel:
    return server.add_forum("teas")


@pytest.mark.parametrize("place", [channel, thread, forum])
async def test_a_host_posts_a_poll_elsewhere_by_picking_the_channel(
    tmp_path: Path, place: Callable[[DiscordServer], Channel]
) -> None:
    """A host can post a poll once in another channel, thread or forum. Votes there count in the same poll."""
    async with discord_world(tmp_path) as world:
        host, there = world.server.member("Host"), place(world.server)
        poll = await world.poll(host)
        assert "The poll is posted there" in await answer_to(host, poll, there)
        posted = [message for channel in world.server.channels.values() for message in channel.posted()]
        [copy] = [message for message in posted if copied(message, poll)]
        await world.server.member("Ben").click(copy, TEAS[0])
        assert await world.tally() == {TEAS[0]: 1}


def copied(message: Message, poll: Message) -> bool:
    return message is not poll and message.only_for is None and QUESTION in message.text


async def the_host_may_not_write(world: World, host: Member, there: Channel) -> None:
    world.server.deny(there, SEND_MESSAGES)


async def the_bot_may_not_write(world: World, host: Member, there: Channel) -> None:
    world.server.forbid(there, SEND_MESSAGES)


async def the_bot_may_not_look(world: World, host: Member, there: Channel) -> None:
    world.server.forbid(there)


async def the_host_is_timed_out(world: World, host: Member, there: Channel) -> None:
    host.timed_out = world.clock() + timedelta(hours=1)


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        (the_host_may_not_write, "You can't write in that channel"),
        (the_host_is_timed_out, "You can't write in that channel"),
        (the_bot_may_not_write, "I can't write in that channel"),
        (the_bot_may_not_look, "I can't write in that channel"),
    ],
)
async def test_where_host_or_bot_may_not_write_nothing_is_posted(
    tmp_path: Path, change: Callable[[World, Member, Channel], object], refusal: str
) -> None:
    """Parley posts nothing in a picked channel if the host or the bot may not write there when the host sends the form.

    A host in a timeout may not write there either.
    """
    async with discord_world(tmp_path) as world:
        host, there = world.server.member("Host"), world.server.add_channel("tea")
        poll = await world.poll(host)
        form = await form_from(host, poll)
        await change(world, host, there)  # type: ignore[misc]
        assert refusal in words((await host.submit(form, where=[there.id])).message)
        assert there.posted() == []


@pytest.mark.parametrize("manages", [False, True])
async def test_a_locked_thread_takes_a_poll_from_those_who_manage_threads(tmp_path: Path, manages: bool) -> None:
    """Parley posts a poll in a locked thread only for a host who may manage threads."""
    async with discord_world(tmp_path) as world:
        host, there = world.server.member("Host"), thread(world.server)
        poll = await world.poll(host)
        world.server.archive(there, archived=False, locked=True)
        host.extra = MANAGE_THREADS if manages else 0
        assert ("You can't write in that channel" in await answer_to(host, poll, there)) is not manages


async def test_a_private_poll_is_not_opened_from_its_own_place(tmp_path: Path) -> None:
    """The form posts no poll of a private channel elsewhere.

    For a public channel, Parley tells the host to type `/poll post`; for a private thread, that the poll is private.
    """
    async with discord_world(tmp_path) as world:
        host, there = world.server.member("Host"), world.server.add_channel("tea")
        board = world.server.add_channel("board")
        world.server.hide(board, host)
        host.channel = board
        poll = await world.poll(host)
        assert "type </poll post:" in await answer_to(host, poll, there)
        assert there.posted() == []
        beside = world.server.add_thread("aside", board, kind=PRIVATE_THREAD, people=[host.user.id])
        assert "This poll is private" in await answer_to(host, poll, beside)
