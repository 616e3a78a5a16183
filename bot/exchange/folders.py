"""Where a pack is, whose id or folder is named."""

from __future__ import annotations

from pathlib import Path

from bot.errors import NotFound
from bot.library.loader import PACK_FILE, pack_folders, read_pack


def pack_folder(content: Path, pack: str | None) -> Path:
    """The folder of a pack that is named by its id or by its path; the only one in `content` if none is named.

    Raises NotFound, with the ids that there are.
    """
    if pack is None and len(here := _folders(content)) == 1:
        return here[0]
    if pack is not None:
        for folder in (Path(pack), content / pack):
            if (folder / PACK_FILE).is_file():
                return folder
    ids = _by_id(content)
    if pack in ids:
        return ids[pack]
    known = ", ".join(ids) or "none"
    asked = f"No pack is called {pack}" if pack is not None else "Say which pack"
    raise NotFound(f"{asked}: name a pack's folder, or one of those in {content} ({known}).")


def served_folder(content: Path, pack: str) -> Path:
    """The folder in `content` whose pack has this id, wherever the process was started. Raises NotFound."""
    folder = _by_id(content).get(pack)
    if folder is None:
        raise NotFound(f"The topic {pack} is not among the content's files any more.")
    return folder


def _by_id(content: Path) -> dict[str, Path]:
    return {info.id: folder for folder in _folders(content) if (info := read_pack(folder).info) is not None}


def _folders(content: Path) -> list[Path]:
    return list(pack_folders(content)) if content.is_dir() else []
