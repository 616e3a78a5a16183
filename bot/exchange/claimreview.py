"""A pack's facts as schema.org ClaimReview, for search engines and other programs that read it.

    claim_reviews(pack, address) -> Reviews

Properties and types: https://schema.org/ClaimReview, https://schema.org/Claim and
https://developers.google.com/search/docs/appearance/structured-data/factcheck, which needs `claimReviewed`,
`reviewRating` with an `alternateName`, and `url`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from bot.commands.cards import VERDICTS
from bot.errors import UsageError
from bot.library.model import ClaimKind, Copy, Essay, Fact, Pack, Source, Verdict, is_address

BEST, WORST = 5, 1
RATINGS: dict[Verdict, int | None] = {
    Verdict.SUPPORTED: 5,
    Verdict.NUANCED: 4,
    Verdict.OVERSTATED: 3,
    Verdict.UNSUPPORTED: 2,
    Verdict.CONTRADICTED: 1,
    Verdict.UNVERIFIED: None,
}
"""Verdict → where it stands from WORST to BEST. What no source could settle has no number."""
_AUTHOR = "the author"

Node = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Reviews:
    """The reviews as JSON-LD, and the facts that have none: opinions, predictions, value judgements, what can't be
    checked."""

    graph: tuple[Node, ...]
    left_out: tuple[Fact, ...]

    def text(self) -> str:
        whole = {"@context": "https://schema.org", "@graph": list(self.graph)}
        return json.dumps(whole, ensure_ascii=False, indent=2) + "\n"


def claim_reviews(pack: Pack, address: str | None = None) -> Reviews:
    """The facts that can be true or false, reviewed. `address` is the page that shows them; each has its #id there.

    Raises UsageError for an address that is none.
    """
    if address is not None and not is_address(address):
        raise UsageError(f"“{address}” is no web address: give one that begins with https://.")
    facts: list[Fact] = list(pack.all(Fact))
    reviewed = [fact for fact in facts if fact.kind is ClaimKind.FACT and fact.verdict in RATINGS]
    left_out = tuple(fact for fact in facts if fact not in reviewed)
    return Reviews(tuple(_review(pack, fact, address) for fact in reviewed), left_out)


def _review(pack: Pack, fact: Fact, address: str | None) -> Node:
    page = {"url": f"{address.partition('#')[0]}#{fact.id}"} if address else {}
    sources = [_source(pack.entries[key]) for key in fact.sources]
    return {
        "@type": "ClaimReview",
        **page,
        "claimReviewed": fact.statement,
        "author": {"@type": "Organization", "name": ", ".join(pack.info.editors) or f"Editors of {pack.info.title}"},
        "datePublished": pack.info.reviewed.isoformat(),
        "inLanguage": pack.info.language,
        "reviewRating": _rating(fact),
        "reviewBody": fact.reason,
        "itemReviewed": _claim(pack.info.essay, fact),
        **({"isBasedOn": sources} if sources else {}),
    }


def _rating(fact: Fact) -> Node:
    value = RATINGS[fact.verdict]
    scale = {} if value is None else {"ratingValue": value, "bestRating": BEST, "worstRating": WORST}
    return {"@type": "Rating", "alternateName": VERDICTS[fact.verdict].word, **scale}


def _claim(essay: Essay, fact: Fact) -> Node:
    author = {"author": {"@type": "Person", "name": essay.author}} if essay.author else {}
    published = {"datePublished": essay.date} if essay.date else {}
    by_author = fact.attributed_to.casefold() == _AUTHOR
    appearance = {
        "@type": "CreativeWork",
        **({"name": essay.title} if essay.title else {}),
        **author,
        **published,
        "description": f"Paragraph {fact.essay.paragraph}",
    }
    # Whether somebody whom the author cites is a person or an organisation is not known: they are credited in words.
    credit = author if by_author and author else {"creditText": fact.attributed_to}
    return {"@type": "Claim", "text": fact.essay.quote, **credit, **published, "appearance": appearance}


def _source(entry: object) -> Node:
    assert isinstance(entry, Source)  # noqa: S101 - the loader follows links
    return {"@type": "CreativeWork", **dict(_known(entry))}


def _known(source: Source) -> Iterator[tuple[str, str]]:
    yield "name", source.name
    if source.url is not None and source.copy_ is not Copy.MIRROR:
        yield "url", source.url
    if source.date is not None:
        yield "datePublished", source.date
