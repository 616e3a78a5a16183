"""The rights of members, hosts and moderators over a poll, each at its bound and just beside it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.chat.vocabulary import Actor, Card, Place, Reply, Request, Visibility
from bot.communities.model import Community, Creators
from bot.errors import BotError, NotAllowed, NotFound, Refused
from bot.i18n import translator
from bot.instance import Instance
from bot.polls.counting.ballots import Method
from bot.polls.model import CastEnd, Poll, PollOption, PollState, Results, Vote
from bot.polls.places import PollPlace, poll_place
from bot.polls.rules import PollDraft, must_be_editable
from bot.polls.service import opens
from tests.store import things
from tests.talk import ADA, BEN, MO, wall
from tests.world import NOW

T = translator("en")
HOME, AWAY = Community("test:demo"), Community("test:elsewhere")
CLOSES = NOW + timedelta(days=1)
MOMENT, MINUTE = timedelta(microseconds=1), timedelta(minutes=1)
_REPLY = Reply((Card(title="Which tea?"),))


def who(request: Request, **changes: object) -> Request:
    """Return the same person with other properties."""
    return replace(request, actor=replace(request.actor, **changes))  # type: ignore[arg-type]


def in_place(request: Request, **changes: object) -> Request:
    return replace(request, place=replace(request.place, **changes))  # type: ignore[arg-type]


def away(request: Request, **changes: object) -> Request:
    """Return the person as a member of another community of the same platform, in its channel."""
    return in_place(who(request, workspace="elsewhere", **changes), workspace="elsewhere")


async def opened(here: Instance, host: Request = ADA, community: Community = HOME, **changes: object) -> Poll:
    draft = PollDraft("Which tea?", (PollOption("Green"), PollOption("Black")), CLOSES)
    return await here.polls.create(replace(draft, **changes), host, community, T)  # type: ignore[arg-type]


async def votes(here: Instance, poll: Poll, voter: Request, text: str | None = "0") -> str:
    """Return how a vote ends: with the box's word or a refusal."""
    try:
        return (await here.polls.cast(poll, voter, text, T)).end
    except (NotAllowed, Refused, NotFound) as error:
        return error.message


def test_an_answer_is_private_unless_the_asker_says_share(here: Instance) -> None:
    """Each command that can show its answer to everybody answers in private unless the asker says `share`."""
    flagged = [command for command in here.bot.commands.values() if command.public_flag]
    assert "poll results" in {command.name for command in flagged}
    for command in flagged:
        flag = command.param(command.public_flag)
        assert flag is not None
        assert (flag.name, flag.default, command.visibility) == ("share", False, Visibility.PRIVATE)


# --- edits ---


async def test_a_poll_can_change_until_its_record_has_a_link(here: Instance) -> None:
    """A poll can be edited until its record has a link; after a vote it can't, even if the vote was withdrawn."""
    poll = await opened(here)
    must_be_editable(await here.polls.get(poll.id, T), T)
    for text in ("0", None):
        await votes(here, poll, BEN, text)
        with pytest.raises(Refused, match="A member has voted or the close was moved"):
            must_be_editable(await here.polls.get(poll.id, T), T)


# --- eligibility ---


@pytest.mark.parametrize(
    ("roles", "may"),
    [
        (set(), False),
        ({"guest"}, False),
        ({"guest", "friend"}, False),
        ({"Board"}, False),
        ({"board"}, True),
        ({"guest", "board"}, True),
        ({"staff"}, True),
        ({"board", "staff"}, True),
    ],
)
async def test_a_role_poll_takes_a_vote_for_one_of_its_roles(here: Instance, roles: set[str], may: bool) -> None:
    """A poll for roles takes votes only from members with one of them; its host and moderators are no exception."""
    poll = await opened(here, roles=frozenset({"board", "staff"}))
    for voter in (BEN, ADA, MO):
        end = await votes(here, poll, who(voter, roles=frozenset(roles)))
        assert end == CastEnd.CAST if may else "a role that you don't have" in end
    assert (await here.polls.result(poll)).cast == (3 if may else 0)


async def test_a_poll_without_roles_takes_a_vote_whatever_the_roles(here: Instance) -> None:
    """A poll without roles takes votes from members with any role or none."""
    poll = await opened(here)
    assert await votes(here, poll, who(BEN, roles=frozenset({"guest"}))) == CastEnd.CAST
    assert await votes(here, poll, MO) == CastEnd.CAST


@pytest.mark.parametrize(
    ("joined", "may"),
    [
        (None, False),
        (NOW - timedelta(days=9), True),
        (NOW - MOMENT, True),
        (NOW, True),
        (NOW + MOMENT, False),
        (NOW + timedelta(days=9), False),
    ],
)
async def test_a_poll_for_earlier_members_takes_those_who_were_there_when_it_opened(
    here: Instance, joined: datetime | None, may: bool
) -> None:
    """A poll for earlier members takes votes from those who joined by the moment when it opened.

    A member whose join date isn't known may not vote.
    """
    poll = await opened(here, who(ADA, joined=NOW - timedelta(days=99)), joined_before=True)
    end = await votes(here, poll, who(BEN, joined=joined))
    assert end == CastEnd.CAST if may else "joined before it opened" in end
    assert await votes(here, await opened(here), who(BEN, joined=joined)) == CastEnd.CAST


async def test_who_lost_a_role_can_change_nothing(here: Instance) -> None:
    """A member who lost the poll's role can neither change nor withdraw their ballot, which stands."""
    poll = await opened(here, roles=frozenset({"board"}))
    board = who(BEN, roles=frozenset({"board"}))
    assert await votes(here, poll, board) == CastEnd.CAST
    for text in ("1", None):
        assert "a role that you don't have" in await votes(here, poll, BEN, text)
    own = await here.polls.own(poll, BEN.actor)
    assert own is not None
    assert own.choice == "0"


async def test_a_vote_is_taken_until_just_before_the_close(here: Instance) -> None:
    """A vote is taken until just before the closing time.

    At that time it is too late, even if the poll isn't closed yet.
    """
    poll = await opened(here)
    assert await votes(here, poll, replace(BEN, now=CLOSES - MOMENT)) == CastEnd.CAST
    for now in (CLOSES, CLOSES + MOMENT):
        assert "no longer open" in await votes(here, poll, replace(MO, now=now))


async def test_a_vote_of_another_community_is_of_no_poll(here: Instance) -> None:
    """A poll takes no vote from another community, and a private poll none from outside its place.

    A vote in a poll that doesn't exist counts nothing.
    """
    poll = await opened(here)
    assert "no poll" in await votes(here, poll, away(BEN))
    private = await opened(here, in_place(ADA, channel="office", private=True))
    for voter in (ADA, BEN, MO):
        assert "no poll" in await votes(here, private, voter)
        assert await votes(here, private, in_place(voter, channel="office")) == CastEnd.CAST
    cast = await here.box.cast(Vote("p99", "test:demo:ben", "Ben", "0", NOW))
    assert (cast.end, cast.code, cast.head, cast.links, cast.ballots) == (CastEnd.UNKNOWN, "", "", 0, 0)


@pytest.mark.parametrize(
    ("platform", "thread", "channel", "sees"),
    [
        ("discord", "", "office", True),
        ("discord", "", "main", False),
        ("discord", "t1", "office", True),
        ("discord", "office", "main", True),
        ("discord", "office", "t1", True),
        ("slack", "", "office", True),
        ("slack", "t1", "office", True),
        ("slack", "office", "main", False),
    ],
)
def test_a_private_poll_answers_in_its_place_and_the_threads_of_it(
    platform: str, thread: str, channel: str, sees: bool
) -> None:
    """A private poll answers in its place and in its threads; only on Discord can a thread itself be the place.

    A poll that isn't private answers its communities anywhere, and no poll answers another community.
    """
    place = Place(platform, "demo", channel, thread)
    home = f"{platform}:demo"
    office = things.poll(
        communities=frozenset({home}), places=frozenset({PollPlace(platform, "demo", "office")}), private=True
    )
    assert office.answers(home, place) is sees
    assert replace(office, private=False).answers(home, place)
    assert not replace(office, places=frozenset()).answers(home, place)
    for each in (office, replace(office, private=False)):
        assert not each.answers(f"{platform}:elsewhere", place)


@pytest.mark.parametrize(
    ("platform", "thread", "narrowest"),
    [("slack", "", "main"), ("slack", "t1", "main"), ("discord", "", "main"), ("discord", "t1", "t1")],
)
def test_a_poll_belongs_to_the_narrowest_place(platform: str, thread: str, narrowest: str) -> None:
    """A poll opened in a thread belongs to the thread on Discord, and to the channel on Slack.

    On Discord a thread can have other members than its channel; on Slack each member of a channel sees its threads.
    """
    assert poll_place(Place(platform, "demo", "main", thread)) == PollPlace(platform, "demo", narrowest)


# --- who runs a poll ---


async def run_each(here: Instance, poll: Poll, person: Actor, community: Community) -> set[str]:
    """Return the steps that this person may take with the poll."""
    done = set()
    for name, step in (
        ("remind", here.polls.remind(poll, person, community, NOW, T)),
        ("extend", here.polls.extend(poll, person, community, CLOSES + MOMENT, NOW, T)),
        ("close", here.polls.close(poll, person, community, NOW, T)),
        ("cancel", here.polls.cancel(poll, person, community, NOW, T)),
    ):
        try:
            await step
        except NotAllowed:
            pass
        except Refused:  # closed by now, so the right was checked before
            done.add(name)
        else:
            done.add(name)
    return done


ROLE = Community("test:demo", moderator_role="wardens")


@pytest.mark.parametrize(
    ("person", "community", "may"),
    [
        (ADA, HOME, True),
        (MO, HOME, True),
        (BEN, HOME, False),
        (who(BEN, roles=frozenset({"wardens"})), ROLE, True),
        (who(BEN, roles=frozenset({"wardens"})), HOME, False),
        (who(BEN, roles=frozenset({"others", ""})), ROLE, False),
        (away(ADA), AWAY, False),
        (away(ADA, everywhere=True), AWAY, False),
        (away(MO), AWAY, False),
    ],
    ids=[
        "host",
        "moderator",
        "member",
        "role",
        "no such role",
        "another role",
        "host away",
        "same id",
        "moderator away",
    ],
)
async def test_a_poll_is_run_at_home_by_its_host_and_its_moderators(
    here: Instance, person: Request, community: Community, may: bool
) -> None:
    """A poll's host and its community's moderators remind, extend, close and cancel it.

    From another community nobody can: neither its host nor a moderator of that community.
    """
    poll = await opened(here)
    assert await run_each(here, poll, person.actor, community) == (
        {"remind", "extend", "close", "cancel"} if may else set()
    )
    assert (await here.polls.get(poll.id, T)).state is (PollState.CLOSED if may else PollState.OPEN)


@pytest.mark.parametrize(
    ("closes_at", "may"),
    [
        (CLOSES - MOMENT, False),
        (CLOSES, False),
        (CLOSES + timedelta(seconds=1), True),
        (CLOSES + timedelta(days=9), True),
    ],
)
async def test_a_close_moves_to_later_only(here: Instance, closes_at: datetime, may: bool) -> None:
    """An extension must move the close to a later time; the present closing time is refused."""
    poll = await opened(here)
    if may:
        extended = await here.polls.extend(poll, ADA.actor, HOME, closes_at, NOW, T)
        assert extended.closes_at == closes_at == (await here.polls.get(poll.id, T)).closes_at
        assert not await here.box.extend(poll.id, closes_at, None)
    else:
        with pytest.raises(Refused, match="after the current close"):
            await here.polls.extend(poll, ADA.actor, HOME, closes_at, NOW, T)
        assert not await here.box.extend(poll.id, closes_at, None)
        assert (await here.polls.get(poll.id, T)).closes_at == CLOSES


@pytest.mark.parametrize("end", ["close", "cancel"])
async def test_what_has_ended_is_neither_changed_nor_ended_again(here: Instance, end: str) -> None:
    """A poll that has ended can't be changed, ended again, reminded of or voted in, even by its host.

    Its objections can't be answered, and each refusal says how the poll ended.
    """
    poll = await opened(here)
    await getattr(here.polls, end)(poll, ADA.actor, HOME, NOW, T)
    ended = await here.polls.get(poll.id, T)
    with pytest.raises(Refused):  # the poll as it was read before its end
        await here.polls.extend(poll, ADA.actor, HOME, CLOSES + MOMENT, NOW, T)
    why = "final" if end == "close" else "cancelled"
    for late in (
        here.polls.extend(ended, ADA.actor, HOME, CLOSES + MOMENT, NOW, T),
        here.polls.close(ended, ADA.actor, HOME, NOW, T),
        here.polls.cancel(ended, ADA.actor, HOME, NOW, T),
        here.polls.remind(ended, ADA.actor, HOME, NOW, T),
        here.polls.watch(ended, BEN, HOME, T),
        here.polls.answer_objection(ended, 1, "It lasts", ADA.actor, HOME, T),
        here.polls.edit(ended, WHOLE, who(ADA, joined=NOW), HOME, T),
    ):
        with pytest.raises(Refused, match=why):
            await late
    assert await here.polls.get(poll.id, T) == ended
    for text in ("0", "99", None):
        assert why in await votes(here, ended, BEN, text)


@pytest.mark.parametrize(
    ("community", "person", "may"),
    [
        (HOME, BEN, True),
        (replace(HOME, creators=Creators.MODERATORS), BEN, False),
        (replace(HOME, creators=Creators.MODERATORS), who(BEN, roles=frozenset({"wardens"})), False),
        (replace(HOME, creators=Creators.MODERATORS), MO, True),
        (replace(ROLE, creators=Creators.MODERATORS), who(BEN, roles=frozenset({"wardens"})), True),
        (replace(ROLE, creators=Creators.MODERATORS), who(BEN, roles=frozenset({"guest"})), False),
    ],
)
async def test_who_may_open_a_poll_is_for_the_community_to_say(
    here: Instance, community: Community, person: Request, may: bool
) -> None:
    """A community lets every member open polls, or only its moderators.

    A moderator has the platform's right or the role that the community named.
    """
    if may:
        assert (await opened(here, person, community)).creator == person.actor.id
    else:
        with pytest.raises(NotAllowed, match="Only moderators can create polls"):
            await opened(here, person, community)


async def test_a_draft_with_a_mistake_opens_no_poll(here: Instance) -> None:
    """The service checks each draft once more, so a draft with a mistake opens no poll."""
    with pytest.raises(Refused, match="2 to 25 options"):
        await opened(here, options=(PollOption("Green"),))
    assert await here.polls.listed("test:demo") == []


@pytest.mark.parametrize(("open_for", "may"), [(MINUTE - MOMENT, False), (MINUTE, True)])
async def test_a_poll_is_open_for_a_minute_at_least(here: Instance, open_for: timedelta, may: bool) -> None:
    """A poll must be open for at least a minute, whether it is opened or edited."""
    if may:
        assert (await opened(here, closes_at=NOW + open_for)).closes_at == NOW + open_for
        return
    with pytest.raises(Refused, match="at least a minute"):
        await opened(here, closes_at=NOW + open_for)
    poll = await opened(here)
    with pytest.raises(Refused, match="at least a minute"):
        await here.polls.edit(poll, replace(WHOLE, joined_before=False, closes_at=NOW + open_for), ADA, HOME, T)


WHOLE = PollDraft(
    "Which cup?",
    (PollOption("Mild", "card", "What the card says"), PollOption("Strong")),
    CLOSES,
    Method.APPROVAL,
    max_choices=2,
    secret=False,
    results=Results.LIVE,
    roles=frozenset({"board"}),
    joined_before=True,
    quorum=3,
    topic="tea",
    public=True,
    follows="p0",
    ping=True,
)
CREW = replace(HOME, ping_role="crew")


@pytest.mark.parametrize("edited", [False, True])
async def test_a_poll_is_all_that_its_draft_says(here: Instance, edited: bool) -> None:
    """A poll has all that its draft says, whether it is opened or edited.

    An edit, even by a moderator from elsewhere, keeps the poll's host, opening and places. Only an opening pings.
    """
    host, moderator = who(ADA, joined=NOW), who(MO, joined=NOW)
    if edited:
        first = await opened(here, replace(host, place=OFFICE))
        later = replace(moderator, now=NOW + MOMENT)
        poll = await here.polls.edit(first, WHOLE, later, CREW, T)
        kept = ("id", "community", "creator", "creator_name", "opened_at", "communities", "private", "places", "format")
        assert [getattr(poll, name) for name in kept] == [getattr(first, name) for name in kept]
    else:
        poll = await here.polls.create(WHOLE, host, CREW, T)
    same = set(PollDraft.__slots__) & set(Poll.__slots__) - {"ping"}
    assert len(same) >= 13
    assert {name: getattr(poll, name) for name in same} == {name: getattr(WHOLE, name) for name in same}
    assert poll.ping == ("" if edited else "crew")  # only the opening pings
    assert (await opened(here, community=CREW)).ping == ""


@pytest.mark.parametrize("person", [BEN, away(ADA)])
async def test_only_those_who_run_a_poll_edit_it(here: Instance, person: Request) -> None:
    """Only the host and moderators may edit a poll, and nobody may after its end."""
    poll = await opened(here)
    with pytest.raises(NotAllowed):
        await here.polls.edit(poll, WHOLE, person, HOME if person is BEN else AWAY, T)
    await here.polls.cancel(poll, ADA.actor, HOME, NOW, T)
    for subject in (poll, await here.polls.get(poll.id, T)):  # the poll as it was read before its end, and as it is
        with pytest.raises(Refused, match="cancelled"):
            await here.polls.edit(subject, replace(WHOLE, joined_before=False), ADA, HOME, T)


# --- reminders ---


@pytest.mark.parametrize(
    ("minutes", "closes_in", "remind_in"),
    [
        (60, timedelta(minutes=60), None),
        (60, timedelta(minutes=60) + MOMENT, MOMENT),
        (60, timedelta(minutes=59), None),
        (60, timedelta(days=1), timedelta(hours=23)),
        (0, timedelta(days=1), None),
        (1, timedelta(days=1), timedelta(days=1) - timedelta(minutes=1)),
    ],
)
async def test_a_reminder_comes_while_there_is_time_for_one(
    here: Instance, minutes: int, closes_in: timedelta, remind_in: timedelta | None
) -> None:
    """A poll has a reminder only if that comes after the opening, and if the community has reminders on.

    An extension sets the reminder anew.
    """
    community = replace(HOME, reminder_minutes=minutes)
    poll = await opened(here, community=community, closes_at=NOW + closes_in)
    expected = None if remind_in is None else NOW + remind_in
    assert poll.remind_at == expected == (await here.polls.get(poll.id, T)).remind_at
    later = NOW + timedelta(days=3)
    moved = await here.polls.extend(poll, ADA.actor, community, later, NOW, T)
    expected = later - timedelta(minutes=minutes) if minutes else None
    assert moved.remind_at == expected == (await here.polls.get(poll.id, T)).remind_at


# --- who sees what ---


OFFICE = Place("test", "demo", "office", private=True)


@pytest.mark.parametrize("private", [True, False])
async def test_what_is_done_with_a_private_poll_is_in_no_log(here: Instance, private: bool) -> None:
    """The log has each step taken with a public poll and none with a private one, as moderators read it anywhere."""
    host = replace(ADA, place=OFFICE if private else ADA.place)
    first, second = await opened(here, host), await opened(here, host)
    await here.polls.extend(first, host.actor, HOME, CLOSES + MOMENT, NOW, T)
    await here.polls.close(first, host.actor, HOME, NOW, T)
    await here.polls.cancel(second, host.actor, HOME, NOW, T)
    entries, _ = await here.action_log.page("test:demo", NOW + timedelta(days=1))
    expected = set() if private else {("extend", first.id), ("close", first.id), ("cancel", second.id)}
    assert {(entry.deed, entry.object) for entry in entries} == expected


@pytest.mark.parametrize(
    ("results", "before", "after"),
    [(Results.AT_CLOSE, False, False), (Results.AFTER_VOTE, False, True), (Results.LIVE, True, True)],
)
async def test_who_sees_the_totals_of_an_open_poll(here: Instance, results: Results, before: bool, after: bool) -> None:
    """Totals of an open poll show to nobody, to members whose vote stands, or to everybody, as its host chose.

    The host and moderators see no more than others. Everybody sees those of a closed poll, and nobody those of a
    cancelled one.
    """
    poll = await opened(here, results=results)
    assert await votes(here, poll, BEN) == CastEnd.CAST
    for person in (MO, ADA):
        assert await here.polls.may_see_result(poll, person.actor) is before
    assert await here.polls.may_see_result(poll, BEN.actor) is after
    assert await votes(here, poll, BEN, None) == CastEnd.WITHDRAWN
    assert await here.polls.may_see_result(poll, BEN.actor) is before
    for state in (PollState.CLOSED, PollState.CANCELLED):
        ended = replace(poll, state=state)
        assert await here.polls.may_see_result(ended, MO.actor) is (state is PollState.CLOSED)


@pytest.mark.parametrize(
    ("results", "may"), [(Results.AT_CLOSE, False), (Results.AFTER_VOTE, False), (Results.LIVE, True)]
)
async def test_only_live_totals_are_shared_before_the_close(here: Instance, results: Results, may: bool) -> None:
    """Before the close, only live totals can be shared with everybody; after it, anybody can share them.

    A member who voted may see totals after a vote in private.
    """
    poll = await opened(here, results=results)
    assert await votes(here, poll, BEN) == CastEnd.CAST
    shared = await here.bot.say(BEN, "/poll results share:yes")
    assert shared.success is may
    assert (shared.answer is not None and shared.answer.visibility == "public") is may
    alone = await here.bot.say(BEN, "/poll results")
    assert alone.success is (results is not Results.AT_CLOSE)
    assert alone.answer is not None
    assert alone.answer.visibility == "private"
    await here.polls.close(poll, ADA.actor, HOME, NOW, T)
    shared = await here.bot.say(BEN, "/poll results share:yes")
    assert shared.answer is not None
    assert (shared.success, shared.answer.visibility) == (True, "public")
    assert not wall(here).posted


async def test_who_voted_for_what_is_read_of_a_named_poll_alone(here: Instance) -> None:
    """The votes of a named poll can be read by name, and those of a secret poll can't."""
    named, secret = await opened(here, secret=False), await opened(here)
    for voter, text in ((MO, "1"), (BEN, "0")):
        await votes(here, named, voter, text)
        await votes(here, secret, voter, text)
    assert await here.polls.named_votes(named, T) == [("Ben", "0"), ("Mo", "1")]
    assert await here.polls.named_votes(secret, T) == []


# --- where it is posted ---


async def posts(here: Instance, poll: Poll, person: Request, community: Community) -> str:
    try:
        return (await here.polls.to_post(poll.id, person, community, T)).id
    except BotError as error:
        return error.message


@pytest.mark.parametrize(
    ("person", "community", "answer"),
    [
        (ADA, HOME, ""),
        (MO, HOME, ""),
        (BEN, HOME, "Only the poll's host"),
        (away(ADA, everywhere=True), AWAY, ""),
        (away(ADA), AWAY, "no poll"),
        (away(MO, everywhere=True), AWAY, "no poll"),
        (away(BEN, everywhere=True), AWAY, "no poll"),
        (away(ADA, everywhere=True), replace(AWAY, creators=Creators.MODERATORS), "Only moderators can create"),
        (in_place(who(ADA, platform="other", everywhere=True), platform="other"), Community("other:demo"), "no poll"),
    ],
)
async def test_who_posts_a_poll_once_more(here: Instance, person: Request, community: Community, answer: str) -> None:
    """At home, the host and moderators may post a poll again.

    In another community only its host may, if ids are the same there and the host may open polls there.
    """
    poll = await opened(here)
    assert answer in await posts(here, poll, person, community)
    if not answer:
        await here.polls.cancel(poll, ADA.actor, HOME, NOW, T)
        assert "cancelled" in await posts(here, poll, person, community)


async def test_where_a_poll_was_posted_a_guest_still_may_not_post_it(here: Instance) -> None:
    """In a community where a poll was posted, members see it and vote, but only its host may post it again."""
    poll = await opened(here)
    await here.polls.posted(poll.id, await wall(here).post(away(ADA).place, _REPLY), NOW)
    seen = await here.polls.seen_by(poll.id, away(BEN), T)
    assert await votes(here, seen, away(BEN)) == CastEnd.CAST
    assert "Only a poll's host can post it in another community." in await posts(here, poll, away(BEN), AWAY)
    assert "Only a poll's host" in await posts(here, poll, away(MO), AWAY)


async def test_a_post_opens_a_private_poll_to_others_elsewhere_only(here: Instance) -> None:
    """A post opens a private poll to others only outside its place, and only its host can post it there.

    A post of a public poll opens it to nobody new.
    """
    private = await opened(here, replace(ADA, place=OFFICE))
    assert [opens(private, each) for each in (ADA, replace(ADA, place=OFFICE))] == [True, False]
    assert await posts(here, private, ADA, HOME) == private.id
    for other in (BEN, MO, away(ADA)):
        assert "no poll" in await posts(here, private, other, HOME if other.actor.workspace == "demo" else AWAY)
    public = await opened(here)
    assert not any(opens(public, each) for each in (ADA, replace(ADA, place=OFFICE)))


async def test_a_poll_that_isnt_there_is_posted_nowhere(here: Instance) -> None:
    """A poll that doesn't exist is refused in the same words as one that the place may not see."""
    for person, community in ((ADA, HOME), (MO, HOME), (away(ADA, everywhere=True), AWAY)):
        assert "no poll “p99”" in await posts(here, things.poll("p99"), person, community)


async def test_a_post_takes_a_private_poll_to_its_place(here: Instance) -> None:
    """After a private poll is posted in another place, members there vote in it, and members of a third place can't."""
    private = await opened(here, replace(ADA, place=OFFICE))
    board = replace(OFFICE, channel="board")
    await here.polls.posted(private.id, await wall(here).post(board, _REPLY), NOW)
    for place, sees in ((OFFICE, True), (board, True), (replace(OFFICE, channel="hall"), False)):
        private = await here.polls.get(private.id, T)
        assert ("no poll" in await votes(here, private, replace(BEN, place=place))) is not sees


async def test_a_poll_that_no_message_shows_is_cancelled(here: Instance) -> None:
    """A poll whose post failed is cancelled if no message shows it, and stays open if one does."""
    lost, shown = await opened(here), await opened(here)
    await here.polls.posted(shown.id, await wall(here).post(ADA.place, _REPLY), NOW)
    for poll, state in ((lost, PollState.CANCELLED), (shown, PollState.OPEN)):
        await here.polls.unposted(poll.id, NOW)
        assert (await here.polls.get(poll.id, T)).state is state


async def test_a_list_has_the_open_ones_first_and_alone_where_only_they_are_meant(here: Instance) -> None:
    """A list begins with the open polls, and can be limited to them.

    A private poll is listed only in its place, and not on a home page.
    """
    ended, still_open = await opened(here), await opened(here)
    private = await opened(here, replace(ADA, place=OFFICE))
    await here.polls.close(ended, ADA.actor, HOME, NOW, T)

    async def listed(place: Place | None, **which: bool) -> list[str]:
        return [poll.id for poll in await here.polls.listed("test:demo", place, **which)]

    assert await listed(None) == await listed(ADA.place) == [still_open.id, ended.id]
    assert await listed(OFFICE) == [still_open.id, private.id, ended.id]
    assert await listed(ADA.place, only_open=True) == [still_open.id]


async def test_approval_takes_as_many_options_as_the_draft_says(here: Instance) -> None:
    """An approval ballot has as many options as the draft allows, or all of them if the draft doesn't say."""
    one = await opened(here, method=Method.APPROVAL, max_choices=1)
    every = await opened(here, method=Method.APPROVAL)
    assert "at most 1 option" in await votes(here, one, BEN, "0,1")
    assert await votes(here, one, BEN, "1") == CastEnd.CAST
    assert await votes(here, every, BEN, "0,1") == CastEnd.CAST
