"""Measure the milliseconds of a chart, and the part that resvg needs for any picture of that size.

    python -m benchmarks.charts

The peer is resvg with an empty card of the same size and fonts: the cost of the pixels and their compression.
"""

from __future__ import annotations

import random
import re
import time
from collections import Counter
from collections.abc import Callable
from functools import partial

from bot.charts import chart, png
from bot.i18n import translator
from bot.polls.counting.ballots import Ballot, Method, approval_ballot, ranked_ballot, score_ballot, single_ballot
from bot.polls.counting.results import Result
from bot.polls.counting.tally import tally

SEED = 20250220
REPEAT = 7
_DRAWN = re.compile(r"<(?:text|rect|line|path)[^>]*(?:/>|>[^<]*</text>)\n?")


def result(method: Method, options: int, count: int) -> Result:
    """Return a poll of random ballots, the same every time."""
    chance = random.Random(SEED)

    def ballot() -> Ballot:
        some = chance.sample(range(options), chance.randint(1, options))
        if method is Method.SINGLE:
            return single_ballot(some[0])
        if method is Method.APPROVAL:
            return approval_ballot(some)
        if method is Method.RANKED:
            return ranked_ballot(some)
        return score_ballot(chance.randint(0, 5) for _ in range(options))

    return tally(method, names(options), Counter(ballot() for _ in range(count)))


def names(options: int) -> list[str]:
    """Return names of about 40 characters."""
    return [f"Policy option number {place} with a longer name" for place in range(1, options + 1)]


def milliseconds(work: Callable[[], object]) -> float:
    """Return the time of the fastest of several runs."""
    best = float("inf")
    for _ in range(REPEAT):
        start = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - start)
    return best * 1000


def main() -> None:
    """Print a line for each kind of chart."""
    t = translator("en")
    title = "Which change to the law should our community support first?"
    print("chart          options   SVG ms   PNG ms   empty card ms   ratio   PNG kB")
    for method in Method:
        for options in (4, 10, 25):
            counted = result(method, options, 500)
            svg = chart(counted, names(options), title=title, t=t).svg
            empty = _DRAWN.sub("", svg)
            assert "<text" not in empty
            building = milliseconds(partial(chart, counted, names(options), title=title, t=t))
            drawing, peer = milliseconds(partial(png, svg)), milliseconds(partial(png, empty))
            ratio = (building + drawing) / peer
            kilobytes = len(png(svg)) / 1000
            print(f"{method:12} {options:9} {building:8.1f} {drawing:8.0f} {peer:15.0f} {ratio:7.1f} {kilobytes:8.0f}")


if __name__ == "__main__":
    main()
