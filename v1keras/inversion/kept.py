"""What is made once for a model, and kept as long as the model."""

import hashlib
from collections.abc import Callable, Hashable
from typing import Any

import numpy as np
from keras import ops

_ATTRIBUTE = "_kept_for_inversion"


class _Kept:
    """Results by their key, all made with the same weights.

    It is no container: Keras saves the layers in a model's containers with the model.
    """

    def __init__(self, weights: str) -> None:
        self.weights = weights
        self.results: dict[Hashable, Any] = {}


def kept(model: Any, key: Hashable, make: Callable[[], Any]) -> Any:
    """Return what `make` returned for a model, a key and the model's present weights.

    TensorFlow never frees all of a compiled function, so one that is compiled in each
    of many calls would fill the memory.

    Args:
        model: Model, which holds the results.
        key: Hashable, what is made, and the options that it depends on.
        make: Callable without arguments, called unless there is a result.

    Example:

    >>> from v1keras.models import FactorizedReadout, StackedCore, V1Model
    >>> model = V1Model(StackedCore((8,), (5,)), FactorizedReadout(3), (20, 20))
    >>> first = kept(model, "list", list)
    >>> kept(model, "list", list) is first
    True
    """
    weights = _digest(model)
    store = vars(model).get(_ATTRIBUTE)
    if store is None or store.weights != weights:
        store = vars(model)[_ATTRIBUTE] = _Kept(weights)
    if key not in store.results:
        store.results[key] = make()
    return store.results[key]


def _digest(model):
    """Return a digest of a model's weights; training changes it."""
    digest = hashlib.sha256()
    for weight in getattr(model, "weights", ()):
        # Without a copy, of which a large model's take as long as the digest.
        digest.update(np.ascontiguousarray(ops.convert_to_numpy(weight)).data)
    return digest.hexdigest()
