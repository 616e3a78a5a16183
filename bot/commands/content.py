"""The state of the content, for editors: what is live, and the problems of refused content."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.chat.markup import Bold, Code, Inline, Plain, Text, Time, bullets, coded, paragraph, text
from bot.chat.vocabulary import Action, Attachment, Button, Card, Outcome, Reply, Tone
from bot.dispatch.declare import Context, Permission, action, command
from bot.errors import BotError
from bot.i18n import N_, Translator
from bot.library.reload import Acceptance, Content, Refusal, Same, Watch
from bot.library.snapshot import Difference
from bot.packs.pack import Pack
from bot.packs.problems import Problem

IDS_SHOWN = 15
PROBLEMS_TOLD = 20
PROBLEMS_A_PAGE = 10
VERSION_SHOWN = 12


@dataclass(frozen=True, slots=True)
class ContentCommands:
    content: Content

    @command("content status", N_("Show which version of the content is live"), permission=Permission.EDITOR)
    async def status(self, ctx: Context) -> Outcome:
        t, content, edition = ctx.t, self.content, self.content.shelf.current
        packs = edition.library.packs.values()
        loaded = Time(content.loaded_at, f"{content.loaded_at.astimezone(ctx.community.tz):%Y-%m-%d %H:%M %Z}")
        body = text(
            bullets(_pack_line(t, pack) for pack in packs),
            paragraph(Bold(t("Version: ")), Code(edition.version[:VERSION_SHOWN] or t("unknown"))),
            paragraph(Bold(t("Loaded: ")), loaded),
            paragraph(Bold(t("Watching for changes: ")), _watching(t, content)),
            paragraph(Bold(t("Warnings: ")), str(len(edition.warnings))),
        )
        card = Card(title=t("The live content"), body=body, controls=(_problems_button(t),))
        refusals = () if content.refusal is None else (_refused_card(t, content.refusal),)
        return Outcome(Reply((*refusals, card)))

    @command("content reload", N_("Reload the content's files now"), permission=Permission.EDITOR)
    async def reload(self, ctx: Context) -> Outcome:
        end = await self.content.reload(by=ctx.request.actor)
        if isinstance(end, Same):
            sentence = ctx.t("The files match the live content.")
            return Outcome(Reply((Card(title=ctx.t("Nothing has changed"), body=text(sentence)),)))
        return Outcome(news(ctx.t, end))

    @command(
        "content problems", N_("Show the errors and warnings in the content's files"), permission=Permission.EDITOR
    )
    async def problems(self, ctx: Context) -> Outcome:
        return self._page(ctx, 0)

    @action("content-problems", permission=Permission.EDITOR, replaces=True)
    async def more(self, ctx: Context, start: str = "0") -> Outcome:
        return self._page(ctx, int(start) if start.isdecimal() and len(start) < VERSION_SHOWN else 0)

    def _page(self, ctx: Context, start: int) -> Outcome:
        """A page of the latest refusal's errors, or, without a refusal, of the live content's warnings."""
        t, refusal = ctx.t, self.content.refusal
        problems = refusal.errors if refusal else self.content.shelf.current.warnings
        page = problems[start : start + PROBLEMS_A_PAGE]
        rest = len(problems) - start - len(page)
        if not problems:
            sentence = t("No errors, no warnings.")
        elif refusal:
            sentence = t.count(
                "{n} error keeps new content from going live.",
                "{n} errors keep new content from going live.",
                len(problems),
            )
        else:
            sentence = t.count("{n} warning. The content is live.", "{n} warnings. The content is live.", len(problems))
        more = Button(
            t.count("{n} more", "{n} more", rest), Action("content-problems", (str(start + PROBLEMS_A_PAGE),))
        )
        card = Card(
            title=t("Problems in the content"),
            body=text(sentence, problem_lines(page)),
            tone=Tone.BAD if refusal else Tone.NEUTRAL,
            controls=(more,) if rest > 0 else (),
        )
        return Outcome(Reply((card,)), replace=start > 0)


def news(t: Translator, end: Acceptance | Refusal) -> Reply:
    """The message to editors about a change."""
    if isinstance(end, Refusal):
        attachment = Attachment("problems.txt", "".join(f"{problem}\n" for problem in end.errors), "text/plain")
        return Reply((_refused_card(t, end),), files=(attachment,) if len(end.errors) > PROBLEMS_TOLD else ())
    body = text(*_change_lines(t, end.differences))
    if end.warnings:
        more = t.count(
            "{n} warning; /content problems shows it.", "{n} warnings; /content problems shows them.", end.warnings
        )
        body = text(body, more)
    return Reply((Card(title=t("New content is live"), body=body, tone=Tone.GOOD),))


async def reload_now(ctx: Context, content: Content) -> tuple[Card, ...]:
    """Read the files after a tool has changed them, and report the result; on failure, the watch reads them soon."""
    try:
        end = await content.reload(by=ctx.request.actor)
    except BotError as error:
        return (Card(body=text(ctx.t(error.message)), tone=Tone.CAUTION),)
    return () if isinstance(end, Same) else news(ctx.t, end).cards


def _refused_card(t: Translator, refusal: Refusal) -> Card:
    count = len(refusal.errors)
    sentence = t.count(
        "Fix {n} error first. The old content stays live.",
        "Fix {n} errors first. The old content stays live.",
        count,
    )
    more = t("/content problems lists them all.") if count > PROBLEMS_TOLD else ""
    return Card(
        title=t("The new content has errors"),
        body=text(sentence, problem_lines(refusal.errors[:PROBLEMS_TOLD]), more),
        tone=Tone.BAD,
    )


def problem_lines(problems: Sequence[Problem]) -> Text:
    """A line for each problem, with file, line and column."""
    return bullets(
        (Code(f"{each.file}:{each.line}:{each.column}"), Plain(": "), *coded(each.message)) for each in problems
    )


def _change_lines(t: Translator, differences: Sequence[Difference]) -> Iterator[Text]:
    if not differences:
        yield text(t("No card has changed."))
    whole = {
        "added": t("This topic is new."),
        "removed": t("This topic is gone."),
        "changed": t("The topic's description has changed."),
    }
    for each in differences:
        lines: list[tuple[Inline, ...]] = []
        if each.whole:
            lines.append((Plain(whole[each.whole]),))
        changes = ((t("Added: "), each.added), (t("Changed: "), each.changed), (t("Removed: "), each.removed))
        lines += [(Plain(name), *_ids(t, ids)) for name, ids in changes if ids]
        yield text(paragraph(Bold(each.pack)), bullets(lines))


def _ids(t: Translator, ids: Sequence[str]) -> Iterator[Inline]:
    for number, name in enumerate(ids[:IDS_SHOWN]):
        if number:
            yield Plain(", ")
        yield Code(name)
    if len(ids) > IDS_SHOWN:
        yield Plain(t.count(" and {n} more", " and {n} more", len(ids) - IDS_SHOWN))


def _pack_line(t: Translator, pack: Pack) -> tuple[Inline, ...]:
    count = t.count("{n} card", "{n} cards", len(pack.entries))
    return Bold(pack.id), Plain(f": {count}, "), Plain(t("reviewed {day}", day=pack.info.reviewed.isoformat()))


def _watching(t: Translator, content: Content) -> str:
    seconds = content.watching.seconds
    if seconds is None:
        return t("no; use /content reload")
    if content.watching is Watch.EVENTS:
        return t("yes, changes go live within seconds")
    return t.count("yes, every {n} second", "yes, every {n} seconds", round(seconds))


def _problems_button(t: Translator) -> Button:
    return Button(t("Problems"), Action("content-problems"))
