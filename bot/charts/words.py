"""The sentences of a chart: its headings and notes, and the alt text with the picture's content."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from bot.charts.text import clean, facing, shorten
from bot.i18n import N_, Translator, number, percent
from bot.polls.counting.ballots import OBJECT, Method
from bot.polls.counting.results import Base, Decider, Final, Result, Round, Total
from bot.polls.model import OPTION_NAME_MAX

ALT_MAX = 1000
"""Characters of an alt text; Slack takes no more from a file's description."""
_TITLE_IN_ALT = 140
_NAMED_IN_A_TIE = 4
_NAME_LENGTHS = (75, 48, 32, 22, 14)
_TIED_AT_LEAST = 40

_METHODS = {
    Method.SINGLE: N_("One choice each"),
    Method.APPROVAL: N_("Approval"),
    Method.RANKED: N_("Ranked choice, instant run-off"),
    Method.SCORE: N_("Scores 0 to 5, STAR run-off"),
    Method.CONSENT: N_("Consent"),
}
_BASES = {
    Base.VALID_BALLOTS: N_("Percentages are of all valid ballots."),
    Base.CONTINUING_BALLOTS: N_("Percentages are of the ballots that still count in the round."),
    Base.HIGHEST_SCORE: N_("Averages are over all valid ballots, out of 5; a blank score is 0."),
    Base.PREFERRING_BALLOTS: N_("Run-off percentages are of the ballots that prefer one of the two."),
}
_DECIDERS = {
    Decider.PREFERENCES: "",
    Decider.TOTAL: N_("Equal preferences: the higher total decided the run-off."),
    Decider.FIVES: N_("Equal preferences and totals: the number of fives decided the run-off."),
    Decider.NOTHING: N_("Preferences, totals and fives are equal: the run-off is a tie."),
}


def consent_outcome(t: Translator, result: Result, *, final: bool) -> str:
    """Say in a sentence whether a consent poll's proposal passes."""
    against = result.totals[OBJECT].votes
    if not result.valid:
        return t("Nobody voted, so the proposal doesn't pass.")
    if not final:
        return t("So far nobody objects.") if not against else t("So far an objection stands.")
    if result.quorum and not result.quorum.reached:
        return t("The quorum wasn't reached, so the proposal doesn't pass.")
    if against:
        return t.count(
            "{n} objection stands, so the proposal doesn't pass.",
            "{n} objections stand, so the proposal doesn't pass.",
            against,
        )
    return t("No objection stands: the proposal passes.")


@dataclass(frozen=True, slots=True)
class Words:
    """A result with its options' names, cleaned, in the reader's language. `final` is False while a poll is open."""

    result: Result
    names: tuple[str, ...]
    t: Translator
    final: bool

    @classmethod
    def of(cls, result: Result, options: Sequence[str], t: Translator, *, final: bool) -> Words:
        """Clean the names; a name that becomes empty is replaced by a number."""
        names = (clean(name) or t("Option {number}", number=place) for place, name in enumerate(options, 1))
        return cls(result, tuple(names), t, final)

    def heading(self) -> str:
        """The kind of result."""
        t = self.t
        method = t(_METHODS[self.result.method])
        most = self.result.max_choices
        if self.result.method is Method.APPROVAL and most is not None and most < len(self.names):
            method = t.count("Approval of at most {n} option", "Approval of at most {n} options", most)
        return t("Result · {method}", method=method) if self.final else t("Interim result · {method}", method=method)

    @property
    def decided(self) -> bool:
        """Whether the numbers decide the poll: it is closed and has its quorum."""
        return self.final and (self.result.quorum is None or self.result.quorum.reached)

    def counted(self) -> str:
        """The unit of the options' counts."""
        return self.t("Approvals") if self.result.method is Method.APPROVAL else self.t("Votes")

    def mark(self) -> str:
        """The word beside each of the winners."""
        if self.result.tie:
            return self.t("Tied") if self.result.exact else self.t("Not ruled out")
        return self.t("Winner") if self.decided else self.t("Ahead")

    @property
    def winners(self) -> Sequence[int]:
        """The options that a picture marks. Of a consent poll none: no answer to a proposal wins against another."""
        return () if self.result.method is Method.CONSENT else self.result.winners

    def outcome(self, longest: int = OPTION_NAME_MAX) -> str:
        """The winner or winners, or the reason why there is none."""
        t, result = self.t, self.result
        if result.method is Method.CONSENT:
            return consent_outcome(t, result, final=self.final).removesuffix(".")
        if not result.winners:
            return t("No valid ballots") if self.final else t("No valid ballots yet")
        who = self.listed(result.winners, max(longest, _TIED_AT_LEAST) if len(result.winners) > 1 else OPTION_NAME_MAX)
        if not result.exact:
            return t("Too many ties to try every order. Not ruled out: {options}", options=who)
        if result.tie:
            if self.decided:
                return t.count(
                    "Tie of {n} option: {options}", "Tie of {n} options: {options}", len(result.winners), options=who
                )
            return t("Level: {options}", options=who)
        return t("Winner: {option}", option=who) if self.decided else t("Ahead: {option}", option=who)

    def quorum(self) -> str:
        """Whether the quorum is reached; empty without one."""
        quorum, t = self.result.quorum, self.t
        if quorum is None:
            return ""
        needed = number(quorum.needed)
        if quorum.reached:
            return t("Quorum of {needed}: reached.", needed=needed)
        if self.final:
            return t("Quorum of {needed}: not reached. Nothing is decided.", needed=needed)
        return t("Quorum of {needed}: not reached yet.", needed=needed)

    def ballots(self) -> str:
        """The numbers of ballots cast and of valid ones."""
        result, t = self.result, self.t
        cast = t.count("{cast} ballot", "{cast} ballots", result.cast, cast=number(result.cast))
        if not result.invalid:
            return t("{ballots}, all valid.", ballots=cast) if result.cast else t("{ballots}.", ballots=cast)
        return t(
            "{ballots}: {valid} valid, {invalid} invalid.",
            ballots=cast,
            valid=number(result.valid),
            invalid=number(result.invalid),
        )

    def name(self, option: int, longest: int = OPTION_NAME_MAX) -> str:
        """An option's name, shortened to this length."""
        return facing(shorten(self.names[option], longest))

    def listed(self, options: Sequence[int], longest: int = OPTION_NAME_MAX) -> str:
        """Options by name; only the first four if there are many."""
        names = [self.name(option, longest) for option in options[:_NAMED_IN_A_TIE]]
        more = len(options) - len(names)
        if more:
            return self.t.count("{options} and {n} more", "{options} and {n} more", more, options=", ".join(names))
        return self.joined(names)

    def joined(self, names: Sequence[str]) -> str:
        """A list in words."""
        *before, last = names
        return self.t("{options} and {last}", options=", ".join(before), last=last) if before else last

    def notes(self) -> list[str]:
        """Notes on how to read the numbers."""
        result, t = self.result, self.t
        if not result.valid:
            return []
        if result.ranked is not None:
            half = t("The mark on each bar is half of them.")
            return [t(_BASES[Base.CONTINUING_BALLOTS]) + " " + half, *self._runoff_notes(), self.condorcet()]
        if result.score is not None:
            return [t(_BASES[Base.HIGHEST_SCORE]), t(_BASES[Base.PREFERRING_BALLOTS]), *self._final_notes()]
        if result.method is Method.APPROVAL:
            return [t("Percentages are of all valid ballots; each may approve of several options.")]
        return [t(_BASES[result.percent_of])]

    def _runoff_notes(self) -> Iterator[str]:
        rounds = self.result.ranked.rounds if self.result.ranked else ()
        if rounds and rounds[-1].exhausted:
            yield self.t("Exhausted: every option ranked on the ballot is eliminated.")
        if rounds and rounds[-1].overvoted:
            yield self.t("Void: the ballot reached a rank that several options share.")

    def condorcet(self) -> str:
        """The comparison of the options one by one."""
        ranked = self.result.ranked or self.result.score
        if ranked is None or not self.result.valid:
            return ""
        if ranked.pairwise.condorcet_winner is not None:
            name = self.name(ranked.pairwise.condorcet_winner)
            return self.t("One against one, {option} beats every other option (Condorcet winner).", option=name)
        who = self.listed(ranked.pairwise.smith_set, 40)
        return self.t(
            "One against one, no option beats every other. No option outside this group beats one in it: {options}.",
            options=who,
        )

    def _final_notes(self) -> Iterator[str]:
        finals = self.result.score.finals if self.result.score else ()
        if len(finals) > 1:
            yield self.t("The tie for a place in the run-off stays a tie, so every possible pair counts.")
        elif finals and _DECIDERS[finals[0].decided_by]:
            yield self.t(_DECIDERS[finals[0].decided_by])

    def alt(self, title: str, order: Sequence[int]) -> str:
        """Describe the picture in at most 1000 characters, with names as long as fit."""
        head = (self.heading() + ".", _sentence(shorten(clean(title), _TITLE_IN_ALT)))
        for longest in _NAME_LENGTHS:
            start = " ".join(filter(None, (*head, self.outcome(longest) + ".", self.ballots(), self.quorum())))
            for details in self._details():
                whole = " ".join(filter(None, (start, *details(order, longest))))
                if len(whole) <= ALT_MAX:
                    return whole
        return self._cut(start, list(self._details()[-1](order, longest)))

    def _cut(self, start: str, sentences: Sequence[str]) -> str:
        """The sentences that fit, and the number of missing ones."""
        for size in range(len(sentences) - 1, -1, -1):
            left_out = len(sentences) - size
            more = self.t.count("{n} more number in the picture.", "{n} more numbers in the picture.", left_out)
            whole = " ".join((start, *sentences[:size], more))
            if len(whole) <= ALT_MAX:
                return whole
        return shorten(start, ALT_MAX)

    def alt_pairwise(self, title: str) -> str:
        """Describe the pairwise picture: who beats everybody, and the closest and widest of its numbers."""
        ranked = self.result.ranked or self.result.score
        duels = ranked.pairwise.prefer if ranked else ()
        wins = [sum(duels[a][b] > duels[b][a] for b in range(len(duels))) for a in range(len(duels))]
        places = sorted(range(len(wins)), key=lambda option: (-wins[option], option))
        for longest in _NAME_LENGTHS:
            totals = [
                self.t.count("{option}: {n} win", "{option}: {n} wins", wins[o], option=self.name(o, longest))
                for o in places
            ]
            whole = " ".join((shorten(title, _TITLE_IN_ALT), self.condorcet(), ", ".join(totals) + "."))
            if len(whole) <= ALT_MAX - 150:
                return whole
        return shorten(whole, ALT_MAX - 150)

    def _details(self) -> tuple[Callable[[Sequence[int], int], Iterable[str]], ...]:
        """The descriptions of the options: in full first, then in short."""
        if self.result.ranked is not None and self.result.valid:
            return (self._every_round, self._every_round_in_short, self._last_round)
        return (self._each_option, self._each_in_short)

    def _each_option(self, order: Sequence[int], longest: int) -> Iterator[str]:
        score = self.result.score
        for option in order:
            total = self.result.totals[option]
            name = self.name(option, longest)
            if score is None:
                yield self.t(
                    "{option}: {votes} ({percent}).",
                    option=name,
                    votes=number(total.votes),
                    percent=percent(total.percent),
                )
            else:
                average = f"{score.averages[option]:.2f}"
                yield self.t(
                    "{option}: {votes}, average {average}.", option=name, votes=number(total.votes), average=average
                )
        for final in score.finals[:3] if score else ():
            yield self.final_sentence(final, longest)

    def _each_in_short(self, order: Sequence[int], longest: int) -> Iterator[str]:
        score, totals = self.result.score, self.result.totals
        numbers = (
            f"{self.name(o, longest)} {score.averages[o]:.2f}"
            if score
            else f"{self.name(o, longest)} {number(totals[o].votes)}"
            for o in order
        )
        yield (
            self.t("Averages: {options}.", options=", ".join(numbers))
            if score
            else self.t("Approvals: {options}.", options=", ".join(numbers))
            if self.result.method is Method.APPROVAL
            else self.t("Votes: {options}.", options=", ".join(numbers))
        )
        for final in score.finals[:1] if score else ():
            yield self.final_sentence(final, longest)

    def final_sentence(self, final: Final, longest: int) -> str:
        """The result of STAR's run-off."""
        first, second = final.totals
        return self.t(
            "Run-off: {first} {votes}, {second} {others}, no preference {equal}.",
            first=self.name(first.option, longest),
            votes=number(first.votes),
            second=self.name(second.option, longest),
            others=number(second.votes),
            equal=number(final.no_preference),
        )

    def _every_round(self, order: Sequence[int], longest: int) -> Iterator[str]:
        rounds = self.result.ranked.rounds if self.result.ranked else ()
        for place, one in enumerate(rounds, 1):
            yield self._round(place, one, order, longest)
        yield self.condorcet()

    def _every_round_in_short(self, order: Sequence[int], longest: int) -> Iterator[str]:
        """Percentages in the last round only."""
        rounds = self.result.ranked.rounds if self.result.ranked else ()
        for place, one in enumerate(rounds, 1):
            yield self._round(place, one, order, longest, shares=place == len(rounds))

    def _last_round(self, order: Sequence[int], longest: int) -> Iterator[str]:
        rounds = self.result.ranked.rounds if self.result.ranked else ()
        yield self.t.count("{n} round.", "{n} rounds.", len(rounds))
        gone = [self.name(option, longest) for one in rounds for option in one.eliminated]
        if gone:
            yield self.t("Eliminated in this order: {options}.", options=self.joined(gone))
        yield self._round(len(rounds), rounds[-1], order, longest)

    def _round(self, place: int, one: Round, order: Sequence[int], longest: int, *, shares: bool = True) -> str:
        votes = {total.option: total for total in one.totals}
        numbers = [f"{self.name(o, longest)} {_votes(votes[o], shares=shares)}" for o in order if o in votes]
        sentences = [self.t("Round {round}: {totals}.", round=place, totals=", ".join(numbers))]
        if one.exhausted or one.overvoted:
            sentences.append(
                self.t(
                    "Exhausted {exhausted}, void {void}.", exhausted=number(one.exhausted), void=number(one.overvoted)
                )
            )
        if one.eliminated:
            gone = self.joined([self.name(option, longest) for option in one.eliminated])
            sentences.append(self.t("Eliminated: {options}.", options=gone))
        return " ".join(sentences)


def _sentence(title: str) -> str:
    """End a title as a sentence, so that it doesn't run into the next; a question ends by itself."""
    return title if unicodedata.category(title[-1:] or ".") == "Po" else f"{title}."


def _votes(total: Total, *, shares: bool) -> str:
    return f"{number(total.votes)} ({percent(total.percent)})" if shares else number(total.votes)
