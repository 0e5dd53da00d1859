"""All configuration keys, with their units and reasons.

A file in `configs/` changes the few keys that its experiment changes.
"""

import importlib.resources
import importlib.util
import os
import pathlib
from typing import Any

import ml_collections

from v1keras.config_values import check_values
from v1keras.former_keys import TrainingBranch, completed, renaming


def default() -> ml_collections.ConfigDict:
    """Return the configuration that a file in `configs/` starts from.

    Returns:
        A locked `ml_collections.ConfigDict`: a key that does not exist is an error.

    Example:

    >>> default().training.likelihood
    'poisson'
    """
    config = ml_collections.ConfigDict()
    # Seed of the initial weights and of the order of the images. Each further member of
    # an ensemble takes the next one.
    config.seed = 0
    # Number of networks whose rates are averaged. Each starts from weights of its own;
    # each but the first redraws which images train and which stop the training.
    config.ensemble = 1
    # A preset's name, its folder, or a workdir whose core and pixel normalization the
    # networks start from; the `core` branch is then not used. "" for none.
    config.init_from = ""
    # "core" keeps that core's weights: only the readouts are trained. "" for none.
    config.freeze = ""
    config.data = _data()
    config.core = _core()
    config.readout = _readout()
    config.ridge = _ridge()
    config.training = _training()
    config.evaluation = _evaluation()
    return config.lock()


def _data():
    data = ml_collections.ConfigDict()
    # An HDF5 file, or the name of a public dataset (`python -m v1keras.data list`); or
    # several, comma separated, each with its own images: they share one core, and each
    # has a readout named after the recording.
    data.recording = ""
    # "file": the recording's own split; "paper": images drawn at random; "grouped":
    # groups of images drawn at random; "kfold": one of ten folds of groups tests, each
    # in turn.
    data.protocol = "file"
    # Seed of the draw of "paper" and "grouped"; of "kfold", the fold that tests, from 0
    # to 9.
    data.split_seed = 0
    # Proportions of train, test and validation images: those of Kindel et al. 2019.
    data.split_parts = (180, 52, 38)
    return data


def _core():
    core = ml_collections.ConfigDict()
    # "stacked": convolutions; "rotation_equivariant": each kernel in all orientations;
    # "transfer": features of a network for object recognition; "identity": no core, the
    # readout sees the pixels.
    core.kind = "stacked"
    # Number of channels of each convolution.
    core.filters = (32, 32, 32)
    # Width of each convolution's kernels, in pixels. The first is as wide as a
    # receptive field; the others widen it.
    core.kernel_sizes = (9, 3, 3)
    # Activation of every layer: any of Keras's, by name.
    core.activation = "elu"
    # Activation of the first layer: the same; "on_off": both signs, half-squared and
    # compressed; or, of "stacked", "divisive" normalization.
    core.first_activation = "elu"
    # Number of orientations of each kernel ("rotation_equivariant").
    core.orientations = 8
    # Width of the average pooling after the first layer, in pixels: the energy model
    # pools over phase.
    core.pool_size = 2
    # Whether later layers are depthwise separable, which makes wide kernels cheap
    # ("stacked").
    core.separable = False
    # Dilation rate of the later layers' kernels, in pixels ("stacked").
    core.dilation = 1
    # Whether later layers are residual: their input is added to their output
    # ("stacked").
    core.skip = False
    # Strength of the penalty on the roughness of the first layer's kernels, relative to
    # the log-likelihood of one neuron ("stacked").
    core.laplacian = 0.0
    # Strength of the penalty on the number of channel pairs that later layers use,
    # relative to the log-likelihood of one neuron ("stacked").
    core.group_sparsity = 0.0
    # Network and layer that give the features ("transfer").
    core.network = "VGG19"
    core.layer = "block3_conv1"
    # "imagenet", a file of weights, or "" for random weights ("transfer").
    core.weights = "imagenet"
    # Factor by which images are enlarged for the network ("transfer").
    core.scale = 1
    return core


def _readout():
    readout = ml_collections.ConfigDict()
    # "factorized": a spatial mask and feature weights per neuron; "gaussian": the
    # features at one position per neuron; "dense": a weight for every feature.
    readout.kind = "factorized"
    # Strength of the L1 penalty on |mask| |features| ("factorized") or on the weights,
    # relative to a log-likelihood summed over neurons and averaged over images.
    readout.l1 = 0.01
    # Strength of the L2 penalty on the weights ("dense").
    readout.l2 = 0.0
    # Whether masks are constrained to be nonnegative ("factorized").
    readout.nonnegative = False
    # Covariance of a neuron's position: "isotropic" or "full" ("gaussian").
    readout.covariance = "isotropic"
    # Its initial standard deviation, where the features span -1 to 1 ("gaussian").
    readout.width = 0.3
    # Column of the recording's neurons, (neurons, d), with their cortical coordinates:
    # positions are an affine map of these. "" for free positions ("gaussian").
    readout.coordinates = ""
    # Covariate of the images, (n, 2), with the position of the eye: a small network
    # maps it to a shift of all positions. "" for none ("gaussian").
    readout.shifter = ""
    # Covariate of the images, (n, k), with the animal's state, such as pupil dilation,
    # its derivative and running speed: a small network maps it to a gain that
    # multiplies each neuron's rate. "" for none.
    readout.modulator = ""
    return readout


def _ridge():
    ridge = ml_collections.ConfigDict()
    # Weight of the Gabor-energy ridge model in the ensemble average (0 to 1). Its
    # errors differ from the networks'.
    ridge.share = 0.0
    return ridge


def _training():
    training = TrainingBranch()
    # One of v1keras.training.LIKELIHOODS.
    training.likelihood = "poisson"
    # Learning rate of Adam.
    training.learning_rate = 3e-3
    # "plateau": the rate falls when the validation correlation no longer rises;
    # "cosine": it falls to zero over max_epochs.
    training.lr_schedule = "plateau"
    # With "plateau": number of epochs without a better validation correlation, after
    # which the learning rate is multiplied by lr_decay_factor, max_lr_decays times at
    # most; training then ends.
    training.patience = 10
    training.lr_decay_factor = 0.3
    training.max_lr_decays = 3
    # Momentum of a moving average of the weights over epochs; 0 for none. Single epochs
    # are noisy where they have few steps.
    training.ema_momentum = 0.0
    # Exponent a of the per-neuron loss weight mean_response ** -a. 0 weights all
    # neurons equally; 0.5 increases the influence of weakly responding neurons on the
    # core.
    training.rate_weighting = 0.0
    # Number of images per step, over all replicas.
    training.batch_size = 32
    # Maximum number of passes through the training images.
    training.max_epochs = 200
    # "auto", "one", "mirrored" or "multiworker": see v1keras.training.make_strategy.
    training.strategy = "auto"
    # Seconds that several machines wait for each other.
    training.cluster_timeout_s = 300.0
    # Precision of the core: "float32"; "mixed_bfloat16": computed in bfloat16, with
    # weights, readouts and loss in float32; "auto": the latter where the processor has
    # instructions for it. The trained model is float32.
    training.precision = "float32"
    # Size in GB up to which the training data live on every device; larger data are
    # read during the steps.
    training.max_device_data_gb = 2.0
    # Seconds between two checkpoints, from which --resume resumes.
    training.checkpoint_s = 60.0
    return training


def _evaluation():
    evaluation = ml_collections.ConfigDict()
    # Neurons with a mean rate above this, in Hz, are also reported apart: Kindel et al.
    # 2019 did so at 5.
    evaluation.above_hz = 5.0
    # Fano factor (variance over mean of spike counts) of the ceilings of recordings
    # with mean responses only; 1 for Poisson neurons.
    evaluation.fano = 1.0
    return evaluation


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
            `ml_collections.ConfigDict` (what it lacks has its default), or None for
            `default()`.
        **branches: Dicts of keys to change: `training={"max_epochs": 3}`.

    Returns:
        A locked `ml_collections.ConfigDict`, a copy of what was given.

    Raises:
        ValueError: No such configuration, branch or key, or a value out of its range.

    Example:

    >>> resolve(core={"filters": (8,)}).core.filters
    (8,)
    """
    if config is None:
        config = default()
    elif isinstance(config, ml_collections.ConfigDict):
        config = ml_collections.ConfigDict(
            completed(config.to_dict(), default().to_dict())
        )
    else:
        config = _load(find(config))
    for branch, values in branches.items():
        for key, value in values.items():
            _change(config, branch, key, value)
    check_values(config)
    return config.lock()


def _change(config, branch, key, value):
    keys = config.get(branch, {})
    answer = renaming(branch, key)
    if answer:
        raise ValueError(answer)
    if key not in keys:
        raise ValueError(
            f"{branch}.{key}: no such key; expected one of {', '.join(sorted(keys))}"
        )
    try:
        keys[key] = value
    except TypeError as error:
        raise ValueError(f"{branch}.{key}: found {value!r}: {error}") from None


def _load(path):
    """Return the configuration that a Python file's `get_config` returns."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    config = module.get_config()
    check_values(config)
    return config


def _folder():
    return pathlib.Path(str(importlib.resources.files("v1keras.configs")))
