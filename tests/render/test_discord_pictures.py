"""Pictures of Parley's messages on Discord for docs/discord.md and docs/discord-gallery.md, drawn offline by simcord's
preview in Chromium.

`PARLEY_PICTURES=write pytest tests/render/test_discord_pictures.py` draws them anew with the system's Chromium, the
same but for a few pixels. Without it, the tests only check the pictures that are there.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.async_api import async_playwright
from simcord._clock import Clock as SimulatedClock
from simcord.preview._capture import ManagedCapture

from tests.editing.packs import copied
from tests.gallery import counted, kinds
from tests.pictures import are_taken, check_is_there, chromium
from tests.render.discord_scenes import SCENES
from tests.render.discord_stage import Stage, add_verdict_emoji
from tests.transcripts.discord_driver import discord_people
from tests.world import SHIPPED, Clock, running

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "images" / "discord"
PAGES = (ROOT / "docs" / "discord.md", ROOT / "docs" / "discord-gallery.md")
BYTES_MAX = 1_900_000
COLOURS = 128
VIEWPORT = (760, 1900)


SAME_FOR_ALL: Mapping[str, str] = {
    "close": "close-asked",
    "export": "export",
    "list": "poll-list",
    "opened": "poll-opened",
    "voted": "receipt",
}
PICTURED: Mapping[str, str] = {
    **{
        f"{method}-{kind}": picture
        for method in ("single", "approval", "ranked", "score")
        for kind, picture in SAME_FOR_ALL.items()
    },
    "answered": "suggested",
    "approval-announced": "result-approval",
    "approval-poll": "poll-approval",
    "approval-poll-closed": "poll-closed",
    "asked": "accepted",
    "content-log-full": "content-log",
    "content-log-older": "content-log",
    "content-problems": "content-refused",
    "content-problems-pressed": "content-refused",
    "content-same": "published",
    "content-taken": "published",
    "counter": "counterarguments",
    "counter-none": "counterarguments",
    "entry-argument": "fact",
    "entry-event": "fact",
    "entry-fact": "fact",
    "entry-option": "option",
    "entry-position": "fact",
    "entry-source": "source",
    "content-edit": "suggest-card",
    "corrections": "timeline",
    "draft-preview": "fact",
    "entry-statement": "fact",
    "entry-term": "term",
    "explained": "help-command",
    "fact-in-question": "fact",
    "fact-corrected": "fact",
    "fact-public": "shared",
    "fact-with-others": "fact",
    "form-created": "poll-opened",
    "form-policy-created": "poll-opened",
    "found-facts": "find-facts",
    "log": "content-log",
    "log-older": "content-log",
    "opened-card": "fact",
    "picked-card": "fact",
    "poll-extended": "poll-opened",
    "poll-mine": "my-vote",
    "poll-posted": "poll-opened",
    "poll-receipt": "receipt",
    "poll-shown": "poll",
    "poll-opening": "close-asked",
    "poll-to-cancel": "close-asked",
    "position": "counterarguments",
    "privacy-asked": "privacy-erase",
    "privacy-erased": "privacy-erase",
    "privacy-export": "export",
    "queue-answered": "queue",
    "queue-edit": "suggest-card",
    "queue-ask": "suggest-card",
    "queue-next": "queue",
    "queue-reject": "suggest-card",
    "ranked-announced": "result",
    "ranked-ballot-empty": "ballot-empty",
    "ranked-ballot-half": "ballot",
    "ranked-poll": "poll-ranked",
    "ranked-poll-closed": "poll-closed-ranked",
    "rejected": "accepted",
    "results": "result-single",
    "results-pressed": "result-single",
    "score-announced": "result-score",
    "score-ballot-empty": "ballot-scores",
    "score-ballot-half": "ballot-scores",
    "score-form": "ballot-score",
    "score-page": "ballot-scores",
    "score-page-form": "ballot-score",
    "score-form-cast": "receipt",
    "score-poll": "poll-ranked",
    "score-poll-closed": "poll-closed",
    "single-announced": "result-named",
    "single-form-create": "form",
    "single-form-policy": "form-policy",
    "single-poll": "poll-named",
    "single-poll-closed": "poll-closed",
    "single-privacy": "privacy",
    "single-privacy-erase": "privacy-erase",
    "single-reminder": "reminder",
    "single-settings": "settings",
    "source-mirror": "source",
    "stale-button": "refusal",
    "suggest-answer": "suggest-card",
    "suggest-form": "suggest-card",
    "suggest-opened": "suggested",
    "suggestion-published": "published",
    "suggestions-waiting": "queue",
    "support": "arguments-for",
    "told-accepted": "suggested",
    "told-asked": "suggested",
    "told-published": "suggested",
    "told-rejected": "suggested",
    "ballot-form-cast": "receipt",
    "form-new": "form-policy",
    "form-policy-long": "form-policy",
    "poll-close-asked": "close-asked",
    "poll-extended-then": "poll-opened",
    "poll-which": "refusal",
    "poll-which-to-close": "refusal",
    "timeline-of-many": "timeline",
    "timeline-of-many-earlier": "timeline",
    "misses": "content-report",
    "miss-alias": "content-report",
    "content-misses": "content-report",
    "welcome": "help",
    "facts-of-many": "facts",
    "facts-of-many-next": "facts",
    "unknown-command": "refusal",
    "consent-answer-form": "suggest-card",
    "consent-answered": "consent-objections",
    "consent-follow-form": "form-policy",
    "consent-followed": "host-preview",
    "consent-form": "suggest-card",
    "consent-menu": "host-menu",
    "consent-objected": "receipt",
    "consent-opened": "poll-opened",
    "consent-result": "result-single",
    "decide-form": "form-policy",
    "decision": "decided",
    "decision-change-form": "suggest-card",
    "decision-changed": "decided",
    "decision-done": "decided",
    "decision-drop-form": "suggest-card",
    "decision-dropped": "decided",
    "decision-posted": "decided",
    "decision-shared": "poll-opened",
    "decisions": "poll-list",
    "decisions-export": "export",
    "digest": "topic",
    "digest-poll": "poll",
    "host-closes": "host-preview",
    "host-copy": "host-preview",
    "host-edit-form": "form",
    "host-edited": "host-preview",
    "host-elsewhere-form": "form-policy",
    "host-placed": "poll-opened",
    "host-extended": "poll-opened",
    "host-more": "host-preview",
    "host-more-form": "form-policy",
    "host-poll-edit-form": "form",
    "host-poll-edited": "poll-opened",
    "host-posted": "poll-opened",
    "host-reminded": "poll-opened",
    "host-schedule-form": "form-policy",
    "host-schedule-template": "host-scheduled",
    "host-schedules": "host-scheduled",
    "host-stopped": "poll-opened",
    "host-template": "poll-opened",
    "host-template-copy": "host-preview",
    "host-template-form": "suggest-card",
    "host-template-gone": "poll-opened",
    "host-templates": "poll-list",
    "host-unscheduled": "poll-opened",
    "member-watches": "receipt",
    "member-watches-no-more": "receipt",
    "talk-accept": "queue",
    "talk-add": "suggest-card",
    "talk-cancel-asked": "close-asked",
    "talk-change": "talk-join",
    "talk-close-asked": "close-asked",
    "talk-closed": "talk-results",
    "talk-decide": "form-policy",
    "talk-close-typed": "close-asked",
    "talk-dropped": "talk-join",
    "talk-export": "export",
    "talk-extended": "poll-opened",
    "talk-form": "form-policy",
    "talk-known": "fact",
    "talk-list": "poll-list",
    "talk-mine": "my-vote",
    "talk-mute": "accepted",
    "talk-on": "talk-join",
    "talk-pause": "talk-join",
    "talk-poll": "poll-opened",
    "talk-posted": "talk-results",
    "talk-queue": "queue",
    "talk-reject": "suggest-card",
    "talk-rejected": "accepted",
    "talk-secrecy": "how-secret",
    "talk-sent": "suggested",
    "talk-similar": "talk-join",
    "talk-similar-2": "talk-join",
    "talk-started": "poll-opened",
    "talk-statements": "queue",
    "talk-stop": "receipt",
    "talk-which": "refusal",
    "talk-which-queue": "refusal",
    "talk-which-to-close": "refusal",
}
"""The picture that shows each kind of reply, by the kind's name in tests/gallery.py."""


@pytest.mark.parametrize("name", SCENES)
async def test_draw(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each picture exists. With `PARLEY_PICTURES=write`, this test draws it."""
    if not are_taken():
        check_is_there(FOLDER / f"{name}.png")
        return
    use_system_chromium(monkeypatch)
    clock, content = Clock(), copied(tmp_path, SHIPPED)
    async with (
        running(tmp_path, clock=clock, content=content, random_bytes=counted(), watch="events") as instance,
        discord_people(instance.bot, clock, "Ada", "Ben", "Chen", "Mo") as people,
    ):

        async def run_due() -> None:
            await instance.scheduler.run_due()
            await instance.copies.drain()

        people["Ada"].env.backend.bot_user.name = "Parley"
        show_time_of(clock, people["Ada"].env)
        stage = Stage(people, clock, run_due, content, instance.discussions)
        await add_verdict_emoji(stage)
        target = await SCENES[name](stage)
        driver = people[stage.viewer]
        member = driver.member.user if stage.direct else driver.member
        async with driver.env.preview(
            member.dm_channel if stage.direct else driver.channel,
            viewers=[member],
            display="fixed",
            width=VIEWPORT[0],
            height=VIEWPORT[1],
            presentation_time=clock(),
            assets=stage.assets,
        ) as preview:
            await preview.show(target)
            FOLDER.mkdir(parents=True, exist_ok=True)
            path = FOLDER / f"{name}.png"
            await preview.screenshot(path, viewer=member, target=target, allow_incomplete=True)
        make_small(path)


def make_small(path: Path) -> None:
    """Reduce the picture to a few colours, which are enough and take a quarter of the bytes."""
    with Image.open(path) as picture:
        small = picture.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    small.save(path, optimize=True)


def test_every_picture_is_shown_and_small_enough() -> None:
    """The guide or the gallery shows each picture with an alternative text, and the folder holds no other picture.

    All of them together take less than 1.9 MB.
    """
    pages = "".join(page.read_text() for page in PAGES)
    pictures = re.findall(r"!\[([^\]]+)\]\(images/discord/([\w-]+)\.png\)", pages)
    assert sorted(name for _, name in pictures) == sorted(SCENES)
    assert {file.stem for file in FOLDER.glob("*.png")} == set(SCENES)
    assert sum(file.stat().st_size for file in FOLDER.glob("*.png")) < BYTES_MAX


async def test_every_kind_of_reply_has_a_picture(tmp_path: Path) -> None:
    """Each kind of reply, of each kind of poll, has a picture of its own or shares one that looks like it.

    The results of each way of voting differ, so each has its own picture.
    """
    drawn = set(await kinds(tmp_path))
    assert drawn - set(SCENES) == set(PICTURED)
    assert set(PICTURED.values()) <= set(SCENES)
    results = [picture for kind, picture in PICTURED.items() if kind.endswith("-announced")]
    assert len(set(results)) == len(results)


def use_system_chromium(monkeypatch: pytest.MonkeyPatch) -> None:
    program = chromium()

    async def browser(self: Any) -> Any:
        if self._browser is None:
            self._playwright = await async_playwright().start()
            self._browser = await self._playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
            context = self._browser.new_context
            self._browser.new_context = lambda **options: uncut(context(**options))
        return self._browser

    monkeypatch.setattr(ManagedCapture, "_ensure_browser", browser)


async def uncut(opened: Awaitable[Any]) -> Any:
    """Show a form in its whole height. The preview and Discord scroll it instead."""
    context = await opened
    await context.add_init_script(
        """
        const sheet = new CSSStyleSheet();
        sheet.replaceSync(".modal-dialog { max-height: none !important; }");
        document.adoptedStyleSheets = [sheet];
        """
    )
    return context


def show_time_of(clock: Clock, env: Any) -> None:
    """Send messages at the scene's time. Simcord's own clock begins with 2026."""

    class SceneClock(SimulatedClock):
        def now(self) -> datetime:
            return clock()

    env.backend.clock = SceneClock()
