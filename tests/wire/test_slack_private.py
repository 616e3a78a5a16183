"""A private poll on Slack answers only where it stands, and no member or moderator gets at it from elsewhere."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bot.chat.vocabulary import Card, Place, Reply
from tests.wire.slack import Channel, Member, Message, SlackServer, View, words
from tests.wire.slack.houses import settled
from tests.wire.slack.model import Json
from tests.wire.slack.world import QUESTION, TEAS, World, bugs, slack_world

POLL = "p1"
DECOY = "Which bread?"


@dataclass(slots=True)
class Club:
    """A private poll that Host opened and Ada voted in. Everybody else is outside, and has a poll of their own."""

    world: World
    place: Channel
    host: Member
    ada: Member
    message: Message
    decoy: Message
    """A public poll, in the channel where everybody is."""

    @property
    def server(self) -> SlackServer:
        return self.world.server

    async def command(self, member: Member, line: str) -> None:
        await member.start_command(f"/parley {line}")
        await settled(self.world)

    async def forge(self, member: Member, place: Message | View, action: str, **used: Any) -> None:
        """Use a control that isn't there, as no client of Slack's could."""
        element = {"action_id": f"v1:{action}"}
        await member.act(place, {"block_id": "b"}, {"type": "button", **used}, element)
        await settled(self.world)

    async def suggestions(self, member: Member, action: str, **place: Any) -> Json:
        """Return what a type-ahead list with this action offers."""
        interaction = self.server.interaction("interactive", member, member.channel)
        payload = {
            **member.shared("block_suggestion", interaction),
            "container": {"type": "message", "message_ts": self.decoy.ts, "channel_id": self.decoy.channel.id},
            "channel": {"id": self.decoy.channel.id, "name": self.decoy.channel.payload_name},
            "action_id": f"v1:{action}",
            "block_id": "b",
            "value": "",
            **place,
        }
        ack = await self.server.deliver("interactive", payload)
        assert ack.ok
        return dict(ack.payload)


def private_channel(server: SlackServer, *people: Member) -> Channel:
    channel = server.add_channel("board", public=False)
    channel.members.update(one.id for one in people)
    return channel


def converted_channel(server: SlackServer, *people: Member) -> Channel:
    channel = server.add_channel("was-public")
    channel.members = {one.id for one in people}
    server.convert(channel, public=False)
    return channel


def private_channel_of_old(server: SlackServer, *people: Member) -> Channel:
    channel = private_channel(server, *people)
    del server.team.channels[channel.id]
    channel.id = "G77"
    server.team.channels[channel.id] = channel
    return channel


def group_conversation(server: SlackServer, *people: Member) -> Channel:
    return server.add_conversation("G", *people, bot_in=True)


def shared_channel(server: SlackServer, *people: Member) -> Channel:
    channel = private_channel(server, *people)
    channel.shared = True
    return channel


Placing = Callable[..., Channel]
PLACES: dict[str, Placing] = {
    "a private channel": private_channel,
    "a channel that became private": converted_channel,
    "a private channel of old": private_channel_of_old,
    "a conversation of several": group_conversation,
    "a private channel of two organisations": shared_channel,
}


@asynccontextmanager
async def club(folder: Path, placing: Placing = private_channel, **options: str) -> AsyncIterator[Club]:
    async with slack_world(folder) as world:
        server = world.server
        host, ada = server.member("Host"), server.member("Ada")
        place = placing(server, host, ada)
        message = await world.poll(host.at(place), results="live", **options)
        assert "counted" in (await ada.at(place).press(message, "Green")).text
        await server.member("Other").command(f'/parley poll create post:yes question:"{DECOY}" options:"Rye | Wheat"')
        await world.quiet()
        yield Club(world, place, host.at(place), ada.at(place), message, server.posted()[-1])


def read_by(server: SlackServer, member: Member) -> str:
    """Return all that reaches this member: messages, files in them, forms, and the Home tab."""
    channels = [one for one in member.team.channels.values() if member.id in one.members]
    messages = [one for channel in channels for one in channel.messages if one.only_for in {"", member.id}]
    views = [*server.stack(member.team, member.id), *filter(None, [member.home])]
    files = [member.team.files[name] for message in messages for name in message.files]
    contents = [(file.content or b"").decode(errors="replace") for file in files]
    return "\n".join(
        [
            *(one.text + json.dumps(one.blocks) for one in messages),
            *(json.dumps(view.content) for view in views),
            *contents,
        ]
    )


def leaks(server: SlackServer, member: Member) -> list[str]:
    text = read_by(server, member)
    return [secret for secret in (QUESTION, *TEAS) if secret in text]


Attempt = Callable[[Club, Member], Awaitable[object]]


def press(action: str) -> Attempt:
    """Press a control of the private poll on the public poll's message."""
    return lambda club, outsider: club.forge(outsider, club.decoy, action)


def command(line: str) -> Attempt:
    return lambda club, outsider: club.command(outsider, line)


def alone(line: str) -> Attempt:
    """Give the command in the outsider's conversation with the bot."""
    return lambda club, outsider: club.command(outsider.at_direct(), line)


async def press_on_home(club: Club, outsider: Member) -> None:
    await club.forge(outsider, await outsider.open_home(), f"poll-show:{POLL}")


async def vote_on_home(club: Club, outsider: Member) -> None:
    await club.forge(outsider, await outsider.open_home(), f"vote:{POLL}:1")


async def open_home(club: Club, outsider: Member) -> None:
    home = words((await outsider.open_home()).content["blocks"])
    assert DECOY in home
    assert f"Show {POLL}" not in home


async def ask_in_another_private_channel(club: Club, outsider: Member) -> None:
    await club.command(outsider.at(private_channel(club.server, outsider)), f"poll results {POLL}")


async def ask_in_a_conversation_of_several(club: Club, outsider: Member) -> None:
    group = club.server.add_conversation("G", outsider, club.server.member("Zoe"), bot_in=True)
    await club.command(outsider.at(group), f"poll results {POLL}")


async def ask_in_a_conversation_of_two(club: Club, outsider: Member) -> None:
    await club.command(outsider.at(club.server.add_conversation("D", outsider, club.ada)), f"poll results {POLL}")


async def look_the_poll_up_from_a_message(club: Club, outsider: Member) -> None:
    message = club.server.say(outsider, f"{POLL} poll results v1:poll-show:{POLL}")
    await outsider.message_shortcut("find-facts", message)
    await outsider.message_shortcut("poll-on-this", message)
    await settled(club.world)


async def pick_the_channel_in_a_form(club: Club, outsider: Member) -> None:
    """Slack's list offers a channel only to those inside. A forged pick comes without Slack's permission to answer
    there."""
    form = (await outsider.shortcut("start-poll")).view
    assert form is not None
    posts = len(club.server.posted(club.place))
    filled = {"The question": "Ours?", "The options": "Yes\nNo", "Where to post it": club.place.id}
    submission = await outsider.submit(form, filled)
    await settled(club.world)
    assert "can't write in this channel" in " ".join(submission.errors.values()) + read_by(club.server, outsider)
    assert len(club.server.posted(club.place)) == posts


async def send_a_form_with_another_place(club: Club, outsider: Member) -> None:
    """A form's metadata is bound to its member, so a form with another place in it no longer works."""
    form = (await outsider.command("/parley poll create post:yes")).view
    assert form is not None
    origin = json.loads(form.content["private_metadata"])
    form.content["private_metadata"] = json.dumps({**origin, "channel": club.place.id})
    posts = len(club.server.posted(club.place))
    submission = await outsider.submit(form, {"The question": "Ours?", "The options": "Yes\nNo"})
    assert "no longer works" in " ".join(submission.errors.values())
    assert len(club.server.posted(club.place)) == posts


async def send_the_form_of_a_member_inside(club: Club, outsider: Member) -> None:
    form = (await club.ada.command("/parley poll create post:yes")).view
    mine = (await outsider.command("/parley poll create post:yes")).view
    assert form is not None
    assert mine is not None
    mine.content["private_metadata"] = form.content["private_metadata"]
    submission = await outsider.submit(mine, {"The question": "Ours?", "The options": "Yes\nNo"})
    assert "no longer works" in " ".join(submission.errors.values())


async def type_in_a_list(club: Club, outsider: Member) -> None:
    for action in (f"ballot:{POLL}:1", f"vote:{POLL}", f"poll-show:{POLL}"):
        offers = json.dumps(await club.suggestions(outsider, action))
        assert not any(secret in offers for secret in (QUESTION, *TEAS))


ATTEMPTS: dict[str, Attempt] = {
    "vote": press(f"vote:{POLL}:1"),
    "fill in a ballot": press(f"ballot:{POLL}:1"),
    "cast a ballot": press(f"cast:{POLL}:1"),
    "withdraw": press(f"withdraw:{POLL}"),
    "own ballot": press(f"mine:{POLL}"),
    "how secret": press(f"secrecy:{POLL}"),
    "show": press(f"poll-show:{POLL}"),
    "results by a button": press(f"poll-results:{POLL}"),
    "post by a button": press(f"poll-post:{POLL}"),
    "close by a button": press(f"poll-close:{POLL}"),
    "cancel by a button": press(f"poll-cancel:{POLL}"),
    "list": command("poll list"),
    "results": command(f"poll results {POLL}"),
    "results of any poll": command("poll results"),
    "results for everybody": command(f"poll results {POLL} share:yes"),
    "receipt": command(f"poll receipt poll:{POLL}"),
    "receipt of any poll": command("poll receipt"),
    "receipt with a made-up code": command(f"poll receipt code:{POLL}-AAAA-BBBB-CCCC-DDDD"),
    "export": command(f"poll export {POLL}"),
    "post": command(f"poll post {POLL}"),
    "close": command(f"poll close {POLL}"),
    "cancel": command(f"poll cancel {POLL}"),
    "extend": command(f"poll extend {POLL} closes:2h"),
    "log": command("log"),
    "own data": command("privacy show"),
    "data file": command("privacy export"),
    "list alone with the bot": alone("poll list"),
    "results alone with the bot": alone(f"poll results {POLL}"),
    "export alone with the bot": alone(f"poll export {POLL}"),
    "post alone with the bot": alone(f"poll post {POLL}"),
    "the Home tab": open_home,
    "a control of the Home tab": press_on_home,
    "a vote on the Home tab": vote_on_home,
    "in another private channel": ask_in_another_private_channel,
    "in a conversation of several": ask_in_a_conversation_of_several,
    "in a conversation with a member inside": ask_in_a_conversation_of_two,
    "a message's menu": look_the_poll_up_from_a_message,
    "a form's list of channels": pick_the_channel_in_a_form,
    "a form that names the place": send_a_form_with_another_place,
    "a form of a member inside": send_the_form_of_a_member_inside,
    "a list while typing": type_in_a_list,
}


@pytest.mark.parametrize("moderator", [False, True], ids=["a member", "a moderator"])
@pytest.mark.parametrize("attempt", ATTEMPTS.values(), ids=ATTEMPTS)
async def test_a_private_poll_is_shut_to_those_outside(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, attempt: Attempt, *, moderator: bool
) -> None:
    """From outside its place a member or a moderator reads nothing of a private poll, neither its question nor an
    option, and changes nothing in it."""
    async with club(tmp_path) as it:
        eve = it.server.member("Eve", admin=moderator)
        await attempt(it, eve)
        await it.world.quiet()
        assert leaks(it.server, eve) == []
        assert await it.world.tally() == {"Green": 1}
        assert "Cancelled" not in words(it.message.blocks)
        assert "Closed" not in words(it.message.blocks)
        assert bugs(caplog) == []


@pytest.mark.parametrize("placing", PLACES.values(), ids=PLACES)
async def test_each_kind_of_private_place_keeps_its_polls(tmp_path: Path, placing: Placing) -> None:
    """Each kind of private place keeps its polls, also a channel that became private and one with an old id. Inside,
    the poll is like any other."""
    async with club(tmp_path, placing) as it:
        eve = it.server.member("Eve", admin=True)
        for attempt in ("vote", "show", "list", "results", "the Home tab"):
            await ATTEMPTS[attempt](it, eve)
        assert leaks(it.server, eve) == []
        assert QUESTION in (await it.ada.command("/parley poll list")).text
        assert "Green" in (await it.ada.command(f"/parley poll results {POLL}")).text
        assert await it.world.tally() == {"Green": 1}


async def test_a_conversation_with_the_bot_keeps_its_polls(tmp_path: Path) -> None:
    """A poll that a member opens in the conversation with the bot works there, and is shown to nobody else."""
    async with slack_world(tmp_path) as world:
        ada, eve = world.server.member("Ada").at_direct(), world.server.member("Eve", admin=True)
        poll = await world.poll(ada)
        await eve.command("/parley poll list")
        await eve.command(f"/parley poll results {POLL}")
        await eve.open_home()
        assert leaks(world.server, eve) == []
        await ada.press(poll, "Green")
        assert await world.tally() == {"Green": 1}


async def test_a_post_to_a_member_is_found_again_in_their_conversation(tmp_path: Path) -> None:
    """A message to a member has the id of their conversation in its reference, because presses come from there, and
    Parley can edit it."""
    async with slack_world(tmp_path) as world:
        ada = world.server.member("Ada")
        place = Place("slack", ada.team.id, ada.id, direct=True, private=True)
        ref = await world.chat.post(place, Reply((Card(title="Short"),)))
        assert ref is not None
        assert ref.place.channel == ada.at_direct().channel.id
        await world.chat.edit(ref, Reply((Card(title="Shorter"),)))
        assert "Shorter" in ada.at_direct().text


async def test_a_form_that_was_open_while_its_channel_became_private(tmp_path: Path) -> None:
    """A poll is private if its channel is private when its form is sent, even if the channel was public when the form
    opened."""
    async with slack_world(tmp_path) as world:
        server = world.server
        ada, eve = server.member("Ada"), server.member("Eve", admin=True)
        channel = server.add_channel("open-now")
        form = (await ada.at(channel).command("/parley poll create post:yes")).view
        assert form is not None
        channel.members.discard(eve.id)
        server.convert(channel, public=False)
        assert (await ada.submit(form, {"The question": QUESTION, "The options": "\n".join(TEAS)})).closed
        await settled(world)
        assert QUESTION in ada.at(channel).text
        await eve.open_home()
        await eve.command("/parley poll list")
        assert leaks(server, eve) == []


@pytest.mark.parametrize("error", ["missing_scope", "internal_error", "method_not_supported_for_channel_type"])
async def test_a_place_of_which_slack_tells_nothing_is_private(tmp_path: Path, error: str) -> None:
    """If Slack doesn't say what a place is, for lack of a scope or because of an error, its polls are private."""
    async with slack_world(tmp_path) as world:
        ada, eve = world.server.member("Ada"), world.server.member("Eve", admin=True)
        form = (await ada.command("/parley poll create post:yes")).view
        assert form is not None
        world.server.faults.refuse("conversations.info", error, times=9)
        assert (await ada.submit(form, {"The question": QUESTION, "The options": "\n".join(TEAS)})).closed
        await settled(world)
        assert "Show “" not in words((await eve.open_home()).content["blocks"])
        assert "No polls yet" in (await eve.at_direct().command("/parley poll list")).text


@pytest.mark.parametrize("by_form", [False, True], ids=["a command", "a form"])
async def test_a_public_poll_is_everybodys(tmp_path: Path, *, by_form: bool) -> None:
    """A poll opened in a public channel, by a command or a form, stands on every member's Home tab and in every member's
    list."""
    async with slack_world(tmp_path) as world:
        ada, eve = world.server.member("Ada"), world.server.member("Eve")
        if by_form:
            form = (await ada.command("/parley poll create post:yes")).view
            assert form is not None
            assert (await ada.submit(form, {"The question": QUESTION, "The options": "\n".join(TEAS)})).closed
            await settled(world)
        else:
            await world.poll(ada)
        assert QUESTION in words((await eve.open_home()).content["blocks"])
        assert QUESTION in (await eve.at_direct().command("/parley poll list")).text


async def test_a_poll_stays_private_where_its_channel_opens(tmp_path: Path) -> None:
    """If the channel of a private poll becomes public, members who come to it can vote. From elsewhere the poll stays
    out of reach."""
    async with club(tmp_path) as it:
        eve, zoe = it.server.member("Eve", admin=True), it.server.member("Zoe")
        it.server.convert(it.place, public=True)
        it.place.members.add(zoe.id)
        for attempt in ("vote", "list", "results", "export", "the Home tab"):
            await ATTEMPTS[attempt](it, eve)
        assert leaks(it.server, eve) == []
        assert "counted" in (await zoe.at(it.place).press(it.message, "Black")).text
        assert await it.world.tally() == {"Green": 1, "Black": 1}


async def test_a_receipt_is_checked_anywhere_and_shows_no_question(tmp_path: Path) -> None:
    """Anybody may check a receipt's code anywhere. Parley says that the ballot is in the count, and shows nothing of
    the poll."""
    async with club(tmp_path) as it:
        code = re.search(
            rf"{POLL}(-[A-Z0-9]{{4}}){{4}}", (await it.ada.command(f"/parley poll receipt poll:{POLL}")).text
        )
        assert code is not None
        eve = it.server.member("Eve")
        assert "is in the count" in (await eve.command(f"/parley poll receipt code:{code[0]}")).text
        assert leaks(it.server, eve) == []


async def test_the_result_is_announced_in_its_place_alone(tmp_path: Path) -> None:
    """Parley announces the result of a private poll in its place, and shows and exports its record to nobody
    outside."""
    async with club(tmp_path, closes="1h") as it:
        it.world.clock.forward(hours=1)
        await it.world.instance.scheduler.run_due()
        await it.server.until(lambda: any("Closed:" in words(one.blocks) for one in it.server.posted(it.place)))
        await settled(it.world)
        await it.world.quiet()
        eve = it.server.member("Eve", admin=True)
        for attempt in ("export", "results", "list", "post", "show", "results by a button", "the Home tab"):
            await ATTEMPTS[attempt](it, eve)
        assert leaks(it.server, eve) == []
