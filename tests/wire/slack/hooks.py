"""HTTP delivery: send Slack's signed requests to an app. https://docs.slack.dev/authentication/verifying-requests"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any
from urllib.parse import urlencode

import aiohttp

from tests.wire.slack.interactions import Ack
from tests.wire.slack.model import Json

FORM, JSON = "application/x-www-form-urlencoded", "application/json"
PATH = "/slack/events"
"""Bolt's default path."""


def sign(secret: str, timestamp: int, body: str) -> str:
    digest = hmac.new(secret.encode(), f"v0:{timestamp}:{body}".encode(), hashlib.sha256).hexdigest()
    return f"v0={digest}"


def encoded(kind: str, payload: Json) -> tuple[str, str]:
    """Return the body and content type of an envelope over HTTP."""
    if kind == "events_api":
        return json.dumps(payload), JSON
    if kind == "slash_commands":
        return urlencode(payload), FORM
    return urlencode({"payload": json.dumps(payload)}), FORM


@dataclass(slots=True)
class Hooks:
    """The app's address. `seconds` is the clock of the requests' time stamps, which Bolt compares with the real
    time."""

    seconds: Callable[[], float]
    secret: str
    url: str = ""
    patience: float = 3.0
    acks: list[Ack] = field(default_factory=list)

    async def deliver(self, kind: str, payload: Json, *, retry: int = 0, reason: str = "http_timeout") -> Ack:
        """Send a signed request. `retry` counts the repetitions of a request; 0 is the first delivery."""
        body, content = encoded(kind, payload)
        again = {"x-slack-retry-num": str(retry), "x-slack-retry-reason": reason} if retry else {}
        return await self.send(body, content, headers=again)

    async def send(
        self,
        body: str,
        content: str = FORM,
        *,
        timestamp: int | None = None,
        signature: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> Ack:
        """Send any body, correctly signed by default."""
        at = int(self.seconds()) if timestamp is None else timestamp
        signed_headers = {
            "content-type": content,
            "x-slack-request-timestamp": str(at),
            "x-slack-signature": sign(self.secret, at, body) if signature is None else signature,
            "user-agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
            **(headers or {}),
        }
        ack = await self._post(body, signed_headers)
        self.acks.append(ack)
        return ack

    async def _post(self, body: str, headers: dict[str, str]) -> Ack:
        timeout = aiohttp.ClientTimeout(total=self.patience)
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout) as session,
                session.post(self.url, data=BytesIO(body.encode()), headers=headers) as response,
            ):
                return Ack(response.status, _decode(await response.text()), dict(response.headers))
        except (aiohttp.ClientError, TimeoutError):
            return Ack(0)


def _decode(body: str) -> Any:
    if not body:
        return None
    try:
        return json.loads(body)
    except ValueError:
        return {"text": body}
