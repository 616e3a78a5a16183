"""Members' commands. Each feature turns a service's answers into replies and holds no rule of its own."""
