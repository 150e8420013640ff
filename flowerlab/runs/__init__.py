"""A run: its record, events, history, files and checkpoints."""
