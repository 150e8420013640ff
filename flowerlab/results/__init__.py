"""Finished runs beside each other: answers, pairs, seeds, differences."""
