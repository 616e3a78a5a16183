"""The rule that Parley writes nothing in a place where the asking member, or Parley itself, may not write."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.chat.vocabulary import (
    Action,
    Answers,
    Button,
    Card,
    Choice,
    Control,
    Outcome,
    Reply,
    Request,
    Select,
    Visibility,
)
from bot.dispatch.rights import without_posting
from tests.talk import ADA, CREATE, press, say, wall, words
from tests.world import Wall, make_bot, request, running

MUTE: Mapping[str, Mapping[str, Any]] = {
    "You can't write in this channel": {"may_write": False},
    "I can't write in this channel": {"may_post": False},
}
"""The sentence in the answer, and the right that is missing. If both are, the member reads about their own right."""


def listener(who: Request, rights: Mapping[str, Any]) -> Request:
    return replace(who, **rights)


def is_private(outcome: Outcome) -> bool:
    return outcome.answer is not None and outcome.answer.visibility is Visibility.PRIVATE


@pytest.mark.parametrize("reason", MUTE)
@pytest.mark.parametrize(
    "line",
    [
        "/fact coffee ban",
        "/counter buying tea",
        "/source house rules",
        "/define wulong",
        "/policy tea kitty",
        "/search tea",
        "/topic",
        "/timeline",
    ],
)
async def test_a_public_answer_stays_private(line: str, reason: str) -> None:
    """If the member or Parley may not write in the channel, `share:yes` shows the answer to the asker alone, with
    the reason."""
    bot = make_bot()
    outcome = await bot.say(listener(request(), MUTE[reason]), f"{line} share:yes")
    everybody = await bot.say(request(), f"{line} share:yes")
    assert is_private(outcome)
    assert reason in words(outcome)
    assert words(everybody) in words(outcome)
    assert not is_private(everybody)
    assert reason not in words(everybody)


@pytest.mark.parametrize("reason", MUTE)
async def test_an_answer_for_the_asker_says_nothing_of_rights(reason: str) -> None:
    """A private look-up works without the right to write and doesn't mention it."""
    outcome = await make_bot().say(listener(request(), MUTE[reason]), "/fact coffee ban")
    assert is_private(outcome)
    assert reason not in words(outcome)


@pytest.mark.parametrize("reason", MUTE)
async def test_share_posts_nothing(reason: str) -> None:
    """Without the right to write, no Share button posts its card, neither on a private card nor under *Find facts*;
    the presser reads the reason."""
    bot, silence = make_bot(), Wall()
    bot.platforms["test"] = silence
    who = listener(request(), MUTE[reason])
    facts = await bot.look(who, "find-facts", "Was coffee banned?")
    assert facts.answer is not None
    share = next(c.action for card in facts.answer.cards for c in card.controls if c.label == "Share")
    for pressed in (share, Action("share", ("counter", "tea", "tea-popular"))):
        assert pressed is not None
        assert reason in words(await bot.press(who, pressed.encode()))
    assert silence.posted == []
    assert "Shared here" in words(await bot.press(request(), "v1:share:counter:tea:tea-popular"))
    assert len(silence.posted) == 1


POSTS, KEEPS = Action("share", ("p1",)), Action("open", ("p1",))


@pytest.mark.parametrize(
    ("control", "offered"),
    [
        (Button("Share", POSTS), False),
        (Button("Read all", KEEPS), True),
        (Button("Source", url="https://example.org/"), True),
        (Select(POSTS, "Pick", (Choice("One", "1"),)), True),
    ],
)
def test_a_place_without_the_bot_has_no_button_that_posts(control: Control, offered: bool) -> None:
    """Where the bot isn't a member, Parley leaves out the buttons that post, and keeps all other controls in order."""
    rest = (Button("Before", KEEPS), Button("After", KEEPS))
    card = Card("Tea", controls=(rest[0], control, rest[1]))
    outcome = without_posting(Outcome(answer=Reply((card, card))), {"share"})
    assert outcome.answer is not None
    controls = (rest[0], control, rest[1]) if offered else rest
    assert outcome.answer.cards == (replace(card, controls=controls),) * 2


def test_an_outcome_without_an_answer_stays_as_it_is() -> None:
    """An outcome without an answer has no button to leave out."""
    nothing = Outcome()
    assert without_posting(nothing, {"share"}) is nothing


async def test_a_look_up_away_from_the_bot_offers_no_share() -> None:
    """A card has the button Share where the bot is a member. Where it is none, the card has its other buttons alone."""
    at_home, away = [
        [control.label for card in outcome.answer.cards for control in card.controls]
        for who in (request(), listener(request(), {"away": True}))
        if (outcome := await make_bot().say(who, "/fact coffee ban")).answer is not None
    ]
    assert "Share" in at_home
    assert away
    assert away == [label for label in at_home if label != "Share"]


POLL_FORM: Answers = {"question": "Which tea?", "options": "Green\nBlack", "closes": "2h", "method": ("single",)}
OPTIONS_FORM: Answers = {"question": "Which?", "options": ("option-tea-fund", "option-bring-own"), "closes": "2h"}


@pytest.mark.parametrize("reason", MUTE)
async def test_a_poll_is_refused_before_it_is_stored(tmp_path: Path, reason: str) -> None:
    """Without the right to write, a member can't open a poll, by command or form, nor post a copy, but can vote."""
    async with running(tmp_path) as instance:
        who = listener(ADA, MUTE[reason])
        for line in (CREATE, "/poll create", "/poll policy", "/poll policy A tea fund | Bring your own"):
            outcome = await say(instance, who, line)
            assert outcome.answer is not None
            assert outcome.answer.form is None
            assert reason in words(outcome)
        bot = instance.bot
        assert reason in words(await bot.submit(who, "v1:poll-create", POLL_FORM))
        assert reason in words(await bot.submit(who, "v1:poll-policy:tea", OPTIONS_FORM))
        assert "No polls yet" in words(await say(instance, ADA, "/poll list"))
        assert "The poll is open" in words(await say(instance, ADA, CREATE))
        assert reason in words(await say(instance, who, "/poll post poll:p1"))
        assert reason in words(await press(instance, who, "v1:poll-post:p1"))
        assert len(wall(instance).posted) == 1
        assert "counted" in words(await press(instance, who, "v1:vote:p1:0"))


def direct(who: Request) -> Request:
    """Return the request from a direct message, on a platform where each of those is a community of its own."""
    return replace(
        who,
        actor=replace(who.actor, workspace="dm7", moderator=True),
        place=replace(who.place, workspace="dm7", direct=True),
    )


async def test_what_needs_a_server_is_not_done_in_a_direct_message(tmp_path: Path) -> None:
    """A command that needs a community refuses in a direct message; in a channel no command refuses for that reason."""
    async with running(tmp_path) as instance:
        for name, command in instance.bot.commands.items():
            args = {param.name: "1" for param in command.params if param.required}
            for who in (direct(ADA), ADA):
                outcome = await instance.bot.invoke(who, name, args)
                refused = outcome.answer is not None and "in a channel, not in direct messages" in words(outcome)
                assert refused is (command.needs_community and who.place.direct), name


async def test_settings_logs_and_polls_need_a_server(tmp_path: Path) -> None:
    """Settings, the log and polls need a community; look-ups, help, receipts and a member's own data don't."""
    async with running(tmp_path) as instance:
        names = {name for name, command in instance.bot.commands.items() if command.needs_community}
        everywhere = {"fact", "counter", "search", "help", "poll receipt", "privacy show", "privacy erase", "suggest"}
        assert {"settings", "log", "poll create", "poll policy", "poll post", "poll list", "poll close"} <= names
        assert not everywhere & names
