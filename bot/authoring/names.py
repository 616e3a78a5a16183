"""Names in an essay: capitalised words that don't merely begin a sentence."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass

from bot.authoring.sentences import heading, sentences


@dataclass(frozen=True, slots=True)
class Mention:
    """A name or a date, with its count and its paragraphs."""

    text: str
    times: int
    paragraphs: tuple[int, ...]


_CAPITAL = r"[^\W\d_a-zß-öø-ÿ][\w’'&-]*(?:\.(?:[^\W\d_]\.)+)?"
_NAME = re.compile(
    rf"(?:(?:Mr|Mrs|Ms|Dr|Prof|Gen|Gov|Sen|Rep|St|Lt|Col)\.\s+)?{_CAPITAL}"
    rf"(?:(?:\s+(?:of|de|del|la|von|van|bin)(?:\s+the)?)?\s+{_CAPITAL})*"
)
_NO_NAMES_TEXT = (
    "I The A An This That These Those It He She They We You His Her Its Their Our My Your There Here In On At By For "
    "From To Of If When While After Before Since Although Though Because And But Or Nor So Yet Still However Moreover "
    "As Not No Yes Nobody Nothing Who What Why How Where Which Some Many Most Few All Every Each Such One Two Three "
    "Now Then Today With Without Even Only Rather Did Does Do Is Are Was Were Has Have Had Will Would Can Could Should "
    "May Might Must Monday Tuesday Wednesday Thursday Friday Saturday Sunday January February March April June July "
    "August September October November December It’s They’re That’s There’s He’s She’s We’re I’m Don’t "
    "Critics Experts Specialists Officials Counterarguments"
)
_NO_NAMES = frozenset(_NO_NAMES_TEXT.split())


class EssayNames:
    """The names of a text: words with capital letters inside sentences, and the same words anywhere."""

    def __init__(self, paragraphs: Sequence[str]) -> None:
        bodies = [(number, text) for number, text in enumerate(paragraphs, 1) if heading(text) is None]
        names: list[tuple[int, str]] = []
        for number, paragraph in bodies:
            for sentence in sentences(paragraph):
                names += [(number, name) for name in _names_in(sentence.text)]
        self.mentions = mentions_of(names)
        self._all = frozenset(mention.text for mention in self.mentions)

    def within(self, text: str) -> list[str]:
        return list(_names_in(text, self._all))


def _names_in(sentence: str, names: Container[str] = ()) -> Iterator[str]:
    """Names in a sentence; its first word only if it must be a name, or is a known one."""
    body = sentence.lstrip("“\"'‘(«")
    offset = len(sentence) - len(body)
    for match in _NAME.finditer(sentence):
        parts = match[0].split()
        at_start = match.start() <= offset
        while parts and parts[0].rstrip(".") in _NO_NAMES:
            parts = parts[1:]
            at_start = False
        while parts and (parts[-1] in _NO_NAMES or parts[-1].islower()):
            parts = parts[:-1]
        name = re.sub(r"[’']s?$", "", " ".join(parts)).strip("’'-")
        if len(name) > 1 and not (at_start and len(parts) == 1 and not _certain(name) and name not in names):
            yield name


def _certain(word: str) -> bool:
    """Whether a sentence's first word is certainly a name, from its capitals: NATO, McKay, U.S."""
    return sum(letter.isupper() for letter in word) > 1


def mentions_of(places: Iterable[tuple[int, str]]) -> tuple[Mention, ...]:
    """Collect the mentions: the most frequent first, then in order of appearance."""
    times: Counter[str] = Counter()
    where: dict[str, dict[int, None]] = {}
    for number, text in places:
        times[text] += 1
        where.setdefault(text, {})[number] = None
    return tuple(Mention(text, count, tuple(where[text])) for text, count in times.most_common())
