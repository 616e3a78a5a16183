"""A card to draw on: SVG text, element by element, with the colours and sizes that every chart shares."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from html import escape
from typing import Literal

from bot.charts.text import script, width, without_pictures

WIDTH, NARROW = 800, 360
"""The widths of a chart: for a message, and for a page on a phone, where each letter keeps its size."""

CARD = "#ffffff"
FRAME = "#cfd6de"
INK = "#17202a"
MUTED = "#52606d"
LINE = "#dde2e8"
TINT = "#e7f1f8"
AHEAD = "#0072b2"
"""Okabe and Ito's blue ("Color Universal Design", 2008), as `OUT` is their vermilion."""
OUT = "#d55e00"
OTHER = "#8391a1"
FONT = "'Noto Sans', system-ui, sans-serif"

DARK: Mapping[str, str] = {
    CARD: "#1d2125",
    FRAME: "#30363c",
    INK: "#e7e4dd",
    MUTED: "#a3a7ad",
    LINE: "#363d44",
    TINT: "#1f3236",
    AHEAD: "#56b4e9",
    OUT: "#e69f00",
    OTHER: "#87919c",
}
"""The dark page's colour for each colour; the bars are Okabe and Ito's sky blue and orange."""

Anchor = Literal["start", "middle", "end"]


class Canvas:
    """Collects elements from the top down; `y` is the place of the next ones."""

    def __init__(self, wide: int = WIDTH) -> None:
        self.wide = wide
        self.narrow = wide < WIDTH
        self.edge = 16 if self.narrow else 32
        self.left, self.right = self.edge, wide - self.edge
        self.room = self.right - self.left
        self.counts_end = self.right - (64 if self.narrow else 96)
        """The right edge of the numbers before the last column."""
        self.bars_end = self.right - (132 if self.narrow else 208)
        self.y: float = self.edge
        self._parts: list[str] = []

    def text(
        self,
        x: float,
        y: float,
        text: str,
        size: float = 15,
        *,
        bold: bool = False,
        fill: str = INK,
        anchor: Anchor = "start",
    ) -> None:
        """Draw one line of text on its baseline. Only this method escapes text."""
        font = script(text)
        if font is not None:
            text = without_pictures(text)
        family = f" font-family=\"'Noto Sans {font}', {FONT}\"" if font else ""
        weight = ' font-weight="600"' if bold else ""
        placed = "" if anchor == "start" else f' text-anchor="{anchor}"'
        at = f'x="{_short(x)}" y="{_short(y)}" font-size="{_short(size)}"'
        self._parts.append(f'<text {at}{family}{weight}{placed} fill="{fill}">{escape(text, quote=False)}</text>')

    def lines(
        self, x: float, texts: list[str], size: float, pitch: float, *, bold: bool = False, fill: str = INK
    ) -> None:
        """Draw lines of text below each other and move on."""
        for text in texts:
            self.y += pitch
            self.text(x, self.y - pitch * 0.26, text, size, bold=bold, fill=fill)

    def box(self, x: float, y: float, wide: float, high: float, fill: str, radius: float = 0, stroke: str = "") -> None:
        """Draw a rectangle."""
        rounded = f' rx="{_short(radius)}"' if radius else ""
        edge = f' stroke="{stroke}"' if stroke else ""
        size = f'x="{_short(x)}" y="{_short(y)}" width="{_short(wide)}" height="{_short(high)}"'
        self._parts.append(f'<rect {size}{rounded} fill="{fill}"{edge}/>')

    def rule(self, x1: float, y1: float, x2: float, y2: float, stroke: str = LINE) -> None:
        """Draw a hairline."""
        ends = f'x1="{_short(x1)}" y1="{_short(y1)}" x2="{_short(x2)}" y2="{_short(y2)}"'
        self._parts.append(f'<line {ends} stroke="{stroke}"/>')

    def check(self, x: float, y: float, size: float, stroke: str) -> None:
        """Draw a check mark whose box starts at x, y (a path: not every font has one)."""
        a, b, c = size * 0.12, size * 0.4, size * 0.9
        path = f"M{_short(x + a)} {_short(y + size * 0.55)}L{_short(x + b)} {_short(y + size * 0.82)}L{_short(x + c)} {_short(y + size * 0.2)}"
        self._parts.append(f'<path d="{path}" fill="none" stroke="{stroke}" stroke-width="{_short(size / 6)}"/>')

    def pill(self, x: float, y: float, word: str, *, solid: bool, size: float = 13) -> None:
        """Draw a word in a pill, its left edge at x, its top at y; a solid one has a check mark."""
        wide = pill_width(word, size, solid=solid)
        ink = CARD if solid else AHEAD
        self.box(x, y, wide, size + 9, AHEAD if solid else CARD, (size + 9) / 2, AHEAD)
        if solid:
            self.check(x + 9, y + 5, size, ink)
        self.text(x + wide - 10, y + size + 2.5, word, size, bold=True, fill=ink, anchor="end")

    @contextmanager
    def option(self, option: int) -> Iterator[None]:
        """Group the elements of one option."""
        self._parts.append(f'<g data-option="{option}">')
        yield
        self._parts.append("</g>")

    def svg(self) -> str:
        """Return the picture, as high as its content."""
        high = _short(round(self.y + self.edge - 4))
        head = (
            f'xmlns="http://www.w3.org/2000/svg" width="{self.wide}" height="{high}" viewBox="0 0 {self.wide} {high}"'
        )
        frame = f'<rect x="0.5" y="0.5" width="{self.wide - 1}" height="{float(high) - 1:g}" rx="12" fill="{CARD}" stroke="{FRAME}"/>'
        return "\n".join((f'<svg {head} font-family="{FONT}">', frame, *self._parts, "</svg>\n"))


def pill_width(word: str, size: float = 13, *, solid: bool) -> float:
    """Return the width of the pill around a word."""
    return width(word, size, bold=True) + 22 + (size + 4 if solid else 0)


def _short(number: float) -> str:
    """Format a number with one decimal at most, the same everywhere."""
    return f"{number:.1f}".removesuffix(".0")
