"""`parley rehearse` runs against the tests' servers: unaltered, altered in one thing each, stopped and killed."""

from __future__ import annotations

import asyncio
import signal
from asyncio.subprocess import Process
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from adapters.rehearsal.ledger import Ledger
from adapters.rehearsal.observations import Observations
from adapters.rehearsal.plan import ledger_path
from bot.errors import NotFound, Refused, Unavailable, UsageError
from tests.programs import last_words, program
from tests.waits import PATIENCE, until
from tests.wire.alterations import ALTERATIONS, Alteration
from tests.wire.discord import TOKEN, DiscordServer
from tests.wire.rehearsing import Server, discord_service, do_nothing, operator_of, rehearse, slack_service
from tests.wire.slack import APP_TOKEN, BOT_TOKEN, SlackServer

SERVICES: dict[str, Callable[[], Server]] = {"discord": discord_service, "slack": slack_service}


@pytest.mark.parametrize("platform", SERVICES)
async def test_the_tests_servers_keep_each_assumption(tmp_path: Path, platform: str) -> None:
    """Against an unaltered server a rehearsal reports no difference, and leaves nothing behind that it made."""
    async with SERVICES[platform]() as server:
        operator = await rehearse(server, tmp_path)
        assert operator.facts == set(), f"{operator.report}\n{server.violations}"
        assert server.posted() == []
        assert not ledger_path(tmp_path, platform).exists()


@pytest.mark.parametrize("alteration", ALTERATIONS, ids=lambda each: each.name)
async def test_the_report_names_what_a_server_does_otherwise(
    tmp_path: Path, alteration: Alteration, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The report names the facts that an altered server breaks, and no other."""
    server = SERVICES[alteration.platform]()
    alteration.alter(server, monkeypatch)
    async with server:
        operator = await rehearse(server, tmp_path)
    assert operator.facts == alteration.facts, operator.report


# --- stopped, resumed, undone ---

ARROWS = ("→ Type", "→ Press “Green”", "→ Choose", "→ Press “Open”")
STEPS = {"discord": 12, "slack": 14}


@pytest.mark.parametrize("platform", SERVICES)
async def test_a_rehearsal_goes_on_after_each_step(tmp_path: Path, platform: str) -> None:
    """A rehearsal that is stopped at a step, or at a request to the operator, goes on at its next run and ends as if it
    had never stopped."""
    async with SERVICES[platform]() as server:
        stops = [f"{number}/{STEPS[platform]}" for number in range(1, STEPS[platform] + 1)]
        for stop in [*stops[: -len(ARROWS)], *ARROWS]:
            stopped = await rehearse(server, tmp_path, stop_at=stop)
            assert "Differences" not in stopped.report, stop
            assert stopped.lines[-1].startswith(stop)
        assert server.posted()
        operator = await rehearse(server, tmp_path)
        assert operator.facts == set(), operator.report
        assert f"{STEPS[platform] + 1} steps" in operator.report
        assert server.posted() == []
        assert not ledger_path(tmp_path, platform).exists()


@pytest.mark.parametrize("platform", SERVICES)
async def test_a_stopped_rehearsal_can_be_undone(tmp_path: Path, platform: str) -> None:
    """`--undo` deletes everything that a stopped rehearsal made, and the next rehearsal begins at its first step."""
    async with SERVICES[platform]() as server:
        await rehearse(server, tmp_path, stop_at="→ Choose")
        assert server.posted()
        async with start(server, tmp_path, "--undo") as process:
            code, output = await last_words(process)
        assert (code, output.strip()) == (0, "All that the rehearsal made is deleted.")
        assert server.posted() == []
        again = await rehearse(server, tmp_path, stop_at=f"1/{STEPS[platform]}")
        assert again.lines == [f"1/{STEPS[platform]} post a card"]


@pytest.mark.parametrize("platform", SERVICES)
async def test_a_message_whose_answer_was_lost_is_deleted_too(tmp_path: Path, platform: str) -> None:
    """If the connection breaks after the service has posted a message, but before it says so, the next run finds that
    message and deletes it."""
    async with SERVICES[platform]() as server:
        if isinstance(server, DiscordServer):
            server.faults.fail(r"/channels/\d+/messages$", method="POST", done=True, hang_up=True, times=99)
        else:
            server.faults.fail("chat.postMessage", done=True, hang_up=True, times=99)
        with pytest.raises(Unavailable, match=r"can't be reached .* Run the same command again to go on"):
            await rehearse(server, tmp_path)
        assert len(server.posted()) == 1
        server.faults.clear()
        operator = await rehearse(server, tmp_path)
        assert operator.facts == set(), operator.report
        assert "look for one message too many" in operator.report
        assert server.posted() == []


def start(server: Server, folder: Path, *arguments: str) -> AbstractAsyncContextManager[Process]:
    """Start `parley rehearse` as a process in this folder."""
    if isinstance(server, DiscordServer):
        command = ("tests.wire.discord.parley", server.url.removesuffix("/api/v10"), "rehearse", "discord")
        tokens = {"PARLEY_DISCORD_TOKEN": TOKEN}
    else:
        command = ("tests.wire.slack.parley", server.url, "rehearse", "slack")
        tokens = {"PARLEY_SLACK_BOT_TOKEN": BOT_TOKEN, "PARLEY_SLACK_APP_TOKEN": APP_TOKEN}
    return program(folder, *command, "--place", server.main.id, *arguments, **tokens)


@pytest.mark.parametrize("platform", SERVICES)
async def test_a_killed_rehearsal_goes_on(tmp_path: Path, platform: str) -> None:
    """A rehearsal that was killed goes on from its file at the next run, and deletes everything that it made."""
    async with SERVICES[platform]() as server:
        async with start(server, tmp_path) as process:
            await until(lambda: len(server.posted()) > 3)
            process.kill()
            await process.wait()
        operator = await rehearse(server, tmp_path)
        assert operator.facts == set(), operator.report
        assert "All that the rehearsal made is deleted." in operator.report
        assert server.posted() == []


async def obeyed(server: Server, process: Process) -> str:
    """Do what a process asks for until it ends. Return what it printed."""
    operator = operator_of(server)
    assert process.stdout is not None
    async with asyncio.timeout(PATIENCE):
        async for line in process.stdout:
            operator.say(line.decode().rstrip("\n"))
        await process.wait()
    await operator.end()
    return operator.report


@pytest.mark.parametrize("platform", SERVICES)
async def test_a_difference_ends_the_command_with_1(tmp_path: Path, platform: str) -> None:
    """A rehearsal that finds a difference ends with exit code 1."""
    async with SERVICES[platform]() as server:
        if isinstance(server, DiscordServer):
            server.upload_max = 1
        else:
            server.scopes = server.scopes.replace("files:write,", "")
        async with start(server, tmp_path) as process:
            output = await obeyed(server, process)
        assert process.returncode == 1, output
        assert "-upload (upload" in output


@pytest.mark.parametrize("platform", SERVICES)
async def test_ctrl_c_says_how_to_go_on(tmp_path: Path, platform: str) -> None:
    """After Ctrl-C a rehearsal says how to go on and how to undo it, and ends with exit code 130, without a
    traceback."""
    async with SERVICES[platform]() as server, start(server, tmp_path) as process:
        await until(server.posted)
        process.send_signal(signal.SIGINT)
        code, output = await last_words(process)
    assert code == 130, output
    assert "Stopped. Run the same command to go on, or with --undo to delete what it made." in output
    assert "Traceback" not in output


# --- one place, no member, no secret ---


@pytest.mark.parametrize("platform", SERVICES)
async def test_no_other_place_is_touched(tmp_path: Path, platform: str) -> None:
    """Each call of a rehearsal names its own place or no channel at all, and it ignores a command that somebody types
    elsewhere."""
    async with SERVICES[platform]() as server:
        other = server.add_channel("other")
        obey = operator_of(server).obey

        async def first_elsewhere(line: str) -> None:
            if line.startswith("→ Type"):
                await type_in(server, other.id)
            await obey(line)

        operator = await rehearse(server, tmp_path, obey=first_elsewhere)
        assert operator.facts == set(), operator.report
        if isinstance(server, DiscordServer):
            paths = [call.path for call in server.calls]
            assert {path.split("/")[2] for path in paths if path.startswith("/channels/")} == {server.main.id}
            assert not any(path.endswith(f"{server.application}/commands") for path in paths)
            assert server.commands[server.guild.id] == []
        else:
            places = {call.args.get("channel") for call in server.calls}
            places |= {call.args.get("channel_id") for call in server.calls}
            assert places == {server.main.id, None}
        assert other.messages == type(other.messages)()


@pytest.mark.parametrize("platform", SERVICES)
async def test_neither_file_nor_report_holds_members_or_secrets(
    tmp_path: Path, platform: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The file, the report and the log of a rehearsal hold no token, and neither id nor name of the member who
    pressed."""
    async with SERVICES[platform]() as server:
        stopped = await rehearse(server, tmp_path, stop_at="→ Press “Open”")
        kept = ledger_path(tmp_path, platform).read_text("utf-8")
        operator = await rehearse(server, tmp_path)
        if isinstance(server, DiscordServer):
            secrets = [TOKEN, *server.interactions, *(member.user.id for member in server.members)]
        else:
            secrets = [BOT_TOKEN, APP_TOKEN, *server.response_urls, *server.triggers, '"U1"', "<@U1"]
        assert len(secrets) > 5
        for secret in (*secrets, "Ada", "ada"):
            assert secret not in kept + stopped.report + operator.report + caplog.text


@pytest.mark.parametrize("platform", SERVICES)
async def test_the_report_has_limits_and_times(tmp_path: Path, platform: str) -> None:
    """The report lists limits that the service set and the times of each kind of call. A limit that says how long to
    wait is no difference."""
    async with SERVICES[platform]() as server:
        if isinstance(server, DiscordServer):
            server.faults.storm(r"/channels/\d+/messages$", times=1)
        else:
            server.faults.storm("chat.postMessage", times=1)
        operator = await rehearse(server, tmp_path)
    call = "POST channels/messages" if platform == "discord" else "chat_postMessage"
    assert operator.facts == set(), operator.report
    assert f"Limits: 1\n• {call}: 429, wait " in operator.report
    assert f"\n• {call}: " in operator.report.partition("Times in milliseconds")[2]


async def type_in(server: Server, channel: str) -> None:
    """Let a member type the rehearsal's command in another channel."""
    if isinstance(server, SlackServer):
        await server.member("Ben").at(server.team.channels[channel]).start_command("/parley elsewhere")
    else:
        server.member("Ben", channel=server.channels[channel]).start_slash("rehearse", words="elsewhere")


def test_a_difference_names_no_member_and_no_token() -> None:
    """A difference shows an ellipsis for each mark, id and token, keeps the words around them, and stands in the report
    once."""
    check = Observations(lambda _error: "")
    for _ in range(2):
        check.differ("S-text", "<@U1|ada> in <#C1|> as U0123456789 of 123456789012345678 with xoxb-1-a: 50013")
    assert check.differences == [("S-text", "… in … as … of … with … 50013")]


# --- refusals ---


@pytest.mark.parametrize("platform", SERVICES)
async def test_a_token_that_is_worth_nothing_is_refused(tmp_path: Path, platform: str) -> None:
    """If the service refuses the token, a rehearsal says so and ends before it posts anything."""
    async with SERVICES[platform]() as server:
        if isinstance(server, DiscordServer):
            server.revoked = True
        else:
            server.revoked.add(BOT_TOKEN)
        with pytest.raises(Refused, match="refuses"):
            await rehearse(server, tmp_path)
        assert not ledger_path(tmp_path, platform).exists()


def test_a_file_of_another_rehearsal_is_refused(tmp_path: Path) -> None:
    """A rehearsal refuses another place's file and names the command that undoes it, and refuses a file that is no
    rehearsal's by name. It takes the file of its own place."""
    path = ledger_path(tmp_path, "slack")
    Ledger.open(path, "C1").add("1.1")
    assert Ledger.open(path, "C1").ids == ["1.1"]
    with pytest.raises(UsageError, match="--undo --place C1"):
        Ledger.open(path, "C2")
    path.write_text("[]")
    with pytest.raises(UsageError, match=r"Delete rehearsal-slack\.json"):
        Ledger.open(path, "C1")


@pytest.mark.parametrize("platform", SERVICES)
async def test_a_place_that_is_none_is_refused(tmp_path: Path, platform: str) -> None:
    """In a channel that doesn't exist a rehearsal posts nothing, and asks the operator to invite the app."""
    async with SERVICES[platform]() as server:
        server.main.id = "1" if platform == "discord" else "C9"
        with pytest.raises(NotFound, match="nvite"):
            await rehearse(server, tmp_path)
        assert server.posted() == []


async def test_a_connection_that_discord_closes_ends_the_wait_for_the_operator(tmp_path: Path) -> None:
    """If Discord closes the connection for good, a rehearsal ends, because nothing that the operator does would
    arrive."""
    async with discord_service() as server:
        assert isinstance(server, DiscordServer)
        rehearsing = asyncio.create_task(rehearse(server, tmp_path, obey=do_nothing))
        await until(lambda: server.commands.get(server.guild.id))
        await server.revoke_token()
        with pytest.raises(Unavailable, match="Discord closed the connection"):
            await rehearsing


async def test_a_server_with_commands_of_its_own_is_left_alone(tmp_path: Path) -> None:
    """A rehearsal refuses a server with commands of its own, because registering its command would remove them. A
    command that a killed rehearsal left is no obstacle."""
    async with discord_service() as server:
        left_over = {"id": "1", "application_id": server.application, "version": "1", "description": "Left", "type": 1}
        server.commands[server.guild.id] = [{**left_over, "name": "tea"}]
        with pytest.raises(UsageError, match="without commands of its own"):
            await rehearse(server, tmp_path)
        assert server.posted() == []
        server.commands[server.guild.id] = [{**left_over, "name": "rehearse"}]
        operator = await rehearse(server, tmp_path)
        assert operator.facts == set(), operator.report
