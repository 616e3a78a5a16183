"""Test of the table of permissions in docs/slack.md against the manifest."""

from __future__ import annotations

import re

from adapters.slack.manifest import OPTIONAL, SCOPES
from adapters.slack.pages import MAY
from tests.docs.documents import ROOT


def test_the_table_of_permissions_is_the_manifest() -> None:
    """docs/slack.md lists each scope of the manifest once, with its use and its loss, and the optional ones last. The
    install page has the same scopes."""
    text = (ROOT / "docs" / "slack.md").read_text("utf-8").partition("|Scope|")[2].partition("\n\n")[0]
    rows = [line.strip("|").split("|") for line in text.splitlines() if line.startswith("|`")]
    listed = [scope for row in rows for scope in re.findall(r"`([a-z_.:]+)`", row[0])]
    assert sorted(listed) == sorted(SCOPES) == sorted(MAY)
    assert listed[-len(OPTIONAL) :] == list(OPTIONAL)
    assert all(use.strip() and loss.strip() for _, use, loss in rows)
