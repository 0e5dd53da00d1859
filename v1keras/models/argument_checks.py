"""Checks of constructor arguments, before anything is allocated."""

import math
import numbers
import operator
from collections.abc import Iterable, Sequence
from typing import Any

import keras

# More is a slip of the keyboard, and would exhaust the memory.
MAX_NEURONS = 10**7
MAX_CHANNELS = 10**6
MAX_PIXELS = 10**4
MAX_KERNEL_WEIGHTS = 10**9


def check_integer(name: str, value: Any, low: int, high: int) -> int:
    """Return a value as an integer, or raise if it is not one within [low, high].

    Raises:
        ValueError: Another type or size; the message names the argument.

    Example:

    >>> check_integer("neurons", 3, 1, 10)
    3
    """
    try:
        integer = operator.index(value)
    except TypeError:
        integer = None
    if integer is None or isinstance(value, bool) or not low <= integer <= high:
        raise ValueError(
            f"{name}: found {value!r}, expected an integer from {low} to {high}"
        )
    return integer


def check_neuron_count(neurons: Any) -> int:
    """Return the number of neurons of a readout, or raise if it is none."""
    return check_integer("neurons", neurons, 1, MAX_NEURONS)


def check_integers(name: str, values: Any, low: int, high: int) -> tuple[int, ...]:
    """Return a sequence of integers within [low, high] as a tuple, or raise."""
    if isinstance(values, str) or not isinstance(values, Iterable):
        raise ValueError(f"{name}: found {values!r}, expected a sequence of integers")
    return tuple(
        check_integer(f"{name}[{i}]", value, low, high)
        for i, value in enumerate(values)
    )


def check_number(name: str, value: Any, positive: bool = False) -> None:
    """Raise a `ValueError` if a value is not a finite number >= 0, or > 0.

    Args:
        name: String, name of the argument.
        value: The value.
        positive: Boolean, whether 0 is refused.
    """
    is_number = isinstance(value, numbers.Real) and not isinstance(value, bool)
    if is_number and math.isfinite(value):
        if value > 0 or (value == 0 and not positive):
            return
    expected = "> 0" if positive else ">= 0"
    raise ValueError(f"{name}: found {value!r}, expected a finite number {expected}")


def check_choice(name: str, value: Any, choices: Iterable[str]) -> None:
    """Raise a `ValueError` if a value is not among the choices."""
    if not isinstance(value, str) or value not in choices:
        raise ValueError(
            f"{name}: found {value!r}, expected one of {', '.join(choices)}"
        )


def check_activation(name: str, value: Any, others: Sequence[str] = ()) -> None:
    """Raise a `ValueError` if a value is not the name of an activation of Keras.

    Args:
        name: String, name of the argument.
        value: The value.
        others: Sequence of strings that are accepted, too.
    """
    if isinstance(value, str):
        if value in others:
            return
        try:
            keras.activations.get(value)
            return
        except ValueError:
            pass
    choices = ", ".join([*others, "elu", "relu", "softplus"])
    raise ValueError(
        f"{name}: found {value!r}, expected the name of an activation of Keras, such as"
        f" {choices}"
    )


def check_layers(filters: Any, kernel_sizes: Any) -> tuple[tuple[int, ...], ...]:
    """Return the channels and the kernel sizes of a stack of convolutions as tuples.

    Raises:
        ValueError: Lengths that differ, no layers, or sizes out of range.
    """
    filters = check_integers("filters", filters, 1, MAX_CHANNELS)
    kernel_sizes = check_integers("kernel_sizes", kernel_sizes, 1, MAX_PIXELS)
    if len(filters) != len(kernel_sizes) or not filters:
        raise ValueError(
            f"filters, kernel_sizes: found {filters} and {kernel_sizes}, expected one"
            " entry per layer in both"
        )
    channels = 1
    for i, (count, side) in enumerate(zip(filters, kernel_sizes, strict=True)):
        if side**2 * channels * count > MAX_KERNEL_WEIGHTS:
            raise ValueError(
                f"filters, kernel_sizes: found {channels} to {count} channels with"
                f" kernels of {side} x {side} pixels in layer {i}, expected at most"
                f" {MAX_KERNEL_WEIGHTS} weights"
            )
        channels = count
    return filters, kernel_sizes


def check_smallest_image(
    shape: Sequence[int | None], kernel_size: int, pool_size: int
) -> None:
    """Raise if a first kernel and the pooling after it leave nothing of the images.

    Args:
        shape: Sequence `(batch, height, width, channels)`.
        kernel_size: Integer, side of the first kernel in pixels.
        pool_size: Integer, side of the pooling in pixels.

    Raises:
        ValueError: Images that are too small; says how large they must be.
    """
    smallest = kernel_size + pool_size - 1
    if len(shape) != 4:
        raise ValueError(
            f"images: found shape {tuple(shape)}, expected (batch, height, width, 1)"
        )
    height, width = shape[1:3]
    if height is None or width is None or min(height, width) < smallest:
        raise ValueError(
            f"images of {height} x {width} pixels; a first kernel of {kernel_size} and"
            f" pooling of {pool_size} need at least {smallest}"
        )
