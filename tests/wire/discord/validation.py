"""Check whether Discord would accept a body: by the repository's own rules, and by Discord's OpenAPI file if it's
there."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs

from tests.beside import DISCORD_OPENAPI
from tests.wire.discord import body_rules
from tests.wire.discord.model import Json

CALLBACKS = {
    1: "PongInteractionCallbackRequest",
    4: "CreateMessageInteractionCallbackRequest",
    5: "CreateMessageInteractionCallbackRequest",
    6: "UpdateMessageInteractionCallbackRequest",
    7: "UpdateMessageInteractionCallbackRequest",
    8: "ApplicationCommandAutocompleteCallbackRequest",
    9: "ModalInteractionCallbackRequest",
}
SENT_ANYWAY = frozenset({"nsfw", "tts"})
"""Fields that discord.py sends and Discord accepts, although the file doesn't list them."""
SNOWFLAKE = {"type": ["string", "integer"]}
"""Discord also accepts ids as numbers, which discord.py sends; the file only lists strings."""
PERMISSIONS = {"type": ["string", "null"], "pattern": "^[0-9]+$"}
"""A string, as in the documentation of application commands, which no client truncates; the file has an integer."""
PROBLEM_MAX = 400


NOTHING_PUBLISHED = '{"paths": {}, "components": {"schemas": {}}}'


class Validator:
    """Checks bodies by `body_rules.py`, and by the OpenAPI file `published` if it exists."""

    def __init__(self, published: Path = DISCORD_OPENAPI) -> None:
        document: Json = json.loads(published.read_text("utf-8") if published.exists() else NOTHING_PUBLISHED)
        self._paths: Json = document["paths"]
        self._components = _strict(document["components"])
        self._components["schemas"]["SnowflakeType"] = SNOWFLAKE
        for schema in self._components["schemas"].values():
            if isinstance(schema, dict) and "default_member_permissions" in schema.get("properties", {}):
                schema["properties"]["default_member_permissions"] = PERMISSIONS
        self._compile = cache(self._compiled)

    def problems(self, method: str, template: str, body: Any) -> list[str]:
        """Return the problems of a body for this path, such as `/channels/{channel_id}/messages`."""
        return body_rules.problems(method, template, body) or self.published_problems(method, template, body)

    def published_problems(self, method: str, template: str, body: Any) -> list[str]:
        """Return the problems by the OpenAPI file only; none without it."""
        operation = self._paths.get(template, {}).get(method.lower(), {})
        content = operation.get("requestBody", {}).get("content", {})
        if "application/json" not in content:
            return []
        schema = content["application/json"]["schema"]
        if template.endswith("/callback"):
            if body.get("type") not in CALLBACKS:
                return [f"type: {body.get('type')!r} is no answer to an interaction"]
            schema = {"$ref": f"#/components/schemas/{CALLBACKS[body['type']]}"}
        errors = self._compile(json.dumps(_strict(schema))).iter_errors(body)
        return [
            f"{_at(reason.instance_path)}: {reason.message}"[:PROBLEM_MAX]
            for error in errors
            for reason in _reasons(error)
        ]

    def _compiled(self, schema: str) -> Any:
        return jsonschema_rs.validator_for({**json.loads(schema), "components": self._components})


def _reasons(error: Any) -> list[Any]:
    """Return a union's problems in the branch that was meant: one with the right `type`, and the deepest problem."""
    branches = getattr(error.kind, "context", None)
    if not branches:
        return [error]

    def closeness(reasons: list[Any]) -> tuple[bool, int]:
        paths = [reason.instance_path for reason in reasons]
        return not any(path[-1:] == ["type"] for path in paths), max(map(len, paths))

    return max(([reason for one in branch for reason in _reasons(one)] for branch in branches), key=closeness)


def _at(path: list[str | int]) -> str:
    return ".".join(map(str, path)) or "body"


def _strict(schema: Any) -> Any:
    """Return the schema, with objects that accept only their named fields."""
    if isinstance(schema, list):
        return [_strict(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    strict = {key: _strict(value) for key, value in schema.items()}
    if isinstance(strict.get("properties"), dict) and "type" in strict and "additionalProperties" not in strict:
        strict["properties"] = {**dict.fromkeys(SENT_ANYWAY, True), **strict["properties"]}
        strict["additionalProperties"] = False
    return strict
