"""Files, which Slack accepts at once and processes later: S-upload, S-processed.
https://docs.slack.dev/messaging/working-with-files"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from aiohttp import web

from bot.aio import hold_task
from tests.wire.slack.model import Channel, File, Json, Team

if TYPE_CHECKING:
    from tests.wire.slack.server import SlackServer

PROCESSING = 0.05
"""Seconds until a file is processed."""


def is_ready(team: Team, file_id: Any) -> bool:
    """Tell whether a `slack_file` can be shown: S-picture."""
    name = file_id.get("id") if isinstance(file_id, dict) else None
    return name in team.files and team.files[name].ready


class Uploads:
    """Receives uploads, and processes them."""

    def __init__(self, server: SlackServer) -> None:
        self._server = server
        self._processing: set[asyncio.Task[None]] = set()

    async def serve(self, request: web.Request) -> web.Response:
        file = self._server.teams[request.match_info["team"]].files[request.match_info["file"]]
        if request.content_type.startswith("multipart/"):
            part = next(iter((await request.post()).values()))
            content = part.file.read() if isinstance(part, web.FileField) else str(part).encode()
        else:
            content = await request.read()
        if len(content) != file.length:
            wrong = f"{len(content)} bytes, {file.length} were announced"
            self._server.violated("upload", "size_mismatch", wrong)
            return web.Response(status=400, text="size mismatch")
        file.content = content
        return web.Response(text=f"OK - {len(content)}")

    def process(self, files: Sequence[File], channel: Channel | None, arguments: Json) -> None:
        """Process files after the response and share them in the channel, as Slack does."""
        hold_task(asyncio.ensure_future(self._process(files, channel, arguments)), self._processing)

    def stop(self) -> None:
        for task in self._processing:
            task.cancel()

    async def _process(self, files: Sequence[File], channel: Channel | None, arguments: Json) -> None:
        await asyncio.sleep(PROCESSING)
        if self._server.faults.stall_files:
            return
        for file in files:
            file.ready = True
        if channel is not None:
            comment = {"text": arguments.get("initial_comment"), "thread_ts": arguments.get("thread_ts")}
            message = self._server.keep(channel, comment, [])
            message.files = tuple(file.id for file in files)
        self._server.happened(f"files {', '.join(file.id for file in files)} are ready")
