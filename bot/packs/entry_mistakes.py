"""The mistakes in one entry, in an editor's words.

`complaints(model, table)` validates a mapping and returns the model, or a list of Complaint: the place in the
mapping, and the remedy. The validator's own words, which quote values of any length, are never shown.
"""

from __future__ import annotations

import datetime as dt
import difflib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cache
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError

from bot.packs.fields import partial_date
from bot.packs.yaml_document import Table, excerpt
from bot.packs.yaml_mistakes import Place

Path = tuple[str | int, ...]
Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Complaint:
    """One mistake.

    `at_key` says that it is in the key, not in its value; `at` is a place of its own; `within` is the key of the text
    that contains it.
    """

    path: Path
    code: str
    message: str
    at_key: bool = False
    at: Place | None = None
    within: Path = ()


def complaints(model: type[Model], table: Table) -> Model | list[Complaint]:
    """Return the valid model, or every mistake in the table."""
    hidden = [*_swallowed(model, table), *_empty_unknown(model, table)]
    try:
        valid: Model = model.__pydantic_validator__.validate_python(table, by_alias=True, by_name=False)
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False)
    else:
        return hidden or valid
    mistakes = [_complaint(model, table, detail) for detail in details]
    spoilt = {complaint.within for complaint in hidden}
    return _joined([complaint for complaint in mistakes if complaint.path[-1:] not in spoilt], hidden)


def _swallowed(model: type[BaseModel], table: Table) -> Iterator[Complaint]:
    """Missing keys that begin a line inside one of the table's texts."""
    tables = [table, *(value for value in table.values() if isinstance(value, Table))]
    if any(inner.swallowed for inner in tables):
        places = {key: spot for inner in reversed(tables) for key, spot in inner.swallowed.items()}
        for key in key_names(model):
            if key in places and key not in table.keys_at:
                within, at = places[key]
                message = (
                    f"`{key}` has become part of the text above: indent it like the other keys of its entry. If it's "
                    "text, don't begin a line with it"
                )
                yield Complaint((key,), "indentation", message, at=at, within=(within,))


def _empty_unknown(model: type[BaseModel], table: Table, around: Path = ()) -> Iterator[Complaint]:
    """Unknown keys without a value: often text that a comma or a brace cut off."""
    names = key_names(model)
    for key in table.keys_at:
        if key not in table and key not in names:
            message = f"{_unknown_key(model, key)}. If it is part of a text, put the whole text in quotes"
            yield Complaint((*around, key), "unknown-key", message, at_key=True)
    for key, value in table.items():
        if isinstance(value, Table) and key in names:
            inner = _owner_model(model, (key, ""))
            if inner is not model:
                yield from _empty_unknown(inner, value, (*around, key))


def _joined(mistakes: Sequence[Complaint], hidden: Sequence[Complaint]) -> list[Complaint]:
    """Join all missing keys of a table into one complaint, and drop those that are only misspelt or misplaced."""
    missing: dict[Path, list[str]] = {}
    others = [*hidden]
    elsewhere = {complaint.path for complaint in hidden}
    for complaint in mistakes:
        if complaint.code == "missing-key":
            missing.setdefault(complaint.path[:-1], []).append(str(complaint.path[-1]))
    for complaint in mistakes:
        if complaint.code == "unknown-key":
            *around, key = complaint.path
            suggestion = _SUGGESTED_KEY.search(complaint.message)
            if suggestion is not None:
                elsewhere.add((*around, suggestion[1]))
            elif around and str(key) in missing.get(tuple(around[:-1]), ()):
                elsewhere.add((*around[:-1], key))
                message = (
                    f"`{key}` stands among the keys of `{around[-1]}`: give it as many spaces as `{around[-1]}` has"
                )
                others.append(Complaint(complaint.path, "indentation", message, at_key=True))
                continue
        if complaint.code != "missing-key":
            others.append(complaint)
    for path, keys in missing.items():
        names = [key for key in keys if (*path, key) not in elsewhere]
        if names:
            quoted = [f"`{key}`" for key in names]
            message = (
                f"{', '.join(quoted[:-1])} and {quoted[-1]} are missing" if names[1:] else f"{quoted[0]} is missing"
            )
            lines = ", ".join(f"`{key}: …`" for key in names)
            others.append(Complaint(path, "missing-key", f"{message}: add {lines}"))
    return others


_SUGGESTED_KEY = re.compile(r"did you mean `(\w+)`")


def takes_text(model: type[BaseModel], keys: Sequence[str]) -> bool:
    """Whether a model's value under these keys is text. Numbers and dates aren't: they need no quotes."""
    return _takes_text(model, tuple(keys))


@cache
def _takes_text(model: type[BaseModel], keys: tuple[str, ...]) -> bool:
    if not keys:
        return False
    for name, info in model.model_fields.items():
        if (info.alias or name) == keys[0]:
            parts = [info.annotation, *info.metadata]
            inner = next(
                (part for part in _flat(parts) if isinstance(part, type) and issubclass(part, BaseModel)), None
            )
            if inner is not None:
                return _takes_text(inner, keys[1:])
            return not any(_never_text(part) for part in _flat(parts))
    return False


def _never_text(part: Any) -> bool:
    """Whether a value of this type needs no quotes: numbers and dates; and no choice is called yes or no."""
    choice = isinstance(part, type) and issubclass(part, Enum)
    return choice or part in (int, bool, dt.date) or getattr(part, "func", None) is partial_date


def _flat(parts: Sequence[Any]) -> list[Any]:
    """The types and validators in an annotation, at any depth."""
    parts_inside: list[Any] = []
    for part in parts:
        parts_inside.append(part)
        parts_inside.extend(_flat(get_args(part)))
        parts_inside.extend(getattr(part, "__metadata__", ()))
    return parts_inside


def key_names(model: type[BaseModel]) -> list[str]:
    """The keys of a model, as an editor writes them."""
    return [info.alias or name for name, info in model.model_fields.items()]


def _complaint(model: type[BaseModel], table: Table, detail: Mapping[str, Any]) -> Complaint:
    path: Path = tuple(detail["loc"])
    kind: str = detail["type"]
    context: Mapping[str, Any] = detail.get("ctx", {})
    value, owner, path = _value(table, path)
    key = next((str(step) for step in reversed(path) if isinstance(step, str)), "")
    if kind == "missing":
        if isinstance(owner, Table) and path[-1] in owner.keys_at:
            return Complaint(path, "empty-value", f"`{key}` is empty: write its value", at_key=True)
        return Complaint(path, "missing-key", "")
    if kind == "extra_forbidden":
        return Complaint(path, "unknown-key", _unknown_key(_owner_model(model, path), key), at_key=True)
    if kind == "value_error":
        empty = [name for name in key_names(model) if name in table.keys_at and name not in table]
        if not path and empty:  # an entry as a whole is wrong because a value is still empty
            return Complaint((empty[0],), "empty-value", f"`{empty[0]}` is empty: write its value", at_key=True)
        message = str(context.get("error", ""))
        return Complaint(path, "invalid-value", f"`{key}` {message}" if key else f"this entry {message}")
    words = _WORDS.get(kind)
    message = words(context, value) if words else "isn't what belongs here: see its description in the schema"
    return Complaint(path, _CODES.get(kind, "invalid-value"), f"`{key}` {message}" if key else f"this {message}")


def _value(table: Table, path: Path) -> tuple[Any, Any, Path]:
    """Follow a path to its value, its container (None at the top), and the path up to a text on the way."""
    owner: Any = None
    value: Any = table
    for number, step in enumerate(path):
        if isinstance(value, str):  # text in place of a list or a table, which the short form allows
            return value, owner, path[:number]
        owner = value
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            value = None
    return value, owner, path


def _owner_model(model: type[BaseModel], path: Path) -> type[BaseModel]:
    for step in path[:-1]:
        for name, info in model.model_fields.items():
            inner = next(
                (part for part in _flat([info.annotation]) if isinstance(part, type) and issubclass(part, BaseModel)),
                None,
            )
            if (info.alias or name) == step and inner is not None:
                model = inner
    return model


def _unknown_key(model: type[BaseModel], key: str) -> str:
    names = key_names(model)
    nearest = difflib.get_close_matches(key[:80], names, n=1)
    if nearest:
        return f"`{excerpt(key)}` isn't known here: did you mean `{nearest[0]}`?"
    return f"`{excerpt(key)}` isn't known here: use {', '.join(names)}"


def _no_choice(context: Mapping[str, Any], value: Any) -> str:
    choices = str(context.get("expected", "")).replace(" or ", ", ").replace("'", "").split(", ")
    nearest = _nearest_choice(value, choices) if isinstance(value, str) else []
    hint = f"did you mean {nearest[0]}? It is " if nearest else "write "
    what = f"can't be '{excerpt(value)}'" if isinstance(value, str) else "has no such value"
    return f"{what}: {hint}one of {', '.join(choices)}"


def _nearest_choice(value: str, choices: Sequence[str]) -> list[str]:
    parts = [choice for choice in choices if value in choice.split("-")]
    return difflib.get_close_matches(value[:80], choices, n=1) or parts[:1]


def _wrong_pattern(context: Mapping[str, Any], value: Any) -> str:
    pattern = str(context.get("pattern", ""))
    text = excerpt(value) if isinstance(value, str) else ""
    if "http" in pattern:
        return f"can't be '{text}': write a web address that begins with https:// and has no spaces"
    if "a-z0-9" in pattern:
        return f"can't be '{text}': use lowercase letters, digits and single hyphens, such as insurrection-act"
    if "\\r\\n" in pattern:
        return "must stay on one line: join its lines"
    return f"can't be '{text}': write a language code such as en"


def _too_long(context: Mapping[str, Any], value: Any) -> str:
    size = len(value) if isinstance(value, str) else 0
    most = context.get("max_length", 0)
    why = ", since buttons carry it" if most in {24, 40} else ""
    return f"has {size} characters and may have {most}{why}: shorten it"


def _no_text(_: Mapping[str, Any], value: Any) -> str:
    if value is None:
        return "is empty: write some text"
    return "must be text: put it in quotes if it has brackets or braces, and write it without a hyphen"


_WORDS: Mapping[str, Callable[[Mapping[str, Any], Any], str]] = {
    "enum": _no_choice,
    "string_pattern_mismatch": _wrong_pattern,
    "string_too_long": _too_long,
    "string_too_short": lambda _context, _value: "is empty: write some text",
    "string_type": _no_text,
    "int_parsing": lambda _context, value: f"must be a whole number, not '{excerpt(str(value))}'",
    "bool_parsing": lambda _context, value: f"must be true or false, not '{excerpt(str(value))}'",
    "bool_type": lambda _context, _value: "must be true or false",
    "int_type": lambda _context, _value: "must be a whole number",
    "int_from_float": lambda _context, _value: "must be a whole number",
    "int_parsing_size": lambda _context, _value: "is too large a number",
    "greater_than_equal": lambda context, _value: f"must be {context.get('ge')} or more",
    "less_than_equal": lambda context, _value: f"must be {context.get('le')} or less",
    "tuple_type": lambda _context, _value: (
        "must be a list: put each item on its own line after a hyphen, or in [brackets]"
    ),
    "model_type": lambda _context, _value: (
        "must have its own keys: write each on a line under it, two spaces further right"
    ),
    "date_type": lambda _context, _value: "must be a day, written like 2025-02-20",
}
_CODES: Mapping[str, str] = {
    "string_too_long": "too-long",
    "string_too_short": "empty-value",
    "string_type": "not-text",
    "tuple_type": "not-a-list",
    "model_type": "not-a-table",
}
