"""An editor's day: a member suggests a correction, and an editor accepts it, works it in and publishes it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from bot.instance import Instance
from tests.editing.packs import copied, edit
from tests.transcripts.dialogue import Dialogue, Driver, play_together
from tests.transcripts.discord_driver import discord_people
from tests.transcripts.slack_driver import slack_drivers
from tests.transcripts.terminal_driver import terminal_driver
from tests.transcripts.web_driver import web_drivers
from tests.world import Clock, running

BEFORE, AFTER = "Most people in the office drink tea.", "Since 2025 most people in the office drink tea."
SUGGESTED: Dialogue = (
    ("Ada> /fact tea drinkers", f"for you: {BEFORE}", "[Is this wrong?]"),
    (
        "Ada> /suggest Say since when it is so. card:tea-popular",
        "for you: Thank you. The editors have your suggestion",
        f"A correction: {BEFORE}",
        "Say since when it is so.",
    ),
    ("Ada> /suggestions", "for you: waiting for an editor"),
    (
        "Mo> /content queue",
        "for you: 1 suggestion is waiting",
        "Say since when it is so.",
        "[Accept]",
        "[Reject]",
        "[Ask]",
    ),
    ("Mo> press Accept", "for you: Accepted: p1", "tea/drafts/suggestion-p1.yaml", "[Edit]", "[Publish]"),
    ("Ada> /suggestions", "for you: accepted; an editor is adding it"),
    ("Ada> /fact tea drinkers", f"for you: {BEFORE}"),
)
PUBLISHED: Dialogue = (
    ("Mo> press Publish", "for you: Published: p1", "I added it to tea/facts.yaml.", "Changed: ", "tea-popular"),
    ("Ada> /fact tea drinkers", f"for you: {AFTER}", f"not: {BEFORE}"),
    ("Ada> /suggestions", "for you: published"),
    ("Mo> /content queue", "for you: No suggestions are waiting."),
    ("Mo> /content log", "Mo", "accepted the suggestion p1", "published p1", "loaded new content"),
)
IN_CHAT: Dialogue = (
    ("Mo> press Edit",),
    ("Mo> fill Sources by their ids, one a line: no-such-source", "for you: no-such-source", "not: Preview"),
    ("Mo> press Edit",),
    (
        f"Mo> fill The claim or position, in one sentence: {AFTER}",
        "for you: Preview",
        "Nothing is published yet.",
        "The claim or position, in one sentence",
        AFTER,
        "[Edit]",
        "[Publish]",
    ),
    ("Ada> /fact tea drinkers", f"for you: {BEFORE}"),
    ("Mo> /content edit p1",),
    (
        "Mo> fill Other ways to ask for it, one a line: tea drinkers",
        "for you: Preview",
        "Other ways to ask for it, one a line: tea drinkers",
        AFTER,
    ),
)


@asynccontextmanager
async def in_terminals(instance: Instance, clock: Clock) -> AsyncIterator[Mapping[str, Driver]]:
    yield {name: terminal_driver(instance.bot, name, clock, moderator=name == "Mo") for name in ("Ada", "Mo")}


def on_the_page(instance: Instance, clock: Clock) -> AbstractAsyncContextManager[Mapping[str, Driver]]:
    return web_drivers(instance.bot, clock)


def on_discord(instance: Instance, clock: Clock) -> AbstractAsyncContextManager[Mapping[str, Driver]]:
    return discord_people(instance.bot, clock, "Ada", "Mo")


def on_slack(instance: Instance, clock: Clock) -> AbstractAsyncContextManager[Mapping[str, Driver]]:
    return slack_drivers(instance.bot, clock)


async def no_time(_words: str) -> None:
    """Never wait: no dialogue here lets time pass."""


@pytest.mark.parametrize("people", [in_terminals, on_the_page, on_discord, on_slack])
async def test_a_suggestion_becomes_part_of_the_topic(tmp_path: Path, people: object) -> None:
    """On every platform a member's suggestion becomes part of the topic when an editor accepts it, rewrites the draft's
    file and publishes it. Until then members see the old text."""
    assert callable(people)
    clock, content = Clock(), copied(tmp_path)
    async with running(tmp_path, clock=clock, content=content) as instance, people(instance, clock) as cast:
        await play_together(cast, SUGGESTED, no_time)
        edit(content, BEFORE, AFTER, "tea/drafts/suggestion-p1.yaml")
        await play_together(cast, PUBLISHED, no_time)


@pytest.mark.parametrize("people", [in_terminals, on_the_page, on_discord, on_slack])
async def test_a_suggestion_is_worked_in_and_published_in_chat(tmp_path: Path, people: object) -> None:
    """On every platform an editor can work a suggestion in with a form.

    A change that the pack's rules refuse gets an error instead of a preview, and a valid one gets a preview before the
    editor publishes it.
    """
    assert callable(people)
    clock, content = Clock(), copied(tmp_path)
    async with running(tmp_path, clock=clock, content=content) as instance, people(instance, clock) as cast:
        await play_together(cast, (*SUGGESTED, *IN_CHAT, *PUBLISHED), no_time)
