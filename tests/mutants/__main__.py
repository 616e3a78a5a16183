"""Run mutants and report the survivors. The package's docstring says more."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from zlib import crc32

import pytest
import yaml

from tests.mutants.operators import Mutant, mutants_of
from tests.mutants.plugin import KILLED, OUT_OF_REACH, SURVIVED
from tests.mutants.rules import NONE_SURVIVES, ROOMS, SURVIVE_MAX, Room

ROOT = Path(__file__).parents[2]
EQUIVALENT = Path(__file__).with_name("equivalent.yaml")
EXPLAINED = "equivalent"
"""Outcome of a mutant that equivalent.yaml explains: it isn't run."""
_ROOM = 2_000_000_000
_SERVERS = "not postgres"
"""Skips tests that would start a server anew for each mutant."""


def main() -> int:
    """Return 1 if too many mutants survived, or any in a file where none may."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants")
    parser.add_argument("files", nargs="*", help="files that hold rules; all of rules.py by default")
    parser.add_argument("--sample", type=float, default=1.0, help="the share of mutants to run, drawn by chance")
    parser.add_argument("--by-file", action="store_true", help="draw whole files until they have that share")
    parser.add_argument("--seed", type=int, default=0, help="of the draw")
    parser.add_argument("--workers", type=int, default=2, help="rooms at a time")
    parser.add_argument("--strict", action="store_true", help="fail where any survives")
    parser.add_argument("--names", type=Path, help="a file with names of mutants, one a line: these alone")
    arguments = parser.parse_args()
    only = set(arguments.names.read_text("utf-8").splitlines()) if arguments.names else None
    explained = set(yaml.safe_load(EQUIVALENT.read_text("utf-8")) or {})
    counts, survivors, orders = Counter[str](), list[Mutant](), list[tuple[Room, list[Mutant]]]()
    rooms = [_mutants(room, number, arguments.files) for number, room in enumerate(ROOMS)]
    draw = _draw_files if arguments.by_file else _draw
    chosen = draw([mutant for mutants in rooms for mutant in mutants], arguments.sample, arguments.seed)
    for room, of_room in zip(ROOMS, rooms, strict=True):
        drawn = [mutant for mutant in of_room if mutant in chosen]
        drawn = [mutant for mutant in drawn if only is None or mutant.name in only]
        mutants = [mutant for mutant in drawn if mutant.name not in explained]
        counts[EXPLAINED] += len(drawn) - len(mutants)
        if mutants:
            orders.append((room, mutants))
    orders.sort(key=lambda order: -len(order[1]))
    with ThreadPoolExecutor(arguments.workers) as threads:
        for outcomes, (room, mutants) in zip(
            threads.map(lambda order: outcomes_of(*order), orders), orders, strict=True
        ):
            counts.update(outcomes)
            alive = [mutant for mutant, outcome in zip(mutants, outcomes, strict=True) if outcome == SURVIVED]
            survivors += alive
            _say(f"{len(mutants):5d} {' '.join(room.files)}: {len(alive)} survived")
            for mutant in alive:
                _say(f"      line {mutant.line}: {mutant.name}")
    _say(
        f"{counts.total()} mutants: {counts[KILLED]} killed, {counts[EXPLAINED]} equivalent, "
        f"{counts[OUT_OF_REACH]} out of reach, {counts[SURVIVED]} survived"
    )
    strict = {str(path.relative_to(ROOT)) for pattern in NONE_SURVIVES for path in ROOT.glob(pattern)}
    here = [mutant for mutant in survivors if mutant.file in strict]
    if here:
        _say(f"{len(here)} of them where none may survive")
    most = 0 if arguments.strict else SURVIVE_MAX * counts.total()
    return 1 if here or len(survivors) > most else 0


def outcomes_of(room: Room, mutants: Sequence[Mutant]) -> Sequence[str]:
    """Run a room's tests against mutants. End the program if a test fails without any, and name it."""
    with tempfile.TemporaryDirectory(dir=_scratch()) as folder:
        order = Path(folder, "mutants.json")
        order.write_text(json.dumps([asdict(mutant) for mutant in mutants]), "utf-8")
        command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.mutants.plugin", "-p", "no:randomly"]
        command += ["-p", "no:xdist", "-o", "tmp_path_retention_policy=none", "--hypothesis-profile=mutants"]
        command += ["--tb=native"]  # other styles look up each frame's source, which takes longer than most tests
        command += [f"--basetemp={folder}/tests"]  # or pytest would search for a number among all earlier mutants'
        command += ["-m", "not slow", "-k", _SERVERS, *room.tests]
        environment = {**os.environ, "PARLEY_TEST_MUTANTS": str(order), "TMPDIR": _scratch()}
        result = subprocess.run(command, cwd=ROOT, env=environment, check=False, stdout=subprocess.DEVNULL)
        if result.returncode not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
            raise SystemExit(f"the tests of {' '.join(room.files)} don't pass without a mutant")
        outcomes: list[str] = json.loads(order.with_suffix(".outcomes").read_text("utf-8"))
    return outcomes


def _scratch() -> str:
    """Return the folder of the tests' databases: in memory if there is room, since half of a test is waiting for a
    disk."""
    memory = Path("/dev/shm")
    if memory.is_dir() and shutil.disk_usage(memory).free > _ROOM:
        return str(memory)
    return tempfile.gettempdir()


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _mutants(room: Room, number: int, only: Sequence[str]) -> list[Mutant]:
    """Return all mutants of a room's files. A file belongs to the first room that names it."""
    earlier = {path for other in ROOMS[:number] for path in _paths(other)}
    paths = [path for path in _paths(room) if path not in earlier and (not only or path in only)]
    return [mutant for path in paths for mutant in mutants_of(path, Path(ROOT, path).read_text("utf-8"))]


def _paths(room: Room) -> list[str]:
    return sorted({str(path.relative_to(ROOT)) for pattern in room.files for path in ROOT.glob(pattern)})


def _draw(mutants: Sequence[Mutant], share: float, seed: int) -> set[Mutant]:
    """Draw each mutant by its name and the seed, so that a change in one place doesn't draw others elsewhere."""
    return {mutant for mutant in mutants if crc32(f"{seed} {mutant.name}".encode()) < share * 2**32}


def _draw_files(mutants: Sequence[Mutant], share: float, seed: int) -> set[Mutant]:
    """Draw whole files until they make up the share, so that fewer rooms must be learned."""
    chosen: set[Mutant] = set()
    for drawn in sorted({mutant.file for mutant in mutants}, key=lambda file: crc32(f"{seed} {file}".encode())):
        if len(chosen) < share * len(mutants):
            chosen |= {mutant for mutant in mutants if mutant.file == drawn}
    return chosen


if __name__ == "__main__":
    sys.exit(main())
