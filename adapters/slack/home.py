"""The app's Home tab: topics, the community's polls, and one's own votes in those that are open.

It holds nothing of its own: all of it is what the core answers to this person.
https://docs.slack.dev/surfaces/app-home
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from adapters.slack import render
from bot.chat.vocabulary import Action, Button, Card, Outcome, Reply, Request
from bot.dispatch.bot import Bot

BLOCKS_MAX = 100
VOTES_MAX = 5

Json = dict[str, Any]


async def home(bot: Bot, request: Request) -> Json:
    """The view for views.publish."""
    polls = await bot.say(request, "poll list")
    votes = [await bot.press(request, Action("mine", (poll,)).encode()) for poll in _polls(polls)]
    topics = await bot.say(request, "topic")
    cards = [*_cards(polls), *(card for vote in votes for card in _cards(vote) if card.controls), *_cards(topics)]
    return view(Reply(tuple(replace(card, image=None) for card in cards)))


def view(reply: Reply) -> Json:
    """The reply as a Home tab. What does not fit ends with an ellipsis: each of its commands shows it whole."""
    blocks = [block for message in render.messages(reply) for block in message.blocks]
    if len(blocks) > BLOCKS_MAX:
        blocks = [*blocks[: BLOCKS_MAX - 1], *render.more()]
    return {"type": "home", "blocks": blocks}


def _cards(outcome: Outcome) -> tuple[Card, ...]:
    return outcome.answer.cards if outcome.answer else ()


def _polls(listed: Outcome) -> list[str]:
    """The ids of the polls that a list offers to show."""
    return list(_poll_ids(listed))[:VOTES_MAX]


def _poll_ids(listed: Outcome) -> Iterator[str]:
    for card in _cards(listed):
        for control in card.controls:
            if isinstance(control, Button) and control.action and control.action.verb == "poll-show":
                yield control.action.args[0]
