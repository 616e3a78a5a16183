"""Each rule of `body_rules.py` accepts a body at its limit, and refuses one beyond it or with a wrong type."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.discord.client import ParleyClient
from tests.wire.discord.body_rules import RULES, problems
from tests.wire.discord.model import COMPONENTS_V2, EPHEMERAL, Json
from tests.wire.test_discord_server import (
    CALLBACK,
    COMMANDS,
    EMOJIS,
    MESSAGES,
    button,
    command,
    option,
    row,
    select,
    text,
    v2,
)
from tests.world import Clock, make_bot

GLOBAL = {"contexts": [0, 1, 2], "integration_types": [0, 1]}
LABEL = {"type": 18, "label": "Why?", "component": {"type": 4, "custom_id": "why", "style": 1}}


def chosen(count: int, **more: Any) -> list[Json]:
    return [{"label": f"{number}", "value": f"{number}", **more} for number in range(count)]


def of_select(**more: Any) -> Json:
    return v2(row(select(**more)))


def of_option(**more: Any) -> Json:
    return of_select(options=[{"label": "A", "value": "a", **more}])


def container(**more: Any) -> Json:
    return v2({"type": 17, "components": [text("a")], **more})


def gallery(count: int = 1, **more: Any) -> Json:
    return v2({"type": 12, "items": [{"media": {"url": "attachment://a.png"}, **more} for _ in range(count)]})


def section(accessory: Json, count: int = 1) -> Json:
    return v2({"type": 9, "components": [text("a")] * count, "accessory": accessory})


def modal(**more: Any) -> Json:
    return {"type": 9, "data": {"custom_id": "m", "title": "Form", "components": [LABEL], **more}}


def field(**more: Any) -> Json:
    return modal(components=[{**LABEL, "component": {**LABEL["component"], **more}}])  # type: ignore[dict-item]


def group(kind: int, count: int = 2, **more: Any) -> Json:
    """Return a form with radio buttons (`kind` 21) or check boxes (22)."""
    component = {"type": kind, "custom_id": "q", "options": chosen(count), **more}
    return modal(components=[{**LABEL, "component": component}])


def emoji(**more: Any) -> Json:
    return {"name": "yes", "image": "data:image/png;base64,iVBORw0KGgo=", **more}


def suggested(count: int = 1, **more: Any) -> Json:
    return {"type": 8, "data": {"choices": [{"name": "a", "value": "a", **more} for _ in range(count)]}}


def declared(**more: Any) -> list[Json]:
    return [{**command(), **GLOBAL, **more}]


def parameter(**more: Any) -> list[Json]:
    return declared(options=[{**option("o"), **more}])


POST, ANSWER, PUT = ("POST", MESSAGES), ("POST", CALLBACK), ("PUT", COMMANDS)
EMOJI = ("POST", EMOJIS)
FORUM, THREAD, DIRECT = (
    ("POST", "/channels/{channel_id}/threads"),
    ("PATCH", "/channels/{channel_id}"),
    ("POST", "/users/@me/channels"),
)

LIMITS: dict[str, tuple[tuple[str, str], Any, Any, Any]] = {
    # name: (route, a body at the limit, one just beyond it, one with a wrong type)
    "content": (POST, {"content": "x" * 2000}, {"content": "x" * 2001}, {"content": 1}),
    "nonce": (POST, {"nonce": "x" * 25}, {"nonce": "x" * 26}, {"nonce": True}),
    "enforce_nonce": (POST, {"enforce_nonce": True}, {"enforce_nonce": "true"}, {"enforce_nonce": 1}),
    "flags": (POST, {"flags": COMPONENTS_V2 | EPHEMERAL}, {"flags": 1 << 2}, {"flags": "64"}),
    "tts": (POST, {"tts": False}, {"tts": True}, {"tts": None}),
    "mentions": (
        POST,
        {"allowed_mentions": {"parse": []}},
        {"allowed_mentions": {"parse": ["users"]}},
        {"allowed_mentions": []},
    ),
    "replied user": (
        POST,
        {"allowed_mentions": {"parse": [], "replied_user": False}},
        {"allowed_mentions": {"parse": [], "replied_user": True}},
        {"allowed_mentions": {"parse": [], "replied_user": 0}},
    ),
    "attachments": (
        POST,
        {"attachments": [{"id": number} for number in range(10)]},
        {"attachments": [{"id": number} for number in range(11)]},
        {"attachments": {}},
    ),
    "attachment's id": (POST, {"attachments": [{"id": "0"}]}, {"attachments": [{"id": "a"}]}, {"attachments": [0]}),
    "attachment's description": (
        POST,
        {"attachments": [{"id": 0, "description": "x" * 1024}]},
        {"attachments": [{"id": 0, "description": "x" * 1025}]},
        {"attachments": [{"id": 0, "description": 1}]},
    ),
    "components": (POST, v2(*[text("a")] * 40), v2(*[text("a")] * 41), {"components": text("a")}),
    "text": (POST, v2(text("x" * 4000)), v2(text("x" * 4001)), v2({"type": 10, "content": None})),
    "empty text": (POST, v2(text("x")), v2(text("")), v2({"type": 10})),
    "row": (
        POST,
        v2(row(*(button(f"{number}") for number in range(5)))),
        v2(row(*(button(f"{number}") for number in range(6)))),
        v2({"type": 1, "components": button("a")}),
    ),
    "empty row": (POST, v2(row(button("a"))), v2(row()), v2({"type": 1})),
    "a text in a row": (POST, v2(row(button("a"))), v2(row(text("a"))), v2(row({"type": "2"}))),
    "button's label": (
        POST,
        v2(row(button("a", "x" * 80))),
        v2(row(button("a", "x" * 81))),
        v2(row({**button("a"), "label": None})),
    ),
    "button's style": (
        POST,
        v2(row({**button("a"), "style": 4})),
        v2(row({**button("a"), "style": 6})),
        v2(row({**button("a"), "style": "1"})),
    ),
    "custom id": (
        POST,
        v2(row(button("x" * 100))),
        v2(row(button("x" * 101))),
        v2(row({**button("a"), "custom_id": 1})),
    ),
    "button's address": (
        POST,
        v2(row({"type": 2, "style": 5, "label": "a", "url": "x" * 512})),
        v2(row({"type": 2, "style": 5, "label": "a", "url": "x" * 513})),
        v2(row({"type": 2, "style": 5, "label": "a", "url": None})),
    ),
    "disabled": (
        POST,
        v2(row({**button("a"), "disabled": True})),
        v2(row({**button("a"), "disabled": "no"})),
        v2(row({**button("a"), "disabled": 1})),
    ),
    "emoji": (
        POST,
        v2(row({**button("a"), "emoji": {"name": "x" * 32}})),
        v2(row({**button("a"), "emoji": {"name": "x" * 33}})),
        v2(row({**button("a"), "emoji": "x"})),
    ),
    "component's id": (
        POST,
        v2({**text("a"), "id": 2**31 - 1}),
        v2({**text("a"), "id": 2**31}),
        v2({**text("a"), "id": "1"}),
    ),
    "options": (POST, of_select(options=chosen(25)), of_select(options=chosen(26)), of_select(options="a")),
    "no options": (POST, of_select(options=chosen(1)), of_select(options=[]), of_select(options=None)),
    "option's label": (POST, of_option(label="x" * 100), of_option(label="x" * 101), of_option(label=1)),
    "option's value": (POST, of_option(value="x" * 100), of_option(value="x" * 101), of_option(value=1)),
    "option's description": (
        POST,
        of_option(description="x" * 100),
        of_option(description="x" * 101),
        of_option(description=None),
    ),
    "option's default": (POST, of_option(default=True), of_option(default="yes"), of_option(default=1)),
    "placeholder": (
        POST,
        of_select(placeholder="x" * 150),
        of_select(placeholder="x" * 151),
        of_select(placeholder=None),
    ),
    "least values": (POST, of_select(min_values=0), of_select(min_values=-1), of_select(min_values=1.0)),
    "most values": (POST, of_select(max_values=25), of_select(max_values=26), of_select(max_values="1")),
    "colour": (POST, container(accent_color=0xFFFFFF), container(accent_color=1 << 24), container(accent_color="red")),
    "container in a container": (
        POST,
        container(),
        container(components=[{"type": 17, "components": [text("a")]}]),
        container(components=None),
    ),
    "pictures": (POST, gallery(10), gallery(11), v2({"type": 12, "items": {}})),
    "alternative text": (
        POST,
        gallery(description="x" * 1024),
        gallery(description="x" * 1025),
        gallery(description=1),
    ),
    "separator": (
        POST,
        v2({"type": 14, "spacing": 2}),
        v2({"type": 14, "spacing": 3}),
        v2({"type": 14, "divider": 1}),
    ),
    "section": (POST, section(button("a"), 3), section(button("a"), 4), section(select())),
    "thumbnail": (
        POST,
        section({"type": 11, "media": {"url": "x" * 2048}}),
        section({"type": 11, "media": {"url": "x" * 2049}}),
        section({"type": 11, "media": "x"}),
    ),
    "file": (
        POST,
        v2({"type": 13, "file": {"url": "attachment://a.csv"}}),
        v2({"type": 13, "file": {"url": ""}}),
        v2({"type": 13, "file": "attachment://a.csv"}),
    ),
    "post's title": (
        FORUM,
        {"name": "x" * 100, "message": v2(text("a"))},
        {"name": "x" * 101, "message": v2(text("a"))},
        {"name": None, "message": v2(text("a"))},
    ),
    "post's duration": (
        FORUM,
        {"name": "a", "message": {}, "auto_archive_duration": 60},
        {"name": "a", "message": {}, "auto_archive_duration": 61},
        {"name": "a", "message": {}, "auto_archive_duration": "60"},
    ),
    "post's pace": (
        FORUM,
        {"name": "a", "message": {}, "rate_limit_per_user": 21600},
        {"name": "a", "message": {}, "rate_limit_per_user": 21601},
        {"name": "a", "message": {}, "rate_limit_per_user": "1"},
    ),
    "post's message": (FORUM, {"name": "a", "message": {}}, {"name": "a"}, {"name": "a", "message": None}),
    "thread": (THREAD, {"archived": False}, {"archived": None}, {"archived": 0}),
    "direct message": (DIRECT, {"recipient_id": 2**64 - 1}, {"recipient_id": 2**64}, {"recipient_id": None}),
    "direct message's id as text": (
        DIRECT,
        {"recipient_id": "9" * 20},
        {"recipient_id": "9" * 21},
        {"recipient_id": True},
    ),
    "kind of answer": (ANSWER, {"type": 5}, {"type": 10}, {"type": "5"}),
    "shown": (ANSWER, {"type": 4, "data": v2(text("a"))}, {"type": 4}, {"type": 4, "data": None}),
    "deferred": (
        ANSWER,
        {"type": 5, "data": {"flags": EPHEMERAL}},
        {"type": 5, "data": {"content": "a"}},
        {"type": 5, "data": {"flags": True}},
    ),
    "deferred update": (ANSWER, {"type": 6}, {"type": 6, "data": {"content": "a"}}, {"type": 6, "data": []}),
    "updated": (ANSWER, {"type": 7, "data": v2(text("a"))}, {"type": 7}, {"type": 7, "data": "a"}),
    "suggestions": (ANSWER, suggested(25), suggested(26), {"type": 8, "data": {"choices": None}}),
    "suggestion's name": (ANSWER, suggested(name="x" * 100), suggested(name="x" * 101), suggested(name=1)),
    "suggestion's value": (ANSWER, suggested(value="x" * 100), suggested(value="x" * 101), suggested(value=1.5)),
    "form's title": (ANSWER, modal(title="x" * 45), modal(title="x" * 46), modal(title=None)),
    "form's id": (ANSWER, modal(custom_id="x" * 100), modal(custom_id="x" * 101), modal(custom_id=1)),
    "form's parts": (ANSWER, modal(components=[LABEL] * 5), modal(components=[LABEL] * 6), modal(components=LABEL)),
    "a row in a form": (
        ANSWER,
        modal(components=[text("a")]),
        modal(components=[row(button("a"))]),
        modal(components=""),
    ),
    "label": (
        ANSWER,
        modal(components=[{**LABEL, "label": "x" * 45}]),
        modal(components=[{**LABEL, "label": "x" * 46}]),
        modal(components=[{**LABEL, "label": 1}]),
    ),
    "label's description": (
        ANSWER,
        modal(components=[{**LABEL, "description": "x" * 100}]),
        modal(components=[{**LABEL, "description": "x" * 101}]),
        modal(components=[{**LABEL, "description": None}]),
    ),
    "a field's style": (ANSWER, field(style=2), field(style=3), field(style="2")),
    "a field's own label": (ANSWER, field(label=None), field(label=""), field(label="Why?")),
    "a field's least": (ANSWER, field(min_length=0), field(min_length=-1), field(min_length=True)),
    "a field's most": (ANSWER, field(max_length=4000), field(max_length=4001), field(max_length="1")),
    "a field's value": (ANSWER, field(value="x" * 4000), field(value="x" * 4001), field(value=1)),
    "a field's placeholder": (
        ANSWER,
        field(placeholder="x" * 100),
        field(placeholder="x" * 101),
        field(placeholder=None),
    ),
    "a field that is needed": (ANSWER, field(required=False), field(required="no"), field(required=0)),
    "radio buttons": (ANSWER, group(21, 10), group(21, 11), group(21, options="a")),
    "few radio buttons": (ANSWER, group(21, 2), group(21, 1), group(21, options=None)),
    "radio buttons that are needed": (
        ANSWER,
        group(21, required=False),
        group(21, required="no"),
        group(21, required=0),
    ),
    "radio buttons take one": (ANSWER, group(21), group(21, max_values=1), group(21, min_values="0")),
    "check boxes": (ANSWER, group(22, 10), group(22, 11), group(22, options="a")),
    "few check boxes": (ANSWER, group(22, 1), group(22, 0), group(22, options=None)),
    "fewest checked": (ANSWER, group(22, min_values=0), group(22, min_values=-1), group(22, min_values="0")),
    "most checked": (ANSWER, group(22, 10, max_values=10), group(22, 10, max_values=11), group(22, max_values="1")),
    "a box's label": (
        ANSWER,
        group(22, options=chosen(1, description="x" * 100)),
        group(22, options=chosen(1, description="x" * 101)),
        group(22, options=chosen(1, emoji={"name": "x"})),
    ),
    "command's name": (PUT, declared(name="x" * 32), declared(name="x" * 33), declared(name=None)),
    "command's description": (
        PUT,
        declared(description="x" * 100),
        declared(description="x" * 101),
        declared(description=1),
    ),
    "command's kind": (PUT, declared(), declared(type=4), declared(type="1")),
    "command's places": (PUT, declared(contexts=[2]), declared(contexts=[3]), declared(contexts=None)),
    "command's installs": (
        PUT,
        declared(integration_types=[1]),
        declared(integration_types=[]),
        declared(integration_types=None),
    ),
    "command's permissions": (
        PUT,
        declared(default_member_permissions="32"),
        declared(default_member_permissions="-1"),
        declared(default_member_permissions=32),
    ),
    "command for adults": (PUT, declared(nsfw=False), declared(nsfw=True), declared(nsfw=None)),
    "command's parameters": (
        PUT,
        declared(options=[option(f"o{number}") for number in range(25)]),
        declared(options=[option(f"o{number}") for number in range(26)]),
        declared(options=None),
    ),
    "parameter's kind": (PUT, parameter(type=8), parameter(type=9), parameter(type="3")),
    "parameter's name": (PUT, parameter(name="x" * 32), parameter(name="x" * 33), parameter(name=1)),
    "parameter's description": (
        PUT,
        parameter(description="x" * 100),
        parameter(description="x" * 101),
        parameter(description=1),
    ),
    "parameter's choices": (
        PUT,
        parameter(choices=[{"name": "a", "value": "a"}] * 25),
        parameter(choices=[{"name": "a", "value": "a"}] * 26),
        parameter(choices={"a": "a"}),
    ),
    "choice's name": (
        PUT,
        parameter(choices=[{"name": "x" * 100, "value": 1}]),
        parameter(choices=[{"name": "x" * 101, "value": 1}]),
        parameter(choices=[{"name": 1, "value": 1}]),
    ),
    "choice's value": (
        PUT,
        parameter(choices=[{"name": "a", "value": "x" * 100}]),
        parameter(choices=[{"name": "a", "value": "x" * 101}]),
        parameter(choices=[{"name": "a", "value": True}]),
    ),
    "parameter's length": (PUT, parameter(max_length=6000), parameter(max_length=6001), parameter(max_length="1")),
    "parameter's least length": (PUT, parameter(min_length=0), parameter(min_length=-1), parameter(min_length=1.0)),
    "parameter's channels": (
        PUT,
        parameter(channel_types=[16]),
        parameter(channel_types=[17]),
        parameter(channel_types=0),
    ),
    "subcommand": (
        PUT,
        declared(options=[{"type": 1, "name": "a", "description": "A"}]),
        declared(options=[{"type": 1, "name": "a", "description": ""}]),
        declared(options=[{"type": 1, "name": "a", "description": "A", "required": True}]),
    ),
    "group": (
        PUT,
        declared(
            options=[
                {"type": 2, "name": "a", "description": "A", "options": [{"type": 1, "name": "b", "description": "B"}]}
            ]
        ),
        declared(options=[{"type": 2, "name": "a", "description": "A", "options": []}]),
        declared(options=[{"type": 2, "name": "a", "description": "A", "options": [option("b")]}]),
    ),
    "menu": (
        PUT,
        [{"type": 3, "name": "Find facts", **GLOBAL}],
        [{"type": 3, "name": "x" * 33, **GLOBAL}],
        [{"type": 3, "name": "Find facts", "description": "Facts", **GLOBAL}],
    ),
    "emoji's name": (EMOJI, emoji(name="x" * 32), emoji(name="x" * 33), emoji(name=1)),
    "emoji's short name": (EMOJI, emoji(name="ab"), emoji(name="a"), emoji(name="a-b")),
    "emoji's picture": (
        EMOJI,
        emoji(),
        emoji(image="data:image/png;base64,"),
        emoji(image="data:text/plain;base64,AA"),
    ),
}


@pytest.mark.parametrize(("route", "fits", "beyond", "wrong"), LIMITS.values(), ids=LIMITS)
def test_a_rule_holds_at_its_limit(route: tuple[str, str], fits: Any, beyond: Any, wrong: Any) -> None:
    """A rule accepts a body at its limit, and refuses one just beyond it or with a value of a wrong type."""
    assert problems(*route, fits) == []
    assert problems(*route, beyond)
    assert problems(*route, wrong)


def objects(inside: Any) -> list[Json]:
    """Return every object in a body, at any depth."""
    if isinstance(inside, list):
        return [each for part in inside for each in objects(part)]
    if isinstance(inside, dict):
        return [inside, *(each for value in inside.values() for each in objects(value))]
    return []


@pytest.mark.parametrize(("route", "body"), [(route, fits) for route, fits, *_ in LIMITS.values()], ids=LIMITS)
def test_no_object_takes_an_unknown_key(route: tuple[str, str], body: Any) -> None:
    """No object in a body accepts an unknown key, at any depth."""
    for each in objects(body):
        each["colour"] = 1
        try:
            assert problems(*route, body)
        finally:
            del each["colour"]
    assert problems(*route, body) == []


def test_a_body_is_an_object_and_stands_where_one_is_expected() -> None:
    """A route with a rule refuses a body of another type, or none. A route without a rule refuses any body."""
    for route in RULES:
        method, _, template = route.partition(" ")
        for wrong in (None, "a", 1, [1]):
            assert problems(method, template, wrong), route
    typing = ("POST", "/channels/{channel_id}/typing")
    assert problems(*typing, None) == []
    assert problems(*typing, {}) == ["body: POST /channels/{channel_id}/typing takes none"]


def test_a_complaint_names_its_place() -> None:
    """A complaint gives the path to the fault, with keys, numbers and the types of components, and then the fault."""
    (complaint,) = problems(*POST, v2(row(button("a", "x" * 81))))
    assert complaint == "components.0.1.components.0.2.label: String should have at most 80 characters"


async def test_parleys_own_commands_pass() -> None:
    """The rules accept all commands that Parley registers at Discord."""
    client = ParleyClient(make_bot(), clock=Clock())
    assert problems(*PUT, client.declared) == []
