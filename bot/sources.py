"""Where settings come from: the command line, the environment, files that it names, `parley.toml`, the defaults.

A value from an earlier one wins. Whatever is wrong or unknown is told with its name, its source and what to do, all of
it at once; a secret is read from the environment or from a file of its own, never from `parley.toml`.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from bot.config import SECRETS, Settings, has_password
from bot.errors import UsageError

CONFIG_FILE = Path("parley.toml")
PREFIX = "PARLEY_"
FILE = "_file"
FROM_FILES = (SECRETS - {"key"}) | {"database"}
"""Settings that a file of their own may hold, which the same name with `_file` names. The key has `key_file`."""
SECRET_MAX = 10_000
"""Characters of a secret's file, at most: whoever names a wrong one is told instead of filling the memory."""

_TESTS = re.compile(r"PARLEY_(TEST_\w+|GOLDEN|PICTURES)")
"""Variables of the tests, which are no settings."""
_KUBERNETES = re.compile(r"PARLEY(_\w+)?_(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT_\d+_\w+)")
"""Variables that Kubernetes sets in every container beside a service of this name."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a value was found. `name` is what it is called there, `where` reads after "in" or "from"."""

    name: str
    where: str

    def __str__(self) -> str:
        return f"{self.name}, {self.where}"


@dataclass(frozen=True, slots=True)
class Loaded:
    """The settings, and the source of each that is no default."""

    settings: Settings
    sources: Mapping[str, Source]


@dataclass(slots=True)
class _Found:
    """What the sources hold, and what is wrong with them."""

    values: dict[str, Any] = field(default_factory=dict)
    sources: dict[str, Source] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    def take(self, name: str, value: Any, source: Source) -> None:
        """Keeps the value, unless an earlier source had one."""
        if isinstance(value, str) and "\x00" in value:
            self.wrong.append(f"{source}, holds a character that no setting has (NUL). Write it anew, or remove it.")
        elif name not in self.values:
            self.values[name], self.sources[name] = value, source


def load_settings(**given: Any) -> Settings:
    """The settings, those that are given here first. Raises UsageError that names each wrong one and what it takes."""
    return load(given).settings


def load(given: Mapping[str, Any], environ: Mapping[str, str] = os.environ, file: Path = CONFIG_FILE) -> Loaded:
    """The settings and where each comes from. Raises UsageError that names each wrong one and what it takes."""
    found = _Found()
    for name, value in given.items():
        if value is not None:
            found.take(name, value, Source(f"--{name.replace('_', '-')}", "on the command line"))
    _read_environment(found, environ)
    _read_toml(found, file)
    try:
        settings = Settings(**found.values)
    except ValidationError as error:
        details = error.errors(include_input=False, include_url=False)
        found.wrong += [
            _complaint(str(next(iter(detail["loc"]), "")), _in_words(detail), found.sources) for detail in details
        ]
    else:
        if not found.wrong:
            return Loaded(settings, found.sources)
    raise UsageError("\n".join(found.wrong))


def variable(name: str) -> str:
    return PREFIX + name.upper()


def remedy(name: str) -> str:
    """How a secret is given."""
    named = "PARLEY_KEY_FILE" if name == "key" else variable(name + FILE)
    return f"Set {variable(name)}, or {named} to the path of a file that holds it"


def _read_environment(found: _Found, environ: Mapping[str, str]) -> None:
    mine = {name: value for name, value in environ.items() if name.upper().startswith(PREFIX) and value}
    variables = {variable(name): name for name in _names()}
    for name, value in mine.items():
        if not _is_text(name + value):
            named = name.encode("utf-8", "replace").decode()
            found.wrong.append(
                f"{named}, in the environment, holds bytes that are no text. Write it anew, or unset it."
            )
        elif name not in variables:
            found.wrong += _unknown_variable(name, variables)
    for name in Settings.model_fields:
        here, there = variable(name), variable(name + FILE)
        source = "in the environment"
        if not all(_is_text(mine.get(one, "")) for one in (here, there)):
            continue
        if name in FROM_FILES and here in mine and there in mine:
            found.wrong.append(f"{here} and {there}, in the environment, are both set. Unset one of them.")
        elif here in mine:
            found.take(name, mine[here], Source(here, source))
        elif name in FROM_FILES and there in mine:
            _read_file(found, name, Path(mine[there]), Source(there, source))


def _is_text(value: str) -> bool:
    """Whether it can be a name or a path. Bytes of the environment that are no UTF-8 come as half surrogates."""
    return not any(character == "\x00" or "\ud800" <= character <= "\udfff" for character in value)


def _read_toml(found: _Found, file: Path) -> None:
    try:
        text = file.read_text(encoding="utf-8")
        held = tomllib.loads(text)
    except FileNotFoundError:
        return
    except RecursionError:
        found.wrong.append(f"{file} can't be read: it is nested too deep. Mend it, or remove it to do without.")
        return
    except (OSError, ValueError) as error:  # TOMLDecodeError and UnicodeDecodeError are ValueErrors
        reason = error.strerror if isinstance(error, OSError) else str(error)
        found.wrong.append(f"{file} can't be read: {reason}. Mend it, or remove it to do without.")
        return
    for name, value in held.items():
        source = Source(name, f"in {file}{_line(text, name)}")
        if name not in _names():
            found.wrong.append(f"{source}, is no setting.{_guess(name, _names())} Rename it or remove it.")
        elif name in SECRETS or (name == "database" and has_password(str(value))):
            found.wrong.append(
                f"{source}, is a secret, and that file is no place for one. {remedy(name)}, and remove it there."
            )
        elif name.removesuffix(FILE) in FROM_FILES and name.endswith(FILE):
            _read_file(found, name.removesuffix(FILE), Path(str(value)), source)
        else:
            found.take(name, value, source)


def _read_file(found: _Found, name: str, path: Path, source: Source) -> None:
    """Takes a secret from its file. What is around it, such as the end of the line, is not part of it."""
    if name in found.values:
        return
    try:
        with path.open(encoding="utf-8") as opened:
            secret = opened.read(SECRET_MAX).strip()
    except (OSError, ValueError) as error:  # bytes that are no UTF-8, or a path that can be none
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        found.wrong.append(f"{source}, names {path}, which can't be read: {reason}. Name a file that Parley may read.")
        return
    if not secret:
        found.wrong.append(f"{source}, names {path}, which is empty. Put the secret into it.")
        return
    found.take(name, secret, Source(source.name, f"{source.where}: the file {path}"))


def _names() -> Iterable[str]:
    return (*Settings.model_fields, *(name + FILE for name in sorted(FROM_FILES)))


def _unknown_variable(name: str, known: Iterable[str]) -> Iterator[str]:
    if _TESTS.fullmatch(name):
        return
    if _KUBERNETES.fullmatch(name):
        yield (
            f"{name}, in the environment, is no setting: Kubernetes sets it for a service that is called parley. "
            "Give the service another name, or set enableServiceLinks: false in the pod."
        )
    else:
        yield f"{name}, in the environment, is no setting.{_guess(name.upper(), known)} Rename it or unset it."


def _guess(name: str, known: Iterable[str]) -> str:
    bare = {one.removeprefix(PREFIX): one for one in known}
    near = get_close_matches(name.removeprefix(PREFIX), bare, n=1)
    return f" Did you mean {bare[near[0]]}?" if near else " docs/configuration.md lists every setting."


def _line(text: str, name: str) -> str:
    """`, line 3`, or nothing where it can't be told."""
    written = re.compile(rf"\s*\[*\s*([\"']?){re.escape(name)}\1\s*[=.\]]")
    for number, line in enumerate(text.splitlines(), 1):
        if written.match(line):
            return f", line {number}"
    return ""


def _in_words(detail: ErrorDetails) -> str:
    """What was expected, for whoever runs the bot. Never what was written: it may be a secret."""
    context = detail.get("ctx", {})
    match detail["type"]:
        case "int_parsing" | "int_type" | "int_from_float":
            return "write a whole number"
        case "greater_than_equal":
            return f"write {context['ge']} or more"
        case "less_than_equal" | "int_parsing_size":
            return f"write {context['le']} or less" if "le" in context else "it is too large a number"
        case "literal_error":
            return f"write {context['expected']}"
        case "string_type":
            return "write text, in quotation marks in parley.toml"
        case _:
            return detail["msg"].removeprefix("Value error, ")


def _complaint(name: str, message: str, sources: Mapping[str, Source]) -> str:
    source = sources.get(name) or Source(name, "given directly")
    said = message.removesuffix(".")
    info = Settings.model_fields.get(name)
    what = f" It is: {info.description}" if info else ""
    also = "" if source.name == variable(name) else f" ({variable(name)})"
    return f"{source}{also}, is wrong: {said}.{what}"
