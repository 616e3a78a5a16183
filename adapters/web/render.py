"""A reply as data for the page, which builds it with text nodes alone. Pure functions."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from bot.chat import Button, Card, Choice, Control, Field, Form, Image, Input, Limits, Reply, Select, Use
from bot.fit import fit
from bot.markup import Block, Bold, Channel, Code, Inline, Italic, Item, Link, Plain, Quote, Role, Text, Time

LIMITS = Limits(
    title=300,
    body=20_000,
    total=40_000,
    cards=50,
    fields=50,
    field_name=300,
    field_value=20_000,
    footer=2_000,
    buttons=50,
    button_label=80,
    selects=20,
    options=500,
    option_label=200,
    option_description=200,
    alt=4_000,
)
"""A page has no limits of its own; these keep one message readable."""

Json = dict[str, Any]

_INLINES: Mapping[type, str] = {
    Plain: "plain",
    Bold: "bold",
    Italic: "italic",
    Code: "code",
    Link: "link",
    Time: "time",
    Role: "plain",
    Channel: "plain",
}


def reply_cards(reply: Reply, *, pages: bool = False) -> list[Json]:
    """All cards of the reply, each within the limits. One reply is one message here, however long.

    `pages`: polls have pages here, and cards lead to them.
    """
    return [card_data(card, pages=pages) for part in fit(reply, LIMITS) for card in part.cards]


def reply_files(reply: Reply) -> list[Json]:
    """What is told of the files: they are fetched when somebody wants them."""
    return [{"name": file.name, "size": len(file.content.encode())} for file in reply.files]


def card_data(card: Card, *, pages: bool = False) -> Json:
    return {
        "title": card.title,
        "url": safe_url(card.url),
        "tone": card.tone.value,
        "body": text_data(card.body),
        "fields": [_field(field) for field in card.fields],
        "image": _image(card.image) if card.image else None,
        "footer": card.footer,
        "page": f"/polls/{card.poll}" if pages and card.poll else None,
        "controls": [_control(control) for control in card.controls],
    }


def text_data(content: Text) -> list[Json]:
    return [_block(block) for block in content]


def form_data(form: Form) -> Json:
    return {
        "action": form.action.encode(),
        "title": form.title,
        "inputs": [_input(field) for field in form.inputs],
    }


def choice_data(choice: Choice) -> Json:
    return {
        "label": choice.label,
        "value": choice.value,
        "description": choice.description,
        "chosen": choice.chosen,
    }


def safe_url(url: str | None) -> str | None:
    """The address if it leads to the web; None for any other, so that it is shown as text and never followed."""
    try:
        parts = urlsplit(url or "")
    except ValueError:
        return None
    return url if parts.scheme in {"http", "https"} and parts.hostname else None


def _field(field: Field) -> Json:
    return {"name": field.name, "value": text_data(field.value)}


def image_src(image: Image) -> str:
    """As an address for `<img>`: there, an SVG can neither run a script nor load anything."""
    return f"data:image/svg+xml;base64,{b64encode(image.svg.encode()).decode('ascii')}"


def _image(image: Image) -> Json:
    return {"src": image_src(image), "alt": image.alt}


def _block(block: Block) -> Json:
    inlines = [_inline(piece) for piece in block.inlines]
    match block:
        case Quote():
            return {"kind": "quote", "inlines": inlines}
        case Item():
            return {"kind": "item", "inlines": inlines, "number": block.number}
    return {"kind": "paragraph", "inlines": inlines}


def _inline(piece: Inline) -> Json:
    data: Json = {"kind": _INLINES[type(piece)], "text": piece.text}
    match piece:
        case Link():
            url = safe_url(piece.url)
            return {**data, "url": url} if url else {"kind": "plain", "text": f"{piece.text} ({piece.url})"}
        case Time():
            return {**data, "at": piece.at.isoformat()}
    return data


def _control(control: Control) -> Json:
    return _button(control) if isinstance(control, Button) else _select(control)


def _button(button: Button) -> Json:
    return {
        "kind": "button",
        "label": button.label,
        "action": button.action.encode() if button.action else None,
        "url": safe_url(button.url),
        "style": button.style.value,
        "disabled": button.disabled,
    }


def _select(select: Select) -> Json:
    return {
        "kind": "select",
        "label": select.label,
        "action": select.action.encode(),
        "options": [choice_data(option) for option in select.options],
        "least": select.least,
        "most": select.most,
        "votes": select.use is Use.VOTE,
        "steps": select.use is Use.STEP and select.most == 1,
    }


def _input(field: Input) -> Json:
    return {
        "name": field.name,
        "label": field.label,
        "kind": field.kind.value,
        "hint": field.hint,
        "value": field.value,
        "required": field.required,
        "longest": field.longest,
        "options": [choice_data(option) for option in field.options],
        "least": field.least,
        "most": field.most,
    }
