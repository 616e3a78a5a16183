"""Make a small disk that a test can fill up."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

BLOCK = 4096


@dataclass
class Disk:
    folder: Path

    @property
    def _ballast(self) -> Path:
        return self.folder / "ballast"

    def fill(self) -> None:
        """Leave no block free."""
        with self._ballast.open("ab", buffering=0) as file:
            try:
                while file.write(b"\0" * BLOCK):
                    pass
            except OSError:
                return

    def free(self) -> None:
        self._ballast.unlink()


def mountable() -> bool:
    """Tell whether this account may mount a file system, which takes root and, in a container, the right to do so."""
    return os.geteuid() == 0 and subprocess.run(["unshare", "--mount", "true"], check=False).returncode == 0


@contextmanager
def small_disk(megabytes: int) -> Iterator[Disk]:
    """Make a disk that every account can reach, since a database server runs under its own."""
    folder = Path(tempfile.mkdtemp(prefix="parley-disk-"))
    folder.chmod(0o755)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0777", "tmpfs", folder], check=True)
    try:
        yield Disk(folder)
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)
        folder.rmdir()
