"""`parley rehearse`: what this instance assumes of Discord and Slack, tried in one place of the real service.

docs/platform-facts.md lists the assumptions. `plan.py` runs the steps and prints the report, `ledger.py` remembers what
was made, and one module a platform has its steps.
"""
