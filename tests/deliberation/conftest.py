"""Fixtures for the tests of this folder: a clock, and an instance on a fake platform."""

from tests.walls import clock, here

__all__ = ["clock", "here"]
