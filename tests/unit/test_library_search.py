"""The entries that a search finds for a member's words, and the titles that completion suggests."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.packs.loader import load_library
from bot.packs.model import Argument, Entry, Fact, Position, Statement, Term
from bot.packs.pack import Library
from bot.search.answer import Answers, Certainty, weigh, word_signs
from bot.search.completion import MAX_SCANNED, Completion
from bot.search.index import Index
from bot.search.spelling import Vocabulary, allowed_edits, edit_distance
from bot.search.weights import WORDS
from tests.unit.packs import SHIPPED, fact, pack

US = pack(
    "us",
    fact(
        "troops",
        "Troops may police cities under an old law.",
        "It was not invoked.",
        "Insurrection Act",
        "the 1807 law",
    ),
    fact("tariffs", "Tariffs on neighbours were struck down.", "The court ruled against the tariffs.", "tariff ruling"),
    fact("fentanyl", "Most fentanyl enters at ports of entry.", "The Insurrection Act has no bearing on it."),
    fact("naloxone", "Naloxone reverses overdoses.", "It saved lives in three cities."),
    Term(id="term-act", term="Insurrection Act", definition="A law of 1807."),
    Position(id="more-troops", name="More troops", statement="Send more troops to the border."),
    Argument.model_validate({"id": "cost", "against": "more-troops", "point": "Troops cost much.", "text": "They do."}),
)
CITY = pack("city", fact("trams", "Trams carry more people than cars.", "The city counted tram riders."))
PAIS = pack("pais", fact("aduana", "La mayoría de la droga entra por las aduanas.", "Según la Oficina."), language="es")
INDEX = Index(Library({"us": US, "city": CITY, "pais": PAIS}))
ANSWERS = Answers(INDEX)
SHIPPED_INDEX = Index(load_library(SHIPPED))


def matches(query: str, *kinds: type[Entry], topic: str | None = None) -> list[str]:
    return [hit.entry.id for hit in INDEX.find(query, kinds or None, pack=topic)]


def closest(query: str) -> str | None:
    """Return the id of the fact that an answer would show first, whether it is sure or not."""
    ranked = weigh(word_signs(INDEX.candidates(query, [Fact])), WORDS).ranked
    return ranked[0].entry.id if ranked else None


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("insurrection act", "troops"),
        ("Insurrection Act?", "troops"),
        ("the 1807 law", "troops"),
        ("policing cities", "troops"),
        ("TARIFF", "tariffs"),
        ("tariff ruling", "tariffs"),
        ("what did the court say about tariffs", "tariffs"),
        ("fent", "fentanyl"),
        ("ports of ent", "fentanyl"),
        ("overdose", "naloxone"),
        ("oficina", "aduana"),
        ("mayoria", "aduana"),
        ("ADUÀNA", "aduana"),
    ],
)
def test_words_in_any_form_find_their_fact(query: str, first: str) -> None:
    """A search ignores case, accents, inflections and stop words, and finds a word from its beginning."""
    assert matches(query, Fact)[0] == first


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("insurection act", "troops"),
        ("insurrecton", "troops"),
        ("tarrif", "tariffs"),
        ("tarifs", "tariffs"),
        ("fentanil", "fentanyl"),
        ("fetnanyl", "fentanyl"),
        ("nalaxnoe", "naloxone"),
        ("overdoeses", "naloxone"),
        ("tarms", "trams"),
        ("casr", "trams"),
    ],
)
def test_misspelt_words_find_their_fact(query: str, first: str) -> None:
    """A search finds a word of four letters or more with a letter left out, doubled, changed or swapped; a word of
    eight letters may have two such slips."""
    assert matches(query, Fact)[0] == first


def test_a_language_without_spaces_is_searched_by_letters_side_by_side() -> None:
    """In a language without spaces two neighbouring characters count as a word, and the same characters apart don't."""
    drugs, snakes = fact("drugs", "毒品大多从口岸进入。", "海关统计。"), fact("snakes", "毒蛇是危险品。", "书上说的。")
    index = Index(Library({"zh": pack("zh", drugs, snakes, language="zh")}))
    assert [hit.entry.id for hit in index.find("毒品")] == ["drugs"]
    assert [hit.entry.id for hit in index.find("危险")] == ["snakes"]


def test_an_exact_alias_wins_over_any_number_of_mentions() -> None:
    """An entry whose alias is exactly the query comes before entries that only mention it, and a fact before a term
    of that name."""
    assert matches("insurrection act")[:2] == ["troops", "term-act"]
    mentions = [fact(f"m{n}", "The green line of the tram.", "Green line, green line, green line.") for n in range(20)]
    index = Index(Library({"x": pack("x", *mentions, fact("it", "A railway.", "Old.", "Green Line"))}))
    assert index.find("green line")[0].entry.id == "it"


def test_a_word_says_more_of_a_name_and_most_of_a_short_one() -> None:
    """A match in a short alias ranks before one in a long alias, and that before one in the body, misspelt or not."""
    index = Index(
        Library(
            {
                "x": pack(
                    "x",
                    fact("body", "A railway runs here.", "Its green line is the harbour line."),
                    fact("long", "A railway runs here.", "So.", "the harbour line of the railway company of old"),
                    fact("short", "A railway runs here.", "So.", "harbour line"),
                )
            }
        )
    )
    for query in ("harbour", "harbor line", "line harbour"):
        assert [hit.entry.id for hit in index.find(query)] == ["short", "long", "body"]


def test_a_hit_matches_all_or_most_of_the_words() -> None:
    """An entry that matches two of three words is a hit; one that matches one of two isn't, though an answer still
    considers it."""
    assert matches("fentanyl ports marmalade", Fact) == ["fentanyl"]
    assert matches("fentanyl marmalade", Fact) == []
    assert closest("fentanyl marmalade") == "fentanyl"


def test_kinds_and_topic_narrow_a_search() -> None:
    """A search with kinds or a topic finds only entries of those kinds and that pack."""
    assert matches("troops", Position) == ["more-troops"]
    assert matches("troops", Argument, Position) == ["more-troops", "cost"]
    assert matches("tram", Fact, topic="us") == []
    assert matches("tram", Fact, topic="city") == ["trams"]
    assert matches("tram", topic="nowhere") == []
    assert [hit.pack_id for hit in INDEX.find("aduanas")] == ["pais"]


@pytest.mark.parametrize("query", ["marmalade", "zzzzzz", "", "\0", "a" * 10_000, "?!", "🤷", "xylazine"])
def test_what_the_packs_do_not_have_is_answered_with_nothing(query: str) -> None:
    """For words that no pack has, the answer's certainty is "nothing", for all kinds and for one kind of one pack."""
    for answer in (ANSWERS.answer_blocking(query), ANSWERS.answer_blocking(query, [Fact], pack="city")):
        assert answer.certainty is Certainty.NOTHING
    assert ANSWERS.answer_blocking("fentanyl", [Statement]).matches == ()


@pytest.mark.parametrize("query", ["immigrashun tarriffz", "fentanol", "naloxne kits for all"])
def test_the_nearest_is_near(query: str) -> None:
    """For badly misspelt words the closest fact still has something of them."""
    assert closest(query) in {"tariffs", "fentanyl", "naloxone"}


@pytest.mark.parametrize(
    "query",
    [
        "title:fentanyl", "fentanyl AND NOT ports", "+fentanyl -ports", '"fentanyl" ports', "fentanyl*", "fentanyl~2",
        "(fentanyl", "fentanyl^9", "/fentanyl/", "fentanyl\0", "“fentanyl”", "<b>fentanyl</b>", "fentanyl \ud800", "\u202efentanyl",
    ],
)  # fmt: skip
def test_what_is_typed_is_text_never_syntax(query: str) -> None:
    """The operators of search engines only separate words in a query."""
    assert "fentanyl" in [candidate.entry.id for candidate, _ in word_signs(INDEX.candidates(query, [Fact]))]


@settings(max_examples=200, deadline=None)
@given(st.text(st.characters(), max_size=60) | st.text("fentanyl :*\"'~^()[]{}\\/+-\0", max_size=60))
def test_no_query_whatever_raises(query: str) -> None:
    """Search, completion and answers accept any text without an error."""
    INDEX.find(query)
    assert ANSWERS.answer_blocking(query).certainty in Certainty
    INDEX.complete(query)


def test_a_whole_essay_as_a_query_is_read_in_part() -> None:
    """Search reads only the beginning of a very long query."""
    words = "fentanyl enters at ports of entry, most of it, " * 300
    assert matches(words, Fact) == ["fentanyl"]
    assert matches("x" * 10_000 + " fentanyl", Fact) == []


def completed(prefix: str, *kinds: type[Entry], limit: int = 25) -> list[str]:
    return [suggestion.entry_id for suggestion in INDEX.complete(prefix, kinds or None, limit=limit)]


@pytest.mark.parametrize(
    ("beginning", "expected"),
    [
        ("t", ["tariffs", "trams", "troops"]),
        ("tar", ["tariffs"]),
        ("ACT", ["troops"]),
        ("act ins", []),
        ("insur act", ["troops"]),
        ("troops cities", ["troops"]),
        ("mayoria", ["aduana"]),
        ("LA MAYORÍA", ["aduana"]),
        ("ent", ["fentanyl", "aduana"]),
        ("zzz", []),
    ],
)
def test_completion_begins_at_any_word_from_the_first_letter_on(beginning: str, expected: list[str]) -> None:
    """Completion finds titles and aliases that have words beginning with the typed ones, in that order."""
    assert set(completed(beginning, Fact)) >= set(expected)
    if len(beginning) > 1:
        assert sorted(completed(beginning, Fact)) == sorted(expected)


def test_nothing_typed_yet_suggests_the_first_entries() -> None:
    """Before a member types a letter, completion suggests the first entries of the kind in their own order."""
    assert completed("", Fact, limit=3) == ["troops", "tariffs", "fentanyl"]
    assert completed("  ", Term) == ["term-act"]


def test_completion_keeps_to_its_limit_kinds_and_topic() -> None:
    """Completion keeps to its limit, to the kinds and to the topic, and suggests an entry by its title."""
    assert len(completed("t", limit=2)) == 2
    assert completed("insurrection", Term) == ["term-act"]
    assert [s.entry_id for s in INDEX.complete("t", [Fact], pack="city")] == ["trams"]
    assert INDEX.complete("tram", [Fact])[0].title == "Trams carry more people than cars."


def test_completion_stays_bounded_where_a_word_is_everywhere() -> None:
    """Completion looks through a bounded number of titles for words that don't stand side by side."""
    entries = [("x", fact(f"f{n}", "one two three four five")) for n in range(3 * MAX_SCANNED)]
    assert Completion(entries).complete("one five", limit=5_000) == list(range(MAX_SCANNED))


LETTERS = st.text("abcd", max_size=7)


@given(LETTERS, LETTERS)
def test_edits_are_counted_alike_from_both_sides(one: str, other: str) -> None:
    """The edit distance is symmetric, zero only between equal words, at least the difference of their lengths, and
    at most the longer word's length."""
    distance = edit_distance(one, other)
    assert distance == edit_distance(other, one)
    assert (distance == 0) is (one == other)
    assert abs(len(one) - len(other)) <= distance <= max(len(one), len(other))


@pytest.mark.parametrize(
    ("one", "other", "edits"),
    [
        ("court", "cuort", 1),
        ("tariff", "tarrif", 2),
        ("tariff", "tariffs", 1),
        ("abc", "", 3),
        ("kitten", "sitting", 3),
    ],
)
def test_neighbours_swapped_are_one_edit(one: str, other: str, edits: int) -> None:
    """Two neighbouring letters swapped count as one edit, and so does each letter added, left out or changed."""
    assert edit_distance(one, other) == edits


def test_short_words_and_numbers_are_never_corrected() -> None:
    """A word of three letters or a number is never corrected."""
    vocabulary = Vocabulary(["cat", "14157", "tariff", "tariffs"])
    assert (allowed_edits("cas"), allowed_edits("14158")) == (0, 0)
    assert vocabulary.near("cas") == []
    assert vocabulary.near("14158") == []
    assert vocabulary.near("tarrif") == [("tariff", 2)]


def test_the_shipped_packs_answer_what_newcomers_ask() -> None:
    """In the shipped packs "Insurrection Act", spelt right or wrong, finds the fact about it, and completion
    suggests it."""
    if not SHIPPED_INDEX.find("insurrection act", [Fact]):
        pytest.skip("the shipped packs have no such fact")
    first = SHIPPED_INDEX.find("insurrection act", [Fact])[0].entry.id
    assert "insurrection" in first
    assert SHIPPED_INDEX.find("insurrection act")[0].entry.id == first
    assert SHIPPED_INDEX.find("insurection act", [Fact])[0].entry.id == first
    assert first in [suggestion.entry_id for suggestion in SHIPPED_INDEX.complete("insur", [Fact])]


def test_every_alias_of_the_shipped_packs_finds_its_entry_spelt_right_or_wrong() -> None:
    """Every shipped alias finds its entry, and at least 98% still do with one letter left out of a long word."""
    chance = random.Random(7)
    missed, queries = [], 0
    for shelf in load_library(SHIPPED).packs.values():
        for entry in shelf.entries.values():
            for alias in entry.aliases:
                hits = SHIPPED_INDEX.find(alias, [type(entry)], limit=10)
                assert entry.id in [hit.entry.id for hit in hits], alias
                long = [word for word in alias.split() if len(word) > 5 and word.isalpha()]
                if long:
                    word = chance.choice(long)
                    at = chance.randrange(1, len(word) - 1)
                    wrong = alias.replace(word, word[:at] + word[at + 1 :])
                    queries += 1
                    if entry.id not in [hit.entry.id for hit in SHIPPED_INDEX.find(wrong, [type(entry)])]:
                        missed.append(wrong)
    assert len(missed) <= queries // 50, missed
