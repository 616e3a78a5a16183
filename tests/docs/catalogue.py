"""The sentences that a translator gets, as `make messages` collects them."""

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
    """Run the recipe of `make messages` into another file: each sentence, or its forms for one and many."""
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
    """Every sentence of the catalogue; one with two forms gives both."""
    return [form for message in messages_of(root) for form in (message if isinstance(message, tuple) else (message,))]
