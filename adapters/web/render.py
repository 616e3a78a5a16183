"""Convert a reply to data for the page, which uses it as text nodes only. Pure functions."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from adapters.http.html import safe_url
from adapters.http.static_files import font_faces
from bot.charts import DARK
from bot.chat.fit import fit
from bot.chat.markup import (
    Block,
    Bold,
    ChannelMention,
    Code,
    CommandMention,
    Emoji,
    Inline,
    Italic,
    Item,
    Link,
    Plain,
    Quote,
    RoleMention,
    Text,
    Time,
)
from bot.chat.platform import Limits
from bot.chat.vocabulary import Button, Card, Choice, Control, Field, Form, Grid, Image, Input, Reply, Select, Use
from bot.deliberation.model import ID_PREFIX

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
    RoleMention: "plain",
    ChannelMention: "plain",
    CommandMention: "plain",
    Emoji: "plain",
}


def reply_cards(reply: Reply, *, pages: bool = False) -> list[Json]:
    """Return all cards of the reply, each within the limits. A reply of any length is one message here.

    With `pages`, cards link to their poll's page.
    """
    return [card_data(card, pages=pages) for part in fit(reply, LIMITS) for card in part.cards]


def reply_files(reply: Reply) -> list[Json]:
    """Return the files' names and sizes in bytes. The page fetches the content on a press."""
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
        "page": _page_of(card.poll) if pages and card.poll else None,
        "controls": [_control(control) for control in card.controls],
        "grid": _grid(card.grid) if card.grid else None,
    }


def _page_of(poll: str) -> str:
    """Return the path of the page of a poll or a discussion, by its id."""
    return f"/{'discussions' if poll.startswith(ID_PREFIX) else 'polls'}/{poll}"


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


def _field(field: Field) -> Json:
    return {"name": field.name, "value": text_data(field.value)}


def image_src(svg: str) -> str:
    """Return a data URL for `<img>`, where an SVG can't run a script or load anything.

    The picture gets the page's font, and its dark colours if the reader prefers them.
    """
    style = f"<style>{font_faces()}{_dark_style()}</style>"
    head, end, rest = svg.partition(">")
    return f"data:image/svg+xml;base64,{b64encode(f'{head}{end}{style}{rest}'.encode()).decode('ascii')}"


@cache
def _dark_style() -> str:
    rules = "".join(
        f'[{name}="{light}"]{{{name}:{dark}}}' for light, dark in DARK.items() for name in ("fill", "stroke")
    )
    return f"@media (prefers-color-scheme:dark){{{rules}}}"


def _image(image: Image) -> Json:
    return {
        "src": image_src(image.svg),
        "narrow": image_src(image.narrow) if image.narrow else None,
        "alt": image.alt,
    }


def _block(block: Block) -> Json:
    inlines = _join_plain(_inline(piece) for piece in block.inlines)
    match block:
        case Quote():
            return {"kind": "quote", "inlines": inlines}
        case Item():
            return {"kind": "item", "inlines": inlines, "number": block.number}
    return {"kind": "paragraph", "inlines": inlines}


def _join_plain(pieces: Iterable[Json]) -> list[Json]:
    """Join neighbouring plain pieces, so that a sentence stays one text for screen readers and others."""
    joined: list[Json] = []
    for piece in pieces:
        if joined and piece["kind"] == joined[-1]["kind"] == "plain":
            joined[-1] = {"kind": "plain", "text": joined[-1]["text"] + piece["text"]}
        else:
            joined.append(piece)
    return joined


def _inline(piece: Inline) -> Json:
    data: Json = {"kind": _INLINES[type(piece)], "text": piece.text}
    match piece:
        case CommandMention(code=True):
            return {**data, "kind": "code"}
        case Link():
            url = safe_url(piece.url)
            return {**data, "url": url} if url else {"kind": "plain", "text": f"{piece.text} ({piece.url})"}
        case Time():
            return {**data, "at": piece.at.isoformat()}
    return data


def _control(control: Control) -> Json:
    return _button(control) if isinstance(control, Button) else _select(control)


def _grid(grid: Grid) -> Json:
    return {
        "action": grid.action.encode(),
        "rows": [choice_data(row) for row in grid.rows],
        "columns": [choice_data(column) for column in grid.columns],
        "send": grid.send,
    }


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
        "links": select.use is Use.PICK and select.action.verb == "pick",
    }


def _input(field: Input) -> Json:
    return {
        "name": field.name,
        "label": field.label,
        "kind": field.kind.value,
        "several": field.picks and field.several,
        "hint": field.hint,
        "value": field.value,
        "required": field.required,
        "longest": field.longest,
        "options": [choice_data(option) for option in field.options],
        "least": field.least,
        "most": field.most,
    }
