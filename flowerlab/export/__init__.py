"""What one takes home from a run: its model, a script and a notebook in plain Keras, a card, its photos."""
