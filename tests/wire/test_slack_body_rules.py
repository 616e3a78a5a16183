"""The local Slack takes a value at its limit, and refuses one just beyond it or of the wrong kind."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest
import yaml
from click.testing import CliRunner

from adapters.cli.slack import slack
from tests.wire.slack import BOT_TOKEN, SlackServer, blocks, payloads
from tests.wire.slack.api import METHODS
from tests.wire.slack.body_rules import ack_problems, problems
from tests.wire.slack.errors import Refused
from tests.wire.slack.manifest_rules import manifest_problems
from tests.wire.slack.model import Json
from tests.wire.test_slack_server import MODAL, actions, button, rich, section

POST = {"channel": "C1", "text": "a"}

ARGUMENTS: dict[str, tuple[str, Json, Json, Json]] = {
    # what: (method, taken, just beside it, the wrong kind)
    "no arguments": ("auth.revoke", {}, {"test": "1"}, {"token": 1}),
    "a channel": ("chat.postMessage", POST, {**POST, "channel": "main"}, {**POST, "channel": 1}),
    "a person": ("users.info", {"user": "U1"}, {"user": "ada"}, {"user": ["U1"]}),
    "several people": ("conversations.open", {"users": "U1,U2"}, {"users": "U1, U2"}, {"users": ["U1"]}),
    "yes in a form": ("users.info", {"include_locale": "1"}, {"include_locale": "yes"}, {"include_locale": 1}),
    "yes in JSON": ("chat.postMessage", {"mrkdwn": False}, {"mrkdwn": "false"}, {"mrkdwn": 0}),
    "previews": ("chat.postMessage", {"unfurl_links": False}, {"unfurl_links": True}, {"unfurl_links": 0}),
    "pictures of links": ("respond", {"unfurl_media": False}, {"unfurl_media": True}, {"unfurl_media": None}),
    "how a text is read": ("chat.update", {"parse": "none"}, {"parse": "some"}, {"parse": False}),
    "a text": ("chat.postEphemeral", {"text": ""}, {"texts": "a"}, {"text": None}),
    "blocks": ("chat.update", {"blocks": [section()]}, {"blocks": section()}, {"blocks": ["a"]}),
    "an id of one's own": (
        "chat.postMessage",
        {"client_msg_id": "x" * 255},
        {"client_msg_id": "x" * 256},
        {"client_msg_id": 1},
    ),
    "a thread": ("chat.postMessage", {"thread_ts": "1.000001"}, {"thread_ts": "1"}, {"thread_ts": 1.000001}),
    "a message": ("chat.update", {"ts": "1.000001"}, {"ts": "now"}, {"ts": 1.000001}),
    "what is deleted": ("chat.delete", {"channel": "C1", "ts": "1.1"}, {"channel": "C1", "text": "a"}, {"ts": 1}),
    "for one alone": ("chat.postEphemeral", {"user": "U1"}, {"users": "U1"}, {"user": True}),
    "a view": ("views.open", {"trigger_id": "1.2.t", "view": MODAL}, {"trigger": "1.2.t"}, {"trigger_id": 1}),
    "a view's hash": ("views.update", {"view_id": "V1", "hash": "h1"}, {"view_id": "v1"}, {"hash": 1}),
    "a Home tab": ("views.publish", {"user_id": "U1"}, {"user": "U1"}, {"user_id": None}),
    "a file's length": (
        "files.getUploadURLExternal",
        {"filename": "a.png", "length": "3"},
        {"length": "3.0"},
        {"length": 3},
    ),
    "uploaded files": (
        "files.completeUploadExternal",
        {"files": [{"id": "F1", "title": "A"}]},
        {"files": [{"title": "A"}]},
        {"files": {"id": "F1"}},
    ),
    "a file": ("files.info", {"file": "F1"}, {"file": "f1"}, {"file": {}}),
    "groups": ("usergroups.list", {"include_users": "1"}, {"include_disabled": "1"}, {"include_users": True}),
    "a group": ("usergroups.users.list", {"usergroup": "S1"}, {"group": "S1"}, {"usergroup": 1}),
    "a place": ("conversations.info", {"channel": "C1"}, {"channel": "#main"}, {"channel": None}),
    "a workspace": ("auth.test", {"team_id": "T1"}, {"team": "T1"}, {"team_id": 1}),
    "a code": (
        "oauth.v2.access",
        {"client_id": "1", "client_secret": "s", "code": "c"},
        {"client_id": "1", "client_secret": "s"},
        {"client_id": 1, "client_secret": "s", "code": "c"},
    ),
    "an address to come back to": (
        "oauth.v2.access",
        {"client_id": "1", "client_secret": "s", "code": "c", "redirect_uri": "https://x.example"},
        {"client_id": "1", "client_secret": "s", "code": "c", "redirect_uri": "x.example"},
        {"client_id": "1", "client_secret": "s", "code": "c", "redirect_uri": 1},
    ),
    "who sees an answer": (
        "respond",
        {"response_type": "in_channel"},
        {"response_type": "public"},
        {"response_type": True},
    ),
    "what an answer replaces": ("respond", {"replace_original": True}, {"replace": True}, {"replace_original": "true"}),
    "what an answer deletes": ("respond", {"delete_original": True}, {"delete": True}, {"delete_original": 1}),
}


@pytest.mark.parametrize(("method", "fits", "beside", "wrong"), ARGUMENTS.values(), ids=ARGUMENTS)
def test_arguments_are_held_against_the_rules(method: str, fits: Json, beside: Json, wrong: Json) -> None:
    """Each method takes its own arguments, each of one type, and refuses any other."""
    assert problems(method, fits) == []
    assert problems(method, beside)
    assert problems(method, wrong)


@pytest.mark.parametrize("method", [*METHODS, "apps.connections.open", "oauth.v2.access", "respond"])
def test_each_method_has_a_rule(method: str) -> None:
    """Each method refuses an unknown argument."""
    assert any("colour" in complaint for complaint in problems(method, {"colour": "red"}))


PARTS = {
    "an emoji or its name": (
        [section()],
        [{"type": "section", "text": {"type": "plain_text", "text": "a", "emoji": "yes"}}],
    ),
    "a text as it stands": (
        [{"type": "section", "text": {"type": "mrkdwn", "text": "a", "verbatim": True}}],
        [{"type": "section", "text": {"type": "mrkdwn", "text": "a", "verbatim": 1}}],
    ),
    "a text field of several lines": (
        [{**MODAL["blocks"][0], "optional": True}],
        [{**MODAL["blocks"][0], "optional": "true"}],
    ),
    "letters before it asks": (
        [actions({"type": "external_select", "action_id": "a", "min_query_length": 1})],
        [actions({"type": "external_select", "action_id": "a", "min_query_length": "1"})],
    ),
    "a value of a button": ([actions(button(value="1"))], [actions(button(value=1))]),
    "a channel to pick": (
        [actions({"type": "conversations_select", "action_id": "c", "default_to_current_conversation": True})],
        [actions({"type": "conversations_select", "action_id": "c", "default_to_current_conversation": "yes"})],
    ),
    "a property of a channel to pick": (
        [actions({"type": "conversations_select", "action_id": "c", "response_url_enabled": True})],
        [actions({"type": "conversations_select", "action_id": "c", "options": []})],
    ),
    "a style of rich text": (
        [rich({"type": "text", "text": "a", "style": {"bold": True}})],
        [rich({"type": "text", "text": "a", "style": {"bold": "true"}})],
    ),
    "a style that rich text has not": (
        [rich({"type": "text", "text": "a", "style": {"code": True}})],
        [rich({"type": "text", "text": "a", "style": {"loud": True}})],
    ),
    "a property of rich text": (
        [rich({"type": "link", "url": "https://x.example", "text": "a"})],
        [rich({"type": "link", "url": "https://x.example", "title": "a"})],
    ),
    "a moment": (
        [rich({"type": "date", "timestamp": 1, "format": "{date}", "fallback": "a"})],
        [rich({"type": "date", "timestamp": 1.0, "format": "{date}", "fallback": "a"})],
    ),
}


@pytest.mark.parametrize(("fits", "wrong"), PARTS.values(), ids=PARTS)
def test_the_parts_of_blocks_have_their_keys_and_types(fits: list[Json], wrong: list[Json]) -> None:
    """Each part of a block has its own keys, and each key one type: yes and no are neither numbers nor words, and a
    number is no text."""
    assert blocks.problems(fits) == []
    assert blocks.problems(wrong)


VIEWS = {
    "an unknown key": {"colour": "red"},
    "metadata that is no text": {"private_metadata": {}},
    "an id that is no text": {"callback_id": 1},
    "yes as a word": {"clear_on_close": "true"},
}


@pytest.mark.parametrize("more", VIEWS.values(), ids=VIEWS)
def test_a_view_has_its_keys_and_types(more: Json) -> None:
    """A view takes its own keys around its blocks, each of one type, and refuses any other."""
    whole = {**MODAL, "clear_on_close": True, "notify_on_close": False, "private_metadata": "x" * 3000}
    assert payloads.view(whole, blocks.no_file) == whole
    with pytest.raises(Refused, match="invalid_arguments"):
        payloads.view({**MODAL, **more}, blocks.no_file)


@pytest.mark.parametrize(
    ("fits", "wrong"),
    [
        (None, "ok"),
        ({"response_action": "clear"}, {"response_action": "close"}),
        ({"response_action": "errors", "errors": {"q": "Ask something."}}, {"errors": {"q": 1}}),
        ({"options": []}, {"options": {}}),
        ({"response_action": "update", "view": MODAL}, {"view": "form"}),
        ({"text": "a", "response_type": "ephemeral"}, {"text": "a", "colour": "red"}),
    ],
)
def test_an_acknowledgement_has_its_keys_and_types(fits: Any, wrong: Any) -> None:
    """An acknowledgement is empty, answers a form, or holds options or a message. Any other is refused."""
    assert ack_problems(fits) == []
    assert ack_problems(wrong)


MANIFEST_LIMITS: dict[str, tuple[list[str | int], Any, Any, Any]] = {
    # what: (where, at the limit, just beyond it, the wrong kind)
    "name": (["display_information", "name"], "x" * 35, "x" * 36, 1),
    "description": (["display_information", "description"], "x" * 140, "x" * 141, None),
    "colour": (["display_information", "background_color"], "#2e5e4e", "green", 1),
    "command": (["features", "slash_commands", 0, "command"], "/" + "x" * 31, "/" + "x" * 32, 1),
    "command without its stroke": (["features", "slash_commands", 0, "command"], "/x", "x", None),
    "usage hint": (["features", "slash_commands", 0, "usage_hint"], "x" * 1000, "x" * 1001, []),
    "commands": (
        ["features", "slash_commands"],
        [{"command": "/a", "description": "A"}] * 50,
        [{"command": "/a", "description": "A"}] * 51,
        {},
    ),
    "shortcuts": (
        ["features", "shortcuts"],
        [{"name": "a", "type": "global", "callback_id": "a", "description": "A"}] * 10,
        [{"name": "a", "type": "global", "callback_id": "a", "description": "A"}] * 11,
        None,
    ),
    "shortcut's name": (["features", "shortcuts", 0, "name"], "x" * 24, "x" * 25, 1),
    "shortcut's kind": (["features", "shortcuts", 0, "type"], "message", "channel", 1),
    "scopes": (["oauth_config", "scopes", "bot"], ["chat:write"], [], "chat:write"),
    "events": (["settings", "event_subscriptions", "bot_events"], ["app_home_opened"], ["App home"], "app_uninstalled"),
    "an address": (["settings", "interactivity", "request_url"], "https://x.example", "http://x.example", 1),
    "yes and no": (["settings", "socket_mode_enabled"], True, "true", 1),
    "version": (["_metadata", "major_version"], 2, 3, "2"),
}


@pytest.mark.parametrize(("where", "fits", "beyond", "wrong"), MANIFEST_LIMITS.values(), ids=MANIFEST_LIMITS)
def test_a_manifest_rule_holds_at_its_limit(where: list[str | int], fits: Any, beyond: Any, wrong: Any) -> None:
    """A manifest takes a value at its limit, and refuses one just beyond it or of the wrong kind."""

    def complaints(value: Any) -> list[str]:
        manifest = yaml.safe_load(CliRunner().invoke(slack, ["manifest", "--socket"]).output)
        part = manifest
        for key in where[:-1]:
            part = part[key]
        part[where[-1]] = value
        return manifest_problems(manifest)

    assert complaints(fits) == []
    assert complaints(beyond)
    assert complaints(wrong)


def test_a_manifest_takes_no_unknown_key() -> None:
    """A manifest takes no unknown key in any of its parts."""
    manifest = yaml.safe_load(CliRunner().invoke(slack, ["manifest", "--socket"]).output)
    assert manifest_problems(manifest) == []
    for part in (manifest, *manifest.values(), manifest["features"]["slash_commands"][0]):
        part["colour"] = "red"
        assert manifest_problems(manifest)
        del part["colour"]


async def test_a_broken_rule_is_answered_and_kept() -> None:
    """The local Slack answers a broken rule with `invalid_arguments`, posts nothing, and keeps the rule's place in
    `violations`."""
    async with SlackServer() as server, aiohttp.ClientSession() as session:
        body = {"channel": server.main.id, "text": "a", "colour": "red"}
        headers = {"Authorization": f"Bearer {BOT_TOKEN}"}
        response = await session.post(f"{server.base_url}chat.postMessage", json=body, headers=headers)
        assert (await response.json())["error"] == "invalid_arguments"
        (violation,) = server.violations
        assert "[json-pointer:/colour]" in str(violation)
        assert server.posted() == []
