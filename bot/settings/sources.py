"""The sources of settings: the command line, the environment, files that it names, `parley.toml`, the defaults.

A value from an earlier source wins. All wrong or unknown settings are reported at once, with name, source and remedy. A
secret comes from the environment or from a file of its own, never from `parley.toml`.
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

from bot.errors import UsageError
from bot.settings.model import SECRETS, Settings, has_password

CONFIG_FILE = Path("parley.toml")
PREFIX = "PARLEY_"
FILE = "_file"
FROM_FILES = (SECRETS - {"key"}) | {"database"}
"""Settings that may come from a file of their own, named by the setting with `_file`. The key has `key_file`."""
SECRET_MAX = 10_000
"""Characters of a secret's file, at most: a wrong file gives an error instead of filling the memory."""

_TESTS = re.compile(r"PARLEY_(TEST_\w+|GOLDEN|PICTURES)")
"""Variables of the tests, not settings."""
_KUBERNETES = re.compile(r"(?=\w*\Z)PARLEY(_\w+)?_(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT_\d+_\w+)")
"""Variables that Kubernetes sets in every container beside a service of this name."""


@dataclass(frozen=True, slots=True)
class Origin:
    """The origin of a value. `name` is the setting's name there; `where` is a phrase such as "in the environment"."""

    name: str
    where: str

    def __str__(self) -> str:
        return f"{self.name}, {self.where}"


@dataclass(frozen=True, slots=True)
class LoadedSettings:
    """The settings, and the origin of each that isn't a default."""

    settings: Settings
    origins: Mapping[str, Origin]


@dataclass(slots=True)
class _Collector:
    """Collects values with their origins, and mistakes."""

    values: dict[str, Any] = field(default_factory=dict)
    origins: dict[str, Origin] = field(default_factory=dict)
    mistakes: list[str] = field(default_factory=list)

    def take(self, name: str, value: Any, origin: Origin) -> None:
        """Keep the value, unless an earlier origin has one."""
        if isinstance(value, str) and "\x00" in value:
            self.mistakes.append(f"{origin}, holds a NUL character. Write it again, or remove it.")
        elif name not in self.values:
            self.values[name], self.origins[name] = value, origin


def load_settings(**options: Any) -> Settings:
    """Return the settings; these options win. Raise UsageError that names each wrong one and what it takes."""
    return load(options).settings


def load(
    options: Mapping[str, Any], environ: Mapping[str, str] = os.environ, file: Path = CONFIG_FILE
) -> LoadedSettings:
    """Return the settings and the origin of each. Raise UsageError that names each wrong one and what it takes."""
    collector = _Collector()
    for name, value in options.items():
        if value is not None:
            collector.take(name, value, Origin(f"--{name.replace('_', '-')}", "on the command line"))
    _read_environment(collector, environ)
    _read_toml(collector, file)
    try:
        settings = Settings(**collector.values)
    except ValidationError as error:
        details = error.errors(include_input=False, include_url=False)
        collector.mistakes += [
            _mistake(str(next(iter(detail["loc"]), "")), _in_words(detail), collector.origins) for detail in details
        ]
    else:
        if not collector.mistakes:
            return LoadedSettings(settings, collector.origins)
    raise UsageError("\n".join(collector.mistakes))


def variable(name: str) -> str:
    return PREFIX + name.upper()


def remedy(name: str) -> str:
    """Advice on setting a secret."""
    file_variable = "PARLEY_KEY_FILE" if name == "key" else variable(name + FILE)
    return f"Set {variable(name)}, or {file_variable} to the path of a file that holds it"


def _read_environment(collector: _Collector, environ: Mapping[str, str]) -> None:
    mine = {name: value for name, value in environ.items() if name.upper().startswith(PREFIX) and value}
    variables = {variable(name): name for name in _names()}
    for name, value in mine.items():
        if not _is_text(name + value):
            printable = name.encode("utf-8", "replace").decode()
            collector.mistakes.append(f"{printable}, in the environment, isn't text. Write it again, or unset it.")
        elif name not in variables:
            collector.mistakes += _unknown_variable(name, variables)
    for name in Settings.model_fields:
        here, there = variable(name), variable(name + FILE)
        where = "in the environment"
        if not all(_is_text(mine.get(one, "")) for one in (here, there)):
            continue
        if name in FROM_FILES and here in mine and there in mine:
            collector.mistakes.append(f"{here} and {there}, in the environment, are both set. Unset one of them.")
        elif here in mine:
            collector.take(name, mine[here], Origin(here, where))
        elif name in FROM_FILES and there in mine:
            _read_file(collector, name, Path(mine[there]), Origin(there, where))


def _is_text(value: str) -> bool:
    """Whether it can be a name or a path. Bytes of the environment that aren't UTF-8 come as half surrogates."""
    return not any(character == "\x00" or "\ud800" <= character <= "\udfff" for character in value)


def _read_toml(collector: _Collector, file: Path) -> None:
    try:
        text = file.read_text(encoding="utf-8")
        values = tomllib.loads(text)
    except FileNotFoundError:
        return
    except RecursionError:
        collector.mistakes.append(f"{file} can't be read: it's nested too deep. Fix it, or remove it to do without.")
        return
    except (OSError, ValueError) as error:  # TOMLDecodeError and UnicodeDecodeError are ValueErrors
        reason = error.strerror if isinstance(error, OSError) else str(error)
        collector.mistakes.append(f"{file} can't be read: {reason}. Fix it, or remove it to do without.")
        return
    for name, value in values.items():
        origin = Origin(name, f"in {file}{_line(text, name)}")
        if name not in _names():
            collector.mistakes.append(f"{origin}, isn't a setting.{_guess(name, _names())} Rename it or remove it.")
        elif name in SECRETS or (name == "database" and has_password(str(value))):
            collector.mistakes.append(
                f"{origin}, is a secret and doesn't belong in that file. {remedy(name)}, and remove it there."
            )
        elif name.removesuffix(FILE) in FROM_FILES and name.endswith(FILE):
            _read_file(collector, name.removesuffix(FILE), Path(str(value)), origin)
        else:
            collector.take(name, value, origin)


def _read_file(collector: _Collector, name: str, path: Path, origin: Origin) -> None:
    """Read a secret from its file, without the white space around it."""
    if name in collector.values:
        return
    try:
        with path.open(encoding="utf-8") as opened:
            secret = opened.read(SECRET_MAX).strip()
    except (OSError, ValueError) as error:  # bytes that aren't UTF-8, or an invalid path
        reason = error.strerror if isinstance(error, OSError) else "it isn't text"
        collector.mistakes.append(
            f"{origin}, names {path}, which can't be read: {reason}. Name a file that Parley may read."
        )
        return
    if not secret:
        collector.mistakes.append(f"{origin}, names {path}, which is empty. Put the secret into it.")
        return
    collector.take(name, secret, Origin(origin.name, f"{origin.where}: the file {path}"))


def _names() -> Iterable[str]:
    return (*Settings.model_fields, *(name + FILE for name in sorted(FROM_FILES)))


def _unknown_variable(name: str, names: Iterable[str]) -> Iterator[str]:
    if _TESTS.fullmatch(name):
        return
    if _KUBERNETES.fullmatch(name):
        yield (
            f"{name}, in the environment, isn't a setting: Kubernetes sets it for a service named parley. Give the "
            "service another name, or set enableServiceLinks: false in the pod."
        )
    else:
        yield f"{name}, in the environment, isn't a setting.{_guess(name.upper(), names)} Rename it or unset it."


def _guess(name: str, names: Iterable[str]) -> str:
    bare = {one.removeprefix(PREFIX): one for one in names}
    near = get_close_matches(name.removeprefix(PREFIX), bare, n=1)
    return f" Did you mean {bare[near[0]]}?" if near else " docs/configuration.md lists every setting."


def _line(text: str, name: str) -> str:
    """`, line 3`, or nothing if the line is unknown."""
    written = re.compile(rf"\s*+\[*+\s*+([\"']?){re.escape(name)}\1\s*[=.\]]")
    for number, line in enumerate(text.splitlines(), 1):
        if written.match(line):
            return f", line {number}"
    return ""


def _in_words(detail: ErrorDetails) -> str:
    """The expected form, for the operator. Never quote the value: it may be a secret."""
    context = detail.get("ctx", {})
    match detail["type"]:
        case "int_parsing" | "int_type" | "int_from_float":
            return "write a whole number"
        case "greater_than_equal":
            return f"write {context['ge']} or more"
        case "less_than_equal" | "int_parsing_size":
            return f"write {context['le']} or less" if "le" in context else "the number is too large"
        case "literal_error":
            return f"write {context['expected']}"
        case "string_type":
            return "write text, in quotation marks in parley.toml"
        case _:
            return detail["msg"].removeprefix("Value error, ")


def _mistake(name: str, message: str, origins: Mapping[str, Origin]) -> str:
    origin = origins.get(name) or Origin(name, "given directly")
    reason = message.removesuffix(".")
    info = Settings.model_fields.get(name)
    what = f" It is: {info.description}" if info else ""
    also = "" if origin.name == variable(name) else f" ({variable(name)})"
    return f"{origin}{also}, is wrong: {reason}.{what}"
