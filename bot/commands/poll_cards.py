"""Polls as cards, while they are open and afterwards. Pure functions."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import tzinfo

from bot.chat.markup import Block, Bold, Plain, RoleMention, bullets, paragraph, text
from bot.chat.vocabulary import Action, Button, ButtonStyle, Card, Choice, Control, Field, Select, Tone, Use
from bot.commands import consent_cards
from bot.commands.poll_labels import (
    BALLOTS,
    HOW,
    RESULTS,
    footer,
    footer_with_head,
    opened,
    opened_by,
    option_emoji,
    option_inlines,
    page_line,
    when,
)
from bot.commands.result_cards import bars, by_votes, outcome, result_tone
from bot.commands.result_details import tie_reason
from bot.i18n import Translator
from bot.polls.counting.ballots import Ballot, Method, chosen
from bot.polls.counting.results import Result
from bot.polls.model import Poll, PollState, Results
from bot.polls.objections import Objection
from bot.polls.secrecy import Secrecy, several_communities

BUTTONS_MAX = 8
"""Options up to which each gets a button; more become a list to pick from."""
CLOSED_SHOWN = 6
"""Options with bars on a closed poll's message; the result has them all."""


def poll_card(
    t: Translator,
    poll: Poll,
    zone: tzinfo,
    secrecy: Secrecy,
    result: Result | None = None,
    own: str = "",
    objections: Sequence[Objection] = (),
    *,
    pings: bool = False,
) -> Card:
    """Draw a poll's posted message, with a `result` if everybody may see the totals of an open poll.

    `own` is the ballot of the one member who sees it, if there is one; `objections` are those of a consent poll. With
    `pings`, the poll's role is pinged and not only shown.
    """
    if poll.state is PollState.CANCELLED:
        notice = t("This poll was cancelled. Its ballots don't count.")
        return Card(title=poll.question, body=text(notice), footer=footer(t, poll), poll=poll.id)
    lines = bars(t, poll, result) if result else bullets(map(option_inlines, poll.options), numbered=True)
    order = [total.option for total in by_votes(result)] if result else range(len(poll.options))
    return Card(
        title=poll.question,
        body=text(
            paragraph(RoleMention(poll.ping, poll.ping, pings=pings)) if poll.ping else (),
            lines,
            _in_short(t, poll, zone, secrecy),
            *_eligibility(t, poll),
            *consent_cards.lines(t, poll, objections),
        ),
        footer=opened_by(t, poll) + footer_with_head(t, poll),
        poll=poll.id,
        tone=Tone.INFO,
        controls=tuple(_controls(t, poll, dict(zip(order, lines, strict=False)), own)),
    )


def closed_card(t: Translator, poll: Poll, result: Result, objections: Sequence[Objection] = ()) -> Card:
    """Draw the posted message of a closed poll: the outcome in short, and a button for the whole result."""
    return Card(
        title=poll.question,
        body=text(
            paragraph(t("This poll is closed. "), Bold(outcome(t, poll, result))),
            tie_reason(t, result),
            bars(t, poll, result, CLOSED_SHOWN) if result.valid else (),
            *consent_cards.lines(t, poll, objections),
        ),
        footer=opened_by(t, poll) + footer_with_head(t, poll),
        poll=poll.id,
        tone=result_tone(result),
        controls=(
            *_result_buttons(t, poll, result),
            *_reading(t, poll),
        ),
    )


def _result_buttons(t: Translator, poll: Poll, result: Result) -> Iterator[Control]:
    if result.cast:
        yield Button(t("The whole result"), Action("poll-results", (poll.id,)), style=ButtonStyle.PRIMARY)
        yield Button(t("My vote"), Action("mine", (poll.id,)))


def reminder_card(t: Translator, poll: Poll, zone: tzinfo, cast: int | None) -> Card:
    """Draw the reminder that a poll closes soon.

    It is never redrawn, so nothing in it changes except `cast`, the ballots so far if members may see them. Its button
    shows each member the current poll.
    """
    so_far = [] if cast is None else [t.count("{n} ballot so far", "{n} ballots so far", cast)]
    return Card(
        title=t("Closing soon: {question}", question=poll.question),
        body=bullets([(Plain(t("Closes ")), when(poll, zone)), *so_far]),
        footer=opened_by(t, poll) + t("Poll {id}", id=poll.id),
        tone=Tone.INFO,
        controls=(Button(t("Show the poll"), Action("poll-show", (poll.id,)), style=ButtonStyle.PRIMARY),),
    )


def _in_short(t: Translator, poll: Poll, zone: tzinfo, secrecy: Secrecy) -> Block:
    """Write one line to read before the vote: the close, the method, and the promise."""
    quorum = (" · ", t("Quorum: {n}", n=poll.quorum)) if poll.quorum else ()
    return paragraph(t("Closes "), when(poll, zone), " · ", _ballot(t, poll), *quorum, " · ", secrecy.line(t, poll))


def _ballot(t: Translator, poll: Poll) -> str:
    if poll.method is Method.APPROVAL and poll.max_choices < len(poll.options):
        return t.count("Choose one", "Choose up to {n}", poll.max_choices)
    return t(BALLOTS[poll.method])


def _eligibility(t: Translator, poll: Poll) -> Iterator[Block]:
    """Yield the limits on who may vote, and how often."""
    if poll.roles:
        roles = [piece for role in sorted(poll.roles) for piece in (Plain(", "), RoleMention(role, role))]
        yield paragraph(t("Only members with this role can vote: "), *roles[1:])
    if poll.joined_before:
        yield paragraph(t("Only members who had joined before the poll opened may vote."))
    yield from map(paragraph, several_communities(t, poll))


def details_card(t: Translator, poll: Poll, zone: tzinfo, secrecy: Secrecy, page: str = "") -> Card:
    """Draw the rules of a poll: how it decides, when members see what, and who could see a vote.

    `page` is the address of its page, if it has one.
    """
    quorum = (t.count("Quorum: {n} ballot.", "Quorum: {n} ballots.", poll.quorum),) if poll.quorum else ()
    rules = (
        t(HOW[poll.method]),
        (Plain(t("Opened ")), opened(poll, zone), Plain(".")),
        t(RESULTS[poll.results]),
        t("You can change or withdraw your vote until the close."),
        *quorum,
    )
    return Card(
        title=t("Details"),
        body=text(paragraph(Bold(poll.question)), bullets(rules), *_eligibility(t, poll), page_line(t, poll, page)),
        fields=(Field(t("Who can see your vote"), bullets(secrecy.details(t, poll))),),
        footer=footer(t, poll),
        poll=poll.id,
    )


def _controls(t: Translator, poll: Poll, lines: Mapping[int, Block], own: str) -> Iterator[Control]:
    """Yield the controls; `lines` are the blocks of the card's body that show each option."""
    picked = set(chosen(Ballot(own))) if own and poll.method in {Method.SINGLE, Method.APPROVAL} else set[int]()
    match poll.method:
        case Method.CONSENT:
            yield from consent_cards.buttons(poll, lines)
        case Method.SINGLE if len(poll.options) <= BUTTONS_MAX:
            for index, option in enumerate(poll.options):
                cast = Action("vote", (poll.id, str(index)))
                yield Button(
                    option.name, cast, style=ButtonStyle.PRIMARY, line=lines[index], emoji=option_emoji(option)
                )
        case Method.SINGLE:
            yield Select(
                Action("vote", (poll.id,)), t("Choose one option"), options_of(poll, picked=picked), use=Use.VOTE
            )
        case Method.APPROVAL:
            label = t("Choose the options you approve of")
            yield Select(
                Action("vote", (poll.id,)), label, options_of(poll, picked=picked), most=poll.max_choices, use=Use.VOTE
            )
        case _:
            yield Button(t("Vote"), Action("ballot", (poll.id,)), style=ButtonStyle.PRIMARY)
    yield Button(t("My vote"), Action("mine", (poll.id,)))
    if poll.results is not Results.AT_CLOSE:
        yield Button(t("Results so far"), Action("poll-results", (poll.id,)))
    if poll.secret:
        yield Button(t("How secret?"), Action("secrecy", (poll.id,)))
    yield Button(t("Details"), Action("poll-details", (poll.id,)))
    yield Button(t("Remind me"), Action("poll-watch", (poll.id,)))
    yield Button(t("Manage"), Action("poll-manage", (poll.id,)))
    yield from _reading(t, poll)


def _reading(t: Translator, poll: Poll) -> Iterator[Control]:
    """Yield the select that opens the cards of policy options, before the vote and after."""
    choices = tuple(Choice(option.name, f"{poll.topic}:{option.entry}") for option in poll.options if option.entry)
    if poll.topic and choices:
        yield Select(Action("pick", ("card",)), t("Read an option: for, against, sources"), choices)


def secrecy_card(t: Translator, poll: Poll, secrecy: Secrecy) -> Card:
    """State the promises to a voter, and their limits."""
    return Card(
        title=t("How secret is this poll?"),
        body=text(paragraph(Bold(poll.question)), bullets(secrecy.details(t, poll)), secrecy.storage(t, poll)),
        poll=poll.id,
    )


def opening_card(t: Translator, poll: Poll) -> Card:
    """Say who will see a private poll after a post in a wider place, and ask for confirmation."""
    return Card(
        title=t("Post this private poll here?"),
        body=text(
            paragraph(Bold(poll.question)),
            t("You opened it in a private place, and so far only people there see it."),
            t("Everyone who can see this channel will read the question, vote, and see the result.")
            if poll.secret
            else t("Everyone who can see this channel will read the question, vote, and see who voted for what."),
        ),
        tone=Tone.CAUTION,
        controls=(Button(t("Post it here"), Action("poll-post", (poll.id,)), style=ButtonStyle.DANGER),),
    )


def options_of(
    poll: Poll, among: Sequence[int] | None = None, picked: Collection[int] = frozenset()
) -> tuple[Choice, ...]:
    indices = range(len(poll.options)) if among is None else among
    options = [(index, poll.options[index]) for index in indices]
    return tuple(
        Choice(option.name, str(index), chosen=index in picked, emoji=option_emoji(option)) for index, option in options
    )
