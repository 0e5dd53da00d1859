"""The steps of a gradient ascent, compiled and shared out over replicas."""

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from v1keras.inversion.contrast import ContrastTensors
from v1keras.inversion.objectives import Objective, ObjectiveInputs
from v1keras.inversion.parametrizations import Fourier, Pixels

# First and longest step, as a fraction of the norm; factors of the step's length after
# a step that lowered the objective, and after one that raised it.
_LONGEST, _SHORTER, _LONGER = 0.2, 0.7, 1.05
# Steps in which the smoothing's width falls to 1/e.
_SMOOTHED = 15.0
# A stimulus has converged if a further step along the gradient, as long as the norm,
# would to first order raise the objective by less than this fraction. The shortfall is
# of the order of its square.
_CONVERGED = 3e-3


class AscentLoop:
    """The loop over the steps of a `GradientAscent`, of which it takes the arguments.

    It is compiled once for all contrasts and numbers of stimuli and steps.
    """

    def __init__(
        self,
        rate_fn: Callable[[Any], Any],
        neuron_rate_fn: Callable[[Any, Any], Any],
        image_size: tuple[int, ...],
        objective: Objective,
        parametrization: Pixels | Fourier,
        blur: float,
        jitter: int,
    ) -> None:
        self.rate_fn = rate_fn
        self.neuron_rate_fn = neuron_rate_fn
        self.objective = objective
        self.parametrization = parametrization
        self.blur = blur
        self.jitter = jitter
        row = tf.TensorSpec((None,), tf.int32)
        pattern = tf.TensorSpec((None, *image_size, 1), tf.float32)
        number = tf.TensorSpec((), tf.int32)
        contrast = ContrastTensors.specs(image_size)
        self._compiled = tf.function(
            self._ascend, input_signature=[pattern, row, row, number, number, contrast]
        )

    def __call__(
        self,
        patterns: tf.Tensor,
        neurons: np.ndarray,
        rows: np.ndarray,
        steps: int,
        seed: int,
        contrast: ContrastTensors,
    ) -> dict[str, np.ndarray]:
        """Ascend on the replicas of the strategy in whose scope this is called.

        Args:
            patterns: `(n, height, width, 1)`, patterns to start from.
            neurons: `(n,)` index of each stimulus's neuron.
            rows: `(n,)` number of each stimulus in the whole run.
            steps: Integer, largest number of steps.
            seed: Integer, seed of the jitter.
            contrast: `ContrastTensors` of the stimuli.

        Returns:
            Dict of arrays as in `PreferredStimuli`, a row per stimulus; `trace` is
            `(steps taken, n)`.
        """
        strategy = tf.distribute.get_strategy()
        replicas = strategy.num_replicas_in_sync
        inputs = [patterns, tf.constant(neurons), tf.constant(rows)]
        limits = [tf.constant(steps, tf.int32), tf.constant(seed, tf.int32), contrast]
        sets = len(rows) // self.objective.set_size
        if replicas == 1 or sets < replicas:
            arrays = self._compiled(*inputs, *limits)
            return {name: array.numpy() for name, array in arrays.items()}
        bounds = np.linspace(0, sets, replicas + 1).astype(int)
        bounds *= self.objective.set_size
        shared = [_share_out(strategy, bounds, values) for values in inputs]
        return _join(strategy, self._on_replicas(strategy, *shared, *limits))

    @tf.function
    def _on_replicas(self, strategy, *arguments):
        return strategy.run(lambda *shares: self._compiled(*shares), args=arguments)

    def _ascend(self, pattern, neurons, rows, steps, seed, contrast):
        """Take the steps; return a dict of tensors, a row per pattern."""
        pattern = contrast.project(pattern)
        best = pattern
        best_value = tf.fill(tf.shape(rows), -np.inf)
        last_value = best_value
        largest_value = tf.zeros_like(best_value)
        length = tf.fill(tf.shape(rows), _LONGEST)
        no_gradient = tf.zeros_like(rows, tf.bool)
        active = tf.range(tf.size(rows))
        trace = tf.TensorArray(tf.float32, 0, dynamic_size=True, element_shape=(None,))
        step = 0
        while step < steps and tf.size(active) > 0:
            tf.autograph.experimental.set_loop_options(
                shape_invariants=[(active, tf.TensorShape((None,)))]
            )
            current = tf.gather(pattern, active)
            value, gradient = self._value_and_gradient(
                current,
                tf.gather(neurons, active),
                tf.gather(rows, active),
                tf.stack([seed, step]),
                contrast,
            )
            better = self._better(value, tf.gather(best_value, active))
            best_so_far = tf.where(_wide(better), current, tf.gather(best, active))
            best = _put(best, active, best_so_far)
            highest = tf.where(better, value, tf.gather(best_value, active))
            best_value = _put(best_value, active, highest)
            trace = trace.write(step, _put(best_value, active, value))
            size = tf.maximum(tf.gather(largest_value, active), tf.abs(value))
            largest_value = _put(largest_value, active, size)
            gradient, steepness = _scaled(gradient)
            if step == 0:
                no_gradient = steepness == 0
            done = self._done(steepness * contrast.norm, size)
            lower = value < tf.gather(last_value, active)
            next_length = self._length(tf.gather(length, active), lower, step / steps)
            length = _put(length, active, next_length)
            last_value = _put(last_value, active, value)
            move = _wide(next_length) * contrast.norm
            moved = current + move * self._direction(gradient, step)
            pattern = _put(pattern, active, contrast.project(moved))
            active = tf.boolean_mask(active, self._unfinished(done))
            step += 1
        if not self.jitter:
            value, _ = self._value(pattern, neurons, rows, contrast)
            pattern = tf.where(_wide(value > best_value), pattern, best)
        value, rate = self._value(pattern, neurons, rows, contrast)
        unfinished = tf.zeros_like(active, tf.bool)
        return {
            "stimuli": contrast.images(pattern)[..., 0],
            "rates": rate,
            "values": value,
            "trace": trace.stack(),
            "converged": _put(tf.ones_like(no_gradient), active, unfinished),
            "no_initial_gradient": no_gradient,
        }

    def _better(self, value, best_value):
        """Return which patterns replace the best so far.

        The value of a jittered image depends on its shift, so the last one is taken.
        """
        if self.jitter:
            return tf.fill(tf.shape(value), True)
        return value > best_value

    def _done(self, rise, size):
        """Return which stimuli have converged; jittered ones never do.

        `rise` is that of the objective along the gradient over the length of the norm.
        """
        tolerance = 0 if self.jitter else _CONVERGED
        return rise < tolerance * size

    def _length(self, length, lower, progress):
        """Return the lengths of the next step, as fractions of the norm."""
        if self.jitter:
            left = 1 - tf.cast(progress, tf.float32)
            return tf.fill(tf.shape(length), _LONGEST * left)
        longer = tf.minimum(_LONGER * length, _LONGEST)
        return tf.where(lower, _SHORTER * length, longer)

    def _direction(self, gradient, step):
        """Return the smoothed gradient, of norm 1."""
        width = self.blur * tf.exp(-tf.cast(step, tf.float32) / _SMOOTHED)
        direction = smooth(self.parametrization.step(gradient), width, self.blur)
        return direction / (tf.sqrt(_dot(direction, direction)) + 1e-30)

    def _unfinished(self, done):
        """Return which stimuli go on: a set until all of it has converged."""
        set_size = self.objective.set_size
        sets = tf.reduce_any(tf.reshape(~done, (-1, set_size)), axis=1)
        return tf.repeat(sets, set_size)

    def _value(self, pattern, neurons, rows, contrast):
        """Return the objective of patterns and the rates of their neurons."""
        inputs = self._inputs(pattern, contrast.images(pattern), neurons, rows)
        return self.objective(inputs), inputs.rate

    def _value_and_gradient(self, pattern, neurons, rows, seed, contrast):
        """Return the objective, and its gradient along the allowed stimuli."""
        with tf.GradientTape() as tape:
            tape.watch(pattern)
            images = contrast.images(pattern)
            if self.jitter:
                shift = tf.random.stateless_uniform(
                    (2,), seed, -self.jitter, self.jitter + 1, tf.int32
                )
                images = tf.roll(images, shift, (1, 2))
            value = self.objective(self._inputs(pattern, images, neurons, rows))
        gradient = contrast.within(tape.gradient(value, pattern))
        free = tf.cast(contrast.free(pattern), tf.float32)
        # A pixel at the edge of the range may only come back.
        inward = tf.cast(gradient * pattern < 0, tf.float32)
        along = _dot(gradient * free, pattern) / (_dot(pattern * free, pattern) + 1e-30)
        tangent = free * (gradient - along * pattern)
        return value, tangent + (1 - free) * inward * gradient

    def _inputs(self, pattern, images, neurons, rows):
        return ObjectiveInputs(
            pattern, images, neurons, rows, self.rate_fn, self.neuron_rate_fn
        )


def smooth(images: tf.Tensor, width: Any, widest: float) -> tf.Tensor:
    """Convolve images with a Gaussian; they are zero beyond their edge.

    Args:
        images: `(batch, height, width, 1)`.
        width: Float, standard deviation in pixels.
        widest: Float, largest width that there will be; it sets the kernel's size.
    """
    reach = int(np.ceil(3 * widest))
    if not reach:
        return images
    offsets = tf.range(-reach, reach + 1, dtype=tf.float32)
    kernel = tf.exp(-0.5 * tf.square(offsets / tf.maximum(width, 1e-3)))
    kernel /= tf.reduce_sum(kernel)
    down = tf.nn.conv2d(images, kernel[:, None, None, None], 1, "SAME")
    return tf.nn.conv2d(down, kernel[None, :, None, None], 1, "SAME")


def _scaled(gradient):
    """Return gradients divided by their largest value, and their norms.

    The gradient of a rate near zero is too small to be squared before it is scaled.
    """
    largest = tf.reduce_max(tf.abs(gradient), axis=(1, 2, 3), keepdims=True)
    gradient /= largest + 1e-30
    steepness = largest * tf.sqrt(_dot(gradient, gradient))
    return gradient, steepness[:, 0, 0, 0]


def _put(values, rows, updates):
    return tf.tensor_scatter_nd_update(values, rows[:, None], updates)


def _wide(values):
    return values[:, None, None, None]


def _dot(a, b):
    return tf.reduce_sum(a * b, axis=(1, 2, 3), keepdims=True)


def _share_out(strategy, bounds, values):
    """Return values distributed over replicas, cut at the bounds."""

    def share(context):
        replica = context.replica_id_in_sync_group
        return values[bounds[replica] : bounds[replica + 1]]

    return strategy.experimental_distribute_values_from_function(share)


def _join(strategy, arrays):
    """Return the replicas' arrays as one; the shorter traces are prolonged."""
    joined = {}
    for name, array in arrays.items():
        parts = strategy.experimental_local_results(array)
        parts = [part.numpy() for part in parts]
        if name == "trace":
            longest = max(map(len, parts))
            parts = [prolong(part, part[-1], longest) for part in parts]
        joined[name] = np.concatenate(parts, axis=1 if name == "trace" else 0)
    return joined


def prolong(trace: np.ndarray, values: np.ndarray, steps: int) -> np.ndarray:
    """Return a trace `(t, n)` of `steps` rows, of which the last are the values."""
    rest = np.repeat(values[None], steps - len(trace), axis=0)
    return np.concatenate([trace, rest])
