"""Parse typed commands: `/fact insurrection act share:yes` → the command and its arguments; half a line → `Typing`."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from bot.dispatch.declare import TEXT_MAX, Command, Param
from bot.errors import UnknownCommand, UsageError
from bot.i18n import Translator

_SMART_QUOTES = str.maketrans(dict.fromkeys("“”„‟〝〞«»＂", '"'))
_WORDS = re.compile(r'(?:[^ \t\r\n"]|"[^"]*")+|\n')
"""Words with their quotes, and line ends."""
_KEYWORD = re.compile(r"^([a-z][a-z0-9_]*):(.*)$", re.DOTALL)
_MENTION = re.compile(r"@parley(?![\w@.-])[,:]?", re.IGNORECASE)
YES = frozenset({"yes", "y", "true", "on", "1"})
"""Words that say yes in each language; the reader's own word comes beside them."""
_NO = frozenset({"no", "n", "false", "off", "0"})


@dataclass(frozen=True, slots=True)
class Call:
    """A parsed command, with its arguments converted."""

    command: Command
    args: Mapping[str, object]


def parse(line: str, commands: Mapping[str, Command], t: Translator) -> Call:
    """`/fact insurrection act share:yes` → the command and its arguments.

    A slash is optional; smart quotes count as quotes; an apostrophe is a letter. Raises UnknownCommand (with the
    nearest name) or UsageError, with what to type instead.
    """
    if len(line) > TEXT_MAX:
        raise UsageError(t("Shorten that to {most} characters; it has {n}.", n=len(line), most=TEXT_MAX))
    words = _words(line, t)
    if not words:
        raise UsageError(t("Type a question or a command. Try /help."))
    name, rest = _name([*(word for word in words[:3] if word != "\n"), *words[3:]], commands, t)
    command = commands[name]
    keywords, free = _sort_words(command, rest, t)
    typed = next((param.name for param in command.params if param.typed), "")
    if typed:
        keywords[typed], free = _as_typed(free), []
    return Call(command, bind(command, keywords, [_bare(word) for word in free if word != "\n"], t))


def _as_typed(words: list[str]) -> str:
    """The words, on the lines where they were typed."""
    lines = "".join(word if word == "\n" else f"{word} " for word in words).split("\n")
    return "\n".join(line.strip() for line in lines).strip()


def question_of(line: str) -> str | None:
    """The question in a line that begins with the bot's name, such as `@Parley is tea cheap`; None for other lines."""
    match = _MENTION.match(line.lstrip())
    return line.lstrip()[match.end() :].strip() if match else None


def typable(words: str, most: int = 100) -> str:
    """The words in a form that fits a command: without quotes, cut between words. For completions."""
    bare = words.translate(_SMART_QUOTES).replace('"', "")
    return bare if len(bare) <= most else bare[: most + 1].rpartition(" ")[0] or bare[:most]


def _words(line: str, t: Translator) -> list[str]:
    bare = line.translate(_SMART_QUOTES).strip().removeprefix("/")
    if bare.count('"') % 2:
        raise UsageError(t('Close the quote with a ", or leave the quote out.'))
    return _WORDS.findall(bare)


def _bare(word: str) -> str:
    return word.replace('"', "")


def _name(words: list[str], commands: Mapping[str, Command], t: Translator) -> tuple[str, list[str]]:
    names = names_of(commands)
    first = _bare(words[0]).lower()
    second = _bare(words[1]).lower() if len(words) > 1 else ""
    both = f"{first} {second}"
    if both in names:
        return names[both], words[2:]
    if first in names:
        return names[first], words[1:]
    group = {name.partition(" ")[2]: name for name in commands if name.startswith(f"{first} ")}
    if not group:
        raise UnknownCommand(unknown(both.strip(), first, commands, t))
    if near := difflib.get_close_matches(second, group, cutoff=0.7):
        raise UnknownCommand(_did_you_mean(both, group[near[0]], t))
    free = next((name for name in group.values() if any(param.typed for param in commands[name].params)), "")
    if free and second:  # `/poll Lunch? Pizza | Sushi`
        return free, words[1:]
    listed = ", ".join(f"{t.commands}{name}" for name in group.values())
    raise UsageError(t("/{command} needs one more word. Try {list}.", command=first, list=listed))


def names_of(commands: Mapping[str, Command]) -> Mapping[str, str]:
    """Map each name that a command can be called by to its own name."""
    others = {other: command.name for command in commands.values() for other in command.also}
    return {**others, **{name: name for name in commands}}


def unknown(line: str, first: str, commands: Mapping[str, Command], t: Translator) -> str:
    """The message for an unknown command, with the nearest command if one is near."""
    names = names_of(commands)
    if near := difflib.get_close_matches(line, names) or difflib.get_close_matches(first, names):
        return _did_you_mean(first, names[near[0]], t)
    return t("There's no command /{command}. /help lists the commands.", command=first[:40])


def _did_you_mean(typed: str, name: str, t: Translator) -> str:
    return t("There's no command /{command}. Did you mean /{nearest}?", command=typed[:40], nearest=name)


def _sort_words(command: Command, words: list[str], t: Translator) -> tuple[dict[str, object], list[str]]:
    named = [param.name for param in command.named]
    keywords: dict[str, object] = {}
    free: list[str] = []
    for word in words:
        match = _KEYWORD.match(word)
        if match and match[1] in named:
            if match[1] in keywords:
                raise UsageError(t("Type {argument}: only once.", argument=match[1]))
            keywords[match[1]] = _bare(match[2])
        elif (
            match
            and (near := difflib.get_close_matches(match[1], named, cutoff=0.85))
            and not match[1][-1].isdigit()  # `option1:` is no misspelt `options:`
        ):
            raise UsageError(
                t("There's no argument {argument}. Did you mean {nearest}?", argument=match[1], nearest=near[0])
            )
        else:
            free.append(word)
    return keywords, free


def bind(command: Command, keywords: Mapping[str, object], free: list[str], t: Translator) -> dict[str, object]:
    """Convert named and free words to the types of the arguments, and fill in defaults. Raise UsageError."""
    values = dict(keywords)
    for param in command.params:
        if param.name in values or not free:
            continue
        if param.rest:
            values[param.name], free = " ".join(free), []
        else:
            _refuse_unknown_name(command, param, free[0], t)
            values[param.name], free = free[0], free[1:]
    if free:
        raise UsageError(t("/{command} doesn't take “{word}”. Leave it out.", command=command.name, word=free[0][:60]))
    return {param.name: _value(command, param, values, t) for param in command.params}


def _refuse_unknown_name(command: Command, param: Param, word: str, t: Translator) -> None:
    """Refuse `zone:x` where the word would go to a list, a number or a yes/no argument, which can't hold such text."""
    match = _KEYWORD.match(word)
    if match and (param.choices or param.kind in {bool, int}):
        allowed = ", ".join(each.name for each in command.named)
        raise UsageError(
            t("There's no argument {argument}. Use one of these: {allowed}.", argument=match[1], allowed=allowed)
        )


def _value(command: Command, param: Param, values: Mapping[str, object], t: Translator) -> object:
    value = values.get(param.name)
    if value is None or value == "":
        if param.required:
            missing = t("Add {argument} to /{command}.", argument=param.name, command=command.name)
            raise UsageError(t(param.question) or missing)
        return param.default
    return _convert(param, value, t)


def _convert(param: Param, value: object, t: Translator) -> object:
    if param.kind is bool:
        return value if isinstance(value, bool) else _yes_or_no(param, str(value), t)
    if param.kind is int:
        return _whole_number(param, value, t)
    words = str(value)
    if len(words) > param.longest:
        raise UsageError(
            t(
                "Shorten {argument} to {most} characters; it has {n}.",
                argument=param.name,
                n=len(words),
                most=param.longest,
            )
        )
    return param.kind(_choice(param, words, t) if param.choices else words)


def _choice(param: Param, words: str, t: Translator) -> str:
    for value, label in param.choices.items():
        if words.casefold() in {value.casefold(), label.casefold(), t(label).casefold()}:
            return value
    allowed = ", ".join(param.choices)
    raise UsageError(
        t(
            "{argument} can't be “{word}”. Use one of these: {allowed}.",
            argument=param.name,
            allowed=allowed,
            word=words[:60],
        )
    )


def _yes_or_no(param: Param, word: str, t: Translator) -> bool:
    if word.casefold() in YES | {t("yes").casefold()}:
        return True
    if word.casefold() in _NO | {t("no").casefold()}:
        return False
    raise UsageError(t("Type yes or no for {argument}.", argument=param.name))


def _whole_number(param: Param, value: object, t: Translator) -> int:
    """Return a typed number: 0 or more, as every number argument counts something."""
    with suppress(ValueError):
        if (number := int(str(value))) >= 0:
            return number
    raise UsageError(t("Type a whole number for {argument}, 0 or more.", argument=param.name))


@dataclass(frozen=True, slots=True)
class Typing:
    """A half-typed line: which command and argument the last word belongs to, for completion.

    `head` is the text before what is being completed, `prefix` the part that a suggestion replaces.
    """

    command: Command | None
    param: Param | None
    head: str
    prefix: str


def half_typed(line: str, commands: Mapping[str, Command]) -> Typing:
    """Parse a line that may end anywhere. Never raise."""
    line = line[:TEXT_MAX]
    bare = line.lstrip().removeprefix("/")
    name = max(
        (name for name in commands if bare.lower().startswith(f"{name} ")),
        key=len,
        default=None,
    )
    if name is None:
        return Typing(None, None, "", bare.lower())
    chosen = commands[name]
    rest = bare[len(name) + 1 :]
    start, last = _last_word(rest)
    match = _KEYWORD.match(last)
    if match and (param := chosen.param(match[1])):
        return Typing(chosen, param, f"/{name} {rest[:start]}{match[1]}:", match[2].strip('"'))
    free = next((param for param in chosen.params if param.rest or param.completer), None)
    return Typing(chosen, free, f"/{name} ", rest)


def _last_word(rest: str) -> tuple[int, str]:
    """The start of the last word and the word itself; a quoted value counts as one word."""
    quotes = [match.start() for match in re.finditer('"', rest.translate(_SMART_QUOTES))]
    end = quotes[-1] if len(quotes) % 2 else len(rest)
    start = rest[:end].rfind(" ") + 1
    return start, rest[start:]
