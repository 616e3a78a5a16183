"""A small Discord of the project's own, on this machine's loopback: `async with DiscordServer(now=…) as server`.

It refuses calls as Discord does and keeps the reasons in `violations`, so that a test fails even if the bot handles the
refusal. Nothing leaves the machine, and nothing is stored.
"""

from __future__ import annotations

import json
import random
import re
from collections import Counter, deque
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, Self

from aiohttp import web

from tests.ports import serve
from tests.waits import PATIENCE, until
from tests.wire.discord import errors, rest
from tests.wire.discord.answers import interaction_json
from tests.wire.discord.calls import PREFIX, Called
from tests.wire.discord.faults import Faults, RateLimits
from tests.wire.discord.gateway import Gateway, Session
from tests.wire.discord.interactions import Interaction
from tests.wire.discord.members import Member
from tests.wire.discord.model import (
    ATTACH_FILES,
    BOT_PERMISSIONS,
    DIRECT,
    EMBED_LINKS,
    FORUM,
    PUBLIC_THREAD,
    TEXT,
    VIEW_CHANNEL,
    Channel,
    Guild,
    Ids,
    Json,
    Message,
    Now,
    Overwrite,
    User,
)
from tests.wire.discord.validation import Validator

TOKEN = "MTE.local.discord"
REPLY = 19
"""Type of a message that replies to another."""
IN_GUILD, BOT_DM, BETWEEN = 0, 1, 2
AWAY = ATTACH_FILES | EMBED_LINKS | 1 << 17
"""The bot's permissions where only a member has installed it."""
"""https://discord.com/developers/docs/interactions/receiving-and-responding#interaction-object-interaction-context-types"""
UPLOAD_MAX = 10 * 1024 * 1024


def real_now() -> datetime:
    return datetime.now(UTC)


class DiscordServer:
    """An application, its bot, and the bot's communities.

    `now` decides when tokens expire and messages are old; rate limits run in real time. `log` gets a line for each
    event. `validate=False` skips the checks of bodies, and `remember` limits the stored calls: both for measuring.
    """

    def __init__(
        self,
        *,
        now: Now = real_now,
        port: int = 0,
        token: str = TOKEN,
        validate: bool = True,
        remember: int | None = None,
        log: Callable[[str], None] = lambda _line: None,
    ) -> None:
        self.now = now
        self.log = log
        self.token = token
        self.new_id = Ids(now)
        self.faults = Faults()
        self.rate_limits = RateLimits()
        self.validator = Validator() if validate else None
        self.violations: list[str] = []
        self.calls: deque[Called] = deque(maxlen=remember)
        self.application = self.new_id()
        self.bot = User(self.application, "Parley", bot=True)
        self.guilds: dict[str, Guild] = {}
        self.channels: dict[str, Channel] = {}
        self.people: dict[str, User] = {self.bot.id: self.bot}
        self.members: list[Member] = []
        self.interactions: dict[str, Interaction] = {}
        self.commands: dict[str, list[Json]] = {"": []}
        """Commands by guild id; those of all guilds are under the empty id."""
        self.emojis: list[Json] = []
        """The application's own emoji."""
        self.nonces: dict[tuple[str, str], Message] = {}
        self.uploads: dict[str, bytes] = {}
        self.gateway = Gateway(self)
        self.proposed_shards = 1
        self.upload_max = UPLOAD_MAX
        """Size of the largest file in bytes. Larger ones get a 413, as from a server with Discord's own limits."""
        self.revoked = False
        self._down = False
        self._port = port
        self._runner: web.AppRunner | None = None
        self.guild = self.add_guild("Tea House")
        self.main = self.add_channel("main")

    # --- servers, channels and people ---

    def add_guild(self, name: str, *, has_bot: bool = True) -> Guild:
        guild = Guild(self.new_id(), name, self.new_id(), has_bot=has_bot)
        self.guilds[guild.id] = guild
        if not has_bot:
            return guild
        self.gateway.dispatch("GUILD_CREATE", guild.json(self.bot, self.now()), guild.id)
        return guild

    def add_channel(self, name: str, guild: Guild | None = None, *, kind: int = TEXT) -> Channel:
        owner = guild or self.guild
        channel = Channel(self.new_id(), name, owner, kind)
        owner.channels[channel.id] = self.channels[channel.id] = channel
        if owner.has_bot:
            self.gateway.dispatch("CHANNEL_CREATE", channel.gateway_json(), owner.id)
        else:
            channel.permissions = AWAY
        return channel

    def between(self, *people: User) -> Channel:
        """Add a conversation of these people, without the bot."""
        channel = Channel(
            self.new_id(), "", None, DIRECT, recipient=people[0], between=tuple(each.id for each in people)
        )
        channel.permissions = AWAY
        self.channels[channel.id] = channel
        return channel

    def direct(self, person: User) -> Channel:
        """Return the bot's single conversation with a person."""
        for channel in self.channels.values():
            if channel.recipient is person and not channel.between:
                return channel
        channel = Channel(self.new_id(), "", None, DIRECT, recipient=person)
        self.channels[channel.id] = channel
        return channel

    def add_forum(self, name: str) -> Channel:
        return self.add_channel(name, kind=FORUM)

    def add_thread(
        self,
        name: str,
        parent: Channel,
        *,
        owner: User | None = None,
        kind: int = PUBLIC_THREAD,
        people: Iterable[str] = (),
    ) -> Channel:
        """Add a thread of a channel, or a forum's post. A private thread is for `people`, by their ids or `BOT`."""
        thread = Channel(self.new_id(), name, parent.guild, kind, parent, owner=owner, people=set(people))
        if parent.kind == FORUM:
            parent.newest = thread.id
        assert parent.guild is not None
        parent.guild.channels[thread.id] = self.channels[thread.id] = thread
        if thread.visible_to_bot:
            self.gateway.dispatch("THREAD_CREATE", {**thread.json(), "newly_created": True}, parent.guild.id)
        return thread

    def archive(self, thread: Channel, *, archived: bool = True, locked: bool = False) -> None:
        """Archive a thread, as Discord does after some silence; a moderator can lock it too."""
        thread.archived, thread.locked = archived, locked
        assert thread.guild is not None
        self.gateway.dispatch("THREAD_UPDATE", thread.json(), thread.guild.id)

    def member(
        self,
        name: str,
        *,
        channel: Channel | None = None,
        roles: Iterable[str] = (),
        moderator: bool = False,
        joined: datetime | None = None,
        locale: str = "en-US",
    ) -> Member:
        """Add a person, in the main channel by default."""
        place = channel or self.main
        guild = place.guild or self.guild
        user = User(self.new_id(), name)
        self.people[user.id] = user
        guild.members += 1
        since = joined or self.now() - timedelta(days=30)
        member = Member(self, user, guild, place, since, tuple(roles), moderator, locale)
        self.members.append(member)
        return member

    def add_bot_role(self, guild: Guild | None = None) -> str:
        """Add the role that Discord makes for a bot that was invited with permissions, and return its id."""
        owner = guild or self.guild
        owner.bot_role = self.new_id()
        owner.roles[owner.bot_role] = self.bot.name
        self.gateway.dispatch("GUILD_CREATE", owner.json(self.bot, self.now()), owner.id)
        return owner.bot_role

    def other_bot(self, name: str) -> User:
        user = User(self.new_id(), name, bot=True)
        self.people[user.id] = user
        return user

    def forbid(self, channel: Channel, permissions: int = BOT_PERMISSIONS) -> None:
        """Take permissions from the bot in a channel, all by default."""
        channel.permissions &= ~permissions
        before = channel.overwrites.get(self.bot.id, Overwrite())
        channel.overwrites[self.bot.id] = Overwrite(before.allow & ~permissions, before.deny | permissions)
        self.update(channel)

    def hide(self, channel: Channel, *people: Member) -> None:
        """Make a channel private, for these people and the bot, if it may view the channel."""
        assert channel.guild is not None
        channel.overwrites = {channel.guild.id: Overwrite(deny=VIEW_CHANNEL)}
        allowed = [member.user.id for member in people]
        allowed += [self.bot.id] if channel.permissions & VIEW_CHANNEL else []
        channel.overwrites |= dict.fromkeys(allowed, Overwrite(allow=VIEW_CHANNEL))
        self.update(channel)

    def deny(self, channel: Channel, permissions: int) -> None:
        """Take permissions from everybody in a channel except the bot."""
        assert channel.guild is not None
        channel.overwrites[channel.guild.id] = Overwrite(deny=permissions)
        self.update(channel)

    def open(self, channel: Channel) -> None:
        """Remove all overwrites, so that everybody sees the channel."""
        channel.overwrites.clear()
        self.update(channel)

    def update(self, channel: Channel) -> None:
        """Tell the bot about a changed channel."""
        if channel.guild is not None and not channel.is_thread:
            self.gateway.dispatch("CHANNEL_UPDATE", channel.gateway_json(), channel.guild.id)

    def delete_channel(self, channel: Channel) -> None:
        channel.gone = True
        name = "THREAD_DELETE" if channel.is_thread else "CHANNEL_DELETE"
        self.gateway.dispatch(name, channel.json(), channel.guild.id if channel.guild else None)

    def delete_message(self, message: Message) -> None:
        """Delete a message as a moderator does."""
        message.deleted = True
        self.tell("DELETE", message)

    def tell(self, what: str, message: Message) -> None:
        """Send a message's event to sessions with that intent, if the bot can see the channel."""
        channel, guild = message.channel, message.channel.guild
        if message.only_for is not None or channel.between or not (guild is None or channel.visible_to_bot):
            return
        place = {"id": message.id, "channel_id": channel.id}
        body = place if what == "DELETE" else message.event_json(self.bot, all_content=False)
        if guild is not None:
            body |= {"guild_id": guild.id}
            if what == "CREATE" and not message.webhook:
                body |= {"member": self._partial_member(message.author, guild)}
        self.gateway.dispatch(f"MESSAGE_{what}", body, guild.id if guild else None)

    def _partial_member(self, user: User, guild: Guild) -> Json:
        """Return the author as in a message's event:
        https://discord.com/developers/docs/events/gateway-events#message-create"""
        member = next((each for each in self.members if each.user is user and each.guild is guild), None)
        return {
            "roles": list(member.roles) if member else [],
            "joined_at": (member.joined if member else self.now()).isoformat(),
            "nick": None,
            "deaf": False,
            "mute": False,
            "flags": 0,
        }

    def add_message(self, author: User, channel: Channel, content: str, **more: Any) -> Message:
        """Add anybody's message. Discord finds the mentions of people and roles in its words."""
        ids = re.findall(r"<@(!|&)?(\d+)>", content)
        people = tuple(self.people[id_] for kind, id_ in ids if kind != "&" and id_ in self.people)
        guild = channel.guild
        roles = tuple(id_ for kind, id_ in ids if kind == "&" and guild and id_ in guild.roles)
        replied_to = more.get("replied_to")
        pinged = (replied_to.author,) if replied_to and replied_to.author not in people else ()
        kind = REPLY if replied_to else 0
        message = Message(
            self.new_id(),
            channel,
            author,
            self.now(),
            content,
            **{"mentions": (*people, *pinged), "roles": roles, "kind": kind, **more},
        )
        channel.messages[message.id] = message
        self.tell("CREATE", message)
        return message

    def pass_on(self, message: Message) -> None:
        """Tell the bot of a message again, as after a connection that broke at the wrong moment."""
        self.tell("CREATE", message)

    # --- faults ---

    def outage(self) -> None:
        """Take Discord down: connections break, and every call ends with 503."""
        self._down = True
        self.gateway.drop()

    def back(self, *, resumable: bool = True) -> None:
        """Bring Discord back up, with or without its sessions."""
        self._down = False
        if not resumable:
            self.gateway.forget()

    async def revoke_token(self) -> None:
        """Revoke the token: calls get 401, and the gateway closes with 4004."""
        self.revoked = True
        await self.gateway.close(4004)

    def unreachable(self) -> bool:
        return self._down

    def expire_unanswered(self) -> list[Interaction]:
        """Give up all unanswered interactions, as Discord does after 3 seconds, and tell their members."""
        late = [interaction for interaction in self.interactions.values() if interaction.answered is None]
        for interaction in late:
            interaction.give_up()
        return late

    # --- members' actions ---

    def offered(self, name: str, kind: int, guild: Guild, place: Channel | None = None) -> Json | None:
        """Return the command that Discord's client offers under this name, in a channel or in a conversation with the
        bot."""
        context = IN_GUILD
        if place and place.guild is None:
            context = BETWEEN if place.between else BOT_DM
        away = context == BETWEEN or not ((place and place.guild) or guild).has_bot
        commands: list[Json] = [*self.commands.get(guild.id, ()), *self.commands[""]]
        for command in commands:
            if away and 1 not in (command.get("integration_types") or [0]):
                continue
            contexts = command.get("contexts") or [IN_GUILD, BOT_DM]
            if command["name"] == name and command.get("type", 1) == kind and context in contexts:
                return command
        return None

    def interact(self, member: Member, kind: int, data: Json, channel: Channel, origin: Message | None) -> Interaction:
        token = f"{random.getrandbits(160):040x}"
        interaction = Interaction(self.new_id(), token, kind, member, channel, data, self.now(), origin)
        self.interactions[token] = interaction
        self.replay(interaction)
        return interaction

    def replay(self, interaction: Interaction) -> None:
        """Deliver an interaction to the bot again, as after a connection that broke at the wrong moment."""
        guild = interaction.channel.guild.id if interaction.channel.guild else None
        self.gateway.dispatch("INTERACTION_CREATE", interaction_json(self, interaction), guild)

    def forget(self, interaction: Interaction) -> None:
        """Drop a finished interaction and its private messages, for long runs."""
        self.interactions.pop(interaction.token, None)
        interaction.member.done.clear()
        for message in (interaction.original, *interaction.followups):
            if message is not None and message.only_for is not None:
                message.channel.messages.pop(message.id, None)

    # --- observations for tests ---

    def posted(self, channel: Channel | None = None) -> list[Message]:
        """Return a channel's public messages, oldest first."""
        return (channel or self.main).posted()

    def answers(self, status: int | None = None) -> Counter[str]:
        """Count the calls by route, with one status or any."""
        return Counter(f"{c.method} {c.template}" for c in self.calls if status in {None, c.status})

    async def until(self, holds: Callable[[], object], patience: float = PATIENCE) -> None:
        """Wait until `holds` is true. Raises TimeoutError if it never is."""
        await until(holds, patience)

    # --- the gateway ---

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}{PREFIX}"

    @property
    def gateway_url(self) -> str:
        return f"ws://127.0.0.1:{self._port}/gateway/"

    def knows(self, token: str) -> bool:
        return not self.revoked and token == self.token

    def ready(self, session: Session) -> Json:
        return {
            "v": 10,
            "user": self.bot.json(),
            "guilds": [{"id": guild["id"], "unavailable": True} for guild in self.guilds_of(session.shard)],
            "session_id": session.id,
            "resume_gateway_url": self.gateway_url,
            "shard": list(session.shard),
            "application": {"id": self.application, "flags": 0},
        }

    def guilds_of(self, shard: tuple[int, int]) -> Iterable[Json]:
        number, shards = shard
        mine = (guild for guild in self.guilds.values() if guild.has_bot and (int(guild.id) >> 22) % shards == number)
        return [guild.json(self.bot, self.now()) for guild in mine]

    # --- running ---

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        """Listen on the given port, or on a free one."""
        app = rest.application(self)
        app.router.add_get("/gateway/", self.gateway.serve)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        self._port = await serve(self._runner, self._port)

    async def stop(self) -> None:
        self.gateway.drop()
        if self._runner is not None:
            await self._runner.cleanup()

    def dump(self, body: object) -> bytes:
        return json.dumps(body).encode()

    def check(self, problems: list[str], what: str) -> None:
        """Answer 400 as Discord does, and keep the problems for the test."""
        if problems:
            self.violations += [f"{what}: {problem}" for problem in problems]
            self.log(f"refused {what}: {problems}")
            raise errors.invalid_form(problems)
