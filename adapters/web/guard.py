"""Keeps other sites out of a server that runs on a person's own machine.

A page elsewhere can make the browser send requests to 127.0.0.1, and, by pointing its own name there (DNS
rebinding), even read the answers. So every request must name this machine as its host, and whatever changes
something must come from this page: by its Origin, by Sec-Fetch-Site, as JSON, with the token that only this page
can read.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping

from aiohttp import web

from adapters.web.words import negotiate
from bot.errors import Refused
from bot.i18n import Translator, translator

LOOPBACK: Mapping[str, str] = {"127.0.0.1": "127.0.0.1", "localhost": "127.0.0.1", "::1": "::1"}
"""The names under which this machine may be served, and the address each stands for."""

BODY_MAX = 256 * 1024
HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}

TOKEN_HEADER = "X-Parley-Token"  # noqa: S105 - the name of a header, not a secret
LANG_HEADER = "X-Parley-Lang"


def loopback(host: str, t: Translator) -> str:
    """The address to bind to. Raises Refused for any that other machines could reach."""
    address = LOOPBACK.get(host.strip("[]").lower())
    if address is None:
        raise Refused(
            t(
                "The web chat lets anyone be any member, so it is served on this machine alone. Use 127.0.0.1, "
                "localhost or ::1 instead of {host}.",
                host=host,
            )
        )
    return address


def alone(style: str) -> dict[str, str]:
    """The protecting headers of a page that carries this style, and loads and runs nothing."""
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode("ascii")
    policy = (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'"
    )
    return {**HEADERS, "Content-Security-Policy": policy, "Vary": "Accept-Language"}


def reader(request: web.Request) -> Translator:
    """The language of whoever reads the answer: `?lang=` of the page, else what the browser prefers."""
    headers = request.headers
    wanted = request.query.get("lang") or headers.get(LANG_HEADER) or headers.get("Accept-Language")
    return translator(negotiate(wanted or ""))


def refuse(request: web.Request, token: str) -> web.Response | None:
    """What to answer to a request that may not go on, or None if it may."""
    t = reader(request)
    if not _names_this_machine(request):
        return problem(403, t("This chat is served to this machine alone. Open it at http://127.0.0.1 and its port."))
    if request.path.startswith("/api/") and not _from_this_page(request):
        return problem(403, t("This request came from another site, so it was refused."))
    return _refuse_change(request, token, t) if request.method == "POST" else None


def _refuse_change(request: web.Request, token: str, t: Translator) -> web.Response | None:
    if request.content_type != "application/json":
        return problem(415, t("The request must be JSON."))
    if not hmac.compare_digest(request.headers.get(TOKEN_HEADER, "").encode(), token.encode()):
        return problem(403, t("This page is from an earlier start of the bot. Reload it."), code="token")
    return None


def problem(status: int, sentence: str, *, code: str = "") -> web.Response:
    return web.json_response({"error": sentence, "code": code}, status=status)


async def protect(_request: web.BaseRequest, response: web.StreamResponse) -> None:
    """Puts the protecting headers on whatever is answered."""
    response.headers.update(HEADERS)


def _names_this_machine(request: web.Request) -> bool:
    port = _port(request)
    names = [f"[{name}]" if ":" in name else name for name in LOOPBACK]
    allowed = {f"{name}:{port}" for name in names} | (set(names) if port == 80 else set())  # noqa: PLR2004 - http's own
    return request.headers.getall("Host", []) in [[host] for host in allowed]


def _port(request: web.Request) -> int:
    name = request.get_extra_info("sockname")
    return int(name[1]) if name else -1


def _from_this_page(request: web.Request) -> bool:
    """A program that is no browser sends neither header; it still needs the token to change anything."""
    site = request.headers.get("Sec-Fetch-Site", "same-origin")
    origin = request.headers.get("Origin")
    direct = request.method == "GET" and site == "none"
    return (site == "same-origin" or direct) and origin in {None, f"http://{request.headers['Host']}"}
