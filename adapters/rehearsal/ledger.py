"""The file in the working folder that lets a rehearsal be stopped, resumed and undone.

It holds the ids of what the rehearsal made and has still to delete, and what each finished step saw. It holds nothing
about members, and no token.
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
    """`run` is the rehearsal's own name. `ids` are in order."""

    path: Path
    place: str
    run: str
    ids: list[str] = field(default_factory=list)
    steps: dict[str, Any] = field(default_factory=dict)
    attempt: int = 0
    """How often the rehearsal was resumed."""
    pending: str = ""
    """The name of the message that was being posted when the rehearsal stopped."""

    @classmethod
    def open(cls, path: Path, place: str) -> Ledger:
        """Read the file, or begin one. Raises UsageError where it is of another place, or unreadable."""
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
        """Name a message of the step that runs. The service posts a name once: so what a stop cut off can be claimed."""
        return f"{self.run}:{self.attempt}:{len(self.steps)}:{number}"

    def begin(self, name: str) -> None:
        """Note that something is about to be made, before the service hears of it."""
        self.pending = name
        self._write()

    def add(self, *ids: str) -> None:
        """Note what the service made."""
        self.ids += [each for each in ids if each not in self.ids]
        self.pending = ""
        self._write()

    def drop(self, id_: str) -> None:
        """Note that it is deleted."""
        self.ids.remove(id_)
        self._write()

    def finish(self, step: str, check: Observations) -> None:
        """Note that a step is done."""
        self.steps[step] = {"differences": check.differences, "limits": check.limits, "calls": check.calls}
        self._write()

    def remove(self) -> None:
        self.path.unlink(missing_ok=True)

    def observations(self, code_of: Any) -> Iterable[tuple[str, Observations]]:
        """What each finished step saw, by its name."""
        for name, step in self.steps.items():
            differences = [(fact, words) for fact, words in step["differences"]]
            yield name, Observations(code_of, differences, step["limits"], step["calls"])

    def _write(self) -> None:
        """Replace the file in one step, so that a kill leaves the old one or the new one."""
        content = {name: value for name, value in asdict(self).items() if name != "path"}
        draft = self.path.with_suffix(".new")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(content, file, indent=1)
        draft.replace(self.path)
