"""When Discord delays, refuses or loses calls, Parley still does each thing once, and tries nothing for ever."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bot.chat.markup import text
from bot.chat.vocabulary import Card, MessageRef, Place, Reply
from bot.errors import Unavailable
from tests.wire.discord import Channel
from tests.wire.discord.errors import blocked, old_message
from tests.wire.discord_world import (
    TEAS,
    World,
    bugs,
    count_syncs,
    direct_messages,
    discord_world,
    invalid,
    new_server,
    served,
    shown_once,
    words,
)
from tests.wire.test_discord import CALLBACK, EDIT, FOLLOW_UP, POST, TROUBLES, counted, members, votes

ORIGINAL = r"^/webhooks/\d+/\w+/messages/@original$"
OPEN_DIRECT = r"^/users/@me/channels$"


async def test_a_storm_of_429_delays_and_loses_nothing(tmp_path: Path) -> None:
    """If answers, follow-ups, posts and edits get a 429 three times each, Parley does each of them once all the same.

    It repeats no call before the time that Discord named.
    """
    async with discord_world(tmp_path, patience=0.05) as world:
        server, host = world.server, world.server.member("Host")
        storms = [server.faults.storm(call, times=3) for call in (CALLBACK, POST, EDIT, FOLLOW_UP, ORIGINAL)]
        poll = await world.poll(host, results="live")
        cast = votes(members(world, 30), poll)
        for vote in cast:
            assert counted(await vote.member.wait(vote))
        with world.slow("fact") as gate:
            question = host.start_slash("fact", words="tea")
            await server.until(lambda: question.thinking)
            gate.set()
            await host.wait(question)
        with world.long("poll results"):
            results = await host.slash("poll results", poll="p1")
        await server.until(lambda: len(results.messages) == 2)
        await world.quiet()
        assert await world.tally() == dict.fromkeys(TEAS, 10)
        assert server.posted() == [poll]
        assert "★ 10" in words(poll)
        assert shown_once(question)
        assert [storm.hit for storm in storms] == [3] * len(storms)
        assert server.faults.early == 0


async def test_a_limit_for_all_calls_delays_and_loses_nothing(tmp_path: Path) -> None:
    """After 8 calls with a `global` 429, each of 30 votes still counts once, and the poll's message shows them all."""
    async with discord_world(tmp_path) as world:
        server = world.server
        poll = await world.poll(server.member("Host"), results="live")
        storm = server.faults.storm(times=8, everywhere=True)
        for vote in votes(members(world, 30), poll):
            assert counted(await vote.member.wait(vote))
        await world.quiet()
        assert storm.hit == 8
        assert await world.tally() == dict.fromkeys(TEAS, 10)
        assert "★ 10" in words(poll)
        assert server.posted() == [poll]


@pytest.mark.parametrize(("refusals", "is_answered"), [(14, True), (15, False)])
async def test_an_answer_is_given_up_after_15_refusals(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, refusals: int, is_answered: bool
) -> None:
    """Parley tries to answer a vote 15 times while a rate limit refuses it. The vote counts, answered or not."""
    async with discord_world(tmp_path) as world:
        server = world.server
        poll = await world.poll(server.member("Host"), results="live")
        storm = server.faults.storm(CALLBACK, times=refusals, retry_after=0.001)
        vote = server.member("Ada").start_press(poll, poll.controls[0]["custom_id"])
        await server.until(lambda: storm.hit == refusals)
        await world.answered()
        assert (len(vote.messages) == 1) is is_answered
        assert await world.tally() == {TEAS[0]: 1}
        assert not bugs(caplog)


async def test_an_answer_that_the_network_blocks_is_not_repeated(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Parley gives up an answer after one 429 from the network before Discord: each further call prolongs the block."""
    async with discord_world(tmp_path) as world:
        server = world.server
        poll = await world.poll(server.member("Host"), results="live")
        block = server.faults.refuse(CALLBACK, blocked())
        vote = server.member("Ada").start_press(poll, poll.controls[0]["custom_id"])
        await server.until(lambda: block.hit == 1)
        await world.answered()
        assert not vote.messages
        assert await world.tally() == {TEAS[0]: 1}
        assert not bugs(caplog)


async def test_an_old_poll_is_edited_seldom_and_ends_up_right(tmp_path: Path) -> None:
    """If Discord limits the edits of a poll older than an hour (30046), Parley waits before it edits it again.

    60 votes cost fewer than 20 edits, and the last one shows them all.
    """
    async with discord_world(tmp_path) as world:
        poll = await world.poll(world.server.member("Host"), results="live")
        world.forward(hours=2)
        world.server.faults.refuse(EDIT, old_message(0.01), "PATCH", times=7)
        for vote in votes(members(world, 60), poll):
            assert counted(await vote.member.wait(vote))
        await world.quiet()
        assert "★ 20" in words(poll)
        assert world.edits(poll) < 20


async def spread(world: World, count: int) -> list[Channel]:
    """Open a poll in the main channel, post it in `count` new channels too, and return those."""
    host = world.server.member("Host", moderator=True)
    host.user.takes_direct_messages = False
    await world.poll(host, results="live", closes="1h")
    others = [world.server.add_channel(f"side-{number}") for number in range(count)]
    for place in others:
        await host.slash("poll post", poll="p1", here=place)
    return others


async def test_what_discord_forbids_is_asked_ever_more_seldom(tmp_path: Path) -> None:
    """Discord bans an address after 10,000 refused calls in 10 minutes, so Parley makes few of them for a lost channel.

    For each channel, 30 votes cost at most 6 refused calls, and the end of the poll at most 3, plus 2 in all.
    After that Parley makes none, even in a new session.
    """
    async with discord_world(tmp_path) as world:
        server = world.server
        others = await spread(world, 5)
        for place in others:
            server.forbid(place)
        (poll,) = server.posted()
        for vote in votes(members(world, 30), poll):
            assert counted(await vote.member.wait(vote))
            await world.quiet()
        lost = invalid(server)
        # for each channel: edits at 1, 2, 4, 8 and 16 votes at most, and a message to the creator, who takes none
        assert lost <= 6 * len(others)
        for _ in range(3):
            world.forward(hours=12)
            await world.instance.scheduler.run_due()
            await world.quiet()
        ended = invalid(server)
        # for each channel: the last edit, the announcement with its picture and without; and a message to the creator
        assert ended - lost <= 3 * len(others) + 2
        for _ in range(3):
            world.forward(hours=12)
            await world.instance.scheduler.run_due()
            await world.quiet()
        server.gateway.invalidate()
        await server.until(lambda: server.gateway.identified == 2)
        await world.instance.copies.refresh_all()
        await world.quiet()
        assert "This poll is closed" in poll.text
        assert invalid(server) == ended


async def test_a_lost_channel_is_reported_to_the_polls_creator_once(tmp_path: Path) -> None:
    """If a channel with a poll's message is deleted, Parley tells the creator once, and the poll goes on."""
    async with discord_world(tmp_path) as world:
        server = world.server
        host = server.member("Host", moderator=True)
        poll = await world.poll(host, results="live")
        side = server.add_channel("side")
        await host.slash("poll post", poll="p1", here=side)
        server.delete_channel(side)
        for vote in votes(members(world, 6), poll):
            assert counted(await vote.member.wait(vote))
            await world.quiet()
        (report,) = direct_messages(server, host)
        assert "I can't update a poll's message" in report.text
        assert "its channel is gone" in report.text
        assert "★ 2" in words(poll)


# --- slow answers, follow-ups, forum posts, reports and the start ---


@pytest.mark.parametrize("trouble", TROUBLES.values(), ids=TROUBLES)
@pytest.mark.parametrize("call", [CALLBACK, ORIGINAL], ids=["announce", "answer"])
async def test_a_slow_answer_comes_whatever_fails(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, call: str, trouble: dict[str, int | bool]
) -> None:
    """If an answer is slow and Discord fails on the way, the member sees «thinking» and then one private answer.

    Parley logs no error.
    """
    async with discord_world(tmp_path, patience=0.05) as world:
        server, ada = world.server, world.server.member("Ada")
        server.faults.fail(call, **trouble)  # type: ignore[arg-type]
        with world.slow("fact") as gate:
            question = ada.start_slash("fact", words="tea")
            await server.until(lambda: question.thinking)
            gate.set()
            await ada.wait(question)
        assert "Most people in the office drink tea" in question.text
        assert shown_once(question)
        assert bugs(caplog) == []


@pytest.mark.parametrize("trouble", TROUBLES.values(), ids=TROUBLES)
async def test_an_answer_comes_whatever_fails(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, trouble: dict[str, int | bool]
) -> None:
    """If Discord fails while Parley answers a command, a button or a form, the answer still arrives once.

    Parley logs no error.
    """
    async with discord_world(tmp_path) as world:
        server, ada = world.server, world.server.member("Ada")
        server.faults.fail(CALLBACK, **trouble)  # type: ignore[arg-type]
        fact = await ada.slash("fact", words="most people in the office drink tea")
        assert "Most people in the office drink tea" in fact.text
        server.faults.fail(CALLBACK, **trouble)  # type: ignore[arg-type]
        sources = await ada.click(fact.message, "Sources")
        assert "A count of the kitchen" in sources.text
        server.faults.fail(CALLBACK, **trouble)  # type: ignore[arg-type]
        opened = await ada.slash("poll create", post=True)
        assert opened.modal
        server.faults.fail(CALLBACK, **trouble)  # type: ignore[arg-type]
        creation = await ada.submit(opened, question="Which tea?", options="Green\nBlack")
        assert "The poll is open" in creation.text
        assert len(server.posted()) == 1
        assert all(shown_once(answer) for answer in (fact, creation))
        assert sources.messages == []  # they replace the fact in its own message
        assert bugs(caplog) == []


@pytest.mark.parametrize("trouble", TROUBLES.values(), ids=TROUBLES)
@pytest.mark.parametrize("call", [CALLBACK, ORIGINAL], ids=["announce", "answer"])
async def test_a_slow_vote_is_confirmed_once_whatever_fails(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, call: str, trouble: dict[str, int | bool]
) -> None:
    """If a vote is slow and Discord fails on the way, the member sees «thinking» and then one private confirmation."""
    async with discord_world(tmp_path, patience=0.05) as world:
        server, ada = world.server, world.server.member("Ada")
        poll = await world.poll(server.member("Host"))
        server.faults.fail(call, **trouble)  # type: ignore[arg-type]
        with world.slow(action="vote") as gate:
            vote = ada.start_click(poll, "Green")
            await server.until(lambda: vote.thinking)
            gate.set()
            await ada.wait(vote)
            await world.answered()
        assert counted(vote)
        assert server.posted() == [poll]
        assert bugs(caplog) == []


@pytest.mark.parametrize("trouble", TROUBLES.values(), ids=TROUBLES)
@pytest.mark.parametrize("call", [CALLBACK, ORIGINAL], ids=["announce", "answer"])
async def test_a_slow_answer_takes_the_place_of_its_message_whatever_fails(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, call: str, trouble: dict[str, int | bool]
) -> None:
    """If a vote by ballot is slow and Discord fails on the way, the ballot's message becomes the confirmation.

    No second message appears.
    """
    async with discord_world(tmp_path, patience=0.05) as world:
        server, ada = world.server, world.server.member("Ada")
        poll = await world.poll(server.member("Host"), method="ranked")
        ballot = await ada.press(poll, "v1:ballot:p1")
        server.faults.fail(call, **trouble)  # type: ignore[arg-type]
        with world.slow(action="cast") as gate:
            cast = ada.start_press(ballot.message, "v1:cast:p1:2>0>1")
            await server.until(lambda: cast.answered)
            gate.set()
            await ada.wait(cast)
        assert "Your vote is counted" in ballot.message.text
        assert cast.messages == []
        assert bugs(caplog) == []


FAR = {name: trouble for name, trouble in TROUBLES.items() if name != "a connection that breaks after it was done"}
"""Discord doesn't recognise a repeated follow-up, so one that it posted before the connection broke appears twice."""


@pytest.mark.parametrize("trouble", FAR.values(), ids=FAR)
async def test_an_answer_of_several_messages_comes_whole_whatever_fails(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, trouble: dict[str, int | bool]
) -> None:
    """If Discord fails while Parley sends an answer's second message, both arrive once, privately.

    Parley logs no error.
    """
    async with discord_world(tmp_path) as world:
        server, host = world.server, world.server.member("Host")
        await world.poll(host, results="live")
        fault = server.faults.fail(FOLLOW_UP, method="POST", **trouble)  # type: ignore[arg-type]
        with world.long("poll results"):
            results = await host.slash("poll results", poll="p1")
        await world.answered()
        assert fault.hit
        assert len(results.messages) == 2
        assert results.private
        assert bugs(caplog) == []


LONG = Reply((Card(title="First", body=text("tea " * 900)), Card(title="Second", body=text("tea " * 900))))


@pytest.mark.parametrize("forum", [False, True], ids=["channel", "forum"])
async def test_what_takes_several_messages_goes_on_where_it_broke_off(tmp_path: Path, *, forum: bool) -> None:
    """If Discord fails after the first of two messages, the next attempt sends only the second one, to the same place.

    A new reply with the same words is sent whole, and so is an attempt 2 hours after the failure.
    """
    async with discord_world(tmp_path) as world:
        server = world.server
        channel = server.add_forum("reports") if forum else server.main
        place = Place("discord", server.guild.id, channel.id)

        def titles_by_place() -> list[list[str]]:
            """Return the titles of the messages, channel by channel."""
            places = [each for each in server.channels.values() if channel in {each, each.parent}]
            places_titles = [[message.text.partition("\n")[0] for message in server.posted(each)] for each in places]
            return [titles for titles in places_titles if titles]

        async def broken_off() -> None:
            server.faults.fail(POST, method="POST", hang_up=True, times=3, after=1)
            with pytest.raises(Unavailable):
                await world.client.post(place, LONG)

        await broken_off()
        posted = await world.client.post(place, LONG)
        assert posted is not None
        assert len(posted.id.split(",")) == 2
        assert titles_by_place() == [["### First", "### Second"]]
        await world.client.post(place, LONG)
        await broken_off()
        world.forward(hours=2)
        await world.client.post(place, LONG)
        assert sum(map(len, titles_by_place())) == 7
        assert sum(titles.count("### First") for titles in titles_by_place()) == 4


async def test_what_may_be_there_is_not_sent_twice_by_a_later_attempt(tmp_path: Path) -> None:
    """If Discord posts a message but loses every confirmation, the next attempt finds it and posts no second one."""
    async with discord_world(tmp_path) as world:
        server = world.server
        place, news = Place("discord", server.guild.id, server.main.id), Reply((Card(title="News"),))
        server.faults.fail(POST, method="POST", hang_up=True, done=True, times=3)
        with pytest.raises(Unavailable):
            await world.client.post(place, news)
        posted = await world.client.post(place, news)
        assert posted is not None
        assert [message.id for message in server.posted()] == [posted.id]


@pytest.mark.parametrize("trouble", TROUBLES.values(), ids=TROUBLES)
async def test_a_forum_gets_one_post_whatever_fails(tmp_path: Path, trouble: dict[str, int | bool]) -> None:
    """If Discord fails while Parley opens a forum post, exactly one post appears, although forum posts have no nonce.

    Parley mistakes neither an older post with the same title for it, nor a newer one by a member.
    """
    async with discord_world(tmp_path) as world:
        server = world.server
        forum = server.add_forum("reports")
        older = server.add_thread("News", forum, owner=server.bot)
        server.add_thread("News", forum, owner=server.member("Ada").user)
        forum.newest = older.id  # Ada's post isn't there yet when Parley looks
        server.faults.fail(r"^/channels/\d+/threads$", **trouble)  # type: ignore[arg-type]
        place = Place("discord", server.guild.id, forum.id)
        posted = await world.client.post(place, Reply((Card(title="News", body=text("Tea is ready.")),)))
        posts = [channel for channel in server.channels.values() if channel.parent is forum]
        assert len(posts) == 3
        assert posted == MessageRef(replace(place, thread=posts[2].id), posts[2].id)
        assert [message.text for message in server.posted(posts[2])] == ["### News\nTea is ready."]


@pytest.mark.parametrize("call", [OPEN_DIRECT, POST], ids=["open the conversation", "write"])
@pytest.mark.parametrize("trouble", TROUBLES.values(), ids=TROUBLES)
async def test_a_report_is_told_once_whatever_fails(tmp_path: Path, call: str, trouble: dict[str, int | bool]) -> None:
    """If Discord fails while Parley reports a lost message, the poll's creator still gets the report exactly once."""
    async with discord_world(tmp_path) as world:
        server = world.server
        host = server.member("Host")
        poll = await world.poll(host, results="live")
        server.forbid(server.main)
        server.faults.fail(call, method="POST", **trouble)  # type: ignore[arg-type]
        await server.member("Ada").click(poll, "Green")
        await world.quiet()
        (report,) = direct_messages(server, host)
        assert "I can't update a poll's message" in report.text


@pytest.mark.parametrize("call", [r"^/users/@me$", r"^/oauth2/applications/@me$", r"/commands$"])
async def test_a_start_goes_on_whatever_fails(tmp_path: Path, caplog: pytest.LogCaptureFixture, call: str) -> None:
    """If Discord fails twice while Parley logs in or registers its commands, Parley tries again until it is ready."""
    async with new_server() as server:
        server.faults.fail(call, status=503, times=2)
        async with served(server, tmp_path) as world:
            assert count_syncs(server) >= 1
            assert server.commands[""]
            assert "tea" in (await server.member("Ada").slash("fact", words="tea")).text
            assert world.there
        assert bugs(caplog) == []
