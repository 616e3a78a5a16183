"""Tests that the documents say of the program what the program says of itself."""

from __future__ import annotations

import json
import os
import re
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner

from adapters.cli import main
from adapters.cli.config import reference
from bot.i18n import translator
from bot.packs.pack import PARTS
from bot.packs.rule_index import RULES
from bot.polls.secrecy import Secrecy
from bot.settings.model import Settings
from tests.docs import tables as made
from tests.docs.documents import ROOT, blocks, documents, name_of, tables, write_table
from tests.store.things import poll
from tests.world import running

README, CONTRIBUTING, CHANGELOG = ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md"
KEYS = ROOT / "content" / "README.md"
OPERATORS = ROOT / "docs" / "operators.md"
CONFIGURATION = ROOT / "docs" / "configuration.md"
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))
README_WORDS_MAX, DOCS_WORDS_MAX = 900, 22_000
_TARGET = re.compile(r"^([a-z][\w-]*):", re.MULTILINE)
_MAKE = re.compile(r"(?:^|`)make ((?:[a-z-]+ ?)+)", re.MULTILINE)


def is_in_step(document: Path, name: str, rows: str) -> None:
    """Assert that the table in the document has these rows. `PARLEY_GOLDEN=write` puts them there."""
    if os.environ.get("PARLEY_GOLDEN") == "write":
        write_table(document, name, rows)
    assert tables(document)[name] == rows, f"{name_of(document)} is out of date: PARLEY_GOLDEN=write pytest tests/docs"


@pytest.mark.parametrize("group", made.GROUPS)
async def test_the_command_tables_are_the_declarations(group: str, tmp_path: Path) -> None:
    """The guide of each group of readers lists their commands in the words of their declarations. Each command stands in
    one of these guides alone."""
    async with running(tmp_path) as instance:
        groups = made.command_groups(instance.bot.commands)
    assert all(groups.values())
    guided = [command.name for commands in groups.values() for command in commands]
    assert sorted(guided) == sorted({command.name for command in instance.bot.commands.values()})
    is_in_step(ROOT / "docs" / f"{group}.md", f"commands for {group}", made.command_table(groups[group]))


def test_the_reference_of_settings_is_the_settings() -> None:
    """docs/configuration.md is what `parley config docs` prints; `PARLEY_GOLDEN=write` puts it there."""
    if os.environ.get("PARLEY_GOLDEN") == "write":
        CONFIGURATION.write_text(reference(), encoding="utf-8")
    assert CONFIGURATION.read_text(encoding="utf-8") == reference(), "parley config docs > docs/configuration.md"


def test_the_table_of_figures_is_the_figures() -> None:
    """docs/operators.md lists every figure with its labels and its meaning."""
    is_in_step(OPERATORS, "metrics", made.metrics_table())


def test_every_setting_is_in_the_reference() -> None:
    """docs/configuration.md lists every setting with its variable, its default and its description."""
    rows = CONFIGURATION.read_text(encoding="utf-8")
    for name, info in Settings.model_fields.items():
        assert info.description
        default = "the shipped packs" if name == "content" else f"`{info.default}`"
        stated = f"; {re.escape(default)}" if info.default else ""
        row = rf"^- `PARLEY_{name.upper()}` \([^;)]+{stated}\): {re.escape(info.description)}$"
        assert re.search(row, rows, re.MULTILINE), name


@pytest.mark.parametrize(("name", "rows"), made.pack_tables().items(), ids=made.pack_tables())
def test_the_tables_of_the_pack_format_are_the_models(name: str, rows: str) -> None:
    """content/README.md has every key of every part, with what it takes and what it means."""
    is_in_step(KEYS, name, rows)


def test_every_rule_of_the_checker_is_explained() -> None:
    """`parley check --rules` explains each rule once, and none that is gone."""
    explained = [name for group in RULES.values() for name in group]
    assert len(set(explained)) == len(explained), "a rule is explained twice"
    assert set(explained) == made.rules()
    printed = CliRunner().invoke(main, ["check", "--rules"])
    assert printed.exit_code == 0
    assert re.findall(r"^  ([a-z0-9-]+) +\S", printed.output, re.MULTILINE) == explained


def test_every_table_is_one_that_is_made() -> None:
    """Every table between marks in a document is one that the tests make from the code, so that none goes stale."""
    table_names = {
        "metrics",
        *made.pack_tables(),
        *(f"commands for {group}" for group in made.GROUPS),
    }
    assert {name for document in documents() for name in tables(document)} == table_names


@pytest.mark.parametrize("document", documents(), ids=name_of)
def test_every_make_target_that_is_named_exists(document: Path) -> None:
    """Every `make` target that a document names is in the Makefile."""
    targets = set(_TARGET.findall((ROOT / "Makefile").read_text(encoding="utf-8")))
    text = document.read_text(encoding="utf-8")
    examples = "\n".join(line for block in blocks(document) if block.kind == "sh" for line in block.text.splitlines())
    spans = "\n".join(re.findall(r"`make [^`]+`", text))
    for target in _MAKE.findall(f"{examples}\n{spans}"):
        assert set(target.split()) <= targets, target


def test_readme_has_the_two_commands() -> None:
    """README names `make run` and `make test` near the top, before “Five things to ask”."""
    head, rest, _ = README.read_text(encoding="utf-8").partition("## Five things to ask")
    assert rest
    assert re.search(r"^make run\b", head, re.MULTILINE)
    assert re.search(r"^make test\b", head, re.MULTILINE)


def test_the_readme_is_read_in_five_minutes() -> None:
    """README has at most 900 words, as `wc -w` counts them."""
    assert len(README.read_text(encoding="utf-8").split()) <= README_WORDS_MAX


def test_the_documents_stay_short() -> None:
    """The documents in docs/ have at most 22,000 words together, as `wc -w` counts them. Decision records don't
    count."""
    read = [file for file in (ROOT / "docs").rglob("*.md") if "decisions" not in file.parts]
    words = {name_of(file): len(file.read_text(encoding="utf-8").split()) for file in read}
    assert sum(words.values()) <= DOCS_WORDS_MAX, sorted(words.items(), key=lambda item: -item[1])


def test_the_promise_is_the_one_that_voters_read() -> None:
    """README promises what a poll's “How secret?” says: who never sees a vote, and who could while the poll is open.

    The poll's own line says that the operator could look.
    """
    promised = README.read_text(encoding="utf-8").lower()
    t, secrecy = translator("en"), Secrecy("sqlite")
    for words in ("other members and exports never show", "after the close nobody can", "copy of the open database"):
        assert words in " ".join(secrecy.details(t, poll())).lower()
        assert words in promised
    assert "the operator could look" in secrecy.line(t, poll())


def test_what_a_restored_backup_brings_back_is_said() -> None:
    """README names a restored backup as the one case in which a closed poll opens again, and links it to
    docs/operators.md, which says what the backup brings back and lists the steps for its polls."""
    again = "A closed poll never opens again, unless the operator [restores an older backup]"
    assert f"{again}(docs/operators.md#back-up-and-restore)" in README.read_text(encoding="utf-8")
    steps = OPERATORS.read_text(encoding="utf-8").partition("An older backup brings its polls back")[2]
    sentences = ("after it are gone", "a poll that ended meanwhile is open again")
    for step in (
        *sentences,
        "`parley polls list`",
        "announcements",
        "`/log`",
        "cancel each poll whose result was announced",
    ):
        assert step in steps.partition("\n## ")[0], step


def test_what_a_machine_may_lack_is_listed() -> None:
    """CONTRIBUTING lists everything that a test can require of a machine, so that a skip can be understood and
    ended."""
    required = {name for file in (ROOT / "tests").rglob("*.py") for name in _required(file.read_text(encoding="utf-8"))}
    gate = re.search(r"PARLEY_TEST_REQUIRE=([\w,]+)", (ROOT / ".ci" / "run").read_text(encoding="utf-8"))
    assert gate is not None
    listed = set(re.findall(r"^\| `(\w+)` \|", CONTRIBUTING.read_text(encoding="utf-8"), re.MULTILINE))
    assert required | set(gate[1].split(",")) <= listed


def _required(code: str) -> set[str]:
    return set(re.findall(r"\brequire\(\s*\"(\w+)\"", code))


def test_editors_know_the_schema_of_every_part() -> None:
    """The settings for VS Code give each file of a pack its schema, whether a part is a file or a folder."""
    settings = json.loads((ROOT / ".vscode" / "settings.json").read_text(encoding="utf-8"))
    expected: dict[str, object] = {"schemas/pack.schema.json": "content/*/pack.yaml"}
    for part in PARTS:
        expected[f"schemas/{part}.schema.json"] = [f"content/*/{part}.yaml", f"content/*/{part}/*.yaml"]
    assert settings["yaml.schemas"] == expected
    assert all((ROOT / schema).is_file() for schema in expected)


def test_every_folder_of_the_house_is_on_the_map() -> None:
    """CONTRIBUTING names every package in bot, adapters and tests, and every benchmark."""
    text = CONTRIBUTING.read_text(encoding="utf-8")
    for top in ("bot", "adapters", "tests"):
        for folder in sorted((ROOT / top).iterdir()):
            if folder.is_dir() and (folder / "__init__.py").exists():
                assert f"`{top}/{folder.name}/`" in text, folder
    for benchmark in (ROOT / "benchmarks").glob("*.py"):
        if not benchmark.stem.startswith("__"):
            assert f"`{benchmark.stem}`" in text, benchmark


def test_the_changelog_begins_with_what_is_not_released() -> None:
    """The changelog begins with a section Unreleased. If another section follows, it is that of the project's
    version."""
    text = CHANGELOG.read_text(encoding="utf-8")
    sections = re.findall(r"^## \[([^\]]+)\]", text, re.MULTILINE)
    assert sections[0] == "Unreleased"
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert sections[1:2] in ([], [version])


def test_decisions_are_numbered_without_a_gap() -> None:
    """Decision records are numbered from 1 without a gap, so that code and people can refer to them."""
    numbers = [int(file.name[:4]) for file in DECISIONS]
    assert numbers == list(range(1, len(DECISIONS) + 1))


@pytest.mark.parametrize("decision", DECISIONS, ids=name_of)
def test_a_decision_has_its_four_parts_on_one_page(decision: Path) -> None:
    """A decision record has its number in its title, the parts Context, Decision, Consequences and What was measured,
    and fewer than 700 words."""
    text = decision.read_text(encoding="utf-8")
    assert re.fullmatch(r"\d{4}-[a-z0-9-]+\.md", decision.name)
    assert text.startswith(f"# {decision.name[:4]}: ")
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == ["Context", "Decision", "Consequences", "What was measured"]
    assert len(text.split()) < 700
