"""Decode text from Slack as its author saw it: names, #channels, @groups and addresses. Pure functions.

Every entrance uses `decode`: commands, forms, type-ahead queries, questions and messages.
https://docs.slack.dev/messaging/formatting-message-text#retrieving-messages
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

Names = Mapping[str, str]
"""Names by the id of a member, a channel or a user group."""
NO_NAMES: Names = MappingProxyType({})
UNNAMED = "…"
_MARK = re.compile(
    r"<(?:"
    r"@(?P<person>[A-Z0-9]{1,20})"
    r"|#(?P<channel>[A-Z0-9]{1,20})"
    r"|!subteam\^(?P<group>[A-Z0-9]{1,20})"
    r"|!(?P<everybody>here|channel|everyone)"
    r"|!(?P<special>[a-z]+(?:\^[^<>|]*)?)"
    r"|mailto:(?P<mail>[^<>|]+)"
    r"|(?P<address>[a-z][a-z0-9+.-]{1,20}:[^<>|]+)"
    r")(?:\|(?P<label>[^<>]*))?>"
)
EMOJI = re.compile(r":([a-z0-9_+'-]{1,100}):")
"""An emoji as Slack's clients write it in a member's text."""
_PARAM = re.compile(r"(?:^|\s)([a-z][a-z0-9_]*):$")
_NEXT_PARAM = re.compile(r"\s(?=[a-z][a-z0-9_]*:)")
_NO_BREAK = "\u00a0"


def unescape(received: str) -> str:
    """Undo Slack's escapes in a text. Apply it once only."""
    return received.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def emoji_in(body: Mapping[str, Any]) -> dict[str, str]:
    """Return the emoji that a member typed into a command or a form, by code. Slack sends each as its code."""
    typed = f"{body.get('text', '')} {(body.get('view') or {}).get('state', '')}"
    return {code[0]: code[0] for code in EMOJI.finditer(typed)}


def ids_in(texts: Iterable[str]) -> frozenset[str]:
    """Return the ids that `decode` needs a name for: every member's, and those of channels and groups without a
    label."""
    marks = (mark for received in texts for mark in _MARK.finditer(received))
    return frozenset(
        id_ for mark in marks if (id_ := mark["person"] or (not mark["label"] and (mark["channel"] or mark["group"])))
    )


def decode(received: str, names: Names = NO_NAMES, *, addresses: bool = True) -> str:
    """Return the text as its author saw it. With `addresses`, a link's address stands beside its label."""
    pieces, end = [], 0
    for mark in _MARK.finditer(received):
        pieces += [unescape(received[end : mark.start()]), _words(mark, names, addresses=addresses)]
        end = mark.end()
    return "".join((*pieces, unescape(received[end:])))


def decode_line(received: str, picks: Iterable[str], names: Names = NO_NAMES) -> str:
    """Decode a typed command. The channel or group of an argument in `picks` stays a mark.

    A decoded name can't close a quote or begin another argument.
    """
    kept, pieces, end = frozenset(picks), [], 0
    for mark in _MARK.finditer(received):
        before = received[end : mark.start()]
        param = _PARAM.search(before)
        picked = (mark["channel"] or mark["group"]) and param and param[1] in kept
        words = _words(mark, names, addresses=True).replace('"', "'")
        pieces += [unescape(before), mark[0] if picked else _NEXT_PARAM.sub(_NO_BREAK, words)]
        end = mark.end()
    return "".join((*pieces, unescape(received[end:]))).strip()


def _words(mark: re.Match[str], names: Names, *, addresses: bool) -> str:
    label = unescape(mark["label"] or "").strip()
    if mark["mail"] or mark["address"]:
        return _link(unescape(mark["mail"] or mark["address"]), label, addresses=addresses)
    if mark["everybody"]:
        return f"@{mark['everybody']}"
    if mark["special"]:
        return label or mark["special"].partition("^")[0]
    if mark["person"]:
        return _named("@", names.get(mark["person"]) or label or mark["person"])
    sign, id_ = ("#", mark["channel"]) if mark["channel"] else ("@", mark["group"])
    return _named(sign, label or names.get(id_, ""))


def _link(address: str, label: str, *, addresses: bool) -> str:
    """Return a link's label, its address, or both. A label that only lacks the scheme is the address as it was
    typed."""
    if not label or label == address:
        return address
    if not addresses or address.partition("://")[2].rstrip("/") == label.rstrip("/"):
        return label
    return f"{label} ({address})"


def _named(sign: str, name: str) -> str:
    return sign + (name.removeprefix(sign) or UNNAMED)
