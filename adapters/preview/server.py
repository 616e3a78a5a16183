"""Serve a page on this machine with the packs' cards while an editor writes them.

`Preview(desk, here)`, then `await preview.start(port)`, and `await preview.stop()` at the end.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

from aiohttp import web

from adapters.http import guard
from adapters.http.listen import HttpServer, listen
from adapters.http.static_files import SHARED, Files
from adapters.preview import PORT, cards
from adapters.preview.desk import Desk, Reading, follow
from adapters.preview.page import Sight, page
from adapters.web.chat_routes import HEARTBEAT
from adapters.web.server import STATIC as CHAT_STATIC
from bot.settings.model import Address

STATIC = Path(__file__).parent / "static"
PAGES_MAX = 100

logger = logging.getLogger("parley.preview")

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Preview:
    """Serves until it is stopped, and reads the packs again whenever one of their files is saved."""

    def __init__(self, desk: Desk, here: Path) -> None:
        self._desk = desk
        self._here = here
        self._pages: set[asyncio.Queue[Reading | None]] = set()
        self._following: asyncio.Task[None] | None = None
        self._server: HttpServer | None = None

    async def start(self, port: int = PORT) -> str:
        """Serve until `stop`; return the page's address. Port 0 takes any free one. Raises Unavailable for a taken
        port."""
        self._server = await listen(self.app(), Address("127.0.0.1", port), "--port")
        self._following = asyncio.create_task(follow(self._desk, self.tell))
        return f"http://{Address(*self._server.addresses[0][:2])}/"

    async def stop(self) -> None:
        for waiting in self._pages:
            waiting.put_nowait(None)
        if self._following is not None:
            self._following.cancel()
            with suppress(asyncio.CancelledError):
                await self._following
        if self._server is not None:
            await self._server.cleanup()

    async def tell(self, reading: Reading) -> None:
        """Send every open page the new reading."""
        for waiting in self._pages:
            waiting.put_nowait(reading)

    def app(self) -> web.Application:
        app = web.Application(client_max_size=1, middlewares=[self._middleware])
        app.on_response_prepare.append(guard.protect)
        app.router.add_get("/static/{name}", Files(STATIC, SHARED, CHAT_STATIC).answer)
        app.router.add_get("/api/events", self._events, allow_head=False)
        app.router.add_get("/", self._page)
        app.router.add_get("/{pack}", self._page)
        app.router.add_get("/{pack}/{entry}", self._page)
        return app

    @web.middleware
    async def _middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return guard.refuse(request, "") or await handler(request)
        except web.HTTPException as error:
            return guard.problem(error.status, "There's nothing at this address.")
        except ConnectionError:
            raise
        except Exception:
            logger.exception("bug in %s", request.path)
            return guard.problem(500, "Something went wrong in the preview. The terminal shows the details.")

    async def _page(self, request: web.Request) -> web.Response:
        sight = await self._sight(request)
        missing = sight.pack is None or not sight.drawings
        return web.Response(
            text=page(sight, self._here),
            status=404 if missing and request.path != "/" else 200,
            content_type="text/html",
            headers={"Cache-Control": "no-store"},
        )

    async def _sight(self, request: web.Request) -> Sight:
        reading = self._desk.reading
        packs = reading.edition.library.packs
        name = request.match_info.get("pack") or next(iter(packs), "")
        entry, view = request.match_info.get("entry", ""), request.query.get("view", "card")
        pack = packs.get(name)
        if pack is None:
            return Sight(reading, None)
        view = view if view in cards.VIEWS else "card"
        reply = await cards.reply(reading.edition, self._desk.clock(), name, entry, view)
        if reply is None:
            return Sight(reading, pack, entry, view)
        drawings = await asyncio.to_thread(lambda: tuple(cards.drawings(reply)))
        return Sight(reading, pack, entry, view, drawings)

    async def _events(self, request: web.Request) -> web.StreamResponse:
        """Stream an event for each reading, first for the present one, so that a page that was away catches up."""
        if len(self._pages) >= PAGES_MAX:
            return guard.problem(503, "Too many pages are open at once. Close some.")
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
        waiting: asyncio.Queue[Reading | None] = asyncio.Queue()
        self._pages.add(waiting)
        try:
            await response.prepare(request)
            reading: Reading | None = self._desk.reading
            with suppress(ConnectionError):
                while reading is not None:
                    await response.write(_event(reading))
                    reading = await _next(waiting, response)
        finally:
            self._pages.discard(waiting)
        return response


async def _next(waiting: asyncio.Queue[Reading | None], response: web.StreamResponse) -> Reading | None:
    """Wait for the next reading, and signal the page from time to time that it's still connected."""
    while True:
        try:
            async with asyncio.timeout(HEARTBEAT):
                return await waiting.get()
        except TimeoutError:
            await response.write(b": still here\n\n")


def _event(reading: Reading) -> bytes:
    warnings = len(reading.problems) - reading.errors
    data = {"number": reading.number, "errors": reading.errors, "warnings": warnings}
    return f"event: reading\ndata: {json.dumps(data)}\n\n".encode()
