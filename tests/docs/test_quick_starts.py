"""The quick starts of the README and of the platforms' pages, followed to the letter as far as one machine allows.

The commands come out of the documents. What they reach is what a newcomer has: a fresh copy of the repository, and,
in the place of Discord and Slack, the small servers of tests/wire.
"""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.request import urlopen

import pytest
import yaml
from click.testing import CliRunner

from adapters.cli import main
from tests.docs.documents import ROOT, blocks, commands_in
from tests.docs.fresh import copy_of_repository, new_environment, variables
from tests.docs.test_deploy import ours
from tests.ports import free_port
from tests.programs import last_words, program
from tests.waits import listening
from tests.wire.discord import TOKEN
from tests.wire.discord_world import new_server as new_discord
from tests.wire.slack import words
from tests.wire.slack.server import APP_TOKEN, BOT_TOKEN, SECRET
from tests.wire.slack.world import new_server as new_slack
from tests.world import CONTENT

README, DISCORD, SLACK = ROOT / "README.md", ROOT / "docs" / "discord.md", ROOT / "docs" / "slack.md"
RUNBOOK = ROOT / "docs" / "operations.md"
PATIENCE = 60.0
ADDRESS = re.compile(r"http://127\.0\.0\.1:(\d+)/")


def section(document: Path, heading: str) -> str:
    text = document.read_text(encoding="utf-8")
    return text.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]


def typed(document: Path, start: str) -> list[str]:
    """The command lines of the README's start that begin so."""
    shown = section(document, "Start")
    lines = [command.line for block in blocks(document) if block.text in shown for command in commands_in(block)]
    return [line for line in lines if line.startswith(start)]


def named(document: Path) -> list[str]:
    """What a platform's page tells to type or to set, in backticks, while it is set up."""
    steps = section(document, "Setting it up").partition("\n### ")[0]
    return [" ".join(words.split()) for words in re.findall(r"`([^`]+)`", steps)]


# --- on this machine ---


@contextmanager
def started(words: list[str], folder: Path, environment: dict[str, str]) -> Iterator[str]:
    """A program in a terminal of its own, until Ctrl+C; the address that it prints. It ends by itself then."""
    told, output = "", folder / "printed.txt"
    with (
        output.open("w+", encoding="utf-8") as printed,
        subprocess.Popen(
            words,
            cwd=folder,
            env=variables(**environment),
            stdout=printed,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        ) as process,
    ):
        try:
            while not (found := ADDRESS.search(told)) and process.poll() is None:
                with suppress(subprocess.TimeoutExpired):
                    process.wait(0.2)
                told = output.read_text(encoding="utf-8")
            assert found, told
            yield found[0]
        finally:
            os.killpg(process.pid, signal.SIGINT)
            process.wait(PATIENCE)
    told = output.read_text(encoding="utf-8")
    assert "Traceback" not in told, told


@pytest.mark.slow
def test_the_start_on_a_fresh_machine(tmp_path: Path) -> None:
    """`make run` in a fresh copy installs, prints the address of a page that is there, and ends with Ctrl+C."""
    assert typed(README, "make ") == ["make run", "make test"]
    copy = copy_of_repository(tmp_path / "parley")
    new_environment(copy / ".venv")
    port = free_port()
    with started(shlex.split(typed(README, "make run")[0]), copy, {"PARLEY_PORT": str(port)}) as address:
        assert address == f"http://127.0.0.1:{port}/"
        with urlopen(address, timeout=PATIENCE) as page:  # noqa: S310 - this machine's own
            assert "Parley" in page.read().decode()
    assert (copy / "parley.db").exists()
    with started(["make", "run"], copy, {"PARLEY_PORT": str(port)}) as again:
        assert again == address


@pytest.mark.slow
def test_an_installed_wheel_needs_nothing_of_the_repository(tmp_path: Path) -> None:
    """`pip install` of what is built, in another environment, used from an empty folder: packs, SQL, migrations, the
    page's files and schemas come with it."""
    copy = copy_of_repository(tmp_path / "parley")
    programs, empty = new_environment(tmp_path / "venv"), tmp_path / "empty"
    empty.mkdir()

    def run(*words: str | Path, folder: Path = empty) -> str:
        done = subprocess.run(
            [programs / words[0], *words[1:]], cwd=folder, env=variables(), capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    pip = ("python", "-m", "pip", "--disable-pip-version-check")
    run(*pip, "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", tmp_path, copy)
    (wheel,) = tmp_path.glob("*.whl")
    run(*pip, "install", "--quiet", "--no-deps", wheel)
    assert str(tmp_path / "venv") in run("python", "-c", "import bot, adapters; print(bot.__file__, adapters.__file__)")
    assert "Contradicted" in run("parley", "ask", "--plain", "/fact insurrection act")
    assert "us-mexico-cartels: 0 errors" in run("parley", "check")
    run("parley", "schema", "schemas")
    made = {file.name: file.read_bytes() for file in (empty / "schemas").iterdir()}
    assert made == {file.name: file.read_bytes() for file in (ROOT / "schemas").iterdir()}
    run("parley", "db", "upgrade")
    assert "parley.db" in {file.name for file in empty.iterdir()}
    port = free_port()
    with started([str(programs / "parley"), "run"], empty, {"PARLEY_PORT": str(port)}) as address:
        for page in ("", "static/chat.js", "api/hello"):
            with urlopen(address + page, timeout=PATIENCE) as answer:  # noqa: S310 - this machine's own
                assert answer.status == 200


@pytest.mark.slow
def test_the_installation_with_pip(tmp_path: Path) -> None:
    """As docs/operations.md tells it, but for the folder and for packages that count as fetched; then it answers."""
    told = section(RUNBOOK, "Install")
    first = next(block for block in blocks(RUNBOOK) if block.text in told)
    make, *installs = [command.line for command in commands_in(first)]
    assert make == "python3 -m venv /opt/parley"
    copy, here = copy_of_repository(tmp_path / "repository"), tmp_path / "opt"
    programs = new_environment(here)
    for line in installs:
        words = shlex.split(line.replace("/opt/parley", str(here)))
        done = subprocess.run(words, cwd=copy, env=variables(), capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    asked = [str(programs / "parley"), "ask", "--plain", "/fact insurrection act"]
    assert (
        "Contradicted"
        in subprocess.run(asked, cwd=tmp_path, env=variables(), capture_output=True, text=True, check=True).stdout
    )


# --- in a container: tests/image builds and runs it ---


def test_what_is_told_of_containers_fits_the_compose_file() -> None:
    """The service that is named is there, is built here, has a variable for each token, and its program takes what it
    is given."""
    up, ask = (shlex.split(line) for line in typed(README, "docker compose"))
    service = ours(ROOT / "compose.yaml")["parley"]
    whole = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
    assert up == ["docker", "compose", "up", "--detach"]
    assert ask[:5] == ["docker", "compose", "run", "--rm", "parley"]
    assert service["build"] == "."
    assert (ROOT / "Dockerfile").is_file()
    assert service["volumes"][0].partition(":")[0] in whole["volumes"]
    tokens = {name for page in (DISCORD, SLACK) for name in named(page) if name.endswith("_TOKEN")}
    assert tokens == set(service["environment"])
    assert 'ENTRYPOINT ["parley"]' in (ROOT / "Dockerfile").read_text(encoding="utf-8")
    done = CliRunner().invoke(main, ask[5:])
    assert done.exit_code == 0, done.output
    assert "Contradicted" in done.output


# --- with the platforms ---


async def test_the_start_on_discord(tmp_path: Path) -> None:
    """With the one variable that the page names, the link is printed, and `parley run` is there with its commands."""
    told = named(DISCORD)
    assert [name for name in told if name.startswith("PARLEY_")] == ["PARLEY_DISCORD_TOKEN"]
    assert [line for line in told if line.startswith("parley ")][:2] == ["parley discord invite", "parley run"]
    given = {"PARLEY_DISCORD_TOKEN": TOKEN, "PARLEY_PORT": str(free_port()), "PARLEY_CONTENT": str(CONTENT)}
    async with new_discord() as server:
        start = ("tests.wire.discord.parley", server.url.removesuffix("/api/v10"))
        async with program(tmp_path, *start, "discord", "invite", **given) as invite:
            code, said = await last_words(invite)
            assert code == 0, said
            assert "https://discord.com/" in said
            assert "client_id=" in said
        async with program(tmp_path, *start, "run", **given) as process:
            await server.until(lambda: server.gateway.connected and server.commands[""], PATIENCE)
            answer = await server.member("Ada").slash("fact", words="tea")
            assert "Most people in the office drink tea" in answer.text
            process.terminate()
            code, said = await last_words(process)
            assert code == 0, said


@pytest.mark.parametrize("way", ["Socket Mode", "HTTP"])
async def test_the_start_on_slack(tmp_path: Path, way: str) -> None:
    """The manifest is printed; with the variables that the page names for this way, `/parley` is answered."""
    told, port = named(SLACK), free_port()
    known = {
        "PARLEY_SLACK_BOT_TOKEN": BOT_TOKEN,
        "PARLEY_SLACK_APP_TOKEN": APP_TOKEN,
        "PARLEY_SLACK_SIGNING_SECRET": SECRET,
        "PARLEY_SLACK_BIND": f"127.0.0.1:{port}",
    }
    assert {name for name in told if name.startswith("PARLEY_")} == set(known)
    used = ["BOT_TOKEN", "APP_TOKEN"] if way == "Socket Mode" else ["BOT_TOKEN", "SIGNING_SECRET", "BIND"]
    given = {f"PARLEY_SLACK_{name}": known[f"PARLEY_SLACK_{name}"] for name in used}
    given |= {"PARLEY_PORT": str(free_port()), "PARLEY_CONTENT": str(CONTENT)}
    (manifest,) = (
        shlex.split(line)[1:] for line in told if ("--http" in line) == (way == "HTTP") and "manifest" in line
    )
    assert "parley run" in told
    async with new_slack() as server:
        start = ("tests.wire.slack.parley", server.url)
        async with program(tmp_path, *start, *manifest, **given) as printed:
            code, said = await last_words(printed)
            assert code == 0, said
            assert yaml.safe_load(said)["settings"]["socket_mode_enabled"] is (way == "Socket Mode")
        async with program(tmp_path, *start, "run", **given) as process:
            if way == "HTTP":
                server.hooks.url = f"http://127.0.0.1:{port}/slack/events"
                await listening(port)
            else:
                await server.sockets.ready(patience=PATIENCE)
            answer = await server.member("Ada").command("/parley fact tea")
            assert "Most people in the office drink tea" in words(answer.messages[-1].blocks)
            process.terminate()
            code, said = await last_words(process)
            assert code == 0, said
