"""Receipts: a ballot's code, and the letters of the record's head right after it. Pure.

A receipt reads `POLL-CODE-HEAD`. The code is 16 letters of base32 in groups of four: its hash stands in the ballot's
link, so it proves that the ballot is included without revealing it. The head is the first 16 letters of that link's
hash, in the letters that a poll's card shows: a record that was changed or set back since has another head there, or
none.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.polls.model import ChainLink, PollState, Step

HEAD_LETTERS = 16
"""Letters of a head on receipts and cards: 64 bits."""
_HASH_LETTERS = 64
_CODE_LETTERS = 16
_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_PAIRS = [one + other for one in _ALPHABET for other in _ALPHABET]
"""Base32 (RFC 4648) of ten bits; three times as fast as `base64.b32encode`, which would slow every vote."""
_HEX = frozenset("0123456789abcdef")


class Receipt(StrEnum):
    """The record's verdict on a receipt."""

    INCLUDED = "included"
    REPLACED = "replaced"
    WITHDRAWN = "withdrawn"
    CANCELLED = "cancelled"
    """Its poll was cancelled, so none of its ballots counts."""
    CONTRADICTED = "contradicted"
    """The ballot's link has another head than the receipt, or its ballot was changed."""
    LACKING = "lacking"
    """Neither the ballot nor the head is in the record: the receipt is misspelt, or the record was set back."""
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class TypedReceipt:
    """A receipt as somebody typed it, in Parley's spelling. `head` is empty if they left it out."""

    code: str
    head: str = ""

    @property
    def code_hash(self) -> str:
        """Return the hash of the code, as a link holds it."""
        return receipt_hash(self.code)


def code_of(digest: bytes) -> str:
    """Write the first 80 bits as a receipt's code."""
    bits = int.from_bytes(digest[:10], "big")
    eight = [_PAIRS[bits >> shift & 1023] for shift in reversed(range(0, 80, 10))]
    return "{}{}-{}{}-{}{}-{}{}".format(*eight)


def receipt_hash(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()


def shown_head(head: str) -> str:
    """Return the letters of a head that receipts and cards show."""
    return head[:HEAD_LETTERS]


def written(code: str, head: str) -> str:
    """Return code and head as they stand on a receipt after the poll's id."""
    return f"{code}-{shown_head(head)}" if head else code


def typed_head(head: str) -> str:
    """Spell a head as Parley does, from any case and spacing; empty for text that can't be a head."""
    letters = "".join(head.split()).replace("-", "").lower()
    return letters if HEAD_LETTERS <= len(letters) <= _HASH_LETTERS and _HEX.issuperset(letters) else ""


def typed_receipt(text: str) -> TypedReceipt | None:
    """Read a receipt without its poll's id, in any case, spacing and dashes; None for other text.

    The head may be missing, as in receipts of earlier releases.
    """
    letters = "".join(text.split()).replace("-", "").upper()
    code, rest = letters[:_CODE_LETTERS], letters[_CODE_LETTERS:]
    if len(code) != _CODE_LETTERS or not code.isascii() or not code.isalnum():
        return None
    if rest and (len(rest) not in {HEAD_LETTERS, _HASH_LETTERS} or not typed_head(rest)):
        return None
    return TypedReceipt("-".join((code[:4], code[4:8], code[8:12], code[12:])), typed_head(rest))


def judge(receipt: TypedReceipt, link: ChainLink | None, later: ChainLink | None, *, has_head: bool) -> Receipt:
    """Return the record's verdict on a receipt.

    `link` has its code's hash, `later` replaces that link, and `has_head` says whether some link has the receipt's
    head.
    """
    if link is None:
        return Receipt.LACKING if receipt.head and not has_head else Receipt.UNKNOWN
    if not link.hash.startswith(receipt.head):
        return Receipt.CONTRADICTED
    if later is None:
        return Receipt.INCLUDED
    return Receipt.WITHDRAWN if later.step is Step.WITHDRAW else Receipt.REPLACED


def look_up(receipt: TypedReceipt, links: Sequence[ChainLink], state: PollState) -> Receipt:
    """Return the verdict of a whole record on a receipt."""
    link = next((each for each in links if each.receipt == receipt.code_hash), None)
    later = next((each for each in links if link is not None and each.replaces == link.number), None)
    verdict = judge(receipt, link, later, has_head=any(each.hash.startswith(receipt.head) for each in links))
    return Receipt.CANCELLED if verdict is Receipt.INCLUDED and state is PollState.CANCELLED else verdict
