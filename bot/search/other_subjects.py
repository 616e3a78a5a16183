"""What a chat also talks about: subjects of all kinds, and messages that ask for no card, a line each in the text file.

`meaning.py` compares a question with these as well. One that is closer to them than to any card is about something
else. A subject that a pack has too does no harm: its cards are closer still.
"""

from __future__ import annotations

from pathlib import Path

_FILE = Path(__file__).with_suffix(".txt")


def other_subjects() -> list[str]:
    """Return the texts, each once."""
    return list(dict.fromkeys(_FILE.read_text("utf-8").splitlines()))
