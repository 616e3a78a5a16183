"""Draw a local Slack member's view as a page for pictures: an approximation in its own style."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from typing import Any

from adapters.http.html import Html, el, joined
from tests.render import slack_blocks
from tests.wire.slack import Message, View
from tests.wire.slack.model import BOT, Team

Json = Mapping[str, Any]

STYLE = """
* { box-sizing: border-box; margin: 0; padding: 0 }
body { width: 640px; background: #fff; color: #1d1c1d; font: 15px/1.45 "Liberation Sans", sans-serif }
#stage { padding: 14px 18px 12px; background: #fff; overflow-wrap: anywhere }
.note { margin-top: 12px; padding-top: 6px; border-top: 1px dotted #bbb; color: #767676; font-size: 11px }
.message { display: grid; grid-template-columns: 36px 1fr; gap: 0 10px; margin-bottom: 12px }
.face { width: 36px; height: 36px; border-radius: 8px; background: #2e5e4e; color: #fff; font: 700 20px/36px serif;
  text-align: center }
.person .face { background: #7a5c8e }
.said > * + * { margin-top: 7px }
.who { font-weight: 700 } .who span, .alone { font-weight: 400; color: #616061; font-size: 12px }
.who .app { margin: 0 4px; padding: 1px 3px; border-radius: 3px; background: #e8e8e8; font-size: 10px }
.said > .alone + .who { margin-top: 0 }
p, blockquote, li, h4 { white-space: pre-line }
h4 { font-size: 18px; line-height: 1.3 }
a { color: #0b5fa5; text-decoration: none }
blockquote { padding-left: 12px; border-left: 4px solid #ddd }
ul, ol { padding-left: 26px }
.boxes { padding: 0; list-style: none } .boxes small { display: block; padding-left: 20px }
hr { border: 0; border-top: 1px solid #ddd }
code { padding: 1px 3px; border: 1px solid #ddd; border-radius: 3px; background: #f7f7f7; color: #b1103f;
  font: 12px "Liberation Mono", monospace }
.small, small { color: #616061; font-size: 12px }
.row { display: flex; flex-wrap: wrap; gap: 8px }
.beside { display: flex; justify-content: space-between; gap: 12px }
.press, summary, .field { border: 1px solid #bbb; border-radius: 4px; background: #fff; font-size: 13px }
.press { padding: 4px 11px; font-weight: 700 }
.press.primary { border-color: #007a5a; background: #007a5a; color: #fff }
.press.danger { border-color: #c01343; background: #c01343; color: #fff }
summary { min-width: 200px; padding: 4px 30px 4px 11px; list-style: none; position: relative }
summary::after { content: "▾"; position: absolute; right: 10px }
.field { min-height: 30px; padding: 5px 10px; white-space: pre-line }
.field.long { min-height: 84px }
.choices { display: inline-block }
.listed { width: 420px; margin: -14px 0 12px 46px; border: 1px solid #bbb; border-radius: 4px; box-shadow: 0 4px 12px #0002; font-size: 13px }
.listed li { padding: 4px 11px; list-style: none } .listed small { display: block } .listed ul { padding: 0 }
.listed p { padding: 4px 11px; border-bottom: 1px solid #ddd; color: #616061 }
img { display: block; max-width: 460px; border: 1px solid #ddd; border-radius: 6px }
.modal { width: 520px; margin: 0 auto 8px; border: 1px solid #bbb; border-radius: 8px; box-shadow: 0 6px 24px #0003 }
.modal > * { padding: 12px 20px } .modal .top { border-bottom: 1px solid #ddd; font-size: 18px; font-weight: 700 }
.modal .end { display: flex; justify-content: flex-end; gap: 10px; border-top: 1px solid #ddd }
.modal .inside > * + *, .home > * + * { margin-top: 12px }
.input > * + * { margin-top: 4px } .wrong { color: #c01343; font-size: 13px }
.input.bad .field { border-color: #c01343 }
"""
NOTE = "Drawn from the blocks that Parley sends, without Slack: fonts, colours and widths are only near to Slack's."


def page(content: Html) -> str:
    """Return a whole document around the content."""
    return (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>Slack, nearly</title><style>{STYLE}</style>"
        f"<body><div id=stage>{content}{el('p', NOTE, class_='note')}</div></body></html>"
    )


def message(entry: Message, team: Team) -> Html:
    """Draw a message of Parley or a person in a channel."""
    by_bot = entry.author == BOT
    name = "Parley" if by_bot else team.users[entry.author].name
    badge = el("span", "APP", class_="app") if by_bot else None
    alone = el("p", "Only visible to you", class_="alone") if entry.only_for else None
    drawn = joined(block(one, team) for one in entry.blocks) if entry.blocks else el("p", entry.text)
    who = el("p", name, badge, el("span", " 12:00"), class_="who")
    body = el("div", alone, who, drawn, class_="said")
    return el("div", el("div", name[:1], class_="face"), body, class_="message" if by_bot else "message person")


def modal(view: View, errors: Mapping[str, str] | None = None) -> Html:
    """Draw a form, with its errors beside the inputs, by label."""
    content, wrong = view.content, errors or {}
    return el(
        "div",
        el("p", content["title"]["text"], class_="top"),
        el("div", *(_input(one, wrong) for one in content["blocks"]), class_="inside"),
        el(
            "div",
            el("span", content["close"]["text"], class_="press"),
            el("span", content["submit"]["text"], class_="press primary"),
            class_="end",
        ),
        class_="modal",
    )


def home(view: View, team: Team) -> Html:
    return el("div", *(block(one, team) for one in view.content["blocks"]), class_="home")


def typing(label: str, query: str, offered: Iterable[Json]) -> Html:
    """Draw an open type-ahead select: the typed text, and the suggestions."""
    entries = (
        el(
            "li",
            option["text"]["text"],
            el("small", option["description"]["text"]) if "description" in option else None,
        )
        for option in offered
    )
    return el("div", el("p", f"{label}: {query}▏"), el("ul", *entries), class_="listed")


def block(one: Json, team: Team) -> Html:
    """Draw a picture as Slack does, and everything else with `slack_blocks`."""
    if one["type"] == "image" and "slack_file" in one:
        content = team.files[one["slack_file"]["id"]].content or b""
        source = f"data:image/png;base64,{base64.b64encode(content).decode()}"
        return el("img", src=source, alt=one["alt_text"])
    return slack_blocks.draw([one])


def _input(one: Json, wrong: Mapping[str, str]) -> Html:
    if one["type"] != "input":
        return slack_blocks.draw([one])
    label, element = one["label"]["text"], one["element"]
    optional = el("span", " (optional)", class_="small") if one.get("optional") else None
    mistake = el("p", wrong[label], class_="wrong") if label in wrong else None
    hint = el("p", one["hint"]["text"], class_="small") if "hint" in one else None
    field = _field(element)
    return el(
        "div", el("p", el("strong", label), optional), field, mistake, hint, class_="input bad" if mistake else "input"
    )


def _field(element: Json) -> Html:
    if element["type"] == "plain_text_input":
        return el("p", element.get("initial_value", ""), class_="field long" if element.get("multiline") else "field")
    if element["type"] in {"radio_buttons", "checkboxes"}:
        return slack_blocks.boxes(element)
    if element["type"] == "datetimepicker":
        return el("p", "Pick a date and time", class_="field")
    chosen = [element["initial_option"]] if "initial_option" in element else element.get("initial_options", [])
    content = ", ".join(option["text"]["text"] for option in chosen) or element["placeholder"]["text"]
    return el("div", el("summary", content), class_="choices")
