"""Read Slack's payloads: the kind of action, the member, the control and its values. Pure functions.

https://docs.slack.dev/interactivity/handling-user-interaction
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.chat.vocabulary import Place

COMMAND = "command"
USED_BY_PEOPLE = {
    "block_actions": "action_id",
    "block_suggestion": "action_id",
    "view_submission": "view",
    "shortcut": "callback_id",
    "message_action": "callback_id",
}
"""The field that identifies the used control, form or shortcut, by kind of payload."""

Body = Mapping[str, Any]


def kind_of(body: Body) -> str:
    """Return the kind in Slack's own words: a payload's type or an event's. A command, which has none, is `command`."""
    if "command" in body:
        return COMMAND
    kind = str(body.get("type"))
    event = body.get("event")
    return str(event.get("type")) if kind == "event_callback" and isinstance(event, Mapping) else kind


def is_whole(kind: str, body: Body) -> bool:
    """Tell whether a member's payload names the member, and what they used."""
    if kind == COMMAND:
        return bool(body.get("user_id"))
    if kind not in USED_BY_PEOPLE:
        return True
    user, used = body.get("user"), body
    if kind == "block_actions":
        actions = body.get("actions")
        used = actions[0] if isinstance(actions, list) and actions else {}
    is_named = isinstance(used, Mapping) and bool(used.get(USED_BY_PEOPLE[kind]))
    return is_named and isinstance(user, Mapping) and bool(user.get("id"))


def view_of(body: Body) -> Body:
    """Return the payload's modal or Home tab; empty if there is none."""
    view = body.get("view")
    return view if isinstance(view, Mapping) else {}


def asker_of(body: Body) -> tuple[str, str, str]:
    """Return the workspace's id, the member's id and their name. A command has them as fields, other payloads as
    objects."""
    if "user_id" in body:
        return str(body.get("team_id") or ""), str(body["user_id"]), str(body.get("user_name") or "")
    user: Body = body["user"]
    # In a channel that several organisations share, the payload's team is the sender's own workspace.
    installed = view_of(body).get("app_installed_team_id")
    team = installed or (body.get("team") or {}).get("id") or user.get("team_id")
    return str(team or ""), str(user["id"]), str(user.get("name") or user.get("username") or "")


def key_of(body: Body) -> str:
    """Return the identity of a member's action, the same for each delivery by Slack; empty for what may repeat.

    A refused form stays open and is sent again under the same id and hash, so its trigger belongs to the key.
    """
    kind, trigger, view = kind_of(body), str(body.get("trigger_id") or ""), view_of(body)
    if kind == "view_submission":
        return ":".join((str(view.get("id") or ""), str(view.get("hash") or ""), trigger)).strip(":")
    if kind == "block_actions" and not trigger:
        container, action = body.get("container") or {}, body["actions"][0]
        place = (container.get("channel_id"), container.get("message_ts"), container.get("view_id"))
        return ":".join(map(str, (*asker_of(body)[:2], *place, action["action_id"], action.get("action_ts"))))
    if "message_key" in body:  # an event can repeat under another id, a message can't: slackapi/node-slack-sdk#2141
        return str(body["message_key"])
    return trigger if kind in {COMMAND, "block_actions", "shortcut", "message_action"} else ""


def is_for_one(body: Body, place: Place) -> bool:
    """Tell whether only this member sees the message with the used control, as in a conversation with the bot."""
    container: Body = body.get("container") or {}
    return container.get("type") == "message" and (bool(container.get("is_ephemeral")) or place.direct)


def values_of(used: Body) -> tuple[str, ...]:
    """Return the picked values: none for a button, one or several for a select."""
    picked = used.get("selected_options") or [used.get("selected_option")]
    return tuple(str(option["value"]) for option in picked if option)
