"""What a test needs from the machine: skipped with its reason where it is missing, failed where it is promised.

`PARLEY_TEST_REQUIRE` names, separated by commas, what must be there, as in CI: `PARLEY_TEST_REQUIRE=browser`.
"""

from __future__ import annotations

import os

import pytest


def require(name: str, present: bool, reason: str) -> None:
    """Goes on if `present`; otherwise skips the test, or fails it where `name` is in PARLEY_TEST_REQUIRE."""
    if present:
        return
    promised = {word.strip() for word in os.environ.get("PARLEY_TEST_REQUIRE", "").split(",")}
    if name in promised:
        pytest.fail(f"PARLEY_TEST_REQUIRE names {name!r}: {reason}")
    pytest.skip(reason)
