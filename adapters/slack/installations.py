"""Keep the workspaces' installations in Parley's database, as Bolt's store.

Each is one text, sealed by Fernet (https://cryptography.io/en/latest/fernet/) under a key that is derived from the
instance's: a copy of the database without that key shows no token. `parley db rekey` seals them all anew.

Without the old key, no text can be opened. Members of those workspaces are told to have the app installed again, which
replaces the text. If the operator restores the old key, everything works again.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from cryptography.fernet import InvalidToken
from slack_sdk.oauth.installation_store import Bot as Installed
from slack_sdk.oauth.installation_store import Installation
from slack_sdk.oauth.installation_store.async_installation_store import AsyncInstallationStore
from slack_sdk.oauth.state_store.async_state_store import AsyncOAuthStateStore

from adapters.slack.workspaces import NOT_HERE, community_of
from bot.communities import installations as rows
from bot.communities import repository as communities
from bot.errors import Unavailable
from bot.i18n import N_
from bot.store.database import Database
from bot.store.keys import Keys
from bot.store.signals import Signal
from bot.store.sql import Transaction

STATE_LIVES = timedelta(minutes=10)
"""Time that an installer has to confirm on Slack's page."""
OTHER_KEY = N_("Parley's key has changed. Ask an admin of the workspace to install Parley again.")

PURPOSE = "slack installations"
"""Purpose of the derived key that seals installations."""

logger = logging.getLogger("parley.slack")


class Installations(AsyncInstallationStore):
    """Bolt's store for an app that only uses bot tokens; it doesn't keep the installer. Methods raise Unavailable."""

    several = True

    def __init__(self, database: Database, keys: Keys, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._fernet = keys.derived(PURPOSE)
        self._clock = clock

    @property
    def logger(self) -> logging.Logger:
        return logger

    # --- Bolt's interface ---

    async def async_save(self, installation: Installation) -> None:
        await self.async_save_bot(installation.to_bot())

    async def async_save_bot(self, bot: Installed) -> None:
        """Store an installation in place of an older one. A community that had left is back."""
        community, sealed = community_of(str(bot.team_id)), self._seal(bot)
        await self._database.write(lambda tx: rows.put(tx, community, sealed, self._clock()))
        self._database.signal(Signal.INSTALLATION, community)

    async def async_find_bot(
        self,
        *,
        enterprise_id: str | None,  # noqa: ARG002 - Bolt's signature; Parley is installed in single workspaces
        team_id: str | None,
        is_enterprise_install: bool | None = False,  # noqa: ARG002 - the same
    ) -> Installed | None:
        return await self.find(team_id or "")

    async def async_delete_bot(self, *, enterprise_id: str | None, team_id: str | None) -> None:  # noqa: ARG002 - the same
        await self.forget(team_id or "", self._clock())

    async def async_delete_all(self, *, enterprise_id: str | None, team_id: str | None) -> None:
        await self.async_delete_bot(enterprise_id=enterprise_id, team_id=team_id)

    # --- Parley's own methods ---

    async def find(self, team: str) -> Installed | None:
        """Return the workspace's installation, or None.

        Raises Unavailable if another key sealed it. Also raises it for a community that is here but hasn't installed
        the app yet, such as one that used a single bot token: its announcements wait for the installation.
        """
        community = community_of(team)

        async def unit(tx: Transaction) -> tuple[rows.Installation | None, bool]:
            return await rows.find(tx, community), await communities.is_here(tx, community)

        row, here = await self._database.read(unit)
        if row is None and here:
            raise Unavailable(NOT_HERE)
        try:
            return None if row is None else self._opened(team, row)
        except Unavailable:
            logger.error("workspace %s must install the app again: its token is under another key", team)  # noqa: TRY400 - no bug, so no trace
            raise

    async def listed(self) -> list[tuple[str, str, datetime]]:
        """Return the id, name and installation time of every workspace that has the app. The name is empty if another
        key sealed it."""
        installations = await self._database.read(rows.every)
        mark = community_of("")
        return [
            self._described(each.removeprefix(mark), row)
            for each, row in installations.items()
            if each.startswith(mark)
        ]

    def _described(self, team: str, installation: rows.Installation) -> tuple[str, str, datetime]:
        try:
            name = str(self._opened(team, installation).team_name or "")
        except Unavailable:
            name = ""
        return team, name, installation.installed_at

    async def forget(self, team: str, now: datetime, *, token: str = "", at: datetime | None = None) -> bool:
        """Delete the installation and mark the community as left. Return whether anything was deleted.

        An event can arrive after the app was installed again: one `at` an earlier time changes nothing, and neither
        does the end of another `token`.
        """
        community = community_of(team)

        async def unit(tx: Transaction) -> bool:
            row = await rows.find(tx, community)
            if row is None or (at is not None and at < row.installed_at.replace(microsecond=0)):
                return False
            if token and self._opened(team, row).bot_token != token:
                return False
            return await rows.forget(tx, community, row.sealed, now)

        gone = await self._database.write(unit)
        if gone:
            self._database.signal(Signal.INSTALLATION, community)
            await self._database.forget_deleted()
        return gone

    def watch(self, changed: Callable[[str], None]) -> None:
        """Call `changed` with each workspace that installs or removes the app in any process; with "" for all."""
        mark = community_of("")
        self._database.listen(Signal.INSTALLATION, lambda community: changed(community.removeprefix(mark)))

    def _seal(self, bot: Installed) -> str:
        content = {
            "workspace": bot.team_id,
            "token": bot.bot_token,
            "bot": bot.bot_id,
            "user": bot.bot_user_id,
            "app": bot.app_id,
            "name": bot.team_name,
            "scopes": list(bot.bot_scopes),
        }
        return self._fernet.encrypt(json.dumps(content).encode()).decode("ascii")

    def _opened(self, team: str, installation: rows.Installation) -> Installed:
        """Open a sealed text. Raises Unavailable if another key sealed it, or if it belongs to another workspace."""
        try:
            content = json.loads(self._fernet.decrypt(installation.sealed))
        except InvalidToken:
            content = {}
        if content.get("workspace") != team:
            raise Unavailable(OTHER_KEY)
        return Installed(
            team_id=team,
            team_name=content["name"],
            app_id=content["app"],
            bot_token=content["token"],
            bot_id=content["bot"],
            bot_user_id=content["user"],
            bot_scopes=content["scopes"],
            installed_at=installation.installed_at.timestamp(),
        )


class States(AsyncOAuthStateStore):
    """OAuth states: each goes with an installer to Slack and comes back once, within ten minutes.

    A state holds its own time and is sealed, so a page view stores nothing. The database keeps the hashes of the states
    that came back, so each counts once in all processes.
    """

    def __init__(self, database: Database, keys: Keys, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._fernet = keys.derived("slack install states")
        self._clock = clock

    @property
    def logger(self) -> logging.Logger:
        return logger

    async def async_issue(self, *_args: object, **_options: object) -> str:
        sealed = self._fernet.encrypt_at_time(b"", int(self._clock().timestamp()))
        return sealed.decode("ascii").rstrip("=")

    async def async_consume(self, state: str) -> bool:
        """Tell whether this instance issued the state, in time, and nobody has used it yet. Raises Unavailable."""
        now = self._clock()
        try:
            raw = base64.urlsafe_b64decode(state + "=" * (-len(state) % 4))
            token = base64.urlsafe_b64encode(raw)
            lives = int(STATE_LIVES.total_seconds())
            self._fernet.decrypt_at_time(token, ttl=lives, current_time=int(now.timestamp()))
        except (InvalidToken, binascii.Error, ValueError):
            return False
        digest, expires = hashlib.sha256(raw).hexdigest(), now + 2 * STATE_LIVES
        return await self._database.write(lambda tx: rows.spend(tx, digest, expires, now))
