"""Hostile inputs of `tests/support/hostile`, tried one kind after the other."""
