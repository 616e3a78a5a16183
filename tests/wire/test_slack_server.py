"""The local Slack keeps Slack's rules: it refuses the same calls, with the same names."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from typing import Any

import aiohttp
import pytest
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from tests.wire.slack import APP_TOKEN, BOT_TOKEN, CLIENT_ID, CLIENT_SECRET, CannotDo, SlackServer, blocks, payloads
from tests.wire.slack.errors import Refused
from tests.wire.slack.model import Json
from tests.world import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def server(clock: Clock) -> AsyncIterator[SlackServer]:
    async with SlackServer(now=clock) as running:
        yield running


@pytest.fixture
async def client(server: SlackServer) -> AsyncIterator[AsyncWebClient]:
    async with aiohttp.ClientSession() as session:
        yield AsyncWebClient(token=BOT_TOKEN, base_url=server.base_url, session=session)


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def section(text: str = "a", **more: Any) -> Json:
    return {"type": "section", "text": plain(text), **more}


def button(action_id: str = "b", **more: Any) -> Json:
    return {"type": "button", "text": plain("Yes"), "action_id": action_id, **more}


def actions(*elements: Json) -> Json:
    return {"type": "actions", "elements": list(elements)}


def option(value: str, **more: Any) -> Json:
    return {"text": plain(value), "value": value, **more}


def select(*values: str, kind: str = "static_select", **more: Any) -> Json:
    return {
        "type": kind,
        "action_id": "s",
        "placeholder": plain("Pick"),
        "options": [*map(option, values or "ab")],
        **more,
    }


def rich(*elements: Json) -> Json:
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": list(elements)}]}


def field(label: str, element: Json, block_id: str) -> Json:
    return {"type": "input", "block_id": block_id, "label": plain(label), "element": element}


TEXT_INPUT = {"type": "plain_text_input", "action_id": "t", "max_length": 10}
MODAL: Json = {
    "type": "modal",
    "callback_id": "form",
    "title": plain("Form"),
    "submit": plain("Send"),
    "blocks": [field("Question", TEXT_INPUT, "q"), field("How", select("one", "many"), "h")],
}


async def refused(coming: Any) -> str:
    with pytest.raises(SlackApiError) as caught:
        await coming
    return str(caught.value.response["error"])


# --- what it refuses ---

BAD_BLOCKS = {
    "51 blocks": [section() for _ in range(51)],
    "a block id twice": [section(block_id="x"), section(block_id="x")],
    "an action id twice": [actions(button()), actions(button())],
    "an id of 256 characters": [actions(button("x" * 256))],
    "a text of 3001 characters": [section("x" * 3001)],
    "a field of 2001 characters": [{"type": "section", "fields": [plain("x" * 2001)]}],
    "11 fields": [{"type": "section", "fields": [plain("x")] * 11}],
    "a header of 151 characters": [{"type": "header", "text": plain("x" * 151)}],
    "a header in mrkdwn": [{"type": "header", "text": {"type": "mrkdwn", "text": "x"}}],
    "a text with nothing to see": [section(" ")],
    "11 parts of small print": [{"type": "context", "elements": [plain("x")] * 11}],
    "26 buttons in a block": [actions(*(button(str(number)) for number in range(26)))],
    "a button of 76 characters": [actions({**button(), "text": plain("x" * 76)})],
    "a style of one's own": [actions(button(style="success"))],
    "a list of several in a row of controls": [actions(select(kind="multi_static_select"))],
    "101 options": [actions(select(*map(str, range(101))))],
    "an option of 76 characters": [actions(select("x" * 76))],
    "a description of 76 characters": [actions(select(options=[option("a", description=plain("x" * 76))]))],
    "an option twice": [actions(select("a", "a"))],
    "an initial option from elsewhere": [actions(select(initial_option=option("z")))],
    "11 radio buttons": [actions(select(*map(str, range(11)), kind="radio_buttons"))],
    "a picture without words": [{"type": "image", "image_url": "https://example.org/a.png"}],
    "a picture from two places": [
        {"type": "image", "alt_text": "x", "image_url": "https://a", "slack_file": {"id": "F1"}}
    ],
    "a file that is not there": [{"type": "image", "alt_text": "x", "slack_file": {"id": "F1"}}],
    "an empty piece of rich text": [rich({"type": "text", "text": ""})],
    "a link that runs": [rich({"type": "link", "url": "javascript:alert(1)"})],
    "an unknown block": [{"type": "poll"}],
    "an unknown property": [section(colour="red")],
}


@pytest.mark.parametrize("body", BAD_BLOCKS.values(), ids=BAD_BLOCKS)
def test_blocks_that_slack_refuses(body: list[Json]) -> None:
    """The local Slack refuses blocks whose counts, lengths, ids or places Block Kit forbids."""
    assert blocks.problems(body)


GOOD_BLOCKS = {
    "50 blocks": [section() for _ in range(50)],
    "full texts": [{"type": "header", "text": plain("x" * 150)}, section("x" * 3000)],
    "100 options": [actions(select(*map(str, range(100))))],
    "several, beside a text": [section(accessory=select(kind="multi_static_select", max_selected_items=2))],
    "a gap in rich text": [rich({"type": "text", "text": " "})],
    "an input": MODAL["blocks"],
}


@pytest.mark.parametrize("body", GOOD_BLOCKS.values(), ids=GOOD_BLOCKS)
def test_blocks_that_slack_takes(body: list[Json]) -> None:
    """The local Slack takes blocks right up to Block Kit's limits."""
    assert blocks.problems(body) == []


BAD_VIEWS = {
    "no title": {key: value for key, value in MODAL.items() if key != "title"},
    "inputs and nothing to send them with": {key: value for key, value in MODAL.items() if key != "submit"},
    "a title of 25 characters": {**MODAL, "title": plain("x" * 25)},
    "101 blocks": {**MODAL, "blocks": [section() for _ in range(101)]},
    "metadata of 3001 characters": {**MODAL, "private_metadata": "x" * 3001},
    "a Home tab with a title": {**MODAL, "type": "home"},
    "no blocks": {**MODAL, "blocks": None},
    "not a view": "[]",
}


@pytest.mark.parametrize("body", BAD_VIEWS.values(), ids=BAD_VIEWS)
def test_views_that_slack_refuses(body: Any) -> None:
    """A modal needs blocks, a title of at most 24 characters, and a way to send its inputs. A view takes at most 100
    blocks and 3000 characters of metadata."""
    with pytest.raises(Refused, match="invalid_arguments"):
        payloads.view(body, blocks.no_file)


SUSPICIOUS = {
    "no text beside blocks": {"blocks": [section()]},
    "names that become mentions": {"text": "a", "link_names": True},
    "the same by another name": {"text": "a", "parse": "full"},
    "everybody is called": {"text": "<!channel> a"},
    "a person is called in mrkdwn": {
        "text": "a",
        "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "<@U1>", "verbatim": True}}],
    },
    "mrkdwn that is not verbatim": {
        "text": "a",
        "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "@everyone in #main"}}],
    },
    "a group is called in rich text": {"text": "a", "blocks": [rich({"type": "usergroup", "usergroup_id": "S1"})]},
    "a long text": {"text": "x" * 4001},
}


@pytest.mark.parametrize("body", SUSPICIOUS.values(), ids=SUSPICIOUS)
async def test_what_slack_takes_and_people_suffer_from_is_kept(
    server: SlackServer, client: AsyncWebClient, body: Json
) -> None:
    """The local Slack answers `ok` to a message that Slack takes but people suffer from, and keeps it as suspicious."""
    await client.api_call("chat.postMessage", json={"channel": server.main.id, **body})
    assert len(server.forgive("suspicious")) == 1
    assert server.violations == []


async def test_a_refusal_says_where_and_is_kept(server: SlackServer, client: AsyncWebClient) -> None:
    """The local Slack refuses a bad block by name, keeps the violation with its JSON pointer, and posts nothing."""
    call = client.chat_postMessage(channel=server.main.id, text="a", blocks=BAD_BLOCKS["a header of 151 characters"])
    assert await refused(call) == "invalid_blocks"
    assert "less than 151 characters [json-pointer:/blocks/0/text/text]" in str(server.violations[0])
    assert server.posted() == []


async def test_all_text_of_a_message_together_has_a_limit(server: SlackServer, client: AsyncWebClient) -> None:
    """Slack refuses a message with 12,000 characters in its blocks as `msg_blocks_too_long`, but takes it at a
    response_url."""
    long = [section("x" * 3000) for _ in range(4)]
    assert (
        await refused(client.chat_postMessage(channel=server.main.id, text="a", blocks=long)) == "msg_blocks_too_long"
    )
    command = server.interaction("slash_commands", server.member("Ada"), server.main)
    async with aiohttp.ClientSession() as session:
        assert (await session.post(command.response_url, json={"text": "a", "blocks": long})).status == 200


@pytest.mark.parametrize("as_json", [True, False])
async def test_arguments_come_as_json_as_a_form_or_in_the_query(server: SlackServer, as_json: bool) -> None:
    """A method takes its arguments as JSON, as a form, or in the query. In a form, blocks are JSON text."""
    body = {"text": "a", "blocks": [section()] if as_json else json.dumps([section()])}
    encoding: Json = {"json": body} if as_json else {"data": body}
    headers = {"Authorization": f"Bearer {BOT_TOKEN}"}
    async with aiohttp.ClientSession(headers=headers) as session:
        response = await session.post(f"{server.base_url}chat.postMessage?channel={server.main.id}", **encoding)
        assert (await response.json())["ok"]
    assert server.posted()[0].blocks[0]["text"] == plain("a")


async def test_tokens_and_places_have_their_errors(server: SlackServer, client: AsyncWebClient) -> None:
    """Slack refuses a wrong channel, message, person, method or token, each with an error of its own."""
    post = client.chat_postMessage
    closed, secret = server.add_channel("closed"), server.add_channel("secret", public=False, bot_in=False)
    closed.archived = True
    assert await refused(post(channel="C99", text="a")) == "channel_not_found"
    assert await refused(post(channel=closed.id, text="a")) == "is_archived"
    assert await refused(post(channel=secret.id, text="a")) == "channel_not_found"
    assert await refused(client.api_call("chat.postMessage", json={"channel": server.main.id})) == "no_text"
    assert await refused(client.chat_update(channel=server.main.id, ts="1.1", text="a")) == "message_not_found"
    assert await refused(client.chat_postEphemeral(channel=server.main.id, user="U9", text="a")) == "user_not_found"
    assert await refused(client.api_call("no.such")) == "unknown_method"
    client.token = "xoxb-wrong"
    assert await refused(post(channel=server.main.id, text="a")) == "invalid_auth"
    client.token = BOT_TOKEN
    await client.auth_revoke()
    assert await refused(post(channel=server.main.id, text="a")) == "token_revoked"
    assert len(server.violations) == 9


async def test_an_update_with_text_alone_takes_the_blocks_away(server: SlackServer, client: AsyncWebClient) -> None:
    """An update with text alone removes the message's blocks."""
    ts = (await client.chat_postMessage(channel=server.main.id, text="a", blocks=[section()]))["ts"]
    await client.chat_update(channel=server.main.id, ts=ts, text="b")
    assert server.posted()[0].blocks == []


async def test_each_method_takes_so_many_calls_a_minute(
    server: SlackServer, client: AsyncWebClient, clock: Clock
) -> None:
    """Slack takes 50 edits a minute, and refuses more with 429 and Retry-After. In one channel it takes five messages
    in a burst, and refuses the next."""
    ts = (await client.chat_postMessage(channel=server.main.id, text="a"))["ts"]
    update = partial(client.chat_update, parse="none")
    await client.chat_update(channel=server.main.id, ts=ts, text="@everyone")
    assert "an edit that Slack parses" in str(server.forgive("suspicious"))
    for number in range(49):
        await update(channel=server.main.id, ts=ts, text=f"{number}")
    with pytest.raises(SlackApiError) as caught:
        await update(channel=server.main.id, ts=ts, text="51")
    assert (caught.value.response.status_code, caught.value.response["error"]) == (429, "ratelimited")
    assert caught.value.response.headers["Retry-After"] == "60"
    assert await refused(update(channel=server.main.id, ts=ts, text="51")) == "ratelimited"
    assert len(server.forgive("suspicious")) == 1, "it was called again before Retry-After had passed"
    clock.forward(seconds=60)
    await update(channel=server.main.id, ts=ts, text="51")
    for _ in range(5):
        await client.chat_postMessage(channel=server.main.id, text="a")
    assert await refused(client.chat_postMessage(channel=server.main.id, text="a")) == "ratelimited"


async def test_files_get_ready_later_or_never(server: SlackServer, client: AsyncWebClient) -> None:
    """An image block takes a file only once Slack has processed it, and is refused with `invalid_blocks` until then. A
    file may never get ready."""

    async def upload() -> str:
        upload = await client.files_upload_v2(content=b"png", filename="a.png", alt_txt="A", channel=server.main.id)
        return str(upload["files"][0]["id"])

    def image(file: str) -> list[Json]:
        return [{"type": "image", "alt_text": "A", "slack_file": {"id": file}}]

    first = await upload()
    assert (await client.files_info(file=first))["file"]["mimetype"] == ""
    early = client.chat_postMessage(channel=server.main.id, text="a", blocks=image(first))
    assert await refused(early) == "invalid_blocks"
    await server.until(lambda: bool(server.posted()))
    assert (await client.files_info(file=first))["file"]["mimetype"] == "image/png"
    await client.chat_postMessage(channel=server.main.id, text="a", blocks=image(first))
    server.faults.stall_files = True
    stuck = await upload()
    assert (await client.files_info(file=stuck))["file"]["mimetype"] == ""
    assert await refused(client.files_getUploadURLExternal(filename="a", length=1, alt_txt="x" * 1001)) == (
        "alt_txt_too_large"
    )


@pytest.mark.filterwarnings("ignore:BasicAuth is deprecated")  # slack_sdk's own
async def test_an_installation_gives_a_workspace_a_token_of_its_own(
    server: SlackServer, client: AsyncWebClient
) -> None:
    """An installation's code works once, and its token works in its own workspace alone."""
    other = server.add_team("Other House")
    channel = server.add_channel("away", other)
    arguments = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "code": server.allow(other)}
    client.token = None
    answer = await client.oauth_v2_access(**arguments)
    assert answer["team"]["id"] == other.id
    assert await refused(client.oauth_v2_access(**arguments)) == "invalid_code"
    client.token = answer["access_token"]
    await client.chat_postMessage(channel=channel.id, text="a")
    client.token = BOT_TOKEN
    assert await refused(client.chat_postMessage(channel=channel.id, text="a")) == "channel_not_found"


# --- what people do ---


@asynccontextmanager
async def bolt(server: SlackServer, client: AsyncWebClient) -> AsyncIterator[AsyncApp]:
    """Run an app in Socket Mode."""
    app = AsyncApp(client=client)
    handler = AsyncSocketModeHandler(app, APP_TOKEN)
    await handler.connect_async()  # type: ignore[no-untyped-call]
    try:
        yield app
    finally:
        await handler.close_async()  # type: ignore[no-untyped-call]


async def test_a_response_url_is_used_five_times_in_half_an_hour(
    server: SlackServer, client: AsyncWebClient, clock: Clock
) -> None:
    """A response_url takes five answers within half an hour, and then refuses with 404, as `used_url` or
    `expired_url`."""
    ada = server.member("Ada")
    command = server.interaction("slash_commands", ada, server.main)
    old = server.interaction("slash_commands", ada, server.main)
    async with aiohttp.ClientSession() as session:
        responses = [await session.post(command.response_url, json={"text": "a"}) for _ in range(6)]
        assert [one.status for one in responses] == [200] * 5 + [404]
        assert (await responses[-1].json())["error"] == "used_url"
        clock.forward(minutes=31)
        assert (await (await session.post(old.response_url, json={"text": "a"})).json())["error"] == "expired_url"
    assert len(ada.whispers()) == 5
    assert server.member("Ben").text == ""


async def test_a_trigger_opens_one_form_within_3_seconds(
    server: SlackServer, client: AsyncWebClient, clock: Clock
) -> None:
    """A trigger opens one form within 3 seconds. Slack refuses a late use with `expired_trigger_id`, a second one with
    `exchanged_trigger_id`."""
    ada = server.member("Ada")
    late, good = (server.interaction("slash_commands", ada, server.main) for _ in "ab")
    clock.forward(seconds=2)
    await client.views_open(trigger_id=good.trigger, view=MODAL)
    assert ada.view is good.view
    assert await refused(client.views_open(trigger_id=good.trigger, view=MODAL)) == "exchanged_trigger_id"
    clock.forward(seconds=2)
    assert await refused(client.views_open(trigger_id=late.trigger, view=MODAL)) == "expired_trigger_id"
    assert await refused(client.views_open(trigger_id="1.2.3", view=MODAL)) == "invalid_trigger_id"
    server.faults.under_way = timedelta(seconds=4)
    slow = server.interaction("slash_commands", ada, server.main)
    assert await refused(client.views_open(trigger_id=slow.trigger, view=MODAL)) == "expired_trigger_id"


async def test_a_form_is_filled_in_as_slacks_client_lets_people(server: SlackServer, client: AsyncWebClient) -> None:
    """A person can't send a form without a required field or with too long a text. Errors that the app returns stand
    beside their inputs, and the form stays open."""
    payloads: list[Any] = []

    async def opens(ack: Any, body: Any) -> None:
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=MODAL)

    async def takes(ack: Any, view: Any) -> None:
        payloads.append(view["state"]["values"])
        wrong = view["state"]["values"]["q"]["t"]["value"] == "bad"
        await (ack(response_action="errors", errors={"q": "Not so"}) if wrong else ack())

    async with bolt(server, client) as app:
        app.command("/form")(opens)
        app.view("form")(takes)
        ada = server.member("Ada")
        view = (await ada.command("/form")).view
        assert view is not None
        for filled in ({"How": "one"}, {"Question": "x" * 11, "How": "one"}, {"Question": "a", "How": "none"}):
            with pytest.raises(CannotDo):
                await ada.submit(view, filled)
        first = await ada.submit(view, {"Question": "bad", "How": "one"})
        assert (first.errors, first.closed, ada.view) == ({"Question": "Not so"}, False, view)
        assert (await ada.submit(view, {"Question": "good", "How": "many"})).closed
        assert ada.view is None
    assert payloads[1]["h"]["s"]["selected_option"]["value"] == "many"
    assert server.violations == []


async def test_a_select_that_asks_the_app_for_its_options(server: SlackServer, client: AsyncWebClient) -> None:
    """From the third letter on, Slack asks the app for a list's options. The list stays empty if the app gives more
    than 100, one of more than 75 characters or one twice, or answers too late."""
    answers: dict[str, Any] = {
        "tea": {"options": [option("tea!")]},
        "hundred": {"options": [option(str(number)) for number in range(100)]},
        "long": {"options": [option("x" * 76)]},
        "many": {"options": [option(str(number)) for number in range(101)]},
        "twice": {"options": [option("a"), option("a")]},
    }
    late = asyncio.Event()

    async def offers(ack: Any, body: Any) -> None:
        if body["value"] == "late":
            await late.wait()
        await ack(**answers.get(body["value"], {}))

    async with bolt(server, client) as app:
        app.options("s")(offers)
        ada = server.member("Ada")
        ask = {"type": "external_select", "action_id": "s", "placeholder": plain("Find")}
        await client.chat_postMessage(channel=server.main.id, text="a", blocks=[actions(ask)])
        message = ada.newest("Find")
        assert await ada.suggest(message, "Find", "te") == []  # Slack asks from the third letter on
        assert await ada.suggest(message, "Find", "tea") == ["tea!"]
        assert len(await ada.suggest(message, "Find", "hundred")) == 100
        assert server.violations == []
        for wrong in ("long", "many", "twice", "else"):
            assert await ada.suggest(message, "Find", wrong) == []
        assert {violation.error for violation in server.violations} == {"invalid_options"}
        server.violations.clear()
        server.patience = 0.01
        assert await ada.suggest(message, "Find", "late") == []
        assert [violation.error for violation in server.violations] == ["not_acknowledged"]
        late.set()


async def test_a_home_tab_is_published_when_it_is_opened(server: SlackServer, client: AsyncWebClient) -> None:
    """When a person opens the Home tab, the app gets `app_home_opened` and publishes the tab for that person alone."""

    async def publishes(event: Any) -> None:
        await client.views_publish(user_id=event["user"], view={"type": "home", "blocks": [section("Welcome")]})

    async with bolt(server, client) as app:
        app.event("app_home_opened")(publishes)
        home = await server.member("Ada").open_home()
        assert home.content["blocks"][0]["text"]["text"] == "Welcome"
        assert server.member("Ben").home is None


async def test_what_nobody_acknowledges_is_kept(server: SlackServer, client: AsyncWebClient) -> None:
    """If the app doesn't acknowledge a command, Slack tells the person so, and the local Slack keeps a violation."""
    server.patience = 0.2
    async with bolt(server, client):
        with pytest.raises(CannotDo, match="did not respond"):
            await server.member("Ada").command("/nobody")
    assert [violation.error for violation in server.violations] == ["not_acknowledged"]


async def test_a_ticket_opens_one_socket_and_a_refresh_brings_a_new_one(
    server: SlackServer, client: AsyncWebClient
) -> None:
    """When Slack asks for a new connection, the library opens one and commands go on. A ticket opens one socket
    only."""
    async with bolt(server, client) as app:

        async def answers(ack: Any) -> None:
            await ack("here")

        app.command("/here")(answers)
        await server.sockets.refresh()
        await server.sockets.ready(2)
        assert (await server.member("Ada").command("/here")).text == "here"
    async with aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await session.ws_connect(f"{server.url}/link?ticket=t1")
