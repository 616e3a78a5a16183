"""The sentences that a translator gets."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

from babel.messages.pofile import read_po

from tests.docs.documents import ROOT

WRITTEN = "bot/locale/parley.pot"


def test_every_sentence_can_be_collected(tmp_path: Path) -> None:
    """What `make messages` runs reads all of the code, and finds sentences, declared ones and plurals."""
    (recipe,) = (line for line in (ROOT / "Makefile").read_text().splitlines() if "pybabel" in line)
    program, *arguments = shlex.split(recipe)
    assert program == "$(BIN)/pybabel"
    found = tmp_path / "parley.pot"
    command = [str(found) if argument == WRITTEN else argument for argument in arguments]
    assert str(found) in command
    subprocess.run([sys.executable, "-m", "babel.messages.frontend", *command], cwd=ROOT, check=True)
    with found.open("rb") as file:
        sentences = {message.id for message in read_po(file)}
    assert "Nothing was typed. Try /help." in sentences
    assert "Find a fact: its verdict, the essay's words and the sources" in sentences
    assert any(isinstance(sentence, tuple) for sentence in sentences)
