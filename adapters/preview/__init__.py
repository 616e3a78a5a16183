"""Show cards as members will see them, with each platform's limits, on a page that follows an editor's files."""

PORT = 8766
"""Default port of the page on this machine."""
