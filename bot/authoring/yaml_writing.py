"""YAML as an editor would type it, ids from words, and files replaced as a whole.

The loader (bot/packs/loader.py) accepts everything written here.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
import unicodedata
from collections.abc import Container, Iterator, Mapping, Sequence
from pathlib import Path

from bot.packs.fields import ENTRY_ID_MAX

Value = str | int | Sequence[str] | Mapping[str, "str | int"]


class Bare(str):
    """A value to write without quotes: a date, or one word of a fixed choice."""

    __slots__ = ()


_PLAIN = re.compile(r"[A-Za-z][\w ,.'’()/&;-]*[\w.)]", re.ASCII)
_WORDS_OF_YAML = frozenset(("y", "n", "yes", "no", "on", "off", "true", "false", "null"))
_UNPRINTABLE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")


def scalar(text: str) -> str:
    """A text as a value on one line: without quotes if it can mean nothing else, else in double quotes."""
    if isinstance(text, Bare):
        return str(text)
    if _PLAIN.fullmatch(text) and text.casefold() not in _WORDS_OF_YAML:
        return text
    quoted = json.dumps(text, ensure_ascii=False)
    return _UNPRINTABLE.sub(lambda match: f"\\u{ord(match[0]):04X}", quoted)


def item(fields: Mapping[str, Value], indent: int = 2) -> str:
    """One entry of a list, with its hyphen and a line break at its end. Empty lists and texts are left out."""
    lines = list(_lines(fields))
    margin = " " * indent
    return "".join(f"{margin}{'- ' if number == 0 else '  '}{line}\n" for number, line in enumerate(lines))


def table(fields: Mapping[str, Value]) -> str:
    """Keys with their values, one a line."""
    return "".join(f"{line}\n" for line in _lines(fields))


def _lines(fields: Mapping[str, Value]) -> Iterator[str]:
    for key, value in fields.items():
        if isinstance(value, int) or (isinstance(value, str) and value):
            yield f"{key}: {value if isinstance(value, int) else scalar(value)}"
        elif isinstance(value, Mapping):
            yield f"{key}:"
            yield from (f"  {line}" for line in _lines(value))
        elif isinstance(value, Sequence) and value:
            yield f"{key}:"
            yield from (f"  - {scalar(one)}" for one in value)


_LEFT_OUT_TEXT = (
    "a an and are as at be been but by did do does for from had has have he her his if in into is it its it’s no not "
    "of on or our she so some such than that the their them then there these they this those to was we were when "
    "which who will with would you your just also even very"
)
_LEFT_OUT = frozenset(_LEFT_OUT_TEXT.split())


def new_id(words: str, used: Container[str], fallback: str, most: int = ENTRY_ID_MAX) -> str:
    """A kebab-case id made of these words, at most `most` characters long and unused."""
    folded = unicodedata.normalize("NFKD", re.sub(r"['’]s?\b", "", words)).encode("ascii", "ignore").decode().lower()
    parts = re.findall(r"[a-z0-9]+", folded)
    telling = [word for word in parts if word not in _LEFT_OUT] or parts
    stem = ""
    for word in telling:
        longer = f"{stem}-{word}".strip("-")
        if len(longer) > most - 4:  # room for a number
            break
        stem = longer
    stem = stem or (telling[0][: most - 4] if telling else fallback)
    number, tried = 1, stem
    while tried in used:
        number += 1
        tried = f"{stem}-{number}"
    return tried


def replace_file(file: Path, content: bytes) -> None:
    """Replace a file's content: a reader, or a stop at any moment, sees the whole old or new file.

    Raise OSError if the folder can't be written to; the file then stays as it was.
    """
    target = file.resolve()
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        mode = target.stat().st_mode & 0o777 if target.exists() else 0o644
        Path(name).chmod(mode)
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
