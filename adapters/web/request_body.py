"""Read a request's JSON. Raise UsageError with a clear text for anything else."""

from __future__ import annotations

import json
from typing import Any

from aiohttp import web

from adapters.http import guard
from bot.chat.vocabulary import Answers
from bot.errors import UsageError
from bot.i18n import Translator

ANSWER_MAX = 20_000
VALUE_MAX = 100
VALUES_MAX = 500

Json = dict[str, Any]


async def body(request: web.Request) -> Json:
    """Read the request's JSON object. Raises UsageError for anything else."""
    try:
        payload = json.loads(await request.read())
    except (ValueError, RecursionError):
        payload = None
    if not isinstance(payload, dict):
        raise UsageError(guard.reader(request)("Send the request as a JSON object."))
    return payload


def string(payload: Json, name: str, most: int, t: Translator, default: str | None = None) -> str:
    value = payload.get(name, default)
    if not isinstance(value, str):
        raise UsageError(t("“{name}” must be text.", name=name))
    if len(value) > most:
        raise UsageError(t("Shorten that to {most} characters; it has {n}.", n=len(value), most=most))
    return value


def strings(value: object, t: Translator) -> tuple[str, ...]:
    """Read a list of ids. Raises UsageError for anything else."""
    items = value if isinstance(value, list) and len(value) <= VALUES_MAX else [None]
    if not all(isinstance(item, str) and len(item) <= VALUE_MAX for item in items):
        raise UsageError(t("Send the values as a short list of ids."))
    return tuple(items)


def answers(value: object, t: Translator) -> Answers:
    if not isinstance(value, dict):
        raise UsageError(t("Send the answers by name."))
    return {
        name: string(value, name, ANSWER_MAX, t) if isinstance(field, str) else strings(field, t)
        for name, field in value.items()
    }
