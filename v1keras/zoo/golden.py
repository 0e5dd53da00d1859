"""Golden outputs: rates for known images, which a preset states of its model."""

import pathlib
from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from v1keras.zoo.layout import METADATA

IMAGES = 5
# Of a rate: other processors add up in another order, but no part of a model that was
# changed stays within it.
TOLERANCE = 1e-3


def golden_images(image_size: tuple[int, ...], pixels: dict[str, float]) -> np.ndarray:
    """Return the images whose rates every preset states.

    They are uniform noise over the range of the recording's pixels.

    Args:
        image_size: Tuple `(height, width)` in pixels.
        pixels: Dict of `minimum` and `maximum`.

    Returns:
        `(5, height, width, 1)` float32, the same on every machine.

    Example:

    >>> images = golden_images((2, 2), {"minimum": 0, "maximum": 255})
    >>> images[0].astype(int).ravel().tolist()
    [139, 182, 153, 138]
    """
    # RandomState, since NumPy has promised that its stream stays as it is.
    draws = np.random.RandomState(0).uniform(
        pixels["minimum"], pixels["maximum"], (IMAGES, *image_size, 1)
    )
    return draws.astype("float32")


def golden_inputs(image_size: tuple[int, ...], metadata: dict[str, Any]) -> Any:
    """Return the inputs that a preset's golden outputs belong to.

    Args:
        image_size: Tuple `(height, width)` in pixels.
        metadata: Dict, metadata of the preset.

    Returns:
        `golden_images`; for a model with covariates, a dict of these as `images` and of
        each covariate `(5, k)`, drawn from a Gaussian with the mean and the standard
        deviation of the training images.
    """
    images = golden_images(image_size, metadata["pixels"])
    if not metadata.get("behavior"):
        return images
    inputs, draws = {"images": images}, np.random.RandomState(1)
    for name, moments in metadata["behavior"].items():
        shape = (IMAGES, len(moments["mean"]))
        values = draws.normal(moments["mean"], moments["std"], shape)
        inputs[name] = values.astype("float32")
    return inputs


def named_rates(call: Callable[[Any], Any], inputs: Any) -> dict[str, np.ndarray]:
    """Compute the rates for images, as arrays by name.

    Args:
        call: Callable, inputs -> rates, or a dict of them.
        inputs: Images `(batch, height, width, 1)`, or the dict that the model takes.

    Returns:
        Dict, name of each output -> `(batch, neurons)`; an only output is named
        "rates".

    Example:

    >>> rates = named_rates(lambda x: x[:, 0, :3, 0], np.zeros((2, 4, 4, 1)))
    >>> {name: values.shape for name, values in rates.items()}
    {'rates': (2, 3)}
    """
    outputs = call(inputs)
    outputs = outputs if isinstance(outputs, dict) else {"rates": outputs}
    return {name: keras.ops.convert_to_numpy(rates) for name, rates in outputs.items()}


def golden_rates(model: keras.Model, metadata: dict[str, Any]) -> dict[str, np.ndarray]:
    """Return the rates of a model for `golden_inputs`, as `named_rates`."""
    inputs = golden_inputs(model.image_size, metadata)
    return named_rates(lambda batch: model(batch, training=False), inputs)


def check_golden(
    model: keras.Model, metadata: dict[str, Any], folder: pathlib.Path
) -> float:
    """Compare the rates for the golden images with those that the preset states.

    Args:
        model: Model as loaded.
        metadata: Dict, metadata of the preset.
        folder: Path, folder of the preset, for the message.

    Returns:
        Float, the largest difference in spikes per presentation.

    Raises:
        ValueError: A rate differs by more than a thousandth.
    """
    measured = golden_rates(model, metadata)
    largest = 0.0
    for output, rows in metadata["golden"].items():
        difference = _difference(rows, measured.get(output))
        if isinstance(difference, str):
            raise ValueError(
                f"{folder / METADATA}: the golden outputs of {output} are not this"
                f" model's ({difference})"
            )
        largest = max(largest, difference)
    return largest


def _difference(rows, rates):
    """Return the largest difference, or in words why it is too large."""
    if rates is None:
        return "it has no such output"
    if rates.shape != (len(rows), len(rows[0])) or len(set(map(len, rows))) != 1:
        return f"it has {rates.shape}"
    stated = np.asarray(rows)
    difference = float(np.abs(rates - stated).max())
    if not np.allclose(rates, stated, TOLERANCE, TOLERANCE):
        return f"they differ by {difference:g}"
    return difference
