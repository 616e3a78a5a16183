"""Pages for an admin who installs the app in a workspace. They load no other file and run no script."""

from __future__ import annotations

import re
from collections.abc import Mapping

from adapters.http.html import Child, Html, el
from adapters.slack.installations import STATE_LIVES
from bot.i18n import N_, Translator

STYLE = """
.add {
  display: inline-block;
  padding: 0.6rem 1.3rem;
  border-radius: 0.5rem;
  background: var(--accent);
  color: var(--accent-ink);
  font: 600 1rem/1.4 var(--sans);
  text-decoration: none;
}
"""
MAY: Mapping[str, str] = {
    "commands": N_("answer the command /parley and appear in message menus"),
    "app_mentions:read": N_("read messages that mention it, to answer them"),
    "im:history": N_("read what members write to it directly, to answer them"),
    "chat:write": N_("post where you invite it, such as polls and their results"),
    "chat:write.public": N_("post in public channels when a member asks it to"),
    "channels:read": N_("see which channels are public, so that a private channel's polls stay there"),
    "groups:read": N_("see the same for private channels you invite it to"),
    "im:read": N_("tell its own direct messages from other members'"),
    "mpim:read": N_("tell group conversations from channels"),
    "files:write": N_("send pictures of results, and files that a member asks for"),
    "files:read": N_("see whether its files are ready"),
    "users:read": N_("see members' names and languages, and who is an admin"),
    "usergroups:read": N_("see who is in which user group, for polls that only a group can vote in"),
}
"""Purpose of each permission, by Slack's name for it."""
START_AGAIN = N_("Start again")
OLD = "old"
FAILURES: Mapping[str, tuple[int, str, str]] = {
    "access_denied": (
        200,
        N_("You didn't install Parley"),
        N_("You didn't give permission, so nothing has changed."),
    ),
    OLD: (
        400,
        N_("This link doesn't work"),
        N_(
            "Allow cookies for this page, then start again. The link is used up, older than ten minutes, or from "
            "another browser. Nothing has changed."
        ),
    ),
    "organisation": (
        400,
        N_("Choose one workspace"),
        N_("Install Parley in each workspace that wants it. It can't be installed for a whole organisation."),
    ),
    "rotation": (
        500,
        N_("The app isn't set up correctly"),
        N_(
            "Its tokens expire, and Parley can't renew them. Ask the operator to create the app without token rotation."
        ),
    ),
    "credentials": (
        500,
        N_("The app isn't set up correctly"),
        N_("Slack rejects the app's id and secret. Tell the operator, who finds the details in the log."),
    ),
    "unreachable": (503, N_("Parley can't reach Slack right now"), N_("Nothing has changed. Try again in a minute.")),
    "storage": (
        503,
        N_("Parley couldn't save the installation"),
        N_("Its database isn't available right now. Try again soon."),
    ),
}
"""HTTP status, title and sentence, by reason."""
_SLACKS_NAME = re.compile(r"[a-z][a-z_]{1,60}")


def install(t: Translator, url: str, style: str) -> Html:
    """Draw the first page: Parley's purpose, its permissions, and the link to Slack's confirmation."""
    return _document(
        t,
        t("Add Parley to Slack"),
        style,
        el(
            "section",
            el("h1", t("Add Parley to Slack")),
            el("p", t("Facts with their sources, counterarguments, and polls you can trust, in your workspace.")),
            el("p", el("a", t("Add to Slack"), href=url, class_="add")),
            el(
                "p",
                t("Slack will ask you to confirm. You have {n} minutes to answer.", n=str(STATE_LIVES.seconds // 60)),
            ),
        ),
        el(
            "section",
            el("h2", t("What Parley can do")),
            el("ul", *(el("li", t(purpose)) for purpose in MAY.values())),
            el("p", t("It reads no other messages than the ones that a member picks from a message's menu.")),
            el(
                "p",
                t("An admin can remove it at any time. That ends its permissions and cancels open polls."),
            ),
        ),
    )


def installed(t: Translator, name: str, url: str, style: str) -> Html:
    """Draw the page of a finished installation."""
    return _document(
        t,
        t("Parley is installed"),
        style,
        el(
            "section",
            el("h1", t("Parley is now in {name}", name=name), dir="auto"),
            el("p", t("Type /parley in a channel to begin. In a private channel, type /invite @Parley first.")),
            el("p", el("a", t("Open Slack"), href=url, class_="add")),
        ),
    )


def failed(t: Translator, reason: str, style: str) -> tuple[int, Html]:
    """Return the HTTP status and page of a failed installation. An unknown reason shows Slack's own name for it."""
    slacks_name = _SLACKS_NAME.fullmatch(reason)
    explanation = t("Slack says: {reason}.", reason=reason) if slacks_name else t("Nothing has changed.")
    status, title, sentence = FAILURES.get(reason, (400, N_("Parley isn't installed"), explanation))
    return status, _sorry(t, t(title), t(sentence), style)


def broken(t: Translator, reference: str, style: str) -> Html:
    """Draw the page of a bug, with its code."""
    sentence = t(
        "Something went wrong on my side. If it happens again, tell the moderators this code: {code}", code=reference
    )
    return _sorry(t, t("Parley isn't installed"), sentence, style)


def _sorry(t: Translator, title: str, sentence: str, style: str) -> Html:
    again = el("p", el("a", t(START_AGAIN), href="install", class_="add"))
    return _document(t, title, style, el("section", el("h1", title), el("p", sentence), again))


def _document(t: Translator, title: str, style: str, *sections: Child) -> Html:
    head = (
        el("meta", charset="utf-8"),
        el("meta", name="viewport", content="width=device-width, initial-scale=1"),
        el("meta", name="color-scheme", content="light dark"),
        el("title", f"{title} · Parley"),
        el("link", rel="icon", href="data:,"),
        el("style", Html(style)),
    )
    body = (el("header", "Parley"), el("main", *sections))
    return Html("<!doctype html>\n" + el("html", el("head", *head), el("body", *body), lang=t.locale))
