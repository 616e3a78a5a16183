"""The command line as the operator uses it, with real processes and real files."""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.slack.settings import what_is_missing
from bot.settings.model import Settings
from tests.ports import free_port
from tests.waits import PATIENCE
from tests.world import CONTENT, Clock, request, running

PARLEY = [sys.executable, "-m", "adapters.cli"]
ADDRESS = "postgresql://ada@db.invalid/parley"


def parley(*args: str | Path, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the program in this folder, without the shell's own settings."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PARLEY_")}
    return subprocess.run(
        [*PARLEY, *map(str, args)],
        cwd=folder,
        env={**environment, "PYTHONPATH": str(Path(__file__).parents[2]), **variables},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.fixture
async def closed_poll(tmp_path: Path) -> Path:
    """A folder with a database in which one secret poll is closed and one is open."""
    clock = Clock()
    async with running(tmp_path, clock=clock) as instance:
        for line in ("closes:1h", "closes:9h"):
            await instance.bot.say(
                request("Ada"), f'/poll create post:yes question:"Which tea?" options:"Green|Black" {line}'
            )
        for name, choice in (("Ben", "0"), ("Chen", "1"), ("Dina", "0")):
            await instance.bot.press(request(name), f"v1:vote:p1:{choice}")
        await instance.bot.press(request("Ben"), "v1:vote:p2:0")
        clock.forward(hours=1)
        await instance.scheduler.run_due()
    return tmp_path


def test_ask_answers_in_each_form_and_says_by_its_status_whether_it_found(tmp_path: Path) -> None:
    """`parley ask` prints its answer drawn, plain or as JSON. It ends with 1 if it found nothing."""
    drawn = parley("ask", "/fact coffee ban", "--content", CONTENT, folder=tmp_path)
    assert (drawn.returncode, "Contradicted" in drawn.stdout) == (0, True)
    plain = parley("ask", "--plain", "/fact", "coffee", "ban", "--content", CONTENT, folder=tmp_path)
    assert plain.stdout.startswith("✖ Contradicted\nCoffee was banned from the office.")
    assert "\x1b" not in plain.stdout
    whole = json.loads(parley("ask", "--json", "/fact coffee ban", "--content", CONTENT, folder=tmp_path).stdout)
    assert whole["answer"]["cards"][0]["title"] == "✖ Contradicted"
    assert parley("ask", "--plain", "/fact zeppelin", "--content", CONTENT, folder=tmp_path).returncode == 1


def test_ask_takes_a_question_in_plain_words(tmp_path: Path) -> None:
    """`parley ask` takes a line without a slash as a question, even if it begins with the bot's or a command's name."""
    for line in ("who drinks tea in this office?", "@Parley who drinks tea", "fact: who drinks tea"):
        asked = parley("ask", "--plain", line, "--content", CONTENT, folder=tmp_path)
        assert (asked.returncode, "Most people in the office drink tea." in asked.stdout) == (0, True)
    lost = parley("ask", "--plain", "anyone up for raid tonight", "--content", CONTENT, folder=tmp_path)
    assert (lost.returncode, "Nothing found" in lost.stdout) == (1, True)


def test_ask_can_press_a_control(tmp_path: Path) -> None:
    """`parley ask --press` presses a control by its id and prints the answer."""
    done = parley(
        "ask", "--plain", "/fact coffee ban", "--press", "v1:view:sources:tea:coffee-banned", "--content", CONTENT,
        folder=tmp_path,
    )  # fmt: skip
    assert done.stdout.startswith("Sources for:")


def test_a_broken_pack_is_told_with_file_line_and_column(tmp_path: Path) -> None:
    """`parley ask` and `parley check` report a mistake in a pack with its file, line and column and a guess at the
    right id, without a traceback, and end with 1."""
    pack = tmp_path / "packs" / "tea"
    pack.mkdir(parents=True)
    for file in (CONTENT / "tea").iterdir():
        (pack / file.name).write_text(
            file.read_text().replace("sources: [kitchen-count]", "sources: [kitchen-cout]", 1)
        )
    for command in (("ask", "/fact tea", "--content"), ("check",)):
        done = parley(*command, tmp_path / "packs", folder=tmp_path)
        assert done.returncode == 1
        assert re.search(r"facts\.yaml:\d+:\d+: error: .*kitchen-cout.*kitchen-count", done.stdout + done.stderr)
        assert "Traceback" not in done.stderr


def test_one_problem_is_told_once(tmp_path: Path) -> None:
    """`parley run` prints its only problem once."""
    (tmp_path / "packs").mkdir()
    assert parley("run", "--content", tmp_path / "packs", folder=tmp_path).stderr.count("no pack is here") == 1


def test_a_wrong_setting_is_named_with_its_remedy(tmp_path: Path) -> None:
    """A wrong or unknown setting stops the start.

    Parley names each one with its source and its remedy, without a traceback.
    """
    (tmp_path / "parley.toml").write_text('# what it looks like\ncolour = "red"\n')
    done = parley("run", folder=tmp_path, PARLEY_PORT="soon", PARLEY_DISCORD_TOKEM="abc")
    assert done.returncode == 1
    assert "PARLEY_PORT, in the environment, is wrong" in done.stderr
    assert "Did you mean PARLEY_DISCORD_TOKEN?" in done.stderr
    assert "colour, in parley.toml, line 2, isn't a setting" in done.stderr
    assert "Traceback" not in done.stderr


def test_polls_are_listed_shown_exported_and_verified(closed_poll: Path) -> None:
    """`parley polls` lists, shows, exports and verifies polls without a running bot.

    It shows and exports the result of a poll only after the poll has closed.
    """
    assert parley("polls", "list", folder=closed_poll).stdout.splitlines()[0].startswith("p1\tclosed\t3\ttest:demo")
    assert "Winner: Green." in parley("polls", "show", "p1", folder=closed_poll).stdout
    assert "Winner" not in parley("polls", "show", "p2", folder=closed_poll).stdout
    table = parley("polls", "export", "p1", folder=closed_poll).stdout
    assert sorted(table.splitlines()[1:]) == [",1", "1,", "1,"]
    assert "once it is closed" in parley("polls", "export", "p2", folder=closed_poll).stderr
    verified = parley("polls", "verify", folder=closed_poll)
    assert (verified.returncode, verified.stdout.count("whole")) == (0, 2)
    assert "no poll" in parley("polls", "show", "nope", folder=closed_poll).stderr


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ("UPDATE ballots SET choice = '1' WHERE poll = 'p1' AND choice = '0'", "ballot"),
        ("DELETE FROM ballots WHERE poll = 'p1' AND choice = '1'", "p1"),
        ("UPDATE ballots SET choice = '1' WHERE poll = 'p2'", "ballot"),
        ("DELETE FROM ballots WHERE poll = 'p2'", "link 1"),
        ("UPDATE choice_counts SET count = 9 WHERE poll = 'p1' AND choice = '1'", "count"),
    ],
)
def test_what_was_tampered_with_is_found_and_named(closed_poll: Path, change: str, place: str) -> None:
    """`parley polls verify` finds a changed or deleted ballot and a changed count, names the place, and ends with 1."""
    with sqlite3.connect(closed_poll / "parley.db") as database:
        database.execute(change)
    database.close()
    done = parley("polls", "verify", folder=closed_poll)
    assert done.returncode == 1
    assert place in done.stderr


def test_a_backup_is_a_whole_database(closed_poll: Path) -> None:
    """The copy that `parley db backup` writes can be verified, checked and upgraded like the original."""
    assert parley("db", "backup", closed_poll / "copy.db", folder=closed_poll).returncode == 0
    verified = parley("polls", "verify", "--database", closed_poll / "copy.db", folder=closed_poll)
    assert verified.stdout.count("whole") == 2
    assert "whole" in parley("db", "check", "--database", closed_poll / "copy.db", folder=closed_poll).stdout
    assert "up to date" in parley("db", "upgrade", "--database", closed_poll / "copy.db", folder=closed_poll).stdout


@pytest.fixture
def running_bot(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    port = free_port()
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    process = subprocess.Popen(
        [*PARLEY, "run", "--port", str(port), "--content", str(CONTENT)],
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    yield process
    if process.poll() is None:
        process.kill()
    process.communicate(timeout=PATIENCE)


def test_run_says_where_it_is_and_stops_when_told(running_bot: subprocess.Popen[str], tmp_path: Path) -> None:
    """`parley run` prints the address to open, and ends with 0 on SIGTERM.

    A second process on the same database is refused, and only the owner may read the database and the key.
    """
    assert running_bot.stdout is not None
    assert "open http://127.0.0.1:" in running_bot.stdout.readline()
    second = parley("run", "--port", str(free_port()), "--content", CONTENT, folder=tmp_path)
    assert second.returncode == 1
    assert "Traceback" not in second.stderr
    running_bot.send_signal(signal.SIGTERM)
    assert running_bot.wait(timeout=PATIENCE) == 0
    assert oct((tmp_path / "parley.db").stat().st_mode)[-3:] == "600"
    assert oct((tmp_path / "parley.key").stat().st_mode)[-3:] == "600"


@pytest.mark.parametrize(
    "words", [("polls", "list"), ("polls", "verify"), ("db", "check"), ("db", "backup", "copy.db")]
)
def test_a_misspelt_database_is_no_empty_one_that_is_whole(tmp_path: Path, words: tuple[str, ...]) -> None:
    """If the database named by `--database` doesn't exist, Parley says so, ends with 1 and creates no file.

    `parley db upgrade` creates one.
    """
    done = parley(*words, "--database", "bakcup.db", folder=tmp_path)
    assert done.returncode == 1
    assert "There's no database bakcup.db. Correct its name" in done.stderr
    assert list(tmp_path.iterdir()) == []
    parley("db", "upgrade", folder=tmp_path)
    assert parley("polls", "verify", folder=tmp_path).stdout == "There are no polls in this database.\n"


@pytest.mark.parametrize(
    "words", [("run",), ("polls", "list"), ("db", "copy", "parley.db", ADDRESS), ("db", "copy", ADDRESS, "parley.db")]
)
def test_postgresql_without_its_driver_is_refused_with_the_command_that_installs_it(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    """Without the driver for PostgreSQL, Parley refuses a PostgreSQL address with the command that installs the driver.

    `parley doctor` reports the same.
    """
    parley("db", "upgrade", folder=tmp_path)
    (tmp_path / "sitecustomize.py").write_text("import sys; sys.modules['asyncpg'] = None\n")
    path = os.pathsep.join((str(tmp_path), str(Path(__file__).parents[2])))
    environment = {"PYTHONPATH": path, "PARLEY_DATABASE": "" if "copy" in words else ADDRESS}
    done = parley(*words, folder=tmp_path, **environment)
    assert (done.returncode, done.stderr) == (
        1,
        "Error: The driver for PostgreSQL isn't installed here. Install it: pip install 'parley-bot[postgres]'\n",
    )
    doctor = parley("doctor", "--offline", folder=tmp_path, PYTHONPATH=path, PARLEY_DATABASE=ADDRESS)
    assert "✖ database: The driver for PostgreSQL isn't installed here\n" in doctor.stdout
    assert "→ pip install 'parley-bot[postgres]'\n" in doctor.stdout


@pytest.mark.parametrize("name", ["BOT_TOKEN", "APP_TOKEN", "SIGNING_SECRET", "BIND", "CLIENT_ID", "CLIENT_SECRET"])
def test_any_part_of_slack_alone_stops_the_start(tmp_path: Path, name: str) -> None:
    """One of Slack's settings without the others stops the start, and Parley says what is missing.

    Otherwise it would run without Slack in silence.
    """
    environment = {f"PARLEY_SLACK_{name}": "3000", "PARLEY_CONTENT": str(CONTENT), "PARLEY_PORT": str(free_port())}
    done = parley("run", folder=tmp_path, **environment)
    assert done.returncode == 1
    assert re.match("Error: .*PARLEY_SLACK_", done.stderr), done.stderr
    reason = what_is_missing(Settings.model_validate({f"slack_{name.lower()}": "3000"}))
    assert done.stderr == f"Error: {reason}\n"
