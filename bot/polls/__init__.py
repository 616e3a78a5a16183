"""Polls: ballots, tallies and results."""
