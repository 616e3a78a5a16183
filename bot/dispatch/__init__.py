"""From a request to an outcome: declarations, typed lines, permissions, rate limits."""
