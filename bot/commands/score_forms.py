"""A score ballot as a form, five options at a time, for a platform whose forms hold no more questions."""

from __future__ import annotations

from bot.chat.markup import text
from bot.chat.vocabulary import (
    FORM_INPUTS_MAX,
    Action,
    Answers,
    Button,
    ButtonStyle,
    Card,
    Choice,
    Form,
    Input,
    InputKind,
    Tone,
)
from bot.commands.ballot_cards import check_numbers, draft_of, score_choices, score_lines
from bot.commands.poll_labels import footer
from bot.i18n import Translator
from bot.polls.counting.ballots import MAX_SCORE
from bot.polls.model import Poll

Scores = tuple[int | None, ...]
"""One score for each option of the poll, in its order; None for no score."""


def score_form(t: Translator, poll: Poll, page: str, scores: Scores) -> Form:
    """Ask for the scores of one page's options, with the scores so far filled in. Raise Refused for an unknown page."""
    places = _places(t, poll, page)
    title = poll.question if _pages(poll) == 1 else _page_name(t, places)
    hint = t("An option without a score counts as 0.")
    return Form(
        Action("scored", (poll.id, page, draft_of(scores))),
        title,
        tuple(
            Input(
                str(place),
                poll.options[place].name,
                InputKind.CHOICE,
                hint if place == places.start else "",
                required=False,
                options=tuple(
                    Choice(each.label, each.value, each.description, chosen=each.value == str(scores[place]))
                    for each in score_choices(t)
                ),
            )
            for place in places
        ),
    )


def with_page(t: Translator, poll: Poll, page: str, scores: Scores, answers: Answers) -> Scores:
    """Return the scores with those of an answered page. Raise Refused for values that the form never offered."""
    places, changed = _places(t, poll, page), list(scores)
    for place in places:
        picked = answers.get(str(place), ())
        check_numbers(t, picked, MAX_SCORE + 1)
        changed[place] = int(picked[0]) if picked else None
    return tuple(changed)


def is_last(poll: Poll, page: str) -> bool:
    """Whether this is the last page."""
    return int(page) == _pages(poll) - 1


def page_card(t: Translator, poll: Poll, page: str, scores: Scores) -> Card:
    """Show the scores so far, and offer the next page; any page can be filled in again."""
    draft = draft_of(scores)
    pages = tuple(
        Button(
            _page_name(t, _places(t, poll, str(number))),
            Action("scores", (poll.id, str(number), draft)),
            style=ButtonStyle.PRIMARY if number == int(page) + 1 else ButtonStyle.SECONDARY,
        )
        for number in range(_pages(poll))
    )
    cast = Button(
        t("Cast this ballot"), Action("cast", (poll.id, draft)), disabled=not any(s is not None for s in scores)
    )
    return Card(
        title=t("Your ballot: {question}", question=poll.question),
        body=text(score_lines(poll, scores), t("Not cast yet. Sending the last page casts your ballot.")),
        footer=footer(t, poll),
        tone=Tone.CAUTION,
        controls=(*pages, cast),
    )


def _pages(poll: Poll) -> int:
    return -(-len(poll.options) // FORM_INPUTS_MAX)


def _places(t: Translator, poll: Poll, page: str) -> range:
    check_numbers(t, (page,), _pages(poll))
    first = int(page) * FORM_INPUTS_MAX
    return range(first, min(first + FORM_INPUTS_MAX, len(poll.options)))


def _page_name(t: Translator, places: range) -> str:
    if len(places) == 1:
        return t("Option {n}", n=places.stop)
    return t("Options {first} to {last}", first=places.start + 1, last=places.stop)
