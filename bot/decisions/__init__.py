"""A community's decisions: the poll behind each, its owner, and its review."""
