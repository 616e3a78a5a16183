"""The edition being served, and how a new one replaces it."""
