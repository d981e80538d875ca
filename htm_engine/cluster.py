"""Dask, where it is installed: is there a client, which addresses are safe, what is missing.

Nothing here imports Dask before it is asked for: the engine works without it.
"""

from __future__ import annotations

import importlib.util
import ipaddress
import os
import sys
from typing import Any
from urllib.parse import urlsplit

from .errors import ClusterError

#: Names the scheduler that heavy work goes to.
VARIABLE = "HTM_SCHEDULER"
INSTALL = 'pip install "htm-studio[cluster]"'
MISSING = f"Dask is not installed here: {INSTALL}, or use none of it."


def installed() -> bool:
    """Whether Dask and its scheduler can be imported."""
    return all(importlib.util.find_spec(name) is not None for name in ("dask", "distributed"))


def keeps_workers() -> bool:
    """Whether this server can have workers of its own, which nobody but it can reach."""
    return installed() and importlib.util.find_spec("cryptography") is not None


def need() -> None:
    """Refuse to go on without Dask.

    Raises
    ------
    ClusterError
        With what to install.
    """
    if not installed():
        raise ClusterError(MISSING)


def client() -> Any:
    """The client that this program has made last and not closed; None if there is none."""
    if "distributed" not in sys.modules:
        return None
    from distributed import default_client

    try:
        return default_client()
    except ValueError:
        return None


def is_dask(X: Any) -> bool:
    """Whether X is a Dask array, without importing Dask."""
    kind = type(X)
    return kind.__module__.startswith("dask.array") and kind.__name__ == "Array"


def is_safe(address: str) -> bool:
    """Whether only this machine, or who has a certificate, can be behind an address."""
    parts = urlsplit(address if "://" in address else f"tcp://{address}")
    if parts.scheme in ("tls", "inproc"):
        return True
    host = parts.hostname or ""
    if host == "localhost":
        return parts.scheme in ("tcp", "ws")
    try:
        return parts.scheme in ("tcp", "ws") and ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def checked(address: str) -> str:
    """An address of a scheduler, if it is one that may be used.

    Raises
    ------
    ClusterError
        If others could listen: what goes to workers is what runs there.
    """
    if not is_safe(address):
        raise ClusterError(
            f"The scheduler {address} is open to the network without TLS, and whoever reaches it "
            "can run programs there: use tls://host:port with certificates, or this machine alone."
        )
    return address


def named() -> str:
    """The scheduler that the variable names, checked; empty if it names none."""
    address = os.environ.get(VARIABLE, "").strip()
    return checked(address) if address else ""
