"""The result of a tally, as data: numbers, indices of options and codes of rules. Commands make sentences from it.

Options are named by their index in `Result.options`; tuples of options are ascending. Everything is immutable.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.polls.counting.ballots import Method


class Base(StrEnum):
    """The base of a percentage."""

    VALID_BALLOTS = "valid-ballots"
    CONTINUING_BALLOTS = "continuing-ballots"  # ballots that still count for an option in this round
    HIGHEST_SCORE = "highest-score"  # an option's total if every valid ballot gave it a 5
    PREFERRING_BALLOTS = "preferring-ballots"  # ballots that score one finalist higher than the other


class Rule(StrEnum):
    """A rule in force; a result lists all rules behind its numbers, whether they made a difference or not."""

    TIE_REPORTED = "tie-reported"
    """A tie is reported as a tie: all options that can win are winners; no lot, no order of options decides."""
    MOST_VOTES_WIN = "most-votes-win"
    """The option on the most ballots wins, with or without a majority."""
    MOST_APPROVALS_WIN = "most-approvals-win"
    """The option that the most ballots approve of wins, with or without a majority."""
    MAJORITY_OF_CONTINUING = "majority-of-continuing"
    """Instant run-off: an option with more than half of the continuing ballots wins; until then the last one goes."""
    EXHAUSTED_LEAVE_BASE = "exhausted-leave-base"
    """A ballot with no continuing option left is exhausted: it leaves the base of the percentages."""
    OVERVOTE_VOIDS_FROM_THERE = "overvote-voids-from-there"
    """Instant run-off: a ballot that gets to a rank shared by several continuing options is void from then on."""
    LAST_TIE_ALL_BRANCHES = "last-tie-all-branches"
    """Options tied for last: every order of elimination is tried, and the winners of all are the winners
    (parallel universes: Conitzer, Rognlie and Xia, "Preference Functions That Score Rankings and Maximum
    Likelihood Estimation", IJCAI 2009)."""
    UNRANKED_BELOW_RANKED = "unranked-below-ranked"
    """Pairwise comparison: an option that is ranked is preferred to one that isn't; equals express nothing."""
    BLANK_SCORES_ZERO = "blank-scores-zero"
    """An option left blank has the score 0."""
    TWO_HIGHEST_TOTALS_MEET = "two-highest-totals-meet"
    """STAR: the two highest totals are the finalists; the one scored higher on more ballots wins."""
    SCORE_TIE_PREFERENCES_THEN_FIVES = "score-tie-preferences-then-fives"
    """STAR: options tied for a place in the final: the most preferences over the others tied, then most fives."""
    FINAL_TIE_TOTAL_THEN_FIVES = "final-tie-total-then-fives"
    """STAR: finalists preferred by equally many: the higher total, then the most fives."""
    NO_OBJECTION_PASSES = "no-objection-passes"
    """Consent: the proposal passes if no ballot objects, however many agree; one objection stops it."""
    SILENCE_IS_NO_CONSENT = "silence-is-no-consent"
    """Consent: it takes at least one ballot. Abstentions count for the quorum."""
    QUORUM_OF_VALID_BALLOTS = "quorum-of-valid-ballots"
    """The quorum is a number of valid ballots."""


@dataclass(frozen=True, slots=True)
class Total:
    """The total of one option: `votes` out of `base`, which the owner's `percent_of` names."""

    option: int
    votes: int
    base: int

    @property
    def percent(self) -> float:
        """From 0 to 100; 0 when the base is 0."""
        return 100 * self.votes / self.base if self.base else 0.0

    @property
    def majority(self) -> bool:
        """Whether it is more than half of the base."""
        return 2 * self.votes > self.base


@dataclass(frozen=True, slots=True)
class Quorum:
    """The number of valid ballots that a poll needs, and whether it has them."""

    needed: int
    reached: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One round of an instant run-off; `continuing + exhausted + overvoted` are all valid ballots.

    `eliminated` go after this round: one option, or several tied for last, which go together only if that leaves the
    same winners as every order. `tied` are the options that tie for last. Tied options without an eliminated one mean
    that the order decides who wins, so the count stops here.
    """

    totals: tuple[Total, ...]
    continuing: int
    exhausted: int
    overvoted: int
    eliminated: tuple[int, ...]
    tied: tuple[int, ...]
    percent_of: Base


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairwise:
    """Every option against every other.

    `prefer[a][b]` is the number of ballots that prefer a to b. The Condorcet winner is preferred to each other
    option by more ballots than the other way round. The Smith set is the smallest set of options that each beat
    every option outside it (Smith, "Aggregation of Preferences with Variable Electorate", 1973): the Condorcet
    winner alone if there is one, empty if there is no valid ballot.
    """

    prefer: tuple[tuple[int, ...], ...]
    condorcet_winner: int | None
    smith_set: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RankedCount:
    """The count of ranked ballots: the rounds of the instant run-off, which decides, and the pairwise comparison."""

    rounds: tuple[Round, ...]
    pairwise: Pairwise


class Decider(StrEnum):
    """The test that settled a place in the final, or the final."""

    PREFERENCES = "preferences"
    TOTAL = "total"
    FIVES = "fives"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True, kw_only=True)
class TieBreak:
    """A tie for a place in STAR's final: `seats` were left for the options `among`; `decided_by` was the last test.

    `tied` still compete for the seats left after it; empty if the tie was broken.
    """

    among: tuple[int, ...]
    seats: int
    decided_by: Decider
    tied: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Final:
    """STAR's run-off between two finalists; `no_preference` ballots score them the same.

    `winners` has both if nothing separates them.
    """

    totals: tuple[Total, Total]
    no_preference: int
    decided_by: Decider
    winners: tuple[int, ...]
    percent_of: Base


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreCount:
    """The count of score ballots.

    `distribution[option]` holds seven numbers of ballots: those that gave it 0, 1, … 5, and those that left it blank.
    `averages` are over all valid ballots, blank as 0. `finals` has one entry, or one for each pair of options that may
    be the finalists when a tie for a place in the final can't be broken.
    """

    distribution: tuple[tuple[int, ...], ...]
    averages: tuple[float, ...]
    tie_breaks: tuple[TieBreak, ...]
    finals: tuple[Final, ...]
    pairwise: Pairwise


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """The outcome of a poll and everything that explains it.

    `cast` ballots were submitted (the turnout), `valid` counted, `invalid` broke a rule of the method. `totals` has one
    entry per option, in the poll's order: votes, approvals, first ranks or sums of scores. `winners` is one option,
    several in a tie, none if no ballot counted. `exact` is False if the ties in an instant run-off were too many to try
    every order: then `winners` are the options that couldn't be ruled out. A missed quorum changes none of the numbers.
    """

    method: Method
    options: tuple[str, ...]
    cast: int
    valid: int
    invalid: int
    quorum: Quorum | None
    totals: tuple[Total, ...]
    percent_of: Base
    winners: tuple[int, ...]
    exact: bool
    rules: tuple[Rule, ...]
    max_choices: int | None = None
    ranked: RankedCount | None = None
    score: ScoreCount | None = None

    @property
    def tie(self) -> bool:
        """Whether several options win."""
        return len(self.winners) > 1
