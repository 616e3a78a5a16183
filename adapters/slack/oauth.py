"""Install the app in a workspace: show a page, let Slack ask an admin, exchange the returned code for a token.

https://docs.slack.dev/authentication/installing-with-oauth
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

import aiohttp
from slack_bolt.oauth.async_callback_options import AsyncCallbackOptions, AsyncFailureArgs, AsyncSuccessArgs
from slack_bolt.oauth.async_oauth_flow import AsyncOAuthFlow
from slack_bolt.oauth.async_oauth_settings import AsyncOAuthSettings
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.oauth.installation_store import Installation
from slack_sdk.web.async_client import AsyncWebClient

from adapters.http import guard
from adapters.http.languages import negotiate
from adapters.http.static_files import document_style
from adapters.slack import pages
from adapters.slack.installations import STATE_LIVES, Installations, States
from adapters.slack.manifest import SCOPES
from adapters.slack.web import LATER, error_of
from bot.errors import BotError
from bot.i18n import Translator, translator

INSTALL, REDIRECT = "/slack/install", "/slack/oauth_redirect"
COOKIE = "parley-slack-install"
OPEN = "https://slack.com/app_redirect"
CREDENTIALS = frozenset({"bad_client_secret", "invalid_client_id"})

logger = logging.getLogger("parley.slack")

Report = Callable[[str, Exception], str]
"""Log a bug whole: (where, the bug) → its code."""


@dataclass(frozen=True, slots=True)
class OAuth:
    """The app's own id and secret, and the stores of installations and states."""

    client_id: str
    client_secret: str
    installations: Installations
    states: States

    def __repr__(self) -> str:
        return "OAuth(…)"


class NotInstalled(Exception):
    """An installation failed. `reason` is a key of `pages.FAILURES` or Slack's error code."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class InstallFlow(AsyncOAuthFlow):
    """Bolt's flow, which verifies state and browser, with Parley's own pages."""

    def __init__(self, oauth: OAuth, client: AsyncWebClient, site: str, report: Report) -> None:
        """Set up the flow. `site` is Slack's address, ending in a slash."""
        options = AsyncCallbackOptions(success=self._succeeded, failure=self._refused)
        settings = AsyncOAuthSettings(
            client_id=oauth.client_id,
            client_secret=oauth.client_secret,
            scopes=SCOPES,
            user_scopes=(),
            install_path=INSTALL,
            redirect_uri_path=REDIRECT,
            callback_options=options,
            authorization_url=f"{site}oauth/v2/authorize",
            installation_store=oauth.installations,
            state_store=oauth.states,
            state_cookie_name=COOKIE,
            state_expiration_seconds=int(STATE_LIVES.total_seconds()),
        )
        super().__init__(client=client, logger=logger, settings=settings)
        self._report = report
        self._style = document_style() + pages.STYLE
        self._headers = {**guard.alone(self._style), "Cache-Control": "no-store"}

    # --- the first page ---

    async def handle_installation(self, request: AsyncBoltRequest) -> BoltResponse:
        return self._protected(await super().handle_installation(request))

    async def build_install_page_html(self, url: str, request: AsyncBoltRequest) -> str:
        return pages.install(reader(request), url, self._style)

    # --- the way back ---

    async def handle_callback(self, request: AsyncBoltRequest) -> BoltResponse:
        try:
            if "error" in request.query:
                await self._use_up(request)
            return await super().handle_callback(request)
        except NotInstalled as failed:
            return self._failed(request, failed.reason)
        except BotError as error:
            logger.warning("Slack: can't save an installation: %s", type(error).__name__)
            return self._failed(request, "storage")
        except Exception as bug:
            reference = self._report("the installation of the app", bug)
            return self._page(500, pages.broken(reader(request), reference, self._style))

    async def run_installation(self, code: str) -> Installation:
        """Exchange the code for a token. Raises NotInstalled; the log never shows the code."""
        try:
            grant = await self.client.oauth_v2_access(
                client_id=self.settings.client_id, client_secret=self.settings.client_secret, code=code
            )
            _check(grant)
            tested = await self.client.auth_test(token=grant["access_token"])
        except SlackApiError as error:
            raise NotInstalled(_meaning(error_of(error))) from error
        except (SlackClientError, aiohttp.ClientError, OSError, TimeoutError) as error:
            raise NotInstalled("unreachable") from error
        team: Mapping[str, Any] = grant["team"]
        return Installation(
            app_id=grant.get("app_id"),
            team_id=team["id"],
            team_name=team.get("name"),
            bot_token=grant["access_token"],
            bot_id=tested.get("bot_id"),
            bot_user_id=grant.get("bot_user_id"),
            bot_scopes=grant.get("scope", ""),
            user_id="",  # Parley doesn't keep the installer
        )

    async def store_installation(self, request: AsyncBoltRequest, installation: Installation) -> None:
        await super().store_installation(request, installation)
        logger.info("Slack: the app was installed in workspace %s", installation.team_id)

    async def _use_up(self, request: AsyncBoltRequest) -> None:
        """Use up the state of an installer who declined."""
        state = request.query.get("state", [""])[0]
        if self.settings.state_utils.is_valid_browser(state, cast("dict[str, Any]", request.headers)):
            await self.settings.state_store.async_consume(state)

    # --- pages ---

    async def _succeeded(self, success: AsyncSuccessArgs) -> BoltResponse:
        done = success.installation
        url = f"{OPEN}?app={done.app_id}&team={done.team_id}"
        name = str(done.team_name or done.team_id)
        return self._page(200, pages.installed(reader(success.request), name, url, self._style))

    async def _refused(self, failure: AsyncFailureArgs) -> BoltResponse:
        old = {"invalid_browser", "invalid_state", "missing_code"}
        return self._failed(failure.request, pages.OLD if failure.reason in old else failure.reason)

    def _failed(self, request: AsyncBoltRequest, reason: str) -> BoltResponse:
        return self._page(*pages.failed(reader(request), reason, self._style))

    def _page(self, status: int, html: str) -> BoltResponse:
        forgotten = self.settings.state_utils.build_set_cookie_for_deletion()
        headers = {"Content-Type": "text/html; charset=utf-8", "Set-Cookie": [forgotten]}
        return self._protected(BoltResponse(status=status, body=html, headers=headers))

    def _protected(self, answer: BoltResponse) -> BoltResponse:
        answer.headers.update({name.lower(): [value] for name, value in self._headers.items()})
        return answer


def reader(request: AsyncBoltRequest) -> Translator:
    return translator(negotiate(request.headers.get("accept-language", [""])[0]))


def _check(grant: Any) -> None:
    if grant.get("is_enterprise_install") or not grant.get("team"):
        raise NotInstalled("organisation")
    if grant.get("refresh_token"):
        logger.error("the Slack app uses token rotation; create it again from the manifest")
        raise NotInstalled("rotation")


def _meaning(code: str) -> str:
    if code in CREDENTIALS:
        logger.error("Slack refuses PARLEY_SLACK_CLIENT_ID and PARLEY_SLACK_CLIENT_SECRET: %s", code)
        return "credentials"
    if code in LATER or not code:
        return "unreachable"
    logger.warning("Slack didn't exchange an installer's code: %s", code)
    return pages.OLD if code in {"invalid_code", "code_already_used", "invalid_grant_type"} else code
