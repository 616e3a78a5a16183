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
    """One open poll while a group of votes is counted into it."""

    id: str
    closes_at: int
    is_named: bool
    secret: PollSecret
    head: str
    links: int
    ballots: int
    consent: bool
    changes: Counter[str] = field(default_factory=Counter)

    def row_values(self) -> Mapping[str, object]:
        """Return the values that `advance_poll` writes."""
        seal = self.secret.row_seal(self.id, self.head, self.links, self.ballots, self.closes_at)
        return head_values(self.id, self.head, self.links, self.ballots, seal)


class VoteBatch:
    """Counts a group of votes into its polls in memory, then writes them, one statement a table."""

    def __init__(self, unwrapped: OpenSecrets, rows: Iterable[Row]) -> None:
        self._unwrapped = unwrapped
        self._tallies: dict[str, _RunningCount] = {}
        self._refusals: dict[str, Cast | Unavailable | Tampered] = {}
        """The answer to every vote in each other poll."""
        for row in rows:
            self._read(row)
        self._standing: dict[tuple[str, str], _StandingBallot] = {}
        self._touched: dict[tuple[str, str], dict[str, object] | None] = {}
        self._links: list[dict[str, object]] = []
        self._consents: list[Vote] = []
        """Votes in consent polls: their objections are written with them."""

    def _read(self, row: Row) -> None:
        poll, state = row["id"], PollState(row["state"])
        if state is not PollState.OPEN:
            end = CastEnd.CANCELLED if state is PollState.CANCELLED else CastEnd.CLOSED
            self._refusals[poll] = Cast(end, links=row["links"], ballots=row["ballots"])
            return
        try:
            secret = checked_secret(self._unwrapped, row)
        except (Unavailable, Tampered) as error:
            self._refusals[poll] = error
            return
        numbers = (row["head"], row["links"], row["ballots"])
        is_named, consent = not row["secret"], bool(row["consent"])
        self._tallies[poll] = _RunningCount(poll, row["closes_at"], is_named, secret, *numbers, consent)

    def key(self, vote: Vote) -> tuple[str, str] | Cast | Exception:
        """Return the ballot's key for a vote that the poll takes, or the answer to one that it refuses."""
        refusal = self._refusals.get(vote.poll)
        if refusal is not None:
            return refusal
        tally = self._tallies.get(vote.poll)
        if tally is None:
            return Cast(CastEnd.UNKNOWN)
        if tally.closes_at <= to_stored(vote.at):
            return Cast(CastEnd.CLOSED, links=tally.links, ballots=tally.ballots)
        return vote.poll, vote.voter if tally.is_named else tally.secret.pseudonym(vote.voter)

    def refuse(self, poll: str, error: Tampered) -> None:
        """Answer every vote in this poll with the error."""
        self._tallies.pop(poll, None)
        self._refusals[poll] = error

    def know(self, rows: Iterable[Row]) -> None:
        """Take in the ballots that stand before the group."""
        self._standing = {
            (row["poll"], row["voter"]): _StandingBallot(row["choice"], row["link"], row["hash"]) for row in rows
        }

    def take(self, vote: Vote, key: tuple[str, str], nonce: str, salt: str) -> Cast:
        tally = self._tallies[vote.poll]
        if tally.consent:
            self._consents.append(vote)
        stands = self._standing.get(key)
        if vote.choice is None:
            return self._withdraw(tally, key, stands)
        if stands is not None and stands.choice == vote.choice:
            code = tally.secret.code(key[1], stands.link)
            return Cast(CastEnd.UNCHANGED, code, vote.choice, tally.links, tally.ballots, stands.head)
        ballot = self._ballot(tally, vote, key[1], nonce, salt)
        code = tally.secret.code(key[1], tally.links + 1)
        step, replaces = (Step.CAST, 0) if stands is None else (Step.CHANGE, stands.link)
        bound_voter = str(ballot["who"] or key[1])
        commitment = tally.secret.format.ballot(nonce, tally.id, bound_voter, vote.choice)
        self._append(tally, step, commitment, replaces, receipt_hash(code))
        self._count(tally, stands, vote.choice)
        self._standing[key] = _StandingBallot(vote.choice, tally.links, tally.head)
        self._touched[key] = ballot
        end = CastEnd.CAST if stands is None else CastEnd.CHANGED
        return Cast(end, code, vote.choice, tally.links, tally.ballots, tally.head)

    @staticmethod
    def _ballot(tally: _RunningCount, vote: Vote, voter: str, nonce: str, salt: str) -> dict[str, object]:
        """Return the ballot's row. In a named poll of format 2 it has the salt that opens voter and name."""
        row: dict[str, object] = {
            "poll": tally.id,
            "voter": voter,
            "choice": vote.choice,
            "name": None,
            "link": tally.links + 1,
            "nonce": nonce,
            "who": None,
            "salt": None,
        }
        if tally.is_named:
            row["name"] = name = _plain(vote.name)
            if tally.secret.format.number == Format2.number:
                row |= {"who": named_voter(salt, tally.id, voter, name), "salt": salt}
        return row

    def _withdraw(self, tally: _RunningCount, key: tuple[str, str], stands: _StandingBallot | None) -> Cast:
        if stands is None:
            return Cast(CastEnd.NOTHING_TO_WITHDRAW, links=tally.links, ballots=tally.ballots)
        self._append(tally, Step.WITHDRAW, "", stands.link, "")
        self._count(tally, stands, None)
        del self._standing[key]
        self._touched[key] = None
        return Cast(CastEnd.WITHDRAWN, links=tally.links, ballots=tally.ballots)

    def _append(self, tally: _RunningCount, step: Step, commitment: str, replaces: int, receipt: str) -> None:
        tally.links += 1
        link = link_values(tally.secret.format, tally.id, tally.links, step, commitment, tally.head, replaces, receipt)
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
        written = {link["poll"] for link in self._links}
        tallies = [tally for poll, tally in self._tallies.items() if poll in written]
        dropped = [key for key, row in self._touched.items() if row is None]
        await tx.together(
            {
                "append_link": self._links,
                "put_ballot": [row for row in self._touched.values() if row is not None],
                "drop_ballot": [{"poll": poll, "voter": voter} for poll, voter in dropped],
                "count_more": [row for tally in tallies for row in _count_rows(tally.id, +tally.changes)],
                "count_fewer": [row for tally in tallies for row in _count_rows(tally.id, -tally.changes)],
                "advance_poll": [each.row_values() for each in tallies],
            }
        )

    def heads(self) -> Mapping[str, tuple[int, str]]:
        """Return the number of links after the group, and the head, of each poll that takes votes."""
        return {poll: (tally.links, tally.head) for poll, tally in self._tallies.items()}


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


def _count_rows(poll: str, changes: Counter[str]) -> list[Mapping[str, object]]:
    return [{"poll": poll, "choice": choice, "change": change} for choice, change in changes.items()]


def _plain(name: str) -> str:
    """Return a display name that every database takes: no NUL, no half of a surrogate pair."""
    return name.replace("\0", "").encode("utf-8", "replace").decode("utf-8")
