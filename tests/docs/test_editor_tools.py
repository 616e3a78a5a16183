"""Tests of what editors' own tools get from Parley: the hook before a commit, the workflow on GitHub, the schemas."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.packs.check import main_report
from bot.packs.pack import PARTS
from tests.docs.documents import ROOT
from tests.docs.test_examples import environment
from tests.require import require_git
from tests.unit.packs import ARGUMENTS, FACTS, make_pack

WORKFLOW = ROOT / "docs" / "workflows" / "check-packs.yml"
GUIDE = ROOT / "docs" / "editors.md"
HOOKS = ROOT / ".pre-commit-hooks.yaml"
BIN = Path(sys.executable).parent


def ran(words: list[str], folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a command in this folder, with Parley's own programs before any other."""
    environ = {**environment(), "PATH": f"{BIN}:{os.environ['PATH']}", **variables}
    return subprocess.run(words, cwd=folder, env=environ, capture_output=True, text=True, check=False, timeout=120)


# --- before a commit ---


@pytest.fixture
def hook() -> Mapping[str, Any]:
    (only,) = yaml.safe_load(HOOKS.read_text(encoding="utf-8"))
    return dict(only)


def applies(hook: Mapping[str, Any], path: str) -> bool:
    """Tell whether pre-commit would hand this file to the hook: it searches the path for both patterns."""
    return bool(re.search(hook["files"], path)) and not re.search(hook["exclude"], path)


def test_the_hook_is_called_for_the_files_of_packs_alone(hook: Mapping[str, Any]) -> None:
    """pre-commit calls the hook for every file that a pack can have, at any depth, and for no draft and no other YAML
    file."""
    for part in PARTS:
        assert applies(hook, f"packs/parking/{part}.yaml")
        assert applies(hook, f"{part}/2025.yaml")
    assert applies(hook, "pack.yaml")
    for other in (".github/workflows/check-packs.yml", "mkdocs.yaml", "packs/p/drafts/facts.yaml", "packs/p/facts.md"):
        assert not applies(hook, other)


def commit(hook: Mapping[str, Any], repository: Path) -> subprocess.CompletedProcess[str]:
    """Do what pre-commit does: run the hook's entry with the staged files that it wants."""
    ran(["git", "add", "--all"], repository)
    staged = ran(["git", "diff", "--cached", "--name-only", "--diff-filter=d"], repository).stdout.splitlines()
    return ran([*shlex.split(hook["entry"]), *(file for file in staged if applies(hook, file))], repository)


def test_the_hook_lets_good_commits_pass_and_stops_broken_ones(hook: Mapping[str, Any], tmp_path: Path) -> None:
    """When files of a pack change, the hook checks the whole pack once. It lets a good commit pass, and stops a broken
    one with the mistake's file and line."""
    require_git()
    assert ran(["git", "init", "--quiet"], tmp_path).returncode == 0
    pack = make_pack(tmp_path / "packs" / "parking")
    (tmp_path / "notes.yaml").write_text("not: [a pack", encoding="utf-8")
    passed = commit(hook, tmp_path)
    assert passed.returncode == 0, passed.stdout + passed.stderr
    assert passed.stdout.count("parking: 0 errors") == 1
    ran(["git", "-c", "user.name=Ada", "-c", "user.email=ada@example.org", "commit", "-qm", "A pack"], tmp_path)
    (pack / "arguments.yaml").write_text(ARGUMENTS.replace("id: fewer-places", "id: fewer"), encoding="utf-8")
    stopped = commit(hook, tmp_path)
    assert stopped.returncode == 1
    assert "packs/parking/arguments.yaml:7:10: error: `fewer-places` is not the id of" in stopped.stdout
    assert "Traceback" not in stopped.stderr


def test_the_hook_is_installed_as_a_program_of_this_package(hook: Mapping[str, Any]) -> None:
    """The hook's `language: python` installs this repository, and its entry is a program that this installs."""
    assert hook["language"] == "python"
    assert shutil.which(shlex.split(hook["entry"])[0], path=str(BIN)) is not None
    assert f"id: {hook['id']}" in GUIDE.read_text(encoding="utf-8")


# --- on GitHub ---


@pytest.fixture
def workflow() -> Mapping[Any, Any]:
    return dict(yaml.safe_load(WORKFLOW.read_text(encoding="utf-8")))


def steps(workflow: Mapping[Any, Any]) -> list[Mapping[str, Any]]:
    return list(workflow["jobs"]["check"]["steps"])


def test_the_workflow_asks_for_little(workflow: Mapping[Any, Any]) -> None:
    """The workflow runs at pushes and pull requests, may only read, keeps no credentials, and names a version of each
    action."""
    triggers = workflow[True]  # YAML 1.1 takes the key `on` for yes, and GitHub doesn't
    assert set(triggers) == {"push", "pull_request"}
    assert workflow["permissions"] == {"contents": "read"}
    for step in steps(workflow):
        assert ("uses" in step) is not ("run" in step)
        assert "${{" not in step.get("run", ""), "what others can set stays out of the shell"
        if "uses" in step:
            assert re.fullmatch(r"actions/(checkout|setup-python)@v\d+", step["uses"])
        if step.get("uses", "").startswith("actions/checkout"):
            assert step["with"]["persist-credentials"] is False


def test_the_workflow_installs_what_is_locked(workflow: Mapping[Any, Any], tmp_path: Path) -> None:
    """The workflow's commands to install Parley find everything that they name, in a dry run without a network."""
    (tmp_path / ".parley").symlink_to(ROOT)
    install = next(step for step in steps(workflow) if step["name"] == "Install Parley")
    done = ran(["bash", "-e", "-c", install["run"]], tmp_path, PIP_DRY_RUN="1", PIP_NO_INDEX="1", PIP_NO_CACHE_DIR="1")
    assert done.returncode == 0, done.stdout + done.stderr
    paths = [step["with"].get("cache-dependency-path") for step in steps(workflow) if "with" in step]
    assert all((tmp_path / path).is_file() for path in paths if path)


def checked(workflow: Mapping[Any, Any], repository: Path) -> subprocess.CompletedProcess[str]:
    check = next(step for step in steps(workflow) if step["name"] == "Check the packs")
    return ran(["bash", "-e", "-c", check["run"]], repository, PACKS="packs")


def test_the_workflow_marks_the_lines(workflow: Mapping[Any, Any], tmp_path: Path) -> None:
    """The workflow marks each finding at its line of the file, as seen from the repository. An error fails the job."""
    pack = make_pack(tmp_path / "packs" / "parking")
    assert checked(workflow, tmp_path).returncode == 0
    (pack / "facts.yaml").write_text(FACTS.replace("verdict: supported", "verdict: 100%, ok: yes"), encoding="utf-8")
    done = checked(workflow, tmp_path)
    assert done.returncode == 1
    assert done.stdout.startswith("::error file=packs/parking/facts.yaml,line=9,col=22,title=yaml::this text contains")


def unescaped(command: str) -> tuple[dict[str, str], str]:
    """Read a workflow command as GitHub's runner does: properties, then the message."""
    head, _, message = command.removeprefix("::").partition("::")
    _, _, properties = head.partition(" ")

    def read(text: str, signs: Mapping[str, str]) -> str:
        for written, sign in signs.items():
            text = text.replace(written, sign)
        return text

    own = {"%0D": "\r", "%0A": "\n"}
    pairs = dict(pair.split("=", 1) for pair in properties.split(","))
    return (
        {name: read(value, {**own, "%3A": ":", "%2C": ",", "%25": "%"}) for name, value in pairs.items()},
        read(message, {**own, "%25": "%"}),
    )


@pytest.mark.parametrize("folder", ["a,b", "a:b", "100%", "%0A::error::x"])
def test_a_runner_reads_back_what_was_meant(tmp_path: Path, folder: str) -> None:
    """GitHub's runner reads back the folder and the value that Parley meant. No name can end a property or a command
    early."""
    value = "%0A::set-output name=x::y"
    pack = make_pack(tmp_path / folder, {"facts.yaml": FACTS.replace("verdict: supported", f"verdict: '{value}'")})
    printed, status = main_report([pack], None, date(2025, 3, 1), "github")
    commands = [line for line in printed.splitlines() if line.startswith("::")]
    properties, message = unescaped(commands[0])
    assert status == 1
    assert properties["file"] == str(pack / "facts.yaml")
    assert (properties["line"], properties["title"]) == ("9", "invalid-value")
    assert value in message
    assert all(line.startswith(("::error ", "::warning ")) for line in commands)


# --- while typing ---


def test_each_file_can_lead_to_its_schema(tmp_path: Path) -> None:
    """`parley schema` writes a schema for pack.yaml and each part, and the guide's line leads from a pack's folder to
    it."""
    done = ran(["parley", "schema", "schemas"], tmp_path)
    assert done.returncode == 0
    written = {Path(line).name for line in done.stdout.split()}
    assert written == {f"{name}.schema.json" for name in ("pack", *PARTS)}
    line = re.search(r"^\+# yaml-language-server: \$schema=(\S+)$", GUIDE.read_text(encoding="utf-8"), re.MULTILINE)
    assert line is not None
    pack = tmp_path / "my-packs" / "city-parking"
    pack.mkdir(parents=True)
    assert (pack / line[1]).resolve() == (tmp_path / "schemas" / "facts.schema.json").resolve()


def test_the_shipped_packs_lead_to_their_schemas() -> None:
    """The first line of each shipped file leads to its schema, so that an editor that knows YAML completes keys and
    underlines mistakes."""
    for file in sorted((ROOT / "content").glob("*/*.yaml")):
        first = file.read_text(encoding="utf-8").partition("\n")[0]
        schema = first.removeprefix("# yaml-language-server: $schema=")
        assert (file.parent / schema).resolve() == ROOT / "schemas" / f"{file.stem}.schema.json"
