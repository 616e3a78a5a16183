"""Receive Slack's requests over HTTP, and reject everything else.

The entrance verifies and reads each request, then hands it to Bolt's app in the same form as one from a socket.
https://docs.slack.dev/authentication/verifying-requests-from-slack
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Mapping
from typing import Any

from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response
from slack_bolt.app.async_server import AsyncSlackAppServer
from slack_bolt.async_app import AsyncApp, AsyncBoltRequest
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.authorization.async_authorize import AsyncAuthorize
from slack_bolt.oauth.async_oauth_flow import AsyncOAuthFlow
from slack_bolt.response import BoltResponse
from slack_sdk.signature import SignatureVerifier
from yarl import query_to_pairs

PATH = "/slack/events"
_TIMESTAMP = re.compile(r"[0-9]{1,12}")
"""Seconds since 1970. The verifier compares them as a float, which longer numbers overflow."""
_SIGNATURE = re.compile(r"v0=[0-9a-f]{64}")
"""Only ASCII, since the verifier's comparison raises for anything else."""

Json = dict[str, Any]

logger = logging.getLogger("parley.slack")


class GuardedApp(AsyncApp):
    """Bolt's app, with a server that accepts only readable requests that Slack signed.

    Browsers reach only the pages that install the app, if there are any.
    """

    def __init__(self, *, signing_secret: str | None, oauth_flow: AsyncOAuthFlow | None = None, **options: Any) -> None:
        super().__init__(
            signing_secret=signing_secret,
            oauth_flow=oauth_flow,
            authorize=NoToken(),
            **options,
        )
        # Bolt makes its own flow if the environment has SLACK_CLIENT_ID; its pages stay closed
        self._pages = {oauth_flow.install_path, oauth_flow.redirect_uri_path} if oauth_flow else set[str]()
        self._guard = Guard(signing_secret)

    async def take(self, body: Json) -> BoltResponse:
        """Dispatch a payload that Slack sent over a socket or signed. Acknowledge a payload that can't be read."""
        try:
            return await self.async_dispatch(AsyncBoltRequest(body=body, mode="socket_mode"))
        except (KeyError, IndexError, TypeError, AttributeError, ValueError) as error:
            logger.warning("Slack sent a payload that can't be read: %s", type(error).__name__, exc_info=error)
            return BoltResponse(status=200)

    def entrance(self) -> web.Application:
        """Return the web application for Slack's requests and the install pages."""
        return Entrance(self, self._guard, frozenset(self._pages)).web_app


class NoToken(AsyncAuthorize):
    """Give Bolt an authorization without a token: its listeners don't call Slack."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]

    async def __call__(self, **_context: Any) -> AuthorizeResult:
        return AuthorizeResult(enterprise_id=None, team_id=None)


class Entrance(AsyncSlackAppServer):
    """Bolt's server, behind the guard."""

    def __init__(self, app: GuardedApp, guard: Guard, pages: frozenset[str]) -> None:
        super().__init__(port=0, path=PATH, app=app)
        self._app = app
        self._guard = guard
        self._pages = pages

    async def handle_get_requests(self, request: web.Request) -> web.Response:
        """Serve the install pages; answer 401 to anything else."""
        if request.method != "GET" or request.path not in self._pages:  # a HEAD request arrives here as well
            return web.Response(status=401)
        return await super().handle_get_requests(request)

    async def handle_post_requests(self, request: web.Request) -> web.Response:
        """Dispatch a signed request. Answer 401 to an unsigned one, and 400 to an unreadable body."""
        written = await request.read()
        if not self._guard.is_signed(request.headers, written):
            return web.Response(status=401)
        body = read_body(request.content_type, written)
        if body is None:
            return web.Response(status=400)
        return await to_aiohttp_response(await self._app.take(body))


class Guard:
    """Verify Slack's signatures. The core detects repeats, since it also knows of other processes."""

    def __init__(self, secret: str | None) -> None:
        self._verifier = SignatureVerifier(secret) if secret else None

    def is_signed(self, headers: Mapping[str, str], body: bytes) -> bool:
        """Tell whether Slack signed the body within the last five minutes."""
        timestamp = headers.get("x-slack-request-timestamp", "")
        signature = headers.get("x-slack-signature", "")
        if self._verifier is None or not _TIMESTAMP.fullmatch(timestamp) or not _SIGNATURE.fullmatch(signature):
            return False
        try:
            return self._verifier.is_valid(body.decode(), timestamp, signature)
        except UnicodeDecodeError:
            return False


def read_body(content_type: str, written: bytes) -> Json | None:
    """Read a JSON object, or a form with or without a JSON `payload`. Return None if the JSON isn't an object."""
    if content_type == "application/json" or written.startswith(b"{"):
        return _object(written)
    form = dict(query_to_pairs(written.decode(errors="replace")))
    return _object(form["payload"]) if "payload" in form else form


def _object(written: str | bytes) -> Json | None:
    try:
        value = json.loads(written)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
