"""Parts of Classify."""
