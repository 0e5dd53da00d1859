"""Sizes that a checked architecture implies, computed before anything is built.

Without them a file of a few kilobytes could ask for more memory than there is. The
shapes are computed by the arithmetic of the layers in `v1keras.models`; that it is
theirs, `tests/zoo/test_sizes.py` checks on built models.
"""

import math
from collections.abc import Iterator
from typing import Any

import keras

from v1keras.models.cores import log_gabor
from v1keras.zoo.architecture import LARGEST_IMAGE, MOST_NETWORKS, errors_of_keras

# Values of one image's features in one layer: a gigabyte in float32.
_MOST_FEATURES = 1 << 28
# Values of the matrices that turn a core's kernels: half a gigabyte in float32.
_MOST_TURNED = 1 << 27

Shape = tuple[int, ...]


def check_sizes(architecture: dict[str, Any], most_parameters: int) -> None:
    """Refuse an architecture that is larger than its weights.

    Args:
        architecture: Dict, as `check_architecture` returns it.
        most_parameters: Integer, number of values in the weights file.

    Raises:
        ValueError: The model has too many networks, or more parameters than that.
    """
    parameters = 0
    for i, network in enumerate(_networks(architecture)):
        if i >= MOST_NETWORKS:
            raise ValueError(f"expected at most {MOST_NETWORKS} networks")
        parameters += _network_parameters(network)
        if parameters > most_parameters:
            raise ValueError(
                f"a model of {parameters:,} parameters or more; the weights file has"
                f" {most_parameters:,} values"
            )


def _networks(architecture) -> Iterator[dict[str, Any]]:
    """Yield the config of each network in a model."""
    config = architecture["config"]
    if "members" not in config:
        yield config
    for member in config.get("members", ()):
        yield from _networks(member)


def _network_parameters(config):
    features, parameters = core_size(config["core"], (*config["image_size"], 1))
    readouts = list(config.get("readouts", {}).values()) or [config["readout"]]
    return parameters + sum(readout_parameters(part, features) for part in readouts)


def core_size(core: dict[str, Any], shape: Shape) -> tuple[Shape, int]:
    """Return the shape of a core's features and the number of its parameters.

    Args:
        core: Dict, a core as `check_architecture` returns it.
        shape: Tuple `(height, width, channels)` of the images.
    """
    if core["class_name"] == "Identity":
        return _check_features(*shape), 0
    sizes = {
        "StackedCore": _stacked,
        "RotationEquivariantCore": _rotation_equivariant,
        "LogGaborCore": _log_gabor,
        "KindelCore": _kindel,
        "TransferCore": _transfer,
    }
    defaults = keras.saving.get_registered_object(core["registered_name"])()
    config = defaults.get_config() | core["config"]
    return sizes[core["registered_name"].partition(">")[2]](config, shape)


def _check_features(*shape):
    if min(shape) < 1:
        raise ValueError(f"images too small for the core: its features are {shape}")
    if math.prod(shape) > _MOST_FEATURES:
        raise ValueError(
            f"features {shape} are {math.prod(shape):,} values per image; expected at"
            f" most {_MOST_FEATURES:,}"
        )
    return shape


def _layers(config):
    """Return the filters and the side of the kernels of each layer of a core."""
    filters, sides = config["filters"], config["kernel_sizes"]
    if len(filters) != len(sides):
        raise ValueError(
            f"{len(filters)} filters and {len(sides)} kernel_sizes; expected as many"
        )
    return list(zip(filters, sides, strict=True))


def _pooled_size(shape, side, pool):
    """Return height and width behind a valid convolution and its pooling."""
    return [(pixels - side + 1) // pool for pixels in shape[:2]]


def _stacked(config, shape):
    layers = _layers(config)
    channels, side = layers[0]
    _check_features(*(pixels - side + 1 for pixels in shape[:2]), channels)
    parameters = side**2 * shape[2] * channels + 4 * channels
    if config["first_activation"] == "divisive":
        parameters += channels**2 + 2 * channels
    below = channels * (2 if config["first_activation"] == "on_off" else 1)
    size = _pooled_size(shape, side, config["pool_size"])
    _check_features(*size, below)
    for channels, side in layers[1:]:
        if config["separable"]:
            parameters += below * (side**2 + channels)
        else:
            parameters += below * side**2 * channels
        parameters += 4 * channels
        below = channels
        _check_features(*size, below)
    return (*size, below), parameters


def _rotation_equivariant(config, shape):
    orientations = config["orientations"]
    parameters = 0
    turned = 0  # values of the matrices that turn the kernels
    size, below = shape[:2], shape[2]
    for i, (channels, side) in enumerate(_layers(config)):
        parameters += side**2 * below * channels + 4 * channels
        turned += orientations * side**4
        if i == 0:
            unpooled = (pixels - side + 1 for pixels in size)
            _check_features(*unpooled, channels * orientations)
            size = _pooled_size(shape, side, config["pool_size"])
        below = channels * orientations
        _check_features(*size, below)
    if turned > _MOST_TURNED:
        raise ValueError(
            f"kernel_sizes {config['kernel_sizes']} in {orientations} orientations are"
            " too large to be turned"
        )
    return (*size, below), parameters


def _log_gabor(config, shape):
    height, width, _ = shape
    features, scales = 0, 0
    for side, _, _, stride in log_gabor.SCALES:
        if side <= min(height, width):
            places = [(pixels - side) // stride + 1 for pixels in (height, width)]
            features += math.prod(places) * 5 * log_gabor.ORIENTATIONS
            scales += 1
    if config["center_surround"]:
        for _ in log_gabor.CENTERS:
            features += 2 * _averages(shape, log_gabor.CENTER_STRIDE)
            scales += 1
    features += _averages(shape, log_gabor.BLUR_STRIDE)
    return _check_features(features), scales


def _averages(shape, stride):
    places = [len(log_gabor.blur_places(pixels, stride)) for pixels in shape[:2]]
    return math.prod(places)


def _kindel(config, shape):
    side = config["kernel_size"]
    size, below = shape[:2], shape[2]
    parameters = 0
    for channels in (16, 32):
        parameters += (side**2 * below + 1) * channels
        size = [pixels - side + 1 for pixels in size]
        _check_features(*size, channels)
        size = [(pixels - 3) // 2 + 1 for pixels in size]
        below = channels
    _check_features(*size, below)
    return (300,), parameters + (math.prod(size) * below + 1) * 300


def _transfer(config, shape):
    """Build the core: its networks are Keras's own and at most 120 MB large."""
    size = [pixels * config["scale"] for pixels in shape[:2]]
    if max(size) > LARGEST_IMAGE:
        raise ValueError(
            f"images enlarged to {size} pixels; expected at most {LARGEST_IMAGE}"
        )
    core_class = keras.saving.get_registered_object("v1keras>TransferCore")
    with errors_of_keras():
        core = core_class.from_config(config)
        core.build((None, *shape))
    features = core.compute_output_shape((None, *shape))[1:]
    return _check_features(*features), core.count_params()


def readout_parameters(readout: dict[str, Any], shape: Shape) -> int:
    """Return the number of a readout's parameters.

    Args:
        readout: Dict, a readout as `check_architecture` returns it.
        shape: Tuple, shape of one image's features.

    Raises:
        ValueError: The readout does not take features of that shape.
    """
    name, config = readout["registered_name"].partition(">")[2], readout["config"]
    if name == "BehavingReadout":
        layers = [config.get("shifter"), config.get("modulator")]
        configs = [layer["config"] for layer in layers if layer]
        covariate_parameters = sum(map(_covariate_parameters, configs))
        return covariate_parameters + readout_parameters(config["readout"], shape)
    neurons = config["neurons"]
    if name in ("DenseReadout", "RidgeReadout"):
        return (math.prod(shape) + 1) * neurons
    if len(shape) != 3:
        raise ValueError(f"a {name} with features {shape}; expected three axes")
    height, width, channels = shape
    if name == "FactorizedReadout":
        return (height * width + channels + 1) * neurons
    covariance = 4 if config.get("covariance") == "full" else 1
    coordinates = config.get("coordinates")
    if coordinates is None:
        return (2 + covariance + channels + 1) * neurons
    # Positions are an affine map of the coordinates, which all neurons share.
    return (covariance + channels + 1) * neurons + 2 * len(coordinates[0]) + 2


def _covariate_parameters(config):
    """Count the weights of a shifter (two outputs) or of a gain modulator."""
    parameters = 0
    below = len(config["mean"])
    for units in config.get("hidden", ()):
        parameters += (below + 1) * units
        below = units
    return parameters + below * config.get("neurons", 2)
