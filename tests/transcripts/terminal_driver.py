"""A driver for a person at a terminal, who sees plain text."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from adapters.terminal import as_plain
from bot.chat.vocabulary import Button, Outcome, Place, Reply, Request, Select, Visibility
from bot.dispatch.bot import Bot
from bot.i18n import translator
from tests.transcripts.dialogue import Display
from tests.world import Clock, Wall, request


@dataclass
class TerminalDriver:
    """A person at a terminal. Several people may share a wall, each with their own driver."""

    bot: Bot
    request: Request
    wall: Wall
    clock: Clock
    replies: list[Reply] = field(default_factory=list)
    read_count: int = 0
    copies: dict[str, Reply] = field(default_factory=dict)

    async def say(self, text: str) -> Display:
        return self._display(await self.bot.say(self._request(), text))

    async def mention(self, words: str) -> Display:
        return self._display(await self.bot.ask(self._request(), words))

    async def write(self, words: str) -> Display:
        request = self._request()
        alone = replace(request, place=replace(request.place, direct=True))
        return self._display(await self.bot.ask(alone, words))

    async def press(self, label: str) -> Display:
        for reply in self._newest():
            for control in (c for card in reply.cards for c in card.controls):
                if isinstance(control, Button) and control.label == label and control.action:
                    return self._display(await self.bot.press(self._request(), control.action.encode()))
        raise AssertionError(f"nothing shown has a button {label!r}")

    async def pick(self, label: str, option: str) -> Display:
        for reply in self._newest():
            for control in (c for card in reply.cards for c in card.controls):
                if isinstance(control, Select) and control.label == label:
                    value = next(choice.value for choice in control.options if choice.label == option)
                    return self._display(await self.bot.press(self._request(), control.action.encode(), (value,)))
        raise AssertionError(f"nothing shown has a list {label!r}")

    async def fill(self, label: str, words: str) -> Display:
        form = next(reply.form for reply in reversed(self.replies) if reply.form is not None)
        answers: dict[str, str | tuple[str, ...]] = {
            each.name: tuple(choice.value for choice in each.options if choice.chosen) or each.value
            for each in form.inputs
        }
        answers[next(each.name for each in form.inputs if each.label == label)] = words
        outcome = await self.bot.submit(self._request(), form.action.encode(), answers)
        display = self._display(outcome)
        return replace(display, private="\n".join((display.private, *outcome.errors.values())))

    def _request(self) -> Request:
        return replace(self.request, now=self.clock())

    def _newest(self) -> list[Reply]:
        return [*reversed(self.replies), *(reply for _, reply in reversed(self.wall.posted))]

    def _display(self, outcome: Outcome) -> Display:
        t = translator(self.request.locale)
        public = [reply for ref, reply in self.wall.posted if self.copies.get(ref.id) != reply]
        self.copies = {ref.id: reply for ref, reply in self.wall.posted}
        private: list[Reply] = []
        if outcome.answer is not None:
            self.replies.append(outcome.answer)
            (public if outcome.answer.visibility is Visibility.PUBLIC else private).append(outcome.answer)
        return Display(
            private="\n".join(as_plain(reply, t) for reply in private),
            public="\n".join(as_plain(reply, t) for reply in public),
        )


def terminal_driver(
    bot: Bot, name: str, clock: Clock, *, moderator: bool = False, locale: str = "en"
) -> TerminalDriver:
    """Return a person of the community `terminal:demo`, whose posts appear on the bot's wall."""

    wall = bot.platforms.setdefault("terminal", Wall())
    assert isinstance(wall, Wall)
    base = request(name, platform="terminal", moderator=moderator)
    return TerminalDriver(bot, replace(base, locale=locale, place=Place("terminal", "demo", "main")), wall, clock)
