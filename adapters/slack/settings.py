"""Check Slack's settings. Incomplete settings are an error at the start, not a silent platform."""

from __future__ import annotations

from bot.settings.model import Settings

OWN = (
    "slack_bot_token",
    "slack_app_token",
    "slack_signing_secret",
    "slack_bind",
    "slack_client_id",
    "slack_client_secret",
)


def is_wanted(settings: Settings) -> bool:
    """Tell whether any setting of Slack is set."""
    return any(getattr(settings, name) for name in OWN)


def what_is_missing(settings: Settings) -> str:
    """Return the error for incomplete settings, with what to set; empty if Slack can run."""
    if bool(settings.slack_client_id) != bool(settings.slack_client_secret):
        return "PARLEY_SLACK_CLIENT_ID and PARLEY_SLACK_CLIENT_SECRET go together: set both, or neither."
    over_http = settings.slack_signing_secret and settings.slack_bind
    if not (settings.slack_bot_token or settings.slack_client_id) or not (settings.slack_app_token or over_http):
        return (
            "Slack needs PARLEY_SLACK_BOT_TOKEN, or for several workspaces PARLEY_SLACK_CLIENT_ID and "
            "PARLEY_SLACK_CLIENT_SECRET; and PARLEY_SLACK_APP_TOKEN for Socket Mode or else "
            "PARLEY_SLACK_SIGNING_SECRET and PARLEY_SLACK_BIND for HTTP."
        )
    if settings.slack_bot_token and settings.slack_client_id:
        return (
            "PARLEY_SLACK_BOT_TOKEN is for one workspace, PARLEY_SLACK_CLIENT_ID for those that install the app. "
            "Set one of them; the workspace of the token can install the app like any other."
        )
    return ""
