"""What a pack of content is made of. Everything here is immutable once it is loaded.

A pack is one topic: facts that an essay states, the arguments around them, the sources behind both,
policy options, statements, a glossary and a timeline. Editors write them as YAML (see loader.py);
these models say what may be written, and their JSON Schemas help while it is typed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date as Day  # noqa: N812 - fields of these models are named date
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    HttpUrl,
    StringConstraints,
    TypeAdapter,
    ValidationError,
    model_validator,
)

PACK_ID_MAX = 24
ENTRY_ID_MAX = 40

KEBAB = r"^[a-z0-9]+(-[a-z0-9]+)*$"
PackId = Annotated[str, StringConstraints(pattern=KEBAB, max_length=PACK_ID_MAX)]
EntryId = Annotated[str, StringConstraints(pattern=KEBAB, max_length=ENTRY_ID_MAX)]
_ONE_LINE = r"^[^\r\n]*\s*$"
Line = Annotated[str, StringConstraints(pattern=_ONE_LINE, min_length=1, max_length=300, strip_whitespace=True)]
Prose = Annotated[str, StringConstraints(min_length=1, max_length=2000, strip_whitespace=True)]


def _address(value: str) -> str:
    HttpUrl(value)
    return value


Address = Annotated[
    str,
    StringConstraints(pattern=r"^https?://[^\s<>|\"]+$", max_length=500),
    AfterValidator(_address),
]

_ADDRESS: TypeAdapter[str] = TypeAdapter(Address)


def is_address(text: str) -> bool:
    """Whether an entry may have this as an address: what a person, a program or a server wrote may be anything."""
    try:
        _ADDRESS.validate_python(text)
    except ValidationError:
        return False
    return True


_PARTIAL_DATE = re.compile(r"^([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?$")


def partial_date(value: str) -> str:
    match = _PARTIAL_DATE.fullmatch(value)
    if match is None:
        message = "must be a year (2025), a month (2025-02) or a day (2025-02-20)"
        raise ValueError(message)
    year, month, day = match.groups()
    _calendar_day(value, int(year), int(month or 1), int(day or 1))
    return value


def _calendar_day(written: str, year: int, month: int, day: int) -> Day:
    try:
        return Day(year, month, day)
    except ValueError:
        message = f"{written} is not in the calendar: correct it"
        raise ValueError(message) from None


PartialDate = Annotated[
    str,
    Field(
        json_schema_extra={
            "type": ["string", "integer"],
            "pattern": _PARTIAL_DATE.pattern,
            "minimum": 1000,
            "maximum": 9999,
        }
    ),
    AfterValidator(partial_date),
]
"""A date as exact as it is known: `2025`, `2025-02` or `2025-02-20`. Sorts as text."""


def _full_date(value: object) -> object:
    """Keep pydantic from taking digits for seconds since 1970."""
    if not isinstance(value, str):
        return value
    match = _PARTIAL_DATE.fullmatch(value)
    if match is None or match[3] is None:
        message = "must be a day, written like 2025-02-20"
        raise ValueError(message)
    return _calendar_day(value, int(match[1]), int(match[2]), int(match[3]))


FullDate = Annotated[Day, BeforeValidator(_full_date)]
"""A day of the calendar, written `2025-02-20`."""


class Verdict(StrEnum):
    """How a claim of the essay stands against the sources that were read."""

    SUPPORTED = "supported"
    NUANCED = "nuanced"
    OVERSTATED = "overstated"
    UNSUPPORTED = "unsupported"
    CONTRADICTED = "contradicted"
    UNVERIFIED = "unverified"
    NOT_CHECKABLE = "not-checkable"


class ClaimKind(StrEnum):
    """What sort of claim the essay makes; only a fact can be true or false."""

    FACT = "fact"
    OPINION = "attributed-opinion"
    PREDICTION = "prediction"
    JUDGEMENT = "value-judgement"


class SourceKind(StrEnum):
    GOVERNMENT = "government"
    COURT = "court"
    PEER_REVIEWED = "peer-reviewed"
    THINK_TANK = "think-tank"
    NEWS = "news"
    ADVOCACY = "advocacy"


class Copy(StrEnum):
    """What stands at a source's address."""

    ORIGINAL = "original"
    OFFICIAL = "official-copy"
    REPRINT = "reprint"
    MIRROR = "mirror"


class Lean(StrEnum):
    """Which way a statement leans, so that a set of them can be balanced."""

    HARDER = "harder"
    SOFTER = "softer"
    CONDITIONAL = "conditional"
    PROCESS = "process"


class LinkStatus(StrEnum):
    """What an address answered when it was asked."""

    WORKS = "works"
    MOVED = "moved"
    DEAD = "dead"
    UNCLEAR = "unclear"


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Span(_Model):
    """Words of the essay, exactly as they stand there."""

    paragraph: Annotated[int, Field(ge=1, description="Number of the paragraph, the first being 1.")]
    quote: Annotated[
        str,
        StringConstraints(min_length=1, max_length=400),
        Field(description="The essay's own words, letter by letter: 5 to 15 words as a rule, never over 40."),
    ]


class Essay(_Model):
    """The text that the pack's facts come from. It is not part of the pack."""

    title: Line | None = Field(default=None, description="Its title, if it has one.")
    author: Line | None = Field(default=None, description="Who wrote it, if known.")
    date: PartialDate | None = Field(default=None, description="When, if known.")
    note: Prose | None = Field(default=None, description="What a reader should know about the text.")
    paragraphs: Annotated[int, Field(ge=1, description="How many paragraphs it has.")]


class Entry(_Model):
    """What every entry of a pack has."""

    id: EntryId = Field(
        description="Short and lasting: small letters, digits and hyphens. Buttons in old messages use it."
    )
    aliases: tuple[Line, ...] = Field(default=(), description="Other ways people say it; a search finds these first.")
    tags: tuple[Line, ...] = Field(default=(), description="Subjects, in a word or two.")

    @property
    def title(self) -> str:
        """One line that names the entry in a list."""
        raise NotImplementedError

    @property
    def body(self) -> str:
        """The rest of what a search should find."""
        raise NotImplementedError


class _Sourced(Entry):
    sources: tuple[EntryId, ...] = Field(default=(), description="Ids of entries in sources.yaml.")


class Fact(_Sourced):
    """One claim of the essay, judged."""

    statement: Line = Field(description="The claim in one neutral sentence.")
    essay: Span
    attributed_to: Line = Field(description="Who makes the claim: the author, or whom the author cites.")
    kind: ClaimKind
    verdict: Verdict
    reason: Prose = Field(description="Why this verdict: what was found, in plain words.")
    as_of: PartialDate = Field(description="How recent the newest material behind the verdict is.")

    @property
    def title(self) -> str:
        return self.statement

    @property
    def body(self) -> str:
        return f"{self.essay.quote} {self.reason}"


class Position(Entry):
    """A stance that people argue for and against."""

    name: Line = Field(description="The stance in a few words.")
    statement: Line = Field(description="The stance in one neutral sentence.")

    @property
    def title(self) -> str:
        return self.name

    @property
    def body(self) -> str:
        return self.statement


class Argument(_Sourced):
    """A reason for or against a position, a fact, an option or another argument.

    Exactly one of `for` and `against` names what it is about. The first of several is the strongest.
    """

    for_: EntryId | None = Field(default=None, alias="for", description="Id of what this argument supports.")
    against: EntryId | None = Field(default=None, description="Id of what this argument opposes.")
    point: Line = Field(description="The argument in one sentence, as its own side would say it.")
    text: Prose = Field(description="The argument at its strongest, in a few sentences.")

    @model_validator(mode="after")
    def _one_side(self) -> Argument:
        if (self.for_ is None) == (self.against is None):
            message = "needs exactly one of `for` and `against`, with the id of what it argues about"
            raise ValueError(message)
        return self

    @property
    def target(self) -> str:
        return self.for_ or self.against or ""

    @property
    def side(self) -> Literal["for", "against"]:
        return "for" if self.for_ else "against"

    @property
    def title(self) -> str:
        return self.point

    @property
    def body(self) -> str:
        return self.text


class Link(_Model):
    """What `parley check --links` found at an address."""

    checked: Annotated[FullDate, Field(description="The day on which the address was asked.")]
    status: Annotated[
        LinkStatus,
        Field(description="works, moved for good, dead, or unclear where the answer doesn't tell."),
    ]
    detail: Line | None = Field(default=None, description="The answer, if it says more.")
    moved_to: Address | None = Field(default=None, description="Where it has moved to.")


class Source(Entry):
    """Something that was read, and where it can be read."""

    name: Line = Field(alias="title", description="Its title.")
    author: Line | None = Field(default=None, description="Person or office that wrote it.")
    publisher: Line | None = Field(default=None, description="Who published it.")
    date: PartialDate | None = Field(default=None, description="When it was published.")
    url: Address | None = Field(
        default=None,
        description="Where it was read. A mirror's address is kept for editors and never shown as the original.",
    )
    archive_url: Address | None = Field(default=None, description="An archived copy of the same text.")
    other_urls: tuple[Address, ...] = Field(
        default=(), description="Further addresses of the same text, or of its companion."
    )
    kind: SourceKind
    copy_: Copy = Field(alias="copy", description="What stands at `url`.")
    summary: Prose = Field(description="What it establishes, in a sentence or two.")
    quote: Annotated[str, StringConstraints(max_length=300)] | None = Field(
        default=None, description="Its own words, at most 25 of them."
    )
    note: Line | None = Field(default=None, description="A caution about this copy, its date or its leaning.")
    opened: FullDate | None = Field(
        default=None, description="The day on which an editor read it in full; empty until then."
    )

    link: Link | None = Field(default=None, description="What `parley check --links` found at `url`; it writes this.")
    archive_link: Link | None = Field(
        default=None, description="What `parley check --links` found at `archive_url`; it writes this."
    )

    @property
    def title(self) -> str:
        return self.name

    @property
    def body(self) -> str:
        return " ".join(part for part in (self.author, self.publisher, self.summary) if part)


class Option(_Sourced):
    """A policy that a community can vote on."""

    name: Annotated[
        str,
        StringConstraints(pattern=_ONE_LINE, min_length=1, max_length=75, strip_whitespace=True),
        Field(description="What a ballot calls it."),
    ]
    description: Line = Field(description="What would be done, in one neutral sentence.")
    pro: Line = Field(description="The best reason for it.")
    con: Line = Field(description="The best reason against it.")

    @property
    def title(self) -> str:
        return self.name

    @property
    def body(self) -> str:
        return f"{self.description} {self.pro} {self.con}"


class Statement(Entry):
    """A sentence that members can agree with, disagree with or pass."""

    text: Line = Field(description="The statement, in one sentence.")
    lean: Lean

    @property
    def title(self) -> str:
        return self.text

    @property
    def body(self) -> str:
        return ""


class Term(_Sourced):
    """A word that the debate uses, explained."""

    term: Line = Field(description="The word or name.")
    definition: Prose = Field(description="What it means here, in a sentence or two.")

    @property
    def title(self) -> str:
        return self.term

    @property
    def body(self) -> str:
        return self.definition


class Event(_Sourced):
    """Something that happened on a date."""

    date: PartialDate = Field(description="When, as exactly as it is known.")
    event: Line = Field(description="What happened, in one sentence.")

    @property
    def title(self) -> str:
        return self.event

    @property
    def body(self) -> str:
        return self.date


class PackInfo(_Model):
    """What pack.yaml says about the whole."""

    id: PackId = Field(description="Short and lasting: small letters, digits and hyphens.")
    title: Line = Field(description="The topic in a few words.")
    summary: Prose = Field(description="What it is about, in a few neutral sentences.")
    essay: Essay
    language: Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Z]{2})?$")] = Field(
        default="en", description="The language that the pack is written in, such as en."
    )
    editors: tuple[Line, ...] = Field(default=(), description="Who answers for the content.")
    draft: bool = Field(default=False, description="true while it is being written: it is checked, and not served.")
    reviewed: FullDate = Field(description="The day on which the whole pack was last reviewed.")
    review_every: Annotated[int, Field(ge=1, le=3650)] = Field(
        default=90, description="Days until the next review is due."
    )


PARTS: Mapping[str, Mapping[str, type[Entry]]] = {
    "facts": {"facts": Fact},
    "arguments": {"positions": Position, "arguments": Argument},
    "sources": {"sources": Source},
    "options": {"options": Option},
    "statements": {"statements": Statement},
    "glossary": {"terms": Term},
    "timeline": {"events": Event},
}
"""Part of a pack (NAME.yaml or NAME/*.yaml) → the lists it holds → what each item is."""


@dataclass(frozen=True)
class Pack:
    """A topic, loaded, checked and linked. `entries` holds every entry by its id, in file order."""

    info: PackInfo
    entries: Mapping[str, Entry]
    arguments_about: Mapping[str, tuple[Argument, ...]] = field(default_factory=dict)
    """Id of a target → the arguments about it, strongest first."""

    @property
    def id(self) -> str:
        return self.info.id

    def all(self, kind: type[Entry]) -> Iterator[Any]:
        """Every entry of one kind, in file order."""
        return iter(self._by_kind.get(kind, ()))

    def arguments(self, target: str, side: Literal["for", "against"]) -> tuple[Argument, ...]:
        """Arguments for or against the entry with this id, strongest first."""
        return tuple(a for a in self.arguments_about.get(target, ()) if a.side == side)

    @cached_property
    def _by_kind(self) -> Mapping[type[Entry], tuple[Entry, ...]]:
        kinds: dict[type[Entry], list[Entry]] = {}
        for entry in self.entries.values():
            kinds.setdefault(type(entry), []).append(entry)
        return {kind: tuple(entries) for kind, entries in kinds.items()}


@dataclass(frozen=True)
class Library:
    """Every pack that this instance serves, by id. Never changed: a reload makes a new one."""

    packs: Mapping[str, Pack]

    def find(self, pack: str, entry: str) -> Entry | None:
        """The entry with this id, or None where the pack or the entry is gone."""
        found = self.packs.get(pack)
        return found.entries.get(entry) if found else None
