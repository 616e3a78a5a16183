"""Serve result pages of public polls, and of private polls by secret link: read-only, without scripts, at their own
address.

`PublicPages(pages)`, then `await public.start(address)`, and `await public.stop()` at the end.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus

from aiohttp import web

from adapters.http import guard
from adapters.http.listen import HttpServer, listen
from adapters.http.static_files import document_style
from adapters.web import poll_page
from adapters.web.pages import PollPages, page_response, tag_of_reader
from adapters.web.poll_routes import download
from bot.errors import NotFound, Unavailable
from bot.settings.model import Address

OPEN_FOR, FINAL_FOR = 15, 300
"""Seconds that caches may keep the page of an open poll, and of an ended one, which can still be erased."""

UNLISTED: Mapping[str, str] = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex, nofollow"}
"""Headers of pages behind a secret link: no cache keeps them, and no search engine lists them."""

logger = logging.getLogger("parley.web")


class PublicPages:
    """Serves the pages. Every other address gets the same answer, so nothing leaks."""

    def __init__(self, pages: PollPages) -> None:
        self._pages = pages
        self._style = document_style()
        self.headers: Mapping[str, str] = guard.alone(self._style)
        self._server: HttpServer | None = None

    async def start(self, address: Address | None) -> None:
        """Serve at the address until `stop`; None serves nothing. Raises Unavailable if the address can't be used."""
        if address is not None:
            self._server = await listen(self.app(), address, "PARLEY_PUBLIC_BIND")

    async def stop(self) -> None:
        if self._server is not None:
            await self._server.cleanup()
            self._server = None

    def app(self) -> web.Application:
        """Return the application, for a server of your own."""
        app = web.Application(middlewares=[self._middleware])
        app.on_response_prepare.append(self._protect)
        app.router.add_get("/polls/{poll}", self._poll)
        app.router.add_get("/polls/{poll}/{token}", self._private_poll)
        app.router.add_get("/polls/{poll}/{token}/export.{kind}", self._private_file)
        return app

    @web.middleware
    async def _middleware(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        try:
            return await handler(request)
        except (web.HTTPException, NotFound):
            return self._notice(request, 404)
        except Unavailable:
            return self._notice(request, 503)
        except ConnectionError:
            raise
        except Exception:
            logger.exception("bug in a public page")
            return self._notice(request, 503)

    async def _poll(self, request: web.Request) -> web.Response:
        t = guard.reader(request)
        poll = await self._pages.public(request.match_info["poll"], t)
        page = await self._pages.page(poll, t, reader_tag=tag_of_reader(request), style=self._style)
        return page_response(page, {"Cache-Control": f"public, max-age={FINAL_FOR if page.final else OPEN_FOR}"})

    async def _private_poll(self, request: web.Request) -> web.Response:
        t, token = guard.reader(request), request.match_info["token"]
        poll = await self._pages.private(request.match_info["poll"], token, t)
        page = await self._pages.page(poll, t, style=self._style, token=token)
        return page_response(page, UNLISTED)

    async def _private_file(self, request: web.Request) -> web.Response:
        """Send a secret poll's file. A named poll's file holds names, and a link is no membership."""
        t = guard.reader(request)
        poll = await self._pages.private(request.match_info["poll"], request.match_info["token"], t)
        if not poll.secret:
            raise NotFound(poll.id)
        response = download(await self._pages.export(poll, request.match_info["kind"]))
        response.headers.update(UNLISTED)
        return response

    def _notice(self, request: web.Request, status: int) -> web.Response:
        t = guard.reader(request)
        text = (
            poll_page.missing(t, t("There's no such poll here"), self._style)
            if status == HTTPStatus.NOT_FOUND
            else poll_page.later(t, self._style)
        )
        return web.Response(status=status, text=text, content_type="text/html", headers={"Cache-Control": "no-store"})

    async def _protect(self, _request: web.BaseRequest, response: web.StreamResponse) -> None:
        response.headers.update(self.headers)
