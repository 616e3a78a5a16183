"""A host's arguments and forms, and the reading of their answers."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

from bot.chat.emoji import code_in
from bot.chat.markup import clean, shorten
from bot.chat.vocabulary import CHOICES_MAX, Action, Answers, Choice, Form, Input, InputKind
from bot.commands.answers import answer
from bot.commands.poll_labels import BALLOTS, METHODS
from bot.dispatch.declare import Context, Param
from bot.errors import NotFound, Refused
from bot.i18n import N_, Translator
from bot.packs.model import Option
from bot.packs.pack import Pack
from bot.polls.closing_time import LONGEST, SHORTEST, closing_time, read_time
from bot.polls.counting.ballots import Method
from bot.polls.drafts import PollPreview
from bot.polls.model import OPTIONS_MAX, OPTIONS_MIN, QUESTION_MAX, Poll, PollOption, Results
from bot.polls.rules import PollDraft
from bot.polls.secrecy import RESULT_NOTES

METHOD = Param(
    N_("How members vote"),
    choices={method.value: label for method, label in METHODS.items()},
)
RESULTS = Param(
    N_("When members see results"),
    choices={
        Results.AT_CLOSE.value: N_("At the close"),
        Results.AFTER_VOTE.value: N_("After voting"),
        Results.LIVE.value: N_("Live"),
    },
)
CLOSES = Param(N_("When it closes: 2h, friday 18:00, next week"), longest=60, complete="closing_times")
POLL = Param(N_("Which poll: its title or id"), complete="complete_polls", longest=300)
CLOSES_DEFAULT = "3 days"
LATER: Mapping[str, tuple[str, timedelta]] = {
    "1-hour": (N_("1 hour later"), timedelta(hours=1)),
    "1-day": (N_("1 day later"), timedelta(days=1)),
    "3-days": (N_("3 days later"), timedelta(days=3)),
    "1-week": (N_("1 week later"), timedelta(weeks=1)),
}
"""Spans by which a host can extend a poll from its menu."""
READY_CLOSES: Mapping[str, str] = {
    "1 hour": N_("In 1 hour"),
    "1 day": N_("In 1 day"),
    "3 days": N_("In 3 days"),
    "friday 18:00": N_("Friday 18:00"),
    "1 week": N_("In 1 week"),
}
"""Closing times to pick from: the text that a host would type, and its label."""


def cleaned(written: str) -> str:
    return " ".join(clean(written).split())


def split_options(written: str) -> list[str]:
    """Split options that a host types with `|` or on separate lines."""
    return [cleaned(part) for part in re.split(r"[|\n]", written) if cleaned(part)] if written.strip() else []


def is_whole(args: Mapping[str, object]) -> bool:
    """Whether a typed poll has a question and several options, each by name. A form asks for the rest."""
    if args.get("words") or not args.get("question"):
        return False
    enough = len(split_options(str(args.get("options") or ""))) >= OPTIONS_MIN
    return enough or args.get("method") == Method.CONSENT


def closes_at(ctx: Context, line: str) -> datetime:
    return closing_time(line or CLOSES_DEFAULT, ctx.request.now, ctx.community.tz, ctx.t)


def filled_close(ctx: Context, answers: Answers, wrong: dict[str, str]) -> datetime:
    """Read the close from a form. A mistake goes into `wrong`."""
    try:
        return closes_at(ctx, answer(answers, "closes"))
    except Refused as error:
        wrong["closes"] = error.message
        return ctx.request.now


def filled_options(t: Translator, pack: Pack, answers: Answers, wrong: dict[str, str]) -> tuple[PollOption, ...]:
    """Read the policy options from a form. One that the topic lacks goes into `wrong`."""
    try:
        return tuple(policy_option(t, pack, entry) for entry in answers.get("options", ()))
    except Refused as error:
        wrong["options"] = error.message
        return ()


def first_word(words: str) -> str:
    """Return the poll's id, the first word that a member types or picks; empty if there is none."""
    return next(iter(words.lower().split()), "")


def code_parts(receipt: str, poll: str = "") -> tuple[str, str]:
    """Split `abc123-XXXX-XXXX-XXXX-XXXX` into the poll's id and the code. With `poll`, the receipt may lack the id."""
    poll_id, _, code = receipt.strip().partition("-")
    named_poll = first_word(poll)
    if named_poll and poll_id.lower().strip() != named_poll:
        return named_poll, receipt.strip().upper()
    return poll_id.lower().strip(), code.strip().upper()


def policy_option(t: Translator, pack: Pack, name: str) -> PollOption:
    """Return a policy option by its id, its name or an alias. Raises Refused."""
    folded = name.casefold()
    for option in pack.all(Option):
        if folded in {option.id, option.name.casefold(), *(alias.casefold() for alias in option.aliases)}:
            return PollOption(option.name, option.id, option_words(option))
    raise Refused(t("The topic has no policy option “{name}”. /policy lists them.", name=name[:60]))


def option_words(option: Option) -> str:
    """Return the text of an option's card, as the record of a poll stores it."""
    return f"{option.description}\n{option.pro}\n{option.con}"


def policy_question(t: Translator, pack: Pack) -> str:
    return t("Which policy should be pursued? ({topic})", topic=pack.info.title)[:QUESTION_MAX]


def policy_choices(pack: Pack, query: str = "") -> tuple[Choice, ...]:
    """Return the topic's policy options with these letters in their name or an alias."""
    letters = query.casefold()
    return tuple(
        Choice(option.name, option.id, option.description)
        for option in pack.all(Option)
        if any(letters in name.casefold() for name in (option.name, *option.aliases))
    )


UNCHANGED, AS_IT_IS = "as it is", N_("The same close")
"""The form's value for the present close, when a host edits a poll."""
AT_ONCE = "post"
"""The argument of a form's action that skips the preview."""


def policy_form(t: Translator, pack: Pack, at_once: str = "") -> Form:
    return Form(
        Action("poll-policy", (pack.id, at_once) if at_once else (pack.id,)),
        t("A poll on policy options"),
        (
            _policy_input(t, pack),
            _question_input(t, policy_question(t, pack)),
            *_common_inputs(t, Method.RANKED, consents=False),
        ),
    )


def create_form(
    t: Translator,
    question: str = "",
    options: Sequence[str] = (),
    method: Method = Method.SINGLE,
    results: Results = Results.AT_CLOSE,
    closes: str = "",
    at_once: str = "",
) -> Form:
    return Form(
        Action("poll-create", (at_once,) if at_once else ()),
        t("A new poll"),
        (
            _question_input(t, cleaned(question)),
            _options_input(t, options),
            *_common_inputs(t, method, results, closes),
        ),
    )


def edit_form(t: Translator, preview: PollPreview, pack: Pack | None) -> Form:
    """Ask for the draft's own answers again, filled in."""
    draft = preview.draft
    entries = {option.entry for option in draft.options}
    names = [] if draft.method is Method.CONSENT else [option.name for option in draft.options]
    options = _policy_input(t, pack, entries) if pack else _options_input(t, names)
    return Form(
        Action("draft-edited", (preview.id,)),
        t("Edit the poll"),
        (
            _question_input(t, draft.question),
            options,
            *_common_inputs(t, draft.method, draft.results, draft.closes, consents=pack is None),
        ),
    )


def poll_edit_form(t: Translator, poll: Poll, draft: PollDraft, pack: Pack | None) -> Form:
    """Ask for the answers of the poll's opening again; its close stays unless the host types another."""
    entries = {option.entry for option in draft.options}
    names = [] if draft.method is Method.CONSENT else [option.name for option in draft.options]
    options = _policy_input(t, pack, entries) if pack else _options_input(t, names)
    common = _common_inputs(t, draft.method, draft.results, UNCHANGED, consents=pack is None)
    return Form(
        Action("poll-edited", (poll.id,)), t("Edit the poll"), (_question_input(t, draft.question), options, *common)
    )


def with_first_form(draft: PollDraft, first: PollDraft) -> PollDraft:
    """Take the first form's answers from `first`, and the rest from `draft`.

    A form shows a platform's own emoji as its code; an emoji that the draft already has is restored.
    """
    known = {code_in(option.name): option.emoji for option in draft.options if option.emoji}
    return replace(
        draft,
        question=first.question,
        options=tuple(
            replace(option, emoji=option.emoji or known.get(code_in(option.name), "")) for option in first.options
        ),
        method=first.method,
        results=first.results,
        closes=first.closes,
        closes_at=first.closes_at,
    )


def _question_input(t: Translator, question: str) -> Input:
    return Input("question", t("The question"), value=question[:QUESTION_MAX], longest=QUESTION_MAX)


def _options_input(t: Translator, options: Sequence[str]) -> Input:
    hint = t("2 to 25 options; empty for consent")
    lines = "\n".join(options)[:2000]
    label = t("The options, one on each line")
    return Input(
        "options", label, InputKind.OPTIONS, hint, lines, required=False, longest=2000, least=0, most=OPTIONS_MAX
    )


def _policy_input(t: Translator, pack: Pack, chosen: Collection[str] = ()) -> Input:
    offered = tuple(replace(each, chosen=each.value in chosen) for each in policy_choices(pack)[:OPTIONS_MAX])
    if len(offered) < OPTIONS_MIN:
        raise NotFound(t("This topic has no policy options to vote on. Use /poll create with your own."))
    all_fit = len(offered) <= CHOICES_MAX
    return Input(
        "options",
        t("Which options"),
        InputKind.CHOICE if all_fit else InputKind.SELECT,
        options=offered,
        least=OPTIONS_MIN,
        most=len(offered),
        type_ahead=not all_fit,
    )


def _common_inputs(
    t: Translator, method: Method, results: Results = Results.AT_CLOSE, closes: str = "", *, consents: bool = True
) -> tuple[Input, ...]:
    methods = tuple(
        Choice(t(label), kind.value, t(BALLOTS[kind]), chosen=kind is method)
        for kind, label in METHODS.items()
        if consents or kind is not Method.CONSENT
    )
    shown = tuple(
        Choice(t(label), value, t(RESULT_NOTES[Results(value)]), chosen=value == results)
        for value, label in RESULTS.choices.items()
    )
    return (
        Input("method", t("How members vote"), InputKind.CHOICE, options=methods),
        Input("results", t("When members see results"), InputKind.CHOICE, options=shown),
        closes_input(t, closes),
    )


def closes_input(t: Translator, closes: str = "") -> Input:
    hint = t("In 1 day, Friday 18:00, next week")
    kept = (Choice(t(AS_IT_IS), UNCHANGED),) if closes == UNCHANGED else ()
    return Input(
        "closes",
        t("When it closes"),
        InputKind.TIME,
        hint,
        closes or CLOSES_DEFAULT,
        longest=60,
        options=(*kept, *(Choice(t(label), words) for words, label in READY_CLOSES.items())),
        type_ahead=True,
    )


def opens_at(ctx: Context, line: str) -> datetime:
    """Read the opening time of a scheduled poll. Raise Refused."""
    moment = read_time(line, ctx.request.now, ctx.community.tz)
    if moment is None:
        raise Refused(ctx.t("I can't read “{typed}” as a time. Try Monday 9:00 or tomorrow noon.", typed=line[:60]))
    if moment < ctx.request.now + SHORTEST:
        raise Refused(ctx.t("Pick a later time: a poll opens in a minute at the earliest."))
    if moment > ctx.request.now + LONGEST:
        raise Refused(ctx.t("Pick an earlier time: a poll opens within a year."))
    return moment


def complete_closes(_feature: object, ctx: Context, query: str, *_args: str) -> Sequence[Choice]:
    """Suggest closing times in a form; a method of the features whose forms ask for one."""
    return closing_choices(ctx, query)


def closing_choices(ctx: Context, query: str) -> list[Choice]:
    """Suggest closing times: the typed one, as understood, and ready answers; all ready ones if nothing fits."""
    letters = " ".join(query.casefold().split())
    typed = []
    if letters:
        with suppress(Refused):
            typed = [Choice(shorten(f"{query} ({_when(ctx, query)})", 100), query)]
    ready = [Choice(f"{ctx.t(label)} ({_when(ctx, words)})", words) for words, label in READY_CLOSES.items()]
    fitting = [each for each in ready if letters in each.value or letters in each.label.casefold()]
    return [*typed, *(each for each in fitting if each.value != letters)] or ready


def _when(ctx: Context, words: str) -> str:
    return f"{closes_at(ctx, words).astimezone(ctx.community.tz):%a %Y-%m-%d %H:%M}"
