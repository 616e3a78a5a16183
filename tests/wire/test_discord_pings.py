"""A poll on Discord pings one role, in its first message only, and only where host and bot may ping it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.wire.discord import Member
from tests.wire.discord.model import MENTION_EVERYONE, Overwrite, role_json
from tests.wire.discord_world import QUESTION, TEAS, World, discord_world, words


async def role_for_polls(world: World, mo: Member, *, mentionable: bool = False) -> str:
    """Make a role that moderators let hosts ping. Return its id."""
    server, role = world.server, world.server.new_id()
    server.guild.roles[role] = "Poll fans"
    event = {"guild_id": server.guild.id, "role": role_json(role, "Poll fans") | {"mentionable": mentionable}}
    server.gateway.dispatch("GUILD_ROLE_CREATE", event, server.guild.id)
    await mo.slash("settings", ping=role)
    return role


def let(world: World, *people: str) -> None:
    """Let the people with these ids mention everyone in the main channel."""
    for person in people:
        world.server.main.overwrites[person] = Overwrite(allow=MENTION_EVERYONE)
    world.server.update(world.server.main)


async def open_with_a_ping(world: World, host: Member) -> Any:
    """Open a poll and tick the ping; post the poll unless the form refuses that. Return the form's answer."""
    preview = await host.slash("poll create", question=QUESTION, options=" | ".join(TEAS))
    more = await host.click(preview.message, "More settings")
    answer = await host.submit(more, others=["ping"])
    if "Not sent yet" not in words(answer.message):
        await host.click(answer.message, "Post")
    return answer


def roles_pinged(world: World) -> list[str]:
    """Return the roles pinged by messages sent to the channel or changed in it."""
    bodies = [call.body for call in world.server.calls if "/messages" in call.path and isinstance(call.body, dict)]
    return [str(role) for body in bodies for role in (body.get("allowed_mentions") or {}).get("roles", ())]


@pytest.mark.parametrize(
    ("host_may", "bot_may", "mentionable", "pings"),
    [
        (True, True, False, True),
        (False, True, False, False),
        (True, False, False, False),
        (False, False, True, True),
    ],
    ids=["both may", "the host may not", "the bot may not", "everybody may ping this role"],
)
async def test_host_and_bot_must_both_have_the_right(
    tmp_path: Path, host_may: bool, bot_may: bool, mentionable: bool, pings: bool
) -> None:
    """A poll pings a role if the host and the bot both may mention everyone, or if everybody may ping that role.
    Otherwise the form says so, and nobody is pinged."""
    async with discord_world(tmp_path) as world:
        ada, mo = world.server.member("Ada"), world.server.member("Mo", moderator=True)
        role = await role_for_polls(world, mo, mentionable=mentionable)
        let(world, *[ada.user.id] * host_may, *[world.server.bot.id] * bot_may)
        answer = await open_with_a_ping(world, ada)
        assert ("you and I both need the right" in words(answer.message)) is not pings
        assert roles_pinged(world) == [role] * pings


async def test_only_the_first_message_pings(tmp_path: Path) -> None:
    """A poll's first message pings the role. When a vote redraws the message, the role stands there and nobody is
    pinged again."""
    async with discord_world(tmp_path) as world:
        ada, mo = world.server.member("Ada"), world.server.member("Mo", moderator=True)
        role = await role_for_polls(world, mo)
        let(world, ada.user.id, world.server.bot.id)
        await open_with_a_ping(world, ada)
        [poll] = [each for each in world.server.posted() if QUESTION in each.text]
        await mo.click(poll, TEAS[0])
        await world.quiet()
        assert world.edits(poll) > 0
        assert f"<@&{role}>" in poll.text
        assert roles_pinged(world) == [role]


async def test_a_host_who_chose_nothing_and_a_community_that_allows_nothing_ping_nobody(tmp_path: Path) -> None:
    """A poll pings nobody if its host leaves the box unticked, or if a moderator takes the setting back before it is
    posted."""
    async with discord_world(tmp_path) as world:
        ada, mo = world.server.member("Ada"), world.server.member("Mo", moderator=True)
        await role_for_polls(world, mo, mentionable=True)
        await world.poll(ada)
        preview = await ada.slash("poll create", question=QUESTION, options=" | ".join(TEAS))
        ticked = await ada.submit(await ada.click(preview.message, "More settings"), others=["ping"])
        await mo.slash("settings", without="ping")
        await ada.click(ticked.message, "Post")
        assert len(world.server.posted()) == 2
        assert roles_pinged(world) == []


async def test_a_form_takes_a_role_by_its_name(tmp_path: Path) -> None:
    """In a form a host types the role that may vote by its name, in capitals or not, and the form shows it by name
    again. The form refuses a name that no role has."""
    async with discord_world(tmp_path) as world:
        ada = world.server.member("Ada")
        role = await role_for_polls(world, world.server.member("Mo", moderator=True))
        preview = await ada.slash("poll create", question=QUESTION, options=" | ".join(TEAS))
        more = await ada.click(preview.message, "More settings")
        assert "Members here can't have" in words((await ada.submit(more, role="@Poll")).message)
        filled = await ada.submit(more, role="@poll fans")
        assert f"Only members with this role can vote: <@&{role}>" in words(filled.message)
        again = await ada.click(filled.message, "More settings")
        assert "@Poll fans" in str(again.modal)
