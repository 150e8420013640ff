"""The queue: who trains next, on which terms, and what happens when a trainer dies."""
