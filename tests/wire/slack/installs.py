"""Install the app in workspaces: Slack asks a person, gives a code for a yes, and a token for the code.

https://docs.slack.dev/authentication/installing-with-oauth
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from html import escape, unescape
from http.cookies import SimpleCookie
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit

import aiohttp
from aiohttp import web

from tests.wire.slack.api import Call
from tests.wire.slack.errors import Refused
from tests.wire.slack.model import APP, BOT, Json, Team

if TYPE_CHECKING:
    from tests.wire.slack.server import SlackServer

CLIENT_ID, CLIENT_SECRET = "1.1", "local-client-secret"
CODE_LIVES = timedelta(minutes=10)
SCOPES = "commands,chat:write"


class Installs:
    """Installations of the app. `redirect_url` is the one in the app's settings.

    `exchange` adds `extra` to its answers, as Slack does for apps with other settings.
    """

    def __init__(self, server: SlackServer) -> None:
        self._server = server
        self._codes: dict[str, tuple[Team, str, datetime]] = {}
        self.redirect_url = ""
        self.extra: Json = {}

    def allow(self, team: Team, scope: str = SCOPES) -> str:
        """Approve the app for the workspace, and return the code that the browser takes to it."""
        code = self._server.new_id("code")
        self._codes[code] = team, scope, self._server.now()
        return code

    async def ask(self, request: web.Request) -> web.Response:
        """Ask the person for approval. `answer` is the id of the workspace that approves; an empty one declines."""
        query = request.query
        if query.get("client_id") != CLIENT_ID or not query.get("scope") or not self.redirect_url:
            self._server.violated("oauth.v2.authorize", "bad_request", str(dict(query)))
            return web.Response(status=400)
        if "answer" not in query:
            return web.Response(text=self._question(str(request.rel_url)), content_type="text/html")
        team = self._server.teams.get(query["answer"])
        answer = {"code": self.allow(team, query["scope"])} if team else {"error": "access_denied"}
        back = {**answer, "state": query.get("state", "")}
        raise web.HTTPFound(f"{self.redirect_url}?{urlencode(back)}")

    def _question(self, url: str) -> str:
        """Return the question as a page, for a real browser."""
        choices = {"Cancel": "", **{f"Allow in {team.name}": team.id for team in self._server.teams.values()}}
        links = (f'<a href="{escape(url)}&amp;answer={answer}">{escape(name)}</a>' for name, answer in choices.items())
        icon = '<link rel="icon" href="data:,">'
        return f"<!doctype html><title>Slack</title>{icon}<h1>Parley asks for permission</h1>{' '.join(links)}"

    def exchange(self, call: Call) -> Json:
        """Answer oauth.v2.access. A code works once, within ten minutes."""
        if call.get("client_id") != CLIENT_ID or call.get("client_secret") != CLIENT_SECRET:
            raise Refused("bad_client_secret")
        team, scope, issued_at = self._codes.pop(call.get("code"), (None, "", self._server.now()))
        if team is None or self._server.now() - issued_at > CODE_LIVES:
            raise Refused("invalid_code")
        team.token = f"xoxb-local-{team.id}-{secrets.token_hex(4)}"
        installer = next(iter(team.users), "U0")
        return {
            "access_token": team.token,
            "token_type": "bot",
            "scope": scope,
            "bot_user_id": BOT,
            "app_id": APP,
            "team": {"id": team.id, "name": team.name},
            "enterprise": None,
            "is_enterprise_install": False,
            "authed_user": {"id": installer},
            **self.extra,
        }


@dataclass(frozen=True, slots=True)
class Page:
    """A page in a browser."""

    status: int
    url: str
    html: str
    headers: dict[str, str]

    @property
    def links(self) -> list[str]:
        addresses = re.findall(r'<a href="([^"]*)"', self.html)
        return [urljoin(self.url, unescape(address)) for address in addresses]

    def link(self, label: str) -> str:
        """Return the address of the link with these words. Raises ValueError without one."""
        labels = re.findall(r"<a [^>]*>(.*?)</a>", self.html)
        return self.links[labels.index(label)]


@dataclass(slots=True)
class Browser:
    """The browser of a person who installs the app. It keeps «secure» cookies over plain HTTP too, as on loopback."""

    cookies: dict[str, str] = field(default_factory=dict)
    language: str = "en"

    async def open(self, url: str, *, method: str = "GET", follow: bool = True) -> Page:
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        headers = {"cookie": cookies, "accept-language": self.language}
        async with (
            aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session,
            session.request(method, url, headers=headers, allow_redirects=False) as response,
        ):
            self._keep(response.headers.getall("Set-Cookie", []))
            if follow and response.status in {301, 302, 303}:
                return await self.open(urljoin(url, response.headers["Location"]))
            return Page(response.status, url, await response.text(), dict(response.headers))

    async def answer(self, question: str, team: Team | None) -> Page:
        """Approve for this workspace or decline, and return to the app."""
        return await self.open(f"{question}&answer={team.id if team else ''}")

    async def install(self, url: str, team: Team) -> Page:
        """Install the app, from its install page by the page's only link."""
        return await self.answer((await self.open(url)).links[0], team)

    def _keep(self, cookies: list[str]) -> None:
        for line in cookies:
            for name, cookie in SimpleCookie(line).items():
                if cookie["expires"] or cookie["max-age"] == "0":
                    self.cookies.pop(name, None)
                else:
                    self.cookies[name] = cookie.value


def query_of(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
