"""Tests that the page's own check of a record agrees with Parley's, on whole records and on damaged ones."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Page

from bot.communities.model import Community
from bot.errors import Refused
from bot.polls import audit
from bot.polls.ballot_box import BallotBox
from bot.polls.counting.ballots import Method
from bot.polls.model import Poll, PollOption, Results
from bot.polls.privacy import Privacy
from bot.polls.record_file import as_json, read_record
from bot.store.database import Database
from bot.store.keys import Keys
from bot.store.open import open_database
from tests.store.things import CLOSES, COMMUNITY, KEY, NOW, member, poll, vote

RECORDS = 200
CHECK = """async (texts) => {
  const { problems } = await import("/static/record.js");
  return Promise.all(texts.map(problems));
}"""
WORDS = ("Tea", "Kaffee ☕", "חלב", "𝒲ater", "“Juice”", "Mate\\", "No\nline", "1", "Käse", "a,b", "c:d")


def opened(chance: random.Random, name: str) -> Poll:
    """Return a poll with a random method, options, eligibility and level of secrecy."""
    names = chance.sample(WORDS, chance.randint(2, 5))
    options = tuple(
        PollOption(each, *chance.choice([("", ""), (f"card-{each}", f"{each} for all.\n¿Why?")])) for each in names
    )
    method = chance.choice(list(Method))
    return poll(
        name,
        question=chance.choice(["What to drink?", "Что пить? 🍵", 'A "quoted" one\\']),
        options=options,
        method=method,
        max_choices=len(options) if method is not Method.SINGLE else 1,
        secret=chance.random() < 0.6,
        results=chance.choice(list(Results)),
        roles=frozenset(chance.sample(["7", "8", "ё", "𝒲"], chance.randint(0, 3))),
        joined_before=chance.random() < 0.3,
        quorum=chance.choice([0, 0, 3, 10_000]),
        topic=chance.choice(["", "tea"]),
        opened_at=NOW + timedelta(microseconds=chance.choice([0, 1, 123_456])),
    )


def filled_in(chance: random.Random, shape: Poll) -> str:
    places = [str(place) for place in range(len(shape.options))]
    picked = chance.sample(places, chance.randint(1, len(places)))
    match shape.method:
        case Method.SINGLE:
            return chance.choice(places)
        case Method.APPROVAL:
            return ",".join(sorted(picked))
        case Method.RANKED:
            return ">".join(picked)
    return ",".join(chance.choice(["", "0", "3", "5"]) for _ in places[1:]) + ",5"


async def whole_record(box: BallotBox, privacy: Privacy, chance: random.Random, name: str) -> str:
    """Return a closed poll's file after random votes, changes, withdrawals, extensions and erasures."""
    shape = await box.open(opened(chance, name))
    for _ in range(chance.randint(0, 8)):
        number = chance.randint(1, 6)
        choice = None if chance.random() < 0.15 else filled_in(chance, shape)
        await box.cast(replace(vote(number, choice, name), name=chance.choice(["Ada", "Б", "𝒲", "a,b"])))
        if chance.random() < 0.1:
            await box.extend(name, shape.closes_at + timedelta(hours=number), None)
    await box.close(name, CLOSES + timedelta(days=1), chance.choice(["", f"{COMMUNITY}:ada"]))
    if not shape.secret and chance.random() < 0.5:
        await privacy.erase(member(chance.randint(1, 6)), CLOSES + timedelta(days=2))
    return as_json(await box.record(name))


def places_in(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the path of every value inside."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [each for key, part in inner for each in [(*path, key), *places_in(part, (*path, key))]]


def damaged(chance: random.Random, text: str) -> str:
    """Return the file with one value changed, dropped or doubled, or moved to the end of its list."""
    document = json.loads(text)
    while True:
        again = copy.deepcopy(document)
        *above, last = chance.choice(places_in(document))
        holder = again
        for key in above:
            holder = holder[key]
        if above[:1] in (["ballots"], ["closing_commitments"]) and isinstance(last, int) and chance.random() < 0.5:
            continue
        holder[last] = _other(chance, holder[last])
        if chance.random() < 0.2:
            del holder[last]
        if again != document and _matters(document, again):
            return json.dumps(again, ensure_ascii=chance.random() < 0.5)


def _matters(document: Any, again: Any) -> bool:
    """Tell whether the file says something else. The order of ballots and of closing commitments says nothing."""

    def plain(each: Any) -> Any:
        lists = {key: sorted(map(json.dumps, each.get(key) or ())) for key in ("ballots", "closing_commitments")}
        return {**each, **lists}

    return bool(plain(document) != plain(again))


def _other(chance: random.Random, value: Any) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + chance.choice([-1, 1, 7])
    if isinstance(value, str):
        place = chance.randrange(len(value) + 1)
        return chance.choice(
            [value[:place] + chance.choice("0aZ✗") + value[place + 1 :], value[:-1], value + "0", None, 7]
        )
    if isinstance(value, list) and value:
        place = chance.randrange(len(value))
        rest = value[:place] + value[place + 1 :]
        return chance.choice([rest, [*value, value[place]], [*rest, value[place]], value[0], {}])
    return chance.choice([{}, [], None, "", 0])


@pytest_asyncio.fixture(loop_scope="session")
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    opened_database = await open_database(str(tmp_path / "records.db"))
    yield opened_database
    await opened_database.close()


def holds(text: str) -> bool:
    """Tell whether `parley polls verify FILE` accepts the record."""
    try:
        return not audit.verify(read_record(text))
    except Refused:
        return False


async def checked(page: Page, texts: Sequence[str]) -> list[bool]:
    """Tell of each record whether the page's own script accepts it."""
    return [not problems for problems in await page.evaluate(CHECK, list(texts))]


async def test_two_verifiers_agree(page: Page, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page's script and `parley polls verify` both accept 200 whole records of all methods, and both reject 200
    damaged ones."""

    async def kept() -> bool:
        return True

    monkeypatch.setattr(database, "forget_deleted", kept)  # 200 calls would take a minute, and change no record
    chance = random.Random(17)
    box = BallotBox(database, Keys(KEY), random_bytes=chance.randbytes)

    async def community_of(community: str, _now: object) -> Community:
        return Community(community)

    privacy = Privacy(database, box, community_of, new_stranger=lambda: chance.randbytes(16).hex())
    whole = [await whole_record(box, privacy, chance, f"p{number}") for number in range(RECORDS)]
    methods = {json.loads(text)["opening"]["method"] for text in whole}
    assert methods == {method.value for method in Method}
    assert [holds(text) for text in whole] == [True] * RECORDS
    assert await checked(page, whole) == [True] * RECORDS
    broken = [damaged(chance, text) for text in whole]
    assert [holds(text) for text in broken] == [False] * RECORDS
    assert await checked(page, broken) == [False] * RECORDS


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"format": 2}', '{"format": 1}', "7"])
async def test_what_is_no_record_is_no_record_to_both(page: Page, text: str) -> None:
    """The page's script and `parley polls verify` both say of a text that it holds no record."""
    with pytest.raises(Refused, match="holds no record"):
        read_record(text)
    [[problem]] = await page.evaluate(CHECK, [text])
    assert problem.startswith("It is no record: ")
