"""Tests of discussions as hosts, members and moderators go through them, over the whole core and a real database."""

from __future__ import annotations

import asyncio
import json
import random
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.chat.vocabulary import Outcome, Place, Request
from bot.commands.discussion_cards import PAUSE_EVERY
from bot.deliberation import repository
from bot.deliberation.model import PEOPLE_MIN, SHOWN_MIN, Discussion, DiscussionStatement
from bot.deliberation.proposals import OWN_STATEMENTS_MAX
from bot.deliberation.report import digest, read_report
from bot.instance import Instance
from bot.packs.model import Lean
from tests.hosting import click, fill, form_of
from tests.talk import ADA, BEN, CHEN, MO, buttons, press, reply_words, say, wall, words
from tests.walls import wall_of
from tests.world import SHIPPED, Clock, request, running

STATEMENTS = (
    "Tea is free | Coffee is free | Cups are washed at once | The kitchen stays open | Guests may help themselves"
)
START = f'/discuss start question:"How should the kitchen work?" statements:"{STATEMENTS}"'
ID = "d-p1"


def people(count: int) -> list[Request]:
    return [request(f"member{number}") for number in range(count)]


async def answer_all(here: Instance, who: Request, opinions: dict[int, str]) -> None:
    for position, vote in opinions.items():
        outcome = await press(here, who, f"v1:discuss-say:{ID}:{position}:{vote}")
        assert outcome.success, words(outcome)


async def propose(here: Instance, who: Request, statement: str) -> Outcome:
    now = here.now()
    return await here.bot.submit(replace(who, now=now), f"v1:discuss-added:{ID}", {"words": statement})


async def statements_of(here: Instance, discussion: Discussion) -> list[DiscussionStatement]:
    return await here.database.read(lambda tx: repository.statements(tx, discussion.id))


async def close(here: Instance, clock: Clock) -> None:
    clock.forward(days=8)
    await here.scheduler.run_due()
    await here.discussion_copies.drain()


async def test_a_discussion_goes_from_its_start_to_its_result(here: Instance, clock: Clock) -> None:
    """While a discussion is open, members see how many take part and no result. After the close everyone reads the
    groups, the statements that most agree on, those that divide the groups, and the hash of the totals."""
    started = await say(here, ADA, START)
    assert "The discussion is open" in words(started)
    ((_, card),) = wall(here).posted
    assert "Fewer than 7 take part so far" in reply_words(card)
    assert set(buttons(card)) == {"Take part", "How secret?"}
    first = await press(here, BEN, buttons(card)["Take part"])
    assert first.answer is not None
    assert {"Agree", "Disagree", "Pass", "Stop here"} <= set(buttons(first.answer))
    assert "Starter" in words(first)
    for number, who in enumerate(people(20)):
        side = ("agree", "disagree") if number < 10 else ("disagree", "agree")
        await answer_all(here, who, {0: side[0], 1: side[1], 2: "agree", 3: side[0], 4: side[1]})
    await here.discussion_copies.drain()
    assert "20 take part" in reply_words(wall(here).posted[0][1])
    assert "You'll see the result when this discussion closes" in words(await say(here, CHEN, f"/discuss results {ID}"))
    await close(here, clock)
    (_, copy), (_, announced) = wall(here).posted
    for reply in (copy, announced):
        assert "20 people took part." in reply_words(reply)
        assert "People fall into 2 groups: A with 10, B with 10." in reply_words(reply)
        assert "100% Cups are washed at once" in reply_words(reply)
        assert "Opinions differ" in reply_words(reply)
        assert re.search("(A 100%, B 0%|A 0%, B 100%) agree: Tea is free", reply_words(reply))
        assert "hash " in reply_words(reply)
    image = announced.cards[0].image
    assert image is not None
    assert "All: 100% agree, 0% disagree" in image.alt
    row = await here.discussions.get(ID, here.bot._translator(ADA))
    assert digest(row.result) == row.result_hash


async def test_a_member_goes_on_where_they_were_after_a_restart(tmp_path: Path, clock: Clock) -> None:
    """A member goes on after a restart where they were: no statement comes twice, and Parley says when none is left."""
    seen: set[str] = set()
    async with running(tmp_path, clock=clock) as here:
        await say(here, ADA, START)
        turn = await say(here, BEN, "/discuss join")
        for _ in range(3):
            seen.add(words(turn).splitlines()[1])
            assert turn.answer is not None
            turn = await press(here, BEN, buttons(turn.answer)["Agree"])
    async with running(tmp_path, clock=clock) as here:
        turn = await press(here, BEN, buttons(turn.answer)["Pass"]) if turn.answer else turn
        for _ in range(1):
            seen.add(words(turn).splitlines()[1])
            assert turn.answer is not None
            turn = await press(here, BEN, buttons(turn.answer)["Disagree"])
        assert "That's all for now" in words(turn)
        mine = await press(here, BEN, f"v1:discuss-mine:{ID}")
        assert words(mine).count("You agree:") == 3
    assert len(seen) == 4


async def test_an_answer_can_be_changed_and_counts_once(here: Instance, clock: Clock) -> None:
    """A member can change an answer. The last one counts, and it counts once."""
    await say(here, ADA, START)
    for who in people(8):
        await answer_all(here, who, {0: "disagree"})
        await answer_all(here, who, {0: "agree"})
        await answer_all(here, who, {0: "agree"})
    await close(here, clock)
    report = read_report((await here.discussions.get(ID, here.bot._translator(ADA))).result)
    total = report.statement(0).total
    assert total is not None
    assert (total.agree, total.answers, report.people) == (8, 8, 8)


@pytest.mark.parametrize(("count", "told"), [(PEOPLE_MIN, True), (PEOPLE_MIN - 1, False)])
async def test_nothing_is_reported_below_seven_people(here: Instance, clock: Clock, count: int, told: bool) -> None:
    """If fewer than 7 people took part, no answer, posted message or file of the result reports anything."""
    await say(here, ADA, START)
    for who in people(count):
        await answer_all(here, who, {0: "agree"})
    await close(here, clock)
    result = await say(here, BEN, "/discuss results")
    assert ("there's nothing to report" in words(result)) is not told
    export = await press(here, BEN, f"v1:discuss-export:{ID}")
    assert export.answer is not None
    files = [file.content for file in export.answer.files]
    posted = [reply_words(reply) for _, reply in wall(here).posted]
    assert len(posted) == 2
    assert [("Tea is free" in each) is told for each in (words(result), *posted, *files)] == [True] * 6


@pytest.mark.parametrize(("count", "told"), [(SHOWN_MIN, True), (SHOWN_MIN - 1, False)])
async def test_no_number_stands_for_fewer_than_five(here: Instance, clock: Clock, count: int, told: bool) -> None:
    """A result has the numbers of a statement only if at least 5 people answered it."""
    await say(here, ADA, START)
    for number, who in enumerate(people(10)):
        await answer_all(here, who, {0: "agree", **({1: "agree"} if number < count else {})})
    await close(here, clock)
    report = read_report((await here.discussions.get(ID, here.bot._translator(ADA))).result)
    assert (report.statement(1).total is not None) is told


async def test_a_group_of_few_answers_hides_all_groups_of_a_statement(here: Instance, clock: Clock) -> None:
    """If only three people of a group answered a statement, the result hides the numbers of all groups for it. The
    other group's number would give theirs away by the difference."""
    many = " | ".join(f"Statement {letter} holds" for letter in "abcdefgh")
    await say(here, ADA, f'/discuss start question:"Kitchen?" statements:"{many}"')
    for number, who in enumerate(people(24)):
        side = "agree" if number < 12 else "disagree"
        opinions = dict.fromkeys(range(7), side)
        await answer_all(here, who, opinions | ({7: "agree"} if number < 15 else {}))
    await close(here, clock)
    report = read_report((await here.discussions.get(ID, here.bot._translator(ADA))).result)
    assert report.sizes == (12, 12)
    assert report.statement(0).groups is not None
    assert report.statement(7).total is not None
    assert report.statement(7).groups is None


async def test_after_the_close_nothing_in_the_file_leads_to_an_answer(tmp_path: Path, clock: Clock) -> None:
    """After the close the database's files no longer contain members' pseudonyms, the discussion's key or a statement's
    author."""
    async with running(tmp_path, clock=clock) as here:
        await say(here, ADA, START)
        for who in people(9):
            await answer_all(here, who, {0: "agree", 1: "disagree"})
        await propose(here, BEN, "Milk is bought by everyone in turn")
        t = here.bot._translator(BEN)
        row = await here.discussions.get(ID, t)
        hashes = [await here.discussions.person(row, who.actor) for who in people(9)]
        secret = await here.database.read(lambda tx: tx.value("discussion_secret", discussion=ID))
        before = _files(tmp_path)
        assert hashes[0].encode() in before
        assert secret.encode() in before
        await close(here, clock)
        after = _files(tmp_path)
        assert [each for each in (*hashes, secret) if each.encode() in after] == []
        assert b"test:demo:ben" not in after
        closed = await here.discussions.get(ID, t)
        assert await here.discussions.person(closed, BEN.actor) == ""


def _files(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in sorted(folder.glob("parley.db*")))


async def test_a_member_s_statement_waits_for_a_moderator(here: Instance) -> None:
    """A moderator reads a member's statement first, without its author's name. Members can answer an accepted statement
    but not a rejected one, and the log has both decisions."""
    await say(here, ADA, START)
    assert "A moderator reads it first" in words(await propose(here, BEN, "Milk is bought by everyone in turn"))
    await propose(here, CHEN, "The fridge is emptied on Fridays")
    assert "Only moderators" in words(await say(here, BEN, "/discuss statements"))
    queue = await say(here, MO, "/discuss statements")
    assert "2 statements are waiting" in words(queue)
    assert "Ben" not in words(queue)
    assert queue.answer is not None
    shown = await press(here, MO, buttons(queue.answer)["Accept"])
    assert "The fridge is emptied" in words(shown)
    empty = await here.bot.submit(replace(MO, now=here.now()), f"v1:discuss-rejected:{ID}:6", {"note": " "})
    assert "Write why" in empty.errors["note"]
    gone = await here.bot.submit(replace(MO, now=here.now()), f"v1:discuss-rejected:{ID}:6", {"note": "Not ours"})
    assert "The statement is rejected" in words(gone)
    assert "Another moderator has already decided" in words(await press(here, MO, f"v1:discuss-accept:{ID}:6"))
    log = words(await say(here, MO, "/log"))
    assert "Milk is bought by everyone in turn" in log
    assert "Not ours" in log
    assert (await press(here, ADA, f"v1:discuss-say:{ID}:5:agree")).success
    assert "no longer in the discussion" in words(await press(here, ADA, f"v1:discuss-say:{ID}:6:agree"))


@pytest.mark.parametrize(("away", "heard"), [(set(), True), ({"ben"}, False)], ids=["reached", "away"])
async def test_the_author_of_a_rejected_statement_reads_why(here: Instance, away: set[str], heard: bool) -> None:
    """The author of a rejected statement reads the moderator's reason in a private message. The moderator reads whether
    Parley could reach the author."""
    wall_of(here).away = away
    await say(here, ADA, START)
    await propose(here, BEN, "Milk is bought by everyone in turn")
    gone = await here.bot.submit(replace(MO, now=here.now()), f"v1:discuss-rejected:{ID}:5", {"note": "Not ours"})
    assert ("I told its author why" if heard else "I can't reach its author") in words(gone)
    notices = [(person, "Mo says why: Not ours" in reply_words(reply)) for person, reply in wall_of(here).private]
    assert notices == [("ben", True)] * heard


async def test_a_muted_statement_takes_no_more_answers(here: Instance) -> None:
    """Members can't answer a muted statement, and earlier answers to it stay."""
    await say(here, ADA, START)
    await answer_all(here, BEN, {0: "agree"})
    assert "muted" in words(await press(here, MO, f"v1:discuss-mute:{ID}", "0"))
    assert "no longer in the discussion" in words(await press(here, CHEN, f"v1:discuss-say:{ID}:0:agree"))
    assert len(await here.discussions.mine(await here.discussions.get(ID, here.bot._translator(BEN)), BEN.actor)) == 1


@pytest.mark.parametrize(
    ("statement", "refusal"),
    [
        ("x" * 141, "Shorten it to 140 characters; it has 141."),
        ("Tea is good. Coffee is better", "one idea at a time"),
        ("Tea is good\nCoffee is better", "one idea at a time"),
        ("See https://example.org", "Leave the link out"),
        ("@ben should wash up", "Leave the mention out"),
        ("  ", "Write a statement"),
        ("\u200b", "Write a statement"),
    ],
)
async def test_a_bad_statement_is_refused_beside_its_field(here: Instance, statement: str, refusal: str) -> None:
    """Parley refuses a bad statement with the reason beside its field, and stores nothing."""
    await say(here, ADA, START)
    outcome = await propose(here, BEN, statement)
    assert refusal in outcome.errors["words"]
    assert len(await statements_of(here, await here.discussions.get(ID, here.bot._translator(BEN)))) == 5


async def test_a_statement_of_140_characters_is_taken(here: Instance) -> None:
    """A statement may have up to 140 characters."""
    await say(here, ADA, START)
    assert not (await propose(here, BEN, "x" * 140)).errors


async def test_a_similar_statement_is_shown_before_it_is_sent(here: Instance) -> None:
    """Parley shows a similar statement to a member before it sends theirs. Only the author can send theirs too. One that
    the author drops can't be sent any more."""
    await say(here, ADA, START)
    shown = await propose(here, BEN, "Cups should be washed at once")
    assert "Cups are washed at once" in words(shown)
    assert shown.answer is not None
    send = buttons(shown.answer)["Send mine too"]
    assert "isn't yours" in words(await press(here, CHEN, send))
    assert "Thank you for your statement" in words(await press(here, BEN, send))
    other = await propose(here, BEN, "Guests may often help themselves")
    assert other.answer is not None
    await press(here, BEN, buttons(other.answer)["Drop mine"])
    assert "isn't yours" in words(await press(here, BEN, buttons(other.answer)["Send mine too"]))


async def test_one_member_adds_only_a_few_statements(here: Instance) -> None:
    """One member can add at most 5 statements to a discussion."""
    await say(here, ADA, START)
    chance = random.Random(1)
    for number in range(OWN_STATEMENTS_MAX):
        outcome = await propose(here, BEN, " ".join(f"w{chance.random()}" for _ in range(4)))
        assert not outcome.errors, number
    assert "the most for one member" in (await propose(here, BEN, "One more of a different kind")).errors["words"]


async def test_forged_and_foreign_presses_change_nothing(here: Instance) -> None:
    """Parley refuses a forged press with an unknown statement, vote or discussion, and stores no answer."""
    await say(here, ADA, START)
    for forged in (f"{ID}:99:agree", f"{ID}:0:maybe", f"{ID}:x:agree", f"{ID}:0:2", "d-zz:0:agree", "p1:0:agree"):
        outcome = await press(here, BEN, f"v1:discuss-say:{forged}")
        assert not outcome.success, forged
    assert await here.discussions.mine(await here.discussions.get(ID, here.bot._translator(BEN)), BEN.actor) == []


async def test_an_answer_after_the_close_is_refused(here: Instance, clock: Clock) -> None:
    """Parley refuses an answer after the close, and tells the member that it wasn't counted. An answer past the deadline
    still counts until the scheduler closes the discussion."""
    await say(here, ADA, START)
    clock.forward(days=8)
    await answer_all(here, CHEN, {0: "agree"})
    await close(here, clock)
    assert "Your answer wasn't counted." in words(await press(here, BEN, f"v1:discuss-say:{ID}:0:agree"))


async def test_only_hosts_and_moderators_end_a_discussion(here: Instance) -> None:
    """Another member can't end a host's discussion, and a moderator can. A cancelled discussion has no result, and its
    answers are deleted."""
    await say(here, ADA, START)
    assert "Only the discussion's host" in words(await say(here, BEN, "/discuss close"))
    ask = await say(here, MO, "/discuss cancel")
    assert ask.answer is not None
    assert "cancelled" in words(await press(here, MO, buttons(ask.answer)["Cancel it now"]))
    await here.discussion_copies.drain()
    assert "its answers are deleted" in reply_words(wall(here).posted[0][1])
    assert "has no result" in words(await press(here, ADA, f"v1:discuss-results:{ID}"))


async def test_a_host_alone_closes_a_discussion_without_numbers(here: Instance) -> None:
    """A host who closes a discussion in which nobody else took part reads that there is nothing to report."""
    await say(here, ADA, START)
    await answer_all(here, ADA, {0: "agree"})
    ask = await say(here, ADA, "/discuss close")
    assert ask.answer is not None
    closed = await press(here, ADA, buttons(ask.answer)["Close it now"])
    assert "nothing to report" in words(closed)


async def test_a_discussion_is_extended(here: Instance, clock: Clock) -> None:
    """A host can move the close of a discussion to a later time only, and members can take part until then."""
    await say(here, ADA, START)
    assert "It now closes" in words(await say(here, ADA, "/discuss extend 9 days"))
    assert "Pick a time after" in words(await say(here, ADA, "/discuss extend 2 days"))
    clock.forward(days=8)
    await here.scheduler.run_due()
    assert (await say(here, BEN, "/discuss join")).success


async def test_a_private_discussion_is_seen_in_its_place_alone(here: Instance) -> None:
    """A private discussion shows in its own place only. Elsewhere Parley answers as if it had never existed, and the
    log doesn't mention it."""
    inside = replace(ADA, place=Place("test", "demo", "board", private=True))
    await say(here, inside, START)
    assert "How should the kitchen work?" in words(await say(here, replace(BEN, place=inside.place), "/discuss list"))
    assert "How should the kitchen work?" not in words(await say(here, BEN, "/discuss list"))
    assert f"There's no discussion “{ID}” here" in words(await press(here, BEN, f"v1:discuss-join:{ID}"))
    assert "There's no discussion “d-zz” here" in words(await press(here, BEN, "v1:discuss-join:d-zz"))
    assert "kitchen" not in words(await say(here, MO, "/log"))


async def test_privacy_shows_and_erases_answers(here: Instance) -> None:
    """A member can see that Parley stores their answers, export them and erase them. The totals, the number of people
    and the member's waiting statement go with them."""
    await say(here, ADA, START)
    await answer_all(here, BEN, {0: "agree", 1: "pass"})
    await propose(here, BEN, "Milk is bought by everyone in turn")
    assert "your answers in 1 open discussion" in words(await say(here, BEN, "/privacy show"))
    export = await say(here, BEN, "/privacy export")
    assert export.answer is not None
    (part,) = json.loads(export.answer.files[0].content)["discussions"]
    assert {each["answer"] for each in part["answers"]} == {1, 0}
    await press(here, BEN, "v1:privacy-erase")
    row = await here.discussions.get(ID, here.bot._translator(BEN))
    assert (row.people, await here.discussions.mine(row, BEN.actor)) == (0, [])
    statements = await statements_of(here, row)
    assert sum(each.agrees + each.passes for each in statements) == 0
    assert "Milk" not in str(statements)
    assert BEN.actor.id not in str(statements)


async def test_common_ground_is_put_to_a_vote(here: Instance, clock: Clock) -> None:
    """A poll from a result has as options the statements that most agree on. Nothing is public before *Post*."""
    await say(here, ADA, START)
    for who in people(9):
        await answer_all(here, who, {0: "agree", 1: "agree", 2: "disagree"})
    await close(here, clock)
    before = len(wall(here).posted)
    outcome = await press(here, BEN, f"v1:discuss-poll:{ID}")
    assert "Only you see this." in words(outcome)
    assert (outcome.posts, len(wall(here).posted)) == ((), before)
    assert outcome.answer is not None
    opened = await press(here, BEN, buttons(outcome.answer)["Post"])
    poll = reply_words(opened.posts[0].reply)
    assert "Tea is free" in poll
    assert "Cups" not in poll


async def test_a_decision_follows_from_a_result(here: Instance, clock: Clock) -> None:
    """A decision from a result begins with the common ground and leads back to the result. Its files have the whole
    hash of the totals."""
    await say(here, ADA, START)
    for who in people(9):
        await answer_all(here, who, {0: "agree", 2: "disagree"})
    await close(here, clock)
    form = form_of(await click(here, ADA, await say(here, ADA, "/discuss results"), "Record the decision"))
    assert form.inputs[0].value == "How should the kitchen work? Most agree: Tea is free"
    outcome = await fill(here, ADA, form, outcome="Tea is free from now on")
    row = await here.discussions.get(ID, here.bot._translator(ADA))
    assert f"From discussion {ID}, totals {row.result_hash[:12]}" in words(outcome)
    assert "9 people took part" in words(await click(here, ADA, outcome, "Show the discussion's result"))
    files = (await press(here, BEN, "v1:decisions-export")).answer
    assert files is not None
    text, data = files.files
    assert f"- Discussion: {ID}, totals SHA-256 {row.result_hash}" in text.content
    (decision,) = json.loads(data.content)
    assert (decision["discussion"], decision["totals_sha256"], decision["poll"]) == (ID, row.result_hash, "")


async def test_who_records_what_follows_from_a_discussion(here: Instance, clock: Clock) -> None:
    """The host and moderators can record a decision from a discussion once it has closed. Another member can't, not
    even with the host's form."""
    await say(here, ADA, START)
    decide = f"v1:discuss-decide:{ID}"
    assert "once the discussion is closed" in words(await press(here, ADA, decide))
    for who in people(8):
        await answer_all(here, who, {0: "agree"})
    await close(here, clock)
    assert "Only the discussion's host" in words(await press(here, BEN, decide))
    assert form_of(await press(here, MO, decide)).action.args == (ID,)
    form = form_of(await press(here, ADA, decide))
    assert "Only the discussion's host" in words(await fill(here, BEN, form, outcome="Mine"))
    assert "No decisions yet" in words(await say(here, BEN, "/decisions"))


async def test_a_cancelled_discussion_decides_nothing(here: Instance) -> None:
    """A host can't record a decision from a cancelled discussion, and Parley points them to /decide."""
    await say(here, ADA, START)
    await press(here, ADA, f"v1:discuss-cancel:{ID}")
    assert "Use /decide for a decision of its own" in words(await press(here, ADA, f"v1:discuss-decide:{ID}"))


async def test_a_decision_of_a_private_discussion_stays_in_its_place(here: Instance, clock: Clock) -> None:
    """A decision from a private discussion can be recorded and read in its own place only. Elsewhere it doesn't exist,
    for a moderator and the host alike."""
    place = Place("test", "demo", "board", private=True)
    inside = replace(ADA, place=place)
    await say(here, inside, START)
    for who in people(8):
        await answer_all(here, replace(who, place=place), {0: "agree"})
    await close(here, clock)
    form = form_of(await press(here, inside, f"v1:discuss-decide:{ID}"))
    for who in (ADA, MO):
        assert "There's no discussion" in words(await press(here, who, f"v1:discuss-decide:{ID}"))
        assert "There's no discussion" in words(await fill(here, who, form))
    assert "The decision is recorded" in words(await fill(here, inside, form))
    assert "kitchen" in words(await say(here, inside, "/decisions"))
    assert "kitchen" not in words(await say(here, MO, "/decisions"))


async def test_after_ten_answers_comes_a_pause(here: Instance) -> None:
    """After ten answers Parley pauses, says how far the member is, and offers to go on or to add a statement."""
    many = " | ".join(f"Statement number {number} of twelve holds" for number in range(12))
    await say(here, ADA, f'/discuss start question:"Kitchen?" statements:"{many}"')
    turn = await say(here, BEN, "/discuss join")
    for _ in range(PAUSE_EVERY):
        assert turn.answer is not None
        turn = await press(here, BEN, buttons(turn.answer)["Agree"])
    assert "10 of 12; go on?" in words(turn)
    assert turn.answer is not None
    assert "Add your own" in buttons(turn.answer)
    assert "10 of 12 answered" in words(await press(here, BEN, buttons(turn.answer)["Go on"]))


async def test_a_crowd_answers_at_once(here: Instance, clock: Clock) -> None:
    """When 60 members answer at the same moment, each answer counts, and none twice."""
    await say(here, ADA, START)
    crowd = people(60)
    await asyncio.gather(*(answer_all(here, who, {0: "agree", 1: "disagree"}) for who in crowd for _ in range(2)))
    row = await here.discussions.get(ID, here.bot._translator(ADA))
    statements = await statements_of(here, row)
    assert (row.people, statements[0].agrees, statements[1].disagrees) == (60, 60, 60)


async def test_topics_give_statements_of_different_leanings(tmp_path: Path, clock: Clock) -> None:
    """A host who types no statements opens the discussion with those of the topic. A member's first four have
    one of each leaning."""
    async with running(tmp_path, clock=clock, content=SHIPPED) as here:
        assert "The discussion is open" in words(await say(here, ADA, "/discuss start Kitchen?"))
        opened = await here.discussions.get(ID, here.bot._translator(ADA))
        leanings = {each.words: each.lean for each in await statements_of(here, opened)}
        for who in (BEN, CHEN):
            turn, first = await say(here, who, "/discuss join"), []
            for _ in Lean:
                first.append(leanings[words(turn).splitlines()[1].removeprefix("> ")])
                assert turn.answer is not None
                turn = await press(here, who, buttons(turn.answer)["Agree"])
            assert sorted(first) == sorted(Lean)


async def test_a_rate_limit_does_not_slow_a_fast_rater(here: Instance) -> None:
    """Answers to statements have their own rate limit, which allows at least 100 at once."""
    assert here.bot.rapid.burst >= 100
    assert here.bot.registry.actions["discuss-say"].rapid


async def test_it_closes_once_though_two_processes_try(tmp_path: Path, clock: Clock) -> None:
    """When two processes end the same discussion at the same moment, only one of them does, and its place hears of it
    once."""
    async with running(tmp_path, clock=clock) as one, running(tmp_path, clock=clock, shared=True) as other:
        await say(one, ADA, START)
        clock.now += timedelta(days=8)
        ended = await asyncio.gather(one.discussions.end(ID, clock()), other.discussions.end(ID, clock()))
        assert sorted(ended) == [False, True]
        await asyncio.gather(one.scheduler.run_due(), other.scheduler.run_due())
        posted = [reply.cards[0].title for here in (one, other) for _, reply in wall(here).posted]
        assert posted.count("Closed: How should the kitchen work?") == 1
