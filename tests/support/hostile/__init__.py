"""Hostile inputs: a corpus that is made in code, and a generator of cases that no corpus holds.

Each entry of the corpus has a name and says what must come of it: it is taken as the photo, set or recipe that it is, or it is
refused with one sentence and nothing changes. Tests bring them through the real
entrances; `make test` also makes 2,000 cases up, and `python -m tools.checks.fuzz` 100,000, with the same code (`generated`).
"""
