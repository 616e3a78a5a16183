"""Permissions, places and pace of requests, each at its bound."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, timedelta
from types import ModuleType
from typing import Annotated

import pytest

from bot.chat.vocabulary import Actor, Card, Choice, Outcome, Place, Post, Reply, Request, Visibility
from bot.communities.model import (
    Community,
    Creators,
    checked_zone,
    community_id,
    is_direct,
    translator_for,
    voter_id,
    voter_in,
)
from bot.dispatch import mention_limits, rate_limit
from bot.dispatch.bot import COMPLETIONS_MAX, SUGGESTIONS_MAX, Bot
from bot.dispatch.declare import TEXT_MAX, Context, Param, Permission, action, command, form, question
from bot.dispatch.mention_limits import MentionLimits, SlidingWindow
from bot.dispatch.parse import bind, half_typed, parse, question_of, typable
from bot.dispatch.rate_limit import Limiter, for_communities, for_rapid_buttons
from bot.dispatch.registry import collect
from bot.dispatch.rights import check_posting, without_publicity
from bot.errors import NotAllowed, Refused, TooFast, UsageError
from bot.i18n import translator
from tests.talk import words
from tests.world import NOW, Wall, references, request

T = translator("en")
MOMENT = timedelta(microseconds=1)
CARD = Reply((Card(title="done"),))


# --- who moderates, and who edits ---


@pytest.mark.parametrize(
    ("moderator", "roles", "role", "moderates"),
    [
        (True, set(), "", True),
        (False, set(), "", False),
        (False, {""}, "", False),
        (False, {"wardens"}, "", False),
        (False, {"wardens"}, "wardens", True),
        (False, {"guests"}, "wardens", False),
        (False, set(), "wardens", False),
        (True, set(), "wardens", True),
    ],
)
def test_who_moderates_a_community(moderator: bool, roles: set[str], role: str, moderates: bool) -> None:
    """A member moderates by the platform's right or by the role that the community named.

    If no role is named, none gives that right.
    """
    actor = Actor("test", "demo", "ada", "Ada", frozenset(roles), moderator)
    community = Community("test:demo", moderator_role=role)
    assert community.moderates(actor) is moderates
    assert Context(replace(request(), actor=actor), T, community).moderates is moderates
    assert community.may_create(actor)
    assert replace(community, creators=Creators.MODERATORS).may_create(actor) is moderates


@pytest.mark.parametrize(("moderator", "edits"), [(False, False), (True, False), (False, True), (True, True)])
def test_a_permission_is_one_of_its_own(moderator: bool, edits: bool) -> None:
    """A moderator isn't an editor and an editor isn't a moderator; everybody is a member."""
    ctx = Context(request(moderator=moderator), T, Community("test:demo"), edits)
    assert [ctx.may(permission) for permission in Permission] == [True, moderator, edits]


def test_a_voter_is_an_account_of_a_community_unless_the_platform_has_one_for_all() -> None:
    """A voter is an account in one community, so the same id in another community is another person.

    On a platform with accounts for all communities it is the same person.
    """
    guest = Actor("test", "elsewhere", "ada", "Ada")
    assert (community_id(guest), voter_id(guest)) == ("test:elsewhere", "test:elsewhere:ada")
    assert voter_in("test:demo", guest) == "test:elsewhere:ada"
    assert voter_in("test:demo", replace(guest, everywhere=True)) == "test:demo:ada"


@pytest.mark.parametrize(
    ("community", "direct"), [("discord:dm1", True), ("discord:1", False), ("dm:1", False), ("test:d", False)]
)
def test_a_direct_conversation_is_known_by_its_workspace(community: str, direct: bool) -> None:
    assert is_direct(community) is direct


def test_a_zone_exists_or_is_refused() -> None:
    """A community's time zone must exist, or Parley refuses it and repeats at most 60 characters of it.

    A stored zone that no longer exists counts as UTC.
    """
    assert checked_zone("Europe/Berlin", T) == "Europe/Berlin"
    for zone in ("Mars", "", "../etc/passwd", "z" * 61):
        with pytest.raises(Refused, match="time zone") as refused:
            checked_zone(zone, T)
        assert zone[:60] in refused.value.message
        assert "z" * 61 not in refused.value.message
        assert Community("test:demo", zone=zone).tz is UTC
    assert str(Community("test:demo", zone="Europe/Berlin").tz) == "Europe/Berlin"


def test_a_community_is_told_in_its_language_with_its_commands() -> None:
    """Parley writes to a community in its language, with commands as its platform has them typed.

    For a platform that isn't running it uses a slash.
    """
    wall = Wall()
    wall.limits = replace(wall.limits, commands="!")
    sentence = "Try /help."
    assert translator_for(Community("test:demo", language="en-XA"), {"test": wall})(sentence).startswith("⟦")
    assert "!help" in translator_for(Community("test:demo"), {"test": wall})(sentence)
    assert "/help" in translator_for(Community("other:demo"), {"test": wall})(sentence)


# --- where the bot writes ---


@pytest.mark.parametrize(("may_write", "may_post"), [(True, True), (True, False), (False, True), (False, False)])
def test_the_bot_writes_where_both_may(may_write: bool, may_post: bool) -> None:
    """A public answer becomes private, with the reason, unless both the member and the bot may write in the place.

    A private answer stays as it is.
    """
    asked = replace(request(), may_write=may_write, may_post=may_post)
    public = Outcome(replace(CARD, visibility=Visibility.PUBLIC))
    both = may_write and may_post
    drawn = without_publicity(public, asked, T)
    assert (drawn == public) is both
    assert drawn.answer is not None
    assert drawn.answer.visibility is (Visibility.PUBLIC if both else Visibility.PRIVATE)
    assert ("I can't write" in words(drawn)) is (may_write and not may_post)
    assert ("You can't write" in words(drawn)) is (not may_write)
    for same in (Outcome(CARD), Outcome()):
        assert without_publicity(same, asked, T) == same
    if both:
        check_posting(asked, T)
    else:
        with pytest.raises(NotAllowed, match="I can't write" if may_write else "You can't write"):
            check_posting(asked, T)


@dataclass
class Hall:
    """Commands, buttons and forms that need a permission, a place to post in, or a community."""

    @command("rule", "For moderators", permission=Permission.MODERATOR)
    async def rule(self, ctx: Context) -> Outcome:
        return Outcome(CARD)

    @command("edit", "For editors", permission=Permission.EDITOR)
    async def edit(self, ctx: Context) -> Outcome:
        return Outcome(CARD)

    @command("announce", "Posts", posts=True)
    async def announce(self, ctx: Context) -> Outcome:
        return Outcome(CARD)

    @command("gather", "Needs a community", needs_community=True)
    async def gather(self, ctx: Context, what: Annotated[str, Param("What", complete="many")] = "") -> Outcome:
        return Outcome(CARD)

    @action("rule", permission=Permission.MODERATOR)
    async def rule_by_button(self, ctx: Context) -> Outcome:
        return Outcome(CARD)

    @action("edit", permission=Permission.EDITOR)
    async def edit_by_button(self, ctx: Context) -> Outcome:
        return Outcome(CARD)

    @action("announce", posts=True)
    async def announce_by_button(self, ctx: Context) -> Outcome:
        return Outcome(CARD)

    @action("take", complete="more")
    async def take(self, ctx: Context, first: str, second: str = "") -> Outcome:
        return Outcome(CARD)

    @action("flip", rapid=True)
    async def flip(self, ctx: Context) -> Outcome:
        return Outcome(CARD)

    @form("rule", permission=Permission.MODERATOR)
    async def rule_by_form(self, ctx: Context, answers: object) -> Outcome:
        return Outcome(CARD)

    @question
    async def answer(self, ctx: Context, asked: str) -> Outcome:
        return Outcome(replace(CARD, visibility=Visibility.PUBLIC if "aloud" in asked else Visibility.PRIVATE))

    async def many(self, *_args: object) -> Sequence[Choice]:
        return [Choice(str(number), str(number)) for number in range(200)]

    def more(self, *_args: object) -> Sequence[Choice]:
        return [Choice(str(number), str(number)) for number in range(200)]


def hall(*, edits: bool = False, **parts: object) -> Bot:
    async def may_edit(_actor: Actor, _community: Community) -> bool:
        return edits

    numbers = references()
    limiter = Limiter(burst=1000)
    return Bot.of([Hall()], new_reference=lambda: next(numbers), limiter=limiter, edits=may_edit, **parts)  # type: ignore[arg-type]


async def each_way(bot: Bot, who: Request, name: str) -> set[bool]:
    """Return the results of doing this in each way: typed, invoked and by a button."""
    outcomes = (await bot.say(who, f"/{name}"), await bot.invoke(who, name, {}), await bot.press(who, f"v1:{name}"))
    return {outcome.success and words(outcome).startswith("done") for outcome in outcomes}


@pytest.mark.parametrize(("moderator", "edits"), [(False, False), (True, False), (False, True)])
async def test_a_permission_is_asked_for_on_every_way(moderator: bool, edits: bool) -> None:
    """Parley checks a permission for a typed command, a button and a form alike. The refusal says who has it."""
    bot, who = hall(edits=edits), request(moderator=moderator)
    assert await each_way(bot, who, "rule") == {moderator}
    assert await each_way(bot, who, "edit") == {edits}
    assert (await bot.submit(who, "v1:rule", {})).success is moderator
    if not moderator:
        assert "Only moderators can use /rule." in words(await bot.say(who, "/rule"))
        assert "Only moderators can do that." in words(await bot.press(who, "v1:rule"))
    if not edits:
        assert "Only editors can use /edit." in words(await bot.say(who, "/edit"))
        assert "Only editors can do that." in words(await bot.press(who, "v1:edit"))


@pytest.mark.parametrize(("may_write", "may_post"), [(True, True), (True, False), (False, True)])
async def test_what_posts_is_refused_where_it_may_not(may_write: bool, may_post: bool) -> None:
    """Parley refuses a command or button that posts unless both the member and the bot may write in the place."""
    who = replace(request(), may_write=may_write, may_post=may_post)
    assert await each_way(hall(), who, "announce") == {may_write and may_post}


@pytest.mark.parametrize(("workspace", "done"), [("demo", True), ("dm1", False)])
async def test_what_needs_a_community_is_not_done_alone_with_the_bot(workspace: str, done: bool) -> None:
    """Parley refuses a command that needs a community in a direct conversation and names the remedy.

    Other commands work there.
    """
    who = replace(request(), actor=replace(request().actor, workspace=workspace))
    outcome = await hall().say(who, "/gather")
    assert outcome.success is done
    assert done or "Use /gather in a channel" in words(outcome)
    assert (await hall().say(who, "/announce")).success


@pytest.mark.parametrize(
    ("pressed", "done"),
    [("v1:take", False), ("v1:take:a", True), ("v1:take:a:b", True), ("v1:take:a:b:c", False), ("v1:gone:a", False)],
)
async def test_a_button_has_the_arguments_of_this_version(pressed: str, done: bool) -> None:
    """A button with too few or too many arguments for its action no longer works and gets no suggestions."""
    outcome = await hall().press(request(), pressed)
    assert outcome.success is done
    assert done or "no longer works" in words(outcome)
    assert len(await hall().suggest(request(), pressed, "")) == (SUGGESTIONS_MAX if done else 0)


async def test_suggestions_are_as_many_as_platforms_take() -> None:
    """Parley suggests at most 25 values for an argument and 100 for a select, as many as the platforms take.

    An unknown argument or command has none.
    """
    bot = hall()
    assert (COMPLETIONS_MAX, SUGGESTIONS_MAX) == (25, 100)
    assert len(await bot.complete(request(), "gather", "what", "", {})) == 25
    assert await bot.complete(request(), "gather", "when", "", {}) == []
    assert await bot.complete(request(), "scatter", "what", "", {}) == []


async def test_a_half_typed_line_offers_what_one_may() -> None:
    """A half-typed line offers the commands of moderators and of editors to them alone."""
    for moderator, edits, offered in (
        (False, False, {"/announce", "/gather"}),
        (True, False, {"/announce", "/gather", "/rule"}),
        (False, True, {"/announce", "/gather", "/edit"}),
    ):
        typing, choices = await hall(edits=edits).complete_line(request(moderator=moderator), "/")
        assert typing.command is None
        assert {choice.label for choice in choices} == offered
    _, choices = await hall().complete_line(request(), "/gat")
    assert [choice.label for choice in choices] == ["/gather"]
    _, choices = await hall().complete_line(request(), "/gather what:1")
    assert len(choices) == 25
    _, choices = await hall().complete_line(request(), "/gather 1")
    assert len(choices) == 25
    _, choices = await hall().complete_line(request(), "/announce x")
    assert choices == []


def test_what_is_not_declared_is_not_so() -> None:
    """By default a command, button or form posts nothing, answers in private, and needs no special permission."""

    class Plain:
        @command("plain", "Plain")
        async def plain(self, ctx: Context) -> Outcome:
            return Outcome()

        @action("plain")
        async def pressed(self, ctx: Context) -> Outcome:
            return Outcome()

        @form("plain")
        async def filled(self, ctx: Context, answers: object) -> Outcome:
            return Outcome()

        @form("aided", complete={"name": "names"})
        async def aided(self, ctx: Context, answers: object) -> Outcome:
            return Outcome()

        def names(self, *_args: object) -> Sequence[Choice]:
            return ()

    registry = collect([Plain()])
    for entry in (registry.commands["plain"], registry.actions["plain"], registry.forms["plain"]):
        assert (entry.permission, entry.visibility, entry.posts) == (Permission.MEMBER, Visibility.PRIVATE, False)
    plain = registry.commands["plain"]
    assert (plain.public_flag, plain.form_when, plain.needs_community, plain.also) == ("", None, False, ())
    for handler in (registry.actions["plain"], registry.forms["plain"]):
        assert (handler.opens_form, handler.replaces, handler.rapid, handler.completers) == (False, False, False, {})
    assert set(registry.forms["aided"].completers) == {"name"}


# --- pace ---


@pytest.mark.parametrize(("burst", "per_minute"), [(1, 60), (3, 60), (3, 30), (20, 6)])
def test_a_member_has_a_burst_and_then_so_many_a_minute(burst: int, per_minute: int) -> None:
    """A member can make a burst of requests at once, and then so many a minute.

    The wait that Parley tells is exactly long enough.
    """
    limiter = Limiter(burst=burst, per_minute=per_minute)
    assert [limiter.wait("ada", NOW) for _ in range(burst)] == [0] * burst
    wait = limiter.wait("ada", NOW)
    assert wait == 60 // per_minute
    if wait > 1:
        assert limiter.wait("ada", NOW + timedelta(seconds=wait - 1)) == 1
    assert limiter.wait("ada", NOW + timedelta(seconds=wait)) == 0
    assert limiter.wait("ada", NOW + timedelta(seconds=wait)) == 60 // per_minute
    later = NOW + timedelta(days=1)
    assert [limiter.wait("ada", later) for _ in range(burst + 1)].count(0) == burst


@pytest.mark.parametrize(("make", "burst", "pause"), [(Limiter, 20, 1000), (for_rapid_buttons, 120, 250)])
def test_a_member_asks_twenty_times_at_once_and_turns_pages_faster(
    make: Callable[[], Limiter], burst: int, pause: int
) -> None:
    """A member can ask 20 times at once and then once a second.

    Rapid buttons can be pressed 120 times at once and then every 250 milliseconds.
    """
    for after, wait in ((pause * 0.999, 1), (pause, 0)):
        limiter = make()
        assert [limiter.wait("ada", NOW) for _ in range(burst + 1)] == [0] * burst + [1]
        assert limiter.wait("ada", NOW + timedelta(milliseconds=after)) == wait


async def test_a_button_to_press_again_and_again_has_a_limit_of_its_own() -> None:
    """Rapid buttons have a limit of their own: their presses don't count against the usual limit, and other requests
    don't count against theirs."""
    bot = replace(hall(), limiter=Limiter(burst=1), rapid=Limiter(burst=2))
    for pressed, done in (("flip", True), ("flip", True), ("flip", False), ("announce", True), ("announce", False)):
        assert (await bot.press(request(), f"v1:{pressed}")).success is done
    assert not (await bot.say(request(), "/announce")).success


def test_a_token_is_given_back_once_and_never_beyond_the_burst() -> None:
    """The limiter gives a used request back to its member, never beyond the burst, and to nobody without a budget."""
    limiter = Limiter(burst=2, per_minute=60)
    assert [limiter.wait("ada", NOW) for _ in range(2)] == [0, 0]
    limiter.give_back("ada")
    limiter.give_back("nobody")
    assert [limiter.wait("ada", NOW) for _ in range(2)] == [0, 1]
    for _ in range(9):
        limiter.give_back("ada")
    assert [limiter.wait("ada", NOW) for _ in range(3)] == [0, 0, 1]


@pytest.mark.parametrize(("per_minute", "burst"), [(1, 1), (6, 1), (11, 1), (12, 2), (600, 100)])
def test_a_community_has_a_sixth_of_its_minute_at_once(per_minute: int, burst: int) -> None:
    """A community can make a sixth of its requests a minute at once, and at least one."""
    limiter = for_communities(per_minute)
    assert [limiter.wait("busy", NOW) for _ in range(burst + 1)].count(0) == burst


def test_a_window_lets_so_many_through_and_tells_the_wait() -> None:
    """A sliding window lets a fixed number of requests through in a minute and tells the wait.

    A request a whole minute ago no longer counts, and a clock that is set back blocks nobody.
    """
    window = SlidingWindow(2)
    assert [window.wait("c", NOW), window.wait("c", NOW + timedelta(seconds=20))] == [0, 0]
    assert window.wait("c", NOW + timedelta(seconds=20)) == 40
    assert window.wait("c", NOW + timedelta(seconds=60) - MOMENT) == 1
    assert window.wait("c", NOW + timedelta(seconds=60)) == 0
    assert window.wait("c", NOW + timedelta(seconds=60)) == 20
    assert window.wait("other", NOW) == 0
    assert window.wait("c", NOW - timedelta(days=1)) == 0


@pytest.mark.parametrize(
    ("limits", "make", "wait"), [(mention_limits, lambda: SlidingWindow(1), 60), (rate_limit, lambda: Limiter(1), 1)]
)
def test_so_many_are_remembered(
    monkeypatch: pytest.MonkeyPatch, limits: ModuleType, make: Callable[[], SlidingWindow | Limiter], wait: int
) -> None:
    """Each limiter remembers a fixed number of askers, and forgets first the one that was silent longest."""
    monkeypatch.setattr(limits, "REMEMBERED_MAX", 2)
    limiter = make()
    assert [limiter.wait(who, NOW) for who in ("a", "b", "a", "c", "a", "b")] == [0, 0, wait, 0, wait, 0]


def mention(name: str = "Ada", *, channel: str = "main", thread: str = "", direct: bool = False) -> Request:
    asked = request(name, channel=channel)
    return replace(asked, place=replace(asked.place, thread=thread, direct=direct))


def test_a_channel_hears_three_mentions_a_minute() -> None:
    """Parley answers three mentions a minute in a channel, threads included.

    Other channels and direct conversations don't count.
    """
    limits = MentionLimits()
    for asked in (mention(), mention("Ben", thread="t"), mention()):
        limits.check(asked, T)
    for asked in (mention(), mention("Chen", thread="other")):
        with pytest.raises(TooFast, match="in 60 seconds"):
            limits.check(asked, T)
    limits.check(mention(channel="office"), T)
    for _ in range(9):
        limits.check(mention(direct=True), T)
    with pytest.raises(TooFast, match="in 1 second,"):
        limits.check(replace(mention(), now=NOW + timedelta(seconds=60) - MOMENT), T)
    limits.check(replace(mention(), now=NOW + timedelta(seconds=60)), T)


def test_a_member_reads_one_private_word_a_minute() -> None:
    """After a mention in a channel, a member gets one private answer a minute.

    Public answers, and answers in a direct conversation, always come.
    """
    limits = MentionLimits()
    private, public = Outcome(CARD), Outcome(replace(CARD, visibility=Visibility.PUBLIC))
    assert [limits.quieted(mention(), private) for _ in range(2)] == [private, Outcome(success=False)]
    assert limits.quieted(mention("Ben"), private) == private
    assert limits.quieted(mention(), public) == public
    assert limits.quieted(mention(direct=True), private) == private
    assert limits.quieted(mention(), Outcome()) == Outcome()
    assert limits.quieted(replace(mention(), now=NOW + timedelta(minutes=1)), private) == private


async def test_a_question_is_answered_by_the_feature_for_questions() -> None:
    """Parley answers a question with its feature's answer. A bot without a feature for questions doesn't answer it."""
    assert words(await hall().ask(mention(), "aloud")).startswith("done")
    numbers = references()
    silent = Bot.of([], new_reference=lambda: next(numbers), limiter=Limiter())
    assert await silent.ask(mention(), "aloud") == Outcome(success=False)


# --- typed lines ---


def test_a_line_is_read_up_to_its_limit() -> None:
    """A line may have up to 4,000 characters. Parley refuses a longer one and names both numbers."""
    commands = hall().commands
    assert TEXT_MAX == 4000
    line = "/gather ".ljust(4000, "x")
    assert parse(line, commands, T).args["what"] == "x" * 3992
    with pytest.raises(UsageError, match="4000 characters; it has 4001"):
        parse(line + "x", commands, T)
    assert half_typed(line + "x", commands).prefix == "x" * 3992


@pytest.mark.parametrize(
    ("line", "asked"),
    [
        ("@Parley is tea cheap?", "is tea cheap?"),
        ("  @parley, is tea cheap?", "is tea cheap?"),
        ("@Parley", ""),
        ("@Parleys are", None),
        ("@parley.example", None),
        ("@parley-x", None),
        ("hello @Parley", None),
        ("", None),
    ],
)
def test_a_question_begins_with_the_bots_name(line: str, asked: str | None) -> None:
    """A line asks Parley if it begins with `@Parley`. A longer name that begins alike doesn't count."""
    assert question_of(line) == asked


@pytest.mark.parametrize(
    ("written", "typed"),
    [
        ("x" * 10, "x" * 10),
        ("x" * 11, "x" * 10),
        ("a b c d e f", "a b c d e"),
        ("tea and milk", "tea and"),
        ('say "x"', "say x"),
        ("tea & milk", "tea & milk"),
        ("ab cdefghij k", "ab"),
    ],
)
def test_words_for_a_command_are_cut_between_words(written: str, typed: str) -> None:
    """Parley cuts words for a command between words at a limit, which is 100 characters by default.

    It cuts within a word only if that word alone is longer.
    """
    assert typable(written, 10) == typed
    assert typable("x" * 101) == "x" * 100


@pytest.mark.parametrize(("letters", "refused"), [(4, False), (5, False), (6, True)])
def test_an_argument_has_a_length(letters: int, refused: bool) -> None:
    """An argument may be as long as it declares, here 5 characters; Parley refuses a longer one and an empty one."""

    class Short:
        @command("short", "Short")
        async def short(self, ctx: Context, what: Annotated[str, Param("What", longest=5)]) -> Outcome:
            return Outcome()

    numbers = references()
    bot = Bot.of([Short()], new_reference=lambda: next(numbers), limiter=Limiter())
    entry = bot.commands["short"]
    if refused:
        with pytest.raises(UsageError, match="what to 5 characters; it has 6"):
            bind(entry, {"what": "x" * letters}, [], T)
    else:
        assert bind(entry, {"what": "x" * letters}, [], T) == {"what": "x" * letters}
    for missing in ({}, {"what": ""}, {"what": None}):
        with pytest.raises(UsageError, match="Add what to /short"):
            bind(entry, missing, [], T)


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("colour:red", "There's no argument colour. Use one of these: size, what"),
        ("https://example.org", "There's no argument https"),
        ("huge", "size can't be “huge”"),
        ("2:1", "size can't be “2:1”"),  # a name begins with a letter
        ("size:huge", "size can't be “huge”"),
    ],
)
def test_a_name_that_no_argument_has_is_told(word: str, message: str) -> None:
    """If a word such as `colour:red` would answer an argument with choices, Parley refuses it as an unknown argument.

    For an argument that takes text, it is text.
    """

    class Sized:
        @command("sized", "Sized")
        async def sized(
            self,
            ctx: Context,
            size: Annotated[str, Param("Size", choices={"s": "Small"})] = "",
            what: Annotated[str, Param("What")] = "",
        ) -> Outcome:
            return Outcome()

    numbers = references()
    commands = Bot.of([Sized()], new_reference=lambda: next(numbers), limiter=Limiter()).commands
    with pytest.raises(UsageError, match=message):
        parse(f"/sized {word}", commands, T)
    assert parse("/sized s colour:red", commands, T).args["what"] == "colour:red"


@pytest.mark.parametrize(
    ("word", "value"),
    [("yes", True), ("Y", True), ("on", True), ("1", True), ("no", False), ("OFF", False), ("0", False), ("2", None)],
)
def test_yes_and_no_are_words(word: str, value: bool | None) -> None:
    """A yes-or-no argument takes yes, y, on and 1, or no, off and 0, in any case. Parley refuses anything else."""

    class Flag:
        @command("flag", "Flag")
        async def flag(self, ctx: Context, up: Annotated[bool, Param("Up")] = False) -> Outcome:
            return Outcome()

    numbers = references()
    entry = Bot.of([Flag()], new_reference=lambda: next(numbers), limiter=Limiter()).commands["flag"]
    if value is None:
        with pytest.raises(UsageError, match="yes or no"):
            bind(entry, {"up": word}, [], T)
    else:
        assert bind(entry, {"up": word}, [], T) == {"up": value}
        assert bind(entry, {"up": value}, [], T) == {"up": value}


# --- posts for everybody ---


async def test_a_post_is_made_before_the_answer_and_only_where_it_may_be() -> None:
    """Parley posts in the place that a post names, else in the place of the request, before the member has the answer.

    If the member or the bot may not write in the request's place, it posts nothing there and refuses.
    """

    class Shout:
        @command("shout", "Shout")
        async def shout(self, ctx: Context, where: Annotated[str, Param("Where")] = "") -> Outcome:
            place = Place("test", "demo", where) if where else None
            return Outcome(CARD, posts=(Post(replace(CARD, visibility=Visibility.PUBLIC), place),))

    wall, numbers = Wall(), references()
    bot = Bot.of([Shout()], new_reference=lambda: next(numbers), limiter=Limiter(), platforms={"test": wall})
    assert (await bot.say(request(channel="main"), "/shout")).success
    assert [ref.place.channel for ref, _ in wall.posted] == ["main"]
    assert (await bot.say(request(channel="main"), "/shout office")).success
    for may_write, may_post in ((False, True), (True, False)):
        mute = replace(request(channel="main"), may_write=may_write, may_post=may_post)
        assert not (await bot.say(mute, "/shout")).success
    assert [ref.place.channel for ref, _ in wall.posted] == ["main", "office"]
