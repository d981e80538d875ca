"""The dashboard from the command line: ``studio.serving`` takes this process's place."""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from importlib.util import find_spec

from ..errors import HTMError


def start(arguments: Namespace) -> None:
    """Serve the dashboard; ``arguments.more`` go to Streamlit.

    Raises
    ------
    HTMError
        If the dashboard is not installed.
    """
    for name in ("studio", "streamlit"):
        if find_spec(name) is None:
            raise HTMError(
                f"The dashboard needs {name}, which is not installed here; "
                'install it by: pip install "htm-studio[studio]"'
            )
    command = [sys.executable, "-m", "studio.serving", *arguments.more]
    sys.stdout.flush()
    os.execv(sys.executable, command)
