"""Discord's Components V2 as HTML: what a message will look like, nearly.

`draw(components)` takes the components of one message as Discord gets them and gives markup for `static/preview.css`.
Drawn are containers with their accent, texts with Discord's markdown as far as Parley writes it, lines with a button
at their end, rows of buttons and selects, pictures and files by their words, and separators. A component of another
kind is named in words. Nothing can be pressed.

It is an approximation: fonts, colours and widths are those of the page.
https://discord.com/developers/docs/components/reference
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from adapters.preview.pieces import button, choices, picture
from adapters.web.elements import Html, el, joined
from adapters.web.render import safe_url

Json = Mapping[str, Any]

_STYLES = {1: "primary", 2: "secondary", 3: "primary", 4: "danger", 5: "secondary"}
_TONES = {0x2E8B57: "good", 0xD9A400: "caution", 0xC0392B: "bad", 0x3477DB: "info"}


def draw(components: Sequence[Json]) -> Html:
    """The components of one message, in order."""
    return joined(_component(component) for component in components)


def words_of(components: Sequence[Json]) -> list[str]:
    """The content of each text display, nested ones too: what counts against a message's 4000 characters."""
    return [str(part["content"]) for part in every(components) if part.get("type") == _TEXT]


def every(components: Sequence[Json]) -> Iterator[Json]:
    """Each component and each inside it, as Discord counts them. A select's options are none."""
    for component in components:
        yield component
        yield from every(component.get("components") or ())
        if accessory := component.get("accessory"):
            yield from every([accessory])


_TEXT = 10


def _component(component: Json) -> Html:
    kind = int(component.get("type", 0))
    known = _COMPONENTS.get(kind)
    return known(component) if known else el("p", f"(component of kind {kind})", class_="small")


def _row(component: Json) -> Html:
    return el("div", draw(component["components"]), class_="row")


def _button(component: Json) -> Html:
    style = _STYLES.get(component.get("style", 2), "secondary")
    return button(component.get("label", ""), style, component.get("url"), disabled=bool(component.get("disabled")))


def _select(component: Json) -> Html:
    options = [(option["label"], option.get("description") or "") for option in component.get("options", ())]
    return choices(component.get("placeholder", ""), options)


def _section(component: Json) -> Html:
    return el("div", el("div", draw(component["components"])), _component(component["accessory"]), class_="beside")


def _text(component: Json) -> Html:
    return markdown(component["content"])


def _gallery(component: Json) -> Html:
    return joined(picture(item.get("description") or "") for item in component["items"])


def _file(component: Json) -> Html:
    return el("p", component["file"]["url"].removeprefix("attachment://"), class_="picture")


def _separator(_component: Json) -> Html:
    return el("hr")


def _container(component: Json) -> Html:
    tone = _TONES.get(component.get("accent_color") or 0, "neutral")
    return el("div", draw(component["components"]), class_="container", data_tone=tone)


_COMPONENTS: Mapping[int, Callable[[Json], Html]] = {
    1: _row,
    2: _button,
    3: _select,
    9: _section,
    10: _text,
    12: _gallery,
    13: _file,
    14: _separator,
    17: _container,
}


# --- markdown, as adapters/discord/markdown.py writes it ---

_LINE = re.compile(
    r"^(?:(?P<heading>### )|(?P<small>-# )|(?P<quote>> )|(?P<bullet>- )|(?P<number>\d+)\. )?(?P<rest>.*)$"
)
_INLINE = re.compile(
    r"\\(?P<escaped>[^\sA-Za-z0-9])"
    r"|\*\*(?P<bold>(?:\\.|[^\\])+?)\*\*"
    r"|_(?P<italic>(?:\\.|[^\\])+?)_"
    r"|`(?P<code>[^`]+)`"
    r"|<t:(?P<time>\d+)(?::\w)?>"
    r"|<(?P<bare>https?://[^<>\s]+)>"
    r"|\[(?P<label>(?:\\.|[^\]\\])+)\]\((?P<url>[^)\s]+)\)"
)


def markdown(written: str) -> Html:
    """Discord's markdown as HTML. What is none of its marks is text."""
    lines = [match for line in written.split("\n") if (match := _LINE.match(line))]
    made: list[Html] = []
    for kind, group in groupby(lines, _kind):
        run = list(group)
        if kind in {"ul", "ol"}:
            items = (el("li", inline(match["rest"]), dir="auto") for match in run)
            first = run[0]["number"]
            made.append(el(kind, *items, start=first if first not in {None, "1"} else None))
        else:
            made += (_line(kind, match["rest"]) for match in run if match["rest"])
    return joined(made)


def _kind(match: re.Match[str]) -> str:
    if match["bullet"]:
        return "ul"
    if match["number"]:
        return "ol"
    return next((kind for kind in ("heading", "small", "quote") if match[kind]), "p")


def _line(kind: str, rest: str) -> Html:
    said = inline(rest)
    match kind:
        case "heading":
            return el("h4", said, class_="title", dir="auto")
        case "small":
            return el("p", said, class_="small", dir="auto")
        case "quote":
            return el("blockquote", said, dir="auto")
    return el("p", said, dir="auto")


def inline(written: str) -> Html:
    """One line."""
    made: list[str] = []
    at = 0
    for match in _INLINE.finditer(written):
        made += (written[at : match.start()], _marked(match))
        at = match.end()
    return joined((*made, written[at:]))


def _marked(match: re.Match[str]) -> str:
    kind = match.lastgroup or ""
    inner = match[kind]
    match kind:
        case "bold":
            return el("strong", inline(inner))
        case "italic":
            return el("em", inline(inner))
        case "code":
            return el("code", inner)
        case "time":
            return "(a date in the reader's own time)"
        case "bare" | "url":
            url = safe_url(inner)
            label = inline(match["label"]) if kind == "url" else inner
            return el("a", label, href=url, rel="noopener noreferrer", target="_blank") if url else match[0]
    return inner
