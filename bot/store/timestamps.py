"""Times as the database stores them: whole microseconds since 1970, in UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_START = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_DIGITS = 16
"""The longest number of digits, which lasts until the year 2286."""


def to_stored(time: datetime) -> int:
    """Convert a time to microseconds. Raise TypeError for a time without a zone."""
    return (time - _START) // _MICROSECOND


def from_stored(microseconds: int) -> datetime:
    return _START + timedelta(microseconds=microseconds)


def from_digits(written: str) -> datetime:
    """Parse the moment in a button's id; the year 1970 for text that isn't one."""
    return from_stored(int(written) if written.isascii() and written.isdigit() and len(written) <= _DIGITS else 0)
