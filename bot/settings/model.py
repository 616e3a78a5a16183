"""Every setting of an instance, with its default. bot/settings/sources.py reads the values."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple, get_args
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from bot.errors import UsageError
from bot.settings.editors import read_channel, read_editors
from bot.store.address import sqlite_path

_BOT = Path(__file__).parent.parent
_IN_WHEEL = _BOT / "shipped"
SHIPPED_CONTENT = _IN_WHEEL if _IN_WHEEL.is_dir() else _BOT.parent / "content"
"""The packs that come with Parley: inside this package in an installed wheel, beside it in a checkout."""
PORT_MAX = 65_535
PORT_DIGITS = 5
SHARDS_MAX = 100_000
"""Connections to Discord, in all processes together: far more than any bot has."""
MASK = "••••"
"""The replacement for a secret wherever settings are shown."""


class Address(NamedTuple):
    """The host and port to serve on."""

    host: str
    port: int

    @classmethod
    def of(cls, written: str, host: str) -> Address:
        """Parse `port`, with this host, or `host:port`. Raise ValueError for anything else."""
        written_host, _, port = written.rpartition(":")
        number = int(port) if port.isascii() and port.isdigit() and len(port) <= PORT_DIGITS else 0
        if not 1 <= number <= PORT_MAX or (":" in written and not written_host):
            raise ValueError(f"“{written}” isn't an address to serve at; write a port, or host:port as in 0.0.0.0:8080")
        return cls(written_host.strip("[]") or host, number)

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Shards:
    """The connections to Discord of one process: `auto`, `4`, or `0-1/4` for the first two of four."""

    count: int | None
    """None to let Discord propose the number."""
    ids: tuple[int, ...] = ()

    @classmethod
    def of(cls, written: str) -> Shards | None:
        """Parse one of the three forms; None for no sharding. Raise ValueError for anything else."""
        if not written:
            return None
        if written == "auto":
            return cls(None)
        with suppress(ValueError):
            part, _, count = written.rpartition("/")
            first, _, last = part.partition("-")
            (begin, end), total = (int(first), int(last or first)) if part else (0, 0), int(count)
            if 0 <= begin <= end < total <= SHARDS_MAX:
                return cls(total, tuple(range(begin, end + 1)) if part else ())
        raise ValueError(
            f"“{written}” doesn't name connections; write auto, a number such as 4, or some of them: 0-1/4"
        )


class Settings(BaseModel):
    """Every setting. Each is also an environment variable: `PARLEY_` and its name in capitals."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    content: Path = Field(default=SHIPPED_CONTENT, description="Folder that holds the packs, one folder each.")
    content_watch: Literal["events", "poll", "off"] = Field(
        default="events",
        description="How Parley notices changes of the packs: events (the system's, and a look every ten seconds), "
        "poll (a look every two seconds, for folders on a network), off (only /content reload).",
    )
    cache: Path = Field(
        default=Path("parley-cache"),
        description="Folder for data that Parley can compute again, such as the meaning of cards. You can delete it "
        "at any time.",
    )
    editors: str = Field(
        default="",
        description="Who edits the content: discord:ID (a user or a role), slack:T…/U… (a user), slack:T…/S… (a user "
        "group), with commas between them; empty for the moderators, where there is only one community.",
    )
    editors_channel: str = Field(
        default="",
        description="Where Parley tells editors what changed: discord:SERVER:CHANNEL or slack:T…:C…; empty for the "
        "moderators' channel, where the moderators edit.",
    )
    database: str = Field(default="parley.db", repr=False, description="A file for SQLite, or a postgresql:// address.")
    key_file: Path = Field(
        default=Path("parley.key"),
        description="File with the key that wraps secrets in the database. Keep it out of the database's backups.",
    )
    key: SecretStr | None = Field(default=None, description="The same key, given directly; it wins over the file.")
    port: int = Field(default=8765, ge=1, le=PORT_MAX, description="Port of the chat page, on this machine only.")
    bind: str = Field(
        default="127.0.0.1",
        description="Address for the settings ending in _bind that name only a port: 0.0.0.0 in a container. The "
        "chat page stays on this machine in any case.",
    )
    health_bind: str = Field(
        default="",
        description="Port, or host:port, of /healthz, /readyz and /metrics; empty for nowhere.",
    )
    public_bind: str = Field(
        default="",
        description="Port, or host:port, at which anybody can read the result pages of polls marked public; empty "
        "for nowhere.",
    )
    public_url: str = Field(
        default="",
        description="Where others reach public_bind, such as https://polls.example.org; a poll's Details link to its "
        "page there, and a private poll's page opens by that link alone.",
    )
    language: str = Field(default="en", description="Language of the bot where a platform names none.")
    zone: str = Field(
        default="UTC", description="Time zone of communities without one of their own, such as Europe/Berlin."
    )
    community_per_minute: int = Field(
        default=30_000,
        ge=60,
        le=10_000_000,
        description="How many requests of one community Parley answers in a minute, a sixth of them at once. Each "
        "member has a limit too. Each process counts for itself.",
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="INFO", description="How much Parley logs. Libraries log nothing below INFO."
    )
    discord_token: SecretStr | None = Field(
        default=None, description="Token of the Discord bot; without it, no Discord."
    )
    discord_shards: str = Field(
        default="",
        description="Connections to Discord: empty for one, auto, a number, or some of them, such as 0-1/4.",
    )
    slack_bot_token: SecretStr | None = Field(default=None, description="Token of the Slack app (xoxb-…).")
    slack_app_token: SecretStr | None = Field(default=None, description="App-level token for Socket Mode (xapp-…).")
    slack_signing_secret: SecretStr | None = Field(
        default=None, description="Signing secret of the Slack app, for HTTP instead of Socket Mode."
    )
    slack_bind: str = Field(
        default="",
        description="Port, or host:port, at which Slack's requests over HTTP arrive, at /slack/events, and where "
        "workspaces install the app; empty for Socket Mode.",
    )
    slack_client_id: str = Field(
        default="", description="Client id of the Slack app: several workspaces install it, instead of one bot token."
    )
    slack_client_secret: SecretStr | None = Field(
        default=None, description="Client secret of the Slack app, with its client id."
    )

    @field_validator("editors")
    @classmethod
    def _editors(cls, written: str) -> str:
        read_editors(written)
        return written

    @field_validator("editors_channel")
    @classmethod
    def _editors_channel(cls, written: str) -> str:
        read_channel(written)
        return written

    @field_validator("content")
    @classmethod
    def _is_folder(cls, written: Path) -> Path:
        if not written.is_dir():
            raise ValueError(f"“{written}” isn't a folder; create it, or name the one that holds the packs")
        return written

    @field_validator("database")
    @classmethod
    def _is_database(cls, written: str) -> str:
        try:
            sqlite_path(written)
        except UsageError as error:
            raise ValueError(error.message) from None
        return written

    @field_validator("discord_shards")
    @classmethod
    def _are_shards(cls, written: str) -> str:
        Shards.of(written)
        return written

    @field_validator("bind")
    @classmethod
    def _is_host(cls, written: str) -> str:
        host = written.strip("[]")
        if not host or "/" in host or host.count(":") == 1:  # an IPv6 address has at least two
            raise ValueError(
                f"“{written}” isn't an address of a machine; write one without a port, such as 0.0.0.0 or ::"
            )
        return host

    @field_validator("health_bind", "public_bind", "slack_bind")
    @classmethod
    def _is_address(cls, written: str) -> str:
        if written:
            Address.of(written, "")
        return written

    @field_validator("public_url")
    @classmethod
    def _is_web_address(cls, written: str) -> str:
        parts = urlsplit(written)
        if written and (parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment):
            raise ValueError(f"“{written}” isn't a web address; write one such as https://polls.example.org")
        return written

    @field_validator("zone")
    @classmethod
    def _is_zone(cls, written: str) -> str:
        try:
            ZoneInfo(written)
        except (KeyError, OSError, ValueError) as error:
            raise ValueError(f"“{written}” isn't a time zone") from error
        return written

    def secrets(self) -> list[str]:
        """The values of all secret settings."""
        values = [getattr(self, name) for name in sorted(SECRETS)]
        password = _password(self.database)
        return [value.get_secret_value() for value in values if value is not None] + [password, unquote(password)]

    def address(self, written: str) -> Address | None:
        """The address in `health_bind`, `public_bind` or `slack_bind`; None if it is empty."""
        return Address.of(written, self.bind) if written else None


SECRETS = frozenset(
    name
    for name, field in Settings.model_fields.items()
    if SecretStr in {field.annotation, *get_args(field.annotation)}
)
"""Settings whose value is never shown. The database's address joins them if it holds a password."""


def has_password(address: str) -> bool:
    """Whether a database's address holds a password, which makes it a secret."""
    return _password(address) != ""


def without_password(address: str) -> str:
    """A database's address, fit to be shown."""
    if not has_password(address):
        return address
    scheme, _, rest = address.partition("://")
    host = rest.rpartition("@")[2].partition("?")[0]
    return f"{scheme}://{MASK}@{host}"


def _password(address: str) -> str:
    """The secret part: between the user's name and `@`, or a `password=`; all of an address that can't be parsed."""
    scheme, separator, rest = address.partition("://")
    if not separator or scheme == "sqlite":
        return ""
    user, at, _ = rest.rpartition("@")
    if at and ":" in user:
        return user.partition(":")[2]
    query = rest.partition("?")[2]
    return query if "password" in query.lower() else ""
