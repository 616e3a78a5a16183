"""The settings of an instance, with their defaults and the sources of their values."""
