"""A poll's ping on Discord: one role, in the first message, where host and bot may."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.wire.discord import Member
from tests.wire.discord.model import MENTION_EVERYONE, Overwrite, role_json
from tests.wire.discord_world import QUESTION, TEAS, World, discord_world, words


async def role_for_polls(world: World, mo: Member, *, mentionable: bool = False) -> str:
    """A role of the server, which moderators let hosts ping."""
    server, role = world.server, world.server.new_id()
    server.guild.roles[role] = "Poll fans"
    event = {"guild_id": server.guild.id, "role": role_json(role, "Poll fans") | {"mentionable": mentionable}}
    server.gateway.dispatch("GUILD_ROLE_CREATE", event, server.guild.id)
    await mo.slash("settings", ping=role)
    return role


def let(world: World, *people: str) -> None:
    """Lets these people, by their ids, mention everyone in the main channel."""
    for person in people:
        world.server.main.overwrites[person] = Overwrite(allow=MENTION_EVERYONE)
    world.server.update(world.server.main)


async def open_with_a_ping(world: World, host: Member) -> Any:
    """The host opens a poll, and ticks the ping if they may. Returns the form's answer."""
    preview = await host.slash("poll create", question=QUESTION, options=" | ".join(TEAS))
    more = await host.click(preview.message, "More settings")
    answer = await host.submit(more, others=["ping"])
    if "Not sent yet" not in words(answer.message):
        await host.click(answer.message, "Post")
    return answer


def roles_pinged(world: World) -> list[str]:
    """By every message that was sent to the channel or changed."""
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
    """Where one of them lacks it, the form says so and nobody is pinged."""
    async with discord_world(tmp_path) as world:
        ada, mo = world.server.member("Ada"), world.server.member("Mo", moderator=True)
        role = await role_for_polls(world, mo, mentionable=mentionable)
        let(world, *[ada.user.id] * host_may, *[world.server.bot.id] * bot_may)
        answer = await open_with_a_ping(world, ada)
        assert ("you and I both need the right" in words(answer.message)) is not pings
        assert roles_pinged(world) == [role] * pings


async def test_only_the_first_message_pings(tmp_path: Path) -> None:
    """The message shows the role, and when a vote redraws it, nobody is pinged again."""
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
    """Both rights are there, and neither the unticked box nor the setting taken back pings."""
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
    """In a form a mention is plain words; the form shows the role the same way, and another name is refused."""
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
