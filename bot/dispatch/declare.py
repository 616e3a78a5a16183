"""Commands, buttons and forms, each declared once as a typed function. bot/dispatch/parse.py parses typed commands.

    class Lookup:
        @command("fact", N_("Find a fact and its sources"))
        async def fact(self, ctx: Context, words: Annotated[str, Param(N_("What about"), rest=True)] = "") -> Outcome:
            ...

        @action("counter")
        async def counter(self, ctx: Context, pack: str, entry: str) -> Outcome:
            ...

`bot/dispatch/registry.py` collects them. Every platform's own declarations are made from these.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal

from bot.chat.vocabulary import Action, Choice, Outcome, Request, Visibility
from bot.communities.model import Community
from bot.i18n import Translator

TEXT_MAX = 4000
"""The longest text the bot reads: the longest that any platform lets a person send at once."""


class Permission(StrEnum):
    MEMBER = "member"
    MODERATOR = "moderator"
    """For members who moderate the community of the request."""
    EDITOR = "editor"
    """For editors of the content, which all communities of an instance share: see bot/communities/editors.py."""


@dataclass(frozen=True, slots=True)
class Context:
    """The input of a handler: the request, the reader's translator and the community's settings."""

    request: Request
    t: Translator
    community: Community = field(default_factory=lambda: Community(""))
    edits: bool = False
    """Whether this person edits the content."""

    @property
    def moderates(self) -> bool:
        """Whether this person moderates the community they are in."""
        return self.community.moderates(self.request.actor)

    def may(self, permission: Permission) -> bool:
        """Whether this person has the permission, here and now."""
        if permission is Permission.MEMBER:
            return True
        return self.edits if permission is Permission.EDITOR else self.moderates


Completer = Callable[[Context, str, Mapping[str, object]], Sequence[Choice] | Awaitable[Sequence[Choice]]]
"""(context, text typed so far, the other arguments) → suggestions, best first."""


ControlCompleter = Callable[..., Sequence[Choice] | Awaitable[Sequence[Choice]]]
"""(context, text typed so far, the action's arguments one by one) → suggestions, best first."""


@dataclass(frozen=True, slots=True)
class Param:
    """One argument of a command. Its name, type and default come from the function.

    A `rest` parameter takes all words that are not `name:value`. A `typed` one gets them as typed, with quotes and
    lines, and exists only where members type commands. `complete` names the feature's method that suggests.
    `choices` maps each allowed value to its label. With `picks`, a platform offers its own list of roles or channels
    and gives the id of the member's pick; on a platform without such lists, members mention one. `question` asks for
    a required argument that is missing, with an example.
    """

    description: str
    rest: bool = False
    typed: bool = False
    complete: str = ""
    picks: Literal["", "role", "channel"] = ""
    choices: Mapping[str, str] = field(default_factory=dict)
    longest: int = TEXT_MAX
    question: str = ""
    name: str = ""
    kind: type = str
    required: bool = True
    default: object = None
    completer: Completer | None = None


Handler = Callable[..., Awaitable[Outcome]]


@dataclass(frozen=True, slots=True)
class Command:
    """A request that a member can make, on every platform.

    `form_when` tells from the arguments alone, without I/O, whether the first answer is a form. `public_flag` names the
    yes/no argument that makes the answer public. With `posts`, the command posts where it is used, so the asker and the
    bot must both be allowed to write there. With `needs_community`, it needs a community, so it fails in a direct
    message outside one. `also` has other names that people type for it; no list shows them.
    """

    name: str
    description: str
    params: tuple[Param, ...]
    handler: Handler
    permission: Permission = Permission.MEMBER
    visibility: Visibility = Visibility.PRIVATE
    public_flag: str = ""
    form_when: Callable[[Mapping[str, object]], bool] | None = None
    posts: bool = False
    needs_community: bool = False
    also: tuple[str, ...] = ()

    def param(self, name: str) -> Param | None:
        return next((param for param in self.params if param.name == name), None)

    @property
    def named(self) -> tuple[Param, ...]:
        """The arguments that platforms and documents list by name."""
        return tuple(param for param in self.params if not param.typed)

    def visibility_of(self, args: Mapping[str, object]) -> Visibility:
        """The visibility of the answer, known before the handler runs."""
        return Visibility.PUBLIC if args.get(self.public_flag) else self.visibility

    def opens_form(self, args: Mapping[str, object]) -> bool:
        return self.form_when is not None and self.form_when(args)


@dataclass(frozen=True, slots=True)
class ActionHandler:
    """The handler of a control with this verb, or of a form with it."""

    verb: str
    handler: Handler
    least: int
    most: int | None
    takes: str
    visibility: Visibility
    opens_form: bool = False
    permission: Permission = Permission.MEMBER
    again: Handler | None = None
    """Rebuilds the form, for platforms that can't keep one open to show its errors."""
    completers: Mapping[str, ControlCompleter] = field(default_factory=dict)
    """Completers by the name of the form's input; "" for a select."""
    replaces: bool = False
    """Whether the answer usually replaces the message with the control (`Outcome.replace`)."""
    posts: bool = False
    """Whether it posts where it is used, like `Command.posts`."""
    rapid: bool = False
    """Whether members press it as fast as they read, which gives it a wider rate limit of its own."""

    def accepts(self, act: Action) -> bool:
        """Whether the action has as many arguments as this handler takes. One from another version may not."""
        return len(act.args) >= self.least and (self.most is None or len(act.args) <= self.most)


@dataclass(frozen=True, slots=True)
class Shortcut:
    """An entry in the menu of a message. The handler gets the message's text, which is never stored."""

    name: str
    label: str
    handler: Handler
    visibility: Visibility = Visibility.PRIVATE


@dataclass(frozen=True, slots=True)
class Declaration:
    """The record that a decorator leaves on a method."""

    kind: str
    name: str
    options: Mapping[str, Any]


def command(
    name: str,
    description: str,
    *,
    permission: Permission = Permission.MEMBER,
    visibility: Visibility = Visibility.PRIVATE,
    public_flag: str = "",
    form_when: Callable[[Mapping[str, object]], bool] | None = None,
    posts: bool = False,
    needs_community: bool = False,
    also: tuple[str, ...] = (),
) -> Callable[[Handler], Handler]:
    """Declare a method as a command. A name of two words is a sub-command: `poll create`."""
    return _declare(
        "command",
        name,
        {
            "description": description,
            "permission": permission,
            "visibility": visibility,
            "public_flag": public_flag,
            "form_when": form_when,
            "posts": posts,
            "needs_community": needs_community,
            "also": also,
        },
    )


def action(
    verb: str,
    *,
    permission: Permission = Permission.MEMBER,
    visibility: Visibility = Visibility.PRIVATE,
    opens_form: bool = False,
    replaces: bool = False,
    posts: bool = False,
    complete: str = "",
    rapid: bool = False,
) -> Callable[[Handler], Handler]:
    """Declare a method as the handler of a button or a select.

    Its string parameters are the action's arguments; a parameter called `values` gets the member's picks. `replaces`
    says that its answers usually replace the message with the control: some platforms must know before it runs.
    `complete` names the feature's method that suggests, for selects with `type_ahead`. `rapid` is for a button that
    members press again and again.
    """
    options = {
        "permission": permission,
        "visibility": visibility,
        "opens_form": opens_form,
        "replaces": replaces,
        "posts": posts,
        "rapid": rapid,
        "completers": {"": complete} if complete else {},
    }
    return _declare("action", verb, options)


def form(
    verb: str,
    *,
    permission: Permission = Permission.MEMBER,
    visibility: Visibility = Visibility.PRIVATE,
    posts: bool = False,
    again: str = "",
    complete: Mapping[str, str] | None = None,
) -> Callable[[Handler], Handler]:
    """Declare a method as the handler of a form; its parameter `answers` gets the member's input.

    `again` names the feature's method that rebuilds the form from the same arguments; `complete` maps each input with
    `type_ahead` to the method that suggests for it.
    """
    options = {
        "permission": permission,
        "visibility": visibility,
        "posts": posts,
        "again": again,
        "completers": complete or {},
    }
    return _declare("form", verb, options)


def shortcut(name: str, label: str) -> Callable[[Handler], Handler]:
    """Declare a method as an entry in the menu of a message; its parameter is the message's text."""
    return _declare("shortcut", name, {"label": label})


def question(handler: Handler) -> Handler:
    """Declare a method as the answer to questions in plain words, which members ask without a command."""
    return _declare("question", "question", {})(handler)


def _declare(kind: str, name: str, options: Mapping[str, Any]) -> Callable[[Handler], Handler]:
    def mark(handler: Handler) -> Handler:
        handler.__parley__ = Declaration(kind, name, options)  # type: ignore[attr-defined]
        return handler

    return mark
