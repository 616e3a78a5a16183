"""A pack's briefing has everything of the pack, and the pack's texts stay plain text in it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from bot.authoring.briefing import briefing
from bot.authoring.pack_paths import pack_folder
from bot.chat.commonmark import md
from bot.errors import NotFound
from bot.packs.loader import load_pack
from bot.packs.pack import Pack
from tests import golden
from tests.unit.packs import SHIPPED, make_pack
from tests.unit.test_cli import parley
from tests.world import CONTENT


def tea() -> Pack:
    return load_pack(CONTENT / "tea")


def test_the_briefing_of_the_small_pack_is_as_somebody_looked_at_it() -> None:
    """The small pack's briefing equals its golden file, and is the same each time."""
    golden.check("exchange/tea-briefing.md", briefing(tea()))
    assert briefing(tea()) == briefing(tea())


def test_a_briefing_has_everything_of_the_shipped_pack() -> None:
    """Every statement, point, option, term, event and source of the pack stands in its briefing."""
    pack = load_pack(SHIPPED / "us-mexico-cartels")
    written = briefing(pack)
    for entry in pack.entries.values():
        assert md(entry.title) in written, entry.id


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=60))
def test_what_somebody_wrote_is_text_in_a_briefing(text: str) -> None:
    """In a briefing no text of a pack becomes a heading, a list, a link, HTML or emphasis; its words stay the same."""
    parser = MarkdownIt("gfm-like", {"linkify": False})
    tokens = parser.parse(md(text))
    flat = " ".join(text.split())
    if not flat:
        assert tokens == []
        return
    assert [token.type for token in tokens] == ["paragraph_open", "inline", "paragraph_close"]
    children = tokens[1].children or []
    assert {child.type for child in children} <= {"text", "text_special"}
    assert " ".join("".join(child.content for child in children).split()) == flat


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("# no *heading* [at](all) <b>", "\\# no \\*heading\\* \\[at\\](all) \\<b\\>"),
        ("1. no list\n- nor this", "1\\. no list - nor this"),
        ("see https://example.org or www.example.org, @all", "see https\\://example.org or www\\.example.org, \\@all"),
    ],
)
def test_signs_that_mean_something_in_markdown_are_escaped(text: str, written: str) -> None:
    """A briefing escapes Markdown's signs, so that GitHub makes no link of a bare address or a name either."""
    assert md(text) == written


def test_the_command_writes_to_standard_output_or_to_a_file(tmp_path: Path) -> None:
    """`parley export` writes only the briefing to standard output, or to a file, and names one that it can't write."""
    for words in (["export", "tea"], ["export", "tea", "--format", "markdown"]):
        done = parley(*words, "--content", CONTENT, folder=tmp_path)
        assert (done.stdout, done.stderr) == (briefing(tea()), "")
    assert parley("export", "--content", CONTENT, "--output", "tea.md", folder=tmp_path).stdout == "Wrote tea.md.\n"
    assert (tmp_path / "tea.md").read_text(encoding="utf-8") == briefing(tea())
    done = parley("export", "--content", CONTENT, "--output", "none/tea.md", folder=tmp_path)
    assert "none/tea.md can't be written" in done.stderr
    done = parley("export", "--content", CONTENT, "--format", "csv", folder=tmp_path)
    assert (done.returncode, "'csv' is not 'markdown'" in done.stderr) == (2, True)


def test_a_pack_is_meant_by_its_id_its_folder_or_by_being_the_only_one(tmp_path: Path) -> None:
    """A command takes a pack by its id or folder, or the only pack there is; otherwise it lists the packs."""
    make_pack(tmp_path / "one")
    assert pack_folder(tmp_path, None) == tmp_path / "one"
    make_pack(tmp_path / "two", {"pack.yaml": (tmp_path / "one" / "pack.yaml").read_text().replace("parking", "roads")})
    assert pack_folder(tmp_path, "roads") == tmp_path / "two"
    assert pack_folder(Path("nowhere"), str(tmp_path / "two")) == tmp_path / "two"
    for pack_id in (None, "cars"):
        with pytest.raises(NotFound, match=r"\(parking, roads\)"):
            pack_folder(tmp_path, pack_id)
