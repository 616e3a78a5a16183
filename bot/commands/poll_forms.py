"""What a host fills in: the arguments and forms of a poll, and how what was typed is read."""

from __future__ import annotations

import re
from datetime import datetime

from bot.chat import Action, Answers, Choice, Form, Input, InputKind
from bot.command import Context, Param
from bot.commands.answers import answer
from bot.commands.poll_cards import HOW, METHODS
from bot.errors import NotFound, Refused
from bot.i18n import N_, Translator
from bot.library.model import Option, Pack
from bot.markup import clean
from bot.polls.ballots import Method
from bot.polls.model import OPTIONS_MAX, OPTIONS_MIN, QUESTION_MAX, PollOption, Results
from bot.polls.when import closing_time

METHOD = Param(
    N_("How it is voted: one choice, approval, ranking or scores"),
    choices={method.value: label for method, label in METHODS.items()},
)
RESULTS = Param(
    N_("When results are shown: at the close, after one's vote, or live"),
    choices={
        Results.AT_CLOSE.value: N_("At the close"),
        Results.AFTER_VOTE.value: N_("After voting"),
        Results.LIVE.value: N_("Live"),
    },
)
CLOSES = Param(N_("When it closes: 2h, 3 days, tomorrow 18:00, 2026-12-01 18:00"), longest=60)
POLL = Param(N_("Which poll"), complete="complete_polls", longest=60)
CLOSES_DEFAULT = "3 days"


def cleaned(written: str) -> str:
    return " ".join(clean(written).split())


def split_options(written: str) -> list[str]:
    """Options as they are typed: with `|` or on lines of their own."""
    return [cleaned(part) for part in re.split(r"[|\n]", written) if cleaned(part)] if written.strip() else []


def closes_at(ctx: Context, typed: str) -> datetime:
    return closing_time(typed or CLOSES_DEFAULT, ctx.request.now, ctx.community.tz, ctx.t)


def filled_close(ctx: Context, answers: Answers, wrong: dict[str, str]) -> datetime:
    """The close as it was filled in. What can't be read as one is told in `wrong`."""
    try:
        return closes_at(ctx, answer(answers, "closes"))
    except Refused as error:
        wrong["closes"] = error.message
        return ctx.request.now


def filled_options(t: Translator, pack: Pack, answers: Answers, wrong: dict[str, str]) -> tuple[PollOption, ...]:
    """The policy options that were picked. One that the topic does not have is told in `wrong`."""
    try:
        return tuple(policy_option(t, pack, entry) for entry in answers.get("options", ()))
    except Refused as error:
        wrong["options"] = error.message
        return ()


def typed_id(typed: str) -> str:
    """The poll's id, which is the first word of what was typed or picked; empty where there is none."""
    return next(iter(typed.lower().split()), "")


def code_parts(code: str) -> tuple[str, str]:
    """`abc123-XXXX-XXXX-XXXX-XXXX` → the poll's id and the code, however it was spaced."""
    poll_id, _, bare = code.strip().partition("-")
    return poll_id.lower(), bare.strip().upper()


def policy_option(t: Translator, pack: Pack, typed: str) -> PollOption:
    """A policy option by its id, its name or an alias."""
    wanted = typed.casefold()
    for option in pack.all(Option):
        if wanted in {option.id, option.name.casefold(), *(alias.casefold() for alias in option.aliases)}:
            return PollOption(option.name, option.id)
    raise Refused(t("“{name}” is not among the topic's policy options. /policy lists them.", name=typed[:60]))


def policy_question(t: Translator, pack: Pack) -> str:
    return t("Which policy should be pursued? ({topic})", topic=pack.info.title)[:QUESTION_MAX]


def policy_choices(pack: Pack, typed: str = "") -> tuple[Choice, ...]:
    """The topic's policy options, those with these letters in their name or an alias."""
    wanted = typed.casefold()
    return tuple(
        Choice(option.name, option.id, option.description)
        for option in pack.all(Option)
        if any(wanted in name.casefold() for name in (option.name, *option.aliases))
    )


def policy_form(t: Translator, pack: Pack) -> Form:
    offered = policy_choices(pack)[:OPTIONS_MAX]
    if len(offered) < OPTIONS_MIN:
        raise NotFound(t("This topic has no policy options to vote on. /poll create takes your own."))
    options = Input(
        "options",
        t("Which options"),
        InputKind.SELECT,
        options=offered,
        least=OPTIONS_MIN,
        most=len(offered),
        type_ahead=True,
    )
    question = Input("question", t("The question"), value=policy_question(t, pack), longest=QUESTION_MAX)
    return Form(
        Action("poll-policy", (pack.id,)),
        t("A poll on policy options"),
        (options, question, *_common_inputs(t, Method.RANKED)),
    )


def create_form(t: Translator, question: str, options: str) -> Form:
    hint = t("One on each line, 2 to 25 of them")
    return Form(
        Action("poll-create"),
        t("A new poll"),
        (
            Input("question", t("The question"), value=cleaned(question)[:QUESTION_MAX], longest=QUESTION_MAX),
            Input("options", t("The options"), InputKind.LINES, hint=hint, value=options[:2000], longest=2000),
            *_common_inputs(t, Method.SINGLE),
        ),
    )


def _common_inputs(t: Translator, method: Method) -> tuple[Input, ...]:
    methods = tuple(
        Choice(t(label), kind.value, t(HOW[kind]), chosen=kind is method) for kind, label in METHODS.items()
    )
    results = tuple(
        Choice(t(label), value, chosen=value == Results.AT_CLOSE) for value, label in RESULTS.choices.items()
    )
    return (
        Input("method", t("How it is voted"), InputKind.SELECT, options=methods),
        Input("results", t("When results are shown"), InputKind.SELECT, options=results),
        Input("closes", t("When it closes"), hint=t("2h, 3 days, tomorrow 18:00"), value=CLOSES_DEFAULT, longest=60),
    )
