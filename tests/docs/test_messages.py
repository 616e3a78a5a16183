"""Test of the sentences that a translator gets."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tests.docs.catalogue import messages_of, sentences_of
from tests.docs.documents import ROOT

FORMS = {"N_": 1, "t": 1, "count": 2}
"""Functions that take a sentence for translators, each with the number of its forms."""


def written() -> Iterator[tuple[str, ...]]:
    """Yield each sentence that the code passes to one of these functions, with its plural if it has one."""
    for file in sorted(file for folder in ("bot", "adapters") for file in (ROOT / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                given = [each.value for each in node.args[: FORMS.get(name, 0)] if isinstance(each, ast.Constant)]
                forms = tuple(form for form in given if isinstance(form, str))
                if forms and len(forms) == FORMS[name]:
                    yield forms


def test_every_sentence_can_be_collected() -> None:
    """`make messages` collects every sentence of the code and of declarations, and both forms of one with a plural."""
    sentences = set(written())
    assert ("Type a question or a command. Try /help.",) in sentences
    assert ("Find a fact: its verdict, the essay's words and the sources",) in sentences
    assert {len(forms) for forms in sentences} == {1, 2}
    assert sentences - {*messages_of(ROOT), *((form,) for form in sentences_of(ROOT))} == set()
