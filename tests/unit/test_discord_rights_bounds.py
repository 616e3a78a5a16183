"""Who sees a place on Discord and who may write there, at the edge of each rule, with the library's own objects."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import discord
import pytest

from adapters.discord import rights

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
MOMENT = timedelta(microseconds=1)
BOT, ADA, GUILD, ELSEWHERE, HALL, THREAD = "9", "8", "100", "200", "101", "102"
TEXT, VOICE, PUBLIC_THREAD, PRIVATE_THREAD, UNKNOWN = 0, 2, 11, 12, 99
SEES = {"view_channel": True}
READS = {"view_channel": True, "read_message_history": True}
WRITES = {"view_channel": True, "send_messages": True}
WRITES_IN_THREADS = {"view_channel": True, "send_messages_in_threads": True}
EVERYONE = {"view_channel": True, "connect": True}


def bits(permissions: dict[str, bool]) -> str:
    return str(discord.Permissions(**permissions).value)


def client_in(name: str = "hall", *, kind: int = TEXT, deny: dict[str, bool] | None = None) -> discord.Client:
    """Return the library in one server with one channel, where @everyone sees all that isn't denied."""
    client = discord.Client(intents=discord.Intents.none())
    state = client._connection
    state.user = discord.ClientUser(state=state, data=user(BOT))  # type: ignore[arg-type]
    overwrite = {"id": GUILD, "type": 0, "allow": "0", "deny": bits(deny or {})}
    hall = {
        "id": HALL,
        "type": kind,
        "name": name,
        "position": 0,
        "bitrate": 64000,
        "user_limit": 0,
        "permission_overwrites": [overwrite] if deny else [],
    }
    role: dict[str, Any] = {"id": GUILD, "name": "@everyone", "permissions": bits(EVERYONE), "position": 0, "color": 0}
    role |= {"hoist": False, "managed": False, "mentionable": False, "colors": {"primary_color": 0}}
    data: Any = {"id": GUILD, "name": "Town", "owner_id": "1", "roles": [role], "channels": [hall]}
    state._add_guild(discord.Guild(data=data, state=state))
    return client


def user(id_: str) -> dict[str, Any]:
    return {"id": id_, "username": "ada", "discriminator": "0", "avatar": None, "global_name": None}


def thread(kind: int = PUBLIC_THREAD, *, locked: bool = False) -> dict[str, Any]:
    metadata = {
        "archived": False,
        "locked": locked,
        "auto_archive_duration": 60,
        "archive_timestamp": NOW.isoformat(),
    }
    channel = {"id": THREAD, "type": kind, "name": "talk", "parent_id": HALL, "owner_id": ADA}
    return channel | {"message_count": 0, "member_count": 1, "thread_metadata": metadata}


def request_of_ada(
    client: discord.Client | None = None,
    *,
    guild: str | None = GUILD,
    channel: dict[str, Any] | None = None,
    member: dict[str, bool] | None = None,
    bot: dict[str, bool] | None = None,
    until: datetime | None = None,
    pending: bool = False,
    context: int = 0,
) -> discord.Interaction:
    """Return an interaction of Ada's with the permissions that Discord tells of her and the bot."""
    data: Any = {
        "id": "1",
        "type": 2,
        "token": "t",
        "version": 1,
        "application_id": BOT,
        "attachment_size_limit": 0,
        "app_permissions": bits(SEES if bot is None else bot),
        "context": context,
        "channel": channel or {"id": HALL, "type": TEXT, "name": "hall", "position": 0},
    }
    if guild is None:
        data |= {"user": user(ADA), "channel": {"id": "7", "type": 1, "recipients": [user(ADA)]}}
    else:
        data["guild_id"] = guild
        data["member"] = {
            "user": user(ADA),
            "roles": [],
            "flags": 0,
            "permissions": bits(member or {}),
            "pending": pending,
            "communication_disabled_until": until and until.isoformat(),
        }
    return discord.Interaction(data=data, state=(client or client_in())._connection)


# --- who sees a place ---


@pytest.mark.parametrize(
    ("interaction", "private"),
    [
        (request_of_ada(), False),
        (request_of_ada(channel=thread()), False),
        (request_of_ada(channel=thread(PRIVATE_THREAD)), True),
        (request_of_ada(bot={}), True),
        (request_of_ada(guild=None), True),
        (request_of_ada(guild=ELSEWHERE), True),
        (request_of_ada(channel={"id": "103", "type": UNKNOWN}), True),
        (request_of_ada(channel={"id": "103", "type": TEXT, "name": "new", "position": 0}), True),
        (request_of_ada(client_in("___hidden___")), True),
        (request_of_ada(client_in("___hidden___"), channel=thread()), True),
        (request_of_ada(client_in(deny={"view_channel": True})), True),
        (request_of_ada(client_in(deny={"view_channel": True}), channel=thread()), True),
        (request_of_ada(client_in(deny={"connect": True})), False),
        (request_of_ada(client_in(kind=VOICE)), False),
        (request_of_ada(client_in(kind=VOICE, deny={"connect": True})), True),
    ],
)
def test_a_place_is_public_only_if_everyone_is_known_to_see_it(interaction: discord.Interaction, private: bool) -> None:
    """A place on Discord is public only if @everyone is known to see it, and in a voice channel may connect.

    The bot must see it too, else the cache's picture of it may be old or made up.
    """
    assert rights.is_private(interaction) is private


@pytest.mark.parametrize(
    ("interaction", "away"),
    [
        (request_of_ada(), False),
        (request_of_ada(context=2), False),
        (request_of_ada(guild=ELSEWHERE), True),
        (request_of_ada(guild=None, context=1), False),
        (request_of_ada(guild=None, context=2), True),
    ],
)
def test_the_bot_is_away_where_it_is_no_member(interaction: discord.Interaction, away: bool) -> None:
    """The bot is away in a server where it is no member, and in a conversation that people have without it."""
    assert rights.is_away(interaction) is away


# --- what a member may do ---


@pytest.mark.parametrize(
    ("until", "pending", "permissions", "silent"),
    [
        (None, False, WRITES, False),
        (NOW, False, WRITES, False),
        (NOW + MOMENT, False, WRITES, True),
        (None, True, WRITES, True),
        (NOW + MOMENT, True, {"administrator": True}, False),
    ],
)
def test_a_member_is_silent_during_a_timeout_and_before_accepting_the_rules(
    until: datetime | None, pending: bool, permissions: dict[str, bool], silent: bool
) -> None:
    """A member can't write during a timeout, which is over at its end, or before accepting the server's rules.

    Administrators always can.
    """
    interaction = request_of_ada(member=permissions, until=until, pending=pending)
    assert rights.is_silent(interaction, NOW) is silent
    assert rights.may_write(interaction, NOW) is not silent


@pytest.mark.parametrize(
    ("until", "permissions", "left"),
    [
        (None, {**WRITES, "manage_guild": True}, {**WRITES, "manage_guild": True}),
        (NOW, {**WRITES, "manage_guild": True}, {**WRITES, "manage_guild": True}),
        (NOW + MOMENT, {**WRITES, "manage_guild": True, "read_message_history": True}, READS),
        (NOW + MOMENT, {**READS, "attach_files": True, "manage_threads": True}, READS),
        (NOW + MOMENT, {"manage_guild": True}, {}),
        (NOW + MOMENT, {"administrator": True}, {"administrator": True}),
    ],
)
def test_a_timeout_leaves_a_member_only_reading(
    until: datetime | None, permissions: dict[str, bool], left: dict[str, bool]
) -> None:
    """During a timeout a member keeps only the rights to see and to read history, if they had them.

    A timeout doesn't affect administrators.
    """
    assert rights.permissions_of(request_of_ada(member=permissions, until=until), NOW) == discord.Permissions(**left)


def test_a_conversation_with_the_bot_needs_no_permission() -> None:
    direct = request_of_ada(guild=None, bot={})
    assert rights.permissions_of(direct, NOW) == discord.Permissions.none()
    assert rights.is_silent(direct, NOW) is False
    assert rights.may_write(direct, NOW) is True
    assert rights.may_post(direct) is True


@pytest.mark.parametrize(
    ("permissions", "is_locked", "may"),
    [
        (WRITES_IN_THREADS, False, True),
        (WRITES_IN_THREADS, True, False),
        ({**WRITES_IN_THREADS, "manage_threads": True}, True, True),
        ({"view_channel": True, "manage_threads": True}, True, False),
        ({"administrator": True}, True, True),
        (WRITES, False, False),
        ({}, False, False),
    ],
)
def test_in_a_locked_thread_write_those_who_manage_threads(
    permissions: dict[str, bool], is_locked: bool, may: bool
) -> None:
    """In a locked thread only members who may manage threads and may write in threads can write.

    The rule is the same for the command's own thread and for one picked in a form.
    """
    here = thread(locked=is_locked)
    assert rights.may_write(request_of_ada(channel=here, member=permissions), NOW) is may
    picked = {**here, "permissions": bits(permissions)}
    assert rights.may_write_in({"resolved": {"channels": {THREAD: picked}}}, THREAD) is may


@pytest.mark.parametrize("kind", list(discord.ChannelType))
def test_every_kind_of_thread_needs_the_right_to_write_in_threads(kind: discord.ChannelType) -> None:
    """Writing in a news, public or private thread takes the right to write in threads.

    Every other kind of channel takes the right to send messages.
    """
    in_thread = kind.name in {"news_thread", "public_thread", "private_thread"}
    for permissions, may in ((WRITES, not in_thread), (WRITES_IN_THREADS, in_thread)):
        picked = {"type": kind.value, "permissions": bits(permissions)}
        assert rights.may_write_in({"resolved": {"channels": {HALL: picked}}}, HALL) is may


@pytest.mark.parametrize(
    ("permissions", "in_channel", "in_thread"),
    [
        (WRITES, True, False),
        (WRITES_IN_THREADS, False, True),
        (SEES, False, False),
        ({}, False, False),
        ({"administrator": True}, True, True),
    ],
)
def test_the_bot_posts_where_it_may_write(permissions: dict[str, bool], in_channel: bool, in_thread: bool) -> None:
    """The bot posts where its own permissions let it write, no matter which ones the member has.

    Discord itself decides about a locked thread.
    """
    for others in ({}, {"administrator": True}):
        assert rights.may_post(request_of_ada(bot=permissions, member=others)) is in_channel
        assert rights.may_post(request_of_ada(bot=permissions, member=others, channel=thread(locked=True))) is in_thread


# --- the permissions that the bot lacks ---


ALL = {"view_channel": True, "attach_files": True, "read_message_history": True}


@pytest.mark.parametrize(
    ("permissions", "in_channel", "in_thread"),
    [
        ({"administrator": True}, [], []),
        ({}, ["View Channel"], ["View Channel"]),
        ({**ALL, "send_messages": True, "view_channel": False}, ["View Channel"], ["View Channel"]),
        ({**ALL, "send_messages": True}, [], ["Send Messages in Threads"]),
        ({**ALL, "send_messages_in_threads": True}, ["Send Messages"], []),
        (SEES, ["Send Messages", "Read Message History"], ["Send Messages in Threads", "Read Message History"]),
        (
            WRITES,
            ["Attach Files", "Read Message History"],
            ["Send Messages in Threads", "Read Message History"],
        ),
        ({**WRITES, "read_message_history": True}, ["Attach Files"], ["Send Messages in Threads"]),
        (
            {**WRITES, "attach_files": True},
            ["Read Message History"],
            ["Send Messages in Threads", "Read Message History"],
        ),
    ],
)
def test_what_the_bot_lacks_has_the_names_of_discords_settings(
    permissions: dict[str, bool], in_channel: list[str], in_thread: list[str]
) -> None:
    """Parley names each missing permission as Discord's settings do.

    Without View Channel it names nothing else, and without the right to write it doesn't name Attach Files.
    """
    assert rights.missing(discord.Permissions(**permissions), in_thread=False) == in_channel
    assert rights.missing(discord.Permissions(**permissions), in_thread=True) == in_thread
