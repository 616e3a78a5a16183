"""Later messages of Parley about a poll or a discussion answer its first message, and are shown in the channel too."""

from __future__ import annotations

from pathlib import Path

from tests.wire.slack import Member, words
from tests.wire.slack.model import Message
from tests.wire.slack.world import QUESTION, World, slack_world


async def later(world: World, **span: float) -> list[Message]:
    """Let this time pass. Return the messages that follow in the main channel, except pictures."""
    before = len(world.server.posted())
    world.clock.forward(**span)
    await world.instance.scheduler.run_due()
    return [message for message in world.server.posted()[before:] if words(message.blocks)]


async def voted(world: World, host: Member, **options: str) -> Message:
    poll = await world.poll(host, **options)
    await host.press(poll, "Green")
    await world.quiet()
    return poll


async def test_reminder_and_result_answer_the_poll(tmp_path: Path) -> None:
    """A poll's reminder and its result stand in the thread of its first message, even if it was posted twice, and are
    shown in the channel."""
    async with slack_world(tmp_path) as world:
        host = world.server.member("Host")
        poll = await voted(world, host, closes="2h")
        await host.command("/parley poll post poll:p1")
        for message, title in (
            (await later(world, minutes=61), "Closing soon"),
            (await later(world, hours=1), "Closed"),
        ):
            assert f"{title}: {QUESTION}" in words(message[0].blocks)
            assert (message[0].thread_ts, message[0].broadcast) == (poll.ts, True)


async def test_without_the_first_message_the_result_stands_alone(tmp_path: Path) -> None:
    """If a poll's first message is deleted, Parley posts the result once, as a message of its own in the channel."""
    async with slack_world(tmp_path) as world:
        poll = await voted(world, world.server.member("Host"), closes="1h")
        poll.deleted = True
        [result] = await later(world, hours=2)
        assert (result.thread_ts, result.broadcast) == ("", False)
        await world.quiet()  # the deleted message is redrawn once more, in vain
        world.server.forgive("thread_not_found")
        world.server.forgive("message_not_found")


async def test_a_discussions_result_answers_it(tmp_path: Path) -> None:
    """The result of a discussion stands in the thread of its first message, and is shown in the channel."""
    async with slack_world(tmp_path) as world:
        host = world.server.member("Host")
        statements = "Free tea | Free milk | Washed cups | Open | Guests"
        await host.command(f'/parley discuss start question:"Tea?" statements:"{statements}" closes:2h')
        start = world.server.posted()[-1]
        [result] = await later(world, hours=3)
        assert (result.thread_ts, result.broadcast) == (start.ts, True)
