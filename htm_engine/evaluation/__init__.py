"""Measures, baselines, and comparisons at equal bytes."""
