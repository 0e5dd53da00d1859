"""What an ascent makes large. Objectives are values: +, - and * give new ones, and each
prints what it is.
"""

import dataclasses
import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf


@dataclasses.dataclass
class Seen:
    """The images of one step and what the model says of them.

    Args:
        pattern: `(batch, height, width, 1)`, zero where there is no contrast.
        images: `(batch, height, width, 1)` in pixel units.
        neurons: `(batch,)` each image's own.
        rows: `(batch,)` number of each image in the whole run.
        own: callable, images and neurons -> rates `(batch,)`.
        rates: callable, images -> rates `(batch, N)`.
    """

    pattern: tf.Tensor
    images: tf.Tensor
    neurons: tf.Tensor
    rows: tf.Tensor
    own: Callable
    rates: Callable

    @functools.cached_property
    def own_rate(self):
        """`(batch,)` rate of each image's own neuron."""
        return self.own(self.images, self.neurons)

    @functools.cached_property
    def all_rates(self):
        """`(batch, N)` rates of the population."""
        return self.rates(self.images)


class Objective:
    """What an ascent makes large, one number an image.

    Args:
        value: callable, `Seen` -> `(batch,)`.
        text: what it is.
        together: images that it looks at as a set, in sequence.

    Example:

    >>> own_rate() - 0.5 * population_rate()
    (rate of the neuron - 0.5 * mean rate of the population)
    """

    def __init__(
        self, value: Callable[[Seen], Any], text: str, together: int = 1
    ) -> None:
        self.value, self.text, self.together = value, text, together

    def __call__(self, seen):
        return self.value(seen)

    def __repr__(self):
        return self.text

    def __add__(self, other):
        other = _objective(other)
        return Objective(
            lambda seen: self(seen) + other(seen),
            f"({self} + {other})",
            self._with(other),
        )

    def __sub__(self, other):
        other = _objective(other)
        return Objective(
            lambda seen: self(seen) - other(seen),
            f"({self} - {other})",
            self._with(other),
        )

    def __mul__(self, other):
        other = _objective(other)
        return Objective(
            lambda seen: self(seen) * other(seen),
            f"{self} * {other}",
            self._with(other),
        )

    def __radd__(self, other):
        return _objective(other) + self

    def __rsub__(self, other):
        return _objective(other) - self

    def __rmul__(self, other):
        return _objective(other) * self

    def __neg__(self):
        return Objective(lambda seen: -self(seen), f"-{self}", self.together)

    def _with(self, other):
        return max(self.together, other.together)

    def log(self) -> "Objective":
        """Its logarithm: a difference of two is then a ratio, which loud neurons do not
        rule.
        """
        return Objective(
            lambda seen: tf.math.log(self(seen) + 1e-6), f"log({self})", self.together
        )


def _objective(value):
    return (
        value
        if isinstance(value, Objective)
        else Objective(lambda seen: float(value), f"{value:g}")
    )


def own_rate() -> Objective:
    """The rate of the neuron that each image is made for; `-own_rate()` finds what
    inhibits it most.
    """
    return Objective(lambda seen: seen.own_rate, "rate of the neuron")


def rate_of(*neurons: int) -> Objective:
    """The mean rate of some neurons, the same for each image.

    Args:
        *neurons: indices.
    """
    chosen = tf.constant(neurons, tf.int32)
    mean = lambda seen: tf.reduce_mean(
        tf.gather(seen.all_rates, chosen, axis=1), axis=1
    )
    return Objective(mean, f"mean rate of {', '.join(map(str, neurons))}")


def population_rate() -> Objective:
    """The mean rate of all neurons; `own_rate().log() - population_rate().log()` finds
    what sets a neuron apart.
    """
    return Objective(
        lambda seen: tf.reduce_mean(seen.all_rates, axis=1),
        "mean rate of the population",
    )


def response_distance(responses: np.ndarray) -> Objective:
    """The mean squared difference of the population's rates from given ones, in units
    of their variance over neurons.

    Args:
        responses: `(N,)` for all images, or `(images, N)`, a row for each image of the
            run.
    """
    target = tf.constant(responses, tf.float32)

    def distance(seen):
        wanted = target if target.shape.rank == 1 else tf.gather(target, seen.rows)
        return tf.reduce_mean(tf.square(seen.all_rates - wanted), axis=1) / (
            tf.math.reduce_variance(wanted, axis=-1) + 1e-6
        )

    return Objective(distance, "distance from the given response")


def total_variation() -> Objective:
    """Sum over pixels of the absolute differences from the pixel below and the pixel
    beside, pixel units; a penalty is `- w * total_variation()`.
    """

    def variation(seen):
        below, beside = (
            seen.pattern[:, 1:] - seen.pattern[:, :-1],
            seen.pattern[:, :, 1:] - seen.pattern[:, :, :-1],
        )
        return tf.reduce_sum(tf.abs(below), axis=(1, 2, 3)) + tf.reduce_sum(
            tf.abs(beside), axis=(1, 2, 3)
        )

    return Objective(variation, "total variation")


def set_distance(size: int) -> Objective:
    """How far an image is from the others of its set: 1 - cosine of their patterns,
    averaged over the others.

    Args:
        size: of a set; rows in sequence.
    """

    def distance(seen):
        sets = tf.reshape(seen.pattern, (-1, size, tf.size(seen.pattern[0])))
        sets = tf.math.l2_normalize(sets, axis=2)
        cosines = tf.matmul(sets, sets, transpose_b=True)  # (sets, size, size)
        return tf.reshape(1 - (tf.reduce_sum(cosines, axis=2) - 1) / (size - 1), (-1,))

    return Objective(distance, f"distance within sets of {size}", size)


def shortfall(best: np.ndarray, share: float) -> Objective:
    """By how much the neuron's rate stays below a share of what it can reach, over
    that; 0 where it does not.

    Args:
        best: `(images,)` rates, one for each image of the run.
        share: from 0 to 1.
    """
    wanted = share * tf.constant(best, tf.float32)

    def below(seen):
        least = tf.gather(wanted, seen.rows)
        return tf.nn.relu(least - seen.own_rate) / (least + 1e-6)

    return Objective(below, f"shortfall from {share:.0%} of the best rate")
