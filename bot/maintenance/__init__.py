"""An operator's work on a whole database."""
