"""Packs of content: what they are made of, how they are read, checked and searched."""
