"""Give each test here an instance with a wall, unless the test makes its own."""

from tests.walls import clock, here

__all__ = ["clock", "here"]
