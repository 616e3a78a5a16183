"""An editor works an accepted suggestion into its topic in a form, with a preview and the checks of the whole pack."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.chat.vocabulary import Answers, Form, Input
from bot.instance import Instance
from tests.editing.packs import Telling, copied, edit, serving, submit
from tests.talk import ADA, MO, press, say, words
from tests.world import request

BEFORE = "Most people in the office drink tea."
RICH = """facts:
  # the drinkers
  - id: tea-popular
    statement: Most people in the office drink tea.
    essay: {paragraph: 1, quote: "most of us drink tea"}
    attributed_to: the author
    kind: fact
    verdict: supported
    reason: >-
      A count of the kitchen found
      14 tea drinkers among 20 people.
    # counted twice
    sources:
      - source: kitchen-count
        at: p. 4
        bears: "14 of 20"
    checked: 2026-10
    aliases: [tea drinkers, who drinks tea]
    tags: [tea]
"""
"""A fact as an editor may write it: with comments, a folded text, a source with its passage, and a list in brackets."""


@pytest.fixture
def content(tmp_path: Path) -> Path:
    return copied(tmp_path)


@pytest.fixture
async def here(tmp_path: Path, content: Path) -> AsyncIterator[Instance]:
    async with serving(tmp_path, content) as instance:
        instance.platforms["test"] = Telling()
        yield instance


async def accepted(here: Instance, line: str = "/suggest Say since when. card:tea-popular") -> str:
    """Return the id of a suggestion that Ada has made and Mo has accepted."""
    made = await say(here, ADA, line)
    assert made.answer is not None
    suggestion = made.answer.cards[0].footer
    await press(here, MO, f"v1:queue-accept:{suggestion}")
    return suggestion


async def form_of(here: Instance, suggestion: str) -> Form:
    opened = await press(here, MO, f"v1:queue-edit:{suggestion}")
    assert opened.answer is not None
    assert opened.answer.form is not None, words(opened)
    return opened.answer.form


def as_it_stands(form: Form) -> dict[str, str | tuple[str, ...]]:
    return {each.name: _answer(each) for each in form.inputs}


def _answer(asked: Input) -> str | tuple[str, ...]:
    return tuple(choice.value for choice in asked.options if choice.chosen) or asked.value


def with_rich_fact(content: Path) -> Path:
    """Put the fact of RICH into the pack's file, keep the other facts, and return the file."""
    file = content / "tea/facts.yaml"
    rest = file.read_text(encoding="utf-8").split("  - id: coffee-banned")[1]
    file.write_text(f"{RICH}  - id: coffee-banned{rest}", encoding="utf-8")
    return file


# --- what the form asks, and what it shows ---


async def test_the_form_has_the_present_text(here: Instance) -> None:
    """The form has the draft's present statement, reason, aliases and sources, with one item of a list a line."""
    form = await form_of(here, await accepted(here))
    assert as_it_stands(form) == {
        "statement": BEFORE,
        "reason": "A count of the kitchen found 14 tea drinkers among 20 people.",
        "aliases": "tea drinkers\nwho drinks tea",
        "sources": "kitchen-count",
    }


async def test_a_preview_comes_before_anything_is_published(here: Instance, content: Path) -> None:
    """The form leads to a preview of the card and the changes, and leaves the topic's files as they were."""
    suggestion = await accepted(here)
    before = (content / "tea/facts.yaml").read_bytes()
    form = await form_of(here, suggestion)
    preview = await submit(
        here, MO, form.action.encode(), {**as_it_stands(form), "statement": "Tea leads.", "aliases": "tea"}
    )
    shown = words(preview)
    assert "Nothing is published yet." in shown
    assert "Tea leads." in shown
    assert "Other ways to ask for it, one a line: tea" in shown
    assert "Why this verdict\n" not in shown.split("What changes:")[1].split("Supported")[0]
    assert (content / "tea/facts.yaml").read_bytes() == before
    assert as_it_stands(await form_of(here, suggestion))["statement"] == "Tea leads."


async def test_only_an_accepted_suggestion_has_a_form_and_only_for_editors(here: Instance) -> None:
    """Parley opens the form only for editors, and only for a suggestion that is accepted and not yet published."""
    made = await say(here, ADA, "/suggest Say since when. card:tea-popular")
    assert made.answer is not None
    waiting = made.answer.cards[0].footer
    assert "Accept it first" in words(await press(here, MO, f"v1:queue-edit:{waiting}"))
    assert "There's no suggestion" in words(await say(here, MO, "/content edit nothing"))
    suggestion = await accepted(here)
    values: Answers = {"statement": "Tea leads."}
    for outcome in (
        await press(here, request("Ben"), f"v1:queue-edit:{suggestion}"),
        await submit(here, request("Ben"), f"v1:queue-edited:{suggestion}", values),
    ):
        assert "Not allowed" in words(outcome)
    form = await form_of(here, suggestion)
    sent: Answers = {**as_it_stands(form), **values}
    await submit(here, MO, form.action.encode(), sent)
    assert "Published" in words(await say(here, MO, f"/content publish {suggestion}"))
    assert "already published it" in words(await submit(here, MO, form.action.encode(), sent))


# --- what becomes of the file ---


async def test_only_the_lines_of_a_changed_value_are_written_anew(here: Instance, content: Path) -> None:
    """Publishing rewrites only the lines of changed values, and folds a long text as editors write it."""
    file = with_rich_fact(content)
    suggestion = await accepted(here)
    form = await form_of(here, suggestion)
    reason = (
        "A count of the kitchen found 14 tea drinkers among 20 people: nobody counted the second floor, # 2 excepted."
    )
    await submit(here, MO, form.action.encode(), {**as_it_stands(form), "reason": reason, "aliases": "tea drinkers"})
    before = file.read_text(encoding="utf-8")
    await say(here, MO, f"/content publish {suggestion}")
    old = "      A count of the kitchen found\n      14 tea drinkers among 20 people.\n"
    new = (
        "      A count of the kitchen found 14 tea drinkers among 20 people: nobody counted the second floor,\n"
        "      # 2 excepted.\n"
    )
    aliases = "    aliases:\n      - tea drinkers\n"
    expected = before.replace(old, new).replace("    aliases: [tea drinkers, who drinks tea]\n", aliases, 1)
    assert file.read_text(encoding="utf-8") == expected
    assert reason in words(await say(here, ADA, "/fact tea drinkers"))


async def test_a_source_keeps_what_it_bears_out(here: Instance, content: Path) -> None:
    """A source that stays keeps its place and passage; an added one comes below it, and a removed one is gone."""
    file = with_rich_fact(content)
    suggestion = await accepted(here)
    form = await form_of(here, suggestion)
    await submit(here, MO, form.action.encode(), {**as_it_stands(form), "sources": "kitchen-count\n\n  house-rules  "})
    await say(here, MO, f"/content publish {suggestion}")
    kept = '    sources:\n      - source: kitchen-count\n        at: p. 4\n        bears: "14 of 20"\n      - house-rules\n'
    assert kept in file.read_text(encoding="utf-8")
    suggestion = await accepted(here)
    form = await form_of(here, suggestion)
    await submit(here, MO, form.action.encode(), {**as_it_stands(form), "sources": "house-rules"})
    await say(here, MO, f"/content publish {suggestion}")
    assert "    sources:\n      - house-rules\n    checked" in file.read_text(encoding="utf-8")


async def test_a_list_can_be_emptied_and_begun(here: Instance, content: Path) -> None:
    """A list without items loses its key in the file. A list that had no key gets one at the end of the entry."""
    file = content / "tea/facts.yaml"
    before = file.read_text(encoding="utf-8")
    for aliases in ("", "brew"):
        suggestion = await accepted(here)
        form = await form_of(here, suggestion)
        await submit(here, MO, form.action.encode(), {**as_it_stands(form), "aliases": aliases})
        assert "Published" in words(await say(here, MO, f"/content publish {suggestion}"))
    line = "    aliases: [tea drinkers, who drinks tea]\n"
    assert file.read_text(encoding="utf-8") == before.replace(line, "", 1).replace(
        "    tags: [tea]\n", "    tags: [tea]\n    aliases:\n      - brew\n", 1
    )


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("no", "no"),
        ("2025", "2025"),
        ("Tea: the drink # of most", "Tea: the drink # of most"),
        ("'Tea', \"they\" said\\n", "'Tea', \"they\" said\\n"),
        ("- a\n- b", "- a - b"),
        ("a\u2028b\u2029c\x85d", "a b c d"),
        ("{x} [y] @everyone *z* &a !b %c `d", "{x} [y] @everyone *z* &a !b %c `d"),
        (" ".join(["statement:"] * 12), " ".join(["statement:"] * 12)),
        ("Tea " + "x" * 200, "Tea " + "x" * 200),
    ],
)
async def test_whatever_an_editor_types_is_text(here: Instance, content: Path, typed: str, shown: str) -> None:
    """The form takes each answer as plain text: no word becomes YAML, and every kind of line end becomes a space."""
    suggestion = await accepted(here)
    form = await form_of(here, suggestion)
    answers: Answers = {**as_it_stands(form), "reason": typed}
    preview = await submit(here, MO, form.action.encode(), answers)
    assert not preview.errors
    assert as_it_stands(await form_of(here, suggestion))["reason"] == shown
    await say(here, MO, f"/content publish {suggestion}")
    fact = here.content.shelf.current.library.find("tea", "tea-popular")
    assert fact is not None
    assert f" {shown}" in fact.body
    assert (content / "tea/facts.yaml").read_text(encoding="utf-8").count("- id:") == 3


@pytest.mark.parametrize(
    ("line", "filled", "part"),
    [
        (
            "/suggest A survey kind:source url:https://example.org/survey",
            {"title": "The survey", "summary": "What people drink.", "kind": ("advocacy",), "copy": ("reprint",)},
            "sources",
        ),
        (
            "/suggest It stains cups. kind:argument card:tea-popular",
            {"point": "It stains the cups.", "text": "Nobody likes to scrub.", "sources": "kitchen-count"},
            "arguments",
        ),
    ],
)
async def test_a_new_entry_is_written_in_the_form(
    here: Instance, content: Path, line: str, filled: Answers, part: str
) -> None:
    """A new entry's form has empty inputs, and an error beside each required one that the editor leaves empty."""
    suggestion = await accepted(here, line)
    form = await form_of(here, suggestion)
    assert "FILL IN" not in "".join(each.value for each in form.inputs)
    refused = await submit(here, MO, form.action.encode(), as_it_stands(form))
    assert set(refused.errors) == {name for name in filled if name not in {"kind", "copy", "sources"}}
    preview = await submit(here, MO, form.action.encode(), {**as_it_stands(form), **filled})
    assert "Nothing is published yet." in words(preview), words(preview)
    assert f"Added: suggested-{suggestion}" in words(await say(here, MO, f"/content publish {suggestion}"))
    added = (content / f"tea/{part}.yaml").read_text(encoding="utf-8").split(f"- id: suggested-{suggestion}")[1]
    for value in filled.values():
        assert (value if isinstance(value, str) else value[0]) in added


@pytest.mark.parametrize(
    ("card", "name"),
    [
        ("buy-tea", "statement"),
        ("tea-is-cheap", "text"),
        ("kitchen-count", "summary"),
        ("option-tea-fund", "pro"),
        ("statement-tea-free", "text"),
        ("term-oolong", "definition"),
        ("event-kettle", "event"),
    ],
)
async def test_every_kind_of_card_can_be_edited(here: Instance, content: Path, card: str, name: str) -> None:
    """An editor can change a sentence and the aliases of every kind of card."""
    suggestion = await accepted(here, f"/suggest Say it better. card:{card}")
    form = await form_of(here, suggestion)
    sent: Answers = {**as_it_stands(form), name: "Better words.", "aliases": "another way"}
    assert "Nothing is published yet." in words(await submit(here, MO, form.action.encode(), sent))
    assert f"Changed: {card}" in words(await say(here, MO, f"/content publish {suggestion}"))
    entry = here.content.shelf.current.library.find("tea", card)
    assert entry is not None
    assert "Better words." in f"{entry.title} {entry.body} {entry!r}"
    assert entry.aliases == ("another way",)


# --- what is refused ---


async def test_a_mistake_stands_beside_its_input(here: Instance, content: Path) -> None:
    """Each mistake stands beside its input, and changes neither the draft nor the topic. A statement may have up to 300
    characters."""
    suggestion = await accepted(here)
    before = {file: file.read_bytes() for file in (content / "tea").rglob("*.yaml")}
    assert content / f"tea/drafts/suggestion-{suggestion}.yaml" in before
    form = await form_of(here, suggestion)
    cases: list[tuple[Answers, dict[str, str]]] = [
        ({"sources": "no-such-source"}, {"sources": "no-such-source"}),
        ({"statement": "x" * 301}, {"statement": "300"}),
        ({"statement": "x" * 301, "aliases": "y" * 301}, {"statement": "300", "aliases": "300"}),
        ({"reason": " \n "}, {"reason": "Write something first."}),
        ({}, {"statement": "The topic says all this already."}),
    ]
    for changes, errors in cases:
        outcome = await submit(here, MO, form.action.encode(), {**as_it_stands(form), **changes})
        assert set(outcome.errors) == set(errors), outcome.errors
        assert all(part in outcome.errors[name] for name, part in errors.items()), outcome.errors
    assert {file: file.read_bytes() for file in (content / "tea").rglob("*.yaml")} == before
    assert not (await submit(here, MO, form.action.encode(), {**as_it_stands(form), "statement": "x" * 300})).errors


async def test_a_mistake_elsewhere_in_the_pack_is_told_with_its_place(here: Instance, content: Path) -> None:
    """The form shows an error in another card beside its first input, with the name of the card's file."""
    suggestion = await accepted(here)
    form = await form_of(here, suggestion)
    edit(content, "sources: [house-rules, tea-mirror]", "sources: [no-such-source]")
    outcome = await submit(here, MO, form.action.encode(), {**as_it_stands(form), "statement": "Tea leads."})
    assert list(outcome.errors) == ["statement"]
    assert outcome.errors["statement"].startswith("facts.yaml:")


async def test_a_card_that_changed_meanwhile_is_edited_as_it_is_now(here: Instance, content: Path) -> None:
    """The form of an untouched draft has the card as it is now.

    If the card changes after the draft was edited, Parley refuses the form and keeps the changed card.
    """
    suggestion = await accepted(here)
    edit(content, BEFORE, "Most people here drink tea.")
    form = await form_of(here, suggestion)
    assert as_it_stands(form)["statement"] == "Most people here drink tea."
    sent: Answers = {**as_it_stands(form), "statement": "Since 2025 most people here drink tea."}
    assert not (await submit(here, MO, form.action.encode(), sent)).errors
    edit(content, "Most people here drink tea.", "Many people here drink tea.")
    assert "edited the card after" in words(await press(here, MO, f"v1:queue-edit:{suggestion}"))
    assert "edited the card after" in words(await submit(here, MO, form.action.encode(), sent))
    assert "Many people here" in (content / "tea/facts.yaml").read_text(encoding="utf-8")


async def test_a_draft_that_was_deleted_is_made_again(here: Instance, content: Path) -> None:
    suggestion = await accepted(here)
    (content / f"tea/drafts/suggestion-{suggestion}.yaml").unlink()
    assert as_it_stands(await form_of(here, suggestion))["statement"] == BEFORE
    assert (content / f"tea/drafts/suggestion-{suggestion}.yaml").is_file()


async def test_a_list_too_long_for_a_form_stays_for_the_file(here: Instance, content: Path) -> None:
    """The form has a list of up to 3,000 characters. It leaves a longer one out, and the draft keeps it."""
    for names, last, offered in ((9, 300, True), (10, 1, False)):
        items = [*(f"{'y' * 298}{number}" for number in range(names)), "z" * last]
        assert len("\n".join(items)) == (3000 if offered else 3001)
        suggestion = await accepted(here)
        lines = "".join(f"\n      - {item}" for item in items)
        edit(content, " [tea drinkers, who drinks tea]", lines, f"tea/drafts/suggestion-{suggestion}.yaml")
        form = await form_of(here, suggestion)
        assert ("aliases" in as_it_stands(form)) is offered
        sent: Answers = {**as_it_stands(form), "statement": "Tea leads."}
        assert not (await submit(here, MO, form.action.encode(), sent)).errors
        assert lines in (content / f"tea/drafts/suggestion-{suggestion}.yaml").read_text(encoding="utf-8")
