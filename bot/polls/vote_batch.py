"""The effect of a group of votes on its polls, computed in memory and then written with one statement a table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from bot.errors import Unavailable
from bot.i18n import N_
from bot.polls import objections
from bot.polls.discrepancies import Discrepancy, RecordRule, Tampered
from bot.polls.model import Cast, CastEnd, PollState, Step, Vote
from bot.polls.poll_secrets import OpenSecrets, PollSecret
from bot.polls.receipts import receipt_hash
from bot.polls.record_format import Format2, RecordFormat, named_voter
from bot.store.sql import Row, Transaction
from bot.store.timestamps import to_stored

SECRET_LOST = N_("This poll can't take votes: its secret is missing from the database. Tell the operator.")


@dataclass(frozen=True, slots=True)
class _StandingBallot:
    """A ballot that a vote may replace, with the hash of its link."""

    choice: str
    link: int
    head: str


@dataclass(slots=True)
class _RunningCount:
    """One poll while a group of votes is counted into it."""

    id: str
    state: PollState
    closes_at: int
    is_named: bool
    secret: PollSecret | None
    head: str
    links: int
    ballots: int
    consent: bool = False
    changes: Counter[str] = field(default_factory=Counter)

    def row_values(self) -> Mapping[str, object]:
        """Return the values that `advance_poll` writes for an open poll."""
        seal = self.secret.row_seal(self.id, self.head, self.links, self.ballots, self.closes_at) if self.secret else ""
        return head_values(self.id, self.head, self.links, self.ballots, seal)


class VoteBatch:
    """Counts a group of votes into its polls in memory, then writes them, one statement a table."""

    def __init__(self, unwrapped: OpenSecrets, rows: Iterable[Row]) -> None:
        self._unwrapped = unwrapped
        self._tallies: dict[str, _RunningCount | Unavailable | Tampered] = {row["id"]: self._tally(row) for row in rows}
        self._stored: dict[tuple[str, str], _StandingBallot] = {}
        self._standing: dict[tuple[str, str], _StandingBallot] = {}
        self._touched: dict[tuple[str, str], dict[str, object] | None] = {}
        self._links: list[dict[str, object]] = []
        self._consents: list[Vote] = []
        """Votes in consent polls: their objections are written with them."""

    def _tally(self, row: Row) -> _RunningCount | Unavailable | Tampered:
        state, secret = PollState(row["state"]), None
        if state is PollState.OPEN:
            try:
                secret = checked_secret(self._unwrapped, row)
            except (Unavailable, Tampered) as error:
                return error
        is_named = not row["secret"]
        numbers = (row["head"], row["links"], row["ballots"])
        return _RunningCount(row["id"], state, row["closes_at"], is_named, secret, *numbers, bool(row["consent"]))

    def key(self, vote: Vote) -> tuple[str, str] | Cast | Exception:
        """Return the ballot's key for a vote that the poll takes, or the answer to one that it refuses."""
        tally = self._tallies.get(vote.poll)
        if tally is None:
            return Cast(CastEnd.UNKNOWN)
        if isinstance(tally, Tampered):
            return Tampered(tally.findings)
        if isinstance(tally, Unavailable):
            return Unavailable(tally.message)
        if tally.state is PollState.CANCELLED:
            return Cast(CastEnd.CANCELLED, links=tally.links, ballots=tally.ballots)
        if tally.secret is None or tally.closes_at <= to_stored(vote.at):
            return Cast(CastEnd.CLOSED, links=tally.links, ballots=tally.ballots)
        return vote.poll, vote.voter if tally.is_named else tally.secret.pseudonym(vote.voter)

    def refuse(self, poll: str, error: Tampered) -> None:
        """Answer every vote in this poll with the error."""
        self._tallies[poll] = error

    def know(self, rows: Iterable[Row]) -> None:
        """Take in the ballots that stand before the group."""
        self._stored = {
            (row["poll"], row["voter"]): _StandingBallot(row["choice"], row["link"], row["hash"] or "") for row in rows
        }
        self._standing = dict(self._stored)

    def take(self, vote: Vote, key: tuple[str, str], nonce: str, salt: str) -> Cast | Exception:
        tally = self._tallies[vote.poll]
        if not isinstance(tally, _RunningCount) or tally.secret is None:  # `key` answered these
            raise AssertionError(tally)
        if tally.consent:
            self._consents.append(vote)
        stands = self._standing.get(key)
        if vote.choice is None:
            return self._withdraw(tally, key, stands)
        if stands is not None and stands.choice == vote.choice:
            code = tally.secret.code(key[1], stands.link)
            return Cast(CastEnd.UNCHANGED, code, vote.choice, tally.links, tally.ballots, stands.head)
        ballot = self._ballot(tally, tally.secret, vote, key[1], nonce, salt)
        code = tally.secret.code(key[1], tally.links + 1)
        step, replaces = (Step.CAST, 0) if stands is None else (Step.CHANGE, stands.link)
        bound_voter = str(ballot["who"] or key[1])
        commitment = tally.secret.format.ballot(nonce, tally.id, bound_voter, vote.choice)
        self._append(tally, tally.secret, step, commitment, replaces, receipt_hash(code))
        self._count(tally, stands, vote.choice)
        self._standing[key] = _StandingBallot(vote.choice, tally.links, tally.head)
        self._touched[key] = ballot
        end = CastEnd.CAST if stands is None else CastEnd.CHANGED
        return Cast(end, code, vote.choice, tally.links, tally.ballots, tally.head)

    @staticmethod
    def _ballot(
        tally: _RunningCount, secret: PollSecret, vote: Vote, voter: str, nonce: str, salt: str
    ) -> dict[str, object]:
        """Return the ballot's row. In a named poll of format 2 it has the salt that opens voter and name."""
        name = _plain(vote.name) if tally.is_named else None
        is_salted = name is not None and secret.format.number == Format2.number
        return {
            "poll": tally.id,
            "voter": voter,
            "choice": vote.choice,
            "name": name,
            "link": tally.links + 1,
            "nonce": nonce,
            "who": named_voter(salt, tally.id, voter, name or "") if is_salted else None,
            "salt": salt if is_salted else None,
        }

    def _withdraw(self, tally: _RunningCount, key: tuple[str, str], stands: _StandingBallot | None) -> Cast:
        if stands is None or tally.secret is None:
            return Cast(CastEnd.NOTHING_TO_WITHDRAW, links=tally.links, ballots=tally.ballots)
        self._append(tally, tally.secret, Step.WITHDRAW, "", stands.link, "")
        self._count(tally, stands, None)
        del self._standing[key]
        self._touched[key] = None
        return Cast(CastEnd.WITHDRAWN, links=tally.links, ballots=tally.ballots)

    def _append(
        self, tally: _RunningCount, secret: PollSecret, step: Step, commitment: str, replaces: int, receipt: str
    ) -> None:
        tally.links += 1
        link = link_values(secret.format, tally.id, tally.links, step, commitment, tally.head, replaces, receipt)
        tally.head = str(link["hash"])
        self._links.append(link)

    @staticmethod
    def _count(tally: _RunningCount, stood: _StandingBallot | None, choice: str | None) -> None:
        if stood is not None:
            tally.changes[stood.choice] -= 1
            tally.ballots -= 1
        if choice is not None:
            tally.changes[choice] += 1
            tally.ballots += 1

    async def write(self, tx: Transaction) -> None:
        await objections.write(tx, self._consents)
        if not self._links:
            return
        written = {link["poll"] for link in self._links}
        tallies = [each for each in self._tallies.values() if isinstance(each, _RunningCount) and each.id in written]
        dropped = [key for key, row in self._touched.items() if row is None and key in self._stored]
        counts = [(tally.id, *item) for tally in tallies for item in tally.changes.items()]
        await tx.together(
            {
                "append_link": self._links,
                "put_ballot": [row for row in self._touched.values() if row is not None],
                "drop_ballot": [{"poll": poll, "voter": voter} for poll, voter in dropped],
                "count_more": [_count_values(*count) for count in counts if count[2] > 0],
                "count_fewer": [_count_values(*count) for count in counts if count[2] < 0],
                "advance_poll": [each.row_values() for each in tallies],
            }
        )

    def heads(self) -> Mapping[str, tuple[int, str]]:
        """Return each open poll's number of links after the group, and its head."""
        return {
            tally.id: (tally.links, tally.head)
            for tally in self._tallies.values()
            if isinstance(tally, _RunningCount) and tally.secret is not None
        }


def checked_secret(secrets: OpenSecrets, row: Row) -> PollSecret:
    """Return the keys of an open poll, whose row `lock_polls` read.

    Raise `Unavailable` if they are unavailable, and `Tampered` if the row isn't as Parley wrote it.
    """
    if row["wrapped"] is None:
        raise Unavailable(SECRET_LOST)
    secret = secrets.of(row["id"], row["wrapped"], row["format"])
    seal = secret.row_seal(row["id"], row["head"], row["links"], row["ballots"], row["closes_at"])
    if seal != row["row_seal"]:
        raise Tampered([Discrepancy(RecordRule.ROW, "poll", "its row isn't the one that Parley wrote last")])
    return secret


def link_values(
    record_format: RecordFormat,
    poll: str,
    number: int,
    step: Step,
    commitment: str,
    before: str,
    replaces: int = 0,
    receipt: str = "",
    closes_at: int | None = None,
) -> dict[str, object]:
    return {
        "poll": poll,
        "number": number,
        "step": step.value,
        "commitment": commitment,
        "replaces": replaces,
        "receipt": receipt,
        "before": before,
        "hash": record_format.link(poll, number, step.value, commitment, replaces, receipt, before),
        "closes_at": closes_at,
    }


def head_values(poll: str, head: str, links: int, ballots: int, row_seal: str) -> Mapping[str, object]:
    return {"poll": poll, "head": head, "links": links, "ballots": ballots, "row_seal": row_seal}


def _count_values(poll: str, choice: str, change: int) -> Mapping[str, object]:
    return {"poll": poll, "choice": choice, "change": change}


def _plain(name: str) -> str:
    """Return a display name that every database takes: no NUL, no half of a surrogate pair."""
    return name.replace("\0", "").encode("utf-8", "replace").decode("utf-8")
