"""Paths of files that some tests read and the repository doesn't contain. They are in a folder beside it, if the
machine has them."""

from __future__ import annotations

from pathlib import Path

BESIDE = Path(__file__).parents[2] / "shared"
ESSAY, DOSSIER = BESIDE / "research" / "essay.txt", BESIDE / "research" / "dossier.json"
"""Sources of the shipped pack."""
ADDENDUM = BESIDE / "research" / "addendum.json"
"""Newer evidence, and addresses of originals."""
ELECTIONS = BESIDE / "elections"
"""Ballots of real elections, in PrefLib's format."""
DISCORD_OPENAPI = BESIDE / "specs" / "discord-openapi.json"
"""https://github.com/discord/discord-api-spec, MIT."""
SLACK_MANIFEST = BESIDE / "specs" / "slack-manifest.schema.json"
"""https://github.com/slackapi/manifest-schema, MIT."""
DELIBERATION = BESIDE / "deliberation"
"""Finished Polis conversations as figures, with the reference implementation's outputs."""
