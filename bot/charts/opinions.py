"""A discussion's result as bars: for each statement, the percentages of each group that agree, disagree and pass."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.charts.canvas import AHEAD, INK, LINE, MUTED, NARROW, OUT, WIDTH, Canvas
from bot.charts.draw import foot
from bot.charts.text import clean, wrap
from bot.charts.words import ALT_MAX
from bot.chat.vocabulary import Image
from bot.i18n import Translator, percent

_HIGH = 16


@dataclass(frozen=True, slots=True)
class OpinionBar:
    """One bar: its group's name, and the percentages that agree and disagree; the rest passed."""

    label: str
    agree: float
    disagree: float


def opinions_chart(t: Translator, question: str, rows: Sequence[tuple[str, Sequence[OpinionBar]]]) -> Image:
    """Draw statements with their bars. The alt text has every number, as far as there is room."""
    wide, narrow = (_drawn(t, rows, Canvas(width)) for width in (WIDTH, NARROW))
    sentences = [t("Answers to “{question}”.", question=clean(question))]
    sentences += [f"{clean(words)} {'; '.join(_numbers(t, bar) for bar in bars)}." for words, bars in rows]
    alt = sentences[0]
    for sentence in sentences[1:]:
        if len(alt) + len(sentence) + 1 > ALT_MAX:
            alt += " …"
            break
        alt += f" {sentence}"
    return Image(wide, alt[:ALT_MAX], narrow=narrow)


def _numbers(t: Translator, bar: OpinionBar) -> str:
    agree, disagree = percent(bar.agree), percent(bar.disagree)
    return t("{who}: {agree} agree, {disagree} disagree", who=bar.label, agree=agree, disagree=disagree)


def _drawn(t: Translator, rows: Sequence[tuple[str, Sequence[OpinionBar]]], canvas: Canvas) -> str:
    for words, bars in rows:
        canvas.lines(canvas.left, wrap(clean(words), 16, canvas.room, 3, bold=True), 16, 22, bold=True)
        for bar in bars:
            _bar(t, canvas, bar)
        canvas.y += 10
    foot(canvas, [t("Blue from the left agrees, orange from the right disagrees, and between them are passes.")])
    return canvas.svg()


def _bar(t: Translator, canvas: Canvas, bar: OpinionBar) -> None:
    canvas.lines(canvas.left, wrap(_numbers(t, bar), 14, canvas.room, 2), 14, 20, fill=MUTED)
    canvas.y += 4
    left, room = canvas.left, canvas.room
    canvas.box(left, canvas.y, room, _HIGH, LINE, 3)
    canvas.box(left, canvas.y, bar.agree / 100 * room, _HIGH, AHEAD, 3)
    canvas.box(left + room * (1 - bar.disagree / 100), canvas.y, bar.disagree / 100 * room, _HIGH, OUT, 3)
    canvas.rule(left + room / 2, canvas.y - 2, left + room / 2, canvas.y + _HIGH + 2, INK)
    canvas.y += _HIGH + 4
