"""The details behind a result: each count, and the rules. Pure functions; every rule has its words."""

from __future__ import annotations

from collections.abc import Mapping

from bot.chat.markup import Bold, Code, Plain, Text, bullets, paragraph, text
from bot.chat.vocabulary import Action, Button, Card, Field, Tone
from bot.commands.poll_labels import HOW, joined, listed, page_line
from bot.i18n import N_, Translator, percent
from bot.polls.counting.ballots import Method
from bot.polls.counting.results import Base, Decider, Final, Result, Round, Rule, Total
from bot.polls.discrepancies import NOT_WHOLE
from bot.polls.model import Poll

OPTIONS_SHOWN = 6
"""Options that a round names; the chart and the export have them all."""
FINALS_SHOWN = 5

RULES: Mapping[Rule, str] = {
    Rule.TIE_REPORTED: N_("A tie is reported as a tie: no lot and no order of the options decides."),
    Rule.MOST_VOTES_WIN: N_("The most votes win, with or without a majority."),
    Rule.MOST_APPROVALS_WIN: N_("The most approvals win, with or without a majority."),
    Rule.MAJORITY_OF_CONTINUING: N_(
        "The option with more than half of the continuing ballots wins; until then, the last one goes."
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
    Rule.UNRANKED_BELOW_RANKED: N_("One against one, a ranked option beats an unranked one."),
    Rule.BLANK_SCORES_ZERO: N_("An option left blank scores 0."),
    Rule.TWO_HIGHEST_TOTALS_MEET: N_("The two highest totals meet; the one scored higher on more ballots wins."),
    Rule.SCORE_TIE_PREFERENCES_THEN_FIVES: N_(
        "A tie for a place in the run-off goes to the option that more ballots prefer, then to more fives."
    ),
    Rule.FINAL_TIE_TOTAL_THEN_FIVES: N_(
        "A tie in the run-off goes to the higher total, then to the option with more fives."
    ),
    Rule.NO_OBJECTION_PASSES: N_("The proposal passes where no objection stands. One objection stops it."),
    Rule.SILENCE_IS_NO_CONSENT: N_("It takes at least one ballot. Abstentions count for the quorum."),
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


def rules_card(t: Translator, poll: Poll, result: Result) -> Card:
    """Draw the rules behind a result, and the base of its percentages."""
    return Card(
        title=t("How it was counted"),
        body=text(paragraph(Bold(poll.question)), t(HOW[poll.method]), rules(t, result)),
        poll=poll.id,
        controls=(back(t, poll),),
    )


def rounds_card(t: Translator, poll: Poll, result: Result) -> Card:
    """Draw the rounds of ranked ballots, or the totals and the run-off of scored ones."""
    return Card(
        title=t("Rounds"),
        body=text(paragraph(Bold(poll.question))),
        fields=rounds(t, result),
        poll=poll.id,
        controls=(back(t, poll),),
    )


def record_card(t: Translator, poll: Poll, *, holds: bool, page: str = "") -> Card:
    """Say whether a fresh check of the poll's record holds, and how anybody can repeat it.

    `page` is the address of its page, if it has one.
    """
    verdict = t("✔ The record is intact") if holds else t("✖ The record doesn't add up")
    rows = (
        (t("Ballots: "), Plain(str(poll.ballots))),
        (t("Links of the chain: "), Plain(str(poll.links))),
        (t("Chain head: "), Code(poll.head)),
    )
    return Card(
        title=t("The record"),
        body=text(
            paragraph(Bold(poll.question)),
            paragraph(Bold(verdict), " · ", t("recomputed right now")),
            "" if holds else t(NOT_WHOLE),
            bullets((Bold(name), value) for name, value in rows),
            t("To check it yourself: /poll receipt finds your ballot, and the files hold what a recount takes."),
            page_line(t, poll, page),
        ),
        poll=poll.id,
        tone=Tone.GOOD if holds else Tone.BAD,
        controls=(Button(t("Save the files"), Action("poll-export", (poll.id,))), back(t, poll)),
    )


def back(t: Translator, poll: Poll) -> Button:
    return Button(t("Back to the result"), Action("poll-results", (poll.id,)))


def rules(t: Translator, result: Result) -> Text:
    """Write the rules as a list, the base of the percentages last."""
    return bullets((*(t(RULES[rule]) for rule in result.rules), base(t, result)))


def base(t: Translator, result: Result) -> str:
    """Name the base of the percentages."""
    if result.method is Method.APPROVAL:
        return t("Percentages are of all valid ballots; each may approve of several options.")
    last = result.ranked.rounds[-1] if result.ranked and result.ranked.rounds else None
    return base_of(t, last.percent_of if last else result.percent_of)


def base_of(t: Translator, percent_of: Base) -> str:
    return t("Percentages are {base}.", base=t(BASES[percent_of]))


def rounds(t: Translator, result: Result) -> tuple[Field, ...]:
    """Return the counts of a method with rounds; nothing for single choice and approval."""
    if not result.valid:
        return ()
    if result.ranked:
        return (Field(t("Rounds"), _rounds(t, result)), Field(t("One against one"), _pairwise(t, result)))
    if result.score:
        return (Field(t("Scores"), _scores(t, result)), Field(t("Run-off"), _finals(t, result)))
    return ()


def details(t: Translator, result: Result) -> tuple[Field, ...]:
    """Return everything behind the result, for a page or a terminal that shows it at once."""
    return (*rounds(t, result), Field(t("How it was counted"), rules(t, result)))


def amount(total: Total) -> str:
    return f"{total.votes} ({percent(total.percent)})"


def _rounds(t: Translator, result: Result) -> Text:
    rounds = result.ranked.rounds if result.ranked else ()
    return text(*(_round(t, result, number, each) for number, each in enumerate(rounds, 1)), tie_reason(t, result))


def tie_reason(t: Translator, result: Result) -> str:
    """Say why a ranked count ends before one option holds a majority; empty if it doesn't.

    The numbers of the last round alone would suggest another winner than the result's.
    """
    rounds = result.ranked.rounds if result.ranked else ()
    if not rounds or rounds[-1].eliminated or len(rounds[-1].tied) in {0, len(rounds[-1].totals)}:
        return ""
    names = joined(t, [result.options[index] for index in rounds[-1].tied])
    if not result.exact:
        return t(
            "In round {n}, {names} tie for last. There are too many orders of elimination to try.",
            n=len(rounds),
            names=names,
        )
    return t(
        "In round {n}, {names} tie for last, and who goes first decides who wins. Every order was tried.",
        n=len(rounds),
        names=names,
    )


def _round(t: Translator, result: Result, number: int, tally_round: Round) -> Text:
    totals = listed(
        t,
        [
            f"{result.options[total.option]} {amount(total)}"
            for total in sorted(tally_round.totals, key=lambda total: -total.votes)
        ],
        OPTIONS_SHOWN,
    )
    extra = []
    if tally_round.exhausted:
        extra.append(t("{n} exhausted", n=tally_round.exhausted))
    if tally_round.overvoted:
        extra.append(t("{n} void by a shared rank", n=tally_round.overvoted))
    if tally_round.eliminated:
        extra.append(t("out: {names}", names=listed(t, [result.options[index] for index in tally_round.eliminated])))
    rest = f" – {'; '.join(extra)}" if extra else ""
    return bullets([(Bold(t("Round {n}: ", n=number)), Plain(f"{totals}{rest}"))])


def _pairwise(t: Translator, result: Result) -> Text:
    if result.ranked is None:
        return ()
    pairwise = result.ranked.pairwise
    names = result.options
    if pairwise.condorcet_winner is None:
        circle = listed(t, [names[index] for index in pairwise.smith_set], OPTIONS_SHOWN)
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
    note = "" if same else t("This isn't the winner by instant run-off, which decides here.")
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
    more = len(finals) - FINALS_SHOWN
    return text(
        bullets(_final(t, result, final) for final in finals[:FINALS_SHOWN]),
        t.count("and {n} more possible pair", "and {n} more possible pairs", more) if more > 0 else "",
    )


def _final(t: Translator, result: Result, final: Final) -> str:
    first, second = final.totals
    line = f"{result.options[first.option]} {amount(first)} – {amount(second)} {result.options[second.option]}"
    notes = [t("{n} without a preference", n=final.no_preference)] if final.no_preference else []
    if final.decided_by in DECIDERS:
        notes.append(t(DECIDERS[final.decided_by]))
    return " – ".join((line, *notes))
