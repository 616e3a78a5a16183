"""Check blocks against the rules of Block Kit: https://docs.slack.dev/reference/block-kit. Pure functions.

Each complaint reads like Slack's, with the place of the fault:
`must be less than 151 characters [json-pointer:/blocks/0/text/text]`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

from tests.wire.slack.model import Json

IsFile = Callable[[Any], bool]
"""Tells whether a `slack_file` can be shown yet."""

BLOCKS_IN_MESSAGE, BLOCKS_IN_VIEW = 50, 100  # S-blocks-max
ID_MAX = 255
TOTAL_MAX = 12_000  # S-length
DATE_MIN = 1_000_000_000
CONTAINER = 10
"""Slack says «12,000 text characters with a buffer for block containers» (bolt-js#2509, #2867), but not how large it
is."""

SINGLE = {f"{kind}_select" for kind in ("static", "external", "users", "channels", "conversations")}
MULTI = {f"multi_{kind}" for kind in SINGLE}
PICKERS = {"datepicker", "timepicker", "datetimepicker", "checkboxes", "radio_buttons"}
TEXT_INPUTS = {"plain_text_input", "email_text_input", "url_text_input", "number_input"}
IN_ACTIONS = SINGLE | PICKERS | {"button", "overflow"}
BESIDE_TEXT = IN_ACTIONS | MULTI | {"image"}
IN_INPUT = SINGLE | MULTI | PICKERS | TEXT_INPUTS

_ANY = {"type", "block_id"}
FIELDS: Mapping[str, set[str]] = {
    "section": {"text", "fields", "accessory", "expand"},
    "divider": set(),
    "header": {"text"},
    "context": {"elements"},
    "actions": {"elements"},
    "image": {"image_url", "slack_file", "alt_text", "title"},
    "input": {"label", "element", "hint", "optional", "dispatch_action"},
    "rich_text": {"elements"},
    "markdown": {"text"},
}
_SELECT = {"placeholder", "options", "option_groups", "initial_option", "confirm", "focus_on_load"}
_ASKING = _SELECT - {"options", "option_groups"} | {"min_query_length"}
ELEMENT_FIELDS: Mapping[str, set[str]] = {
    "button": {"text", "url", "value", "style", "confirm", "accessibility_label"},
    "static_select": _SELECT,
    "multi_static_select": _SELECT | {"initial_options", "max_selected_items"},
    "external_select": _ASKING,
    "multi_external_select": _ASKING | {"initial_options", "max_selected_items"},
    "conversations_select": {
        "placeholder",
        "initial_conversation",
        "default_to_current_conversation",
        "response_url_enabled",
        "filter",
        "confirm",
        "focus_on_load",
    },
    "overflow": {"options", "confirm"},
    "checkboxes": {"options", "initial_options", "confirm", "focus_on_load"},
    "datetimepicker": {"initial_date_time", "confirm", "focus_on_load"},
    "radio_buttons": {"options", "initial_option", "confirm", "focus_on_load"},
    "plain_text_input": {
        "multiline",
        "initial_value",
        "min_length",
        "max_length",
        "placeholder",
        "dispatch_action_config",
        "focus_on_load",
    },
}
OPTIONS_MAX: Mapping[str, int] = {"overflow": 5, "checkboxes": 10, "radio_buttons": 10}

RICH_PARTS = {"rich_text_section", "rich_text_list", "rich_text_quote", "rich_text_preformatted"}
_STYLED = {"style"}
RICH_FIELDS: Mapping[str, set[str]] = {
    "rich_text_section": {"elements"},
    "rich_text_list": {"elements", "style", "indent", "offset", "border"},
    "rich_text_quote": {"elements", "border"},
    "rich_text_preformatted": {"elements", "border"},
    "text": {"text"} | _STYLED,
    "link": {"url", "text", "unsafe"} | _STYLED,
    "emoji": {"name", "unicode", "skin_tone"},
    "user": {"user_id"} | _STYLED,
    "usergroup": {"usergroup_id"} | _STYLED,
    "channel": {"channel_id"} | _STYLED,
    "broadcast": {"range"} | _STYLED,
    "date": {"timestamp", "format", "url", "fallback"},
    "color": {"value"},
}
RICH_PIECES = RICH_FIELDS.keys() - RICH_PARTS
STYLES = {"bold", "italic", "strike", "code"}

TYPES: Mapping[str, type] = {
    **dict.fromkeys(("emoji", "verbatim", "optional", "expand", "multiline", "dispatch_action", "focus_on_load"), bool),
    **dict.fromkeys(("default_to_current_conversation", "response_url_enabled", "unsafe", *STYLES), bool),
    **dict.fromkeys(("min_length", "max_length", "min_query_length", "max_selected_items", "timestamp"), int),
    **dict.fromkeys(("indent", "offset", "border", "skin_tone"), int),
    **dict.fromkeys(("type", "value", "url", "action_id", "block_id", "fallback", "name", "format"), str),
}
"""Types of scalar values by key. A key has the same type everywhere."""


def no_file(_value: Any) -> bool:
    return False


def problems(blocks: Any, *, most: int = BLOCKS_IN_MESSAGE, is_file: IsFile = no_file) -> list[str]:
    """Return all of Slack's complaints about these blocks; none if it would accept them."""
    if not isinstance(blocks, list) or not all(isinstance(block, dict) for block in blocks):
        return ["must be an array of objects [json-pointer:/blocks]"]
    mistakes = list(_count(blocks, most, "/blocks", least=0))
    for number, block in enumerate(blocks):
        mistakes += _mistyped(block, f"/blocks/{number}") or _block(block, f"/blocks/{number}", is_file)
    return [*mistakes, *_twice(blocks)]


def too_long(blocks: Sequence[Json]) -> bool:
    """Tell whether the blocks have more text than a message takes. Options don't count."""
    return sum(CONTAINER + _text_length(block) for block in blocks) > TOTAL_MAX


def _text_length(part: Any) -> int:
    if isinstance(part, list):
        return sum(map(_text_length, part))
    if not isinstance(part, dict):
        return 0
    own = len(part["text"]) if isinstance(part.get("text"), str) else 0
    return own + sum(_text_length(value) for key, value in part.items() if key not in {"options", "option_groups"})


def elements(blocks: Iterable[Json]) -> Iterator[Json]:
    """Yield all usable elements."""
    for block in blocks:
        yield from (one for one in block.get("elements", ()) if block["type"] == "actions")
        yield from (block[key] for key in ("accessory", "element") if "action_id" in block.get(key, {}))


def _mistyped(part: Any, at: str) -> list[str]:
    """Complain about each value of another type than its key asks for, at any depth. Booleans aren't numbers."""
    if isinstance(part, list):
        return [problem for number, one in enumerate(part) for problem in _mistyped(one, f"{at}/{number}")]
    if not isinstance(part, dict):
        return []
    problems = [problem for name, value in part.items() for problem in _mistyped(value, f"{at}/{name}")]
    return problems + [
        f"must be of type {TYPES[name].__name__} [json-pointer:{at}/{name}]"
        for name, value in part.items()
        if name in TYPES and type(value) is not TYPES[name]
    ]


# --- one block ---


def _block(block: Json, at: str, is_file: IsFile) -> Iterator[str]:
    kind = str(block.get("type"))
    if kind not in FIELDS:
        yield f"unsupported type: {kind} [json-pointer:{at}/type]"
        return
    yield from _unknown(block, FIELDS[kind] | _ANY, at)
    yield from _length(block.get("block_id"), ID_MAX, f"{at}/block_id")
    match kind:
        case "section":
            yield from _section(block, at, is_file)
        case "header":
            yield from _text(block.get("text"), 150, f"{at}/text", plain=True)
        case "context":
            yield from _context(block, at, is_file)
        case "actions":
            yield from _elements(block, at, IN_ACTIONS, 25, is_file)
        case "image":
            yield from _image(block, at, is_file)
        case "input":
            yield from _input(block, at, is_file)
        case "rich_text":
            yield from _rich(block, at, RICH_PARTS)
        case "markdown":
            yield from _length(block.get("text"), TOTAL_MAX, f"{at}/text", least=1, needed=True)


def _section(block: Json, at: str, is_file: IsFile) -> Iterator[str]:
    if "text" not in block and "fields" not in block:
        yield f"missing required field: text [json-pointer:{at}]"
    if "text" in block:
        yield from _text(block["text"], 3000, f"{at}/text")
    if "fields" in block:
        yield from _count(block["fields"], 10, f"{at}/fields")
        for number, one in enumerate(block["fields"]):
            yield from _text(one, 2000, f"{at}/fields/{number}")
    if "accessory" in block:
        yield from _element(block["accessory"], f"{at}/accessory", BESIDE_TEXT, is_file)


def _context(block: Json, at: str, is_file: IsFile) -> Iterator[str]:
    parts = block.get("elements")
    yield from _count(parts, 10, f"{at}/elements")
    for number, part in enumerate(parts or ()):
        if part.get("type") == "image":
            yield from _image(part, f"{at}/elements/{number}", is_file)
        else:
            yield from _text(part, 3000, f"{at}/elements/{number}")


def _elements(block: Json, at: str, allowed: set[str], most: int, is_file: IsFile) -> Iterator[str]:
    parts = block.get("elements")
    yield from _count(parts, most, f"{at}/elements")
    for number, part in enumerate(parts or ()):
        yield from _element(part, f"{at}/elements/{number}", allowed, is_file)


def _image(block: Json, at: str, is_file: IsFile) -> Iterator[str]:
    yield from _length(block.get("alt_text"), 2000, f"{at}/alt_text", needed=True)
    if ("image_url" in block) == ("slack_file" in block):
        yield f"exactly one of image_url and slack_file is wanted [json-pointer:{at}]"
    if "image_url" in block:
        yield from _length(block["image_url"], 3000, f"{at}/image_url", least=1)
    if "slack_file" in block and not is_file(block["slack_file"]):
        yield f"invalid slack file [json-pointer:{at}/slack_file]"
    if "title" in block:
        yield from _text(block["title"], 2000, f"{at}/title", plain=True)


def _input(block: Json, at: str, is_file: IsFile) -> Iterator[str]:
    yield from _text(block.get("label"), 2000, f"{at}/label", plain=True)
    if "hint" in block:
        yield from _text(block["hint"], 2000, f"{at}/hint", plain=True)
    yield from _element(block.get("element"), f"{at}/element", IN_INPUT, is_file)


def _rich(part: Json, at: str, allowed: AbstractSet[str]) -> Iterator[str]:
    inner = part.get("elements")
    if not isinstance(inner, list) or not inner:
        yield f"must have at least 1 item [json-pointer:{at}/elements]"
        return
    for number, child in enumerate(inner):
        here, kind = f"{at}/elements/{number}", child.get("type")
        if kind not in allowed:
            yield f"unsupported type: {kind} [json-pointer:{here}/type]"
            continue
        yield from _unknown(child, RICH_FIELDS[kind] | {"type"}, here)
        if isinstance(child.get("style"), dict):
            yield from _unknown(child["style"], STYLES, f"{here}/style")
        if kind in RICH_PARTS:
            yield from _rich(child, here, {"rich_text_section"} if kind == "rich_text_list" else RICH_PIECES)
        elif kind == "text" and not child.get("text"):  # a gap between two pieces may be only spaces
            yield f"must be more than 0 characters [json-pointer:{here}/text]"
        elif kind == "link" and not str(child.get("url", "")).startswith(("http://", "https://", "mailto:")):
            yield f"Invalid URL [json-pointer:{here}/url]"
        elif kind == "date" and not (isinstance(child.get("timestamp"), int) and child.get("format")):
            yield f"missing required field: timestamp, format [json-pointer:{here}]"


# --- controls ---


def _element(element: Any, at: str, allowed: set[str], is_file: IsFile) -> Iterator[str]:
    kind = element.get("type") if isinstance(element, dict) else None
    if kind not in allowed:
        yield f"unsupported type: {kind} [json-pointer:{at}/type]"
        return
    if kind == "image":
        yield from _image(element, at, is_file)
        return
    if kind in ELEMENT_FIELDS:
        yield from _unknown(element, ELEMENT_FIELDS[kind] | {"type", "action_id"}, at)
    yield from _length(element.get("action_id"), ID_MAX, f"{at}/action_id", least=1)
    if kind == "button":
        yield from _button(element, at)
    elif kind == "plain_text_input":
        yield from _text_input(element, at)
    elif kind == "datetimepicker":
        initial = element.get("initial_date_time", DATE_MIN)
        if type(initial) is not int or len(str(initial)) != len(str(DATE_MIN)):
            yield f"must be a timestamp of 10 digits [json-pointer:{at}/initial_date_time]"
    elif "external" in kind:
        yield from options(_chosen(element), f"{at}/initial_option")
    elif "options" in element or "static" in kind or kind in OPTIONS_MAX:
        yield from _options(element, at)
    if "placeholder" in element:
        yield from _text(element["placeholder"], 150, f"{at}/placeholder", plain=True)
    if "confirm" in element:
        yield from _confirm(element["confirm"], f"{at}/confirm")


def _button(element: Json, at: str) -> Iterator[str]:
    yield from _text(element.get("text"), 75, f"{at}/text", plain=True)
    yield from _length(element.get("value"), 2000, f"{at}/value")
    yield from _length(element.get("url"), 3000, f"{at}/url")
    if element.get("style", "primary") not in {"primary", "danger"}:
        yield f"must be one of: primary, danger [json-pointer:{at}/style]"


def _text_input(element: Json, at: str) -> Iterator[str]:
    shortest, longest = element.get("min_length", 0), element.get("max_length", 3000)
    if not 0 <= shortest <= 3000 or not 1 <= longest <= 3000 or shortest > longest:
        yield f"must be a length between 0 and 3000 [json-pointer:{at}/max_length]"
    yield from _length(element.get("initial_value"), longest, f"{at}/initial_value")


def _options(element: Json, at: str) -> Iterator[str]:
    offered = element.get("options")
    groups = element.get("option_groups")
    if (offered is None) == (groups is None):
        yield f"exactly one of options and option_groups is wanted [json-pointer:{at}]"
        return
    if groups is not None:
        yield from _count(groups, 100, f"{at}/option_groups")
        offered = [option for group in groups for option in group["options"]]
    yield from _count(offered, OPTIONS_MAX.get(element["type"], 100), f"{at}/options")
    yield from options(offered or (), f"{at}/options")
    if any(one not in (offered or ()) for one in _chosen(element)):
        yield f"initial option must be among the options [json-pointer:{at}/initial_option]"
    most = element.get("max_selected_items", len(offered or ()) if element["type"] == "checkboxes" else 1)
    if most < max(len(element.get("initial_options", ())), 1):
        yield f"must be greater than the number of initial options [json-pointer:{at}/max_selected_items]"


def _chosen(element: Json) -> list[Json]:
    return [*element.get("initial_options", ()), *filter(None, [element.get("initial_option")])]


def options(offered: Sequence[Json], at: str) -> Iterator[str]:
    """Yield the problems of options from any source."""
    values = [option.get("value") for option in offered]
    if len(set(map(str, values))) != len(values):
        yield f"option values must be unique [json-pointer:{at}]"
    for number, option in enumerate(offered):
        here = f"{at}/{number}"
        yield from _unknown(option, {"text", "value", "description", "url"}, here)
        yield from _text(option.get("text"), 75, f"{here}/text")
        yield from _length(option.get("value"), 150, f"{here}/value", needed=True)
        if "description" in option:
            yield from _text(option["description"], 75, f"{here}/description")


def _confirm(confirm: Json, at: str) -> Iterator[str]:
    for name, most in (("title", 100), ("confirm", 30), ("deny", 30)):
        yield from _text(confirm.get(name), most, f"{at}/{name}", plain=True)
    yield from _text(confirm.get("text"), 300, f"{at}/text")


def suggestions(answer: Any) -> tuple[list[Json], list[str]]:
    """Return a type-ahead select's options after this answer to `block_suggestion`, and Slack's complaints about it."""
    choices = answer.get("options") if isinstance(answer, dict) else None
    if not isinstance(choices, list):
        return [], ["must be an object with options [json-pointer:/options]"]
    return choices, [*_count(choices, 100, "/options", least=0), *options(choices, "/options")]


# --- small checks ---


def _text(text: Any, most: int, at: str, *, plain: bool = False) -> Iterator[str]:
    """Check a text object."""
    if not isinstance(text, dict) or text.get("type") not in ({"plain_text"} if plain else {"plain_text", "mrkdwn"}):
        yield f"must provide a text object [json-pointer:{at}]"
        return
    yield from _unknown(text, {"type", "text", "emoji" if text["type"] == "plain_text" else "verbatim"}, at)
    yield from _length(text.get("text"), most, f"{at}/text", least=1, needed=True)


def _length(value: Any, most: int, at: str, *, least: int = 0, needed: bool = False) -> Iterator[str]:
    if value is None:
        if needed:
            yield f"missing required field [json-pointer:{at}]"
    elif not isinstance(value, str):
        yield f"must be a string [json-pointer:{at}]"
    elif len(value) > most:
        yield f"must be less than {most + 1} characters [json-pointer:{at}]"
    elif len(value.strip()) < least:
        yield f"must be more than {least - 1} characters [json-pointer:{at}]"


def _count(value: Any, most: int, at: str, *, least: int = 1) -> Iterator[str]:
    if not isinstance(value, list) or len(value) < least:
        yield f"no less than {least} items allowed [json-pointer:{at}]"
    elif len(value) > most:
        yield f"no more than {most} items allowed [json-pointer:{at}]"


def _unknown(content: Json, keys: set[str], at: str) -> Iterator[str]:
    for name in content.keys() - keys:
        yield f"invalid additional property: {name} [json-pointer:{at}]"


def _twice(blocks: Sequence[Json]) -> Iterator[str]:
    yield from _repeated("block_id", (block.get("block_id") for block in blocks))
    yield from _repeated("action_id", (element.get("action_id") for element in elements(blocks)))


def _repeated(name: str, ids: Iterable[Any]) -> Iterator[str]:
    earlier: set[str] = set()
    for one in ids:
        if one and one in earlier:
            yield f"`{name}` {one!r} already exists for another element [json-pointer:/blocks]"
        earlier.add(one)
