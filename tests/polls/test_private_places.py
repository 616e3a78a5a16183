"""Private polls answer only requests made in one of their places, by any command, control or form."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.chat.vocabulary import Outcome, Place, Request
from bot.i18n import translator
from bot.instance import Instance
from bot.polls import posted_messages as messages
from bot.polls.model import PollState
from bot.polls.places import places_around, poll_place
from tests.talk import ADA, BEN, CREATE, MO, buttons, press, reply_words, say, wall, words
from tests.world import Clock, running

T = translator("en")
QUESTION = "Which tea?"
COMMANDS = (
    "/poll results poll:p1",
    "/poll results poll:p1 share:yes",
    "/poll receipt poll:p1",
    "/poll receipt code:p1-AAAA-BBBB-CCCC-DDDD",
    "/poll receipt code:AAAA-BBBB-CCCC-DDDD poll:p1",
    "/poll export poll:p1",
    "/poll post poll:p1",
    "/poll close poll:p1",
    "/poll cancel poll:p1",
    "/poll extend closes:9d poll:p1",
    "/decide poll:p1",
    '/decide outcome:"Green tea it is" poll:p1',
)
ACTIONS = (
    "v1:vote:p1:0",
    "v1:vote:p1:1",
    "v1:ballot:p1",
    "v1:ballot:p1:0",
    "v1:cast:p1:0",
    "v1:withdraw:p1",
    "v1:mine:p1",
    "v1:secrecy:p1",
    "v1:poll-show:p1",
    "v1:poll-results:p1",
    "v1:poll-close:p1",
    "v1:poll-cancel:p1",
    "v1:poll-post:p1",
    "v1:poll-manage:p1",
    "v1:poll-remind:p1",
    "v1:poll-watch:p1",
    "v1:poll-edit:p1",
    "v1:poll-elsewhere:p1",
    "v1:poll-copy:p1",
    "v1:template-name:poll:p1",
    "v1:poll-decide:p1",
    "v1:poll-object:p1",
    "v1:poll-objections:p1",
    "v1:poll-follow:p1",
    "v1:ballot-form:p1",
    "v1:objection-answer:p1:1",
    "v1:poll-ask:close:p1",
    "v1:poll-ask:cancel:p1",
    "v1:poll-counted:p1",
    "v1:poll-details:p1",
    "v1:poll-export:p1",
    "v1:poll-extend:p1:1796036400",
    "v1:poll-extend-by:p1",
    "v1:poll-record:p1",
    "v1:poll-rounds:p1",
    "v1:poll-voters:p1",
    "v1:scores:p1:0",
)
VALUES = {"v1:ballot-form:p1": ("0",), "v1:poll-extend-by:p1": ("1440",), "v1:poll-open": ("p1",)}
"""The values that forms and lists send with their actions; `poll-open` names its poll only there."""
FORMS: dict[str, dict[str, str]] = {
    "v1:decide:p1": {"outcome": "Green tea it is"},
    "v1:objection-answered:p1:1": {"answer": "We'll keep the black tea"},
    "v1:poll-edited:p1": {"question": "Which coffee?", "options": "Mocha\nLatte", "closes": "3d"},
    "v1:poll-followed:p1": {"question": "Green tea on Mondays", "closes": "3d"},
    "v1:poll-objected:p1": {"reason": "Black tea goes"},
    "v1:poll-placed:p1": {"place": "main"},
    "v1:scored:p1:0:": {"0": "5"},
    "v1:template-save:poll:p1": {"name": "tea"},
}
WITHOUT_ID = ("/poll list", "/poll results", "/poll receipt", "/poll export", "/poll close", "/poll cancel", "/log")
"""Commands that list polls, or that mean the only poll there is."""
ELSEWHERE = {
    "a public channel": Place("test", "demo", "main"),
    "another private channel": Place("test", "demo", "board", private=True),
    "a direct conversation": Place("test", "demo", "dm-7", direct=True),
    "a thread of another channel": Place("test", "demo", "main", thread="office-thread"),
    "a channel of the same name in another community": Place("test", "elsewhere", "office", private=True),
}
OFFICE = Place("test", "demo", "office", private=True)


def inside(who: Request) -> Request:
    return replace(who, place=OFFICE)


def outside(who: Request, place: Place) -> Request:
    return replace(who, place=place, actor=replace(who.actor, workspace=place.workspace))


@pytest.fixture
async def here(tmp_path: Path, clock: Clock) -> AsyncIterator[Instance]:
    """An instance with one poll, opened in a private channel, with one vote in it."""
    async with running(tmp_path, clock=clock) as instance:
        assert "The poll is open" in words(await say(instance, inside(ADA), f"{CREATE} results:live secret:no"))
        assert "Your vote is counted" in words(await press(instance, inside(ADA), "v1:vote:p1:0"))
        yield instance


@pytest.fixture(params=["ben", "mo"])
def intruder(request: pytest.FixtureRequest) -> Request:
    """A member, and a moderator who isn't in the private channel."""
    return {"ben": BEN, "mo": MO}[request.param]


def tells(outcome: Outcome) -> bool:
    """Return whether an answer, a post or a file of the outcome reveals anything of the poll."""
    whole = words(outcome) + "".join(reply_words(post.reply) for post in outcome.posts)
    files = outcome.answer.files if outcome.answer else ()
    return QUESTION in whole or "Green" in whole or bool(outcome.posts) or bool(files)


@pytest.mark.parametrize("place", ELSEWHERE.values(), ids=ELSEWHERE)
async def test_no_way_leads_into_a_private_poll_from_elsewhere(here: Instance, intruder: Request, place: Place) -> None:
    """In another place, each command, control and form answers about a private poll as about one that does not exist.

    Members and moderators get the same answer.
    """
    who = outside(intruder, place)
    for line in COMMANDS:
        answer = await say(here, who, line)
        missing = words(await say(here, who, line.replace("p1", "p9")))
        assert words(answer).replace("p1", "p9") == missing, line
        assert not tells(answer), line
    for action in (*ACTIONS, "v1:poll-open"):
        values = VALUES.get(action, ())
        answer = await press(here, who, action, *values)
        absent = (value.replace("p1", "p9") for value in values)
        missing = words(await press(here, who, action.replace("p1", "p9"), *absent))
        assert words(answer).replace("p1", "p9") == missing, action
        assert not tells(answer), action
    for action, answers in FORMS.items():
        answer = await here.bot.submit(who, action, answers)
        missing = words(await here.bot.submit(who, action.replace("p1", "p9"), answers))
        assert words(answer).replace("p1", "p9") == missing, action
        assert not tells(answer), action
    poll = await here.polls.get("p1", T)
    assert (poll.state, poll.links, poll.ballots) == (PollState.OPEN, 1, 1)
    assert len(wall(here).posted) == 1


async def test_every_way_to_a_poll_is_tried(here: Instance) -> None:
    """The test above must try every command, control and form that names a poll, so a new one fails here first."""
    registry = here.bot.registry
    handlers = {verb: handler.handler for verb, handler in (*registry.actions.items(), *registry.forms.items())}
    ways = {verb for verb, handler in handlers.items() if "poll_id" in inspect.signature(handler).parameters}
    assert ways <= {action.split(":")[1] for action in (*ACTIONS, *FORMS)}
    named = {name for name, command in registry.commands.items() if any(each.name == "poll" for each in command.params)}
    assert named <= {
        " ".join(line.removeprefix("/").split()[: name.count(" ") + 1]) for line in COMMANDS for name in named
    }
    assert len(ways) >= 36
    assert len(named) >= 8


@pytest.mark.parametrize("place", ELSEWHERE.values(), ids=ELSEWHERE)
async def test_no_list_elsewhere_has_a_private_poll(here: Instance, intruder: Request, place: Place) -> None:
    """In other places, a private poll is in no list or completion, and no command means it as the only poll."""
    who = outside(intruder, place)
    for _ in range(2):
        for line in WITHOUT_ID:
            answer = await say(here, who, line)
            assert not tells(answer), line
            assert "p1" not in words(answer), line
        assert await here.bot.complete(who, "poll results", "poll", "", {}) == []
        await press(here, inside(ADA), "v1:poll-close:p1")


async def test_the_sources_of_home_pages_have_no_private_poll(here: Instance) -> None:
    """A list without a place, such as a home page's, has no private polls; a private place's list has its own."""
    await say(here, ADA, CREATE)
    assert [poll.id for poll in await here.polls.listed("test:demo")] == ["p2"]
    assert [poll.id for poll in await here.polls.listed("test:demo", OFFICE)] == ["p1", "p2"]


async def test_in_its_place_a_private_poll_is_like_any_other(here: Instance) -> None:
    """In its place, members list a private poll, vote in it and see its result, and a moderator closes it."""
    assert QUESTION in words(await say(here, inside(BEN), "/poll list"))
    assert "Your vote is counted" in words(await press(here, inside(BEN), "v1:vote:p1:1"))
    assert [choice.value for choice in await here.bot.complete(inside(BEN), "poll results", "poll", "", {})] == ["p1"]
    thread = replace(OFFICE, thread="t1")
    assert QUESTION in words(await press(here, replace(BEN, place=thread), "v1:poll-show:p1"))
    assert "2 ballots" in words(await press(here, inside(MO), "v1:poll-close:p1"))
    assert QUESTION in words(await say(here, inside(BEN), "/poll results poll:p1"))


async def test_a_private_poll_stays_private_when_its_place_opens(here: Instance) -> None:
    """After its channel becomes public, a private poll still answers there and nowhere else."""
    opened = replace(OFFICE, private=False)
    assert QUESTION in words(await press(here, replace(BEN, place=opened), "v1:poll-show:p1"))
    assert not tells(await press(here, BEN, "v1:poll-show:p1"))


async def test_a_public_poll_answers_in_private_places_too(here: Instance) -> None:
    """A public poll answers in private places too, and a post in one doesn't make it private."""
    await say(here, ADA, '/poll create post:yes question:"Which day?" options:"Monday|Friday"')
    assert "Which day?" in words(await press(here, inside(BEN), "v1:poll-show:p2"))
    await say(here, inside(ADA), "/poll post poll:p2")
    assert "Which day?" in words(await press(here, BEN, "v1:poll-show:p2"))


async def test_a_direct_conversation_is_a_private_place(here: Instance) -> None:
    """A poll that is opened in a direct conversation answers in no other place."""
    direct = Place("test", "demo", "dm-1", direct=True)
    await say(here, replace(ADA, place=direct), CREATE)
    assert QUESTION in words(await press(here, replace(ADA, place=direct), "v1:poll-show:p2"))
    for who in (ADA, inside(ADA), BEN):
        assert not tells(await press(here, who, "v1:poll-show:p2"))


async def test_the_host_is_asked_before_a_private_poll_goes_to_a_wider_place(here: Instance) -> None:
    """Before a private poll is posted in another place, Parley tells its host what everyone there will see.

    Once the host presses the button, the poll answers there as well, but still in no other place.
    """
    question = await say(here, ADA, "/poll post poll:p1")
    assert "Everyone who can see this channel will read the question, vote, and see who voted for what." in words(
        question
    )
    assert not question.posts
    assert question.answer is not None
    assert "no poll" in words(await press(here, BEN, "v1:poll-show:p1"))
    await press(here, ADA, buttons(question.answer)["Post it here"])
    assert QUESTION in words(await press(here, BEN, "v1:poll-show:p1"))
    assert "Your vote is counted" in words(await press(here, BEN, "v1:vote:p1:1"))
    board = Place("test", "demo", "board", private=True)
    assert "no poll" in words(await press(here, replace(BEN, place=board), "v1:poll-show:p1"))
    assert [poll.id for poll in await here.polls.listed("test:demo")] == []


async def test_a_private_poll_is_posted_again_in_its_place_without_a_question(here: Instance) -> None:
    """The host and moderators post a private poll again in its own place without being asked to confirm."""
    for who in (ADA, MO):
        assert "posted here" in words(await say(here, inside(who), "/poll post poll:p1"))
    assert len(wall(here).posted) == 3


async def test_a_receipt_is_checked_by_its_code_anywhere_and_shows_no_question(here: Instance) -> None:
    """The code of a private poll's receipt can be checked anywhere, and the answer doesn't show the poll's question."""
    ballot = await here.polls.own(await here.polls.get("p1", T), ADA.actor)
    assert ballot is not None
    for place in ELSEWHERE.values():
        answer = await say(here, outside(BEN, place), f"/poll receipt code:p1-{ballot.code}")
        assert "is in the count" in words(answer)
        assert not tells(answer)
    await press(here, inside(ADA), "v1:poll-cancel:p1")
    assert "was cancelled" in words(await say(here, BEN, f"/poll receipt code:p1-{ballot.code}"))


async def test_a_private_place_takes_no_public_page(here: Instance) -> None:
    """A poll in a private place can't have a public page; one in a public place can."""
    assert "can't have a public page" in words(await say(here, inside(ADA), f"{CREATE} public:yes"))
    assert "The poll is open" in words(await say(here, ADA, f"{CREATE} public:yes"))


async def test_moderators_elsewhere_hear_nothing_of_a_private_poll(here: Instance, clock: Clock) -> None:
    """If a private poll's messages are gone, its result isn't announced in the moderators' channel."""
    await say(here, MO, "/settings channel:staff")
    posts = len(wall(here).posted)
    (copy,) = await here.database.read(lambda tx: messages.copies(tx, "p1"))
    await here.database.write(lambda tx: messages.forget_copy(tx, "p1", copy.message))
    clock.forward(days=4)
    await here.scheduler.run_due()
    assert len(wall(here).posted) == posts


@pytest.mark.parametrize(
    ("platform", "apart"), [("slack", False), ("discord", True)], ids=["everybody's thread", "a thread of its own"]
)
def test_a_thread_is_a_place_of_its_own_where_it_has_members_of_its_own(platform: str, apart: bool) -> None:
    """A thread's poll answers in the channel only if the whole channel sees the thread, as on Slack but not on Discord.

    A channel's poll answers in its threads on both.
    """
    channel, thread = Place(platform, "w", "c"), Place(platform, "w", "c", thread="t")
    assert (poll_place(thread) in places_around(channel)) is not apart
    assert poll_place(channel) in places_around(thread)
    assert poll_place(thread) not in places_around(Place(platform, "w", "d", thread="u"))
