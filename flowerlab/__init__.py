"""Flowerlab: a lab in the browser in which a class trains image classifiers on flowers."""

__version__ = "0.1.0"
