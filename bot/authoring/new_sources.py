"""Make entries for sources.yaml from the works of a bibliography, and find works that are there already.

    sources_of(works, there, used_ids) -> Sources

Nothing is made up: facts that a bibliography lacks (a source's findings, often its kind) are left to fill in.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from bot.authoring.bibliography import LINE_MAX, Work, one_line
from bot.authoring.yaml_writing import Bare, Value, new_id
from bot.packs.fields import is_address
from bot.packs.loader import FILL_IN
from bot.packs.model import Provenance, SourceKind


@dataclass(frozen=True, slots=True)
class NewSource:
    """An entry for sources.yaml, with the keys that an editor has to fill in."""

    id: str
    work: Work
    fields: Mapping[str, Value]
    to_fill: tuple[str, ...]


@dataclass(slots=True)
class Sources:
    """New entries, and existing works, each with the id of its source."""

    new: list[NewSource] = field(default_factory=list)
    duplicates: list[tuple[Work, str]] = field(default_factory=list)
    remarks: list[tuple[Work, str]] = field(default_factory=list)
    """Works with a part that could not be imported, and why."""


def sources_of(works: Iterable[Work], there: Mapping[str, Mapping[str, Any]], used_ids: Iterable[str]) -> Sources:
    """Make new sources beside the existing ones: id → keys as written. `used_ids` can't be ids of new ones."""
    sources = Sources()
    used = {*there, *used_ids}
    id_of: dict[str, str] = {}
    for key, source in there.items():
        title, date, url, archive = (str(source.get(name) or "") for name in ("title", "date", "url", "archive_url"))
        for mark in _marks(title, date, url, archive, *map(str, source.get("other_urls") or ())):
            id_of.setdefault(mark, key)
    for work in works:
        address = _address(work, sources)
        marks = _marks(
            work.title, work.date, address, work.url, f"https://doi.org/{_doi(work.doi)}" if work.doi else None
        )
        same = next((id_of[mark] for mark in marks if mark in id_of), None)
        if same is not None:
            sources.duplicates.append((work, same))
            continue
        key = new_id(f"{work.last_name} {work.date[:4]} {work.title}", used, "source")
        used.add(key)
        id_of.update(dict.fromkeys(marks, key))
        sources.new.append(_new(key, work, address))
    return sources


def _doi(written: str) -> str:
    return re.sub(r"^(?:https?://(?:dx\.)?doi\.org/|doi:\s*)", "", written.strip(), flags=re.IGNORECASE)


_DOI_SIGNS = "/:;()._-%"
"""Characters of a DOI that need no escape in an address; old DOIs also have angle brackets, which do."""


def _address(work: Work, sources: Sources) -> str | None:
    doi = _doi(work.doi)
    for candidate in (work.url, f"https://doi.org/{quote(doi, safe=_DOI_SIGNS)}" if doi else ""):
        if candidate and is_address(candidate):
            return candidate
        if candidate:
            sources.remarks.append((work, f"{one_line(candidate)} is no web address that can be taken: write `url`"))
    return None


def _marks(title: str, date: str, *addresses: str | None) -> list[str]:
    """Marks that two entries about the same work share: an address, a DOI, or title and year."""
    marks = [mark for address in addresses if address and (mark := _same_place(address))]
    words = re.sub(r"\W+", " ", title.casefold()).strip()
    return [*marks, f"{words} {date[:4]}"] if date and words else marks


def _same_place(address: str) -> str:
    try:
        parts = urlsplit(address.strip())
        host = (parts.hostname or "").removeprefix("www.")
    except ValueError:
        return ""
    path = parts.path.rstrip("/")
    if host in {"doi.org", "dx.doi.org"}:
        return f"doi:{unquote(path).strip('/').casefold()}"
    return f"{host}{path}{'?' + parts.query if parts.query else ''}" if host else ""


_KINDS, _COPIES = (", ".join(choice.value for choice in choices) for choices in (SourceKind, Provenance))


def _new(key: str, work: Work, address: str | None) -> NewSource:
    authors = ", ".join(work.authors)
    if len(authors) > LINE_MAX:
        authors = f"{work.authors[0]} and others"
    by_doi = address is not None and _same_place(address).startswith("doi:")
    fields: dict[str, Value] = {
        "id": key,
        "title": work.title,
        "author": one_line(authors),
        "publisher": work.publisher,
        "date": Bare(work.date),
        "url": address or "",
        "kind": Bare(work.kind) if work.kind else f"{FILL_IN}: one of {_KINDS}",
        "copy": Bare(Provenance.ORIGINAL) if by_doi else f"{FILL_IN}: the kind of copy at url, one of {_COPIES}",
        "summary": f"{FILL_IN}: what it establishes, in a sentence or two",
        "tags": list(work.keywords),
    }
    to_fill = tuple(name for name, value in fields.items() if isinstance(value, str) and value.startswith(FILL_IN))
    return NewSource(key, work, fields, to_fill if work.date else (*to_fill, "date"))
