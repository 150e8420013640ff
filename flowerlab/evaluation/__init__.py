"""Figures from arrays: confusion, calibration, intervals, paired tests. Knows no run and no lab."""
