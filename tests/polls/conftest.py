"""An instance with a wall, for each test that has none of its own."""

from tests.walls import clock, here

__all__ = ["clock", "here"]
