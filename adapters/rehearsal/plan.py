"""Runs a rehearsal: its steps in order, each once even over a stop; then deletes what it made and reports."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Protocol

from adapters.rehearsal.ledger import Ledger
from adapters.rehearsal.observations import Observations

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class RehearsalStep:
    """`facts` are the ids, in docs/platform-facts.md, of what the step tries."""

    name: str
    facts: tuple[str, ...]
    perform: Callable[[Observations], Awaitable[None]]


class Stage(Protocol):
    """One platform, connected, with the place in which it rehearses."""

    name: str

    def code_of(self, error: Exception) -> str:
        """Return the service's status and code; "" for what is no refusal of the service."""

    def watch(self, check: Observations) -> None:
        """Report times and limits of the calls that follow to these observations."""

    async def claim(self, name: str) -> None:
        """Note the id of the message with this name. Where there is none, the service makes one."""

    @property
    def steps(self) -> Sequence[RehearsalStep]: ...

    @property
    def cleaning(self) -> RehearsalStep:
        """The last step, which deletes what the ledger lists."""


def ledger_path(folder: Path, platform: str) -> Path:
    return folder / f"rehearsal-{platform}.json"


async def run_steps(stage: Stage, ledger: Ledger, say: Say) -> int:
    """Run the steps that aren't done yet, delete what was made, and print the report. Return the number of differences."""
    await _claim(stage, ledger, say)
    for number, step in enumerate(stage.steps, 1):
        if step.name not in ledger.steps:
            say(f"{number}/{len(stage.steps)} {step.name}")
            await _run(stage, step, ledger)
    await _run(stage, stage.cleaning, ledger)
    return _finish(stage, ledger, say)


async def undo(stage: Stage, ledger: Ledger, say: Say) -> None:
    """Delete what a stopped rehearsal made, and forget it."""
    await _claim(stage, ledger, say)
    await _run(stage, stage.cleaning, ledger)
    _forget(ledger, say)


async def _claim(stage: Stage, ledger: Ledger, say: Say) -> None:
    """Take hold of a message that was under way at the stop, so that it is deleted like all others."""
    if ledger.pending:
        await stage.claim(ledger.pending)
        say("The rehearsal stopped during a post. If that is some minutes ago, look for one message too many.")


async def _run(stage: Stage, step: RehearsalStep, ledger: Ledger) -> None:
    check = Observations(stage.code_of)
    stage.watch(check)
    await step.perform(check)
    ledger.finish(step.name, check)


def _finish(stage: Stage, ledger: Ledger, say: Say) -> int:
    steps = list(ledger.observations(stage.code_of))
    say(f"\n{stage.name}, {ledger.place}: {len(steps)} steps\n")
    differences = [(fact, name, words) for name, check in steps for fact, words in check.differences]
    say(f"Differences from docs/platform-facts.md: {len(differences) or 'none'}")
    for fact, name, words in differences:
        say(f"✖ {fact} ({name}): {words}")
    limits = [limit for _, check in steps for limit in check.limits]
    say(f"Limits: {len(limits) or 'none met'}")
    for limit in limits:
        say(f"• {limit}")
    say("Times in milliseconds, median and longest")
    for line in _times([check for _, check in steps]):
        say(f"• {line}")
    _forget(ledger, say)
    return len(differences)


def _times(steps: Sequence[Observations]) -> list[str]:
    calls: dict[str, list[int]] = {}
    for check in steps:
        for call, times in check.calls.items():
            calls.setdefault(call, []).extend(times)
    return [f"{call}: {median(times):.0f}, {max(times)} (of {len(times)})" for call, times in sorted(calls.items())]


def _forget(ledger: Ledger, say: Say) -> None:
    """Remove the ledger, but not while it lists what is still there."""
    if ledger.ids:
        say(f"Not deleted: {', '.join(ledger.ids)}. Run this command with --undo to try again.")
        return
    say("All that the rehearsal made is deleted.")
    ledger.remove()
