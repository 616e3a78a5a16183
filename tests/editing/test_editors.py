"""These tests cover who may edit the content, and the log of the actions of editors and moderators."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.chat.markup import ChannelMention, RoleMention
from bot.chat.vocabulary import Actor, Place, Reply, Request
from bot.communities import repository as communities
from bot.communities.action_log import Deed
from bot.errors import UsageError
from bot.i18n import Translator
from bot.instance import Instance
from bot.settings.editors import read_channel, read_editors
from bot.settings.sources import load_settings
from tests.talk import buttons, press, say, wall, words
from tests.world import NOW, Clock, request, running

ADA, MO = request("Ada"), request("Mo", moderator=True)


def person(platform: str, workspace: str, user: str, *roles: str, moderator: bool = False) -> Request:
    actor = Actor(platform, workspace, user, user, frozenset(roles), moderator)
    return Request(actor, Place(platform, workspace, "c"), NOW)


async def edits(instance: Instance, who: Request) -> bool:
    """Return whether the editors' commands are open to this person: help lists them, and they run."""
    listed = "/content log" in words(await say(instance, who, "/help content"))
    ran = "Log of the content" in words(await say(instance, who, "/content log"))
    pressed = "Log of the content" in words(await press(instance, who, "v1:content-log:1:a"))
    assert listed == ran == pressed
    return ran


async def test_the_moderators_of_the_only_community_edit_where_nobody_is_named(tmp_path: Path) -> None:
    """If no editors are named, the moderators of the only community edit.

    A second community ends that until it removes Parley. Conversations with one person and the demonstration don't
    count.
    """
    async with running(tmp_path) as instance:
        assert await edits(instance, MO)
        assert not await edits(instance, ADA)
        await say(instance, person("test", "dm1", "u1"), "/help")
        await say(instance, person("web", "demo", "ada"), "/help")
        assert await edits(instance, MO)
        await say(instance, person("test", "elsewhere", "u1"), "/help")
        assert not await edits(instance, MO)
        assert "Only editors can use /content log." in words(await say(instance, MO, "/content log"))
        await instance.privacy.community_left("test:elsewhere", NOW)
        assert await edits(instance, MO)


async def test_the_demonstrations_moderator_edits_where_it_is_all_there_is(tmp_path: Path) -> None:
    """The demonstration's moderator edits as long as no real community uses Parley, and not any more once one does."""
    mo = person("web", "demo", "mo", moderator=True)
    async with running(tmp_path) as instance:
        assert await edits(instance, mo)
        await say(instance, ADA, "/help")
        assert not await edits(instance, mo)


async def test_people_and_roles_that_are_named_edit_and_nobody_else(tmp_path: Path) -> None:
    """If editors are named, only those people and roles edit, and moderators don't.

    Discord's ids stand alone; Slack's need their workspace.
    """
    editors = "discord:100000, discord:200000 slack:T1/U1, slack:T1/S1"
    async with running(tmp_path, editors=editors) as instance:
        for who in (
            person("discord", "1", "100000"),
            person("discord", "2", "5", "200000"),
            person("slack", "T1", "U1"),
            person("slack", "T1", "U5", "S1"),
        ):
            assert await edits(instance, who), who
        for who in (
            MO,
            person("discord", "1", "5", "100001", moderator=True),
            person("slack", "T2", "U1"),
            person("slack", "T1", "U5", "S2"),
            person("web", "demo", "100000"),
        ):
            assert not await edits(instance, who), who


@pytest.mark.parametrize(
    "written", ["ada", "discord:ada", "slack:U1", "slack:T1/C1", "irc:1/2", "discord:1,,slack:T1/"]
)
def test_an_editor_that_is_no_id_is_refused(written: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Parley refuses an editor that is no person's or role's id, and names the setting and its right forms."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match=r"PARLEY_EDITORS\), is wrong: “.*” isn't an editor\. It is: .*discord:ID"):
        load_settings(editors=written)


@pytest.mark.parametrize("written", ["general", "discord:1:2", "slack:T1", "slack:T1:U1"])
def test_a_channel_that_is_none_is_refused(written: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Parley refuses an editors' channel that is no channel's id, and names the setting and its right forms."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match=r"PARLEY_EDITORS_CHANNEL\), is wrong: “.*” isn't a channel\. .*slack:T…:C…"):
        load_settings(editors_channel=written)


def test_the_settings_are_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Parley reads the editors, between commas or spaces, and their channel from the environment or `parley.toml`."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "parley.toml").write_text('editors_channel = "slack:T1:C1"\n', encoding="utf-8")
    monkeypatch.setenv("PARLEY_EDITORS", "discord:12345,slack:T1/U1 web:demo/mo")
    settings = load_settings()
    assert [editor.platform for editor in read_editors(settings.editors)] == ["discord", "slack", "web"]
    assert read_channel(settings.editors_channel) == Place("slack", "T1", "C1")
    assert read_editors("") == ()
    assert read_channel("") is None


def hello(t: Translator) -> Reply:
    return Reply()


async def test_editors_are_told_in_their_channel(tmp_path: Path) -> None:
    """Parley tells the editors in the channel of its settings, or in the moderators' channel if the moderators edit.

    Without a channel that it can reach, it tells nobody.
    """
    async with running(tmp_path) as instance:
        assert not await instance.editors.tell(hello, NOW)
        await say(instance, MO, "/settings channel:office")
        assert await instance.editors.tell(hello, NOW)
        assert [ref.place for ref, _ in wall(instance).posted] == [Place("test", "demo", "office")] * 2
        await say(instance, person("test", "elsewhere", "u1"), "/help")
        assert not await instance.editors.tell(hello, NOW)
    async with running(tmp_path, editors="discord:12345") as instance:
        assert await instance.editors.channel(NOW) is None
    async with running(tmp_path, editors_channel="discord:12345:67890") as instance:
        assert await instance.editors.channel(NOW) == Place("discord", "12345", "67890")
        assert not await instance.editors.tell(hello, NOW)


async def test_the_log_names_who_did_what_and_when(tmp_path: Path) -> None:
    """The log shows moderators what was done to polls and settings, the newest first, with time and person."""
    clock = Clock()
    async with running(tmp_path, clock=clock) as instance:
        for poll in ("p1", "p2"):
            await say(instance, ADA, f'/poll create post:yes question:"Tea {poll}?" options:"Green | Black" closes:1d')
            clock.forward(minutes=1)
        await say(instance, ADA, "/poll extend 2d poll:p1")
        clock.forward(minutes=1)
        await press(instance, ADA, "v1:poll-close:p1")
        clock.forward(minutes=1)
        await press(instance, MO, "v1:poll-cancel:p2")
        clock.forward(minutes=1)
        await say(instance, MO, "/settings zone:Europe/Berlin reminder:5")
        log = words(await say(instance, MO, "/log"))
        assert [line.removeprefix("• ") for line in log.splitlines()[1:] if line] == [
            "2026-11-25 13:05 CET Mo changed the settings (zone: Europe/Berlin, reminder: 5)",
            "2026-11-25 13:04 CET Mo cancelled a poll (Tea p2?)",
            "2026-11-25 13:03 CET Ada closed a poll (Tea p1?)",
            "2026-11-25 13:02 CET Ada extended a poll (2026-11-27 12:02 UTC: Tea p1?)",
        ]
        assert "Only moderators can use /log." in words(await say(instance, ADA, "/log"))
        assert "Only moderators can do that." in words(await press(instance, ADA, "v1:log:1:a"))
        assert "Nothing so far." in words(await say(instance, MO, "/content log"))


async def test_settings_are_in_the_log_as_they_are_typed(tmp_path: Path) -> None:
    """The log names the changed arguments of `/settings` only, with “off” for each value that a moderator removed."""
    clock = Clock()
    async with running(tmp_path, clock=clock) as instance:
        await say(instance, MO, "/settings channel:office polls:moderators")
        clock.forward(minutes=1)
        for line in ("/settings polls:moderators", "/settings without:moderators"):
            assert "Nothing has changed" in words(await say(instance, MO, line))
        await say(instance, MO, "/settings without:channel polls:moderators")
        log = words(await say(instance, MO, "/log"))
        assert [line.partition(" Mo ")[2] for line in log.splitlines()[1:] if line] == [
            "changed the settings (channel: off)",
            "changed the settings (polls: moderators, channel: office)",
        ]


async def test_settings_in_the_log_have_names(tmp_path: Path) -> None:
    """The log shows a topic by its title, and a channel or a role as its platform names it. A topic that is gone keeps
    its id."""
    async with running(tmp_path) as instance:
        await say(instance, MO, "/settings topic:tea digest:office")
        await say(instance, MO, "/settings ping:tasters moderators:stewards")
        gone = instance.action_log.entry(Deed.SETTINGS, NOW, by=MO.actor, detail="topic: coffee", community="test:demo")
        await instance.database.write(gone)
        outcome = await say(instance, MO, "/log")
        assert outcome.answer is not None
        pieces = [piece for block in outcome.answer.cards[0].body for piece in block.inlines]
        assert ChannelMention("office", "office") in pieces
        assert {RoleMention("tasters", "tasters"), RoleMention("stewards", "stewards")} <= {*pieces}
        log = words(outcome)
        assert "(topic: Tea in the office, digest: office)" in log
        assert "(topic: coffee)" in log


async def test_what_did_not_happen_is_not_in_the_log(tmp_path: Path) -> None:
    """A refused action, a close that came second, and a close by the deadline leave no line in the log."""
    clock = Clock()
    async with running(tmp_path, clock=clock) as instance:
        await say(instance, ADA, '/poll create post:yes question:"Tea?" options:"Green | Black" closes:1d')
        await say(instance, ADA, "/poll extend 1h poll:p1")
        await press(instance, request("Ben"), "v1:poll-close:p1")
        await say(instance, ADA, "/settings zone:UTC")
        clock.forward(days=2)
        await instance.scheduler.run_due()
        await press(instance, ADA, "v1:poll-close:p1")
        assert "Nothing so far." in words(await say(instance, MO, "/log"))


async def test_the_log_is_read_page_by_page(tmp_path: Path) -> None:
    """The log shows ten lines a page, each line once, even if many have the same time."""
    async with running(tmp_path) as instance:
        for number in range(23):
            moment = NOW + timedelta(minutes=number // 5)
            await instance.database.write(instance.action_log.entry(Deed.PUBLISH, moment, object_id=f"card-{number}"))
        outcome = await say(instance, MO, "/content log")
        pages = [words(outcome)]
        while outcome.answer is not None and (older := buttons(outcome.answer)):
            outcome = await press(instance, MO, older["Older"])
            assert outcome.replace
            pages.append(words(outcome))
        lines = [line.rpartition(" ")[2] for page in pages for line in page.splitlines() if "published" in line]
        assert [page.count("published") for page in pages] == [10, 10, 3]
        assert sorted(lines) == sorted(f"card-{number}" for number in range(23))
        assert "Parley published card-" in pages[0]
        for odd in ("v1:content-log:x:y", "v1:content-log:99999999999999999999:a"):
            assert "Nothing so far." in words(await press(instance, MO, odd))


async def test_a_community_sees_its_own_log_alone(tmp_path: Path) -> None:
    """A community's log doesn't show the actions of another community's moderators."""
    async with running(tmp_path) as instance:
        await say(instance, MO, "/settings zone:Europe/Berlin")
        other = replace(MO, actor=replace(MO.actor, workspace="elsewhere"))
        assert "Nothing so far." in words(await say(instance, other, "/log"))


async def test_the_log_forgets_people_and_communities(tmp_path: Path) -> None:
    """`/privacy` shows, exports and erases a person's name in the log.

    A community that left loses its log after its time is up.
    """
    async with running(tmp_path) as instance:
        await say(instance, MO, "/settings zone:UTC keep:0")
        await instance.database.write(instance.action_log.entry(Deed.RELOAD, NOW, by=MO.actor))
        other = replace(MO, actor=replace(MO.actor, id="jo", name="Jo"))
        await say(instance, other, "/settings zone:Europe/Berlin")
        assert "2 lines with your name" in words(await say(instance, MO, "/privacy show"))
        exported = await say(instance, MO, "/privacy export")
        assert exported.answer is not None
        assert '"did": "settings"' in exported.answer.files[0].content
        await press(instance, MO, "v1:privacy-erase")
        assert "with your name" not in words(await say(instance, MO, "/privacy show"))
        log = words(await say(instance, other, "/log"))
        assert "A member who has erased their data changed the settings" in log
        assert "Jo changed the settings" in log
        assert "Mo" not in log

        await instance.database.write(instance.action_log.entry(Deed.RELOAD, NOW, by=other.actor))
        await instance.privacy.community_left("test:demo", NOW)
        assert await instance.privacy.forget_the_gone(NOW + timedelta(seconds=1)) == ["test:demo"]
        assert list((await instance.action_log.page("test:demo", NOW + timedelta(days=1)))[0]) == []
        content, _ = await instance.action_log.page("", NOW + timedelta(days=1))
        assert {(act.actor, act.name) for act in content} == {("erased", "")}
        assert await instance.database.read(communities.served) == []
