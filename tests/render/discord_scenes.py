"""Every picture of Discord by its name, with the scenes of look-ups, editors and discussions."""

from __future__ import annotations

from collections.abc import Mapping

from bot.chat.vocabulary import Actor, Place, Request
from tests.editing.packs import edit
from tests.render import discord_poll_scenes as polls
from tests.render.discord_stage import (
    Scene,
    Stage,
    Target,
    as_between_people,
    as_in_server,
    hide_server,
    line_scene,
    pressed,
)


async def menu(stage: Stage) -> Target:
    written = "They want to invoke the Insurrection Act and send the military to stop fentanyl at the border."
    message = await stage.people["Ben"].member.send(stage.ada.channel, written)
    await stage.ada.member.context_menu(stage.ada.channel, "Find facts", message)
    return stage.ada.messages()[-1]


async def menu_away(stage: Stage) -> Target:
    """A member who installed Parley for herself uses it in a server without the bot."""
    hide_server(stage.ada, as_in_server)
    return await menu(stage)


async def fact_between(stage: Stage) -> Target:
    """A member who installed Parley for herself uses it in her conversation with somebody else."""
    hide_server(stage.ada, as_between_people)
    await stage.ada.say("/fact insurrection act")
    return stage.ada.messages()[-1]


async def direct(stage: Stage) -> Target:
    """A member who installed Parley for herself asks it in a direct message, without a server."""
    stage.direct, ada = True, stage.ada.member.user
    await ada.slash("fact", words="insurrection act")
    return ada.dm_channel.history(viewer=ada)[-1]


async def suggest_card(stage: Stage) -> Target:
    await stage.ada.say("/fact insurrection act")
    message, button = stage.ada.newest(lambda part: part.get("label") == "Is this wrong?")
    return await stage.ada.member.click(message, custom_id=button["custom_id"])


FACTS = "us-mexico-cartels/facts.yaml"
SUGGESTED = "/suggest The claim should name the day of the proclamation, too. card:insurrection-act-invoked"
ADDRESS = "url:https://example.org/proclamation"


async def suggested(stage: Stage) -> Target:
    await stage.ada.say(f"{SUGGESTED} {ADDRESS}")
    return stage.ada.messages()[-1]


async def suggestions(stage: Stage) -> Target:
    """List three suggestions: one that an editor rejected, one that an editor asks about, and one that waits."""
    for line, label, note in (
        ("/suggest This is news to me. card:fentanyl", "Reject", "Thank you. Its sources are under Sources."),
        ("/suggest A report kind:source url:https://example.org/report", "Ask", "Who wrote it, and when?"),
    ):
        await stage.ada.say(line)
        await stage.mo.say("/content queue")
        message, button = stage.mo.newest(lambda part, label=label: part.get("label") == label)
        form = await stage.mo.member.click(message, custom_id=button["custom_id"])
        await stage.mo.member.submit_modal(form, {"note": note})
    await suggested(stage)
    await stage.ada.say("/suggestions")
    stage.viewer = "Ada"
    return stage.ada.messages()[-1]


async def queue(stage: Stage) -> Target:
    await suggested(stage)
    await stage.ada.say("/suggest A report kind:source url:https://example.org/report")
    await stage.mo.say("/content queue")
    return stage.mo.messages()[-1]


async def accepted(stage: Stage) -> Target:
    await queue(stage)
    await stage.mo.press("Accept")
    return stage.mo.messages()[-1]


async def published(stage: Stage) -> Target:
    await accepted(stage)
    return await publish(stage)


async def publish(stage: Stage) -> Target:
    """Publish the accepted draft after an editor's change in it."""
    (draft,) = stage.content.glob("*/drafts/*.yaml")
    edit(stage.content, "American citizens and migrants", "citizens", draft.relative_to(stage.content).as_posix())
    await stage.mo.press("Publish")
    return stage.mo.messages()[-1]


async def content_refused(stage: Stage) -> Target:
    edit(stage.content, "verdict: contradicted", "verdict: wrong", FACTS)
    edit(stage.content, "kind: fact", "kind: claim", FACTS)
    await stage.mo.say("/content reload")
    return stage.mo.messages()[-1]


async def content_report(stage: Stage) -> Target:
    for line in ("/fact insurrection act", "/fact fentanyl", "/fact insurrection act", "/fact crypto regulation"):
        await stage.ada.say(line)
    await suggested(stage)
    await stage.mo.say("/content report")
    return stage.mo.messages()[-1]


async def content_log(stage: Stage) -> Target:
    stage.clock.forward(hours=-1)
    await accepted(stage)
    await stage.forward(minutes=25)
    await publish(stage)
    await stage.forward(minutes=30)
    await content_refused(stage)
    await stage.mo.say("/content log")
    return stage.mo.messages()[-1]


STATEMENTS = (
    "The library stays open until ten in the evening",
    "Meetings rotate between the districts",
    "Every meeting can be followed online",
    "Questions are collected a week before",
    "The minutes are published within three days",
)


async def talk_join(stage: Stage) -> Target:
    await discussed(stage)
    await stage.ada.press("Take part")
    return stage.ada.messages()[-1]


async def discussed(stage: Stage) -> None:
    await stage.ada.say(f'/discuss start question:"How should we meet?" statements:"{"|".join(STATEMENTS)}"')


async def talk_results(stage: Stage) -> Target:
    """Close a discussion of two camps that agree on two statements, and return the last message that Ada sees."""
    await discussed(stage)
    guild, channel = str(stage.ada.member.guild.id), str(stage.ada.channel.id)
    place = Place("discord", guild, channel)
    (talk,) = await stage.discussions.listed(Request(Actor("discord", guild, "1", "Ada"), place, stage.clock()))
    for number in range(24):
        who = Request(Actor("discord", guild, f"{number + 10}", f"Member {number}"), place, stage.clock())
        for statement in range(len(STATEMENTS)):
            agree = statement < 2 or (number < 14) == (statement % 2 == 0)
            await stage.ada.bot.press(who, f"v1:discuss-say:{talk.id}:{statement}:{'agree' if agree else 'disagree'}")
    await stage.ada.say("/discuss close")
    return await pressed(stage, "Close it now")


SCENES: Mapping[str, Scene] = {
    "fact": line_scene("/fact insurrection act"),
    "facts": line_scene("/fact"),
    "counterarguments": line_scene("/counter tariffs"),
    "arguments-for": line_scene("/counter tariff threats", "Arguments for"),
    "shared": line_scene("/fact insurrection act share:yes"),
    "sources": line_scene("/fact insurrection act", "Sources"),
    "source": line_scene("/source learning resources"),
    "search": line_scene("/search tariffs"),
    "term": line_scene("/define posse comitatus"),
    "policy": line_scene("/policy"),
    "option": line_scene("/policy joint operations"),
    "timeline": line_scene("/timeline"),
    "topic": line_scene("/topic"),
    "nothing-found": line_scene("/fact crypto regulation"),
    "help": line_scene("/help"),
    "help-command": line_scene("/help fact"),
    "refusal": line_scene("/poll results poll:nowhere"),
    "find-facts": menu,
    "find-facts-away": menu_away,
    "fact-between": fact_between,
    "direct": direct,
    "poll": polls.opening("single"),
    "poll-opened": polls.opened,
    "poll-live": polls.poll_live,
    "poll-many": polls.poll_many,
    "poll-people": polls.poll_people,
    "poll-emoji": polls.poll_emoji,
    "result-emoji": polls.result_emoji,
    "poll-approval": polls.opening("approval"),
    "poll-ranked": polls.opening("ranked"),
    "poll-named": polls.opening("single", more="secret:no quorum:3"),
    "poll-role": polls.poll_role,
    "poll-cancelled": polls.poll_cancelled,
    "poll-closed": polls.closed("single", which=0),
    "poll-closed-ranked": polls.poll_closed,
    "how-secret": polls.how_secret,
    "reminder": polls.reminder,
    "poll-list": polls.poll_list,
    "close-asked": polls.close_asked,
    "receipt": polls.voted(),
    "receipt-check": polls.receipt_check,
    "my-vote": polls.voted("My vote"),
    "vote-changed": polls.voted(polls.PLACES[1]),
    "vote-withdrawn": polls.voted("Withdraw"),
    "vote-closed": polls.vote_closed,
    "vote-role": polls.vote_role,
    "results-so-far": polls.voted("Results so far"),
    "ballot": polls.ballot,
    "ballot-empty": polls.ballot_empty,
    "ballot-score": polls.ballot_score,
    "ballot-scores": polls.ballot_scores,
    "result": polls.closed("ranked"),
    "result-single": polls.closed("single"),
    "result-approval": polls.closed("approval"),
    "result-score": polls.closed("score"),
    "result-tie": polls.closed("single", chosen=polls.TIED),
    "result-quorum": polls.closed("single", more="quorum:5"),
    "result-named": polls.closed("single", more="secret:no"),
    "export": polls.closed("single", "/poll export"),
    "form": polls.form,
    "form-policy": polls.form_policy,
    "form-mistakes": polls.form_mistakes,
    "settings": line_scene("/settings", by="Mo"),
    "privacy": line_scene("/privacy show"),
    "privacy-erase": line_scene("/privacy erase"),
    "suggest-card": suggest_card,
    "suggested": suggested,
    "suggestions": suggestions,
    "queue": queue,
    "accepted": accepted,
    "published": published,
    "content-status": line_scene("/content status", by="Mo"),
    "content-refused": content_refused,
    "content-report": content_report,
    "content-log": content_log,
    "host-preview": polls.host_preview,
    "host-menu": polls.host_menu,
    "host-scheduled": polls.host_scheduled,
    "consent-poll": polls.consent_poll,
    "consent-objections": polls.consent_objections,
    "decided": polls.decided,
    "talk-join": talk_join,
    "talk-results": talk_results,
}
