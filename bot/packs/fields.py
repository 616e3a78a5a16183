"""The types of values in a pack's files: ids, lines, prose, addresses, partial dates."""

from __future__ import annotations

import datetime as dt
import re
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, HttpUrl, StringConstraints, TypeAdapter, ValidationError

PACK_ID_MAX = 24
ENTRY_ID_MAX = 40

KEBAB = r"^[a-z0-9]+(-[a-z0-9]+)*$"
PackId = Annotated[str, StringConstraints(pattern=KEBAB, max_length=PACK_ID_MAX)]
EntryId = Annotated[str, StringConstraints(pattern=KEBAB, max_length=ENTRY_ID_MAX)]
ONE_LINE = r"^[^\r\n]*\s*$"
Line = Annotated[str, StringConstraints(pattern=ONE_LINE, min_length=1, max_length=300, strip_whitespace=True)]
Prose = Annotated[str, StringConstraints(min_length=1, max_length=2000, strip_whitespace=True)]


def _address(value: str) -> str:
    HttpUrl(value)
    return value


Address = Annotated[
    str,
    StringConstraints(pattern=r"^https?://[^\s<>|\"]+$", max_length=500),
    AfterValidator(_address),
]

_ADDRESS: TypeAdapter[str] = TypeAdapter(Address)


def is_address(text: str) -> bool:
    """Whether an entry may have this address. The text may be anything: a person, a program or a server wrote it."""
    try:
        _ADDRESS.validate_python(text)
    except ValidationError:
        return False
    return True


_PARTIAL_DATE = re.compile(r"^([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?$")


def partial_date(value: str) -> str:
    match = _PARTIAL_DATE.fullmatch(value)
    if match is None:
        message = "must be a year (2025), a month (2025-02) or a day (2025-02-20)"
        raise ValueError(message)
    year, month, day = match.groups()
    _calendar_day(value, int(year), int(month or 1), int(day or 1))
    return value


def _calendar_day(written: str, year: int, month: int, day: int) -> dt.date:
    try:
        return dt.date(year, month, day)
    except ValueError:
        message = f"{written} is not in the calendar: correct it"
        raise ValueError(message) from None


def first_day(date: str) -> dt.date:
    """The first day of a year, a month or a day."""
    year, month, day = (*map(int, date.split("-")), 1, 1)[:3]
    return dt.date(year, month, day)


def day_after(date: str) -> dt.date:
    """The day after a year, a month or a day."""
    first = first_day(date)
    match date.count("-"):
        case 0:
            return dt.date(first.year + 1, 1, 1)
        case 1:
            return dt.date(first.year + first.month // 12, first.month % 12 + 1, 1)
        case _:
            return first + dt.timedelta(days=1)


PartialDate = Annotated[
    str,
    Field(
        json_schema_extra={
            "type": ["string", "integer"],
            "pattern": _PARTIAL_DATE.pattern,
            "minimum": 1000,
            "maximum": 9999,
        }
    ),
    AfterValidator(partial_date),
]
"""A date of any exactness: `2025`, `2025-02` or `2025-02-20`. It sorts as text."""


def _full_date(value: object) -> object:
    """Keep pydantic from taking digits for seconds since 1970."""
    if not isinstance(value, str):
        return value
    match = _PARTIAL_DATE.fullmatch(value)
    if match is None or match[3] is None:
        message = "must be a day, written like 2025-02-20"
        raise ValueError(message)
    return _calendar_day(value, int(match[1]), int(match[2]), int(match[3]))


FullDate = Annotated[dt.date, BeforeValidator(_full_date)]
"""A day of the calendar, written `2025-02-20`."""
