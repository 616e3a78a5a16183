"""The pictures: bars, the rounds of an instant run-off, STAR's run-off, the pairwise matrix."""

from __future__ import annotations

from collections.abc import Sequence

from bot.charts.canvas import (
    AHEAD,
    CARD,
    INK,
    LINE,
    MUTED,
    OTHER,
    OUT,
    TINT,
    Canvas,
    pill_width,
)
from bot.charts.text import clean, width, wrap
from bot.charts.words import Words
from bot.i18n import number, percent
from bot.polls.counting.ballots import MAX_SCORE, Method
from bot.polls.counting.results import Final, Pairwise, Result, Round, Total

CROWDED = 12
"""With more options than this, rows are smaller."""
_FINAL_BARS = 310
_COLUMNS, _COLUMNS_CROWDED, _COLUMNS_NARROW = 5, 4, 3
_COLUMN, _COLUMN_WIDE = 96, 120
_FINALS_DRAWN = 3
SIGNS_ONLY = 12
_LONG_TITLE = 130


def head(canvas: Canvas, words: Words, title: str) -> None:
    """Draw the head of a chart that stands alone: kind, question, outcome, ballots."""
    canvas.lines(canvas.left, wrap(words.heading(), 14, canvas.room, 1), 14, 20, bold=True, fill=MUTED)
    canvas.y += 6
    size = 24 if len(title) <= _LONG_TITLE else 19
    canvas.lines(canvas.left, wrap(clean(title), size, canvas.room, 8, bold=True), size, size * 1.35, bold=True)
    canvas.y += 14
    _outcome(canvas, words)
    facts = " ".join(filter(None, (words.ballots(), words.quorum())))
    canvas.lines(canvas.left, wrap(facts, 15, canvas.room, 2), 15, 22, fill=MUTED)
    canvas.y += 20


def _outcome(canvas: Canvas, words: Words) -> None:
    won = bool(words.winners) and words.decided and not words.result.tie
    indent = 44 if won else 18
    lines = wrap(words.outcome(), 18, canvas.room - indent - 18, 3, bold=True)
    high = 26 * len(lines) + 20
    canvas.box(canvas.left, canvas.y, canvas.room, high, TINT, 8)
    if won:
        canvas.check(canvas.left + 17, canvas.y + 13, 18, AHEAD)
    canvas.y += 9
    canvas.lines(canvas.left + indent, lines, 18, 26, bold=True)
    canvas.y += 19


def foot(canvas: Canvas, notes: Sequence[str]) -> None:
    """Draw the notes at the end of a chart, if there are any."""
    notes = [note for note in notes if note]
    if not notes:
        return
    canvas.y += 4
    canvas.rule(canvas.left, canvas.y, canvas.right, canvas.y)
    canvas.y += 8
    for note in notes:
        canvas.lines(canvas.left, wrap(note, 14, canvas.room, 3), 14, 20, fill=MUTED)
        canvas.y += 2


def order(result: Result) -> list[int]:
    """Return the options in the order of a chart's rows: the winners first, then by votes (or by rounds survived).

    The answers to a proposal keep their own.
    """
    if result.method is Method.CONSENT:
        return list(range(len(result.totals)))
    if result.ranked is None:
        return sorted(range(len(result.totals)), key=lambda o: (o not in result.winners, -result.totals[o].votes, o))
    stayed = {
        total.option: (place, total.votes) for place, one in enumerate(result.ranked.rounds) for total in one.totals
    }
    return sorted(stayed, key=lambda o: (o not in result.winners, -stayed[o][0], -stayed[o][1], o))


def bars(canvas: Canvas, words: Words) -> None:
    """Draw a bar for each option, with its count and its percentage (or its average and its total).

    A full bar is 100% (or the highest score).
    """
    result = words.result
    score = result.score
    heads = (words.t("Average"), words.t("Total")) if score else (words.counted(), words.t("Share"))
    for x, word in zip((canvas.counts_end, canvas.right), heads, strict=True):
        canvas.text(x, canvas.y + 4, word, 13, fill=MUTED, anchor="end")
    if canvas.narrow and words.winners:
        canvas.y += 12  # the first winner's pill stands at the right edge there, below these words
    for option in order(result):
        total = result.totals[option]
        if score:
            average = score.averages[option]
            numbers = (f"{average:.2f}", number(total.votes))
            share = average / MAX_SCORE
        else:
            numbers = (number(total.votes), percent(total.percent))
            share = total.percent / 100
        with canvas.option(option):
            _bar_row(canvas, words, option, share, numbers)


def _bar_row(canvas: Canvas, words: Words, option: int, share: float, numbers: tuple[str, str]) -> None:
    small = len(words.names) > CROWDED
    size, high = (15, 12) if small else (17, 18)
    top = option in words.winners
    mark = words.mark() if top else ""
    solid = words.decided and not words.result.tie
    wide = pill_width(mark, solid=solid) if top else 0
    end = canvas.right if canvas.narrow else canvas.bars_end
    lines = wrap(words.names[option], size, end - canvas.left - wide - 16 if top else canvas.room, 2, bold=top)
    canvas.lines(canvas.left, lines, size, size * 1.5, bold=top)
    if top:
        canvas.pill(end - wide, canvas.y - size * 1.5 + 1, mark, solid=solid)
    canvas.y += 8 if canvas.narrow and top and small else 2  # below the pill, which overlaps the numbers there
    canvas.box(canvas.left, canvas.y, canvas.bars_end - canvas.left, high, LINE, 3)
    canvas.box(canvas.left, canvas.y, max(share * (canvas.bars_end - canvas.left), 2), high, AHEAD if top else OTHER, 3)
    base = canvas.y + high / 2 + 5.5
    canvas.text(canvas.counts_end, base, numbers[0], 17, bold=True, anchor="end")
    canvas.text(canvas.right, base, numbers[1], 16, anchor="end", fill=INK if top else MUTED)
    canvas.y += high + (10 if small else 15)


def finals(canvas: Canvas, words: Words, counted: Sequence[Final]) -> None:
    """Draw STAR's run-off: how many ballots score each finalist higher. A full bar is all ballots that prefer one."""
    for final in counted[:_FINALS_DRAWN]:
        canvas.y += 8
        canvas.lines(canvas.left, [words.t("Run-off of the two highest totals")], 16, 24, bold=True)
        canvas.y += 6
        for total in sorted(final.totals, key=lambda total: total.option not in final.winners):
            _final_row(canvas, words.names[total.option], total, top=total.option in final.winners)
        canvas.lines(canvas.left, [words.t("No preference")], 15, 21)
        canvas.text(canvas.counts_end, canvas.y - 4.5, number(final.no_preference), 16, bold=True, anchor="end")
        canvas.y += 8
    if len(counted) > _FINALS_DRAWN:
        more = len(counted) - _FINALS_DRAWN
        canvas.lines(
            canvas.left,
            [words.t.count("{n} more pair is possible.", "{n} more pairs are possible.", more)],
            14,
            24,
            fill=MUTED,
        )


def _final_row(canvas: Canvas, name: str, total: Total, *, top: bool) -> None:
    start = canvas.left if canvas.narrow else _FINAL_BARS
    room = canvas.room if canvas.narrow else 250
    middle = canvas.y + 11
    canvas.lines(canvas.left, wrap(name, 15, room, 2, bold=top), 15, 21, bold=top)
    if canvas.narrow:
        middle = canvas.y + 11
        canvas.y += 22
    canvas.box(start, middle - 8, canvas.bars_end - start, 16, LINE, 3)
    wide = max(total.percent / 100 * (canvas.bars_end - start), 2)
    canvas.box(start, middle - 8, wide, 16, AHEAD if top else OTHER, 3)
    canvas.text(canvas.counts_end, middle + 5.5, number(total.votes), 16, bold=True, anchor="end")
    canvas.text(canvas.right, middle + 5.5, percent(total.percent), 15, anchor="end", fill=INK if top else MUTED)
    canvas.y += 8


def _places(canvas: Canvas, rounds: Sequence[Round]) -> list[int]:
    """Return the places of the rounds that fit: all, or the first and the last ones."""
    columns = _COLUMNS if len(rounds[0].totals) <= CROWDED else _COLUMNS_CROWDED
    if canvas.narrow:
        columns = _COLUMNS_NARROW
    if len(rounds) <= columns:
        return list(range(len(rounds)))
    return [0, *range(len(rounds) - columns + 1, len(rounds))]


def rounds_table(canvas: Canvas, words: Words, rounds: Sequence[Round]) -> None:
    """Draw the rounds side by side: a row for each option, with a small bar for each round it was in."""
    places = _places(canvas, rounds)
    wide: float = _COLUMN if len(places) >= _COLUMNS_CROWDED else _COLUMN_WIDE
    if canvas.narrow:
        wide = canvas.room / max(len(places), 2)
    start = canvas.right - wide * len(places)
    for column, place in enumerate(places):
        label = words.t("Round {round}", round=place + 1)
        canvas.text(start + wide * (column + 1), canvas.y + 12, label, 14, bold=True, fill=MUTED, anchor="end")
    canvas.y += 24
    for option in order(words.result):
        canvas.rule(canvas.left, canvas.y, canvas.right, canvas.y)
        with canvas.option(option):
            _round_row(canvas, words, rounds, option, start, wide)
    _left_over(canvas, words, rounds, start, wide)
    if len(places) < len(rounds):
        hidden = words.t("The chart skips rounds 2 to {last}. Each option shows when it went out.", last=places[1])
        canvas.lines(canvas.left, wrap(hidden, 14, canvas.room, 2), 14, 22, fill=MUTED)


def _round_row(canvas: Canvas, words: Words, rounds: Sequence[Round], option: int, start: float, wide: float) -> None:
    small = len(words.names) > CROWDED
    size, gap = (14, 6) if small else (16, 9)
    top = option in words.result.winners
    y = canvas.y
    canvas.y += gap
    room = canvas.room if canvas.narrow else start - canvas.left - 16
    canvas.lines(canvas.left, wrap(words.names[option], size, room, 3, bold=top), size, size * 1.38, bold=top)
    if top:
        pill = 13 if canvas.narrow else 12
        canvas.pill(canvas.left, canvas.y + 3, words.mark(), solid=words.decided and not words.result.tie, size=pill)
        canvas.y += 26
    if canvas.narrow:  # the numbers stand below the name
        y = canvas.y - 6
    end = start
    for column, place in enumerate(_places(canvas, rounds)):
        total = next((total for total in rounds[place].totals if total.option == option), None)
        if total:
            fill = AHEAD if top else OUT if option in rounds[place].eliminated else OTHER
            _cell(canvas, total, end, y, wide, fill)
            end = start + wide * (column + 1)
    gone = next((place for place, one in enumerate(rounds, 1) if option in one.eliminated), 0)
    if gone and end < canvas.right:
        label = wrap(words.t("Out in round\xa0{round}", round=gone), 13, canvas.right - end - 16, 3)
        for line, text in enumerate(label):
            canvas.text(end + 16, y + 19 + 16 * line, text, 13, fill=MUTED)
    canvas.y = max(canvas.y + gap, y + 56)


def _cell(canvas: Canvas, total: Total, x: float, y: float, wide: float, fill: str) -> None:
    room = wide - 14
    right = x + wide
    canvas.text(right, y + 21, number(total.votes), 16, bold=True, anchor="end")
    canvas.text(right, y + 37, percent(total.percent), 13, fill=MUTED, anchor="end")
    canvas.box(right - room, y + 42, room, 5, LINE, 2)
    canvas.box(right - room, y + 42, max(total.percent / 100 * room, 2), 5, fill, 2)
    canvas.rule(right - room / 2, y + 40, right - room / 2, y + 49, INK)


def _left_over(canvas: Canvas, words: Words, rounds: Sequence[Round], start: float, wide: float) -> None:
    """Draw the numbers outside a round's bars: exhausted and void ballots, and the base of its percentages."""
    rows = [(words.t("Exhausted ballots"), [one.exhausted for one in rounds])]
    if rounds[-1].overvoted:
        rows.append((words.t("Void ballots"), [one.overvoted for one in rounds]))
    rows.append((words.t("Ballots that count"), [one.continuing for one in rounds]))
    canvas.rule(canvas.left, canvas.y, canvas.right, canvas.y, MUTED)
    canvas.y += 6
    for label, counts in rows:
        canvas.y += 22
        canvas.text(canvas.left, canvas.y - 5, label, 14, fill=MUTED)
        if canvas.narrow:
            canvas.y += 20
        for column, place in enumerate(_places(canvas, rounds)):
            canvas.text(start + wide * (column + 1), canvas.y - 5, number(counts[place]), 14, fill=MUTED, anchor="end")
    canvas.y += 8


def matrix(canvas: Canvas, words: Words, pairwise: Pairwise) -> None:
    """Draw every option against every other: how many ballots prefer the one of the row."""
    rows = order(words.result)
    room = 300 if len(rows) <= SIGNS_ONLY else 276
    wide = min(72.0, (canvas.room - room) / len(rows))
    high = 42 if len(rows) <= SIGNS_ONLY else 36
    start = canvas.right - wide * len(rows)
    for column in range(len(rows)):
        canvas.text(
            start + wide * (column + 0.5), canvas.y + 12, str(column + 1), 13, bold=True, fill=MUTED, anchor="middle"
        )
    canvas.y += 20
    for place, option in enumerate(rows):
        with canvas.option(option):
            canvas.text(
                canvas.left + 20, canvas.y + high / 2 + 5, str(place + 1), 13, bold=True, fill=MUTED, anchor="end"
            )
            _matrix_name(canvas, words.names[option], start - canvas.left - 40, high)
            for column, other in enumerate(rows):
                _duel(canvas, pairwise, (option, other), (start + wide * column, wide, high))
        canvas.y += high
    canvas.y += 10


def _matrix_name(canvas: Canvas, name: str, room: float, high: float) -> None:
    lines = wrap(name, 14, room, 2)
    base = canvas.y + high / 2 + 5 - 8.5 * (len(lines) - 1)
    for place, line in enumerate(lines):
        canvas.text(canvas.left + 30, base + 17 * place, line, 14)


def _duel(canvas: Canvas, pairwise: Pairwise, pair: tuple[int, int], cell: tuple[float, float, float]) -> None:
    """Draw one cell: the winner's is filled and its number bold, so that colour isn't the only sign."""
    (row, column), (x, wide, high) = pair, cell
    votes, others = pairwise.prefer[row][column], pairwise.prefer[column][row]
    won = votes > others
    fill = LINE if row == column else AHEAD if won else CARD
    canvas.box(x + 1, canvas.y + 1, wide - 2, high - 2, fill, 3, LINE)
    if row == column:
        return
    ink = CARD if won else INK
    if len(pairwise.prefer) > SIGNS_ONLY:
        sign = "+" if won else "=" if votes == others else "−"
        canvas.text(x + wide / 2, canvas.y + high / 2 + 5, sign, 14, bold=won, fill=ink, anchor="middle")
        return
    count = number(votes)
    size = 14 if width(count, 14, bold=True) < wide - 6 else 11
    canvas.text(x + wide / 2, canvas.y + high / 2 + 5, count, size, bold=won, fill=ink, anchor="middle")
