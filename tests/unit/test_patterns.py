"""Regular expressions take linear time: each reads a long worst case.

Nothing here compares times. A pattern that reads its text anew from each place would take minutes for so long a text,
one that reads it once takes a fraction of a second; so each gets CPU_SECONDS of this process's own processor time, which
a busy machine doesn't use up, and is interrupted then. Patterns that pydantic compiles are not here: its engine
(Rust's `regex`) never backtracks.
"""

from __future__ import annotations

import ast
import importlib
import re
import signal
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any

import pytest

from bot.authoring import claims
from bot.telemetry.logs import Scrubber
from tests.unit.test_layout import ROOT, module_of, python_files

LENGTH = 250_000
"""The number of characters of a worst case."""
CPU_SECONDS = 10.0
_ALL = frozenset(("match", "fullmatch", "finditer"))
_FUNCTIONS = frozenset(("compile", "match", "search", "fullmatch", "sub", "subn", "split", "findall", "finditer"))

Worst = tuple[str, str, str]
"""The beginning of a text, the piece that it repeats, and its end."""


class _Slow(Exception):
    """Raised in the middle of a search that takes far too long."""


@contextmanager
def watchdog() -> Iterator[None]:
    """Interrupt the body after `CPU_SECONDS` of processor time; `re` looks for signals while it searches."""

    def bark(_number: int, _frame: FrameType | None) -> None:
        raise _Slow

    before = signal.signal(signal.SIGVTALRM, bark)
    signal.setitimer(signal.ITIMER_VIRTUAL, CPU_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def text_of(worst: Worst) -> str:
    head, unit, tail = worst
    return head + unit * (LENGTH // len(unit)) + tail


# --- every pattern of the code ---


@dataclass(frozen=True, slots=True)
class Use:
    """A pattern and the functions that read a text with it; `pattern` is None if only its function can build it."""

    pattern: re.Pattern[Any] | None
    functions: frozenset[str]

    def read(self, text: str, pattern: re.Pattern[Any]) -> None:
        """Read the text as the code does; every function that goes through the whole text finds all matches."""
        subject = text.encode() if isinstance(pattern.pattern, bytes) else text
        for function in self.functions:
            if function in {"match", "fullmatch", "search"}:
                getattr(pattern, function)(subject)
            else:
                deque(pattern.finditer(subject), maxlen=0)


def _functions_of(name: str, file: Path) -> frozenset[str]:
    """Return how the code uses a constant, in its own file and in importing ones; every way if no file uses it."""
    files = [file] if name.startswith("_") else [file, *_importers(name)]
    calls = re.compile(rf"\b{re.escape(name)}\.({'|'.join(_FUNCTIONS)})\(")
    return frozenset(match[1] for other in files for match in calls.finditer(_sources()[other])) or _ALL


def _importers(name: str) -> list[Path]:
    return [file for file, source in _sources().items() if name in source]


@cache
def _sources() -> dict[Path, str]:
    return {file: file.read_text("utf-8") for file in python_files("bot", "adapters")}


def _name(call: ast.Call, parents: dict[ast.AST, ast.AST]) -> str:
    """Return the constant that holds the pattern, or else the function that uses it."""
    node: ast.AST = call
    while node in parents:
        node = parents[node]
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            return node.name
        if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(parents[node], ast.Module):
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            return ast.unparse(target)
    return "module"


def _flags(call: ast.Call, module: ModuleType) -> int:
    place = 1 if ast.unparse(call.func) == "re.compile" else 2
    nodes = [keyword.value for keyword in call.keywords if keyword.arg == "flags"]
    if ast.unparse(call.func) in {"re.compile", "re.match", "re.search", "re.fullmatch"}:
        nodes += call.args[place : place + 1]
    return sum(eval(ast.unparse(node), vars(module)) for node in nodes)  # noqa: S307 - our own source


@cache
def patterns() -> dict[str, Use]:
    """Map `file:name` to each pattern of the code; several in one place get numbers."""
    uses: dict[str, Use] = {}
    for file, source in _sources().items():
        if "re." not in source:
            continue
        tree = ast.parse(source)
        parents = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
        counts: Counter[str] = Counter()
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call) or ast.unparse(node.func) not in {f"re.{name}" for name in _FUNCTIONS}:
                continue
            name, function = _name(node, parents), ast.unparse(node.func).removeprefix("re.")
            key = f"{file.relative_to(ROOT)}:{name}"
            counts[key] += 1
            numbered = key if counts[key] == 1 else f"{key}#{counts[key]}"
            functions = _functions_of(name, file) if function == "compile" else frozenset((function,))
            uses[numbered] = Use(_compiled(node, importlib.import_module(module_of(file))), functions)
    return uses


def _compiled(call: ast.Call, module: ModuleType) -> re.Pattern[Any] | None:
    try:
        source = eval(ast.unparse(call.args[0]), vars(module))  # noqa: S307 - our own source
    except NameError:
        return None
    return re.compile(source, _flags(call, module))


# --- the worst case of each ---

_WHITE = ("a", " ", "a")
_WORST: dict[str, tuple[Worst, ...]] = {
    "adapters/discord/decoding.py:_MARK": (
        ("", "<@", ""),
        ("<@", "1", ""),
        ("<a:", "a", ""),
        ("</", "a", ""),
        ("", "</a", ""),
    ),
    "adapters/discord/components.py:_UNSAFE": (("", "%", "a"), ("", "a%", "")),
    "adapters/discord/markdown.py:_FORMATTING": (("", ":", " "), ("", ": ", "")),
    "adapters/discord/markdown.py:_LINE_START": (("", " ", "a"), ("", "1", "a")),
    "adapters/discord/markdown.py:CUSTOM_EMOJI": (
        ("", "<a:", ""),
        ("<a:", "a", ""),
        ("<:a:", "1", ""),
        ("", "<:a:1", ""),
    ),
    "adapters/rehearsal/observations.py:_PRIVATE": (
        ("", "<@", ""),
        ("<@", "a", ""),
        ("", "1", ""),
        ("", "11111111111111 ", ""),
        ("", "A", "a"),
        ("", "xox", " "),
    ),
    "adapters/slack/decoding.py:EMOJI": (("", ":", " "), (":", "a", ""), ("", ":a", " ")),
    "bot/chat/emoji.py:_CODE": (("", ":", " "), (":", "a", ""), ("", ":a", " ")),
    "bot/chat/emoji.py:_UNICODE": (
        ("", "\u2615\u200d", "a"),
        ("", "\u2615", ""),
        ("", "\U0001f1e6", "a"),
        ("\u2615", "\u200d\u2640\ufe0f", "a"),
        ("", "1\ufe0f", ""),
    ),
    "bot/i18n.py:_NAMED": (("", "/", ""), ("/", "a", ""), ("", "/a ", ""), ("", "/a", ""), ("", " /", "")),
    "adapters/discord/markdown.py:_SNOWFLAKE": (("", "1", "a"), ("", "11111111111111a", "")),
    "adapters/discord/markdown.py:_MASKS_BADLY": (("", ":/", ""), ("", ":", "//")),
    "adapters/discord/markdown.py:_ENDS_TARGET": (("", "a", ")"),),
    "adapters/slack/plain_words.py:_PERSON": (("", "<@", ""), ("<@", "A", ""), ("", "<@A|", ""), ("<@A|", "a", "")),
    "adapters/slack/pages.py:_SLACKS_NAME": (("", "a_", "!"),),
    "adapters/slack/texts.py:CHANNEL": (("", "C", "!"), ("", "CG1", "")),
    "adapters/slack/texts.py:GROUP": (("S", "A", "!"),),
    "adapters/slack/decoding.py:_MARK": (
        ("", "<a:", ""),
        ("<a:", "a", ""),
        ("", "<@A|", ""),
        ("<@A|", "a", ""),
        ("<!a^", "a", ""),
    ),
    "adapters/slack/decoding.py:_PARAM": (("", " a", ""), (" ", "a", "")),
    "adapters/slack/decoding.py:_NEXT_PARAM": (("", " a", ""), (" ", "a", "")),
    "bot/deliberation/statement_rules.py:_LINK": (("", "a-", ""), ("", "a", "."), ("", "a.", "")),
    "bot/deliberation/statement_rules.py:_PING": (("", " ", ""), ("", "<", "")),
    "bot/deliberation/statement_rules.py:_SEVERAL": (("", ".", ""), (".", " ", ""), ("", ". ", "")),
    "bot/deliberation/statement_rules.py:_ABBREVIATION": (("", "a.", ""), ("", "A.", "")),
    "bot/deliberation/statement_rules.py:_WORD": (("", "a", ""), ("", "a ", "")),
    "adapters/web/chat_routes.py:_file": (("", "1", ""),),
    "adapters/web/chat_routes.py:_events": (("", "1", ""),),
    "adapters/web/conversation.py:_ORDER": (("", "-", ""), ("", "-1", "a"), ("-", "1", "a")),
    "adapters/web/pages.py:_ID": (("", "a", "!"),),
    "adapters/web/poll_routes.py:download": (("", "/", ""),),
    "adapters/web/server.py:_page": (("", "{", ""), ("", "{{a", ""), ("{{", "a", "")),
    "bot/authoring/bibliography.py:_GAP": (("", " ,", "a"),),
    "bot/authoring/bibliography.py:_date": (("", " ", "a"), ("", "1", "")),
    "bot/authoring/bibliography.py:_items": (
        ("{", '"a":"a",', "!"),
        ("{", " ", "!"),
        ('{"', "a", ""),
        ('{"a":"', "a", ""),
    ),
    "bot/authoring/bibliography.py:one_line": (("", "<", ""), ("", "<i ", ""), ("<i ", "a", "")),
    "bot/authoring/bibliography.py:_keywords": (("", ";", ""),),
    "bot/chat/commonmark.py:_SPECIAL": (("", "*", ""),),
    "bot/chat/commonmark.py:_AT_START": (("", "1", "a"),),
    "bot/chat/commonmark.py:_LINKS": (("", "http", ""), ("", "www", "")),
    "bot/authoring/claim_signs.py:DATE": (("", "1st of ", ""), ("", "May ", "a"), ("", "1", ""), ("", "20", "")),
    "bot/authoring/claim_signs.py:FIGURE": (("", "1", "a"), ("", "1.", "a"), ("", "$ ", ""), ("", "1,", " percen")),
    "bot/authoring/claim_signs.py:COMPARED": (("", "a", "!"), ("", "as a ", "!"), ("", "aaaer tha ", "")),
    "bot/authoring/claim_signs.py:GENERAL": (("", "n", ""), ("", "n’t", "a")),
    "bot/authoring/claim_signs.py:CAUSED": (("", "caus ", ""), ("result", "w", "!"), ("", "due t ", "")),
    "bot/authoring/claim_signs.py:ATTRIBUTED": (("", "sai ", ""), ("", "according t ", "")),
    "bot/authoring/claim_signs.py:FUTURE": (("risk ", "a", "!"), ("", "risk a ", ""), ("", "by 20", "")),
    "bot/authoring/claim_signs.py:SURE_FUTURE": (("", "would b ", ""), ("", "is unlikely ", "")),
    "bot/authoring/claim_signs.py:VALUED": (("moral", "a", "!"), ("", "so man ", "")),
    "bot/authoring/claim_signs.py:VERB": (("", "a", "!"), ("", "aaae ", ""), ("", "ing", "a!")),
    "bot/authoring/claim_signs.py:IS": (("", "i", ""), ("", "isn ", "")),
    "bot/authoring/claim_signs.py:PERSONAL": (("", "I", ""), ("", "So what", "")),
    "bot/authoring/claims.py:_REQUEST": (("ask yourself", "a", ""),),
    "bot/authoring/claims.py:_TELLS": (("do you know tha", "a", ""),),
    "bot/authoring/claims.py:_LEADING": (("", "and ", "a"), ("and", " ", "a"), ("", "and", "")),
    "bot/authoring/claims.py:_strength": (("", "“", ""), ("", "“a", "”"), ("", "“a”", "")),
    "bot/authoring/claims.py:_kind": (("", "a", ""),),
    "bot/authoring/claims.py:_kind#2": (("", "a", ""),),
    "bot/authoring/claims.py:_said_by": (("", "As ", ""),),
    "bot/authoring/aliases.py:_FLOW": (
        ("", " ", ""),
        ("aliases:", " ", ""),
        ("aliases: [", "a", ""),
        ("aliases: [a]", " ", "!"),
    ),
    "bot/authoring/drafts.py:_base": (
        ("# Made from version ", "a", "!"),
        ("# Made from version a", " ", "!"),
        ("", "# Made from version a\n", "!"),
        ("# Made from version a", "\n", "!"),
    ),
    "bot/authoring/drafts.py:_move_in": (("", "a", "!"), ("", "a-", "!"), ("", "aaaa-", "!")),
    "bot/authoring/link_notes.py:_BREAKS": (("", "\r", ""), ("", "\r\n", "")),
    "bot/authoring/names.py:_NAME": (
        ("", "A", "!"),
        ("", "A ", "!"),
        ("A", " ", "!"),
        ("", "A of ", ""),
        ("", "A.b.", ""),
    ),
    "bot/authoring/names.py:_names_in": (("", "’", ""), ("", "’s", "a")),
    "bot/authoring/new_pack.py:new_pack": (("", "a", ""),),
    "bot/authoring/new_pack.py:_check_id": (("", "a", "!"), ("", "a-", "!"), ("", "aaaa-", "!")),
    "bot/authoring/new_sources.py:_doi": (("doi:", " ", "a"), ("", "http://dx.", "")),
    "bot/authoring/new_sources.py:_marks": (("", " ", ""), ("", " a", "")),
    "bot/authoring/pack_edits.py:_HYPHEN": (("", " ", "a"),),
    "bot/authoring/quote_lengths.py:_PHRASE": (
        _WHITE,
        ("", ", ", ""),
        (",", " ", "a"),
        ("", " and", ""),
        ("", " an", ""),
    ),
    "bot/authoring/quote_lengths.py:_cut": (("", "a ", ""),),
    "bot/authoring/quote_lengths.py:tidied": (("", "a.", "a"), ("", "a ", "")),
    "bot/authoring/sentences.py:_END": (("", ".", "a"), ("", ".)", "a"), (".", ")", "a")),
    "bot/authoring/sentences.py:_BULLET": (("", " ", "a"), ("-", " ", "a")),
    "bot/authoring/sentences.py:_NUMBER": (("", " ", "a"), ("1.", " ", "a")),
    "bot/authoring/sentences.py:_CLAUSE": (
        _WHITE,
        ("a", " ", "—"),
        ("", ": ", ""),
        (":", " ", "a"),
        (",", " ", "a"),
        (", A", "a", ""),
        ("", ", A", ""),
        ("", " –", ""),
    ),
    "bot/authoring/sentences.py:_HEADING": (("# a", " ", "b"), ("# a", "#", "b"), ("# a", "# ", "b"), ("", " ", "a")),
    "bot/authoring/sentences.py:_full_stop_ends": (("", "a.", "!"),),
    "bot/authoring/sentences.py:_full_stop_ends#2": (("", "a", ""),),
    "bot/authoring/sentences.py:_items#2": (_WHITE, ("", "1. ", "1"), ("1.", " ", "1"), ("", "(", "")),
    "bot/authoring/yaml_writing.py:_PLAIN": (("a", " ", "!"), ("a", "a ", "")),
    "bot/authoring/yaml_writing.py:_UNPRINTABLE": (("", "\x7f", ""),),
    "bot/authoring/yaml_writing.py:new_id": (("", "a ", ""),),
    "bot/authoring/yaml_writing.py:new_id#2": (("", "’", ""), ("", "’s", "")),
    "bot/charts/raster.py:_SIZE": (
        ("", "<svg", ""),
        ("<svg", " width", ""),
        ('<svg width="', "1", ""),
        ("<svg", " ", ""),
    ),
    "bot/chat/markup.py:_ADDRESS": (("", "http", ""), ("", "http://a", ""), ("", "http://", " ")),
    "bot/chat/vocabulary.py:_ACTION": (("v1:a", ":", "!"), ("v1:a:", "a", "!"), ("v1:a", ":a", "!")),
    "bot/chat/vocabulary.py:_COPY": (("", "#1", "a"), ("", "#", "")),
    "bot/commands/mentions.py:_MENTION": (("<#", "A", ""), ("<#A|", "a", ""), ("<#A", "|", "")),
    "bot/commands/poll_forms.py:split_options": (("", "|", ""),),
    "bot/dispatch/parse.py:_WORDS": (("", "a ", ""),),
    "bot/dispatch/parse.py:_KEYWORD": (("", "a", "!"), ("a:", "\n", "!"), ("", "a:", "")),
    "bot/dispatch/parse.py:_MENTION": (("", " ", ""), ("", "@parley", "-")),
    "bot/dispatch/parse.py:_last_word": (("", '"', ""),),
    "bot/i18n.py:_PLACEHOLDER": (("", "{", ""), ("{", "a", "")),
    "bot/i18n.py:_COMMAND": (("", "/", ""), ("", " /invite", "")),
    "bot/i18n.py:translator": (("aa", "-aa", "!"),),
    "bot/packs/entry_mistakes.py:_SUGGESTED_KEY": (("did you mean `", "a", ""), ("", "did you mean `a", "")),
    "bot/packs/entry_rules.py:_HIDDEN": (("", "a", ""),),
    "bot/packs/entry_rules.py:_check_option": (("", "a-", "!"), ("", "a", "-")),
    "bot/packs/essay_quotes.py:paragraphs_of": (("\n", " ", "a"), ("", "\n ", ""), ("", "\n", "")),
    "bot/packs/fields.py:_PARTIAL_DATE": (("2025", "-02", ""),),
    "bot/packs/yaml_mistakes.py:_CONFLICT": (("", "<", ""), ("", "<<<<<<<\n", ""), ("", "=", ""), ("", "|||||||", "")),
    "bot/packs/yaml_mistakes.py:_TAB": (("", " ", ""), ("", "\t", ""), ("", "\t\n", ""), ("", " \t", "#")),
    "bot/packs/yaml_mistakes.py:_UNSEEN_LINE_END": (("", "é", ""), ("", "\u2027", "")),
    "bot/packs/yaml_mistakes.py:_KEY": (("", " ", "a"), ("-", " ", "!"), ("", "a", "!"), ("", "- ", "")),
    "bot/packs/yaml_mistakes.py:_HYPHEN": (("", " ", "a"),),
    "bot/packs/yaml_mistakes.py:_BREAK": (("", "\r", ""), ("", "\r\n", "")),
    "bot/packs/yaml_mistakes.py:_INNER_KEY": (("", " ", "!"), (" ", "a", "!"), ("", " a\n", ""), ("", " a", "")),
    "bot/packs/yaml_mistakes.py:_INNER_ITEM": (("", " ", "!"), ("", " -", ""), ("", " \n", "")),
    "bot/packs/yaml_mistakes.py:_without_colon": (("-", "a", ""),),
    "bot/packs/yaml_mistakes.py:_without_colon#2": (("–", " ", ""),),
    "bot/packs/yaml_mistakes.py:_without_colon#3": (("", "a", "!"), ("", "a-", "!")),
    "adapters/slack/http.py:_SIGNATURE": (("v0=", "a", "!"),),
    "adapters/slack/http.py:_TIMESTAMP": (("", "1", ""),),
    "adapters/slack/places.py:_PRIVATE_NAME": (("mpdm-", "a", "\n!"),),
    "adapters/web/chat_routes.py:_KEY": (("", "a", "!"),),
    "bot/packs/fact_rules.py:_LETTERS": (("", "a ", ""),),
    "bot/packs/fact_rules.py:_NUMBER": (("", "1", "a"), ("", "1,", "a"), ("", "1.1 ", "")),
    "bot/packs/fact_rules.py:_QUOTATION": (("", "“", ""), ("", "“a ", ""), ("“", "a", "")),
    "bot/packs/odd_characters.py:_IN_KEY": (("", "a", ""),),
    "bot/packs/odd_characters.py:_PLACES": (
        ("", " ", "!"),
        ("", "- ", "!"),
        ("", "a", "!"),
        ("", " \n", ""),
        ("", "\u00a0", "!"),
        ("a", "\u00a0", "!"),
        ("a:", " ", "!"),
        ("", "a: ", ""),
        ("", "\uff0d", ""),
    ),
    "bot/polls/export.py:_QUOTED": (("", "a", ""),),
    "bot/polls/option_names.py:_IGNORABLE": (("", "\u200b", "a"),),
    "bot/search/meaning.py:_SENTENCE_END": (("", ". ", ""), (".", " ", "a"), ("", "\n", "a"), ("", ".", "")),
    "bot/polls/closing_time.py:_SPAN": (("", "1", "!"), ("1", " ", "!"), ("", "1 ", "")),
    "bot/polls/closing_time.py:_WHOLE_SPAN": (
        ("", "1a", "!"),
        ("", "1 a ", "!"),
        ("1a", " ", "!"),
        ("in", " ", "!"),
        ("1", "a", "!"),
    ),
    "bot/polls/closing_time.py:_ONE": (("in a", "a", "!"), ("", "in ", "")),
    "bot/polls/closing_time.py:_LEAD": (("", "by ", ""),),
    "bot/polls/closing_time.py:_DIGITS": (("", "1.", ""), ("", "11/", "")),
    "bot/polls/closing_time.py:_LETTERS": (("", "a", ""), ("", "a ", "")),
    "bot/polls/closing_time.py:_NO_CLOCK": (("", "2", ""), ("", ":", "")),
    "bot/polls/closing_time.py:_HALF_DAY": (("at ", "1", ""),),
    "bot/polls/closing_time.py:_RELATIVE": (("", "in ", ""), ("1", " ", "")),
    "bot/commands/poll_words.py:_QUOTED": (("", '"', ""), ('"', "a", "")),
    "bot/commands/poll_words.py:_BRACKETED": (("", "[", ""), ("[", "a", "")),
    "bot/commands/poll_words.py:_BRACED": (("", " ", ""), ("{", "a", "")),
    "bot/commands/poll_words.py:_NUMBERED": (("", "option", ""), ("", "option1", "")),
    "bot/commands/poll_words.py:_MARKER": (("-", " ", ""), ("1", "1", "")),
    "bot/commands/poll_words.py:_SEPARATOR": (("", "|", ""), ("", "\n", "")),
    "bot/commands/poll_words.py:_NUMBER": (("", "1. ", ""), ("", " 1", "")),
    "bot/commands/poll_words.py:_FOREIGN": (
        ("", "q:", ""),
        ("", 'q:"', ""),
        ("", "--q ", ""),
        ("--q", " ", ""),
        ("--q a", " -", ""),
        ("q:", "a", ""),
    ),
    "bot/decisions/service.py:_is_link": (("", "a", "!"), ("", "a:", "")),
    "bot/decisions/service.py:_LINK": (("https://", "a", " "),),
    "bot/polls/closing_time.py:_MOMENT": (("today", " ", "!"), ("at", " ", "!"), ("2026-01-01", " ", "!")),
    "bot/polls/counting/runoff.py:_BARE_RANK": (("", "(", ""), ("", "()", "")),
    "bot/search/completion.py:_WORD": (("", "a_", ""),),
    "bot/search/completion.py:_SPACE": (("", " ", ""),),
    "bot/search/spelling.py:_DIGIT": (("", "a", ""),),
    "bot/search/usage.py:_PRIVATE": (("", "1111 ", ""), ("", ":/ ", "")),
    "bot/search/usage.py:_WORD": (("", "a’", "!"), ("", "a", "’")),
    "bot/settings/editors.py:_EDITOR": (("discord:", "1", ""), ("slack:T", "A", "!"), ("slack:TA/U", "A", "!")),
    "bot/settings/editors.py:_CHANNEL": (("slack:T", "A", "!"), ("web:demo:", "a", "!")),
    "bot/settings/editors.py:read_editors": (("", ", ", ""),),
    "bot/settings/sources.py:_TESTS": (("PARLEY_TEST_", "A", "!"),),
    "bot/settings/sources.py:_KUBERNETES": (
        ("PARLEY", "_SERVICE_PORT", "!"),
        ("PARLEY", "_PORT_1", "!"),
        ("PARLEY", "_", "!"),
        ("PARLEY_PORT_", "1", ""),
        ("PARLEY", "_PORT_1", ""),
    ),
    "bot/store/migrate.py:_NAME": (("0001_", "a", "!"), ("0001_", "a.", "")),
    "bot/store/migrate.py:for_postgres": (("", ") STRICT", ""),),
    "bot/store/migrate.py:for_postgres#2": (("", "INTEGER", ""),),
    "bot/telemetry/logs.py:_TOKENS": (("", "xoxa", ""), ("", "xoxa-", " "), ("", "xapp", "")),
    "bot/telemetry/logs.py:_TOKENS#2": (("/webhooks/", "1", ""), ("", "/webhooks/1", ""), ("", "/webhooks/1/", "")),
    "bot/telemetry/logs.py:_TOKENS#3": (("hooks.slack.com/", "a", ""), ("", "hooks.slack.com/a", "")),
    "bot/telemetry/logs.py:_TOKENS#4": (("", "?token=", ""), ("", "?token", "")),
    "bot/telemetry/logs.py:_TOKENS#5": (("", "://a:", ""), ("://", "a", ""), ("://a:", ":", ""), ("", "://a", "")),
    "bot/telemetry/logs.py:_TOKENS#6": (("", "DETAIL: ", ""), ("DETAIL: ", "\\", ""), ("", "DETAIL: \n", "")),
}
"""`file:name` of a pattern → the texts that cost it most; the character that prevents a match stands at their end."""

_MADE_IN_A_FUNCTION: dict[str, tuple[tuple[re.Pattern[str], ...], frozenset[str], tuple[Worst, ...]]] = {
    "bot/authoring/claims.py:_PATTERNS": (
        claims._PATTERNS,
        frozenset(("search",)),
        (
            ("", "As ", ""),
            ("", "as A ", ""),
            ("According to ", "A", "!"),
            ("According to ", "Aa ", "!"),
            ("According to A", " ", "!"),
            ("", "According to A of ", "!"),
            ("as ", "a", "!"),
            (",", " ", "a"),
            ("", ", A", ""),
            ('" said ', "A", "!"),
            ("", '" said A ', "!"),
            ("As ", "A’", "!"),
        ),
    ),
    "bot/authoring/sentences.py:_items": (
        (re.compile(r"(?:^\s*|(?<=\s))\-\s++(?=\S)"),),
        frozenset(("finditer",)),
        (_WHITE, ("", "- ", ""), ("-", " ", "a")),
    ),
    "bot/settings/sources.py:_line": (
        (re.compile(r"\s*+\[*+\s*+([\"']?)port\1\s*[=.\]]"),),
        frozenset(("match",)),
        (("", " ", "a"), ("", "[", "a"), ("port", " ", "a")),
    ),
}
"""Patterns that functions put together: the finished patterns, the functions of `re` that use them, and worst cases."""


def test_every_pattern_has_its_worst_case() -> None:
    """The tables of worst cases name exactly the patterns of the code."""
    assert {*_WORST, *_MADE_IN_A_FUNCTION} == set(patterns())
    assert {key for key, use in patterns().items() if use.pattern is None} == set(_MADE_IN_A_FUNCTION)


@pytest.mark.parametrize("key", _WORST)
def test_a_long_worst_case_is_read_in_linear_time(key: str) -> None:
    """Each pattern reads its worst case of 250,000 characters within 10 seconds of processor time."""
    use = patterns()[key]
    assert use.pattern is not None
    for worst in _WORST[key]:
        with watchdog():
            use.read(text_of(worst), use.pattern)


@pytest.mark.parametrize("key", _MADE_IN_A_FUNCTION)
def test_so_is_one_of_a_pattern_that_a_function_makes(key: str) -> None:
    """Each pattern that a function puts together reads its worst case of 250,000 characters within 10 seconds, too."""
    made, functions, texts = _MADE_IN_A_FUNCTION[key]
    for pattern in made:
        for worst in texts:
            with watchdog():
                Use(pattern, functions).read(text_of(worst), pattern)


@pytest.mark.parametrize("unit", ["://a:", "/webhooks/1", "DETAIL: ", "xoxa-", "?token="])
def test_the_log_s_scrubber_reads_a_long_line_once(unit: str) -> None:
    """The log's scrubber reads 250,000 characters that look like secrets within 10 seconds."""
    with watchdog():
        assert Scrubber(["a secret"])(text_of(("", unit, "\n end"))).endswith(" end")


def test_a_pattern_that_reads_its_text_anew_from_each_place_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """The watchdog ends a search in quadratic time and lets one in linear time pass."""
    monkeypatch.setattr(f"{__name__}.CPU_SECONDS", 0.5)
    with watchdog():
        re.search(r"(?<!\s)\s++!", text_of(_WHITE))
    with pytest.raises(_Slow), watchdog():
        re.search(r"\s+!", text_of(_WHITE)[: LENGTH // 2])  # `re` looks for signals every few thousand places
