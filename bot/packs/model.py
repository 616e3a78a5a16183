"""The parts of a pack of content. All are immutable once loaded.

A pack is one topic: facts that an essay states, the arguments around them, the sources behind both,
policy options, statements, a glossary and a timeline. Editors write them as YAML (see loader.py);
these models define the valid files, and their JSON Schemas help editors while typing.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator

from bot.packs.fields import (
    ENTRY_ID_MAX,
    KEBAB,
    ONE_LINE,
    Address,
    EntryId,
    FullDate,
    Line,
    PackId,
    PartialDate,
    Prose,
)


class Verdict(StrEnum):
    """The result of checking a claim of the essay against its sources."""

    SUPPORTED = "supported"
    NUANCED = "nuanced"
    OVERSTATED = "overstated"
    UNSUPPORTED = "unsupported"
    CONTRADICTED = "contradicted"
    UNVERIFIED = "unverified"
    NOT_CHECKABLE = "not-checkable"


class ClaimKind(StrEnum):
    """The sort of claim that the essay makes; only a fact can be true or false."""

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


class Provenance(StrEnum):
    """The kind of copy at a source's address."""

    ORIGINAL = "original"
    OFFICIAL = "official-copy"
    REPRINT = "reprint"
    MIRROR = "mirror"


class Lean(StrEnum):
    """The direction in which a statement leans, so that editors can balance a set."""

    HARDER = "harder"
    SOFTER = "softer"
    CONDITIONAL = "conditional"
    PROCESS = "process"


class LinkStatus(StrEnum):
    """The state of an address at its last check."""

    WORKS = "works"
    MOVED = "moved"
    DEAD = "dead"
    UNCLEAR = "unclear"


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Span(_Model):
    """Words of the essay, exactly as written."""

    paragraph: Annotated[int, Field(ge=1, description="Number of the paragraph, the first being 1.")]
    quote: Annotated[
        str,
        StringConstraints(min_length=1, max_length=400),
        Field(description="The essay's own words, letter by letter: 5 to 15 words as a rule, never over 40."),
    ]


class Essay(_Model):
    """The text that the pack's facts come from. It is not part of the pack."""

    title: Line | None = Field(default=None, description="Its title, if it has one.")
    author: Line | None = Field(default=None, description="Its author, if known.")
    date: PartialDate | None = Field(default=None, description="Its date, if known.")
    note: Prose | None = Field(default=None, description="A note for readers about the text.")
    paragraphs: Annotated[int, Field(ge=1, description="Number of its paragraphs.")]


class Entry(_Model):
    """The fields of every entry in a pack."""

    id: EntryId = Field(
        description="Short and lasting: lowercase letters, digits and hyphens. Buttons in old messages use it."
    )
    aliases: tuple[Line, ...] = Field(
        default=(), description="Other names that people use; a search finds these first."
    )
    questions: tuple[Line, ...] = Field(
        default=(),
        description="Questions that members type and this entry answers; a search compares members' questions with them.",
    )
    tags: tuple[Line, ...] = Field(default=(), description="Subjects, in a word or two.")

    @property
    def title(self) -> str:
        """One line that names the entry in a list."""
        raise NotImplementedError

    @property
    def body(self) -> str:
        """The rest of the searchable text."""
        raise NotImplementedError


class SourceUse(_Model):
    """A source of an entry, with the place in it and the part that it bears out."""

    source: EntryId = Field(description="Id of an entry in sources.yaml.")
    at: Line | None = Field(default=None, description="The place in it: a page, a section, a minute.")
    bears: Line | None = Field(default=None, description="The part of the entry that it bears out, in a few words.")


def _source_use(value: object) -> object:
    """Accept an id alone for a source without further fields."""
    return {"source": value} if isinstance(value, str) else value


def _list_of_one(value: object) -> object:
    return (value,) if isinstance(value, str) else value


_SHORT_ID = {"type": "string", "pattern": KEBAB, "maxLength": ENTRY_ID_MAX}


def _or_short(short: dict[str, object]) -> Callable[[dict[str, Any]], None]:
    """Let a schema accept a short form too."""

    def extend(schema: dict[str, Any]) -> None:
        whole = {key: schema.pop(key) for key in list(schema) if key not in {"description", "default"}}
        schema["anyOf"] = [short, whole]

    return extend


class _Sourced(Entry):
    evidence: tuple[
        Annotated[SourceUse, BeforeValidator(_source_use), Field(json_schema_extra=_or_short(_SHORT_ID))], ...
    ] = Field(
        default=(),
        alias="sources",
        description="Entries of sources.yaml: ids, or `{source: id, at: p. 4, bears: what it bears out}`.",
    )

    @property
    def sources(self) -> tuple[str, ...]:
        """The ids of its sources."""
        return tuple(use.source for use in self.evidence)


class Recheck(_Model):
    """The day from which a fact has probably aged."""

    date: FullDate = Field(description="The day from which an editor should look again.")
    event: Line | None = Field(default=None, description="The event of that day, such as the next edition of a report.")


def _recheck(value: object) -> object:
    return {"date": value} if isinstance(value, str) else value


class Correction(_Model):
    """A correction of a card, which members see."""

    date: FullDate = Field(description="The day on which the card was corrected.")
    said: Line = Field(description="Words of the card before the correction.")
    says: Line = Field(description="Words of the card now.")
    why: Line = Field(description="Reason for the change.")


class Fact(_Sourced):
    """One claim of the essay, judged."""

    statement: Line = Field(description="The claim in one neutral sentence.")
    essay: Span
    attributed_to: Line = Field(
        description="Person or office that makes the claim: the author, or one whom the author cites."
    )
    kind: ClaimKind
    verdict: Verdict
    reason: Prose = Field(description="Reason for the verdict: the findings, in plain words.")
    checked: PartialDate | None = Field(
        default=None, description="The day on which an editor last read the sources' text."
    )
    recheck: Annotated[
        Recheck | None,
        BeforeValidator(_recheck),
        Field(json_schema_extra=_or_short({"type": "string", "format": "date"})),
    ] = Field(
        default=None,
        description="The day from which an editor should read it again; or `{date: 2027-02-28, event: what happens then}`.",
    )
    corrections: tuple[Correction, ...] = Field(
        default=(), description="Corrections of the card, the newest first; members see them."
    )
    as_of: PartialDate | None = Field(default=None, description="Outdated: write `checked`.")

    @property
    def title(self) -> str:
        return self.statement

    @property
    def body(self) -> str:
        return f"{self.essay.quote} {self.reason}"

    @property
    def last_check(self) -> str | None:
        """The date when an editor last read its sources, as exactly as known; None for never."""
        return self.checked or self.as_of


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

    Exactly one of `for` and `against` names its target. The first of several is the strongest.
    """

    for_: EntryId | None = Field(default=None, alias="for", description="Id of the entry that this argument supports.")
    against: Annotated[
        tuple[EntryId, ...], BeforeValidator(_list_of_one), Field(json_schema_extra=_or_short(_SHORT_ID))
    ] = Field(default=(), description="Id of the entry that this argument opposes, or a list of ids: `[a, b]`.")
    point: Line = Field(description="The argument in one sentence, as its own side would say it.")
    text: Prose = Field(description="The argument at its strongest, in a few sentences.")

    @model_validator(mode="after")
    def _one_side(self) -> Argument:
        if (self.for_ is None) == (not self.against):
            message = "needs exactly one of `for` and `against`, with the id of what it argues about"
            raise ValueError(message)
        return self

    @property
    def targets(self) -> tuple[str, ...]:
        """The ids of its targets, the closest first."""
        return (self.for_,) if self.for_ else self.against

    @property
    def target(self) -> str:
        """The id of its closest target."""
        return self.targets[0]

    @property
    def side(self) -> Literal["for", "against"]:
        return "for" if self.for_ else "against"

    @property
    def title(self) -> str:
        return self.point

    @property
    def body(self) -> str:
        return self.text


class AddressCheck(_Model):
    """The result of `parley check --links` for an address."""

    checked: Annotated[FullDate, Field(description="The day of the check.")]
    status: Annotated[
        LinkStatus,
        Field(description="works, moved for good, dead, or unclear if the answer doesn't tell."),
    ]
    detail: Line | None = Field(default=None, description="The answer, if it says more.")
    moved_to: Address | None = Field(default=None, description="The new address.")


class Source(Entry):
    """A source of facts and arguments, with its address."""

    name: Line = Field(alias="title", description="Its title.")
    author: Line | None = Field(default=None, description="Person or office that wrote it.")
    publisher: Line | None = Field(default=None, description="Person or office that published it.")
    date: PartialDate | None = Field(default=None, description="Its date of publication.")
    url: Address | None = Field(
        default=None,
        description="Address where an editor read it. Parley never shows a mirror's as the original.",
    )
    archive_url: Address | None = Field(default=None, description="An archived copy of the same text.")
    other_urls: tuple[Address, ...] = Field(
        default=(), description="Further addresses of the same text, or of its companion."
    )
    kind: SourceKind
    copy_: Provenance = Field(alias="copy", description="The kind of copy at `url`.")
    summary: Prose = Field(description="The facts that it establishes, in a sentence or two.")
    quote: Annotated[str, StringConstraints(max_length=300)] | None = Field(
        default=None, description="Its own words, at most 25 of them."
    )
    series: EntryId | None = Field(
        default=None, description="Name of the series that it is an edition of, such as cdc-overdose-monthly."
    )
    period: PartialDate | None = Field(default=None, description="The year, month or day that this edition is about.")
    note: Line | None = Field(default=None, description="A caution about this copy, its date or its leaning.")
    opened: FullDate | None = Field(
        default=None, description="The day on which an editor read it in full; empty until then."
    )

    link: AddressCheck | None = Field(
        default=None, description="The result of `parley check --links` for `url`; the command writes it."
    )
    archive_link: AddressCheck | None = Field(
        default=None, description="The result of `parley check --links` for `archive_url`; the command writes it."
    )

    @model_validator(mode="after")
    def _series_with_period(self) -> Source:
        if (self.series is None) != (self.period is None):
            message = "needs both `series` and `period`, or neither: which edition is it?"
            raise ValueError(message)
        return self

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
        StringConstraints(pattern=ONE_LINE, min_length=1, max_length=75, strip_whitespace=True),
        Field(description="Its name on a ballot."),
    ]
    description: Line = Field(description="The measure, in one neutral sentence.")
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
    definition: Prose = Field(description="Its meaning here, in a sentence or two.")

    @property
    def title(self) -> str:
        return self.term

    @property
    def body(self) -> str:
        return self.definition


class Event(_Sourced):
    """Something that happened on a date."""

    date: PartialDate = Field(description="Its date, as exactly as known.")
    event: Line = Field(description="The event, in one sentence.")

    @property
    def title(self) -> str:
        return self.event

    @property
    def body(self) -> str:
        return self.date


class PackInfo(_Model):
    """The description of a pack, in pack.yaml."""

    id: PackId = Field(description="Short and lasting: lowercase letters, digits and hyphens.")
    title: Line = Field(description="The topic in a few words.")
    summary: Prose = Field(description="The subject, in a few neutral sentences.")
    essay: Essay
    language: Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Z]{2})?$")] = Field(
        default="en", description="The language that the pack is written in, such as en."
    )
    editors: tuple[Line, ...] = Field(default=(), description="People who answer for the content.")
    draft: bool = Field(default=False, description="true while you write it: Parley checks it and doesn't serve it.")
    reviewed: FullDate = Field(description="The day on which the whole pack was last reviewed.")
    review_every: Annotated[int, Field(ge=1, le=3650)] = Field(
        default=90, description="Days until the next review is due."
    )
