"""Count the words that a member reads in the most common replies: `python -m tests.render.reply_words`.

The replies come from the shipped pack, and from polls with invented ballots. The words counted are the text on a card
before a member opens anything: its title, body, fields and footer, and the labels of its controls.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from bot.chat.vocabulary import Outcome, Reply
from bot.instance import Instance
from tests.gallery import BALLOTS, counted
from tests.talk import press, reply_words, say, wall
from tests.world import SHIPPED, Clock, request, running

LINES: Mapping[str, str] = {
    "/help": "/help",
    "/help fact": "/help fact",
    "/fact, 1": "/fact insurrection act",
    "/fact, 2": "/fact fentanyl czar",
    "/fact, 3": "/fact tariffs",
    "/counter, 1": "/counter tariffs",
    "/counter, 2": "/counter troops at the border",
    "/policy, list": "/policy",
    "/policy, one": "/policy joint operations",
    "/source, list": "/source",
    "/source, one": "/source learning resources",
    "/timeline": "/timeline",
    "/topic": "/topic",
    "/define": "/define posse comitatus",
    "unknown command": "/fcat",
    "refusal": "/poll results poll:nowhere",
}
ADA, MO = request("Ada"), request("Mo", moderator=True)
QUESTION = "Which tea should the office buy?"


async def replies(folder: Path) -> Mapping[str, Reply]:
    """Return every reply by name."""
    answers: dict[str, Reply] = {}
    async with _instance(folder, "lines") as instance:
        for name, line in LINES.items():
            answers[name] = _reply(await say(instance, ADA, line))
        answers["/settings"] = _reply(await say(instance, MO, "/settings"))
        await say(instance, MO, "/poll create post:yes question:Where? options:Here|There")
        answers["receipt"] = _reply(await press(instance, ADA, "v1:vote:p1:0"))
        answers["How secret?"] = _reply(await press(instance, ADA, "v1:secrecy:p1"))
        answers["/privacy show"] = _reply(await say(instance, ADA, "/privacy show"))
    for method in BALLOTS:
        answers |= await _polls(folder, method)
    return answers


async def _polls(folder: Path, method: str) -> Mapping[str, Reply]:
    answers: dict[str, Reply] = {}
    async with _instance(folder, method) as instance:
        await say(
            instance,
            MO,
            f'/poll create post:yes question:"{QUESTION}" options:"Green | Black | Oolong" method:{method}',
        )
        answers[f"{method} poll, open"] = wall(instance).posted[0][1]
        stepwise = method in {"ranked", "score"}
        if stepwise:
            answers[f"{method} ballot"] = _reply(await press(instance, ADA, "v1:ballot:p1:", "2"))
        for name, ballot in zip(("Ada", "Ben", "Chen"), BALLOTS[method], strict=True):
            await press(instance, request(name), f"v1:{'cast' if stepwise else 'vote'}:p1:{ballot}")
        await press(instance, MO, "v1:poll-close:p1")
        await instance.scheduler.run_due()
        await instance.copies.drain()
        answers[f"{method} poll, closed"] = wall(instance).posted[0][1]
        answers[f"{method} result"] = wall(instance).posted[-1][1]
    return answers


def _instance(folder: Path, name: str) -> AbstractAsyncContextManager[Instance]:
    (folder / name).mkdir()
    return running(folder / name, clock=Clock(), content=SHIPPED, random_bytes=counted())


def _reply(outcome: Outcome) -> Reply:
    assert outcome.answer is not None
    return outcome.answer


def count_words(reply: Reply) -> int:
    """Count the words with a letter or a digit."""
    return sum(any(map(str.isalnum, word)) for word in written(reply).split())


def written(reply: Reply) -> str:
    """Return all text on the cards, line by line."""
    return "\n".join((reply_words(reply), *(control.label for card in reply.cards for control in card.controls)))


async def _print() -> None:
    with tempfile.TemporaryDirectory() as folder:
        counts = {name: count_words(reply) for name, reply in (await replies(Path(folder))).items()}
    lines = [f"{number:5}  {name}" for name, number in counts.items()]
    sys.stdout.write("\n".join((*lines, f"{sum(counts.values()):5}  in all")) + "\n")


if __name__ == "__main__":
    asyncio.run(_print())
