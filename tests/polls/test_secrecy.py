"""The three levels of secrecy, and the sentences that voters read about them on each database."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest

from bot.commands import poll_forms
from bot.commands.poll_cards import poll_card, secrecy_card
from bot.i18n import translator
from bot.polls.model import Poll, PollState, Results
from bot.polls.secrecy import RESULT_NOTES, Level, Secrecy, level, several_communities
from tests.store.things import NOW, poll
from tests.talk import ADA, BEN, CREATE, press, say, words
from tests.world import running

T = translator("en")
SQLITE, POSTGRES = Secrecy("sqlite"), Secrecy("postgres")
INFER = "a member who watches the totals can infer votes"


def every_poll() -> list[Poll]:
    return [replace(poll(), secret=secret, results=results) for secret, results in product((True, False), Results)]


@pytest.mark.parametrize("shape", every_poll(), ids=lambda each: f"{each.secret}-{each.results}")
def test_a_poll_is_secret_only_if_its_totals_wait_for_the_close(shape: Poll) -> None:
    """A secret poll keeps that level only if its totals wait for the close; if they show earlier, it only hides names.

    A named poll stays named at any setting of its totals.
    """
    hidden = Level.SECRET if shape.results is Results.AT_CLOSE else Level.NAMES_HIDDEN
    assert level(shape) is (hidden if shape.secret else Level.WITH_NAMES)


@pytest.mark.parametrize("secrecy", [SQLITE, POSTGRES], ids=lambda each: each.dialect)
@pytest.mark.parametrize("shape", every_poll(), ids=lambda each: f"{each.secret}-{each.results}")
def test_card_and_button_say_that_watchers_infer_votes_where_they_can(shape: Poll, secrecy: Secrecy) -> None:
    """The card and *How secret?* warn that watchers of the totals can infer votes only where just names are hidden."""
    warned = level(shape) is Level.NAMES_HIDDEN
    for card in (poll_card(T, shape, NOW.tzinfo, secrecy), secrecy_card(T, shape, secrecy)):  # type: ignore[arg-type]
        assert ("who watches t" in repr(card)) is warned
    assert (INFER in secrecy.line(T, shape)) is warned


@pytest.mark.parametrize("shape", [each for each in every_poll() if each.secret], ids=lambda each: each.results)
def test_no_database_promises_what_another_keeps(shape: Poll) -> None:
    """On SQLite Parley promises that nobody can look up a vote after the close.

    On PostgreSQL it promises no such thing, and says that logs and backups keep data.
    """
    exception = "logs and backups"
    for sentences in (
        lambda s: s.line(T, shape),
        lambda s: " ".join(s.details(T, shape)),
        lambda s: s.storage(T, shape),
    ):
        assert exception in sentences(POSTGRES)
        assert exception not in sentences(SQLITE)
    assert "After the close nobody can" in " ".join(SQLITE.details(T, shape))
    for sentence in (*POSTGRES.details(T, shape), POSTGRES.storage(T, shape), POSTGRES.line(T, shape)):
        assert "nobody" not in sentence
        assert "destroyed" not in sentence
        assert "until the close" not in sentence
    closed = replace(shape, state=PollState.CLOSED)
    for sentence in (POSTGRES.no_ballot(T, closed), POSTGRES.own_data(T), POSTGRES.erasure(T)):
        assert "nobody" not in sentence


@pytest.mark.parametrize("secrecy", [SQLITE, POSTGRES], ids=lambda each: each.dialect)
@pytest.mark.parametrize("shape", every_poll(), ids=lambda each: f"{each.secret}-{each.results}")
def test_a_named_poll_promises_its_names_and_nothing_more(shape: Poll, secrecy: Secrecy) -> None:
    """A named poll says only that its result shows names.

    A secret poll says how ballots are hidden, and that the operator could look while it is open.
    """
    details, storage = secrecy.details(T, shape), secrecy.storage(T, shape)
    if shape.secret:
        assert "The operator could look while the poll is open." in details
        assert "never show how you voted" in details[0]
        assert "as a hash under a random secret" in storage
    else:
        assert (details, storage) == (("Named: the result shows who voted for what.",), "")


@pytest.mark.parametrize("secrecy", [SQLITE, POSTGRES], ids=lambda each: each.dialect)
@pytest.mark.parametrize(
    ("secret", "state", "words"),
    [
        (True, PollState.OPEN, "You haven't voted in this poll."),
        (False, PollState.OPEN, "You haven't voted in this poll."),
        (True, PollState.CLOSED, "look up your vote"),
        (False, PollState.CLOSED, "You didn't vote in this poll."),
        (True, PollState.CANCELLED, "look up your vote"),
        (False, PollState.CANCELLED, "You didn't vote in this poll."),
    ],
)
def test_who_has_no_ballot_reads_why(secrecy: Secrecy, secret: bool, state: PollState, words: str) -> None:
    """A member without a ballot reads that they haven't voted.

    After the end of a secret poll they read that their vote can't be looked up any more.
    """
    assert words in secrecy.no_ballot(T, replace(poll(), secret=secret, state=state))


def test_a_receipt_comes_with_one_true_sentence() -> None:
    """A receipt of a secret poll says that it can open the ballot until the close, on PostgreSQL even after it.

    In a named poll it says that the result shows the vote.
    """
    secret, open_poll = poll(), replace(poll(), secret=False)
    assert "until the close: it can open your ballot" in SQLITE.receipt(T, secret)
    assert "even after the close" in POSTGRES.receipt(T, secret)
    for secrecy in (SQLITE, POSTGRES):
        assert "the result shows how you voted" in secrecy.receipt(T, open_poll)
        assert "to yourself" not in secrecy.receipt(T, open_poll)


def test_how_often_a_person_votes_in_several_communities_depends_on_the_platform() -> None:
    """In a poll of several communities on Discord, voters read that an account votes once.

    With other platforms they read that a person with two accounts can vote with both. A poll of one community says
    neither.
    """
    discord = replace(poll(), community="discord:1", communities=frozenset({"discord:1", "discord:2"}))
    assert "An account votes once" in " ".join(several_communities(T, discord))
    for others in ({"discord:1", "slack:T1"}, {"discord:1", "discord:2", "test:demo"}, {"slack:T1", "slack:T2"}):
        mixed = replace(discord, communities=frozenset(others))
        assert "can vote with both" in " ".join(several_communities(T, mixed))
    assert list(several_communities(T, replace(discord, communities=frozenset({"discord:1"})))) == []


def test_the_form_says_what_each_choice_of_results_gives_up() -> None:
    """The form tells the host beside each choice of results how secret the poll is, in at most 75 characters."""
    form = poll_forms.create_form(T, "", "")
    (results,) = [field for field in form.inputs if field.name == "results"]
    notes = {choice.value: choice.description for choice in results.options}
    assert notes["at-close"].startswith("Secret: ")
    assert notes["live"] == notes["after-vote"] == "Names hidden: a member who watches the totals can infer votes"
    assert all(len(note) <= 75 for note in RESULT_NOTES.values())


async def test_voters_read_the_sentence_of_their_database(tmp_path: Path) -> None:
    """A vote's receipt has the sentence of the database that stores it.

    The check by code says that it never shows a vote.
    """
    async with running(tmp_path) as here:
        await say(here, ADA, CREATE)
        await say(here, ADA, f"{CREATE} secret:no")
        assert SQLITE.receipt(T, poll()) in words(await press(here, BEN, "v1:vote:p1:0"))
        open_poll = words(await press(here, BEN, "v1:vote:p2:0"))
        assert "the result shows how you voted" in open_poll
        code = open_poll.partition("Receipt: ")[2].split()[0]
        checked = words(await say(here, BEN, f"/poll receipt code:{code}"))
        assert "This check never shows how someone voted." in checked
