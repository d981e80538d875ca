"""``HTM``, the estimator, and what reads, draws and saves for it."""
