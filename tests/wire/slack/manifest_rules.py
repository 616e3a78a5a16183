"""The app manifest that Parley prints: its keys, types and limits. https://docs.slack.dev/reference/app-manifest"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter

from tests.wire.slack.body_rules import Body, complaints


class VersionBody(Body):
    major_version: Literal[2]
    minor_version: Literal[1]


class DisplayBody(Body):
    name: str = Field(min_length=1, max_length=35)
    description: str = Field(min_length=1, max_length=140)
    long_description: str = Field(default="", min_length=175, max_length=4000)
    background_color: str = Field(default="", pattern=r"^#[0-9a-fA-F]{6}$")


class HomeBody(Body):
    home_tab_enabled: bool
    messages_tab_enabled: bool
    messages_tab_read_only_enabled: bool


class BotUserBody(Body):
    display_name: str = Field(min_length=1, max_length=80)
    always_online: bool = True


class SlashCommandBody(Body):
    command: str = Field(pattern=r"^/", min_length=2, max_length=32)
    description: str = Field(min_length=1, max_length=2000)
    usage_hint: str = Field(default="", max_length=1000)
    url: str = Field(default="", pattern=r"^https://")
    should_escape: bool = False


class ShortcutBody(Body):
    name: str = Field(min_length=1, max_length=24)
    type: Literal["message", "global"]
    callback_id: str = Field(min_length=1, max_length=255)
    description: str = Field(min_length=1, max_length=150)


class FeaturesBody(Body):
    app_home: HomeBody
    bot_user: BotUserBody
    slash_commands: list[SlashCommandBody] = Field(min_length=1, max_length=50)
    shortcuts: list[ShortcutBody] = Field(max_length=10)


class ScopesBody(Body):
    bot: list[Annotated[str, Field(pattern=r"^[a-z.:_-]+$")]] = Field(min_length=1, max_length=255)
    bot_optional: list[Annotated[str, Field(pattern=r"^[a-z.:_-]+$")]] = Field(default=[], max_length=255)


class OAuthBody(Body):
    scopes: ScopesBody
    redirect_urls: list[Annotated[str, Field(pattern=r"^https://")]] = Field(default=[], min_length=1, max_length=1000)


class EventsBody(Body):
    bot_events: list[Annotated[str, Field(pattern=r"^[a-z_.]+$")]] = Field(min_length=1, max_length=100)
    request_url: str = Field(default="", pattern=r"^https://")


class InteractivityBody(Body):
    is_enabled: bool
    request_url: str = Field(default="", pattern=r"^https://")


class SettingsBody(Body):
    event_subscriptions: EventsBody
    interactivity: InteractivityBody
    org_deploy_enabled: bool
    socket_mode_enabled: bool
    token_rotation_enabled: bool


class ManifestBody(Body):
    metadata: VersionBody = Field(alias="_metadata")
    display_information: DisplayBody
    features: FeaturesBody
    oauth_config: OAuthBody
    settings: SettingsBody


_MANIFEST: TypeAdapter[Any] = TypeAdapter(ManifestBody)


def manifest_problems(manifest: Any) -> list[str]:
    """Return the problems of a manifest, each with its place."""
    return complaints(_MANIFEST, manifest)
