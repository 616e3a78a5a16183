"""Receipts and heads as people type them, at each length, and the verdict of a record on a receipt."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.polls.model import ChainLink, PollState, Step
from bot.polls.receipts import (
    HEAD_LETTERS,
    Receipt,
    TypedReceipt,
    code_of,
    judge,
    look_up,
    receipt_hash,
    shown_head,
    typed_head,
    typed_receipt,
    written,
)

CODE = "ABCD-EFGH-IJKL-MN23"
HEAD = "0123456789abcdef"


@pytest.mark.parametrize(
    ("letters", "good"), [(0, False), (15, False), (16, True), (17, True), (63, True), (64, True), (65, False)]
)
def test_a_head_has_16_to_64_letters(letters: int, good: bool) -> None:
    """A typed head has 16 to 64 letters, in any case, and may have blanks and dashes between them."""
    head = (HEAD * 5)[:letters]
    assert typed_head(head) == (head if good else "")
    assert typed_head(f" {head[:8].upper()}- {head[8:]} ") == (head if good else "")


@pytest.mark.parametrize("head", ["g" * 16, "0" * 15 + "O", "0" * 15 + "\u0660", "0" * 15 + "é"])
def test_a_head_is_hexadecimal(head: str) -> None:
    """A head with a letter that isn't a hexadecimal digit is no head."""
    assert typed_head(head) == ""


@pytest.mark.parametrize(
    ("typed", "receipt"),
    [
        (CODE, TypedReceipt(CODE)),
        ("abcd efgh ijkl mn23", TypedReceipt(CODE)),
        ("ABCDEFGHIJKLMN23", TypedReceipt(CODE)),
        (f"{CODE}-{HEAD}", TypedReceipt(CODE, HEAD)),
        (f"{CODE}-{HEAD.upper()}", TypedReceipt(CODE, HEAD)),
        (f"{CODE}-{HEAD * 4}", TypedReceipt(CODE, HEAD * 4)),
        ("ABCD-EFGH-IJKL-MN2", None),
        (f"{CODE}-{HEAD[:15]}", None),
        (f"{CODE}-{HEAD}0", None),
        (f"{CODE}-{HEAD * 4}0", None),
        (f"{CODE}-{'g' * 16}", None),
        ("ABCD-EFGH-IJKL-MN2!", None),
        ("ABCD-EFGH-IJKL-MN2é", None),
        ("", None),
    ],
)
def test_a_receipt_has_16_letters_and_none_or_a_whole_head(typed: str, receipt: TypedReceipt | None) -> None:
    """A receipt is a code of 16 letters, alone or with a head of exactly 16 or 64."""
    assert typed_receipt(typed) == receipt


def test_a_receipt_is_written_with_the_first_letters_of_its_head() -> None:
    """A receipt is written as its code and the first 16 letters of its head, or as its code if it has no head."""
    assert HEAD_LETTERS == 16
    assert written(CODE, HEAD * 4) == f"{CODE}-{HEAD}"
    assert written(CODE, "") == CODE
    assert shown_head(HEAD * 4) == HEAD


def test_a_code_is_80_bits() -> None:
    """A code has 80 bits: each of them changes it, and later bits don't."""
    zero = bytes(32)
    codes = {code_of(zero)}
    for bit in range(80):
        flipped = (1 << (79 - bit)).to_bytes(10, "big") + bytes(22)
        codes.add(code_of(flipped))
    assert len(codes) == 81
    assert code_of(bytes(10) + b"\xff" * 22) == code_of(zero) == "AAAA-AAAA-AAAA-AAAA"


def link(number: int, step: Step = Step.CAST, replaces: int = 0, receipt: str = "") -> ChainLink:
    return ChainLink(number, step, "", replaces, receipt, "", f"{number}" * 64)


MINE = link(1, receipt=receipt_hash(CODE))


@pytest.mark.parametrize(
    ("head", "found", "later", "has_head", "verdict"),
    [
        ("1" * 16, MINE, None, True, Receipt.INCLUDED),
        ("", MINE, None, False, Receipt.INCLUDED),
        ("1" * 64, MINE, link(2, Step.CHANGE, 1), True, Receipt.REPLACED),
        ("", MINE, link(2, Step.CHANGE, 1), False, Receipt.REPLACED),
        ("", MINE, link(2, Step.WITHDRAW, 1), False, Receipt.WITHDRAWN),
        ("2" * 16, MINE, None, True, Receipt.CONTRADICTED),
        ("2" * 16, MINE, link(2, Step.CHANGE, 1), True, Receipt.CONTRADICTED),
        ("1" * 16, None, None, True, Receipt.UNKNOWN),
        ("1" * 16, None, None, False, Receipt.LACKING),
        ("", None, None, False, Receipt.UNKNOWN),
    ],
)
def test_what_a_record_says_of_a_receipt(
    head: str, found: ChainLink | None, later: ChainLink | None, has_head: bool, verdict: Receipt
) -> None:
    """The verdict depends on the receipt's link, on whether that link still stands, and on whether the head matches it.

    If the link isn't found, it depends on whether the record has the head.
    """
    assert judge(TypedReceipt(CODE, head), found, later, has_head=has_head) is verdict


def test_a_receipt_is_looked_up_among_all_links() -> None:
    """A receipt is looked up among all links: a change of another ballot doesn't replace its own.

    In a cancelled poll a ballot that stood is reported as cancelled.
    """
    links = [link(1), replace(MINE, number=2, hash="2" * 64), link(3, Step.CHANGE, 1)]
    assert look_up(TypedReceipt(CODE, "2" * 16), links, PollState.CLOSED) is Receipt.INCLUDED
    assert look_up(TypedReceipt(CODE, "2" * 16), links, PollState.OPEN) is Receipt.INCLUDED
    assert look_up(TypedReceipt(CODE), links, PollState.CANCELLED) is Receipt.CANCELLED
    assert look_up(TypedReceipt(CODE, "3" * 16), links, PollState.CLOSED) is Receipt.CONTRADICTED
    assert look_up(TypedReceipt("AAAA-AAAA-AAAA-AAAA", "3" * 16), links, PollState.CLOSED) is Receipt.UNKNOWN
    assert look_up(TypedReceipt("AAAA-AAAA-AAAA-AAAA", "9" * 16), links, PollState.CLOSED) is Receipt.LACKING
    changed = [*links, link(4, Step.CHANGE, 2)]
    assert look_up(TypedReceipt(CODE), changed, PollState.CLOSED) is Receipt.REPLACED
    assert look_up(TypedReceipt(CODE), changed, PollState.CANCELLED) is Receipt.REPLACED
    assert look_up(TypedReceipt(CODE), [*links, link(4, Step.WITHDRAW, 2)], PollState.CLOSED) is Receipt.WITHDRAWN
