"""Answer interactions: always within 3 seconds, privately where the core promised it, and never with silence."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from http import HTTPStatus
from typing import Any, cast

import aiohttp
import discord
from discord import app_commands

from adapters.discord import forms
from adapters.discord.elsewhere import at_picked_place
from adapters.discord.interactions import is_on_own_message, locale_of, request_of
from adapters.discord.retries import BROKEN, FAILED, again, further
from adapters.discord.rights import is_away, may_post, may_write
from adapters.discord.uploads import Ready, Uploads, uploaded
from bot.chat.markup import text
from bot.chat.vocabulary import Action, Answers, Card, Outcome, Reply, Request, Visibility
from bot.dispatch.bot import Bot, apology, refusal
from bot.errors import Unavailable, UsageError
from bot.i18n import Translator, translator
from bot.telemetry.request_id import request_scope

PATIENCE = 1.5
"""Seconds until an answer is deferred. Discord wants a first answer within 3 seconds."""
FORM_PATIENCE = 2.3
"""Seconds until an answer that may be a form is deferred: nothing can come before a form."""
UNANSWERABLE = frozenset({50027, 50083, 160005})
"""Discord's errors for an interaction older than 15 minutes, and for one in an archived and locked thread."""
ANSWERED = 40060
"""Discord's error for a second first answer: the first one arrived, but its confirmation was lost."""

logger = logging.getLogger("parley.discord")

Work = Callable[[Request], Coroutine[Any, Any, Outcome]]


class Responder:
    """Answers interactions: runs the work, defers a slow answer, and shows the outcome."""

    def __init__(self, bot: Bot, uploads: Uploads, clock: Callable[[], datetime], patience: float = PATIENCE) -> None:
        self._bot = bot
        self._uploads = uploads
        self._clock = clock
        self._patience = patience
        self._running: set[asyncio.Task[Any]] = set()
        self._drains = False

    async def answer(
        self, interaction: discord.Interaction, work: Work, *, private: bool, form: bool = False, redraws: bool = False
    ) -> None:
        """Run the work, defer a slow answer, and show the outcome.

        `form` means that the answer may be a form, `redraws` that it usually replaces the message with the control.
        """

        if self._drains:
            return

        async def run() -> tuple[Outcome, list[Ready]]:
            outcome = await work(await self.request(interaction))
            return outcome, await self._ready(outcome, translator_of(interaction))

        answering = self._answer(interaction, run(), private=private, form=form, redraws=redraws)
        await self._guarded(interaction, answering)

    async def submit(
        self, interaction: discord.Interaction, action_id: str, read: Callable[[], Awaitable[Answers]]
    ) -> None:
        """Submit a member's form, and show its answer, or its errors with a button to try again."""

        if self._drains:
            return

        async def run() -> tuple[Outcome, list[Ready]]:
            request, t, answers = await self.request(interaction), translator_of(interaction), await read()
            if channel := forms.channel_of(cast("Mapping[str, Any]", interaction.data or {})):
                request = at_picked_place(request, interaction, channel, self._clock())
            outcome = await self._bot.submit(request, action_id, answers)
            if not outcome.errors:
                return outcome, await self._ready(outcome, t)
            again = await self._bot.reopen(request, action_id)
            if again.answer is None or again.answer.form is None:
                notice = refusal("\n".join(outcome.errors.values()), t, forms.NOT_SENT)
                return notice, await self._ready(notice, t)
            return outcome, [
                Ready(forms.mistakes(again.answer.form, outcome.errors, answers, t, self._uploads.command_ids))
            ]

        private = self._promised_private(action_id)
        await self._guarded(interaction, self._answer(interaction, run(), private=private))

    async def reopen(self, interaction: discord.Interaction, draft: forms.FormDraft) -> None:
        """Open a form again with the member's text from the message that holds the button."""

        async def work(request: Request) -> Outcome:
            outcome = await self._bot.reopen(request, draft.action)
            form = outcome.answer.form if outcome.answer else None
            return outcome if form is None else Outcome(Reply(form=draft.fill(form)))

        await self.answer(interaction, work, private=True, form=True)

    async def suggest(
        self, interaction: discord.Interaction, choices: Sequence[app_commands.Choice[str | int | float]]
    ) -> None:
        """Send completions. A failed delivery is no bug: the member has typed on, or is gone."""
        try:
            await interaction.response.autocomplete(choices)
        except Exception as error:
            if not _got_nowhere(error):
                raise

    async def drain(self, seconds: float) -> None:
        """Accept nothing new, and wait for the running answers. Discord tells members who ask now that it failed."""
        self._drains = True
        if self._running:
            await asyncio.wait(self._running, timeout=seconds)

    async def request(self, interaction: discord.Interaction) -> Request:
        return await request_of(interaction, self._clock())

    def _may_answer_all(self, interaction: discord.Interaction) -> bool:
        """Tell whether an answer may be public. If it can't, even the sign of waiting is private."""
        return may_write(interaction, self._clock()) and may_post(interaction) and not is_away(interaction)

    def _promised_private(self, action_id: str) -> bool:
        try:
            handler = self._bot.registry.forms.get(Action.decode(action_id).verb)
        except UsageError:
            return True
        return handler is None or handler.visibility is Visibility.PRIVATE

    async def _ready(self, outcome: Outcome, t: Translator) -> list[Ready]:
        return await self._uploads.ready(_visible_reply(outcome, t), t)

    # --- running the work ---

    async def _guarded(self, interaction: discord.Interaction, answering: Coroutine[Any, Any, None]) -> None:
        """Keep the task until it ends: the library forgets it, and a stop must wait for it."""
        task = cast("asyncio.Task[None]", asyncio.current_task())
        self._running.add(task)
        try:
            with request_scope(self._bot.new_reference):
                await self._watched(interaction, answering)
        finally:
            self._running.discard(task)

    async def _watched(self, interaction: discord.Interaction, answering: Coroutine[Any, Any, None]) -> None:
        try:
            await answering
        except Exception as error:
            if not _got_nowhere(error):
                await self.fail(interaction, error)

    async def _answer(
        self,
        interaction: discord.Interaction,
        run: Coroutine[Any, Any, tuple[Outcome, list[Ready]]],
        *,
        private: bool,
        form: bool = False,
        redraws: bool = False,
    ) -> None:
        private = private or not self._may_answer_all(interaction)
        defer = partial(interaction.response.defer, ephemeral=private or form, thinking=not redraws)
        waiting = _Waiting(defer, FORM_PATIENCE if form else self._patience)
        try:
            outcome, ready = await run
        finally:
            deferred = await waiting.end()
        if outcome.duplicate:  # the first delivery has an answer, or will have one
            return
        if outcome.answer is not None and outcome.answer.form is not None:
            if not deferred:
                await _first(
                    partial(
                        interaction.response.send_modal, forms.modal(outcome.answer.form, translator_of(interaction))
                    )
                )
                return
            t = translator_of(interaction)
            ready = await self._ready(
                refusal(t("I was too slow to open the form. Try again."), t, Unavailable.title), t
            )
        promised = Promise(private=private or form, redraws=redraws) if deferred else None
        await self._show(interaction, outcome, ready, promised)

    # --- sending the answer ---

    async def _show(
        self, interaction: discord.Interaction, outcome: Outcome, ready: list[Ready], promised: Promise | None
    ) -> None:
        private = outcome.answer is None or outcome.answer.visibility is Visibility.PRIVATE
        first, *others = ready
        if promised is None:
            replaces = outcome.replace and is_on_own_message(interaction)
            begin = partial(_redraw, interaction) if replaces else partial(_open, interaction, private=private)
            if not await _first(partial(uploaded, begin, first)):
                await uploaded(partial(_complete, interaction), first)
        elif promised.redraws and not outcome.replace:
            await _follow_up(interaction, first, private=private)
        elif promised.redraws or private == promised.private:
            await uploaded(partial(_complete, interaction), first)
        else:
            await self._turn(interaction, first, private=private)
        for each in others:
            await _follow_up(interaction, each, private=private)

    async def _turn(self, interaction: discord.Interaction, ready: Ready, *, private: bool) -> None:
        """Answer although the deferred message has the other visibility, which can't be changed.

        That message must be completed first: until then, any message becomes it, and after its deletion nothing more
        can be sent (https://github.com/discord/discord-api-docs/issues/3087).
        """
        done = await self._ready(Outcome(), translator_of(interaction))
        await _complete(interaction, done[0])
        await _follow_up(interaction, ready, private=private)
        if private:
            await again(interaction.delete_original_response)

    async def _tell(self, interaction: discord.Interaction, outcome: Outcome) -> None:
        """Answer in private, first or as a follow-up."""
        for each in await self._ready(outcome, translator_of(interaction)):
            if interaction.response.is_done():
                await _follow_up(interaction, each, private=True)
            else:
                await _open(interaction, each, private=True)

    async def fail(self, interaction: discord.Interaction, error: Exception) -> None:
        """Log a bug of this adapter, and give the member a code to quote."""
        reference = self._bot.report("an answer to Discord", error)
        try:
            await self._tell(interaction, apology(reference, translator_of(interaction)))
        except (discord.HTTPException, aiohttp.ClientError, OSError):
            logger.warning("can't show a member the code %s", reference)


@dataclass(frozen=True, slots=True)
class Promise:
    """The choices that a deferral fixed: whether the answer is private, and whether it replaces a message."""

    private: bool
    redraws: bool


class _Waiting:
    """Defers an answer after a while. Quick work costs no task."""

    def __init__(self, defer: Callable[[], Awaitable[object]], patience: float) -> None:
        self._defer = defer
        self._telling: asyncio.Task[bool] | None = None
        self._timer = asyncio.get_running_loop().call_later(patience, self._tell)

    def _tell(self) -> None:
        self._telling = asyncio.create_task(_first(self._defer))

    async def end(self) -> bool:
        """Stop the timer, and return whether the answer was deferred. Raises what the deferral raised."""
        self._timer.cancel()
        if self._telling is None:
            return False
        await self._telling
        return True


async def _first(answer: Callable[[], Awaitable[object]]) -> bool:
    """Give the first answer, and repeat it if the connection broke.

    Return False if Discord already has one: it arrived, and its confirmation was lost. Raises discord.HTTPException,
    aiohttp.ClientError and OSError.
    """
    try:
        await again(answer)
    except discord.HTTPException as error:
        if error.code != ANSWERED:
            raise
        return False
    return True


async def _open(interaction: discord.Interaction, ready: Ready, *, private: bool) -> None:
    """Send a new message as the first answer."""
    await interaction.response.send_message(view=ready.view, files=ready.files(), ephemeral=private)


async def _redraw(interaction: discord.Interaction, ready: Ready) -> None:
    """Redraw the message with the control as the first answer."""
    await interaction.response.edit_message(view=ready.view, attachments=ready.files())


async def _complete(interaction: discord.Interaction, ready: Ready) -> None:
    """Edit the first answer."""

    async def edit() -> None:
        await interaction.edit_original_response(view=ready.view, attachments=ready.files())

    await again(edit)


async def _follow_up(interaction: discord.Interaction, ready: Ready, *, private: bool) -> None:
    """Send a further message, and repeat it only if the connection broke without a response.

    Discord can't recognise a repeated message, and a lost message is worse than a double one.
    """

    async def send(ready: Ready) -> None:
        await further(interaction).send(view=ready.view, files=ready.files(), ephemeral=private)

    await uploaded(lambda ready: again(partial(send, ready), after=BROKEN), ready)


def _got_nowhere(error: Exception) -> bool:
    """Log a failed delivery in one line. Return False for any other error, which is a bug."""
    if isinstance(error, discord.NotFound):  # the interaction has expired, so nobody is left to tell
        logger.warning("an answer came too late for Discord")
    elif isinstance(error, FAILED):
        logger.warning("an answer didn't reach Discord (%s)", type(error).__name__)
    elif isinstance(error, discord.HTTPException) and error.status == HTTPStatus.TOO_MANY_REQUESTS:
        logger.warning("an answer didn't reach Discord: its rate limit refused it")
    elif isinstance(error, discord.HTTPException) and error.code in UNANSWERABLE:
        logger.warning("Discord no longer takes this answer (code %s)", error.code)
    else:
        return False
    return True


def _visible_reply(outcome: Outcome, t: Translator) -> Reply:
    """Return the reply, or "Done." if it has no card and no form."""
    reply = outcome.answer or Reply()
    if reply.cards or reply.form is not None:
        return reply
    return Reply((Card(body=text(t("Done."))),), files=reply.files)


def translator_of(interaction: discord.Interaction) -> Translator:
    return translator(locale_of(interaction))
