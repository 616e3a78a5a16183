"""A decision's page on the web."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from adapters.web.members import VISITOR
from adapters.web.pages import PollPages
from bot.chat.vocabulary import Place
from bot.errors import NotFound
from bot.i18n import translator
from tests.talk import ADA, say
from tests.world import Clock, running

T = translator("en")
WRITER = replace(VISITOR, id="ada", name="Ada")


async def test_a_decision_has_a_page_with_its_history(tmp_path: Path) -> None:
    """A decision's page shows its outcome, owner and history, and members' words on it are text, never markup."""
    async with running(tmp_path) as here:
        member = replace(ADA, actor=WRITER, place=Place(VISITOR.platform, VISITOR.workspace, "main"))
        await say(here, member, "/decide owner:Ben We buy <b>green</b> tea")
        page = await PollPages.of(here, Clock()).decision("p1", VISITOR, T)
        assert "We buy &lt;b&gt;green&lt;/b&gt; tea" in page
        assert "Owner: Ben" in page
        assert "2026-11-25 Recorded" in page


async def test_a_private_decision_has_no_page(tmp_path: Path) -> None:
    """A decision of a private channel has no page on the web."""
    async with running(tmp_path) as here:
        place = Place(VISITOR.platform, VISITOR.workspace, "board", private=True)
        await say(here, replace(ADA, actor=WRITER, place=place), "/decide We buy green tea")
        with pytest.raises(NotFound):
            await PollPages.of(here, Clock()).decision("p1", VISITOR, T)
