"""Asking the predictor about one photo."""
