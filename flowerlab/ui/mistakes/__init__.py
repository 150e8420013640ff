"""Parts of Mistakes."""
