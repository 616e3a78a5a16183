"""One entry of a pack as a card. Pure functions: the same entry, the same card."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from bot.chat import Card, Choice, Field, Tone
from bot.i18n import N_, Translator
from bot.library.model import (
    Argument,
    ClaimKind,
    Copy,
    Entry,
    Event,
    Fact,
    Library,
    Option,
    Pack,
    Position,
    Source,
    SourceKind,
    Statement,
    Term,
    Verdict,
)
from bot.library.shelf import Edition
from bot.markup import Bold, Inline, Italic, Link, Plain, Text, bullets, paragraph, quote, shorten, text
from bot.typed import typable


@dataclass(frozen=True, slots=True)
class _Sign:
    sign: str
    word: str
    tone: Tone


VERDICTS: Mapping[Verdict, _Sign] = {
    Verdict.SUPPORTED: _Sign("✔", N_("Supported"), Tone.GOOD),
    Verdict.NUANCED: _Sign("◑", N_("Supported with a nuance"), Tone.GOOD),
    Verdict.OVERSTATED: _Sign("▲", N_("Overstated"), Tone.CAUTION),
    Verdict.UNSUPPORTED: _Sign("○", N_("Unsupported"), Tone.CAUTION),
    Verdict.CONTRADICTED: _Sign("✖", N_("Contradicted"), Tone.BAD),
    Verdict.UNVERIFIED: _Sign("?", N_("Could not be verified"), Tone.INFO),
    Verdict.NOT_CHECKABLE: _Sign("–", N_("Not a matter of fact"), Tone.NEUTRAL),
}

CLAIM_KINDS: Mapping[ClaimKind, str] = {
    ClaimKind.FACT: N_("Claim of fact"),
    ClaimKind.OPINION: N_("Attributed opinion"),
    ClaimKind.PREDICTION: N_("Prediction"),
    ClaimKind.JUDGEMENT: N_("Value judgement"),
}

SOURCE_KINDS: Mapping[SourceKind, str] = {
    SourceKind.GOVERNMENT: N_("government"),
    SourceKind.COURT: N_("court"),
    SourceKind.PEER_REVIEWED: N_("peer-reviewed"),
    SourceKind.THINK_TANK: N_("think tank"),
    SourceKind.NEWS: N_("news"),
    SourceKind.ADVOCACY: N_("advocacy"),
}

COPIES: Mapping[Copy, str] = {
    Copy.ORIGINAL: N_("the publisher's own page"),
    Copy.OFFICIAL: N_("an official text, hosted elsewhere"),
    Copy.REPRINT: N_("a reprint"),
    Copy.MIRROR: N_("seen only as a third party's copy, so no link is given"),
}

ENTRY_KINDS: Mapping[type[Entry], str] = {
    Fact: N_("Fact"),
    Position: N_("Position"),
    Argument: N_("Argument"),
    Source: N_("Source"),
    Option: N_("Policy option"),
    Statement: N_("Statement"),
    Term: N_("Term"),
    Event: N_("Event"),
}

SOURCES_ON_CARD = 4
REMEMBERED = 1_000
"""Verdicts in words, in all languages together: each answer has some ten of them."""
TITLE_SHOWN = 100
"""Characters of a title in a list."""


def title_choices(
    t: Translator, edition: Edition, typed: str, kinds: Collection[type[Entry]] | None = None, pack: str | None = None
) -> list[Choice]:
    """The entries whose title or alias has these words, as suggestions."""
    hits = edition.index.complete(typed, kinds=kinds, pack=pack)
    found = (edition.library.find(hit.pack_id, hit.entry_id) for hit in hits)
    return [
        Choice(shorten(entry.title, TITLE_SHOWN), typable(entry.title), describe(t, entry))
        for entry in found
        if entry is not None
    ]


def topic_choices(library: Library, typed: str) -> list[Choice]:
    """The packs with these letters in their title or id, as suggestions."""
    wanted = typed.casefold()
    infos = [pack.info for pack in library.packs.values()]
    return [Choice(info.title, info.id) for info in infos if wanted in info.id or wanted in info.title.casefold()]


def card(t: Translator, pack: Pack, entry: Entry) -> Card:
    """The entry as a member sees it, without controls."""
    return _MAKERS[type(entry)](t, pack, entry)


@lru_cache(maxsize=REMEMBERED)
def verdict_line(t: Translator, verdict: Verdict) -> str:
    """A sign and a word, so that nothing depends on colour."""
    shown = VERDICTS[verdict]
    return f"{shown.sign} {t(shown.word)}"


def describe(t: Translator, entry: Entry) -> str:
    """What sort of entry it is, for the second line of a choice."""
    if isinstance(entry, Fact):
        return _judged(t, entry.verdict)
    kind = t(ENTRY_KINDS[type(entry)])
    match entry:
        case Source():
            return " · ".join(part for part in (kind, t(SOURCE_KINDS[entry.kind]), entry.date) if part)
        case Event():
            return f"{kind} · {entry.date}"
    return kind


@lru_cache(maxsize=REMEMBERED)
def _judged(t: Translator, verdict: Verdict) -> str:
    return f"{t(ENTRY_KINDS[Fact])} · {verdict_line(t, verdict)}"


def quoted(words: str) -> str:
    """The words in quotation marks, unless they bring their own."""
    return words if words.startswith("“") and words.endswith("”") else f"“{words}”"


def source_line(t: Translator, source: Source) -> tuple[Inline, ...]:
    """Title (a link where the address is the real one), kind, date, and what sort of copy it is."""
    facts = [t(SOURCE_KINDS[source.kind]), source.date or t("no date given")]
    if source.copy_ is not Copy.ORIGINAL:
        facts.append(t(COPIES[source.copy_]))
    name: Inline = Plain(source.title) if offered_url(source) is None else Link(source.title, source.url or "")
    return (name, Plain(f" ({', '.join(facts)})"))


def offered_url(source: Source) -> str | None:
    """The address that may be offered as the source's own: never a mirror's."""
    return None if source.copy_ is Copy.MIRROR else source.url


def sources_of(pack: Pack, entry: Entry) -> list[Source]:
    ids: Iterable[str] = getattr(entry, "sources", ())
    return [source for source in map(pack.entries.get, ids) if isinstance(source, Source)]


def sources_text(t: Translator, pack: Pack, entry: Entry, most: int | None = None) -> Text:
    """The entry's sources as a list; what is left out is counted."""
    found = sources_of(pack, entry)
    shown = found if most is None else found[:most]
    rest = len(found) - len(shown)
    return text(
        bullets(source_line(t, source) for source in shown),
        t.count("and {n} more, under Sources", "and {n} more, under Sources", rest) if rest else "",
    )


def _fact(t: Translator, pack: Pack, fact: Fact) -> Card:
    sources = sources_text(t, pack, fact, SOURCES_ON_CARD)
    where = t("The essay, paragraph {n}", n=fact.essay.paragraph)
    return Card(
        title=verdict_line(t, fact.verdict),
        body=text(
            paragraph(Bold(fact.statement)),
            quote(quoted(fact.essay.quote), f" — {where}"),
            paragraph(Bold(t("Why this verdict:")), f" {fact.reason}"),
        ),
        fields=(Field(t("Sources"), sources),) if sources else (),
        footer=" · ".join(
            (
                t(CLAIM_KINDS[fact.kind]),
                t("claimed by {who}", who=fact.attributed_to),
                t("sources read up to {date}", date=fact.as_of),
                pack.info.title,
            )
        ),
        tone=VERDICTS[fact.verdict].tone,
    )


def _position(t: Translator, pack: Pack, position: Position) -> Card:
    def points(side: str, name: str) -> Field | None:
        found = [a for a in pack.arguments_about.get(position.id, ()) if a.side == side]
        return Field(name, bullets((a.point for a in found), numbered=True)) if found else None

    sides = (points("for", t("Arguments for")), points("against", t("Arguments against")))
    return Card(
        title=position.name,
        body=text(paragraph(position.statement)),
        fields=tuple(side for side in sides if side),
        footer=kind_and_topic(t, pack, position),
        tone=Tone.INFO,
    )


def _argument(t: Translator, pack: Pack, argument: Argument) -> Card:
    target = pack.entries[argument.target]
    side = t("For") if argument.side == "for" else t("Against")
    sources = sources_text(t, pack, argument)
    return Card(
        title=argument.point,
        body=text(paragraph(Italic(f"{side}: {shorten(target.title, 200)}")), paragraph(argument.text)),
        fields=(Field(t("Sources"), sources),) if sources else (),
        footer=kind_and_topic(t, pack, argument),
        tone=Tone.INFO,
    )


def _source(t: Translator, pack: Pack, source: Source) -> Card:
    known = [
        (t("Author"), source.author),
        (t("Publisher"), source.publisher),
        (t("Date"), source.date or t("no date given")),
        (t("Kind"), t(SOURCE_KINDS[source.kind])),
        (t("Copy"), t(COPIES[source.copy_])),
        (t("Read in full"), source.opened.isoformat() if source.opened else t("not yet: an excerpt was read")),
        (t("Note"), source.note),
    ]
    addresses = [url for url in (source.archive_url, *source.other_urls) if url]
    if source.copy_ is Copy.MIRROR:
        addresses = []
    lines = [(Bold(f"{name}: "), Plain(value)) for name, value in known if value]
    return Card(
        title=source.title,
        url=offered_url(source),
        body=text(
            paragraph(source.summary),
            quote(quoted(source.quote)) if source.quote else "",
            bullets(lines),
            bullets((Plain(t("Also at ")), Link(url, url)) for url in addresses),
        ),
        footer=kind_and_topic(t, pack, source),
    )


def _option(t: Translator, pack: Pack, option: Option) -> Card:
    sources = sources_text(t, pack, option, SOURCES_ON_CARD)
    fields = [Field(t("For"), text(option.pro)), Field(t("Against"), text(option.con))]
    if sources:
        fields.append(Field(t("Sources"), sources))
    return Card(
        title=option.name,
        body=text(option.description),
        fields=tuple(fields),
        footer=kind_and_topic(t, pack, option),
        tone=Tone.INFO,
    )


def _statement(t: Translator, pack: Pack, statement: Statement) -> Card:
    return Card(title=statement.text, footer=kind_and_topic(t, pack, statement))


def _term(t: Translator, pack: Pack, term: Term) -> Card:
    sources = sources_text(t, pack, term, SOURCES_ON_CARD)
    return Card(
        title=term.term,
        body=text(term.definition),
        fields=(Field(t("Sources"), sources),) if sources else (),
        footer=kind_and_topic(t, pack, term),
    )


def _event(t: Translator, pack: Pack, event: Event) -> Card:
    sources = sources_text(t, pack, event, SOURCES_ON_CARD)
    return Card(
        title=event.date,
        body=text(event.event),
        fields=(Field(t("Sources"), sources),) if sources else (),
        footer=kind_and_topic(t, pack, event),
    )


def kind_and_topic(t: Translator, pack: Pack, entry: Entry) -> str:
    return f"{t(ENTRY_KINDS[type(entry)])} · {pack.info.title}"


_MAKERS: Mapping[type[Entry], Callable[..., Card]] = {
    Fact: _fact,
    Position: _position,
    Argument: _argument,
    Source: _source,
    Option: _option,
    Statement: _statement,
    Term: _term,
    Event: _event,
}
