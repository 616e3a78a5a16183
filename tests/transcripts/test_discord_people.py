"""Forms, pictures, files, the message menu, restarts, roles and odd inputs on Discord, as members use them."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from adapters.discord.client import ParleyClient
from bot.instance import Instance
from tests.transcripts.dialogue import play
from tests.transcripts.discord_driver import DiscordDriver, check_message, discord_people, raw, walk, words
from tests.world import Clock, running


@dataclass(frozen=True, slots=True)
class Town:
    """Ada and Ben, and Mo, who moderates, in one channel with a whole instance."""

    people: Mapping[str, DiscordDriver]
    instance: Instance
    clock: Clock

    @property
    def ada(self) -> DiscordDriver:
        return self.people["Ada"]

    def person(self, member: Any, channel: Any = None) -> DiscordDriver:
        """Return a driver for one more member, in this or another channel."""
        return DiscordDriver(self.ada.env, channel or self.ada.channel, member, self.ada.bot)

    def newcomer(self, name: str, **more: Any) -> DiscordDriver:
        return self.person(self.ada.member.guild.add_member(self.ada.env.create_user(name), **more))

    async def restart(self) -> None:
        await self.ada.env.restart_bot(ParleyClient(self.instance.bot, clock=self.clock))


@asynccontextmanager
async def town(folder: Path) -> AsyncIterator[Town]:
    clock = Clock()
    async with (
        running(folder, clock=clock) as instance,
        discord_people(instance.bot, clock, "Ada", "Ben", "Mo") as people,
    ):
        yield Town(people, instance, clock)


async def opened(driver: DiscordDriver, name: str = "poll create", **arguments: Any) -> Any:
    """Return the response to a command that opens a form."""
    response = await driver.member.slash(driver.channel, name, **{"post": True, **arguments})
    assert response.modal is not None
    return response


FILLED = {
    "question": "Which tea?",
    "options": "Green\nBlack",
    "method": "single",
    "results": "live",
    "closes": "2h",
}


# --- forms ---


async def test_a_form_opens_a_poll(tmp_path: Path) -> None:
    """The form of `/poll create` opens a poll in the channel, and Parley tells the host in private."""
    async with town(tmp_path) as world:
        ada = world.ada
        await ada.member.submit_modal(await opened(ada), FILLED)
        display = ada.changes()
        assert "The poll is open" in display.private
        assert "Names hidden" in display.public


async def test_what_was_typed_stands_in_the_form_already(tmp_path: Path) -> None:
    async with town(tmp_path) as world:
        response = await opened(world.ada, question="Which tea?")
        filled = {label["component"]["custom_id"]: label["component"] for label in response.modal["components"]}
        assert filled["question"]["value"] == "Which tea?"
        assert [option["value"] for option in filled["method"]["options"] if option.get("default")] == ["single"]


WRONG = {**FILLED, "options": "Only ```one```\n", "closes": "2h", "method": "approval"}


async def test_a_form_with_mistakes_is_opened_again_with_what_was_typed(tmp_path: Path) -> None:
    """When a form has a mistake, Parley names it in private and opens no poll.

    “Try again” opens the form anew with everything that the member typed and picked.
    """
    async with town(tmp_path) as world:
        ada = world.ada
        await ada.member.submit_modal(await opened(ada), WRONG)
        display = ada.changes()
        assert "The options, one on each line: Give the poll 2 to 25 options, not 1." in display.private
        assert not display.public
        message, button = ada.newest(lambda part: part.get("label") == "Try again")
        check_message(raw(message))
        again = await ada.member.click(message, custom_id=button["custom_id"])
        filled = {label["component"]["custom_id"]: label["component"] for label in again.modal["components"]}
        assert filled["question"]["value"] == "Which tea?"
        assert filled["options"]["value"] == "Only ```one```\n"
        assert [option["value"] for option in filled["method"]["options"] if option.get("default")] == ["approval"]
        await ada.member.submit_modal(again, {**WRONG, "options": "Green\nBlack"})
        assert "Which tea?" in ada.changes().public


async def test_a_form_with_mistakes_survives_a_restart(tmp_path: Path) -> None:
    """A form, and the “Try again” button of a form with mistakes, work after a restart of Parley."""
    async with town(tmp_path) as world:
        ada = world.ada
        response = await opened(ada)
        await world.restart()
        await ada.member.submit_modal(response, {**FILLED, "closes": "yesterday"})
        assert "When it closes: " in ada.changes().private
        await world.restart()
        message, button = ada.newest(lambda part: part.get("label") == "Try again")
        again = await ada.member.click(message, custom_id=button["custom_id"])
        await ada.member.submit_modal(again, FILLED)
        assert "Which tea?" in ada.changes().public


async def test_a_long_form_keeps_what_a_message_has_room_for(tmp_path: Path) -> None:
    """“Try again” brings back options of 2,000 characters and a question of 300, and Discord accepts its message."""
    async with town(tmp_path) as world:
        ada = world.ada
        long = "\n".join(f"Option `{n}` {'x' * 60}" for n in range(29))[:2000]
        await ada.member.submit_modal(await opened(ada), {**FILLED, "question": "*" * 300, "options": long})
        message, button = ada.newest(lambda part: part.get("label") == "Try again")
        check_message(raw(message))
        again = await ada.member.click(message, custom_id=button["custom_id"])
        filled = {label["component"]["custom_id"]: label["component"] for label in again.modal["components"]}
        assert filled["options"]["value"] == long
        assert filled["question"]["value"] == "*" * 300


async def test_policy_options_are_picked_from_a_list(tmp_path: Path) -> None:
    """`/poll policy` offers the policy options as a list.

    After a mistake “Try again” keeps the picks, and the corrected form opens the poll.
    """
    async with town(tmp_path) as world:
        ada = world.ada
        response = await opened(ada, "poll policy")
        values = [option["value"] for option in response.modal["components"][0]["component"]["options"]]
        arguments = {
            "options": values,
            "question": "Which?",
            "method": "ranked",
            "results": "at-close",
            "closes": "never",
        }
        await ada.member.submit_modal(response, arguments)
        message, button = ada.newest(lambda part: part.get("label") == "Try again")
        again = await ada.member.click(message, custom_id=button["custom_id"])
        options = again.modal["components"][0]["component"]["options"]
        assert [option["value"] for option in options if option.get("default")] == values
        await ada.member.submit_modal(again, {**arguments, "closes": "3 days"})
        assert "[Vote]" in ada.changes().public


# --- pictures and files ---


async def test_a_result_comes_with_its_picture(tmp_path: Path) -> None:
    """A poll's result on Discord has a PNG attached, whose alt text names the options."""
    async with town(tmp_path) as world:
        ada = world.ada
        await play(
            ada,
            [
                ('/poll create post:yes question:"Which tea?" options:"Green | Black" results:live', "[Green]"),
                ("press Green",),
            ],
        )
        await ada.say("/poll results")
        message = ada.messages()[-1]
        (picture,) = message.attachments
        assert picture.filename.endswith(".png")
        gallery = next(component for component in walk(raw(message)) if component["type"] == 12)
        assert "Green" in gallery["items"][0]["description"]


async def test_a_picture_that_cannot_be_drawn_is_told_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with town(tmp_path) as world:

        async def broken(svg: str) -> bytes:
            raise RuntimeError(svg[:10])

        monkeypatch.setattr("adapters.discord.uploads.png_async", broken)
        ada = world.ada
        await play(
            ada,
            [
                ('/poll create post:yes question:"Which tea?" options:"Green | Black" results:live', "[Green]"),
                ("press Green",),
                ("/poll results", "for you: So far in front: Green."),
            ],
        )
        assert not ada.messages()[-1].attachments


async def test_an_export_is_attached(tmp_path: Path) -> None:
    async with town(tmp_path) as world:
        ada = world.ada
        await play(
            ada, [('/poll create post:yes question:"Which tea?" options:"Green | Black"', "[Green]"), ("press Green",)]
        )
        await play(ada, [("/poll close", "reopened"), ("press Close it and show the result", "closed")])
        await ada.say("/poll export")
        names = {attached.filename for attached in ada.messages()[-1].attachments}
        assert names == {"poll-p1.csv", "poll-p1.json"}


# --- a message's menu ---


async def look_up(driver: DiscordDriver, written: str) -> None:
    message = await driver.member.send(driver.channel, written)
    await driver.member.context_menu(driver.channel, "Find facts", message)


async def test_facts_about_a_message_are_found_and_one_is_shared(tmp_path: Path) -> None:
    """“Find facts” on a message shows at most three facts about it, to the member who asked alone.

    Share posts one of them for everyone.
    """
    async with town(tmp_path) as world:
        ada = world.ada
        await look_up(ada, "I do not like this office.\nI heard that coffee was banned here! Who drinks tea?")
        display = ada.changes()
        assert "✖ Contradicted" in display.private
        assert display.private.count("[Share]") <= 3
        check_message(raw(ada.messages()[-1]))
        await play(ada, [("press Share", "for you: Shared here", "for all: Shared by Ada")])


@pytest.mark.parametrize("written", ["…", "🎉🎉", "\u200b"])
async def test_a_message_without_words_gets_a_polite_private_answer(tmp_path: Path, written: str) -> None:
    async with town(tmp_path) as world:
        ada = world.ada
        await look_up(ada, written)
        display = ada.changes()
        assert "has no words to look up" in display.private
        assert "has no words to look up" not in display.public


async def test_a_message_about_nothing_known_says_so(tmp_path: Path) -> None:
    async with town(tmp_path) as world:
        ada = world.ada
        await look_up(ada, "qqqq wwww")
        assert "no fact or argument about this message" in ada.changes().private


# --- roles and rights ---


async def test_a_poll_for_a_role_names_it_and_counts_its_members_alone(tmp_path: Path) -> None:
    """The host of a poll can pick a role from Discord's list.

    The poll shows it as a mention, which pings nobody, and only members with the role can vote.
    """
    async with town(tmp_path) as world:
        ada, ben = world.ada, world.people["Ben"]
        board = ada.member.guild.create_role("Board")
        await ada.member.slash(
            ada.channel, "poll create", post=True, question="Which tea?", options="Green | Black", role=board
        )
        assert f"<@&{board.id}>" in ada.changes().public
        bodies = [call.json for call in ada.env.http_requests if f"<@&{board.id}>" in str(call.json)]
        assert [body["allowed_mentions"] for body in bodies] == [{"parse": []}]
        await play(ben, [("press Green", "for you: a role that you don't have")])
        await play(world.newcomer("Cara", roles=[board]), [("press Green", "for you: Your vote is counted")])


async def test_a_poll_for_those_who_had_joined_before(tmp_path: Path) -> None:
    """With `joined_before:yes`, only members who joined the server before the poll opened can vote in it."""
    async with town(tmp_path) as world:
        ada = world.ada
        await play(
            ada,
            [
                ("/poll create post:yes question:q options:a|b joined_before:yes", "for all: joined before"),
                ("press a", "for you: Your vote is counted"),
            ],
        )
        late = world.newcomer("Late")
        ada.env.backend.get_guild(ada.member.guild.id).members[late.member.id].joined_at = "2030-01-01T00:00:00+00:00"
        await play(late, [("press a", "for you: who joined before it opened")])


async def test_a_moderators_role_of_their_own(tmp_path: Path) -> None:
    """`/settings moderators:` takes a role from Discord's list, and its members can close other people's polls."""
    async with town(tmp_path) as world:
        ada, ben, mo = world.ada, world.people["Ben"], world.people["Mo"]
        board = ada.member.guild.create_role("Board")
        await mo.member.slash(mo.channel, "settings", moderators=board)
        assert f"<@&{board.id}>" in mo.changes().private
        cara = world.newcomer("Cara", roles=[board])
        await play(ada, [("/poll create post:yes question:q options:a|b", "for all: [a]")])
        await play(ben, [("/poll close", "for you: Only the poll's host")])
        await play(cara, [("/poll close", "for you: It can't be reopened.")])


# --- several places ---


async def test_a_poll_in_two_servers_counts_once_each(tmp_path: Path) -> None:
    """The creator of a poll can post it in another server where they are a member; nobody else there can.

    Members of both servers vote in the same poll, and the creator has one ballot in both together.
    """
    async with town(tmp_path) as world:
        ada = world.ada
        await play(ada, [("/poll create post:yes question:q options:a|b results:live", "[a]"), ("press a", "counted")])
        other = ada.env.create_guild()
        channel = other.create_text_channel("elsewhere")
        there = world.person(other.add_member(ada.env.create_user("Eve")), channel)
        await play(
            there,
            [(line, "There's no poll “p1” here.") for line in ("/poll results poll:p1", "/poll post p1")],
        )
        again = world.person(other.add_member(ada.member.user), channel)
        await play(again, [("/poll post p1", "for you: posted here", "for all: [a]")])
        await play(there, [("press a", "Your vote is counted")])
        await play(again, [("press a", "2 ballots")])
        await world.instance.copies.drain()
        await ada.env.settle()
        here, elsewhere = (next(words(m) for m in who.messages() if not m.flags.ephemeral) for who in (ada, there))
        for response in (here, elsewhere):
            assert "a ★ 2 (100%)" in response
            assert "runs in several communities" in response


# --- odd inputs ---


HOSTILE = "**@everyone** <@1> `x` \u202eevil\u200b [a](https://b.example) ||s||"


async def test_names_are_text(tmp_path: Path) -> None:
    """Discord shows members' words and names as plain text, so their markup formats nothing and links nowhere.

    A mention in the words reads as `@` and an id, and invisible characters are removed.
    """
    async with town(tmp_path) as world:
        ada = world.ada
        await ada.member.slash(ada.channel, "poll create", post=True, question=HOSTILE, options=f"{HOSTILE} | B")
        display = ada.changes()
        assert "**@everyone** @1 `x` evil [a](https://b.example) ||s||" in display.public
        await play(
            world.newcomer("<@&1> **E**"),
            [("/fact tea drinkers", "[Share]"), ("press Share", "for all: Shared by <@&1> **E**")],
        )


FORGED = (
    "v1:again",
    "v1:again:a",
    "v1:again:zz:poll-create",
    "v1:again::nothing",
    "v1:again:-:poll-policy:nowhere",
    "💥",
)


@pytest.mark.parametrize("custom_id", FORGED)
async def test_a_forged_button_is_answered_politely(tmp_path: Path, custom_id: str) -> None:
    """A forged button either opens the form that it names or gets the answer that it is out of date or not found."""
    async with town(tmp_path) as world:
        ada = world.ada
        await ada.say("/fact tea drinkers")
        message, component = ada.newest(lambda part: part.get("label") == "Counterarguments")
        stored = ada.env.backend.get_message(ada.channel.id, message.id)
        for row in walk(stored.components):
            if row.get("custom_id") == component["custom_id"]:
                row["custom_id"] = custom_id  # type: ignore[index]
        answered = await ada.member.click(message, custom_id=custom_id)
        assert answered.modal is not None or re.search("Out of date|Not found", ada.changes().private)


async def test_a_form_that_is_no_form_is_answered(tmp_path: Path) -> None:
    """Parley answers a form of an older version by saying that it no longer works, and opens no poll."""
    async with town(tmp_path) as world:
        ada = world.ada
        response = await opened(ada)
        response._interaction.modal["custom_id"] = "v0:old"
        await ada.member.submit_modal(response, FILLED)
        assert "no longer works" in ada.changes().private
        assert not ada.changes().public


async def test_a_conversation_with_the_bot_alone(tmp_path: Path) -> None:
    """Members can look up facts in a direct message to Parley."""
    async with town(tmp_path) as world:
        channel = world.ada.member.user.dm_channel
        await world.ada.member.user.slash("fact", words="tea drinkers")
        response = channel.history(viewer=world.ada.member.user)
        assert "✔ Supported" in words(response[-1])


async def test_a_restart_in_the_middle_of_a_ballot(tmp_path: Path) -> None:
    """A member can go on with a half-filled ballot after a restart, because the controls carry the picks so far."""
    async with town(tmp_path) as world:
        ada, ben = world.ada, world.people["Ben"]
        await play(
            ada,
            [('/poll create post:yes question:"Which tea?" options:"Green | Black | Oolong" method:ranked', "[Vote]")],
        )
        await play(ben, [("press Vote", "first choice"), ("pick Your choice number 1: Oolong", "Not cast yet.")])
        await world.restart()
        await play(ben, [("pick Your choice number 2: Green", "[Cast this ballot]")])
        await world.restart()
        await play(ben, [("press Cast this ballot", "for you: Your vote is counted")])
        standing = await world.instance.box.standing("p1", voter_id(ben))
        assert standing is not None
        assert standing.choice == "2>0"


def voter_id(driver: DiscordDriver) -> str:
    return f"discord:{driver.member.guild.id}:{driver.member.id}"
