"""Pictures of the documents, which `make gallery` takes with the system's Chromium."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from tests.require import require


def are_taken() -> bool:
    """Tell whether this run takes pictures."""
    return os.environ.get("PARLEY_PICTURES") == "write"


def check_is_there(file: Path) -> None:
    """Fail if the picture is missing, in a run that takes none."""
    assert file.exists(), f"{file.name} is missing: run `make gallery`, and look at it"


def chromium() -> str:
    """Return the path of the system's Chromium. Skip the test without one, or fail it if PARLEY_TEST_REQUIRE names
    it."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    require("browser", program is not None, "Chromium is not installed (apt-get install chromium)")
    return str(program)
