"""Alterations of the tests' servers: each changes one behaviour, and names the facts that this breaks."""

from __future__ import annotations

import copy
import html
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from aiohttp import web

from adapters.rehearsal import slack as slack_steps
from tests.wire.discord import DiscordServer, answers, errors, messages, rest
from tests.wire.discord import server as discord_server
from tests.wire.discord.calls import Call as DiscordCall
from tests.wire.discord.errors import ApiError
from tests.wire.discord.interactions import COMMAND, COMPONENT, MODAL
from tests.wire.discord.interactions import Interaction as DiscordInteraction
from tests.wire.discord.model import COMPONENTS_V2, LABEL, Message, walk
from tests.wire.slack import SlackServer, api, blocks, interactions, payloads, uploads, written
from tests.wire.slack.api import Call as SlackCall
from tests.wire.slack.errors import Refused
from tests.wire.slack.interactions import Interaction as SlackInteraction

Patch = pytest.MonkeyPatch
Json = dict[str, Any]
POST, EDIT = "/channels/{channel_id}/messages", "/channels/{channel_id}/messages/{message_id}"


@dataclass(frozen=True)
class Alteration:
    """`alter` changes a server before it starts. The report must then name these facts and no others."""

    name: str
    platform: str
    facts: frozenset[str]
    alter: Callable[[Any, Patch], None]


ALTERATIONS: list[Alteration] = []
"""All alterations, filled in below in the order of the steps."""

Alter = Callable[[Any, Patch], None]


def breaks(*facts: str) -> Callable[[Alter], Alter]:
    """Register the function, under its own name, as an alteration that breaks these facts."""

    def register(alter: Alter) -> Alter:
        platform = "discord" if facts[0].startswith("D-") else "slack"
        ALTERATIONS.append(Alteration(alter.__name__.replace("_", " "), platform, frozenset(facts), alter))
        return alter

    return register


# --- Discord ---


def _answering(patch: Patch, method: str, route: str, change: Callable[[Json], object]) -> None:
    """Change a copy of a route's response."""
    handler = rest.ROUTES[method, route]

    async def answer(call: DiscordCall) -> Any:
        body = copy.deepcopy(await handler(call))
        change(body)
        return body

    patch.setitem(rest.ROUTES, (method, route), answer)


def _asked(patch: Patch, change: Callable[[DiscordCall], None]) -> None:
    """Change a new message's body before the server reads it."""
    handler = rest.ROUTES["POST", POST]

    async def answer(call: DiscordCall) -> Any:
        change(call)
        return await handler(call)

    patch.setitem(rest.ROUTES, ("POST", POST), answer)


def _stripped(patch: Patch, *headers: str) -> None:
    """Send no response with these headers."""
    usual = rest.application

    async def strip(_request: web.Request, response: web.StreamResponse) -> None:
        for header in headers:
            response.headers.popall(header, None)

    def application(server: DiscordServer) -> web.Application:
        app = usual(server)
        app.on_response_prepare.append(strip)
        return app

    patch.setattr(rest, "application", application)


def _delivering(patch: Patch, kind: int, change: Callable[[Json], object]) -> None:
    """Change the events of interactions of this kind."""
    usual = answers.interaction_json

    def event(server: DiscordServer, interaction: DiscordInteraction) -> Json:
        body = copy.deepcopy(usual(server, interaction))
        if body["type"] == kind:
            change(body)
        return body

    patch.setattr(discord_server, "interaction_json", event)


@breaks("D-text")
def discord_trims_whitespace(_server: DiscordServer, patch: Patch) -> None:
    def trim(body: Json) -> None:
        for component in walk(body["components"]):
            if "content" in component:
                component["content"] = " ".join(component["content"].split(" ")).replace("  ", " ")

    _answering(patch, "POST", POST, trim)


@breaks("D-layout")
def discord_forgets_the_flag(_server: DiscordServer, patch: Patch) -> None:
    _answering(patch, "POST", POST, lambda body: body.update(flags=body["flags"] & ~COMPONENTS_V2))


@breaks("D-quiet")
def discord_parses_mentions(_server: DiscordServer, patch: Patch) -> None:
    _answering(patch, "POST", POST, lambda body: body.update(mention_everyone="everyone" in str(body["components"])))


@breaks("D-nonce")
def discord_ignores_the_nonce(_server: DiscordServer, patch: Patch) -> None:
    _asked(patch, lambda call: call.body.pop("enforce_nonce", None))


@breaks("D-upload")
def discord_resolves_no_attachment(_server: DiscordServer, patch: Patch) -> None:
    patch.setattr(messages, "_resolve_media", lambda _component, _attachments: None)


@breaks("D-upload")
def discord_takes_no_files(server: DiscordServer, _patch: Patch) -> None:
    server.upload_max = 1


@breaks("D-edit", "D-gone")
def discord_refuses_edits(server: DiscordServer, _patch: Patch) -> None:
    server.faults.refuse(r"/channels/\d+/messages/\d+$", errors.missing_permissions(), "PATCH", times=99)


@breaks("D-edit")
def discord_tells_no_time_of_an_edit(_server: DiscordServer, patch: Patch) -> None:
    _answering(patch, "PATCH", EDIT, lambda body: body.update(edited_timestamp=None))


@breaks("D-reply")
def discord_drops_the_reference(_server: DiscordServer, patch: Patch) -> None:
    _asked(patch, lambda call: call.body.pop("message_reference", None))


@breaks("D-order")
def discord_delivers_out_of_order(server: DiscordServer, patch: Patch) -> None:
    usual, late = server.tell, list[Message]()

    def tell(what: str, message: Message) -> None:
        if what == "CREATE" and "Number 1" in message.text:
            late.append(message)
            return
        usual(what, message)
        if what == "CREATE" and "Number 3" in message.text:
            usual(what, late.pop())

    patch.setattr(server, "tell", tell)


@breaks("D-gone")
def discord_has_another_code(_server: DiscordServer, patch: Patch) -> None:
    patch.setattr(errors, "unknown_message", lambda: ApiError(404, 10003, "Unknown Channel"))


@breaks("D-long")
def discord_cuts_long_texts(_server: DiscordServer, patch: Patch) -> None:
    def cut(call: DiscordCall) -> None:
        for component in walk(call.body["components"]):
            if "content" in component:
                component["content"] = component["content"][:4000]

    _asked(patch, cut)


@breaks("D-unique")
def discord_takes_an_id_twice(_server: DiscordServer, patch: Patch) -> None:
    def number(call: DiscordCall) -> None:
        for place, component in enumerate(walk(call.body["components"])):
            if component.get("custom_id") == "same":
                component["custom_id"] = f"same{place}"

    _asked(patch, number)


@breaks("D-headers")
def discord_sends_no_headers_of_limits(_server: DiscordServer, patch: Patch) -> None:
    _stripped(patch, "X-RateLimit-Remaining", "X-RateLimit-Limit", "X-RateLimit-Reset", "X-RateLimit-Reset-After")


@breaks("D-429")
def discord_limits_without_a_header(server: DiscordServer, patch: Patch) -> None:
    _stripped(patch, "Retry-After")
    server.faults.storm(r"/channels/\d+/messages$", times=1)


@breaks("D-register")
def discord_registers_another_name(_server: DiscordServer, patch: Patch) -> None:
    def rename(body: list[Json]) -> None:
        for command in body:
            command["name"] = "other"

    _answering(patch, "PUT", "/applications/{application_id}/guilds/{guild_id}/commands", rename)  # type: ignore[arg-type]


@breaks("D-raw")
def discord_writes_names_into_words(_server: DiscordServer, patch: Patch) -> None:
    def name(body: Json) -> None:
        option = body["data"]["options"][0]
        option["value"] = option["value"].replace(f"<@{body['member']['user']['id']}>", "@Ada")

    _delivering(patch, COMMAND, name)


@breaks("D-raw")
def discord_trims_typed_words(_server: DiscordServer, patch: Patch) -> None:
    def trim(body: Json) -> None:
        option = body["data"]["options"][0]
        option["value"] = " ".join(option["value"].split())

    _delivering(patch, COMMAND, trim)


@breaks("D-resolved")
def discord_resolves_no_mention(_server: DiscordServer, patch: Patch) -> None:
    _delivering(patch, COMMAND, lambda body: body["data"].pop("resolved"))


@breaks("D-private")
def discord_answers_in_public(_server: DiscordServer, patch: Patch) -> None:
    patch.setattr(DiscordInteraction, "visibility", lambda _interaction, _data: None)


@breaks("D-press", "D-choose")
def discord_presses_without_a_message(_server: DiscordServer, patch: Patch) -> None:
    _delivering(patch, COMPONENT, lambda body: body.pop("message"))


@breaks("D-update")
def discord_takes_no_update(_server: DiscordServer, patch: Patch) -> None:
    _answering(
        patch, "GET", "/webhooks/{webhook_id}/{webhook_token}/messages/@original", lambda body: body.update(id="1")
    )


@breaks("D-choose")
def discord_sends_labels_for_values(_server: DiscordServer, patch: Patch) -> None:
    def label(body: Json) -> None:
        if "values" in body["data"]:
            body["data"]["values"] = ["Black"]

    _delivering(patch, COMPONENT, label)


@breaks("D-follow-up")
def discord_follows_up_in_public(_server: DiscordServer, patch: Patch) -> None:
    _answering(patch, "POST", "/webhooks/{webhook_id}/{webhook_token}", lambda body: body.update(flags=COMPONENTS_V2))


@breaks("D-form")
def discord_sends_forms_in_rows(_server: DiscordServer, patch: Patch) -> None:
    def row(body: Json) -> None:
        for part in body["data"]["components"]:
            if part["type"] == LABEL:
                part["components"] = [part.pop("component")]
                part["type"] = 1

    _delivering(patch, MODAL, row)


@breaks("D-delete")
def discord_deletes_nothing(server: DiscordServer, _patch: Patch) -> None:
    server.faults.refuse(r"/channels/\d+/messages/\d+$", errors.missing_permissions(), "DELETE", times=99).after = 1


# --- Slack ---

Method = Callable[[SlackServer, SlackCall], Json]


def _method(patch: Patch, name: str, change: Callable[[Method, SlackServer, SlackCall], Json]) -> None:
    """Make a method treat its call differently."""
    usual = api.METHODS[name]
    patch.setitem(api.METHODS, name, lambda server, call: change(usual, server, call))


def _told(patch: Patch, name: str, change: Callable[[Json], object]) -> None:
    """Change a copy of a method's response."""

    def altered(usual: Method, server: SlackServer, call: SlackCall) -> Json:
        body = copy.deepcopy(usual(server, call))
        change(body)
        return body

    _method(patch, name, altered)


def _without(patch: Patch, argument: str) -> None:
    """Ignore an argument of chat.postMessage."""

    def altered(usual: Method, server: SlackServer, call: SlackCall) -> Json:
        call.args.pop(argument, None)
        return usual(server, call)

    _method(patch, "chat.postMessage", altered)


def _payloads(server: SlackServer, patch: Patch, kind: str, change: Callable[[Json], object]) -> None:
    """Change payloads of this kind on their way to the app."""
    usual = server.deliver

    async def deliver(envelope: str, payload: Json, **more: Any) -> Any:
        altered = copy.deepcopy(payload)
        if altered.get("type") == kind:
            change(altered)
        return await usual(envelope, altered, **more)

    patch.setattr(server, "deliver", deliver)


@breaks("S-text", "S-verbatim")
def slack_unescapes_texts(_server: SlackServer, patch: Patch) -> None:
    def unescape(body: Json) -> None:
        body["message"]["text"] = html.unescape(body["message"]["text"])

    _told(patch, "chat.postMessage", unescape)


@breaks("S-blocks")
def slack_trims_blocks(_server: SlackServer, patch: Patch) -> None:
    def trim(body: Json) -> None:
        for part in payloads.parts(body["message"]["blocks"]):
            if isinstance(part.get("text"), str):
                part["text"] = " ".join(part["text"].split())

    _told(patch, "chat.postMessage", trim)


@breaks("S-once")
def slack_ignores_the_name_of_a_post(_server: SlackServer, patch: Patch) -> None:
    _without(patch, "client_msg_id")


@breaks("S-verbatim")
def slack_parses_bare_mentions(_server: SlackServer, patch: Patch) -> None:
    def parse(body: Json) -> None:
        for part in payloads.parts(body["message"]["blocks"]):
            if part.get("type") == "mrkdwn":
                part["text"] = part["text"].replace("@everyone", "<!everyone>")

    _told(patch, "chat.postMessage", parse)


@breaks("S-edit", "S-gone", "S-update-max", "S-private")
def slack_refuses_edits(server: SlackServer, _patch: Patch) -> None:
    server.faults.refuse("chat.update", "cant_update_message", times=99)


@breaks("S-edit-bare")
def slack_keeps_blocks_of_an_edit(_server: SlackServer, patch: Patch) -> None:
    _told(patch, "chat.update", lambda body: body["message"].update(blocks=[{"type": "divider"}]))


@breaks("S-thread")
def slack_posts_outside_the_thread(_server: SlackServer, patch: Patch) -> None:
    _without(patch, "thread_ts")


@breaks("S-order")
def slack_stamps_backwards(server: SlackServer, patch: Patch) -> None:
    stamps = iter(range(999_999, 0, -1))
    patch.setattr(server, "new_stamp", lambda: f"1790000000.{next(stamps):06d}")


@breaks("S-gone", "S-private")
def slack_has_another_code(_server: SlackServer, patch: Patch) -> None:
    def renamed(usual: Method, server: SlackServer, call: SlackCall) -> Json:
        try:
            return usual(server, call)
        except Refused as refused:
            raise Refused(refused.name.replace("message_not_found", "no_such_message")) from None

    _method(patch, "chat.update", renamed)


@breaks("S-blocks-max")
def slack_takes_more_blocks(_server: SlackServer, patch: Patch) -> None:
    def cut(usual: Method, server: SlackServer, call: SlackCall) -> Json:
        call.args["blocks"] = call.args["blocks"][:50]
        return usual(server, call)

    _method(patch, "chat.postMessage", cut)


@breaks("S-update-max")
def slack_takes_long_edits(_server: SlackServer, patch: Patch) -> None:
    def cut(usual: Method, server: SlackServer, call: SlackCall) -> Json:
        call.args["text"] = call.args["text"][:4000]
        return usual(server, call)

    _method(patch, "chat.update", cut)


@breaks("S-length")
def slack_takes_fewer_characters(_server: SlackServer, patch: Patch) -> None:
    patch.setattr(blocks, "too_long", lambda sent: len(str(sent)) > 9000)


@breaks("S-upload")
def slack_wants_another_upload(_server: SlackServer, patch: Patch) -> None:
    async def refuse(_uploads: uploads.Uploads, _request: web.Request) -> web.Response:
        return web.Response(status=415, text="multipart only")

    patch.setattr(uploads.Uploads, "serve", refuse)


@breaks("S-upload")
def slack_names_no_file(_server: SlackServer, patch: Patch) -> None:
    _told(patch, "files.getUploadURLExternal", lambda body: body.update(file={"id": body.pop("file_id")}))


@breaks("S-processed")
def slack_never_processes(server: SlackServer, patch: Patch) -> None:
    server.faults.stall_files = True
    patch.setattr(slack_steps, "LOOKS", (0.01, 0.01))


@breaks("S-picture")
def slack_shows_no_file(_server: SlackServer, patch: Patch) -> None:
    def refuse(usual: Method, server: SlackServer, call: SlackCall) -> Json:
        if "slack_file" in str(call.args.get("blocks")):
            raise Refused("invalid_blocks", messages=["invalid slack file"])
        return usual(server, call)

    _method(patch, "chat.postMessage", refuse)


@breaks("S-429")
def slack_limits_without_a_header(server: SlackServer, patch: Patch) -> None:
    usual = server._note

    def note(call: SlackCall, *more: Any) -> None:
        usual(call, *more)
        call.answer.pop("retry_after", None)

    patch.setattr(server, "_note", note)
    patch.setattr(slack_steps, "PAUSE", 0.01)
    server.faults.storm("chat.postMessage", times=1)


@breaks("S-command")
def slack_does_not_escape(_server: SlackServer, patch: Patch) -> None:
    patch.setattr(written, "as_slack_writes", lambda text, _team, *, labels=False: text)


@breaks("S-command")
def slack_writes_names_for_mentions(_server: SlackServer, patch: Patch) -> None:
    usual = written.as_slack_writes

    def plain(text: str, team: Any, *, labels: bool = False) -> str:
        return usual(text.replace("@", "＠"), team, labels=labels).replace("＠", "@")

    patch.setattr(written, "as_slack_writes", plain)


@breaks("S-uses")
def slack_takes_more_answers(_server: SlackServer, patch: Patch) -> None:
    patch.setattr(interactions, "URL_USES", 99)


@breaks("S-press", "S-choose")
def slack_presses_without_a_message(server: SlackServer, patch: Patch) -> None:
    _payloads(server, patch, "block_actions", lambda payload: payload["container"].update(message_ts="1.1"))


@breaks("S-replace")
def slack_replaces_nothing(_server: SlackServer, patch: Patch) -> None:
    usual = SlackServer._deliver_response

    def deliver(server: SlackServer, call: SlackCall, source: SlackInteraction | None) -> None:
        if call.args.get("replace_original"):
            raise Refused("cannot_replace")
        usual(server, call, source)

    patch.setattr(SlackServer, "_deliver_response", deliver)


@breaks("S-private")
def slack_whispers_aloud(_server: SlackServer, patch: Patch) -> None:
    def aloud(_usual: Method, server: SlackServer, call: SlackCall) -> Json:
        return {"message_ts": api.METHODS["chat.postMessage"](server, call)["ts"]}

    _method(patch, "chat.postEphemeral", aloud)


@breaks("S-choose")
def slack_sends_labels_for_values(server: SlackServer, patch: Patch) -> None:
    def label(payload: Json) -> None:
        option = payload["actions"][0].get("selected_option") or {}
        option["value"] = "Black"

    _payloads(server, patch, "block_actions", label)


@breaks("S-form")
def slack_trims_answers(server: SlackServer, patch: Patch) -> None:
    def trim(payload: Json) -> None:
        for elements in payload["view"]["state"]["values"].values():
            for element in elements.values():
                element["value"] = " ".join(element["value"].split())

    _payloads(server, patch, "view_submission", trim)


@breaks("S-trigger")
def slack_takes_a_trigger_twice(_server: SlackServer, patch: Patch) -> None:
    patch.setattr(SlackInteraction, "exchange", lambda _interaction, _now: None)


@breaks("S-delete")
def slack_deletes_nothing(_server: SlackServer, patch: Patch) -> None:
    def refuse(usual: Method, server: SlackServer, call: SlackCall) -> Json:
        if call.team.channels[call.args["channel"]].find(call.args["ts"]) in server.main.messages[:3]:
            raise Refused("cant_delete_message")
        return usual(server, call)

    _method(patch, "chat.delete", refuse)
