"""The web chat's messages: who may see them, how many are kept, and how pages catch up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count

from adapters.web.conversation import WAITING, Conversation
from bot.chat.vocabulary import Card, Reply

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)


def make(messages_max: int = 300, now: datetime = NOW) -> Conversation:
    ids = count(1)
    return Conversation(lambda: now, lambda: f"id{next(ids)}", messages_max)


def test_what_is_private_is_seen_by_one_member() -> None:
    """A message for one member is neither listed nor found for another."""
    conversation = make()
    secret = conversation.add(audience="ada", text="for Ada")
    conversation.add(text="for all")
    assert [m.text for m in conversation.changes_for("ada")] == ["for Ada", "for all"]
    assert [m.text for m in conversation.changes_for("ben")] == ["for all"]
    assert conversation.find(secret.id, "ada") == secret
    assert conversation.find(secret.id, "ben") is None


def test_a_page_that_was_away_asks_for_what_is_newer() -> None:
    """A page that gives its last mark gets the new messages and the changed ones, each in its latest form."""
    conversation = make()
    first = conversation.add(reply=Reply((Card(title="one"),)))
    mark = conversation.add(text="two").changed
    conversation.redraw(first, Reply((Card(title="one, changed"),)))
    conversation.add(text="three")
    newer = conversation.changes_for("ada", mark)
    assert [m.reply.cards[0].title if m.reply else m.text for m in newer] == ["one, changed", "three"]
    assert newer[0].order == first.order


def test_a_mark_from_before_a_restart_still_works() -> None:
    """Marks come from the clock, so a page's mark from before a restart still brings it the newer messages only."""
    before = make().add(text="before")
    later = make(now=NOW + timedelta(seconds=1))
    after = later.add(text="after")
    assert before.changed < after.changed
    assert later.changes_for("ada", before.changed) == [after]


def test_a_published_message_reaches_everyone() -> None:
    """A private message that is published reaches everyone and keeps its place in the conversation."""
    conversation = make()
    echo = conversation.add(author="ada", audience="ada", text="/announce")
    conversation.add(text="in between")
    conversation.publish(echo)
    assert {m.text for m in conversation.changes_for("ben")} == {"/announce", "in between"}
    assert min(conversation.changes_for("ben"), key=lambda m: m.order).text == "/announce"


def test_only_so_much_is_kept() -> None:
    """The conversation keeps a limited number of private messages, and they never push out public ones."""
    conversation = make(messages_max=3)
    conversation.add(text="for all")
    for number in range(10):
        conversation.add(audience="ada", text=str(number))
    assert [m.text for m in conversation.changes_for("ada")] == ["for all", "7", "8", "9"]


async def test_a_page_that_does_not_read_is_let_go() -> None:
    """A page that doesn't read gets the 1,000 messages that wait for it and is then dropped."""
    conversation = make()
    with conversation.listen("ada") as listener:
        for number in range(WAITING + 50):
            conversation.add(text=str(number))
        messages = [await listener.get() for _ in range(WAITING + 1)]
    assert messages[-1] is None
    assert None not in messages[:-1]
    assert conversation.listeners == 0
