"""Scenes of polls on Discord: opening them, voting, results, and what hosts do."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from tests.render.discord_stage import Scene, Stage, Target, custom_emoji, posted, pressed
from tests.transcripts.discord_driver import BUTTON, DiscordDriver, raw, walk

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
