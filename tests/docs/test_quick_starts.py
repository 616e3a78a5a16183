"""Tests that follow the quick starts of the README and of the platforms' pages to the letter, as far as one machine
allows.

The commands come out of the documents. They run on what a newcomer has: a fresh copy of the repository, and the small
servers of tests/wire in place of Discord and Slack.
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
from zipfile import ZipFile

import pytest
import yaml
from click.testing import CliRunner

from adapters.cli import main
from tests.docs.documents import ROOT, blocks, commands_in
from tests.docs.fresh import copy_of_repository, new_environment, variables
from tests.docs.test_deploy import ours
from tests.ports import free_port
from tests.programs import fetch, last_words, program
from tests.waits import PATIENCE, listening
from tests.wire.discord import TOKEN
from tests.wire.discord_world import new_server as new_discord
from tests.wire.slack import words
from tests.wire.slack.server import APP_TOKEN, BOT_TOKEN, SECRET
from tests.wire.slack.world import new_server as new_slack
from tests.world import CONTENT

README, DISCORD, SLACK = ROOT / "README.md", ROOT / "docs" / "discord.md", ROOT / "docs" / "slack.md"
RUNBOOK = ROOT / "docs" / "operators.md"
ADDRESS = re.compile(r"http://127\.0\.0\.1:(\d+)/")


def section(document: Path, heading: str) -> str:
    text = document.read_text(encoding="utf-8")
    return text.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]


def start_commands(document: Path, start: str) -> list[str]:
    """Return the command lines in the section Start of a document that begin with `start`."""
    start_section = section(document, "Start")
    lines = [
        command.line for block in blocks(document) if block.text in start_section for command in commands_in(block)
    ]
    return [line for line in lines if line.startswith(start)]


def page_terms(document: Path) -> list[str]:
    """Return what the setup in a platform's page tells a reader to type or to set, in backticks."""
    steps = section(document, "Setting it up").partition("\n### ")[0]
    return [" ".join(words.split()) for words in re.findall(r"`([^`]+)`", steps)]


# --- on this machine ---


@contextmanager
def started(words: list[str], folder: Path, environment: dict[str, str]) -> Iterator[str]:
    """Run a program until Ctrl+C, and yield the address that it prints. It must end without a traceback."""
    log, output = "", folder / "printed.txt"
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
            while not (address := ADDRESS.search(log)) and process.poll() is None:
                with suppress(subprocess.TimeoutExpired):
                    process.wait(0.2)
                log = output.read_text(encoding="utf-8")
            assert address, log
            yield address[0]
        finally:
            os.killpg(process.pid, signal.SIGINT)
            process.wait(PATIENCE)
    log = output.read_text(encoding="utf-8")
    assert "Traceback" not in log, log


@pytest.mark.slow
def test_the_start_on_a_fresh_machine(tmp_path: Path) -> None:
    """`make run` in a fresh copy installs Parley, prints the address of a page that is there, and ends with Ctrl+C. The
    next run has the same address."""
    assert start_commands(README, "make ") == ["make run", "make test"]
    copy = copy_of_repository(tmp_path / "parley")
    new_environment(copy / ".venv")
    port = free_port()
    with started(shlex.split(start_commands(README, "make run")[0]), copy, {"PARLEY_PORT": str(port)}) as address:
        assert address == f"http://127.0.0.1:{port}/"
        assert b"Parley" in fetch(address)
    assert (copy / "parley.db").exists()
    with started(["make", "run"], copy, {"PARLEY_PORT": str(port)}) as again:
        assert again == address


@pytest.mark.slow
def test_an_installed_wheel_needs_nothing_of_the_repository(tmp_path: Path) -> None:
    """A wheel installed in another environment works from an empty folder: packs, SQL, migrations, the page's files and
    schemas come with it."""
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
    top = {name.partition("/")[0] for name in ZipFile(wheel).namelist()}
    assert {name for name in top if not name.endswith(".dist-info")} == {"bot", "adapters"}
    run(*pip, "install", "--quiet", "--no-deps", wheel)
    assert str(tmp_path / "venv") in run("python", "-c", "import bot, adapters; print(bot.__file__, adapters.__file__)")
    assert "Contradicted" in run("parley", "ask", "--plain", "/fact insurrection act")
    assert "us-mexico-cartels: 0 errors" in run("parley", "check")
    before = sorted((tmp_path / "venv").rglob("*.yaml"))
    (empty / "trams.txt").write_text("Trams in our town\n\nTrams carried 41 percent of all passengers in 2024.\n")
    assert "Made trams from " in run("parley", "new", "trams", "--essay", "trams.txt")
    assert (empty / "trams" / "facts.yaml").is_file()
    assert sorted((tmp_path / "venv").rglob("*.yaml")) == before
    run("parley", "schema", "schemas")
    schemas = {file.name: file.read_bytes() for file in (empty / "schemas").iterdir()}
    assert schemas == {file.name: file.read_bytes() for file in (ROOT / "schemas").iterdir()}
    run("parley", "db", "upgrade")
    assert "parley.db" in {file.name for file in empty.iterdir()}
    port = free_port()
    with started([str(programs / "parley"), "run"], empty, {"PARLEY_PORT": str(port)}) as address:
        for page in ("", "static/chat.js", "api/hello"):
            assert fetch(address + page)


@pytest.mark.slow
def test_the_installation_with_pip(tmp_path: Path) -> None:
    """The installation with pip in docs/operators.md works as written, but for the folder and packages that count as
    fetched. Parley then answers."""
    install_section = section(RUNBOOK, "Install")
    first = next(block for block in blocks(RUNBOOK) if block.text in install_section)
    make, *installs = [command.line for command in commands_in(first)]
    assert make == "python3 -m venv /opt/parley"
    copy, here = copy_of_repository(tmp_path / "repository"), tmp_path / "opt"
    programs = new_environment(here)
    for line in installs:
        words = shlex.split(line.replace("/opt/parley", str(here)))
        done = subprocess.run(words, cwd=copy, env=variables(), capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    question = [str(programs / "parley"), "ask", "--plain", "/fact insurrection act"]
    assert (
        "Contradicted"
        in subprocess.run(question, cwd=tmp_path, env=variables(), capture_output=True, text=True, check=True).stdout
    )


# --- in a container: tests/image builds and runs it ---


def test_what_is_told_of_containers_fits_the_compose_file() -> None:
    """The README's `docker compose` commands fit compose.yaml: the service exists, is built here and has a variable for
    each token, and its program takes the command."""
    up, ask = (shlex.split(line) for line in start_commands(README, "docker compose"))
    service = ours(ROOT / "compose.yaml")["parley"]
    whole = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
    assert up == ["docker", "compose", "up", "--detach"]
    assert ask[:5] == ["docker", "compose", "run", "--rm", "parley"]
    assert service["build"] == "."
    assert (ROOT / "Dockerfile").is_file()
    assert service["volumes"][0].partition(":")[0] in whole["volumes"]
    tokens = {name for page in (DISCORD, SLACK) for name in page_terms(page) if name.endswith("_TOKEN")}
    assert tokens == set(service["environment"])
    assert 'ENTRYPOINT ["parley"]' in (ROOT / "Dockerfile").read_text(encoding="utf-8")
    done = CliRunner().invoke(main, ask[5:])
    assert done.exit_code == 0, done.output
    assert "Contradicted" in done.output


# --- with the platforms ---


async def test_the_start_on_discord(tmp_path: Path) -> None:
    """With the one variable that docs/discord.md names, `parley discord invite` prints the link, and `parley run`
    answers commands."""
    terms = page_terms(DISCORD)
    assert [name for name in terms if name.startswith("PARLEY_")] == ["PARLEY_DISCORD_TOKEN"]
    assert [line for line in terms if line.startswith("parley ")][:2] == ["parley discord invite", "parley run"]
    environment = {"PARLEY_DISCORD_TOKEN": TOKEN, "PARLEY_PORT": str(free_port()), "PARLEY_CONTENT": str(CONTENT)}
    async with new_discord() as server:
        start = ("tests.wire.discord.parley", server.url.removesuffix("/api/v10"))
        async with program(tmp_path, *start, "discord", "invite", **environment) as invite:
            code, output = await last_words(invite)
            assert code == 0, output
            assert "https://discord.com/" in output
            assert "client_id=" in output
        async with program(tmp_path, *start, "run", **environment) as process:
            await server.until(lambda: server.gateway.connected and server.commands[""], PATIENCE)
            answer = await server.member("Ada").slash("fact", words="tea")
            assert "Most people in the office drink tea" in answer.text
            process.terminate()
            code, output = await last_words(process)
            assert code == 0, output


@pytest.mark.parametrize("way", ["Socket Mode", "HTTP"])
async def test_the_start_on_slack(tmp_path: Path, way: str) -> None:
    """The command in docs/slack.md prints the manifest. With the variables that the page names for Socket Mode or HTTP,
    Parley answers `/parley`."""
    terms, port = page_terms(SLACK), free_port()
    settings = {
        "PARLEY_SLACK_BOT_TOKEN": BOT_TOKEN,
        "PARLEY_SLACK_APP_TOKEN": APP_TOKEN,
        "PARLEY_SLACK_SIGNING_SECRET": SECRET,
        "PARLEY_SLACK_BIND": f"127.0.0.1:{port}",
    }
    assert {name for name in terms if name.startswith("PARLEY_")} == set(settings)
    used = ["BOT_TOKEN", "APP_TOKEN"] if way == "Socket Mode" else ["BOT_TOKEN", "SIGNING_SECRET", "BIND"]
    environment = {f"PARLEY_SLACK_{name}": settings[f"PARLEY_SLACK_{name}"] for name in used}
    environment |= {"PARLEY_PORT": str(free_port()), "PARLEY_CONTENT": str(CONTENT)}
    (manifest,) = (
        shlex.split(line)[1:] for line in terms if ("--http" in line) == (way == "HTTP") and "manifest" in line
    )
    assert "parley run" in terms
    async with new_slack() as server:
        start = ("tests.wire.slack.parley", server.url)
        async with program(tmp_path, *start, *manifest, **environment) as printed:
            code, output = await last_words(printed)
            assert code == 0, output
            assert yaml.safe_load(output)["settings"]["socket_mode_enabled"] is (way == "Socket Mode")
        async with program(tmp_path, *start, "run", **environment) as process:
            if way == "HTTP":
                server.hooks.url = f"http://127.0.0.1:{port}/slack/events"
                await listening(port)
            else:
                await server.sockets.ready(patience=PATIENCE)
            answer = await server.member("Ada").command("/parley fact tea")
            assert "Most people in the office drink tea" in words(answer.messages[-1].blocks)
            process.terminate()
            code, output = await last_words(process)
            assert code == 0, output
