"""Build the app's manifest from the declarations. Operators paste it at api.slack.com/apps to create the app.

https://docs.slack.dev/reference/app-manifest
"""

from __future__ import annotations

from typing import Any

from adapters.slack.home import START_POLL
from adapters.slack.incoming import POLL_ON_THIS
from adapters.slack.render import COMMAND
from bot.chat.markup import shorten
from bot.dispatch.registry import Registry
from bot.i18n import Translator

NAME = "Parley"
SCOPES = (
    "commands",
    "app_mentions:read",
    "im:history",
    "chat:write",
    "chat:write.public",
    "channels:read",
    "groups:read",
    "im:read",
    "mpim:read",
    "files:write",
    "files:read",
    "users:read",
    "usergroups:read",
)
OPTIONAL = ("files:write", "files:read", "usergroups:read")
"""Scopes that an installer may decline: https://docs.slack.dev/changelog/2026/03/16/optional-scopes"""
EVENTS = ("app_home_opened", "app_mention", "app_uninstalled", "message.im", "tokens_revoked")
HINT_MAX = 1000
DESCRIPTION_MAX = 140
SHORTCUT_MAX = 24
SHORTCUT_DESCRIPTION_MAX = 150
COLOUR = "#2e5e4e"

Json = dict[str, Any]


def manifest(registry: Registry, t: Translator, url: str = "", redirect: str = "") -> Json:
    """Build the manifest for Socket Mode, or for HTTP if `url` is Parley's address.

    `redirect` is the address that installers return to; with it, several workspaces can install the app.
    """
    at: Json = {"url": url} if url else {}
    request: Json = {"request_url": url} if url else {}
    return {
        "_metadata": {"major_version": 2, "minor_version": 1},
        "display_information": {
            "name": NAME,
            "description": shorten(
                t("Facts with their sources, counterarguments, and polls you can trust"), DESCRIPTION_MAX
            ),
            "background_color": COLOUR,
        },
        "features": {
            "app_home": {
                "home_tab_enabled": True,
                "messages_tab_enabled": True,
                "messages_tab_read_only_enabled": False,
            },
            "bot_user": {"display_name": NAME, "always_online": True},
            "slash_commands": [{**_command(registry, t), **at}],
            "shortcuts": _shortcuts(registry, t),
        },
        "oauth_config": {
            **({"redirect_urls": [redirect]} if redirect else {}),
            "scopes": {"bot": list(SCOPES), "bot_optional": list(OPTIONAL)},
        },
        "settings": {
            "event_subscriptions": {**request, "bot_events": list(EVENTS)},
            "interactivity": {"is_enabled": True, **request},
            "org_deploy_enabled": False,
            "socket_mode_enabled": not url,
            "token_rotation_enabled": False,
        },
    }


def _command(registry: Registry, t: Translator) -> Json:
    names = " | ".join(registry.commands)
    return {
        "command": COMMAND,
        "description": shorten(t("Look up facts and arguments, and run polls"), DESCRIPTION_MAX),
        "usage_hint": shorten(f"[{names}]", HINT_MAX),
        "should_escape": True,
    }


def _shortcuts(registry: Registry, t: Translator) -> list[Json]:
    look_ups = [
        _shortcut(each.name, "message", t(each.label), t("Look this message up in the topics"))
        for each in registry.shortcuts.values()
    ]
    return [
        *look_ups,
        _shortcut(POLL_ON_THIS, "message", t("Start a poll on this"), t("Open a poll whose question is this message")),
        _shortcut(START_POLL, "global", t("Start a poll"), t("Open a poll in a channel that you pick")),
    ]


def _shortcut(callback: str, kind: str, name: str, description: str) -> Json:
    return {
        "name": shorten(name, SHORTCUT_MAX),
        "type": kind,
        "callback_id": callback,
        "description": shorten(description, SHORTCUT_DESCRIPTION_MAX),
    }
