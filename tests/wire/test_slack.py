"""What happens to members, votes and messages when Slack is fast, slow, forgetful or away.

The real library and the real instance over SQLite, on the local Slack. No test measures time.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.wire.slack import words
from tests.wire.slack.world import TEAS, counted, slack_world


async def test_a_fact_is_asked_for_and_shown_to_the_person_alone(tmp_path: Path) -> None:
    """`/parley fact` answers privately; «Share» posts for all."""
    async with slack_world(tmp_path) as world:
        ada, ben = world.server.member("Ada"), world.server.member("Ben")
        answer = await ada.command("/parley fact tea drinkers")
        assert answer.private
        assert "[Share]" in ada.text
        assert ben.text == ""
        await ada.press(answer.messages[0], "Share")
        assert "Shared by Ada" in ben.text


async def test_300_members_vote_at_once(tmp_path: Path) -> None:
    """Each gets a private confirmation; 300 ballots, one tally, at most 50 edits a minute, and the last one is right."""
    async with slack_world(tmp_path) as world:
        poll = await world.poll(world.server.member("Host"), results="live")
        voters = world.members(300)
        answers = await asyncio.gather(*(voter.press(poll, TEAS[number % 3]) for number, voter in enumerate(voters)))
        assert all(counted(answer) for answer in answers)
        await world.quiet()
        assert await world.tally() == dict.fromkeys(TEAS, 100)
        assert words(poll.blocks).count("100 (33.3 %)") == 3
