"""Communities, their settings, their editors, and the log of moderators' and editors' actions."""
