"""The changes of mutants, each in one place of a file's syntax tree.

Annotations, docstrings, assertions and calls that only log stay unchanged: they hold no rule.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

_COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_LOGS = ("logger", "log", "warnings")


@dataclass(frozen=True, slots=True)
class Mutant:
    """A change: its place, its kind, and the code before and after it in one line each."""

    file: str
    line: int
    end_line: int
    operator: str
    before: str
    after: str
    number: int
    """Position among the file's mutants."""
    at_import: bool
    """Whether it is outside all functions, so that only an import runs it, and no test."""
    name: str
    """Name in equivalent.yaml. A change elsewhere in the file doesn't change it."""


@dataclass(frozen=True, slots=True)
class _Site:
    node: ast.AST
    """The node that the report shows before and after."""
    operator: str
    change: Callable[[], None]
    restore: Callable[[], None]


def mutants_of(file: str, source: str) -> list[Mutant]:
    """Return all mutants of a file, in a fixed order."""
    mutants, tree, text = list[Mutant](), ast.parse(source), source.splitlines()
    in_functions = {id(node) for node in ast.walk(tree) if isinstance(node, _FUNCTIONS) for node in _inside(node)}
    names = Counter[str]()
    for number, site in enumerate(_sites(tree)):
        before = _one_line(site.node)
        site.change()
        after = _one_line(site.node)
        site.restore()
        first, last = _lines(site.node)
        name = f"{file}: {site.operator}: {before} → {after}"
        name += f" in: {text[first - 1].strip()}" if isinstance(site.node, ast.Constant) else ""
        names[name] += 1
        name += f" ({names[name]})" if names[name] > 1 else ""
        at_import = id(site.node) not in in_functions
        mutants.append(Mutant(file, first, last, site.operator, before, after, number, at_import, name))
    return mutants


def mutated(source: str, number: int) -> ast.Module:
    """Return the file's tree with one change made. Raises IndexError for a number without a mutant."""
    tree = ast.parse(source)
    list(_sites(tree))[number].change()
    return ast.fix_missing_locations(tree)


def _inside(function: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> Iterator[ast.AST]:
    """Yield the nodes that run when the function is called: neither its defaults nor its decorators."""
    body = [function.body] if isinstance(function, ast.Lambda) else function.body
    return (node for statement in body for node in ast.walk(statement))


def _lines(node: ast.AST) -> tuple[int, int]:
    match node:
        case ast.comprehension(iter=located) | ast.If(test=located):
            pass
        case located:
            assert isinstance(located, ast.expr | ast.stmt)
    return located.lineno, located.end_lineno or located.lineno


def _one_line(node: ast.AST) -> str:
    text = ast.unparse(node.test if isinstance(node, ast.If) else node)
    prefix = "if " if isinstance(node, ast.If) else ""
    return prefix + " ".join(text.split())[:160]


def _sites(tree: ast.Module) -> Iterator[_Site]:
    left_alone = {id(inner) for node in ast.walk(tree) for skip in _ruleless(node) for inner in ast.walk(skip)}
    for node in ast.walk(tree):
        if id(node) not in left_alone:
            yield from _comparisons(node)
            yield from _booleans(node)
            yield from _constants(node)
            yield from _dropped(node)


def _ruleless(node: ast.AST) -> Iterator[ast.AST]:
    match node:
        case ast.AnnAssign(annotation=annotation):
            yield annotation
        case ast.arg(annotation=ast.AST() as annotation):
            yield annotation
        case ast.Assert():
            yield node
        case ast.If(test=ast.Name(id="TYPE_CHECKING")):
            yield node
        case ast.Expr(value=ast.Constant()):
            yield node
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id=name)))) if name in _LOGS:
            yield node
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            yield from node.decorator_list
            if node.returns is not None:
                yield node.returns
        case ast.ClassDef():
            yield from node.decorator_list
        case ast.Subscript(value=ast.Name(id=name)) if name[:1].isupper():
            yield node.slice


def _swap(node: ast.AST, operator: str, owner: ast.AST, field: str, value: object) -> _Site:
    old = getattr(owner, field)
    return _Site(node, operator, lambda: setattr(owner, field, value), lambda: setattr(owner, field, old))


def _comparisons(node: ast.AST) -> Iterator[_Site]:
    if isinstance(node, ast.Compare):
        for place, operation in enumerate(node.ops):
            other = _COMPARISONS[type(operation)]()
            yield _swap(node, "comparison", node, "ops", [*node.ops[:place], other, *node.ops[place + 1 :]])


def _booleans(node: ast.AST) -> Iterator[_Site]:
    if isinstance(node, ast.BoolOp):
        yield _swap(node, "boolean", node, "op", ast.Or() if isinstance(node.op, ast.And) else ast.And())
        neutral = ast.Constant(isinstance(node.op, ast.And))
        for place in range(len(node.values)):
            yield _swap(node, "dropped condition", node, "values", _replaced(node.values, place, neutral))
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield _swap(node, "dropped not", node, "operand", ast.UnaryOp(ast.Not(), node.operand))


def _constants(node: ast.AST) -> Iterator[_Site]:
    if isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield _swap(node, "boolean", node, "value", not node.value)
    elif isinstance(node, ast.Constant) and isinstance(node.value, int):
        yield _swap(node, "constant by one", node, "value", node.value + 1)


def _dropped(node: ast.AST) -> Iterator[_Site]:
    if isinstance(node, ast.Expr) and isinstance(_awaited(node.value), ast.Call):
        yield _swap(node, "dropped call", node, "value", ast.Constant(None))
    if isinstance(node, ast.If):
        yield _swap(node, "dropped condition", node, "test", ast.Constant(bool(node.orelse)))
    if isinstance(node, ast.IfExp):
        yield _swap(node, "dropped condition", node, "test", ast.Constant(value=True))
    if isinstance(node, ast.comprehension):
        for place in range(len(node.ifs)):
            yield _swap(node, "dropped condition", node, "ifs", _replaced(node.ifs, place))


def _awaited(node: ast.expr) -> ast.expr:
    return node.value if isinstance(node, ast.Await) else node


def _replaced(items: Sequence[ast.expr], place: int, *others: ast.expr) -> list[ast.expr]:
    return [*items[:place], *others, *items[place + 1 :]]
