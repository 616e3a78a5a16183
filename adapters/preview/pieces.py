"""Pieces that both drawings share: a control that can't be pressed, a picture's place."""

from __future__ import annotations

from collections.abc import Sequence

from adapters.web.elements import Html, el
from adapters.web.render import safe_url


def button(label: str, style: str = "secondary", url: str | None = None, *, disabled: bool = False) -> Html:
    """A button as it looks; one that opens an address says so with an arrow."""
    leads = el("span", " ↗", aria_hidden="true") if safe_url(url) else None
    faded = " disabled" if disabled else ""
    return el("span", label, leads, class_=f"press {style}{faded}", dir="auto", title=url)


def choices(label: str, options: Sequence[tuple[str, str]], *, searched: bool = False) -> Html:
    """A select: closed it shows its label, opened its options, each with the small line under it."""
    entries = (el("li", el("span", name), el("small", note) if note else None, dir="auto") for name, note in options)
    note = el("p", "Options appear here while somebody types.", class_="small") if searched else None
    return el("details", el("summary", label, dir="auto"), note, el("ul", *entries), class_="choices")


def picture(alt: str) -> Html:
    """A picture's place, with the words that stand for it."""
    return el("p", el("span", "Picture: ", class_="small"), alt, class_="picture", dir="auto")
