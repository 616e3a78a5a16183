"""Which pack is meant by a word on the command line."""

from __future__ import annotations

from pathlib import Path

from bot.errors import NotFound
from bot.library.loader import PACK_FILE, pack_folders, read_pack


def pack_folder(content: Path, pack: str | None) -> Path:
    """The folder of a pack that is named by its id or by its path; the only one in `content` if none is named.

    Raises NotFound, with the ids that there are.
    """
    here = list(pack_folders(content)) if content.is_dir() else []
    if pack is None and len(here) == 1:
        return here[0]
    if pack is not None:
        for folder in (Path(pack), content / pack):
            if (folder / PACK_FILE).is_file():
                return folder
    ids = {info.id: folder for folder in here if (info := read_pack(folder).info) is not None}
    if pack in ids:
        return ids[pack]
    known = ", ".join(ids) or "none"
    asked = f"No pack is called {pack}" if pack is not None else "Say which pack"
    raise NotFound(f"{asked}: name a pack's folder, or one of those in {content} ({known}).")
