"""From ballots to a result. Every function here is pure."""
