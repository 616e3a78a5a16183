"""The answers to commands that look something up, and the buttons on them."""

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
    """Return the action id of the button with this label."""
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
    """A fact's card shows its verdict, statement, quote, reason, sources, claimant and the month of its check."""
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
    """A card names a third party's copy of a source as one, and never links to it."""
    bot = make_bot()
    for line in ("/fact coffee ban", "/source tea report"):
        outcome = await bot.say(request(), line)
        assert outcome.answer is not None
        assert "seen only as a third party's copy, so without a link" in words_of(outcome)
        texts = [card.body for card in outcome.answer.cards]
        texts += [field.value for card in outcome.answer.cards for field in card.fields]
        links = [p.url for blocks in texts for block in blocks for p in block.inlines if isinstance(p, Link)]
        assert not any("mirror" in url for url in links)
        assert not any(card.url and "mirror" in card.url for card in outcome.answer.cards)


async def test_a_lookup_is_private_until_it_is_shared() -> None:
    """Only the asker sees a look-up; the Share button posts the card to the channel with the sharer's name."""
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
    """With `share:yes` the answer itself is public and has no Share button."""
    outcome = await make_bot().say(request(), "/fact coffee ban share:yes")
    assert outcome.answer is not None
    assert outcome.answer.visibility is Visibility.PUBLIC
    with pytest.raises(AssertionError):
        button(outcome, "Share")


async def test_a_counterargument_has_its_own_reply() -> None:
    """A button on a counterargument opens the reply to it."""
    bot = make_bot()
    outcome = await bot.say(request(), "/counter free tea")
    assert "Some people do not drink tea." in words_of(outcome)
    reply = await bot.press(request(), button(outcome, "The reply to this"))
    assert "The hot water serves all." in words_of(reply)


def rank_cars(*scores: tuple[str, float]) -> list[str]:
    """Sort cards with these scores for /counter: one of two facts and one of two positions have a counterargument."""
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
    """Among matches within 0.7 of the best score, `/counter` puts those with a counterargument first, and of these
    positions before facts.

    A match that scores less stays behind them.
    """
    assert rank_cars(("position", 2.0), ("answered", 2.0)) == ["answered", "position"]
    assert rank_cars(("position", 2.0), ("answered-fact", 2.0)) == ["answered-fact", "position"]
    assert rank_cars(("answered-fact", 2.0), ("answered", 1.9)) == ["answered", "answered-fact"]
    assert rank_cars(("fact", 2.0), ("position", 1.9)) == ["position", "fact"]
    assert rank_cars(("position", 2.0), ("answered", 2.0 - EQUAL)) == ["answered", "position"]
    assert rank_cars(("position", 2.0), ("answered", 1.9 - EQUAL)) == ["position", "answered"]
    assert rank_cars(("fact", 3.0), ("position", 1.0), ("answered", 0.5)) == ["fact", "position", "answered"]


@pytest.mark.parametrize("order", [1, -1])
async def test_counter_answers_with_the_position_that_has_a_counterargument(order: int) -> None:
    """If the words fit two positions alike, `/counter` answers with the one that has a counterargument; the exact
    name of a position always wins."""
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
    """Buttons lead from a fact's card to its counterarguments and its sources, and from the sources back."""
    bot = make_bot()
    fact = await bot.say(request(), "/fact tea drinkers")
    counter = await bot.press(request(), button(fact, "Counterarguments"))
    assert "The count was taken on one day." in words_of(counter)
    sources = await bot.press(request(), button(fact, "Sources"))
    assert "A count of the kitchen" in words_of(sources)
    back = await bot.press(request(), button(sources, "Back to the card"))
    assert "Most people in the office drink tea." in words_of(back)


async def test_several_matches_are_offered_in_a_select() -> None:
    """A look-up shows the best match and offers the other matches in a select."""
    bot = make_bot()
    outcome = await bot.say(request(), "/fact coffee ban")
    others = select(outcome)
    assert others.label == "Other matches"
    picked = await bot.press(request(), others.action.encode(), (others.options[0].value,))
    assert others.options[0].label in words_of(picked)


async def test_nothing_found_is_no_dead_end() -> None:
    """A look-up that finds nothing says so and offers the three nearest entries."""
    outcome = await make_bot().say(request(), "/fact zeppelin")
    assert not outcome.success
    assert "Nothing found for “zeppelin”" in words_of(outcome)
    assert len(select(outcome).options) == 3


async def test_a_weak_match_is_never_dressed_as_an_answer() -> None:
    """A weak match has the heading "Closest match; it may not answer this" and a Read all button.

    If nothing matches, the answer names the topics.
    """
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
    """`topic:` searches one pack; if no pack has that name, the answer lists the names that exist."""
    bot = make_bot()
    assert "Coffee was banned" in words_of(await bot.say(request(), "/fact coffee ban topic:tea"))
    assert "Try one of these: tea." in words_of(await bot.say(request(), "/fact coffee topic:milk"))


async def test_an_entry_that_is_gone_is_answered_politely() -> None:
    """A button for an entry that an editor has removed is answered with "no longer in the topic"."""
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
        ("/counter some people do not drink tea", "The hot water serves all."),
        ("/ask is coffee banned?", "Coffee was banned from the office."),
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
    """Each command that looks something up, and `/help`, answers with its kind of card or page."""
    assert part in words_of(await make_bot().say(request(), line))


async def test_completion_offers_titles_and_finds_aliases() -> None:
    """Completion finds a title by any word of it, from the first letter on, and gives at most 25 suggestions."""
    bot = make_bot()
    for prefix in ("c", "coff", "ban", "office"):
        labels = [choice.label for choice in await bot.complete(request(), "fact", "words", prefix, {})]
        assert "Coffee was banned from the office." in labels
    assert len(await bot.complete(request(), "search", "words", "t", {})) <= 25


async def test_a_completed_title_finds_exactly_that_entry() -> None:
    """A suggestion, sent as the command's words, finds the entry that it named."""
    bot = make_bot(SHIPPED)
    for choice in await bot.complete(request(), "fact", "words", "m", {}):
        outcome = await bot.say(request(), f"/fact {choice.value}")
        assert outcome.answer is not None
        assert choice.label.removesuffix("…") in words_of(outcome)


def test_every_verdict_has_a_sign_and_a_word() -> None:
    """Each verdict has a sign and a word of its own, so that its colour alone never has to tell it."""
    assert set(VERDICTS) == set(Verdict)
    assert len({verdict.sign for verdict in VERDICTS.values()}) == len(Verdict)
    assert len({verdict.word for verdict in VERDICTS.values()}) == len(Verdict)


async def test_the_shipped_pack_tells_what_became_of_two_claims() -> None:
    """The shipped pack says that the Insurrection Act was not invoked, and dates the ruling on the tariffs to
    February 2026."""
    bot = make_bot(SHIPPED)
    words = words_of(await bot.say(request(), "/fact insurrection act"))
    assert "Contradicted" in words
    assert "was not invoked" in words
    tariffs = words_of(await bot.say(request(), "/fact 25 percent tariffs"))
    assert "20 February 2026" in tariffs or "February 2026" in tariffs


def test_every_fact_of_the_shipped_pack_is_reachable_by_its_aliases() -> None:
    """Every alias of a shipped fact finds that fact among the first three."""
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
    """*Find facts* puts the fact that a sentence of the message states before facts that share a common word."""
    weak = [fact(f"weak-{number}", "Many people think about the weather.") for number in range(7)]
    rare = [fact("a", "A thing."), fact("b", "A thick wall."), fact("c", "Thin ice.")]
    quoted_fact = fact("said", "The canal was dug by hand in a year.")
    bot = make_bot(Library({"x": pack("x", *weak, *rare, quoted_fact)}))
    outcome = await bot.look(request(), "find-facts", "I think so. The canal was dug by hand.")
    assert outcome.answer is not None
    assert quoted_fact.statement in plain(outcome.answer.cards[0].body)


async def test_a_long_timeline_is_read_page_by_page() -> None:
    """A timeline shows its newest ten events, and Earlier leads through all others, page by page in one message.

    A forged page number is refused.
    """
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
