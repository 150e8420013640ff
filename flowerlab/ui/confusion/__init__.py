"""Confusion matrices, figures of classes, and the photos behind them."""
