"""300 members answer a discussion at once, on the local Discord and on the local Slack: no answer is lost, none counts twice.

Connections break meanwhile, and between two answers Parley stops and starts again. No test measures time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from bot.deliberation import repository
from bot.deliberation.ballots import read_ballot
from bot.i18n import translator
from bot.instance import Instance
from tests.wire import discord, discord_world, slack
from tests.wire.slack import world as slack_world
from tests.world import Clock

CROWD = 300
ID = "d-p1"
STATEMENTS = "Tea is free | Coffee is free | Cups are washed | The kitchen stays open | Guests help themselves"


async def people_and_answers(instance: Instance) -> tuple[int, int, int]:
    """Return how many take part and how many answers there are, by the totals and by the rows."""
    row = await instance.discussions.get(ID, translator("en"))
    _, statements, ballots = await instance.database.read(lambda tx: repository.whole(tx, ID))
    return row.people, sum(each.agrees for each in statements), sum(len(read_ballot(ballot)) for ballot in ballots)


def agree_of(message: discord.Message) -> str:
    """Return the custom id of Agree on a card, for the statement that stands there now."""
    return next(str(control["custom_id"]) for control in message.controls if control.get("label") == "Agree")


async def agree_on_discord(
    server: discord.DiscordServer, crowd: Sequence[discord.Member], cards: Sequence[discord.Message]
) -> None:
    """Let all press Agree at once while the connection breaks. A member whose press failed presses the same button
    again."""
    ids = [agree_of(card) for card in cards]
    resumed = server.gateway.resumed
    half = len(crowd) // 2
    presses = [crowd[n].start_press(cards[n], ids[n]) for n in range(half)]
    server.gateway.drop()
    presses += [crowd[n].start_press(cards[n], ids[n]) for n in range(half, len(crowd))]
    assert server.expire_unanswered()
    await server.until(lambda: server.gateway.resumed > resumed)
    for member, press in zip(crowd, presses, strict=True):
        await member.wait(press)
    for number, press in enumerate(presses):
        if press.failed:
            assert not (await crowd[number].press(cards[number], ids[number])).failed


async def test_a_crowd_answers_on_discord_while_connections_break(tmp_path: Path) -> None:
    """300 members answer at once, once before a restart and once after it on the same card, while the connection
    breaks. Each answer counts once."""
    clock = Clock()
    async with discord_world.new_server() as server:
        crowd = [server.member(f"Member{number}") for number in range(CROWD)]
        async with discord_world.parley(server, tmp_path, clock=clock) as world:
            host = server.member("Host")
            await host.slash("discuss start", question="How should it work?", statements=STATEMENTS)
            (card,) = server.posted(host.channel)
            joined = [member.start_click(card, "Take part") for member in crowd]
            cards = [(await member.wait(each)).message for member, each in zip(crowd, joined, strict=True)]
            await agree_on_discord(server, crowd, cards)
            assert await people_and_answers(world.instance) == (CROWD, CROWD, CROWD)
            await world.instance.discussion_copies.drain()
            assert "300 take part" in card.text
        async with discord_world.parley(server, tmp_path, clock=clock) as world:
            await agree_on_discord(server, crowd, cards)
            assert await people_and_answers(world.instance) == (CROWD, 2 * CROWD, 2 * CROWD)
        assert server.violations == []


async def agree_on_slack(
    server: slack.SlackServer, crowd: Sequence[slack.Member], cards: Sequence[slack.Message]
) -> None:
    """Let all press Agree at once while the socket breaks. A member whose press failed presses again, if the card is
    the same."""
    before = [str(card.blocks) for card in cards]
    presses = [asyncio.create_task(member.press(card, "Agree")) for member, card in zip(crowd, cards, strict=True)]
    await server.until(lambda: len(server.called("respond")) > 10)
    server.sockets.drop()
    ends = await asyncio.gather(*presses, return_exceptions=True)
    assert all(isinstance(end, slack.CannotDo | slack.Interaction) for end in ends)
    for number, end in enumerate(ends):
        if isinstance(end, slack.CannotDo) and str(cards[number].blocks) == before[number]:
            await crowd[number].press(cards[number], "Agree")


async def test_a_crowd_answers_on_slack_while_sockets_break(tmp_path: Path) -> None:
    """300 members answer at once, once before a restart and once after it on the same card, while the socket breaks.
    Each answer counts once."""
    clock = Clock()
    async with slack_world.new_server() as server:
        crowd = [server.member(f"Member{number}") for number in range(CROWD)]
        async with slack_world.parley(server, tmp_path, clock=clock, pace=slack_world.IMPATIENT) as world:
            host = server.member("Host")
            await host.command(f'/parley discuss start question:"How should it work?" statements:"{STATEMENTS}"')
            (card,) = server.posted(host.channel)
            joined = await asyncio.gather(*(member.press(card, "Take part") for member in crowd))
            cards = [each.messages[0] for each in joined]
            server.calls.clear()
            await agree_on_slack(server, crowd, cards)
            assert await people_and_answers(world.instance) == (CROWD, CROWD, CROWD)
        async with slack_world.parley(server, tmp_path, clock=clock, pace=slack_world.IMPATIENT) as world:
            server.calls.clear()
            await agree_on_slack(server, crowd, cards)
            assert await people_and_answers(world.instance) == (CROWD, 2 * CROWD, 2 * CROWD)
        assert server.violations == []
