"""Result pages of polls marked public, on an address of their own: read-only, without the chat, without a script.

`PublicPages(pages)`, then `await public.start(address)`, and `await public.stop()` at the end.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from aiohttp import web

from adapters.listening import listen
from adapters.web import guard, poll_page
from adapters.web.pages import PollPages, answered, known_tag
from bot.config import Address
from bot.errors import NotFound, Unavailable

STATIC = Path(__file__).parent / "static"
OPEN_FOR, FINAL_FOR = 15, 300
"""Seconds for which others may keep the page of an open poll, and of one that has ended. An ended one can be erased."""

logger = logging.getLogger("parley.web")


class PublicPages:
    """Whatever is asked for is a public poll's page, or it is not there: always the same answer, so nothing leaks."""

    def __init__(self, pages: PollPages) -> None:
        self._pages = pages
        self._style = "".join((STATIC / name).read_text(encoding="utf-8") for name in ("theme.css", "poll.css"))
        self.headers: Mapping[str, str] = guard.alone(self._style)
        self._runner: web.AppRunner | None = None

    async def start(self, address: Address | None) -> None:
        """Serves there until `stop`; nowhere for None. Raises Unavailable for an address that can't be used."""
        if address is not None:
            self._runner = await listen(self.app(), address, "PARLEY_PUBLIC_BIND")

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    def app(self) -> web.Application:
        """The application alone, for a server of one's own."""
        app = web.Application(client_max_size=1, middlewares=[self._middleware])
        app.on_response_prepare.append(self._protect)
        app.router.add_get("/polls/{poll}", self._poll)
        return app

    @web.middleware
    async def _middleware(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        try:
            return await handler(request)
        except (web.HTTPException, NotFound):
            return self._said(request, 404)
        except Unavailable:
            return self._said(request, 503)
        except ConnectionError:
            raise
        except Exception:
            logger.exception("bug in a public page")
            return self._said(request, 503)

    async def _poll(self, request: web.Request) -> web.Response:
        t = guard.reader(request)
        poll = await self._pages.public(request.match_info["poll"], t)
        page = await self._pages.page(poll, t, known=known_tag(request), style=self._style)
        return answered(page, {"Cache-Control": f"public, max-age={FINAL_FOR if page.final else OPEN_FOR}"})

    def _said(self, request: web.Request, status: int) -> web.Response:
        t = guard.reader(request)
        text = poll_page.missing(t, self._style) if status == 404 else poll_page.later(t, self._style)  # noqa: PLR2004
        return web.Response(status=status, text=text, content_type="text/html", headers={"Cache-Control": "no-store"})

    async def _protect(self, _request: web.BaseRequest, response: web.StreamResponse) -> None:
        response.headers.update(self.headers)
