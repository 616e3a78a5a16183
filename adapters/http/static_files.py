"""Serve a page's styles, scripts and pictures, read once at the start.

So all served files belong together even if they change on disk meanwhile, and no request waits for the disk. A browser
caches them and revalidates them each time, so after an upgrade it never mixes old with new.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from aiohttp import ETag, web

SHARED = Path(__file__).parent / "static"
"""Files of all pages: colours and fonts, the documents' style, the icon."""
TYPES: Mapping[str, str] = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
}


@dataclass(frozen=True, slots=True)
class _File:
    body: bytes
    content_type: str
    tag: str


class Files:
    """Serves the files of some folders by name, and nothing else."""

    def __init__(self, *folders: Path) -> None:
        served = (file for folder in folders for file in folder.iterdir() if file.suffix in TYPES)
        self._files = {file.name: _read(file) for file in served}

    async def answer(self, request: web.Request) -> web.Response:
        """Respond with the named file, or with 304 if the browser has it. Raises HTTPNotFound."""
        file = self._files.get(request.match_info["name"])
        if file is None:
            raise web.HTTPNotFound
        unchanged = any(tag.value in {file.tag, "*"} for tag in request.if_none_match or ())
        response = web.Response(
            status=304 if unchanged else 200,
            body=None if unchanged else file.body,
            content_type=file.content_type,
            charset=None if file.content_type.startswith("font/") else "utf-8",
            headers={"Cache-Control": "no-cache"},
        )
        response.etag = ETag(file.tag)
        return response


def document_style() -> str:
    """Return the style of a self-contained page, with its fonts inside."""
    return _with_fonts("".join((SHARED / name).read_text("utf-8") for name in ("theme.css", "document.css")))


@cache
def font_faces() -> str:
    """Return the fonts as a style for an embedded picture, which can't load any."""
    return _with_fonts((SHARED / "theme.css").read_text("utf-8").partition("/* --- colours --- */")[0])


def _with_fonts(style: str) -> str:
    for file in SHARED.glob("*.woff2"):
        font = base64.b64encode(file.read_bytes()).decode("ascii")
        style = style.replace(f'url("/static/{file.name}")', f'url("data:font/woff2;base64,{font}")')
    return style


def _read(file: Path) -> _File:
    body = file.read_bytes()
    return _File(body, TYPES[file.suffix], hashlib.sha256(body).hexdigest())
