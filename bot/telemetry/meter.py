"""What can be counted while Parley runs. A meter that counts is told of it; this one counts nothing.

A count never names a person, a poll, a choice or a place: only kinds of things, of which there are few.
"""

from __future__ import annotations

from collections.abc import Mapping


class Meter:
    """Told by what happens; `adapters.http.prometheus.Metrics` keeps the figures. Every method returns at once and never raises."""

    def answered(self, what: str, end: str, seconds: float) -> None:
        """A command, a button or a form was answered. `end` is `ok`, the BotError's name or `bug`."""

    def wrote_votes(self, ends: Mapping[str, int], seconds: float) -> None:
        """One group of votes was written, or could not be. How many ended how (`bot.polls.model.CastEnd`, `failed`)."""

    def edited(self, platform: str, end: str) -> None:
        """A posted copy of a poll was redrawn. `end` is `ok`, the BotError's name or `bug`."""

    def merged(self) -> None:
        """A change of a poll needs no edit of its own: one that is due already shows it too."""

    def called(self, platform: str, status: int) -> None:
        """A platform answered a call, with this status of HTTP; 0 where no answer came. 429 is a rate limit."""

    def reloaded(self, end: str) -> None:
        """Packs were read anew: `ok`, `unchanged`, or `refused` where the old ones were kept."""

    def database_failed(self) -> None:
        """The database could not be used, for a reason outside the program."""
