"""These tests check decisions at their bounds: their parts, who sees and answers them, who is asked on their day."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.chat.vocabulary import Place, Request
from bot.communities import repository as communities
from bot.communities.model import Community, Creators
from bot.decisions import repository
from bot.decisions.export import as_json, as_markdown
from bot.decisions.model import Decision, DecisionState, DecisionStep
from bot.decisions.service import DecisionDraft, ReviewAnswer, review_moment
from bot.deliberation.model import Discussion, Moderation
from bot.errors import BotError, NotAllowed, NotFound, NotYet, Refused, Unavailable
from bot.instance import Instance
from bot.polls.model import PollState
from bot.store.sql import Transaction
from tests.polls.test_who_may import AWAY, HOME, MOMENT, OFFICE, T, away, opened, who
from tests.talk import ADA, BEN, CHEN, MO, reply_words, say
from tests.walls import wall_of
from tests.world import NOW, NOWHERE, Clock, Wall

DRAFT = DecisionDraft("We buy green tea")
DIRECT = Place("test", "demo", "ada", direct=True, private=True)
MORNING = datetime(2026, 11, 27, 9, tzinfo=UTC)
"""The moment, in UTC, of a review on 27 November."""


async def recorded(here: Instance, request: Request = ADA, **changes: object) -> Decision:
    draft = replace(DRAFT, **changes)  # type: ignore[arg-type]
    return await here.decisions.record(draft, None, request, HOME, T)


async def stored(here: Instance, decision: Decision) -> Decision:
    found = await here.database.read(lambda tx: repository.find(tx, decision.id))
    assert found is not None
    return found


async def refusal(here: Instance, decision: Decision, answer: ReviewAnswer, request: Request = ADA) -> str:
    """Return the message that refuses an answer, or nothing if the answer is taken."""
    try:
        await here.decisions.answer(decision, answer, request, HOME, T)
    except BotError as error:
        return error.message
    return ""


# --- what can be a decision ---


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"outcome": "x" * 500}, None),
        ({"outcome": "x" * 501}, "outcome"),
        ({"outcome": ""}, "outcome"),
        ({"owner": "x" * 100}, None),
        ({"owner": "x" * 101}, "owner"),
        ({"links": ("https://example.org/tea",) * 10}, None),
        ({"links": ("https://example.org/tea",) * 11}, "links"),
        ({"links": ("https://" + "x" * 504,)}, None),
        ({"links": ("https://" + "x" * 505,)}, "links"),
        ({"links": ("http://example.org", "tea:green-tea")}, None),
        ({"links": ("x" * 256 + ":" + "y" * 256,)}, "links"),
        ({"links": ("javascript:alert(1)",)}, "links"),
        ({"links": ("https://example.org/a b",)}, "links"),
        ({"links": ("see https://example.org",)}, "links"),
        ({"links": ("tea",)}, "links"),
        ({"links": ("https://example.org", "ftp://example.org")}, "links"),
        ({"review": "  "}, None),
        ({"review": "whenever"}, "review"),
    ],
)
async def test_each_part_of_a_decision_has_its_bound(
    here: Instance, changes: dict[str, object], part: str | None
) -> None:
    """An outcome has up to 500 characters, an owner's name up to 100, and each of up to ten links up to 512.

    A mistake stands beside its part alone, and nothing is stored.
    """
    draft = replace(DRAFT, **changes)  # type: ignore[arg-type]
    mistakes = here.decisions.mistakes(draft, ADA, HOME, T)
    assert list(mistakes) == ([part] if part else [])
    if part:
        with pytest.raises(Refused):
            await here.decisions.record(draft, None, ADA, HOME, T)
    else:
        await here.decisions.record(draft, None, ADA, HOME, T)
    assert len(await here.decisions.listed("test:demo", ADA)) == (0 if part else 1)


async def test_a_mistake_names_the_link_that_is_wrong(here: Instance) -> None:
    """The refusal quotes the first link that isn't valid."""
    draft = replace(DRAFT, links=("https://example.org", "ftp://example.org", "tea"))
    assert "“ftp://example.org”" in here.decisions.mistakes(draft, ADA, HOME, T)["links"]


@pytest.mark.parametrize(
    ("words", "now", "moment"),
    [
        ("", NOW, None),
        ("2026-11-27", NOW, MORNING),
        ("2026-11-27", MORNING - MOMENT, MORNING),
        ("2026-11-27", MORNING, "Pick a later day"),
        ("2026-11-26", MORNING, "Pick a later day"),
        ("2026-11-27", MORNING - timedelta(days=5 * 366), MORNING),
        ("2026-11-27", MORNING - timedelta(days=5 * 366) - MOMENT, "Pick an earlier day"),
        ("whenever", NOW, "I can't read “whenever” as a day"),
    ],
)
def test_a_review_is_on_a_morning_to_come_within_five_years(
    words: str, now: datetime, moment: datetime | str | None
) -> None:
    """A review is at nine by the community's clock, on a morning that is still to come and within five years."""
    if isinstance(moment, str):
        with pytest.raises(Refused, match=moment):
            review_moment(words, now, HOME, T)
    else:
        assert review_moment(words, now, HOME, T) == moment


async def test_a_mistake_quotes_sixty_characters(here: Instance) -> None:
    """A refusal quotes 60 characters of a link or a day that isn't valid."""
    draft = replace(DRAFT, links=("x" * 61,), review="x" * 61)
    mistakes = here.decisions.mistakes(draft, ADA, HOME, T)
    assert all(f"“{'x' * 60}”" in mistakes[part] for part in ("links", "review"))


def test_a_review_is_at_nine_by_the_communitys_clock() -> None:
    """A review in Berlin in winter is at eight UTC, which is nine by the community's clock."""
    berlin = Community("test:demo", zone="Europe/Berlin")
    assert review_moment("2026-11-27", NOW, berlin, T) == MORNING - timedelta(hours=1)


@pytest.mark.parametrize(
    ("owner", "id_", "name"),
    [("", "ada", "Ada"), ("ada", "ada", "Ada"), ("ADA", "ada", "Ada"), ("Ada B", "", "Ada B"), ("Ben", "", "Ben")],
)
async def test_the_owner_is_the_recorder_or_a_name(here: Instance, owner: str, id_: str, name: str) -> None:
    """An owner who isn't the recorder is a name only: it gives nobody an account, nor a right to answer."""
    decision = await recorded(here, owner=owner)
    assert (decision.owner, decision.owner_name, decision.member, decision.member_name) == (id_, name, "ada", "Ada")
    assert here.decisions.may_answer(decision, BEN, HOME) is False


# --- who sees it ---


@pytest.mark.parametrize(
    ("place", "private"), [(ADA.place, False), (OFFICE, True), (replace(DIRECT, private=False), True)]
)
async def test_a_decision_is_as_private_as_its_place(here: Instance, place: Place, private: bool) -> None:
    """A decision from a private place or from a conversation with the bot alone is private, and any other is public."""
    decision = await recorded(here, replace(ADA, place=place))
    assert (await stored(here, decision)).private is private
    assert bool(await here.decisions.listed("test:demo", BEN)) is not private
    assert bool(await here.decisions.listed("test:demo", None)) is not private
    assert await here.decisions.listed("test:demo", replace(ADA, place=place)) != []
    assert await here.decisions.listed("test:elsewhere", replace(ADA, place=place)) == []


async def test_a_private_poll_decides_in_private_wherever_that_is_written(here: Instance) -> None:
    """A private poll's decision is private, even if the host records it in public; a public poll's is public."""
    for place, private in ((OFFICE, True), (ADA.place, False)):
        poll = await opened(here, replace(ADA, place=place))
        await here.polls.close(poll, ADA.actor, HOME, NOW, T)
        closed = await here.polls.get(poll.id, T)
        decision = await here.decisions.record(DRAFT, closed, ADA, HOME, T)
        assert (decision.private, decision.poll) == (private, poll.id)
        assert [each.id for each in await here.decisions.of_poll(poll.id)] == [decision.id]


async def test_a_decision_is_its_communitys(here: Instance) -> None:
    """For another community's members, hosts and moderators a decision doesn't exist, and they can't answer it."""
    decision = await recorded(here)
    assert (await here.decisions.seen_by(decision.id, BEN, HOME, T)).id == decision.id
    alone = replace(away(ADA), place=replace(DIRECT, workspace="elsewhere"))
    for request in (away(ADA), away(MO), away(BEN), alone):
        assert not here.decisions.may_answer(decision, request, AWAY)
        for look in (here.decisions.seen_by, here.decisions.asked_of):
            with pytest.raises(NotFound):
                await look(decision.id, request, AWAY, T)
        with pytest.raises(NotAllowed):
            await here.decisions.answer(decision, ReviewAnswer(DecisionStep.DONE), request, AWAY, T)
    for look in (here.decisions.seen_by, here.decisions.asked_of):
        with pytest.raises(NotFound):
            await look("p99", ADA, HOME, T)


@pytest.mark.parametrize(
    ("request_", "may"),
    [
        (replace(ADA, place=OFFICE), True),
        (replace(CHEN, place=OFFICE), True),
        (replace(ADA, place=DIRECT), True),
        (replace(BEN, place=DIRECT), True),
        (replace(CHEN, place=DIRECT), False),
        (replace(MO, place=DIRECT), False),
        (ADA, False),
        (BEN, False),
        (MO, False),
    ],
)
async def test_a_private_decision_is_answered_in_its_place_or_by_its_people_alone_with_the_bot(
    here: Instance, request_: Request, may: bool
) -> None:
    """A private decision is answered in its place or by its owner and recorder alone with the bot, not elsewhere."""
    decision = await recorded(here, replace(ADA, place=OFFICE))
    await here.database.write(lambda tx: _let_own(tx, "ben"))
    if may:
        assert (await here.decisions.asked_of(decision.id, request_, HOME, T)).id == decision.id
    else:
        with pytest.raises(NotFound):
            await here.decisions.asked_of(decision.id, request_, HOME, T)


async def _let_own(tx: Transaction, owner: str) -> None:
    """Give every decision an owner who isn't its recorder."""
    await tx.connection.execute("UPDATE decisions SET owner = ?, owner_name = ?", (owner, owner.title()))


@pytest.mark.parametrize(
    ("words", "states", "outcomes"),
    [
        ("", None, ["We clean the kettle", "We buy green tea"]),
        ("TEA", None, ["We buy green tea"]),
        ("we", None, ["We clean the kettle", "We buy green tea"]),
        ("we kettle", None, ["We clean the kettle"]),
        ("tea kettle", None, []),
        ("ben", None, ["We clean the kettle"]),
        ("kettle ada", None, []),
        ("", frozenset({DecisionState.DONE}), ["We buy green tea"]),
        ("", frozenset({DecisionState.STANDING}), ["We clean the kettle"]),
        ("kettle", frozenset({DecisionState.DONE}), []),
        ("", frozenset(), []),
    ],
)
async def test_a_list_has_what_holds_each_word_in_a_state(
    here: Instance, words: str, states: frozenset[DecisionState] | None, outcomes: list[str]
) -> None:
    """A list has the decisions in a state that have each word in the outcome or owner's name, the latest first."""
    tea = await recorded(here)
    await recorded(here, replace(ADA, now=NOW + MOMENT), outcome="We clean the kettle", owner="Ben")
    assert await refusal(here, tea, ReviewAnswer(DecisionStep.DONE)) == ""
    listed = await here.decisions.listed("test:demo", ADA, words, states)
    assert [each.outcome for each in listed] == outcomes


# --- who records it ---


@pytest.mark.parametrize(
    ("request_", "community", "may"),
    [
        (ADA, HOME, True),
        (MO, HOME, True),
        (BEN, HOME, False),
        (who(BEN, roles=frozenset({"chair"})), replace(HOME, moderator_role="chair"), True),
        (away(ADA), AWAY, False),
        (away(MO), AWAY, False),
    ],
)
async def test_a_polls_host_and_its_moderators_record_what_it_decided(
    here: Instance, request_: Request, community: Community, may: bool
) -> None:
    """Only the poll's host and moderators, in the poll's own community, may record its decision."""
    poll = await opened(here)
    await here.polls.close(poll, ADA.actor, HOME, NOW, T)
    closed = await here.polls.get(poll.id, T)
    if may:
        here.decisions.check(closed, request_, community, T)
    else:
        with pytest.raises(NotAllowed):
            here.decisions.check(closed, request_, community, T)


@pytest.mark.parametrize(
    ("state", "error"), [(PollState.OPEN, NotYet), (PollState.CANCELLED, Refused), (PollState.CLOSED, None)]
)
async def test_only_a_closed_poll_decides(here: Instance, state: PollState, error: type[BotError] | None) -> None:
    """A decision can be recorded on a closed poll, and not on an open or a cancelled one."""
    poll = replace(await opened(here), state=state)
    if error is None:
        here.decisions.check(poll, ADA, HOME, T)
    else:
        with pytest.raises(error):
            here.decisions.check(poll, ADA, HOME, T)


@pytest.mark.parametrize(
    ("state", "request_", "words"),
    [
        (PollState.OPEN, ADA, "once the discussion is closed"),
        (PollState.CANCELLED, ADA, "This discussion was cancelled"),
        (PollState.CLOSED, BEN, "Only the discussion's host"),
        (PollState.CLOSED, ADA, ""),
        (PollState.CLOSED, MO, ""),
    ],
)
async def test_a_closed_discussion_leads_to_a_decision(
    here: Instance, state: PollState, request_: Request, words: str
) -> None:
    """A closed discussion's host and moderators record its decision, which has the discussion's id and totals hash.

    The decision of a private discussion is private.
    """
    discussion = Discussion("d-7", "test:demo", "ada", "Ada", "Kitchen?", "", Moderation.OFF, True, NOW, NOW)
    discussion = replace(discussion, state=state, result_hash="abc")
    if words:
        with pytest.raises(BotError, match=words):
            await here.decisions.record(DRAFT, discussion, request_, HOME, T)
        return
    decision = await here.decisions.record(DRAFT, discussion, request_, HOME, T)
    assert (decision.poll, decision.discussion, decision.totals_hash) == ("", "d-7", "abc")
    assert decision.private
    assert "- Discussion: d-7, totals SHA-256 abc" in as_markdown([decision], UTC).splitlines()
    assert json.loads(as_json([decision]))[0]["discussion"] == "d-7"


@pytest.mark.parametrize(
    ("state", "words"), [(PollState.OPEN, "the poll is closed"), (PollState.CANCELLED, "This poll")]
)
async def test_a_refusal_names_what_can_lead_to_no_decision(here: Instance, state: PollState, words: str) -> None:
    """A refusal about a poll calls it a poll."""
    poll = await opened(here)
    with pytest.raises(BotError, match=words):
        here.decisions.check(replace(poll, state=state), ADA, HOME, T)
    with pytest.raises(NotAllowed, match="Only the poll's host"):
        here.decisions.check(poll, BEN, HOME, T)


async def test_the_scheduler_hears_of_each_review(here: Instance) -> None:
    """The scheduler hears of each decision that is recorded or answered, and of no refused answer."""
    heard: list[str] = []
    decisions = replace(here.decisions, changed=lambda: heard.append(""))
    decision = await decisions.record(DRAFT, None, ADA, HOME, T)
    assert len(heard) == 1
    await decisions.answer(decision, ReviewAnswer(DecisionStep.POSTPONED, review="2026-11-27"), ADA, HOME, T)
    assert len(heard) == 2
    with pytest.raises(Refused):
        await decisions.answer(decision, ReviewAnswer(DecisionStep.POSTPONED), ADA, HOME, T)
    assert len(heard) == 2


# --- what becomes of it ---


@pytest.mark.parametrize(
    ("answer", "refused"),
    [
        (ReviewAnswer(DecisionStep.DONE), ""),
        (ReviewAnswer(DecisionStep.DONE, "x" * 500), ""),
        (ReviewAnswer(DecisionStep.DONE, "x" * 501), "Shorten that to 500"),
        (ReviewAnswer(DecisionStep.CHANGED), "Say what changed"),
        (ReviewAnswer(DecisionStep.CHANGED, "Black tea"), ""),
        (ReviewAnswer(DecisionStep.DROPPED), "Say what changed"),
        (ReviewAnswer(DecisionStep.DROPPED, "Too dear"), ""),
        (ReviewAnswer(DecisionStep.POSTPONED), "Type the day"),
        (ReviewAnswer(DecisionStep.POSTPONED, review="yesterday"), "Pick a later day"),
        (ReviewAnswer(DecisionStep.POSTPONED, review="2026-11-27"), ""),
    ],
)
async def test_an_answer_needs_what_its_step_needs(here: Instance, answer: ReviewAnswer, refused: str) -> None:
    """A change or a drop needs words, a delay needs a day, and a done decision neither; a refusal changes nothing."""
    decision = await recorded(here, review="2026-11-26")
    assert (await refusal(here, decision, answer)).startswith(refused)
    now = await stored(here, decision)
    if refused:
        assert now == await stored(here, decision)
        assert [entry.step for entry in now.history] == [DecisionStep.RECORDED]
        return
    postponed = answer.step is DecisionStep.POSTPONED
    assert now.state == ("standing" if postponed else answer.step.value)
    assert now.review_at == now.ask_at == (MORNING if postponed else None)
    assert now.history[-1].words == ("2026-11-27" if postponed else answer.words)
    assert (now.history[-1].step, now.history[-1].member) == (answer.step, "ada")


@pytest.mark.parametrize("first", [DecisionStep.DONE, DecisionStep.DROPPED])
async def test_a_settled_decision_takes_no_second_answer(here: Instance, first: DecisionStep) -> None:
    """A settled decision takes no second answer, not even from a member who still sees it as standing."""
    standing = await recorded(here)
    assert await refusal(here, standing, ReviewAnswer(first, "why")) == ""
    for seen in (standing, await stored(here, standing)):
        words = await refusal(here, seen, ReviewAnswer(DecisionStep.CHANGED, "Black tea"), MO)
        assert words.startswith("This decision is settled already")
    assert (await refusal(here, await stored(here, standing), ReviewAnswer(DecisionStep.DROPPED))).startswith("This")
    assert [entry.step for entry in (await stored(here, standing)).history] == [DecisionStep.RECORDED, first]


@pytest.mark.parametrize(("request_", "may"), [(ADA, True), (BEN, True), (MO, True), (CHEN, False)])
async def test_owner_recorder_and_moderators_answer(here: Instance, request_: Request, may: bool) -> None:
    """A decision's owner, its recorder and moderators may answer it, and other members may not."""
    decision = await recorded(here)
    await here.database.write(lambda tx: _let_own(tx, "ben"))
    decision = await stored(here, decision)
    assert here.decisions.may_answer(decision, request_, HOME) is may
    words = await refusal(here, decision, ReviewAnswer(DecisionStep.DONE), request_)
    assert ("Only the decision's owner" in words) is not may


# --- who is asked on its day ---


async def ask(here: Instance, clock: Clock, now: datetime = MORNING) -> None:
    clock.now = now
    await here.scheduler.run_due()


async def test_people_are_asked_at_the_moment_and_not_before(here: Instance, clock: Clock) -> None:
    """People are asked once, at the moment of the review and not before."""
    decision = await recorded(here, review="2026-11-27")
    assert await here.database.read(repository.next_review) == MORNING
    for now, asked in ((MORNING - MOMENT, []), (MORNING, ["ada"]), (MORNING + timedelta(hours=1), ["ada"])):
        await ask(here, clock, now)
        assert wall_of(here).asked == asked
    assert (await stored(here, decision)).ask_at is None
    assert await here.database.read(repository.next_review) is None


async def test_the_owner_is_asked_before_the_recorder(here: Instance, clock: Clock) -> None:
    """The owner is asked first, and the recorder only if the owner can't be reached. Nobody is asked twice."""
    for away_now, asked in ((set(), ["ben"]), ({"ben"}, ["ben", "ada"]), ({"ben", "ada"}, ["ben", "ada"])):
        wall_of(here).asked.clear()
        wall_of(here).away = set(away_now)
        decision = await recorded(here, replace(ADA, now=clock()), review="tomorrow")
        await here.database.write(lambda tx: _let_own(tx, "ben"))
        assert decision.review_at is not None
        await ask(here, clock, decision.review_at)
        assert wall_of(here).asked == asked
        await here.database.write(lambda tx: tx.connection.execute("UPDATE decisions SET ask_at = NULL"))


@pytest.mark.parametrize(("channel", "again"), [("board", None), ("", MORNING + timedelta(days=1))])
async def test_a_platform_that_writes_to_nobody_is_no_bug(
    here: Instance, clock: Clock, caplog: pytest.LogCaptureFixture, channel: str, again: datetime | None
) -> None:
    """If the platform can't write to members, the question goes to the moderators' channel.

    Without such a channel it comes up again the next day. The log has no bug.
    """
    await here.database.write(lambda tx: communities.put_settings(tx, "test:demo", {"moderator_channel": channel}))
    here.platforms["test"] = wall = Wall()
    decision = await recorded(here, review="2026-11-27")
    await ask(here, clock)
    assert [ref.place.channel for ref, _ in wall.posted] == [channel] * bool(channel)
    assert (await stored(here, decision)).ask_at == again
    assert "bug" not in caplog.text


async def test_who_has_no_account_is_not_asked(here: Instance, clock: Clock) -> None:
    """An owner's typed name has no account, so only the recorder is asked."""
    await recorded(here, owner="Ben", review="2026-11-27")
    await ask(here, clock)
    assert wall_of(here).asked == ["ada"]


@pytest.mark.parametrize(
    ("error", "away_", "again"),
    [
        (Unavailable("down"), set(), timedelta(minutes=10)),
        (NotAllowed("closed"), set(), timedelta(days=1)),
        (None, {"ada"}, timedelta(days=1)),
        (None, set(), None),
        (ValueError("a bug"), set(), None),
    ],
    ids=["unavailable", "refused", "away", "reached", "bug"],
)
async def test_who_cant_be_reached_is_asked_again(
    here: Instance,
    clock: Clock,
    error: Exception | None,
    away_: set[str],
    again: timedelta | None,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Parley asks again in ten minutes if the platform is down, in a day if nobody is reached, never after a bug."""
    decision = await recorded(here, review="2026-11-27")
    wall_of(here).error, wall_of(here).away = error, away_
    await ask(here, clock)
    after = await stored(here, decision)
    assert after.ask_at == (None if again is None else MORNING + again)
    assert ("nobody can be reached" in caplog.text) is (again == timedelta(days=1))
    assert after.review_at == MORNING


async def test_a_platform_that_isnt_here_is_waited_for(here: Instance, clock: Clock) -> None:
    """If this process doesn't run the platform, the question comes up again in ten minutes."""
    decision = await recorded(here, review="2026-11-27")
    platform = here.platforms.pop("test")
    await ask(here, clock)
    assert (await stored(here, decision)).ask_at == MORNING + timedelta(minutes=10)
    here.platforms["test"] = platform
    await ask(here, clock, MORNING + timedelta(minutes=10))
    assert wall_of(here).asked == ["ada"]


@pytest.mark.parametrize(
    ("place", "channel", "asked_there"),
    [(ADA.place, "board", True), (ADA.place, "", False), (ADA.place, NOWHERE, False), (OFFICE, "board", False)],
    ids=["public", "no channel", "channel gone", "private"],
)
async def test_moderators_are_asked_in_their_channel_of_what_is_public(
    here: Instance, clock: Clock, place: Place, channel: str, asked_there: bool
) -> None:
    """Moderators are asked of a public decision in their channel, besides its people, and never of a private one."""
    values = {"moderator_channel": channel}
    await here.database.write(lambda tx: communities.put_settings(tx, "test:demo", values))
    await recorded(here, replace(ADA, place=place), review="2026-11-27")
    before = len(wall_of(here).posted)
    await ask(here, clock)
    posted = wall_of(here).posted[before:]
    assert [(ref.place.workspace, ref.place.channel) for ref, _ in posted] == (
        [("demo", "board")] if asked_there else []
    )
    assert all("We buy green tea" in reply_words(reply) for _, reply in posted)
    assert wall_of(here).asked == ["ada"]


async def test_the_moderators_channel_is_enough(here: Instance, clock: Clock) -> None:
    """If a decision's people are away but the moderators' channel has the question, nobody is asked again."""
    await say(here, MO, "/settings channel:board")
    wall_of(here).away = {"ada"}
    decision = await recorded(here, review="2026-11-27")
    await ask(here, clock)
    assert (await stored(here, decision)).ask_at is None


# --- erasure and files ---


async def test_an_erased_member_is_nobody_in_a_decision(here: Instance) -> None:
    """Erasing a member in their own community removes their name as owner, as recorder and in each step.

    Other members' names stay.
    """
    decision = await recorded(here)
    await refusal(here, decision, ReviewAnswer(DecisionStep.CHANGED, "Black tea"), MO)
    await here.privacy.erase(away(ADA).actor, NOW)
    assert (await stored(here, decision)).owner_name == "Ada"
    await here.privacy.erase(ADA.actor, NOW)
    now = await stored(here, decision)
    assert (now.owner, now.owner_name, now.member, now.member_name) == ("", "", "", "")
    assert [(entry.member, entry.member_name) for entry in now.history] == [("", ""), ("mo", "Mo")]
    assert now.outcome == "We buy green tea"


async def test_files_say_what_there_is_and_nothing_else(here: Instance) -> None:
    """In a file an address is a link and a card is text; a missing owner, review or poll has no line."""
    links = ("https://example.org/tea", "tea:green-tea")
    whole = await recorded(here, links=links, review="2026-11-27", owner="Ben")
    bare = replace(await recorded(here), owner_name="", member_name="", history=())
    markdown = as_markdown([replace(whole, poll="p7")], UTC)
    for line in (
        "- State: standing",
        "- Owner: Ben",
        "- Recorded: 2026-11-25",
        "- Review: 2026-11-27",
        "- Poll: p7",
        "- Evidence: <https://example.org/tea>",
        "- Evidence: tea:green-tea",
        "- 2026-11-25 recorded: We buy green tea (Ada)",
    ):
        assert line in markdown.splitlines()
    assert [line for line in as_markdown([bare], UTC).splitlines() if line] == [
        "## We buy green tea",
        "- State: standing",
        "- Recorded: 2026-11-25",
    ]
    first, second = json.loads(as_json([whole, bare]))
    assert first["review_at"] == "2026-11-27T09:00:00+00:00"
    assert second["review_at"] is None
    assert first["links"] == list(links)
    assert '\n    "outcome": "Grüner Tee"' in as_json([replace(whole, outcome="Grüner Tee")])
    erased = replace(whole, history=tuple(replace(entry, member_name="", words="") for entry in whole.history))
    assert "- 2026-11-25 recorded" in as_markdown([erased], UTC).splitlines()


async def test_where_moderators_alone_open_polls_they_alone_record(here: Instance) -> None:
    """Where only moderators may open polls, only they may record decisions, even one without a poll."""
    strict = replace(HOME, creators=Creators.MODERATORS)
    here.decisions.check(None, MO, strict, T)
    with pytest.raises(NotAllowed):
        here.decisions.check(None, ADA, strict, T)
