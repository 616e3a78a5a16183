"""Report this process's health to monitors: `/healthz`, `/readyz` and `/metrics`.

    health = Health(metrics)
    await health.start(address)              # before anything else, so that a long start can be told from a dead one
    health.watch(instance, {"discord": …})   # once packs are read and the database is open
    health.drain()                           # as soon as the process is told to stop
    await health.stop()

The pages never show who is a member, what members ask or how they vote, but they are only for operators.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping

from aiohttp import web

from adapters.http.listen import HttpServer, listen
from adapters.http.prometheus import CONTENT_TYPE, Metrics
from bot.errors import BotError
from bot.instance import Instance
from bot.settings.model import Address
from bot.store import key_value as kept

ANSWERS_WITHIN = 5.0
"""Seconds in which the database answers, or counts as silent."""
OK, STARTING, DRAINING = "ok", "starting", "draining"

logger = logging.getLogger("parley.health")

Connected = Callable[[], bool]


class Health:
    """Knows the stage of a process: starting, running or draining."""

    def __init__(self, metrics: Metrics, *, answers_within: float = ANSWERS_WITHIN) -> None:
        self._metrics = metrics
        self._answers_within = answers_within
        self._instance: Instance | None = None
        self._platforms: Mapping[str, Connected] = {}
        self._draining = False
        self._server: HttpServer | None = None

    async def start(self, address: Address | None) -> str:
        """Serve at the address until `stop`, and return the URL; "" without an address.

        Raises Unavailable if the address can't be used.
        """
        if address is None:
            return ""
        self._server = await listen(self.app(), address, "PARLEY_HEALTH_BIND")
        return f"http://{Address(*self._server.addresses[0][:2])}"

    async def stop(self) -> None:
        if self._server is not None:
            await self._server.cleanup()
            self._server = None

    def watch(self, instance: Instance, platforms: Mapping[str, Connected]) -> None:
        """Note that the packs are read, the database is current and these platforms are configured."""
        self._instance, self._platforms = instance, platforms

    def drain(self) -> None:
        """Note that the process is finishing its work: a balancer sends it no new requests."""
        self._draining = True

    def app(self) -> web.Application:
        """Return the application, for a server of your own."""
        app = web.Application(client_max_size=1)
        app.on_response_prepare.append(_protect)
        app.router.add_get("/healthz", self._healthz)
        app.router.add_get("/readyz", self._readyz)
        app.router.add_get("/metrics", self._metrics_page)
        return app

    async def _healthz(self, _request: web.Request) -> web.Response:
        """Answer whether the process is alive. Any answer proves that the event loop runs."""
        return _report({"loop": OK, "database": await self._database()}, fine={OK, STARTING})

    async def _readyz(self, _request: web.Request) -> web.Response:
        """Answer whether this process is ready for work."""
        state = DRAINING if self._draining else STARTING if self._instance is None else OK
        checks = {"process": state, "database": await self._database()}
        if self._instance is not None and checks["database"] == OK:
            checks["database"] = self._instance.box.state.value
        return _report(checks | {name: OK if is_up else "away" for name, is_up in self._connected().items()}, fine={OK})

    async def _metrics_page(self, _request: web.Request) -> web.Response:
        body = await self._metrics.exposition(self._instance, self._connected())
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE})

    def _connected(self) -> dict[str, bool]:
        return {name: connected() for name, connected in self._platforms.items()}

    async def _database(self) -> str:
        """Return `ok` or a word for the fault. During the start, another process may be migrating, which is no
        fault."""
        if self._instance is None:
            return STARTING
        try:
            async with asyncio.timeout(self._answers_within):
                await self._instance.database.read(kept.answers)
        except TimeoutError:
            return "silent"
        except BotError:
            return "away"
        except Exception:
            logger.exception("bug while checking whether the database answers")
            return "broken"
        return OK


def _report(checks: Mapping[str, str], fine: set[str]) -> web.Response:
    is_fine = set(checks.values()) <= fine
    return web.json_response({"ok": is_fine, "checks": checks}, status=200 if is_fine else 503)


async def _protect(_request: web.BaseRequest, response: web.StreamResponse) -> None:
    response.headers.update({"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"})
