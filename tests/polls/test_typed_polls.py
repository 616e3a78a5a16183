"""A poll that is typed without names, or in another bot's way, isn't posted: its form opens filled in."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.commands.poll_words import read_words
from tests.talk import ADA, say, wall, words
from tests.world import running


@pytest.mark.parametrize(
    ("typed", "question", "options"),
    [
        ("What should we drink? Tea | Coffee", "What should we drink?", ("Tea", "Coffee")),
        ("Lunch? | Pizza | Sushi", "Lunch?", ("Pizza", "Sushi")),
        ("Lunch? pizza, sushi", "Lunch?", ("pizza", "sushi")),
        ("Pizza | Sushi | Tacos", "", ("Pizza", "Sushi", "Tacos")),
        ('"Lunch?" "Pizza" "Sushi"', "Lunch?", ("Pizza", "Sushi")),
        ('"Lunch today" Pizza | Sushi', "Lunch today", ("Pizza", "Sushi")),
        ("{Lunch?} [Pizza] [Big sushi]", "Lunch?", ("Pizza", "Big sushi")),
        ('"Lunch?" option1:Pizza option2:"Big sushi"', "Lunch?", ("Pizza", "Big sushi")),
        ("Lunch?\n- Pizza\n2. Sushi", "Lunch?", ("Pizza", "Sushi")),
        ("Where to\nHere\nThere", "Where to", ("Here", "There")),
        ("Lunch? 1) Pizza 2) Big sushi", "Lunch?", ("Pizza", "Big sushi")),
        ("Lunch? 1) Pizza", "Lunch?", ("Pizza",)),
        ("Lunch? Pizza, deep | Sushi", "Lunch?", ("Pizza, deep", "Sushi")),
        ('"Lunch?" Pizza, deep | Sushi', "Lunch?", ("Pizza, deep", "Sushi")),
        ('"Lunch?" Pizza, Sushi', "Lunch?", ("Pizza", "Sushi")),
        ("Pizza | Sushi? | Tacos", "", ("Pizza", "Sushi?", "Tacos")),
        ("Lunch? Pizza / Big sushi", "Lunch?", ("Pizza", "Big sushi")),
        ("Lunch? A 24/7 diner", "Lunch?", ("A 24/7 diner",)),
        ("Tea or coffee?", "Tea or coffee?", ()),
        ("昼食は？ 寿司 | ラーメン", "昼食は？", ("寿司", "ラーメン")),
        ("Lunch", "Lunch", ()),
        ("", "", ()),
    ],
)
def test_words_are_sorted_into_question_and_options(typed: str, question: str, options: tuple[str, ...]) -> None:
    """A typed question goes up to its question mark, or stands in the first line, quotes or braces.

    The options stand between bars, commas, slashes, quotes, brackets, numbers or lines.
    """
    assert read_words(typed) == (question, options)


@pytest.mark.parametrize(
    ("line", "filled"),
    [
        ("/poll create What should we drink? Tea | Coffee", ("What should we drink?", "Tea\nCoffee")),
        ("/poll create post:yes What should we drink? Tea | Coffee", ("What should we drink?", "Tea\nCoffee")),
        ("/poll create Pizza | Sushi | Tacos", ("", "Pizza\nSushi\nTacos")),
        ('/poll create "Lunch?" "Pizza" "Sushi"', ("Lunch?", "Pizza\nSushi")),
        ("/poll create question:Lunch? Pizza | Sushi", ("Lunch?", "Pizza\nSushi")),
        ("/poll create Lunch?\nPizza\nSushi", ("Lunch?", "Pizza\nSushi")),
        ("/poll Lunch? Pizza | Sushi", ("Lunch?", "Pizza\nSushi")),
        ('/poll "Lunch?" "Pizza" "Sushi"', ("Lunch?", "Pizza\nSushi")),
        ("/poll new Lunch? Pizza | Sushi", ("Lunch?", "Pizza\nSushi")),
        ('/poll create title:"Lunch?" options:"Pizza | Sushi"', ("Lunch?", "Pizza\nSushi")),
        ('/poll create question:"Lunch?" choices:"Pizza | Sushi"', ("Lunch?", "Pizza\nSushi")),
        ('/poll create question:"Lunch?" choices:"Pizza, deep | Sushi"', ("Lunch?", "Pizza, deep\nSushi")),
        ('/poll create --question "Lunch?" --options Pizza, Sushi', ("Lunch?", "Pizza\nSushi")),
        ("/poll create --question Which lunch? --option Pizza --option Sushi", ("Which lunch?", "Pizza\nSushi")),
        ('/poll create question:"Lunch?" options:"Pizza | Sushi" Tacos', ("Lunch?", "Pizza\nSushi\nTacos")),
        ("/poll create Lunch time: Pizza | Sushi", ("", "Lunch time: Pizza\nSushi")),
    ],
)
async def test_nothing_is_public_before_the_form_was_sent(line: str, filled: tuple[str, str], tmp_path: Path) -> None:
    """Text that is typed without names goes into the form, and nothing is posted, even with `post:yes`."""
    async with running(tmp_path) as here:
        outcome = await say(here, ADA, line)
        assert outcome.answer is not None
        assert outcome.answer.form is not None
        inputs = {each.name: each.value for each in outcome.answer.form.inputs}
        assert (inputs["question"], inputs["options"]) == filled
        assert wall(here).posted == []


async def test_an_argument_that_is_nearly_right_is_asked_about(tmp_path: Path) -> None:
    """Parley asks whether the argument `option:` means `options:`, and doesn't take it for an option of the poll."""
    async with running(tmp_path) as here:
        answer = words(await say(here, ADA, '/poll create question:"Which?" option:"A|B"'))
        assert "There's no argument option. Did you mean options?" in answer


async def test_a_form_keeps_the_other_arguments(tmp_path: Path) -> None:
    """Method, results and close that were typed are chosen in the form."""
    async with running(tmp_path) as here:
        outcome = await say(here, ADA, "/poll create Lunch? Pizza | Sushi method:ranked results:live closes:6pm")
        assert outcome.answer is not None
        assert outcome.answer.form is not None
        inputs = {each.name: each for each in outcome.answer.form.inputs}
        assert [choice.value for choice in inputs["method"].options if choice.chosen] == ["ranked"]
        assert [choice.value for choice in inputs["results"].options if choice.chosen] == ["live"]
        assert inputs["closes"].value == "6pm"


@pytest.mark.parametrize(
    ("line", "method", "closes"),
    [
        ('/poll create question:"Lunch?" options:"A | B" ends:6pm', "single", "6pm"),
        ('/poll create question:"Lunch?" options:"A | B" duration:2h type:ranked', "ranked", "2h"),
        ('/poll create question:"Lunch?" options:"A | B" closes:2h ends:6pm', "single", "2h"),
        ("/poll create Lunch? A | B multiple:yes", "approval", "3 days"),
        ("/poll create Lunch? A | B multiple:no", "single", "3 days"),
        ("/poll create Lunch? A | B type:party", "single", "3 days"),
    ],
)
async def test_another_bots_names_choose_method_and_close(line: str, method: str, closes: str, tmp_path: Path) -> None:
    """Another bot's names choose method and close.

    Parley's own name wins over another bot's, and a value that Parley can't read chooses nothing.
    """
    async with running(tmp_path) as here:
        outcome = await say(here, ADA, line)
        assert outcome.answer is not None
        assert outcome.answer.form is not None
        inputs = {each.name: each for each in outcome.answer.form.inputs}
        assert [choice.value for choice in inputs["method"].options if choice.chosen] == [method]
        assert inputs["closes"].value == closes


@pytest.mark.parametrize("name", ["list?", "clsoe", "results!"])
async def test_a_misspelt_sub_command_is_no_question(name: str, tmp_path: Path) -> None:
    """If the word after `/poll` is nearly a command's, Parley asks whether the member meant that command."""
    async with running(tmp_path) as here:
        assert "Did you mean /poll " in words(await say(here, ADA, f"/poll {name}"))
