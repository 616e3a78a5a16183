"""A workspace installs Parley by way of Slack and back, and every wrong way installs nothing."""

from __future__ import annotations

import re
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from adapters.slack import oauth
from adapters.slack.installations import Installations, States
from adapters.slack.manifest import SCOPES
from adapters.slack.oauth import NotInstalled
from adapters.slack.pages import FAILURES, OLD
from bot.errors import Unavailable
from bot.store.keys import Keys
from tests.logs import logs, requests_of
from tests.wire.slack import Browser
from tests.wire.slack import world as slack
from tests.wire.slack.houses import begin, house, stored
from tests.wire.slack.installs import CLIENT_ID, Page, query_of
from tests.wire.slack.world import World, slack_world
from tests.world import Clock

pytestmark = pytest.mark.filterwarnings("ignore:BasicAuth is deprecated")  # slack_sdk's own

# --- the way to Slack and back ---


async def test_the_page_asks_for_what_the_manifest_asks_for(tmp_path: Path) -> None:
    """The install page links to Slack with the app's id, its scopes and a state. It loads nothing from elsewhere, runs
    nothing, and no page may frame it."""
    async with slack_world(tmp_path, several=True) as world:
        page = await Browser().open(world.install_page)
        query = query_of(page.link("Add to Slack"))
        assert query["client_id"] == CLIENT_ID
        assert set(query["scope"].split(",")) >= {"commands", "chat:write", "usergroups:read"}
        assert len(query["state"]) > 40
        policy = page.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert page.headers["Referrer-Policy"] == "no-referrer"
        assert page.headers["Cache-Control"] == "no-store"
        assert "HttpOnly" in page.headers["Set-Cookie"]
        assert "Secure" in page.headers["Set-Cookie"]
        assert '<html lang="en">' in page.html
        assert page.html.count("<h1") == 1
        assert "src=" not in page.html
        assert "<script" not in page.html


async def test_who_installs_is_told_what_to_do_next(tmp_path: Path) -> None:
    """The page after an installation has the workspace's name, as text, and says how to begin."""
    async with slack_world(tmp_path, several=True) as world:
        page = await Browser().install(world.install_page, house(world.server, "<b>Tea</b> & House").team)
        assert page.status == 200
        assert "Parley is now in &lt;b&gt;Tea&lt;/b&gt; &amp; House" in page.html
        assert "/invite @Parley" in page.html
        assert page.link("Open Slack").startswith("https://slack.com/app_redirect?app=A1&team=T")


async def test_a_workspace_is_stored_with_what_it_granted(tmp_path: Path) -> None:
    """Parley stores a workspace with the scopes that it granted. The page names one without a name by its id."""
    async with slack_world(tmp_path, several=True) as world:
        team = house(world.server, "North House").team
        world.server.installs.extra = {"team": {"id": team.id}}
        page = await Browser().install(world.install_page, team)
        assert (page.status, f"Parley is now in {team.id}" in page.html) == (200, True)
        store = slack.installing(world.instance, world.clock).installations
        bot = await store.async_find_bot(enterprise_id=None, team_id=team.id)
        assert set(bot.bot_scopes if bot else ()) == set(SCOPES)


GRANT = {"team": {"id": "T1"}, "is_enterprise_install": False}


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({}, ""),
        ({"refresh_token": None}, ""),
        ({"is_enterprise_install": True}, "organisation"),
        ({"team": None}, "organisation"),
        ({"team": {}}, "organisation"),
        ({"refresh_token": "xoxe-1"}, "rotation"),
    ],
)
def test_a_grant_is_for_one_workspace_and_lasts(more: dict[str, Any], reason: str) -> None:
    """Parley refuses a grant for a whole organisation, and one with a token that expires."""
    with pytest.raises(NotInstalled) if reason else nullcontext() as refusal:
        oauth._check({**GRANT, **more})
    assert refusal is None or refusal.value.reason == reason


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("", "unreachable"),
        ("ratelimited", "unreachable"),
        ("internal_error", "unreachable"),
        ("bad_client_secret", "credentials"),
        ("invalid_client_id", "credentials"),
        ("code_already_used", OLD),
        ("no_scopes", "no_scopes"),
    ],
)
def test_each_of_slack_s_refusals_has_its_page(code: str, reason: str) -> None:
    """For each refusal of Slack's there is a page: try later, tell the operator, or start again. Any other refusal is
    named."""
    assert oauth._meaning(code) == reason


async def test_the_pages_speak_one_language(tmp_path: Path) -> None:
    """The pages speak the browser's language: in the pseudo-locale no sentence is left in English."""
    async with slack_world(tmp_path, several=True) as world:
        back = world.server.installs.redirect_url
        team = house(world.server, "⟦North House⟧").team
        installed = await Browser(language="en-XA").install(world.install_page, team)
        failed = [await Browser(language="en-XA").open(f"{back}?error={reason}") for reason in (*FAILURES, "no_scopes")]
        for page in (await Browser(language="en-XA").open(world.install_page), installed, *failed):
            assert '<html lang="en-XA">' in page.html
            main = page.html.partition("<main>")[2].partition("</main>")[0]
            lines = [words for words in re.split(r"<[^>]*>", main) if words.strip()]
            assert lines
            assert [words for words in lines if not words.startswith("⟦")] == []


@pytest.mark.parametrize(
    "how",
    [
        "replayed",
        "replayed in other words",
        "expired",
        "of the future",
        "of another instance",
        "of another browser",
        "missing",
        "made up",
    ],
)
async def test_a_state_that_is_not_this_browser_s_and_fresh_installs_nothing(tmp_path: Path, how: str) -> None:
    """A state that is used, older than 10 minutes, of the future, of another instance or browser, missing or made up
    installs nothing. Parley answers 400, says how to start again, and doesn't ask Slack."""
    async with slack_world(tmp_path, several=True) as world:
        team = house(world.server, "North House").team
        browser, back, state = await begin(world)
        code = world.server.allow(team)
        match how:
            case "replayed" | "replayed in other words":
                cookies = dict(browser.cookies)
                assert (await browser.open(f"{back}?code={world.server.allow(team)}&state={state}")).status == 200
                if how != "replayed":  # the same bytes, written otherwise
                    state = state[:4] + "!" + state[4:]
                    cookies = dict.fromkeys(cookies, state)
                browser.cookies = cookies
            case "expired":
                world.clock.forward(minutes=10, seconds=1)
            case "of the future":
                world.clock.forward(minutes=-2)
            case "of another instance":
                state = await States(world.instance.database, Keys(b"B" * 43 + b"="), world.clock).async_issue()
                browser.cookies = dict.fromkeys(browser.cookies, state)
            case "of another browser":
                browser, _, _ = await begin(world)
            case "missing":
                state = ""
            case _:
                state = "x" * 100
                browser.cookies = dict.fromkeys(browser.cookies, state)
        exchanged = len(world.server.called("oauth.v2.access", None))
        page = await browser.open(f"{back}?code={code}&state={state}")
        assert (page.status, "This link doesn&#x27;t work" in page.html) == (400, True)
        assert page.link("Start again") == world.install_page
        assert len(world.server.called("oauth.v2.access", None)) == exchanged


async def test_a_state_outlives_a_restart_and_is_used_up_by_it_all_the_same(tmp_path: Path) -> None:
    """A person may come back from Slack after a restart of Parley. Their state installs once, also over further
    restarts."""
    async with slack.new_server() as server:
        team, clock = house(server, "North House").team, Clock()
        async with slack.parley(server, tmp_path, several=True, clock=clock) as world:
            browser, _, state = await begin(world)
        cookies = dict(browser.cookies)
        async with slack.parley(server, tmp_path, several=True, clock=clock) as world:
            back = server.installs.redirect_url
            assert (await browser.open(f"{back}?code={server.allow(team)}&state={state}")).status == 200
        browser.cookies = cookies
        async with slack.parley(server, tmp_path, several=True, clock=clock) as world:
            back = server.installs.redirect_url
            assert (await browser.open(f"{back}?code={server.allow(team)}&state={state}")).status == 400
            assert await stored(world, team)


async def test_who_says_no_installs_nothing(tmp_path: Path) -> None:
    """If a person declines at Slack, Parley installs nothing and offers to start again. Their state can't be used to
    accept later."""
    async with slack_world(tmp_path, several=True) as world:
        team = house(world.server, "North House").team
        browser = Browser()
        question = (await browser.open(world.install_page)).link("Add to Slack")
        cookies = dict(browser.cookies)
        page = await browser.answer(question, None)
        assert (page.status, "install Parley" in page.html) == (200, True)
        assert page.link("Start again") == world.install_page
        browser.cookies = cookies
        assert (await browser.answer(question, team)).status == 400
        assert await stored(world, team) is None


async def test_looking_at_the_way_back_without_taking_it_uses_nothing_up(tmp_path: Path) -> None:
    """Parley refuses a HEAD request on the way back, as a scanner of links sends it, and uses no state up. It refuses
    other unsigned requests too."""
    async with slack_world(tmp_path, several=True) as world:
        browser, back, state = await begin(world)
        cookies = dict(browser.cookies)
        for method, url in (
            ("HEAD", f"{back}?code=c&state={state}"),
            ("POST", back),
            ("POST", world.install_page),
            ("POST", world.server.hooks.url),
            ("GET", world.server.hooks.url),
        ):
            assert (await browser.open(url, method=method)).status in {401, 405}
        browser.cookies = cookies
        team = house(world.server, "North House").team
        assert (await browser.open(f"{back}?code={world.server.allow(team)}&state={state}")).status == 200


async def returned(world: World, code: str) -> Page:
    browser, back, state = await begin(world)
    return await browser.open(f"{back}?code={code}&state={state}")


async def test_what_slack_refuses_on_the_way_back_is_told_apart(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """For a used code, wrong credentials, a Slack that is away and an app that is set up otherwise, Parley shows a page
    in plain words and installs nothing."""
    async with slack_world(tmp_path, several=True) as world:
        server, team = world.server, house(world.server, "North House").team

        async def page(reason: str, status: int) -> None:
            page_back = await returned(world, server.allow(team))
            assert (page_back.status, reason in page_back.html) == (status, True), page_back.html
            assert await stored(world, team) is None

        server.faults.refuse("oauth.v2.access", "invalid_code")
        await page("This link doesn&#x27;t work", 400)
        server.faults.refuse("oauth.v2.access", "bad_client_secret")
        await page("Tell the operator", 500)
        assert "PARLEY_SLACK_CLIENT_SECRET" in caplog.text
        server.faults.refuse("oauth.v2.access", "no_scopes")
        await page("Slack says: no_scopes", 400)
        server.faults.fail("oauth.v2.access", hang_up=True, times=3)
        await page("can&#x27;t reach Slack", 503)
        server.faults.fail("auth.test", times=3)
        await page("can&#x27;t reach Slack", 503)
        server.installs.extra = {"is_enterprise_install": True, "team": None, "enterprise": {"id": "E1"}}
        await page("Choose one workspace", 400)
        server.installs.extra = {"refresh_token": "xoxe-1", "expires_in": 43200}
        await page("without token rotation", 500)


async def test_a_reason_that_somebody_made_up_is_not_shown(tmp_path: Path) -> None:
    """The page at the way back shows no words from a link."""
    async with slack_world(tmp_path, several=True) as world:
        page = await Browser().open(f"{world.server.installs.redirect_url}?error=Call+0800+NOW+<script>")
        assert (page.status, "0800" in page.html, "script" in page.html) == (400, False, False)


async def test_a_database_that_is_away_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the database is away, Parley stores nothing, answers 503 and says that it couldn't save the installation. A new
    try works when the database is back."""
    async with slack_world(tmp_path, several=True) as world:
        team = house(world.server, "North House").team

        async def away(*_arguments: object) -> None:
            raise Unavailable("away")

        with monkeypatch.context() as broken:
            broken.setattr(world.instance.database, "write", away)
            page = await returned(world, world.server.allow(team))
            assert (page.status, "save the installation" in page.html) == (503, True)
        assert await stored(world, team) is None
        assert (await returned(world, world.server.allow(team))).status == 200


async def test_a_bug_on_the_way_back_gets_a_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If a bug happens on the way back, Parley answers 500 and shows the code under which it is logged."""
    async with slack_world(tmp_path, several=True) as world:
        team = house(world.server, "North House").team

        async def breaks(*_arguments: object) -> None:
            raise KeyError("oops")

        with monkeypatch.context() as broken:
            broken.setattr(Installations, "async_save", breaks)
            with logs() as lines:
                page = await returned(world, world.server.allow(team))
        (code,) = requests_of(lines, "bug in")
        assert (page.status, f"tell the moderators this code: {code}" in page.html, code != "") == (500, True, True)
