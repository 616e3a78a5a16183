"""Communities, their settings, their editors, and the log of what moderators and editors did."""
