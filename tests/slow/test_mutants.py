"""The tests find every mutant of a sample but those that tests/mutants/equivalent.yaml explains."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
SHARE, SEED = "0.1", os.environ.get("PARLEY_TEST_MUTANTS_SEED", "69068")
"""A fixed seed draws the same mutants each time, so that the gate says the same of the same code.

`make mutants` tries all mutants.
"""


def test_no_mutant_of_a_drawn_tenth_survives() -> None:
    """No mutant in the drawn files, a tenth of all mutants, survives the tests, and a failure names the survivors."""
    command = [sys.executable, "-m", "tests.mutants", "--sample", SHARE, "--by-file", "--seed", SEED, "--strict"]
    result = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr
