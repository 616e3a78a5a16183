"""Cards as members will see them, with each platform's limits, on a page that follows an editor's files."""

PORT = 8766
"""Where the page is served on this machine, unless another port is asked for."""
