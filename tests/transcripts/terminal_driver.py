"""A person at a terminal, who sees plain text."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from adapters.terminal import as_plain
from bot.app import Bot
from bot.chat import Button, Outcome, Place, Reply, Request, Select, Visibility
from bot.i18n import translator
from tests.transcripts.dialogue import Seen
from tests.world import Clock, Wall, request


@dataclass
class TerminalDriver:
    """Several people may share a wall; each has a driver of their own."""

    bot: Bot
    asked: Request
    wall: Wall
    clock: Clock
    shown: list[Reply] = field(default_factory=list)
    heard: int = 0
    copies: dict[str, Reply] = field(default_factory=dict)

    async def say(self, text: str) -> Seen:
        return self._seen(await self.bot.say(self._request(), text))

    async def press(self, label: str) -> Seen:
        for reply in self._newest():
            for control in (c for card in reply.cards for c in card.controls):
                if isinstance(control, Button) and control.label == label and control.action:
                    return self._seen(await self.bot.press(self._request(), control.action.encode()))
        raise AssertionError(f"nothing shown has a button {label!r}")

    async def pick(self, label: str, option: str) -> Seen:
        for reply in self._newest():
            for control in (c for card in reply.cards for c in card.controls):
                if isinstance(control, Select) and control.label == label:
                    value = next(choice.value for choice in control.options if choice.label == option)
                    return self._seen(await self.bot.press(self._request(), control.action.encode(), (value,)))
        raise AssertionError(f"nothing shown has a list {label!r}")

    def _request(self) -> Request:
        return replace(self.asked, now=self.clock())

    def _newest(self) -> list[Reply]:
        return [*reversed(self.shown), *(reply for _, reply in reversed(self.wall.posted))]

    def _seen(self, outcome: Outcome) -> Seen:
        t = translator(self.asked.locale)
        public = [reply for ref, reply in self.wall.posted if self.copies.get(ref.id) != reply]
        self.copies = {ref.id: reply for ref, reply in self.wall.posted}
        private: list[Reply] = []
        if outcome.answer is not None:
            self.shown.append(outcome.answer)
            (public if outcome.answer.visibility is Visibility.PUBLIC else private).append(outcome.answer)
        return Seen(
            private="\n".join(as_plain(reply, t) for reply in private),
            public="\n".join(as_plain(reply, t) for reply in public),
        )


def terminal_driver(
    bot: Bot, name: str, clock: Clock, *, moderator: bool = False, locale: str = "en"
) -> TerminalDriver:
    """A person of the community `terminal:demo`, whose posts appear on the bot's wall."""

    wall = bot.platforms.setdefault("terminal", Wall())
    assert isinstance(wall, Wall)
    asked = request(name, platform="terminal", moderator=moderator)
    return TerminalDriver(bot, replace(asked, locale=locale, place=Place("terminal", "demo", "main")), wall, clock)
