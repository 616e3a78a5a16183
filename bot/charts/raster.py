"""SVG to PNG with resvg, with Parley's own fonts alone, so that a picture is the same everywhere."""

from __future__ import annotations

import asyncio
import math
import re
from collections.abc import Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path

SCALE = 1.5
"""Pixels of the PNG for one of the SVG: sharp on a fine screen, where a chat shrinks it."""
PIXELS = 1_100_000
"""The pixels that take about 100 ms to draw; a larger picture gets a smaller scale, down to 1."""

_SIZE = re.compile(r'<svg[^<>]* width="(?P<wide>\d+)" height="(?P<high>\d+)"')
_FAMILY = "Noto Sans"
_FOLDER = Path(__file__).parent / "fonts"
_CJK = "noto_cjk_sans_jp_regular"
"""The package of the extra `cjk`, which may not be installed."""


@cache
def font_files() -> tuple[str, ...]:
    """Return the font files for charts, in the order in which resvg tries them."""
    own = sorted(_FOLDER.glob("*.ttf"), key=lambda file: (not file.name.startswith("NotoSans-"), file.name))
    spec = find_spec(_CJK)
    extra = [Path(folder) for folder in (spec and spec.submodule_search_locations) or ()]
    return tuple(map(str, [*own, *(file for folder in extra for file in sorted(folder.glob("*.otf")))]))


def scale_of(svg: str) -> float:
    """Return the scale of a chart's PNG, from 1 to `SCALE`, in steps of a quarter.

    Raise ValueError if it isn't a chart.
    """
    size = _SIZE.match(svg)
    if size is None:
        raise ValueError("not a chart: it doesn't say how large it is")
    area = int(size["wide"]) * int(size["high"])
    return min(SCALE, max(1.0, round(4 * math.sqrt(PIXELS / area)) / 4))


def png(svg: str, fonts: Sequence[str] | None = None) -> bytes:
    """Draw a chart: the bytes of a PNG, `scale_of(svg)` times as large. No system font is read.

    `fonts` are files in place of `font_files()`.
    """
    import resvg_py  # noqa: PLC0415 - a native library that most commands never need

    return resvg_py.svg_to_bytes(
        svg_string=svg,
        zoom=scale_of(svg),
        skip_system_fonts=True,
        font_files=list(font_files() if fonts is None else fonts),
        font_family=_FAMILY,
        sans_serif_family=_FAMILY,
    )


async def png_async(svg: str) -> bytes:
    """Draw a chart in a thread, off the event loop."""
    return await asyncio.to_thread(png, svg)
