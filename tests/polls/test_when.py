"""The times that a host can type for the close of a poll."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import Refused
from bot.i18n import translator
from bot.polls.closing_time import LONGEST, SHORTEST, closing_time

T = translator("en")
BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)  # 13:00 in Berlin


@pytest.mark.parametrize(
    ("line", "moment"),
    [
        ("2h", datetime(2026, 11, 25, 14, 0, tzinfo=UTC)),
        ("90 min", datetime(2026, 11, 25, 13, 30, tzinfo=UTC)),
        ("in 1 day 2 hours", datetime(2026, 11, 26, 14, 0, tzinfo=UTC)),
        ("1W", datetime(2026, 12, 2, 12, 0, tzinfo=UTC)),
        ("18:00", datetime(2026, 11, 25, 17, 0, tzinfo=UTC)),
        ("9:30", datetime(2026, 11, 26, 8, 30, tzinfo=UTC)),
        ("tomorrow 18:00", datetime(2026, 11, 26, 17, 0, tzinfo=UTC)),
        ("tomorrow at 18:00", datetime(2026, 11, 26, 17, 0, tzinfo=UTC)),
        ("today 23:00", datetime(2026, 11, 25, 22, 0, tzinfo=UTC)),
        ("2026-12-01", datetime(2026, 12, 1, 22, 59, tzinfo=UTC)),
        ("2026-12-01 18:00", datetime(2026, 12, 1, 17, 0, tzinfo=UTC)),
        ("2026-12-01T18:00", datetime(2026, 12, 1, 17, 0, tzinfo=UTC)),
        ("friday 18:00", datetime(2026, 11, 27, 17, 0, tzinfo=UTC)),
        ("Fri 6pm", datetime(2026, 11, 27, 17, 0, tzinfo=UTC)),
        ("until friday", datetime(2026, 11, 27, 22, 59, tzinfo=UTC)),
        ("next week", datetime(2026, 12, 2, 12, 0, tzinfo=UTC)),
        ("6pm", datetime(2026, 11, 25, 17, 0, tzinfo=UTC)),
        ("2hrs", datetime(2026, 11, 25, 14, 0, tzinfo=UTC)),
        ("1.5h", datetime(2026, 11, 25, 13, 30, tzinfo=UTC)),
        ("12/25", datetime(2026, 12, 25, 22, 59, tzinfo=UTC)),
        ("12/25 18:00", datetime(2026, 12, 25, 17, 0, tzinfo=UTC)),
        ("25/12", datetime(2026, 12, 25, 22, 59, tzinfo=UTC)),
        ("in an hour", datetime(2026, 11, 25, 13, 0, tzinfo=UTC)),
        ("tomorrow noon", datetime(2026, 11, 26, 11, 0, tzinfo=UTC)),
        ("1 december 6pm", datetime(2026, 12, 1, 17, 0, tzinfo=UTC)),
        ("1.12.2026 18:00", datetime(2026, 12, 1, 17, 0, tzinfo=UTC)),
        ("12/24/2026", datetime(2026, 12, 24, 22, 59, tzinfo=UTC)),
        ("18:00 UTC", datetime(2026, 11, 25, 18, 0, tzinfo=UTC)),
        ("tomorrow 6pm EST", datetime(2026, 11, 26, 23, 0, tzinfo=UTC)),
        ("friday 18:00 GMT+3", datetime(2026, 11, 27, 15, 0, tzinfo=UTC)),
        ("2026-12-01 18:00 UTC", datetime(2026, 12, 1, 18, 0, tzinfo=UTC)),
        ("2026-12-04 00:05 utc", datetime(2026, 12, 4, 0, 5, tzinfo=UTC)),
        ("2027-03-28 02:30", datetime(2027, 3, 28, 1, 30, tzinfo=UTC)),
        ("2027-07-01 18:00", datetime(2027, 7, 1, 16, 0, tzinfo=UTC)),  # summer time
        ("1 min", datetime(2026, 11, 25, 12, 1, tzinfo=UTC)),
        ("366 days", datetime(2027, 11, 26, 12, 0, tzinfo=UTC)),
        ("13/01/2027", datetime(2027, 1, 13, 22, 59, tzinfo=UTC)),
        ("1/13/2027", datetime(2027, 1, 13, 22, 59, tzinfo=UTC)),
        ("24.12 18:00", datetime(2026, 12, 24, 17, 0, tzinfo=UTC)),
        ("friday 13:00", datetime(2026, 11, 27, 12, 0, tzinfo=UTC)),  # the clock shows that now, too
        ("friday 0:00", datetime(2026, 11, 26, 23, 0, tzinfo=UTC)),
        ("next month", datetime(2026, 12, 25, 12, 0, tzinfo=UTC)),
        ("in 3 months", datetime(2027, 2, 25, 12, 0, tzinfo=UTC)),
        ("friday 18:00" + "," * 48, datetime(2026, 11, 27, 17, 0, tzinfo=UTC)),  # 60 characters
    ],
)
def test_spans_and_moments_are_understood_in_the_communitys_zone(line: str, moment: datetime) -> None:
    """Parley reads times in the community's zone, in summer and in winter.

    `18:00` is six in the evening there, unless the host names a zone.
    """
    assert closing_time(line, NOW, BERLIN, T) == moment


@pytest.mark.parametrize(
    ("line", "refusal"),
    [
        ("tomorrow 25:00", "can't read"),
        ("2026-02-30", "can't read"),
        ("soon", "can't read"),
        ("", "can't read"),
        ("5 parsecs", "can't read"),
        ("a", "can't read"),
        ("12", "can't read"),
        ("december", "can't read"),
        ("12/01/2026", "can't read"),
        ("friday 12/01/2026", "can't read"),
        ("12/01/2026 noon", "can't read"),
        ("friday 24/12/2026", "can't read"),
        ("1.12 18:00", "can't read"),
        ("1.12", "can't read"),  # a day or a time of day
        ("fríday 18:00", "can't read"),
        ("december 2026", "can't read"),
        ("friday 18:00" + "," * 49, "can't read"),
        ("friday 25:00", "can't read"),
        ("yesterday", "Pick a later time"),
        ("2025-01-01", "Pick a later time"),
        ("today 9:00", "Pick a later time"),
        ("0m", "Pick a later time"),
        ("10 years", "can't read"),
        ("367 days", "Pick an earlier time"),
        ("12/24/2027", "Pick an earlier time"),
        ("24/12/2027", "Pick an earlier time"),
        ("3660 days", "Pick an earlier time"),
        ("2036-11-25", "Pick an earlier time"),
        ("999999 weeks", "Pick an earlier time"),
        ("9999-12-31 23:59", "Pick an earlier time"),
    ],
)
def test_what_is_no_sensible_time_is_refused_with_an_example(line: str, refusal: str) -> None:
    """Parley refuses a time that it can't read, that isn't later than now, or that is more than 366 days ahead.

    The refusal says which of these it is.
    """
    with pytest.raises(Refused, match=refusal):
        closing_time(line, NOW, BERLIN, T)


def test_a_refusal_quotes_what_was_typed_and_has_an_example() -> None:
    """A refusal quotes 60 characters of the typed text, and its example is 18:00 on the day after tomorrow."""
    with pytest.raises(Refused, match=r"“x{60}” as a time.* or 2026-11-27 18:00"):
        closing_time("x" * 61, NOW, BERLIN, T)


@pytest.mark.parametrize("line", ["9999-12-31", "9999-12-31 23:59", "31 december 9999 11pm"])
def test_the_last_day_of_the_calendar_is_too_late_in_every_zone(line: str) -> None:
    """The last day of the calendar is refused as too late in every zone.

    West of Greenwich its evening lies beyond the last time that Python can hold.
    """
    for zone in (BERLIN, ZoneInfo("America/New_York"), UTC):
        with pytest.raises(Refused, match="Pick an earlier time"):
            closing_time(line, NOW, zone, T)


@pytest.mark.parametrize(
    ("line", "now", "moment"),
    [
        ("02:30", datetime(2026, 10, 24, 22, 0, tzinfo=UTC), datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        ("02:30", datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 25, 1, 30, tzinfo=UTC)),
        ("02:30", datetime(2026, 10, 25, 1, 10, tzinfo=UTC), datetime(2026, 10, 25, 1, 30, tzinfo=UTC)),
        ("02:30", datetime(2026, 10, 25, 1, 30, tzinfo=UTC), datetime(2026, 10, 26, 1, 30, tzinfo=UTC)),
        ("2h", datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 25, 2, 30, tzinfo=UTC)),
        ("sunday 2:30am", datetime(2027, 3, 27, 12, 0, tzinfo=UTC), datetime(2027, 3, 28, 1, 30, tzinfo=UTC)),
    ],
)
def test_a_clock_that_changes_is_read_as_people_mean_it(line: str, now: datetime, moment: datetime) -> None:
    """A time that the clock shows twice is the first one still to come, and a skipped one counts as an hour later.

    A span is exact.
    """
    assert closing_time(line, now, BERLIN, T) == moment


@given(st.text(max_size=80))
def test_any_text_is_a_time_in_the_allowed_range_or_refused(line: str) -> None:
    """Any text is refused or is a time between `SHORTEST` and `LONGEST` from now."""
    try:
        moment = closing_time(line, NOW, BERLIN, T)
    except Refused:
        return
    assert SHORTEST <= moment - NOW <= LONGEST


@given(st.integers(1, 500), st.sampled_from(["h", "d", "min"]))
def test_a_span_counts_from_now(number: int, unit: str) -> None:
    """A span counts from now: `3d` is three times 24 hours, even if the clocks change meanwhile."""
    span = {"h": timedelta(hours=1), "d": timedelta(days=1), "min": timedelta(minutes=1)}[unit] * number
    if span <= LONGEST:
        assert closing_time(f"{number}{unit}", NOW, BERLIN, T) == NOW + span
