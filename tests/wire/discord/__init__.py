"""A small Discord of the project's own: the gateway, the REST side, and people who use them.

    async with DiscordServer() as server:
        with pointed_at(server.url, server.gateway_url):
            ...start a bot with server.token...
            answer = await server.member("Ada").slash("fact", query="tariffs")
            assert answer.private and "tariff" in answer.text
    assert server.violations == []

Comments such as `D-nonce` name assumptions of docs/platform-facts.md that the server keeps. `python -m
tests.wire.discord` runs it for a bot that somebody wants to watch.
"""

from tests.wire.discord.interactions import Interaction
from tests.wire.discord.members import CannotDo, Member
from tests.wire.discord.model import Channel, Message
from tests.wire.discord.pointing import impatient, point, pointed_at
from tests.wire.discord.server import TOKEN, DiscordServer

__all__ = [
    "TOKEN",
    "CannotDo",
    "Channel",
    "DiscordServer",
    "Interaction",
    "Member",
    "Message",
    "impatient",
    "point",
    "pointed_at",
]
