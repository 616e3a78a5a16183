"""The sentences of the page itself, and in which language a browser gets them."""

from __future__ import annotations

from collections.abc import Mapping

from bot.i18n import FOLDER, N_, PSEUDO, translator

WORDS: Mapping[str, str] = {
    "motto": N_("Policy talk with its sources"),
    "skip": N_("Skip to the message box"),
    "you_are": N_("You are"),
    "demonstration": N_("Demonstration: you can be any of these people on this machine."),
    "moderator": N_("moderator"),
    "commands": N_("Commands"),
    "conversation": N_("Conversation"),
    "welcome_title": N_("Ask, and see where the answer comes from"),
    "welcome_text": N_(
        "Type a command below, or start with one of these. Answers are for you alone until you share them; "
        "words without a slash go to everyone."
    ),
    "welcome_examples": N_("Examples to try"),
    "line": N_("Message or command"),
    "placeholder": N_("Type / for commands, or write to everyone"),
    "send": N_("Send"),
    "suggestions": N_("Suggestions"),
    "suggestion_count": N_("Suggestions: {n}. Choose with the arrow keys, take one with Tab or Enter."),
    "only_you": N_("Only you see this"),
    "choose": N_("Choose one…"),
    "pick": N_("Choose"),
    "vote": N_("Vote"),
    "several": N_("Choose at least {least} and at most {most}."),
    "save": N_("Save {name}"),
    "poll_page": N_("Chart, rules and audit"),
    "needed": N_("This is needed."),
    "cancel": N_("Cancel"),
    "lost": N_("The connection is lost. Trying again…"),
    "back": N_("Connected again."),
    "not_sent": N_("That could not be sent: the bot does not answer. Your words are still in the box."),
    "no_answer": N_("The bot does not answer. Try again in a moment."),
    "newer": N_("Newer messages"),
    "no_script": N_("This page needs JavaScript, all of it served from this machine."),
}


def words(locale: str) -> dict[str, str]:
    """Every sentence of the page in one language; the page fills in `{name}` itself."""
    t = translator(locale)
    return {key: t(sentence) for key, sentence in WORDS.items()}


def negotiate(wanted: str) -> str:
    """The best language there is for an Accept-Language header: its exact tag, else its language, else English."""
    known = {"en", PSEUDO, *(folder.name.replace("_", "-") for folder in FOLDER.glob("*") if folder.is_dir())}
    for tag in _by_preference(wanted):
        for name in (tag, tag.partition("-")[0]):
            if name in known:
                return name
    return "en"


def _by_preference(wanted: str) -> list[str]:
    tags: list[tuple[float, str]] = []
    for part in wanted[:400].split(","):
        tag, _, weight = part.strip().partition(";q=")
        try:
            tags.append((float(weight or 1), tag.strip()))
        except ValueError:
            continue
    return [tag for _, tag in sorted(tags, key=lambda pair: -pair[0])]
