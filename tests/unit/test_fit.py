"""Fitting a reply to a platform: nothing exceeds its limits, no control is lost, and no word is changed."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.discord import render as discord
from adapters.slack import render as slack
from bot.chat.fit import fit, size
from bot.chat.markup import (
    ELLIPSIS,
    Bold,
    Code,
    Italic,
    Item,
    Link,
    Paragraph,
    Plain,
    Quote,
    Text,
    clean,
    plain,
    text,
)
from bot.chat.platform import Limits
from bot.chat.vocabulary import (
    Action,
    Attachment,
    Button,
    Card,
    Choice,
    Control,
    Field,
    Form,
    Image,
    Input,
    Reply,
    Select,
    Tone,
)
from tests.transcripts import discord_driver, slack_driver


def check_discord(reply: Reply) -> None:
    discord_driver.check_message(discord_driver.components_of(discord.message(reply)))


def check_slack(reply: Reply) -> None:
    components_of = slack.message(reply)
    slack_driver.check_message({"text": components_of.text, "blocks": components_of.blocks})


def check_nothing(_reply: Reply) -> None: ...


@dataclass(frozen=True)
class Surface:
    limits: Limits
    check: Callable[[Reply], None]


TIGHT = Limits(
    title=20,
    body=200,
    total=400,
    cards=2,
    fields=2,
    field_name=20,
    field_value=60,
    footer=30,
    buttons=2,
    button_label=10,
    selects=1,
    options=3,
    option_label=12,
    option_description=8,
    alt=30,
    parts=6,
    count_parts=lambda card: 2 + len(card.controls),
)

SURFACES = {
    "discord": Surface(discord.LIMITS, check_discord),
    "slack": Surface(slack.LIMITS, check_slack),
    "plain": Surface(Limits(), check_nothing),
    "tight": Surface(TIGHT, check_nothing),
}

# Few letters, so that signs that format, escape or join come often; then any text, in all lengths.
SIGNS = "\\`*_~|<>[]()#@:-+.1a &\n\u0301\u200d👩\u202e"
short = st.one_of(st.text(SIGNS, max_size=30), st.text(max_size=60))
long = st.one_of(
    short,
    st.builds(lambda piece, times: piece * times, st.text(SIGNS, min_size=1, max_size=8), st.integers(1, 1500)),
    st.builds(lambda piece, times: piece * times, st.text(min_size=1, max_size=20), st.integers(1, 600)),
)
addresses = st.one_of(
    st.just("https://example.org/a_(b)"),
    st.integers(1, 480).map(lambda n: "https://example.org/" + "(" * n),
    st.just("javascript:alert(1)"),
)
styled = st.one_of(*(st.builds(kind, long.map(clean)) for kind in (Plain, Bold, Italic, Code)))
inlines = st.one_of(styled, styled, st.builds(Link, short.map(clean), addresses))
kinds = st.sampled_from((Paragraph, Quote, Item))
blocks = st.builds(lambda kind, cards: kind(tuple(cards)), kinds, st.lists(inlines, max_size=3))
texts = st.lists(blocks, max_size=4).map(tuple)
numbers = st.integers(0, 4).map(str)
buttons = st.one_of(
    st.builds(lambda label, n: Button(label, Action("press", (n,))), long, numbers),
    st.builds(lambda label: Button(label, url="https://example.org/"), short),
)


@st.composite
def selects(draw: st.DrawFn) -> Select:
    many = draw(st.integers(1, 130))
    label, description = draw(long), draw(long)
    options = tuple(Choice(f"{label}{n}", str(n), description) for n in range(many))
    return Select(
        Action("pick", (draw(numbers),)),
        draw(long),
        options,
        least=draw(st.integers(0, 1)),
        most=draw(st.integers(1, many)),
    )


images = st.none() | st.builds(lambda alt: Image("<svg/>", alt), long)
cards = st.builds(
    Card,
    title=long,
    body=texts,
    url=st.none() | addresses,
    fields=st.lists(st.builds(Field, long, texts), max_size=4).map(tuple),
    image=images,
    footer=long,
    tone=st.sampled_from(Tone),
    controls=st.lists(st.one_of(buttons, buttons, selects()), max_size=9).map(tuple),
)
replies = st.builds(Reply, st.lists(cards, max_size=3).map(tuple))

each_surface = pytest.mark.parametrize("surface", SURFACES.values(), ids=SURFACES)
patient = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))


def written(texts: Iterable[Text]) -> str:
    return "".join(piece.text for content in texts for block in content for piece in block.inlines)


def parts_of(card: Card, limits: Limits) -> list[Card]:
    """Return the cards that one card becomes, over all messages."""
    return [part for reply in fit(Reply((card,)), limits) for part in reply.cards]


def controls(cards: Iterable[Card]) -> list[Control]:
    return [control for card in cards for control in card.controls]


def used(used_controls: Iterable[Control]) -> Counter[tuple[object, ...]]:
    """Count the uses of the controls: each button, and each option of each select."""
    counts: Counter[tuple[object, ...]] = Counter()
    for control in used_controls:
        if isinstance(control, Button):
            counts[control.action, control.url, control.style, control.disabled] += 1
        else:
            counts.update((control.action, option.value) for option in control.options)
    return counts


@each_surface
@patient
@given(reply=replies)
def test_nothing_exceeds_the_limits(surface: Surface, reply: Reply) -> None:
    """Each fitted message stays within the declared limits, and its drawing stays within those of the platform."""
    limits = surface.limits
    for part in fit(reply, limits):
        assert 1 <= len(part.cards) <= limits.cards
        assert sum(size(card, limits) for card in part.cards) <= limits.total
        assert sum(limits.count_parts(card) for card in part.cards) <= limits.parts
        kinds = Counter(type(control) for control in controls(part.cards))
        assert kinds[Button] <= limits.buttons
        assert kinds[Select] <= limits.selects
        for card in part.cards:
            assert limits.measure_line(card.title) <= limits.title
            assert limits.measure(card.body) <= limits.body
            assert limits.measure_line(card.footer) <= limits.footer
            assert len(card.fields) <= limits.fields
            assert all(limits.measure_line(field.name) <= limits.field_name for field in card.fields)
            assert all(limits.measure(field.value) <= limits.field_value for field in card.fields)
        surface.check(part)


@each_surface
@patient
@given(reply=replies)
def test_no_control_is_lost_and_none_is_made_up(surface: Surface, reply: Reply) -> None:
    """A fitted reply has each button once, in order, and each option once, in a select with the same action."""
    after = controls(card for part in fit(reply, surface.limits) for card in part.cards)
    assert used(after) == used(controls(reply.cards))
    order = [control.action for control in controls(reply.cards) if isinstance(control, Button)]
    assert [control.action for control in after if isinstance(control, Button)] == order


@each_surface
@patient
@given(cards=cards)
def test_no_word_is_changed(surface: Surface, cards: Card) -> None:
    """The bodies and values of a card's parts, put together, are the original ones.

    A title or name that was shortened stands before them in full.
    """
    parts = parts_of(cards, surface.limits)
    links = any(isinstance(piece, Link) for content in _texts(cards) for block in content for piece in block.inlines)
    if not links:  # a link's label alone may be shortened, with a visible mark
        before, after = written([cards.body]), written(part.body for part in parts)
        assert after.endswith(before)
        moved = after.removesuffix(before)
        title, url = clean(cards.title), cards.url or ""
        assert moved in {"", title, url, title + url}
        values = "".join(written([field.value]) for field in cards.fields)
        value = "".join(written([field.value]) for part in parts for field in part.fields)
        names = "".join(clean(field.name) for field in cards.fields)
        assert len(values) <= len(value) <= len(values) + len(names)
        assert all(written([field.value]) in value for field in cards.fields)
    assert parts[0].title == clean(cards.title) or parts[0].title.endswith(ELLIPSIS) or not parts[0].title


def _texts(card: Card) -> list[Text]:
    return [card.body, *(field.value for field in card.fields)]


@each_surface
def test_what_fits_is_left_as_it_is(surface: Surface) -> None:
    small = Reply((Card(title="Tea", body=text("is hot"), controls=(Button("Cup", Action("cup")),)),))
    assert fit(small, surface.limits) == (small,)


def test_a_form_travels_alone_and_unchanged() -> None:
    form_reply = Reply(form=Form(Action("ask"), "x" * 500, (Input("name", "y" * 500),)))
    assert fit(form_reply, Limits()) == (form_reply,)


def test_nothing_at_all_is_no_message() -> None:
    assert fit(Reply(), Limits()) == ()


def test_files_go_with_the_last_message_once() -> None:
    file = Attachment("a.csv", "a,b", "text/csv")
    long_reply = Reply(tuple(Card(body=text("x" * 4000)) for _ in range(3)), files=(file,))
    *first, last = fit(long_reply, Limits())
    assert first
    assert all(not part.files for part in first)
    assert last.files == (file,)
    assert fit(Reply(files=(file,)), Limits())[0].files == (file,)


def test_a_long_title_stands_whole_in_the_body() -> None:
    (card,) = parts_of(Card(title="w" * 300, body=text("rest")), Limits())
    assert card.title == "w" * 255 + ELLIPSIS
    assert plain(card.body) == "w" * 300 + "\nrest"


def test_later_parts_say_that_they_go_on() -> None:
    first, second = parts_of(Card(title="Tea", body=text("x" * 4000, "y"), tone=Tone.GOOD), Limits())
    assert (first.title, second.title) == ("Tea", "… Tea")
    assert second.tone is Tone.GOOD


def test_the_first_part_alone_leads_to_the_polls_page() -> None:
    """If a card of a poll is split, only its first part keeps the poll's id."""
    long = Card(title="Which tea?", body=text(*["A paragraph of some length."] * 60), poll="p1")
    parts = [card for reply in fit(Reply((long,)), replace(Limits(), body=300)) for card in reply.cards]
    assert [card.poll for card in parts] == ["p1"] + [""] * (len(parts) - 1)
    assert len(parts) > 1


def test_a_select_with_too_many_options_is_several() -> None:
    """A select with too many options becomes several with the same action, and their labels number them."""
    options = tuple(Choice(str(n), str(n)) for n in range(60))
    (card,) = parts_of(Card(controls=(Select(Action("pick"), "Pick", options, least=2, most=60),)), Limits())
    selects = [(control.label, control.least, control.most) for control in card.controls if isinstance(control, Select)]
    assert selects == [("Pick (1/3)", 1, 25), ("Pick (2/3)", 1, 25), ("Pick (3/3)", 1, 10)]


def test_a_field_without_a_value_keeps_its_name() -> None:
    (card,) = parts_of(Card(fields=(Field("Empty", ()),)), Limits())
    assert card.fields == (Field("Empty", ()),)


def test_a_card_with_more_controls_than_components_is_several_messages() -> None:
    """A card whose controls need more components than Discord takes becomes two messages.

    Nested components count too.
    """
    many: list[Control] = [Button(str(n), Action("b", (str(n),))) for n in range(25)]
    many += [Select(Action("s", (str(n),)), "s", (Choice("a", "a"),)) for n in range(5)]
    parts = fit(Reply((Card(title="Many", controls=tuple(many)),)), discord.LIMITS)
    assert len(parts) == 2
    for part in parts:
        check_discord(part)


def test_one_action_may_stand_in_a_message_twice() -> None:
    """If an action stands twice in a message, its ids differ on Discord and Slack and decode to the same action."""
    twice = Button("Again", Action("again", ("x",)))
    view = discord.message(Reply((Card(controls=(twice, twice)),)))
    ids = [
        counts["custom_id"]
        for counts in discord_driver.walk(discord_driver.components_of(view))
        if "custom_id" in counts
    ]
    assert ids == ["v1:again:x", "v1:again:x#1"]
    assert [Action.decode(id_) for id_ in ids] == [Action("again", ("x",))] * 2
    blocks = slack.message(Reply((Card(controls=(twice, twice)),))).blocks
    assert [element["action_id"] for element in slack_driver.controls(blocks)] == ids


def test_drawing_is_repeatable() -> None:
    reply = Reply((Card(title="Tea", body=text("is hot")),))
    assert json.dumps(slack.messages(reply)[0].blocks) == json.dumps(slack.messages(reply)[0].blocks)
    first, second = (discord_driver.components_of(discord.messages(reply)[0]) for _ in range(2))
    assert first == second
