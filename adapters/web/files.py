"""The styles, scripts and pictures of a page, read once.

What is served so belongs together, whatever happens to the files while the program runs; and no request waits for a
disk. A browser keeps them and asks each time whether they are still the same, so that after an upgrade it never joins
old with new.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from aiohttp import ETag, web

STATIC = Path(__file__).parent / "static"
TYPES: Mapping[str, str] = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


@dataclass(frozen=True, slots=True)
class _File:
    body: bytes
    content_type: str
    tag: str


class Files:
    """The files of some folders, by name; nothing else is there, whatever path is asked for."""

    def __init__(self, *folders: Path) -> None:
        found = (file for folder in folders for file in folder.iterdir() if file.suffix in TYPES)
        self._files = {file.name: _read(file) for file in found}

    async def answer(self, request: web.Request) -> web.Response:
        """The file that the address names, or 304 where the reader has it. Raises HTTPNotFound."""
        file = self._files.get(request.match_info["name"])
        if file is None:
            raise web.HTTPNotFound
        known = any(tag.value in {file.tag, "*"} for tag in request.if_none_match or ())
        response = web.Response(
            status=304 if known else 200,
            body=None if known else file.body,
            content_type=file.content_type,
            charset="utf-8",
            headers={"Cache-Control": "no-cache"},
        )
        response.etag = ETag(file.tag)
        return response


def _read(file: Path) -> _File:
    body = file.read_bytes()
    return _File(body, TYPES[file.suffix], hashlib.sha256(body).hexdigest()[:32])
