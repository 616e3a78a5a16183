"""Where a pack is, whose id or folder is named."""

from __future__ import annotations

from pathlib import Path

from bot.errors import NotFound
from bot.packs.loader import pack_folders, read_pack
from bot.packs.reading import PACK_FILE


def pack_folder(content: Path, pack: str | None, *, only: bool = False) -> Path:
    """The folder of a pack that is named by its id or by its path; the only one in `content` if none is named.

    A name is first looked for in the working folder, unless `only` says that it is a name in `content`.
    Raises NotFound, with the ids that there are.
    """
    if pack is None and len(here := _folders(content)) == 1:
        return here[0]
    if pack is not None:
        for folder in places_of(content, Path(pack), only=only):
            if (folder / PACK_FILE).is_file():
                return folder
    ids = _by_id(content)
    if pack in ids:
        return ids[pack]
    id_list = ", ".join(ids) or "none"
    problem = f"There's no pack {pack}" if pack is not None else "Name the pack"
    raise NotFound(f"{problem}: name a pack's folder, or one of those in {content} ({id_list}).")


def places_of(content: Path, pack: Path, *, only: bool) -> tuple[Path, ...]:
    """Where something that an editor names can be, best first.

    Where the editor has named `content` too (`only`), a bare name is one in there, and a path may still be a path.
    """
    if not only:
        return pack, content / pack
    return (content / pack,) if len(pack.parts) == 1 else (content / pack, pack)


def served_folder(content: Path, pack: str) -> Path:
    """The folder in `content` whose pack has this id, wherever the process was started. Raises NotFound."""
    folder = _by_id(content).get(pack)
    if folder is None:
        raise NotFound(f"The topic {pack} is no longer among the content's files.")
    return folder


def _by_id(content: Path) -> dict[str, Path]:
    return {info.id: folder for folder in _folders(content) if (info := read_pack(folder).info) is not None}


def _folders(content: Path) -> list[Path]:
    return list(pack_folders(content)) if content.is_dir() else []
