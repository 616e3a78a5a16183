"""Texts of the chat page itself."""

from __future__ import annotations

from collections.abc import Mapping

from bot.i18n import N_, translator

WORDS: Mapping[str, str] = {
    "motto": N_("Policy talk with its sources"),
    "skip": N_("Skip to the message box"),
    "you_are": N_("You are"),
    "demonstration": N_("Demonstration: you can be any of these people on this machine."),
    "moderator": N_("moderator"),
    "commands": N_("Commands"),
    "conversation": N_("Conversation"),
    "welcome": N_("Welcome"),
    "rest": N_("{n} more"),
    "rank": N_("No rank"),
    "score": N_("No score"),
    "line": N_("Message or command"),
    "placeholder": N_("Ask a question, or type /"),
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
    "discussion_page": N_("The whole result"),
    "needed": N_("Please fill this in."),
    "cancel": N_("Cancel"),
    "lost": N_("Connection lost. Trying again…"),
    "back": N_("Connected again."),
    "not_sent": N_("The bot isn't answering. Your words are still in the box: send them again in a moment."),
    "no_answer": N_("The bot isn't answering. Try again in a moment."),
    "newer": N_("Newer messages"),
    "no_script": N_("This page needs JavaScript, all of it served from this machine."),
}


def words(locale: str) -> dict[str, str]:
    """Translate the page's texts. The page fills in `{name}` itself."""
    t = translator(locale)
    return {key: t(sentence) for key, sentence in WORDS.items()}
