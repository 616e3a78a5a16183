"""A private poll on Discord answers only where it was posted, and no member or moderator gets at it from elsewhere."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bot.polls import repository as polls
from tests.wire.discord import Channel, DiscordServer, Interaction, Member, Message
from tests.wire.discord.model import BOT, FORUM, PRIVATE_THREAD
from tests.wire.discord_world import QUESTION, TEAS, World, bugs, discord_world, words

POLL = "p1"


@dataclass(slots=True)
class Club:
    """A private poll that Host opened and Ada voted in. Everybody else is outside."""

    world: World
    place: Channel
    host: Member
    ada: Member
    message: Message

    @property
    def server(self) -> DiscordServer:
        return self.world.server


def hidden_channel(server: DiscordServer, *people: Member) -> Channel:
    channel = server.add_channel("board")
    server.hide(channel, *people)
    return channel


def thread_of_a_hidden_channel(server: DiscordServer, *people: Member) -> Channel:
    return server.add_thread("agenda", hidden_channel(server, *people))


def post_of_a_hidden_forum(server: DiscordServer, *people: Member) -> Channel:
    forum = server.add_channel("motions", kind=FORUM)
    server.hide(forum, *people)
    return server.add_thread("a motion", forum)


def private_thread(server: DiscordServer, *people: Member) -> Channel:
    ids = [member.user.id for member in people]
    return server.add_thread("us", server.main, kind=PRIVATE_THREAD, people=[*ids, BOT])


Placing = Callable[..., Channel]
PLACES: dict[str, Placing] = {
    "a hidden channel": hidden_channel,
    "a thread of a hidden channel": thread_of_a_hidden_channel,
    "a post of a hidden forum": post_of_a_hidden_forum,
    "a private thread": private_thread,
}


@asynccontextmanager
async def club(folder: Path, placing: Placing = hidden_channel, **options: Any) -> AsyncIterator[Club]:
    async with discord_world(folder) as world:
        host, ada = world.server.member("Host"), world.server.member("Ada")
        host.channel = ada.channel = placing(world.server, host, ada)
        message = await world.poll(host, results="live", **options)
        assert "counted" in (await ada.click(message, "Green")).text
        await world.quiet()
        yield Club(world, host.channel, host, ada, message)


def leaks(interaction: Interaction) -> list[str]:
    """Return what an answer and its files show of the poll: its question and its options."""
    texts = "\n".join(message.text for message in interaction.messages)
    server = interaction.member.server
    files = [
        server.uploads[file["id"]].decode(errors="replace")
        for message in interaction.messages
        for file in message.attachments
    ]
    return [secret for secret in (QUESTION, *TEAS) if secret in "\n".join([texts, *files])]


Attempt = Callable[[Club, Member], Awaitable[Interaction]]


def press(action: str) -> Attempt:
    """Press a forged control of the poll, on no message at all."""
    return lambda _, outsider: outsider.press(None, f"v1:{action}")


def command(name: str, **options: Any) -> Attempt:
    return lambda _, outsider: outsider.slash(name, **options)


async def press_on_another_poll(club: Club, outsider: Member) -> Interaction:
    """Press a control of the private poll on the public message of another poll."""
    message = next(message for message in club.server.posted() if "Which bread?" in message.text)
    return await outsider.press(message, f"v1:vote:{POLL}:1")


async def press_on_a_forward(club: Club, outsider: Member) -> Interaction:
    """Press a forged control on Ada's forward of the poll. A forward has no controls of its own."""
    forward = Message(club.server.new_id(), club.server.main, club.ada.user, club.server.now(), forwarded=club.message)
    club.server.main.messages[forward.id] = forward
    return await outsider.press(forward, f"v1:vote:{POLL}:1")


async def write_to_the_bot_alone(club: Club, outsider: Member) -> Interaction:
    alone = club.server.direct(outsider.user)
    return await outsider.slash("poll results", poll=POLL, here=alone)


async def ask_in_another_hidden_channel(club: Club, outsider: Member) -> Interaction:
    other = club.server.add_channel("another")
    club.server.hide(other, outsider)
    return await outsider.slash("poll results", poll=POLL, here=other)


async def ask_in_another_server(club: Club, outsider: Member) -> Interaction:
    there = club.server.add_channel("lobby", club.server.add_guild("Elsewhere"))
    assert there.guild is not None
    outsider.guild = there.guild
    return await outsider.slash("poll results", poll=POLL, here=there)


ATTEMPTS: dict[str, Attempt] = {
    "vote": press(f"vote:{POLL}:1"),
    "vote on another poll's message": press_on_another_poll,
    "vote on a forward": press_on_a_forward,
    "fill in a ballot": press(f"ballot:{POLL}:1"),
    "cast a ballot": press(f"cast:{POLL}:1"),
    "withdraw": press(f"withdraw:{POLL}"),
    "own ballot": press(f"mine:{POLL}"),
    "how secret": press(f"secrecy:{POLL}"),
    "show": press(f"poll-show:{POLL}"),
    "results by a button": press(f"poll-results:{POLL}"),
    "close by a button": press(f"poll-close:{POLL}"),
    "cancel by a button": press(f"poll-cancel:{POLL}"),
    "list": command("poll list"),
    "results": command("poll results", poll=POLL),
    "results of any poll": command("poll results"),
    "results for everybody": command("poll results", poll=POLL, share=True),
    "receipt of any poll": command("poll receipt"),
    "receipt": command("poll receipt", poll=POLL),
    "export": command("poll export", poll=POLL),
    "post": command("poll post", poll=POLL),
    "post by a button": press(f"poll-post:{POLL}"),
    "close": command("poll close", poll=POLL),
    "cancel": command("poll cancel", poll=POLL),
    "extend": command("poll extend", poll=POLL, closes="2h"),
    "own data": command("privacy show"),
    "data file": command("privacy export"),
    "in a direct message": write_to_the_bot_alone,
    "in another hidden channel": ask_in_another_hidden_channel,
    "in another server": ask_in_another_server,
}


@pytest.mark.parametrize("moderator", [False, True], ids=["a member", "a moderator"])
@pytest.mark.parametrize("attempt", ATTEMPTS.values(), ids=ATTEMPTS)
async def test_a_private_poll_is_shut_to_those_outside(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, attempt: Attempt, *, moderator: bool
) -> None:
    """From outside its place a member or a moderator reads nothing of a private poll, neither its question nor an
    option, posts it nowhere, and changes nothing in it."""
    async with club(tmp_path) as it:
        await it.server.member("Other").slash("poll create", post=True, question="Which bread?", options="Rye | Wheat")
        posts = len(it.server.posted())
        answer = await attempt(it, it.server.member("Eve", moderator=moderator))
        assert leaks(answer) == []
        assert answer.private or "Which bread?" in answer.text
        assert not any(QUESTION in message.text for message in it.server.posted())
        assert len(it.server.posted()) <= posts + 1
        assert await it.world.tally() == {"Green": 1}
        assert [str(poll.state) for poll in await it.world.instance.database.read(polls.all_polls)] == ["open", "open"]
        assert bugs(caplog) == []


@pytest.mark.parametrize("moderator", [False, True], ids=["a member", "a moderator"])
@pytest.mark.parametrize("placing", PLACES.values(), ids=PLACES)
async def test_each_kind_of_private_place_keeps_its_polls(tmp_path: Path, placing: Placing, *, moderator: bool) -> None:
    """A private poll in a thread or a forum's post is shut to those who don't see its channel. One in a private thread
    is shut to the members of its channel too."""
    async with club(tmp_path, placing) as it:
        eve = it.server.member("Eve", moderator=moderator)
        for attempt in ("vote", "show", "list", "results"):
            assert leaks(await ATTEMPTS[attempt](it, eve)) == []
        assert await it.world.tally() == {"Green": 1}
        assert QUESTION in (await it.ada.slash("poll list")).text
        results = words((await it.ada.slash("poll results", poll=POLL)).message)
        assert "So far in front: Green." in results
        assert "1 ballot was cast." in results


async def test_no_poll_is_opened_in_a_direct_message(tmp_path: Path) -> None:
    """Parley refuses a poll in a direct message, where nobody else could vote, and names channels as the place for
    one."""
    async with discord_world(tmp_path) as world:
        ada = world.server.member("Ada")
        alone = world.server.direct(ada.user)
        answer = await ada.slash("poll create", post=True, question=QUESTION, options=" | ".join(TEAS), here=alone)
        assert "in a channel, not in direct messages" in answer.text
        assert await world.instance.database.read(polls.all_polls) == []


@pytest.mark.parametrize(
    "option", ["poll results", "poll receipt", "poll export", "poll post", "poll close", "poll extend"]
)
async def test_completion_leaves_a_private_poll_out(tmp_path: Path, option: str) -> None:
    """When a moderator types a poll elsewhere, Parley's suggestions leave a private poll out."""
    async with club(tmp_path) as it:
        eve = it.server.member("Eve", moderator=True)
        for text in ("", "p", "Which"):
            choices = await eve.autocomplete(option, "poll", text)
            assert [choice for choice in choices if QUESTION in choice["name"] or choice["value"] == POLL] == []


async def test_completion_knows_a_private_poll_in_its_place(tmp_path: Path) -> None:
    """Where a private poll was opened, Parley suggests it like any other poll."""
    async with club(tmp_path) as it:
        choices = await it.ada.autocomplete("poll results", "poll", "Which")
        assert [choice["value"] for choice in choices] == [POLL]


async def test_the_log_leaves_private_polls_out(tmp_path: Path) -> None:
    """`/log` shows a moderator who closed a public poll, but nothing of a private one, even in its place."""
    async with club(tmp_path) as it:
        main = it.server.main
        await it.host.slash("poll create", post=True, question="Which bread?", options="Rye | Wheat", here=main)
        for poll in (POLL, "p2"):
            closing = await it.host.slash("poll close", poll=poll)
            await it.host.click(closing.message, "Close it and show the result")
        eve = it.server.member("Eve", moderator=True)
        it.server.hide(it.place, it.host, it.ada, eve)
        for place in (main, it.place):
            log = await eve.slash("log", here=place)
            assert words(log.message).count("Host closed a poll") == 1
            assert "Which bread?" in log.text
            assert leaks(log) == []


async def test_a_receipt_is_checked_anywhere_and_shows_no_question(tmp_path: Path) -> None:
    """Anybody may check a receipt's code anywhere. Parley says that the ballot is in the count, and shows nothing of
    the poll."""
    async with club(tmp_path) as it:
        receipt = await it.ada.slash("poll receipt", poll=POLL)
        code = re.search(rf"{POLL}(-[A-Z0-9]{{4}}){{4}}", receipt.text)
        assert code is not None
        answer = await it.server.member("Eve").slash("poll receipt", code=code[0])
        assert "is in the count" in answer.text
        assert leaks(answer) == []


async def test_a_private_poll_stays_private_where_its_channel_opens(tmp_path: Path) -> None:
    """If the channel of a private poll opens to all, members who come to it can vote. From elsewhere the poll stays out
    of reach."""
    async with club(tmp_path) as it:
        it.server.open(it.place)
        eve, zoe = it.server.member("Eve", moderator=True), it.server.member("Zoe", channel=it.place)
        for attempt in ("vote", "list", "results", "export", "post"):
            assert leaks(await ATTEMPTS[attempt](it, eve)) == []
        assert "counted" in (await zoe.click(it.message, "Black")).text
        assert await it.world.tally() == {"Green": 1, "Black": 1}


async def test_the_result_of_a_private_poll_is_announced_in_its_place_alone(tmp_path: Path) -> None:
    """Parley announces the result of a private poll only in its place, and shows and exports its record only there."""
    async with club(tmp_path, closes="1h") as it:
        it.world.forward(hours=1)
        await it.world.instance.scheduler.run_due()
        await it.server.until(lambda: "Closed: " in it.server.posted(it.place)[-1].text)
        await it.world.quiet()
        assert it.server.posted() == []
        eve = it.server.member("Eve", moderator=True)
        for attempt in ("export", "results", "list", "post", "results by a button", "show"):
            assert leaks(await ATTEMPTS[attempt](it, eve)) == []
        assert "poll-p1.json" in str((await it.host.slash("poll export", poll=POLL)).message.attachments)


async def test_only_the_host_opens_a_private_poll_to_a_wider_place_and_is_asked_first(tmp_path: Path) -> None:
    """A moderator can't post another host's private poll in a wider place, even one who sees it. Before its host posts
    it there, Parley says in private who will read it. Once posted there, the poll answers there too, and nowhere else.
    """
    async with club(tmp_path) as it:
        main, side = it.server.main, it.server.add_channel("side")
        mo = it.server.member("Mo", moderator=True)
        it.server.hide(it.place, it.host, it.ada, mo)
        for attempt in ("post", "post by a button"):
            assert leaks(await ATTEMPTS[attempt](it, mo)) == []
        question = await it.host.slash("poll post", poll=POLL, here=main)
        assert question.private
        assert "Everyone who can see this channel will read the question" in question.text
        assert it.server.posted(main) == []
        await it.host.click(question.message, "Post it here")
        (copy,) = it.server.posted(main)
        eve = it.server.member("Eve")
        assert "counted" in (await eve.click(copy, "Black")).text
        assert leaks(await eve.slash("poll results", poll=POLL, here=side)) == []
        assert await it.world.tally() == {"Green": 1, "Black": 1}
