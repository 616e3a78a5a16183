"""The Slack adapter's own rules: the edits' budget, Slack's refusals, tokens, the manifest and the program."""

from __future__ import annotations

import asyncio
import json
from asyncio.subprocess import Process
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml
from click.testing import CliRunner
from pydantic import SecretStr

from adapters.cli.slack import slack
from adapters.slack.app import SlackChat
from adapters.slack.people import WAITING_MAX
from adapters.slack.running import SlackService
from adapters.slack.web import EDITS_A_MINUTE
from bot.chat.vocabulary import Card, MessageRef, Place, Reply
from bot.errors import BotError, NotAllowed, NotFound, Refused, Unavailable, UsageError
from bot.instance import Instance
from bot.settings.model import Address, Settings
from tests.beside import SLACK_MANIFEST
from tests.ports import free_port
from tests.programs import last_words, program
from tests.require import require
from tests.waits import PATIENCE
from tests.wire.slack import APP_TOKEN, BOT_TOKEN, SECRET, SlackServer, words
from tests.wire.slack.manifest_rules import manifest_problems
from tests.wire.slack.model import Group
from tests.wire.slack.world import bugs, new_server, slack_world
from tests.world import Clock, running

ROOT = Path(__file__).parents[2]
SHORT = Reply((Card(title="Short"),))


def place_of(world: Any) -> Place:
    return Place("slack", world.server.team.id, world.server.main.id)


# --- edits and refusals ---


async def test_edits_stay_within_a_minute_s_budget(tmp_path: Path) -> None:
    """Parley makes no more edits than a minute's budget allows. It raises `Unavailable` for the next one without
    calling Slack, and takes it a minute later."""
    async with slack_world(tmp_path) as world:
        ref = await world.chat.post(place_of(world), SHORT)
        assert isinstance(ref, MessageRef)
        for _ in range(EDITS_A_MINUTE):
            await world.chat.edit(ref, SHORT)
        with pytest.raises(Unavailable):
            await world.chat.edit(ref, SHORT)
        assert len(world.server.called("chat.update")) == EDITS_A_MINUTE
        world.clock.forward(seconds=61)
        await world.chat.edit(ref, SHORT)


@pytest.mark.parametrize(
    ("error", "kind", "says"),
    [
        ("message_not_found", NotFound, "find"),
        ("channel_not_found", NotFound, "/invite @Parley"),
        ("not_in_channel", NotAllowed, "/invite @Parley"),
        ("restricted_action", NotAllowed, "/invite @Parley"),
        ("is_archived", NotAllowed, "archived"),
        ("missing_scope", NotAllowed, "manifest"),
        ("internal_error", Unavailable, "Try again"),
        ("account_inactive", Unavailable, "Try again"),
    ],
)
async def test_what_slack_refuses_is_told_apart(tmp_path: Path, error: str, kind: type[BotError], says: str) -> None:
    async with slack_world(tmp_path) as world:
        world.server.faults.refuse("chat.postMessage", error, times=9)
        with pytest.raises(kind, match=says):
            await world.chat.post(place_of(world), SHORT)


@pytest.mark.parametrize("fault", [{"status": 500}, {"status": 503}, {"hang_up": True}])
async def test_a_slack_that_is_away_is_unavailable(tmp_path: Path, fault: dict[str, Any]) -> None:
    async with slack_world(tmp_path) as world:
        world.server.faults.fail("chat.postMessage", times=9, **fault)
        with pytest.raises(Unavailable):
            await world.chat.post(place_of(world), SHORT)


async def test_somebody_is_told_something_directly(tmp_path: Path) -> None:
    """`tell` sends a reply to one person alone, and returns False if Slack can't reach them."""
    async with slack_world(tmp_path) as world:
        ada = world.server.member("Ada")
        assert await world.chat.tell(world.server.team.id, ada.id, SHORT)
        assert "Short" in ada.at_direct().text
        world.server.faults.refuse("chat.postMessage", "user_not_found")
        assert not await world.chat.tell(world.server.team.id, ada.id, SHORT)


async def test_people_are_asked_about_once(tmp_path: Path) -> None:
    """Parley asks Slack about a person once in ten minutes, not for each press."""
    async with slack_world(tmp_path) as world:
        ada = world.server.member("Ada")
        for _ in range(3):
            await ada.command("/parley help")
        assert len(world.server.called("users.info")) == 1
        assert len(world.server.called("usergroups.list")) == 1
        world.clock.forward(minutes=11)
        await ada.command("/parley help")
        assert len(world.server.called("users.info")) == 2


async def test_nobody_stands_in_line_for_a_name_that_slack_keeps_back(tmp_path: Path) -> None:
    """While many look-ups of names hang, Parley answers a further member at once, under the name that came with the
    command."""
    async with slack_world(tmp_path) as world:
        server = world.server
        await server.member("Ada").command("/parley help")
        server.faults.hang("users.info", times=99)
        stuck = [await server.member(f"Member{number}").start_command("/parley help") for number in range(WAITING_MAX)]
        late = await server.member("Late").command("/parley help")
        assert late.messages
        assert not any(one.messages for one in stuck)


async def test_a_voter_s_groups_are_waited_for_by_all_who_press_at_once(tmp_path: Path) -> None:
    """When 20 members of a group vote at once, Parley asks Slack for the groups once, and all 20 votes wait for the
    answer and count."""
    async with slack_world(tmp_path) as world:
        voters = [world.server.member(f"Voter{number}") for number in range(20)]
        world.server.team.groups["S1"] = Group("S1", "tea", [voter.id for voter in voters])
        poll = await world.poll(world.server.member("Host"), role="S1")
        world.clock.forward(minutes=11)
        before = len(world.server.called("usergroups.list"))
        answers = await asyncio.gather(*(voter.press(poll, "Green") for voter in voters))
        assert all("Your vote is counted" in answer.text for answer in answers)
        assert len(world.server.called("usergroups.list")) == before + 1
        assert "Your vote is counted" not in (await world.server.member("Guest").press(poll, "Green")).text


async def test_who_comes_through_a_shared_channel_moderates_nothing(tmp_path: Path) -> None:
    """An admin of another workspace who comes through a shared channel votes like all others there, and is no
    moderator."""
    async with slack_world(tmp_path) as world:
        poll = await world.poll(world.server.member("Host"))
        guest = world.server.member("Guest", admin=True)
        guest.user.home = "T9"
        assert "Your vote is counted" in (await guest.press(poll, "Green")).text
        assert "Only moderators" in (await guest.command("/parley settings")).text
        assert "Only moderators" not in (await world.server.member("Boss", admin=True).command("/parley settings")).text


async def test_a_form_of_a_shared_channel_is_the_workspace_s_that_has_the_app(tmp_path: Path) -> None:
    """A form from a shared channel comes in the name of its member's own workspace, and Parley opens the poll in the
    workspace that has the app."""
    async with slack_world(tmp_path) as world:
        guest = world.server.member("Guest")
        form = (await guest.command("/parley poll create post:yes")).view
        assert form is not None
        here, guest.team = guest.team, world.server.add_team("Elsewhere")
        form.content["app_installed_team_id"] = here.id
        guest.team.users, guest.team.views = here.users, here.views
        assert (await guest.submit(form, {"The question": "Tea?", "The options": "Green\nBlack"})).closed
        await world.server.until(lambda: bool(world.server.posted()))
        assert "Tea?" in words(world.server.posted()[0].blocks)


# --- the Home tab ---


async def test_a_control_of_the_home_tab_answers_directly(tmp_path: Path) -> None:
    """A control of the Home tab answers in a direct message, because there is no channel. Each opening draws the tab
    anew."""
    async with slack_world(tmp_path) as world:
        ada = world.server.member("Ada")
        assert "No poll is open" in words((await ada.open_home()).content["blocks"])
        await world.poll(world.server.member("Host"))
        view = await ada.open_home()
        await ada.start_press(view, "Show “Which tea?”")
        await world.server.until(lambda: "Which tea?" in ada.at_direct().text)
        assert "Your vote is counted" not in ada.text
        await ada.at_direct().press(ada.at_direct().newest("Green"), "Green")
        assert "Withdraw" in words((await ada.open_home()).content["blocks"])


# --- over HTTP ---


async def test_forms_and_shortcuts_work_over_http_as_over_a_socket(tmp_path: Path) -> None:
    """Forms and shortcuts work over HTTP, and the acknowledgement of a form carries its mistakes beside their
    fields."""
    async with slack_world(tmp_path, http=True) as world:
        host = world.server.member("Host")
        form = (await host.command("/parley poll create post:yes")).view
        assert form is not None
        filled = {"The question": "Which tea?", "The options": "Green\nBlack"}
        refused = await host.submit(form, {**filled, "Or pick a date and time": 1_600_000_000})
        assert list(refused.errors) == ["Or pick a date and time"]
        assert (await host.submit(form, filled)).closed
        await host.until_told("The poll is open")
        assert "Which tea?" in words(world.server.posted()[0].blocks)
        message = world.server.say(host, "Everybody drinks tea here")
        assert (await host.message_shortcut("find-facts", message)).private


# --- files ---


async def test_a_file_for_one_person_comes_directly(tmp_path: Path) -> None:
    async with slack_world(tmp_path) as world:
        ada = world.server.member("Ada")
        await ada.command("/parley privacy export")
        await world.server.until(lambda: any(message.files for message in ada.at_direct().sees()))
        assert all(not message.files for message in ada.sees())


async def test_a_picture_stands_under_its_words(tmp_path: Path) -> None:
    """Parley posts a result's picture under its words, as a message of its own."""
    async with slack_world(tmp_path) as world:
        host = world.server.member("Host")
        await host.press(await world.poll(host, closes="1h"), "Green")
        world.clock.forward(hours=1)
        await world.instance.scheduler.run_due()
        await world.server.until(lambda: len(world.server.posted()) == 3)
        picture = world.server.posted()[2]
        assert picture.blocks[0]["type"] == "image"
        assert picture.blocks[0]["alt_text"]
        assert "Closed: Which tea?" in words(world.server.posted()[1].blocks)


# --- tokens and the program ---


async def start(instance: Instance, url: str, bot: str, app: str) -> None:
    chat = SlackChat(instance.bot, clock=Clock(), token=bot, base_url=url)
    try:
        await chat.start(app)
    finally:
        await chat.stop()


@pytest.mark.parametrize(("bot", "app", "names"), [("bad", APP_TOKEN, "BOT"), (BOT_TOKEN, "xapp-bad", "APP")])
async def test_a_token_that_slack_refuses_is_named_at_the_start(tmp_path: Path, bot: str, app: str, names: str) -> None:
    async with new_server() as server, running(tmp_path) as instance:
        with pytest.raises(UsageError, match=f"PARLEY_SLACK_{names}_TOKEN"):
            await start(instance, server.base_url, bot, app)
        server.forgive("invalid_auth")


async def test_a_slack_that_is_away_at_the_start_is_waited_for(tmp_path: Path) -> None:
    async with new_server() as server, running(tmp_path) as instance:
        server.faults.fail("*", times=3)
        await start(instance, server.base_url, BOT_TOKEN, APP_TOKEN)


async def test_a_service_ends_when_its_token_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the app is removed, the Slack service ends with an error that names its token."""
    async with new_server() as server, running(tmp_path) as instance:
        defaults: Any = SlackChat.__init__
        monkeypatch.setitem(defaults.__kwdefaults__, "base_url", server.base_url)
        settings = Settings(slack_bot_token=SecretStr(BOT_TOKEN), slack_app_token=SecretStr(APP_TOKEN))
        service = asyncio.create_task(SlackService.of(settings, instance, Clock()).run())
        await server.sockets.ready()
        await server.uninstall()
        with pytest.raises(Refused, match="PARLEY_SLACK_BOT_TOKEN"):
            await asyncio.wait_for(service, PATIENCE)
        assert "slack" not in instance.platforms


async def test_a_stop_answers_what_was_taken(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """When Parley stops, it still tells each member whose press it acknowledged that the vote counts, and logs no
    bug."""
    async with slack_world(tmp_path) as world:
        poll = await world.poll(world.server.member("Host"))
        presses = [asyncio.create_task(member.start_press(poll, "Green")) for member in world.members(20)]
        answers = await asyncio.gather(*presses)
        await world.chat.stop()
        assert all(press.ack and press.ack.ok for press in answers)
        assert all("Your vote is counted" in press.text for press in answers)
        assert bugs(caplog) == []


async def test_half_a_set_up_is_said(tmp_path: Path) -> None:
    """Parley refuses Slack settings that lack a part or exclude each other, and names the setting. It also names an
    address that is taken."""
    async with new_server() as server, running(tmp_path) as instance:
        token, secret = SecretStr(BOT_TOKEN), SecretStr(SECRET)
        for variables in (
            Settings(slack_bot_token=token),
            Settings(slack_bot_token=token, slack_signing_secret=secret),
            Settings(slack_bot_token=token, slack_bind="127.0.0.1:1"),
        ):
            with pytest.raises(UsageError, match="PARLEY_SLACK_APP_TOKEN"):
                SlackService.of(variables, instance, Clock())
        client, hidden, app = "1.1", SecretStr("secret"), SecretStr(APP_TOKEN)
        for variables, missing in (
            (Settings(slack_client_id=client, slack_app_token=app), "PARLEY_SLACK_CLIENT_SECRET"),
            (Settings(slack_client_secret=hidden, slack_app_token=app), "PARLEY_SLACK_CLIENT_ID"),
            (Settings(slack_client_id=client, slack_client_secret=hidden), "PARLEY_SLACK_APP_TOKEN"),
            (
                Settings(
                    slack_client_id=client, slack_client_secret=hidden, slack_app_token=app, slack_bot_token=token
                ),
                "Set one of them",
            ),
        ):
            with pytest.raises(UsageError, match=missing):
                SlackService.of(variables, instance, Clock())
        address = Address.of(server.url.removeprefix("http://"), "")
        chat = SlackChat(instance.bot, clock=Clock(), token=BOT_TOKEN, signing_secret=SECRET, base_url=server.base_url)
        with pytest.raises(Unavailable, match="PARLEY_SLACK_BIND"):
            await SlackService(instance, chat, address=address).run()


@pytest.mark.parametrize("when", ["before the start", "while it runs"])
async def test_a_revoked_token_ends_parley_with_a_clear_message(tmp_path: Path, when: str) -> None:
    """A revoked token ends Parley with exit code 1 and a sentence that names the setting, without a traceback and
    without the token."""
    async with new_server() as server:
        if when == "before the start":
            server.revoked.add(server.team.token)
        async with run_parley(tmp_path, server) as process:
            if when == "while it runs":
                await server.sockets.ready()
                await server.uninstall()
            code, output = await last_words(process)
        server.forgive("token_revoked")
    assert code == 1, output
    assert "PARLEY_SLACK_BOT_TOKEN" in output
    assert "Traceback" not in output
    assert BOT_TOKEN not in output


async def test_parley_answers_and_ends_when_it_is_told_to(tmp_path: Path) -> None:
    """Parley as a program takes the votes of a poll, and ends with exit code 0 when it is terminated."""
    async with new_server() as server:
        async with run_parley(tmp_path, server) as process:
            await server.sockets.ready()
            host = server.member("Host")
            await host.command('/parley poll create post:yes question:"Which tea?" options:"Green | Black"')
            poll = server.posted()[0]
            for number in range(3):
                assert "Your vote is counted" in (await server.member(f"V{number}").press(poll, "Green")).text
            process.terminate()
            code, output = await last_words(process)
        assert server.violations == []
    assert code == 0, output
    assert "Traceback" not in output


def run_parley(folder: Path, server: SlackServer) -> AbstractAsyncContextManager[Process]:
    arguments = ("tests.wire.slack.parley", server.url, "run", "--port", str(free_port()))
    return program(folder, *arguments, PARLEY_SLACK_BOT_TOKEN=BOT_TOKEN, PARLEY_SLACK_APP_TOKEN=APP_TOKEN)


# --- the manifest ---


REDIRECT = ["--redirect", "https://parley.example.org/slack/oauth_redirect"]


MANIFESTS = [
    [],
    ["--socket"],
    ["--socket", *REDIRECT],
    ["--http", "https://parley.example.org/slack/events"],
    ["--http", "https://parley.example.org/slack/events", *REDIRECT],
]


@pytest.mark.parametrize("arguments", MANIFESTS)
def test_the_manifest_is_one_that_slack_takes(arguments: list[str]) -> None:
    """The manifest keeps Slack's rules. For HTTP it has the address in three places, and with `--redirect` that of the
    way back."""
    printed = CliRunner().invoke(slack, ["manifest", *arguments])
    assert printed.exit_code == 0, printed.output
    document = yaml.safe_load(printed.output)
    assert manifest_problems(document) == []
    assert document["settings"]["socket_mode_enabled"] is ("--http" not in arguments)
    assert printed.output.count("https://parley.example.org/slack/events") == (3 if "--http" in arguments else 0)
    assert document["oauth_config"].get("redirect_urls", []) == (REDIRECT[1:] if "--redirect" in arguments else [])
    (command,) = document["features"]["slash_commands"]
    assert command["command"] == "/parley"
    assert "poll create" in command["usage_hint"]
    kinds = [(each["type"], each["callback_id"]) for each in document["features"]["shortcuts"]]
    assert kinds == [("message", "find-facts"), ("message", "poll-on-this"), ("global", "start-poll")]


def test_slacks_own_schema_takes_each_manifest() -> None:
    """Each manifest fits the schema that Slack publishes."""
    require("specs", SLACK_MANIFEST.exists(), f"Slack's schema of a manifest is not at {SLACK_MANIFEST}")
    schema = jsonschema_rs.validator_for(json.loads(SLACK_MANIFEST.read_text()))
    for arguments in MANIFESTS:
        schema.validate(yaml.safe_load(CliRunner().invoke(slack, ["manifest", *arguments]).output))


@pytest.mark.parametrize(
    "arguments",
    [
        ["--socket", "--http", "https://x.example"],
        ["--http", "http://x.example"],
        ["--redirect", "http://x.example"],
    ],
)
def test_a_manifest_that_makes_no_sense_is_refused(arguments: list[str]) -> None:
    assert CliRunner().invoke(slack, ["manifest", *arguments]).exit_code == 2
