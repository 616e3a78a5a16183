"""The gallery answers every declared command, action and form, and each platform draws all words of each reply."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
import pytest_asyncio

from adapters.discord import render as discord
from adapters.discord.forms import modal
from adapters.slack import forms as slack_forms
from adapters.slack import render as slack
from adapters.terminal import as_plain
from adapters.web import render as web
from bot.chat.fit import fit
from bot.chat.markup import Bold, Code, Italic, Link, Plain, Text
from bot.chat.platform import Limits
from bot.chat.vocabulary import Button, ButtonStyle, Card, Control, Form, InputKind, Reply, Select, Tone
from bot.dispatch.registry import Registry
from bot.i18n import translator
from bot.packs.labels import ENTRY_KINDS
from tests.render.conftest import Gallery
from tests.transcripts.discord_driver import as_displayed, components_of
from tests.world import running

T = translator("en")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def registry(tmp_path_factory: pytest.TempPathFactory) -> Registry:
    async with running(tmp_path_factory.mktemp("registry")) as instance:
        return instance.bot.registry


# --- all that is declared is in the gallery ---


@pytest.mark.asyncio(loop_scope="module")
async def test_each_command_and_shortcut_is_answered(gallery: Gallery, registry: Registry) -> None:
    """Every command and shortcut succeeds at least once in tests/gallery.py. This test names those that don't."""
    declared = {f"/{name}" for name in registry.commands} | set(registry.shortcuts)
    assert declared - gallery.used == set()


@pytest.mark.asyncio(loop_scope="module")
async def test_each_action_and_form_is_used(gallery: Gallery, registry: Registry) -> None:
    """Every declared action and form succeeds at least once in the gallery."""
    assert {*registry.actions, *registry.forms} - gallery.used == set()


@pytest.mark.asyncio(loop_scope="module")
async def test_each_action_stands_on_a_control_and_each_form_is_opened(gallery: Gallery, registry: Registry) -> None:
    """Some reply offers each declared action and opens each declared form, and replies offer no others."""
    replies = gallery.replies.values()
    offered = {control.action.verb for reply in replies for control in _controls(reply.cards) if control.action}
    offered |= {card.grid.action.verb for reply in replies for card in reply.cards if card.grid}
    offered |= {"welcome"}  # the chat page asks for its first screen by itself
    opened = {reply.form.action.verb for reply in replies if reply.form is not None}
    assert (offered, opened) == (set(registry.actions), set(registry.forms))


@pytest.mark.asyncio(loop_scope="module")
async def test_each_kind_of_entry_card_and_control_is_in_the_gallery(gallery: Gallery) -> None:
    """The gallery holds every kind of entry, tone, button and input, and selects, pictures, fields and files."""
    replies = gallery.replies
    cards = [card for reply in replies.values() for card in reply.cards]
    inputs = [field for reply in replies.values() if reply.form for field in reply.form.inputs]
    styles = {control.style for control in _controls(cards) if isinstance(control, Button)}
    assert {f"entry-{kind.__name__.lower()}" for kind in ENTRY_KINDS} <= set(replies)
    assert {card.tone for card in cards} == set(Tone)
    assert styles == set(ButtonStyle)
    assert {field.kind for field in inputs} == set(InputKind)
    assert any(isinstance(control, Select) for control in _controls(cards))
    assert any(card.image for card in cards)
    assert any(card.fields for card in cards)
    assert any(reply.files for reply in replies.values())


# --- and drawn ---


def _on_discord(reply: Reply) -> str:
    return "\n".join(
        _strings(
            [components_of(message) for message in discord.messages(reply)],
            content=lambda text: f"{as_displayed(text)}\n{text}",
        )
    )


def _on_slack(reply: Reply) -> str:
    return "\n".join(_strings([message.blocks for message in slack.messages(reply)]))


def _on_web(reply: Reply) -> str:
    return "\n".join(_strings(web.reply_cards(reply)))


def _in_terminal(reply: Reply) -> str:
    return as_plain(reply, T)


SURFACES: Mapping[str, tuple[Limits, Callable[[Reply], str]]] = {
    "discord": (discord.LIMITS, _on_discord),
    "slack": (slack.LIMITS, _on_slack),
    "web": (web.LIMITS, _on_web),
    "terminal": (Limits(), _in_terminal),
}


@pytest.mark.parametrize("surface", SURFACES)
@pytest.mark.asyncio(loop_scope="module")
async def test_each_reply_is_drawn_with_all_it_says(gallery: Gallery, surface: str) -> None:
    """Each platform draws a reply's titles, words, fields, small print, labels and options, and its controls' actions.

    Slack doesn't list the options of a type-ahead select, and a terminal doesn't show actions. This test doesn't read
    times, roles and channels, which each platform draws in its own way.
    """
    limits, draw = SURFACES[surface]
    for name, reply in gallery.replies.items():
        if reply.form is not None:
            continue
        drawn = _squeezed(draw(reply))
        for card in (card for part in fit(reply, limits) for card in part.cards):
            for words in _words(card, listed=surface != "slack"):
                assert _squeezed(words) in drawn, (name, words)
            if surface != "terminal":
                for control in card.controls:
                    assert _target(control) in drawn, name
        if surface == "discord":  # the others send files apart
            assert all(file.name in drawn for file in reply.files), name


@pytest.mark.asyncio(loop_scope="module")
async def test_each_form_is_drawn_with_all_it_asks(gallery: Gallery) -> None:
    """Discord, Slack and the web draw each label, hint, option and value of each form.

    Slack draws no options of a type-ahead select, and Discord none of a time, which members type there.
    """
    for name, form in {name: reply.form for name, reply in gallery.replies.items() if reply.form is not None}.items():
        for surface, drawn in (
            ("discord", modal(form, translator("en")).to_dict()),
            ("slack", slack_view(form)),
            ("web", web.form_data(form)),
        ):
            text = _squeezed("\n".join(_strings(drawn)))
            for field in form.inputs:
                asked_for = surface == "slack" and field.type_ahead
                typed = surface == "discord" and field.kind is InputKind.TIME
                options = [] if asked_for or typed else [option.label for option in field.options]
                apart = surface == "slack" and field.kind is InputKind.OPTIONS
                title = T("Option {n}", n=1) if apart else field.label
                assert field.name in text, name
                for words in (title, field.hint, *field.value.splitlines(), *options):
                    assert _squeezed(words) in text, (name, surface, words)


def slack_view(form: Form) -> dict[str, Any]:
    origin = slack_forms.origin_of(form, channel="C1", thread="", url="https://hooks.example/1")
    return slack_forms.view(form, origin, T)


def _controls(cards: Any) -> Iterator[Control]:
    return (control for card in cards for control in card.controls)


def _target(control: Control) -> str:
    """Return the action that the control carries, or the address that it opens."""
    if isinstance(control, Button) and control.action is None:
        return str(control.url)
    assert control.action is not None
    return control.action.encode()


_WRITTEN = (Plain, Bold, Italic, Code, Link)


def _words(card: Card, *, listed: bool) -> Iterator[str]:
    """Yield the card's words; `listed` means that the platform also lists the options of a type-ahead select."""
    yield from (card.title, card.footer)
    texts: list[Text] = [card.body, *(field.value for field in card.fields)]
    for content in texts:
        yield from (piece.text for block in content for piece in block.inlines if isinstance(piece, _WRITTEN))
    yield from (field.name for field in card.fields)
    for control in card.controls:
        yield control.label
        if isinstance(control, Select) and (listed or not control.type_ahead):
            yield from (option.label for option in control.options)


def _strings(value: Any, *, content: Callable[[str], str] = str) -> Iterator[str]:
    """Yield every text in some JSON; `content` reads the texts with Discord's Markdown."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from [content(inner)] if key == "content" else _strings(inner, content=content)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _strings(inner, content=content)


def _squeezed(words: str) -> str:
    return "".join(words.split())
