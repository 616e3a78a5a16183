"""Keep the chat's messages and their audiences, in memory and within bounds."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from bot.chat.vocabulary import Reply

EVERYONE = ""
MESSAGES_MAX = 300
"""Messages kept for everyone, and as many again for each member alone."""
_ORDER = re.compile(r"-([0-9]{1,16})$")
WAITING = 1_000
"""Changes that may wait for a slow page. Then its stream closes, and it catches up when it reconnects."""


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """An entry of the conversation: a member's `text` or the bot's `reply`.

    `order` is its place and never changes; `changed` grows with every change. Both are the clock's microseconds and
    unique, so a page that was away can ask for newer messages. The id ends with the order, so that a message that
    outlives the process keeps its place.
    """

    id: str
    order: int
    changed: int
    at: datetime
    author: str = ""
    audience: str = EVERYONE
    text: str = ""
    reply: Reply | None = None


@dataclass(slots=True, eq=False)
class Listener:
    """An open page. `get` returns None when the stream should close."""

    member: str
    _open: bool = True
    _queue: asyncio.Queue[ChatMessage | None] = field(default_factory=asyncio.Queue)

    def hear(self, message: ChatMessage) -> None:
        if not self._open or message.audience not in {EVERYONE, self.member}:
            return
        if self._queue.qsize() < WAITING:
            self._queue.put_nowait(message)
        else:
            self.close()

    def close(self) -> None:
        self._open = False
        self._queue.put_nowait(None)

    async def get(self) -> ChatMessage | None:
        return await self._queue.get()


class Conversation:
    """The conversation of the web chat."""

    def __init__(self, clock: Callable[[], datetime], ids: Callable[[], str], messages_max: int = MESSAGES_MAX) -> None:
        self._clock = clock
        self._ids = ids
        self._messages_max = messages_max
        self._last = 0
        self._shelves: dict[str, dict[str, ChatMessage]] = {EVERYONE: {}}
        self._listeners: set[Listener] = set()

    @property
    def listeners(self) -> int:
        return len(self._listeners)

    def add(
        self, *, author: str = "", audience: str = EVERYONE, text: str = "", reply: Reply | None = None
    ) -> ChatMessage:
        now = self._clock()
        order = self._tick(now)
        return self._keep(ChatMessage(f"{self._ids()}-{order}", order, order, now, author, audience, text, reply))

    def restore(self, message_id: str, audience: str, reply: Reply) -> ChatMessage:
        """Add a message under its old id, with the place and time from that id. It may be an earlier process's."""
        now = self._clock()
        changed = self._tick(now)
        mark = _ORDER.search(message_id)
        order = min(int(mark[1]), changed) if mark else changed
        at = datetime.fromtimestamp(order / 1_000_000, UTC) if mark else now
        return self._keep(ChatMessage(message_id, order, changed, at, audience=audience, reply=reply))

    def redraw(self, message: ChatMessage, reply: Reply) -> ChatMessage:
        """Replace the reply of a message."""
        return self._keep(replace(message, reply=reply, changed=self._tick(self._clock())))

    def publish(self, message: ChatMessage) -> ChatMessage:
        """Show everyone a message that only one member saw."""
        self._shelves.get(message.audience, {}).pop(message.id, None)
        return self._keep(replace(message, audience=EVERYONE, changed=self._tick(self._clock())))

    def find(self, message_id: str, member: str | None = None) -> ChatMessage | None:
        """Return the message if it still exists; with `member`, only if that member may see it."""
        audiences = list(self._shelves) if member is None else [EVERYONE, member]
        candidates = (self._shelves.get(audience, {}).get(message_id) for audience in audiences)
        return next(filter(None, candidates), None)

    def changes_for(self, member: str, after: int = 0) -> list[ChatMessage]:
        """Return the member's messages that changed after the mark, oldest change first."""
        shelves = (self._shelves[EVERYONE], self._shelves.get(member, {}))
        changes = (message for shelf in shelves for message in shelf.values() if message.changed > after)
        return sorted(changes, key=lambda message: message.changed)

    @contextmanager
    def listen(self, member: str) -> Iterator[Listener]:
        """Collect every later change that the member may see."""
        listener = Listener(member)
        self._listeners.add(listener)
        try:
            yield listener
        finally:
            self._listeners.discard(listener)

    def close(self) -> None:
        """Close every open page's stream."""
        for listener in self._listeners:
            listener.close()

    def _keep(self, message: ChatMessage) -> ChatMessage:
        shelf = self._shelves.setdefault(message.audience, {})
        shelf[message.id] = message
        if len(shelf) > self._messages_max:
            del shelf[min(shelf.values(), key=lambda other: other.order).id]
        for listener in self._listeners:
            listener.hear(message)
        return message

    def _tick(self, now: datetime) -> int:
        self._last = max(self._last + 1, int(now.timestamp() * 1_000_000))
        return self._last
