"""Make inputs from damaged real ones: pieces cut out, doubled, or replaced by things that parsers trip over."""

from __future__ import annotations

import copy
import json
from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

EVIL = (
    '"', "“", "”", "'", "\\", ":", "=", "|", ",", "#", "-", "_", ">", "~", "/", "{", "}", "[", "]", "<", "&", "%s", "{x}",
    "{{x}}", "&amp;", "<@1>", "@everyone", "<!channel>", "\x00", "\x1b[31m", "\u202e", "\u2028", "\ud800", "\udfff",
    "\ufeff", "\ufffe", "\r\n", "\n", "\t", "\x85", " ", "e\u0301", "\u0130", "ß", "𝔘", "９", "٣", "²", "½", "-1", "0",
    "00", "9" * 30, "1e999", "NaN", "a" * 3000, "[" * 200, "({" * 50, "é" * 400, "'; DROP TABLE polls; --", "../../etc",
    "v1:", "v1:vote:p1:0", "name:", "share:yes", "https://example.org/", "file:///etc/passwd", "2026-02-30", "0001-01-01",
    "9999-12-31 23:59", "24:00", "<<", "*a", "&a", "!!python/object:os.system", "---", "@string{", "\\input{/etc/passwd}",
)  # fmt: skip

LETTERS: SearchStrategy[str] = st.characters() | st.characters(categories=["Cs"]) | st.sampled_from('":|,#{}[]\\<>&%')
"""Every character, with half surrogates, which JSON can hold and UTF-8 can't."""

WORDS: SearchStrategy[str] = st.sampled_from(EVIL) | st.text(LETTERS, max_size=30)

JSON: SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=8,
)


@st.composite
def damaged(draw: DrawFn, seeds: Sequence[str], most: int = 4) -> str:
    """Draw one of these texts after up to `most` cuts and insertions, also of pieces of the others."""
    text = draw(st.sampled_from(seeds))
    for _ in range(draw(st.integers(0, most))):
        start = draw(st.integers(0, len(text)))
        end = min(start + draw(st.sampled_from((0, 0, 1, 3, 20, 10_000))), len(text))
        other = draw(st.sampled_from(seeds))
        cut = draw(st.integers(0, len(other)))
        put = draw(WORDS | st.just(other[cut : cut + 40]) | st.just(text[start:end] * 2))
        text = text[:start] + put + text[end:]
    return text


def texts(seeds: Sequence[str]) -> SearchStrategy[str]:
    return damaged(seeds) | WORDS


@st.composite
def damaged_json(draw: DrawFn, seeds: Sequence[Any], most: int = 3) -> Any:
    """Draw one of these objects with up to `most` values missing, of another type, or damaged."""
    value = copy.deepcopy(draw(st.sampled_from(seeds)))
    for _ in range(draw(st.integers(1, most))):
        places = list(_places(value))
        if not places:
            return value
        inside, key = draw(st.sampled_from(places))
        if isinstance(inside, dict) and draw(st.integers(0, 4)) == 0:
            del inside[key]
        elif isinstance(inside[key], str) and draw(st.booleans()):
            inside[key] = draw(damaged([inside[key]]))
        else:
            inside[key] = draw(JSON)
    return value


THEIRS = frozenset(("id", "team_id", "user_id", "channel_id", "message_ts", "ts", "type", "trigger_id", "command"))
"""Keys with values from the platforms, not from people."""


@st.composite
def damaged_words(draw: DrawFn, seeds: Sequence[Any], most: int = 3) -> Any:
    """Draw one of these objects, of the same shape and with the same ids, with up to `most` damaged texts."""
    value = copy.deepcopy(draw(st.sampled_from(seeds)))
    places = [(inside, key) for inside, key in _places(value) if isinstance(inside[key], str) and key not in THEIRS]
    for _ in range(draw(st.integers(1, most))):
        inside, key = draw(st.sampled_from(places))
        inside[key] = draw(texts([inside[key]]))
    return value


def _places(value: Any) -> Any:
    """Return every place of a value in an object: its container, and its key or index."""
    keys: list[Any] = (
        list(value) if isinstance(value, dict) else list(range(len(value))) if isinstance(value, list) else []
    )
    for key in keys:
        yield value, key
        yield from _places(value[key])


def as_json(value: Any) -> bytes:
    """Encode the value as a sender would: half surrogates as escapes, NaN as it is."""
    return json.dumps(value).encode()
