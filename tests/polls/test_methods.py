"""Tallies, checked against real elections, other people's programs and properties that hold for every poll."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from functools import partial
from itertools import permutations
from random import Random

import pytest
import starvote
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from votelib.convert import RankedToCondorcetVotes
from votelib.evaluate.condorcet import CondorcetWinner, SmithSet
from votelib.evaluate.sequential import TransferableVoteSelector

from bot.errors import Refused
from bot.polls.counting import ballots, runoff
from bot.polls.counting.ballots import approval_ballot, ranked_ballot, score_ballot, single_ballot
from bot.polls.counting.tally import (
    Ballot,
    Base,
    Decider,
    Fault,
    InvalidBallot,
    Method,
    Pairwise,
    RankedCount,
    Result,
    Rule,
    ScoreCount,
    parse_ballot,
    tally,
)

from .profiles import election, random_ranked, random_scores

PROFILES = 2000
NAMES = "ABCDEFGHIJKLMNOPQRSTUVWXY"


def count(method: Method, counted: Mapping[str, int], options: str = "ABC", **rules: int) -> Result:
    """Tally ballots written as plain text."""
    texts = {Ballot(text): number for text, number in counted.items()}
    return tally(method, list(options), texts, quorum=rules.get("quorum"), max_choices=rules.get("max_choices"))


def winners(result: Result) -> str:
    """Return the winners' names as one word."""
    return "".join(result.options[option] for option in result.winners)


def ranked_part(result: Result) -> RankedCount:
    """Return what only a ranked poll has."""
    assert result.ranked is not None
    return result.ranked


def score_part(result: Result) -> ScoreCount:
    """Return what only a score poll has."""
    assert result.score is not None
    return result.score


class TestBurlington:
    """Burlington's mayor, 2009: the election in which plurality, run-off and Condorcet chose three people."""

    def test_plurality_elects_wright(self) -> None:
        """In a plurality count the most first choices win; a ballot whose first rank is shared is invalid."""
        options, counted = election("burlington-2009.toi")
        firsts: Counter[Ballot] = Counter()
        for ballot, number in counted.items():
            first = ballots.ranks(ballot)[0]
            firsts[Ballot("=".join(map(str, first)))] += number
        result = tally(Method.SINGLE, options, firsts)
        votes = {options[total.option].split()[-1]: total.votes for total in result.totals}
        assert (result.cast, result.valid, result.invalid) == (8980, 8976, 4)
        assert votes == {"Wright": 2951, "Kiss": 2585, "Montroll": 2063, "Smith": 1306, "Simpson": 35, "Write-In": 36}
        assert [options[option] for option in result.winners] == ["Kurt Wright"]

    def test_run_off_elects_kiss(self) -> None:
        """A run-off ballot is void once it gets to a rank shared by continuing options, and the result says so."""
        options, counted = election("burlington-2009.toi")
        result = tally(Method.RANKED, options, counted)
        rounds = ranked_part(result).rounds
        final = rounds[-1]
        assert len(counted) == 384
        assert {options[total.option]: total.votes for total in final.totals} == {"Bob Kiss": 4313, "Kurt Wright": 4061}
        assert (final.exhausted + final.overvoted, final.overvoted, final.continuing) == (606, 4, 4313 + 4061)
        assert round(final.totals[0].percent, 1) == 51.5
        assert final.percent_of is Base.CONTINUING_BALLOTS
        assert [options[option] for past in rounds for option in past.eliminated] == [
            "James Simpson",
            "Write-In",
            "Dan Smith",
            "Andy Montroll",
        ]
        assert [options[option] for option in result.winners] == ["Bob Kiss"]
        assert Rule.OVERVOTE_VOIDS_FROM_THERE in result.rules

    def test_montroll_is_the_condorcet_winner(self) -> None:
        """The Condorcet winner is preferred to each other option by more ballots than the other way round."""
        options, counted = election("burlington-2009.toi")
        pairwise = ranked_part(tally(Method.RANKED, options, counted)).pairwise
        kiss, montroll, wright = (options.index(name) for name in ("Bob Kiss", "Andy Montroll", "Kurt Wright"))
        assert pairwise.condorcet_winner == montroll
        assert pairwise.smith_set == (montroll,)
        assert (pairwise.prefer[montroll][kiss], pairwise.prefer[kiss][montroll]) == (4067, 3477)
        assert (pairwise.prefer[montroll][wright], pairwise.prefer[wright][montroll]) == (4597, 3668)


class KeepAll:
    """A rule by which votelib keeps all candidates but the last; of those tied for last, the latest in `order` goes."""

    def __init__(self, order: Iterable[int]) -> None:
        self.order = list(order)
        self.tied = False

    def evaluate(self, votes: Mapping[int, int], n_seats: int) -> list[int]:
        """Return the candidates that stay, which are all but one."""
        assert n_seats == len(votes) - 1
        fewest = min(votes.values())
        last = [candidate for candidate in self.order if votes.get(candidate) == fewest]
        self.tied |= len(last) > 1
        return [candidate for candidate in votes if candidate != last[-1]]


def votelib_run_off(counted: Mapping[Ballot, int]) -> tuple[set[int], bool]:
    """Return all winners that votelib finds over every order in which ties for last can be broken.

    votelib raises an error when several are last. So it is given an order of the candidates to break ties by, and if a
    tie came up, each order in turn: a course of eliminations is itself an order that leads to it. (votelib's own rule
    for keeping candidates also counts the pile of exhausted ballots as a candidate; Parley's doesn't.)
    """
    votes = {tuple(rank[0] for rank in ballots.ranks(ballot)): number for ballot, number in counted.items()}
    candidates = sorted({candidate for order in votes for candidate in order})
    won = set()
    tied = False
    for order in permutations(candidates):
        keep = KeepAll(order)
        won |= set(TransferableVoteSelector(retainer=keep, quota_function=None).evaluate(votes))
        tied |= keep.tied
        if not tied:
            break
    return won, tied


def test_run_off_elects_whom_votelib_elects() -> None:
    """In 2,000 random profiles, Parley and votelib elect the same winner.

    With ties for last they find the same set of tied winners.
    """
    random = Random(2009)
    ties = 0
    for _ in range(PROFILES):
        counted = random_ranked(random, random.choice((2, 3, 3, 4, 4, 5)))
        expected, tied = votelib_run_off(counted)
        result = tally(Method.RANKED, NAMES[:5], counted)
        assert (set(result.winners), result.exact) == (expected, True), counted
        assert tied or len(expected) == 1
        ties += len(expected) > 1
    assert 100 < ties < PROFILES - 100


def test_condorcet_winner_and_smith_set_are_votelibs() -> None:
    """In 2,000 random profiles with shared ranks, Parley and votelib find the same Smith set.

    They also find the same Condorcet winner, or both find none.
    """
    random = Random(1785)
    without_winner = 0
    for _ in range(PROFILES):
        counted = random_ranked(random, random.randint(2, 6), shared=True)
        expected_winner, expected_set = votelib_condorcet(counted)
        pairwise = ranked_part(tally(Method.RANKED, NAMES[:6], counted)).pairwise
        winner = [] if pairwise.condorcet_winner is None else [pairwise.condorcet_winner]
        assert (winner, set(pairwise.smith_set)) == (expected_winner, expected_set), counted
        without_winner += not winner
    assert 100 < without_winner < PROFILES - 100


def votelib_condorcet(counted: Mapping[Ballot, int]) -> tuple[list[int], set[int]]:
    """Return votelib's Condorcet winner, if there is one, and its Smith set.

    votelib doesn't know options that no ballot ranks (every ranked option beats them, so they change nothing), nor
    pairs between which no ballot decides: it gets those as 0 to 0. votelib doesn't take an election with one option.
    """
    votes = {
        tuple(rank[0] if len(rank) == 1 else frozenset(rank) for rank in ballots.ranks(ballot)): number
        for ballot, number in counted.items()
    }
    candidates = {option for ballot in counted for rank in ballots.ranks(ballot) for option in rank}
    if len(candidates) == 1:
        return list(candidates), candidates
    pairs = dict.fromkeys(permutations(candidates, 2), 0) | RankedToCondorcetVotes().convert(votes)
    return CondorcetWinner().evaluate(pairs), set(SmithSet().evaluate(pairs))


def test_star_elects_whom_starvote_elects() -> None:
    """In 2,000 random profiles, Parley and starvote elect the same winner.

    Where the protocol leaves a tie, they find the same set of winners.
    """
    random = Random(5)
    ties = 0
    for _ in range(PROFILES):
        options_count = random.choice((2, 3, 4, 4, 5))
        counted = random_scores(random, options_count)
        expected = starvote_winners(options_count, counted)
        result = tally(Method.SCORE, NAMES[:options_count], counted)
        assert set(winners(result)) == expected, counted
        ties += len(expected) > 1
    assert 100 < ties < PROFILES - 100


def starvote_winners(options_count: int, counted: Mapping[Ballot, int]) -> set[str]:
    """Return all winners that starvote finds, over every lot that may decide where its protocol ends.

    starvote raises an error on a tie that its protocol doesn't break. Then its tie-breaker, "a permutation drawn
    before", is given each permutation. starvote knows only candidates that a ballot scores, so the first ballot gets
    its blanks as 0.
    """
    scored = []
    for ballot, number in counted.items():
        given_scores = dict(zip(NAMES, ballots.scores(ballot), strict=False))
        scored += [{name: score for name, score in given_scores.items() if score is not None}] * number
    scored[0] = dict.fromkeys(NAMES[:options_count], 0) | scored[0]
    try:
        return set(starvote.star_voting(scored, tiebreaker=None))
    except starvote.UnbreakableTieError:
        orders = map(list, permutations(NAMES[:options_count]))
        lots = map(starvote.predefined_permutation_tiebreaker, orders)
        return {winner for lot in lots for winner in starvote.star_voting(scored, tiebreaker=lot)}


def plain_run_off(standing: Collection[int], votes: list[list[set[int]]]) -> set[int]:
    """Return the winners over every order of eliminations, by the rules as they are written; slow.

    A vote is a list of ranks; a vote that gets to a rank with several options left is dropped for good.
    """
    votes = [[rank & set(standing) for rank in vote if rank & set(standing)] for vote in votes]
    votes = [vote for vote in votes if vote and len(vote[0]) == 1]
    firsts = {option: sum(vote[0] == {option} for vote in votes) for option in standing}
    leaders = {option for option in standing if 2 * firsts[option] > len(votes)}
    if leaders or not votes:
        return leaders
    last = [option for option in standing if firsts[option] == min(firsts.values())]
    return set().union(*(plain_run_off(set(standing) - {out}, votes) for out in last))


def test_run_off_with_shared_ranks_tries_every_order() -> None:
    """With shared ranks, the order of elimination decides which ballots become void, so the count tries every order."""
    random = Random(1)
    for _ in range(400):
        counted = random_ranked(random, 5, shared=True)
        few = Counter({ballot: min(number, 4) for ballot, number in counted.items()})
        votes = [[set(rank) for rank in ballots.ranks(ballot)] for ballot in few.elements()]
        assert set(tally(Method.RANKED, NAMES[:5], few).winners) == plain_run_off(range(5), votes), few


def test_rounds_add_up() -> None:
    """In each round, continuing, exhausted and void ballots add up to all valid ballots.

    The last round has a majority, a tie or no continuing ballot.
    """
    random = Random(7)
    for _ in range(300):
        result = tally(Method.RANKED, NAMES[:5], random_ranked(random, 5, shared=True))
        rounds = ranked_part(result).rounds
        for past in rounds:
            assert past.continuing + past.exhausted + past.overvoted == result.valid
            assert past.continuing == sum(total.votes for total in past.totals)
        *before, final = rounds
        assert all(past.eliminated for past in before)
        leaders = tuple(total.option for total in final.totals if total.majority)
        assert not final.eliminated
        assert leaders == result.winners if leaders else final.tied or not final.continuing


class TestRunOffTies:
    """The count tries every order of options that are tied for last.

    It eliminates them together only where the order makes no difference.
    """

    def test_options_without_votes_go_together(self) -> None:
        """Options that no ballot ranks first tie for last at 0 and go together, because their order decides nothing."""
        result = count(Method.RANKED, {"0": 4, "1>0": 3, "2>1": 2}, "ABCDE")
        first, second, final = ranked_part(result).rounds
        assert (first.eliminated, first.tied) == ((3, 4), (3, 4))
        assert (second.eliminated, second.tied) == ((2,), ())
        assert [(total.option, total.votes) for total in final.totals] == [(0, 4), (1, 5)]
        assert winners(result) == "B"

    def test_order_that_decides_stops_the_count(self) -> None:
        """Where the order of elimination decides who wins, the count stops at the tie, and all possible winners win."""
        result = count(Method.RANKED, {"0": 4, "1>0": 3, "2>1": 3})
        (only,) = ranked_part(result).rounds
        assert (only.eliminated, only.tied) == ((), (1, 2))
        assert (winners(result), result.tie, result.exact) == ("AB", True, True)
        assert Rule.LAST_TIE_ALL_BRANCHES in result.rules

    def test_two_left_with_as_many_ballots_tie(self) -> None:
        """Two options with half of the continuing ballots each tie, because half is no majority."""
        result = count(Method.RANKED, {"0": 2, "1": 2})
        assert winners(result) == "AB"
        assert [(past.eliminated, past.tied) for past in ranked_part(result).rounds] == [((2,), ()), ((), (0, 1))]

    def test_all_options_tie_without_transfers(self) -> None:
        """If 25 options have one ballot each and no second choices, all of them win, and the result is exact."""
        result = count(Method.RANKED, {str(option): 1 for option in range(25)}, NAMES)
        assert (result.winners, result.exact) == (tuple(range(25)), True)

    def test_too_many_orders_are_admitted(self) -> None:
        """When there are too many orders to try, the result says so, and no possible winner is left out."""
        circle = {f"{option}>{(option + 1) % 25}": 1 for option in range(25)}
        result = count(Method.RANKED, circle, NAMES)
        assert (result.winners, result.exact) == (tuple(range(25)), False)

    def test_limits_leave_out_nobody(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Under any limit on work, the reported winners contain all winners that trying every order would give."""
        random = Random(3)
        for _ in range(100):
            counted = random_ranked(random, 6)
            exact = set(tally(Method.RANKED, NAMES[:6], counted).winners)
            for limit in (0, 40, 200, 1000):
                with monkeypatch.context() as patched:
                    patched.setattr(runoff, "MOST_WORK", limit)
                    bounded = tally(Method.RANKED, NAMES[:6], counted)
                assert exact == set(bounded.winners) if bounded.exact else exact <= set(bounded.winners)


class TestStarTies:
    """The ballots break ties in STAR as far as its protocol goes, and the result reports the ties that remain."""

    def test_equal_totals_are_parted_by_preferences(self) -> None:
        """Of options tied for a place in the final, the one that more ballots prefer gets the place."""
        result = count(Method.SCORE, {"5,4,0": 1, "0,0,5": 1, "5,0,1": 1, "4,3,0": 1, "0,0,1": 1})
        part = score_part(result)
        (tie_break,) = part.tie_breaks
        assert [total.votes for total in result.totals] == [14, 7, 7]
        assert (tie_break.among, tie_break.seats, tie_break.decided_by) == ((1, 2), 1, Decider.PREFERENCES)
        assert [total.option for total in part.finals[0].totals] == [0, 2]

    def test_equal_preferences_are_parted_by_fives(self) -> None:
        """Of options tied for a place and in preferences, the one with more fives gets the place."""
        result = count(Method.SCORE, {"5,5,3": 1, "5,1,3": 1})
        part = score_part(result)
        (tie_break,) = part.tie_breaks
        assert (tie_break.among, tie_break.decided_by, tie_break.tied) == ((1, 2), Decider.FIVES, ())
        assert [total.option for total in part.finals[0].totals] == [0, 1]

    def test_final_tied_in_preferences_goes_to_the_higher_total(self) -> None:
        """Of two finalists that equally many ballots prefer, the one with the higher total wins."""
        result = count(Method.SCORE, {"5,0,0": 1, "3,4,0": 1})
        (final,) = score_part(result).finals
        assert (final.decided_by, winners(result)) == (Decider.TOTAL, "A")

    def test_final_tied_in_total_goes_to_more_fives(self) -> None:
        """Of two finalists with equal preferences and equal totals, the one with more fives wins."""
        result = count(Method.SCORE, {"5,3,0": 1, "2,4,0": 1})
        (final,) = score_part(result).finals
        assert (final.decided_by, winners(result)) == (Decider.FIVES, "A")

    def test_nothing_parts_three_equals(self) -> None:
        """If no rule separates three options, each pair of them may meet in the final, and all three win."""
        result = count(Method.SCORE, {"1,1,1": 3})
        (tie_break,) = score_part(result).tie_breaks
        assert (tie_break.among, tie_break.seats, tie_break.tied) == ((0, 1, 2), 2, (0, 1, 2))
        assert [[total.option for total in final.totals] for final in score_part(result).finals] == [
            [0, 1],
            [0, 2],
            [1, 2],
        ]
        assert winners(result) == "ABC"


class TestNumbers:
    """The numbers and rules that a result states."""

    def test_single(self) -> None:
        """A single-choice result has percentages of valid ballots, and the most votes win without a majority."""
        result = count(Method.SINGLE, {"0": 2, "1": 1, "2": 1, "7": 3, "": 1}, quorum=5)
        assert (result.cast, result.valid, result.invalid) == (8, 4, 4)
        assert [total.percent for total in result.totals] == [50.0, 25.0, 25.0]
        assert not result.totals[0].majority
        assert result.quorum is not None
        assert (result.quorum.needed, result.quorum.reached) == (5, False)
        assert (winners(result), result.percent_of) == ("A", Base.VALID_BALLOTS)
        assert result.rules == (Rule.MOST_VOTES_WIN, Rule.TIE_REPORTED, Rule.QUORUM_OF_VALID_BALLOTS)

    def test_approval(self) -> None:
        """Percentages of an approval result are of valid ballots, so they can add up to more than 100."""
        result = count(Method.APPROVAL, {"0,1": 3, "1,2": 1, "0,1,2": 9}, max_choices=2)
        assert [total.votes for total in result.totals] == [3, 4, 1]
        assert (result.totals[1].percent, result.invalid, result.max_choices) == (100.0, 9, 2)

    def test_tie(self) -> None:
        """Options with equally many votes all win, and the result is a tie."""
        result = count(Method.SINGLE, {"0": 2, "2": 2})
        assert (winners(result), result.tie) == ("AC", True)

    def test_score(self) -> None:
        """A STAR result has sums, averages over all ballots with blanks as 0, the finalists, and their run-off."""
        result = count(Method.SCORE, {"5,4,": 3, "0,4,5": 2})
        part = score_part(result)
        assert [total.votes for total in result.totals] == [15, 20, 10]
        assert part.averages == (3.0, 4.0, 2.0)
        assert part.distribution[2] == (0, 0, 0, 0, 0, 2, 3)
        (final,) = part.finals
        assert [(total.option, total.votes) for total in final.totals] == [(0, 3), (1, 2)]
        assert (final.no_preference, final.decided_by, winners(result)) == (0, Decider.PREFERENCES, "A")
        assert (result.totals[0].percent, result.percent_of) == (60.0, Base.HIGHEST_SCORE)

    @pytest.mark.parametrize("method", list(Method))
    def test_no_ballot_no_winner(self, method: Method) -> None:
        """A poll in which nobody voted has no winner and no tie."""
        result = count(method, {})
        assert (result.cast, result.winners, result.tie, result.exact) == (0, (), False, True)
        assert [total.percent for total in result.totals] == [0.0, 0.0, 0.0]

    def test_overvote_everywhere(self) -> None:
        """If every ballot shares its first rank, the run-off elects nobody, but options are still compared in pairs."""
        result = count(Method.RANKED, {"0=1>2": 4})
        assert (result.valid, result.winners) == (4, ())
        assert ranked_part(result).rounds[0].overvoted == 4
        assert ranked_part(result).pairwise.smith_set == (0, 1)

    def test_negative_count(self) -> None:
        """A negative number of ballots is a bug of the caller and raises an error."""
        with pytest.raises(ValueError, match="fewer than 0"):
            count(Method.SINGLE, {"0": -1})

    def test_million_ballots(self) -> None:
        """A million ballots of few kinds are counted exactly."""
        result = count(Method.RANKED, {"0>1": 499_999, "1>2": 300_001, "2>1": 200_000})
        assert [total.votes for total in ranked_part(result).rounds[-1].totals] == [499_999, 500_001]
        assert ranked_part(result).pairwise.prefer[0] == (0, 499_999, 499_999)


class TestParse:
    """The texts that are ballots, and the texts that the parser refuses."""

    @pytest.mark.parametrize(
        ("method", "text", "canonical"),
        [
            (Method.SINGLE, " 2 ", "2"),
            (Method.APPROVAL, "2, 0", "0,2"),
            (Method.RANKED, "2 > 0 > 1", "2>0>1"),
            (Method.RANKED, "02>1", "2>1"),
            (Method.SCORE, "5,,0", "5,,0"),
            (Method.SCORE, ",,0", ",,0"),
        ],
    )
    def test_canonical(self, method: Method, text: str, canonical: str) -> None:
        """Every way to write a ballot has one canonical text, which parses to itself."""
        ballot = parse_ballot(method, text, 3)
        assert ballot == canonical
        assert parse_ballot(method, ballot, 3) == ballot

    @pytest.mark.parametrize(
        ("method", "text", "fault", "words"),
        [
            (Method.SINGLE, "", Fault.EMPTY, "at least one option"),
            (Method.SCORE, ",,", Fault.EMPTY, "at least one option"),
            (Method.SINGLE, "3", Fault.UNKNOWN_OPTION, "no option number 4"),
            (Method.SINGLE, "0,1", Fault.MALFORMED, "0,1"),
            (Method.SINGLE, "-1", Fault.MALFORMED, "-1"),
            (Method.SINGLE, "²", Fault.MALFORMED, "²"),
            (Method.APPROVAL, "0,1,2", Fault.TOO_MANY, "at most 2"),
            (Method.APPROVAL, "1,1", Fault.OPTION_TWICE, "number 2 is named twice"),
            (Method.APPROVAL, "0,", Fault.MALFORMED, "can't be read"),
            (Method.RANKED, "0>1>0", Fault.OPTION_TWICE, "number 1 is named twice"),
            (Method.RANKED, "2>0=1", Fault.RANK_TWICE, "Rank 2 is used twice"),
            (Method.RANKED, "0>9", Fault.UNKNOWN_OPTION, "no option number 10"),
            (Method.RANKED, "0>>1", Fault.MALFORMED, "can't be read"),
            (Method.SCORE, "6,0,0", Fault.BAD_SCORE, "6 is not a score"),
            (Method.SCORE, "0,-1,0", Fault.BAD_SCORE, "-1 is not a score"),
            (Method.SCORE, "0,five,0", Fault.MALFORMED, "five"),
            (Method.SCORE, "5,5", Fault.WRONG_LENGTH, "2 scores"),
            (Method.RANKED, "0>" * 50_000, Fault.MALFORMED, "can't be read"),
        ],
    )
    def test_refused(self, method: Method, text: str, fault: Fault, words: str) -> None:
        """The parser refuses a text that breaks a rule, with the rule and a message that names the mistake."""
        with pytest.raises(InvalidBallot) as caught:
            parse_ballot(method, text, 3, max_choices=2)
        assert caught.value.fault is fault
        assert words in caught.value.message
        assert isinstance(caught.value, Refused)

    def test_equal_ranks_where_they_are_allowed(self) -> None:
        """A ballot of an election held elsewhere may share ranks; the parser sorts the options within a rank."""
        assert parse_ballot(Method.RANKED, "2>1=0", 3, equal_ranks=True) == "2>0=1"

    def test_fits_a_button(self) -> None:
        """The longest ballot on 25 options has 64 characters, so it fits into an action's id of 100."""
        assert len(ranked_ballot(range(25))) == len(approval_ballot(range(25))) == 64
        assert len(score_ballot([5] * 25)) == 49


def ballots_of(method: Method, options_count: int) -> st.SearchStrategy[Ballot]:
    """Return a strategy for valid ballots."""
    option = st.integers(0, options_count - 1)
    several = st.lists(option, min_size=1, unique=True)
    if method in {Method.SINGLE, Method.CONSENT}:
        return option.map(single_ballot)
    if method is Method.APPROVAL:
        return several.map(approval_ballot)
    if method is Method.RANKED:
        return several.map(ranked_ballot)
    scores = st.lists(st.none() | st.integers(0, 5), min_size=options_count, max_size=options_count)
    return scores.filter(lambda given_scores: set(given_scores) != {None}).map(score_ballot)


@st.composite
def polls(draw: st.DrawFn) -> tuple[Method, int, dict[Ballot, int]]:
    """Draw a method, a number of options, and counted ballots."""
    method = draw(st.sampled_from(list(Method)))
    options_count = 3 if method is Method.CONSENT else draw(st.integers(2, 6))
    counted = draw(st.dictionaries(ballots_of(method, options_count), st.integers(1, 5), max_size=10))
    return method, options_count, counted


def renumber(method: Method, ballot: Ballot, new_place: list[int]) -> Ballot:
    """Return the ballot in a poll whose option `i` stands at `new_place[i]`."""
    if method is Method.SCORE:
        given_scores = ballots.scores(ballot)
        return score_ballot(given_scores[new_place.index(place)] for place in range(len(new_place)))
    if method is Method.RANKED:
        return ranked_ballot([new_place[option] for option in rank] for rank in ballots.ranks(ballot))
    return approval_ballot(new_place[option] for option in ballots.chosen(ballot))


def described(result: Result) -> dict[str, object]:
    """Return what the result says, with names in place of indices and without any order of options."""
    names = partial(names_of, result.options)
    claims: dict[str, object] = {
        "frame": (result.cast, result.valid, result.invalid, result.exact, result.rules),
        "totals": {result.options[total.option]: total.votes for total in result.totals},
        "winners": names(result.winners),
    }
    if result.ranked:
        claims["pairwise"] = described_pairs(result.options, result.ranked.pairwise)
        claims["rounds"] = [
            (
                {result.options[total.option]: total.votes for total in past.totals},
                (past.continuing, past.exhausted, past.overvoted),
                (names(past.eliminated), names(past.tied)),
            )
            for past in result.ranked.rounds
        ]
    if result.score:
        claims["pairwise"] = described_pairs(result.options, result.score.pairwise)
        claims["scores"] = dict(
            zip(result.options, zip(result.score.distribution, result.score.averages, strict=True), strict=True)
        )
        claims["ties"] = [
            (names(tie.among), tie.seats, tie.decided_by, names(tie.tied)) for tie in result.score.tie_breaks
        ]
        claims["finals"] = {
            (
                frozenset((result.options[total.option], total.votes) for total in final.totals),
                (final.no_preference, final.decided_by, names(final.winners)),
            )
            for final in result.score.finals
        }
    return claims


def names_of(options: tuple[str, ...], indices: tuple[int, ...]) -> frozenset[str]:
    """Return the names of these options; their indices are ascending."""
    assert list(indices) == sorted(indices)
    return frozenset(options[option] for option in indices)


def described_pairs(options: tuple[str, ...], pairwise: Pairwise) -> tuple[object, ...]:
    """Return the pairwise comparison by names."""
    winner = None if pairwise.condorcet_winner is None else options[pairwise.condorcet_winner]
    rows = {
        (a, b): n for a, row in zip(options, pairwise.prefer, strict=True) for b, n in zip(options, row, strict=True)
    }
    return winner, names_of(options, pairwise.smith_set), rows


class TestProperties:
    """Properties that hold for every poll."""

    @given(polls(), st.randoms(use_true_random=False))
    def test_order_of_ballots_never_matters(self, poll: tuple[Method, int, dict[Ballot, int]], random: Random) -> None:
        """The same ballots in another order give the same result, to the last number."""
        method, options_count, counted = poll
        shuffled = list(counted.items())
        random.shuffle(shuffled)
        options = NAMES[:options_count]
        assert tally(method, options, counted) == tally(method, options, dict(shuffled))

    @settings(max_examples=300)
    @given(polls(), st.randoms(use_true_random=False))
    def test_permuted_options_permute_the_result(
        self, poll: tuple[Method, int, dict[Ballot, int]], random: Random
    ) -> None:
        """Options in another order give the same result under their names, because no tie is broken by place."""
        method, options_count, counted = poll
        assume(method is not Method.CONSENT)  # the places of a consent poll's options give them their meaning
        new_place = random.sample(range(options_count), options_count)
        moved = {renumber(method, ballot, new_place): number for ballot, number in counted.items()}
        names = "".join(NAMES[new_place.index(place)] for place in range(options_count))
        original = tally(method, NAMES[:options_count], counted)
        assert described(tally(method, names, moved)) == described(original)

    @given(st.data(), st.sampled_from(list(Method)))
    def test_a_changed_vote_counts_once(self, data: st.DataObject, method: Method) -> None:
        """A tally counts only each voter's last vote, and `cast` is the number of voters."""
        votes = data.draw(st.lists(st.tuples(st.integers(0, 4), ballots_of(method, 3)), max_size=20))
        box: dict[int, Ballot] = {}
        running: Counter[Ballot] = Counter()
        for voter, ballot in votes:
            running.subtract([box[voter]] if voter in box else [])
            running[ballot] += 1
            box[voter] = ballot
        result = tally(method, NAMES[:3], +running)
        assert result.cast == result.valid == len(box)
        assert result == tally(method, NAMES[:3], Counter(box.values()))

    @given(st.data(), polls())
    def test_withdrawing_restores_the_tally(
        self, data: st.DataObject, poll: tuple[Method, int, dict[Ballot, int]]
    ) -> None:
        """A vote that is cast and withdrawn leaves no trace, not even as a kind of ballot counted 0 times."""
        method, options_count, counted = poll
        ballot = data.draw(ballots_of(method, options_count))
        after = counted | {ballot: counted.get(ballot, 0) + 1}
        after[ballot] -= 1
        assert tally(method, NAMES[:options_count], after) == tally(method, NAMES[:options_count], counted)

    @given(polls())
    def test_ballots_parse_to_themselves(self, poll: tuple[Method, int, dict[Ballot, int]]) -> None:
        """`parse_ballot` returns canonical text unchanged, and every valid ballot counts."""
        method, options_count, counted = poll
        assert all(parse_ballot(method, ballot, options_count) == ballot for ballot in counted)
        assert tally(method, NAMES[:options_count], counted).invalid == 0

    @given(st.sampled_from(list(Method)), st.text(max_size=30), st.integers(2, 25))
    def test_any_text_is_a_ballot_or_refused(self, method: Method, text: str, options_count: int) -> None:
        """Any text that a forged button may carry is either refused or is a valid ballot."""
        options_count = 3 if method is Method.CONSENT else options_count
        with suppress(InvalidBallot):
            ballot = parse_ballot(method, text, options_count)
            assert tally(method, NAMES[:options_count], {ballot: 1}).valid == 1
