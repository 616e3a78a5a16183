"""Polls on Discord cope with archived and locked threads, with forums, and with servers that refuse uploads."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from adapters.discord import uploads
from adapters.discord.uploads import Uploads
from bot.chat.vocabulary import Attachment, Reply
from bot.communities import repository as communities
from bot.i18n import translator
from tests.talk import REFUSAL
from tests.wire.discord import Channel, Member, Message
from tests.wire.discord.model import ATTACH_FILES, MANAGE_THREADS, SEND_MESSAGES
from tests.wire.discord_world import World, bugs, direct_messages, discord_world, invalid, words


async def posted_in(world: World, place: Channel, **options: str) -> tuple[Message, Message, Member]:
    """Open a poll of Host's with live results. Return its message in the main channel, its copy in the other place, and
    Host."""
    host = world.server.member("Host", moderator=True)
    poll = await world.poll(host, results="live", closes="1h", **options)
    await host.slash("poll post", poll="p1", here=place)
    return poll, world.server.posted(place)[0], host


async def closed(world: World, *places: Channel) -> None:
    """Let the poll's time run out, and wait until Parley has announced the result in these places."""
    world.forward(hours=1)
    await world.instance.scheduler.run_due()
    await world.server.until(lambda: all("Closed: " in world.server.posted(place)[-1].text for place in places))
    await world.quiet()


# --- threads ---


async def test_a_copy_in_an_archived_thread_is_kept_right(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Discord changes nothing in an archived thread (50083), so Parley opens the thread to update a poll's copy and to
    announce its result."""
    async with discord_world(tmp_path) as world:
        thread = world.server.add_thread("side", world.server.main)
        poll, copy, _ = await posted_in(world, thread)
        world.server.archive(thread)
        await world.server.member("Ada").click(poll, "Green")
        await world.quiet()
        assert not thread.archived
        assert "Green ★ 1" in words(copy)
        world.server.archive(thread)
        await closed(world, poll.channel, thread)
        assert "This poll is closed" in copy.text
        assert ["Closed: " in message.text for message in world.server.posted(thread)] == [False, True]
        assert bugs(caplog) == []


@pytest.mark.parametrize("archived", [True, False], ids=["archived", "open"])
async def test_a_copy_in_a_locked_thread_is_given_up_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, *, archived: bool
) -> None:
    """Parley can't update a copy in a locked thread, so it tells the host once and stops trying. The poll goes on
    elsewhere, and at its end Parley tells the host that it couldn't announce the result there."""
    async with discord_world(tmp_path) as world:
        thread = world.server.add_thread("side", world.server.main)
        poll, copy, host = await posted_in(world, thread)
        world.server.archive(thread, archived=archived, locked=True)
        for name, tea in (("Ada", "Green"), ("Ben", "Green"), ("Chen", "Black")):
            assert "counted" in (await world.server.member(name).click(poll, tea)).text
            await world.quiet()
        assert "Green ★ 2" in words(poll)
        assert copy.versions == copy.versions[:1]
        (notice,) = direct_messages(world.server, host)
        assert "I can't update a poll's message" in notice.text
        await closed(world, poll.channel)
        assert "This poll is closed" in poll.text
        await world.server.until(lambda: len(direct_messages(world.server, host)) > 1)
        assert "I couldn't announce a poll's result" in direct_messages(world.server, host)[1].text
        tried = invalid(world.server)
        await world.instance.scheduler.run_due()
        await world.instance.copies.refresh_stale()
        await world.quiet()
        assert invalid(world.server) == tried
        assert bugs(caplog) == []


async def test_a_poll_in_a_locked_thread_is_refused_with_a_reason(tmp_path: Path) -> None:
    """In a locked thread that is still open, only members who manage threads may write, and the bot may not. Parley
    refuses a poll there in private, and says whether it is the host or the bot that can't write."""
    async with discord_world(tmp_path) as world:
        thread = world.server.add_thread("side", world.server.main)
        world.server.archive(thread, archived=False, locked=True)
        member, moderator = (world.server.member(name, channel=thread) for name in ("Member", "Moderator"))
        moderator.extra = MANAGE_THREADS
        for host, reason in ((member, "You can't write in this channel"), (moderator, "locked thread")):
            refused = await host.slash("poll create", post=True, question="Which tea?", options="Green | Black")
            assert reason in refused.text
            assert refused.private
            assert world.server.posted(thread) == []


async def test_an_answer_in_an_archived_and_locked_thread_harms_nobody(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Discord passes on a command from an archived and locked thread and refuses the answer (50083). Parley logs no
    bug, and goes on answering others."""
    async with discord_world(tmp_path) as world:
        thread = world.server.add_thread("side", world.server.main)
        world.server.archive(thread, locked=True)
        question = world.server.member("Ada", channel=thread).start_slash("fact", words="tea")
        await world.server.until(lambda: world.server.answers(400))
        assert question.messages == []
        assert "tea" in (await world.server.member("Ben").slash("fact", words="tea")).text
        assert bugs(caplog) == []


# --- the moderators' channel ---


async def test_the_moderators_channel_is_one_of_the_server_s_own(tmp_path: Path) -> None:
    """`/settings` takes as the moderators' channel only a channel of this server where the bot may write, and refuses
    @everyone as the moderators' role. Discord offers channels that take messages, and roles."""
    async with discord_world(tmp_path) as world:
        server, mo = world.server, world.server.member("Mo", moderator=True)
        offered = server.offered("settings", 1, server.guild)
        assert offered is not None
        options = {option["name"]: option for option in offered["options"]}
        assert options["channel"]["channel_types"] == [0, 2, 5, 10, 11, 12, 15]
        assert (options["channel"]["type"], options["moderators"]["type"]) == (7, 8)
        foreign = server.add_channel("secret", server.add_guild("Other"))
        locked, silent = server.add_channel("locked"), server.add_channel("silent")
        server.forbid(locked)
        server.forbid(silent, SEND_MESSAGES)
        for channel in ("hello", "#main", "<#1>", "9" * 23, foreign.id, locked.id, silent.id):
            assert REFUSAL.search((await mo.slash("settings", channel=channel)).text)
        for role in ("Board", server.guild.id):
            assert "Pick a role from the list" in (await mo.slash("settings", moderators=role)).text
        assert "channel: none" in words((await mo.slash("settings")).message)
        assert [server.posted(each) for each in (foreign, locked, silent)] == [[], [], []]
        office = server.add_channel("office")
        assert f"channel: <#{office.id}>" in words((await mo.slash("settings", channel=office.id)).message)
        assert len(server.posted(office)) == 1


@pytest.mark.parametrize("stored", ["hello", "#main", "<#1>", "9" * 23, "another server's"])
async def test_a_channel_that_was_stored_unseen_disturbs_nobody(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, stored: str
) -> None:
    """If stored settings hold a channel that isn't one of this server's, Parley still takes suggestions in, logs that
    its reports reach nobody, and posts nothing in another server."""
    async with discord_world(tmp_path) as world:
        server, side = world.server, world.server.add_channel("side")
        foreign = server.add_channel("secret", server.add_guild("Other"))
        channel = foreign.id if stored == "another server's" else stored
        settings = {"moderator_channel": channel}
        await world.instance.database.write(
            lambda tx: communities.put_settings(tx, f"discord:{server.guild.id}", settings)
        )
        host = server.member("Host", channel=side, moderator=True)
        host.user.takes_direct_messages = False
        assert channel in (await host.slash("settings")).text.replace("\\", "")
        poll = await world.poll(host, results="live")
        server.forbid(side)
        await server.member("Ada", channel=side).click(poll, "Green")
        await world.quiet()
        assert "can't message the host of poll p1" in caplog.text
        answer = await server.member("Ben").slash("suggest", words="Say since when.", card="tea-popular")
        assert "An editor will review it" in answer.text
        assert "can't tell the editors" in caplog.text
        assert server.posted(foreign) == []
        assert bugs(caplog) == []


# --- forums ---


async def test_a_forum_takes_a_report_as_a_new_post(tmp_path: Path) -> None:
    """Nobody can write into a forum itself, so in a moderators' channel that is a forum Parley makes each message a new
    post."""
    async with discord_world(tmp_path) as world:
        server, side = world.server, world.server.add_channel("side")
        forum = server.add_forum("reports")
        host = server.member("Host", channel=side, moderator=True)
        host.user.takes_direct_messages = False
        await host.slash("settings", channel=forum.id)
        poll = await world.poll(host, results="live")
        server.forbid(side)
        await server.member("Ada", channel=side).click(poll, "Green")
        await world.quiet()
        introduction, post = [channel for channel in server.channels.values() if channel.parent is forum]
        assert introduction.name == "The moderators' channel"
        assert post.name == "I can't update a poll's message"
        (report,) = server.posted(post)
        assert "Which tea?" in report.text


# --- uploads ---


async def test_a_result_whose_chart_is_not_taken_is_told_in_words(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """When Discord refuses a chart as too large (413 with 40005), Parley sends the same answer or announcement in words
    alone."""
    async with discord_world(tmp_path) as world:
        poll, copy, host = await posted_in(world, world.server.add_channel("side"))
        await host.click(poll, "Green")
        world.server.upload_max = 100
        answer = await host.slash("poll results", poll="p1")
        assert "So far in front: Green" in words(answer.message)
        assert "Green: 1" in answer.text
        assert not answer.message.attachments
        await closed(world, poll.channel, copy.channel)
        for place in (poll.channel, copy.channel):
            (announced,) = [message for message in world.server.posted(place) if "Closed: " in message.text]
            assert "Winner: Green" in announced.text
        assert bugs(caplog) == []


async def test_a_result_is_announced_where_the_bot_may_not_attach_files(tmp_path: Path) -> None:
    """Where the bot may not attach files (50013), Parley announces a result without its chart."""
    async with discord_world(tmp_path) as world:
        poll, copy, host = await posted_in(world, world.server.add_channel("side"))
        await host.click(poll, "Green")
        world.server.forbid(poll.channel, ATTACH_FILES)
        await closed(world, poll.channel, copy.channel)
        in_words, with_chart = (world.server.posted(message.channel)[-1] for message in (poll, copy))
        assert with_chart.attachments
        assert not in_words.attachments
        assert all("Winner: Green" in message.text for message in (with_chart, in_words))


async def test_an_export_that_is_not_taken_says_what_to_do(tmp_path: Path) -> None:
    """When Discord refuses an export's files, Parley names each file and refers the member to the operator, in
    private."""
    async with discord_world(tmp_path) as world:
        poll, _, host = await posted_in(world, world.server.add_channel("side"))
        await host.click(poll, "Green")
        await closed(world, poll.channel)
        world.server.upload_max = 100
        answer = await host.slash("poll export", poll="p1")
        for name in ("poll-p1.csv", "poll-p1.json"):
            assert f"I can't upload {name} here" in answer.text.replace("\\", "")
        assert "the operator" in answer.text
        assert answer.private
        assert not answer.message.attachments


async def test_a_large_file_is_packed_and_one_that_stays_large_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parley compresses a file that is too large to upload. It names one that stays too large, and doesn't upload
    it."""
    monkeypatch.setattr(uploads, "FILE_MAX", 1000)
    chance = random.Random(7).randbytes(3000).hex()
    reply = Reply(files=(Attachment("even.csv", "a" * 5000, "text/csv"), Attachment("odd.csv", chance, "text/csv")))
    (ready,) = await Uploads().ready(reply, translator("en"))
    assert [name for name, _, _ in ready.uploads] == ["even.csv.gz"]
    assert "I can't upload odd.csv here" in str(list(ready.view.to_components())).replace("\\", "")
