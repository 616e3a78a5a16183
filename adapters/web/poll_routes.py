"""Routes of polls' pages in the web chat."""

from __future__ import annotations

import re
from dataclasses import dataclass

from aiohttp import web

from adapters.http import guard
from adapters.web import poll_page, request_body
from adapters.web.pages import PollPages, page_response, tag_of_reader
from bot.chat.vocabulary import Actor, Attachment
from bot.errors import NotFound
from bot.i18n import Translator


def add_poll_routes(app: web.Application, pages: PollPages, visitor: Actor) -> None:
    """Serve the pages, exports and receipt checks of polls that this visitor may see."""
    routes = _PollRoutes(pages, visitor)
    app.router.add_get("/polls/{poll}", routes.page)
    app.router.add_get("/polls/{poll}/export.{kind}", routes.export)
    app.router.add_post("/api/receipt", routes.receipt)
    app.router.add_get("/decisions/{decision}", routes.decision)


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
        page = await self.pages.page(poll, t, reader_tag=tag_of_reader(request))
        return page_response(page, {"Cache-Control": "no-cache", "Vary": "Accept-Language"})

    async def decision(self, request: web.Request) -> web.Response:
        """Show a public decision."""
        t = guard.reader(request)
        try:
            html = await self.pages.decision(request.match_info["decision"], self.visitor, t)
        except NotFound:
            return missing_page(t, t("There's no such decision here"))
        headers = {"Cache-Control": "no-cache", "Vary": "Accept-Language"}
        return web.Response(text=html, content_type="text/html", headers=headers)

    async def export(self, request: web.Request) -> web.Response:
        try:
            poll = await self.pages.seen_by(request.match_info["poll"], self.visitor, guard.reader(request))
            return download(await self.pages.export(poll, request.match_info["kind"]))
        except NotFound:
            return _missing(request)

    async def receipt(self, request: web.Request) -> web.Response:
        t = guard.reader(request)
        body = await request_body.body(request)
        poll_id = request_body.string(body, "poll", 40, t)
        included, sentence = await self.pages.receipt(
            poll_id, request_body.string(body, "code", 200, t), self.visitor, t
        )
        return web.json_response({"included": included, "answer": sentence}, headers={"Cache-Control": "no-store"})


def _missing(request: web.Request) -> web.Response:
    t = guard.reader(request)
    return missing_page(t, t("There's no such poll here"))


def missing_page(t: Translator, title: str) -> web.Response:
    """Respond with 404 and a page whose title names the missing thing."""
    return web.Response(status=404, text=poll_page.missing(t, title), content_type="text/html")


def download(file: Attachment) -> web.Response:
    """Respond with a file to save. Its name keeps ASCII letters, digits, dots and dashes only."""
    name = re.sub(r"[^A-Za-z0-9._-]", "_", file.name)
    headers = {"Cache-Control": "no-store", "Content-Disposition": f'attachment; filename="{name}"'}
    return web.Response(text=file.content, content_type=file.media_type, headers=headers)
