"""Private polls: they answer only requests made in one of their places, on whatever way somebody tries."""

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
"""What a form or a list sends with its action; `poll-open` names the poll in it alone."""
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
"""They tell what there is, or mean the only poll that there is."""
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
    """Whether an answer, a post or a file of the outcome gives anything of the poll away."""
    whole = words(outcome) + "".join(reply_words(post.reply) for post in outcome.posts)
    files = outcome.answer.files if outcome.answer else ()
    return QUESTION in whole or "Green" in whole or bool(outcome.posts) or bool(files)


@pytest.mark.parametrize("place", ELSEWHERE.values(), ids=ELSEWHERE)
async def test_no_way_leads_into_a_private_poll_from_elsewhere(here: Instance, intruder: Request, place: Place) -> None:
    """Each command and each control, by a member or a moderator elsewhere, answers as for a poll that does not exist."""
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
    """A new command, control or form that names a poll fails here until the attack above has it."""
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
    """Lists, completion and commands that mean the only poll leave it out, before its close and afterwards."""
    who = outside(intruder, place)
    for _ in range(2):
        for line in WITHOUT_ID:
            answer = await say(here, who, line)
            assert not tells(answer), line
            assert "p1" not in words(answer), line
        assert await here.bot.complete(who, "poll results", "poll", "", {}) == []
        await press(here, inside(ADA), "v1:poll-close:p1")


async def test_the_sources_of_home_pages_have_no_private_poll(here: Instance) -> None:
    """What has no place, such as a home page or the web, lists polls that are not private alone."""
    await say(here, ADA, CREATE)
    assert [poll.id for poll in await here.polls.listed("test:demo")] == ["p2"]
    assert [poll.id for poll in await here.polls.listed("test:demo", OFFICE)] == ["p1", "p2"]


async def test_in_its_place_a_private_poll_is_like_any_other(here: Instance) -> None:
    """Members there list it, vote, and see the result; a moderator there closes it."""
    assert QUESTION in words(await say(here, inside(BEN), "/poll list"))
    assert "Your vote is counted" in words(await press(here, inside(BEN), "v1:vote:p1:1"))
    assert [choice.value for choice in await here.bot.complete(inside(BEN), "poll results", "poll", "", {})] == ["p1"]
    thread = replace(OFFICE, thread="t1")
    assert QUESTION in words(await press(here, replace(BEN, place=thread), "v1:poll-show:p1"))
    assert "2 ballots" in words(await press(here, inside(MO), "v1:poll-close:p1"))
    assert QUESTION in words(await say(here, inside(BEN), "/poll results poll:p1"))


async def test_a_private_poll_stays_private_when_its_place_opens(here: Instance) -> None:
    """The channel is public by now: the poll still answers there, and nowhere else."""
    opened = replace(OFFICE, private=False)
    assert QUESTION in words(await press(here, replace(BEN, place=opened), "v1:poll-show:p1"))
    assert not tells(await press(here, BEN, "v1:poll-show:p1"))


async def test_a_public_poll_answers_in_private_places_too(here: Instance) -> None:
    """Only a poll that was opened in a private place is private."""
    await say(here, ADA, '/poll create post:yes question:"Which day?" options:"Monday|Friday"')
    assert "Which day?" in words(await press(here, inside(BEN), "v1:poll-show:p2"))
    await say(here, inside(ADA), "/poll post poll:p2")
    assert "Which day?" in words(await press(here, BEN, "v1:poll-show:p2"))


async def test_a_direct_conversation_is_a_private_place(here: Instance) -> None:
    """A poll that is opened there is nobody else's."""
    direct = Place("test", "demo", "dm-1", direct=True)
    await say(here, replace(ADA, place=direct), CREATE)
    assert QUESTION in words(await press(here, replace(ADA, place=direct), "v1:poll-show:p2"))
    for who in (ADA, inside(ADA), BEN):
        assert not tells(await press(here, who, "v1:poll-show:p2"))


async def test_the_host_is_asked_before_a_private_poll_goes_to_a_wider_place(here: Instance) -> None:
    """The question says what the post opens. Once the host presses the button, the poll answers there as well."""
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
    """A post there opens it to nobody; a moderator who is there may do it as well."""
    for who in (ADA, MO):
        assert "posted here" in words(await say(here, inside(who), "/poll post poll:p1"))
    assert len(wall(here).posted) == 3


async def test_a_receipt_is_checked_by_its_code_anywhere_and_shows_no_question(here: Instance) -> None:
    """The code proves itself; a wrong one tells nothing, not even that the poll exists."""
    ballot = await here.polls.own(await here.polls.get("p1", T), ADA.actor)
    assert ballot is not None
    for place in ELSEWHERE.values():
        answer = await say(here, outside(BEN, place), f"/poll receipt code:p1-{ballot.code}")
        assert "is in the count" in words(answer)
        assert not tells(answer)
    await press(here, inside(ADA), "v1:poll-cancel:p1")
    assert "was cancelled" in words(await say(here, BEN, f"/poll receipt code:p1-{ballot.code}"))


async def test_a_private_place_takes_no_public_page(here: Instance) -> None:
    """The page would show outside what belongs to the place."""
    assert "can't have a public page" in words(await say(here, inside(ADA), f"{CREATE} public:yes"))
    assert "The poll is open" in words(await say(here, ADA, f"{CREATE} public:yes"))


async def test_moderators_elsewhere_hear_nothing_of_a_private_poll(here: Instance, clock: Clock) -> None:
    """Its messages are gone, so its result can't be announced: the moderators' channel is no place of it."""
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
    """A poll of a thread answers in the channel only where the whole channel sees the thread; the reverse holds always."""
    channel, thread = Place(platform, "w", "c"), Place(platform, "w", "c", thread="t")
    assert (poll_place(thread) in places_around(channel)) is not apart
    assert poll_place(channel) in places_around(thread)
    assert poll_place(thread) not in places_around(Place(platform, "w", "d", thread="u"))
