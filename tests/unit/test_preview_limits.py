"""The meters of `parley preview`, which show how much of a platform's limits a reply uses."""

from __future__ import annotations

import pytest

from adapters.preview.limits import LimitMeter, of_discord, of_reply, of_slack
from bot.chat.markup import text
from bot.chat.platform import Limits
from bot.chat.vocabulary import Action, Button, Card, Image, Reply


@pytest.mark.parametrize(
    ("used", "word", "level"),
    [(0, "fits", "good"), (80, "fits", "good"), (81, "nearly full", "caution"), (100, "nearly full", "caution"), (101, "shortened", "bad")],
)  # fmt: skip
def test_a_meter_says_in_a_word_what_its_colour_says(used: int, word: str, level: str) -> None:
    """A meter says "fits" up to 80% of a limit, "nearly full" up to 100%, and "shortened" above."""
    meter = LimitMeter("Title", used, 100)
    assert (meter.word, meter.level) == (word, level)


def test_meters_count_what_the_platform_counts() -> None:
    """A title over the platform's limit shows that it will be shortened, and a text over it that it will be split."""
    reply = Reply((Card(title="t" * 300, body=text("w" * 5000), footer="f", controls=(Button("Press", Action("x")),)),))
    meters = {meter.name: meter for meter in of_reply(reply, Limits(total=4000))}
    assert (meters["Title"].used, meters["Title"].most, meters["Title"].word) == (300, 256, "shortened")
    assert meters["Text of a card"].word == "split over two cards or more"
    assert (meters["Small print"].used, meters["Longest button"].used) == (1, 5)


def test_a_reply_that_is_split_is_counted_message_by_message() -> None:
    """Each message of a split reply has two meters of its own, and each stays within the platform's limits."""
    reply = Reply((Card(title="Long", body=text(*("word " * 300 for _ in range(8)))),))
    for messages, meters in (of_discord(reply), of_slack(reply)):
        own = [meter for meter in meters if meter.name.startswith("Message ")]
        assert messages > 1
        assert len(own) == 2 * messages
        assert all(meter.used <= meter.most for meter in own)


def test_each_platform_counts_its_own_parts() -> None:
    """Discord's meters count components, nested ones too, and the characters of texts.

    Slack's count blocks and all words that a message shows, those of buttons and pictures included.
    """
    card = Card(title="Tea", body=text("Green"), image=Image("<svg/>", "A bar"), controls=(Button("Go", Action("x")),))
    _, meters = of_discord(Reply((card,)))
    used = {meter.name: (meter.used, meter.most) for meter in meters}
    assert used["Message: characters"] == (len("### Tea\nGreen"), 4000)
    assert used["Message: components"] == (5, 40), "container, text, gallery, row and button"
    _, meters = of_slack(Reply((card,)))
    used = {meter.name: (meter.used, meter.most) for meter in meters}
    assert used["Message: characters"] == (len("Tea\nGreen\nA bar\nGo"), 12_000)
    assert used["Message: blocks"] == (4, 50), "header, text, the picture's words and actions"
