"""A driver for a person at the chat page, over real HTTP, who sees the messages that the server sends to the page."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

import aiohttp

from adapters.web.server import WebChat
from bot.dispatch.bot import Bot
from tests.ports import free_port
from tests.transcripts.dialogue import Display
from tests.world import Clock

Json = Mapping[str, Any]


@dataclass
class WebDriver:
    """A member's page. It reads the event stream from the start and compares it with the last look."""

    session: aiohttp.ClientSession
    url: str
    token: str
    member: str
    drawn_before: dict[str, str] = field(default_factory=dict)
    form: Json | None = None

    async def say(self, text: str) -> Display:
        return await self._did("say", {"line": text})

    async def mention(self, words: str) -> Display:
        return await self._did("say", {"line": f"@Parley {words}"})

    async def write(self, words: str) -> Display:
        raise AssertionError("on the page nobody is alone with the bot")

    async def press(self, label: str) -> Display:
        message, control = await self._newest(lambda part: part["kind"] == "button" and part["label"] == label)
        return await self._did("press", {"action": control["action"], "message": message["id"], "values": []})

    async def pick(self, label: str, option: str) -> Display:
        message, control = await self._newest(lambda part: part["kind"] == "select" and part["label"] == label)
        value = next(choice["value"] for choice in control["options"] if choice["label"] == option)
        return await self._did("press", {"action": control["action"], "message": message["id"], "values": [value]})

    async def fill(self, label: str, words: str) -> Display:
        assert self.form is not None
        answers = {
            each["name"]: [choice["value"] for choice in each["options"] if choice["chosen"]] or each["value"]
            for each in self.form["inputs"]
        }
        answers[next(each["name"] for each in self.form["inputs"] if each["label"] == label)] = words
        return await self._did("submit", {"action": self.form["action"], "answers": answers})

    async def _newest(self, is_wanted: Any) -> tuple[Json, Json]:
        for message in reversed(await self._history()):
            for card in message["cards"]:
                for control in card["controls"]:
                    if is_wanted(control):
                        return message, control
        raise AssertionError("nothing on the page can be used so")

    async def _did(self, what: str, body: Json) -> Display:
        headers = {"X-Parley-Token": self.token, "X-Parley-Member": self.member}
        async with self.session.post(f"{self.url}api/{what}", json=body, headers=headers) as response:
            assert response.status == 200, await response.text()
            answer = await response.json()
        self.form = answer["form"] or self.form
        display = await self.look()
        return replace(display, private="\n".join((display.private, *answer["errors"].values())))

    async def look(self) -> Display:
        """Return the new or changed messages on this page since the last look."""
        messages = await self._history()
        now = {message["id"]: "\n".join(_message_words(message)) for message in messages}
        fresh = [message for message in messages if self.drawn_before.get(message["id"]) != now[message["id"]]]
        self.drawn_before = now
        return Display(
            private="\n".join(now[message["id"]] for message in fresh if message["private"]),
            public="\n".join(now[message["id"]] for message in fresh if not message["private"]),
        )

    async def _history(self) -> list[Json]:
        messages: list[Json] = []
        kind = ""
        async with self.session.get(f"{self.url}api/events?member={self.member}&after=") as response:
            async for raw in response.content:
                name, _, value = raw.decode().rstrip("\n").partition(": ")
                if name == "event":
                    kind = value
                elif name == "data" and kind == "message":
                    messages.append(json.loads(value))
                if kind == "ready":
                    break
        return messages


@asynccontextmanager
async def web_drivers(bot: Bot, clock: Clock) -> AsyncIterator[Mapping[str, WebDriver]]:
    """Yield the demonstration's members, each at their own page, over a server on this machine."""
    ids = count(1)
    chat = WebChat(bot, clock=clock, ids=lambda: f"id{next(ids)}")
    url = await chat.start("127.0.0.1", free_port())
    try:
        async with drivers_at(url) as drivers:
            yield drivers
    finally:
        await chat.stop()


@asynccontextmanager
async def drivers_at(url: str) -> AsyncIterator[Mapping[str, WebDriver]]:
    """Yield the members of the demonstration at this address."""
    async with aiohttp.ClientSession() as session:
        async with session.get(f"{url}api/hello") as response:
            hello = await response.json()
        names = {"Ada": "ada", "Ben": "ben", "Chen": "chen", "Mo": "mo"}
        yield {name: WebDriver(session, url, hello["token"], member) for name, member in names.items()}


def _message_words(message: Json) -> Iterator[str]:
    if message["text"]:
        yield message["text"]
    for card in message["cards"]:
        yield card["title"]
        yield from _text_words(card["body"])
        for each in card["fields"]:
            yield each["name"]
            yield from _text_words(each["value"])
        if card["image"]:
            yield card["image"]["alt"]
        yield card["footer"]
        for control in card["controls"]:
            yield f"[{control['label']}]"
            yield from (choice["label"] for choice in control.get("options", ()))


def _text_words(blocks: list[Json]) -> Iterator[str]:
    for block in blocks:
        lead = f"{block['number']}. " if block.get("number") else ""
        yield lead + "".join(piece["text"] for piece in block["inlines"])
