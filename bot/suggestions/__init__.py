"""What members suggest for the content, from the first word to the answer."""
