"""From a request to an outcome: declarations, typed lines, permission, rate limits."""
