"""What one step of a rehearsal saw: differences from the assumptions, limits, and how long each call took."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

CodeOf = Callable[[Exception], str]
"""Turns a service's refusal into its status and code; "" for any other exception."""
SHAPELESS = (KeyError, IndexError, TypeError, ValueError, AttributeError)
"""What reading an answer raises where it lacks a field, or has another kind of value there."""
_PRIVATE = re.compile(r"<[@#!][^<>]*>|\d{15,}|\b[A-Z][A-Z0-9]{8,}\b|\bx(?:ox|app)\S+")
"""Marks, ids and tokens. The report names none of them."""


@dataclass(slots=True)
class Observations:
    """Collects what one step sees. `differences` holds a fact's id with what the service did instead."""

    code_of: CodeOf
    differences: list[tuple[str, str]] = field(default_factory=list)
    limits: list[str] = field(default_factory=list)
    calls: dict[str, list[int]] = field(default_factory=dict)
    """Milliseconds by the kind of call."""

    def differ(self, fact: str, words: str) -> None:
        """Note a difference once."""
        difference = fact, _PRIVATE.sub("…", words)
        if difference not in self.differences:
            self.differences.append(difference)

    def expect(self, fact: str, holds: object, otherwise: str) -> None:
        """Note `otherwise`, what the service did instead, where the fact doesn't hold."""
        if not holds:
            self.differ(fact, otherwise)

    @contextmanager
    def about(self, fact: str) -> Iterator[None]:
        """Note a refusal, or an answer of another shape, as a difference of this fact. The rest of the block is skipped."""
        try:
            yield
        except Exception as error:
            if code := self.code_of(error):
                self.differ(fact, f"refused: {code}")
            elif isinstance(error, SHAPELESS):
                self.differ(fact, f"the answer has another shape: {type(error).__name__} {error}")
            else:
                raise

    @contextmanager
    def refusal(self, fact: str, expected: str) -> Iterator[None]:
        """Expect the service to refuse what the block asks, with this code."""
        try:
            yield
        except Exception as error:
            if not (code := self.code_of(error)):
                raise
            self.expect(fact, code == expected, f"refused with {code}, not with {expected}")
        else:
            self.differ(fact, f"taken, and not refused with {expected}")

    def time(self, call: str, seconds: float) -> None:
        self.calls.setdefault(call, []).append(round(seconds * 1000))
