"""Tests of docs/security.md against the tests that it names and the limits and rules that it states."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

import pytest

from bot.dispatch.rate_limit import REMEMBERED_MAX, Limiter
from bot.polls.service import COPIES_MAX, OPEN_POLLS_MAX, OWN_POLLS_MAX
from bot.settings.model import Settings
from bot.suggestions.service import COMMUNITY_MAX, MEMBER_MAX
from tests.docs.documents import ROOT

SECURITY = ROOT / "docs" / "security.md"
TEST_NAMES = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", SECURITY.read_text(encoding="utf-8"))
SECRECY = "## How polls keep their promise"
SILENCED_MAX = 60


def functions(file: Path) -> dict[str, ast.AST]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


@pytest.mark.parametrize(("file", "test"), sorted(set(TEST_NAMES)))
def test_every_test_that_is_named_exists(file: str, test: str) -> None:
    """Every test that docs/security.md names exists."""
    assert test in functions(ROOT / file)


def test_every_row_of_claims_names_a_test() -> None:
    """Every row of a table of claims in docs/security.md names a test, or refers to the same one."""
    rows = [line for line in SECURITY.read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    claims = [row for row in rows if not row.startswith(("| What holds", "| Limit", "| Promise", "| ---"))]
    assert claims
    assert [row for row in claims if "`tests/" not in row and "the same" not in row] == []


def test_a_secret_poll_is_promised_in_the_same_words_everywhere() -> None:
    """README and docs/security.md promise a poll's secrecy in exactly the same words."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8").partition(SECRECY)[2]
    promise = re.search(r"other members and exports never show .*?even without the key\.", readme)
    assert promise is not None
    assert promise[0] in SECURITY.read_text(encoding="utf-8")


def test_the_limits_are_the_ones_that_hold() -> None:
    """The numbers in the table of limits in docs/security.md are those of the code."""
    text, limiter = SECURITY.read_text(encoding="utf-8"), Limiter()
    assert f"| One member | {limiter.burst} requests at once, {limiter.per_minute} a minute |" in text
    assert f"`community_per_minute` ({Settings().community_per_minute:,})" in text
    assert f"| Open polls of one community | {OPEN_POLLS_MAX} |" in text
    assert f"| Open polls of one member | {OWN_POLLS_MAX}; " in text
    assert f"| Messages that show one poll | {COPIES_MAX} |" in text
    assert f"| {MEMBER_MAX} of one member, {COMMUNITY_MAX} of one community |" in text
    assert f"| Ids that are remembered for this | {REMEMBERED_MAX:,}, " in text


def test_every_excuse_from_a_security_rule_has_a_reason() -> None:
    """Each lint rule that pyproject.toml leaves out has its reason beside it, and so has each line of the program that
    silences a security rule."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    lint = tomllib.loads(text)["tool"]["ruff"]["lint"]
    assert lint["select"] == ["ALL"]
    ignored = [*lint["ignore"], *(rule for rules in lint["per-file-ignores"].values() for rule in rules)]
    assert ignored
    for rule in ignored:
        assert re.search(rf'"{rule}"\],?\s+# \w|"{rule}",?\s+# \w', text), rule
    for folder in ("bot", "adapters", "benchmarks"):
        assert not [rule for rule in lint["per-file-ignores"].get(f"{folder}/**", ()) if rule == "S"]
        for file in (ROOT / folder).rglob("*.py"):
            for line in file.read_text(encoding="utf-8").splitlines():
                if "# noqa: " in line and re.search(r"noqa: [\w, ]*\bS\d{3}", line):
                    assert re.search(r"noqa: [A-Z0-9, ]+ - \S", line), f"{file.name}: {line.strip()}"


def test_few_warnings_are_silenced_and_each_says_why() -> None:
    """At most 60 warnings are silenced, and each of them has its reason beside it."""
    lines = [
        f"{file.relative_to(ROOT)}: {line.strip()}"
        for folder in ("bot", "adapters", "tests", "benchmarks")
        for file in sorted((ROOT / folder).rglob("*.py"))
        for line in file.read_text(encoding="utf-8").splitlines()
        if re.search(r"# noqa\b", line) and file != Path(__file__)
    ]
    assert len(lines) <= SILENCED_MAX
    assert not [line for line in lines if not re.search(r"# noqa: [A-Z]+\d+(, [A-Z]+\d+)* - \S", line)]
