"""Slack's requests over HTTP: who is let in, how often, and what becomes of nonsense.

https://docs.slack.dev/authentication/verifying-requests-from-slack
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from time import monotonic
from typing import Any
from urllib.parse import parse_qs

from aiohttp import web
from slack_bolt.app.async_server import AsyncSlackAppServer
from slack_bolt.async_app import AsyncApp, AsyncBoltRequest
from slack_bolt.oauth.async_oauth_flow import AsyncOAuthFlow
from slack_bolt.response import BoltResponse
from slack_sdk.signature import SignatureVerifier

PATH = "/slack/events"
REMEMBERED = 600.0
"""Seconds for which a request is known again: Slack's own window for signatures is 300."""
REMEMBERED_MAX = 50_000

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


logger = logging.getLogger("parley.slack")


class GuardedApp(AsyncApp):
    """Bolt's app, whose server lets in what Slack signed, what can be read, and each request once.

    People come with their browsers to the pages alone that install the app, if there are any.
    """

    def __init__(self, *, signing_secret: str | None, oauth_flow: AsyncOAuthFlow | None = None, **options: Any) -> None:
        super().__init__(
            signing_secret=signing_secret,
            request_verification_enabled=signing_secret is not None,
            oauth_flow=oauth_flow,
            **options,
        )
        # Bolt makes a flow of its own where the environment has SLACK_CLIENT_ID; nobody gets at its pages
        pages = {oauth_flow.install_path, oauth_flow.redirect_uri_path} if oauth_flow else set[str]()
        self._guard = Guard(signing_secret or "", frozenset(pages))

    async def async_dispatch(self, req: AsyncBoltRequest) -> BoltResponse:
        """What makes no sense, or is more than Bolt can read, is acknowledged: else Slack sends it again."""
        if not is_whole(req.body):
            logger.warning("Slack sent a payload that does not say who did what")
            return BoltResponse(status=200)
        try:
            return await super().async_dispatch(req)
        except (KeyError, IndexError, TypeError, AttributeError, ValueError) as error:
            logger.warning("Slack sent a payload that can't be read: %s", type(error).__name__, exc_info=error)
            return BoltResponse(status=200)

    def server(self, port: int = 3000, path: str = PATH, host: str | None = None) -> AsyncSlackAppServer:
        made = super().server(port=port, path=path, host=host)
        if self._guard.middleware not in made.web_app.middlewares:
            made.web_app.middlewares.append(self._guard.middleware)
        return made


USED_BY_PEOPLE = frozenset({"block_actions", "block_suggestion", "view_submission", "shortcut", "message_action"})


def is_whole(body: Mapping[str, Any]) -> bool:
    """Whether what a person did names the person, and what they used."""
    if "command" in body:
        return bool(body.get("user_id"))
    if body.get("type") not in USED_BY_PEOPLE:
        return True
    user, used = body.get("user"), body.get("actions")
    if not (isinstance(user, Mapping) and user.get("id")):
        return False
    return body["type"] != "block_actions" or bool(used and isinstance(used[0], Mapping) and used[0].get("action_id"))


class Guard:
    """What comes a second time, replayed or sent again by Slack, is acknowledged and not done again."""

    def __init__(self, secret: str, pages: frozenset[str] = frozenset()) -> None:
        self._pages = pages
        self._verifier = SignatureVerifier(secret) if secret else None
        self._seen: dict[bytes, float] = {}

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.method == "GET" and request.path in self._pages:
            return await handler(request)
        body = await request.read()
        if not self._is_signed(request, body):
            return web.Response(status=401)
        if not is_readable(request.content_type, body):
            return web.Response(status=400)
        key = hashlib.sha256(body).digest()
        if self._is_known(key):
            return web.Response(status=200)
        self._seen[key] = monotonic()
        try:
            answer = await handler(request)
        except BaseException:
            self._seen.pop(key, None)
            raise
        if answer.status >= 500:  # noqa: PLR2004 - Slack sends it again
            self._seen.pop(key, None)
        return answer

    def _is_signed(self, request: web.Request, body: bytes) -> bool:
        timestamp = request.headers.get("x-slack-request-timestamp", "")
        signature = request.headers.get("x-slack-signature", "")
        if self._verifier is None or not timestamp.isascii() or not timestamp.isdigit():
            return False
        try:
            return self._verifier.is_valid(body.decode(), timestamp, signature)
        except UnicodeDecodeError:
            return False

    def _is_known(self, key: bytes) -> bool:
        now = monotonic()
        while self._seen and (len(self._seen) > REMEMBERED_MAX or next(iter(self._seen.values())) < now - REMEMBERED):
            del self._seen[next(iter(self._seen))]
        return key in self._seen


def is_readable(content_type: str, body: bytes) -> bool:
    """Whether the body is what its type says: a JSON object, or a form whose `payload`, if it has one, is one."""
    written = body.decode(errors="replace")
    if content_type == "application/json" or written.startswith("{"):
        return _is_object(written)
    payload = parse_qs(written, keep_blank_values=True).get("payload")
    return payload is None or _is_object(payload[0])


def _is_object(written: str) -> bool:
    try:
        return isinstance(json.loads(written), dict)
    except (ValueError, RecursionError):
        return False
