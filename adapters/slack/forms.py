"""A form as Slack's modal, and back: what was filled in. Pure functions.

https://docs.slack.dev/reference/views/modal-views
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from slack_sdk.models.blocks import (
    Block,
    ConversationFilter,
    ConversationSelectElement,
    InputBlock,
    PlainTextInputElement,
)
from slack_sdk.models.views import View

from adapters.slack.decoding import NO_NAMES, Names, decode
from adapters.slack.render import LIMITS, buttons_of, list_of
from adapters.slack.texts import plain_text
from bot.chat.fit import fit_option
from bot.chat.markup import clean, shorten
from bot.chat.vocabulary import Answers, Form, Input, InputKind
from bot.i18n import Translator

CALLBACK = "form"
WHERE = "parley-where"
"""The input that asks for a channel, where the form was not opened in one."""
TITLE_MAX = 24
LABEL_MAX = 2000
TEXT_MAX = 3000
PLACEHOLDER_MAX = 150

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class FormOrigin:
    """What a form carries in `private_metadata`: what it does, and from where it came.

    Members never see it, Slack signs what comes back, and the seal binds it to the member who opened the form: so
    nobody sends another member's form, or one for a place where they never were. It says nothing of who can see that
    place; `places.py` finds that out.
    """

    action: str
    channel: str = ""
    thread: str = ""
    url: str = ""
    seal: str = ""

    def sealed(self, token: str, user: str) -> FormOrigin:
        """Return it with the seal for this member, under the workspace's token."""
        return replace(self, seal=self._seal(token, user))

    def is_sealed(self, token: str, user: str) -> bool:
        """Tell whether this member opened the form, under this token."""
        return hmac.compare_digest(self.seal.encode(errors="replace"), self._seal(token, user).encode())

    def _seal(self, token: str, user: str) -> str:
        words = json.dumps([self.action, self.channel, self.thread, self.url, user])
        return hmac.new(token.encode(), words.encode(), hashlib.sha256).hexdigest()

    def encode(self) -> str:
        return json.dumps(asdict(self), separators=(",", ":"))

    @classmethod
    def decode(cls, encoded: str) -> FormOrigin:
        """Of another version's form, or of none: an origin whose action nobody knows."""
        try:
            origin = json.loads(encoded)
            words = [origin.get(each.name, "") for each in fields(cls)]
        except (ValueError, AttributeError, RecursionError):
            return cls("")
        return cls(*words) if all(isinstance(word, str) for word in words) else cls("")


def view(form: Form, origin: FormOrigin, t: Translator) -> Json:
    """The modal. Raises SlackObjectFormationError for what the kit's own checks find."""
    blocks: list[Block] = [_input(question) for question in form.inputs]
    if not origin.channel:
        blocks.append(_where(t))
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
    return FormOrigin(form.action.encode(), channel, thread, url)


def answers(modal: Mapping[str, Any], names: Names = NO_NAMES) -> Answers:
    """What was filled in, by the input's name; the channel that was asked for is none of it."""
    values: Mapping[str, Mapping[str, Any]] = (modal.get("state") or {}).get("values") or {}
    filled: dict[str, Mapping[str, Any]] = {
        name: next(iter(elements.values()), {}) for name, elements in values.items() if name != WHERE
    }
    return {name: _answer(element, names) for name, element in filled.items()}


def typed(modal: Mapping[str, Any]) -> list[str]:
    """What was typed into the inputs, as Slack writes it."""
    values: Mapping[str, Mapping[str, Any]] = (modal.get("state") or {}).get("values") or {}
    return [str(element.get("value") or "") for elements in values.values() for element in elements.values()]


def channel_of(modal: Mapping[str, Any]) -> str:
    """The channel that was picked in a form that asked for one."""
    values: Mapping[str, Mapping[str, Any]] = (modal.get("state") or {}).get("values") or {}
    picked: Mapping[str, Mapping[str, Any]] = values.get(WHERE, {})
    return str(next((one.get("selected_conversation") for one in picked.values()), "") or "")


def names(modal: Mapping[str, Any]) -> list[str]:
    """The inputs of a modal as it was shown, in order."""
    return [str(block["block_id"]) for block in modal.get("blocks") or () if block.get("type") == "input"]


def _answer(element: Mapping[str, Any], names: Names) -> str | tuple[str, ...]:
    if "selected_options" in element:
        return tuple(str(option["value"]) for option in element["selected_options"] or ())
    if "selected_option" in element:
        option = element["selected_option"]
        return (str(option["value"]),) if option else ()
    return decode(str(element.get("value") or ""), names)


def _input(question: Input) -> InputBlock:
    return InputBlock(
        block_id=question.name,
        label=plain_text(shorten(clean(question.label), LABEL_MAX)),
        element=_picking(question) if question.picks else _text(question),
        hint=plain_text(shorten(clean(question.hint), LABEL_MAX)) if question.hint.strip() else None,
        optional=not question.required,
    )


def _text(question: Input) -> PlainTextInputElement:
    most = min(question.longest, TEXT_MAX)
    return PlainTextInputElement(
        action_id=question.name,
        multiline=question.kind is InputKind.LINES,
        initial_value=question.value[:most] or None,
        max_length=most,
    )


def _picking(question: Input) -> Json:
    options = [fit_option(choice, LIMITS) for choice in question.options]
    if question.kind is InputKind.CHOICE:
        return buttons_of(question.name, options, several=question.several)
    label = shorten(clean(question.label), PLACEHOLDER_MAX)
    return list_of(question.name, label, options, most=question.most, type_ahead=question.type_ahead)


def _where(t: Translator) -> InputBlock:
    return InputBlock(
        block_id=WHERE,
        label=plain_text(t("Where to post it")),
        element=ConversationSelectElement(
            action_id=WHERE,
            default_to_current_conversation=True,
            response_url_enabled=True,
            filter=ConversationFilter(include=["public", "private"], exclude_bot_users=True),
        ),
    )
