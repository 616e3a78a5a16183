"""Replies to hosts who prepare, run, repeat and decide: a part of the gallery in tests/gallery.py."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bot.chat.platform import Limits
from bot.chat.vocabulary import Outcome, Reply, Request
from bot.instance import Instance
from bot.telemetry.meter import Meter
from tests.hosting import fill
from tests.talk import ADA, BEN, MO, press, say
from tests.walls import TellingWall
from tests.world import Clock, running

_POLL = '/poll create question:"Which tea?" options:"Green | Black" closes:2h'
_PROPOSAL = '/poll create post:yes question:"We buy a kettle" method:consent closes:2h'


@dataclass
class _Stage:
    """Keeps each answer by name."""

    here: Instance
    answers: dict[str, Reply] = field(default_factory=dict)

    async def types(self, name: str, who: Request, line: str) -> None:
        self._keep(name, await say(self.here, who, line))

    async def presses(self, name: str, who: Request, action: str, *values: str) -> None:
        self._keep(name, await press(self.here, who, action, *values))

    async def sends(self, name: str, who: Request, opened: str, /, **words: str | tuple[str, ...]) -> None:
        """Send the form that is kept under `opened`."""
        form = self.answers[opened].form
        assert form is not None, opened
        self._keep(name, await fill(self.here, who, form, **words))

    def keep_posted(self, name: str) -> None:
        """Keep the newest message."""
        platform = self.here.platforms["test"]
        assert isinstance(platform, TellingWall)
        self.answers[name] = platform.posted[-1][1]

    def _keep(self, name: str, outcome: Outcome) -> None:
        assert outcome.answer is not None, (name, outcome)
        self.answers[name] = outcome.answer


async def hosting(folder: Path, chance: Callable[[int], bytes], meter: Meter | None) -> Mapping[str, Reply]:
    """Return previews, the menu, templates, schedules, consent, decisions and the digest."""
    clock = Clock()
    async with running(folder, clock=clock, random_bytes=chance, meter=meter) as here:
        wall = here.platforms["test"] = TellingWall()
        stage = _Stage(here)
        await _preparing(stage)
        await _running_it(stage)
        await _agreeing(stage, clock)
        await _deciding(stage)
        await say(here, MO, "/settings digest:news")
        clock.now = clock.now.replace(day=30, hour=9, minute=0)
        await here.scheduler.run_due()
        stage.answers["digest"] = next(
            reply for _, reply in reversed(wall.posted) if reply.cards[0].title == "This week"
        )
        await stage.presses("digest-poll", BEN, "v1:poll-open", "p6")
        await _scoring(stage, wall)
    return stage.answers


async def _preparing(stage: _Stage) -> None:
    """p1 is a preview, p2 a template, p3 and p4 schedules, p5 a preview that is posted as p6."""
    await stage.types("host-preview", ADA, _POLL)
    await stage.presses("host-edit-form", ADA, "v1:draft-edit:p1")
    await stage.sends("host-edited", ADA, "host-edit-form", question="Which green tea?")
    await stage.presses("host-more-form", ADA, "v1:draft-more:p1")
    await stage.sends("host-more", ADA, "host-more-form", quorum="1")
    await stage.presses("host-closes", ADA, "v1:draft-closes:p1", "1 day")
    await stage.presses("host-template-form", ADA, "v1:template-name:draft:p1")
    await stage.sends("host-template", ADA, "host-template-form", name="Tea round")
    await stage.presses("host-schedule-form", ADA, "v1:draft-schedule:p1")
    await stage.sends("host-scheduled", ADA, "host-schedule-form", opens="tomorrow 9:00", repeat=("weekly",))
    await stage.types("host-schedules", ADA, "/poll schedule")
    await stage.presses("host-unscheduled", ADA, "v1:schedule-undo:p3")
    await stage.types("host-schedule-template", ADA, "/poll schedule template:p2 opens:friday")
    await stage.presses("host-stopped", ADA, "v1:schedule-stop", "p4")
    await stage.types("host-templates", ADA, "/poll templates")
    await stage.presses("host-template-copy", ADA, "v1:template-copy", "p2")
    await stage.presses("host-posted", ADA, "v1:draft-post:p5")
    await stage.presses("host-template-gone", ADA, "v1:template-drop", "p2")


async def _running_it(stage: _Stage) -> None:
    await stage.presses("host-menu", ADA, "v1:poll-manage:p6")
    await stage.presses("host-poll-edit-form", ADA, "v1:poll-edit:p6")
    await stage.sends("host-poll-edited", ADA, "host-poll-edit-form", question="Which black tea?")
    await stage.presses("host-reminded", ADA, "v1:poll-remind:p6")
    await stage.presses("host-extended", ADA, "v1:poll-extend-by:p6", "1-week")
    stage.here.platforms["test"].limits = Limits(asks_place=True)
    await stage.presses("host-elsewhere-form", ADA, "v1:poll-elsewhere:p6")
    await stage.sends("host-placed", ADA, "host-elsewhere-form")
    await stage.presses("host-copy", ADA, "v1:poll-copy:p6")
    await stage.presses("member-watches", BEN, "v1:poll-watch:p6")
    await stage.presses("member-watches-no-more", BEN, "v1:poll-watch:p6")


async def _agreeing(stage: _Stage, clock: Clock) -> None:
    """p8 is the proposal."""
    await stage.types("consent-opened", ADA, _PROPOSAL)
    stage.keep_posted("consent-poll")
    await stage.presses("consent-form", BEN, "v1:poll-object:p8")
    await stage.sends("consent-objected", BEN, "consent-form", reason="Too dear")
    await stage.presses("consent-menu", ADA, "v1:poll-manage:p8")
    await stage.presses("consent-objections", ADA, "v1:poll-objections:p8")
    await stage.presses("consent-answer-form", ADA, "v1:objection-answer:p8:1")
    await stage.sends("consent-answered", ADA, "consent-answer-form", answer="It lasts ten years")
    clock.forward(hours=2)
    await stage.here.scheduler.run_due()
    await stage.presses("consent-result", BEN, "v1:poll-results:p8")
    await stage.presses("consent-follow-form", ADA, "v1:poll-follow:p8")
    await stage.sends("consent-followed", ADA, "consent-follow-form", question="We buy a small kettle")
    await stage.presses("decide-form", ADA, "v1:poll-decide:p8")
    await stage.sends("decided", ADA, "decide-form", review="in 2 days")


async def _scoring(stage: _Stage, wall: TellingWall) -> None:
    """p13 has six options, one more than a form holds."""
    await say(stage.here, ADA, '/poll create post:yes question:"Which tea?" options:"A|B|C|D|E|F" method:score')
    wall.limits = Limits(asks_scores=True)
    await stage.presses("score-form", BEN, "v1:ballot:p13")
    await stage.sends("score-page", BEN, "score-form", **{"0": ("5",)})
    await stage.presses("score-page-form", BEN, "v1:scores:p13:1:5")
    await stage.sends("score-form-cast", BEN, "score-page-form", **{"5": ("3",)})


async def _deciding(stage: _Stage) -> None:
    """p10 is the decision of the proposal, p11 and p12 are others."""
    await stage.types("decisions", BEN, "/decisions")
    await stage.presses("decision", ADA, "v1:decision:p10")
    await stage.presses("decision-shared", ADA, "v1:decision-share:p10")
    stage.keep_posted("decision-posted")
    await stage.presses("decision-done", ADA, "v1:decision-done:p10")
    for number, (verb, sent) in enumerate((("change", "changed"), ("drop", "dropped")), 11):
        await say(stage.here, ADA, "/decide We buy green tea")
        await stage.presses(f"decision-{verb}-form", ADA, f"v1:decision-{verb}:p{number}")
        await stage.sends(f"decision-{sent}", ADA, f"decision-{verb}-form", words="It was too dear")
    await stage.presses("decisions-export", ADA, "v1:decisions-export")
