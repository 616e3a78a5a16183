"""The words for a pack's kinds that members read: verdicts, claims, sources and entries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.chat.vocabulary import Tone
from bot.i18n import N_
from bot.packs.model import (
    Argument,
    ClaimKind,
    Entry,
    Event,
    Fact,
    Option,
    Position,
    Provenance,
    Source,
    SourceKind,
    Statement,
    Term,
    Verdict,
)


@dataclass(frozen=True, slots=True)
class VerdictLabel:
    """The label of a verdict: a sign and a word that say the same, and the tone of its card."""

    sign: str
    word: str
    tone: Tone


VERDICTS: Mapping[Verdict, VerdictLabel] = {
    Verdict.SUPPORTED: VerdictLabel("✔", N_("Supported"), Tone.GOOD),
    Verdict.NUANCED: VerdictLabel("◑", N_("Supported with a nuance"), Tone.GOOD),
    Verdict.OVERSTATED: VerdictLabel("▲", N_("Overstated"), Tone.CAUTION),
    Verdict.UNSUPPORTED: VerdictLabel("○", N_("Unsupported"), Tone.CAUTION),
    Verdict.CONTRADICTED: VerdictLabel("✖", N_("Contradicted"), Tone.BAD),
    Verdict.UNVERIFIED: VerdictLabel("?", N_("Could not be verified"), Tone.INFO),
    Verdict.NOT_CHECKABLE: VerdictLabel("–", N_("Not a matter of fact"), Tone.NEUTRAL),
}

CLAIM_KINDS: Mapping[ClaimKind, str] = {
    ClaimKind.FACT: N_("Claim of fact"),
    ClaimKind.OPINION: N_("Attributed opinion"),
    ClaimKind.PREDICTION: N_("Prediction"),
    ClaimKind.JUDGEMENT: N_("Value judgement"),
}

SOURCE_KINDS: Mapping[SourceKind, str] = {
    SourceKind.GOVERNMENT: N_("government"),
    SourceKind.COURT: N_("court"),
    SourceKind.PEER_REVIEWED: N_("peer-reviewed"),
    SourceKind.THINK_TANK: N_("think tank"),
    SourceKind.NEWS: N_("news"),
    SourceKind.ADVOCACY: N_("advocacy"),
}

COPIES: Mapping[Provenance, str] = {
    Provenance.ORIGINAL: N_("the publisher's own page"),
    Provenance.OFFICIAL: N_("an official text, hosted elsewhere"),
    Provenance.REPRINT: N_("a reprint"),
    Provenance.MIRROR: N_("seen only as a third party's copy, so without a link"),
}

ENTRY_KINDS: Mapping[type[Entry], str] = {
    Fact: N_("Fact"),
    Position: N_("Position"),
    Argument: N_("Argument"),
    Source: N_("Source"),
    Option: N_("Policy option"),
    Statement: N_("Statement"),
    Term: N_("Term"),
    Event: N_("Event"),
}
