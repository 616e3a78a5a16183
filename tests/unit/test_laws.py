"""The laws of the code that a machine can check; tests of imports run code in a fresh interpreter."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from adapters.cli import main
from adapters.cli.lazy import LazyCommand, LazyGroup

ROOT = Path(__file__).parent.parent.parent
SDKS = {"discord", "slack_bolt", "slack_sdk", "aiohttp"}
DATABASES = {"aiosqlite", "asyncpg", "aiosql", "sqlite3"}


def imported_by(code: str) -> set[str]:
    """Return the top-level modules that are loaded after this code has run in a fresh interpreter."""
    report = "import sys, json; print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\n{report}"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return set(json.loads(done.stdout.splitlines()[-1]))


def core_modules() -> list[str]:
    files = sorted((ROOT / "bot").rglob("*.py"))
    return [".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__") for file in files]


def test_the_core_imports_no_platform_and_no_adapter() -> None:
    """Law 1: `bot/` knows no chat SDK, no web framework and nothing of `adapters/`."""
    loaded = imported_by("\n".join(f"import {name}" for name in core_modules()))
    assert not loaded & (SDKS | {"adapters"})


def test_nothing_imports_the_command_line() -> None:
    """Law 1: the command line puts the parts together, so no module outside `adapters/cli` imports it."""
    command_line = ROOT / "adapters" / "cli"
    files = [*(ROOT / "bot").rglob("*.py"), *(ROOT / "adapters").rglob("*.py")]
    for file in files:
        if command_line in file.parents:
            continue
        for node in ast.walk(ast.parse(file.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = [node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)]
            assert not any(f"{name}.".startswith("adapters.cli.") for name in names), file


def test_asking_in_a_terminal_loads_nothing_it_does_not_need() -> None:
    """`parley ask` loads no chat SDK, database layer, web framework, metrics library or file watcher."""
    code = "from adapters.cli import main\nmain(['ask', '--plain', '/fact fentanyl'], standalone_mode=False)"
    assert not imported_by(code) & (SDKS | DATABASES | {"prometheus_client", "watchfiles"})


@pytest.mark.parametrize("line", [["--help"], ["--version"], []])
def test_help_loads_no_command(line: list[str]) -> None:
    """`parley`, `--help` and `--version` load no command's module: the list itself holds each command's help."""
    code = f"""
import sys
from adapters.cli import main
try:
    main({line})
except SystemExit:
    pass
print(*sorted(name for name in sys.modules if name.startswith("adapters.")))
"""
    loaded = imported_by(code)
    assert not loaded & (SDKS | DATABASES | {"pydantic", "yaml", "tantivy", "rich"})
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1].split() == ["adapters.cli", "adapters.cli.lazy"]


@pytest.mark.parametrize("name", list(main.commands))
def test_the_help_of_a_command_is_the_first_sentence_of_its_own(name: str) -> None:
    """The list of commands shows each command's own name and its own short help."""
    placeholder = main.commands[name]
    assert isinstance(placeholder, LazyCommand)
    command = placeholder.load()
    assert placeholder.get_short_help_str(500) == command.get_short_help_str(500)
    assert command.name == name


def test_a_command_is_loaded_by_its_name_alone() -> None:
    """An unknown command ends with status 2, and a target that isn't a command raises an error that names it."""
    group = LazyGroup(commands=[LazyCommand("law", "tests.unit.test_laws:ROOT", "No command.")])
    runner = CliRunner()
    assert runner.invoke(group, ["lore"]).exit_code == 2
    assert runner.invoke(group, ["--help"]).exit_code == 0
    assert "tests.unit.test_laws:ROOT isn't a command" in str(runner.invoke(group, ["law"]).exception)


def test_completion_loads_no_command() -> None:
    """Completion in a shell takes the names of commands from the list and loads no command's module."""
    code = """
import os, sys
os.environ.update(_PARLEY_COMPLETE="bash_complete", COMP_WORDS="parley d", COMP_CWORD="1")
from adapters.cli import main
try:
    main(prog_name="parley")
except SystemExit:
    pass
print(*sorted(name for name in sys.modules if name.startswith("adapters.")))
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["plain,db", "plain,discord", "plain,doctor", "adapters.cli adapters.cli.lazy"]


def test_no_module_does_work_when_it_is_imported() -> None:
    """Law 8: importing opens no file for writing, starts no thread and no event loop."""
    code = f"""
import importlib, sys, threading
now = ""
def audit(event, args):
    if event == "open" and isinstance(args[1], str) and set(args[1]) & set("wax+"):
        raise SystemExit(f"{{now}} opened {{args[0]}} for writing")
sys.dont_write_bytecode = True
sys.addaudithook(audit)
for now in {core_modules()}:
    importlib.import_module(now)
    assert threading.active_count() == 1, now
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
