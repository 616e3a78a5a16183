"""The overview of the content that `parley content report` gives editors."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from bot.packs.loader import load_library
from bot.packs.overview import MOST, Counted, Interest, as_text, overview
from bot.packs.pack import Library
from tests.unit.packs import PACK, make_pack
from tests.unit.test_cli import parley
from tests.world import CONTENT

SINCE = date(2026, 10, 1)


def library(folder: Path) -> Library:
    make_pack(folder / "late", {"pack.yaml": PACK.replace("id: parking", "id: late").replace("2025-02", "2024-02")})
    make_pack(folder / "parking")
    return load_library(folder)


def test_the_review_that_is_due_first_comes_first(tmp_path: Path) -> None:
    """The overview lists packs by the date of their next review, with the days until it or since it was due."""
    whole = overview(library(tmp_path), date(2025, 5, 20))
    assert [(pack.id, pack.due, pack.days) for pack in whole.packs] == [
        ("late", date(2024, 5, 20), -365),
        ("parking", date(2025, 5, 21), 1),
    ]
    lines = as_text(whole).splitlines()
    assert lines[0] == "late: review overdue since 2024-05-20 (365 days)"
    assert "parking: review due on 2025-05-21 (in 1 day)" in lines
    assert as_text(overview(library(tmp_path), date(2025, 5, 21))).count("review due today") == 1


def test_each_position_shows_how_it_is_argued(tmp_path: Path) -> None:
    """The overview counts each position's arguments for and against."""
    whole = overview(library(tmp_path), SINCE)
    (row,) = whole.packs[1].balance
    assert (row.position, row.for_.arguments, row.against.arguments) == ("fewer-places", 1, 1)
    assert "fewer-places" in as_text(whole)


def test_counts_are_shown_by_title_the_most_frequent_first(tmp_path: Path) -> None:
    """Counts are listed with the largest first and ties in alphabetical order; cards that the packs no longer have,
    and counts of zero, are left out."""
    views = {("parking", "survey"): 2, ("parking", "street-space"): 7, ("parking", "gone"): 9, ("away", "survey"): 3}
    interest = Interest(SINCE, views=views, misses={"zebra": 1, "bikes": 1, "trams": 4, "never": 0})
    whole = overview(library(tmp_path), SINCE, interest)
    assert whole.views == (
        Counted(7, "Parked cars take a third of the streets. (parking/street-space)"),
        Counted(2, "Survey of streets (parking/survey)"),
    )
    assert [one.what for one in whole.misses] == ["trams", "bikes", "zebra"]
    assert as_text(whole).endswith(
        "\nMost disputed, since 2026-10-01:\n  nothing\n\nSearched for and not found, since 2026-10-01:\n"
        "       4  trams\n       1  bikes\n       1  zebra\n"
    )


def test_a_list_of_counts_ends(tmp_path: Path) -> None:
    """A list of counts shows the largest ones only, up to its limit."""
    interest = Interest(SINCE, misses={f"word {number}": number + 1 for number in range(MOST * 2)})
    assert len(overview(library(tmp_path), SINCE, interest).misses) == MOST


def test_the_command_needs_nothing_but_the_packs(tmp_path: Path) -> None:
    """`parley content report` works without a database and then shows no counts."""
    done = parley("content", "report", "--content", CONTENT, folder=tmp_path)
    assert done.returncode == 0
    assert done.stdout.startswith("tea: review ")
    assert "Most asked for" not in done.stdout
