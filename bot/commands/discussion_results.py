"""A discussion's result, in chat and as files."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from bot.charts.opinions import OpinionBar, opinions_chart
from bot.chat.commonmark import md
from bot.chat.markup import Block, Bold, Plain, bullets, paragraph, text
from bot.chat.platform import Platform
from bot.chat.vocabulary import Action, Attachment, Button, Card, Image, Reply, Tone, Visibility
from bot.commands.discussion_cards import footer
from bot.communities.model import Community, translator_for
from bot.deliberation.model import PEOPLE_MIN, SHOWN_MIN, Discussion
from bot.deliberation.report import DiscussionReport, ReportedStatement, read_report
from bot.i18n import N_, Translator, percent
from bot.polls.export import csv_row
from bot.polls.model import OPTIONS_MIN

HASH_SHOWN = 12
CHARTED = 8
REASONS: Mapping[str, str] = {
    "too_few_people": N_("too few people answered enough statements"),
    "small_group": N_("some groups would have fewer than 5 people"),
    "unstable": N_("the groups change when a few answers are left out"),
}


def letter(group: int) -> str:
    """Name a group: A is the largest."""
    return "ABCDE"[group]


def result_card(t: Translator, discussion: Discussion) -> Card:
    """Draw the result of a closed discussion: common ground first, then dividing statements, then the camps."""
    report = read_report(discussion.result)
    if not report.people:
        few = t("Fewer than {n} people took part, so there's nothing to report.", n=PEOPLE_MIN)
        return Card(title=discussion.question, body=text(few), footer=_footer(t, discussion), tone=Tone.CAUTION)
    body = text(
        turnout(t, report),
        *([] if report.common else [paragraph(t("No statement is common ground."))]),
        *_blocks(t, report),
        paragraph(t("This is what the participants think, not everyone. Nobody can recompute it.")),
    )
    controls = [
        Button(t("Record the decision"), Action("discuss-decide", (discussion.id,))),
        Button(t("Save as files"), Action("discuss-export", (discussion.id,))),
    ]
    if len(report.common) >= OPTIONS_MIN:
        controls.insert(0, Button(t("Put to a vote"), Action("discuss-poll", (discussion.id,))))
    return Card(
        title=discussion.question,
        body=body,
        image=chart(t, discussion, report),
        footer=_footer(t, discussion),
        poll=discussion.id,
        tone=Tone.INFO,
        controls=tuple(controls),
    )


def common_ground(t: Translator, discussion: Discussion) -> str:
    """State the common ground in a sentence, for a decision; empty if there is none."""
    report = read_report(discussion.result)
    words = "; ".join(report.statement(position).words for position in report.common)
    return t("Most agree: {statements}", statements=words) if words else ""


def announcement_card(t: Translator, discussion: Discussion) -> Card:
    """Draw the announcement of a closed discussion."""
    card = result_card(t, discussion)
    return replace(card, title=t("Closed: {question}", question=discussion.question))


def announcement_of(platforms: Mapping[str, Platform]) -> Callable[[Discussion, Community], Awaitable[Reply]]:
    """Return a function that draws the announcement of a close, in the community's language."""

    async def announcement(discussion: Discussion, community: Community) -> Reply:
        card = announcement_card(translator_for(community, platforms), discussion)
        return Reply((card,), visibility=Visibility.PUBLIC)

    return announcement


def chart(t: Translator, discussion: Discussion, report: DiscussionReport) -> Image | None:
    """Draw the answers to uniting and dividing statements; None if no statement has numbers to show."""
    positions = list(dict.fromkeys((*report.common, *report.dividing, *report.rejected)))[:CHARTED]
    rows = []
    for position in positions:
        statement = report.statement(position)
        bars = []
        if statement.total is not None:
            bars.append(OpinionBar(t("All"), statement.total.share(), statement.total.share(agree=False)))
        for group, total in enumerate(statement.groups or ()):
            bars.append(OpinionBar(t("Group {letter}", letter=letter(group)), total.share(), total.share(agree=False)))
        rows.append((statement.words, bars))
    return opinions_chart(t, discussion.question, rows) if rows else None


def _footer(t: Translator, discussion: Discussion) -> str:
    return " · ".join((footer(t, discussion), t("hash") + " " + discussion.result_hash[:HASH_SHOWN]))


def turnout(t: Translator, report: DiscussionReport) -> str:
    """Say how many took part, and their groups or the reason why there are none."""
    return t.count("{n} person took part. ", "{n} people took part. ", report.people) + _camps(t, report)


def _camps(t: Translator, report: DiscussionReport) -> str:
    if not report.sizes:
        return t("I see no clear camps: {why}.", why=t(REASONS[report.reason]))
    sizes = ", ".join(t("{letter} with {n}", letter=letter(group), n=size) for group, size in enumerate(report.sizes))
    return t("People fall into {n} groups: {sizes}.", n=len(report.sizes), sizes=sizes)


def sections(t: Translator, report: DiscussionReport) -> Iterator[tuple[str, Sequence[tuple[str, str]]]]:
    """Yield each title that has statements, with their numbers and words."""
    agreeing = [_with_share(report.statement(position)) for position in report.common]
    disagreeing = [_with_share(report.statement(position), agree=False) for position in report.rejected]
    differing = [_with_shares(t, report.statement(position)) for position in report.dividing]
    parts = [(t("Most agree"), agreeing), (t("Most disagree"), disagreeing), (t("Opinions differ"), differing)]
    for group, items in enumerate(report.stands_for):
        own = [
            (t("agrees: ") if item.agree else t("disagrees: "), report.statement(item.position).words)
            for item in items
            if item.position not in report.dividing  # each group's share stands there
        ]
        parts.append((t("Group {letter} stands out", letter=letter(group)), own))
    yield from ((title, statements) for title, statements in parts if statements)


def _with_share(statement: ReportedStatement, *, agree: bool = True) -> tuple[str, str]:
    """Return the share of a statement's answers and its words."""
    total = statement.total
    return "" if total is None else f"{percent(total.share(agree=agree))} ", statement.words


def _with_shares(t: Translator, statement: ReportedStatement) -> tuple[str, str]:
    """Return the share of each group that agrees with a statement, or of all without groups, and its words."""
    if statement.groups is None:
        share, words = _with_share(statement)
        return t("{share} agree: ", share=share.strip()) if share else "", words
    shares = [f"{letter(group)} {percent(total.share())}" for group, total in enumerate(statement.groups)]
    return t("{share} agree: ", share=", ".join(shares)), statement.words


def _blocks(t: Translator, report: DiscussionReport) -> Iterator[Block]:
    for title, statements in sections(t, report):
        yield paragraph(Bold(title))
        yield from bullets((Bold(numbers), Plain(words)) for numbers, words in statements)


def files(t: Translator, discussion: Discussion) -> tuple[Attachment, ...]:
    """Write the result as Markdown, CSV and JSON; none names a member, and small numbers are left empty."""
    report = read_report(discussion.result)
    name = f"discussion-{discussion.id}"
    return (
        Attachment(f"{name}.md", as_markdown(t, discussion, report), "text/markdown"),
        Attachment(f"{name}.csv", as_csv(report), "text/csv"),
        Attachment(f"{name}.json", discussion.result, "application/json"),
    )


def as_csv(report: DiscussionReport) -> str:
    """Write one row a statement, with its totals and those of each group."""
    heads = [f"{letter(group)} {name}" for group in range(len(report.sizes)) for name in ("agree", "disagree", "pass")]
    rows = [["statement", "from", "agree", "disagree", "pass", *heads]]
    for each in report.statements:
        totals = [each.total, *(each.groups or (None,) * len(report.sizes))]
        numbers = [
            "" if total is None else str(value)
            for total in totals
            for value in ((0, 0, 0) if total is None else (total.agree, total.disagree, total.passed))
        ]
        rows.append([each.words, "starter" if each.starter else "member", *numbers])
    return "".join(map(csv_row, rows))


def as_markdown(t: Translator, discussion: Discussion, report: DiscussionReport) -> str:
    """Write the result as a text for people."""
    lines = [f"# {md(discussion.question)}", ""]
    if not report.people:
        lines.append(t("Fewer than {n} people took part, so there's nothing to report.", n=PEOPLE_MIN))
    else:
        lines += [turnout(t, report), ""]
        for title, statements in sections(t, report):
            lines += [f"## {title}", "", *(f"- {numbers}{md(words)}" for numbers, words in statements), ""]
        lines.append(t("Numbers that fewer than {n} people answered are left out.", n=SHOWN_MIN))
    lines.append(f"SHA-256 {discussion.result_hash}")
    return "\n".join(lines) + "\n"
