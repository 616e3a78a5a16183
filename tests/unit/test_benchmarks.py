"""The benchmarks write the same rows as Parley."""

from __future__ import annotations

import re

from benchmarks.votes import rows_of, statements


def test_the_bare_rows_fit_parley_s_own_statements() -> None:
    """The benchmark's comparison has exactly one value for each parameter of Parley's own SQL statements."""
    (batch,) = rows_of("a poll", 1)
    for statement, row in zip(statements(), batch, strict=True):
        assert set(re.findall(r":(\w+)", statement)) == set(row)
