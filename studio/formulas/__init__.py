"""The Formulas page."""
