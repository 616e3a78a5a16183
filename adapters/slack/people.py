"""Look up members on Slack: name, language, admin or owner, and user groups. Cache them for some minutes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Coroutine, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from slack_sdk.errors import SlackClientError

from adapters.slack.groups import names_groups, with_handles
from adapters.slack.web import Budget, WebApi
from bot.aio import hold_task
from bot.chat.vocabulary import Actor, Reply
from bot.errors import BotError

PERSON_LIFETIME = timedelta(minutes=10)
KNOWN_MAX = 20_000
GROUPS_LIFETIME = timedelta(minutes=2)
GROUPS_RETRY = timedelta(seconds=15)
NAMES_MAX = 10
"""Mentioned members that Parley looks up for one text."""
LOOKUPS_A_MINUTE = 90
"""users.info is of tier 4, at least 100 a minute."""
SPARED = 30
"""Calls of these that only commands may use: a crowd that acts at once presses the same button."""
AT_ONCE = 2
WAITING_MAX = 10
"""Look-ups that may run at once. With more, Slack is making Parley wait, and further members aren't looked up."""
HURRY = 0.8
"""Seconds for a look-up before a form must be opened or answered within 3."""
PATIENCE = 5.0
"""Seconds for any other look-up."""

logger = logging.getLogger("parley.slack")

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Person:
    """Slack's answer about a member, with empty fields for what it doesn't tell. `locale` is a tag such as "en-US"."""

    name: str = ""
    locale: str = ""
    moderator: bool = False
    at_home: bool = False
    """Whether they are a full member of the workspace: not a guest, and not from another organisation."""


UNKNOWN = Person()


class People:
    """Finds members. If Slack doesn't answer, a member is plain and has the name from the request."""

    def __init__(self, platform: str, web: WebApi, clock: Callable[[], datetime]) -> None:
        self._platform = platform
        self._web = web
        self._clock = clock
        self._budget = Budget(LOOKUPS_A_MINUTE, clock)
        self._gate = asyncio.Semaphore(AT_ONCE)
        self._groups_gate = asyncio.Lock()
        self._people: dict[tuple[str, str], tuple[datetime, Person]] = {}
        self._groups: dict[str, tuple[datetime, Mapping[str, frozenset[str]]]] = {}
        self._handles: dict[str, Mapping[str, str]] = {}
        """The user groups' handles by id, by workspace."""
        self._tasks: set[asyncio.Task[Any]] = set()

    async def find(
        self, team: str, user: str, name: str, *, press: bool = False, hurry: bool = False
    ) -> tuple[Actor, Person]:
        """Return the member and what Slack knows about them, leaving out what it doesn't tell within PATIENCE.

        With `hurry`, each look-up gets only HURRY seconds, since a form waits for it. With `press`, only the name and
        language do: the groups decide who may vote, so Parley waits for them.
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
        display_name = person.name or name or user
        return Actor(self._platform, team, user, display_name, roles=roles, moderator=person.moderator), person

    async def names(self, team: str, ids: Collection[str], seconds: float) -> dict[str, str]:
        """Return the names of members and the handles of user groups, by id, as far as Slack tells them in time."""
        people = [each for each in sorted(ids) if each[0] in "UW"][:NAMES_MAX]
        looking = {user: self._started(self._person(team, user, press=False)) for user in people}
        if any(each[0] == "S" for each in ids) and team not in self._handles:
            looking[""] = self._started(self._handles_known(team))
        if looking:
            await asyncio.wait(looking.values(), timeout=seconds)
        names = {user: self._cached(team, user)[1].name for user in people}
        handles = self._handles.get(team, {})
        return {id_: name for id_, name in (*names.items(), *handles.items()) if name}

    async def may_ping(self, team: str, user: str, group: str) -> bool:
        """Tell whether the member and the app may ping a user group. Raises what `WebApi.call` raises.

        Guests and members of other organisations may not. Nobody may ping a disabled group, which Slack leaves out of
        its list: https://slack.com/help/articles/212906697-Create-a-user-group
        """
        groups = await self._web.call("usergroups_list")
        listed = any(each["id"] == group for each in groups.get("usergroups") or ())
        return listed and (await self._person(team, user, press=False)).at_home

    async def named(self, team: str, reply: Reply) -> Reply:
        """Return the reply with user groups shown by their handles."""
        return with_handles(reply, await self.handles(team)) if names_groups(reply) else reply

    async def handles(self, team: str) -> Mapping[str, str]:
        """Return the user groups' handles by id, as far as Slack tells them."""
        if team not in self._handles:
            await self._roles(team, "")
        return self._handles.get(team, {})

    async def _handles_known(self, team: str) -> Person:
        await self.handles(team)
        return UNKNOWN

    def stop(self) -> None:
        """Cancel the running look-ups."""
        for task in self._tasks:
            task.cancel()

    def _started(self, look: Coroutine[Any, Any, _T]) -> asyncio.Task[_T]:
        """Start a look-up that continues when nobody waits for it any more, so that its result is known the next
        time."""
        return hold_task(asyncio.ensure_future(look), self._tasks)

    async def _person(self, team: str, user: str, *, press: bool) -> Person:
        fresh, person = self._cached(team, user)
        if fresh:
            return person
        async with self._gate:
            fresh, person = self._cached(team, user)
            if fresh or not self._budget.take(spare=SPARED if press else 0):
                return person
            try:
                answer = await self._web.call("users_info", user=user, include_locale=True)
            except (BotError, SlackClientError) as error:
                logger.warning("Slack doesn't say who a member is: %s", type(error).__name__)
                return person
        person = person_of(answer["user"], team)
        if len(self._people) >= KNOWN_MAX:
            self._people.clear()
        self._people[team, user] = self._clock(), person
        return person

    def _cached(self, team: str, user: str) -> tuple[bool, Person]:
        """Return whether the cached person is recent enough, and the person."""
        since, person = self._people.get((team, user), (None, UNKNOWN))
        return since is not None and self._clock() - since < PERSON_LIFETIME, person

    async def _roles(self, team: str, user: str) -> frozenset[str]:
        """Return the ids of the user groups that this member is in."""
        async with self._groups_gate:
            due, groups = self._groups.get(team, (None, {}))
            if due is None or self._clock() >= due:
                renewal = await self._ask_groups(team)
                groups = groups if renewal is None else renewal
                self._groups[team] = self._clock() + (GROUPS_RETRY if renewal is None else GROUPS_LIFETIME), groups
        return groups.get(user, frozenset())

    async def _ask_groups(self, team: str) -> Mapping[str, frozenset[str]] | None:
        """Return every member's groups, or None if Slack doesn't answer."""
        try:
            answer = await self._web.call("usergroups_list", include_users=True)
        except (BotError, SlackClientError) as error:
            logger.warning("Slack doesn't list the user groups: %s", type(error).__name__)
            return None
        members: dict[str, set[str]] = {}
        listed = answer.get("usergroups") or ()
        self._handles[team] = {str(group["id"]): str(group.get("handle") or "") for group in listed}
        for group in listed:
            for user in group.get("users") or ():
                members.setdefault(str(user), set()).add(str(group["id"]))
        return {user: frozenset(ids) for user, ids in members.items()}


async def _within(seconds: float, task: asyncio.Task[_T], otherwise: _T) -> _T:
    await asyncio.wait({task}, timeout=seconds)
    return task.result() if task.done() and not task.cancelled() else otherwise


def person_of(user: Mapping[str, Any], team: str) -> Person:
    """Read the `user` object of users.info. https://docs.slack.dev/reference/objects/user-object

    A member of another workspace who joins through a shared channel never moderates here, even as an administrator at
    home.
    """
    profile = user.get("profile") or {}
    name = profile.get("display_name") or profile.get("real_name") or user.get("real_name") or user.get("name")
    powers = ("is_admin", "is_owner", "is_primary_owner")
    guest = user.get("is_restricted") is not False or bool(user.get("is_ultra_restricted"))
    return Person(
        name=str(name or ""),
        locale=str(user.get("locale") or ""),
        moderator=_belongs(user, team) and any(user.get(power) for power in powers),
        at_home=_belongs(user, team) and not guest,
    )


def _belongs(user: Mapping[str, Any], team: str) -> bool:
    """Tell whether the user belongs to the team. In an Enterprise organisation, `team_id` may be another of their
    workspaces."""
    return team in {user.get("team_id") or team, *((user.get("enterprise_user") or {}).get("teams") or ())}
