"""The disk: what each run and each cache takes, and how it is freed."""
