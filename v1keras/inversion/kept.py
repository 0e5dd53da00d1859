"""What is made once for a model, and kept as long as the model."""

import contextlib
import contextvars
import hashlib
from collections.abc import Callable, Hashable, Iterator
from typing import Any

import numpy as np
from keras import ops

_ATTRIBUTE = "_kept_for_inversion"
# Models and the digests of their weights, within `unchanging_weights`.
_DIGESTS: contextvars.ContextVar[dict[int, tuple[Any, str]] | None]
_DIGESTS = contextvars.ContextVar("digests", default=None)


@contextlib.contextmanager
def unchanging_weights() -> Iterator[None]:
    """Take it that no model is trained within the block.

    The weights of each are then hashed once; those of a large population are gigabytes.
    It also decorates a function.

    Example:

    >>> with unchanging_weights():
    ...     pass
    """
    if _DIGESTS.get() is not None:
        yield
        return
    token = _DIGESTS.set({})
    try:
        yield
    finally:
        _DIGESTS.reset(token)


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
    weights = _digest_now(model)
    store = vars(model).get(_ATTRIBUTE)
    if store is None or store.weights != weights:
        store = vars(model)[_ATTRIBUTE] = _Kept(weights)
    if key not in store.results:
        store.results[key] = make()
    return store.results[key]


def _digest_now(model):
    """Return the digest of a model's present weights."""
    digests = _DIGESTS.get()
    if digests is None:
        return _digest(model)
    if id(model) not in digests:
        digests[id(model)] = model, _digest(model)  # the model, so that it stays
    return digests[id(model)][1]


def _digest(model):
    """Return a digest of a model's weights; training changes it."""
    digest = hashlib.sha256()
    for weight in getattr(model, "weights", ()):
        # Without a copy, of which a large model's take as long as the digest.
        digest.update(np.ascontiguousarray(ops.convert_to_numpy(weight)).data)
    return digest.hexdigest()
