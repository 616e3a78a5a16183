"""The layout of the code: which room may import which, how long a file may be, and how names and docstrings read."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent

FLOORS = (
    {"errors", "i18n", "aio"},
    {"chat"},
    {"store", "settings", "telemetry"},
    {"communities"},
    {"packs"},
    {"search"},
    {"library"},
    {"suggestions"},
    {"polls", "charts"},
    {"deliberation", "decisions"},
    {"authoring", "maintenance"},
    {"dispatch"},
    {"commands"},
    {"instance"},
)
"""The rooms of `bot/` from the ground up. A room imports from lower floors and from its own floor."""
FLOOR = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}

DECLARATIONS = "bot.dispatch.declare"
"""The vocabulary of declarations, which only commands, the dispatcher and the composition root may import."""

LINES_MAX = 500
LONG_LINES = 400
LONG_FILES_MAX = 5
TOP_FILES_MAX = 8
NOQA_MAX = 60
PARTICIPLES_PER_THOUSAND_LINES = 3

PARTICIPLES = frozenset(
    [
        "found",
        "said",
        "made",
        "told",
        "given",
        "shown",
        "kept",
        "asked",
        "named",
        "wanted",
        "known",
        "held",
        "heard",
        "typed",
        "seen",
        "taken",
        "meant",
        "left",
        "begun",
        "sent",
    ]
)
"""Words that say what happened to a value instead of what it is."""

CLAUSE_OPENERS = frozenset({"what", "who", "whom", "whose", "which", "where", "how", "those", "that"})
"""Words that open a clause; a docstring should open with a noun or a verb instead."""
PLAIN_ROOMS = (
    "authoring",
    "charts",
    "chat",
    "commands",
    "communities",
    "decisions",
    "deliberation",
    "dispatch",
    "library",
    "maintenance",
    "packs",
    "polls",
    "search",
    "settings",
    "store",
    "suggestions",
    "telemetry",
)
"""Rooms of `bot/` whose docstrings must open with a noun or a verb; files outside a room must do so as well."""


def python_files(*folders: str) -> list[Path]:
    return sorted(file for folder in folders for file in (ROOT / folder).rglob("*.py"))


def module_of(file: Path) -> str:
    return ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def import_graph(*folders: str) -> dict[str, set[str]]:
    """Map each module to the modules of the project that it imports, from any place in its file."""
    files = {module_of(file): file for file in python_files(*folders)}
    return {module: set(_imports(file, files)) for module, file in files.items()}


def _imports(file: Path, modules: Mapping[str, Path]) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in modules)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                if whole in modules:
                    yield whole
                elif node.module in modules:
                    yield node.module


def room_of(module: str) -> str:
    return module.split(".")[1] if "." in module else ""


def wrong_imports(graph: Mapping[str, set[str]]) -> list[str]:
    """Return the imports from a lower floor of `bot/` to a higher one."""
    return [
        f"{module} imports {other}"
        for module, others in graph.items()
        for other in others
        if module.startswith("bot.") and other.startswith("bot.") and FLOOR[room_of(module)] < FLOOR[room_of(other)]
    ]


def circle(graph: Mapping[str, set[str]]) -> list[str]:
    """Return the modules of one circle of imports, or nothing if there is no circle."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def bare_participles(source: str) -> list[str]:
    """Return the bare participles that a file binds as names, once for each place that binds one."""
    tree = ast.parse(source)
    bound = [node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)]
    bound += [node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)]
    definitions = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    bound += [node.name for node in ast.walk(tree) if isinstance(node, definitions)]
    stored = (node for node in ast.walk(tree) if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store))
    bound += [node.attr for node in stored]
    return [name for name in bound if name.strip("_").lower() in PARTICIPLES]


def clause_docstrings(source: str) -> list[str]:
    """Return the first lines of docstrings, those of attributes included, that open with a clause."""
    constants = (node.value for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Expr))
    docstrings = (
        each.value.strip() for each in constants if isinstance(each, ast.Constant) and isinstance(each.value, str)
    )
    words = re.compile(r"\w+")
    return [
        text.partition("\n")[0]
        for text in docstrings
        if (word := words.match(text)) is not None and word[0].lower().removesuffix("ever") in CLAUSE_OPENERS
    ]


def noqa_comments(file: Path) -> int:
    source = file.read_text("utf-8")
    if "noqa" not in source:  # most have none, and reading tokens takes long
        return 0
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return sum(token.type == tokenize.COMMENT and "noqa" in token.string for token in tokens)


def test_rooms_import_from_lower_floors_only() -> None:
    """A module of `bot/` imports from lower floors and from its own floor, never from a higher one."""
    assert wrong_imports(import_graph("bot")) == []


def test_an_import_up_the_floors_is_reported() -> None:
    """The check accepts imports from a lower floor or the same floor, and reports an import from a higher one."""
    assert wrong_imports({"bot.polls.model": {"bot.chat.markup", "bot.charts.draw"}}) == []
    assert wrong_imports({"bot.chat.fit": {"bot.polls.model"}}) == ["bot.chat.fit imports bot.polls.model"]


def test_the_imports_have_no_circle() -> None:
    """No module of the core and the adapters imports itself, directly or through others."""
    assert circle(import_graph("bot", "adapters")) == []


def test_a_circle_is_reported() -> None:
    """The check accepts a chain of imports, and reports one that leads back to its beginning."""
    assert circle({"a": {"b"}, "b": {"c"}}) == []
    assert set(circle({"a": {"b"}, "b": {"c"}, "c": {"a"}})) == {"a", "b", "c"}


def test_each_room_has_its_floor() -> None:
    """Each room of `bot/` has a floor in the table; a new room must be added there."""
    rooms = {room_of(module_of(file)) for file in python_files("bot")} - {""}
    assert rooms <= set(FLOOR)


def test_only_commands_declare_commands() -> None:
    """Only commands, the dispatcher and the instance import the decorators that declare commands."""
    importers = {room_of(module) for module, others in import_graph("bot").items() if DECLARATIONS in others}
    assert importers <= {"commands", "dispatch", "instance"}


def test_few_files_stand_outside_a_room() -> None:
    """At most 8 files stand directly in `bot/`, outside any room."""
    assert len(list((ROOT / "bot").glob("*.py"))) <= TOP_FILES_MAX


def test_files_are_short() -> None:
    """A file of the core or the adapters has at most 500 lines, and at most 5 files have more than 400."""
    lengths = {file: len(file.read_text("utf-8").splitlines()) for file in python_files("bot", "adapters")}
    assert [str(file) for file, lines in lengths.items() if lines > LINES_MAX] == []
    assert sum(lines > LONG_LINES for lines in lengths.values()) <= LONG_FILES_MAX


def test_the_linter_is_seldom_silenced() -> None:
    """The core, the adapters, the tests and the benchmarks have at most 60 `noqa` comments together."""
    assert sum(noqa_comments(file) for file in python_files("bot", "adapters", "tests", "benchmarks")) <= NOQA_MAX


@pytest.mark.parametrize("folder", ["bot", "adapters", "tests", "benchmarks"])
def test_names_say_what_a_value_is(folder: str) -> None:
    """Bare participles such as `found` or `given` are bound as names fewer than 3 times per 1,000 lines of a folder."""
    files = python_files(folder)
    lines = sum(len(file.read_text("utf-8").splitlines()) for file in files)
    participles = sum(len(bare_participles(file.read_text("utf-8"))) for file in files)
    assert participles * 1000 < PARTICIPLES_PER_THOUSAND_LINES * lines


def test_a_bare_participle_is_recognised_where_it_is_bound() -> None:
    """A participle counts if it is a whole name that the code binds, with or without underscores around it.

    A participle within a longer name, or one that the code only reads, doesn't count.
    """
    assert bare_participles("found = 1\ndef _told(given): self.kept = given") == ["found", "given", "_told", "kept"]
    assert bare_participles("found_poll = 1\nwell_known = print(found)") == []


@pytest.mark.parametrize("room", ["", *PLAIN_ROOMS])
def test_a_docstring_names_its_thing(room: str) -> None:
    """A docstring opens with a noun or a verb ("The promises of a poll"), not with a clause ("What a poll promises")."""
    folder = ROOT / "bot" / room
    files = [*(folder.rglob("*.py") if room else folder.glob("*.py"))]
    assert files
    clauses = {str(file.relative_to(ROOT)): clause_docstrings(file.read_text("utf-8")) for file in files}
    assert {file: lines for file, lines in clauses.items() if lines} == {}


@pytest.mark.parametrize(
    "docstring",
    ["What a poll promises.", "What's due.", "Whatever a host types.", "Who votes.", "Those left.", "How it ends."],
)
def test_a_clause_is_recognised_at_the_beginning(docstring: str) -> None:
    """The check reports a docstring that opens with a clause in a module, a function or an attribute."""
    assert clause_docstrings(f'"""{docstring}"""') == [docstring]
    assert clause_docstrings(f'def close() -> None:\n    """{docstring}\n\n    More.\n    """') == [docstring]
    assert clause_docstrings(f'class Poll:\n    ends: int\n    """{docstring}"""') == [docstring]


@pytest.mark.parametrize(
    "docstring", ["Whether a poll is open.", "The promises: what, to whom.", "Whatsits.", "`what`", ""]
)
def test_a_clause_further_inside_is_no_opening(docstring: str) -> None:
    """A docstring may open with Whether or have a clause after its noun, and other strings aren't checked."""
    assert clause_docstrings(f'"""{docstring}"""') == []
    assert clause_docstrings('title = "What a poll promises"\nprint("Who votes")') == []


def test_class_names_are_unique() -> None:
    """No two public classes of the core and the adapters share a name."""
    places: dict[str, list[str]] = {}
    for file in python_files("bot", "adapters"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.ClassDef) and not re.match("_", node.name):
                places.setdefault(node.name, []).append(str(file.relative_to(ROOT)))
    assert {name: files for name, files in places.items() if len(files) > 1} == {}
