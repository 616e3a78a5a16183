"""A disk that loses power: an SQLite VFS that keeps, beside the real files, only synced data.

Every write goes to the file and to a list of unsafe writes, and a sync of the file makes its list safe. A loss of
power leaves the safe data, and none of the unsafe writes (the worst disk) or any of them (a disk that reorders writes).
"""

from __future__ import annotations

import random
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import apsw

NAME = "platter"


class Platter(apsw.VFS):
    """A file system, registered as `NAME` while it lives. `after_power_loss` works at any moment, from any thread."""

    def __init__(self) -> None:
        super().__init__(NAME, "")
        self.lock = threading.Lock()
        self._safe: dict[str, bytearray] = {}
        self._unsafe: dict[str, list[tuple[int, bytes | None]]] = {}

    def xOpen(self, name: Any, flags: list[int]) -> apsw.VFSFile:  # noqa: N802 - SQLite's name
        path = name.filename() if isinstance(name, apsw.URIFilename) else str(name)
        with self.lock:
            self._safe.setdefault(Path(path).name, bytearray())
            self._unsafe.setdefault(Path(path).name, [])
        return _File(self, Path(path).name, name, flags)

    def xDelete(self, name: str, sync_folder: bool) -> None:  # noqa: N802 - SQLite's name
        super().xDelete(name, sync_folder)
        with self.lock:
            self._safe.pop(Path(name).name, None)
            self._unsafe.pop(Path(name).name, None)

    def wrote(self, file: str, offset: int, data: bytes | None) -> None:
        """Record a write, or a cut at `offset` if `data` is None."""
        with self.lock:
            self._unsafe[file].append((offset, data))

    def synced(self, file: str) -> None:
        with self.lock:
            _apply(self._safe[file], self._unsafe[file])
            self._unsafe[file] = []

    def after_power_loss(self, chance: random.Random | None) -> dict[str, bytes]:
        """Return the files after a loss. Without `chance`, nothing unsynced survives; with it, each write may or may
        not."""
        with self.lock:
            files = {name: bytearray(data) for name, data in self._safe.items()}
            for name, writes in self._unsafe.items():
                _apply(files[name], [write for write in writes if chance is not None and chance.random() < 0.5])
        return {name: bytes(data) for name, data in files.items() if data}


class _File(apsw.VFSFile):
    def __init__(self, platter: Platter, file: str, name: Any, flags: list[int]) -> None:
        super().__init__("", name, flags)
        self._platter = platter
        self._file = file

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802 - SQLite's name
        super().xWrite(data, offset)
        self._platter.wrote(self._file, offset, bytes(data))

    def xTruncate(self, size: int) -> None:  # noqa: N802 - SQLite's name
        super().xTruncate(size)
        self._platter.wrote(self._file, size, None)

    def xSync(self, flags: int) -> None:  # noqa: N802 - SQLite's name
        super().xSync(flags)
        self._platter.synced(self._file)


def _apply(file: bytearray, writes: Sequence[tuple[int, bytes | None]]) -> None:
    for offset, data in writes:
        if data is None:
            del file[offset:]
            continue
        file.extend(b"\0" * (offset - len(file)))
        file[offset : offset + len(data)] = data


class Connection:
    """The part of `sqlite3.Connection` that the store uses, over apsw, so that the store runs unchanged on a platter.

    `address` is the store's URI. `synchronous` replaces the store's own FULL, to show that a test can tell the
    difference.
    """

    row_factory: object = None

    def __init__(self, address: str, *, synchronous: str) -> None:
        self._synchronous = synchronous
        self._connection = apsw.Connection(address, apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_URI, NAME)
        self._connection.set_busy_timeout(5000)

    def execute(self, sql: str, values: Any = ()) -> _Cursor:
        sql = sql.replace("synchronous=FULL", f"synchronous={self._synchronous}")
        try:
            return _Cursor(self._connection, self._connection.execute(sql, values))
        except apsw.SQLError as error:
            raise sqlite3.OperationalError(str(error)) from error

    def executemany(self, sql: str, values: Sequence[Any]) -> _Cursor:
        return _Cursor(self._connection, self._connection.executemany(sql, values))

    def rollback(self) -> None:
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")

    def close(self) -> None:
        self._connection.close()


class _Row:
    """Values by position and by column, like `sqlite3.Row`'s."""

    __slots__ = ("_names", "_values")

    def __init__(self, values: Sequence[Any], names: Sequence[str]) -> None:
        self._values = values
        self._names = names

    def __getitem__(self, key: int | str) -> Any:
        return self._values[self._names.index(key) if isinstance(key, str) else key]

    def __iter__(self) -> Iterator[Any]:
        return iter(self._values)


class _Cursor:
    def __init__(self, connection: apsw.Connection, cursor: apsw.Cursor) -> None:
        self._connection = connection
        names: list[str] = []
        rows = []
        for values in cursor:
            names = names or [column[0] for column in cursor.get_description()]
            rows.append(_Row(values, names))
        self._rows = rows

    @property
    def rowcount(self) -> int:
        return self._connection.changes()

    def __iter__(self) -> Iterator[_Row]:
        return iter(self._rows)

    def fetchall(self) -> list[_Row]:
        return self._rows

    def fetchone(self) -> _Row | None:
        return self._rows[0] if self._rows else None

    def close(self) -> None:
        self._rows = []
