"""The bot: a request comes in, an outcome goes out. Permission, rate limit, timing and errors live here, once."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from time import perf_counter
from typing import Protocol

from bot.chat import Action, Answers, Card, Choice, MessageRef, Outcome, Platform, Post, Reply, Request, Tone
from bot.command import ActionHandler, Command, Context, Param, Permission, Registry, collect, run_action
from bot.community import CommunityOf, community_id, default_community, voter_id
from bot.editors import Edits, nobody_edits
from bot.errors import BotError, NotAllowed, TooFast, Unavailable, UnknownCommand, UsageError
from bot.i18n import Translator, translator
from bot.limiter import Limiter
from bot.markup import clean, text
from bot.request_id import request_scope
from bot.typed import Call, Typing, bind, half_typed, parse, unknown

COMPLETIONS_MAX = 25
"""Discord's limit, the tightest: https://discord.com/developers/docs/interactions/application-commands."""

SUGGESTIONS_MAX = 100
"""Slack's limit, the only one: https://docs.slack.dev/reference/block-kit/block-elements/select-menu-element."""

logger = logging.getLogger("parley")

Observe = Callable[[str, str, float], None]
"""(what was run, how it ended: `ok`, the BotError's name or `bug`, seconds) → nothing. Metrics hang here."""


def _observe_nothing(_what: str, _end: str, _seconds: float) -> None: ...


class Hooks(Protocol):
    """What follows from an outcome, beyond the answer."""

    async def posted(self, poll: str, ref: MessageRef, now: datetime) -> None:
        """A copy of a poll was posted."""

    async def unposted(self, poll: str, now: datetime) -> None:
        """A copy of a poll could not be posted."""

    async def refresh(self, poll: str) -> None:
        """A poll's copies are out of date."""


class NoHooks:
    """For a bot without polls."""

    async def posted(self, poll: str, ref: MessageRef, now: datetime) -> None: ...

    async def unposted(self, poll: str, now: datetime) -> None: ...

    async def refresh(self, poll: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Bot:
    """Runs what the features declare. Holds no state of its own beyond what it is given."""

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
    """What all members of one community may ask together; None for as much as they like."""

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
    ) -> Bot:
        running = {} if platforms is None else platforms
        found = collect(features)
        return cls(found, new_reference, limiter, running, observe, community_of, hooks or NoHooks(), edits, crowd)

    @property
    def commands(self) -> Mapping[str, Command]:
        return self.registry.commands

    async def say(self, request: Request, line: str) -> Outcome:
        """Runs a typed command such as `/fact tariffs share:yes`."""
        t = self._translator(request)
        try:
            call = parse(line, self.commands, t)
        except BotError as error:
            return refusal(error.message, t)
        return await self._call(request, call, t)

    async def invoke(self, request: Request, name: str, args: Mapping[str, object]) -> Outcome:
        """Runs a command whose arguments the platform has already told apart."""
        t = self._translator(request)
        try:
            found = self._command(name, t)
            call = Call(found, bind(found, args, [], t))
        except BotError as error:
            return refusal(error.message, t)
        return await self._call(request, call, t)

    async def press(self, request: Request, action_id: str, values: tuple[str, ...] = ()) -> Outcome:
        """Runs what a button or a select of a message stands for."""
        return await self._act(request, action_id, self.registry.actions, values)

    async def submit(self, request: Request, action_id: str, answers: Answers) -> Outcome:
        """Runs what a form stands for. `Outcome.errors` keeps the form open."""
        return await self._act(request, action_id, self.registry.forms, answers)

    async def reopen(self, request: Request, action_id: str) -> Outcome:
        """The form that sends this action, made anew: for a platform that could not keep it open."""
        again = {
            verb: replace(handler, handler=handler.again, takes="")
            for verb, handler in self.registry.forms.items()
            if handler.again is not None
        }
        return await self._act(request, action_id, again, ())

    async def look(self, request: Request, shortcut: str, message: str) -> Outcome:
        """Runs a shortcut on the text of a message."""
        t = self._translator(request)
        found = self.registry.shortcuts.get(shortcut)
        if found is None:
            return refusal(stale(t), t)
        return await self._guard(request, shortcut, t, lambda ctx: found.handler(ctx, message))

    async def complete(
        self, request: Request, name: str, param: str, typed: str, args: Mapping[str, object]
    ) -> list[Choice]:
        """At most 25 suggestions for one argument; for what can't be completed, none."""
        found = self.commands.get(name)
        wanted = found.param(param) if found else None
        if wanted is None:
            return []
        ctx = Context(request, self._translator(request))
        try:
            ctx = await self._context(request, ctx.t)
            return (await _suggestions(ctx, wanted, clean(typed), args))[:COMPLETIONS_MAX]
        except Exception as bug:
            self._bug(ctx.t, f"complete {name}.{param}", bug)
            return []

    async def suggest(self, request: Request, action_id: str, typed: str, asked: str = "") -> list[Choice]:
        """At most 100 suggestions for a select with `type_ahead`, or for the input of a form that is called so.

        For an action of another version, or one that suggests nothing, none.
        """
        t = self._translator(request)
        try:
            act = Action.decode(action_id)
            handler = (self.registry.forms if asked else self.registry.actions)[act.verb]
            completer = handler.completers[asked]
        except (UsageError, KeyError):
            return []
        if not handler.accepts(act):
            return []
        try:
            found = completer(await self._context(request, t), clean(typed), *act.args)
            return list(await found if isinstance(found, Awaitable) else found)[:SUGGESTIONS_MAX]
        except BotError:
            return []
        except Exception as bug:
            self._bug(t, f"suggest {act.verb}", bug)
            return []

    async def complete_line(self, request: Request, line: str) -> tuple[Typing, list[Choice]]:
        """Suggestions for the end of a half-typed line: commands first, then arguments."""
        typing = half_typed(line, self.commands)
        if typing.command is None:
            t = self._translator(request)
            return typing, [
                Choice(f"/{command.name}", f"/{command.name} ", t(command.description))
                for command in self.commands.values()
                if command.name.startswith(typing.typed)
            ][:COMPLETIONS_MAX]
        if typing.param is None:
            return typing, []
        return typing, await self.complete(request, typing.command.name, typing.param.name, typing.typed, {})

    async def _call(self, request: Request, call: Call, t: Translator) -> Outcome:
        async def run(ctx: Context) -> Outcome:
            permission = call.command.permission
            if not ctx.may(permission):
                said = {
                    Permission.MODERATOR: t("Only moderators can use /{command}.", command=call.command.name),
                    Permission.EDITOR: t("Only the content's editors can use /{command}.", command=call.command.name),
                }
                raise NotAllowed(said[permission])
            return await call.command.handler(ctx, **call.args)

        return await self._guard(request, f"/{call.command.name}", t, run)

    async def _act(
        self, request: Request, action_id: str, handlers: Mapping[str, ActionHandler], given: tuple[str, ...] | Answers
    ) -> Outcome:
        t = self._translator(request)
        try:
            act = Action.decode(action_id)
            handler = handlers[act.verb]
        except (UsageError, KeyError):
            return refusal(stale(t), t)
        if not handler.accepts(act):
            return refusal(stale(t), t)

        async def run(ctx: Context) -> Outcome:
            if not ctx.may(handler.permission):
                said = {
                    Permission.MODERATOR: t("Only moderators can do that."),
                    Permission.EDITOR: t("Only the content's editors can do that."),
                }
                raise NotAllowed(said[handler.permission])
            return await run_action(handler, ctx, act, given)

        return await self._guard(request, act.verb, t, run)

    async def _guard(
        self, request: Request, what: str, t: Translator, run: Callable[[Context], Awaitable[Outcome]]
    ) -> Outcome:
        with request_scope(self.new_reference):
            return await self._timed(request, what, t, run)

    async def _timed(
        self, request: Request, what: str, t: Translator, run: Callable[[Context], Awaitable[Outcome]]
    ) -> Outcome:
        started = perf_counter()
        end = "ok"
        try:
            self._not_too_fast(request, t)
            outcome = await run(await self._context(request, t))
            await self._deliver(request, outcome, t)
        except BotError as error:
            end = type(error).__name__
            return refusal(t(error.message) if isinstance(error, Unavailable) else error.message, t)
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
        """For sentences in the person's language that name commands as they are typed where the person is."""
        platform = self.platforms.get(request.actor.platform)
        return translator(request.locale, platform.limits.commands if platform else "/")

    async def _context(self, request: Request, t: Translator) -> Context:
        community = await self.community_of(community_id(request.actor), request.now)
        return Context(request, t, community, await self.edits(request.actor, community))

    async def _deliver(self, request: Request, outcome: Outcome, t: Translator) -> None:
        """Posts what is for all to see, before the person is told that it was posted, and has copies redrawn."""
        for post in outcome.posts:
            await self._post(request, post, t)
        for poll in outcome.refresh:
            await self.hooks.refresh(poll)

    async def _post(self, request: Request, post: Post, t: Translator) -> None:
        """Raises what the platform raised, in the person's language. A poll that nobody could see then is cancelled,
        also where that was a bug.
        """
        place = post.place or request.place
        try:
            ref = await self.platforms[place.platform].post(place, post.reply)
        except Exception as error:
            if post.poll:
                await self.hooks.unposted(post.poll, request.now)
            if isinstance(error, BotError):
                raise type(error)(t(error.message)) from error
            raise
        if post.poll and ref:
            await self.hooks.posted(post.poll, ref, request.now)

    def _not_too_fast(self, request: Request, t: Translator) -> None:
        """A member who floods uses up nothing of the community's; a busy community costs a member nothing."""
        who = voter_id(request.actor)
        wait = self.limiter.wait(who, request.now)
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
            self.limiter.give_back(who)
            raise TooFast(
                t.count(
                    "Very many people here are asking at once. Nothing was done; try again in {n} second.",
                    "Very many people here are asking at once. Nothing was done; try again in {n} seconds.",
                    wait,
                )
            )

    def _command(self, name: str, t: Translator) -> Command:
        found = self.commands.get(name)
        if found is None:
            raise UnknownCommand(unknown(name, name, self.commands, t))
        return found

    def report(self, what: str, bug: Exception) -> str:
        """Logs a bug, whole, and returns the code for the person to quote: the id of this request."""
        with request_scope(self.new_reference) as request_id:
            logger.error("bug in %s", what, exc_info=bug, extra={"request": str(request_id)})
        return str(request_id)

    def _bug(self, t: Translator, what: str, bug: Exception) -> Outcome:
        reference = self.report(what, bug)
        sentence = t(
            "Something went wrong on my side. If it happens again, tell the moderators this code: {code}",
            code=reference,
        )
        return refusal(sentence, t)


def stale(t: Translator) -> str:
    """For a control of an older version, or of no version at all."""
    return t("This button is from an older version and no longer works. Use the command again for a fresh one.")


def refusal(message: str, t: Translator) -> Outcome:
    """An answer that says why not, to the person alone."""
    card = Card(title=t("That did not work"), body=text(clean(message)), tone=Tone.CAUTION)
    return Outcome(answer=Reply((card,)), found=False)


async def _suggestions(ctx: Context, param: Param, typed: str, args: Mapping[str, object]) -> list[Choice]:
    if param.completer is not None:
        found = param.completer(ctx, typed, args)
        return list(await found if isinstance(found, Awaitable) else found)
    offered = {"yes": "yes", "no": "no"} if param.kind is bool else param.choices
    return [Choice(ctx.t(label), value) for value, label in offered.items() if value.startswith(typed.lower())]
