"""Tests that the dashboard and the alerts ask for figures that Parley has, and that every alert is explained."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from adapters.http.prometheus import Metrics
from tests.docs.documents import ROOT
from tests.docs.tables import figures
from tests.world import request, running

BOARD, ALERTS = ROOT / "deploy" / "grafana.json", ROOT / "deploy" / "alerts.yml"
RUNBOOK = ROOT / "docs" / "operators.md"
_SERIES = re.compile(r"\b(?:parley|process)_\w+")
_LABELS = re.compile(r"\b(\w+)\s*!?=~?\s*\"([^\"]*)\"")
_GROUPS = re.compile(r"\b(?:by|without)\s*\(([^)]*)\)")
OF_PROMETHEUS = {"job", "instance", "le"}
"""Labels that Prometheus adds, and `le` of a histogram's buckets."""


def queries() -> Iterator[tuple[str, str]]:
    """Yield each query with the name of its panel or alert."""
    yield from panel_queries()
    for rule in rules():
        yield rule["alert"], rule["expr"]


def panel_queries() -> Iterator[tuple[str, str]]:
    """Yield each query of the dashboard with the name of its panel."""
    for panel in json.loads(BOARD.read_text(encoding="utf-8"))["panels"]:
        for target in panel.get("targets", ()):
            yield panel["title"], target["expr"]


def rules() -> list[Mapping[str, Any]]:
    (group,) = yaml.safe_load(ALERTS.read_text(encoding="utf-8"))["groups"]
    rule_list: list[Mapping[str, Any]] = group["rules"]
    return rule_list


async def series(folder: Path) -> dict[str, set[str]]:
    """Return every series of an instance that has done a bit of everything, with the values of its labels `end` and
    `answer`."""
    metrics = Metrics()
    async with running(folder, meter=metrics) as instance:
        await instance.bot.say(request(), "/fact coffee")
        metrics.wrote_votes({"cast": 1, "failed": 1}, 0.1)
        metrics.edited("test", "ok")
        metrics.reloaded("refused")
        for status in (200, 429):
            metrics.called("test", status)
        text = (await metrics.exposition(instance, {"test": True})).decode()
    by_name: dict[str, set[str]] = {}
    for name, labels in re.findall(r"^(\w+)(?:\{([^}]*)\})? ", text, re.MULTILINE):
        by_name.setdefault(name, set()).update(value for _, value in _LABELS.findall(labels))
    return by_name


async def test_every_query_asks_for_a_figure_that_exists(tmp_path: Path) -> None:
    """Every query of the dashboard and of an alert asks for a figure that Parley has. Otherwise the panel would show
    nothing, and the alert would never fire."""
    figures = await series(tmp_path)
    query_list = list(queries())
    assert len(query_list) > 30
    for where, query in query_list:
        names = _SERIES.findall(query)
        assert names or "up{" in query, where
        for name in names:
            assert name in figures, f"{where}: {name}"


async def test_every_query_asks_for_labels_that_exist(tmp_path: Path) -> None:
    """Every query of the dashboard and of an alert asks for labels that exist, and for values that they can have."""
    labels = {label for _, names, _ in figures() for label in names} | OF_PROMETHEUS
    values = {value for of_figure in (await series(tmp_path)).values() for value in of_figure}
    for where, query in queries():
        for label, value in _LABELS.findall(query):
            assert label in labels, f"{where}: {label}"
            assert label in OF_PROMETHEUS or value in values | {"bug"}, f"{where}: {value}"
        for group in _GROUPS.findall(query):
            assert {name.strip() for name in group.split(",")} <= labels, where


def test_every_figure_is_on_the_dashboard() -> None:
    """Every figure is in a query of the dashboard."""
    queries = {name for _, query in panel_queries() for name in re.findall(r"\bparley_\w+", query)}
    queries |= {re.sub("_(bucket|sum|count)$", "", name) for name in queries}
    assert [name for name, _, _ in figures() if name not in queries] == []


def test_panels_do_not_overlap() -> None:
    """Each panel has its own place on a grid of 24 columns, its own id, and a data source that the reader chooses."""
    board = json.loads(BOARD.read_text(encoding="utf-8"))
    occupied: set[tuple[int, int]] = set()
    for panel in board["panels"]:
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not cells & occupied, panel["title"]
        assert at["x"] + at["w"] <= 24
        assert panel["type"] == "row" or panel["datasource"]["uid"] == "${datasource}"
        occupied |= cells
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])


def test_every_alert_is_explained() -> None:
    """docs/operators.md explains every alert in the order of the rules, and none that no longer exists."""
    explained = re.findall(r"^- `(Parley\w+)`: \S", RUNBOOK.read_text(encoding="utf-8"), re.MULTILINE)
    assert explained == [rule["alert"] for rule in rules()]


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: str(rule["alert"]))
def test_an_alert_says_how_urgent_it_is_and_what_happened(rule: Mapping[str, Any]) -> None:
    """Each alert has a severity, `page` or `ticket`, and a summary of what happened."""
    assert rule["labels"]["severity"] in {"page", "ticket"}
    assert rule["annotations"]["summary"]
