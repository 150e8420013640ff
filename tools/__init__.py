"""Commands that make shipped things again, or measure."""
