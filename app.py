"""HTM Studio: the entry point that Streamlit runs; the pages are in ``pages/``."""

from studio import frame

frame.run()
