"""Putting an application on an address."""

from __future__ import annotations

from aiohttp import web

from bot.errors import Unavailable
from bot.i18n import translator

IDLE = 30.0
"""Seconds for which a silent connection is kept."""


async def listen(app: web.Application, host: str, port: int) -> web.AppRunner:
    """Serves until the runner is cleaned up. Port 0 takes any free one. Raises Unavailable for a port that is taken."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=2, keepalive_timeout=IDLE)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError as error:
        await runner.cleanup()
        t = translator("en")
        sentence = t("Port {port} on this machine can't be used: {reason}.", port=port, reason=error.strerror)
        raise Unavailable(sentence) from error
    return runner
