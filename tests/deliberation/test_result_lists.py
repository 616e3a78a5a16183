"""Tests of the lists of a result: each statement stands in as few of them as it can, after its numbers."""

from __future__ import annotations

from dataclasses import replace

from bot.commands.discussion_results import as_markdown, sections
from bot.deliberation.model import AnswerTotal, Discussion, Moderation
from bot.deliberation.report import DiscussionReport, ReportedStatement, StandsFor
from bot.i18n import translator
from tests.deliberation.discussing import WEEK
from tests.world import NOW

T = translator("en")
DISCUSSION = Discussion("d-1", "test:demo", "1", "Ada", "Kitchen?", "", Moderation.AFTER, False, NOW, NOW + WEEK)


def statement(position: int, words: str, first: AnswerTotal, second: AnswerTotal) -> ReportedStatement:
    total = AnswerTotal(first.agree + second.agree, first.disagree + second.disagree, first.passed + second.passed)
    return ReportedStatement(position, words, starter=True, muted=False, total=total, groups=(first, second))


REPORT = DiscussionReport(
    people=20,
    eligible=20,
    sizes=(12, 8),
    reason="",
    stability=0.97,
    statements=(
        statement(0, "More benches", AnswerTotal(11, 1, 0), AnswerTotal(7, 1, 0)),
        statement(1, "Free parking", AnswerTotal(12, 0, 0), AnswerTotal(0, 8, 0)),
        statement(2, "Fewer signs", AnswerTotal(9, 3, 0), AnswerTotal(4, 4, 0)),
    ),
    common=(0,),
    rejected=(),
    dividing=(1,),
    stands_for=((StandsFor(1, agree=True), StandsFor(2, agree=True)), (StandsFor(1, agree=False),)),
)


def test_a_dividing_statement_stands_once_with_each_group_s_share() -> None:
    """A dividing statement stands once, with each group's share. A group's own list leaves it out, and an empty list is
    left out whole."""
    assert list(sections(T, REPORT)) == [
        ("Most agree", [("90% ", "More benches")]),
        ("Opinions differ", [("A 100%, B 0% agree: ", "Free parking")]),
        ("Group A stands out", [("agrees: ", "Fewer signs")]),
    ]


def test_without_groups_a_dividing_statement_has_the_share_of_all() -> None:
    """A dividing statement has the share of all people if there are no numbers of groups, for example because few of a
    group answered it."""
    withheld = tuple(replace(each, groups=None) for each in REPORT.statements)
    report = replace(REPORT, statements=withheld, stands_for=())
    assert list(sections(T, report))[1:] == [("Opinions differ", [("60% agree: ", "Free parking")])]


def test_the_text_file_has_the_lists_and_their_numbers() -> None:
    """The text file of a result has the same lists and numbers as the chat."""
    lines = as_markdown(T, DISCUSSION, REPORT).splitlines()
    for line in ("## Opinions differ", "- A 100%, B 0% agree: Free parking", "- agrees: Fewer signs"):
        assert line in lines
