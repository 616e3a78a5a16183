"""`/settings check` names the permissions missing in each channel on Discord and on Slack. Other platforms need
none."""

from __future__ import annotations

from pathlib import Path

import discord

from adapters.doctor.check_result import End
from adapters.doctor.rights import discord_rights
from adapters.slack.manifest import SCOPES
from bot.settings.model import Settings
from tests.talk import MO, say
from tests.talk import words as words_of
from tests.wire.discord import TOKEN
from tests.wire.discord.model import ATTACH_FILES, READ_HISTORY, SEND_IN_THREADS, SEND_MESSAGES, VIEW_CHANNEL
from tests.wire.discord_world import World, discord_world, words
from tests.wire.slack.world import slack_world
from tests.world import CONTENT, running


async def checked(world: World) -> str:
    mo = world.server.member("Mo", moderator=True)
    return words((await mo.slash("settings", check=True)).messages[0])


async def test_where_nothing_is_set_or_open_there_is_nothing_to_check(tmp_path: Path) -> None:
    """In a server without a set channel and without an open poll, `/settings check` says so."""
    async with discord_world(tmp_path) as world:
        assert "No channel is set, and no poll is open." in await checked(world)


async def test_each_channel_with_its_uses_and_what_is_missing_there(tmp_path: Path) -> None:
    """`/settings check` lists the moderators' channel, the digest's and those of open polls, each with the permissions
    missing there. It leaves out the channels of closed polls."""
    async with discord_world(tmp_path) as world:
        server = world.server
        mo = server.member("Mo", moderator=True)
        news, quiet, gone = (server.add_channel(name) for name in ("news", "quiet", "gone"))
        await mo.slash("settings", channel=news.id, digest=news.id)
        await world.poll(mo)
        for place in (quiet, gone):
            await mo.slash("poll post", poll="p1", here=place)
        report = await checked(world)
        assert "Nothing is missing" in report
        assert f"<#{news.id}> (moderators' channel, weekly digest): nothing is missing" in report
        assert f"<#{server.main.id}> (open polls): nothing is missing" in report
        server.forbid(server.main, SEND_MESSAGES | READ_HISTORY)
        server.forbid(news, ATTACH_FILES)
        server.forbid(quiet, VIEW_CHANNEL)
        await server.until(
            lambda: (
                not world.client.get_channel(int(quiet.id))
                .permissions_for(  # type: ignore[union-attr]
                    world.client.guilds[0].me
                )
                .view_channel
            )
        )
        report = await checked(world)
        assert "Permissions are missing" in report
        assert f"<#{server.main.id}> (open polls): Send Messages, Read Message History" in report
        assert f"<#{news.id}> (moderators' channel, weekly digest): Attach Files" in report
        assert f"<#{quiet.id}> (open polls): View Channel" in report
        assert f"<#{gone.id}> (open polls): nothing is missing" in report
        world.forward(days=8)
        await world.instance.scheduler.run_due()
        assert "open polls" not in await checked(world)


async def test_the_doctor_names_what_an_admin_has_to_grant(tmp_path: Path) -> None:
    """The doctor names the permissions that an admin has to grant, for each place that Parley uses. It leaves out the
    places of closed polls, and servers that have removed the bot."""
    async with discord_world(tmp_path) as world:
        server = world.server
        mo = server.member("Mo", moderator=True)
        news, quiet = (server.add_channel(name) for name in ("news", "quiet"))
        settings = Settings(database=str(tmp_path / "parley.db"), key_file=tmp_path / "parley.key", content=CONTENT)

        async def examined() -> list[tuple[End, str]]:
            return [(each.end, each.says) async for each in discord_rights(settings, TOKEN)]

        assert await examined() == []
        await mo.slash("settings", channel=news.id, digest=news.id)
        await world.poll(mo)
        await mo.slash("poll post", poll="p1", here=quiet)
        assert await examined() == [(End.OK, "Parley has all that it needs in 3 places")]
        server.forbid(news, ATTACH_FILES)
        server.forbid(quiet, VIEW_CHANNEL)
        address = f"https://discord.com/channels/{server.guild.id}"
        assert await examined() == [
            (End.NOTE, f"{address}/{news.id} (moderators' channel, weekly digest): Attach Files"),
            (End.NOTE, f"{address}/{quiet.id} (open polls): View Channel"),
        ]
        await mo.press(None, "v1:poll-close:p1")
        assert [says for _, says in await examined()] == [
            f"{address}/{news.id} (moderators' channel, weekly digest): Attach Files"
        ]
        await world.instance.privacy.community_left(f"discord:{server.guild.id}", world.clock())
        assert await examined() == []


async def test_a_thread_goes_by_its_channel(tmp_path: Path) -> None:
    """A thread, archived or not, has the permissions of its channel, and needs Send Messages in Threads."""
    async with discord_world(tmp_path) as world:
        server = world.server
        mo = server.member("Mo", moderator=True)
        thread = server.add_thread("talk", server.main)
        await mo.slash("settings", channel=thread.id)
        assert f"<#{thread.id}> (moderators' channel): nothing is missing" in await checked(world)
        server.archive(thread)
        server.forbid(server.main, SEND_IN_THREADS)
        main = world.client.get_channel(int(server.main.id))
        assert isinstance(main, discord.TextChannel)
        await server.until(lambda: not main.permissions_for(main.guild.me).send_messages_in_threads)
        assert f"<#{thread.id}> (moderators' channel): Send Messages in Threads" in await checked(world)


async def test_on_slack_channels_and_scopes(tmp_path: Path) -> None:
    """On Slack, `/settings check` names a scope that the app lacks, a channel that is archived, and a private channel
    without the bot."""
    async with slack_world(tmp_path) as world:
        server = world.server
        boss = server.member("Boss", admin=True)
        assert "No channel is set" in (await boss.command("/parley settings check")).text
        await world.poll(boss)
        report = (await boss.command("/parley settings check")).text
        assert "Nothing is missing" in report
        boss.channel.archived = True
        assert "This channel is archived" in (await boss.command("/parley settings check")).text
        boss.channel.archived = False
        server.scopes = ",".join(scope for scope in SCOPES if scope != "files:write")
        report = (await boss.command("/parley settings check")).text
        assert "Permissions are missing" in report
        assert "files:write" in report
        assert "files:read" not in report
        board = server.add_channel("board", public=False)
        board.members.add(boss.id)
        await boss.at(board).command(f"/parley settings channel:{board.id}")
        assert "/invite @Parley" not in (await boss.command("/parley settings check")).text
        board.bot_in = False
        assert "type /invite @Parley in it" in (await boss.command("/parley settings check")).text
        assert server.forgive("channel_not_found")


async def test_where_no_permissions_are_needed(tmp_path: Path) -> None:
    """On a platform without permissions, `/settings check` says that Parley needs none. A moderator may type the word
    alone or as an argument, and no other word is taken."""
    async with running(tmp_path) as instance:
        for line in ("/settings check", "/settings Check", "/settings check:yes"):
            assert "I need no permissions here." in words_of(await say(instance, MO, line))
        assert "doesn't take “checks”" in words_of(await say(instance, MO, "/settings checks"))
        assert "Settings of this community" in words_of(await say(instance, MO, "/settings check:no"))
