"""What an operator does to a whole database."""
