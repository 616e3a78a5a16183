"""Members of a Slack workspace, played against a small real server that refuses the messages that Slack refuses."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import count
from typing import Any

from aiohttp import web
from slack_bolt.response import BoltResponse

from adapters.slack.app import SlackChat
from bot.dispatch.bot import Bot
from tests.ports import serve
from tests.transcripts.dialogue import Display
from tests.world import NOW

Block = Mapping[str, Any]

CHANNEL, TEAM = "C1", "T1"
NAMES = {"U1": "Ada", "U2": "Ben", "U3": "Chen", "U4": "Mo"}
BLOCKS_MAX = 50
CHARACTERS_MAX = 12_000
IN_ACTIONS = {"button", "static_select", "external_select"}


@dataclass
class SlackMessage:
    """A message in the channel, as the server stores it."""

    stamp: str
    blocks: list[Block]
    text: str
    private_to: str | None


@dataclass
class FakeSlack:
    """Plays slack.com/api and the response_urls: stores messages, and refuses the ones that Slack refuses."""

    messages: list[SlackMessage] = field(default_factory=list)
    calls: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)
    uses: dict[str, int] = field(default_factory=dict)
    refuse: dict[str, str] = field(default_factory=dict)
    """The error to answer a method with, by the method's name."""
    base: str = ""
    views: list[dict[str, Any]] = field(default_factory=list)
    """The opened modals."""
    files: dict[str, dict[str, Any]] = field(default_factory=dict)
    people: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    """Fields of users.info besides the name, by the member's id."""
    groups: list[Mapping[str, Any]] = field(default_factory=list)
    _stamps: Iterator[int] = field(default_factory=lambda: count(1))

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_route("*", "/api/{method}", self._api)
        app.router.add_post("/upload/{file}", self._upload)
        app.router.add_post("/respond/{user}/{message}/{number}", self._respond)
        return app

    async def _api(self, request: web.Request) -> web.Response:
        method = request.match_info["method"]
        payload = await request.json() if request.content_type == "application/json" else dict(await request.post())
        body = {**request.query, **payload}
        self.calls.append((method, body))
        if method in self.refuse:
            return web.json_response({"ok": False, "error": self.refuse[method]})
        match method:
            case "auth.test":
                return web.json_response({"ok": True, "team_id": TEAM, "user_id": "UBOT", "bot_id": "B1"})
            case "chat.postMessage" | "chat.postEphemeral":
                alone = str(body["channel"]).startswith("U") and body["channel"]
                stamp = self._keep(body, body.get("user") or alone or None)
                channel = f"D{alone}" if alone else CHANNEL
                return web.json_response({"ok": True, "ts": stamp, "channel": channel})
            case "chat.update":
                self._change(body["ts"], body)
                return web.json_response({"ok": True, "ts": body["ts"]})
            case "views.open":
                view = json.loads(body["view"]) if isinstance(body["view"], str) else body["view"]
                self.views.append(view)
                return web.json_response({"ok": True, "view": view})
        return web.json_response(self._look_up(method, body))

    def _look_up(self, method: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """Answer for people, groups, channels and files."""
        answer: Mapping[str, Any]
        match method:
            case "users.info":
                answer = {"user": {"name": NAMES.get(body["user"], ""), **self.people.get(body["user"], {})}}
            case "conversations.info":
                answer = {"channel": {"id": body["channel"], "is_private": False, "is_member": True}}
            case "usergroups.list":
                answer = {"usergroups": self.groups}
            case "files.getUploadURLExternal":
                name = f"F{len(self.files) + 1}"
                self.files[name] = dict(body)
                answer = {"file_id": name, "upload_url": f"{self.base}/upload/{name}"}
            case "files.completeUploadExternal":
                files = json.loads(body["files"]) if isinstance(body["files"], str) else body["files"]
                self.files[files[0]["id"]]["channel"] = body.get("channel_id")
                answer = {"files": files}
            case "files.info":
                answer = {"file": {"id": body["file"], "mimetype": "image/png"}}
            case _:
                return {"ok": False, "error": "unknown_method"}
        return {"ok": True, **answer}

    async def _upload(self, request: web.Request) -> web.Response:
        self.files[request.match_info["file"]]["content"] = await request.read()
        return web.Response(text="OK")

    async def _respond(self, request: web.Request) -> web.Response:
        body = await request.json()
        self.calls.append(("respond", body))
        key = request.path
        self.uses[key] = self.uses.get(key, 0) + 1
        if self.uses[key] > 5:
            return web.Response(status=404, text="used_url")
        if "respond" in self.refuse:
            return web.Response(status=400, text=self.refuse.pop("respond"))
        if body.get("replace_original"):
            self._change(request.match_info["message"], body)
        else:
            self._keep(body, request.match_info["user"] if body.get("response_type") == "ephemeral" else None)
        return web.Response(text="ok")

    def _keep(self, body: Mapping[str, Any], private_to: str | None) -> str:
        check_message(body)
        stamp = f"{next(self._stamps)}.000100"
        self.messages.append(SlackMessage(stamp, body["blocks"], body["text"], private_to))
        return stamp

    def _change(self, stamp: str, body: Mapping[str, Any]) -> None:
        check_message(body)
        message = next(message for message in self.messages if message.stamp == stamp)
        message.blocks, message.text = body["blocks"], body["text"]


@dataclass
class SlackDriver:
    """A member who types `/parley …` and uses controls. It sends the requests that Slack's client sends."""

    slack: FakeSlack
    chat: SlackChat
    user: str = "U1"
    name: str = "Ada"
    commands: str = "/parley "
    drawn_before: dict[str, str] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    async def say(self, text: str) -> Display:
        escaped = text.removeprefix("/").replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        await self.command(escaped)
        return await self.look()

    async def mention(self, words: str) -> Display:
        await self.event("app_mention", f"<@UBOT> {words}", CHANNEL)
        return await self.look()

    async def write(self, words: str) -> Display:
        await self.event("message", words, f"D{self.user}", channel_type="im")
        return await self.look()

    async def event(self, kind: str, words: str, channel: str, **more: Any) -> BoltResponse:
        """Send the app a message of this person."""
        stamp = f"{next(self._numbers)}.000200"
        escaped = words.replace("&", "&amp;").replace("<b", "&lt;b").replace("</", "&lt;/")
        event = {"type": kind, "user": self.user, "text": escaped, "ts": stamp, "channel": channel, **more}
        authorizations = [{"team_id": TEAM, "user_id": "UBOT", "is_bot": True}]
        return await self.dispatch(
            {
                "type": "event_callback",
                "team_id": TEAM,
                "event_id": f"Ev{self.user}{stamp}",
                "event": {"event_ts": stamp, **event},
                "authorizations": authorizations,
            }
        )

    async def press(self, label: str) -> Display:
        message, button = self.newest(lambda part: part["type"] == "button" and part["text"]["text"] == label)
        await self.use(message, {"type": "button", "action_id": button["action_id"]})
        return await self.look()

    async def pick(self, label: str, option: str) -> Display:
        def offers(part: Block) -> bool:
            return "placeholder" in part and part["placeholder"]["text"] == label and option in labels(part)

        message, select = self.newest(offers)
        picked = next(each for each in offered(select) if each["text"]["text"] == option)
        several = select["type"].startswith("multi_")
        choice = {"selected_options": [picked]} if several else {"selected_option": picked}
        await self.use(message, {"type": select["type"], "action_id": select["action_id"], **choice})
        return await self.look()

    async def fill(self, label: str, words: str) -> Display:
        blocks = [block for block in self.slack.views[-1]["blocks"] if block["type"] == "input"]
        filled = {block["block_id"]: _as_it_stands(block["element"]) for block in blocks}
        name = next(block["block_id"] for block in blocks if block["label"]["text"] == label)
        answer = await self.submit({**filled, name: {"type": "plain_text_input", "value": words or None}})
        display = await self.look()
        errors = answer["errors"].values() if answer else ()
        return replace(display, private="\n".join((display.private, *errors)))

    async def command(self, text: str, name: str = "/parley") -> BoltResponse:
        """Run a slash command, and wait for everything that it starts."""
        return await self.dispatch(
            {
                "command": name,
                "text": text,
                "team_id": TEAM,
                "channel_id": CHANNEL,
                "channel_name": "general",
                "user_id": self.user,
                "user_name": self.name,
                "response_url": self.response_url("0"),
                "trigger_id": self.trigger(),
            }
        )

    async def use(self, message: SlackMessage, action: Mapping[str, Any], **container: Any) -> BoltResponse:
        """Use a control of a message, and wait for everything that it starts."""
        where = {"message_ts": message.stamp, "channel_id": CHANNEL, "is_ephemeral": message.private_to is not None}
        return await self.dispatch(
            {
                "type": "block_actions",
                "team": {"id": TEAM},
                "user": {"id": self.user, "name": self.name, "team_id": TEAM},
                "channel": {"id": CHANNEL, "name": "general"},
                "container": {"type": "message", **where, **container},
                "actions": [{"block_id": "b", **action}],
                "response_url": self.response_url(message.stamp),
                "trigger_id": self.trigger(),
            }
        )

    async def dispatch(self, body: Mapping[str, Any]) -> BoltResponse:
        answer = await self.chat.app.take(dict(body))
        while running := set(self.chat.running):
            await asyncio.wait(running, timeout=5)
        return answer

    async def submit(self, filled: Mapping[str, Any]) -> Any:
        """Send the newest form with these elements by block id, and return its acknowledgement."""
        view = self.slack.views[-1]
        values = {name: {name: element} for name, element in filled.items()}
        answer = await self.dispatch(
            {
                "type": "view_submission",
                "team": {"id": TEAM},
                "user": {"id": self.user, "name": self.name, "team_id": TEAM},
                "view": {**view, "id": f"V{len(self.slack.views)}", "hash": "h1", "state": {"values": values}},
                "trigger_id": self.trigger(),
            }
        )
        return json.loads(answer.body) if answer.body else None

    async def shortcut(self, callback: str, text: str = "") -> Display:
        """Use a shortcut on a message with this text, or from the composer without one."""
        body: dict[str, Any] = {
            "type": "message_action" if text else "shortcut",
            "callback_id": callback,
            "team": {"id": TEAM},
            "user": {"id": self.user, "name": self.name, "team_id": TEAM},
            "trigger_id": self.trigger(),
        }
        if text:
            message = {"type": "message", "text": text, "ts": "1.1"}
            body |= {
                "channel": {"id": CHANNEL, "name": "general"},
                "message": message,
                "response_url": self.response_url("0"),
            }
        await self.dispatch(body)
        return await self.look()

    def trigger(self) -> str:
        """Return a new trigger: Slack gives each action its own."""
        return f"1.2.{self.user}{next(self._numbers)}"

    def response_url(self, stamp: str) -> str:
        return f"{self.slack.base}/respond/{self.user}/{stamp}/{next(self._numbers)}"

    def visible(self) -> list[SlackMessage]:
        return [message for message in self.slack.messages if message.private_to in {None, self.user}]

    def newest(self, is_wanted: Any) -> tuple[SlackMessage, Block]:
        for message in reversed(self.visible()):
            for element in controls(message.blocks):
                if is_wanted(element):
                    return message, element
        raise AssertionError(f"nobody could use that control; there is:\n{self.drawn_before}")

    async def suggest(self, select: Block, query: str = "", **place: Any) -> list[Block]:
        """Return a type-ahead select's options for these letters."""
        answer = await self.dispatch(
            {
                "type": "block_suggestion",
                "team": {"id": TEAM},
                "user": {"id": self.user, "name": self.name, "team_id": TEAM},
                "container": {"type": "view" if "view" in place else "message"},
                "action_id": select["action_id"],
                "block_id": "b",
                "value": query,
                **place,
            }
        )
        part: list[Block] = json.loads(answer.body)["options"]
        _check_options(part)
        return part

    async def look(self) -> Display:
        """Return the new messages, with the options of type-ahead selects."""
        for message in self.visible():
            for select in controls(message.blocks):
                if select["type"] == "external_select" and isinstance(select, dict):
                    select["suggested"] = await self.suggest(select)
        return self.changes()

    def changes(self) -> Display:
        """Return the new or changed messages since the last time."""
        now = {message.stamp: words(message.blocks) for message in self.visible()}
        fresh = [message for message in self.visible() if self.drawn_before.get(message.stamp) != now[message.stamp]]
        self.drawn_before = now
        return Display(
            private="\n".join(now[message.stamp] for message in fresh if message.private_to),
            public="\n".join(now[message.stamp] for message in fresh if not message.private_to),
        )


def _as_it_stands(element: Block) -> dict[str, Any]:
    """Return the value that Slack sends for an input that nobody has touched."""
    if element["type"] == "plain_text_input":
        return {"type": element["type"], "value": element.get("initial_value")}
    if element["type"] == "datetimepicker":
        return {"type": element["type"], "selected_date_time": None}
    return {"type": element["type"], "selected_option": element.get("initial_option")}


@asynccontextmanager
async def slack_drivers(bot: Bot, clock: Callable[[], datetime]) -> AsyncIterator[Mapping[str, SlackDriver]]:
    """Yield four people in one channel. Mo is an admin of the workspace."""
    async with slack_driver(bot, clock=clock) as ada:
        ada.slack.people["U4"] = {"is_admin": True}
        yield {
            name: ada if user == "U1" else SlackDriver(ada.slack, ada.chat, user, name) for user, name in NAMES.items()
        }


@asynccontextmanager
async def slack_driver(bot: Bot, **options: Any) -> AsyncIterator[SlackDriver]:
    """Yield Ada, in a channel of a workspace with the bot. `options` go to the adapter."""
    slack = FakeSlack()
    runner = web.AppRunner(slack.app(), access_log=None)
    await runner.setup()
    slack.base = f"http://127.0.0.1:{await serve(runner)}"
    message: dict[str, Any] = {"clock": lambda: NOW, "base_url": f"{slack.base}/api/", **options}
    chat = SlackChat(bot, token="xoxb-test", **message)
    await chat.start()
    try:
        yield SlackDriver(slack, chat)
    finally:
        await chat.stop()
        await runner.cleanup()


# --- the text that a reader sees ---


def controls(blocks: Sequence[Block]) -> Iterator[Block]:
    for block in blocks:
        if block["type"] == "actions":
            yield from block["elements"]
        elif block["type"] == "section":
            yield block["accessory"]


def offered(select: Block) -> Sequence[Block]:
    part: Sequence[Block] = select.get("options") or select.get("suggested", ())
    return part


def labels(select: Block) -> list[str]:
    return [option["text"]["text"] for option in offered(select)]


def words(blocks: Sequence[Block]) -> str:
    return "\n".join(_block_words(block) for block in blocks)


def _block_words(block: Block) -> str:
    match block["type"]:
        case "header":
            return str(block["text"]["text"])
        case "context":
            return "\n".join(element["text"] for element in block["elements"])
        case "rich_text":
            return "\n".join(_rich_words(element) for element in block["elements"])
        case "image":
            return f"[picture: {block['alt_text']}]"
        case "actions" | "section":
            return "\n".join(_control_words(element) for element in controls([block]))
    return ""


def _rich_words(element: Block) -> str:
    match element["type"]:
        case "rich_text_list":
            return "\n".join(_rich_words(item) for item in element["elements"])
        case "rich_text_section" | "rich_text_quote":
            return "".join(_rich_words(piece) for piece in element["elements"])
        case "link":
            return element["url"] if element["text"] == element["url"] else f"{element['text']} ({element['url']})"
        case "date":
            return str(element["fallback"])
        case "channel":
            return f"#{element['channel_id']}"
    return str(element["text"])


def _control_words(element: Block) -> str:
    if element["type"] == "button":
        return f"[{element['text']['text']}]"
    return "\n".join((f"[{element['placeholder']['text']}]", *labels(element)))


# --- checks that Slack makes and slack_sdk does not ---


def check_message(body: Mapping[str, Any]) -> None:
    """Raise AssertionError where Slack would answer `invalid_blocks`. https://docs.slack.dev/reference/block-kit"""
    blocks = body["blocks"]
    assert 1 <= len(blocks) <= BLOCKS_MAX, f"{len(blocks)} blocks"
    assert 1 <= len(body["text"]) <= 4000
    assert "link_names" not in body
    assert body.get("parse", "none") == "none"
    ids = [element["action_id"] for element in controls(blocks)]
    assert len(ids) == len(set(ids)), "an action id stands twice"
    assert all(1 <= len(id_) <= 255 for id_ in ids)
    total = 0
    for block in blocks:
        total += _check_block(block)
    assert total <= CHARACTERS_MAX, f"{total} characters"
    json.dumps(blocks).encode()


def _check_block(block: Block) -> int:
    match block["type"]:
        case "header":
            _check_text(block["text"], 150)
            return len(block["text"]["text"])
        case "context":
            assert 1 <= len(block["elements"]) <= 10
            for element in block["elements"]:
                _check_text(element, 3000)
            return sum(len(element["text"]) for element in block["elements"])
        case "rich_text":
            assert block["elements"]
            _check_rich(block)
            block_words = _block_words(block)
            assert len(block_words) <= 3000, f"{len(block_words)} characters in one block"
            return len(block_words)
        case "actions":
            assert 1 <= len(block["elements"]) <= 25
            assert all(element["type"] in IN_ACTIONS for element in block["elements"])
            for element in block["elements"]:
                _check_control(element)
        case "section":
            _check_text(block["text"], 3000)
            _check_control(block["accessory"])
        case "image":
            assert 1 <= len(block["alt_text"]) <= 2000
            assert ("slack_file" in block) != ("image_url" in block)
        case other:
            assert other == "divider"
    return 0


def _check_text(text: Block, most: int) -> None:
    """Check that members' words are plain text, where Slack reads no mention and no emoji code."""
    assert text["type"] == "plain_text"
    assert text["emoji"] is False
    assert text["text"].strip()
    assert len(text["text"]) <= most


def _check_rich(element: Block) -> None:
    allowed = {
        "rich_text": {"rich_text_section", "rich_text_list", "rich_text_quote"},
        "rich_text_list": {"rich_text_section"},
        "rich_text_section": {"text", "link", "date", "channel"},
        "rich_text_quote": {"text", "link", "date"},
    }
    for child in element["elements"]:
        assert child["type"] in allowed[element["type"]]
        if "elements" in child:
            assert child["elements"]
            _check_rich(child)
        elif child["type"] == "text":
            assert child["text"]
        elif child["type"] == "link":
            assert child["url"].startswith(("http://", "https://"))


def _check_control(element: Block) -> None:
    if element["type"] == "button":
        _check_text(element["text"], 75)
        return
    _check_text(element["placeholder"], 150)
    if "external" in element["type"]:
        assert "options" not in element
        return
    assert element["options"]
    _check_options(element["options"])


def _check_options(options: Sequence[Block]) -> None:
    values = [option["value"] for option in options]
    assert len(values) <= 100
    assert len(values) == len(set(values))
    for option in options:
        _check_text(option["text"], 75)
        assert len(option["value"]) <= 150
        if "description" in option:
            _check_text(option["description"], 75)
