"""Who asks: name, language, zone, admin or owner, and user groups, as Slack knows them; kept for some minutes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Any, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from slack_sdk.errors import SlackClientError

from adapters.slack.web import Budget, WebApi
from bot.chat import Actor
from bot.errors import BotError
from bot.waiting import held

KEPT = timedelta(minutes=10)
KNOWN_MAX = 20_000
GROUPS_KEPT = timedelta(minutes=2)
GROUPS_RETRY = timedelta(seconds=15)
LOOKUPS_A_MINUTE = 90
"""users.info is of tier 4, at least 100 a minute."""
SPARED = 30
"""Of these, so many are kept for commands: what many do at once is to press the same button."""
AT_ONCE = 2
WAITING_MAX = 10
"""Look-ups that may be under way. More means that Slack makes us wait, and nobody waits longer for that."""
HURRY = 0.8
"""Seconds that a look-up may take where a form must be opened or answered within 3."""
PATIENCE = 5.0
"""Seconds that it may take elsewhere."""

logger = logging.getLogger("parley.slack")

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Person:
    name: str = ""
    locale: str = ""
    zone: tzinfo | None = None
    moderator: bool = False


UNKNOWN = Person()


class People:
    """Whom Slack can't tell about just now counts as a plain member with the name that came with the request."""

    def __init__(self, platform: str, web: WebApi, clock: Callable[[], datetime]) -> None:
        self._platform = platform
        self._web = web
        self._clock = clock
        self._budget = Budget(LOOKUPS_A_MINUTE, clock)
        self._gate = asyncio.Semaphore(AT_ONCE)
        self._groups_gate = asyncio.Lock()
        self._known: dict[tuple[str, str], tuple[datetime, Person]] = {}
        self._groups: dict[str, tuple[datetime, Mapping[str, frozenset[str]]]] = {}
        self._tasks: set[asyncio.Task[Any]] = set()

    async def find(
        self, team: str, user: str, name: str, *, press: bool = False, hurry: bool = False
    ) -> tuple[Actor, Person]:
        """Who this is. What Slack does not say soon is left out, with `hurry` in less than a second: then a form
        waits for it. Who presses waits no longer for names and languages, but for the groups, which decide who votes.
        """
        fresh, person = self._cached(team, user)
        due, groups = self._groups.get(team, (None, {}))
        roles = groups.get(user, frozenset())
        looking = asking = None
        if not fresh and len(self._tasks) < WAITING_MAX and self._budget.has(spare=SPARED if press else 0):
            looking = self._started(self._person(team, user, press=press))
        if due is None or self._clock() >= due:
            asking = self._started(self._roles(team, user))
        if looking is not None:
            person = await _within(HURRY if hurry or press else PATIENCE, looking, UNKNOWN)
        if asking is not None:
            roles = await _within(HURRY if hurry else PATIENCE, asking, frozenset())
        shown = person.name or name or user
        return Actor(self._platform, team, user, shown, roles=roles, moderator=person.moderator), person

    def stop(self) -> None:
        for task in self._tasks:
            task.cancel()

    def _started(self, look: Coroutine[Any, Any, _T]) -> asyncio.Task[_T]:
        """It goes on when nobody waits for it any more: what it finds is known the next time."""
        return held(asyncio.ensure_future(look), self._tasks)

    async def _person(self, team: str, user: str, *, press: bool) -> Person:
        fresh, known = self._cached(team, user)
        if fresh:
            return known
        async with self._gate:
            fresh, known = self._cached(team, user)
            if fresh or not self._budget.take(spare=SPARED if press else 0):
                return known
            try:
                told = await self._web.call("users_info", user=user, include_locale=True)
            except (BotError, SlackClientError) as error:
                logger.warning("Slack does not say who somebody is: %s", type(error).__name__)
                return known
        person = person_of(told["user"], team)
        if len(self._known) >= KNOWN_MAX:
            self._known.clear()
        self._known[team, user] = self._clock(), person
        return person

    def _cached(self, team: str, user: str) -> tuple[bool, Person]:
        """Whether what is known is recent enough, and what it is."""
        asked, known = self._known.get((team, user), (None, UNKNOWN))
        return asked is not None and self._clock() - asked < KEPT, known

    async def _roles(self, team: str, user: str) -> frozenset[str]:
        """The ids of the user groups that this person is in."""
        async with self._groups_gate:
            due, groups = self._groups.get(team, (None, {}))
            if due is None or self._clock() >= due:
                told = await self._ask_groups()
                groups = groups if told is None else told
                self._groups[team] = self._clock() + (GROUPS_RETRY if told is None else GROUPS_KEPT), groups
        return groups.get(user, frozenset())

    async def _ask_groups(self) -> Mapping[str, frozenset[str]] | None:
        """The groups of everybody who is in one, or None where Slack does not say."""
        try:
            told = await self._web.call("usergroups_list", include_users=True)
        except (BotError, SlackClientError) as error:
            logger.warning("Slack does not say which user groups there are: %s", type(error).__name__)
            return None
        members: dict[str, set[str]] = {}
        for group in told.get("usergroups") or ():
            for user in group.get("users") or ():
                members.setdefault(str(user), set()).add(str(group["id"]))
        return {user: frozenset(ids) for user, ids in members.items()}


async def _within(seconds: float, task: asyncio.Task[_T], otherwise: _T) -> _T:
    await asyncio.wait({task}, timeout=seconds)
    return task.result() if task.done() and not task.cancelled() else otherwise


def person_of(told: Mapping[str, Any], team: str) -> Person:
    """A person from `user` in what users.info answers. https://docs.slack.dev/reference/objects/user-object

    Who comes from elsewhere through a shared channel moderates nothing here, whatever they are at home.
    """
    profile = told.get("profile") or {}
    name = profile.get("display_name") or profile.get("real_name") or told.get("real_name") or told.get("name")
    powers = ("is_admin", "is_owner", "is_primary_owner")
    return Person(
        name=str(name or ""),
        locale=str(told.get("locale") or ""),
        zone=_zone(str(told.get("tz") or "")),
        moderator=_belongs(told, team) and any(told.get(power) for power in powers),
    )


def _belongs(told: Mapping[str, Any], team: str) -> bool:
    """Within an Enterprise organisation, a person's own workspace may be another of those that they are in."""
    return team in {told.get("team_id") or team, *((told.get("enterprise_user") or {}).get("teams") or ())}


def _zone(name: str) -> tzinfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
