"""Polls: ballots, tallies and their results."""
