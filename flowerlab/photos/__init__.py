"""Pixels: reading, resizing, augmentation, heat maps."""
