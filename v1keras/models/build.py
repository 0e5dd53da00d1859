"""Cores and readouts, each from its branch of a configuration."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np

from v1keras.models.cores.rotation_equivariant import RotationEquivariantCore
from v1keras.models.cores.stacked import StackedCore
from v1keras.models.cores.transfer import TransferCore
from v1keras.models.layers.gain_modulator import GainModulator
from v1keras.models.layers.shifter import Shifter
from v1keras.models.readouts.covariate import CovariateReadout
from v1keras.models.readouts.dense import DenseReadout
from v1keras.models.readouts.factorized import FactorizedReadout
from v1keras.models.readouts.gaussian import GaussianReadout


@dataclasses.dataclass
class Population:
    """The neurons that a readout predicts, as far as it needs to know them.

    Args:
        neurons: Integer, number of neurons.
        coordinates: `(neurons, d)` cortical positions in [-1, 1], or None.
        shifter: Tuple `(mean, standard deviation)` of the eye position, or None.
        modulator: Tuple `(mean, standard deviation)` of the behavior, or None.
        output_scale: `(neurons,)` scale of the rates, or None for 1; see `Readout`.
        output_offset: `(neurons,)` offset of the rates, or None for 0.
    """

    neurons: int
    coordinates: np.ndarray | None = None
    shifter: tuple[Any, Any] | None = None
    modulator: tuple[Any, Any] | None = None
    output_scale: np.ndarray | None = None
    output_offset: np.ndarray | None = None

    @property
    def unit(self) -> dict[str, Any]:
        """The last two, as arguments of a readout."""
        return {
            "output_scale": self.output_scale,
            "output_offset": self.output_offset,
        }


def build_core(
    config: Mapping[str, Any],
    neurons: int,
    precision: str = "float32",
    seed: int = 0,
) -> keras.Layer:
    """Build the core that the `core` branch of a configuration describes.

    Args:
        config: The branch; `v1keras.config.default().core` has every key.
        neurons: Integer, number of neurons over all recordings. The likelihood is
            summed over them, so the penalties, which count per neuron, are multiplied
            by it.
        precision: String, Keras dtype policy the core is computed in.
        seed: Integer, seed of the initial kernels of a core that takes one; others draw
            from Keras's global seed.

    Raises:
        ValueError: Unknown kind of core.

    Example:

    >>> from v1keras.config import default
    >>> build_core(default().core, neurons=3).name
    'core'
    """
    builders = {
        "stacked": _stacked,
        "rotation_equivariant": _rotation_equivariant,
        "transfer": _transfer,
        "identity": _identity,
    }
    if config["kind"] not in builders:
        raise ValueError(
            f"core.kind: found {config['kind']!r}, expected one of"
            f" {', '.join(builders)}"
        )
    return builders[config["kind"]](config, neurons, seed, precision)


def _stacked(config, neurons, seed, dtype):
    return StackedCore(
        config["filters"],
        config["kernel_sizes"],
        config["activation"],
        config["first_activation"],
        config["pool_size"],
        config["laplacian"] * neurons,
        config["group_sparsity"] * neurons,
        config["separable"],
        config["dilation"],
        config["skip"],
        dtype=dtype,
    )


def _rotation_equivariant(config, neurons, seed, dtype):
    return RotationEquivariantCore(
        config["filters"],
        config["kernel_sizes"],
        config["orientations"],
        config["activation"],
        config["pool_size"],
        # Each layer takes a seed of its own.
        len(config["filters"]) * seed,
        dtype=dtype,
    )


def _transfer(config, neurons, seed, dtype):
    weights = config["weights"] or None
    return TransferCore(
        config["network"], config["layer"], weights, config["scale"], dtype=dtype
    )


def _identity(config, neurons, seed, dtype):
    return keras.layers.Identity(name="core", dtype=dtype)


def build_readout(
    config: Mapping[str, Any],
    population: Population,
    seed: int = 0,
    name: str = "readout",
) -> keras.Layer:
    """Build the readout that the `readout` branch of a configuration describes.

    Args:
        config: The branch; `v1keras.config.default().readout` has every key.
        population: `Population` that the readout predicts.
        seed: Integer, seed of the initial weights.
        name: String, name of the layer. It becomes a scope of TensorFlow: no text of a
            recording belongs there.

    Raises:
        ValueError: Unknown kind of readout, or keys that do not fit each other.

    Example:

    >>> from v1keras.config import default
    >>> build_readout(default().readout, Population(3)).neurons
    3
    """
    check_readout(config)
    seed = 2 * seed  # a layer takes it and the next one
    readout = _READOUTS[config["kind"]](config, population, seed, name)
    if population.shifter is None and population.modulator is None:
        return readout
    shifter = modulator = None
    if population.shifter is not None:
        shifter = Shifter(config["shifter"], *population.shifter, seed=seed)
    if population.modulator is not None:
        modulator = GainModulator(
            population.neurons,
            config["modulator"],
            *population.modulator,
            seed=seed,
        )
    return CovariateReadout(readout, shifter, modulator, name=name)


def check_readout(config: Mapping[str, Any]) -> None:
    """Refuse an unknown kind of readout, and keys that do not fit each other."""
    kind = config["kind"]
    if kind not in _READOUTS:
        raise ValueError(
            f"readout.kind: found {kind!r}, expected one of {', '.join(_READOUTS)}"
        )
    for key in ("coordinates", "shifter"):
        if config[key] and kind != "gaussian":
            raise ValueError(
                f"readout.{key}: found {config[key]!r} with a {kind} readout; expected"
                " readout.kind=gaussian"
            )


def _factorized(config, population, seed, name):
    return FactorizedReadout(
        population.neurons,
        config["l1"],
        config["nonnegative"],
        seed,
        name=name,
        **population.unit,
    )


def _gaussian(config, population, seed, name):
    return GaussianReadout(
        population.neurons,
        config["covariance"],
        config["width"],
        config["l1"],
        population.coordinates,
        seed,
        name=name,
        **population.unit,
    )


def _dense(config, population, seed, name):
    return DenseReadout(
        population.neurons,
        l1=config["l1"],
        l2=config["l2"],
        seed=seed,
        name=name,
        **population.unit,
    )


_READOUTS = {"factorized": _factorized, "gaussian": _gaussian, "dense": _dense}
