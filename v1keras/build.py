"""The models that a configuration describes."""

import keras
import numpy as np

from v1keras import models, zoo
from v1keras.data import redraw_validation
from v1keras.models import LogGaborCore, RidgeReadout, V1Model


def build_model(config, recording, name="v1model"):
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
    train = recording.indices("train")
    core, layers = config.core, config.readout
    readout_name = recording.attributes.get("name", "recording") + "_readout"
    cores = {
        "stacked": lambda: models.StackedCore(
            core.filters,
            core.kernel_sizes,
            core.activation,
            core.first_activation,
            core.pool_size,
            core.laplacian,
            core.group_sparsity,
            core.separable,
            core.dilation,
            core.skip,
        ),
        "rotation_equivariant": lambda: models.RotationEquivariantCore(
            core.filters, core.kernel_sizes, core.orientations, core.activation, core.pool_size
        ),
        "transfer": lambda: models.TransferCore(core.network, core.layer, core.weights or None, core.scale),
        "identity": lambda: keras.layers.Identity(name="core"),
    }
    readouts = {
        "factorized": lambda n: models.FactorizedReadout(n, layers.l1, layers.nonnegative, name=readout_name),
        "gaussian": lambda n: models.GaussianReadout(n, layers.covariance, layers.width, layers.l1, name=readout_name),
        "dense": lambda n: models.DenseReadout(n, l1=layers.l1, l2=layers.l2, name=readout_name),
    }
    for key, found, known in (("core", core.kind, cores), ("readout", layers.kind, readouts)):
        if found not in known:
            raise ValueError(f"{key}.kind: found {found!r}, expected one of {', '.join(known)}")
    if config.freeze not in ("", "core") or (config.freeze and not config.init_from):
        raise ValueError(f"freeze: found {config.freeze!r}, expected nothing, or core with init_from")
    readout = readouts[layers.kind](recording.neuron_count)
    if config.init_from:
        begun, statistics = trained_core(config.init_from, recording.images.shape[1:])
        begun.trainable = config.freeze != "core"
    else:
        begun, statistics = cores[core.kind](), pixel_statistics(recording)
    model = V1Model(begun, readout, recording.images.shape[1:], *statistics, name)
    with np.errstate(invalid="ignore"):
        counts = np.isfinite(recording.responses[train]).sum(axis=0)
        readout.start_at(np.nansum(recording.responses[train], axis=0) / np.where(counts, counts, np.nan))
    return model


def trained_core(preset, image_size):
    """The core of a preset and the pixel mean and standard deviation that it was trained with.

    Raises:
        ValueError: the preset is an ensemble, or takes images of another size.
        FileNotFoundError: there is no such preset.
    """
    model = zoo.load(preset)
    if not isinstance(model, V1Model):
        raise ValueError(f"init_from {preset!r} is an ensemble, which has no one core; name a preset of one network")
    if model.image_size != image_size:
        raise ValueError(f"init_from {preset!r} takes images of {model.image_size}; the recording has {image_size}")
    return model.core, (model.pixel_mean, model.pixel_std)


def pixel_statistics(recording):
    """Mean and standard deviation of the training images' pixels."""
    pixels = recording.images[recording.indices("train")].astype("float64")
    if not pixels.std():
        raise ValueError("all pixels of all training images have one value: nothing to learn from")
    return pixels.mean(), pixels.std()


def fit_ridge(config, recording):
    """The ridge regression beside the networks: the mean of one on each member's training images, before its output is squared.

    Args:
        config: as `v1keras.config.default` gives it.
        recording: a `Recording` with the configuration's split.

    Returns:
        `V1Model`.
    """
    name = recording.attributes.get("name", "recording") + "_ridge"
    core, readout = LogGaborCore(name="gabors"), RidgeReadout(recording.neuron_count, name=name)
    model = V1Model(core, readout, recording.images.shape[1:], *pixel_statistics(recording), "ridge")
    pixels = (recording.images[..., None].astype("float32") - model.pixel_mean) / model.pixel_std
    core.adapt(pixels[recording.indices("train")])
    draws = []
    for i in range(config.ensemble):
        train = member_recording(config, recording, i).indices("train")
        draws.append((keras.ops.convert_to_numpy(core(pixels[train])), recording.responses[train]))
    readout.fit(draws, core.groups, core.places, core.shares)
    return model


def member_recording(config, recording, index):
    """The recording with the split of one member: the first's is the configuration's, the others draw theirs outside the test images."""
    if not index:
        return recording
    groups = None if config.data.protocol == "paper" else recording.image_group
    return recording.with_split(redraw_validation(recording.split, 1000 * config.data.split_seed + index, groups))
