"""Whether a body may be sent to Discord: against Discord's own OpenAPI file, and against the limits it leaves out."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs

from tests.wire.discord.model import Json

SPEC = Path(__file__).parents[3].parent / "shared" / "specs" / "discord-openapi.json"
"""Beside the repository. https://github.com/discord/discord-api-spec, MIT."""

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
"""Fields that discord.py sends and the file does not know; Discord takes them."""
SNOWFLAKE = {"type": ["string", "integer"]}
"""Discord takes ids as numbers as well, which is how discord.py sends them; the file knows strings only."""
PROBLEM_MAX = 400


class Validator:
    """Checks bodies. Without the file (`spec` is None) everything passes."""

    def __init__(self, spec: Path | None = SPEC) -> None:
        document: Json = json.loads(spec.read_text("utf-8")) if spec else {"paths": {}, "components": {"schemas": {}}}
        self._paths: Json = document["paths"]
        self._components = _strict(document["components"])
        self._components["schemas"]["SnowflakeType"] = SNOWFLAKE
        self._compile = cache(self._compiled)

    def problems(self, method: str, template: str, body: Any) -> list[str]:
        """What is wrong with the body for this path, such as `/channels/{channel_id}/messages`."""
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
    """Of a union, what is wrong with the branch that was meant: the one whose `type` is right, and deepest inside."""
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
    """The same, where an object takes only the fields it names."""
    if isinstance(schema, list):
        return [_strict(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    made = {key: _strict(value) for key, value in schema.items()}
    if isinstance(made.get("properties"), dict) and "type" in made and "additionalProperties" not in made:
        made["properties"] = {**dict.fromkeys(SENT_ANYWAY, True), **made["properties"]}
        made["additionalProperties"] = False
    return made
