"""Collect the translators' sentences as `make messages` does."""

from __future__ import annotations

import shlex
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

from babel.messages.pofile import read_po

WRITTEN = "bot/locale/parley.pot"


@cache
def messages_of(root: Path) -> tuple[str | tuple[str, ...], ...]:
    """Run the recipe of `make messages` into another file. Return each sentence, or its singular and plural."""
    (recipe,) = (line for line in (root / "Makefile").read_text().splitlines() if "pybabel" in line)
    program, *arguments = shlex.split(recipe)
    assert program == "$(BIN)/pybabel"
    with tempfile.TemporaryDirectory() as folder:
        catalogue = Path(folder, "parley.pot")
        command = [str(catalogue) if argument == WRITTEN else argument for argument in arguments]
        assert str(catalogue) in command
        subprocess.run([sys.executable, "-m", "babel.messages.frontend", *command], cwd=root, check=True)
        with catalogue.open("rb") as file:
            return tuple(
                message.id if isinstance(message.id, str) else tuple(message.id)
                for message in read_po(file)
                if message.id
            )


def sentences_of(root: Path) -> list[str]:
    """Return every sentence of the catalogue, both forms of those with a plural."""
    return [form for message in messages_of(root) for form in (message if isinstance(message, tuple) else (message,))]
