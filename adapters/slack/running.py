"""Slack as one of the platforms of a process: it runs until it is stopped, and says why it ends."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from adapters.slack.app import SlackChat
from adapters.slack.incoming import NAME
from bot.errors import Refused
from bot.instance import Instance


class SlackService:
    """It takes its place among the instance's platforms at once, so that nothing that is due there is missed."""

    def __init__(
        self, instance: Instance, bot_token: str, app_token: str, clock: Callable[[], datetime], *, locale: str = "en"
    ) -> None:
        self._chat = SlackChat(instance.bot, clock=clock, token=bot_token, locale=locale)
        self._app_token = app_token
        instance.platforms[NAME] = self._chat

    async def run(self) -> None:
        """Runs until it is cancelled. Raises UsageError or Refused for a token that Slack takes no more."""
        try:
            await self._chat.start(self._app_token)
            await self._chat.ended.wait()
        finally:
            await self._chat.stop()
        raise Refused(
            "Slack takes the app's token no more: the app was removed, or its token was revoked. Install the app again "
            "at api.slack.com/apps, and set PARLEY_SLACK_BOT_TOKEN to its new token."
        )
