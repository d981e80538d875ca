"""Where the files lie that come with the engine: models, and pictures of the studio.

An installed package has them in its folder ``assets``; in the source tree they stand beside
the package, where people look for them.
"""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_INSTALLED = _PACKAGE / "assets"
#: Folder of all of them.
ASSETS = _INSTALLED if _INSTALLED.is_dir() else _PACKAGE.parent / "assets"
