"""Choose the language for a browser."""

from __future__ import annotations

from bot.i18n import PSEUDO, languages

HEADER_MAX = 400
"""Characters of an Accept-Language header that Parley reads."""


def negotiate(preference: str) -> str:
    """Choose the best language for an Accept-Language header: its exact tag, else its language, else English."""
    available = {PSEUDO, *languages()}
    for tag in _by_preference(preference):
        for name in (tag, tag.partition("-")[0]):
            if name in available:
                return name
    return "en"


def _by_preference(preference: str) -> list[str]:
    tags: list[tuple[float, str]] = []
    for part in preference[:HEADER_MAX].split(","):
        tag, _, weight = part.strip().partition(";q=")
        try:
            tags.append((float(weight or 1), tag.strip()))
        except ValueError:
            continue
    return [tag for _, tag in sorted(tags, key=lambda pair: -pair[0])]
