"""Collect a step's observations: differences from the assumptions, limits, and each call's time."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

CodeOf = Callable[[Exception], str]
"""Returns the status and code of a service's refusal; "" for any other exception."""
SHAPELESS = (KeyError, IndexError, TypeError, ValueError, AttributeError)
"""Errors from reading a response that lacks a field or has another type of value there."""
_PRIVATE = re.compile(r"<[@#!][^<>]*>|\d{15,}|\b[A-Z][A-Z0-9]{8,}\b|\bx(?:ox|app)\S+")
"""Marks, ids and tokens, which the report must not contain."""


@dataclass(slots=True)
class Observations:
    """The observations of one step. `differences` pairs a fact's id with the service's actual behaviour."""

    code_of: CodeOf
    differences: list[tuple[str, str]] = field(default_factory=list)
    limits: list[str] = field(default_factory=list)
    calls: dict[str, list[int]] = field(default_factory=dict)
    """Milliseconds by kind of call."""

    def differ(self, fact: str, words: str) -> None:
        """Note a difference once."""
        difference = fact, _PRIVATE.sub("…", words)
        if difference not in self.differences:
            self.differences.append(difference)

    def expect(self, fact: str, holds: object, otherwise: str) -> None:
        """Note `otherwise`, the service's actual behaviour, if the fact doesn't hold."""
        if not holds:
            self.differ(fact, otherwise)

    @contextmanager
    def about(self, fact: str) -> Iterator[None]:
        """Note a refusal or a malformed response as a difference of this fact, and skip the rest of the block."""
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
        """Expect the service to refuse the block's call with this code."""
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
