"""The question before a member's data is erased, which says how much goes."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.chat.vocabulary import Outcome
from tests.editing.packs import copied
from tests.talk import ADA, BEN, CREATE, MO, buttons, press, say, words
from tests.world import Clock, running


def red_button(outcome: Outcome, label: str) -> str:
    assert outcome.answer is not None
    return buttons(outcome.answer)[label]


@pytest.mark.parametrize("named", ["yes", "no"])
async def test_the_red_button_asks_and_says_what_goes(tmp_path: Path, named: str) -> None:
    """Before Parley erases a member's data it counts their votes in open polls, secret or named.

    It doesn't count votes in closed polls, and names no kind of data of which there is none.
    """
    clock = Clock()
    async with running(tmp_path, clock=clock) as instance:
        for closes in ("1h", "9h", "9h"):
            await say(instance, ADA, f"{CREATE} closes:{closes} secret:{'no' if named == 'yes' else 'yes'}")
        for poll in ("p1", "p2", "p3"):
            await press(instance, BEN, f"v1:vote:{poll}:0")
        clock.forward(hours=1)
        await instance.scheduler.run_due()
        question = await press(instance, BEN, red_button(await say(instance, BEN, "/privacy show"), "Erase my data"))
        assert "your votes in 2 open polls" in words(question)
        assert "suggestion" not in words(question).partition("Suggestions that an editor has accepted stay")[0]
        assert "Green" in words(await press(instance, BEN, "v1:mine:p2"))  # asking erases nothing
        assert words(await say(instance, BEN, "/privacy erase")) == words(question)
        erased = await press(instance, BEN, red_button(question, "Erase now"))
        assert "I withdrew your votes from 2 open polls" in words(erased)
        again = await say(instance, BEN, "/privacy erase")
        assert "open poll" not in words(again)
        assert "open poll" not in words(await press(instance, BEN, red_button(again, "Erase now")))


async def test_the_question_counts_what_editors_have_not_accepted(tmp_path: Path) -> None:
    """The question before an erasure counts suggestions that wait or were rejected, and not the accepted ones."""
    async with running(tmp_path, content=copied(tmp_path)) as instance:
        for number in range(3):
            await say(instance, BEN, f"/suggest Say since when, {number}. card:tea-popular")
        suggestions = (await instance.privacy.stored_about(BEN.actor)).suggestions
        first, second, _ = (suggestion.id for suggestion in suggestions)
        assert "3 suggestions that no editor has accepted" in words(await press(instance, BEN, "v1:privacy-ask"))
        await instance.bot.submit(MO, f"v1:queue-rejected:{first}", {"note": "That is known."})
        assert "3 suggestions that no editor has accepted" in words(await press(instance, BEN, "v1:privacy-ask"))
        await press(instance, MO, f"v1:queue-accept:{second}")
        assert "2 suggestions that no editor has accepted" in words(await press(instance, BEN, "v1:privacy-ask"))
