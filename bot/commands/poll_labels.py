"""The words that all cards of a poll share: its method, the time of its results, its id, its close."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import tzinfo

from bot.chat.emoji import emoji_inlines, leading_emoji
from bot.chat.markup import Emoji, Inline, Link, Text, Time, paragraph, text
from bot.i18n import N_, Translator
from bot.polls.counting.ballots import Method
from bot.polls.model import Poll, PollOption, Results
from bot.polls.receipts import shown_head

METHODS: Mapping[Method, str] = {
    Method.SINGLE: N_("One choice"),
    Method.APPROVAL: N_("Approval"),
    Method.RANKED: N_("Ranking"),
    Method.SCORE: N_("Scores"),
    Method.CONSENT: N_("Consent"),
}

HOW: Mapping[Method, str] = {
    Method.SINGLE: N_("Choose one option. The option with the most votes wins."),
    Method.APPROVAL: N_("Choose every option that you approve of. The option with the most approvals wins."),
    Method.RANKED: N_(
        "Rank as many options as you like. Instant run-off decides: the last option goes, its ballots move on, "
        "until one has more than half."
    ),
    Method.SCORE: N_(
        "Give each option 0 to 5. The two highest totals meet in a run-off: the one that more ballots score higher wins."
    ),
    Method.CONSENT: N_(
        "Agree, abstain or object with a reason. The proposal passes when time is up, the quorum holds and no "
        "objection stands."
    ),
}

BALLOTS: Mapping[Method, str] = {
    Method.SINGLE: N_("Choose one"),
    Method.APPROVAL: N_("Choose as many as you like"),
    Method.RANKED: N_("Rank as many as you like"),
    Method.SCORE: N_("Score each from 0 to 5"),
    Method.CONSENT: N_("Agree, abstain or object with a reason"),
}
"""Instructions for a ballot, in a few words."""

RESULTS: Mapping[Results, str] = {
    Results.AT_CLOSE: N_("Members see the results when the poll closes."),
    Results.AFTER_VOTE: N_("Members who have voted see the results so far."),
    Results.LIVE: N_("Everyone sees the results so far."),
}


def option_emoji(option: PollOption) -> Emoji | None:
    """Return the leading emoji of the option's name."""
    return leading_emoji(option.name, option.emoji)


def option_inlines(option: PollOption) -> tuple[Inline, ...]:
    """Return the option's name for a text."""
    return emoji_inlines(option.name, option.emoji)


NAMES_SHOWN = 4
"""Options that a sentence names; it counts the others."""


def listed(t: Translator, names: Sequence[str], most: int = NAMES_SHOWN) -> str:
    """Join names with commas, and count those beyond `most`."""
    more = len(names) - most
    return ", ".join(names) if more <= 0 else t("{names} and {n} more", names=", ".join(names[:most]), n=more)


def joined(t: Translator, names: Sequence[str]) -> str:
    """Join the names of a sentence: `A, B and C`; beyond four, count the rest."""
    if 1 < len(names) <= NAMES_SHOWN:
        return t("{names} and {last}", names=", ".join(names[:-1]), last=names[-1])
    return listed(t, names)


def when(poll: Poll, zone: tzinfo) -> Time:
    """Return the close of the poll; platforms show it in each reader's own zone if they can, with the time left."""
    return Time(poll.closes_at, f"{poll.closes_at.astimezone(zone):%Y-%m-%d %H:%M %Z}")


def footer_with_head(t: Translator, poll: Poll) -> str:
    """Name the poll with its ballots and its record's head, for a reader to compare later."""
    return " · ".join((footer(t, poll), t("chain head") + " " + shown_head(poll.head)))


def opened(poll: Poll, zone: tzinfo) -> Time:
    return Time(poll.opened_at, f"{poll.opened_at.astimezone(zone):%Y-%m-%d %H:%M %Z}")


def opened_by(t: Translator, poll: Poll) -> str:
    """Name the host, for the start of a footer."""
    return t("Opened by {who}", who=poll.creator_name) + " · " if poll.creator_name else ""


def page_line(t: Translator, poll: Poll, page: str) -> Text:
    """Link to the poll's page and say who can read it; empty if it has none."""
    if not page:
        return ()
    who = (
        t("Anyone with this link can read its page, so keep it in here: ")
        if poll.private
        else t("Anyone can read its page: ")
    )
    return text(paragraph(who, Link(t("the poll's page"), page)))


def footer(t: Translator, poll: Poll, ballots: int | None = None) -> str:
    """Name the poll, its method and its ballots; `ballots` is their number if the poll was just read."""
    counted = t.count("{n} ballot", "{n} ballots", poll.ballots if ballots is None else ballots)
    return f"{id_and_method(t, poll)} · {counted}"


def id_and_method(t: Translator, poll: Poll) -> str:
    return " · ".join((t("Poll {id}", id=poll.id), t(METHODS[poll.method])))
