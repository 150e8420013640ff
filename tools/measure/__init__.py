"""Measurements, each a ratio or a time that a promise names."""
