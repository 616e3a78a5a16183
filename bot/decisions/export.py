"""Decisions as files: Markdown to read, JSON for programs. Pure functions."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime, tzinfo
from typing import Any

from bot.chat.commonmark import md
from bot.decisions.model import Decision


def as_json(decisions: Sequence[Decision]) -> str:
    """Write the decisions with their history; times in ISO 8601, UTC."""
    return json.dumps([_plain(decision) for decision in decisions], ensure_ascii=False, indent=2) + "\n"


def _plain(decision: Decision) -> dict[str, Any]:
    return {
        "id": decision.id,
        "outcome": decision.outcome,
        "state": decision.state.value,
        "owner": decision.owner_name,
        "recorded_by": decision.member_name,
        "recorded_at": decision.at.isoformat(),
        "review_at": _iso(decision.review_at),
        "poll": decision.poll,
        "discussion": decision.discussion,
        "totals_sha256": decision.totals_hash,
        "links": list(decision.links),
        "history": [
            {"step": entry.step.value, "words": entry.words, "by": entry.member_name, "at": entry.at.isoformat()}
            for entry in decision.history
        ],
    }


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def as_markdown(decisions: Sequence[Decision], zone: tzinfo) -> str:
    """Write the decisions as a document, with members' words escaped."""
    return "\n".join(line for decision in decisions for line in _section(decision, zone))


def _section(decision: Decision, zone: tzinfo) -> Iterator[str]:
    yield f"## {md(decision.outcome)}"
    yield ""
    yield f"- State: {decision.state.value}"
    if decision.owner_name:
        yield f"- Owner: {md(decision.owner_name)}"
    yield f"- Recorded: {decision.at.astimezone(zone):%Y-%m-%d}"
    if decision.review_at:
        yield f"- Review: {decision.review_at.astimezone(zone):%Y-%m-%d}"
    if decision.poll:
        yield f"- Poll: {decision.poll}"
    if decision.discussion:
        yield f"- Discussion: {decision.discussion}, totals SHA-256 {decision.totals_hash}"
    for link in decision.links:
        yield f"- Evidence: <{link}>" if "://" in link else f"- Evidence: {md(link)}"
    yield ""
    for entry in decision.history:
        who = f" ({md(entry.member_name)})" if entry.member_name else ""
        words = f": {md(entry.words)}" if entry.words else ""
        yield f"- {entry.at.astimezone(zone):%Y-%m-%d} {entry.step.value}{words}{who}"
    yield ""
