"""What has been said in the web chat, and who may see it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count

from adapters.web.channel import WAITING, Channel
from bot.chat import Card, Reply

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)


def make(kept: int = 300, now: datetime = NOW) -> Channel:
    ids = count(1)
    return Channel(lambda: now, lambda: f"id{next(ids)}", kept)


def test_what_is_private_is_seen_by_one_member() -> None:
    """A message for one member is neither listed nor found for another."""
    channel = make()
    secret = channel.add(audience="ada", text="for Ada")
    channel.add(text="for all")
    assert [m.text for m in channel.seen_by("ada")] == ["for Ada", "for all"]
    assert [m.text for m in channel.seen_by("ben")] == ["for all"]
    assert channel.find(secret.id, "ada") == secret
    assert channel.find(secret.id, "ben") is None


def test_a_page_that_was_away_asks_for_what_is_newer() -> None:
    """After a mark come new messages and changed ones, each in its latest form."""
    channel = make()
    first = channel.add(reply=Reply((Card(title="one"),)))
    mark = channel.add(text="two").changed
    channel.redraw(first, Reply((Card(title="one, changed"),)))
    channel.add(text="three")
    newer = channel.seen_by("ada", mark)
    assert [m.reply.cards[0].title if m.reply else m.text for m in newer] == ["one, changed", "three"]
    assert newer[0].order == first.order


def test_a_mark_from_before_a_restart_still_works() -> None:
    """Marks come from the clock, so a page that outlives the server asks the next one for what is new only."""
    before = make().add(text="before")
    later = make(now=NOW + timedelta(seconds=1))
    after = later.add(text="after")
    assert before.changed < after.changed
    assert later.seen_by("ada", before.changed) == [after]


def test_a_published_message_reaches_everyone() -> None:
    """What one member saw alone moves to everyone's conversation and keeps its place."""
    channel = make()
    echo = channel.add(author="ada", audience="ada", text="/announce")
    channel.add(text="in between")
    channel.publish(echo)
    assert {m.text for m in channel.seen_by("ben")} == {"/announce", "in between"}
    assert min(channel.seen_by("ben"), key=lambda m: m.order).text == "/announce"


def test_only_so_much_is_kept() -> None:
    """Memory is bounded, and one member's look-ups never push out what others said."""
    channel = make(kept=3)
    channel.add(text="for all")
    for number in range(10):
        channel.add(audience="ada", text=str(number))
    assert [m.text for m in channel.seen_by("ada")] == ["for all", "7", "8", "9"]


async def test_a_page_that_does_not_read_is_let_go() -> None:
    """What waits for one page is bounded; it reads what it can, then it is to come back."""
    channel = make()
    with channel.listen("ada") as listener:
        for number in range(WAITING + 50):
            channel.add(text=str(number))
        heard = [await listener.get() for _ in range(WAITING + 1)]
    assert heard[-1] is None
    assert None not in heard[:-1]
    assert channel.listeners == 0
