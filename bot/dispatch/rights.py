"""The bot lends nobody its rights: it writes only where both the asker and the bot may write."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from bot.chat.markup import text
from bot.chat.vocabulary import Button, Card, Outcome, Request, Tone, Visibility
from bot.errors import NotAllowed
from bot.i18n import Translator


def check_posting(request: Request, t: Translator) -> None:
    """Raise NotAllowed if the asker or the bot may not write in the request's place."""
    if not request.may_write:
        raise NotAllowed(
            t("You can't write in this channel, so I won't post here for you. Try a channel where you can.")
        )
    if not request.may_post:
        raise NotAllowed(t("I can't write in this channel, so I posted nothing. Ask a moderator to let me write here."))


def without_publicity(outcome: Outcome, request: Request, t: Translator) -> Outcome:
    """Turn an answer that may not be public in this place into a private one that says why."""
    answer = outcome.answer
    if answer is None or answer.visibility is Visibility.PRIVATE or (request.may_write and request.may_post):
        return outcome
    why = (
        t("I can't write in this channel, so only you see this.")
        if request.may_write
        else t("You can't write in this channel, so only you see this.")
    )
    note = Card(body=text(why), tone=Tone.CAUTION)
    return replace(outcome, answer=replace(answer, cards=(*answer.cards, note), visibility=Visibility.PRIVATE))


def without_posting(outcome: Outcome, verbs: Collection[str]) -> Outcome:
    """Leave out the buttons with these verbs, which post: in a place without the bot they could only be refused."""
    if outcome.answer is None:
        return outcome
    cards = (
        replace(
            card,
            controls=tuple(
                control
                for control in card.controls
                if not (isinstance(control, Button) and control.action and control.action.verb in verbs)
            ),
        )
        for card in outcome.answer.cards
    )
    return replace(outcome, answer=replace(outcome.answer, cards=tuple(cards)))
