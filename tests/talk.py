"""Talk to a whole instance as its members, and read the answers."""

from __future__ import annotations

import re
from dataclasses import replace

from bot.chat.markup import plain
from bot.chat.vocabulary import Button, Card, Outcome, Reply, Request
from bot.dispatch.bot import OUT_OF_DATE, SORRY
from bot.errors import BotError, NotAllowed, NotFound, Unavailable, UsageError
from bot.instance import Instance
from tests.world import Wall, request

ADA, BEN, CHEN, MO = request("Ada"), request("Ben"), request("Chen"), request("Mo", moderator=True)
REFUSAL = re.compile(
    "|".join((OUT_OF_DATE, SORRY, *(kind.title for kind in (BotError, NotAllowed, NotFound, Unavailable, UsageError))))
)
"""Titles of refusals."""
CREATE = '/poll create post:yes question:"Which tea?" options:"Green | Black | Oolong"'


def words(outcome: Outcome) -> str:
    assert outcome.answer is not None
    return reply_words(outcome.answer)


def picture_words(outcome: Outcome) -> str:
    """Return the alternative texts of an answer's pictures."""
    assert outcome.answer is not None
    return "\n".join(card.image.alt for card in outcome.answer.cards if card.image)


def reply_words(reply: Reply) -> str:
    return "\n".join(_card_words(card) for card in reply.cards)


def _card_words(card: Card) -> str:
    fields = (f"{field.name}: {plain(field.value)}" for field in card.fields)
    return "\n".join((card.title, plain(card.body), *fields, card.footer))


def wall(instance: Instance) -> Wall:
    platform = instance.platforms["test"]
    assert isinstance(platform, Wall)
    return platform


async def say(instance: Instance, who: Request, line: str) -> Outcome:
    """Type a line as this person, at the clock's time."""
    return await instance.bot.say(replace(who, now=instance.scheduler._now()), line)


async def press(instance: Instance, who: Request, action: str, *values: str) -> Outcome:
    return await instance.bot.press(replace(who, now=instance.scheduler._now()), action, values)


def buttons(reply: Reply) -> dict[str, str]:
    """Return every button's action id by its label."""
    controls = [control for card in reply.cards for control in card.controls]
    return {c.label: c.action.encode() for c in controls if isinstance(c, Button) and c.action}
