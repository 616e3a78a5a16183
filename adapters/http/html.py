"""Build HTML safely: escape every string that wasn't made here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape
from itertools import groupby
from typing import cast
from urllib.parse import urlsplit

from bot.chat.markup import Block, Bold, Code, CommandMention, Inline, Italic, Item, Link, Quote, Text, Time

_EMPTY = frozenset({"br", "hr", "img", "input", "link", "meta", "source"})


class Html(str):
    """Markup. Only `el` and `joined` make it; any other string is text."""

    __slots__ = ()


Child = str | None
Attribute = str | bool | None


def el(name: str, /, *children: Child, **attributes: Attribute) -> Html:
    """Make an element. `class_` is `class`, `data_live` is `data-live`. None and False omit an attribute."""
    head = "".join(_attribute(key.rstrip("_").replace("_", "-"), value) for key, value in attributes.items())
    return Html(f"<{name}{head}>" if name in _EMPTY else f"<{name}{head}>{joined(children)}</{name}>")


def joined(children: Iterable[Child]) -> Html:
    return Html("".join(child if isinstance(child, Html) else escape(child or "") for child in children))


def _attribute(name: str, value: Attribute) -> str:
    if value is None or value is False:
        return ""
    return f" {name}" if value is True else f' {name}="{escape(value)}"'


def text_html(content: Text) -> Html:
    """Draw paragraphs and quotes one by one; consecutive items share a list."""
    return joined(_blocks(content))


def _blocks(content: Text) -> Iterator[Html]:
    for kind, group in groupby(content, _list_of):
        if not kind:
            yield from (el("blockquote" if isinstance(b, Quote) else "p", _inlines(b), dir="auto") for b in group)
            continue
        items = cast("list[Item]", list(group))
        first = items[0].number
        start = None if first in {None, 1} else str(first)
        yield el(kind, *(el("li", _inlines(item), dir="auto") for item in items), start=start)


def _list_of(block: Block) -> str:
    if not isinstance(block, Item):
        return ""
    return "ul" if block.number is None else "ol"


def _inlines(block: Block) -> Html:
    return joined(inline(piece) for piece in block.inlines)


def inline(piece: Inline) -> Html:
    match piece:
        case Bold():
            return el("strong", piece.text)
        case Italic():
            return el("em", piece.text)
        case Code() | CommandMention(code=True):
            return el("code", piece.text)
        case Time():
            return el("time", piece.text, datetime=piece.at.isoformat())
        case Link():
            url = safe_url(piece.url)
            return el("a", piece.text, href=url, rel="noopener noreferrer") if url else joined([piece.text])
    return joined([piece.text])


def safe_url(url: str | None) -> str | None:
    """Return an http or https address; None for any other, which is shown as text and never linked."""
    try:
        parts = urlsplit(url or "")
    except ValueError:
        return None
    return url if parts.scheme in {"http", "https"} and parts.hostname else None
