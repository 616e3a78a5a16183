"""What Parley says later about a poll or a discussion is a reply to the first message of that place, and pings nobody."""

from __future__ import annotations

from pathlib import Path

from tests.wire.discord import Message
from tests.wire.discord.model import READ_HISTORY
from tests.wire.discord_world import World, discord_world, words


async def later(world: World, **span: float) -> list[Message]:
    """The messages that follow in the main channel after this time."""
    before = len(world.server.posted(world.server.main))
    world.forward(**span)
    await world.instance.scheduler.run_due()
    await world.server.until(lambda: len(world.server.posted(world.server.main)) > before)
    return world.server.posted(world.server.main)[before:]


async def test_reminder_and_result_reply_to_the_poll(tmp_path: Path) -> None:
    """To its first message, though the poll was posted twice; the reply pings nobody."""
    async with discord_world(tmp_path) as world:
        host = world.server.member("Host", moderator=True)
        await host.slash("settings", reminder=60)
        poll = await world.poll(host, closes="2 hours")
        await host.slash("poll post", poll="p1")
        reminder, result = [*await later(world, minutes=61), *await later(world, hours=1)]
        assert "Which tea?" in words(reminder)
        assert reminder.replied_to is result.replied_to is poll
        sent = [call.body for call in world.server.calls if "message_reference" in (call.body or {})]
        assert len(sent) == 2
        for body in sent:
            assert body["message_reference"]["fail_if_not_exists"] is False
            assert body["allowed_mentions"] == {"parse": []}  # Discord pings the author only where asked to


async def test_a_discussion_s_result_replies_to_it(tmp_path: Path) -> None:
    """As a poll's does."""
    async with discord_world(tmp_path) as world:
        host = world.server.member("Host")
        await host.slash(
            "discuss start",
            question="Tea?",
            statements="Free tea | Free milk | Washed cups | Open | Guests",
            closes="2h",
        )
        start = world.server.posted(world.server.main)[-1]
        (result,) = await later(world, hours=3)
        assert result.replied_to is start


async def test_without_the_first_message_the_result_is_posted_all_the_same(tmp_path: Path) -> None:
    """Where a member deleted it, and where the bot may not read the channel's history."""
    async with discord_world(tmp_path) as world:
        host = world.server.member("Host")
        poll = await world.poll(host, closes="1 hour")
        world.server.delete_message(poll)
        (result,) = await later(world, hours=2)
        assert result.replied_to is None
        await world.poll(host, closes="1 hour")
        world.server.forbid(world.server.main, READ_HISTORY)
        (result,) = await later(world, hours=2)
        assert "Which tea?" in words(result)
        assert result.replied_to is None
