"""The vocabulary between the core and the platforms, and how a reply is made to fit a platform's message."""
