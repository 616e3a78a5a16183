"""Replace running code by a mutant, in a process that is discarded afterwards."""

from __future__ import annotations

import ast
import importlib
import sys
from collections.abc import Iterator, Mapping
from datetime import time, timedelta
from functools import cached_property
from pathlib import PurePosixPath
from types import FunctionType, ModuleType
from typing import Any

from bot.dispatch import registry

_OURS = ("bot", "adapters", "tests")


def swap_in(file: str, tree: ast.Module) -> bool:
    """Replace every function and constant of a module by the tree's. Return whether anything changed.

    Functions get the new code, so that it also runs in modules that imported them. A constant is set wherever a module
    of the project has its name and value. Values that a decorator or a class statement computed at import stay as they
    were.
    """
    name = ".".join(PurePosixPath(file).with_suffix("").parts)
    present = importlib.import_module(name)
    mutant = ModuleType(name)
    mutant.__file__ = present.__file__
    sys.modules[name] = mutant  # dataclasses look up their annotations here
    try:
        exec(compile(tree, present.__file__ or file, "exec"), vars(mutant))  # noqa: S102 - our own code, one change in it
    finally:
        sys.modules[name] = present
    others = dict(_functions(vars(mutant), name))
    changed = False
    for path, function in _functions(vars(present), name):
        other = others.get(path)
        if other is not None and _is_other(function, other) and _fits(function, other):
            function.__code__, function.__defaults__ = other.__code__, other.__defaults__
            function.__kwdefaults__ = other.__kwdefaults__
            changed = True
    registry._parameters.cache_clear()  # it remembers the defaults of the functions as they were
    return _set_constants(vars(present), vars(mutant)) or changed


def _functions(names: Mapping[str, Any], module: str, path: str = "") -> Iterator[tuple[str, FunctionType]]:
    for name, value in names.items():
        bare = _bare(value)
        if isinstance(bare, FunctionType) and bare.__module__ == module:
            yield f"{path}{name}", bare
        elif isinstance(bare, type) and bare.__module__ == module and f"{path}{name}" == bare.__qualname__:
            yield from _functions(vars(bare), module, f"{path}{name}.")


def _bare(value: object) -> object:
    if isinstance(value, property):
        return value.fget
    if isinstance(value, cached_property):
        return value.func
    if isinstance(value, staticmethod | classmethod):
        return value.__func__
    return getattr(value, "__wrapped__", value)


def _is_other(function: FunctionType, other: FunctionType) -> bool:
    return (
        function.__code__ != other.__code__
        or function.__defaults__ != other.__defaults__
        or function.__kwdefaults__ != other.__kwdefaults__
    )


def _fits(function: FunctionType, other: FunctionType) -> bool:
    """Tell whether a function can take the other's code: Python refuses one that closes over more or fewer names."""
    return len(function.__code__.co_freevars) == len(other.__code__.co_freevars)


def _set_constants(present: Mapping[str, Any], mutant: Mapping[str, Any]) -> bool:
    changed = False
    ours = {*_OURS, present["__name__"]}
    for name, value in present.items():
        other = mutant.get(name)
        if isinstance(value, _PLAIN) and type(other) is type(value) and other != value:
            for module in [module for key, module in sys.modules.items() if key.partition(".")[0] in ours]:
                if getattr(module, name, None) == value:
                    setattr(module, name, other)
                    changed = True
    return changed


_PLAIN = (bool, int, float, str, bytes, tuple, frozenset, time, timedelta)
