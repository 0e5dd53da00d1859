"""Every configuration key once, with its unit and its reason. A file in `configs/`
changes the few that its experiment changes.
"""

import importlib.resources
import importlib.util
import os
import pathlib
from typing import Any

import ml_collections


def default() -> ml_collections.ConfigDict:
    """The configuration that a file in `configs/` starts from.

    Returns:
        A locked `ml_collections.ConfigDict`: a key that does not exist is an error.

    Example:

    >>> default().training.likelihood
    'poisson'
    """
    config = ml_collections.ConfigDict()
    # Of the initial weights and of the order of the images; each further member of an
    # ensemble takes the next one.
    config.seed = 0
    # Members whose rates are averaged; each begins from weights of its own, and each
    # but the first learns from another draw of the images not for testing.
    config.ensemble = 1

    # A preset by name, its folder, or a workdir whose core (and pixel normalisation)
    # the networks begin with; "" for none. The keys below `core` then say nothing.
    config.init_from = ""
    # "core" keeps it as it is, and only the readouts learn.
    config.freeze = ""

    data = config.data = ml_collections.ConfigDict()
    # An HDF5 file, or the name of a public dataset (`python -m v1keras.data list`); or
    # several, comma separated, with images of their own: one core, and for each a
    # readout that goes by the recording's name.
    data.recording = ""
    # "file": the split in the recording; "paper": images drawn at random; "grouped":
    # groups of images drawn at random.
    data.protocol = "file"
    # Of the draw, with the last two protocols.
    data.split_seed = 0
    # Train, test and validation, in proportion: those of Kindel et al. 2019.
    data.split_parts = (180, 52, 38)

    core = config.core = ml_collections.ConfigDict()
    # "stacked": convolutions, as the keys below say; "rotation_equivariant": each
    # kernel in all orientations; "transfer": features of a network for objects;
    # "identity": none, the readout sees the pixels.
    core.kind = "stacked"
    # Channels of each convolution.
    core.filters = (32, 32, 32)
    # Pixels a side. The first is as wide as a receptive field, the others widen it.
    core.kernel_sizes = (9, 3, 3)
    # Of every layer: any activation of Keras by name.
    core.activation = "elu"
    # Of the first layer: the same; "on_off": both signs, half-squared and compressed;
    # or "divisive" normalisation ("stacked").
    core.first_activation = "elu"
    # Turns of a kernel over 360 degrees; there are `filters` kernels
    # ("rotation_equivariant").
    core.orientations = 8
    # Average pooling after the first layer: the energy model's pooling over phase.
    core.pool_size = 2
    # Later layers ("stacked"): each channel convolved by itself, then channels mixed:
    # fewer weights for wide kernels.
    core.separable = False
    # ... every how many pixels their kernels look.
    core.dilation = 1
    # ... whether what they compute is added to their input.
    core.skip = False
    # Penalty on the roughness of the first layer's kernels ("stacked"), as what follows
    # against the log-likelihood of one neuron.
    core.laplacian = 0.0
    # Penalty on the number of channel pairs that later layers use ("stacked").
    core.group_sparsity = 0.0

    # Which network's which layer ("transfer"), with fresh weights (""), "imagenet", or
    # those of a file; images are enlarged by `scale`.
    core.network = "VGG19"
    core.layer = "block3_conv1"
    core.weights = "imagenet"
    core.scale = 1

    readout = config.readout = ml_collections.ConfigDict()
    # "factorized": a mask and feature weights a neuron; "gaussian": the features at one
    # place; "dense": a weight for every feature.
    readout.kind = "factorized"
    # Penalty on |mask| |features| ("factorized") or on the weights, against a
    # log-likelihood summed over neurons and averaged over images.
    readout.l1 = 0.01
    # On the squared weights ("dense").
    readout.l2 = 0.0
    # Whether masks are kept at 0 or above ("factorized").
    readout.nonnegative = False
    # "isotropic" or "full", and the standard deviation at the start, where the features
    # reach from -1 to 1 ("gaussian").
    readout.covariance = "isotropic"
    readout.width = 0.3
    # A column of the recording's neurons, (neurons, d), that positions are one affine
    # map of: where in the cortex each is; "" for free positions ("gaussian").
    readout.coordinates = ""
    # One of the recording's covariates, (n, 2): where the eye looked at each image.
    # The places that neurons read move with it, by a small network; "" for places that
    # stay ("gaussian").
    readout.shifter = ""
    # One of the recording's covariates, (n, k): what the animal did, such as pupil
    # dilation, its derivative and running speed. Each neuron's rate is multiplied by a
    # gain that a small network makes of it; "" for none.
    readout.modulator = ""

    ridge = config.ridge = ml_collections.ConfigDict()
    # What a ridge regression on Gabor energies counts beside the networks: it errs
    # differently. 0 for none, 1 for nothing else.
    ridge.share = 0.0

    training = config.training = ml_collections.ConfigDict()
    # One of v1keras.training.LIKELIHOODS.
    training.likelihood = "poisson"
    # Of Adam.
    training.learning_rate = 3e-3
    # "plateau": the rate falls when the validation correlation rises no more; "cosine":
    # it falls to zero over max_epochs.
    training.annealing = "plateau"
    # Weights are averaged over epochs, the last counting 1 - averaging; 0 for none. Few
    # steps an epoch make single epochs noisy.
    training.averaging = 0.0
    # A neuron's log-likelihood counts by its mean response to the power of minus this:
    # at 0.5 weak neurons shape the core, too.
    training.equalize = 0.0
    # Images a step, over all replicas.
    training.batch_size = 32
    training.max_epochs = 200
    # With "plateau": epochs without a better validation correlation before the learning
    # rate is multiplied by `decay`; after `decays` times training ends.
    training.patience = 10
    training.decay = 0.3
    training.decays = 3
    # "auto", "one", "mirrored" or "multiworker": see v1keras.training.make_strategy.
    training.strategy = "auto"
    # Seconds that several machines wait for each other.
    training.wait_s = 300.0
    # Of the core: "float32"; "mixed_bfloat16": computed in half the bits, with weights,
    # readouts and loss in float32; "auto": the latter where the processor has
    # instructions for it. The trained model is float32.
    training.precision = "float32"
    # Training data up to this size, in GB, live on every device; larger ones are read
    # while the step before is computed.
    training.resident_gb = 2.0
    # Seconds between two checkpoints, from which --resume goes on.
    training.checkpoint_s = 60.0

    evaluation = config.evaluation = ml_collections.ConfigDict()
    # Neurons with a mean rate above this, in Hz, are reported apart: Kindel et al. 2019
    # did so at 5.
    evaluation.above_hz = 5.0
    # Variance over mean of a neuron's spike counts, for ceilings where only means were
    # published; 1 for a Poisson neuron.
    evaluation.fano = 1.0
    return config.lock()


def names() -> list[str]:
    """Return the names of the configurations that come with the package.

    Example:

    >>> "kindel2019_factorized" in names()
    True
    """
    return sorted(path.stem for path in _folder().glob("[a-z]*.py"))


def find(name_or_file: str | os.PathLike[str]) -> pathlib.Path:
    """Return the file of a configuration.

    Args:
        name_or_file: One of `names()`, or a Python file with a `get_config` function.

    Raises:
        ValueError: There is no such configuration.
    """
    path = _folder() / f"{name_or_file}.py"
    if str(name_or_file) in names():
        return path
    path = pathlib.Path(name_or_file)
    if path.is_file():
        return path
    raise ValueError(
        f"no configuration {str(name_or_file)!r}: expected one of"
        f" {', '.join(names())}, or a file"
    )


def resolve(
    config: Any = None, **branches: dict[str, Any]
) -> ml_collections.ConfigDict:
    """Return a configuration, with some keys changed.

    Args:
        config: One of `names()`, a Python file with a `get_config` function, a
            `ml_collections.ConfigDict`, or None for `default()`.
        **branches: Dicts of keys to change: `training={"max_epochs": 3}`.

    Returns:
        A locked `ml_collections.ConfigDict`, a copy of what came.

    Raises:
        ValueError: No such configuration, branch or key, or a value of another type.

    Example:

    >>> resolve(core={"filters": (8,)}).core.filters
    (8,)
    """
    if config is None:
        config = default()
    elif isinstance(config, ml_collections.ConfigDict):
        config = config.copy_and_resolve_references()
    else:
        config = _load(find(config))
    for branch, values in branches.items():
        for key, value in values.items():
            _change(config, branch, key, value)
    return config.lock()


def _change(config, branch, key, value):
    keys = config.get(branch, {})
    if key not in keys:
        raise ValueError(
            f"{branch}.{key}: no such key; expected one of {', '.join(sorted(keys))}"
        )
    try:
        keys[key] = value
    except TypeError as error:
        raise ValueError(f"{branch}.{key}: found {value!r}: {error}") from None


def _load(path):
    """Return what the `get_config` function of a Python file returns."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.get_config()


def _folder():
    return pathlib.Path(str(importlib.resources.files("v1keras.configs")))
