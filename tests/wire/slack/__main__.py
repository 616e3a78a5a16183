"""A Slack on this machine, to watch an app talk to it: `python -m tests.wire.slack [--port 20444]`.

Start the app in another terminal. Here you are Ada, an admin, in the channel «main»:

    /parley fact tea           a slash command
    !Green                     press a button of the newest message or the form that has it
    =Your choice;Black;Oolong  pick options of a select by its label
    ?Topic;te                  what a type-ahead select suggests
    >The question=Which tea?;The options=Green|Black
                               fill in and send the form on top; other fields stay
    home | x                   open the Home tab; close the form on top
    find-facts                 use a shortcut on the newest message
    as Ben                     be somebody else
    in South House             be in another workspace
    refresh | drop | stall | uninstall
                               ask for a new socket; break it; let files hang; remove the app
    quit
"""

from __future__ import annotations

import argparse
import asyncio
import re
import sys
from pathlib import Path

from adapters.slack.oauth import INSTALL, REDIRECT
from tests.wire.slack import reading
from tests.wire.slack.hooks import PATH
from tests.wire.slack.installs import CLIENT_ID, CLIENT_SECRET
from tests.wire.slack.interactions import Interaction
from tests.wire.slack.model import Message, Team, View
from tests.wire.slack.reading import CannotDo
from tests.wire.slack.server import APP_TOKEN, BOT_TOKEN, SECRET, SlackServer

INSTRUCTIONS = """\
Slack's stand-in listens. Start Parley in another terminal, in the repository:

    PARLEY_SLACK_BOT_TOKEN={bot} PARLEY_SLACK_APP_TOKEN={app} \\
      {python} -m tests.wire.slack.parley {address} run

Any other app on Bolt needs {address}/api/ as `base_url` of its AsyncWebClient.
Over HTTP requests are signed with {secret}: tell the app's address with --app URL.
For several workspaces give Parley PARLEY_SLACK_CLIENT_ID={client} PARLEY_SLACK_CLIENT_SECRET={client_secret}
in the place of the bot token, and open {install} in a browser.
"""
SHORTCUT = re.compile(r"[a-z]+(-[a-z]+)+")


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def drawn(message: Message) -> str:
    audience = "only you can see this" if message.only_for else "for all to see"
    files = "".join(f"\n(file {name})" for name in message.files)
    return f"\n┌ {message.author} ({audience})\n{reading.words(message.blocks) or message.text}{files}\n└"


def form(view: View) -> str:
    title = view.content.get("title", {"text": "Home"})["text"]
    return f"\n╔ {title}\n{reading.words(view.content['blocks'])}\n╚"


class Person:
    """Turns typed lines into a member's actions, and draws what the member then sees."""

    def __init__(self, server: SlackServer) -> None:
        self._server = server
        self._member = server.member("Ada", admin=True)
        self._drawn: dict[str, str] = {}

    async def do(self, line: str) -> None:
        try:
            await self._do(line)
        except (CannotDo, TimeoutError) as error:
            say(f"  {error or 'no answer came'}")
        await asyncio.sleep(0.2)
        self.draw()

    async def _do(self, line: str) -> None:
        steps = line[1:].split(";")
        if line.startswith("/"):
            await self._member.command(line)
        elif line.startswith("!"):
            await self._member.start_press(self._place(line[1:]), line[1:])
        elif line.startswith("="):
            await self._member.start_select(self._place(steps[0]), *steps)
        elif line.startswith("?"):
            say("\n".join(await self._member.suggest(self._place(steps[0]), steps[0], steps[-1])) or "  nothing")
        elif line.startswith(">"):
            await self._submit(steps)
        else:
            await self._else(line)

    async def _else(self, line: str) -> None:
        if line.startswith("as "):
            self._member, self._drawn = self._server.member(line[3:], self._member.team), {}
        elif line.startswith("in "):
            self._member, self._drawn = self._server.member("Ada", self._team(line[3:]), admin=True), {}
        elif line == "home":
            say(form(await self._member.open_home()))
        elif line == "x" and self._member.view:
            await self._member.close(self._member.view)
        elif SHORTCUT.fullmatch(line):
            await self._shortcut(line)
        else:
            say(__doc__ or "")

    async def _shortcut(self, name: str) -> Interaction:
        messages = self._member.sees()
        if messages:
            return await self._member.message_shortcut(name, messages[-1])
        return await self._member.shortcut(name)

    async def _submit(self, steps: list[str]) -> None:
        if self._member.view is None:
            raise CannotDo("no form is open")
        filled = dict(step.split("=", 1) for step in steps if "=" in step)
        done = await self._member.submit(self._member.view, filled)
        say("\n".join(f"  {label}: {error}" for label, error in done.errors.items()) or "  sent")

    def _team(self, name: str) -> Team:
        """Return the workspace with this name. Create it the first time, with a channel."""
        team = next((team for team in self._server.teams.values() if team.name == name), None)
        if team is None:
            team = self._server.add_team(name)
            self._server.add_channel("main", team)
        return team

    def _place(self, label: str) -> Message | View:
        return self._member.view or self._member.newest(label)

    def draw(self) -> None:
        """Draw each new or changed message, and the topmost form."""
        for message in self._member.sees():
            self._show(message.ts, drawn(message))
        if self._member.view:
            self._show(self._member.view.id, form(self._member.view))

    def _show(self, name: str, picture: str) -> None:
        if self._drawn.get(name) != picture:
            self._drawn[name] = picture
            say(picture)


async def trouble(server: SlackServer, what: str) -> bool:
    """Make a named fault happen. Return False for an unknown name."""
    match what:
        case "refresh":
            await server.sockets.refresh()
        case "drop":
            server.sockets.drop()
        case "stall":
            server.faults.stall_files = not server.faults.stall_files
        case "uninstall":
            await server.uninstall()
        case _:
            return False
    return True


async def main(port: int, app: str) -> None:
    async with SlackServer(port=port, log=lambda line: say(f"  · {line}")) as server:
        server.hooks.url = app
        site = app.removesuffix(PATH) or "http://127.0.0.1:3000"
        server.installs.redirect_url = site + REDIRECT
        say(
            INSTRUCTIONS.format(
                bot=BOT_TOKEN,
                app=APP_TOKEN,
                secret=SECRET,
                client=CLIENT_ID,
                client_secret=CLIENT_SECRET,
                install=site + INSTALL,
                address=server.url,
                python=Path(sys.executable).name,
            )
        )
        person = Person(server)
        while (line := (await asyncio.to_thread(sys.stdin.readline))) and line.strip() != "quit":
            if not line.strip():
                person.draw()
            elif not await trouble(server, line.strip()):
                await person.do(line.strip())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.wire.slack", description="A Slack on this machine.")
    parser.add_argument("--port", type=int, default=20_444)
    parser.add_argument("--app", default="", metavar="URL", help="The app's address, if it takes HTTP requests.")
    options = parser.parse_args()
    asyncio.run(main(options.port, options.app))
