"""Series of numbers: units predict the next value, compete, and only surprise counts."""
