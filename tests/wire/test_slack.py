"""Parley loses no vote and no message while Slack is slow, forgetful or away.

The real library and the real instance over SQLite, on the local Slack. No test measures time.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.talk import REFUSAL
from tests.waits import PATIENCE
from tests.wire.slack import CannotDo, Interaction, Member, View, words
from tests.wire.slack.houses import settled
from tests.wire.slack.model import Channel, Group
from tests.wire.slack.world import (
    IMPATIENT,
    TEAS,
    Edited,
    Patient,
    bugs,
    busiest_minute,
    counted,
    new_server,
    parley,
    slack_world,
    votes,
)

EDITS_A_MINUTE = 50
PICKED, LONG_AGO = "Or pick a date and time", 1_600_000_000
TEA_POLICIES = ["A tea fund", "Bring your own tea"]


async def form_of(member: Member) -> View:
    """Return the form that opens a poll."""
    view = (await member.command("/parley poll create post:yes")).view
    assert view is not None
    return view


async def test_a_fact_is_asked_for_and_shown_to_the_person_alone(tmp_path: Path) -> None:
    """`/parley fact` answers in private, and *Share* posts the fact for all."""
    async with slack_world(tmp_path) as world:
        ada, ben = world.server.member("Ada"), world.server.member("Ben")
        answer = await ada.command("/parley fact tea drinkers")
        assert answer.private
        assert "[Share]" in ada.text
        assert ben.text == ""
        await ada.press(answer.messages[0], "Share")
        assert "Shared by Ada" in ben.text


@pytest.mark.parametrize("typed", ["<!channel> <@U1> <https://a.example|b> &amp;", "*b* _i_ ~s~ `c` :kettle:"])
async def test_what_people_type_stays_text(tmp_path: Path, typed: str) -> None:
    """An answer repeats the words of a command as they were typed, with their mentions, links, entities and marks."""
    async with slack_world(tmp_path) as world:
        answer = await world.server.member("Ada").command(f"/parley fact {typed} share:yes")
        assert f"Nothing found for “{typed}”" in answer.text


# --- many at once ---


async def test_300_members_vote_at_once(tmp_path: Path) -> None:
    """Each of 300 members who vote at once gets a private confirmation, and each ballot counts once. Parley edits the
    poll at most 50 times a minute, and the last edit shows the count."""
    async with slack_world(tmp_path) as world:
        poll = await world.poll(world.server.member("Host"), results="live")
        answers = await asyncio.gather(*votes(world.members(300), poll))
        assert all(counted(answer) for answer in answers)
        await world.quiet()
        assert await world.tally() == dict.fromkeys(TEAS, 100)
        assert words(poll.blocks).count("100 (33.3%)") == 3
        assert 1 <= busiest_minute(world.server.called("chat.update", None)) <= EDITS_A_MINUTE


@pytest.mark.slow
async def test_votes_over_minutes_on_four_copies_stay_within_one_budget(tmp_path: Path) -> None:
    """Parley makes at most 50 edits a minute in a workspace, though four copies edited every two seconds would need
    120."""
    clock = Patient()
    async with slack_world(tmp_path, clock=clock) as world:
        server, host = world.server, world.server.member("Host")
        server.now = clock  # the clock by which the minutes are counted below
        world.instance.platforms["slack"] = Edited(world.chat, clock)
        polls = [await world.poll(host, results="live")]
        for name in ("north", "east", "west"):
            await host.at(server.add_channel(name)).command("/parley poll post poll:p1")
            polls.append(server.posted(list(server.team.channels.values())[-1])[0])
        for number, voter in enumerate(world.members(120)):
            assert counted(await voter.press(polls[0], TEAS[number % 3]))
            await clock.sleep(1)
        await world.quiet()
        assert [words(poll.blocks).count("40 (33.3%)") for poll in polls] == [3] * 4
        assert busiest_minute(server.called("chat.update", None)) <= EDITS_A_MINUTE


async def test_ten_votes_of_one_person_at_once_are_one_ballot(tmp_path: Path) -> None:
    """Ten votes that one member casts at once leave one ballot, and each press gets a private answer."""
    async with slack_world(tmp_path) as world:
        poll = await world.poll(world.server.member("Host"))
        voter = world.server.member("Voter")
        answers = await asyncio.gather(*(voter.press(poll, TEAS[number % 3]) for number in range(10)))
        assert all(answer.private for answer in answers)
        assert sum((await world.tally()).values()) == 1


# --- sockets ---


async def test_a_socket_that_drops_twice_loses_no_vote(tmp_path: Path) -> None:
    """When the socket drops, a member who sees Slack's failure presses again and is told that the vote counts. None of
    300 ballots is lost or counts twice."""
    async with slack_world(tmp_path, pace=IMPATIENT) as world:
        server = world.server
        poll = await world.poll(server.member("Host"), results="live")
        voters = world.members(300)
        cast: list[asyncio.Task[Interaction]] = []
        for number, group in enumerate((voters[:150], voters[150:])):
            cast += votes(group, poll)
            await server.until(lambda: len(server.called("respond")) > 10)
            server.sockets.drop()
            server.calls.clear()
            await server.sockets.ready(number + 2)
        ends = await asyncio.gather(*cast, return_exceptions=True)
        failed = [number for number, end in enumerate(ends) if isinstance(end, CannotDo)]
        assert all(isinstance(end, CannotDo) or (isinstance(end, Interaction) and counted(end)) for end in ends)
        for number in failed:
            assert counted(await voters[number].press(poll, TEAS[number % 3]))
        await world.quiet()
        assert await world.tally() == dict.fromkeys(TEAS, 100)
        assert words(poll.blocks).count("100 (33.3%)") == 3


async def test_a_refresh_that_slack_asks_for_loses_nothing(tmp_path: Path) -> None:
    """When Slack asks for a new socket, Parley opens one and answers the presses that come meanwhile."""
    async with slack_world(tmp_path) as world:
        server = world.server
        poll = await world.poll(server.member("Host"))
        await server.sockets.refresh()
        await server.sockets.ready(2)
        assert all(counted(answer) for answer in await asyncio.gather(*votes(world.members(9), poll)))
        assert await world.tally() == dict.fromkeys(TEAS, 3)


async def test_a_socket_that_falls_silent_is_replaced(tmp_path: Path) -> None:
    """Parley replaces a socket that is open but answers nothing, not even pings."""
    async with slack_world(tmp_path, pace=IMPATIENT) as world:
        world.server.sockets.silence()
        await asyncio.wait_for(world.server.sockets.ready(2), PATIENCE)
        assert (await world.server.member("Ada").command("/parley help")).private


async def test_a_poll_goes_on_after_a_restart(tmp_path: Path) -> None:
    """After a restart a poll's buttons work, its votes are there, and Parley redraws its message."""
    async with new_server() as server:
        async with parley(server, tmp_path) as world:
            poll = await world.poll(server.member("Host"), results="live")
            assert counted(await server.member("Ada").press(poll, "Green"))
        async with parley(server, tmp_path) as world:
            assert counted(await server.member("Ben").press(poll, "Black"))
            await world.quiet()
            assert await world.tally() == {"Green": 1, "Black": 1}
            assert words(poll.blocks).count("1 (50%)") == 2
        assert server.violations == []


# --- refusals ---


async def test_a_revoked_token_takes_no_vote_away(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """With a revoked token Parley still counts and confirms votes, because a response_url needs no token, and calls the
    Web API at most five times."""
    async with slack_world(tmp_path) as world:
        server = world.server
        poll = await world.poll(server.member("Host"), results="live")
        server.revoked.add(server.team.token)
        answers = await asyncio.gather(*votes(world.members(30), poll))
        assert all(counted(answer) for answer in answers)
        assert await world.tally() == dict.fromkeys(TEAS, 10)
        await asyncio.sleep(0.1)
        assert 1 <= len(server.forgive("token_revoked")) <= 5
        server.revoked.clear()


async def test_a_revoked_token_is_no_bug(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Parley logs no bug for a revoked token, and redraws the poll once the app has its token back."""
    async with slack_world(tmp_path) as world:
        server = world.server
        poll = await world.poll(server.member("Host"), results="live")
        server.revoked.add(server.team.token)
        assert counted(await server.member("Ada").press(poll, "Green"))
        await server.until(lambda: bool(server.called("chat.update", "token_revoked")))
        server.revoked.clear()
        assert counted(await server.member("Ben").press(poll, "Green"))
        await world.quiet()
        assert "2 (100%)" in words(poll.blocks)
        assert bugs(caplog) == []
        assert server.forgive("token_revoked")


@pytest.mark.parametrize(
    "fault", [{"status": 503}, {"status": 429}, {"hang_up": True}, {"hang_up": True, "done": True}]
)
async def test_a_vote_is_confirmed_though_its_response_url_fails(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, fault: dict[str, Any]
) -> None:
    """If a response_url fails, Parley confirms the vote in private another way, shows no error, and logs no bug."""
    async with slack_world(tmp_path) as world:
        poll = await world.poll(world.server.member("Host"))
        world.server.faults.fail("respond", **fault)
        ada = world.server.member("Ada")
        await ada.start_press(poll, "Green")
        receipt = await ada.until_told("Your vote is counted")
        await settled(world)
        assert receipt.only_for == ada.id
        assert not REFUSAL.search(ada.text)
        assert bugs(caplog) == []


LOST = pytest.mark.parametrize("fault", [{"hang_up": True}, {"status": 500}, {"status": 502}, {"status": 504}])


@LOST
@pytest.mark.parametrize("done", [False, True])
async def test_a_poll_is_posted_once_and_redrawn_whatever_happens_to_the_answer(
    tmp_path: Path, fault: dict[str, Any], *, done: bool
) -> None:
    """If Slack's answer to the post of a poll is lost, the poll is posted once, whether Slack had posted it or not. Its
    host is told that it is open, and it shows its votes."""
    async with slack_world(tmp_path) as world:
        world.server.faults.fail("chat.postMessage", done=done, **fault)
        poll = await world.poll(world.server.member("Host"), results="live")
        await world.server.member("Host").until_told("The poll is open")
        assert counted(await world.server.member("Ada").press(poll, "Green"))
        await world.quiet()
        assert world.server.posted() == [poll]
        assert "1 (100%)" in words(poll.blocks)


@pytest.mark.parametrize(
    "fault", [{"status": 503, "times": 9}, {"error": "restricted_action"}, {"error": "invalid_blocks"}]
)
async def test_a_poll_of_several_messages_is_posted_whole_or_not_at_all(tmp_path: Path, fault: dict[str, Any]) -> None:
    """If Slack refuses the second message of a poll, Parley deletes the first and cancels the poll, so that nobody
    votes in half a poll."""
    async with slack_world(tmp_path) as world:
        faults, host = world.server.faults, world.server.member("Host")
        names = " | ".join(f"{number} {'&' * 70}" for number in range(25))
        line = f'/parley poll create post:yes question:"{"<" * 290}" options:"{names}"'
        faults.fail("chat.postMessage", status=200, done=True)  # the first message gets through
        if "error" in fault:
            faults.refuse("chat.postMessage", fault["error"])
        else:
            faults.fail("chat.postMessage", **fault)
        assert REFUSAL.search((await host.command(line)).text)
        assert world.server.posted() == []
        assert "cancelled" in (await host.command("/parley poll list")).text
        faults.clear()
        world.clock.forward(minutes=1)
        assert "The poll is open" in (await host.command(line)).text
        assert len(world.server.posted()) == 2


async def test_a_result_is_announced_once_though_the_confirmation_is_lost(tmp_path: Path) -> None:
    """If the connection breaks after Slack has posted a result, Parley recognises that message and doesn't post the
    result again."""
    async with slack_world(tmp_path) as world:
        poll = await world.poll(world.server.member("Host"), closes="1h")
        await asyncio.gather(*votes(world.members(1), poll))
        world.server.faults.fail("chat.postMessage", done=True, hang_up=True)
        world.clock.forward(hours=1)
        await world.instance.scheduler.run_due()
        await world.server.until(lambda: bool(world.server.team.files))
        await settled(world)
        assert [words(message.blocks).startswith("Closed:") for message in world.server.posted()].count(True) == 1


@LOST
@pytest.mark.parametrize("done", [False, True])
async def test_a_form_opens_whatever_happens_to_the_answer(
    tmp_path: Path, fault: dict[str, Any], *, done: bool
) -> None:
    """If Slack's answer to the opening of a form is lost, the form opens once, and the member reads no error."""
    async with slack_world(tmp_path) as world:
        world.server.faults.fail("views.open", done=done, **fault)
        host = world.server.member("Host")
        form = await form_of(host)
        await settled(world)
        assert host.view is form
        assert host.whispers() == []
        world.server.forgive("exchanged_trigger_id")


@pytest.mark.parametrize(
    "error", ["restricted_action_read_only_channel", "restricted_action_thread_only_channel", "access_denied"]
)
async def test_a_channel_where_nobody_may_post_so_is_no_bug(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, error: str
) -> None:
    """If Slack lets the app post nothing in a channel, Parley tells the host so, cancels the poll, and logs no bug."""
    async with slack_world(tmp_path) as world:
        world.server.faults.refuse("chat.postMessage", error)
        host = world.server.member("Host")
        answer = await host.command('/parley poll create post:yes question:Tea options:"Green | Black"')
        assert "doesn't let me write here" in answer.text
        assert "cancelled" in (await host.command("/parley poll list")).text
        assert bugs(caplog) == []


async def test_a_channel_that_the_bot_is_not_in_says_what_to_do(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """In a private channel without the bot Parley answers in private, asks to be invited, and stores no poll."""
    async with slack_world(tmp_path) as world:
        secret = world.server.add_channel("secret", public=False, bot_in=False)
        host = world.server.member("Host")
        secret.members.add(host.id)
        answer = await host.at(secret).command('/parley poll create post:yes question:Tea options:"Green | Black"')
        assert answer.private
        assert "/invite" in answer.text
        assert world.server.posted(secret) == []
        for place in (host, host.at(secret)):
            assert "No polls yet" in (await place.command("/parley poll list")).text
        assert bugs(caplog) == []
        assert len(world.server.forgive("channel_not_found")) == 1


async def test_a_conversation_between_people_says_where_a_poll_can_be(tmp_path: Path) -> None:
    """Nobody can be invited into a conversation between people, so Parley refuses a poll there and names channels and
    its own conversations. Look-ups are answered and shared there."""
    async with slack_world(tmp_path) as world:
        ada, ben = world.server.member("Ada"), world.server.member("Ben")
        between = Channel("D77", "", public=False, bot_in=False, members={ada.id, ben.id})
        world.server.team.channels[between.id] = between
        answer = await ada.at(between).command('/parley poll create post:yes question:Tea options:"Green | Black"')
        assert answer.private
        assert "Use a channel, or your conversation with me." in answer.text
        assert "/invite" not in answer.text
        await ada.at(between).command("/parley fact tea drinkers share:yes")
        assert "Most people in the office drink tea." in ben.at(between).text
        world.server.forgive("channel_not_found")


@pytest.mark.parametrize("gone", ["message_not_found", "channel_not_found", "is_archived", "cant_update_message"])
async def test_a_copy_that_is_gone_is_forgotten(tmp_path: Path, caplog: pytest.LogCaptureFixture, gone: str) -> None:
    """Parley tries to edit a deleted message once, and one in an archived channel ever more seldom. Votes count all the
    same, and no bug is logged."""
    async with slack_world(tmp_path) as world:
        server = world.server
        poll = await world.poll(server.member("Host"), results="live")
        server.faults.refuse("chat.update", gone, times=9)
        for voter in world.members(3):
            assert counted(await voter.press(poll, "Green"))
            await world.quiet()
        assert len(server.called("chat.update", gone)) == (1 if gone == "message_not_found" else 2)
        assert bugs(caplog) == []


async def test_retry_after_is_waited_for(tmp_path: Path) -> None:
    """Parley waits for the time in Slack's `Retry-After` before it calls again, and posts a poll once."""
    async with slack_world(tmp_path) as world:
        storm = world.server.faults.storm("chat.postMessage", retry_after=1)
        poll = await world.poll(world.server.member("Host"))
        assert storm.hit == 1
        assert len(world.server.posted()) == 1
        storm = world.server.faults.storm("chat.update", retry_after=1)
        await world.server.member("Ada").press(poll, "Green")
        await world.quiet()
        assert storm.hit == 1
        assert "1 ballot" in words(poll.blocks)


@pytest.mark.parametrize("status", [500, 503])
async def test_slack_being_down_for_a_while_delays_the_last_edit(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, status: int
) -> None:
    """Parley repeats an edit that Slack could not take, and logs no bug."""
    async with slack_world(tmp_path) as world:
        poll = await world.poll(world.server.member("Host"), results="live")
        world.server.faults.fail("chat.update", status=status, times=3)
        assert counted(await world.server.member("Ada").press(poll, "Green"))
        await world.quiet()
        assert "1 (100%)" in words(poll.blocks)
        assert bugs(caplog) == []


@pytest.mark.parametrize("control", ["shortcut", "home"], ids=["a shortcut", "the Home tab"])
async def test_who_has_no_response_url_is_told_of_a_failure_directly(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, control: str
) -> None:
    """A global shortcut and a control of the Home tab have no response_url. If a bug follows one, Parley sends the
    member its code in a direct message."""
    async with slack_world(tmp_path) as world:
        server, host = world.server, world.server.member("Host")
        home = await host.open_home()
        server.faults.refuse("views.open", "from_the_future")
        use = host.shortcut("start-poll") if control == "shortcut" else host.press(home, "Start a poll")
        used = asyncio.create_task(use)
        await server.until(lambda: "this code: ref-" in host.at_direct().text)
        used.cancel()
        assert len(bugs(caplog)) == 1


async def test_a_voter_of_a_group_is_no_stranger_while_slack_stumbles(tmp_path: Path) -> None:
    """If Slack fails to say who is in a group, Parley asks once more before it turns a voter away."""
    async with slack_world(tmp_path) as world:
        ada = world.server.member("Ada")
        world.server.team.groups["S1"] = Group("S1", "tea", [ada.id])
        poll = await world.poll(world.server.member("Host"), role="S1")
        world.clock.forward(minutes=11)
        world.server.team.groups["S1"].users.append(world.server.member("Ben").id)
        world.server.faults.fail("usergroups.list", status=503)
        assert counted(await world.server.member("Ben").press(poll, "Green"))


async def test_the_home_tab_is_shown_though_slack_stumbles(tmp_path: Path) -> None:
    """If Slack fails to take the Home tab, Parley publishes it once more."""
    async with slack_world(tmp_path) as world:
        world.server.faults.fail("views.publish", status=503)
        assert "No poll is open" in words((await world.server.member("Ada").open_home()).content["blocks"])


# --- forms ---


async def test_a_form_tells_what_is_wrong_beside_its_field(tmp_path: Path) -> None:
    """A form shows a mistake beside its field and stays open. Once it is right, Parley posts the poll and tells the
    host."""
    async with slack_world(tmp_path) as world:
        host = world.server.member("Host")
        form = await form_of(host)
        filled = {"The question": "Which tea?", "The options": "Green\nBlack"}
        for wrong, beside in (
            ({PICKED: LONG_AGO}, PICKED),
            ({"The options": "one"}, "Option 1"),
        ):
            submission = await host.submit(form, {**filled, **wrong})
            assert list(submission.errors) == [beside]
            assert host.view is form
        assert world.server.posted() == []
        assert (await host.submit(form, filled)).closed
        await host.until_told("The poll is open")
        assert counted(await world.server.member("Ada").press(host.newest("Green"), "Green"))


async def test_a_form_of_options_that_are_picked(tmp_path: Path) -> None:
    """The form of `/poll policy` offers the topic's policy options to pick from, and the poll has the picked ones."""
    async with slack_world(tmp_path) as world:
        host = world.server.member("Host")
        form = (await host.command("/parley poll policy post:yes")).view
        assert form is not None
        first, second = TEA_POLICIES
        assert (await host.submit(form, {"Which options": [first, second]})).closed
        await host.until_told("The poll is open")
        assert first in words(world.server.posted()[0].blocks)


async def test_a_form_whose_trigger_came_too_late_says_so(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Slack opens no form more than 3 seconds after the command, so Parley tells the member in private to try again,
    and logs no bug."""
    async with slack_world(tmp_path) as world:
        world.server.faults.under_way = timedelta(seconds=4)
        answer = await world.server.member("Host").command("/parley poll create post:yes")
        assert answer.private
        assert "again" in answer.text
        assert bugs(caplog) == []
        assert len(world.server.forgive("expired_trigger_id")) == 1


async def test_a_form_that_fails_keeps_what_was_filled_in(tmp_path: Path) -> None:
    """If a bug happens while Parley takes a form, the form is acknowledged, and the member reads of it beside a field
    or gets a code in private."""
    async with slack_world(tmp_path) as world:
        host = world.server.member("Host")
        form = await form_of(host)
        world.server.faults.refuse("chat.postMessage", "fatal_error", times=5)
        submission = await host.submit(form, {"The question": "Tea?", "The options": "Green\nBlack"})
        if not submission.errors:
            await host.until_told("ref-")


async def test_a_form_names_every_mistake_at_once(tmp_path: Path) -> None:
    """A form shows each of its mistakes beside its field at once, also that of a list from which too few were picked,
    and posts nothing."""
    async with slack_world(tmp_path) as world:
        host = world.server.member("Host")
        form = (await host.command("/parley poll policy post:yes")).view
        assert form is not None
        submission = await host.submit(form, {"Which options": TEA_POLICIES[:1], PICKED: LONG_AGO})
        assert list(submission.errors) == ["Which options", PICKED]
        assert world.server.posted() == []


# --- pictures ---


async def test_a_result_is_complete_in_words_while_its_picture_never_gets_ready(tmp_path: Path) -> None:
    """Parley announces a result in words without waiting for its picture, which Slack may never process."""
    async with slack_world(tmp_path) as world:
        world.server.faults.stall_files = True
        poll = await world.poll(world.server.member("Host"), closes="1h")
        await asyncio.gather(*votes(world.members(4), poll))
        world.clock.forward(hours=1)
        await world.instance.scheduler.run_due()
        await world.quiet()
        await world.server.until(lambda: len(world.server.posted()) == 2)
        announced = words(world.server.posted()[1].blocks)
        for line in ("Closed: Which tea?", "Green: 2 (50%)", "chain head"):
            assert line in announced


async def test_a_result_has_a_picture_with_words_for_those_who_cannot_see_it(tmp_path: Path) -> None:
    """The picture of a result is a PNG file with alt text that names the options."""
    async with slack_world(tmp_path) as world:
        poll = await world.poll(world.server.member("Host"), closes="1h")
        await asyncio.gather(*votes(world.members(4), poll))
        world.clock.forward(hours=1)
        await world.instance.scheduler.run_due()
        await world.server.until(lambda: bool(world.server.team.files))
        (picture,) = world.server.team.files.values()
        await world.server.until(lambda: picture.ready)
        assert picture.content is not None
        assert picture.content.startswith(b"\x89PNG")
        assert "Green" in picture.alt


# --- shortcuts, home, uninstalling ---


async def test_facts_are_found_about_what_somebody_wrote(tmp_path: Path) -> None:
    """*Find facts* in a message's menu answers its user in private."""
    async with slack_world(tmp_path) as world:
        world.server.patience = 2.0
        ben = world.server.member("Ben")
        message = world.server.say(ben, "Everybody in the office drinks tea here")
        answer = await world.server.member("Ada").message_shortcut("find-facts", message)
        assert answer.private
        assert "tea" in answer.text


RICH: dict[str, Any] = {
    "type": "rich_text",
    "elements": [
        {
            "type": "rich_text_section",
            "elements": [{"type": "text", "text": "Everybody in the office drinks tea & <coffee>"}],
        }
    ],
}
LAID_OUT = [
    {"type": "header", "text": {"type": "plain_text", "text": "News"}},
    {
        "type": "section",
        "text": {"type": "mrkdwn", "text": "Everybody in the office drinks *tea* &amp; &lt;coffee&gt;"},
    },
    {"type": "actions", "elements": [{"type": "button", "text": {"type": "plain_text", "text": "Open"}}]},
]
SHARED: dict[str, Any] = {"is_share": True, "fallback": "tea", "message_blocks": [{"message": {"blocks": [RICH]}}]}
PREVIEW = {"title": "Everybody in the office drinks tea", "text": "A count of the kitchen", "fallback": "a page"}


@pytest.mark.parametrize(
    ("words_of_ben", "blocks", "attachments", "asks"),
    [
        ("", [RICH], [], "Everybody in the office drinks tea & <coffee>"),
        ("A message came", LAID_OUT, [], "News Everybody in the office drinks *tea* & <coffee>"),
        ("", [], [SHARED], "Everybody in the office drinks tea & <coffee>"),
        ("Zzzz", [], [PREVIEW], "Zzzz"),
        ("", [], [{"fallback": "Everybody in the office drinks tea"}], "Everybody in the office drinks tea"),
    ],
    ids=["blocks alone", "an app's layout", "a shared message", "a link's preview", "a fallback alone"],
)
async def test_a_message_is_read_wherever_its_words_stand(
    tmp_path: Path, words_of_ben: str, blocks: list[dict[str, Any]], attachments: list[dict[str, Any]], asks: str
) -> None:
    """*Find facts* reads a message's blocks, attachments and shared messages. A poll on a message takes the author's
    own words as its question, if there are any."""
    async with slack_world(tmp_path) as world:
        ada = world.server.member("Ada")
        message = world.server.say(world.server.member("Ben"), words_of_ben)
        message.blocks, message.attachments = blocks, attachments
        answer = await ada.message_shortcut("find-facts", message)
        assert "Most people in the office drink tea." in answer.text
        form = (await ada.message_shortcut("poll-on-this", message)).view
        assert form is not None
        assert form.content["blocks"][0]["element"]["initial_value"].split() == asks.split()


async def test_the_home_tab_shows_open_polls_and_ones_own_votes(tmp_path: Path) -> None:
    """The Home tab shows the topics, the open polls, and the member's own vote to that member alone."""
    async with slack_world(tmp_path) as world:
        world.server.patience = 2.0
        ada, ben = world.server.member("Ada"), world.server.member("Ben")
        poll = await world.poll(world.server.member("Host"))
        await ada.press(poll, "Green")
        homes = [words((await asyncio.wait_for(member.open_home(), 3)).content["blocks"]) for member in (ada, ben)]
        assert all("Which tea?" in home for home in homes)
        assert ["Green" in home for home in homes] == [True, False]
        await world.server.member("Host").command("/parley poll cancel")
        await world.server.member("Host").press(
            world.server.member("Host").newest("Cancel the poll"), "Cancel the poll"
        )
        closed = words((await ada.open_home()).content["blocks"])
        assert "Which tea?" not in closed
        assert "No poll is open." in closed
        assert "Tea in the office: " in closed


async def test_a_poll_is_started_from_the_home_tab(tmp_path: Path) -> None:
    """The form of the Home tab asks for a channel, public or private. The host sees a preview there, and *Post* posts
    the poll for all."""
    async with slack_world(tmp_path) as world:
        ada, tea = world.server.member("Ada"), world.server.add_channel("tea")
        tea.members.add(ada.id)
        form = (await ada.press(await ada.open_home(), "Start a poll")).view
        assert form is not None
        element = form.content["blocks"][-1]["element"]
        assert element["filter"]["include"] == ["public", "private"]
        filled = {"The question": "Which tea?", "The options": "Green\nBlack", "Where to post it": tea.id}
        assert (await ada.submit(form, filled)).closed
        there = ada.at(tea)
        preview = await there.until_told("Only you see this")
        assert world.server.posted(tea) == []
        await there.press(preview, "Post")
        assert "Which tea?" in words(world.server.posted(tea)[0].blocks)


async def test_an_uninstalled_app_goes_quiet(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Parley acknowledges Slack's events that its app was removed, and no longer uses the dead token."""
    async with slack_world(tmp_path) as world:
        world.server.patience = 2.0
        await world.poll(world.server.member("Host"), results="live")
        ack = await world.server.uninstall()
        assert ack.ok
        before = len(world.server.calls)
        await world.instance.copies.refresh_all()
        await world.quiet()
        assert len(world.server.calls) == before
        assert bugs(caplog) == []
