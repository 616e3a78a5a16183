"""The web chat's server, over a real socket on this machine."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp.test_utils import make_mocked_request
from yarl import URL

from adapters.http.guard import BODY_MAX, HEADERS
from adapters.http.static_files import Files
from adapters.web import chat_routes
from adapters.web.chat_routes import HEARTBEAT
from adapters.web.conversation import EVERYONE
from adapters.web.members import PLACE
from adapters.web.server import STATIC
from bot.chat.vocabulary import Attachment, Card, MessageRef, Outcome, Place, Reply, Visibility
from bot.dispatch.declare import Context, Permission, action, command
from bot.errors import PlaceGone, Refused, Unavailable
from tests.browser.served import Served, make_chat, serving
from tests.ports import free_port
from tests.waits import PATIENCE, until
from tests.world import NOW

Json = dict[str, Any]


@dataclass
class Client:
    """A client that speaks as the page does, for one member at a time."""

    served: Served
    session: aiohttp.ClientSession
    token: str = ""

    async def get(self, path: str, **headers: str) -> tuple[int, str, aiohttp.ClientResponse]:
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.session.get(self.served.url + path, headers=fields) as response:
            return response.status, await response.text(), response

    async def post(self, path: str, body: object, member: str = "ada", **headers: str) -> tuple[int, Json]:
        return await self.send(path, json.dumps(body).encode(), member, **headers)

    async def send(self, path: str, data: bytes, member: str = "ada", **headers: str) -> tuple[int, Json]:
        all_headers = {
            "Content-Type": "application/json",
            "X-Parley-Token": self.token,
            "X-Parley-Member": member,
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        async with self.session.post(self.served.url + path, data=data, headers=all_headers) as response:
            return response.status, await response.json()

    async def say(self, line: str, member: str = "ada", **headers: str) -> Json:
        status, answer = await self.post("api/say", {"line": line}, member, **headers)
        assert status == 200, answer
        return answer

    async def press(self, action: str, message: str = "", member: str = "ada", values: object = ()) -> Json:
        body = {"action": action, "message": message, "values": list(values)}  # type: ignore[call-overload]
        status, answer = await self.post("api/press", body, member)
        assert status == 200, answer
        return answer

    async def history(self, member: str = "ada", after: str = "", **headers: str) -> list[tuple[str, Json]]:
        """Return the messages that a page gets when it opens, until it is up to date: (event id, message)."""
        async with self.events(member, after, **headers) as stream:
            return await stream.until_ready()

    @asynccontextmanager
    async def events(self, member: str, after: str = "", **headers: str) -> AsyncIterator[Stream]:
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        url = f"{self.served.url}api/events?member={member}&after={after}"
        async with self.session.get(url, headers=fields) as response:
            assert response.status == 200
            yield Stream(response)


@dataclass
class Stream:
    """A stream of server-sent events."""

    response: aiohttp.ClientResponse

    async def next(self) -> tuple[str, str, Json]:
        """Return (kind, id, data) of the next event; comments are skipped."""
        lines: dict[str, str] = {}
        async with asyncio.timeout(PATIENCE):
            while True:
                line = (await self.response.content.readline()).decode()
                if not line:
                    raise EOFError
                name, _, value = line.rstrip("\n").partition(": ")
                if name:
                    lines[name] = value
                elif "event" in lines:
                    return lines["event"], lines.get("id", ""), json.loads(lines["data"])

    async def until_ready(self) -> list[tuple[str, Json]]:
        events = []
        while (event := await self.next())[0] != "ready":
            events.append(event[1:])
        return events


class Answers:
    """Commands and actions with answers that the showcase doesn't give."""

    @command("moderate", "Is for moderators", permission=Permission.MODERATOR)
    async def moderate(self, _ctx: Context) -> Outcome:
        return Outcome(Reply((Card(title="Moderated"),)))

    @action("everyone", replaces=True)
    async def everyone(self, _ctx: Context, words: str) -> Outcome:
        return Outcome(Reply((Card(title=words),), visibility=Visibility.PUBLIC), replace=True)

    @action("beside")
    async def beside(self, _ctx: Context, words: str) -> Outcome:
        return Outcome(Reply((Card(title=words),), visibility=Visibility.PUBLIC))

    @action("file")
    async def file(self, _ctx: Context) -> Outcome:
        return Outcome(Reply(files=(Attachment("tea.txt", "tea", "text/plain"),)))


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    async with serving((Answers(),)) as served, aiohttp.ClientSession() as session:
        new_client = Client(served, session)
        new_client.token = json.loads((await new_client.get("api/hello"))[1])["token"]
        yield new_client


def words_of(message: Json) -> str:
    """Return all words of a message that a member reads."""
    texts = [message["text"]]
    for card in message["cards"]:
        texts += [
            card["title"],
            *(piece["text"] for block in card["body"] for piece in block["inlines"]),
            card["footer"],
        ]
    return " ".join(filter(None, texts))


# --- who may speak with it ---


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "example.org", "", "127.0.0.1.example.org"])
async def test_it_is_served_to_this_machine_alone(host: str) -> None:
    """The web chat, where anyone could pose as any member, refuses an address that other machines can reach."""
    chat, _ = make_chat()
    with pytest.raises(Refused, match=re.escape(f"instead of {host}.")):
        await chat.start(host, 20_001)


async def test_a_port_that_is_taken_is_named() -> None:
    """If the port is taken, the start fails and names the port and `PARLEY_PORT`."""
    async with serving() as served:
        chat, _ = make_chat()
        port = int(served.host.rpartition(":")[2])
        with pytest.raises(Unavailable, match=f"{port} can.t be used.*PARLEY_PORT"):
            await chat.start("127.0.0.1", port)


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:{port}", "127.0.0.1", "127.0.0.1:1", "", "localhost.evil.example:{port}"]
)
@pytest.mark.parametrize("path", ["", "static/chat.js", "api/hello", "api/events?member=ada"])
async def test_another_host_is_refused(client: Client, host: str, path: str) -> None:
    """A request under another host's name (DNS rebinding) gets a 403, even for the page and its files."""
    port = client.served.host.rpartition(":")[2]
    status, _, _ = await client.get(path, Host=host.format(port=port))
    assert status == 403


@pytest.mark.parametrize("host", ["127.0.0.1:{port}", "localhost:{port}", "[::1]:{port}"])
async def test_this_machine_may_be_called_by_its_names(client: Client, host: str) -> None:
    """A request may name the host `127.0.0.1`, `localhost` or `[::1]` with the port."""
    port = client.served.host.rpartition(":")[2]
    assert (await client.get("api/hello", Host=host.format(port=port)))[0] == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
        {"Sec_Fetch_Site": "none"},
        {"X_Parley_Token": ""},
        {"X_Parley_Token": "guessed"},
        {"X_Parley_Token": "gué"},
    ],
)
async def test_another_site_can_change_nothing(client: Client, headers: dict[str, str]) -> None:
    """A post from another site, or without the page's token, gets a 403 and changes nothing."""
    for path in ("say", "press", "submit", "complete"):
        status, answer = await client.post(f"api/{path}", {"line": "hello"}, **headers)
        assert status == 403
        assert answer["error"]
    assert await client.history() == []


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
async def test_only_json_is_read(client: Client, kind: str) -> None:
    """The server reads only JSON and answers 415 to the content types that a form on another site can send."""
    status, _ = await client.post("api/say", {"line": "hello"}, Content_Type=kind)
    assert status == 415


async def test_only_so_many_pages_are_open_at_once(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """One page more than the limit gets a 503, and a page may open again after others have closed.

    A HEAD request for the events gets a 405.
    """
    monkeypatch.setattr(chat_routes, "PAGES_MAX", 2)
    monkeypatch.setattr(chat_routes, "HEARTBEAT", 0.01)  # the next heartbeat notices a page that has gone
    async with client.events("ada") as one, client.events("ben") as two:
        await one.until_ready()
        await two.until_ready()
        status, answer, _ = await client.get("api/events?member=ada")
        assert (status, "Too many pages" in answer) == (503, True)
    await until(lambda: client.served.chat._conversation.listeners == 0)
    assert await client.history() == []
    async with client.session.head(f"{client.served.url}api/events?member=ada") as response:
        assert response.status == 405


async def test_a_silent_page_gets_signs_of_life(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stream without messages carries a comment at each heartbeat, and then the next message."""
    monkeypatch.setattr(chat_routes, "HEARTBEAT", 0.01)
    async with client.events("ada") as stream:
        await stream.until_ready()
        for _ in range(2):
            assert await stream.response.content.readline() == b": still here\n"
            assert await stream.response.content.readline() == b"\n"
        await client.say("good morning", "ben")
        assert (await stream.next())[2]["text"] == "good morning"


async def test_another_site_can_read_nothing(client: Client) -> None:
    """A request from another site gets a 403, and no answer allows another origin."""
    for path in ("api/hello", "api/events?member=ada"):
        assert (await client.get(path, Sec_Fetch_Site="cross-site"))[0] == 403
        assert (await client.get(path, Origin="https://evil.example"))[0] == 403
    _, _, response = await client.get("api/hello")
    assert not [name for name in response.headers if name.lower().startswith("access-control")]


@pytest.mark.parametrize("path", ["", "static/chat.js", "static/none.js", "api/hello", "api/none", "api/say"])
async def test_every_answer_carries_the_protecting_headers(client: Client, path: str) -> None:
    """Every answer, refusals and errors included, carries the protecting headers, and no policy allows `unsafe`."""
    _, _, response = await client.get(path)
    assert {name: response.headers.get(name) for name in HEADERS} == dict(HEADERS)
    assert "unsafe" not in response.headers["Content-Security-Policy"]


async def test_the_stream_carries_the_protecting_headers(client: Client) -> None:
    """The stream of events carries the protecting headers."""
    async with client.events("ada") as stream:
        assert {name: stream.response.headers.get(name) for name in HEADERS} == dict(HEADERS)


@pytest.mark.parametrize("name", ["..%2fserver.py", "%2e%2e/server.py", "index.html", "chat.js%00", "."])
async def test_only_the_page_s_own_files_are_served(client: Client, name: str) -> None:
    """No path leads out of the folder of static files."""
    async with client.session.get(URL(f"{client.served.url}static/{name}", encoded=True)) as response:
        assert response.status in {400, 404}


async def test_a_file_that_the_browser_has_is_not_sent_again(client: Client) -> None:
    """A browser that sends a file's tag gets a 304 with the same headers; one that sends another tag gets the file."""
    _, _, response = await client.get("static/chat.js")
    tag = response.headers["ETag"]
    assert response.headers["Cache-Control"] == "no-cache"
    assert response.headers["Content-Type"] == "text/javascript; charset=utf-8"
    for condition, status in ((tag, 304), (f'"other", {tag}', 304), ('"other"', 200), ("*", 304)):
        again, text, response = await client.get("static/chat.js", If_None_Match=condition)
        assert (again, not text) == (status, status == 304)
        assert {name: response.headers.get(name) for name in HEADERS} == dict(HEADERS)
        assert (response.headers["ETag"], response.headers["Cache-Control"]) == (tag, "no-cache")
        assert response.headers.get("Content-Type", "text/javascript").startswith("text/javascript")


async def test_what_is_served_belongs_together(tmp_path: Path) -> None:
    """Static files are read once at the start; a file changed later is served as it was until a restart."""
    style = tmp_path / "style.css"
    style.write_text("old")
    files = Files(tmp_path)
    style.write_text("new")
    answered = await files.answer(make_mocked_request("GET", "/static/style.css", match_info={"name": "style.css"}))
    assert answered.body == b"old"


async def test_the_page_has_no_inline_script_or_style(client: Client) -> None:
    """The page has no inline script or style; its modules write no HTML, evaluate no text and name no other site."""
    _, page, _ = await client.get("")
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\bstyle=|\bon[a-z]+=", page)
    modules = "".join(file.read_text() for file in STATIC.glob("*.js"))
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function", modules)
    assert not re.search(r"https?://(?!\S*w3\.org)[a-z]", modules + page)


# --- members ---


@pytest.mark.parametrize("member", ["", "eve", "Ada", "../ada", "a" * 5_000])
async def test_only_members_of_the_demonstration_take_part(client: Client, member: str) -> None:
    """A visitor who isn't a member of the demonstration can neither speak nor listen."""
    assert (await client.post("api/say", {"line": "hello"}, member))[0] == 403
    assert (await client.get(f"api/events?member={member}"))[0] == 403


async def test_the_bot_is_told_who_asks(client: Client) -> None:
    """Each request carries the member, their rights and their language; an unknown language is ignored."""
    answer = await client.say("/whoami", "mo", X_Parley_Lang="en-XA")
    assert words_of(answer["messages"][1]).startswith("mo True en-XA 2026-11-25T12:00:00")
    answer = await client.say("/whoami", "ada", Accept_Language="xx, en;q=0.5")
    assert words_of(answer["messages"][1]).startswith("ada False en 2026")


async def test_the_first_screen_is_no_message(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """A new member's first screen shows the topic's card, which is no message; if Parley refuses, it shows no card."""
    status, answer, _ = await client.get("api/welcome", X_Parley_Member="ada")
    (card,) = json.loads(answer)["cards"]
    assert (status, card["title"]) == (200, "Tea in the office")
    assert await client.history() == []
    assert (await client.get("api/welcome"))[0] == 403
    monkeypatch.setattr(client.served.bot.limiter, "burst", 0)
    assert json.loads((await client.get("api/welcome", X_Parley_Member="ada"))[1])["cards"] == []


async def test_the_page_knows_each_command_and_for_whom_it_is(client: Client) -> None:
    """The page learns of each command whether all members may use it or only moderators."""
    commands = {each["name"]: each["members"] for each in json.loads((await client.get("api/hello"))[1])["commands"]}
    assert commands["fact"] is True
    assert commands["moderate"] is False


async def test_a_question_is_asked_of_the_bot_alone(client: Client) -> None:
    """A line that ends with a question mark, in any script, is private and answered as by `/ask`."""
    for line in ("do most people drink tea?", "do most people drink tea？"):
        question, answer = (await client.say(line))["messages"]
        assert (question["text"], question["private"], answer["private"]) == (line, True, True)
        assert words_of(answer) == words_of((await client.say(f"/ask {line}"))["messages"][1])
    assert await client.history("ben") == []


async def test_a_line_that_names_the_bot_is_answered_before_everyone(client: Client) -> None:
    """A line that begins with @Parley and its answer are public, with or without a question mark."""
    for line in ("@Parley do most people drink tea", "@Parley do most people drink tea?"):
        question, answer = (await client.say(line, "ada" if line.endswith("?") else "ben"))["messages"]
        assert (question["text"], question["private"], answer["private"]) == (line, False, False)
    assert len(await client.history("chen")) == 4


async def test_a_look_up_is_private(client: Client) -> None:
    """A look-up and its answer reach only the member who asked, at once and when another page opens later."""
    async with client.events("ben") as ben, client.events("ada") as ada:
        await ben.until_ready()
        await ada.until_ready()
        answer = await client.say("/fact coffee ban")
        await client.say("hello everyone")
        messages = [(await ada.next())[2] for _ in range(3)]
        assert [m["private"] for m in messages] == [True, True, False]
        assert messages[:2] == answer["messages"]
        assert (await ben.next())[2]["text"] == "hello everyone"
    assert [m["text"] for _, m in await client.history("ben")] == ["hello everyone"]
    assert "Contradicted" in words_of((await client.history("ada"))[1][1])


async def test_what_is_shared_reaches_everyone(client: Client) -> None:
    """With `share:yes` everyone sees question and answer; the Share button posts the card of a private look-up."""
    await client.say("/fact coffee ban share:yes")
    question, answer = [m for _, m in await client.history("ben")]
    assert (question["author"], question["text"], question["private"]) == ("ada", "/fact coffee ban share:yes", False)
    assert "Contradicted" in words_of(answer)
    private = (await client.say("/fact tea drinkers", "chen"))["messages"][1]
    share = next(control for control in private["cards"][0]["controls"] if control["label"] == "Share")
    receipt = await client.press(share["action"], private["id"], "chen")
    assert [(m["private"], m["id"] == private["id"]) for m in receipt["messages"]] == [(True, False)]
    assert "Shared by Chen" in words_of((await client.history("ben"))[-1][1])


async def test_a_refusal_of_a_public_command_is_private(client: Client) -> None:
    """If a public command is refused, only its member sees the command and the refusal."""
    await client.say("/announce share:perhaps words:twice words:thrice")
    assert await client.history("ben") == []
    assert len(await client.history("ada")) == 2


async def test_words_without_a_slash_go_to_everyone(client: Client) -> None:
    """Words without a slash are a message to everyone; at the first one the member alone reads how to ask Parley."""
    first = await client.say("good morning")
    again = await client.say("and good night")
    assert [m["private"] for m in first["messages"]] == [False, True]
    assert "question mark" in words_of(first["messages"][1])
    assert "/help" in words_of(first["messages"][1])
    assert [m["text"] for m in again["messages"]] == ["and good night"]
    assert [m["text"] for _, m in await client.history("ben")] == ["good morning", "and good night"]


@pytest.mark.parametrize("mark", ["\u202e", "\ufeff", "\u200b ", "\x00", "\t\u2066"])
async def test_a_command_after_what_cannot_be_seen_is_private(client: Client, mark: str) -> None:
    """A command stays private even if invisible characters stand before its slash."""
    await client.say(f"{mark}/fact coffee ban")
    assert await client.history("ben") == []
    assert "Contradicted" in words_of((await client.history("ada"))[1][1])


# --- what was said before ---


async def test_a_page_that_is_opened_again_shows_the_conversation(client: Client) -> None:
    """A page that opens gets all public messages and the member's own private ones, in order."""
    await client.say("one", "ben")
    await client.say("/topic")
    messages = [m for _, m in await client.history()]
    assert [m["text"] for m in messages] == ["one", "/topic", ""]
    assert [m["order"] for m in messages] == sorted(m["order"] for m in messages)


@pytest.mark.parametrize("by_header", [True, False])
async def test_a_stream_resumes_where_it_broke_off(client: Client, *, by_header: bool) -> None:
    """A stream that resumes after a mark, in `Last-Event-ID` or the address, brings only newer and changed messages."""
    await client.say("/announce one", "ben")
    mark = (await client.history())[-1][0]
    await client.say("two", "ben")
    await client.press("v1:count:7", (await client.history())[1][1]["id"], "ben")
    missed = await (client.history(Last_Event_ID=mark) if by_header else client.history(after=mark))
    assert [words_of(m) for _, m in missed if m["text"]] == ["two"]


@pytest.mark.parametrize("mark", ["x", "-1", "1e9", "9" * 40, "٣"])
async def test_a_strange_mark_means_everything(client: Client, mark: str) -> None:
    """A stream with a mark that the server never gave starts from the beginning."""
    await client.say("one")
    assert [m["text"] for _, m in await client.history("ben", after=mark)] == ["one"]


async def test_stopping_ends_every_stream_at_once() -> None:
    """When Parley stops, it ends every open stream at once."""
    chat, bot = make_chat()
    url = await chat.start("127.0.0.1", free_port())
    async with aiohttp.ClientSession() as session, session.get(f"{url}api/events?member=ada") as response:
        stream = Stream(response)
        await stream.until_ready()
        assert bot.platforms["web"] is chat
        async with asyncio.timeout(HEARTBEAT / 3):
            await chat.stop()
        with pytest.raises(EOFError):
            await stream.next()
    assert "web" not in bot.platforms


# --- what is pressed, filled in and completed ---


async def test_a_control_may_replace_its_message(client: Client) -> None:
    """A press may redraw the message of its button: the message keeps its id, and the page hears that it changed."""
    message = (await client.say("/counter-button"))["messages"][1]
    answer = await client.press("v1:count:1", message["id"])
    assert (answer["messages"][0]["id"], words_of(answer["messages"][0])) == (message["id"], "Counted to 1")
    assert answer["messages"][0]["changed"] > message["changed"]
    assert [m["id"] for _, m in await client.history()][-1] == message["id"]


async def test_a_private_answer_never_replaces_what_everyone_sees(client: Client) -> None:
    """A private answer to a press on a public message is a message of its own and leaves the public one."""
    public = (await client.say("/announce now"))["messages"][1]
    answer = await client.press("v1:count:1", public["id"], "ben")
    assert answer["messages"][0]["id"] != public["id"]
    assert "Announced" in words_of((await client.history("chen"))[-1][1])


async def test_a_public_answer_may_replace_what_everyone_sees(client: Client) -> None:
    """A public answer redraws the message of its button if the action says so, and is otherwise a new message.

    A private message stays private.
    """
    public = (await client.say("/announce now"))["messages"][1]
    for control, is_same in (("v1:everyone:again", True), ("v1:beside:too", False)):
        answer = await client.press(control, public["id"], "ben")
        assert [(m["private"], m["id"] == public["id"]) for m in answer["messages"]] == [(False, is_same)]
    assert ["again" in words_of(m) for _, m in await client.history("chen")] == [False, True, False]
    private = (await client.say("/counter-button"))["messages"][1]
    answer = await client.press("v1:everyone:again", private["id"])
    assert [(m["private"], m["id"] == private["id"]) for m in answer["messages"]] == [(True, True)]


async def test_an_answer_may_be_a_file_alone(client: Client) -> None:
    """An answer may be a file without words. A message without a file gives a 404 for one."""
    (message,) = (await client.press("v1:file"))["messages"]
    assert (message["cards"], [file["name"] for file in message["files"]]) == ([], ["tea.txt"])
    headers = {"X_Parley_Member": "ada"}
    assert (await client.get(f"api/file?message={message['id']}&index=0", **headers))[1] == "tea"
    (words, _) = (await client.say("hello"))["messages"]
    card = (await client.say("/whoami"))["messages"][1]
    for other in (words, card):
        assert (await client.get(f"api/file?message={other['id']}&index=0", **headers))[0] == 404


@pytest.mark.parametrize(("name", "most"), [("message", 100), ("action", 200)])
async def test_a_control_s_words_are_short(client: Client, name: str, most: int) -> None:
    """A message id may have 100 characters and an action 200; a press or form with one more gets a 400."""
    for path in ("press", "submit"):
        for length, status in ((most, 200), (most + 1, 400)):
            body = {"action": "v1:none", "message": "", "values": [], "answers": {}, name: "x" * length}
            assert (await client.post(f"api/{path}", body))[0] == status


async def test_another_member_s_message_can_t_be_replaced(client: Client) -> None:
    """A press with the id of another member's private message doesn't change that message."""
    private = (await client.say("/counter-button"))["messages"][1]
    answer = await client.press("v1:count:1", private["id"], "ben")
    assert answer["messages"][0]["id"] != private["id"]
    assert words_of((await client.history("ada"))[-1][1]) == "Counted to 0"


@pytest.mark.parametrize(
    "action", ["v1:none:a", "v2:open:tea:x", "", "x" * 200, "v1:open:tea", "v1:open:tea:none:more"]
)
async def test_a_control_of_another_version_is_answered_politely(client: Client, action: str) -> None:
    """A press on an outdated or made-up control is answered with "Out of date"."""
    answer = await client.press(action, "gone")
    assert "Out of date" in words_of(answer["messages"][0])


async def test_a_form_is_opened_corrected_and_sent(client: Client) -> None:
    """A form comes back with its errors until its answers are valid; then the member gets the reply."""
    opened = await client.say("/survey")
    assert [m["text"] for m in opened["messages"]] == ["/survey"]
    assert opened["form"]["title"] == "A few questions"
    filled = {"name": "nobody", "about": "", "colour": ["red"], "colours": ["red", "blue"]}
    body = {"action": opened["form"]["action"], "answers": filled, "message": ""}
    status, wrong = await client.post("api/submit", body)
    assert (status, wrong["errors"], wrong["messages"]) == (200, {"name": "Somebody must answer"}, [])
    _, right = await client.post("api/submit", {**body, "answers": {**filled, "name": "Ada"}})
    assert "colours: red, blue" in words_of(right["messages"][0])


async def test_a_suggestion_carries_the_line_it_makes(client: Client) -> None:
    """Each suggestion carries the whole line that it makes; words without a command get no suggestion."""

    async def complete(line: str) -> list[str]:
        _, answer = await client.post("api/complete", {"line": line})
        return [suggestion["line"] for suggestion in answer["suggestions"]]

    assert await complete("/fa") == ["/fact "]
    for line, is_command in (("/fa", True), ("/fact ", False), ("/fact tea topic:", False)):
        assert (await client.post("api/complete", {"line": line}))[1]["command"] is is_command
    assert await complete("/fact coffee b") == ["/fact Coffee was banned from the office."]
    assert "/fact tea topic:tea" in await complete("/fact tea topic:t")
    assert await complete("just talking") == []
    assert await complete("") == []
    assert await complete("/nothing of the sort") == []


# --- what people write ---

STRANGE = [
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "@everyone @here <!channel> <@U123>",
    "مرحبا بالعالم and שלום",
    "**bold** _it_ `code` [link](javascript:alert(1))",
    "'; DROP TABLE ballots; --",
    "👩‍👩‍👧‍👦 é 漢字",
    "x" * 10_000,
]


@pytest.mark.parametrize("written", STRANGE, ids=lambda written: written[:12])
async def test_what_a_person_writes_is_text(client: Client, written: str) -> None:
    """Others read a message exactly as its member wrote it, even if it looks like markup."""
    await client.say(written)
    assert [m["text"] for _, m in await client.history("ben")] == [written]


@pytest.mark.parametrize(
    "written", [*STRANGE, "“smart” quotes", 'an "unclosed quote', "/", "// two", "fact:fact:fact:"]
)
@pytest.mark.parametrize("command", ["/search", "/fact", "/nosuch"])
async def test_whatever_is_asked_is_answered(client: Client, command: str, written: str) -> None:
    """Any words after a command get an answer that isn't empty and isn't a bug's code."""
    answer = await client.say(f"{command} {written}")
    assert answer["messages"][0]["text"] == f"{command} {written}"
    assert words_of(answer["messages"][1])
    assert "ref-" not in words_of(answer["messages"][1])


async def test_what_can_t_be_seen_is_left_out(client: Client) -> None:
    """A message loses its control characters, direction overrides and broken characters."""
    await client.say("pay \u202egnp.exe\u202c\x00\x1b[31m \ud800 \u2066now\u2069")
    assert (await client.history("ben"))[0][1]["text"] == "pay gnp.exe[31m  now"


@pytest.mark.parametrize("line", ["", "   ", "\u202e", "x" * 20_001])
async def test_nothing_and_too_much_are_refused_with_words(client: Client, line: str) -> None:
    """A message that is empty or has more than 20,000 characters gets a 400 with the reason."""
    status, answer = await client.post("api/say", {"line": line})
    assert (status, bool(answer["error"])) == (400, True)


@pytest.mark.parametrize(
    "raw",
    [b"", b"{", b"[]", b"null", b'"x"', b"[" * 100_000, b"\xff\xfe", b'{"line": 1}', b'{"line": null}', b"{}", b"NaN"],
    ids=lambda raw: raw[:12],
)
async def test_a_broken_request_is_told_so(client: Client, raw: bytes) -> None:
    """A request whose body isn't the expected JSON gets a 400 with a sentence."""
    for path in ("say", "press", "submit", "complete"):
        status, answer = await client.send(f"api/{path}", raw)
        assert status == 400
        assert answer["error"]


@pytest.mark.parametrize(
    ("values", "status"),
    [
        *((broken, 400) for broken in ({"a": "b"}, [1], [["x"]], None, ["x"] * 501, ["x" * 101])),
        *((values, 200) for values in ([], ["x"] * 500, ["x" * 100])),
    ],
)
async def test_broken_values_are_told_so(client: Client, values: object, status: int) -> None:
    """The values of a press or of a form's list must be a list of texts: at most 500, each of at most 100 characters.

    An answer in a form may also be a text.
    """
    assert (await client.post("api/press", {"action": "v1:several", "values": values}))[0] == status
    assert (await client.post("api/submit", {"action": "v1:survey", "answers": {"name": values}}))[0] == status
    assert (await client.post("api/press", {"action": "v1:several", "values": "v"}))[0] == 400
    assert (await client.post("api/submit", {"action": "v1:survey", "answers": {"name": "v"}}))[0] == 200


async def test_a_body_that_is_too_large_is_refused(client: Client) -> None:
    """A body of more than 256 KiB gets a 413 with a sentence."""
    status, answer = await client.send("api/say", b'{"line": "' + b"x" * BODY_MAX + b'"}')
    assert (status, bool(answer["error"])) == (413, True)


async def test_a_bug_is_told_as_a_code(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    """After a bug the member reads only a reference code, and the log has the details."""
    answer = await client.say("/break")
    assert "ref-1" in words_of(answer["messages"][1])
    assert "secret of the inside" not in json.dumps(answer)
    assert "secret of the inside" in caplog.text


async def test_a_bug_of_the_server_is_told_as_a_code(
    client: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """After a bug in the server itself the answer is a 500 with a reference code, and the log has the details."""
    monkeypatch.setattr(type(client.served.bot), "complete_line", lambda *_: 1 / 0)
    status, answer = await client.post("api/complete", {"line": "/fact"})
    assert (status, "ref-1" in answer["error"]) == (500, True)
    assert "ZeroDivisionError" in caplog.text


# --- as a platform ---


async def test_the_core_can_post_and_edit(client: Client) -> None:
    """A message that the core posts reaches open pages at once, and an edit changes it in place."""
    chat = client.served.chat
    async with client.events("ben") as ben:
        await ben.until_ready()
        ref = await chat.post(PLACE, Reply((Card(title="Open"),)))
        posted = (await ben.next())[2]
        await chat.edit(ref, Reply((Card(title="Closed"),)))
        edited = (await ben.next())[2]
    assert (words_of(posted), words_of(edited)) == ("Open", "Closed")
    assert (posted["id"], posted["order"]) == (edited["id"], edited["order"])


async def test_an_edit_of_a_forgotten_message_says_it_again(client: Client) -> None:
    """An edit of a message that a restart has forgotten posts it again with its old id, place and time."""
    ref = await client.served.chat.post(PLACE, Reply((Card(title="Open"),)))
    before = (await client.history("ben"))[0][1]
    later, _ = make_chat(first_id=1_000, now=NOW + timedelta(hours=1))
    later._conversation.add(text="since then")
    await later.edit(ref, Reply((Card(title="Still open"),)))
    await later.edit(MessageRef(PLACE, "of an older version"), Reply((Card(title="Also open"),)))
    messages = sorted(
        (later._routes.message_data(message) for message in later._conversation.changes_for("ben")),
        key=lambda m: m["order"],
    )
    assert [words_of(message) for message in messages] == ["Still open", "since then", "Also open"]
    assert [messages[0][key] for key in ("id", "order", "at")] == [before[key] for key in ("id", "order", "at")]
    assert messages[0]["changed"] > before["changed"]


async def test_a_direct_message_reaches_one_member(client: Client) -> None:
    """A message posted to a direct conversation reaches only its member."""
    await client.served.chat.post(Place("web", "demo", "dina", direct=True), Reply((Card(title="For you"),)))
    assert await client.history("ada") == []
    assert [words_of(m) for _, m in await client.history("dina")] == ["For you"]


@pytest.mark.parametrize(
    ("place", "audience"),
    [
        (PLACE, EVERYONE),
        (Place("web", "demo", "ada", direct=True), "ada"),
        (Place("web", "demo", "ada"), None),
        (Place("web", "demo", "eve", direct=True), None),
        (Place("web", "elsewhere", "ada", direct=True), None),
        (Place("web", "elsewhere", "main"), None),
        (Place("web", "demo", "other"), None),
    ],
)
async def test_a_message_is_posted_for_those_who_see_its_place(place: Place, audience: str | None) -> None:
    """A message in the channel is for everyone and one in a direct conversation for its member; a post to any other
    place fails."""
    chat, _ = make_chat()
    if audience is None:
        with pytest.raises(PlaceGone):
            await chat.post(place, Reply((Card(title="x"),)))
    else:
        message = chat._conversation.find((await chat.post(place, Reply((Card(title="x"),)))).id)
        assert message is not None
        assert message.audience == audience


async def test_the_demonstration_has_one_channel_and_its_members() -> None:
    """The demonstration has one channel and no roles, and a notice reaches only the member it is for."""
    chat, _ = make_chat()
    channels = (("demo", "main"), ("demo", "other"), ("elsewhere", "main"))
    assert [await chat.has_channel(*channel) for channel in channels] == [True, False, False]
    people = (("demo", "ada"), ("demo", "eve"), ("elsewhere", "ada"))
    assert [await chat.tell(*person, Reply((Card(title="x"),))) for person in people] == [True, False, False]
    assert [len(chat._conversation.changes_for(member)) for member in ("ada", "ben", "eve")] == [1, 0, 0]
    assert not await chat.has_role("demo", "crew")


# --- words ---


async def test_every_sentence_of_the_page_is_translated(client: Client) -> None:
    """Every sentence of the page, and every command's description, is translated."""
    hello = json.loads((await client.get("api/hello?lang=en-XA"))[1])
    sentences = [*hello["words"].values(), *(command["description"] for command in hello["commands"])]
    assert [sentence for sentence in sentences if not sentence.startswith("⟦")] == []
    page = (await client.get("?lang=en-XA"))[1]
    assert '<html lang="en-XA">' in page
    body = re.sub(r"<[^>]*>", "\n", page.partition("<body>")[2])
    lines = [line.strip() for line in body.splitlines() if line.strip()]
    assert [line for line in lines if not line.startswith("⟦")] == ["Parley", "↓"]


async def test_a_language_without_a_catalogue_is_answered_in_english(client: Client) -> None:
    """A page in a language without a catalogue is in English and says so in its `lang` attribute."""
    _, page, _ = await client.get("", Accept_Language="tlh, fr;q=broken, *;q=0.1")
    assert '<html lang="en">' in page


async def test_refusals_are_translated(client: Client) -> None:
    """The server's refusals are translated."""
    for path, headers in (("say", {"X_Parley_Token": "x"}), ("say", {}), ("none", {})):
        _, answer = await client.post(f"api/{path}", {}, X_Parley_Lang="en-XA", **headers)
        assert answer["error"].startswith("⟦"), answer
