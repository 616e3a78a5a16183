"""Fitting a reply at each limit of a platform: exactly as much as it takes, and one more."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from bot.chat.fit import fit, size
from bot.chat.markup import ELLIPSIS, Emoji, Link, paragraph, plain, text
from bot.chat.platform import Limits
from bot.chat.vocabulary import Action, Attachment, Button, Card, Choice, Field, Image, Reply, Select, Tone

ROOMY = Limits(total=100_000)


def limits(**changes: Any) -> Limits:
    return replace(ROOMY, **changes)


def fitted(card: Card, **changes: Any) -> tuple[tuple[Card, ...], ...]:
    """Return the messages that a card becomes, each as its cards."""
    return tuple(reply.cards for reply in fit(Reply((card,)), limits(**changes)))


def only(card: Card, **changes: Any) -> Card:
    ((fitted_card,),) = fitted(card, **changes)
    return fitted_card


def button(label: str = "Go", number: int = 0) -> Button:
    return Button(label, Action("go", (str(number),)))


def select(options: int = 1, **changes: Any) -> Select:
    choices = tuple(Choice(str(number), str(number)) for number in range(options))
    return replace(Select(Action("pick"), "Pick", choices), **changes)


def label_of(card: Card) -> str:
    (control,) = card.controls
    return control.label


def option_of(card: Card) -> Choice:
    (control,) = card.controls
    assert isinstance(control, Select)
    return control.options[0]


SHORTENED: dict[str, tuple[str, Callable[[str], Card], Callable[[Card], str]]] = {
    "title": ("title", lambda words: Card(title=words), lambda card: card.title),
    "footer": ("footer", lambda words: Card(title="Tea", footer=words), lambda card: card.footer),
    "alt": (
        "alt",
        lambda words: Card(title="Tea", image=Image("<svg/>", words)),
        lambda card: card.image.alt if card.image else "",
    ),
    "field's name": (
        "field_name",
        lambda words: Card(fields=(Field(words, text("v")),)),
        lambda card: card.fields[0].name,
    ),
    "button's label": ("button_label", lambda words: Card(controls=(button(words),)), label_of),
    "select's label": (
        "option_label",
        lambda words: Card(controls=(select(label=words),)),
        label_of,
    ),
    "option's label": (
        "option_label",
        lambda words: Card(controls=(replace(select(), options=(Choice(words, "x"),)),)),
        lambda card: option_of(card).label,
    ),
    "option's description": (
        "option_description",
        lambda words: Card(controls=(replace(select(), options=(Choice("x", "x", words),)),)),
        lambda card: option_of(card).description,
    ),
}


@pytest.mark.parametrize("part", SHORTENED)
def test_a_part_is_shortened_from_one_letter_more_than_its_limit(part: str) -> None:
    """A part of a card that exceeds its limit by a letter is cut to exactly the limit and ends with “…”.

    A part within its limit stays unchanged.
    """
    limit, make, read = SHORTENED[part]
    assert read(only(make("x" * 20), **{limit: 20})) == "x" * 20
    assert read(only(make("x" * 21), **{limit: 20})) == "x" * 19 + ELLIPSIS
    assert read(only(make("x" * 19), **{limit: 20})) == "x" * 19


@pytest.mark.parametrize("part", ["footer", "alt"])
def test_footer_and_alt_text_take_a_quarter_of_a_message(part: str) -> None:
    """A footer or alt text takes at most a quarter of a message, even if its own limit is larger."""
    _, make, read = SHORTENED[part]
    assert read(only(make("x" * 20), total=80)) == "x" * 20
    assert read(only(make("x" * 21), total=80)) == "x" * 19 + ELLIPSIS
    assert read(only(make("x" * 20), total=79)) == "x" * 18 + ELLIPSIS


def test_a_shortened_title_stands_whole_in_the_body() -> None:
    """A shortened title stands in full at the start of the body. A title that fits isn't repeated there."""
    body = text("rest")
    assert plain(only(Card(title="t" * 20, body=body), title=20).body) == "rest"
    assert plain(only(Card(title="t" * 21, body=body), title=20).body) == "t" * 21 + "\nrest"


def test_a_shortened_name_of_a_field_stands_whole_in_its_value() -> None:
    """A shortened name of a field stands in full at the start of its value. A name that fits isn't repeated there."""
    ((short,),) = fitted(Card(fields=(Field("n" * 20, text("value")),)), field_name=20)
    assert plain(short.fields[0].value) == "value"
    ((long,),) = fitted(Card(fields=(Field("n" * 21, text("value")),)), field_name=20)
    assert plain(long.fields[0].value) == "n" * 21 + "\nvalue"


@pytest.mark.parametrize(("length", "cards"), [(99, 1), (100, 1), (101, 2), (200, 2), (201, 3)])
def test_a_body_goes_on_in_another_card(length: int, cards: int) -> None:
    """A body beyond a card's limit goes on in further cards without losing a letter. Their titles begin with “…”."""
    ((first, *later),) = fitted(Card(title="Tea", body=text("b" * length), tone=Tone.GOOD), body=100)
    assert 1 + len(later) == cards
    assert "".join(plain(card.body) for card in (first, *later)) == "b" * length
    assert first.title == "Tea"
    assert {(card.title, card.tone) for card in later} <= {("… Tea", Tone.GOOD)}


def test_the_title_of_a_later_card_has_80_letters() -> None:
    """The title of a continued card has at most 80 characters, or fewer if the platform takes fewer."""
    for length, most in ((78, 256), (79, 256), (60, 60)):
        ((_, later),) = fitted(Card(title="t" * length, body=text("b" * 150)), body=100, title=most)
        whole = f"{ELLIPSIS} {'t' * length}"
        bound = min(most, 80)
        assert later.title == (whole if len(whole) <= bound else whole[: bound - 1] + ELLIPSIS)
    ((_, untitled),) = fitted(Card(body=text("b" * 150)), body=100)
    assert untitled.title == ELLIPSIS


@pytest.mark.parametrize(("total", "cards"), [(57, 2), (58, 1), (59, 1)])
def test_a_message_holds_its_total(total: int, cards: int) -> None:
    """A message's total counts the title, the body, the fields' names and values, and the footer together."""
    card = Card(title="Tea", body=text("b" * 30), fields=(Field("n" * 5, text("v" * 10)),), footer="f" * 10)
    assert size(card, ROOMY) == 58
    assert sum(map(len, fitted(card, total=total, cards=10))) == cards


def test_a_picture_and_a_link_count_too() -> None:
    """A message's total also counts the alt text, and the title's link with its label and address."""
    card = Card(title="Tea", url="https://example.org/", image=Image("<svg/>", "a" * 10))
    link = len(plain((paragraph(Link("https://example.org/", "https://example.org/")),)))
    assert size(card, ROOMY) == 3 + 10 + link
    assert size(replace(card, url=None, image=None), ROOMY) == 3


@pytest.mark.parametrize(("sign", "counted"), [(Emoji(""), 0), (Emoji("✔"), 0), (Emoji("✔", "<:tick:1>"), 1)])
def test_a_platforms_own_emoji_for_a_sign_counts_too(sign: Emoji, counted: int) -> None:
    """A message's total also counts the emoji that a platform draws for a title's sign. A sign that stays text is
    counted as part of the title."""
    assert size(Card(title="✔ Tea", sign=sign), ROOMY) == 5 + counted


def test_a_sign_stays_with_the_title() -> None:
    """Where a card's text becomes several cards, the first has the title's sign."""
    ((first,), (more,)) = fitted(Card(title="✔ Tea", body=text("b" * 30), sign=Emoji("✔")), body=20, cards=1)
    assert (first.sign, more.sign) == (Emoji("✔"), Emoji(""))


@pytest.mark.parametrize(("total", "linked"), [(79, False), (80, True), (81, True)])
def test_a_title_is_linked_where_the_address_takes_a_quarter_at_most(total: int, linked: bool) -> None:
    """A title has its link if the address takes at most a quarter of a message.

    A longer address stands at the start of the body instead.
    """
    address = "https://example.org/"
    card = only(Card(title="Tea", url=address, body=text("rest")), total=total)
    assert (card.url, plain(card.body)) == ((address, "rest") if linked else (None, f"{address}\nrest"))


@pytest.mark.parametrize(
    ("limit", "card"),
    [
        ("fields", Card(title="Tea", fields=tuple(Field(str(n), text("v")) for n in range(6)))),
        ("buttons", Card(title="Tea", controls=tuple(button(number=n) for n in range(6)))),
        ("selects", Card(title="Tea", controls=tuple(select() for _ in range(6)))),
    ],
)
def test_a_card_holds_so_many_things(limit: str, card: Card) -> None:
    """Six fields, buttons or selects fit one card if the limit is 6 or more.

    With a smaller limit the card is split, and none is lost.
    """
    for room, parts in ((7, 1), (6, 1), (5, 2), (3, 2), (2, 3)):
        messages = fitted(card, **{limit: room}, cards=99)
        cards = [part for message in messages for part in message]
        assert len(cards) == parts, room
        assert sum(len(part.fields) + len(part.controls) for part in cards) == 6


def test_buttons_and_selects_have_limits_of_their_own() -> None:
    """Buttons and selects have separate limits: neither takes the other's room."""
    card = Card(title="Tea", controls=(button(), select(), button(number=1)))
    assert len(fitted(card, buttons=2, selects=1)) == 1
    assert len(fitted(card, buttons=1, selects=1)) == 2
    assert len(fitted(card, buttons=2, selects=0)[0]) == 1


@pytest.mark.parametrize(("cards", "messages"), [(1, 3), (2, 2), (3, 1), (4, 1)])
def test_a_message_holds_so_many_cards(cards: int, messages: int) -> None:
    """A message holds as many cards as its limit says, and further cards go into the next messages in order."""
    reply = Reply(tuple(Card(title=str(number)) for number in range(3)))
    parts = fit(reply, limits(cards=cards))
    assert len(parts) == messages
    assert [card.title for part in parts for card in part.cards] == ["0", "1", "2"]


@pytest.mark.parametrize(("parts", "messages"), [(3, 2), (4, 1), (5, 1)])
def test_a_message_holds_so_many_building_blocks(parts: int, messages: int) -> None:
    """Cards share a message only if their building blocks together are within its limit."""
    reply = Reply((Card(title="Tea"), Card(title="Milk")))
    assert len(fit(reply, limits(parts=parts, count_parts=lambda _card: 2))) == messages


@pytest.mark.parametrize(("total", "messages"), [(5, 2), (6, 1), (7, 1)])
def test_the_cards_of_a_message_share_its_total(total: int, messages: int) -> None:
    """Cards share a message only if their characters together are within its total."""
    assert len(fit(Reply((Card(title="Tea"), Card(title="Ale"))), limits(total=total))) == messages


@pytest.mark.parametrize(("options", "selects"), [(1, 1), (3, 1), (4, 2), (6, 2), (7, 3)])
def test_a_select_with_more_options_than_fit_is_several(options: int, selects: int) -> None:
    """A select with more options than its limit becomes several, whose labels number them.

    A select that fits keeps its label and its minimum of picks.
    """
    card = only(Card(controls=(select(options, least=min(2, options), most=9),)), options=3)
    drawn = [control for control in card.controls if isinstance(control, Select)]
    assert len(drawn) == selects
    assert [len(control.options) for control in drawn] == [3] * (options // 3) + [options % 3] * bool(options % 3)
    if selects == 1:
        assert (drawn[0].label, drawn[0].least) == ("Pick", min(2, options))
    else:
        assert [control.label for control in drawn] == [f"Pick ({n}/{selects})" for n in range(1, selects + 1)]
        assert {control.least for control in drawn} == {1}
    assert [control.most for control in drawn] == [len(control.options) for control in drawn]
    optional = only(Card(controls=(select(options, least=0, most=1),)), options=3)
    assert {(control.least, control.most) for control in optional.controls if isinstance(control, Select)} == {(0, 1)}


def test_the_number_of_a_select_has_room_in_its_label() -> None:
    """If a numbered select's label is too long, Parley shortens the words and keeps the number."""
    card = only(Card(controls=(select(4, label="Pick a tea"),)), options=3, option_label=12)
    assert [control.label for control in card.controls] == ["Pick… (1/2)", "Pick… (2/2)"]


@pytest.mark.parametrize(("length", "fields"), [(20, 1), (21, 2), (40, 2), (41, 3)])
def test_a_value_goes_on_in_another_field(length: int, fields: int) -> None:
    """A field's value beyond its limit goes on in further fields, whose names begin with “…”."""
    card = only(Card(fields=(Field("Why", text("v" * length)),)), field_value=20)
    assert [field.name for field in card.fields] == ["Why"] + ["… Why"] * (fields - 1)
    assert "".join(plain(field.value) for field in card.fields) == "v" * length


def test_a_value_takes_half_a_message_at_most() -> None:
    """A field's value takes at most half a message, even if its own limit is larger."""
    for length, fields in ((20, 1), (21, 2)):
        cards = [
            card for message in fitted(Card(fields=(Field("W", text("v" * length)),)), total=40) for card in message
        ]
        assert sum(len(card.fields) for card in cards) == fields


def test_files_go_with_the_last_message() -> None:
    """Files go with the last message of a reply. A reply of files alone is a message, and an empty reply is none."""
    file = Attachment("a.csv", "a", "text/csv")
    cards = (Card(title="1"), Card(title="2"))
    assert [part.files for part in fit(Reply(cards, files=(file,)), limits(cards=1))] == [(), (file,)]
    assert [part.files for part in fit(Reply(files=(file,)), limits())] == [(file,)]
    assert fit(Reply(), limits()) == ()


def test_what_comes_after_a_long_body_stands_with_its_end() -> None:
    """If a long body is split, its last card has the fields, the footer and the controls.

    The first one has the picture and the poll's id.
    """
    whole = Card(
        title="Tea",
        body=text("b" * 150),
        fields=(Field("Why", text("v")),),
        footer="foot",
        controls=(button(),),
        image=Image("<svg/>", "alt"),
        poll="p1",
    )
    ((first, last),) = fitted(whole, body=100)
    assert (first.fields, first.footer, first.controls, first.poll) == ((), "", (), "p1")
    assert first.image == whole.image
    assert (last.fields, last.footer, last.controls, last.poll) == (whole.fields, "foot", (button(),), "")
    assert last.image is None


@pytest.mark.parametrize(("total", "cards"), [(101, 1), (100, 2)])
def test_a_card_that_fits_is_one_card_though_its_continuation_would_not_be(total: int, cards: int) -> None:
    """A card that fits stays one card. Only a card that is split leaves room for the “…” in a continued title."""
    shown = [
        card for message in fitted(Card(title="T", body=text("x" * 100)), body=100, total=total) for card in message
    ]
    assert len(shown) == cards
    assert "".join(plain(card.body) for card in shown).count("x") == 100
