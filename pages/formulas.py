"""Formulas: each formula with live numbers."""

from studio import frame

frame.guard()
frame.page(
    "Formulas",
    ":material/function:",
    "Each formula the network computes, with the numbers of a real picture put in.",
)
