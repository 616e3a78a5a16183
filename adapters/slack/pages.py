"""The pages for somebody who installs the app in a workspace. They stand alone: nothing is loaded, nothing runs."""

from __future__ import annotations

import re
from collections.abc import Mapping

from adapters.slack.installations import STATE_LIVES
from adapters.web.elements import Child, Html, el
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
    "commands": N_("answer the command /parley, and stand in the menus of messages"),
    "chat:write": N_("write where it was invited, such as polls and their results"),
    "chat:write.public": N_("write in public channels where a member asks it to"),
    "files:write": N_("send pictures of results, and files that a member asks for"),
    "files:read": N_("see whether the files that it sent are ready"),
    "users:read": N_("see the names, languages and time zones of members, and who is an admin"),
    "usergroups:read": N_("see who is in which user group, for polls that only a group may vote in"),
}
"""What each permission is for, by Slack's name for it."""
START_AGAIN = N_("Start again")
OLD = "old"
FAILURES: Mapping[str, tuple[int, str, str]] = {
    "access_denied": (
        200,
        N_("Nothing was installed"),
        N_("The permission was not given, so Parley was not added and nothing was changed."),
    ),
    OLD: (
        400,
        N_("This link can't be used"),
        N_(
            "It was used before, is older than ten minutes, or began in another browser. Nothing was changed by it. "
            "Cookies must be allowed for this page."
        ),
    ),
    "organisation": (
        400,
        N_("Choose one workspace"),
        N_("Parley can't be installed for a whole organisation at once. Install it in each workspace that wants it."),
    ),
    "rotation": (
        500,
        N_("The app is not set up rightly"),
        N_("Its tokens expire, which Parley can't renew. Whoever runs it must create the app without token rotation."),
    ),
    "credentials": (
        500,
        N_("The app is not set up rightly"),
        N_("Slack does not take the app's id and secret. Tell whoever runs this Parley; there is a line in its log."),
    ),
    "unreachable": (503, N_("Slack can't be reached just now"), N_("Nothing was changed. Try again in a minute.")),
    "storage": (503, N_("This could not be stored"), N_("Parley's database can't be used just now. Try again soon.")),
}
"""HTTP status, title and sentence, by what went wrong."""
_SLACKS_NAME = re.compile(r"[a-z][a-z_]{1,60}")


def install(t: Translator, url: str, style: str) -> Html:
    """Where it begins: what Parley is, what it may do then, and the way to Slack's own question."""
    return _document(
        t,
        t("Add Parley to Slack"),
        style,
        el(
            "section",
            el("h1", t("Add Parley to Slack")),
            el("p", t("Facts with their sources, counterarguments, and polls one can trust, in your workspace.")),
            el("p", el("a", t("Add to Slack"), href=url, class_="add")),
            el(
                "p",
                t("Slack then asks you once more. You have {n} minutes to answer.", n=str(STATE_LIVES.seconds // 60)),
            ),
        ),
        el(
            "section",
            el("h2", t("What it may do then")),
            el("ul", *(el("li", t(purpose)) for purpose in MAY.values())),
            el("p", t("It reads no messages but those that a member picks in the menu of a message.")),
            el(
                "p",
                t("An admin can remove it at any time. Its permission ends with that, and open polls are cancelled."),
            ),
        ),
    )


def installed(t: Translator, name: str, url: str, style: str) -> Html:
    """It worked."""
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
    """It did not work: the HTTP status, and the page. What Slack calls it is shown where there are no better words."""
    named = _SLACKS_NAME.fullmatch(reason)
    told = t("Slack says: {reason}.", reason=reason) if named else t("Nothing was changed.")
    status, title, sentence = FAILURES.get(reason, (400, N_("Parley was not installed"), told))
    return status, _sorry(t, t(title), t(sentence), style)


def broken(t: Translator, reference: str, style: str) -> Html:
    """For a bug."""
    sentence = t("Something went wrong on my side. The code is {code}.", code=reference)
    return _sorry(t, t("Parley was not installed"), sentence, style)


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
