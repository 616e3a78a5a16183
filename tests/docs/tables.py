"""Make the documentation's tables from the code. `PARLEY_GOLDEN=write pytest tests/docs` renews them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from typing import Any

from prometheus_client.metrics import MetricWrapperBase

from adapters.http.prometheus import Metrics
from bot.commands.help import usage
from bot.dispatch.declare import Command, Permission
from bot.packs.pack import PARTS
from bot.packs.schema import schemas
from bot.polls.counting.results import Rule
from tests.docs.documents import ROOT

HOSTS = (
    *("poll policy", "poll create", "poll post", "poll extend", "poll close", "poll cancel"),
    *("poll schedule", "poll templates", "decide"),
    *("discuss start", "discuss extend", "discuss close", "discuss cancel"),
)
"""Commands for the host of a poll or a discussion."""

GROUPS = ("members", "hosts", "moderators", "editors")

_KINDS = {
    r"^[a-z0-9]+(-[a-z0-9]+)*$": "id",
    r"^https?://[^\s<>|\"]+$": "web address",
    r"^[a-z]{2,3}(-[A-Z]{2})?$": "language code",
}
_PARTIAL_DATE = "date"
_TYPES = {"boolean": "true or false", "integer": "whole number", "string": "text"}


def command_groups(commands: Mapping[str, Command]) -> dict[str, list[Command]]:
    """Return each command in one of the groups `members`, `hosts`, `moderators` and `editors`."""
    groups: dict[str, list[Command]] = {name: [] for name in GROUPS}
    for command in commands.values():
        if command.permission is not Permission.MEMBER:
            groups[f"{command.permission}s"].append(command)
        else:
            groups["hosts" if command.name in HOSTS else "members"].append(command)
    return groups


def command_table(commands: list[Command]) -> str:
    return "".join(f"- `{usage(command)}`: {command.description}\n" for command in commands)


def metrics_table() -> str:
    """Return every figure with its labels and meaning."""
    rows = []
    for name, labels, what in figures():
        by = f" by {', '.join(f'`{label}`' for label in labels)}" if labels else ""
        rows.append(f"- `{name}`{by}: {what}\n")
    return "".join(rows)


def figures() -> Iterator[tuple[str, tuple[str, ...], str]]:
    """Yield a new instance's own figures: name in a query, labels, meaning."""
    registry = Metrics().registry
    for collector in registry._collector_to_names:
        if isinstance(collector, MetricWrapperBase):
            (described,) = collector.describe()
            name = f"{described.name}{_SUFFIXES.get(described.type, '')}"
            yield name, ("version",) if described.type == "info" else collector._labelnames, described.documentation


_SUFFIXES = {"counter": "_total", "info": "_info"}


COMMON = ("id", "aliases", "questions", "tags", "sources")
"""Keys that entries of several lists share."""


def pack_tables() -> dict[str, str]:
    """Return the tables' rows by name (`pack`, `essay`, `facts`, …)."""
    whole = schemas()
    tables = {
        "parts": _parts_table(whole),
        "common": _common_table(whole),
        "pack": _keys(whole["pack"], whole["pack"]["$defs"]),
        "essay": _keys(whole["pack"]["$defs"]["Essay"], {}),
        "link": _keys(whole["sources"]["$defs"]["AddressCheck"], whole["sources"]["$defs"]),
        "source use": _keys(whole["facts"]["$defs"]["SourceUse"], {}),
        "recheck": _keys(whole["facts"]["$defs"]["Recheck"], {}),
        "correction": _keys(whole["facts"]["$defs"]["Correction"], {}),
        "span": _keys(whole["facts"]["$defs"]["Span"], {}),
    }
    for part, name, model in _lists():
        tables[name] = _keys(whole[part]["$defs"][model], whole[part]["$defs"], leave_out=COMMON)
    return tables


def _lists() -> Iterator[tuple[str, str, str]]:
    """Yield every list of a pack: its part, its name, its model's name."""
    for part, lists in PARTS.items():
        for name, model in lists.items():
            yield part, name, model.__name__


def _parts_table(whole: Mapping[str, Any]) -> str:
    return "".join(
        f"- `{part}.yaml`, `{name}:` {whole[part]['properties'][name]['description']}\n" for part, name, _ in _lists()
    )


def _common_table(whole: Mapping[str, Any]) -> str:
    rows = []
    for key in COMMON:
        owners = [(name, whole[part]["$defs"][model]) for part, name, model in _lists()]
        having = [(name, schema) for name, schema in owners if key in schema["properties"]]
        where = "every list" if len(having) == len(owners) else ", ".join(f"`{name}`" for name, _ in having)
        described = having[0][1]["properties"][key]
        name = f"**`{key}`**" if key in having[0][1]["required"] else f"`{key}`"
        rows.append(f"- {name} ({_takes(described)}; in {where}): {described['description']}\n")
    return "".join(rows)


def _keys(schema: Mapping[str, Any], definitions: Mapping[str, Any], leave_out: tuple[str, ...] = ()) -> str:
    needed = set(schema.get("required", ()))
    rows = []
    for key, described in schema["properties"].items():
        if key in leave_out:
            continue
        refs = [one.get("$ref", "") for one in (described, *described.get("anyOf", ()))]
        name = next((ref for ref in refs if ref), "").rpartition("/")[2]
        ref = definitions.get(name, {})
        takes = "keys" if "properties" in ref else _takes(ref or described)
        meaning = (
            described.get("description") or ref.get("description") or f"What sort of {schema['title'].lower()} it is."
        )
        default = described.get("default")
        if key not in needed and default not in (None, [], False):
            meaning = f"{meaning} Left out: `{default}`."
        name = f"**`{key}`**" if key in needed else f"`{key}`"
        rows.append(f"- {name} ({takes}): {' '.join(meaning.split())}\n")
    return "".join(rows)


def _takes(schema: Mapping[str, Any]) -> str:
    ways = [one for one in schema.get("anyOf", (schema,)) if one.get("type") != "null"]
    if len(ways) > 1:
        return ", or ".join(_takes(one) for one in ways)
    schema = ways[0]
    if "anyOf" in schema:
        return _takes(schema)
    if "$ref" in schema:
        return "keys"
    if "enum" in schema:
        return "one of " + ", ".join(f"`{choice}`" for choice in schema["enum"])
    return f"list: {_takes(schema['items'])}" if "items" in schema else _takes_text(schema)


def _takes_text(schema: Mapping[str, Any]) -> str:
    pattern = schema.get("pattern", "")
    if schema.get("format") == "date":
        return "day"
    if "minimum" in schema and pattern:
        return _PARTIAL_DATE
    kind = _KINDS.get(pattern) or ("line" if "\\r\\n" in pattern else _TYPES[schema["type"]])
    most = schema.get("maxLength")
    if "minimum" in schema:
        return f"{kind}, {schema['minimum']} or more" + (f", up to {schema['maximum']}" if "maximum" in schema else "")
    return f"{kind}, {most}" if most else kind


def rules() -> set[str]:
    """Return the codes of the rules that a pack can break: the short names of library code's complaints."""
    codes: set[str] = set()
    for file in sorted((ROOT / "bot" / "packs").glob("*.py")):
        codes.update(_codes(ast.parse(file.read_text(encoding="utf-8"))))
    return codes


_COMPLAINS = {"add", "problem", "Problem", "_problem", "_at", "_add", "Complaint", "YamlMistake", "warn"}
_CODE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


def _codes(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _called(node.func) in _COMPLAINS:
            for argument in node.args:
                yield from _code(argument)
        elif isinstance(node, ast.AnnAssign) and _called(node.target) == "_CODES" and isinstance(node.value, ast.Dict):
            for value in node.value.values:
                yield from _code(value)


def _code(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and _CODE.fullmatch(node.value):
        yield node.value
    elif isinstance(node, ast.Call) and _called(node.func) == "get":
        yield from (code for argument in node.args for code in _code(argument))


def _called(node: ast.AST) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def counting_rules() -> set[str]:
    """Return the rules that a poll's result can state."""
    return {rule.value for rule in Rule}
