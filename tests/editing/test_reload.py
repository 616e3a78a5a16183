"""Content that changes while Parley runs is taken whole, or refused with every problem named."""

from __future__ import annotations

import asyncio
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from adapters.discord import render as discord
from adapters.slack import render as slack
from adapters.web import render as web
from bot.chat.fit import fit
from bot.chat.markup import plain
from bot.chat.platform import Limits
from bot.commands.content import news
from bot.errors import BotError, Unavailable
from bot.i18n import PSEUDO, translator
from bot.instance import Instance
from bot.library.reader_process import ReaderHere, ReaderProcess
from bot.library.reload import Acceptance, Refusal, Same
from bot.library.snapshot import Difference, Parcel
from bot.packs.check import check_library
from bot.packs.problems import Problem, Severity
from tests.editing.packs import copied, edit, notices, serving, statement
from tests.talk import ADA, MO, buttons, press, reply_words, say, wall, words
from tests.waits import until
from tests.world import NOW, Clock

BEFORE, AFTER = "Most people in the office drink tea.", "Nearly everybody in the office drinks tea."


@pytest.fixture
def content(tmp_path: Path) -> Path:
    return copied(tmp_path)


async def test_a_saved_change_is_served_and_told(tmp_path: Path, content: Path) -> None:
    """Members get a saved change, and the editors' channel hears which cards were added, changed and removed."""
    async with serving(tmp_path, content) as here:
        assert await here.content.look() is None
        edit(content, BEFORE, AFTER)
        edit(content, "id: tea-tastes-best", "id: tea-taste")
        assert isinstance(await here.content.look(), Acceptance)
        assert await statement(here) == AFTER
        assert await here.content.look() is None
        (notice,) = notices(here)
        assert notice.splitlines()[:5] == [
            "New content is live", "tea", "• Added: tea-taste", "• Changed: tea-popular", "• Removed: tea-tastes-best",
        ]  # fmt: skip
        log = words(await say(here, MO, "/content log"))
        assert "Parley loaded new content (tea: 1 added, 1 changed, 1 removed)" in log


async def test_a_change_with_errors_is_refused_and_each_is_named(tmp_path: Path, content: Path) -> None:
    """Parley names each error by file, line and column, and serves the old content until all are corrected."""
    async with serving(tmp_path, content) as here:
        edit(content, BEFORE, AFTER)
        edit(content, "verdict: supported", "verdict: certain")
        edit(content, "sources: [house-rules, tea-mirror]", "sources: [house-rule, tea-mirror]")
        edit(content, "name: A tea fund", "title: A tea fund", "tea/options.yaml")
        await here.content.look()
        assert await statement(here) == BEFORE
        (notice,) = notices(here)
        assert notice.splitlines()[0] == "The new content has errors"
        for where in ("tea/facts.yaml:7:14: ", "tea/facts.yaml:20:15: ", "tea/options.yaml:2:5: "):
            assert f"• {where}" in notice, notice
            assert where in words(await say(here, MO, "/content problems"))
            assert where in words(await say(here, MO, "/content status"))
        assert str(tmp_path) not in notice
        assert "refused new content because it has errors (tea/facts.yaml:7:14" in words(
            await say(here, MO, "/content log")
        )
        assert await here.content.look() is None
        edit(content, "verdict: certain", "verdict: nuanced")
        edit(content, "sources: [house-rule, tea-mirror]", "sources: [house-rules, tea-mirror]")
        edit(content, "title: A tea fund", "name: A tea fund", "tea/options.yaml")
        await here.content.look()
        assert await statement(here) == AFTER
        assert len(notices(here)) == 2
        assert "keep" not in words(await say(here, MO, "/content problems"))


async def test_a_mended_error_that_leaves_nothing_new_is_forgotten(tmp_path: Path, content: Path) -> None:
    """Parley forgets an error that an editor has undone, and tells the editors again if the same error comes back."""
    async with serving(tmp_path, content) as here:
        for count in (1, 2):
            edit(content, "verdict: supported", "verdict: certain")
            await here.content.look()
            assert len(notices(here)) == count
            edit(content, "verdict: certain", "verdict: supported")
            assert isinstance(await here.content.look(), Same)
            assert here.content.refusal is None
            assert len(notices(here)) == count


async def test_warnings_are_counted_and_refuse_nothing(tmp_path: Path, content: Path) -> None:
    """A change with warnings goes live. The message to the editors says how many there are and which command shows
    them."""
    async with serving(tmp_path, content) as here:
        edit(content, "    sources: [kitchen-count]\n", "")
        await here.content.look()
        counted = re.search(r"(\d+) warnings?; /content problems shows", notices(here)[0])
        assert counted is not None
        assert int(counted[1]) == len(here.content.shelf.current.warnings)
        problems = words(await say(here, MO, "/content problems"))
        assert "The content is live." in problems
        assert "tea/facts.yaml:2:9: this fact has no source" in problems


def cut_in_an_entry(content: Path) -> None:
    text = (content / "tea/facts.yaml").read_text(encoding="utf-8")
    (content / "tea/facts.yaml").write_text(text[: text.index("attributed_to")], encoding="utf-8")


def emptied(content: Path) -> None:
    (content / "tea/facts.yaml").write_text("", encoding="utf-8")


def without_its_folder(content: Path) -> None:
    shutil.rmtree(content)


def without_a_part(content: Path) -> None:
    (content / "tea/sources.yaml").unlink()


def without_pack_yaml(content: Path) -> None:
    (content / "tea/pack.yaml").unlink()


def with_conflict_marks(content: Path) -> None:
    edit(content, "  - id: coffee-banned", "<<<<<<< HEAD\n  - id: coffee-banned")


def not_text(content: Path) -> None:
    (content / "tea/facts.yaml").write_bytes(b"\xff\xfe\x00")


def a_folder_instead(content: Path) -> None:
    (content / "tea/facts.yaml").unlink()
    (content / "tea/facts.yaml").mkdir()


BREAKS = (
    cut_in_an_entry, emptied, without_its_folder, without_a_part, without_pack_yaml, with_conflict_marks, not_text,
    a_folder_instead,
)  # fmt: skip


@pytest.mark.parametrize("broken", BREAKS)
async def test_nothing_broken_is_ever_served(broken: Callable[[Path], None], tmp_path: Path, content: Path) -> None:
    """While the folder is broken, members get the last good content, and afterwards the new one."""
    good = shutil.copytree(content, tmp_path / "good")
    async with serving(tmp_path, content) as here:
        broken(content)
        await here.content.look()
        assert await statement(here) == BEFORE
        assert notices(here)[0].startswith("The new content has errors")
        shutil.rmtree(content, ignore_errors=True)
        shutil.copytree(good, content)
        edit(content, BEFORE, AFTER)
        await here.content.look()
        assert await statement(here) == AFTER


class Slow(Clock):
    """A clock that runs one of the test's steps at each wait."""

    def __init__(self, *steps: Callable[[], None]) -> None:
        super().__init__()
        self.steps = list(steps)

    async def sleep(self, seconds: float) -> None:
        if self.steps:
            self.steps.pop(0)()
        await super().sleep(seconds)


async def test_a_change_is_taken_when_the_folder_has_come_to_rest(tmp_path: Path, content: Path) -> None:
    """Parley loads a folder only once its files have come to rest, so it never serves half of a checkout."""
    new = "  - id: fact-{n}\n    statement: Fact {n}.\n    essay: {{paragraph: 1, quote: some words}}\n    attributed_to: me\n"
    new += "    kind: fact\n    verdict: unverified\n    reason: Nobody looked.\n    checked: 2026\n    sources: [kitchen-count]\n"
    shutil.move(content / "tea/facts.yaml", content / "first.yaml")
    (content / "tea/facts").mkdir()
    shutil.move(content / "first.yaml", content / "tea/facts/first.yaml")

    def arrive(number: int) -> Callable[[], None]:
        def write() -> None:
            for each in range(3 * number, 3 * number + 3):
                text = "facts:\n" + new.format(n=each)
                (content / f"tea/facts/{each:03}.yaml").write_text(text, encoding="utf-8")

        return write

    clock = Slow(*(arrive(number) for number in range(100)))
    async with serving(tmp_path, content, clock=clock) as here:
        edit(content, BEFORE, AFTER, "tea/facts/first.yaml")
        await here.content.look()
        (notice,) = notices(here)
        assert "Added: fact-0, fact-1" in notice
        assert "and 285 more" in notice
        assert here.content.shelf.current.library.find("tea", "fact-299")


async def test_a_running_git_command_is_waited_for(tmp_path: Path, content: Path) -> None:
    """Parley waits as long as git holds its lock, even if no file changes for a while."""
    (tmp_path / ".git").mkdir()
    lock = tmp_path / ".git" / "index.lock"
    lock.touch()

    def finish() -> None:
        edit(content, "verdict: certain", "verdict: supported")
        lock.unlink()

    clock = Slow(lambda: None, lambda: None, lambda: None, finish)
    async with serving(tmp_path, content, clock=clock) as here:
        edit(content, BEFORE, AFTER)
        edit(content, "verdict: supported", "verdict: certain")
        await here.content.look()
        assert await statement(here) == AFTER
        assert [notice.splitlines()[0] for notice in notices(here)] == ["New content is live"]


class Unlucky(ReaderHere):
    """A reader that finds at its first reading that a file has changed meanwhile."""

    def __init__(self, content: Path) -> None:
        self.content = content
        self.times = 1

    async def read(self, source: Path, today: date) -> Parcel:
        parcel = await super().read(source, today)
        if self.times:
            self.times -= 1
            return Parcel(parcel.version, parcel.packs, parcel.problems, steady=False)
        return parcel


async def test_files_that_change_while_they_are_read_are_read_again(tmp_path: Path, content: Path) -> None:
    """Files that change while Parley reads them are not served but read again; only the editor who asked is told."""
    async with serving(tmp_path, content, reader=Unlucky(content)) as here:
        edit(content, BEFORE, AFTER)
        assert "changing the files" in words(await say(here, MO, "/content reload"))
        assert (await statement(here), notices(here)) == (BEFORE, [])
        await here.content.look()
        assert await statement(here) == AFTER


async def test_what_is_read_before_and_after_must_be_the_same(content: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reading of unchanged files is steady. A reading of changed files has another version, and one during which a
    file changes isn't steady."""
    reader = ReaderHere()
    parcel = await reader.read(content, NOW.date())
    assert parcel.steady
    edit(content, BEFORE, AFTER)
    changed = await reader.read(content, NOW.date())
    assert (changed.steady, changed.version == parcel.version) == (True, False)

    def check_and_save(source: Path, today: date) -> object:
        checked = check_library(source, today)
        edit(content, AFTER, BEFORE)
        return checked

    monkeypatch.setattr("bot.library.snapshot.check_library", check_and_save)
    assert not (await reader.read(content, NOW.date())).steady


async def test_processes_on_one_folder_agree_and_tell_once(tmp_path: Path, content: Path) -> None:
    """Each process on a folder serves a change or refuses it; one of them tells the editors and writes the log."""
    async with serving(tmp_path, content) as one, serving(tmp_path, content, shared=True) as other:
        for step in range(3):
            edit(content, BEFORE if step % 2 == 0 else AFTER, AFTER if step % 2 == 0 else BEFORE)
            await asyncio.gather(one.content.look(), other.content.look())
            assert await statement(one) == await statement(other) == (AFTER if step % 2 == 0 else BEFORE)
            assert len(notices(one) + notices(other)) == step + 1
        edit(content, "verdict: supported", "verdict: certain")
        await asyncio.gather(other.content.look(), one.content.look())
        assert len(notices(one) + notices(other)) == 4
        assert words(await say(one, MO, "/content log")).count("new content") == 4


async def test_one_process_wakes_the_others(tmp_path: Path, content: Path) -> None:
    """A process that took a change sends the signal that wakes all processes, since some systems give no event."""
    async with serving(tmp_path, content) as here:
        edit(content, BEFORE, AFTER)
        await here.content.look()
        assert here.content._wake.is_set()


async def test_ids_that_vanish_are_answered_politely(tmp_path: Path, content: Path) -> None:
    """Buttons of removed cards get a polite answer, and a poll whose options' cards are gone goes on."""
    async with serving(tmp_path, content) as here:
        card = await say(here, ADA, "/fact tea drinkers")
        assert card.answer is not None
        await say(here, ADA, '/poll policy post:yes options:"A tea fund | Bring your own tea" closes:1d')
        (_, poll) = wall(here).posted[-1]
        vote = buttons(poll)
        (content / "tea/options.yaml").unlink()
        (content / "tea/arguments.yaml").unlink()
        facts = (content / "tea/facts.yaml").read_text(encoding="utf-8")
        (content / "tea/facts.yaml").write_text(
            "facts:\n" + facts[facts.index("  - id: coffee-banned") :], encoding="utf-8"
        )
        end = await here.content.look()
        assert isinstance(end, Acceptance), end
        for label, pressed in {**buttons(card.answer), **vote}.items():
            answer = await press(here, ADA, pressed)
            assert answer.answer is not None, label
            assert "went wrong" not in words(answer), label
        gone = await press(here, ADA, "v1:open:tea:tea-popular")
        assert "Not found" in words(gone)
        for line in ("/poll results poll:p1", "/poll list", "/policy", "/poll policy", "/poll close poll:p1"):
            answer = await say(here, ADA, line)
            assert "went wrong" not in words(answer) if answer.answer else answer.errors, line
        assert "Your vote is counted" in words(await press(here, ADA, "v1:cast:p1:0"))
        closed = await press(here, ADA, "v1:poll-close:p1")
        assert "went wrong" not in words(closed)
        assert "A tea fund" in words(await say(here, ADA, "/poll results poll:p1"))


async def test_editors_ask_for_the_state_and_reload(tmp_path: Path, content: Path) -> None:
    """Editors can ask for the state of the content and reload it. Parley says what changed and logs who did it."""
    async with serving(tmp_path, content) as here:
        status = words(await say(here, MO, "/content status"))
        assert "tea: 17 cards, reviewed 2026-11-01" in status
        assert f"Version: {here.content.shelf.current.version[:12]}" in status
        assert "Loaded: 2026-11-25 12:00 UTC" in status
        assert "Watching for changes: no; use /content reload" in status
        assert "Nothing has changed" in words(await say(here, MO, "/content reload"))
        edit(content, BEFORE, AFTER)
        assert "Changed: tea-popular" in words(await say(here, MO, "/content reload"))
        assert await here.content.look() is None
        edit(content, "verdict: supported", "verdict: certain")
        assert "tea/facts.yaml:7:14" in words(await say(here, MO, "/content reload"))
        assert words(await say(here, MO, "/content log")).count("Mo ") == 2
        for line in ("/content status", "/content reload", "/content problems"):
            assert "Only editors" in words(await say(here, ADA, line))


async def test_many_problems_are_read_page_by_page(tmp_path: Path, content: Path) -> None:
    """The editors' channel gets 20 problems and a file with all; `/content problems` shows each of them once."""
    async with serving(tmp_path, content) as here:
        lines = "".join(f"  - id: fact-{number}\n    statement: Short.\n" for number in range(23))
        with (content / "tea/facts.yaml").open("a", encoding="utf-8") as file:
            file.write(lines)
        await here.content.look()
        assert here.content.refusal is not None
        count = len(here.content.refusal.errors)
        assert count > 20
        assert notices(here)[0].count("tea/facts.yaml:") == 20
        (_, post) = wall(here).posted[-1]
        assert post.files[0].content.count("tea/facts.yaml:") == count
        outcome = await say(here, MO, "/content problems")
        listed = words(outcome).count("tea/facts.yaml:")
        while outcome.answer is not None and (more := buttons(outcome.answer)):
            outcome = await press(here, MO, next(iter(more.values())))
            listed += words(outcome).count("tea/facts.yaml:")
        assert listed == count


async def test_every_sentence_is_translated(tmp_path: Path, content: Path) -> None:
    """In the pseudo-locale everything but ids, files and the checker's own words is translated."""
    t = translator(PSEUDO)
    mo = replace(MO, locale=PSEUDO)
    differences = tuple(
        Difference("tea", ("x",) * 20, ("y",), ("z",), whole) for whole in ("added", "changed", "removed", "")
    )
    refusal = Refusal("v", NOW, tuple(Problem(Path("f"), n, 1, Severity.ERROR, "c", "0") for n in range(30)))
    async with serving(tmp_path, content) as here:
        texts = [words(await say(here, mo, "/content status"))]
        here.content.refusal = refusal
        texts += [words(await say(here, mo, line)) for line in ("/content status", "/content problems")]
    ends = (Acceptance(differences, 0), Acceptance((), 1), refusal)
    texts += [reply_words(news(t, end)) for end in ends]
    for text in texts:
        bare = re.sub(r"⟦[^⟧]*⟧", "", text)
        assert set(re.findall(r"[A-Za-z]{2,}", re.sub(r"[0-9a-f]{12}", "", bare))) <= {"tea", "UTC"}, text


@pytest.mark.parametrize("limits", [discord.LIMITS, slack.LIMITS, web.LIMITS], ids=["discord", "slack", "web"])
def test_each_problem_that_is_told_fits_every_platform(limits: Limits) -> None:
    """A message about twenty long problems in long paths shows each one's file, line and column on every platform."""
    problems = tuple(
        Problem(Path(f"{'topic/' * 8}facts.yaml"), n, 7, Severity.ERROR, "code", "A long complaint. " * 15)
        for n in range(20)
    )
    reply = news(translator("en"), Refusal("v", NOW, problems))
    fitted = "\n".join(plain(card.body) for part in fit(reply, limits) for card in part.cards)
    assert all(f"facts.yaml:{n}:7" in fitted for n in range(20))


class Broken(ReaderHere):
    mended = False

    async def read(self, source: Path, today: date) -> Parcel:
        if not self.mended:
            raise Unavailable("no memory")
        return await super().read(source, today)


async def test_a_reader_that_fails_changes_nothing(tmp_path: Path, content: Path) -> None:
    """If the reader fails, Parley tells the editor who asked, and serves the old content on."""
    async with serving(tmp_path, content, reader=Broken()) as here:
        edit(content, BEFORE, AFTER)
        assert "no memory" in words(await say(here, MO, "/content reload"))
        with pytest.raises(BotError):
            await here.content.look()
        assert await statement(here) == BEFORE


async def test_content_is_served_though_the_database_can_t_be_written(
    tmp_path: Path, content: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If the database can't be written, Parley serves new content but tells nobody."""
    async with serving(tmp_path, content) as here:

        async def refuse(_unit: object) -> None:
            raise Unavailable("full")

        edit(content, BEFORE, AFTER)
        monkeypatch.setattr(type(here.database), "write", lambda _self, unit: refuse(unit))
        await here.content.look()
        assert (await statement(here), notices(here)) == (AFTER, [])


def served(here: Instance) -> str:
    fact = here.content.shelf.current.library.find("tea", "tea-popular")
    return fact.title if fact else ""


@pytest.mark.parametrize("watch", ["events", "poll"])
async def test_a_running_instance_sees_by_itself_what_is_saved(
    watch: str, tmp_path: Path, content: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A running instance loads each saved change, even of a folder that was replaced whole, and stops cleanly."""
    monkeypatch.setattr("bot.library.reload.SETTLE", 0.01)
    async with serving(tmp_path, content, watch=watch, clock=RealClock()) as here:
        await here.start()
        await until(lambda: here.content._last_outline != "")
        edit(content, BEFORE, AFTER)
        await until(lambda: served(here) == AFTER)
        new = copied(tmp_path / "new")
        shutil.rmtree(content)
        await until(lambda: here.content.refusal is not None)
        new.rename(content)
        await until(lambda: served(here) == BEFORE)
        edit(content, BEFORE, "Tea is popular.")
        await until(lambda: served(here) == "Tea is popular.")
    tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    await asyncio.wait(tasks, timeout=5) if tasks else None
    assert [task for task in tasks if not task.done()] == []


async def test_a_watch_goes_on_after_a_reader_that_failed(
    tmp_path: Path, content: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """If the reader fails, the watch logs why and tries again, and it loads the change once the reader works."""
    monkeypatch.setattr("bot.library.reload.SETTLE", 0.01)
    monkeypatch.setattr("bot.library.reload.RETRY", 0.01)
    reader = Broken()
    async with serving(tmp_path, content, watch="events", clock=RealClock(), reader=reader) as here:
        await here.start()
        edit(content, BEFORE, AFTER)
        await until(lambda: caplog.text.count("can't read the content: no memory") > 1)
        assert served(here) == BEFORE
        reader.mended = True
        await until(lambda: served(here) == AFTER)


class RealClock(Clock):
    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


async def test_a_process_reads_and_is_replaced_when_it_dies(tmp_path: Path, content: Path) -> None:
    """The reader's process gives the same content as a reader in this process.

    If it is killed, one reading fails and the next one works.
    """
    reader = ReaderProcess()
    parcel = await reader.read(content, NOW.date())
    here = await ReaderHere().read(content, NOW.date())
    assert (parcel.version, parcel.problems, parcel.steady) == (here.version, here.problems, True)
    edition, expected = await reader.make(parcel), await ReaderHere().make(here)
    assert edition.library == expected.library
    assert [hit.entry.id for hit in edition.index.find("tea")] == [hit.entry.id for hit in expected.index.find("tea")]
    assert reader._pool is not None
    (worker,) = reader._pool._processes.values()
    worker.kill()
    with pytest.raises(Unavailable):
        await reader.read(content, NOW.date())
    assert (await reader.read(content, NOW.date())).version == parcel.version
    (worker,) = reader._pool._processes.values()
    reader.close()
    await asyncio.to_thread(worker.join, 30)
    assert not worker.is_alive()
