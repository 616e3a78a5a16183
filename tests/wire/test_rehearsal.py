"""`parley rehearse` against the tests' servers: as they are, altered in one thing each, stopped and killed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from adapters.rehearsal.plan import ledger_path
from tests.wire.alterations import ALTERATIONS, Alteration
from tests.wire.rehearsing import Server, discord_service, rehearse, slack_service

SERVICES: dict[str, Callable[[], Server]] = {"discord": discord_service, "slack": slack_service}


@pytest.mark.parametrize("platform", SERVICES)
async def test_the_tests_servers_keep_each_assumption(tmp_path: Path, platform: str) -> None:
    """An unaltered server gives a report without a difference, and nothing that was made is left."""
    async with SERVICES[platform]() as server:
        operator = await rehearse(server, tmp_path)
        assert operator.facts == set(), f"{operator.report}\n{server.violations}"
        assert server.posted() == []
        assert not ledger_path(tmp_path, platform).exists()


@pytest.mark.parametrize("alteration", ALTERATIONS, ids=lambda each: each.name)
async def test_the_report_names_what_a_server_does_otherwise(
    tmp_path: Path, alteration: Alteration, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The facts that the alteration breaks, and no other."""
    server = SERVICES[alteration.platform]()
    alteration.alter(server, monkeypatch)
    async with server:
        operator = await rehearse(server, tmp_path)
    assert operator.facts == alteration.facts, operator.report
