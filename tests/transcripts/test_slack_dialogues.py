"""Everything that members do in a dialogue on Slack: look-ups, polls of several people, forms, files and shortcuts."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from adapters.slack import forms, incoming
from adapters.slack.forms import WHERE
from bot.chat.vocabulary import Outcome
from bot.dispatch.bot import Bot
from bot.instance import Instance
from tests.transcripts.dialogue import DIRECT, LOOKUPS, MENTIONS, POLLS, Dialogue, Wait, play, play_together
from tests.transcripts.slack_driver import CHANNEL, SlackDriver, slack_driver, slack_drivers
from tests.world import Clock, make_bot


@pytest.mark.parametrize("dialogue", LOOKUPS.values(), ids=LOOKUPS)
async def test_look_ups(dialogue: Dialogue) -> None:
    async with slack_driver(make_bot()) as driver:
        await play(driver, dialogue)


PLAIN_WORDS = {**MENTIONS, **DIRECT}


@pytest.mark.parametrize("dialogue", PLAIN_WORDS.values(), ids=PLAIN_WORDS)
async def test_plain_words(dialogue: Dialogue) -> None:
    """Parley answers a mention for everyone and a direct message in private; the answers' controls work in both."""
    async with slack_driver(make_bot()) as driver:
        await play(driver, dialogue)


@pytest.mark.parametrize("dialogue", POLLS.values(), ids=POLLS)
async def test_polls(instance: Instance, clock: Clock, wait: Wait, dialogue: Dialogue) -> None:
    """Members can run a poll from its opening to its announcement with nothing but Slack's commands and controls."""
    async with slack_drivers(instance.bot, clock) as people:
        await play_together(people, dialogue, wait)


def typed_command(words: str) -> dict[str, Any]:
    return {"type": "plain_text_input", "value": words or None}


def several(*values: str) -> dict[str, Any]:
    return {"type": "checkboxes", "selected_options": [{"value": value} for value in values]}


async def opened(driver: SlackDriver, line: str) -> dict[str, Any]:
    await driver.command(line)
    return driver.slack.views[-1]


async def test_a_form_is_refused_beside_its_field_and_then_taken(instance: Instance, clock: Clock) -> None:
    """A form with a mistake stays open and shows the error beside the field.

    Once it is right it closes, Parley posts the poll, and the host alone reads that it is open.
    """
    async with slack_drivers(instance.bot, clock) as people:
        ada = people["Ada"]
        view = await opened(ada, 'poll create post:yes question:"Which <tea>?"')
        assert view["title"]["text"] == "A new poll"
        inputs = {block["block_id"]: block["element"] for block in view["blocks"] if block["type"] == "input"}
        fields = ["options", "options:2", "options:3", "options:4"]
        assert list(inputs) == ["question", *fields, "method", "results", "closes", "closes:at"]
        assert inputs["question"]["initial_value"] == "Which <tea>?"
        assert inputs["method"]["initial_option"]["value"] == "single"
        filled = {
            "question": typed_command("Which tea?"),
            "options": typed_command("Green\nBlack"),
            "closes": typed_command("2h"),
        }
        for wrong, beside in (
            ({"closes": typed_command("long ago")}, "closes"),
            ({"options": typed_command("one")}, "options"),
        ):
            answer = await ada.submit({**filled, **wrong})
            assert answer["response_action"] == "errors"
            assert list(answer["errors"]) == [beside]
        assert ada.changes().all.strip() == ""
        assert await ada.submit(filled) is None
        display = ada.changes()
        assert "The poll is open" in display.private
        assert "Which tea?" in display.public


async def test_a_form_with_a_list_of_several(instance: Instance, clock: Clock) -> None:
    """If a member picks fewer than two policy options, the form says so beside the list, with its other mistakes."""
    async with slack_drivers(instance.bot, clock) as people:
        ada = people["Ada"]
        view = await opened(ada, "poll policy post:yes")
        first, second, *_ = [option["value"] for option in view["blocks"][0]["element"]["options"]]
        answer = await ada.submit(
            {"options": several(first), "question": typed_command("Which?"), "closes": typed_command("long ago")}
        )
        assert list(answer["errors"]) == ["options", "closes"]
        assert answer["errors"]["options"] == "Give the poll 2 to 25 options, not 1."
        assert await ada.submit({"options": several(first, second), "question": typed_command("Which?")}) is None
        assert "Which?" in ada.changes().public


async def test_a_form_that_could_not_be_served_stays_open(instance: Instance, clock: Clock) -> None:
    """If Parley can't post the poll of a form, the form stays open and shows the reason beside its first field."""
    async with slack_drivers(instance.bot, clock) as people:
        ada = people["Ada"]
        await opened(ada, "poll create post:yes")
        ada.slack.refuse["chat.postMessage"] = "not_in_channel"
        filled = {
            "question": typed_command("Which tea?"),
            "options": typed_command("Green\nBlack"),
            "closes": typed_command("2h"),
        }
        assert "/invite @Parley" in (await ada.submit(filled))["errors"]["question"]


async def test_a_form_of_another_version(instance: Instance, clock: Clock) -> None:
    async with slack_drivers(instance.bot, clock) as people:
        ada = people["Ada"]
        view = await opened(ada, "poll create post:yes")
        for metadata in ("", "{", '{"action":"v9:x"}', '{"other":1}', "[]"):
            view["private_metadata"] = metadata
            assert "no longer works" in (await ada.submit({"question": typed_command("q")}))["errors"]["question"]


class SlowForms:
    """A bot that takes a tenth of a second to take a form."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot

    def __getattr__(self, name: str) -> Any:
        return getattr(self._bot, name)

    async def submit(self, *arguments: Any) -> Outcome:
        await asyncio.sleep(0.1)
        return await self._bot.submit(*arguments)


@pytest.mark.parametrize("patience", ["FORM_PATIENCE", "ACK_PATIENCE"])
async def test_a_form_whose_answer_takes_long(
    instance: Instance, clock: Clock, monkeypatch: pytest.MonkeyPatch, patience: str
) -> None:
    """If Parley can't check a form in the time that Slack waits, the form closes.

    The answer, or the mistakes with the member's words, follows as a message.
    """
    monkeypatch.setattr(incoming, patience, 0.01)
    async with slack_drivers(instance.bot, clock) as people:
        ada = people["Ada"]
        slow: Any = SlowForms(instance.bot)
        ada.chat._incoming._bot = slow
        await opened(ada, "poll create post:yes")
        filled = {
            "question": typed_command("Which tea?"),
            "options": typed_command("Green\nBlack"),
            "closes": typed_command("long ago"),
        }
        assert await ada.submit(filled) is None
        display = ada.changes()
        assert "Not sent yet" in display.private
        assert "Which tea?" in display.private
        assert display.public == ""
        assert await ada.submit({**filled, "closes": typed_command("2h")}) is None
        assert "Which tea?" in ada.changes().public


async def test_a_bug_while_a_form_is_taken(instance: Instance, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """Law 9 holds for a bug in the Slack adapter: the form shows a code beside its first field."""
    async with slack_drivers(instance.bot, clock) as people:
        ada = people["Ada"]
        await opened(ada, "poll create post:yes")
        monkeypatch.setattr(forms, "answers", lambda view: 1 / 0)
        assert "ref-1" in (await ada.submit({"question": typed_command("q")}))["errors"]["question"]


async def test_a_trigger_that_was_too_late(instance: Instance, clock: Clock) -> None:
    async with slack_drivers(instance.bot, clock) as people:
        people["Ada"].slack.refuse["views.open"] = "expired_trigger_id"
        assert "too slow to open the form" in (await people["Ada"].say("poll create post:yes")).private


async def test_shortcuts(instance: Instance, clock: Clock) -> None:
    """A message's shortcuts find its facts, or open a poll form with its words as the question.

    The composer's shortcut opens a poll form that also asks where to post the poll.
    """
    async with slack_drivers(instance.bot, clock) as people:
        ada = people["Ada"]
        display = await ada.shortcut("find-facts", "Is it <https://x.example|true> that coffee was banned?")
        assert "Coffee was banned" in display.private
        assert display.public == ""
        await ada.shortcut("poll-on-this", "More tea &amp; less <@U2|Ben>?")
        assert ada.slack.views[-1]["blocks"][0]["element"]["initial_value"] == "More tea & less @Ben?"
        await ada.shortcut("start-poll")
        assert ada.slack.views[-1]["blocks"][-1]["block_id"] == WHERE
        where = {"type": "conversations_select", "selected_conversation": CHANNEL}
        filled = {
            "question": typed_command("Which tea?"),
            "options": typed_command("Green\nBlack"),
            "closes": typed_command("2h"),
        }
        assert await ada.submit({**filled, WHERE: where}) is None
        display = ada.changes()
        assert display.public == ""
        assert "Only you see this." in display.private
        display = await ada.press("Post")
        assert "Which tea?" in display.public
        assert "The poll is open" in display.private
        assert "no longer works" in (await ada.shortcut("gone", "words")).private


async def test_files_come_in_a_direct_message(instance: Instance, clock: Clock) -> None:
    async with slack_drivers(instance.bot, clock) as people:
        ada = people["Ada"]
        display = await ada.say("privacy export")
        assert "direct messages with me: my-data.json" in display.private
        (file,) = ada.slack.files.values()
        assert file["channel"] == "DU1"
        assert b"{" in file["content"]
        ada.slack.refuse["files.getUploadURLExternal"] = "missing_scope"
        assert "I couldn't send the files" in (await ada.say("privacy export")).private


async def test_a_result_brings_its_picture(instance: Instance, clock: Clock, wait: Wait) -> None:
    """Parley adds a PNG with alt text to a poll's result.

    If Slack doesn't take the upload, the result comes in words alone.
    """
    async with slack_drivers(instance.bot, clock) as people:
        ada = people["Ada"]
        await ada.say('poll create post:yes question:"Which tea?" options:"Green | Black" closes:1h')
        await ada.press("Green")
        await wait("1 hours")
        display = await ada.say("poll results")
        assert "Closed: Which tea?" in display.public
        assert display.all.count("[picture: ") == 2
        assert all(file["content"].startswith(b"\x89PNG") for file in ada.slack.files.values())
        assert all("Green" in file["alt_txt"] for file in ada.slack.files.values())
        ada.slack.refuse["files.getUploadURLExternal"] = "internal_error"
        display = await ada.say("poll results")
        assert "Winner: Green" in display.private
        assert "[picture: " not in display.all


async def test_moderators_and_voters_by_user_group(instance: Instance, clock: Clock, wait: Wait) -> None:
    """A user group moderates if the settings name it. If a poll names a user group, only its members can vote."""
    async with slack_drivers(instance.bot, clock) as people:
        people["Ada"].slack.groups.append({"id": "S1", "users": ["U2"]})
        await play_together(
            people,
            [
                ("Ben> /settings", "for you: Only moderators"),
                ("Mo> /settings moderators:S1", "for you: Settings changed"),
                ("Ben> /settings", "for you: Settings of this community"),
                ('Mo> /poll create post:yes question:"Which?" options:"Green | Black" role:S1', "for all: [Green]"),
                ("Ben> press Green", "for you: Your vote is counted"),
                ("Chen> press Green", "not: Your vote is counted"),
            ],
            wait,
        )


async def test_a_moderators_channel_is_mentioned(instance: Instance, clock: Clock, wait: Wait) -> None:
    """`/settings channel:` takes a mention of a channel, and refuses words, a member and a direct conversation.

    `/settings moderators:` refuses anything that is no user group.
    """
    async with slack_drivers(instance.bot, clock) as people:
        await play_together(
            people,
            [
                ("Mo> /settings channel:hello", "for you: Pick a channel from the list"),
                ("Mo> /settings channel:#general", "for you: Pick a channel from the list"),
                ("Mo> /settings channel:<@U2>", "for you: Pick a channel from the list"),
                ("Mo> /settings channel:D1", "for you: Pick a channel from the list"),
                ("Mo> /settings moderators:Board", "for you: Pick a role from the list"),
                ("Mo> /settings moderators:<!everyone>", "for you: Pick a role from the list"),
                ("Mo> /settings channel:<#C1|general>", "for you: Settings changed"),
                ("Mo> /settings", "for you: Moderators' channel: #C1"),
            ],
            wait,
        )


async def test_the_reader_s_own_language(instance: Instance, clock: Clock) -> None:
    """Parley answers a member in the language that users.info gives, and in English if Slack refuses to tell it."""
    async with slack_drivers(instance.bot, clock) as people:
        ben = people["Ben"]
        ben.slack.people["U2"] = {"locale": "en-XA"}
        assert "⟦" in (await ben.say("help")).private
        ben.slack.refuse["users.info"] = "internal_error"
        assert "What you can ask" in (await people["Chen"].say("help")).private
