"""Every kind of reply that Parley gives over the invented topic, with those of all dialogues.

tests/render/test_declared.py checks that nothing declared is missing here, and that each platform draws each reply
completely. A command with a dialogue in tests/transcripts/dialogue.py is here automatically. The replies in LOOKED_AT
also have golden files.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from itertools import count
from pathlib import Path

import yaml

from bot.chat.vocabulary import CHOICES_MAX, Answers, Outcome, Reply, Request
from bot.deliberation import repository as discussion_rows
from bot.deliberation.model import Discussion, DiscussionStatement
from bot.dispatch.bot import Bot
from bot.instance import Instance
from bot.packs.loader import load_library
from bot.telemetry.meter import Meter
from tests.editing.packs import Telling, copied, edit, serving, submit
from tests.gallery_hosts import hosting
from tests.talk import ADA, BEN, MO, press, say
from tests.transcripts.dialogue import DIRECT, FACTS, LOOKUPS, MENTIONS, POLLS, passing, play, play_together
from tests.transcripts.terminal_driver import terminal_driver
from tests.world import CONTENT, NOW, SHIPPED, Clock, Wall, make_bot, request, running

LINES: Mapping[str, str] = {
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
    "corrections": "/topic corrections",
    "fact-corrected": "/fact tea tastes better",
    "help": "/help",
    "help-command": "/help fact",
    "unknown-command": "/fcat",
    "refusal": '/fact "unclosed',
}
CITY = CONTENT.parent / "city-parking"
_OPEN = '/poll create post:yes question:"Which tea should the office buy?" options:"Green | Black | Oolong" closes:2h'
BALLOTS: Mapping[str, tuple[str, ...]] = {
    "single": ("0", "1", "0"),
    "approval": ("0,1", "1", "1,2"),
    "ranked": ("0>1", "1>2", "2>1>0"),
    "score": ("5,3,0", "0,4,5", "3,3,1"),
}

LOOKED_AT = frozenset(
    {
        "fact",  # a verdict, a quote, sources, buttons
        "counter",  # several cards in one reply
        "facts",  # a list to pick from
        "timeline",  # dates
        "source-mirror",  # a source that is not linked
        "refusal",
        "single-poll",  # options with their buttons beside them
        "ranked-ballot-half",  # options as rows of buttons
        "score-ballot-half",
        "approval-announced",  # a chart with its words
        "ranked-poll-closed",
        "single-form-create",
        "queue",
        "content-problems",  # code in sentences
    }
)
"""Replies whose golden files somebody looks at, one of each shape."""

_SURVEY = "https://example.org/survey"


class Uses(Meter):
    """Records the names of commands and shortcuts and the verbs of actions and forms that succeeded."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    def answered(self, what: str, end: str, seconds: float) -> None:
        if end == "ok":
            self.names.add(what)


async def replies(folder: Path, meter: Meter | None = None) -> Mapping[str, Reply]:
    """Return all replies by name, with those of the dialogues. Deterministic: the clock stands still and chance is
    counted."""
    (folder / "kinds").mkdir()
    (folder / "dialogues").mkdir()
    everything = {**await kinds(folder / "kinds", meter), **await _dialogues(folder / "dialogues", meter)}
    return dict(sorted(everything.items()))


async def kinds(folder: Path, meter: Meter | None = None) -> Mapping[str, Reply]:
    """Return the replies of each kind that people look at, by name."""
    bot = make_bot(meter=meter)
    answers = {name: _answer(await bot.say(request(), line)) for name, line in LINES.items()}
    answers["sources"] = _answer(await bot.press(request(), "v1:view:sources:tea:coffee-banned"))
    answers["support"] = _answer(await bot.press(request(), "v1:view:support:tea:buy-tea"))
    many = make_bot(CONTENT.parent / "city-parking", meter=meter)
    answers["facts-of-many"] = _answer(await many.say(request(), "/fact"))
    answers["facts-of-many-next"] = _answer(await many.press(request(), _verb(answers["facts-of-many"], "browse")))
    shipped = make_bot(SHIPPED, meter=meter)
    answers["timeline-of-many"] = _answer(await shipped.say(request(), "/timeline"))
    earlier = _verb(answers["timeline-of-many"], "timeline")
    answers["timeline-of-many-earlier"] = _answer(await shipped.press(request(), earlier))
    answers["stale-button"] = _answer(await bot.press(request(), "v0:gone"))
    for method in BALLOTS:
        (folder / method).mkdir()
        answers |= await _poll(folder / method, method, meter)
    answers |= await _turns(folder, meter)
    for name, part in (
        ("editing", _editing),
        ("rest", _rest),
        ("misses", _misses),
        ("several", _several),
        ("options", _many_options),
        ("talks", _talks),
    ):
        (folder / name).mkdir()
        answers |= await part(folder / name, meter)
    (folder / "hosting").mkdir()
    answers |= await hosting(folder / "hosting", counted(), meter)
    answers |= await _entries(bot)
    return dict(sorted(answers.items()))


async def _poll(folder: Path, method: str, meter: Meter | None) -> Mapping[str, Reply]:
    clock = Clock()
    answers: dict[str, Reply] = {}
    async with running(folder, clock=clock, random_bytes=counted(), meter=meter) as instance:
        wall = instance.platforms["test"]
        assert isinstance(wall, Wall)

        async def say(line: str) -> Reply:
            return _answer(await instance.bot.say(replace(request("Mo", moderator=True), now=clock()), line))

        async def press(name: str, action: str, *values: str) -> Reply:
            return _answer(await instance.bot.press(replace(request(name), now=clock()), action, values))

        answers["opened"] = await say(
            f"{_OPEN} method:{method} quorum:2 secret:{'no' if method == 'single' else 'yes'}"
        )
        answers["poll"] = wall.posted[0][1]
        if method in {"ranked", "score"}:
            answers["ballot-empty"] = await press("Ben", "v1:ballot:p1:")
            answers["ballot-half"] = await press("Ben", "v1:ballot:p1:", "2")
        verb = "cast" if method in {"ranked", "score"} else "vote"
        for name, ballot in zip(("Ada", "Ben", "Chen"), BALLOTS[method], strict=True):
            answers["voted"] = await press(name, f"v1:{verb}:p1:{ballot}")
        answers["list"] = await say("/poll list")
        answers["close"] = await say("/poll close")
        clock.forward(hours=1)
        await instance.scheduler.run_due()
        if method == "single":
            answers["reminder"] = wall.posted[1][1]
        clock.now = NOW + timedelta(hours=2)  # to the second: the record has it, and redrawing may have slept
        await instance.scheduler.run_due()
        await instance.copies.drain()
        answers["poll-closed"] = wall.posted[0][1]
        answers["announced"] = wall.posted[-1][1]
        answers["export"] = await say("/poll export")
        if method == "single":
            answers["form-create"] = await say("/poll create")
            answers["form-policy"] = await say("/poll policy")
            answers["settings"] = await say("/settings")
            answers["privacy"] = await say("/privacy show")
            answers["privacy-erase"] = await say("/privacy erase")
    return {f"{method}-{name}": reply for name, reply in answers.items()}


class _Host:
    """Polls of one instance. The close is the last step that takes chance, so its result is the same each time."""

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
async def _host(folder: Path, name: str, meter: Meter | None) -> AsyncIterator[_Host]:
    (folder / name).mkdir()
    clock = Clock()
    async with running(folder / name, clock=clock, random_bytes=counted(), meter=meter) as instance:
        yield _Host(instance, clock)


async def _turns(folder: Path, meter: Meter | None) -> Mapping[str, Reply]:
    """Return a poll's other outcomes: a tie, a missed quorum, a cancellation, changed and refused votes."""
    answers = dict[str, Reply]()
    async with _host(folder, "cancelled", meter) as host:
        answers["poll-role"] = await host.open("role:board")
        answers["vote-role"] = await host.press("Ben", "v1:vote:p1:0")
        answers["how-secret"] = await host.press("Ben", "v1:secrecy:p1")
        await host.press("Mo", "v1:poll-cancel:p1")
        answers["poll-cancelled"] = await host.redrawn()
    async with _host(folder, "quorum", meter) as host:
        await host.open("quorum:5")
        await host.press("Ada", "v1:vote:p1:0")
        answers["vote-changed"] = await host.press("Ada", "v1:vote:p1:1")
        await host.press("Ben", "v1:vote:p1:0")
        answers["vote-withdrawn"] = await host.press("Ben", "v1:withdraw:p1")
        answers["result-quorum"] = await host.close()
    async with _host(folder, "tie", meter) as host:
        await host.open("")
        for name, option in (("Ada", 0), ("Ben", 1)):
            await host.press(name, f"v1:vote:p1:{option}")
        answers["result-tie"] = await host.close()
        answers["vote-closed"] = await host.press("Chen", "v1:vote:p1:0")
    return answers


async def _editing(folder: Path, meter: Meter | None) -> Mapping[str, Reply]:
    """Return members' suggestions, editors' decisions and the notices to both, over changing files."""
    content, clock, answers = copied(folder), Clock(), dict[str, Reply]()
    async with serving(folder, content, clock=clock, random_bytes=counted(), meter=meter) as instance:
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

        answers["fact-in-question"] = await typed(ADA, "/fact tea drinkers")
        answers["suggest-card"] = await pressed(ADA, "v1:suggest:tea:tea-popular")
        answers["suggest-form"] = await typed(ADA, "/suggest")
        answers["suggested"] = await sent(
            ADA, "v1:suggest-card:tea:tea-popular", kind=("correction",), words="Say since when.", url=_SURVEY
        )
        answers["suggestions-waiting"] = chat.posted[-1][1]
        correction = answers["suggested"].cards[0].footer
        source = (await typed(ADA, f"/suggest A survey of the office kind:source url:{_SURVEY}")).cards[0].footer
        argument = (await typed(ADA, "/suggest It stains the cups. kind:argument card:buy-tea")).cards[0].footer
        answers["queue"] = await typed(MO, "/content queue")

        answers["queue-reject"] = await pressed(MO, f"v1:queue-reject:{argument}")
        answers["rejected"] = await sent(
            MO, f"v1:queue-rejected:{argument}", note="That is about cups, not about money."
        )
        answers["told-rejected"] = chat.replies[-1]
        answers["queue-ask"] = await pressed(MO, f"v1:queue-ask:{source}")
        answers["asked"] = await sent(MO, f"v1:queue-asked:{source}", note="Who answers it?")
        answers["told-asked"] = chat.replies[-1]
        answers["suggestions"] = await typed(ADA, "/suggestions")
        answers["suggest-answer"] = await pressed(ADA, f"v1:suggest-answer:{source}")
        answers["answered"] = await sent(ADA, f"v1:suggest-answered:{source}", words="The people of the second floor.")

        answers["accepted"] = await pressed(MO, f"v1:queue-accept:{correction}")
        answers["told-accepted"] = chat.replies[-1]
        answers["queue-answered"] = await typed(MO, "/content queue")
        answers["queue-edit"] = await pressed(MO, f"v1:queue-edit:{correction}")
        answers["content-edit"] = await typed(MO, f"/content edit {correction}")
        answers["draft-preview"] = await sent(
            MO,
            f"v1:queue-edited:{correction}",
            statement="Since 2025 most people in the office drink tea.",
            reason="A count of the kitchen found 14 tea drinkers among 20 people.",
            aliases="tea drinkers\nwho drinks tea",
            sources="kitchen-count",
        )
        answers["published"] = await pressed(MO, f"v1:queue-publish:{correction}")
        answers["told-published"] = chat.replies[-1]
        answers["content-taken"] = chat.posted[-1][1]
        answers["content-same"] = await typed(MO, "/content reload")
        answers["content-status"] = await typed(MO, "/content status")

        edit(content, "verdict: contradicted", "verdict: certainly")
        await typed(MO, "/content reload")
        answers["content-refused"] = chat.posted[-1][1]
        answers["content-problems"] = await typed(MO, "/content problems")
        answers["content-problems-pressed"] = await pressed(MO, "v1:content-problems")
        for _ in range(3):
            await typed(ADA, "/fact marmalade zeppelin")
        answers["content-misses"] = await typed(MO, "/content misses")
        answers["content-report"] = await typed(MO, "/content report")
        answers["content-log"] = await typed(MO, "/content log")
    return answers


async def _rest(folder: Path, meter: Meter | None) -> Mapping[str, Reply]:
    """Return the commands, controls and forms that no other part of the gallery covers."""
    content, clock, answers = copied(folder), Clock(), dict[str, Reply]()
    async with serving(folder, content, clock=clock, random_bytes=counted(), meter=meter) as instance:

        async def typed(who: Request, line: str) -> Reply:
            clock.forward(minutes=1)
            return _answer(await say(instance, who, line))

        async def pressed(who: Request, action: str, *values: str) -> Reply:
            clock.forward(minutes=1)
            return _answer(await press(instance, who, action, *values))

        async def sent(who: Request, action: str, answers: Answers) -> Reply:
            clock.forward(minutes=1)
            return _answer(await submit(instance, who, action, answers))

        answers["found-facts"] = _answer(
            await instance.bot.look(ADA, "find-facts", "Is coffee banned? Tea is popular.")
        )
        answers["opened-card"] = await pressed(ADA, "v1:open:tea:coffee-banned")
        answers["picked-card"] = await pressed(ADA, "v1:pick:card", "tea:coffee-banned")
        answers["shared"] = await pressed(ADA, "v1:share:card:tea:coffee-banned")
        answers["explained"] = await pressed(ADA, "v1:help:poll:create")

        created = {"question": "Which tea?", "options": "Green\nBlack", "closes": "2h"}
        answers["form-created"] = await sent(MO, "v1:poll-create:post", created)
        answers["form-policy-created"] = await sent(
            MO, "v1:poll-policy:tea:post", {"options": ("option-tea-fund", "option-bring-own"), "closes": "2h"}
        )
        answers["poll-posted"] = await typed(MO, "/poll post poll:p1")
        answers["poll-shown"] = await pressed(ADA, "v1:poll-show:p1")
        answers["poll-receipt"] = await pressed(ADA, "v1:vote:p1:0")
        answers["poll-mine"] = await pressed(ADA, "v1:mine:p1")
        answers["receipt-check"] = await typed(ADA, "/poll receipt poll:p1")
        hidden = replace(MO, place=replace(MO.place, channel="board", private=True))
        await typed(hidden, "/poll create post:yes question:Where? options:Here|There")
        answers["poll-opening"] = await typed(MO, "/poll post poll:p3")
        answers["poll-opened"] = await pressed(MO, "v1:poll-post:p3")
        answers["poll-extended"] = await typed(MO, "/poll extend poll:p1 closes:3h")
        answers["poll-to-cancel"] = await typed(MO, "/poll cancel poll:p2")
        await pressed(MO, "v1:poll-close:p1")
        answers["results"] = await typed(ADA, "/poll results poll:p1")
        answers["results-pressed"] = await pressed(ADA, "v1:poll-results:p1")
        answers["privacy-export"] = await typed(ADA, "/privacy export")

        answers["suggest-opened"] = await sent(
            ADA, "v1:suggest-open", {"kind": ("source",), "words": "A survey.", "url": _SURVEY}
        )
        answers["queue-next"] = await pressed(MO, "v1:queue:0:")
        correction: Answers = {"kind": ("correction",), "words": "Say since when.", "url": _SURVEY}
        taken = (await sent(ADA, "v1:suggest-card:tea:tea-popular", correction)).cards[0].footer
        await pressed(MO, f"v1:queue-accept:{taken}")
        edit(content, "Most people in", "Since 2025 most people in", f"tea/drafts/suggestion-{taken}.yaml")
        answers["suggestion-published"] = await typed(MO, f"/content publish {taken}")
        statement = "Since 2025 most people in"
        for number in range(12):  # more than one page of each log holds
            await typed(MO, f"/settings reminder:{number}")
            edit(content, statement, statement := f"{number} people in")
            await typed(MO, "/content reload")
        answers["log"] = await typed(MO, "/log")
        answers["log-older"] = await pressed(MO, _verb(answers["log"], "log"))
        answers["content-log-full"] = await typed(MO, "/content log")
        answers["content-log-older"] = await pressed(MO, _verb(answers["content-log-full"], "content-log"))
        answers["privacy-asked"] = await pressed(ADA, "v1:privacy-ask")
        answers["privacy-erased"] = await pressed(ADA, "v1:privacy-erase")
    return answers


async def _misses(folder: Path, meter: Meter | None) -> Mapping[str, Reply]:
    """Return the words that members looked for in vain, and their addition as an alias."""
    answers = dict[str, Reply]()
    async with serving(folder, copied(folder), random_bytes=counted(), meter=meter) as instance:
        for _ in range(3):
            await say(instance, ADA, "/fact brew leaves kitchen")
        answers["misses"] = _answer(await press(instance, MO, "v1:misses"))
        answers["miss-alias"] = _answer(await press(instance, MO, _verb(answers["misses"], "miss-alias")))
    return answers


async def _several(folder: Path, meter: Meter | None) -> Mapping[str, Reply]:
    """Return the first screen, and the choice that a command offers if it could mean several polls."""
    answers = dict[str, Reply]()
    async with running(folder, clock=Clock(), random_bytes=counted(), meter=meter) as here:
        answers["welcome"] = _answer(await press(here, ADA, "v1:welcome"))
        answers["form-new"] = _answer(await press(here, ADA, "v1:poll-new"))
        for question in ("Where?", "When?"):
            await say(here, MO, f"/poll create post:yes question:{question} options:Here|There method:ranked")
        answers["poll-which"] = _answer(await say(here, MO, "/poll extend 4d"))
        answers["poll-extended-then"] = _answer(await press(here, MO, _verb(answers["poll-which"], "poll-extend")))
        answers["poll-which-to-close"] = _answer(await say(here, MO, "/poll close"))
        answers["poll-close-asked"] = _answer(await press(here, MO, _verb(answers["poll-which-to-close"], "poll-ask")))
        answers["ballot-form-cast"] = _answer(await press(here, ADA, "v1:ballot-form:p1", "0=1"))
    return answers


async def _many_options(folder: Path, meter: Meter | None) -> Mapping[str, Reply]:
    """Return the form of a topic with one option more than a form can show."""
    content = copied(folder)
    path = content / "tea" / "options.yaml"
    listed = yaml.safe_load(path.read_text())
    wanted = CHOICES_MAX + 1 - len(listed["options"])
    listed["options"] += [
        {**listed["options"][-1], "id": f"option-{n}", "name": f"Option {n}", "aliases": []} for n in range(wanted)
    ]
    path.write_text(yaml.safe_dump(listed))
    async with serving(folder, content, random_bytes=counted(), meter=meter) as instance:
        return {"form-policy-long": _answer(await say(instance, ADA, "/poll policy"))}


async def _talks(folder: Path, meter: Meter | None) -> Mapping[str, Reply]:
    """Return every card and form of a discussion of the city's topic: members', moderators' and hosts'."""
    answers = dict[str, Reply]()
    clock = Clock()
    async with running(folder, clock=clock, content=CITY, random_bytes=counted(), meter=meter) as here:

        async def pressed(name: str, who: Request, action: str, *values: str) -> None:
            answers[name] = _answer(await press(here, who, action, *values))

        async def sent(who: Request, action: str, words: Mapping[str, str]) -> Reply:
            return _answer(await submit(here, who, action, words))

        answers["talk-form"] = _answer(await say(here, ADA, "/discuss start"))
        answers["talk-started"] = await sent(
            ADA, "v1:discuss-started", {"question": "Who should park where?", "statements": "", "closes": "2h"}
        )
        (talk,) = [each.id for each in await here.discussions.listed(ADA)]
        await pressed("talk-join", BEN, f"v1:discuss-join:{talk}")
        await pressed("talk-known", BEN, f"v1:discuss-known:{talk}:0")
        for position in range(10):
            await pressed("talk-pause", BEN, f"v1:discuss-say:{talk}:{position}:agree")
        await pressed("talk-on", BEN, f"v1:discuss-on:{talk}")
        await pressed("talk-stop", BEN, f"v1:discuss-stop:{talk}")
        await pressed("talk-mine", BEN, f"v1:discuss-mine:{talk}")
        await pressed("talk-change", BEN, f"v1:discuss-change:{talk}", "0")
        await pressed("talk-add", BEN, f"v1:discuss-add:{talk}")
        words = (await _statements(here, await here.discussions.get(talk, here.bot._translator(BEN))))[0].words
        answers["talk-similar"] = await sent(BEN, f"v1:discuss-added:{talk}", {"words": words[:140].rstrip(".")})
        await pressed("talk-sent", BEN, f"v1:discuss-send:{talk}:14")
        answers["talk-similar-2"] = await sent(BEN, f"v1:discuss-added:{talk}", {"words": words[:140].rstrip(".")})
        await pressed("talk-dropped", BEN, f"v1:discuss-drop:{talk}:15")
        await sent(BEN, f"v1:discuss-added:{talk}", {"words": "Night buses run until two"})
        await pressed("talk-queue", MO, f"v1:discuss-queue:{talk}")
        await pressed("talk-accept", MO, f"v1:discuss-accept:{talk}:14")
        await pressed("talk-reject", MO, f"v1:discuss-reject:{talk}:16")
        answers["talk-rejected"] = await sent(MO, f"v1:discuss-rejected:{talk}:16", {"note": "Not about parking"})
        answers["talk-statements"] = _answer(await say(here, MO, "/discuss statements"))
        await pressed("talk-mute", MO, f"v1:discuss-mute:{talk}", "3")
        await pressed("talk-secrecy", BEN, f"v1:discuss-secrecy:{talk}")
        for number in range(24):
            who = request(f"member{number}")
            for position in (0, 1, 2, 4, 5, 6, 7, 8):
                agree = position < 2 or (number < 12) == (position % 2 == 0)
                await press(here, who, f"v1:discuss-say:{talk}:{position}:{'agree' if agree else 'disagree'}")
        await say(here, MO, f'/discuss start question:"Another?" statements:"{"|".join("abcdef")}"')
        answers["talk-which"] = _answer(await say(here, MO, "/discuss extend 9d"))
        await pressed("talk-extended", MO, _verb(answers["talk-which"], "discuss-extend"))
        answers["talk-which-to-close"] = _answer(await say(here, MO, "/discuss close"))
        answers["talk-which-queue"] = _answer(await say(here, MO, "/discuss statements"))
        answers["talk-close-typed"] = _answer(await say(here, MO, f"/discuss close {talk}"))
        await pressed("talk-close-asked", MO, f"v1:discuss-ask:{talk}:discuss-close")
        await pressed("talk-closed", MO, f"v1:discuss-close:{talk}")
        answers["talk-list"] = _answer(await say(here, BEN, "/discuss list"))
        await pressed("talk-results", BEN, f"v1:discuss-results:{talk}")
        await pressed("talk-export", BEN, f"v1:discuss-export:{talk}")
        await pressed("talk-poll", ADA, f"v1:discuss-poll:{talk}")
        await pressed("talk-decide", ADA, f"v1:discuss-decide:{talk}")
        answers["talk-cancel-asked"] = _answer(await say(here, MO, "/discuss cancel"))
        await here.discussion_copies.drain()
        answers["talk-posted"] = wall_of(here)[0]
    return answers


async def _statements(here: Instance, talk: Discussion) -> list[DiscussionStatement]:
    return await here.database.read(lambda tx: discussion_rows.statements(tx, talk.id))


def wall_of(instance: Instance) -> list[Reply]:
    """Return the messages on the wall, in order."""
    platform = instance.platforms["test"]
    assert isinstance(platform, Wall)
    return [reply for _, reply in platform.posted]


async def _dialogues(folder: Path, meter: Meter | None) -> Mapping[str, Reply]:
    """Return every answer and post of the dialogues, as the bot gives them to a terminal."""
    answers: dict[str, Reply] = {}
    for title, dialogue in {**FACTS, **LOOKUPS, **MENTIONS, **DIRECT}.items():
        driver = terminal_driver(make_bot(meter=meter), "Ada", Clock())
        await play(driver, dialogue)
        answers |= _numbered(title, driver.replies, driver.wall)
    for number, (title, dialogue) in enumerate(POLLS.items()):
        (home := folder / str(number)).mkdir()
        clock = Clock()
        async with running(home, clock=clock, random_bytes=counted(), meter=meter) as instance:
            cast = {
                name: terminal_driver(instance.bot, name, clock, moderator=name == "Mo")
                for name in ("Ada", "Ben", "Chen", "Mo")
            }
            await play_together(cast, dialogue, passing(instance, clock))
            for name, driver in cast.items():
                answers |= _numbered(f"{title}, {name}", driver.replies, driver.wall)
    return answers


def _numbered(title: str, replies: Sequence[Reply], wall: Wall) -> Mapping[str, Reply]:
    """Return each reply by its dialogue's title, and each post in its final state."""
    posts = [reply for _, reply in wall.posted]
    return {f"{title} {number}": reply for number, reply in enumerate([*replies, *posts], 1)}


async def _entries(bot: Bot) -> Mapping[str, Reply]:
    """Return one card of each kind of entry in a pack."""
    pack = load_library(CONTENT).packs["tea"]
    first = {type(entry): entry.id for entry in reversed(list(pack.entries.values()))}
    return {
        f"entry-{kind.__name__.lower()}": _answer(await bot.press(request(), f"v1:view:card:tea:{key}"))
        for kind, key in first.items()
    }


def _verb(reply: Reply, verb: str) -> str:
    """Return the action of the first control with this verb."""
    actions = (control.action for card in reply.cards for control in card.controls)
    return next(action.encode() for action in actions if action is not None and action.verb == verb)


def counted() -> Callable[[int], bytes]:
    """Return bytes that count up, so that receipts and chain heads are the same each time."""
    numbers = count(1)
    return lambda size: hashlib.shake_256(str(next(numbers)).encode()).digest(size)


def _answer(outcome: Outcome) -> Reply:
    assert outcome.answer is not None
    return outcome.answer
