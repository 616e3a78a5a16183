"""Results as pictures: a `Result` becomes SVG text with an alt text, SVG becomes PNG.

Pure functions: the same result gives the same bytes. Colour alone carries no meaning; every text colour has a contrast
of at least 4.5 to its ground, every bar colour at least 3 (WCAG 2.2, level AA). A picture has its own ground, so it
reads well on light and dark pages.
"""

from __future__ import annotations

from collections.abc import Sequence

from bot.charts.canvas import DARK, NARROW, WIDTH, Canvas
from bot.charts.draw import SIGNS_ONLY, bars, finals, foot, head, matrix, order, rounds_table
from bot.charts.raster import SCALE, font_files, png, png_async
from bot.charts.text import clean
from bot.charts.words import ALT_MAX, Words
from bot.chat.vocabulary import Image
from bot.i18n import Translator
from bot.polls.counting.results import Result

__all__ = ["ALT_MAX", "DARK", "SCALE", "WIDTH", "chart", "font_files", "pairwise_chart", "png", "png_async"]


def chart(result: Result, options: Sequence[str], *, title: str, t: Translator, final: bool = True) -> Image:
    """Draw a result: bars, or the rounds of an instant run-off, or averages and STAR's run-off.

    `options` are the names, in the order of `result.options`; `title` is the question; `final` is False while the poll
    is open: then nobody is called the winner. The picture leaves out the question and the outcome, which the message
    shows; its alt text has both. It is 800 wide, or 360 in `narrow`, and as high as its content.
    """
    words = Words.of(result, options, t, final=final)
    wide, narrow = (_drawn(words, Canvas(width)) for width in (WIDTH, NARROW))
    return Image(wide, words.alt(title, order(result)), narrow=narrow)


def _drawn(words: Words, canvas: Canvas) -> str:
    result = words.result
    if result.ranked is not None and result.valid:
        rounds_table(canvas, words, result.ranked.rounds)
    else:
        bars(canvas, words)
    if result.score is not None:
        finals(canvas, words, result.score.finals)
    foot(canvas, words.notes())
    return canvas.svg()


def pairwise_chart(
    result: Result, options: Sequence[str], *, title: str, t: Translator, final: bool = True
) -> Image | None:
    """Draw every option against every other; None for a method that doesn't compare them."""
    counted = result.ranked or result.score
    if counted is None:
        return None
    words = Words.of(result, options, t, final=final)
    canvas = Canvas()
    head(canvas, words, title)
    matrix(canvas, words, counted.pairwise)
    reading = t("Each row shows how many ballots prefer its option to the column's. A filled field is a win.")
    signs = t("+ is a win, − a loss, = a draw.") if len(options) > SIGNS_ONLY else ""
    foot(canvas, [reading, signs, words.condorcet()])
    lead = t("Every option against every other: how many ballots prefer one to the other.")
    return Image(canvas.svg(), f"{lead} {words.alt_pairwise(clean(title))}", "pairwise")
