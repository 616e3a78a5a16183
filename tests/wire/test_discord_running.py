"""The Discord adapter registers its commands, follows servers that come and go, and opens its shards."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from adapters.discord import sync
from adapters.discord.running import Away
from bot import instance as instances
from bot.polls import scheduler
from tests.programs import last_words, program
from tests.waits import PATIENCE, until_it_is
from tests.wire.discord import TOKEN, DiscordServer
from tests.wire.discord_world import count_syncs, new_server, served


async def test_commands_are_told_when_they_have_changed_and_only_then(tmp_path: Path) -> None:
    """Parley registers its commands when they have changed, and only then. It compares them with the hash in the
    database, which has one for each application."""
    async with new_server() as server:
        async with served(server, tmp_path):
            assert count_syncs(server) == 1
            assert {"fact", "poll", "settings"} <= {command["name"] for command in server.commands[""]}
        async with served(server, tmp_path) as world:
            assert count_syncs(server) == 1
            poll = next(command["id"] for command in server.commands[""] if command["name"] == "poll")
            asked = await server.member("Ada").slash("poll list")
            assert f"</poll policy:{poll}>" in asked.messages[0].text
            world.client.declared.pop()
            assert await sync.sync_if_changed(world.client, world.instance.database)
            assert count_syncs(server) == 2
            assert not await sync.sync_if_changed(world.client, world.instance.database)
        first, other = server.application, server.new_id()
        for application, registrations in ((first, 3), (other, 4), (first, 4)):
            server.application = application
            async with served(server, tmp_path):
                assert count_syncs(server) == registrations
        assert server.violations == []


async def test_commands_that_discord_refuses_stop_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """If Discord refuses the commands, Parley logs that and goes on, and the next start registers them again."""
    async with new_server() as server:
        server.faults.fail(r"/commands$", method="PUT", status=400, times=1)
        async with served(server, tmp_path) as world:
            assert world.there
            assert "Discord refused the commands" in caplog.text
        async with served(server, tmp_path):
            assert count_syncs(server) == 2
            assert server.commands[""]


async def test_a_stop_just_after_the_connection_leaves_nothing_behind(tmp_path: Path) -> None:
    """The library waits for the servers of a new connection. A stop during that wait leaves no task running."""
    async with new_server() as server:
        async with served(server, tmp_path, wait=False, guild_ready_timeout=0.5) as world:
            await server.until(lambda: server.gateway.connected and world.client.guilds)
            assert not world.there
        assert [task for task in asyncio.all_tasks() if "_delay_ready" in repr(task.get_coro())] == []


async def test_a_server_that_removes_the_bot_is_left_and_one_that_returns_is_kept(tmp_path: Path) -> None:
    """When a server removes the bot, Parley cancels its open polls at once and notes that it left. When the server adds
    the bot again, Parley drops that note."""
    async with new_server() as server, served(server, tmp_path) as world:
        host, guild = server.member("Host"), server.guild
        await host.slash("poll create", post=True, question="Which tea?", options="Green | Black")
        server.gateway.dispatch("GUILD_DELETE", {"id": guild.id}, guild.id)
        await server.until(lambda: world.client.get_guild(int(guild.id)) is None)
        await until_it_is(world.states, ["cancelled"])
        await until_it_is(world.removals, [f"discord:{guild.id}"])
        joined = {name: value for name, value in guild.json(server.bot, server.now()).items() if name != "unavailable"}
        server.gateway.dispatch("GUILD_CREATE", joined, guild.id)
        await server.until(lambda: world.client.get_guild(int(guild.id)))
        await until_it_is(world.removals, [])


async def test_the_data_of_a_server_that_left_long_ago_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While it runs, Parley deletes the data of a server that removed the bot once the days of `/settings keep:` are
    over: after 31 days, and not after 29."""
    monkeypatch.setattr(instances, "FORGET_EVERY", 0.05)
    async with new_server() as server, served(server, tmp_path) as world:
        await server.member("Host").slash("poll create", post=True, question="Which tea?", options="Green | Black")
        await world.instance.start()
        server.gateway.dispatch("GUILD_DELETE", {"id": server.guild.id}, server.guild.id)
        await server.until(lambda: world.client.get_guild(int(server.guild.id)) is None)
        await until_it_is(world.removals, [f"discord:{server.guild.id}"])
        world.clock.forward(days=29)
        await asyncio.sleep(0.3)
        assert await world.states() == ["cancelled"]
        world.clock.forward(days=2)
        await until_it_is(world.states, [])


async def test_a_server_that_has_trouble_has_not_left(tmp_path: Path) -> None:
    """A server that Discord calls unavailable has not removed the bot, so its polls stay open."""
    async with new_server() as server, served(server, tmp_path) as world:
        guild = server.guild
        await server.member("Host").slash("poll create", post=True, question="Which tea?", options="Green | Black")
        server.gateway.dispatch("GUILD_DELETE", {"id": guild.id, "unavailable": True}, guild.id)
        await asyncio.sleep(0.2)
        assert await world.states() == ["open"]
        assert await world.removals() == []


async def test_what_happened_while_the_bot_was_away_is_made_up_for(tmp_path: Path) -> None:
    """If a server removed the bot while Parley was stopped, the next start cancels its polls and notes that it left.
    Once the server is back, a start drops that note."""
    async with new_server() as server:
        async with served(server, tmp_path):
            await server.member("Host").slash("poll create", post=True, question="Which tea?", options="Green | Black")
        guild = server.guilds.pop(server.guild.id)
        server.add_guild("Another")
        async with served(server, tmp_path) as world:
            await until_it_is(world.removals, [f"discord:{guild.id}"])
            await until_it_is(world.states, ["cancelled"])
        server.guilds[guild.id] = guild
        async with served(server, tmp_path) as world:
            await until_it_is(world.removals, [])


async def test_what_falls_due_while_discord_is_away_at_the_start_is_said_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If Discord is away at the start, Parley closes a poll in time and announces the result once Discord is back."""
    # Each wait for a copy that can't be redrawn moves this clock: on a fast machine, by days within a second.
    monkeypatch.setattr(scheduler, "GIVE_UP", timedelta(days=36_500))
    async with new_server() as server:
        async with served(server, tmp_path):
            await server.member("Host").slash(
                "poll create", post=True, question="Which tea?", options="Green | Black", closes="1h"
            )
        server.outage()
        async with served(server, tmp_path, wait=False) as world:
            assert isinstance(world.client, Away)
            world.clock.forward(hours=2)
            await world.instance.scheduler.run_due()
            assert await world.states() == ["closed"]
            server.back()
            await server.until(lambda: world.there)

            def announced() -> bool:
                return any("Closed: Which tea?" in each.text for each in server.posted())

            async with asyncio.timeout(PATIENCE):
                # a try that began during the outage may take long to end, and delays the next one
                while not announced():
                    world.clock.forward(seconds=10)
                    await world.instance.scheduler.run_due()
                    await asyncio.sleep(0.1)


async def test_two_shards_serve_as_one(tmp_path: Path) -> None:
    async with new_server() as server, served(server, tmp_path, shards="2") as world:
        assert server.gateway.identified == 2
        assert "tea" in (await server.member("Ada").slash("fact", words="tea")).text
        assert world.client.shard_count == 2


async def test_as_many_shards_as_discord_proposes(tmp_path: Path) -> None:
    """With `auto`, Parley opens as many connections as Discord proposes."""
    async with new_server() as server:
        server.proposed_shards = 3
        async with served(server, tmp_path, shards="auto") as world:
            assert server.gateway.identified == 3
            assert count_syncs(server) == 1
            assert "tea" in (await server.member("Ada").slash("fact", words="tea")).text
            assert world.client.shard_count == 3


async def test_a_shard_knows_nothing_of_other_shards_servers(tmp_path: Path) -> None:
    """A process with some of the shards doesn't take the servers of the others for lost."""
    async with new_server() as server:
        mine = (int(server.guild.id) >> 22) % 2
        async with served(server, tmp_path):
            await server.member("Host").slash("poll create", post=True, question="Which tea?", options="Green | Black")
        async with served(server, tmp_path, shards=f"{1 - mine}/2") as world:
            assert await world.states() == ["open"]
            assert await world.removals() == []


async def parley_discord(folder: Path, server: DiscordServer, *arguments: str, token: str = TOKEN) -> tuple[int, str]:
    address = server.url.removesuffix("/api/v10")
    every = ("tests.wire.discord.parley", address, "discord", *arguments)
    async with program(folder, *every, PARLEY_DISCORD_TOKEN=token) as process:
        code, output = await last_words(process)
    return code or 0, output


async def test_the_command_line_tells_the_commands(tmp_path: Path) -> None:
    """`parley discord sync` registers the commands for all servers, or with `--guild` for one. With `--dry-run` it only
    says whether they have changed."""
    async with new_server() as server:
        code, output = await parley_discord(tmp_path, server, "sync", "--dry-run")
        assert code == 0, output
        assert "/fact" in output
        assert "have changed" in output
        assert count_syncs(server) == 0
        code, output = await parley_discord(tmp_path, server, "sync")
        assert code == 0, output
        assert count_syncs(server) == 1
        assert "exactly these" in (await parley_discord(tmp_path, server, "sync", "--dry-run"))[1]
        code, output = await parley_discord(tmp_path, server, "sync", "--guild", server.guild.id)
        assert code == 0, output
        assert server.commands[server.guild.id]
        assert server.violations == []


async def test_the_commands_of_one_server_can_be_taken_away(tmp_path: Path) -> None:
    """`parley discord sync --clear` removes the commands of one server, which `--guild` has to name, and leaves those
    for all servers. With `--dry-run` it removes nothing."""
    async with new_server() as server:
        guild = server.guild.id
        await parley_discord(tmp_path, server, "sync")
        await parley_discord(tmp_path, server, "sync", "--guild", guild)
        assert (await parley_discord(tmp_path, server, "sync", "--clear"))[0] == 2
        code, output = await parley_discord(tmp_path, server, "sync", "--guild", guild, "--clear", "--dry-run")
        assert code == 0, output
        assert server.commands[guild]
        code, output = await parley_discord(tmp_path, server, "sync", "--guild", guild, "--clear")
        assert code == 0, output
        assert server.commands[guild] == []
        assert server.commands[""]
        assert "have changed" in (await parley_discord(tmp_path, server, "sync", "--guild", guild, "--dry-run"))[1]


async def test_the_invitation_asks_for_little(tmp_path: Path) -> None:
    """The invitation asks for four permissions: to view channels, to send messages, to send them in threads, and to
    attach files. The link for a member's own installation asks for none."""
    async with new_server() as server:
        code, output = await parley_discord(tmp_path, server, "invite")
        assert code == 0, output
        assert f"client_id={server.application}" in output
        server_link, own_link = (line.partition(": ")[2] for line in output.splitlines() if "client_id=" in line)
        assert f"permissions={(1 << 10) | (1 << 11) | (1 << 15) | (1 << 38)}" in server_link
        assert own_link.endswith("scope=applications.commands&integration_type=1")
        assert "permissions" not in own_link


async def test_a_wrong_token_is_told_on_the_command_line(tmp_path: Path) -> None:
    async with new_server() as server:
        code, output = await parley_discord(tmp_path, server, "invite", token="wrong.token.here")
        assert code == 1
        assert "PARLEY_DISCORD_TOKEN" in output
        assert "Traceback" not in output
