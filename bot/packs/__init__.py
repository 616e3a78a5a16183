"""Packs as data: what they are made of, how they are read, checked and described."""
