"""A member's suggestion reaches its topic through an editor, and never by itself."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from adapters.cli import main
from bot.authoring.drafts import write_draft
from bot.chat.vocabulary import Answers, MessageRef, Outcome, Place, Reply
from bot.i18n import translator
from bot.instance import Instance
from bot.packs.loader import read_pack
from bot.search.usage import counted_words
from bot.suggestions.repository import Kind, Suggestion
from bot.suggestions.service import MEMBER_MAX
from tests.editing.packs import Telling, copied, edit, notices, serving, submit
from tests.talk import ADA, MO, buttons, press, say, wall, words
from tests.world import NOW, Clock, request

BEN = request("Ben")
EVIL = 'x\n- id: evil\n  "@everyone" <b>: [*a] # \r\n# no\u202e\x07 comment\n---\nfacts: []'


@pytest.fixture
def content(tmp_path: Path) -> Path:
    return copied(tmp_path)


@pytest.fixture
async def here(tmp_path: Path, content: Path) -> AsyncIterator[Instance]:
    async with serving(tmp_path, content) as instance:
        instance.platforms["test"] = Telling()
        yield instance


def telling(here: Instance) -> Telling:
    platform = here.platforms["test"]
    assert isinstance(platform, Telling)
    return platform


async def suggested(here: Instance, line: str = "/suggest Say since when. card:tea-popular") -> str:
    """Return the id of a suggestion that Ada has just made."""
    outcome = await say(here, ADA, line)
    assert outcome.answer is not None
    assert "The editors have your suggestion" in words(outcome), words(outcome)
    return outcome.answer.cards[0].footer


async def accepted(here: Instance, suggestion: str) -> Outcome:
    return await press(here, MO, f"v1:queue-accept:{suggestion}")


# --- a member suggests ---


async def test_every_card_asks_whether_it_is_wrong(here: Instance) -> None:
    """A card's button opens a form about it, and a sent form waits for an editor, as its member can see."""
    card = await say(here, ADA, "/fact tea drinkers")
    assert card.answer is not None
    opened = await press(here, ADA, buttons(card.answer)["Is this wrong?"])
    assert opened.answer is not None
    form = opened.answer.form
    assert form is not None
    assert [each.name for each in form.inputs] == ["kind", "words", "url"]
    assert "Most people in the office drink tea." in form.inputs[1].hint
    outcome = await submit(
        here, ADA, form.action.encode(), {"kind": ("correction",), "words": "Since 2025 only.", "url": ""}
    )
    assert "A correction: Most people in the office drink tea." in words(outcome)
    assert "waiting for an editor: Since 2025 only." in words(await say(here, ADA, "/suggestions"))


async def test_what_is_missing_is_said_beside_its_field(here: Instance) -> None:
    """Parley stores no incomplete suggestion, and names each mistake beside its field.

    A source needs a web address, an argument needs a card, and all need words and a card that exists.
    """
    cases: list[tuple[Answers, str]] = [
        ({"kind": ("source",), "words": "A survey", "url": "", "card": ""}, "url"),
        ({"kind": ("source",), "words": "A survey", "url": "javascript:alert(1)", "card": ""}, "url"),
        ({"kind": ("argument",), "words": "Because.", "url": "", "card": ""}, "card"),
        ({"kind": ("correction",), "words": " \n ", "url": "", "card": "tea-popular"}, "words"),
        ({"kind": ("correction",), "words": "So", "url": "", "card": "marmalade zeppelins"}, "card"),
    ]
    for answers, field in cases:
        outcome = await submit(here, ADA, "v1:suggest-open", answers)
        assert list(outcome.errors) == [field], answers
    every: Answers = {"kind": ("source",), "words": " ", "url": "no address", "card": "marmalade zeppelins"}
    assert set((await submit(here, ADA, "v1:suggest-open", every)).errors) == {"words", "url", "card"}
    assert "No suggestions are waiting" in words(await say(here, MO, "/content queue"))


async def test_the_author_hears_that_it_is_stored_whatever_becomes_of_the_notice(
    here: Instance, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If a bug keeps Parley from telling the editors, it logs the bug and still stores the suggestion."""

    async def post(_place: Place, _reply: Reply) -> MessageRef:
        raise ValueError("a bug")

    monkeypatch.setattr(wall(here), "post", post)
    assert "An editor will review it" in words(await say(here, ADA, "/suggest card:tea-popular Say since when."))
    assert "bug while telling the editors" in caplog.text
    assert "Say since when." in words(await say(here, MO, "/content queue"))


async def test_a_typed_suggestion_without_its_card_says_how_to_name_one(here: Instance) -> None:
    """Parley answers a typed suggestion that names no card with the way to name one."""
    assert "Add card: and words of its title" in words(await say(here, ADA, "/suggest tea is not popular"))


async def test_a_member_has_only_so_many_that_wait(here: Instance) -> None:
    """A member may have five open suggestions, and may make another once an editor has decided one."""
    ids = [await suggested(here) for _ in range(MEMBER_MAX)]
    assert "of your suggestions are still open" in words(await say(here, ADA, "/suggest One more card:tea-popular"))
    await accepted(here, ids[0])
    await suggested(here)


async def test_editors_hear_of_suggestions_now_and_then(here: Instance) -> None:
    """Editors get at most one message about new suggestions in ten minutes, which says how many wait. Suggestions in
    between give none."""
    clock = here.now
    assert isinstance(clock, Clock)
    await suggested(here)
    await suggested(here)
    clock.forward(minutes=9, seconds=59)
    await suggested(here)
    assert [line.splitlines()[0] for line in notices(here)] == ["1 suggestion is waiting for an editor"]
    clock.forward(seconds=1)
    await say(here, request("Chen"), "/suggest Say since when. card:tea-popular")
    assert [line.splitlines()[0] for line in notices(here)] == [
        "1 suggestion is waiting for an editor", "4 suggestions are waiting for an editor",
    ]  # fmt: skip


async def test_what_was_refused_keeps_nobody_elses_from_being_told(here: Instance) -> None:
    """A refused suggestion doesn't use up the editors' next message: they hear of the next one that Parley takes."""
    clock = here.now
    assert isinstance(clock, Clock)
    for _ in range(MEMBER_MAX):
        await suggested(here)
    clock.forward(minutes=11)
    await say(here, ADA, "/suggest One more card:tea-popular")
    await say(here, BEN, "/suggest Say since when. card:tea-popular")
    assert [line.splitlines()[0] for line in notices(here)] == [
        "1 suggestion is waiting for an editor", "6 suggestions are waiting for an editor",
    ]  # fmt: skip


# --- an editor decides ---


async def test_only_editors_see_the_queue(here: Instance) -> None:
    """Only editors can use the queue: its command, its buttons and its forms refuse everybody else."""
    suggestion = await suggested(here)
    for outcome in (
        await say(here, BEN, "/content queue"),
        await press(here, BEN, f"v1:queue-accept:{suggestion}"),
        await submit(here, BEN, f"v1:queue-rejected:{suggestion}", {"note": "no"}),
    ):
        assert "Not allowed" in words(outcome)
    assert "1 suggestion is waiting" in words(await say(here, MO, "/content queue"))


async def test_a_rejection_says_why(here: Instance) -> None:
    """The member and the log get the reason of a rejection, and a second editor hears who was first."""
    suggestion = await suggested(here)
    done = await submit(here, MO, f"v1:queue-rejected:{suggestion}", {"note": "The survey says otherwise."})
    assert "I've told the member." in words(done)
    assert telling(here).notices[-1][0] == "ada"
    assert "Mo says why: The survey says otherwise." in telling(here).notices[-1][1]
    assert f"Mo rejected the suggestion {suggestion} (The survey says otherwise.)" in words(
        await say(here, MO, "/content log")
    )
    assert "Mo has already rejected it." in words(await accepted(here, suggestion))
    assert "rejected: Say since when. – The survey says otherwise." in words(await say(here, ADA, "/suggestions"))


async def test_an_editor_may_ask_first(here: Instance) -> None:
    """An editor may ask the member first. Only that member can answer, once, and the queue shows the answer."""
    suggestion = await suggested(here)
    await submit(here, MO, f"v1:queue-asked:{suggestion}", {"note": "Which year?"})
    answer = buttons(telling(here).replies[-1])["Answer"]
    opened = await press(here, ADA, answer)
    assert opened.answer is not None
    assert opened.answer.form is not None
    action = opened.answer.form.action.encode()
    assert "isn't yours" in words(await submit(here, BEN, action, {"words": "1900"}))
    assert "The editors have your answer" in words(await submit(here, ADA, action, {"words": "2025"}))
    assert "no longer need an answer" in words(await submit(here, ADA, action, {"words": "2026"}))
    queue = words(await say(here, MO, "/content queue"))
    assert "You asked: Which year?" in queue
    assert "Answer: 2025" in queue


async def test_the_queue_is_read_one_by_one(here: Instance) -> None:
    """The queue shows one suggestion at a time, the oldest first, and says after the last one that none are left."""
    first, second = await suggested(here), await suggested(here, "/suggest And why? card:tea-popular")
    queue = await say(here, MO, "/content queue")
    assert queue.answer is not None
    assert queue.answer.cards[0].footer == first
    after = await press(here, MO, buttons(queue.answer)["Next"])
    assert after.answer is not None
    assert after.answer.cards[0].footer == second
    assert "That was the last one." in words(await press(here, MO, buttons(after.answer)["Next"]))


async def test_where_a_suggestion_was_made_is_said_to_editors_elsewhere(tmp_path: Path, content: Path) -> None:
    """Editors see the community of a suggestion only if it comes from another community than their own."""
    near, editor = request("Ada", platform="web"), request("Mo", platform="web")
    async with serving(tmp_path, content, editors="web:demo/mo") as here:
        for who in (near, ADA):
            await say(here, who, "/suggest Say since when. card:tea-popular")
        first = await say(here, editor, "/content queue")
        assert words(first).splitlines()[-2] == "By Ada, 2026-11-25 12:00 UTC"
        assert first.answer is not None
        second = await press(here, editor, buttons(first.answer)["Next"])
        assert words(second).splitlines()[-2] == "By Ada, 2026-11-25 12:00 UTC · test:demo"


# --- from the draft into the topic ---


async def test_a_correction_is_accepted_worked_in_and_published(here: Instance, content: Path) -> None:
    """An accepted correction becomes a draft of the card, without the member's name.

    Publishing puts the editor's changes into the topic's file, changes nothing else in it, and tells the member.
    """
    suggestion = await suggested(here)
    done = await accepted(here, suggestion)
    draft = content / f"tea/drafts/suggestion-{suggestion}.yaml"
    assert f"tea/drafts/suggestion-{suggestion}.yaml" in words(done)
    text = draft.read_text(encoding="utf-8")
    assert "#   | Say since when." in text
    assert "Ada" not in text
    before = (content / "tea/facts.yaml").read_text(encoding="utf-8")
    edit(
        content,
        "Most people in the office drink tea.",
        "Since 2025 most people here drink tea.",
        draft.relative_to(content).as_posix(),
    )
    published = words(await say(here, MO, f"/content publish {suggestion}"))
    assert "I added it to tea/facts.yaml." in published
    assert "Changed: tea-popular" in published
    after = (content / "tea/facts.yaml").read_text(encoding="utf-8")
    assert after == before.replace("Most people in the office drink tea.", "Since 2025 most people here drink tea.")
    assert not draft.exists()
    assert "Since 2025 most people here drink tea." in words(await say(here, ADA, "/fact tea drinkers"))
    assert [title.splitlines()[0] for _, title in telling(here).notices] == [
        "Your suggestion was accepted", "Your suggestion was published",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("line", "part"),
    [
        ("/suggest A survey kind:source url:https://example.org/survey", "sources"),
        ("/suggest It stains cups. kind:argument card:tea-popular", "arguments"),
    ],
)
async def test_a_new_entry_waits_for_an_editors_words(here: Instance, content: Path, line: str, part: str) -> None:
    """A new entry can't be published before an editor fills it in. Then it joins its file; no other file changes."""
    suggestion = await suggested(here, line)
    await accepted(here, suggestion)
    draft = content / f"tea/drafts/suggestion-{suggestion}.yaml"
    refused = words(await say(here, MO, f"/content publish {suggestion}"))
    assert "the pack has errors" in refused
    before = {file: file.read_bytes() for file in (content / "tea").glob("*.yaml")}
    filled = re.sub(r'"FILL IN: [^"]*"', "Words of an editor.", draft.read_text(encoding="utf-8"))
    draft.write_text(filled, encoding="utf-8")
    published = words(await say(here, MO, f"/content publish {suggestion}"))
    assert f"Added: suggested-{suggestion}" in published, published
    for file, old in before.items():
        new = file.read_bytes()
        assert new.startswith(old.rstrip()) if file.stem == part else new == old


async def test_a_draft_that_nobody_changed_is_not_published(here: Instance, content: Path) -> None:
    """Parley doesn't publish a draft that says the same as the card, and doesn't tell the member that it did."""
    suggestion = await suggested(here)
    await accepted(here, suggestion)
    assert "says the same as facts.yaml" in words(await say(here, MO, f"/content publish {suggestion}"))
    assert (content / f"tea/drafts/suggestion-{suggestion}.yaml").is_file()
    assert [title.splitlines()[0] for _, title in telling(here).notices] == ["Your suggestion was accepted"]


async def test_a_card_that_changed_meanwhile_is_not_put_back(here: Instance, content: Path) -> None:
    """Parley refuses a draft whose card has changed since, until an editor deletes the draft's version line."""
    suggestion = await suggested(here)
    await accepted(here, suggestion)
    draft = content / f"tea/drafts/suggestion-{suggestion}.yaml"
    name = draft.relative_to(content).as_posix()
    edit(content, "Most people in the office drink tea.", "Since 2025 most people here drink tea.", name)
    edit(content, "Most people in the office drink tea.", "Most people in this office drink tea.", "tea/facts.yaml")
    assert "edited the card after" in words(await say(here, MO, f"/content publish {suggestion}"))
    assert "Most people in this office" in (content / "tea/facts.yaml").read_text(encoding="utf-8")
    lines_kept = [line for line in draft.read_text(encoding="utf-8").splitlines() if "Made from version" not in line]
    draft.write_text("\n".join(lines_kept) + "\n", encoding="utf-8")
    assert "I added it to tea/facts.yaml." in words(await say(here, MO, f"/content publish {suggestion}"))


async def test_what_does_not_pass_changes_nothing(here: Instance, content: Path) -> None:
    """Parley names a mistake in a draft with file and line, and leaves the topic and the draft as they are."""
    suggestion = await suggested(here)
    await accepted(here, suggestion)
    draft = content / f"tea/drafts/suggestion-{suggestion}.yaml"
    edit(content, "verdict:", "verdict: certainly #", draft.relative_to(content).as_posix())
    before = (content / "tea/facts.yaml").read_bytes()
    refused = words(await say(here, MO, f"/content publish {suggestion}"))
    assert re.search(r"facts\.yaml:\d+: ", refused)
    assert (content / "tea/facts.yaml").read_bytes() == before
    assert draft.exists()


async def test_a_folder_that_can_t_be_written_leaves_the_suggestion_waiting(here: Instance, content: Path) -> None:
    """If Parley can't write the draft, it tells the editor, and the suggestion goes on waiting."""
    suggestion = await suggested(here)
    (content / "tea/drafts").write_text("in the way", encoding="utf-8")
    assert "I can't write" in words(await accepted(here, suggestion))
    assert "1 suggestion is waiting" in words(await say(here, MO, "/content queue"))


async def test_a_file_that_can_t_be_added_to_is_named_within_its_topic(here: Instance, content: Path) -> None:
    """An editor reads in their language which file can't take an entry, without its path; the file stays."""
    suggestion = await suggested(here, "/suggest A survey kind:source url:https://example.org/survey")
    await accepted(here, suggestion)
    file = content / "tea/sources.yaml"
    before = json.dumps(yaml.safe_load(file.read_text(encoding="utf-8")), default=str)
    file.write_text(before, encoding="utf-8")
    refused = words(await say(here, replace(MO, locale="en-XA"), f"/content publish {suggestion}"))
    notices = refused.splitlines()[1]
    assert re.fullmatch(r"⟦.*sources\.yaml: wríté `sources` .*⟧", notices), refused
    assert not re.search(r"/\w+/", notices)
    assert file.read_text(encoding="utf-8") == before


@pytest.mark.parametrize("kind", list(Kind))
def test_what_a_member_typed_is_never_yaml(content: Path, kind: Kind) -> None:
    """A draft has a member's words in comments only, and exactly one entry, even if the words look like YAML."""
    suggestion = Suggestion(
        "p1",
        "test:demo",
        "test:demo:ada",
        "Ada",
        NOW,
        kind,
        "tea",
        "tea-popular",
        EVIL,
        "https://example.org/?a=[*b]&c={d}",
    )
    file = write_draft(content / "tea", suggestion, translator("en"))
    file.rename(content / "tea" / "trial.txt")
    lines = (content / "tea" / "trial.txt").read_text(encoding="utf-8").splitlines()
    yaml_lines = [line for line in lines if not line.startswith("#")]
    assert not any("evil" in line for line in yaml_lines)
    assert sum(line.lstrip().startswith("- id:") for line in yaml_lines) == 1


async def test_two_editors_who_publish_at_once_publish_once(here: Instance, content: Path) -> None:
    """Of three presses at once, one publishes and the others hear who was first. The member hears of it once."""
    suggestion = await suggested(here)
    await accepted(here, suggestion)
    edit(content, "Most people", "Many people", f"tea/drafts/suggestion-{suggestion}.yaml")
    ends = await asyncio.gather(*(press(here, MO, f"v1:queue-publish:{suggestion}") for _ in range(3)))
    first_lines = sorted(words(end).splitlines()[0 if end.success else 1] for end in ends)
    assert first_lines == ["Mo has already published it."] * 2 + [f"Published: {suggestion}"]
    assert [title.splitlines()[0] for _, title in telling(here).notices].count("Your suggestion was published") == 1


async def test_a_draft_goes_where_the_content_is_served_from(
    here: Instance, content: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Parley writes a draft into the folder that it serves, even if the working folder has a pack of the same name."""
    elsewhere = copied(tmp_path / "elsewhere")
    monkeypatch.chdir(elsewhere)
    suggestion = await suggested(here)
    await accepted(here, suggestion)
    assert (content / f"tea/drafts/suggestion-{suggestion}.yaml").exists()
    assert not (elsewhere / "tea/drafts").exists()


async def test_drafts_are_never_served(here: Instance, content: Path) -> None:
    """An accepted suggestion changes nothing that members see."""
    before = read_pack(content / "tea").raws.keys()
    await accepted(here, await suggested(here))
    await here.content.reload()
    assert read_pack(content / "tea").raws.keys() == before


# --- privacy, and counts ---


async def test_a_members_suggestions_are_shown_and_erased(here: Instance) -> None:
    """`/privacy` shows a member's suggestions, and erases those that wait but only the name of accepted ones."""
    pending, gone = await suggested(here), await suggested(here)
    await accepted(here, pending)
    assert "2 suggestions" in words(await say(here, ADA, "/privacy show"))
    await press(here, ADA, "v1:privacy-erase")
    assert "suggestion" not in words(await say(here, ADA, "/privacy show"))
    assert "There's no suggestion" in words(await accepted(here, gone))
    assert "has already accepted it" in words(await accepted(here, pending))


async def test_what_members_look_for_is_counted_without_who(here: Instance) -> None:
    """The report shows editors how often members asked for a card, disputed one or searched in vain, without names and
    addresses."""
    for _ in range(3):
        await say(here, ADA, "/fact tea drinkers")
        await say(here, BEN, "/fact marmalade ZEPPELIN!")
        await say(here, BEN, "/fact call me at ben@example.org")
    await suggested(here)
    report = words(await say(here, MO, "/content report"))
    asked, disputed = report.split("Most disputed")
    assert "3 Most people in the office drink tea. (tea/tea-popular)" in asked
    assert "1 Most people in the office drink tea. (tea/tea-popular)" in disputed
    assert "3 marmalade zeppelin" in report
    assert "example.org" not in report
    assert "Ada" not in report


@pytest.mark.parametrize(
    ("query", "counted"),
    [
        ("  Tea   Tariffs? ", "tea tariffs"),
        ("ben@example.org", ""),
        ("call 5551234567", ""),
        ("<@U123> said", ""),
        ("https://example.org", ""),
        ("one two three four five six seven", ""),
        ("日本", "日本"),
        ("'; DROP TABLE", "drop table"),
        ("?!", ""),
    ],
)
def test_only_plain_words_of_a_search_are_counted(query: str, counted: str) -> None:
    """Parley counts the plain words of a search, and nothing of one that is long or may lead to a person."""
    assert counted_words(query) == counted


async def test_the_command_line_reports_it_too(tmp_path: Path, content: Path) -> None:
    """`parley content report` shows the counts after Parley has stopped, and makes no database where there is none."""
    async with serving(tmp_path, content) as here:
        await say(here, ADA, "/fact tea drinkers")
    runner = CliRunner()
    file = tmp_path / "parley.db"
    command = ["content", "report", "--content", str(content), "--database"]
    counted = await asyncio.to_thread(runner.invoke, main, [*command, str(file)])
    assert "Most asked for, since 2026-11-01:\n       1  Most people in the office drink tea." in counted.output
    without = await asyncio.to_thread(runner.invoke, main, [*command, str(tmp_path / "other.db")])
    assert without.exit_code == 0
    assert "Most asked for" not in without.output
    assert not (tmp_path / "other.db").exists()


async def test_a_draft_that_was_moved_by_hand_counts_as_published(here: Instance, content: Path) -> None:
    """If an editor publishes an accepted suggestion whose draft is gone, Parley counts it as published by hand."""
    suggestion = await suggested(here)
    await accepted(here, suggestion)
    (content / f"tea/drafts/suggestion-{suggestion}.yaml").unlink()
    assert "count it as moved by hand" in words(await say(here, MO, f"/content publish {suggestion}"))
    assert "published" in words(await say(here, ADA, "/suggestions"))


async def test_a_draft_s_id_is_no_path(here: Instance, content: Path) -> None:
    """Parley refuses to publish an entry whose id is a path, since an id may become a file's name."""
    suggestion = await suggested(here, "/suggest A survey kind:source url:https://example.org/survey")
    await accepted(here, suggestion)
    edit(content, f"id: suggested-{suggestion}", 'id: "../../evil"', f"tea/drafts/suggestion-{suggestion}.yaml")
    assert "use lowercase letters" in words(await say(here, MO, f"/content publish {suggestion}"))
