"""A small Slack of the project's own: the Web API, Socket Mode, signed HTTP, and people who use them.

    async with SlackServer() as server:
        ...start an app with BOT_TOKEN, APP_TOKEN and server.base_url...
        answer = await server.member("Ada").command("/parley fact tariffs")
        assert answer.private and "tariff" in answer.text
    assert server.violations == []

Comments such as `S-once` name assumptions of docs/platform-facts.md that the server keeps. `python -m tests.wire.slack`
runs it for an app that somebody wants to watch.
"""

from tests.wire.slack.errors import Violation
from tests.wire.slack.installs import CLIENT_ID, CLIENT_SECRET, Browser
from tests.wire.slack.interactions import Ack, Interaction
from tests.wire.slack.members import Member, Submission
from tests.wire.slack.model import Channel, Message, Team, View
from tests.wire.slack.reading import CannotDo, words
from tests.wire.slack.server import APP_TOKEN, BOT_TOKEN, SECRET, SlackServer

__all__ = [
    "APP_TOKEN",
    "BOT_TOKEN",
    "CLIENT_ID",
    "CLIENT_SECRET",
    "SECRET",
    "Ack",
    "Browser",
    "CannotDo",
    "Channel",
    "Interaction",
    "Member",
    "Message",
    "SlackServer",
    "Submission",
    "Team",
    "View",
    "Violation",
    "words",
]
