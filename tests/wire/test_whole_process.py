"""The program with both platforms shows how it is, opens only the addresses that it should, and gives no secret
away."""

from __future__ import annotations

import asyncio
import socket
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import click
import pytest
from click.testing import CliRunner

from adapters.cli import main
from adapters.doctor.platforms import Platforms
from bot.store.keys import new_key
from tests.ports import free_port
from tests.programs import last_words, program
from tests.waits import PATIENCE
from tests.wire.discord import TOKEN, DiscordServer, pointed_at
from tests.wire.discord_world import new_server as new_discord
from tests.wire.slack import SlackServer
from tests.wire.slack.server import APP_TOKEN, BOT_TOKEN
from tests.wire.slack.world import new_server as new_slack
from tests.world import CONTENT

START = """
import sys
from adapters.cli import main
from tests.wire.discord.parley import turned as to_discord
from tests.wire.slack.parley import turned as to_slack
to_discord(sys.argv[1]); to_slack(sys.argv[2]); main(sys.argv[3:])
"""
MARKED = "marked-secret-0f3a"


@dataclass(slots=True)
class RunningParley:
    """A running Parley, seen from outside."""

    process: Process
    discord: DiscordServer
    slack: SlackServer
    port: int
    health: int
    session: aiohttp.ClientSession
    read: list[bytes] = field(default_factory=list)
    """All that was read from it."""

    async def get(self, page: str, port: int = 0, host: str = "127.0.0.1") -> tuple[int, str]:
        async with self.session.get(f"http://{host}:{port or self.health}{page}") as answer:
            body = await answer.read()
            self.read += [body, str(answer.headers).encode()]
            return answer.status, body.decode()

    async def until(self, page: str, holds: Callable[[int, str], bool]) -> None:
        async with asyncio.timeout(PATIENCE):
            while True:
                try:
                    if holds(*await self.get(page)):
                        return
                except aiohttp.ClientError:
                    assert self.process.returncode is None
                await asyncio.sleep(0.1)


@asynccontextmanager
async def parley(folder: Path, **variables: str) -> AsyncIterator[RunningParley]:
    port, health = free_port(), free_port()
    async with new_discord() as discord, new_slack() as slack, aiohttp.ClientSession() as session:
        environment = {
            "PARLEY_DISCORD_TOKEN": TOKEN,
            "PARLEY_SLACK_BOT_TOKEN": BOT_TOKEN,
            "PARLEY_SLACK_APP_TOKEN": APP_TOKEN,
            "PARLEY_PORT": str(port),
            "PARLEY_HEALTH_BIND": str(health),
            "PARLEY_CONTENT": str(CONTENT),
            **variables,
        }
        addresses = discord.url.removesuffix("/api/v10"), slack.url
        (folder / "start.py").write_text(START)
        async with program(folder, "start", *addresses, "run", **environment) as process:
            yield RunningParley(process, discord, slack, port, health, session)


async def test_a_process_is_ready_while_both_platforms_are_connected(tmp_path: Path) -> None:
    """`/readyz` answers 200 while both platforms are connected, and 503 with the name of one that is away. `/healthz`
    answers 200 all the time."""
    async with parley(tmp_path) as system:
        await system.until("/readyz", lambda status, _body: status == 200)
        for gone, back, name in (
            (system.discord.outage, system.discord.back, "discord"),
            (system.slack.sockets.drop, None, "slack"),
        ):
            if back is None:
                system.slack.faults.fail("apps.connections.open", times=1)
            gone()
            away = f'"{name}": "away"'
            await system.until("/readyz", lambda status, body, away=away: status == 503 and away in body)  # type: ignore[misc]
            assert (await system.get("/healthz"))[0] == 200
            if back is not None:
                back()
            await system.until("/readyz", lambda status, _body: status == 200)
        _, figures = await system.get("/metrics")
        assert 'parley_platform_calls_total{answer="ok",platform="discord"}' in figures
        assert 'parley_platform_calls_total{answer="ok",platform="slack"}' in figures
        system.process.terminate()
        code, output = await last_words(system.process)
        assert code == 0, output


async def test_bind_opens_what_watches_and_never_the_chat_page(tmp_path: Path) -> None:
    """With PARLEY_BIND=0.0.0.0, health and public pages answer at other addresses too, and the chat page only at
    127.0.0.1."""
    public = free_port()
    async with parley(tmp_path, PARLEY_BIND="0.0.0.0", PARLEY_PUBLIC_BIND=str(public)) as system:
        await system.until("/readyz", lambda status, _body: status == 200)
        for host in ("127.0.0.1", "127.0.0.2"):
            assert (await system.get("/healthz", host=host))[0] == 200
            assert (await system.get("/polls/nothing", public, host))[0] == 404
        assert (await system.get("/", system.port))[0] == 200
        for host in ("127.0.0.2", *others()):
            with pytest.raises(aiohttp.ClientConnectorError):
                await system.get("/", system.port, host)


def contents(folder: Path) -> list[bytes]:
    """Return what every file holds."""
    return [file.read_bytes() for file in folder.rglob("*") if file.is_file()]


def others() -> Iterator[str]:
    """Yield this machine's addresses other than loopback, if it has any."""
    addresses = socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)
    yield from {str(address[0]) for *_, address in addresses if not str(address[0]).startswith("127.")}


async def test_a_running_parley_gives_no_secret_away(tmp_path: Path) -> None:
    """Parley gives no token and no key away: not in its log at DEBUG, at its addresses, in its calls to a platform, or
    in its files.

    No line of its log names a member, so none joins one with a poll or a choice.
    """
    key = new_key().decode()
    secrets = (TOKEN, BOT_TOKEN, APP_TOKEN, key)
    async with parley(tmp_path, PARLEY_LOG_LEVEL="DEBUG", PARLEY_KEY=key) as system:
        await system.until("/readyz", lambda status, _body: status == 200)
        host, voter = system.discord.member("Hostperson"), system.discord.member("Voterperson")
        await host.slash("poll create", post=True, question="Which tea?", options="Greentea | Blacktea", results="live")
        await voter.click(system.discord.posted()[0], "Greentea")
        member = system.slack.member("Slackperson")
        await member.command('/parley poll create post:yes question:"Which tea?" options:"Greentea | Blacktea"')
        await member.press(system.slack.posted()[0], "Blacktea")
        await member.command("/parley privacy export")
        for page in ("/healthz", "/readyz", "/metrics", "/nothing"):
            await system.get(page)
        for page in ("/", "/api/hello", "/api/nothing"):
            await system.get(page, system.port)
        system.process.terminate()
        code, output = await last_words(system.process)
        assert code == 0, output
        bodies = [repr(call).encode() for call in system.discord.calls]
        bodies += [
            repr((call.method, {k: v for k, v in call.args.items() if k != "token"}, call.answer)).encode()
            for call in system.slack.calls
        ]
        people = (host.user.id, voter.user.id, member.user.id, "Hostperson", "Voterperson", "Slackperson")
    assert "was answered: ok" in output
    stored = contents(tmp_path)
    for secret in secrets:
        for text in (output.encode(), *system.read, *stored, *bodies):
            assert secret.encode() not in text, text[:2000]
    lines = [line for line in output.splitlines() if any(person in line for person in people)]
    assert lines == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"PARLEY_DISCORD_TOKEN": MARKED},
        {"PARLEY_SLACK_BOT_TOKEN": f"xoxb-{MARKED}"},
        {"PARLEY_SLACK_APP_TOKEN": f"xapp-{MARKED}"},
        {"PARLEY_KEY": MARKED},
        {"PARLEY_DATABASE": f"postgresql://ada:{MARKED}/x@127.0.0.1:port/parley"},
    ],
    ids="+".join,
)
async def test_a_secret_that_is_wrong_is_not_repeated(tmp_path: Path, wrong: dict[str, str]) -> None:
    """If a secret is wrong, Parley ends with exit code 1 and an error that doesn't repeat it, at DEBUG too."""
    async with parley(tmp_path, PARLEY_LOG_LEVEL="DEBUG", **wrong) as system:
        code, output = await last_words(system.process)
        system.slack.violations.clear()
    assert code == 1, output
    assert "Error: " in output
    assert "Traceback" not in output
    assert MARKED not in output


# --- every command ---

WITH: Mapping[tuple[str, ...], tuple[str, ...]] = {
    ("ask",): ("/fact tea",),
    ("polls", "show"): ("p1",),
    ("polls", "export"): ("p1",),
    ("db", "backup"): ("copy.db",),
    ("db", "copy"): ("parley.db", "other.db"),
    ("slack", "manifest"): ("--http", "https://example.org/slack/events"),
}
"""The arguments of the commands that need some."""
SERVES = {("run",), ("preview",)}
"""Commands that go on until they are stopped."""


def leaves(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield every command that can be given."""
    if isinstance(command, click.Group):
        for name, inner in command.commands.items():
            yield from leaves(inner, (*path, name))
    if not isinstance(command, click.Group) or command.invoke_without_command:
        yield path


DATABASES = {"sqlite": "parley.db", "postgres": f"postgresql://ada:{MARKED}@127.0.0.1:1/parley"}
NEEDS_NONE = {"ask", "check", "schema", "new", "export", "import", "slack"}
"""Commands without a database, for which one is enough."""
CASES = [
    pytest.param(path, DATABASES[name], id=f"{' '.join(path)}-{name}")
    for path in leaves(main)
    if path not in SERVES
    for name in DATABASES
    if name == "sqlite" or path[0] not in NEEDS_NONE
]


@pytest.mark.parametrize(("path", "database"), CASES)
def test_no_command_prints_a_secret(
    path: tuple[str, ...], database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No command prints a secret or writes one into a file, while every secret is set."""
    monkeypatch.chdir(tmp_path)
    create: Any = Platforms.__init__
    monkeypatch.setitem(create.__kwdefaults__, "slack", "http://127.0.0.1:1/")
    key = new_key().decode()
    variables = {
        "PARLEY_DATABASE": database,
        "PARLEY_KEY": key,
        "PARLEY_CONTENT": str(CONTENT),
        "PARLEY_DISCORD_TOKEN": f"{MARKED}.d.t",
        "PARLEY_SLACK_BOT_TOKEN": f"xoxb-{MARKED}",
        "PARLEY_SLACK_APP_TOKEN": f"xapp-{MARKED}",
        "PARLEY_SLACK_SIGNING_SECRET": f"{MARKED}",
        "PARLEY_SLACK_BIND": "3000",
        "PARLEY_LOG_LEVEL": "DEBUG",
    }
    with pointed_at("http://127.0.0.1:1/api/v10", "ws://127.0.0.1:1"):
        if database == DATABASES["sqlite"]:
            CliRunner().invoke(main, ["db", "upgrade"], env=variables)
        done = CliRunner().invoke(main, [*path, *WITH.get(path, ())], env=variables)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.output
    for secret in (MARKED, key):
        assert secret not in done.output
        assert not any(secret.encode() in content for content in contents(tmp_path))
