"""How a host opens a poll: nothing is public before the preview is posted."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from bot.chat.vocabulary import Place
from tests.hosting import choose, click, fill, form_of, labels, newest, on
from tests.polls.test_private_places import inside
from tests.talk import ADA, BEN, MO, buttons, press, reply_words, say, wall, words
from tests.world import Clock, running

LINE = '/poll create question:"Which tea?" options:"Green | Black" closes:"friday 18:00"'


async def test_a_quick_poll_takes_three_steps_with_the_preview(tmp_path: Path) -> None:
    """A host opens a poll with the command, its form and *Post*, or with the whole command and *Post*."""
    async with running(tmp_path) as here:
        form = form_of(await say(here, ADA, "/poll create"))
        preview = await fill(here, ADA, form, question="Lunch?", options="Pizza\nSushi")
        assert wall(here).posted == []
        assert "The poll is open" in words(await click(here, ADA, preview, "Post"))
        assert "Lunch?" in reply_words(newest(here))
        await click(here, ADA, await say(here, ADA, LINE), "Post")
        assert len(wall(here).posted) == 2


async def test_the_preview_repeats_what_was_understood(tmp_path: Path) -> None:
    """The preview shows the host the closing time as a date and time, and the poll as members will see it."""
    async with running(tmp_path, zone="Europe/Berlin") as here:
        preview = words(await say(here, ADA, LINE))
        assert "You asked for “friday 18:00”. It closes 2026-11-27 18:00 CET." in preview
        assert "1. Green" in preview
        assert "Opened by Ada" in preview


async def test_a_poll_is_posted_at_once_where_its_host_says_so(tmp_path: Path) -> None:
    """`post:yes` posts a poll without a preview, from the whole command and from its form."""
    async with running(tmp_path) as here:
        assert "The poll is open" in words(await say(here, ADA, f"{LINE} post:yes"))
        form = form_of(await say(here, ADA, "/poll create post:yes"))
        assert "The poll is open" in words(await fill(here, ADA, form, question="Lunch?", options="A\nB"))
        assert len(wall(here).posted) == 2


async def test_a_preview_is_posted_once_and_by_its_host_alone(tmp_path: Path) -> None:
    """A second press, another member's press and a press after *Cancel* post nothing."""
    async with running(tmp_path) as here:
        preview = await say(here, ADA, LINE)
        assert "This preview is gone" in words(await click(here, BEN, preview, "Post"))
        assert "This preview is gone" in words(await click(here, MO, preview, "Edit"))
        await click(here, ADA, preview, "Post")
        assert "This preview is gone" in words(await click(here, ADA, preview, "Post"))
        cancelled = await say(here, ADA, LINE)
        assert "Nobody else saw it" in words(await click(here, ADA, cancelled, "Cancel"))
        assert "This preview is gone" in words(await click(here, ADA, cancelled, "Post"))
        assert len(wall(here).posted) == 1


async def test_a_preview_survives_a_restart(tmp_path: Path) -> None:
    """Previews are stored in the database, so a host can post one after a restart."""
    async with running(tmp_path) as here:
        post = buttons((await say(here, ADA, LINE)).answer or newest(here))["Post"]
    async with running(tmp_path) as again:
        again.polls.new_id = lambda: "p9"
        assert "The poll is open" in words(await press(again, ADA, post))


async def test_everything_can_be_changed_before_the_post(tmp_path: Path) -> None:
    """Before the post, a host can change a poll through *Edit*, *More settings* and *Another closing time*.

    Both forms open filled in, and the preview shows each change.
    """
    async with running(tmp_path) as here:
        preview = await say(here, ADA, LINE)
        form = form_of(await click(here, ADA, preview, "Edit"))
        assert {each.name: each.value for each in form.inputs if each.value} == {
            "question": "Which tea?",
            "options": "Green\nBlack",
            "closes": "friday 18:00",
        }
        edited = await fill(here, ADA, form, question="Which coffee?", method=("approval",), closes="2h")
        assert "Which coffee?" in words(edited)
        assert "It closes 2026-11-25 14:00" in words(edited)
        more = form_of(await click(here, ADA, edited, "More settings"))
        assert [each.name for each in more.inputs][:4] == ["secrecy", "quorum", "role", "most"]
        settled = await fill(here, ADA, more, secrecy=("named",), quorum="5", most="1")
        assert "Quorum: 5" in words(settled)
        again = form_of(await click(here, ADA, settled, "More settings"))
        assert {each.name: each.value for each in again.inputs if each.value} == {"quorum": "5", "most": "1"}
        assert [choice.value for each in again.inputs for choice in each.options if choice.chosen] == ["named"]
        later = await choose(here, ADA, settled, "Another closing time", "In 1 week")
        assert "It closes 2026-12-02 12:00" in words(later)
        await click(here, ADA, later, "Post")
        assert "Quorum: 5" in reply_words(newest(here))
        assert "Choose one" in reply_words(newest(here))


async def test_each_mistake_is_told_beside_its_field(tmp_path: Path) -> None:
    """Parley shows each mistake in a form beside its field, and stores nothing of that form."""
    async with running(tmp_path) as here:
        form = form_of(await say(here, ADA, "/poll create"))
        outcome = await fill(here, ADA, form, question=" ", options="Tea\ntea", closes="whenever")
        assert set(outcome.errors) == {"question", "options", "closes"}
        assert await here.polls.listed("test:demo") == []
        preview = await say(here, ADA, LINE)
        more = form_of(await click(here, ADA, preview, "More settings"))
        wrong = await fill(here, ADA, more, secrecy=("named",), quorum="many", most="9", role="@nobody")
        assert {"quorum", "most"} <= set(wrong.errors)
        await click(here, ADA, preview, "Post")
        [poll] = await here.polls.listed("test:demo")
        assert (poll.secret, poll.quorum) == (True, 0)


async def test_a_preview_whose_time_has_passed_keeps_what_was_typed(tmp_path: Path) -> None:
    """If the closing time passes before the post, the host picks a later time for the same preview and posts it."""
    clock = Clock()
    async with running(tmp_path, clock=clock) as here:
        preview = await say(here, ADA, LINE.replace("friday 18:00", "1h"))
        clock.forward(hours=2)
        assert "Pick a later time" in words(await click(here, ADA, preview, "Post"))
        later = await choose(here, ADA, preview, "Another closing time", "In 1 day")
        assert "The poll is open" in words(await click(here, ADA, later, "Post"))


async def test_a_member_who_may_not_write_previews_and_posts_nothing(tmp_path: Path) -> None:
    """A member who can't write in a channel can neither make a preview there nor post an earlier one there."""
    async with running(tmp_path) as here:
        silent = replace(ADA, may_write=False)
        assert "You can't write in this channel" in words(await say(here, silent, LINE))
        preview = await say(here, ADA, LINE)
        assert "You can't write in this channel" in words(await click(here, silent, preview, "Post"))
        assert wall(here).posted == []


async def test_a_poll_belongs_to_the_place_where_it_is_posted(tmp_path: Path) -> None:
    """A poll posted in a private place is private: the list there has it, and no other list does."""
    async with running(tmp_path) as here:
        within = inside(ADA)
        preview = await say(here, within, LINE)
        await click(here, within, preview, "Post")
        assert "Which tea?" not in words(await say(here, MO, "/poll list"))
        assert "Which tea?" in words(await say(here, within, "/poll list"))


async def test_closing_times_and_options_complete(tmp_path: Path) -> None:
    """Completion shows a typed closing time as Parley understands it, and ready answers where nothing is typed.

    For options it suggests the topic's.
    """
    async with running(tmp_path, zone="Europe/Berlin") as here:
        typed = await here.bot.complete(ADA, "poll create", "closes", "friday 6pm", {})
        assert [(choice.label, choice.value) for choice in typed] == [
            ("friday 6pm (Fri 2026-11-27 18:00)", "friday 6pm")
        ]
        ready = await here.bot.complete(ADA, "poll create", "closes", "", {})
        assert [choice.label.split(" (")[0] for choice in ready] == [
            "In 1 hour",
            "In 1 day",
            "In 3 days",
            "Friday 18:00",
            "In 1 week",
        ]
        names = await here.bot.complete(ADA, "poll policy", "options", "A tea fund | b", {"topic": "tea"})
        assert any("Bring your own tea" in choice.value for choice in names)


async def test_a_place_that_changed_decides_anew(tmp_path: Path) -> None:
    """A preview made in another channel is posted in the channel where its host presses *Post*."""
    async with running(tmp_path) as here:
        preview = await say(here, ADA, LINE)
        there = replace(ADA, place=Place("test", "demo", "other"))
        await click(here, there, preview, "Post")
        assert wall(here).posted[-1][0].place.channel == "other"
        assert labels(await press(here, ADA, on("poll-show", "p2"))) >= {"Green", "Black", "Remind me", "Manage"}
