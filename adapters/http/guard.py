"""Keep other sites out of a server that runs on a person's own machine.

A page elsewhere can make the browser send requests to 127.0.0.1 and, by pointing its own name there (DNS rebinding),
even read the answers. So every request must name this machine as its host, and a request that changes something must
come from this page: by its Origin, by Sec-Fetch-Site, as JSON, with the token that only this page can read.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping

from aiohttp import web

from adapters.http.languages import negotiate
from bot.errors import Refused
from bot.i18n import Translator, translator

LOOPBACK: Mapping[str, str] = {"127.0.0.1": "127.0.0.1", "localhost": "127.0.0.1", "::1": "::1"}
"""Names for serving this machine, and the address of each."""

BODY_MAX = 256 * 1024
HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}

PROOF_HEADER = "X-Parley-Token"
HTTP_PORT = 80
LANG_HEADER = "X-Parley-Lang"


def loopback(host: str, t: Translator) -> str:
    """Return the address to bind to. Raises Refused for one that other machines could reach."""
    address = LOOPBACK.get(host.strip("[]").lower())
    if address is None:
        raise Refused(
            t(
                "Use 127.0.0.1, localhost or ::1 instead of {host}. The web chat lets anyone be any member, so it "
                "stays on this machine.",
                host=host,
            )
        )
    return address


def alone(style: str) -> dict[str, str]:
    """Return the protective headers of a page that contains this style, loads nothing and runs nothing."""
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode("ascii")
    policy = (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; font-src data:; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'"
    )
    return {**HEADERS, "Content-Security-Policy": policy, "Vary": "Accept-Language"}


def reader(request: web.Request) -> Translator:
    """Choose the reader's language: the page's `?lang=`, else the browser's preference."""
    headers = request.headers
    preference = request.query.get("lang") or headers.get(LANG_HEADER) or headers.get("Accept-Language")
    return translator(negotiate(preference or ""))


def refuse(request: web.Request, token: str) -> web.Response | None:
    """Return the error response for a request that must be refused, or None."""
    t = reader(request)
    if not _names_this_machine(request):
        return problem(403, t("Open this chat at http://127.0.0.1 and its port. It stays on this machine."))
    if request.path.startswith("/api/") and not _from_this_page(request):
        return problem(403, t("This request came from another site, so I refused it."))
    return _refuse_change(request, token, t) if request.method == "POST" else None


def _refuse_change(request: web.Request, token: str, t: Translator) -> web.Response | None:
    if request.content_type != "application/json":
        return problem(415, t("Send the request as JSON."))
    if not hmac.compare_digest(request.headers.get(PROOF_HEADER, "").encode(), token.encode()):
        return problem(403, t("The bot has restarted. Reload this page."), code="token")
    return None


def problem(status: int, sentence: str, *, code: str = "") -> web.Response:
    return web.json_response({"error": sentence, "code": code}, status=status)


async def protect(_request: web.BaseRequest, response: web.StreamResponse) -> None:
    """Set the protective headers on every response."""
    response.headers.update(HEADERS)


def _names_this_machine(request: web.Request) -> bool:
    _, port, *_ = request.get_extra_info("sockname", ("", None))
    names = [f"[{name}]" if ":" in name else name for name in LOOPBACK]
    allowed = {f"{name}:{port}" for name in names} | (set(names) if port == HTTP_PORT else set())
    return request.headers.getall("Host", []) in [[host] for host in allowed]


def _from_this_page(request: web.Request) -> bool:
    """Check a browser's headers. Other programs send neither, and still need the token to change anything."""
    site = request.headers.get("Sec-Fetch-Site", "same-origin")
    origin = request.headers.get("Origin")
    direct = request.method == "GET" and site == "none"
    return (site == "same-origin" or direct) and origin in {None, f"http://{request.headers['Host']}"}
