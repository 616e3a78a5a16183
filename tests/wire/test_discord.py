"""Answers, votes and polls on a Discord that is fast, slow, failing or down.

The tests run the real library and the real instance over SQLite on the local Discord. No test measures time.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from pathlib import Path

import pytest

from adapters.discord.sync import PERMISSIONS
from bot.polls import repository as polls
from tests.waits import PATIENCE
from tests.wire.discord import Interaction, Member, Message
from tests.wire.discord.model import BOT_PERMISSIONS, PRIVATE_THREAD, SEND_MESSAGES
from tests.wire.discord_world import (
    TEAS,
    World,
    bugs,
    direct_messages,
    discord_world,
    new_server,
    parley,
    shown_once,
    words,
)
from tests.world import Clock

CALLBACK = r"^/interactions/.*/callback$"
POST = r"^/channels/\d+/messages$"
EDIT = r"^/channels/\d+/messages/\d+$"
FOLLOW_UP = r"^/webhooks/\d+/\w+$"
VOTED = ("Your vote is counted", "Your vote stands as it was")


def members(world: World, count: int) -> list[Member]:
    return [world.server.member(f"Voter{number}") for number in range(count)]


def votes(voters: list[Member], poll: Message) -> list[Interaction]:
    """Start the presses of all voters: the first votes for Green, the second for Black, …"""
    return [voter.start_click(poll, TEAS[number % 3]) for number, voter in enumerate(voters)]


def counted(answer: Interaction) -> bool:
    """Tell whether the member got one private answer, which says that the vote counts."""
    return shown_once(answer) and answer.text.startswith(tuple(f"### {words}" for words in VOTED))


# --- many at once ---


async def test_300_members_vote_at_once_while_the_connection_breaks_twice(tmp_path: Path) -> None:
    """Parley counts each of 300 simultaneous votes once, although the connection breaks twice.

    Each member gets one private confirmation, or sees that the vote failed and can try again. All votes together cost
    fewer than 30 edits of the poll.
    """
    async with discord_world(tmp_path) as world:
        server = world.server
        poll = await world.poll(server.member("Host"), results="live")
        voters = members(world, 300)
        cast = votes(voters[:99], poll)
        server.gateway.drop()
        cast += votes(voters[99:198], poll)
        await server.until(lambda: server.gateway.resumed == 1)
        cast += votes(voters[198:249], poll)
        server.gateway.drop()
        cast += votes(voters[249:], poll)
        failed = server.expire_unanswered()
        await server.until(lambda: server.gateway.resumed == 2)
        for voter, answer in zip(voters, cast, strict=True):
            await voter.wait(answer)
        assert failed
        assert all(counted(answer) for answer in cast if not answer.failed)
        again = [voter.start_click(poll, answer_to(poll, vote)) for vote in failed for voter in [vote.member]]
        for answer in again:
            assert counted(await answer.member.wait(answer))
        await world.quiet()
        assert await world.tally() == dict.fromkeys(TEAS, 100)
        assert "100 (33.3%)" in words(poll)
        assert poll.text.count("100 (33.3%)") == 3
        assert world.edits(poll) < 30
        assert server.gateway.identified == 1


def answer_to(poll: Message, vote: Interaction) -> str:
    """Return the label of the button that the voter pressed."""
    return next(str(c["label"]) for c in poll.controls if c["custom_id"] == vote.data["custom_id"])


async def test_every_half_typed_word_is_answered_while_others_vote(tmp_path: Path) -> None:
    """Each of 200 members who type gets 1 to 25 suggestions while 100 others vote, and every vote counts."""
    async with discord_world(tmp_path) as world:
        server = world.server
        poll = await world.poll(server.member("Host"))
        typists, voters = members(world, 200), members(world, 100)
        completions = [
            typist.start_autocomplete("fact", "words", "tea"[: 1 + n % 3]) for n, typist in enumerate(typists)
        ]
        cast = votes(voters, poll)
        for interaction in (*completions, *cast):
            await interaction.member.wait(interaction)
        assert all(0 < len(one.choices or ()) <= 25 for one in completions)
        assert all(counted(one) for one in cast)
        assert server.answers(400) == Counter()


# --- slow answers ---


async def test_a_slow_answer_is_announced_and_stays_private(tmp_path: Path) -> None:
    """While an answer takes long, only its member sees «thinking». After 14 minutes the answer still replaces it."""
    async with discord_world(tmp_path, patience=0.05) as world:
        ada = world.server.member("Ada")
        with world.slow("fact") as gate:
            question = ada.start_slash("fact", words="tea")
            await world.server.until(lambda: question.thinking)
            assert world.server.posted() == []
            world.forward(minutes=14)
            gate.set()
            await ada.wait(question)
        assert "Most people in the office drink tea" in question.text
        assert shown_once(question)


async def test_an_answer_that_comes_after_the_token_died_harms_nobody(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A token expires after 15 minutes: Parley then drops the answer, logs no error, and goes on answering."""
    async with discord_world(tmp_path, patience=0.05) as world:
        ada = world.server.member("Ada")
        with world.slow("fact") as gate:
            question = ada.start_slash("fact", words="tea")
            await world.server.until(lambda: question.thinking)
            world.forward(minutes=16)
            gate.set()
            await world.server.until(lambda: world.server.answers(401))
        assert question.messages == []
        assert "tea" in (await ada.slash("fact", words="tea")).text
        assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


async def test_a_vote_whose_answer_came_too_late_counts_and_can_be_sent_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A vote counts even if its answer comes after Discord has given up on it. A second press changes nothing."""
    async with discord_world(tmp_path) as world:
        poll, ada = await world.poll(world.server.member("Host")), world.server.member("Ada")
        late = ada.start_click(poll, "Green")
        late.give_up()
        await world.server.until(lambda: world.server.answers(404))
        assert late.failed
        again = await ada.click(poll, "Green")
        assert "Your vote stands as it was" in again.text
        assert await world.tally() == {"Green": 1}
        assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


@pytest.mark.parametrize("trouble", ["too late", "broken"])
async def test_suggestions_that_nobody_gets_are_no_bug(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, trouble: str
) -> None:
    """If suggestions come too late or the connection breaks, Parley logs one warning without a traceback."""
    async with discord_world(tmp_path) as world:
        server, ada = world.server, world.server.member("Ada")
        if trouble == "broken":
            server.faults.fail(CALLBACK, hang_up=True)
        completion = ada.start_autocomplete("fact", "words", "tea")
        if trouble == "too late":
            completion.give_up()
        await server.until(lambda: [record for record in caplog.records if record.name == "parley.discord"])
        (record,) = [record for record in caplog.records if record.name == "parley.discord"]
        assert record.levelno == logging.WARNING
        assert record.exc_info is None


# --- Discord's own failures ---

TROUBLES = {
    "500 twice": {"status": 500, "times": 2},
    "502 after it was done": {"status": 502, "done": True},
    "a connection that breaks": {"hang_up": True},
    "a connection that breaks after it was done": {"hang_up": True, "done": True},
}


@pytest.mark.parametrize("trouble", TROUBLES.values(), ids=TROUBLES)
@pytest.mark.parametrize("call", [CALLBACK, POST, EDIT], ids=["answer", "post", "edit"])
async def test_a_failure_of_discord_loses_nothing_and_doubles_nothing(
    tmp_path: Path, call: str, trouble: dict[str, int | bool]
) -> None:
    """If a call to answer, post or edit fails, even after Discord has carried it out, at most one poll appears.

    Members can vote in it, a vote that is repeated counts once, and no command or press gets two answers.
    """
    async with discord_world(tmp_path) as world:
        server, host, ada = world.server, world.server.member("Host"), world.server.member("Ada")
        ways = ["POST", "PATCH"]
        fault = server.faults.fail(call, method=ways[call == EDIT], **trouble)  # type: ignore[arg-type]
        creation = host.start_slash(
            "poll create", post=True, question="Which tea?", options="Green | Black", results="live"
        )
        await server.until(lambda: creation.settled.is_set() or fault.hit)
        await settle(world, creation)
        if not server.posted():
            assert call == POST
            await host.slash("poll create", post=True, question="Which tea?", options="Green | Black", results="live")
        (poll,) = server.posted()
        vote = ada.start_click(poll, "Green")
        await settle(world, vote)
        again = await ada.click(poll, "Green")
        assert counted(again), again.text
        await world.quiet()
        assert "★ 1" in words(poll)
        assert server.posted() == [poll]
        assert len(creation.messages) <= 1
        assert len(vote.messages) <= 1


@pytest.mark.parametrize("trouble", TROUBLES.values(), ids=TROUBLES)
async def test_a_result_is_announced_once_whatever_fails(tmp_path: Path, trouble: dict[str, int | bool]) -> None:
    """Parley announces a poll's result exactly once, even if Discord fails before or after it posts the result."""
    async with discord_world(tmp_path) as world:
        server = world.server
        poll = await world.poll(server.member("Host"), closes="1h")
        server.faults.fail(POST, method="POST", **trouble)  # type: ignore[arg-type]
        world.forward(hours=1)
        await world.instance.scheduler.run_due()
        await server.until(lambda: len(server.posted()) > 1)  # the instance's own scheduler may be retrying
        for _ in range(2):
            world.forward(hours=1)
            await world.instance.scheduler.run_due()
            await world.quiet()
        (announced,) = [message for message in server.posted() if message is not poll]
        assert "Closed: Which tea?" in announced.text


async def settle(world: World, interaction: Interaction) -> None:
    """Wait for the answer. If it was lost on the way, let the member see that the interaction failed."""
    try:
        await interaction.member.wait(interaction, 2)
    except TimeoutError:
        interaction.give_up()


# --- lost permissions, messages and channels ---


async def test_who_opens_a_poll_where_the_bot_may_not_write_is_told(tmp_path: Path) -> None:
    """Where the bot may not write, Parley stores no new poll, and privately tells the host to ask a moderator."""
    async with discord_world(tmp_path) as world:
        server, host = world.server, world.server.member("Host")
        server.forbid(server.main, SEND_MESSAGES)
        refused = await host.slash("poll create", post=True, question="Which tea?", options="Green | Black")
        assert "can't write in this channel, so I posted nothing. Ask a moderator" in refused.text
        assert refused.private
        assert await world.instance.database.read(polls.all_polls) == []


async def test_who_opens_a_poll_in_a_thread_that_the_bot_is_not_in_is_told(tmp_path: Path) -> None:
    """In a private thread without the bot, Parley cancels a new poll, and privately tells the host why."""
    async with discord_world(tmp_path) as world:
        server, host = world.server, world.server.member("Host")
        host.channel = server.add_thread("we two", server.main, kind=PRIVATE_THREAD, people=[host.user.id])
        refused = await host.slash("poll create", post=True, question="Which tea?", options="Green | Black")
        assert "can't write in this channel" in refused.text
        assert refused.private
        assert "cancelled" in (await host.slash("poll list")).text


async def test_a_lost_permission_is_reported_to_the_polls_creator_once(tmp_path: Path) -> None:
    """If Parley may no longer edit a poll's message, votes go on counting, and the creator gets one private notice.

    Parley tries the message at most 6 times during 33 votes.
    """
    async with discord_world(tmp_path) as world:
        server, host = world.server, world.server.member("Host")
        poll = await world.poll(host, results="live")
        server.forbid(server.main)
        for vote in votes(members(world, 30), poll):
            assert counted(await vote.member.wait(vote))
        await world.quiet()
        for vote in votes(members(world, 3), poll):
            assert counted(await vote.member.wait(vote))
        await world.quiet()
        assert world.edits(poll) <= 6  # at 1, 2, 4, 8, 16 and 32 votes
        (notice,) = direct_messages(world.server, host)
        assert "I can't update a poll's message" in notice.text
        assert "Which tea?" in notice.text
        assert await world.tally() == dict.fromkeys(TEAS, 11)


async def test_a_permission_that_comes_back_lets_the_poll_end_as_any_other(tmp_path: Path) -> None:
    """If Parley gets its permissions back before a poll closes, the poll's message and the result appear as usual.

    The creator gets no notice beyond the one about the loss.
    """
    async with discord_world(tmp_path) as world:
        server, host = world.server, world.server.member("Host", moderator=True)
        poll = await world.poll(host, closes="2h", results="live")
        usual = server.main.permissions
        server.forbid(server.main)
        await server.member("Ada").press(poll, poll.controls[0]["custom_id"])
        await world.quiet()
        server.main.permissions = usual
        world.forward(hours=2)
        await world.instance.scheduler.run_due()
        await world.quiet()
        assert "This poll is closed" in words(poll)
        await server.until(lambda: "Closed: Which tea?" in words(server.posted()[-1]))  # perhaps by its scheduler
        assert len(direct_messages(server, host)) == 1


@pytest.mark.parametrize("takes_messages", [True, False])
async def test_a_result_that_can_t_be_announced_reaches_the_creator(tmp_path: Path, *, takes_messages: bool) -> None:
    """If Parley may not announce a poll's result in the channel, it tells the creator the result once.

    If the creator takes no direct messages, the notice goes to the moderators' channel.
    """
    async with discord_world(tmp_path) as world:
        server, host = world.server, world.server.member("Host", moderator=True)
        office = server.add_channel("office")
        await host.slash("settings", channel=office.id)
        host.user.takes_direct_messages = takes_messages
        poll = await world.poll(host, closes="1h")
        server.forbid(server.main, SEND_MESSAGES)
        (vote,) = votes(members(world, 1), poll)
        await vote.member.wait(vote)
        world.forward(hours=1)
        for _ in range(3):
            await world.instance.scheduler.run_due()
            await world.quiet()
            world.forward(hours=1)
        notices = [*direct_messages(server, host), *server.posted(office)[1:]]
        assert "I couldn't announce a poll's result" in words(notices[0])
        assert "Winner: Green." in "".join(map(words, notices))
        assert "".join(map(words, notices)).count("I couldn't announce a poll's result") == 1


async def test_a_creator_who_takes_no_messages_stops_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Votes count even if Parley can neither edit the poll's message nor write to its creator, and it logs no error."""
    async with discord_world(tmp_path) as world:
        server, host = world.server, world.server.member("Host")
        host.user.takes_direct_messages = False
        poll = await world.poll(host, results="live")
        server.forbid(server.main)
        (vote,) = votes(members(world, 1), poll)
        assert counted(await vote.member.wait(vote))
        await world.quiet()
        assert direct_messages(world.server, host) == []
        assert bugs(caplog) == []


async def test_a_message_deleted_under_a_poll_is_forgotten_and_the_poll_goes_on(tmp_path: Path) -> None:
    """If a poll's message is deleted, Parley soon stops editing it, and still updates the poll's other message."""
    async with discord_world(tmp_path) as world:
        server = world.server
        host = server.member("Host", moderator=True)
        first = await world.poll(host, results="live")
        side = server.add_channel("side")
        await host.slash("poll post", poll="p1", here=side)
        (second,) = server.posted(side)
        server.delete_message(first)
        voters = members(world, 6)
        for number, voter in enumerate(voters):
            assert counted(await voter.click(second, TEAS[number % 3]))
            if number == 2:
                await world.quiet()
                tried = world.edits(first)
        await world.quiet()
        assert world.edits(first) == tried
        assert "★ 2" in words(second)
        assert "Which tea?" in (await host.slash("poll list")).text


async def test_a_channel_that_is_gone_is_not_tried_again(tmp_path: Path) -> None:
    """If a poll's channel is deleted, votes count, the poll closes with a result that members can read, and Parley
    tries the message at most twice."""
    async with discord_world(tmp_path) as world:
        server, side = world.server, world.server.add_channel("side")
        poll = await world.poll(server.member("Host", channel=side), results="live", closes="1h")
        voters = members(world, 3)
        server.delete_channel(side)
        for voter in voters:
            assert counted(await voter.click(poll, "Green"))
            await world.quiet()
        assert world.edits(poll) <= 2
        world.forward(hours=1)
        await world.instance.scheduler.run_due()
        await world.quiet()
        assert "Winner: Green." in words((await voters[0].slash("poll results", poll="p1")).message)


# --- Discord is down ---


async def minutes_pass(world: World) -> None:
    """Let two minutes pass, and do everything that falls due."""
    world.forward(minutes=2)
    await world.instance.scheduler.run_due()
    await world.quiet()


@pytest.mark.parametrize("resumable", [True, False], ids=["resumed", "identified anew"])
async def test_ten_minutes_without_discord_lose_nothing(tmp_path: Path, resumable: bool) -> None:
    """A poll that falls due while Discord is down for ten minutes closes with all its votes once Discord is back.

    Parley updates its message and announces its result once, whether it resumes its session or starts a new one.
    """
    async with discord_world(tmp_path) as world:
        server = world.server
        poll = await world.poll(server.member("Host"), closes="5m")
        cast = votes(members(world, 9), poll)
        for vote in cast:
            assert counted(await vote.member.wait(vote))
        await world.quiet()
        server.outage()
        world.forward(minutes=10)
        await world.instance.scheduler.run_due()
        server.back(resumable=resumable)
        gateway = server.gateway
        await server.until(lambda: gateway.resumed == 1 if resumable else gateway.identified == 2)
        await world.quiet()
        async with asyncio.timeout(PATIENCE):
            while len(server.posted()) < 2:  # an attempt during the outage delays the next one
                await minutes_pass(world)
        for _ in range(3):
            await minutes_pass(world)
        announced = [message for message in server.posted() if message is not poll]
        assert len(announced) == 1
        assert "Closed: Which tea?" in announced[0].text
        assert "This poll is closed" in poll.text
        assert await world.tally() == dict.fromkeys(TEAS, 3)
        assert "tea" in (await server.member("Ada").slash("fact", words="tea")).text


async def test_controls_of_before_a_restart_work_and_what_fell_due_is_made_up_for(tmp_path: Path) -> None:
    """Buttons work after a restart, and Parley announces at its start a poll that fell due while it was down."""
    async with new_server() as server:
        ada, clock = server.member("Ada"), Clock()
        async with parley(server, tmp_path, clock=clock) as world:
            poll = await world.poll(server.member("Host"), closes="1h")
            fact = await ada.slash("fact", words="most people in the office drink tea")
        async with parley(server, tmp_path, clock=clock) as world:
            assert counted(await ada.click(poll, "Black"))
            assert (await ada.click(fact.message, "Sources")).text
        world.forward(hours=2)
        green = poll.controls[0]["custom_id"]
        late = ada.start_press(poll, green)
        async with parley(server, tmp_path, clock=clock) as world:
            await server.until(lambda: len(server.posted()) == 2)
            await world.quiet()
            assert "Winner: Black" in poll.text
            late.give_up()
            assert "closed" in (await ada.press(poll, green)).text
        assert server.violations == []


# --- places and people ---


async def test_polls_live_in_threads_and_forums_and_count_once(tmp_path: Path) -> None:
    """A poll with messages in a thread, a forum post and a channel counts each member once.

    All its messages show the same tally.
    """
    async with discord_world(tmp_path) as world:
        server = world.server
        thread = server.add_thread("side", server.main)
        post = server.add_thread("A question", server.add_forum("questions"))
        poll = await world.poll(server.member("Host", channel=thread, moderator=True), results="live")
        voters = [server.member(f"V{n}", channel=channel) for n, channel in enumerate((thread, server.main, post))]
        creator = server.member("Again", moderator=True)
        for place in (post, server.main):
            answer = await creator.slash("poll post", poll="p1", here=place)
            assert len(server.posted(place)) == 1, answer.text
        copies = [poll, *server.posted(server.main), *server.posted(post)]
        for voter, copy in zip(voters, copies, strict=True):
            assert counted(await voter.click(copy, "Green"))
        assert "stands as it was" in (await voters[0].click(copies[1], "Green")).text
        await world.quiet()
        assert await world.tally() == {"Green": 3}
        assert all("Green ★ 3" in words(copy) for copy in copies)


async def test_the_bot_needs_no_more_permissions_than_it_asks_for(tmp_path: Path) -> None:
    """Where the bot has only the permissions of its invitation, members can open polls and vote, and Parley announces
    the result."""
    async with discord_world(tmp_path) as world:
        world.server.forbid(world.server.main, BOT_PERMISSIONS & ~PERMISSIONS.value)
        poll = await world.poll(world.server.member("Host"), closes="1h")
        (vote,) = votes(members(world, 1), poll)
        assert counted(await vote.member.wait(vote))
        world.forward(hours=1)
        await world.instance.scheduler.run_due()
        await world.server.until(lambda: "Closed: Which tea?" in words(world.server.posted()[-1]))
