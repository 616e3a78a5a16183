"""What Slack takes as a message and as a view, and what it takes although people would suffer from it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from tests.wire.slack import blocks as kit
from tests.wire.slack.errors import Refused
from tests.wire.slack.model import Json

TEXT_MAX = 40_000
TEXT_ADVISED = 4000
VIEW_BYTES_MAX = 250_000
PINGS = ("<!channel", "<!here", "<!everyone", "<!subteam^", "<@")
PINGING = {"user", "usergroup", "broadcast"}


def message(sent: Json, is_file: kit.IsFile) -> list[Json]:
    """The blocks of a message that Slack takes. Raises Refused."""
    blocks = sent.get("blocks") or []
    if isinstance(blocks, str):
        raise Refused("invalid_blocks_format")
    found = kit.problems(blocks, is_file=is_file)
    if found:
        raise Refused("invalid_blocks", messages=found)
    if kit.too_long(blocks):
        raise Refused("msg_blocks_too_long")
    if not blocks and not str(sent.get("text") or "").strip():
        raise Refused("no_text")
    if len(str(sent.get("text") or "")) > TEXT_MAX:
        raise Refused("msg_too_long")
    return list(blocks)


def suspicions(sent: Json, *, public: bool) -> Iterator[str]:
    """What Slack takes in a message without a word."""
    text = str(sent.get("text") or "")
    if sent.get("blocks") and not text.strip():
        yield "blocks without text: notifications and screen readers have nothing to say"
    if len(text) > TEXT_ADVISED:
        yield f"a text of {len(text)} characters, more than the {TEXT_ADVISED} that Slack advises"
    if truth(sent.get("link_names")) or sent.get("parse") == "full":
        yield "link_names or parse=full: names that people wrote become mentions"
    if public:
        yield from _pings(text, sent.get("blocks") or [])


def _pings(text: str, blocks: Any) -> Iterator[str]:
    for ping in PINGS:
        if ping in text or any(ping in words for words in _mrkdwn(blocks)):
            yield f"a live mention: {ping}"
    if any(part.get("type") in PINGING for part in parts(blocks)):
        yield "a live mention in rich text"


def _mrkdwn(blocks: Any) -> Iterator[str]:
    return (str(part["text"]) for part in parts(blocks) if part.get("type") in {"mrkdwn", "markdown"})


def parts(inside: Any) -> Iterator[Json]:
    """Every object in blocks, however deep."""
    if isinstance(inside, list):
        for one in inside:
            yield from parts(one)
    elif isinstance(inside, dict):
        yield inside
        for value in inside.values():
            yield from parts(value)


def view(sent: Any, is_file: kit.IsFile) -> Json:
    """A view that Slack takes. Raises Refused."""
    if not isinstance(sent, dict):
        raise Refused("invalid_arguments", messages=["must be an object [json-pointer:/view]"])
    if len(json.dumps(sent)) > VIEW_BYTES_MAX:
        raise Refused("view_too_large")
    found = [*_frame(sent), *kit.problems(sent.get("blocks"), most=kit.BLOCKS_IN_VIEW, is_file=is_file)]
    if found:
        raise Refused(
            "invalid_arguments", messages=[one.replace("pointer:/blocks", "pointer:/view/blocks") for one in found]
        )
    return sent


def _frame(sent: Json) -> Iterator[str]:
    if sent.get("type") not in {"modal", "home"}:
        yield f"must be one of: modal, home [json-pointer:/view/type], not {sent.get('type')}"
    titles = {"title", "submit", "close"} & sent.keys()
    if sent.get("type") == "home" and titles:
        yield f"invalid additional property: {titles} [json-pointer:/view]"
    elif sent.get("type") == "modal":
        yield from _titles(sent)
    for name, most in (("private_metadata", 3000), ("callback_id", kit.ID_MAX), ("external_id", kit.ID_MAX)):
        if len(str(sent.get(name) or "")) > most:
            yield f"must be less than {most + 1} characters [json-pointer:/view/{name}]"


def _titles(sent: Json) -> Iterator[str]:
    if "title" not in sent:
        yield "missing required field: title [json-pointer:/view]"
    blocks = sent.get("blocks")
    if "submit" not in sent and isinstance(blocks, list) and any(block.get("type") == "input" for block in blocks):
        yield "missing required field: submit, when an input block is within blocks [json-pointer:/view]"
    for name in ("title", "submit", "close"):
        text = sent.get(name)
        if text is None:
            continue
        words = str(text.get("text") or "") if isinstance(text, dict) else ""
        if not isinstance(text, dict) or text.get("type") != "plain_text" or not words.strip():
            yield f"must provide a plain_text object [json-pointer:/view/{name}]"
        elif len(words) > 24:
            yield f"must be less than 25 characters [json-pointer:/view/{name}/text]"


def truth(given: Any) -> bool:
    """Forms send words for yes and no."""
    return given in (True, 1, "1", "true", "True")
