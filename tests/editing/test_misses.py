"""Editors see which searches found nothing, and can make their words an alias or a question of a card with a press."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bot.authoring.aliases import add_words
from bot.errors import NotFound, Refused
from bot.i18n import translator
from bot.instance import Instance
from bot.packs.loader import load_library
from bot.search.answer import Certainty
from tests.editing.packs import copied, edit, serving
from tests.talk import ADA, MO, buttons, press, say, words
from tests.world import NOW

T = translator("en")
LOOKED_FOR = "brew leaves kitchen"
"""Words that find nothing in the small pack and lead to a card of it."""


async def look(instance: Instance, line: str, times: int) -> None:
    for _ in range(times):
        await say(instance, ADA, line)


async def alias_button(instance: Instance) -> str:
    outcome = await say(instance, MO, "/content misses")
    assert outcome.answer is not None
    return next(action for label, action in buttons(outcome.answer).items() if label == "Make 1 an alias")


async def test_words_are_told_from_three_times_on(tmp_path: Path) -> None:
    """Editors see the words of a failed search from the third time on, with their number and what comes near."""
    async with serving(tmp_path, copied(tmp_path)) as instance:
        await look(instance, "/fact zeppelin", 2)
        assert "zeppelin" not in words(await say(instance, MO, "/content misses"))
        assert "zeppelin" not in words(await say(instance, MO, "/content report"))
        await look(instance, "/fact zeppelin", 1)
        assert "zeppelin (3): nothing comes near" in words(await say(instance, MO, "/content misses"))
        assert "zeppelin" in words(await say(instance, MO, "/content report"))


async def test_what_may_lead_to_a_person_is_never_told(tmp_path: Path) -> None:
    """Parley never counts addresses, mentions, long numbers or long texts, however often members type them."""
    async with serving(tmp_path, copied(tmp_path)) as instance:
        for line in ("ada@example.org", "<@U1>", "5551234567", "one two three four five six seven", "http://a.example"):
            await look(instance, f"/fact {line}", 4)
        assert "There are none now." in words(await say(instance, MO, "/content misses"))


async def test_a_press_makes_the_words_an_alias(tmp_path: Path) -> None:
    """An editor's press writes the words into the pack's file as an alias, and members who type them get the card."""
    content = copied(tmp_path)
    async with serving(tmp_path, content) as instance:
        await look(instance, f"/fact {LOOKED_FOR}", 3)
        shown = words(await say(instance, MO, "/content misses"))
        assert f"{LOOKED_FOR} (3): " in shown
        outcome = await press(instance, MO, await alias_button(instance))
        assert "The alias is added" in words(outcome)
        assert "New content is live" in words(outcome)
        assert any(LOOKED_FOR in file.read_text() for file in (content / "tea").iterdir())
        answer = await instance.content.shelf.current.answers.answer(LOOKED_FOR)
        assert answer.certainty is Certainty.SURE
        assert "There are none now." in words(await say(instance, MO, "/content misses"))


async def test_more_words_than_a_name_has_become_a_question(tmp_path: Path) -> None:
    """Four words become an alias and five a question; the button and the answer say which."""
    content = copied(tmp_path)
    async with serving(tmp_path, content) as instance:
        for line in (f"{LOOKED_FOR} loudly", f"{LOOKED_FOR} loudly yesterday"):
            await look(instance, f"/fact {line}", 3)
        outcome = await say(instance, MO, "/content misses")
        assert outcome.answer is not None
        shown = buttons(outcome.answer)
        assert [label for label in shown if label.startswith("Make")] == ["Make 1 an alias", "Make 2 a question"]
        assert "The question is added" in words(await press(instance, MO, shown["Make 2 a question"]))
        questions = [entry.questions for entry in load_library(content).packs["tea"].entries.values()]
        assert (f"{LOOKED_FOR} loudly yesterday",) in questions


async def test_a_button_holds_no_words_and_is_for_editors(tmp_path: Path) -> None:
    """The button's id has no words in it, and the button works for editors only."""
    content = copied(tmp_path)
    async with serving(tmp_path, content) as instance:
        await look(instance, f"/fact {LOOKED_FOR}", 3)
        action = await alias_button(instance)
        assert not any(word in action for word in ("brew", "leaves"))
        before = {file: file.read_bytes() for file in (content / "tea").iterdir()}
        for who in (ADA, replace(ADA, actor=replace(ADA.actor, name="Mo"))):
            assert "Only editors" in words(await press(instance, who, action))
            assert "Only editors" in words(await say(instance, who, "/content misses"))
        assert "no longer count" in words(await press(instance, MO, "v1:miss-alias:abc:tea:tea-popular"))
        assert {file: file.read_bytes() for file in (content / "tea").iterdir()} == before


async def test_a_pack_or_card_that_is_gone_is_said(tmp_path: Path) -> None:
    """An editor who presses a button of a pack or card that is gone reads that it is no longer there."""
    async with serving(tmp_path, copied(tmp_path)) as instance:
        await look(instance, f"/fact {LOOKED_FOR}", 3)
        digest = (await alias_button(instance)).split(":")[2]
        for target in ("tea:nothing-here", "nowhere:tea-popular"):
            outcome = await press(instance, MO, f"v1:miss-alias:{digest}:{target}")
            assert not outcome.success
            assert "no longer" in words(outcome)


# --- the file ---

FACTS = """# kept
facts:
  - id: tea-popular  # kept
    statement: Most people in the office drink tea.
    essay: {paragraph: 1, quote: "most of us drink tea"}
    attributed_to: the author
    kind: fact
    verdict: supported
    reason: A count of the kitchen found 14 tea drinkers among 20 people.
    sources: [kitchen-count]
    checked: 2026-10
ALIASES
    tags: [tea]

  # kept, too
  - id: coffee-banned
    statement: Coffee was banned from the office.
    essay: {paragraph: 2, quote: "since coffee was banned"}
    attributed_to: the author
    kind: fact
    verdict: contradicted
    reason: The house rules of 2026 do not mention coffee.
    sources: [house-rules]
    checked: 2026-10
"""


def pack_with(tmp_path: Path, aliases: str) -> Path:
    folder = copied(tmp_path) / "tea"
    written = FACTS.replace("ALIASES\n", aliases and f"{aliases}\n")
    (folder / "facts.yaml").write_text(written, encoding="utf-8")
    arguments = folder / "arguments.yaml"
    arguments.write_text(arguments.read_text().replace("tea-tastes-best", "tea-popular"), encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "    aliases: [hot drinks]"),
        ("    aliases: []", "    aliases: [hot drinks]"),
        ("    aliases: [tea drinkers]", "    aliases: [tea drinkers, hot drinks]"),
        ("    aliases: [tea drinkers, ]", "    aliases: [tea drinkers, hot drinks]"),
        ("    aliases:\n      - tea drinkers", "    aliases:\n      - tea drinkers\n      - hot drinks"),
        ("    aliases:\n    - tea drinkers", "    aliases:\n    - tea drinkers\n    - hot drinks"),
    ],
)
def test_an_alias_is_added_as_the_list_is_written(tmp_path: Path, before: str, after: str) -> None:
    """Parley adds an alias in the style of its list and changes no other line: comments, order and empty lines stay."""
    folder = pack_with(tmp_path, before)
    old = (folder / "facts.yaml").read_text()
    file = add_words(folder, "tea-popular", "hot drinks", NOW.date(), T)
    assert file == folder / "facts.yaml"
    expected = old.replace(before, after) if before else old.replace("    tags: [tea]\n", f"    tags: [tea]\n{after}\n")
    assert file.read_text() == expected
    assert "hot drinks" in load_library(folder.parent).packs["tea"].entries["tea-popular"].aliases


@pytest.mark.parametrize(
    "aliases",
    [
        "    aliases: [tea drinkers]  # said so",
        '    aliases: ["a [b] c"]',
        "    aliases: [tea drinkers,\n      who drinks tea]",
        "    aliases:\n      - >-\n        tea\n        drinkers",
    ],
    ids=["comment", "brackets", "several lines", "folded"],
)
def test_what_takes_a_hand_is_left_alone(tmp_path: Path, aliases: str) -> None:
    """Parley refuses to add an alias to a list that is written in an unusual way, and leaves the file as it is."""
    folder = pack_with(tmp_path, aliases)
    before = (folder / "facts.yaml").read_bytes()
    with pytest.raises(Refused):
        add_words(folder, "tea-popular", "hot drinks", NOW.date(), T)
    assert (folder / "facts.yaml").read_bytes() == before


def test_a_pack_that_would_not_pass_is_left_alone(tmp_path: Path) -> None:
    """Parley refuses an alias that is too long, a card that doesn't exist, and any alias for a pack with an error of its
    own. The file stays as it is."""
    folder = pack_with(tmp_path, "")
    before = (folder / "facts.yaml").read_bytes()
    with pytest.raises(Refused, match="the pack has errors"):
        add_words(folder, "tea-popular", "x" * 2_000, NOW.date(), T)
    with pytest.raises(NotFound):
        add_words(folder, "nothing-here", "hot drinks", NOW.date(), T)
    edit(folder.parent, "name: A tea fund", "title: A tea fund", "tea/options.yaml")
    with pytest.raises(Refused, match="the pack has errors"):
        add_words(folder, "tea-popular", "hot drinks", NOW.date(), T)
    assert (folder / "facts.yaml").read_bytes() == before


@pytest.mark.parametrize("alias", ["yes", "2026", "it's", "null", "café au lait", "it-s"])
def test_an_alias_is_read_back_as_it_was_counted(tmp_path: Path, alias: str) -> None:
    """The pack gives an alias back as a member typed it: Parley quotes words that mean something else in YAML."""
    folder = pack_with(tmp_path, "    aliases: [tea drinkers]")
    add_words(folder, "tea-popular", alias, NOW.date(), T)
    assert load_library(folder.parent).packs["tea"].entries["tea-popular"].aliases == ("tea drinkers", alias)
