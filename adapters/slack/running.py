"""Run Slack as one of the platforms of a process."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime

from adapters.slack.app import SlackChat
from adapters.slack.installations import Installations, States
from adapters.slack.oauth import OAuth
from adapters.slack.settings import what_is_missing
from adapters.slack.workspaces import NAME
from bot.errors import Refused, UsageError
from bot.instance import Instance
from bot.settings.model import Address, Settings

INSTALL_PORT = "3000"
"""Default port of the install pages in Socket Mode."""
FAREWELL = 1.0
"""Seconds to acknowledge Slack's last events: Slack reports an app's removal twice."""


def installs(settings: Settings, instance: Instance, clock: Callable[[], datetime]) -> OAuth | None:
    """Return the settings and stores for installing the app, or None if only one workspace uses it."""
    client, secret = settings.slack_client_id, settings.slack_client_secret
    if not client or secret is None:
        return None
    stored = Installations(instance.database, instance.keys, clock)
    return OAuth(client, secret.get_secret_value(), stored, States(instance.database, instance.keys, clock))


class SlackService:
    """Slack as a service of the process. It joins the instance's platforms at once, so that no due message is
    missed."""

    def __init__(
        self, instance: Instance, chat: SlackChat, *, app_token: str = "", address: Address | None = None
    ) -> None:
        self._chat = chat
        self._app_token = app_token
        self._address = address
        instance.platforms[NAME] = chat

    @classmethod
    def of(cls, settings: Settings, instance: Instance, clock: Callable[[], datetime]) -> SlackService:
        """Build the service for Socket Mode if there is an app-level token, else for HTTP. Raises UsageError for
        incomplete settings."""
        if missing := what_is_missing(settings):
            raise UsageError(missing)
        bot, app, secret = settings.slack_bot_token, settings.slack_app_token, settings.slack_signing_secret
        oauth = installs(settings, instance, clock)
        chat = SlackChat(
            instance.bot,
            clock=clock,
            token=bot.get_secret_value() if bot else "",
            oauth=oauth,
            signing_secret=secret.get_secret_value() if secret else None,
            locale=settings.language,
            privacy=instance.privacy,
            meter=instance.meter,
        )
        if app:
            address = settings.address(settings.slack_bind or INSTALL_PORT) if oauth else None
            return cls(instance, chat, app_token=app.get_secret_value(), address=address)
        return cls(instance, chat, address=settings.address(settings.slack_bind))

    @property
    def name(self) -> str:
        return NAME

    def is_connected(self) -> bool:
        return self._chat.is_connected()

    async def run(self) -> None:
        """Run until cancelled. Raises UsageError if Slack refuses a token at the start, Refused if it revokes one
        later."""
        try:
            await self._chat.start(self._app_token or None)
            if self._address is not None:
                await self._chat.listen(self._address)
            await self._chat.ended.wait()
            await asyncio.sleep(FAREWELL)
        finally:
            await self._chat.stop()
        raise Refused(
            "Slack no longer takes the app's token: the app was removed, or its token revoked. Install the app again "
            "at api.slack.com/apps, and set PARLEY_SLACK_BOT_TOKEN to its new token."
        )
