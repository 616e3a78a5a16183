"""Shared parts of the adapters' HTTP servers."""
