"""Objectives of an ascent.

Objectives are values: +, - and * make new ones, and each prints as its formula.
"""

import dataclasses
import functools
import operator
from collections.abc import Callable, Hashable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf


@dataclasses.dataclass
class ObjectiveInputs:
    """The images of one step, and the model's rates to them.

    Args:
        pattern: `(batch, height, width, 1)`, zero where there is no contrast.
        images: `(batch, height, width, 1)` in pixel units.
        neurons: `(batch,)` index of the neuron that each image is made for.
        rows: `(batch,)` number of each image in the whole run.
        rate_fn: Callable, images -> rates `(batch, N)`.
        neuron_rate_fn: Callable, images and neurons -> rates `(batch,)`.
    """

    pattern: tf.Tensor
    images: tf.Tensor
    neurons: tf.Tensor
    rows: tf.Tensor
    rate_fn: Callable
    neuron_rate_fn: Callable

    @functools.cached_property
    def rate(self):
        """`(batch,)` rate of the neuron that each image is made for."""
        return self.neuron_rate_fn(self.images, self.neurons)

    @functools.cached_property
    def all_rates(self):
        """`(batch, N)` rates of the population."""
        return self.rate_fn(self.images)


class Objective:
    """The quantity that an ascent maximizes, one number per image.

    Args:
        value: Callable, `ObjectiveInputs` -> `(batch,)`.
        text: String, the formula or name to print.
        set_size: Integer, number of successive images that it compares as a set.
        key: Hashable, the same for objectives that differ in their targets alone, for
            which an ascent is compiled once; None to compile it anew.
        targets: Sequence of the tensors that it compares with, which the value reads.

    Example:

    >>> rate() - 0.5 * population_rate()
    (rate of the neuron - 0.5 * mean rate of the population)
    """

    def __init__(
        self,
        value: Callable[[ObjectiveInputs], Any],
        text: str,
        set_size: int = 1,
        key: Hashable = None,
        targets: Sequence[Any] = (),
    ) -> None:
        self.value = value
        self.text = text
        self.set_size = set_size
        self.targets = list(targets)
        # Over several replicas targets are constants.
        may_change = all(isinstance(target, tf.Variable) for target in self.targets)
        self.key = key if may_change else None

    def __call__(self, inputs):
        return self.value(inputs)

    def __repr__(self):
        return self.text

    def __add__(self, other):
        return self._with("({} + {})", operator.add, other)

    def __sub__(self, other):
        return self._with("({} - {})", operator.sub, other)

    def __mul__(self, other):
        return self._with("{} * {}", operator.mul, other)

    def __radd__(self, other):
        return _objective(other) + self

    def __rsub__(self, other):
        return _objective(other) - self

    def __rmul__(self, other):
        return _objective(other) * self

    def __neg__(self):
        return self._changed("-{}", operator.neg)

    def log(self) -> "Objective":
        """Return the logarithm of the objective.

        The difference of two logarithms is the logarithm of a ratio, which neurons with
        high rates do not dominate.
        """
        return self._changed("log({})", lambda value: tf.math.log(value + 1e-6))

    def _changed(self, form, change):
        """Return an objective that is a function of this one."""
        key = None if self.key is None else (form, self.key)
        return Objective(
            lambda inputs: change(self(inputs)),
            form.format(self),
            self.set_size,
            key,
            self.targets,
        )

    def _with(self, form, combine, other):
        """Return an objective that combines this one and another, or a number."""
        other = _objective(other)
        keys = self.key, other.key
        return Objective(
            lambda inputs: combine(self(inputs), other(inputs)),
            form.format(self, other),
            max(self.set_size, other.set_size),
            None if None in keys else (form, *keys),
            self.targets + other.targets,
        )


def take_targets(objective: Objective, other: Objective) -> None:
    """Give an objective the targets of another of the same key."""
    for mine, its in zip(objective.targets, other.targets, strict=True):
        if mine is not its:
            mine.assign(its)


def _targets(values):
    """Return numbers that a compiled ascent reads each time, whatever their count."""
    values = np.asarray(values, "float32")
    if tf.distribute.get_strategy().num_replicas_in_sync > 1:
        return tf.constant(values)
    return tf.Variable(values, trainable=False, shape=[None] * values.ndim)


def _objective(value):
    if isinstance(value, Objective):
        return value
    number = float(value)
    return Objective(lambda inputs: number, f"{value:g}", key=number)


def rate() -> Objective:
    """Return the rate of the neuron that each image is made for.

    `-rate()` finds the stimulus that inhibits the neuron most.
    """
    return Objective(lambda inputs: inputs.rate, "rate of the neuron", key="rate")


def mean_rate(*neurons: int) -> Objective:
    """Return the mean rate of the given neurons, the same for each image.

    Args:
        *neurons: Integers, indices of the neurons.
    """
    indices = tf.constant(neurons, tf.int32)

    def mean(inputs):
        return tf.reduce_mean(tf.gather(inputs.all_rates, indices, axis=1), axis=1)

    text = f"mean rate of {', '.join(map(str, neurons))}"
    return Objective(mean, text, key=("mean rate", neurons))


def population_rate() -> Objective:
    """Return the mean rate of all neurons.

    `rate().log() - population_rate().log()` finds what distinguishes a neuron from the
    population.
    """
    return Objective(
        lambda inputs: tf.reduce_mean(inputs.all_rates, axis=1),
        "mean rate of the population",
        key="population rate",
    )


def response_distance(responses: np.ndarray) -> Objective:
    """Return the mean squared difference of the population's rates from given ones.

    The unit is the variance of the given rates over neurons.

    Args:
        responses: `(N,)` for all images, or `(images, N)`, a row per image of the run.
    """
    targets, of_images = _targets(responses), np.ndim(responses) > 1

    def distance(inputs):
        target = tf.convert_to_tensor(targets)
        if of_images:
            target = tf.gather(target, inputs.rows)
        squared = tf.reduce_mean(tf.square(inputs.all_rates - target), axis=1)
        variance = tf.math.reduce_variance(target, axis=-1)
        variance += 1e-6 * tf.reduce_mean(tf.square(target), axis=-1)
        return squared / tf.where(variance > 0, variance, 1.0)

    text = "distance from the given response"
    return Objective(distance, text, 1, ("distance", of_images), [targets])


def total_variation() -> Objective:
    """Return the sum of absolute differences between neighboring pixels.

    Neighbors are one row or one column apart; the unit is that of pixels. A penalty is
    `- weight * total_variation()`.
    """

    def variation(inputs):
        vertical = inputs.pattern[:, 1:] - inputs.pattern[:, :-1]
        horizontal = inputs.pattern[:, :, 1:] - inputs.pattern[:, :, :-1]
        axes = (1, 2, 3)
        vertical = tf.reduce_sum(tf.abs(vertical), axis=axes)
        return vertical + tf.reduce_sum(tf.abs(horizontal), axis=axes)

    return Objective(variation, "total variation", key="total variation")


def set_distance(size: int) -> Objective:
    """Return the mean distance of an image from the others of its set.

    The distance of two images is 1 - cosine of their patterns.

    Args:
        size: Integer, images per set; successive rows make a set.
    """

    def distance(inputs):
        sets = tf.reshape(inputs.pattern, (-1, size, tf.size(inputs.pattern[0])))
        sets = tf.math.l2_normalize(sets, axis=2)
        cosines = tf.matmul(sets, sets, transpose_b=True)  # (sets, size, size)
        others = (tf.reduce_sum(cosines, axis=2) - 1) / (size - 1)
        return tf.reshape(1 - others, (-1,))

    text = f"distance within sets of {size}"
    return Objective(distance, text, size, ("distance within sets", size))


def shortfall(
    best: np.ndarray, share: float, zero: np.ndarray | float = 0.0
) -> Objective:
    """Return the relative shortfall of the neuron's rate below a target rate.

    relu(target - rate) / (share * |best - zero|), with the target that share of the way
    from the zero to the best.

    Args:
        best: `(images,)` highest rates, one per image of the run.
        share: Float from 0 to 1, fraction of the highest rate.
        zero: `(images,)` rates that stand for silence.
    """
    reach = share * (np.asarray(best, float) - zero)
    targets = _targets(zero + reach)
    unit = _targets(np.where(reach == 0, 1.0, np.abs(reach)))

    def below(inputs):
        target = tf.gather(tf.convert_to_tensor(targets), inputs.rows)
        scale = tf.gather(tf.convert_to_tensor(unit), inputs.rows)
        return tf.nn.relu(target - inputs.rate) / scale

    text = f"shortfall from {share:.0%} of the best rate"
    return Objective(below, text, 1, "shortfall", [targets, unit])
