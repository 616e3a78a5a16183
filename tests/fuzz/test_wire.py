"""Parley survives damaged requests: the page's JSON, Slack's bodies and Discord's interactions.

A page's requests may come from anybody on this machine, so none of their bytes may cause a bug. Requests of Slack and
Discord are signed or come over their own connection: their words are a member's and may be anything, and their shape is
the platform's. A body of another shape may log a bug, but Parley acknowledges it and goes on.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from adapters.slack import forms
from adapters.slack.decoding import decode, decode_line
from adapters.slack.http import read_body
from tests.fuzz.inputs import JSON, as_json, damaged, damaged_json, damaged_words, texts
from tests.fuzz.target import EFFORTS, fuzz, opened
from tests.fuzz.test_commands import ACTIONS, LINES
from tests.transcripts.slack_driver import CHANNEL, TEAM, SlackDriver, slack_driver
from tests.transcripts.web_driver import WebDriver, web_drivers
from tests.wire.discord_world import World, discord_world
from tests.world import Clock, running

# --- the chat page ---

PAGE = (
    ("say", {"line": "/fact tea drinkers"}),
    ("say", {"line": "hello"}),
    ("press", {"action": "v1:vote:p1:0", "message": "id1", "values": ["0"]}),
    ("submit", {"action": "v1:poll-create", "message": "", "answers": {"question": "Tea?", "options": "A\nB", "method": ["single"]}}),
    ("complete", {"line": "/fact te"}),
)  # fmt: skip


@asynccontextmanager
async def page(folder: Path) -> AsyncIterator[WebDriver]:
    clock = Clock()
    async with running(folder, clock=clock) as instance, web_drivers(instance.bot, clock) as people:
        yield people["Ada"]


@pytest.mark.parametrize("effort", EFFORTS)
def test_whatever_a_page_posts_is_answered(tmp_path: Path, effort: int) -> None:
    """Any bytes at any of the page's addresses get a JSON answer that is no bug, and the page can still be read."""
    bodies: SearchStrategy[bytes] = st.one_of(
        *(damaged_json([body]).map(as_json) for _, body in PAGE), JSON.map(as_json), st.binary(max_size=100),
        damaged([json.dumps(body) for _, body in PAGE]).map(lambda text: text.encode("utf-8", "surrogatepass")),
    )  # fmt: skip
    with opened(page(tmp_path)) as (ada, run):

        async def post(example: tuple[str, bytes]) -> None:
            to, body = example
            headers = {"X-Parley-Token": ada.token, "X-Parley-Member": "ada", "Content-Type": "application/json"}
            async with ada.session.post(f"{ada.url}api/{to}", data=body, headers=headers) as response:
                assert response.status < 500, body
                assert isinstance(await response.json(), dict)

        addresses = st.sampled_from([to for to, _ in PAGE])
        seeds = ((to, as_json(body)) for to, body in PAGE)
        fuzz(lambda example: run(post(example)), st.tuples(addresses, bodies), seeds, 80 * effort)
        run(ada.look())


# --- Slack ---

USER = {"id": "U1", "name": "Ada", "team_id": TEAM}
SHARED = {"team": {"id": TEAM}, "user": USER, "trigger_id": "1.2.3", "channel": {"id": CHANNEL}}
WHERE = '{"action":"v1:poll-create","channel":"C1","thread":"","url":"","least":{"options":2}}'
SLACK: tuple[dict[str, Any], ...] = (
    *(
        {"command": "/parley", "text": line.removeprefix("/"), "team_id": TEAM, "channel_id": CHANNEL, "user_id": "U1",
         "user_name": "Ada", "trigger_id": "1.2.3"}
        for line in LINES[:8]
    ),
    *(
        {**SHARED, "type": "block_actions", "container": {"type": "message", "message_ts": "1.1", "channel_id": CHANNEL},
         "actions": [{"type": kind, "action_id": pressed, "block_id": "b", **chosen}]}
        for pressed in ACTIONS[:4]
        for kind, chosen in (
            ("button", {}),
            ("static_select", {"selected_option": {"value": "1"}}),
            ("multi_static_select", {"selected_options": [{"value": "1"}, {"value": "2"}]}),
        )
    ),
    {**SHARED, "type": "message_action", "callback_id": "find-facts",
     "message": {"type": "message", "text": "Tea &lt;b&gt; <https://example.org|here> <@U2>", "ts": "1.1"}},
    {**SHARED, "type": "shortcut", "callback_id": "start-poll"},
    {**SHARED, "type": "view_submission", "view": {
        "type": "modal", "callback_id": "form", "private_metadata": WHERE,
        "blocks": [{"type": "input", "block_id": "question"}, {"type": "input", "block_id": "options"}],
        "state": {"values": {"question": {"question": {"type": "plain_text_input", "value": "Tea?"}},
                             "options": {"options": {"type": "plain_text_input", "value": "A\nB"}}}}}},
    {**SHARED, "type": "block_suggestion", "action_id": "v1:pick:fact", "block_id": "b", "value": "te",
     "container": {"type": "message"}},
)  # fmt: skip


@asynccontextmanager
async def slack(folder: Path) -> AsyncIterator[SlackDriver]:
    clock = Clock()
    async with running(folder, clock=clock) as instance, slack_driver(instance.bot, clock=clock) as ada:
        await ada.command('poll create post:yes question:"Tea?" options:"Green | Black"')
        yield ada


@pytest.mark.parametrize("effort", EFFORTS)
def test_whatever_words_slack_passes_on_are_answered(tmp_path: Path, effort: int) -> None:
    """Parley takes any words in Slack's commands, controls, shortcuts, forms and type-ahead without a bug."""
    with opened(slack(tmp_path)) as (ada, run):

        def check(body: dict[str, Any]) -> None:
            assert run(ada.dispatch({**body, "trigger_id": ada.trigger()})).status < 500

        fuzz(check, damaged_words(SLACK), SLACK, 80 * effort)


@pytest.mark.parametrize("effort", EFFORTS)
def test_a_slack_body_of_another_shape_stops_nothing(tmp_path: Path, effort: int) -> None:
    """Parley acknowledges a body with missing or odd values, and answers the next command."""
    with opened(slack(tmp_path)) as (ada, run):

        def check(body: dict[str, Any]) -> None:
            assert run(ada.dispatch(body)).status == 200

        fuzz(check, damaged_json(SLACK), (), 60 * effort, may_log=True)
        assert "Most people in the office drink tea" in run(ada.say("/fact tea drinkers")).private


@pytest.mark.parametrize("effort", EFFORTS)
def test_what_slack_signed_is_let_in_only_where_it_can_be_read(effort: int) -> None:
    """Before Bolt sees a body, Parley reads it or turns it down, with any bytes and any type."""

    def check(example: tuple[str, bytes]) -> None:
        content_type, body = example
        assert isinstance(read_body(content_type, body), dict | None)
        text = body.decode(errors="replace")
        assert isinstance(forms.FormOrigin.decode(text).action, str)
        assert isinstance(decode(text) + decode_line(text, {"role"}), str)

    seeds = [urlencode({"payload": json.dumps(body)}) for body in SLACK] + [json.dumps(SLACK[0]), WHERE]
    bodies = texts(seeds).map(lambda text: text.encode("utf-8", "surrogatepass")) | JSON.map(as_json)
    types = st.sampled_from(("application/json", "application/x-www-form-urlencoded", "", "text/plain"))
    deep = [("application/json", b"[" * 100_000), ("", b'{"a":' * 100_000), ("", b"payload=" + b"[" * 100_000)]
    fuzz(check, st.tuples(types, bodies), [*deep, *(("", seed.encode()) for seed in seeds)], 200 * effort)


# --- Discord ---

BUTTON, SELECT = 2, 3
COMPONENT, MODAL = 3, 5
MODAL_DATA = {
    "custom_id": "v1:poll-create",
    "components": [
        {"type": 18, "id": 1, "component": {"type": 4, "id": 2, "custom_id": "question", "value": "Tea?"}},
        {"type": 18, "id": 3, "component": {"type": 4, "id": 4, "custom_id": "options", "value": "A\nB"}},
        {"type": 18, "id": 5, "component": {"type": 3, "id": 6, "custom_id": "method", "values": ["single"]}},
    ],
}
DISCORD: tuple[tuple[int, dict[str, Any]], ...] = (
    *((COMPONENT, {"custom_id": pressed, "component_type": BUTTON, "id": 1}) for pressed in (*ACTIONS, "v1:again:a-b:poll-create", "v1:again:a-b:9-no-verb")),
    *((COMPONENT, {"custom_id": pressed, "component_type": SELECT, "id": 1, "values": ["1"]}) for pressed in ACTIONS),
    (MODAL, MODAL_DATA),
)  # fmt: skip


@pytest.mark.parametrize("effort", EFFORTS)
def test_whatever_words_discord_passes_on_are_answered(tmp_path: Path, effort: int) -> None:
    """Parley gives any control or form within Discord's limits an answer that Discord takes, without a bug."""
    with opened(discord_world(tmp_path)) as (world, run):
        poll = run(world.poll(world.server.member("Host")))
        member = world.server.member("Eve")

        def check(example: tuple[int, dict[str, Any]]) -> None:
            kind, data = example
            run(_answered(world, lambda: world.server.interact(member, kind, data, poll.channel, poll)))

        inputs = st.sampled_from(DISCORD).flatmap(
            lambda seed: st.tuples(st.just(seed[0]), damaged_words([seed[1]]).map(_within_limits))
        )
        fuzz(check, inputs, DISCORD, 40 * effort)


SLASHES: tuple[tuple[str, dict[str, str]], ...] = (
    ("fact", {"words": "tea drinkers"}),
    ("search", {"words": "green tea"}),
    ("help", {"command": "poll create"}),
    ("poll create", {"question": "Which tea?", "options": "Green | Black", "closes": "tomorrow 18:00"}),
    ("poll receipt", {"code": "p1-ABCD-EFGH"}),
    ("poll extend", {"closes": "3 days", "poll": "p1"}),
    ("poll post", {"poll": "p1"}),
)


@pytest.mark.parametrize("effort", EFFORTS)
def test_whatever_a_slash_command_on_discord_is_given_is_answered(tmp_path: Path, effort: int) -> None:
    """Parley answers a slash command with any words, and suggests something or nothing while they are typed."""
    with opened(discord_world(tmp_path)) as (world, run):
        member = world.server.member("Ada")
        run(world.poll(member))

        async def check(example: tuple[str, dict[str, str]]) -> None:
            name, options = example
            words: dict[str, Any] = {key: value[:60] or "x" for key, value in options.items()}  # fits each option
            await _answered(world, lambda: member.start_slash(name, **words))
            if "words" in words:
                await _answered(world, lambda: member.start_autocomplete(name, "words", words["words"]))

        fuzz(lambda example: run(check(example)), damaged_options(), SLASHES, 25 * effort)


def damaged_options() -> SearchStrategy[tuple[str, dict[str, str]]]:
    return st.sampled_from(SLASHES).flatmap(
        lambda seed: st.tuples(st.just(seed[0]), st.fixed_dictionaries({k: texts([v]) for k, v in seed[1].items()}))
    )


async def _answered(world: World, send: Callable[[], Any]) -> None:
    interaction = send()
    async with asyncio.timeout(20):
        await interaction.settled.wait()
    assert not interaction.failed
    world.server.forget(interaction)


def _within_limits(data: dict[str, Any]) -> dict[str, Any]:
    """Cut ids and values to 1 to 100 characters, as Discord promises."""
    body: dict[str, Any] = json.loads(json.dumps(data))
    body["custom_id"] = body["custom_id"][:100] or "x"
    if "values" in body:
        body["values"] = [value[:100] or "x" for value in body["values"]]
    return body
