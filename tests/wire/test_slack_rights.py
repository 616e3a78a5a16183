"""On Slack nobody makes Parley post where they can't, and Parley stores nothing that it can't post."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.wire.slack import Channel, Member
from tests.wire.slack.houses import settled
from tests.wire.slack.reading import CannotDo
from tests.wire.slack.world import QUESTION, TEAS, World, bugs, slack_world

LINE = f'/parley poll create post:yes question:"{QUESTION}" options:"{" | ".join(TEAS)}"'
FILLED = {"The question": QUESTION, "The options": "\n".join(TEAS)}


def without_the_bot(world: World, *people: Member) -> Channel:
    channel = world.server.add_channel("board", public=False, bot_in=False)
    channel.members.update(one.id for one in people)
    return channel


def between_two(world: World, *people: Member) -> Channel:
    return world.server.add_conversation("D", *people, world.server.member("Ben"))


def between_several(world: World, *people: Member) -> Channel:
    return world.server.add_conversation("G", *people, world.server.member("Ben"), world.server.member("Cem"))


CLOSED: dict[str, tuple[Callable[..., Channel], str]] = {
    "a private channel": (without_the_bot, "/invite @Parley"),
    "a conversation of two": (between_two, "Use a channel, or your conversation with me."),
    "a conversation of several": (between_several, "/invite @Parley"),
}


@pytest.mark.parametrize("line", [LINE, "/parley poll create"], ids=["a command", "a form"])
@pytest.mark.parametrize(("placing", "words"), CLOSED.values(), ids=CLOSED)
async def test_nothing_is_stored_where_the_bot_is_not(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, placing: Callable[..., Channel], words: str, line: str
) -> None:
    """In a private channel or a conversation without the bot, Parley says in private what to do, opens no form, and
    stores no poll."""
    async with slack_world(tmp_path) as world:
        ada = world.server.member("Ada")
        here = ada.at(placing(world, ada))
        answer = await here.command(line)
        assert (answer.private, words in answer.text, answer.view) == (True, True, None)
        assert "No polls yet" in (await here.command("/parley poll list")).text
        assert world.server.called("chat.postMessage", None) == []
        world.server.forgive("channel_not_found")
        assert bugs(caplog) == []


@pytest.mark.parametrize("placing", [without_the_bot, between_two], ids=["a private channel", "a conversation of two"])
async def test_look_ups_are_shared_where_the_bot_is_not(tmp_path: Path, placing: Callable[..., Channel]) -> None:
    """A member can share a look-up where the bot is not, because it answers their own command, which needs no
    invitation."""
    async with slack_world(tmp_path) as world:
        ada = world.server.member("Ada")
        here = ada.at(placing(world, ada))
        await here.command("/parley fact tea drinkers share:yes")
        assert "Most people in the office drink tea." in world.server.posted(here.channel)[-1].text


async def test_a_form_whose_channel_was_archived_meanwhile_stores_nothing(tmp_path: Path) -> None:
    """If a form's channel was archived before the form is sent, the form says so and Parley stores no poll."""
    async with slack_world(tmp_path) as world:
        ada = world.server.member("Ada")
        channel = world.server.add_channel("old")
        form = (await ada.at(channel).command("/parley poll create post:yes")).view
        assert form is not None
        channel.archived = True
        submission = await ada.submit(form, FILLED)
        assert "can't write in this channel" in " ".join(submission.errors.values())
        assert "No polls yet" in (await ada.command("/parley poll list")).text
        assert world.server.called("chat.postMessage", None) == []


async def test_a_poll_goes_to_the_channel_that_the_member_picks(tmp_path: Path) -> None:
    """A member may pick a public channel, or a private one that they are in, and post the poll from its preview
    there."""
    async with slack_world(tmp_path) as world:
        ada = world.server.member("Ada")
        board = world.server.add_channel("board", public=False)
        board.members.add(ada.id)
        for channel in (world.server.main, board):
            form = (await ada.shortcut("start-poll")).view
            assert form is not None
            assert (await ada.submit(form, {**FILLED, "Where to post it": channel.id})).closed
            await settled(world)
            assert world.server.posted(channel) == []
            await ada.at(channel).press(channel.messages[-1], "Post")
            assert len(world.server.posted(channel)) == 1


async def test_nobody_posts_in_a_private_channel_that_they_only_name(tmp_path: Path) -> None:
    """Parley refuses a private channel that a form only names, because Slack gives no right to answer there to somebody
    outside."""
    async with slack_world(tmp_path) as world:
        eve = world.server.member("Eve", admin=True)
        board = world.server.add_channel("board", public=False)
        form = (await eve.shortcut("start-poll")).view
        assert form is not None
        submission = await eve.submit(form, {**FILLED, "Where to post it": board.id})
        assert "can't write in this channel" in " ".join(submission.errors.values())
        assert world.server.posted(board) == []


@pytest.mark.parametrize("form", ["<#{id}|>", "{id}"], ids=["a mention", "an id"])
async def test_a_moderator_points_the_bot_at_no_private_channel_that_they_only_name(tmp_path: Path, form: str) -> None:
    """To make a private channel the moderators' channel, a moderator has to type the command in it. A public channel
    can be named from anywhere."""
    async with slack_world(tmp_path) as world:
        boss = world.server.member("Boss", admin=True)
        board = world.server.add_channel("board", public=False)
        line = f"/parley settings channel:{form.format(id=board.id)}"
        await boss.start_command(line)
        await settled(world)
        assert "Type the same command in that private channel." in boss.text
        assert world.server.posted(board) == []
        board.members.add(boss.id)
        await boss.at(board).command(f"/parley settings channel:{board.id}")
        assert len(world.server.posted(board)) == 1
        await boss.at_direct().command(f"/parley settings channel:{world.server.main.id}")
        assert len(world.server.posted()) == 1


async def test_a_form_offers_only_channels_to_post_in(tmp_path: Path) -> None:
    """A form's menu leaves out conversations between people, and shows a mistake about the channel beside the menu."""
    async with slack_world(tmp_path) as world:
        ada = world.server.member("Ada")
        between = between_two(world, ada)
        form = (await ada.shortcut("start-poll")).view
        assert form is not None
        with pytest.raises(CannotDo, match="im"):
            await ada.submit(form, {**FILLED, "Where to post it": between.id})
        gone = world.server.add_channel("old")
        gone.archived = True
        submission = await ada.submit(form, {**FILLED, "Where to post it": gone.id})
        assert list(submission.errors) == ["Where to post it"]
        assert "archived" in submission.errors["Where to post it"] or "can't write" in " ".join(
            submission.errors.values()
        )
        assert (await ada.submit(form, {**FILLED, "Where to post it": world.server.main.id})).closed


async def test_texts_are_never_parsed(tmp_path: Path) -> None:
    """Parley lets Slack parse no text, so @everyone and #main in a poll stay text where it is posted, redrawn and
    whispered to one member."""
    async with slack_world(tmp_path) as world:
        host = world.server.member("Host")
        await host.command(
            '/parley poll create post:yes question:"@everyone in #main?" options:"@here | no" results:live'
        )
        await host.until_told("The poll is open")
        (poll,) = world.server.posted()
        world.server.faults.refuse("respond", "expired_url")
        await host.start_press(poll, "@here")
        await host.until_told("Your vote is counted")
        await world.quiet()
        calls = [world.server.called(f"chat.{method}") for method in ("postMessage", "update", "postEphemeral")]
        assert all(calls)
        bodies = [call.args for each in calls for call in each]
        assert {body["parse"] for body in bodies} == {"none"}
        assert all("<!" not in body["text"] for body in bodies)
