"""`parley polls verify`, which checks a poll in the database or in an exported file, and receipts and chain heads."""

from __future__ import annotations

import json
import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bot.i18n import translator
from tests.store.test_upgrade import first_release
from tests.unit.test_cli import closed_poll, parley
from tests.world import Clock, request, running

__all__ = ["closed_poll"]


@pytest.fixture
def exported(closed_poll: Path) -> Path:
    """Export the closed poll's file to a folder of its own, without a database or a key."""
    folder = closed_poll / "outside"
    folder.mkdir()
    file = folder / "p1.json"
    file.write_bytes(parley("polls", "export", "p1", "--format", "json", folder=closed_poll).stdout.encode())
    return file


def head_of(file: Path) -> str:
    return str(json.loads(file.read_text("utf-8"))["head"])


def test_a_file_is_checked_without_a_database(exported: Path) -> None:
    """`parley polls verify` checks an exported file without a database and names the rule that a change breaks."""
    done = parley("polls", "verify", exported.name, folder=exported.parent)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"p1 (Which tea?): whole. 3 ballots, 4 links, head {head_of(exported)}\n"
    assert [path.name for path in exported.parent.iterdir()] == ["p1.json"]
    exported.write_text(exported.read_text("utf-8").replace("Which tea?", "Which car?"), "utf-8")
    changed = parley("polls", "verify", exported.name, folder=exported.parent)
    assert changed.returncode == 1
    assert "its question, options or rules aren't the ones in the vote" in changed.stderr


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"poll": {"id": "p1"}, "ballots": []}', "\x00"])
def test_a_file_that_holds_no_record_is_told(exported: Path, text: str) -> None:
    """A file without a record that can be checked, such as one from an older Parley, ends with status 1 and advice
    to export it again."""
    exported.write_text(text, "utf-8")
    done = parley("polls", "verify", exported.name, folder=exported.parent)
    assert done.returncode == 1
    assert "holds no record that can be checked. Export the poll again" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("letters", [16, 64])
def test_a_head_must_be_in_the_record(exported: Path, letters: int) -> None:
    """`--head` takes a chain head of the record, in upper or lower case, or at least its first 16 letters."""
    head = head_of(exported)[:letters]
    for written in (head, head.upper()):
        assert parley("polls", "verify", exported.name, "--head", written, folder=exported.parent).returncode == 0
    other = ("0" if head[0] != "0" else "1") + head[1:]
    for wrong, words in (
        (other, "the record never had it"),
        (head[:15], "check each letter"),
        ("x" * 16, "check each"),
    ):
        done = parley("polls", "verify", exported.name, "--head", wrong, folder=exported.parent)
        assert done.returncode == 1
        assert words in done.stderr


async def test_a_receipt_must_be_in_the_record(tmp_path: Path) -> None:
    """A receipt must match a ballot of the record, in upper or lower case.

    A wrong head contradicts it, a wrong code is unknown, and another poll's receipt is refused.
    """
    clock = Clock()
    async with running(tmp_path, clock=clock) as instance:
        await instance.bot.say(
            request("Ada"), '/poll create post:yes question:"Which tea?" options:"Green|Black" closes:1h'
        )
        await instance.bot.press(request("Ben"), "v1:vote:p1:0")
        ballot = await instance.polls.own(await instance.polls.get("p1", translator("en")), request("Ben").actor)
        assert ballot is not None
        clock.forward(hours=1)
        await instance.scheduler.run_due()
    receipt = f"p1-{ballot.code}-{ballot.head[:16]}"
    assert parley("polls", "verify", "p1", "--receipt", receipt, folder=tmp_path).returncode == 0
    assert parley("polls", "verify", "p1", "--receipt", receipt.lower(), folder=tmp_path).returncode == 0
    other_head = receipt[:-1] + ("0" if receipt[-1] != "0" else "1")
    for wrong, words in (
        (other_head, "contradicts"),
        (receipt.replace(ballot.code, "AAAA-BBBB-CCCC-DDDD"), "No ballot of this poll"),
        (f"p1-AAAA-BBBB-CCCC-DDDD-{'0' * 16}", "neither this ballot nor its head"),
        ("tea", "no receipt of this poll"),
        (receipt.replace("p1-", "p2-"), "no receipt of this poll"),
    ):
        done = parley("polls", "verify", "p1", "--receipt", wrong, folder=tmp_path)
        assert done.returncode == 1, wrong
        assert words in done.stderr


def test_a_receipt_without_its_poll_is_refused(closed_poll: Path) -> None:
    """`--head` without a poll is refused with status 2, because a head belongs to one poll."""
    done = parley("polls", "verify", "--head", "0" * 16, folder=closed_poll)
    assert done.returncode == 2
    assert "belongs to one poll" in done.stderr


def test_an_open_poll_takes_the_key(closed_poll: Path) -> None:
    """Without the instance key a closed poll still verifies; an open one doesn't, and the check names the key."""
    (closed_poll / "parley.key").unlink()
    assert parley("polls", "verify", "p1", folder=closed_poll).returncode == 0
    done = parley("polls", "verify", "p2", folder=closed_poll)
    assert done.returncode == 1
    assert "without the secret that its instance key opens" in done.stderr
    assert not (closed_poll / "parley.key").exists()


async def test_an_earlier_record_is_whole_and_says_its_format(tmp_path: Path) -> None:
    """Polls of the first release verify after an upgrade, from the database and from their files, and the output
    says format 1."""
    await first_release(f"sqlite:///{tmp_path / 'parley.db'}")
    assert parley("db", "upgrade", folder=tmp_path).returncode == 0
    for poll in ("open", "closed", "named"):
        done = parley("polls", "verify", poll, folder=tmp_path)
        assert done.returncode == 0, done.stderr
        assert re.search(rf"^{poll} \(.+\): whole\.", done.stdout, re.MULTILINE)
        assert f"{poll}: Its record has format 1" in done.stdout
    for poll in ("closed", "named"):
        file = tmp_path / f"{poll}.json"
        file.write_bytes(parley("polls", "export", poll, "--format", "json", folder=tmp_path).stdout.encode())
        done = parley("polls", "verify", file.name, folder=tmp_path)
        assert (done.returncode, "format 1" in done.stdout) == (0, True), done.stderr


def test_a_record_keeps_its_format(closed_poll: Path) -> None:
    """A record of format 2 that is relabelled as format 1 fails the check."""
    with closing(sqlite3.connect(closed_poll / "parley.db", isolation_level=None)) as database:
        for trigger in ("polls_opening_frozen", "polls_frozen"):
            database.execute(f"DROP TRIGGER {trigger}")
        database.execute("UPDATE polls SET format = 1")
    done = parley("polls", "verify", folder=closed_poll)
    assert done.returncode == 1
    assert "p1 (Which tea?): poll: its question, options or rules" in done.stderr
