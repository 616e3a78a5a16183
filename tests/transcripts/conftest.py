"""Run a whole instance whose clock only moves when a dialogue moves it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.instance import Instance
from tests.transcripts.dialogue import Wait, passing
from tests.world import Clock, running


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def instance(tmp_path: Path, clock: Clock) -> AsyncIterator[Instance]:
    async with running(tmp_path, clock=clock) as started:
        yield started


@pytest.fixture
def wait(instance: Instance, clock: Clock) -> Wait:
    return passing(instance, clock)
