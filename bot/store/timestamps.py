"""Times as the database keeps them: whole microseconds since 1970, in UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_START = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_DIGITS = 16
"""Of the moments until the year 2286."""


def to_stored(time: datetime) -> int:
    """Raises TypeError for a time without a zone."""
    return (time - _START) // _MICROSECOND


def from_stored(microseconds: int) -> datetime:
    return _START + timedelta(microseconds=microseconds)


def from_digits(written: str) -> datetime:
    """The moment that a button carries; the year 1970 for what is none."""
    return from_stored(int(written) if written.isascii() and written.isdigit() and len(written) <= _DIGITS else 0)
