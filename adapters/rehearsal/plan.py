"""Run a rehearsal: each step once and in order, even across a stop; then delete its messages and report."""

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
    """`facts` are the ids, in docs/platform-facts.md, of the facts that the step tries."""

    name: str
    facts: tuple[str, ...]
    perform: Callable[[Observations], Awaitable[None]]


class Stage(Protocol):
    """A connected platform, with the place of its rehearsal."""

    name: str

    def code_of(self, error: Exception) -> str:
        """Return the status and code of the service's refusal; "" for any other error."""

    def watch(self, check: Observations) -> None:
        """Report the times and limits of the following calls to these observations."""

    async def claim(self, name: str) -> None:
        """Note the id of the message with this name. If there is none, the service creates one."""

    @property
    def steps(self) -> Sequence[RehearsalStep]: ...

    @property
    def cleaning(self) -> RehearsalStep:
        """The last step, which deletes everything in the ledger."""


def ledger_path(folder: Path, platform: str) -> Path:
    return folder / f"rehearsal-{platform}.json"


async def run_steps(stage: Stage, ledger: Ledger, say: Say) -> int:
    """Run the remaining steps, delete the created messages, print the report, and return the number of differences."""
    await _claim(stage, ledger, say)
    for number, step in enumerate(stage.steps, 1):
        if step.name not in ledger.steps:
            say(f"{number}/{len(stage.steps)} {step.name}")
            await _run(stage, step, ledger)
    await _run(stage, stage.cleaning, ledger)
    return _finish(stage, ledger, say)


async def undo(stage: Stage, ledger: Ledger, say: Say) -> None:
    """Delete a stopped rehearsal's messages, and forget it."""
    await _claim(stage, ledger, say)
    await _run(stage, stage.cleaning, ledger)
    _forget(ledger, say)


async def _claim(stage: Stage, ledger: Ledger, say: Say) -> None:
    """Claim the message that was being posted at the stop, so that it's deleted like all others."""
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
    """Remove the ledger, unless it lists undeleted messages."""
    if ledger.ids:
        say(f"Not deleted: {', '.join(ledger.ids)}. Run this command with --undo to try again.")
        return
    say("All that the rehearsal made is deleted.")
    ledger.remove()
