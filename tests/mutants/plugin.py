"""A pytest plugin that runs the tests against each mutant of a room, instead of once.

`PARLEY_TEST_MUTANTS` names a JSON file with the room's mutants. The plugin writes the outcomes beside it, as
`.outcomes`.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import coverage
import pytest
from hypothesis import Phase, settings

from tests.mutants.operators import Mutant, mutated
from tests.mutants.swap import swap_in
from tests.world import running

KILLED, SURVIVED, OUT_OF_REACH = "killed", "survived", "out of reach"
"""Out of reach: a change that only an import would apply, such as one inside a decorator."""
_CODES = {0: SURVIVED, 1: KILLED, 2: OUT_OF_REACH}
LOG = "PARLEY_TEST_MUTANTS_LOG"
"""Names a file that gets a line for each tried mutant at once: its outcome, a tab, its name."""
SLOWER = 10
"""A test may take this many times as long with a mutant as without, and three seconds more."""
LONG = 5.0
"""A test that takes this many processor seconds is left out, since a quick one holds each rule."""
LATEST = 4
"""Tests that have just killed a mutant nearby are likely to kill the next one, so this many of them come first."""

_Reach = Mapping[str, Mapping[int, Sequence[str]]]
"""The ids of the tests that reach each line, by file and line."""


async def _warm_up() -> None:
    """Read the queries and the small pack and migrate an empty database once, so that no child has to."""
    with TemporaryDirectory() as folder:
        async with running(Path(folder)):
            pass


class Failures:
    """The tests that failed, as pytest reports them."""

    def __init__(self) -> None:
        self.reports: list[pytest.TestReport] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.reports.append(report)


settings.register_profile(
    "mutants", settings.get_profile("ci"), max_examples=30, phases=(Phase.explicit, Phase.generate)
)


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool:
    """Replace pytest's own loop. Raises UsageError if a test fails without any mutant."""
    order = Path(os.environ["PARLEY_TEST_MUTANTS"])
    mutants = [Mutant(**each) for each in json.loads(order.read_text("utf-8"))]
    run = _Run(session, order.with_suffix(".reach"))
    order.with_suffix(".outcomes").write_text(json.dumps(run.outcomes(mutants)), "utf-8")
    return True


class _Run:
    def __init__(self, session: pytest.Session, report: Path) -> None:
        self._items = {item.nodeid: item for item in session.items}
        self._failures = Failures()
        session.config.pluginmanager.register(self._failures)
        self._report = report

    def outcomes(self, mutants: Sequence[Mutant]) -> Sequence[str]:
        """Return the mutants' outcomes, in order."""
        asyncio.run(_warm_up())
        reach, seconds = self._learn(sorted({mutant.file for mutant in mutants}))
        outcomes = [SURVIVED] * len(mutants)
        log = Path(os.environ[LOG]) if LOG in os.environ else None
        killers: list[str] = []
        gc.collect()
        gc.freeze()  # a child that collects would copy every page that it shares
        for place, mutant in enumerate(mutants):
            ids = sorted(self._ids(mutant, reach[mutant.file]) & seconds.keys(), key=lambda id_: seconds[id_])
            if ids:
                latest = [id_ for id_ in killers[:LATEST] if id_ in ids]
                limits = {id_: int(3 + SLOWER * seconds[id_]) for id_ in dict.fromkeys((*latest, *ids))}
                attack = _Attack(self, mutant, limits, self._report)
                _, status = os.waitpid(_fork(attack), 0)
                outcomes[place] = _CODES.get(os.waitstatus_to_exitcode(status), KILLED)
                if outcomes[place] == KILLED:
                    killer = self._report.read_text("utf-8")
                    killers = [killer, *(id_ for id_ in killers if id_ != killer)]
            if log is not None:
                with log.open("a", encoding="utf-8") as file:
                    file.write(f"{outcomes[place]}\t{mutant.name}\n")
        return outcomes

    def passes(self, nodeid: str) -> bool:
        """Run one test with its set-up, and tear that down again."""
        item = self._items[nodeid]
        item.ihook.pytest_runtest_protocol(item=item, nextitem=None)
        return not self._failures.reports

    def _ids(self, mutant: Mutant, lines: Mapping[int, Sequence[str]]) -> set[str]:
        """Return the tests that reach a mutant's lines; for code at import, those that reach or name its module."""
        places = lines if mutant.at_import else range(mutant.line, mutant.end_line + 1)
        module = mutant.file.removesuffix(".py").replace("/", ".")
        naming = {id_ for id_ in self._items if mutant.at_import and f"[{module}]" in id_}
        return naming | {id_ for line in places for id_ in lines.get(line, ())} - {""}

    def _learn(self, files: Sequence[str]) -> tuple[_Reach, Mapping[str, float]]:
        """Run all tests once, in a separate child, and record the lines that each reaches and the seconds of quick
        ones."""
        child = _fork(lambda: self._measure(files))
        _, status = os.waitpid(child, 0)
        if os.waitstatus_to_exitcode(status) != 0:
            raise pytest.UsageError(f"a test fails without any mutant: {self._report.read_text('utf-8')}")
        lines, seconds = json.loads(self._report.read_text("utf-8"))
        return {file: {int(line): ids for line, ids in reached.items()} for file, reached in lines.items()}, seconds

    def _measure(self, files: Sequence[str]) -> int:
        paths = {file: str(Path(file).resolve()) for file in files}
        measure = coverage.Coverage(data_file=None, config_file=False, include=list(paths.values()))
        seconds = dict[str, float]()
        measure.start()
        for nodeid in self._items:
            measure.switch_context(nodeid)
            begin, worked = time.monotonic(), time.process_time()
            if not self.passes(nodeid):
                self._report.write_text(self._failures.reports[0].longreprtext, "utf-8")
                return 1
            if time.process_time() - worked < LONG:
                seconds[nodeid] = time.monotonic() - begin
        measure.stop()
        data = measure.get_data()
        lines = {file: data.contexts_by_lineno(path) for file, path in paths.items()}
        self._report.write_text(json.dumps([lines, seconds]), "utf-8")
        return 0


class _Attack:
    """The work of a child: become the mutant, then run tests until one fails.

    `limits` has the tests' ids, with seconds. The report names the running test.
    """

    def __init__(self, run: _Run, mutant: Mutant, limits: Mapping[str, int], report: Path) -> None:
        self._run, self._mutant, self._limits, self._report = run, mutant, limits, report

    def __call__(self) -> int:
        file = self._mutant.file
        if not swap_in(file, mutated(Path(file).read_text("utf-8"), self._mutant.number)):
            return 2
        for nodeid, seconds in self._limits.items():
            self._report.write_text(nodeid, "utf-8")
            signal.alarm(seconds)  # the alarm's default action ends the child
            if not self._run.passes(nodeid):
                return 1
        return 0


def _fork(work: Callable[[], int]) -> int:
    child = os.fork()
    if child:
        return child
    code = 1  # if the mutant breaks more than a test
    try:
        silence = os.open(os.devnull, os.O_WRONLY)
        for stream in (1, 2):
            os.dup2(silence, stream)
        code = work()
    finally:
        os._exit(code)
