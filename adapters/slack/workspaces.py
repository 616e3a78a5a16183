"""Find the workspaces that have the app, each with its own token, people and budgets.

A caller gets the workspace from memory. Parley looks up the installation again when it has changed, and after some
seconds in case that signal got lost between two processes; it doesn't ask Slack.
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
"""Time that an installation counts without another look-up."""
NOT_HERE = N_("Parley isn't installed in your workspace. Ask an admin to install it.")

logger = logging.getLogger("parley.slack")


class TokenSource(Protocol):
    """A source of the workspaces' tokens."""

    several: bool
    """Whether Parley keeps running without a workspace that is lost."""

    def watch(self, changed: Callable[[str], None]) -> None:
        """Call `changed` with each workspace whose token has changed or is gone; with "" if it may be any."""

    async def find(self, team: str) -> Installed | None:
        """Return the workspace's installation, or None without the app. Raises Unavailable if it can't tell now."""

    async def forget(self, team: str, now: datetime, *, token: str = "", at: datetime | None = None) -> bool:
        """Forget an installation, removed `at` this time or with this dead `token`. Return whether it was the current
        one."""


@dataclass(slots=True, eq=False)
class Workspace:
    """A workspace that has the app."""

    installed: Installed
    web: WebApi
    people: People
    checked: datetime | None
    """Time of the last look-up; None to look it up at the next use."""


class Workspaces:
    """The workspaces that have the app, one object for the process."""

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
        """Web API for calls that need no workspace's token."""
        self.ended = asyncio.Event()
        """Set when the only token is dead for good."""
        self._source = source
        self._new_web = new_web
        self._clock = clock
        self._privacy = privacy
        self._by_team: dict[str, Workspace] = {}
        self.tasks: set[asyncio.Task[None]] = set()
        source.watch(self._changed)

    async def of(self, team: str) -> Workspace:
        """Return the workspace. Raises NotAllowed if it doesn't have the app, Unavailable if that's unknown now."""
        workspace, now = self._by_team.get(team), self._clock()
        if workspace is not None:
            if workspace.checked is not None and abs(now - workspace.checked) < INSTALLATION_LIFETIME:
                return workspace
            workspace.checked = now  # other callers use the known installation meanwhile
        try:
            installed = await self._source.find(team) if team else None
        except BotError:
            if workspace is None:
                raise
            return workspace
        return self._renewed(team, installed)

    async def returned(self, team: str) -> None:
        """Record that the workspace has the app, again if it had removed it."""
        if self._privacy is not None:
            await self._privacy.returned(community_of(team))

    async def removed(self, team: str, at: datetime, *, whole: bool) -> None:
        """Handle the removal of the app `at` this time, or, unless `whole`, of its token."""
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
        """Stop all look-ups, and wait for the running removals."""
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
        """Handle a token that Slack has revoked for good. If it's still the workspace's, Parley hasn't heard of the
        removal."""
        workspace = self._by_team.get(team)
        if not self._source.several:
            self.ended.set()
        elif workspace is not None and workspace.web is web:
            self._drop(team)
            self._spawn(self._lose(team, workspace))

    async def _lose(self, team: str, refused: Workspace) -> None:
        """Drop a workspace after asking Slack again: one refusal may be Slack's mistake, and would end all open
        polls."""
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
    """The single workspace whose token the operator has set."""

    several = False

    def __init__(self, token: str, anyone: WebApi) -> None:
        self._token = token
        self._anyone = anyone
        self._installed: Installed | None = None
        self._removed = False

    async def find(self, team: str) -> Installed | None:
        """Return the operator's workspace, or None for another one. Raises what `WebApi.call` raises."""
        if self._installed is None:
            self.learn(await self._anyone.call("auth_test", token=self._token))
        ours = self._installed is not None and self._installed.team_id == team and not self._removed
        return self._installed if ours else None

    async def ask(self) -> Any:
        """Ask auth.test about the token. Raises slack_sdk's own errors."""
        return await self._anyone.client.auth_test(token=self._token)

    def watch(self, changed: Callable[[str], None]) -> None:
        """Do nothing: the token never changes."""

    def learn(self, identity: Any) -> str:
        """Store the identity from auth.test, and return the workspace's id."""
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
        """Forget the operator's workspace only. The same app may be installed elsewhere and report its removal here."""
        ours = self._installed is None or self._installed.team_id == team
        self._removed = self._removed or ours
        return ours


def community_of(team: str) -> str:
    """Return the core's id of a workspace's community."""
    return f"{NAME}:{team}"
