"""A decision's page on the web."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import aiohttp

from adapters.web.members import VISITOR
from bot.chat.vocabulary import Place
from tests.browser.served import serving_polls
from tests.talk import ADA, say

WRITER = replace(VISITOR, id="ada", name="Ada")
PLACE = Place(VISITOR.platform, VISITOR.workspace, "main")
MEMBER = replace(ADA, actor=WRITER, place=PLACE)


async def test_a_decision_has_a_page_with_its_history(tmp_path: Path) -> None:
    """A decision's page shows its outcome, owner, review and history, and members' words on it are text, never markup."""
    async with serving_polls(tmp_path) as hall, aiohttp.ClientSession(hall.url) as session:
        await say(hall.instance, MEMBER, '/decide owner:Ben review:2027-03-01 outcome:"We buy <b>green</b> tea"')
        async with session.get("decisions/p1") as response:
            page = await response.text()
        assert response.status == 200
        for words in ("We buy &lt;b&gt;green&lt;/b&gt; tea", "Owner: Ben", "Review: 2027-03-01", "2026-11-25 Recorded"):
            assert words in page


async def test_a_private_decision_has_no_page(tmp_path: Path) -> None:
    """The page of a private channel's decision is a 404, like that of a decision that doesn't exist."""
    async with serving_polls(tmp_path) as hall, aiohttp.ClientSession(hall.url) as session:
        private = replace(MEMBER, place=replace(PLACE, channel="board", private=True))
        await say(hall.instance, private, "/decide We buy green tea")
        answers = []
        for decision in ("p1", "p9"):
            async with session.get(f"decisions/{decision}") as response:
                answers.append((response.status, await response.text()))
        assert answers[0] == answers[1]
        assert answers[0][0] == 404
