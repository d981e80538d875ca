"""Train: choose pictures, start, and watch the units take their places."""

from studio import frame

frame.guard()
frame.page(
    "Train",
    ":material/model_training:",
    "Watch the units of each level compete until every one has its place.",
)
