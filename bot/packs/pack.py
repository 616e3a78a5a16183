"""A pack and a library as they are served: entries by id, and the arguments about each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from bot.packs.model import (
    Argument,
    Entry,
    Event,
    Fact,
    Option,
    PackInfo,
    Position,
    Source,
    Statement,
    Term,
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
"""Part of a pack (NAME.yaml or NAME/*.yaml) → its lists → the model of their items."""


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

    def newest_source_date(self, entry: Entry) -> str | None:
        """The date of the newest source of an entry, as exactly as known; None if no source has a date."""
        sources = map(self.entries.get, getattr(entry, "sources", ()))
        return max((source.date for source in sources if isinstance(source, Source) and source.date), default=None)

    @cached_property
    def _by_kind(self) -> Mapping[type[Entry], tuple[Entry, ...]]:
        kinds: dict[type[Entry], list[Entry]] = {}
        for entry in self.entries.values():
            kinds.setdefault(type(entry), []).append(entry)
        return {kind: tuple(entries) for kind, entries in kinds.items()}


@dataclass(frozen=True)
class Library:
    """Every pack that this instance serves, by id. It never changes: a reload makes a new one."""

    packs: Mapping[str, Pack]

    def find(self, pack: str, entry: str) -> Entry | None:
        """The entry with this id; None if the pack or the entry is gone."""
        pack_here = self.packs.get(pack)
        return pack_here.entries.get(entry) if pack_here else None
