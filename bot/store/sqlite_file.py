"""An SQLite database as files: created for its owner alone, owned by one process, and told apart from other files."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

from bot.errors import NotFound, Refused, Unavailable
from bot.store import migrate

HEADER = b"SQLite format 3\0"
WRITE_VERSION = 18
"""Offset of the byte that is 2 if the file has a write-ahead log (https://sqlite.org/fileformat2.html)."""
WITH_LOG = 2
LARGEST_PAGE = 65_536
"""Bytes; the two bytes of the header hold 1 for this size."""
RESTORE = "Restore a backup; docs/operators.md says how."


class MovedFile(sqlite3.OperationalError):
    """Raised when the open files are no longer the ones at the database's path."""


class FileGuard:
    """Checks that the open files still stand at the database's path.

    A process goes on writing to a moved or deleted file, and every commit succeeds but is lost. The log belongs to the
    open connections: SQLite deletes it when the last one of all processes closes.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._log_path = path.resolve().with_name(path.resolve().name + "-wal")
        self._file: tuple[int, int] | None = None
        self._log: tuple[int, int] | None = None
        self._connections = 0

    def opened(self) -> None:
        """Count a connection that has read from the file, so that its log exists."""
        self._connections += 1
        if self._connections == 1:
            self._file = self._file or _identity(self._path)
            self._log = _identity(self._log_path)

    def closed(self) -> None:
        self._connections -= 1

    def check(self) -> None:
        """Raise `MovedFile` unless the files at the path are the open ones."""
        for path, identity, is_open in (
            (self._path, self._file, self._file is not None),
            (self._log_path, self._log, self._connections > 0),
        ):
            current = _identity(path) if is_open else identity
            if current != identity:
                change = "was moved or deleted" if current is None else "was replaced by another file"
                raise MovedFile(
                    f"{path.name} {change} while it is in use: stop Parley, put the file back if it was moved, and "
                    "start again"
                )

    @property
    def has_lost_log(self) -> bool:
        """Whether the log has lost its name, so that its content must be written into the database's file."""
        return self._log is not None and _identity(self._log_path) is None


def writing_uri(path: Path) -> str:
    """The URI that reads and writes an existing file; it never recreates a missing one."""
    return f"{path.absolute().as_uri()}?mode=rw"


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


@contextmanager
def read_only_uri(path: Path) -> Iterator[str]:
    """The URI that reads a database, with its log if it has one, and creates no file beside it.

    Without a log nobody uses the file, so it can be read directly. With a log and its index, reading shares them with
    the writing process. Reading a log alone, as in a copy, would create an index: so database and log are first copied
    elsewhere.
    """
    address = path.absolute().as_uri()
    log, index = (path.with_name(path.name + suffix) for suffix in ("-wal", "-shm"))
    if not log.exists():
        yield f"{address}?mode=ro&immutable=1"
    elif index.exists():
        yield f"{address}?mode=ro"
    else:
        with tempfile.TemporaryDirectory(prefix="parley-") as folder:
            for file in (path, log):
                shutil.copyfile(file, Path(folder) / file.name)
            yield f"{(Path(folder) / path.name).as_uri()}?mode=rw"


def refuse_pipe(path: Path) -> None:
    """Raise `NotFound` for a pipe, a socket or a device: opening a pipe waits until somebody writes to it.

    Raise `OSError` if the path can't be looked up.
    """
    mode = path.stat().st_mode
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        raise NotFound(f"{path} is a pipe or a device, so it isn't a Parley database. Correct its name.")


def examine(path: Path) -> Mapping[int, str]:
    """Read the migrations of a file: their checksums by number. Write nothing.

    Raise `NotFound` if it isn't a Parley database (no file, a folder, a pipe, an empty file, another program's file),
    `Refused` for a copy without its log, `Unavailable` for a file that is damaged or can't be read.
    """
    try:
        refuse_pipe(path)
        with path.open("rb") as file:
            head = file.read(100)
    except FileNotFoundError:
        raise NotFound(f"There's no database {path}. Correct its name, or create it: parley db upgrade") from None
    except IsADirectoryError:
        raise NotFound(f"{path} is a folder. Name the database's file in it, such as {path / 'parley.db'}.") from None
    except OSError as error:
        raise Unavailable(f"{path} can't be read: {error.strerror}.") from error
    if not head:
        raise NotFound(f"{path} is empty, so it isn't a Parley database. Correct its name, or restore a backup.")
    if not head.startswith(HEADER):
        raise NotFound(f"{path} isn't a Parley database: it isn't an SQLite file, or its start is damaged. {RESTORE}")
    try:
        with read_only_uri(path) as uri, closing(sqlite3.connect(uri, uri=True)) as connection:
            tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            applied = _migrations(connection)
    except sqlite3.DatabaseError as error:
        raise Unavailable(f"{path} is damaged or in use by another program: {error}. {RESTORE}") from error
    if _is_cut(path, head):
        raise Unavailable(f"{path} is damaged: its end is missing. {RESTORE}")
    if not tables and head[WRITE_VERSION] == WITH_LOG:
        raise Refused(
            f"{path} is a copy without its log: the data is in {path.name}-wal, which is missing. Copy both while Parley "
            "is stopped, or make the copy with parley db backup."
        )
    if not applied or applied.get(1) != migrate.load_migrations("sqlite")[0].checksum:
        raise NotFound(f"{path} isn't a Parley database: another program made it. Correct the name.")
    return applied


def applied_in(path: Path) -> Mapping[int, str]:
    """Read the migrations of a file, as `migrate.pending` takes them; none for another program's file.

    Write nothing. Raise `sqlite3.Error` for a file that can't be read, and what `refuse_pipe` raises.
    """
    refuse_pipe(path)
    with read_only_uri(path) as uri, closing(sqlite3.connect(uri, uri=True)) as connection:
        return _migrations(connection)


def _is_cut(path: Path, head: bytes) -> bool:
    """Whether a file without a writer is shorter than its header says."""
    if path.with_name(path.name + "-wal").exists() or head[24:28] != head[92:96]:  # else the count of pages is stale
        return False
    page, pages = int.from_bytes(head[16:18], "big"), int.from_bytes(head[28:32], "big")
    return path.stat().st_size < pages * (LARGEST_PAGE if page == 1 else page)


def _migrations(connection: sqlite3.Connection) -> dict[int, str]:
    """The migrations by number; none if the table of that name is another program's."""
    columns = {row[1] for row in connection.execute("PRAGMA table_info(migrations)")}
    if not {"number", "checksum"} <= columns:
        return {}
    return dict(connection.execute("SELECT number, checksum FROM migrations"))


def create_private(path: Path) -> None:
    """Create the file if it isn't there, readable by its owner alone; SQLite gives -wal and -shm the same mode."""
    try:
        if path.exists():
            refuse_pipe(path)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        if path.stat().st_mode & 0o077:
            path.chmod(0o600)
    except OSError as error:
        raise Unavailable(f"The database file {path} can't be opened: {error.strerror}.") from error


def create_for_backup(path: Path) -> None:
    if path.exists():
        raise Refused(f"{path} already exists. Name a new file, so that no backup overwrites another.")
    create_private(path)


def sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def own(path: Path) -> int:
    """Take the file for this process until the lock is closed or the process ends."""
    lock_path = path.with_name(path.name + ".lock")
    try:
        lock = os.open(lock_path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise Unavailable(f"The database file {path} can't be opened: {error.strerror}.") from error
    try:
        _lock(lock)
    except OSError as error:
        os.close(lock)
        raise Unavailable(
            f"Another Parley uses {path}. Stop it first, or give this one a database of its own."
        ) from error
    return lock


if sys.platform == "win32":
    import msvcrt

    def _lock(file: int) -> None:
        msvcrt.locking(file, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(file: int) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
