"""Checks that take long: hostile inputs, kills, prices, Grad-CAM, a soak."""
