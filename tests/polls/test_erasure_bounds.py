"""Parley shows and erases a member's own data, and nothing of another person who has the same id."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.chat.vocabulary import Request
from bot.communities.action_log import Deed, LogEntry
from bot.communities.model import Creators
from bot.decisions.service import DecisionDraft
from bot.instance import Instance
from bot.polls.counting.ballots import Method
from bot.polls.erasure import NamedBallot, split_voter
from bot.polls.model import CastEnd, PollState
from bot.polls.objections import consent_options
from bot.polls.previews import Previews
from bot.polls.privacy import MemberData, SecretBallot
from bot.polls.scheduling import Schedules
from bot.polls.templates import Templates
from bot.polls.watchers import Nudges
from bot.suggestions import repository as suggestions
from bot.suggestions.repository import WAITING, Kind, Suggestion, SuggestionState
from tests.deliberation.discussing import started
from tests.polls.test_repeat_bounds import DRAFT, saved, scheduled, schedules_of, templates_of
from tests.polls.test_who_may import HOME, T, away, opened, votes, who
from tests.store.things import Raw
from tests.talk import ADA, BEN, MO, say, wall
from tests.world import NOW


def file_bytes(folder: Path) -> bytes:
    """Return the bytes of the database and of the files that SQLite writes beside it."""
    return b"".join(path.read_bytes() for path in sorted(folder.glob("parley.db*")))


async def named_ballots(here: Instance, person: object) -> list[str]:
    data = await here.privacy.stored_about(person)  # type: ignore[arg-type]
    return [ballot.poll for ballot in data.named_ballots]


@pytest.mark.parametrize("everywhere", [True, False])
async def test_a_guest_is_who_has_the_same_id_on_a_platform_that_says_so(here: Instance, everywhere: bool) -> None:
    """A guest sees and erases their ballots in another community if the platform's ids are the same everywhere.

    On other platforms the same id is another person, who sees and erases nothing of them.
    """
    ben = who(BEN, everywhere=everywhere)
    named, secret = await opened(here, secret=False), await opened(here)
    for poll in (named, secret):
        await here.polls.posted(
            poll.id, await wall(here).post(away(ADA).place, await here.copies._draw(poll, HOME)), NOW
        )
        assert await votes(here, poll, ben) == CastEnd.CAST
    other = away(BEN, everywhere=everywhere).actor
    assert await named_ballots(here, other) == ([named.id] if everywhere else [])
    secret_ballots = (await here.privacy.stored_about(other)).secret_ballots
    assert [ballot.poll for ballot in secret_ballots] == ([secret.id] if everywhere else [])
    assert sorted(await here.privacy.open_votes(other)) == ([named.id, secret.id] if everywhere else [])
    assert sorted(await here.privacy.erase(other, NOW)) == ([named.id, secret.id] if everywhere else [])
    for poll in (named, secret):
        assert (await here.polls.result(poll)).cast == (0 if everywhere else 1)
    assert await named_ballots(here, ben.actor) == ([] if everywhere else [named.id])


@pytest.mark.parametrize("everywhere", [True, False])
@pytest.mark.parametrize("whole_community", [True, False])
async def test_a_guest_who_objects_and_asks_for_a_reminder_is_shown_and_forgotten(
    here: Instance, tmp_path: Path, everywhere: bool, whole_community: bool
) -> None:
    """A guest sees and erases their objection and reminders in another community's poll.

    The objection itself stays, without a name. Forgetting the guest's whole community erases as much, unless ids are
    the same everywhere: then the id belongs to the poll's community as well. Another member keeps everything, and so
    does a namesake in a poll that was never posted in the guest's community.
    """
    guest = away(who(BEN, id="q7x-odd", name="Quxelbert"), everywhere=everywhere)
    other = who(MO, id="z9y", name="Zanzibald")
    alone, brought = [await opened(here, method=Method.CONSENT, options=consent_options(T)) for _ in range(2)]
    ref = await wall(here).post(away(ADA).place, await here.copies._draw(brought, HOME))
    await here.polls.posted(brought.id, ref, NOW)
    brought = await here.polls.get(brought.id, T)
    queued = await opened(here)
    for person in (guest, other):
        await here.polls.watch(queued, person, HOME, T)
    await Nudges(here.database).run_due(NOW + timedelta(days=99))
    for poll, person in ((brought, guest), (brought, other), (alone, who(BEN, id="q7x-odd", name="Namesake"))):
        await here.polls.cast(poll, person, "2", T, reason="Too dear")
        await here.polls.watch(poll, person, HOME, T)
    hosting = (await here.privacy.stored_about(guest.actor)).hosting
    assert (set(hosting["reminders"]), hosting["objections"]) == ({brought.id, queued.id}, (f"{brought.id}: Too dear",))
    if whole_community:
        await here.privacy.returned("test:elsewhere")
        await here.privacy.community_left("test:elsewhere", NOW)
        await here.privacy.forget_the_gone(NOW + timedelta(days=99))
    else:
        await here.privacy.erase(guest.actor, NOW)
    stays = whole_community and everywhere
    objectors = [each.name for each in await here.polls.objections(brought)]
    assert objectors == ["Quxelbert" if stays else "", "Zanzibald"]
    assert (b"Quxelbert" in file_bytes(tmp_path)) is stays
    assert [each.name for each in await here.polls.objections(alone)] == ["Namesake"]
    async with Raw.connect(f"sqlite:///{tmp_path / 'parley.db'}") as raw:
        watching = await raw.run("SELECT poll, member FROM poll_watchers")
        waiting = await raw.run("SELECT thread FROM tellings WHERE news = 'nudge'")
    assert waiting == [("z9y",)]
    reminded = [("test:demo:z9y", brought), ("test:demo:q7x-odd", alone)]
    reminded += [("test:demo:q7x-odd", brought)] if stays else []
    assert sorted(watching) == sorted((poll.id, member) for member, poll in reminded)


async def test_an_erasure_names_the_polls_that_it_changed(here: Instance) -> None:
    """An erasure names the open polls in which the member had a ballot, and no others.

    A closed poll keeps its ballot.
    """
    voted, not_voted, ended = [await opened(here) for _ in range(3)]
    guests = await opened(here)
    await here.polls.posted(
        guests.id, await wall(here).post(away(ADA).place, await here.copies._draw(guests, HOME)), NOW
    )
    for poll in (voted, ended):
        await votes(here, poll, BEN)
    await here.polls.close(ended, ADA.actor, HOME, NOW, T)
    assert await here.privacy.open_votes(BEN.actor) == [voted.id]
    assert await here.privacy.erase(BEN.actor, NOW) == [voted.id]
    assert await here.privacy.erase(BEN.actor, NOW) == []
    assert await here.privacy.erase(away(BEN, everywhere=True).actor, NOW) == []
    assert (await here.polls.result(ended)).cast == 1
    assert (await here.polls.result(not_voted)).cast == 0


async def leave_traces(here: Instance, person: Request, all_: Schedules, templates: Templates) -> None:
    """Have a member do everything that the database keeps under a name, except suggestions, which have tests below."""
    ended, still_open, reminded = [await opened(here, person, secret=False) for _ in range(3)]
    await here.polls.watch(reminded, person, HOME, T)
    await Nudges(here.database).run_due(NOW + timedelta(days=99))  # queued, and not delivered yet
    consent = await opened(here, person, method=Method.CONSENT, options=consent_options(T))
    for poll in (ended, still_open):
        assert await votes(here, poll, person) == CastEnd.CAST
    await here.polls.cast(consent, person, "2", T, reason="Too dear")
    await here.polls.close(ended, person.actor, HOME, NOW, T)
    await here.polls.watch(still_open, person, HOME, T)
    await Previews(here.database, lambda: f"d {person.actor.id[:3]}").keep(DRAFT, person, HOME)
    await saved(templates, person)
    await scheduled(all_, person)
    await here.decisions.record(DecisionDraft("We buy green tea"), None, person, HOME, T)


async def test_nothing_of_an_erased_member_is_left_in_the_file(here: Instance, tmp_path: Path) -> None:
    """After an erasure, neither the database nor the files beside it contain the member's id or name.

    Another member's data stays as it was.
    """
    odd, other = who(BEN, id="q7x-odd", name="Quxelbert"), who(MO, id="z9y-kept", name="Zanzibald")
    all_, templates = schedules_of(here), templates_of(here)
    for person in (odd, other):
        await leave_traces(here, person, all_, templates)
    kept = await here.privacy.stored_about(other.actor)
    assert len(kept.hosting) == 6
    assert all(kept.hosting.values())
    assert b"Quxelbert" in file_bytes(tmp_path)
    await here.privacy.erase(odd.actor, NOW)
    assert b"Quxelbert" not in file_bytes(tmp_path)
    assert b"q7x-odd" not in file_bytes(tmp_path)
    assert await here.privacy.stored_about(other.actor) == kept
    async with Raw.connect(f"sqlite:///{tmp_path / 'parley.db'}") as raw:
        assert [thread for (thread,) in await raw.run("SELECT thread FROM tellings WHERE news = 'nudge'")] == [
            "z9y-kept"
        ]


async def test_a_community_that_comes_back_keeps_its_data(here: Instance) -> None:
    """When a community leaves, its open polls are cancelled.

    Its data stays if the community returns, and is forgotten if the community is still gone when its time is up.
    """
    poll = await opened(here)
    await say(here, MO, "/settings polls:moderators")
    settings = await here.communities.get("test:demo", NOW)
    await here.privacy.community_left("test:demo", NOW)
    assert (await here.polls.get(poll.id, T)).state is PollState.CANCELLED
    await here.privacy.returned("test:demo")
    assert await here.privacy.forget_the_gone(NOW + timedelta(days=99)) == []
    assert (await here.polls.get(poll.id, T)).id == poll.id
    assert (settings.creators, await here.communities.get("test:demo", NOW)) == (Creators.MODERATORS, settings)
    await here.privacy.community_left("test:demo", NOW)
    assert await here.privacy.forget_the_gone(NOW + timedelta(days=99)) == ["test:demo"]


async def test_a_community_that_is_forgotten_leaves_no_words_in_the_file(here: Instance, tmp_path: Path) -> None:
    """Forgetting a community removes its questions and its members' ids and names from the file, and empties its log."""
    poll = await opened(here, question="Quxelbertian question?")
    await here.polls.close(poll, ADA.actor, HOME, NOW, T)
    await started(here, question="Quxelbertian discussion?")
    member = who(BEN, id="q7x-odd", name="Zanzibald")
    await leave_traces(here, member, schedules_of(here), templates_of(here))
    await here.privacy.community_left("test:demo", NOW)
    await here.privacy.forget_the_gone(NOW + timedelta(days=99))
    left = [word for word in (b"Quxelbertian", b"q7x-odd", b"Zanzibald") if word in file_bytes(tmp_path)]
    assert left == []
    entries, _ = await here.action_log.page("test:demo", NOW + timedelta(days=999))
    assert entries == []


async def test_an_erased_moderator_stands_in_the_log_without_a_name(here: Instance) -> None:
    """The log keeps an erased moderator's actions without the name, and another moderator's entries stay unchanged."""
    first, second = await opened(here), await opened(here)
    mo, may = who(MO, id="mo7", name="Mo"), who(MO, id="may7", name="May")
    await here.polls.close(first, mo.actor, HOME, NOW, T)
    await here.polls.close(second, may.actor, HOME, NOW, T)
    assert len((await here.privacy.stored_about(mo.actor)).log_entries) == 1
    await here.privacy.erase(mo.actor, NOW)
    entries, _ = await here.action_log.page("test:demo", NOW + timedelta(days=1))
    assert {(entry.object, entry.name) for entry in entries} == {(first.id, ""), (second.id, "May")}
    assert (await here.privacy.stored_about(mo.actor)).log_entries == ()
    assert len((await here.privacy.stored_about(may.actor)).log_entries) == 1


def test_a_members_data_is_a_file_that_any_program_reads() -> None:
    """A member's data is plain JSON, with times as text, under the keys that earlier files have."""
    data = MemberData(
        ("p1",),
        (NamedBallot("p2", "0", "Ada", PollState.OPEN),),
        (SecretBallot("p3", "1", "p3-CODE"),),
        (LogEntry("e1", NOW, Deed.CLOSE, "p1"),),
    ).as_data()
    assert json.loads(json.dumps(data)) == {
        "created": ["p1"],
        "named": [{"poll": "p2", "choice": "0", "name": "Ada", "state": "open"}],
        "secret": [{"poll": "p3", "choice": "1", "receipt": "p3-CODE"}],
        "suggestions": [],
        "hosting": {},
        "acts": [
            {
                "id": "e1",
                "at": NOW.isoformat(),
                "did": "close",
                "object": "p1",
                "detail": "",
                "community": "",
                "actor": "",
                "name": "",
            }
        ],
    }


@pytest.mark.parametrize(
    ("voter", "parts"),
    [("test:demo:ada", ("test:demo", "ada")), ("web:demo:a:b", ("web:demo", "a:b")), ("a:b:", ("a:b", ""))],
)
def test_an_id_is_all_that_follows_the_workspace(voter: str, parts: tuple[str, str]) -> None:
    """A voter's id is all the text after the platform and the workspace, including colons."""
    assert split_voter(voter) == parts


async def test_a_receipt_of_ones_own_data_is_for_open_secret_polls(here: Instance) -> None:
    """A member's data has a receipt for each ballot in an open secret poll, and lists named ballots by name.

    A ballot in a closed secret poll is not in it, because it leads to nobody.
    """
    secret, named, ended = await opened(here), await opened(here, secret=False), await opened(here)
    for poll in (secret, named, ended):
        await votes(here, poll, BEN)
    await here.polls.close(ended, ADA.actor, HOME, NOW, T)
    data = await here.privacy.stored_about(BEN.actor)
    assert [ballot.poll for ballot in data.secret_ballots] == [secret.id]
    own = await here.polls.own(secret, BEN.actor)
    assert own is not None
    assert data.secret_ballots[0].receipt == f"{secret.id}-{own.code}-{own.head[:16]}"
    assert [(ballot.poll, ballot.choice, ballot.name) for ballot in data.named_ballots] == [(named.id, "0", "Ben")]
    assert data.created == ()
    assert (await here.privacy.stored_about(replace(ADA.actor))).created != ()


async def test_a_member_without_a_name_has_an_empty_one(here: Instance) -> None:
    """The ballot of a member without a name stands in their data with an empty name."""
    poll = await opened(here, secret=False)
    await votes(here, poll, who(BEN, name=""))
    assert [ballot.name for ballot in (await here.privacy.stored_about(BEN.actor)).named_ballots] == [""]


async def test_a_forgotten_community_leaves_no_place_of_another_ones_poll(here: Instance, tmp_path: Path) -> None:
    """Forgetting a community removes its places from another community's poll, which goes on where it was opened."""
    poll = await opened(here)
    await here.polls.posted(poll.id, await wall(here).post(away(ADA).place, await here.copies._draw(poll, HOME)), NOW)
    await here.privacy.returned("test:elsewhere")
    await here.privacy.community_left("test:elsewhere", NOW)
    assert await here.privacy.forget_the_gone(NOW + timedelta(days=99)) == ["test:elsewhere"]
    kept = await here.polls.get(poll.id, T)
    assert {place.workspace for place in kept.places} == {"demo"}
    assert kept.communities == {"test:demo"}


async def suggest(here: Instance, member: str, community: str = "test:demo") -> None:
    """Add four suggestions of a member: open, asked about, rejected and accepted."""
    decided = (None, SuggestionState.NEEDS_ANSWER, SuggestionState.REJECTED, SuggestionState.ACCEPTED)
    for number, state in enumerate(decided):
        name = f"{member.rpartition(':')[2]}{number}"
        made = Suggestion(name, community, member, "Name", NOW, Kind.CORRECTION, "tea", "tea-popular", "No.")
        await here.database.write(lambda tx, made=made: suggestions.add(tx, made))  # type: ignore[misc]
        if state is not None:
            await here.database.write(
                lambda tx, name=name, state=state: suggestions.move(tx, name, WAITING, state, "why", "ed", NOW)  # type: ignore[misc]
            )


async def suggesters(here: Instance, tmp_path: Path) -> dict[str, str]:
    """Return the remaining suggestions, each with its member and name."""
    async with Raw.connect(f"sqlite:///{tmp_path / 'parley.db'}") as raw:
        return dict(await raw.run("SELECT id, member || name FROM suggestions"))


async def test_a_members_suggestions_go_with_them_or_stay_without_them(here: Instance, tmp_path: Path) -> None:
    """An erasure deletes a member's suggestions, except an accepted one, which stays without member and name.

    Another member's suggestions stay as they were.
    """
    for member in ("test:demo:ben", "test:demo:mo"):
        await suggest(here, member)
    before = await suggesters(here, tmp_path)
    await here.privacy.erase(BEN.actor, NOW)
    after = await suggesters(here, tmp_path)
    assert {name for name in after if name.startswith("ben")} == {"ben3"}
    assert "ben" not in after["ben3"]
    assert "Name" not in after["ben3"]
    assert {name: whose for name, whose in after.items() if name.startswith("mo")} == {
        name: whose for name, whose in before.items() if name.startswith("mo")
    }


async def test_a_communitys_suggestions_go_with_it(here: Instance, tmp_path: Path) -> None:
    """Forgetting a community deletes its suggestions, except accepted ones, which name none of its members.

    Suggestions made in another community stay.
    """
    await suggest(here, "test:demo:ben")
    await suggest(here, "test:other:zoe", "test:other")
    await say(here, MO, "/settings polls:moderators")
    await here.privacy.community_left("test:demo", NOW)
    await here.privacy.forget_the_gone(NOW + timedelta(days=99))
    after = await suggesters(here, tmp_path)
    assert {name for name in after if name.startswith("zoe")} == {"zoe0", "zoe1", "zoe2", "zoe3"}
    assert not any("test:demo" in whose for whose in after.values())
    assert {name for name in after if name.startswith("ben")} <= {"ben3"}
