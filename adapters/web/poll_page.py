"""The page of one poll, as HTML. Pure functions over a `View`; what may not be seen yet is not in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from adapters.web.elements import Child, Html, el, joined, text_html
from adapters.web.render import image_src
from bot.chat import Image
from bot.commands import poll_cards
from bot.i18n import N_, Translator
from bot.polls.audit import NOT_WHOLE, Finding
from bot.polls.ballots import Method
from bot.polls.model import Poll, Results, State
from bot.polls.results import Result

FINDINGS_SHOWN = 20

STATES: Mapping[State, str] = {
    State.OPEN: N_("Open"),
    State.CLOSED: N_("Closed"),
    State.CANCELLED: N_("Cancelled"),
}
TOTALS: Mapping[Method, str] = {
    Method.SINGLE: N_("Votes"),
    Method.APPROVAL: N_("Approvals"),
    Method.RANKED: N_("First choices"),
    Method.SCORE: N_("Points"),
}
LATER: Mapping[Results, str] = {
    Results.AT_CLOSE: N_("The result is shown here when the poll closes. Until then only the turnout is told."),
    Results.AFTER_VOTE: N_(
        "The result is shown here when the poll closes. Until then those who have voted see it in the chat."
    ),
}


@dataclass(frozen=True, slots=True)
class Audit:
    """What was found when the record of a poll was last recomputed, up to which link."""

    links: int
    findings: Sequence[Finding]
    at: datetime


@dataclass(frozen=True, slots=True)
class View:
    """Everything that the page shows. `result` is None where it may not be seen (yet).

    With `style` the page is for readers who are no members: it stands alone, shows no ballot by name, and has nothing
    to press.
    """

    poll: Poll
    zone: tzinfo
    now: datetime
    audit: Audit
    result: Result | None = None
    image: Image | None = None
    voters: Sequence[tuple[str, str]] = ()
    style: str = ""

    @property
    def outside(self) -> bool:
        return bool(self.style)


def page(t: Translator, view: View) -> Html:
    """The whole document."""
    poll = view.poll
    sections = [
        _section("head", _head(t, view)),
        _section("result", _result(t, view)),
        _section("rules", _rules(t, view)),
        _section("record", _record(t, view)),
        el("section", *_receipts(t, view)),
        _section("export", _export(t, view)),
        el("section", *_secrecy(t, view)),
    ]
    main = el("main", *sections, id="poll", data_poll=poll.id, data_state=poll.state.value)
    return _document(t, poll.question, main, view.style)


def missing(t: Translator, style: str = "") -> Html:
    """For an address under which there is no poll, or none that may be seen here."""
    return _told(t, t("There is no such poll here"), t("It may have been deleted, or the address is wrong."), style)


def later(t: Translator, style: str = "") -> Html:
    """For when the database can't be read."""
    return _told(t, t("This page can't be shown just now"), t("Try again in a moment."), style)


def _told(t: Translator, title: str, sentence: str, style: str) -> Html:
    main = el("main", el("section", el("h1", title), el("p", sentence)))
    return _document(t, title, main, style)


def _document(t: Translator, title: str, main: Html, style: str) -> Html:
    head = (
        el("meta", charset="utf-8"),
        el("meta", name="viewport", content="width=device-width, initial-scale=1"),
        el("meta", name="color-scheme", content="light dark"),
        el("title", f"{title} · Parley"),
        *((el("style", Html(style)),) if style else _linked()),
    )
    top = "Parley" if style else el("a", t("Parley: to the chat"), href="/")
    body = (el("header", top), main, el("p", id="hearing", class_="unseen", role="status"))
    return Html("<!doctype html>\n" + el("html", el("head", *head), el("body", *body), lang=t.locale))


def _linked() -> tuple[Html, ...]:
    return (
        el("link", rel="icon", href="/static/icon.svg", type="image/svg+xml"),
        el("link", rel="stylesheet", href="/static/theme.css"),
        el("link", rel="stylesheet", href="/static/poll.css"),
        el("script", type="module", src="/static/poll.js"),
    )


def _section(name: str, children: Iterator[Html]) -> Html:
    """A part of the page that is drawn anew while the poll goes on."""
    return el("section", *children, data_live=name)


# --- what is shown --------------------------------------------------------------------------------------------------


def _head(t: Translator, view: View) -> Iterator[Html]:
    poll = view.poll
    yield el("p", el("span", t(STATES[poll.state]), class_="state", data_state=poll.state.value))
    yield el("h1", poll.question, dir="auto")
    told: list[Child] = [t(poll_cards.METHODS[poll.method]), t.count("{n} ballot", "{n} ballots", poll.ballots)]
    if poll.state is State.OPEN:
        told += [joined([t("closes"), " ", _time(view, poll.closes_at)]), time_left(t, poll.closes_at - view.now)]
    elif poll.closed_at:
        ended = t("closed") if poll.state is State.CLOSED else t("cancelled")
        told.append(joined([ended, " ", _time(view, poll.closed_at)]))
    yield el("ul", *(el("li", each) for each in told), class_="facts")


def time_left(t: Translator, span: timedelta) -> str:
    """How long it is until the close, in the unit that says it best."""
    minutes = int(span.total_seconds()) // 60
    if span.total_seconds() <= 0:
        return t("closing now")
    if minutes < 1:
        return t("less than a minute left")
    if span < timedelta(hours=1):
        return t.count("{n} minute left", "{n} minutes left", minutes)
    if span < timedelta(days=2):
        return t.count("{n} hour left", "{n} hours left", round(span / timedelta(hours=1)))
    return t.count("{n} day left", "{n} days left", round(span / timedelta(days=1)))


def _result(t: Translator, view: View) -> Iterator[Html]:
    poll, result = view.poll, view.result
    if result is None:
        yield el("h2", t("Options"))
        yield el("ol", *(el("li", option.name, dir="auto") for option in poll.options))
        cancelled = poll.state is State.CANCELLED
        said = t("This poll was cancelled. Its ballots were not counted.") if cancelled else t(LATER[poll.results])
        yield el("p", said, class_="note")
        return
    yield el("h2", t("Result") if poll.state is State.CLOSED else t("So far"))
    yield el("p", poll_cards.outcome(t, poll, result), class_="outcome", dir="auto")
    if view.image:
        picture = el("img", src=image_src(view.image), alt=view.image.alt)
        yield el("div", picture, class_="chart", tabindex="0", role="region", aria_label=t("Chart"))
    yield from _numbers(t, poll, result)
    fields = poll_cards.result_card(t, poll, result).fields
    yield el(
        "div",
        *(el("div", el("h3", field.name), text_html(field.value)) for field in fields),
        class_="fields",
        dir="auto",
    )
    if view.voters:
        lines = (el("li", el("strong", name), f": {ballot}", dir="auto") for name, ballot in view.voters)
        yield el("h3", t("Who voted for what"))
        yield el("ul", *lines)


def _numbers(t: Translator, poll: Poll, result: Result) -> Iterator[Html]:
    names = [result.options[total.option] for total in result.totals]
    rows = (
        el(
            "tr",
            el("th", name, scope="row", dir="auto"),
            el("td", str(total.votes)),
            el("td", f"{total.percent:.1f} %"),
        )
        for name, total in zip(names, result.totals, strict=True)
    )
    heads = (t("Option"), t(TOTALS[poll.method]), t("Share"))
    base = f"{t('Percentages are')} {t(poll_cards.BASES[result.percent_of])}."
    table = el(
        "table",
        el("caption", base),
        el("thead", el("tr", *(el("th", head, scope="col") for head in heads))),
        el("tbody", *rows),
    )
    yield el("details", el("summary", t("The numbers as a table")), table)


def _rules(t: Translator, view: View) -> Iterator[Html]:
    yield el("h2", t("Rules"))
    yield el("ul", *(el("li", each) for each in _rule_words(t, view)))


def _rule_words(t: Translator, view: View) -> Iterator[Child]:
    poll = view.poll
    yield t(poll_cards.HOW[poll.method])
    if poll.method is Method.APPROVAL and poll.max_choices < len(poll.options):
        yield t.count("At most {n} option.", "At most {n} options.", poll.max_choices)
    yield joined([t("Opened"), " ", _time(view, poll.opened_at), "."])
    if poll.state is State.OPEN:
        yield t(poll_cards.RESULTS[poll.results])
        yield t("A vote can be changed or withdrawn until the close.")
    if poll.quorum:
        yield t.count("Quorum: {n} ballot.", "Quorum: {n} ballots.", poll.quorum)
    if poll.roles:
        yield t("Only members with a certain role may vote.")
    if poll.joined_before:
        yield t("Only those who had joined before the poll opened may vote.")
    if len(poll.communities) > 1:
        yield t("This poll runs in several communities. Accounts are not linked: whoever is in two could vote in both.")


# --- what can be checked --------------------------------------------------------------------------------------------


def _record(t: Translator, view: View) -> Iterator[Html]:
    poll, audit = view.poll, view.audit
    yield el("h2", t("Audit"))
    yield el(
        "p",
        t(
            "Each vote, change and withdrawal adds a link to a chain of hashes, and so does the close. A link holds a "
            "commitment, never the choice. The head stands for all links before it: whoever has noted it can tell later "
            "that nothing was changed."
        ),
    )
    verdict = t("Everything holds") if not audit.findings else t("It does not hold")
    mark = el("strong", f"{'✖' if audit.findings else '✔'} {verdict}", data_whole="no" if audit.findings else "yes")
    checked = t("recomputed up to link {n}", n=audit.links)
    rows = (
        (t("Chain head"), el("code", poll.head)),
        (t("Links"), str(poll.links)),
        (t("Record"), joined([mark, " · ", checked, " · ", _time(view, audit.at)])),
    )
    yield el("dl", *(joined([el("dt", name), el("dd", value)]) for name, value in rows))
    yield from _findings(t, view)


def _findings(t: Translator, view: View) -> Iterator[Html]:
    """Where the record does not hold. Outsiders learn that, and no more."""
    findings = view.audit.findings
    if not findings:
        return
    yield el("p", t(NOT_WHOLE), class_="note")
    if not view.outside:
        yield el("ul", *(el("li", str(finding)) for finding in findings[:FINDINGS_SHOWN]), class_="findings")


def _receipts(t: Translator, view: View) -> Iterator[Html]:
    poll = view.poll
    yield el("h2", t("Check a receipt"))
    yield el(
        "p",
        t(
            "Whoever votes gets a receipt. It proves that the ballot is counted and never tells how it was voted, so "
            "anybody may check it, also after the close."
        ),
    )
    if view.outside:
        yield el("p", t("That is done in the chat, with /poll receipt. There, /poll export saves the ballots too."))
        return
    box = el(
        "input",
        id="code",
        name="code",
        type="text",
        maxlength="80",
        required=True,
        autocomplete="off",
        autocapitalize="characters",
        spellcheck="false",
        placeholder=f"{poll.id}-ABCD-EFGH-JKLM-NPQR",
    )
    yield el(
        "form",
        el("label", t("Receipt"), for_="code"),
        el("div", box, el("button", t("Check"), type="submit"), class_="row"),
        el("p", id="answer", role="status"),
        id="receipt",
        data_failed=t("The bot does not answer. Try again in a moment."),
    )


def _export(t: Translator, view: View) -> Iterator[Html]:
    poll = view.poll
    if view.outside or poll.state is State.CANCELLED:
        return
    yield el("h2", t("Export"))
    if poll.state is State.OPEN:
        said = t("The ballots can be saved here once the poll is closed: before, that could reveal how somebody voted.")
        yield el("p", said)
        return
    yield el(
        "p", t("The ballots as a table, and everything that it takes to check the count with a program of one's own.")
    )
    files = (("csv", t("Ballots (CSV)")), ("json", t("Ballots and record (JSON)")))
    links = (
        el("a", label, class_="button", href=f"/polls/{poll.id}/export.{kind}", download=True) for kind, label in files
    )
    yield el("p", *links, class_="row")


def _secrecy(t: Translator, view: View) -> Iterator[Html]:
    poll = view.poll
    if not poll.secret:
        yield el("h2", t("A named poll"))
        yield el("p", t(poll_cards.NAMED))
        return
    yield el("h2", t("What is secret here"))
    yield el("ul", *(el("li", t(each)) for each in poll_cards.SECRECY))
    yield el("p", t(poll_cards.STORED))


def _time(view: View, at: datetime) -> Html:
    return el("time", f"{at.astimezone(view.zone):%Y-%m-%d %H:%M %Z}", datetime=at.isoformat())
