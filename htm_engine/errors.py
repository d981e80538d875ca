"""The exceptions of the domain; every message is one sentence a user can act on."""

from __future__ import annotations


class HTMError(Exception):
    """Base of everything the engine raises on purpose."""


class DataError(HTMError, ValueError):
    """The data cannot be used: empty, not finite, wrong shape, or an unreadable upload."""


class ModelError(HTMError, ValueError):
    """A model file is truncated, damaged, of another version, or not one of ours."""


class FormatError(HTMError, ValueError):
    """A compressed file is truncated, damaged, of another version, or not one of ours."""


class ModelMismatchError(FormatError):
    """A compressed file needs another model than the one given."""


class HistoryError(HTMError):
    """The history of runs cannot be read or written: damaged, locked, full, or not there."""


class Cancelled(HTMError):
    """The caller asked a long computation to stop."""


class ClusterError(HTMError):
    """Dask is missing, its scheduler may not be used or is lost, or its workers failed."""
