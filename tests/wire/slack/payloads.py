"""Check messages and views: whether Slack accepts them, and whether they have flaws that harm people all the same."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from typing import Any

from tests.wire.slack import blocks as kit
from tests.wire.slack.errors import Refused
from tests.wire.slack.model import Json

TEXT_MAX = 40_000
TEXT_ADVISED = 4000
VIEW_BYTES_MAX = 250_000
VIEW_FIELDS = {
    "type",
    "title",
    "submit",
    "close",
    "blocks",
    "callback_id",
    "external_id",
    "private_metadata",
    "clear_on_close",
    "notify_on_close",
    "submit_disabled",
}
PINGS = ("<!channel", "<!here", "<!everyone", "<!subteam^", "<@")
PINGING = {"user", "usergroup", "broadcast"}


def message(body: Json, is_file: kit.IsFile) -> list[Json]:
    """Return the blocks of a message that Slack accepts. Raises Refused."""
    blocks = body.get("blocks") or []
    if isinstance(blocks, str):
        raise Refused("invalid_blocks_format")
    mistakes = kit.problems(blocks, is_file=is_file)
    if mistakes:
        raise Refused("invalid_blocks", messages=mistakes)
    if kit.too_long(blocks):
        raise Refused("msg_blocks_too_long")
    if not blocks and not str(body.get("text") or "").strip():
        raise Refused("no_text")
    if len(str(body.get("text") or "")) > TEXT_MAX:
        raise Refused("msg_too_long")
    return list(blocks)


def suspicions(body: Json, *, public: bool, method: str = "", pinged: Collection[str] = ()) -> Iterator[str]:
    """Yield the flaws that Slack silently accepts in a message. Only a new post may ping the groups in `pinged`."""
    text = str(body.get("text") or "")
    if body.get("blocks") and not text.strip():
        yield "blocks without text: notifications and screen readers have nothing to say"
    if len(text) > TEXT_ADVISED:
        yield f"a text of {len(text)} characters, more than the {TEXT_ADVISED} that Slack advises"
    if truth(body.get("link_names")) or body.get("parse") == "full":
        yield "link_names or parse=full: names that people wrote become mentions"
    if method == "chat.update" and body.get("parse") != "none":
        yield "an edit that Slack parses: bare @everyone and #general in its text come alive"
    if any(
        part.get("type") == "mrkdwn" and part.get("verbatim") is not True for part in parts(body.get("blocks") or [])
    ):
        yield "mrkdwn that is not verbatim: bare @everyone and #general come alive"
    if public:
        yield from _pings(text, body.get("blocks") or [], pinged if method == "chat.postMessage" else ())


def _pings(text: str, blocks: Any, pinged: Collection[str]) -> Iterator[str]:
    for ping in PINGS:
        if ping in text or any(ping in words for words in _mrkdwn(blocks)):
            yield f"a live mention: {ping}"
    if any(part.get("type") in PINGING and part.get("usergroup_id") not in pinged for part in parts(blocks)):
        yield "a live mention in rich text"


def _mrkdwn(blocks: Any) -> Iterator[str]:
    return (str(part["text"]) for part in parts(blocks) if part.get("type") in {"mrkdwn", "markdown"})


def parts(inside: Any) -> Iterator[Json]:
    """Yield every object in blocks, at any depth."""
    if isinstance(inside, list):
        for one in inside:
            yield from parts(one)
    elif isinstance(inside, dict):
        yield inside
        for value in inside.values():
            yield from parts(value)


def view(content: Any, is_file: kit.IsFile) -> Json:
    """Return a view that Slack accepts. Raises Refused."""
    if not isinstance(content, dict):
        raise Refused("invalid_arguments", messages=["must be an object [json-pointer:/view]"])
    if len(json.dumps(content)) > VIEW_BYTES_MAX:
        raise Refused("view_too_large")
    mistakes = [*_frame(content), *kit.problems(content.get("blocks"), most=kit.BLOCKS_IN_VIEW, is_file=is_file)]
    if mistakes:
        raise Refused(
            "invalid_arguments", messages=[one.replace("pointer:/blocks", "pointer:/view/blocks") for one in mistakes]
        )
    return content


def _frame(content: Json) -> Iterator[str]:
    for name in content.keys() - VIEW_FIELDS:
        yield f"invalid additional property: {name} [json-pointer:/view]"
    for name in ("callback_id", "external_id", "private_metadata"):
        if not isinstance(content.get(name, ""), str):
            yield f"must be a string [json-pointer:/view/{name}]"
    for name in ("clear_on_close", "notify_on_close", "submit_disabled"):
        if not isinstance(content.get(name, False), bool):
            yield f"must be a boolean [json-pointer:/view/{name}]"
    if content.get("type") not in {"modal", "home"}:
        yield f"must be one of: modal, home [json-pointer:/view/type], not {content.get('type')}"
    titles = {"title", "submit", "close"} & content.keys()
    if content.get("type") == "home" and titles:
        yield f"invalid additional property: {titles} [json-pointer:/view]"
    elif content.get("type") == "modal":
        yield from _titles(content)
    for name, most in (("private_metadata", 3000), ("callback_id", kit.ID_MAX), ("external_id", kit.ID_MAX)):
        if len(str(content.get(name) or "")) > most:
            yield f"must be less than {most + 1} characters [json-pointer:/view/{name}]"


def _titles(content: Json) -> Iterator[str]:
    if "title" not in content:
        yield "missing required field: title [json-pointer:/view]"
    blocks = content.get("blocks")
    if "submit" not in content and isinstance(blocks, list) and any(block.get("type") == "input" for block in blocks):
        yield "missing required field: submit, when an input block is within blocks [json-pointer:/view]"
    for name in ("title", "submit", "close"):
        text = content.get(name)
        if text is None:
            continue
        words = str(text.get("text") or "") if isinstance(text, dict) else ""
        if not isinstance(text, dict) or text.get("type") != "plain_text" or not words.strip():
            yield f"must provide a plain_text object [json-pointer:/view/{name}]"
        elif len(words) > 24:
            yield f"must be less than 25 characters [json-pointer:/view/{name}/text]"


def truth(value: Any) -> bool:
    """Read a boolean, which forms send as text."""
    return value in (True, 1, "1", "true", "True")
