"""A drawn tenth of all mutants, file by file: none may survive but those that tests/mutants/equivalent.yaml explains."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
SHARE, SEED = "0.1", os.environ.get("PARLEY_TEST_MUTANTS_SEED", "69068")
"""What is drawn stays drawn, so that the gate says the same of the same code; `make mutants` tries all."""


def test_no_mutant_of_a_drawn_tenth_survives() -> None:
    """A rule that no test of its own holds fails here, and is named with its file and line."""
    command = [sys.executable, "-m", "tests.mutants", "--sample", SHARE, "--by-file", "--seed", SEED, "--strict"]
    result = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr
