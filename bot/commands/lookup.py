"""Looking things up: facts, counterarguments, sources, terms, policy options, dates.

A look-up answers the person alone and offers to share; `share:yes` answers for all to see.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import itemgetter
from typing import TYPE_CHECKING, Annotated

from bot.chat import Action, Button, ButtonStyle, Card, Choice, Control, Outcome, Post, Reply, Select, Tone, Visibility
from bot.command import TEXT_MAX, Context, Param, action, command, shortcut
from bot.commands import cards
from bot.errors import NotFound
from bot.i18n import N_, Translator
from bot.library.model import Argument, Entry, Event, Fact, Option, Pack, Position, Source, Statement, Term
from bot.library.search import Hit
from bot.library.shelf import Edition, Shelf
from bot.markup import Bold, Plain, bullets, clean, clean_lines, paragraph, shorten, shorten_words, text

if TYPE_CHECKING:
    from bot.interest import Interested  # a bot for a terminal counts nothing, and loads no database

ARGUABLE: tuple[type[Entry], ...] = (Position, Fact, Option, Argument)
EVERYTHING: tuple[type[Entry], ...] = (Fact, Position, Argument, Source, Option, Statement, Term, Event)

OTHERS_MAX = 24
NEAREST = 3
COUNTERS_SHOWN = 3
SEARCH_SHOWN = 10
BROWSE_MAX = 100
SENTENCES_MAX = 12
"""Of a message that is looked up as a whole."""
FOUND_TEXT_MAX = 280
_SENTENCE_END = re.compile(r"[.!?;:]\s|\n")

_KINDS: Mapping[str, tuple[type[Entry], ...]] = {
    "arguable": ARGUABLE,
    **{kind.__name__.lower(): (kind,) for kind in EVERYTHING},
}
"""What a list may suggest, by the name that travels in its action."""

_SHARE = N_("Answer for all to see: yes or no")
_TOPIC = N_("Look in one topic only")


@dataclass(frozen=True, slots=True)
class Lookup:
    """Commands that read the library. Where editors take suggestions, `interested` counts, and cards ask for them."""

    shelf: Shelf
    interested: Interested | None = None

    # --- commands ---

    @command("fact", N_("Find a fact: its verdict, the essay's words and the sources"), public_flag="share")
    async def fact(
        self,
        ctx: Context,
        words: Annotated[str, Param(N_("What it is about"), rest=True, complete="facts")] = "",
        share: Annotated[bool, Param(_SHARE)] = False,
        topic: Annotated[str, Param(_TOPIC, complete="topics")] = "",
    ) -> Outcome:
        return self._answer(ctx, words, (Fact,), share=share, topic=topic, heading=ctx.t("Facts"))

    @command("counter", N_("Find the strongest counterarguments"), public_flag="share")
    async def counter(
        self,
        ctx: Context,
        words: Annotated[str, Param(N_("A fact, position, option or argument"), rest=True, complete="arguables")] = "",
        share: Annotated[bool, Param(_SHARE)] = False,
        topic: Annotated[str, Param(_TOPIC, complete="topics")] = "",
    ) -> Outcome:
        kinds: tuple[type[Entry], ...] = ARGUABLE if words else (Position,)
        return self._answer(
            ctx, words, kinds, share=share, topic=topic, heading=ctx.t("Positions"), view="counter", only_answered=True
        )

    @command("source", N_("Find a source"), public_flag="share")
    async def source(
        self,
        ctx: Context,
        words: Annotated[str, Param(N_("Title, author, publisher or subject"), rest=True, complete="sources")] = "",
        share: Annotated[bool, Param(_SHARE)] = False,
        topic: Annotated[str, Param(_TOPIC, complete="topics")] = "",
    ) -> Outcome:
        return self._answer(ctx, words, (Source,), share=share, topic=topic, heading=ctx.t("Sources"))

    @command("define", N_("Explain a term"), public_flag="share")
    async def define(
        self,
        ctx: Context,
        term: Annotated[str, Param(N_("The term"), rest=True, complete="terms")],
        share: Annotated[bool, Param(_SHARE)] = False,
        topic: Annotated[str, Param(_TOPIC, complete="topics")] = "",
    ) -> Outcome:
        return self._answer(ctx, term, (Term,), share=share, topic=topic, heading=ctx.t("Terms"))

    @command("policy", N_("Show policy options with reasons for and against"), public_flag="share")
    async def policy(
        self,
        ctx: Context,
        words: Annotated[str, Param(N_("Which option"), rest=True, complete="options")] = "",
        share: Annotated[bool, Param(_SHARE)] = False,
        topic: Annotated[str, Param(_TOPIC, complete="topics")] = "",
    ) -> Outcome:
        return self._answer(ctx, words, (Option,), share=share, topic=topic, heading=ctx.t("Policy options"))

    @command("search", N_("Search everything"), public_flag="share")
    async def search(
        self,
        ctx: Context,
        words: Annotated[str, Param(N_("What to look for"), rest=True, complete="titles")],
        share: Annotated[bool, Param(_SHARE)] = False,
        topic: Annotated[str, Param(_TOPIC, complete="topics")] = "",
    ) -> Outcome:
        edition = self.shelf.current
        hits = [hit for hit in self._find(ctx, edition, words, EVERYTHING, topic, SEARCH_SHOWN) if hit.exact]
        if not hits:
            return self._nothing(ctx, edition, words, EVERYTHING, topic)
        return Outcome(
            Reply(
                (
                    Card(
                        title=ctx.t("Found for “{words}”", words=_shown(words)),
                        body=bullets(
                            ((Bold(hit.entry.title), Plain(f" ({cards.describe(ctx.t, hit.entry)})")) for hit in hits),
                            numbered=True,
                        ),
                        controls=(_select(ctx.t, ctx.t("Open one"), hits),),
                    ),
                ),
                visibility=_visibility(share),
            )
        )

    @command("topic", N_("Show the topics: what they are about, and how current"), public_flag="share")
    async def topic(
        self,
        ctx: Context,
        topic: Annotated[str, Param(N_("Which topic"), complete="topics")] = "",
        share: Annotated[bool, Param(_SHARE)] = False,
    ) -> Outcome:
        edition = self.shelf.current
        packs = [_pack(ctx.t, edition, topic)] if topic else list(edition.library.packs.values())
        return Outcome(Reply(tuple(_topic_card(ctx.t, pack) for pack in packs), visibility=_visibility(share)))

    @command("timeline", N_("Show what happened when"), public_flag="share")
    async def timeline(
        self,
        ctx: Context,
        topic: Annotated[str, Param(_TOPIC, complete="topics")] = "",
        share: Annotated[bool, Param(_SHARE)] = False,
    ) -> Outcome:
        edition = self.shelf.current
        packs = [_pack(ctx.t, edition, topic)] if topic else list(edition.library.packs.values())
        shown = tuple(_timeline_card(ctx.t, pack) for pack in packs if any(pack.all(Event)))
        if not shown:
            raise NotFound(ctx.t("No topic here has a timeline yet."))
        return Outcome(Reply(shown, visibility=_visibility(share)))

    @shortcut("find-facts", N_("Find facts"))
    async def find_facts(self, ctx: Context, message: str) -> Outcome:
        """What is known about a message that somebody wrote: the three nearest, one of which can be shared."""
        if not any(character.isalnum() for character in message):
            raise NotFound(ctx.t("There are no words in this message to look up."))
        hits = _about(self.shelf.current, message)
        if not hits:
            raise NotFound(ctx.t("No fact or argument here comes near this message. /search looks everywhere."))
        packs = self.shelf.current.library.packs
        found = tuple(_found_card(ctx.t, packs[hit.pack_id], hit.entry) for hit in hits)
        note = Card(footer=ctx.t("Only you see this, and the message was not stored. Share posts one for all to see."))
        return Outcome(Reply((*found, note)))

    # --- controls ---

    @action("open")
    async def open(self, ctx: Context, pack: str, entry: str) -> Outcome:
        return Outcome(self._entry_reply(ctx, self.shelf.current, pack, entry, "card"))

    @action("pick", complete="pickable")
    async def pick(
        self, ctx: Context, view: str, _kind: str = "", _topic: str = "", values: tuple[str, ...] = ()
    ) -> Outcome:
        pack, _, entry = (values[0] if values else "").partition(":")
        return Outcome(self._entry_reply(ctx, self.shelf.current, pack, entry, view))

    @action("view")
    async def view(self, ctx: Context, view: str, pack: str, entry: str) -> Outcome:
        return Outcome(self._entry_reply(ctx, self.shelf.current, pack, entry, view))

    @action("share")
    async def share(self, ctx: Context, view: str, pack: str, entry: str) -> Outcome:
        reply = self._entry_reply(ctx, self.shelf.current, pack, entry, view, public=True)
        by = paragraph(ctx.t("Shared by {who}", who=ctx.request.actor.name))
        first = replace(reply.cards[0], body=(*reply.cards[0].body, by))
        posted = Reply((first, *reply.cards[1:]), visibility=Visibility.PUBLIC)
        return Outcome(Reply((Card(title=ctx.t("Shared here"), tone=Tone.GOOD),)), posts=(Post(posted),))

    # --- completion ---

    def facts(self, ctx: Context, typed: str, args: Mapping[str, object]) -> Sequence[Choice]:
        return self._complete(ctx, typed, (Fact,), args)

    def arguables(self, ctx: Context, typed: str, args: Mapping[str, object]) -> Sequence[Choice]:
        return self._complete(ctx, typed, ARGUABLE, args)

    def sources(self, ctx: Context, typed: str, args: Mapping[str, object]) -> Sequence[Choice]:
        return self._complete(ctx, typed, (Source,), args)

    def terms(self, ctx: Context, typed: str, args: Mapping[str, object]) -> Sequence[Choice]:
        return self._complete(ctx, typed, (Term,), args)

    def options(self, ctx: Context, typed: str, args: Mapping[str, object]) -> Sequence[Choice]:
        return self._complete(ctx, typed, (Option,), args)

    def titles(self, ctx: Context, typed: str, args: Mapping[str, object]) -> Sequence[Choice]:
        return self._complete(ctx, typed, EVERYTHING, args)

    def pickable(self, ctx: Context, typed: str, _view: str, kind: str = "", topic: str = "") -> Sequence[Choice]:
        """All entries of a kind that a list offers, however many: by their titles and aliases."""
        edition = self.shelf.current
        found = edition.index.complete(typed, kinds=_KINDS.get(kind, EVERYTHING), pack=topic or None, limit=BROWSE_MAX)
        packs = edition.library.packs
        return _choices(ctx.t, [(hit.pack_id, packs[hit.pack_id].entries[hit.entry_id]) for hit in found])

    def topics(self, _ctx: Context, typed: str, _args: Mapping[str, object]) -> Sequence[Choice]:
        return cards.topic_choices(self.shelf.current.library, typed)

    def _complete(
        self, ctx: Context, typed: str, kinds: tuple[type[Entry], ...], args: Mapping[str, object]
    ) -> Sequence[Choice]:
        topic = str(args.get("topic") or "")
        edition = self.shelf.current
        pack = topic if topic in edition.library.packs else None
        return cards.title_choices(ctx.t, edition, typed, kinds, pack)

    # --- answers ---

    def _answer(
        self,
        ctx: Context,
        words: str,
        kinds: tuple[type[Entry], ...],
        *,
        share: bool,
        topic: str,
        heading: str,
        view: str = "card",
        only_answered: bool = False,
    ) -> Outcome:
        edition = self.shelf.current
        if not clean(words).strip():
            return self._browse(ctx, edition, kinds, topic, heading, view)
        hits = [hit for hit in self._find(ctx, edition, words, kinds, topic, OTHERS_MAX + 1) if hit.exact]
        if only_answered:
            hits = _answered_first(edition, hits)
        if not hits:
            return self._nothing(ctx, edition, words, kinds, topic, view)
        first, others = hits[0], hits[1:]
        more = (_select(ctx.t, ctx.t("Other matches"), others, view),) if others else ()
        return Outcome(self._entry_reply(ctx, edition, first.pack_id, first.entry.id, view, more, public=share))

    def _find(
        self, ctx: Context, edition: Edition, words: str, kinds: Collection[type[Entry]], topic: str, limit: int
    ) -> list[Hit]:
        pack = _pack(ctx.t, edition, topic).id if topic else None
        return edition.index.find(clean(words), kinds=kinds, pack=pack, limit=limit)

    def _nothing(
        self,
        ctx: Context,
        edition: Edition,
        words: str,
        kinds: Collection[type[Entry]],
        topic: str,
        view: str = "card",
    ) -> Outcome:
        if self.interested is not None:
            self.interested.missed(words)
        pack = _pack(ctx.t, edition, topic).id if topic else None
        offered = edition.index.nearest(clean(words), kinds=kinds, limit=NEAREST, pack=pack)
        near = [hit for hit in offered if hit.score]  # the rest only stands where nothing is like what was typed
        lead = ctx.t("The nearest are:") if near else ctx.t("Nothing here is like it. Some of what there is:")
        card = Card(
            title=ctx.t("Nothing found for “{words}”", words=_shown(words)),
            body=text(lead, bullets(hit.entry.title for hit in near or offered)) if offered else (),
            controls=(_select(ctx.t, ctx.t("Open one"), near or offered, view),) if offered else (),
            tone=Tone.CAUTION,
        )
        return Outcome(Reply((card,)), found=False)

    def _browse(
        self, ctx: Context, edition: Edition, kinds: tuple[type[Entry], ...], topic: str, heading: str, view: str
    ) -> Outcome:
        packs = [_pack(ctx.t, edition, topic)] if topic else list(edition.library.packs.values())
        entries = [(pack.id, entry) for pack in packs for kind in kinds for entry in pack.all(kind)]
        if not entries:
            raise NotFound(ctx.t("There is nothing of that kind here yet."))
        choices = _choices(ctx.t, entries[:BROWSE_MAX])
        kind = "arguable" if view == "counter" else kinds[0].__name__.lower()
        args = (view, kind, packs[0].id if topic else "")
        card = Card(
            title=heading,
            body=text(
                ctx.t.count("There is {n} here.", "There are {n} here.", len(entries)),
                ctx.t("Pick one, or add a few words to the command."),
            ),
            controls=(Select(Action("pick", args), heading, choices, type_ahead=True),),
        )
        return Outcome(Reply((card,)))

    def _entry_reply(
        self,
        ctx: Context,
        edition: Edition,
        pack_id: str,
        entry_id: str,
        view: str,
        more: tuple[Control, ...] = (),
        *,
        public: bool = False,
    ) -> Reply:
        pack = edition.library.packs.get(pack_id)
        entry = pack.entries.get(entry_id) if pack else None
        if pack is None or entry is None:
            raise NotFound(ctx.t("That entry has been removed from the topic since this message was posted."))
        shown = _VIEWS.get(view, _card_view)(ctx.t, pack, entry)
        last = shown[-1]
        controls = (*last.controls, *_controls(ctx.t, pack, entry, view, public=public))
        if self.interested is not None:
            self.interested.asked(pack_id, entry_id)
            if view == "card":
                controls = (*controls, Button(ctx.t("Is this wrong?"), Action("suggest", (pack_id, entry_id))))
        return Reply((*shown[:-1], last.with_controls((*controls, *more))), visibility=_visibility(public))


def _card_view(t: Translator, pack: Pack, entry: Entry) -> tuple[Card, ...]:
    return (cards.card(t, pack, entry),)


def _counter_view(t: Translator, pack: Pack, entry: Entry) -> tuple[Card, ...]:
    return _arguments_view(t, pack, entry, pack.arguments(entry.id, "against"), t("Counterarguments to:"))


def _support_view(t: Translator, pack: Pack, entry: Entry) -> tuple[Card, ...]:
    return _arguments_view(t, pack, entry, pack.arguments(entry.id, "for"), t("Arguments for:"))


def _arguments_view(
    t: Translator, pack: Pack, entry: Entry, arguments: tuple[Argument, ...], heading: str
) -> tuple[Card, ...]:
    about = Card(title=heading, body=text(paragraph(Bold(entry.title))), tone=Tone.INFO)
    if not arguments:
        none = text(t("None has been written down yet, so silence here says nothing about who is right."))
        return (replace(about, body=(*about.body, *none)),)
    shown = (_argument_part(t, pack, argument) for argument in arguments[:COUNTERS_SHOWN])
    beside = Card(footer=cards.kind_and_topic(t, pack, entry))  # the controls that are about all of them get this card
    return (about, *shown, beside)


def _argument_part(t: Translator, pack: Pack, argument: Argument) -> Card:
    replies = pack.arguments(argument.id, "against")
    button = Button(t("The reply to this"), Action("view", ("counter", pack.id, argument.id)))
    return Card(
        title=argument.point,
        body=text(argument.text, cards.sources_text(t, pack, argument)),
        controls=(button,) if replies else (),
    )


def _sources_view(t: Translator, pack: Pack, entry: Entry) -> tuple[Card, ...]:
    found = cards.sources_of(pack, entry)
    heading = Card(title=t("Sources for:"), body=text(paragraph(Bold(entry.title))))
    if not found:
        return (replace(heading, body=(*heading.body, *text(t("None is given for this.")))),)
    lines = bullets((*cards.source_line(t, source), Plain(f": {source.summary}")) for source in found)
    select = _select_entries(t, t("Open one"), [(pack.id, source) for source in found])
    return (replace(heading, body=(*heading.body, *lines), controls=(select,)),)


_VIEWS = {"card": _card_view, "counter": _counter_view, "support": _support_view, "sources": _sources_view}


def _controls(t: Translator, pack: Pack, entry: Entry, view: str, *, public: bool) -> tuple[Control, ...]:
    def button(label: str, of: str) -> Button:
        return Button(label, Action("view", (of, pack.id, entry.id)))

    controls: list[Control] = []
    if view != "card":
        controls.append(Button(t("Back to the card"), Action("open", (pack.id, entry.id))))
    if view != "counter" and isinstance(entry, ARGUABLE) and pack.arguments(entry.id, "against"):
        controls.append(button(t("Counterarguments"), "counter"))
    if view == "counter" and pack.arguments(entry.id, "for"):
        controls.append(button(t("Arguments for"), "support"))
    if view != "sources" and cards.sources_of(pack, entry):
        controls.append(button(t("Sources"), "sources"))
    if not public:
        share = Action("share", (view, pack.id, entry.id))
        controls.append(Button(t("Share"), share, style=ButtonStyle.PRIMARY))
    return tuple(controls)


def _about(edition: Edition, message: str) -> list[Hit]:
    """The best match of each of the message's sentences, better ones first, then their second best ones.

    What only comes near stands last.
    """
    sentences = [part for part in _SENTENCE_END.split(clean_lines(message[:TEXT_MAX])) if part.strip()]
    ways = (edition.index.find, edition.index.nearest)
    hits = [
        ((not hit.exact, place, -hit.score), hit)
        for look in ways
        for found in (look(sentence, kinds=(Fact, Argument), limit=NEAREST) for sentence in sentences[:SENTENCES_MAX])
        for place, hit in enumerate(found)
        if hit.score > 0
    ]
    best: dict[tuple[str, str], Hit] = {}
    for _, hit in sorted(hits, key=itemgetter(0)):
        best.setdefault((hit.pack_id, hit.entry.id), hit)
    return list(best.values())[:NEAREST]


def _found_card(t: Translator, pack: Pack, entry: Entry) -> Card:
    """A fact or an argument in a few lines, with what can be done with it."""
    whole = cards.card(t, pack, entry)
    said = entry.reason if isinstance(entry, Fact) else entry.text if isinstance(entry, Argument) else ""
    statement = paragraph(Bold(entry.title)) if isinstance(entry, Fact) else whole.body[0]
    where = (pack.id, entry.id)
    return Card(
        title=whole.title,
        body=text(statement, shorten_words(said, FOUND_TEXT_MAX)),
        tone=whole.tone,
        controls=(
            Button(t("Read all"), Action("open", where)),
            Button(t("Share"), Action("share", ("card", *where)), style=ButtonStyle.PRIMARY),
        ),
    )


def _answered_first(edition: Edition, hits: Sequence[Hit]) -> list[Hit]:
    """The same hits. Of those that match about as well as the best, positions that have an answer come first.

    Who asks for counterarguments to “tariffs” means the position rather than a fact that mentions them.
    """
    best = hits[0].score if hits else 0.0

    def rank(hit: Hit) -> tuple[bool, bool, bool]:
        answered = bool(edition.library.packs[hit.pack_id].arguments(hit.entry.id, "against"))
        near = hit.score >= best / 2
        return (not answered, not near, not isinstance(hit.entry, Position))

    return sorted(hits, key=rank)


def _select(t: Translator, label: str, hits: Iterable[Hit], view: str = "card") -> Select:
    return _select_entries(t, label, [(hit.pack_id, hit.entry) for hit in hits], view)


def _select_entries(t: Translator, label: str, entries: Iterable[tuple[str, Entry]], view: str = "card") -> Select:
    return Select(Action("pick", (view,)), label, _choices(t, entries))


def _choices(t: Translator, entries: Iterable[tuple[str, Entry]]) -> tuple[Choice, ...]:
    return tuple(
        [
            Choice(shorten(entry.title, cards.TITLE_SHOWN), f"{pack}:{entry.id}", cards.describe(t, entry))
            for pack, entry in entries
        ]
    )


def _pack(t: Translator, edition: Edition, topic: str) -> Pack:
    """The pack with this id or title. Raises NotFound, naming the topics there are."""
    for pack in edition.library.packs.values():
        if topic.casefold() in {pack.id, pack.info.title.casefold()}:
            return pack
    known = ", ".join(edition.library.packs)
    raise NotFound(t("There is no topic “{topic}”. The topics are: {known}.", topic=_shown(topic), known=known))


def _topic_card(t: Translator, pack: Pack) -> Card:
    counts = [
        t.count("{n} fact", "{n} facts", len(list(pack.all(Fact)))),
        t.count("{n} position", "{n} positions", len(list(pack.all(Position)))),
        t.count("{n} argument", "{n} arguments", len(list(pack.all(Argument)))),
        t.count("{n} source", "{n} sources", len(list(pack.all(Source)))),
        t.count("{n} policy option", "{n} policy options", len(list(pack.all(Option)))),
        t.count("{n} term", "{n} terms", len(list(pack.all(Term)))),
    ]
    essay = pack.info.essay
    origin = [essay.title or t("an essay without a title"), essay.author or t("author unknown")]
    about = [
        (Bold(t("Essay: ")), Plain(", ".join(origin) + (f", {essay.date}" if essay.date else ""))),
        (Bold(t("Holds: ")), Plain(", ".join(counts))),
        (Bold(t("Last reviewed: ")), Plain(pack.info.reviewed.isoformat())),
        (Bold(t("Answerable: ")), Plain(", ".join(pack.info.editors) or t("nobody is named"))),
        (Bold(t("Name for commands: ")), Plain(f"topic:{pack.id}")),
    ]
    return Card(
        title=pack.info.title,
        body=text(pack.info.summary, bullets(about), essay.note or ""),
        tone=Tone.INFO,
    )


def _timeline_card(t: Translator, pack: Pack) -> Card:
    events = sorted(pack.all(Event), key=lambda event: event.date)
    return Card(
        title=t("Timeline"),
        body=bullets((Bold(event.date), Plain(f" {event.event}")) for event in events),
        footer=pack.info.title,
        controls=(_select_entries(t, t("Sources of one date"), [(pack.id, event) for event in events], "sources"),),
        tone=Tone.INFO,
    )


def _shown(words: str) -> str:
    return shorten(clean(words).strip(), 80)


def _visibility(public: bool) -> Visibility:
    return Visibility.PUBLIC if public else Visibility.PRIVATE
