"""Behind Slack's signed HTTP requests Parley lets only Slack in, acts once on each request, and refuses nonsense
politely."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path
from urllib.parse import urlencode

import aiohttp
import pytest

from tests.wire.slack import Browser, Member, Message, words
from tests.wire.slack.world import World, bugs, counted, slack_world, votes


def command(text: str = "fact tea drinkers", **more: str) -> str:
    """Return the body of a slash command that gives no address for an answer."""
    fields = {"command": "/parley", "text": text, "team_id": "T1", "user_id": "U1", "channel_id": "C1"}
    return urlencode({**fields, "trigger_id": "1.2.3", **more})


async def test_parley_answers_over_http_as_over_a_socket(tmp_path: Path) -> None:
    """Over HTTP, as over a socket, commands and controls work: each of 30 votes is confirmed and counts."""
    async with slack_world(tmp_path, http=True) as world:
        poll = await world.poll(world.server.member("Host"), results="live")
        assert all(counted(answer) for answer in await asyncio.gather(*votes(world.members(30), poll)))
        await world.quiet()
        assert words(poll.blocks).count("10 (33.3%)") == 3


@pytest.mark.parametrize(
    "how",
    [
        "wrong",
        "none",
        "of another body",
        "old",
        "of the future",
        "no number",
    ],
)
async def test_a_request_that_slack_did_not_sign_is_refused(tmp_path: Path, how: str) -> None:
    """Parley answers 401 and does nothing if the signature is wrong, missing or of another body, or if the timestamp is
    no number or 301 seconds off."""
    async with slack_world(tmp_path, http=True) as world:
        hooks, now = world.server.hooks, int(time.time())
        requests = {
            "wrong": lambda: hooks.send(command(), signature="v0=" + "0" * 64),
            "none": lambda: hooks.send(command(), signature=""),
            "of another body": lambda: hooks.send(command(), signature=world.server.signature(command("help"))),
            "old": lambda: hooks.send(command(), timestamp=now - 301),
            "of the future": lambda: hooks.send(command(), timestamp=now + 301),
            "no number": lambda: hooks.send(command(), headers={"x-slack-request-timestamp": "soon"}),
        }
        assert (await requests[how]()).status == 401
        assert not world.server.called("respond", None)


UNSIGNED = {
    "400 digits": {"x-slack-request-timestamp": "1" * 400},
    "5,000 digits": {"x-slack-request-timestamp": "1" * 5000},
    "digits that are not ASCII": {"x-slack-request-timestamp": "١٢٣٤٥٦٧٨٩٠"},
    "a superscript": {"x-slack-request-timestamp": "²"},
    "an empty time": {"x-slack-request-timestamp": ""},
    "a negative time": {"x-slack-request-timestamp": "-1"},
    "a signed time": {"x-slack-request-timestamp": "+1700000000"},
    "a time with a fraction": {"x-slack-request-timestamp": "1700000000.5"},
    "a time in powers": {"x-slack-request-timestamp": "1e9"},
    "a time with underscores": {"x-slack-request-timestamp": "1_700_000_000"},
    "infinity": {"x-slack-request-timestamp": "inf"},
    "no number": {"x-slack-request-timestamp": "nan"},
    "another version": {"x-slack-signature": "v1=" + "0" * 64},
    "no version": {"x-slack-signature": "0" * 64},
    "a signature that is not ASCII": {"x-slack-signature": "v0=é" + "0" * 63},
    "a signature of digits that are not ASCII": {"x-slack-signature": "v0=" + "０" * 64},
    "a short signature": {"x-slack-signature": "v0="},
    "a long signature": {"x-slack-signature": "v0=" + "0" * 5000},
}


@pytest.mark.parametrize("headers", UNSIGNED.values(), ids=UNSIGNED)
async def test_headers_that_no_signature_has_are_refused(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, headers: dict[str, str]
) -> None:
    """Parley answers 401 to a timestamp or a signature that Slack never sends, such as one with digits of another
    script, and logs no bug."""
    async with slack_world(tmp_path, http=True) as world:
        assert (await world.server.hooks.send(command(), headers=headers)).status == 401
        assert not world.server.called("respond", None)
        assert bugs(caplog) == []


@pytest.mark.parametrize("missing", ["x-slack-request-timestamp", "x-slack-signature"])
async def test_a_request_without_time_or_signature_is_refused(tmp_path: Path, missing: str) -> None:
    """Parley answers 401 to a request without Slack's timestamp or without its signature."""
    async with slack_world(tmp_path, http=True) as world:
        body, now = command(), int(time.time())
        signature = world.server.signature(body)
        headers = {"x-slack-request-timestamp": str(now), "x-slack-signature": signature}
        del headers[missing]
        async with aiohttp.ClientSession() as session:
            response = await session.post(
                world.server.hooks.url,
                data=body,
                headers={"content-type": "application/x-www-form-urlencoded", **headers},
            )
            assert response.status == 401


async def test_slack_is_told_that_the_address_is_the_apps(tmp_path: Path) -> None:
    """When somebody sets the app's address, Slack sends a challenge to it. Parley returns the challenge if Slack signed
    the request, and else answers 401."""
    question = json.dumps({"type": "url_verification", "challenge": "3eZbrw1aB"})
    async with slack_world(tmp_path, http=True) as world:
        answer = await world.server.hooks.send(question, "application/json")
        assert (answer.status, answer.payload) == (200, {"challenge": "3eZbrw1aB"})
        assert (await world.server.hooks.send(question, "application/json", signature="")).status == 401


async def _until_answered(world: World, times: int) -> None:
    await world.server.until(lambda: len(world.server.called("respond")) >= times)


def vote_body(world: World, member: Member, poll: Message) -> str:
    """Return a press on “Green” as it comes over HTTP."""
    interaction = world.server.interaction("interactive", member, poll.channel, origin=poll)
    button = next(one for block in poll.blocks for one in block.get("elements", ()) if one.get("type") == "button")
    used = {"type": "button", "action_id": button["action_id"], "block_id": "b"}
    person = {"id": member.id, "name": member.user.name, "team_id": "T1"}
    payload = {
        "type": "block_actions",
        "team": {"id": "T1"},
        "user": person,
        "channel": {"id": poll.channel.id},
        "container": {"type": "message", "message_ts": poll.ts, "channel_id": poll.channel.id},
        "actions": [used],
        "response_url": interaction.response_url,
        "trigger_id": interaction.trigger,
    }
    return urlencode({"payload": json.dumps(payload)})


async def test_a_request_that_comes_again_is_answered_once(tmp_path: Path) -> None:
    """A request that somebody replays, or that Slack repeats with `x-slack-retry-num`, is answered once."""
    async with slack_world(tmp_path, http=True) as world:
        poll = await world.poll(world.server.member("Host"))
        for number, again in enumerate(({}, {"x-slack-retry-num": "1", "x-slack-retry-reason": "http_timeout"})):
            body, now = vote_body(world, world.server.member(f"Voter{number}"), poll), int(time.time())
            first = await world.server.hooks.send(body, timestamp=now)
            later = now + number  # a replay has the old timestamp, and a retry of Slack's has a new one
            repeated = [await world.server.hooks.send(body, timestamp=later, headers=again) for _ in range(3)]
            assert first.ok
            assert all(ack.status in {200, 401} for ack in repeated)
            await _until_answered(world, number + 1)
        await asyncio.sleep(0.2)
        assert len(world.server.called("respond", None)) == 1 + 2


async def test_without_installing_there_are_no_pages_whatever_the_environment_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a set-up for installing, Parley serves no pages for it, even if the environment holds the variables with
    which Bolt would offer its own."""
    monkeypatch.setenv("SLACK_CLIENT_ID", "1.1")
    monkeypatch.setenv("SLACK_CLIENT_SECRET", "secret")
    async with slack_world(tmp_path, http=True) as world:
        for url in (world.install_page, world.server.installs.redirect_url):
            assert (await Browser().open(url)).status in {401, 404}
        assert (await world.server.member("Ada").command("/parley help")).private


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("", 200),
        ("command=%2Fparley", 200),
        ("\x00" * 9, 200),
        pytest.param("a" * 2_000_000, 413, id="two megabytes"),
        ("payload=", 400),
        ("payload={", 400),
        ("payload=%5B%5D", 400),
        ('{"type": ', 400),
        ('{"type": "block_actions", "actions": [], "team": 7}', 200),
    ],
)
async def test_a_malformed_or_huge_body_is_refused_politely(tmp_path: Path, body: str, status: int) -> None:
    """Parley acknowledges a signed body that lacks something, refuses one that it can't read (400) and one of two
    megabytes (413), and goes on."""
    async with slack_world(tmp_path, http=True) as world:
        assert (await world.server.hooks.send(body)).status == status
        assert (await world.server.member("Ada").command("/parley help")).private
