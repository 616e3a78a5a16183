"""Options that look like another option, like nothing or like a part of the result; and the cells of an export."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import pytest

from bot.i18n import translator
from bot.polls import export
from bot.polls.audit import BallotRow, Record
from bot.polls.counting.ballots import Method
from bot.polls.model import ChainLink, Poll, PollOption, PollState, Step
from bot.polls.option_names import MARKS_MAX, alike, has_piled_marks, is_blank, result_sign
from bot.polls.record_format import Format2, named_voter
from bot.polls.rules import PollDraft, mistakes
from tests.polls.records import honest
from tests.store.things import CLOSES, poll
from tests.world import request

T = translator("en")


def complaint(*names: str, question: str = "Which?") -> str:
    """Return Parley's complaint about these options, or about this question."""
    draft = PollDraft(question, tuple(map(PollOption, names)), CLOSES)
    return " ".join(mistakes(draft, request(), T).values())


@pytest.mark.parametrize(
    "twin",
    ["Tea", "TEA", "Ｔｅａ", "𝐓𝐞𝐚", "T\u200bea", "Te\u00ada", "Tea\ufe0f", "T\u2060ea", "\u3164Tea", "Tea\u2800", "T\u034fea",
     "Tea\U000e0061", "Te\u115fa", "Ⓣea"],
)  # fmt: skip
def test_options_that_look_alike_are_refused(twin: str) -> None:
    """Options that differ only in compatibility forms, case or invisible characters have one name and are refused."""
    assert alike(twin) == alike("Tea")
    assert "own name" in complaint("Tea", "Coffee", twin)


@pytest.mark.parametrize(
    ("one", "other"), [("Tea", "Teas"), ("Café", "Cafe"), ("é", "è"), ("Tea 1", "Tea 2"), ("か", "が")]
)
def test_options_that_differ_are_two_options(one: str, other: str) -> None:
    """Names that differ by a visible letter or mark are two names."""
    assert complaint(one, other) == ""


def test_a_composed_and_a_decomposed_letter_are_one() -> None:
    """A composed and a decomposed letter are the same, because readers can't tell them apart."""
    assert "own name" in complaint("Caf\u00e9", "Cafe\u0301")


@pytest.mark.parametrize(
    "blank", ["\u3164", "\u2800", "\U0001d159", "\u200b", "\u2800\u3164 ", "\u115f", "\uffa0", "\u00ad", "\u0301", "\ufe0f", "\u00a0", "\U000e0041"]
)  # fmt: skip
def test_a_blank_name_is_refused(blank: str) -> None:
    """An option's name needs a visible letter, number or sign, and so does a question."""
    assert is_blank(blank)
    assert "Give each option a name." in complaint("Tea", blank)
    assert "Type a question for the poll." in complaint("Tea", "Coffee", question=blank)


@pytest.mark.parametrize("name", ["A", "7", "?", "🙂", "한", "ก", "+1"])
def test_one_sign_that_shows_is_a_name(name: str) -> None:
    """One visible sign is enough for a name, in any script or as an emoji."""
    assert not is_blank(name)
    assert complaint(name, "Tea") == ""


def test_marks_on_one_letter_are_bounded() -> None:
    """One letter carries at most `MARKS_MAX` marks, even with invisible characters between them.

    Words of languages with many marks pass.
    """
    for before in ("x", ""):
        assert not has_piled_marks(before + "\u0329" * MARKS_MAX)
    assert has_piled_marks("x" + "\u0329" * (MARKS_MAX + 1))
    assert has_piled_marks("x" + "\u0329\u034f" * (MARKS_MAX + 1))
    piled = "Z" + "\u0329" * 30
    assert "marks on one letter" in complaint(piled, "Tea")
    assert "marks on one letter" in complaint("Tea", "Coffee", question=piled)
    assert complaint("Việt Nam", "שָׁלוֹם", "กี้") == ""


@pytest.mark.parametrize(
    "name", ["Tea ★", "★ Tea", "Tea⭐", "Tea ⭐\ufe0f", "██ Tea", "Tea ░", "Tea ·", "• Tea", "Tea –", "Tea ☆"]
)
def test_a_name_does_not_pass_for_a_part_of_the_result(name: str) -> None:
    """A name can't begin or end with a sign of the results, such as the winner's star, a bar or a separator."""
    assert result_sign(name)
    assert not result_sign("\u200b")
    assert "which results use" in complaint(name, "Coffee")


@pytest.mark.parametrize("name", ["Four★Seasons", "Tea – green", "-2", "+1", "Star", "✔ Yes", "50 %"])
def test_a_sign_within_a_name_stays(name: str) -> None:
    """A sign of the results may stand within a name, and other signs may also stand at its ends."""
    assert result_sign(name) == ""
    assert complaint(name, "Coffee") == ""


def table(*names: str, voter: str = "Ben") -> tuple[str, list[list[str]]]:
    """Return the export of a named poll with these options and one ballot, as text and as a program reads it."""
    shape: Poll = replace(
        poll(),
        secret=False,
        options=tuple(map(PollOption, names)),
        state=PollState.CLOSED,
        chain_key="0" * 64,
    )
    who = named_voter("salt", shape.id, "v", voter)
    row = BallotRow("v", "0", voter, 1, "nonce", who=who, salt="salt")
    commitment = Format2(bytes(32)).ballot("nonce", shape.id, who, "0")
    link = ChainLink(1, Step.CAST, commitment, 0, "", "", "")
    written = export.as_csv(Record(shape, (link,), (row,), (), {"0": 1}))
    return written, list(csv.reader(io.StringIO(written)))


@pytest.mark.parametrize(
    "formula",
    ["=1+1", "+1", "-1", "@SUM(1)", "＝1", "＋1", "－1", "＠SUM(1)", "﹦1", "⁼1", "₌1", "−1", "\t=1", "\r=1", "\n=1", " =1", "\u200b=1"],
)  # fmt: skip
def test_no_cell_runs_as_a_formula(formula: str) -> None:
    """A cell that could begin a formula gets an apostrophe and keeps no tab or line end.

    This holds for fullwidth and other forms of the signs, and for signs after blanks.
    """
    _, (head, row) = table(formula, "Tea", voter=formula)
    assert head[1].startswith("'")
    assert row[0].startswith("'")
    assert not set("\t\r\n") & set(head[1] + row[0])


def rows_of(record: Record) -> list[list[str]]:
    return list(csv.reader(io.StringIO(export.as_csv(record))))


@pytest.mark.parametrize(
    ("method", "ballot", "cells"),
    [
        (Method.SINGLE, "1", ["", "1", ""]),
        (Method.CONSENT, "2", ["", "", "1"]),
        (Method.APPROVAL, "0,2", ["1", "", "1"]),
        (Method.RANKED, "2>0", ["2", "", "1"]),
        (Method.RANKED, "1>2>0", ["3", "1", "2"]),
        (Method.SCORE, "5,,0", ["5", "", "0"]),
    ],
)
def test_a_row_is_what_its_ballot_says(method: Method, ballot: str, cells: list[str]) -> None:
    """A row of an export has 1 for a choice, a rank from 1 on, or a score, which may be 0.

    An option that the ballot doesn't mark has an empty cell.
    """
    shape = poll(method=method, state=PollState.CLOSED)
    assert rows_of(Record(shape, (), (BallotRow("x", ballot, seal="s"),), (), {ballot: 1}))[1:] == [cells]


@pytest.mark.parametrize("secret", [True, False])
def test_rows_stand_in_an_order_that_tells_nothing(secret: bool) -> None:
    """The rows of an export stand in the order of the close's random seals, and each name stays with its ballot."""
    record = honest(secret=secret)
    seals = dict(zip((row.voter for row in record.ballots), ("c", "a", "d", "b"), strict=True))
    rows = rows_of(replace(record, ballots=[replace(row, seal=seals[row.voter]) for row in record.ballots]))[1:]
    ordered = sorted(record.ballots, key=lambda row: seals[row.voter])
    assert [row[-3:].index("1") for row in rows] == [int(row.choice) for row in ordered] == [0, 1, 2, 1]
    assert secret or [row[0] for row in rows] == [row.name for row in ordered]


def test_a_cell_stays_one_cell_whatever_separates_them() -> None:
    """An export quotes semicolons, commas and quotes, and turns line ends and tabs into a blank.

    Other cells stay as they are.
    """
    names = ('a;=1+1"', "b,c", 'd"e', "f\tg\r\nh", "Tea")
    written, (head, row) = table(*names)
    assert head == ["voter", 'a;=1+1"', "b,c", 'd"e', "f g h", "Tea"]
    assert row == ["Ben", "1", "", "", "", ""]
    assert written.startswith('voter,"a;=1+1""","b,c","d""e",f g h,Tea\r\n')
