"""Every kind of reply there is, made by the bot itself over the invented topic: what the golden files are drawn from."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import count
from pathlib import Path

from bot.chat import Outcome, Reply
from tests.world import Clock, Wall, make_bot, request, running

LOOKUPS: Mapping[str, str] = {
    "fact": "/fact coffee ban",
    "fact-with-others": "/fact tea",
    "fact-public": "/fact coffee ban share:yes",
    "facts": "/fact",
    "nothing-found": "/fact zeppelin",
    "position": "/search free tea",
    "counter": "/counter free tea",
    "counter-none": "/counter tea tastes better than coffee",
    "source": "/source count of the kitchen",
    "source-mirror": "/source tea report",
    "search": "/search kettle",
    "term": "/define oolong",
    "option": "/policy tea fund",
    "timeline": "/timeline",
    "topic": "/topic",
    "help": "/help",
    "help-command": "/help fact",
    "unknown-command": "/fcat",
    "refusal": '/fact "unclosed',
}
_OPEN = '/poll create question:"Which tea should the office buy?" options:"Green | Black | Oolong" closes:2h'
BALLOTS: Mapping[str, tuple[str, ...]] = {
    "single": ("0", "1", "0"),
    "approval": ("0,1", "1", "1,2"),
    "ranked": ("0>1", "1>2", "2>1>0"),
    "score": ("5,3,0", "0,4,5", "3,3,1"),
}


async def replies(folder: Path) -> Mapping[str, Reply]:
    """Name → reply. Deterministic: the clock stands still and chance is counted."""
    bot = make_bot()
    made = {name: _answer(await bot.say(request(), line)) for name, line in LOOKUPS.items()}
    made["sources"] = _answer(await bot.press(request(), "v1:view:sources:tea:coffee-banned"))
    made["support"] = _answer(await bot.press(request(), "v1:view:support:tea:buy-tea"))
    made["stale-button"] = _answer(await bot.press(request(), "v0:gone"))
    for method in BALLOTS:
        (folder / method).mkdir()
        made |= await _poll(folder / method, method)
    return dict(sorted(made.items()))


async def _poll(folder: Path, method: str) -> Mapping[str, Reply]:
    clock = Clock()
    made: dict[str, Reply] = {}
    async with running(folder, clock=clock, random_bytes=counted()) as instance:
        wall = instance.platforms["test"]
        assert isinstance(wall, Wall)

        async def say(line: str) -> Reply:
            return _answer(await instance.bot.say(replace(request("Mo", moderator=True), now=clock()), line))

        async def press(name: str, action: str, *values: str) -> Reply:
            return _answer(await instance.bot.press(replace(request(name), now=clock()), action, values))

        made["opened"] = await say(f"{_OPEN} method:{method} quorum:2 secret:{'no' if method == 'single' else 'yes'}")
        made["poll"] = wall.posted[0][1]
        if method in {"ranked", "score"}:
            made["ballot-empty"] = await press("Ben", "v1:ballot:p1:")
            made["ballot-half"] = await press("Ben", "v1:ballot:p1:", "2")
        verb = "cast" if method in {"ranked", "score"} else "vote"
        for name, ballot in zip(("Ada", "Ben", "Chen"), BALLOTS[method], strict=True):
            made["voted"] = await press(name, f"v1:{verb}:p1:{ballot}")
        made["list"] = await say("/poll list")
        made["close"] = await say("/poll close")
        clock.forward(hours=2)
        await instance.scheduler.run_due()
        await instance.copies.drain()
        made["poll-closed"] = wall.posted[0][1]
        made["announced"] = wall.posted[1][1]
        made["export"] = await say("/poll export")
        if method == "single":
            made["form-create"] = await say("/poll create")
            made["form-policy"] = await say("/poll policy")
            made["settings"] = await say("/settings")
            made["privacy"] = await say("/privacy show")
            made["privacy-erase"] = await say("/privacy erase")
    return {f"{method}-{name}": reply for name, reply in made.items()}


def counted() -> Callable[[int], bytes]:
    """Bytes that count up, so that receipts and chain heads are the same each time."""
    numbers = count(1)
    return lambda size: hashlib.shake_256(str(next(numbers)).encode()).digest(size)


def _answer(outcome: Outcome) -> Reply:
    assert outcome.answer is not None
    return outcome.answer
