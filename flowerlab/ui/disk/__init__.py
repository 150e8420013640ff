"""Parts of Disk."""
