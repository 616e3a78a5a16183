"""The addresses of polls' pages in the web chat."""

from __future__ import annotations

import re
from dataclasses import dataclass

from aiohttp import web

from adapters.web import asked, guard, poll_page
from adapters.web.pages import PollPages, answered, known_tag
from bot.chat import Actor, Attachment
from bot.errors import NotFound


def add_poll_routes(app: web.Application, pages: PollPages, visitor: Actor) -> None:
    """Serves the polls that this visitor may see: their pages, their exports, and a look for a receipt."""
    routes = _PollRoutes(pages, visitor)
    app.router.add_get("/polls/{poll}", routes.page)
    app.router.add_get("/polls/{poll}/export.{kind}", routes.export)
    app.router.add_post("/api/receipt", routes.receipt)


@dataclass(frozen=True, slots=True)
class _PollRoutes:
    pages: PollPages
    visitor: Actor

    async def page(self, request: web.Request) -> web.Response:
        t = guard.reader(request)
        try:
            poll = await self.pages.seen_by(request.match_info["poll"], self.visitor, t)
        except NotFound:
            return _missing(request)
        page = await self.pages.page(poll, t, known=known_tag(request))
        return answered(page, {"Cache-Control": "no-cache", "Vary": "Accept-Language"})

    async def export(self, request: web.Request) -> web.Response:
        try:
            poll = await self.pages.seen_by(request.match_info["poll"], self.visitor, guard.reader(request))
            return download(await self.pages.export(poll, request.match_info["kind"]))
        except NotFound:
            return _missing(request)

    async def receipt(self, request: web.Request) -> web.Response:
        t = guard.reader(request)
        body = await asked.body(request)
        poll = await self.pages.seen_by(asked.string(body, "poll", 40, t), self.visitor, t)
        included, said = await self.pages.receipt(poll, asked.string(body, "code", 200, t), t)
        return web.json_response({"included": included, "answer": said}, headers={"Cache-Control": "no-store"})


def _missing(request: web.Request) -> web.Response:
    return web.Response(status=404, text=poll_page.missing(guard.reader(request)), content_type="text/html")


def download(file: Attachment) -> web.Response:
    """As a file to save. Only ASCII letters, digits, dots and dashes stay in its name."""
    name = re.sub(r"[^A-Za-z0-9._-]", "_", file.name)
    headers = {"Cache-Control": "no-store", "Content-Disposition": f'attachment; filename="{name}"'}
    return web.Response(text=file.content, content_type=file.media_type, headers=headers)
