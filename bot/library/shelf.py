"""What is served just now. A reload puts a whole new edition in one step; a request that began keeps the old one."""

from __future__ import annotations

from dataclasses import dataclass

from bot.library.model import Library
from bot.library.search import Index


@dataclass(frozen=True, slots=True)
class Edition:
    """A library and the index made from it: they only ever change together."""

    library: Library
    index: Index

    @classmethod
    def of(cls, library: Library) -> Edition:
        return cls(library, Index(library))


@dataclass(slots=True)
class Shelf:
    """Holds the current edition. Take `current` once per request."""

    current: Edition
