"""Rules that hold for every request: permission, limits, errors and outdated buttons."""

from __future__ import annotations

import logging
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Annotated

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.chat.markup import plain, text
from bot.chat.vocabulary import Action, Card, Outcome, Post, Reply, Request, Visibility
from bot.dispatch import rate_limit as limits
from bot.dispatch.bot import Bot
from bot.dispatch.declare import Context, Param, Permission, action, command
from bot.dispatch.rate_limit import Limiter, for_communities
from bot.errors import Refused, UsageError
from bot.i18n import translator
from tests.world import NOW, Wall, at, make_bot, references, request


@dataclass
class Odd:
    """Commands that fail in different ways, and a button that notes each press."""

    pressed: list[str] = field(default_factory=list)

    @command("crash", "A bug")
    async def crash(self, ctx: Context) -> Outcome:
        message = "secret detail"
        raise RuntimeError(message)

    @command("refuse", "A rule says no")
    async def refuse(self, ctx: Context) -> Outcome:
        raise Refused(ctx.t("The poll is closed."))

    @command("rule", "For moderators", permission=Permission.MODERATOR)
    async def rule(self, ctx: Context) -> Outcome:
        return Outcome(Reply((Card(title="ruled"),)))

    @command("shout", "For all")
    async def shout(self, ctx: Context, words: Annotated[str, Param("What", rest=True, complete="broken")]) -> Outcome:
        return Outcome(posts=(Post(Reply((Card(body=text(words)),), visibility=Visibility.PUBLIC)),))

    @action("two")
    async def two(self, ctx: Context, first: str, second: str) -> Outcome:
        self.pressed.append(f"{first}{second}")
        return Outcome(Reply((Card(title=f"{first}{second}"),)))

    def broken(self, *_args: object) -> list[object]:
        raise RuntimeError


def make_odd(limiter: Limiter | None = None, crowd: Limiter | None = None, odd: Odd | None = None) -> Bot:
    numbers = references()
    limiter = limiter or Limiter(burst=1000)
    return Bot.of([odd or Odd()], new_reference=lambda: next(numbers), limiter=limiter, crowd=crowd)


def words_of(outcome: Outcome) -> str:
    assert outcome.answer is not None
    return "\n".join(f"{card.title}\n{plain(card.body)}" for card in outcome.answer.cards)


async def test_a_bug_gives_a_code_and_is_logged_whole(caplog: pytest.LogCaptureFixture) -> None:
    """A bug gives the member a code to quote and no detail. The log has the traceback under the same code."""
    with caplog.at_level(logging.ERROR):
        outcome = await make_odd().say(request(), "/crash")
    assert "ref-1" in words_of(outcome)
    assert "secret detail" not in words_of(outcome)
    (record,) = caplog.records
    assert record.__dict__["request"] == "ref-1"
    assert record.exc_info is not None
    assert "secret detail" in str(record.exc_info[1])


async def test_a_rule_that_says_no_is_told_in_its_own_words() -> None:
    """When a command refuses a request, the member reads its own words, in private."""
    outcome = await make_odd().say(request(), "/refuse")
    assert "The poll is closed." in words_of(outcome)
    assert outcome.answer is not None
    assert outcome.answer.visibility is Visibility.PRIVATE


async def test_moderators_commands_are_checked_when_they_run() -> None:
    """Parley checks a moderators' command when it runs, even if the platform hides it from members."""
    bot = make_odd()
    assert "Only moderators" in words_of(await bot.say(request(), "/rule"))
    assert "ruled" in words_of(await bot.say(request(moderator=True), "/rule"))


async def test_too_many_requests_are_slowed_and_time_heals() -> None:
    """A member who asks too often must wait, and Parley says how long. Other members aren't affected."""
    bot = make_odd(Limiter(burst=2, per_minute=60))
    for _ in range(2):
        assert "closed" in words_of(await bot.say(request(), "/refuse"))
    assert "Try again in 1 second." in words_of(await bot.say(request(), "/refuse"))
    assert "closed" in words_of(await bot.say(request("Ben"), "/refuse"))
    assert "closed" in words_of(await bot.say(at(request(), NOW + timedelta(seconds=1)), "/refuse"))


def member(name: str, workspace: str) -> Request:
    member_request = request(name)
    return replace(member_request, actor=replace(member_request.actor, workspace=workspace))


async def test_a_community_that_floods_is_slowed_alone() -> None:
    """A community's members share a budget.

    Beyond it Parley tells them when to try again, and other communities notice nothing.
    """
    bot = make_odd(crowd=Limiter(burst=5, per_minute=60))
    for number in range(5):
        assert "closed" in words_of(await bot.say(member(f"m{number}", "busy"), "/refuse"))
    refused = words_of(await bot.say(member("m6", "busy"), "/refuse"))
    assert "Many people are asking at once. Try again in 1 second." in refused
    assert "closed" in words_of(await bot.say(member("m6", "calm"), "/refuse"))
    assert "closed" in words_of(await bot.say(at(member("m6", "busy"), NOW + timedelta(seconds=1)), "/refuse"))


async def test_one_member_cannot_use_up_what_their_community_has() -> None:
    """A request that a member's limit refuses costs the community nothing, and one that the community's limit refuses
    costs the member nothing."""
    bot = make_odd(Limiter(burst=2, per_minute=60), crowd=Limiter(burst=4, per_minute=60))
    for _ in range(100):
        await bot.say(member("flooder", "busy"), "/refuse")
    assert "closed" in words_of(await bot.say(member("ada", "busy"), "/refuse"))
    assert "closed" in words_of(await bot.say(member("ben", "busy"), "/refuse"))
    for _ in range(100):
        assert "Many people" in words_of(await bot.say(member("chen", "busy"), "/refuse"))
    later = at(member("chen", "busy"), NOW + timedelta(seconds=1))
    assert "closed" in words_of(await bot.say(later, "/refuse"))


async def test_a_refusal_for_asking_too_fast_is_in_the_members_language() -> None:
    """Parley refuses too many requests in the member's language. The pseudo-language marks translated sentences."""
    for bot in (make_odd(Limiter(burst=0)), make_odd(crowd=Limiter(burst=0))):
        assert words_of(await bot.say(replace(request(), locale="en-XA"), "/refuse")).strip().startswith("⟦")


async def test_a_flood_of_different_people_takes_bounded_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """The limiter remembers a fixed number of ids, the latest ones, however many ask. Those are still limited."""
    monkeypatch.setattr(limits, "REMEMBERED_MAX", 100)
    limiter = Limiter(burst=1)
    for number in range(10_000):
        assert limiter.wait(f"stranger {number}", NOW) == 0
    assert len(limiter._buckets) == 100
    assert limiter.wait("stranger 9999", NOW) == 1
    assert limiter.wait("stranger 9900", NOW) == 1
    assert limiter.wait("stranger 1", NOW) == 0


def test_limit_forgets_members_who_may_do_all_again() -> None:
    """The limiter forgets a member whose whole budget is available again, and keeps one who is limited."""
    limiter = Limiter(burst=2, per_minute=60)
    for second in range(1000):
        assert limiter.wait(f"passer-by {second}", NOW + timedelta(seconds=second)) == 0
    now = NOW + timedelta(seconds=1000)
    assert [limiter.wait("ada", now) for _ in range(3)] == [0, 0, 1]
    assert len(limiter._buckets) <= 4
    assert limiter.wait("ada", now) == 1


def test_a_communitys_budget_is_what_its_setting_says() -> None:
    """A community with a budget of 600 requests a minute may make 100 at once, a sixth, and then 10 a second."""
    shared = for_communities(600)
    assert [shared.wait("busy", NOW) for _ in range(101)].count(0) == 100
    assert [shared.wait("busy", NOW + timedelta(seconds=1)) for _ in range(11)].count(0) == 10


async def test_a_clock_set_back_locks_nobody_out() -> None:
    """If the clock is set back, the limiter refills nothing at first, and the next second counts as usual."""
    limiter = Limiter(burst=1, per_minute=60)
    assert limiter.wait("ada", NOW) == 0
    assert limiter.wait("ada", NOW - timedelta(days=1)) == 1
    assert limiter.wait("ada", NOW - timedelta(days=1) + timedelta(seconds=1)) == 0


@pytest.mark.parametrize(
    "pressed",
    [
        "",
        "v1",
        "v2:two:a:b",
        "v1:gone:a",
        "v1:two:a",
        "v1:two:a:b:c",
        "v1:two:ä:b",
        "two:a:b",
        "v1:two:a:" + "b" * 200,
        "v1:two:a:b\n",
        "v1:two:a\n:b",
        "v1:two\n:a:b",
        "v1:two:a:b#1\n",
    ],
)
async def test_a_button_that_is_not_ours_any_more_is_answered_politely(pressed: str) -> None:
    """Parley answers an old, forged or foreign action id by saying that the button no longer works, and does nothing."""
    odd = Odd()
    bot = make_odd(odd=odd)
    assert "no longer works" in words_of(await bot.press(request(), pressed))
    assert odd.pressed == []
    await bot.press(request(), "v1:two:a:b")
    assert odd.pressed == ["ab"]


@given(st.text(max_size=120))
@example("v1:vote:p1\n:0")
@example("v1:vote:p1:0\n")
def test_no_action_id_breaks_the_decoder(encoded: str) -> None:
    """Parley decodes any action id to itself or refuses it."""
    with suppress(UsageError):
        assert Action.decode(encoded).encode() == encoded


def test_an_action_carries_ids_only() -> None:
    """An action carries ids only. Parley refuses to make one with free words or with more than 97 characters."""
    with pytest.raises(ValueError, match="not an action id"):
        Action("open", ("a b",)).encode()
    with pytest.raises(ValueError, match="more than 97"):
        Action("open", ("a" * 100,)).encode()


async def test_what_is_for_all_is_posted_before_the_answer() -> None:
    """A command's post for everyone appears in the channel by the time the member has the answer."""
    bot = make_odd()
    wall = Wall()
    bot.platforms["test"] = wall
    await bot.say(request(), "/shout hello")
    assert [plain(reply.cards[0].body) for _, reply in wall.posted] == ["hello"]


async def test_a_completion_that_fails_suggests_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """A completion that fails, or that doesn't exist, suggests nothing. The log has the failure as a bug."""
    assert await make_odd().complete(request(), "nothing", "words", "x", {}) == []
    assert caplog.records == []
    assert await make_odd().complete(request(), "shout", "words", "x", {}) == []
    assert [record.getMessage() for record in caplog.records] == ["bug in complete shout.words"]


@pytest.mark.parametrize(
    "words",
    [
        "<script>alert(1)</script>",
        "@everyone",
        "<!channel>",
        "\u202eevil\u202c",
        "\x00\x07bell",
        "x" * 10_000,
        '"',
        "“",
        "\ud800",
        "'; DROP TABLE polls; --",
        "field:value AND *",
    ],
)
@pytest.mark.parametrize("name", ["fact", "counter", "source", "search", "define", "policy"])
async def test_hostile_words_are_only_words(name: str, words: str) -> None:
    """A look-up answers any words without an error, and shows no control or direction characters."""
    outcome = await make_bot().say(request(), f"/{name} {words}")
    words = words_of(outcome)
    assert "Something went wrong" not in words
    assert not any(ord(character) < 32 and character != "\n" for character in words)
    assert "\u202e" not in words


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("Use /poll list, or /help.", "Use /parley poll list, or /parley help."),
        ("There's no command /{command}.", "There's no command /parley {command}."),
        (
            "Read https://example.org/poll and/or {pack}/{entry}.",
            "Read https://example.org/poll and/or {pack}/{entry}.",
        ),
        ("Type /invite @Parley in it.", "Type /invite @Parley in it."),
    ],
)
def test_a_sentence_names_commands_as_they_are_typed_there(sentence: str, expected: str) -> None:
    """On Slack a translated sentence names each command with `/parley` before it.

    Words that are filled into the sentence, and addresses, stay unchanged.
    """
    assert translator("en", "/parley ")(sentence) == expected
    assert translator("en", "/parley ")("{words}", words="/poll list") == "/poll list"
