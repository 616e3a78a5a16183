"""Every kind of reply there is, made by the bot itself over the invented topic: what the golden files are drawn from."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path

from bot.chat import Outcome, Reply, Request
from bot.instance import Instance
from tests.editing.packs import Telling, copied, edit, serving, submit
from tests.talk import ADA, MO, press, say
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

_SURVEY = "https://example.org/survey"


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
    made |= await _turns(folder)
    (folder / "editing").mkdir()
    made |= await _editing(folder / "editing")
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
        clock.forward(hours=1)
        await instance.scheduler.run_due()
        if method == "single":
            made["reminder"] = wall.posted[1][1]
        clock.forward(hours=1)
        await instance.scheduler.run_due()
        await instance.copies.drain()
        made["poll-closed"] = wall.posted[0][1]
        made["announced"] = wall.posted[-1][1]
        made["export"] = await say("/poll export")
        if method == "single":
            made["form-create"] = await say("/poll create")
            made["form-policy"] = await say("/poll policy")
            made["settings"] = await say("/settings")
            made["privacy"] = await say("/privacy show")
            made["privacy-erase"] = await say("/privacy erase")
    return {f"{method}-{name}": reply for name, reply in made.items()}


class _Host:
    """Polls of one instance. Its close is the last thing that takes chance, so that what it makes is the same each time."""

    def __init__(self, instance: Instance, clock: Clock) -> None:
        self.instance, self.clock = instance, clock
        self.wall = instance.platforms["test"]

    async def open(self, more: str) -> Reply:
        asked = replace(request("Mo", moderator=True), now=self.clock())
        await self.instance.bot.say(asked, f"{_OPEN} {more}")
        return self._shown(-1)

    async def press(self, name: str, action: str) -> Reply:
        return _answer(await self.instance.bot.press(replace(request(name), now=self.clock()), action))

    async def close(self) -> Reply:
        self.clock.forward(hours=2)
        await self.instance.scheduler.run_due()
        return self._shown(-1)

    async def redrawn(self) -> Reply:
        await self.instance.copies.drain()
        return self._shown(0)

    def _shown(self, place: int) -> Reply:
        assert isinstance(self.wall, Wall)
        return self.wall.posted[place][1]


@asynccontextmanager
async def _host(folder: Path, name: str) -> AsyncIterator[_Host]:
    (folder / name).mkdir()
    clock = Clock()
    async with running(folder / name, clock=clock, random_bytes=counted()) as instance:
        yield _Host(instance, clock)


async def _turns(folder: Path) -> Mapping[str, Reply]:
    """What else a poll can come to: a tie, a quorum that is missed, a cancellation, votes that are changed or refused."""
    made = dict[str, Reply]()
    async with _host(folder, "cancelled") as host:
        made["poll-role"] = await host.open("role:board")
        made["vote-role"] = await host.press("Ben", "v1:vote:p1:0")
        made["how-secret"] = await host.press("Ben", "v1:secrecy:p1")
        await host.press("Mo", "v1:poll-cancel:p1")
        made["poll-cancelled"] = await host.redrawn()
    async with _host(folder, "quorum") as host:
        await host.open("quorum:5")
        await host.press("Ada", "v1:vote:p1:0")
        made["vote-changed"] = await host.press("Ada", "v1:vote:p1:1")
        await host.press("Ben", "v1:vote:p1:0")
        made["vote-withdrawn"] = await host.press("Ben", "v1:withdraw:p1")
        made["result-quorum"] = await host.close()
    async with _host(folder, "tie") as host:
        await host.open("")
        for name, option in (("Ada", 0), ("Ben", 1)):
            await host.press(name, f"v1:vote:p1:{option}")
        made["result-tie"] = await host.close()
        made["vote-closed"] = await host.press("Chen", "v1:vote:p1:0")
    return made


async def _editing(folder: Path) -> Mapping[str, Reply]:
    """What members suggest, what editors make of it, and what both are told; over files that change."""
    content, clock, made = copied(folder), Clock(), dict[str, Reply]()
    async with serving(folder, content, clock=clock, random_bytes=counted()) as instance:
        instance.platforms["test"] = chat = Telling()

        async def typed(who: Request, line: str) -> Reply:
            clock.forward(minutes=1)
            return _answer(await say(instance, who, line))

        async def pressed(who: Request, action: str) -> Reply:
            clock.forward(minutes=1)
            return _answer(await press(instance, who, action))

        async def sent(who: Request, action: str, **answers: str | tuple[str, ...]) -> Reply:
            clock.forward(minutes=1)
            return _answer(await submit(instance, who, action, answers))

        made["fact-in-question"] = await typed(ADA, "/fact tea drinkers")
        made["suggest-card"] = await pressed(ADA, "v1:suggest:tea:tea-popular")
        made["suggest-form"] = await typed(ADA, "/suggest")
        made["suggested"] = await sent(
            ADA, "v1:suggest-card:tea:tea-popular", kind=("correction",), words="Say since when.", url=_SURVEY
        )
        made["suggestions-waiting"] = chat.posted[-1][1]
        correction = made["suggested"].cards[0].footer
        source = (await typed(ADA, f"/suggest A survey of the office kind:source url:{_SURVEY}")).cards[0].footer
        argument = (await typed(ADA, "/suggest It stains the cups. kind:argument card:buy-tea")).cards[0].footer
        made["queue"] = await typed(MO, "/content queue")

        made["queue-reject"] = await pressed(MO, f"v1:queue-reject:{argument}")
        made["rejected"] = await sent(MO, f"v1:queue-rejected:{argument}", note="That is about cups, not about money.")
        made["told-rejected"] = chat.replies[-1]
        made["queue-ask"] = await pressed(MO, f"v1:queue-ask:{source}")
        made["asked"] = await sent(MO, f"v1:queue-asked:{source}", note="Who made it?")
        made["told-asked"] = chat.replies[-1]
        made["suggestions"] = await typed(ADA, "/suggestions")
        made["suggest-answer"] = await pressed(ADA, f"v1:suggest-answer:{source}")
        made["answered"] = await sent(ADA, f"v1:suggest-answered:{source}", words="The people of the second floor.")

        made["accepted"] = await pressed(MO, f"v1:queue-accept:{correction}")
        made["told-accepted"] = chat.replies[-1]
        made["queue-answered"] = await typed(MO, "/content queue")
        edit(content, "Most people in", "Since 2025 most people in", f"tea/drafts/suggestion-{correction}.yaml")
        made["published"] = await pressed(MO, f"v1:queue-publish:{correction}")
        made["told-published"] = chat.replies[-1]
        made["content-taken"] = chat.posted[-1][1]
        made["content-same"] = await typed(MO, "/content reload")
        made["content-status"] = await typed(MO, "/content status")

        edit(content, "verdict: contradicted", "verdict: certainly")
        await typed(MO, "/content reload")
        made["content-refused"] = chat.posted[-1][1]
        made["content-problems"] = await typed(MO, "/content problems")
        await typed(ADA, "/fact marmalade zeppelin")
        made["content-report"] = await typed(MO, "/content report")
        made["content-log"] = await typed(MO, "/content log")
    return made


def counted() -> Callable[[int], bytes]:
    """Bytes that count up, so that receipts and chain heads are the same each time."""
    numbers = count(1)
    return lambda size: hashlib.shake_256(str(next(numbers)).encode()).digest(size)


def _answer(outcome: Outcome) -> Reply:
    assert outcome.answer is not None
    return outcome.answer
