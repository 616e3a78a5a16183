"""Links between entries: each id must belong to an entry of the right kind, and no argument may be about itself.

link(reading) -> arguments about each entry      problems go into the reading
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence

from bot.packs.model import Argument, Entry, Fact, Option, Position, Source
from bot.packs.reading import PackReading, Raw, spot_of, value_mark
from bot.packs.yaml_document import Items, Table, excerpt

ARGUABLE: tuple[type[Entry], ...] = (Position, Fact, Option, Argument)
"""The kinds of entries that an argument can be about."""
MAX_SUGGESTIONS = 50
"""Misspelt ids of one pack that get a suggestion; each look-up reads every id."""


def link_arguments(reading: PackReading) -> dict[str, tuple[Argument, ...]]:
    """Follow every reference, even of entries with other problems. Return the arguments about each entry."""
    about: dict[str, list[Argument]] = {}
    suggest = IdSuggestions(reading.raws)
    for raw in reading.raws.values():
        for path, key, kinds in _references(raw):
            target = reading.raws.get(key)
            if key in reading.doubled or (target is None and not reading.incomplete.isdisjoint(kinds)):
                continue
            if target is None or target.model not in kinds:
                message = _no_such(key, target, kinds, suggest(key, kinds))
                reading.add(spot_of(raw.file, value_mark(raw.table, path)), "dangling-id", message)
        if isinstance(raw.entry, Argument):
            for target_id in dict.fromkeys(raw.entry.targets):
                about.setdefault(target_id, []).append(raw.entry)
    _refuse_circles(reading)
    return {key: tuple(arguments) for key, arguments in about.items()}


_Kinds = tuple[type[Entry], ...]
_SOURCES: _Kinds = (Source,)


def _references(raw: Raw) -> Iterator[tuple[tuple[str | int, ...], str, _Kinds]]:
    """Yield every id that an entry names: its path, the id, and the kinds that it may belong to."""
    if "evidence" in raw.model.model_fields and isinstance(sources := raw.table.get("sources"), Items):
        for index, key in enumerate(sources):
            if isinstance(key, str):
                yield ("sources", index), key, _SOURCES
            elif isinstance(key, Table) and isinstance(key.get("source"), str):
                yield ("sources", index, "source"), key["source"], _SOURCES
    if raw.model is Argument:
        for side in ("for", "against"):
            if isinstance(key := raw.table.get(side), str):
                yield (side,), key, ARGUABLE
        for index, key in enumerate(keys if isinstance(keys := raw.table.get("against"), Items) else ()):
            if isinstance(key, str):
                yield ("against", index), key, ARGUABLE


class IdSuggestions:
    """Suggests the id that an editor probably meant."""

    def __init__(self, raws: Mapping[str, Raw]) -> None:
        self._raws = raws
        self._remaining = MAX_SUGGESTIONS

    def __call__(self, wrong: str, kinds: _Kinds) -> str | None:
        self._remaining -= 1
        if self._remaining < 0:
            return None
        ids = [key for key, raw in self._raws.items() if raw.model in kinds]
        return next(iter(difflib.get_close_matches(wrong[:80], ids, n=1)), None)


def _no_such(key: str, other: Raw | None, kinds: _Kinds, nearest: str | None) -> str:
    names = [kind.__name__.lower() for kind in kinds]
    expected = f"{', '.join(names[:-1])} or {names[-1]}" if len(names) > 1 else names[0]
    is_a = f"the id of a {expected}" if other is None else f"a {expected} but a {other.model.__name__.lower()}"
    return f"`{excerpt(key)}` is not {is_a}: " + (
        f"did you mean `{nearest}`?" if nearest else "correct it, or write that entry"
    )


def _refuse_circles(reading: PackReading) -> None:
    """Report arguments that are about themselves, in one step or several: they never meet a claim."""
    targets = {key: raw.entry.targets for key, raw in reading.raws.items() if isinstance(raw.entry, Argument)}
    settled: set[str] = set()
    for start in targets:
        trail: dict[str, Iterator[str]] = {}
        key: str | None = start
        while key is not None:
            if key in trail:
                _report_circle(reading, [*trail][[*trail].index(key) :])
                settled.update(trail)
                break
            if key in targets and key not in settled:
                trail[key] = iter(targets[key])
            key = _next_step(trail, settled)


def _next_step(trail: dict[str, Iterator[str]], settled: set[str]) -> str | None:
    """Return the next unsettled target of the last argument in the trail; settle arguments without one."""
    while trail:
        last = next(reversed(trail))
        for target in trail[last]:
            if target not in settled:
                return target
        settled.add(last)
        del trail[last]
    return None


def _report_circle(reading: PackReading, circle: Sequence[str]) -> None:
    argument = reading.raws[circle[0]].entry
    assert isinstance(argument, Argument)  # noqa: S101 - only arguments have targets
    spot = reading.place(circle[0], argument.side)
    if len(circle) == 1:
        message = "this argument is about itself: name what it argues about"
    else:
        around = " → ".join(f"`{key}`" for key in (*circle[:5], circle[0]))
        message = f"these arguments are about each other and about nothing else ({around}): let one name a claim"
    reading.add(spot, "circle", message)
