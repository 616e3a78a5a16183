"""A linter for packs: what would stop a pack from being served, and what an editor may want to improve.

    main_report(folders, essay, today, style) -> (text, exit status)      what `parley check` prints and returns
    check_packs(folders, essay, today) -> [Report]
    check_pack(folder, essay, today) -> Report

Errors are everything that the loader refuses, and words in quotation marks that the essay doesn't have. Warnings
are matters of judgement: a pack with warnings is served.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Literal

from bot.library.loader import DRAFTS, PACK_FILE, PackReading, Spot, pack_folders, read_pack, together
from bot.library.model import (
    PARTS,
    Argument,
    Copy,
    Entry,
    Fact,
    Library,
    LinkStatus,
    Option,
    Pack,
    Position,
    Source,
    Verdict,
)
from bot.library.problems import Problem, Severity
from bot.library.report import Balance, Quotes, Report, Side, Style, render

MAX_QUOTE_WORDS = 40
MAX_SOURCE_QUOTE_WORDS = 25
MAX_QUOTED_SHARE = 0.5
MAX_ESSAY_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class TextLimits:
    """Characters that every platform shows in full."""

    title: int = 250
    """A statement, point or name, as the title of a card."""
    body: int = 2500
    """What a card shows under its title."""


def main_report(folders: Sequence[Path], essay: Path | None, today: date, style: Style = "text") -> tuple[str, int]:
    """What `parley check` prints, and its exit status: 1 if there is an error, else 0.

    Each is a pack, a folder of packs, or a file of a pack; where no pack is found is an error.
    """
    packs = [pack for folder in folders for pack in (list(pack_folders(folder)) or [folder])]
    reports = check_packs(list(dict.fromkeys(packs)), essay, today)
    return render(reports, style) + "\n", int(any(report.errors for report in reports))


def check_packs(
    folders: Sequence[Path], essay: Path | None, today: date, limits: TextLimits | None = None
) -> list[Report]:
    """Check several packs that are served together. An essay is compared with each of them."""
    return [report for _, report in read_and_check(folders, essay, today, limits)]


def read_and_check(
    folders: Sequence[Path], essay: Path | None, today: date, limits: TextLimits | None = None
) -> list[tuple[PackReading, Report]]:
    """As `check_packs`, and what was read of each for it."""
    checks = [_Check(folder, essay, today, limits or TextLimits()) for folder in folders]
    first: dict[str, Path] = {}
    for check in checks:
        check.run()
        if check.reading.info is not None:
            check.refuse_second(first.setdefault(check.reading.info.id, check.reading.folder))
    return [(check.reading, check.report()) for check in checks]


def check_pack(folder: Path, essay: Path | None, today: date, limits: TextLimits | None = None) -> Report:
    """Check one pack, and its quotes against the essay if one is given. Never raises for what stands in the files."""
    return check_packs([folder], essay, today, limits)[0]


def check_library(source: Path, today: date) -> tuple[Library | None, list[Problem]]:
    """Every pack under a content folder, checked whole: the library, or None where there is an error; and all problems.

    What is wrong with a pack that is a draft is left out, as the pack is.
    """
    checks = [_Check(folder, None, today, TextLimits()) for folder in pack_folders(source)]
    for check in checks:
        check.run()
    readings = [check.reading for check in checks]
    library, errors = together(readings, source)
    served = (reading for reading in readings if reading.info is None or not reading.info.draft)
    warnings = [problem for reading in served for problem in reading.problems if problem.severity is Severity.WARNING]
    return None if errors else library, sorted([*errors, *warnings])


class _Check:
    """One check of one pack: rules add problems to what the loader found."""

    def __init__(self, folder: Path, essay: Path | None, today: date, limits: TextLimits) -> None:
        self.reading = read_pack(folder)
        self._essay_file = essay
        self._today = today
        self._limits = limits
        self._quotes = Quotes()

    def run(self) -> None:
        _warn_of_unknown_files(self.reading)
        pack = self.reading.draft
        if pack is None:
            return
        self._quotes = _check_quotes(self.reading, pack, self._essay_file)
        _warn_of_overdue_review(self.reading, pack, self._today)
        _warn_of_unused_sources(self.reading, pack)
        for entry in pack.entries.values():
            _warn_of_hidden_characters(self.reading, entry)
            self._warn_of_long_text(entry)
            for rule in _RULES.get(type(entry), ()):
                rule(self.reading, pack, entry)

    def refuse_second(self, first: Path) -> None:
        """An error if another folder's pack has the same id."""
        reading = self.reading
        if first != reading.folder and reading.info is not None:
            message = f"`{reading.info.id}` is already the id of the pack in {first}: give one of the two another id"
            reading.add(reading.info_place("id"), "duplicate-pack", message)

    def report(self) -> Report:
        pack, info = self.reading.draft, self.reading.info
        counts, balance = (_counts(pack), tuple(balance_of(pack))) if pack else ({}, ())
        problems = tuple(sorted(self.reading.problems))
        return Report(self.reading.folder, info.id if info else None, problems, counts, self._quotes, balance)

    def _warn_of_long_text(self, entry: Entry) -> None:
        shown = {"title": (len(entry.title), self._limits.title), "text": (len(entry.body), self._limits.body)}
        for what, (size, most) in shown.items():
            if size > most:
                message = f"the {what} of this entry has {size} characters; a platform shows {most}: shorten it"
                _warn(self.reading, self.reading.place(entry.id), "long-text", message)


def _warn(reading: PackReading, spot: Spot, code: str, message: str) -> None:
    reading.add(spot, code, message, Severity.WARNING)


def _counts(pack: Pack) -> dict[str, int]:
    return {name: len(list(pack.all(kind))) for lists in PARTS.values() for name, kind in lists.items()}


def balance_of(pack: Pack) -> Iterator[Balance]:
    """How each position of a pack is argued, in file order."""
    for position in pack.all(Position):
        yield Balance(
            position.id,
            position.name,
            _side(pack.arguments(position.id, "for")),
            _side(pack.arguments(position.id, "against")),
        )


def _side(arguments: Sequence[Argument]) -> Side:
    return Side(len(arguments), sum(_words(argument.point) + _words(argument.text) for argument in arguments))


def _words(text: str) -> int:
    return len(text.split())


# --- files and the pack as a whole ---


def _warn_of_unknown_files(reading: PackReading) -> None:
    """A file that is never read is often one with a misspelt name."""
    if not reading.folder.is_dir():
        return
    for file in sorted(reading.folder.iterdir()):
        if file.name.startswith(".") or file.name in {DRAFTS, PACK_FILE} or file.suffix in {".md", ".txt"}:
            continue
        if file.is_dir() and file.name in PARTS:
            strays = [inner for inner in sorted(file.iterdir()) if not _is_read(inner)]
        else:
            strays = [] if _is_read(file) and file.stem in PARTS else [file]
        for stray in strays:
            _warn(reading, Spot(stray, 1, 1), "unknown-file", f"this is never read: {_file_advice(stray.name)}")


def _is_read(file: Path) -> bool:
    return file.name.startswith(".") or (file.suffix == ".yaml" and file.is_file())


def _file_advice(name: str) -> str:
    if name.endswith(".yml"):
        return f"name it {name.removesuffix('.yml')}.yaml"
    known = [f"{part}.yaml" for part in PARTS]
    nearest = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {nearest[0]}? " if nearest else ""
    return f"{hint}A pack has {PACK_FILE}, {', '.join(known)}; move anything else to {DRAFTS}/"


def _warn_of_overdue_review(reading: PackReading, pack: Pack, today: date) -> None:
    due = pack.info.reviewed + timedelta(days=pack.info.review_every)
    if due < today:
        message = f"the review was due on {due.isoformat()}: read the pack again, then set `reviewed` to that day"
        _warn(reading, reading.info_place("reviewed"), "overdue-review", message)


def _warn_of_unused_sources(reading: PackReading, pack: Pack) -> None:
    """Entries with mistakes count too; where a file could not be read, nobody knows what it names."""
    if reading.incomplete:
        return
    lists = (raw.table.get("sources") for raw in reading.raws.values())
    used = {key for listed in lists if isinstance(listed, list) for key in listed if isinstance(key, str)}
    for source in pack.all(Source):
        if source.id not in used:
            message = f"no entry names the source `{source.id}`: name it where it is used, or delete it"
            _warn(reading, reading.place(source.id, "id"), "unused-source", message)


# --- rules for one entry ---


def _warn_of_hidden_characters(reading: PackReading, entry: Entry) -> None:
    for text in (entry.title, entry.body, *entry.aliases, *entry.tags):
        hidden = _HIDDEN.search(text)
        if hidden:
            message = (
                f"a character that can't be seen stands in this entry (U+{ord(hidden[0]):04X}): type the text again"
            )
            _warn(reading, reading.place(entry.id), "hidden-character", message)
            return


_HIDDEN = re.compile("[\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
"""Soft hyphens, zero-width spaces, and what turns the direction of writing. Joiners are letters' business."""


def _check_fact(reading: PackReading, _pack: Pack, fact: Entry) -> None:
    assert isinstance(fact, Fact)  # noqa: S101 - the table of rules is by type
    if not fact.sources and fact.verdict is not Verdict.NOT_CHECKABLE:
        message = "this fact has no source: add `sources`, or set `verdict: not-checkable`"
        _warn(reading, reading.place(fact.id, "id"), "fact-without-source", message)


def _check_position(reading: PackReading, pack: Pack, position: Entry) -> None:
    sides = {side: len(pack.arguments(position.id, side)) for side in _SIDES}
    missing = [side for side, arguments in sides.items() if not arguments]
    if missing and Argument not in reading.incomplete:
        message = f"this position has no argument {' and none '.join(missing)}: write the strongest one"
        _warn(reading, reading.place(position.id, "id"), "one-sided", message)


def _check_source(reading: PackReading, _pack: Pack, source: Entry) -> None:
    assert isinstance(source, Source)  # noqa: S101 - the table of rules is by type
    if source.quote is not None and _words(source.quote) > MAX_SOURCE_QUOTE_WORDS:
        message = f"`quote` has {_words(source.quote)} words and may have {MAX_SOURCE_QUOTE_WORDS}: shorten it"
        reading.add(reading.place(source.id, "quote"), "long-quote", message)
    if source.date is None:
        message = "this source has no date: add `date`, even if only the year is known"
        _warn(reading, reading.place(source.id, "id"), "source-without-date", message)
    if source.copy_ is Copy.MIRROR and source.url is not None:
        message = "this address is a mirror's, so members don't get it: find the original's"
        _warn(reading, reading.place(source.id, "url"), "mirror-link", message)
    for key, link in (("url", source.link), ("archive_url", source.archive_link)):
        if link is not None and link.status is LinkStatus.DEAD:
            message = f"this address was dead on {link.checked} ({link.detail or 'no answer'}): find where it is now"
            _warn(reading, reading.place(source.id, key), "dead-link", message)
        elif link is not None and link.moved_to is not None:
            message = f"this address had moved on {link.checked}: read {link.moved_to}, then write that here"
            _warn(reading, reading.place(source.id, key), "moved-link", message)


def _check_option(reading: PackReading, pack: Pack, option: Entry) -> None:
    assert isinstance(option, Option)  # noqa: S101 - the table of rules is by type
    loaded = frozenset(_LOADED_WORDS.get(pack.info.language.partition("-")[0], "").split())
    for word in re.findall(r"[^\W\d_]+(?:-[^\W\d_]+)*", option.description):
        if word.casefold() in loaded:
            message = f"“{word}” takes a side in an option's description: say neutrally what would be done"
            _warn(reading, reading.place(option.id, "description"), "loaded-word", message)


_SIDES: tuple[Literal["for", "against"], ...] = ("for", "against")
_LOADED_WORDS = {
    "en": (
        "alien aliens amnesty appease appeasement barbaric brave brutal catastrophic clearly common-sense commonsense "
        "corrupt coward cowardly crackdown cruel dangerous devastating disaster disastrous draconian evil extremist "
        "failed finally flood flooding foolish handout handouts harmful harsh heartless heroic horde hordes horrific "
        "humane illegals infest infestation inhumane invaders invasion irresponsible job-killing long-overdue "
        "misguided naive necessary obviously outrageous overdue pathetic radical rampant reckless regime rogue "
        "ruthless savage senseless shameful smart so-called soft spineless surrender sweeping swarm terrible thug "
        "thugs tough tyranny tyrannical unfair unjust unjustified wasteful weak wise woke"
    ),
    "es": (
        "absurdo amnistía bárbaro brutal catastrófico claramente cobarde corrupto criminal cruel desastre desastroso "
        "draconiano duro evidentemente extremista horda humanitario ilegales imprudente inhumano injusto invasión "
        "invasores irresponsable malvado mano-dura matón necesario peligroso radical régimen salvaje supuesto tiranía "
        "vergonzoso"
    ),
}
"""Language → words that praise or blame. A hint for editors, not a judgement."""

_Rule = Callable[[PackReading, Pack, Entry], None]
_RULES: dict[type[Entry], tuple[_Rule, ...]] = {
    Fact: (_check_fact,),
    Position: (_check_position,),
    Source: (_check_source,),
    Option: (_check_option,),
}


# --- the essay's words ---


def _check_quotes(reading: PackReading, pack: Pack, essay: Path | None) -> Quotes:
    facts: list[Fact] = list(pack.all(Fact))
    sizes = [_words(fact.essay.quote) for fact in facts]
    for fact, size in zip(facts, sizes, strict=True):
        if size > MAX_QUOTE_WORDS:
            message = f"`quote` has {size} words and may have {MAX_QUOTE_WORDS}: keep the words that make the claim"
            reading.add(reading.place(fact.id, "essay", "quote"), "long-quote", message)
        if fact.essay.paragraph > pack.info.essay.paragraphs:
            message = f"the essay has {pack.info.essay.paragraphs} paragraphs, says {PACK_FILE}: correct the number"
            reading.add(reading.place(fact.id, "essay", "paragraph"), "no-such-paragraph", message)
    quotes = Quotes(len(facts), sum(sizes), max(sizes, default=0))
    text = _read_essay(reading, essay) if essay is not None else None
    return quotes if text is None else _prove(reading, pack, facts, text, quotes)


def _read_essay(reading: PackReading, essay: Path) -> str | None:
    try:
        if not essay.is_file() or essay.stat().st_size > MAX_ESSAY_BYTES:
            message = "the essay is not a text file of reasonable size: correct the path"
        else:
            return essay.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        message = "the essay is not UTF-8 text: save it with the encoding UTF-8"
    except OSError as error:
        message = f"the essay can't be read ({error.strerror}): correct the path"
    reading.add(Spot(essay, 1, 1), "unreadable-essay", message)
    return None


def paragraphs_of(text: str, expected: int) -> list[str]:
    """An essay's paragraphs: blocks between empty lines or single lines, whichever gives the expected number."""
    blocks = [" ".join(block.split("\n")).strip() for block in re.split(r"\n[ \t]*\n", text.replace("\r\n", "\n"))]
    lines = [line.strip() for line in text.splitlines()]
    ways = [[part for part in parts if part] for parts in (blocks, lines)]
    fitting = [way for way in ways if len(way) == expected]
    return (fitting or [way for way in ways if len(way) > 1] or ways)[0]


def _prove(reading: PackReading, pack: Pack, facts: Sequence[Fact], text: str, quotes: Quotes) -> Quotes:
    paragraphs = paragraphs_of(text, pack.info.essay.paragraphs)
    if len(paragraphs) != pack.info.essay.paragraphs:
        message = f"the essay has {len(paragraphs)} paragraphs, not {pack.info.essay.paragraphs}: correct the number"
        reading.add(reading.info_place("essay", "paragraphs"), "paragraph-count", message)
    covered = [bytearray(len(paragraph)) for paragraph in paragraphs]
    proved = 0
    for fact in facts:
        number, quote = fact.essay.paragraph, fact.essay.quote
        at = paragraphs[number - 1].find(quote) if number <= len(paragraphs) else -1
        if at >= 0:
            covered[number - 1][at : at + len(quote)] = b"\1" * len(quote)
            proved += 1
        elif number <= len(paragraphs):
            spot = reading.place(fact.id, "essay", "quote")
            reading.add(spot, "not-in-essay", _misquoted(paragraphs, number, quote))
    letters = sum(map(len, paragraphs))
    share = sum(map(sum, covered)) / letters if letters else 0.0
    if share >= MAX_QUOTED_SHARE:
        message = f"the quotes show {share:.0%} of the essay and must stay under {MAX_QUOTED_SHARE:.0%}: shorten them"
        reading.add(reading.info_place("essay"), "too-much-quoted", message)
    essay_words = sum(_words(paragraph) for paragraph in paragraphs)
    return Quotes(quotes.spans, quotes.words, quotes.longest, proved, essay_words, share)


def _misquoted(paragraphs: Sequence[str], number: int, quote: str) -> str:
    """Why a quote is not where it says, and what stands there."""
    elsewhere = next((n for n, paragraph in enumerate(paragraphs, 1) if quote in paragraph), None)
    if elsewhere is not None:
        return f"these words stand in paragraph {elsewhere}, not {number}: correct the number"
    there = _nearest_words(paragraphs[number - 1], quote)
    if there is None:
        return (
            f"these words are not in paragraph {number} of the essay: copy them letter by letter, or correct the number"
        )
    return f"{_first_difference(quote, there)}: copy paragraph {number} letter by letter"


def _nearest_words(paragraph: str, quote: str) -> str | None:
    """The words of a paragraph that a quote was probably copied from; None if nothing is like it."""
    anchor = difflib.SequenceMatcher(None, paragraph, quote, autojunk=False).find_longest_match()
    if anchor.size < min(6, len(quote)):
        return None
    start = max(0, anchor.a - anchor.b)
    end = min(len(paragraph), start + len(quote))
    start = paragraph.rfind(" ", 0, start + 1) + 1
    ending = paragraph.find(" ", end)
    there = paragraph[start : ending if ending >= 0 else len(paragraph)]
    likeness = difflib.SequenceMatcher(None, there, quote, autojunk=False).ratio()
    return there if likeness >= _ALIKE else None


_ALIKE = 0.6


def _first_difference(quote: str, there: str) -> str:
    said, stands = quote.split(), there.split()
    matcher = difflib.SequenceMatcher(None, stands, said, autojunk=False)
    inside = [code for code in matcher.get_opcodes() if code[0] != "equal" and code[3] < code[4]]
    for _, from_, to, start, end in inside:
        essay_words = " ".join(stands[from_:to])
        if essay_words:
            return f"the essay has “{essay_words}” where the quote has “{' '.join(said[start:end])}”"
    return f"the essay has “{there}” there"
