"""Escape text for a Markdown document, so that people's words stay plain words."""

from __future__ import annotations

import re

_SPECIAL = re.compile(r"[\\`*_\[\]<>~|&$]")
_AT_START = re.compile(r"^(?:[#+\-=>]|\d{1,9}(?=[.)]))")
_LINKS = re.compile(r"(https?|ftp|mailto|xmpp)(:)|(www)(\.)|(@)", re.IGNORECASE)


def md(text: str) -> str:
    """Text as Markdown (CommonMark and GitHub's) that shows these words on one line, with no formatting."""
    flat = " ".join(text.split())
    safe = _SPECIAL.sub(lambda match: f"\\{match[0]}", flat)
    safe = _LINKS.sub(lambda match: f"{match[1] or match[3] or ''}\\{match[2] or match[4] or match[5]}", safe)
    return _AT_START.sub(lambda match: f"{match[0]}\\" if match[0].isdigit() else f"\\{match[0]}", safe)
