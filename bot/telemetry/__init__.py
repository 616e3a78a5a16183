"""Logs, counters and the code that a request carries through both."""
