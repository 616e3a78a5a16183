"""A folder of packs that a test may change, and an instance that serves it."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from bot.chat.vocabulary import Answers, Outcome, Reply, Request
from bot.instance import Instance
from tests.talk import ADA, MO, reply_words, say, wall, words
from tests.world import CONTENT, Clock, Wall, at, running


class Telling(Wall):
    """A platform that can also write to one person."""

    def __init__(self) -> None:
        super().__init__()
        self.notices: list[tuple[str, str]] = []
        self.replies: list[Reply] = []

    async def tell(self, _workspace: str, person: str, reply: Reply) -> bool:
        self.notices.append((person, reply_words(reply)))
        self.replies.append(reply)
        return True


def copied(folder: Path, content: Path = CONTENT) -> Path:
    """Copy a content folder for the test, by default the one with the pack `tea`."""
    return Path(shutil.copytree(content, folder / "content"))


def edit(content: Path, old: str, new: str, file: str = "tea/facts.yaml") -> None:
    """Save the file with one passage replaced."""
    path = content / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


@asynccontextmanager
async def serving(folder: Path, content: Path, **settings: Any) -> AsyncIterator[Instance]:
    """Run an instance that doesn't watch files by itself, with the editors' channel `office`."""
    async with running(folder, content=content, clock=settings.pop("clock", None) or Clock(), **settings) as instance:
        await say(instance, MO, "/settings channel:office")
        wall(instance).posted.clear()  # the notice of the channel's own setting
        await instance.content.begin()
        yield instance


async def submit(here: Instance, who: Request, action: str, answers: Answers) -> Outcome:
    return await here.bot.submit(at(who, here.now()), action, answers)


async def statement(instance: Instance) -> str:
    """Return the statement that a member reads when they ask for the fact `tea-popular`."""
    return words(await say(instance, ADA, "/fact tea drinkers")).splitlines()[1]


def notices(instance: Instance) -> list[str]:
    """Return the messages in the editors' channel."""
    return [reply_words(reply) for ref, reply in wall(instance).posted if ref.place.channel == "office"]
