"""A command on packs works in the working folder, or in the content folder that is named or set."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from adapters.cli import main
from bot.authoring.pack_paths import pack_folder
from bot.errors import NotFound
from tests.unit.packs import make_pack

ESSAY = "Trams in our town\n\nTrams carried 41 percent of all passengers in 2024.\n"


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


@pytest.fixture
def editor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the working folder of an editor who has an essay, a pack, and another pack of the same name in `packs`."""
    make_pack(tmp_path / "parking")
    info = make_pack(tmp_path / "packs" / "parking") / "pack.yaml"
    info.write_text(re.sub(r"(?m)^title: .*", "title: The other one", info.read_text()))
    (tmp_path / "essay.txt").write_text(ESSAY)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_new_pack_is_made_in_the_working_folder(editor: Path) -> None:
    """If no content folder is named or set, `parley new` makes the pack in the working folder."""
    done = CliRunner().invoke(main, ["new", "trams", "--essay", "essay.txt"])
    assert done.exit_code == 0, done.output
    assert done.output.startswith("Made trams from 2 paragraphs")
    assert (editor / "trams" / "facts.yaml").is_file()


@pytest.mark.parametrize("way", ["--content", "PARLEY_CONTENT", "parley.toml"])
def test_a_new_pack_is_made_in_the_folder_that_is_named_or_set(
    editor: Path, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`parley new` makes the pack in the content folder that an option, the environment or `parley.toml` names."""
    if way == "PARLEY_CONTENT":
        monkeypatch.setenv(way, "packs")
    if way == "parley.toml":
        (editor / way).write_text('content = "packs"\n')
    words = ["--content", "packs"] if way == "--content" else []
    done = CliRunner().invoke(main, ["new", "trams", "--essay", "essay.txt", *words])
    assert done.exit_code == 0, done.output
    assert (editor / "packs" / "trams" / "facts.yaml").is_file()
    assert not (editor / "trams").exists()


def test_a_content_folder_that_is_named_wins_over_the_working_folder(editor: Path) -> None:
    """With `--content`, a bare name means a pack of that folder only, and without it the working folder comes first.

    A path is a path in both cases.
    """
    make_pack(editor / "roads")
    assert pack_folder(Path("packs"), "parking", only=True) == Path("packs/parking")
    assert pack_folder(Path("packs"), "parking") == Path("parking")
    assert pack_folder(Path("packs"), str(editor / "roads"), only=True) == editor / "roads"
    with pytest.raises(NotFound, match="There's no pack roads"):
        pack_folder(Path("packs"), "roads", only=True)


@pytest.mark.parametrize(
    ("words", "changed"),
    [
        (["export", "parking", "--format", "markdown"], False),
        (["import", "sources", "works.json", "--pack", "parking"], True),
    ],
)
def test_export_and_import_take_the_pack_from_the_content_that_is_named(
    editor: Path, words: list[str], changed: bool
) -> None:
    """With `--content`, export and import take the pack of that folder, and without it that of the working folder.

    Its namesake in the other folder stays as it is.
    """
    works = [{"id": "a", "type": "book", "title": "On trams", "issued": {"date-parts": [[2024]]}}]
    (editor / "works.json").write_text(json.dumps(works))
    here, there = files_of(editor / "parking"), files_of(editor / "packs")
    done = CliRunner().invoke(main, [*words, "--content", "packs"])
    assert done.exit_code == 0, done.output
    assert files_of(editor / "parking") == here
    assert (files_of(editor / "packs") != there) == changed
    assert ("The other one" in done.output) != changed
    there = files_of(editor / "packs")
    assert "The other one" not in CliRunner().invoke(main, words).output
    assert (files_of(editor / "parking") != here) == changed
    assert files_of(editor / "packs") == there
