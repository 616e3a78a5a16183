"""Draw the preview page as HTML. Pure functions over a reading and its drawings."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from adapters.http.html import Html, el, joined
from adapters.preview.cards import VIEWS, WHOLE, Drawing, views_of
from adapters.preview.desk import Reading
from adapters.preview.limits import LimitMeter
from adapters.web.words import words
from bot.i18n import amount
from bot.packs.labels import ENTRY_KINDS
from bot.packs.model import Entry
from bot.packs.pack import PARTS, Pack
from bot.packs.problems import Problem, Severity

PROBLEMS_SHOWN = 100
_PLURALS: Mapping[type[Entry], str] = {kind: name.title() for lists in PARTS.values() for name, kind in lists.items()}


@dataclass(frozen=True, slots=True)
class Sight:
    """The page's content: a pack, one of its entries (or a name in WHOLE), a view of it, and the drawings."""

    reading: Reading
    pack: Pack | None
    entry: str = ""
    view: str = "card"
    drawings: Sequence[Drawing] = ()

    @property
    def name(self) -> str:
        """Return the title of the entry or view."""
        if self.pack is None:
            return "Preview"
        subject = self.pack.entries.get(self.entry)
        return subject.title if subject else WHOLE.get(self.entry, self.entry)


def page(sight: Sight, here: Path) -> Html:
    """Return the whole document. Files' paths are relative to the folder `here`."""
    head = el(
        "head",
        el("meta", charset="utf-8"),
        el("meta", name="viewport", content="width=device-width, initial-scale=1"),
        el("meta", name="color-scheme", content="light dark"),
        el("title", f"{sight.name} – Parley preview"),
        el("link", rel="icon", href="/static/icon.svg", type="image/svg+xml"),
        el("link", rel="stylesheet", href="/static/theme.css"),
        el("link", rel="stylesheet", href="/static/preview.css"),
        el("script", type="module", src="/static/preview.js"),
    )
    body = el(
        "body",
        el("a", "Skip to the card", class_="skip", href="#card"),
        el("header", _brand(), _choice(sight), class_="side"),
        el("main", _problems(sight.reading, here), _card(sight, here), id="card", tabindex="-1"),
        el("p", id="hearing", class_="unseen", role="status"),
        data_words=json.dumps(words("en")),
        data_reading=str(sight.reading.number),
    )
    return joined([Html("<!doctype html>"), el("html", head, body, lang="en")])


def _brand() -> Html:
    return el("div", el("h1", "Parley preview"), el("p", "Cards as members will see them"), class_="brand")


# --- the list at the side ---


def _choice(sight: Sight) -> Html:
    packs = sight.reading.edition.library.packs.values()
    topics = el("ul", *(_topic(pack, sight) for pack in packs), class_="topics")
    search = el(
        "p",
        el("label", "Search this topic", for_="search"),
        el("input", id="search", type="search", autocomplete="off", aria_describedby="found"),
        el("span", id="found", class_="small", role="status"),
    )
    entries = _entries(sight.pack, sight) if sight.pack else None
    return el(
        "nav", el("h2", "Topics"), topics, search if sight.pack else None, entries, aria_label="Cards", data_live="list"
    )


def _topic(pack: Pack, sight: Sight) -> Html:
    chosen = sight.pack is not None and pack.id == sight.pack.id
    stale = " (an older version: see the errors)" if pack.id in sight.reading.stale else ""
    draft = " (draft)" if pack.info.draft else ""
    return el("li", _link(f"/{pack.id}", pack.info.title, here=chosen and not sight.entry), f"{draft}{stale}")


def _entries(pack: Pack, sight: Sight) -> Html:
    kinds: dict[type[Entry], list[Entry]] = {}
    for entry in pack.entries.values():
        kinds.setdefault(type(entry), []).append(entry)
    whole = el("li", _link(f"/{pack.id}/timeline", "Timeline", here=sight.entry == "timeline"), data_search="timeline")
    groups = (_group(pack, kind, entries, sight) for kind, entries in kinds.items())
    return el("div", el("ul", whole), *groups, id="entries")


def _group(pack: Pack, kind: type[Entry], entries: Sequence[Entry], sight: Sight) -> Html:
    items = (
        el(
            "li",
            _link(f"/{pack.id}/{entry.id}", entry.title, here=entry.id == sight.entry),
            el("small", entry.id),
            data_search=" ".join((entry.id, entry.title, *entry.aliases)).casefold(),
        )
        for entry in entries
    )
    inside = any(entry.id == sight.entry for entry in entries)
    return el("details", el("summary", f"{_PLURALS[kind]} ({len(entries)})"), el("ul", *items), open=inside)


def _link(address: str, name: str, *, here: bool) -> Html:
    return el("a", name, href=address, aria_current="page" if here else None, dir="auto")


# --- the files' problems ---


def _problems(reading: Reading, here: Path) -> Html:
    """Return the list of problems, even an empty one, so that a screen reader notices when it fills."""
    problems = {severity: [p for p in reading.problems if p.severity is severity] for severity in Severity}
    errors, warnings = len(problems[Severity.ERROR]), len(problems[Severity.WARNING])
    summary = f"{amount(errors, 'error')}, {amount(warnings, 'warning')}."
    if errors and reading.edition.library.packs:
        summary += " Fix the errors: until then, you see the last good version."
    level = "bad" if errors else "caution" if warnings else "good"
    lists = (_problem_list(severity, listed, here) for severity, listed in problems.items() if listed)
    parts = (el("h2", "The files"), el("p", summary, id="files-summary"), *lists)
    return el("section", *parts, class_="files", data_level=level, data_live="files", aria_label="The files")


def _problem_list(severity: Severity, problems: Sequence[Problem], here: Path) -> Html:
    """List the problems of one severity. Errors are open, warnings folded."""
    listed = [_problem(problem, here) for problem in problems[:PROBLEMS_SHOWN]]
    more = len(problems) - len(listed)
    rest = el("li", f"and {more} more") if more else None
    name = "Errors" if severity is Severity.ERROR else "Warnings"
    return el("details", el("summary", name), el("ul", *listed, rest), open=severity is Severity.ERROR)


def _problem(problem: Problem, here: Path) -> Html:
    where = f"{_near(problem.file, here)}, line {problem.line}, column {problem.column}"
    words = (el("code", part) if odd % 2 else part for odd, part in enumerate(problem.message.split("`")))
    return el("li", el("code", where), el("br"), *words, dir="auto")


def _near(file: Path, here: Path) -> Path:
    return file.relative_to(here) if file.is_relative_to(here) else file


# --- the card on each platform ---


def _card(sight: Sight, here: Path) -> Html:
    if sight.pack is None:
        body = el("p", "There's no topic to show yet. Fix the errors above, and this page updates.")
        return el("section", el("h2", "Nothing to show"), body, data_live="card")
    heading = el("h2", sight.name, dir="auto")
    is_there = sight.entry in WHOLE or sight.entry in sight.pack.entries
    if not is_there:
        gone = el("p", f"The topic {sight.pack.id} has no entry ", el("code", sight.entry), ".")
        return el("section", el("h2", "Not there"), gone, data_live="card")
    columns = el("div", *(_platform(drawing) for drawing in sight.drawings), class_="platforms")
    return el("section", heading, _about(sight, here), _views(sight), columns, data_live="card")


def _about(sight: Sight, here: Path) -> Html | None:
    if sight.pack is None or sight.entry not in sight.pack.entries:
        return None
    kind = ENTRY_KINDS[type(sight.pack.entries[sight.entry])]
    spot = sight.reading.place(sight.pack.id, sight.entry)
    where = el("code", f"{_near(spot.file, here)}, line {spot.line}") if spot else None
    return el("p", f"{kind} ", el("code", sight.entry), " in " if where else "", where, class_="small")


def _views(sight: Sight) -> Html | None:
    if sight.pack is None or sight.entry not in sight.pack.entries:
        return None
    names = views_of(sight.pack, sight.entry)
    if len(names) == 1:
        return None
    base = f"/{sight.pack.id}/{sight.entry}"
    links = (
        el("li", _link(base if name == "card" else f"{base}?view={name}", VIEWS[name], here=name == sight.view))
        for name in names
    )
    return el("nav", el("ul", *links), class_="views", aria_label="Opened from the card")


def _platform(drawing: Drawing) -> Html:
    heading = f"on-{drawing.platform.lower().split()[0]}"
    web = el("div", class_="web", data_cards=json.dumps(drawing.web)) if drawing.web else None
    text = el("pre", drawing.text, tabindex="0", role="group", aria_label="The card in a terminal")
    split = el("p", f"Split over {drawing.messages} messages", class_="split") if drawing.messages > 1 else None
    return el(
        "section",
        el("h3", drawing.platform, id=heading),
        el("p", drawing.note, class_="small"),
        split,
        web,
        el("div", text, class_="terminal") if drawing.text else None,
        _meters(drawing.meters),
        class_="platform",
        aria_labelledby=heading,
    )


def _meters(meters: Sequence[LimitMeter]) -> Html | None:
    if not meters:
        return None
    rows = (_meter(meter) for meter in meters)
    head = el("tr", *(el("th", name, scope="col") for name in ("Limit", "Used", "")))
    return el("table", el("caption", "How full it is"), el("thead", head), el("tbody", *rows), class_="meters")


def _meter(meter: LimitMeter) -> Html:
    gauge = el(
        "meter",
        min="0",
        max=str(meter.most),
        value=str(min(meter.used, meter.most)),
        aria_hidden="true",
    )
    return el(
        "tr",
        el("th", meter.name, scope="row"),
        el("td", f"{meter.used:,} of {meter.most:,}", gauge),
        el("td", meter.word, class_="word"),
        data_level=meter.level,
    )
