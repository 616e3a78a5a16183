"""Later messages of Parley about a poll or a discussion reply to its first message in that place, and ping nobody."""

from __future__ import annotations

from pathlib import Path

from tests.wire.discord import Message
from tests.wire.discord.model import READ_HISTORY
from tests.wire.discord_world import World, discord_world, words


async def later(world: World, **span: float) -> list[Message]:
    """Let this time pass. Return the messages that follow in the main channel."""
    before = len(world.server.posted(world.server.main))
    world.forward(**span)
    await world.instance.scheduler.run_due()
    await world.server.until(lambda: len(world.server.posted(world.server.main)) > before)
    return world.server.posted(world.server.main)[before:]


async def test_reminder_and_result_reply_to_the_poll(tmp_path: Path) -> None:
    """A poll's reminder and its result reply to its first message, even if it was posted twice, and ping nobody."""
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
    """The result of a discussion replies to the discussion's first message."""
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
    """If a poll's first message is deleted, or the bot may not read the channel's history, Parley posts the result as a
    message of its own."""
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
