"""JSON Schemas of a pack's files, with which an editor's program completes and checks them during typing.

    schemas() -> {"pack": {...}, "facts": {...}, ...}      one for pack.yaml and one for each part
    write_schemas(folder)                                  the same as NAME.schema.json

Generated from model.py, so they define what the loader accepts, except rules for the whole pack (links).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from bot.packs.model import Argument, Entry, Event, Fact, Option, PackInfo, Position, Source, Statement, Term
from bot.packs.pack import PARTS

DIALECT = "https://json-schema.org/draft/2020-12/schema"
Schema = dict[str, Any]

_TITLES: Mapping[str, str] = {
    "pack": "Parley: the description of a pack",
    "facts": "Parley: claims of the essay, judged",
    "arguments": "Parley: positions, and arguments for and against",
    "sources": "Parley: sources",
    "options": "Parley: policies to vote on",
    "statements": "Parley: sentences to agree or disagree with",
    "glossary": "Parley: words of the debate, explained",
    "timeline": "Parley: timeline",
}
_LISTS: Mapping[str, str] = {
    "facts": "Facts, in the order of the essay.",
    "positions": "Stances that people argue for and against.",
    "arguments": "Arguments; of those about the same thing, the first is the strongest.",
    "sources": "Sources; other entries name them by id.",
    "options": "Policy options.",
    "statements": "Statements, leaning in balance.",
    "terms": "Terms, in any order.",
    "events": "Events, in any order; they are shown by date.",
}
_EXAMPLES: Mapping[type[BaseModel], Mapping[str, Any]] = {
    PackInfo: {
        "id": "city-parking",
        "title": "Parking in the city",
        "summary": "Should the city have fewer parking places?",
        "essay": {"title": "Streets for people", "paragraphs": 9},
        "language": "en",
        "reviewed": "2025-02-20",
        "review_every": 90,
    },
    Fact: {
        "id": "street-space",
        "statement": "Parked cars take a third of the space of the city's streets.",
        "essay": {"paragraph": 2, "quote": "a third of our streets is parking"},
        "attributed_to": "the author",
        "kind": "fact",
        "verdict": "supported",
        "reason": "The city measured 34 percent in 2024.",
        "checked": "2025-02-20",
        "recheck": {"date": "2025-12-01", "event": "the next survey"},
        "sources": [{"source": "city-survey-2024", "at": "p. 4", "bears": "the 34 percent"}],
        "aliases": ["parking space", "a third of the streets"],
        "questions": ["do cars really use that much room?"],
        "tags": ["space"],
    },
    Position: {"id": "fewer-places", "name": "Fewer places", "statement": "The city should remove parking places."},
    Argument: {
        "id": "room-for-buses",
        "for": "fewer-places",
        "point": "Buses would keep to their timetable.",
        "text": "Where a parking lane became a bus lane, buses were a fifth faster.",
        "sources": ["city-survey-2024"],
    },
    Source: {
        "id": "city-survey-2024",
        "title": "Survey of streets",
        "author": "City of Example",
        "date": "2024-11",
        "url": "https://example.org/survey",
        "kind": "government",
        "copy": "original",
        "summary": "Measures what each street is used for.",
    },
    Option: {
        "id": "resident-permits",
        "name": "Permits for residents",
        "description": "Only residents with a permit could park in the inner city.",
        "pro": "Residents would find a place near their home.",
        "con": "Visitors and shops would lose places.",
    },
    Statement: {"id": "shops-need-places", "text": "Shops need parking places nearby.", "lean": "softer"},
    Term: {"id": "modal-share", "term": "Modal share", "definition": "The part of all trips made by one means."},
    Event: {"id": "survey-published", "date": "2024-11-05", "event": "The city published its survey of streets."},
}


def schemas() -> dict[str, Schema]:
    """Name (`pack`, `facts`, …) → JSON Schema, draft 2020-12."""
    by_name = {"pack": _whole("pack", PackInfo.model_json_schema(by_alias=True))}
    _add_examples(by_name["pack"], {"PackInfo": PackInfo})
    for part, lists in PARTS.items():
        by_name[part] = _part(part, lists)
    return by_name


def write_schemas(folder: Path) -> list[Path]:
    """Write NAME.schema.json for each schema. Return the files."""
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for name, schema in schemas().items():
        file = folder / f"{name}.schema.json"
        file.write_text(as_text(schema), encoding="utf-8")
        files.append(file)
    return files


def as_text(schema: Schema) -> str:
    """The schema as its file holds it."""
    return json.dumps(schema, ensure_ascii=False, indent=2) + "\n"


def _whole(name: str, schema: Schema) -> Schema:
    """The schema of a file. The key `$schema` names the dialect; a pack may not have such a key."""
    return {"$schema": DIALECT, **_tidied(schema), "title": _TITLES[name]}


def _part(part: str, lists: Mapping[str, type[Entry]]) -> Schema:
    definitions: dict[str, Schema] = {}
    properties: dict[str, Schema] = {}
    for name, model in lists.items():
        schema = model.model_json_schema(by_alias=True, ref_template="#/$defs/{model}")
        definitions.update(schema.pop("$defs", {}))
        definitions[model.__name__] = schema
        items = {"type": "array", "items": {"$ref": f"#/$defs/{model.__name__}"}}
        properties[name] = {"description": _LISTS[name], "anyOf": [items, {"type": "null"}]}
    whole = {
        "type": "object",
        "additionalProperties": False,
        "properties": properties,
        "$defs": dict(sorted(definitions.items())),
    }
    _add_examples(whole, {model.__name__: model for model in lists.values()})
    return _whole(part, whole)


def _add_examples(schema: Schema, models: Mapping[str, type[BaseModel]]) -> None:
    for name, model in models.items():
        target = schema.get("$defs", {}).get(name, schema)
        target["examples"] = [dict(_EXAMPLES[model])]
        if model is Argument:
            # Exactly one of the two, as the model's own validator demands.
            target["oneOf"] = [_names_only("for", "against"), _names_only("against", "for")]


def _names_only(present: str, absent: str) -> Schema:
    return {
        "required": [present],
        "properties": {present: {"type": ["string", "array"]}, absent: {"type": "null"}},
    }


def _tidied(schema: Schema) -> Schema:
    """Remove the titles that pydantic makes from keys, and let lists and texts be empty."""
    return {key: _tidied_value(key, value) for key, value in schema.items()}


def _tidied_value(key: str, value: Any) -> Any:
    if key == "properties":
        return {name: _property(child) for name, child in value.items()}
    if isinstance(value, dict) and key not in {"examples", "default"}:
        return {name: _tidied_value(name, child) for name, child in value.items()}
    if isinstance(value, list) and key not in {"examples", "enum", "required"}:
        return [_tidied(child) if isinstance(child, dict) else child for child in value]
    return value


def _property(schema: Schema) -> Schema:
    tidy = _tidied(schema)
    tidy.pop("title", None)
    if isinstance(tidy.get("default"), list | tuple):
        # The loader reads a key without a value as an empty list.
        if "anyOf" in tidy:
            tidy["anyOf"] = [*tidy["anyOf"], {"type": "null"}]
        else:
            tidy["type"] = ["array", "null"]
    return tidy
