"""Models for the neurons of recordings, from a configuration."""

from collections.abc import Sequence
from typing import Any

import keras
import ml_collections
import numpy as np

from v1keras import zoo
from v1keras.config import resolve
from v1keras.data import Recording, redraw_validation, statistics
from v1keras.data.splits import groups_of
from v1keras.models import (
    LogGaborCore,
    MultiSessionModel,
    PopulationModel,
    RidgeReadout,
    V1Model,
)
from v1keras.models.build import (
    Population,
    build_core,
    build_readout,
    check_readout,
)
from v1keras.training.likelihoods import make_likelihood
from v1keras.training.precision import choose_precision
from v1keras.training.strategy import gpu_capabilities

_BATCH = 256  # images whose features are computed at once


def build_model(
    recording: Recording | Sequence[Recording],
    config: Any = None,
    name: str = "v1model",
    **branches: dict[str, Any],
) -> PopulationModel:
    """Build the untrained model of a recording's neurons.

    Initial weights are drawn from the configuration's `seed`, which is set by
    `keras.utils.set_random_seed`.

    Args:
        recording: `Recording` with training images; they set the model's normalization
            and the rates it starts from. Or a sequence of recordings with images of
            their own: they share one core, and each has a readout.
        config: Configuration: a name, a file, an `ml_collections.ConfigDict`, or None
            for the default.
        name: String, name of the model.
        **branches: Dicts of keys to change: `core={"filters": (8,)}`.

    Returns:
        `V1Model`, or `MultiSessionModel` of several recordings.

    Raises:
        ValueError: No such configuration or key, keys that do not fit each other, or
            recordings of one name or with images of different sizes.

    Example:

    >>> from v1keras import simulate_recording
    >>> recording = simulate_recording(40, 10, neurons_per_kind=1, image_size=16)
    >>> build_model(recording, core={"filters": (8, 8, 8)}).neuron_count
    4
    """
    config = resolve(config, **branches)
    keras.utils.set_random_seed(config.seed)
    recordings = [recording] if isinstance(recording, Recording) else list(recording)
    return build_for(config, recordings, name)


def build_for(
    config: ml_collections.ConfigDict,
    recordings: Sequence[Recording],
    name: str = "v1model",
) -> PopulationModel:
    """Build the `V1Model` of one recording, or the `MultiSessionModel` of several.

    Args:
        config: `ml_collections.ConfigDict`, as `v1keras.config.default` returns it.
        recordings: Sequence of `Recording`s with training images.
        name: String, name of the model.
    """
    if len(recordings) == 1:
        return _single(config, recordings[0], name)
    return _several(config, recordings, name)


def _single(config, recording, name):
    readout = _readout(config, recording)
    core, pixels = _core(config, [recording])
    model = V1Model(core, readout, recording.images.shape[1:], *pixels, name)
    readout.initialize_rates(statistics.mean_responses(recording))
    return model


def _several(config, recordings, name):
    sizes = {recording.name: recording.images.shape[1:] for recording in recordings}
    if len(sizes) < len(recordings) or len(set(sizes.values())) > 1:
        received = ", ".join(
            f"{recording.name!r} with images of {recording.images.shape[1:]}"
            for recording in recordings
        )
        raise ValueError(
            f"recordings {received}: expected different names (attribute `name` of the"
            " file) and images of one size"
        )
    readouts = {}
    for i, recording in enumerate(recordings):
        readouts[recording.name] = _readout(config, recording, f"readout_{i}")
    core, pixels = _core(config, recordings)
    image_size = recordings[0].images.shape[1:]
    model = MultiSessionModel(core, readouts, image_size, *pixels, name)
    for recording in recordings:
        readout = readouts[recording.name]
        readout.initialize_rates(statistics.mean_responses(recording))
    return model


def _readout(whole, recording, name="readout"):
    config = whole.readout
    check_readout(config)
    noise = make_likelihood(whole.training.likelihood)
    scale, offset = statistics.response_unit(recording, noise.nonnegative)
    population = Population(
        recording.neuron_count, output_scale=scale, output_offset=offset
    )
    if config.coordinates:
        population.coordinates = statistics.cortical_coordinates(
            recording, config.coordinates
        )
    for key, width in (("shifter", 2), ("modulator", None)):
        if not config[key]:
            continue
        try:
            moments = statistics.covariate_statistics(recording, config[key], width)
        except ValueError as error:
            raise ValueError(f"readout.{key}: {error}") from None
        setattr(population, key, moments)
    return build_readout(config, population, whole.seed, name)


def _core(config, recordings):
    """Return the core and the (mean, standard deviation) of the pixels it expects."""
    if config.freeze not in ("", "core") or (config.freeze and not config.init_from):
        raise ValueError(
            f"freeze: found {config.freeze!r}, expected nothing, or core with init_from"
        )
    if not config.init_from:
        neurons = sum(recording.neuron_count for recording in recordings)
        core = build_core(config.core, neurons, core_precision(config), config.seed)
        return core, statistics.pixel_statistics(recordings)
    core, pixels = _pretrained_core(config.init_from, recordings[0].images.shape[1:])
    trained_on = zoo.info(config.init_from)["pixels"]
    for recording in recordings:
        zoo.warn_of_pixels(recording.name, recording.images, trained_on)
    core.trainable = config.freeze != "core"
    return core, pixels


def core_precision(config):
    """Return the Keras dtype policy that the core is computed in, on these devices.

    Raises:
        ValueError: Unknown precision, or one that a pretrained core does not have.
    """
    precision = choose_precision(config.training.precision, gpu_capabilities())
    if not config.init_from:
        return precision
    if config.training.precision == "mixed_bfloat16":
        raise ValueError(
            "training.precision: found 'mixed_bfloat16' with init_from, whose core is"
            " float32; expected float32"
        )
    return "float32"


def _pretrained_core(preset, image_size):
    """Return the core of a preset, and the pixel mean and deviation it expects.

    Raises:
        ValueError: The preset is an ensemble, or takes images of another size.
        FileNotFoundError: There is no such preset.
    """
    model = zoo.load(preset)
    if not hasattr(model, "core"):
        raise ValueError(
            f"init_from {preset!r} is an ensemble, which has no one core; name a preset"
            " of one network"
        )
    if model.image_size != image_size:
        raise ValueError(
            f"init_from {preset!r} takes images of {model.image_size}; the recording"
            f" has {image_size}"
        )
    return model.core, (model.pixel_mean, model.pixel_std)


def fit_ridge(
    recording: Recording, sides: Sequence[str] = ("train", "validation")
) -> V1Model:
    """Fit the ridge regression on Gabor energies that joins an ensemble.

    Nothing stops it early and its noise level follows from the evidence, so it learns
    from the validation images, too.

    Args:
        recording: `Recording` with a split.
        sides: Sequence of strings, the sides of the split that it is fitted to.
    """
    core = LogGaborCore(center_surround=True, name="gabors")
    scale, offset = statistics.response_unit(recording)
    readout = RidgeReadout(
        recording.neuron_count, "ridge", output_scale=scale, output_offset=offset
    )
    pixels = statistics.pixel_statistics([recording])
    model = V1Model(core, readout, recording.images.shape[1:], *pixels, "ridge")
    chosen = np.sort(np.concatenate([recording.indices(side) for side in sides]))
    images = recording.images[chosen, ..., None].astype("float32")
    images = (images - model.pixel_mean) / model.pixel_std
    core.adapt(images)
    features = _in_batches(core, images)
    responses = recording.responses[chosen]
    readout.fit(features, responses, core.groups, core.places, core.coefficients)
    return model


def _in_batches(core, images):
    """Return the features `(images, n)` of a core."""
    features = np.empty((len(images), len(core.groups)), "float32")
    for first in range(0, len(images), _BATCH):
        batch = slice(first, first + _BATCH)
        features[batch] = keras.ops.convert_to_numpy(core(images[batch]))
    return features


def member_recording(config, recording: Recording, member: int) -> Recording:
    """Return the recording with the split of one member of an ensemble.

    The first member has the configuration's split; the others draw which of the images
    not for testing train and which stop.

    Args:
        config: The `data` branch of a configuration.
        recording: `Recording` with the configuration's split.
        member: Integer, index of the member.
    """
    if not member:
        return recording
    groups = groups_of(recording, config.protocol)
    seed = 1000 * config.split_seed + member
    split = redraw_validation(np.asarray(recording.split), seed, groups)
    return recording.with_split(split)


def equalizing_weights(
    responses: np.ndarray,
    power: float,
    scale: np.ndarray | float | None = None,
    offset: np.ndarray | float | None = None,
) -> np.ndarray:
    """Return the weight of each neuron's log-likelihood: mean response ** -power.

    Args:
        responses: `(images, neurons)` of the training images, NaN = missing.
        power: Float; 0 weights all neurons equally, at 0.5 a neuron's gradient no
            longer grows with its rate.
        scale: `(neurons,)` scale of the responses, as
            `v1keras.data.statistics.response_unit` returns it; None for counts.
        offset: `(neurons,)` offset of the responses, or None for 0.

    Returns:
        `(neurons,)` weights, 1 on average.

    Example:

    >>> equalizing_weights(np.array([[1.0, 4.0]]), 0.5).round(3).tolist()
    [1.333, 0.667]
    """
    totals, counts = statistics.finite_sums(responses)
    # Below a twentieth of a spike a mean says more of chance than of the neuron.
    means = totals / np.maximum(counts, 1)
    if offset is not None:
        means = means - offset
    if scale is not None:
        means = means / scale
    weights = np.maximum(means, 0.05) ** -power
    return weights / weights.mean()
