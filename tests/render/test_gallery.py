"""Replies of each shape look in the terminal and on the chat page as in their golden files."""

from __future__ import annotations

import json

from adapters.terminal import as_plain
from adapters.web import render
from bot.chat.vocabulary import Reply
from bot.i18n import translator
from tests import gallery, golden
from tests.render.conftest import Replies


def test_terminal(replies: Replies) -> None:
    """The terminal shows each reply in `LOOKED_AT` as in the golden file that a person last looked at."""
    for name in gallery.LOOKED_AT:
        golden.check(f"terminal/{name}.txt", as_plain(replies[name], translator("en")))
    assert golden.leftovers("terminal", {f"{name}.txt" for name in gallery.LOOKED_AT}) == set()


def test_web(replies: Replies) -> None:
    """The chat page gets each reply in `LOOKED_AT` as the data in its golden file."""
    for name in gallery.LOOKED_AT:
        golden.check(f"web/{name}.json", json.dumps(_data(replies[name]), ensure_ascii=False, indent=1) + "\n")
    assert golden.leftovers("web", {f"{name}.json" for name in gallery.LOOKED_AT}) == set()


def _data(reply: Reply) -> object:
    if reply.form is not None:
        return render.form_data(reply.form)
    cards = render.reply_cards(reply)
    for card in cards:
        if card["image"]:  # charts have golden files of their own
            card["image"] = {"alt": card["image"]["alt"]}
    return cards
