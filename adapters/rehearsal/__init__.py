"""`parley rehearse`: try this instance's assumptions about Discord and Slack in one place of the real service.

docs/platform-facts.md lists the assumptions. `plan.py` runs the steps and prints the report, `ledger.py` remembers the
created messages and files, and each platform's steps are in a module of its own.
"""
