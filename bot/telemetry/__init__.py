"""Logs, counters and the request code in both."""
