"""Results as cards: the winner and the numbers; the rules are a button away. Pure functions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.chat.markup import Bold, Inline, Plain, Text, bullets, paragraph, text
from bot.chat.vocabulary import Action, Button, Card, Control, Image, Tone
from bot.commands import consent_cards
from bot.commands.poll_labels import id_and_method, listed, opened_by, option_inlines
from bot.commands.result_details import amount, rounds, tie_reason
from bot.i18n import Translator, percent
from bot.polls.counting.ballots import Method
from bot.polls.counting.results import Result, Total
from bot.polls.model import Poll, PollState
from bot.polls.objections import Objection
from bot.polls.receipts import shown_head

BAR_WIDTH = 12
"""Characters of a bar of text; halves, thirds and quarters of it are whole."""


def result_card(
    t: Translator, poll: Poll, result: Result, image: Image | None = None, objections: Sequence[Objection] = ()
) -> Card:
    """Draw a result: the winner and the numbers. A picture has the bars and the numbers; without one, text has them."""
    drawn = () if image or not result.valid else bars(t, poll, result)
    return Card(
        title=poll.question,
        body=text(
            paragraph(Bold(outcome(t, poll, result))),
            tie_reason(t, result),
            drawn,
            " ".join(_turnout(t, poll, result)),
            *consent_cards.lines(t, poll, objections),
        ),
        image=image if result.valid else None,
        footer=opened_by(t, poll)
        + id_and_method(t, poll)
        + (" · " + t("chain head") + " " + shown_head(poll.head) if poll.state is PollState.CLOSED else ""),
        poll=poll.id,
        tone=result_tone(result) if poll.state is PollState.CLOSED else Tone.INFO,
        controls=tuple(_controls(t, poll, result)),
    )


def _controls(t: Translator, poll: Poll, result: Result) -> Iterator[Control]:
    if not result.cast:
        return
    yield Button(t("How it was counted"), Action("poll-counted", (poll.id,)))
    if rounds(t, result):
        yield Button(t("Rounds"), Action("poll-rounds", (poll.id,)))
    if not poll.secret:
        yield Button(t("Who voted for what"), Action("poll-voters", (poll.id,)))
    if poll.state is PollState.CLOSED:
        yield Button(t("Check the record"), Action("poll-record", (poll.id,)))
        if poll.method is Method.CONSENT:
            yield Button(t("Change the proposal"), Action("poll-follow", (poll.id,)))
        yield Button(t("Record the decision"), Action("poll-decide", (poll.id,)))


def result_tone(result: Result) -> Tone:
    """Return the tone of a closed poll: good if it decided on one option, or passed its proposal."""
    if result.method is Method.CONSENT:
        return Tone.GOOD if consent_cards.passes(result) else Tone.INFO
    missed = result.quorum is not None and not result.quorum.reached
    return Tone.INFO if missed or len(result.winners) != 1 else Tone.GOOD


def outcome(t: Translator, poll: Poll, result: Result) -> str:
    """Return the outcome in one sentence: a winner, a tie, no ballots, or a missed quorum."""
    if poll.method is Method.CONSENT:
        return consent_cards.outcome(t, poll, result)
    names = [result.options[index] for index in result.winners]
    if not names:
        return t("No valid ballot was cast.")
    if poll.state is PollState.OPEN:
        lead = t("So far in front: {names}.") if len(names) == 1 else t("So far tied in front: {names}.")
    elif result.quorum and not result.quorum.reached:
        lead = t("The quorum wasn't reached, so nothing is decided. In front: {names}.")
    elif result.tie and not result.exact:
        lead = t("Too many ties to try every order of elimination. Not ruled out: {names}.")
    else:
        lead = t("Tie between: {names}.") if result.tie else t("Winner: {names}.")
    return lead.format(names=listed(t, names))


def bars(t: Translator, poll: Poll, result: Result, most: int | None = None) -> Text:
    """Draw totals as bars of text, with counts and percentages: a full bar is 100 %.

    Ranked ballots show the last round with a choice: first choices alone would show another race. An eliminated option
    keeps its line, with its last numbers. Without ballots, only the options appear: there is nothing to take a share
    of. `most` limits the options drawn; the others are counted.
    """
    totals = by_votes(result)
    if not result.valid:
        return bullets((option_inlines(poll.options[total.option]) for total in totals), numbered=True)
    place = last_choice(result)
    out = _rounds_left(result, before=place)
    lines = []
    for total in totals[:most]:
        filled = round(BAR_WIDTH * total.percent / 100)
        gone = t(", out in round {n}", n=out[total.option]) if total.option in out else ""
        lines.append(
            (
                Plain("█" * filled + "░" * (BAR_WIDTH - filled) + " "),
                *_starred(poll, result, total),
                Plain(f" {_share(t, result, total)}{gone}"),
            )
        )
    more = len(totals) - len(lines)
    count = len(result.ranked.rounds) if result.ranked else 0
    return text(
        bullets(lines),
        t.count("and {n} more option", "and {n} more options", more) if more else "",
        t("These are the numbers of round {n} of {all}.", n=place, all=count) if count > 1 else "",
    )


def by_votes(result: Result) -> list[Total]:
    """Return the total of every option: the winners first, then those that stayed longest, then by votes.

    The answers to a proposal keep their order.
    """
    if result.method is Method.CONSENT:
        return list(result.totals)
    if result.ranked is None or not result.valid:
        return sorted(result.totals, key=lambda total: (total.option not in result.winners, -total.votes))
    place = last_choice(result)
    stayed = {
        total.option: (number, total)
        for number, each in enumerate(result.ranked.rounds[:place], 1)
        for total in each.totals
    }
    return [
        total
        for _, total in sorted(
            stayed.values(), key=lambda last: (last[1].option not in result.winners, -last[0], -last[1].votes)
        )
    ]


def last_choice(result: Result) -> int:
    """Return the number of the last round of ranked ballots with several options; 0 for other methods.

    If all others tie for last, one more round follows, in which one option has all remaining ballots.
    """
    rounds = result.ranked.rounds if result.ranked else ()
    return max((place for place, each in enumerate(rounds, 1) if len(each.totals) > 1), default=0)


def _rounds_left(result: Result, *, before: int) -> dict[int, int]:
    """Return the round in which each option was eliminated, by its index, for ranked ballots."""
    rounds = result.ranked.rounds if result.ranked else ()
    return {option: place for place, each in enumerate(rounds[: before - 1], 1) for option in each.eliminated}


def _starred(poll: Poll, result: Result, total: Total) -> Iterator[Inline]:
    """Yield an option's name in bold, with a star if it has won."""
    star = " ★" if total.option in result.winners and poll.method is not Method.CONSENT else ""
    *emoji, last = option_inlines(poll.options[total.option])
    yield from emoji
    if isinstance(last, Plain):
        yield Bold(last.text + star)
        return
    yield last
    if star:
        yield Bold(star)


def _share(t: Translator, result: Result, total: Total) -> str:
    if result.method is not Method.APPROVAL:
        return amount(total)
    return t("approved by {n} of {all} ({share})", n=total.votes, all=total.base, share=percent(total.percent))


def _turnout(t: Translator, poll: Poll, result: Result) -> Iterator[str]:
    if not result.cast:
        return
    yield t.count("{n} ballot was cast", "{n} ballots were cast", result.cast) + (
        t(", {invalid} of them invalid.", invalid=result.invalid) if result.invalid else "."
    )
    if result.quorum:
        reached = t("reached") if result.quorum.reached else t("not reached")
        yield t("Quorum: {n}, {reached}.", n=result.quorum.needed, reached=reached)
    if poll.state is PollState.OPEN:
        yield t("The poll is still open, so this can change.")
