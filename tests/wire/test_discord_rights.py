"""The Discord adapter tells the core who sees a place and who may write there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from bot.chat.vocabulary import Outcome, Request
from bot.dispatch.declare import Command, Context
from tests.wire.discord import CannotDo, Channel, DiscordServer, Member
from tests.wire.discord.model import (
    BOT,
    CONNECT,
    FORUM,
    MANAGE_THREADS,
    PRIVATE_THREAD,
    SEND_IN_THREADS,
    SEND_MESSAGES,
    VIEW_CHANNEL,
    VOICE,
    Guild,
    Overwrite,
    role_json,
)
from tests.wire.discord_world import World, discord_world


@dataclass(slots=True)
class Requests:
    """The requests that the core gets while a test runs."""

    list: list[Request] = field(default_factory=list)

    @contextmanager
    def noted(self, world: World) -> Iterator[None]:
        """Answer each `/fact` with nothing, and note its request."""
        commands = cast("dict[str, Command]", world.instance.bot.registry.commands)
        usual = commands["fact"]

        async def note(ctx: Context, **_: Any) -> Outcome:
            self.list.append(ctx.request)
            return Outcome()

        commands["fact"] = replace(usual, handler=note)
        try:
            yield
        finally:
            commands["fact"] = usual


async def request_from(world: World, member: Member, place: Channel) -> Request:
    """Return the request that the core gets when the member types `/fact` in the place."""
    requests = Requests()
    with requests.noted(world):
        await member.slash("fact", words="tea", here=place)
    return requests.list[-1]


# --- who sees a place ---


def hidden(server: DiscordServer, ada: Member, *, kind: int = 0) -> Channel:
    channel = server.add_channel("hidden", kind=kind)
    server.hide(channel, ada)
    return channel


def unseen_by_the_bot(server: DiscordServer, _: Member) -> Channel:
    channel = server.add_channel("far")
    server.forbid(channel)
    return channel


def locked_voice(server: DiscordServer, ada: Member) -> Channel:
    channel = server.add_channel("voice", kind=VOICE)
    server.deny(channel, CONNECT)
    channel.overwrites[ada.user.id] = Overwrite(allow=CONNECT)
    return channel


def opened(server: DiscordServer, ada: Member) -> Channel:
    channel = hidden(server, ada)
    server.open(channel)
    return channel


def closed(server: DiscordServer, ada: Member) -> Channel:
    channel = server.add_channel("closing")
    server.hide(channel, ada)
    return channel


def private_thread(server: DiscordServer, ada: Member, *others: str) -> Channel:
    return server.add_thread("we two", server.main, kind=PRIVATE_THREAD, people=[ada.user.id, *others])


def in_a_server_for_members_with_a_role(server: DiscordServer, ada: Member) -> Channel:
    """Return a channel of a server in which @everyone sees nothing and a role opens the channels."""
    role = role_json(server.guild.id, "@everyone") | {"permissions": "0"}
    server.gateway.dispatch("GUILD_ROLE_UPDATE", {"guild_id": server.guild.id, "role": role}, server.guild.id)
    ada.extra |= VIEW_CHANNEL
    return server.main


def in_a_server_without_the_bot(server: DiscordServer, ada: Member) -> Channel:
    guild = Guild(server.new_id(), "Elsewhere", server.new_id())
    channel = Channel(server.new_id(), "lobby", guild)
    guild.channels[channel.id] = server.channels[channel.id] = channel
    ada.guild = guild
    return channel


Place = Callable[[DiscordServer, Member], Channel]

PLACES: dict[str, tuple[Place, bool]] = {
    "a channel": (lambda server, _: server.main, False),
    "a hidden channel": (hidden, True),
    "a channel that was opened": (opened, False),
    "a channel that was hidden later": (closed, True),
    "a channel that the bot may not view": (unseen_by_the_bot, True),
    "a thread": (lambda server, _: server.add_thread("side", server.main), False),
    "a thread of a hidden channel": (lambda server, ada: server.add_thread("side", hidden(server, ada)), True),
    "a thread of a channel that the bot may not view": (
        lambda server, ada: server.add_thread("side", unseen_by_the_bot(server, ada)),
        True,
    ),
    "a private thread": (private_thread, True),
    "a private thread that the bot is in": (lambda server, ada: private_thread(server, ada, BOT), True),
    "a post of a forum": (lambda server, _: server.add_thread("post", server.add_forum("ideas")), False),
    "a post of a hidden forum": (lambda server, ada: server.add_thread("post", hidden(server, ada, kind=FORUM)), True),
    "a voice channel": (lambda server, _: server.add_channel("voice", kind=VOICE), False),
    "a voice channel that few may enter": (locked_voice, True),
    "a direct message": (lambda server, ada: server.direct(ada.user), True),
    "a server whose @everyone sees nothing": (in_a_server_for_members_with_a_role, True),
    "a server without the bot": (in_a_server_without_the_bot, True),
}


@pytest.mark.parametrize(("place", "private"), PLACES.values(), ids=PLACES)
async def test_a_place_is_private_where_not_every_member_sees_it(
    tmp_path: Path, place: Place, *, private: bool
) -> None:
    """A place is open if @everyone may view it and, as a voice channel, enter it. Each other place is private, also one
    whose permissions the bot can't know."""
    async with discord_world(tmp_path) as world:
        ada = world.server.member("Ada")
        channel = place(world.server, ada)
        request = await request_from(world, ada, channel)
        assert request.place.private is private
        assert request.place.direct is (channel.guild is None)


async def test_a_private_thread_is_a_place_of_its_own(tmp_path: Path) -> None:
    """A private thread is a place of its own, because the members of its channel don't see it. Any other thread belongs
    to its channel."""
    async with discord_world(tmp_path) as world:
        ada, main = world.server.member("Ada"), world.server.main
        secret, side = private_thread(world.server, ada), world.server.add_thread("side", main)
        assert (await request_from(world, ada, secret)).place.channel == secret.id
        place = (await request_from(world, ada, side)).place
        assert (place.channel, place.thread) == (main.id, side.id)


async def test_the_key_of_a_request_is_its_interactions_id(tmp_path: Path) -> None:
    """The key of a request is the id of its interaction, and each press has another."""
    async with discord_world(tmp_path) as world:
        ada = world.server.member("Ada")
        requests = [await request_from(world, ada, world.server.main) for _ in range(2)]
        assert [request.key for request in requests] == [interaction.id for interaction in ada.done]
        assert len({interaction.id for interaction in ada.done}) == 2


# --- who may write ---


def thread_of(server: DiscordServer) -> Channel:
    return server.add_thread("side", server.main)


def forum_post(server: DiscordServer) -> Channel:
    return server.add_thread("post", server.add_forum("ideas"))


def without(permissions: int, place: Callable[[DiscordServer], Channel]) -> Callable[[DiscordServer], Channel]:
    """Return a place where everybody lacks these permissions, and the bot doesn't."""

    def make(server: DiscordServer) -> Channel:
        channel = place(server)
        server.deny(channel.parent or channel, permissions)
        return channel

    return make


def locked(server: DiscordServer) -> Channel:
    thread = thread_of(server)
    server.archive(thread, archived=False, locked=True)
    return thread


def main_of(server: DiscordServer) -> Channel:
    return server.main


MEMBERS: dict[str, tuple[Callable[[DiscordServer], Channel], dict[str, object], bool]] = {
    "a member": (main_of, {}, True),
    "a member without Send Messages": (without(SEND_MESSAGES, main_of), {}, False),
    "a moderator without Send Messages": (without(SEND_MESSAGES, main_of), {"moderator": True}, False),
    "an administrator": (without(SEND_MESSAGES, main_of), {"administrator": True}, True),
    "without Send Messages in Threads, in a channel": (without(SEND_IN_THREADS, main_of), {}, True),
    "without Send Messages in Threads, in a thread": (without(SEND_IN_THREADS, thread_of), {}, False),
    "without Send Messages, in a thread": (without(SEND_MESSAGES, thread_of), {}, True),
    "in a forum's post": (forum_post, {}, True),
    "without Send Messages in Threads, in a forum's post": (without(SEND_IN_THREADS, forum_post), {}, False),
    "in a locked thread": (locked, {}, False),
    "in a locked thread, who manages threads": (locked, {"extra": MANAGE_THREADS}, True),
    "timed out for a minute": (main_of, {"timed_out": timedelta(minutes=1)}, False),
    "timed out until now": (main_of, {"timed_out": timedelta(0)}, True),
    "who has still to accept the rules": (main_of, {"pending": True}, False),
}


@pytest.mark.parametrize(("place", "traits", "writes"), MEMBERS.values(), ids=MEMBERS)
async def test_the_core_hears_whether_a_member_may_write(
    tmp_path: Path, place: Callable[[DiscordServer], Channel], traits: dict[str, object], *, writes: bool
) -> None:
    """A member needs Send Messages in a channel, and Send Messages in Threads in a thread or a forum's post. One who is
    timed out, hasn't accepted the rules or is in a locked thread without managing threads may not write."""
    async with discord_world(tmp_path) as world:
        ada = world.server.member("Ada")
        for name, trait in traits.items():
            setattr(ada, name, world.clock() + trait if isinstance(trait, timedelta) else trait)
        request = await request_from(world, ada, place(world.server))
        assert request.may_write is writes


async def test_a_member_may_write_to_the_bot_alone(tmp_path: Path) -> None:
    """In a direct message, which has no permissions, both member and bot may write."""
    async with discord_world(tmp_path) as world:
        ada = world.server.member("Ada")
        request = await request_from(world, ada, world.server.direct(ada.user))
        assert (request.may_write, request.may_post) == (True, True)


async def test_a_moderator_who_is_timed_out_moderates_nothing(tmp_path: Path) -> None:
    """A moderator who is timed out moderates nothing, because Discord takes Manage Server from them for that time."""
    async with discord_world(tmp_path) as world:
        mo = world.server.member("Mo", moderator=True)
        assert (await request_from(world, mo, world.server.main)).actor.moderator
        mo.timed_out = world.clock() + timedelta(minutes=1)
        assert not (await request_from(world, mo, world.server.main)).actor.moderator


@pytest.mark.parametrize(
    ("permissions", "in_channel", "in_thread"),
    [(SEND_MESSAGES, False, True), (SEND_IN_THREADS, True, False), (VIEW_CHANNEL, False, False)],
    ids=["Send Messages", "Send Messages in Threads", "View Channel"],
)
async def test_the_core_hears_whether_the_bot_may_post(
    tmp_path: Path, permissions: int, *, in_channel: bool, in_thread: bool
) -> None:
    """To post, the bot needs View Channel, with Send Messages in a channel and Send Messages in Threads in a thread."""
    async with discord_world(tmp_path) as world:
        ada, main = world.server.member("Ada"), world.server.main
        side = thread_of(world.server)
        world.server.forbid(main, permissions)
        assert (await request_from(world, ada, main)).may_post is in_channel
        assert (await request_from(world, ada, side)).may_post is in_thread


# --- what Discord offers ---


async def test_moderators_commands_are_not_offered_in_direct_messages(tmp_path: Path) -> None:
    """In a conversation with the bot, Discord offers look-ups but not `/settings`, because there is nothing to
    moderate."""
    async with discord_world(tmp_path) as world:
        mo = world.server.member("Mo", moderator=True)
        alone = world.server.direct(mo.user)
        with pytest.raises(CannotDo):
            await mo.slash("settings", here=alone)
        assert "tea" in (await mo.slash("fact", words="tea", here=alone)).text
        assert "Settings of this community" in (await mo.slash("settings")).text


async def test_the_permission_of_moderators_commands_is_a_string(tmp_path: Path) -> None:
    """Parley declares the permission for moderators' commands as a string of digits, as Discord's documentation has
    it."""
    async with discord_world(tmp_path) as world:
        permissions = {entry.get("default_member_permissions") for entry in world.client.declared}
        assert permissions == {None, "32"}
