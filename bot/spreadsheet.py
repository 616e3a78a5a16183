"""Text in tables that people open in a spreadsheet."""

from __future__ import annotations

_RISKY = ("=", "+", "-", "@", "\t", "\r")
"""How a cell begins that a spreadsheet would run as a formula: https://owasp.org/www-community/attacks/CSV_Injection."""


def cell(written: str) -> str:
    """The text as a spreadsheet shows it and never runs it."""
    return f"'{written}" if written.startswith(_RISKY) else written
