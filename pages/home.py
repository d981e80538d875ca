"""Home: what HTM Studio is, a result at first paint, and where to go next."""

from studio import frame

frame.guard()
frame.page("HTM Studio", "", "Units predict, compete, and keep only the surprise.")
