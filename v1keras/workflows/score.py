"""A model scored on the recordings of its neurons."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from v1keras.data import Recording
from v1keras.data.presentations import mean_rates, model_data
from v1keras.evaluation.scores import Scores, join_scores, score_rates
from v1keras.training.prediction import Predictor
from v1keras.workflows.matching import check_fit


def score(
    model: Any,
    recording: Recording | Sequence[Recording],
    split: str = "test",
    above_hz: float = 5.0,
    fano: float = 1.0,
) -> Scores:
    """Score every neuron of a recording, and groups of neurons.

    Args:
        model: Model of the recording's neurons; of a model of several recordings, the
            session of each recording's name. Or any callable, images
            `(batch, height, width, 1)` in pixel units -> rates `(batch, neurons)`.
        recording: `Recording`, or a sequence of them, scored one by one and together.
        split: String, "train", "validation" or "test".
        above_hz: Float; neurons with a mean rate above this are a group of their own.
        fano: Float, variance over mean of single spike counts, for the noise ceiling
            where only mean responses are known; 1 assumes Poisson neurons.

    Returns:
        `Scores`; printed, they are a table.

    Raises:
        ValueError: The recording has no image on that side of the split, or does not
            fit the model.

    Example:

    >>> from v1keras import simulate_recording
    >>> recording = simulate_recording(40, 10, neurons_per_kind=1, image_size=16)
    >>> scores = score(lambda images: images[:, 4, 4:8, 0], recording)  # four pixels
    >>> scores
    <Scores of 4 neurons on 10 test images>
    >>> scores.ceiling, scores.per_neuron["correlation"].shape
    ('repeats', (4,))
    """
    if not isinstance(recording, Sequence):
        return _score(model, recording, split, above_hz, fano)
    if len(recording) == 1:
        return _score(model, recording[0], split, above_hz, fano)
    return join_scores(
        {part.name: _score(model, part, split, above_hz, fano) for part in recording}
    )


def _score(model, recording, split, above_hz, fano):
    images = recording.indices(split)
    model = session_of(model, recording)
    if hasattr(model, "image_size"):
        check_fit(model, recording)
    rates = predicted_rates(model, recording, images)
    return score_rates(recording, images, rates, split, above_hz, fano)


def predicted_rates(model: Any, recording: Recording, images: np.ndarray) -> np.ndarray:
    """Return the `(images, neurons)` rates that a model predicts for a recording.

    Where covariates are known per presentation, they are means over presentations.

    Args:
        model: Model of the recording's neurons, or any callable, images -> rates.
        recording: `Recording`.
        images: Integer array, indices of the images.
    """
    inputs, responses, places = model_data(
        recording, images, getattr(model, "covariates", None)
    )
    return mean_rates(Predictor(model)(inputs), responses, places, len(images))


def score_by(
    config: Mapping[str, float],
    model: Any,
    recordings: Sequence[Recording],
    split: str = "test",
) -> Scores:
    """Score a model as the `evaluation` branch of a configuration says."""
    return score(model, recordings, split, config["above_hz"], config["fano"])


def session_of(model: Any, recording: Recording) -> Any:
    """Return the part of a model that predicts a recording."""
    return model.session(recording.name) if hasattr(model, "session") else model
