"""The edition that is served, and how a new one takes its place."""
