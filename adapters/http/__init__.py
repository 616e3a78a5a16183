"""What the HTTP servers of the adapters share."""
