"""Golden files: renderings as somebody last approved them. `make golden` rewrites them; look at the difference."""

from __future__ import annotations

import os
from pathlib import Path

FOLDER = Path(__file__).parent / "render" / "golden"


def check(name: str, rendered: str) -> None:
    """Fail if the rendering differs from the file of this name, or there is none."""
    file = FOLDER / name
    if os.environ.get("PARLEY_GOLDEN") == "write":
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(rendered)
    assert file.exists(), f"{name} is missing: run `make golden`, and look at what it wrote"
    assert rendered == file.read_text(), f"{name} has changed: run `make golden`, and look at the difference"


def leftovers(folder: str, names: set[str]) -> set[str]:
    """Return the golden files in a folder that nothing renders any more."""
    return {file.name for file in (FOLDER / folder).iterdir()} - names
