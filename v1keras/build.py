"""The models that a configuration describes."""

import keras
import ml_collections
import numpy as np
import tensorflow as tf

from v1keras import models, zoo
from v1keras.data import Recording, Rows, behavior_of, redraw_validation
from v1keras.data.rows import finite_sums
from v1keras.files import row_blocks
from v1keras.models import LogGaborCore, RidgeReadout, V1Model, V1Sessions
from v1keras.precision import precision_of


def build_model(
    config: ml_collections.ConfigDict, recording: Recording, name: str = "v1model"
) -> V1Model:
    """The untrained model that a configuration describes, for the neurons of a recording.

    Args:
        config: as `v1keras.config.default` gives it.
        recording: a `Recording` with training images; they set the model's normalisation and its first rates.
        name: of the model.

    Returns:
        `V1Model`.

    Raises:
        ValueError: unknown kind of core or readout.
    """
    readout = make_readout(config, recording)
    core, statistics = make_core(config, [recording])
    model = V1Model(core, readout, recording.images.shape[1:], *statistics, name)
    start(readout, recording)
    return model


def build_sessions(
    config: ml_collections.ConfigDict,
    recordings: list[Recording],
    name: str = "v1sessions",
) -> V1Sessions:
    """As `build_model`, for several recordings with images of their own: one core, a readout for each.

    Args:
        config: as `v1keras.config.default` gives it.
        recordings: list of `Recording`s with training images, of different names.
        name: of the model.

    Returns:
        `V1Sessions`.

    Raises:
        ValueError: as `build_model`; or two recordings have one name, or images of different sizes.
    """
    names, sizes = (
        [session_name(recording) for recording in recordings],
        [recording.images.shape[1:] for recording in recordings],
    )
    if len(set(names)) < len(names) or len(set(sizes)) > 1:
        found = ", ".join(
            f"{name!r} with images of {size}"
            for name, size in zip(names, sizes, strict=True)
        )
        raise ValueError(
            f"recordings {found}: expected different names (attribute `name` of the file) and images of one size"
        )
    readouts = {
        session: make_readout(config, recording)
        for session, recording in zip(names, recordings, strict=True)
    }
    core, statistics = make_core(config, recordings)
    model = V1Sessions(core, readouts, sizes[0], *statistics, name)
    for readout, recording in zip(readouts.values(), recordings, strict=True):
        start(readout, recording)
    return model


def session_name(recording):
    """The name that a recording's readout goes by."""
    return recording.attributes.get("name", "recording")


def make_core(
    config: ml_collections.ConfigDict, recordings: list[Recording]
) -> tuple[keras.Layer, tuple[float, float]]:
    """The core that a configuration describes, and the mean and standard deviation of the recordings' training pixels.

    Where it begins with a preset's, they are those that the preset was trained with.
    """
    core = config.core
    neurons = sum(
        recording.neuron_count for recording in recordings
    )  # over which the likelihood is summed
    cores = {
        "stacked": lambda: models.StackedCore(
            core.filters,
            core.kernel_sizes,
            core.activation,
            core.first_activation,
            core.pool_size,
            core.laplacian * neurons,
            core.group_sparsity * neurons,
            core.separable,
            core.dilation,
            core.skip,
        ),
        "rotation_equivariant": lambda: models.RotationEquivariantCore(
            core.filters,
            core.kernel_sizes,
            core.orientations,
            core.activation,
            core.pool_size,
            len(core.filters) * config.seed,  # each layer takes a seed of its own
        ),
        "transfer": lambda: models.TransferCore(
            core.network, core.layer, core.weights or None, core.scale
        ),
        "identity": lambda: keras.layers.Identity(name="core"),
    }
    if core.kind not in cores:
        raise ValueError(
            f"core.kind: found {core.kind!r}, expected one of {', '.join(cores)}"
        )
    if config.freeze not in ("", "core") or (config.freeze and not config.init_from):
        raise ValueError(
            f"freeze: found {config.freeze!r}, expected nothing, or core with init_from"
        )
    if not config.init_from:
        before = keras.config.dtype_policy()
        keras.config.set_dtype_policy(core_precision(config))
        try:
            return cores[core.kind](), pixel_statistics(recordings)
        finally:
            keras.config.set_dtype_policy(before)
    begun, statistics = trained_core(config.init_from, recordings[0].images.shape[1:])
    for recording in recordings:
        zoo.warn_of_pixels(
            session_name(recording),
            recording.images,
            zoo.info(config.init_from)["pixels"],
        )
    begun.trainable = config.freeze != "core"
    return begun, statistics


def core_precision(config):
    """The precision that a configuration's core is computed in, on the devices that are here.

    Raises:
        ValueError: unknown precision, or one that a core which begins with a preset's does not have.
    """
    gpus = tf.config.list_physical_devices("GPU")
    capabilities = [
        tf.config.experimental.get_device_details(gpu).get("compute_capability", (0, 0))
        for gpu in gpus
    ]
    found = precision_of(config.training.precision, capabilities)
    if config.init_from and config.training.precision == "mixed_bfloat16":
        raise ValueError(
            "training.precision: found 'mixed_bfloat16' with init_from, whose core is float32; expected float32"
        )
    return "float32" if config.init_from else found


def make_readout(config, recording):
    """The readout that a configuration describes, for the neurons of a recording."""
    layers, name = config.readout, session_name(recording) + "_readout"
    seed = 2 * config.seed  # a layer takes it and the next one
    readouts = {
        "factorized": lambda n: models.FactorizedReadout(
            n, layers.l1, layers.nonnegative, seed, name=name
        ),
        "gaussian": lambda n: models.GaussianReadout(
            n,
            layers.covariance,
            layers.width,
            layers.l1,
            cortical_coordinates(recording, layers.coordinates),
            seed,
            name=name,
        ),
        "dense": lambda n: models.DenseReadout(
            n, l1=layers.l1, l2=layers.l2, seed=seed, name=name
        ),
    }
    if layers.kind not in readouts:
        raise ValueError(
            f"readout.kind: found {layers.kind!r}, expected one of {', '.join(readouts)}"
        )
    if layers.coordinates and layers.kind != "gaussian":
        raise ValueError(
            f"readout.coordinates: found {layers.coordinates!r} with a {layers.kind} readout; expected readout.kind=gaussian"
        )
    if layers.shifter and layers.kind != "gaussian":
        raise ValueError(
            f"readout.shifter: found {layers.shifter!r} with a {layers.kind} readout; expected readout.kind=gaussian"
        )
    readout = readouts[layers.kind](recording.neuron_count)
    if not layers.shifter and not layers.modulator:
        return readout
    shifter = (
        models.Shifter(
            layers.shifter,
            *_statistics(recording, "shifter", layers.shifter, 2),
            seed=seed,
        )
        if layers.shifter
        else None
    )
    modulator = None
    if layers.modulator:
        statistics = _statistics(recording, "modulator", layers.modulator)
        modulator = models.GainModulator(
            recording.neuron_count, layers.modulator, *statistics, seed=seed
        )
    return models.BehavingReadout(readout, shifter, modulator, name=name)


def _statistics(recording, key, column, width=None):
    """Mean and standard deviation `(k,)` of a column of behaviour over the training images; where it is constant the latter is 1."""
    try:
        values = behavior_of(recording, column, width)[recording.indices("train")]
    except ValueError as error:
        raise ValueError(f"readout.{key}: {error}") from None
    deviations = values.std(axis=0, dtype="float64")
    return values.mean(axis=0, dtype="float64"), np.where(
        deviations > 0, deviations, 1.0
    )


def cortical_coordinates(recording, column):
    """Where in the cortex each neuron is, centred and scaled to reach from -1 to 1 along the longest axis.

    Args:
        recording: a `Recording`.
        column: of its neurons, `(neurons, d)` in any unit of length; "" for none.

    Returns:
        `(neurons, d)`, or None where no column is named.

    Raises:
        ValueError: there is no such column, or it is no finite `(neurons, d)`.

    Example:

    >>> from v1keras import Recording
    >>> recording = Recording(np.zeros((4, 8, 8)), np.arange(8.0).reshape(4, 2), neurons={"place_um": np.array([[0.0, 50.0], [200.0, 50.0]])})
    >>> cortical_coordinates(recording, "place_um").tolist()
    [[-1.0, 0.0], [1.0, 0.0]]
    """
    if not column:
        return None
    if column not in recording.neurons:
        known = ", ".join(recording.neurons) or "none"
        raise ValueError(
            f"readout.coordinates: found {column!r}, expected a column of the recording's neurons ({known})"
        )
    found = np.asarray(recording.neurons[column])
    if found.ndim != 2 or found.dtype.kind not in "iuf" or not np.isfinite(found).all():
        raise ValueError(
            f"readout.coordinates: column {column!r} is {found.dtype} {found.shape}, expected ({recording.neuron_count}, d) finite numbers"
        )
    low, high = found.min(axis=0), found.max(axis=0)
    return (found - (low + high) / 2) / (((high - low) / 2).max() or 1.0)


def start(readout, recording):
    """Lets an untrained readout answer near the neurons' mean responses to the training images."""
    totals, counts = finite_sums(Rows(recording.responses, recording.indices("train")))
    with np.errstate(invalid="ignore"):
        readout.start_at(totals / np.where(counts, counts, np.nan))


def trained_core(preset, image_size):
    """The core of a preset and the pixel mean and standard deviation that it was trained with.

    Raises:
        ValueError: the preset is an ensemble, or takes images of another size.
        FileNotFoundError: there is no such preset.
    """
    model = zoo.load(preset)
    if not isinstance(model, (V1Model, V1Sessions)):
        raise ValueError(
            f"init_from {preset!r} is an ensemble, which has no one core; name a preset of one network"
        )
    if model.image_size != image_size:
        raise ValueError(
            f"init_from {preset!r} takes images of {model.image_size}; the recording has {image_size}"
        )
    return model.core, (model.pixel_mean, model.pixel_std)


def pixel_statistics(recordings: list[Recording]) -> tuple[float, float]:
    """Mean and standard deviation of the training images' pixels."""
    images = [
        Rows(recording.images, recording.indices("train")) for recording in recordings
    ]
    count = sum(shown.size for shown in images)
    mean = (
        sum(
            block.sum(dtype="float64")
            for shown in images
            for _, block in row_blocks(shown)
        )
        / count
    )
    variance = (
        sum(
            np.square(block - mean).sum()
            for shown in images
            for _, block in row_blocks(shown)
        )
        / count
    )
    if not variance:
        raise ValueError(
            "all pixels of all training images have one value: nothing to learn from"
        )
    return mean, np.sqrt(variance)


def fit_ridge(config: ml_collections.ConfigDict, recording: Recording) -> V1Model:
    """The ridge regression beside the networks: the mean of one on each member's training images, before its output is squared.

    Args:
        config: as `v1keras.config.default` gives it.
        recording: a `Recording` with the configuration's split.

    Returns:
        `V1Model`.
    """
    name = session_name(recording) + "_ridge"
    core, readout = (
        LogGaborCore(name="gabors"),
        RidgeReadout(recording.neuron_count, name=name),
    )
    model = V1Model(
        core,
        readout,
        recording.images.shape[1:],
        *pixel_statistics([recording]),
        "ridge",
    )
    pixels = (
        recording.images[..., None].astype("float32") - model.pixel_mean
    ) / model.pixel_std
    core.adapt(pixels[recording.indices("train")])
    draws = []
    for i in range(config.ensemble):
        train = member_recording(config, recording, i).indices("train")
        draws.append(
            (
                keras.ops.convert_to_numpy(core(pixels[train])),
                recording.responses[train],
            )
        )
    readout.fit(draws, core.groups, core.places, core.shares)
    return model


def member_recording(config, recording, index):
    """The recording with the split of one member: the first's is the configuration's, the others draw theirs outside the test images."""
    if not index:
        return recording
    groups = None if config.data.protocol == "paper" else recording.image_group
    return recording.with_split(
        redraw_validation(
            recording.split, 1000 * config.data.split_seed + index, groups
        )
    )
