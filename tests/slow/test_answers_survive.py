"""The store keeps each acknowledged answer of a discussion across `kill -9`, and counts it once."""

from __future__ import annotations

import asyncio
import os
import random
import sys
from pathlib import Path

import pytest

from bot.deliberation import repository
from bot.deliberation.ballots import read_ballot
from bot.store.open import open_database
from tests.slow.answerers import MEMBERS
from tests.store.conftest import server, url
from tests.store.test_discussions import T, discussions_in
from tests.store.things import KEY, member

__all__ = ["server", "url"]  # the fixtures of tests/store, which pytest finds by name

KILLS = 10

pytestmark = pytest.mark.slow


async def test_killed_while_everybody_answers(url: str) -> None:
    """Every acknowledged answer is stored after `kill -9`, a member's last with its vote.

    The statements' totals match the stored answers, and the number of people matches the stored ballots.
    """
    chance = random.Random(20)
    for round_ in range(KILLS):
        name, lines = await _answer_until_killed(url, 1000 * round_, chance.uniform(0.0, 0.3))
        database = await open_database(url)
        discussions = discussions_in(database, KEY, 1000 * round_ + 500)
        row = await discussions.get(name, T)
        for number, last in {int(line[0]): line for line in lines}.items():
            answers = {each.position: vote for each, vote in await discussions.mine(row, member(number))}
            assert set(answers) >= {int(line[1]) for line in lines if int(line[0]) == number}
            assert answers[int(last[1])] == int(last[2])
        statements = await database.read(lambda tx, name=name: repository.statements(tx, name))  # type: ignore[misc]
        stored = await database.read(lambda tx, name=name: repository.all_answers(tx, name))  # type: ignore[misc]
        assert sum(each.answers for each in statements) == sum(len(read_ballot(ballot)) for ballot in stored)
        assert row.people == len(stored) <= MEMBERS
        assert await discussions.end(name, row.closes_at)
        await database.close()


async def _answer_until_killed(url: str, first: int, seconds: float) -> tuple[str, list[list[str]]]:
    """Return the discussion's id and (member, statement, vote) of each stored answer, in order."""
    program = Path(__file__).with_name("answerers.py")
    environment = {**os.environ, "PYTHONPATH": str(program.parents[2])}
    process = await asyncio.create_subprocess_exec(
        sys.executable, program, url, str(first), stdout=asyncio.subprocess.PIPE, env=environment
    )
    assert process.stdout is not None
    name = (await process.stdout.readline()).decode().strip()
    opening = await process.stdout.readline()
    reading = asyncio.create_task(process.stdout.read())
    await asyncio.sleep(seconds)
    process.kill()
    output = (opening + await reading).decode().splitlines(keepends=True)
    await process.wait()
    return name, [line.split() for line in output if line.endswith("\n")]
