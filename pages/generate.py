"""Generate: new pictures, drawn from the top down."""

from studio import frame

frame.guard()
frame.page(
    "Generate",
    ":material/auto_awesome:",
    "Let the network draw: a winner at the top, its prediction level by level below.",
)
