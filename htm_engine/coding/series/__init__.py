"""Series of numbers, exactly or within a tolerance: units predict the next value and compete."""
