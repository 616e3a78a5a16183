"""Measure the tally of 1,000,000 ballots, as ratios against named peers in one run.

    python -m benchmarks.tallies            1,000,000 ballots, in about half a minute
    python -m benchmarks.tallies --quick    50,000 ballots

The ballots rank 1 to 8 of 8 options, some of them more popular than others, from a fixed seed. The peers are
`collections.Counter` (reducing the same ballots, as plain text, to distinct ones, which precedes any tally) and
votelib's evaluators on the same distinct ballots; the winners are compared first. The last lines show the largest
possible poll: 25 options, and a different opinion of every voter (up to 100,000 kinds).
"""

from __future__ import annotations

import argparse
import random
from collections import Counter
from collections.abc import Mapping

from votelib.convert import RankedToCondorcetVotes
from votelib.evaluate.condorcet import CondorcetWinner
from votelib.evaluate.core import get_n_best
from votelib.evaluate.sequential import TransferableVoteSelector

from benchmarks.timing import seconds
from bot.polls.counting.ballots import Ballot, ranked_ballot, ranks, score_ballot
from bot.polls.counting.ranked import compare_pairs, count_rounds, read_ranked
from bot.polls.counting.tally import Method, tally

SEED = 20091103
OPTIONS = 8
MOST_OPTIONS = 25
MOST_KINDS = 100_000


class Retain:
    """votelib's rule for the candidates to keep, without the exhausted ballots, which its own counts as a candidate."""

    def evaluate(self, votes: Mapping[int, int], n_seats: int) -> list[int]:
        """Return the candidates with the most votes."""
        best: list[int] = get_n_best(dict(votes), n_seats)
        return best


def draw_ranked(chance: random.Random, options: int) -> Ballot:
    """Return a ranked ballot: the lower an option's number, the likelier it ranks high."""
    order = sorted(range(options), key=lambda option: (option + options) * chance.random())
    return ranked_ballot(order[: chance.randint(1, options)])


def report(name: str, ours: float, **peers: float) -> None:
    """Print a line: the milliseconds, and each peer's multiple of them."""
    ratios = ", ".join(f"{peer} takes {theirs / ours:.2f} times as long" for peer, theirs in peers.items())
    print(f"{name:34} {1000 * ours:8.1f} ms   {ratios}")


def plurality(texts: list[Ballot], options: list[str]) -> None:
    """Measure single-choice ballots, made of the first ranks."""
    firsts = [Ballot(text.partition(">")[0]) for text in texts]
    counted = Counter(firsts)
    ours = seconds(lambda: tally(Method.SINGLE, options, counted))
    whole = seconds(lambda: tally(Method.SINGLE, options, Counter(firsts)))
    counter = seconds(lambda: Counter(firsts))
    report(f"plurality, {len(counted)} kinds", ours, Counter=counter)
    report("plurality, with the counting", whole, Counter=counter)


def run_off_and_condorcet(texts: list[Ballot], options: list[str]) -> None:
    """Measure ranked ballots: the whole tally, and its two halves against votelib's."""
    counted = Counter(texts)
    votes = {tuple(rank[0] for rank in ranks(ballot)): number for ballot, number in counted.items()}
    selector = TransferableVoteSelector(retainer=Retain(), quota_function=None)
    profile = read_ranked(len(options), counted)
    result = tally(Method.RANKED, options, counted)
    assert result.ranked is not None
    pairs = RankedToCondorcetVotes().convert(votes)
    assert selector.evaluate(votes) == list(result.winners)
    assert CondorcetWinner().evaluate(pairs) == list(result.ranked.pairwise.smith_set)[:1]

    counter = seconds(lambda: Counter(texts))
    report(
        f"ranked, all, {len(counted)} kinds", seconds(lambda: tally(Method.RANKED, options, counted)), Counter=counter
    )
    report("  reading the ballots", seconds(lambda: read_ranked(len(options), counted)), Counter=counter)
    ours = seconds(lambda: count_rounds(len(options), profile))
    report("  instant run-off", ours, Counter=counter, votelib=seconds(lambda: selector.evaluate(votes)))
    ours = seconds(lambda: compare_pairs(len(options), profile))
    theirs = seconds(lambda: CondorcetWinner().evaluate(RankedToCondorcetVotes().convert(votes)))
    report("  pairwise, Condorcet, Smith set", ours, Counter=counter, votelib=theirs)


def largest(size: int) -> None:
    """Measure as many options and kinds as a poll may have."""
    chance = random.Random(SEED)
    options = [f"option {number}" for number in range(MOST_OPTIONS)]
    kinds = min(size, MOST_KINDS)
    ranked = Counter(draw_ranked(chance, MOST_OPTIONS) for _ in range(kinds))
    scored = Counter(score_ballot(chance.choices(range(6), k=MOST_OPTIONS)) for _ in range(kinds))
    print(f"25 options, {len(ranked)} and {len(scored)} kinds:")
    report("  ranked, all", seconds(lambda: tally(Method.RANKED, options, ranked), repeat=1))
    report("  score, all", seconds(lambda: tally(Method.SCORE, options, scored), repeat=1))
    circle = {Ballot(f"{number}>{(number + 1) % MOST_OPTIONS}"): 1 for number in range(MOST_OPTIONS)}
    report("  ranked, a tie of all 25", seconds(lambda: tally(Method.RANKED, options, circle), repeat=1))


def main() -> None:
    """Print the measurements."""
    parser = argparse.ArgumentParser(description="Measure tallies against Counter and votelib.")
    parser.add_argument("--quick", action="store_true", help="50,000 ballots instead of 1,000,000")
    size = 50_000 if parser.parse_args().quick else 1_000_000
    chance = random.Random(SEED)
    options = [f"option {number}" for number in range(OPTIONS)]
    texts = [draw_ranked(chance, OPTIONS) for _ in range(size)]
    print(f"{size:,} ballots on {OPTIONS} options; each time is the shortest of three")
    plurality(texts, options)
    run_off_and_condorcet(texts, options)
    largest(size)


if __name__ == "__main__":
    main()
