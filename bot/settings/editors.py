"""The settings that name the content's editors and their channel."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.chat.vocabulary import Actor, Place


@dataclass(frozen=True, slots=True)
class EditorName:
    """A person or a role that edits. On Discord an id alone is enough; elsewhere it belongs to a workspace."""

    platform: str
    workspace: str
    id: str

    def is_(self, actor: Actor) -> bool:
        here = actor.platform == self.platform and self.workspace in {"", actor.workspace}
        return here and (actor.id == self.id or self.id in actor.roles)


_EDITOR = re.compile(r"(discord):()([0-9]{5,20})|(slack):([TE][A-Z0-9]+)/([UWS][A-Z0-9]+)|(web):(demo)/([a-z0-9-]+)")
_CHANNEL = re.compile(
    r"(discord):([0-9]{5,20}):([0-9]{5,20})|(slack):([TE][A-Z0-9]+):([CG][A-Z0-9]+)|(web):(demo):(\w+)"
)


def read_editors(written: str) -> tuple[EditorName, ...]:
    """Parse the setting `editors`. Raise ValueError that says what it takes."""
    parts = [part for part in re.split(r"[,\s]+", written) if part]
    return tuple(EditorName(*_groups(_EDITOR, part, f"“{part}” isn't an editor")) for part in parts)


def read_channel(written: str) -> Place | None:
    """Parse the setting `editors_channel`; None if it is empty. Raise ValueError that says what it takes."""
    return Place(*_groups(_CHANNEL, written.strip(), f"“{written}” isn't a channel")) if written.strip() else None


def _groups(form: re.Pattern[str], written: str, wrong: str) -> tuple[str, str, str]:
    match = form.fullmatch(written)
    if match is None:
        raise ValueError(wrong)
    platform, workspace, name = (group for group in match.groups() if group is not None)
    return platform, workspace, name
