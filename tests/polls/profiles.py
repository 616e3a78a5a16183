"""Elections for tests: real ones from files, random ones from a seed."""

import re
from collections import Counter
from random import Random

from bot.polls.counting.ballots import Ballot, ranked_ballot, score_ballot
from tests.beside import ELECTIONS
from tests.require import require


def election(name: str) -> tuple[list[str], Counter[Ballot]]:
    """Return the options and the counted ballots of a PrefLib file (orders, complete or not, ties in braces).

    Skips the test when the file isn't there, or fails it when PARLEY_TEST_REQUIRE names `elections`.
    """
    path = ELECTIONS / name
    require("elections", path.exists(), f"{path} is missing: real elections are kept outside the repository")
    options: list[str] = []
    counted: Counter[Ballot] = Counter()
    for line in path.read_text(encoding="utf-8").splitlines():
        head, _, rest = line.partition(": ")
        if head.startswith("# ALTERNATIVE NAME"):
            options.append(rest)
        elif not head.startswith("#"):
            counted[_ballot(rest)] += int(head)
    return options, counted


def _ballot(order: str) -> Ballot:
    ranks = [re.findall(r"\d+", rank) for rank in re.findall(r"\{[^}]*\}|\d+", order)]
    return ranked_ballot([[int(number) - 1 for number in rank] for rank in ranks])


def random_ranked(random: Random, options_count: int, *, shared: bool = False) -> Counter[Ballot]:
    """Return a few kinds of ranked ballots, some of them cut short; `shared`: some ranks hold several options."""
    counted: Counter[Ballot] = Counter()
    for _ in range(random.randint(1, 12)):
        order = random.sample(range(options_count), random.randint(1, options_count))
        ranks = [[order[0]]]
        for option in order[1:]:
            if shared and random.random() < 0.25:
                ranks[-1].append(option)
            else:
                ranks.append([option])
        counted[ranked_ballot(ranks)] += random.choice((1, 1, 2, 3, random.randint(1, 1000)))
    return counted


def random_scores(random: Random, options_count: int) -> Counter[Ballot]:
    """Return a few kinds of score ballots; the fewer different scores are in use, the more ties there are."""
    counted: Counter[Ballot] = Counter()
    scales: tuple[list[int | None], ...] = ([0, 5], [0, 3, 5, None], [0, 1, 2, 3, 4, 5, None])
    levels = random.choice(scales)
    for _ in range(random.randint(1, 10)):
        scores = [random.choice(levels) for _ in range(options_count)]
        if any(score is not None for score in scores):
            counted[score_ballot(scores)] += random.choice((1, 1, 1, 2, random.randint(1, 40)))
    return counted or Counter({score_ballot([5] * options_count): 1})
