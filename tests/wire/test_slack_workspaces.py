"""Several workspaces use one Parley, each with its own token, and the others go on when one is lost."""

from __future__ import annotations

import asyncio
import logging
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner
from slack_sdk.oauth.installation_store import Bot as Installed

from adapters.cli import main
from adapters.slack.app import SlackChat
from adapters.slack.http import PATH
from adapters.slack.installations import Installations, States
from adapters.slack.oauth import INSTALL, REDIRECT, OAuth
from adapters.slack.people import People
from adapters.slack.web import EDITS_A_MINUTE, WebApi
from adapters.slack.workspaces import INSTALLATION_LIFETIME
from bot.chat.vocabulary import Card, MessageRef, Place, Reply
from bot.communities import installations as rows
from bot.errors import NotAllowed, Unavailable
from bot.polls.model import PollState
from tests.ports import free_port
from tests.programs import last_words, program
from tests.waits import PATIENCE
from tests.wire.slack import APP_TOKEN, BOT_TOKEN, SECRET, Browser, CannotDo, words
from tests.wire.slack import world as slack
from tests.wire.slack.houses import House, begin, departures, house, install, settled, stored, two_houses
from tests.wire.slack.installs import CLIENT_ID, CLIENT_SECRET
from tests.wire.slack.world import Hurried, World, counted, slack_world
from tests.world import Clock, running

pytestmark = pytest.mark.filterwarnings("ignore:BasicAuth is deprecated")  # slack_sdk's own

SHORT = Reply((Card(title="Short"),))
NOT_HERE = "Parley isn't installed in your workspace"


# --- the whole of it ---


@pytest.mark.parametrize("http", [False, True], ids=["socket", "http"])
async def test_two_workspaces_install_and_vote_and_one_removes_the_app(tmp_path: Path, *, http: bool) -> None:
    """Each workspace has its poll under its own token, also after a restart. When one removes the app, the other goes
    on."""
    async with slack.new_server() as server:
        north, south = house(server, "North House"), house(server, "South House")
        async with slack.parley(server, tmp_path, http=http, several=True) as world:
            await install(world, north.team, south.team)
            polls = [await world.poll(each.host, results="live") for each in (north, south)]
        async with slack.parley(server, tmp_path, http=http, several=True) as world:
            for each, poll in zip((north, south), polls, strict=True):
                voters = [server.member(f"Voter{number}", each.team) for number in range(6)]
                answers = await asyncio.gather(*(voter.press(poll, "Green") for voter in voters))
                assert all(counted(answer) for answer in answers)
            await world.quiet()
            assert [words(poll.blocks).count("6 (100%)") for poll in polls] == [1, 1]
            assert (await server.uninstall(north.team)).ok
            await settled(world)
            assert (await stored(world, north.team), await departures(world)) == (None, [f"slack:{north.team.id}"])
            assert NOT_HERE in (await north.host.press(polls[0], "Green")).text
            assert counted(await server.member("Late", south.team).press(polls[1], "Black"))
            await world.quiet()
            assert "1 (14.3%)" in words(polls[1].blocks)
        assert server.violations == []
        tokens = {call.team.id: {call.token} for call in server.calls if call.method == "chat.postMessage"}
        assert tokens == {north.team.id: {north.team.token}, south.team.id: {south.team.token}}


async def test_in_the_steady_state_nobody_is_asked_who_a_workspace_is(tmp_path: Path) -> None:
    """Parley keeps an installation in memory for 10 seconds. For the requests of that time it calls no `auth.test` and
    looks into the database once."""
    looked: list[str] = []

    class Watched(Installations):
        async def find(self, team: str) -> Installed | None:
            looked.append(team)
            return await super().find(team)

    async with two_houses(tmp_path) as (world, north, _), running(tmp_path, clock=world.clock, shared=True) as other:
        oauth = OAuth(CLIENT_ID, CLIENT_SECRET, Watched(other.database, other.keys, world.clock), _states(world))
        await world.chat.stop()
        async with _chat(world, oauth):
            before = len(world.server.called("auth.test"))
            for _ in range(20):
                await north.host.command("/parley help")
            assert (looked, len(world.server.called("auth.test"))) == ([north.team.id], before)
            world.clock.forward(seconds=INSTALLATION_LIFETIME.total_seconds())
            await asyncio.gather(*(north.host.command("/parley help") for _ in range(5)))
            assert (looked, len(world.server.called("auth.test"))) == ([north.team.id] * 2, before)


def _states(world: World) -> States:
    return States(world.instance.database, world.instance.keys, world.clock)


@asynccontextmanager
async def _chat(world: World, oauth: OAuth) -> AsyncIterator[SlackChat]:
    """Run another adapter on the same server, as another process would."""
    chat = SlackChat(
        world.instance.bot,
        clock=world.clock,
        oauth=oauth,
        base_url=world.server.base_url,
        privacy=world.instance.privacy,
    )
    opened = world.server.sockets.opened
    await chat.start(APP_TOKEN)
    try:
        await world.server.sockets.ready(opened + 1)
        yield chat
    finally:
        await chat.stop()


async def test_as_a_program_it_goes_on_after_it_was_killed(tmp_path: Path) -> None:
    """After a kill without warning, Parley starts again with both of its workspaces over HTTP, and their polls take
    votes."""
    async with slack.new_server() as server:
        houses = [house(server, name) for name in ("North House", "South House")]
        port = str(free_port())
        server.hooks.url = f"http://127.0.0.1:{port}{PATH}"
        server.installs.redirect_url = f"http://127.0.0.1:{port}{REDIRECT}"
        arguments = ("tests.wire.slack.parley", server.url, "run", "--port", str(free_port()))
        settings = {
            "PARLEY_SLACK_CLIENT_ID": CLIENT_ID,
            "PARLEY_SLACK_CLIENT_SECRET": CLIENT_SECRET,
            "PARLEY_SLACK_SIGNING_SECRET": SECRET,
            "PARLEY_SLACK_BIND": port,
        }
        async with program(tmp_path, *arguments, **settings) as process:
            await ready(process)
            for each in houses:
                page = await Browser().install(f"http://127.0.0.1:{port}{INSTALL}", each.team)
                assert page.status == 200
                await each.host.command('/parley poll create post:yes question:"Which tea?" options:"Green | Black"')
            process.kill()
            await process.wait()
        async with program(tmp_path, *arguments, **settings) as process:
            await ready(process)
            for each in houses:
                voter = server.member("Voter", each.team)
                assert counted(await voter.press(server.posted(each.channel)[0], "Green"))
            process.terminate()
            code, output = await last_words(process)
        assert server.violations == []
    assert (code, "Traceback" in output) == (0, False), output
    assert not any(secret in output for secret in (CLIENT_SECRET, *(each.team.token for each in houses)))


async def ready(process: Process) -> None:
    """Wait until the process says that it is ready."""
    assert process.stdout is not None
    async with asyncio.timeout(PATIENCE):
        while b"Parley is ready" not in await process.stdout.readline():
            pass


# --- tokens ---


def files_of(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in sorted(folder.glob("parley.db*")))


async def test_a_copy_of_the_database_shows_no_token(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The database's files hold no token, no state, no client secret and no workspace's name, and the log holds no
    token, code, state or client secret."""
    caplog.set_level(logging.INFO)
    async with slack_world(tmp_path, several=True) as world:
        north = house(world.server, "North House")
        browser, back, state = await begin(world)
        code = world.server.allow(north.team)
        await browser.open(f"{back}?code={code}&state={state}")
        await world.poll(north.host)
        contents = files_of(tmp_path)
        assert f"slack:{north.team.id}".encode() in contents
        for secret in (north.team.token, north.team.token.removeprefix("xoxb-"), CLIENT_SECRET, state, "North House"):
            assert secret.encode() not in contents
        for secret in (north.team.token, CLIENT_SECRET, state, f"code={code}", f"'{code}'"):
            assert secret not in caplog.text


@pytest.mark.parametrize("event", ["app_uninstalled", "tokens_revoked"])
async def test_of_a_removed_app_s_token_nothing_remains(tmp_path: Path, event: str) -> None:
    """When either event says that the app was removed, Parley deletes its sealed token from the database's files and
    cancels the workspace's polls. Other workspaces keep their tokens."""
    async with two_houses(tmp_path) as (world, north, south):
        installation = await stored(world, north.team)
        assert installation is not None
        assert installation.sealed.encode() in files_of(tmp_path)
        await world.poll(north.host)
        world.server.revoked.add(north.team.token)
        tokens = {"tokens": {"oauth": ["U1"], "bot": ["U0BOT"]}} if event == "tokens_revoked" else {}
        await world.server.event(north.team, {"type": event, **tokens})
        await settled(world)
        assert installation.sealed.encode() not in files_of(tmp_path)
        assert installation.sealed[10:60].encode() not in files_of(tmp_path)
        assert await stored(world, south.team)
        (poll,) = await world.instance.polls.listed(f"slack:{north.team.id}")
        assert poll.state is PollState.CANCELLED


async def test_a_person_s_own_token_is_none_of_parley_s(tmp_path: Path) -> None:
    """A `tokens_revoked` for people alone changes nothing."""
    async with two_houses(tmp_path) as (world, north, _):
        await world.server.event(north.team, {"type": "tokens_revoked", "tokens": {"oauth": ["U1"], "bot": []}})
        await north.host.command("/parley help")
        assert await stored(world, north.team)
        assert await departures(world) == []


async def test_who_installs_again_has_parley_back(tmp_path: Path) -> None:
    """A workspace that installs Parley again has it back at once, with its settings, and no longer counts as gone."""
    async with two_houses(tmp_path) as (world, north, _):
        admin = world.server.member("Admin", north.team, admin=True).at(north.channel)
        await admin.command("/parley settings polls:moderators")
        await world.server.uninstall(north.team)
        await settled(world)
        assert await departures(world) == [f"slack:{north.team.id}"]
        assert NOT_HERE in (await north.host.command("/parley help")).text
        world.clock.forward(seconds=5)
        await install(world, north.team)
        assert await departures(world) == []
        assert (
            "moderators"
            in (await north.host.command('/parley poll create post:yes question:"Why?" options:"A | B"')).text
        )
        await world.poll(admin)


async def test_a_removal_that_comes_late_removes_no_newer_installation(tmp_path: Path) -> None:
    """If Slack repeats the event of a removal after the app was installed again, the newer installation stays."""
    async with two_houses(tmp_path) as (world, north, _):
        then = world.server.now
        world.clock.forward(minutes=3)
        await install(world, north.team)
        assert isinstance(then, Clock)
        await world.server.event(north.team, {"type": "app_uninstalled"}, retry=2)
        assert await stored(world, north.team)
        assert (await north.host.command("/parley help")).private
        assert await departures(world) == []


async def test_another_process_s_removal_is_noticed_within_seconds(tmp_path: Path) -> None:
    """Parley keeps an installation in memory for 10 seconds, and then sees in the database that another process has
    removed it."""
    async with two_houses(tmp_path) as (world, north, _), running(tmp_path, clock=world.clock, shared=True) as other:
        place = Place("slack", north.team.id, north.channel.id)
        await world.chat.post(place, SHORT)
        elsewhere = Installations(other.database, other.keys, world.clock)
        assert await elsewhere.forget(north.team.id, world.clock())
        world.clock.forward(seconds=INSTALLATION_LIFETIME.total_seconds())
        with pytest.raises(NotAllowed, match=NOT_HERE):
            await world.chat.post(place, SHORT)
        assert len(world.server.called("chat.postMessage", None)) == 1


async def test_another_key_opens_nothing_and_a_new_installation_helps(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Under another key Parley asks to be installed again, which works. With the old key restored, the other
    workspace's token opens again."""
    async with slack.new_server() as server:
        north, south = house(server, "North House"), house(server, "South House")
        async with slack.parley(server, tmp_path, several=True) as world:
            await install(world, north.team, south.team)
        key = (tmp_path / "parley.key").read_bytes()
        (tmp_path / "parley.key").write_bytes(b"C" * 43 + b"=\n")
        async with slack.parley(server, tmp_path, several=True) as world:
            assert "to install Parley again" in (await north.host.command("/parley help")).text
            await install(world, north.team)
            assert (await north.host.command("/parley help")).private
            assert "to install Parley again" not in (await north.host.command("/parley help")).text
        (tmp_path / "parley.key").write_bytes(key)
        async with slack.parley(server, tmp_path, several=True) as world:
            assert "to install Parley again" not in (await south.host.command("/parley help")).text
        assert server.violations == []
        assert "under another key" in caplog.text


async def test_a_sealed_token_opens_beside_its_own_workspace_alone(tmp_path: Path) -> None:
    """A sealed token opens only in the row of its own workspace, so nobody can give it to another by a change of the
    database."""
    async with two_houses(tmp_path) as (world, north, south):
        installation = await stored(world, south.team)
        assert installation is not None
        await world.instance.database.write(
            lambda tx: rows.put(tx, f"slack:{north.team.id}", installation.sealed, world.clock())
        )
        with pytest.raises(Unavailable):
            await Installations(world.instance.database, world.instance.keys, world.clock).find(north.team.id)


async def test_the_operator_sees_who_has_installed_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`parley slack workspaces` lists the id, name and date of each workspace, the oldest first, while Parley runs.
    Without the key it lists no names."""
    monkeypatch.chdir(tmp_path)
    async with two_houses(tmp_path) as (_, north, south):
        output = (await asyncio.to_thread(CliRunner().invoke, main, ["slack", "workspaces"])).output
        assert output == f"{north.team.id}\tNorth House\t2026-11-25\n{south.team.id}\tSouth House\t2026-11-25\n"
        monkeypatch.setenv("PARLEY_KEY", "B" * 43 + "=")
        output = (await asyncio.to_thread(CliRunner().invoke, main, ["slack", "workspaces"])).output
        assert output.count("under another key") == 2


# --- a workspace that is lost, and the others ---


async def test_a_dead_token_is_a_lost_permission_and_takes_nobody_down(tmp_path: Path) -> None:
    """If Slack's event of a removal was missed, Parley finds the token dead, tells the poll's host that it can't update
    a copy, and marks that workspace as gone. The poll goes on."""
    async with two_houses(tmp_path) as (world, north, south):
        poll = await world.poll(north.host, results="live")
        ref = await world.chat.post(Place("slack", south.team.id, south.channel.id), SHORT)
        assert isinstance(ref, MessageRef)
        await world.instance.polls.posted("p1", ref, world.clock())
        world.server.revoked.add(south.team.token)
        assert counted(await world.server.member("Voter", north.team).press(poll, "Green"))
        await world.quiet()
        await settled(world)
        assert "1 (100%)" in words(poll.blocks)
        assert "I can't update a poll's message" in north.host.at_direct().text
        assert (await departures(world), await stored(world, north.team) is None) == ([f"slack:{south.team.id}"], False)
        assert counted(await world.server.member("Another", north.team).press(poll, "Green"))
        await world.quiet()
        assert [one.method for one in world.server.forgive("token_revoked")] == ["chat.update", "auth.test"]
        assert not world.chat.ended.is_set()


async def test_a_workspace_that_had_a_bot_token_changes_over(tmp_path: Path) -> None:
    """After a change from one token to installations, Parley tells a workspace that it isn't installed, and goes on
    with its open poll once it is."""
    async with slack.new_server() as server:
        async with slack.parley(server, tmp_path) as world:
            poll = await world.poll(server.member("Host"), results="live")
        async with slack.parley(server, tmp_path, several=True, clock=Hurried(20)) as world:
            assert NOT_HERE in (await server.member("Ada").press(poll, "Green")).text
            with pytest.raises(Unavailable, match=NOT_HERE):  # so that it is tried again
                await world.chat.edit(MessageRef(Place("slack", server.team.id, poll.channel.id), poll.ts), SHORT)
            await install(world, server.team)
            assert counted(await server.member("Ada").press(poll, "Green"))
            await server.until(lambda: "1 (100%)" in words(poll.blocks))
        assert server.violations == []


async def test_one_refusal_by_mistake_loses_no_workspace(tmp_path: Path) -> None:
    """If Slack once calls an account inactive by mistake, Parley keeps the workspace's token and its polls."""
    async with two_houses(tmp_path) as (world, north, _):
        place = Place("slack", north.team.id, north.channel.id)
        poll = await world.poll(north.host)
        world.server.faults.refuse("chat.postMessage", "account_inactive")
        with pytest.raises(NotAllowed):
            await world.chat.post(place, SHORT)
        await settled(world)
        assert await stored(world, north.team)
        assert counted(await world.server.member("Voter", north.team).press(poll, "Green"))
        assert await world.chat.post(place, SHORT)
        assert await departures(world) == []


async def test_one_workspace_s_trouble_is_not_another_s(tmp_path: Path) -> None:
    """Each workspace has its own budget of edits and its own groups."""
    async with two_houses(tmp_path) as (world, north, south):
        for each in (north, south):
            ref = await world.chat.post(Place("slack", each.team.id, each.channel.id), SHORT)
            assert isinstance(ref, MessageRef)
            for _ in range(EDITS_A_MINUTE):
                await world.chat.edit(ref, SHORT)
            with pytest.raises(Unavailable):
                await world.chat.edit(ref, SHORT)
        world.server.faults.refuse("usergroups.list", "fatal_error")
        await asyncio.gather(*(each.host.command("/parley help") for each in (north, south)))
        assert len(world.server.called("usergroups.list", None)) == 2


async def test_who_is_looked_up_while_a_workspace_goes_is_answered_all_the_same() -> None:
    """If Parley gives up looking a person up, it takes them for a plain member, under the name that came with the
    request."""
    clock = Clock()
    async with slack.new_server() as server:
        web = WebApi(BOT_TOKEN, clock, server.base_url)
        web.open()
        people = People("slack", web, clock)
        finding = asyncio.create_task(people.find(server.team.id, server.member("Ada").id, "Ada"))
        for _ in range(3):  # it has begun, and no answer can be there yet
            await asyncio.sleep(0)
        people.stop()
        actor, person = await finding
        assert (actor.name, actor.roles, person.moderator) == ("Ada", frozenset(), False)
        await web.close()


async def test_files_groups_and_home_are_each_workspace_s_own(tmp_path: Path) -> None:
    """Parley sends a member's files and Home tab, and asks for their groups, under the token of their own workspace."""
    async with two_houses(tmp_path) as (world, _, south):
        ada = world.server.member("Ada", south.team).at(south.channel)
        await ada.command("/parley privacy export")
        await world.server.until(lambda: any(message.files for message in ada.at_direct().sees()))
        view = await ada.open_home()
        assert "No poll is open" in words(view.content["blocks"])
        used = {call.team.id for call in world.server.calls if call.method in {"views.publish", "usergroups.list"}}
        assert used == {south.team.id}


@pytest.mark.parametrize("several", [False, True], ids=["one token", "installed"])
async def test_who_comes_from_a_workspace_without_the_app_is_told_so(tmp_path: Path, *, several: bool) -> None:
    """If a person comes from a workspace without the app, Parley tells them so after a command, a press, a message's
    shortcut or a form, and changes nothing."""
    async with slack_world(tmp_path, several=several) as world:
        server = world.server
        here = House(server.team, server.main, server.member("Host"))
        if several:
            await install(world, server.team)
        poll = await world.poll(here.host)
        elsewhere = house(server, "Elsewhere")
        stranger = elsewhere.host
        assert NOT_HERE in (await stranger.command("/parley help")).text
        assert NOT_HERE in (await stranger.press(poll, "Green")).text
        assert NOT_HERE in (await stranger.message_shortcut("find-facts", server.say(stranger, "Tea"))).text
        await server.event(elsewhere.team, {"type": "app_home_opened", "user": stranger.id, "tab": "home"})
        form = (await here.host.command("/parley poll create post:yes")).view
        assert form is not None
        elsewhere.team.views[form.id] = here.host.team.views.pop(form.id)
        form.user = stranger.id
        filled = {"The question": "Which tea?", "The options": "Green\nBlack"}
        submission = await stranger.submit(form, filled)
        assert (submission.closed, NOT_HERE in " ".join(submission.errors.values())) == (False, True)
        assert await world.tally() == {}
        assert len(await world.instance.polls.listed(f"slack:{elsewhere.team.id}")) == 0


async def test_a_workspace_with_the_app_does_not_vote_in_another_s_poll(tmp_path: Path) -> None:
    """A press on another workspace's poll gets an answer and counts no vote, even if the member's workspace has the
    app."""
    async with two_houses(tmp_path) as (world, north, south):
        poll = await world.poll(north.host)
        answer = await south.host.press(poll, "Green")
        assert not counted(answer)
        assert answer.text
        assert await world.tally() == {}


async def test_the_one_token_s_workspace_is_marked_and_comes_back(tmp_path: Path) -> None:
    """With one token alone, Parley marks its workspace as gone when the app is removed, and drops the mark at a start
    with a working token."""
    async with slack.new_server() as server:
        async with slack.parley(server, tmp_path) as world:
            await world.poll(server.member("Host"))
            elsewhere = house(server, "Elsewhere")
            await server.event(elsewhere.team, {"type": "app_uninstalled"})
            assert not world.chat.ended.is_set()
            await server.uninstall()
            await settled(world)
            assert world.chat.ended.is_set()
            assert await departures(world) == [f"slack:{server.team.id}"]
        server.revoked.clear()
        async with slack.parley(server, tmp_path) as world:
            assert await departures(world) == []


async def test_slack_that_does_not_answer_a_stranger_is_no_bug(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """When a person from a workspace without the app uses a global shortcut, Parley logs no bug."""
    async with slack_world(tmp_path, several=True) as world:
        stranger = house(world.server, "Elsewhere").host
        for _ in range(2):
            with pytest.raises((CannotDo, TimeoutError)):
                await asyncio.wait_for(stranger.shortcut("start-poll"), 0.5)
        assert slack.bugs(caplog) == []
