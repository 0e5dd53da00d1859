"""The ascent from noise to the stimulus that makes an objective largest."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from v1keras.inversion.contrast import ContrastConstraint
from v1keras.inversion.objectives import Objective, Seen, own_rate
from v1keras.inversion.parametrizations import Fourier, Pixels
from v1keras.inversion.rates import compiled
from v1keras.inversion.result import PreferredStimuli, refuse_non_finite

# First and longest step, as a share of the norm; what follows a step that lost, and one
# that gained.
_LONGEST, _SHORTER, _LONGER = 0.2, 0.7, 1.05
# Steps in which the smoothing's width falls to 1/e.
_SMOOTHED = 15.0
# A stimulus has converged when going on along the gradient for a whole norm would, to
# first order, gain less than this share. The shortfall is of the order of its square.
_CONVERGED = 3e-3


class GradientAscent:
    """Projected gradient ascent on the sphere of one contrast norm within the pixel
    range, many stimuli at once.

    A step goes along the gradient, of which the part that would only raise the contrast
    is taken out and which is then smoothed by a Gaussian and by the parametrisation:
    positive operators, so that the ascent comes to rest only where the objective itself
    is highest, and they merely shape the way there. The Gaussian's width falls to zero
    within some tens of steps. The step's length is each stimulus's own: shorter after a
    step that lost, longer after one that gained. A stimulus that has converged is left
    out of the steps that follow.

    It is compiled once: calls with other neurons, starts, numbers of steps or seeds use
    the same graph.

    Args:
        rates: callable, images `(batch, height, width, 1)` in pixel units -> rates
            `(batch, N)`, differentiable by TensorFlow.
        image_size: (height, width) in pixels.
        constraint: a `ContrastConstraint`.
        objective: an `Objective`; None for the rate of the neuron.
        images: the parametrisation, `Pixels()` or `Fourier()`.
        blur: standard deviation of the Gaussian at the first step, pixels; 0 for none.
        jitter: in each step the images are shifted by up to this many pixels, so that
            the stimulus does not hang on the sampling grid.
        own: callable, images and neurons `(batch,)` -> `(batch,)`, the rates of each
            image's own neuron, where there is a cheaper way than by the rates of all:
            `model.neuron_rate_fn()`.

    Raises:
        ValueError: the norm does not fit the image and its pixel range.

    Reference: Walker et al. 2019 (Nature Neuroscience 22:2060) for most exciting inputs
        under a contrast constraint.

    Example:

    >>> from v1keras.inversion import ContrastConstraint
    >>> filters = np.random.default_rng(0).normal(size=(36, 2)).astype("float32")
    >>> linear_nonlinear = lambda images: tf.exp(
    ...     (tf.reshape(images, (-1, 36)) - 100) @ filters / 100
    ... )
    >>> found = GradientAscent(
    ...     linear_nonlinear,
    ...     (6, 6),
    ...     ContrastConstraint(grey=100, norm=50, low=0, high=255),
    ...     blur=0,
    ... ).run([0, 1])
    >>> pattern = found.stimuli[1].ravel() - 100
    >>> bool(
    ...     pattern @ filters[:, 1]
    ...     > 0.999 * np.linalg.norm(pattern) * np.linalg.norm(filters[:, 1])
    ... )
    True
    """

    def __init__(
        self,
        rates: Callable[[Any], Any],
        image_size: tuple[int, ...],
        constraint: ContrastConstraint,
        objective: Objective | None = None,
        images: Pixels | Fourier | None = None,
        blur: float = 1.0,
        jitter: int = 0,
        own: Callable[[Any, Any], Any] | None = None,
    ) -> None:
        constraint.check(image_size)
        self.image_size, self.constraint, self.blur, self.jitter = (
            tuple(image_size),
            constraint,
            blur,
            jitter,
        )
        self.objective, self.images = objective or own_rate(), images or Pixels()
        self.rates, self.count = rates, None
        self.own = own or (
            lambda x, neurons: tf.gather(rates(x), neurons, axis=1, batch_dims=1)
        )
        rows = tf.TensorSpec((None,), tf.int32)
        pictures = tf.TensorSpec((None, *self.image_size, 1), tf.float32)
        self._ascend = tf.function(
            self._loop,
            input_signature=[
                pictures,
                rows,
                rows,
                tf.TensorSpec((), tf.int32),
                tf.TensorSpec((), tf.int32),
            ],
        )

    @classmethod
    def for_model(
        cls, model: Any, contrast: ContrastConstraint, **options: Any
    ) -> "GradientAscent":
        """Return the ascent on a model's rates, by the cheapest way to them.

        Args:
            model: Model of images alone.
            contrast: `ContrastConstraint`.
            **options: Further arguments of `GradientAscent`.
        """
        own = model.neuron_rate_fn()
        return cls(compiled(model), model.image_size, contrast, own=own, **options)

    def run(
        self,
        neurons: Sequence[int] | np.ndarray,
        steps: int = 300,
        seed: int = 0,
        restarts: int = 1,
        start: np.ndarray | None = None,
        chunk: int = 128,
    ) -> PreferredStimuli:
        """Synthesizes a stimulus for each neuron.

        Args:
            neurons: indices below N.
            steps: at most.
            seed: of the noise that each neuron starts from.
            restarts: starts a neuron; the best is kept.
            start: `(neurons * restarts, height, width)` images in pixel units to start
                from, a neuron's restarts in sequence; None for noise.
            chunk: stimuli in one batch, rounded down to whole neurons and sets; bounds
                the memory.

        Returns:
            An `PreferredStimuli`.

        Raises:
            ValueError: no neurons, or one that does not exist; no steps or restarts;
                not one image to start from for each stimulus; or stimuli that are no
                whole sets.
            FloatingPointError: an objective is not finite; says which neuron's and at
                which step.
        """
        neurons = np.atleast_1d(np.asarray(neurons, np.int32))
        self._check(neurons, steps, restarts, start)
        each = np.repeat(neurons, restarts)
        whole = math.lcm(restarts, self.objective.together)
        batch = max(chunk // whole, 1) * whole
        parts = []
        for begin in range(0, len(each), batch):
            part = each[begin : begin + batch]
            rows = np.arange(begin, begin + len(part), dtype=np.int32)
            if start is None:
                patterns = np.stack(
                    [
                        self.noise(seed, neuron, row % restarts)
                        for neuron, row in zip(part, rows, strict=True)
                    ]
                )
                patterns = _smooth(
                    self.images.start(tf.constant(patterns)), self.blur, self.blur
                )
            else:
                patterns = (
                    tf.constant(
                        np.asarray(start[begin : begin + batch], "float32")[..., None]
                    )
                    - self.constraint.grey
                )
            found = self._spread(patterns, part, rows, steps, seed)
            refuse_non_finite(
                np.vstack([found["trace"], found["values"], found["rates"]]), part
            )
            found["trace"] = np.concatenate(
                [
                    found["trace"],
                    np.repeat(
                        found["values"][None], steps - len(found["trace"]), axis=0
                    ),
                ]
            )
            parts.append(found)
        joined = {
            key: np.concatenate(
                [part[key] for part in parts], axis=1 if key == "trace" else 0
            )
            for key in parts[0]
        }
        values = joined["values"].reshape(-1, restarts)
        best = np.arange(len(neurons)) * restarts + values.argmax(axis=1)
        return PreferredStimuli(
            neurons,
            joined["stimuli"][best],
            joined["rates"][best],
            joined["values"][best],
            joined["trace"][:, best],
            joined["converged"][best],
            joined["dead"][best],
            joined["stimuli"].reshape(len(neurons), restarts, *self.image_size),
            values,
            self.constraint,
        )

    def _check(self, neurons, steps, restarts, start):
        if min(steps, restarts) < 1:
            raise ValueError(
                f"{steps} steps and {restarts} restarts: expected at least 1 of each"
            )
        if self.count is None:
            self.count = int(
                self.rates(
                    tf.fill((1, *self.image_size, 1), float(self.constraint.grey))
                ).shape[1]
            )
        outside = neurons[(neurons < 0) | (neurons >= self.count)]
        if not neurons.size or outside.size:
            raise ValueError(
                f"neurons: found {outside[0] if outside.size else 'none'}, expected"
                f" indices from 0 to {self.count - 1}"
            )
        rows = len(neurons) * restarts
        if start is not None and np.shape(start) != (rows, *self.image_size):
            raise ValueError(
                f"start: found images of {np.shape(start)}, expected"
                f" {(rows, *self.image_size)}"
            )
        if rows % self.objective.together:
            raise ValueError(
                f"{rows} stimuli are no whole sets of {self.objective.together}, which"
                f" {self.objective} looks at together"
            )

    def noise(self, seed: int, neuron: Any, restart: Any) -> np.ndarray:
        """`(height, width, 1)` noise that depends on these three alone, whatever else
        is inverted.
        """
        return (
            np.random.default_rng((seed, neuron, restart))
            .normal(size=(*self.image_size, 1))
            .astype("float32")
        )

    def _spread(self, patterns, neurons, rows, steps, seed):
        """Runs the ascent on the replicas of the strategy in whose scope this is
        called; a dict of arrays, a row an image.
        """
        strategy = tf.distribute.get_strategy()
        sets = len(rows) // self.objective.together
        replicas = (
            strategy.num_replicas_in_sync
            if sets >= strategy.num_replicas_in_sync
            else 1
        )
        limits = [tf.constant(steps, tf.int32), tf.constant(seed, tf.int32)]
        if replicas == 1:
            found = self._ascend(
                patterns, tf.constant(neurons), tf.constant(rows), *limits
            )
            return {key: value.numpy() for key, value in found.items()}
        bounds = (
            np.linspace(0, sets, replicas + 1).astype(int) * self.objective.together
        )
        shares = [slice(*pair) for pair in zip(bounds, bounds[1:], strict=False)]
        split = lambda values: strategy.experimental_distribute_values_from_function(
            lambda c: values[shares[c.replica_id_in_sync_group]]
        )
        found = self._on_replicas(
            strategy,
            *map(split, (patterns, tf.constant(neurons), tf.constant(rows))),
            *limits,
        )
        found = {
            key: [part.numpy() for part in strategy.experimental_local_results(value)]
            for key, value in found.items()
        }
        longest = max(map(len, found["trace"]))
        padded = [
            np.pad(part, ((0, longest - len(part)), (0, 0)), mode="edge")
            for part in found.pop("trace")
        ]
        return {key: np.concatenate(values) for key, values in found.items()} | {
            "trace": np.concatenate(padded, axis=1)
        }

    @tf.function
    def _on_replicas(self, strategy, *arguments):
        return strategy.run(lambda *mine: self._ascend(*mine), args=arguments)

    def _loop(self, pattern, neurons, rows, steps, seed):
        pattern = self.constraint.project(pattern)
        best, most = pattern, tf.fill(tf.shape(rows), -np.inf)
        last, size, length = (
            most,
            tf.zeros_like(most),
            tf.fill(tf.shape(rows), _LONGEST),
        )
        dead, active = tf.zeros_like(rows, tf.bool), tf.range(tf.size(rows))
        trace = tf.TensorArray(tf.float32, 0, dynamic_size=True, element_shape=(None,))
        step = 0
        while step < steps and tf.size(active) > 0:
            tf.autograph.experimental.set_loop_options(
                shape_invariants=[(active, tf.TensorShape((None,)))]
            )
            now = tf.gather(pattern, active)
            value, gradient = self._gradient(
                now,
                tf.gather(neurons, active),
                tf.gather(rows, active),
                tf.stack([seed, step]),
            )
            put = lambda whole, part, at=active: tf.tensor_scatter_nd_update(
                whole, at[:, None], part
            )
            # What one shift makes of a jittered image says little: the last is taken,
            # and none has converged.
            better = (
                value > tf.gather(most, active)
                if not self.jitter
                else tf.fill(tf.shape(active), True)
            )
            best = put(best, tf.where(_wide(better), now, tf.gather(best, active)))
            most = put(most, tf.where(better, value, tf.gather(most, active)))
            trace = trace.write(step, put(most, value))
            size = put(size, tf.maximum(tf.gather(size, active), tf.abs(value)))
            # Scaled first: the gradient of a rate near zero is too small to be squared.
            largest = tf.reduce_max(tf.abs(gradient), axis=(1, 2, 3), keepdims=True)
            gradient /= largest + 1e-30
            steepness = (largest * tf.sqrt(_dot(gradient, gradient)))[:, 0, 0, 0]
            if step == 0:
                dead = steepness == 0
            done = steepness * self.constraint.norm < (
                0 if self.jitter else _CONVERGED
            ) * tf.gather(size, active)
            lost = value < tf.gather(last, active)
            long = tf.gather(length, active)
            if self.jitter:
                long = tf.fill(
                    tf.shape(long), _LONGEST * (1 - tf.cast(step / steps, tf.float32))
                )
            else:
                long = tf.where(
                    lost, _SHORTER * long, tf.minimum(_LONGER * long, _LONGEST)
                )
            length, last = put(length, long), put(last, value)
            width = self.blur * tf.exp(-tf.cast(step, tf.float32) / _SMOOTHED)
            direction = _smooth(self.images.step(gradient), width, self.blur)
            direction /= tf.sqrt(_dot(direction, direction)) + 1e-30
            pattern = put(
                pattern,
                self.constraint.project(
                    now + _wide(long) * self.constraint.norm * direction
                ),
            )
            # A set goes on until all of it has converged.
            together = self.objective.together
            going = tf.reduce_any(tf.reshape(~done, (-1, together)), axis=1)
            active = tf.boolean_mask(active, tf.repeat(going, together))
            step += 1
        value, _ = self._value(pattern, neurons, rows)
        pattern = (
            pattern if self.jitter else tf.where(_wide(value > most), pattern, best)
        )
        value, rate = self._value(pattern, neurons, rows)
        converged = tf.tensor_scatter_nd_update(
            tf.ones_like(dead), active[:, None], tf.zeros_like(active, tf.bool)
        )
        return {
            "stimuli": self.constraint.images(pattern)[..., 0],
            "rates": rate,
            "values": value,
            "trace": trace.stack(),
            "converged": converged,
            "dead": dead,
        }

    def _value(self, pattern, neurons, rows):
        """The objective of patterns and the rates of their neurons."""
        seen = Seen(
            pattern,
            self.constraint.images(pattern),
            neurons,
            rows,
            self.own,
            self.rates,
        )
        return self.objective(seen), seen.own_rate

    def _gradient(self, pattern, neurons, rows, seed):
        """The objective, and its gradient along the stimuli that are allowed."""
        with tf.GradientTape() as tape:
            tape.watch(pattern)
            images = self.constraint.images(pattern)
            if self.jitter:
                shift = tf.random.stateless_uniform(
                    (2,), seed, -self.jitter, self.jitter + 1, tf.int32
                )
                images = tf.roll(images, shift, (1, 2))
            value = self.objective(
                Seen(pattern, images, neurons, rows, self.own, self.rates)
            )
        gradient = self.constraint.within(tape.gradient(value, pattern))
        free = tf.cast(self.constraint.free(pattern), tf.float32)
        inward = tf.cast(
            gradient * pattern < 0, tf.float32
        )  # a pixel at the edge may only come back
        along = _dot(gradient * free, pattern) / (_dot(pattern * free, pattern) + 1e-30)
        return (
            value,
            free * (gradient - along * pattern) + (1 - free) * inward * gradient,
        )


def invert(
    rates: Callable[[Any], Any],
    neurons: Sequence[int] | np.ndarray,
    image_size: tuple[int, ...],
    constraint: ContrastConstraint,
    steps: int = 300,
    seed: int = 0,
    chunk: int = 128,
) -> PreferredStimuli:
    """The stimulus that each neuron's model answers with the highest rate:
    `GradientAscent(rates, image_size, constraint).run(...)`.
    """
    return GradientAscent(rates, image_size, constraint).run(
        neurons, steps, seed, chunk=chunk
    )


def _wide(values):
    return values[:, None, None, None]


def _dot(a, b):
    return tf.reduce_sum(a * b, axis=(1, 2, 3), keepdims=True)


def _smooth(images, width, widest):
    """Convolution with a Gaussian of a standard deviation of `width` pixels, at most
    `widest`; zero beyond the image.
    """
    reach = int(np.ceil(3 * widest))
    if not reach:
        return images
    offsets = tf.range(-reach, reach + 1, dtype=tf.float32)
    kernel = tf.exp(-0.5 * tf.square(offsets / tf.maximum(width, 1e-3)))
    kernel /= tf.reduce_sum(kernel)
    down = tf.nn.conv2d(images, kernel[:, None, None, None], 1, "SAME")
    return tf.nn.conv2d(down, kernel[None, :, None, None], 1, "SAME")
