"""The web chat: a page on this machine where one person can play several members and try everything.

`WebChat(bot, clock=…, ids=…)`, then `await chat.start(host, port)`, and `await chat.stop()` at the end.
"""

from __future__ import annotations

import html
import re
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from aiohttp import web

from adapters.http import guard
from adapters.http.listen import HttpServer, listen
from adapters.http.static_files import SHARED, Files
from adapters.web import render
from adapters.web.chat_routes import ChatRoutes
from adapters.web.conversation import EVERYONE, Conversation
from adapters.web.discussion_routes import add_discussion_routes
from adapters.web.members import MEMBERS, NAME, PLACE, VISITOR, WORKSPACE, Member
from adapters.web.pages import PollPages
from adapters.web.poll_routes import add_poll_routes
from adapters.web.words import words
from bot.chat.platform import Limits
from bot.chat.vocabulary import MessageRef, Place, Reply
from bot.dispatch.bot import Bot, bug_notice
from bot.errors import BotError, NotAllowed, NotFound, PlaceGone, Unavailable
from bot.i18n import N_, Translator, translator
from bot.settings.model import Address
from bot.telemetry.request_id import request_scope

PORT = 8765
STATIC = Path(__file__).parent / "static"
NO_PAGE = N_("There's nothing at this address.")
HTTP_ERRORS: Mapping[int, str] = {
    400: N_("I can't read the request. Send it again."),
    413: N_("That's too long to send at once. Shorten it."),
}
"""Sentences by HTTP status; any other status has NO_PAGE."""


class WebChat:
    """The platform `web`. It keeps public messages and each member's private answers in memory."""

    name = NAME
    limits: Limits = render.LIMITS
    forgets = True

    def __init__(
        self,
        bot: Bot,
        *,
        clock: Callable[[], datetime],
        ids: Callable[[], str],
        pages: PollPages | None = None,
        members: Sequence[Member] = MEMBERS,
        token: Callable[[], str] = secrets.token_urlsafe,
    ) -> None:
        self._bot = bot
        self._members = {member.id: member for member in members}
        self._token = token()
        self._conversation = Conversation(clock, ids)
        self._pages = pages
        self._routes = ChatRoutes(
            bot, self._conversation, self._members, clock, self._token, has_poll_pages=pages is not None
        )
        self._index = (STATIC / "index.html").read_text(encoding="utf-8")
        self._server: HttpServer | None = None

    # --- the platform ---

    async def post(self, place: Place, reply: Reply) -> MessageRef:
        return MessageRef(place, self._conversation.add(audience=self._audience(place), reply=reply).id)

    async def edit(self, ref: MessageRef, reply: Reply) -> None:
        """Redraw the message. Add an unknown one, as after a restart, under the same id."""
        self._conversation.restore(ref.id, self._audience(ref.place), reply)

    async def has_channel(self, workspace: str, channel: str) -> bool:
        return (workspace, channel) == (PLACE.workspace, PLACE.channel)

    async def has_role(self, workspace: str, role: str) -> bool:  # noqa: ARG002 - the demonstration's members have none
        return False

    async def tell(self, workspace: str, person: str, reply: Reply) -> bool:
        """Show the reply to only one member of the demonstration."""
        if workspace != WORKSPACE or person not in self._members:
            return False
        self._conversation.add(audience=person, reply=reply)
        return True

    def _audience(self, place: Place) -> str:
        """Return the audience of the place. Raises PlaceGone if the demonstration doesn't have it."""
        if place == PLACE:
            return EVERYONE
        if place.direct and place.workspace == WORKSPACE and place.channel in self._members:
            return place.channel
        raise PlaceGone(translator("en")("There is no such place here."))

    # --- the server ---

    async def start(self, host: str = "127.0.0.1", port: int = PORT) -> str:
        """Serve until `stop`, and return the page's address. Port 0 takes any free one.

        Raises Refused for an address that other machines could reach, Unavailable for a taken port.
        """
        self._server = await listen(self.app(), Address(guard.loopback(host, translator("en")), port), "PARLEY_PORT")
        return f"http://{Address(*self._server.addresses[0])}/"

    async def stop(self) -> None:
        if self._server is not None:
            await self._server.cleanup()
            self._server = None

    def app(self) -> web.Application:
        """Return the application, for a server of your own."""
        app = web.Application(client_max_size=guard.BODY_MAX, middlewares=[self._middleware])
        app.on_response_prepare.append(guard.protect)
        app.on_startup.append(self._join)
        app.on_shutdown.append(self._leave)
        app.router.add_get("/", self._page)
        app.router.add_get("/static/{name}", Files(STATIC, SHARED).answer)
        self._routes.add_to(app)
        if self._pages is not None:
            add_poll_routes(app, self._pages, VISITOR)
            add_discussion_routes(app, self._pages, VISITOR)
        return app

    async def _join(self, _app: web.Application) -> None:
        self._bot.platforms[NAME] = self

    async def _leave(self, _app: web.Application) -> None:
        self._bot.platforms.pop(NAME, None)
        self._conversation.close()

    @web.middleware
    async def _middleware(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        with request_scope(self._bot.new_reference):
            return await self._let_in(request, handler)

    async def _let_in(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        t = guard.reader(request)
        try:
            return guard.refuse(request, self._token) or await handler(request)
        except (web.HTTPException, BotError) as error:
            return _refusal(error, t)
        except ConnectionError:
            raise
        except Exception as bug:
            reference = self._bot.report(request.path, bug)
            return guard.problem(500, bug_notice(reference, t))

    async def _page(self, request: web.Request) -> web.Response:
        t = guard.reader(request)
        sentences = {**words(t.locale), "lang": t.locale}
        document = re.sub(r"\{\{(\w+)\}\}", lambda match: html.escape(sentences[match[1]]), self._index)
        return web.Response(text=document, content_type="text/html", headers={"Cache-Control": "no-cache"})


def _refusal(error: web.HTTPException | BotError, t: Translator) -> web.Response:
    match error:
        case web.HTTPException():
            return guard.problem(error.status, t(HTTP_ERRORS.get(error.status, NO_PAGE)))
        case Unavailable():
            return guard.problem(503, t(error.message))
        case NotAllowed():
            return guard.problem(403, error.message)
        case NotFound():
            return guard.problem(404, error.message)
    return guard.problem(400, error.message)
