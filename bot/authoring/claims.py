"""Find the sentences of an essay that state something checkable, by rules for English and for figures.

    propose_claims(paragraphs) -> EssayClaims       claims with their exact words, and the names and dates of the whole text

The rules only look at words (numbers, dates, names, comparisons, attribution, "will", "should"). They propose; an
editor judges. They find most claims and some sentences that aren't claims, and often only guess the kind of a claim:
see `parley new` in docs/packs.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.authoring.claim_signs import (
    ATTRIBUTED,
    CAUSED,
    COMPARED,
    DATE,
    FIGURE,
    FUTURE,
    GENERAL,
    IS,
    PERSONAL,
    SAYING,
    SURE_FUTURE,
    VALUED,
    VERB,
)
from bot.authoring.names import EssayNames, Mention, mentions_of
from bot.authoring.quote_lengths import MIN_QUOTE, Proposal, short_enough, tidied
from bot.authoring.sentences import Piece, clauses, heading, sentences, words
from bot.packs.model import ClaimKind

MAX_PROPOSALS = 300
"""More claims than an editor would judge in weeks; a longer text gives its strongest."""
_ALONE = 2
"""The strength that makes a part of a sentence a claim by itself; for a whole sentence one sign is enough."""


@dataclass(frozen=True, slots=True)
class EssayClaims:
    """The rules' result. `checkable` counts the claims before some are left out to keep the quotes short."""

    title: str | None
    proposals: tuple[Proposal, ...]
    checkable: int
    names: tuple[Mention, ...]
    dates: tuple[Mention, ...]


def propose_claims(paragraphs: Sequence[str]) -> EssayClaims:
    """Find the claims in these paragraphs, in their order. Together, the quotes show less than half of the text."""
    names = EssayNames(paragraphs)
    claims: list[Proposal] = []
    first_heading = None
    for number, paragraph in enumerate(paragraphs, 1):
        title = heading(paragraph)
        if title is not None:
            first_heading = first_heading or (title if number == 1 else None)
            continue
        for index, sentence in enumerate(sentences(paragraph)):
            claims.extend(_claims(number, index, sentence, names))
    strongest = sorted(claims, key=lambda claim: (-claim.strength, claim.paragraph, claim.start))[:MAX_PROPOSALS]
    short = short_enough(sorted(strongest, key=lambda claim: (claim.paragraph, claim.start)), paragraphs)
    dates = mentions_of(
        (number, match[0]) for number, text in enumerate(paragraphs, 1) for match in DATE.finditer(text)
    )
    return EssayClaims(first_heading, tuple(short), len(claims), names.mentions, dates)


# --- one sentence ---


def _claims(paragraph: int, index: int, sentence: Piece, names: EssayNames) -> Iterator[Proposal]:
    """The claims of one sentence: each clause that states something by itself, or the strongest one."""
    if _says_nothing(sentence.text):
        return
    if tells := _TELLS.match(sentence.text):
        rest = sentence.text[tells.end() :]
        sentence = Piece(rest.strip(" ?"), sentence.start + tells.end() + len(rest) - len(rest.lstrip()))
    parts = [_bare(clause) for clause in clauses(sentence)]
    rated = [(part, _strength(part.text, names)) for part in parts if words(part.text) >= MIN_QUOTE]
    whole = _strength(sentence.text, names)
    if not rated or whole < 1:
        return
    strong = [(part, strength) for part, strength in rated if strength >= _ALONE and VERB.search(part.text)]
    said_by = _said_by(sentence.text)
    for part, strength in strong or [max(rated, key=lambda one: one[1])]:
        kind = _kind(part.text, said_by)
        here = tuple(dict.fromkeys(names.within(part.text)))
        yield Proposal(paragraph, index, part.start, part.text, kind, said_by, here, max(strength, 1))


_REQUEST = re.compile(
    r"(?:please|let us|let’s|let's|imagine|consider|remember|note|look|listen|think|suppose|ask yourself|thank)\b",
    re.IGNORECASE,
)
_TELLS = re.compile(r"(?:did|do|have) you (?:know|notice|noticed|realise|realize|heard?) (?:that|how)\b", re.IGNORECASE)
"""Questions that still make a claim."""


def _says_nothing(sentence: str) -> bool:
    """Whether a sentence is a question, a request or a fragment: those claim nothing."""
    bare = sentence.rstrip("\"'”’») ")
    asks = bare.endswith(("?", "？", "؟")) and not _TELLS.match(sentence)
    return asks or bool(_REQUEST.match(sentence)) or words(sentence) < MIN_QUOTE


_LEADING = re.compile(r"(?:(?:and|but|or|yet|so|nor|while|whereas|although|though|because)\s+)+", re.IGNORECASE)


def _bare(clause: Piece) -> Piece:
    """A clause without the conjunction before it and the punctuation after it; quotation marks stay in pairs."""
    lead = _LEADING.match(clause.text)
    start = lead.end() if lead else 0
    return tidied(Piece(clause.text[start:], clause.start + start))


def _strength(text: str, names: EssayNames) -> int:
    """The strength of a claim: the number of signs to look up or argue about. A clause without any isn't proposed."""
    total = 3 * bool(DATE.search(text)) + 2 * bool(FIGURE.search(text)) + 2 * min(2, len(names.within(text)))
    total += sum(bool(rule.search(text)) for rule in (COMPARED, GENERAL, CAUSED, IS, FUTURE, VALUED))
    total += 2 * bool(ATTRIBUTED.search(text)) + bool(re.search(r"[“\"«][^”\"»]{8,}", text))
    return total - 2 * bool(PERSONAL.search(text))


def _kind(part: str, said_by: str | None) -> ClaimKind:
    """Guess the kind of a claim. Attribution to a person comes before the subject."""
    if said_by is not None and not re.search(r"[“\"«]", part):
        return ClaimKind.OPINION
    if VALUED.search(part):
        return ClaimKind.JUDGEMENT
    if SURE_FUTURE.search(part) and not re.search(r"[“\"«]", part):
        return ClaimKind.PREDICTION
    return ClaimKind.FACT


_NAME_WORD = r"[^\W\d_a-z][\w’'.-]{0,40}"
_NAME_WORDS = rf"{_NAME_WORD}(?:\s{{1,9}}(?:(?:of|the|de|del|la|von|van|bin|al)\s{{1,9}})?{_NAME_WORD}){{0,11}}?"
"""The bounds keep the search from starting a long row of names again at each word."""
_WHO = (
    rf"(?P<who>(?:[Tt]he |[Aa] |[Mm]any |[Mm]ost |[Ss]ome )?(?:{_NAME_WORDS}|"
    r"[a-z]*(?:critics|experts|specialists|supporters|opponents|officials|economists|scientists|researchers|analysts|"
    r"government|administration|police|report|study|survey|doctors|residents|shops|unions|teachers)))"
)
_PATTERNS = tuple(
    re.compile(pattern)
    for pattern in (
        rf"[Aa]ccording to {_WHO}(?=[,.;]|\s+(?:in|on|at|from|which|who|and)\b|\s+[a-z]|$)",
        rf"(?:^|[,;—]\s*|\b[Aa]s ){_WHO},?\s+(?:has |have |had |also |once |recently )?(?:{SAYING})\b(?!\s+(?:by|for)\b)",
        rf"[”\"»],?\s+(?:{SAYING})\s+{_WHO}(?=[,.;]|\s+[a-z]|$)",
    )
)
_NOBODY_TEXT = "it he she they we i this that there which who nobody what these those one everyone"
_NOBODY = frozenset(_NOBODY_TEXT.split())


def _said_by(sentence: str) -> str | None:
    """The person to whom the sentence attributes its claim; None for the author."""
    for pattern in _PATTERNS:
        match = pattern.search(sentence)
        if match is not None:
            who = re.sub(r"^As ", "", " ".join(match["who"].split())).strip(" ,")
            if who.casefold() not in _NOBODY:
                return who
    return None
