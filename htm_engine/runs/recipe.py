"""All that decides what a training arrives at, as one object that writes itself to a link.

::

    Recipe(data, data_fingerprint, network, stopped)
      .packed() ──► text for a link ──► Recipe.unpacked(text)
      .as_json() ─► the settings of a run in the history ──► Recipe.from_json(found)

The text is JSON, deflated, in URL-safe base64; it holds settings only, nothing that runs.
The same recipe on the same data and machine gives a model with the same fingerprint.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from .. import storage
from ..errors import DataError
from ..estimator.checks import check_settings
from ..estimator.network import HTM
from ..model.layer import LayerSpec

VERSION = 1
#: Characters of a link, and bytes that they may inflate to.
LONGEST, LARGEST = 6000, 40_000
#: What a link may ask of a server: more is for the engine alone.
LIMITS = {"units": 1024, "rank": 256, "epochs": 1000, "batch_size": 8192, "layers": 8}
#: The part held out for the figures, and the seed that chooses it.
SPLIT = (0.2, 0)


@dataclass(frozen=True)
class Recipe:
    """How a model came about.

    Attributes
    ----------
    data : str
        Name of the data.
    data_fingerprint : str
        Of all pictures, before a part was held out.
    network : dict
        Settings of the network; the layers as dicts, or None where the data decides.
    stopped : int or None
        Steps after which somebody stopped it; None if it went to its end.
    """

    data: str
    data_fingerprint: str
    network: Mapping[str, Any]
    stopped: int | None = None

    @classmethod
    def of(cls, model: HTM, data: str, data_fingerprint: str) -> Recipe:
        """Recipe of an untrained network on some data.

        Raises
        ------
        DataError
            If its seed is not a whole number, as nothing could be repeated then.
        """
        settings = dict(model.get_params(deep=False))
        if model.layers is not None:
            settings["layers"] = [spec.settings() for spec in model.layers]
        settings = storage.plain(settings)
        if isinstance(settings["random_state"], bool) or not isinstance(
            settings["random_state"], int
        ):
            raise DataError("Only a training with a whole number as its seed can be repeated.")
        return cls(data, data_fingerprint, settings)

    def model(self) -> HTM:
        """The untrained network.

        Raises
        ------
        DataError
            If the settings make no sense, or ask for more than a link may.
        """
        try:
            settings = dict(self.network)
            given = settings.pop("layers")
            layers = tuple(LayerSpec(**spec) for spec in given or ())
            shape = settings.pop("input_shape", None)
            model = HTM(
                layers=layers if given is not None else None,
                input_shape=None if shape is None else tuple(shape),
            )
            model.set_params(**settings)
            # Runs of earlier versions are read; fitting checks by what holds today.
            check_settings(model.get_params(deep=False), learned=True)
            sizes = [("layers", len(layers)), ("epochs", model.epochs)]
            sizes += [("batch_size", model.batch_size or 1)]
            sizes += [(name, getattr(spec, name)) for spec in layers for name in ("units", "rank")]
        except (KeyError, TypeError, ValueError, AttributeError) as exc:
            raise DataError(f"These settings describe no network: {exc}.") from exc
        for name, size in sizes:
            if size > LIMITS[name]:
                raise DataError(
                    f"A run may have {name} up to {LIMITS[name]}, this asks for {size}."
                )
        return model

    def as_json(self) -> dict[str, Any]:
        """A dict for JSON; the inverse of :meth:`from_json`."""
        return {"version": VERSION, **asdict(self)}

    @classmethod
    def from_json(cls, found: Any) -> Recipe:
        """Recipe from what :meth:`as_json` gave.

        Raises
        ------
        DataError
            If it is something else, or of a later version.
        """
        try:
            if found["version"] != VERSION:
                raise DataError("These settings were written by another version of HTM Studio.")
            stopped = found["stopped"]
            recipe = cls(
                str(found["data"]),
                str(found["data_fingerprint"]),
                dict(found["network"]),
                None if stopped is None else int(stopped),
            )
        except (KeyError, TypeError, ValueError) as exc:
            if isinstance(exc, DataError):
                raise
            raise DataError("These are not the settings of a run.") from exc
        recipe.model()
        return recipe

    def packed(self) -> str:
        """Text for a link; the inverse of :meth:`unpacked`."""
        text = json.dumps(self.as_json(), sort_keys=True, separators=(",", ":"))
        return base64.urlsafe_b64encode(zlib.compress(text.encode(), 9)).decode().rstrip("=")

    @classmethod
    def unpacked(cls, text: str) -> Recipe:
        """Recipe from a link.

        Raises
        ------
        DataError
            If the text is damaged, too long, or asks for more than a link may.
        """
        if len(text) > LONGEST:
            raise DataError("The settings in this link are longer than any we write.")
        try:
            data = base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True)
            plain = zlib.decompressobj().decompress(data, LARGEST)
            found = json.loads(plain)
        except (ValueError, zlib.error, RecursionError) as exc:
            raise DataError("The settings in this link are damaged; copy it whole.") from exc
        return cls.from_json(found)
