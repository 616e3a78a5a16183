"""The rules of polls that need no database: valid drafts, valid ballots, and how to count."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.chat.vocabulary import Request
from bot.errors import Refused
from bot.i18n import Translator
from bot.polls.counting.ballots import OBJECT, Ballot, Fault, InvalidBallot, Method, parse_ballot
from bot.polls.counting.results import Result
from bot.polls.counting.tally import tally
from bot.polls.model import (
    OPTION_NAME_MAX,
    OPTIONS_MAX,
    OPTIONS_MIN,
    QUESTION_MAX,
    Poll,
    PollOption,
    PollState,
    Results,
)
from bot.polls.objections import REASON_MAX
from bot.polls.option_names import MARKS_MAX, alike, has_piled_marks, is_blank, result_sign
from bot.polls.places import is_private

QUORUM_MAX = 10_000_000
"""More voters than any community has."""


@dataclass(frozen=True, slots=True)
class PollDraft:
    """A host's request for a poll. Names are cleaned; `Polls.create` checks everything else."""

    question: str
    options: tuple[PollOption, ...]
    closes_at: datetime
    method: Method = Method.SINGLE
    max_choices: int = 0
    """The most approvals on one ballot; 0 for any number."""
    secret: bool = True
    results: Results = Results.AT_CLOSE
    roles: frozenset[str] = frozenset()
    joined_before: bool = False
    quorum: int = 0
    topic: str = ""
    public: bool = False
    closes: str = ""
    """The closing time as the host typed it."""
    follows: str = ""
    """The id of the poll whose proposal this one changes."""
    ping: bool = False
    """Whether to ping the community's role when the poll opens."""


def tally_of(poll: Poll, counted: Mapping[Ballot, int]) -> Result:
    return tally(
        poll.method,
        tuple(option.name for option in poll.options),
        counted,
        quorum=poll.quorum or None,
        max_choices=poll.max_choices if poll.method is Method.APPROVAL else None,
    )


def checked_ballot(poll: Poll, text: str, t: Translator, reason: str = "") -> str:
    """Return the ballot in canonical text. Raise Refused with the broken rule, in the voter's language.

    In a consent poll, an objection needs a `reason`, and other ballots can't have one.
    """
    most = poll.max_choices if poll.method is Method.APPROVAL else None
    try:
        ballot = parse_ballot(poll.method, text, len(poll.options), most)
    except InvalidBallot as error:
        raise Refused(_fault(error, poll, t)) from None
    objects = poll.method is Method.CONSENT and ballot == str(OBJECT)
    if objects and is_blank(reason):
        raise Refused(t("Say why you object: an objection needs a reason."))
    if len(reason) > REASON_MAX:
        raise Refused(t("Shorten that to {most} characters.", most=REASON_MAX))
    if reason and not objects:
        raise Refused(t("Only an objection has a reason."))
    return ballot


def _fault(error: InvalidBallot, poll: Poll, t: Translator) -> str:
    words = {
        Fault.EMPTY: t("Choose at least one option."),
        Fault.UNKNOWN_OPTION: t("That option isn't in this poll. Use the poll's own buttons."),
        Fault.OPTION_TWICE: t("An option is on the ballot twice."),
        Fault.RANK_TWICE: t("Give each rank to one option only."),
        Fault.TOO_MANY: t.count("Choose at most {n} option.", "Choose at most {n} options.", poll.max_choices),
        Fault.BAD_SCORE: t("Score each option from 0 to 5."),
    }
    return words.get(error.fault) or t("This poll can't take that ballot. Use the poll's own buttons.")


def mistakes(draft: PollDraft, request: Request, t: Translator) -> dict[str, str]:
    """Check the draft. Return a message for each faulty part, by the part's name; empty for a good draft."""
    names = [option.name for option in draft.options]
    by_part = {
        "question": _wrong_question(draft.question, t),
        "options": "" if draft.method is Method.CONSENT else _wrong_options(names, t),
        "joined_before": t("I can't see here when members joined, so leave out joined_before.")
        if draft.joined_before and request.actor.joined is None
        else "",
        "public": t("This place is private, so its polls can't have a public page. Leave out public.")
        if draft.public and is_private(request.place)
        else "",
        "max_choices": _wrong_max_choices(draft, t),
        "quorum": "" if 0 <= draft.quorum <= QUORUM_MAX else t("Type a number of ballots for the quorum, such as 20."),
    }
    return {part: wrong for part, wrong in by_part.items() if wrong}


def _wrong_max_choices(draft: PollDraft, t: Translator) -> str:
    if not 0 <= draft.max_choices <= len(draft.options):
        return t("A voter can't choose more options than there are. Lower most to {n}.", n=len(draft.options))
    if draft.max_choices and draft.method is not Method.APPROVAL:
        return t("Add method:approval, or leave out most. Voters choose several options only with approval.")
    return ""


def _wrong_question(question: str, t: Translator) -> str:
    if is_blank(question):
        return t("Type a question for the poll.")
    if has_piled_marks(question):
        return t("The question has more than {n} marks on one letter. Leave some out.", n=MARKS_MAX)
    if len(question) > QUESTION_MAX:
        return t("Shorten the question to {most} characters; it has {n}.", n=len(question), most=QUESTION_MAX)
    return ""


def _wrong_options(names: Sequence[str], t: Translator) -> str:
    if not OPTIONS_MIN <= len(names) <= OPTIONS_MAX:
        return t("Give the poll {least} to {most} options, not {n}.", least=OPTIONS_MIN, most=OPTIONS_MAX, n=len(names))
    if any(map(is_blank, names)):
        return t("Give each option a name.")
    if long := next((name for name in names if len(name) > OPTION_NAME_MAX), None):
        return t(
            "Shorten “{name}”: an option's name has at most {most} characters.",
            most=OPTION_NAME_MAX,
            name=f"{long[:40]}…",
        )
    for name in names:
        if has_piled_marks(name):
            return t("“{name}” has more than {n} marks on one letter. Leave some out.", name=name[:40], n=MARKS_MAX)
        if sign := result_sign(name):
            return t("“{name}” begins or ends with {sign}, which results use. Leave it out.", name=name, sign=sign)
    return _wrong_twins(names, t)


def _wrong_twins(names: Sequence[str], t: Translator) -> str:
    """Name two options that a reader can't tell apart."""
    earlier: dict[str, str] = {}
    for name in names:
        twin = earlier.get(alike(name))
        if twin is not None and twin.casefold() == name.casefold():
            return t("Two options are called “{name}”. Give each its own name.", name=twin)
        if twin is not None:
            return t("“{name}” and “{twin}” look alike. Give each option its own name.", name=name, twin=twin)
        earlier[alike(name)] = name
    return ""


def most_choices(draft: PollDraft) -> int:
    """Return how many options a ballot may choose, by the draft or by its method."""
    if draft.method is Method.APPROVAL:
        return draft.max_choices or len(draft.options)
    return 1 if draft.method in {Method.SINGLE, Method.CONSENT} else len(draft.options)


def must_be_editable(poll: Poll, t: Translator) -> None:
    """Raise Refused once the poll's record has a link: a vote, or a new close."""
    if poll.frozen:
        raise Refused(
            t("A member has voted or the close was moved, so this poll can't change. Cancel it and open a new one.")
        )


def must_be_open(poll: Poll, t: Translator) -> None:
    if poll.state is PollState.CLOSED:
        raise Refused(t("This poll is closed, and its result is final."))
    if poll.state is PollState.CANCELLED:
        raise Refused(t("This poll was cancelled."))
