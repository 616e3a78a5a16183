"""Tests that follow docs/editors.md to the letter: they write each file, make each change and type each command, in
order."""

from __future__ import annotations

import re
import signal
import subprocess
from pathlib import Path

import pytest

from tests.docs.documents import ROOT, Block, Command, blocks, commands_in, documents, is_a_walk, name_of, prints
from tests.docs.test_examples import PROGRAM, environment, run
from tests.ports import free_port
from tests.programs import fetch
from tests.waits import PATIENCE
from tests.world import running

GUIDE = ROOT / "docs" / "editors.md"
PORT = 8766


def changed(text: str, block: Block) -> str:
    """Return the file's text after a change. The old passage must stand in it once, so that a reader finds it."""
    lines = block.text.splitlines(keepends=True)
    assert {line[0] for line in lines if line.strip()} <= set(" +-"), block.text
    old = "".join(line[1:] for line in lines if not line.startswith("+"))
    new = "".join(line[1:] or "\n" for line in lines if not line.startswith("-"))
    assert text.count(old) == 1, f"stands {text.count(old)} times in the file:\n{old}"
    return text.replace(old, new)


def previewed(command: Command, folder: Path) -> tuple[int, str]:
    """Run the preview on a free port, look at its page, and stop it with Ctrl+C. Return its status and what it
    printed."""
    port = str(free_port())
    words = [str(PROGRAM), *command.line.split()[1:], "--port", port]
    process = subprocess.Popen(
        words, cwd=folder, env={**environment(), "PYTHONUNBUFFERED": "1"}, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        first = process.stdout.readline()
        address = re.search(r"http://\S+", first)
        assert address is not None, first
        assert b"Parked cars take a third" in fetch(f"{address[0]}city-parking/street-space")
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=PATIENCE)
    finally:
        process.kill()
    return process.returncode, (first + rest).replace(f":{port}/", f":{PORT}/")


def step(block: Block, folder: Path) -> None:
    """Do what one block says."""
    if block.edits:
        file = folder / block.file
        file.write_text(changed(file.read_text(encoding="utf-8"), block), encoding="utf-8")
    elif block.file:
        file = folder / block.file
        file.parent.mkdir(parents=True, exist_ok=True)
        assert not file.exists(), f"{block.file} is made a second time"
        file.write_text(block.text, encoding="utf-8")
    for command in commands_in(block):
        status, printed = (previewed if command.line.startswith("parley preview ") else run)(command, folder)
        assert status == command.status, f"{command.line}\n{printed}"
        assert command.output is None or prints(command.output, printed), f"{command.line}\n{printed}"


@pytest.mark.parametrize("document", [file for file in documents() if is_a_walk(file)], ids=name_of)
def test_the_guide_can_be_followed_to_the_letter(document: Path, tmp_path: Path) -> None:
    """A reader who does what the page says sees what the page shows, at every step and at the end."""
    for block in blocks(document):
        step(block, tmp_path)


def test_the_guide_has_steps() -> None:
    """The guide has at least 12 changes, commands that pass, commands that fail, and a preview."""
    steps = blocks(GUIDE)
    commands = [command for block in steps for command in commands_in(block)]
    assert sum(block.edits for block in steps) >= 12
    assert {command.status for command in commands} == {0, 1}
    assert any(command.line.startswith("parley preview") for command in commands)


async def test_the_commands_that_it_names_are_there(tmp_path: Path) -> None:
    """Every `/content` command that the guide names is declared, word for word."""
    commands = set(re.findall(r"`/(content \w+)`", GUIDE.read_text(encoding="utf-8")))
    async with running(tmp_path) as instance:
        assert commands == {name for name in instance.bot.commands if name in commands}
    assert {"content status", "content problems", "content reload"} <= commands


def test_each_mistake_is_mended_again() -> None:
    """The last check of the guide finds no error and no warning, so every mistake made on purpose is corrected
    again."""
    last = [command for block in blocks(GUIDE) for command in commands_in(block) if "parley check" in command.line][-1]
    assert last.status == 0
    assert (last.output or "").startswith("city-parking: 0 errors, 0 warnings")
