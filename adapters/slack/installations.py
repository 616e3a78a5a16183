"""The workspaces that have installed the app, in Parley's database, as Bolt asks for them.

What is kept of a workspace is one text, sealed by Fernet (https://cryptography.io/en/latest/fernet/) under a key that
is derived from the instance's: a copy of the database without that key shows no token. `parley db rekey` seals them all
anew. There is no way back from a lost key: under another one the texts can't be opened any more, and what comes from
those workspaces is answered with the advice to install the app again, which puts a text under the new key in the old
one's place. With the old key restored, everything goes on.
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
"""How long somebody has to say yes on Slack's page."""
OTHER_KEY = N_("Parley's key has changed. Ask an admin of the workspace to install Parley again.")

PURPOSE = "slack installations"
"""What the key that seals installations is derived for."""

logger = logging.getLogger("parley.slack")


class Installations(AsyncInstallationStore):
    """Bolt's store for an app that takes bot tokens alone: who installed it is not kept. Methods raise Unavailable."""

    several = True

    def __init__(self, database: Database, keys: Keys, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._fernet = keys.derived(PURPOSE)
        self._clock = clock

    @property
    def logger(self) -> logging.Logger:
        return logger

    # --- as Bolt asks ---

    async def async_save(self, installation: Installation) -> None:
        await self.async_save_bot(installation.to_bot())

    async def async_save_bot(self, bot: Installed) -> None:
        """In the place of an older one; the community has the bot again if it had left."""
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

    # --- as Parley does ---

    async def find(self, team: str) -> Installed | None:
        """Raises Unavailable for what another key has sealed, and for a community that has not left, but not installed
        the app yet, as one that had a bot token: what is to be told there waits for that.
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
        """Every workspace that has the app: id, name and since when. No name where another key has sealed it."""
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
        """Deletes the installation, of which nothing remains, and marks the community as left.

        An event can come late, after the app was installed again: one from before (`at`) concerns nothing, and neither
        does the death of another `token`.
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
        """Calls `changed` with a workspace that installed or removed the app, in whichever process; with nothing for all."""
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
        """A text that was put beside another workspace's name opens as little as one under another key."""
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
    """What goes with an installer to Slack and must come back, once, within ten minutes.

    It says when it was issued and is sealed, so nothing is stored for a page that is only looked at; the database keeps
    the hashes of those that came back, so that each counts once, whichever process it comes to.
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
        """Whether it is one of this instance's, not too old, and used for the first time. Raises Unavailable."""
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
