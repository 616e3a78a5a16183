"""Pictures of what members see on Discord, for docs/discord.md: drawn offline by simcord's preview in Chromium.

`PARLEY_PICTURES=write pytest tests/render/test_discord_pictures.py` draws them anew (it takes `simcord[preview]` and
the system's Chromium); without it, only what is there is checked.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.require import require
from tests.transcripts.discord_driver import DiscordDriver, discord_people
from tests.world import NOW, SHIPPED, Clock, running

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "images" / "discord"
PAGE = ROOT / "docs" / "discord.md"
BYTES_MAX = 1_500_000
VIEWPORT = (760, 1600)

Target = Any
"""A message, or an interaction whose form is shown."""


@dataclass(frozen=True, slots=True)
class Stage:
    """The people of a server, and what moves its time."""

    people: Mapping[str, DiscordDriver]
    clock: Clock
    run_due: Callable[[], Awaitable[None]]

    @property
    def ada(self) -> DiscordDriver:
        return self.people["Ada"]

    async def forward(self, **span: float) -> None:
        self.clock.now += timedelta(**span)
        await self.run_due()
        await self.ada.env.settle()


Scene = Callable[[Stage], Awaitable[Target]]


def said(line: str) -> Scene:
    """What Ada's command answers."""

    async def play(stage: Stage) -> Target:
        await stage.ada.say(line)
        return stage.ada.messages()[-1]

    return play


async def menu(stage: Stage) -> Target:
    written = "They want to invoke the Insurrection Act and send the military to stop fentanyl at the border."
    message = await stage.people["Ben"].member.send(stage.ada.channel, written)
    await stage.ada.member.context_menu(stage.ada.channel, "Find facts", message)
    return stage.ada.messages()[-1]


QUESTION = "Where should the next town meeting take place?"
PLACES = ("In the library", "In the school", "Outdoors, in the park", "Online")


def polled(method: str, results: str = "at-close", options: tuple[str, ...] = PLACES) -> str:
    listed = " | ".join(options)
    return f'/poll create question:"{QUESTION}" options:"{listed}" method:{method} results:{results} closes:"2 days"'


async def open_poll(stage: Stage, *given: Any) -> Target:
    """The message of a new poll, as all see it."""
    await stage.ada.say(polled(*given))
    return next(message for message in reversed(stage.ada.messages()) if not message.flags.ephemeral)


async def poll(stage: Stage) -> Target:
    return await open_poll(stage, "single")


async def poll_live(stage: Stage) -> Target:
    poll = await open_poll(stage, "single", "live")
    for number, name in enumerate(("Ben", "Chen", "Mo", "Ada")):
        await stage.people[name].press(PLACES[0 if number < 2 else number - 1][:24])
    await stage.forward(seconds=5)
    return next(message for message in stage.ada.messages() if message.id == poll.id)


async def poll_many(stage: Stage) -> Target:
    return await open_poll(stage, "single", "at-close", tuple(f"Candidate number {n}" for n in range(1, 13)))


async def poll_approval(stage: Stage) -> Target:
    return await open_poll(stage, "approval")


async def receipt(stage: Stage) -> Target:
    await open_poll(stage, "single")
    await stage.ada.press(PLACES[0])
    return stage.ada.messages()[-1]


async def ballot(stage: Stage) -> Target:
    await open_poll(stage, "ranked")
    await stage.ada.press("Vote")
    await stage.ada.pick("Your choice number 1", PLACES[2])
    await stage.ada.pick("Your choice number 2", PLACES[0])
    return next(
        message
        for message in reversed(stage.ada.messages())
        if message.flags.ephemeral and "Your ballot" in str(message.components[0].to_dict())
    )


RANKED = ((2, 0), (0, 1), (0, 2), (3, 0))


async def result(stage: Stage) -> Target:
    await open_poll(stage, "ranked")
    for name, ranks in zip(stage.people, RANKED, strict=True):
        driver = stage.people[name]
        await driver.press("Vote")
        for place, option in enumerate(ranks, 1):
            await driver.pick(f"Your choice number {place}", PLACES[option])
        await driver.press("Cast this ballot")
    await stage.forward(days=2)
    return stage.ada.messages()[-1]


async def form(stage: Stage) -> Target:
    return await stage.ada.member.slash(stage.ada.channel, "poll create", question=QUESTION)


async def form_mistakes(stage: Stage) -> Target:
    shown = await form(stage)
    filled = {
        "question": QUESTION,
        "options": "In the library",
        "method": ["single"],
        "results": ["live"],
        "closes": "soon",
    }
    await stage.ada.member.submit_modal(shown, filled)
    return stage.ada.messages()[-1]


SCENES: Mapping[str, Scene] = {
    "fact": said("/fact insurrection act"),
    "counterarguments": said("/counter tariffs"),
    "shared": said("/fact fentanyl share:yes"),
    "policy": said("/policy"),
    "nothing-found": said("/fact crypto regulation"),
    "help": said("/help"),
    "find-facts": menu,
    "poll": poll,
    "poll-live": poll_live,
    "poll-many": poll_many,
    "poll-approval": poll_approval,
    "receipt": receipt,
    "ballot": ballot,
    "result": result,
    "form": form,
    "form-mistakes": form_mistakes,
}


@pytest.mark.parametrize("name", SCENES)
async def test_draw(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Draws one picture, when it is asked for."""
    if os.environ.get("PARLEY_PICTURES") != "write":
        assert (FOLDER / f"{name}.png").exists(), f"{name}.png is missing: run `make gallery`, and look at it"
        return
    use_system_chromium(monkeypatch)
    clock = Clock()
    async with (
        running(tmp_path, clock=clock, content=SHIPPED) as instance,
        discord_people(instance.bot, clock, "Ada", "Ben", "Chen", "Mo") as people,
    ):

        async def run_due() -> None:
            await instance.scheduler.run_due()
            await instance.copies.drain()

        people["Ada"].env.backend.bot_user.name = "Parley"
        target = await SCENES[name](Stage(people, clock, run_due))
        ada = people["Ada"]
        async with ada.env.preview(
            ada.channel,
            viewers=[ada.member],
            display="fixed",
            width=VIEWPORT[0],
            height=VIEWPORT[1],
            presentation_time=NOW,
        ) as preview:
            await preview.show(target)
            FOLDER.mkdir(parents=True, exist_ok=True)
            await preview.screenshot(FOLDER / f"{name}.png", viewer=ada.member, target=target, allow_incomplete=True)


def test_every_picture_is_shown_and_small_enough() -> None:
    """docs/discord.md shows each one with words for who can't see it, and nothing lies around."""
    shown = dict(re.findall(r"!\[([^\]]+)\]\(images/discord/([\w-]+)\.png\)", PAGE.read_text()))
    assert set(shown.values()) == set(SCENES)
    assert {file.stem for file in FOLDER.glob("*.png")} == set(SCENES)
    assert sum(file.stat().st_size for file in FOLDER.glob("*.png")) < BYTES_MAX


def use_system_chromium(monkeypatch: pytest.MonkeyPatch) -> None:
    from playwright.async_api import async_playwright  # noqa: PLC0415 - only where pictures are drawn
    from simcord.preview._capture import ManagedCapture  # noqa: PLC0415 - its browser is not configurable

    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    require("browser", chromium is not None, "Chromium is not installed (apt-get install chromium)")

    async def browser(self: Any) -> Any:
        if self._browser is None:
            self._playwright = await async_playwright().start()
            self._browser = await self._playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        return self._browser

    monkeypatch.setattr(ManagedCapture, "_ensure_browser", browser)
