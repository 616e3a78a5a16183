"""Rules for the bodies that Parley sends to Slack: their keys and types, one class for each method or object.

A body takes only the keys that its class names. The method itself reports an absent key by Slack's name for the error.
The limits of blocks are in `blocks.py`, those of views and messages in `payloads.py`, and the manifest's in
`manifest_rules.py`.

https://docs.slack.dev/reference/methods and /interactivity/handling-user-interaction. Slack ignores an unknown
argument; these rules refuse it, since it is a mistake of its author.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from tests.wire.slack.model import Json


class Body(BaseModel):
    """An object of a request: strict types, no unknown key. An absent key has its default."""

    model_config = ConfigDict(extra="forbid", strict=True)


def _unset(value: bool) -> bool:
    if value:
        raise ValueError("Parley never sets this")
    return value


Id = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9]*$")]
Timestamp = Annotated[str, Field(pattern=r"^[0-9]+\.[0-9]+$")]
Blocks = list[Json]
No = Annotated[bool, AfterValidator(_unset)]
Yes = Literal["1", "true", "0", "false"]
"""A boolean in a form."""


# --- methods ---


class NoArguments(Body):
    pass


class TeamArguments(Body):
    team_id: Id = ""


class UserArguments(Body):
    user: Id = ""
    include_locale: Yes = "0"


class ChannelArguments(Body):
    channel: Id = ""


class DirectArguments(Body):
    """People's ids, separated by commas."""

    users: str = Field(default="", pattern=r"^[A-Z0-9,]+$")


class GroupsArguments(Body):
    include_users: Yes = "0"


class GroupArguments(Body):
    usergroup: Id = ""


class MessageArguments(Body):
    """Arguments of a message. `mrkdwn`, `parse` and `link_names` decide how Slack reads the text. Parley shows no link
    previews."""

    channel: Id = ""
    text: str = ""
    blocks: Blocks = []
    thread_ts: Timestamp = ""
    mrkdwn: bool = True
    parse: Literal["none", "full", "client"] = "none"
    link_names: bool = False
    unfurl_links: No = False
    unfurl_media: No = False


class PostArguments(MessageArguments):
    """Arguments of a post. `client_msg_id` prevents a duplicate; `reply_broadcast` shows a reply in the channel too."""

    reply_broadcast: bool = False
    client_msg_id: str = Field(default="", min_length=1, max_length=255)


class WhisperArguments(MessageArguments):
    user: Id = ""


class UpdateArguments(MessageArguments):
    ts: Timestamp = ""


class DeleteArguments(Body):
    channel: Id = ""
    ts: Timestamp = ""


class ViewArguments(Body):
    """Arguments of a view, whose rules are in `payloads.py`."""

    view: Any = None
    team_id: Id = ""


class OpenViewArguments(ViewArguments):
    trigger_id: str = ""


class UpdateViewArguments(ViewArguments):
    view_id: Id = ""
    external_id: str = ""
    hash: str = ""


class PublishArguments(ViewArguments):
    user_id: Id = ""
    hash: str = ""


class UploadArguments(Body):
    """Arguments of an upload. `length` is in bytes, as text."""

    filename: str = ""
    length: str = Field(default="", pattern=r"^[0-9]+$")
    alt_txt: str = ""


class UploadedFile(Body):
    id: Id
    title: str = ""


class CompleteArguments(Body):
    files: list[UploadedFile] = []
    channel_id: Id = ""


class FileArguments(Body):
    file: Id = ""


class ExchangeArguments(Body):
    """A code of an installation, in exchange for a token."""

    client_id: str
    client_secret: str
    code: str
    redirect_uri: str = Field(default="", pattern=r"^https?://")


class RespondArguments(Body):
    """The body of a request to a response_url."""

    text: str = ""
    blocks: Blocks = []
    response_type: Literal["ephemeral", "in_channel"] = "ephemeral"
    replace_original: bool = False
    delete_original: bool = False
    thread_ts: Timestamp = ""
    unfurl_links: No = False
    unfurl_media: No = False


_METHODS: Mapping[str, type[Body]] = {
    "auth.test": TeamArguments,
    "auth.revoke": NoArguments,
    "apps.connections.open": NoArguments,
    "oauth.v2.access": ExchangeArguments,
    "users.info": UserArguments,
    "conversations.info": ChannelArguments,
    "conversations.open": DirectArguments,
    "usergroups.list": GroupsArguments,
    "usergroups.users.list": GroupArguments,
    "chat.postMessage": PostArguments,
    "chat.postEphemeral": WhisperArguments,
    "chat.update": UpdateArguments,
    "chat.delete": DeleteArguments,
    "views.open": OpenViewArguments,
    "views.push": OpenViewArguments,
    "views.update": UpdateViewArguments,
    "views.publish": PublishArguments,
    "files.getUploadURLExternal": UploadArguments,
    "files.completeUploadExternal": CompleteArguments,
    "files.info": FileArguments,
    "files.delete": FileArguments,
    "respond": RespondArguments,
}


# --- acknowledgements ---


class AckBody(Body):
    """The body of an acknowledgement: an answer to a form, to a type-ahead query or to a command."""

    response_action: Literal["errors", "update", "push", "clear"] = "clear"
    errors: dict[str, str] = {}
    view: Json = {}
    options: Blocks = []
    text: str = ""
    blocks: Blocks = []
    response_type: Literal["ephemeral", "in_channel"] = "ephemeral"


_RULES: Mapping[str, TypeAdapter[Any]] = {method: TypeAdapter(rule) for method, rule in _METHODS.items()}
_ACK: TypeAdapter[Any] = TypeAdapter(AckBody | None)


def problems(method: str, arguments: Json) -> list[str]:
    """Return the problems of a method's arguments, such as `chat.postMessage`'s, each with its place."""
    rule = _RULES.get(method)
    return complaints(rule, arguments) if rule is not None else [f"no rule for the method {method}"]


def ack_problems(payload: Any) -> list[str]:
    return complaints(_ACK, payload)


def complaints(rule: TypeAdapter[Any], body: Any) -> list[str]:
    """Check a body against its rule. Each complaint ends with its place, as Slack's do."""
    try:
        rule.validate_python(body)
    except ValidationError as error:
        return [f"{each['msg']} [json-pointer:/{'/'.join(map(str, each['loc']))}]" for each in error.errors()]
    return []
