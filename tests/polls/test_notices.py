"""A notice about a poll goes to its host alone, else to the moderators' channel, else to nobody."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from bot.chat.vocabulary import Card, MessageRef, Place, Reply
from bot.communities.model import Community
from bot.errors import NotAllowed, Unavailable
from bot.i18n import Translator
from bot.polls.creator_notices import Hosts
from tests.store.things import NOW, poll
from tests.world import NOWHERE, Wall


class Telling(Wall):
    """A wall that can also write to one person, if `reaches` says so."""

    def __init__(self, *, reaches: bool) -> None:
        super().__init__()
        self.reaches = reaches
        self.told: list[tuple[str, str]] = []

    async def tell(self, workspace: str, person: str, _reply: Reply) -> bool:
        self.told.append((workspace, person))
        return self.reaches


class Failing(Wall):
    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error

    async def post(self, place: Place, reply: Reply) -> MessageRef:
        raise self.error


def hosts(wall: Wall | None, channel: str = "office") -> Hosts:
    async def community_of(community: str, _now: datetime) -> Community:
        return Community(community, moderator_channel=channel)

    return Hosts({"test": wall} if wall else {}, community_of)


def notice(t: Translator) -> Reply:
    return Reply((Card(title=t("Not found")),))


@pytest.mark.parametrize(
    ("wall", "channel", "private", "reached", "posted"),
    [
        (Telling(reaches=True), "office", False, True, []),
        (Telling(reaches=True), "office", True, True, []),
        (Telling(reaches=False), "office", False, True, ["office"]),
        (Telling(reaches=False), "office", True, False, []),
        (Wall(), "office", False, True, ["office"]),
        (Wall(), "office", True, False, []),
        (Wall(), "", False, False, []),
        (Wall(), NOWHERE, False, False, []),
    ],
)
async def test_whom_a_notice_reaches(wall: Wall, channel: str, private: bool, reached: bool, posted: list[str]) -> None:
    """A notice goes to the host, or else to the moderators' channel, if there is one.

    A notice about a private poll goes to its host alone.
    """
    subject = replace(poll(), private=private)
    assert await hosts(wall, channel).tell(subject, notice, NOW) is reached
    assert [ref.place.channel for ref, _ in wall.posted] == posted
    if isinstance(wall, Telling):
        assert wall.told == [("demo", "ada")]


async def test_an_erased_host_is_told_nothing() -> None:
    """If a poll's host was erased, the moderators' channel gets the notice instead."""
    wall = Telling(reaches=True)
    assert await hosts(wall).tell(replace(poll(), creator=""), notice, NOW)
    assert (wall.told, len(wall.posted)) == ([], 1)


async def test_a_platform_that_does_not_run_reaches_nobody(caplog: pytest.LogCaptureFixture) -> None:
    """A notice for a platform that doesn't run reaches nobody, and the log says so."""
    assert not await hosts(None).tell(poll(), notice, NOW)
    assert "nobody can be reached" in caplog.text


@pytest.mark.parametrize("error", [NotAllowed("no"), RuntimeError("bug")])
async def test_a_notice_that_fails_is_in_the_log(error: Exception, caplog: pytest.LogCaptureFixture) -> None:
    """A notice that a platform refuses or a bug stops reaches nobody, and the log names the poll."""
    assert not await hosts(Failing(error)).tell(poll(), notice, NOW)
    assert "the host of poll p1" in caplog.text


async def test_a_platform_that_is_busy_is_tried_again() -> None:
    """If the platform is busy, a notice raises `Unavailable`, so its caller can try again."""
    with pytest.raises(Unavailable):
        await hosts(Failing(Unavailable("busy"))).tell(poll(), notice, NOW)
