"""One entry of a pack as a card. Pure functions: the same entry, the same card."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import lru_cache

from bot.authoring.sentences import sentences
from bot.chat.markup import (
    Block,
    Bold,
    Emoji,
    Inline,
    Italic,
    Link,
    Plain,
    Text,
    bullets,
    clean,
    paragraph,
    quote,
    shorten,
    text,
)
from bot.chat.vocabulary import Card, Choice, Field, Tone
from bot.dispatch.parse import typable
from bot.i18n import Translator
from bot.library.edition import Edition
from bot.packs.labels import CLAIM_KINDS, COPIES, ENTRY_KINDS, SOURCE_KINDS, VERDICTS
from bot.packs.model import (
    Argument,
    Correction,
    Entry,
    Event,
    Fact,
    Option,
    Position,
    Provenance,
    Source,
    SourceUse,
    Statement,
    Term,
    Verdict,
)
from bot.packs.pack import Library, Pack

SOURCES_ON_CARD = 3
SENTENCES_ON_CARD = 2
"""Sentences of a reason; the rest is behind More."""
REMEMBERED = 1_000
"""Verdicts in words to cache, in all languages together: each answer has some ten of them."""
TITLE_SHOWN = 100
"""Characters of a title in a list."""
EXCERPT_MAX = 80


def title_choices(
    t: Translator, edition: Edition, prefix: str, kinds: Collection[type[Entry]] | None = None, pack: str | None = None
) -> list[Choice]:
    """Suggest the entries whose title or alias has these words."""
    suggestions = edition.index.complete(prefix, kinds=kinds, pack=pack)
    entries = (edition.library.find(suggestion.pack_id, suggestion.entry_id) for suggestion in suggestions)
    return [
        Choice(shorten(entry.title, TITLE_SHOWN), typable(entry.title), describe(t, entry))
        for entry in entries
        if entry is not None
    ]


def topic_choices(library: Library, prefix: str) -> list[Choice]:
    """Suggest the packs with these letters in their title or id."""
    folded = prefix.casefold()
    infos = [pack.info for pack in library.packs.values()]
    return [Choice(info.title, info.id) for info in infos if folded in info.id or folded in info.title.casefold()]


def card(t: Translator, pack: Pack, entry: Entry) -> Card:
    """The entry's card for members, without controls."""
    return _MAKERS[type(entry)](t, pack, entry)


@lru_cache(maxsize=REMEMBERED)
def verdict_line(t: Translator, verdict: Verdict) -> str:
    """A sign and a word, so that nothing depends on colour."""
    label = VERDICTS[verdict]
    return f"{label.sign} {t(label.word)}"


def describe(t: Translator, entry: Entry) -> str:
    """The kind of an entry, for the second line of a choice."""
    return _sorted(t, type(entry), detail(t, entry))


def detail(t: Translator, entry: Entry) -> str:
    """The mark that tells an entry from others of its kind: a verdict, a kind of source, a date; empty if it has none."""
    match entry:
        case Fact():
            return verdict_line(t, entry.verdict)
        case Source():
            return " · ".join(part for part in (t(SOURCE_KINDS[entry.kind]), entry.date) if part)
        case Event():
            return entry.date
    return ""


@lru_cache(maxsize=REMEMBERED)
def _sorted(t: Translator, kind: type[Entry], words: str) -> str:
    return " · ".join(part for part in (t(ENTRY_KINDS[kind]), words) if part)


def excerpt(words: str) -> str:
    """Shorten the words of a look-up, to quote them in its answer."""
    return shorten(clean(words).strip(), EXCERPT_MAX)


def quoted(words: str) -> str:
    """The words in quotation marks, unless they have their own."""
    return words if words.startswith("“") and words.endswith("”") else f"“{words}”"


def source_line(t: Translator, source: Source, use: SourceUse | None = None) -> tuple[Inline, ...]:
    """Title (a link if the address is the original's), kind, date, kind of copy, and what the source bears out."""
    facts = [t(SOURCE_KINDS[source.kind]), source.date or t("no date given")]
    if source.copy_ is not Provenance.ORIGINAL:
        facts.append(t(COPIES[source.copy_]))
    if use is not None and use.at:
        facts.append(use.at)
    name: Inline = Plain(source.title) if offered_url(source) is None else Link(source.title, source.url or "")
    bears = f": {use.bears}" if use is not None and use.bears else ""
    return (name, Plain(f" ({', '.join(facts)}){bears}"))


def offered_url(source: Source) -> str | None:
    """The address to offer as the source's own: never a mirror's."""
    return None if source.copy_ is Provenance.MIRROR else source.url


def sources_of(pack: Pack, entry: Entry) -> list[Source]:
    return [source for source, _ in source_uses(pack, entry)]


def source_uses(pack: Pack, entry: Entry) -> list[tuple[Source, SourceUse]]:
    """Each source of an entry, with its use there."""
    uses: Iterable[SourceUse] = getattr(entry, "evidence", ())
    pairs = ((pack.entries.get(use.source), use) for use in uses)
    return [(source, use) for source, use in pairs if isinstance(source, Source)]


def sources_text(t: Translator, pack: Pack, entry: Entry, most: int | None = None, *, brief: bool = False) -> Text:
    """The entry's sources as a list, with a count of omitted ones. With `brief`, each has only its kind and date."""
    uses = source_uses(pack, entry)
    listed = uses if most is None else uses[:most]
    rest = len(uses) - len(listed)
    return text(
        bullets(source_line(t, source, None if brief else use) for source, use in listed),
        t.count("and {n} more, under Sources", "and {n} more, under Sources", rest) if rest else "",
    )


def _fact(t: Translator, pack: Pack, fact: Fact) -> Card:
    """The fact in short; `whole_fact` has the rest, behind More."""
    sources = sources_text(t, pack, fact, SOURCES_ON_CARD, brief=True)
    beginning = [sentence.text for sentence in sentences(fact.reason)[:SENTENCES_ON_CARD]]
    counter = next(iter(pack.arguments(fact.id, "against")), None)
    strongest = (paragraph(Bold(t("Strongest counterargument:")), f" {counter.point}"),) if counter else ()
    return _fact_card(t, pack, fact, " ".join(beginning), strongest, sources)


def has_more(fact: Fact) -> bool:
    """Whether the short card omits part of the reason."""
    return len(sentences(fact.reason)) > SENTENCES_ON_CARD


def whole_fact(t: Translator, pack: Pack, fact: Fact) -> Card:
    """The fact with its whole reason, and the claim that each source bears out."""
    return _fact_card(t, pack, fact, fact.reason, (), sources_text(t, pack, fact))


def _fact_card(t: Translator, pack: Pack, fact: Fact, reason: str, counter: Text, sources: Text) -> Card:
    """The claim, its verdict with this much of the reason, and these sources."""
    label = VERDICTS[fact.verdict]
    return Card(
        title=verdict_line(t, fact.verdict),
        body=text(*_claim(t, fact), paragraph(Bold(t("Why this verdict:")), f" {reason}"), *counter),
        fields=_fields((t("Sources"), sources), (t("Corrections"), corrections_text(t, fact))),
        footer=_fact_footer(t, pack, fact),
        tone=label.tone,
        sign=Emoji(label.sign),
    )


def _fields(*named: tuple[str, Text]) -> tuple[Field, ...]:
    """The fields with content."""
    return tuple(Field(name, words) for name, words in named if words)


def _claim(t: Translator, fact: Fact) -> tuple[Block, ...]:
    where = t("The essay, paragraph {n}", n=fact.essay.paragraph)
    return (paragraph(Bold(fact.statement)), quote(quoted(fact.essay.quote), f" — {where}"))


def _fact_footer(t: Translator, pack: Pack, fact: Fact) -> str:
    who = t("claimed by {who}", who=fact.attributed_to)
    return " · ".join((t(CLAIM_KINDS[fact.kind]), who, *_dates(t, pack, fact), pack.info.title))


def _dates(t: Translator, pack: Pack, fact: Fact) -> Iterator[str]:
    """The currency of a fact: its newest source, and the day of its last check."""
    newest = pack.newest_source_date(fact)
    if newest is not None:
        yield t("newest source {date}", date=newest)
    yield t("checked {date}", date=fact.last_check) if fact.last_check else t("not checked yet")


def correction_sentence(t: Translator, correction: Correction) -> str:
    return t("Before: {said} Now: {says} Why: {why}", said=correction.said, says=correction.says, why=correction.why)


def corrections_text(t: Translator, fact: Fact) -> Text:
    """The card's corrections, as a list."""
    return bullets(
        (
            Bold(correction.date.isoformat()),
            Plain(" " + correction_sentence(t, correction)),
        )
        for correction in fact.corrections
    )


def _position(t: Translator, pack: Pack, position: Position) -> Card:
    def points(side: str, name: str) -> Field | None:
        arguments = [a for a in pack.arguments_about.get(position.id, ()) if a.side == side]
        return Field(name, bullets((a.point for a in arguments), numbered=True)) if arguments else None

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
    details = [
        (t("Author"), source.author),
        (t("Publisher"), source.publisher),
        (t("Date"), source.date or t("no date given")),
        (t("Kind"), t(SOURCE_KINDS[source.kind])),
        (t("Copy"), t(COPIES[source.copy_])),
        (t("Read in full"), source.opened.isoformat() if source.opened else t("no, only an excerpt")),
        (t("Note"), source.note),
    ]
    addresses = [url for url in (source.archive_url, *source.other_urls) if url]
    if source.copy_ is Provenance.MIRROR:
        addresses = []
    lines = [(Bold(f"{name}: "), Plain(value)) for name, value in details if value]
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
    sources = sources_text(t, pack, option, SOURCES_ON_CARD, brief=True)
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
