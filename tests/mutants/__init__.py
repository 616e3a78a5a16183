"""Check that the tests hold the rules: change one thing in a rule, and see whether a test fails.

    python -m tests.mutants                             every file of rules.py
    python -m tests.mutants bot/polls/rules.py          one file
    python -m tests.mutants --sample 0.1 --seed 7       a tenth, drawn by chance

A mutant is a copy of the code with one change of a fixed kind (operators.py). A run collects a room's own tests once,
learns which test reaches which line, and then forks for each mutant: the child swaps the changed function in and runs
the tests that reach its line, until one fails. The method is that of DeMillo, Lipton and Sayward, "Hints on Test Data
Selection", IEEE Computer 11(4), 1978.
"""
