"""`parley preview`: the packs that it reads, the pages that it shows, and the requests that it answers."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import aiohttp
import pytest
from yarl import URL

from adapters.http.guard import HEADERS
from adapters.preview import cards
from adapters.preview.desk import Desk, Reading, follow
from adapters.preview.server import Preview
from bot.errors import Unavailable
from bot.packs.loader import read_pack
from bot.packs.model import Argument, Fact
from bot.packs.reading import PackReading
from tests.ports import free_port
from tests.waits import PATIENCE
from tests.world import CONTENT, NOW


def clock() -> datetime:
    return NOW


@pytest.fixture
def content(tmp_path: Path) -> Path:
    """Copy the invented topic, so that a test can edit it."""
    return Path(shutil.copytree(CONTENT, tmp_path / "content"))


def edit(content: Path, name: str, old: str, new: str) -> None:
    file = content / "tea" / name
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Opened:
    preview: Preview
    desk: Desk
    url: str
    session: aiohttp.ClientSession

    async def get(self, path: str, **headers: str) -> tuple[int, str, aiohttp.ClientResponse]:
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.session.get(URL(self.url + path), headers=fields) as response:
            return response.status, await response.text(), response


@asynccontextmanager
async def opened(content: Path) -> AsyncIterator[Opened]:
    desk = Desk.of(content, clock)
    preview = Preview(desk, content)
    url = await preview.start(0)
    async with aiohttp.ClientSession() as session:
        try:
            yield Opened(preview, desk, url, session)
        finally:
            await preview.stop()


# --- what is read and kept ---


def test_each_pack_is_read_once_a_save(content: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After each save the preview reads a pack once, so its cards and its problems show the same state."""
    read: list[Path] = []

    def reading(folder: Path) -> PackReading:
        read.append(folder)
        return read_pack(folder)

    for module in ("bot.packs.check", "bot.packs.loader", "adapters.preview.desk"):
        monkeypatch.setattr(f"{module}.read_pack", reading, raising=False)
    desk = Desk.of(content, clock)
    desk.read()
    assert read == [content / "tea"] * 2


def test_the_last_good_version_stays_while_a_file_is_broken(content: Path) -> None:
    """While a file is broken, the preview shows its problems and keeps the pack's last good version, without the
    places of its entries."""
    desk = Desk.of(content, clock)
    edit(content, "facts.yaml", "Most people in the office drink tea.", "Nearly everyone drinks tea.\n    kind: fact")
    broken = desk.read()
    fact = broken.edition.library.packs["tea"].entries["tea-popular"]
    assert (broken.errors, broken.stale, fact.title) == (1, frozenset({"tea"}), "Most people in the office drink tea.")
    assert [(problem.file.name, problem.code) for problem in broken.problems[:1]] == [("facts.yaml", "duplicate-key")]
    assert broken.place("tea", "tea-popular") is None, "lines may have moved since"
    edit(content, "facts.yaml", "\n    kind: fact\n    essay", "\n    essay")
    good = desk.read()
    assert good.edition.library.packs["tea"].entries["tea-popular"].title == "Nearly everyone drinks tea."
    assert (good.errors, good.stale) == (0, frozenset())


def test_one_broken_pack_holds_up_no_other(content: Path) -> None:
    """A broken pack keeps its last good version while the others show their newest."""
    shutil.copytree(content / "tea", content / "cocoa")
    (content / "cocoa" / "pack.yaml").write_text(
        (content / "tea" / "pack.yaml").read_text().replace("id: tea", "id: cocoa"), encoding="utf-8"
    )
    desk = Desk.of(content, clock)
    assert list(desk.reading.edition.library.packs) == ["cocoa", "tea"]
    (content / "cocoa" / "facts.yaml").write_text("facts: [", encoding="utf-8")
    edit(content, "facts.yaml", "Most people", "Half the people")
    reading = desk.read()
    assert reading.stale == {"cocoa"}
    assert reading.edition.library.packs["tea"].entries["tea-popular"].title.startswith("Half the people")


def test_a_pack_that_is_broken_from_the_start_has_its_problems_told(content: Path) -> None:
    """A pack that is broken when the preview starts isn't shown, and its problems are."""
    (content / "tea" / "facts.yaml").write_text("facts: [", encoding="utf-8")
    reading = Desk.of(content, clock).reading
    assert dict(reading.edition.library.packs) == {}
    assert reading.problems[0].code == "yaml"


def test_a_draft_is_shown_to_its_editor(content: Path) -> None:
    """The preview shows a pack that is marked as a draft."""
    file = content / "tea" / "pack.yaml"
    file.write_text(file.read_text(encoding="utf-8") + "draft: true\n", encoding="utf-8")
    assert "tea" in Desk.of(content, clock).reading.edition.library.packs


def test_a_pack_that_is_deleted_goes(content: Path) -> None:
    """A pack whose folder is deleted leaves the preview at the next reading."""
    shutil.copytree(content / "tea", content / "other")
    (content / "other" / "pack.yaml").write_text(
        (content / "tea" / "pack.yaml").read_text().replace("id: tea", "id: other"), encoding="utf-8"
    )
    desk = Desk.of(content, clock)
    shutil.rmtree(content / "other")
    assert list(desk.read().edition.library.packs) == ["tea"]


async def test_a_save_is_noticed_and_a_draft_of_a_file_is_not(content: Path) -> None:
    """The preview reads each save, even one by a rename or before its watch began, and ignores `drafts` folders."""
    desk = Desk.of(content, clock)
    readings: asyncio.Queue[Reading] = asyncio.Queue()
    following = asyncio.create_task(follow(desk, readings.put))
    try:
        async with asyncio.timeout(PATIENCE):
            (content / "tea" / "drafts").mkdir()
            (content / "tea" / "drafts" / "facts.yaml").write_text("facts: [", encoding="utf-8")
            new = (content / "tea" / "facts.yaml").read_text(encoding="utf-8").replace("Most people", "Six people")
            (content / "tea" / "facts.yaml~").write_text(new, encoding="utf-8")
            (content / "tea" / "facts.yaml~").replace(content / "tea" / "facts.yaml")
            reading = await readings.get()
        assert reading.edition.library.packs["tea"].entries["tea-popular"].title.startswith("Six people")
        assert (reading.number, reading.errors) == (2, 0)
    finally:
        following.cancel()


# --- what is shown ---


async def test_each_entry_of_a_topic_has_a_page_with_four_platforms(content: Path) -> None:
    """Each entry of a topic has a page that shows it as on Discord, Slack, the web chat and a terminal."""
    async with opened(content) as at:
        for entry in at.desk.reading.edition.library.packs["tea"].entries:
            status, text, _ = await at.get(f"tea/{entry}")
            assert status == 200, entry
            for name in ("Discord", "Slack", "Web chat", "Terminal"):
                assert f">{name}</h3>" in text


async def test_the_topic_and_the_timeline_have_pages_too(content: Path) -> None:
    """A pack's own address shows its topic, as the first page does, and `timeline` below it shows its timeline."""
    async with opened(content) as at:
        for path, words in (("", "The topic"), ("tea", "The topic"), ("tea/timeline", "The timeline")):
            status, text, _ = await at.get(path)
            assert status == 200
            assert f'<h2 dir="auto">{words}</h2>' in text


async def test_what_a_card_opens_can_be_seen_too(content: Path) -> None:
    """The preview shows an entry's counterarguments, supporting arguments and sources as a member gets them; an
    unknown view shows the card."""
    desk = Desk.of(content, clock)
    pack = desk.reading.edition.library.packs["tea"]
    assert cards.views_of(pack, "buy-tea") == ["card", "counter", "support"]
    assert cards.views_of(pack, "tea-popular") == ["card", "counter", "sources"]
    reply = await cards.reply(desk.reading.edition, NOW, "tea", "buy-tea", "counter")
    assert reply is not None
    assert reply.cards[0].title == "Counterarguments to:"
    async with opened(content) as at:
        _, text, _ = await at.get("tea/buy-tea?view=counter")
        assert "Counterarguments to:" in text
        _, text, _ = await at.get("tea/buy-tea?view=nonsense")
        assert "Counterarguments to:" not in text


async def test_a_page_says_where_its_entry_stands(content: Path) -> None:
    """An entry's page names the file and the line where the entry stands."""
    async with opened(content) as at:
        _, text, _ = await at.get("tea/coffee-banned")
    assert "<code>tea/facts.yaml, line 13</code>" in text


async def test_an_unknown_address_says_so_and_still_lists_what_there_is(content: Path) -> None:
    """An unknown entry or topic is a 404; the page of an unknown entry still lists the entries there are."""
    async with opened(content) as at:
        status, text, _ = await at.get("tea/no-such-card")
        assert status == 404
        assert "has no entry" in text
        assert "/tea/tea-popular" in text
        assert (await at.get("no-such-topic"))[0] == 404
        assert (await at.get("static/server.py"))[0] == 404


async def test_problems_stand_on_the_page_with_file_line_and_column(content: Path) -> None:
    """The page shows a pack's problems with file, line and column; an editor's words on it are never markup."""
    edit(content, "facts.yaml", "verdict: supported", 'verdict: "<script>"')
    async with opened(content) as at:
        _, text, _ = await at.get("")
    assert "<code>tea/facts.yaml, line 7, column 14</code>" in text
    assert "&lt;script&gt;" in text
    assert "<script>" not in text


async def test_open_pages_hear_of_each_reading(content: Path) -> None:
    """An open page hears the number of the current reading at once, and then of each later one."""
    async with opened(content) as at, at.session.get(f"{at.url}api/events") as stream:
        assert stream.content_type == "text/event-stream"
        first = await next_event(stream)
        await at.preview.tell(at.desk.read())
        second = await next_event(stream)
        assert (first["number"], second["number"]) == (1, 2)
        assert second["errors"] == 0


async def next_event(stream: aiohttp.ClientResponse) -> dict[str, int]:
    async with asyncio.timeout(PATIENCE):
        while not (line := await stream.content.readline()).startswith(b"data: "):
            assert line
        return dict(json.loads(line.removeprefix(b"data: ")))


# --- whom it answers ---


async def test_only_this_machine_under_its_own_name_is_answered(content: Path) -> None:
    """A request under another host's name gets a 403 and nothing of the packs."""
    async with opened(content) as at:
        for path in ("", "tea", "api/events", "static/preview.js"):
            status, text, _ = await at.get(path, Host="evil.example:80")
            assert status == 403
            assert "tea" not in text.lower()


async def test_another_site_hears_no_events(content: Path) -> None:
    """A request for events is refused if its `Origin` or `Sec-Fetch-Site` header names another site."""
    async with opened(content) as at:
        assert (await at.get("api/events", Origin="https://evil.example"))[0] == 403
        assert (await at.get("api/events", Sec_Fetch_Site="cross-site"))[0] == 403


async def test_nothing_can_be_changed_and_every_answer_is_protected(content: Path) -> None:
    """The preview refuses a POST, and each of its answers carries the protecting headers."""
    async with opened(content) as at:
        async with at.session.post(at.url, json={}) as response:
            assert response.status == 405
        for path in ("", "nothing/here", "static/preview.css", "%00"):
            _, _, response = await at.get(path)
            assert {name: response.headers[name] for name in HEADERS} == HEADERS


async def test_a_taken_port_is_told(content: Path) -> None:
    """If the port is taken, the error names the `--port` option."""
    async with opened(content) as at:
        port = URL(at.url).port
        assert port is not None
        with pytest.raises(Unavailable, match="--port"):
            await Preview(at.desk, content).start(port)


def test_every_sort_of_entry_is_there() -> None:
    """The invented topic has entries of all eight kinds, so that the tests above cover them."""
    kinds = {type(entry) for entry in Desk.of(CONTENT, clock).reading.edition.library.packs["tea"].entries.values()}
    assert {Fact, Argument} < kinds
    assert len(kinds) == 8


# --- the command ---


def parley(*words: str | Path, folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PARLEY_")}
    return subprocess.run(
        [sys.executable, "-m", "adapters.cli", *map(str, words)],
        cwd=folder,
        env={**environment, "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_a_pack_that_is_not_there_is_told(tmp_path: Path) -> None:
    """`parley preview` ends with status 1 for a pack that isn't there and says which names it takes."""
    done = parley("preview", "nowhere", "--content", CONTENT, folder=tmp_path)
    assert done.returncode == 1
    assert "name the folder of a pack, or the id of one" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("name", ["folder", "file", "id"])
def test_the_command_leads_to_the_card_that_was_named(content: Path, name: str) -> None:
    """`parley preview` takes a pack's folder, one of its files or its id, prints the address of the named card, and
    ends with status 0 on Ctrl+C."""
    source = {"folder": content / "tea", "file": content / "tea" / "facts.yaml", "id": "tea"}[name]
    port = str(free_port())
    words = ["preview", str(source), "tea-popular", "--content", str(content), "--port", port]
    process = subprocess.Popen(
        [sys.executable, "-m", "adapters.cli", *words],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "PYTHONUNBUFFERED": "1"},
        cwd=content,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert f"open http://127.0.0.1:{port}/tea/tea-popular and" in process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, complained = process.communicate(timeout=PATIENCE)
        assert process.returncode == 0
        assert "Traceback" not in complained
    finally:
        process.kill()
