"""The work of an editor's tools: new packs, edits in place, drafts, bibliographies and briefings."""
