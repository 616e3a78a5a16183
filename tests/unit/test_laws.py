"""The laws of the house that a machine can check. Each runs in a fresh interpreter, so nothing hides."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
SDKS = {"discord", "slack_bolt", "slack_sdk", "aiohttp"}
DATABASES = {"aiosqlite", "asyncpg", "aiosql", "sqlite3"}


def imported_by(code: str) -> set[str]:
    """The top-level modules that are loaded after this code has run in a fresh interpreter."""
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
    """Law 1: the command line puts the parts together, so no part may need it."""
    for file in [*(ROOT / "bot").rglob("*.py"), *(ROOT / "adapters").rglob("*.py")]:
        for node in ast.walk(ast.parse(file.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = [node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)]
            assert "adapters.cli" not in names, file


def test_asking_in_a_terminal_loads_nothing_it_does_not_need() -> None:
    """`parley ask` loads no chat SDK, no database layer and no web framework: it answers at once."""
    code = "from adapters.cli import main\nmain(['ask', '--plain', '/fact fentanyl'], standalone_mode=False)"
    assert not imported_by(code) & (SDKS | DATABASES | {"prometheus_client", "watchfiles"})


def test_help_loads_neither_content_nor_models() -> None:
    """`parley --help` answers before anything heavy is loaded."""
    loaded = imported_by("import adapters.cli")
    assert not loaded & (SDKS | DATABASES | {"pydantic", "yaml", "tantivy", "rich"})


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
