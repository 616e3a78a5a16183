"""From what a person types to the entries of a library."""
