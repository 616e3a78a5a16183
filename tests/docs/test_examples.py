"""Tests that the documents' examples work: commands run, packs pass the checker, settings are read, code does what it
says."""

from __future__ import annotations

import ast
import importlib.util
import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path

import pytest
import yaml

from bot.commands.lookup import lookup_features
from bot.dispatch.bot import Bot
from bot.dispatch.rate_limit import Limiter
from bot.library.edition import Edition, Shelf
from bot.packs.check import check_packs
from bot.packs.loader import load_library, pack_folders
from bot.settings.sources import load_settings
from tests.docs.documents import ROOT, Command, blocks, commands, documents, is_a_walk, name_of, prints, write_files
from tests.ports import free_port
from tests.transcripts.dialogue import Driver, play
from tests.transcripts.discord_driver import discord_driver
from tests.transcripts.slack_driver import slack_driver
from tests.transcripts.terminal_driver import terminal_driver
from tests.transcripts.web_driver import web_drivers
from tests.world import CONTENT, Clock

PROGRAM = Path(sys.executable).with_name("parley")
README, CONTRIBUTING = ROOT / "README.md", ROOT / "CONTRIBUTING.md"
SECONDS = 60
PARLEY = re.compile(r"(PARLEY_\w+=\S* )*parley ")


def documents_with_packs() -> list[Path]:
    return [file for file in documents() if any(block.file.endswith("/pack.yaml") for block in blocks(file))]


def run(command: Command, folder: Path) -> tuple[int, str]:
    """Run a command in this folder without settings from outside, and return its exit status and output."""
    words = shlex.split(command.line)
    variables = dict(word.split("=", 1) for word in words[: words.index("parley")])
    words = [str(PROGRAM), *words[words.index("parley") + 1 :]]
    if words[1] == "run":
        return serve(words, folder)
    environ = {**environment(), **variables}
    if words[1] in {"db", "polls"} and not (folder / "parley.db").exists():  # these commands need a database
        subprocess.run([str(PROGRAM), "db", "upgrade"], cwd=folder, env=environment(), capture_output=True, check=True)
    done = subprocess.run(words, cwd=folder, env=environ, capture_output=True, text=True, timeout=SECONDS, check=False)
    return done.returncode, done.stdout + done.stderr


def serve(words: list[str], folder: Path) -> tuple[int, str]:
    """Start the bot on a free port, stop it as soon as it is ready, and return its exit status and output."""
    environ = {**environment(), "PARLEY_PORT": str(free_port()), "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(words, cwd=folder, env=environ, stdout=subprocess.PIPE, text=True) as started:
        assert started.stdout is not None
        first_line = started.stdout.readline()
        started.send_signal(signal.SIGINT)
        first_line += started.stdout.read()
    return started.returncode, first_line


def environment() -> Mapping[str, str]:
    variables = {name: value for name, value in os.environ.items() if not name.startswith("PARLEY_")}
    return {**variables, "COLUMNS": "80", "NO_COLOR": "1", "PYTHONIOENCODING": "utf-8"}


@pytest.mark.parametrize("document", [file for file in documents() if not is_a_walk(file)], ids=name_of)
def test_every_parley_command_runs_and_exits_as_said(document: Path, tmp_path: Path) -> None:
    """A `parley` command in a document prints the output that stands below it, and exits with 0 or with the status that
    the document names."""
    write_files(document, tmp_path)
    for command in commands(document):
        if PARLEY.match(command.line):
            status, printed = run(command, tmp_path)
            assert status == command.status, f"{command.line}\n{printed}"
            assert command.output is None or prints(command.output, printed), f"{command.line}\n{printed}"


@pytest.mark.parametrize("document", documents_with_packs(), ids=name_of)
def test_every_pack_that_is_shown_passes_the_checker(document: Path, tmp_path: Path) -> None:
    """On the day of its review a pack in a document has no error and no warning. If the document has an essay, the
    checker proves the pack's quotes."""
    write_files(document, tmp_path)
    essay = tmp_path / "essay.txt"
    folders = [folder for file in tmp_path.glob("*/*/pack.yaml") for folder in pack_folders(file.parent)]
    reports = check_packs(folders, essay if essay.exists() else None, date(2026, 11, 1))
    assert [str(problem) for report in reports for problem in report.problems] == []
    assert reports


def test_every_yaml_example_is_a_file_of_a_pack() -> None:
    """Every YAML example in a document names its file, so that none of them escapes the checker."""
    for document in documents():
        for block in blocks(document):
            if block.kind == "yaml":
                assert block.file, block.text
                yaml.safe_load(block.text)


@pytest.mark.parametrize("document", documents(), ids=name_of)
def test_every_settings_file_that_is_shown_is_read(
    document: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A `parley.toml` in a document names settings that exist, with values that they take."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("PARLEY_")]:
        monkeypatch.delenv(name)
    for block in blocks(document):
        if block.kind == "toml":
            (tmp_path / "parley.toml").write_text(block.text, encoding="utf-8")
            assert load_settings().model_fields_set


@pytest.fixture
def example_bot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bot:
    """Return a bot that has CONTRIBUTING's example feature, imported as if it were in its place."""
    write_files(CONTRIBUTING, tmp_path)
    (block,) = [block for block in blocks(CONTRIBUTING) if block.file.startswith("bot/commands/")]
    name = block.file.removesuffix(".py").replace("/", ".")
    spec = importlib.util.spec_from_file_location(name, tmp_path / block.file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, name, module)
    spec.loader.exec_module(module)
    shelf = Shelf(Edition.of(load_library(CONTENT)))
    features = (*lookup_features(shelf), module.Reviews(shelf))
    return Bot.of(features, new_reference=lambda: "ref", limiter=Limiter(burst=1000))


@asynccontextmanager
async def on_surface(surface: str, bot: Bot) -> AsyncIterator[Driver]:
    """Yield Ada's driver on one of the four surfaces."""
    if surface == "terminal":
        yield terminal_driver(bot, "Ada", Clock())
    elif surface == "web":
        async with web_drivers(bot, Clock()) as members:
            yield members["Ada"]
    elif surface == "discord":
        async with discord_driver(bot) as ada:
            yield ada
    else:
        async with slack_driver(bot) as ada_on_slack:
            yield ada_on_slack


@pytest.mark.parametrize("surface", ["discord", "slack", "web", "terminal"])
async def test_the_worked_example_plays_its_dialogue(example_bot: Bot, surface: str) -> None:
    """The feature that CONTRIBUTING shows answers as in its dialogue on Discord, Slack, the web chat and the
    terminal."""
    (dialogue,) = [b.text for b in blocks(CONTRIBUTING) if b.kind == "python" and not b.file]
    (steps,) = ast.literal_eval(dialogue).values()
    async with on_surface(surface, example_bot) as ada:
        await play(ada, steps)
        with pytest.raises(AssertionError, match="7 reviews"):
            await play(ada, [("/reviews", "7 reviews are due")])


def test_the_worked_example_keeps_the_rules_of_style() -> None:
    """The linter and the formatter accept the code that CONTRIBUTING shows."""
    for block in blocks(CONTRIBUTING):
        if block.kind == "python" and block.file:
            for words in (["check", "--quiet"], ["format", "--check", "--quiet", "--diff"]):
                ruff = [sys.executable, "-m", "ruff", *words, "--stdin-filename", block.file, "-"]
                done = subprocess.run(ruff, cwd=ROOT, input=block.text, capture_output=True, text=True, check=False)
                assert done.returncode == 0, done.stdout + done.stderr
