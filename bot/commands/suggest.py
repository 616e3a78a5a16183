"""What members suggest: a correction of a card, a source, an argument; and what became of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from bot.chat import Action, Answers, Button, Card, Choice, Form, Input, InputKind, Outcome, Reply, Tone
from bot.command import Context, Param, action, command, form
from bot.commands import cards
from bot.commands.answers import answer, picked
from bot.errors import NotFound, Refused
from bot.i18n import N_, Translator
from bot.interest import Interested
from bot.library.model import Argument, Entry, Fact, Option, Pack, Position
from bot.library.shelf import Shelf
from bot.markup import Bold, Plain, bullets, clean_lines, paragraph, quote, shorten, text
from bot.store.suggestions import Kind, State, Suggestion
from bot.suggestions import URL_MAX, WORDS_MAX, Idea, Suggestions

HTTP = ("https://", "http://")
ARGUABLE = (Position, Fact, Option, Argument)

KINDS: Mapping[str, str] = {
    Kind.CORRECTION.value: N_("A correction"),
    Kind.SOURCE.value: N_("A new source"),
    Kind.ARGUMENT.value: N_("A new argument"),
}
STATES: Mapping[State, str] = {
    State.OPEN: N_("waits for an editor"),
    State.ASKED: N_("an editor asks you something"),
    State.ACCEPTED: N_("accepted; an editor works it in"),
    State.REJECTED: N_("rejected"),
    State.PUBLISHED: N_("published"),
}


_TYPED: Mapping[str, str] = {
    "card": N_("Add card: with some words of its title; without words, /suggest opens a form."),
    "url": N_("Type url: and the address, as in url:https://example.org/report."),
}
"""How what is missing is typed, where there is no form whose field would say it."""


@dataclass(frozen=True, slots=True)
class SuggestCommands:
    shelf: Shelf
    suggestions: Suggestions
    interested: Interested

    @command(
        "suggest",
        N_("Suggest a correction, a source or an argument to the editors"),
        form_when=lambda args: not args.get("words"),
    )
    async def suggest(
        self,
        ctx: Context,
        words: Annotated[str, Param(N_("What is wrong or missing, in your words"), rest=True, longest=WORDS_MAX)] = "",
        kind: Annotated[Kind, Param(N_("A correction, a source or an argument"), choices=KINDS)] = Kind.CORRECTION,
        card: Annotated[str, Param(N_("The card that it is about"), complete="titles")] = "",
        url: Annotated[str, Param(N_("The address of a source"), longest=URL_MAX)] = "",
    ) -> Outcome:
        if not words:
            return Outcome(Reply(form=self._open_form(ctx.t, card, kind)))
        where = self._meant(ctx.t, card)
        wrong = _wrong(ctx.t, kind, where[1], words, url)
        if wrong:
            name, said = next(iter(wrong.items()))
            raise Refused(" ".join((said, *([ctx.t(_TYPED[name])] if name in _TYPED else ()))))
        return await self._make(ctx, Idea(kind, where[0], where[1], words, url.strip()))

    @command("suggestions", N_("Show what became of what you suggested"))
    async def mine(self, ctx: Context) -> Outcome:
        t, found = ctx.t, await self.suggestions.mine(ctx.request.actor)
        lines = [_line(t, ctx, each) for each in found]
        asked = [
            Button(t("Answer {id}", id=each.id), Action("suggest-answer", (each.id,)))
            for each in found
            if each.state is State.ASKED
        ]
        nothing = text(t("You have not suggested anything yet. /suggest does, and so does the button on a card."))
        body = bullets(lines) if lines else nothing
        return Outcome(Reply((Card(title=t("What you suggested"), body=body, controls=tuple(asked)),)))

    @action("suggest", opens_form=True)
    async def about_card(self, ctx: Context, pack: str, entry: str) -> Outcome:
        self._found(ctx.t, pack, entry)
        return Outcome(Reply(form=self._card_form(ctx, pack, entry)))

    @form("suggest-card", again="card_form_again")
    async def sent_about_card(self, ctx: Context, pack: str, entry: str, answers: Answers) -> Outcome:
        self._found(ctx.t, pack, entry)
        return await self._sent(ctx, (pack, entry), answers)

    @form("suggest-open", again="open_form_again")
    async def sent(self, ctx: Context, answers: Answers) -> Outcome:
        try:
            where = self._meant(ctx.t, answer(answers, "card"))
        except NotFound as error:
            return await self._sent(ctx, ("", ""), answers, {"card": error.message})
        return await self._sent(ctx, where, answers)

    @action("suggest-answer", opens_form=True)
    async def asked(self, ctx: Context, suggestion: str) -> Outcome:
        return Outcome(Reply(form=_answer_form(ctx.t, suggestion)))

    @form("suggest-answered", again="answer_form_again")
    async def answered(self, ctx: Context, suggestion: str, answers: Answers) -> Outcome:
        words = _kept_words(answer(answers, "words"))
        if not words:
            return Outcome(errors={"words": ctx.t("Write something first.")})
        await self.suggestions.answer(suggestion, ctx.request.actor, words, ctx.t)
        said = ctx.t("The editors read it next to your suggestion {id}.", id=suggestion)
        return Outcome(Reply((Card(title=ctx.t("Your answer is with the editors"), body=text(said), tone=Tone.GOOD),)))

    # --- forms, made anew ---

    async def card_form_again(self, ctx: Context, pack: str, entry: str) -> Outcome:
        return Outcome(Reply(form=self._card_form(ctx, pack, entry)))

    async def open_form_again(self, ctx: Context) -> Outcome:
        return Outcome(Reply(form=self._open_form(ctx.t, "", Kind.CORRECTION)))

    async def answer_form_again(self, ctx: Context, suggestion: str) -> Outcome:
        return Outcome(Reply(form=_answer_form(ctx.t, suggestion)))

    def titles(self, ctx: Context, typed: str, _args: Mapping[str, object]) -> Sequence[Choice]:
        return cards.title_choices(ctx.t, self.shelf.current, typed)

    # --- what is common ---

    async def _sent(
        self, ctx: Context, where: tuple[str, str], answers: Answers, found: Mapping[str, str] | None = None
    ) -> Outcome:
        """Takes it in, or tells every mistake beside its field: those that were found before, and the rest."""
        kind = picked(answers, "kind", Kind.CORRECTION, ctx.t)
        words, url = _kept_words(answer(answers, "words")), answer(answers, "url").strip()
        wrong = {**_wrong(ctx.t, kind, where[1], words, url), **(found or {})}
        if wrong:
            return Outcome(errors=wrong)
        return await self._make(ctx, Idea(kind, *where, words, url))

    async def _make(self, ctx: Context, idea: Idea) -> Outcome:
        t = ctx.t
        made = await self.suggestions.make(idea, ctx.request.actor, ctx.community, ctx.request.now, t)
        if made.kind is Kind.CORRECTION and made.entry:
            self.interested.disputed(made.pack, made.entry)
        body = text(
            paragraph(Bold(about(t, self.shelf, made))),
            quote(made.words),
            made.url,
            t("An editor reads it and decides. You are told what becomes of it; /suggestions shows it, too."),
        )
        title = t("Thank you. Your suggestion is with the editors")
        return Outcome(Reply((Card(title=title, body=body, footer=made.id, tone=Tone.GOOD),)))

    def _found(self, t: Translator, pack: str, entry: str) -> Entry:
        found = self.shelf.current.library.find(pack, entry)
        if found is None:
            raise NotFound(t("That entry has been removed from the topic since this message was posted."))
        return found

    def _meant(self, t: Translator, typed: str) -> tuple[str, str]:
        """(pack, entry) of the card that the words name; the topic alone where nothing is named and there is one topic.

        Raises NotFound.
        """
        edition, words = self.shelf.current, typed.strip()
        packs: list[Pack] = list(edition.library.packs.values())
        if not words:
            if len(packs) == 1:
                return packs[0].id, ""
            raise NotFound(t("Say which card it is about, or which topic, by its title."))
        for pack in packs:
            if words in pack.entries:
                return pack.id, words
            if words.casefold() in {pack.id, pack.info.title.casefold()}:
                return pack.id, ""
        hits = [hit for hit in edition.index.find(words, limit=1) if hit.exact]
        if not hits:
            raise NotFound(t("There is no card “{words}”. Type some words of its title.", words=shorten(words, 60)))
        return hits[0].pack_id, hits[0].entry.id

    def _card_form(self, ctx: Context, pack: str, entry: str) -> Form:
        found = self.shelf.current.library.find(pack, entry)
        title = found.title if found is not None else entry
        kinds = [Kind.CORRECTION, Kind.SOURCE]
        kinds += [Kind.ARGUMENT] if found is None or isinstance(found, ARGUABLE) else []
        return Form(
            Action("suggest-card", (pack, entry)),
            ctx.t("Is this wrong?"),
            (_kind_input(ctx.t, kinds, Kind.CORRECTION), _words_input(ctx.t, title), _url_input(ctx.t)),
        )

    def _open_form(self, t: Translator, card: str, kind: Kind) -> Form:
        asked = Input(
            "card",
            t("The card that it is about"),
            hint=t("Some words of its title; empty for the whole topic"),
            value=card[: cards.TITLE_SHOWN],
            required=False,
            longest=cards.TITLE_SHOWN,
        )
        inputs = (_kind_input(t, list(Kind), kind), asked, _words_input(t, ""), _url_input(t))
        return Form(Action("suggest-open"), t("A suggestion to the editors"), inputs)


def about(t: Translator, shelf: Shelf, made: Suggestion) -> str:
    """What a suggestion is, and what it is about, in one line."""
    found = shelf.current.library.find(made.pack, made.entry) if made.entry else None
    title = found.title if found is not None else made.entry
    if not title:
        pack = shelf.current.library.packs.get(made.pack)
        title = pack.info.title if pack is not None else made.pack
    return t("{kind}: {title}", kind=t(KINDS[made.kind]), title=title)


def _line(t: Translator, ctx: Context, made: Suggestion) -> tuple[Bold | Plain, ...]:
    note = f" – {made.note}" if made.note and made.state in {State.ASKED, State.REJECTED} else ""
    day = f"{made.at.astimezone(ctx.community.tz):%Y-%m-%d}"
    return Bold(f"{made.id} "), Plain(f"{day}, {t(STATES[made.state])}: {shorten(made.words, 120)}{note}")


def _kind_input(t: Translator, kinds: Sequence[Kind], chosen: Kind) -> Input:
    options = tuple(Choice(t(KINDS[kind]), kind.value, chosen=kind is chosen) for kind in kinds)
    return Input("kind", t("What you suggest"), InputKind.SELECT, options=options)


def _words_input(t: Translator, title: str) -> Input:
    hint = shorten(t("About: {title}", title=title), cards.TITLE_SHOWN) if title else t("What should it say, and why?")
    return Input("words", t("What is wrong or missing"), InputKind.LINES, hint=hint, longest=WORDS_MAX)


def _url_input(t: Translator) -> Input:
    hint = t("https://… where one can read it; may be empty")
    return Input("url", t("The address of a source"), hint=hint, required=False, longest=URL_MAX)


def _answer_form(t: Translator, suggestion: str) -> Form:
    words = Input("words", t("Your answer"), InputKind.LINES, longest=WORDS_MAX)
    return Form(Action("suggest-answered", (suggestion,)), t("An answer to the editors"), (words,))


def _kept_words(typed: str) -> str:
    return clean_lines(typed).strip()[:WORDS_MAX]


def _wrong(t: Translator, kind: Kind, entry: str, words: str, url: str) -> dict[str, str]:
    """What is missing, by the input that lacks it."""
    wrong: dict[str, str] = {}
    if not _kept_words(words):
        wrong["words"] = t("Write something first.")
    if url and (not url.startswith(HTTP) or len(url.split()) > 1 or len(url) > URL_MAX):
        wrong["url"] = t("That is no address. One begins with https:// and has no spaces.")
    if kind is Kind.SOURCE and not url and "url" not in wrong:
        wrong["url"] = t("Where can the source be read? Give its address.")
    if kind is not Kind.SOURCE and not entry:
        wrong["card"] = t("Which card is it about? Give some words of its title.")
    return wrong
