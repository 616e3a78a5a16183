"""Parley notes the answer of a source's address in the editor's file, in one line, and changes nothing else there."""

from __future__ import annotations

import threading
from datetime import date
from pathlib import Path

import pytest

from bot.authoring.link_notes import LinkAnswer, links_of, note
from bot.authoring.yaml_writing import replace_file
from bot.packs.check import check_pack
from bot.packs.loader import load_pack, read_pack
from bot.packs.model import LinkStatus, Source
from tests.unit.packs import SOURCES, make_pack

DAY = date(2026, 11, 26)
WORKS = LinkAnswer(LinkStatus.WORKS)
DEAD = LinkAnswer(LinkStatus.DEAD, "404")
NOTE = "link: {checked: 2026-11-26, status: works}"


def noted(folder: Path, answer: LinkAnswer = WORKS, day: date = DAY) -> str:
    """Return the sources' file after every address of the pack has answered like this."""
    result = note(folder, dict.fromkeys(links_of(read_pack(folder)), answer), day)
    assert result.omissions == []
    return (folder / "sources.yaml").read_bytes().decode()


ENTRY = "sources:\n  - id: survey\n    title: A\n    url: https://example.org/survey{}\n    kind: government\n    copy: original\n    summary: >-\n      Measures # what\n\n      it says.\n{}"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (ENTRY.format("", ""), ENTRY.format(f"\n    {NOTE}", "")),
        (ENTRY.format("  # ours", ""), ENTRY.format(f"  # ours\n    {NOTE}", "")),
        (ENTRY.format("", "    opened: 2025-01-01"), ENTRY.format("", f"    opened: 2025-01-01\n    {NOTE}\n")),
        (ENTRY.format("", f"    {NOTE.replace('11-26', '01-01')} # old\n"), ENTRY.format("", f"    {NOTE}\n")),
        (
            ENTRY.format("\n    link:\n      checked: 2026-01-01\n      status: dead\n      detail: '404'", ""),
            ENTRY.format(f"\n    {NOTE}", ""),
        ),
        (
            "sources:\n- url: https://example.org/survey\n  id: survey\n  title: A\n  kind: court\n  copy: original\n  summary: B\n",
            f"sources:\n- url: https://example.org/survey\n  {NOTE}\n  id: survey\n  title: A\n  kind: court\n  copy: original\n  summary: B\n",
        ),
    ],
)  # fmt: skip
def test_a_note_is_one_line_and_every_other_line_stays(tmp_path: Path, before: str, after: str) -> None:
    """A note is one line, beside `opened` or else below the address, and replaces an earlier note of any form."""
    for newline in ("\n", "\r\n"):
        folder = make_pack(tmp_path / newline.encode().hex(), {"sources.yaml": before.replace("\n", newline)})
        assert noted(folder) == after.replace("\n", newline)
        source = load_pack(folder).entries["survey"]
        assert isinstance(source, Source)
        assert source.link is not None
        assert (source.link.checked, source.link.status) == (DAY, LinkStatus.WORKS)


def test_both_addresses_are_noted_and_the_checker_warns_of_dead_and_moved_ones(tmp_path: Path) -> None:
    """Parley notes both addresses of a source, and the checker warns of a dead or moved one at its line."""
    sources = SOURCES.replace("    kind:", "    archive_url: https://archive.example.org/1\n    kind:")
    folder = make_pack(tmp_path / "pack", {"sources.yaml": sources})
    askings = links_of(read_pack(folder))
    assert [(asking.source, asking.key) for asking in askings] == [("survey", "url"), ("survey", "archive_url")]
    moved = LinkAnswer(LinkStatus.MOVED, moved_to="https://example.org/a,b{c}", trail=("x",))
    note(folder, dict(zip(askings, (DEAD, moved), strict=True)), DAY)
    problems = check_pack(folder, None, date(2025, 3, 1)).problems
    assert [(problem.code, problem.line) for problem in problems] == [("dead-link", 5), ("moved-link", 7)]
    assert "https://example.org/a,b{c}" in problems[1].message
    written = (folder / "sources.yaml").read_text().splitlines()
    assert [line for line in written if "link: {" not in line] == sources.splitlines()


def test_noting_the_same_again_changes_nothing(tmp_path: Path) -> None:
    """Parley doesn't touch the file if it already has the same note of the same day."""
    folder = make_pack(tmp_path / "pack")
    first = noted(folder)
    file = folder / "sources.yaml"
    stamp = file.stat()
    assert noted(folder) == first
    assert (file.stat().st_ino, file.stat().st_mtime_ns) == (stamp.st_ino, stamp.st_mtime_ns)


def test_what_a_server_names_never_breaks_a_pack(tmp_path: Path) -> None:
    """Parley leaves out a new address that the loader would refuse, so that no server can break a pack."""
    folder = make_pack(tmp_path / "pack")
    for target in ("https://example.org/" + "x" * 600, "https://a b/", 'https://example.org/"}, status: x', "ftp://a/"):
        noted(folder, LinkAnswer(LinkStatus.MOVED, moved_to=target))
        source = load_pack(folder).entries["survey"]
        assert isinstance(source, Source)
        assert source.link is not None
        assert source.link.moved_to is None


def test_what_changed_meanwhile_is_not_noted(tmp_path: Path) -> None:
    """If an editor changes an address while Parley asks it, Parley leaves the file alone and says to check again."""
    folder = make_pack(tmp_path / "pack")
    asking = links_of(read_pack(folder))[0]
    changed = SOURCES.replace("example.org/survey", "example.org/other")
    (folder / "sources.yaml").write_text(changed)
    result = note(folder, {asking: DEAD}, DAY)
    assert [why for _, why in result.omissions] == ["someone has changed its entry: check again"]
    assert (folder / "sources.yaml").read_text() == changed


def test_an_address_with_a_mistake_is_the_checkers_business(tmp_path: Path) -> None:
    """Parley doesn't ask an address that isn't valid, and the checker reports it at its line."""
    sources = SOURCES.replace("https://example.org/survey", "'http://[example.org'")
    folder = make_pack(tmp_path / "pack", {"sources.yaml": sources})
    assert links_of(read_pack(folder)) == []
    (problem,) = check_pack(folder, None, date(2025, 3, 1)).problems
    assert (problem.code, problem.line) == ("invalid-value", 5)
    assert "`url`" in problem.message


def test_an_entry_in_braces_is_left_as_it_is(tmp_path: Path) -> None:
    """Parley can't add a line to an entry in braces: it says so, and leaves the file as it is."""
    braces = (
        "sources:\n  - {id: survey, title: A, url: 'https://example.org/s', kind: court, copy: mirror, summary: B}\n"
    )
    folder = make_pack(tmp_path / "pack", {"sources.yaml": braces})
    result = note(folder, dict.fromkeys(links_of(read_pack(folder)), DEAD), DAY)
    assert "entries in braces" in result.omissions[0][1]
    assert (folder / "sources.yaml").read_text() == braces


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    """A reader sees the old file or the new one whole at any moment, and the file keeps its mode. Nothing else is left
    in its folder, not even if the file can't be replaced."""
    file = tmp_path / "sources.yaml"
    versions = [letter.encode() * 200_000 for letter in "ab"]
    file.write_bytes(versions[0])
    file.chmod(0o640)
    done, contents = threading.Event(), set()

    def read() -> None:
        while True:
            content = file.read_bytes()
            contents.add((len(content), content[:1], content[-1:]))
            if done.is_set():
                return

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(60):
        replace_file(file, versions[number % 2])
    done.set()
    reader.join()
    assert contents
    assert contents <= {(200_000, b"a", b"a"), (200_000, b"b", b"b")}
    assert file.stat().st_mode & 0o777 == 0o640
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match="directory"):
        replace_file(tmp_path / "folder", versions[0])
    assert sorted(one.name for one in tmp_path.iterdir()) == ["folder", "sources.yaml"]
