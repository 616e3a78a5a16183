"""Parley keeps installed workspaces with sealed tokens, and accepts each state once, on both databases."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from cryptography.fernet import InvalidToken
from slack_sdk.oauth.installation_store import Installation

from adapters.slack.installations import STATE_LIVES, Installations, States
from bot.communities import repository as communities
from bot.errors import Unavailable
from bot.store.database import Database
from bot.store.keys import Keys
from bot.store.open import open_database
from tests.store.things import KEY, REFUSED, Raw
from tests.waits import until
from tests.world import Clock

OTHER_KEY = b"B" * 43 + b"="
TOKEN = "xoxb-1"


def store(database: Database, clock: Clock, key: bytes = KEY) -> Installations:
    return Installations(database, Keys(key), clock)


def installation(team: str = "T1", token: str = TOKEN) -> Installation:
    return Installation(
        user_id="UINSTALLER", team_id=team, team_name="Tea", app_id="A1", bot_token=token, bot_id="B1", bot_user_id="U2"
    )


async def test_bolt_finds_what_it_saved_and_deletes_it(database: Database, raw: Raw) -> None:
    """Bolt can save, find and delete an installation. The store keeps no installer, and no token in plain."""
    installations = store(database, Clock())
    await installations.async_save(installation())
    bot = await installations.async_find_bot(enterprise_id=None, team_id="T1")
    assert bot is not None
    assert (bot.bot_token, bot.bot_id, bot.bot_user_id, bot.team_name) == (TOKEN, "B1", "U2", "Tea")
    assert await installations.async_find_bot(enterprise_id=None, team_id="T2") is None
    stored = str(await raw.run("SELECT * FROM installations"))
    assert TOKEN not in stored
    assert "UINSTALLER" not in stored
    await installations.async_delete_all(enterprise_id=None, team_id="T1")
    await installations.async_delete_all(enterprise_id=None, team_id="T1")
    assert await raw.run("SELECT * FROM installations") == []


async def test_installing_again_replaces_the_token_and_brings_the_community_back(database: Database, raw: Raw) -> None:
    """A workspace has one installation with its newest token. Removing it marks the community as left.

    A removal that names an older token does nothing.
    """
    clock = Clock()
    installations = store(database, clock)
    await database.write(lambda tx: communities.ensure(tx, "slack:T1"))
    for token in (TOKEN, "xoxb-2"):
        await installations.async_save(installation(token=token))
    assert await raw.run("SELECT count(*) FROM installations") == [(1,)]
    assert await installations.forget("T1", clock(), token=TOKEN) is False
    assert await installations.forget("T1", clock(), token="xoxb-2") is True
    assert await database.read(lambda tx: communities.left_before(tx, clock())) == ["slack:T1"]
    assert await installations.forget("T1", clock()) is False
    await installations.async_save(installation())
    assert await database.read(lambda tx: communities.left_before(tx, clock())) == []


async def test_every_process_hears_of_what_was_installed_and_removed(url: str) -> None:
    """A process hears of an installation or a removal in itself, and of one in another process on the same server."""
    here, there = await open_database(url), await open_database(url, shared=True)
    signals: list[str] = []
    installations = store(here, Clock())
    (store(there, Clock()) if there.dialect == "postgres" else installations).watch(signals.append)
    if there.dialect == "postgres":
        await until(lambda: signals == [""])  # it listens now, and may have missed signals
    signals.clear()
    await installations.async_save(installation())
    await until(lambda: signals == ["T1"])
    await installations.forget("T1", Clock()())
    await until(lambda: signals == ["T1", "T1"])
    await there.close()
    await here.close()


async def test_another_key_opens_nothing(database: Database) -> None:
    """Without its instance key the database gives no token. The right key opens it again."""
    clock = Clock()
    await store(database, clock).async_save(installation())
    with pytest.raises(Unavailable, match="install Parley again"):
        await store(database, clock, OTHER_KEY).find("T1")
    assert await store(database, clock).find("T1")


async def test_keys_for_different_purposes_open_nothing_of_each_other() -> None:
    """A key derived for one purpose opens nothing sealed for another purpose, and neither does the instance key."""
    keys = Keys(KEY)
    sealed = keys.derived("one").encrypt(b"secret")
    assert keys.derived("one").decrypt(sealed) == b"secret"
    for other in (keys.derived("two"), Keys(OTHER_KEY).derived("one")):
        with pytest.raises(InvalidToken):
            other.decrypt(sealed)
    with pytest.raises(Unavailable):
        keys.unwrap(sealed.decode())


async def test_a_state_counts_once_however_many_ask_at_once(database: Database, raw: Raw) -> None:
    """Parley accepts a state once, also if several processes get it at the same moment.

    It deletes expired states.
    """
    clock = Clock()
    states = [States(database, Keys(KEY), clock) for _ in range(2)]
    state = await states[0].async_issue()
    assert sum(await asyncio.gather(*(states[n % 2].async_consume(state) for n in range(6)))) == 1
    assert await raw.run("SELECT count(*) FROM spent_states") == [(1,)]
    clock.now += 3 * STATE_LIVES
    assert await states[1].async_consume(state) is False
    assert await states[1].async_consume(await states[0].async_issue()) is True
    assert await raw.run("SELECT count(*) FROM spent_states") == [(1,)]


@pytest.mark.parametrize("state", ["", "x", "=", "é", "A" * 5000, "\x00"])
async def test_whatever_comes_as_a_state_is_refused(database: Database, state: str) -> None:
    assert await States(database, Keys(KEY), Clock()).async_consume(state) is False


async def test_a_state_lives_ten_minutes(database: Database) -> None:
    """Parley accepts a state for ten minutes, and refuses it a second later."""
    clock = Clock()
    states = States(database, Keys(KEY), clock)
    early, late = await states.async_issue(), await states.async_issue()
    clock.now += timedelta(minutes=10)
    assert await states.async_consume(early) is True
    clock.now += timedelta(seconds=1)
    assert await states.async_consume(late) is False


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO installations (community, sealed, installed_at) VALUES ('slack', 'x', 1)",
        "INSERT INTO installations (community, sealed, installed_at) VALUES ('slack:T1', 'xoxb-1', 1)",
        "INSERT INTO spent_states (hash, expires_at) VALUES ('x', 1)",
    ],
)
async def test_the_schema_refuses_what_is_not_sealed(raw: Raw, sql: str) -> None:
    """The schema refuses a row with an invalid community, with a token in plain or with a state that isn't hashed."""
    with pytest.raises(REFUSED):
        await raw.run(sql)
