"""Parley's core: content, polls and commands. It knows no chat platform."""
