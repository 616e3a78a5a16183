"""The app's Home tab: a button to start a poll, the open polls, the member's own votes in them, and the topics.

It holds nothing of its own: all of it comes from the core's answers to this member.
https://docs.slack.dev/surfaces/app-home
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from adapters.slack import render
from adapters.slack.texts import plain_text
from bot.chat.markup import Bold, Plain, bullets, plain, shorten
from bot.chat.vocabulary import Action, Button, Card, Outcome, Reply, Request
from bot.dispatch.bot import Bot
from bot.i18n import Translator, translator

BLOCKS_MAX = 100
VOTES_MAX = 5
SUMMARY_MAX = 100
START_POLL = "start-poll"
"""Id of the button and the shortcut that open the form of a poll and ask for its channel."""

Json = dict[str, Any]


async def home(bot: Bot, request: Request) -> Json:
    """Return the member's view for views.publish."""
    t = translator(request.locale)
    polls = await bot.say(request, "poll list only_open:yes")
    votes = [await bot.press(request, Action("mine", (poll,)).encode()) for poll in _polls(polls)]
    topics = _topics(t, await bot.say(request, "topic"))
    cards = [*_cards(polls), *(card for vote in votes for card in _cards(vote) if card.controls), topics]
    return view(Reply(tuple(replace(card, image=None) for card in cards)), t)


def _topics(t: Translator, topics: Outcome) -> Card:
    """List the topics, each with its title and the beginning of its summary."""
    lines = [
        (Bold(card.title), Plain(f": {shorten(plain(card.body[:1]), SUMMARY_MAX)}" if card.body else ""))
        for card in _cards(topics)
    ]
    return Card(title=t("Topics"), body=bullets(lines))


def view(reply: Reply, t: Translator) -> Json:
    """Draw the reply as a Home tab, below the button that starts a poll. A cut tab ends with an ellipsis; the commands
    show everything."""
    button = {"type": "button", "text": plain_text(t("Start a poll")), "action_id": START_POLL, "style": "primary"}
    start: list[Json] = [{"type": "actions", "elements": [button]}]
    blocks = [*start, *(block for message in render.messages(reply) for block in message.blocks)]
    if len(blocks) > BLOCKS_MAX:
        blocks = [*blocks[: BLOCKS_MAX - 1], *render.more()]
    return {"type": "home", "blocks": blocks}


def _cards(outcome: Outcome) -> tuple[Card, ...]:
    return outcome.answer.cards if outcome.answer else ()


def _polls(listed: Outcome) -> list[str]:
    """Return the ids of the polls in a list, VOTES_MAX at most."""
    return list(_poll_ids(listed))[:VOTES_MAX]


def _poll_ids(listed: Outcome) -> Iterator[str]:
    for card in _cards(listed):
        for control in card.controls:
            if isinstance(control, Button) and control.action and control.action.verb == "poll-show":
                yield control.action.args[0]
