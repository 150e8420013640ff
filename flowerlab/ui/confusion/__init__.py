"""Confusion matrices, figures of classes, and the photos that they count."""
