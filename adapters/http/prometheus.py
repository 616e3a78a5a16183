"""The figures for Prometheus. They belong to one instance; this module stores nothing.

metrics = Metrics()
instance = build(…, meter=metrics)
text = await metrics.exposition(instance, {"discord": True})
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from importlib.metadata import version

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, ProcessCollector, generate_latest
from prometheus_client.metrics_core import Metric

from bot.errors import Unavailable
from bot.instance import Instance
from bot.telemetry.meter import Meter

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
"""https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format."""

ANSWER_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
GROUP_BUCKETS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)
WRITE_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


class Metrics(Meter):
    """Counts in memory. `exposition` adds the figures of this moment and writes everything as text."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        Info("parley_build", "Version of this Parley.", registry=registry).info({"version": version("parley-bot")})
        self._answers = Counter(
            "parley_answers_total",
            "Answered commands, buttons and forms, by how they ended.",
            ("command", "end"),
            registry=registry,
        )
        self._answer_seconds = Histogram(
            "parley_answer_seconds",
            "Seconds from a request to the core's answer.",
            ("command",),
            buckets=ANSWER_BUCKETS,
            registry=registry,
        )
        self._votes = Counter("parley_votes_total", "Votes by how they ended.", ("end",), registry=registry)
        self._group_votes = Histogram(
            "parley_commit_group_votes", "Votes in one commit.", buckets=GROUP_BUCKETS, registry=registry
        )
        self._group_seconds = Histogram(
            "parley_commit_group_seconds", "Seconds of one commit.", buckets=WRITE_BUCKETS, registry=registry
        )
        self._edits = Counter(
            "parley_edits_total",
            "Redrawings of posted polls, by how they ended.",
            ("platform", "end"),
            registry=registry,
        )
        self._merged = Counter(
            "parley_edits_merged_total", "Changes of polls that needed no edit of their own.", registry=registry
        )
        self._calls = Counter(
            "parley_platform_calls_total",
            "Calls of a platform's API, by answer.",
            ("platform", "answer"),
            registry=registry,
        )
        self._reloads = Counter(
            "parley_reloads_total", "Reloads of the packs, by how they ended.", ("end",), registry=registry
        )
        self._database_errors = Counter("parley_database_errors_total", "Failures of the database.", registry=registry)
        self._waiting = Gauge("parley_ballots_waiting", "Votes waiting for a commit.", registry=registry)
        self._due = Gauge("parley_copies_due", "Posted copies of polls waiting to be redrawn.", registry=registry)
        self._open = Gauge("parley_open_polls", "Open polls in the whole database.", registry=registry)
        self._lag = Gauge(
            "parley_scheduler_lag_seconds", "Seconds that the oldest deadline is overdue.", registry=registry
        )
        self._database_up = Gauge("parley_database_up", "1 while the database answers.", registry=registry)
        self._connected = Gauge(
            "parley_platform_connected", "1 while a configured platform is connected.", ("platform",), registry=registry
        )

    def answered(self, what: str, end: str, seconds: float) -> None:
        self._answers.labels(what, end).inc()
        self._answer_seconds.labels(what).observe(seconds)

    def wrote_votes(self, ends: Mapping[str, int], seconds: float) -> None:
        for end, count in ends.items():
            self._votes.labels(end).inc(count)
        self._group_votes.observe(sum(ends.values()))
        self._group_seconds.observe(seconds)

    def edited(self, platform: str, end: str) -> None:
        self._edits.labels(platform, end).inc()

    def merged(self) -> None:
        self._merged.inc()

    def called(self, platform: str, status: int) -> None:
        self._calls.labels(platform, _kind(status)).inc()

    def reloaded(self, end: str) -> None:
        self._reloads.labels(end).inc()

    def database_failed(self) -> None:
        self._database_errors.inc()

    async def exposition(self, instance: Instance | None, connected: Mapping[str, bool]) -> bytes:
        """Write all figures in Prometheus' text format. An unreadable figure is NaN, never an old one."""
        for platform, is_connected in connected.items():
            self._connected.labels(platform).set(is_connected)
        if instance is not None:
            self._waiting.set(instance.box.waiting)
            self._due.set(instance.copies.due)
            await self._read(instance)
        return generate_latest(_Figures(self.registry))

    async def _read(self, instance: Instance) -> None:
        try:
            open_polls = await instance.database.read(lambda tx: tx.column("open_poll_ids"))
            lag = await instance.scheduler.lag()
        except Unavailable:
            self._database_up.set(0)
            self._open.set(math.nan)
            self._lag.set(math.nan)
            return
        self._database_up.set(1)
        self._open.set(len(open_polls))
        self._lag.set(lag)


class _Figures:
    """A registry without each series' start time, which the library adds."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry

    def collect(self) -> Iterator[Metric]:
        for metric in self._registry.collect():
            metric.samples = [sample for sample in metric.samples if not sample.name.endswith("_created")]
            yield metric


def _kind(status: int) -> str:
    """Return one of a few kinds, so that a platform can't add labels."""
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return "rate-limited"
    if not status or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return "failed"
    return "refused" if status >= HTTPStatus.BAD_REQUEST else "ok"
