"""What members get when they look something up."""

from __future__ import annotations

import pytest

from bot.chat.markup import Link, plain
from bot.chat.vocabulary import Button, Card, Outcome, Select, Visibility
from bot.commands.entry_replies import EQUAL, sort_by_counterargument
from bot.packs.labels import VERDICTS
from bot.packs.loader import load_library
from bot.packs.model import Argument, Event, Fact, Position, Verdict
from bot.packs.pack import Library
from bot.search.answer import Match
from bot.search.index import Index
from tests.unit.packs import fact, pack
from tests.world import SHIPPED, Wall, make_bot, request


def words_of(outcome: Outcome) -> str:
    assert outcome.answer is not None
    return "\n".join(card_words(card) for card in outcome.answer.cards)


def card_words(card: Card) -> str:
    fields = (f"{field.name}: {plain(field.value)}" for field in card.fields)
    return "\n".join((card.title, plain(card.body), *fields, card.footer))


def button(outcome: Outcome, label: str) -> str:
    """The action id of the button with this label."""
    assert outcome.answer is not None
    for card in outcome.answer.cards:
        for control in card.controls:
            if isinstance(control, Button) and control.label == label and control.action:
                return control.action.encode()
    raise AssertionError(label)


def select(outcome: Outcome) -> Select:
    assert outcome.answer is not None
    return next(c for card in outcome.answer.cards for c in card.controls if isinstance(c, Select))


async def test_a_fact_shows_verdict_statement_quote_reason_and_sources() -> None:
    """Everything that lets a member judge for themselves stands on the card."""
    words = words_of(await make_bot().say(request(), "/fact coffee ban"))
    for part in (
        "✖ Contradicted",
        "Coffee was banned from the office.",
        "“since coffee was banned” — The essay, paragraph 2",
        "The house rules of 2026 do not mention coffee.",
        "House rules",
        "government, 2026, an official text",
        "claimed by the author",
        "newest source 2026",
        "checked 2026-10",
    ):
        assert part in words


async def test_a_mirror_is_marked_and_its_link_is_never_offered() -> None:
    """A third party's copy is named as one; only the publisher's own address is a link."""
    bot = make_bot()
    for line in ("/fact coffee ban", "/source tea report"):
        outcome = await bot.say(request(), line)
        assert outcome.answer is not None
        assert "so without a link" in words_of(outcome)
        texts = [card.body for card in outcome.answer.cards]
        texts += [field.value for card in outcome.answer.cards for field in card.fields]
        links = [p.url for blocks in texts for block in blocks for p in block.inlines if isinstance(p, Link)]
        assert not any("mirror" in url for url in links)
        assert not any(card.url and "mirror" in card.url for card in outcome.answer.cards)


async def test_a_lookup_is_private_until_it_is_shared() -> None:
    """Asking is nobody else's business; pressing Share posts the card, and says who shared it."""
    bot = make_bot()
    wall = Wall()
    bot.platforms["test"] = wall
    outcome = await bot.say(request(), "/fact coffee ban")
    assert outcome.answer is not None
    assert outcome.answer.visibility is Visibility.PRIVATE
    assert wall.posted == []
    await bot.press(request(), button(outcome, "Share"))
    ((_, shared),) = wall.posted
    assert shared.visibility is Visibility.PUBLIC
    assert "Shared by Ada" in plain(shared.cards[0].body)


async def test_share_yes_answers_for_all_at_once() -> None:
    """With `share:yes` the answer itself is public, and no longer offers to share."""
    outcome = await make_bot().say(request(), "/fact coffee ban share:yes")
    assert outcome.answer is not None
    assert outcome.answer.visibility is Visibility.PUBLIC
    with pytest.raises(AssertionError):
        button(outcome, "Share")


async def test_a_counterargument_has_its_own_reply() -> None:
    """From each counterargument a button leads to the reply to it."""
    bot = make_bot()
    outcome = await bot.say(request(), "/counter free tea")
    assert "Some people do not drink tea." in words_of(outcome)
    reply = await bot.press(request(), button(outcome, "The reply to this"))
    assert "The hot water serves all." in words_of(reply)


def rank_cars(*scores: tuple[str, float]) -> list[str]:
    """Sort cards with these scores for /counter: the fact and one position have a counterargument."""
    city = pack(
        "city",
        fact("answered-fact", "Cars cost a lot."),
        fact("fact", "Cars cost little."),
        Position(id="answered", name="Tax the cars", statement="The city should tax cars."),
        Position(id="position", name="Ban the cars", statement="The city should ban cars."),
        Argument(id="no", against="answered", point="No.", text="They pay already."),
        Argument(id="few", against="answered-fact", point="No.", text="It was counted wrong."),
    )
    matches = [Match("city", city.entries[name], score) for name, score in scores]
    return [match.entry.id for match in sort_by_counterargument({"city": city}, matches)]


def test_of_equals_the_one_with_a_counterargument_comes_first() -> None:
    """Among these a position comes before a fact. A match that is far less likely than the best stays behind it."""
    assert rank_cars(("position", 2.0), ("answered", 2.0)) == ["answered", "position"]
    assert rank_cars(("position", 2.0), ("answered-fact", 2.0)) == ["answered-fact", "position"]
    assert rank_cars(("answered-fact", 2.0), ("answered", 1.9)) == ["answered", "answered-fact"]
    assert rank_cars(("fact", 2.0), ("position", 1.9)) == ["position", "fact"]
    assert rank_cars(("position", 2.0), ("answered", 2.0 - EQUAL)) == ["answered", "position"]
    assert rank_cars(("position", 2.0), ("answered", 1.9 - EQUAL)) == ["position", "answered"]
    assert rank_cars(("fact", 3.0), ("position", 1.0), ("answered", 0.5)) == ["fact", "position", "answered"]


@pytest.mark.parametrize("order", [1, -1])
async def test_counter_answers_with_the_position_that_has_a_counterargument(order: int) -> None:
    """Where the words fit two positions alike; the one that is called just so is meant all the same."""
    positions = (
        Position(id="ban", name="Ban cars", statement="Ban them."),
        Position(id="tax", name="Tax cars", statement="Tax them."),
    )
    argument = Argument(id="no", against="tax", point="They pay already.", text="There is a tax.")
    city = pack("city", *positions[::order], argument)
    bot = make_bot(Library({"city": city}))
    alike = words_of(await bot.say(request(), "/counter cars"))
    assert "Tax cars" in alike
    assert "Ban cars" not in alike
    assert "Ban cars" in words_of(await bot.say(request(), "/counter ban cars"))


async def test_a_fact_leads_to_its_counterarguments_and_sources_and_back() -> None:
    """The buttons of a card go there and back without typing."""
    bot = make_bot()
    fact = await bot.say(request(), "/fact tea drinkers")
    counter = await bot.press(request(), button(fact, "Counterarguments"))
    assert "The count was taken on one day." in words_of(counter)
    sources = await bot.press(request(), button(fact, "Sources"))
    assert "A count of the kitchen" in words_of(sources)
    back = await bot.press(request(), button(sources, "Back to the card"))
    assert "Most people in the office drink tea." in words_of(back)


async def test_several_matches_are_offered_in_a_select() -> None:
    """The best match is shown, the others can be picked."""
    bot = make_bot()
    outcome = await bot.say(request(), "/fact coffee ban")
    others = select(outcome)
    assert others.label == "Other matches"
    picked = await bot.press(request(), others.action.encode(), (others.options[0].value,))
    assert others.options[0].label in words_of(picked)


async def test_nothing_found_is_no_dead_end() -> None:
    """The three nearest are offered, and the outcome says that nothing was found."""
    outcome = await make_bot().say(request(), "/fact zeppelin")
    assert not outcome.success
    assert "Nothing found for “zeppelin”" in words_of(outcome)
    assert len(select(outcome).options) == 3


async def test_a_weak_match_is_never_dressed_as_an_answer() -> None:
    """What may not answer is headed so, in short, with others to press; what nothing answers names the topics."""
    bot = make_bot()
    near = await bot.say(request(), "/fact tea")
    assert "Closest match; it may not answer this" in words_of(near)
    assert "tea" in words_of(near)
    assert await bot.press(request(), button(near, "Read all"))
    nothing = await bot.say(request(), "/fact zeppelin")
    assert "Should the office buy tea?" in words_of(nothing)
    assert "Closest match" not in words_of(nothing)
    sure = await bot.say(request(), "/fact coffee ban")
    assert "Closest match" not in words_of(sure)


async def test_a_topic_narrows_the_search_and_an_unknown_one_names_those_there_are() -> None:
    """`topic:` looks in one pack; a wrong name is answered with the right ones."""
    bot = make_bot()
    assert "Coffee was banned" in words_of(await bot.say(request(), "/fact coffee ban topic:tea"))
    assert "Try one of these: tea." in words_of(await bot.say(request(), "/fact coffee topic:milk"))


async def test_an_entry_that_is_gone_is_answered_politely() -> None:
    """An old message's button may name an entry that an editor has removed."""
    bot = make_bot()
    for pressed in ("v1:open:tea:gone", "v1:open:gone:tea-popular", "v1:view:sources:tea:gone"):
        assert "no longer in the topic" in words_of(await bot.press(request(), pressed))


@pytest.mark.parametrize(
    ("line", "part"),
    [
        ("/define wulong", "A tea between green and black."),
        ("/policy tea kitty", "People who drink no tea pay as well."),
        ("/policy", "There are 2."),
        ("/fact", "There are 3."),
        ("/timeline", "2026-10-01 The kitchen team counted who drinks tea."),
        ("/topic", "3 facts, 1 position, 4 arguments, 3 sources"),
        ("/search kettle", "The hot water serves all."),
        ("/source house rules", "an official text, hosted elsewhere"),
        ("/help", "/counter tariffs"),
        ("/help asking", "/counter [words]"),
        ("/help counter", "Find the strongest counterarguments"),
        ("/help coutner", "Find the strongest counterarguments"),
        ("/help counterargument", "Find the strongest counterarguments"),
        ("/help ask", "Ask a question in your own words"),
        ("/help rebuttal", "Find the strongest counterarguments"),
        ("/help zzz", "/help lists the commands"),
        ("/facts", "There are 3."),
        ("/glossary wulong", "A tea between green and black."),
    ],
)
async def test_each_command_answers(line: str, part: str) -> None:
    """Every command answers with what its name promises."""
    assert part in words_of(await make_bot().say(request(), line))


async def test_completion_offers_titles_and_finds_aliases() -> None:
    """Any word of a title or an alias completes, from the first letter on, with at most 25 suggestions."""
    bot = make_bot()
    for prefix in ("c", "coff", "ban", "office"):
        labels = [choice.label for choice in await bot.complete(request(), "fact", "words", prefix, {})]
        assert "Coffee was banned from the office." in labels
    assert len(await bot.complete(request(), "search", "words", "t", {})) <= 25


async def test_a_completed_title_finds_exactly_that_entry() -> None:
    """What completion puts into the line leads to the entry it named."""
    bot = make_bot(SHIPPED)
    for choice in await bot.complete(request(), "fact", "words", "m", {}):
        outcome = await bot.say(request(), f"/fact {choice.value}")
        assert outcome.answer is not None
        assert choice.label.removesuffix("…") in words_of(outcome)


def test_every_verdict_has_a_sign_and_a_word() -> None:
    """No verdict is told by colour alone, and no two look alike."""
    assert set(VERDICTS) == set(Verdict)
    assert len({verdict.sign for verdict in VERDICTS.values()}) == len(Verdict)
    assert len({verdict.word for verdict in VERDICTS.values()}) == len(Verdict)


async def test_the_shipped_pack_tells_what_became_of_two_claims() -> None:
    """Who asks about the Insurrection Act learns that it was not invoked; about tariffs, that they were struck down."""
    bot = make_bot(SHIPPED)
    words = words_of(await bot.say(request(), "/fact insurrection act"))
    assert "Contradicted" in words
    assert "was not invoked" in words
    tariffs = words_of(await bot.say(request(), "/fact 25 percent tariffs"))
    assert "20 February 2026" in tariffs or "February 2026" in tariffs


def test_every_fact_of_the_shipped_pack_is_reachable_by_its_aliases() -> None:
    """An alias is how people say it: typing it finds that fact among the first three."""
    library = load_library(SHIPPED)
    index = Index(library)
    missed = [
        alias
        for pack in library.packs.values()
        for fact in pack.all(Fact)
        for alias in fact.aliases
        if fact.id not in [hit.entry.id for hit in index.find(alias, kinds=(Fact,), limit=3)]
    ]
    assert missed == []


async def test_a_message_finds_first_what_its_sentences_match_best() -> None:
    """A sentence that says a fact comes before one that has a common word of several, wherever it stands."""
    weak = [fact(f"weak-{number}", "Many people think about the weather.") for number in range(7)]
    rare = [fact("a", "A thing."), fact("b", "A thick wall."), fact("c", "Thin ice.")]
    quoted_fact = fact("said", "The canal was dug by hand in a year.")
    bot = make_bot(Library({"x": pack("x", *weak, *rare, quoted_fact)}))
    outcome = await bot.look(request(), "find-facts", "I think so. The canal was dug by hand.")
    assert outcome.answer is not None
    assert quoted_fact.statement in plain(outcome.answer.cards[0].body)


async def test_a_long_timeline_is_read_page_by_page() -> None:
    """The newest ten come first; Earlier and Later lead to all others, in the place of the page."""
    bot = make_bot(SHIPPED)
    reply = (await bot.say(request(), "/timeline")).answer
    assert reply is not None
    dates = [event.date for event in load_library(SHIPPED).packs["us-mexico-cartels"].all(Event)]
    read = list[str]()
    while reply is not None:
        (card,) = reply.cards
        assert len(card.body) <= 10
        read[:0] = [block.inlines[0].text for block in card.body]
        earlier = [c.action for c in card.controls if isinstance(c, Button) and c.label == "Earlier" and c.action]
        page = await bot.press(request(), earlier[0].encode()) if earlier else None
        assert page is None or page.replace
        reply = page.answer if page else None
    assert read == sorted(dates)
    for forged in ("v1:timeline:us-mexico-cartels:last", "v1:timeline:nowhere:3"):
        assert not (await bot.press(request(), forged)).success
