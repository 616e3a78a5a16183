"""Make a pack from an essay, for an editor to start with.

    new_pack(pack_id, essay, content, today) -> Skeleton

The folder appears whole or not at all, and never replaces another. `parley check` accepts its content, except for
the texts that begin with FILL IN; until an editor writes those, the pack is a draft, which isn't served.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from bot.authoring.claims import EssayClaims, propose_claims
from bot.authoring.names import Mention
from bot.authoring.quote_lengths import Proposal
from bot.authoring.sentences import heading, sentences, words
from bot.authoring.yaml_writing import Bare, Value, item, new_id, table
from bot.errors import NotFound, Refused, UsageError
from bot.packs.check import TextLimits, check_pack
from bot.packs.essay_quotes import paragraphs_of
from bot.packs.fields import PACK_ID_MAX
from bot.packs.loader import FILL_IN
from bot.packs.model import ClaimKind
from bot.packs.problems import Problem
from bot.packs.reading import DRAFTS, PACK_FILE
from bot.packs.report import Report
from bot.packs.yaml_mistakes import place_of_byte

NOTES = f"{DRAFTS}/notes.md"
MAX_BYTES = 1024 * 1024
"""A book of some 170,000 words, which takes ten seconds."""
_LINE_MAX = 300
_MOST_ALIASES, _MOST_TAGS = 4, 3


@dataclass(frozen=True, slots=True)
class Skeleton:
    """A new pack: the claims that the rules found, and the checker's report."""

    folder: Path
    paragraphs: int
    sentences: int
    claims: EssayClaims
    report: Report

    @property
    def to_fill(self) -> tuple[Problem, ...]:
        """Texts that an editor has to write, with file and line."""
        return tuple(problem for problem in self.report.problems if problem.code in _LEFT_FOR_EDITORS)


_LEFT_FOR_EDITORS = frozenset(("fill-in", "more-problems"))


def new_pack(
    pack_id: str, essay: Path, content: Path, today: date, *, title: str = "", language: str = "en"
) -> Skeleton:
    """Make the folder `content/pack_id` from an essay's text.

    Raise UsageError for an invalid id, NotFound for a missing essay or content folder, and Refused if the pack's place
    is taken or the essay isn't usable text; then nothing is written.
    """
    _check_id(pack_id)
    if not re.fullmatch(r"[a-z]{2,3}(-[A-Z]{2})?", language):
        raise UsageError(f"“{language}” isn't a language code: write one such as en or pt-BR.")
    target = content / pack_id
    if target.exists() or target.is_symlink():
        raise Refused(f"{target} already exists: choose another id, or move that folder away. Nothing has changed.")
    paragraphs = paragraphs_of(read_essay(essay), -1)
    claims = propose_claims(paragraphs)
    if not content.is_dir():
        raise NotFound(f"The folder {content} is missing: create it, or name another with --content.")
    try:
        making = Path(tempfile.mkdtemp(prefix=f".{pack_id}.", dir=content))
    except OSError as error:
        raise Refused(f"{content} can't be written to ({error.strerror}): check its permissions.") from None
    try:
        _write(making, pack_id, paragraphs, claims, today, title, language)
        report = check_pack(making, essay, today)
        others = [problem for problem in report.problems if problem.code not in {*_LEFT_FOR_EDITORS, *_EXPECTED}]
        _refuse_bugs(others)
        making.chmod(0o755)
        making.rename(target)
    except BaseException:
        shutil.rmtree(making, ignore_errors=True)
        raise
    moved = tuple(replace(one, file=target / one.file.relative_to(making)) for one in report.problems)
    count = sum(len(sentences(paragraph)) for paragraph in paragraphs if heading(paragraph) is None)
    return Skeleton(target, len(paragraphs), count, claims, replace(report, folder=target, problems=moved))


def _refuse_bugs(others: Sequence[Problem]) -> None:
    """Fail on any other problem: it is a bug of this module, which must write only valid packs."""
    if others:
        raise AssertionError(others[0])


_EXPECTED = frozenset(("fact-without-source", "hidden-character"))
"""Warnings that stay until an editor has found sources, or that come from the essay itself."""


def _check_id(pack_id: str) -> None:
    if re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", pack_id) and len(pack_id) <= PACK_ID_MAX:
        return
    nearest = new_id(pack_id, (), "my-topic", PACK_ID_MAX)
    raise UsageError(
        f"“{pack_id}” can't be a pack's id: use at most {PACK_ID_MAX} lowercase letters, digits and single hyphens, "
        f"such as {nearest}."
    )


def read_essay(file: Path) -> str:
    """Read an essay's text. Raise NotFound or Refused, with a remedy."""
    try:
        if not file.is_file():
            raise NotFound(f"{file} is not a file: correct the essay's path.")
        size = file.stat().st_size
        if size > MAX_BYTES:
            raise Refused(
                f"{file} has {size / 1024:,.0f} KiB, and may have {MAX_BYTES // 1024:,}: make a pack of a part."
            )
        data = file.read_bytes()
    except OSError as error:
        raise Refused(f"{file} can't be read ({error.strerror}): check its permissions.") from None
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise Refused(f"{file} is UTF-16: save it as plain text with the encoding UTF-8.")
    if b"\0" in data or data.startswith((b"%PDF", b"PK\x03\x04", b"{\\rtf")):
        raise Refused(f"{file} is not plain text: save the essay as text (.txt) with the encoding UTF-8.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line, _ = place_of_byte(data, error.start)
        raise Refused(f"{file} is not UTF-8 (line {line}): save it with the encoding UTF-8.") from None
    if not text.strip():
        raise Refused(f"{file} is empty: a pack needs an essay's text.")
    return text.replace("\r\n", "\n").replace("\r", "\n")  # the checker reads it this way too


# --- what stands in the files ---


def _write(
    folder: Path, pack_id: str, paragraphs: list[str], claims: EssayClaims, today: date, title: str, language: str
) -> None:
    essay: dict[str, str | int] = {"title": _line(claims.title)} if claims.title else {}
    info: dict[str, Value] = {
        "id": pack_id,
        "draft": Bare("true"),
        "title": _line(title or claims.title or f"{FILL_IN}: the topic in a few words"),
        "summary": f"{FILL_IN}: what the topic is, in a few neutral sentences",
        "essay": {**essay, "paragraphs": len(paragraphs)},
        "language": language,
        "reviewed": Bare(today.isoformat()),
    }
    (folder / PACK_FILE).write_text(_PACK_HEAD + table(info), encoding="utf-8", newline="\n")
    ids: set[str] = set()
    often = {mention.text for mention in claims.names if mention.times > 1}
    entries = [_fact(proposal, ids, often) for proposal in claims.proposals]
    (folder / "facts.yaml").write_text(_FACTS_HEAD + "facts:\n" + "\n".join(entries), encoding="utf-8", newline="\n")
    (folder / DRAFTS).mkdir()
    (folder / NOTES).write_text(_notes(paragraphs, claims), encoding="utf-8", newline="\n")


_PACK_HEAD = """\
# Made from an essay by rules. Write what begins with FILL IN; `parley check` lists what is left.
# Then set `reviewed` to that day and delete the line `draft: true`: until then the pack is not served.
"""
_FACTS_HEAD = """\
# Claims that rules found in the essay, in its order. Delete what is none, add what is missing, and judge the others:
# a neutral statement, whose claim and what kind it is, the verdict with its reason, and sources (in sources.yaml).
"""


def _fact(proposal: Proposal, ids: set[str], often: set[str]) -> str:
    key = new_id(proposal.quote, ids, f"claim-p{proposal.paragraph}")
    ids.add(key)
    other_names = [name for name in proposal.names if name.casefold() not in key.split("-")]
    return item(
        {
            "id": key,
            "statement": _line(f"{FILL_IN}: say in one neutral sentence: {proposal.quote}", TextLimits().title),
            "essay": {"paragraph": proposal.paragraph, "quote": proposal.quote},
            "attributed_to": _line(f"{proposal.said_by}, as cited by the author" if proposal.said_by else "the author"),
            "kind": Bare(proposal.kind),
            "verdict": Bare("not-checkable" if proposal.kind is ClaimKind.JUDGEMENT else "unverified"),
            "reason": f"{FILL_IN}: why this verdict, and what was found",
            "aliases": [_line(name) for name in other_names][:_MOST_ALIASES],
            "tags": [_line(name.lower()) for name in proposal.names if name in often][:_MOST_TAGS],
        }
    )


def _line(text: str, most: int = _LINE_MAX) -> str:
    """Text on one line, cut to a line's length."""
    flat = " ".join(text.split())
    return flat if len(flat) <= most else flat[: most - 1].rstrip() + "…"


_FIRST_WORDS = 8


def _notes(paragraphs: list[str], essay_claims: EssayClaims) -> str:
    """Notes for editors, never loaded: the essay's paragraphs by number, and its names and dates."""
    lines = ["# Notes for the editors", "", "## Paragraphs", ""]
    claims = [claim.paragraph for claim in essay_claims.proposals]
    for number, paragraph in enumerate(paragraphs, 1):
        first = " ".join(paragraph.split()[:_FIRST_WORDS]) + (" …" if words(paragraph) > _FIRST_WORDS else "")
        kind = "heading" if heading(paragraph) else f"claims proposed: {claims.count(number)}"
        lines.append(f"{number}. “{first}” ({kind})")
    for title, mentions in (("Names", essay_claims.names), ("Dates", essay_claims.dates)):
        lines += ["", f"## {title}", "", *(map(_mention, mentions) if mentions else ["None found."])]
    return "\n".join(lines) + "\n"


def _mention(mention: Mention) -> str:
    where = ", ".join(map(str, mention.paragraphs))
    return f"- {mention.text} ({mention.times} times, in {where})"
