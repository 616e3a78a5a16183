"""A newcomer's machine: a fresh copy of the repository, and an environment to install.

Nothing is downloaded: the locked packages come from the environment that runs the tests, as if pip had fetched them
before. Everything else (the virtual environment, Parley itself, its program) is made anew.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Mapping
from pathlib import Path

from tests.docs.documents import ROOT
from tests.docs.test_files import tracked


def copy_of_repository(to: Path) -> Path:
    """Copy the files that Git would clone, and no others."""
    for file in tracked():
        copy = to / file.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(file, copy)
    return to


def new_environment(folder: Path) -> Path:
    """Make a virtual environment without Parley, in which the locked packages count as installed. Return its program
    folder."""
    subprocess.run([sys.executable, "-m", "venv", folder], check=True, env=variables())
    (packages,) = folder.glob("lib/python*/site-packages")
    (packages / "locked.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    return folder / "bin"


def variables(**more: str) -> Mapping[str, str]:
    """Return a newcomer's environment: no setting of Parley, no path into this repository, no package index."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("PARLEY_", "PYTHON", "PIP_", "MAKE"))
    }
    return {**environment, "PIP_NO_INDEX": "1", "PYTHONUNBUFFERED": "1", "COLUMNS": "80", "NO_COLOR": "1", **more}
