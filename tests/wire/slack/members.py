"""The people of a workspace: their actions in Slack's client, and what they see."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.waits import PATIENCE
from tests.wire.slack import blocks as kit
from tests.wire.slack import payloads, reading, written
from tests.wire.slack.errors import Refused
from tests.wire.slack.interactions import Ack, Interaction
from tests.wire.slack.model import APP, Channel, Json, Message, Team, User, View
from tests.wire.slack.reading import CannotDo

if TYPE_CHECKING:
    from tests.wire.slack.server import SlackServer

Filled = Mapping[str, str | int | Sequence[str]]
"""Typed or picked answers, by the input's label or id. Options are named by their labels."""
LETTERS_MIN = 3
"""Slack's own default of `min_query_length`."""


@dataclass(slots=True, eq=False)
class Submission:
    """The app's answer to a form: its errors by the inputs' labels, and whether the form is closed."""

    view: View
    ack: Ack
    errors: dict[str, str] = field(default_factory=dict)
    closed: bool = False
    interaction: Interaction | None = None


class Member:
    """A person who looks at one channel at a time."""

    def __init__(self, server: SlackServer, team: Team, user: User, channel: Channel | None) -> None:
        self.server = server
        self.team = team
        self.user = user
        self._channel = channel

    @property
    def id(self) -> str:
        return self.user.id

    @property
    def channel(self) -> Channel:
        if self._channel is None:
            raise CannotDo(f"{self.user.name} looks at no channel")
        return self._channel

    def at(self, channel: Channel) -> Member:
        """Return the same person in another channel."""
        return Member(self.server, self.team, self.user, channel)

    def at_direct(self) -> Member:
        """Return the same person in the conversation with the bot."""
        return self.at(self.team.direct(self.user.id))

    # --- seeing ---

    def sees(self) -> list[Message]:
        """Return the channel's messages for this person: public and private ones."""
        if self.user.id not in self.channel.members:
            raise CannotDo(f"{self.user.name} is not in {self.channel.name}")
        return [one for one in self.channel.messages if one.only_for in {"", self.user.id} and not one.deleted]

    def whispers(self) -> list[Message]:
        """Return the messages for this person only."""
        return [message for message in self.sees() if message.only_for]

    @property
    def text(self) -> str:
        """Return all that this person reads in the channel."""
        return "\n".join(reading.words(message.blocks) or message.text for message in self.sees())

    def newest(self, label: str) -> Message:
        """Return the newest message with this control."""
        for message in reversed(self.sees()):
            if any(label in {reading.label(one), *reading.names(one)} for one in kit.elements(message.blocks)):
                return message
        raise CannotDo(f"no message shows {label!r}; there is:\n{self.text}")

    @property
    def view(self) -> View | None:
        """The topmost modal."""
        open_now = self.server.stack(self.team, self.user.id)
        return open_now[-1] if open_now else None

    @property
    def home(self) -> View | None:
        return self.team.homes.get(self.user.id)

    async def until_told(self, words: str) -> Message:
        """Wait for a message with these words that this person sees."""

        def matches() -> list[Message]:
            return [one for one in self.sees() if words in (reading.words(one.blocks) or one.text)]

        await self.server.until(lambda: bool(matches()), patience=PATIENCE)
        return matches()[-1]

    # --- acting ---

    async def write(self, words: str, thread: str = "") -> Message:
        """Write a message in the channel or to the app, and wait until the app has acknowledged it."""
        if self.user.id not in self.channel.members:
            raise CannotDo(f"{self.user.name} is not in {self.channel.name}")
        written.check_writable(self.server, self.channel)
        message = written.keep(self.server, self.channel, self.user.id, words, thread)
        await written.tell(self.server, self.team, message)
        return message

    async def command(self, line: str) -> Interaction:
        """Type a command such as `/parley fact tea`, and wait for its answer."""
        return await self._answered(self.start_command(line))

    async def start_command(self, line: str) -> Interaction:
        """Type a command, and only wait for the acknowledgement."""
        name, _, text = line.partition(" ")
        interaction = self.server.interaction("slash_commands", self, self.channel)
        interaction.payload = {
            "token": "verification",
            "team_id": self.team.id,
            "team_domain": self.team.name.lower().replace(" ", "-"),
            "channel_id": self.channel.id,
            "channel_name": self.channel.payload_name,
            "user_id": self.user.id,
            "user_name": self.user.name.lower(),
            "command": name,
            "text": written.as_slack_writes(text.strip(), self.team, labels=True),
            "api_app_id": APP,
            "is_enterprise_install": "false",
            "response_url": interaction.response_url,
            "trigger_id": interaction.trigger,
        }
        return await self._send(interaction)

    async def press(self, message: Message | View, label: str) -> Interaction:
        """Press a button, and wait for its answer."""
        return await self._answered(self.start_press(message, label))

    async def start_press(self, message: Message | View, label: str) -> Interaction:
        block, button = reading.find(_blocks(message), label, "button")
        extra: Json = {name: button[name] for name in ("value", "url", "style") if name in button}
        return await self.act(message, block, {"type": "button", "text": button["text"], **extra}, button)

    async def select(self, message: Message | View, label: str, *options: str) -> Interaction:
        """Pick the options with these names, and wait for the answer."""
        return await self._answered(self.start_select(message, label, *options))

    async def start_select(self, message: Message | View, label: str, *options: str) -> Interaction:
        block, select = reading.find(_blocks(message), label, "_select")
        picked = _picked(select, options)
        chosen = {"selected_options": picked} if select["type"].startswith("multi_") else {"selected_option": picked[0]}
        return await self.act(message, block, {"type": select["type"], **chosen}, select)

    async def act(self, place: Message | View, block: Json, action: Json, element: Json) -> Interaction:
        """Use a control in any way, as the client reports it: `block_actions`. S-press"""
        used = {"action_id": element.get("action_id", ""), "block_id": block["block_id"], "action_ts": "1.1", **action}
        if isinstance(place, Message):
            if place.deleted or place.only_for not in {"", self.user.id}:
                raise CannotDo(f"{self.user.name} does not see this message")
            interaction = self.server.interaction("interactive", self, place.channel, origin=place)
        else:
            interaction = self.server.interaction("interactive", self, None, root=place)
        interaction.payload = {
            **self.shared("block_actions", interaction),
            **_place(place, self.team.id),
            "actions": [used],
        }
        return await self._send(interaction)

    async def suggest(self, place: Message | View, label: str, query: str) -> list[str]:
        """Return a type-ahead select's options for these letters; none if Slack wouldn't accept the app's answer.

        Slack asks once the member has typed as many letters as the select says, three by default.
        """
        block, select = reading.find(_blocks(place), label, "external_select")
        if len(query) < select.get("min_query_length", LETTERS_MIN):
            return []
        interaction = self.server.interaction(
            "interactive", self, place.channel if isinstance(place, Message) else None
        )
        interaction.payload = {
            **self.shared("block_suggestion", interaction),
            **_place(place, self.team.id),
            "action_id": select["action_id"],
            "block_id": block["block_id"],
            "value": query,
        }
        await self._send(interaction)
        if interaction.ack is None or not interaction.ack.ok:
            return []
        offered, problems = kit.suggestions(interaction.ack.payload)
        for problem in problems:
            self.server.violated("block_suggestion", "invalid_options", problem)
        if problems:
            return []
        select["suggested"] = offered
        return [str(option["text"]["text"]) for option in offered]

    async def shortcut(self, callback_id: str) -> Interaction:
        """Use a global shortcut from the composer."""
        interaction = self.server.interaction("interactive", self, None)
        interaction.payload = {**self.shared("shortcut", interaction), "callback_id": callback_id}
        return await self._answered(self._send(interaction))

    async def message_shortcut(self, callback_id: str, message: Message) -> Interaction:
        """Use a shortcut from a message's menu."""
        interaction = self.server.interaction("interactive", self, message.channel)
        interaction.payload = {
            **self.shared("message_action", interaction),
            "callback_id": callback_id,
            "channel": {"id": message.channel.id, "name": message.channel.payload_name},
            "message": message.json(),
            "message_ts": message.ts,
            "response_url": interaction.response_url,
        }
        return await self._answered(self._send(interaction))

    async def submit(self, view: View, filled: Filled | None = None) -> Submission:
        """Fill in a form and send it. Other fields keep the app's values.

        Slack doesn't document whether it escapes here as it does elsewhere, so this is the stricter way. S-form
        """
        if self.view is not view:
            raise CannotDo("this form is not on top")
        answers = await self._type_in_lists(view, _by_field(view, filled or {}))
        values = {
            block["block_id"]: _input(block, answers) for block in view.content["blocks"] if block["type"] == "input"
        }
        for element in (each for elements in values.values() for each in elements.values()):
            if element.get("value"):
                element["value"] = written.as_slack_writes(element["value"], self.team)
        self._check_filters(view, values)
        if answers:
            raise CannotDo(f"the form has no {', '.join(answers)}")
        interaction = self.server.interaction("interactive", self, None, root=view)
        filled_view = {**view.json(self.team.id), "state": {"values": values}}
        interaction.payload = {
            **self.shared("view_submission", interaction),
            "view": filled_view,
            "response_urls": self._answerable(view, values),
        }
        await self._send(interaction)
        submission = self._close_or_mend(view, interaction.ack or Ack(0))
        submission.interaction = interaction
        return submission

    async def _type_in_lists(self, view: View, answers: dict[str, Any]) -> dict[str, Any]:
        """Pick a list's first suggestion for the typed text. Raises CannotDo without one."""
        picked = dict(answers)
        for block in view.content["blocks"]:
            label, kind = block.get("label", {}).get("text"), block.get("element", {}).get("type")
            if kind == "external_select" and label in answers:
                offered = await self.suggest(view, block["block_id"], str(answers[label]))
                if not offered or not offered[0].casefold().startswith(str(answers[label]).casefold()):
                    raise CannotDo(f"{label} suggests {offered} for {answers[label]!r}")
                picked[label] = offered[0]
        return picked

    def _check_filters(self, view: View, values: Json) -> None:
        """Raise CannotDo if a picked conversation is of a kind that its menu excludes."""
        for block in view.content["blocks"]:
            element = block.get("element") or {}
            kinds = (element.get("filter") or {}).get("include")
            if element.get("type") != "conversations_select" or not kinds:
                continue
            picked = self.team.channels.get(values[block["block_id"]][element["action_id"]]["selected_conversation"])
            if picked is not None and picked.kind not in kinds:
                raise CannotDo(f"{block['label']['text']} doesn't offer a conversation of the kind {picked.kind}")

    def _answerable(self, view: View, values: Json) -> list[Json]:
        """Return the response_urls of a form whose conversation menu asks for them."""
        urls: list[Json] = []
        for block in view.content["blocks"]:
            element = block.get("element") or {}
            if not element.get("response_url_enabled"):
                continue
            picked = values[block["block_id"]][element["action_id"]]["selected_conversation"]
            channel = self.team.channels.get(picked)
            if channel is not None and (channel.public or self.id in channel.members):
                interaction = self.server.interaction("interactive", self, channel)
                names = {"block_id": block["block_id"], "action_id": element["action_id"]}
                urls.append({**names, "channel_id": picked, "response_url": interaction.response_url})
        return urls

    async def close(self, view: View) -> None:
        """Close the topmost form."""
        self.team.views.pop(view.id, None)
        if view.content.get("notify_on_close"):
            interaction = self.server.interaction("interactive", self, None, root=view)
            interaction.payload = {
                **self.shared("view_closed", interaction),
                "view": view.json(self.team.id),
                "is_cleared": False,
            }
            await self._send(interaction)

    async def open_home(self) -> View:
        """Open the app's Home tab, and wait until the app has published it."""
        before = self.home.hash if self.home else ""
        event = {
            "type": "app_home_opened",
            "user": self.user.id,
            "tab": "home",
            "channel": self.team.direct(self.id).id,
        }
        current: Json = {"view": self.home.json(self.team.id)} if self.home else {}
        await self.server.event(self.team, {**event, **current})
        await self.server.until(lambda: self.home is not None and self.home.hash != before, patience=PATIENCE)
        if self.home is None:
            raise CannotDo("nothing was published")
        return self.home

    # --- helpers ---

    async def _send(self, interaction: Interaction) -> Interaction:
        interaction.ack = await self.server.deliver(interaction.kind, interaction.payload)
        if (
            interaction.kind == "slash_commands"
            and interaction.ack.ok
            and interaction.ack.payload
            and interaction.channel is not None
        ):
            answer = interaction.ack.payload
            public = answer.get("response_type") == "in_channel"
            message = self.server.keep(
                interaction.channel, answer, answer.get("blocks") or [], only_for="" if public else self.user.id
            )
            interaction.messages.append(message)
            interaction.happened.set()
        return interaction

    async def _answered(self, coming: Any) -> Interaction:
        """Wait for a message or a form. Raises TimeoutError without one, CannotDo if Slack reports a failure."""
        interaction: Interaction = await coming
        if interaction.ack is None or not interaction.ack.ok:
            raise CannotDo(f"Slack says that the app did not respond: {interaction.ack}")
        await asyncio.wait_for(interaction.happened.wait(), PATIENCE)
        return interaction

    def shared(self, kind: str, interaction: Interaction) -> Json:
        """Return the fields of all this member's payloads."""
        person = {
            "id": self.user.id,
            "username": self.user.name.lower(),
            "name": self.user.name,
            "team_id": self.team.id,
        }
        place: Json = {"response_url": interaction.response_url} if interaction.origin else {}
        return {
            "type": kind,
            "token": "verification",
            "api_app_id": APP,
            "team": {"id": self.team.id, "domain": self.team.name.lower().replace(" ", "-")},
            "enterprise": None,
            "is_enterprise_install": False,
            "user": person,
            "trigger_id": interaction.trigger,
            **place,
        }

    def _close_or_mend(self, view: View, ack: Ack) -> Submission:
        """Close, replace or keep the form, as Slack does after the app's answer to it."""
        done = Submission(view, ack)
        answer = ack.payload or {}
        match answer.get("response_action"):
            case None:
                done.closed = ack.ok
                if ack.ok:
                    self.team.views.pop(view.id, None)
            case "clear":
                done.closed = True
                self.server.close_views(self.team, self.user.id)
            case "errors":
                done.errors = self._errors(view, answer.get("errors") or {})
            case "update":
                self._replaced(answer, lambda content: self.server.change_view(view, content))
            case "push":
                self._replaced(answer, lambda content: self.server.open_view(self.team, self.id, content, below=view))
            case other:
                self.server.violated("view_submission", "invalid_response_action", str(other))
        return done

    def _errors(self, view: View, errors: Json) -> dict[str, str]:
        """Return the errors by label. Slack refuses errors that don't belong to an input."""
        labels = {
            block["block_id"]: block["label"]["text"] for block in view.content["blocks"] if block["type"] == "input"
        }
        for name in errors.keys() - labels.keys():
            self.server.violated("view_submission", "invalid_errors", f"no input has the block_id {name}")
        if not errors or not all(isinstance(text, str) and text.strip() for text in errors.values()):
            self.server.violated("view_submission", "invalid_errors", "an error without words")
        return {labels[name]: str(text) for name, text in errors.items() if name in labels}

    def _replaced(self, answer: Json, put: Any) -> None:
        try:
            put(payloads.view(answer.get("view"), kit.no_file))
        except Refused as refused:
            self.server.violated("view_submission", refused.name, "; ".join(refused.messages))


def _blocks(place: Message | View) -> list[Json]:
    return place.blocks if isinstance(place, Message) else list(place.content["blocks"])


def _place(place: Message | View, team: str) -> Json:
    if isinstance(place, View):
        return {"container": {"type": "view", "view_id": place.id}, "view": place.json(team)}
    thread: Json = {"thread_ts": place.thread_ts} if place.thread_ts else {}
    container = {
        "type": "message",
        "message_ts": place.ts,
        "channel_id": place.channel.id,
        "is_ephemeral": bool(place.only_for),
        **thread,
    }
    channel = {"id": place.channel.id, "name": place.channel.payload_name}
    return {"container": container, "channel": channel, **({} if place.only_for else {"message": place.json()})}


def _picked(select: Json, labels: Sequence[str]) -> list[Json]:
    """Return the picked options. Raises CannotDo for one that isn't offered, and for too many. S-choose"""
    offered = {
        str(option["text"]["text"]): option for option in [*reading.offered(select), *select.get("suggested", ())]
    }
    missing = [name for name in labels if name not in offered]
    if missing or not labels or len(labels) > select.get("max_selected_items", len(offered)):
        raise CannotDo(f"can't pick {', '.join(labels)} of {', '.join(offered)}")
    return [{key: value for key, value in offered[name].items() if key != "description"} for name in labels]


def _by_field(view: View, filled: Filled) -> dict[str, Any]:
    """Put each line of `The options` into its own field, as the form asks. Raises CannotDo for more than it has."""
    answers = dict(filled)
    labels = [block["label"]["text"] for block in view.content["blocks"] if block["type"] == "input"]
    fields = [label for label in labels if label.startswith("Option ")]
    if fields and "The options" in answers:
        lines = str(answers.pop("The options")).split("\n")
        if len(lines) > len(fields):
            raise CannotDo(f"the form has {len(fields)} fields for {len(lines)} options")
        answers |= dict(zip(fields, lines, strict=False))
    return answers


def _input(block: Json, answers: dict[str, Any]) -> Json:
    """Return an input's part of `state.values`, and take its answer out of `answers`. A conversation is picked by its
    id."""
    element = block["element"]
    names = (block["label"]["text"], block["block_id"], element.get("action_id"))
    answer = next((answers.pop(name) for name in names if name in answers), None)
    if element["type"] == "conversations_select":
        value: Json = {"selected_conversation": answer or element.get("initial_conversation")}
    elif element["type"] == "datetimepicker":
        value = {"selected_date_time": answer or element.get("initial_date_time")}
    elif "input" in element["type"]:
        value = _text_value(block, element, answer)
    else:
        value = _chosen(block, element, answer)
    return {element["action_id"]: {"type": element["type"], **value}}


def _text_value(block: Json, element: Json, text: Any) -> Json:
    value = element.get("initial_value") if text is None else text
    length = len(value or "")
    if not block.get("optional") and not length:
        raise CannotDo(f"{block['label']['text']} is required")
    if length > element.get("max_length", 3000) or (length and length < element.get("min_length", 0)):
        raise CannotDo(f"{block['label']['text']} does not take {length} characters")
    return {"value": value or None}


def _chosen(block: Json, element: Json, labels: Any) -> Json:
    several = element["type"].startswith("multi_") or element["type"] == "checkboxes"
    chosen = list(element.get("initial_options", ())) or [*filter(None, [element.get("initial_option")])]
    if labels is not None:
        chosen = _picked(element, [labels] if isinstance(labels, str) else labels) if labels else []
    if not block.get("optional") and not chosen:
        raise CannotDo(f"{block['label']['text']} is required")
    return {"selected_options": chosen} if several else {"selected_option": chosen[0] if chosen else None}
