"""A unit of work is written whole or not at all, apart from other units, and never blocks a later one."""

from __future__ import annotations

import ast
import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.communities import repository as communities
from bot.errors import Unavailable
from bot.store.database import Database
from bot.store.open import open_database
from bot.store.sql import Transaction

ROOT = Path(__file__).parents[2]


def awaits_of_something_else(source: str) -> Iterator[str]:
    """Yield each expression without the transaction that a function with a transaction awaits."""
    functions = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
    for function in (node for node in ast.walk(ast.parse(source)) if isinstance(node, functions)):
        every = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
        transactions = {each.arg for each in every if each.arg == "tx" or "Transaction" in _annotation(each)}
        for awaited in _awaited(function) if transactions else ():
            names = {node.id for node in ast.walk(awaited) if isinstance(node, ast.Name)}
            if not names & transactions:
                yield ast.unparse(awaited)


def _annotation(argument: ast.arg) -> str:
    return ast.unparse(argument.annotation) if argument.annotation else ""


def _awaited(function: ast.AST) -> Iterator[ast.AST]:
    for node in ast.walk(function):
        if isinstance(node, ast.Await):
            yield node.value
        elif isinstance(node, ast.AsyncFor) or (isinstance(node, ast.comprehension) and node.is_async):
            yield node.iter
        elif isinstance(node, ast.AsyncWith):
            yield from (item.context_expr for item in node.items)


@pytest.mark.parametrize(
    ("body", "others"),
    [
        ("await tx.run('x')", []),
        ("await polls.get(tx, 'p1')", []),
        ("return [row async for row in tx.connection.cursor()]", []),
        ("await asyncio.sleep(0)", ["asyncio.sleep(0)"]),
        ("await tx.run('x'); await database.write(other)", ["database.write(other)"]),
        ("return [row async for row in lines()]", ["lines()"]),
        ("async with lock: await tx.run('x')", ["lock"]),
    ],
)
def test_the_search_for_other_awaits_sees_them(body: str, others: list[str]) -> None:
    """The search finds a function with a transaction that awaits time, a lock or a second transaction.

    It passes one that only awaits its transaction.
    """
    for head in (
        "async def unit(tx):",
        "async def unit(tx: Transaction):",
        "async def step(self, *, tx: Transaction):",
    ):
        assert list(awaits_of_something_else(f"{head}\n    {body}")) == others
    assert list(awaits_of_something_else(f"async def other():\n    {body}")) == []


def test_a_unit_awaits_only_its_transaction() -> None:
    """A unit awaits nothing but its transaction.

    One that waited for a network or a person would hold the lock, and a nested unit would wait forever.
    """
    for file in [*(ROOT / "bot").rglob("*.py"), *(ROOT / "adapters").rglob("*.py")]:
        assert list(awaits_of_something_else(file.read_text("utf-8"))) == [], file


async def test_two_units_never_mix(database: Database) -> None:
    """A unit that fails after another began loses only its own rows."""
    under_way, gate = asyncio.Event(), asyncio.Event()

    async def fails(tx: Transaction) -> None:
        await communities.ensure(tx, "test:one")
        under_way.set()
        await gate.wait()
        raise LookupError("changed my mind")

    one = asyncio.create_task(database.write(fails))
    await under_way.wait()
    other = asyncio.create_task(database.write(lambda tx: communities.ensure(tx, "test:other")))
    for _ in range(100):
        await asyncio.sleep(0)
    gate.set()
    with pytest.raises(LookupError):
        await one
    await other
    assert await database.read(communities.all_ids) == ["test:other"]


async def test_a_read_sees_one_moment(database: Database) -> None:
    """A reading unit doesn't see rows committed after its first read. The next unit sees them."""
    under_way, gate = asyncio.Event(), asyncio.Event()

    async def twice(tx: Transaction) -> tuple[list[str], list[str]]:
        before = await communities.all_ids(tx)
        under_way.set()
        await gate.wait()
        return before, await communities.all_ids(tx)

    reading = asyncio.create_task(database.read(twice))
    await under_way.wait()
    await database.write(lambda tx: communities.ensure(tx, "test:demo"))
    gate.set()
    assert await reading == ([], [])
    assert await database.read(communities.all_ids) == ["test:demo"]


@pytest.mark.parametrize("cancels", [1, 2])
async def test_a_caller_cancelled_at_any_moment_breaks_nothing(database: Database, cancels: int) -> None:
    """If a caller is cancelled at any moment, its unit is written whole or not at all, and later units work."""

    def pair(number: int) -> list[str]:
        return [f"test:{number}a", f"test:{number}b"]

    async def unit(tx: Transaction, number: int) -> None:
        for community in pair(number):
            await communities.ensure(tx, community)

    for number in range(60):
        writing = asyncio.create_task(database.write(lambda tx, number=number: unit(tx, number)))  # type: ignore[misc]
        reading = asyncio.create_task(database.read(communities.all_ids))
        for _ in range(number):
            await asyncio.sleep(0)
        for _ in range(cancels):
            writing.cancel()
            reading.cancel()
            await asyncio.sleep(0)
        await asyncio.gather(writing, reading, return_exceptions=True)
        await database.write(lambda tx, number=number: communities.ensure(tx, f"test:{number}"))  # type: ignore[misc]
    stored = set(await database.read(communities.all_ids))
    for number in range(60):
        assert f"test:{number}" in stored
        assert len(stored.intersection(pair(number))) in {0, 2}


class Brake:
    """An SQL function, `brake()`, that holds its connection's thread until `gate` is set."""

    def __init__(self) -> None:
        self.reached = asyncio.Event()
        self.gate = threading.Event()
        self._loop = asyncio.get_running_loop()

    async def unit(self, tx: Transaction) -> None:
        await tx.connection.create_function("brake", 0, self._hold)
        await communities.ensure(tx, "test:first")
        await tx.connection.execute_fetchall("SELECT brake()")
        await communities.ensure(tx, "test:second")

    def _hold(self) -> None:
        self._loop.call_soon_threadsafe(self.reached.set)
        self.gate.wait()


async def test_a_statement_under_way_is_waited_for(tmp_path: Path) -> None:
    """A cancelled caller returns at once, and its connection serves the next unit once the statement has ended."""
    database = await open_database(str(tmp_path / "parley.db"))
    brake = Brake()
    caller = asyncio.create_task(database.write(brake.unit))
    await brake.reached.wait()
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    following = asyncio.create_task(database.write(lambda tx: communities.ensure(tx, "test:third")))
    assert await database.read(communities.all_ids) == []
    assert not following.done()
    brake.gate.set()
    await following
    assert await database.read(communities.all_ids) == ["test:first", "test:second", "test:third"]
    await database.close()


async def test_closing_waits_for_what_is_under_way(tmp_path: Path) -> None:
    """Closing a database waits for a unit whose caller was cancelled, and keeps the file locked until then.

    A read after the close raises Unavailable.
    """
    path = str(tmp_path / "parley.db")
    database = await open_database(path)
    brake = Brake()
    caller = asyncio.create_task(database.write(brake.unit))
    await brake.reached.wait()
    caller.cancel()
    closing = asyncio.create_task(database.close())
    for _ in range(100):
        await asyncio.sleep(0)
    assert not closing.done()
    with pytest.raises(Unavailable, match="Another Parley"):
        await open_database(path)
    brake.gate.set()
    await closing
    with pytest.raises(Unavailable):
        await database.read(communities.all_ids)
    again = await open_database(path)
    assert await again.read(communities.all_ids) == ["test:first", "test:second"]
    await again.close()


async def test_closing_twice_is_harmless(url: str) -> None:
    """Closing a database a second time does nothing."""
    database = await open_database(url)
    await database.read(communities.all_ids)
    await database.close()
    await database.close()
