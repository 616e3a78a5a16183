"""Members' suggestions: a correction of a card, a source, an argument; and the editors' answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from bot.chat.markup import Bold, Plain, bullets, clean_lines, paragraph, quote, shorten, text
from bot.chat.vocabulary import Action, Answers, Button, Card, Choice, Form, Input, InputKind, Outcome, Reply, Tone
from bot.commands import cards
from bot.commands.answers import answer, picked
from bot.dispatch.declare import Context, Param, action, command, form
from bot.errors import NotFound, Refused
from bot.i18n import N_, Translator
from bot.library.edition import Shelf
from bot.packs.model import Argument, Entry, Fact, Option, Position
from bot.packs.pack import Pack
from bot.search.usage import InterestCounter
from bot.suggestions.repository import Kind, Suggestion, SuggestionState
from bot.suggestions.service import URL_MAX, WORDS_MAX, Idea, Suggestions

HTTP = ("https://", "http://")
ARGUABLE = (Position, Fact, Option, Argument)

KINDS: Mapping[str, str] = {
    Kind.CORRECTION.value: N_("A correction"),
    Kind.SOURCE.value: N_("A new source"),
    Kind.ARGUMENT.value: N_("A new argument"),
}
STATES: Mapping[SuggestionState, str] = {
    SuggestionState.OPEN: N_("waiting for an editor"),
    SuggestionState.NEEDS_ANSWER: N_("an editor has a question"),
    SuggestionState.ACCEPTED: N_("accepted; an editor is adding it"),
    SuggestionState.REJECTED: N_("rejected"),
    SuggestionState.PUBLISHED: N_("published"),
}


_ARGUMENT_HINTS: Mapping[str, str] = {
    "card": N_("Add card: and words of its title, or type /suggest alone to open a form."),
    "url": N_("Add the source's address, as in url:https://example.org/report."),
}
"""Hints on typing a missing argument, for a command without a form's labels."""


@dataclass(frozen=True, slots=True)
class SuggestCommands:
    shelf: Shelf
    suggestions: Suggestions
    interested: InterestCounter

    @command(
        "suggest",
        N_("Suggest a correction, a source or an argument to the editors"),
        form_when=lambda args: not args.get("words"),
    )
    async def suggest(
        self,
        ctx: Context,
        words: Annotated[str, Param(N_("What's wrong or missing, in your words"), rest=True, longest=WORDS_MAX)] = "",
        kind: Annotated[Kind, Param(N_("A correction, a source or an argument"), choices=KINDS)] = Kind.CORRECTION,
        card: Annotated[str, Param(N_("Which card it's about"), complete="titles")] = "",
        url: Annotated[str, Param(N_("The address of a source"), longest=URL_MAX)] = "",
    ) -> Outcome:
        if not words:
            return Outcome(Reply(form=self._open_form(ctx.t, card, kind)))
        where = self._parse_card(ctx.t, card)
        wrong = _wrong(ctx.t, kind, where[1], words, url)
        if wrong:
            name, sentence = next(iter(wrong.items()))
            raise Refused(" ".join((sentence, *([ctx.t(_ARGUMENT_HINTS[name])] if name in _ARGUMENT_HINTS else ()))))
        return await self._make(ctx, Idea(kind, where[0], where[1], words, url.strip()))

    @command("suggestions", N_("Show the status of your suggestions"))
    async def mine(self, ctx: Context) -> Outcome:
        t, suggestions = ctx.t, await self.suggestions.mine(ctx.request.actor)
        lines = [_line(t, ctx, each) for each in suggestions]
        buttons = [
            Button(t("Answer {id}", id=each.id), Action("suggest-answer", (each.id,)))
            for each in suggestions
            if each.state is SuggestionState.NEEDS_ANSWER
        ]
        nothing = text(t("You haven't suggested anything yet. Use /suggest, or the button on a card."))
        body = bullets(lines) if lines else nothing
        return Outcome(Reply((Card(title=t("Your suggestions"), body=body, controls=tuple(buttons)),)))

    @action("suggest", opens_form=True)
    async def about_card(self, ctx: Context, pack: str, entry: str) -> Outcome:
        self._entry(ctx.t, pack, entry)
        return Outcome(Reply(form=self._card_form(ctx, pack, entry)))

    @form("suggest-card", again="card_form_again")
    async def submit_about_card(self, ctx: Context, pack: str, entry: str, answers: Answers) -> Outcome:
        self._entry(ctx.t, pack, entry)
        return await self._submit(ctx, (pack, entry), answers)

    @form("suggest-open", again="open_form_again")
    async def submit(self, ctx: Context, answers: Answers) -> Outcome:
        try:
            where = self._parse_card(ctx.t, answer(answers, "card"))
        except NotFound as error:
            return await self._submit(ctx, ("", ""), answers, {"card": error.message})
        return await self._submit(ctx, where, answers)

    @action("suggest-answer", opens_form=True)
    async def answer_form(self, ctx: Context, suggestion: str) -> Outcome:
        return Outcome(Reply(form=_answer_form(ctx.t, suggestion)))

    @form("suggest-answered", again="answer_form_again")
    async def submit_answer(self, ctx: Context, suggestion: str, answers: Answers) -> Outcome:
        words = _clean_words(answer(answers, "words"))
        if not words:
            return Outcome(errors={"words": ctx.t("Write something first.")})
        await self.suggestions.answer(suggestion, ctx.request.actor, words, ctx.t)
        sentence = ctx.t("The editors read it next to your suggestion {id}.", id=suggestion)
        return Outcome(Reply((Card(title=ctx.t("The editors have your answer"), body=text(sentence), tone=Tone.GOOD),)))

    # --- forms, made anew ---

    async def card_form_again(self, ctx: Context, pack: str, entry: str) -> Outcome:
        return Outcome(Reply(form=self._card_form(ctx, pack, entry)))

    async def open_form_again(self, ctx: Context) -> Outcome:
        return Outcome(Reply(form=self._open_form(ctx.t, "", Kind.CORRECTION)))

    async def answer_form_again(self, ctx: Context, suggestion: str) -> Outcome:
        return Outcome(Reply(form=_answer_form(ctx.t, suggestion)))

    def titles(self, ctx: Context, prefix: str, _args: Mapping[str, object]) -> Sequence[Choice]:
        return cards.title_choices(ctx.t, self.shelf.current, prefix)

    # --- what is common ---

    async def _submit(
        self, ctx: Context, where: tuple[str, str], answers: Answers, mistakes: Mapping[str, str] | None = None
    ) -> Outcome:
        """Store the suggestion, or report every mistake beside its field: earlier ones, and the rest."""
        kind = picked(answers, "kind", Kind.CORRECTION, ctx.t)
        words, url = _clean_words(answer(answers, "words")), answer(answers, "url").strip()
        wrong = {**_wrong(ctx.t, kind, where[1], words, url), **(mistakes or {})}
        if wrong:
            return Outcome(errors=wrong)
        return await self._make(ctx, Idea(kind, *where, words, url))

    async def _make(self, ctx: Context, idea: Idea) -> Outcome:
        t = ctx.t
        suggestion = await self.suggestions.make(idea, ctx.request.actor, ctx.community, ctx.request.now, t)
        if suggestion.kind is Kind.CORRECTION and suggestion.entry:
            self.interested.count_dispute(suggestion.pack, suggestion.entry)
        body = text(
            paragraph(Bold(about(t, self.shelf, suggestion))),
            quote(suggestion.words),
            suggestion.url,
            t("An editor will review it. I'll tell you the decision, and /suggestions shows it too."),
        )
        title = t("Thank you. The editors have your suggestion")
        return Outcome(Reply((Card(title=title, body=body, footer=suggestion.id, tone=Tone.GOOD),)))

    def _entry(self, t: Translator, pack: str, entry: str) -> Entry:
        match = self.shelf.current.library.find(pack, entry)
        if match is None:
            raise NotFound(t("That entry is no longer in the topic. Try /search."))
        return match

    def _parse_card(self, t: Translator, text: str) -> tuple[str, str]:
        """(pack, entry) of the card that the words name; the only topic if they name none.

        Raise NotFound.
        """
        edition, words = self.shelf.current, text.strip()
        packs: list[Pack] = list(edition.library.packs.values())
        if not words:
            if len(packs) == 1:
                return packs[0].id, ""
            raise NotFound(t("Which card or topic do you mean? Type words of its title."))
        for pack in packs:
            if words in pack.entries:
                return pack.id, words
            if words.casefold() in {pack.id, pack.info.title.casefold()}:
                return pack.id, ""
        matches = edition.index.find(words, limit=1)
        if not matches:
            raise NotFound(t("There's no card “{words}”. Type other words of its title.", words=shorten(words, 60)))
        return matches[0].pack_id, matches[0].entry.id

    def _card_form(self, ctx: Context, pack: str, entry: str) -> Form:
        known_entry = self.shelf.current.library.find(pack, entry)
        title = known_entry.title if known_entry is not None else entry
        kinds = [Kind.CORRECTION, Kind.SOURCE]
        kinds += [Kind.ARGUMENT] if known_entry is None or isinstance(known_entry, ARGUABLE) else []
        return Form(
            Action("suggest-card", (pack, entry)),
            ctx.t("Is this wrong?"),
            (_kind_input(ctx.t, kinds, Kind.CORRECTION), _words_input(ctx.t, title), _url_input(ctx.t)),
        )

    def _open_form(self, t: Translator, card: str, kind: Kind) -> Form:
        card_input = Input(
            "card",
            t("Which card it's about"),
            hint=t("Words of its title; empty for the whole topic"),
            value=card[: cards.TITLE_SHOWN],
            required=False,
            longest=cards.TITLE_SHOWN,
        )
        inputs = (_kind_input(t, list(Kind), kind), card_input, _words_input(t, ""), _url_input(t))
        return Form(Action("suggest-open"), t("Suggest something to the editors"), inputs)


def about(t: Translator, shelf: Shelf, suggestion: Suggestion) -> str:
    """The kind of a suggestion and its subject, in one line."""
    known_entry = shelf.current.library.find(suggestion.pack, suggestion.entry) if suggestion.entry else None
    title = known_entry.title if known_entry is not None else suggestion.entry
    if not title:
        pack = shelf.current.library.packs.get(suggestion.pack)
        title = pack.info.title if pack is not None else suggestion.pack
    return t("{kind}: {title}", kind=t(KINDS[suggestion.kind]), title=title)


def _line(t: Translator, ctx: Context, suggestion: Suggestion) -> tuple[Bold | Plain, ...]:
    note = (
        f" – {suggestion.note}"
        if suggestion.note and suggestion.state in {SuggestionState.NEEDS_ANSWER, SuggestionState.REJECTED}
        else ""
    )
    day = f"{suggestion.at.astimezone(ctx.community.tz):%Y-%m-%d}"
    return Bold(f"{suggestion.id} "), Plain(
        f"{day}, {t(STATES[suggestion.state])}: {shorten(suggestion.words, 120)}{note}"
    )


def _kind_input(t: Translator, kinds: Sequence[Kind], chosen: Kind) -> Input:
    options = tuple(Choice(t(KINDS[kind]), kind.value, chosen=kind is chosen) for kind in kinds)
    return Input("kind", t("Kind of suggestion"), InputKind.CHOICE, options=options)


def _words_input(t: Translator, title: str) -> Input:
    hint = shorten(t("About: {title}", title=title), cards.TITLE_SHOWN) if title else t("What should it say, and why?")
    return Input("words", t("What's wrong or missing"), InputKind.LINES, hint=hint, longest=WORDS_MAX)


def _url_input(t: Translator) -> Input:
    hint = t("https://… (optional)")
    return Input("url", t("The address of a source"), hint=hint, required=False, longest=URL_MAX)


def _answer_form(t: Translator, suggestion: str) -> Form:
    words = Input("words", t("Your answer"), InputKind.LINES, longest=WORDS_MAX)
    return Form(Action("suggest-answered", (suggestion,)), t("Answer the editors"), (words,))


def _clean_words(text: str) -> str:
    return clean_lines(text).strip()[:WORDS_MAX]


def _wrong(t: Translator, kind: Kind, entry: str, words: str, url: str) -> dict[str, str]:
    """Missing answers, by the input that lacks them."""
    wrong: dict[str, str] = {}
    if not _clean_words(words):
        wrong["words"] = t("Write something first.")
    if url and (not url.startswith(HTTP) or len(url.split()) > 1 or len(url) > URL_MAX):
        wrong["url"] = t("Enter an address that begins with https:// and has no spaces.")
    if kind is Kind.SOURCE and not url and "url" not in wrong:
        wrong["url"] = t("Where can people read the source? Enter its address.")
    if kind is not Kind.SOURCE and not entry:
        wrong["card"] = t("Which entry do you mean? Enter words of its title.")
    return wrong
