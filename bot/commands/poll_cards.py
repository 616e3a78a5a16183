"""Polls, ballots and results as cards. Pure functions; every rule that was used is said in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import tzinfo

from bot.chat import Action, Button, ButtonStyle, Card, Choice, Control, Field, Image, Select, Tone, Use
from bot.i18n import N_, Translator
from bot.markup import Block, Bold, Inline, Plain, Role, Text, Time, bullets, paragraph, text
from bot.polls.ballots import Method
from bot.polls.box import Receipt
from bot.polls.model import Poll, Results, State
from bot.polls.results import Base, Decider, Final, Result, Round, Rule, Total

BAR_WIDTH = 12
"""Signs of a bar of text; halves, thirds and quarters of it are whole."""

BUTTONS_MAX = 8
"""Up to so many options get a button each; more are a list to pick from."""

METHODS: Mapping[Method, str] = {
    Method.SINGLE: N_("One choice"),
    Method.APPROVAL: N_("Approval"),
    Method.RANKED: N_("Ranking"),
    Method.SCORE: N_("Scores"),
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
}

RESULTS: Mapping[Results, str] = {
    Results.AT_CLOSE: N_("Results are shown when the poll closes."),
    Results.AFTER_VOTE: N_("Results so far are shown to those who have voted."),
    Results.LIVE: N_("Results so far are shown to all."),
}

SECRET = N_("Secret from members; whoever runs the bot could look until the close.")
"""In one line, on every poll. `SECRECY` is the whole of it, a button away."""
SECRECY = (
    N_("Other members and exports never show how you voted."),
    N_("Whoever runs the bot could look while the poll is open."),
    N_("After the close nobody can, unless a copy of the open database was kept, and with it the key or your receipt."),
)
STORED = N_(
    "While the poll is open, a voter is stored as a hash under a random secret of this poll, which is kept "
    "encrypted under a key outside the database. At the close that secret is destroyed, and the ballots are "
    "stored anew in random order, under random names."
)
NAMED = N_("Named: the result shows who voted for what.")

RULES: Mapping[Rule, str] = {
    Rule.TIE_REPORTED: N_("A tie is reported as a tie: no lot and no order of the options decides."),
    Rule.MOST_VOTES_WIN: N_("The most votes win, with or without a majority."),
    Rule.MOST_APPROVALS_WIN: N_("The most approvals win, with or without a majority."),
    Rule.MAJORITY_OF_CONTINUING: N_(
        "Whoever holds more than half of the continuing ballots wins; until then the last goes."
    ),
    Rule.EXHAUSTED_LEAVE_BASE: N_(
        "A ballot with no continuing option left is exhausted and leaves the base of the percentages."
    ),
    Rule.OVERVOTE_VOIDS_FROM_THERE: N_(
        "A ballot that gets to a rank shared by several continuing options is void from then on."
    ),
    Rule.LAST_TIE_ALL_BRANCHES: N_(
        "Where options tie for last, every order of elimination is tried, and the winners of all of them are the winners."
    ),
    Rule.UNRANKED_BELOW_RANKED: N_("One against one, a ranked option is preferred to one that is not ranked."),
    Rule.BLANK_SCORES_ZERO: N_("An option left blank scores 0."),
    Rule.TWO_HIGHEST_TOTALS_MEET: N_("The two highest totals meet; the one scored higher on more ballots wins."),
    Rule.SCORE_TIE_PREFERENCES_THEN_FIVES: N_(
        "A tie for a place in the run-off goes to the option preferred on more ballots, then to the one with more fives."
    ),
    Rule.FINAL_TIE_TOTAL_THEN_FIVES: N_(
        "A tie in the run-off goes to the higher total, then to the option with more fives."
    ),
    Rule.QUORUM_OF_VALID_BALLOTS: N_("The quorum is a number of valid ballots."),
}

DECIDERS: Mapping[Decider, str] = {
    Decider.TOTAL: N_("a tie, decided by the higher total"),
    Decider.FIVES: N_("a tie, decided by the number of fives"),
    Decider.NOTHING: N_("a tie that nothing parts"),
}

BASES: Mapping[Base, str] = {
    Base.VALID_BALLOTS: N_("of the valid ballots"),
    Base.CONTINUING_BALLOTS: N_("of the continuing ballots"),
    Base.HIGHEST_SCORE: N_("of the highest possible total"),
    Base.PREFERRING_BALLOTS: N_("of the ballots that prefer one of the two"),
}

RECEIPTS: Mapping[Receipt, str] = {
    Receipt.INCLUDED: N_("The ballot with this receipt is in the count."),
    Receipt.REPLACED: N_("This ballot was changed later; the receipt of the later one counts."),
    Receipt.WITHDRAWN: N_("This ballot was withdrawn, so it is not in the count."),
    Receipt.UNKNOWN: N_("No ballot of this poll has that receipt. Check each letter."),
}


def when(poll: Poll, zone: tzinfo) -> Time:
    """When the poll closes, for readers anywhere: platforms show it in each reader's own zone where they can."""
    return Time(poll.closes_at, f"{poll.closes_at.astimezone(zone):%Y-%m-%d %H:%M %Z}")


def poll_card(t: Translator, poll: Poll, zone: tzinfo, result: Result | None = None) -> Card:
    """The poll as it is posted. `result` is given where the totals of an open poll may be seen by all."""
    if poll.state is State.CANCELLED:
        said = t("This poll was cancelled. Its ballots were not counted.")
        return Card(title=poll.question, body=text(said), footer=footer(t, poll), poll=poll.id)
    lines = bars(t, result) if result else bullets((option.name for option in poll.options), numbered=True)
    shown = [total.option for total in _by_votes(result)] if result else range(len(poll.options))
    return Card(
        title=poll.question,
        body=text(paragraph(t(HOW[poll.method]), *_limit(t, poll)), lines, bullets(_terms(t, poll, zone))),
        footer=footer(t, poll),
        poll=poll.id,
        tone=Tone.INFO,
        controls=tuple(_controls(t, poll, dict(zip(shown, lines, strict=False)))),
    )


def closed_card(t: Translator, poll: Poll, result: Result) -> Card:
    """What a copy of a closed poll shows: the outcome in short, and the way to the whole."""
    return Card(
        title=poll.question,
        body=text(paragraph(t("This poll is closed. "), Bold(outcome(t, poll, result))), bars(t, result)),
        footer=f"{footer(t, poll)} · {t('chain head')} {poll.head[:16]}",
        poll=poll.id,
        tone=_tone(result),
        controls=(
            Button(t("The whole result"), Action("poll-results", (poll.id,)), style=ButtonStyle.PRIMARY),
            Button(t("My vote"), Action("mine", (poll.id,))),
            *_reading(t, poll),
        ),
    )


def reminder_card(t: Translator, poll: Poll, zone: tzinfo, cast: int | None) -> Card:
    """That the poll closes soon. Nobody redraws it, so it shows nothing that changes but `cast`, the ballots so far
    where they may be seen; its button shows whoever presses it the poll as it is then.
    """
    so_far = [] if cast is None else [t.count("{n} ballot so far", "{n} ballots so far", cast)]
    return Card(
        title=t("Closing soon: {question}", question=poll.question),
        body=bullets([(Plain(t("Closes ")), when(poll, zone)), *so_far]),
        footer=t("Poll {id}", id=poll.id),
        tone=Tone.INFO,
        controls=(Button(t("Show the poll"), Action("poll-show", (poll.id,)), style=ButtonStyle.PRIMARY),),
    )


def footer(t: Translator, poll: Poll, ballots: int | None = None) -> str:
    """`ballots`: how many there are by now, where the poll is as it was a moment ago."""
    counted = t.count("{n} ballot", "{n} ballots", poll.ballots if ballots is None else ballots)
    return " · ".join((t("Poll {id}", id=poll.id), t(METHODS[poll.method]), counted))


def _limit(t: Translator, poll: Poll) -> tuple[str, ...]:
    if poll.method is not Method.APPROVAL or poll.max_choices >= len(poll.options):
        return ()
    return (" ", t.count("At most {n} option.", "At most {n} options.", poll.max_choices))


def _terms(t: Translator, poll: Poll, zone: tzinfo) -> Iterator[tuple[Inline, ...] | str]:
    yield (Plain(t("Closes ")), when(poll, zone))
    yield t(SECRET if poll.secret else NAMED)
    yield t(RESULTS[poll.results])
    yield t("You can change or withdraw your vote until the close.")
    if poll.quorum:
        yield t.count("Quorum: {n} ballot.", "Quorum: {n} ballots.", poll.quorum)
    if poll.roles:
        roles = [piece for role in sorted(poll.roles) for piece in (Plain(", "), Role(role, role))]
        yield (Plain(t("Only members with this role may vote: ")), *roles[1:])
    if poll.joined_before:
        yield t("Only those who had joined before the poll opened may vote.")
    if len(poll.communities) > 1:
        yield t("This poll runs in several communities. Accounts are not linked: whoever is in two could vote in both.")


def _controls(t: Translator, poll: Poll, lines: Mapping[int, Block]) -> Iterator[Control]:
    """`lines` are the blocks of the card's body that show each option."""
    match poll.method:
        case Method.SINGLE if len(poll.options) <= BUTTONS_MAX:
            for index, option in enumerate(poll.options):
                cast = Action("vote", (poll.id, str(index)))
                yield Button(option.name, cast, style=ButtonStyle.PRIMARY, line=lines[index])
        case Method.SINGLE:
            yield Select(Action("vote", (poll.id,)), t("Choose one option"), options_of(poll), use=Use.VOTE)
        case Method.APPROVAL:
            label = t("Choose the options you approve of")
            yield Select(Action("vote", (poll.id,)), label, options_of(poll), most=poll.max_choices, use=Use.VOTE)
        case _:
            yield Button(t("Vote"), Action("ballot", (poll.id,)), style=ButtonStyle.PRIMARY)
    yield Button(t("My vote"), Action("mine", (poll.id,)))
    if poll.results is not Results.AT_CLOSE:
        yield Button(t("Results so far"), Action("poll-results", (poll.id,)))
    if poll.secret:
        yield Button(t("How secret?"), Action("secrecy", (poll.id,)))
    yield from _reading(t, poll)


def _reading(t: Translator, poll: Poll) -> Iterator[Control]:
    """The way from a poll on policy options to the options' own cards, before the vote and after."""
    choices = tuple(Choice(option.name, f"{poll.topic}:{option.entry}") for option in poll.options if option.entry)
    if poll.topic and choices:
        yield Select(Action("pick", ("card",)), t("Read an option: for, against, sources"), choices)


def secrecy_card(t: Translator, poll: Poll) -> Card:
    """What is promised to a voter and what is not, for who asks."""
    return Card(
        title=t("How secret is this poll?"),
        body=text(
            paragraph(Bold(poll.question)),
            bullets(map(t, SECRECY)) if poll.secret else t(NAMED),
            t(STORED) if poll.secret else "",
        ),
        poll=poll.id,
    )


def options_of(poll: Poll, among: Sequence[int] | None = None) -> tuple[Choice, ...]:
    shown = range(len(poll.options)) if among is None else among
    return tuple(Choice(poll.options[index].name, str(index)) for index in shown)


# --- results --------------------------------------------------------------------------------------------------------


def result_card(t: Translator, poll: Poll, result: Result, image: Image | None = None) -> Card:
    """Who won, by what numbers, under which rules.

    With a picture, which has the bars, the numbers stand once more in words, for who doesn't see it.
    """
    drawn = () if image else bars(t, result)
    fields = [Field(t("How it was counted"), bullets(t(RULES[rule]) for rule in result.rules))]
    if result.ranked:
        fields[:0] = [Field(t("Rounds"), _rounds(t, result)), Field(t("One against one"), _pairwise(t, result))]
    elif result.score:
        fields[:0] = [Field(t("Scores"), _scores(t, result)), Field(t("Run-off"), _finals(t, result))]
    elif image and result.valid:
        fields[:0] = [Field(t("In numbers"), _numbers(t, result))]
    return Card(
        title=poll.question,
        body=text(paragraph(Bold(outcome(t, poll, result))), drawn, " ".join(_turnout(t, poll, result))),
        fields=tuple(fields),
        image=image,
        footer=footer(t, poll) + (f" · {t('chain head')} {poll.head[:16]}" if poll.state is State.CLOSED else ""),
        poll=poll.id,
        tone=_tone(result) if poll.state is State.CLOSED else Tone.INFO,
    )


def _tone(result: Result) -> Tone:
    """Of a poll that is over: good if it decided, on one option."""
    missed = result.quorum is not None and not result.quorum.reached
    return Tone.INFO if missed or len(result.winners) != 1 else Tone.GOOD


def outcome(t: Translator, poll: Poll, result: Result) -> str:
    """One honest sentence: a winner, a tie, no ballots, or a quorum that was missed."""
    names = [result.options[index] for index in result.winners]
    if not names:
        return t("No valid ballot was cast.")
    if poll.state is State.OPEN:
        lead = t("So far in front: {names}.") if len(names) == 1 else t("So far tied in front: {names}.")
    elif result.quorum and not result.quorum.reached:
        lead = t("The quorum was not reached, so nothing is decided. In front: {names}.")
    elif result.tie and not result.exact:
        lead = t("Too many ties to try every order of elimination. These could not be ruled out: {names}.")
    else:
        lead = t("Tie between: {names}.") if result.tie else t("Winner: {names}.")
    return lead.format(names=", ".join(names))


def bars(t: Translator, result: Result) -> Text:
    """Totals as bars of text, with counts and percentages, and what they are percentages of: a full bar is 100 %.

    Of ranked ballots, those of the last round with a choice: first choices alone would show another race. Without
    any ballot, the options alone: there is nothing to have a part of.
    """
    totals = _by_votes(result)
    if not result.valid:
        return bullets((result.options[total.option] for total in totals), numbered=True)
    lines = []
    for total in totals:
        filled = round(BAR_WIDTH * total.percent / 100)
        lines.append(
            (
                Plain("█" * filled + "░" * (BAR_WIDTH - filled) + " "),
                Bold(_starred(result, total)),
                Plain(f" {_held(t, result, total)}"),
            )
        )
    return text(bullets(lines), _base(t, result))


def _numbers(t: Translator, result: Result) -> Text:
    """What the bars say, in a few lines."""
    listed = [
        (Bold(_starred(result, total)), Plain(f" {_held(t, result, total)}"), Plain(" · "))
        for total in _by_votes(result)
    ]
    return text(paragraph(*[piece for pieces in listed for piece in pieces][:-1]), _base(t, result))


def _base(t: Translator, result: Result) -> Block:
    """Which numbers these are, and what their percentages are of."""
    if result.method is Method.APPROVAL:
        return paragraph(t("Percentages are of all valid ballots; each may approve of several options."))
    place, last = _last_choice(result)
    base = last.percent_of if last else result.percent_of
    rounds = len(result.ranked.rounds) if result.ranked else 0
    note = t("These are the numbers of round {n} of {all}. ", n=place, all=rounds) if rounds > 1 else ""
    return paragraph(note, t("Percentages are"), " ", t(BASES[base]), ".")


def _by_votes(result: Result) -> list[Total]:
    _, last = _last_choice(result)
    return sorted(last.totals if last else result.totals, key=lambda total: -total.votes)


def _last_choice(result: Result) -> tuple[int, Round | None]:
    """Of ranked ballots the last round with several options, and its number from 1.

    Where all others tie for last, one more round follows, in which one option has all that is left.
    """
    rounds = result.ranked.rounds if result.ranked else ()
    several = [(place, shown) for place, shown in enumerate(rounds, 1) if len(shown.totals) > 1]
    return several[-1] if several else (0, None)


def _starred(result: Result, total: Total) -> str:
    return result.options[total.option] + (" ★" if total.option in result.winners else "")


def _held(t: Translator, result: Result, total: Total) -> str:
    if result.method is not Method.APPROVAL:
        return _amount(total)
    share = f"{total.percent:.1f} %"
    return t("approved by {n} of {all} ({share})", n=total.votes, all=total.base, share=share)


def _amount(total: Total) -> str:
    return f"{total.votes} ({total.percent:.1f} %)"


def _turnout(t: Translator, poll: Poll, result: Result) -> Iterator[str]:
    yield t.count("{n} ballot was cast", "{n} ballots were cast", result.cast) + (
        t(", {invalid} of them invalid.", invalid=result.invalid) if result.invalid else "."
    )
    if result.quorum:
        reached = t("reached") if result.quorum.reached else t("not reached")
        yield t("Quorum: {n}, {reached}.", n=result.quorum.needed, reached=reached)
    if poll.state is State.OPEN:
        yield t("The poll is still open, so this can change.")


def _rounds(t: Translator, result: Result) -> Text:
    rounds = result.ranked.rounds if result.ranked else ()
    return text(*(_round(t, result, number, shown) for number, shown in enumerate(rounds, 1)))


def _round(t: Translator, result: Result, number: int, shown: Round) -> Text:
    held = ", ".join(
        f"{result.options[total.option]} {_amount(total)}" for total in sorted(shown.totals, key=lambda x: -x.votes)
    )
    extra = []
    if shown.exhausted:
        extra.append(t("{n} exhausted", n=shown.exhausted))
    if shown.overvoted:
        extra.append(t("{n} void by a shared rank", n=shown.overvoted))
    if shown.eliminated:
        extra.append(t("out: {names}", names=", ".join(result.options[index] for index in shown.eliminated)))
    if shown.tied and not shown.eliminated:
        tied = ", ".join(result.options[index] for index in shown.tied)
        extra.append(t("tied for last: {names}; the order decides, so all orders were tried", names=tied))
    rest = f" – {'; '.join(extra)}" if extra else ""
    return bullets([(Bold(t("Round {n}: ", n=number)), Plain(f"{held}{rest}"))])


def _pairwise(t: Translator, result: Result) -> Text:
    if result.ranked is None:
        return ()
    pairwise = result.ranked.pairwise
    names = result.options
    if pairwise.condorcet_winner is None:
        circle = ", ".join(names[index] for index in pairwise.smith_set)
        return text(
            t("No option beats every other. The smallest group that beats all outside it: {names}.", names=circle)
        )
    best = pairwise.condorcet_winner
    against = [
        (Plain(f"{names[best]} {pairwise.prefer[best][other]} – {pairwise.prefer[other][best]} {names[other]}"),)
        for other in range(len(names))
        if other != best
    ]
    same = result.winners == (best,)
    note = "" if same else t("This is not the winner by instant run-off, which decides here.")
    return text(
        paragraph(t("Beats every other one against one (Condorcet winner): "), Bold(names[best]), "."),
        bullets(against),
        note,
    )


def _scores(t: Translator, result: Result) -> Text:
    averages = result.score.averages if result.score else ()
    listed = sorted(zip(result.options, averages, result.totals, strict=True), key=lambda option: -option[2].votes)
    return bullets(
        (Plain(f"{name}: "), Plain(t("average {average}, total {total}", average=f"{average:.2f}", total=total.votes)))
        for name, average, total in listed
    )


def _finals(t: Translator, result: Result) -> Text:
    finals = result.score.finals if result.score else ()
    return bullets(_final(t, result, final) for final in finals)


def _final(t: Translator, result: Result, final: Final) -> str:
    first, second = final.totals
    line = f"{result.options[first.option]} {_amount(first)} – {_amount(second)} {result.options[second.option]}"
    notes = [t("{n} without a preference", n=final.no_preference)] if final.no_preference else []
    if final.decided_by in DECIDERS:
        notes.append(t(DECIDERS[final.decided_by]))
    return " – ".join((line, *notes))
