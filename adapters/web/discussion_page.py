"""Draw a discussion's page as HTML. Pure functions; the page never contains hidden results."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, tzinfo

from adapters.http.html import Html, el, joined
from adapters.web.poll_page import STATES, document
from adapters.web.render import image_src
from bot.commands import discussion_results
from bot.commands.discussion_cards import taking_part
from bot.commands.discussion_results import letter
from bot.deliberation.model import PEOPLE_MIN, SHOWN_MIN, AnswerTotal, Discussion
from bot.deliberation.report import DiscussionReport, ReportedStatement, read_report
from bot.i18n import Translator
from bot.polls.model import PollState


def page(t: Translator, discussion: Discussion, zone: tzinfo) -> Html:
    """Return the whole document: a closed discussion's result, or why there is none."""
    sections = [el("section", *_head(t, discussion, zone))]
    if discussion.state is PollState.CLOSED:
        report = read_report(discussion.result)
        sections += [
            el("section", *_result(t, discussion, report)),
            el("section", *_statements(t, report)) if report.people else Html(""),
            el("section", *_limits(t, discussion)),
            el("section", *_files(t, discussion)),
        ]
    return document(t, discussion.question, el("main", *sections), "")


def _head(t: Translator, discussion: Discussion, zone: tzinfo) -> Iterator[Html]:
    state = discussion.state
    yield el("p", el("span", t(STATES[state]), class_="state", data_state=state.value))
    yield el("h1", discussion.question, dir="auto")
    if state is PollState.OPEN:
        closes = joined([t("closes"), " ", _time(discussion.closes_at, zone)])
        yield el("ul", el("li", taking_part(t, discussion.people)), el("li", closes), class_="facts")
        yield el("p", t("You'll see the result here when this discussion closes."), class_="note")
    elif state is PollState.CANCELLED:
        yield el("p", t("This discussion was cancelled, and its answers are deleted."), class_="note")
    elif discussion.closed_at:
        closed = joined([t("closed"), " ", _time(discussion.closed_at, zone)])
        yield el("ul", el("li", closed), class_="facts")


def _time(moment: datetime, zone: tzinfo) -> Html:
    return el("time", f"{moment.astimezone(zone):%Y-%m-%d %H:%M %Z}", datetime=moment.isoformat())


def _result(t: Translator, discussion: Discussion, report: DiscussionReport) -> Iterator[Html]:
    yield el("h2", t("Result"))
    if not report.people:
        yield el("p", t("Fewer than {n} people took part, so there's nothing to report.", n=PEOPLE_MIN), class_="note")
        return
    yield el("p", discussion_results.turnout(t, report), class_="outcome")
    image = discussion_results.chart(t, discussion, report)
    if image is not None:
        narrow = el("source", srcset=image_src(image.narrow), media="(max-width: 34rem)") if image.narrow else None
        yield el("picture", narrow, el("img", src=image_src(image.svg), alt=image.alt), class_="chart")
    for title, statements in discussion_results.sections(t, report):
        yield el("h3", title)
        yield el("ul", *(el("li", el("strong", numbers), words, dir="auto") for numbers, words in statements))


def _statements(t: Translator, report: DiscussionReport) -> Iterator[Html]:
    """Show every statement with its numbers, each of at least five people."""
    yield el("h2", t("All statements"))
    for group in (None, *range(len(report.sizes))):
        name = t("All") if group is None else t("Group {letter}", letter=letter(group))
        rows = (
            el("tr", el("th", each.words, scope="row", dir="auto"), *_cells(_total(each, group)))
            for each in report.statements
        )
        heads = (t("Statement"), t("Agree"), t("Disagree"), t("Pass"))
        table = el(
            "table",
            el("caption", name),
            el("thead", el("tr", *(el("th", head, scope="col") for head in heads))),
            el("tbody", *rows),
        )
        yield el("details", el("summary", t("The numbers as a table: {who}", who=name)), table)
    yield el("p", t("Numbers that fewer than {n} people answered are left out.", n=SHOWN_MIN), class_="note")


def _total(statement: ReportedStatement, group: int | None) -> AnswerTotal | None:
    if group is None:
        return statement.total
    return None if statement.groups is None else statement.groups[group]


def _cells(total: AnswerTotal | None) -> Sequence[Html]:
    numbers = ("–",) * 3 if total is None else (str(total.agree), str(total.disagree), str(total.passed))
    return [el("td", number) for number in numbers]


def _limits(t: Translator, discussion: Discussion) -> Iterator[Html]:
    yield el("h2", t("What this can't say"))
    limits = (
        t("This is what the participants think, not everyone."),
        t(
            "At the close I deleted all answers. Nobody can recompute these totals, and nobody learns who answered what."
        ),
        t("The hash below is that of the JSON file. The announcement shows its first characters for you to compare."),
    )
    yield el("ul", *(el("li", each) for each in limits))
    yield el("dl", el("dt", "SHA-256"), el("dd", el("code", discussion.result_hash)))


def _files(t: Translator, discussion: Discussion) -> Iterator[Html]:
    yield el("h2", t("Export"))
    kinds = (("csv", t("Table (CSV)")), ("json", t("Result (JSON)")), ("md", t("Text (Markdown)")))
    links = (
        el("a", label, class_="button", href=f"/discussions/{discussion.id}/export.{kind}", download=True)
        for kind, label in kinds
    )
    yield el("p", *links, class_="row")
