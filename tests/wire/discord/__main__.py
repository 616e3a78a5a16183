"""A Discord on this machine, to watch a bot talk to it: `python -m tests.wire.discord [--port 20443]`.

Start the bot in another terminal. Here you are Ada, a moderator, in the channel «main»:

    /fact words=tea            a slash command; options as name=value, quoted where they hold spaces
    ?fact words te             what autocomplete suggests for a half-typed option
    !Green                     press a button of the newest message that has it
    =Black,Oolong              pick options of the newest select
    drop | outage | back       break the connection; take Discord down, and up again
    quit
"""

from __future__ import annotations

import argparse
import asyncio
import shlex
import sys
from pathlib import Path
from typing import Any

from tests.wire.discord.interactions import Interaction
from tests.wire.discord.members import CannotDo, Member
from tests.wire.discord.model import SELECT, Message
from tests.wire.discord.server import DiscordServer

INSTRUCTIONS = """\
Discord's stand-in listens. Start Parley in another terminal, in the repository:

    PARLEY_DISCORD_TOKEN={token} {python} -m tests.wire.discord.parley {address} run

Any other bot on discord.py needs {api} as `discord.http.Route.BASE`
and {gateway} as `discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY`.
"""


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def drawn(message: Message) -> str:
    audience = "only you can see this" if message.only_for else "for all to see"
    buttons = "  ".join(f"[{label}]" for label in message.labels)
    return f"\n┌ {message.author.name} ({audience})\n{message.text}\n{buttons}\n└"


class Person:
    """Turns typed lines into a member's actions, and draws what the member then sees."""

    def __init__(self, member: Member) -> None:
        self._member = member
        self._drawn: dict[str, str] = {}

    async def do(self, line: str) -> None:
        words = shlex.split(line[1:])
        try:
            if line.startswith("/"):
                await self._slash(words)
            elif line.startswith("?"):
                choices = await self._member.autocomplete(" ".join(words[:-2]), words[-2], words[-1])
                say("\n".join(f"  {choice['name']}" for choice in choices) or "  nothing")
            elif line.startswith("!"):
                await self._show(self._member.start_click(self._newest(line[1:]), line[1:]))
            elif line.startswith("="):
                options = line[1:].split(",")
                await self._show(self._member.start_choose(self._newest(options[0]), *options))
            else:
                say(__doc__ or "")
        except (CannotDo, TimeoutError, IndexError) as error:
            say(f"  {error or 'no answer came'}")

    async def _slash(self, words: list[str]) -> None:
        name = [word for word in words if "=" not in word]
        words_by_option: dict[str, Any] = dict(word.split("=", 1) for word in words if "=" in word)
        options: dict[str, Any] = {key: _option_value(value) for key, value in words_by_option.items()}
        await self._show(self._member.start_slash(" ".join(name), **options))

    async def _show(self, interaction: Interaction) -> None:
        await self._member.wait(interaction, 10)
        await asyncio.sleep(0.2)
        if interaction.modal is not None:
            say(f"  a form opened: {interaction.modal}")
        self.draw()

    def draw(self) -> None:
        """Draw each new or changed message."""
        for message in self._member.sees():
            picture = drawn(message)
            if self._drawn.get(message.id) != picture:
                self._drawn[message.id] = picture
                say(picture)

    def _newest(self, label: str) -> Message:
        for message in reversed(self._member.sees()):
            offered = [o["label"] for c in message.controls if c["type"] == SELECT for o in c["options"]]
            if label in message.labels + offered:
                return message
        raise CannotDo(f"no message shows {label!r}")


def _option_value(value: str) -> object:
    if value in {"true", "false"}:
        return value == "true"
    return int(value) if value.isdecimal() else value


async def main(port: int) -> None:
    async with DiscordServer(port=port, log=lambda line: say(f"  · {line}")) as server:
        address = server.url.removesuffix("/api/v10")
        say(
            INSTRUCTIONS.format(
                token=server.token,
                python=Path(sys.executable).name,
                address=address,
                api=server.url,
                gateway=server.gateway_url,
            )
        )
        person = Person(server.member("Ada", moderator=True))
        steps = {"drop": server.gateway.drop, "outage": server.outage, "back": server.back}
        while (line := (await asyncio.to_thread(sys.stdin.readline))) and line.strip() != "quit":
            if line.strip() in steps:
                steps[line.strip()]()
            elif line.strip():
                await person.do(line.strip())
            else:
                person.draw()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.wire.discord", description="A Discord on this machine.")
    parser.add_argument("--port", type=int, default=20_443)
    asyncio.run(main(parser.parse_args().port))
