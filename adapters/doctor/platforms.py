"""Check tokens, scopes, connections and the clock with Discord and Slack, without changing anything there."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

import aiohttp
from discord.http import Route

from adapters.discord.running import token_refused
from adapters.doctor.check_result import CheckResult, note, ok, wrong
from adapters.doctor.rights import discord_rights
from adapters.slack.manifest import OPTIONAL, SCOPES
from adapters.slack.settings import is_wanted, what_is_missing
from adapters.slack.web import API as SLACK
from bot.settings.model import Settings, Shards

TIMEOUT = aiohttp.ClientTimeout(total=15)
STARTS_LEAST = 20
"""Connections that Discord must still allow today. A restart takes one for each shard."""
SKEW_NOTED, SKEW_WRONG = 5.0, 60.0
"""Seconds. Slack refuses signatures that are 5 minutes off, and Discord's interactions last 3 seconds."""
REINSTALL = "parley slack manifest, paste it at api.slack.com/apps, and install the app again"
NETWORK = "Check the proxy, the firewall and DNS of this machine"

Json = Mapping[str, Any]


class Platforms:
    """Asks with the tokens of the settings. `discord` and `slack` are the addresses of their APIs."""

    def __init__(
        self, settings: Settings, clock: Callable[[], datetime], *, discord: str = "", slack: str = SLACK
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._discord = discord or _discord_address()
        self._slack = slack
        self._skews: dict[str, float] = {}

    async def check(self) -> AsyncIterator[CheckResult]:
        async with aiohttp.ClientSession(timeout=TIMEOUT) as session:
            if self._settings.discord_token is None:
                yield note("discord", "Not set up", "docs/discord.md says how")
            else:
                async for result in self._check_discord(session, self._settings.discord_token.get_secret_value()):
                    yield result
            if not is_wanted(self._settings):
                yield note("slack", "Not set up", "docs/slack.md says how")
            else:
                async for result in self._check_slack(session):
                    yield result
        for result in self._clock_skew():
            yield result

    # --- Discord ---

    async def _check_discord(self, session: aiohttp.ClientSession, token: str) -> AsyncIterator[CheckResult]:
        shards = Shards.of(self._settings.discord_shards)
        headers = {"Authorization": f"Bot {token}"}
        try:
            status, me = await self._ask(session, "Discord", "GET", f"{self._discord}/users/@me", headers)
            if status == HTTPStatus.UNAUTHORIZED:
                yield wrong("discord token", token_refused(), "Set PARLEY_DISCORD_TOKEN to the new token")
                return
            if status != HTTPStatus.OK:
                yield wrong("discord token", f"Discord answers {status}", "Try again later: https://discordstatus.com")
                return
            yield ok("discord token", f"It belongs to {me.get('username')}")
            yield ok("discord intents", "Parley needs no privileged intent")
            _, gateway = await self._ask(session, "Discord", "GET", f"{self._discord}/gateway/bot", headers)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            yield wrong("discord", f"Parley can't reach it: {type(error).__name__}", NETWORK)
            return
        yield _gateway(gateway, shards)
        async for result in discord_rights(self._settings, token):
            yield result

    # --- Slack ---

    async def _check_slack(self, session: aiohttp.ClientSession) -> AsyncIterator[CheckResult]:
        settings = self._settings
        if missing := what_is_missing(settings):
            yield wrong("slack set-up", missing, "docs/slack.md says how")
        try:
            if settings.slack_bot_token is not None:
                async for result in self._bot_token(session, settings.slack_bot_token.get_secret_value()):
                    yield result
            if settings.slack_app_token is not None:
                yield await self._app_token(session, settings.slack_app_token.get_secret_value())
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            yield wrong("slack", f"Parley can't reach it: {type(error).__name__}", NETWORK)

    async def _bot_token(self, session: aiohttp.ClientSession, token: str) -> AsyncIterator[CheckResult]:
        headers = {"Authorization": f"Bearer {token}"}
        scopes: list[str] = []
        status, answer = await self._ask(session, "Slack", "POST", f"{self._slack}auth.test", headers, scopes)
        if not answer.get("ok"):
            reason = f"Slack refuses it: {answer.get('error') or status}"
            yield wrong("slack token", reason, "Copy it again from OAuth & Permissions, and set PARLEY_SLACK_BOT_TOKEN")
            return
        yield ok("slack token", f"It belongs to {answer.get('user')} in {answer.get('team')}")
        missing = [scope for scope in SCOPES if scope not in scopes]
        if not scopes:
            yield note("slack scopes", "Slack didn't list the token's permissions")
        elif set(missing) <= set(OPTIONAL) and missing:
            yield note("slack scopes", f"The token lacks {', '.join(missing)}: docs/slack.md says what doesn't work")
        elif missing:
            yield wrong("slack scopes", f"The token lacks {', '.join(missing)}", REINSTALL)
        else:
            yield ok("slack scopes", f"All {len(SCOPES)} that Parley needs")

    async def _app_token(self, session: aiohttp.ClientSession, token: str) -> CheckResult:
        headers = {"Authorization": f"Bearer {token}"}
        status, answer = await self._ask(session, "Slack", "POST", f"{self._slack}apps.connections.open", headers)
        if answer.get("ok"):
            return ok("slack app token", "Slack opens a socket with it")
        reason = f"Slack refuses it: {answer.get('error') or status}"
        return wrong(
            "slack app token",
            reason,
            "Make one with the scope connections:write under Basic Information, and set PARLEY_SLACK_APP_TOKEN",
        )

    # --- all of them ---

    async def _ask(
        self,
        session: aiohttp.ClientSession,
        name: str,
        method: str,
        url: str,
        headers: Mapping[str, str],
        scopes: list[str] | None = None,
    ) -> tuple[int, Json]:
        """Return the status and body. Record the platform's clock skew, and add Slack's scopes to `scopes`."""
        async with session.request(method, url, headers=headers) as response:
            if (date := response.headers.get("Date")) and name not in self._skews:
                self._skews[name] = (self._clock() - parsedate_to_datetime(date)).total_seconds()
            if scopes is not None:
                scopes += [
                    scope.strip() for scope in response.headers.get("x-oauth-scopes", "").split(",") if scope.strip()
                ]
            body = await response.json(content_type=None) if response.status < HTTPStatus.INTERNAL_SERVER_ERROR else {}
            return response.status, body if isinstance(body, dict) else {}

    def _clock_skew(self) -> list[CheckResult]:
        if not self._skews:
            return [note("clock", "Parley can't reach a platform to compare clocks")]
        results = []
        for name, skew in self._skews.items():
            summary = f"This clock is {abs(skew):.0f} s {'ahead of' if skew > 0 else 'behind'} {name}'s"
            if abs(skew) > SKEW_WRONG:
                results.append(wrong("clock", summary, "timedatectl set-ntp true"))
            elif abs(skew) > SKEW_NOTED:
                results.append(note("clock", summary, "timedatectl set-ntp true"))
            else:
                results.append(ok("clock", f"It agrees with {name}'s"))
        return results


def _gateway(gateway: Json, shards: Shards | None) -> CheckResult:
    """Check the connections that Discord proposes and allows today."""
    limit: Json = gateway.get("session_start_limit") or {}
    remaining, proposed = int(limit.get("remaining", 0)), int(gateway.get("shards", 1))
    if remaining < STARTS_LEAST:
        hours = int(limit.get("reset_after", 0)) // 3_600_000
        return wrong(
            "discord connections",
            f"Discord allows only {remaining} more today; it stops a bot that connects too often",
            f"Find out why it restarts, and wait {hours} hours",
        )
    if shards is None and proposed > 1:
        return note("discord connections", f"Discord proposes {proposed}", "Set PARLEY_DISCORD_SHARDS=auto")
    return ok("discord connections", f"Discord proposes {proposed}, and allows {remaining} more today")


def _discord_address() -> str:
    return Route.BASE
