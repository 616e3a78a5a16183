"""Settings of communities, editors, the log, and the effects of an outcome: each rule at its bound."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

import pytest

from bot.chat.vocabulary import Action, Actor, Card, Choice, MessageRef, Outcome, Place, Post, Reply, Visibility
from bot.communities import digests, installations
from bot.communities import repository as communities
from bot.communities.action_log import DETAIL_MAX, NAME_MAX, PAGE, ActionLog, Deed
from bot.communities.editors import Editors, nobody_edits
from bot.communities.model import Community, Creators
from bot.communities.service import Communities
from bot.dispatch.bot import SORRY, Bot, refused, title_of
from bot.dispatch.choice_needed import ChoiceNeeded
from bot.dispatch.declare import (
    ActionHandler,
    Command,
    Context,
    Param,
    Permission,
    action,
    command,
    form,
    question,
)
from bot.dispatch.rate_limit import Limiter
from bot.dispatch.registry import collect
from bot.errors import NotAllowed, PlaceGone, Refused, Unavailable
from bot.i18n import N_, Translator, translator
from bot.settings.editors import read_editors
from bot.store.database import Database
from bot.store.open import open_database
from bot.store.signals import Signal
from bot.store.sql import Transaction
from tests.talk import words
from tests.world import NOW, NOWHERE, Wall, references, request

T, PSEUDO = translator("en"), translator("en-XA")
MOMENT = timedelta(microseconds=1)
OLD, NEW = "old" * 40, "new" * 40
CARD = Reply((Card(title="done"),))


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    opened = await open_database(str(tmp_path / "parley.db"))
    yield opened
    await opened.close()


async def _nothing(_tx: Transaction) -> None: ...


# --- settings ---


@pytest.mark.parametrize(
    ("later", "remembered"),
    [
        (timedelta(seconds=5) - MOMENT, True),
        (timedelta(seconds=5), False),
        (-timedelta(seconds=5) + MOMENT, True),
        (-timedelta(seconds=5), False),
    ],
)
async def test_settings_are_remembered_for_five_seconds(database: Database, later: timedelta, remembered: bool) -> None:
    """Parley remembers a community's settings for less than 5 seconds and then reads them again.

    It also reads them again if the clock was set back by 5 seconds.
    """
    here = Communities(database)
    assert (await here.get("test:demo", NOW)).zone == "UTC"
    await database.write(lambda tx: communities.put_settings(tx, "test:demo", {"zone": "Europe/Berlin"}))
    assert (await here.get("test:demo", NOW + later)).zone == ("UTC" if remembered else "Europe/Berlin")


@pytest.mark.parametrize(("signal", "forgotten"), [("test:demo", True), ("test:other", False), ("", True)])
async def test_a_change_elsewhere_is_heard(database: Database, signal: str, forgotten: bool) -> None:
    """A signal that this community's settings, or any, have changed makes Parley read them again.

    A signal about another community doesn't.
    """
    here = Communities(database)
    await here.get("test:demo", NOW)
    await database.write(lambda tx: communities.put_settings(tx, "test:demo", {"zone": "Europe/Berlin"}))
    here._hear(signal)
    assert (await here.get("test:demo", NOW)).zone == ("Europe/Berlin" if forgotten else "UTC")


async def test_a_setting_that_this_program_does_not_know_is_passed_over(database: Database) -> None:
    """Parley ignores a stored setting that it doesn't know, which a newer version may have written.

    A stored setting never changes the community's id.
    """
    stored = {"zone": "Europe/Berlin", "colour": "green", "id": "test:other", "creators": "moderators"}
    await database.write(lambda tx: communities.put_settings(tx, "test:demo", stored))
    community = await Communities(database, language="de").get("test:demo", NOW)
    assert community == Community("test:demo", Creators.MODERATORS, zone="Europe/Berlin", language="de")


async def test_a_change_is_stored_without_the_id(database: Database) -> None:
    """Parley stores a changed setting without the community's id, and the next request gets it."""
    here = Communities(database)
    changed = await here.change(await here.get("test:demo", NOW), {"zone": "Europe/Berlin"}, _nothing)
    assert changed.zone == "Europe/Berlin"
    stored = await database.read(lambda tx: communities.settings(tx, "test:demo"))
    assert "id" not in stored
    assert stored["zone"] == "Europe/Berlin"
    assert await here.get("test:demo", NOW) == changed


async def test_a_digest_is_planned_where_it_has_a_channel(database: Database) -> None:
    """Parley plans a community's digest for Monday at 9:00 if it has a channel, and cancels it otherwise.

    The scheduler hears of both.
    """
    heard: list[str] = []
    database.listen(Signal.DEADLINE, heard.append)
    here = Communities(database)
    community = await here.get("test:demo", NOW)
    for channel, due in (("news", NOW.replace(day=30, hour=9)), ("", None)):
        await here.plan_digest(replace(community, digest_channel=channel), NOW)
        assert await database.read(digests.next_due) == due
    assert len(heard) == 2


@pytest.mark.parametrize(("community", "known"), [("test:demo", True), ("discord:1", True), ("discord:dm1", False)])
async def test_a_community_that_asks_is_known_and_a_conversation_is_none(
    database: Database, community: str, known: bool
) -> None:
    """A community is known from its first request on. A direct conversation is no community."""
    await Communities(database).get(community, NOW)
    assert await database.read(communities.all_ids) == ([community] if known else [])


async def test_what_is_read_again_is_stored_once(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Parley writes a community down at its first request only, and not at all if it has settings already."""
    writes: list[str] = []
    here = Communities(database)
    usual = here._remember

    async def remember(community: str) -> None:
        writes.append(community)
        await usual(community)

    monkeypatch.setattr(here, "_remember", remember)
    for seconds in (0, 10, 20):
        await here.get("test:demo", NOW + timedelta(seconds=seconds))
    await database.write(lambda tx: communities.put_settings(tx, "test:set", {"zone": "UTC"}))
    await here.get("test:set", NOW)
    assert writes == ["test:demo"]


async def test_a_community_that_returns_is_known_even_if_it_never_was(database: Database) -> None:
    """A community that returns counts as present, even if it was unknown, until it leaves."""
    assert not await database.read(lambda tx: communities.is_here(tx, "test:new"))
    await database.write(lambda tx: communities.mark_returned(tx, "test:new"))
    assert await database.read(lambda tx: communities.is_here(tx, "test:new"))
    await database.write(lambda tx: communities.mark_left(tx, "test:new", NOW))
    assert not await database.read(lambda tx: communities.is_here(tx, "test:new"))


async def test_an_installation_is_forgotten_with_its_own_token_alone(database: Database) -> None:
    """Parley forgets an installation, and the community with it, only for its current token.

    A request for an old token changes nothing.
    """
    await database.write(lambda tx: installations.put(tx, "slack:T1", OLD, NOW))
    await database.write(lambda tx: installations.reseal(tx, "slack:T1", NEW))
    assert not await database.write(lambda tx: installations.forget(tx, "slack:T1", OLD, NOW))
    found = await database.read(lambda tx: installations.find(tx, "slack:T1"))
    assert found is not None
    assert (found.sealed, found.installed_at) == (NEW, NOW)
    assert await database.read(lambda tx: communities.is_here(tx, "slack:T1"))
    assert await database.write(lambda tx: installations.forget(tx, "slack:T1", NEW, NOW))
    assert not await database.read(lambda tx: communities.is_here(tx, "slack:T1"))


# --- the log ---


@pytest.mark.parametrize(("entries", "older"), [(9, False), (10, False), (11, True)])
async def test_a_page_of_the_log_has_ten_entries(database: Database, entries: int, older: bool) -> None:
    """A page of the log has at most 10 entries, and tells whether there are older ones."""
    assert PAGE == 10
    numbers = references()
    log = ActionLog(database, lambda: next(numbers))
    for _ in range(entries):
        await database.write(log.entry(Deed.SETTINGS, NOW, community="test:demo"))
    page, more = await log.page("test:demo", NOW + MOMENT)
    assert (len(page), more) == (min(entries, 10), older)


async def test_what_is_long_is_cut_in_the_log(database: Database) -> None:
    """The log cuts a detail after 1,000 characters and a name after 100."""
    assert (DETAIL_MAX, NAME_MAX) == (1000, 100)
    log = ActionLog(database, lambda: "e1")
    actor = replace(request().actor, name="n" * 101)
    await database.write(log.entry(Deed.SETTINGS, NOW, by=actor, detail="d" * 1001, community="test:demo"))
    ((entry,), _) = await log.page("test:demo", NOW + MOMENT)
    assert (len(entry.detail), len(entry.name)) == (1000, 100)


# --- editors ---


def editors(
    *served: str, names: str = "", place: Place | None = None, channel: str = "", wall: Wall | None = None
) -> Editors:
    async def which() -> Sequence[str]:
        return served

    async def community_of(community: str, _now: datetime) -> Community:
        return Community(community, moderator_channel=channel)

    platforms = {"test": wall} if wall else {}
    return Editors(read_editors(names), place, which, community_of, platforms)


@pytest.mark.parametrize(
    ("served", "moderator", "edit"),
    [
        (("test:demo",), True, True),
        (("test:demo",), False, False),
        (("test:demo", "test:other"), True, False),
        (("test:other",), True, False),
        (("test:demo", "web:demo"), True, True),
        (("web:demo",), True, False),
        ((), True, False),
    ],
)
async def test_moderators_edit_where_theirs_is_the_only_community(
    served: tuple[str, ...], moderator: bool, edit: bool
) -> None:
    """Moderators are editors if theirs is the only community of the instance.

    The demonstration on the chat page doesn't count as another.
    """
    person = request(moderator=moderator).actor
    assert await editors(*served).edits(person, Community("test:demo")) is edit
    assert not await nobody_edits(person, Community("test:demo"))


async def test_who_is_named_edits_and_no_moderator_beside_them() -> None:
    """If the operator names editors, those people edit in every community, and moderators don't."""
    named = editors("test:demo", names="discord:12345")
    assert await named.edits(Actor("discord", "9", "12345", "Ada"), Community("discord:9"))
    assert not await named.edits(request(moderator=True).actor, Community("test:demo"))


OFFICE = Place("test", "demo", "office")


@pytest.mark.parametrize(
    ("who", "place"),
    [
        (editors("test:demo", channel="office"), OFFICE),
        (editors("test:demo"), None),
        (editors(channel="office"), None),
        (editors("test:demo", "test:other", channel="office"), None),
        (editors("test:demo", names="discord:12345", channel="office"), None),
        (editors("test:demo", names="discord:12345", place=Place("discord", "1", "2")), Place("discord", "1", "2")),
        (editors("test:demo", place=Place("discord", "1", "2"), channel="office"), Place("discord", "1", "2")),
    ],
)
async def test_where_editors_are_told(who: Editors, place: Place | None) -> None:
    """Editors get their news in the channel that the operator named.

    Without one, they get it in the moderators' channel if the moderators are the editors.
    """
    assert await who.channel(NOW) == place


def hello(t: Translator) -> Reply:
    return Reply((Card(title=t("Hello")),))


async def test_editors_are_told_where_they_can_be(caplog: pytest.LogCaptureFixture) -> None:
    """Parley posts editors' news in their channel.

    Without a channel or its platform, or if the moderators' channel is gone, it posts nothing and logs no bug.
    """
    wall = Wall()
    assert await editors("test:demo", channel="office", wall=wall).tell(hello, NOW)
    assert [ref.place for ref, _ in wall.posted] == [OFFICE]
    for nobody in (
        editors("test:demo", wall=wall),
        editors("test:demo", channel="office"),
        editors("test:demo", channel=NOWHERE, wall=wall),
        editors("test:demo", place=Place("discord", "1", "2"), wall=wall),
    ):
        with caplog.at_level(logging.ERROR):
            assert not await nobody.tell(hello, NOW)
    assert len(wall.posted) == 1
    assert caplog.records == []
    assert await editors("test:demo", place=Place("test", "demo", NOWHERE), wall=wall).tell(hello, NOW)


@pytest.mark.parametrize("error", [PlaceGone("gone"), Unavailable("busy"), RuntimeError("bug")])
async def test_a_failure_to_tell_the_editors_is_no_failure_of_the_deed(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    """If Parley fails to post the editors' news, the caller gets no error, only the answer that nobody was told.

    The log has the failure.
    """

    class Broken(Wall):
        async def post(self, place: Place, reply: Reply) -> MessageRef:
            raise error

    assert not await editors("test:demo", channel="office", wall=Broken()).tell(hello, NOW)
    assert ["the editors" in record.getMessage() for record in caplog.records] == [True]


# --- the effects of an outcome ---


@dataclass
class Heard:
    """Hooks that note what they hear."""

    said: list[tuple[str, str]] = field(default_factory=list)

    async def posted(self, poll: str, ref: MessageRef, now: datetime) -> None:
        self.said.append(("posted", f"{poll} {ref.place.channel}"))

    async def unposted(self, poll: str, now: datetime) -> None:
        self.said.append(("unposted", poll))

    async def refresh(self, poll: str) -> None:
        self.said.append(("refresh", poll))


class Forgetful(Wall):
    """A platform that keeps no message to edit."""

    async def post(self, place: Place, reply: Reply) -> MessageRef:
        await super().post(place, reply)
        return None  # type: ignore[return-value]


class Failing(Wall):
    async def post(self, place: Place, reply: Reply) -> MessageRef:
        raise NotAllowed(
            N_("I can't write in this channel, so I posted nothing. Ask a moderator to let me write here.")
        )


class Buggy(Wall):
    async def post(self, place: Place, reply: Reply) -> MessageRef:
        raise RuntimeError


@dataclass
class Deeds:
    @command("open", "Open")
    async def open_poll(
        self,
        ctx: Context,
        where: Annotated[str, Param("Where")] = "",
        poll: Annotated[str, Param("Poll")] = "p1",
    ) -> Outcome:
        place = Place("test", "demo", where) if where else None
        post = Post(replace(CARD, visibility=Visibility.PUBLIC), place, None if poll == "none" else poll)
        return Outcome(CARD, posts=(post,), refresh=("p7",))

    @command("flag", "Flag")
    async def flag(
        self,
        ctx: Context,
        up: Annotated[bool, Param("Up")] = False,
        kind: Annotated[str, Param("Kind", choices={"green": "Green tea", "black": "Black tea"})] = "green",
        free: Annotated[str, Param("Free", complete="sync")] = "",
    ) -> Outcome:
        return Outcome(CARD)

    @form("sheet", again="sheet_again")
    async def sheet(self, ctx: Context, answers: object) -> Outcome:
        return Outcome(CARD)

    async def sheet_again(self, ctx: Context) -> Outcome:
        return Outcome(Reply((Card(title="again"),)))

    @form("leaf")
    async def leaf(self, ctx: Context, answers: object) -> Outcome:
        return Outcome(CARD)

    @action("refuse")
    async def refuse(self, ctx: Context) -> Outcome:
        raise Refused("That can't be.")

    @question
    async def answer(self, ctx: Context, asked: str) -> Outcome:
        return Outcome(Reply((Card(title=ctx.t("Not found")),), visibility=Visibility.PUBLIC))

    def sync(self, *_args: object) -> list[Choice]:
        return [Choice("x", "x")]


def deeds(wall: Wall | None = None, **parts: object) -> tuple[Bot, Heard]:
    heard, numbers = Heard(), references()
    bot = Bot.of(
        [Deeds()],
        new_reference=lambda: next(numbers),
        limiter=Limiter(burst=1000),
        hooks=heard,
        platforms={"test": wall or Wall()},
        **parts,  # type: ignore[arg-type]
    )
    return bot, heard


@pytest.mark.parametrize(
    ("wall", "line", "heard"),
    [
        (Wall(), "/open", [("posted", "p1 main"), ("refresh", "p7")]),
        (Wall(), "/open office", [("posted", "p1 office"), ("refresh", "p7")]),
        (Wall(), "/open poll:none", [("refresh", "p7")]),
        (Forgetful(), "/open", [("refresh", "p7")]),
        (Failing(), "/open", [("unposted", "p1")]),
        (Failing(), "/open poll:none", []),
        (Buggy(), "/open", [("unposted", "p1")]),
    ],
)
async def test_what_is_heard_of_a_post(wall: Wall, line: str, heard: list[tuple[str, str]]) -> None:
    """The polls hear of a posted poll's message, of a poll that could not be posted, and of polls to redraw.

    If the post fails, the request fails too, and nothing is redrawn.
    """
    bot, hooks = deeds(wall)
    outcome = await bot.say(request(channel="main"), line)
    assert hooks.said == heard
    assert outcome.success is (("refresh", "p7") in heard)
    if isinstance(wall, Failing):
        pseudo = await bot.say(replace(request(channel="main"), locale="en-XA"), line)
        assert words(pseudo).count("⟦") == 2, "title and sentence, each translated once"


async def test_a_bot_without_polls_hears_of_none() -> None:
    """An outcome about a poll works without the polls' hooks."""
    numbers = references()
    bot = Bot.of([Deeds()], new_reference=lambda: next(numbers), limiter=Limiter(), platforms={"test": Wall()})
    assert (await bot.say(request(channel="main"), "/open")).success


@pytest.mark.parametrize(("where", "done"), [("", False), ("main", False), ("office", True)])
async def test_the_rights_of_a_request_are_those_of_its_place(where: str, done: bool) -> None:
    """A request's right to post counts for its own place.

    For a post in another place, that place's platform decides.
    """
    wall = Wall()
    bot, _ = deeds(wall)
    assert (await bot.say(replace(request(channel="main"), may_post=False), f"/open {where}")).success is done
    assert len(wall.posted) == done


async def test_each_request_is_counted_with_its_end() -> None:
    """Parley counts each request as done, as refused, by the kind of refusal, or as a bug."""
    seen: list[tuple[str, str]] = []
    bot, _ = deeds(Buggy(), observe=lambda what, end, _seconds: seen.append((what, end)))
    await bot.say(request(), "/flag")
    await bot.say(request(), "/open")
    await bot.press(request(), "v1:refuse")
    assert seen == [("/flag", "ok"), ("/open", "bug"), ("refuse", "Refused")]


async def test_what_is_not_there_is_said_so() -> None:
    """Parley says that an unknown command doesn't exist, and that an unknown shortcut or form, or a form that can't be
    opened again, no longer works."""
    bot, _ = deeds()
    assert "There's no command /gone." in words(await bot.invoke(request(), "gone", {}))
    assert "no longer works" in words(await bot.look(request(), "gone", "words"))
    assert "no longer works" in words(await bot.submit(request(), "v1:gone", {}))
    assert "no longer works" in words(await bot.reopen(request(), "v1:leaf"))
    assert words(await bot.reopen(request(), "v1:sheet")).startswith("again")


async def test_an_argument_suggests_what_it_takes(caplog: pytest.LogCaptureFixture) -> None:
    """An argument suggests yes and no or its choices by their first letters in any case, or its feature's suggestions.

    An unknown argument or command suggests nothing and logs no bug.
    """
    bot, _ = deeds()

    async def suggested(param: str, prefix: str) -> list[str]:
        return [choice.value for choice in await bot.complete(request(), "flag", param, prefix, {})]

    with caplog.at_level(logging.ERROR):
        assert await suggested("up", "") == ["yes", "no"]
        assert await suggested("up", "Y") == ["yes"]
        assert await suggested("kind", "") == ["green", "black"]
        assert await suggested("kind", "B") == ["black"]
        assert await suggested("kind", "yes") == []
        assert await suggested("free", "anything") == ["x"]
        assert await suggested("gone", "") == []
        assert await bot.complete(request(), "gone", "up", "", {}) == []
    assert caplog.records == []


async def test_a_channel_is_answered_three_times_a_minute() -> None:
    """Parley answers three mentions a minute in a channel.

    The fourth gets the reason, which the member alone sees, and the fifth no answer.
    """
    bot, _ = deeds()
    answers = [await bot.ask(request(channel="main"), "tea?") for _ in range(5)]
    assert [outcome.success for outcome in answers] == [True] * 3 + [False] * 2
    assert "three mentions a minute" in words(answers[3])
    assert answers[3].answer is not None
    assert answers[3].answer.visibility is Visibility.PRIVATE
    assert answers[4].answer is None


@pytest.mark.parametrize(
    ("direct", "locale", "pseudo"), [(True, "en", False), (True, "", True), (False, "en", True), (False, "en-XA", True)]
)
async def test_a_question_is_answered_in_the_language_of_who_reads_it(direct: bool, locale: str, pseudo: bool) -> None:
    """Parley answers a question in a direct conversation in the member's language, and in a channel, or if it doesn't
    know theirs, in the community's."""

    async def community_of(community: str, _now: datetime) -> Community:
        return Community(community, language="en-XA")

    bot, _ = deeds(community_of=community_of)
    place = replace(request().place, direct=direct)
    outcome = await bot.ask(replace(request(), place=place, locale=locale), "tea?")
    assert words(outcome).startswith("⟦") is pseudo


async def test_without_a_database_nothing_is_told_apart() -> None:
    """Without a database, Parley carries out a request with the same key each time."""
    bot, _ = deeds()
    for _ in range(2):
        assert (await bot.say(replace(request(), key="k1"), "/flag")).success


def test_a_refusal_is_translated_once() -> None:
    """Parley translates a refusal exactly once: a rule's own words already are, and the database's message is not.

    A bug has a title of its own.
    """
    assert words(refused(Refused("a {b}"), PSEUDO)).splitlines()[1] == "a {b}"
    assert words(refused(Unavailable(N_("Try again later.")), PSEUDO)).splitlines()[1].startswith("⟦")
    assert title_of(Refused("x")) == Refused.title
    assert title_of(RuntimeError()) == SORRY


def test_nothing_is_granted_that_is_not_declared() -> None:
    """By default a command is for members, answers in private and posts nothing; a context may not edit; and an
    argument is one required word."""
    bare = Command("x", "X", (), Deeds().refuse)
    assert (bare.permission, bare.visibility) == (Permission.MEMBER, Visibility.PRIVATE)
    assert (bare.posts, bare.needs_community, bare.visibility_of({"share": True})) == (
        False,
        False,
        Visibility.PRIVATE,
    )
    control = ActionHandler("x", Deeds().refuse, 0, 0, "", Visibility.PRIVATE, opens_form=False)
    assert (control.permission, control.posts, control.replaces) == (Permission.MEMBER, False, False)
    assert Context(request(), T).edits is False
    argument = Param("What")
    assert (argument.rest, argument.required, argument.kind) == (False, True, str)
    community = Community("test:demo")
    assert (community.creators, community.moderator_role, community.reminder_minutes, community.keep_days) == (
        Creators.EVERYONE,
        "",
        60,
        30,
    )


def test_an_argument_without_a_declaration_stops_the_start() -> None:
    """Parley refuses to start if a command's argument has no `Param`, whose description the platforms show."""

    class Bare:
        @command("bare", "Bare")
        async def bare(self, ctx: Context, what: str) -> Outcome:
            return Outcome()

    with pytest.raises(ValueError, match="'what' has no Param"):
        collect([Bare()])


def test_an_action_has_from_so_many_to_so_many_arguments() -> None:
    """An action needs its arguments without a default and takes all that it declares.

    With `*more` it takes any number.
    """

    class Taking:
        @action("fixed")
        async def fixed(self, ctx: Context, one: str, two: str = "") -> Outcome:
            return Outcome()

        @action("values")
        async def picked(self, ctx: Context, one: str, values: tuple[str, ...]) -> Outcome:
            return Outcome()

        @action("any")
        async def many(self, ctx: Context, one: str, *more: str) -> Outcome:
            return Outcome()

    actions = collect([Taking()]).actions
    assert [(actions[verb].least, actions[verb].most) for verb in ("fixed", "values", "any")] == [
        (1, 2),
        (1, 1),
        (1, None),
    ]
    for verb, accepted in (("fixed", [False, True, True, False]), ("any", [False, True, True, True])):
        assert [actions[verb].accepts(Action(verb, ("x",) * number)) for number in range(4)] == accepted
    assert (actions["values"].takes, actions["fixed"].takes) == ("values", "")


async def test_a_bug_in_a_suggestion_is_logged_and_suggests_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """A bug in a suggestion is logged and suggests nothing. A rule's refusal suggests nothing and isn't logged."""

    class Suggesting:
        error: Exception = RuntimeError("bug")

        @command("ask", "Ask")
        async def ask(self, ctx: Context, what: Annotated[str, Param("What", complete="broken")] = "") -> Outcome:
            return Outcome()

        @action("take", complete="broken")
        async def take(self, ctx: Context) -> Outcome:
            return Outcome()

        def broken(self, *_args: object) -> list[Choice]:
            raise self.error

    numbers = references()
    feature = Suggesting()
    bot = Bot.of([feature], new_reference=lambda: next(numbers), limiter=Limiter())
    with caplog.at_level(logging.ERROR):
        assert await bot.complete(request(), "ask", "what", "", {}) == []
        assert await bot.suggest(request(), "v1:take", "") == []
    assert len(caplog.records) == 2
    caplog.clear()
    feature.error = Refused("no")
    with caplog.at_level(logging.ERROR):
        assert await bot.suggest(request(), "v1:take", "") == []
        assert await bot.suggest(request(), "v1:gone", "") == []
    assert caplog.records == []


def test_a_question_back_has_words_and_buttons() -> None:
    """A refusal that asks back has a message and controls to choose with."""
    asked = ChoiceNeeded("Which one?", ())
    assert (asked.message, asked.controls) == ("Which one?", ())
