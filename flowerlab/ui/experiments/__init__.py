"""Parts of Experiments."""
