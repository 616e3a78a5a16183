"""Pictures of Parley's messages on Slack for docs/slack.md: the local Slack's messages, drawn in Chromium.

`PARLEY_PICTURES=write pytest tests/render/test_slack_pictures.py` draws them anew with the system's Chromium. Without
it, the tests only check the pictures that are there.
"""

from __future__ import annotations

import asyncio
import html
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path

import pytest
from PIL import Image
from playwright.async_api import async_playwright

from adapters.http.html import Html, joined
from tests.pictures import are_taken, check_is_there, chromium
from tests.render import slack_page
from tests.wire.slack import Member, Message, View
from tests.wire.slack.world import World, slack_world
from tests.world import SHIPPED

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "images" / "slack"
PAGE = ROOT / "docs" / "slack.md"
BYTES_MAX, EACH_MAX = 1_500_000, 60_000
WIDTH = 640

QUESTION = "Where should the next town meeting take place?"
PLACES = ("In the library", "In the school", "Outdoors, in the park", "Online")

Scene = Callable[[World], Awaitable[Html]]


def line_scene(line: str) -> Scene:
    """Picture the answer to Ada's command."""

    async def play(world: World) -> Html:
        return conversation(world, (await ada(world).command(f"/parley {line}")).messages)

    return play


def conversation(world: World, messages: Sequence[Message]) -> Html:
    return joined(slack_page.message(message, world.server.team) for message in messages)


def ada(world: World) -> Member:
    return world.server.member("Ada")


async def shared(world: World) -> Html:
    answer = await ada(world).command("/parley fact fentanyl")
    await ada(world).press(answer.messages[0], "Share")
    return conversation(world, world.server.posted())


async def find_facts(world: World) -> Html:
    written = "They want to invoke the Insurrection Act and send the military to stop fentanyl at the border."
    message = world.server.say(world.server.member("Ben"), written)
    answer = await ada(world).message_shortcut("find-facts", message)
    return conversation(world, [message, *answer.messages])


async def type_ahead(world: World) -> Html:
    (message,) = (await ada(world).command("/parley source")).messages
    await ada(world).suggest(message, "Sources", "tariff")
    controls = [one for block in message.blocks if block["type"] == "actions" for one in block["elements"]]
    (select,) = [control for control in controls if "suggested" in control]
    return joined([conversation(world, [message]), slack_page.typing("Sources", "tariff", select["suggested"][:6])])


async def opened(
    world: World, method: str = "single", results: str = "at-close", options: Sequence[str] = PLACES
) -> Message:
    """Open a poll, and return its public message."""
    listed = " | ".join(options)
    line = f'poll create post:yes question:"{QUESTION}" options:"{listed}" method:{method} results:{results} closes:"2 days"'
    await ada(world).command(f"/parley {line}")
    return world.server.posted()[-1]


async def poll(world: World) -> Html:
    return conversation(world, [await opened(world)])


async def poll_live(world: World) -> Html:
    message = await opened(world, "single", "live")
    for number, name in enumerate(("Ben", "Chen", "Mo", "Ada")):
        await world.server.member(name).press(message, PLACES[0 if number < 2 else number - 1])
    await world.quiet()
    return conversation(world, [message])


async def poll_many(world: World) -> Html:
    return conversation(world, [await opened(world, options=[f"Candidate number {n}" for n in range(1, 13)])])


async def poll_approval(world: World) -> Html:
    return conversation(world, [await opened(world, "approval")])


async def receipt(world: World) -> Html:
    message = await opened(world)
    return conversation(world, (await ada(world).press(message, PLACES[0])).messages)


RANKED = {"Ada": (2, 0), "Ben": (0, 1), "Chen": (0, 2), "Mo": (3, 0)}


async def ranked(world: World, message: Message, name: str, cast: bool = True) -> Message:
    """Fill in this member's ballot, cast it if asked, and return its message."""
    member = world.server.member(name)
    ballot = (await member.press(message, "Vote")).messages[0]
    for place, option in enumerate(RANKED[name], 1):
        await member.select(ballot, f"Your choice number {place}", PLACES[option])
    if cast:
        await member.press(ballot, "Cast this ballot")
    return ballot


async def ballot(world: World) -> Html:
    return conversation(world, [await ranked(world, await opened(world, "ranked"), "Ada", cast=False)])


async def result(world: World) -> Html:
    message = await opened(world, "ranked")
    for name in RANKED:
        await ranked(world, message, name)
    world.clock.forward(days=2)
    await world.instance.scheduler.run_due()
    await world.server.until(
        lambda: any(one["type"] == "image" for line_scene in posted(world) for one in line_scene.blocks)
    )
    return conversation(world, posted(world)[1:])


def posted(world: World) -> list[Message]:
    return world.server.posted()


async def form_of(world: World) -> View:
    view = (await ada(world).command(f'/parley poll create post:yes question:"{QUESTION}"')).view
    assert view is not None
    return view


async def form(world: World) -> Html:
    return slack_page.modal(await form_of(world))


async def form_mistakes(world: World) -> Html:
    view = await form_of(world)
    view_answer = await ada(world).submit(view, {"The options": "In the library\nOnline\nOnline"})
    filled = {"options": "In the library", "options:2": "Online", "options:3": "Online"}
    for block in view.content["blocks"]:
        if block["block_id"] in filled:
            block["element"]["initial_value"] = filled[block["block_id"]]
    return slack_page.modal(view, view_answer.errors)


async def home(world: World) -> Html:
    message = await opened(world)
    await ada(world).press(message, PLACES[0])
    return slack_page.home(await ada(world).open_home(), world.server.team)


async def queue(world: World) -> Html:
    """Picture the queue of suggestions for an admin of the only community, who may therefore edit the content."""
    mo = world.server.member("Mo", admin=True)
    for line in (
        "The claim should name the day of the proclamation, too. card:insurrection-act-invoked url:https://example.org/day",
        "A report kind:source url:https://example.org/report",
    ):
        await ada(world).command(f"/parley suggest {line}")
    return conversation(world, (await mo.command("/parley content queue")).messages)


SCENES: Mapping[str, Scene] = {
    "fact": line_scene("fact insurrection act"),
    "counterarguments": line_scene("counter tariffs"),
    "shared": shared,
    "type-ahead": type_ahead,
    "nothing-found": line_scene("fact crypto regulation"),
    "help": line_scene("help"),
    "find-facts": find_facts,
    "poll": poll,
    "poll-live": poll_live,
    "poll-many": poll_many,
    "poll-approval": poll_approval,
    "receipt": receipt,
    "ballot": ballot,
    "result": result,
    "form": form,
    "form-mistakes": form_mistakes,
    "home": home,
    "queue": queue,
}


@pytest.mark.parametrize("name", SCENES)
async def test_draw(name: str, tmp_path: Path) -> None:
    """Each picture exists. With `PARLEY_PICTURES=write`, this test draws it."""
    if not are_taken():
        check_is_there(FOLDER / f"{name}.png")
        return
    async with slack_world(tmp_path, content=SHIPPED) as world:
        html = slack_page.page(await SCENES[name](world))
    FOLDER.mkdir(parents=True, exist_ok=True)
    await photograph(html, FOLDER / f"{name}.png", tmp_path)


async def photograph(html: str, file: Path, home: Path) -> None:
    """Take a picture in 64 colours, which makes the file a third as large."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=chromium(),
            args=["--no-sandbox", "--disable-background-networking", f"--crash-dumps-dir={home}"],
            env={"HOME": str(home)},
        )
        page = await browser.new_page(viewport={"width": WIDTH, "height": 800})
        await page.set_content(html)
        await page.locator("#stage").screenshot(path=file)
        await browser.close()

    def fewer_colours() -> None:
        with Image.open(file) as picture:
            picture.convert("RGB").quantize(64, dither=Image.Dither.NONE).save(file, optimize=True)

    await asyncio.to_thread(fewer_colours)


def test_every_picture_is_shown_and_small_enough() -> None:
    """docs/slack.md shows each picture with an alternative text, and the folder holds no other picture.

    Each takes at most 60 kB, and all of them together less than 1.5 MB.
    """
    pictures = dict(re.findall(r"!\[([^\]]+)\]\(images/slack/([\w-]+)\.png\)", PAGE.read_text()))
    assert set(pictures.values()) == set(SCENES)
    files = list(FOLDER.glob("*.png"))
    assert {file.stem for file in files} == set(SCENES)
    assert max(file.stat().st_size for file in files) <= EACH_MAX
    assert sum(file.stat().st_size for file in files) < BYTES_MAX


TAG = re.compile(r"<[^>]*>")
HOSTILE = "<script>alert(1)</script> <!channel> *tea* &lt;b&gt;"


async def test_what_people_write_is_text_on_the_page(tmp_path: Path) -> None:
    """The page shows a question and an option as the host typed them, and treats none of it as markup."""
    async with slack_world(tmp_path) as world:
        options = f'"{HOSTILE} | Green"'
        await world.server.member("Host").command(
            f'/parley poll create post:yes question:"{HOSTILE}" options:{options}'
        )
        message = world.server.posted()[0]
        drawn = slack_page.message(message, world.server.team)
    assert "<script" not in drawn
    assert (
        html.unescape(TAG.sub(" ", drawn)).count(HOSTILE) == 3
    )  # the question, and the option in the text and on its button
