"""Members' suggestions for the content, from the first word to the answer."""
