"""The vocabulary between the core and the platforms, and how a reply is fitted to one of them."""
