"""Watch Socket Mode: keep one socket to Slack, and replace it when it fails.

The library sends pings, and reconnects if pongs stay out, the socket closes or Slack asks for it. It doesn't notice a
socket that gets pongs and nothing else, nor one that never gets a hello. It retries a used address forever, never slows
down, and closes the old socket before the new one is open. So here the library's client holds one socket and reports
its loss; `SocketMode` decides when and how to open the next. https://docs.slack.dev/apis/events-api/using-socket-mode
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import time
from typing import Any

import aiohttp
from slack_bolt.adapter.socket_mode.async_internals import send_async_response
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.http import GuardedApp
from adapters.slack.web import error_of
from bot.aio import hold_task, wait_for_event

OK = 200
GOODBYE = 1.0
"""Seconds that Slack has to close the socket on its side."""
TROUBLE = (SlackClientError, aiohttp.ClientError, OSError, TimeoutError)
"""Errors of connecting if Slack can't be reached or doesn't answer properly."""

Sleep = Callable[[float], Awaitable[object]]

logger = logging.getLogger("parley.slack")
LIBRARY = logging.getLogger("slack_sdk.socket_mode")
"""Logger for the library's records: at DEBUG they hold whole messages with their authors, so it isn't one of Parley's
own."""


@dataclass(frozen=True, slots=True)
class Pace:
    """Intervals of the socket, in seconds."""

    ping: float = 10.0
    """Between pings. A socket without a pong for half of it ends."""
    look: float = 5.0
    """Between checks of the socket."""
    opening: float = 20.0
    """Until a socket without a hello is given up."""
    quiet: float = 900.0
    """Without a message from Slack, until the socket is replaced even if its pongs arrive: a quiet night looks the same
    as a socket that Slack has forgotten."""
    pause: float = 1.0
    """Before the second try to connect; doubled before each further one."""
    longest_pause: float = 60.0
    """apps.connections.open may be called once a minute: https://docs.slack.dev/apis/web-api/rate-limits."""
    farewell: float = 5.0
    """For which a replaced socket is still read and written."""


class _Socket(SocketModeClient):
    """The library's client for the life of one socket. It reports a lost socket instead of reconnecting."""

    def __init__(self, app_token: str, web: AsyncWebClient, ping: float, lost: Callable[[], None]) -> None:
        super().__init__(app_token, LIBRARY, web, ping_interval=ping)
        self.greeted = asyncio.Event()
        self.spent = False
        """Whether the socket is lost or Slack has asked for another, perhaps before anybody uses this one."""
        self._lost = lost

    @property
    def alive(self) -> bool:
        """Tell whether Slack has said hello and the socket is open."""
        return self.greeted.is_set() and self.current_session is not None and not self.current_session.closed

    async def connect(self) -> None:
        """Connect once. Raises one of TROUBLE if it fails."""
        self.current_session = await self.aiohttp_client_session.ws_connect(
            str(self.wss_uri),
            autoping=False,
            heartbeat=self.ping_interval,
            proxy=self.proxy,
            ssl=self.web_client.ssl or True,
        )
        await self.current_session.ping(f"sdk-ping-pong:{time()}".encode())
        self.current_session_monitor = asyncio.ensure_future(self.monitor_current_session())
        self.message_receiver = asyncio.ensure_future(self.receive_messages())

    async def connect_to_new_endpoint(self, force: bool = False) -> None:  # noqa: ARG002 - the library's own signature
        """Report the socket as lost, where the library would open another."""
        self.spent = True
        self._lost()

    def read_no_more(self) -> None:
        """Stop reading. Requests that were already read are still answered and acknowledged."""
        if self.message_receiver is not None:
            self.message_receiver.cancel()


class SocketMode:
    """Keeps the app connected to Slack from `open` to `close`."""

    def __init__(
        self,
        app: GuardedApp,
        web: AsyncWebClient,
        app_token: str,
        *,
        clock: Callable[[], datetime],
        pace: Pace,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._app = app
        self._web = web
        self._app_token = app_token
        self._clock = clock
        self._pace = pace
        self._sleep = sleep
        self._socket: _Socket | None = None
        self._lost = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._watching: asyncio.Task[None] | None = None
        self.last_heard: datetime | None = None
        """Time of Slack's last message: a hello, an event or a command."""

    @property
    def connected(self) -> bool:
        """Tell whether a socket is open and Slack has said hello on it."""
        return self._socket is not None and self._socket.alive

    async def open(self, address: str | None) -> None:
        """Connect at this address. If that fails, or there is no address, keep trying."""
        try:
            self._socket = await self._opened(address) if address else None
        except TROUBLE as error:
            _log_lost(error)
        self._watching = asyncio.ensure_future(self._watch())

    def read_no_more(self) -> None:
        """Stop reading. Requests that were already read are still answered and acknowledged."""
        if self._watching is not None:
            self._watching.cancel()
        if self._socket is not None:
            self._socket.read_no_more()

    async def close(self) -> None:
        """Close the socket, and stop watching it."""
        self.read_no_more()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._socket is not None:
            await _shut(self._socket)
            self._socket = None

    async def _watch(self) -> None:
        """Check the socket at intervals, and at once when the library reports its loss."""
        while True:
            self._lost.clear()
            if self._socket is None or self._socket.spent or not self.connected or self._is_quiet():
                try:
                    await self._replace()
                except Exception:
                    logger.exception("bug in the socket to Slack")
            await wait_for_event(self._lost, self._pace.look)

    def _is_quiet(self) -> bool:
        return self.last_heard is not None and self._clock() - self.last_heard > timedelta(seconds=self._pace.quiet)

    async def _replace(self) -> None:
        """Open the next socket, with as many tries as it takes, then end the old one. Log a loss once."""
        pause, old = self._pace.pause, self._socket
        logged = old is None
        while True:
            if not logged and not self.connected:
                logged = True
                _log_lost(None)
            try:
                self._socket = await self._opened()
            except TROUBLE as error:
                logger.debug("can't reach Slack: %s", type(error).__name__)
                await self._sleep(pause)
                pause = min(2 * pause, self._pace.longest_pause)
            else:
                break
        if logged:
            logger.warning("Slack is connected again")
        if old is not None:
            self._later(self._farewell(old))

    async def _opened(self, address: str = "") -> _Socket:
        """Return a socket on which Slack has said hello. Its address works once. Raises one of TROUBLE if it fails."""
        socket = _Socket(self._app_token, self._web, self._pace.ping, self._lost.set)
        socket.message_listeners.append(self._hear)
        socket.socket_mode_request_listeners.append(self._handle)
        try:
            async with asyncio.timeout(self._pace.opening):
                opened = address or (await self._web.apps_connections_open(app_token=self._app_token))["url"]
                socket.wss_uri = str(opened)
                await socket.connect()
                await socket.greeted.wait()
        except BaseException:
            await _shut(socket)
            raise
        return socket

    async def _hear(self, socket: Any, message: Mapping[str, Any], _raw: str | None) -> None:
        self.last_heard = self._clock()
        if message.get("type") == "hello":
            socket.greeted.set()

    async def _handle(self, socket: Any, request: SocketModeRequest) -> None:
        """Acknowledge a request even if the app rejects it: Slack would send it again, or the member would wait."""
        began = time()
        response = await self._app.take(request.payload)
        try:
            if response.status == OK:
                await send_async_response(socket, request, response, began)
            else:
                await socket.send_socket_mode_response(SocketModeResponse(envelope_id=request.envelope_id))
        except TROUBLE as error:
            logger.info("an acknowledgement didn't reach Slack: %s", type(error).__name__)

    async def _farewell(self, socket: _Socket) -> None:
        """Close a replaced socket after a while, since Slack may still use it."""
        try:
            await self._sleep(self._pace.farewell)
        finally:
            await _shut(socket)

    def _later(self, work: Any) -> None:
        hold_task(asyncio.ensure_future(work), self._tasks)


async def _shut(socket: _Socket) -> None:
    """Close a socket, with a time limit in case Slack no longer answers on it."""
    with suppress(*TROUBLE):
        async with asyncio.timeout(GOODBYE):
            await socket.disconnect()  # type: ignore[no-untyped-call]
    with suppress(*TROUBLE):
        await socket.close()  # type: ignore[no-untyped-call]


def _log_lost(error: BaseException | None) -> None:
    why = error_of(error) if isinstance(error, SlackApiError) else type(error).__name__ if error else "the socket broke"
    logger.warning("Slack isn't connected (%s); trying again", why or "no answer")
