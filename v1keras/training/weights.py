"""Values of many variables at once."""

from typing import Any

import keras
import numpy as np


def read(variables: list[Any]) -> list[np.ndarray]:
    """Return the values of variables as arrays."""
    return [keras.ops.convert_to_numpy(variable) for variable in variables]


def assign(variables: list[Any], values: list[np.ndarray]) -> None:
    """Set variables to values."""
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)


def moving_average(
    average: list[np.ndarray], values: list[np.ndarray], momentum: float
) -> list[np.ndarray]:
    """Update a moving average: momentum * average + (1 - momentum) * values.

    What is not a float, such as the state of a random layer, is taken from the values.

    Args:
        average: List of arrays.
        values: List of arrays of the same shapes.
        momentum: Float, share of the average so far.

    Example:

    >>> moving_average([np.array([1.0])], [np.array([3.0])], 0.75)[0].tolist()
    [1.5]
    """
    updated = []
    for old, new in zip(average, values, strict=True):
        if new.dtype.kind == "f":
            new = (momentum * old + (1 - momentum) * new).astype(new.dtype)
        updated.append(new)
    return updated
