"""Discord says «later», «no» or nothing: what was asked for happens once, and nothing is tried for ever."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.wire.discord import Channel
from tests.wire.discord.errors import old_message
from tests.wire.discord_world import (
    TEAS,
    World,
    bugs,
    direct_messages,
    discord_world,
    invalid,
    new_server,
    served,
    shown_once,
    told,
    words,
)
from tests.wire.test_discord import CALLBACK, EDIT, FOLLOW_UP, POST, TROUBLES, counted, members, votes

ORIGINAL = r"^/webhooks/\d+/\w+/messages/@original$"
OPEN_DIRECT = r"^/users/@me/channels$"


async def test_a_storm_of_429_delays_and_loses_nothing(tmp_path: Path) -> None:
    """Every kind of call is refused three times; what was asked for happens, once."""
    async with discord_world(tmp_path) as world:
        server, host = world.server, world.server.member("Host")
        for call in (CALLBACK, POST, EDIT, FOLLOW_UP):
            server.faults.storm(call, times=3)
        poll = await world.poll(host, results="live")
        cast = votes(members(world, 30), poll)
        for vote in cast:
            assert counted(await vote.member.wait(vote))
        await world.quiet()
        assert await world.tally() == dict.fromkeys(TEAS, 10)
        assert server.posted() == [poll]
        assert "★ 10" in words(poll)
        assert server.answers(429).total() >= 9


async def test_a_limit_for_all_calls_delays_and_loses_nothing(tmp_path: Path) -> None:
    """A 429 that is `global` stops everything for a while, then each vote is in and the poll shows it."""
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


async def test_an_old_poll_is_edited_seldom_and_ends_up_right(tmp_path: Path) -> None:
    """Discord takes few edits of a message that is an hour old: 30046 delays the edit, and the last one is made."""
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
    """A poll of Host's in the main channel, posted in so many others."""
    host = world.server.member("Host", moderator=True)
    host.user.takes_direct_messages = False
    await world.poll(host, results="live", closes="1h")
    others = [world.server.add_channel(f"side-{number}") for number in range(count)]
    for place in others:
        await host.slash("poll post", poll="p1", here=place)
    return others


async def test_what_discord_forbids_is_asked_once(tmp_path: Path) -> None:
    """10,000 refusals in 10 minutes ban the address. So a lost channel costs one edit, whatever goes on in the poll for
    however long: votes, the close, the announcement, a new connection."""
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
        # each copy: the edit, the message to its creator, who takes none
        assert lost == 2 * len(others)
        for _ in range(3):
            world.forward(hours=12)
            await world.instance.scheduler.run_due()
            await world.quiet()
        server.gateway.invalidate()
        await server.until(lambda: server.gateway.identified == 2)
        await world.instance.copies.refresh_all()
        await world.quiet()
        assert "This poll is closed" in poll.text
        assert invalid(server) == lost


async def test_a_lost_channel_is_reported_to_the_polls_creator_once(tmp_path: Path) -> None:
    """10003: the channel was deleted, and the creator may not know that the poll stood there too."""
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
        assert "can't be updated" in report.text
        assert "its channel is gone" in report.text
        assert "★ 2" in words(poll)


# --- each call that is not made with every vote ---


@pytest.mark.parametrize("trouble", TROUBLES.values(), ids=TROUBLES)
@pytest.mark.parametrize("call", [CALLBACK, ORIGINAL], ids=["announce", "answer"])
async def test_a_slow_answer_comes_whatever_fails(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, call: str, trouble: dict[str, int | bool]
) -> None:
    """The person sees «thinking», then the answer, once. A connection that breaks is no bug."""
    async with discord_world(tmp_path, patience=0.05) as world:
        server, ada = world.server, world.server.member("Ada")
        server.faults.fail(call, **trouble)  # type: ignore[arg-type]
        with world.slow("fact") as gate:
            asked = ada.start_slash("fact", words="tea")
            await server.until(lambda: asked.thinking)
            gate.set()
            await ada.wait(asked)
        assert "Most people in the office drink tea" in asked.text
        assert shown_once(asked)
        assert bugs(caplog) == []


@pytest.mark.parametrize("trouble", TROUBLES.values(), ids=TROUBLES)
async def test_an_answer_comes_whatever_fails(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, trouble: dict[str, int | bool]
) -> None:
    """The first answer to a command, to a button and to a form: each is there, once."""
    async with discord_world(tmp_path) as world:
        server, ada = world.server, world.server.member("Ada")
        server.faults.fail(CALLBACK, **trouble)  # type: ignore[arg-type]
        found = await ada.slash("fact", words="tea")
        assert "Most people in the office drink tea" in found.text
        server.faults.fail(CALLBACK, **trouble)  # type: ignore[arg-type]
        sources = await ada.click(found.message, "Sources")
        assert "A count of the kitchen" in sources.text
        server.faults.fail(CALLBACK, **trouble)  # type: ignore[arg-type]
        opened = await ada.slash("poll create")
        assert opened.modal
        server.faults.fail(CALLBACK, **trouble)  # type: ignore[arg-type]
        sent = await ada.submit(opened, question="Which tea?", options="Green\nBlack")
        assert "The poll is open" in sent.text
        assert len(server.posted()) == 1
        assert all(shown_once(answer) for answer in (found, sources, sent))
        assert bugs(caplog) == []


@pytest.mark.parametrize("call", [OPEN_DIRECT, POST], ids=["open the conversation", "write"])
@pytest.mark.parametrize("trouble", TROUBLES.values(), ids=TROUBLES)
async def test_a_report_is_told_once_whatever_fails(tmp_path: Path, call: str, trouble: dict[str, int | bool]) -> None:
    """That a copy was lost reaches the creator, and reaches them once."""
    async with discord_world(tmp_path) as world:
        server = world.server
        host = server.member("Host")
        poll = await world.poll(host, results="live")
        server.forbid(server.main)
        server.faults.fail(call, method="POST", **trouble)  # type: ignore[arg-type]
        await server.member("Ada").click(poll, "Green")
        await world.quiet()
        (report,) = direct_messages(server, host)
        assert "can't be updated" in report.text


@pytest.mark.parametrize("call", [r"^/users/@me$", r"^/oauth2/applications/@me$", r"/commands$"])
async def test_a_start_goes_on_whatever_fails(tmp_path: Path, caplog: pytest.LogCaptureFixture, call: str) -> None:
    """Discord fails while Parley logs in or tells its commands: it begins again until all is done."""
    async with new_server() as server:
        server.faults.fail(call, status=503, times=2)
        async with served(server, tmp_path) as world:
            assert told(server) >= 1
            assert server.commands[""]
            assert "tea" in (await server.member("Ada").slash("fact", words="tea")).text
            assert world.there
        assert bugs(caplog) == []
