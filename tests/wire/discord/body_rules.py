"""Rules for the bodies that Parley sends to Discord: their keys, types and limits, one class for each object.

An object takes only the keys that its class names. A key with a default may be absent; only a key whose type includes
None may be null. `limits.py` has the rules about a whole body, such as 40 components in all.

https://discord.com/developers/docs/resources/message, /components/reference, /interactions/receiving-and-responding and
/interactions/application-commands, as of 2026-08-06. `validation.py` also checks the bodies against Discord's OpenAPI
file if the machine has it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from tests.wire.discord.model import COMPONENTS_V2, EPHEMERAL


class Body(BaseModel):
    """An object of a request: strict types, no unknown key."""

    model_config = ConfigDict(extra="forbid", strict=True)


def _known_flags(flags: int) -> int:
    if flags & ~(EPHEMERAL | COMPONENTS_V2):
        raise ValueError("Parley sets no flag but EPHEMERAL and IS_COMPONENTS_V2")
    return flags


def _unset(value: bool) -> bool:
    if value:
        raise ValueError("Parley never sets this")
    return value


Snowflake = Annotated[str, Field(pattern=r"^[0-9]{1,20}$")] | Annotated[int, Field(ge=0, lt=2**64)]
CustomId = Annotated[str, Field(min_length=1, max_length=100)]
ComponentId = Annotated[int, Field(ge=0, lt=2**31)]
Flags = Annotated[int, AfterValidator(_known_flags)]
No = Annotated[bool, AfterValidator(_unset)]
Description = Annotated[str, Field(min_length=1, max_length=100)]


# --- components ---


class EmojiBody(Body):
    """A Unicode emoji, which has only a name."""

    id: Snowflake | None = None
    name: str = Field(default="", min_length=1, max_length=32)
    animated: bool = False


class ButtonBody(Body):
    type: Literal[2]
    id: ComponentId = 0
    style: int = Field(ge=1, le=5)
    label: str = Field(default="", min_length=1, max_length=80)
    custom_id: CustomId = ""
    url: str = Field(default="", min_length=1, max_length=512)
    emoji: EmojiBody = EmojiBody()
    disabled: bool = False


class ChosenBody(Body):
    """An option of a select."""

    label: str = Field(min_length=1, max_length=100)
    value: str = Field(min_length=1, max_length=100)
    description: str = Field(default="", min_length=1, max_length=100)
    emoji: EmojiBody = EmojiBody()
    default: bool = False


class SelectBody(Body):
    type: Literal[3]
    id: ComponentId = 0
    custom_id: CustomId
    options: list[ChosenBody] = Field(min_length=1, max_length=25)
    placeholder: str = Field(default="", max_length=150)
    min_values: int = Field(default=1, ge=0, le=25)
    max_values: int = Field(default=1, ge=1, le=25)
    disabled: bool = False
    required: bool = True


class GroupOptionBody(Body):
    """An option of radio buttons or of check boxes."""

    label: str = Field(min_length=1, max_length=100)
    value: str = Field(min_length=1, max_length=100)
    description: str = Field(default="", min_length=1, max_length=100)
    default: bool = False


class RadioGroupBody(Body):
    type: Literal[21]
    id: ComponentId = 0
    custom_id: CustomId
    options: list[GroupOptionBody] = Field(min_length=2, max_length=10)
    required: bool = True


class CheckboxGroupBody(Body):
    type: Literal[22]
    id: ComponentId = 0
    custom_id: CustomId
    options: list[GroupOptionBody] = Field(min_length=1, max_length=10)
    min_values: int = Field(default=1, ge=0, le=10)
    max_values: int = Field(default=1, ge=1, le=10)
    required: bool = True


class RowBody(Body):
    type: Literal[1]
    id: ComponentId = 0
    components: list[Annotated[ButtonBody | SelectBody, Field(discriminator="type")]] = Field(
        min_length=1, max_length=5
    )


class TextDisplayBody(Body):
    type: Literal[10]
    id: ComponentId = 0
    content: str = Field(min_length=1, max_length=4000)


class MediaBody(Body):
    url: str = Field(min_length=1, max_length=2048)


class ThumbnailBody(Body):
    type: Literal[11]
    id: ComponentId = 0
    media: MediaBody
    description: str | None = Field(default=None, max_length=1024)
    spoiler: bool = False


class PictureBody(Body):
    """An item of a media gallery, with its alternative text."""

    media: MediaBody
    description: str | None = Field(default=None, max_length=1024)
    spoiler: bool = False


class GalleryBody(Body):
    type: Literal[12]
    id: ComponentId = 0
    items: list[PictureBody] = Field(min_length=1, max_length=10)


class FileBody(Body):
    type: Literal[13]
    id: ComponentId = 0
    file: MediaBody
    spoiler: bool = False


class SeparatorBody(Body):
    type: Literal[14]
    id: ComponentId = 0
    divider: bool = True
    spacing: int = Field(default=1, ge=1, le=2)


class SectionBody(Body):
    type: Literal[9]
    id: ComponentId = 0
    components: list[TextDisplayBody] = Field(min_length=1, max_length=3)
    accessory: Annotated[ButtonBody | ThumbnailBody, Field(discriminator="type")]


Inner = Annotated[
    RowBody | SectionBody | TextDisplayBody | GalleryBody | FileBody | SeparatorBody, Field(discriminator="type")
]


class ContainerBody(Body):
    type: Literal[17]
    id: ComponentId = 0
    accent_color: int | None = Field(default=None, ge=0, le=0xFFFFFF)
    components: list[Inner] = Field(min_length=1, max_length=40)
    spoiler: bool = False


Outer = Annotated[
    RowBody | SectionBody | TextDisplayBody | GalleryBody | FileBody | SeparatorBody | ContainerBody,
    Field(discriminator="type"),
]


# --- messages ---


class MentionsBody(Body):
    """The allowed mentions of a message: Parley pings nobody."""

    parse: list[str] = Field(max_length=0)
    replied_user: No = False


class PostMentionsBody(MentionsBody):
    """The allowed mentions of a new message, which may ping one role; an edited message may not."""

    roles: list[Snowflake] = Field(default=[], max_length=1)


class AttachmentBody(Body):
    """A file of a message: its `id` is a number if it is uploaded now, or the id of a file that the message has."""

    id: Snowflake
    filename: str = Field(default="", min_length=1, max_length=1024)
    description: str | None = Field(default=None, max_length=1024)


class MessageBody(Body):
    content: str | None = Field(default=None, max_length=2000)
    flags: Flags = 0
    components: list[Outer] = Field(default=[], max_length=40)
    attachments: list[AttachmentBody] = Field(default=[], max_length=10)
    allowed_mentions: MentionsBody = MentionsBody(parse=[])
    tts: No = False


class ReferenceBody(Body):
    """The message that a new one replies to. Discord must post the reply even if that message is gone."""

    type: Literal[0] = 0
    message_id: Snowflake
    channel_id: Snowflake | None = None
    guild_id: Snowflake | None = None
    fail_if_not_exists: Literal[False]


class NewMessageBody(MessageBody):
    allowed_mentions: PostMentionsBody = PostMentionsBody(parse=[])


class PostBody(NewMessageBody):
    """A message in a channel. Its nonce prevents a duplicate."""

    message_reference: ReferenceBody | None = None

    nonce: Annotated[str, Field(min_length=1, max_length=25)] | Annotated[int, Field(ge=0, lt=2**63)] = 0
    enforce_nonce: bool = False


class ForumPostBody(Body):
    """A forum's post, which begins with a message, has a title, and is archived after a while."""

    name: str = Field(min_length=1, max_length=100)
    auto_archive_duration: Literal[60, 1440, 4320, 10080] | None = None
    rate_limit_per_user: Annotated[int, Field(ge=0, le=21600)] | None = None
    message: NewMessageBody


class ThreadBody(Body):
    """A change of a thread. Parley only opens and archives threads."""

    archived: bool = False
    locked: bool = False


class EmojiUploadBody(Body):
    name: str = Field(pattern=r"^[A-Za-z0-9_]{2,32}$")
    image: str = Field(pattern=r"^data:image/(png|jpeg|gif|webp|avif);base64,[A-Za-z0-9+/]+=*$")


class DirectBody(Body):
    recipient_id: Snowflake


# --- first answers to interactions ---


class ShowBody(Body):
    type: Literal[4]
    data: MessageBody


class VisibilityBody(Body):
    flags: Flags = 0


class DeferBody(Body):
    type: Literal[5]
    data: VisibilityBody = VisibilityBody()


class DeferUpdateBody(Body):
    type: Literal[6]
    data: VisibilityBody = VisibilityBody()


class UpdateBody(Body):
    type: Literal[7]
    data: MessageBody


class SuggestionBody(Body):
    name: str = Field(min_length=1, max_length=100)
    value: Annotated[str, Field(min_length=1, max_length=100)] | int


class SuggestionsBody(Body):
    choices: list[SuggestionBody] = Field(max_length=25)


class SuggestBody(Body):
    type: Literal[8]
    data: SuggestionsBody


class TextInputBody(Body):
    type: Literal[4]
    id: ComponentId = 0
    custom_id: CustomId
    style: int = Field(ge=1, le=2)
    label: None = None
    """None, since the label is the component around it."""
    min_length: int = Field(default=0, ge=0, le=4000)
    max_length: int = Field(default=4000, ge=1, le=4000)
    required: bool = True
    value: str = Field(default="", max_length=4000)
    placeholder: str = Field(default="", max_length=100)


class ChannelSelectBody(Body):
    type: Literal[8]
    id: ComponentId = 0
    custom_id: CustomId
    channel_types: list[int] = []
    placeholder: str = Field(default="", max_length=150)
    min_values: Literal[1] = 1
    max_values: Literal[1] = 1
    required: bool = True
    disabled: No = False


class LabelBody(Body):
    type: Literal[18]
    id: ComponentId = 0
    label: str = Field(min_length=1, max_length=45)
    description: str = Field(default="", max_length=100)
    component: Annotated[
        TextInputBody | SelectBody | ChannelSelectBody | RadioGroupBody | CheckboxGroupBody, Field(discriminator="type")
    ]


class ModalBody(Body):
    custom_id: CustomId
    title: str = Field(min_length=1, max_length=45)
    components: list[Annotated[LabelBody | TextDisplayBody, Field(discriminator="type")]] = Field(
        min_length=1, max_length=5
    )


class OpenBody(Body):
    type: Literal[9]
    data: ModalBody


Answer = Annotated[
    ShowBody | DeferBody | DeferUpdateBody | UpdateBody | SuggestBody | OpenBody, Field(discriminator="type")
]


# --- commands ---


class ChoiceBody(Body):
    name: str = Field(min_length=1, max_length=100)
    value: Annotated[str, Field(min_length=1, max_length=100)] | int


class ParameterBody(Body):
    """An option that takes a value: text 3, whole number 4, yes or no 5, person 6, channel 7, role 8."""

    type: Literal[3, 4, 5, 6, 7, 8]
    name: str = Field(min_length=1, max_length=32)
    description: Description
    required: bool = False
    choices: list[ChoiceBody] = Field(default=[], max_length=25)
    autocomplete: bool = False
    min_value: int = 0
    max_value: int = 0
    min_length: int = Field(default=0, ge=0, le=6000)
    max_length: int = Field(default=6000, ge=1, le=6000)
    channel_types: list[Annotated[int, Field(ge=0, le=16)]] = []


class SubcommandBody(Body):
    type: Literal[1]
    name: str = Field(min_length=1, max_length=32)
    description: Description
    options: list[ParameterBody] = Field(default=[], max_length=25)


class GroupBody(Body):
    type: Literal[2]
    name: str = Field(min_length=1, max_length=32)
    description: Description
    options: list[SubcommandBody] = Field(min_length=1, max_length=25)


class DeclaredBody(Body):
    """The fields of all commands: the places that offer them, and the permissions that they need by default.

    discord.py's tree still sends `dm_permission`, which `contexts` replaced.
    """

    name: str = Field(min_length=1, max_length=32)
    contexts: list[Annotated[int, Field(ge=0, le=2)]] = Field(min_length=1, max_length=3)
    integration_types: list[Annotated[int, Field(ge=0, le=1)]] = Field(min_length=1, max_length=2)
    default_member_permissions: Annotated[str, Field(pattern=r"^(0|[1-9][0-9]{0,18})$")] | None = None
    """A string, as in all of Discord's responses: https://discord.com/developers/docs/topics/permissions."""
    nsfw: No = False
    dm_permission: bool = True


class SlashBody(DeclaredBody):
    type: Literal[1]
    description: Description
    options: list[Annotated[ParameterBody | SubcommandBody | GroupBody, Field(discriminator="type")]] = Field(
        default=[], max_length=25
    )


class MenuBody(DeclaredBody):
    """An entry in the menu of a message."""

    type: Literal[3]


Commands = list[Annotated[SlashBody | MenuBody, Field(discriminator="type")]]


_WEBHOOK = "/webhooks/{webhook_id}/{webhook_token}"
_RULES: Mapping[str, Any] = {
    "PUT /applications/{application_id}/commands": Commands,
    "PUT /applications/{application_id}/guilds/{guild_id}/commands": Commands,
    "POST /applications/{application_id}/emojis": EmojiUploadBody,
    "POST /channels/{channel_id}/messages": PostBody,
    "PATCH /channels/{channel_id}/messages/{message_id}": MessageBody,
    "POST /channels/{channel_id}/threads": ForumPostBody,
    "PATCH /channels/{channel_id}": ThreadBody,
    "POST /users/@me/channels": DirectBody,
    "POST /interactions/{interaction_id}/{interaction_token}/callback": Answer,
    f"POST {_WEBHOOK}": MessageBody,
    f"PATCH {_WEBHOOK}/messages/@original": MessageBody,
    f"PATCH {_WEBHOOK}/messages/{{message_id}}": MessageBody,
}
RULES: Mapping[str, TypeAdapter[Any]] = {route: TypeAdapter(rule) for route, rule in _RULES.items()}
"""Rules by method and path. Any other route takes no body."""


def problems(method: str, template: str, body: Any) -> list[str]:
    """Return the problems of a body for this path, such as `/channels/{channel_id}/messages`, each with its place."""
    rule = RULES.get(f"{method} {template}")
    if rule is None:
        return [] if body is None else [f"body: {method} {template} takes none"]
    try:
        rule.validate_python(body)
    except ValidationError as error:
        return [f"{'.'.join(map(str, each['loc'])) or 'body'}: {each['msg']}" for each in error.errors()]
    return []
