"""Check a body by hand against the limits that Discord's OpenAPI file omits.

https://discord.com/developers/docs/components/reference, /resources/message and /interactions/application-commands.
Each function returns the problems in words.
"""

from __future__ import annotations

import base64
import re
from collections import Counter
from collections.abc import Collection, Iterator
from typing import Any

from tests.wire.discord.model import (
    ACTION_ROW,
    BUTTON,
    CHECK_BOXES,
    COMPONENTS_V2,
    RADIO_BUTTONS,
    SELECT,
    TEXT_DISPLAY,
    Json,
    walk,
)

COMPONENTS_MAX = 40
TEXT_MAX = 4000
CONTENT_MAX = 2000
ROWS_MAX = 5
BUTTONS_MAX = 5
FILE_MAX = 10 * 1024 * 1024
EMOJI_MAX, EMOJI_BYTES_MAX = 2000, 256 * 1024
COMMAND_MAX = 8000
COMMANDS_MAX = {1: 100, 2: 15, 3: 15}
OPTIONS_MAX = CHOICES_MAX = 25
LINK, PREMIUM = 5, 6
SUBCOMMAND, GROUP = 1, 2
_NAME = re.compile(r"[-_'\w]{1,32}")
_CONTENTS = ("content", "embeds", "attachments", "components", "sticker_ids", "poll")


def message_problems(body: Json, files: dict[str, bytes], *, new: bool, was_v2: bool = False) -> list[str]:
    """Check a new or changed message. With `was_v2`, it already has Components V2."""
    return list(_message(body, files, new=new, was_v2=was_v2))


def _message(body: Json, files: dict[str, bytes], *, new: bool, was_v2: bool) -> Iterator[str]:
    flags = int(body.get("flags") or 0)
    v2 = bool(flags & COMPONENTS_V2)
    components: list[Json] = body.get("components") or []
    if was_v2 and body.get("flags") is not None and not v2:
        yield "flags: Components V2 can't be taken off a message"
    if v2 or was_v2:
        yield from (
            f"{key}: can't stand beside Components V2"
            for key in ("content", "embeds", "poll", "sticker_ids")
            if body.get(key)
        )
        yield from _layout(components)
    else:
        yield from _rows_only(components)
    if len(body.get("content") or "") > CONTENT_MAX:
        yield f"content: more than {CONTENT_MAX} characters"
    if new and not files and not any(body.get(key) for key in _CONTENTS):
        yield "Cannot send an empty message"
    yield from _uploads(body, files)
    yield from component_problems(components)


def _layout(components: list[Json]) -> Iterator[str]:
    everything = list(walk(components))
    if len(everything) > COMPONENTS_MAX:
        yield f"components: {len(everything)}, nested ones too, which is more than {COMPONENTS_MAX}"
    written = sum(len(component["content"]) for component in everything if component["type"] == TEXT_DISPLAY)
    if written > TEXT_MAX:  # D-long
        yield f"components: {written} characters of text in all, more than {TEXT_MAX}"


def _rows_only(components: list[Json]) -> Iterator[str]:
    if len(components) > ROWS_MAX:
        yield f"components: more than {ROWS_MAX} rows without the flag of Components V2"
    if any(component["type"] != ACTION_ROW for component in components):
        yield "components: only action rows without the flag of Components V2"


def _uploads(body: Json, files: dict[str, bytes]) -> Iterator[str]:
    names = set(files) | {str(attachment.get("filename")) for attachment in body.get("attachments") or []}
    for name, content in files.items():
        if len(content) > FILE_MAX:
            yield f"{name}: more than {FILE_MAX} bytes"
    for component in walk(body.get("components") or []):
        for url in _media(component):
            if url.startswith("attachment://") and url.removeprefix("attachment://") not in names:
                yield f"components: {url} was not uploaded"


def _media(component: Json) -> Iterator[str]:
    for holder in (component, *component.get("items", ())):
        for key in ("media", "file"):
            yield str((holder.get(key) or {}).get("url", ""))


def component_problems(components: list[Json]) -> Iterator[str]:
    """Check the rules that messages and modals share."""
    everything = list(walk(components))
    for key in ("custom_id", "id"):  # D-unique
        used = Counter(component[key] for component in everything if component.get(key))
        yield from (f"components: {key} {value!r} is used {times} times" for value, times in used.items() if times > 1)
    for component in everything:
        if component["type"] == ACTION_ROW:
            yield from _row(component)
        elif component["type"] == BUTTON:
            yield from _button(component)
        elif component["type"] in {SELECT, RADIO_BUTTONS, CHECK_BOXES}:
            yield from _picking(component)


def _row(row: Json) -> Iterator[str]:
    kinds = [child["type"] for child in row["components"]]
    if not kinds or len(kinds) > BUTTONS_MAX:
        yield f"components: a row of {len(kinds)}"
    if len(kinds) > 1 and any(kind != BUTTON for kind in kinds):
        yield "components: a select shares its row"


def _button(button: Json) -> Iterator[str]:
    key = {LINK: "url", PREMIUM: "sku_id"}.get(button["style"], "custom_id")
    keys = [key for key in ("url", "sku_id", "custom_id") if button.get(key)]
    if keys != [key]:
        yield f"components: a button of style {button['style']} has {keys}"
    if key != "sku_id" and not (str(button.get("label") or "").strip() or button.get("emoji")):
        yield "components: a button on which nothing can be seen"


def _picking(picking: Json) -> Iterator[str]:
    """Check a select, radio buttons or check boxes."""
    options: list[Json] = picking["options"]
    least, most = picking.get("min_values", 1), picking.get("max_values", 1)
    if not least <= most <= len(options):
        yield f"components: of {len(options)} options {least} to {most} are taken"
    if picking["type"] == CHECK_BOXES and picking.get("required", True) and least == 0:
        yield "components: check boxes that must be filled in, and take none"
    if len({option["value"] for option in options}) < len(options):
        yield "components: one value stands twice"
    if sum(bool(option.get("default")) for option in options) > most:
        yield "components: more defaults than are taken"
    if any(not option["label"].strip() for option in options):
        yield "components: an option on which nothing can be seen"


def modal_problems(data: Json) -> list[str]:
    components: list[Json] = data.get("components") or []
    problems = list(component_problems(components))
    if not 1 <= len(components) <= ROWS_MAX:
        problems.append(f"components: a modal of {len(components)}")
    return problems


def choice_problems(choices: list[Json]) -> list[str]:
    """Check the suggestions for a half-typed option."""
    problems = [] if len(choices) <= CHOICES_MAX else [f"choices: {len(choices)}, more than {CHOICES_MAX}"]
    for choice in choices:
        if not str(choice["name"]).strip():
            problems.append("choices: a choice on which nothing can be seen")
        if not 1 <= len(str(choice["value"])) <= 100:
            problems.append(f"choices: a value of {len(str(choice['value']))} characters")
    return problems


def emoji_problems(body: Json, present: Collection[Json]) -> list[str]:
    """Check a new emoji of an application that has the others."""
    problems = []
    if len(present) >= EMOJI_MAX:
        problems.append(f"more than {EMOJI_MAX} emoji")
    if any(other["name"] == body["name"] for other in present):
        problems.append(f"{body['name']}: twice")
    if len(base64.b64decode(body["image"].partition(",")[2])) > EMOJI_BYTES_MAX:
        problems.append(f"{body['name']}: more than {EMOJI_BYTES_MAX} bytes")
    return problems


def command_problems(commands: list[Json]) -> list[str]:
    """Check all commands of an application, or those in one server."""
    problems = []
    kinds = Counter(command.get("type") or 1 for command in commands)
    problems += [f"{number} commands of type {kind}" for kind, number in kinds.items() if number > COMMANDS_MAX[kind]]
    names = Counter((command.get("type") or 1, command["name"]) for command in commands)
    problems += [f"{name}: twice" for (_, name), times in names.items() if times > 1]
    for command in commands:
        problems += _command(command)
    return problems


def _command(command: Json) -> list[str]:
    name, slash = command["name"], (command.get("type") or 1) == 1
    if not slash:
        return [f"{name}: a context menu has no description"] if command.get("description") else []
    problems = list(_name_and_description(command)) + list(_options(name, command.get("options") or []))
    if _characters(command) > COMMAND_MAX:
        problems.append(f"{name}: {_characters(command)} characters in all, more than {COMMAND_MAX}")
    return problems


def _name_and_description(thing: Json) -> Iterator[str]:
    name = thing["name"]
    if not _NAME.fullmatch(name) or name != name.lower():
        yield f"{name!r} is not a name for a command or an option"
    if not 1 <= len(thing.get("description") or "") <= 100:
        yield f"{name}: a description of {len(thing.get('description') or '')} characters"


def _options(name: str, options: list[Json]) -> Iterator[str]:
    if len(options) > OPTIONS_MAX:
        yield f"{name}: {len(options)} options"
    if len({option["name"] for option in options}) < len(options):
        yield f"{name}: two options of one name"
    required = [bool(option.get("required")) for option in options]
    if required != sorted(required, reverse=True):
        yield f"{name}: required options come first"
    nested = {option["type"] in {SUBCOMMAND, GROUP} for option in options}
    if len(nested) > 1:
        yield f"{name}: subcommands and plain options together"
    for option in options:
        yield from _name_and_description(option)
        yield from _choices(option)
        yield from _options(f"{name} {option['name']}", option.get("options") or [])


def _choices(option: Json) -> Iterator[str]:
    choices: Collection[Any] = option.get("choices") or ()
    if len(choices) > CHOICES_MAX:
        yield f"{option['name']}: {len(choices)} choices"
    if choices and option.get("autocomplete"):
        yield f"{option['name']}: choices and autocomplete together"
    if any(not 1 <= len(choice["name"]) <= 100 or not 1 <= len(str(choice["value"])) <= 100 for choice in choices):
        yield f"{option['name']}: a choice's name or value has 1 to 100 characters"


def _characters(command: Json) -> int:
    own = len(command["name"]) + len(command.get("description") or "")
    choices: Collection[Json] = command.get("choices") or ()
    own += sum(len(choice["name"]) + len(str(choice["value"])) for choice in choices)
    return own + sum(_characters(option) for option in command.get("options") or ())
