"""A line to a server that tests can cut, silence and restore."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Self

from tests.ports import free_port

CHUNK = 65_536


class Line:
    """`async with Line(port) as line:` connections to `line.port` reach the server's port on this machine."""

    def __init__(self, port: int) -> None:
        self._server_port = port
        self.port = free_port()
        self._cuts = 0
        self._listening: asyncio.Server | None = None
        self._open = asyncio.Event()
        self._open.set()
        self._writers: set[asyncio.StreamWriter] = set()

    async def __aenter__(self) -> Self:
        await self.mend()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.cut()

    def url(self, url: str) -> str:
        """Return the server's address through this line."""
        return url.replace(f":{self._server_port}/", f":{self.port}/")

    async def cut(self) -> None:
        """Break every connection, and accept no new one."""
        if self._listening is not None:
            self._listening.close()
        self._cuts += 1
        for writer in list(self._writers):
            writer.transport.abort()
        self._open.set()
        await asyncio.sleep(0)

    async def mend(self) -> None:
        self._listening = await asyncio.start_server(self._connect, "127.0.0.1", self.port)

    def silence(self) -> None:
        """Pass nothing in either direction, without a notice."""
        self._open.clear()

    def speak(self) -> None:
        """Pass everything on again, with what was sent meanwhile."""
        self._open.set()

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        cuts, ends = self._cuts, {writer}
        self._writers.add(writer)
        try:
            there, back = await asyncio.open_connection("127.0.0.1", self._server_port)
            ends.add(back)
            self._writers.add(back)
            if self._cuts == cuts:  # unless it was cut while it was being made
                await asyncio.gather(self._pump(reader, back), self._pump(there, writer))
        except OSError:
            pass
        finally:
            for end in ends:
                end.transport.abort()
            self._writers -= ends

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(CHUNK):
                await self._open.wait()
                writer.write(data)
                await writer.drain()
        writer.close()
