"""YAML as plain tables and lists, in which every value has its place in the file.

Values are built straight from the events of PyYAML's C parser, so nothing is ever expanded or nested beyond
the file's own content: an alias, an anchor or a merge key is a problem, not a copy, and the recursive part
of the C loader, which deep nesting crashes, never runs. One pass costs less than `yaml.load`.

Text stays text. If YAML 1.1 would turn a value without quotes into something else (`no`, `12:30`, `2025`),
the value is kept as written and listed in `Document.unquoted`; code that knows the keys decides.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import yaml

from bot.packs.odd_characters import CURLY_QUOTES, nearest_odd_character, odd_character, without_odd_characters
from bot.packs.problems import Problem, Severity
from bot.packs.yaml_mistakes import (
    TOO_DEEP,
    Place,
    after_failing,
    before_reading,
    inner_item,
    inner_keys,
    place_of_byte,
)

if TYPE_CHECKING:
    from pathlib import Path

LETTERS = "letters"
MAX_BYTES = 4 * 1024 * 1024
MAX_DEPTH = 32
MAX_EVENTS = 250_000
MAX_PROBLEMS = 50
"""Problems after which reading stops: probably this is the wrong file."""


class Mark(Protocol):
    """A position of the parser; line and column count from 0."""

    @property
    def line(self) -> int: ...
    @property
    def column(self) -> int: ...
    @property
    def index(self) -> int: ...


class Table(dict[str, Any]):
    """A mapping. Keys without a value are left out, but have their marks.

    `mark` is its start, `keys_at` has each key's place and `values_at` each value's start. `swallowed` holds words that
    begin a line of one of its texts and look like keys, with the key of that text and their place: code that knows the
    keys decides.
    """

    __slots__ = ("keys_at", "mark", "swallowed", "values_at")

    def __init__(self, mark: Mark) -> None:
        super().__init__()
        self.mark = mark
        self.keys_at: dict[str, Mark] = {}
        self.swallowed: dict[str, tuple[str, Place]] = {}
        self.values_at: dict[str, Mark] = {}


class Items(list[Any]):
    """A list; `mark` is its start and `values_at` has each item's start. An empty item is None."""

    __slots__ = ("mark", "values_at")

    def __init__(self, mark: Mark) -> None:
        super().__init__()
        self.mark = mark
        self.values_at: list[Mark] = []


@dataclass(frozen=True, slots=True)
class Unquoted:
    """A value without quotes that YAML 1.1 reads as something else, such as `no` or `2025`, or “no” for LETTERS."""

    path: tuple[str | int, ...]
    mark: Mark
    text: str
    taken_for: str


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment on the line of a value without quotes: perhaps text that belongs to the value."""

    path: tuple[str | int, ...]
    mark: Mark
    text: str


@dataclass(slots=True)
class Document:
    """One file. `root` is None if nothing could be read; with `cut_short`, the end is missing."""

    file: Path
    root: Table | Items | str | None = None
    unquoted: list[Unquoted] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    cut_short: bool = False


def place(mark: Mark) -> Place:
    """Line and column for a person."""
    return mark.line + 1, mark.column + 1


def read_yaml(file: Path) -> Document:
    """Read one file. Never raise for its content or its absence: see `Document.problems`."""
    document = Document(file)
    try:
        _Builder(document, _read_bytes(file)).build()
    except _Stop as stop:
        document.problems.append(stop.problem)
        document.cut_short = True
    return document


class _Stop(Exception):
    """Ends the reading of one file."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


def _problem(file: Path, at: Place, code: str, message: str) -> Problem:
    return Problem(file, at[0], at[1], Severity.ERROR, code, message)


def _read_bytes(file: Path) -> bytes:
    """The file's bytes, known to be UTF-8 text of a reasonable size."""
    start = (1, 1)
    try:
        if not file.is_file():
            message = (
                "this isn't a file: move it away"
                if file.exists()
                else "this file is missing: create it, or correct its name"
            )
            raise _Stop(_problem(file, start, "missing-file", message))
        with file.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError as error:
        message = f"this file can't be read ({error.strerror}): check who may read it"
        raise _Stop(_problem(file, start, "unreadable-file", message)) from None
    if len(data) > MAX_BYTES:
        message = f"this file is larger than {MAX_BYTES // 1024 // 1024} MiB: split it into a folder of smaller files"
        raise _Stop(_problem(file, start, "file-too-large", message))
    data = data.removeprefix(b"\xef\xbb\xbf")
    if mistake := before_reading(data):
        raise _Stop(_problem(file, mistake.at, mistake.code, mistake.message))
    return data


_DROPPED = "(dropped)"
"""The key of a value that is read but dropped; compared by identity."""

_NULLS = frozenset(("", "~", "null", "Null", "NULL"))
_TAKEN_FOR = {
    "tag:yaml.org,2002:bool": "yes or no",
    "tag:yaml.org,2002:int": "a number",
    "tag:yaml.org,2002:float": "a number",
    "tag:yaml.org,2002:timestamp": "a date",
}


class _Builder:
    """Turns the events of one file into a document."""

    def __init__(self, document: Document, data: bytes) -> None:
        self._document = document
        self._data = data
        self._parser = yaml.CSafeLoader(data)
        self._resolvers: dict[str, list[tuple[str, Any]]] = yaml.CSafeLoader.yaml_implicit_resolvers
        self._top: Table | Items | None = None
        self._key: str | None = None
        self._decoded: str | None = None
        self._last: Any = None
        self._open: list[tuple[Table | Items | None, str | int]] = []

    def build(self) -> None:
        try:
            self._consume()
        except yaml.MarkedYAMLError as error:
            raise _Stop(self._syntax(error)) from None
        except yaml.reader.ReaderError as error:
            at = place_of_byte(self._data, error.position)
            message = (
                "a character that text never has (a control character) stands here: delete it, or type the line again"
            )
            raise _Stop(self._at(at, "control-character", message)) from None
        finally:
            self._parser.dispose()
        if self._document.root is None and not self._document.problems:
            raise _Stop(self._at((1, 1), "empty-file", "this file is empty: write its entries, or delete it"))

    def _consume(self) -> None:
        get_event = self._parser.get_event
        for _ in range(MAX_EVENTS):
            event: Any = get_event()
            kind = type(event)
            if kind is yaml.ScalarEvent:
                self._scalar(event)
            elif kind is yaml.MappingStartEvent:
                self._begin(event, Table(event.start_mark))
            elif kind is yaml.SequenceStartEvent:
                self._begin(event, Items(event.start_mark))
            elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
                self._top = self._open.pop()[0]
                self._key = None
            elif kind is yaml.AliasEvent:
                self._alias(event)
            elif kind is yaml.DocumentStartEvent:
                self._document_start(event)
            elif kind is yaml.StreamEndEvent:
                return
        self._document.root = None
        message = f"this file holds more than {MAX_EVENTS:,} values and marks: split it into a folder of smaller files"
        raise _Stop(self._at((1, 1), "too-many-values", message))

    def _scalar(self, event: Any) -> None:
        text: str = event.value
        plain: bool = event.implicit[0]
        self._last = event
        if event.start_mark.line != event.end_mark.line:
            text = self._looked_inside(event, text, plain=plain)
        if event.tag is not None or event.anchor is not None:
            self._refuse_decoration(event)
        if self._key is None and type(self._top) is Table:
            self._begin_key(text, event.start_mark, plain=plain)
        elif plain and text in _NULLS:
            self._put(None, event.start_mark)
        else:
            if plain:
                for tag, pattern in self._resolvers.get(text[0], ()):
                    if tag in _TAKEN_FOR and pattern.match(text):
                        self._note_unquoted(text, event.start_mark, _TAKEN_FOR[tag])
                        break
                if text[0] in CURLY_QUOTES and text[-1] in CURLY_QUOTES:
                    self._note_unquoted(text, event.start_mark, LETTERS)
                self._note_comment(event.end_mark)
            self._put(text, event.start_mark)

    def _looked_inside(self, event: Any, text: str, *, plain: bool) -> str:
        """Note lines of a text that the editor may have meant as items or keys. Return the text up to an item."""
        if plain and " - " in text and (mistake := inner_item(self._text(), event)):
            self._add(mistake.at, mistake.code, mistake.message)
            text = text.partition(" - ")[0]
        if ":" in text and type(self._top) is Table:
            for key, at in inner_keys(self._text(), event):
                self._top.swallowed.setdefault(key, (self._key or "", at))
        return text

    def _begin_key(self, key: str, mark: Mark, *, plain: bool) -> None:
        table = self._top
        assert isinstance(table, Table)  # noqa: S101 - the caller looked
        if plain and key == "<<":
            self._add(place(mark), "merge-key", "`<<` (a merge key) isn't allowed: write the keys out")
            self._key = _DROPPED
        elif plain and key in _NULLS:
            self._add(place(mark), "empty-key", "a key is missing before this colon: write one")
            self._key = _DROPPED
        elif not key.isascii() and (message := odd_character(key)) is not None:
            self._add(self._editor_place(mark), "odd-character", message)
            self._begin_key(without_odd_characters(key), mark, plain=False)  # so that it isn't reported as missing too
        elif key in table.keys_at:
            first = place(table.keys_at[key])[0]
            message = (
                f"`{excerpt(key)}` is already given in line {first}: keep one of the two; or, if a new entry begins here, "
                "begin it with `- id: `"
            )
            self._add(place(mark), "duplicate-key", message)
            self._key = _DROPPED
        else:
            table.keys_at[key] = mark
            self._key = key

    def _put(self, value: Table | Items | str | None, mark: Mark) -> str | int:
        """Store a value at the parser's position. Return the last step of its path."""
        top = self._top
        if top is None:
            self._document.root = value
            return ""
        if type(top) is Items:
            top.append(value)
            top.values_at.append(mark)
            return len(top) - 1
        assert isinstance(top, Table)  # noqa: S101 - a container is one or the other
        key = self._key or ""
        self._key = None
        if key is not _DROPPED:
            top.values_at[key] = mark
            if value is not None:
                top[key] = value
        return key

    def _begin(self, event: Any, container: Table | Items) -> None:
        if event.tag is not None or event.anchor is not None:
            self._refuse_decoration(event)
        if len(self._open) >= MAX_DEPTH:
            raise _Stop(self._at(place(event.start_mark), "too-deep", TOO_DEEP))
        if self._key is None and type(self._top) is Table:
            message = "a key must be a word: put text that begins with a bracket or a brace in quotes"
            raise _Stop(self._at(place(event.start_mark), "complex-key", message))
        step = self._put(container, event.start_mark)
        self._open.append((self._top, step))
        self._top = container

    def _alias(self, event: Any) -> None:
        message = "`*` (an alias) isn't allowed: write the value out, or put text that begins with * in quotes"
        self._add(place(event.start_mark), "alias", message)
        if self._key is None and type(self._top) is Table:
            self._key = _DROPPED
        else:
            self._put(None, event.start_mark)

    def _document_start(self, event: Any) -> None:
        if self._document.root is not None:
            message = "a second document begins here (`---`): one file holds one; delete this line"
            raise _Stop(self._at(place(event.start_mark), "second-document", message))

    def _refuse_decoration(self, event: Any) -> None:
        at = place(event.start_mark)
        if event.anchor is not None:
            message = "`&` (an anchor) isn't allowed: write the value out, or put text that begins with & in quotes"
            self._add(at, "anchor", message)
        if event.tag is not None:
            message = "`!` (a tag) isn't allowed: leave it out, or put text that begins with ! in quotes"
            self._add(at, "tag", message)

    def _note_unquoted(self, text: str, mark: Mark, taken_for: str) -> None:
        top = self._top
        last: str | int = len(top) if type(top) is Items else self._key or ""
        if last is _DROPPED:
            return
        self._document.unquoted.append(Unquoted(self._path(last), mark, text, taken_for))

    def _note_comment(self, mark: Mark) -> None:
        """Keep a comment that follows a value on the same line."""
        text = self._text()
        end = text.find("\n", mark.index)
        rest = text[mark.index : end if end >= 0 else len(text)].strip()
        top = self._top
        last: str | int = len(top) if type(top) is Items else self._key or ""
        if rest.startswith("#") and last is not _DROPPED:
            self._document.comments.append(Comment(self._path(last), mark, rest))

    def _path(self, last: str | int) -> tuple[str | int, ...]:
        return (*(step for _, step in self._open[1:]), last)

    def _at(self, at: Place, code: str, message: str) -> Problem:
        return _problem(self._document.file, at, code, message)

    def _add(self, at: Place, code: str, message: str) -> None:
        problem = self._at(at, code, message)
        if len(self._document.problems) + 1 >= MAX_PROBLEMS:
            raise _Stop(problem)
        self._document.problems.append(problem)

    def _editor_place(self, mark: Mark) -> Place:
        """A place as an editor counts lines: with fewer kinds of line ends than the parser."""
        return place_of_byte(self._data, len(self._text()[: mark.index].encode()))

    def _syntax(self, error: yaml.MarkedYAMLError) -> Problem:
        if not self._data.isascii() and (odd := nearest_odd_character(self._text(), _line_of(error))) is not None:
            earlier = self._document.problems  # the key of that line, if it was read, had the same character
            earlier[:] = [one for one in earlier if (one.line, one.code) != (odd.line, "odd-character")]
            return self._at((odd.line, odd.column), "odd-character", odd.message)
        mistake = after_failing(self._text(), error, self._last)
        return self._at(mistake.at, mistake.code, mistake.message)

    def _text(self) -> str:
        """The file as text, decoded at its first use. Its positions are the parser's."""
        if self._decoded is None:
            self._decoded = self._data.decode()
        return self._decoded


def _line_of(error: yaml.MarkedYAMLError) -> int:
    mark = error.problem_mark or error.context_mark
    return mark.line + 1 if mark is not None else 1


def excerpt(value: str, most: int = 40) -> str:
    """A short excerpt of a file's text on one line, for a message."""
    flat = " ".join(value.split())
    flat = "".join(
        character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in flat[: most + 1]
    )
    return flat if len(flat) <= most else flat[: most - 1] + "…"
