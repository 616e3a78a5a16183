"""Content on its way from the process that reads and checks it to the one that serves it.

    parcel = pack_up(folder, today)       in a separate process: reading holds the interpreter for seconds
    library = unpack(parcel)              in a thread, a few entries at a time, so that requests go on between them

A parcel of 10,000 cards takes seconds to make and some tenths of a second to unpack.
"""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from itertools import islice
from pathlib import Path
from types import MappingProxyType

from bot.library.edition import Edition
from bot.packs.check import check_library
from bot.packs.loader import content_error, pack_folders
from bot.packs.model import Argument, Entry, PackInfo
from bot.packs.pack import Library, Pack
from bot.packs.problems import Problem, Severity
from bot.packs.reading import DRAFTS

CHUNK = 40
"""Entries to unpack in one go: about a millisecond."""


@dataclass(frozen=True, slots=True)
class PackedPack:
    info: PackInfo
    entries: tuple[bytes, ...]
    about: Mapping[str, tuple[str, ...]]
    """Id of a target → ids of the arguments about it."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """The result of reading. `packs` is None if an error keeps the content from being served.

    `version` is a hash of every file read; `problems` name files relative to the content's folder. If `steady` is
    False, files changed during the read, so none of it is reliable.
    """

    version: str
    packs: tuple[PackedPack, ...] | None
    problems: tuple[Problem, ...]
    steady: bool = True

    @property
    def errors(self) -> tuple[Problem, ...]:
        return tuple(problem for problem in self.problems if problem.severity is Severity.ERROR)

    @property
    def warnings(self) -> tuple[Problem, ...]:
        return tuple(problem for problem in self.problems if problem.severity is Severity.WARNING)


def content_files(source: Path) -> list[Path]:
    """Every file under the content's folder that belongs to a pack, in order; none if the folder can't be read."""
    try:
        folders = list(pack_folders(source))
        return sorted(
            file for folder in folders for file in (*folder.glob("*.yaml"), *folder.glob("*/*.yaml")) if _read(file)
        )
    except OSError:
        return []


def _read(file: Path) -> bool:
    return not file.name.startswith(".") and file.parent.name != DRAFTS and not file.parent.name.startswith(".")


def outline(source: Path) -> str:
    """A cheap fingerprint of the files, without reading them: names, sizes, times and inodes."""
    hashed = hashlib.sha256()
    for file in content_files(source):
        try:
            stat = file.stat()
        except OSError:
            continue
        hashed.update(f"{file}\0{stat.st_size}\0{stat.st_mtime_ns}\0{stat.st_ino}\n".encode(errors="surrogateescape"))
    return hashed.hexdigest()


def version_of(source: Path) -> str:
    """A hash of the name and the bytes of every file."""
    hashed = hashlib.sha256()
    for file in content_files(source):
        try:
            content = file.read_bytes()
        except OSError:
            content = b"unreadable"
        name = str(file.relative_to(source)).encode(errors="surrogateescape")
        hashed.update(b"%d %d\n%b%b" % (len(name), len(content), name, content))
    return hashed.hexdigest()


def pack_up(source: Path, today: date) -> Parcel:
    """Read and check all content. Never raise for the content of the folder."""
    version = version_of(source)
    library, problems_here = check_library(source, today)
    problems = tuple(_seen_from(source, problem) for problem in problems_here)
    packs = None if library is None else tuple(_packed(pack) for pack in library.packs.values())
    return Parcel(version, packs, problems, steady=version_of(source) == version)


def _seen_from(source: Path, problem: Problem) -> Problem:
    if problem.file == source or not problem.file.is_relative_to(source):
        return replace(problem, file=Path(source.name))
    return replace(problem, file=problem.file.relative_to(source))


def _packed(pack: Pack) -> PackedPack:
    about = {target: tuple(argument.id for argument in arguments) for target, arguments in pack.arguments_about.items()}
    chunks = tuple(pickle.dumps(chunk, pickle.HIGHEST_PROTOCOL) for chunk in _chunks(pack))
    return PackedPack(pack.info, chunks, about)


def _chunks(pack: Pack) -> Iterator[list[Entry]]:
    entries = iter(pack.entries.values())
    while chunk := list(islice(entries, CHUNK)):
        yield chunk


def unpack(packs: tuple[PackedPack, ...]) -> Library:
    return Library(MappingProxyType({packed.info.id: _unpacked(packed) for packed in packs}))


def edition_from(parcel: Parcel) -> Edition:
    """Make the edition from a parcel without errors. It takes some seconds for 10,000 cards; other threads go on."""
    if parcel.packs is None:
        raise ValueError("a parcel with errors has no packs")
    return Edition.of(unpack(parcel.packs), parcel.version, parcel.warnings)


def open_edition(source: Path, today: date) -> Edition:
    """Read, check and index the content in this process, for the start.

    Raise ContentError, with every problem, if any of them is an error.
    """
    version = version_of(source)
    library, problems = check_library(source, today)
    if library is None:
        raise content_error([problem for problem in problems if problem.severity is Severity.ERROR])
    return Edition.of(library, version, tuple(_seen_from(source, problem) for problem in problems))


def let_go(editions: list[Edition]) -> None:
    """Take an edition apart a few entries at a time: freeing 10,000 at once blocks everything for a tenth of a second.

    The caller must hold it in this list alone.
    """
    packs = editions.pop().library.packs
    entries = [entry for pack in packs.values() for entry in pack.entries.values()]
    del packs
    while entries:
        del entries[-CHUNK:]


def _unpacked(packed: PackedPack) -> Pack:
    entries: dict[str, Entry] = {}
    for chunk in packed.entries:
        for entry in pickle.loads(chunk):  # noqa: S301 - our own reader made it, a moment ago
            entries[entry.id] = entry
    about = {target: tuple(_argument(entries[name]) for name in names) for target, names in packed.about.items()}
    pack = Pack(packed.info, MappingProxyType(entries), MappingProxyType(about))
    pack.all(Entry)  # compute the cached lists here, not in a request
    return pack


def _argument(entry: Entry) -> Argument:
    assert isinstance(entry, Argument)  # noqa: S101 - the loader's own table holds nothing else
    return entry


@dataclass(frozen=True, slots=True)
class Difference:
    """The difference between a pack and its previous edition: ids of entries, in file order."""

    pack: str
    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    whole: str = ""
    """`added` or `removed` for a pack that came or went, `changed` if its own description did."""


def differences(old: Library, new: Library) -> tuple[Difference, ...]:
    """Every pack that differs: new and changed ones in their order, then removed ones."""
    here = [_difference(old.packs.get(name), pack) for name, pack in new.packs.items()]
    gone = (
        Difference(name, removed=tuple(pack.entries), whole="removed")
        for name, pack in old.packs.items()
        if name not in new.packs
    )
    return tuple(difference for difference in (*here, *gone) if difference is not None)


def _difference(old: Pack | None, new: Pack) -> Difference | None:
    if old is None:
        return Difference(new.id, added=tuple(new.entries), whole="added")
    before, after = old.entries, new.entries
    difference = Difference(
        new.id,
        added=tuple(name for name in after if name not in before),
        changed=tuple(name for name in after if name in before and after[name] != before[name]),
        removed=tuple(name for name in before if name not in after),
        whole="changed" if old.info != new.info else "",
    )
    return difference if difference != Difference(new.id) else None
