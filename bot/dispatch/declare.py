"""Commands, buttons and forms, each declared once as a typed function. What is typed is read in bot/dispatch/parse.py.

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
"""The longest text that is looked at: what the most generous platform lets a person send at once."""


class Permission(StrEnum):
    MEMBER = "member"
    MODERATOR = "moderator"
    """Who moderates the community that the request comes from."""
    EDITOR = "editor"
    """Who edits the content, which all communities of an instance share: see bot/communities/editors.py."""


@dataclass(frozen=True, slots=True)
class Context:
    """What a handler is given: the request, its reader's language, and what their community has decided."""

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
"""(context, what was typed so far, the other arguments) → suggestions, best first."""


ControlCompleter = Callable[..., Sequence[Choice] | Awaitable[Sequence[Choice]]]
"""(context, what was typed so far, the action's arguments one by one) → suggestions, best first."""


@dataclass(frozen=True, slots=True)
class Param:
    """One argument of a command. Its name, type and default come from the function.

    A `rest` parameter takes all words that are not `name:value`. One that is `typed` gets them as they are typed, with
    quotes and lines, and exists only where commands are typed. `complete` names the feature's method that suggests.
    `choices` maps each allowed value to its label. With `picks`, a platform that can offers its own list of roles
    or channels and gives the id of the one that was picked; elsewhere one is mentioned. `question` asks for a needed
    argument that is missing, with an example.
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
    """Something a member can ask for, on every platform.

    `form_when` tells from the arguments alone, without I/O, whether the first answer is a form.
    `public_flag` names the yes/no argument that makes the answer public. `posts` says that it posts into the place
    where it is used, which the asker and the bot must both be allowed to. `needs_community` says that it makes no sense
    in a conversation with the bot alone that belongs to no community.
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

    def param(self, name: str) -> Param | None:
        return next((param for param in self.params if param.name == name), None)

    @property
    def named(self) -> tuple[Param, ...]:
        """The arguments with names: those that platforms and documents list."""
        return tuple(param for param in self.params if not param.typed)

    def visibility_of(self, args: Mapping[str, object]) -> Visibility:
        """What an answer will be, before the handler has run."""
        return Visibility.PUBLIC if self.public_flag and args.get(self.public_flag) else self.visibility

    def opens_form(self, args: Mapping[str, object]) -> bool:
        return self.form_when is not None and self.form_when(args)


@dataclass(frozen=True, slots=True)
class ActionHandler:
    """What happens when a control with this verb is used, or a form with it sent."""

    verb: str
    handler: Handler
    least: int
    most: int | None
    takes: str
    visibility: Visibility
    opens_form: bool
    permission: Permission = Permission.MEMBER
    again: Handler | None = None
    """Makes a form anew, for platforms that can't keep one open while it tells its mistakes."""
    completers: Mapping[str, ControlCompleter] = field(default_factory=dict)
    """What suggests while somebody types: by the form's input, or "" for a select."""
    replaces: bool = False
    """Whether its answer, as a rule, takes the place of the message whose control was used (`Outcome.replace`)."""
    posts: bool = False
    """As a command's."""
    rapid: bool = False
    """Whether it is pressed again and again, as fast as a person reads, and so has a wider rate limit of its own."""

    def accepts(self, act: Action) -> bool:
        """Whether the action has as many arguments as this program gives it. One of another version may not."""
        return len(act.args) >= self.least and (self.most is None or len(act.args) <= self.most)


@dataclass(frozen=True, slots=True)
class Shortcut:
    """Something to do with a message that somebody wrote. The handler gets its text, which is never stored."""

    name: str
    label: str
    handler: Handler
    visibility: Visibility = Visibility.PRIVATE


@dataclass(frozen=True, slots=True)
class Declaration:
    """What a decorator writes on a method."""

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
) -> Callable[[Handler], Handler]:
    """Declares a method as a command. A name of two words is a sub-command: `poll create`."""
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
    """Declares a method as what a button or a select does.

    Its string parameters are the action's arguments; one called `values` gets what was picked. `replaces` says that
    its answers take the place of the message with the control, as a rule: some platforms have to know before it runs.
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
    """Declares a method as what a sent form does; its parameter `answers` gets what was filled in.

    `again` names the feature's method that makes the same form anew, from the same arguments, `complete` those that
    suggest, by the input that has `type_ahead`.
    """
    options = {
        "permission": permission,
        "visibility": visibility,
        "opens_form": False,
        "posts": posts,
        "again": again,
        "completers": complete or {},
    }
    return _declare("form", verb, options)


def shortcut(name: str, label: str) -> Callable[[Handler], Handler]:
    """Declares a method as what can be done with a message: its parameter is the message's text."""
    return _declare("shortcut", name, {"label": label})


def question(handler: Handler) -> Handler:
    """Declares a method as what answers a question in plain words, which a member asks without a command."""
    return _declare("question", "question", {})(handler)


def _declare(kind: str, name: str, options: Mapping[str, Any]) -> Callable[[Handler], Handler]:
    def mark(handler: Handler) -> Handler:
        handler.__parley__ = Declaration(kind, name, options)  # type: ignore[attr-defined]
        return handler

    return mark
