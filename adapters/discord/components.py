"""Build Discord's components as JSON: https://discord.com/developers/docs/components/reference"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import discord

from adapters.discord.markdown import CUSTOM_EMOJI
from bot.chat.markup import ELLIPSIS, Emoji
from bot.chat.vocabulary import Action, Button, ButtonStyle, Choice, Control, Select, Tone

Json = dict[str, Any]

ACCENTS: Mapping[Tone, int | None] = {
    Tone.NEUTRAL: None,
    Tone.GOOD: 0x2E8B57,
    Tone.CAUTION: 0xD9A400,
    Tone.BAD: 0xC0392B,
    Tone.INFO: 0x3477DB,
}

_KINDS = discord.ComponentType
_ROW, _BUTTON, _SELECT = _KINDS.action_row.value, _KINDS.button.value, _KINDS.select.value
_SECTION, _TEXT, _GALLERY = _KINDS.section.value, _KINDS.text_display.value, _KINDS.media_gallery.value
_FILE, _SEPARATOR, _CONTAINER = _KINDS.file.value, _KINDS.separator.value, _KINDS.container.value

_STYLES: Mapping[ButtonStyle, int] = {
    ButtonStyle.PRIMARY: discord.ButtonStyle.primary.value,
    ButtonStyle.SECONDARY: discord.ButtonStyle.secondary.value,
    ButtonStyle.DANGER: discord.ButtonStyle.danger.value,
}
_LINK_STYLE: int = discord.ButtonStyle.link.value

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


def container(components: Iterable[Json], tone: Tone) -> Json:
    """Build a card's frame, in the colour of its tone."""
    frame: Json = {"type": _CONTAINER, "components": list(components)}
    accent = ACCENTS[tone]
    return frame if accent is None else frame | {"accent_color": accent}


def words(written: str) -> Json:
    """Build a text in markdown."""
    return {"type": _TEXT, "content": written}


def section(written: str, accessory: Json) -> Json:
    """Build a text in markdown with a button at its end."""
    return {"type": _SECTION, "components": [words(written)], "accessory": accessory}


def picture(name: str, alt: str) -> Json:
    """Build a picture that is uploaded with the message under this name."""
    item: Json = {"media": {"url": f"attachment://{name}"}}
    return {"type": _GALLERY, "items": [item | {"description": alt} if alt else item]}


def file(name: str) -> Json:
    """Build a downloadable file that is uploaded with the message under this name."""
    return {"type": _FILE, "file": {"url": f"attachment://{name}"}}


def separator() -> Json:
    return {"type": _SEPARATOR}


def row(controls: Iterable[Json]) -> Json:
    """Build a row of up to five buttons or one select."""
    return {"type": _ROW, "components": list(controls)}


def button(source: Button, used: dict[str, int] | None = None, label: str | None = None) -> Json:
    """Build a button. `used` counts the actions of its message; leave it out if the button is the only one."""
    written = source.label if label is None else label
    component: Json = {"type": _BUTTON, **_labelled(written, source.emoji), "disabled": source.disabled}
    if source.action is None:
        component["style"], component["url"] = _LINK_STYLE, source.url
    else:
        component["style"], component["custom_id"] = _STYLES[source.style], _unique_id(source.action, used)
    return component


def control(source: Control, used: dict[str, int]) -> Json:
    return _select(source, used) if isinstance(source, Select) else button(source, used)


def _select(select: Select, used: dict[str, int]) -> Json:
    return {
        "type": _SELECT,
        "custom_id": _unique_id(select.action, used),
        "placeholder": _visible(select.label),
        "min_values": select.least,
        "max_values": min(select.most, len(select.options)),
        "options": [option(choice) for choice in select.options],
    }


def option(choice: Choice) -> Json:
    """Build an option of a select."""
    labelled = _labelled(choice.label, choice.emoji)
    if "label" not in labelled and choice.emoji:  # Discord requires a label, and readers need its words
        labelled = {**labelled, "label": choice.emoji.text.strip(":")} if choice.emoji.mark else {"label": choice.label}
    component: Json = {**labelled, "value": choice.value, "default": choice.chosen}
    if choice.description:
        component["description"] = choice.description
    return component


def _unique_id(action: Action, used: dict[str, int] | None) -> str:
    """Return the action's id with its copy's number: Discord wants each id once in a message."""
    encoded = action.encode()
    if used is None:
        return encoded
    copy = used.get(encoded, 0)
    used[encoded] = copy + 1
    return action.encode(copy) if copy else encoded


def _labelled(label: str, emoji: Emoji | None) -> Json:
    """Return the label, with its leading emoji in a separate field. A label of only an emoji is omitted.

    https://discord.com/developers/docs/components/reference#button-button-structure
    """
    drawn = emoji_field(emoji) if emoji and label.startswith(emoji.text) else None
    if emoji is None or drawn is None:
        return {"label": _visible(label)}
    rest = label[len(emoji.text) :].strip()
    return {"label": rest, "emoji": drawn} if rest else {"emoji": drawn}


def emoji_field(emoji: Emoji) -> Json | None:
    """Return the emoji as a component's field; None for another platform's."""
    custom = CUSTOM_EMOJI.fullmatch(emoji.mark)
    if custom is None:
        return None if emoji.mark else {"name": emoji.text}
    return {"name": custom["name"], "id": custom["id"]}


def _visible(label: str) -> str:
    """Return the label, or an ellipsis for an invisible one, which Discord refuses."""
    return label if label.strip() else ELLIPSIS


def file_name(name: str) -> str:
    """Return the name as Discord keeps it. Discord replaces other characters itself, which would break the
    reference."""
    return _UNSAFE.sub("_", name).strip("_.") or "file"
