"""Deliberation: votes on statements, groups of people who vote alike, and the statements that unite them."""
