"""Runs that belong together: the lecture, sweeps, more seeds, the ready-made experiments."""
