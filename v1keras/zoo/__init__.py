"""Stage 5: weights <-> preset, a folder with a trained model and its metadata.

    config.json        the model's architecture
    model.weights.h5   its weights
    README.md          the card: metadata.json for readers
    metadata.json      sha256 of the three, recording, neurons, training, scores, golden
                       outputs

What needs no model (`names`, `find`, `info`, `check_files`, `neurons_of`) starts
without TensorFlow; the rest is loaded when it is first used.
"""

import importlib
from typing import TYPE_CHECKING, Any

from v1keras.zoo.card import card, table
from v1keras.zoo.catalog import check_files, find, info, names, neurons_of

if TYPE_CHECKING:
    from v1keras.models.pixel_range import warn_of_pixels
    from v1keras.zoo.golden import check_golden
    from v1keras.zoo.hub import publish
    from v1keras.zoo.images import read_images
    from v1keras.zoo.preset import load, save, update_metadata

_LATER = {
    "load": "v1keras.zoo.preset",
    "save": "v1keras.zoo.preset",
    "update_metadata": "v1keras.zoo.preset",
    "check_golden": "v1keras.zoo.golden",
    "publish": "v1keras.zoo.hub",
    "read_images": "v1keras.zoo.images",
    "warn_of_pixels": "v1keras.models.pixel_range",
}

__all__ = [
    "card",
    "check_files",
    "find",
    "info",
    "names",
    "neurons_of",
    "table",
    *_LATER,
]


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(
            f"module 'v1keras.zoo' has no attribute {name!r}; it has"
            f" {', '.join(__all__)}"
        )
    return getattr(importlib.import_module(_LATER[name]), name)
