"""How an interaction is answered: within 3 seconds always, in private where that was promised, never with silence."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, cast

import aiohttp
import discord

from adapters.discord import forms
from adapters.discord.interactions import Interaction, Json
from adapters.discord.messages import BROKEN, FAILED, again
from adapters.discord.uploads import Ready, Uploads, uploaded
from bot.app import Bot, refusal
from bot.chat import Action, Answers, Card, Outcome, Reply, Request, Visibility
from bot.errors import UsageError
from bot.i18n import Translator, translator
from bot.markup import text
from bot.request_id import request_scope

PATIENCE = 1.5
"""Seconds until a person is told to wait. Discord wants a first answer within 3 seconds."""
FORM_PATIENCE = 2.3
"""The same where the answer is a form, which nothing can come before."""
UNANSWERABLE = frozenset({50027, 50083, 160005})
"""What Discord answers once an interaction is 15 minutes old, or where its thread is archived and locked."""
ANSWERED = 40060
"""What Discord answers where a first answer is there already: one whose confirmation was lost on the way."""

logger = logging.getLogger("parley.discord")

Work = Callable[[Request], Coroutine[Any, Any, Outcome]]


class Responder:
    """Runs what a person asked for and shows how it ended."""

    def __init__(self, bot: Bot, uploads: Uploads, clock: Callable[[], datetime], patience: float = PATIENCE) -> None:
        self._bot = bot
        self._uploads = uploads
        self._clock = clock
        self._patience = patience
        self._running: set[asyncio.Task[Any]] = set()
        self._drains = False

    async def answer(
        self, interaction: Interaction, work: Work, *, private: bool, form: bool = False, redraws: bool = False
    ) -> None:
        """Lets the work run; defers when it takes long; shows how it ended. With `form`, its answer may be a form; with
        `redraws`, it takes the place of the message whose control was used, as a rule."""

        if self._drains:
            return

        async def run() -> tuple[Outcome, list[Ready]]:
            outcome = await work(self.request(interaction))
            return outcome, await self._ready(outcome, translator_of(interaction))

        answering = self._answer(interaction, run(), private=private, form=form, redraws=redraws)
        await self._guarded(interaction, answering)

    async def submit(self, interaction: Interaction, action_id: str, answers: Answers) -> None:
        """What a sent form says: its answer, or its mistakes with a way to try again."""

        if self._drains:
            return

        async def run() -> tuple[Outcome, list[Ready]]:
            request, t = self.request(interaction), translator_of(interaction)
            outcome = await self._bot.submit(request, action_id, answers)
            if not outcome.errors:
                return outcome, await self._ready(outcome, t)
            again = await self._bot.reopen(request, action_id)
            if again.answer is None or again.answer.form is None:
                told = refusal("\n".join(outcome.errors.values()), t)
                return told, await self._ready(told, t)
            return outcome, [Ready(forms.mistakes(again.answer.form, outcome.errors, answers, t))]

        private = self._promised_private(action_id)
        await self._guarded(interaction, self._answer(interaction, run(), private=private))

    async def reopen(self, interaction: Interaction, draft: forms.Draft) -> None:
        """Opens a form again with what was typed, which the message whose button was pressed holds."""

        async def work(request: Request) -> Outcome:
            outcome = await self._bot.reopen(request, draft.action)
            form = outcome.answer.form if outcome.answer else None
            return outcome if form is None else Outcome(Reply(form=draft.fill(form)))

        await self.answer(interaction, work, private=True, form=True)

    async def suggest(self, interaction: Interaction, choices: Sequence[Json]) -> None:
        """Suggests while somebody types. Who has typed on meanwhile, or is gone, needs no suggestions."""
        try:
            await interaction.suggest(choices)
        except Exception as error:
            if not _got_nowhere(error):
                raise

    async def drain(self, seconds: float) -> None:
        """Takes nothing new, and lets the answers in the making end. Discord tells whoever asks now that it failed."""
        self._drains = True
        if self._running:
            await asyncio.wait(self._running, timeout=seconds)

    def request(self, interaction: Interaction) -> Request:
        return interaction.request(self._clock())

    def _promised_private(self, action_id: str) -> bool:
        try:
            handler = self._bot.registry.forms.get(Action.decode(action_id).verb)
        except UsageError:
            return True
        return handler is None or handler.visibility is Visibility.PRIVATE

    async def _ready(self, outcome: Outcome, t: Translator) -> list[Ready]:
        return await self._uploads.ready(_shown(outcome, t), t)

    # --- the order of things ---

    async def _guarded(self, interaction: Interaction, answering: Coroutine[Any, Any, None]) -> None:
        """The library forgets its tasks; a stop must not."""
        task = cast("asyncio.Task[None]", asyncio.current_task())
        self._running.add(task)
        try:
            with request_scope(self._bot.new_reference):
                await self._watched(interaction, answering)
        finally:
            self._running.discard(task)

    async def _watched(self, interaction: Interaction, answering: Coroutine[Any, Any, None]) -> None:
        try:
            await answering
        except Exception as error:
            if not _got_nowhere(error):
                await self.failed(interaction, error)

    async def _answer(
        self,
        interaction: Interaction,
        run: Coroutine[Any, Any, tuple[Outcome, list[Ready]]],
        *,
        private: bool,
        form: bool = False,
        redraws: bool = False,
    ) -> None:
        defer = partial(interaction.defer, private=private or form, redraws=redraws)
        waiting = _Waiting(defer, FORM_PATIENCE if form else self._patience)
        try:
            outcome, ready = await run
        finally:
            deferred = await waiting.end()
        if outcome.answer is not None and outcome.answer.form is not None:
            if not deferred:
                await _first(partial(interaction.open, forms.modal(outcome.answer.form)))
                return
            t = translator_of(interaction)
            ready = await self._ready(refusal(t("That took me too long to open a form. Please try again."), t), t)
        promised = Promise(private=private or form, redraws=redraws) if deferred else None
        await self._show(interaction, outcome, ready, promised)

    # --- what goes out ---

    async def _show(
        self, interaction: Interaction, outcome: Outcome, ready: list[Ready], promised: Promise | None
    ) -> None:
        private = outcome.answer is None or outcome.answer.visibility is Visibility.PRIVATE
        first, *others = ready
        if promised is None:
            replaces = outcome.replace and interaction.is_on_own_message()
            begin = interaction.redraw if replaces else partial(interaction.show, private=private)
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

    async def _turn(self, interaction: Interaction, ready: Ready, *, private: bool) -> None:
        """Answers where the waiting message has the other visibility, which nothing can change any more.

        It has to be completed first: until then, whatever is sent becomes that message, and once it is deleted
        nothing more can be sent (https://github.com/discord/discord-api-docs/issues/3087).
        """
        done = await self._ready(Outcome(), translator_of(interaction))
        await _complete(interaction, done[0])
        await _follow_up(interaction, ready, private=private)
        if private:
            await again(interaction.withdraw)

    async def _tell(self, interaction: Interaction, outcome: Outcome) -> None:
        """Answers in private with what is known already."""
        for each in await self._ready(outcome, translator_of(interaction)):
            if interaction.answered:
                await _follow_up(interaction, each, private=True)
            else:
                await interaction.show(each, private=True)

    async def failed(self, interaction: Interaction, error: Exception) -> None:
        """A bug of this adapter: the person is told a code to quote."""
        reference = self._bot.report("an answer to Discord", error)
        t = translator_of(interaction)
        try:
            await self._tell(
                interaction, refusal(t("Something went wrong on my side. The code is {code}.", code=reference), t)
            )
        except (discord.HTTPException, aiohttp.ClientError, OSError):
            logger.warning("the person could not be told of %s", reference)


@dataclass(frozen=True, slots=True)
class Promise:
    """What was said of an answer before it was there: for whom it would be, and whether in place of a message."""

    private: bool
    redraws: bool


class _Waiting:
    """Has the person told to wait, once the work takes long. It costs no task where the work is quick."""

    def __init__(self, defer: Callable[[], Awaitable[object]], patience: float) -> None:
        self._defer = defer
        self._telling: asyncio.Task[bool] | None = None
        self._timer = asyncio.get_running_loop().call_later(patience, self._tell)

    def _tell(self) -> None:
        self._telling = asyncio.create_task(_first(self._defer))

    async def end(self) -> bool:
        """The work is done: whether the person was told to wait. Raises what telling them raised."""
        self._timer.cancel()
        if self._telling is None:
            return False
        await self._telling
        return True


async def _first(answer: Callable[[], Awaitable[object]]) -> bool:
    """Gives a first answer, which Discord takes once, and again where the connection broke. False where one was there
    already: it arrived, and its confirmation did not.

    Raises discord.HTTPException, aiohttp.ClientError and OSError.
    """
    try:
        await again(answer)
    except discord.HTTPException as error:
        if error.code != ANSWERED:
            raise
        return False
    return True


async def _complete(interaction: Interaction, ready: Ready) -> None:
    await again(partial(interaction.complete, ready))


async def _follow_up(interaction: Interaction, ready: Ready, *, private: bool) -> None:
    """Adds a message. Discord has no way to know one that it was sent already, so it is sent again only where the
    connection broke without an answer: to lose it is worse than to have it twice."""
    follow_up = partial(interaction.follow_up, private=private)
    await uploaded(lambda ready: again(partial(follow_up, ready), after=BROKEN), ready)


def _got_nowhere(error: Exception) -> bool:
    """Whether an answer just didn't get where it should, which is a line in the log. Anything else is a bug."""
    if isinstance(error, discord.NotFound):  # the interaction has expired, so there is nobody left to tell
        logger.warning("an answer came too late for Discord")
    elif isinstance(error, FAILED):
        logger.warning("an answer did not reach Discord (%s)", type(error).__name__)
    elif isinstance(error, discord.HTTPException) and error.code in UNANSWERABLE:
        logger.warning("an answer that Discord takes no more (code %s)", error.code)
    else:
        return False
    return True


def _shown(outcome: Outcome, t: Translator) -> Reply:
    """What the person sees: never nothing."""
    reply = outcome.answer or Reply()
    if reply.cards or reply.form is not None:
        return reply
    return Reply((Card(body=text(t("Done."))),), files=reply.files)


def translator_of(interaction: Interaction) -> Translator:
    return translator(interaction.locale)
