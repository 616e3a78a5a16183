"""A poll's promises to its voters: every sentence about secrecy, from its settings, database and platforms.

A promise is true on each database and in each combination of settings, or the voter reads the difference before the
vote. SQLite's file forgets everything that a close deletes. PostgreSQL's logs and backups keep it as long as they
exist.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, auto

from bot.i18n import N_, Translator
from bot.polls.model import Poll, PollState, Results
from bot.polls.receipts import Receipt
from bot.store.sql import Dialect

_ONE_ACCOUNT_EVERYWHERE = "discord"
"""The platform on which a person has the same account in every community."""


class Level(Enum):
    """The secrecy of a poll, which each voter reads before the vote."""

    SECRET = auto()
    """Totals appear only at the close."""
    NAMES_HIDDEN = auto()
    """Totals appear earlier, so a member who watches them can infer votes."""
    WITH_NAMES = auto()
    """The result shows each voter's choice."""


def level(poll: Poll) -> Level:
    if not poll.secret:
        return Level.WITH_NAMES
    return Level.SECRET if poll.results is Results.AT_CLOSE else Level.NAMES_HIDDEN


_LINES: Mapping[tuple[Level, Dialect], str] = {
    (Level.SECRET, "sqlite"): N_("Secret from members; the operator could look until the close."),
    (Level.SECRET, "postgres"): N_(
        "Secret from members; the operator could look, even after the close while the database's logs and backups "
        "are kept."
    ),
    (Level.NAMES_HIDDEN, "sqlite"): N_(
        "Names hidden: a member who watches the totals can infer votes; the operator could look until the close."
    ),
    (Level.NAMES_HIDDEN, "postgres"): N_(
        "Names hidden: a member who watches the totals can infer votes. The operator could look, even after the "
        "close while the database's logs and backups are kept."
    ),
    (Level.WITH_NAMES, "sqlite"): N_("Named: the result shows who voted for what."),
    (Level.WITH_NAMES, "postgres"): N_("Named: the result shows who voted for what."),
}
"""One line, on every poll. `details` has the whole text, a button away."""

_MEMBERS: Mapping[Level, tuple[str, ...]] = {
    Level.SECRET: (N_("Other members and exports never show how you voted. Totals appear at the close."),),
    Level.NAMES_HIDDEN: (
        N_("Other members and exports never show how you voted."),
        N_("Totals appear while the poll is open: a member who watches them can infer votes, including yours."),
    ),
    Level.WITH_NAMES: (),
}
_OPERATOR = N_("The operator could look while the poll is open.")
_AFTERWARDS: Mapping[Dialect, str] = {
    "sqlite": N_(
        "After the close nobody can, unless someone kept a copy of the open database, with the key or your receipt."
    ),
    "postgres": N_(
        "After the close the operator still could, from kept logs and backups of the database, with the key or your "
        "receipt."
    ),
}
_STORED: Mapping[Dialect, str] = {
    "sqlite": N_(
        "While the poll is open, I store each voter as a hash under a random secret of this poll. A key outside the "
        "database encrypts that secret. At the close I destroy the secret and store the ballots again, in random "
        "order and under random names."
    ),
    "postgres": N_(
        "While the poll is open, I store each voter as a hash under a random secret of this poll. A key outside the "
        "database encrypts that secret. At the close I delete the secret and store the ballots again, in random "
        "order and under random names. The server's logs and backups still hold the old rows."
    ),
}

RECEIPTS: Mapping[Receipt, str] = {
    Receipt.INCLUDED: N_("The ballot with this receipt is in the count."),
    Receipt.REPLACED: N_("This ballot was changed later; the receipt of the later one counts."),
    Receipt.WITHDRAWN: N_("This ballot was withdrawn, so it isn't in the count."),
    Receipt.CANCELLED: N_("This poll was cancelled: its ballots were deleted, and nothing is counted."),
    Receipt.CONTRADICTED: N_(
        "The record contradicts this receipt: someone changed it after the vote. Show the receipt to the host, and "
        "to members you trust."
    ),
    Receipt.LACKING: N_(
        "The record has neither this ballot nor its head. Check each letter. If all are right, someone changed the "
        "record or set it back after the vote. Show the receipt to the host, and to members you trust."
    ),
    Receipt.UNKNOWN: N_("No ballot of this poll has that receipt. Check each letter."),
}
"""The answer to a check of a receipt."""

_RECEIPTS: Mapping[Dialect, str] = {
    "sqlite": N_(
        "Check with /poll receipt that your ballot is counted. Keep the receipt to yourself until the close: it can "
        "open your ballot in a copy of the open database."
    ),
    "postgres": N_(
        "Check with /poll receipt that your ballot is counted. Keep the receipt to yourself, even after the close. "
        "It can open your ballot in a copy, a log or a backup of the database."
    ),
}
_NAMED_RECEIPT = N_(
    "Check with /poll receipt that your ballot is counted. It keeps nothing secret: in this poll the result shows how "
    "you voted."
)

_CLOSED: Mapping[Dialect, str] = {
    "sqlite": N_(
        "This poll is closed, and nobody can look up your vote any more. Enter your receipt's code: /poll receipt CODE."
    ),
    "postgres": N_(
        "This poll is closed, and I can no longer look up your vote. Enter your receipt's code: /poll receipt CODE."
    ),
}

_OWN_DATA: Mapping[Dialect, str] = {
    "sqlite": N_(
        "Your ballots in closed secret polls hold nothing that leads to you, so nobody can show or erase them any more."
    ),
    "postgres": N_(
        "Your ballots in closed secret polls hold nothing that leads to you, so I can no longer show or erase them. "
        "The database's logs and backups may still lead to you."
    ),
}
_ERASURE: Mapping[Dialect, str] = {
    "sqlite": N_("In closed secret polls nobody can find yours any more."),
    "postgres": N_("In closed secret polls I can no longer find yours."),
}

RESULT_NOTES: Mapping[Results, str] = {
    Results.AT_CLOSE: N_("Secret: totals appear at the close"),
    Results.AFTER_VOTE: N_("Names hidden: a member who watches the totals can infer votes"),
    Results.LIVE: N_("Names hidden: a member who watches the totals can infer votes"),
}
"""The effect of each choice, for a host's form; at most 75 characters in any language."""


@dataclass(frozen=True, slots=True)
class Secrecy:
    """States the promises of polls in one database."""

    dialect: Dialect

    def line(self, t: Translator, poll: Poll) -> str:
        """Return the promise in one sentence, as it stands on the poll."""
        return t(_LINES[level(poll), self.dialect])

    def details(self, t: Translator, poll: Poll) -> tuple[str, ...]:
        """Return the whole promise, one sentence an item: secrecy from members first, then from the operator."""
        if level(poll) is Level.WITH_NAMES:
            return (self.line(t, poll),)
        return tuple(map(t, (*_MEMBERS[level(poll)], _OPERATOR, _AFTERWARDS[self.dialect])))

    def storage(self, t: Translator, poll: Poll) -> str:
        """Return how ballots are stored; empty for a named poll."""
        return t(_STORED[self.dialect]) if poll.secret else ""

    def receipt(self, t: Translator, poll: Poll) -> str:
        """Return the text beside a receipt."""
        return t(_RECEIPTS[self.dialect]) if poll.secret else t(_NAMED_RECEIPT)

    def own_data(self, t: Translator) -> str:
        """Return the text about ballots in closed secret polls, for a member who looks at their data."""
        return t(_OWN_DATA[self.dialect])

    def erasure(self, t: Translator) -> str:
        """Return the same before an erasure, in short."""
        return t(_ERASURE[self.dialect])

    def no_ballot(self, t: Translator, poll: Poll) -> str:
        """Say why this voter has no ballot to show."""
        if poll.state is PollState.OPEN:
            return t("You haven't voted in this poll.")
        return t(_CLOSED[self.dialect]) if poll.secret else t("You didn't vote in this poll.")


def several_communities(t: Translator, poll: Poll) -> Iterator[str]:
    """Say how often a person can vote in a poll that runs in several communities; nothing for one community."""
    if not poll.communities - {poll.community}:
        return
    platforms = {community.partition(":")[0] for community in poll.communities}
    if platforms == {_ONE_ACCOUNT_EVERYWHERE}:
        yield t("This poll runs in several communities. An account votes once, wherever it votes.")
    else:
        yield t(
            "This poll runs in several communities whose accounts aren't linked. A person with an account in two of "
            "them can vote with both."
        )
