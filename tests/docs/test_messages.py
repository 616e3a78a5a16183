"""Test of the sentences that a translator gets."""

from __future__ import annotations

from tests.docs.catalogue import messages_of, sentences_of
from tests.docs.documents import ROOT


def test_every_sentence_can_be_collected() -> None:
    """`make messages` collects sentences from the code and from declarations, and sentences with a plural."""
    sentences = sentences_of(ROOT)
    assert "Type a question or a command. Try /help." in sentences
    assert "Find a fact: its verdict, the essay's words and the sources" in sentences
    assert any(isinstance(message, tuple) for message in messages_of(ROOT))
