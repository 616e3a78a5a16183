"""Packs as data: their model, and how they are read, checked and described."""
