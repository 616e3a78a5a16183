"""The events to count while Parley runs. A counting meter overrides the methods; this one counts nothing.

A count never names a person, a poll, a choice or a place: only kinds of things, of which there are few.
"""

from __future__ import annotations

from collections.abc import Mapping


class Meter:
    """Counts nothing; `adapters.http.prometheus.Metrics` keeps figures. Every method returns at once and never raises."""

    def answered(self, what: str, end: str, seconds: float) -> None:
        """A command, a button or a form was answered. `end` is `ok`, the BotError's name or `bug`."""

    def wrote_votes(self, ends: Mapping[str, int], seconds: float) -> None:
        """A group of votes was written, or failed. `ends` counts votes by end (`bot.polls.model.CastEnd`, or `failed`)."""

    def edited(self, platform: str, end: str) -> None:
        """A posted copy of a poll was redrawn. `end` is `ok`, the BotError's name or `bug`."""

    def merged(self) -> None:
        """A change of a poll needed no edit of its own: an edit that is due already shows it too."""

    def called(self, platform: str, status: int) -> None:
        """A platform answered a call with this HTTP status; 0 for no answer. 429 is a rate limit."""

    def reloaded(self, end: str) -> None:
        """Packs were read again: `ok`, `unchanged`, or `refused` if the old ones were kept."""

    def database_failed(self) -> None:
        """The database failed, for a reason outside the program."""
