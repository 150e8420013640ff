"""Data sets: what there is, how it is gathered, split and prepared."""
