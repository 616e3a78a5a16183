"""Parley replaces Discord's marks in members' words with readable names before the core gets them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import cast

from adapters.discord.decoding import decode
from bot.chat.vocabulary import Choice
from bot.dispatch.declare import Command, Context
from tests.wire.discord.model import VIEW_CHANNEL
from tests.wire.discord_world import discord_world, words

NAMES = {"@1": "Ben", "@&2": "crew", "#3": "main"}


def test_marks_read_as_what_they_mean() -> None:
    """`decode` replaces marks of people, channels, roles, emoji, commands and times with readable text.

    An unknown member reads `@` and the id, an unknown role or channel `@…` or `#…`. Other text stays unchanged.
    """
    for written, meant in {
        "<@1> <@!1> <@&2> <#3>": "@Ben @Ben @crew #main",
        "<@7> <@&7> <#7>": "@7 @… #…",
        "<:tea:12> <a:cup:12> :coffee:": ":tea: :cup: :coffee:",
        "</poll close:12> </fact:1>": "/poll close /fact",
        "<t:0> <t:1700000000:R>": "1970-01-01 00:00 UTC 2023-11-14 22:13 UTC",
        "<t:999999999999>": "…",
        "<id:browse> <id:home>": "#browse #home",
        "<@x> <b> <t:x> < @1> &lt; @everyone": "<@x> <b> <t:x> < @1> &lt; @everyone",
        "": "",
    }.items():
        assert decode(written, NAMES) == meant


async def test_people_are_elected_by_mention(tmp_path: Path) -> None:
    """A host can mention members as a poll's options, in the command or its form.

    The buttons bear their names, and the poll's text mentions nobody.
    """
    async with discord_world(tmp_path) as world:
        server = world.server
        host, ada, ben = (server.member(name) for name in ("Host", "Ada", "Ben"))
        options = f"<@{ben.user.id}> | <@!{ada.user.id}>"
        await host.slash("poll create", post=True, question=f"Who writes in <#{server.main.id}>?", options=options)
        opened = await host.slash("poll create", post=True)
        filled = {"question": "Who <:tea:12>?", "options": f"<@{ben.user.id}>\n<@{ada.user.id}>"}
        await host.submit(opened, **filled)
        first, second = (words(message) for message in server.posted(server.main)[-2:])
        assert "Who writes in #main?" in first
        assert r"Who \:tea\:?" in second
        for card in server.posted(server.main)[-2:]:
            assert {"@Ben", "@Ada"} <= set(card.labels)
            assert "<@" not in words(card)


async def test_half_typed_arguments_are_decoded(tmp_path: Path) -> None:
    """Parley decodes the half-typed argument and the other text arguments for suggestions, and no other values."""
    async with discord_world(tmp_path) as world:
        server = world.server
        ada, ben = server.member("Ada"), server.member("Ben")
        completed: list[tuple[str, dict[str, object]]] = []

        def listen(_: Context, typed: str, args: Mapping[str, object]) -> Sequence[Choice]:
            completed.append((typed, dict(args)))
            return [Choice(typed, typed)]

        commands = cast("dict[str, Command]", world.instance.bot.registry.commands)
        ask = commands["ask"]
        params = tuple(replace(each, completer=listen) if each.name == "question" else each for each in ask.params)
        commands["ask"] = replace(ask, params=params)
        mention = f"<@{ben.user.id}>"
        offered = await ada.autocomplete("ask", "question", f"{mention} <:tea:12>", topic=mention, share=True)
        assert completed == [("@Ben :tea:", {"topic": "@Ben", "share": True})]
        assert [choice["value"] for choice in offered] == ["@Ben :tea:"]


async def test_a_message_is_read_as_its_author_saw_it(tmp_path: Path) -> None:
    """*Find facts* reads a message with the names of its members, channels and emoji.

    An unknown role reads `@…`, and a channel that the bot may not view reads `#…`.
    """
    async with discord_world(tmp_path) as world:
        server = world.server
        shut = server.add_channel("board")
        server.forbid(shut, VIEW_CHANNEL)
        ada, ben = server.member("Ada"), server.member("Ben")
        looked: list[str] = []
        shortcut = world.instance.bot.registry.shortcuts["find-facts"]

        async def listen(ctx: object, text: str) -> object:
            looked.append(text)
            return await shortcut.handler(ctx, text)

        heard = type(shortcut)(**{**{name: getattr(shortcut, name) for name in shortcut.__slots__}, "handler": listen})
        world.instance.bot.registry.shortcuts["find-facts"] = heard  # type: ignore[index]
        message = ada.write(f"<@{ben.user.id}> drinks tea in <#{server.main.id}> <a:cup:1> <@&5> <#{shut.id}>")
        await ada.context("Find facts", message)
        assert looked == ["@Ben drinks tea in #main :cup: @… #…"]
