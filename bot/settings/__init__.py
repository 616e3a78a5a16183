"""The settings of an instance: each with its default, and where its value comes from."""
