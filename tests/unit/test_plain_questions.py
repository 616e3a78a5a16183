"""Questions in plain words: their answers in a channel and in direct messages, and how many a channel gets."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.chat.vocabulary import Button, Outcome, Reply, Request, Select, Visibility
from bot.commands.questions import QUESTION_MAX
from bot.dispatch.bot import Bot
from bot.dispatch.declare import Context, question
from bot.dispatch.mention_limits import REMEMBERED_MAX, SPAN, MentionLimits, SlidingWindow
from bot.dispatch.parse import question_of
from bot.dispatch.rate_limit import Limiter
from bot.dispatch.registry import collect
from bot.i18n import number
from bot.instance import Instance
from bot.packs.loader import load_library
from bot.search.usage import read_interest
from tests.talk import words
from tests.world import NOW, make_bot, request, running

TEA = "who drinks tea in this office?"
IN_CHANNEL = request()
ALONE = replace(IN_CHANNEL, place=replace(IN_CHANNEL.place, direct=True, private=True))


def answer(outcome: Outcome) -> Reply:
    assert outcome.answer is not None
    return outcome.answer


async def test_a_mention_is_answered_for_all_and_a_message_alone_like_a_command() -> None:
    """Parley answers a mention in a channel publicly and a direct message in the same way: with the card, its
    strongest counterargument and no Share button."""
    for who in (IN_CHANNEL, ALONE):
        outcome = await make_bot().ask(who, TEA)
        assert outcome.success
        assert answer(outcome).visibility is Visibility.PUBLIC
        assert "Strongest counterargument: The count was taken on one day." in words(outcome)
        labels = [control.label for card in answer(outcome).cards for control in card.controls]
        assert "Counterarguments" in labels
        assert "Share" not in labels


async def test_the_strongest_counterargument_is_one_line_of_a_fact_alone() -> None:
    """A fact's card has a line with its strongest counterargument, if there is one; a position's card has none."""
    bot = make_bot()
    for line, expected in (
        ("/ask who drinks tea", True),
        ("/ask coffee ban", False),
        ("/ask a tea fund", False),
        ("/fact who drinks tea", True),
    ):
        outcome = await bot.say(IN_CHANNEL, line)
        assert ("Strongest counterargument" in words(outcome)) is expected, line


@pytest.mark.parametrize("characters", [QUESTION_MAX, QUESTION_MAX + 1, 10_000])
async def test_a_question_has_a_length(characters: int) -> None:
    """A question may have up to 600 characters; Parley answers a longer one with its length, in a few words."""
    text = "tea " * 3_000
    asked = text[: characters - 1] + "."
    for outcome in (
        await make_bot().ask(IN_CHANNEL, asked),
        await make_bot().ask(ALONE, asked),
        await make_bot().say(IN_CHANNEL, f"/ask {asked}"),
    ):
        long = characters > QUESTION_MAX
        lengths = (number(characters), number(characters + len("/ask ")))
        assert any(length in words(outcome) for length in lengths) is long
        assert len(words(outcome)) < 1_500
        assert not (long and outcome.success)


async def test_words_that_nothing_answers_are_counted_where_they_were_typed_for_all_to_hear(tmp_path: Path) -> None:
    """Parley counts words that found nothing only if a member typed them as a command in a public place, never from
    mentions, direct messages, private places or *Find facts*."""
    async with running(tmp_path) as instance:
        bot = instance.bot
        private = replace(IN_CHANNEL, place=replace(IN_CHANNEL.place, private=True))
        for who, line in (
            (IN_CHANNEL, "/ask zeppelin"),
            (IN_CHANNEL, "/fact zeppelin"),
            (IN_CHANNEL, "/search zeppelin"),
        ):
            await bot.say(who, line)
        for who in (private, ALONE):
            await bot.say(who, "/ask airship")
            await bot.say(who, "/fact airship")
        await bot.ask(IN_CHANNEL, "airship")
        await bot.ask(ALONE, "airship")
        await bot.look(IN_CHANNEL, "find-facts", "airship")
        assert await misses(instance) == {"zeppelin": 3}


async def misses(instance: Instance) -> dict[str, int]:
    await instance.interested.write(NOW)
    interest = await instance.database.read(read_interest)
    return dict(interest.misses) if interest else {}


async def test_what_is_said_to_a_channel_is_in_its_communitys_language(tmp_path: Path) -> None:
    """Parley answers a channel in the community's language, and a direct message in the member's own if it is known."""
    async with running(tmp_path, language="en-XA") as instance:
        in_channel = words(await instance.bot.ask(replace(IN_CHANNEL, locale="en"), "zzz"))
        alone = words(await instance.bot.ask(replace(ALONE, locale="en"), "zzz"))
        unknown = words(await instance.bot.ask(replace(ALONE, locale=""), "zzz"))
        assert in_channel.strip().startswith("⟦")
        assert alone.startswith("Nothing found")
        assert unknown.startswith("⟦")


async def test_where_the_bot_may_not_write_the_member_reads_the_answer_alone() -> None:
    """If the member or Parley may not write in a channel, only the asker sees the answer, with the reason."""
    for who in (replace(IN_CHANNEL, may_write=False), replace(IN_CHANNEL, may_post=False)):
        outcome = await make_bot().ask(who, TEA)
        assert answer(outcome).visibility is Visibility.PRIVATE
        assert "so only you see this." in words(outcome)


async def test_a_bot_that_answers_no_questions_is_silent() -> None:
    """A bot without a handler for questions doesn't answer them; two handlers are an error."""

    class Ears:
        @question
        async def hear(self, ctx: Context, words: str) -> Outcome:
            raise NotImplementedError

    bot = Bot.of([], new_reference=lambda: "r", limiter=Limiter())
    assert (await bot.ask(IN_CHANNEL, TEA)).answer is None
    with pytest.raises(ValueError, match="question"):
        collect([Ears(), Ears()])


# --- how often ---


def test_a_window_lets_so_many_pass_within_a_minute() -> None:
    """A window of three lets a fourth request of one name pass once the first is a minute old; names are separate."""
    window = SlidingWindow(3)
    assert [window.wait("a", NOW + timedelta(seconds=at)) for at in (0, 30, 59, 59)] == [0, 0, 0, 1]
    assert window.wait("b", NOW + timedelta(seconds=59)) == 0
    assert window.wait("a", NOW + SPAN - timedelta(microseconds=1)) == 1
    assert window.wait("a", NOW + SPAN) == 0
    assert window.wait("a", NOW + SPAN) == 30


def test_a_clock_that_is_set_back_blocks_nobody() -> None:
    """If the clock is set back, a window forgets requests of the future, so the next request passes."""
    window = SlidingWindow(1)
    assert window.wait("a", NOW) == 0
    assert window.wait("a", NOW - timedelta(hours=1)) == 0
    assert window.wait("a", NOW - timedelta(hours=1)) == 60


def test_a_flood_of_channels_takes_bounded_memory() -> None:
    """A window remembers 10,000 names and forgets the one first that was silent longest."""
    window = SlidingWindow(1)
    for place in range(REMEMBERED_MAX + 1):
        assert window.wait(place, NOW) == 0
    assert len(window._passed) == REMEMBERED_MAX
    assert window.wait(REMEMBERED_MAX, NOW) > 0
    assert window.wait(0, NOW) == 0


async def test_a_channel_has_three_answers_a_minute_and_each_member_one_word_about_it() -> None:
    """A channel gets three answers to mentions a minute, its threads included; then Parley tells each member once,
    privately, when to ask again.

    Direct messages have no limit.
    """
    bot = make_bot()
    thread = replace(IN_CHANNEL, place=replace(IN_CHANNEL.place, thread="t"))
    for who in (IN_CHANNEL, thread, IN_CHANNEL):
        assert answer(await bot.ask(who, TEA)).visibility is Visibility.PUBLIC
    ben = replace(request("Ben"), place=thread.place)
    first, second = await bot.ask(ben, TEA), await bot.ask(ben, TEA)
    assert answer(first).visibility is Visibility.PRIVATE
    assert "Mention me again in 60 seconds" in words(first)
    assert second.answer is None
    assert not second.success
    elsewhere = replace(IN_CHANNEL, place=replace(IN_CHANNEL.place, channel="other"))
    assert answer(await bot.ask(elsewhere, TEA)).visibility is Visibility.PUBLIC
    for _ in range(5):
        assert answer(await bot.ask(ALONE, TEA)).visibility is Visibility.PUBLIC
    later = replace(IN_CHANNEL, now=NOW + SPAN)
    assert answer(await bot.ask(later, TEA)).visibility is Visibility.PUBLIC


async def test_what_came_twice_takes_no_answer_of_the_channel(tmp_path: Path) -> None:
    """A message that a platform delivers again counts once towards the channel's three answers a minute."""
    async with running(tmp_path) as instance:
        ends = [await instance.bot.ask(replace(IN_CHANNEL, key="m1"), TEA) for _ in range(3)]
        assert [end.duplicate for end in ends] == [False, True, True]
        assert (await instance.bot.ask(replace(IN_CHANNEL, key="m2"), TEA)).success
        assert (await instance.bot.ask(replace(IN_CHANNEL, key="m3"), TEA)).success
        assert not (await instance.bot.ask(replace(IN_CHANNEL, key="m4"), TEA)).success


def test_public_answers_and_direct_ones_are_never_dropped() -> None:
    """Parley drops only a member's second private answer to mentions within a minute, never a public or direct one."""
    limits = MentionLimits()
    private, public = Outcome(Reply()), Outcome(Reply(visibility=Visibility.PUBLIC))
    assert limits.quieted(IN_CHANNEL, private) is private
    assert limits.quieted(IN_CHANNEL, private).answer is None
    assert limits.quieted(IN_CHANNEL, public) is public
    assert limits.quieted(ALONE, private) is private


@pytest.mark.parametrize(
    ("line", "asked"),
    [
        ("@Parley is tea cheap", "is tea cheap"),
        ("  @parley, is tea cheap ", "is tea cheap"),
        ("@PARLEY: x", "x"),
        ("@Parley", ""),
        ("@Parley?", "?"),
        ("@Parleys is tea cheap", None),
        ("@parley.example", None),
        ("@parley-bot", None),
        ("@parley@b", None),
        ("hello @Parley", None),
        ("Parley is tea cheap", None),
        ("/fact @Parley", None),
        ("", None),
    ],
)
def test_a_line_that_begins_with_the_name_asks(line: str, asked: str | None) -> None:
    """A line asks Parley if it begins with `@Parley`, in capitals or not. A longer name that begins so doesn't count."""
    assert question_of(line) == asked


# --- lists, and the way up ---


def controls(outcome: Outcome) -> list[Button | Select]:
    return [control for card in answer(outcome).cards for control in card.controls]


async def test_every_entry_of_a_long_list_is_on_one_of_its_pages() -> None:
    """A long list has pages of at most 25 entries; Next and Back turn them in place, and each entry is on one page."""
    bot, who = make_bot(CITY), request()
    outcome = await bot.say(who, "/counter")
    assert not any(control.label in {"Next", "Back"} for control in controls(outcome))
    outcome = await bot.say(who, "/fact")
    seen: list[str] = []
    while True:
        (select,) = (control for control in controls(outcome) if isinstance(control, Select))
        seen += [option.value for option in select.options]
        assert len(select.options) <= 25
        following = [control for control in controls(outcome) if control.label == "Next"]
        if not following:
            break
        assert following[0].action is not None
        outcome = await bot.press(who, following[0].action.encode())
        assert outcome.replace
    facts = {f"city-parking:{fact}" for fact in await fact_ids(bot, who)}
    assert sorted(seen) == sorted(facts)
    assert any(control.label == "Back" for control in controls(outcome))


async def fact_ids(bot: Bot, who: Request) -> set[str]:
    choices = await bot.suggest(who, "v1:pick:card:fact:", "")
    return {choice.value.partition(":")[2] for choice in choices}


CITY = Path(__file__).parents[1] / "content" / "city-parking"


@pytest.mark.parametrize("start", ["0", "25", "999999999", "99999999999999999999", "-1", "x", ""])
async def test_a_page_that_somebody_makes_up_is_the_first_one_or_none(start: str) -> None:
    """A made-up page number beyond the list, or one that isn't a number, shows the first page."""
    outcome = await make_bot(CITY).press(request(), f"v1:browse:card:fact::{start}")
    expected = "26 to" if start == "25" else "1 to 25"
    assert expected in words(outcome)


async def test_a_list_of_unknown_kinds_is_one_of_everything() -> None:
    """A list of a made-up kind has the entries of every kind."""
    outcome = await make_bot(CITY).press(request(), "v1:browse:card:nonsense::25")
    (pack,) = load_library(CITY).packs.values()
    assert f"26 to 50 of {len(pack.entries)}." in words(outcome)


async def test_a_searched_list_begins_with_its_own_page() -> None:
    """Before a member types, the select of a list's second page suggests that page's entries; typed letters search
    all entries."""
    bot, who = make_bot(CITY), request()
    page = await bot.suggest(who, "v1:pick:card:fact::25", "")
    everything = await bot.suggest(who, "v1:pick:card:fact:", "")
    assert len(page) == len(everything) - 25
    assert await bot.suggest(who, "v1:pick:card:fact::25", "parking") == await bot.suggest(
        who, "v1:pick:card:fact:", "parking"
    )


async def test_an_argument_leads_up_its_chain_to_the_position() -> None:
    """An argument's card has a button, with a title, up to the claim that it is about; a position's card has none."""
    bot, who = make_bot(), request()
    outcome = await bot.press(who, "v1:open:tea:they-get-water")
    for title in ("Some people do not drink tea.", "Buying tea"):
        (up,) = (control for control in controls(outcome) if control.label.startswith("Up: "))
        assert isinstance(up, Button)
        assert up.label == f"Up: {title}"
        assert up.action is not None
        outcome = await bot.press(who, up.action.encode())
    assert not any(control.label.startswith("Up: ") for control in controls(outcome))


async def test_every_argument_that_a_card_lists_can_be_opened_there() -> None:
    """A select on a position's card, on its counterarguments and on its supporting arguments opens each argument
    that the card lists."""
    bot, who = make_bot(), request()
    for action, expected in (
        ("v1:open:tea:buy-tea", {"tea:tea-is-cheap", "tea:some-hate-tea"}),
        ("v1:view:counter:tea:buy-tea", {"tea:some-hate-tea"}),
        ("v1:view:support:tea:buy-tea", {"tea:tea-is-cheap"}),
    ):
        outcome = await bot.press(who, action)
        values = {
            option.value for control in controls(outcome) if isinstance(control, Select) for option in control.options
        }
        assert values == expected, action


@pytest.mark.parametrize(
    ("line", "expected", "missing"),
    [
        ("/timeline", ("kettle", "counted"), "“"),
        ("/timeline KETTLE", ("Timeline: “KETTLE”", "2026-02 The office bought a kettle."), "counted"),
        ("/timeline bought ket", ("bought a kettle",), "counted"),
        ("/timeline 2026", ("kettle", "counted"), "Nothing"),
        ("/timeline 2026-10-01", ("counted",), "kettle"),
        ("/timeline kettle counted", (), "Timeline:"),
        ("/timeline 1999", ("Nothing found for “1999”",), "Timeline:"),
        ("/timeline kettle topic:tea", ("bought a kettle",), "counted"),
    ],
)
async def test_the_timeline_takes_words(line: str, expected: tuple[str, ...], missing: str) -> None:
    """`/timeline` with words shows the events whose text or date has a word beginning with each of them."""
    shown = words(await make_bot().say(request(), line))
    for part in expected:
        assert part in shown
    assert missing not in shown
