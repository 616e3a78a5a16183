"""Send the core's answers to a member on Slack: by response_url, by the Web API, as a form or as files."""

from __future__ import annotations

import logging
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

from slack_sdk.errors import SlackApiError

from adapters.slack import files, forms, render
from adapters.slack.web import POST, WebApi, error_of
from bot.chat.markup import text
from bot.chat.vocabulary import Answers, Card, Form, Image, Outcome, Reply, Request, Visibility
from bot.dispatch.bot import refusal, refused
from bot.errors import BotError, NotAllowed, NotFound, Unavailable
from bot.i18n import N_, Translator, translator

ERROR_MAX = 500
"""Longest error that Parley shows beside an input, in characters."""
RESPONSES_MAX = 5
"""Answers that Slack accepts for one response_url: https://docs.slack.dev/interactivity/handling-user-interaction."""
LATE_TRIGGER = frozenset({"expired_trigger_id", "invalid_trigger_id"})
USED_TRIGGER = "exchanged_trigger_id"
"""Slack's error for a trigger that already opened a form. Parley uses each trigger once, so the first try succeeded and
only its confirmation was lost."""

logger = logging.getLogger("parley.slack")

Spawn = Callable[[Coroutine[Any, Any, None]], None]


@dataclass(slots=True)
class Ear:
    """A member who asked for something, and the ways to answer them."""

    web: WebApi
    request: Request
    url: str = ""
    """The response_url of the request; empty where it has none."""
    trigger: str = ""
    replaceable: bool = False
    """Whether the member used a control of a message that only they see. The answer may replace that message."""
    uses: int = 0

    async def tell(self, message: render.SlackMessage, *, private: bool, replace: bool = False) -> None:
        """Answer by the response_url while it can be used, then by the Web API.

        If only Slack's confirmation was lost, the member reads the answer twice, which is better than never.
        """
        place = self.request.place
        if self.url and self.uses < RESPONSES_MAX:
            self.uses += 1
            payload = {
                "text": message.text,
                "blocks": message.blocks,
                "response_type": "ephemeral" if private else "in_channel",
                "replace_original": replace,
                "unfurl_links": False,
                "unfurl_media": False,
                **({"thread_ts": place.thread} if place.thread else {}),
            }
            if await self.web.respond(self.url, payload):
                return
        if private:
            await self._whisper(message)
        else:
            await send(self.web, place.channel, place.thread, message)

    async def _whisper(self, message: render.SlackMessage) -> None:
        """Send a message to this member alone: in the channel, or as a direct message if the bot may not write
        there."""
        place = self.request.place
        try:
            if not place.channel or place.channel == self.request.actor.id:
                await send(self.web, self.request.actor.id, "", message)
                return
            await self.web.call(
                "chat_postEphemeral",
                channel=place.channel,
                user=self.request.actor.id,
                thread_ts=place.thread or None,
                text=message.text,
                blocks=message.blocks,
                parse="none",
            )
        except (NotFound, NotAllowed):
            await send(self.web, self.request.actor.id, "", message)


async def send(web: WebApi, channel: str, thread: str, message: render.SlackMessage, *, broadcast: bool = False) -> Any:
    """Post a message and return Slack's response.

    With `broadcast`, a message in a thread also appears in the channel. The `client_msg_id` lets Slack recognise a
    message that is sent again. Raises NotFound, NotAllowed or Unavailable.
    """
    return await web.call(
        POST,
        client_msg_id=str(uuid4()),
        channel=channel,
        thread_ts=thread or None,
        reply_broadcast=broadcast or None,
        text=message.text,
        blocks=message.blocks,
        mrkdwn=False,
        parse="none",
        unfurl_links=False,
        unfurl_media=False,
    )


async def show(ear: Ear, outcome: Outcome, spawn: Spawn) -> None:
    """Show an outcome's whole answer. Pictures follow when Slack has processed them."""
    t = translator(ear.request.locale)
    reply = outcome.answer or Reply()
    if reply.form is not None:
        await open_form(ear, reply.form, t)
        return
    private = reply.visibility is Visibility.PRIVATE
    for number, message in enumerate(render.messages(never_empty(reply, t))):
        await ear.tell(message, private=private, replace=outcome.replace and ear.replaceable and number == 0)
    if reply.files:
        await _send_files(ear, reply, t)
    for image in images(reply):
        spawn(_picture(ear, image, private=private))


def never_empty(reply: Reply, t: Translator) -> Reply:
    """Return the reply, or "Done." if it has no card and no form."""
    if reply.cards or reply.form:
        return reply
    return Reply((Card(body=text(t("Done."))),), visibility=reply.visibility)


def images(reply: Reply) -> list[Image]:
    """Return the reply's pictures that have an SVG to draw."""
    return [card.image for card in reply.cards if card.image is not None and card.image.svg]


async def open_form(ear: Ear, form: Form, t: Translator) -> None:
    """Open the form as a modal.

    A trigger lives for 3 seconds; the member reads that they should try again if Parley is too slow.
    """
    place = ear.request.place
    origin = forms.origin_of(form, channel=place.channel, thread=place.thread, url=ear.url)
    origin = origin.sealed(ear.web.client.token or "", ear.request.actor.id)
    try:
        await ear.web.call("views_open", trigger_id=ear.trigger, view=forms.view(form, origin, t))
    except SlackApiError as error:
        if error_of(error) == USED_TRIGGER:
            return
        if error_of(error) not in LATE_TRIGGER:
            raise
        logger.warning("can't open a form in time: %s", error_of(error))
        late = refusal(t("I was too slow to open the form. Try again."), t, Unavailable.title)
        await show(ear, late, _never)
    except BotError as error:
        await show(ear, refused(error, t), _never)


def _never(work: Coroutine[Any, Any, None]) -> None:
    work.close()


async def _picture(ear: Ear, image: Image, *, private: bool) -> None:
    file = await files.upload_picture(ear.web, image)
    if file and await files.is_ready(ear.web, file):
        await ear.tell(render.picture(file, image.alt), private=private)


async def _send_files(ear: Ear, reply: Reply, t: Translator) -> None:
    """Send a public answer's files to the channel, and a private answer's to the member's conversation with the bot."""
    place = ear.request.place
    names = ", ".join(file.name for file in reply.files)
    try:
        channel, thread = place.channel, place.thread
        if reply.visibility is Visibility.PRIVATE:
            note = Reply((Card(body=text(t("Here's what you asked for: {names}", names=names))),))
            posted = await send(ear.web, ear.request.actor.id, "", render.messages(note)[0])
            channel, thread = str(posted["channel"]), ""
        for file in reply.files:
            await files.send_file(ear.web, file, channel, thread)
    except BotError as error:
        await show(ear, refusal(t(error.message), t, N_("I couldn't send the files")), _never)
        return
    if reply.visibility is Visibility.PRIVATE:
        where = t("It's in your direct messages with me: {names}", names=names)
        await ear.tell(render.messages(Reply((Card(body=text(where)),)))[0], private=True)


def beside_fields(outcome: Outcome, fields: Mapping[str, str], t: Translator) -> dict[str, str]:
    """Return the errors by the field that they stand beside, so that a refused form stays open with its answers."""
    if not fields:
        return {}
    first = next(iter(fields.values()))
    if outcome.errors:
        return {fields.get(name, first): error for name, error in outcome.errors.items()}
    if outcome.success or outcome.answer is None:
        return {}
    title = outcome.answer.cards[0].title if outcome.answer.cards else ""
    place = forms.WHERE if forms.WHERE in fields and title in {t(NotAllowed.title), t(NotFound.title)} else first
    return {place: "\n".join(map(render.as_text, outcome.answer.cards))[:ERROR_MAX]}


def late_errors(outcome: Outcome, filled: Answers, t: Translator) -> Outcome:
    """Replace the errors of a form that has closed with a message: the errors, and a copy of what the member typed."""
    late = refusal(" ".join(outcome.errors.values()), t, N_("Not sent yet"))
    words = [value for value in filled.values() if isinstance(value, str) and value.strip()]
    copy = Card(title=t("What you typed"), body=text(*words))
    return replace(late, answer=Reply((*(late.answer or Reply()).cards, copy)))
