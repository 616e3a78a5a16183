"""Other subjects of a chat, and messages that ask for no card, each on a line of the text file.

`meaning.py` compares each question with these texts too. A question that lies closer to them than to any card is about
something else. A text on a pack's own subject does no harm: the pack's cards are closer still.
"""

from __future__ import annotations

from pathlib import Path

_FILE = Path(__file__).with_suffix(".txt")


def other_subjects() -> list[str]:
    """Return the texts, each once."""
    return list(dict.fromkeys(_FILE.read_text("utf-8").splitlines()))
