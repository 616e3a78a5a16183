"""Look things up without a pause while the content is reloaded again and again."""

from __future__ import annotations

import asyncio
import gc
import re
import weakref
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.timing import resident_bytes
from bot.chat.vocabulary import Outcome
from bot.instance import Instance
from bot.library.reload import Acceptance
from bot.packs.pack import Library
from tests.talk import ADA, press, say, wall, words

FACTS = 4
PACK = """\
id: tea
title: Tea, edition {n}
summary: Edition {n} of it.
essay: {{paragraphs: 2}}
reviewed: 2026-11-01
"""
FACT = """\
  - id: fact-{i}
    statement: Claim {i} on tea, edition {n}.
    essay: {{paragraph: 1, quote: some words on tea}}
    attributed_to: the author
    kind: fact
    verdict: supported
    reason: Somebody looked for edition {n}.
    sources: [source-{i}]
    checked: 2026-10
"""
SOURCE = """\
  - id: source-{i}
    title: Source {i} for tea, edition {n}
    date: 2026-10
    url: https://example.org/{i}
    kind: news
    copy: original
    summary: What edition {n} rests on.
"""
LINES = ("/fact claim tea", "/search tea", "/source source tea", "/topic")
PRESSED = ("v1:open:tea:fact-1", "v1:view:sources:tea:fact-2")
_EDITION = re.compile(r"[Ee]dition (\d+)")


def write_edition(content: Path, number: int) -> None:
    """Write a pack whose every sentence names its edition. Each edition also adds or removes a card."""
    tea = content / "tea"
    tea.mkdir(parents=True, exist_ok=True)
    cards = range(FACTS + number % 2)
    (tea / "pack.yaml").write_text(PACK.format(n=number), encoding="utf-8")
    facts = "".join(FACT.format(i=i, n=number) for i in cards)
    (tea / "facts.yaml").write_text(f"facts:\n{facts}", encoding="utf-8")
    sources = "".join(SOURCE.format(i=i, n=number) for i in cards)
    (tea / "sources.yaml").write_text(f"sources:\n{sources}", encoding="utf-8")


@dataclass
class Members:
    """Members who ask one question after another. Each answer must be of one edition, never older than the last."""

    instance: Instance
    answers: int = 0
    latest: int = 0
    wrong: list[str] = field(default_factory=list)
    curious: bool = True

    async def ask(self) -> None:
        """Ask until nobody is curious. The last question is answered: its thread would hold an edition otherwise."""
        while self.curious:
            for line in LINES:
                self._look(line, await say(self.instance, ADA, line))
            for action in PRESSED:
                self._look(action, await press(self.instance, ADA, action))
            await asyncio.sleep(0.005)

    def _look(self, line: str, outcome: Outcome) -> None:
        self.answers += 1
        answer = words(outcome)
        editions = {int(number) for number in _EDITION.findall(answer)}
        if len(editions) != 1 or not outcome.success or max(editions) < self.latest:
            self.wrong.append(f"{line} after edition {self.latest}: {answer}")
        self.latest = max(self.latest, *editions, 0)


@dataclass
class LoadRun:
    """The result of a run. Memory is the process's, in bytes, after each reload."""

    members: Members
    memory: list[int]
    editions_left: int


async def reload_under_load(instance: Instance, content: Path, first: int, reloads: int) -> LoadRun:
    """Write an edition and reload it, `reloads` times, while members ask."""
    members = Members(instance)
    asking = asyncio.create_task(members.ask())
    memory: list[int] = []
    libraries: list[weakref.ref[Library]] = []
    try:
        for number in range(first, first + reloads):
            write_edition(content, number)
            libraries.append(weakref.ref(instance.content.shelf.current.library))
            assert isinstance(await instance.content.reload(), Acceptance)
            wall(instance).posted.clear()  # the tests' own channel, which would keep all messages
            memory.append(resident_bytes())
            assert not asking.done()
    finally:
        members.curious = False
        await asking
    await asyncio.gather(*instance.content._letting_go, return_exceptions=True)
    gc.collect()
    return LoadRun(members, memory, sum(library() is not None for library in libraries))
