"""Bounds of the poll service: its memory of polls, its signals, receipts and results, and the ends of polls."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.chat.vocabulary import Place
from bot.errors import NotAllowed, NotFound, Refused, Unavailable
from bot.instance import Instance
from bot.polls import ballot_box, outbox, posted_messages, service
from bot.polls import repository as poll_rows
from bot.polls.ballot_box import BoxState
from bot.polls.counting.ballots import Method
from bot.polls.discrepancies import Tampered
from bot.polls.model import CastEnd, EndReason, PollOption, PollState
from bot.polls.objections import consent_options
from bot.polls.receipts import Receipt
from bot.polls.rules import PollDraft
from bot.polls.watchers import remind_time
from bot.store.sql import Transaction
from tests.polls.test_who_may import CLOSES, HOME, MOMENT, OFFICE, T, away, opened, votes
from tests.store.things import Raw
from tests.talk import ADA, BEN, MO, reply_words, wall
from tests.world import NOW


@pytest.mark.parametrize(
    ("later", "remembered"),
    [
        (timedelta(), True),
        (timedelta(seconds=5) - MOMENT, True),
        (timedelta(seconds=5), False),
        (-timedelta(seconds=5) + MOMENT, True),
        (-timedelta(seconds=5), False),
    ],
)
async def test_a_poll_is_remembered_for_its_voters_for_five_seconds(
    here: Instance, later: timedelta, remembered: bool
) -> None:
    """The service remembers a poll for its voters for less than five seconds, and then reads it anew.

    It does the same when the clock was set back by five seconds.
    """
    poll = await opened(here)
    assert (await here.polls.to_vote_in(poll.id, BEN, T)).state is PollState.OPEN
    await here.box.close(poll.id, NOW)
    again = await here.polls.to_vote_in(poll.id, replace(BEN, now=NOW + later), T)
    assert again.state is (PollState.OPEN if remembered else PollState.CLOSED)


async def test_what_is_remembered_is_seen_from_its_place_alone(here: Instance) -> None:
    """The service answers about a remembered private poll only in the poll's own place."""
    private = await opened(here, replace(ADA, place=OFFICE))
    assert (await here.polls.to_vote_in(private.id, replace(BEN, place=OFFICE), T)).id == private.id
    for outsider in (BEN, away(BEN), replace(BEN, place=Place("test", "demo", "other", private=True))):
        with pytest.raises(NotFound):
            await here.polls.to_vote_in(private.id, outsider, T)


async def test_a_vote_that_comes_too_late_forgets_what_was_remembered(here: Instance) -> None:
    """A vote after a poll's end isn't counted, and its voter reads how the poll ended.

    The service then reads the poll anew.
    """
    for end, words in (("close", "its result is final"), ("cancel", "was cancelled")):
        poll = await opened(here)
        remembered = await here.polls.to_vote_in(poll.id, BEN, T)
        await getattr(here.box, end)(poll.id, NOW)
        assert words in await votes(here, remembered, BEN)
        assert (await here.polls.to_vote_in(poll.id, BEN, T)).state is not PollState.OPEN
        assert (await here.polls.result(poll)).cast == 0


async def test_an_edit_is_known_at_once(here: Instance) -> None:
    """An edit replaces the poll that the service remembers, so nobody votes on other words than those they read."""
    poll = await opened(here)
    await here.polls.to_vote_in(poll.id, BEN, T)
    await here.polls.edit(poll, PollDraft("Which cup?", poll.options, CLOSES), ADA, HOME, T)
    assert (await here.polls.to_vote_in(poll.id, BEN, T)).question == "Which cup?"


async def test_a_new_place_of_a_poll_is_known_at_once(here: Instance) -> None:
    """A new place of a poll counts at once, even if the service remembers the poll without it."""
    poll = await opened(here)
    await here.polls.to_vote_in(poll.id, BEN, T)
    ref = await wall(here).post(away(ADA).place, await here.copies._draw(poll, HOME))
    await here.polls.posted(poll.id, ref, NOW)
    assert (await here.polls.to_vote_in(poll.id, BEN, T)).communities == {"test:demo", "test:elsewhere"}
    assert await votes(here, await here.polls.to_vote_in(poll.id, away(MO), T), away(MO)) == CastEnd.CAST


async def test_so_many_polls_are_remembered(here: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    """The service remembers at most `REMEMBERED_MAX` polls; one more makes it forget the others."""
    monkeypatch.setattr(service, "REMEMBERED_MAX", 2)
    polls = [await opened(here) for _ in range(3)]
    for number, poll in enumerate(polls):
        await here.polls.to_vote_in(poll.id, BEN, T)
        assert len(here.polls._remembered) == (1, 2, 1)[number]
    await here.box.close(polls[0].id, NOW)
    assert (await here.polls.to_vote_in(polls[0].id, BEN, T)).state is PollState.CLOSED


async def test_the_scheduler_hears_of_each_deadline(here: Instance) -> None:
    """The service wakes the scheduler for each deadline that is set, moved or done with, and for no refused change."""
    heard: list[str] = []
    here.polls.changed = lambda: heard.append("")
    poll = await opened(here)
    assert len(heard) == 1
    await here.polls.extend(poll, ADA.actor, HOME, CLOSES + MOMENT, NOW, T)
    assert len(heard) == 2
    with pytest.raises(Refused):
        await here.polls.extend(poll, ADA.actor, HOME, CLOSES, NOW, T)
    assert len(heard) == 2
    await here.polls.watch(poll, BEN, HOME, T)
    await here.polls.remind(poll, ADA.actor, HOME, NOW, T)
    assert len(heard) == 4
    with pytest.raises(Refused):
        await here.polls.remind(poll, ADA.actor, HOME, NOW, T)
    with pytest.raises(Refused, match="the close was moved"):
        await here.polls.edit(poll, PollDraft("Which cup?", poll.options, CLOSES), ADA, HOME, T)
    assert len(heard) == 4
    await here.polls.close(poll, ADA.actor, HOME, NOW, T)
    assert len(heard) == 5
    other = await opened(here)
    await here.polls.edit(other, PollDraft("Which cup?", poll.options, CLOSES), ADA, HOME, T)
    assert len(heard) == 7


@dataclass
class Step:
    """A part of a transaction that notes how many polls it finds open, and may fail."""

    fails: bool = False
    found: list[int] = field(default_factory=list)

    async def __call__(self, tx: Transaction) -> None:
        self.found.append((await poll_rows.open_counts(tx, HOME.id, "ada"))[0])
        if self.fails:
            raise Refused("not now")


@pytest.mark.parametrize("own", [9, 10])
async def test_a_poll_opens_with_what_belongs_to_it_or_not_at_all(here: Instance, own: int) -> None:
    """A poll opens together with its steps or not at all, by hand or by itself; each step runs once, in its order.

    A failed step opens none, and neither does a host with ten open polls. The scheduler hears of each poll that opened.
    """
    for _ in range(own):
        await opened(here)
    heard: list[str] = []
    here.polls.changed = lambda: heard.append("")
    draft = PollDraft("Which cup?", (PollOption("Mug"), PollOption("Bowl")), CLOSES)
    also, before, after = Step(), Step(), Step()

    async def open_both(also: Step, before: Step, after: Step) -> list[str]:
        refusals = []
        for opening in (
            here.polls.create(draft, ADA, HOME, T, also=also),
            here.polls.open_by_itself(draft, ADA, HOME, T, "p50", before=before, after=after),
        ):
            try:
                poll = await opening
            except Refused as error:
                refusals.append(error.message)
            else:
                await here.polls.cancel(poll, ADA.actor, HOME, NOW, T)
        return refusals

    refused = await open_both(Step(fails=True), Step(fails=True), Step())
    assert (len(refused), heard) == (2, [])
    refused = await open_both(also, before, after)
    if own == service.OWN_POLLS_MAX:
        assert ["Close one of your polls first" in words for words in refused] == [True, True]
        assert (also.found, before.found, after.found, heard) == ([], [], [], [])
    else:
        assert (refused, also.found, before.found, after.found, len(heard)) == ([], [own], [own], [own + 1], 2)
    assert len(await here.polls.listed(HOME.id, only_open=True)) == own


async def test_a_member_takes_back_a_wish_to_be_reminded(here: Instance) -> None:
    """*Remind me* adds a member to the list, takes them off and adds them again; another member stays on it.

    After the poll's end it adds nobody.
    """
    poll = await opened(here)
    moment = remind_time(CLOSES, NOW, HOME.reminder_minutes)
    for expected in (moment, None, moment, None):
        assert await here.polls.watch(poll, BEN, HOME, T) == expected
    assert await here.polls.watch(poll, MO, HOME, T) == moment
    assert await here.polls.watch(poll, BEN, HOME, T) == moment
    await here.box.close(poll.id, NOW)
    assert await here.polls.watch(poll, BEN, HOME, T) is None  # it ended meanwhile


async def stale(here: Instance) -> int:
    return len(await here.database.read(posted_messages.stale_copies))


async def test_an_objection_is_answered_by_those_who_run_the_poll_while_it_stands(here: Instance) -> None:
    """The host and moderators may answer an objection while it stands, and its poll's messages are then redrawn.

    Other members are refused, and so is an answer to a withdrawn objection.
    """
    poll = await opened(here, method=Method.CONSENT, options=consent_options(T))
    await here.polls.cast(poll, BEN, "2", T, reason="Too dear")
    await here.polls.posted(poll.id, await wall(here).post(ADA.place, await here.copies._draw(poll, HOME)), NOW)
    await here.copies.drain()
    [shown] = await here.database.read(lambda tx: posted_messages.copies(tx, poll.id))
    drawn = await here.polls.get(poll.id, T)
    for host in (ADA, MO):
        await here.database.write(lambda tx: posted_messages.mark_shown(tx, shown, drawn, NOW))
        assert await stale(here) == 0
        await here.polls.answer_objection(poll, 1, f"It lasts, says {host.actor.name}", host.actor, HOME, T)
        assert await stale(here) == 1
    with pytest.raises(NotAllowed):
        await here.polls.answer_objection(poll, 1, "It doesn't", BEN.actor, HOME, T)
    assert [each.answer for each in await here.polls.objections(poll)] == ["It lasts, says Mo"]
    await votes(here, poll, BEN, "0")
    with pytest.raises(Refused, match="withdrawn"):
        await here.polls.answer_objection(poll, 1, "It does", ADA.actor, HOME, T)
    assert await here.polls.objections(replace(poll, method=Method.SINGLE)) == ()


async def test_a_poll_is_redrawn_for_what_is_no_vote(here: Instance) -> None:
    """The service can have one poll's messages redrawn without a vote, and leaves other polls' messages alone."""
    for poll in (await opened(here), await opened(here)):
        await here.polls.posted(poll.id, await wall(here).post(ADA.place, await here.copies._draw(poll, HOME)), NOW)
    await here.copies.drain()
    for copy in await here.database.read(posted_messages.copies_of_open_polls):
        drawn = await here.polls.get(copy.poll, T)
        await here.database.write(lambda tx, copy=copy, drawn=drawn: posted_messages.mark_shown(tx, copy, drawn, NOW))  # type: ignore[misc]
    assert await stale(here) == 0
    await here.polls.redraw(poll)
    assert [copy.poll for copy in await here.database.read(posted_messages.stale_copies)] == [poll.id]


async def test_erased_voters_stand_last_in_a_named_poll(here: Instance) -> None:
    """Among the votes of a named poll, an erased voter stands last, as “erased”."""
    poll = await opened(here, secret=False)
    zoe = replace(MO, actor=replace(MO.actor, id="zoe", name="zoe"))
    for voter, text in ((BEN, "1"), (zoe, "0"), (ADA, "1")):
        assert await votes(here, poll, voter, text) == CastEnd.CAST
    await here.polls.close(poll, ADA.actor, HOME, NOW, T)
    await here.privacy.erase(BEN.actor, NOW)
    assert await here.polls.named_votes(poll, T) == [("Ada", "1"), ("zoe", "0"), ("erased", "1")]


async def test_an_own_ballot_is_seen_by_its_voter_until_a_secret_poll_closes(here: Instance) -> None:
    """Only its voter sees a ballot, in a secret poll until the close, and in a named poll afterwards too.

    After the close, a named ballot is shown without the receipt's code, which nobody can make any more.
    """
    secret, named = await opened(here), await opened(here, secret=False)
    for poll in (secret, named):
        assert await here.polls.own(poll, BEN.actor) is None
        assert await votes(here, poll, BEN, "1") == CastEnd.CAST
        own = await here.polls.own(poll, BEN.actor)
        assert own is not None
        assert own.choice == "1"
        assert own.head == (await here.polls.get(poll.id, T)).head
        assert await here.polls.receipt(poll.id, f"{own.code}-{own.head[:16]}") is Receipt.INCLUDED
        assert await here.polls.own(poll, MO.actor) is None
        await here.polls.close(poll, ADA.actor, HOME, NOW, T)
        assert await here.polls.receipt(poll.id, f"{own.code}-{own.head[:16]}") is Receipt.INCLUDED
        for typed in (own.code, f"{own.code}-{own.head[:16]}"):
            assert await here.polls.receipt("p99", typed) is Receipt.UNKNOWN
    assert await here.polls.own(secret, BEN.actor) is None
    own = await here.polls.own(named, BEN.actor)
    assert own is not None
    assert (own.choice, own.code, own.head) == ("1", "", "")


async def test_a_receipt_follows_its_ballot(here: Instance) -> None:
    """The check of a receipt says whether its ballot is included, replaced, withdrawn or cancelled.

    A head of another ballot contradicts the receipt. A code that the record doesn't have is unknown, and a head that it
    doesn't have is lacking.
    """
    poll = await opened(here)
    await votes(here, poll, BEN, "0")
    first = await here.polls.own(poll, BEN.actor)
    await votes(here, poll, BEN, "1")
    second = await here.polls.own(poll, BEN.actor)
    assert first is not None
    assert second is not None
    assert await here.polls.receipt(poll.id, first.code) is Receipt.REPLACED
    assert await here.polls.receipt(poll.id, second.code) is Receipt.INCLUDED
    assert await here.polls.receipt(poll.id, f"{second.code}-{first.head[:16]}") is Receipt.CONTRADICTED
    assert await here.polls.receipt(poll.id, f"AAAA-BBBB-CCCC-DDDD-{first.head[:16]}") is Receipt.UNKNOWN
    assert await here.polls.receipt(poll.id, f"AAAA-BBBB-CCCC-DDDD-{'0' * 16}") is Receipt.LACKING
    assert await here.polls.receipt(poll.id, "tea") is Receipt.UNKNOWN
    await votes(here, poll, BEN, None)
    assert await here.polls.receipt(poll.id, second.code) is Receipt.WITHDRAWN
    await votes(here, poll, MO, "1")
    third = await here.polls.own(poll, MO.actor)
    assert third is not None
    await here.polls.cancel(poll, ADA.actor, HOME, NOW, T)
    assert await here.polls.receipt(poll.id, third.code) is Receipt.CANCELLED
    assert await here.polls.receipt(poll.id, first.code) is Receipt.REPLACED
    assert await here.polls.receipt(poll.id, "AAAA-BBBB-CCCC-DDDD") is Receipt.UNKNOWN


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE ballots SET choice = '0' WHERE poll = 'p1'",
        "UPDATE poll_secrets SET wrapped = (SELECT wrapped FROM poll_secrets WHERE poll = 'p2') WHERE poll = 'p1'",
    ],
)
async def test_a_receipt_is_contradicted_by_a_changed_database(here: Instance, tmp_path: Path, change: str) -> None:
    """A receipt is contradicted if the database has another choice for its ballot, or another poll's secret."""
    poll, _ = await opened(here), await opened(here)
    await votes(here, poll, BEN, "1")
    own = await here.polls.own(poll, BEN.actor)
    assert own is not None
    assert await here.polls.receipt(poll.id, own.code) is Receipt.INCLUDED
    async with Raw.connect(f"sqlite:///{tmp_path / 'parley.db'}") as raw:
        await raw.run(change)
    assert await here.polls.receipt(poll.id, own.code) is Receipt.CONTRADICTED


@pytest.mark.parametrize(
    ("method", "ballots"),
    [(Method.RANKED, ("0>1", "1>0")), (Method.SCORE, ("5,0", "0,5")), (Method.APPROVAL, ("0,1",))],
)
async def test_many_kinds_of_ballots_are_counted_as_few_are(
    here: Instance, monkeypatch: pytest.MonkeyPatch, method: Method, ballots: tuple[str, ...]
) -> None:
    """A poll with more kinds of ballots than `KINDS_ON_LOOP` has the same result as one with fewer."""
    poll = await opened(here, method=method)
    for number, text in enumerate(ballots):
        voter = replace(BEN, actor=replace(BEN.actor, id=f"v{number}"))
        assert await votes(here, poll, voter, text) == CastEnd.CAST
    few = await here.polls.result(poll)
    monkeypatch.setattr(service, "KINDS_ON_LOOP", 0)
    assert await here.polls.result(poll) == few


async def test_a_result_that_nobody_may_see_is_shown_by_no_button(here: Instance) -> None:
    """Before the close, no button shows anybody the totals, the counting, the voters or the export of a named poll.

    After the close they do.
    """
    poll = await opened(here, secret=False)
    await votes(here, poll, BEN)
    for verb in ("poll-results", "poll-counted", "poll-rounds", "poll-voters"):
        for person in (BEN, MO, ADA):
            refused = await here.bot.press(person, f"v1:{verb}:{poll.id}")
            assert refused.answer is not None
            assert "when this poll closes" in reply_words(refused.answer)
            assert "Ben" not in reply_words(refused.answer)
    for person in (BEN, MO, ADA):
        export = await here.bot.press(person, f"v1:poll-export:{poll.id}")
        assert export.answer is not None
        assert not export.answer.files
    await here.polls.close(poll, ADA.actor, HOME, NOW, T)
    shown = await here.bot.press(MO, f"v1:poll-voters:{poll.id}")
    assert shown.answer is not None
    assert "Ben: Green" in reply_words(shown.answer)
    assert "secret" not in reply_words(shown.answer)
    exported = await here.bot.press(MO, f"v1:poll-export:{poll.id}")
    assert exported.answer is not None
    assert len(exported.answer.files) == 2


async def test_what_a_button_shows_takes_the_place_of_its_message(here: Instance) -> None:
    """A closed poll's result, its counting and its record each replace the message whose button was pressed.

    A secret poll has no voters to show.
    """
    poll = await opened(here, method=Method.RANKED)
    await votes(here, poll, BEN)
    await here.polls.close(poll, ADA.actor, HOME, NOW, T)
    for verb in ("poll-results", "poll-counted", "poll-rounds", "poll-voters", "poll-record"):
        outcome = await here.bot.press(MO, f"v1:{verb}:{poll.id}")
        assert (outcome.success, outcome.replace) == (True, True), verb
    nobody = await here.bot.press(MO, f"v1:poll-voters:{poll.id}")
    assert nobody.answer is not None
    assert "This poll is secret, so nobody can see that." in reply_words(nobody.answer)


@pytest.mark.parametrize("changed", [False, True])
async def test_a_record_is_intact_or_it_is_not(here: Instance, tmp_path: Path, changed: bool) -> None:
    """Parley recomputes a record for the member who asks, and says that it is intact or that it doesn't add up."""
    poll = await opened(here)
    await votes(here, poll, BEN)
    await here.polls.close(poll, ADA.actor, HOME, NOW, T)
    if changed:
        async with Raw.connect(f"sqlite:///{tmp_path / 'parley.db'}") as raw:
            await raw.run("UPDATE ballots SET choice = '1'")
    outcome = await here.bot.press(MO, f"v1:poll-record:{poll.id}")
    assert outcome.answer is not None
    assert ("The record doesn't add up" in reply_words(outcome.answer)) is changed
    assert ("The record is intact" in reply_words(outcome.answer)) is not changed


@pytest.mark.parametrize("state", [BoxState.CHECKING, BoxState.DAMAGED])
async def test_a_paused_box_changes_nothing(here: Instance, monkeypatch: pytest.MonkeyPatch, state: BoxState) -> None:
    """A paused ballot box takes no vote, opening, edit, extension, close or cancellation.

    Once it is open, it takes all of them again.
    """
    monkeypatch.setattr(ballot_box, "CHECK_SECONDS", 0.0)
    poll = await opened(here)
    here.box.state = state
    assert here.box.state is state
    for step in (
        lambda: opened(here),
        lambda: here.polls.cast(poll, BEN, "0", T),
        lambda: here.box.edit(poll),
        lambda: here.polls.extend(poll, ADA.actor, HOME, CLOSES + MOMENT, NOW, T),
        lambda: here.polls.close(poll, ADA.actor, HOME, NOW, T),
        lambda: here.polls.cancel(poll, ADA.actor, HOME, NOW, T),
    ):
        with pytest.raises(Unavailable):
            await step()
    assert await here.polls.get(poll.id, T) == poll
    here.box.state = BoxState.OPEN
    assert await votes(here, poll, BEN) == CastEnd.CAST
    assert (await here.polls.extend(poll, ADA.actor, HOME, CLOSES + MOMENT, NOW, T)).closes_at > CLOSES
    other = await opened(here)
    assert await here.box.edit(other)
    await here.polls.close(poll, ADA.actor, HOME, NOW, T)
    await here.polls.cancel(other, ADA.actor, HOME, NOW, T)
    states = [(await here.polls.get(each.id, T)).state for each in (poll, other)]
    assert states == [PollState.CLOSED, PollState.CANCELLED]


async def test_an_extension_is_shown_on_every_message(here: Instance) -> None:
    """An extension redraws the poll's messages, though nobody has voted, and moves its reminder."""
    poll = await opened(here)
    await here.polls.posted(poll.id, await wall(here).post(ADA.place, await here.copies._draw(poll, HOME)), NOW)
    await here.copies.drain()
    [shown] = await here.database.read(lambda tx: posted_messages.copies(tx, poll.id))
    await here.database.write(lambda tx: posted_messages.mark_shown(tx, shown, poll, NOW))
    assert await here.database.read(posted_messages.stale_copies) == []
    await here.polls.extend(poll, ADA.actor, HOME, CLOSES + MOMENT, NOW, T)
    assert [copy.poll for copy in await here.database.read(posted_messages.stale_copies)] == [poll.id]
    reminded = CLOSES + MOMENT - timedelta(minutes=HOME.reminder_minutes)
    assert (await here.polls.get(poll.id, T)).remind_at == reminded


async def test_a_poll_that_is_not_there_is_neither_ended_nor_extended(here: Instance) -> None:
    """A poll that doesn't exist can't be closed, cancelled or extended."""
    for end in (here.box.close, here.box.cancel):
        with pytest.raises(NotFound):
            await end("p99", NOW)
    assert not await here.box.extend("p99", CLOSES + MOMENT, None)


async def test_a_poll_ends_once(here: Instance) -> None:
    """A poll ends once: a second close or cancellation, or an extension, changes nothing of its end.

    The end's reason is the host if one ended it, else the deadline for a close, and Parley for a cancellation.
    """
    for first, second in (("close", "cancel"), ("cancel", "close"), ("close", "close")):
        poll = await opened(here)
        await votes(here, poll, BEN)
        assert await getattr(here.box, first)(poll.id, NOW, "test:demo:ada")
        ended = await here.polls.get(poll.id, T)
        assert not await getattr(here.box, second)(poll.id, NOW + MOMENT)
        assert not await here.box.extend(poll.id, CLOSES + MOMENT, None)
        assert await here.polls.get(poll.id, T) == ended
        assert ended.end_reason is EndReason.HOST
        assert ended.ballots == (0 if first == "cancel" else 1)
    poll = await opened(here)
    await here.box.close(poll.id, NOW)
    assert (await here.polls.get(poll.id, T)).end_reason is EndReason.DEADLINE
    poll = await opened(here)
    await here.box.cancel(poll.id, NOW)
    assert (await here.polls.get(poll.id, T)).end_reason is EndReason.PARLEY


async def test_the_same_vote_again_has_the_same_receipt(here: Instance) -> None:
    """The same vote again gives the same receipt, even after others' votes, and adds nothing to the record."""
    poll = await opened(here)
    first = await here.polls.cast(poll, BEN, "1", T)
    await votes(here, poll, MO)
    again = await here.polls.cast(poll, BEN, "1", T)
    assert (again.end, again.code, again.head) == (CastEnd.UNCHANGED, first.code, first.head)
    assert (again.links, again.ballots) == (2, 2)


async def test_a_poll_whose_secret_is_lost_can_only_be_cancelled(here: Instance, tmp_path: Path) -> None:
    """A poll whose secret is lost takes no vote, close or extension any more, and can only be cancelled."""
    poll = await opened(here)
    await votes(here, poll, BEN)
    async with Raw.connect(f"sqlite:///{tmp_path / 'parley.db'}") as raw:
        await raw.run("DELETE FROM poll_secrets")
    for step in (
        lambda: here.polls.cast(poll, MO, "0", T),
        lambda: here.polls.close(poll, ADA.actor, HOME, NOW, T),
        lambda: here.polls.extend(poll, ADA.actor, HOME, CLOSES + MOMENT, NOW, T),
    ):
        with pytest.raises((Unavailable, Tampered)):
            await step()
    cancelled = await here.polls.cancel(poll, ADA.actor, HOME, NOW, T)
    assert (cancelled.state, cancelled.ballots) == (PollState.CANCELLED, 0)


async def test_an_id_that_is_no_polls_is_repeated_in_short(here: Instance) -> None:
    """A refusal of an unknown poll's id repeats the first 40 characters of the id."""
    with pytest.raises(NotFound) as missing:
        await here.polls.seen_by("x" * 60, BEN, T)
    assert f"“{'x' * 40}”" in missing.value.message


@pytest.mark.parametrize(
    ("posted", "end", "told"),
    [(True, "close", ["main"]), (False, "close", [""]), (True, "cancel", []), (False, "cancel", [])],
)
async def test_a_result_is_told_where_the_poll_was_posted_or_to_its_host(
    here: Instance, posted: bool, end: str, told: list[str]
) -> None:
    """Parley announces a result where the poll was posted, or writes it to its host if no message shows the poll.

    A cancelled poll has no result.
    """
    poll = await opened(here)
    if posted:
        await here.polls.posted(poll.id, await wall(here).post(ADA.place, await here.copies._draw(poll, HOME)), NOW)
    await getattr(here.box, end)(poll.id, NOW)
    channels = []
    while (telling := await here.database.write(lambda tx: outbox.take(tx, ["test"], NOW))) is not None:
        assert telling.for_creator is not posted
        channels.append(telling.place.channel)
    assert channels == told


async def test_what_nobody_chose_any_more_is_not_counted(here: Instance, tmp_path: Path) -> None:
    """A choice that all its voters changed or withdrew leaves no count of 0 after the close."""
    poll = await opened(here)
    for voter, text in ((BEN, "0"), (BEN, "1"), (MO, "0"), (MO, None)):
        await votes(here, poll, voter, text)
    await here.polls.close(poll, ADA.actor, HOME, NOW, T)
    async with Raw.connect(f"sqlite:///{tmp_path / 'parley.db'}") as raw:
        assert await raw.run("SELECT choice, count FROM choice_counts") == [("1", 1)]


@pytest.mark.parametrize("secret", [True, False])
async def test_a_secret_ballot_is_stored_without_a_voter(here: Instance, tmp_path: Path, secret: bool) -> None:
    """A secret ballot is stored without its voter's id, name and salt; a named ballot has them all."""
    poll = await opened(here, secret=secret)
    await votes(here, poll, BEN)
    async with Raw.connect(f"sqlite:///{tmp_path / 'parley.db'}") as raw:
        [(voter, name, who, salt)] = await raw.run("SELECT voter, name, who, salt FROM ballots")
    assert ("ben" in voter, name is None, who is None, salt is None) == (not secret, secret, secret, secret)
