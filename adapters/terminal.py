"""Show a reply in a terminal: drawn with rich, as plain text, or as JSON. Controls become commands to type next."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, is_dataclass
from datetime import datetime
from enum import Enum
from io import StringIO
from typing import Any

from rich.console import Console, Group
from rich.padding import Padding
from rich.panel import Panel
from rich.text import Text as RichText

from bot.chat.markup import Bold, Code, CommandMention, Inline, Italic, Item, Link, Quote, Text, bullets, plain, text
from bot.chat.vocabulary import Button, Card, Control, Field, Form, Input, Outcome, Reply, Tone
from bot.i18n import Translator

WIDTH_MAX = 100
OPTIONS_SHOWN = 25
_TONES = {Tone.GOOD: "green", Tone.CAUTION: "yellow", Tone.BAD: "red", Tone.INFO: "blue", Tone.NEUTRAL: "white"}


def as_plain(reply: Reply, t: Translator) -> str:
    """Return the reply as text without control sequences, for pipes and screen readers."""
    return "\n\n".join("\n".join(_plain_card(card, t)) for card in _cards(reply)) + "\n"


def _cards(reply: Reply) -> tuple[Card, ...]:
    """Return the reply's cards, and its form as a card: each input with its hint and numbered options."""
    return (*reply.cards, _form_card(reply.form)) if reply.form else reply.cards


def _form_card(form: Form) -> Card:
    return Card(title=form.title, fields=tuple(Field(each.label, _answers(each)) for each in form.inputs))


def _answers(question: Input) -> Text:
    """Return an input's hint or its options, with a mark behind the chosen ones."""
    options = (
        f"{each.label} · {each.description}".removesuffix(" · ")
        + (" ✓" if each.chosen or each.value == question.value else "")
        for each in question.options
    )
    return text(*filter(None, (question.hint,)), bullets(options, numbered=True))


def _plain_card(card: Card, t: Translator) -> Iterator[str]:
    if card.title:
        yield card.title
    if card.url:
        yield card.url
    if card.body:
        yield plain(card.body)
    if card.image:
        yield card.image.alt
    for field in card.fields:
        yield f"{field.name}:"
        yield plain(field.value)
    if card.footer:
        yield f"({card.footer})"
    yield from (_plain_control(control, t) for control in card.controls)


def _plain_control(control: Control, t: Translator) -> str:
    if isinstance(control, Button):
        return f"[{control.label}]" + (f" {control.url}" if control.url else "")
    options = control.options[:OPTIONS_SHOWN]
    lines = [f"  • {option.label} · {option.description}".removesuffix(" · ") for option in options]
    if rest := len(control.options) - len(options):
        lines.append("  " + t.count("and {n} more", "and {n} more", rest))
    return "\n".join((f"[{control.label}]", *lines))


def as_json(outcome: Outcome) -> str:
    """Return the whole outcome, with the names of bot/chat/vocabulary.py and each control's `action` id."""
    return json.dumps(_jsonable(outcome), ensure_ascii=False, indent=2) + "\n"


def _jsonable(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.isoformat()
    if is_dataclass(value) and not isinstance(value, type):
        kind = {"type": type(value).__name__.lower()}
        return kind | {key: _jsonable(getattr(value, key)) for key in asdict(value)}
    if isinstance(value, dict):
        return {str(key): _jsonable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_jsonable(item) for item in value]
    return value


def print_reply(reply: Reply, t: Translator) -> None:
    """Draw the reply with rich on standard output, at most WIDTH_MAX columns wide."""
    console = Console(highlight=False)
    _draw(console, reply, t, min(console.width, WIDTH_MAX))


def as_drawn(reply: Reply, t: Translator, width: int) -> str:
    """Return the reply as text of `width` columns, with frames and without colours."""
    console = Console(highlight=False, file=StringIO(), width=width, color_system=None, force_terminal=False)
    _draw(console, reply, t, width)
    return str(console.file.getvalue())  # type: ignore[attr-defined]


def _draw(console: Console, reply: Reply, t: Translator, width: int) -> None:
    for card in _cards(reply):
        parts = list(_rich_parts(card, t))
        title = _styled(card.title, f"bold {_TONES[card.tone]}") if card.title else None
        footer = _styled(card.footer, "dim") if card.footer else None
        if footer is not None:
            parts.append(footer)
        body = Group(*([title, ""] if title is not None else []), *parts)
        console.print(Panel(body, border_style=_TONES[card.tone], width=width, padding=(0, 1)))


def _rich_parts(card: Card, t: Translator) -> Iterator[Any]:
    if card.url:
        yield _styled(card.url, "underline")
    yield from _rich_text(card.body)
    if card.image:
        yield _styled(card.image.alt, "italic")
    for field in card.fields:
        yield _styled(f"\n{field.name}", "bold")
        yield from _rich_text(field.value)
    if card.controls:
        yield _styled("\n" + "\n".join(_plain_control(control, t) for control in card.controls) + "\n", "cyan")


def _rich_text(content: Text) -> Iterator[Any]:
    for block in content:
        line = RichText()
        for piece in block.inlines:
            _append(line, piece)
        match block:
            case Quote():
                line.stylize("italic")
                yield Padding(line, (0, 0, 0, 3))
            case Item(number=None):
                yield RichText("• ") + line
            case Item(number=number):
                yield RichText(f"{number}. ") + line
            case _:
                yield line


def _append(line: Any, piece: Inline) -> None:
    match piece:
        case Bold():
            line.append(piece.text, "bold")
        case Italic():
            line.append(piece.text, "italic")
        case Code() | CommandMention(code=True):
            line.append(piece.text, "cyan")
        case Link():
            line.append(piece.text, f"underline link {piece.url}")
            if piece.text != piece.url:
                line.append(f" <{piece.url}>", "dim")
        case _:
            line.append(piece.text)


def _styled(words: str, style: str) -> Any:
    return RichText(words, style=style)
