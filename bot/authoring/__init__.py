"""What an editor's tools write: new packs, edits in place, drafts, bibliographies and briefings."""
