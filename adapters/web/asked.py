"""What a page asked for, read with care: whatever the JSON holds, a clear answer and never a bug."""

from __future__ import annotations

import json
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from aiohttp import web

from adapters.web import guard
from bot.chat import Answers
from bot.errors import UsageError
from bot.i18n import Translator

ANSWER_MAX = 20_000
VALUE_MAX = 100
VALUES_MAX = 500

Json = dict[str, Any]


async def body(request: web.Request) -> Json:
    """The request's JSON object. Raises UsageError for anything else."""
    try:
        given = json.loads(await request.read())
    except (ValueError, RecursionError):
        given = None
    if not isinstance(given, dict):
        raise UsageError(guard.reader(request)("The request must be a JSON object."))
    return given


def string(given: Json, name: str, most: int, t: Translator, default: str | None = None) -> str:
    value = given.get(name, default)
    if not isinstance(value, str):
        raise UsageError(t("“{name}” must be text.", name=name))
    if len(value) > most:
        raise UsageError(t("That is {n} characters long, and {most} are the most.", n=len(value), most=most))
    return value


def strings(value: object, t: Translator) -> tuple[str, ...]:
    """A list of ids. Raises UsageError for anything else."""
    items = value if isinstance(value, list) and len(value) <= VALUES_MAX else [None]
    if not all(isinstance(item, str) and len(item) <= VALUE_MAX for item in items):
        raise UsageError(t("The values must be a short list of ids."))
    return tuple(items)


def answers(value: object, t: Translator) -> Answers:
    if not isinstance(value, dict):
        raise UsageError(t("The answers must be given by name."))
    return {
        name: string(value, name, ANSWER_MAX, t) if isinstance(given, str) else strings(given, t)
        for name, given in value.items()
    }


def zone(name: str) -> ZoneInfo | None:
    """The time zone of that name, if there is one."""
    try:
        return ZoneInfo(name) if name and len(name) <= 64 else None  # noqa: PLR2004 - longer than any zone's name
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
