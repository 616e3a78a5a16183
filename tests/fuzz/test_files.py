"""Parley reads any file of an editor or operator, or refuses it in words."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import date
from itertools import count
from pathlib import Path

import pytest
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from bot.authoring.bibliography import read_bibliography
from bot.authoring.importing import as_yaml
from bot.authoring.new_pack import new_pack
from bot.authoring.new_sources import sources_of
from bot.errors import BotError, UsageError
from bot.packs.check import check_pack
from bot.packs.loader import load_pack
from bot.packs.problems import ContentError
from bot.packs.yaml_document import read_yaml
from bot.settings.model import Settings
from bot.settings.sources import load
from tests.exchange.test_import import REFS
from tests.fuzz.inputs import JSON, damaged_json, texts
from tests.fuzz.target import EFFORTS, check_refusal, fuzz
from tests.unit.packs import GOOD, make_pack
from tests.unit.test_library_loader import BOMB, MERGE_BOMB
from tests.world import CONTENT

YAML = (
    *(file.read_text(encoding="utf-8") for file in sorted(CONTENT.glob("*/*.yaml"))),
    BOMB,
    MERGE_BOMB,
    "a: " + "[" * 5000,
    "facts:\n- id: a\n  statement: |\n    b\n  reason: >-\n    c\n",
    "? [a, b]\n: c",
    "%YAML 1.1\n---\na: !!binary aGk=\n...\n---\nb",
)
TODAY = date(2026, 11, 25)
ESSAY = (
    "# A plan\n\nThe city has 12,000 parking places, said Mayor Smith in 2025. “Cars take a third,” it found; 40% agree."
    "\n\n- One point.\n- Another, e.g. this: 3.5 million people (see below).\n\nWe must act! Or else …"
)
CSL = (
    [
        {
            "id": "a",
            "type": "report",
            "title": "A <i>report</i>",
            "issued": {"date-parts": [[2024, 5, 6]]},
            "author": [{"family": "Smith", "given": "John"}, {"literal": "The Office"}],
            "URL": "https://example.org/x",
            "keyword": "a, b",
        }
    ],
)
ANY_BYTES: SearchStrategy[bytes] = st.binary(max_size=200)


def written(seeds: tuple[str, ...]) -> SearchStrategy[bytes]:
    """Return damaged texts as bytes, some of them with half surrogates, which are not UTF-8."""
    return texts(seeds).map(lambda text: text.encode("utf-8", "surrogatepass")) | ANY_BYTES


def as_bytes(seeds: tuple[str, ...]) -> Iterator[bytes]:
    return (seed.encode() for seed in seeds)


@pytest.mark.parametrize("effort", EFFORTS)
def test_whatever_stands_in_a_yaml_file_is_read_or_told(tmp_path: Path, effort: int) -> None:
    """The YAML reader raises nothing for any bytes, and gives each problem a place in the file."""
    file = tmp_path / "facts.yaml"

    def check(content: bytes) -> None:
        file.write_bytes(content)
        document = read_yaml(file)
        assert document.root is not None or document.problems
        assert all(problem.line >= 1 and problem.column >= 1 and problem.message for problem in document.problems)

    fuzz(check, written(YAML), as_bytes(YAML), 250 * effort)


@pytest.mark.parametrize("effort", EFFORTS)
def test_a_pack_with_any_file_in_it_is_served_or_refused(tmp_path: Path, effort: int) -> None:
    """The loader takes a pack with any file in it or raises ContentError, and then the checker names a problem too."""
    folder = make_pack(tmp_path)

    def check(example: tuple[str, bytes]) -> None:
        name, content = example
        file, before = folder / name, (folder / name).read_bytes()
        file.write_bytes(content)
        try:
            load_pack(folder)
        except ContentError as error:
            check_refusal(error)
            assert check_pack(folder, None, TODAY).problems
        else:
            check_pack(folder, None, TODAY)
        finally:
            file.write_bytes(before)

    inputs = st.sampled_from(sorted(GOOD)).flatmap(lambda name: st.tuples(st.just(name), written((GOOD[name], *YAML))))
    fuzz(check, inputs, ((name, content.encode()) for name, content in GOOD.items()), 40 * effort)


@pytest.mark.parametrize("effort", EFFORTS)
def test_whatever_stands_in_a_bibliography_is_taken_or_refused(tmp_path: Path, effort: int) -> None:
    """The import takes a bibliography of any bytes or raises BotError, and writes its sources as valid YAML."""
    numbers = count()

    def check(content: bytes) -> None:
        file = tmp_path / f"refs{next(numbers) % 4}.json"
        file.write_bytes(content)
        try:
            read = read_bibliography(file)
        except BotError as error:
            check_refusal(error)
            return
        entries = as_yaml(sources_of(read.works, {}, ()).new)
        if entries:
            file = tmp_path / "sources.yaml"
            file.write_text(entries, encoding="utf-8")
            assert not read_yaml(file).problems

    csl = (damaged_json(CSL) | JSON).map(lambda value: json.dumps(value).encode())
    seeds = [REFS.encode(), *(json.dumps(value).encode() for value in CSL)]
    fuzz(check, written((REFS,)) | csl | ANY_BYTES, seeds, 100 * effort)


@pytest.mark.parametrize("effort", EFFORTS)
def test_any_essay_becomes_a_draft_that_can_be_read_or_is_refused(tmp_path: Path, effort: int) -> None:
    """`parley new` makes well-formed YAML of any essay, or refuses it with BotError."""
    numbers = count()
    file = tmp_path / "essay.md"

    def check(content: bytes) -> None:
        file.write_bytes(content)
        packs = tmp_path / f"packs{next(numbers)}"
        packs.mkdir()
        try:
            skeleton = new_pack("a-plan", file, packs, TODAY)
        except BotError as error:
            check_refusal(error)
            return
        for part in skeleton.folder.glob("*.yaml"):
            assert not read_yaml(part).problems

    long_heading = f"{'[' * 236} {ESSAY}"
    fuzz(check, written((ESSAY,)), [ESSAY.encode(), long_heading.encode()], 40 * effort)


SETTINGS = (
    'content = "packs"\nport = 8765\nlog_level = "DEBUG"\neditors = "discord:1, slack:T1/U2"\n',
    'zone = "Europe/Berlin"\nhealth_bind = "0.0.0.0:9000"\nslack_bind = "3000"\ndatabase = "postgresql://a:b@c/d"\n',
    "a = " + "[" * 20_000,
    'discord_token_file = "/nowhere\\u0000"\nkey_file = "a"\n',
    "[parley]\nport = 1\n[[x]]\na = {b = [1, 2], c = 1979-05-27T07:32:00Z}\n",
)
VARIABLES = tuple(f"PARLEY_{name.upper()}" for name in Settings.model_fields)


def check_named(error: BotError, names: Iterable[str]) -> None:
    """Check that a refusal has one of these names, without half surrogates as in any message."""
    assert any(name.encode("utf-8", "replace").decode() in error.message for name in names)


@pytest.mark.parametrize("effort", EFFORTS)
def test_whatever_the_settings_say_is_taken_or_refused_by_name(tmp_path: Path, effort: int) -> None:
    """Any `parley.toml` and environment give settings, or a UsageError that names the variable or the file that is
    wrong."""
    file = tmp_path / "parley.toml"

    def check(example: tuple[bytes, dict[str, str]]) -> None:
        content, environment = example
        file.write_bytes(content)
        try:
            load({}, environment, file)
        except UsageError as error:
            error.message.encode()
            check_refusal(error)
            check_named(error, (str(file), *(name for name in environment if name.upper().startswith("PARLEY_"))))

    names = st.sampled_from((*VARIABLES, "PARLEY_DISCORD_TOKEN_FILE", "parley_port")) | texts(VARIABLES)
    values = texts(
        ("8765", "0.0.0.0:80", "[::1]:9", "auto", "0-1/4", "discord:1", "Europe/Berlin", "postgresql://a:b@c/d", "/")
    )
    inputs = st.tuples(written(SETTINGS), st.dictionaries(names, values, max_size=3))
    fuzz(check, inputs, ((content, {}) for content in as_bytes(SETTINGS)), 100 * effort)
