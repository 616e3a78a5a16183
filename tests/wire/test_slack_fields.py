"""The form of a poll on Slack has a field for each option, and a list and a picker for the close."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from tests.wire.slack import Member, View, words
from tests.wire.slack.world import slack_world

OPTIONS_MAX = 25
AT = "Or pick a date and time"


def fields(view: View) -> list[str]:
    """Return the form's fields for options."""
    labels = [block["label"]["text"] for block in view.content["blocks"] if block["type"] == "input"]
    return [label for label in labels if label.startswith("Option ")]


def has_more(view: View, count: int) -> bool:
    return len(fields(view)) > count


def can_add(view: View) -> bool:
    return any(block["type"] == "actions" for block in view.content["blocks"])


async def form_of(member: Member, words: str = "") -> View:
    view = (await member.command(f"/parley poll create post:yes {words}")).view
    assert view is not None
    return view


@pytest.mark.parametrize(("filled", "shown"), [(0, 4), (3, 4), (4, 5), (24, 25), (25, 25)])
async def test_a_form_has_a_field_for_each_option_and_a_free_one(tmp_path: Path, filled: int, shown: int) -> None:
    """A form has one field more than there are options, at least four, and at most the 25 that a poll can have."""
    async with slack_world(tmp_path) as world:
        options = "|".join(f"Tea {number}" for number in range(filled))
        view = await form_of(world.server.member("Host"), f"options:{options.replace(' ', '_')}" if filled else "")
        assert len(fields(view)) == shown
        assert can_add(view) is (shown < OPTIONS_MAX)


async def test_a_host_adds_fields_until_a_poll_has_no_room(tmp_path: Path) -> None:
    """Each press on *Add an option* adds a field below the last one. The button goes with the 25th."""
    async with slack_world(tmp_path) as world:
        host = world.server.member("Host")
        view = await form_of(host)
        while can_add(view):
            before = fields(view)
            await host.start_press(view, "Add an option")
            await world.server.until(partial(has_more, view, len(before)), patience=5)
            assert fields(view) == [*before, f"Option {len(before) + 1}"]
        assert len(fields(view)) == OPTIONS_MAX
        teas = "\n".join(f"Tea {number}" for number in range(OPTIONS_MAX))
        assert (await host.submit(view, {"The question": "Which tea?", "The options": teas})).closed
        await host.until_told("The poll is open")
        drawn = words(world.server.posted()[0].blocks)
        assert all(f"Tea {number}" in drawn for number in range(OPTIONS_MAX))


async def test_options_stand_in_the_order_of_their_fields(tmp_path: Path) -> None:
    """A poll has its options in the order of their fields, without the empty ones."""
    async with slack_world(tmp_path) as world:
        host = world.server.member("Host")
        view = await form_of(host)
        filled = {"The question": "Which tea?", "Option 4": "Oolong", "Option 1": "Green", "Option 3": "Black"}
        assert (await host.submit(view, filled)).closed
        await host.until_told("The poll is open")
        drawn = words(world.server.posted()[0].blocks)
        assert drawn.index("Green") < drawn.index("Black") < drawn.index("Oolong")


async def test_a_host_posts_a_poll_elsewhere_by_picking_the_channel(tmp_path: Path) -> None:
    """The poll's menu lets the host pick a public or private channel, and posts the same poll there."""
    async with slack_world(tmp_path) as world:
        host = world.server.member("Host")
        tea = world.server.add_channel("tea")
        tea.members.add(host.id)
        first = await world.poll(host)
        menu = (await host.press(first, "Manage")).messages[0]
        view = (await host.press(menu, "Post elsewhere")).view
        assert view is not None
        assert [block["label"]["text"] for block in view.content["blocks"]] == ["Where to post it"]
        assert view.content["blocks"][0]["element"]["filter"]["include"] == ["public", "private"]
        assert (await host.submit(view, {"Where to post it": tea.id})).closed
        await world.server.until(lambda: bool(world.server.posted(tea)), patience=5)
        assert "Which tea?" in words(world.server.posted(tea)[0].blocks)
        assert len(world.server.posted(first.channel)) == 1


async def test_a_close_is_typed_in_the_list(tmp_path: Path) -> None:
    """A host may type the close of a poll, and the list shows how Parley understands it. Before that, and for words it
    doesn't understand, the list offers ready answers."""
    async with slack_world(tmp_path) as world:
        host = world.server.member("Host")
        view = await form_of(host)
        ready = await host.suggest(view, "When it closes", "")
        assert ready[0].startswith("In 1 hour (")
        assert await host.suggest(view, "When it closes", "when pigs fly") == ready
        (typed, *_) = await host.suggest(view, "When it closes", "friday 18:00")
        assert typed.startswith("friday 18:00 (Fri ")
        filled = {"The question": "Tea?", "The options": "Green\nBlack", "When it closes": "friday 18:00"}
        assert (await host.submit(view, filled)).closed
        assert "18:00" in words((await host.until_told("The poll is open")).blocks)


async def test_a_date_that_is_picked_counts_before_the_list(tmp_path: Path) -> None:
    """A date that a host picks counts before the list, to the minute. The form refuses a date that has passed, beside
    the picker."""
    async with slack_world(tmp_path) as world:
        host = world.server.member("Host")
        view = await form_of(host)
        filled = {"The question": "Tea?", "The options": "Green\nBlack", "When it closes": "friday 18:00"}
        moment = (world.clock() + timedelta(days=10)).replace(hour=7, minute=5)
        refused = await host.submit(view, {**filled, AT: int((world.clock() - timedelta(days=1)).timestamp())})
        assert list(refused.errors) == [AT]
        assert (await host.submit(view, {**filled, AT: int(moment.timestamp())})).closed
        await host.until_told("The poll is open")
        (poll,) = await world.instance.polls.listed(f"slack:{world.server.team.id}")
        assert poll.closes_at == moment
