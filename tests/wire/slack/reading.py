"""Read blocks as a person does, and find the controls in them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tests.wire.slack.blocks import elements
from tests.wire.slack.model import Json


class CannotDo(AssertionError):
    """Slack's client doesn't let a person do this."""


def words(blocks: Iterable[Json]) -> str:
    """Return all text in order, with controls in brackets."""
    return "\n".join(line for block in blocks for line in _lines(block) if line)


def _lines(block: Json) -> Iterator[str]:
    match block["type"]:
        case "header":
            yield block["text"]["text"]
        case "section":
            yield from (part["text"] for part in (*filter(None, [block.get("text")]), *block.get("fields", ())))
        case "context":
            yield from (part.get("text") or f"({part['alt_text']})" for part in block["elements"])
        case "rich_text":
            yield from map(_rich, block["elements"])
        case "markdown":
            yield block["text"]
        case "image":
            yield f"(picture: {block['alt_text']})"
        case "input":
            yield f"{block['label']['text']}:"
    for element in elements([block]):
        yield f"[{label(element)}]"


def _rich(part: Json) -> str:
    kind = part["type"]
    if kind == "rich_text_list":
        first = part.get("offset", 0) + 1
        marks = (f"{first + n}. " if part["style"] == "ordered" else "• " for n in range(len(part["elements"])))
        return "\n".join(mark + _rich(item) for mark, item in zip(marks, part["elements"], strict=True))
    if "elements" in part:
        return "".join(map(_rich, part["elements"]))
    match kind:
        case "link":
            return f"{part.get('text') or part['url']} ({part['url']})"
        case "date":
            return str(part.get("fallback") or part["timestamp"])
        case "user" | "usergroup" | "channel" | "broadcast":
            return f"@{part.get(f'{kind}_id') or part.get('range')}"
    return str(part.get("text", ""))


def label(element: Json) -> str:
    """Return a control's label."""
    label_text = element.get("text") or element.get("placeholder") or {"text": element.get("action_id", "")}
    return str(label_text["text"])


def offered(element: Json) -> list[Json]:
    groups = element.get("option_groups") or [{"options": element.get("options", [])}]
    return [option for group in groups for option in group["options"]]


def names(element: Json) -> list[str]:
    return [str(option["text"]["text"]) for option in offered(element)]


def find(blocks: Iterable[Json], name: str, kinds: str) -> tuple[Json, Json]:
    """Return the block and the control with this label or id, of a type with this ending. Raises CannotDo."""
    labels = []
    for block in blocks:
        for element in elements([block]):
            if str(element["type"]).endswith(kinds):
                labels.append(label(element))
                if name in {labels[-1], element.get("action_id"), block.get("block_id")}:
                    return block, element
    raise CannotDo(f"there is no {name!r} among {labels}")
