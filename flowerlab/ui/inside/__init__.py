"""Parts of Inside."""
