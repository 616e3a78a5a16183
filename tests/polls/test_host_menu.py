"""Running a poll from its own message: the host's menu, *Remind me*, templates and the weekly digest."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.chat.platform import Limits
from bot.chat.vocabulary import Request
from bot.i18n import PSEUDO, translator
from bot.instance import Instance
from bot.polls import audit
from bot.store.sql import Transaction
from tests.hosting import choices, choose, click, fill, form_of, labels, newest, on
from tests.polls.test_private_places import inside
from tests.talk import ADA, BEN, CHEN, MO, buttons, press, reply_words, say, wall, words
from tests.walls import TellingWall
from tests.world import CONTENT, NOBODY, Clock, running

OPEN = '/poll create post:yes question:"Which tea?" options:"Green | Black" closes:1d'


@pytest.fixture
async def here(tmp_path: Path, clock: Clock) -> AsyncIterator[Instance]:
    async with running(tmp_path, clock=clock) as started:
        started.platforms["test"] = TellingWall()
        await say(started, ADA, OPEN)
        yield started


def private_words(here: Instance) -> list[tuple[str, str]]:
    platform = here.platforms["test"]
    assert isinstance(platform, TellingWall)
    return [(person, reply_words(reply)) for person, reply in platform.private]


async def test_the_menu_is_for_the_host_and_moderators(here: Instance) -> None:
    """Every member sees the *Manage* button, but only the host and the moderators may use it and its controls."""
    for who in (ADA, MO):
        menu = await click(here, who, newest(here), "Manage")
        assert labels(menu) >= {
            "Results",
            "Remind members",
            "Edit",
            "Post again",
            "Copy",
            "Save as a template",
            "Close it and show the result",
            "Cancel the poll",
        }
        assert set(choices(menu, "Extend")) == {"1 hour later", "1 day later", "3 days later", "1 week later"}
    assert "Only the poll's host and the moderators" in words(await click(here, BEN, newest(here), "Manage"))
    for verb in ("poll-remind", "poll-edit", "poll-elsewhere", "poll-close", "poll-cancel"):
        assert "Only the poll's host and the moderators" in words(await press(here, BEN, on(verb, "p1")))


async def test_a_poll_is_posted_again_or_elsewhere(here: Instance) -> None:
    """On a platform with one place, such as the page, *Post again* posts the poll there again.

    On a platform with more places, *Post elsewhere* opens a form that asks for one.
    """
    menu = await click(here, ADA, newest(here), "Manage")
    assert "The poll is posted here" in words(await click(here, ADA, menu, "Post again"))
    assert len(wall(here).posted) == 2
    wall(here).limits = Limits(asks_place=True)
    menu = await click(here, ADA, newest(here), "Manage")
    assert "Post again" not in labels(menu)
    form = form_of(await click(here, ADA, menu, "Post elsewhere"))
    assert form.elsewhere
    there = replace(ADA, place=replace(ADA.place, channel="tea"))
    assert "The poll is posted there" in words(await fill(here, there, form))
    assert [ref.place.channel for ref, _ in wall(here).posted] == ["main", "main", "tea"]


async def test_a_poll_is_extended_from_its_menu(here: Instance) -> None:
    """The host extends a poll from its menu by a span that is added to its present close."""
    menu = await click(here, ADA, newest(here), "Manage")
    assert "2026-11-27 12:00" in words(await choose(here, ADA, menu, "Extend", "1 day later"))


async def test_a_poll_is_edited_until_its_first_vote(here: Instance, clock: Clock) -> None:
    """A host may edit a poll until its first vote; the message shows the new words, and the record still holds.

    After a vote nothing can be changed.
    """
    form = form_of(await click(here, ADA, await click(here, ADA, newest(here), "Manage"), "Edit"))
    wrong = await fill(here, ADA, form, options="Same\nsame", closes="whenever")
    assert set(wrong.errors) == {"options", "closes"}
    assert "Which coffee?" in words(await fill(here, ADA, form, question="Which coffee?", options="Mild\nStrong"))
    await here.copies.drain()
    assert "Which coffee?" in reply_words(newest(here))
    await click(here, BEN, newest(here), "Strong")
    assert "A member has voted" in words(await press(here, ADA, on("poll-edit", "p1")))
    assert "A member has voted" in (await fill(here, ADA, form, question="Which cup?")).errors["question"]
    clock.forward(days=2)
    await here.scheduler.run_due()
    poll = await here.polls.get("p1", here.bot._translator(ADA))
    assert poll.question == "Which coffee?"
    assert audit.verify(await here.polls.record(poll)) == []


async def test_places_are_reminded_once(here: Instance, clock: Clock) -> None:
    """A poll reminds its places once, by its host or by the clock, and not again after an extension."""
    menu = await click(here, ADA, newest(here), "Manage")
    await click(here, ADA, menu, "Remind members")
    await here.scheduler.run_due()
    assert "once is enough" in words(await press(here, ADA, on("poll-remind", "p1")))
    await press(here, ADA, on("poll-extend-by", "p1"), "1-day")
    clock.forward(hours=47)
    await here.scheduler.run_due()
    assert sum("Closing soon" in reply_words(reply) for _, reply in wall(here).posted) == 1


async def test_remind_me_writes_once_to_those_who_havent_voted(here: Instance, clock: Clock) -> None:
    """A member who pressed *Remind me* and hasn't voted gets one private message, an hour before the close.

    A vote or a second press cancels it, and the list is deleted with the end of the poll.
    """
    for who in (BEN, CHEN, MO):
        assert "You'll be reminded" in words(await press(here, who, on("poll-watch", "p1")))
    assert "I won't remind you" in words(await press(here, MO, on("poll-watch", "p1")))
    await press(here, CHEN, on("vote", "p1", "0"))
    clock.forward(hours=22, minutes=59)
    await here.scheduler.run_due()
    assert private_words(here) == []
    clock.forward(minutes=1)
    await here.scheduler.run_due()
    await here.scheduler.run_due()
    assert [person for person, _ in private_words(here)] == ["ben"]
    await press(here, BEN, on("poll-watch", "p1"))
    await press(here, ADA, on("poll-close", "p1"))
    clock.forward(days=2)
    await here.scheduler.run_due()
    assert len(private_words(here)) == 1
    assert "closed" in words(await press(here, BEN, on("poll-watch", "p1")))
    assert (await here.privacy.stored_about(BEN.actor)).hosting["reminders"] == ()


async def test_a_reminder_follows_an_extension(here: Instance, clock: Clock) -> None:
    """After an extension, Parley reminds members before the new close and not before the old one."""
    await press(here, BEN, on("poll-watch", "p1"))
    await press(here, ADA, on("poll-extend-by", "p1"), "1-day")
    clock.forward(hours=23)
    await here.scheduler.run_due()
    assert private_words(here) == []
    clock.forward(hours=24)
    await here.scheduler.run_due()
    assert len(private_words(here)) == 1


async def test_every_copy_names_the_host(here: Instance, clock: Clock) -> None:
    """The poll's message, its reminder and its result all name the host."""
    await press(here, BEN, on("vote", "p1", "0"))
    clock.forward(hours=23)
    await here.scheduler.run_due()
    clock.forward(hours=1)
    await here.scheduler.run_due()
    await here.copies.drain()
    shown = [reply_words(reply) for _, reply in wall(here).posted]
    assert len(shown) == 3
    assert all("Opened by Ada" in each for each in shown)


# --- templates ---


async def save_template(here: Instance, who: Request = ADA, name: str = "Tea round") -> None:
    form = form_of(await press(here, who, on("template-name", "poll", "p1")))
    outcome = await fill(here, who, form, name=name)
    assert "The template is saved" in words(outcome)


async def test_a_template_is_saved_listed_copied_and_deleted(here: Instance) -> None:
    """Any member can copy a saved template and gets a preview of their own.

    Only the member who saved it and moderators may delete it.
    """
    await save_template(here)
    listed = await say(here, BEN, "/poll templates")
    assert "Tea round (Which tea?)" in words(listed)
    copy = await choose(here, BEN, listed, "Copy a template", "Tea round")
    assert "Opened by Ben" in words(copy)
    await click(here, BEN, copy, "Post")
    assert "Opened by Ben" in reply_words(newest(here))
    refused = await choose(here, BEN, listed, "Delete a template", "Tea round")
    assert "Only the member who saved a template" in words(refused)
    await choose(here, MO, listed, "Delete a template", "Tea round")
    assert "No templates yet" in words(await say(here, BEN, "/poll templates"))


async def test_a_template_is_read_in_every_language(here: Instance) -> None:
    """A closing time picked in one language works when a member with another language copies the template."""
    ada = replace(ADA, locale=PSEUDO)
    preview = await say(here, ada, OPEN.replace("post:yes ", ""))
    [(action, _), *_] = choices(preview, translator(PSEUDO)("Another closing time")).values()
    picked = await press(here, ada, action, "1 week")
    assert translator(PSEUDO)("In 1 week") in words(picked)
    form = form_of(await click(here, ada, picked, translator(PSEUDO)("Save as a template")))
    await fill(here, ada, form, name="Tea")
    assert "You asked for “In 1 week”. It closes 2026-12-02 12:00" in words(await say(here, BEN, "/poll templates tea"))


async def test_a_template_whose_role_is_gone_says_so(here: Instance) -> None:
    """A template whose role is gone opens a preview without the role, and the preview says so."""
    await save_template(here)
    await here.database.write(name_lost_role)
    copy = await say(here, ADA, '/poll templates template:"tea round"')
    assert "The role of this template is gone" in words(copy)
    assert "Post" in labels(copy)


async def name_lost_role(tx: Transaction) -> None:
    roles = f'"roles": ["{NOBODY}"]'
    await tx.connection.execute("UPDATE poll_templates SET poll = replace(poll, ?, ?)", ('"roles": []', roles))


@pytest.mark.parametrize("name", ["", "   ", "x" * 76])
async def test_a_template_needs_a_name(here: Instance, name: str) -> None:
    """A template needs a visible name of up to 75 characters, and the form shows the mistake beside the field."""
    form = form_of(await press(here, ADA, on("template-name", "poll", "p1")))
    assert "name" in (await fill(here, ADA, form, name=name)).errors


async def test_a_private_template_stays_in_its_place(here: Instance) -> None:
    """A template of a private place can't be listed, copied or deleted anywhere else, even by a moderator."""
    within = inside(ADA)
    await say(here, within, OPEN.replace("Which tea?", "Who goes?"))
    form = form_of(await press(here, within, on("template-name", "poll", "p2")))
    await fill(here, within, form, name="Secret")
    for who in (ADA, MO):
        assert "No templates yet" in words(await say(here, who, "/poll templates"))
        for verb in ("template-copy", "template-drop"):
            assert "There's no such template here." in words(await press(here, who, on(verb), "p3"))
    assert "Secret" in words(await say(here, within, "/poll templates"))


async def test_who_may_not_open_polls_saves_and_posts_nothing(here: Instance) -> None:
    """A member who may not create polls can neither copy nor save a template.

    A moderator who can't write in a channel can't copy a poll there.
    """
    await save_template(here)
    await say(here, MO, "/settings polls:moderators")
    assert "Only moderators can create polls" in words(await say(here, BEN, "/poll templates template:p2"))
    form = form_of(await press(here, BEN, on("template-name", "poll", "p1")))
    assert "Only moderators can create polls" in words(await fill(here, BEN, form, name="Mine"))
    silent = replace(MO, may_write=False)
    assert "You can't write" in words(await press(here, silent, on("poll-copy", "p1")))


# --- the digest ---


async def test_the_digest_comes_on_monday_without_what_is_private(here: Instance, clock: Clock) -> None:
    """The digest comes once a week, on Monday at 9:00, with open polls, results and decisions due.

    It has nothing of private places, says so when it is late, and stops when moderators remove the setting.
    """
    within = inside(ADA)
    await say(here, within, OPEN.replace("Which tea?", "Who goes?").replace("1d", "20d"))
    await say(here, within, '/decide We fire the machine review:"in 6 days"')
    await say(here, ADA, OPEN.replace("Which tea?", "Which mug?").replace("1d", "20d"))
    await say(here, ADA, '/decide We buy tea review:"in 6 days"')
    await press(here, BEN, on("vote", "p1", "0"))
    assert "Weekly digest: " in words(await say(here, MO, "/settings digest:news"))
    clock.forward(days=2)
    await here.scheduler.run_due()
    await here.copies.drain()  # redrawing takes time of this clock
    clock.now = clock.now.replace(day=30, hour=8, minute=59)
    await here.scheduler.run_due()
    posts = len(wall(here).posted)
    clock.forward(minutes=1)
    await here.scheduler.run_due()
    await here.scheduler.run_due()
    assert len(wall(here).posted) == posts + 1
    digest = reply_words(newest(here))
    for line in ("Which mug?", "Which tea? · Winner: Green.", "We buy tea (2026-12-01)"):
        assert line in digest
    assert "Who goes?" not in digest
    assert "machine" not in digest
    assert "late" not in digest
    assert "Show a poll" not in buttons(newest(here))
    clock.forward(days=8)
    await here.scheduler.run_due()
    assert "This comes late" in reply_words(newest(here))
    await say(here, MO, "/settings without:digest")
    posts = len(wall(here).posted)
    clock.forward(days=21)
    await here.scheduler.run_due()
    assert not any("This week" in reply_words(reply) for _, reply in wall(here).posted[posts:])


async def test_the_digest_names_cards_to_check(tmp_path: Path, clock: Clock) -> None:
    """The digest names a card from the day on which its recheck is due."""
    content = tmp_path / "content"
    shutil.copytree(CONTENT, content)
    facts = content / "tea" / "facts.yaml"
    facts.write_text(facts.read_text().replace("checked:", "recheck: {date: 2026-12-07}\n    checked:", 1))
    async with running(tmp_path, clock=clock, content=content) as here:
        await say(here, MO, "/settings digest:news")
        for days, named in ((5, False), (7, True)):
            clock.forward(days=days)
            await here.scheduler.run_due()
            assert ("Cards to check: • Most people in the office drink tea." in reply_words(newest(here))) is named


async def test_only_moderators_choose_where_the_digest_goes(here: Instance) -> None:
    """Only moderators may choose where the digest goes."""
    assert "Only moderators" in words(await say(here, BEN, "/settings digest:news"))
