"""Measure how much of a platform's limits a card takes, in numbers and a word."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from adapters.discord import render as discord_render
from adapters.slack import render as slack_render
from bot.chat.fit import size
from bot.chat.platform import Limits
from bot.chat.vocabulary import Button, Reply

Json = Mapping[str, Any]

NEARLY = 0.8
DISCORD_COMPONENTS_MAX, DISCORD_CHARACTERS_MAX = 40, 4000
SLACK_CHARACTERS_MAX = 12_000


@dataclass(frozen=True, slots=True)
class LimitMeter:
    """`used` of `most`; `over` names the renderer's treatment of a larger value."""

    name: str
    used: int
    most: int
    over: str = "shortened"

    @property
    def word(self) -> str:
        """The level in words, so that nothing depends on a colour."""
        if self.used > self.most:
            return self.over
        return "nearly full" if self.used > NEARLY * self.most else "fits"

    @property
    def level(self) -> str:
        return {"fits": "good", "nearly full": "caution"}.get(self.word, "bad")


def of_reply(reply: Reply, limits: Limits) -> Iterator[LimitMeter]:
    """Measure the longest card of a reply against each limit of one message."""
    cards = reply.cards
    yield LimitMeter("Title", max(limits.measure_line(card.title) for card in cards), limits.title)
    yield LimitMeter(
        "Text of a card", max(size(card, limits) for card in cards), limits.total, "split over two cards or more"
    )
    footers = max(limits.measure_line(card.footer) for card in cards)
    if footers:
        yield LimitMeter("Small print", footers, min(limits.footer, limits.total // 4))
    buttons = [control for card in cards for control in card.controls if isinstance(control, Button)]
    if buttons:
        longest = max(len(button.label) for button in buttons)
        yield LimitMeter("Longest button", longest, limits.button_label)


def of_discord(reply: Reply) -> tuple[int, list[LimitMeter]]:
    """Count the reply's messages on Discord, and measure how full each is."""
    messages: list[list[dict[str, Any]]] = [message.to_components() for message in discord_render.messages(reply)]
    meters = [*of_reply(reply, discord_render.LIMITS)]
    for name, message in zip(_names(len(messages)), messages, strict=True):
        parts = list(_components(message))
        written = sum(discord_render.characters(part["content"]) for part in parts if part["type"] == _TEXT_DISPLAY)
        meters.append(LimitMeter(f"{name}: characters", written, DISCORD_CHARACTERS_MAX))
        meters.append(LimitMeter(f"{name}: components", len(parts), DISCORD_COMPONENTS_MAX))
    return len(messages), meters


def of_slack(reply: Reply) -> tuple[int, list[LimitMeter]]:
    """Count the reply's messages on Slack, and measure how full each is."""
    messages = slack_render.messages(reply)
    meters = [*of_reply(reply, slack_render.LIMITS)]
    for name, message in zip(_names(len(messages)), messages, strict=True):
        meters.append(LimitMeter(f"{name}: characters", len("\n".join(_texts(message.blocks))), SLACK_CHARACTERS_MAX))
        meters.append(LimitMeter(f"{name}: blocks", len(message.blocks), slack_render.BLOCKS_MAX))
    return len(messages), meters


def _names(count: int) -> list[str]:
    """Name each of `count` messages."""
    return ["Message"] if count == 1 else [f"Message {number}" for number in range(1, count + 1)]


_TEXT_DISPLAY = 10


def _components(parts: Sequence[Json]) -> Iterator[Json]:
    """Yield each component and its inner ones, as Discord counts them. A select's options don't count."""
    for part in parts:
        yield part
        yield from _components(part.get("components") or ())
        if accessory := part.get("accessory"):
            yield from _components([accessory])


def _texts(part: Any) -> Iterator[str]:
    """Yield every text that counts towards a Slack message's length, with labels and alternative texts."""
    if isinstance(part, Mapping):
        if isinstance(part.get("text"), str):
            yield part["text"]
        for key, value in part.items():
            if key == "alt_text" and isinstance(value, str):
                yield value
            elif isinstance(value, Mapping | list):
                yield from _texts(value)
    elif isinstance(part, list | tuple):
        for inner in part:
            yield from _texts(inner)
