"""Draw a form as Slack's modal, and read what the member filled in. Pure functions.

https://docs.slack.dev/reference/views/modal-views
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from slack_sdk.models.blocks import ConversationFilter, ConversationSelectElement, InputBlock
from slack_sdk.models.views import View

from adapters.slack.decoding import NO_NAMES, Names
from adapters.slack.fields import answers_of, blocks_of, fields_of, with_another
from adapters.slack.texts import plain_text
from bot.chat.markup import clean, shorten
from bot.chat.vocabulary import Answers, Form
from bot.i18n import Translator

CALLBACK = "form"
WHERE = "parley-where"
"""Id of the input that asks for a channel, in a form that wasn't opened in one."""
TITLE_MAX = 24

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class FormOrigin:
    """The data that a form carries in `private_metadata`: its action, and the place it was opened in.

    Members never see it, Slack signs each request, and the seal binds it to the member who opened the form. So nobody
    can send another member's form, or one for a place where they never were. It doesn't tell who can see the place;
    `places.py` finds that out.
    """

    action: str
    channel: str = ""
    thread: str = ""
    url: str = ""
    seal: str = ""

    def sealed(self, token: str, user: str) -> FormOrigin:
        """Return the origin, sealed for this member under the workspace's token."""
        return replace(self, seal=self._seal(token, user))

    def is_sealed(self, token: str, user: str) -> bool:
        """Tell whether this member opened the form, under this token."""
        return hmac.compare_digest(self.seal.encode(errors="replace"), self._seal(token, user).encode())

    def _seal(self, token: str, user: str) -> str:
        words = json.dumps([self.action, self.channel, self.thread, self.url, user])
        return hmac.new(token.encode(), words.encode(), hashlib.sha256).hexdigest()

    def encode(self) -> str:
        """Return the JSON for `private_metadata`."""
        return json.dumps(asdict(self), separators=(",", ":"))

    @classmethod
    def decode(cls, encoded: str) -> FormOrigin:
        """Decode an origin. Metadata of another version, or none, gives an origin with an unknown action."""
        try:
            origin = json.loads(encoded)
            words = [origin.get(each.name, "") for each in fields(cls)]
        except (ValueError, AttributeError, RecursionError):
            return cls("")
        return cls(*words) if all(isinstance(word, str) for word in words) else cls("")


def view(form: Form, origin: FormOrigin, t: Translator) -> Json:
    """Draw the modal. Raises SlackObjectFormationError if slack_sdk's own checks fail."""
    blocks = [block for question in form.inputs for block in blocks_of(question, t)]
    if not origin.channel:
        hint = "" if form.elsewhere else t("I'll show you a preview there first.")
        blocks.append(_where(t, hint))
    return View(
        type="modal",
        callback_id=CALLBACK,
        title=plain_text(shorten(clean(form.title), TITLE_MAX)),
        submit=plain_text(shorten(t("Send"), TITLE_MAX)),
        close=plain_text(shorten(t("Cancel"), TITLE_MAX)),
        private_metadata=origin.encode(),
        blocks=blocks,
    ).to_dict()


def origin_of(form: Form, *, channel: str, thread: str, url: str) -> FormOrigin:
    """Return the form's origin. A form that asks for a place has no channel."""
    if form.elsewhere:
        channel = thread = ""
    return FormOrigin(form.action.encode(), channel, thread, url)


def answers(modal: Mapping[str, Any], names: Names = NO_NAMES) -> Answers:
    """Return the answers by the input's name, without the channel that the form asked for."""
    values: Mapping[str, Mapping[str, Any]] = (modal.get("state") or {}).get("values") or {}
    return answers_of({name: elements for name, elements in values.items() if name != WHERE}, names)


def with_another_option(modal: Mapping[str, Any], t: Translator) -> Json:
    """Return the modal with one more field. Slack keeps the answers, since the other fields keep their ids."""
    same = {name: modal[name] for name in ("type", "callback_id", "title", "submit", "close", "private_metadata")}
    return {**same, "blocks": with_another(modal["blocks"], t)}


def typed(modal: Mapping[str, Any]) -> list[str]:
    """Return the text of each input, as Slack encodes it."""
    values: Mapping[str, Mapping[str, Any]] = (modal.get("state") or {}).get("values") or {}
    return [str(element.get("value") or "") for elements in values.values() for element in elements.values()]


def channel_of(modal: Mapping[str, Any]) -> str:
    """Return the channel that the member picked in a form that asks for one; empty if none."""
    values: Mapping[str, Mapping[str, Any]] = (modal.get("state") or {}).get("values") or {}
    picked: Mapping[str, Mapping[str, Any]] = values.get(WHERE, {})
    return str(next((one.get("selected_conversation") for one in picked.values()), "") or "")


def mistake_places(modal: Mapping[str, Any]) -> dict[str, str]:
    """Map each question of a modal, in order, to the field that shows its mistakes."""
    values: Mapping[str, Mapping[str, Any]] = (modal.get("state") or {}).get("values") or {}
    blocks = [str(block["block_id"]) for block in modal.get("blocks") or () if block.get("type") == "input"]
    return fields_of(blocks, values)


def _where(t: Translator, hint: str) -> InputBlock:
    return InputBlock(
        block_id=WHERE,
        label=plain_text(t("Where to post it")),
        hint=plain_text(hint) if hint else None,
        element=ConversationSelectElement(
            action_id=WHERE,
            default_to_current_conversation=True,
            response_url_enabled=True,
            filter=ConversationFilter(include=["public", "private"], exclude_bot_users=True),
        ),
    )
