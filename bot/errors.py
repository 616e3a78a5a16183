"""Failures with a message for a person, as opposed to bugs.

BotError
├── UsageError          the command was typed in a way that can't be understood
│   └── UnknownCommand
├── NotFound            an id or a name leads nowhere, or no longer leads anywhere
│   └── PlaceGone       a channel was deleted, or the bot no longer sees it
├── NotAllowed          this person may not do this, here
├── TooFast             too many requests in a short time
├── Refused             a rule of the product says no (the poll is closed, the ballot isn't valid)
│   └── NotYet          the same request will work later (the result of an open poll)
├── Unavailable         the request is fine, but something the bot needs doesn't work right now
└── ContentError        a pack has problems; see bot/packs/problems.py

Each message says what is wrong and what to do next, in the person's language.
Any other exception is a bug: it is logged with its traceback, and the person gets a reference code.
"""

from __future__ import annotations

from typing import ClassVar

from bot.i18n import N_


class BotError(Exception):
    """A failure with a message for the person, raised through a subclass.

    `title` heads the message and is translated where it is shown.
    """

    title: ClassVar[str] = N_("That's not possible")

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class UsageError(BotError):
    """Raised when a command's text or arguments can't be understood."""

    title = N_("Check the command")


class UnknownCommand(UsageError):
    """Raised when no command has this name; the message offers the nearest."""

    title = N_("Unknown command")


class NotFound(BotError):
    """Raised when an id or a name leads nowhere."""

    title = N_("Not found")


class PlaceGone(NotFound):
    """Raised when the bot can't find the place to write to; everything in it is gone too."""


class NotAllowed(BotError):
    """Raised when the person lacks the permission."""

    title = N_("Not allowed")


class TooFast(BotError):
    """Raised when one person, or a whole community, asks more often than the limit allows."""

    title = N_("One moment")


class Refused(BotError):
    """Raised when a rule forbids the request."""


class NotYet(Refused):
    """Raised when a rule forbids a request for now, and will allow it later."""

    title = N_("Not yet")


class Unavailable(BotError):
    """Raised when a part the bot depends on fails; nothing was changed."""

    title = N_("Not available right now")
