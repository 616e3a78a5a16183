"""`/parley fact` and odd commands on Slack: Bolt's own dispatch against a small real server."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any

import pytest

from bot.chat.markup import text
from bot.chat.vocabulary import (
    Action,
    Attachment,
    Button,
    Card,
    Choice,
    Form,
    Input,
    MessageRef,
    Outcome,
    Place,
    Post,
    Reply,
    Request,
    Select,
)
from bot.dispatch.bot import Bot
from bot.dispatch.declare import Context, action, command
from bot.dispatch.rate_limit import Limiter
from tests.logs import logs, requests_of
from tests.transcripts.dialogue import FACTS, play
from tests.transcripts.slack_driver import CHANNEL, TEAM, SlackMessage, slack_driver, words
from tests.world import make_bot, references

LETTERS = tuple(Choice(letter, letter) for letter in "abcd")


@dataclass
class Odd:
    """Commands that answer late, in unusual places, or not at all."""

    requests: list[Request] = field(default_factory=list)
    picked: list[tuple[str, ...]] = field(default_factory=list)
    go: asyncio.Event = field(default_factory=asyncio.Event)

    @command("slow", "Answers late")
    async def slow(self, ctx: Context) -> Outcome:
        await self.go.wait()
        return Outcome(Reply((Card(title="At last"),)))

    @command("controls", "Several sorts")
    async def controls(self, ctx: Context) -> Outcome:
        self.requests.append(ctx.request)
        several = Select(Action("several"), "Several", LETTERS, least=0, most=3)
        address = Button("Read it", url="https://example.org/")
        return Outcome(
            Reply((Card(title="All", controls=(several, several, address, Button("Turn", Action("turn")))),))
        )

    @action("several")
    async def several(self, ctx: Context, values: tuple[str, ...]) -> Outcome:
        self.requests.append(ctx.request)
        self.picked.append(values)
        return Outcome(Reply((Card(title=f"picked {' and '.join(values)}"),)))

    @action("turn", replaces=True)
    async def turn(self, ctx: Context) -> Outcome:
        return Outcome(Reply((Card(title="Turned over"),)), replace=True)

    @command("nothing", "Posts, and answers nothing")
    async def nothing(self, ctx: Context) -> Outcome:
        return Outcome(posts=(Post(Reply((Card(title="For everyone"),))),))

    @command("file", "A file")
    async def file(self, ctx: Context) -> Outcome:
        return Outcome(Reply((Card(title="Export"),), files=(Attachment("votes.csv", "a,b", "text/csv"),)))

    @command("form", "A form")
    async def form(self, ctx: Context) -> Outcome:
        return Outcome(Reply(form=Form(Action("ask"), "Ask", (Input("name", "Name"),))))

    @command("long", "More messages than a response_url takes")
    async def long(self, ctx: Context) -> Outcome:
        return Outcome(Reply(tuple(Card(title=f"Part {n}", body=text("word " * 1900)) for n in range(7))))


def odd_bot(odd: Odd | None = None) -> Bot:
    numbers = references()
    return Bot.of([odd or Odd()], new_reference=lambda: next(numbers), limiter=Limiter(burst=1000))


@pytest.mark.parametrize("name", FACTS)
async def test_dialogues_about_facts(name: str) -> None:
    async with slack_driver(make_bot()) as driver:
        await play(driver, FACTS[name])


async def test_a_bare_command_answers_with_help_and_a_wrong_one_with_the_nearest() -> None:
    async with slack_driver(make_bot()) as driver:
        await play(
            driver,
            [
                ("", "for you: What you can ask", "[Asking]", "/ask was the insurrection act invoked"),
                ("facd tea", "for you: There's no command /facd. Did you mean /fact?"),
                ("fact “coffee", "for you: Check the command", "Close the quote"),
            ],
        )


async def test_a_call_is_acknowledged_before_its_answer_is_ready() -> None:
    """Parley acknowledges a slash command before its answer is ready, since Slack waits 3 seconds.

    The answer follows through the response_url.
    """
    odd = Odd()
    async with slack_driver(odd_bot(odd)) as driver:
        asyncio.get_running_loop().call_later(0.3, odd.go.set)
        answer = await driver.command("slow")
        assert answer.status == 200
        assert answer.body == ""
        assert "At last" in driver.changes().private


@pytest.mark.parametrize(
    "body",
    [
        {"command": "/parley", "text": "controls", "team_id": TEAM, "user_id": "U1"},
        {
            "type": "block_actions",
            "team": {"id": TEAM},
            "user": {"id": "U1"},
            "actions": [{"type": "multi_static_select", "action_id": "v1:several", "selected_options": []}],
        },
    ],
    ids=["command", "control"],
)
async def test_an_acknowledgement_leaves_before_the_work_begins(body: dict[str, Any]) -> None:
    """Parley acknowledges a slash command or a control before its handler starts, so a busy core doesn't delay it."""
    odd = Odd()
    async with slack_driver(odd_bot(odd)) as driver:
        answer = await driver.chat.app.take(body)
        assert answer.status == 200
        assert odd.requests == []
        await asyncio.wait(driver.chat.running)
        assert len(odd.requests) == 1


async def test_a_stop_waits_for_answers_in_the_making() -> None:
    odd = Odd()
    async with slack_driver(odd_bot(odd)) as driver:
        running = asyncio.ensure_future(driver.command("slow"))
        await asyncio.sleep(0.1)
        asyncio.get_running_loop().call_later(0.2, odd.go.set)
        await driver.chat.stop()
        assert "At last" in driver.changes().private
        await running


async def test_a_button_works_after_a_restart() -> None:
    async with slack_driver(make_bot()) as before:
        await play(before, [("/fact tea drinkers", "[Counterarguments]")])
        message, button = before.newest(lambda part: part["action_id"].startswith("v1:view:counter"))
    async with slack_driver(make_bot()) as driver:
        driver.slack.messages.append(message)
        await driver.use(message, {"type": "button", "action_id": button["action_id"]})
        assert "The count was taken on one day." in driver.changes().private


async def test_a_control_of_another_version_is_answered() -> None:
    async with slack_driver(make_bot()) as driver:
        for old in ("v0:gone", "v1:gone:x", "something else"):
            await driver.use(SlackMessage("9.9", [], "", None), {"type": "button", "action_id": old})
            assert "no longer works" in driver.changes().private


async def test_several_values_and_one_action_twice() -> None:
    """A select of several hands all picked values to its action, and the same action may stand twice in a message.

    The answer to a control in a thread goes into that thread.
    """
    odd = Odd()
    async with slack_driver(odd_bot(odd)) as driver:
        await play(driver, [("controls", "[Several]"), ("pick Several: b", "picked b")])
        message, _ = driver.newest(lambda part: part["action_id"] == "v1:several#1")
        chosen = [{"value": value} for value in "ac"]
        picked = {"type": "multi_static_select", "action_id": "v1:several#1", "selected_options": chosen}
        await driver.use(message, picked, thread_ts="7.7")
        assert odd.picked == [("b",), ("a", "c")]
        assert odd.requests[-1].place.thread == "7.7"
        assert driver.slack.calls[-1][1]["thread_ts"] == "7.7"


async def test_an_address_is_opened_by_slack_alone() -> None:
    async with slack_driver(odd_bot()) as driver:
        await driver.say("controls")
        message, button = driver.newest(lambda part: part.get("url"))
        answer = await driver.use(message, {"type": "button", "action_id": button["action_id"]})
        assert answer.status == 200
        assert not driver.changes().all.strip()


async def test_an_answer_may_replace_the_message_it_came_from() -> None:
    async with slack_driver(odd_bot()) as driver:
        await driver.say("controls")
        assert (await driver.press("Turn")).private == "Turned over"
        assert len(driver.slack.messages) == 1


async def test_silence_is_no_answer() -> None:
    async with slack_driver(odd_bot()) as driver:
        display = await driver.say("nothing")
        assert display.private == "Done."
        assert display.public == "For everyone"


async def test_more_messages_than_a_response_url_takes() -> None:
    """Slack takes five messages through a response_url.

    Parley sends the rest over the Web API, to the same member alone.
    """
    async with slack_driver(odd_bot()) as driver:
        display = await driver.say("long")
        assert all(f"Part {n}" in display.private for n in range(7))
        methods = [method for method, _ in driver.slack.calls]
        assert methods.count("respond") == 5
        assert "chat.postEphemeral" in methods


async def test_a_person_is_told_when_slack_refused_the_answer() -> None:
    """Law 9: if Slack refuses an answer, the log has the whole error.

    The member gets a code, which all log lines of the request carry.
    """
    with logs() as lines:
        async with slack_driver(make_bot()) as driver:
            driver.slack.refuse["respond"] = "invalid_blocks"
            assert "ref-1" in (await driver.say("fact coffee ban")).private
        assert requests_of(lines, "/fact was answered", "bug in an answer to Slack") == {"ref-1"}


async def test_a_channel_where_the_bot_may_not_write() -> None:
    async with slack_driver(make_bot()) as driver:
        await driver.say("fact tea drinkers")
        driver.slack.refuse["chat.postMessage"] = "not_in_channel"
        assert "/invite @Parley" in (await driver.press("Share")).private


async def test_nothing_that_people_write_is_live() -> None:
    """Law 7: a member's words never become a mention, a link or formatting, neither in blocks nor in the fallback text.

    Slack shows no previews for links in a posted message.
    """
    async with slack_driver(make_bot()) as driver:
        await driver.say("fact <!channel> <@U1> <https://x.example|y> &amp; share:yes")
        payload = driver.slack.calls[-1][1]
        assert "&lt;!channel&gt; &lt;@U1&gt; &lt;https://x.example|y&gt; &amp;amp;" in payload["text"]
        assert "<!channel> <@U1> <https://x.example|y> &amp;" in payload["blocks"][0]["text"]["text"]
        assert "mrkdwn" not in json.dumps(payload["blocks"])
        await play(driver, [("fact tea drinkers", "[Share]"), ("press Share", "for all: Shared by Ada")])
        posted: dict[str, Any] = next(dict(body) for method, body in driver.slack.calls if method == "chat.postMessage")
        assert posted["unfurl_links"] is posted["unfurl_media"] is False


async def test_a_request_says_who_asks_and_where() -> None:
    odd = Odd()
    async with slack_driver(odd_bot(odd)) as driver:
        await driver.say("controls")
        requests = odd.requests[0]
        assert (requests.actor.platform, requests.actor.workspace, requests.actor.id) == ("slack", TEAM, "U1")
        assert requests.actor.name == "Ada"
        assert requests.place == Place("slack", TEAM, CHANNEL)


async def test_post_and_edit() -> None:
    """Parley can redraw a posted message that takes several Slack messages."""
    async with slack_driver(odd_bot()) as driver:
        cards = tuple(Card(title=f"Part {n}", body=text("word " * 1900)) for n in range(2))
        ref = await driver.chat.post(Place("slack", TEAM, CHANNEL), Reply(cards))
        assert isinstance(ref, MessageRef)
        driver.changes()
        await driver.chat.edit(ref, Reply(tuple(Card(title="New", body=card.body) for card in cards)))
        assert driver.changes().public.count("New") >= 2


async def test_an_edit_fills_the_messages_that_there_are() -> None:
    """An edit reuses a post's messages and adds none.

    Messages that it no longer needs show “…”, and a text that is too long for them ends with “…”.
    """
    async with slack_driver(odd_bot()) as driver:
        long = Reply(tuple(Card(title=f"Part {n}", body=text("word " * 1900)) for n in range(2)))
        ref = await driver.chat.post(Place("slack", TEAM, CHANNEL), long)
        assert isinstance(ref, MessageRef)
        count = len(driver.slack.messages)
        await driver.chat.edit(ref, Reply((Card(title="Short"),)))
        texts = [words(message.blocks) for message in driver.slack.messages]
        assert texts == ["Short", *["…"] * (count - 1)]
        await driver.chat.edit(ref, Reply((*long.cards, *long.cards)))
        assert len(driver.slack.messages) == count
        assert words(driver.slack.messages[-1].blocks).endswith("…")
