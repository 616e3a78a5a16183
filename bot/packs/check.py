"""A linter for packs: errors that keep a pack from being served, and possible improvements for an editor.

    main_report(folders, essay, today, style) -> (text, exit status)      the output and the exit status of `parley check`
    check_packs(folders, essay, today) -> [Report]
    check_pack(folder, essay, today) -> Report

Errors are everything that the loader refuses, and quotations that aren't in the essay. Warnings
are matters of judgement: a pack with warnings is served.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from bot.packs.entry_rules import check_entry
from bot.packs.essay_quotes import check_quotes, count_words
from bot.packs.fact_rules import check_fact
from bot.packs.loader import pack_folders, read_pack, together
from bot.packs.model import Argument, Entry, Fact, Position, Source
from bot.packs.pack import PARTS, Library, Pack
from bot.packs.problems import Problem, Severity
from bot.packs.reading import DRAFTS, PACK_FILE, PackReading, Spot
from bot.packs.report import Balance, Quotes, Report, Side, Style, render


@dataclass(frozen=True, slots=True)
class TextLimits:
    """Characters that every platform shows in full."""

    title: int = 250
    """A statement, point or name, as the title of a card."""
    body: int = 2500
    """The text under a card's title."""


def main_report(
    folders: Sequence[Path], essay: Path | None, today: date, style: Style = "text", *, warnings: bool = False
) -> tuple[str, int]:
    """The output of `parley check`, and its exit status: 1 if there is an error, else 0.

    Each folder is a pack, a folder of packs, or a file of a pack; finding no pack is an error. As text, errors hide the
    warnings unless `warnings` is set.
    """
    packs = [pack for folder in folders for pack in (list(pack_folders(folder)) or [folder])]
    reports = check_packs(list(dict.fromkeys(packs)), essay, today)
    return render(reports, style, warnings=warnings) + "\n", int(any(report.errors for report in reports))


def check_packs(
    folders: Sequence[Path], essay: Path | None, today: date, limits: TextLimits | None = None
) -> list[Report]:
    """Check several packs that are served together. The essay, if given, is compared with each."""
    return [report for _, report in read_and_check(folders, essay, today, limits)]


def read_and_check(
    folders: Sequence[Path], essay: Path | None, today: date, limits: TextLimits | None = None
) -> list[tuple[PackReading, Report]]:
    """Check as `check_packs` does, and return each pack's reading with its report."""
    checks = [_Check(folder, essay, today, limits or TextLimits()) for folder in folders]
    first: dict[str, Path] = {}
    for check in checks:
        check.run()
        if check.reading.info is not None:
            check.refuse_second(first.setdefault(check.reading.info.id, check.reading.folder))
    return [(check.reading, check.report()) for check in checks]


def check_pack(folder: Path, essay: Path | None, today: date, limits: TextLimits | None = None) -> Report:
    """Check one pack, and its quotes against the essay if given. Never raise for the content of the files."""
    return check_packs([folder], essay, today, limits)[0]


def check_library(source: Path, today: date) -> tuple[Library | None, list[Problem]]:
    """Check every pack under a content folder. Return the library, or None if there is an error, and all problems.

    Skip the problems of a draft pack, as the library skips the pack.
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
    """One check of one pack: rules add problems to the loader's."""

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
        self._quotes = check_quotes(self.reading, pack, self._essay_file)
        _warn_of_overdue_review(self.reading, pack, self._today)
        _warn_of_unused_sources(self.reading, pack)
        for entry in pack.entries.values():
            self._warn_of_long_text(entry)
            check_entry(self.reading, pack, entry)
            if isinstance(entry, Fact):
                check_fact(self.reading, pack, entry, self._today)

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
        sizes = {"title": (len(entry.title), self._limits.title), "text": (len(entry.body), self._limits.body)}
        for what, (size, most) in sizes.items():
            if size > most:
                message = f"shorten the {what} of this entry: it has {size} characters, and a platform shows {most}"
                self.reading.warn(self.reading.place(entry.id), "long-text", message)


def _counts(pack: Pack) -> dict[str, int]:
    return {name: len(list(pack.all(kind))) for lists in PARTS.values() for name, kind in lists.items()}


def balance_of(pack: Pack) -> Iterator[Balance]:
    """The balance of each position's arguments, in file order."""
    for position in pack.all(Position):
        yield Balance(
            position.id,
            position.name,
            _side(pack.arguments(position.id, "for")),
            _side(pack.arguments(position.id, "against")),
        )


def _side(arguments: Sequence[Argument]) -> Side:
    return Side(len(arguments), sum(count_words(argument.point) + count_words(argument.text) for argument in arguments))


# --- files and the pack as a whole ---


def _warn_of_unknown_files(reading: PackReading) -> None:
    """Warn of files that are never read: often their name is misspelt."""
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
            reading.warn(Spot(stray, 1, 1), "unknown-file", f"this is never read: {_file_advice(stray.name)}")


def _is_read(file: Path) -> bool:
    return file.name.startswith(".") or (file.suffix == ".yaml" and file.is_file())


def _file_advice(name: str) -> str:
    if name.endswith(".yml"):
        return f"name it {name.removesuffix('.yml')}.yaml"
    names = [f"{part}.yaml" for part in PARTS]
    nearest = difflib.get_close_matches(name, names, n=1)
    hint = f"did you mean {nearest[0]}? " if nearest else ""
    return f"{hint}A pack has {PACK_FILE}, {', '.join(names)}; move anything else to {DRAFTS}/"


def _warn_of_overdue_review(reading: PackReading, pack: Pack, today: date) -> None:
    due = pack.info.reviewed + timedelta(days=pack.info.review_every)
    if due < today:
        message = f"the review was due on {due.isoformat()}: read the pack again, then set `reviewed` to today"
        reading.warn(reading.info_place("reviewed"), "overdue-review", message)


def _warn_of_unused_sources(reading: PackReading, pack: Pack) -> None:
    """Warn of sources that no entry names, counting entries with mistakes. Skip it if a file couldn't be read."""
    if reading.incomplete:
        return
    lists = (raw.table.get("sources") for raw in reading.raws.values())
    items = [item for listed in lists if isinstance(listed, list) for item in listed]
    used = {item.get("source") if isinstance(item, dict) else item for item in items}
    for source in pack.all(Source):
        if source.id not in used:
            message = f"no entry names the source `{source.id}`: name it where it is used, or delete it"
            reading.warn(reading.place(source.id, "id"), "unused-source", message)
