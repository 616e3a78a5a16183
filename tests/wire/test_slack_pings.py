"""A poll on Slack pings one user group, in its first message only, and only where host and app may ping it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.wire.slack import Member
from tests.wire.slack.model import Group, Message
from tests.wire.slack.world import QUESTION, TEAS, World, slack_world

LINE = f'/parley poll create question:"{QUESTION}" options:"{" | ".join(TEAS)}"'
GROUP, HANDLE = "S1", "fans"
BOX = ["Ping the community's role for polls when it opens"]


async def group_for_polls(world: World) -> Group:
    """Make a group that moderators let hosts ping. Return it."""
    group = world.server.team.groups[GROUP] = Group(GROUP, HANDLE, [])
    world.server.pinged.add(GROUP)
    await world.server.member("Mo", admin=True).command(f"/parley settings ping:@{HANDLE}")
    return group


async def settle(host: Member, **filled: str | list[str]) -> dict[str, str]:
    """Preview a poll as its host, and fill in *More settings*. Return the mistakes beside its fields."""
    await host.command(LINE)
    form = (await host.press(host.newest("More settings"), "More settings")).view
    assert form is not None
    return (await host.submit(form, filled)).errors


async def posted(world: World, host: Member) -> Message:
    await host.press(host.newest("Post"), "Post")
    return world.server.posted(world.server.main)[-1]


def pinged(message: Message) -> bool:
    return f"'usergroup_id': '{GROUP}'" in str(message.blocks)


@pytest.mark.parametrize(
    ("guest", "home", "disabled", "may"),
    [
        (False, "", False, True),
        (True, "", False, False),
        (False, "T9", False, False),
        (False, "", True, False),
    ],
    ids=["a member", "a guest", "another organisation's member", "a group that is disabled"],
)
async def test_host_and_app_must_both_be_able_to(
    tmp_path: Path, guest: bool, home: str, disabled: bool, may: bool
) -> None:
    """A guest or another organisation's person can't ping a group on Slack, and nobody can ping a disabled one. The
    form says so."""
    async with slack_world(tmp_path) as world:
        group = await group_for_polls(world)
        ada = world.server.member("Ada")
        ada.user.guest, ada.user.home, group.disabled = guest, home, disabled
        errors = await settle(ada, others=BOX)
        assert ("you and I both need the right" in str(errors)) is not may
        if may:
            message = await posted(world, ada)
            assert pinged(message)


async def test_only_the_first_message_pings(tmp_path: Path) -> None:
    """A poll's first message pings the group. When a vote redraws the message, the group stands there by its handle and
    isn't pinged."""
    async with slack_world(tmp_path) as world:
        await group_for_polls(world)
        ada = world.server.member("Ada")
        await settle(ada, others=BOX)
        message = await posted(world, ada)
        await world.server.member("Ben").press(message, TEAS[0])
        await world.quiet()
        assert message.edits > 0
        assert not pinged(message)
        assert f"@{HANDLE}" in str(message.blocks)


async def test_a_host_who_chose_nothing_and_a_community_that_allows_nothing_ping_nobody(tmp_path: Path) -> None:
    """A poll pings nobody if its host leaves the box empty, or if a moderator takes the setting back before it is
    posted."""
    async with slack_world(tmp_path) as world:
        await group_for_polls(world)
        ada = world.server.member("Ada")
        await settle(ada)
        assert not pinged(await posted(world, ada))
        await settle(ada, others=BOX)
        await world.server.member("Mo").command("/parley settings without:ping")
        assert not pinged(await posted(world, ada))


async def test_without_the_scope_for_groups_nobody_is_pinged(tmp_path: Path) -> None:
    """Without the scope for groups, which an installer may decline, Parley can't know the group, and the form refuses
    the ping."""
    async with slack_world(tmp_path) as world:
        await group_for_polls(world)
        ada = world.server.member("Ada")
        world.server.scopes = world.server.scopes.replace("usergroups:read", "")
        assert "you and I both need the right" in str(await settle(ada, others=BOX))
        world.server.forgive("missing_scope")


async def test_a_form_takes_a_group_by_its_handle(tmp_path: Path) -> None:
    """In a form a host types the group that may vote by its handle, and the poll shows the handle. The form refuses a
    handle that no group has."""
    async with slack_world(tmp_path) as world:
        await group_for_polls(world)
        ada = world.server.member("Ada")
        assert "Members here can't have" in str(await settle(ada, role="@fan"))
        assert not await settle(ada, role=f"@{HANDLE}")
        message = await posted(world, ada)
        assert f"Only members with this role can vote: @{HANDLE}" in message.text
