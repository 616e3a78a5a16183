"""Typed commands: `/fact insurrection act share:yes` → the command and its arguments, and half a line → what is typed."""

from __future__ import annotations

import difflib
import re
import shlex
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from bot.command import TEXT_MAX, Command, Param, is_enum
from bot.errors import UnknownCommand, UsageError
from bot.i18n import Translator

_SMART_QUOTES = str.maketrans(dict.fromkeys("“”„‟〝〞«»＂", '"'))
_WORDS = re.compile(r"[^ \t\r\n]+")
_KEYWORD = re.compile(r"^([a-z][a-z0-9_]*):(.*)$", re.DOTALL)
_YES = frozenset({"yes", "y", "true", "on", "1"})
_NO = frozenset({"no", "n", "false", "off", "0"})


@dataclass(frozen=True, slots=True)
class Call:
    """A typed command, taken apart: the command and its arguments, converted."""

    command: Command
    args: Mapping[str, object]


def parse(line: str, commands: Mapping[str, Command], t: Translator) -> Call:
    """`/fact insurrection act share:yes` → the command and its arguments.

    A slash is optional; smart quotes count as quotes; an apostrophe is a letter. Raises UnknownCommand (with the
    nearest name) or UsageError, with what to type instead.
    """
    words = _words(line[:TEXT_MAX], t)
    if not words:
        raise UsageError(t("Nothing was typed. Try /help."))
    name, rest = _name(words, commands, t)
    found = commands[name]
    return Call(found, bind(found, *_sorted_out(found, rest, t), t))


def typable(words: str, most: int = 100) -> str:
    """The words as they can stand in a command: without quotes, cut between words. For completions."""
    bare = words.translate(_SMART_QUOTES).replace('"', "")
    return bare if len(bare) <= most else bare[: most + 1].rpartition(" ")[0] or bare[:most]


def _words(line: str, t: Translator) -> list[str]:
    typed = line.translate(_SMART_QUOTES).strip().removeprefix("/")
    if '"' not in typed:
        return _WORDS.findall(typed)  # as below, in a tenth of the time
    reader = shlex.shlex(typed, posix=True)
    reader.whitespace_split = True
    reader.quotes = '"'
    reader.escape = ""
    reader.commenters = ""
    try:
        return list(reader)
    except ValueError:
        raise UsageError(t('A quote is opened and never closed. Put a " at its end, or leave it out.')) from None


def _name(words: list[str], commands: Mapping[str, Command], t: Translator) -> tuple[str, list[str]]:
    first = words[0].lower()
    both = f"{first} {words[1].lower()}" if len(words) > 1 else ""
    if both in commands:
        return both, words[2:]
    if first in commands:
        return first, words[1:]
    group = [name for name in commands if name.startswith(f"{first} ")]
    if group and both and (near := difflib.get_close_matches(both, group, n=1, cutoff=0.7)):
        raise UnknownCommand(unknown(both, both, near, t))
    if group:
        listed = ", ".join(f"{t.commands}{name}" for name in group)
        raise UsageError(t("/{command} needs one more word: {list}.", command=first, list=listed))
    raise UnknownCommand(unknown(both or first, first, commands, t))


def unknown(typed: str, first: str, commands: Collection[str], t: Translator) -> str:
    """What to say of a command that does not exist: the nearest one, if any is near."""
    near = difflib.get_close_matches(typed, commands, n=1, cutoff=0.6) or difflib.get_close_matches(
        first, commands, n=1, cutoff=0.6
    )
    shown = first[:40]
    if near:
        return t("There is no command /{command}. Did you mean /{nearest}?", command=shown, nearest=near[0])
    return t("There is no command /{command}. /help lists the commands.", command=shown)


def _sorted_out(found: Command, words: list[str], t: Translator) -> tuple[dict[str, object], list[str]]:
    named: dict[str, object] = {}
    free: list[str] = []
    for word in words:
        match = _KEYWORD.match(word)
        if match and found.param(match[1]):
            if match[1] in named:
                raise UsageError(t("{argument} is given twice.", argument=match[1]))
            named[match[1]] = match[2]
        else:
            free.append(word)
    return named, free


def bind(found: Command, named: Mapping[str, object], free: list[str], t: Translator) -> dict[str, object]:
    """Named and free words → arguments of the right types, defaults filled in. Raises UsageError."""
    values = dict(named)
    for param in found.params:
        if param.name in values or not free:
            continue
        if param.rest:
            values[param.name], free = " ".join(free), []
        else:
            values[param.name], free = free[0], free[1:]
    if free:
        raise UsageError(t("/{command} does not take “{word}”.", command=found.name, word=free[0][:60]))
    return {param.name: _value(found, param, values, t) for param in found.params}


def _value(found: Command, param: Param, values: Mapping[str, object], t: Translator) -> object:
    given = values.get(param.name)
    if given is None or given == "":
        if param.required:
            raise UsageError(
                t(
                    "/{command} needs {argument}: {what}.",
                    command=found.name,
                    argument=param.name,
                    what=t(param.description),
                )
            )
        return param.default
    return _convert(param, given, t)


def _convert(param: Param, given: object, t: Translator) -> object:
    if param.kind is bool:
        return given if isinstance(given, bool) else _yes_or_no(param, str(given), t)
    if param.kind is int:
        return _whole_number(param, given, t)
    words = str(given)
    if len(words) > param.longest:
        raise UsageError(
            t(
                "{argument} is too long: {n} characters, and {most} are the most.",
                argument=param.name,
                n=len(words),
                most=param.longest,
            )
        )
    if param.choices and words not in param.choices:
        words = _choice(param, words, t)
    return param.kind(words) if is_enum(param.kind) else words


def _choice(param: Param, words: str, t: Translator) -> str:
    for value, label in param.choices.items():
        if words.casefold() in {value.casefold(), label.casefold(), t(label).casefold()}:
            return value
    allowed = ", ".join(param.choices)
    raise UsageError(
        t("{argument} is one of: {allowed}; not “{word}”.", argument=param.name, allowed=allowed, word=words[:60])
    )


def _yes_or_no(param: Param, word: str, t: Translator) -> bool:
    if word.casefold() in _YES | {t("yes").casefold()}:
        return True
    if word.casefold() in _NO | {t("no").casefold()}:
        return False
    raise UsageError(t("{argument} is yes or no.", argument=param.name))


def _whole_number(param: Param, given: object, t: Translator) -> int:
    try:
        return int(str(given)[:20])
    except ValueError:
        raise UsageError(t("{argument} is a whole number.", argument=param.name)) from None


@dataclass(frozen=True, slots=True)
class Typing:
    """A half-typed line: which command and argument the last word belongs to, for completion.

    `head` is the text before what is being completed, `typed` the part that a suggestion replaces.
    """

    command: Command | None
    param: Param | None
    head: str
    typed: str


def half_typed(line: str, commands: Mapping[str, Command]) -> Typing:
    """Takes a line apart that may end anywhere. Never raises."""
    line = line[:TEXT_MAX]
    bare = line.lstrip().removeprefix("/")
    found = max(
        (name for name in commands if bare.lower().startswith(f"{name} ")),
        key=len,
        default=None,
    )
    if found is None:
        return Typing(None, None, "", bare.lower())
    chosen = commands[found]
    rest = bare[len(found) + 1 :]
    start, last = _last_word(rest)
    match = _KEYWORD.match(last)
    if match and (param := chosen.param(match[1])):
        return Typing(chosen, param, f"/{found} {rest[:start]}{match[1]}:", match[2].strip('"'))
    free = next((param for param in chosen.params if param.rest or param.completer), None)
    return Typing(chosen, free, f"/{found} ", rest) if free else Typing(chosen, None, f"/{found} {rest}", "")


def _last_word(rest: str) -> tuple[int, str]:
    """Where the last word begins, a quoted value counting as one word, and the word."""
    quotes = [match.start() for match in re.finditer('"', rest.translate(_SMART_QUOTES))]
    end = quotes[-1] if len(quotes) % 2 else len(rest)
    start = max(rest.rfind(" ", 0, end) + 1, 0)
    return start, rest[start:]
