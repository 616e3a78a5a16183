"""Each check of `parley doctor` reports the damage that it looks for, and passes an instance that is well."""

from __future__ import annotations

import asyncio
import json
import re
import sqlite3
from collections.abc import AsyncIterator, Iterable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from pydantic import SecretStr

from adapters.cli import main
from adapters.doctor import machine, records
from adapters.doctor.check_result import CheckResult, End
from adapters.doctor.examination import addresses, check_settings
from adapters.doctor.platforms import Platforms
from adapters.http.health import Health
from adapters.http.listen import listen
from adapters.http.prometheus import Metrics
from adapters.slack.http import GuardedApp
from bot.charts import font_files
from bot.errors import Unavailable
from bot.search.encoder import is_installed
from bot.settings.model import Address, Settings
from bot.store.keys import new_key
from tests.ports import free_port, listening_socket
from tests.wire.discord import TOKEN, DiscordServer
from tests.wire.discord_world import new_server
from tests.wire.slack import SlackServer
from tests.wire.slack.server import APP_TOKEN, BOT_TOKEN, SCOPES
from tests.world import CONTENT, NOW, Clock, request, running

NOWHERE = "http://127.0.0.1:1"


def settings(folder: Path, **more: Any) -> Settings:
    files = {"database": str(folder / "parley.db"), "key_file": folder / "parley.key"}
    return Settings(**{"content": CONTENT, **files, **more})


async def gather(findings: AsyncIterator[CheckResult]) -> list[CheckResult]:
    return [finding async for finding in findings]


def of(check: str, findings: Iterable[CheckResult]) -> CheckResult:
    """Return the one finding of this check."""
    (finding,) = [finding for finding in findings if finding.check == check]
    return finding


def is_wrong(finding: CheckResult, words: str, mend: str) -> bool:
    return finding.end is End.WRONG and words in finding.says and mend in finding.mend


# --- this machine ---


def test_a_python_that_is_too_old_is_told() -> None:
    """The doctor reports a Python before 3.11, and an SQLite that is too old for Parley."""
    assert machine.python().end is End.OK
    assert is_wrong(machine.python((3, 10, 9)), "Python 3.10.9", "Install Python 3.11")
    assert is_wrong(machine.python((3, 12, 0), "3.31.1"), "SQLite 3.31.1", "or use PostgreSQL")


def test_the_missing_extra_for_meaning_is_told_as_a_note() -> None:
    """Without the extra for meaning Parley answers by words alone, so the doctor reports nothing wrong, but notes how
    to install it."""
    assert machine.meaning(installed=True).end is End.OK
    missing = machine.meaning(installed=False)
    assert missing.end is End.NOTE
    assert "by words alone" in missing.says
    assert missing.mend == "pip install 'parley-bot[semantic]'"
    assert machine.meaning().end is (End.OK if is_installed() else End.NOTE)


def test_packs_that_can_not_be_served_are_told(tmp_path: Path) -> None:
    """The doctor reports a broken pack with its place, a folder without packs, and a folder that doesn't exist."""
    assert machine.packs(CONTENT).end is End.OK
    pack = tmp_path / "packs" / "tea"
    pack.mkdir(parents=True)
    assert machine.packs(tmp_path / "packs").end is End.WRONG
    (pack / "pack.yaml").write_text("id: tea\ntitel: Tea\n")
    findings = machine.packs(tmp_path / "packs")
    assert is_wrong(findings, "pack.yaml:", f"parley check {tmp_path / 'packs'}")
    assert machine.packs(tmp_path / "nowhere").end is End.WRONG


def test_fonts_that_are_missing_are_told(tmp_path: Path) -> None:
    """The doctor reports missing fonts with the scripts that charts can't show, and a file that is no font."""
    assert machine.fonts().end is End.OK
    assert is_wrong(machine.fonts([]), "Latin, Arabic, Devanagari", "pip install")
    (tmp_path / "font.ttf").write_bytes(b"no font")
    assert machine.fonts([str(tmp_path / "font.ttf")]).end is End.WRONG
    one = [file for file in font_files() if "NotoSans-" in file]
    assert is_wrong(machine.fonts(one), "Charts can't show Arabic letters", "pip install")


def test_a_disk_that_is_full_slow_or_not_there_is_told(tmp_path: Path) -> None:
    """The doctor reports a disk without enough space and a folder that doesn't exist, and notes a disk that writes
    slowly."""
    assert [finding.end for finding in machine.disk(tmp_path, 0, slow=1e9)] == [End.OK, End.OK]
    full, slow = machine.disk(tmp_path, 0, least=10**18, slow=0.0)
    assert is_wrong(full, "free and needs", "df -h")
    assert (slow.check, slow.end) == ("write speed", End.NOTE)
    (missing,) = machine.disk(tmp_path / "nowhere", 0)
    assert is_wrong(missing, "No such file or directory", "mkdir -p")
    assert next(machine.disk(tmp_path, 10**18)).end is End.WRONG


async def test_a_port_that_somebody_else_holds_is_told() -> None:
    """The doctor reports an address that Parley can't use, with its setting. An address that a running Parley serves is
    fine."""
    health = Health(Metrics())
    served = Address.of((await health.start(Address("127.0.0.1", free_port()))).removeprefix("http://"), "")
    with listening_socket() as listener:
        address = Address("127.0.0.1", listener.getsockname()[1])

        def hang_up() -> None:
            listener.accept()[0].close()

        strangers = asyncio.create_task(asyncio.to_thread(hang_up))
        findings = await machine.ports(
            {"PARLEY_PORT": address, "PARLEY_HEALTH_BIND": served, "PARLEY_BIND": Address("192.0.2.77", 80)}
        )
        await strangers
    await health.stop()
    assert is_wrong(findings[0], f"{address} (PARLEY_PORT) can't be used: Address already in use", "Set PARLEY_PORT")
    assert findings[1].end is End.OK
    assert "A running Parley serves" in findings[1].says
    assert is_wrong(findings[2], "Cannot assign requested address", "Set PARLEY_BIND")


async def test_settings_that_name_one_address_are_told() -> None:
    """The doctor reports two settings with the same address, though it is free while Parley doesn't run. Different
    addresses may have the same port."""
    port = free_port()
    for other in ("127.0.0.1", "0.0.0.0"):
        free, same = await machine.ports(
            {"PARLEY_HEALTH_BIND": Address("127.0.0.1", port), "PARLEY_PUBLIC_BIND": Address(other, port)}
        )
        assert free.end is End.OK
        assert is_wrong(same, f"is the same as 127.0.0.1:{port} (PARLEY_HEALTH_BIND)", "Set PARLEY_PUBLIC_BIND")
    both = {"PARLEY_HEALTH_BIND": Address("127.0.0.1", port), "PARLEY_PUBLIC_BIND": Address("127.0.0.2", port)}
    assert [finding.end for finding in await machine.ports(both)] == [End.OK, End.OK]


async def test_a_name_that_leads_nowhere_is_told_in_words() -> None:
    """The doctor and the start both say in words that they can't resolve a host's name."""
    nowhere = Address("nowhere.invalid", free_port())
    (finding,) = await machine.ports({"PARLEY_HEALTH_BIND": nowhere})
    with pytest.raises(Unavailable, match="Set PARLEY_HEALTH_BIND") as refused:
        await Health(Metrics()).start(nowhere)
    for sentence in (finding.says, refused.value.message):
        assert re.search("can't be used: (Name or service|Temporary failure in name)", sentence), sentence


async def test_the_address_for_slack_is_known_to_be_parleys() -> None:
    """The doctor recognises a running Parley at its address for Slack, though it asks without Slack's signature."""
    app = GuardedApp(signing_secret="hush")
    runner = await listen(app.entrance(), Address("127.0.0.1", free_port()), "PARLEY_SLACK_BIND")
    served = Address(*runner.addresses[0][:2])
    (finding,) = await machine.ports({"PARLEY_SLACK_BIND": served})
    await runner.cleanup()
    assert finding.says == f"A running Parley serves {served} (PARLEY_SLACK_BIND)"


# --- the database and the key ---


@pytest.fixture
async def stored(tmp_path: Path) -> Path:
    """Return a folder with a database in which one poll is open."""
    async with running(tmp_path) as instance:
        await instance.bot.say(request("Host"), '/poll create post:yes question:"Which tea?" options:"Green|Black"')
    return tmp_path


async def test_a_database_that_is_well_is_told(stored: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """The doctor passes a sound database and its key, and says of a missing one that the first start makes it."""
    findings = await gather(records.database(settings(stored)))
    assert {finding.end for finding in findings if finding.check != "write speed"} == {End.OK}
    assert "opens the secrets of all open polls (1)" in of("key", findings).says
    fresh = await gather(records.database(settings(tmp_path_factory.mktemp("fresh"))))
    assert "at the first start" in of("database", fresh).says


async def test_a_database_that_is_damaged_is_told(stored: Path) -> None:
    """The doctor reports rows that don't fit together, and a file that is no database."""
    with closing(sqlite3.connect(stored / "parley.db")) as database:
        database.execute("PRAGMA foreign_keys=OFF")
        database.execute("UPDATE poll_options SET poll = 'p9'")
        database.commit()
    assert is_wrong(
        of("database", await gather(records.database(settings(stored)))), "It is damaged", "Restore a backup"
    )
    for name in ("parley.db-wal", "parley.db-shm"):
        (stored / name).unlink(missing_ok=True)
    (stored / "parley.db").write_bytes(b"no database" * 1000)
    assert is_wrong(
        of("database", await gather(records.database(settings(stored)))), "can't be read", "Restore a backup"
    )


@pytest.mark.parametrize(
    ("change", "end", "words", "mend"),
    [
        ("DELETE FROM migrations WHERE number = (SELECT max(number) FROM migrations)", End.NOTE, "at the next start: 1", "parley db upgrade"),
        ("INSERT INTO migrations SELECT 900, name, checksum FROM migrations WHERE number = 1", End.WRONG, "version 900", "Install"),
        ("UPDATE migrations SET checksum = replace(checksum, substr(checksum, 1, 1), 'x') WHERE number = 1", End.WRONG, "has changed since this database applied it", "Install"),
    ],
)  # fmt: skip
async def test_a_schema_that_does_not_fit_is_told(stored: Path, change: str, end: End, words: str, mend: str) -> None:
    """The doctor notes an older schema, which the next start upgrades, and reports a newer or an altered one. It changes
    none itself."""
    with closing(sqlite3.connect(stored / "parley.db")) as database:
        database.execute(change)
        database.commit()
        before = list(database.iterdump())
        finding = of("database", await gather(records.database(settings(stored))))
        assert list(database.iterdump()) == before
    assert (finding.end, words in finding.says, mend in finding.mend) == (end, True, True)


async def test_a_key_that_does_not_fit_is_told(stored: Path) -> None:
    """The doctor reports a key that is another instance's, no key, or missing while a poll is open, and notes a key
    file that others can read. It passes the right key in `PARLEY_KEY`."""
    file = stored / "parley.key"
    key = file.read_bytes()
    file.chmod(0o644)
    loose = of("key", await gather(records.database(settings(stored))))
    assert (loose.end, loose.mend) == (End.NOTE, f"chmod 600 {file}")
    file.write_bytes(new_key())
    assert is_wrong(of("key", await gather(records.database(settings(stored)))), "another instance key", "Restore")
    file.write_bytes(b"no key")
    assert is_wrong(of("key", await gather(records.database(settings(stored)))), "it isn't a key", "Restore")
    file.unlink()
    assert is_wrong(of("key", await gather(records.database(settings(stored)))), "polls are open (1)", "Restore")
    options = settings(stored, key=SecretStr(key.decode().strip()))
    assert of("key", await gather(records.database(options))).end is End.OK


async def test_what_the_first_start_would_stumble_over_is_told(tmp_path: Path) -> None:
    """Before there is a database, the doctor reports a `PARLEY_KEY` that is no key, a missing folder for the key file,
    and a folder in the database's place."""
    options = settings(tmp_path, key=SecretStr("short"))
    assert is_wrong(of("key", await gather(records.database(options))), "PARLEY_KEY: it isn't a key", "Restore")
    options = settings(tmp_path, key_file=tmp_path / "keys" / "parley.key")
    assert is_wrong(of("key", await gather(records.database(options))), "keys can't be written", "mkdir -p")
    assert of("key", await gather(records.database(settings(tmp_path)))).end is End.OK
    finding = of("database", await gather(records.database(settings(tmp_path, database=str(tmp_path)))))
    assert is_wrong(finding, "is a folder", "Set PARLEY_DATABASE")


async def test_a_server_that_is_away_is_told_without_its_password(tmp_path: Path) -> None:
    """The doctor reports a PostgreSQL that it can't reach, or whose address it can't read, without its password."""
    for address in ("postgresql://ada:marked@127.0.0.1:1/parley", "postgresql://ada:mar/ked@127.0.0.1:x/parley"):
        finding = of("database", await gather(records.database(settings(tmp_path, database=address))))
        assert is_wrong(finding, "PostgreSQL", "pg_isready")
        assert "mar" not in finding.says.replace("marked@", "!")


# --- the platforms ---


@pytest.fixture
async def discord() -> AsyncIterator[DiscordServer]:
    async with new_server() as server:
        yield server


@pytest.fixture
async def slack() -> AsyncIterator[SlackServer]:
    async with SlackServer(now=Clock()) as server:
        yield server


def discord_check(server: DiscordServer, token: str = TOKEN, **more: Any) -> AsyncIterator[CheckResult]:
    options = Settings(discord_token=SecretStr(token), **more)
    return Platforms(options, now, discord=server.url).check()


def slack_check(server: SlackServer, bot: str = BOT_TOKEN, app: str = APP_TOKEN) -> AsyncIterator[CheckResult]:
    options = Settings(slack_bot_token=SecretStr(bot), slack_app_token=SecretStr(app) if app else None)
    return Platforms(options, now, slack=server.base_url, discord=NOWHERE).check()


def now() -> datetime:
    return datetime.now(UTC)


async def test_discord_that_is_well_is_told(discord: DiscordServer) -> None:
    """The doctor passes Discord's token, intents and connections, and the clock."""
    findings = await gather(discord_check(discord))
    assert {finding.check: finding.end for finding in findings} == {
        "discord token": End.OK,
        "discord intents": End.OK,
        "discord connections": End.OK,
        "slack": End.NOTE,
        "clock": End.OK,
    }


async def test_what_is_wrong_with_discord_is_told(discord: DiscordServer) -> None:
    """The doctor reports a wrong token, a revoked one, an outage, and a Discord that it can't reach. It never shows the
    token."""
    assert is_wrong(
        of("discord token", await gather(discord_check(discord, "marked"))), "refuses", "PARLEY_DISCORD_TOKEN"
    )
    discord.revoked = True
    revoked = await gather(discord_check(discord))
    assert of("discord token", revoked).end is End.WRONG
    assert TOKEN not in str(revoked)
    discord.revoked = False
    discord.outage()
    assert of("discord token", await gather(discord_check(discord))).end is End.WRONG
    away = Platforms(Settings(discord_token=SecretStr(TOKEN)), now, discord=NOWHERE)
    findings = await gather(away.check())
    assert is_wrong(of("discord", findings), "can't reach it", "firewall")
    assert of("clock", findings).end is End.NOTE


async def test_slack_that_is_well_is_told(slack: SlackServer) -> None:
    """The doctor passes both of Slack's tokens, the manifest's scopes, and the clock."""
    findings = await gather(slack_check(slack))
    assert {finding.check: finding.end for finding in findings} == {
        "discord": End.NOTE,
        "slack token": End.OK,
        "slack scopes": End.OK,
        "slack app token": End.OK,
        "clock": End.OK,
    }


async def test_what_is_wrong_with_slack_is_told(slack: SlackServer) -> None:
    """The doctor reports a wrong token of either kind, missing scopes, a missing app token, and a Slack that it can't
    reach. It notes a missing `files:read`, and never shows a token."""
    findings = await gather(slack_check(slack, bot="xoxb-marked", app="xapp-marked"))
    assert is_wrong(of("slack token", findings), "invalid_auth", "PARLEY_SLACK_BOT_TOKEN")
    assert is_wrong(of("slack app token", findings), "invalid_auth", "PARLEY_SLACK_APP_TOKEN")
    assert "marked" not in str(findings)
    slack.scopes = ",".join(scope for scope in SCOPES if scope != "files:read")
    (declined,) = [each for each in await gather(slack_check(slack)) if each.check == "slack scopes"]
    assert declined.end is End.NOTE
    assert "files:read" in str(declined)
    slack.scopes = "commands,chat:write"
    assert is_wrong(of("slack scopes", await gather(slack_check(slack))), "files:write", "parley slack manifest")
    assert is_wrong(of("slack set-up", await gather(slack_check(slack, app=""))), "PARLEY_SLACK_APP_TOKEN", "slack.md")
    slack.forgive("invalid_auth")
    away = Platforms(Settings(slack_bot_token=SecretStr(BOT_TOKEN)), now, slack=NOWHERE + "/", discord=NOWHERE)
    assert is_wrong(of("slack", await gather(away.check())), "can't reach it", "firewall")


@pytest.mark.parametrize(("off", "end"), [(90, End.WRONG), (-90, End.WRONG), (20, End.NOTE), (0, End.OK)])
async def test_a_clock_that_is_wrong_is_told(slack: SlackServer, off: int, end: End) -> None:
    """The doctor compares the clock with the time in a platform's answers. It reports a difference of 90 seconds, and
    notes one of 20."""
    options = Settings(slack_bot_token=SecretStr(BOT_TOKEN), slack_app_token=SecretStr(APP_TOKEN))
    findings = await gather(Platforms(options, lambda: now() + timedelta(seconds=off), slack=slack.base_url).check())
    clock = of("clock", findings)
    assert (clock.end, clock.mend == "timedatectl set-ntp true") == (end, end is not End.OK)


# --- all of it ---


def doctor(folder: Path, monkeypatch: pytest.MonkeyPatch, *options: str, **variables: str) -> tuple[int, str]:
    monkeypatch.chdir(folder)
    environment = {f"PARLEY_{name.upper()}": value for name, value in variables.items()}
    done = CliRunner().invoke(main, ["doctor", "--offline", *options], env=environment)
    return done.exit_code, done.output


def test_the_doctor_ends_with_1_if_something_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`parley doctor` ends with 1 if something is wrong, a setting included. It prints each finding with the command
    that mends it, and with `--json` prints them as JSON."""
    port = str(free_port())
    assert doctor(tmp_path, monkeypatch, port=port)[0] == 0
    (tmp_path / "empty").mkdir()
    status, output = doctor(tmp_path, monkeypatch, port=port, content=str(tmp_path / "empty"))
    assert (status, output.count("no pack is here"), "1 thing is wrong." in output) == (1, 1, True)
    assert f"→ parley check {tmp_path / 'empty'}" in output
    status, output = doctor(tmp_path, monkeypatch, "--json", port="soon", prot="1")
    report = json.loads(output)
    assert status == 1
    assert [each["says"].split(",")[0] for each in report if each["end"] == "wrong"] == ["PARLEY_PROT", "PARLEY_PORT"]
    assert set(report[0]) == {"check", "end", "says", "mend"}


async def test_the_doctor_looks_while_parley_runs(stored: Path) -> None:
    """The doctor examines the database of a running Parley, finds nothing wrong, and changes nothing."""
    async with running(stored, clock=Clock(NOW)) as instance:
        before = await instance.database.read(lambda tx: tx.column("open_poll_ids"))
        findings = await gather(check_settings(settings(stored, port=free_port()), offline=True))
        assert [finding for finding in findings if finding.end is End.WRONG] == []
        assert await instance.database.read(lambda tx: tx.column("open_poll_ids")) == before


def test_every_address_that_is_served_is_looked_at() -> None:
    """The doctor examines each address that Parley serves: the chat page on loopback even if `bind` names another host,
    the others where their settings say."""
    options = Settings(bind="0.0.0.0", port=1, health_bind="2", public_bind="127.0.0.1:3", slack_bind="4")
    assert {name: str(address) for name, address in addresses(options).items()} == {
        "PARLEY_PORT": "127.0.0.1:1",
        "PARLEY_HEALTH_BIND": "0.0.0.0:2",
        "PARLEY_PUBLIC_BIND": "127.0.0.1:3",
        "PARLEY_SLACK_BIND": "0.0.0.0:4",
    }
    installs = Settings(slack_client_id="1.2", slack_app_token=SecretStr(APP_TOKEN))
    assert str(addresses(installs)["PARLEY_SLACK_BIND"]) == "127.0.0.1:3000"
