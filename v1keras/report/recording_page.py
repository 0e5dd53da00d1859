"""The page of a recording."""

import os
from collections.abc import Mapping, Sequence

import numpy as np

from v1keras.report import figures
from v1keras.report.elements import Check, Tile, facts, pictures
from v1keras.report.page import Page

_IMAGES = "Some of the recording, drawn at random, all on one scale."
_NEURONS = (
    "Mean responses, and the highest correlation with the responses that their noise"
    " allows a model (from {source})."
)
_AVERAGES = (
    "Images averaged by the response to them, less the mean image, for the neurons with"
    " the highest ceilings: a linear neuron's filter, blurred by the images' own"
    " correlations."
)


def write_recording_page(
    path: str | os.PathLike[str],
    name: str,
    found: Sequence[Tile],
    trust: Sequence[Check],
    content: Mapping[str, str],
    images: Mapping[int, np.ndarray],
    averages: Mapping[int, np.ndarray],
    responses: tuple[np.ndarray, str],
    ceiling: tuple[np.ndarray, str],
    kind: str | None = None,
) -> list[str]:
    """Write the page of a recording.

    Args:
        path: The .html file.
        name: String, name of the recording.
        found: Sequence of `Tile`s.
        trust: Sequence of `Check`s.
        content: Dict, name -> text, what it holds.
        images: Dict, index of an image -> `(height, width)`.
        averages: Dict, index of a neuron -> `(height, width)`, zero at grey.
        responses: Tuple of `(neurons,)` mean responses and their unit.
        ceiling: Tuple of `(neurons,)` CC_max, NaN where unknown, and its source.
        kind: String, format of the figures' own files, or None for none.

    Returns:
        List of strings, names of the files.

    Raises:
        OSError: A file can't be written.
    """
    page = Page(f"Recording {name}", "What it holds.", found, trust)
    drawn = {"responses": figures.response_histogram(*responses)}
    if np.isfinite(ceiling[0]).any():
        drawn["ceilings"] = figures.ceiling_histogram(ceiling[0])
    page.add_plots("Neurons", _NEURONS.format(source=ceiling[1]), drawn)
    labels = [f"image {number}" for number in images]
    shown = np.stack(list(images.values()))
    limits = (float(shown.min()), float(shown.max()))
    page.add("Images", _IMAGES, pictures(shown, labels, "", limits))
    page.figures["images"] = figures.sample_images(shown, list(images))
    labels = [f"neuron {neuron}" for neuron in averages]
    filters = list(averages.values())
    page.add(
        "Spike-triggered averages", _AVERAGES, pictures(filters, labels, "average of")
    )
    page.figures["averages"] = figures.gallery(filters, labels)
    page.add("What it holds", "", facts(content))
    return page.save(path, kind)


def triggered_averages(images, responses):
    """Compute spike-triggered averages: response-weighted means of images.

    The mean image is subtracted.

    Args:
        images: `(n, height, width)`.
        responses: `(n, neurons)`, NaN where missing.

    Returns:
        `(neurons, height, width)`, in pixel units; zero for a neuron without a
        response.

    Example:

    >>> images = np.eye(4).reshape(4, 2, 2)
    >>> responses = np.array([[0.0], [0.0], [4.0], [0.0]])
    >>> triggered_averages(images, responses).round(2).tolist()
    [[[-0.25, -0.25], [0.75, -0.25]]]
    """
    flat = images.reshape(len(images), -1).astype(np.float32)
    measured = np.isfinite(responses)
    weights = np.where(measured, responses, 0).astype(np.float32)
    total, count = weights.sum(axis=0), measured.sum(axis=0)
    mean_weights = measured / np.maximum(count, 1) * (total != 0)
    weights = weights / np.where(total != 0, total, np.inf) - mean_weights
    return (weights.T @ flat).reshape(-1, *images.shape[1:])
