"""The values that each key of a configuration may have."""

import dataclasses
import math
import numbers
import operator
from collections.abc import Mapping
from typing import Any

import ml_collections

_LONGEST = 200  # characters of a value that a message shows


@dataclasses.dataclass
class Integer:
    """Integers from `low` to `high`; multiples of `step`."""

    low: int
    high: int
    step: int = 1

    def fits(self, value: Any) -> bool:
        """Return whether a value is one of these."""
        try:
            integer = operator.index(value)
        except TypeError:
            return False
        within = self.low <= integer <= self.high and integer % self.step == 0
        return within and not isinstance(value, bool)

    def __str__(self):
        multiple = f", a multiple of {self.step}" if self.step > 1 else ""
        return f"an integer from {self.low} to {self.high:,}{multiple}"


@dataclasses.dataclass
class Number:
    """Numbers from `low` to `high`, without the ends in `excluded`."""

    low: float
    high: float
    excluded: tuple[float, ...] = ()

    def fits(self, value: Any) -> bool:
        """Return whether a value is one of these."""
        if not isinstance(value, numbers.Real) or isinstance(value, bool):
            return False
        number = float(value)
        within = self.low <= number <= self.high and number not in self.excluded
        return math.isfinite(number) and within

    def __str__(self):
        without = "".join(f", without {end:g}" for end in self.excluded)
        return f"a number from {self.low:g} to {self.high:,.10g}{without}"


@dataclasses.dataclass
class Choice:
    """Some strings."""

    values: tuple[str, ...]

    def fits(self, value: Any) -> bool:
        """Return whether a value is one of these."""
        return isinstance(value, str) and value in self.values

    def __str__(self):
        return f"one of {', '.join(value or repr(value) for value in self.values)}"


class Text:
    """All strings."""

    def fits(self, value: Any) -> bool:
        """Return whether a value is one of these."""
        return isinstance(value, str)

    def __str__(self):
        return "a string"


class Flag:
    """True and False."""

    def fits(self, value: Any) -> bool:
        """Return whether a value is one of these."""
        return isinstance(value, bool)

    def __str__(self):
        return "True or False"


@dataclasses.dataclass
class Sequence:
    """Tuples and lists of `least` to `most` values, of one kind."""

    rule: Any
    least: int
    most: int

    def fits(self, value: Any) -> bool:
        """Return whether a value is one of these."""
        if not isinstance(value, tuple | list):
            return False
        return self.least <= len(value) <= self.most and all(map(self.rule.fits, value))

    def __str__(self):
        count = f"{self.least} to {self.most}" if self.least < self.most else self.least
        return f"a tuple of {count} entries, each {self.rule}"


# Larger ones are slips of the keyboard: they would exhaust memory or years.
_SEED = Integer(0, 1_000_000_000)
_PIXELS = Integer(1, 10_000)
_STRENGTH = Number(0, 1e9)
_SECONDS = Number(0, 1e9)
_COUNT = Integer(1, 10_000_000)

VALUES: dict[str, Any] = {
    "seed": _SEED,
    "ensemble": Integer(1, 1000),
    "init_from": Text(),
    "freeze": Choice(("", "core")),
    "data.recording": Text(),
    "data.protocol": Choice(("file", "paper", "grouped", "kfold")),
    # Members of an ensemble draw with a thousand times this seed.
    "data.split_seed": Integer(0, 4_000_000),
    "data.split_parts": Sequence(Number(0, 1e6, excluded=(0,)), 3, 3),
    "core.kind": Choice(("stacked", "rotation_equivariant", "transfer", "identity")),
    "core.filters": Sequence(Integer(1, 100_000), 1, 1000),
    "core.kernel_sizes": Sequence(_PIXELS, 1, 1000),
    "core.activation": Text(),
    "core.first_activation": Text(),
    "core.orientations": Integer(4, 360, step=4),
    "core.pool_size": _PIXELS,
    "core.separable": Flag(),
    "core.dilation": _PIXELS,
    "core.skip": Flag(),
    "core.laplacian": _STRENGTH,
    "core.group_sparsity": _STRENGTH,
    "core.network": Choice(("VGG16", "VGG19", "ResNet50", "ConvNeXtTiny")),
    "core.layer": Text(),
    "core.weights": Text(),
    "core.scale": Integer(1, 64),
    "readout.kind": Choice(("factorized", "gaussian", "dense")),
    "readout.l1": _STRENGTH,
    "readout.l2": _STRENGTH,
    "readout.nonnegative": Flag(),
    "readout.covariance": Choice(("isotropic", "full")),
    "readout.width": Number(0, 100),
    "readout.coordinates": Text(),
    "readout.shifter": Text(),
    "readout.modulator": Text(),
    "ridge.share": Number(0, 1),
    "training.likelihood": Choice(
        ("poisson", "negative_binomial", "gaussian", "zero_inflated_gamma")
    ),
    "training.learning_rate": Number(0, 1000),
    "training.lr_schedule": Choice(("plateau", "cosine")),
    "training.patience": _COUNT,
    "training.lr_decay_factor": Number(0, 1, excluded=(0,)),
    "training.max_lr_decays": Integer(0, 10_000_000),
    "training.ema_momentum": Number(0, 1, excluded=(1,)),
    "training.rate_weighting": Number(0, 10),
    "training.batch_size": _COUNT,
    "training.max_epochs": _COUNT,
    "training.strategy": Choice(("auto", "one", "mirrored", "multiworker")),
    "training.cluster_timeout_s": Number(0, 1e9, excluded=(0,)),
    "training.precision": Choice(("float32", "mixed_bfloat16", "auto")),
    "training.max_device_data_gb": Number(0, 1e9),
    "training.checkpoint_s": _SECONDS,
    "evaluation.above_hz": Number(0, 1e9),
    "evaluation.fano": Number(0, 1e9, excluded=(0,)),
}


def check_values(config: Any) -> None:
    """Refuse a configuration that lacks a key, or has a value that makes no sense.

    Args:
        config: What should be a `ml_collections.ConfigDict` with the keys of
            `v1keras.config.default`.

    Raises:
        ValueError: Names the key, what was received and what fits.

    Example:

    >>> import v1keras.config
    >>> config = v1keras.config.default()
    >>> config.training.max_epochs = -1
    >>> check_values(config)
    Traceback (most recent call last):
    ...
    ValueError: training.max_epochs: found -1, expected an integer from 1 to 10,000,000
    """
    if not isinstance(config, ml_collections.ConfigDict):
        raise ValueError(
            f"the configuration: found {_shown(config)}, expected the"
            " ml_collections.ConfigDict that its get_config function should return;"
            " begin with v1keras.config.default()"
        )
    values = _flat(config)
    for key, rule in VALUES.items():
        if key not in values:
            raise ValueError(f"{key}: missing in the configuration, expected {rule}")
        if not rule.fits(values[key]):
            raise ValueError(f"{key}: found {_shown(values[key])}, expected {rule}")
    unknown = sorted(values.keys() - VALUES.keys())
    if unknown:
        raise ValueError(f"{_shown(unknown[0])}: no such key of a configuration")


def _flat(config: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return the values of a nested configuration by their dotted keys."""
    values: dict[str, Any] = {}
    for key in config:
        value = config[key]
        if isinstance(value, ml_collections.ConfigDict):
            values |= _flat(value, f"{prefix}{key}.")
        else:
            values[f"{prefix}{key}"] = value
    return values


def _shown(value):
    text = repr(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
