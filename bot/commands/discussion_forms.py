"""Forms of discussions, and the reading of their answers."""

from __future__ import annotations

from bot.chat.vocabulary import Action, Form, Input, InputKind
from bot.commands import poll_forms
from bot.deliberation.model import QUESTION_MAX, WORDS_MAX, Moderation
from bot.dispatch.declare import Context, Param
from bot.errors import NotFound
from bot.i18n import N_, Translator
from bot.library.edition import Shelf
from bot.packs.model import Statement

NOTE_MAX = 200
MODERATION = Param(
    N_("When moderators read members' statements: before others do, after, or never"),
    choices={
        Moderation.BEFORE.value: N_("Before others see them"),
        Moderation.AFTER.value: N_("After others see them"),
        Moderation.OFF.value: N_("Never"),
    },
)


def starters_of(ctx: Context, shelf: Shelf, typed: str, topic: str) -> tuple[tuple[tuple[str, str], ...], str]:
    """Return (words, leaning) of the opening statements, and the pack; typed ones go before the pack's.

    Raise NotFound for a topic that doesn't exist.
    """
    packs = shelf.current.library.packs
    name = topic or ctx.community.topic
    pack = packs.get(name) or next((each for each in packs.values() if each.info.title == name), None)
    if topic and pack is None:
        raise NotFound(ctx.t("There's no topic “{topic}”. /topic lists them.", topic=topic[:60]))
    if pack is None:
        pack = next((each for each in packs.values() if any(each.all(Statement))), None)
    words = poll_forms.split_options(typed)
    if words:
        return tuple((each, "") for each in words), ""
    if pack is None:
        return (), ""
    return tuple((each.text, str(each.lean)) for each in pack.all(Statement)), pack.id


def start_form(t: Translator) -> Form:
    """Ask a host for a new discussion's question, statements and close."""
    return Form(
        Action("discuss-started"),
        t("A new discussion"),
        (
            Input("question", t("What it's about"), longest=QUESTION_MAX),
            Input(
                "statements",
                t("Statements to begin with"),
                InputKind.LINES,
                hint=t("At least 5, one on each line; empty for the topic's"),
                required=False,
                longest=3000,
            ),
            Input("closes", t("When it closes"), hint=t("2h, 3 days, tomorrow 18:00"), value="7 days", longest=60),
        ),
    )


def add_form(t: Translator, discussion: str) -> Form:
    """Ask for a member's statement."""
    hint = t("One idea that others can agree or disagree with")
    words = Input("words", t("Your statement"), hint=hint, longest=WORDS_MAX * 3)
    return Form(Action("discuss-added", (discussion,)), t("Add your own"), (words,))


def reject_form(t: Translator, discussion: str, position: str) -> Form:
    """Ask a moderator for the reason of a rejection."""
    hint = t("Its author reads this")
    note = Input("note", t("Why you reject it"), hint=hint, longest=NOTE_MAX)
    return Form(Action("discuss-rejected", (discussion, position)), t("Reject this statement"), (note,))
