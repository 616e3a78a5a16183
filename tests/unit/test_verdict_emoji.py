"""The drawings of Discord's emoji for verdicts."""

from __future__ import annotations

import io
import re
from hashlib import sha256

import pytest
from PIL import Image

from adapters.discord.verdict_emoji import drawing, emoji_name
from bot.charts import png
from bot.packs.model import Verdict

COLOUR = re.compile(r"#[0-9a-f]{6}\b")
WHITE, DARK = "#ffffff", "#313338"
"""Discord's grounds."""


def luminance(colour: str) -> float:
    """Return the relative luminance: https://www.w3.org/TR/WCAG22/#dfn-relative-luminance"""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_no_two_signs_differ_by_colour_alone() -> None:
    """Without their colours, all drawings still differ."""
    assert len({COLOUR.sub("", drawing(verdict)) for verdict in Verdict}) == len(Verdict)


@pytest.mark.parametrize("verdict", Verdict)
def test_a_sign_stands_out(verdict: Verdict) -> None:
    """A sign's colour has a contrast of at least 3 to white. A sign without a white mark also has it to Discord's dark
    ground (WCAG 2.2, 1.4.11)."""
    (colour,) = set(COLOUR.findall(drawing(verdict)))
    assert contrast(colour, WHITE) >= 3
    assert 'stroke="#fff"' in drawing(verdict) or contrast(colour, DARK) >= 3


@pytest.mark.parametrize("verdict", Verdict)
def test_discord_takes_the_picture(verdict: Verdict) -> None:
    """A picture is a square of at most 128 pixels with a transparent ground, far below 256 KiB."""
    picture = png(drawing(verdict))
    assert len(picture) < 10_000
    with Image.open(io.BytesIO(picture)) as opened:
        assert opened.size == (126, 126)
        assert opened.convert("RGBA").getpixel((0, 0)) == (0, 0, 0, 0)


@pytest.mark.parametrize("verdict", Verdict)
def test_discord_takes_the_name(verdict: Verdict) -> None:
    """A name has 2 to 32 letters, digits and underscores."""
    assert re.fullmatch(r"[A-Za-z0-9_]{2,32}", emoji_name(verdict))


def test_a_changed_drawing_has_another_name() -> None:
    """Discord keeps an emoji's picture, so a drawing is never changed under its old name: with a new drawing comes a new
    name, and both change here."""
    drawings = {emoji_name(verdict): sha256(drawing(verdict).encode()).hexdigest()[:12] for verdict in Verdict}
    assert drawings == {
        "parley_supported": "9d018f61c198",
        "parley_nuanced": "82dc00d0c666",
        "parley_overstated": "96d22452851e",
        "parley_unsupported": "387f9d2e8a5d",
        "parley_contradicted": "6dd8c1cd414a",
        "parley_unverified": "68b8b847f086",
        "parley_not_checkable": "3efe28d121c8",
    }
