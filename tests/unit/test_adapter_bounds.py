"""The guards of the adapters at their bounds: who sees a place, who may write, and which links and messages count."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any, cast
from unittest import mock

import discord
import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from adapters.discord import rights
from adapters.http.guard import loopback, reader, refuse
from adapters.http.html import Html, el, inline, joined, safe_url, text_html
from adapters.http.static_files import Files, document_style, font_faces
from adapters.slack import decoding as slack_decoding
from adapters.slack import texts as slack_texts
from adapters.slack.forms import WHERE, FormOrigin
from adapters.slack.http import Guard, read_body
from adapters.slack.places import ChannelFacts, RequestSpot, conversation_of, settled, spot_of
from adapters.web import request_body
from adapters.web.conversation import EVERYONE, WAITING, Conversation
from bot.chat.markup import (
    Bold,
    ChannelMention,
    Code,
    CommandMention,
    Emoji,
    Inline,
    Italic,
    Item,
    Link,
    Plain,
    Quote,
    RoleMention,
    Time,
    paragraph,
    text,
)
from bot.chat.vocabulary import Card, Place, Reply
from bot.errors import Refused, UsageError
from bot.i18n import translator

T = translator("en")


# --- Slack: who sees a place ---


@pytest.mark.parametrize(
    ("body", "private", "direct", "certain"),
    [
        ({"channel_id": "C1", "channel_name": "general"}, False, False, True),
        ({"channel": {"id": "C1", "name": "general"}}, False, False, True),
        ({"channel_id": "C1", "channel_name": "privategroup"}, True, False, True),
        ({"channel_id": "C1", "channel_name": "directmessage"}, True, False, True),
        ({"channel_id": "C1", "channel_name": "mpdm-ada--ben-1"}, True, False, True),
        ({"channel_id": "C1", "channel_name": "mpdm"}, False, False, True),
        ({"channel_id": "C1", "channel_name": "privategroups"}, False, False, True),
        ({"channel_id": "G1", "channel_name": "general"}, True, False, True),
        ({"channel_id": "D1", "channel_name": "general"}, True, True, True),
        ({"channel_id": "U1", "channel_name": "general"}, True, True, True),
        ({"channel_id": "W1", "channel_name": "general"}, True, True, True),
        ({"channel_id": "C1"}, True, False, False),
        ({"container": {"channel_id": "C1"}}, True, False, False),
        ({"container": {"channel_id": "D1"}}, True, True, True),
        ({}, True, False, True),
    ],
)
def test_a_place_on_slack_is_public_only_if_the_request_proves_it(
    body: dict[str, Any], private: bool, direct: bool, certain: bool
) -> None:
    """A place on Slack is public only if the request gives its channel's name, and neither name nor id is of a private
    kind. A channel without a name counts as private until Slack is asked."""
    spot = spot_of(body, "T1")
    assert (spot.place.private, spot.place.direct, spot.certain) == (private, direct, certain)
    assert spot.may_write


@pytest.mark.parametrize(
    ("body", "channel", "thread", "message"),
    [
        ({"channel_id": "C1"}, "C1", "", ""),
        ({"channel": {"id": "C2", "name": "tea"}, "container": {"channel_id": "C3"}}, "C2", "", ""),
        ({"container": {"channel_id": "C3", "message_ts": "1.1"}}, "C3", "", "1.1"),
        ({"channel_id": "C1", "container": {"thread_ts": "1.2"}, "message": {"thread_ts": "1.3"}}, "C1", "1.2", ""),
        ({"channel_id": "C1", "message": {"thread_ts": "1.3"}}, "C1", "1.3", ""),
        ({"channel_id": "C1", "message": {"ts": "1.3"}, "container": {"message_ts": None}}, "C1", "", ""),
        ({"channel_id": "C1", "message": None, "container": None, "channel": None}, "C1", "", ""),
    ],
)
def test_a_request_on_slack_is_answered_where_it_came_from(
    body: dict[str, Any], channel: str, thread: str, message: str
) -> None:
    """Parley answers a request on Slack in its channel and thread, and knows the message whose control was used.

    If several fields name the channel or thread, the first one counts.
    """
    spot = spot_of(body, "T1")
    assert (spot.place.channel, spot.place.thread, spot.message) == (channel, thread, message)
    assert (spot.place.platform, spot.place.workspace) == ("slack", "T1")


def test_a_control_of_the_home_tab_is_answered_to_its_member_alone() -> None:
    """Parley answers a control of the Home tab to its member alone, even if the request names a channel.

    It answers a control of a message in that message's channel.
    """
    body = {"user": {"id": "U1"}, "channel_id": "C1", "channel_name": "general"}
    home = spot_of({**body, "container": {"type": "view"}}, "T1")
    assert home == RequestSpot(Place("slack", "T1", "U1", direct=True))
    assert home.place.private
    assert spot_of({**body, "container": {"type": "message"}}, "T1").place.channel == "C1"


@pytest.mark.parametrize(
    ("opened_in", "picked", "urls", "certain", "may_write"),
    [
        ("C1", "", None, False, True),
        ("G1", "", None, True, True),
        ("D1", "", None, True, True),
        ("", "", [], True, False),
        ("", "C1", [{"channel_id": "C1"}], False, True),
        ("", "C1", [{"channel_id": "C2"}], False, False),
        ("", "C1", [], False, False),
        ("", "C1", None, False, False),
        ("", "C1", "C1", False, False),
        ("", "C1", ["C1", None, {"channel_id": "C1"}], False, True),
        ("", "G1", [{"channel_id": "G1"}], True, True),
    ],
)
def test_a_form_on_slack_is_for_the_place_it_was_opened_in_or_answers(
    opened_in: str, picked: str, urls: object, certain: bool, may_write: bool
) -> None:
    """A form on Slack belongs to the place where it was opened, else to the place that its member picked.

    It never proves that place public, and the member may write there only if it was opened there or Slack lets it
    answer there.
    """
    chosen = {WHERE: {"c": {"type": "conversations_select", "selected_conversation": picked or None}}}
    body = {"view": {"state": {"values": chosen}}, "response_urls": urls}
    spot = spot_of(body, "T1", FormOrigin("poll-new", opened_in, "1.1"))
    assert (spot.place.channel, spot.place.thread) == (opened_in or picked, "1.1")
    assert (spot.place.private, spot.certain, spot.may_write) == (True, certain, may_write)


@pytest.mark.parametrize(
    ("channel", "name"),
    [
        ({"is_private": False, "name": "tea"}, "tea"),
        ({"is_private": False, "name": "tea", "is_archived": True}, "tea"),
        ({"is_private": False, "name": None}, ""),
        ({"is_private": False}, ""),
        ({"is_private": True, "name": "tea"}, ""),
        ({"name": "tea"}, ""),
        ({"is_private": False, "is_mpim": True, "name": "mpdm-ada--ben-1"}, ""),
    ],
)
def test_the_name_of_a_private_conversation_is_not_read(channel: dict[str, Any], name: str) -> None:
    """Parley reads the name of a public channel on Slack, and never that of a private conversation."""
    assert conversation_of(channel).name == name


@pytest.mark.parametrize(
    ("channel", "private", "reachable"),
    [
        ({"is_private": False}, False, True),
        ({"is_private": True}, True, True),
        ({}, True, True),
        ({"is_private": None}, True, True),
        ({"is_private": False, "is_im": True}, True, True),
        ({"is_private": False, "is_mpim": True}, True, True),
        ({"is_private": True, "is_member": False}, True, False),
        ({"is_private": True, "is_member": True}, True, True),
        ({"is_private": False, "is_member": False}, False, True),
        ({"is_im": True, "is_member": False}, True, True),
        ({"is_private": False, "is_archived": True}, False, False),
        ({"is_private": True, "is_archived": True, "is_member": True}, True, False),
    ],
)
def test_a_conversation_on_slack_is_private_unless_slack_says_no(
    channel: dict[str, Any], private: bool, reachable: bool
) -> None:
    """A conversation on Slack is private unless Slack says that it isn't, and direct and group messages always are.

    Parley can't post in an archived channel, or in a private one without being its member.
    """
    facts = conversation_of(channel)
    assert (facts.private, not facts.obstacle) == (private, reachable)


@pytest.mark.parametrize(
    ("in_request", "certain", "slack_says", "private"),
    [(True, True, False, True), (False, True, True, False), (True, False, False, False), (True, False, True, True)],
)
def test_what_slack_says_counts_where_the_request_was_silent(
    in_request: bool, certain: bool, slack_says: bool, private: bool
) -> None:
    """If a request doesn't prove whether its channel is private, Slack's answer decides.

    A member who hasn't proved that they may write there may write only in a public channel.
    """
    spot = RequestSpot(Place("slack", "T1", "C1", private=in_request), certain=certain, may_write=False)
    result = settled(spot, ChannelFacts(private=slack_says))
    assert (result.place.private, result.certain) == (private, True)
    assert result.may_write is not private
    assert settled(RequestSpot(spot.place, may_write=True), ChannelFacts()).may_write


# --- Slack: reading and writing texts ---


@pytest.mark.parametrize(
    ("written", "escaped"), [("<@U1>", "&lt;@U1&gt;"), ("a & b", "a &amp; b"), ("&lt;", "&amp;lt;"), ("tea", "tea")]
)
def test_words_are_escaped_once(written: str, escaped: str) -> None:
    """Parley escapes words for Slack once, reads them back unchanged, and counts them at their escaped length."""
    assert slack_texts.escape(written) == escaped
    assert slack_decoding.unescape(escaped) == written
    assert slack_texts.measure_line(written) == len(escaped)
    assert slack_texts.measure(text(written)) == len(escaped) + 2
    assert slack_texts.measure(()) == 0


@pytest.mark.parametrize(
    ("received", "words"),
    [
        ("<https://example.org|the source>", "the source"),
        ("<https://example.org>", "https://example.org"),
        ("<https://example.org/?a=1&amp;b=2>", "https://example.org/?a=1&b=2"),
        ("<http://example.org|example.org>", "example.org"),
        ("<https://example.org|>", "https://example.org"),
        ("<mailto:ada@example.org|ada@example.org>", "ada@example.org"),
        ("<@U1|ada>", "@ada"),
        ("<@U1>", "@U1"),
        ("<@U2|ben>", "@Ben &amp; Co"),
        ("<#C1|general>", "#general"),
        ("<#C1|>", "#…"),
        ("<#C2>", "#tea"),
        ("<!subteam^S1|@crew>", "@crew"),
        ("<!subteam^S1>", "@…"),
        ("<!here> <!channel|@channel> <!everyone>", "@here @channel @everyone"),
        ("<!date^1392734382^{date}|18 February>", "18 February"),
        ("&lt;@U1&gt; &amp;lt;", "<@U1> &lt;"),
        ("a &lt;b&gt; &amp; c", "a <b> & c"),
        ("a < b", "a < b"),
        ("a <b> c", "a <b> c"),
        (":coffee: :wave::skin-tone-3:", ":coffee: :wave::skin-tone-3:"),
        ("  tea  ", "tea"),
    ],
)
def test_marks_read_as_what_they_mean(received: str, words: str) -> None:
    """A mark in a Slack message reads as the name, label or address that it stands for.

    Without a known name it reads as its id, `@…` or `#…`, and text that only looks like a mark stays as it is.
    """
    names = {"U2": "Ben &amp; Co", "C2": "tea"}
    assert slack_texts.own_words({"text": received}, names) == words
    assert (
        slack_texts.own_words({"blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": received}}]}, names)
        == words
    )


@pytest.mark.parametrize(
    ("received", "line"),
    [
        ("poll create role:<!subteam^S1|@crew> Which?", "poll create role:<!subteam^S1|@crew> Which?"),
        ("settings channel:<#C1|general>", "settings channel:<#C1|general>"),
        ("poll create Is <#C1|general> for <!subteam^S1|@crew>?", "poll create Is #general for @crew?"),
        ("suggest a url:<https://example.org/a?b=1&amp;c=2>", "suggest a url:https://example.org/a?b=1&c=2"),
        ("suggest see <https://example.org/a|the page>", "suggest see the page (https://example.org/a)"),
        ('poll create Who? options:"<@U2> | <@U3>"', "poll create Who? options:\"@Ben 'B' | @Ada\u00a0share:yes\""),
        ("fact &lt;!channel&gt; &amp;amp;", "fact <!channel> &amp;"),
        ("", ""),
    ],
)
def test_a_typed_line_keeps_what_an_argument_picks(received: str, line: str) -> None:
    """In a typed line, the mention that an argument takes stays as Slack sent it, and all other marks become words.

    A member's name among them can't close a quote or begin an argument.
    """
    names = {"U2": 'Ben "B"', "U3": "Ada share:yes"}
    assert slack_decoding.decode_line(received, {"role", "channel"}, names) == line


def test_text_that_shows_nothing_becomes_a_mark() -> None:
    """Parley sends “…” in place of a text that shows nothing, since Slack refuses an empty one."""
    assert [slack_texts.plain_text(words)["text"] for words in ("tea", "", "  ")] == ["tea", "…", "…"]
    assert slack_texts.plain_text("tea")["emoji"] is False
    assert [slack_texts.visible(text(words)) for words in ("tea", " ", "")] == [True, False, False]


def test_items_share_a_list_while_their_numbers_go_on() -> None:
    """Numbered items share a list on Slack while their numbers go on; a gap begins a new list at its own number.

    Bullet points form a list of their own, and neighbouring paragraphs share a section.
    """

    def item(number: int | None) -> Item:
        return Item((Plain("x"),), number)

    drawn = slack_texts.elements((item(1), item(2), item(4), item(5), item(None), item(None)))
    assert [(each["style"], len(each["elements"]), each.get("offset")) for each in drawn] == [
        ("ordered", 2, None),
        ("ordered", 2, 3),
        ("bullet", 2, None),
    ]
    two = slack_texts.elements((paragraph("a"), paragraph("b"), Quote((Plain("q"),)), paragraph("")))
    assert [each["type"] for each in two] == ["rich_text_section", "rich_text_quote"]
    assert [piece["text"] for piece in two[0]["elements"]] == ["a", "\n\n", "b"]


AT = datetime(2026, 11, 25, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("piece", "drawn"),
    [
        (Plain("a"), {"type": "text", "text": "a"}),
        (Bold("a"), {"type": "text", "text": "a", "style": {"bold": True}}),
        (Italic("a"), {"type": "text", "text": "a", "style": {"italic": True}}),
        (Code("a"), {"type": "text", "text": "a", "style": {"code": True}}),
        (CommandMention("/ask", code=True), {"type": "text", "text": "/ask", "style": {"code": True}}),
        (CommandMention("/ask"), {"type": "text", "text": "/ask"}),
        (RoleMention("S1", "@crew"), {"type": "text", "text": "@crew"}),
        (RoleMention("S1", "@crew", pings=True), {"type": "usergroup", "usergroup_id": "S1"}),
        (RoleMention("crew", "@crew", pings=True), {"type": "text", "text": "@crew"}),
        (ChannelMention("C1", "#tea"), {"type": "channel", "channel_id": "C1"}),
        (ChannelMention("D1", "#tea"), {"type": "text", "text": "#tea"}),
        (ChannelMention("tea", "#tea"), {"type": "text", "text": "#tea"}),
        (Emoji(":tea:", ":tea:"), {"type": "emoji", "name": "tea"}),
        (Emoji("🍵", ""), {"type": "text", "text": "🍵"}),
        (Emoji("🍵", "<:tea:1>"), {"type": "text", "text": "🍵"}),
        (Time(AT, "noon"), {"type": "date", "timestamp": 1795608000, "fallback": "noon"}),
        (Time(AT, ""), {"type": "date", "timestamp": 1795608000, "fallback": AT.isoformat()}),
        (Plain(""), None),
        (Link("", "https://a.org"), {"type": "link", "url": "https://a.org", "text": "https://a.org"}),
    ],
)
def test_each_piece_is_drawn_as_slack_has_it(piece: Inline, drawn: dict[str, Any] | None) -> None:
    """Parley draws styles, moments, channels, user groups, emoji and links with Slack's own elements.

    Anything that Slack has no element for becomes text, and an empty piece is left out.
    """
    [section] = slack_texts.elements((paragraph(Plain("x"), piece),))
    pieces = section["elements"][1:]
    assert [{key: value for key, value in each.items() if key != "format"} for each in pieces] == [drawn][: len(pieces)]
    assert len(pieces) == (drawn is not None)


def test_blocks_without_words_are_not_drawn() -> None:
    """Parley draws no empty paragraph and joins neighbouring quotes.

    A numbered list that begins at 0 or 1 has no offset.
    """
    nothing = paragraph("")
    drawn = slack_texts.elements((nothing, Quote((Plain("a"),)), Quote((Plain("b"),)), nothing))
    assert [piece["text"] for piece in drawn[0]["elements"]] == ["a", "\n", "b"]
    assert len(drawn) == 1
    assert slack_texts.elements((nothing,)) == []
    offsets = [slack_texts.elements((Item((Plain("x"),), number),))[0].get("offset") for number in (0, 1, 2)]
    assert offsets == [None, None, 1]


USER, CREW = {"type": "user", "user_id": "U2"}, {"type": "usergroup", "usergroup_id": "S2"}


def section_of(*pieces: dict[str, Any], kind: str = "rich_text_section") -> dict[str, Any]:
    return {"type": "rich_text", "elements": [{"type": kind, "elements": list(pieces)}]}


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ({"text": "&lt;tea&gt; &amp; <@U2>"}, "<tea> & @Ben"),
        ({"text": None}, ""),
        ({"text": "said", "blocks": [section_of({"type": "text", "text": "laid out"})]}, "said"),
        ({"text": "said", "blocks": [{"type": "header", "text": {"type": "plain_text", "text": "a"}}]}, "a"),
        ({"text": "said", "blocks": [{"type": "divider"}]}, "said"),
        ({"blocks": [section_of({"type": "text", "text": "a &lt; b"})]}, "a &lt; b"),
        ({"blocks": [section_of({"type": "text", "text": "a "}, USER, kind="rich_text_quote")]}, "a @Ben"),
        ({"blocks": [section_of(USER, kind="rich_text_preformatted")]}, "@Ben"),
        ({"blocks": [section_of(USER, kind="rich_text_list")]}, ""),
        ({"blocks": [section_of({"type": "user", "user_id": "U9"})]}, "@U9"),
        ({"blocks": [section_of(CREW, {"type": "usergroup", "usergroup_id": "S9"})]}, "@crew@…"),
        ({"blocks": [section_of({"type": "channel", "channel_id": "C9"})]}, "#…"),
        (
            {"blocks": [section_of({"type": "emoji", "name": "tea"}, {"type": "broadcast", "range": "here"})]},
            ":tea:@here",
        ),
        ({"blocks": [section_of({"type": "link", "url": "https://a.org"})]}, "https://a.org"),
        ({"blocks": [section_of({"type": "link", "url": "https://a.org", "text": "a"})]}, "a"),
        ({"blocks": [section_of({"type": "date", "fallback": "noon"})]}, "noon"),
        ({"blocks": [section_of({"type": "color"}), section_of()]}, ""),
        ({"blocks": [{"type": "rich_text", "elements": [{"type": "rich_text_section"}]}, {"type": "context"}]}, ""),
        ({"blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "<https://a.org|a> &amp; b"}}]}, "a & b"),
        ({"blocks": [{"type": "header", "text": {"type": "plain_text", "text": "<a> &amp; <@U2>"}}]}, "<a> & <@U2>"),
        ({"blocks": [{"type": "markdown", "text": "<@U2> &amp;"}]}, "@Ben &"),
        ({"blocks": [{"type": "image", "title": {"type": "plain_text", "text": "a"}, "alt_text": "b"}]}, "a\nb"),
        ({"blocks": [{"type": "video", "description": {"type": "plain_text", "text": "a"}, "title": 7}]}, "a"),
        ({"blocks": [{"type": "section", "fields": [{"type": "mrkdwn", "text": "a"}, {"type": "mrkdwn"}]}]}, "a"),
        ({"blocks": [{"type": "context", "elements": [{"type": "mrkdwn", "text": "a"}, {"alt_text": "b"}]}]}, "a\nb"),
        ({"blocks": [{"type": "actions", "elements": [{"text": "a"}]}, {"type": "input", "text": "b"}]}, ""),
        ({"text": "said", "files": [{"title": "a", "preview": "b"}, {"name": "c"}]}, "said\na\nb"),
        ({"text": "said", "attachments": [{"fallback": "a"}]}, "said\na"),
        ({"attachments": [{"fallback": "a", "pretext": "b", "title": "c", "text": "d &amp;"}]}, "b\nc\nd &"),
        ({"attachments": [{"fallback": "a", "fields": [{"title": "b", "value": "c"}, {"value": "d"}]}]}, "b\nc\nd"),
        ({"attachments": [{"text": "a", "blocks": [{"type": "markdown", "text": "b"}]}]}, "b"),
        (
            {"attachments": [{"text": "a", "message_blocks": [{"message": {"blocks": [section_of(USER)]}}, {}]}]},
            "@Ben",
        ),
        ({"attachments": [{"text": "a", "message_blocks": [{"message": {"blocks": []}}]}]}, "a"),
    ],
)
def test_all_words_of_a_message_are_read(message: dict[str, Any], words: str) -> None:
    """Parley reads a Slack message's text or blocks, its attachments, and its files' titles and previews.

    It doesn't read the words of controls.
    """
    assert slack_texts.words_of(message, {"U2": "Ben", "S2": "crew"}) == words


@pytest.mark.parametrize(
    ("address", "kind"), [("https://example.org/", "link"), ("javascript:alert(1)", "text"), ("https://a|b", "text")]
)
def test_a_link_on_slack_leads_to_the_web(address: str, kind: str) -> None:
    """A link on Slack leads only to a web address.

    Any other address stands as text in parentheses after the link's words.
    """
    drawn = slack_texts.link(Link("source", address), "bold")
    assert drawn["type"] == kind
    assert drawn["style"] == {"bold": True}
    assert kind == "link" or drawn["text"] == f"source ({address})"
    assert slack_texts.link(Link("", "https://example.org/"))["text"] == "https://example.org/"
    assert slack_texts.link(Link(address, "javascript:x"))["text"] == f"{address} (javascript:x)"


def test_what_slack_signed_is_let_in_and_nothing_else() -> None:
    """Parley accepts a request only if Slack's signature fits its body and its time, and refuses one from 301 seconds
    ago. Without a signing secret Parley accepts none."""
    assert not Guard("").is_signed({"x-slack-request-timestamp": "1", "x-slack-signature": f"v0={'0' * 64}"}, b"")
    guard = Guard("secret")
    assert guard._verifier is not None
    now = str(int(guard._verifier.clock.now()))
    body = b'{"a": 1}'
    good = guard._verifier.generate_signature(timestamp=now, body=body)
    assert good is not None
    headers = {"x-slack-request-timestamp": now, "x-slack-signature": good}
    assert guard.is_signed(headers, body)
    assert not guard.is_signed(headers, body + b" ")
    assert not guard.is_signed({**headers, "x-slack-signature": good[:-1]}, body)
    assert not guard.is_signed({**headers, "x-slack-signature": good + "0"}, body)
    assert not guard.is_signed({**headers, "x-slack-request-timestamp": now + "x"}, body)
    assert not guard.is_signed({**headers, "x-slack-request-timestamp": "9" * 13}, body)
    assert not guard.is_signed({"x-slack-signature": good}, body)
    assert not guard.is_signed({"x-slack-request-timestamp": now}, body)
    assert not guard.is_signed(headers, b"\xff")
    old = str(int(now) - 301)
    signed_then = guard._verifier.generate_signature(timestamp=old, body=body)
    assert not guard.is_signed({"x-slack-request-timestamp": old, "x-slack-signature": signed_then or ""}, body)


@pytest.mark.parametrize(
    ("kind", "written", "read"),
    [
        ("application/json", b'{"a": 1}', {"a": 1}),
        ("application/json", b"[1]", None),
        ("application/json", b"tea", None),
        ("application/x-www-form-urlencoded", b'{"a": 1}', {"a": 1}),
        ("application/x-www-form-urlencoded", b"a=1&b=2", {"a": "1", "b": "2"}),
        ("application/x-www-form-urlencoded", b"payload=%7B%22a%22%3A1%7D", {"a": 1}),
        ("application/x-www-form-urlencoded", b"payload=tea", None),
        ("application/x-www-form-urlencoded", b"payload=[1]", None),
    ],
)
def test_a_body_is_an_object_or_a_form(kind: str, written: bytes, read: dict[str, Any] | None) -> None:
    """Parley reads the body of a Slack request as a JSON object, as form fields, or as a form whose `payload` is a JSON
    object. It reads nothing from any other body."""
    assert read_body(kind, written) == read


# --- Discord: who may write ---


@pytest.mark.parametrize(
    ("granted", "in_channel", "in_thread"),
    [
        ({}, False, False),
        ({"send_messages": True}, False, False),
        ({"view_channel": True}, False, False),
        ({"view_channel": True, "send_messages": True}, True, False),
        ({"view_channel": True, "send_messages_in_threads": True}, False, True),
        ({"send_messages_in_threads": True}, False, False),
        ({"administrator": True}, True, True),
    ],
)
def test_what_it_takes_to_write_on_discord(granted: dict[str, bool], in_channel: bool, in_thread: bool) -> None:
    """To write on Discord takes the right to see the place and the right to send there, which in a thread is a
    different one. Administrators may write anywhere."""
    permissions = discord.Permissions(**granted)
    assert rights.sends(permissions, in_thread=False) is in_channel
    assert rights.sends(permissions, in_thread=True) is in_thread
    data = {"resolved": {"channels": {"1": {"permissions": str(permissions.value), "type": 0}}}}
    assert rights.may_write_in(data, "1") is in_channel
    data["resolved"]["channels"]["1"]["type"] = 11
    assert rights.may_write_in(data, "1") is in_thread
    assert not rights.may_write_in(data, "2")
    assert not rights.may_write_in({}, "1")


# --- the chat page ---


@pytest.mark.parametrize(
    ("url", "safe"),
    [
        ("https://example.org/", True),
        ("http://example.org", True),
        ("https://", False),
        ("javascript:alert(1)", False),
        ("data:text/html,x", False),
        ("//example.org", False),
        ("/polls/p1", False),
        ("https://[", False),
        ("", False),
        (None, False),
    ],
)
def test_a_page_follows_addresses_of_the_web(url: str | None, safe: bool) -> None:
    """A page links only to http and https addresses. It shows a link to any other address as text."""
    assert safe_url(url) == (url if safe else None)
    drawn = inline(Link("source", url or ""))
    assert drawn.startswith('<a href="' if safe else "source")


def test_what_somebody_wrote_is_text_in_a_page() -> None:
    """A page escapes members' words in elements, attributes and texts.

    Only markup that Parley itself made stays markup.
    """
    bad = "<b>\"&'</b>"
    good = "&lt;b&gt;&quot;&amp;&#x27;&lt;/b&gt;"
    assert el("p", bad, title=bad) == f'<p title="{good}">{good}</p>'
    assert joined([bad, Html("<i>"), None, ""]) == f"{good}<i>"
    assert el("input", checked=True, disabled=False, value=None, data_live="1", class_="a") == (
        '<input checked data-live="1" class="a">'
    )
    for piece in (Plain(bad), Bold(bad), RoleMention("1", bad), Link(bad, "javascript:x")):
        assert "<b>" not in inline(piece)
        assert good in inline(piece)


def test_numbers_of_a_list_begin_where_they_begin() -> None:
    """A numbered list on a page starts at the number of its first item, and needs no `start` for 1.

    Neighbouring numbers share a list, and bullet points form another.
    """
    drawn = text_html((Item((Plain("a"),), 1), Item((Plain("b"),), 2), Item((Plain("c"),)), paragraph("d")))
    assert (drawn.count("<ol>"), drawn.count("<ul>"), drawn.count("<li"), drawn.count("<p ")) == (1, 1, 3, 1)
    assert '<ol start="3">' in text_html((Item((Plain("a"),), 3),))


@pytest.mark.parametrize(
    ("in_address", "on_page", "browser", "language"),
    [
        ("en-XA", "en", "en", "en-XA"),
        ("", "en-XA", "en", "en-XA"),
        ("", "", "en-XA", "en-XA"),
        ("en", "en-XA", "en-XA", "en"),
        ("", "", "", "en"),
    ],
)
def test_a_page_is_in_the_language_that_its_reader_chose(
    in_address: str, on_page: str, browser: str, language: str
) -> None:
    """A page is in the language of its address, else of the reader's choice on it, else of the browser, else in
    English."""
    headers = {"X-Parley-Lang": on_page, "Accept-Language": browser}
    request = make_mocked_request("GET", f"/?lang={in_address}", {name: tag for name, tag in headers.items() if tag})
    assert reader(request).locale == language


@pytest.mark.parametrize(
    ("method", "path", "headers", "allowed"),
    [
        ("GET", "/polls/p1", {"Sec-Fetch-Site": "cross-site"}, True),
        ("GET", "/", {"Sec-Fetch-Site": "cross-site"}, True),
        ("GET", "/api/file", {"Sec-Fetch-Site": "cross-site"}, False),
        ("GET", "/api/file", {"Sec-Fetch-Site": "same-site"}, False),
        ("GET", "/api/file", {"Sec-Fetch-Site": "same-origin"}, True),
        ("GET", "/api/file", {"Sec-Fetch-Site": "none"}, True),
        ("GET", "/api/file", {}, True),
        ("GET", "/api/file", {"Origin": "http://127.0.0.1:8765"}, True),
        ("GET", "/api/file", {"Origin": "http://127.0.0.1:8766"}, False),
        ("GET", "/api/file", {"Origin": "http://127.0.0.1:8765", "Sec-Fetch-Site": "cross-site"}, False),
        ("POST", "/api/say", {"Sec-Fetch-Site": "none"}, False),
        ("GET", "/", {"Host": "127.0.0.1:80"}, False),
    ],
)
def test_another_site_may_link_to_a_page_and_no_more(
    method: str, path: str, headers: dict[str, str], allowed: bool
) -> None:
    """Another site may link to a page, but its requests to the API get a 403, and so does a request to another host.

    The page's own requests pass, and so does an address that a person types.
    """
    transport = mock.Mock()
    transport.get_extra_info.side_effect = {"sockname": ("127.0.0.1", 8765)}.get
    fields = {"Host": "127.0.0.1:8765", "Content-Type": "application/json", "X-Parley-Token": "token", **headers}
    answer = refuse(make_mocked_request(method, path, fields, transport=transport), "token")
    assert (answer.status if answer else 200) == (200 if allowed else 403)


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("LOCALHOST", "127.0.0.1"),
        ("::1", "::1"),
        ("[::1]", "::1"),
        ("0.0.0.0", None),
        ("127.0.0.2", None),
        ("example.org", None),
        ("", None),
    ],
)
def test_the_chat_page_is_bound_to_this_machine(host: str, address: str | None) -> None:
    """The chat page is bound to 127.0.0.1 or ::1, also by the name localhost. Parley refuses any other address."""
    if address is None:
        with pytest.raises(Refused, match="stays on this machine"):
            loopback(host, T)
    else:
        assert loopback(host, T) == address


async def test_only_the_files_of_a_folder_are_served(tmp_path: Path) -> None:
    """Parley serves the style sheets, scripts, SVG pictures and fonts that lie directly in the folder, each with its
    content type. A browser that has the present version of a file gets a 304 without the file."""
    (tmp_path / "inner").mkdir()
    for name in ("a.css", "a.js", "a.svg", "a.woff2", "a.html", "a.py", "inner/b.css"):
        (tmp_path / name).write_bytes(b"x")
    files = Files(tmp_path)

    async def ask(name: str, have: str = "") -> web.Response:
        headers = {"If-None-Match": have} if have else {}
        return await files.answer(make_mocked_request("GET", f"/static/{name}", headers, match_info={"name": name}))

    for name in ("a.html", "a.py", "b.css", "inner/b.css", "inner", "../a.css", "A.css", "a", ""):
        with pytest.raises(web.HTTPNotFound):
            await ask(name)
    answers = [await ask(name) for name in ("a.css", "a.js", "a.svg", "a.woff2")]
    assert [(answer.status, answer.body) for answer in answers] == [(200, b"x")] * 4
    assert [(answer.content_type, answer.charset) for answer in answers] == [
        ("text/css", "utf-8"),
        ("text/javascript", "utf-8"),
        ("image/svg+xml", "utf-8"),
        ("font/woff2", None),
    ]
    tag = answers[0].headers["ETag"]
    for have, status in ((tag, 304), ("*", 304), (f'"other", {tag}', 304), ('"other"', 200)):
        answer = await ask("a.css", have)
        assert (answer.status, bool(answer.body)) == (status, status == 200)
        assert (answer.headers["ETag"], answer.headers["Cache-Control"]) == (tag, "no-cache")


def test_a_style_that_can_load_nothing_has_its_fonts_inside() -> None:
    """The style of a picture or document that can load nothing contains its fonts.

    The document's style also has the colours of both colour schemes.
    """
    for style, has_colours in ((font_faces(), False), (document_style(), True)):
        assert style.count('url("data:font/woff2;base64,') == style.count("@font-face") > 0
        assert "/static/" not in style
        assert ("prefers-color-scheme" in style) is has_colours


class Body:
    """A request with these bytes as its body."""

    def __init__(self, content: bytes) -> None:
        self.headers: dict[str, str] = {}
        self.query: dict[str, str] = {}
        self._content = content

    async def read(self) -> bytes:
        return self._content


@pytest.mark.parametrize("content", [b"", b"[]", b"null", b'"x"', b"{", b"\xff", b"[" * 100_000])
async def test_a_page_sends_objects(content: bytes) -> None:
    """The chat page must send a JSON object. Parley refuses any other body and says that it takes a JSON object."""
    assert await request_body.body(cast("web.Request", Body(b'{"a": 1}'))) == {"a": 1}
    with pytest.raises(UsageError, match="JSON object"):
        await request_body.body(cast("web.Request", Body(content)))


def test_a_text_of_a_page_has_a_longest_length() -> None:
    """A text from the chat page must be a string within its maximum length.

    Only a text with a default may be missing.
    """
    assert request_body.string({"a": "xyz"}, "a", 3, T) == "xyz"
    assert request_body.string({}, "a", 3, T, "") == ""
    with pytest.raises(UsageError, match="to 3 characters; it has 4"):
        request_body.string({"a": "wxyz"}, "a", 3, T)
    for payload in ({}, {"a": None}, {"a": 1}, {"a": ["x"]}):
        with pytest.raises(UsageError, match="“a” must be text"):
            request_body.string(payload, "a", 3, T)


@pytest.mark.parametrize(
    ("values", "is_right"),
    [
        ([], True),
        (["x" * 100] * 500, True),
        (["x"] * 501, False),
        (["x" * 101], False),
        (["x", 1], False),
        (["x", None], False),
        ("x", False),
        ({"x": "y"}, False),
        (None, False),
    ],
)
def test_values_of_a_page_are_a_short_list_of_ids(values: Any, is_right: bool) -> None:
    """The values of a select on the chat page are a list of at most 500 ids of at most 100 characters each.

    A form takes such lists beside texts of up to 20,000 characters.
    """
    if is_right:
        assert request_body.strings(values, T) == tuple(values)
        assert request_body.answers({"a": values, "b": "x" * 20_000}, T) == {"a": tuple(values), "b": "x" * 20_000}
    else:
        with pytest.raises(UsageError, match="short list of ids"):
            request_body.strings(values, T)


@pytest.mark.parametrize("answers", [None, [], "x", {"a": 1}, {"a": None}, {"a": "x" * 20_001}, {"a": "", "b": {}}])
def test_answers_of_a_form_are_texts_or_values(answers: object) -> None:
    """A form's answers are an object of texts of up to 20,000 characters or lists of ids.

    Parley refuses anything else.
    """
    with pytest.raises(UsageError):
        request_body.answers(answers, T)


def conversation(messages_max: int = 3) -> Conversation:
    numbers, now = count(1), datetime(2026, 11, 25, 12, tzinfo=UTC)
    return Conversation(lambda: now, lambda: f"m{next(numbers)}", messages_max)


def test_a_message_is_found_by_those_who_may_see_it() -> None:
    """On the chat page a member sees their own messages and those for everybody, and Parley itself finds all of them.

    A private message that is published becomes visible to everybody, as the newest change.
    """
    chat = conversation()
    own, shared = chat.add(audience="ada", text="mine"), chat.add(text="ours")
    assert [chat.find(own.id, member) for member in ("ada", "ben", EVERYONE)] == [own, None, None]
    assert [chat.find(shared.id, member) for member in ("ada", "ben")] == [shared, shared]
    assert [chat.find(each) for each in (own.id, shared.id, "m9")] == [own, shared, None]
    assert [message.text for message in chat.changes_for("ada")] == ["mine", "ours"]
    assert [message.text for message in chat.changes_for("ben")] == ["ours"]
    assert [message.text for message in chat.changes_for("ada", own.changed)] == ["ours"]
    assert chat.changes_for("ada", shared.changed) == []
    published = chat.publish(own)
    assert chat.find(own.id, "ben") == published
    assert [message.text for message in chat.changes_for("ada")] == ["ours", "mine"]


def test_so_many_messages_are_kept_for_each() -> None:
    """The chat page keeps a fixed number of messages for everybody and as many for each member; the oldest goes first.

    One member's messages take no room from another's.
    """
    chat = conversation()
    for number in range(4):
        chat.add(text=f"{number}")
        chat.add(audience="ada", text=f"a{number}")
    assert [message.text for message in chat.changes_for("ben")] == ["1", "2", "3"]
    assert sorted(message.text for message in chat.changes_for("ada")) == ["1", "2", "3", "a1", "a2", "a3"]


async def test_a_page_hears_what_its_member_may_see() -> None:
    """A page receives the messages of its member and those for everybody.

    If 1,000 changes wait unread, Parley ends the page's stream at the next one.
    """
    chat = conversation(10_000)
    with chat.listen("ada") as ada, chat.listen("ben") as ben:
        assert chat.listeners == 2
        chat.add(audience="ada", text="mine")
        chat.add(text="ours")
        assert [(await ada.get()).text, (await ben.get()).text] == ["mine", "ours"]  # type: ignore[union-attr]
        for _ in range(WAITING):
            chat.add(audience="ben", text="x")
        are_open = [ben._open]
        chat.add(audience="ben", text="x")
        are_open += [ben._open, ada._open]
        assert are_open == [True, False, True]
        chat.add(audience="ben", text="x")
        assert [(await ben.get()) is None for _ in range(WAITING + 1)] == [False] * WAITING + [True]
        assert ben._queue.empty()
    assert chat.listeners == 0


def test_an_order_is_never_given_twice() -> None:
    """Each message on the chat page gets a higher order than the last, even if the clock stands still.

    A message from before a restart keeps its place, and one without a past place gets a new one.
    """
    chat = conversation()
    first, second = chat.add(text="a"), chat.add(text="b")
    assert (second.order, second.changed) == (first.order + 1, first.changed + 1)
    redrawn = chat.redraw(first, Reply((Card(title="x"),)))
    assert (redrawn.order, redrawn.changed) == (first.order, second.changed + 1)
    old = chat.restore(f"m0-{first.order - 5}", "ada", Reply())
    assert (old.order, old.changed) == (first.order - 5, redrawn.changed + 1)
    assert old.at == first.at - timedelta(microseconds=5)
    future = chat.restore(f"m0-{first.order + 10**9}", "ada", Reply())
    assert future.order == future.changed
    unmarked = chat.restore("m0", "ada", Reply())
    assert (unmarked.order, unmarked.at) == (unmarked.changed, first.at)
