"""Search a library for the entries that a member's words ask for."""
