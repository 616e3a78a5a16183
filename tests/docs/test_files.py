"""Tests of the text of the repository's own files."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.docs.documents import ROOT, anchors, documents, images, links, name_of
from tests.require import require_git

ALT_LEAST = 40
_WEB = ("http://", "https://", "mailto:")

NEVER = {
    "a path of somebody's machine": r"(?<![\w.)/-])/(?:work|home|root|Users|mnt)/\w",
    "a folder that only one run had": r"/tmp/\w+_jobs",
    "an address of a package index": r"\bpypi\.org|pythonhosted|registry\.npmjs|index-url http|proxy\.golang",
    "a word of somebody's workplace": r"(?i)\bsub-?agents?\b|\bbash_jobs\b|\bworklog\b",
}
"""What no file may contain → its pattern. Packs quote the world, so the last rule leaves `content/` out."""


def tracked() -> list[Path]:
    """Return every file that belongs to the repository. Skip the test if this is no Git checkout."""
    require_git()
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode != 0:
        pytest.skip("this is no Git checkout, so it is not known which files belong to it")
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


@pytest.mark.parametrize("document", documents(), ids=name_of)
def test_every_link_leads_somewhere(document: Path) -> None:
    """A relative link or image in a document names a file that exists, and an anchor names a heading that exists."""
    for target in links(document):
        if target.startswith(_WEB):
            continue
        path, _, anchor = target.partition("#")
        file = (document.parent / path).resolve() if path else document
        assert file.exists(), target
        assert file.is_relative_to(ROOT), target
        assert not anchor or anchor in anchors(file), target


@pytest.mark.parametrize("document", documents(), ids=name_of)
def test_every_image_says_what_it_shows(document: Path) -> None:
    """Every image has an alt text of at least 40 characters, from which a reader who can't see it learns what it
    shows."""
    for target, alt in images(document):
        assert len(alt) >= ALT_LEAST, target


def test_every_picture_is_shown_somewhere() -> None:
    """Every picture in docs/images is shown in a document."""
    pictures_used = {(document.parent / target).resolve() for document in documents() for target, _ in images(document)}
    assert {file for file in (ROOT / "docs" / "images").glob("*.png") if file in tracked()} <= pictures_used


@pytest.mark.parametrize("what", NEVER)
def test_no_file_speaks_of_where_it_was_made(what: str) -> None:
    """No file names a path of somebody's machine or a package index, or uses a word of somebody's workplace."""
    pattern = re.compile(NEVER[what])
    places = []
    for file in tracked():
        name = file.relative_to(ROOT).as_posix()
        if name == Path(__file__).relative_to(ROOT).as_posix() or (name.startswith("content/") and "word" in what):
            continue
        try:
            text = file.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue  # a picture
        places += [f"{name}: {match[0]}" for match in pattern.finditer(text)]
    assert places == []


def test_no_lock_says_where_packages_come_from() -> None:
    """A lock pins versions and hashes and names no index, so that it holds with any index."""
    for lock in (ROOT / "locks").glob("*.txt"):
        text = lock.read_text(encoding="utf-8")
        assert "://" not in text
        assert "--index-url" not in text
        pins = re.findall(r"^[a-z0-9].*==[^;\n]+", text, re.MULTILINE)
        assert pins
        assert text.count("\n    --hash=sha256:") >= len(pins)
