"""Cards as each platform will show them, on a page that follows an editor's files."""

PORT = 8766
"""Where the page is served on this machine, unless another port is asked for."""
