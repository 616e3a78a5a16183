"""Draw a decision's page as HTML. Pure functions."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import tzinfo

from adapters.http.html import Html, el
from adapters.web.poll_page import document
from bot.commands.decision_cards import STATES, STEPS, day
from bot.decisions.model import Decision
from bot.i18n import Translator


def page(t: Translator, decision: Decision, zone: tzinfo) -> Html:
    """Return the whole document."""
    main = el(
        "main",
        el("section", el("h1", decision.outcome), el("ul", *(el("li", line) for line in _facts(t, decision, zone)))),
        el("section", el("h2", t("Evidence")), el("ul", *_links(t, decision))),
        el("section", el("h2", t("History")), el("ol", *(el("li", line) for line in _history(t, decision, zone)))),
    )
    return document(t, decision.outcome, main, "")


def _facts(t: Translator, decision: Decision, zone: tzinfo) -> Iterator[str]:
    yield t("State: {state}", state=t(STATES[decision.state]))
    if decision.owner_name:
        yield t("Owner: {name}", name=decision.owner_name)
    if decision.review_at:
        yield t("Review: {day}", day=day(decision.review_at, zone))
    yield t("Recorded {day}", day=day(decision.at, zone))


def _links(t: Translator, decision: Decision) -> Iterator[Html]:
    """Yield the poll with its record or the discussion with its hash, then addresses and cards."""
    if decision.poll:
        yield el("li", el("a", t("The poll and its record"), href=f"/polls/{decision.poll}"))
    if decision.discussion:
        words = t("The discussion and its result")
        yield el(
            "li",
            el("a", words, href=f"/discussions/{decision.discussion}"),
            " · SHA-256 ",
            el("code", decision.totals_hash),
        )
    for link in decision.links:
        yield el("li", el("a", link, href=link, rel="noopener noreferrer") if "://" in link else link)


def _history(t: Translator, decision: Decision, zone: tzinfo) -> Iterator[str]:
    for entry in decision.history:
        words = f": {entry.words}" if entry.words else ""
        who = f" ({entry.member_name})" if entry.member_name else ""
        yield f"{day(entry.at, zone)} {t(STEPS[entry.step])}{words}{who}"
