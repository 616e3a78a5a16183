"""When a poll closes, as a host types it: `2h`, `3 days`, `2026-12-01 18:00`, `tomorrow 18:00`, `18:00`."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta, tzinfo

from bot.errors import Refused
from bot.i18n import Translator

SHORTEST = timedelta(minutes=1)
LONGEST = timedelta(days=366)

_UNITS = {
    "m": timedelta(minutes=1),
    "min": timedelta(minutes=1),
    "mins": timedelta(minutes=1),
    "minute": timedelta(minutes=1),
    "minutes": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "hour": timedelta(hours=1),
    "hours": timedelta(hours=1),
    "d": timedelta(days=1),
    "day": timedelta(days=1),
    "days": timedelta(days=1),
    "w": timedelta(weeks=1),
    "week": timedelta(weeks=1),
    "weeks": timedelta(weeks=1),
}
_SPAN = re.compile(r"(\d{1,6})\s*([a-z]+)")
_WHOLE_SPAN = re.compile(rf"^(?:in\s+)?(?:{_SPAN.pattern}\s*)+$")
_MOMENT = re.compile(
    r"^(?:(?P<day>\d{4}-\d{1,2}-\d{1,2}|today|tomorrow)(?:\s+|t)?)?(?:at\s+)?(?P<clock>\d{1,2}:\d{2})?$"
)


def closing_time(typed: str, now: datetime, zone: tzinfo, t: Translator) -> datetime:
    """The moment that was meant, in UTC like `now`. Raises Refused with what can be typed.

    A span counts from now. A date without a time means the end of that day; a time without a date the next time the
    clock shows it. A time that the clock skips in spring counts as an hour later, one that it shows twice in autumn
    as the first.
    """
    words = " ".join(typed.casefold().split())
    moment = _span(words, now) if _WHOLE_SPAN.match(words) else _moment(words, now, zone)
    if moment is None:
        raise Refused(
            t(
                "I can't read “{typed}” as a time. Type a span such as 2h or 3 days, or a moment such as {example}.",
                typed=typed[:60],
                example=f"{now.astimezone(zone) + timedelta(days=2):%Y-%m-%d} 18:00",
            )
        )
    if moment < now + SHORTEST:
        raise Refused(t("That is in the past, or too soon. A poll is open for at least a minute."))
    if moment > now + LONGEST:
        raise Refused(t("That is too far away. A poll is open for at most a year."))
    return moment.astimezone(now.tzinfo)


def _span(words: str, now: datetime) -> datetime | None:
    total = timedelta()
    for number, unit in _SPAN.findall(words):
        if unit not in _UNITS:
            return None
        total = min(total + int(number) * _UNITS[unit], 2 * LONGEST)
    return now + total


def _moment(words: str, now: datetime, zone: tzinfo) -> datetime | None:
    match = _MOMENT.match(words)
    if match is None or not words:
        return None
    local = now.astimezone(zone)
    try:
        clock = time.fromisoformat(match["clock"].zfill(5)) if match["clock"] else time(23, 59)
        day = _day(match["day"], local.date())
        if day.year > local.year + 100:  # the calendar ends in 9999, and a zone must not push past it
            day = day.replace(year=local.year + 100, day=1)
    except ValueError:
        return None
    moment = datetime.combine(day, clock, tzinfo=zone)
    if match["day"] is None and moment <= local:
        moment = datetime.combine(day + timedelta(days=1), clock, tzinfo=zone)
    return moment


def _day(word: str | None, today: date) -> date:
    if word in {None, "today"}:
        return today
    if word == "tomorrow":
        return today + timedelta(days=1)
    year, month, day = str(word).split("-")
    return date(int(year), int(month), int(day))
