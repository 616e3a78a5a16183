"""The most common replies stay short and keep their promises."""

from __future__ import annotations

from pathlib import Path

from tests.render.reply_words import count_words, replies, written

BEFORE = 4638
"""Words in the same replies on 30 November 2026, before they were shortened."""
PERCENT_MAX = 70


async def test_the_replies_stay_short_and_lose_no_promise(tmp_path: Path) -> None:
    """The most common replies have at most 70 % of the words they had on 30 November 2026.

    They still give a fact's verdict, sources, dates and counterargument, and a poll's close, secrecy, host, turnout and
    record.
    """
    drawn = await replies(tmp_path)
    assert sum(map(count_words, drawn.values())) <= BEFORE * PERCENT_MAX // 100
    words = {name: written(reply) for name, reply in drawn.items()}
    verdicts = ("✖ Contradicted", "✔ Supported", "◑ Supported with a nuance")
    for name, verdict in zip(("/fact, 1", "/fact, 2", "/fact, 3"), verdicts, strict=True):
        assert words[name].startswith(verdict), name
        for part in ("Sources", "newest source 20", "checked 20", "The essay, paragraph", "Strongest counterargument:"):
            assert part in words[name], name
    for method in ("single", "approval", "ranked", "score"):
        for part in ("Closes 2026-", "Secret from members", "Opened by Mo", "0 ballots"):
            assert part in words[f"{method} poll, open"], method
        assert "chain head" in words[f"{method} result"]
    assert "Keep the receipt to yourself" in words["receipt"]
