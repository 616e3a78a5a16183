"""The closing time of a poll, as a host types it: `2h`, `friday 18:00`, `6pm`, `next week`, `2026-12-01 18:00`.

This module reads spans, dates in digits and times of day exactly. dateparser reads other words, and its guess counts
only if the words leave no doubt (law 13).
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any

from bot.errors import Refused
from bot.i18n import Translator

SHORTEST = timedelta(minutes=1)
LONGEST = timedelta(days=366)
LINE_MAX = 60
"""Characters of a typed time to read."""

_UNITS = {
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), timedelta(minutes=1)),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), timedelta(hours=1)),
    **dict.fromkeys(("d", "day", "days"), timedelta(days=1)),
    **dict.fromkeys(("w", "wk", "wks", "week", "weeks"), timedelta(weeks=1)),
}
_SPAN = re.compile(r"(\d{1,6}(?:\.\d)?)\s*([a-z]+)")
_WHOLE_SPAN = re.compile(rf"^(?:in\s+)?(?:{_SPAN.pattern}\s*)+$")
_ONE = re.compile(r"^(?:in )?(?:an?|one) (?=[a-z]+$)")
_MOMENT = re.compile(
    r"^(?:(?P<day>\d{4}-\d{1,2}-\d{1,2}|today|tomorrow)(?:\s+|t)?)?(?:at\s+)?(?P<clock>\d{1,2}:\d{2}(?P<utc> utc)?)?$"
)
_DIGITS = re.compile(r"(?<![\d.:/-])(\d{1,2})([./-])(\d{1,2})(?:\2\d{2,4})?(?![\d.:/-])")
"""A day and a month in digits. With slashes, half the world writes the month first."""
_MONTHS = 12
_LEAD = re.compile(r"^(?:until|till|by) ")
_WORDS = {
    "eod": "today",
    "end of day": "today",
    "end of the day": "today",
    "half an hour": "30 min",
    "in half an hour": "30 min",
}


def closing_time(line: str, now: datetime, zone: tzinfo, t: Translator) -> datetime:
    """Read the moment that a host types, in UTC like `now`. Raise Refused with examples of what to type.

    A span counts from now. A date without a time means the end of that day; a time without a date means the next time
    the clock shows it. A time that the clock skips in spring counts as an hour later; of one that it shows twice in
    autumn, the first in the future counts.
    """
    moment = read_time(line, now, zone)
    if moment is None:
        raise Refused(
            t(
                "I can't read “{typed}” as a time. Try 2h, Friday 18:00 or {example}.",
                typed=line[:60],
                example=f"{now.astimezone(zone) + timedelta(days=2):%Y-%m-%d} 18:00",
            )
        )
    if moment < now + SHORTEST:
        raise Refused(t("Pick a later time: a poll stays open for at least a minute."))
    if moment > now + LONGEST:
        raise Refused(t("Pick an earlier time: a poll stays open for at most a year."))
    return moment.astimezone(now.tzinfo)


def read_time(line: str, now: datetime, zone: tzinfo) -> datetime | None:
    """Read a moment, however early or late; None for text that isn't a time. See `closing_time`."""
    words = " ".join(line[: LINE_MAX + 1].casefold().split())
    words = _LEAD.sub("", words)
    words = _ONE.sub("1 ", _WORDS.get(words, words))
    moment = _span(words, now) if _WHOLE_SPAN.match(words) else None
    if moment is None and len(words) <= LINE_MAX:
        moment = _moment(words, now, zone) or _other_words(words, now, zone)
    return moment


def local_moment(day: date, clock: time, zone: tzinfo, now: datetime) -> datetime:
    """Return the moment when the clock shows this, in UTC; of two, the first that `now` has not passed."""
    moments = [datetime.combine(day, clock.replace(fold=fold), tzinfo=zone).astimezone(UTC) for fold in (0, 1)]
    is_repeated = moments[0] < moments[1]
    return moments[1] if is_repeated and moments[0] <= now else moments[0]


def read_once() -> None:
    """Load dateparser, which takes a moment the first time."""
    _other_words("friday 18:00", datetime(2026, 1, 1, tzinfo=UTC), UTC)


def _span(words: str, now: datetime) -> datetime | None:
    total = timedelta()
    for number, unit in _SPAN.findall(words):
        if unit not in _UNITS:
            return None
        total = min(total + float(number) * _UNITS[unit], 2 * LONGEST)
    return now + total


def _moment(words: str, now: datetime, zone: tzinfo) -> datetime | None:
    match = _MOMENT.match(words)
    if match is None or not words:
        return None
    zone = UTC if match["utc"] else zone
    local = now.astimezone(zone)
    try:
        clock = time.fromisoformat(match["clock"].removesuffix(" utc").zfill(5)) if match["clock"] else time(23, 59)
        day = _day(match["day"], local.date())
        if day.year > local.year + 100:  # the calendar ends in 9999, and a zone must not push past it
            day = day.replace(year=local.year + 100, day=1)
    except ValueError:
        return None
    moment = local_moment(day, clock, zone, now)
    if match["day"] is None and moment <= now:
        moment = local_moment(day + timedelta(days=1), clock, zone, now)
    return moment


def _day(word: str | None, today: date) -> date:
    if word in {None, "today"}:
        return today
    if word == "tomorrow":
        return today + timedelta(days=1)
    year, month, day = str(word).split("-")
    return date(int(year), int(month), int(day))


_LEAST_LETTERS = 3
_LETTERS = re.compile(r"[a-z]+")
_NO_CLOCK = re.compile(r"(?:2[4-9]|[3-9]\d):|:[6-9]\d")
_HALF_DAY = re.compile(r"^(?:at )?\d{1,2}(?::\d{2})? ?[ap]m$")
_RELATIVE = re.compile(r"(?:next|in) |\d{1,2} months?$")


def _other_words(words: str, now: datetime, zone: tzinfo) -> datetime | None:
    """Read words such as `friday 6pm`; None if they could mean something else, or nothing."""
    if not (words.isascii() and (_is_clear(words) or _is_clear_in_digits(words))) or _NO_CLOCK.search(words):
        return None
    local = now.astimezone(zone).replace(tzinfo=None)
    try:
        guess = _parser(local).get_date_data(_DIGITS.sub(_day_first, words))
    except (OverflowError, ValueError, RecursionError):
        return None
    found: datetime | None = guess.date_obj
    period = guess.period
    if found is None or (period in {"month", "year"} and not _RELATIVE.match(words)):
        return None
    if found.tzinfo is not None:
        return found.astimezone(UTC)
    if found.year > local.year + 100:
        return now + 2 * LONGEST
    is_day = period == "day" and found.time() in {time(0), local.time()}
    return local_moment(found.date(), time(23, 59) if is_day else found.time(), zone, now)


def _is_clear(words: str) -> bool:
    """Whether the words have a whole word, or a time such as 6pm, and no day in digits."""
    longest = max(map(len, _LETTERS.findall(words)), default=0)
    return not _DIGITS.search(words) and (longest >= _LEAST_LETTERS or _HALF_DAY.match(words) is not None)


def _is_clear_in_digits(words: str) -> bool:
    """Whether a day in digits has only one meaning: `1.12.2026`, or `24/12/2026`."""
    match = _DIGITS.search(words)
    if match is None or words[: match.start()].strip():
        return False
    return (match[2] == "." and match[0].count(".") > 1) or max(int(match[1]), int(match[3])) > _MONTHS


def _day_first(match: re.Match[str]) -> str:
    """Write `12/25`, whose month can only be the first number, as `25/12`."""
    first, mark, second = match.group(1, 2, 3)
    swap = int(second) > _MONTHS >= int(first)
    return f"{second}{mark}{first}{match[0][match.end(3) - match.start() :]}" if swap else match[0]


def _parser(local: datetime) -> Any:
    """Return dateparser's reader. The import is here because it takes a fifth of a second."""
    from dateparser.date import DateDataParser  # noqa: PLC0415 - importing it takes a fifth of a second

    settings = {
        "PREFER_DATES_FROM": "future",
        "RELATIVE_BASE": local,
        "RETURN_TIME_AS_PERIOD": True,
        "DATE_ORDER": "DMY",
    }
    return DateDataParser(languages=["en"], settings=settings)
