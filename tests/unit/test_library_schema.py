"""The JSON Schemas for pack files, which an editor's program checks while a pack is typed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml

from bot.packs.pack import PARTS
from bot.packs.schema import as_text, schemas, write_schemas
from tests.unit.packs import GOOD, OPTIONS, SHIPPED, make_pack, problems_of

COMMITTED = Path(__file__).parents[2] / "schemas"
NAMES = ("pack", *PARTS)


class CoreLoader(yaml.CSafeLoader):
    """Read YAML as editors' programs do: a date is text."""


CoreLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":timestamp")]
    for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}


def errors(name: str, text: str) -> list[str]:
    validator = jsonschema_rs.Draft202012Validator(schemas()[name], validate_formats=True)
    document: Any = yaml.load(text, Loader=CoreLoader)  # noqa: S506 - a safe loader with fewer types
    return [f"{list(error.instance_path)}: {error.message}" for error in validator.iter_errors(document)]


def shipped_files() -> Iterator[tuple[str, Path]]:
    for pack in sorted(SHIPPED.glob("*/pack.yaml")):
        yield "pack", pack
        for part in PARTS:
            yield from ((part, file) for file in sorted(pack.parent.glob(f"{part}.yaml")))
            yield from ((part, file) for file in sorted(pack.parent.glob(f"{part}/*.yaml")))


@pytest.mark.parametrize("name", NAMES)
def test_the_committed_schemas_are_up_to_date(name: str) -> None:
    """The committed schemas equal the generated ones; `make schemas` writes them again."""
    committed = COMMITTED / f"{name}.schema.json"
    assert committed.read_text(encoding="utf-8") == as_text(schemas()[name])


def test_writing_makes_a_file_for_each_schema(tmp_path: Path) -> None:
    """`parley schema` writes one file for pack.yaml and one for each part."""
    assert {file.name for file in write_schemas(tmp_path / "new")} == {f"{name}.schema.json" for name in NAMES}


@pytest.mark.parametrize("name", NAMES)
def test_each_schema_is_closed_and_explains_every_key(name: str) -> None:
    """A schema allows no unknown key and describes every key."""
    schema = schemas()[name]
    jsonschema_rs.meta.validate(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    objects = [part for part in (schema, *schema.get("$defs", {}).values()) if part.get("type") == "object"]
    assert all(part["additionalProperties"] is False for part in objects)
    unexplained = [
        key
        for part in objects
        for key, value in part.get("properties", {}).items()
        if "description" not in value and "$ref" not in value
    ]
    assert unexplained == []


@pytest.mark.parametrize("name", NAMES)
def test_examples_in_a_schema_are_good(name: str) -> None:
    """Every example in a schema is valid under that schema."""
    schema = schemas()[name]
    definitions = schema.get("$defs", {})
    for owner in (schema, *definitions.values()):
        for example in owner.get("examples", ()):
            part = {**owner, "$defs": definitions}
            assert [str(error) for error in jsonschema_rs.Draft202012Validator(part).iter_errors(example)] == []


def test_every_shipped_file_passes_its_schema() -> None:
    """Every file of the shipped packs is valid under its schema."""
    wrong = {str(file): errors(name, file.read_text(encoding="utf-8")) for name, file in shipped_files()}
    assert {file: messages for file, messages in wrong.items() if messages} == {}


def test_every_shipped_file_names_its_schema() -> None:
    """The first line of every shipped file names its schema, so that an editor's program finds it."""
    for name, file in shipped_files():
        first = file.read_text(encoding="utf-8").partition("\n")[0]
        assert first.startswith("# yaml-language-server: $schema="), file
        address = first.partition("$schema=")[2].strip()
        assert (file.parent / address).resolve() == COMMITTED / f"{name}.schema.json"


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("facts", "kind: fact", "kind: opinion"),
        ("facts", "verdict: supported", "verdcit: supported"),
        ("facts", "checked: 2024-11", "checked: yesterday"),
        ("facts", "checked: 2024-11", "checked: 20241"),
        ("facts", "attributed_to: the author", "attributed_to: no"),
        ("facts", "paragraph: 1", "paragraph: 0"),
        ("facts", "id: street-space", "id: Street"),
        ("arguments", "    against: fewer-places\n", ""),
        ("arguments", "    against: fewer-places\n", "    against: fewer-places\n    for: fewer-places\n"),
        ("sources", "url: https://example.org/survey", "url: example.org"),
        ("options", "name: Permits for residents", f"name: {'x' * 76}"),
        ("pack", "paragraphs: 2", "paragraphs: two"),
        ("pack", "reviewed: 2025-02-20", "reviewed: 2025-02-30"),
    ],
)
def test_what_a_schema_refuses_the_loader_refuses_too(tmp_path: Path, name: str, old: str, new: str) -> None:
    """The loader refuses each mistake that a schema refuses."""
    files = {**GOOD, "options.yaml": OPTIONS}
    text = files[f"{name}.yaml"]
    assert old in text
    assert errors(name, text) == []
    assert errors(name, text.replace(old, new)) != []
    assert problems_of(make_pack(tmp_path, {**files, f"{name}.yaml": text.replace(old, new)})) != ()


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("facts", "checked: 2024-11", "checked: 2024"),
        ("facts", "    aliases: [parking space]", "    aliases:"),
        ("sources", "    date: 2024\n", "    date:\n    opened:\n"),
        ("arguments", "arguments:\n", "positions_:\n"),
    ],
)
def test_what_a_schema_accepts_the_loader_accepts_too(tmp_path: Path, name: str, old: str, new: str) -> None:
    """Schema and loader agree on a year without quotes, on keys without a value and on an unknown key."""
    text = GOOD[f"{name}.yaml"].replace(old, new)
    accepted = errors(name, text) == []
    assert accepted is (problems_of(make_pack(tmp_path, {f"{name}.yaml": text})) == ())
