"""Logs: structured lines on standard error, for people at a terminal and as JSON elsewhere.

Every line of a request has its id, which is the code that the person sees after a bug. No line joins a person with
a poll or a choice, and no line holds a secret: libraries, which would log people's messages, stay above DEBUG, and the
rest is scrubbed.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Callable, Iterable
from typing import Any, TextIO
from urllib.parse import quote

import structlog

from bot.settings.model import MASK
from bot.telemetry.request_id import current_request


def _mask_password(match: re.Match[str]) -> str:
    """Mask the text between a name and an `@`.

    The pattern also consumes text without an `@`: no later match can begin in it, so each character is read once.
    """
    return f"{match[1]}{MASK}@" if match[2] else match[0]


_TOKENS: tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = (
    (re.compile(r"xox[a-z]-[\w-]+|xapp-[\w-]+"), MASK),
    (re.compile(r"(/(?:webhooks|interactions)/\d+/)[\w.=-]+"), rf"\1{MASK}"),
    (re.compile(r"(hooks\.slack\.com/\w+/)[^\s\"'\\]+"), rf"\1{MASK}"),
    (re.compile(r"([?&](?:ticket|token|password)=)[^&\s\"'\\]+"), rf"\1{MASK}"),
    (re.compile(r"(://[^/\s:@\"]+:)[^@\s\"]++(@?)"), _mask_password),
    (re.compile(r"DETAIL: .*?(?=\\n|\n|\"|$)"), f"DETAIL: {MASK}"),
)
"""Patterns of secrets and rows: tokens, addresses with a token, PostgreSQL's quotations of a row."""


class Scrubber:
    """Removes secrets from a text: this instance's own, and anything that looks like a platform's token."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        forms = {
            form
            for one in secrets
            if one
            for form in (one, quote(one, safe=""), json.dumps(one, ensure_ascii=False)[1:-1])
        }
        self._secrets = sorted(forms, key=len, reverse=True)

    def __call__(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, MASK)
        for pattern, mask in _TOKENS:
            text = pattern.sub(mask, text)
        return text


def set_up_logs(level: str, secrets: Iterable[str] = (), stream: TextIO | None = None) -> None:
    """Send the log lines of all libraries through one formatter. The command line calls it once."""
    stream = stream or sys.stderr
    handler = logging.StreamHandler(stream)
    handler.setFormatter(formatter(secrets, for_people=stream.isatty()))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(max(logging.INFO, logging.getLevelNamesMapping()[level]))
    logging.getLogger("parley").setLevel(level)
    for talkative in ("aiohttp.access", "watchfiles"):
        logging.getLogger(talkative).setLevel(logging.WARNING)


def formatter(secrets: Iterable[str], *, for_people: bool) -> logging.Formatter:
    """One line a record: coloured for people, else JSON."""
    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        _add_request,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    plain = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)  # no local variables
    renderer: Callable[..., Any] = plain if for_people else structlog.processors.JSONRenderer(ensure_ascii=False)
    scrub = Scrubber(secrets)

    def scrubbed(logger: Any, name: str, event: structlog.typing.EventDict) -> str:
        return scrub(str(renderer(logger, name, event)))

    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            scrubbed,
        ],
    )


def _add_request(_logger: Any, _name: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    if "request" not in event and (request := current_request()):
        event["request"] = request
    return event
