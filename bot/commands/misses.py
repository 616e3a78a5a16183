"""Searches without a match, for editors: the count, the nearest card, and a button that adds the words to it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from hashlib import sha256
from typing import NamedTuple

from bot.authoring.aliases import add_words, key_of
from bot.authoring.pack_paths import served_folder
from bot.chat.markup import Bold, Plain, bullets, text
from bot.chat.vocabulary import Action, Button, Card, Control, Outcome, Reply, Tone
from bot.commands.content import reload_now
from bot.commands.entry_choices import pick_match
from bot.commands.questions import ASKED
from bot.dispatch.declare import Context, Permission, action, command
from bot.errors import NotFound
from bot.i18n import N_
from bot.library.reload import Content
from bot.search.answer import Certainty, Match
from bot.search.usage import MISSES_LEAST, InterestCounter

SHOWN = 8
_DIGEST_LETTERS = 12


class Miss(NamedTuple):
    """Words that found nothing, with their count and the nearest card today, if there is one."""

    words: str
    times: int
    nearest: Match | None


@dataclass(frozen=True, slots=True)
class MissCommands:
    content: Content
    interested: InterestCounter
    _writing: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Lets one change of the files run at a time."""

    @command("content misses", N_("Show what members looked for and didn't find"), permission=Permission.EDITOR)
    async def misses(self, ctx: Context) -> Outcome:
        return Outcome(Reply((await self._card(ctx),)))

    @action("misses", permission=Permission.EDITOR)
    async def show(self, ctx: Context) -> Outcome:
        return await self.misses(ctx)

    @action("miss-alias", permission=Permission.EDITOR)
    async def make_alias(self, ctx: Context, digest: str, pack: str, entry: str) -> Outcome:
        """Write the words into the files as an alias or a question of the card, and reload."""
        t = ctx.t
        words = next((words for words in await self._counts(ctx) if _digest(words) == digest), None)
        if words is None:
            raise NotFound(t("These words no longer count. /content misses shows the ones that do."))
        folder = await asyncio.to_thread(served_folder, self.content.source, pack)
        async with self._writing:
            file = await asyncio.to_thread(add_words, folder, entry, words, ctx.request.now.date(), t)
        name = file.relative_to(folder.parent).as_posix()
        if key_of(words) == "aliases":
            title = t("The alias is added")
            sentence = t("“{words}” is an alias of {entry} now, in {file}.", words=words, entry=entry, file=name)
        else:
            title = t("The question is added")
            sentence = t("“{words}” is a question of {entry} now, in {file}.", words=words, entry=entry, file=name)
        again = Button(t("More that members didn't find"), Action("misses"))
        card = Card(title=title, body=text(sentence), tone=Tone.GOOD, controls=(again,))
        return Outcome(Reply((card, *await reload_now(ctx, self.content))))

    async def _card(self, ctx: Context) -> Card:
        t, misses = ctx.t, await self._unanswered(ctx)
        about = t(
            "Words that members typed at least {n} times and that found nothing. Mentions, direct messages and "
            "private places don't count.",
            n=MISSES_LEAST,
        )
        title = t("Searched for and not found")
        if not misses:
            return Card(title=title, body=text(about, t("There are none now.")))
        lines = bullets((_pieces(t("nothing comes near"), miss) for miss in misses), numbered=True)
        near = [(number, miss.words, miss.nearest) for number, miss in enumerate(misses, 1) if miss.nearest]
        controls: list[Control] = [
            Button(
                t("Make {n} an alias", n=number) if key_of(words) == "aliases" else t("Make {n} a question", n=number),
                Action("miss-alias", (_digest(words), match.pack_id, match.entry.id)),
            )
            for number, words, match in near
        ]
        if near:
            controls.append(pick_match(t, t("Open one"), _once([match for _, _, match in near])))
        return Card(title=title, body=text(about, lines), controls=tuple(controls), tone=Tone.INFO)

    async def _counts(self, ctx: Context) -> dict[str, int]:
        await self.interested.write(ctx.request.now)
        interest = await self.interested.read()
        return dict(interest.misses) if interest else {}

    async def _unanswered(self, ctx: Context) -> list[Miss]:
        """Return the words that no card answers surely today, the most frequent first."""
        counts = await self._counts(ctx)
        answers = self.content.shelf.current.answers
        misses: list[Miss] = []
        for words in sorted(counts, key=lambda words: (-counts[words], words)):
            answer = await answers.answer(words, ASKED, limit=1)
            if answer.certainty is not Certainty.SURE:
                misses.append(Miss(words, counts[words], answer.matches[0] if answer.matches else None))
            if len(misses) == SHOWN:
                break
        return misses


def _pieces(nothing: str, miss: Miss) -> tuple[Bold | Plain, ...]:
    nearest = nothing if miss.nearest is None else miss.nearest.entry.title
    return Bold(miss.words), Plain(f" ({miss.times}): {nearest}")


def _once(matches: list[Match]) -> list[Match]:
    return list({(match.pack_id, match.entry.id): match for match in matches}.values())


def _digest(words: str) -> str:
    """The digest of the words for a button, which never holds a person's words."""
    return sha256(words.encode()).hexdigest()[:_DIGEST_LETTERS]
