"""Run every benchmark, one after the other: `make bench`. Each prints ratios against a named peer of the same run."""

from __future__ import annotations

import runpy

ALL = (
    "library",
    "answers",
    "tallies",
    "charts",
    "votes",
    "processes",
    "results",
    "reload",
    "discord",
    "slack",
    "counting",
)

if __name__ == "__main__":
    for name in ALL:
        print(f"\n=== {name} ===", flush=True)
        runpy.run_module(f"benchmarks.{name}", run_name="__main__")
