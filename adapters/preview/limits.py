"""How much of what a platform holds a card takes: numbers beside their limit, and a word for it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bot.chat import Button, Limits, Reply
from bot.fit import size

NEARLY = 0.8


@dataclass(frozen=True, slots=True)
class Meter:
    """`used` of `most`; `over` says what the platform's renderer does with more than that."""

    name: str
    used: int
    most: int
    over: str = "shortened"

    @property
    def word(self) -> str:
        """What the numbers mean, so that nothing depends on a colour."""
        if self.used > self.most:
            return self.over
        return "nearly full" if self.used > NEARLY * self.most else "fits"

    @property
    def level(self) -> str:
        return {"fits": "good", "nearly full": "caution"}.get(self.word, "bad")


def of_reply(reply: Reply, limits: Limits) -> Iterator[Meter]:
    """A meter for each limit of one message that a reply of cards comes near, the longest card standing for all."""
    cards = reply.cards
    yield Meter("Title", max(limits.measure_line(card.title) for card in cards), limits.title)
    yield Meter(
        "Text of a card", max(size(card, limits) for card in cards), limits.total, "split over two cards or more"
    )
    footers = max(limits.measure_line(card.footer) for card in cards)
    if footers:
        yield Meter("Small print", footers, min(limits.footer, limits.total // 4))
    buttons = [control for card in cards for control in card.controls if isinstance(control, Button)]
    if buttons:
        longest = max(len(button.label) for button in buttons)
        yield Meter("Longest button", longest, limits.button_label)
