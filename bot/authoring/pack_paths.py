"""Find a pack's folder from its id or path."""

from __future__ import annotations

from pathlib import Path

from bot.errors import NotFound
from bot.packs.loader import pack_folders, read_pack
from bot.packs.reading import PACK_FILE


def pack_folder(content: Path, pack: str | None, *, only: bool = False) -> Path:
    """The folder of a pack, from its id or its path; without either, the only one in `content`.

    A name first means a folder of the working folder; with `only`, it means one in `content`. Raise NotFound, listing
    the existing ids.
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
    """Candidate places for a path that an editor typed, best first.

    If the editor has named `content` too (`only`), a bare name means a folder in it; a longer path comes second as it
    stands.
    """
    if not only:
        return pack, content / pack
    return (content / pack,) if len(pack.parts) == 1 else (content / pack, pack)


def served_folder(content: Path, pack: str) -> Path:
    """The folder in `content` whose pack has this id, wherever the process started. Raise NotFound."""
    folder = _by_id(content).get(pack)
    if folder is None:
        raise NotFound(f"The topic {pack} is no longer among the content's files.")
    return folder


def _by_id(content: Path) -> dict[str, Path]:
    return {info.id: folder for folder in _folders(content) if (info := read_pack(folder).info) is not None}


def _folders(content: Path) -> list[Path]:
    return list(pack_folders(content)) if content.is_dir() else []
