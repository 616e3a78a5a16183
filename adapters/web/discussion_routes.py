"""Routes of discussions' pages in the web chat."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web

from adapters.http import guard
from adapters.web import discussion_page
from adapters.web.pages import PollPages
from adapters.web.poll_routes import download, missing_page
from bot.chat.vocabulary import Actor
from bot.commands import discussion_results
from bot.errors import NotFound
from bot.polls.model import PollState


def add_discussion_routes(app: web.Application, pages: PollPages, visitor: Actor) -> None:
    """Serve the pages and exports of discussions that this visitor may see."""
    routes = _DiscussionRoutes(pages, visitor)
    app.router.add_get("/discussions/{discussion}", routes.page)
    app.router.add_get("/discussions/{discussion}/export.{kind}", routes.export)


@dataclass(frozen=True, slots=True)
class _DiscussionRoutes:
    pages: PollPages
    visitor: Actor

    async def page(self, request: web.Request) -> web.Response:
        t = guard.reader(request)
        try:
            discussion = await self.pages.discussion(request.match_info["discussion"], self.visitor, t)
        except NotFound:
            return _missing(request)
        html = discussion_page.page(t, discussion, await self.pages.zone_of(discussion.community))
        headers = {"Cache-Control": "no-cache", "Vary": "Accept-Language"}
        return web.Response(text=html, content_type="text/html", headers=headers)

    async def export(self, request: web.Request) -> web.Response:
        """Send a closed discussion as a file."""
        t = guard.reader(request)
        try:
            discussion = await self.pages.discussion(request.match_info["discussion"], self.visitor, t)
        except NotFound:
            return _missing(request)
        suffix = f".{request.match_info['kind']}"
        files = discussion_results.files(t, discussion) if discussion.state is PollState.CLOSED else ()
        file = next((each for each in files if each.name.endswith(suffix)), None)
        return _missing(request) if file is None else download(file)


def _missing(request: web.Request) -> web.Response:
    t = guard.reader(request)
    return missing_page(t, t("There's no such discussion here"))
