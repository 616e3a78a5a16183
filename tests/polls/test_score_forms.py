"""A ballot of scores as a form, on a platform whose forms ask for scores."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.chat.platform import Limits
from bot.instance import Instance
from tests.hosting import click, fill, form_of
from tests.talk import ADA, BEN, press, say, wall, words
from tests.world import running


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Instance]:
    async with running(tmp_path) as instance:
        wall(instance).limits = Limits(asks_scores=True)
        yield instance


async def poll(here: Instance, options: int, more: str = "") -> None:
    names = "|".join(f"Tea {n}" for n in range(1, options + 1))
    await say(here, ADA, f'/poll create post:yes question:"Which tea?" options:"{names}" method:score {more}')


async def test_five_scores_take_two_presses(here: Instance) -> None:
    """For up to five options, *Vote* opens one form, which casts the ballot; an option may go without a score."""
    await poll(here, 5)
    form = form_of(await press(here, BEN, "v1:ballot:p1"))
    assert [each.label for each in form.inputs] == [f"Tea {n}" for n in range(1, 6)]
    assert {tuple(option.value for option in each.options) for each in form.inputs} == {("5", "4", "3", "2", "1", "0")}
    cast = await fill(here, BEN, form, **{"0": ("5",), "2": ("0",)})
    assert "Your vote is counted" in words(cast)
    assert "• Tea 1: 5\n• Tea 2: no score\n• Tea 3: 0" in words(cast)


async def test_six_scores_take_two_pages(here: Instance) -> None:
    """With more than five options, a button opens the next page and keeps the one before.

    The last page casts the ballot.
    """
    await poll(here, 6)
    first = form_of(await press(here, BEN, "v1:ballot:p1"))
    assert (first.title, len(first.inputs)) == ("Options 1 to 5", 5)
    between = await fill(here, BEN, first, **{"0": ("4",)})
    assert "• Tea 1: 4\n• Tea 2: –" in words(between)
    assert "Not cast yet." in words(between)
    last = form_of(await click(here, BEN, between, "Option 6"))
    assert [each.label for each in last.inputs] == ["Tea 6"]
    cast = await fill(here, BEN, last, **{"5": ("5",)})
    assert "• Tea 1: 4" in words(cast)
    assert "• Tea 6: 5" in words(cast)


async def test_an_earlier_page_can_be_filled_in_again(here: Instance) -> None:
    """A voter can open an earlier page again, with its scores filled in, and other pages keep theirs.

    The ballot can be cast before every page is filled in.
    """
    await poll(here, 25)
    between = await fill(here, BEN, form_of(await press(here, BEN, "v1:ballot:p1")), **{"0": ("4",)})
    between = await fill(here, BEN, form_of(await click(here, BEN, between, "Options 6 to 10")), **{"7": ("3",)})
    again = form_of(await click(here, BEN, between, "Options 1 to 5"))
    assert [option.value for option in again.inputs[0].options if option.chosen] == ["4"]
    between = await fill(here, BEN, again, **{"0": ("1",)})
    cast = await click(here, BEN, between, "Cast this ballot")
    assert "• Tea 1: 1\n" in words(cast)
    assert "• Tea 8: 3\n" in words(cast)


@pytest.mark.parametrize("options", [5, 6])
async def test_a_change_begins_with_the_ballot_that_stands(here: Instance, options: int) -> None:
    """*Change* opens the first page with the scores that the voter cast."""
    await poll(here, options)
    cast = await press(here, BEN, "v1:cast:p1:5,0")
    form = form_of(await click(here, BEN, cast, "Change"))
    chosen = [[option.value for option in each.options if option.chosen] for each in form.inputs]
    assert chosen == [["5"], ["0"], [], [], []]


async def test_an_empty_ballot_is_not_cast(here: Instance) -> None:
    """A form without a score is not cast, and one score is enough.

    Between pages, the button to cast is disabled as long as there is no score.
    """
    await poll(here, 2)
    form = form_of(await press(here, BEN, "v1:ballot:p1"))
    empty = await fill(here, BEN, form)
    assert "Your vote is counted" not in words(empty)
    assert "Your vote is counted" in words(await fill(here, BEN, form, **{"1": ("0",)}))
    await poll(here, 6)
    between = await fill(here, BEN, form_of(await press(here, BEN, "v1:ballot:p2")))
    assert between.answer is not None
    assert [c.disabled for c in between.answer.cards[0].controls if c.label == "Cast this ballot"] == [True]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "action",
    ["v1:scores:p1:2:", "v1:scores:p1:x:", "v1:scores:p1:-1:", "v1:scores:p1:0:6", "v1:scores:p1:0:1,1,1,1,1,1,1"],
)
async def test_a_forged_page_opens_nothing(here: Instance, action: str) -> None:
    """Parley refuses a page that doesn't exist, a score of 6, and more scores than options."""
    await poll(here, 6)
    assert "can't take that ballot" in words(await press(here, BEN, action))
    assert form_of(await press(here, BEN, "v1:scores:p1:1:1,1,1,1,1,1")).title == "Option 6"


@pytest.mark.parametrize("score", ["6", "-1", "x"])
async def test_a_forged_score_is_not_counted(here: Instance, score: str) -> None:
    await poll(here, 2)
    outcome = await here.bot.submit(BEN, "v1:scored:p1:0:", {"0": (score,)})
    assert "can't take that ballot" in words(outcome)
    assert "You haven't voted" in words(await press(here, BEN, "v1:mine:p1"))


async def test_elsewhere_scores_are_given_one_by_one(here: Instance) -> None:
    """On a platform whose forms don't ask for scores, the ballot is a card."""
    wall(here).limits = Limits()
    await poll(here, 2)
    outcome = await press(here, BEN, "v1:ballot:p1")
    assert outcome.answer is not None
    assert outcome.answer.form is None
