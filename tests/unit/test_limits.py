"""The numbers of the product's limits, written out here because other tests take them from the code."""

from __future__ import annotations

import importlib
from datetime import time, timedelta

import pytest

LIMITS: dict[str, dict[str, object]] = {
    "adapters.http.guard": {"BODY_MAX": 262_144, "HTTP_PORT": 80},
    "adapters.web.chat_routes": {"LINE_MAX": 20_000},
    "adapters.web.conversation": {"MESSAGES_MAX": 300},
    "adapters.web.server": {"PORT": 8765},
    "bot.chat.vocabulary": {"ACTION_MAX": 97, "COPIES_MAX": 99, "ADDRESS_MAX": 512, "FORM_INPUTS_MAX": 5},
    "bot.communities.action_log": {"PAGE": 10, "DETAIL_MAX": 1000, "NAME_MAX": 100},
    "bot.communities.digests": {"CLOCK": time(9)},
    "bot.communities.service": {"REMEMBERED": timedelta(seconds=5)},
    "bot.decisions.model": {
        "OUTCOME_MAX": 500,
        "WORDS_MAX": 500,
        "OWNER_MAX": 100,
        "LINKS_MAX": 10,
        "LINK_MAX": 512,
    },
    "bot.decisions.reviews": {"ASK_AGAIN": timedelta(minutes=10), "REST": timedelta(days=1)},
    "bot.decisions.service": {"REVIEW_CLOCK": time(9), "REVIEW_MAX": timedelta(days=1830)},
    "bot.deliberation.deadlines": {"TELL_AGAIN": timedelta(minutes=1), "GIVE_UP": timedelta(days=1)},
    "bot.deliberation.model": {
        "QUESTION_MAX": 300,
        "WORDS_MAX": 140,
        "STARTERS_MIN": 5,
        "STARTERS_MAX": 100,
        "STATEMENTS_MAX": 300,
        "PEOPLE_MIN": 7,
        "SHOWN_MIN": 5,
    },
    "bot.deliberation.proposals": {"OWN_STATEMENTS_MAX": 5},
    "bot.deliberation.report": {"LISTED_MAX": 5},
    "bot.deliberation.service": {"OPEN_MAX": 10},
    "bot.deliberation.statement_order": {"STARTERS_FIRST": 5},
    "bot.deliberation.statement_rules": {"ALIKE_SHARE": 0.6},
    "bot.dispatch.bot": {"COMPLETIONS_MAX": 25, "SUGGESTIONS_MAX": 100},
    "bot.dispatch.declare": {"TEXT_MAX": 4000},
    "bot.dispatch.mention_limits": {"IN_CHANNEL": 3, "TO_MEMBER": 1, "SPAN": timedelta(minutes=1)},
    "bot.polls.closing_time": {"SHORTEST": timedelta(minutes=1), "LONGEST": timedelta(days=366), "LINE_MAX": 60},
    "bot.polls.counting.ballots": {"MAX_SCORE": 5, "LONGEST_TEXT": 1000},
    "bot.polls.drafts": {"KEPT": timedelta(days=7)},
    "bot.polls.model": {
        "OPTIONS_MIN": 2,
        "OPTIONS_MAX": 25,
        "OPTION_NAME_MAX": 75,
        "QUESTION_MAX": 300,
        "NEWEST_FORMAT": 2,
    },
    "bot.polls.objections": {"REASON_MAX": 500},
    "bot.polls.option_names": {"MARKS_MAX": 4},
    "bot.polls.poll_secrets": {"SECRET_BYTES": 32},
    "bot.polls.receipts": {"HEAD_LETTERS": 16},
    "bot.polls.redrawing": {
        "PAUSE": timedelta(seconds=2),
        "PAUSE_OLD": timedelta(minutes=1),
        "OLD": timedelta(hours=1),
        "RETRY_MAX": timedelta(minutes=5),
    },
    "bot.polls.rules": {"QUORUM_MAX": 10_000_000},
    "bot.polls.scheduler": {
        "TELL_AGAIN": timedelta(minutes=1),
        "GIVE_UP": timedelta(days=1),
        "LATE": timedelta(minutes=5),
    },
    "bot.polls.scheduling": {
        "CLOSES_DEFAULT": "3 days",
        "PATIENCE": timedelta(hours=12),
        "SCHEDULES_MAX": 1000,
        "OWN_MAX": 50,
    },
    "bot.polls.service": {
        "OPEN_POLLS_MAX": 50,
        "OWN_POLLS_MAX": 10,
        "COPIES_MAX": 50,
        "REMEMBERED": timedelta(seconds=5),
    },
    "bot.polls.templates": {"NAME_MAX": 75, "TEMPLATES_MAX": 100},
    "bot.polls.watchers": {"BEFORE": timedelta(hours=1)},
    "bot.suggestions.service": {
        "WORDS_MAX": 2000,
        "URL_MAX": 500,
        "NOTE_MAX": 1000,
        "NAME_MAX": 100,
        "MEMBER_MAX": 5,
        "COMMUNITY_MAX": 200,
        "QUIET": timedelta(minutes=10),
    },
}


@pytest.mark.parametrize("module", LIMITS)
def test_each_limit_is_what_people_are_told(module: str) -> None:
    """Each limit has the number that members, hosts and operators rely on; a change of one belongs in the changelog."""
    names = vars(importlib.import_module(module))
    assert {name: names[name] for name in LIMITS[module]} == LIMITS[module]
