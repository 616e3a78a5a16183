"""The features' declarations by name and verb, with each handler's parameters, read once at the start."""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from types import MethodType
from typing import Annotated, Any, TypeVar, get_args, get_origin, get_type_hints

from bot.chat.vocabulary import Action, Answers, Outcome
from bot.dispatch.declare import ActionHandler, Command, Context, Declaration, Handler, Param, Shortcut

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Registry:
    """All declarations, by name and verb."""

    commands: Mapping[str, Command]
    actions: Mapping[str, ActionHandler]
    forms: Mapping[str, ActionHandler]
    shortcuts: Mapping[str, Shortcut] = field(default_factory=dict)
    question: Handler | None = None
    """The handler of mentions and direct messages."""

    @property
    def posting(self) -> frozenset[str]:
        """The verbs of buttons that post."""
        return frozenset(verb for verb, handler in self.actions.items() if handler.posts)


def collect(features: Iterable[object]) -> Registry:
    """Read the declarations of the features. Raise ValueError if two share a name."""
    commands: dict[str, Command] = {}
    actions: dict[str, ActionHandler] = {}
    forms: dict[str, ActionHandler] = {}
    shortcuts: dict[str, Shortcut] = {}
    questions: dict[str, MethodType] = {}
    others: list[str] = []
    for feature in features:
        for declaration, method in _declarations(feature):
            if declaration.kind == "command":
                _add(commands, declaration, _command(feature, method, declaration))
                others += declaration.options["also"]
            elif declaration.kind == "action":
                _add(actions, declaration, _action(feature, method, declaration))
            elif declaration.kind == "shortcut":
                _add(shortcuts, declaration, Shortcut(declaration.name, handler=method, **declaration.options))
            elif declaration.kind == "question":
                _add(questions, declaration, method)
            else:
                _add(forms, declaration, _form(feature, method, declaration))
    names = Counter([*commands, *others])
    if shared := [name for name, count in names.items() if count > 1]:
        message = f"two commands are called {shared[0]!r}"
        raise ValueError(message)
    return Registry(dict(sorted(commands.items())), actions, forms, shortcuts, questions.get("question"))


def _add(registered: dict[str, _T], declaration: Declaration, entry: _T) -> None:
    if declaration.name in registered:
        message = f"two features declare the {declaration.kind} {declaration.name!r}"
        raise ValueError(message)
    registered[declaration.name] = entry


def _declarations(feature: object) -> Iterator[tuple[Declaration, MethodType]]:
    for name in dir(type(feature)):
        declaration = getattr(getattr(type(feature), name), "__parley__", None)
        if isinstance(declaration, Declaration):
            yield declaration, getattr(feature, name)


def _command(feature: object, method: MethodType, declaration: Declaration) -> Command:
    hints = _hints(method.__func__)
    params = tuple(_param(feature, parameter, hints[parameter.name]) for parameter in _parameters(method.__func__))
    return Command(name=declaration.name, params=params, handler=method, **declaration.options)


@cache
def _parameters(function: Handler) -> tuple[inspect.Parameter, ...]:
    """A handler's parameters after its feature and its context."""
    return tuple(inspect.signature(function).parameters.values())[2:]


@cache
def _hints(function: Handler) -> Mapping[str, Any]:
    return get_type_hints(function, include_extras=True)


def _param(feature: object, parameter: inspect.Parameter, hint: object) -> Param:
    if get_origin(hint) is not Annotated:
        message = f"the argument {parameter.name!r} has no Param"
        raise ValueError(message)
    kind: type = get_args(hint)[0]
    marker: Param = get_args(hint)[1]
    required = parameter.default is inspect.Parameter.empty
    return replace(
        marker,
        name=parameter.name,
        kind=kind,
        required=required,
        default=None if required else parameter.default,
        completer=getattr(feature, marker.complete) if marker.complete else None,
    )


def _action(feature: object, method: MethodType, declaration: Declaration) -> ActionHandler:
    completers = {name: getattr(feature, complete) for name, complete in declaration.options["completers"].items()}
    parameters = _parameters(method.__func__)
    names = [parameter.name for parameter in parameters]
    takes = next((name for name in names if name in {"values", "answers"}), "")
    positional = [parameter for parameter in parameters if parameter.name != takes]
    variadic = any(parameter.kind is inspect.Parameter.VAR_POSITIONAL for parameter in positional)
    least = sum(
        parameter.default is inspect.Parameter.empty and parameter.kind is not inspect.Parameter.VAR_POSITIONAL
        for parameter in positional
    )
    return ActionHandler(
        verb=declaration.name,
        handler=method,
        least=least,
        most=None if variadic else len(positional),
        takes=takes,
        **{**declaration.options, "completers": completers},
    )


def _form(feature: object, method: MethodType, declaration: Declaration) -> ActionHandler:
    options = {**declaration.options}
    again = options.pop("again")
    handler = _action(feature, method, replace(declaration, options=options))
    return replace(handler, again=getattr(feature, again) if again else None)


async def run_action(handler: ActionHandler, ctx: Context, act: Action, values: tuple[str, ...] | Answers) -> Outcome:
    """Run an action that the handler accepts."""
    extra = {handler.takes: values} if handler.takes else {}
    return await handler.handler(ctx, *act.args, **extra)
