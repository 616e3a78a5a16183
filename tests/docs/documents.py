"""The documentation as data: its files, fenced blocks, links, and tables made from the code.

The tests check these parts of a document:

- a `console` block: lines that begin with `$ ` are typed, and the others are their output (`…` stands for anything);
- a `sh` block: every line is typed;
- a block whose first line is a comment with a path, or after a `<!-- file: PATH -->`: a file, which exists when the
  document's commands run;
- a `diff` block after an `<!-- edit: PATH -->`: a change of that file. A document with changes is followed step by step
  (test_editors_guide.py), since its commands print something else before and after;
- a table between `<!-- table: NAME -->` and `<!-- end of table -->`: made by tests/docs/tables.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
_BLOCK = re.compile(
    r"(?:^<!-- (?P<mark>file|edit): (?P<file>\S+) -->\n)?^```(?P<kind>\w*)[^\n]*\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
_TABLE = re.compile(r"(<!-- table: (?P<name>[\w -]+) -->\n)(?P<rows>.*?)(<!-- end of table -->)", re.DOTALL)
_LINK = re.compile(r"!?\[(?P<label>[^\]]*)\]\((?P<target>[^)\s]+)\)")
_FILE_COMMENT = re.compile(r"# (?P<file>[\w./-]+/[\w.-]+\.\w+|[\w-]+\.toml)\n")
_HEADING = re.compile(r"^#{1,6} (.+)$", re.MULTILINE)
_FAILS = re.compile(r"\s+# exits with (?P<status>\d+)$")


def documents() -> list[Path]:
    """Return every document for people."""
    return [*sorted(ROOT.glob("*.md")), ROOT / "content" / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def name_of(document: Path) -> str:
    """Return a document's name in the name of a test."""
    return document.relative_to(ROOT).as_posix()


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block. `file` is the path that it names, or empty; `edits` tells whether it changes that file."""

    kind: str
    text: str
    file: str = ""
    edits: bool = False


@dataclass(frozen=True, slots=True)
class Command:
    """A command line of an example. `output` is None if the document shows none."""

    line: str
    status: int = 0
    output: str | None = None


def blocks(document: Path) -> list[Block]:
    """Return the fenced blocks of a document, in order."""
    listed = []
    for match in _BLOCK.finditer(document.read_text(encoding="utf-8")):
        comment = _FILE_COMMENT.match(match["text"])
        file = match["file"] or (comment["file"] if comment else "")
        listed.append(Block(match["kind"], match["text"], file, edits=match["mark"] == "edit"))
    return listed


def is_a_walk(document: Path) -> bool:
    """Tell whether the document's steps change files, so that they only hold in order."""
    return any(block.edits for block in blocks(document))


def write_files(document: Path, folder: Path) -> Path:
    """Write the files that a document shows into a folder."""
    for block in blocks(document):
        if block.file and not block.edits:
            file = folder / block.file
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(block.text, encoding="utf-8")
    return folder


def commands(document: Path) -> Iterator[Command]:
    """Yield the command lines of a document's examples, in order."""
    for block in blocks(document):
        yield from commands_in(block)


def commands_in(block: Block) -> Iterator[Command]:
    """Yield the command lines of one block."""
    if block.kind == "sh":
        yield from (_command(line) for line in block.text.splitlines() if line.strip())
    elif block.kind == "console":
        for command in re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]:
            line, _, output = command.partition("\n")
            yield _command(line, output)


def _command(line: str, output: str | None = None) -> Command:
    fails = _FAILS.search(line)
    bare = _FAILS.sub("", line).strip()
    return Command(re.sub(r"\s+# .*$", "", bare), int(fails["status"]) if fails else 0, output)


def prints(expected: str, printed: str) -> bool:
    """Tell whether this was printed. `…` stands for any text, and line ends don't count."""
    pieces = [re.escape(" ".join(piece.split())) for piece in expected.split("…")]
    return re.fullmatch(r"\s*.*\s*".join(pieces), " ".join(printed.split()), re.DOTALL) is not None


def links(document: Path) -> Iterator[str]:
    """Yield the targets of a document's links and images, without those in examples."""
    prose = _BLOCK.sub("", document.read_text(encoding="utf-8"))
    yield from (match["target"] for match in _LINK.finditer(prose))


def images(document: Path) -> Iterator[tuple[str, str]]:
    """Yield the address and alternative text of each image."""
    for match in _LINK.finditer(document.read_text(encoding="utf-8")):
        if match[0].startswith("!"):
            yield match["target"], match["label"]


def anchors(document: Path) -> set[str]:
    """Return GitHub's anchors of a document's headings."""
    headings = _HEADING.findall(_BLOCK.sub("", document.read_text(encoding="utf-8")))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def tables(document: Path) -> dict[str, str]:
    """Return the rows of the document's tables by name."""
    return {match["name"]: match["rows"] for match in _TABLE.finditer(document.read_text(encoding="utf-8"))}


def write_table(document: Path, name: str, rows: str) -> None:
    """Write a table into the document in place of the one with this name."""

    def put(match: re.Match[str]) -> str:
        return f"{match[1]}{rows}{match[4]}" if match["name"] == name else match[0]

    written = document.read_text(encoding="utf-8")
    document.write_text(_TABLE.sub(put, written), encoding="utf-8")
