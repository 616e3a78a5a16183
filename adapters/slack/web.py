"""Call Slack's Web API: one session with a timeout, errors by kind, and a budget for edits."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from http import HTTPStatus
from time import monotonic
from typing import Any

import aiohttp
from pydantic_core import to_json
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.http_retry.async_handler import AsyncRetryHandler
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.http_retry.request import HttpRequest
from slack_sdk.http_retry.response import HttpResponse
from slack_sdk.http_retry.state import RetryState
from slack_sdk.web.async_client import AsyncWebClient

from bot.errors import BotError, NotAllowed, NotFound, PlaceGone, Unavailable
from bot.i18n import N_

API = "https://slack.com/api/"
POST = "chat_postMessage"
REPEATABLE = (
    "chat.postMessage",
    "files.getUploadURLExternal",
    "files.info",
    "usergroups.list",
    "views.open",
    "views.publish",
)
"""Endings of the methods that are safe to repeat and that nothing else repeats. Slack recognises a message by its
`client_msg_id` (https://docs.slack.dev/reference/methods/chat.postMessage#errors), a form by its trigger."""
TIMEOUT = 30.0
"""Seconds for one call."""
MINUTE = timedelta(minutes=1)
EDITS_A_MINUTE = 45
"""chat.update is of tier 3, 50 a minute, and calls that were sent evenly may arrive in bursts:
https://docs.slack.dev/apis/web-api/rate-limits."""
IS_JSON = {"Content-Type": "application/json"}
REST = 1.0
"""Seconds without calls after Slack has refused the token."""

DEAD_TOKEN = frozenset(
    {"token_revoked", "token_expired", "account_inactive", "invalid_auth", "not_authed", "app_uninstalled"}
)
DEAD_FOR_GOOD = frozenset({"token_revoked", "account_inactive", "app_uninstalled"})
LATER = frozenset(
    {
        "ratelimited",
        "rate_limited",
        "message_limit_exceeded",
        "internal_error",
        "fatal_error",
        "service_unavailable",
        "request_timeout",
        "team_added_to_org",
        "duplicate_channel_not_found",
        "duplicate_message_not_found",
    }
)
NOT_SEEN = N_("I can't find this channel or message. If it's private, type /invite @Parley in it and try again.")
ARCHIVED = N_("This channel is archived, so I can't write in it.")
MEANINGS: tuple[tuple[frozenset[str], type[BotError], str], ...] = (
    (frozenset({"channel_not_found"}), PlaceGone, NOT_SEEN),
    (
        frozenset({"cannot_reply_to_message", "message_not_found", "thread_not_found", "user_not_found"}),
        NotFound,
        NOT_SEEN,
    ),
    (
        frozenset({"not_in_channel", "restricted_action", "no_permission", "user_not_in_channel"}),
        NotAllowed,
        N_("I can't write in this channel. Type /invite @Parley in it and try again."),
    ),
    (
        frozenset(
            {
                "access_denied",
                "channel_type_not_supported",
                "ekm_access_denied",
                "enterprise_is_restricted",
                "messages_tab_disabled",
                "org_login_required",
                "restricted_action_non_threadable_channel",
                "restricted_action_read_only_channel",
                "restricted_action_thread_locked",
                "restricted_action_thread_only_channel",
                "team_access_not_granted",
                "team_not_found",
            }
        ),
        NotAllowed,
        N_("Slack doesn't let me write here. Ask an admin to check the settings of the workspace and this channel."),
    ),
    (frozenset({"is_archived"}), NotAllowed, ARCHIVED),
    (
        frozenset({"cant_update_message", "edit_window_closed", "cant_delete_message"}),
        NotAllowed,
        N_("Slack no longer lets me edit this message."),
    ),
    (
        frozenset({"missing_scope"}),
        NotAllowed,
        N_("The app lacks a permission. Ask an admin to install it again with the current manifest."),
    ),
)
UNREACHABLE = N_("I can't reach Slack right now. Try again in a minute.")
REMOVED = N_("Parley was removed from this workspace. Ask an admin to install it again.")
SPENT_URL = frozenset({"used_url", "expired_url"})

logger = logging.getLogger("parley.slack")


class Budget:
    """A limit on calls within any minute of the clock."""

    def __init__(self, most: int, clock: Callable[[], datetime]) -> None:
        self._most = most
        self._clock = clock
        self._calls: deque[datetime] = deque()

    def take(self, *, spare: int = 0) -> bool:
        """Take a call if more than `spare` are left, which more urgent calls may use."""
        if not self.has(spare=spare):
            return False
        self._calls.append(self._clock())
        return True

    def has(self, *, spare: int = 0) -> bool:
        """Tell whether a call could be taken now."""
        now = self._clock()
        while self._calls and self._calls[0] <= now - MINUTE:
            self._calls.popleft()
        return len(self._calls) < self._most - spare


class ServerErrors(AsyncRetryHandler):
    """Repeats a call once after an error of Slack's server, if the method is safe to repeat."""

    async def _can_retry_async(
        self,
        *,
        state: RetryState,  # noqa: ARG002 - the library's signature
        request: HttpRequest,
        response: HttpResponse | None = None,
        error: Exception | None = None,  # noqa: ARG002 - the same
    ) -> bool:
        failed = response is not None and response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR
        return failed and request.url.endswith(REPEATABLE)


class WebApi:
    """Calls Slack under a workspace's token, or without one for methods that need none.

    Raises NotFound, NotAllowed or Unavailable if Slack refuses a call; any other error is a bug. Calls `refused` when
    Slack has revoked the token for good.
    """

    def __init__(
        self,
        token: str,
        clock: Callable[[], datetime],
        base_url: str = API,
        *,
        session: aiohttp.ClientSession | None = None,
        refused: Callable[[], None] = lambda: None,
        count: aiohttp.ClientMiddlewareType | None = None,
    ) -> None:
        self.client = AsyncWebClient(token=token or None, base_url=base_url, session=session)
        self.client.retry_handlers += [AsyncRateLimitErrorRetryHandler(max_retry_count=2), ServerErrors()]
        self.removed = False
        """Whether the workspace has removed the app, which ends all calls."""
        self._refused = refused
        self._edits = Budget(EDITS_A_MINUTE, clock)
        self._rest_until = 0.0
        self._middlewares = (count,) if count else ()

    def open(self) -> None:
        """Open the HTTP session, with its timeout and its count of calls."""
        self.client.session = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=TIMEOUT), middlewares=self._middlewares
        )

    async def close(self) -> None:
        if self.client.session is not None:
            await self.client.session.close()
            self.client.session = None

    @property
    def resting(self) -> bool:
        """Tell whether Slack has just refused the token."""
        return monotonic() < self._rest_until

    async def call(self, method: str, **arguments: Any) -> Any:
        """Call a method, as in `call("chat_postMessage", channel=…)`, and return Slack's response."""
        if self.removed:
            raise NotAllowed(REMOVED)
        if self.resting:
            raise Unavailable(UNREACHABLE)
        try:
            return await getattr(self.client, method)(**arguments)
        except (SlackClientError, aiohttp.ClientError, OSError, TimeoutError) as error:
            meaning = self._meaning(error)
            if meaning is None:
                raise
            raise meaning from error

    async def is_dead(self) -> bool:
        """Ask Slack whether the token is dead for good."""
        try:
            await self.client.auth_test()
        except SlackApiError as error:
            return error_of(error) in DEAD_FOR_GOOD
        except (SlackClientError, aiohttp.ClientError, OSError, TimeoutError):
            return False
        return False

    async def edit(self, **arguments: Any) -> None:
        """Edit a message with chat.update. Raises Unavailable when the workspace's budget is spent, so that pending
        edits merge."""
        if self.resting:  # a caller whose edit fails tries again at once
            await asyncio.sleep(REST)
        if not self._edits.take():
            raise Unavailable(UNREACHABLE)
        # Slack parses an edit's text by default: https://docs.slack.dev/reference/methods/chat.update
        await self.call("chat_update", parse="none", **arguments)

    async def respond(self, url: str, payload: Mapping[str, Any]) -> bool:
        """Answer at a response_url. Return False if it's spent or can't be used now, so that the caller tries another
        way.

        Raises ConnectionError if Slack refuses the message.
        """
        session = self.client.session
        if session is None:
            raise ConnectionError("the adapter has stopped")
        try:
            async with session.post(url, data=to_json(payload), headers=IS_JSON) as response:
                status, body = response.status, (await response.text())[:200]
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            logger.warning("can't use a response_url: %s", type(error).__name__)
            return False
        if status == HTTPStatus.OK:
            return True
        if any(reason in body for reason in SPENT_URL):
            return False
        if status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            logger.warning("can't use a response_url: Slack answered %d", status)
            return False
        raise ConnectionError(f"Slack answered {status}: {body}")

    def _meaning(self, error: Exception) -> BotError | None:
        if not isinstance(error, SlackApiError):
            return Unavailable(UNREACHABLE)
        code = error_of(error)
        if code in DEAD_TOKEN:
            self._rest_until = monotonic() + REST
            logger.warning("Slack refuses the app's token (%s). Install the app again.", code)
            if code in DEAD_FOR_GOOD:
                self._refused()
            if self.removed:
                return NotAllowed(REMOVED)
        if code in LATER | DEAD_TOKEN or not code:
            return Unavailable(UNREACHABLE)
        return next((kind(message) for codes, kind, message in MEANINGS if code in codes), None)


def error_of(error: SlackApiError) -> str:
    """Return Slack's error code; empty if the response wasn't Slack's own, such as a proxy's page."""
    data = getattr(error.response, "data", error.response)
    return str(data.get("error") or "") if isinstance(data, Mapping) else ""
