"""Members record decisions, find them again and review them on their day, and each decision keeps its history."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.chat.vocabulary import Place, Reply
from bot.decisions.model import DecisionState
from bot.decisions.reviews import REST
from bot.instance import Instance
from tests.hosting import choices, choose, click, fill, form_of, labels, newest, on
from tests.polls.test_private_places import inside
from tests.talk import ADA, BEN, CHEN, MO, press, reply_words, say, wall, words
from tests.walls import TellingWall, wall_of
from tests.world import Clock


def told(here: Instance) -> list[tuple[str, Reply]]:
    return wall_of(here).private


async def pass_time(here: Instance, clock: Clock, **span: float) -> None:
    clock.forward(**span)
    await here.scheduler.run_due()


async def closed_poll(here: Instance, clock: Clock) -> Reply:
    """Return a result on the wall: Green won."""
    await say(here, ADA, '/poll create post:yes question:"Which tea?" options:"Green | Black" closes:1h')
    await press(here, BEN, on("vote", "p1", "0"))
    await pass_time(here, clock, hours=1)
    return newest(here)


async def test_a_result_becomes_a_decision_in_two_steps(here: Instance, clock: Clock) -> None:
    """A result's button opens a form with the outcome filled in, and the decision's card links poll and record."""
    result = await closed_poll(here, clock)
    form = form_of(await click(here, ADA, result, "Record the decision"))
    assert {each.name: each.value for each in form.inputs}["outcome"] == "Which tea? Winner: Green."
    outcome = await fill(here, ADA, form, review="in 3 months", links="https://example.org/tea")
    assert "The decision is recorded" in words(outcome)
    assert "Review: 2027-02-25" in words(outcome)
    assert labels(outcome) >= {"Done", "Changed", "Look again on …", "Dropped", "Show the poll", "Check the record"}


async def test_a_decision_of_its_own_is_recorded_in_one_step(here: Instance) -> None:
    """`/decide` records its sentence, and the recorder is the owner unless another is named."""
    assert "Owner: Ada" in words(await say(here, ADA, "/decide We buy green tea"))
    assert "Owner: Ben" in words(await say(here, ADA, "/decide owner:Ben review:2027-03-01 We clean the kettle"))
    assert form_of(await say(here, ADA, "/decide")).inputs[1].value == "Ada"


async def test_last_months_decision_is_found_in_two_steps(here: Instance, clock: Clock) -> None:
    """Members filter the list by words, state and month, and open a decision from it with its history."""
    await say(here, ADA, "/decide We buy green tea")
    clock.forward(days=20)
    await say(here, ADA, "/decide owner:Ben We clean the kettle")
    listed = await say(here, CHEN, "/decisions month:last-month")
    assert "We buy green tea" in words(listed)
    assert "kettle" not in words(listed)
    card = words(await choose(here, CHEN, listed, "Open a decision", "We buy green tea"))
    assert "2026-11-25 Recorded: We buy green tea (Ada)" in card
    assert list(choices(await say(here, CHEN, "/decisions ben kettle"), "Open a decision")) == ["We clean the kettle"]
    assert "No decision matches." in words(await say(here, CHEN, "/decisions state:dropped"))


async def test_a_decision_over_a_year(here: Instance, clock: Clock) -> None:
    """On its day the owner and the moderators are asked once, and each answer stays in the decision's history."""
    await say(here, MO, "/settings channel:moderators")
    await say(here, ADA, '/decide We buy green tea review:"in 3 months"')
    await pass_time(here, clock, days=91)
    assert told(here) == []
    await pass_time(here, clock, days=1)
    await here.scheduler.run_due()
    [(person, question)] = told(here)
    assert person == "ada"
    assert "Is this decision carried out?" in reply_words(question)
    assert wall(here).posted[-1][0].place.channel == "moderators"
    form = form_of(await click(here, ADA, question, "Look again on …"))
    assert "Try in 3 months" in (await fill(here, ADA, form, words="whenever")).errors["words"]
    await fill(here, ADA, form, words="in 9 months")
    await pass_time(here, clock, days=300)
    assert len(told(here)) == 2
    form = form_of(await click(here, MO, newest(here), "Changed"))
    assert "Say what changed" in (await fill(here, MO, form, words=" ")).errors["words"]
    changed = words(await fill(here, MO, form, words="Black tea from now on"))
    for line in (
        "2026-11-25 Recorded: We buy green tea (Ada)",
        "2027-02-25 Look again: 2027-11-25 (Ada)",
        "Changed: Black tea from now on (Mo)",
        "State: changed",
    ):
        assert line in changed
    assert "settled already" in words(await click(here, ADA, question, "Done"))
    await pass_time(here, clock, days=400)
    assert len(told(here)) == 2


async def test_only_its_people_answer(here: Instance) -> None:
    """A decision's people and moderators answer it; other members can only read it."""
    await say(here, ADA, "/decide We buy green tea")
    assert "Only the decision's owner" in words(await press(here, CHEN, on("decision-done", "p1")))
    assert "Done" not in labels(await press(here, CHEN, on("decision", "p1")))
    assert "State: done" in words(await press(here, MO, on("decision-done", "p1")))


async def test_an_owner_who_is_away_is_asked_again_after_a_day(here: Instance, clock: Clock) -> None:
    """If nobody can be reached on the day, Parley asks again after a day, and not within the hour."""
    platform = here.platforms["test"]
    assert isinstance(platform, TellingWall)
    platform.away = {"ada"}
    await say(here, ADA, '/decide We buy green tea review:"in 2 days"')
    await pass_time(here, clock, days=2)
    assert platform.private == []
    await pass_time(here, clock, hours=1)
    assert platform.private == []
    platform.away = set()
    await pass_time(here, clock, seconds=REST / timedelta(seconds=1))
    assert [person for person, _ in platform.private] == ["ada"]


@pytest.mark.parametrize(
    ("line", "refusal"),
    [
        ("/decide review:yesterday We buy tea", "Pick a later day"),
        ("/decide review:whenever We buy tea", "I can't read “whenever” as a day."),
        ("/decide review:2099-01-01 We buy tea", "Pick an earlier day"),
        ("/decide " + "x" * 501, "Shorten that to 500 characters"),
        ("/decide poll:p99 We buy tea", "There's no poll “p99” here."),
    ],
)
async def test_what_can_be_no_decision_is_refused(here: Instance, line: str, refusal: str) -> None:
    """Parley refuses a decision that isn't valid, says which part is wrong, and stores nothing."""
    assert refusal in words(await say(here, ADA, line))
    assert "No decisions yet" in words(await say(here, ADA, "/decisions"))


async def test_a_poll_without_a_result_decides_nothing(here: Instance) -> None:
    """No decision can be recorded on a poll while it is open, and never if it was cancelled."""
    await say(here, ADA, '/poll create post:yes question:"Which tea?" options:"Green | Black" closes:1h')
    assert "once the poll is closed" in words(await press(here, ADA, on("poll-decide", "p1")))
    await press(here, ADA, on("poll-cancel", "p1"))
    assert "was cancelled, so it decided nothing" in words(await press(here, ADA, on("poll-decide", "p1")))
    assert "was cancelled, so it decided nothing" in words(await say(here, ADA, "/decide poll:p1 We buy tea"))


async def test_others_dont_decide_on_a_hosts_poll(here: Instance, clock: Clock) -> None:
    """Only a poll's host and moderators may record its decision."""
    result = await closed_poll(here, clock)
    assert "Only the poll's host" in words(await click(here, CHEN, result, "Record the decision"))
    assert form_of(await click(here, MO, result, "Record the decision"))


async def test_a_private_decision_stays_in_its_place(here: Instance, clock: Clock) -> None:
    """No list, card, file or channel elsewhere has a private decision, and its owner is asked in private alone."""
    await say(here, MO, "/settings channel:moderators")
    posts = len(wall(here).posted)
    within = inside(ADA)
    await say(here, within, '/decide We fire the coffee machine review:"in 2 days"')
    for who in (ADA, MO, replace(BEN, place=Place("test", "demo", "other"))):
        assert "No decisions yet" in words(await say(here, who, "/decisions"))
        assert "There's no such decision here." in words(await press(here, who, on("decision", "p1")))
        assert "There's no such decision here." in words(await press(here, who, on("decision-share", "p1")))
        assert "There's no such decision here." in words(await press(here, who, on("decision-done", "p1")))
        saved = (await press(here, who, on("decisions-export"))).answer
        assert saved is not None
        assert all("coffee machine" not in file.content for file in saved.files)
    assert "coffee machine" in words(await say(here, within, "/decisions"))
    await pass_time(here, clock, days=2)
    assert [person for person, _ in told(here)] == ["ada"]
    assert len(wall(here).posted) == posts


async def test_who_may_not_open_polls_or_write_decides_and_posts_nothing(here: Instance) -> None:
    """Where only moderators open polls, only they record decisions. A member who may not write can't share one."""
    await say(here, MO, "/settings polls:moderators")
    assert "Only moderators can record decisions" in words(await say(here, ADA, "/decide We buy tea"))
    await say(here, MO, "/decide We buy tea")
    posts = len(wall(here).posted)
    silent = replace(BEN, may_write=False)
    assert "You can't write in this channel" in words(await press(here, silent, on("decision-share", "p1")))
    assert len(wall(here).posted) == posts
    await press(here, BEN, on("decision-share", "p1"))
    assert "We buy tea" in reply_words(newest(here))


async def test_files_hold_every_decision_with_its_history(here: Instance) -> None:
    """Members' words stay plain text in the Markdown file; the JSON file has the same history for programs."""
    await say(here, ADA, "/decide We buy *green* tea <b>now</b>")
    await press(here, ADA, on("decision-done", "p1"))
    answer = (await press(here, BEN, on("decisions-export"))).answer
    assert answer is not None
    markdown, data = (file.content for file in answer.files)
    assert r"## We buy \*green\* tea \<b\>now\</b\>" in markdown
    assert "- 2026-11-25 done (Ada)" in markdown
    [decision] = json.loads(data)
    assert decision["state"] == DecisionState.DONE
    assert [step["step"] for step in decision["history"]] == ["recorded", "done"]


async def test_an_erased_member_leaves_the_decision_without_a_name(here: Instance, clock: Clock) -> None:
    """The decision stays when its member is erased, but nobody's name is in it."""
    await say(here, ADA, "/decide We buy green tea")
    await here.privacy.erase(ADA.actor, clock())
    card = words(await press(here, BEN, on("decision", "p1")))
    assert "We buy green tea" in card
    assert "Ada" not in card
