"""A list on Slack asks for its options while somebody types (`block_suggestion`), in Socket Mode and over HTTP."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.chat.vocabulary import Choice
from bot.library.edition import Edition
from bot.packs.loader import load_library
from tests.wire.slack import Member, View, words
from tests.wire.slack.world import World, bugs, slack_world
from tests.world import CONTENT

STREETS = 150


def streets(folder: Path) -> Path:
    """Write a topic of so many facts and policy options. Each fact has a title longer than Slack's labels, and an
    alias."""
    folder.mkdir(parents=True)
    (folder / "pack.yaml").write_text(
        "id: streets\ntitle: Streets\nsummary: Who owns the street?\nessay: {paragraphs: 9}\nreviewed: 2026-11-20\n"
    )
    facts = [
        f"  - id: street-{n}\n    statement: Street number {n} is as wide as {n} carts that stand side by side, no more "
        f"and no less.\n    essay: {{paragraph: 1, quote: street {n}}}\n    attributed_to: the author\n    kind: fact\n"
        f"    verdict: unverified\n    reason: Nobody measured it.\n    checked: 2026-11\n    aliases: [lane {n}x]\n"
        for n in range(STREETS)
    ]
    (folder / "facts.yaml").write_text("facts:\n" + "".join(facts))
    options = [
        f"  - id: close-{n}\n    name: Close street {n}\n    description: Street {n} is closed to cars.\n"
        f"    pro: It is quiet then.\n    con: It is far then.\n"
        for n in range(STREETS)
    ]
    (folder / "options.yaml").write_text("options:\n" + "".join(options))
    return folder


async def browse(world: World, line: str = "/parley fact") -> tuple[Member, Any]:
    ada = world.server.member("Ada")
    return ada, (await ada.command(line)).messages[0]


async def policy_form(world: World) -> tuple[Member, View]:
    host = world.server.member("Host")
    view = (await host.command("/parley poll policy post:yes")).view
    assert view is not None
    return host, view


@pytest.mark.parametrize("http", [False, True], ids=["socket", "http"])
async def test_a_list_of_facts_is_searched_while_somebody_types(tmp_path: Path, http: bool) -> None:
    """A list offers the first hundred facts, and then those of all facts whose title or alias fits the letters. A title
    is cut to 75 characters."""
    streets(tmp_path / "content" / "streets")
    async with slack_world(tmp_path, content=tmp_path / "content", http=http) as world:
        ada, message = await browse(world)
        assert len(await ada.suggest(message, "Facts", "")) == 100
        assert await ada.suggest(message, "Facts", "zeppelin") == []
        assert await ada.suggest(message, "Facts", "<!channel> & *") == []
        (suggestion,) = await ada.suggest(message, "Facts", "lane 149")
        assert suggestion.startswith("Street number 149 is as wide")
        assert len(suggestion) == 75
        answer = await ada.select(message, "Facts", suggestion)
        assert answer.private
        assert "Street number 149 is as wide as 149 carts that stand side by side, no more and no less." in answer.text


async def test_what_is_suggested_is_of_the_kind_and_topic_that_was_asked_for(tmp_path: Path) -> None:
    """A list offers entries of the topic that `topic:` names. For counterarguments it offers all that can be argued:
    facts and arguments."""
    content = tmp_path / "content"
    shutil.copytree(CONTENT, content)
    streets(content / "streets")
    async with slack_world(tmp_path, content=content) as world:
        ada, message = await browse(world, "/parley fact topic:tea")
        assert await ada.suggest(message, "Facts", "street") == []
        assert await ada.suggest(message, "Facts", "tea")
        ada, message = await browse(world, "/parley counter topic:tea")
        assert {"Buying tea", "Coffee was banned from the office."} <= set(await ada.suggest(message, "Positions", ""))
        answer = await ada.select(message, "Positions", "Buying tea")
        assert "Counterarguments to:" in answer.text


@pytest.mark.parametrize("http", [False, True], ids=["socket", "http"])
async def test_a_form_offers_more_policy_options_than_it_can_list(tmp_path: Path, http: bool) -> None:
    """A form searches all 150 policy options, lists 100 of them at first, and the poll has the ones that the host
    picked."""
    streets(tmp_path / "content" / "streets")
    async with slack_world(tmp_path, content=tmp_path / "content", http=http) as world:
        host, form = await policy_form(world)
        assert len(await host.suggest(form, "Which options", "")) == 100
        first = await host.suggest(form, "Which options", "street 148")
        chosen = [*first, *await host.suggest(form, "Which options", "street 149")]
        assert chosen == ["Close street 148", "Close street 149"]
        await host.suggest(form, "Which options", "street 14")
        assert (await host.submit(form, {"Which options": chosen})).closed
        await host.until_told("The poll is open")
        assert all(name in words(world.server.posted()[0].blocks) for name in chosen)


def served(world: World, content: Path) -> None:
    """Change the content that is served, as a reload does."""
    lookup: Any = world.instance.bot.registry.actions["pick"].handler
    lookup.__self__.shelf.current = Edition.of(load_library(content))


async def test_a_pick_that_is_gone_meanwhile_is_answered(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """If a picked fact is gone from the topic, Parley says so in private. If a form's picks are gone, it says so beside
    the list, and the form stays open. It logs no bug."""
    streets(tmp_path / "content" / "streets")
    async with slack_world(tmp_path, content=tmp_path / "content") as world:
        ada, message = await browse(world)
        facts = await ada.suggest(message, "Facts", "lane 149")
        host, form = await policy_form(world)
        options = (await host.suggest(form, "Which options", ""))[:2]
        options_file = tmp_path / "content" / "streets" / "options.yaml"
        options_file.write_text(options_file.read_text().replace("close-", "shut-").replace("Close", "Shut"))
        facts_file = tmp_path / "content" / "streets" / "facts.yaml"
        facts_file.write_text(facts_file.read_text().replace("street-149", "road-149"))
        served(world, tmp_path / "content")
        answer = await ada.select(message, "Facts", *facts)
        assert answer.private
        assert "no longer in the topic" in answer.text
        submission = await host.submit(form, {"Which options": options})
        assert list(submission.errors) == ["Which options"]
        assert host.view is form
        served(world, CONTENT)
        assert await host.suggest(form, "Which options", "") == []
        assert bugs(caplog) == []


async def test_a_list_of_another_version_offers_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A list in an old message whose control is of another version offers nothing, and Parley logs no bug."""
    async with slack_world(tmp_path) as world:
        ada, message = await browse(world)
        (select,) = [part for block in message.blocks for part in block.get("elements", ()) if "action_id" in part]
        for stale in ("v0:pick", "v1:gone", "v1:pick:a:b:c:d:e", "v1:vote:p1:0", "nothing"):
            select["action_id"] = stale
            assert await ada.suggest(message, "Facts", "tea") == []
        assert bugs(caplog) == []


async def slow(*_arguments: object) -> Sequence[Choice]:
    await asyncio.Event().wait()
    return ()


def broken(*_arguments: object) -> Sequence[Choice]:
    raise ValueError("broken")


@pytest.mark.parametrize("completer", [slow, broken])
async def test_suggestions_that_do_not_come_are_an_empty_list_in_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, completer: Any
) -> None:
    """If suggestions fail or take too long, Parley answers with an empty list within Slack's 3 seconds, and the next
    look-up works."""
    monkeypatch.setattr("adapters.slack.incoming.FORM_PATIENCE", 0.2)
    async with slack_world(tmp_path) as world:
        ada, message = await browse(world)
        actions: Any = world.instance.bot.registry.actions
        usual = actions["pick"]
        actions["pick"] = replace(usual, completers={"": completer})
        assert await ada.suggest(message, "Facts", "tea") == []
        actions["pick"] = usual
        assert await ada.suggest(message, "Facts", "tea")
