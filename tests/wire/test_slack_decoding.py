"""The core gets a person's words from Slack as the person meant them, at every entrance."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.wire.slack import words, written
from tests.wire.slack.model import Group
from tests.wire.slack.world import World, slack_world


def heard(world: World, monkeypatch: pytest.MonkeyPatch, entrance: str) -> list[Any]:
    """Return a list that fills with what the core hears at this entrance from now on."""
    words_heard: list[Any] = []
    usual = getattr(world.instance.bot, entrance)

    async def listen(request: Any, *args: Any) -> Any:
        words_heard.append(args)
        return await usual(request, *args)

    monkeypatch.setattr(type(world.instance.bot), entrance, lambda _self, *args: listen(*args))
    return words_heard


def office(world: World) -> None:
    """Add people, a group and a private channel that can be named."""
    for name in ("Ada", "Ben"):
        world.server.member(name)
    world.server.team.groups["S1"] = Group("S1", "crew", [])
    world.server.add_channel("board", public=False)


async def test_people_are_elected_by_mention(tmp_path: Path) -> None:
    """In a command and in a form, mentions as options become the people's names, and nobody is pinged."""
    async with slack_world(tmp_path) as world:
        office(world)
        host = world.server.member("Host")
        await host.command(
            '/parley poll create post:yes question:"Who speaks for @crew in #main?" options:"@Ben | @Ada"'
        )
        await host.until_told("The poll is open")
        form = (await host.command("/parley poll create post:yes")).view
        assert form is not None
        assert (await host.submit(form, {"The question": "Who & why?", "The options": "@Ben\n@Ada"})).closed
        await world.server.until(lambda: len(world.server.posted()) == 2)
        first, second = (words(message.blocks) for message in world.server.posted())
        assert "Who speaks for @crew in #main?" in first
        assert all("[@Ben]" in card and "[@Ada]" in card for card in (first, second))
        assert "Who & why?" in second
        assert '"user_id"' not in str([message.blocks for message in world.server.posted()])


async def test_a_group_that_is_mentioned_may_vote(tmp_path: Path) -> None:
    """A mention of a group as the role of a poll lets that group vote, and nobody else."""
    async with slack_world(tmp_path) as world:
        office(world)
        ada, host = world.server.member("Ada"), world.server.member("Host")
        world.server.team.groups["S1"].users.append(ada.id)
        await host.command('/parley poll create post:yes question:Tea options:"Green | Black" role:@crew')
        await host.until_told("The poll is open")
        (poll,) = world.server.posted()
        assert "Your vote" in (await ada.press(poll, "Green")).text
        assert "Your vote" not in (await host.press(poll, "Green")).text


async def test_an_address_is_suggested_by_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An address in a command keeps its signs, and a bare domain stays as it was typed."""
    async with slack_world(tmp_path) as world:
        lines = heard(world, monkeypatch, "say")
        ada = world.server.member("Ada")
        address = "https://example.org/a?b=1&c=2"
        answer = await ada.command(f"/parley suggest The count is older kind:source card:tea-popular url:{address}")
        assert "Thank you" in answer.text or "suggestion" in answer.text
        assert f"url:{address}" in lines[0][0]
        await ada.command("/parley suggest See example.org card:tea-popular")
        assert "See example.org card" in lines[1][0]


async def test_private_channels_keep_their_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A private channel that is mentioned becomes `#…`, because Slack doesn't give its name. @everyone, @here and words
    that only look like marks stay words."""
    async with slack_world(tmp_path) as world:
        office(world)
        lines = heard(world, monkeypatch, "say")
        await world.server.member("Ada").command("/parley fact #board #main @everyone @here @nobody <@U1> & :tea:")
        assert lines == [("fact #… #main @everyone @here @nobody <@U1> & :tea:",)]


async def test_messages_are_read_as_their_authors_saw_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Parley reads a question to the bot and a message from its menu as its author saw it, and looks up the names of
    marks that have no label."""
    async with slack_world(tmp_path) as world:
        office(world)
        asked, looked = (heard(world, monkeypatch, entrance) for entrance in ("ask", "look"))
        ada, ben = world.server.member("Ada"), world.server.member("Ben")
        said = "@Ben and @crew drink tea in #main & #board"
        await ada.at_direct().write(said)
        await world.server.until(lambda: bool(asked))
        message = await ben.write(f"{said} says https://example.org/x")
        message.blocks = []
        await ada.message_shortcut("find-facts", message)
        form = (await ada.message_shortcut("poll-on-this", message)).view
        plain = "@Ben and @crew drink tea in #main & #…"
        assert asked == [(plain,)]
        assert looked == [("find-facts", f"{plain} says https://example.org/x")]
        assert form is not None
        assert form.content["blocks"][0]["element"]["initial_value"] == f"{plain} says https://example.org/x"
        message.blocks = [{"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": RICH}]}]
        message.text = ""
        await ada.message_shortcut("find-facts", message)
        assert looked[1] == ("find-facts", "hi @U9 :coffee: @here")


RICH: list[dict[str, Any]] = [
    {"type": "text", "text": "hi "},
    {"type": "user", "user_id": "U9"},
    {"type": "text", "text": " "},
    {"type": "emoji", "name": "coffee"},
    {"type": "text", "text": " "},
    {"type": "broadcast", "range": "here"},
]


async def test_a_name_that_slack_does_not_tell_is_an_id(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If Slack doesn't tell a person's name, Parley reads the mention as their id."""
    async with slack_world(tmp_path) as world:
        lines = heard(world, monkeypatch, "say")
        ada = world.server.member("Ada")
        message = written.keep(world.server, ada.channel, ada.id, "hi")
        message.text = "<@U999> drinks tea"
        looked = heard(world, monkeypatch, "look")
        await ada.message_shortcut("find-facts", message)
        assert looked == [("find-facts", "@U999 drinks tea")]
        assert lines == []
        world.server.forgive("user_not_found")
