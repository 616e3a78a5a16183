"""The files with rules, and their tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Room:
    """Files with rules and the tests that hold them, both as globs or folders from the repository's root."""

    files: Sequence[str]
    tests: Sequence[str]


SURVIVE_MAX = 0.03
"""Largest share of all mutants that may survive."""
NONE_SURVIVES = (
    "bot/chat/fit.py",
    "bot/commands/results.py",
    "bot/communities/model.py",
    "bot/communities/editors.py",
    "bot/deliberation/member_data.py",
    "bot/deliberation/model.py",
    "bot/deliberation/proposals.py",
    "bot/deliberation/report.py",
    "bot/deliberation/repository.py",
    "bot/deliberation/service.py",
    "bot/dispatch/bot.py",
    "bot/dispatch/declare.py",
    "bot/dispatch/registry.py",
    "bot/dispatch/rights.py",
    "bot/polls/audit.py",
    "bot/polls/ballot_box.py",
    "bot/polls/counting/*.py",
    "bot/polls/drafts.py",
    "bot/polls/erasure.py",
    "bot/polls/export.py",
    "bot/polls/model.py",
    "bot/polls/objections.py",
    "bot/polls/own_ballots.py",
    "bot/polls/places.py",
    "bot/polls/poll_end.py",
    "bot/polls/poll_secrets.py",
    "bot/polls/previews.py",
    "bot/polls/privacy.py",
    "bot/polls/receipts.py",
    "bot/polls/record_*.py",
    "bot/polls/rules.py",
    "bot/polls/schedules.py",
    "bot/polls/scheduling.py",
    "bot/polls/sealing.py",
    "bot/polls/secrecy.py",
    "bot/polls/service.py",
    "bot/polls/templates.py",
    "bot/polls/vote_batch.py",
    "bot/polls/watchers.py",
    "adapters/discord/rights.py",
    "adapters/slack/places.py",
)
"""Eligibility, secrecy, permissions, counting, the chain: each mutant here must be killed, or explained as
equivalent."""

ROOMS: Sequence[Room] = (
    Room(
        ("bot/polls/counting/*.py",),
        (
            "tests/polls/test_counting_bounds.py",
            "tests/polls/test_draft_rules.py",
            "tests/polls/test_methods.py",
            "tests/unit/test_limits.py",
        ),
    ),
    Room(
        (
            "bot/polls/closing_time.py",
            "bot/polls/export.py",
            "bot/polls/model.py",
            "bot/polls/option_names.py",
            "bot/polls/places.py",
            "bot/polls/rules.py",
            "bot/polls/secrecy.py",
        ),
        (
            "tests/polls/test_draft_rules.py",
            "tests/polls/test_named_record.py",
            "tests/polls/test_option_names.py",
            "tests/polls/test_secrecy.py",
            "tests/polls/test_when.py",
            "tests/polls/test_who_may.py",
            "tests/unit/test_limits.py",
        ),
    ),
    Room(
        (
            "bot/commands/results.py",
            "bot/polls/erasure.py",
            "bot/polls/own_ballots.py",
            "bot/polls/page_address.py",
            "bot/polls/privacy.py",
            "bot/polls/service.py",
        ),
        (
            "tests/editing/test_editors.py",
            "tests/polls/test_dialogues.py",
            "tests/polls/test_erasure_bounds.py",
            "tests/polls/test_named_record.py",
            "tests/polls/test_service_bounds.py",
            "tests/polls/test_who_may.py",
            "tests/store/test_repositories.py",
            "tests/store/test_suggestions.py",
            "tests/store/test_votes.py",
            "tests/unit/test_privacy.py",
            "tests/unit/test_private_page.py",
            "tests/unit/test_limits.py",
        ),
    ),
    Room(
        (
            "bot/communities/digests.py",
            "bot/polls/creator_notices.py",
            "bot/polls/outbox.py",
            "bot/polls/posted_messages.py",
            "bot/polls/redrawing.py",
            "bot/polls/scheduler.py",
        ),
        (
            "tests/polls/test_host_menu.py",
            "tests/polls/test_notices.py",
            "tests/polls/test_pace.py",
            "tests/polls/test_repeat_bounds.py",
            "tests/polls/test_scheduler.py",
            "tests/polls/test_schedules.py",
            "tests/store/test_repositories.py",
            "tests/store/test_work.py",
            "tests/unit/test_limits.py",
        ),
    ),
    Room(
        (
            "bot/commands/consent.py",
            "bot/polls/drafts.py",
            "bot/polls/objections.py",
            "bot/polls/pings.py",
            "bot/polls/poll_edit.py",
            "bot/polls/previews.py",
            "bot/polls/schedules.py",
            "bot/polls/scheduling.py",
            "bot/polls/templates.py",
            "bot/polls/watchers.py",
        ),
        (
            "tests/polls/test_consent.py",
            "tests/polls/test_host_menu.py",
            "tests/polls/test_opening.py",
            "tests/polls/test_pings.py",
            "tests/polls/test_repeat_bounds.py",
            "tests/polls/test_schedules.py",
            "tests/unit/test_limits.py",
        ),
    ),
    Room(
        ("bot/decisions/*.py",),
        (
            "tests/polls/test_decision_bounds.py",
            "tests/polls/test_decisions.py",
            "tests/unit/test_limits.py",
            "tests/unit/test_web_decisions.py",
        ),
    ),
    Room(
        (
            "bot/deliberation/deadlines.py",
            "bot/deliberation/findings.py",
            "bot/deliberation/member_data.py",
            "bot/deliberation/model.py",
            "bot/deliberation/posted_cards.py",
            "bot/deliberation/proposals.py",
            "bot/deliberation/report.py",
            "bot/deliberation/repository.py",
            "bot/deliberation/service.py",
            "bot/deliberation/statement_order.py",
            "bot/deliberation/statement_rules.py",
        ),
        (
            "tests/deliberation/test_dialogues.py",
            "tests/deliberation/test_discussion_bounds.py",
            "tests/deliberation/test_extremities.py",
            "tests/deliberation/test_statement_order.py",
            "tests/store/test_discussions.py",
            "tests/unit/test_limits.py",
        ),
    ),
    Room(
        ("bot/polls/*.py", "bot/store/group_writer.py"),
        (
            "tests/polls/test_named_record.py",
            "tests/polls/test_receipt_bounds.py",
            "tests/polls/test_record_rules.py",
            "tests/polls/test_service_bounds.py",
            "tests/store/test_audit.py",
            "tests/store/test_close.py",
            "tests/store/test_group_writer.py",
            "tests/store/test_record_guard.py",
            "tests/store/test_repositories.py",
            "tests/store/test_start_check.py",
            "tests/store/test_votes.py",
            "tests/unit/test_limits.py",
        ),
    ),
    Room(
        ("bot/communities/*.py", "bot/dispatch/*.py"),
        (
            "tests/unit/test_app.py",
            "tests/unit/test_command.py",
            "tests/unit/test_community_bounds.py",
            "tests/unit/test_dispatch_bounds.py",
            "tests/unit/test_rights.py",
            "tests/editing/test_editors.py",
            "tests/store/test_action_log.py",
            "tests/store/test_installations.py",
            "tests/store/test_repeats.py",
            "tests/store/test_repositories.py",
            "tests/unit/test_limits.py",
        ),
    ),
    Room(
        ("bot/chat/fit.py", "bot/chat/markup.py"),
        (
            "tests/unit/test_fit.py",
            "tests/unit/test_fit_bounds.py",
            "tests/unit/test_markup.py",
            "tests/unit/test_markup_bounds.py",
            "tests/unit/test_limits.py",
        ),
    ),
    Room(
        (
            "adapters/http/guard.py",
            "adapters/http/connections.py",
            "adapters/http/html.py",
            "adapters/web/chat_routes.py",
            "adapters/web/conversation.py",
            "adapters/web/pages.py",
        ),
        (
            "tests/unit/test_adapter_bounds.py",
            "tests/unit/test_connections.py",
            "tests/unit/test_web_polls.py",
            "tests/unit/test_web_private.py",
            "tests/unit/test_web_server.py",
            "tests/unit/test_limits.py",
        ),
    ),
    Room(
        ("adapters/discord/rights.py", "adapters/discord/markdown.py"),
        (
            "tests/render/test_discord_markdown.py",
            "tests/unit/test_adapter_bounds.py",
            "tests/wire/test_discord_private.py",
            "tests/wire/test_discord_rights.py",
            "tests/wire/test_discord_sharing.py",
        ),
    ),
    Room(
        ("adapters/slack/http.py", "adapters/slack/places.py", "adapters/slack/texts.py"),
        (
            "tests/render/test_slack_render.py",
            "tests/unit/test_adapter_bounds.py",
            "tests/wire/test_slack_http.py",
            "tests/wire/test_slack_private.py",
            "tests/wire/test_slack_rights.py",
        ),
    ),
)
