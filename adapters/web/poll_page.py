"""Draw a poll's page as HTML. Pure functions over a `View`; the page never contains hidden results."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from adapters.http.html import Child, Html, el, joined, text_html
from adapters.web.render import image_src
from bot.chat.vocabulary import Image
from bot.commands import poll_labels, result_cards, result_details
from bot.i18n import N_, Translator, percent
from bot.polls.counting.ballots import Method
from bot.polls.counting.results import Result
from bot.polls.discrepancies import NOT_WHOLE, Discrepancy
from bot.polls.model import NEWEST_FORMAT, Poll, PollState, Results
from bot.polls.secrecy import Secrecy, several_communities

FINDINGS_SHOWN = 20

STATES: Mapping[PollState, str] = {
    PollState.OPEN: N_("Open"),
    PollState.CLOSED: N_("Closed"),
    PollState.CANCELLED: N_("Cancelled"),
}
TOTALS: Mapping[Method, str] = {
    Method.SINGLE: N_("Votes"),
    Method.APPROVAL: N_("Approvals"),
    Method.RANKED: N_("First choices"),
    Method.SCORE: N_("Points"),
    Method.CONSENT: N_("Votes"),
}
LATER: Mapping[Results, str] = {
    Results.AT_CLOSE: N_("You'll see the result here when the poll closes, and until then the turnout alone."),
    Results.AFTER_VOTE: N_(
        "You'll see the result here when the poll closes. Until then, members who have voted see it in the chat."
    ),
}


@dataclass(frozen=True, slots=True)
class Audit:
    """The last check of a poll's record: its findings, time, and number of links."""

    links: int
    findings: Sequence[Discrepancy]
    at: datetime


@dataclass(frozen=True, slots=True)
class View:
    """Everything that the page shows. `result` is None while it's hidden.

    With `style`, the page is for outsiders: it's self-contained, shows no ballot by name, and has no controls. With
    `token`, it's a private poll's, and its readers can save a secret poll's files.
    """

    poll: Poll
    zone: tzinfo
    now: datetime
    audit: Audit
    secrecy: Secrecy
    result: Result | None = None
    image: Image | None = None
    voters: Sequence[tuple[str, str]] = ()
    style: str = ""
    token: str = ""

    @property
    def outside(self) -> bool:
        return bool(self.style)

    @property
    def files(self) -> str:
        """Return the path of the poll's files, relative to its page; empty if this reader gets none."""
        if not self.outside:
            return f"/polls/{self.poll.id}"
        return self.token if self.poll.secret else ""


def page(t: Translator, view: View) -> Html:
    """Return the whole document."""
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
    return document(t, poll.question, main, view.style)


def missing(t: Translator, title: str, style: str = "") -> Html:
    """Return the page of an address without anything for this reader. The title names the missing thing."""
    return _notice(t, title, t("It may have been deleted, or the address is wrong."), style)


def later(t: Translator, style: str = "") -> Html:
    """Return the page for a time when the database doesn't answer."""
    return _notice(t, t("This page isn't available right now"), t("Try again in a moment."), style)


def _notice(t: Translator, title: str, sentence: str, style: str) -> Html:
    main = el("main", el("section", el("h1", title), el("p", sentence)))
    return document(t, title, main, style)


def document(t: Translator, title: str, main: Html, style: str) -> Html:
    """Return a whole document around `main`. With `style`, it's self-contained."""
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
        el("link", rel="stylesheet", href="/static/document.css"),
        el("script", type="module", src="/static/poll.js"),
    )


def _section(name: str, children: Iterator[Html]) -> Html:
    """Return a part of the page that its script replaces while the poll is open."""
    return el("section", *children, data_live=name)


# --- the poll ---------------------------------------------------------------------------------------------------------


def _head(t: Translator, view: View) -> Iterator[Html]:
    poll = view.poll
    yield el("p", el("span", t(STATES[poll.state]), class_="state", data_state=poll.state.value))
    yield el("h1", poll.question, dir="auto")
    facts: list[Child] = [t(poll_labels.METHODS[poll.method]), t.count("{n} ballot", "{n} ballots", poll.ballots)]
    if poll.state is PollState.OPEN:
        facts += [joined([t("closes"), " ", _time(view, poll.closes_at)]), time_left(t, poll.closes_at - view.now)]
    elif poll.closed_at:
        ended = t("closed") if poll.state is PollState.CLOSED else t("cancelled")
        facts.append(joined([ended, " ", _time(view, poll.closed_at)]))
    yield el("ul", *(el("li", each) for each in facts), class_="facts")


def time_left(t: Translator, span: timedelta) -> str:
    """Return the time until the close, in the largest unit that is precise enough."""
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
        cancelled = poll.state is PollState.CANCELLED
        note = t("This poll was cancelled. Its ballots don't count.") if cancelled else t(LATER[poll.results])
        yield el("p", note, class_="note")
        return
    yield el("h2", t("Result") if poll.state is PollState.CLOSED else t("So far"))
    yield el("p", result_cards.outcome(t, poll, result), class_="outcome", dir="auto")
    if reason := result_details.tie_reason(t, result):
        yield el("p", reason, dir="auto")
    if view.image:
        narrow = el("source", srcset=image_src(view.image.narrow), media="(max-width: 34rem)")
        picture = el("img", src=image_src(view.image.svg), alt=view.image.alt)
        yield el("picture", narrow if view.image.narrow else None, picture, class_="chart")
    yield from _numbers(t, poll, result)
    fields = result_details.details(t, result)
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
            el("td", percent(total.percent)),
        )
        for name, total in zip(names, result.totals, strict=True)
    )
    heads = (t("Option"), t(TOTALS[poll.method]), t("Share"))
    base = result_details.base_of(t, result.percent_of)
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
    yield t(poll_labels.HOW[poll.method])
    if poll.method is Method.APPROVAL and poll.max_choices < len(poll.options):
        yield t.count("At most {n} option.", "At most {n} options.", poll.max_choices)
    yield joined([t("Opened"), " ", _time(view, poll.opened_at), "."])
    if poll.state is PollState.OPEN:
        yield t(poll_labels.RESULTS[poll.results])
        yield t("Voters can change or withdraw their vote until the close.")
    if poll.quorum:
        yield t.count("Quorum: {n} ballot.", "Quorum: {n} ballots.", poll.quorum)
    if poll.roles:
        yield t("Only members with a certain role can vote.")
    if poll.joined_before:
        yield t("Only members who joined before the poll opened can vote.")
    yield from several_communities(t, poll)


# --- audit, receipts and export ---------------------------------------------------------------------------------------


def _record(t: Translator, view: View) -> Iterator[Html]:
    poll, audit = view.poll, view.audit
    yield el("h2", t("Audit"))
    yield el(
        "p",
        t(
            "Each vote, change and withdrawal adds a link to a chain of hashes, and so does the close. A link holds "
            "a commitment, never the choice. The head stands for all links before it. Note it down to check later "
            "that nothing has changed."
        ),
    )
    verdict = t("The record is intact") if not audit.findings else t("The record doesn't add up")
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
    """List the flaws of the record. Outsiders only learn that it has some."""
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
            "Each voter gets a receipt. It proves that the ballot is counted and never shows the vote. Anyone can "
            "check it, even after the close."
        ),
    )
    if view.outside:
        yield el("p", t("Check it in the chat with /poll receipt."))
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
        data_failed=t("The bot isn't answering. Try again in a moment."),
    )


def _export(t: Translator, view: View) -> Iterator[Html]:
    poll = view.poll
    if poll.state is PollState.CANCELLED:
        return
    if not view.files:
        if poll.state is PollState.CLOSED:
            yield el("h2", t("Export"))
            yield el("p", t("Members save the ballots in the chat with /poll export."))
        return
    yield el("h2", t("Export"))
    if poll.state is PollState.OPEN:
        note = t(
            "You can save the ballots here once the poll is closed. Before that, they could reveal how someone voted."
        )
        yield el("p", note)
        return
    yield el("p", t("The ballots as a table, and everything you need to check the count with your own program."))
    files = (("csv", t("Ballots (CSV)")), ("json", t("Ballots and record (JSON)")))
    links = (
        el("a", label, class_="button", href=f"{view.files}/export.{kind}", download=True) for kind, label in files
    )
    yield el("p", *links, class_="row")
    if poll.format == NEWEST_FORMAT and not view.outside:
        yield from _own_check(t, poll)


def _own_check(t: Translator, poll: Poll) -> Iterator[Html]:
    """Offer a script that recomputes the record on the reader's own machine."""
    yield el("p", t("This page can also recompute the record on your own computer, by a program of its own."))
    yield el("p", el("button", t("Check it here"), type="button", id="own-check"), class_="row")
    yield el(
        "p",
        id="own-answer",
        role="status",
        data_file=f"/polls/{poll.id}/export.json",
        data_whole=t("✔ Everything holds, recomputed on your computer. Compare its head with the announcement: {head}"),
        data_broken=t("✖ The record doesn't add up: {problems}"),
        data_failed=t("The bot isn't answering. Try again in a moment."),
    )


def _secrecy(t: Translator, view: View) -> Iterator[Html]:
    yield el("h2", t("What's secret here") if view.poll.secret else t("A named poll"))
    yield el("ul", *(el("li", each) for each in view.secrecy.details(t, view.poll)))
    if view.poll.secret:
        yield el("p", view.secrecy.storage(t, view.poll))


def _time(view: View, at: datetime) -> Html:
    return el("time", f"{at.astimezone(view.zone):%Y-%m-%d %H:%M %Z}", datetime=at.isoformat())
