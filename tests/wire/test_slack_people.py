"""In the local Slack people use shortcuts, stack forms and remove the app, and events come over a socket or over
HTTP."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from tests.ports import serve
from tests.wire.slack import APP_TOKEN, BOT_TOKEN, SECRET, CannotDo, SlackServer
from tests.wire.slack.hooks import PATH
from tests.wire.slack.model import Json
from tests.world import Clock


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def modal(title: str, *blocks: Json) -> Json:
    layout = blocks or ({"type": "section", "text": plain(title)},)
    return {"type": "modal", "callback_id": "form", "title": plain(title), "submit": plain("Send"), "blocks": [*layout]}


@pytest.fixture
async def server() -> AsyncIterator[SlackServer]:
    async with SlackServer(now=Clock()) as running:
        yield running
        assert running.sockets.unknown == []


@pytest.fixture
async def client(server: SlackServer) -> AsyncIterator[AsyncWebClient]:
    async with aiohttp.ClientSession() as session:
        yield AsyncWebClient(token=BOT_TOKEN, base_url=server.base_url, session=session)


@pytest.fixture
async def app(server: SlackServer, client: AsyncWebClient) -> AsyncIterator[AsyncApp]:
    """An app in Socket Mode."""
    app = AsyncApp(client=client)
    handler = AsyncSocketModeHandler(app, APP_TOKEN)
    await handler.connect_async()  # type: ignore[no-untyped-call]
    yield app
    await handler.close_async()  # type: ignore[no-untyped-call]


async def opens(ack: Any, body: Any, client: AsyncWebClient) -> None:
    await ack()
    await client.views_open(trigger_id=body["trigger_id"], view=modal("First"))


async def test_shortcuts_open_forms_or_answer(server: SlackServer, app: AsyncApp) -> None:
    """A global shortcut has a trigger and opens a form. The shortcut of a message has the message's text and a
    response_url."""

    async def looks(ack: Any, body: Any, respond: Any) -> None:
        await ack()
        await respond(f"about {body['message']['text']}")

    app.shortcut("start-poll")(opens)
    app.shortcut("find-facts")(looks)
    ada = server.member("Ada")
    assert (await ada.shortcut("start-poll")).view is ada.view is not None
    message = server.say(server.member("Ben"), "tea")
    answer = await ada.message_shortcut("find-facts", message)
    assert (answer.text, answer.private) == ("about tea", True)
    assert server.violations == []


async def test_forms_stack_three_high_and_change_under_a_hash(
    server: SlackServer, app: AsyncApp, client: AsyncWebClient
) -> None:
    """Slack stacks three forms, and refuses a fourth with `push_limit_reached`. It refuses a change under an old hash
    with `hash_conflict`."""
    triggers: list[str] = []

    async def keeps(ack: Any, body: Any) -> None:
        await ack()
        triggers.append(body["trigger_id"])

    button = {"type": "actions", "elements": [{"type": "button", "text": plain("More"), "action_id": "more"}]}
    app.command("/form")(opens)
    app.action("more")(keeps)
    ada = server.member("Ada")
    first = (await ada.command("/form")).view
    assert first is not None
    old = first.hash
    await client.views_update(view_id=first.id, hash=old, view=modal("First", button))
    with pytest.raises(SlackApiError, match="hash_conflict"):
        await client.views_update(view_id=first.id, hash=old, view=modal("Second"))
    for number in range(3):
        assert ada.view is not None
        await ada.start_press(ada.view, "More")
        await server.until(lambda expected=number + 1: len(triggers) == expected)  # type: ignore[misc]
        pushing = client.views_push(trigger_id=triggers[-1], view=modal("Next", button))
        if number == 2:
            with pytest.raises(SlackApiError, match="push_limit_reached"):
                await pushing
        else:
            await pushing
    assert ada.view is not None
    await ada.close(ada.view)
    assert len(server.stack(server.team, ada.id)) == 2
    assert len(server.forgive("hash_conflict")) == len(server.forgive("push_limit_reached")) == 1


async def test_an_answer_may_replace_or_remove_what_it_answers(
    server: SlackServer, app: AsyncApp, client: AsyncWebClient
) -> None:
    """An answer through the response_url of a press may replace or remove its message, for all if the message was for
    all."""

    async def replaces(ack: Any, respond: Any) -> None:
        await ack()
        await respond("after", replace_original=True)

    async def removes(ack: Any, respond: Any) -> None:
        await ack()
        await respond(delete_original=True)

    app.action("replace")(replaces)
    app.action("remove")(removes)
    ada = server.member("Ada")
    for name in ("replace", "remove"):
        button = {"type": "button", "text": plain(name), "action_id": name}
        blocks = [{"type": "actions", "elements": [button]}]
        await client.chat_postMessage(channel=server.main.id, text="before", blocks=blocks)
        await ada.press(ada.newest(name), name)
    assert [message.text for message in server.posted()] == ["after"]
    assert server.violations == []


async def test_a_dead_socket_is_no_fault_of_the_app(server: SlackServer, app: AsyncApp) -> None:
    """If the socket is dead, the person sees Slack's own failure, and the local Slack keeps no violation."""
    server.sockets.drop()
    with pytest.raises(CannotDo, match="did not respond"):
        await server.member("Ada").command("/form")
    assert server.violations == []


async def test_a_removed_app_hears_of_it_and_has_no_token(
    server: SlackServer, app: AsyncApp, client: AsyncWebClient
) -> None:
    """A removed app gets `tokens_revoked`, then `app_uninstalled`, and its calls end with `token_revoked`."""
    events: list[str] = []

    async def hears(event: Any) -> None:
        events.append(event["type"])

    await client.auth_test()
    app.event("tokens_revoked")(hears)
    app.event("app_uninstalled")(hears)
    await server.member("Ada").start_command("/warm")  # Bolt asks who it is once, before the token is dead
    server.forgive("not_acknowledged")
    assert (await server.uninstall()).ok
    with pytest.raises(SlackApiError, match="token_revoked"):
        await client.auth_test()
    await server.sockets.ready()
    assert events == ["tokens_revoked", "app_uninstalled"]


@asynccontextmanager
async def listening(app: AsyncApp) -> AsyncIterator[str]:
    """Serve an app over HTTP. Yield its address."""
    runner = web.AppRunner(app.server(path=PATH).web_app, access_log=None)
    await runner.setup()
    try:
        yield f"http://127.0.0.1:{await serve(runner)}{PATH}"
    finally:
        await runner.cleanup()


async def test_without_a_socket_requests_come_signed_over_http(server: SlackServer, client: AsyncWebClient) -> None:
    """Without a socket Slack sends signed requests over HTTP, and says so in those that it repeats. The app refuses one
    with a timestamp that is 301 seconds old."""
    events: list[Any] = []

    async def notes(request: Any, event: Any) -> None:
        events.append((event["type"], request.headers.get("x-slack-retry-num")))

    app = AsyncApp(client=client, signing_secret=SECRET)
    app.command("/form")(opens)
    app.event("app_home_opened")(notes)
    async with listening(app) as url:
        server.hooks.url = url
        assert (await server.member("Ada").command("/form")).view is not None
        for retry in (0, 1):
            await server.event(server.team, {"type": "app_home_opened", "user": "U1"}, retry=retry, event_id="Ev1")
        refused = await server.hooks.send("command=%2Fform", timestamp=int(time.time()) - 301)
    assert refused.status == 401
    assert events == [("app_home_opened", None), ("app_home_opened", ["1"])]
    assert server.violations == []
