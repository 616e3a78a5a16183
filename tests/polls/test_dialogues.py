"""Hosts, voters and onlookers go through a poll, over the whole core and a real database."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.chat.vocabulary import Answers, MessageRef, Place, Reply, Request, Select, Visibility
from bot.commands.poll_labels import BALLOTS
from bot.errors import NotAllowed
from bot.instance import Instance
from bot.polls.model import PollState
from bot.polls.service import COPIES_MAX, OPEN_POLLS_MAX, OWN_POLLS_MAX
from tests.talk import ADA, BEN, CHEN, CREATE, MO, REFUSAL, buttons, picture_words, press, reply_words, say, wall, words
from tests.world import NOBODY, NOWHERE, SHIPPED, Clock, request, running


async def test_a_poll_is_opened_voted_and_closes_by_itself(here: Instance, clock: Clock) -> None:
    """The host opens a poll, members vote with its buttons, and at its time it closes and its result is announced."""
    opened = await say(here, ADA, f"{CREATE} closes:2h")
    assert "The poll is open" in words(opened)
    ((_, posted),) = wall(here).posted
    assert posted.visibility is Visibility.PUBLIC
    vote = buttons(posted)
    for who, label in ((ADA, "Green"), (BEN, "Black"), (CHEN, "Green")):
        outcome = await press(here, who, vote[label])
        assert "Your vote is counted" in words(outcome)
        assert outcome.answer is not None
        assert outcome.answer.visibility is Visibility.PRIVATE
    clock.forward(hours=2)
    await here.scheduler.run_due()
    await here.copies.drain()
    (_, copy), (_, announced) = wall(here).posted
    assert "This poll is closed. Winner: Green." in reply_words(copy)
    assert "Closed: Which tea?" in reply_words(announced)
    assert "chain head" in reply_words(announced)
    image = announced.cards[0].image
    assert image is not None
    assert "Green: 2 (66.7%)" in image.alt


async def test_a_list_of_polls_reads_well_aloud(here: Instance) -> None:
    """Each line of the list begins with a poll's question and has its id once; the buttons name the polls."""
    for drink in ("tea", "coffee"):
        await say(here, ADA, CREATE.replace("tea", drink))
    listed = await say(here, BEN, "/poll list")
    assert words(listed).splitlines()[1:3] == [
        "• Which tea? (open · Poll p1 · One choice · 0 ballots)",
        "• Which coffee? (open · Poll p2 · One choice · 0 ballots)",
    ]
    assert listed.answer is not None
    assert list(buttons(listed.answer)) == ["Show “Which tea?”", "Show “Which coffee?”"]


async def test_one_member_opens_so_many_polls_and_a_community_so_many(here: Instance) -> None:
    """A member may have ten open polls and a community fifty. Moderators have no limit of their own."""
    for _ in range(OWN_POLLS_MAX):
        assert "The poll is open" in words(await say(here, ADA, CREATE))
    assert "Close one of your polls first: 10 are open here" in words(await say(here, ADA, CREATE))
    assert "⟦" in words(await say(here, replace(ADA, locale="en-XA"), CREATE))
    assert "The poll is open" in words(await say(here, BEN, CREATE))
    confirmation = await say(here, ADA, "/poll close poll:p1")
    assert confirmation.answer is not None
    await press(here, ADA, next(iter(buttons(confirmation.answer).values())))
    assert "The poll is open" in words(await say(here, ADA, CREATE))
    for _ in range(OPEN_POLLS_MAX - OWN_POLLS_MAX - 1):
        assert "The poll is open" in words(await say(here, MO, CREATE))
    for who in (BEN, MO):
        assert "Close a poll first: 50 are open here, the most allowed." in words(await say(here, who, CREATE))


async def test_a_poll_stands_in_so_many_messages(here: Instance) -> None:
    """A poll stands in at most fifty messages, since each of them is redrawn at every change."""
    await say(here, ADA, CREATE)
    for _ in range(COPIES_MAX - 1):
        assert "posted here" in words(await say(here, ADA, "/poll post poll:p1"))
    assert "already in 50 messages, the most allowed" in words(await say(here, ADA, "/poll post poll:p1"))
    assert len(wall(here).posted) == COPIES_MAX


async def test_a_vote_can_be_changed_and_withdrawn_until_the_close(here: Instance, clock: Clock) -> None:
    """Until the close a member can change or withdraw a vote, and only the last vote counts."""
    await say(here, ADA, f"{CREATE} closes:1h results:live")
    vote = buttons(wall(here).posted[0][1])
    await press(here, BEN, vote["Green"])
    assert "Your vote has changed" in words(await press(here, BEN, vote["Black"]))
    assert "Your vote stands as it was" in words(await press(here, BEN, vote["Black"]))
    assert "Black: 1 (100%)" in picture_words(await say(here, ADA, "/poll results"))
    assert "Your vote is withdrawn" in words(await press(here, BEN, "v1:withdraw:p1"))
    assert "nothing to withdraw" in words(await press(here, BEN, "v1:withdraw:p1"))
    clock.forward(hours=1)
    assert "no longer open" in words(await press(here, BEN, vote["Green"]))
    await here.scheduler.run_due()
    assert "is closed" in words(await press(here, BEN, vote["Green"]))
    assert "No valid ballot was cast." in words(await say(here, ADA, "/poll results"))


async def test_a_ranking_is_built_step_by_step_and_shown_before_it_is_cast(here: Instance) -> None:
    """Selects and buttons alone make a ranked ballot; nothing counts until “Cast this ballot” is pressed."""
    await say(here, ADA, f"{CREATE} method:ranked")
    step = await press(here, BEN, buttons(wall(here).posted[0][1])["Vote"])
    for option in ("2", "0"):
        assert step.answer is not None
        select = next(c for c in step.answer.cards[0].controls if isinstance(c, Select))
        assert option in [choice.value for choice in select.options]
        step = await press(here, BEN, select.action.encode(), option)
    assert "1. Oolong\n2. Green\nNot cast yet." in words(step)
    assert "You haven't voted" in words(await press(here, BEN, "v1:mine:p1"))
    assert step.answer is not None
    cast = await press(here, BEN, buttons(step.answer)["Cast this ballot"])
    assert cast.replace
    assert "Your vote is counted" in words(cast)
    assert "1. Oolong\n2. Green" in words(await press(here, BEN, "v1:mine:p1"))


async def test_going_back_replaces_the_ballot_and_a_new_one_stands_beside(here: Instance) -> None:
    """“Back one step” and “Start again” redraw the ballot in its place; “Vote” on the poll never replaces the poll."""
    await say(here, ADA, f"{CREATE} method:ranked")
    draft = await press(here, BEN, buttons(wall(here).posted[0][1])["Vote"])
    assert not draft.replace
    for state, label in (("", "Back one step"), ("0", "Start again")):
        half = await press(here, BEN, f"v1:ballot:p1:{state}", "2")
        assert half.answer is not None
        back = await press(here, BEN, buttons(half.answer)[label])
        assert back.replace
        assert "Nothing is ranked yet." in words(back)


async def test_an_id_of_blanks_names_no_poll(here: Instance) -> None:
    """An id of blanks, as a platform's field may send it, counts as no id: the command takes the only open poll."""
    await say(here, ADA, f"{CREATE} results:live")
    card_text = await here.bot.invoke(ADA, "poll results", {"poll": "\r\n"})
    assert "Which tea?" in words(card_text)


async def test_a_form_that_was_forged_is_refused_politely(here: Instance) -> None:
    """A form with a method that Parley never offered gets a polite refusal and opens no poll."""
    filled: Answers = {"question": "q", "options": "a\nb", "method": ("magic",), "results": ("live",), "closes": "1h"}
    assert "Open the form again" in words(await here.bot.submit(ADA, "v1:poll-create", filled))
    assert wall(here).posted == []


async def test_a_ranked_result_shows_the_round_that_decided(here: Instance, clock: Clock) -> None:
    """A ranked result shows the numbers of the round that decided, since first choices alone may mislead."""
    await say(here, ADA, f"{CREATE} method:ranked closes:1h")
    for name, ballot in (("A", "0"), ("B", "0"), ("C", "1"), ("D", "1"), ("E", "2>1")):
        await press(here, request(name), f"v1:cast:p1:{ballot}")
    clock.forward(hours=1)
    await here.scheduler.run_due()
    await here.copies.drain()
    card_text = reply_words(wall(here).posted[0][1])
    assert "Black ★ 3 (60%)" in card_text
    assert "numbers of round 2 of 2" in card_text


async def test_a_winner_is_shown_beside_those_that_went_last(here: Instance, clock: Clock) -> None:
    """If all other options tie for last and go together, the bars are those of the round before."""
    await say(here, ADA, f"{CREATE} method:ranked closes:1h")
    for name, ballot in (("A", "0"), ("B", "0>1"), ("C", "1>0"), ("D", "2>0")):
        await press(here, request(name), f"v1:cast:p1:{ballot}")
    clock.forward(hours=1)
    await here.scheduler.run_due()
    await here.copies.drain()
    card_text = reply_words(wall(here).posted[0][1])
    assert "██████░░░░░░ Green ★ 2 (50%)\n• ███░░░░░░░░░ Black 1 (25%)" in card_text
    assert "numbers of round 1 of 2" in card_text


async def test_a_ranked_tie_says_why_the_numbers_name_another_order(here: Instance, clock: Clock) -> None:
    """If the order of elimination decides, the option with most votes may lose: card and announcement say why."""
    await say(here, ADA, f"{CREATE} method:ranked closes:1h")
    for name, ballot in zip("ABCDEFG", ("0", "0", "0", "1>2", "1>2", "2>1", "2>1"), strict=True):
        await press(here, request(name), f"v1:cast:p1:{ballot}")
    clock.forward(hours=1)
    await here.scheduler.run_due()
    await here.copies.drain()
    (_, copy), (_, announced) = wall(here).posted
    for reply in (copy, announced):
        assert "Tie between: Black, Oolong." in reply_words(reply)
        assert "In round 1, Black and Oolong tie for last" in reply_words(reply)
    assert "Green" not in announced.cards[0].title + reply_words(announced).split("Poll p1")[0]


async def test_an_even_tie_needs_no_reason(here: Instance, clock: Clock) -> None:
    """If all options that are left are level, the result names the tie without a reason."""
    await say(here, ADA, f"{CREATE} method:ranked closes:1h")
    for name, ballot in (("A", "0"), ("B", "1")):
        await press(here, request(name), f"v1:cast:p1:{ballot}")
    clock.forward(hours=1)
    await here.scheduler.run_due()
    announced = reply_words(wall(here).posted[-1][1])
    assert "Tie between: Green, Black." in announced
    assert "tie for last" not in announced


@pytest.mark.parametrize(("options", "typed"), [("one", "one"), (" | a", "a")])
async def test_too_few_options_open_the_form_with_what_was_typed(here: Instance, options: str, typed: str) -> None:
    """A poll that lacks an option is completed in the form, which keeps the question and the option."""
    answer = (await say(here, ADA, f'/poll create post:yes question:"Which tea?" options:"{options}"')).answer
    assert answer is not None
    assert answer.form is not None
    assert [field.value for field in answer.form.inputs[:2]] == ["Which tea?", typed]
    assert not wall(here).posted


async def test_one_of_several_polls_is_picked_by_its_title(here: Instance) -> None:
    """A command that could mean several polls offers each by its question, and keeps what was typed."""
    for question in ("First?", "Second?"):
        await say(here, ADA, f'/poll create post:yes question:"{question}" options:"Green | Black"')
    asked = (await say(here, ADA, "/poll extend 9 days")).answer
    assert asked is not None
    offered = buttons(asked)
    assert set(offered) == {"First?", "Second?"}
    assert "now closes 2026-12-04 12:00" in words(await press(here, ADA, offered["Second?"]))
    for line, expected in (("/poll close", "Close this poll now?"), ("/poll cancel", "Cancel this poll?")):
        asked = (await say(here, ADA, line)).answer
        assert asked is not None
        assert expected in words(await press(here, ADA, buttons(asked)["First?"]))


async def test_the_remedy_of_a_refusal_is_checked_like_a_command(here: Instance) -> None:
    """A refusal's button is checked like a command: another member's press and a forged one are refused."""
    await say(here, ADA, CREATE)
    later = int((ADA.now + timedelta(days=9)).timestamp())
    assert "Only the poll's host" in words(await press(here, BEN, f"v1:poll-extend:p1:{later}"))
    for forged in ("v1:poll-extend:p1:soon", "v1:poll-ask:p1:poll-post"):
        assert REFUSAL.search(words(await press(here, ADA, forged)))


async def test_what_secret_means_is_a_button_away(here: Instance) -> None:
    """A poll says in one line from whom it is secret; *How secret?* says who could see what, and when."""
    await say(here, ADA, CREATE)
    posted = wall(here).posted[0][1]
    assert "the operator could look until the close" in reply_words(posted)
    notice = await press(here, BEN, buttons(posted)["How secret?"])
    assert notice.answer is not None
    assert notice.answer.visibility is Visibility.PRIVATE
    for promise in ("Totals appear at the close.", "unless someone kept a copy of the open database", "random names"):
        assert promise in words(notice)
    await say(here, ADA, f"{CREATE} secret:no")
    assert "How secret?" not in buttons(wall(here).posted[-1][1])
    assert (
        words(await press(here, BEN, "v1:secrecy:p2")).rstrip().endswith("Named: the result shows who voted for what.")
    )


async def test_scores_are_given_option_by_option(here: Instance) -> None:
    """Each option gets 0 to 5 or no score; the ballot is shown before it is cast."""
    await say(here, ADA, f"{CREATE} method:scores")
    step = await press(here, BEN, "v1:ballot:p1:")
    for score in ("5", "blank", "3"):
        assert step.answer is not None
        select = next(c for c in step.answer.cards[0].controls if isinstance(c, Select))
        step = await press(here, BEN, select.action.encode(), score)
    assert "• Green: 5\n• Black: –\n• Oolong: 3" in words(step)
    assert step.answer is not None
    assert "Your vote is counted" in words(await press(here, BEN, buttons(step.answer)["Cast this ballot"]))


async def test_approval_takes_several_options_up_to_the_limit(here: Instance, clock: Clock) -> None:
    """A voter approves of as many options as the poll allows, and no more; the result counts approvals."""
    await say(here, ADA, f"{CREATE} method:approval most:2")
    assert "Your vote is counted" in words(await press(here, BEN, "v1:vote:p1", "0", "2"))
    assert "at most 2" in words(await press(here, CHEN, "v1:vote:p1", "0", "1", "2"))
    await press(here, CHEN, "v1:vote:p1", "0")
    clock.forward(days=7)
    await here.scheduler.run_due()
    await here.copies.drain()
    closed = reply_words(wall(here).posted[0][1])
    for line in ("Green ★ approved by 2 of 2 (100%)", "Black approved by 0 of 2"):
        assert line in closed
    assert "The most approvals win" in words(await press(here, BEN, "v1:poll-counted:p1"))


@pytest.mark.parametrize("method", ["single", "approval", "ranked", "score"])
async def test_a_poll_without_a_ballot_has_no_numbers(here: Instance, clock: Clock, method: str) -> None:
    """A live poll lists its options until somebody votes, and so does one that closed without a vote."""
    await say(here, ADA, f"{CREATE} results:live method:{method} closes:1h")
    assert "1. Green\n2. Black\n3. Oolong" in reply_words(wall(here).posted[0][1])
    clock.forward(hours=1)
    await here.scheduler.run_due()
    await here.copies.drain()
    ended = reply_words(wall(here).posted[0][1])
    assert "No valid ballot was cast." in ended
    assert "%" not in ended


async def test_who_has_not_voted_is_told_in_which_poll(here: Instance) -> None:
    """“My vote” names the poll even to a member who hasn't voted, since several polls may be open."""
    await say(here, ADA, CREATE)
    notice = words(await press(here, BEN, "v1:mine:p1"))
    assert "Which tea?" in notice
    assert "You haven't voted in this poll." in notice


@pytest.mark.parametrize("method", ["", "method:single", "method:ranked", "method:score"])
async def test_how_many_options_is_asked_of_approval_alone(here: Instance, method: str) -> None:
    """Parley refuses `most:` in a poll whose method isn't approval."""
    assert "Add method:approval" in words(await say(here, ADA, f"{CREATE} most:2 {method}"))
    assert not wall(here).posted


async def test_the_form_tells_each_way_to_vote_whole(here: Instance) -> None:
    """The form describes each way to vote in full."""
    answer = (await say(here, ADA, "/poll create")).answer
    assert answer is not None
    assert answer.form is not None
    ways = next(field for field in answer.form.inputs if field.name == "method").options
    assert [way.description for way in ways] == list(BALLOTS.values())


async def test_results_stay_hidden_until_the_close_by_default(here: Instance) -> None:
    """By default totals stay hidden until the close, since live totals of a secret poll would reveal early voters."""
    await say(here, ADA, CREATE)
    await press(here, BEN, "v1:vote:p1:0")
    for who in (ADA, BEN, MO):
        assert "You'll see the results when this poll closes." in words(await press(here, who, "v1:poll-results:p1"))
    await here.copies.drain()
    assert "★" not in reply_words(wall(here).posted[0][1])


async def test_results_after_voting_are_for_those_who_voted(here: Instance) -> None:
    """With `results:after-vote` a member sees the totals after voting, and not before."""
    await say(here, ADA, f"{CREATE} results:after-vote")
    assert "Vote first" in words(await press(here, BEN, "v1:poll-results:p1"))
    await press(here, BEN, "v1:vote:p1:0")
    assert "So far in front: Green." in words(await press(here, BEN, "v1:poll-results:p1"))


async def test_live_results_are_redrawn_merged_and_always_after_the_last_vote(here: Instance) -> None:
    """Fifty votes at once make at most three edits, and the last edit shows all of them."""
    await say(here, ADA, f"{CREATE} results:live")
    await asyncio.gather(*(press(here, request(f"Voter{number}"), "v1:vote:p1:1") for number in range(50)))
    await here.copies.drain()
    assert "Black ★ 50 (100%)" in reply_words(wall(here).posted[0][1])
    assert wall(here).edits <= 3


async def test_only_the_creator_and_moderators_run_a_poll(here: Instance) -> None:
    """Only a poll's host and the moderators can close, cancel or extend it."""
    await say(here, ADA, CREATE)
    for line in ("/poll close", "/poll cancel", "/poll extend 5 days", "/poll close poll:p1"):
        outcome = await say(here, BEN, line)
        if line.endswith("p1"):
            outcome = await press(here, BEN, "v1:poll-close:p1")
        assert "Only the poll's host and the moderators" in words(outcome)
    assert "now closes 2026-11-30 12:00" in words(await say(here, MO, "/poll extend 5 days"))
    assert "Pick a time after the current close." in words(await say(here, ADA, "/poll extend 1 day"))


async def test_closing_asks_once_more_because_it_is_final(here: Instance) -> None:
    """A poll closes only at a second press, and a closed poll can't be cancelled or extended."""
    await say(here, ADA, CREATE)
    confirmation = await say(here, ADA, "/poll close")
    assert "can't be reopened" in words(confirmation)
    assert "You haven't voted" in words(await press(here, BEN, "v1:mine:p1"))
    assert confirmation.answer is not None
    closed = await press(here, ADA, buttons(confirmation.answer)["Close it and show the result"])
    assert "This poll is closed." in words(closed)
    await here.scheduler.run_due()
    assert "Closed: Which tea?" in reply_words(wall(here).posted[-1][1])
    for action in ("v1:poll-close:p1", "v1:poll-cancel:p1"):
        assert "its result is final" in words(await press(here, ADA, action))
    assert "its result is final" in words(await say(here, ADA, "/poll extend 5 days poll:p1"))


async def test_a_cancelled_poll_counts_nothing(here: Instance) -> None:
    """A cancelled poll has no result, and its messages and receipts say so."""
    await say(here, ADA, CREATE)
    voted = words(await press(here, BEN, "v1:vote:p1:0"))
    receipt = next(line for line in voted.splitlines() if line.startswith("Receipt: ")).removeprefix("Receipt: ")
    assert "cancelled" in words(await press(here, ADA, "v1:poll-cancel:p1"))
    await here.copies.drain()
    assert "was cancelled" in reply_words(wall(here).posted[0][1])
    assert "no result" in words(await press(here, ADA, "v1:poll-results:p1"))
    assert "nothing is counted" in words(await say(here, BEN, f"/poll receipt {receipt}"))


async def test_a_missed_quorum_decides_nothing(here: Instance, clock: Clock) -> None:
    """If the quorum is missed, the result shows the numbers and says that nothing is decided."""
    await say(here, ADA, f"{CREATE} closes:1h quorum:2")
    await press(here, BEN, "v1:vote:p1:0")
    clock.forward(hours=1)
    await here.scheduler.run_due()
    results = await say(here, BEN, "/poll results")
    assert "quorum wasn't reached, so nothing is decided" in words(results)
    assert "Green: 1 (100%)" in picture_words(results)


async def test_a_tie_is_reported_as_a_tie(here: Instance, clock: Clock) -> None:
    """A tie stays a tie: neither a lot nor the order of the options decides."""
    await say(here, ADA, f"{CREATE} closes:1h")
    await press(here, BEN, "v1:vote:p1:0")
    await press(here, CHEN, "v1:vote:p1:2")
    clock.forward(hours=1)
    await here.scheduler.run_due()
    assert "Tie between: Green, Oolong." in words(await say(here, BEN, "/poll results"))


async def test_a_receipt_proves_that_a_ballot_is_counted_and_never_what_it_says(here: Instance, clock: Clock) -> None:
    """With a receipt's code anybody can check that its ballot is counted, but not what it says.

    Until the close its voter can see the code again.
    """
    await say(here, ADA, f"{CREATE} closes:1h")
    first = words(await press(here, BEN, "v1:vote:p1:0"))
    code = next(line for line in first.splitlines() if line.startswith("Receipt: ")).removeprefix("Receipt: ")
    assert code in words(await say(here, BEN, "/poll receipt"))
    changed = words(await press(here, BEN, "v1:vote:p1:1"))
    later = next(line for line in changed.splitlines() if line.startswith("Receipt: ")).removeprefix("Receipt: ")
    assert "changed later" in words(await say(here, CHEN, f"/poll receipt {code}"))
    clock.forward(hours=1)
    await here.scheduler.run_due()
    proof = words(await say(here, CHEN, f"/poll receipt {later.lower()}"))
    assert "is in the count" in proof
    assert "Black" not in proof
    assert "No ballot" in words(await say(here, CHEN, "/poll receipt p1-AAAA-AAAA-AAAA-AAAA"))
    assert "nobody can look up your vote any more" in words(await press(here, BEN, "v1:mine:p1"))


async def test_an_export_holds_no_voter_of_a_secret_poll(here: Instance, clock: Clock) -> None:
    """A secret poll's export waits for the close, and has nobody's name or id.

    It has the ballots, the counts, the chain with a link for each vote and the close, and the ballots' commitments.
    """
    await say(here, ADA, f"{CREATE} closes:1h method:ranked")
    for who, ballot in ((BEN, "2>0"), (CHEN, "1")):
        await press(here, who, f"v1:cast:p1:{ballot}")
    assert "once it's closed" in words(await say(here, ADA, "/poll export"))
    clock.forward(hours=1)
    await here.scheduler.run_due()
    outcome = await say(here, ADA, "/poll export")
    assert outcome.answer is not None
    table, record = outcome.answer.files
    rows = list(csv.reader(io.StringIO(table.content)))
    assert rows[0] == ["Green", "Black", "Oolong"]
    assert sorted(rows[1:]) == [["", "1", ""], ["2", "", "1"]]
    stored = json.loads(record.content)
    assert stored["counts"] == {"1": 1, "2>0": 1}
    assert [link["step"] for link in stored["links"]] == ["cast", "cast", "close"]
    assert len(stored["closing_commitments"]) == 2
    for name in ("ben", "chen", "Ben", "Chen"):
        assert name not in table.content + record.content


async def test_a_cell_never_runs_as_a_formula(here: Instance, clock: Clock) -> None:
    """An option or a name that begins like a formula gets an apostrophe before it, so that a spreadsheet keeps it as
    text; a sign inside a text stays as it is."""
    names = ("=HYPERLINK(A1)", "+1", "-2", "@SUM(1)", "a=b")
    await say(here, ADA, f'/poll create post:yes question:"Which?" options:"{" | ".join(names)}" closes:1h secret:no')
    await press(here, request("=1+1"), "v1:vote:p1:0")
    await press(here, request("Ben = Bo"), "v1:vote:p1:4")
    clock.forward(hours=1)
    await here.scheduler.run_due()
    outcome = await say(here, ADA, "/poll export")
    assert outcome.answer is not None
    head, *rows = csv.reader(io.StringIO(outcome.answer.files[0].content))
    assert head == ["voter", "'=HYPERLINK(A1)", "'+1", "'-2", "'@SUM(1)", "a=b"]
    assert sorted(rows) == [["'=1+1", "1", "", "", "", ""], ["Ben = Bo", "", "", "", "", "1"]]


async def test_a_named_poll_says_so_before_and_shows_who_voted_for_what(here: Instance, clock: Clock) -> None:
    """The card of a poll with `secret:no` says that it is named, and its result shows who voted for what."""
    await say(here, ADA, f"{CREATE} closes:1h secret:no")
    assert "Named: the result shows who voted for what." in reply_words(wall(here).posted[0][1])
    await press(here, BEN, "v1:vote:p1:0")
    clock.forward(hours=1)
    await here.scheduler.run_due()
    result = (await say(here, CHEN, "/poll results")).answer
    assert result is not None
    assert "Ben: Green" in words(await press(here, CHEN, buttons(result)["Who voted for what"]))


async def test_eligibility_by_role_is_checked_at_the_vote(here: Instance) -> None:
    """A member without the poll's role can't vote and is told why."""
    await say(here, ADA, f"{CREATE} role:board")
    assert "Only members with this role can vote: board" in reply_words(wall(here).posted[0][1])
    assert "a role that you don't have" in words(await press(here, BEN, "v1:vote:p1:0"))
    board = replace(BEN, actor=replace(BEN.actor, roles=frozenset({"board"})))
    assert "Your vote is counted" in words(await press(here, board, "v1:vote:p1:0"))


async def test_eligibility_by_join_date_needs_a_platform_that_knows_it(here: Instance) -> None:
    """Parley refuses `joined_before` if no join date is known. Otherwise members who came later can't vote."""
    assert "can't see here when members joined" in words(await say(here, ADA, f"{CREATE} joined_before:yes"))
    old = replace(ADA, actor=replace(ADA.actor, joined=ADA.now - timedelta(days=9)))
    new = replace(BEN, actor=replace(BEN.actor, joined=BEN.now + timedelta(days=9)))
    await say(here, old, f"{CREATE} joined_before:yes")
    assert "joined before" in words(await press(here, new, "v1:vote:p1:0"))
    assert "Your vote is counted" in words(await press(here, old, "v1:vote:p1:0"))


async def test_a_poll_of_another_community_is_not_ours(here: Instance) -> None:
    """In another community a poll's buttons change nothing, and answer in the same words as for a poll that isn't there."""
    await say(here, ADA, CREATE)
    stranger = replace(BEN, actor=replace(BEN.actor, workspace="elsewhere"))
    for action in ("v1:vote:p1:0", "v1:mine:p1", "v1:poll-close:p1", "v1:poll-results:p1", "v1:ballot:p1:"):
        answer = words(await press(here, stranger, action))
        assert "no poll “p1” here" in answer
        assert answer.replace("p1", "p9") == words(await press(here, stranger, action.replace("p1", "p9")))
    [poll] = await here.polls.listed("test:demo")
    assert (poll.state, poll.links) == (PollState.OPEN, 0)


def at_home(who: Request) -> Request:
    """Return somebody whose id is the same in every community."""
    return replace(who, actor=replace(who.actor, everywhere=True))


def elsewhere(who: Request, *, everywhere: bool = True) -> Request:
    """Return the same id in another community."""
    actor = replace(who.actor, workspace="elsewhere", everywhere=everywhere)
    return replace(who, actor=actor, place=replace(who.place, workspace="elsewhere"))


async def test_a_poll_is_taken_elsewhere_by_its_creator_alone(here: Instance) -> None:
    """Only its creator can post a poll in another community, and needs the right to create polls there.

    Nobody can if ids are not the same in all communities, since the same id may be somebody else's there.
    """
    post = "/poll post poll:p1"
    await say(here, at_home(ADA), CREATE)
    assert "no poll “p1” here" in words(await say(here, elsewhere(ADA, everywhere=False), post))
    for stranger in (BEN, MO):
        assert "no poll “p1” here" in words(await say(here, elsewhere(stranger), post))
    await say(here, elsewhere(MO), "/settings polls:moderators")
    assert "Only moderators can create polls" in words(await say(here, elsewhere(ADA), post))
    await say(here, elsewhere(MO), "/settings polls:everyone")
    assert "posted here" in words(await say(here, elsewhere(ADA), post))


async def test_one_account_is_one_voter_in_every_community_of_a_poll(here: Instance) -> None:
    """A member who votes again where the poll was posted again changes their one ballot, and sees it in both places."""
    await say(here, at_home(ADA), CREATE)
    await say(here, elsewhere(ADA), "/poll post poll:p1")
    assert "1 ballot" in words(await press(here, at_home(ADA), "v1:vote:p1:0"))
    assert "1 ballot" in words(await press(here, elsewhere(ADA), "v1:vote:p1:1"))
    assert "Black" in words(await press(here, at_home(ADA), "v1:mine:p1"))
    assert "2 ballots" in words(await press(here, elsewhere(BEN), "v1:vote:p1:1"))


async def test_a_guests_ballots_are_shown_and_erased_where_they_voted(here: Instance, clock: Clock) -> None:
    """A guest sees and erases their ballots on polls from another community.

    Erasing withdraws open ballots, and takes the name from closed named ones.
    """
    for poll, line in (("p1", f"{CREATE} closes:1h secret:no"), ("p2", f"{CREATE} closes:9h")):
        await say(here, at_home(ADA), line)
        await say(here, elsewhere(ADA), f"/poll post poll:{poll}")
        await press(here, elsewhere(BEN), f"v1:vote:{poll}:0")
    clock.forward(hours=1)
    await here.scheduler.run_due()
    card_text = words(await say(here, elsewhere(BEN), "/privacy show"))
    assert "1 ballot in named polls" in card_text
    assert "1 ballot in open secret polls" in card_text
    assert "I withdrew your vote from 1 open poll" in words(await press(here, elsewhere(BEN), "v1:privacy-erase"))
    results = await say(here, CHEN, "/poll results poll:p1")
    assert "Green: 1 (100%)" in picture_words(results)
    assert "Ben" not in words(results)
    assert "Ben" not in words(await press(here, CHEN, "v1:poll-voters:p1"))


@pytest.mark.parametrize(
    ("line", "refusal"),
    [
        ("/poll create post:yes question:q options:" + "|".join(f"o{n}" for n in range(26)), "2 to 25 options, not 26"),
        ('/poll create post:yes question:q options:"Tea | tea"', "Two options are called “Tea”."),
        ('/poll create post:yes question:q options:"a | ' + "b" * 5000 + '"', "Shorten that to 4000 characters"),
        ('/poll create post:yes question:q options:"a | ' + "b" * 500 + '"', "at most 75 characters"),
        ("/poll create post:yes question:" + "q" * 301 + ' options:"a|b"', "to 300 characters; it has 301"),
        ('/poll create post:yes question:q options:"a|b" closes:2020-01-01', "Pick a later time"),
        ('/poll create post:yes question:q options:"a|b" closes:"10 years"', "can't read"),
        ('/poll create post:yes question:q options:"a|b" closes:2036-11-25', "Pick an earlier time"),
        ('/poll create post:yes question:q options:"a|b" closes:"tomorrow 25:00"', "can't read"),
        (
            '/poll create post:yes question:q options:"a|b" method:magic',
            "Use one of these: single, approval, ranked, score, consent.",
        ),
        ('/poll create post:yes question:q options:"a|b" method:approval most:3', "Lower most to 2."),
        ('/poll create post:yes question:q options:"a|b" quorum:-1', "Type a whole number for quorum, 0 or more."),
        ('/poll create post:yes question:q options:"a|b" quorum:10000001', "number of ballots"),
        ('/poll policy post:yes options:"nothing like it"', "no policy option “nothing like it”"),
        ("/poll results poll:zzz", "no poll “zzz”"),
        ("/poll results", "There's no poll here yet."),
        ("/poll receipt zzz", "no poll “zzz”"),
    ],
)
async def test_a_poll_that_cannot_be_is_refused_with_what_to_do(here: Instance, line: str, refusal: str) -> None:
    """Parley answers each mistake in a new poll in private with what to do, and opens no poll."""
    outcome = await say(here, ADA, line)
    assert refusal in words(outcome)
    assert outcome.answer is not None
    assert outcome.answer.visibility is Visibility.PRIVATE
    assert wall(here).posted == []
    assert await here.polls.listed("test:demo") == []


@pytest.mark.parametrize(
    ("action", "values"),
    [
        ("v1:vote:p1:9", ()),
        ("v1:vote:p1:-1", ()),
        ("v1:vote:p1:0,1", ()),
        ("v1:vote:p1", ("x",)),
        ("v1:vote:p1", ()),
        ("v1:vote:nope:0", ()),
        ("v1:vote", ()),
        ("v1:cast:p1:0>0", ()),
        ("v1:cast:p1:5,6,1", ()),
        ("v1:ballot:p1:zzz", ("1",)),
        ("v1:ballot:p1:1,1,1,1,1,1", ()),
        ("v2:vote:p1:0", ()),
    ],
)
async def test_a_forged_or_stale_vote_changes_nothing(here: Instance, action: str, values: tuple[str, ...]) -> None:
    """A forged or stale ballot, such as an unknown option or a rank given twice, gets an answer and isn't counted."""
    await say(here, ADA, CREATE)
    outcome = await press(here, BEN, action, *values)
    assert outcome.answer is not None
    assert "went wrong" not in words(outcome)
    assert (await here.polls.listed("test:demo"))[0].ballots == 0


async def test_a_rank_twice_and_a_score_of_six_are_named(here: Instance) -> None:
    """Parley refuses a ballot with a rank given twice or a score of six, and says so."""
    await say(here, ADA, f"{CREATE} method:ranked")
    assert "twice" in words(await press(here, BEN, "v1:cast:p1:0>0"))
    await say(here, ADA, f"{CREATE} method:score")
    assert "can't take that ballot" in words(await press(here, BEN, "v1:cast:p2:6,1,1"))


async def test_the_same_click_a_hundred_times_is_one_ballot(here: Instance) -> None:
    """The same vote a hundred times is one ballot and one link of the chain."""
    await say(here, ADA, CREATE)
    for _ in range(100):
        await press(here, BEN, "v1:vote:p1:0")
    (poll,) = await here.polls.listed("test:demo")
    assert (poll.ballots, poll.links) == (1, 1)


async def test_a_crowd_of_voters_costs_one_look_at_the_poll(here: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a poll's first vote, further votes read nothing outside their own writes."""
    await say(here, ADA, CREATE)
    await press(here, ADA, "v1:vote:p1:0")
    await here.copies.stop()
    monkeypatch.setattr(here.database, "read", None)
    for who in (BEN, CHEN):
        assert "Your vote is counted" in words(await press(here, who, "v1:vote:p1:0"))


async def test_what_another_process_changes_holds_for_the_next_vote(
    here: Instance, tmp_path: Path, clock: Clock
) -> None:
    """A poll that another process has just posted elsewhere takes votes there, and one that it has ended takes none."""
    await say(here, ADA, CREATE)
    await say(here, ADA, CREATE)
    stranger = replace(BEN, actor=replace(BEN.actor, workspace="elsewhere"))
    for poll in ("p1", "p2"):
        await press(here, ADA, f"v1:vote:{poll}:0")
    assert "no poll “p1” here" in words(await press(here, stranger, "v1:vote:p1:0"))
    async with running(tmp_path, clock=clock, shared=True) as other:
        await other.polls.posted("p1", MessageRef(Place("test", "elsewhere", "main"), "m9"), clock())
        assert "Your vote is counted" in words(await press(here, stranger, "v1:vote:p1:0"))
        await other.box.close("p1", clock())
        await other.box.cancel("p2", clock())
    assert "This poll is closed" in words(await press(here, BEN, "v1:vote:p1:0"))
    assert "This poll was cancelled" in words(await press(here, BEN, "v1:vote:p2:0"))
    assert "This poll is closed" in words(await press(here, ADA, "v1:withdraw:p1"))
    assert [poll.ballots for poll in await here.polls.listed("test:demo")] == [2, 0]


async def test_everything_goes_on_after_a_restart(tmp_path: Path, clock: Clock) -> None:
    """Polls, buttons and half-filled ballots outlive a restart, and a poll that fell due meanwhile closes then."""
    async with running(tmp_path, clock=clock) as before:
        await say(before, ADA, f"{CREATE} closes:1h method:ranked")
        await press(before, BEN, "v1:cast:p1:2>0")
        half = await press(before, CHEN, "v1:ballot:p1:", "1")
    assert half.answer is not None
    cast = buttons(half.answer)["Cast this ballot"]
    async with running(tmp_path, clock=clock) as after:
        assert "Your vote is counted" in words(await press(after, CHEN, cast))
        assert "1. Oolong" in words(await press(after, BEN, "v1:mine:p1"))
    clock.forward(hours=5)
    async with running(tmp_path, clock=clock) as later:
        await later.scheduler.run_due()
        assert "Closed: Which tea?" in reply_words(wall(later).posted[0][1])
        assert "2 ballots were cast" in words(await say(later, ADA, "/poll results"))


async def test_a_reminder_goes_out_once_before_the_close(here: Instance, clock: Clock) -> None:
    """A reminder goes out once, as many minutes before the close as the community has set."""
    await say(here, MO, "/settings reminder:30")
    await say(here, ADA, f"{CREATE} closes:2h")
    clock.forward(minutes=89)
    await here.scheduler.run_due()
    assert len(wall(here).posted) == 1
    clock.forward(minutes=1)
    await here.scheduler.run_due()
    await here.scheduler.run_due()
    assert "Closing soon: Which tea?" in reply_words(wall(here).posted[1][1])
    assert len(wall(here).posted) == 2


async def test_a_reminder_is_no_second_ballot(here: Instance, clock: Clock) -> None:
    """A reminder is never redrawn, so it shows no options and no count.

    Its button shows each member the poll as it is then, even after the close.
    """
    await say(here, ADA, f"{CREATE} closes:2h")
    await press(here, BEN, "v1:vote:p1:0")
    clock.forward(hours=1)
    await here.scheduler.run_due()
    reminder = wall(here).posted[1][1]
    assert "Closes 2026-11-25 14:00 UTC" in reply_words(reminder)
    assert not {"Green", "ballot"} & set(reply_words(reminder).split())
    card_text = await press(here, BEN, buttons(reminder)["Show the poll"])
    assert card_text.answer is not None
    assert list(buttons(reminder)) == ["Show the poll"]
    assert "Green" in buttons(card_text.answer)
    clock.forward(hours=1)
    await here.scheduler.run_due()
    assert "This poll is closed. Winner: Green." in words(await press(here, BEN, buttons(reminder)["Show the poll"]))


async def test_a_reminder_of_a_live_poll_says_how_many_have_voted(here: Instance, clock: Clock) -> None:
    """The reminder of a poll with live results says how many ballots there are so far."""
    await say(here, ADA, f"{CREATE} closes:2h results:live")
    await press(here, BEN, "v1:vote:p1:0")
    clock.forward(hours=1)
    await here.scheduler.run_due()
    assert "1 ballot so far" in reply_words(wall(here).posted[1][1])


async def test_settings_decide_who_creates_polls_and_in_which_zone(here: Instance) -> None:
    """The settings decide who creates polls and in which time zone they close; wrong values change nothing."""
    assert "Only moderators" in words(await say(here, ADA, "/settings"))
    assert "Europe/Berlin" in words(await say(here, MO, "/settings zone:Europe/Berlin polls:moderators"))
    assert "Only moderators can create polls" in words(await say(here, ADA, CREATE))
    await say(here, MO, f"{CREATE} closes:'2026-12-01 18:00'".replace("'", '"'))
    assert "Closes 2026-12-01 18:00 CET" in reply_words(wall(here).posted[0][1])
    for line, title in (
        ("/settings zone:Mars/Base", "That's not possible"),
        ("/settings topic:milk", "Not found"),
        ("/settings reminder:999999", "That's not possible"),
        ("/settings reminder:-5", "Type a whole number for reminder, 0 or more."),
        ("/settings polls:nobody", "Check the command"),
    ):
        assert title in words(await say(here, MO, line))
    assert "Europe/Berlin" in words(await say(here, MO, "/settings"))


async def test_settings_take_a_channel_and_a_role_that_the_community_has(here: Instance) -> None:
    """Parley takes only a channel and a role that the community has, and tries out the channel with a post."""
    for line in (f"/settings channel:{NOWHERE}", f"/settings moderators:{NOBODY}", f"{CREATE} role:<@&{NOBODY}>"):
        assert "Pick a " in words(await say(here, MO, line))
    assert wall(here).posted == []
    assert "Moderators' channel: none" in words(await say(here, MO, "/settings"))
    assert "Moderators' channel: office" in words(await say(here, MO, "/settings channel:office moderators:keepers"))
    ((ref, reply),) = wall(here).posted
    assert ref.place.channel == "office"
    assert "I'll post news for moderators here" in reply_words(reply)
    assert "Chosen by Mo" in reply_words(reply)
    without = words(await say(here, MO, "/settings without:channel"))
    assert "Moderators' channel: none" in without
    assert "Moderators' role: keepers" in without
    assert "Moderators' role: only the platform's own" in words(await say(here, MO, "/settings without:moderators"))


async def test_a_channel_in_which_the_bot_may_not_write_is_refused(
    here: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A moderator who names a channel where Parley may not write hears why at once, and the setting stays."""

    async def post(_place: Place, _reply: Reply) -> MessageRef:
        raise NotAllowed("I may not write here.")

    monkeypatch.setattr(wall(here), "post", post)
    assert "I may not write here." in words(await say(here, MO, "/settings channel:office"))
    assert "Moderators' channel: none" in words(await say(here, MO, "/settings"))


async def test_a_role_can_moderate(here: Instance) -> None:
    """Members with the role that the settings name are moderators."""
    await say(here, MO, "/settings moderators:keepers")
    keeper = replace(BEN, actor=replace(BEN.actor, roles=frozenset({"keepers"})))
    assert "Settings of this community" in words(await say(here, keeper, "/settings"))


async def test_policy_options_are_picked_from_a_list_and_lead_to_their_cards(here: Instance, clock: Clock) -> None:
    """A poll on policy options has a list that leads to each option's card, before its close and afterwards."""
    confirmation = await say(here, ADA, "/poll policy post:yes")
    assert confirmation.answer is not None
    form = confirmation.answer.form
    assert form is not None
    answers: Answers = {
        "options": ("option-tea-fund", "option-bring-own"),
        "question": "",
        "method": ("single",),
        "results": ("live",),
        "closes": "1 day",
    }
    await here.bot.submit(ADA, form.action.encode(), answers)
    for days in (0, 1):
        clock.forward(days=days)
        await here.scheduler.run_due()
        await here.copies.drain()
        (_, posted), *_ = wall(here).posted
        assert ("This poll is closed" in reply_words(posted)) is bool(days)
        read = next(c for c in posted.cards[0].controls if isinstance(c, Select) and c.action.verb == "pick")
        card = await press(here, BEN, read.action.encode(), read.options[0].value)
        assert "Everybody shares the cost." in words(card)


async def test_a_form_tells_mistakes_beside_its_fields(here: Instance) -> None:
    """The form shows each mistake beside its field, and opens no poll before all are corrected."""
    form = (await say(here, ADA, "/poll create")).answer
    assert form is not None
    assert form.form is not None
    filled: Answers = {"question": "Which tea?", "options": "Green\nBlack", "method": ("single",), "results": ("live",)}
    wrong = await here.bot.submit(ADA, "v1:poll-create", {**filled, "closes": "tomorrow 25:00"})
    assert "can't read" in wrong.errors["closes"]
    wrong = await here.bot.submit(ADA, "v1:poll-create", {**filled, "options": "Green", "closes": "1h"})
    assert "2 to 25" in wrong.errors["options"]
    wrong = await here.bot.submit(
        ADA, "v1:poll-create", {"question": " ", "options": "Green\nGreen", "closes": "never"}
    )
    assert list(wrong.errors) == ["question", "options", "closes"]
    wrong = await here.bot.submit(
        ADA, "v1:poll-policy:tea", {"options": ("option-tea-fund", "milk"), "closes": "never"}
    )
    assert "The topic has no policy option" in wrong.errors["options"]
    assert "can't read" in wrong.errors["closes"]
    assert wall(here).posted == []
    await here.bot.submit(ADA, "v1:poll-create:post", {**filled, "closes": "1h"})
    assert len(wall(here).posted) == 1


async def test_privacy_shows_and_erases_what_can_be_found(here: Instance, clock: Clock) -> None:
    """`/privacy` shows a member's ballots, withdraws open ones, and takes the name from closed named ones.

    A ballot of a closed secret poll leads to nobody, so it is neither shown nor erased.
    """
    for settings in ("closes:1h secret:no", "closes:9h", "closes:1h"):
        await say(here, ADA, f"{CREATE} {settings}")
    for poll in ("p1", "p2", "p3"):
        await press(here, BEN, f"v1:vote:{poll}:0")
    clock.forward(hours=1)
    await here.scheduler.run_due()
    card_text = words(await say(here, BEN, "/privacy show"))
    assert "1 ballot in named polls" in card_text
    assert "1 ballot in open secret polls" in card_text
    export = (await say(here, BEN, "/privacy export")).answer
    assert export is not None
    assert json.loads(export.files[0].content)["named"][0]["name"] == "Ben"
    erased = await press(here, BEN, "v1:privacy-erase")
    assert "I withdrew your vote from 1 open poll" in words(erased)
    results = await say(here, CHEN, "/poll results poll:p1")
    assert "Green: 1 (100%)" in picture_words(results)
    assert "Ben" not in words(results)
    assert "Ben" not in words(await press(here, CHEN, "v1:poll-voters:p1"))
    assert "0 ballots in named polls" in words(await say(here, BEN, "/privacy show"))
    assert "Green: 1 (100%)" in picture_words(await say(here, CHEN, "/poll results poll:p3"))


async def test_a_community_that_leaves_is_forgotten_after_its_time(here: Instance, clock: Clock) -> None:
    """If a community leaves, its open polls are cancelled at once and its data is deleted after the time it has set."""
    await say(here, MO, "/settings keep:10")
    await say(here, ADA, CREATE)
    await here.privacy.community_left("test:demo", clock())
    (poll,) = await here.polls.listed("test:demo")
    assert poll.state == "cancelled"
    clock.forward(days=9)
    assert await here.privacy.forget_the_gone(clock()) == []
    clock.forward(days=2)
    assert await here.privacy.forget_the_gone(clock()) == ["test:demo"]
    assert await here.polls.listed("test:demo") == []


async def test_the_shipped_packs_options_make_a_poll(tmp_path: Path) -> None:
    """`/poll policy` takes options of the shipped pack by their ids or names."""
    async with running(tmp_path, content=SHIPPED) as instance:
        outcome = await say(
            instance, ADA, '/poll policy post:yes options:"option-treatment-naloxone | Stop guns and cash going south"'
        )
        assert "The poll is open" in words(outcome)
        assert "More treatment and naloxone" in reply_words(wall(instance).posted[0][1])
