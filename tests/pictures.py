"""The documents' pictures, which `make gallery` takes with the system's Chromium."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from tests.require import require


def are_taken() -> bool:
    """Whether pictures are taken in this run."""
    return os.environ.get("PARLEY_PICTURES") == "write"


def check_is_there(file: Path) -> None:
    """For a run in which none is taken."""
    assert file.exists(), f"{file.name} is missing: run `make gallery`, and look at it"


def chromium() -> str:
    """Where the system's Chromium is. Skips the test where there is none, or fails it where that is promised."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    require("browser", program is not None, "Chromium is not installed (apt-get install chromium)")
    return str(program)
