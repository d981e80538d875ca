"""Plotly figures; the one place of the engine that draws."""
