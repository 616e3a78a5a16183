"""Keep the vectors of texts in files, so that a start doesn't embed an earlier start's texts again.

    cache = VectorCache(folder, encoder)
    cache.recall(texts)      the vectors, if a file has exactly these texts; else None, at once
    cache.vectors(texts)     the vectors; the cache embeds and keeps any that no file has

Each set of texts has its own file, named after the model and a hash of the set. So two processes with different packs
never write the same file, and neither waits for a lock. A file is an array of rows: 16 bytes of a text's SHA-256, and
its vector in half precision. The cache writes a temporary file and renames it, so that a reader never sees half of one.
An unreadable file counts as absent. A new set takes the vectors that it shares with other sets from their files.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bot.search.encoder import Encoder

if TYPE_CHECKING:
    from bot.search.encoder import Vectors

FOLDER_BYTES_MAX = 256 * 1024 * 1024
"""Bytes of all files together. Beyond them the least recently used files go, but never the newest."""
_KEY_BYTES = 16
_BATCH = 32
"""Texts to embed at a time. Other threads get their turn between two batches."""


class VectorCache:
    """The vectors of one encoder. If `folder` is None, the cache keeps nothing."""

    def __init__(self, folder: Path | None, encoder: Encoder, bytes_max: int = FOLDER_BYTES_MAX) -> None:
        self._folder = folder
        self._encoder = encoder
        self._bytes_max = bytes_max

    def recall(self, texts: Sequence[str]) -> Vectors | None:
        """Return the vectors of texts, in their order, if a file has this set; None if not."""
        if self._folder is None:
            return None
        keys = _keys(texts)
        path = self._path(keys)
        rows = _read(path)
        if rows is None or [bytes(key) for key in rows["key"]] != keys:
            return None
        with suppress(OSError):
            os.utime(path)  # recently used files stay longest
        vectors: Vectors = rows["vector"].astype(np.float32)
        return vectors

    def vectors(self, texts: Sequence[str]) -> Vectors:
        """Return the vectors of texts, in their order."""
        recalled = self.recall(texts)
        if recalled is not None:
            return recalled
        keys = _keys(texts)
        rows = self._shared(set(keys))
        waiting = [(key, text) for key, text in dict(zip(keys, texts, strict=True)).items() if key not in rows]
        for start in range(0, len(waiting), _BATCH):
            batch = waiting[start : start + _BATCH]
            vectors = self._encoder.encode([text for _, text in batch]).astype(np.float16)
            rows.update(zip((key for key, _ in batch), vectors, strict=True))
        ordered = np.array([rows[key] for key in keys], dtype=np.float16)
        if keys and self._folder is not None:
            with suppress(OSError):  # a full or read-only disk only slows down the next start, by some seconds
                self._write(self._folder, keys, ordered)
        result: Vectors = ordered.astype(np.float32)
        return result

    def _path(self, keys: Sequence[bytes]) -> Path:
        digest = hashlib.sha256(b"".join(keys)).hexdigest()[: 2 * _KEY_BYTES]
        return (self._folder or Path()) / f"meaning-{self._encoder.name}-{digest}.npy"

    def _shared(self, keys: set[bytes]) -> dict[bytes, Any]:
        """Return the vectors of these texts in the files of other sets."""
        rows: dict[bytes, Any] = {}
        paths = self._folder.glob(f"meaning-{self._encoder.name}-*.npy") if self._folder is not None else ()
        for table in map(_read, paths):
            if table is not None:
                pairs = zip((bytes(key) for key in table["key"]), table["vector"], strict=True)
                rows.update((key, vector) for key, vector in pairs if key in keys)
        return rows

    def _write(self, folder: Path, keys: Sequence[bytes], vectors: Any) -> None:
        rows = np.empty(len(keys), dtype=[("key", "u1", _KEY_BYTES), ("vector", "f2", vectors.shape[1])])
        rows["key"] = np.frombuffer(b"".join(keys), dtype="u1").reshape(-1, _KEY_BYTES)
        rows["vector"] = vectors
        folder.mkdir(parents=True, exist_ok=True)
        path = self._path(keys)
        with tempfile.NamedTemporaryFile(dir=folder, prefix="meaning-", suffix=".part", delete=False) as part:
            try:
                np.save(part, rows, allow_pickle=False)
            except OSError:
                Path(part.name).unlink()
                raise
        Path(part.name).replace(path)
        for old in self._beyond_limit(folder, path):
            with suppress(OSError):  # another process was quicker
                old.unlink()

    def _beyond_limit(self, folder: Path, newest: Path) -> Iterator[Path]:
        """Yield the files beyond the limit, a killed writer's remains included."""
        used = []
        for path in folder.glob("meaning-*"):
            with suppress(OSError):
                status = path.stat()
                used.append((path == newest, status.st_mtime_ns, status.st_size, path))
        total = 0
        for _, _, size, path in sorted(used, reverse=True):
            total += size
            if total > self._bytes_max and path != newest:
                yield path


def _keys(texts: Sequence[str]) -> list[bytes]:
    return [hashlib.sha256(text.encode("utf-8", "replace")).digest()[:_KEY_BYTES] for text in texts]


def _read(path: Path) -> Any:
    """Return the rows of a file; None if it is absent, cut short or something else."""
    try:
        rows = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    is_table = isinstance(rows, np.ndarray) and rows.ndim == 1 and rows.dtype.names == ("key", "vector")
    return rows if is_table and rows.dtype["key"].shape == (_KEY_BYTES,) else None
