"""Preferred stimuli of a model's neurons, and the kind of cell that each is."""

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from v1keras.characterization.characterize import Cells, describe_cells
from v1keras.data import Recording
from v1keras.evaluation.scores import Scores
from v1keras.inversion import (
    ContrastConstraint,
    Fourier,
    GradientAscent,
    Pixels,
    PreferredStimuli,
    RestartedAscent,
)
from v1keras.inversion.controls import controls, filter_cosines, half_stimuli
from v1keras.inversion.kept import kept, unchanging_weights
from v1keras.inversion.matched_contrast import matched_contrast
from v1keras.inversion.rates import compiled
from v1keras.inversion.weaker import half_norm_patterns, unclipped_patterns
from v1keras.io.backend import require_tensorflow
from v1keras.training.prediction import Predictor
from v1keras.workflows.matching import check_fit

# A rate that changes by less than this fraction over all images of the recording is
# constant: the readout has learned nothing about the neuron.
_CONSTANT = 0.01
# Columns of the scores that classes depend on.
_EVIDENCE = ("cc_norm", "predicted", "zero_rate")
# Columns of a simulated recording's neurons that are true values of what is fitted.
_TRUE_VALUES = ("row", "column", "orientation_deg", "frequency")
PARAMETRIZATIONS = {"pixels": Pixels, "fourier": Fourier}


@unchanging_weights()
def preferred_stimuli(
    model: Any,
    recording: Recording,
    neurons: Sequence[int] | np.ndarray | None = None,
    contrast: ContrastConstraint | None = None,
    steps: int = 300,
    restarts: int = 2,
    seed: int = 0,
    parametrization: str = "pixels",
    blur: float = 1.0,
    jitter: int = 0,
) -> PreferredStimuli:
    """Synthesize the stimulus that drives each neuron most.

    Covariates of the model are fixed at their means over the training images.

    Args:
        model: Model of the recording's neurons.
        recording: `Recording`; stimuli have the contrast of its images.
        neurons: Sequence of indices; None for all. Neurons whose rate does not depend
            on the image are left out, with a warning if they are named here.
        contrast: `ContrastConstraint`; None for that of the recording's images.
        steps: Integer, largest number of steps.
        restarts: Integer, number of starts per neuron, of which the best is kept; see
            `v1keras.inversion.RestartedAscent` for neurons that get more.
        seed: Integer, seed of the noise that stimuli start from.
        parametrization: String, "pixels" or "fourier".
        blur: Float, width in pixels of the gradient's smoothing at the first step.
        jitter: Integer, pixels by which a stimulus is shifted at random in each step.

    Raises:
        ValueError: There is no such neuron, or none whose rate depends on the image.
        FloatingPointError: A rate is not finite.

    Example:

    >>> import v1keras
    >>> recording = v1keras.simulate_recording(60, neurons_per_kind=1, image_size=16)
    >>> model = v1keras.build_model(recording)
    >>> mask = model.readout.mask  # untrained rates hardly depend on the image
    >>> _ = mask.assign(20 * mask)
    >>> stimuli = preferred_stimuli(model, recording, [0, 2], steps=10)
    >>> stimuli.neurons.tolist(), stimuli.stimuli.shape
    ([0, 2], (2, 16, 16))
    """
    model = images_only(model, recording)
    count = model.neuron_count
    chosen = np.arange(count) if neurons is None else np.array(neurons, int)
    outside = chosen[(chosen < 0) | (chosen >= count)]
    if outside.size:
        raise ValueError(
            f"neurons: there is no neuron {outside[0]}; the model has neurons 0 to"
            f" {count - 1}"
        )
    varying, constant = split_constant(model, recording, chosen)
    if not varying.size:
        raise ValueError(nothing_to_invert(constant))
    if constant.size and neurons is not None:
        warnings.warn(
            "not inverted, for their rate is the same for all images: neurons"
            f" {', '.join(map(str, constant))}",
            stacklevel=2,
        )
    contrast = contrast or matched_contrast(model, recording.images)
    ascent = GradientAscent(
        model,
        contrast,
        parametrization=PARAMETRIZATIONS[parametrization](),
        blur=blur,
        jitter=jitter,
    )
    restarted = RestartedAscent(ascent, recording.images)
    return restarted.run(varying, steps, seed, restarts)


def nothing_to_invert(neurons: np.ndarray) -> str:
    """Return the message on neurons whose rate is constant."""
    return (
        f"the rate of neurons {', '.join(map(str, neurons))} is the same for all"
        " images of the recording: nothing to invert"
    )


@unchanging_weights()
def characterize(
    model: Any,
    recording: Recording,
    stimuli: PreferredStimuli,
    evaluators: Sequence[Any] = (),
    scores: Scores | None = None,
) -> Cells:
    """Determine class, controls, fits and tuning of each inverted cell.

    Args:
        model: Model that the stimuli were made with.
        recording: `Recording` of its neurons.
        stimuli: `PreferredStimuli`.
        evaluators: Sequence of other models of the same neurons, trained on other
            splits, that the stimuli are presented to.
        scores: `Scores` of the model, whose columns precede the others.

    Returns:
        `Cells`; printed, they are a table. `v1keras.characterization.columns` lists the
        columns of `Cells.table`.

    Example:

    >>> import v1keras
    >>> recording = v1keras.simulate_recording(60, neurons_per_kind=1, image_size=16)
    >>> model = v1keras.build_model(recording)
    >>> mask = model.readout.mask  # untrained rates hardly depend on the image
    >>> _ = mask.assign(20 * mask)
    >>> stimuli = v1keras.preferred_stimuli(model, recording, [0, 2], steps=10)
    >>> cells = characterize(model, recording, stimuli)
    >>> cells.table["class"].shape, cells.curves["contrast"][1].shape
    ((2,), (2, 8))
    """
    model = images_only(model, recording)
    table = {"neuron": stimuli.neurons}
    if scores is not None:
        table = _score_columns(scores, recording, stimuli.neurons)
    half = half_stimuli(model, stimuli)
    table |= controls(model, recording.images, stimuli, evaluators, half)
    _, offset = getattr(model, "output_unit", (None, None))
    if offset is not None:
        table["zero_rate"] = offset[stimuli.neurons]
    table["converged"] = stimuli.converged
    table["no_initial_gradient"] = stimuli.no_initial_gradient
    cosines = filter_cosines(recording, stimuli)
    if cosines is not None:
        table["filter_cosine"] = cosines
    shapes, table["class_norm"] = unclipped_patterns(model, stimuli)
    others = {"class_at_half_norm": half_norm_patterns(model, stimuli)}
    if half is not None:
        others["half_class"] = half[0].patterns
    cells = describe_cells(
        compiled(model),
        recording.images,
        stimuli,
        recording.attributes.get("pixels_per_degree"),
        shapes,
        {name: table[name] for name in _EVIDENCE if name in table},
        others,
    )
    cells.table = table | cells.table
    return cells


def _score_columns(scores, recording, neurons):
    """Return the columns of scores; true values of simulated neurons get a prefix."""
    columns = {}
    simulated = "true_rate" in recording.neurons
    for name, column in scores.per_neuron.items():
        prefix = "true_" if simulated and name in _TRUE_VALUES else ""
        columns[prefix + name] = column[neurons]
    return columns | {"predicted": scores.predicted()[neurons]}


def images_only(model: Any, recording: Recording) -> Any:
    """Return the model of one recording's neurons, with covariates at their means.

    Raises:
        ValueError: The recording does not fit the model, or Keras's backend is not
            TensorFlow.
    """
    require_tensorflow("inversion")
    session = kept(
        model,
        ("images only", recording.name),
        lambda: model.session(recording.name).without_covariates(),
    )
    check_fit(session, recording)
    return session


def split_constant(
    model: Any, recording: Recording, neurons: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Separate neurons whose rate depends on the image from the others.

    A rate is constant if it varies by no more than one part in a hundred over the
    images of the recording.

    Args:
        model: Callable, images `(batch, height, width, 1)` -> rates `(batch, N)`.
        recording: `Recording` with the images.
        neurons: `(n,)` indices.

    Returns:
        Tuple of the indices of neurons that vary, and of those that are constant.

    Raises:
        FloatingPointError: A rate is not finite.
    """
    rates = Predictor(model)(recording.images[..., None])[:, neurons]
    if not np.isfinite(rates).all():
        image, place = np.argwhere(~np.isfinite(rates))[0]
        raise FloatingPointError(
            f"the model's rate of neuron {neurons[place]} to image {image} of the"
            f" recording is {rates[image, place]}"
        )
    _, offset = getattr(model, "output_unit", (None, None))
    if offset is not None:
        rates = rates - offset[neurons]
    constant = np.ptp(rates, axis=0) <= _CONSTANT * np.abs(rates).max(axis=0)
    return neurons[~constant], neurons[constant]
