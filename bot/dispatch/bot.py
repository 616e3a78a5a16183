"""Turn a request into an outcome, with permissions, rate limits, timing and errors in this one place."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from time import perf_counter
from typing import TYPE_CHECKING

from bot.chat.markup import clean, text
from bot.chat.platform import Platform
from bot.chat.vocabulary import Action, Answers, Card, Choice, Control, Outcome, Post, Reply, Request, Tone
from bot.communities.editors import Edits, nobody_edits
from bot.communities.model import (
    CommunityOf,
    community_id,
    default_community,
    is_direct,
    translator_for,
    voter_id,
)
from bot.dispatch.choice_needed import ChoiceNeeded
from bot.dispatch.declare import ActionHandler, Command, Context, Param, Permission
from bot.dispatch.hooks import Hooks, NoHooks
from bot.dispatch.mention_limits import MentionLimits
from bot.dispatch.parse import Call, Typing, bind, half_typed, parse, unknown
from bot.dispatch.rate_limit import Limiter, for_rapid_buttons
from bot.dispatch.registry import Registry, collect, run_action
from bot.dispatch.rights import check_posting, without_posting, without_publicity
from bot.errors import BotError, NotAllowed, TooFast, Unavailable, UnknownCommand, UsageError
from bot.i18n import N_, Translator, translator
from bot.telemetry.request_id import request_scope

if TYPE_CHECKING:
    from bot.dispatch.repeats import Repeats  # a bot for a terminal has no database, and loads none

OUT_OF_DATE = N_("Out of date")
SORRY = N_("Sorry")
COMPLETIONS_MAX = 25
"""Discord's limit, the tightest: https://discord.com/developers/docs/interactions/application-commands."""

SUGGESTIONS_MAX = 100
"""Slack's limit, the only one: https://docs.slack.dev/reference/block-kit/block-elements/select-menu-element."""

logger = logging.getLogger("parley")

Observe = Callable[[str, str, float], None]
"""A callback for metrics: (command or action, `ok`, `bug` or the BotError's name, seconds) → nothing."""


def _observe_nothing(_what: str, _end: str, _seconds: float) -> None: ...


@dataclass(frozen=True, slots=True)
class Bot:
    """Runs the commands and actions that the features declare. It holds only the state that it is given."""

    registry: Registry
    new_reference: Callable[[], str]
    limiter: Limiter
    platforms: dict[str, Platform]
    """The platforms that are running, by name; each adds itself when it starts."""
    observe: Observe = _observe_nothing
    community_of: CommunityOf = default_community
    hooks: Hooks = field(default_factory=NoHooks)
    edits: Edits = nobody_edits
    crowd: Limiter | None = None
    """The rate limit for a whole community; None for no limit."""
    repeats: Repeats | None = None
    """The guard against repeated deliveries; None for a bot without a database."""
    mentions: MentionLimits = field(default_factory=MentionLimits)
    rapid: Limiter = field(default_factory=for_rapid_buttons)

    @classmethod
    def of(
        cls,
        features: Iterable[object],
        *,
        new_reference: Callable[[], str],
        limiter: Limiter,
        observe: Observe = _observe_nothing,
        community_of: CommunityOf = default_community,
        hooks: Hooks | None = None,
        platforms: dict[str, Platform] | None = None,
        edits: Edits = nobody_edits,
        crowd: Limiter | None = None,
        repeats: Repeats | None = None,
    ) -> Bot:
        return cls(
            collect(features),
            new_reference,
            limiter,
            {} if platforms is None else platforms,
            observe,
            community_of,
            hooks or NoHooks(),
            edits,
            crowd,
            repeats,
        )

    @property
    def commands(self) -> Mapping[str, Command]:
        return self.registry.commands

    async def say(self, request: Request, line: str) -> Outcome:
        """Run a typed command such as `/fact tariffs share:yes`."""
        t = self._translator(request)

        async def run() -> Outcome:
            try:
                call = parse(line, self.commands, t)
            except BotError as error:
                return refused(error, t)
            return await self._call(request, call, t)

        return await self._once(request, "say", run)

    async def invoke(self, request: Request, name: str, args: Mapping[str, object]) -> Outcome:
        """Run a command whose arguments the platform has already parsed."""
        t = self._translator(request)

        async def run() -> Outcome:
            try:
                command = self._command(name, t)
                call = Call(command, bind(command, args, [], t))
            except BotError as error:
                return refused(error, t)
            return await self._call(request, call, t)

        return await self._once(request, "invoke", run)

    async def press(self, request: Request, action_id: str, values: tuple[str, ...] = ()) -> Outcome:
        """Run the action of a button or a select in a message."""
        return await self._act(request, action_id, self.registry.actions, values, "press")

    async def submit(self, request: Request, action_id: str, answers: Answers) -> Outcome:
        """Run the action of a form. `Outcome.errors` keeps the form open."""
        return await self._act(request, action_id, self.registry.forms, answers, "submit")

    async def reopen(self, request: Request, action_id: str) -> Outcome:
        """Rebuild the form that sends this action, for a platform that couldn't keep it open."""
        again = {
            verb: replace(handler, handler=handler.again, takes="")
            for verb, handler in self.registry.forms.items()
            if handler.again is not None
        }
        return await self._act(request, action_id, again, (), "reopen")

    async def look(self, request: Request, shortcut: str, message: str) -> Outcome:
        """Run a shortcut on the text of a message."""
        t = self._translator(request)
        definition = self.registry.shortcuts.get(shortcut)
        if definition is None:
            return stale(t)

        async def run() -> Outcome:
            return await self._guard(request, shortcut, t, lambda ctx: definition.handler(ctx, message))

        return await self._once(request, "look", run)

    async def ask(self, request: Request, words: str) -> Outcome:
        """Answer a question in plain words: a mention of the bot, or a direct message to it.

        Meet an outcome without an answer with silence. An answer in a channel is in the community's language, and so is
        one to a member whose language isn't known.
        """
        t = self._translator(request)
        answer = self.registry.question
        if answer is None:
            return Outcome(success=False)

        async def run(ctx: Context) -> Outcome:
            self.mentions.check(request, t)
            if request.place.direct and request.locale:
                return await answer(ctx, words)
            return await answer(replace(ctx, t=translator_for(ctx.community, self.platforms)), words)

        outcome = await self._once(request, "ask", lambda: self._guard(request, "question", t, run))
        return self.mentions.quieted(request, outcome)

    async def complete(
        self, request: Request, name: str, param: str, prefix: str, args: Mapping[str, object]
    ) -> list[Choice]:
        """Suggest at most 25 values for an argument; none if it has no completion."""
        command = self.commands.get(name)
        parameter = command.param(param) if command else None
        if parameter is None:
            return []
        ctx = Context(request, self._translator(request))
        try:
            ctx = await self._context(request, ctx.t)
            return (await _suggestions(ctx, parameter, clean(prefix), args))[:COMPLETIONS_MAX]
        except Exception as bug:
            self._bug(ctx.t, f"complete {name}.{param}", bug)
            return []

    async def suggest(self, request: Request, action_id: str, prefix: str, input_name: str = "") -> list[Choice]:
        """Suggest at most 100 values for a select with `type_ahead`, or for the form's input named `input_name`.

        Return none for an action of another version, or one without suggestions.
        """
        t = self._translator(request)
        try:
            act = Action.decode(action_id)
            handler = (self.registry.forms if input_name else self.registry.actions)[act.verb]
            completer = handler.completers[input_name]
        except (UsageError, KeyError):
            return []
        if not handler.accepts(act):
            return []
        try:
            suggestions = completer(await self._context(request, t), clean(prefix), *act.args)
            return list(await suggestions if isinstance(suggestions, Awaitable) else suggestions)[:SUGGESTIONS_MAX]
        except BotError:
            return []
        except Exception as bug:
            self._bug(t, f"suggest {act.verb}", bug)
            return []

    async def complete_line(self, request: Request, line: str) -> tuple[Typing, list[Choice]]:
        """Complete the end of a half-typed line: commands first, then arguments."""
        typing = half_typed(line, self.commands)
        if typing.command is None:
            ctx = await self._context(request, self._translator(request))
            return typing, [
                Choice(f"/{command.name}", f"/{command.name} ", ctx.t(command.description))
                for command in self.commands.values()
                if command.name.startswith(typing.prefix) and ctx.may(command.permission)
            ][:COMPLETIONS_MAX]
        if typing.param is None:
            return typing, []
        return typing, await self.complete(request, typing.command.name, typing.param.name, typing.prefix, {})

    async def _call(self, request: Request, call: Call, t: Translator) -> Outcome:
        command = call.command

        async def run(ctx: Context) -> Outcome:
            if command.needs_community and is_direct(community_id(request.actor)):
                raise NotAllowed(t("Use /{command} in a channel, not in direct messages.", command=command.name))
            if not ctx.may(command.permission):
                sentences = {
                    Permission.MODERATOR: t("Only moderators can use /{command}.", command=command.name),
                    Permission.EDITOR: t("Only editors can use /{command}.", command=command.name),
                }
                raise NotAllowed(sentences[command.permission])
            if command.posts:
                check_posting(request, t)
            return await command.handler(ctx, **call.args)

        return await self._guard(request, f"/{command.name}", t, run)

    async def _act(
        self,
        request: Request,
        action_id: str,
        handlers: Mapping[str, ActionHandler],
        values: tuple[str, ...] | Answers,
        kind: str,
    ) -> Outcome:
        t = self._translator(request)
        try:
            act = Action.decode(action_id)
            handler = handlers[act.verb]
        except (UsageError, KeyError):
            return stale(t)
        if not handler.accepts(act):
            return stale(t)

        async def run(ctx: Context) -> Outcome:
            if not ctx.may(handler.permission):
                sentences = {
                    Permission.MODERATOR: t("Only moderators can do that."),
                    Permission.EDITOR: t("Only editors can do that."),
                }
                raise NotAllowed(sentences[handler.permission])
            if handler.posts:
                check_posting(request, t)
            return await run_action(handler, ctx, act, values)

        subject = act.args[0] if act.args else ""
        limiter = self.rapid if handler.rapid else self.limiter
        return await self._once(request, kind, lambda: self._guard(request, act.verb, t, run, limiter), subject)

    async def _once(
        self, request: Request, kind: str, run: Callable[[], Awaitable[Outcome]], subject: str = ""
    ) -> Outcome:
        """Run work that a platform may deliver twice; `subject` names the thing that a newer action could change too."""
        if self.repeats is None or not request.key:
            return await run()
        return await self.repeats.run(request, kind, subject, run)

    async def _guard(
        self,
        request: Request,
        what: str,
        t: Translator,
        run: Callable[[Context], Awaitable[Outcome]],
        limiter: Limiter | None = None,
    ) -> Outcome:
        with request_scope(self.new_reference):
            return await self._timed(request, what, t, run, limiter or self.limiter)

    async def _timed(
        self,
        request: Request,
        what: str,
        t: Translator,
        run: Callable[[Context], Awaitable[Outcome]],
        limiter: Limiter,
    ) -> Outcome:
        started = perf_counter()
        end = "ok"
        try:
            self._not_too_fast(request, t, limiter)
            outcome = without_publicity(await run(await self._context(request, t)), request, t)
            if request.away:
                outcome = without_posting(outcome, self.registry.posting)
            await self._deliver(request, outcome, t)
        except BotError as error:
            end = type(error).__name__
            controls = error.controls if isinstance(error, ChoiceNeeded) else ()
            return refused(error, t, controls)
        except Exception as bug:
            end = "bug"
            return self._bug(t, what, bug)
        else:
            return outcome
        finally:
            seconds = perf_counter() - started
            logger.debug("%s was answered: %s, %.1f ms", what, end, seconds * 1000)
            self.observe(what, end, seconds)

    def _translator(self, request: Request) -> Translator:
        """The translator for the member's language and for command names as their platform writes them."""
        platform = self.platforms.get(request.actor.platform)
        return translator(request.locale, platform.limits.commands if platform else "/")

    async def _context(self, request: Request, t: Translator) -> Context:
        community = await self.community_of(community_id(request.actor), request.now)
        return Context(request, t, community, await self.edits(request.actor, community))

    async def _deliver(self, request: Request, outcome: Outcome, t: Translator) -> None:
        """Send the public posts before telling the member that they were sent, then have a poll's copies redrawn."""
        for post in outcome.posts:
            await self._post(request, post, t)
        for poll in outcome.refresh:
            await self.hooks.refresh(poll)

    async def _post(self, request: Request, post: Post, t: Translator) -> None:
        """Post, or raise the platform's error in the member's language.

        Cancel the poll if posting failed, even through a bug: nobody could see it.
        """
        place = post.place or request.place
        try:
            if place == request.place:
                check_posting(request, t)
            ref = await self.platforms[place.platform].post(place, post.reply)
        except Exception as error:
            if post.poll:
                await self.hooks.unposted(post.poll, request.now)
            if isinstance(error, BotError):
                raise type(error)(t(error.message)) from error
            raise
        if post.poll and ref:
            await self.hooks.posted(post.poll, ref, request.now)

    def _not_too_fast(self, request: Request, t: Translator, limiter: Limiter) -> None:
        """Check the member's limit before the community's, so that a flood by one member takes nothing from the others."""
        who = voter_id(request.actor)
        wait = limiter.wait(who, request.now)
        if wait:
            raise TooFast(
                t.count(
                    "That was a lot at once. Try again in {n} second.",
                    "That was a lot at once. Try again in {n} seconds.",
                    wait,
                )
            )
        wait = self.crowd.wait(community_id(request.actor), request.now) if self.crowd else 0
        if wait:
            limiter.give_back(who)
            raise TooFast(
                t.count(
                    "Many people are asking at once. Try again in {n} second.",
                    "Many people are asking at once. Try again in {n} seconds.",
                    wait,
                )
            )

    def _command(self, name: str, t: Translator) -> Command:
        command = self.commands.get(name)
        if command is None:
            raise UnknownCommand(unknown(name, name, self.commands, t))
        return command

    def report(self, what: str, bug: Exception) -> str:
        """Log a bug with its traceback and return this request's id, the code for the member to quote."""
        with request_scope(self.new_reference) as request_id:
            logger.error("bug in %s", what, exc_info=bug, extra={"request": str(request_id)})
        return str(request_id)

    def _bug(self, t: Translator, what: str, bug: Exception) -> Outcome:
        return apology(self.report(what, bug), t)


def stale(t: Translator) -> Outcome:
    """Answer a control of another version, or one that isn't ours."""
    message = t("This button no longer works. Use the command again to get a new one.")
    return refusal(message, t, OUT_OF_DATE)


def refused(error: BotError, t: Translator, controls: tuple[Control, ...] = ()) -> Outcome:
    """An answer with the error's message, under the title of its kind."""
    return refusal(t(error.message) if isinstance(error, Unavailable) else error.message, t, error.title, controls)


def apology(reference: str, t: Translator) -> Outcome:
    """The answer to a request that met a bug, with the code to quote."""
    return refusal(bug_notice(reference, t), t, SORRY)


def title_of(error: Exception) -> str:
    """The title for this error's message, not yet translated."""
    return error.title if isinstance(error, BotError) else SORRY


def bug_notice(reference: str, t: Translator) -> str:
    return t(
        "Something went wrong on my side. If it happens again, tell the moderators this code: {code}", code=reference
    )


def refusal(message: str, t: Translator, title: str = BotError.title, controls: tuple[Control, ...] = ()) -> Outcome:
    """A private answer that says why not, with controls that help. `title` isn't translated yet."""
    card = Card(title=t(title), body=text(message), tone=Tone.CAUTION, controls=controls)
    return Outcome(answer=Reply((card,)), success=False)


async def _suggestions(ctx: Context, param: Param, prefix: str, args: Mapping[str, object]) -> list[Choice]:
    if param.completer is not None:
        suggestions = param.completer(ctx, prefix, args)
        return list(await suggestions if isinstance(suggestions, Awaitable) else suggestions)
    offered = {"yes": "yes", "no": "no"} if param.kind is bool else param.choices
    return [Choice(ctx.t(label), value) for value, label in offered.items() if value.startswith(prefix.lower())]
