"""A poll pings a role when it opens, and only where its host, its community and the platform all allow it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.chat.markup import RoleMention
from bot.chat.vocabulary import Place, Reply
from bot.commands.poll_views import PollViews
from bot.communities.model import Community
from bot.errors import Unavailable
from bot.i18n import translator
from bot.instance import Instance
from bot.polls.pings import may_ping
from tests.hosting import click, fill, form_of
from tests.talk import ADA, BEN, MO, press, reply_words, say, wall, words
from tests.walls import TellingWall
from tests.world import Clock, Wall, request, running

LINE = '/poll create question:"Which tea?" options:"Green | Black" closes:2h'
FANS = "fans"


class PingingWall(TellingWall):
    """A wall on which members named by `pingers` may ping; None means that the platform can't say just now."""

    def __init__(self) -> None:
        super().__init__()
        self.pingers: set[str] | None = {ADA.actor.id, MO.actor.id}

    async def may_ping(self, _place: Place, member: str, role: str) -> bool:
        if self.pingers is None:
            raise Unavailable("down")
        return member in self.pingers and role == FANS


@pytest.fixture
async def here(tmp_path: Path, clock: Clock) -> AsyncIterator[Instance]:
    async with running(tmp_path, clock=clock) as instance:
        instance.platforms["test"] = PingingWall()
        instance.polls.new_id = lambda: "p9"
        yield instance


def pings_in(reply: Reply) -> list[str]:
    pieces = (piece for card in reply.cards for block in card.body for piece in block.inlines)
    return [piece.id for piece in pieces if isinstance(piece, RoleMention) and piece.pings]


def pings(here: Instance) -> list[list[str]]:
    """Return the roles that each posted message pings."""
    return [pings_in(reply) for _, reply in wall(here).posted]


def pinging(here: Instance) -> PingingWall:
    platform = here.platforms["test"]
    assert isinstance(platform, PingingWall)
    return platform


async def allow(here: Instance) -> None:
    await say(here, MO, f"/settings ping:{FANS}")


async def test_a_host_pings_the_role_that_moderators_named(here: Instance, clock: Clock) -> None:
    """A poll's first message pings the role that moderators named, if its host chose that.

    No redraw, copy, reminder or result pings it.
    """
    await allow(here)
    more = form_of(await click(here, ADA, await say(here, ADA, LINE), "More settings"))
    preview = await fill(here, ADA, more, others=("ping",))
    assert "When it opens, I'll ping fans." in words(preview)
    await click(here, ADA, preview, "Post")
    assert pings(here) == [[FANS]]
    await press(here, BEN, "v1:vote:p9:0")
    await here.copies.drain()
    assert pings(here) == [[]]
    await say(here, ADA, "/poll post poll:p9")
    for hours in (1, 1):
        clock.forward(hours=hours)
        await here.scheduler.run_due()
    assert len(pings(here)) == 4
    assert not any(pings(here))


@pytest.mark.parametrize(
    ("chosen", "allowed", "may"),
    [(False, True, True), (True, False, True), (True, True, False)],
    ids=["the host didn't choose it", "the community names no role", "host or bot may not"],
)
async def test_each_condition_alone_keeps_a_poll_from_pinging(
    here: Instance, chosen: bool, allowed: bool, may: bool
) -> None:
    """A poll pings nobody if its host chose no ping, its community names no role, or host or bot may not ping."""
    await allow(here)
    more = form_of(await click(here, ADA, await say(here, ADA, LINE), "More settings"))
    preview = await fill(here, ADA, more, others=("ping",) if chosen else ())
    if not allowed:
        await say(here, MO, "/settings without:ping")
    if not may:
        pinging(here).pingers = set()
    await click(here, ADA, preview, "Post")
    assert pings(here) == [[]]


async def test_the_setting_is_off_until_moderators_change_it(here: Instance) -> None:
    """Pings are off until moderators name a role: the form doesn't offer them, and members can't change the setting."""
    more = form_of(await click(here, ADA, await say(here, ADA, LINE), "More settings"))
    assert "ping" not in {choice.value for each in more.inputs for choice in each.options}
    assert "Only moderators" in words(await say(here, ADA, f"/settings ping:{FANS}"))
    await allow(here)
    more = form_of(await click(here, ADA, await say(here, ADA, LINE), "More settings"))
    assert "ping" in {choice.value for each in more.inputs for choice in each.options}


@pytest.mark.parametrize("pingers", [{"mo"}, None], ids=["without the right", "can't be said"])
async def test_a_ping_that_cant_be_is_refused_beside_its_field(here: Instance, pingers: set[str] | None) -> None:
    """The form refuses a ping beside its field unless the platform says that both host and bot may ping."""
    await allow(here)
    more = form_of(await click(here, ADA, await say(here, ADA, LINE), "More settings"))
    pinging(here).pingers = pingers
    outcome = await fill(here, ADA, more, others=("ping",))
    assert "you and I both need the right" in outcome.errors["others"]


@pytest.mark.parametrize(
    ("role", "platform", "answer", "may"),
    [
        (FANS, "test", True, True),
        (FANS, "test", False, False),
        (FANS, "test", None, False),
        ("", "test", True, False),
        (FANS, "plain", True, False),
        (FANS, "stopped", True, False),
    ],
    ids=["all", "the platform says no", "can't be said", "no role", "a platform without pings", "not running"],
)
async def test_a_ping_takes_a_role_a_platform_and_its_leave(
    role: str, platform: str, answer: bool | None, may: bool
) -> None:
    """A poll may ping only if its community names a role, and its platform runs, can ping and allows this ping."""

    class Willing(Wall):
        async def may_ping(self, _place: Place, _member: str, _role: str) -> bool:
            if answer is None:
                raise Unavailable("down")
            return answer

    platforms = {"test": Willing(), "plain": Wall()}
    community = Community(f"{platform}:demo", ping_role=role)
    assert await may_ping(platforms, community, request("Ada", platform=platform)) is may


@pytest.mark.parametrize(
    ("chosen", "later", "pinged"),
    [(True, {"ada"}, [FANS]), (True, {"ben"}, []), (True, None, []), (False, {"ada"}, [])],
)
async def test_a_scheduled_poll_pings_by_the_rights_of_its_day(
    here: Instance, clock: Clock, chosen: bool, later: set[str] | None, pinged: list[str]
) -> None:
    """A scheduled poll pings only if its host chose that, and the platform allows it at the opening."""
    await allow(here)
    more = form_of(await click(here, ADA, await say(here, ADA, LINE), "More settings"))
    preview = await fill(here, ADA, more, others=("ping",) if chosen else ())
    await fill(here, ADA, form_of(await click(here, ADA, preview, "Schedule")), opens="tomorrow 9:00")
    pinging(here).pingers = later
    clock.forward(days=1)
    await here.scheduler.run_due()
    assert pings(here) == [pinged]


async def test_another_communitys_copy_shows_no_role(here: Instance) -> None:
    """A role belongs to one community, so the poll's copy in another community doesn't name it."""
    await allow(here)
    more = form_of(await click(here, ADA, await say(here, ADA, LINE), "More settings"))
    await click(here, ADA, await fill(here, ADA, more, others=("ping",)), "Post")
    poll = await here.polls.get("p9", translator("en"))
    views = PollViews(here.polls, here.platforms)
    home, away = [await views.posted_message(poll, Community(each)) for each in (poll.community, "test:away")]
    assert FANS in reply_words(home)
    assert FANS not in reply_words(away)
