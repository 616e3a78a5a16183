"""Measure the benchmarks' time and memory."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from pathlib import Path


def seconds(work: Callable[[], object], repeat: int = 3) -> float:
    """Return the seconds of the fastest of several runs."""
    best = float("inf")
    for _ in range(repeat):
        gc.collect()
        start = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - start)
    return best


def resident_bytes() -> int:
    """Return the memory of this process, as Linux counts it; 0 elsewhere."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except OSError:
        return 0
    return pages * 4096
