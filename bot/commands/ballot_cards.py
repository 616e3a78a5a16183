"""Ballots as cards, before and after the vote, and their drafts in the buttons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.chat.markup import Bold, Code, Plain, Text, bullets, paragraph, text
from bot.chat.vocabulary import (
    Action,
    Button,
    ButtonStyle,
    Card,
    Choice,
    Control,
    Grid,
    Outcome,
    Reply,
    Select,
    Tone,
    Use,
)
from bot.commands.poll_cards import options_of
from bot.commands.poll_labels import footer, option_inlines
from bot.errors import Refused
from bot.i18n import N_, Translator
from bot.polls.counting.ballots import MAX_SCORE, Ballot, Method, chosen, ranks, scores
from bot.polls.model import Cast, CastEnd, Poll, PollState
from bot.polls.receipts import written
from bot.polls.secrecy import Secrecy

_CASTS: Mapping[CastEnd, str] = {
    CastEnd.CAST: N_("Your vote is counted"),
    CastEnd.CHANGED: N_("Your vote has changed"),
    CastEnd.UNCHANGED: N_("Your vote stands as it was"),
    CastEnd.WITHDRAWN: N_("Your vote is withdrawn"),
}


def ballot_words(t: Translator, poll: Poll, choice: str) -> Text:
    """Write a ballot in words for its voter."""
    names = list(map(option_inlines, poll.options))
    ballot = Ballot(choice)
    match poll.method:
        case Method.RANKED:
            return bullets((names[rank[0]] for rank in ranks(ballot)), numbered=True)
        case Method.SCORE:
            return bullets(
                (*name, Plain(": "), Bold(t("no score") if score is None else str(score)))
                for name, score in zip(names, scores(ballot), strict=True)
            )
    return bullets(names[index] for index in chosen(ballot))


def ballot_line(poll: Poll, choice: str) -> str:
    """Write a ballot in one line, for a list of voters."""
    names = [option.name for option in poll.options]
    ballot = Ballot(choice)
    match poll.method:
        case Method.RANKED:
            return " > ".join(names[rank[0]] for rank in ranks(ballot))
        case Method.SCORE:
            pairs = zip(names, scores(ballot), strict=True)
            return ", ".join(f"{name} {'–' if score is None else score}" for name, score in pairs)
    return ", ".join(names[index] for index in chosen(ballot))


def ranking_card(t: Translator, poll: Poll, draft: tuple[int, ...]) -> Card:
    """Draw a ranked ballot in progress: the ranks so far, and the next one to give."""
    unranked = [index for index in range(len(poll.options)) if index not in draft]
    so_far = bullets((option_inlines(poll.options[index]) for index in draft), numbered=True)
    state = ">".join(map(str, draft))
    controls: list[Control] = []
    if unranked:
        label = t("Your choice number {n}", n=len(draft) + 1)
        controls.append(Select(Action("ballot", (poll.id, state)), label, options_of(poll, unranked), use=Use.STEP))
    controls += _draft_buttons(t, poll, state, ">".join(map(str, draft[:-1])), started=bool(draft))
    return Card(
        title=t("Your ballot: {question}", question=poll.question),
        body=text(
            so_far or t("Nothing is ranked yet. Pick your first choice."),
            t("Not cast yet. Options that you leave out count as ranked below all others.") if draft else "",
        ),
        tone=Tone.CAUTION,
        controls=tuple(controls),
        grid=_ranking_grid(t, poll, draft),
    )


def _ranking_grid(t: Translator, poll: Poll, draft: tuple[int, ...]) -> Grid:
    places = {option: str(place) for place, option in enumerate(draft, 1)}
    ranks = [str(place) for place in range(1, len(poll.options) + 1)]
    return Grid(
        Action("ballot-form", (poll.id,)),
        tuple(Choice(option.name, str(n), places.get(n, "")) for n, option in enumerate(poll.options)),
        tuple(Choice(rank, rank) for rank in ranks),
        t("Cast this ballot"),
    )


def filled_ballot(t: Translator, poll: Poll, values: Sequence[str]) -> str:
    """Read a ballot from one form: `option=rank`, or `option=score`.

    Raise Refused for two options of one rank, for an empty ballot, and for values that the form never offered.
    """
    pairs = [value.partition("=")[::2] for value in values]
    check_numbers(t, [option for option, _ in pairs], len(poll.options))
    marks = {int(option): mark for option, mark in pairs}
    if not marks:
        raise Refused(t("Give at least one option a rank or a score."))
    if poll.method is Method.SCORE:
        check_numbers(t, list(marks.values()), MAX_SCORE + 1)
        return ",".join(marks.get(option, "") for option in range(len(poll.options)))
    check_numbers(t, list(marks.values()), len(poll.options) + 1)
    ranked = sorted(marks, key=lambda option: int(marks[option]))
    if len({int(mark) for mark in marks.values()}) != len(marks):
        raise Refused(t("Give each rank to one option. Two of yours have the same."))
    return ">".join(map(str, ranked))


def draft_of_ballot(poll: Poll, choice: str) -> str:
    """Turn a cast ballot into a draft that its voter can change."""
    if poll.method is Method.RANKED:
        return ">".join(str(rank[0]) for rank in ranks(Ballot(choice)))
    return draft_of(scores(Ballot(choice)))


def scoring_card(t: Translator, poll: Poll, draft: tuple[int | None, ...]) -> Card:
    """Draw a score ballot in progress, option by option."""
    marks = (*draft, *([None] * (len(poll.options) - len(draft))))
    state = draft_of(draft)
    controls: list[Control] = []
    if len(draft) < len(poll.options):
        name = poll.options[len(draft)].name
        skip = Choice(t("No score"), "blank", t("Counts as 0"))
        controls.append(
            Select(
                Action("ballot", (poll.id, state)),
                t("Score for: {option}", option=name),
                (*score_choices(t), skip),
                use=Use.STEP,
            )
        )
    controls += _draft_buttons(t, poll, state, draft_of(draft[:-1]), started=any(s is not None for s in draft))
    return Card(
        title=t("Your ballot: {question}", question=poll.question),
        body=text(score_lines(poll, marks), t("Not cast yet. An option without a score counts as 0.")),
        tone=Tone.CAUTION,
        controls=tuple(controls),
        grid=Grid(
            Action("ballot-form", (poll.id,)),
            tuple(
                Choice(option.name, str(n), "" if score is None else str(score))
                for n, (option, score) in enumerate(zip(poll.options, marks, strict=True))
            ),
            score_choices(t),
            t("Cast this ballot"),
        ),
    )


def score_lines(poll: Poll, scores: Sequence[int | None]) -> Text:
    return bullets(
        (Plain(f"{option.name}: "), Bold("–" if score is None else str(score)))
        for option, score in zip(poll.options, scores, strict=True)
    )


def score_choices(t: Translator) -> tuple[Choice, ...]:
    """Return the scores that an option can get, the best first."""
    meanings = {MAX_SCORE: t("The best"), 0: t("The worst")}
    return tuple(Choice(str(score), str(score), meanings.get(score, "")) for score in range(MAX_SCORE, -1, -1))


def draft_of(draft: Sequence[int | None]) -> str:
    """Write the scores so far for a button's id; `~` is an option left blank."""
    return ",".join("~" if score is None else str(score) for score in draft)


def _draft_buttons(t: Translator, poll: Poll, state: str, before: str, *, started: bool) -> list[Control]:
    if not state:
        return []
    cast = Button(
        t("Cast this ballot"), Action("cast", (poll.id, state)), style=ButtonStyle.PRIMARY, disabled=not started
    )
    back = Button(t("Back one step"), Action("ballot", (poll.id, before)))
    return [cast, back, Button(t("Start again"), Action("ballot", (poll.id, "")))] if before else [cast, back]


def ranking(t: Translator, poll: Poll, draft: str, values: tuple[str, ...]) -> tuple[int, ...]:
    """Read the ranks so far. Raises Refused for a forged draft."""
    marks = [mark for mark in (*draft.split(">"), *values) if mark]
    check_numbers(t, marks, len(poll.options))
    ranked = tuple(map(int, marks))
    if len(set(ranked)) != len(ranked):
        raise Refused(t("An option is on the ballot twice."))
    return ranked


def scoring(t: Translator, poll: Poll, draft: str, values: tuple[str, ...]) -> tuple[int | None, ...]:
    """Read the scores so far. Raises Refused for a forged draft."""
    marks = [*(draft.split(",") if draft else ()), *("~" if value == "blank" else value for value in values)]
    check_numbers(t, [mark for mark in marks if mark != "~"], MAX_SCORE + 1)
    if len(marks) > len(poll.options):
        raise Refused(t("This poll can't take that ballot. Use the poll's own buttons."))
    return tuple(None if mark == "~" else int(mark) for mark in marks)


def check_numbers(t: Translator, marks: Sequence[str], below: int) -> None:
    """Raise Refused unless each is a number from 0 to below this one: a forged control may hold anything."""
    if not all(mark.isascii() and mark.isdigit() and int(mark[:9]) < below for mark in marks):
        raise Refused(t("This poll can't take that ballot. Use the poll's own buttons."))


def cast_card(t: Translator, poll: Poll, secrecy: Secrecy, cast: Cast) -> Card:
    title = t(_CASTS[cast.end])
    if cast.choice is None:
        counted = footer(t, poll, cast.ballots)
        return Card(title=title, body=text(poll.question), footer=counted, tone=Tone.GOOD, poll=poll.id)
    return vote_card(t, poll, secrecy, title, cast.choice, written(cast.code, cast.head), cast.ballots)


def vote_card(
    t: Translator, poll: Poll, secrecy: Secrecy, title: str, choice: str, code: str, ballots: int | None = None
) -> Card:
    receipt = (
        text(
            paragraph(t("Receipt: "), Code(f"{poll.id}-{code}")),
            secrecy.receipt(t, poll),
        )
        if code
        else ()
    )
    controls = []
    if poll.state is PollState.OPEN:
        if poll.method in {Method.RANKED, Method.SCORE}:
            draft = draft_of_ballot(poll, choice)
            controls.append(Button(t("Change"), Action("ballot", (poll.id, draft))))
        else:
            controls.append(Button(t("Change"), Action("poll-show", (poll.id,))))
        controls.append(Button(t("Withdraw"), Action("withdraw", (poll.id,)), style=ButtonStyle.DANGER))
    return Card(
        title=title,
        body=text(paragraph(Bold(poll.question)), ballot_words(t, poll, choice), receipt),
        footer=footer(t, poll, ballots),
        poll=poll.id,
        tone=Tone.GOOD,
        controls=tuple(controls),
    )


def no_vote(t: Translator, poll: Poll, secrecy: Secrecy) -> Text:
    return text(paragraph(Bold(poll.question)), secrecy.no_ballot(t, poll))


def confirm(t: Translator, poll: Poll, verb: str) -> Outcome:
    """Ask for confirmation of a close or a cancellation, because neither can be undone."""
    closing = verb == "poll-close"
    question = (
        t("Close this poll now? It can't be reopened.") if closing else t("Cancel this poll? Its votes won't count.")
    )
    label = t("Close it and show the result") if closing else t("Cancel the poll")
    button = Button(label, Action(verb, (poll.id,)), style=ButtonStyle.DANGER)
    card = Card(
        title=question,
        body=text(paragraph(Bold(poll.question))),
        footer=footer(t, poll),
        controls=(button,),
        poll=poll.id,
    )
    return Outcome(Reply((card,)))
