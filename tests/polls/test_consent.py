"""A consent poll asks about a proposal, which passes if at the close the quorum is reached and no objection stands."""

from __future__ import annotations

import pytest

from bot.chat.vocabulary import Button, ButtonStyle, Request, Tone
from bot.commands.consent_cards import passes
from bot.instance import Instance
from bot.polls import audit
from bot.polls.counting.ballots import Ballot, Method
from bot.polls.counting.tally import tally
from tests.hosting import click, fill, form_of, newest, on
from tests.talk import ADA, BEN, CHEN, CREATE, MO, press, reply_words, say, wall, words
from tests.world import Clock

OPTIONS = ("Agree", "Abstain", "Object")
OPEN = '/poll create post:yes question:"We buy a kettle" method:consent closes:2h quorum:2'


@pytest.mark.parametrize(
    ("agree", "abstain", "object_", "quorum", "passed"),
    [
        (3, 0, 0, None, True),
        (1, 0, 0, None, True),
        (0, 0, 0, None, False),  # silence is no consent
        (0, 1, 0, None, True),  # nobody objects
        (3, 0, 1, None, False),  # one objection stops it, however many agree
        (99, 0, 1, 100, False),
        (2, 0, 0, 3, False),  # the quorum is missed by one
        (2, 1, 0, 3, True),  # abstentions count for the quorum
        (3, 0, 0, 3, True),
        (0, 0, 3, 3, False),
        (0, 0, 0, 1, False),
    ],
)
def test_the_rules_of_consent(agree: int, abstain: int, object_: int, quorum: int | None, passed: bool) -> None:
    """A proposal passes if nobody objects, the quorum is reached, and there is at least one ballot."""
    counted = {Ballot("0"): agree, Ballot("1"): abstain, Ballot("2"): object_}
    assert passes(tally(Method.CONSENT, OPTIONS, counted, quorum=quorum)) is passed


async def test_the_card_says_what_an_objection_shows_before_the_press(here: Instance) -> None:
    """The card says that an objection shows name and reason to everyone, and so does the form of the objection."""
    await say(here, ADA, OPEN)
    assert "An objection shows your name and your reason to everyone here." in reply_words(newest(here))
    form = form_of(await click(here, BEN, newest(here), "Object"))
    assert form.inputs[0].hint == "Everyone here sees your name and your reason."


async def test_no_answer_looks_better_than_another(here: Instance) -> None:
    """The three buttons of a consent poll have one style."""
    await say(here, ADA, OPEN)
    controls = [control for card in newest(here).cards for control in card.controls if isinstance(control, Button)]
    answers = [control.style for control in controls if control.label in OPTIONS]
    assert answers == [ButtonStyle.PRIMARY] * 3


async def test_an_objection_needs_a_reason(here: Instance) -> None:
    """An objection needs a reason of up to 500 characters: neither an empty form nor a bare ballot objects."""
    await say(here, ADA, OPEN)
    form = form_of(await click(here, BEN, newest(here), "Object"))
    for empty in ("", "   ", "\u3164"):
        assert "needs a reason" in (await fill(here, BEN, form, reason=empty)).errors["reason"]
    assert "needs a reason" in words(await press(here, BEN, on("vote", "p1", "2")))
    assert "500" in (await fill(here, BEN, form, reason="x" * 501)).errors["reason"]
    assert "0 ballots" in reply_words(newest(here))


@pytest.mark.parametrize(
    ("who", "action", "closed", "said"),
    [
        (BEN, on("poll-object", "p1"), False, None),
        (BEN, on("poll-object", "p1"), True, "This poll is closed"),
        (BEN, on("poll-object", "p2"), False, "Check the command"),
        (ADA, on("objection-answer", "p1", "1"), False, None),
        (ADA, on("objection-answer", "p1", "2"), False, "There's no such objection"),
        (ADA, on("poll-follow", "p1"), False, "Close this poll first"),
        (ADA, on("poll-follow", "p1"), True, None),
        (MO, on("poll-follow", "p1"), True, None),
        (BEN, on("poll-follow", "p1"), True, "Only the poll's host and the moderators"),
        (ADA, on("poll-follow", "p2"), True, "Check the command"),
    ],
)
async def test_who_may_object_answer_and_change_a_proposal(
    here: Instance, clock: Clock, who: Request, action: str, closed: bool, said: str | None
) -> None:
    """Any member may object while a poll is open, and its host answers each objection by number.

    After the close, the host or a moderator may change the proposal. A poll of another method has none of this.
    """
    await say(here, ADA, OPEN)
    await say(here, ADA, CREATE)
    await object_to(here, "p1", "Too dear")
    if closed:
        clock.forward(hours=2)
        await here.scheduler.run_due()
    outcome = await press(here, who, action)
    if said is None:
        assert form_of(outcome)
    else:
        assert said in words(outcome)


async def test_two_rounds_and_a_withdrawn_objection(here: Instance, clock: Clock) -> None:
    """The card shows the host's answer to an objection, but no objection that its author has withdrawn.

    A changed proposal names the last poll's head and asks everybody again.
    """
    await say(here, ADA, OPEN)
    await object_to(here, "p1", "Too dear")
    assert "Ben: Too dear" in reply_words(newest(here))
    objections = await press(here, ADA, on("poll-objections", "p1"))
    answer = form_of(await click(here, ADA, objections, "Answer Ben"))
    assert (await fill(here, ADA, answer, answer="It lasts ten years")).replace
    await here.copies.drain()
    assert "Ben: Too dear (the host answers: It lasts ten years)" in reply_words(newest(here))
    await click(here, CHEN, newest(here), "Agree")
    clock.forward(hours=2)
    await here.scheduler.run_due()
    result = newest(here)
    assert "1 objection stands, so the proposal doesn't pass." in reply_words(result)
    assert result.cards[0].tone is Tone.INFO
    assert "★" not in "".join(reply_words(reply) for _, reply in wall(here).posted)
    decision = form_of(await click(here, ADA, result, "Record the decision"))
    assert decision.inputs[0].value == "We buy a kettle: 1 objection stands, so the proposal doesn't pass."
    head = (await here.polls.get("p1", here.bot._translator(ADA))).head
    form = form_of(await click(here, ADA, result, "Change the proposal"))
    preview = await fill(here, ADA, form, question="We buy a small kettle", closes="2h")
    await click(here, ADA, preview, "Post")
    second = next(poll for poll in await here.polls.listed("test:demo") if poll.question == "We buy a small kettle")
    assert second.follows == "p1"
    assert second.options[0].words == f"follows p1 {head}"
    assert second.ballots == 0
    assert "This changes the proposal of poll p1. Everyone is asked again." in reply_words(newest(here))
    await object_to(here, second.id, "Still too dear")
    assert "Your vote has changed" in words(await press(here, BEN, on("vote", second.id, "0")))
    await press(here, CHEN, on("vote", second.id, "1"))
    await here.copies.drain()
    assert "Still too dear" not in reply_words(newest(here))
    assert "Still too dear" in words(await press(here, ADA, on("poll-objections", second.id)))
    clock.forward(hours=2)
    await here.scheduler.run_due()
    assert "No objection stands: the proposal passes." in reply_words(newest(here))
    assert newest(here).cards[0].tone is Tone.GOOD
    assert audit.verify(await here.polls.record(await here.polls.get(second.id, here.bot._translator(ADA)))) == []


async def test_only_its_author_withdraws_an_objection_and_only_the_host_answers(here: Instance) -> None:
    """Only its author can withdraw an objection, and another member can neither take it away nor answer it."""
    await say(here, ADA, OPEN)
    await object_to(here, "p1", "Too dear")
    await press(here, MO, on("vote", "p1", "0"))
    await press(here, CHEN, on("withdraw", "p1"))
    form = form_of(await press(here, CHEN, on("objection-answer", "p1", "1")))
    assert "Only the poll's host and the moderators" in words(await fill(here, CHEN, form, answer="No"))
    t = here.bot._translator(ADA)
    [objection] = await here.polls.objections(await here.polls.get("p1", t))
    assert (objection.name, objection.stands, objection.answer) == ("Ben", True, "")
    assert "Your vote is withdrawn" in words(await press(here, BEN, on("withdraw", "p1")))
    [objection] = await here.polls.objections(await here.polls.get("p1", t))
    assert not objection.stands


async def test_a_new_reason_takes_the_place_of_the_old_one(here: Instance) -> None:
    """An objection with the same reason again changes nothing, and one with another reason withdraws the first."""
    await say(here, ADA, OPEN)
    for reason in ("Too dear", "Too dear", "Too loud"):
        await object_to(here, "p1", reason)
    objections = await here.polls.objections(await here.polls.get("p1", here.bot._translator(ADA)))
    assert [(each.reason, each.stands) for each in objections] == [("Too dear", False), ("Too loud", True)]
    await here.copies.drain()
    assert "Too loud" in reply_words(newest(here))
    assert "Too dear" not in reply_words(newest(here))


async def test_consent_has_no_options_of_its_own(here: Instance) -> None:
    """Parley refuses a consent poll with options that the host types, and one on policy options."""
    answer = words(await say(here, ADA, '/poll create question:"q" options:"a|b" method:consent'))
    assert "Leave out the options" in answer
    answer = words(await say(here, ADA, '/poll policy options:"A tea fund | Bring your own tea" method:consent'))
    assert "Consent asks about one proposal." in answer
    assert wall(here).posted == []


async def test_what_a_member_erases_leaves_no_name(here: Instance, clock: Clock) -> None:
    """Erasing withdraws a member's objection in an open poll, and removes only their name from it in a closed one."""
    await say(here, ADA, OPEN)
    await object_to(here, "p1", "Too dear")
    clock.forward(hours=3)
    await here.scheduler.run_due()
    await say(here, ADA, OPEN)
    second = (await here.polls.listed("test:demo"))[0].id
    await object_to(here, second, "Too loud")
    await here.privacy.erase(BEN.actor, clock())
    t = here.bot._translator(ADA)
    for poll, stands in (("p1", True), (second, False)):
        [objection] = await here.polls.objections(await here.polls.get(poll, t))
        assert (objection.member, objection.name, objection.stands) == ("", "", stands)


async def object_to(here: Instance, poll: str, reason: str) -> None:
    """Object as Ben."""
    form = form_of(await press(here, BEN, on("poll-object", poll)))
    outcome = await fill(here, BEN, form, reason=reason)
    assert not outcome.errors, outcome.errors
    await here.copies.drain()
