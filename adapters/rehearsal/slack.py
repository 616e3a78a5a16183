"""Rehearse on Slack, through the library and renderer that Parley itself uses."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from http import HTTPStatus
from time import monotonic
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.web.async_client import AsyncWebClient

from adapters.rehearsal import props
from adapters.rehearsal.ledger import Ledger
from adapters.rehearsal.observations import Observations
from adapters.rehearsal.plan import RehearsalStep, Say
from adapters.slack import render
from adapters.slack.forms import FormOrigin, typed, view
from adapters.slack.payloads import kind_of, values_of
from adapters.slack.texts import escape
from adapters.slack.web import API, TIMEOUT, error_of
from bot.charts import png_async
from bot.chat.vocabulary import Reply
from bot.errors import NotFound, Refused, Unavailable, UsageError
from bot.i18n import translator

LONG, BLOCK_MAX, BLOCKS_MAX, UPDATE_MAX = 10_000, 3000, 50, 4000
"""Characters of a message and of a block, blocks of a message, characters of an edit's text."""
BURST = 6
"""Messages in a row: a channel takes one a second, and short bursts."""
TRIES = 5
"""Attempts of a call that meets a limit."""
PAUSE = 1.0
"""Seconds to wait if a 429 doesn't say how long."""
LOOKS = (0.1, 0.2, 0.4, 0.8, 1.5, 3.0, 4.0, 8.0)
"""Seconds between checks whether a file is processed."""
URL_USES = 5
WORDS_TO_TYPE = "https://example.org 1 < 2 & tea"
"""Text that the operator types besides mentions."""
ESCAPED = ("<https://example.org", "1 &lt; 2 &amp; tea")
NOT_FOUND = "message_not_found"
ALREADY_GONE = frozenset({NOT_FOUND, "file_not_found", "file_deleted"})
QUIET: Json = {"unfurl_links": False, "unfurl_media": False}

Json = dict[str, Any]


class SlackStage:
    """A channel of Slack."""

    name = "Slack"

    def __init__(self, web: AsyncWebClient, session: aiohttp.ClientSession, ledger: Ledger, say: Say) -> None:
        self.payloads: asyncio.Queue[Json] = asyncio.Queue()
        """The operator's payloads."""
        self._web = web
        self._session = session
        self._ledger = ledger
        self._say = say
        self._check = Observations(self.code_of)
        self._count = 0

    def code_of(self, error: Exception) -> str:
        return error_of(error) or "no code" if isinstance(error, SlackApiError) else ""

    def watch(self, check: Observations) -> None:
        self._check = check
        self._count = 0

    async def claim(self, name: str) -> None:
        await self._send(name, render.message(props.card(props.CHANGED)))

    @property
    def steps(self) -> Sequence[RehearsalStep]:
        return (
            RehearsalStep("post a card", ("S-text", "S-blocks"), self._post_card),
            RehearsalStep("send a message twice", ("S-once",), self._send_twice),
            RehearsalStep("post bare mentions", ("S-verbatim",), self._post_bare),
            RehearsalStep("edit a message", ("S-edit", "S-edit-bare"), self._edit),
            RehearsalStep("answer in a thread", ("S-thread",), self._answer),
            RehearsalStep("post in order", ("S-order",), self._post_in_order),
            RehearsalStep("be refused", ("S-gone", "S-blocks-max", "S-update-max"), self._be_refused),
            RehearsalStep("post a long card", ("S-length",), self._post_long),
            RehearsalStep("upload a picture", ("S-upload", "S-processed", "S-picture"), self._upload),
            RehearsalStep("meet the rate limit", ("S-429",), self._meet_limit),
            RehearsalStep("type a command", ("S-command", "S-uses"), self._command),
            RehearsalStep("press a button", ("S-press", "S-replace", "S-private"), self._press),
            RehearsalStep("choose an option", ("S-choose",), self._choose),
            RehearsalStep("send a form", ("S-form", "S-trigger"), self._form),
        )

    @property
    def cleaning(self) -> RehearsalStep:
        return RehearsalStep("delete everything", ("S-delete",), self._clean)

    # --- without the operator ---

    async def _post_card(self, check: Observations) -> None:
        with check.about("S-text"):
            message = render.message(props.card(props.WORDS))
            answer = (await self._post(message))["message"]
            check.expect("S-text", answer["text"] == message.text, "the text came back changed")
            came = [_bare(block) for block in answer["blocks"]]
            check.expect("S-blocks", came == [_bare(block) for block in message.blocks], "the blocks came back changed")

    async def _send_twice(self, check: Observations) -> None:
        with check.about("S-once"):
            message = render.message(props.card("Sent twice."))
            first = await self._post(message)
            self._count -= 1  # the same name gives the same client_msg_id
            second = await self._post(message)
            check.expect("S-once", first["ts"] == second["ts"], "the same client_msg_id posted a second message")

    async def _post_bare(self, check: Observations) -> None:
        with check.about("S-verbatim"):
            words = escape("@everyone #general 1 < 2")
            section = {"type": "section", "text": {"type": "mrkdwn", "text": words, "verbatim": True}}
            answer = (await self._post(render.SlackMessage(words, [section])))["message"]
            texts = (answer["text"], answer["blocks"][0]["text"]["text"])
            check.expect("S-verbatim", texts == (words, words), "bare words became a mention, or an escape is gone")

    async def _edit(self, check: Observations) -> None:
        with check.about("S-edit"):
            posted = await self._post(render.message(props.card("Not changed yet.")))
            message = render.message(props.card(props.CHANGED))
            answer = await self._update(posted["ts"], text=message.text, blocks=message.blocks)
            check.expect("S-edit", answer["ts"] == posted["ts"], "the message has another ts")
            check.expect("S-edit", answer["message"]["text"] == message.text, "the text is still the old one")
            with check.about("S-edit-bare"):
                answer = await self._update(posted["ts"], text="Without blocks.")
                check.expect("S-edit-bare", not answer["message"].get("blocks"), "an edit without blocks keeps them")

    async def _answer(self, check: Observations) -> None:
        with check.about("S-thread"):
            first = await self._post(render.message(props.card("A question.")))
            second = await self._post(render.message(props.card("Its answer.")), thread_ts=first["ts"])
            thread = second["message"].get("thread_ts")
            check.expect("S-thread", thread == first["ts"], "the message stands outside the thread")

    async def _post_in_order(self, check: Observations) -> None:
        with check.about("S-order"):
            stamps = [(await self._post(render.message(props.card(f"Number {number}."))))["ts"] for number in (1, 2, 3)]
            check.expect("S-order", sorted(stamps, key=float) == stamps, "a later message has a smaller ts")

    async def _be_refused(self, check: Observations) -> None:
        with check.about("S-gone"):
            posted = await self._post(render.message(props.card("Deleted at once.")))
            await self._call("chat_delete", channel=self._ledger.place, ts=posted["ts"])
            self._ledger.drop(str(posted["ts"]))
            with check.refusal("S-gone", NOT_FOUND):
                await self._update(posted["ts"], text=props.CHANGED)
        with check.refusal("S-blocks-max", "invalid_blocks"):
            await self._post(render.SlackMessage("Too many", render.more() * (BLOCKS_MAX + 1)))
        with check.about("S-update-max"):
            posted = await self._post(render.message(props.card("To edit.")))
            with check.refusal("S-update-max", "msg_too_long"):
                await self._update(posted["ts"], text="x" * (UPDATE_MAX + 1))

    async def _post_long(self, check: Observations) -> None:
        with check.about("S-length"):
            sizes = [BLOCK_MAX] * (LONG // BLOCK_MAX) + [LONG % BLOCK_MAX]
            blocks = [{"type": "section", "text": {"type": "plain_text", "text": "x" * size}} for size in sizes]
            await self._post(render.SlackMessage("A long card.", blocks))

    async def _upload(self, check: Observations) -> None:
        with check.about("S-upload"):
            content = await png_async(props.SVG)
            upload = await self._call(
                "files_getUploadURLExternal", filename="rehearsal.png", length=len(content), alt_txt=props.ALT
            )
            file = _need(upload, "file_id")
            self._ledger.add(file)
            status = await self._send_content(_need(upload, "upload_url"), content)
            check.expect("S-upload", status == HTTPStatus.OK, f"the content was answered with {status}")
            whole = await self._call("files_completeUploadExternal", files=[{"id": file, "title": "rehearsal.png"}])
            check.expect("S-upload", [each["id"] for each in whole["files"]] == [file], "other files came back")
            ready = await self._is_processed(file)
            check.expect("S-processed", ready, "files.info shows no mimetype in time")
            if ready:
                with check.about("S-picture"):
                    await self._post(render.picture(file, props.ALT))

    async def _meet_limit(self, check: Observations) -> None:
        with check.about("S-429"):
            for number in range(1, BURST + 1):
                await self._post(render.message(props.card(f"{number} of {BURST} in a row.")))

    # --- with the operator ---

    async def _command(self, check: Observations) -> None:
        with check.about("S-command"):
            self._say(f"→ Type {render.COMMAND} and then your own mention, this channel, {WORDS_TO_TYPE}")
            payload = await self._next("command")
            text, person = str(payload["text"]), str(payload["user_id"])
            marked = f"<@{person}" in text and f"<#{self._ledger.place}|" in text
            check.expect("S-command", marked, "people and channels don't come as marks")
            check.expect("S-command", all(part in text for part in ESCAPED), "addresses and signs don't come escaped")
            with check.about("S-uses"):
                url = str(payload["response_url"])
                answers = [await self._respond(url, props.card("Only you see this.")) for _ in range(URL_USES)]
                check.expect("S-uses", set(answers) == {""}, "a response_url took fewer than five answers")
                code = await self._respond(url, props.card("One too many."))
                check.expect("S-uses", code == "used_url", f"the sixth answer to a response_url got: {code or 'ok'}")

    async def _press(self, check: Observations) -> None:
        with check.about("S-press"):
            posted = await self._post(render.message(props.press_card()))
            self._say("→ Press “Green” under the message.")
            payload = await self._next("block_actions", props.PRESS.encode())
            self._expect_press(check, "S-press", payload, posted)
            check.expect("S-press", payload["trigger_id"], "the press has no trigger")
            with check.about("S-replace"):
                code = await self._respond(payload["response_url"], props.card(props.CHANGED), replace_original=True)
                check.expect("S-replace", not code, f"an answer in the message's place got: {code}")
            with check.about("S-private"):
                message = render.message(props.card("Only you see this."))
                person = payload["user"]["id"]
                whisper = await self._call("chat_postEphemeral", **self._body(message), user=person)
                with check.refusal("S-private", NOT_FOUND):
                    await self._update(str(whisper["message_ts"]), text=props.CHANGED)

    async def _choose(self, check: Observations) -> None:
        with check.about("S-choose"):
            posted = await self._post(render.message(props.choose_card()))
            self._say("→ Choose “Black” from the list.")
            payload = await self._next("block_actions", props.CHOOSE.encode())
            self._expect_press(check, "S-choose", payload, posted)
            values = values_of(payload["actions"][0])
            check.expect("S-choose", values == (props.OPTIONS[1].value,), "the values aren't those of the options")
            await self._respond(payload["response_url"], props.card("Received."))

    async def _form(self, check: Observations) -> None:
        with check.about("S-form"):
            await self._post(render.message(props.open_card()))
            self._say("→ Press “Open”, type “two  teas” and send the form.")
            opening = await self._next("block_actions", props.OPEN.encode())
            window = view(props.FORM, FormOrigin(props.FORM.action.encode(), self._ledger.place), translator("en"))
            await self._call("views_open", trigger_id=opening["trigger_id"], view=window)
            with check.refusal("S-trigger", "exchanged_trigger_id"):
                await self._call("views_open", trigger_id=opening["trigger_id"], view=window)
            payload = await self._next("view_submission")
            check.expect("S-form", typed(payload["view"]) == ["two  teas"], "the form's answers came changed")

    async def _clean(self, check: Observations) -> None:
        for id_ in tuple(self._ledger.ids):
            with check.about("S-delete"):
                try:
                    if id_.startswith("F"):
                        await self._call("files_delete", file=id_)
                    else:
                        await self._call("chat_delete", channel=self._ledger.place, ts=id_)
                except SlackApiError as error:
                    if error_of(error) not in ALREADY_GONE:
                        raise
                self._ledger.drop(id_)

    # --- helpers ---

    async def _call(self, method: str, **arguments: Any) -> Any:
        """Call a method, and repeat it if it meets a limit. Raises SlackApiError."""
        for attempt in range(1, TRIES + 1):
            began = monotonic()
            try:
                return await getattr(self._web, method)(**arguments)
            except SlackApiError as error:
                if error.response.status_code != HTTPStatus.TOO_MANY_REQUESTS or attempt == TRIES:
                    raise
                retry = error.response.headers.get("Retry-After")
                self._check.limits.append(f"{method}: 429, wait {retry or '?'} s")
                self._check.expect("S-429", retry, "a 429 has no Retry-After")
                await asyncio.sleep(float(retry or PAUSE))
            finally:
                self._check.time(method, monotonic() - began)
        raise AssertionError

    def _body(self, message: render.SlackMessage) -> Json:
        return {"channel": self._ledger.place, "text": message.text, "blocks": message.blocks, **QUIET}

    async def _post(self, message: render.SlackMessage, **more: Any) -> Any:
        """Post in the place, under the step's next name."""
        self._count += 1
        return await self._send(self._ledger.name(self._count), message, **more)

    async def _send(self, name: str, message: render.SlackMessage, **more: Any) -> Any:
        """Send a message whose client_msg_id follows from its name, and note its ts."""
        key = str(uuid.uuid5(uuid.NAMESPACE_URL, name))
        self._ledger.begin(name)
        answer = await self._call("chat_postMessage", **self._body(message), client_msg_id=key, **more)
        self._ledger.add(_need(answer, "ts"))
        return answer

    async def _update(self, ts: str, **content: Any) -> Any:
        return await self._call("chat_update", channel=self._ledger.place, ts=ts, parse="none", **content)

    async def _send_content(self, url: str, content: bytes) -> int:
        began = monotonic()
        async with self._session.post(url, data=content) as response:
            self._check.time("upload", monotonic() - began)
            return response.status

    async def _is_processed(self, file: str) -> bool:
        for pause in LOOKS:
            await asyncio.sleep(pause)
            if (await self._call("files_info", file=file))["file"].get("mimetype"):
                return True
        return False

    async def _respond(self, url: str, reply: Reply, **more: Any) -> str:
        """Answer at a response_url. Return Slack's error code, or ""."""
        message, began = render.message(reply), monotonic()
        body = {"text": message.text, "blocks": message.blocks, "response_type": "ephemeral", **more}
        async with self._session.post(url, json=body) as response:
            self._check.time("response_url", monotonic() - began)
            if response.status == HTTPStatus.OK:
                return ""
            answer = await response.json(content_type=None)
            return str(answer.get("error") or response.status) if isinstance(answer, dict) else str(response.status)

    async def hear(self, socket: Any, request: SocketModeRequest) -> None:
        """Acknowledge a payload, and keep one from the place or from one of its forms."""
        await socket.send_socket_mode_response(SocketModeResponse(envelope_id=request.envelope_id))
        if self._is_here(request.payload):
            self.payloads.put_nowait(request.payload)

    def _is_here(self, payload: Json) -> bool:
        if kind_of(payload) == "view_submission":
            return FormOrigin.decode(payload["view"]["private_metadata"]).channel == self._ledger.place
        channel: Json = payload.get("channel") or {}
        return self._ledger.place in {payload.get("channel_id"), channel.get("id")}

    async def _next(self, kind: str, action: str = "") -> Json:
        """Wait for the operator."""
        while True:
            payload = await self.payloads.get()
            if kind_of(payload) == kind and (not action or payload["actions"][0]["action_id"] == action):
                return payload

    def _expect_press(self, check: Observations, fact: str, payload: Json, posted: Any) -> None:
        check.expect(fact, payload["container"]["message_ts"] == posted["ts"], "the press doesn't name its message")
        check.expect(fact, payload["channel"]["id"] == self._ledger.place, "the press doesn't name its channel")


@asynccontextmanager
async def slack_stage(
    bot_token: str, app_token: str, ledger: Ledger, say: Say, *, base_url: str = API
) -> AsyncIterator[SlackStage]:
    """Connect, and yield the stage of the ledger's place. Raises BotError."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT)) as session:
        web = AsyncWebClient(token=bot_token, base_url=base_url, session=session)
        stage = SlackStage(web, session, ledger, say)
        socket = SocketModeClient(app_token, web_client=AsyncWebClient(base_url=base_url, session=session))
        socket.socket_mode_request_listeners.append(stage.hear)
        try:
            await _check_place(web, ledger.place)
            await socket.connect()  # type: ignore[no-untyped-call]
            yield stage
        except SlackApiError as error:
            raise Refused(f"Slack refuses: {error_of(error)}. docs/slack.md says how to set up a test app.") from None
        except (SlackClientError, aiohttp.ClientError, OSError) as error:
            message = f"Slack can't be reached ({type(error).__name__}). Run the same command again to go on."
            raise Unavailable(message) from None
        finally:
            await socket.close()  # type: ignore[no-untyped-call]


async def _check_place(web: AsyncWebClient, place: str) -> None:
    """Raise NotFound or UsageError if nothing can be rehearsed in the place."""
    try:
        channel: Json = (await web.conversations_info(channel=place))["channel"]
    except SlackApiError as error:
        if error_of(error) != "channel_not_found":
            raise
        raise NotFound(
            "Name the channel by its id, at the end of its details, and type /invite @Parley in it."
        ) from None
    if channel.get("is_im") or channel.get("is_mpim") or channel.get("is_archived"):
        raise UsageError("Name a channel that isn't archived, and no conversation between people.")


def _need(answer: Any, name: str) -> str:
    """Return a field of a response. Raises KeyError without it, where the library's own responses give None."""
    if not answer.get(name):
        raise KeyError(name)
    return str(answer[name])


def _bare(block: Mapping[str, Any]) -> Json:
    """Return a block without the id that Slack gives it."""
    return {key: value for key, value in block.items() if key != "block_id"}
