"""Parley acts once on a command, a press, a form or a shortcut that Slack delivers twice, over a socket and over
HTTP."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.wire.slack.houses import settled
from tests.wire.slack.interactions import Interaction
from tests.wire.slack.world import QUESTION, TEAS, World, new_server, parley, slack_world

WAYS = pytest.mark.parametrize("http", [False, True], ids=["socket", "HTTP"])
LINE = f'/parley poll create post:yes question:"{QUESTION}" options:"{" | ".join(TEAS)}"'
FILLED = {"The question": QUESTION, "The options": "\n".join(TEAS)}


async def deliver_again(world: World, interaction: Interaction, *, retry: int = 0) -> None:
    """Deliver the same payload in a new envelope, and wait for all that follows from it."""
    more = {"retry_attempt": retry, "retry_reason": "timeout"} if retry else {}
    assert (await world.server.deliver(interaction.kind, interaction.payload, more=more)).ok
    await settled(world)


@WAYS
@pytest.mark.parametrize("retry", [0, 1], ids=["unmarked", "marked as a retry"])
async def test_a_command_that_comes_twice_opens_one_poll(tmp_path: Path, *, http: bool, retry: int) -> None:
    """A command that Slack delivers twice opens one poll and gets one answer, whether or not Slack marks the second
    delivery."""
    async with slack_world(tmp_path, http=http) as world:
        host = world.server.member("Host")
        command = await host.command(LINE)
        await settled(world)
        await deliver_again(world, command, retry=retry)
        assert len(world.server.posted()) == 1
        assert len(host.whispers()) == 1


@WAYS
async def test_a_delivery_that_is_marked_as_a_retry_can_be_the_only_one(tmp_path: Path, *, http: bool) -> None:
    """If the first delivery of a command got lost, Parley acts on the one that Slack marks as a retry."""
    async with slack_world(tmp_path, http=http) as world:
        host = world.server.member("Host")
        world.server.faults.lose("slash_commands")
        command = await host.start_command(LINE)
        assert world.server.posted() == []
        await deliver_again(world, command, retry=1)
        assert len(world.server.posted()) == 1


@WAYS
async def test_an_old_press_does_not_undo_a_newer_vote(tmp_path: Path, *, http: bool) -> None:
    """If Slack delivers an old press again after the member has changed the vote, the newer vote stays."""
    async with slack_world(tmp_path, http=http) as world:
        poll = await world.poll(world.server.member("Host"))
        ada = world.server.member("Ada")
        first = await ada.press(poll, "Green")
        await ada.press(poll, "Black")
        await deliver_again(world, first)
        assert await world.tally() == {"Black": 1}


@WAYS
async def test_a_form_that_comes_twice_opens_one_poll(tmp_path: Path, *, http: bool) -> None:
    """A form that Slack delivers twice opens one poll."""
    async with slack_world(tmp_path, http=http) as world:
        host = world.server.member("Host")
        form = (await host.command("/parley poll create post:yes")).view
        assert form is not None
        submission = await host.submit(form, FILLED)
        assert submission.interaction is not None
        await settled(world)
        await deliver_again(world, submission.interaction)
        assert len(world.server.posted()) == 1


@WAYS
async def test_a_form_that_was_refused_is_sent_again(tmp_path: Path, *, http: bool) -> None:
    """A form that was refused stays open under the same id and hash, and sending it again is no repeat, with the same
    words or others."""
    async with slack_world(tmp_path, http=http) as world:
        host = world.server.member("Host")
        form = (await host.command("/parley poll create post:yes")).view
        assert form is not None
        assert (await host.submit(form, {**FILLED, "Or pick a date and time": 1_600_000_000})).errors
        world.server.faults.refuse("chat.postMessage", "ratelimited", times=9)
        assert (await host.submit(form, FILLED)).errors
        world.server.faults.clear()
        assert (await host.submit(form, FILLED)).closed
        await settled(world)
        assert len(world.server.posted()) == 1


@WAYS
async def test_a_shortcut_that_comes_twice_opens_one_form(tmp_path: Path, *, http: bool) -> None:
    """A shortcut that Slack delivers twice opens one form, and the member reads of no failure."""
    async with slack_world(tmp_path, http=http) as world:
        host = world.server.member("Host")
        message = world.server.say(host, QUESTION)
        shortcut = await host.message_shortcut("poll-on-this", message)
        await deliver_again(world, shortcut)
        assert len(world.server.called("views.open", None)) == 1
        assert host.whispers() == []


@WAYS
async def test_a_command_that_comes_again_after_a_restart_opens_one_poll(tmp_path: Path, *, http: bool) -> None:
    """The database remembers each command, so one that Slack delivers again after a restart opens no second poll."""
    async with new_server() as server:
        async with parley(server, tmp_path, http=http) as world:
            command = await server.member("Host").command(LINE)
            await settled(world)
        async with parley(server, tmp_path, http=http) as world:
            await deliver_again(world, command)
            assert len(server.posted()) == 1
        assert server.violations == []


@WAYS
async def test_two_commands_with_the_same_words_are_two(tmp_path: Path, *, http: bool) -> None:
    """Two commands with the same words open two polls, because Parley tells commands apart by Slack's ids and not by
    their words."""
    async with slack_world(tmp_path, http=http) as world:
        host = world.server.member("Host")
        await host.command(LINE)
        await host.command(LINE)
        assert len(world.server.posted()) == 2
