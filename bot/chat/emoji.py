"""Emoji at the beginning of people's text, for platforms that draw an emoji in a place of its own."""

from __future__ import annotations

import re

from bot.chat.markup import Emoji, Inline, Plain

_PICTURES = (
    "\u231a\u231b\u23e9-\u23ec\u23f0\u23f3\u25fd\u25fe\u2614\u2615\u2648-\u2653\u267f\u2693\u26a1\u26aa\u26ab\u26bd\u26be"
    "\u26c4\u26c5\u26ce\u26d4\u26ea\u26f2\u26f3\u26f5\u26fa\u26fd\u2705\u270a\u270b\u2728\u274c\u274e\u2753-\u2755\u2757"
    "\u2795-\u2797\u27b0\u27bf\u2b1b\u2b1c\u2b50\u2b55\U0001f300-\U0001f320\U0001f32d-\U0001f335\U0001f337-\U0001f37c"
    "\U0001f37e-\U0001f393\U0001f3a0-\U0001f3ca\U0001f3cf-\U0001f3d3\U0001f3e0-\U0001f3f0\U0001f3f4\U0001f3f8-\U0001f43e"
    "\U0001f440\U0001f442-\U0001f4fc\U0001f4ff-\U0001f53d\U0001f54b-\U0001f54e\U0001f550-\U0001f567\U0001f57a\U0001f595"
    "\U0001f596\U0001f5a4\U0001f5fb-\U0001f64f\U0001f680-\U0001f6c5\U0001f6cc\U0001f6d0-\U0001f6d2\U0001f6d5-\U0001f6d7"
    "\U0001f6dd-\U0001f6df\U0001f6eb\U0001f6ec\U0001f6f4-\U0001f6fc\U0001f7e0-\U0001f7eb\U0001f90c-\U0001f93a"
    "\U0001f93c-\U0001f945\U0001f947-\U0001f9ff\U0001fa70-\U0001fa74\U0001fa78-\U0001fa7c\U0001fa80-\U0001fa86"
    "\U0001fa90-\U0001faac\U0001fab0-\U0001faba\U0001fac0-\U0001fac5\U0001fad0-\U0001fad9\U0001fae0-\U0001fae7"
    "\U0001faf0-\U0001faf6"
)
"""Pictures without U+FE0F (Emoji_Presentation of https://unicode.org/Public/emoji/14.0/, long on all platforms)."""
_SIGNS = "\u203c-\u3299\U0001f170-\U0001f251\U0001f321-\U0001f6f3"
"""Characters, some of which are drawn as a picture when U+FE0F follows."""
_ONE = f"(?:[{_PICTURES}]\ufe0f?|[{_SIGNS}]\ufe0f)[\U0001f3fb-\U0001f3ff]?"
_UNICODE = re.compile(
    f"[\U0001f1e6-\U0001f1ff]{{2}}|[0-9#*]\ufe0f\u20e3|{_ONE}(?:\u200d{_ONE}|\u200d[\u2640\u2642]\ufe0f?)*"
)
_CODE = re.compile(r":[^:\s]{1,100}:")
"""The text form of a platform's own emoji, `:tea:`."""


def code_in(words: str) -> str:
    """Return the leading code that can be a platform's own emoji, such as `:tea:`; empty if there is none."""
    match = _CODE.match(words)
    return match[0] if match else ""


def leading_emoji(words: str, mark: str = "") -> Emoji | None:
    """Return the leading emoji of the words. `mark` is the platform's notation for it if it is the platform's own.

    Without a mark, a code such as `:tea:` is text.
    """
    if mark:
        return Emoji(code, mark) if (code := code_in(words)) else None
    match = _UNICODE.match(words)
    return Emoji(match[0]) if match else None


def emoji_inlines(words: str, mark: str) -> tuple[Inline, ...]:
    """Return the words with the platform's own emoji at their beginning. Unicode emoji stay part of the words."""
    emoji = leading_emoji(words, mark) if mark else None
    if emoji is None:
        return (Plain(words),)
    return (emoji, Plain(words[len(emoji.text) :])) if words != emoji.text else (emoji,)
