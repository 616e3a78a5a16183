"""Check what a test requires of the machine: skip it with a reason if that is missing, or fail it if it is promised.

`PARLEY_TEST_REQUIRE` lists the promised requirements, separated by commas, as in CI: `PARLEY_TEST_REQUIRE=browser`. A
run ends with a line about the skipped tests and how to run them (`conftest.py`).
"""

from __future__ import annotations

import os
import re
import shutil
from collections import Counter
from collections.abc import Iterable, Mapping

import pytest

PACKAGES: Mapping[str, str] = {
    "browser": "apt-get install chromium",
    "postgres": "apt-get install postgresql",
    "systemd": "apt-get install systemd",
    "git": "apt-get install git",
    "image": "apt-get install buildah debootstrap netavark, as root",
    "cjk": "pip install noto-cjk-sans-jp-regular",
    "mount": "an account that may mount a file system",
    "elections": "files from outside the repository",
    "research": "files from outside the repository",
    "specs": "files from outside the repository",
    "deliberation": "files from outside the repository",
}
"""How to meet each requirement. CONTRIBUTING.md has the same table in more words."""
_REASON = re.compile(r"(?:Skipped: )?(?P<name>[a-z]+): ")


def require(name: str, present: bool, reason: str, *, module: bool = False) -> None:
    """Go on if `present`; else skip the test, or fail it if `name` is in PARLEY_TEST_REQUIRE.

    A call with `module`, while pytest imports a test file, skips or fails the whole file.
    """
    assert name in PACKAGES, f"tests/require.py says nothing of {name!r}"
    if present:
        return
    promised = {word.strip() for word in os.environ.get("PARLEY_TEST_REQUIRE", "").split(",")}
    if name in promised:
        pytest.fail(f"PARLEY_TEST_REQUIRE names {name!r}: {reason}")
    pytest.skip(f"{name}: {reason}", allow_module_level=module)


def summarise(reasons: Iterable[str]) -> str:
    """Summarise the skipped tests by requirement, the most frequent first, with the way to run them."""
    counts = Counter(_requirement(reason) for reason in reasons)
    if not counts:
        return "Nothing was skipped."
    parts = [f"{count} {name} ({PACKAGES.get(name, 'see the reasons above')})" for name, count in counts.most_common()]
    return f"Skipped {counts.total()}: {'; '.join(parts)}"


def _requirement(reason: str) -> str:
    name_match = _REASON.match(reason)
    return name_match["name"] if name_match and name_match["name"] in PACKAGES else "for other reasons"


def require_git() -> None:
    """Skip the test, or fail it if promised, where Git isn't installed."""
    require("git", shutil.which("git") is not None, "git is not installed")
