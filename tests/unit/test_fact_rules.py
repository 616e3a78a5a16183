"""A fact's dates, sources and corrections, and the checker's messages about them."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from bot.packs.check import check_pack, main_report
from bot.packs.loader import load_library, load_pack
from bot.packs.model import Argument, Fact, SourceUse
from bot.packs.overview import as_text, overview
from bot.packs.problems import Problem, Severity
from bot.packs.series import outdated_series
from tests.unit.packs import ARGUMENTS, FACTS, SOURCES, make_pack, only_problem, problems_of

TODAY = date(2025, 3, 1)
CHECKED = "    checked: 2024-11\n"


def facts(old: str, new: str) -> dict[str, str]:
    assert old in FACTS
    return {"facts.yaml": FACTS.replace(old, new)}


def problems(folder: Path, code: str, today: date = TODAY) -> list[Problem]:
    return [problem for problem in check_pack(folder, None, today).problems if problem.code == code]


def fact_of(folder: Path) -> Fact:
    (fact,) = load_pack(folder).all(Fact)
    assert isinstance(fact, Fact)
    return fact


# --- dates ---


@pytest.mark.parametrize(("today", "count"), [(date(2025, 2, 28), 0), (date(2025, 3, 1), 1), (date(2026, 1, 1), 1)])
def test_a_recheck_is_due_from_its_day_on(tmp_path: Path, today: date, count: int) -> None:
    """A fact's recheck is due from its day on, not on the day before.

    The checker names the event that it waited for.
    """
    text = f"{CHECKED}    recheck: {{date: 2025-03-01, event: the next survey}}\n"
    due = problems(make_pack(tmp_path, facts(CHECKED, text)), "recheck-due", today)
    assert len(due) == count
    assert all("(the next survey)" in problem.message for problem in due)


def test_a_recheck_may_be_a_day_alone(tmp_path: Path) -> None:
    """A recheck may be a day alone, without an event. The checker shows the place of a value that is no day."""
    fact = fact_of(make_pack(tmp_path / "day", facts(CHECKED, f"{CHECKED}    recheck: 2027-01-31\n")))
    assert fact.recheck is not None
    assert (fact.recheck.date, fact.recheck.event) == (date(2027, 1, 31), None)
    problem = only_problem(make_pack(tmp_path / "soon", facts(CHECKED, f"{CHECKED}    recheck: soon\n")))
    assert (problem.line, problem.column) == (12, 14)
    assert "must be a day, written like 2025-02-20" in problem.message


@pytest.mark.parametrize(
    ("check", "newest", "count"),
    [
        ("2024-11", "2024", 0),
        ("2024-11", "2024-11-30", 0),
        ("2024-11", "2024-12", 1),
        ("2024-11-05", "2024-11-05", 0),
        ("2024-11-05", "2024-11-06", 1),
        ("2024", "2025-01", 1),
    ],
)
def test_a_check_before_the_newest_source_is_a_warning(tmp_path: Path, check: str, newest: str, count: int) -> None:
    """A fact that was checked before its newest source's date gets a warning.

    A date known only to the month or year counts only if it is surely earlier.
    """
    files = {**facts("checked: 2024-11", f"checked: {check}"), "sources.yaml": SOURCES.replace("2024", newest)}
    assert len(problems(make_pack(tmp_path, files), "checked-before-source")) == count


def test_as_of_is_read_for_one_more_release_with_advice(tmp_path: Path) -> None:
    """A pack with the old key `as_of` still loads, and the checker warns to write `checked`."""
    folder = make_pack(tmp_path, facts("checked:", "as_of:"))
    assert fact_of(folder).last_check == "2024-11"
    (problem,) = problems(folder, "outdated-key")
    assert problem.severity is Severity.WARNING
    assert "write `checked`" in problem.message


def test_the_newest_source_is_computed(tmp_path: Path) -> None:
    """A fact's newest source date is the latest among its own sources, and undated ones don't count."""
    more = SOURCES + SOURCES[9:].replace("survey", "recount").replace("2024", "2025-01-07")
    more += SOURCES[9:].replace("survey", "undated").replace("    date: 2024\n", "")
    files = {**facts("[survey]", "[survey, recount, undated]"), "sources.yaml": more}
    pack = load_pack(make_pack(tmp_path, files))
    assert pack.newest_source_date(next(pack.all(Fact))) == "2025-01-07"


# --- sources and verdicts ---


def test_a_source_says_where_and_what_it_bears_out(tmp_path: Path) -> None:
    """A fact's sources may be ids or longer forms in one list. The checker shows an unknown id at its place in both."""
    fact = fact_of(make_pack(tmp_path, facts("[survey]", "[{source: survey, at: p. 4, bears: the third}]")))
    assert fact.evidence == (SourceUse(source="survey", at="p. 4", bears="the third"),)
    assert fact.sources == ("survey",)
    wrong = only_problem(make_pack(tmp_path / "wrong", facts("[survey]", "[survey, {source: surwey}]")))
    assert (wrong.line, wrong.code) == (12, "dangling-id")
    bare = problems_of(make_pack(tmp_path / "bare", facts("[survey]", "[Survey!]")))
    assert any("`sources` can't be 'Survey!'" in problem.message for problem in bare)


@pytest.mark.parametrize(
    ("reason", "bears", "words"),
    [
        ("It measured 34 percent.", "the 34 percent", []),
        ("It measured 34 percent.", "the 35 percent", ["34"]),
        ("It measured 1,204 places.", "the 1204 places", []),
        ("It measured 1,204 places.", "places", ["1,204"]),
        ("It speaks of \u201croom for everybody\u201d.", 'the words "Room, for everybody"', []),
        ("It speaks of \u201croom for everybody\u201d.", "room", ["\u201croom for everybody\u201d"]),
        ("It calls that \u201cfull\u201d.", "room", []),
    ],
)
def test_a_number_or_quotation_that_no_source_bears_out_is_a_warning(
    tmp_path: Path, reason: str, bears: str, words: list[str]
) -> None:
    """A number or a longer quotation in a fact's reason that no source bears out gets a warning.

    Punctuation and case don't count, and a single quoted word needs no source.
    """
    text = FACTS.replace("The city measured it.", f"'{reason}'")
    text = text.replace("    sources: [survey]\n", f"    sources:\n      - source: survey\n        bears: '{bears}'\n")
    warnings = problems(make_pack(tmp_path, {"facts.yaml": text}), "not-borne-out")
    assert [problem.message.partition(" bears out ")[2].partition(": say")[0] for problem in warnings] == words


@pytest.mark.parametrize(
    ("kind", "verdict", "count"),
    [
        ("value-judgement", "not-checkable", 0),
        ("value-judgement", "supported", 1),
        ("value-judgement", "unverified", 1),
        ("fact", "supported", 0),
        ("prediction", "nuanced", 0),
    ],
)
def test_a_value_judgement_gets_no_verdict_of_truth(tmp_path: Path, kind: str, verdict: str, count: int) -> None:
    """The checker reports an error for a value judgement whose verdict isn't “not checkable”.

    A running bot still loads the pack.
    """
    text = FACTS.replace("kind: fact", f"kind: {kind}").replace("verdict: supported", f"verdict: {verdict}")
    folder = make_pack(tmp_path, {"facts.yaml": text})
    assert len(problems(folder, "verdict-on-judgement")) == count
    assert main_report([folder], None, TODAY)[1] == count
    assert load_pack(folder).info.id == "parking"


def test_a_correction_says_what_it_was_and_why(tmp_path: Path) -> None:
    """A correction needs its date, the old words, the new words and the reason."""
    text = "    corrections:\n      - date: 2025-01-02\n        said: A half.\n        says: A third.\n"
    whole = fact_of(make_pack(tmp_path / "whole", facts(CHECKED, f"{CHECKED}{text}        why: A slip.\n")))
    assert [(one.date, one.said, one.says, one.why) for one in whole.corrections] == [
        (date(2025, 1, 2), "A half.", "A third.", "A slip.")
    ]
    assert "`why` is missing" in only_problem(make_pack(tmp_path / "part", facts(CHECKED, CHECKED + text))).message


# --- arguments with several targets ---


def test_an_argument_may_stand_against_several(tmp_path: Path) -> None:
    """An argument may stand against several entries and is found under each. Each of their ids must exist."""
    text = ARGUMENTS.replace("against: fewer-places", "against: [fewer-places, room-for-buses]")
    pack = load_pack(make_pack(tmp_path / "good", {"arguments.yaml": text}))
    assert [reply.id for reply in pack.arguments("room-for-buses", "against")] == ["shops-lose"]
    assert [reply.id for reply in pack.arguments("fewer-places", "against")] == ["shops-lose"]
    argument = pack.entries["shops-lose"]
    assert isinstance(argument, Argument)
    assert (argument.target, argument.targets) == ("fewer-places", ("fewer-places", "room-for-buses"))
    wrong = only_problem(make_pack(tmp_path / "wrong", {"arguments.yaml": text.replace("room-for-buses]", "rooms]")}))
    assert (wrong.code, wrong.line) == ("dangling-id", 11)


def test_a_circle_through_a_second_target_is_refused(tmp_path: Path) -> None:
    """Parley refuses arguments that form a circle, through whichever of their targets.

    A reply that stands against two entries of one chain is no circle.
    """
    reply = "  - id: reply\n    against: [fewer-places, shops-lose]\n    point: They come by bus.\n    text: Most do.\n"
    assert load_pack(make_pack(tmp_path / "good", {"arguments.yaml": ARGUMENTS + reply}))
    circle = ARGUMENTS.replace("against: fewer-places", "against: [fewer-places, reply]") + reply
    problem = only_problem(make_pack(tmp_path / "circle", {"arguments.yaml": circle}))
    assert problem.code == "circle"
    assert "`reply`" in problem.message


# --- series ---


@pytest.mark.parametrize(
    ("periods", "today", "likely"),
    [
        (["2024"], date(2026, 1, 1), False),
        (["2024"], date(2026, 1, 2), True),
        (["2025-01"], date(2025, 3, 3), False),
        (["2025-01"], date(2025, 3, 4), True),
        (["2024-04", "2025-01", "2024-07"], date(2025, 6, 30), False),
        (["2024-04", "2025-01", "2024-07"], date(2025, 7, 2), True),
    ],
)
def test_a_newer_edition_is_likely_after_two_steps(
    tmp_path: Path, periods: list[str], today: date, likely: bool
) -> None:
    """A newer edition of a series is likely two steps after the newest one.

    A step is the shortest distance between two editions, or the length of the only one's period.
    """
    editions = [
        SOURCES[9:].replace("survey", f"survey-{period}") + f"    series: surveys\n    period: {period}\n"
        for period in periods
    ]
    pack = load_pack(make_pack(tmp_path, {"sources.yaml": SOURCES + "".join(editions)}))
    assert [one.source for one in outdated_series(pack, today)] == ([f"survey-{max(periods)}"] if likely else [])


def test_a_series_needs_its_period(tmp_path: Path) -> None:
    """A source with a series needs a period too."""
    problem = only_problem(make_pack(tmp_path, {"sources.yaml": SOURCES + "    series: surveys\n"}))
    assert "needs both `series` and `period`" in problem.message


def test_the_report_lists_due_cards_first(tmp_path: Path) -> None:
    """The report lists the facts that are due to be read again first, then the packs due for review and the series with
    a likely newer edition."""
    files = facts(CHECKED, f"{CHECKED}    recheck: {{date: 2025-02-01, event: the recount}}\n")
    files["sources.yaml"] = SOURCES + "    series: surveys\n    period: 2020\n"
    make_pack(tmp_path / "parking", files)
    lines = as_text(overview(load_library(tmp_path), TODAY)).splitlines()
    assert lines[0].startswith("parking/street-space: due to be read again since 2025-02-01 (the recount): Parked cars")
    assert lines[2].startswith("parking: review due")
    assert "surveys: a newer edition than 2020 is likely" in lines[3]


# --- the printed report ---


def test_an_error_stands_without_the_warnings_around_it(tmp_path: Path) -> None:
    """If there is an error, the checker hides the warnings, counts them, and shows them with `--warnings`.

    Without an error it shows them at once.
    """
    undated = SOURCES.replace("    date: 2024\n", "")
    wrong = make_pack(tmp_path / "wrong", {"sources.yaml": undated, **facts("kind: fact", "kind: fakt")})
    text, status = main_report([wrong], None, TODAY)
    assert status == 1
    assert "error:" in text.splitlines()[0]
    assert "warning:" not in text
    assert text.endswith("1 warning not shown: add --warnings to see them.\n")
    whole = main_report([wrong], None, TODAY, warnings=True)[0].splitlines()
    assert ["error:" in whole[0], "warning:" in whole[1]] == [True, True]
    assert "warning:" in main_report([make_pack(tmp_path / "fine", {"sources.yaml": undated})], None, TODAY)[0]
