"""A pack as a document: Markdown, in which every text of the pack stays plain text.

briefing(pack) -> str
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.chat.commonmark import md
from bot.packs.labels import CLAIM_KINDS, VERDICTS
from bot.packs.model import Argument, Entry, Event, Fact, Option, Position, Provenance, Source, Statement, Term
from bot.packs.pack import Pack

_COPIES = {
    Provenance.OFFICIAL: "an official copy",
    Provenance.REPRINT: "a reprint",
    Provenance.MIRROR: "seen only as a third party's copy",
}


def briefing(pack: Pack) -> str:
    """Facts with quotes, verdicts and sources; arguments on every side; options; statements; glossary; timeline."""
    numbers = {source.id: number for number, source in enumerate(pack.all(Source), 1)}
    parts = [list(part) for part in _parts(pack, numbers)]
    return "\n".join(line for part in parts for line in part).rstrip() + "\n"


def _parts(pack: Pack, numbers: dict[str, int]) -> Iterator[Iterator[str]]:
    yield _head(pack)
    yield _section("Facts", [_fact(pack, fact, numbers) for fact in pack.all(Fact)])
    yield _section("Positions", [_debated(pack, position, numbers) for position in pack.all(Position)])
    yield _section("Policy options", [_option(pack, option, numbers) for option in pack.all(Option)])
    yield _listed("Statements", [md(statement.text) for statement in pack.all(Statement)])
    terms = sorted(pack.all(Term), key=lambda term: term.term.casefold())
    yield _listed(
        "Glossary", [f"**{md(term.term)}**: {md(term.definition)}{_notes(term.sources, numbers)}" for term in terms]
    )
    events = sorted(pack.all(Event), key=lambda event: event.date)
    yield _listed("Timeline", [f"{event.date}: {md(event.event)}{_notes(event.sources, numbers)}" for event in events])
    yield _sources(pack)


def _head(pack: Pack) -> Iterator[str]:
    info, essay = pack.info, pack.info.essay
    yield f"# {md(info.title)}"
    yield ""
    yield md(info.summary)
    yield ""
    origin = [f"“{md(essay.title)}”" if essay.title else "an essay without a title"]
    origin += [f"by {md(essay.author)}" if essay.author else "whose author is not known"]
    origin += [essay.date] if essay.date else []
    yield f"What is judged here are the claims of one essay: {', '.join(origin)}."
    if essay.note:
        yield md(essay.note)
    yield ""
    edited = f", edited by {md(', '.join(info.editors))}" if info.editors else ""
    yield f"Reviewed on {info.reviewed.isoformat()}{edited}."
    yield ""


def _section(title: str, entries: Sequence[Iterator[str]]) -> Iterator[str]:
    if entries:
        yield from (f"## {title}", "")
        for entry in entries:
            yield from entry
            yield ""


def _listed(title: str, items: Sequence[str]) -> Iterator[str]:
    if items:
        yield from (f"## {title}", "", *(f"- {item}" for item in items), "")


def _fact(pack: Pack, fact: Fact, numbers: dict[str, int]) -> Iterator[str]:
    yield f"### {md(fact.statement)}"
    yield ""
    yield f"> {md(fact.essay.quote)}"
    yield ">"
    yield f"> The essay, paragraph {fact.essay.paragraph}; claimed by {md(fact.attributed_to)}."
    yield ""
    newest, check = pack.newest_source_date(fact), fact.last_check
    dates = [f"newest source {newest}"] if newest else []
    dates += [f"checked {check}"] if check else []
    about = "; ".join((CLAIM_KINDS[fact.kind].lower(), *dates))
    yield f"**{VERDICTS[fact.verdict].word}** ({about}). {md(fact.reason)}{_notes(fact.sources, numbers)}"
    for correction in fact.corrections:
        yield ""
        yield f"Corrected on {correction.date.isoformat()}. Before: {md(correction.said)} Now: {md(correction.says)} Why: {md(correction.why)}"
    yield from _sides(pack, fact, numbers)


def _debated(pack: Pack, position: Position, numbers: dict[str, int]) -> Iterator[str]:
    yield f"### {md(position.name)}"
    yield ""
    yield md(position.statement)
    yield from _sides(pack, position, numbers)


def _option(pack: Pack, option: Option, numbers: dict[str, int]) -> Iterator[str]:
    yield f"### {md(option.name)}"
    yield ""
    yield f"{md(option.description)}{_notes(option.sources, numbers)}"
    yield ""
    yield f"- The best reason for it: {md(option.pro)}"
    yield f"- The best reason against it: {md(option.con)}"
    yield from _sides(pack, option, numbers)


def _sides(pack: Pack, entry: Entry, numbers: dict[str, int]) -> Iterator[str]:
    """The arguments about an entry, strongest first on each side, with the replies to them."""
    for title, arguments in (
        ("For", pack.arguments(entry.id, "for")),
        ("Against", pack.arguments(entry.id, "against")),
    ):
        if arguments:
            yield from ("", f"{title}:", "")
            for argument in arguments:
                yield from _argument(pack, argument, numbers, "")


def _argument(pack: Pack, argument: Argument, numbers: dict[str, int], margin: str) -> Iterator[str]:
    """An argument as an item of a list, with the arguments about it below; the loader refuses circles."""
    lead = {"": "", "for": "In support: ", "against": "In reply: "}["" if not margin else argument.side]
    yield f"{margin}- {lead}**{md(argument.point)}** {md(argument.text)}{_notes(argument.sources, numbers)}"
    for reply in pack.arguments_about.get(argument.id, ()):
        yield from _argument(pack, reply, numbers, margin + "  ")


def _notes(sources: Sequence[str], numbers: dict[str, int]) -> str:
    """The numbers of sources, as in the list at the end."""
    return f" \\[{', '.join(str(numbers[key]) for key in sources)}\\]" if sources else ""


def _sources(pack: Pack) -> Iterator[str]:
    sources = list(pack.all(Source))
    if sources:
        yield from ("## Sources", "", *(f"{number}. {_source(source)}" for number, source in enumerate(sources, 1)))


def _source(source: Source) -> str:
    about = [md(part) for part in (source.author, source.publisher) if part]
    about += [source.date] if source.date else ["undated"]
    about += [source.kind.value.replace("-", " ")]
    about += [_COPIES[source.copy_]] if source.copy_ in _COPIES else []
    links = [f"<{source.url}>"] if source.url and source.copy_ is not Provenance.MIRROR else []
    links += [f"archived: <{source.archive_url}>"] if source.archive_url else []
    note = f" {md(source.note)}" if source.note else ""
    return (
        f"{md(source.name)} ({', '.join(about)}). {md(source.summary)}{note}{' ' + ', '.join(links) if links else ''}"
    )
