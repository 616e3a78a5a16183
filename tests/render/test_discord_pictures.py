"""Pictures of Parley's messages on Discord for docs/discord.md and docs/discord-gallery.md, drawn offline by simcord's
preview in Chromium.

`PARLEY_PICTURES=write pytest tests/render/test_discord_pictures.py` draws them anew with the system's Chromium, the
same but for a few pixels. Without it, the tests only check the pictures that are there.
"""

from __future__ import annotations

import io
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw
from playwright.async_api import async_playwright
from simcord._clock import Clock as SimulatedClock
from simcord.backend.cdn import CDN_BASE
from simcord.preview._capture import ManagedCapture

from adapters.discord.markdown import CUSTOM_EMOJI
from adapters.discord.verdict_emoji import drawing, read_marks, upload_missing
from bot.charts import png
from bot.chat.vocabulary import Actor, Place, Request
from bot.deliberation.service import Discussions
from bot.packs.labels import VERDICTS
from bot.packs.model import Verdict
from tests.editing.packs import copied, edit
from tests.gallery import counted, kinds
from tests.pictures import are_taken, check_is_there, chromium
from tests.transcripts.discord_driver import BUTTON, DiscordDriver, discord_people, raw, walk
from tests.world import SHIPPED, Clock, running

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "images" / "discord"
PAGES = (ROOT / "docs" / "discord.md", ROOT / "docs" / "discord-gallery.md")
BYTES_MAX = 1_900_000
COLOURS = 128
VIEWPORT = (760, 1900)

Target = Any
"""A message, or an interaction whose form is shown."""


@dataclass(slots=True)
class Stage:
    """A server's people, its clock and jobs, its content and discussions, and the viewer whose screen is pictured."""

    people: Mapping[str, DiscordDriver]
    clock: Clock
    run_due: Callable[[], Awaitable[None]]
    content: Path
    discussions: Discussions
    viewer: str = "Ada"
    direct: bool = False
    """Whether the picture is of the viewer's conversation with the bot."""
    assets: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    """Pictures that Discord would serve, by their address."""

    @property
    def ada(self) -> DiscordDriver:
        return self.people["Ada"]

    @property
    def mo(self) -> DiscordDriver:
        """Return Mo, and make her the viewer. She moderates the only community, so she may edit the content."""
        self.viewer = "Mo"
        return self.people["Mo"]

    async def forward(self, **span: float) -> None:
        self.clock.now += timedelta(**span)
        await self.run_due()
        await self.ada.env.settle()


Scene = Callable[[Stage], Awaitable[Target]]


def line_scene(line: str, *pressed: str, by: str = "Ada") -> Scene:
    """Picture the answer to a command, or to the last of the buttons that the member then presses."""

    async def play(stage: Stage) -> Target:
        stage.viewer, driver = by, stage.people[by]
        await driver.say(line)
        for label in pressed:
            await driver.press(label)
        return driver.messages()[-1]

    return play


async def menu(stage: Stage) -> Target:
    written = "They want to invoke the Insurrection Act and send the military to stop fentanyl at the border."
    message = await stage.people["Ben"].member.send(stage.ada.channel, written)
    await stage.ada.member.context_menu(stage.ada.channel, "Find facts", message)
    return stage.ada.messages()[-1]


async def menu_away(stage: Stage) -> Target:
    """A member who installed Parley for herself uses it in a server without the bot."""
    hide_server(stage.ada, as_in_server)
    return await menu(stage)


async def fact_between(stage: Stage) -> Target:
    """A member who installed Parley for herself uses it in her conversation with somebody else."""
    hide_server(stage.ada, as_between_people)
    await stage.ada.say("/fact insurrection act")
    return stage.ada.messages()[-1]


Event = dict[str, Any]


def hide_server(driver: DiscordDriver, installed_for: Callable[[Event], Event]) -> None:
    """Keep the server's events from the bot. Interactions come as for a member who installed the bot for herself.

    Simcord's bot is in every server.
    """
    backend, channel = driver.env.backend, driver.channel
    (deliver,) = backend.subscribers
    deliver("GUILD_DELETE", {"id": str(driver.member.guild.id)})

    def pass_on(event: str, payload: Event) -> None:
        if event == "INTERACTION_CREATE" and payload["channel_id"] == str(channel.id):
            deliver(event, installed_for(payload))

    backend.subscribers[:] = [pass_on]


def as_in_server(payload: Event) -> Event:
    """Return an interaction in a server without the bot."""
    guild = {"id": payload["guild_id"], "locale": "en-US", "features": []}
    return {**payload, "guild": guild, **_installed_by(payload["member"]["user"])}


def as_between_people(payload: Event) -> Event:
    """Return an interaction in a conversation of two people."""
    user, ben = payload["member"]["user"], {"id": "9", "username": "ben", "discriminator": "0", "avatar": None}
    place = {"channel": {"id": payload["channel_id"], "type": 1, "recipients": [ben]}, "context": 2, "user": user}
    kept = {name: value for name, value in payload.items() if name not in {"guild_id", "guild_locale", "member"}}
    return {**kept, **place, **_installed_by(user)}


def _installed_by(user: Event) -> Event:
    """https://discord.com/developers/docs/interactions/receiving-and-responding#interaction-object"""
    return {"authorizing_integration_owners": {"1": user["id"]}}


async def direct(stage: Stage) -> Target:
    """A member who installed Parley for herself asks it in a direct message, without a server."""
    stage.direct, ada = True, stage.ada.member.user
    await ada.slash("fact", words="insurrection act")
    return ada.dm_channel.history(viewer=ada)[-1]


QUESTION = "Where should the next town meeting take place?"
PLACES = ("In the library", "In the school", "Outdoors, in the park", "Online")


def polled(method: str, results: str = "at-close", options: tuple[str, ...] = PLACES, more: str = "") -> str:
    listed = " | ".join(options)
    arguments = f'question:"{QUESTION}" options:"{listed}" method:{method} results:{results} closes:"2 days"'
    return f"/poll create post:yes {arguments} {more}"


async def open_poll(stage: Stage, *arguments: Any, **more: Any) -> Target:
    """Open a poll, and return its public message."""
    await stage.ada.say(polled(*arguments, **more))
    return posted(stage)


def posted(stage: Stage) -> Target:
    """Return the last public message."""
    return next(message for message in reversed(stage.ada.messages()) if not message.flags.ephemeral)


def opening(method: str, **more: str) -> Scene:
    """Picture the message of a new poll."""

    async def play(stage: Stage) -> Target:
        return await open_poll(stage, method, **more)

    return play


async def poll_live(stage: Stage) -> Target:
    poll = await open_poll(stage, "single", "live")
    for number, name in enumerate(("Ben", "Chen", "Mo", "Ada")):
        await stage.people[name].press(PLACES[0 if number < 2 else number - 1][:24])
    await stage.forward(seconds=5)
    return next(message for message in stage.ada.messages() if message.id == poll.id)


async def poll_many(stage: Stage) -> Target:
    return await open_poll(stage, "single", "at-close", tuple(f"Candidate number {n}" for n in range(1, 13)))


async def poll_people(stage: Stage) -> Target:
    """Open a poll whose options are mentions of members: their names stand on the buttons."""
    named = " | ".join(f"<@{stage.people[name].member.id}>" for name in ("Ben", "Chen", "Mo"))
    arguments = {"question": "Who leads the next town meeting?", "options": named, "closes": "2 days", "post": True}
    await stage.ada.member.slash(stage.ada.channel, "poll create", **arguments)
    return posted(stage)


async def poll_emoji(stage: Stage, results: str = "at-close") -> Target:
    """Open a poll whose options begin with the server's own emoji, which stand on the buttons."""
    tea, coffee = (custom_emoji(stage, name, colour) for name, colour in (("tea", "seagreen"), ("coffee", "peru")))
    arguments = {
        "question": "What do we drink at the next town meeting?",
        "options": f"<:tea:{tea.id}> Green tea | <:coffee:{coffee.id}> Filter coffee",
        "results": results,
        "closes": "2 days",
        "post": True,
    }
    await stage.ada.member.slash(stage.ada.channel, "poll create", **arguments)
    return posted(stage)


def custom_emoji(stage: Stage, name: str, colour: str) -> Any:
    """Add an emoji to the server: a cup seen from above."""
    emoji, picture, drawn = stage.ada.member.guild.create_emoji(name), io.BytesIO(), Image.new("RGBA", (96, 96))
    cup = ImageDraw.Draw(drawn)
    cup.ellipse((4, 4, 92, 92), fill="white")
    cup.ellipse((16, 16, 80, 80), fill=colour)
    drawn.save(picture, "PNG")
    stage.assets[f"{CDN_BASE}/emojis/{emoji.id}.png"] = ("emoji.png", picture.getvalue())
    return emoji


async def result_emoji(stage: Stage) -> Target:
    poll = await poll_emoji(stage, "live")
    for name, option in (("Ben", 0), ("Chen", 1), ("Mo", 0)):
        driver = stage.people[name]
        buttons = [part for part in walk(raw(poll)) if part["type"] == BUTTON]
        await driver.member.click(poll, custom_id=buttons[option]["custom_id"])
    await stage.forward(days=2)
    return posted(stage)


async def poll_role(stage: Stage) -> Target:
    board = stage.ada.member.guild.create_role("Board")
    arguments = {"question": QUESTION, "options": " | ".join(PLACES), "closes": "2 days", "role": board, "post": True}
    await stage.ada.member.slash(stage.ada.channel, "poll create", **arguments)
    return posted(stage)


async def vote_role(stage: Stage) -> Target:
    await poll_role(stage)
    return await pressed(stage, PLACES[0])


async def vote_closed(stage: Stage) -> Target:
    """Press a button after the close, before Parley redraws the poll's message."""
    await open_poll(stage, "single")
    stage.clock.forward(days=2)
    return await pressed(stage, PLACES[0])


async def pressed(stage: Stage, label: str) -> Target:
    await stage.ada.press(label)
    return stage.ada.messages()[-1]


async def poll_cancelled(stage: Stage) -> Target:
    poll = await open_poll(stage, "single")
    await stage.ada.say("/poll cancel")
    await stage.ada.press("Cancel the poll")
    await stage.forward(seconds=5)
    return next(message for message in stage.ada.messages() if message.id == poll.id)


async def reminder(stage: Stage) -> Target:
    await open_poll(stage, "single")
    for name in ("Ben", "Chen"):
        await stage.people[name].press(PLACES[0])
    await stage.forward(days=2, hours=-1)
    return posted(stage)


def voted(*then: str, method: str = "single") -> Scene:
    """Picture the answer to Ada's vote, or to the last of the buttons that she then presses."""

    async def play(stage: Stage) -> Target:
        await open_poll(stage, method, "live" if "Results so far" in then else "at-close")
        for label in (PLACES[0], *then):
            await stage.ada.press(label)
        return stage.ada.messages()[-1]

    return play


async def how_secret(stage: Stage) -> Target:
    await open_poll(stage, "single")
    return await pressed(stage, "How secret?")


async def receipt_check(stage: Stage) -> Target:
    response = await voted()(stage)
    code = re.search(r"[0-9a-f]{4,}(?:-[0-9a-f]+)+|`([^`]+)`", str(response.components[0].to_dict()))
    assert code is not None
    await stage.ada.say(f"/poll receipt {code[1] or code[0]}")
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


async def ballot_empty(stage: Stage) -> Target:
    await open_poll(stage, "ranked")
    await stage.ada.press("Vote")
    return stage.ada.messages()[-1]


async def ballot_score(stage: Stage) -> Target:
    await open_poll(stage, "score")
    await stage.ada.press("Vote")
    return stage.ada.form


async def ballot_scores(stage: Stage) -> Target:
    await open_poll(stage, "score", options=tuple(f"Candidate number {n}" for n in range(1, 13)))
    await stage.ada.press("Vote")
    await stage.ada.member.submit_modal(stage.ada.form, {"0": "5", "2": "3"})
    return stage.ada.messages()[-1]


RANKED = ((2, 0), (0, 1), (0, 2), (3, 0))


APPROVED = ((0, 1), (0, 2, 3), (0,), (1, 3))
SCORED = ((5, 3, 0, 1), (2, 5, 4, 0), (4, 3, 0, 5), (5, 4, 5, 0))
CHOSEN = (0, 1, 2, 0)
TIED = (0, 1, 0, 1)


async def vote(driver: DiscordDriver, method: str, number: int, chosen: Sequence[int]) -> None:
    """Cast the ballot of the member with this number."""
    if method == "single":
        await driver.press(PLACES[chosen[number]])
        return
    if method == "approval":
        message, select = driver.newest(lambda part: part.get("placeholder") == "Choose the options you approve of")
        values = [select["options"][option]["value"] for option in APPROVED[number]]
        await driver.member.select(message, values, custom_id=select["custom_id"])
        return
    await driver.press("Vote")
    if method == "score":
        scores = {str(option): str(points) for option, points in enumerate(SCORED[number])}
        await driver.member.submit_modal(driver.form, scores)
        return
    for place, option in enumerate(RANKED[number], 1):
        await driver.pick(f"Your choice number {place}", PLACES[option])
    await driver.press("Cast this ballot")


def closed(method: str, *then: str, which: int = -1, chosen: Sequence[int] = CHOSEN, more: str = "") -> Scene:
    """Picture the announcement of a closed poll of this method, or another message of the channel."""

    async def play(stage: Stage) -> Target:
        await open_poll(stage, method, more=more)
        for number, driver in enumerate(stage.people.values()):
            await vote(driver, method, number, chosen)
        await stage.forward(days=2)
        for line in then:
            await stage.ada.say(line)
        messages = [message for message in stage.ada.messages() if then or not message.flags.ephemeral]
        return messages[which]

    return play


async def poll_closed(stage: Stage) -> Target:
    await closed("ranked")(stage)
    return next(message for message in stage.ada.messages() if not message.flags.ephemeral)


async def opened(stage: Stage) -> Target:
    await open_poll(stage, "single")
    return next(message for message in reversed(stage.ada.messages()) if message.flags.ephemeral)


async def poll_list(stage: Stage) -> Target:
    await open_poll(stage, "ranked")
    await stage.ada.say('/poll create post:yes question:"Who chairs the next meeting?" options:"Ben | Chen" closes:3h')
    await stage.ada.say("/poll list")
    return stage.ada.messages()[-1]


async def close_asked(stage: Stage) -> Target:
    await open_poll(stage, "single")
    await stage.ada.say("/poll close")
    return stage.ada.messages()[-1]


async def form_policy(stage: Stage) -> Target:
    return await stage.ada.member.slash(stage.ada.channel, "poll policy", post=True)


async def form(stage: Stage) -> Target:
    return await stage.ada.member.slash(stage.ada.channel, "poll create", question=QUESTION)


async def form_mistakes(stage: Stage) -> Target:
    response = await form(stage)
    filled = {
        "question": QUESTION,
        "options": "In the library",
        "method": "single",
        "results": "live",
        "closes": "soon",
    }
    await stage.ada.member.submit_modal(response, filled)
    return stage.ada.messages()[-1]


async def suggest_card(stage: Stage) -> Target:
    await stage.ada.say("/fact insurrection act")
    message, button = stage.ada.newest(lambda part: part.get("label") == "Is this wrong?")
    return await stage.ada.member.click(message, custom_id=button["custom_id"])


FACTS = "us-mexico-cartels/facts.yaml"
SUGGESTED = "/suggest The claim should name the day of the proclamation, too. card:insurrection-act-invoked"
ADDRESS = "url:https://example.org/proclamation"


async def suggested(stage: Stage) -> Target:
    await stage.ada.say(f"{SUGGESTED} {ADDRESS}")
    return stage.ada.messages()[-1]


async def suggestions(stage: Stage) -> Target:
    """List three suggestions: one that an editor rejected, one that an editor asks about, and one that waits."""
    for line, label, note in (
        ("/suggest This is news to me. card:fentanyl", "Reject", "Thank you. Its sources are under Sources."),
        ("/suggest A report kind:source url:https://example.org/report", "Ask", "Who wrote it, and when?"),
    ):
        await stage.ada.say(line)
        await stage.mo.say("/content queue")
        message, button = stage.mo.newest(lambda part, label=label: part.get("label") == label)
        form = await stage.mo.member.click(message, custom_id=button["custom_id"])
        await stage.mo.member.submit_modal(form, {"note": note})
    await suggested(stage)
    await stage.ada.say("/suggestions")
    stage.viewer = "Ada"
    return stage.ada.messages()[-1]


async def queue(stage: Stage) -> Target:
    await suggested(stage)
    await stage.ada.say("/suggest A report kind:source url:https://example.org/report")
    await stage.mo.say("/content queue")
    return stage.mo.messages()[-1]


async def accepted(stage: Stage) -> Target:
    await queue(stage)
    await stage.mo.press("Accept")
    return stage.mo.messages()[-1]


async def published(stage: Stage) -> Target:
    await accepted(stage)
    return await publish(stage)


async def publish(stage: Stage) -> Target:
    """Publish the accepted draft after an editor's change in it."""
    (draft,) = stage.content.glob("*/drafts/*.yaml")
    edit(stage.content, "American citizens and migrants", "citizens", draft.relative_to(stage.content).as_posix())
    await stage.mo.press("Publish")
    return stage.mo.messages()[-1]


async def content_refused(stage: Stage) -> Target:
    edit(stage.content, "verdict: contradicted", "verdict: wrong", FACTS)
    edit(stage.content, "kind: fact", "kind: claim", FACTS)
    await stage.mo.say("/content reload")
    return stage.mo.messages()[-1]


async def content_report(stage: Stage) -> Target:
    for line in ("/fact insurrection act", "/fact fentanyl", "/fact insurrection act", "/fact crypto regulation"):
        await stage.ada.say(line)
    await suggested(stage)
    await stage.mo.say("/content report")
    return stage.mo.messages()[-1]


async def content_log(stage: Stage) -> Target:
    stage.clock.forward(hours=-1)
    await accepted(stage)
    await stage.forward(minutes=25)
    await publish(stage)
    await stage.forward(minutes=30)
    await content_refused(stage)
    await stage.mo.say("/content log")
    return stage.mo.messages()[-1]


async def host_preview(stage: Stage) -> Target:
    await stage.ada.say(polled("ranked").replace("post:yes ", ""))
    return stage.ada.messages()[-1]


async def host_menu(stage: Stage) -> Target:
    await open_poll(stage, "single")
    await stage.ada.press("Manage")
    return stage.ada.messages()[-1]


async def host_scheduled(stage: Stage) -> Target:
    await host_preview(stage)
    message, button = stage.ada.newest(lambda part: part.get("label") == "Schedule")
    form = await stage.ada.member.click(message, custom_id=button["custom_id"])
    await stage.ada.member.submit_modal(form, {"opens": "tomorrow 9:00", "repeat": "weekly"})
    return stage.ada.messages()[-1]


PROPOSAL = '/poll create post:yes question:"We meet in the library from May on" method:consent closes:"2 days"'


async def consent_poll(stage: Stage) -> Target:
    await stage.ada.say(PROPOSAL)
    return posted(stage)


async def consent_objections(stage: Stage) -> Target:
    await stage.ada.say(PROPOSAL)
    ben = stage.people["Ben"]
    message, button = ben.newest(lambda part: part.get("label") == "Object")
    form = await ben.member.click(message, custom_id=button["custom_id"])
    await ben.member.submit_modal(form, {"reason": "It closes at eight, and our meetings end at ten."})
    await stage.ada.press("Manage")
    await stage.ada.press("Objections")
    return stage.ada.messages()[-1]


async def decided(stage: Stage) -> Target:
    await closed("single")(stage)
    message, button = stage.ada.newest(lambda part: part.get("label") == "Record the decision")
    form = await stage.ada.member.click(message, custom_id=button["custom_id"])
    await stage.ada.member.submit_modal(
        form, {"outcome": "The next town meeting takes place in the library.", "owner": "Ada", "review": "in 2 weeks"}
    )
    return stage.ada.messages()[-1]


STATEMENTS = (
    "The library stays open until ten in the evening",
    "Meetings rotate between the districts",
    "Every meeting can be followed online",
    "Questions are collected a week before",
    "The minutes are published within three days",
)


async def talk_join(stage: Stage) -> Target:
    await discussed(stage)
    await stage.ada.press("Take part")
    return stage.ada.messages()[-1]


async def discussed(stage: Stage) -> None:
    await stage.ada.say(f'/discuss start question:"How should we meet?" statements:"{"|".join(STATEMENTS)}"')


async def talk_results(stage: Stage) -> Target:
    """Close a discussion of two camps that agree on two statements, and return the last message that Ada sees."""
    await discussed(stage)
    guild, channel = str(stage.ada.member.guild.id), str(stage.ada.channel.id)
    place = Place("discord", guild, channel)
    (talk,) = await stage.discussions.listed(Request(Actor("discord", guild, "1", "Ada"), place, stage.clock()))
    for number in range(24):
        who = Request(Actor("discord", guild, f"{number + 10}", f"Member {number}"), place, stage.clock())
        for statement in range(len(STATEMENTS)):
            agree = statement < 2 or (number < 14) == (statement % 2 == 0)
            await stage.ada.bot.press(who, f"v1:discuss-say:{talk.id}:{statement}:{'agree' if agree else 'disagree'}")
    await stage.ada.say("/discuss close")
    return await pressed(stage, "Close it now")


SCENES: Mapping[str, Scene] = {
    "fact": line_scene("/fact insurrection act"),
    "facts": line_scene("/fact"),
    "counterarguments": line_scene("/counter tariffs"),
    "arguments-for": line_scene("/counter tariff threats", "Arguments for"),
    "shared": line_scene("/fact insurrection act share:yes"),
    "sources": line_scene("/fact insurrection act", "Sources"),
    "source": line_scene("/source learning resources"),
    "search": line_scene("/search tariffs"),
    "term": line_scene("/define posse comitatus"),
    "policy": line_scene("/policy"),
    "option": line_scene("/policy joint operations"),
    "timeline": line_scene("/timeline"),
    "topic": line_scene("/topic"),
    "nothing-found": line_scene("/fact crypto regulation"),
    "help": line_scene("/help"),
    "help-command": line_scene("/help fact"),
    "refusal": line_scene("/poll results poll:nowhere"),
    "find-facts": menu,
    "find-facts-away": menu_away,
    "fact-between": fact_between,
    "direct": direct,
    "poll": opening("single"),
    "poll-opened": opened,
    "poll-live": poll_live,
    "poll-many": poll_many,
    "poll-people": poll_people,
    "poll-emoji": poll_emoji,
    "result-emoji": result_emoji,
    "poll-approval": opening("approval"),
    "poll-ranked": opening("ranked"),
    "poll-named": opening("single", more="secret:no quorum:3"),
    "poll-role": poll_role,
    "poll-cancelled": poll_cancelled,
    "poll-closed": closed("single", which=0),
    "poll-closed-ranked": poll_closed,
    "how-secret": how_secret,
    "reminder": reminder,
    "poll-list": poll_list,
    "close-asked": close_asked,
    "receipt": voted(),
    "receipt-check": receipt_check,
    "my-vote": voted("My vote"),
    "vote-changed": voted(PLACES[1]),
    "vote-withdrawn": voted("Withdraw"),
    "vote-closed": vote_closed,
    "vote-role": vote_role,
    "results-so-far": voted("Results so far"),
    "ballot": ballot,
    "ballot-empty": ballot_empty,
    "ballot-score": ballot_score,
    "ballot-scores": ballot_scores,
    "result": closed("ranked"),
    "result-single": closed("single"),
    "result-approval": closed("approval"),
    "result-score": closed("score"),
    "result-tie": closed("single", chosen=TIED),
    "result-quorum": closed("single", more="quorum:5"),
    "result-named": closed("single", more="secret:no"),
    "export": closed("single", "/poll export"),
    "form": form,
    "form-policy": form_policy,
    "form-mistakes": form_mistakes,
    "settings": line_scene("/settings", by="Mo"),
    "privacy": line_scene("/privacy show"),
    "privacy-erase": line_scene("/privacy erase"),
    "suggest-card": suggest_card,
    "suggested": suggested,
    "suggestions": suggestions,
    "queue": queue,
    "accepted": accepted,
    "published": published,
    "content-status": line_scene("/content status", by="Mo"),
    "content-refused": content_refused,
    "content-report": content_report,
    "content-log": content_log,
    "host-preview": host_preview,
    "host-menu": host_menu,
    "host-scheduled": host_scheduled,
    "consent-poll": consent_poll,
    "consent-objections": consent_objections,
    "decided": decided,
    "talk-join": talk_join,
    "talk-results": talk_results,
}


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


async def add_verdict_emoji(stage: Stage) -> None:
    """Upload the verdicts' emoji, as Parley does at its first start."""
    client = stage.ada.env.bot
    await upload_missing(client, {})
    client._uploads.marks = await read_marks(client)
    for verdict in Verdict:
        mark = CUSTOM_EMOJI.fullmatch(client._uploads.marks[VERDICTS[verdict].sign])
        assert mark is not None
        stage.assets[f"{CDN_BASE}/emojis/{mark['id']}.png"] = ("sign.png", png(drawing(verdict)))


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
