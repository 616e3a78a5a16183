"""Which sentences of an essay state something that can be checked, by rules for English and for figures.

    proposals(paragraphs) -> Found       claims with their exact words, and the names and dates of the whole text

The rules look at words alone (numbers, dates, names, comparisons, who says it, "will", "should"). They propose; an
editor judges. They find most of what is claimed and some of what is not, and what kind of claim it is they often only
guess: see `parley new` in docs/packs.md.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from bot.exchange.sentences import Piece, clauses, heading, sentences, words
from bot.library.check import MAX_QUOTE_WORDS, MAX_QUOTED_SHARE
from bot.library.model import ClaimKind

MAX_PROPOSALS = 300
"""More than an editor would judge in weeks; of a longer text the strongest are proposed."""
MAX_QUOTE_LETTERS = 400
_SHARE_WANTED = MAX_QUOTED_SHARE - 0.03
_CAPS = (MAX_QUOTE_WORDS, 30, 24, 20, 17, 15, 13, 11, 9, 8, 7, 6, 5)
"""Words of the longest quote, tried in turn until all quotes together show little enough of the essay."""
_WORDS_THAT_TELL = 11
"""Where quotes would get shorter than this, a sentence's weaker claims are left out first."""
_ALONE = 2
"""How much a part of a sentence must have to be a claim by itself; for a whole sentence one sign is enough."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A claim: `quote` stands letter by letter in this paragraph, of which `start` counts the characters before it."""

    paragraph: int
    sentence: int
    start: int
    quote: str
    kind: ClaimKind
    said_by: str | None
    names: tuple[str, ...]
    strength: int


@dataclass(frozen=True, slots=True)
class Mention:
    """A name or a date, as often as it stands, and in which paragraphs."""

    text: str
    times: int
    paragraphs: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """What the rules found. `checkable` counts the claims before any was left out to keep the quotes short."""

    title: str | None
    proposals: tuple[Proposal, ...]
    checkable: int
    names: tuple[Mention, ...]
    dates: tuple[Mention, ...]


def proposals(paragraphs: Sequence[str]) -> Found:
    """What is claimed in these paragraphs, in their order. The quotes show less than half of the text together."""
    names = _Names(paragraphs)
    found: list[Proposal] = []
    first_heading = None
    for number, paragraph in enumerate(paragraphs, 1):
        title = heading(paragraph)
        if title is not None:
            first_heading = first_heading or (title if number == 1 else None)
            continue
        for index, sentence in enumerate(sentences(paragraph)):
            found.extend(_claims(number, index, sentence, names))
    kept = sorted(found, key=lambda claim: (-claim.strength, claim.paragraph, claim.start))[:MAX_PROPOSALS]
    short = _short_enough(sorted(kept, key=lambda claim: (claim.paragraph, claim.start)), paragraphs)
    dates = _mentions((number, match[0]) for number, text in enumerate(paragraphs, 1) for match in _DATE.finditer(text))
    return Found(first_heading, tuple(short), len(found), names.mentions, dates)


# --- one sentence ---


def _claims(paragraph: int, index: int, sentence: Piece, names: _Names) -> Iterator[Proposal]:
    """The claims of one sentence: each clause that states something by itself, or the strongest of it."""
    if _says_nothing(sentence.text):
        return
    if tells := _TELLS.match(sentence.text):
        told = sentence.text[tells.end() :]
        sentence = Piece(told.strip(" ?"), sentence.start + tells.end() + len(told) - len(told.lstrip()))
    parts = [_bare(clause) for clause in clauses(sentence)]
    rated = [(part, _strength(part.text, names)) for part in parts if words(part.text) >= _MIN_QUOTE]
    whole = _strength(sentence.text, names)
    if not rated or whole < 1:
        return
    strong = [(part, strength) for part, strength in rated if strength >= _ALONE and _VERB.search(part.text)]
    said_by = _said_by(sentence.text)
    for part, strength in strong or [max(rated, key=lambda one: one[1])]:
        kind = _kind(part.text, said_by)
        here = tuple(dict.fromkeys(names.within(part.text)))
        yield Proposal(paragraph, index, part.start, part.text, kind, said_by, here, max(strength, 1))


_MIN_QUOTE = 3
_REQUEST = re.compile(
    r"(?:please|let us|let’s|let's|imagine|consider|remember|note|look|listen|think|suppose|ask yourself|thank)\b",
    re.IGNORECASE,
)
_TELLS = re.compile(r"(?:did|do|have) you (?:know|notice|noticed|realise|realize|heard?) (?:that|how)\b", re.IGNORECASE)
"""Questions that claim something all the same."""


def _says_nothing(sentence: str) -> bool:
    """Questions, requests and fragments claim nothing."""
    bare = sentence.rstrip("\"'”’») ")
    asks = bare.endswith(("?", "？", "؟")) and not _TELLS.match(sentence)
    return asks or bool(_REQUEST.match(sentence)) or words(sentence) < _MIN_QUOTE


_LEADING = re.compile(r"(?:(?:and|but|or|yet|so|nor|while|whereas|although|though|because)\s+)+", re.IGNORECASE)


def _bare(clause: Piece) -> Piece:
    """A clause without the conjunction before it and the punctuation after it; quotation marks stay in pairs."""
    lead = _LEADING.match(clause.text)
    start = lead.end() if lead else 0
    return _tidied(Piece(clause.text[start:], clause.start + start))


def _tidied(piece: Piece) -> Piece:
    text = piece.text.rstrip(" \t,;:—–-")
    if text.endswith(".") and not re.search(r"\b[^\W\d_]\.$", text):
        text = text[:-1]
    start = piece.start
    for opening, closing in (("“", "”"), ("«", "»"), ("(", ")")):
        if text.count(opening) > text.count(closing):
            cut = text.rfind(opening)
            tail = text[cut:]
            if words(tail) < words(text) / 2:
                text = text[:cut].rstrip(" ,;:—–-")
        elif text.endswith(closing) and text.count(closing) > text.count(opening):
            text = text[: -len(closing)].rstrip(" ,.;:")
    return Piece(text, start)


_MONTHS = (
    "January|February|March|April|May|June|July|August|September|October|November|December|"
    r"Jan\.|Feb\.|Mar\.|Apr\.|Jun\.|Jul\.|Aug\.|Sept?\.|Oct\.|Nov\.|Dec\."
)
_DATE = re.compile(
    rf"\b(?:\d{{1,2}}(?:st|nd|rd|th)? (?:of )?)?(?:{_MONTHS})(?: \d{{1,2}}(?:st|nd|rd|th)?\b)?(?:,? (?:1[5-9]|20)\d\d\b)|"
    rf"\b(?:{_MONTHS}) \d{{1,2}}(?:st|nd|rd|th)?\b|\b\d{{1,2}}(?:st|nd|rd|th)? (?:of )?(?:{_MONTHS})(?!\w)|"
    r"\b(?:1[5-9]|20)\d\d-\d\d(?:-\d\d)?\b|\b(?:1[5-9]|20)\d0s\b|\b(?:1[5-9]|20)\d\d\b"
)
_FIGURE = re.compile(
    r"[$€£¥]\s?\d|\d[\d.,]*\s?(?:%|percent|per cent)|\b\d[\d.,]*\b|"
    r"\b(?:hundred|thousand|million|billion|trillion|dozen|half|thirds?|quarters?|fifths?|tenths?|twice|double[ds]?|"
    r"tripled?|two|three|four|five|six|seven|eight|nine|ten|twelve|twenty|thirty|forty|fifty|sixty|ninety)s?\b",
    re.IGNORECASE,
)
_COMPARED = re.compile(
    r"\b(?:more|less|fewer|little|few|compared|most|least|fewest|higher|lower|larger|smaller|greater|bigger|longer|shorter|faster|slower|"
    r"cheaper|stronger|weaker|safer|richer|poorer|worse|better|highest|lowest|largest|smallest|biggest|longest|"
    r"fastest|first|last|only|\w{3,}er than|as \w+ as|increas\w+|decreas\w+|declin\w+|reduc\w+|rose|risen|rises?|"
    r"rising|fell|fallen|falls|grew|grown|grows?|growing|shrank|shrunk|dropped|drops|soared|surged|shifted|record)\b",
    re.IGNORECASE,
)
_GENERAL = re.compile(
    r"\b(?:all|every|each|none|never|always|nobody|everyone|everywhere|most|many|few|both|neither|nor|no|decades|"
    r"years|centuries|worldwide|across|entire|only|alone|mainly|largely|often|rarely|usually|not)\b|n[’']t\b",
    re.IGNORECASE,
)
_CAUSED = re.compile(
    r"\b(?:caus\w+|because|due to|led to|leads? to|leading to|result\w*|means|drives?|drove|driven|forc\w+|prevent\w*|"
    r"allow\w*|help\w*|threaten\w*|damag\w+|destroy\w*|creat\w+|produc\w+|start\w*|began|begun|end(?:s|ed)|includ\w+|"
    r"contain\w*|require\w*|consist\w*|depend\w*|lacks?|needs?|at the (?:price|cost|expense) of|impact|effect)\b",
    re.IGNORECASE,
)
_SAYING = (
    r"said|says|say|stated|states|argued|argues|argue|claimed|claims|claim|warned|warns|warn|reported|reports|"
    r"believed|believes|believe|considered|considers|thinks?|thought|insisted|insists|insist|noted|notes|"
    r"explained|explains|details|detailed|concluded|concludes|suggested|suggests|suggest|estimated|estimates|"
    r"found|finds|wrote|writes|told|tells|promised|promises|denied|denies|contends?|maintains?|alleges?|alleged|"
    r"announced|announces|acknowledged|admits|admitted|called|calls|criticised|criticized|testified"
)
_ATTRIBUTED = re.compile(
    rf"\b(?:{_SAYING})\b|\baccording to\b|\bin the (?:words|view|opinion) of\b|\b(?:critics|experts|specialists|"
    r"supporters|opponents|officials|economists|scientists|researchers|analysts|counterarguments)\b",
    re.IGNORECASE,
)
_FUTURE = re.compile(
    r"\b(?:will|won’t|won't|shall|would|going to|is likely to|are likely to|likely|by 20[2-9]\d|soon|in the future|"
    r"inevitabl\w+|bound to|risks? \w+ing|lead to a)\b",
    re.IGNORECASE,
)
_SURE_FUTURE = re.compile(
    r"\b(?:will|won’t|won't|shall|would (?:be|have|lead|mean|cause|make|lose|cost|bring|end|not)|going to|"
    r"(?:is|are) (?:un)?likely to|bound to|lead to a)\b",
    re.IGNORECASE,
)
_VALUED = re.compile(
    r"\b(?:should|must|ought|shouldn’t|shouldn't|needs? to|have to|has to|had better|good|bad|better|best|worse|"
    r"worst|wrong|right|unjust|just(?= and)|fair|unfair|moral\w*|immoral|wise|unwise|foolish|smart\w*|cheaper|"
    r"dangerous|terrible|great|important|essential|necessary|unnecessary|deserves?|worth|shame\w*|reckless|myth|"
    r"oversimplif\w+|tempting|stakes|unacceptable|unavoidabl\w+|beautiful|ugly|tastes?|rather than|"
    r"very|so many|bombastic|hard-line|price of)\b",
    re.IGNORECASE,
)
_VERB = re.compile(
    r"\b(?:is|are|was|were|be|been|being|am|has|have|had|do|does|did|will|would|can|could|may|might|must|should|"
    r"shall|isn’t|aren’t|wasn’t|weren’t|hasn’t|haven’t|doesn’t|don’t|didn’t|won’t|can’t|cannot|it’s|they’re|that’s|"
    r"\w{3,}ed|\w{3,}ing|\w{3,}(?:[^s\W]s)|rose|fell|grew|made|took|took|gave|went|came|became|began|brought|built|"
    r"bought|kept|left|lost|paid|put|said|sent|set|shut|sold|spent|struck|told|won|wrote|found|held|led|cut|hit|"
    r"include|cost|need|say|argue|claim|want|show|make|take|give|lead|live|work|die|own|use)\b",
    re.IGNORECASE,
)
_IS = re.compile(
    r"\b(?:is|are|was|were|isn’t|aren’t|wasn’t|weren’t|it’s|they’re|has|have|had|mean|means)\b", re.IGNORECASE
)
_PERSONAL = re.compile(r"\b(?:I|you|your|my|me)\b|^(?:So|Well|Again|Still),? (?:what|why|how)\b")


def _strength(text: str, names: _Names) -> int:
    """How much in these words can be looked up or argued about. What has nothing is not proposed."""
    total = 3 * bool(_DATE.search(text)) + 2 * bool(_FIGURE.search(text)) + 2 * min(2, len(names.within(text)))
    total += sum(bool(rule.search(text)) for rule in (_COMPARED, _GENERAL, _CAUSED, _IS, _FUTURE, _VALUED))
    total += 2 * bool(_ATTRIBUTED.search(text)) + bool(re.search(r"[“\"«][^”\"»]{8,}", text))
    return total - 2 * bool(_PERSONAL.search(text))


def _kind(part: str, said_by: str | None) -> ClaimKind:
    """A guess. Whose opinion it is comes before what it is about."""
    if said_by is not None and not re.search(r"[“\"«]", part):
        return ClaimKind.OPINION
    if _VALUED.search(part):
        return ClaimKind.JUDGEMENT
    if _SURE_FUTURE.search(part) and not re.search(r"[“\"«]", part):
        return ClaimKind.PREDICTION
    return ClaimKind.FACT


_NAME_WORDS = r"(?:[^\W\d_a-z][\w’'.-]*(?:\s+(?:of|the|de|del|la|von|van|bin|al)\s+(?=[^\W\d_a-z]))?\s*)+?"
_WHO = (
    rf"(?P<who>(?:[Tt]he |[Aa] |[Mm]any |[Mm]ost |[Ss]ome )?(?:{_NAME_WORDS}|"
    r"[a-z]*(?:critics|experts|specialists|supporters|opponents|officials|economists|scientists|researchers|analysts|"
    r"government|administration|police|report|study|survey|doctors|residents|shops|unions|teachers)))"
)
_PATTERNS = tuple(
    re.compile(pattern)
    for pattern in (
        rf"[Aa]ccording to {_WHO}(?=[,.;]|\s+(?:in|on|at|from|which|who|and)\b|\s+[a-z]|$)",
        rf"(?:^|[,;—]\s*|\b[Aa]s ){_WHO},?\s+(?:has |have |had |also |once |recently )?(?:{_SAYING})\b(?!\s+(?:by|for)\b)",
        rf"[”\"»],?\s+(?:{_SAYING})\s+{_WHO}(?=[,.;]|\s+[a-z]|$)",
    )
)
_NOBODY_TEXT = "it he she they we i this that there which who nobody what these those one everyone"
_NOBODY = frozenset(_NOBODY_TEXT.split())


def _said_by(sentence: str) -> str | None:
    """Whom the sentence names as saying it; None for the author."""
    for pattern in _PATTERNS:
        match = pattern.search(sentence)
        if match is not None:
            who = re.sub(r"^As ", "", " ".join(match["who"].split())).strip(" ,")
            if who.casefold() not in _NOBODY:
                return who
    return None


# --- names and dates ---

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


class _Names:
    """The names of a text: capital letters where a sentence doesn't ask for them, and those again anywhere."""

    def __init__(self, paragraphs: Sequence[str]) -> None:
        bodies = [(number, text) for number, text in enumerate(paragraphs, 1) if heading(text) is None]
        found: list[tuple[int, str]] = []
        for number, paragraph in bodies:
            for sentence in sentences(paragraph):
                found += [(number, name) for name in _names_in(sentence.text)]
        self.mentions = _mentions(found)
        self._known = frozenset(mention.text for mention in self.mentions)

    def within(self, text: str) -> list[str]:
        return list(_names_in(text, self._known))


def _names_in(sentence: str, known: Container[str] = ()) -> Iterator[str]:
    """Names in a sentence; one word at its beginning only if it can't be another word, or is a known name."""
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
        if len(name) > 1 and not (at_start and len(parts) == 1 and not _certain(name) and name not in known):
            yield name


def _certain(word: str) -> bool:
    """Whether one word at a sentence's beginning is a name whatever it means: NATO, McKay, U.S."""
    return sum(letter.isupper() for letter in word) > 1


def _mentions(found: Iterable[tuple[int, str]]) -> tuple[Mention, ...]:
    """The most frequent first, then as they come."""
    times: Counter[str] = Counter()
    where: dict[str, dict[int, None]] = {}
    for number, text in found:
        times[text] += 1
        where.setdefault(text, {})[number] = None
    return tuple(Mention(text, count, tuple(where[text])) for text, count in times.most_common())


# --- all quotes together ---


def _short_enough(claims: Sequence[Proposal], paragraphs: Sequence[str]) -> list[Proposal]:
    """The claims with quotes so short, and if need be so few, that they show less than half of the essay."""
    most = int(sum(map(len, paragraphs)) * _SHARE_WANTED)
    left = list(claims)
    kept: list[Proposal] = []
    for cap in _CAPS:
        kept = [cut for claim in left if (cut := _cut(claim, cap)) is not None]
        if _shown(kept) <= most:
            return kept
        if cap == _WORDS_THAT_TELL:
            for extra in _extras(left):
                left.remove(extra)
                kept = [cut for claim in left if (cut := _cut(claim, cap)) is not None]
                if _shown(kept) <= most:
                    return kept
    for weakest in sorted(kept, key=lambda claim: (claim.strength, -claim.paragraph, -claim.start)):
        if _shown(kept) <= most:
            break
        kept.remove(weakest)
    return kept


def _extras(claims: Sequence[Proposal]) -> list[Proposal]:
    """Claims whose sentence has a stronger one, the weakest first."""
    best: dict[tuple[int, int], Proposal] = {}
    for claim in claims:
        there = best.setdefault((claim.paragraph, claim.sentence), claim)
        if claim.strength > there.strength:
            best[claim.paragraph, claim.sentence] = claim
    extras = [claim for claim in claims if best[claim.paragraph, claim.sentence] is not claim]
    return sorted(extras, key=lambda claim: (claim.strength, len(claim.quote)))


def _shown(claims: Iterable[Proposal]) -> int:
    return sum(len(claim.quote) for claim in claims)


def _cut(claim: Proposal, cap: int) -> Proposal | None:
    """The claim with at most `cap` words: those that say most, ended where a phrase ends if one does; None if too
    little is left."""
    spans = [match.span() for match in re.finditer(r"\S+", claim.quote)]
    if len(spans) <= cap and len(claim.quote) <= MAX_QUOTE_LETTERS:
        return claim
    marks = _marks(claim.quote)
    first = _telling(spans, cap, marks)
    while first > 0 and first + cap < len(spans) and claim.quote[slice(*spans[first])].casefold() in _LINKING:
        first += 1
    begin = spans[first][0]
    fitting = [end for _, end in spans[first : first + cap] if end - begin <= MAX_QUOTE_LETTERS]
    if len(fitting) < _MIN_QUOTE:
        return None
    told = max((end for (start, end), _ in marks if start >= begin and end <= fitting[-1]), default=0)
    least = max(told, fitting[max(_MIN_QUOTE, len(fitting) * 2 // 3) - 1])
    breaks = [m.start() for m in _PHRASE.finditer(claim.quote) if least <= m.start() <= fitting[-1]]
    piece = _tidied(Piece(claim.quote[begin : breaks[-1] if breaks else fitting[-1]], claim.start + begin))
    return replace(claim, quote=piece.text, start=piece.start) if words(piece.text) >= _MIN_QUOTE else None


_Mark = tuple[tuple[int, int], int]
_TELLING = ((_DATE, 3), (_FIGURE, 3), (_COMPARED, 2), (_CAUSED, 1), (_VALUED, 1), (_FUTURE, 1))


def _marks(quote: str) -> list[_Mark]:
    """Where the words stand that a claim is about, and what each is worth; of a very long quote those at its start."""
    return [(match.span(), weight) for rule, weight in _TELLING for match in islice(rule.finditer(quote), _MOST_MARKS)]


def _telling(spans: Sequence[tuple[int, int]], cap: int, marks: Sequence[_Mark]) -> int:
    """With which word the `cap` words begin that hold most of the marks; the first of equals."""
    starts = range(max(1, min(len(spans) - cap, _MOST_MARKS) + 1))

    def told(first: int) -> int:
        begin, end = spans[first][0], spans[min(first + cap, len(spans)) - 1][1]
        return sum(weight for (a, b), weight in marks if begin <= a and b <= end)

    best = max(map(told, starts))
    # From the beginning a quote is read most easily, so it must be worth it to leave that.
    return 0 if best - told(0) < _WORTH else next(first for first in starts if told(first) == best)


_MOST_MARKS = 50
_WORTH = 2
_LINKING = frozenset(("and", "at", "by", "for", "from", "in", "of", "on", "or", "that", "to", "which", "with"))
"""Words with which no quote begins, if it need not."""
_PHRASE = re.compile(
    r",?\s+(?:and|or|but|to|of|in|on|at|by|for|from|with|as|that|who|which|while|than|into|such)\s|[,;:—]"
)
