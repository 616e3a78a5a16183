"""`/fact` and odd commands on Discord: the real library against a simulated server."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Annotated, Any

import pytest

from adapters.discord.client import ParleyClient
from bot.chat.markup import text
from bot.chat.vocabulary import (
    Action,
    Attachment,
    Button,
    Card,
    Form,
    Input,
    MessageRef,
    Outcome,
    Place,
    Post,
    Reply,
    Request,
    Visibility,
)
from bot.dispatch.bot import Bot
from bot.dispatch.declare import Context, Param, action, command
from bot.dispatch.rate_limit import Limiter
from tests.logs import logs, requests_of
from tests.transcripts.dialogue import FACTS, play
from tests.transcripts.discord_driver import check_message, discord_driver, raw, words
from tests.world import NOW, make_bot, references


@dataclass
class Odd:
    """Commands that answer late, in unusual places, or not at all."""

    requests: list[Request]

    @command("slow", "Answers late", public_flag="share")
    async def slow(
        self,
        ctx: Context,
        share: Annotated[bool, Param("For all")] = False,
        fails: Annotated[bool, Param("Or not")] = False,
    ) -> Outcome:
        await asyncio.sleep(5)
        card = Card(title="At last", controls=(Button("Slowly", Action("slowly")), Button("Other", Action("other"))))
        public = share and not fails
        return Outcome(Reply((card,), visibility=Visibility.PUBLIC if public else Visibility.PRIVATE))

    @action("slowly", replaces=True)
    async def slowly(self, ctx: Context) -> Outcome:
        await asyncio.sleep(5)
        return Outcome(Reply((Card(title="Turned over"),)), replace=True)

    @action("other")
    async def other(self, ctx: Context) -> Outcome:
        await asyncio.sleep(5)
        return Outcome(Reply((Card(title="Beside it"),)))

    @command("nothing", "Posts, and answers nothing")
    async def nothing(self, ctx: Context) -> Outcome:
        return Outcome(posts=(Post(Reply((Card(title="For everyone"),))),))

    @command("file", "Files, and a form")
    async def file(self, ctx: Context, form: Annotated[bool, Param("A form")] = False) -> Outcome:
        requests = Form(Action("ask"), "Ask", (Input("name", "Name"),))
        file = Attachment("votes.csv", "a,b", "text/csv")
        return Outcome(Reply(form=requests) if form else Reply((Card(title="Export"),), files=(file,)))

    @command("long", "More than one message")
    async def long(self, ctx: Context) -> Outcome:
        self.requests.append(ctx.request)
        return Outcome(Reply(tuple(Card(title=f"Part {n}", body=text("word " * 500)) for n in range(4))))

    @command("poll create", "A sub-command")
    async def create(
        self, ctx: Context, question: Annotated[str, Param("What to ask")], most: Annotated[int, Param("How many")] = 1
    ) -> Outcome:
        return Outcome(Reply((Card(title=f"{question} {most + 1}"),)))

    @command("poll close", "Another")
    async def close(
        self,
        ctx: Context,
        how: Annotated[str, Param("How", choices={"now": "At once", "later": "In a day"})] = "now",
    ) -> Outcome:
        return Outcome(Reply((Card(title=f"closed {how}"),)))


def odd_bot(odd: Odd | None = None) -> Bot:
    numbers = references()
    return Bot.of([odd or Odd([])], new_reference=lambda: next(numbers), limiter=Limiter(burst=1000))


@pytest.mark.parametrize("name", FACTS)
async def test_dialogues_about_facts(name: str) -> None:
    async with discord_driver(make_bot()) as driver:
        await play(driver, FACTS[name])
        for message in driver.messages():
            check_message(raw(message))


async def test_completion_offers_facts_from_the_first_letter_on() -> None:
    async with discord_driver(make_bot()) as driver:
        offered = await driver.member.autocomplete(driver.channel, "fact", "words", "cof")
        assert "Coffee was banned from the office." in [choice["name"] for choice in offered]
        topics = await driver.member.autocomplete(driver.channel, "fact", "topic", "t", words="coffee")
        assert topics == [{"name": "Tea in the office", "value": "tea"}]


async def test_every_command_is_offered() -> None:
    """Every command that the core declares is a slash command on Discord.

    For a trial, an operator can offer only some of them.
    """
    bot = make_bot()
    async with discord_driver(bot) as driver:
        assert set(driver.member.available_commands(driver.channel)) == set(bot.commands)
    async with discord_driver(make_bot(), offered={"fact"}) as driver:
        assert driver.member.available_commands(driver.channel) == ("fact",)


async def test_a_button_works_after_a_restart() -> None:
    """A button works after a restart, because its id carries all that it needs."""
    async with discord_driver(make_bot()) as driver:
        await play(driver, [("/fact tea drinkers", "[Counterarguments]")])
        await driver.env.restart_bot(ParleyClient(make_bot(), clock=lambda: NOW))
        await play(driver, [("press Counterarguments", "for you: The count was taken on one day.")])


async def test_the_library_keeps_no_view() -> None:
    """The Discord library keeps no views in memory for the messages that Parley sends."""
    async with discord_driver(make_bot()) as driver:
        await play(driver, FACTS["sharing posts for all, with the name of who shared"])
        assert not driver.env.bot._connection._view_store._views


async def test_a_control_of_another_version_is_answered() -> None:
    async with discord_driver(make_bot()) as driver:
        await play(driver, [("/fact tea drinkers", "[Counterarguments]")])
        message, component = driver.newest(lambda part: part.get("label") == "Counterarguments")
        stored = driver.env.backend.get_message(driver.channel.id, message.id)
        for row in stored.components[0]["components"]:
            for button in row.get("components", []):
                if button["custom_id"] == component["custom_id"]:
                    button["custom_id"] = "v0:gone"
        await driver.member.click(message, custom_id="v0:gone")
        assert "no longer works" in driver.changes().private


async def test_nobody_can_be_pinged() -> None:
    """Law 7: Parley sends every message to Discord with mentions switched off, besides escaping the words."""
    async with discord_driver(make_bot()) as driver:
        await driver.say("/fact @everyone <@1> share:yes")
        await play(driver, [("/fact tea drinkers", "[Share]"), ("press Share", "for all: Shared by Ada")])
        payloads = [
            request.json.get("data", request.json)
            for request in driver.env.http_requests
            if request.method == "POST" and ("callback" in request.path or "messages" in request.path)
        ]
        assert len(payloads) == 4
        assert all(body["allowed_mentions"] == {"parse": []} for body in payloads)


async def slash(driver: Any, name: str, **options: Any) -> Any:
    return await driver.member.slash(driver.channel, name, **options)


@pytest.mark.parametrize("share", [False, True])
async def test_a_slow_command_is_deferred_with_the_visibility_it_declared(share: bool) -> None:
    async with discord_driver(odd_bot(), offered=None) as driver:
        result = await slash(driver, "slow", share=share)
        assert result.deferred
        assert result.ephemeral is not share
        await driver.env.advance_time(6)
        display = driver.changes()
        assert "At last" in (display.public if share else display.private)


async def test_an_answer_that_turns_out_private_is_not_shown_to_all() -> None:
    """If a command was deferred in public and its answer is private, Parley shows the answer to the member alone."""
    async with discord_driver(odd_bot(), offered=None) as driver:
        await slash(driver, "slow", share=True, fails=True)
        await driver.env.advance_time(6)
        display = driver.changes()
        assert "At last" in display.private
        assert not display.public


async def test_a_slow_button_waits_beside_its_message_or_in_its_place() -> None:
    """The answer to a slow button is a new message, whose place shows the wait.

    If its action declares that, the answer replaces the button's message, which shows no wait.
    """
    async with discord_driver(odd_bot(), offered=None) as driver:
        await slash(driver, "slow")
        await driver.env.advance_time(6)
        driver.changes()
        await driver.press("Other")
        await driver.env.advance_time(2)
        assert [message.flags.loading for message in driver.messages()] == [False, True]
        await driver.env.advance_time(4)
        assert "Beside it" in driver.changes().private
        await driver.press("Slowly")
        await driver.env.advance_time(2)
        assert driver.changes().private == ""
        assert not any(message.flags.loading for message in driver.messages())
        await driver.env.advance_time(4)
        assert driver.changes().private == "Turned over"
        assert len(driver.messages()) == 2


async def test_silence_is_no_answer() -> None:
    async with discord_driver(odd_bot(), offered=None) as driver:
        display = await driver.say("/nothing")
        assert display.private == "Done."
        assert display.public == "For everyone"


async def test_files_to_save_are_attached() -> None:
    async with discord_driver(odd_bot(), offered=None) as driver:
        await driver.say("/file")
        (message,) = driver.messages()
        (attached,) = message.attachments
        assert attached.filename == "votes.csv"
        assert {component["type"] for component in raw(message)} == {13, 17}


async def test_what_is_long_comes_as_several_messages() -> None:
    async with discord_driver(odd_bot(), offered=None) as driver:
        await driver.say("/long")
        messages = driver.messages()
        assert len(messages) > 1
        assert all(message.flags.ephemeral for message in messages)
        for message in messages:
            check_message(raw(message))


async def test_a_person_is_told_when_the_answer_could_not_be_drawn() -> None:
    """Law 9: if Discord refuses an answer, the log has the whole error.

    The member gets a code, which all log lines of the request carry.
    """
    with logs() as lines:
        async with discord_driver(make_bot()) as driver:
            driver.env.inject_error("POST", "/interactions/*/*/callback", status=400, times=1)
            await driver.say("/fact coffee ban")
            assert "ref-1" in next(iter(driver.drawn_before.values()))
        assert requests_of(lines, "/fact was answered", "bug in an answer to Discord") == {"ref-1"}


async def test_a_place_where_the_bot_may_not_write() -> None:
    async with discord_driver(make_bot()) as driver:
        await driver.say("/fact tea drinkers")
        driver.env.inject_error("POST", "/channels/*/messages", status=403, times=1)
        display = await driver.press("Share")
        assert "I can't write in this channel" in display.private


async def test_a_group_holds_the_commands_of_two_words() -> None:
    async with discord_driver(odd_bot(), offered=None) as driver:
        assert "poll create" in driver.member.available_commands(driver.channel)
        assert (await driver.say('/poll create "Tea or not" most:3')).private == "Tea or not 4"
        assert (await driver.say("/poll close how:later")).private == "closed later"


async def test_a_request_says_who_asks_and_where() -> None:
    odd = Odd([])
    async with discord_driver(odd_bot(odd), offered=None) as driver:
        await driver.say("/long")
        requests = odd.requests[0]
        assert requests.actor.platform == "discord"
        assert requests.actor.workspace == str(driver.member.guild.id)
        assert requests.actor.id == str(driver.member.id)
        assert requests.actor.joined is not None
        assert not requests.actor.moderator
        assert requests.place.channel == str(driver.channel.id)
        assert requests.locale == "en-US"
        assert requests.actor.name == "Ada"


async def test_post_and_edit() -> None:
    """Parley can redraw a posted message that takes several Discord messages.

    A shorter text leaves “…” in the ones left over.
    """
    async with discord_driver(odd_bot(), offered=None) as driver:
        await driver.say("/nothing")
        client: ParleyClient = driver.env.bot
        cards = tuple(Card(title=f"Part {n}", body=text("word " * 500)) for n in range(3))
        assert driver.bot.platforms["discord"] is client
        ref = await client.post(Place("discord", str(driver.member.guild.id), str(driver.channel.id)), Reply(cards))
        assert ref is not None
        await client.edit(ref, Reply(tuple(Card(title="New", body=card.body) for card in cards)))
        await driver.env.settle()
        assert "New" in driver.changes().public
        await client.edit(ref, Reply((Card(title="Short"),)))
        await driver.env.settle()
        assert [words(message) for message in driver.messages()[-3:]] == ["Short", "…", "…"]
        long = tuple(Card(title=f"Part {n}", body=text("word " * 1000)) for n in range(3))
        await client.edit(MessageRef(ref.place, ref.id.partition(",")[0]), Reply(long))
        await driver.env.settle()
        assert "Part 2" in driver.changes().public
