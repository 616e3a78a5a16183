"""Which workspaces have the app, and how each is talked to: under its own token, with its own people and budgets.

A caller gets the workspace from memory. What is known is looked up again when it has changed, and after some seconds
in case that word got lost between two processes; Slack is not asked for it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from slack_sdk.oauth.installation_store import Bot as Installed

from adapters.slack.people import People
from adapters.slack.web import WebApi
from bot.aio import hold_task
from bot.errors import BotError, NotAllowed
from bot.i18n import N_
from bot.polls.privacy import Privacy

NAME = "slack"
INSTALLATION_LIFETIME = timedelta(seconds=10)
"""How long an installation counts without being looked up again."""
NOT_HERE = N_("Parley isn't installed in your workspace. Ask an admin to install it.")

logger = logging.getLogger("parley.slack")


class TokenSource(Protocol):
    """Where the tokens come from."""

    several: bool
    """Whether Parley goes on without this workspace when it is lost."""

    def watch(self, changed: Callable[[str], None]) -> None:
        """Calls `changed` with the workspace whose token is another now, or gone; with nothing if it may be any."""

    async def find(self, team: str) -> Installed | None:
        """The workspace's token, if it has the app. Raises Unavailable where that can't be said just now."""

    async def forget(self, team: str, now: datetime, *, token: str = "", at: datetime | None = None) -> bool:
        """The app was removed `at` this time, or this `token` is dead: whether that concerned what is installed now."""


@dataclass(slots=True, eq=False)
class Workspace:
    """One that has the app."""

    installed: Installed
    web: WebApi
    people: People
    checked: datetime | None
    """When it was looked up; None for at once."""


class Workspaces:
    """Those that have the app. One for the whole process."""

    def __init__(
        self,
        source: TokenSource,
        anyone: WebApi,
        new_web: Callable[[str, Callable[[], None]], WebApi],
        *,
        clock: Callable[[], datetime],
        privacy: Privacy | None = None,
    ) -> None:
        self.anyone = anyone
        """For what needs no workspace's token."""
        self.ended = asyncio.Event()
        """Set once the only token is dead for good."""
        self._source = source
        self._new_web = new_web
        self._clock = clock
        self._privacy = privacy
        self._by_team: dict[str, Workspace] = {}
        self.tasks: set[asyncio.Task[None]] = set()
        source.watch(self._changed)

    async def of(self, team: str) -> Workspace:
        """Raises NotAllowed for a workspace that doesn't have the app, Unavailable where that can't be said."""
        workspace, now = self._by_team.get(team), self._clock()
        if workspace is not None:
            if workspace.checked is not None and abs(now - workspace.checked) < INSTALLATION_LIFETIME:
                return workspace
            workspace.checked = now  # the others go on with what is known meanwhile
        try:
            installed = await self._source.find(team) if team else None
        except BotError:
            if workspace is None:
                raise
            return workspace
        return self._renewed(team, installed)

    async def returned(self, team: str) -> None:
        """The workspace has the app, again if it had removed it."""
        if self._privacy is not None:
            await self._privacy.returned(community_of(team))

    async def removed(self, team: str, at: datetime, *, whole: bool) -> None:
        """Slack says that the workspace has removed the app `at` this time, or, if not the `whole`, its token."""
        if not await self._source.forget(team, self._clock(), at=at):
            return
        logger.warning("Slack: the app was removed from workspace %s", team)
        self._drop(team)
        try:
            if whole or self._source.several:
                await self._leave(team)
        finally:
            if not self._source.several:
                self.ended.set()

    async def close(self) -> None:
        for workspace in self._by_team.values():
            workspace.people.stop()
        if self.tasks:
            await asyncio.wait(self.tasks)
        self._by_team.clear()

    def _renewed(self, team: str, installed: Installed | None) -> Workspace:
        workspace = self._by_team.get(team)
        if installed is None:
            self._drop(team)
            raise NotAllowed(NOT_HERE)
        if workspace is not None:
            if workspace.installed.bot_token == installed.bot_token:
                return workspace
            workspace.people.stop()
        web = self._new_web(installed.bot_token, lambda: self._refused(team, web))
        workspace = self._by_team[team] = Workspace(installed, web, People(NAME, web, self._clock), self._clock())
        return workspace

    def _changed(self, team: str) -> None:
        for one in (team,) if team else tuple(self._by_team):
            if one in self._by_team:
                self._by_team[one].checked = None

    def _drop(self, team: str) -> None:
        workspace = self._by_team.pop(team, None)
        if workspace is not None:
            workspace.web.removed = True
            workspace.people.stop()

    def _refused(self, team: str, web: WebApi) -> None:
        """Slack takes the token no more, for good. If it is still the workspace's, nobody has told Parley so."""
        workspace = self._by_team.get(team)
        if not self._source.several:
            self.ended.set()
        elif workspace is not None and workspace.web is web:
            self._drop(team)
            self._spawn(self._lose(team, workspace))

    async def _lose(self, team: str, refused: Workspace) -> None:
        """One refusal may be a mistake of Slack's, and open polls end with the workspace: so Slack is asked again."""
        try:
            dead = await refused.web.is_dead()
            gone = dead and await self._source.forget(team, self._clock(), token=refused.installed.bot_token)
        except BotError as error:
            logger.warning("can't remove a dead token yet: %s", type(error).__name__)
            return
        if gone:
            logger.warning("Slack: workspace %s has withdrawn the app's token", team)
            await self._leave(team)

    async def _leave(self, team: str) -> None:
        try:
            if self._privacy is not None:
                await self._privacy.community_left(community_of(team), self._clock())
        except BotError as error:
            logger.warning("can't record the removal of %s: %s", team, type(error).__name__)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        hold_task(asyncio.ensure_future(work), self.tasks)


class OneToken:
    """The one workspace whose token the operator has set."""

    several = False

    def __init__(self, token: str, anyone: WebApi) -> None:
        self._token = token
        self._anyone = anyone
        self._installed: Installed | None = None
        self._removed = False

    async def find(self, team: str) -> Installed | None:
        if self._installed is None:
            self.learn(await self._anyone.call("auth_test", token=self._token))
        ours = self._installed is not None and self._installed.team_id == team and not self._removed
        return self._installed if ours else None

    async def ask(self) -> Any:
        return await self._anyone.client.auth_test(token=self._token)

    def watch(self, changed: Callable[[str], None]) -> None:
        """It never changes."""

    def learn(self, identity: Any) -> str:
        """Takes what auth.test said: the workspace's id."""
        team = str(identity["team_id"])
        self._installed = Installed(
            team_id=team,
            bot_token=self._token,
            bot_id=str(identity.get("bot_id") or ""),
            bot_user_id=str(identity.get("user_id") or ""),
            installed_at=0.0,
        )
        return team

    async def forget(self, team: str, now: datetime, *, token: str = "", at: datetime | None = None) -> bool:  # noqa: ARG002 - a source's signature
        """The same app may be installed elsewhere as well, and say so here."""
        ours = self._installed is None or self._installed.team_id == team
        self._removed = self._removed or ours
        return ours


def community_of(team: str) -> str:
    return f"{NAME}:{team}"
