"""Approximate Slack's Block Kit as HTML, for the documents' pictures and for tests that read a message's text.

`draw(blocks)` takes a message's blocks as Slack gets them. It draws header, section (text, fields, a control beside
it), rich_text (sections, lists, quotes, preformatted text, with their styles), context, actions (buttons, selects,
type-ahead selects), image, divider, and an input with its label. It names any other block in words. Nothing can be
pressed; a select shows its options when it is opened.

Fonts, colours and widths are those of the page: https://docs.slack.dev/reference/block-kit/blocks
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from adapters.http.html import Html, el, joined, safe_url
from adapters.slack.decoding import decode

Json = Mapping[str, Any]

_STYLES = {"bold": "strong", "italic": "em", "strike": "s", "code": "code"}


def draw(blocks: Sequence[Json]) -> Html:
    """Draw a message's blocks, in order."""
    return joined(_block(block) for block in blocks)


def _block(block: Json) -> Html:
    kind = str(block.get("type", ""))
    draw = _BLOCKS.get(kind)
    return draw(block) if draw else el("p", f"({kind or 'unknown'} block)", class_="small")


def _header(block: Json) -> Html:
    return el("h4", _words(block["text"]), class_="title", dir="auto")


def _section(block: Json) -> Html:
    text = el("p", _words(block["text"]), dir="auto") if "text" in block else None
    fields = (el("p", _words(field), class_="field", dir="auto") for field in block.get("fields", ()))
    beside = _element(block["accessory"]) if "accessory" in block else None
    return el("div", el("div", text, *fields), beside, class_="beside")


def _context(block: Json) -> Html:
    parts = (_element(part) if part.get("type") == "image" else joined([_words(part)]) for part in block["elements"])
    return el("p", *parts, class_="small", dir="auto")


def _actions(block: Json) -> Html:
    return el("div", *(_element(part) for part in block["elements"]), class_="row")


def _image(block: Json) -> Html:
    return _picture(str(block.get("alt_text", "")))


def _divider(_block: Json) -> Html:
    return el("hr")


def _input(block: Json) -> Html:
    return el("div", el("p", el("strong", _words(block["label"]))), _element(block["element"]))


def _rich_text(block: Json) -> Html:
    return joined(_rich(part) for part in block["elements"])


def _rich(part: Json) -> Html:
    match part.get("type"):
        case "rich_text_list":
            items = (el("li", _rich_inner(item), dir="auto") for item in part["elements"])
            ordered = part.get("style") == "ordered"
            start = str(part["offset"] + 1) if ordered and part.get("offset") else None
            return el("ol" if ordered else "ul", *items, start=start)
        case "rich_text_quote":
            return el("blockquote", _rich_inner(part), dir="auto")
        case "rich_text_preformatted":
            return el("pre", _rich_inner(part))
    return el("p", _rich_inner(part), dir="auto")


def _rich_inner(part: Json) -> Html:
    return joined(_piece(piece) for piece in part["elements"])


def _piece(piece: Json) -> Html:
    words = str(piece.get("text") or piece.get("fallback") or piece.get("url") or f"({piece.get('type')})")
    drawn = joined([words])
    if piece.get("type") == "link" and (url := safe_url(piece.get("url"))):
        drawn = el("a", words, href=url, rel="noopener noreferrer", target="_blank")
    for style, tag in _STYLES.items():
        if (piece.get("style") or {}).get(style):
            drawn = el(tag, drawn)
    return drawn


def _words(text: Json) -> str:
    """Return a text object's words. In mrkdwn, marks stay as they are and links show their label."""
    words = str(text.get("text", ""))
    return decode(words, addresses=False).strip() if text.get("type") == "mrkdwn" else words


def _element(element: Json) -> Html:
    kind = str(element.get("type", ""))
    if kind == "button":
        return _button(_words(element["text"]), str(element.get("style", "secondary")), element.get("url"))
    if kind == "image":
        return _picture(str(element.get("alt_text", "")))
    if kind in {"radio_buttons", "checkboxes"}:
        return boxes(element)
    options = [*element.get("options", ()), *element.get("initial_options", ())]
    labels = [(_words(option["text"]), _words(option.get("description") or {})) for option in options]
    label = _words(element.get("placeholder") or {}) or kind.replace("_", " ")
    return _choices(label, labels, searched="external" in kind)


def _button(label: str, style: str, url: str | None) -> Html:
    """Draw a button. One that opens an address has an arrow."""
    leads = el("span", " ↗", aria_hidden="true") if safe_url(url) else None
    return el("span", label, leads, class_=f"press {style}", dir="auto", title=url)


def _choices(label: str, options: Sequence[tuple[str, str]], *, searched: bool = False) -> Html:
    """Draw a select: closed it shows its label, opened its options, each with the small line under it."""
    entries = (el("li", el("span", name), el("small", note) if note else None, dir="auto") for name, note in options)
    note = el("p", "Options appear here while somebody types.", class_="small") if searched else None
    return el("details", el("summary", label, dir="auto"), note, el("ul", *entries), class_="choices")


def boxes(element: Json) -> Html:
    """Draw radio buttons or check boxes, with a mark before the chosen ones."""
    chosen = [*element.get("initial_options", ()), *filter(None, [element.get("initial_option")])]
    marks = "◉○" if element["type"] == "radio_buttons" else "☑☐"
    entries = (
        el(
            "li",
            el("span", f"{marks[option not in chosen]} {_words(option['text'])}"),
            el("small", _words(option["description"])) if "description" in option else None,
            dir="auto",
        )
        for option in element["options"]
    )
    return el("ul", *entries, class_="boxes")


def _picture(alt: str) -> Html:
    """Draw the place of a picture, with its alternative text."""
    return el("p", el("span", "Picture: ", class_="small"), alt, class_="picture", dir="auto")


_BLOCKS: Mapping[str, Callable[[Json], Html]] = {
    "header": _header,
    "section": _section,
    "rich_text": _rich_text,
    "context": _context,
    "actions": _actions,
    "image": _image,
    "divider": _divider,
    "input": _input,
}
