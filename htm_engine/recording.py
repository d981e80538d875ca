"""The recording of runs, for programs that reports gave out before it moved to ``runs``."""

from .runs.recording import RecordedJob, live, resume

__all__ = ["RecordedJob", "live", "resume"]
