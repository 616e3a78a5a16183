"""The file in the working folder for stopping, resuming and undoing a rehearsal.

It holds the ids of created messages and files that must still be deleted, and each finished step's observations. It
holds nothing about members, and no token.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from adapters.rehearsal.observations import Observations
from bot.errors import UsageError


@dataclass(slots=True)
class Ledger:
    """`run` is the rehearsal's unique name. `ids` are in order."""

    path: Path
    place: str
    run: str
    ids: list[str] = field(default_factory=list)
    steps: dict[str, Any] = field(default_factory=dict)
    attempt: int = 0
    """How often the rehearsal was resumed."""
    pending: str = ""
    """Name of the message that was being posted when the rehearsal stopped."""

    @classmethod
    def open(cls, path: Path, place: str) -> Ledger:
        """Read the file, or begin one. Raises UsageError if it's unreadable or belongs to another place."""
        if not path.exists():
            return cls(path, place, secrets.token_hex(8))
        try:
            stored = json.loads(path.read_text("utf-8"))
            ledger = cls(path, **stored)
            ledger.attempt += 1
        except (ValueError, TypeError):
            message = f"Delete {path.name}: it isn't the file of a rehearsal."
            raise UsageError(message) from None
        if ledger.place != place:
            message = (
                f"Finish the rehearsal in {ledger.place} first, or take it back with --undo --place {ledger.place}."
            )
            raise UsageError(message)
        return ledger

    def name(self, number: int) -> str:
        """Name a message of the running step. The service posts each name once, so an interrupted post can be
        claimed."""
        return f"{self.run}:{self.attempt}:{len(self.steps)}:{number}"

    def begin(self, name: str) -> None:
        """Note that a message is about to be posted, before the service hears of it."""
        self.pending = name
        self._write()

    def add(self, *ids: str) -> None:
        """Note the ids of created messages or files."""
        self.ids += [each for each in ids if each not in self.ids]
        self.pending = ""
        self._write()

    def drop(self, id_: str) -> None:
        """Note that one was deleted."""
        self.ids.remove(id_)
        self._write()

    def finish(self, step: str, check: Observations) -> None:
        """Note that a step is done."""
        self.steps[step] = {"differences": check.differences, "limits": check.limits, "calls": check.calls}
        self._write()

    def remove(self) -> None:
        self.path.unlink(missing_ok=True)

    def observations(self, code_of: Any) -> Iterable[tuple[str, Observations]]:
        """Yield each finished step's name and observations."""
        for name, step in self.steps.items():
            differences = [(fact, words) for fact, words in step["differences"]]
            yield name, Observations(code_of, differences, step["limits"], step["calls"])

    def _write(self) -> None:
        """Replace the file in one step, so that a kill leaves either the old or the new one."""
        content = {name: value for name, value in asdict(self).items() if name != "path"}
        draft = self.path.with_suffix(".new")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(content, file, indent=1)
        draft.replace(self.path)
