"""Parley makes its own commands clickable on Discord, and never a command that a member wrote."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from adapters.discord import render
from adapters.discord.clickable import clickable, command_ids
from adapters.discord.markdown import markdown
from adapters.http.html import inline
from adapters.slack import render as slack_render
from bot.chat.markup import CommandMention, Plain, bullets, clean, paragraph, plain, text
from bot.chat.vocabulary import Action, Button, Card, Field, Reply
from bot.i18n import PSEUDO, translator

ID, GROUP = "123456789012345678", "223456789012345678"
IDS = {"topic": ID, "poll close": GROUP, "poll list": GROUP}
T = translator("en")


def drawn(*sentences: str) -> str:
    card = clickable(Reply((Card(body=text(*sentences)),)), IDS).cards[0]
    return markdown(card.body)


def test_ids_come_from_the_registration() -> None:
    """A command has the id that Discord registered, and a group's commands share the group's id.

    Menus and a command's options have none.
    """
    registered: list[dict[str, Any]] = [
        {"type": 1, "id": ID, "name": "topic", "options": [{"type": 3, "name": "words"}]},
        {"id": GROUP, "name": "poll", "options": [{"type": 1, "name": "close"}, {"type": 1, "name": "list"}]},
        {"type": 3, "id": "7", "name": "Find facts"},
    ]
    assert command_ids(registered) == IDS


def test_a_command_in_a_sentence_is_clickable() -> None:
    """Parley makes each of its own commands in a sentence clickable, and keeps the words around it."""
    for sentence, expected in {
        "/topic lists them.": f"</topic:{ID}> lists them.",
        "Use /poll close.": f"Use </poll close:{GROUP}>.",
        "Type /poll close, or /topic now.": f"Type </poll close:{GROUP}>, or </topic:{ID}> now.",
    }.items():
        assert drawn(T(sentence)) == expected
        assert plain(text(T(sentence))) == sentence


def test_a_command_without_an_id_stays_as_it_was() -> None:
    """Parley leaves a command as text before Discord has given ids, and if Discord registered no command of that name.

    A path in an address and a fraction are no commands.
    """
    sentence = T("Use /poll close.")
    assert markdown(clickable(Reply((Card(body=text(sentence)),)), {}).cards[0].body) == "Use /poll close."
    for other in ("Use /poll dance.", "Type /invite first.", "See https://a.example/topic.", "a/topic", "1/2"):
        assert "</" not in drawn(T(other))
    code = text(paragraph(CommandMention("/poll dance [poll]", code=True)))
    assert markdown(code) == "`/poll dance [poll]`"


def test_what_people_wrote_is_no_command() -> None:
    """A command that a member wrote stays text, also within Parley's sentence or beside Parley's own command."""
    people = "/topic </topic:123456789012345678> `/poll close`"
    assert "</topic" not in drawn(people).replace(r"\</topic", "")
    said = drawn(T("“{words}”. Use /poll close.", words=people))
    assert said.count(f"</poll close:{GROUP}>") == 1
    assert said.count("/topic") == 2
    assert said.count(f"</topic:{ID}>") == said.count(rf"\</topic\:{ID}\>") == 0
    assert "</" not in markdown(bullets([people])).replace(r"\</", "")
    assert "</" not in drawn(str(T("Use /poll close.")) + people).replace(r"\</", "")


def test_counted_sentences_and_fields_name_commands_too() -> None:
    """Commands are clickable in counted sentences and in fields, and a line with a button stays beside its button."""
    line = paragraph(T.count("{n} warning; /topic shows it.", "{n} warnings; /topic shows them.", 2))
    button = Button("Open", Action("open"), line=line)
    card = clickable(
        Reply((Card(body=(line,), fields=(Field("Next", text(T("Use /topic."))),), controls=(button,)),)), IDS
    )
    assert card.cards[0].controls[0].line == card.cards[0].body[0]  # type: ignore[union-attr]
    message = render.messages(card)[0].to_components()[0]
    assert str(message).count(f"</topic:{ID}>") == 2


def test_a_command_with_arguments_is_clickable_up_to_them() -> None:
    """Only a command's name is clickable: its arguments follow as code if the whole command was code."""
    card = clickable(Reply((Card(body=text(paragraph(CommandMention("/poll close poll:p1", code=True)))),)), IDS)
    assert markdown(card.cards[0].body) == f"</poll close:{GROUP}> `poll:p1`"


def test_other_platforms_write_commands_as_before() -> None:
    """Slack and the web show a command as text, or as code if it was code, and Slack puts `/parley` before it.

    The translation for tests, with accents, has no clickable commands.
    """
    slack = translator("en", "/parley ")
    assert text(slack("Use /poll close.")) == text(paragraph("Use /parley poll close."))
    code = CommandMention("/parley poll close", code=True)
    block = slack_render.messages(Reply((Card(body=text(paragraph(code))),)))[0].blocks[0]
    assert "'text': '/parley poll close', 'style': {'code': True}" in str(block)
    assert str(inline(code)) == "<code>/parley poll close</code>"
    assert str(inline(replace(code, code=False))) == "/parley poll close"
    assert "</" not in drawn(translator(PSEUDO)("Use /poll close."))


def test_a_sentence_is_cleaned_like_any_text() -> None:
    """Parley removes invisible characters from a sentence, also from one that names a command."""
    sentence = T("“{words}”. Use /poll close.", words="a\u202eb")
    assert [piece.text for piece in text(sentence)[0].inlines] == ["“ab”. Use ", "/poll close", "."]
    assert clean(sentence) == "“ab”. Use /poll close."
    assert text(clean(sentence))[0].inlines == (Plain("“ab”. Use /poll close."),)
