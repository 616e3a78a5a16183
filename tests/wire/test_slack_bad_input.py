"""Parley answers or refuses odd input from Slack, members and strangers, shows it as text, and changes nothing.

Signatures, timestamps, replays, huge and unreadable bodies are in test_slack_http.py; other workspaces in
test_slack_oauth.py.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.waits import PATIENCE
from tests.wire.slack import Ack, Message, View, words
from tests.wire.slack import blocks as kit
from tests.wire.slack.houses import settled
from tests.wire.slack.world import TEAS, World, bugs, counted, slack_world

Json = dict[str, Any]

HOSTILE = "<!channel> <@U1> <!subteam^S1> &lt;b&gt; &amp; <https://evil.example/good> *b* _i_ ~s~ `c` :tea: @here"
OPTION = "<!channel> <@U1> <!subteam^S1> &lt;b&gt; &amp; *b* :tea: @here"
BOTH_WAYS = pytest.mark.parametrize("http", [False, True], ids=["socket", "http"])


async def send(world: World, payload: Json, *, http: bool, kind: str = "interactive") -> Ack:
    """Deliver what Slack's own client would never send."""
    if http:
        return await world.server.hooks.deliver(kind, payload)
    return await asyncio.wait_for(await world.server.sockets.send(kind, payload, answerable=True), PATIENCE)


async def nothing_changed(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """Assert that there is no ballot and no bug, and that Parley goes on."""
    assert await world.tally() == {}
    assert bugs(caplog) == []
    assert (await world.server.member("Ada").command("/parley help")).private


# --- what people write ---


@BOTH_WAYS
async def test_what_a_host_writes_is_shown_as_it_was_typed(tmp_path: Path, *, http: bool) -> None:
    """Parley shows a poll's question and options as the host typed them, from a command or a form, in the poll and in
    private answers. Nothing in them pings or links."""
    async with slack_world(tmp_path, http=http) as world:
        host = world.server.member("Host")
        await host.command(f'/parley poll create post:yes question:"{HOSTILE}" options:"{OPTION} | Green"')
        form = (await host.command("/parley poll create post:yes")).view
        assert form is not None
        assert (await host.submit(form, {"The question": HOSTILE, "The options": f"{OPTION}\nGreen"})).closed
        await world.server.until(lambda: len(world.server.posted()) == 2)
        for poll in world.server.posted():
            assert HOSTILE in words(poll.blocks)
            assert words(poll.blocks).count(OPTION) == 2  # in the text, and on its button
            assert poll.text.count("&lt;!channel&gt; &lt;@U1&gt;") == 2
            answer = await world.server.member("Ada").press(poll, OPTION)
            assert counted(answer)
            assert OPTION in answer.text


async def test_what_a_look_up_says_back_is_text(tmp_path: Path) -> None:
    """A look-up answers in private, and its answer never turns typed words into a mention."""
    async with slack_world(tmp_path) as world:
        for line in ("fact {}", "search {}", "help {}", "poll close poll:{}", "topic topic:{}", "{}"):
            answer = await world.server.member("Ada").command(f"/parley {line.format(HOSTILE)}")
            assert answer.private
            assert "<!channel>" not in "".join(message.text for message in answer.messages)


async def test_a_message_that_is_looked_up_is_read_as_text(tmp_path: Path) -> None:
    """A poll on a message shows the message's mentions and links as plain text."""
    async with slack_world(tmp_path) as world:
        ada = world.server.member("Ada")
        message = world.server.say(world.server.member("Ben"), f"{HOSTILE} tea drinkers")
        assert (await ada.message_shortcut("find-facts", message)).private
        form = (await ada.message_shortcut("poll-on-this", message)).view
        assert form is not None
        assert form.content["blocks"][0]["element"]["initial_value"].startswith(
            "@channel @Ada @… <b> & https://evil.example/good"
        )


# --- quotes ---


async def test_quotes_of_every_kind_hold_words_together(tmp_path: Path) -> None:
    """Quotation marks of phones and word processors hold words together as plain ones do, and an apostrophe is a
    letter."""
    async with slack_world(tmp_path) as world:
        for quote in "“”„‟〝〞«»＂":
            line = f"question:{quote}Don't we want tea?{quote} options:{quote}Green | Black{quote}"
            await world.server.member("Host").command(f"/parley poll create post:yes {line}")
            assert "Don't we want tea?" in words(world.server.posted()[-1].blocks)
            world.clock.forward(minutes=1)
        assert len(world.server.posted()) == 9


async def test_a_quote_that_is_not_closed_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Parley tells the host in private to close a quote, and opens no poll."""
    async with slack_world(tmp_path) as world:
        for quote in '"“«':
            answer = await world.server.member("Host").command(
                f"/parley poll create post:yes question:{quote}Tea? options:Green|Black"
            )
            assert answer.private
            assert "Close the quote" in answer.text
        assert world.server.posted() == []
        await nothing_changed(world, caplog)


# --- controls that are not what they were ---


def control(place: Message | View) -> tuple[Json, Json]:
    """Return the first control of a message with its block."""
    blocks = place.blocks if isinstance(place, Message) else place.content["blocks"]
    return next((block, element) for block in blocks for element in kit.elements([block]))


OLD = (
    "v0:vote:p1:0",
    "v2:vote:p1:0",
    "v1:gone:p1",
    "v1:vote",
    "v1:vote:p1:0:1:2:3",
    "vote",
    "v1:vote:p1:ü",
    "v1:" + "a" * 200,
)


@BOTH_WAYS
async def test_a_control_of_another_version_is_answered_and_changes_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, *, http: bool
) -> None:
    """Parley tells a member in private that a control of another version no longer works, and changes nothing."""
    async with slack_world(tmp_path, http=http) as world:
        poll, ada = await world.poll(world.server.member("Host")), world.server.member("Ada")
        block, button = control(poll)
        for stale in OLD:
            pressed = await ada._answered(ada.act(poll, block, {"type": "button"}, {**button, "action_id": stale}))
            assert pressed.private
            assert "no longer works" in pressed.text
        await nothing_changed(world, caplog)


@pytest.mark.parametrize("foreign", ["v1:ballot:p1:0", "v1:cast:p1:0", "v1:privacy-erase"])
async def test_what_is_for_one_person_never_lands_in_a_message_for_all(tmp_path: Path, foreign: str) -> None:
    """If a member presses a private message's control on a public poll, Parley answers beside it, in private, and
    leaves the poll as it is."""
    async with slack_world(tmp_path) as world:
        poll, ada = await world.poll(world.server.member("Host"), method="score"), world.server.member("Ada")
        before = words(poll.blocks)
        block, button = control(poll)
        pressed = await ada._answered(ada.act(poll, block, {"type": "button"}, {**button, "action_id": foreign}))
        assert pressed.private
        assert [message is poll for message in pressed.messages] == [False]
        assert words(poll.blocks).partition("\n")[0] == before.partition("\n")[0]


@BOTH_WAYS
async def test_a_choice_that_was_never_offered_is_no_vote(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, *, http: bool
) -> None:
    """Parley counts no vote for an option that doesn't exist, for two at once, for another poll's or for none, and says
    so in private."""
    async with slack_world(tmp_path, http=http) as world:
        poll, ada = await world.poll(world.server.member("Host")), world.server.member("Ada")
        block, button = control(poll)
        for wrong in ("v1:vote:p1:3", "v1:vote:p1:-1", "v1:vote:p1:0,1", "v1:vote:p9:0", "v1:vote:p1:", "v1:vote:p1:x"):
            pressed = await ada._answered(ada.act(poll, block, {"type": "button"}, {**button, "action_id": wrong}))
            assert pressed.private
            assert not counted(pressed)
        await nothing_changed(world, caplog)
        assert counted(await ada.press(poll, TEAS[0]))


# --- payloads that are not what they should be ---

WHO: Json = {"team": {"id": "T1"}, "user": {"id": "U1", "name": "ada"}, "trigger_id": "1.2.3"}
STATE: Json = {"values": {"question": {"question": {"type": "plain_text_input", "value": "Tea?"}}}}
ODD: Mapping[str, Json] = {
    "nothing": {},
    "an unknown kind": {**WHO, "type": "from_the_future"},
    "no kind": WHO,
    "no person": {
        "type": "block_actions",
        "team": {"id": "T1"},
        "actions": [{"action_id": "v1:vote:p1:0", "type": "button"}],
    },
    "no workspace": {"type": "block_actions", "user": {"id": "U1"}, "actions": [{"action_id": "v1:vote:p1:0"}]},
    "no action": {**WHO, "type": "block_actions", "actions": []},
    "an action without an id": {**WHO, "type": "block_actions", "actions": [{"type": "button"}]},
    "no place": {**WHO, "type": "block_actions", "actions": [{"action_id": "v1:help", "type": "button"}]},
    "a pick without a value": {
        **WHO,
        "type": "block_actions",
        "actions": [{"action_id": "v1:pick:card", "type": "static_select", "selected_option": {}}],
    },
    "a form without a view": {**WHO, "type": "view_submission"},
    "a form without an origin": {**WHO, "type": "view_submission", "view": {"callback_id": "form", "state": STATE}},
    "a form of nonsense": {
        **WHO,
        "type": "view_submission",
        "view": {"callback_id": "form", "private_metadata": "{]", "state": {"values": {"a": {}}}, "blocks": []},
    },
    "letters without a list": {**WHO, "type": "block_suggestion", "action_id": "v1:pick:card", "block_id": "b"},
    "letters in a form of nonsense": {
        **WHO,
        "type": "block_suggestion",
        "action_id": "options",
        "block_id": "b",
        "value": "a",
        "view": {"type": "modal", "private_metadata": '{"action": "v1:poll-policy:gone"}'},
    },
    "a shortcut without a message": {**WHO, "type": "message_action", "callback_id": "find-facts"},
    "an unknown shortcut": {**WHO, "type": "shortcut", "callback_id": "gone"},
}


@BOTH_WAYS
async def test_a_payload_that_makes_no_sense_is_acknowledged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, *, http: bool
) -> None:
    """Parley acknowledges a payload that makes no sense without an error of its own, so that Slack doesn't repeat it,
    and changes nothing."""
    async with slack_world(tmp_path, http=http) as world:
        assert world.server.member("Ada").id == "U1"
        for odd, payload in ODD.items():
            ack = await send(world, payload, http=http)
            assert 200 <= ack.status < 500, odd
        assert world.server.posted() == []
        await settled(world)
        world.server.violations.clear()  # a made-up trigger, a place that does not exist
        await nothing_changed(world, caplog)
